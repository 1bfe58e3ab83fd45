//! What a sustain check found lost: left closed, left without a root-cause review, closed again before that is complete.

use super::super::world::{close, finding, pass, proof, reopen, set, submit};
use super::recurrence::complete;
use super::{Attack, attack};

/// Plans a check of the action that is closed.
fn planned() -> String {
    "INSERT INTO sustain_checks (provider_id, id, action_id, service_id, cycle, due_on) VALUES (:p, :check, :closed, :north, 1, '2026-12-19');".to_owned()
}

/// Somebody answers it.
fn answered(result: &str) -> String {
    format!(
        "UPDATE sustain_checks SET result = '{result}', method = 'record_sample', sample_size = 8, met_standard = 3, note = 'Three of eight', judged = '{{}}',
           checked_by = :deputy, at = now() WHERE provider_id = :p AND id = :check;"
    )
}

/// Opens the root-cause review of a finding because of the check.
fn review(name: &str, of: &str, round: i32) -> String {
    format!(
        "INSERT INTO root_cause_reviews (provider_id, id, finding_id, round, opened_by, opened_at, lost_check_id)
         VALUES (:p, :{name}, :{of}, {round}, :rm, now(), :check);"
    )
}

fn again() -> String {
    reopen("closed", "lost_again")
}

/// Lost, open again, with its review.
fn lost() -> String {
    planned() + &answered("lost") + &again() + &review("rc", "low", 1)
}

/// Done and checked a second time.
fn proven() -> String {
    proof("closed", "care", "_again") + &submit("closed") + &pass("pass_again", "closed", "deputy")
}

fn close_again() -> String {
    close("closed", "rm", "pass_again", "deputy", "").replace(":closed_closure", ":closure_again")
}

pub fn table() -> Vec<Attack> {
    let before = || planned() + &answered("lost") + &again();
    vec![
        attack("what is lost stays closed", planned(), answered("lost"), "TL019"),
        attack("what is lost has no root-cause review", planned(), answered("lost") + &again(), "TL074"),
        attack(
            "the review of what is lost is complete at once",
            planned(),
            answered("lost") + &again() + &review("rc", "low", 1) + &complete("rc"),
            "TL074",
        ),
        attack("a review of a check that waits", planned(), review("rc", "low", 1), "TL071"),
        attack("a review of a check that held", planned() + &answered("held"), review("rc", "low", 1), "TL071"),
        attack(
            "a review of another finding than the one that was lost",
            finding("p", "", "low_two", 91, "low") + ";" + &before(),
            review("rc", "low_two", 1),
            "TL071",
        ),
        attack(
            "a review by hand of a finding of which nothing was lost",
            finding("p", "", "low_two", 91, "low") + ";" + &before(),
            super::recurrence::open("rc", "low_two", 1),
            "TL071",
        ),
        attack(
            "a review names another check afterwards",
            lost(),
            "UPDATE root_cause_reviews SET lost_check_id = NULL, version = version + 1 WHERE id = :rc",
            "42501",
        ),
        attack("close what was lost while its review is open", lost() + &proven(), close_again(), "TL073"),
        attack(
            "close what was lost while a second review is open",
            lost() + &proven() + &complete("rc") + &review("rc_two", "low", 2),
            close_again(),
            "TL073",
        ),
        attack(
            "close what was lost with a review of before",
            "INSERT INTO sustain_checks (provider_id, id, action_id, service_id, cycle, due_on) VALUES (:p, :check_two, :closed, :north, 1, '2026-12-01');"
                .to_owned()
                + &lost()
                + &complete("rc").replace("completed_at = now()", "completed_at = now() - interval '1 day'")
                + &proven(),
            close_again(),
            "TL073",
        ),
        attack(
            "close what something that was lost was merged into",
            lost()
                + &set(
                    "closed",
                    "status = 'cancelled', cancelled_by = :rm, cancelled_at = now(), cancel_reason = 'Twice', merged_into = :in_progress",
                )
                + &submit("in_progress")
                + &pass("by_rm", "in_progress", "rm"),
            close("in_progress", "rm", "by_rm", "rm", ""),
            "TL073",
        ),
    ]
}
