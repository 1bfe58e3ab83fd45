//! The worker: what passes its date is flagged the day after, escalated to whom it concerns, once, whoever else works
//! at it and whatever is killed meanwhile (R11, R12, R14).

use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Europe::London;
use rand::RngExt as _;
use sqlx::{AssertSqlSafe, PgConnection};
use throughline::app::AppState;
use throughline::clock::{Clock, london_date};
use throughline::database::{pool, roles};
use throughline::domain::calendar::is_overdue;
use throughline::domain::control::ControlDays;
use throughline::domain::escalation::{Decision, DecisionGiven};
use throughline::domain::member::Role;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Theme, Topic};
use throughline::domain::verification::Outcome;
use throughline::ids::EscalationId;
use throughline::store::Db;
use throughline::worker::tick;
use throughline::workflow::action::define;
use throughline::workflow::escalation::{decide, sweep};
use throughline::workflow::finding::{Log, log};
use throughline::workflow::person::{change_role, end_place};

use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};

/// One number from the tables, all providers together.
pub async fn number(db: &TestDb, sql: &str) -> i64 {
    let mut admin = db.administrator().await;
    number_by(&mut admin, sql).await
}

async fn number_by(admin: &mut PgConnection, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(admin).await.unwrap()
}

/// One column of text from the tables, all providers together.
pub async fn texts(db: &TestDb, sql: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut db.administrator().await).await.unwrap()
}

/// Does something no workflow would, as the administrator, with every rule of the database off.
pub async fn by_force(db: &TestDb, sql: &str) {
    let sql = format!("SET session_replication_role = replica; {sql}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut db.administrator().await).await.unwrap();
}

/// Lines of all trails whose hash does not follow from the line before.
pub async fn broken_lines(db: &TestDb) -> i64 {
    let sql = "SELECT count(*) FROM (
        SELECT e.line::json ->> 'prev' AS prev, e.seq, lag(e.seq, 1, 0) OVER w AS seq_before,
          coalesce(lag(encode(sha256(convert_to(e.line, 'UTF8')), 'hex')) OVER w, encode(sha256(convert_to(e.provider_id::text, 'UTF8')), 'hex')) AS wanted
        FROM events e WINDOW w AS (PARTITION BY e.provider_id ORDER BY e.seq)) x WHERE prev <> wanted OR seq <> seq_before + 1";
    let heads =
        "SELECT count(*) FROM chain_heads h JOIN events e ON e.provider_id = h.provider_id AND e.seq = h.seq
        WHERE h.hash <> encode(sha256(convert_to(e.line, 'UTF8')), 'hex')";
    number(db, sql).await + number(db, heads).await
}

/// The first instant of a day in London.
pub fn midnight(date: NaiveDate) -> DateTime<Utc> {
    London.from_local_datetime(&date.and_time(NaiveTime::MIN)).unwrap().with_timezone(&Utc)
}

fn at(date: &str) -> DateTime<Utc> {
    midnight(day(date)) + chrono::Duration::hours(9)
}

impl World {
    /// An action of this risk and topic, due on `due`, owned by `owner`.
    pub async fn due(&self, risk: Risk, topic: Topic, owner: &str, due: NaiveDate) -> Reference {
        let by = if self.service_of(owner) == self.visits.id { "manager_two" } else { "manager" };
        let finding = self.log_finding(by, risk, topic).await;
        self.due_under(finding, by, owner, due).await
    }

    /// The same for a theme, on falls.
    pub async fn due_on(&self, theme: Theme, risk: Risk, due: NaiveDate) -> Reference {
        let new = Log { theme, ..self.finding("manager", risk, Topic::Falls) };
        let finding = log(&self.app, self.actor("manager"), &new, None).await.unwrap();
        self.due_under(finding, "manager", "carer", due).await
    }

    async fn due_under(&self, finding: Reference, by: &str, owner: &str, due: NaiveDate) -> Reference {
        let mut new = self.action(owner);
        new.due_on = Some(due);
        define(&self.app, self.actor(by), finding.number, &new).await.unwrap()
    }

