//! Brings the database up to date, and says whether it is.

use std::collections::BTreeMap;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, PgPool};

use super::DatabaseError;

/// The steps in `migrations/`, part of the program.
pub static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// Applies, as the owner, the migrations that are missing. Several programs may do so at once: they queue.
/// Answers how many were applied.
///
/// # Errors
/// A migration failed, was changed after it was applied, or is unknown to this program.
pub async fn run(owner: &PgConnectOptions) -> Result<usize, DatabaseError> {
    let mut connection = PgConnection::connect_with(owner).await?;
    let before = applied(&mut connection).await?.len();
    MIGRATOR.run(&mut connection).await?;
    let after = applied(&mut connection).await?.len();
    // the application reads the list to say whether it is ready
    let grant = "DO $$ BEGIN
        IF to_regrole('throughline_app') IS NOT NULL THEN
            GRANT SELECT ON _sqlx_migrations TO throughline_app;
        END IF;
    END $$";
    sqlx::raw_sql(grant).execute(&mut connection).await?;
    connection.close().await?;
    Ok(after.saturating_sub(before))
}

/// What keeps the database from being the one this program knows: `None` when all migrations are applied,
/// unchanged, and none is unknown.
///
/// # Errors
/// The database cannot be asked.
pub async fn difference(pool: &PgPool) -> Result<Option<String>, DatabaseError> {
    let mut connection = pool.acquire().await?;
    let applied = applied(&mut connection).await?;
    Ok(compare(&applied))
}

/// Version → checksum of what was applied without a failure.
type Applied = BTreeMap<i64, Vec<u8>>;

async fn applied(connection: &mut PgConnection) -> Result<Applied, DatabaseError> {
    let exists: bool = sqlx::query_scalar("SELECT to_regclass('public._sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT version, checksum FROM public._sqlx_migrations WHERE success")
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().collect())
}

fn compare(applied: &Applied) -> Option<String> {
    for migration in MIGRATOR.iter() {
        match applied.get(&migration.version) {
            None => return Some(format!("migration {} is missing", migration.version)),
            Some(checksum) if checksum.as_slice() != &*migration.checksum => {
                return Some(format!("migration {} is another than this program knows", migration.version));
            }
            Some(_) => {}
        }
    }
    let unknown = applied.keys().find(|version| !MIGRATOR.version_exists(**version))?;
    Some(format!("migration {unknown} is unknown: the database is newer than this program"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything() -> Applied {
        MIGRATOR.iter().map(|migration| (migration.version, migration.checksum.to_vec())).collect()
    }

    #[test]
    fn a_current_database_has_no_difference() {
        assert_eq!(compare(&everything()), None);
    }

    #[test]
    fn a_newer_database_is_noticed() {
        let mut applied = everything();
        applied.insert(9_999, vec![1]);
        assert!(compare(&applied).unwrap().contains("9999 is unknown"));
    }

    #[test]
    fn a_changed_or_missing_migration_is_noticed() {
        let Some(first) = everything().keys().next().copied() else { return };
        let mut applied = everything();
        applied.insert(first, vec![0]);
        assert!(compare(&applied).unwrap().contains("another"));
        applied.remove(&first);
        assert!(compare(&applied).unwrap().contains("missing"));
    }
}
