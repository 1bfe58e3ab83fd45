//! What the database keeps by itself so that lists need not look for it: escalations without a decision (R13), topics that
//! repeat (R4), and what an action carries of its finding. Each is compared with its definition, and attacked.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::{AssertSqlSafe, Executor as _};
use throughline::clock::Clock;
use throughline::database::roles;
use throughline::domain::action::Status;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::worker::tick;
use throughline::workflow::escalation::decide;
use throughline::workflow::{change, closure, submission};

use super::dashboard::{busy_world, seed};
use super::worker::{act, by_force, no_escalation, number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};

/// Escalations of an action's present cycle, while it is open, that have no decision.
const UNDECIDED: &str = "SELECT e.provider_id, e.id, e.action_id, a.service_id, e.cycle, e.level, e.at, e.alone
  FROM escalations e JOIN actions a ON a.provider_id = e.provider_id AND a.id = e.action_id
  WHERE e.cycle = a.cycle AND a.status NOT IN ('closed', 'cancelled') AND NOT EXISTS (SELECT 1 FROM escalation_decisions d
    WHERE d.provider_id = e.provider_id AND d.escalation_id = e.id)";
/// When each topic was last found in a service, the three newest times.
const TOPICS: &str =
    "SELECT f.provider_id, f.service_id, f.topic, (array_agg(f.found_on ORDER BY f.found_on DESC))[1:3]
  FROM findings f GROUP BY f.provider_id, f.service_id, f.topic";
/// What was found, action by action.
const CARRIED: &str = "SELECT a.provider_id, a.id, f.risk, f.theme, f.topic, f.significance
  FROM actions a JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id";

/// The newest interim control of an open action's present cycle, when it has a day of its check.
const CONTROLS: &str = "SELECT a.provider_id, a.id, a.service_id, d.escalation_id, d.level, d.control_check_on, d.control_until FROM actions a
  JOIN LATERAL (SELECT d.*, e.level FROM escalation_decisions d JOIN escalations e ON e.provider_id = d.provider_id AND e.id = d.escalation_id AND e.cycle = a.cycle
    WHERE d.provider_id = a.provider_id AND d.action_id = a.id AND d.interim_control <> '' ORDER BY d.at DESC, d.id DESC LIMIT 1) d ON true
  WHERE a.status NOT IN ('closed', 'cancelled') AND d.control_check_on IS NOT NULL";
/// What is kept, beside its definition.
const KEPT: [(&str, &str); 4] = [
    (CONTROLS, "SELECT * FROM controls_to_check"),
    (UNDECIDED, "SELECT * FROM undecided_escalations"),
    (TOPICS, "SELECT * FROM topics_found"),
    (CARRIED, "SELECT provider_id, id, risk, theme, topic, significance FROM actions"),
];

/// How many rows are kept that should not be, or missing.
async fn wrong(db: &TestDb) -> i64 {
    let mut wrong = 0;
    for (definition, kept) in KEPT {
        let sql = format!(
            "SELECT (SELECT count(*) FROM ({kept} EXCEPT ALL ({definition})) x) + (SELECT count(*) FROM (({definition}) EXCEPT ALL {kept}) y)"
        );
        wrong += number(db, &sql).await;
    }
    wrong
}

