//! What pages showed before is kept in memory and never shown when it no longer stands (store/kept.rs):
//! after every kind of change, made by another session or by SQL as the application role, a page of a process that
//! keeps things is byte for byte what a process that keeps nothing draws.

use axum::http::StatusCode;
use sqlx::{AssertSqlSafe, PgConnection};
use throughline::app::AppState;
use throughline::clock::Clock;
use throughline::database::roles;
use throughline::domain::closure::AssuranceDecision;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{EvidenceKind, ReviewKind, Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::domain::weekly::{Agreed, Standing};
use throughline::store::Db;
use throughline::worker;
use throughline::workflow::finding::Source;
use throughline::workflow::update::record;
use throughline::workflow::{change, closure, escalation, evidence, finding, weekly};

use crate::harness::TestDb;
use crate::harness::fixtures::{Browser, World, saturday, world};
use crate::worker::act;

const DASHBOARD: &str = "/dashboard?significance=all";
const LIST: &str = "/actions?show=open&significance=all";

/// An action, and two processes of the program that show it.
struct Watched {
    db: TestDb,
    w: World,
    action: Reference,
    keeps: Browser,
    reads: Browser,
    shown: String,
}

impl Watched {
    /// As `viewer` sees it.
    async fn by(viewer: &str, risk: Risk) -> Self {
        let db = TestDb::new().await;
        let w = world(&db, Clock::fixed(saturday())).await;
        let mut new = w.finding("manager", risk, Topic::Medicines);
        new.unit = w.house.units.first().copied();
        let finding = finding::log(&w.app, w.actor("manager"), &new, None).await.unwrap();
        let action = w.define_action("manager", finding, "carer").await;
        let keeps = w.browser(viewer).await;
        let nothing = AppState { db: Db::new(db.pool.clone(), 0), ..w.app.clone() };
        let reads = keeps.asking(&nothing);
        // the first requests of a session note that somebody is there: only those after them read and do nothing else
        w.at(saturday() + chrono::Duration::minutes(2));
        let mut watched = Self { db, w, action, keeps, reads, shown: String::new() };
        watched.page("at first").await;
        watched.shown = watched.page("the second time").await;
        watched
    }

    fn path(&self) -> String {
        format!("/actions/{}", self.action)
    }

    /// What both show now, the one that keeps things twice; of the dashboard too.
    async fn page(&self, when: &str) -> String {
        self.same(DASHBOARD, when).await;
        // the menu beside a list counts what waits
        self.same(LIST, when).await;
        self.same(&self.path(), when).await
    }

    async fn same(&self, path: &str, when: &str) -> String {
        let first = self.keeps.get(path).await;
        assert_eq!(first.status, StatusCode::OK, "{when}");
        let (again, read) = (self.keeps.get(path).await, self.reads.get(path).await);
        assert!(told(&first.body) == told(&read.body), "{when}: something old is shown");
        assert!(told(&again.body) == told(&read.body), "{when}: something old is shown the second time");
        told(&first.body)
    }

    /// Days pass, and the viewer signs in again.
    async fn days_pass(&mut self, viewer: &str, days: i64) {
        self.w.days_pass(days);
        self.keeps = self.w.browser(viewer).await;
        self.reads =
            self.keeps.asking(&AppState { db: Db::new(self.db.pool.clone(), 0), ..self.w.app.clone() });
        self.w.at(self.w.app.clock.now() + chrono::Duration::minutes(2));
    }

    /// Something happened, and the page says so.
    async fn changed(&mut self, what: &str) {
        let now = self.page(what).await;
        assert!(now != self.shown, "{what} shows on the page");
        self.shown = now;
    }

    /// The application role changes something, with a line of the trail about the action (or about nothing); the page
    /// says so.
    async fn sql(&mut self, about: bool, script: &str) {
        self.write(about, script).await;
        self.changed(script).await;
    }

    /// The same, whether it shows on the page or not.
    async fn apply(&mut self, script: &str) {
        self.write(false, script).await;
        self.shown = self.page(script).await;
    }

    async fn write(&self, about: bool, script: &str) {
        let action = self.w.case(self.action).await.action;
        let (provider, id, finding) = (self.w.provider, action.id, action.finding_id);
        let told = if about { format!("'{id}'") } else { "NULL".to_owned() };
        let script = script
            .replace(":action", &format!("'{id}'"))
            .replace(":finding", &format!("'{finding}'"))
            .replace(":p", &format!("'{provider}'"));
        let script = format!(
            "BEGIN; SET LOCAL app.provider_id = '{provider}'; {script};
             SELECT app.append_event('2026-11-21T12:00:00Z', 'became_overdue', NULL, NULL, NULL, {told}, '{{\"due_on\":\"2026-11-01\"}}', '{{}}'); COMMIT"
        );
        let mut app = self.db.connect(roles::APP).await;
        run(&mut app, &script).await;
    }
}

/// A page without what is made anew for every form.
fn told(page: &str) -> String {
    let mut parts = page.split("name=\"id\" value=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once('"').map_or(part, |(_, rest)| rest))
}

async fn run(connection: &mut PgConnection, script: &str) {
    sqlx::raw_sql(AssertSqlSafe(script.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|e| panic!("{script}: {e}"));
}

/// They are kept at all: what is changed behind the database's back, with its rules switched off, is not noticed until
/// something happens by them.
#[tokio::test]
async fn pages_are_kept() {
    let mut seen = Watched::by("quality", Risk::Medium).await;
    let mut superuser = seen.db.administrator().await;
    run(
        &mut superuser,
        "SET session_replication_role = replica; UPDATE services SET name = 'Nowhere at all'",
    )
    .await;
    let path = seen.path();
    assert!(!seen.keeps.get(&path).await.body.contains("Nowhere at all"), "the papers were read again");
    assert!(seen.reads.get(&path).await.body.contains("Nowhere at all"));
    assert!(!seen.keeps.get(DASHBOARD).await.body.contains("Nowhere at all"), "the dashboard was read again");
    assert!(seen.reads.get(DASHBOARD).await.body.contains("Nowhere at all"));
    assert!(!seen.keeps.get(LIST).await.body.contains("Nowhere at all"), "the list was read again");
    assert!(seen.reads.get(LIST).await.body.contains("Nowhere at all"));
    run(&mut superuser, "SET session_replication_role = origin").await;
    seen.sql(false, "UPDATE units SET name = name || ' wing' WHERE provider_id = :p").await;
    assert!(seen.shown.contains("Nowhere at all"));
}

#[tokio::test]
async fn names_places_and_sources_are_never_old() {
    let mut seen = Watched::by("quality", Risk::Medium).await;
    let (carer, deputy) = (seen.w.id("carer"), seen.w.id("deputy"));
    let house = seen.w.house.id;
    seen.w.submit(seen.action, "carer").await;
    seen.changed("the submission").await;
    for script in [
        format!("UPDATE memberships SET name = 'Amara Stone' WHERE provider_id = :p AND id = '{carer}'"),
        format!("UPDATE memberships SET ended_at = now() WHERE provider_id = :p AND id = '{carer}'"),
        format!("UPDATE services SET name = 'Rowan Court' WHERE provider_id = :p AND id = '{house}'"),
        format!("UPDATE units SET name = name || ' wing' WHERE provider_id = :p AND service_id = '{house}'"),
        "INSERT INTO finding_framework_entries (provider_id, finding_id, entry_id)
         SELECT :p, :finding, e.id FROM framework_entries e WHERE e.framework_id <> 'reg' ORDER BY e.id LIMIT 1"
            .to_owned(),
    ] {
        seen.sql(false, &script).await;
    }
    let from = Source::New {
        id: throughline::ids::ReviewId::new(),
        kind: ReviewKind::Complaint,
        held_on: seen.w.today(),
        title: "A complaint from a family".into(),
    };
    let number = seen.w.case(seen.action).await.action.finding_id;
    let mut superuser = seen.db.administrator().await;
    let number: i32 = sqlx::query_scalar("SELECT number FROM findings WHERE id = $1")
        .bind(number.uuid())
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    finding::add_source(&seen.w.app, seen.w.actor("manager"), number, &from).await.unwrap();
    seen.changed("a further source").await;
    // who could check it: everybody who may goes, one after the other
    let ids: Vec<_> =
        ["leader", "manager", "safeguarding", "nominated"].iter().map(|who| seen.w.id(who)).collect();
    let places = [
        format!(
            "UPDATE memberships SET job_title = 'senior carer' WHERE provider_id = :p AND id = '{carer}'"
        ),
        format!(
            "DELETE FROM member_services WHERE provider_id = :p AND member_id = '{deputy}' AND service_id = '{house}'"
        ),
        format!(
            "INSERT INTO member_services (provider_id, member_id, service_id) VALUES (:p, '{deputy}', '{house}')"
        ),
        format!("UPDATE memberships SET role = 'care_staff' WHERE provider_id = :p AND id = '{deputy}'"),
    ];
    for script in places {
        seen.apply(&script).await;
    }
    for id in ids {
        seen.apply(&format!(
            "UPDATE memberships SET ended_at = now() WHERE provider_id = :p AND id = '{id}'"
        ))
        .await;
    }
}

/// Words that were erased are gone from every page at once.
#[tokio::test]
async fn erased_words_are_not_shown() {
    let mut seen = Watched::by("manager", Risk::Medium).await;
    record(&seen.w.app, seen.w.actor("carer"), seen.action, &seen.w.progress(&[])).await.unwrap();
    seen.changed("an update").await;
    assert!(seen.shown.contains("All 12 protocols rewritten"));
    let provider = seen.w.provider;
    let mut superuser = seen.db.administrator().await;
    let erase = format!(
        "BEGIN; SET LOCAL app.provider_id = '{provider}';
         UPDATE event_texts SET body = NULL, salt = NULL, erased_at = now() WHERE name = 'note'; COMMIT"
    );
    run(&mut superuser, &erase).await;
    seen.changed("an erasure").await;
    assert!(!seen.shown.contains("All 12 protocols rewritten"));
}

/// The whole line, each step by somebody else.
#[tokio::test]
async fn every_step_of_the_line_is_shown_at_once() {
    let mut seen = Watched::by("quality", Risk::High).await;
    let action = seen.action;
    let number = action.number;
    let words = change::NewWords {
        what: "Add a maximum dose to all 14 protocols",
        success_test: "7 of 7 sampled protocols show a maximum dose",
        kept: None,
        reason: "Two more were found",
    };
    let version = seen.w.version(action).await;
    change::reword(&seen.w.app, seen.w.actor("manager"), number, version, words).await.unwrap();
    seen.changed("other words").await;
    let (version, date) = (seen.w.version(action).await, seen.w.today() + chrono::Days::new(3));
    change::extend(&seen.w.app, seen.w.actor("manager"), number, version, date, "The pharmacist is away")
        .await
        .unwrap();
    seen.changed("another date").await;
    let progress = seen.w.progress(&[EvidenceKind::Record]);
    record(&seen.w.app, seen.w.actor("carer"), action, &progress).await.unwrap();
    seen.changed("an update with evidence").await;
    let mut superuser = seen.db.administrator().await;
    let piece: uuid::Uuid =
        sqlx::query_scalar("SELECT id FROM evidence").fetch_one(&mut superuser).await.unwrap();
    evidence::withdraw(&seen.w.app, seen.w.actor("carer"), piece.into(), "Of another service").await.unwrap();
    seen.changed("evidence withdrawn").await;
    let id = weekly::start(&seen.w.app, seen.w.actor("manager"), seen.w.house.id).await.unwrap();
    let agreed = Agreed {
        standing: Standing::OnTrack,
        note: "Half of it stands".into(),
        support_needed: String::new(),
    };
    weekly::record(&seen.w.app, seen.w.actor("manager"), id, (number, 0), &agreed).await.unwrap();
    seen.changed("what a weekly review agreed").await;
    seen.w.days_pass(12);
    seen.shown = seen.page("twelve days later").await;
    worker::tick(&seen.w.app).await.unwrap();
    seen.changed("an escalation").await;
    let open: Vec<uuid::Uuid> =
        sqlx::query_scalar("SELECT escalation_id FROM undecided_escalations ORDER BY level")
            .fetch_all(&mut superuser)
            .await
            .unwrap();
    for id in open {
        let version = seen.w.version(action).await;
        escalation::decide(&seen.w.app, seen.w.actor("nominated"), id.into(), version, &act(None))
            .await
            .unwrap();
        seen.changed("a decision").await;
    }
    seen.w.submit(action, "carer").await;
    seen.changed("a submission").await;
    seen.w.verify(action, "deputy", Outcome::Complete).await;
    seen.changed("a verdict").await;
    seen.w.assure(action, AssuranceDecision::Assured).await;
    seen.changed("an assurance").await;
    seen.w.close(action, "manager").await;
    seen.changed("a closure").await;
    let (version, date) = (seen.w.version(action).await, seen.w.today() + chrono::Days::new(5));
    closure::reopen(&seen.w.app, seen.w.actor("manager"), number, version, "It came back", date)
        .await
        .unwrap();
    seen.changed("a reopening").await;
    let (version, leader) = (seen.w.version(action).await, seen.w.id("leader"));
    change::reassign(&seen.w.app, seen.w.actor("manager"), number, version, leader, "Back to the unit")
        .await
        .unwrap();
    seen.changed("another owner").await;
    let version = seen.w.version(action).await;
    change::cancel(&seen.w.app, seen.w.actor("manager"), number, version, "The unit has closed")
        .await
        .unwrap();
    seen.changed("calling off").await;
}

/// Rows of every paper written by SQL as the application role: the database lets none of them by without a line about
/// the action, and the page shows each.
#[tokio::test]
async fn what_is_written_past_the_program_is_shown_too() {
    let mut seen = Watched::by("quality", Risk::Medium).await;
    let (carer, manager) = (seen.w.id("carer"), seen.w.id("manager"));
    for script in [
        format!(
            "INSERT INTO updates (provider_id, id, action_id, cycle, author_id, note, done_on, at)
             VALUES (:p, gen_random_uuid(), :action, 1, '{carer}', 'By hand', '2026-11-20', now())"
        ),
        format!(
            "INSERT INTO evidence (provider_id, id, action_id, cycle, kind, author_id, title, about_on, note, reference, at)
             VALUES (:p, gen_random_uuid(), :action, 1, 'record', '{carer}', 'A sheet', '2026-11-20', '', 'Blue folder', now())"
        ),
        format!(
            "UPDATE evidence SET withdrawn_by = '{carer}', withdrawn_at = now(), withdrawn_reason = 'Another service' WHERE provider_id = :p"
        ),
        "UPDATE actions SET version = version + 1, due_on = due_on + 1 WHERE provider_id = :p".to_owned(),
        format!(
            "INSERT INTO action_changes (provider_id, id, action_id, cycle, field, before, after, reason, changed_by, changed_at)
             VALUES (:p, gen_random_uuid(), :action, 1, 'due_on', '2026-11-28', '2026-11-29', 'By hand', '{manager}', now())"
        ),
        "INSERT INTO escalations (provider_id, id, action_id, cycle, level, cause, due_on, at)
         VALUES (:p, gen_random_uuid(), :action, 1, 1, 'overdue', '2026-11-20', now())"
            .to_owned(),
    ] {
        seen.sql(true, &script).await;
    }
}

/// Kept papers open nothing: who loses the service loses the page with the next request.
#[tokio::test]
async fn who_may_no_longer_see_it_is_not_shown_it() {
    let seen = Watched::by("deputy", Risk::Medium).await;
    let (provider, deputy) = (seen.w.provider, seen.w.id("deputy"));
    let mut app = seen.db.connect(roles::APP).await;
    let script = format!(
        "BEGIN; SET LOCAL app.provider_id = '{provider}'; DELETE FROM member_services WHERE member_id = '{deputy}';
         SELECT app.append_event(now(), 'member_changed', NULL, NULL, NULL, NULL, '{{}}', '{{}}'); COMMIT"
    );
    run(&mut app, &script).await;
    assert_eq!(seen.keeps.get(&seen.path()).await.status, StatusCode::NOT_FOUND);
}

/// Only what was committed is kept: the transaction of a page that reads cannot write.
#[tokio::test]
async fn a_page_that_reads_cannot_write() {
    let seen = Watched::by("manager", Risk::Medium).await;
    let mut superuser = seen.db.administrator().await;
    let hash: Vec<u8> =
        sqlx::query_scalar("SELECT token_hash FROM sessions").fetch_one(&mut superuser).await.unwrap();
    let mut tx = seen.db.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM app.open_session($1, $2, $3, true)")
        .bind(hash)
        .bind(seen.w.slug)
        .bind(seen.w.clock.now())
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    let write = sqlx::query("UPDATE actions SET version = version + 1").execute(&mut *tx).await;
    let code = write.unwrap_err().as_database_error().and_then(|e| e.code().map(|c| c.into_owned()));
    assert_eq!(code.as_deref(), Some("25006"), "read-only");
}

/// Dashboards follow every deed, the day, and what is asked; and nobody gets another's.
#[tokio::test]
async fn dashboards_are_never_old() {
    let mut seen = Watched::by("manager", Risk::High).await;
    let mut shown = seen.same(DASHBOARD, "at first").await;
    for (what, path) in [
        ("one service", "/dashboard?service=rowan-house"),
        ("what is minor", "/dashboard?significance=minor"),
    ] {
        let other = seen.same(path, what).await;
        assert!(other != shown, "{what} is another");
    }
    let manager_two = seen.w.browser("manager_two").await;
    let theirs = (manager_two.get(DASHBOARD).await, manager_two.asking(&seen.w.app).get(DASHBOARD).await);
    assert!(
        !theirs.0.body.contains(&seen.action.to_string())
            && !theirs.1.body.contains(&seen.action.to_string())
    );
    seen.w.log_finding("manager", Risk::Low, Topic::Falls).await;
    for day in ["the same day", "the day after", "the day it is due", "when it is late"] {
        let now = seen.same(DASHBOARD, day).await;
        assert!(now != shown || day == "the same day", "{day} is another");
        shown = now;
        seen.w.days_pass(if day == "the day after" { 3 } else { 1 });
    }
    worker::tick(&seen.w.app).await.unwrap();
    let escalated = seen.same(DASHBOARD, "an escalation").await;
    assert!(escalated != shown);
    seen.w.submit(seen.action, "carer").await;
    let submitted = seen.same(DASHBOARD, "a submission").await;
    assert!(submitted != escalated);
    let carer = seen.w.id("carer");
    seen.sql(
        false,
        &format!("UPDATE memberships SET name = 'Amara Stone' WHERE provider_id = :p AND id = '{carer}'"),
    )
    .await;
    assert!(seen.same(DASHBOARD, "another name").await != submitted);
}

/// The tables a query reads.
fn tables(sql: &str) -> Vec<String> {
    let sql: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let sql = sql.join(" ");
    let words: Vec<&str> = sql.split_whitespace().collect();
    let named = |w: &[&str]| ["FROM", "JOIN"].contains(&w[0].trim_start_matches('('));
    let mut read: Vec<String> = words
        .windows(2)
        .filter(|pair| named(pair))
        .map(|pair| pair[1].trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_owned())
        .filter(|name| {
            name.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !name.is_empty() && name != "unnest"
        })
        .filter(|name| !sql.contains(&format!("{name} AS ")))
        .collect();
    read.sort_unstable();
    read.dedup();
    read
}

/// The functions of other modules that are asked for more in the same transaction.
fn calls(source: &str) -> Vec<String> {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut calls: Vec<String> = source
        .match_indices("(tx, ")
        .map(|(at, _)| source[..at].rsplit(|c| !word(c)).next().unwrap_or_default().to_owned())
        .filter(|name| name.contains("::"))
        .collect();
    calls.sort_unstable();
    calls.dedup();
    calls
}

/// A function's text.
fn body<'a>(source: &'a str, head: &str) -> &'a str {
    let (_, rest) = source.split_once(head).expect("the function is there");
    rest.split("\n}\n").next().expect("and ends")
}

/// How changes of a table's rows are told: the argument of `must_have_event`, or `count_revision`.
async fn watched(superuser: &mut PgConnection, table: &str) -> Vec<String> {
    let told: Vec<String> = sqlx::query_scalar(
        "SELECT CASE WHEN p.proname = 'must_have_event' THEN encode(t.tgargs, 'escape') ELSE p.proname END
         FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = $1::text::regclass AND t.tgenabled = 'O'
           AND p.proname IN ('must_have_event', 'count_revision')",
    )
    .bind(table)
    .fetch_all(superuser)
    .await
    .unwrap();
    told.into_iter().map(|by| by.trim_end_matches("\\000").to_owned()).collect()
}

/// Early-warning signs follow every deed, the day, and who is there, for who sees a service and for who sees them all and
/// reads what the worker kept.
#[tokio::test]
async fn signs_are_never_old() {
    const SIGNS: &str = "/signals";
    for viewer in ["manager", "quality"] {
        let mut seen = Watched::by(viewer, Risk::High).await;
        worker::count_signs(&seen.w.app).await.unwrap();
        let mut shown = seen.same(SIGNS, "at first").await;
        for day in ["the day after it was due", "the day after that"] {
            seen.days_pass(viewer, if day == "the day after it was due" { 6 } else { 1 }).await;
            let now = seen.same(SIGNS, day).await;
            assert!(now != shown, "{viewer}: {day} gives another sign");
            shown = now;
        }
        let carer = seen.w.id("carer");
        let ended = format!(
            "UPDATE memberships SET ended_at = '2026-11-27T09:00:00Z' WHERE provider_id = :p AND id = '{carer}'"
        );
        seen.write(false, &ended).await;
        let left = seen.same(SIGNS, "the owner left").await;
        assert!(left != shown, "{viewer}: nobody owns it");
        let put = format!(
            "INSERT INTO sign_acknowledgements (provider_id, sign, subject_id, round, action_id, since, n, reason, until_on, by, at)
             VALUES (:p, 'unowned', :action, 1, :action, '2026-11-27', 0, 'A new owner starts on Monday.', '2026-12-12', '{}', '2026-11-28T09:00:00Z')",
            seen.w.id("manager")
        );
        seen.write(true, &put).await;
        assert!(seen.same(SIGNS, "put aside").await != left, "{viewer}: it is put aside");
    }
}

/// What the worker kept knows a change of nation only when it counts again; until then a page is not kept in memory, so that
/// it is right from then on.
#[tokio::test]
async fn signs_that_the_worker_has_to_find_again_are_not_kept() {
    const SIGNS: &str = "/signals";
    let mut seen = Watched::by("quality", Risk::High).await;
    // Thursday; Friday and Monday are given, but in Scotland Monday is St Andrew's Day
    seen.days_pass("quality", 5).await;
    let mut new = seen.w.finding("manager", Risk::High, Topic::Falls);
    if let Source::New { kind, .. } = &mut new.source {
        *kind = ReviewKind::Walkaround;
    }
    finding::log(&seen.w.app, seen.w.actor("manager"), &new, None).await.unwrap();
    seen.days_pass("quality", 5).await;
    worker::count_signs(&seen.w.app).await.unwrap();
    let england = seen.same(SIGNS, "in England").await;
    assert!(england.contains("no action was agreed"), "two working days have passed");
    seen.write(false, "UPDATE services SET nation = 'scotland' WHERE provider_id = :p").await;
    seen.same(SIGNS, "within the minute").await;
    seen.w.at(seen.w.app.clock.now() + chrono::Duration::seconds(55));
    assert_eq!(worker::count_signs(&seen.w.app).await.unwrap(), 0, "once a minute");
    seen.same(SIGNS, "within the minute still").await;
    seen.w.at(seen.w.app.clock.now() + chrono::Duration::seconds(10));
    assert_eq!(worker::count_signs(&seen.w.app).await.unwrap(), 1);
    assert!(seen.same(SIGNS, "in Scotland").await != england, "Tuesday is given");
}

/// Every row a dashboard, a number of the menu, a case or a sign is read from has a line of the trail for each change, or a
/// revision, or is kept by the database from such rows.
#[tokio::test]
async fn every_table_of_the_dashboard_is_watched() {
    const KEPT_FROM_OTHERS: [&str; 4] =
        ["undecided_escalations", "topics_found", "action_owners", "controls_to_check"];
    /// What says how far they are, and never changes but with them.
    const THE_MARK: [&str; 2] = ["revisions", "events"];
    /// Only more of them come, and each counts the action up, which needs a line (`paper_guard`).
    const COUNTED: [&str; 1] = ["action_requirements"];
    let db = TestDb::new().await;
    let mut superuser = db.administrator().await;
    let mut read = tables(include_str!("../../src/store/sql/dashboard.sql"));
    read.extend(tables(include_str!("../../src/store/sql/action_list.sql")));
    read.extend(tables(include_str!("../../src/store/case.sql")));
    read.extend(tables(include_str!("../../src/store/sql/signals.sql")));
    // what the case of few actions has besides: why it failed before, and what measures show
    let beside = calls(include_str!("../../src/store/case.rs"));
    assert_eq!(
        beside,
        ["improvement::read", "root_cause::failed"],
        "a case reads nothing that is not looked at here"
    );
    read.extend(tables(include_str!("../../src/store/improvement.rs")));
    read.extend(tables(body(include_str!("../../src/store/root_cause.rs"), "pub async fn failed(")));
    assert!(read.len() > 40, "the tables are found: {read:?}");
    for table in ["readings", "recalculations", "measures", "measure_actions", "reopenings", "sustain_checks"]
    {
        assert!(read.iter().any(|t| t == table), "{table} is found");
    }
    for table in read.into_iter().filter(|table| !THE_MARK.contains(&table.as_str())) {
        if KEPT_FROM_OTHERS.contains(&table.as_str()) {
            let may: bool = sqlx::query_scalar(
                "SELECT has_table_privilege('throughline_app', $1, 'INSERT, UPDATE, DELETE')",
            )
            .bind(&table)
            .fetch_one(&mut superuser)
            .await
            .unwrap();
            assert!(!may, "the program may write {table}");
        } else if COUNTED.contains(&table.as_str()) {
            let guarded: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                   WHERE t.tgrelid = $1::text::regclass AND p.proname = 'paper_guard' AND t.tgenabled = 'O')",
            )
            .bind(&table)
            .fetch_one(&mut superuser)
            .await
            .unwrap();
            assert!(guarded, "a change of {table} does not count its action up");
        } else {
            assert!(
                !watched(&mut superuser, &table).await.is_empty(),
                "a change of {table} needs no line of the trail, and counts no revision"
            );
        }
    }
}

