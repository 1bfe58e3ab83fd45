//! Signing in: passwords, session tokens, how long a session lasts, how fast one may guess.
//!
//! Nothing here knows of SQL or HTTP: the store keeps what these functions decide, the pages say it.

pub mod codes;
mod hashing;
pub mod password;
pub mod session;
pub mod spoken;
pub mod strength;
pub mod throttle;
pub mod token;
