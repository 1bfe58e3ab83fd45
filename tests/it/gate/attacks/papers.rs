//! Papers without their deed, deeds without their paper, and what is kept from being rewritten.

use super::super::world::{SUPPORTS, close_low, evidence, paper, reopen, set, verdict};
use super::{Attack, attack};

pub fn table() -> Vec<Attack> {
    [closures(), reopenings(), frozen(), counted_up_already(), kept_by_the_database(), untouchable()]
        .into_iter()
        .flatten()
        .collect()
}

fn closures() -> Vec<Attack> {
    vec![
        attack(
            "a closure paper that closes nothing",
            "",
            paper("c", "low_verified", "rm", "low_pass", "deputy", ""),
            "TL019",
        ),
        attack("closed without a paper", "", set("low_verified", "status = 'closed'"), "TL019"),
        attack(
            "closed with a paper that is not there",
            "",
            set("low_verified", "status = 'closed', closure_id = :nothing"),
            "TL019",
        ),
        attack(
            "closed with another action's closure",
            "",
            set("low_verified", "status = 'closed', closure_id = :closed_closure"),
            "TL019",
        ),
        attack("closed and reopened in one go", close_low(), reopen("low_verified", "r"), "TL019"),
        attack(
            "two papers for one cycle",
            paper("c", "low_verified", "rm", "low_pass", "deputy", ""),
            paper("d", "low_verified", "rm", "low_pass", "deputy", ""),
            "closures_once_a_cycle",
        ),
        attack(
            "a paper in another cycle",
            "",
            paper("c", "low_verified", "rm", "low_pass", "deputy", "").replace("a.cycle", "2"),
            "TL003",
        ),
        attack(
            "a paper on a verdict of another action",
            "",
            paper("c", "low_verified", "rm", "high_pass", "deputy", ""),
            "closures_point_at_their_verification",
        ),
        attack(
            "a paper that rests on a partial verdict",
            "",
            paper("c", "low_verified", "rm", "low_pass", "deputy", "")
                .replace("'complete'", "'partially_complete'"),
            "closures_rest_on_a_pass",
        ),
        attack(
            "a paper under what is closed",
            "",
            paper("c", "closed", "rm", "closed_pass", "deputy", ""),
            "TL002",
        ),
        attack(
            "a paper without a note",
            "",
            paper("c", "low_verified", "rm", "low_pass", "deputy", "").replace("'Practice changed'", "' '"),
            "closures_note_is_given",
        ),
        attack(
            "a closure on an action that is not",
            "",
            set("in_progress", "closure_id = :closed_closure"),
            "actions_closed_with_its_closure",
        ),
    ]
}

fn reopenings() -> Vec<Attack> {
    let status =
        "status = 'in_progress', cycle = cycle + 1, closure_id = NULL, submitted_at = NULL, verify_by = NULL";
    let just_paper = reopen("closed", "r").split_once(';').unwrap().0.to_owned() + ";";
    vec![
        attack("reopened without a reason", "", set("closed", status), "TL033"),
        attack(
            "reopened in the same cycle",
            just_paper.clone(),
            set("closed", &status.replace("cycle = cycle + 1, ", "")),
            "TL013",
        ),
        attack(
            "reopened two cycles on",
            just_paper.clone(),
            set("closed", &status.replace("cycle + 1", "cycle + 2")),
            "TL013",
        ),
        attack(
            "reopened as verified",
            just_paper.clone(),
            set("closed", &status.replace("in_progress", "verified")),
            "TL017",
        ),
        attack(
            "reopened with other words",
            just_paper.clone(),
            set("closed", &format!("{status}, what = 'Something easier'")),
            "TL013",
        ),
        attack("a reason that reopens nothing", "", just_paper.clone(), "TL019"),
        attack("a reason for what is open", "", just_paper.replace(":closed", ":low_verified"), "TL008"),
        attack(
            "a reason kept in store before closing",
            "",
            just_paper.replace(":closed", ":low_verified") + &close_low(),
            "TL008",
        ),
        attack(
            "reopened with the reason of the first time",
            "",
            set("second_cycle", "cycle = cycle + 1"),
            "TL014",
        ),
        attack(
            "reopened, the closure kept",
            just_paper,
            set("closed", &status.replace("closure_id = NULL, ", "")),
            "actions_closed_with_its_closure",
        ),
    ]
}