/// One deed by chance; one that is refused is no deed.
async fn deed(w: &World, db: &TestDb, chance: &mut StdRng, of: Reference) {
    let case = w.case(of).await;
    let (action, seen) = (&case.action, case.action.version);
    let quality = w.actor("quality");
    match (action.status, chance.random_range(0..12)) {
        (Status::Submitted, pick) => {
            let outcome = [Outcome::Complete, Outcome::Ineffective, Outcome::PartiallyComplete][pick % 3];
            w.verify(of, "deputy", outcome).await;
        }
        (Status::Verified, _) => drop(closure::close(&w.app, quality, of.number, seen, "Checked").await),
        (Status::Closed, 0..8) => {
            let due = w.today() + chrono::Days::new(chance.random_range(1..4));
            drop(closure::reopen(&w.app, quality, of.number, seen, "Found again", due).await);
        }
        (_, 0) => drop(change::cancel(&w.app, quality, of.number, seen, "A duplicate").await),
        (_, 1 | 2) => {
            let due = w.today() + chrono::Days::new(chance.random_range(1..9));
            drop(change::extend(&w.app, quality, of.number, seen, due, "Training").await);
        }
        (_, 3 | 4) => {
            let sql = format!(
                "SELECT escalation_id::text FROM undecided_escalations WHERE action_id = '{}'",
                action.id
            );
            for id in texts(db, &sql).await.into_iter().take(1) {
                let given = if chance.random_bool(0.5) { act(None) } else { no_escalation() };
                drop(decide(&w.app, w.actor("nominated"), id.parse().unwrap(), seen, &given).await);
            }
        }
        (status, _) if status.with_owner() => w.submit(of, "carer").await,
        _ => drop(submission::take_back(&w.app, w.actor("carer"), of).await),
    }
}

#[tokio::test]
async fn what_is_kept_is_what_it_is_defined_as_after_every_deed() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let mut chance = StdRng::seed_from_u64(seed());
    let mut actions = Vec::new();
    for n in 0..10 {
        let topic = [Topic::Falls, Topic::Medicines, Topic::Nutrition][n % 3];
        let risk = [Risk::Low, Risk::High][n % 2];
        actions.push(w.due(risk, topic, "carer", day("2026-11-22") + chrono::Days::new(n as u64 / 2)).await);
    }
    let mut most = 0;
    w.days_pass(5);
    for step in 0..60 {
        if step % 4 == 0 {
            w.days_pass(1);
            tick(&w.app).await.unwrap();
        }
        let of = actions[chance.random_range(0..actions.len())];
        deed(&w, &db, &mut chance, of).await;
        assert_eq!(wrong(&db).await, 0, "after step {step}");
        most = most.max(number(&db, "SELECT count(*) FROM undecided_escalations").await);
    }
    assert!(most > 2, "there was something to keep: {most}");
    assert!(number(&db, "SELECT count(*) FROM escalation_decisions").await > 0, "and to take out");
    // the comparison itself can fail
    by_force(&db, "DELETE FROM topics_found WHERE topic = 'falls'").await;
    assert_eq!(wrong(&db).await, 1);
}

/// The program's own role cannot write what is kept, and what it may write is followed.
#[tokio::test]
async fn nobody_writes_what_the_database_keeps() {
    let db = TestDb::new().await;
    let w = busy_world(&db, seed()).await;
    assert!(number(&db, "SELECT count(*) FROM undecided_escalations").await > 5);
    let mut app = db.connect(roles::APP).await;
    let begin = format!("BEGIN; SET LOCAL app.provider_id = '{}'", w.provider);
    for attack in [
        "DELETE FROM undecided_escalations",
        "UPDATE undecided_escalations SET level = 2",
        "UPDATE undecided_escalations SET service_id = service_id",
        "INSERT INTO undecided_escalations SELECT provider_id, gen_random_uuid(), action_id, service_id, cycle, level, at FROM undecided_escalations",
        "TRUNCATE undecided_escalations",
        "SELECT 1 FROM undecided_escalations FOR UPDATE",
        "DELETE FROM topics_found",
        "UPDATE topics_found SET newest = '{}'",
        "INSERT INTO topics_found SELECT provider_id, service_id, 'other', newest FROM topics_found",
        "TRUNCATE topics_found",
        "DELETE FROM findings_to_decide",
        "UPDATE findings_to_decide SET since = since",
        "INSERT INTO findings_to_decide SELECT provider_id, id, now() FROM findings",
        "TRUNCATE findings_to_decide",
        "ALTER TABLE actions DISABLE TRIGGER note_high_risk",
        "SELECT app.note_asked()",
        "UPDATE actions SET risk = 'low'",
        "UPDATE actions SET significance = 'minor'",
        "UPDATE actions SET theme = 'safety', topic = 'falls'",
        "UPDATE findings SET significance = 'minor'",
        "ALTER TABLE actions DISABLE TRIGGER note_end",
        "ALTER TABLE escalations DISABLE TRIGGER ALL",
        "DROP TRIGGER note_topic ON findings",
        "SET LOCAL session_replication_role = replica",
        "SELECT app.note_decision()",
    ] {
        app.execute(AssertSqlSafe(begin.clone())).await.unwrap();
        let answer = app.execute(AssertSqlSafe(attack.to_owned())).await;
        app.execute("ROLLBACK").await.unwrap();
        let error = answer.expect_err(attack);
        let code = error.as_database_error().and_then(|e| e.code()).unwrap_or_default().to_string();
        assert!(["42501", "0A000"].contains(&code.as_str()), "{attack}: {error}");
    }
    assert_eq!(wrong(&db).await, 0);
}

