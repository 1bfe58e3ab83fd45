//! The integration tests: one binary, so that they share one private PostgreSQL.
#![cfg(test)]

mod change;
mod closure;
mod contrast;
mod delivery;
mod gate;
mod harness;
mod review;
mod shell;
mod signing_in;
mod starting;
mod trail;
mod submission;
mod trail;
mod update;
mod verification;
mod worker;