/// Every column of a closed row that the program may write.
fn frozen() -> Vec<Attack> {
    [
        "what = 'Something easier'",
        "success_test = 'Anything goes'",
        "wording_override = 'Because'",
        "owner_id = :care_two",
        "due_on = '2027-12-31'",
        "follow_up_on = '2027-12-31'",
        "status = 'closed'",
        "cycle = cycle + 1",
        "submitted_at = now()",
        "verify_by = '2027-12-31'",
        "rewordings = rewordings + 1",
        "extensions = extensions + 1",
        "owner_changes = owner_changes + 1",
        "updated_at = now()",
        "closure_id = :second_cycle_closure",
        "cancelled_by = :rm, cancelled_at = now(), cancel_reason = 'x'",
    ]
    .map(|what| attack(format!("closed row: {what}"), "", set("closed", what), "TL013"))
    .into_iter()
    .chain(["verified", "submitted", "sent_back", "not_started", "cancelled"].map(|status| {
        attack(
            format!("closed row to {status}"),
            "",
            set("closed", &format!("status = '{status}', cycle = cycle + 1, closure_id = NULL")),
            "TL017",
        )
    }))
    .collect()
}

/// What this transaction has touched is not counted up again by every paper, and is guarded all the same.
fn counted_up_already() -> Vec<Attack> {
    let touched = |action: &str| set(action, "updated_at = now()");
    let update = |action: &str, cycle: &str| {
        format!(
            "INSERT INTO updates (provider_id, id, action_id, cycle, author_id, note, done_on, at)
             VALUES (:p, :u, :{action}, {cycle}, :care, 'x', '2026-11-20', now());"
        )
    };
    let proof = |id: &str| evidence(id, "submitted", "care", "data");
    let judged = verdict("v", "submitted", "deputy", "complete", SUPPORTS);
    let cancelled = "status = 'cancelled', cancelled_by = :rm, cancelled_at = now(), cancel_reason = 'x'";
    vec![
        attack(
            "touched, an update in another cycle",
            touched("in_progress"),
            update("in_progress", "2"),
            "TL003",
        ),
        attack(
            "touched, an update in an earlier cycle",
            touched("second_cycle"),
            update("second_cycle", "1"),
            "TL003",
        ),
        attack(
            "touched, a closure paper in another cycle",
            touched("low_verified"),
            paper("c", "low_verified", "rm", "low_pass", "deputy", "").replace("a.cycle", "2"),
            "TL003",
        ),
        attack("an update under what was just closed", close_low(), update("low_verified", "1"), "TL002"),
        attack(
            "an update under what was just cancelled",
            set("in_progress", cancelled),
            update("in_progress", "1"),
            "TL002",
        ),
        attack(
            "touched, evidence between verdict and status",
            touched("submitted") + &proof("one") + &judged + &proof("two"),
            set("submitted", "status = 'verified'"),
            "TL029",
        ),
        attack(
            "touched, a verdict of the evidence before the last",
            touched("submitted") + &proof("one") + &proof("two"),
            judged.replace("a.evidence_rev, '{}'", "a.evidence_rev - 1, '{}'"),
            "TL004",
        ),
    ]
}

