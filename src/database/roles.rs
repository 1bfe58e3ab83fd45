//! The roles and the database of a private server: who owns, who works, who backs up.
//!
//! `throughline_owner` owns the database and migrates it; `throughline_app` owns nothing and cannot step around
//! row-level security; `throughline_backup` reads everything. On a server that somebody else runs, an
//! administrator makes the same three (docs/operating.md).

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection};

use super::DatabaseError;

/// The administrator of a private server.
pub const ADMINISTRATOR: &str = "postgres";
/// Owns the database and migrates it.
pub const OWNER: &str = "throughline_owner";
/// What the program works as.
pub const APP: &str = "throughline_app";
/// Reads everything, for backups.
pub const BACKUP: &str = "throughline_backup";

const ROLES: &str = include_str!("roles.sql");
const PRIVILEGES: &str = include_str!("privileges.sql");

/// Who may connect to the database `name`; nobody but its owner makes temporary tables, which could shadow real ones.
#[must_use]
pub fn admission(name: &str) -> String {
    format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO {APP}, {BACKUP};")
}

/// Makes the roles, and the database `name` if it is not there yet; can be repeated.
/// `administrator` connects as the superuser to a given database.
///
/// # Errors
/// The database's.
pub async fn install(
    administrator: impl Fn(&str) -> PgConnectOptions,
    name: &'static str,
) -> Result<(), DatabaseError> {
    let mut connection = PgConnection::connect_with(&administrator("postgres")).await?;
    sqlx::raw_sql(ROLES).execute(&mut connection).await?;
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(&mut connection)
        .await?;
    if !exists {
        let create = format!("CREATE DATABASE {name} OWNER {OWNER}");
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await?;
    }
    sqlx::raw_sql(AssertSqlSafe(admission(name))).execute(&mut connection).await?;
    connection.close().await?;

    let mut connection = PgConnection::connect_with(&administrator(name)).await?;
    sqlx::raw_sql(PRIVILEGES).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