    /// The undecided escalation of an action at a level.
    pub async fn escalation(&self, db: &TestDb, action: Reference, level: i32) -> EscalationId {
        let sql = format!(
            "SELECT e.id::text FROM escalations e JOIN actions a USING (provider_id) WHERE a.id = e.action_id AND a.number = {}
               AND e.provider_id = '{}' AND e.level = {level}
               AND NOT EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.escalation_id = e.id) ORDER BY e.cycle DESC, e.at DESC LIMIT 1",
            action.number, self.provider
        );
        texts(db, &sql).await.first().expect("an escalation").parse().unwrap()
    }
}

/// A decision that is accepted.
pub fn act(revised_due_on: Option<NaiveDate>) -> DecisionGiven {
    DecisionGiven {
        decision: Decision::Act,
        risk: "A dose too many".into(),
        delay_reason: "The pharmacist was away".into(),
        support_needed: "Two hours of the clinical lead".into(),
        revised_due_on,
        interim_control: "The senior on shift checks every protocol by hand".into(),
        control: ControlDays { check_on: Some(day("2029-12-31")), ..ControlDays::default() },
        because: String::new(),
    }
}

pub fn no_escalation() -> DecisionGiven {
    let none = String::new;
    DecisionGiven {
        decision: Decision::NoEscalation,
        risk: none(),
        delay_reason: none(),
        support_needed: none(),
        interim_control: none(),
        because: "It is done, the last signature comes tomorrow".into(),
        ..act(None)
    }
}

/// `level cause due_on` of every escalation of an action, in order.
async fn raised(db: &TestDb, action: Reference) -> Vec<String> {
    let sql = format!(
        "SELECT format('%s %s %s', e.level, e.cause, e.due_on) FROM escalations e JOIN actions a ON a.provider_id = e.provider_id AND a.id = e.action_id
         WHERE a.number = {} ORDER BY e.due_on, e.level",
        action.number
    );
    texts(db, &sql).await
}

/// The members a message about an escalation of this level was turned into, by name.
async fn told(db: &TestDb, action: Reference, level: i32) -> Vec<String> {
    let sql = format!(
        "SELECT m.name FROM outbox o JOIN escalations e ON e.id = o.escalation_id JOIN memberships m ON m.id = o.recipient_id
         JOIN actions a ON a.id = o.action_id WHERE a.number = {} AND e.level = {level} AND o.sent_at IS NOT NULL ORDER BY m.name",
        action.number
    );
    texts(db, &sql).await
}

async fn events(db: &TestDb, action: Reference, kind: &str) -> i64 {
    let number = action.number;
    let sql = format!(
        "SELECT count(*) FROM events e JOIN actions a ON a.id = e.action_id WHERE a.number = {number} AND e.kind = '{kind}'"
    );
    self::number(db, &sql).await
}

/// Everything about actions that the worker has no business to change.
async fn actions_as_they_are(db: &TestDb) -> Vec<String> {
    texts(db, "SELECT a::text FROM actions a ORDER BY a.provider_id, a.number").await
}

#[test]
fn every_day_of_five_years_ends_at_midnight_in_london() {
    for date in day("2026-01-01").iter_days().take_while(|date| *date <= day("2030-12-31")) {
        let next = date + Days::new(1);
        let (last, first) = (midnight(next) - chrono::Duration::microseconds(1), midnight(next));
        assert!(!is_overdue(Some(date), london_date(last)), "{date}: due all day long");
        assert!(is_overdue(Some(date), london_date(first)), "{date}: late from the next day's first instant");
        assert_eq!((london_date(last), london_date(first)), (date, next));
    }
}

