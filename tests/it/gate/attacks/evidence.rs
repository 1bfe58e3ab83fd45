//! Evidence that is missing, old, somebody else's, withdrawn, or changed after the verdict.

use super::super::world::{close, close_low, evidence, pass, proof, set, submit, withdraw};
use super::{Attack, attack};

const NEW: &str = "INSERT INTO actions (provider_id, id, number, finding_id, service_id, what, success_test, owner_id, due_on,
  verification_working_days, approver, created_by, created_at)
  VALUES (:p, :fresh, 50, :low, :north, 'Recount', 'No gap', :care, '2026-11-30', 5, 'registered_manager', :rm, now());
  SELECT app.append_event(now(), 'action_defined', :rm, NULL, NULL, :fresh, '{}', '{}');";
const ASKS: &str =
    "INSERT INTO action_requirements VALUES (:p, :fresh, 'record'), (:p, :fresh, 'audit_sample');";

/// A new action that is verified with what `given` gave.
fn verified(asks: &str, given: &str) -> String {
    format!("{NEW} {asks} {given} {} {}", submit("fresh"), pass("fresh_pass", "fresh", "deputy"))
}

fn close_fresh() -> String {
    close("fresh", "rm", "fresh_pass", "deputy", "")
}

pub fn table() -> Vec<Attack> {
    [missing(), changed(), forged()].into_iter().flatten().collect()
}

