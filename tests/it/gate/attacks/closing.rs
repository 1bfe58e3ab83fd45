//! Closing from the wrong status, by the wrong person, with the wrong assurance, or with something else in the same breath.

use super::super::world::{
    assure, close, close_high, close_low, evidence, paper, pass, set, submit, verdict, withdraw,
};
use super::{Attack, attack};

const LOW: &str = "low_verified";
const HIGH: &str = "high_verified";

fn close_low_by(closer: &str) -> String {
    close(LOW, closer, "low_pass", "deputy", "")
}

fn role(member: &str, role: &str) -> String {
    format!("UPDATE memberships SET role = '{role}' WHERE provider_id = :p AND id = :{member};")
}

pub fn table() -> Vec<Attack> {
    [from_the_wrong_status(), by_the_wrong_person(), with_the_wrong_assurance(), in_the_same_breath()]
        .into_iter()
        .flatten()
        .collect()
}

fn from_the_wrong_status() -> Vec<Attack> {
    let by_hand = |action: &str| {
        set(
            action,
            "status = 'closed', closure_id = :closed_closure, submitted_at = now(), verify_by = '2026-12-04',
               cancelled_by = NULL, cancelled_at = NULL, cancel_reason = NULL",
        )
    };
    let back = |to: &str| set(LOW, &format!("status = '{to}', submitted_at = NULL, verify_by = NULL"));
    let fail = |outcome: &str| {
        verdict("no", "submitted", "deputy", outcome, r#"{"record": "mixed", "audit_sample": "mixed"}"#)
    };
    vec![
        attack("close what was not started", "", by_hand("not_started"), "TL017"),
        attack("close what is in progress", "", by_hand("in_progress"), "TL017"),
        attack("close what was submitted", "", by_hand("submitted"), "TL017"),
        attack("close what was cancelled", "", by_hand("cancelled"), "TL016"),
        attack("close what is closed", "", by_hand("closed"), "TL013"),
        attack("close after it went back to progress", back("in_progress"), close_low(), "TL017"),
        attack("close after it went back to submitted", set(LOW, "status = 'submitted'"), close_low(), "TL017"),
        attack("close what was sent back", back("sent_back"), close_low(), "TL017"),
        attack(
            "close what was ineffective",
            fail("ineffective") + &set("submitted", "status = 'ineffective', cycle = cycle + 1, submitted_at = NULL, verify_by = NULL")
                + &super::recurrence::open("rc", "low", 1),
            by_hand("submitted"),
            "TL017",
        ),
        attack("stay in the cycle after an ineffective verdict", fail("ineffective"),
            set("submitted", "status = 'ineffective', submitted_at = NULL, verify_by = NULL"), "TL014"),
        attack("close in a new cycle", "", close_low().replace("status = 'closed'", "status = 'closed', cycle = cycle + 1"), "TL014"),
        attack("begin a new cycle without a reason", "", set("in_progress", "cycle = cycle + 1"), "TL014"),
        attack(
            "define an action that is closed",
            "",
            "INSERT INTO actions (provider_id, id, number, finding_id, service_id, what, success_test, owner_id, due_on, verification_working_days,
               approver, created_by, created_at, status, closure_id, submitted_at, verify_by)
             VALUES (:p, :born_closed, 99, :low, :north, 'x', 'x', :care, '2026-11-30', 5, 'registered_manager', :rm, now(), 'closed',
               :closed_closure, now(), '2026-12-04')",
            "TL010",
        ),
        attack("verify without a verdict", "", set("submitted", "status = 'verified'"), "TL029"),
        attack("verify on a partial verdict", fail("partially_complete"), set("submitted", "status = 'verified'"), "TL029"),
        attack("verify from in progress", "", set("in_progress", "status = 'verified', submitted_at = now(), verify_by = '2026-12-04'"), "TL017"),
    ]
}

