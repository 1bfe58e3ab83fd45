//! Throughline carries every finding in adult social care along a line that cannot be cut short:
//! finding, action, evidence, independent verification, closure, proof that care improved.

pub mod app;
pub mod auth;
pub mod clock;
pub mod config;
pub mod database;
pub mod domain;
pub mod error;
<<<<<<< HEAD
pub mod http;
pub mod ids;
pub mod mail;
=======
pub mod ids;
pub mod store;
pub mod workflow;
>>>>>>> 05d2e3a (Read the case of an action in one query; set up a provider through one door)
