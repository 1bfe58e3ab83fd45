//! The database keeps providers apart by itself: forced row-level security, keys and indexes that lead with the
//! provider, and no foreign row in a query that forgot its WHERE.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row as _};
use throughline::database::roles;

use super::Scene;
use crate::harness::TestDb;

/// Indexes of tenant tables that do not lead with the provider, each with its reason.
const GLOBAL: &[(&str, &str)] =
    &[("memberships_of_a_person", "a person finds their own places before any provider is chosen")];

/// Tables without a provider, each with its reason.
const NOBODYS: &[(&str, &str)] = &[
    ("users", "a person may be a member of several providers"),
    ("sessions", "a person signs in once for all their providers"),
    ("authenticators", "a person has one telephone for all their providers"),
    ("recovery_codes", "they belong to that telephone"),
    ("half_sign_ins", "nobody is signed in yet"),
    ("sign_in_throttles", "nobody is signed in yet"),
    ("providers", "the provider itself: its id is the key"),
    ("frameworks", "the regulator's framework is the same for everybody"),
    ("framework_entries", "the regulator's framework is the same for everybody"),
    ("action_transitions", "the rule is the same for everybody"),
    ("bank_holiday_exceptions", "a bank holiday is the same for everybody"),
    ("_sqlx_migrations", "which migrations ran"),
];

async fn strings(connection: &mut PgConnection, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(connection).await.unwrap()
}

/// The tables that have a provider.
async fn tenant_tables(connection: &mut PgConnection) -> Vec<String> {
    strings(
        connection,
        "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'provider_id' AND NOT a.attisdropped
         WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') ORDER BY 1",
    )
    .await
}

/// What is wrong with how the tables are fenced.
async fn gaps(connection: &mut PgConnection) -> Vec<String> {
    let mut gaps = strings(
        connection,
        "SELECT c.relname || ' is not fenced: row-level security has to be enabled and forced'
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
           AND (c.relname IN ('providers', 'users', 'sessions', 'sign_in_throttles')
             OR EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'provider_id'))
           AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
    )
    .await;
    for table in tenant_tables(connection).await {
        let policies: Vec<(String, Option<String>, Option<String>, String)> = sqlx::query_as(
            "SELECT policyname::text, qual, with_check, cmd FROM pg_policies WHERE tablename = $1",
        )
        .bind(&table)
        .fetch_all(&mut *connection)
        .await
        .unwrap();
        let tenant = "(provider_id = ( SELECT app.provider() AS provider))";
        let fenced = policies.iter().any(|(_, using, check, cmd)| {
            cmd == "ALL" && using.as_deref() == Some(tenant) && check.as_deref() == Some(tenant)
        });
        if !fenced {
            gaps.push(format!("{table} has no policy by provider"));
        }
        // a second policy would widen the first: only the one by which people find their own places
        for (name, ..) in policies.iter().filter(|(name, ..)| name != "tenant") {
            if (table.as_str(), name.as_str()) != ("memberships", "own_places") {
                gaps.push(format!("{table} has a further policy {name}"));
            }
        }
    }
    gaps.extend(key_gaps(connection).await);
    gaps
}

/// Indexes, primary keys and foreign keys that do not lead with the provider.
async fn key_gaps(connection: &mut PgConnection) -> Vec<String> {
    let mut gaps = strings(
        connection,
        "SELECT t.relname || ' has no primary key' FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
         WHERE n.nspname = 'public' AND t.relkind IN ('r', 'p')
           AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary)",
    )
    .await;
    let indexes = sqlx::query(
        "SELECT i.indexrelid::regclass::text AS name, t.relname::text AS tab FROM pg_index i
         JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
         JOIN pg_attribute p ON p.attrelid = t.oid AND p.attname = 'provider_id' AND NOT p.attisdropped
         WHERE n.nspname = 'public' AND i.indkey[0] <> p.attnum",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    for row in indexes {
        let (name, table): (String, String) = (row.get("name"), row.get("tab"));
        if !GLOBAL.iter().any(|(known, _)| *known == name) {
            gaps.push(format!("index {name} of {table} does not lead with provider_id"));
        }
    }
    // a reference from one tenant table to another carries the provider on both sides
    gaps.extend(
        strings(
            connection,
            "SELECT k.conname || ' of ' || t.relname || ' can point into another provider' FROM pg_constraint k
             JOIN pg_class t ON t.oid = k.conrelid
             JOIN pg_attribute tp ON tp.attrelid = t.oid AND tp.attname = 'provider_id'
             JOIN pg_attribute fp ON fp.attrelid = k.confrelid AND fp.attname = 'provider_id'
             WHERE k.contype = 'f' AND NOT (k.conkey[1] = tp.attnum AND k.confkey[1] = fp.attnum)",
        )
        .await,
    );
    gaps
}