/// What was there before is filled in as if it had been kept from the beginning: the database as it was before the
/// migration, with what people did since, and the migration run over it.
#[tokio::test]
async fn a_filled_database_is_brought_to_the_same() {
    const UNDO: [(&str, &str); 3] = [
        (
            "DROP TRIGGER note_topic ON findings; DROP FUNCTION app.note_topic(); DROP TABLE topics_found;
             DROP INDEX evidence_of_an_author; DROP INDEX memberships_that_manage;",
            include_str!("../../migrations/0013_topics_that_repeat.sql"),
        ),
        (
            "DROP TRIGGER carry_finding ON actions; DROP FUNCTION app.carry_finding();
             ALTER TABLE actions DROP COLUMN risk, DROP COLUMN theme, DROP COLUMN topic, DROP COLUMN significance;
             DROP TRIGGER note_escalation ON escalations; DROP FUNCTION app.note_escalation();
             DROP TRIGGER note_decision ON escalation_decisions; DROP FUNCTION app.note_decision();
             DROP TRIGGER note_end ON actions; DROP FUNCTION app.note_end(); DROP TABLE undecided_escalations;
             DROP INDEX memberships_that_ended; DROP FUNCTION app.append_event(timestamptz, text, uuid, uuid, uuid, uuid, jsonb, jsonb);
             DROP FUNCTION app.append_events(jsonb); DROP FUNCTION app.learn_statistics();",
            include_str!("../../migrations/0011_read_where_asked.sql"),
        ),
        (
            // the column of 0024 went with its table
            "ALTER TABLE undecided_escalations ADD COLUMN alone boolean NOT NULL DEFAULT false;
             DROP TRIGGER note_control ON escalation_decisions; DROP FUNCTION app.note_control();
             DROP TRIGGER note_no_control ON actions; DROP FUNCTION app.note_no_control(); DROP TABLE controls_to_check;",
            include_str!("../../migrations/0027_controls_to_check.sql"),
        ),
    ];
    let db = TestDb::new().await;
    busy_world(&db, seed()).await;
    let kept = number(&db, "SELECT count(*) FROM undecided_escalations").await;
    assert!(kept > 5 && wrong(&db).await == 0);
    let mut owner = db.connect(roles::OWNER).await;
    for (undo, migration) in UNDO {
        let sql = format!("BEGIN; {undo} COMMIT; BEGIN; {migration} COMMIT;");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut owner).await.unwrap();
    }
    assert_eq!(wrong(&db).await, 0);
    assert_eq!(number(&db, "SELECT count(*) FROM undecided_escalations").await, kept);
    assert_eq!(number(&db, "SELECT count(*) FROM pg_class WHERE relrowsecurity AND relforcerowsecurity AND relname IN
        ('actions', 'findings', 'escalations', 'escalation_decisions', 'undecided_escalations', 'topics_found')").await, 6);
}
