//! Bulk data for measuring: what comes of it must be what people could have made.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{TimeZone, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Row};
use throughline::clock::Clock;
use throughline::database::{pool, roles};
use throughline::sample::{self, Wanted};
use throughline::{error::AppError, worker};

use crate::harness::scratch::Scratch;
use crate::harness::{TestDb, fixtures};

const PASSWORD: &str = "marmalade tractor evening";
const SMALL: Wanted = Wanted { providers: 1, services: 5, actions: 200, days: 400, seed: 1 };

/// Number of rows of each answer to a query of two columns: a word and a count.
async fn counts(conn: &mut PgConnection, sql: &'static str) -> BTreeMap<String, i64> {
    let rows = sqlx::query(sql).fetch_all(conn).await.unwrap();
    rows.into_iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn a_sample_passes_every_rule_and_reads_like_a_year_of_work() {
    let (db, folder) = (TestDb::new().await, Scratch::new("sample"));
    let clock = Clock::fixed(Utc.with_ymd_and_hms(2026, 11, 21, 10, 0, 0).unwrap());
    let app = fixtures::app(&db, clock, &folder);
    let made = sample::load(&app, &SMALL, PASSWORD).await.unwrap();
    assert_eq!(made.len(), 1);
    let conn = &mut db.administrator().await;

    let by_status = counts(conn, "SELECT status, count(*) FROM actions GROUP BY 1").await;
    let of = |status: &str| by_status.get(status).copied().unwrap_or(0);
    assert_eq!(by_status.values().sum::<i64>(), 200, "{by_status:?}");
    assert!((100..=140).contains(&of("closed")) && (3..=20).contains(&of("cancelled")), "{by_status:?}");
    assert!(of("submitted") > 0 && of("verified") > 0 && of("in_progress") > 0, "{by_status:?}");

    let late = counts(
        conn,
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM escalations e WHERE e.action_id = a.id) THEN 'told' ELSE 'silent' END, count(*)
         FROM actions a WHERE due_on < '2026-11-21' AND status IN ('not_started', 'in_progress', 'sent_back', 'ineffective') GROUP BY 1",
    )
    .await;
    assert!(late.get("told").is_some_and(|n| (10..=40).contains(n)), "{late:?}");
    assert_eq!(late.get("silent"), None, "what is late was escalated");
    let decided: i64 = sqlx::query_scalar("SELECT count(DISTINCT action_id) FROM escalation_decisions")
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    assert!((3..=30).contains(&decided), "about half are decided: {decided}");

    let longest: i64 =
        sqlx::query_scalar("SELECT max(n) FROM (SELECT count(*) AS n FROM events WHERE action_id IS NOT NULL GROUP BY action_id) t")
            .fetch_one(&mut *conn)
            .await
            .unwrap();
    assert!((15..=30).contains(&longest), "some actions have a long story: {longest}");
    let tomorrow: i64 = sqlx::query_scalar("SELECT count(*) FROM events WHERE at > '2026-11-21 10:00Z'")
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    assert_eq!(tomorrow, 0, "nothing is told before it happens");

    // the worker finds nothing that the sample forgot to escalate
    assert_eq!(worker::tick(&app).await.unwrap().raised, 0);
    follow_the_chain(conn).await;
}

/// Every line names the hash of the one before, and the head that of the last.
async fn follow_the_chain(conn: &mut PgConnection) {
    let provider: String =
        sqlx::query_scalar("SELECT id::text FROM providers").fetch_one(&mut *conn).await.unwrap();
    let lines: Vec<String> =
        sqlx::query_scalar("SELECT line FROM events ORDER BY seq").fetch_all(&mut *conn).await.unwrap();
    let mut hash = hex::encode(Sha256::digest(provider.as_bytes()));
    for line in &lines {
        let told: Value = serde_json::from_str(line).unwrap();
        assert_eq!(told["prev"], *hash);
        hash = hex::encode(Sha256::digest(line.as_bytes()));
    }
    let head: (i64, String) =
        sqlx::query_as("SELECT seq, hash FROM chain_heads").fetch_one(conn).await.unwrap();
    assert_eq!(head, (i64::try_from(lines.len()).unwrap(), hash));
}

