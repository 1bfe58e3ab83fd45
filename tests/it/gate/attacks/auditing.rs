//! Closure audits: a sample chosen instead of drawn, an audit by who judged it, a failure that changes nothing (R26).

use super::super::world::reopen;
use super::{Attack, attack};

/// The sample of this quarter, which is over in the time of `at`.
fn audit(by: &str, at: &str) -> String {
    format!(
        "INSERT INTO closure_audits (provider_id, id, quarter, seed, population, digest, size, drawn_by, drawn_at)
         VALUES (:p, :audit, date_trunc('quarter', now() AT TIME ZONE 'Europe/London')::date, 7, 1, repeat('a', 64), 1, :{by}, {at});"
    )
}

const LATER: &str = "now() + interval '100 days'";

fn item() -> String {
    "INSERT INTO closure_audit_items (provider_id, audit_id, closure_id, action_id, place) VALUES (:p, :audit, :closed_closure, :closed, 1);".to_owned()
}

fn result(by: &str, stands_up: bool) -> String {
    format!(
        "INSERT INTO closure_audit_results (provider_id, audit_id, closure_id, action_id, stands_up, reason, judged, audited_by, at)
         VALUES (:p, :audit, :closed_closure, :closed, {stands_up}, 'Opened every record again', '{{}}', :{by}, now());"
    )
}

fn drawn() -> String {
    audit("quality", LATER) + &item()
}

pub fn table() -> Vec<Attack> {
    [drawing(), answering()].into_iter().flatten().collect()
}

fn drawing() -> Vec<Attack> {
    let earlier = "date_trunc('quarter', now() AT TIME ZONE 'Europe/London')::date";
    vec![
        attack("a sample of a quarter that goes on", "", audit("quality", "now()") + &item(), "TL081"),
        attack("a sample drawn by a manager", "", audit("rm", LATER) + &item(), "TL024"),
        attack("a sample with nothing in it", "", audit("quality", LATER), "TL081"),
        attack(
            "a second sample of a quarter",
            drawn(),
            audit("ni", LATER).replace(":audit", ":audit_two"),
            "closure_audits_once_a_quarter",
        ),
        attack(
            "a quarter that begins in its middle",
            "",
            audit("quality", LATER).replace(earlier, &format!("{earlier} + 1")),
            "closure_audits_quarter_begins",
        ),
        attack(
            "a closure of another quarter in a sample",
            audit("quality", LATER).replace(earlier, &format!("({earlier} - interval '3 months')::date")),
            item(),
            "TL081",
        ),
        attack(
            "what has opened again in a sample",
            audit("quality", LATER) + &reopen("closed", "again"),
            item(),
            "TL081",
        ),
        attack(
            "a closure of another action in a sample",
            audit("quality", LATER),
            item().replace(":closed, 1", ":low_verified, 1"),
            "TL081",
        ),
        attack("take back a sample", drawn(), "DELETE FROM closure_audits", "42501"),
        attack("rewrite a sample", drawn(), "UPDATE closure_audits SET seed = 8", "42501"),
        attack("take something out of a sample", drawn(), "DELETE FROM closure_audit_items", "42501"),
    ]
}

fn answering() -> Vec<Attack> {
    vec![
        attack(
            "an audit of what was not drawn",
            audit("quality", LATER),
            result("quality", true),
            "closure_audit_results_provider_id_audit_id_closure_id_fkey",
        ),
        attack("an audit by who approved it", drawn(), result("rm", true), "TL023"),
        attack("an audit by who checked it", drawn(), result("deputy", true), "TL023"),
        attack("an audit by who owned it", drawn(), result("care", true), "TL023"),
        attack("an audit by another role", drawn(), result("safeguarding", true), "TL024"),
        attack("what does not stand up stays closed", drawn(), result("quality", false), "TL019"),
        attack(
            "an audit of what has opened again",
            drawn() + &reopen("closed", "again"),
            result("quality", true),
            "TL008",
        ),
        attack(
            "two audits of a closure",
            drawn() + &result("quality", true),
            result("ni", false),
            "closure_audit_results_pkey",
        ),
        attack(
            "an audit without a reason",
            drawn(),
            result("quality", true).replace("Opened every record again", " "),
            "closure_audit_results_say_why",
        ),
        attack(
            "rewrite an audit",
            drawn() + &result("quality", true),
            "UPDATE closure_audit_results SET stands_up = false",
            "42501",
        ),
        attack(
            "take back an audit",
            drawn() + &result("quality", true),
            "DELETE FROM closure_audit_results",
            "42501",
        ),
    ]
}
