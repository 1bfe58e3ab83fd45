//! What was verified as ineffective: left without a root-cause review, closed again before that is complete (R16).

use super::super::world::{close, finding, pass, proof, set, submit, verdict};
use super::recurrence::complete;
use super::{Attack, attack};

const MARKS: &str = r#"{"record": "supports", "audit_sample": "does_not_support"}"#;

/// Found ineffective, and begun again.
fn no_use() -> String {
    verdict("no_use", "submitted", "deputy", "ineffective", MARKS)
        + &set(
            "submitted",
            "status = 'ineffective', cycle = cycle + 1, submitted_at = NULL, verify_by = NULL",
        )
}

/// Opens the root-cause review of a finding because of a verdict.
fn review(name: &str, of: &str, verdict: &str) -> String {
    format!(
        "INSERT INTO root_cause_reviews (provider_id, id, finding_id, round, opened_by, opened_at, verdict_id)
         VALUES (:p, :{name}, :{of}, 1, :deputy, now(), :{verdict});"
    )
}

/// Done and checked a second time.
fn proven() -> String {
    set("submitted", "status = 'in_progress'")
        + &proof("submitted", "care", "_again")
        + &submit("submitted")
        + &pass("pass_again", "submitted", "deputy")
}

pub fn table() -> Vec<Attack> {
    let close_again = || close("submitted", "rm", "pass_again", "deputy", "");
    vec![
        attack("what did not work has no root-cause review", "", no_use(), "TL077"),
        attack(
            "the review of what did not work is complete at once",
            "",
            no_use() + &review("rc", "low", "no_use") + &complete("rc"),
            "TL077",
        ),
        attack("a review of a verdict that found it complete", "", review("rc", "low", "low_pass"), "TL071"),
        attack(
            "a review of another finding than the one of the verdict",
            finding("p", "", "low_two", 91, "low") + ";" + &no_use() + &review("rc", "low", "no_use"),
            review("rc_two", "low_two", "no_use"),
            "TL071",
        ),
        attack(
            "close what did not work while its review is open",
            no_use() + &review("rc", "low", "no_use") + &proven(),
            close_again(),
            "TL073",
        ),
    ]
}
