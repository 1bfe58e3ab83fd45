//! A month that was signed off stays as it was signed, whatever is done afterwards, and whenever that is said to have been.

use std::collections::BTreeMap;

use chrono::{Duration, NaiveDate};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::{AssertSqlSafe, Executor as _};
use throughline::clock::london_hour;
use throughline::database::roles;
use throughline::domain::figure::{Figure, Month};
use throughline::ids::GovernanceId;
use throughline::store::figure::{Over, Span, shown};
use throughline::store::governance::Written;
use throughline::workflow::governance::{On, sign, write};

use super::play::{Play, plan};
use super::recount::{Stretch, Told, value};
use super::{opened, places, setting, trail};
use crate::worker::texts;

/// Everything of a signed month that could change: its rows in the database, and what the program shows of it.
#[derive(Debug, PartialEq)]
struct Signed {
    stored: Vec<String>,
    shown: Vec<String>,
}

const TABLES: [&str; 6] = [
    "governance_meetings",
    "governance_figures",
    "governance_rows",
    "governance_minutes",
    "governance_attendance",
    "governance_decisions",
];

async fn signed(play: &Play, on: &On, id: GovernanceId) -> Signed {
    let mut stored = Vec::new();
    for table in TABLES {
        let key = if table == "governance_meetings" { "id" } else { "meeting_id" };
        stored.extend(
            texts(
                &play.db,
                &format!("SELECT '{table} ' || t::text FROM {table} t WHERE t.{key} = '{id}' ORDER BY 1"),
            )
            .await,
        );
    }
    let mut tx = play.w.actor("quality").begin(&play.w.app).await.unwrap();
    let (over, span) =
        (on.over.frozen(id), Span::of(on.month, play.now().max(london_hour(on.month.after(1).first(), 0))));
    let month = shown(&mut tx, &over, span).await.unwrap();
    let mut values: Vec<String> = month.values.iter().map(|v| format!("{v:?}")).collect();
    values.sort();
    values.push(format!("{:?} {:?}", month.heat, sorted(&month.overdue)));
    // the words beside a number are those of today
    let numbers = |of: &[(i32, String, String)]| of.iter().map(|row| row.0).collect::<Vec<_>>();
    values.push(format!("{:?} {:?}", numbers(&month.undecided), numbers(&month.unmeasured)));
    for again in &month.repeats {
        values.push(format!("{:?} {} {}", again.topic, again.slug, again.in_month));
    }
    for figure in Figure::ALL {
        values.push(format!("{figure:?} {:?}", opened(&mut tx, &over, span, *figure).await.unwrap()));
    }
    Signed { stored, shown: values }
}

fn sorted(late: &[(f64, i64)]) -> Vec<String> {
    let mut late: Vec<String> = late.iter().map(|of| format!("{of:?}")).collect();
    late.sort();
    late
}

/// Signs the last month that is over off, for a place.
async fn sign_off(play: &Play, over: Over, by: [&str; 2], month: Month) -> (On, GovernanceId) {
    let service = (by[0] == "manager").then_some(play.w.house.id);
    let on = On { over, service, month };
    let written = Written {
        held_on: play.w.today(),
        minutes: "The figures were read one by one".into(),
        present: vec![play.w.id("quality")],
        others: String::new(),
    };
    write(&play.w.app, play.w.actor(by[0]), &on, 0, &written).await.unwrap();
    sign(&play.w.app, play.w.actor(by[1]), &on, 1).await.unwrap();
    let of = format!(
        "SELECT id::text FROM governance_meetings WHERE month = '{}' AND service_id IS {} NULL",
        month.first(),
        if service.is_some() { "NOT" } else { "" }
    );
    let id = texts(&play.db, &of).await[0].parse().unwrap();
    (on, id)
}

#[tokio::test]
async fn a_signed_month_stays_whatever_is_done_and_whenever() {
    let (first, cases) = (setting("FIGURE_SEED", 1), setting("FIGURE_CASES", 4).div_ceil(4));
    for seed in first..first + cases {
        stays(seed + 1000).await;
    }
}

