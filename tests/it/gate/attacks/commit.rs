//! Changes that nobody would read of in the trail, and the provider taken away in mid-transaction.

use super::super::world::{OTHER_EVENT, close_low, event, set};
use super::{Attack, attack};

pub fn table() -> Vec<Attack> {
    let change = set("in_progress", "due_on = '2027-01-01'");
    let told = event("in_progress");
    let open = "(SELECT count(*) FROM app.open_session('x', 'provider-1', now()))";
    vec![
        attack("a change without an event", "", change.clone(), "TL032").untold(),
        attack("a closure without an event", "", close_low(), "TL032").untold(),
        attack("an event about another action", "", change.clone() + &event("low_verified"), "TL032").untold(),
        attack("an event about nothing", "", change.clone() + OTHER_EVENT, "TL032").untold(),
        attack("an event rolled back to a savepoint", "", format!("{change} SAVEPOINT s; {told} ROLLBACK TO s;"), "TL032").untold(),
        attack("an event rolled back, looked at early", "", format!("{change} SAVEPOINT s; {told} SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK TO s;"), "TL032").untold(),
        attack("an event after looking early", "", format!("{change} SET CONSTRAINTS ALL IMMEDIATE; {told}"), "TL032").untold(),
        attack("an event swallowed in a block", "", format!("{change} DO $x$ BEGIN PERFORM {}; RAISE EXCEPTION 'no'; EXCEPTION WHEN OTHERS THEN NULL; END $x$;", told.trim_start_matches("SELECT ").trim_end_matches(';')), "TL032").untold(),
        attack("a role changed in silence", "", "UPDATE memberships SET role = 'registered_manager' WHERE provider_id = :p AND id = :care_two", "TL032").untold(),
        attack("a service given in silence", "", "INSERT INTO member_services VALUES (:p, :care, :south)", "TL032").untold(),
        attack("a service taken in silence", "", "DELETE FROM member_services WHERE provider_id = :p AND member_id = :rm", "TL032").untold(),
        attack("what a finding bears on, in silence", "", "INSERT INTO finding_framework_entries VALUES (:p, :low, 'saf34:safe-learning-culture')", "TL032").untold(),
        attack("the provider taken away before the commit", change.clone() + &told, "SET LOCAL app.provider_id = ''", "TL032").untold(),
        attack("another provider before the commit", change + &told, "SET LOCAL app.provider_id = :q", "TL032").untold(),
        attack("an event of a provider without a trail", "", "SET LOCAL app.provider_id = :nobody; ".to_owned() + OTHER_EVENT, "TL030").untold(),
        attack("the provider taken away in mid-statement", "",
            format!("UPDATE actions SET version = version + 1 + 0 * {open}, due_on = '2027-01-01' WHERE provider_id = :p AND id = :in_progress"), "TL038"),
        attack("another provider's action closed from here", "", "UPDATE actions SET version = version + 1, status = 'closed' WHERE provider_id = :q; SELECT 1 / count(*) FROM actions WHERE provider_id = :q", "22012"),
        attack("a row written into another provider", "", "INSERT INTO services VALUES (:q, :s, 's', 'S', 'nursing', 'england', now())", "42501"),
    ]
}
