//! The integration tests: one binary, so that they share one private PostgreSQL.
#![cfg(test)]

mod contrast;
mod harness;
mod shell;
mod starting;