fn by_the_wrong_person() -> Vec<Attack> {
    let owner = |action: &str, member: &str| {
        set(action, &format!("owner_id = :{member}, owner_changes = owner_changes + 1"))
    };
    let mut rows = vec![
        attack("closer of another service", "", close_low_by("rm_south"), "TL027"),
        attack(
            "closer from another provider",
            "",
            close_low_by("q_rm"),
            "closures_provider_id_closed_by_fkey",
        ),
        attack("closer who owns it", owner(LOW, "rm"), close_low_by("rm"), "TL023"),
        attack(
            "closer who owned it before",
            owner(LOW, "rm") + &owner(LOW, "care"),
            close_low_by("rm"),
            "TL023",
        ),
        attack(
            "a manager closes their own",
            "",
            close("managers_verified", "rm", "managers_pass", "deputy", ""),
            "TL023",
        ),
        attack(
            "another manager closes a manager's own",
            "",
            close("managers_verified", "rm_south", "managers_pass", "deputy", ""),
            "TL027",
        ),
        attack(
            "a manager closes what the quality lead approves",
            "",
            close("quality_verified", "rm", "quality_pass", "deputy", ""),
            "TL024",
        ),
        attack("verifier who owns it now", owner(LOW, "deputy"), close_low(), "TL023"),
        attack(
            "verifier who owned it since",
            owner(LOW, "deputy") + &owner(LOW, "care"),
            close_low(),
            "TL023",
        ),
        attack(
            "another verifier named on the paper",
            "",
            close(LOW, "rm", "low_pass", "deputy_two", ""),
            "closures_point_at_their_verification",
        ),
        attack(
            "closer who left",
            "UPDATE memberships SET ended_at = now() WHERE provider_id = :p AND id = :rm;",
            close_low(),
            "TL024",
        ),
        attack(
            "closer whose service was taken",
            "DELETE FROM member_services WHERE provider_id = :p AND member_id = :rm;",
            close_low(),
            "TL027",
        ),
        attack(
            "closer made a manager just now",
            "",
            role("deputy_two", "registered_manager") + &close_low_by("deputy_two"),
            "TL034",
        ),
        attack(
            "closer made a manager inside a savepoint",
            "",
            format!(
                "SAVEPOINT s; {} RELEASE s; {}",
                role("deputy_two", "registered_manager"),
                close_low_by("deputy_two")
            ),
            "TL034",
        ),
        attack(
            "closer given the service just now",
            "",
            format!(
                "INSERT INTO member_services VALUES (:p, :rm_south, :north); {}",
                close_low_by("rm_south")
            ),
            "TL034",
        ),
        attack(
            "owner no longer counted a manager",
            role("rm", "team_leader") + &owner(LOW, "rm") + &owner(LOW, "care"),
            close_low_by("quality"),
            "TL024",
        ),
    ];
    for closer in ["care_two", "leader", "deputy_two", "safeguarding", "quality", "ni", "admin", "reader"] {
        let refused = "TL024";
        rows.push(attack(format!("closer {closer}"), "", close_low_by(closer), refused));
    }
    rows
}

fn with_the_wrong_assurance() -> Vec<Attack> {
    let bare = close(HIGH, "rm", "high_pass", "deputy", "");
    vec![
        attack("high risk without assurance", "", bare, "TL028"),
        attack(
            "high risk with a newer challenge",
            assure("doubt", HIGH, "ni", "challenged"),
            close_high(),
            "TL028",
        ),
        attack(
            "a challenge passed off as assurance",
            assure("doubt", HIGH, "ni", "challenged"),
            close(HIGH, "rm", "high_pass", "deputy", "doubt"),
            "closures_point_at_their_assurance",
        ),
        attack(
            "assurance of another action",
            assure("other", LOW, "ni", "assured"),
            close(HIGH, "rm", "high_pass", "deputy", "other"),
            "closures_point_at_their_assurance",
        ),
        attack(
            "assurance older than the verdict",
            set(HIGH, "status = 'submitted'") + &pass("newer", HIGH, "deputy"),
            close(HIGH, "rm", "newer", "deputy", "high_word"),
            "TL028",
        ),
        attack(
            "assurance of other evidence",
            evidence("more", HIGH, "care", "data")
                + &set(HIGH, "status = 'submitted'")
                + &pass("newer", HIGH, "deputy"),
            close(HIGH, "rm", "newer", "deputy", "high_word"),
            "TL028",
        ),
        attack("assurance by the quality lead", "", assure("word", HIGH, "quality", "assured"), "TL024"),
        attack("assurance by the manager", "", assure("word", HIGH, "rm", "assured"), "TL024"),
        attack(
            "assurance by somebody made nominated individual just now",
            "",
            role("quality", "nominated_individual") + &assure("word", HIGH, "quality", "assured"),
            "TL034",
        ),
        attack(
            "assurance by a nominated individual who left",
            "UPDATE memberships SET ended_at = now() WHERE provider_id = :p AND id = :ni;",
            assure("word", HIGH, "ni", "assured"),
            "TL024",
        ),
        attack(
            "assurance by its owner",
            set(HIGH, "owner_id = :ni"),
            assure("word", HIGH, "ni", "assured"),
            "TL023",
        ),
        attack(
            "assurance by who owns it since",
            set(HIGH, "owner_id = :ni") + &set(HIGH, "owner_id = :care"),
            close_high(),
            "TL023",
        ),
        attack("assurance before the verdict", "", assure("word", "submitted", "ni", "assured"), "TL008"),
        attack(
            "assurance of evidence that changed",
            "",
            assure("word", HIGH, "ni", "assured").replace("a.evidence_rev,", "a.evidence_rev - 1,"),
            "TL004",
        ),
        attack(
            "half an assurance on the paper",
            "",
            close_high().replace("'assured'", "NULL"),
            "closures_assurance_is_whole",
        ),
        attack(
            "the risk sinks before closing",
            "",
            "UPDATE findings SET risk = 'low', version = version + 1 WHERE provider_id = :p AND id = :high",
            "42501",
        ),
        attack("the action moves to a low finding", "", set(HIGH, "finding_id = :low"), "42501"),
    ]
}

