//! The demo: it loads on any day, shows every state there is, and is served to this machine only.

use std::collections::BTreeSet;

use chrono::Duration;
use rstest::rstest;
use throughline::app::AppState;
use throughline::clock::Clock;
use throughline::database::roles;
use throughline::demo::{self, Length};
use throughline::domain::figure::{Figure, Month};
use throughline::domain::spc::{Assurance, Kind};
use throughline::ids::ProviderId;
use throughline::store::TenantTx;
use throughline::store::figure::Over;
use throughline::store::provider::services;
use throughline::workflow::figure::View;
use throughline::workflow::session::{Origin, SignIn, sign_in};
use throughline::workflow::{self, Moment};

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
    demo::load(&app, Length::Stories).await.unwrap_or_else(|trouble| panic!("{date}: {trouble}"));
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
    nothing_is_yet_to_come(&db, date, &app.clock.now().to_rfc3339()).await;
}

/// The figures of a month, counted as the page of governance counts them.
struct Months {
    app: AppState,
    provider: ProviderId,
    over: Over,
    this: Month,
}

impl Months {
    async fn of(app: AppState) -> Self {
        let provider = workflow::provider::find(&app, demo::ROWAN.slug).await.unwrap().unwrap();
        workflow::figure::sweep(&app, provider).await.unwrap();
        let mut tx = TenantTx::begin(&app.db, provider, None, app.clock.now()).await.unwrap();
        let services: Vec<_> = services(&mut tx).await.unwrap().iter().map(|service| service.id).collect();
        let (over, this) = (Over::whole(provider, &services), Month::of(app.clock.today()));
        Self { app, provider, over, this }
    }

    /// So many months before the one of loading.
    async fn view(&self, ago: u32) -> View {
        let mut tx = TenantTx::begin(&self.app.db, self.provider, None, self.app.clock.now()).await.unwrap();
        View::read(&mut tx, &self.over, self.this.before(ago), Moment::read(&self.app)).await.unwrap()
    }
}

/// What has happened in a database, and is yet to come by `now`.
async fn nothing_is_yet_to_come(db: &TestDb, date: &str, now: &str) {
    for (table, column) in [
        ("events", "at"),
        ("notices", "created_at"),
        ("outbox", "created_at"),
        ("governance_meetings", "signed_at"),
        ("governance_minutes", "at"),
        ("closures", "at"),
        ("sustain_checks", "at"),
        ("readings", "at"),
        ("findings", "logged_at"),
    ] {
        let later = format!("SELECT count(*) FROM {table} WHERE {column} > timestamptz '{now}'");
        assert_eq!(number(db, &later).await, 0, "{date}: {table} has what is yet to come");
    }
}