#[tokio::test]
async fn what_is_due_is_flagged_in_the_first_minute_of_the_day_after() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(at("2026-01-02"))).await;
    let finding = w.log_finding("manager", Risk::Medium, Topic::Medicines).await;
    let dates = [
        "2026-01-30",
        "2026-02-27",
        "2026-02-28",
        "2026-03-27",
        "2026-03-28",
        "2026-03-29",
        "2026-03-30",
        "2026-04-03",
        "2026-04-06",
        "2026-10-23",
        "2026-10-24",
        "2026-10-25",
        "2026-10-26",
        "2026-11-20",
        "2026-11-21",
        "2026-12-24",
        "2026-12-31",
        "2027-03-27",
        "2027-03-28",
        "2027-10-30",
        "2027-10-31",
        "2028-02-28",
        "2028-02-29",
        "2028-03-25",
        "2028-03-26",
        "2028-10-28",
        "2028-10-29",
        "2029-03-24",
        "2029-03-25",
        "2029-10-27",
        "2029-10-28",
        "2030-03-30",
        "2030-03-31",
        "2030-10-26",
        "2030-10-27",
        "2030-12-31",
    ];
    let mut waiting = Vec::new();
    for date in dates.map(day) {
        waiting.push((date, w.due_under(finding, "manager", "carer", date).await));
    }
    let undated = w.due(Risk::Low, Topic::Falls, "carer", day("2026-02-01")).await;
    by_force(&db, &format!("UPDATE actions SET due_on = NULL WHERE number = {}", undated.number)).await;
    let before = actions_as_they_are(&db).await;
    for (date, action) in waiting {
        w.at(midnight(date + Days::new(1)) - chrono::Duration::seconds(1));
        tick(&w.app).await.unwrap();
        assert!(raised(&db, action).await.is_empty(), "{date}: still the day itself");
        w.at(midnight(date + Days::new(1)));
        tick(&w.app).await.unwrap();
        assert_eq!(raised(&db, action).await, [format!("1 evidence_missing {date}")]);
        assert_eq!(events(&db, action, "became_overdue").await, 1, "{date}");
    }
    assert!(raised(&db, undated).await.is_empty(), "a missing date is never a breach");
    assert_eq!(actions_as_they_are(&db).await, before, "the worker moves no date and changes no action");
    assert_eq!(broken_lines(&db).await, 0);
}

#[tokio::test]
async fn it_goes_to_the_manager_and_up_when_the_policy_says() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(at("2026-11-02"))).await;
    let friday = day("2026-11-06");
    let low = w.due(Risk::Low, Topic::Medicines, "carer", friday).await;
    let medium = w.due(Risk::Medium, Topic::Medicines, "carer", friday).await;
    let high = w.due(Risk::High, Topic::Medicines, "carer", friday).await;
    let learning = w.due(Risk::Low, Topic::SafeguardingLearning, "carer", friday).await;
    let mut concern = w.finding("manager", Risk::Low, Topic::Dignity);
    concern.theme = Theme::Safeguarding;
    let concern = log(&w.app, w.actor("manager"), &concern, None).await.unwrap();
    let concern = w.due_under(concern, "manager", "carer", friday).await;
    let (one, two) = (format!("1 evidence_missing {friday}"), format!("2 evidence_missing {friday}"));
    w.at(at("2026-11-07"));
    tick(&w.app).await.unwrap();
    for action in [low, medium] {
        assert_eq!(raised(&db, action).await, std::slice::from_ref(&one));
        assert_eq!(told(&db, action, 1).await, ["Priya Nair"]);
    }
    for action in [high, learning, concern] {
        assert_eq!(raised(&db, action).await, [one.clone(), two.clone()], "at once");
        assert_eq!(told(&db, action, 2).await, ["Helen Carter", "James Okafor"]);
    }
    // five working days after Friday 6 November is Friday 13, ten are Friday 20, twenty are Friday 4 December
    for (date, action, levels) in [
        ("2026-11-12", medium, 1),
        ("2026-11-13", medium, 2),
        ("2026-11-19", low, 1),
        ("2026-11-19", medium, 2),
        ("2026-11-20", low, 2),
        ("2026-11-20", medium, 3),
        ("2026-12-03", low, 2),
        ("2026-12-04", low, 3),
        ("2026-12-20", low, 3),
        ("2026-12-20", medium, 3),
        ("2026-12-20", high, 2),
    ] {
        w.at(at(date));
        tick(&w.app).await.unwrap();
        tick(&w.app).await.unwrap();
        assert_eq!(raised(&db, action).await.len(), levels, "{date}");
    }
    for action in [low, medium, high, learning, concern] {
        assert_eq!(events(&db, action, "became_overdue").await, 1);
    }
    for action in [low, medium] {
        assert_eq!(events(&db, action, "escalated").await, 3);
        assert_eq!(told(&db, action, 2).await, ["Helen Carter", "James Okafor"]);
        assert_eq!(told(&db, action, 3).await, ["James Okafor"], "and the third level decides alone");
    }
    for action in [high, learning, concern] {
        assert_eq!(events(&db, action, "escalated").await, 2, "all of them heard at once");
    }
}

