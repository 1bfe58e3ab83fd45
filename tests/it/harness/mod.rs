//! What integration tests share: a private PostgreSQL and a database of its own for each test, folders, the program.

pub mod fixtures;
pub mod line;
pub mod program;
pub mod scratch;
pub mod test_db;
pub mod upload;

pub use test_db::TestDb;