async fn stays(seed: u64) {
    let mut play = Play::begin(seed).await;
    let steps = plan(seed, 220);
    let (before, after) = steps.split_at(110);
    for step in before {
        play.step(step).await;
    }
    let month = Month::of(play.w.today()).before(1);
    let [whole, house, _] = places(&play);
    let told = Told::by(&trail::read(&play.db, play.w.provider).await);
    let mut months = Vec::new();
    for ((_, id, over), by) in [(whole, ["quality", "nominated"]), (house, ["manager", "quality"])] {
        let (on, meeting) = sign_off(&play, over, by, month).await;
        // what is frozen is what the trail said that day
        let frozen: BTreeMap<String, String> = texts(&play.db, &format!("SELECT figure || ' ' || numerator || ' ' || denominator FROM governance_figures WHERE meeting_id = '{meeting}'"))
            .await
            .iter()
            .map(|line| line.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap())
            .collect();
        for figure in Figure::ALL {
            let of = value(*figure, &told.rows(*figure, Stretch::of(month, play.now()), id));
            assert_eq!(
                frozen[figure.as_str()],
                format!("{} {}", of.numerator, of.denominator),
                "FIGURE_SEED={seed}: {figure:?}"
            );
        }
        let as_signed = signed(&play, &on, meeting).await;
        assert!(as_signed.stored.len() > 30, "there is something to keep");
        months.push((on, meeting, as_signed));
    }
    // half of it is said to have been before the sign-off, or in the very month
    let (mut chance, today) = (StdRng::seed_from_u64(seed), play.now());
    let begin: NaiveDate = month.first();
    for (n, step) in after.iter().enumerate() {
        match n % 3 {
            0 => play.w.at(london_hour(begin, 0) + Duration::minutes(chance.random_range(0..60 * 24 * 28))),
            1 => play.w.at(today - Duration::minutes(chance.random_range(0..60 * 24 * 5))),
            _ => play.w.at(today + Duration::hours(i64::try_from(n).unwrap() * 12)),
        }
        play.only(step).await;
        if n % 28 == 27 {
            for (on, meeting, as_signed) in &months {
                assert_eq!(
                    &signed(&play, on, *meeting).await,
                    as_signed,
                    "FIGURE_SEED={seed} after step {n}"
                );
            }
        }
    }
    assert!(play.done.values().sum::<u32>() > 100, "something was done: {:?}", play.done);
    around(&play, &months).await;
}

/// Nor by SQL: no column of any of it is written, nothing is taken out, nothing put in.
async fn around(play: &Play, months: &[(On, GovernanceId, Signed)]) {
    let mut app = play.db.connect(roles::APP).await;
    let event = "SELECT app.append_event(now(), 'governance_signed', NULL, NULL, NULL, NULL, '{}', '{}')";
    for table in TABLES {
        let columns = texts(&play.db, &format!("SELECT attname::text FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum")).await;
        let mut deeds: Vec<String> =
            columns.iter().map(|c| format!("UPDATE {table} SET {c} = {c}")).collect();
        deeds.push(format!("DELETE FROM {table}"));
        deeds.push(format!("TRUNCATE {table}"));
        for (on, id, _) in months {
            let key = if table == "governance_meetings" { "id" } else { "meeting_id" };
            deeds.push(format!("INSERT INTO {table} SELECT * FROM {table} WHERE {key} = '{id}'"));
            deeds.push(format!(
                "INSERT INTO governance_figures VALUES ('{}', '{id}', 'm99_{}', 1, 1, NULL)",
                play.w.provider,
                on.month.first().format("%Y")
            ));
        }
        for deed in deeds {
            // decisions and who was there may be none: what changes no row is not refused, and changes nothing
            let none = texts(&play.db, &format!("SELECT '1' FROM {table} LIMIT 1")).await.is_empty();
            let script =
                format!("BEGIN; SET LOCAL app.provider_id = '{}'; {deed}; {event}; COMMIT", play.w.provider);
            let done = app.execute(AssertSqlSafe(script)).await;
            assert!(done.is_err() || none, "{deed} was let by");
            app.execute("ROLLBACK").await.unwrap();
        }
    }
    for (on, meeting, as_signed) in months {
        assert_eq!(&signed(play, on, *meeting).await, as_signed, "past the program");
    }
}