#[tokio::test]
async fn who_hears_is_decided_when_it_is_sent() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(at("2026-11-02"))).await;
    let due = day("2026-11-04");
    let managers_own = w.due(Risk::Low, Topic::Medicines, "manager", due).await;
    let usual = w.due(Risk::Low, Topic::Falls, "carer", due).await;
    let leads_own = w.due(Risk::High, Topic::Falls, "quality", due).await;
    let visits = w.due(Risk::Low, Topic::Falls, "visitor", due).await;
    w.at(at("2026-11-05"));
    // raised now; before anything is sent, people come, go and change
    sweep(&w.app, w.provider).await.unwrap();
    change_role(&w.app, w.provider, w.id("deputy_two"), Role::RegisteredManager).await.unwrap();
    end_place(&w.app, w.provider, w.id("manager_two")).await.unwrap();
    tick(&w.app).await.unwrap();
    assert_eq!(
        told(&db, managers_own, 1).await,
        ["Ruth Lane"],
        "the other manager of the service, not the owner"
    );
    assert_eq!(told(&db, usual, 1).await, ["Priya Nair", "Ruth Lane"], "both managers");
    assert_eq!(told(&db, visits, 1).await, ["Ruth Lane"], "not who left");
    assert_eq!(told(&db, leads_own, 2).await, ["James Okafor"], "not the owner");
    // one manager, who owns it
    change_role(&w.app, w.provider, w.id("deputy_two"), Role::DeputyManager).await.unwrap();
    let again = w.due(Risk::Low, Topic::Nutrition, "manager", day("2026-11-05")).await;
    w.at(at("2026-11-06"));
    tick(&w.app).await.unwrap();
    assert_eq!(told(&db, again, 1).await, ["Helen Carter"], "the quality lead, because the manager owns it");
    end_place(&w.app, w.provider, w.id("quality")).await.unwrap();
    let still = w.due(Risk::Low, Topic::Dignity, "manager", day("2026-11-06")).await;
    w.at(at("2026-11-07"));
    tick(&w.app).await.unwrap();
    assert_eq!(
        told(&db, still, 1).await,
        ["James Okafor"],
        "and the nominated individual when there is none"
    );
}

#[tokio::test]
async fn a_decision_not_to_escalate_keeps_medium_risk_with_the_manager() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(at("2026-11-02"))).await;
    let friday = day("2026-11-06");
    let medium = w.due(Risk::Medium, Topic::Medicines, "carer", friday).await;
    let other = w.due(Risk::Medium, Topic::Medicines, "carer", friday).await;
    w.at(at("2026-11-07"));
    tick(&w.app).await.unwrap();
    let id = w.escalation(&db, medium, 1).await;
    let seen = w.version(medium).await;
    decide(&w.app, w.actor("manager"), id, seen, &no_escalation()).await.unwrap();
    let id = w.escalation(&db, other, 1).await;
    let seen = w.version(other).await;
    decide(&w.app, w.actor("manager"), id, seen, &act(None)).await.unwrap();
    w.at(at("2026-12-01"));
    tick(&w.app).await.unwrap();
    assert_eq!(raised(&db, medium).await.len(), 1, "no escalation, because");
    assert_eq!(raised(&db, other).await.len(), 3, "acting on it does not make it less late");
}

#[tokio::test]
async fn a_revised_date_starts_anew() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(at("2026-11-02"))).await;
    let (first, revised) = (day("2026-11-06"), day("2026-11-18"));
    let action = w.due(Risk::Low, Topic::Medicines, "carer", first).await;
    w.at(at("2026-11-07"));
    tick(&w.app).await.unwrap();
    let id = w.escalation(&db, action, 1).await;
    decide(&w.app, w.actor("manager"), id, w.version(action).await, &act(Some(revised))).await.unwrap();
    let case = w.case(action).await;
    assert_eq!((case.action.due_on, case.action.extensions), (Some(revised), 1));
    let kept = texts(&db, "SELECT format('%s to %s: %s', before, after, reason) FROM action_changes").await;
    assert_eq!(
        kept,
        ["2026-11-06 to 2026-11-18: The pharmacist was away"],
        "the earlier date stays readable (R6)"
    );
    w.at(at("2026-11-18"));
    tick(&w.app).await.unwrap();
    assert_eq!(raised(&db, action).await.len(), 1);
    w.at(at("2026-11-19"));
    tick(&w.app).await.unwrap();
    tick(&w.app).await.unwrap();
    assert_eq!(raised(&db, action).await, ["1 evidence_missing 2026-11-06", "1 evidence_missing 2026-11-18"]);
    assert_eq!(events(&db, action, "became_overdue").await, 2);
}

