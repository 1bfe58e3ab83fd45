//! What can go wrong while a database is made ready; every message is a sentence for the person who starts the program.

use std::io;
use std::path::Path;

/// Why there is no database to work with.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Something the person who starts the program can put right; the sentence says how.
    #[error("{0}")]
    Refused(String),
    /// Another program uses the data folder; the sentence says what to do.
    #[error("{0}")]
    InUse(String),
    /// Memory of a killed server is not free yet; trying again helps.
    #[error("The database of an earlier run has not quite ended: {0}")]
    StillInUse(String),
    /// A file or a process could not be handled.
    #[error("Could not {doing}: {source}")]
    Io {
        /// What was being done, as it follows "could not".
        doing: String,
        /// What the system said.
        source: io::Error,
    },
    /// The database said no.
    #[error("The database answered: {0}")]
    Sql(#[from] sqlx::Error),
    /// The migrations could not be applied.
    #[error("The database could not be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

impl DatabaseError {
    /// Names what was being done when the system said no; `doing` follows "could not".
    pub fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// As [`DatabaseError::io`], with the path at the end.
    pub fn at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        Self::io(format!("{doing} {}", path.display()))
    }
}
