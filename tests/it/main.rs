//! The integration tests: one binary, so that they share one private PostgreSQL.
#![cfg(test)]

mod access;
mod architecture;
mod change;
mod closure;
mod contrast;
mod evidence;
mod gate;
mod harness;
mod review;
mod shell;
mod signing_in;
mod starting;
mod trail;
mod submission;
mod update;
mod verification;