#[tokio::test]
async fn a_missed_verification_window_is_escalated_the_same_way() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(at("2026-11-02"))).await;
    let action = w.due(Risk::Medium, Topic::Medicines, "carer", day("2026-11-06")).await;
    let checked = w.due(Risk::Medium, Topic::Medicines, "carer", day("2026-11-06")).await;
    w.submit(action, "carer").await;
    w.submit(checked, "carer").await;
    w.verify(checked, "deputy", Outcome::Complete).await;
    let window = w.case(action).await.action.verify_by.unwrap();
    assert_eq!(window, day("2026-11-09"));
    w.at(at("2026-11-09"));
    tick(&w.app).await.unwrap();
    assert!(raised(&db, action).await.is_empty(), "its due date passed, but it is not with its owner");
    w.at(at("2026-11-10"));
    tick(&w.app).await.unwrap();
    assert_eq!(raised(&db, action).await, ["1 verification_late 2026-11-09"]);
    assert_eq!(told(&db, action, 1).await, ["Priya Nair"]);
    assert_eq!(events(&db, action, "became_overdue").await, 0, "its owner is not late");
    let kinds = texts(&db, "SELECT DISTINCT o.kind FROM outbox o WHERE o.escalation_id IS NOT NULL").await;
    assert_eq!(kinds, ["verification_late"]);
    w.at(at("2026-11-16"));
    tick(&w.app).await.unwrap();
    assert_eq!(raised(&db, action).await.len(), 2, "five working days after the window");
    assert!(raised(&db, checked).await.is_empty());
}

#[tokio::test]
async fn a_jump_of_thirteen_days_catches_up_once() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(at("2026-11-02"))).await;
    let mut all = Vec::new();
    for (n, risk) in [Risk::Low, Risk::Medium, Risk::High, Risk::Critical].into_iter().enumerate() {
        all.push((
            risk,
            w.due(risk, Topic::Medicines, "carer", day("2026-11-06") + Days::new(n as u64)).await,
        ));
    }
    let late_check = w.due(Risk::Medium, Topic::Falls, "carer", day("2026-11-20")).await;
    w.submit(late_check, "carer").await;
    w.days_pass(13);
    let summary = tick(&w.app).await.unwrap();
    assert_eq!(summary.raised, 1 + 2 + 2 + 2 + 2, "low risk stays with the manager for ten working days");
    assert_eq!(tick(&w.app).await.unwrap(), throughline::worker::Summary::default(), "nothing is left");
    for (risk, action) in all {
        assert_eq!(events(&db, action, "became_overdue").await, 1, "{risk}");
        assert_eq!(events(&db, action, "escalated").await, if risk == Risk::Low { 1 } else { 2 }, "{risk}");
    }
}

#[tokio::test]
async fn what_waits_long_does_not_hide_what_passed_today() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(at("2026-11-02"))).await;
    let finding = w.log_finding("manager", Risk::Low, Topic::Medicines).await;
    let old = w.due_under(finding, "manager", "carer", day("2026-11-03")).await;
    let new = w.due_under(finding, "manager", "carer", day("2026-11-05")).await;
    // more than one round of the sweep: copies of the first, which have all been heard of by the manager
    w.at(at("2026-11-04"));
    let copies = format!(
        "INSERT INTO actions SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'number', 1000 + n))).*
           FROM actions a, generate_series(1, 1100) n WHERE a.number = {}", old.number
    );
    by_force(&db, &copies).await;
    assert_eq!(tick(&w.app).await.unwrap().raised, 1101);
    w.at(at("2026-11-06"));
    tick(&w.app).await.unwrap();
    assert_eq!(raised(&db, new).await, ["1 evidence_missing 2026-11-05"]);
}