/// A table the papers are read from changes the mark they are kept under, or never changes where it is shown. A table that
/// is read there from now on has to be thought of here.
#[tokio::test]
async fn every_table_of_the_papers_is_watched() {
    /// Read there, and told by something else.
    const OTHERWISE: [(&str, &str); 9] = [
        ("findings", "what was found is not rewritten (finding_guard)"),
        ("reviews", "only signed off, which is not shown; the column privileges below"),
        ("finding_sources", "append-only, and counted"),
        ("finding_framework_entries", "append-only, and counted"),
        ("framework_entries", "comes with a migration"),
        ("blobs", "the size of what has this hash"),
        ("events", "append-only, and the newest is the mark"),
        ("undecided_escalations", "kept by the database from actions, escalations and decisions"),
        ("revisions", "the mark itself"),
    ];
    let db = TestDb::new().await;
    let mut superuser = db.administrator().await;
    let papers = tables(include_str!("../../src/store/papers.sql"));
    assert!(papers.len() > 15, "the tables are found: {papers:?}");
    for table in papers {
        let told = watched(&mut superuser, &table).await;
        let told = told.iter().any(|by| ["id", "action_id", "count_revision"].contains(&by.as_str()));
        assert!(told || OTHERWISE.iter().any(|(name, _)| *name == table), "{table} is not watched");
    }
    for (table, columns) in [
        ("reviews", &["number", "title", "held_on", "kind"][..]),
        ("blobs", &["size", "sha256"]),
        ("finding_sources", &["finding_id", "review_id"]),
        ("finding_framework_entries", &["finding_id", "entry_id"]),
        ("framework_entries", &["title", "code", "position"]),
        ("undecided_escalations", &["escalation_id"]),
        ("revisions", &["revision"]),
        ("events", &["line"]),
        ("event_texts", &["body"]),
    ] {
        for column in columns {
            let may: bool =
                sqlx::query_scalar("SELECT has_column_privilege('throughline_app', $1, $2, 'UPDATE')")
                    .bind(table)
                    .bind(column)
                    .fetch_one(&mut superuser)
                    .await
                    .unwrap();
            assert!(!may, "the program may write {table}.{column}");
        }
    }
}
