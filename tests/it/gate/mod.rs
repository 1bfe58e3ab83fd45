//! The closure rule in the database, attacked as the application role.

#[expect(clippy::too_many_lines, reason = "tables of attacks")]
mod attacks;
mod concurrency;
mod history;
mod honest;
mod race;
pub mod world;