#[tokio::test]
async fn a_provider_that_fails_does_not_keep_the_others_waiting() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(at("2026-11-02"))).await;
    w.due(Risk::Low, Topic::Medicines, "carer", day("2026-11-06")).await;
    let theirs = w.log_finding("willow_manager", Risk::Low, Topic::Falls).await;
    let mut new = w.action("willow_manager");
    new.due_on = Some(day("2026-11-06"));
    define(&w.app, w.actor("willow_manager"), theirs.number, &new).await.unwrap();
    by_force(
        &db,
        &format!(
            "ALTER TABLE services DROP CONSTRAINT services_nation_is_known;
         UPDATE services SET nation = 'atlantis' WHERE provider_id = '{}'",
            w.provider
        ),
    )
    .await;
    w.days_pass(13);
    tick(&w.app).await.unwrap_err();
    let here = |provider| format!("SELECT count(*) FROM escalations WHERE provider_id = '{provider}'");
    assert_eq!(number(&db, &here(w.provider)).await, 0);
    assert_eq!(number(&db, &here(w.other)).await, 1);
    by_force(&db, "UPDATE services SET nation = 'england'").await;
    tick(&w.app).await.unwrap();
    assert_eq!(number(&db, &here(w.provider)).await, 1, "and it catches up");
}

/// A worker on a machine of its own: its own connections.
pub async fn replica(db: &TestDb, app: &AppState) -> AppState {
    let options = pool::connection(db.options(roles::APP));
    let pool = pool::pool_options(3).connect_with(options).await.unwrap();
    AppState { db: Db::new(pool, app.config.keep), ..app.clone() }
}

/// A world in which `count` actions of all risks are late, some also waiting for a check.
async fn late_world(db: &TestDb, count: usize) -> World {
    let w = world(db, Clock::fixed(at("2026-11-02"))).await;
    let mut findings = Vec::new();
    for risk in [Risk::Low, Risk::Medium, Risk::High, Risk::Critical] {
        findings.push(w.log_finding("manager", risk, Topic::Medicines).await);
    }
    for n in 0..count {
        let due = day("2026-11-03") + Days::new((n % 9) as u64);
        w.due_under(findings[n % 4], "manager", if n % 10 == 0 { "manager" } else { "carer" }, due).await;
    }
    w.days_pass(13);
    w
}

