//! Journeys in a real Chromium, by the people who would make them, and a look at every screen with axe.
//!
//! Each journey has a database, a running program with a clock of its own, and a browser. At most two run at a time.
#![cfg(test)]
#![expect(clippy::too_many_lines, reason = "a journey is one story")]

mod browser;
mod codes;
mod driver;
mod governance_meeting;
mod guide;
#[expect(dead_code, reason = "shared with the integration tests, which use the rest")]
#[path = "../it/harness/mod.rs"]
mod harness;
mod import;
mod interrupted;
mod look;
mod order;
mod places;
mod s10_missed_follow_ups;
mod s11_senior_presence;
mod s12_audit_escalation;
mod s1_documentation_audits;
mod s2_incident_learning;
mod s3_family_communication;
mod s4_care_plan_audit;
mod s5_overdue_safeguarding;
mod s6_feedback;
mod s7_medication_audit;
mod s8_falls_audit;
mod s9_dignity;
mod screens;
mod stage;
mod steps;
mod weekly_review;