#[tokio::test]
async fn every_table_of_a_provider_is_fenced() {
    let db = TestDb::new().await;
    let mut administrator = db.administrator().await;
    assert!(tenant_tables(&mut administrator).await.len() > 20);
    assert_eq!(gaps(&mut administrator).await, [""; 0]);
    // and a table that has no provider is one of those that need none
    let without = strings(
        &mut administrator,
        "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
           AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'provider_id')",
    )
    .await;
    for table in without {
        assert!(
            NOBODYS.iter().any(|(known, _)| *known == table),
            "{table} has no provider: say why in NOBODYS"
        );
    }
}

#[tokio::test]
async fn a_gap_in_the_fence_is_noticed() {
    let db = TestDb::new().await;
    let mut administrator = db.administrator().await;
    for (break_it, said) in [
        ("ALTER TABLE findings NO FORCE ROW LEVEL SECURITY", "findings is not fenced"),
        ("ALTER TABLE evidence DISABLE ROW LEVEL SECURITY", "evidence is not fenced"),
        ("DROP POLICY tenant ON actions", "actions has no policy by provider"),
        ("CREATE POLICY more ON units FOR SELECT USING (true)", "units has a further policy more"),
        ("CREATE INDEX wide ON actions (due_on)", "index wide of actions does not lead with provider_id"),
        ("CREATE TABLE notes (provider_id uuid, id uuid)", "notes has no primary key"),
        (
            "CREATE TABLE marks (provider_id uuid, id uuid, service uuid, PRIMARY KEY (provider_id, id),
               FOREIGN KEY (service, provider_id) REFERENCES services (provider_id, id))",
            "can point into another provider",
        ),
    ] {
        let mut tx = administrator.begin().await.unwrap();
        sqlx::raw_sql(break_it).execute(&mut *tx).await.unwrap();
        let found = gaps(&mut tx).await;
        assert!(found.iter().any(|gap| gap.contains(said)), "{break_it}: {found:?}");
        tx.rollback().await.unwrap();
    }
}

/// As the program's role: a query without WHERE sees this provider's rows alone, and without a provider none at all.
#[tokio::test]
async fn a_query_that_forgot_its_where_sees_no_foreign_row() {
    let scene = Scene::new().await;
    let mut administrator = scene.db.administrator().await;
    let tables = tenant_tables(&mut administrator).await;
    let mut app = scene.db.connect(roles::APP).await;
    let mut with_foreign_rows = Vec::new();
    for table in &tables {
        let count = format!("SELECT count(*) FROM {table}");
        let unset: i64 = sqlx::query_scalar(AssertSqlSafe(count.clone())).fetch_one(&mut app).await.unwrap();
        assert_eq!(unset, 0, "{table} without a provider");
        for own in [scene.world.provider, scene.world.other] {
            let foreign = format!("{count} WHERE provider_id <> '{own}'");
            let there: i64 = sqlx::query_scalar(AssertSqlSafe(foreign.clone()))
                .fetch_one(&mut administrator)
                .await
                .unwrap();
            if there > 0 && own == scene.world.provider {
                with_foreign_rows.push(table.as_str());
            }
            let mut tx = app.begin().await.unwrap();
            let set = format!("SET LOCAL app.provider_id = '{own}'");
            sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut *tx).await.unwrap();
            let seen: i64 = sqlx::query_scalar(AssertSqlSafe(foreign)).fetch_one(&mut *tx).await.unwrap();
            assert_eq!(seen, 0, "{table} shows rows of others");
            tx.rollback().await.unwrap();
        }
    }
    // otherwise it would pass on empty tables
    for table in [
        "actions",
        "findings",
        "reviews",
        "evidence",
        "updates",
        "escalations",
        "events",
        "memberships",
        "outbox",
    ] {
        assert!(
            with_foreign_rows.contains(&table),
            "{table} has nothing foreign to show: {with_foreign_rows:?}"
        );
    }
    let providers: i64 =
        sqlx::query_scalar("SELECT count(*) FROM providers").fetch_one(&mut app).await.unwrap();
    assert_eq!(providers, 0);
}

/// Nor can it write into another provider, or take a row along.
#[tokio::test]
async fn nothing_is_written_into_another_provider() {
    let scene = Scene::new().await;
    let mut app = scene.db.connect(roles::APP).await;
    let (own, other) = (scene.world.provider, scene.world.other);
    let mut tx = app.begin().await.unwrap();
    let set = format!("SET LOCAL app.provider_id = '{own}'");
    sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut *tx).await.unwrap();
    let changed = sqlx::raw_sql(AssertSqlSafe(format!(
        "UPDATE outbox SET attempts = attempts + 1 WHERE provider_id = '{other}'"
    )));
    assert_eq!(changed.execute(&mut *tx).await.unwrap().rows_affected(), 0);
    let insert = format!(
        "INSERT INTO units (provider_id, service_id, id, name) VALUES ('{other}', '{}', gen_random_uuid(), 'x')",
        scene.world.lodge.id
    );
    let refused = sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut *tx).await.unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"));
}
