//! Evidence files: what is taken, under which name, without what, and where it is kept.
//!
//! A file goes through four gates before it counts, each in its own module: its name is cleaned ([`name`]); its
//! content must be what its ending says ([`kind`], [`office`], [`text`]); photos lose whatever says where, when and with
//! which phone they were taken ([`metadata`], R9a) and must be readable ([`preview`]); then it is made durable under its
//! hash ([`store`]).

mod incoming;
pub mod kind;
pub mod made;
pub mod metadata;
pub mod name;
pub mod office;
pub mod preview;
mod refusal;
#[cfg(test)]
mod samples;
pub mod store;
pub mod table;
pub mod text;

use std::fmt;
use std::str::FromStr;

pub use kind::Kind;
pub use name::FileName;
pub use refusal::{FileRefusal, Trouble};

/// The largest file taken: 25 MiB.
pub const MAX_SIZE: u64 = 25 * 1024 * 1024;

/// The SHA-256 of a stored file's content: its identity inside a provider.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The 32 bytes, for a `bytea` parameter.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<[u8; 32]> for ContentHash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl TryFrom<&[u8]> for ContentHash {
    type Error = NotAHash;
    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self).map_err(|_| NotAHash)
    }
}

impl FromStr for ContentHash {
    type Err = NotAHash;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAHash)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// A text or byte string that is no SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a SHA-256: 32 bytes, or 64 hexadecimal digits")]
pub struct NotAHash;
