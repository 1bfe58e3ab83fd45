//! What came back: closing it before its cause is known, links in a circle, reviews rewritten (R22).

use super::super::world::{close, close_low, define, finding, pass, set, submit};
use super::{Attack, attack};

/// A finding of October.
fn earlier() -> String {
    finding("p", "", "before", 90, "low").replace("'2026-11-16'", "'2026-10-01'") + ";"
}

/// Links a finding to an earlier one.
pub fn link(name: &str, newer: &str, earlier: &str) -> String {
    format!(
        "INSERT INTO finding_links (provider_id, id, finding_id, earlier_id, linked_by, linked_at)
         VALUES (:p, :{name}, :{newer}, :{earlier}, :rm, now());"
    )
}

/// Opens a root-cause review.
pub fn open(name: &str, of: &str, round: i32) -> String {
    format!(
        "INSERT INTO root_cause_reviews (provider_id, id, finding_id, round, opened_by, opened_at)
         VALUES (:p, :{name}, :{of}, {round}, :rm, now());"
    )
}

/// Completes one.
pub fn complete(name: &str) -> String {
    format!(
        "UPDATE root_cause_reviews SET factors = '{{staffing}}', analysis = 'Agency seniors are not shown the form', review_on = '2026-12-31',
           version = version + 1, saved_by = :rm, saved_at = now(), completed_by = :rm, completed_at = now() WHERE provider_id = :p AND id = :{name};"
    )
}

fn came_back() -> String {
    earlier() + &link("lk", "low", "before")
}

fn withdrawn() -> String {
    "UPDATE finding_links SET withdrawn_by = :rm, withdrawn_at = now(), withdrawn_reason = 'Another cause' WHERE id = :lk;".to_owned()
}

pub fn table() -> Vec<Attack> {
    [closing(), links(), reviews()].into_iter().flatten().collect()
}

fn closing() -> Vec<Attack> {
    let reviewed = || came_back() + &open("rc", "low", 1) + &complete("rc");
    let merged = || {
        finding("p", "", "low_two", 91, "low")
            + ";"
            + &link("lk", "low_two", "low")
            + &define("x", 60, "low_two", "care", "registered_manager")
            + &set(
                "x",
                "status = 'cancelled', cancelled_by = :rm, cancelled_at = now(), cancel_reason = 'Twice', merged_into = :in_progress",
            )
            + &submit("in_progress")
            + &pass("by_rm", "in_progress", "rm")
    };
    vec![
        attack("close what came back without a root-cause review", came_back(), close_low(), "TL073"),
        attack(
            "close what came back while its review is open",
            came_back() + &open("rc", "low", 1),
            close_low(),
            "TL073",
        ),
        attack(
            "close what came back while a second review is open",
            reviewed() + &open("rc_two", "low", 2),
            close_low(),
            "TL073",
        ),
        attack(
            "close what something that came back was merged into",
            merged(),
            close("in_progress", "rm", "by_rm", "rm", ""),
            "TL073",
        ),
    ]
}

fn links() -> Vec<Attack> {
    vec![
        attack("link a finding to a later one", "", link("lk", "low", "high"), "TL070"),
        attack("link a finding to itself", "", link("lk", "low", "low"), "TL070"),
        attack("link in a circle", link("lk", "high", "low"), link("lk_two", "low", "high"), "TL070"),
        attack("link twice", came_back(), link("lk_two", "low", "before"), "finding_links_once"),
        attack(
            "link to another provider's finding",
            "",
            link("lk", "low", "q_low"),
            "finding_links_provider_id_earlier_id_fkey",
        ),
        attack(
            "a link that was withdrawn stands again",
            came_back() + &withdrawn(),
            "UPDATE finding_links SET withdrawn_by = NULL, withdrawn_at = NULL, withdrawn_reason = NULL WHERE id = :lk",
            "TL005",
        ),
        attack("withdraw a link twice", came_back() + &withdrawn(), withdrawn(), "TL005"),
        attack(
            "withdraw a link without a reason",
            came_back(),
            "UPDATE finding_links SET withdrawn_by = :rm, withdrawn_at = now() WHERE id = :lk",
            "finding_links_withdrawn_with_reason",
        ),
        attack(
            "move a link",
            came_back(),
            "UPDATE finding_links SET earlier_id = :low WHERE id = :lk",
            "42501",
        ),
        attack("delete a link", came_back(), "DELETE FROM finding_links WHERE id = :lk", "42501"),
        attack("take back that a closure did not last", "", "DELETE FROM closures_not_lasting", "42501"),
        attack(
            "rewrite when a closure did not last",
            "",
            "UPDATE closures_not_lasting SET at = now()",
            "42501",
        ),
    ]
}

fn reviews() -> Vec<Attack> {
    let opened = || came_back() + &open("rc", "low", 1);
    vec![
        attack("a root-cause review of what did not come back", "", open("rc", "low", 1), "TL071"),
        attack(
            "a root-cause review after the link was withdrawn",
            came_back() + &withdrawn(),
            open("rc", "low", 1),
            "TL071",
        ),
        attack("two open reviews", opened(), open("rc_two", "low", 2), "root_cause_reviews_one_open"),
        attack(
            "a review that is complete from the start",
            came_back(),
            "INSERT INTO root_cause_reviews (provider_id, id, finding_id, round, opened_by, opened_at, factors, analysis, review_on, saved_by, saved_at, completed_by, completed_at)
             VALUES (:p, :rc, :low, 1, :rm, now(), '{staffing}', 'x', '2026-12-31', :rm, now(), :rm, now())",
            "TL010",
        ),
        attack(
            "a complete review without a factor",
            opened(),
            complete("rc").replace("'{staffing}'", "'{}'"),
            "root_cause_reviews_complete_is_whole",
        ),
        attack(
            "a complete review without a date",
            opened(),
            complete("rc").replace("review_on = '2026-12-31',", ""),
            "root_cause_reviews_complete_is_whole",
        ),
        attack(
            "a factor nobody knows",
            opened(),
            complete("rc").replace("'{staffing}'", "'{gossip}'"),
            "root_cause_reviews_factors_are_known",
        ),
        attack(
            "rewrite a complete review",
            opened() + &complete("rc"),
            "UPDATE root_cause_reviews SET analysis = 'Other', version = version + 1 WHERE id = :rc",
            "TL072",
        ),
        attack(
            "a stale write of a review",
            opened(),
            complete("rc").replace("version = version + 1", "version = 1"),
            "TL012",
        ),
        attack("delete a review", opened(), "DELETE FROM root_cause_reviews WHERE id = :rc", "42501"),
        attack("move a review", opened(), "UPDATE root_cause_reviews SET finding_id = :high, version = version + 1", "42501"),
    ]
}