/// The stories of the figures (S4 to S6, S10 to S12), counted from what happened, as the page of governance counts. In brackets
/// what the domain says, to the whole per cent.
#[rstest]
#[case("2026-11-21")]
#[tokio::test]
async fn two_years_tell_the_stories_of_the_figures(#[case] date: &str) {
    let db = TestDb::new().await;
    let folder = Scratch::new("demo-years");
    let app = app(&db, Clock::fixed(midnight(day(date)) + Duration::hours(3)), &folder);
    demo::load(&app, Length::TwoYears).await.unwrap_or_else(|trouble| panic!("{date}: {trouble}"));
    let months = Months::of(app.clone()).await;
    for (figure, ago, wanted) in [
        // 56 to 92 % in six months (S4)
        (Figure::Evidence, 13, 56..=56),
        (Figure::Evidence, 7, 92..=92),
        // 51 to 90 % in four months (S5)
        (Figure::Decided, 14, 51..=51),
        (Figure::Decided, 10, 90..=90),
        // 48 to 87 % in six months (S6)
        (Figure::Feedback, 13, 48..=48),
        (Figure::Feedback, 7, 87..=87),
        // 90 % in six weeks (S10): begun in the first week of the fourth month before
        (Figure::FollowUps, 5, 60..=60),
        (Figure::FollowUps, 3, 90..=100),
        (Figure::FollowUps, 1, 90..=100),
        // 85 % in eight weeks (S11): begun in the first week of the fourth month before
        (Figure::Positive, 5, 50..=60),
        (Figure::Positive, 2, 85..=100),
        (Figure::Positive, 1, 85..=100),
        // 100 % in six weeks (S12): begun in the first week of the sixth month before
        (Figure::HighDecided, 7, 60..=60),
        (Figure::HighDecided, 5, 100..=100),
        (Figure::HighDecided, 1, 100..=100),
    ] {
        let value = months.view(ago).await.shown.value(figure);
        #[expect(clippy::cast_possible_truncation, reason = "a per cent")]
        let percent = value.number(figure).unwrap_or(-1.0).round() as i64;
        assert!(
            wanted.contains(&percent),
            "{date}: {figure:?} {ago} months before: {value:?}, not {wanted:?}"
        );
    }
    let now = months.view(0).await;
    for figure in
        [Figure::Evidence, Figure::Feedback, Figure::FollowUps, Figure::Positive, Figure::HighDecided]
    {
        let course = now.course(figure);
        assert_eq!(course.months.len(), 24, "{date}: {figure:?}");
        assert_eq!(
            course.chart.variation,
            Some(Kind::Improvement),
            "{date}: {figure:?} {:?}",
            course.line.values
        );
    }
    let decided = now.course(Figure::Decided).chart;
    assert_eq!(decided.segments.len(), 2, "{date}: judged anew");
    assert_ne!(decided.assurance, Some(Assurance::Fail), "{date}: of what was reached since then");
    assert!(!now.anew(Figure::Decided).is_empty());
    let window = now.course(Figure::Window).chart.variation;
    assert_ne!(window, Some(Kind::Concern), "{date}: checking did not become slower");
    let shades: BTreeSet<i64> = now.shown.heat.iter().map(|heat| heat.open).collect();
    assert!(
        shades.len() >= 3 && now.shown.heat.iter().any(|heat| heat.back > 0),
        "{date}: {:?}",
        now.shown.heat
    );
    // a month that was not signed off is counted as things stand now
    let last = months.view(8).await.shown.value(Figure::Improved);
    assert!(last.numerator * 2.0 > last.denominator, "{date}: what was closed was looked at again: {last:?}");
    for (what, sql, wanted) in [
        ("checks wait that were due", format!("SELECT count(*) FROM sustain_checks c JOIN actions a ON a.id = c.action_id AND a.cycle = c.cycle AND a.status = 'closed' WHERE c.result IS NULL AND c.due_on < '{date}'"), 0..=6),
        ("checks found it held", "SELECT count(*) FROM sustain_checks WHERE result = 'held'".into(), 200..=2000),
        ("checks found it slipping", "SELECT count(*) FROM sustain_checks WHERE result = 'slipping'".into(), 3..=60),
        ("checks found it lost", "SELECT count(*) FROM sustain_checks WHERE result = 'lost'".into(), 1..=1),
        ("meetings were signed by somebody else than wrote the minutes", "SELECT count(*) FROM governance_meetings m JOIN governance_minutes w ON w.meeting_id = m.id AND w.by <> m.signed_by".into(), 6..=6),
        ("closure audits", "SELECT count(*) FROM closure_audits".into(), 4..=6),
        ("closures showed measured improvement", "SELECT count(*) FROM measured_improvements".into(), 1..=20),
        ("findings came back", "SELECT count(*) FROM finding_links".into(), 15..=60),
    ] {
        let there = number(&db, &sql).await;
        assert!(wanted.contains(&there), "{date}: {there} {what}");
    }
    nothing_is_yet_to_come(&db, date, &app.clock.now().to_rfc3339()).await;
    assert_eq!(broken_lines(&db).await, 0);
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
    assert!(demo::load(&app, Length::Stories).await.is_err(), "a second time it is refused");
}

#[tokio::test]
async fn it_is_served_to_this_machine_only() {
    let (db, folder) = (TestDb::new().await, Scratch::new("demo-open"));
    let (url, data) = (db.url(roles::APP), folder.path().to_string_lossy().into_owned());
    let settings = [("DATABASE_URL", &*url), ("DATA_DIR", &*data), ("LISTEN_ADDR", "0.0.0.0:0")];
    let refused = |command: &str| {
        let done = Program::command(&[command], &settings).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && said.contains("set LISTEN_ADDR to a loopback address"), "{said}");
    };
    // before anything of it is loaded
    refused("demo");
    assert_eq!(number(&db, "SELECT count(*) FROM providers").await, 0);
    // and so is the ordinary command over the same data
    loaded(&db, &folder, "2026-11-21").await;
    refused("serve");
}
