//! The demo: it loads on any day, shows every state there is, and is served to this machine only.

use chrono::Duration;
use rstest::rstest;
use throughline::app::AppState;
use throughline::clock::Clock;
use throughline::demo;
use throughline::workflow::session::{Origin, SignIn, sign_in};

use super::worker::{broken_lines, midnight, number};
use crate::harness::TestDb;
use crate::harness::fixtures::{app, day};
use crate::harness::program::Program;
use crate::harness::scratch::Scratch;

async fn loaded(db: &TestDb, folder: &Scratch, date: &str) -> AppState {
    loaded_at(db, folder, date, 10).await
}

async fn loaded_at(db: &TestDb, folder: &Scratch, date: &str, hour: i64) -> AppState {
    let app = app(db, Clock::fixed(midnight(day(date)) + Duration::hours(hour)), folder);
    demo::load(&app).await.unwrap_or_else(|trouble| panic!("{date}: {trouble}"));
    app
}

#[rstest]
#[case::wednesday("2026-11-18")]
#[case::saturday("2026-11-21")]
#[case::christmas("2026-12-25")]
#[case::good_friday("2027-03-26")]
#[case::spring_forward("2027-03-28")]
#[case::day_after("2027-03-29")]
#[case::fall_back("2026-10-25")]
#[case::leap_day("2028-02-29")]
#[case::new_year("2027-01-01")]
#[tokio::test]
async fn it_loads_on_any_day_and_shows_every_state(#[case] date: &str) {
    let db = TestDb::new().await;
    let folder = Scratch::new("demo");
    let app = loaded(&db, &folder, date).await;
    throughline::worker::tick(&app).await.unwrap();
    let with_owner = "status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')";
    let waits = "NOT EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.escalation_id = e.id)";
    for (state, fits) in [
        ("late", format!("{with_owner} AND due_on < '{date}'")),
        ("escalated and undecided", format!("EXISTS (SELECT 1 FROM escalations e WHERE e.action_id = a.id AND e.cycle = a.cycle AND {waits}) AND status <> 'closed'")),
        ("escalated and decided", "EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.action_id = a.id)".to_owned()),
        ("waiting for a check", "status = 'submitted'".to_owned()),
        ("waiting past the window", format!("status = 'submitted' AND verify_by < '{date}'")),
        ("sent back", "status = 'sent_back'".to_owned()),
        ("ineffective", "EXISTS (SELECT 1 FROM verifications v WHERE v.action_id = a.id AND v.outcome = 'ineffective')".to_owned()),
        ("waiting for closure", "status = 'verified'".to_owned()),
        ("reopened", "EXISTS (SELECT 1 FROM reopenings r WHERE r.action_id = a.id)".to_owned()),
        ("closed", "status = 'closed'".to_owned()),
        ("cancelled", "status = 'cancelled'".to_owned()),
        ("unowned", "status NOT IN ('closed', 'cancelled') AND (owner_id IS NULL OR EXISTS (SELECT 1 FROM memberships m WHERE m.id = owner_id AND m.ended_at IS NOT NULL))".to_owned()),
        ("due within a week", format!("{with_owner} AND due_on BETWEEN '{date}' AND date '{date}' + 7")),
        ("merged into another", "merged_into IS NOT NULL".to_owned()),
        ("not started", "status = 'not_started'".to_owned()),
    ] {
        let sql = format!("SELECT count(*) FROM actions a WHERE {fits}");
        assert!(number(&db, &sql).await > 0, "{date}: nothing is {state}");
    }
    assert_eq!(broken_lines(&db).await, 0);
    let future =
        format!("SELECT count(*) FROM events WHERE at > timestamptz '{}'", app.clock.now().to_rfc3339());
    assert_eq!(number(&db, &future).await, 0, "nothing has happened that is yet to come");
    // the notices are of the days of the story: most came long before it was loaded, and none after
    let given = |when: &str| format!("SELECT count(*) FROM notices WHERE created_at {when}");
    let now = app.clock.now().to_rfc3339();
    let (all, old) = (given("IS NOT NULL"), given(&format!("< date '{date}' - 14")));
    let (all, old) = (number(&db, &all).await, number(&db, &old).await);
    assert!(all > 50 && old * 2 > all, "{old} of {all} notices are older than a fortnight");
    assert_eq!(number(&db, &given(&format!("> timestamptz '{now}'"))).await, 0);
    let changed = "SELECT count(*) FROM events e JOIN event_texts t USING (provider_id, seq) WHERE e.kind = 'rules_set' AND t.name = 'reason'";
    assert_eq!(number(&db, changed).await, 1, "a closure standard was changed, with its reason");
    let own = "SELECT count(*) FROM escalation_decisions d WHERE d.judged ->> 'owner' = d.decided_by::text";
    assert_eq!(number(&db, own).await, 0, "nobody decided on their own lateness");
}

/// Loaded before the hour at which the program looks each morning, on a day on which a meeting is held.
#[rstest]
#[case("2026-11-21")]
#[case("2026-11-05")]
#[tokio::test]
async fn loaded_in_the_night_nothing_in_it_is_yet_to_come(#[case] date: &str) {
    let db = TestDb::new().await;
    let folder = Scratch::new("demo-night");
    let app = loaded_at(&db, &folder, date, 3).await;
    let now = app.clock.now().to_rfc3339();
    for (table, column) in [
        ("events", "at"),
        ("notices", "created_at"),
        ("outbox", "created_at"),
        ("governance_meetings", "signed_at"),
    ] {
        let later = format!("SELECT count(*) FROM {table} WHERE {column} > timestamptz '{now}'");
        assert_eq!(number(&db, &later).await, 0, "{date}: {table} has what is yet to come");
    }
}

/// Every sign the demo is to show is there, that of a measure too.
#[tokio::test]
async fn it_shows_early_warning_signs() {
    let db = TestDb::new().await;
    let folder = Scratch::new("demo-signs");
    let app = loaded(&db, &folder, "2026-11-21").await;
    throughline::worker::count_signs(&app).await.unwrap();
    let kinds = crate::worker::texts(&db, "SELECT DISTINCT sign FROM signs_kept ORDER BY 1").await;
    for sign in ["came_back", "found_again", "off_target", "overdue", "unowned"] {
        assert!(kinds.iter().any(|kind| kind == sign), "{sign}: {kinds:?}");
    }
}

#[tokio::test]
async fn every_sign_in_opens() {
    let db = TestDb::new().await;
    let folder = Scratch::new("demo");
    let app = loaded(&db, &folder, "2026-11-21").await;
    let sign_ins = demo::sign_ins();
    assert!(sign_ins.len() >= 8, "one for each role: {sign_ins:?}");
    for person in sign_ins {
        let from = Origin { address: None, device: String::new(), before: None };
        let opened = sign_in(&app, &person.email, demo::PASSWORD, &from).await.unwrap();
        assert!(matches!(opened, SignIn::Opened(_)), "{}", person.email);
    }
    assert!(demo::load(&app).await.is_err(), "a second time it is refused");
}

#[test]
fn it_is_served_to_this_machine_only() {
    let folder = Scratch::new("demo-open");
    let data = folder.path().to_string_lossy().into_owned();
    let settings = [("DATA_DIR", data.as_str()), ("LISTEN_ADDR", "0.0.0.0:0")];
    let refused = Program::command(&["demo"], &settings).output().unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("whose password is published: set LISTEN_ADDR to a loopback address"), "{said}");
    // and so is the ordinary command over the same data
    let refused = Program::command(&["serve"], &settings).output().unwrap();
    assert!(!refused.status.success());
}