fn in_the_same_breath() -> Vec<Attack> {
    let closing = |what: &str| {
        paper("c", LOW, "rm", "low_pass", "deputy", "")
            + &set(LOW, &format!("status = 'closed', closure_id = :c, {what}"))
    };
    vec![
        attack("the closer becomes owner while closing", "", closing("owner_id = :rm"), "TL013"),
        attack("the verifier becomes owner while closing", "", closing("owner_id = :deputy"), "TL013"),
        attack("other words while closing", "", closing("what = 'Something easier', rewordings = rewordings + 1"), "TL013"),
        attack("another test while closing", "", closing("success_test = 'Anything goes'"), "TL013"),
        attack("another date while closing", "", closing("due_on = '2027-12-31'"), "TL013"),
        attack("reworded after the verdict", set(LOW, "what = 'Something easier', rewordings = rewordings + 1"), close_low(), "TL025"),
        attack("easier test after the verdict", set(LOW, "success_test = 'Anything goes', rewordings = rewordings + 1"), close_low(), "TL025"),
        attack("verdict on other words takes effect", verdict("v", "submitted", "deputy", "complete", super::super::world::SUPPORTS)
            + &set("submitted", "what = 'Something easier'"), set("submitted", "status = 'verified'"), "TL029"),
        attack("evidence withdrawn in the statement that closes", paper("c", LOW, "rm", "low_pass", "deputy", ""),
            "WITH w AS (UPDATE evidence SET withdrawn_by = :care, withdrawn_at = now(), withdrawn_reason = 'No' WHERE provider_id = :p
               AND id = :low_verified_record RETURNING 1)
             UPDATE actions SET version = version + 1, status = 'closed', closure_id = :c FROM w WHERE provider_id = :p AND id = :low_verified", "27000"),
        attack("closed, then evidence withdrawn in one statement", paper("c", LOW, "rm", "low_pass", "deputy", ""),
            "WITH a AS (UPDATE actions SET version = version + 1, status = 'closed', closure_id = :c WHERE provider_id = :p AND id = :low_verified RETURNING 1)
             UPDATE evidence SET withdrawn_by = :care, withdrawn_at = now(), withdrawn_reason = 'No' FROM a WHERE provider_id = :p
               AND id = :low_verified_record", "TL002"),
        attack("paper and status in one statement", "",
            "WITH c AS (INSERT INTO closures (provider_id, id, action_id, cycle, closed_by, verification_id, verifier_id, outcome, note, judged, at)
               VALUES (:p, :c, :low_verified, 1, :rm, :low_pass, :deputy, 'complete', 'x', '{}', now()) RETURNING id)
             UPDATE actions SET version = version + 1, status = 'closed', closure_id = c.id FROM c WHERE provider_id = :p AND actions.id = :low_verified", "27000"),
        attack("merge instead of update", withdraw("low_verified_record") + &paper("c", LOW, "rm", "low_pass", "deputy", ""),
            "MERGE INTO actions a USING (SELECT 1) x ON a.provider_id = :p AND a.id = :low_verified
             WHEN MATCHED THEN UPDATE SET version = version + 1, status = 'closed', closure_id = :c", "TL021"),
        attack("upsert instead of update", "",
            "INSERT INTO actions (provider_id, id, number, finding_id, service_id, what, success_test, verification_working_days, approver, created_by, created_at)
             VALUES (:p, :submitted, 3, :low, :north, 'x', 'x', 5, 'registered_manager', :rm, now())
             ON CONFLICT (provider_id, id) DO UPDATE SET version = actions.version + 1, status = 'verified'", "TL029"),
        attack("an older pass with a newer one there", set(LOW, "status = 'submitted'") + &pass("newer", LOW, "deputy_two"), close_low(), "TL025"),
        attack("submit and close without looking again", withdraw("low_verified_record") + &evidence("fresh", LOW, "care", "record")
            + &set(LOW, "status = 'in_progress', submitted_at = NULL, verify_by = NULL") + &submit(LOW), set(LOW, "status = 'verified'"), "TL029"),
    ]
}
