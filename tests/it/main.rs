//! The integration tests: one binary, so that they share one private PostgreSQL.
#![cfg(test)]

mod access;
mod architecture;
mod contrast;
mod harness;
mod review;
mod shell;
mod starting;
