//! Measured improvement: closed without it, or with one that rests on nothing (M9).

use super::super::world::{define, paper, pass, proof, set, submit};
use super::{Attack, attack};

/// A measure of falls with two readings, that names an action.
fn measure(action: &str) -> String {
    format!(
        "INSERT INTO measures (provider_id, id, service_id, name, shape, better, cadence, created_by, created_at)
           VALUES (:p, :falls, :north, 'Falls', 'number', 'down', 'monthly', :rm, now());
         INSERT INTO readings (provider_id, measure_id, period, round, numerator, by, at)
           SELECT :p, :falls, date_trunc('month', now() + m * interval '1 month')::date, 1, 4, :rm, now() FROM generate_series(-1, 0) AS m;
         INSERT INTO measure_actions VALUES (:p, :falls, :{action}, :rm, now());"
    )
}

/// An improvement of this month, at the closure of an action.
fn improved(closure: &str, action: &str) -> String {
    format!(
        "INSERT INTO measured_improvements (provider_id, closure_id, measure_id, action_id, period, round, rule, said, at)
         VALUES (:p, :{closure}, :falls, :{action}, date_trunc('month', now())::date, 1, 'shift', 'Falls: 4 is better', now());"
    )
}

/// An action that asks for improvement, proven and checked.
fn asks() -> String {
    define("x", 60, "low", "care", "registered_manager")
        .replace("created_by, created_at)", "created_by, created_at, measured_improvement)")
        .replace("5, 'registered_manager', :rm, now())", "5, 'registered_manager', :rm, now(), true)")
        + &set("x", "status = 'in_progress'")
        + &proof("x", "care", "")
        + &submit("x")
        + &pass("x_pass", "x", "deputy")
}

fn closing() -> String {
    set("x", "status = 'closed', closure_id = :x_closure")
}

fn wrong(name: &str, spoil: impl Fn(String) -> String) -> Attack {
    let paper = paper("x_closure", "x", "rm", "x_pass", "deputy", "");
    attack(name, asks() + &measure("x") + &paper, spoil(improved("x_closure", "x")) + &closing(), "TL075")
}

pub fn table() -> Vec<Attack> {
    let paper_of = || paper("x_closure", "x", "rm", "x_pass", "deputy", "");
    vec![
        attack(
            "close without the improvement that was asked for",
            asks() + &measure("x"),
            paper_of() + &closing(),
            "TL076",
        ),
        attack(
            "take away that improvement is asked for",
            asks(),
            set("x", "measured_improvement = false"),
            "42501",
        ),
        wrong("improvement of a reading that was corrected since", |deed| {
            "INSERT INTO readings (provider_id, measure_id, period, round, numerator, reason, by, at)
             VALUES (:p, :falls, date_trunc('month', now())::date, 2, 9, 'Counted again', :rm, now());"
                .to_owned()
                + &deed
        }),
        wrong("improvement of an earlier month than the newest", |deed| {
            deed.replace("date_trunc('month', now())", "date_trunc('month', now() - interval '1 month')")
        }),
        wrong("improvement before it was done", |deed| {
            "INSERT INTO measures (provider_id, id, service_id, name, shape, better, cadence, created_by, created_at)
               VALUES (:p, :old, :north, 'Old', 'number', 'down', 'monthly', :rm, now());
             INSERT INTO readings (provider_id, measure_id, period, round, numerator, by, at)
               VALUES (:p, :old, date_trunc('month', now() - interval '1 month')::date, 1, 4, :rm, now());
             INSERT INTO measure_actions VALUES (:p, :old, :x, :rm, now());"
                .to_owned()
                + &deed
                    .replace(":falls", ":old")
                    .replace("date_trunc('month', now())", "date_trunc('month', now() - interval '1 month')")
        }),
        attack(
            "improvement of a measure that does not name the action",
            asks() + &measure("in_progress") + &paper_of(),
            improved("x_closure", "x") + &closing(),
            "TL075",
        ),
        attack(
            "improvement of a reading that is not there",
            asks() + &measure("x") + &paper_of(),
            improved("x_closure", "x").replace("::date, 1,", "::date, 7,") + &closing(),
            "TL075",
        ),
        attack(
            "improvement written after the closure",
            measure("closed"),
            improved("closed_closure", "closed"),
            "TL008",
        ),
        attack(
            "improvement at the closure of another action",
            asks() + &measure("x"),
            improved("closed_closure", "x"),
            "TL008",
        ),
        attack(
            "rewrite what was shown at closure",
            "",
            "UPDATE measured_improvements SET said = 'x'",
            "42501",
        ),
        attack("delete what was shown at closure", "", "DELETE FROM measured_improvements", "42501"),
    ]
}
