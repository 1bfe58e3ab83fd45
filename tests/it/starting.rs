//! Starting it: the private PostgreSQL and what it survives.

use sqlx::{Connection, PgConnection};
use throughline::database::{migrate, roles};

use crate::harness::TestDb;

#[tokio::test]
async fn a_test_database_is_migrated_and_its_role_bound() {
    let db = TestDb::new().await;
    assert_eq!(migrate::difference(&db.pool).await.unwrap(), None);
    let role: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&db.pool).await.unwrap();
    assert_eq!(role, roles::APP);
    for forbidden in [
        "SELECT set_config('app.provider_id', 'x', true)",
        "SET session_replication_role = replica",
        "SET row_security = off; SELECT * FROM pg_authid",
        "CREATE TABLE public.mine (id int)",
        "SET ROLE throughline_owner",
    ] {
        let error = sqlx::raw_sql(forbidden).execute(&db.pool).await.expect_err(forbidden);
        let code = error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned());
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {error}");
    }
}

#[tokio::test]
async fn each_role_may_do_what_it_is_for() {
    let db = TestDb::new().await;
    let owner = db.owner_pool().await;
    sqlx::raw_sql("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('here'); ALTER TABLE kept ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        .execute(&owner)
        .await
        .unwrap();
    let count = "SELECT count(*) FROM kept";
    let mut backup = db.connect(roles::BACKUP).await;
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut backup).await.unwrap(), 1);
    let mut administrator = db.administrator().await;
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut administrator).await.unwrap(), 1);
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&owner).await.unwrap(), 0);
    assert!(sqlx::query(count).execute(&db.pool).await.is_err(), "the application was granted nothing here");
    sqlx::query("SELECT set_config('app.provider_id', 'x', true)").execute(&owner).await.unwrap();
    assert!(PgConnection::connect(&db.url(roles::APP)).await.is_ok());
}