#[tokio::test]
async fn the_same_seed_makes_the_same_sample_and_a_second_one_is_refused() {
    let clock = Clock::fixed(Utc.with_ymd_and_hms(2026, 11, 21, 10, 0, 0).unwrap());
    let mut told = Vec::new();
    for seed in [7, 7, 8] {
        let (db, folder) = (TestDb::new().await, Scratch::new("sample"));
        let app = fixtures::app(&db, clock.clone(), &folder);
        let wanted = Wanted { actions: 40, services: 2, seed, ..SMALL };
        sample::load(&app, &wanted, PASSWORD).await.unwrap();
        let again = sample::load(&app, &wanted, PASSWORD).await;
        assert!(matches!(again, Err(AppError::BadRequest(_))), "{again:?}");
        let rows: String = sqlx::query_scalar(
            "SELECT string_agg(concat_ws('|', id, number, what, status, owner_id, due_on, version), ' ' ORDER BY number) FROM actions",
        )
        .fetch_one(&mut db.administrator().await)
        .await
        .unwrap();
        told.push(rows);
    }
    assert_eq!(told[0], told[1]);
    assert_ne!(told[0], told[2]);
}

/// What the server read of the actions since its counters were set back: rows by index, rows by reading all.
async fn read_of_actions(conn: &mut PgConnection) -> (i64, i64) {
    sqlx::query_as("SELECT idx_tup_fetch, seq_tup_read FROM pg_stat_user_tables WHERE relname = 'actions'")
        .fetch_one(conn)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_tick_with_nothing_due_reads_no_action_however_many_are_open() {
    let (mut db, folder) = (TestDb::new().await, Scratch::new("sample"));
    let clock = Clock::fixed(Utc.with_ymd_and_hms(2026, 11, 21, 10, 0, 0).unwrap());
    let app = fixtures::app(&db, clock.clone(), &folder);
    sample::load(&app, &SMALL, PASSWORD).await.unwrap();
    worker::tick(&app).await.unwrap();
    // connections tell what they read when they end
    app.db.close().await;
    let conn = &mut db.administrator().await;
    // as an administrator of the server can: every date lies far ahead, and the statistics know it
    for sql in [
        "SET session_replication_role = replica",
        "UPDATE actions SET due_on = due_on + 3650, verify_by = verify_by + 3650",
        "UPDATE action_reminders SET due_on = due_on + 3650",
        "SET session_replication_role = DEFAULT",
        "VACUUM (ANALYZE) actions",
        "SELECT pg_stat_force_next_flush()",
        "SELECT pg_stat_reset()",
    ] {
        sqlx::query(sql).execute(&mut *conn).await.unwrap();
    }
    let open: i64 =
        sqlx::query_scalar("SELECT count(*) FROM actions WHERE status NOT IN ('closed', 'cancelled')")
            .fetch_one(&mut *conn)
            .await
            .unwrap();
    assert!(open > 40, "{open}");
    let before = read_of_actions(conn).await;

    db.pool = pool::pool_options(1).connect_with(pool::connection(db.options(roles::APP))).await.unwrap();
    let again = fixtures::app(&db, clock, &folder);
    let swept = worker::tick(&again).await.unwrap();
    assert_eq!((swept.raised, swept.reminded), (0, 0));
    again.db.close().await;
    let gone = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'throughline_app'";
    while sqlx::query_scalar::<_, i64>(gone).fetch_one(&mut *conn).await.unwrap() > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(read_of_actions(conn).await, before, "the tick looked at actions that are not due");
}

#[tokio::test]
async fn a_guessable_password_makes_nothing() {
    let (db, folder) = (TestDb::new().await, Scratch::new("sample"));
    let app = fixtures::app(&db, Clock::System, &folder);
    assert!(matches!(sample::load(&app, &SMALL, "password1234").await, Err(AppError::BadRequest(_))));
    let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
        .fetch_one(&mut db.administrator().await)
        .await
        .unwrap();
    assert_eq!(users, 0);
}