fn kept_by_the_database() -> Vec<Attack> {
    let row = |what: &str| format!("UPDATE actions SET {what} WHERE provider_id = :p AND id = :in_progress");
    vec![
        attack("a stale write", "", row("version = version, due_on = '2027-01-01'"), "TL012"),
        attack("a version two on", "", row("version = version + 2, due_on = '2027-01-01'"), "TL012"),
        attack("a version of long ago", "", row("version = 1, due_on = '2027-01-01'"), "TL012"),
        attack("a write that says no version", "", row("due_on = '2027-01-01'"), "TL012"),
        attack("the state of the evidence by hand", "", set("low_verified", "evidence_rev = evidence_rev + 1"), "42501"),
        attack("fewer rewordings", set("in_progress", "rewordings = rewordings + 1"), set("in_progress", "rewordings = 0"), "TL015"),
        attack("fewer extensions", set("in_progress", "extensions = extensions + 1"), set("in_progress", "extensions = 0"), "TL015"),
        attack("fewer owners", set("in_progress", "owner_changes = owner_changes + 1"), set("in_progress", "owner_changes = 0"), "TL015"),
        attack("the owner taken away", "", set("in_progress", "owner_id = NULL"), "TL037"),
        attack("the date taken away, so that it is never late", "", set("in_progress", "due_on = NULL"), "TL037"),
        attack("another approver", "", set("low_verified", "approver = 'quality_lead'"), "42501"),
        attack("another service", "", set("low_verified", "service_id = :south"), "42501"),
        attack("another provider", "", set("low_verified", "provider_id = :q"), "42501"),
        attack("another number", "", set("low_verified", "number = 77"), "42501"),
        attack("out of cancelled", "", set("cancelled", "status = 'in_progress', cancelled_by = NULL, cancelled_at = NULL, cancel_reason = NULL"), "TL016"),
        attack("an owner from another provider", "", set("in_progress", "owner_id = :q_care"), "actions_provider_id_owner_id_fkey"),
        attack("the risk by an upsert", "",
            "INSERT INTO findings (provider_id, id, number, service_id, what, evidence_source, risk, theme, topic, significance, found_on, found_by, key_question, regulation, logged_by, logged_at)
             SELECT provider_id, id, number, service_id, what, evidence_source, risk, theme, topic, significance, found_on, found_by, key_question, regulation, logged_by, logged_at
             FROM findings WHERE id = :high ON CONFLICT (provider_id, id) DO UPDATE SET risk = 'low'", "42501"),
        attack("the words of a finding", "", "UPDATE findings SET what = 'Less' WHERE id = :high", "42501"),
        attack("a decision on another action's escalation",
            "INSERT INTO escalations VALUES (:p, :e, :in_progress, 1, 1, 'overdue', '2026-11-30', now());",
            "INSERT INTO escalation_decisions (provider_id, id, escalation_id, action_id, decided_by, decision, because, judged, at)
             VALUES (:p, :d, :e, :low_verified, :rm, 'no_escalation', 'Done', '{}', now())", "escalation_decisions_are_about_their_action"),
    ]
}

/// Updates and deletes nobody may make, on every paper and on what the database keeps by itself.
fn untouchable() -> Vec<Attack> {
    let mut rows = Vec::new();
    for table in [
        "actions",
        "findings",
        "reviews",
        "finding_sources",
        "action_owners",
        "action_requirements",
        "action_changes",
        "updates",
        "verifications",
        "assurances",
        "closures",
        "reopenings",
        "escalations",
        "escalation_decisions",
        "events",
        "event_texts",
        "chain_heads",
        "memberships",
        "providers",
    ] {
        rows.push(attack(
            format!("delete from {table}"),
            "",
            format!("DELETE FROM {table} WHERE provider_id = :p")
                .replace("providers WHERE provider_id", "providers WHERE id"),
            "42501",
        ));
    }
    for (table, what) in [
        ("action_owners", "member_id = :care_two"),
        ("action_changes", "reason = 'x'"),
        ("updates", "note = 'x'"),
        ("assurances", "decision = 'assured'"),
        ("closures", "note = 'x'"),
        ("reopenings", "reason = 'x'"),
        ("escalations", "level = 1"),
        ("escalation_decisions", "because = 'x'"),
        ("events", "line = line"),
        ("event_texts", "body = 'x'"),
        ("chain_heads", "seq = 0"),
        ("action_transitions", "to_status = 'closed'"),
    ] {
        rows.push(attack(format!("rewrite {table}"), "", format!("UPDATE {table} SET {what}"), "42501"));
    }
    for (table, values) in [
        ("action_owners", "(:p, :low_verified, 1, :rm)"),
        ("action_transitions", "('in_progress', 'closed')"),
        ("events", "(:p, 999, now(), '1', 'closed', NULL, NULL, NULL, NULL, '{}')"),
        ("event_texts", "(:p, 1, 'more', 'x', 'x', NULL)"),
        ("chain_heads", "(:p, 0, 'x')"),
    ] {
        rows.push(attack(
            format!("write {table}"),
            "",
            format!("INSERT INTO {table} VALUES {values}"),
            "42501",
        ));
    }
    rows
}