/// What must be true when everything was worked off: each escalation, event and message exactly once.
async fn each_once(db: &TestDb, count: i64) {
    let doubled = "SELECT count(*) FROM (SELECT 1 FROM escalations GROUP BY provider_id, action_id, cycle, level, due_on, cause HAVING count(*) > 1) x";
    assert_eq!(number(db, doubled).await, 0, "escalations that happened twice");
    let escalations = number(db, "SELECT count(*) FROM escalations").await;
    assert_eq!(number(db, "SELECT count(*) FROM escalations WHERE level = 1").await, count);
    assert_eq!(number(db, "SELECT count(*) FROM events WHERE kind = 'escalated'").await, escalations);
    let named =
        "SELECT count(DISTINCT line::json -> 'detail' ->> 'escalation') FROM events WHERE kind = 'escalated'";
    assert_eq!(number(db, named).await, escalations);
    assert_eq!(number(db, "SELECT count(*) FROM events WHERE kind = 'became_overdue'").await, count);
    let flagged = "SELECT count(DISTINCT action_id) FROM events WHERE kind = 'became_overdue'";
    assert_eq!(number(db, flagged).await, count);
    let queued = "SELECT count(*) FROM outbox WHERE escalation_id IS NOT NULL AND recipient_id IS NULL";
    assert_eq!(number(db, queued).await, escalations);
    let doubled = "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE escalation_id IS NOT NULL AND recipient_id IS NOT NULL
        GROUP BY escalation_id, recipient_id HAVING count(*) > 1) x";
    assert_eq!(number(db, doubled).await, 0, "messages that were written twice to one person");
    let unheard = "SELECT count(*) FROM escalations e WHERE NOT EXISTS (
        SELECT 1 FROM outbox o WHERE o.escalation_id = e.id AND o.recipient_id IS NOT NULL AND o.sent_at IS NOT NULL)";
    assert_eq!(number(db, unheard).await, 0, "escalations nobody heard of");
    assert_eq!(
        number(db, "SELECT count(*) FROM outbox WHERE sent_at IS NULL").await,
        0,
        "messages left over"
    );
    assert_eq!(broken_lines(db).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_workers_at_once_broken_off_at_random_do_everything_once() {
    let db = TestDb::new().await;
    let w = late_world(&db, 300).await;
    let mut replicas = Vec::new();
    for _ in 0..4 {
        replicas.push(replica(&db, &w.app).await);
    }
    let before = actions_as_they_are(&db).await;
    for _ in 0..8 {
        let tasks: Vec<_> = replicas.iter().map(|app| tokio::spawn(broken_off(app.clone()))).collect();
        for task in &tasks {
            tokio::time::sleep(Duration::from_millis(rand::rng().random_range(0..60))).await;
            task.abort();
        }
        for task in tasks {
            let _ = task.await;
        }
    }
    // what the broken-off ones had claimed comes back when their lease ends
    w.at(w.clock.now() + chrono::Duration::minutes(3));
    let all = tokio::join!(tick(&replicas[0]), tick(&replicas[1]), tick(&replicas[2]), tick(&replicas[3]));
    let done = [all.0.unwrap(), all.1.unwrap(), all.2.unwrap(), all.3.unwrap()];
    assert!(done.iter().all(|summary| summary.failed == 0));
    each_once(&db, 300).await;
    assert_eq!(actions_as_they_are(&db).await, before);
}

async fn broken_off(app: AppState) {
    let _ = tick(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_killed_at_random_lose_and_double_nothing() {
    let db = TestDb::new().await;
    let w = late_world(&db, 60).await;
    let mut replicas = Vec::new();
    for _ in 0..4 {
        replicas.push(replica(&db, &w.app).await);
    }
    let tasks: Vec<_> = replicas
        .iter()
        .map(|app| {
            let app = app.clone();
            tokio::spawn(async move {
                for _ in 0..4 {
                    broken_off(app.clone()).await;
                }
            })
        })
        .collect();
    let mut killer = db.administrator().await;
    let kill = "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'throughline_app' AND state <> 'idle' ORDER BY random() LIMIT 1) x) y";
    let mut killed = 0;
    while !tasks.iter().all(tokio::task::JoinHandle::is_finished) {
        killed += number_by(&mut killer, kill).await;
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(5..40))).await;
    }
    assert!(killed > 5, "only {killed} were at work when they were to be killed");
    for _ in 0..3 {
        w.at(w.clock.now() + chrono::Duration::minutes(3));
        let _ = tokio::join!(tick(&replicas[0]), tick(&replicas[1]));
    }
    tick(&w.app).await.unwrap();
    each_once(&db, 60).await;
}

/// The test above can fail: with a constraint that holds nothing, four workers do raise twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_the_constraint_it_would_happen_twice() {
    let db = TestDb::new().await;
    let w = late_world(&db, 40).await;
    by_force(&db, "DROP INDEX escalations_of_a_date_happen_once;
        ALTER TABLE escalations DROP CONSTRAINT escalations_happen_once,
        ADD CONSTRAINT escalations_happen_once UNIQUE (provider_id, action_id, cycle, level, due_on, cause, id)").await;
    let mut replicas = Vec::new();
    for _ in 0..4 {
        replicas.push(replica(&db, &w.app).await);
    }
    let _ = tokio::join!(tick(&replicas[0]), tick(&replicas[1]), tick(&replicas[2]), tick(&replicas[3]));
    let doubled = "SELECT count(*) FROM (SELECT 1 FROM escalations GROUP BY action_id, cycle, level, due_on HAVING count(*) > 1) x";
    assert!(number(&db, doubled).await > 0);
}

#[tokio::test]
async fn nothing_due_is_one_look_at_an_index() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    w.due(Risk::High, Topic::Falls, "carer", day("2026-11-30")).await;
    tick(&w.app).await.unwrap();
    assert_eq!(tick(&w.app).await.unwrap(), throughline::worker::Summary::default());
    assert_eq!(number(&db, "SELECT count(*) FROM escalations").await, 0);
}