fn missing() -> Vec<Attack> {
    let record = |cycle: &str| {
        format!(
            "INSERT INTO evidence (provider_id, id, action_id, cycle, kind, author_id, title, about_on, reference, at)
             VALUES (:p, :e, :second_cycle, {cycle}, 'record', :care, 'x', '2026-11-20', 'x', now())"
        )
    };
    vec![
        attack("nothing was ever asked for", verified("", &proof("fresh", "care", "")), close_fresh(), "TL020"),
        attack("no evidence at all", verified(ASKS, ""), close_fresh(), "TL021"),
        attack("one kind is missing", verified(ASKS, &evidence("e", "fresh", "care", "record")), close_fresh(), "TL021"),
        attack("evidence of a kind nobody asked for", verified(ASKS, &evidence("e", "fresh", "care", "data")), close_fresh(), "TL021"),
        attack("evidence was withdrawn before the verdict",
            verified(ASKS, &(proof("fresh", "care", "") + &withdraw("fresh_sample"))), close_fresh(), "TL021"),
        attack("evidence of an earlier cycle", pass("second_pass", "second_cycle", "deputy"),
            close("second_cycle", "rm", "second_pass", "deputy", "").replace("_closure", "_closure_two"), "TL021"),
        attack("the closure of an earlier cycle", "", set("second_cycle", "status = 'verified'"), "TL029"),
        attack("the verdict of an earlier cycle", proof("second_cycle", "care", "_two") + &pass("second_pass", "second_cycle", "deputy"),
            close("second_cycle", "rm", "first_pass", "deputy", "").replace("_closure", "_closure_two"), "closures_point_at_their_verification"),
        attack("evidence into an earlier cycle", "", record("1"), "TL003"),
        attack("evidence into a cycle to come", "", record("3"), "TL003"),
        attack("evidence under what is closed", "", evidence("e", "closed", "care", "record"), "TL002"),
        attack("evidence under what is cancelled", "", evidence("e", "cancelled", "care", "record"), "TL002"),
        attack("evidence into another provider", "",
            "INSERT INTO evidence (provider_id, id, action_id, cycle, kind, author_id, title, about_on, reference, at)
             VALUES (:q, :e, :low_verified, 1, 'record', :care, 'x', '2026-11-20', 'x', now())", "TL002"),
    ]
}

fn changed() -> Vec<Attack> {
    vec![
        attack("evidence withdrawn after the verdict", withdraw("low_verified_record"), close_low(), "TL021"),
        attack("evidence replaced after the verdict", withdraw("low_verified_record") + &evidence("e", "low_verified", "care", "record"), close_low(), "TL025"),
        attack("evidence added after the verdict", evidence("e", "low_verified", "care", "data"), close_low(), "TL025"),
        attack("evidence added and withdrawn after the verdict", evidence("e", "low_verified", "care", "data") + &withdraw("e"), close_low(), "TL025"),
        attack("withdrawn twice", withdraw("low_verified_record"), withdraw("low_verified_record"), "TL005"),
        attack("withdrawing taken back", withdraw("low_verified_record"),
            "UPDATE evidence SET withdrawn_by = NULL, withdrawn_at = NULL, withdrawn_reason = NULL WHERE provider_id = :p AND id = :low_verified_record", "TL005"),
        attack("withdrawn without a reason", "",
            "UPDATE evidence SET withdrawn_by = :care, withdrawn_at = now() WHERE provider_id = :p AND id = :low_verified_record", "evidence_withdrawn_with_reason"),
        attack("withdrawn under what is closed", "", withdraw("closed_record"), "TL002"),
        attack("withdrawn in an earlier cycle", "", withdraw("second_cycle_record"), "TL003"),
        attack("withdrawn under what is closed by an upsert of another action", "",
            "INSERT INTO evidence (provider_id, id, action_id, cycle, kind, author_id, title, about_on, reference, at)
             VALUES (:p, :closed_record, :in_progress, 1, 'record', :care, 'x', '2026-11-20', 'x', now())
             ON CONFLICT (provider_id, id) DO UPDATE SET withdrawn_by = :care, withdrawn_at = now(), withdrawn_reason = 'x'", "TL002"),
        attack("evidence rewritten by an upsert", "",
            "INSERT INTO evidence (provider_id, id, action_id, cycle, kind, author_id, title, about_on, reference, at)
             VALUES (:p, :low_verified_record, :low_verified, 1, 'record', :care, 'x', '2026-11-20', 'x', now())
             ON CONFLICT (provider_id, id) DO UPDATE SET title = 'Better'", "42501"),
        attack("evidence rewritten", "", "UPDATE evidence SET title = 'Better' WHERE provider_id = :p AND id = :low_verified_record", "42501"),
        attack("evidence moved to another action", "", "UPDATE evidence SET action_id = :low_verified WHERE provider_id = :p AND id = :in_progress_record", "42501"),
        attack("evidence given another author", "", "UPDATE evidence SET author_id = :care_two WHERE provider_id = :p AND id = :low_verified_record", "42501"),
        attack("evidence deleted", "", "DELETE FROM evidence WHERE provider_id = :p AND id = :low_verified_record", "42501"),
    ]
}

fn forged() -> Vec<Attack> {
    let bare = |columns: &str, values: &str| {
        format!(
            "INSERT INTO evidence (provider_id, id, action_id, cycle, kind, author_id, title, about_on, at{columns})
             VALUES (:p, :e, :in_progress, 1, 'record', :care, 'x', '2026-11-20', now(){values})"
        )
    };
    vec![
        attack(
            "a bare note as evidence",
            "",
            bare(", note", ", 'It was done'"),
            "evidence_is_a_file_or_a_reference",
        ),
        attack("an empty reference", "", bare(", reference", ", '  '"), "evidence_reference_is_short"),
        attack(
            "a file that is not stored",
            "",
            bare(", sha256, file_name", ", sha256('x'), 'x.pdf'"),
            "evidence_provider_id_sha256_fkey",
        ),
        attack(
            "evidence born withdrawn",
            "",
            bare(", reference, withdrawn_by, withdrawn_at, withdrawn_reason", ", 'x', :care, now(), 'x'"),
            "TL007",
        ),
        attack(
            "evidence by somebody from another provider",
            "",
            bare(", reference", ", 'x'").replace(":care", ":q_care"),
            "evidence_provider_id_author_id_fkey",
        ),
        attack(
            "what is required deleted",
            "",
            "DELETE FROM action_requirements WHERE provider_id = :p AND action_id = :low_verified",
            "42501",
        ),
        attack(
            "what is required changed",
            "",
            "UPDATE action_requirements SET kind = 'data' WHERE provider_id = :p AND action_id = :low_verified",
            "42501",
        ),
        attack(
            "more required later",
            "",
            "INSERT INTO action_requirements VALUES (:p, :low_verified, 'data')",
            "TL006",
        ),
        attack(
            "more required in the transaction that made it, once it began",
            "",
            format!(
                "{NEW} {ASKS} {} INSERT INTO action_requirements VALUES (:p, :fresh, 'data')",
                set("fresh", "status = 'in_progress'")
            ),
            "TL006",
        ),
        attack(
            "required under what is closed",
            "",
            "INSERT INTO action_requirements VALUES (:p, :closed, 'data')",
            "TL002",
        ),
    ]
}
