//! Signing off what is not owned (R5), and slipping findings into what was signed off.

use super::super::world::{finding, set};
use super::{Attack, attack};

const SIGN: &str = "UPDATE reviews SET version = version + 1, signed_off_by = :rm, signed_off_at = now() WHERE provider_id = :p AND id = :audit;";

pub fn table() -> Vec<Attack> {
    let unowned =
        finding("p", "", "third", 3, "low") + "INSERT INTO finding_sources VALUES (:p, :third, :audit);";
    let new_action = |owner: &str, due: &str| {
        format!(
            "INSERT INTO actions (provider_id, id, number, finding_id, service_id, what, success_test, owner_id, due_on, verification_working_days, approver, created_by, created_at)
             VALUES (:p, :third_action, 60, :third, :north, 'x', 'x', {owner}, {due}, 5, 'registered_manager', :rm, now());
             SELECT app.append_event(now(), 'action_defined', :rm, NULL, NULL, :third_action, '{{}}', '{{}}');"
        )
    };
    let gone = "SELECT count(*) FROM app.open_session('x', 'provider-1', now())";
    vec![
        attack("signed off with a finding without action", unowned.clone(), SIGN, "TL041"),
        attack("signed off with an unowned action", unowned.clone() + &new_action("NULL", "'2026-11-30'"), SIGN, "TL041"),
        attack("signed off with an undated action", unowned.clone() + &new_action(":care", "NULL"), SIGN, "TL041"),
        attack("signed off with a cancelled action",
            unowned.clone() + &new_action(":care", "'2026-11-30'") + &set("third_action", "status = 'cancelled', cancelled_by = :rm, cancelled_at = now(), cancel_reason = 'x'"), SIGN, "TL041"),
        attack("signed off with an owner who left",
            unowned + &new_action(":care_two", "'2026-11-30'") + "UPDATE memberships SET ended_at = now() WHERE provider_id = :p AND id = :care_two;", SIGN, "TL041"),
        attack("a finding slipped into what was signed off", SIGN.to_owned() + &finding("p", "", "third", 3, "low"), "INSERT INTO finding_sources VALUES (:p, :third, :audit)", "TL040"),
        attack("a finding slipped in by the statement that signs off", finding("p", "", "third", 3, "low"),
            format!("WITH s AS (INSERT INTO finding_sources VALUES (:p, :third, :audit)) {SIGN}"), "TL040"),
        attack("one of two slipped into what was signed off",
            SIGN.to_owned() + &finding("p", "", "third", 3, "low") + "INSERT INTO reviews (provider_id, id, number, kind, title, service_id, held_on,
               conducted_by, created_by, created_at) VALUES (:p, :open_audit, 9, 'audit', 'x', :north, '2026-11-16', 'x', :rm, now());",
            "INSERT INTO finding_sources VALUES (:p, :third, :open_audit), (:p, :third, :audit)", "TL040"),
        attack("a sign-off taken back", SIGN, "UPDATE reviews SET version = version + 1, signed_off_by = NULL, signed_off_at = NULL WHERE provider_id = :p AND id = :audit", "TL040"),
        attack("signed off again by another", SIGN, SIGN.replace(":rm", ":quality"), "TL040"),
        attack("a sign-off without a name", "", "UPDATE reviews SET version = version + 1, signed_off_at = now() WHERE provider_id = :p AND id = :audit", "reviews_sign_off_is_whole"),
        attack("a stale sign-off", "", SIGN.replace("version + 1", "version"), "TL012"),
        attack("a review born signed off", "",
            "INSERT INTO reviews (provider_id, id, number, kind, title, service_id, held_on, conducted_by, created_by, created_at, signed_off_by, signed_off_at)
             VALUES (:p, :r, 9, 'audit', 'x', :north, '2026-11-16', 'x', :rm, now(), :rm, now())", "TL010"),
        attack("what was reviewed, rewritten", "", "UPDATE reviews SET kind = 'meeting' WHERE provider_id = :p", "42501"),
        attack("a finding taken out of its review", "", "UPDATE finding_sources SET review_id = :other WHERE provider_id = :p", "42501"),
        attack("a finding ended without a reason", "", "UPDATE findings SET version = version + 1, disposition = 'no_action_needed' WHERE provider_id = :p AND id = :low", "findings_disposition_has_reason"),
        attack("the provider taken away while signing off", finding("p", "", "third", 3, "low") + "INSERT INTO finding_sources VALUES (:p, :third, :audit);",
            SIGN.replace("version + 1,", &format!("version + 1 + 0 * ({gone}),")), "TL038"),
        attack("the provider taken away while slipping one in", SIGN.to_owned() + &finding("p", "", "third", 3, "low"),
            format!("INSERT INTO finding_sources SELECT x.p, :third, x.r FROM (SELECT :p::uuid AS p, :audit::uuid AS r, ({gone}) AS n) x WHERE x.n >= 0"), "TL038"),
        attack(
            "the provider taken away after the first of two rows",
            SIGN.to_owned() + &finding("p", "", "third", 3, "low") + "INSERT INTO reviews (provider_id, id, number, kind, title, service_id, held_on,
               conducted_by, created_by, created_at) VALUES (:p, :open_audit, 9, 'audit', 'x', :north, '2026-11-16', 'x', :rm, now());",
            format!("INSERT INTO finding_sources SELECT :p, :third, x.r FROM (VALUES (1, :open_audit::uuid), (2, :audit::uuid)) AS x(n, r)
               WHERE CASE WHEN x.n = 2 THEN ({gone}) >= 0 ELSE true END; SET LOCAL app.provider_id = :p;"),
            "TL038",
        ),
    ]
}
