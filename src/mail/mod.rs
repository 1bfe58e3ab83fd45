//! Mail: what a message says, and handing it to an SMTP server. Who gets one and when is decided elsewhere.

pub mod digest;
pub mod message;
pub mod transport;
