//! The integration tests: one binary, so that they share one private PostgreSQL.
#![cfg(test)]
#![expect(
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::type_complexity,
    reason = "a test may say what it measured, and tells one story in one piece"
)]

mod access;
mod action;
mod alarm;
mod api;
mod architecture;
mod calendar;
mod change;
mod closure;
mod closure_audit;
mod codes;
mod connections;
mod contrast;
mod control;
mod crash;
mod dashboard;
mod decision;
mod delivery;
mod demo;
mod escalation;
mod evidence;
mod export;
mod figures;
mod finding;
mod gate;
mod governance;
mod governance_meeting;
mod handover;
mod harness;
mod hostile;
mod import;
mod improvement;
mod invitation;
mod kept;
mod kept_pages;
mod leaver;
mod leaving;
mod limits;
mod mail_choice;
mod mail_server;
mod mail_tls;
mod measure;
mod merging;
mod notice;
mod pack;
mod people;
mod photos;
mod policy;
mod quarter;
mod recurrence;
mod reminder;
mod report;
mod review;
mod sample;
mod settings;
mod shell;
mod signal;
mod significance;
mod signing_in;
mod stale;
mod staleness;
mod standard;
mod starting;
mod submission;
mod sustain;
mod tenancy;
mod trail;
mod trigger;
mod undecided;
mod update;
mod verification;
mod weekly;
mod worker;
