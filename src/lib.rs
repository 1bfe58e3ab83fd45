//! Throughline carries every finding in adult social care along a line that cannot be cut short:
//! finding, action, evidence, independent verification, closure, proof that care improved.

#![cfg_attr(test, expect(clippy::too_many_lines, reason = "a table of cases is one long function"))]

pub mod app;
pub mod auth;
pub mod clock;
pub mod config;
pub mod database;
pub mod demo;
pub mod domain;
pub mod error;
pub mod files;
pub mod http;
pub mod ids;
pub mod lifecycle;
pub mod mail;
pub mod pack;
pub mod picture;
pub mod report;
pub mod sample;
pub mod sheet;
pub mod store;
pub mod worker;
pub mod workflow;
