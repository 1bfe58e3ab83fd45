//! Verdicts by the wrong person, of the wrong evidence, or without marks.

use super::super::world::{SUPPORTS, evidence, pass, set, submit, verdict};
use super::{Attack, attack};

fn by(verifier: &str) -> String {
    verdict("v", "submitted", verifier, "complete", SUPPORTS)
}

fn marks(marks: &str) -> String {
    verdict("v", "submitted", "deputy", "complete", marks)
}

pub fn table() -> Vec<Attack> {
    [by_the_wrong_person(), of_the_wrong_thing(), marked_wrongly()].into_iter().flatten().collect()
}

fn by_the_wrong_person() -> Vec<Attack> {
    let owner = |member: &str| set("submitted", &format!("owner_id = :{member}"));
    let exception = |sql: String| {
        sql.replace("evidence_rev, judged", "evidence_rev, exception_reason, judged")
            .replace("a.evidence_rev, '{}'", "a.evidence_rev, 'One manager', '{}'")
    };
    let managers = set("managers_verified", "status = 'submitted'");
    let of_manager = |member: &str| verdict("v", "managers_verified", member, "complete", SUPPORTS);
    let mut rows = vec![
        attack("the owner verifies", "", by("care"), "TL023"),
        attack("an owner who could otherwise", owner("deputy"), by("deputy"), "TL023"),
        attack("somebody who owned it before", owner("deputy") + &owner("care"), by("deputy"), "TL023"),
        attack("somebody made owner in the same statement", "",
            "WITH u AS (UPDATE actions SET version = version + 1, owner_id = :deputy WHERE provider_id = :p AND id = :submitted RETURNING evidence_rev)
             INSERT INTO verifications (provider_id, id, action_id, cycle, verifier_id, method, sample_size, met_standard, note, marks, outcome, evidence_rev, judged, at)
             SELECT :p, :v, :submitted, 1, :deputy, 'observation', 8, 8, 'x', '{\"record\": \"supports\", \"audit_sample\": \"supports\"}', 'complete', u.evidence_rev, '{}', now() FROM u", "TL023"),
        attack("the author of evidence", evidence("e", "submitted", "deputy", "record"), by("deputy"), "TL022"),
        attack("the author of evidence nobody asked for", evidence("e", "submitted", "deputy", "data"), by("deputy"), "TL022"),
        attack("the author in the same statement", "",
            "WITH e AS (INSERT INTO evidence (provider_id, id, action_id, cycle, kind, author_id, title, about_on, reference, at)
               VALUES (:p, :e, :submitted, 1, 'data', :deputy, 'x', '2026-11-20', 'x', now()) RETURNING 1)
             INSERT INTO verifications (provider_id, id, action_id, cycle, verifier_id, method, sample_size, met_standard, note, marks, outcome, evidence_rev, judged, at)
             SELECT :p, :v, :submitted, 1, :deputy, 'observation', 8, 8, 'x', '{\"record\": \"supports\", \"audit_sample\": \"supports\"}', 'complete', 3, '{}', now() FROM e", "TL022"),
        attack("a verifier who left", "UPDATE memberships SET ended_at = now() WHERE provider_id = :p AND id = :deputy;", by("deputy"), "TL024"),
        attack("a verifier who came back just now", "UPDATE memberships SET ended_at = now() WHERE provider_id = :p AND id = :deputy;",
            "UPDATE memberships SET ended_at = NULL WHERE provider_id = :p AND id = :deputy;".to_owned() + &by("deputy"), "TL034"),
        attack("a verifier who was made care staff", "UPDATE memberships SET role = 'care_staff' WHERE provider_id = :p AND id = :deputy;", by("deputy"), "TL034"),
        attack("care staff made deputy just now", "", "UPDATE memberships SET role = 'deputy_manager' WHERE provider_id = :p AND id = :care_two;".to_owned() + &by("care_two"), "TL034"),
        attack("a member written just now", "",
            "INSERT INTO memberships (provider_id, id, user_id, name, role, started_at) VALUES (:p, :new_ql, :user_care_2, 'x', 'quality_lead', now());".to_owned() + &by("new_ql"), "TL034"),
        attack("a manager of another service", "", by("rm_south"), "TL027"),
        attack("a verifier from another provider", "", by("q_deputy"), "TL024"),
        attack("a team leader by exception where no manager owned it", "", exception(by("leader")), "TL024"),
        attack("a team leader by exception beside a deputy", managers.clone(), exception(of_manager("leader")), "TL043"),
        attack("a team leader by exception beside one deputy, the other having given evidence", managers.clone() + &evidence("deputys", "managers_verified", "deputy", "data"),
            exception(of_manager("leader")), "TL043"),
        attack("a deputy with a reason nobody asked for", managers.clone(), exception(of_manager("deputy")), "TL042"),
        attack("the quality lead with a reason nobody asked for", managers.clone(), exception(of_manager("quality")), "TL042"),
        attack("a registered manager with a reason nobody asked for", "", exception(by("rm")), "TL042"),
        attack("care staff by exception", managers.clone(), exception(of_manager("care_two")), "TL024"),
        attack("a team leader without a reason", managers.clone(), of_manager("leader"), "TL024"),
        attack("a manager verifies a manager's own", managers.clone() + &set("managers_verified", "owner_id = :care"), of_manager("rm"), "TL023"),
        attack("the safeguarding lead verifies a manager's own", managers, of_manager("safeguarding"), "TL024"),
    ];
    for verifier in ["care_two", "leader", "admin", "reader"] {
        rows.push(attack(format!("verifier {verifier}"), "", by(verifier), "TL024"));
    }
    rows
}

fn of_the_wrong_thing() -> Vec<Attack> {
    let of = |action: &str| verdict("v", action, "deputy", "complete", SUPPORTS);
    let stale = by("deputy").replace("a.evidence_rev, '{}'", "a.evidence_rev - 1, '{}'");
    let other_cycle = |cycle: &str| {
        verdict("v", "second_cycle", "deputy", "complete", SUPPORTS)
            .replace("SELECT :p, :v, a.id, a.cycle", &format!("SELECT :p, :v, a.id, {cycle}"))
    };
    let seq_zero = verdict("late", "submitted", "deputy", "partially_complete", SUPPORTS)
        .replace("evidence_rev, judged", "evidence_rev, seq, judged")
        .replace("a.evidence_rev, '{}'", "a.evidence_rev, -7, '{}'");
    vec![
        attack("verdict before it is submitted", "", of("in_progress"), "TL008"),
        attack("verdict on what was not started", "", of("not_started"), "TL008"),
        attack("verdict on what is verified", "", of("low_verified"), "TL008"),
        attack("verdict under what is closed", "", of("closed"), "TL002"),
        attack("verdict under what is cancelled", "", of("cancelled"), "TL002"),
        attack("verdict of evidence that changed", "", stale, "TL004"),
        attack("verdict of evidence to come", "", by("deputy").replace("a.evidence_rev, '{}'", "a.evidence_rev + 1, '{}'"), "TL004"),
        attack("verdict in an earlier cycle", "", other_cycle("1"), "TL003"),
        attack("verdict in a cycle to come", "", other_cycle("3"), "TL003"),
        attack("a failed verdict slipped below the pass", by("deputy") + &seq_zero, set("submitted", "status = 'verified'"), "TL029"),
        attack("a pass with a forged place below a failed one",
            verdict("no", "submitted", "deputy", "partially_complete", SUPPORTS) + &set("submitted", "status = 'sent_back', submitted_at = NULL, verify_by = NULL") + &submit("submitted"),
            set("submitted", "status = 'verified'"), "TL029"),
        attack("evidence changes between verdict and status", by("deputy") + &evidence("e", "submitted", "care", "data"), set("submitted", "status = 'verified'"), "TL029"),
        attack("sent back without a verdict", "", set("submitted", "status = 'sent_back', submitted_at = NULL, verify_by = NULL"), "TL029"),
        attack("sent back on a pass", by("deputy"), set("submitted", "status = 'sent_back', submitted_at = NULL, verify_by = NULL"), "TL029"),
        attack("ineffective on a pass", by("deputy"), set("submitted", "status = 'ineffective', cycle = cycle + 1, submitted_at = NULL, verify_by = NULL"), "TL029"),
        attack("verdict rewritten", "", "UPDATE verifications SET outcome = 'complete' WHERE provider_id = :p", "42501"),
        attack("verdict rewritten by an upsert", "", by("deputy").replace("AND a.id = :submitted;", "AND a.id = :submitted ON CONFLICT (provider_id, id) DO UPDATE SET outcome = 'complete'"), "42501"),
        attack("verdict deleted", "", "DELETE FROM verifications WHERE provider_id = :p", "42501"),
        attack("two verdicts in one statement, the pass last", "",
            "INSERT INTO verifications (provider_id, id, action_id, cycle, verifier_id, method, sample_size, met_standard, note, marks, outcome, missing, new_due_on, evidence_rev, judged, at)
             SELECT :p, x.id, a.id, a.cycle, :deputy, 'observation', 8, 8, 'x', x.marks::jsonb, x.outcome, 'x', '2026-12-01', a.evidence_rev, '{}', now()
             FROM actions a, (VALUES (:one::uuid, 'complete', '{\"record\": \"supports\", \"audit_sample\": \"supports\"}'),
               (:two::uuid, 'partially_complete', '{\"record\": \"mixed\", \"audit_sample\": \"mixed\"}')) AS x(id, outcome, marks)
             WHERE a.provider_id = :p AND a.id = :submitted;".to_owned() + &set("submitted", "status = 'verified'"), "TL029"),
    ]
}

fn marked_wrongly() -> Vec<Attack> {
    let partial = |marks: &str| verdict("v", "submitted", "deputy", "partially_complete", marks);
    let numbers = |sample: &str| by("deputy").replace("8, 7,", sample);
    vec![
        attack("no marks", "", marks("{}"), "TL009"),
        attack("one kind not judged", "", marks(r#"{"record": "supports"}"#), "TL009"),
        attack(
            "complete with a mixed mark",
            "",
            marks(r#"{"record": "supports", "audit_sample": "mixed"}"#),
            "verifications_complete_is_supported",
        ),
        attack(
            "complete with a mark against",
            "",
            marks(r#"{"record": "does_not_support", "audit_sample": "supports"}"#),
            "verifications_complete_is_supported",
        ),
        attack(
            "a word nobody knows",
            "",
            partial(r#"{"record": "fine", "audit_sample": "supports"}"#),
            "verifications_marks_are_known",
        ),
        attack(
            "a mark that is true",
            "",
            marks(r#"{"record": true, "audit_sample": true}"#),
            "verifications_marks_are_known",
        ),
        attack(
            "a mark that is null",
            "",
            partial(r#"{"record": null, "audit_sample": "supports"}"#),
            "verifications_marks_are_known",
        ),
        attack(
            "a mark that is an empty list",
            "",
            marks(r#"{"record": [], "audit_sample": []}"#),
            "verifications_marks_are_known",
        ),
        attack(
            "a mark that is a list",
            "",
            marks(r#"{"record": ["supports"], "audit_sample": "supports"}"#),
            "verifications_marks_are_known",
        ),
        attack(
            "a mark that is an object",
            "",
            marks(r#"{"record": {}, "audit_sample": "supports"}"#),
            "verifications_marks_are_known",
        ),
        attack(
            "marks that are a list",
            "",
            marks(r#"["record", "audit_sample"]"#),
            "verifications_marks_are_known",
        ),
        attack(
            "nothing sampled",
            "",
            numbers("0, 0,").replace("'complete'", "'partially_complete'"),
            "verifications_sampled_something",
        ),
        attack("more met than sampled", "", numbers("8, 9,"), "verifications_sampled_something"),
        attack("complete with none that met", "", numbers("8, 0,"), "verifications_complete_met_something"),
        attack(
            "partial without what is missing",
            "",
            verdict("v", "submitted", "deputy", "partially_complete", SUPPORTS)
                .replace("'Two charts', '2026-12-01'", "NULL, NULL"),
            "verifications_partial_says_what_is_missing",
        ),
        attack(
            "a pass, then closing what needs no verdict",
            pass("v", "submitted", "deputy"),
            set("submitted", "status = 'cancelled'"),
            "actions_cancelled_with_reason",
        ),
    ]
}
