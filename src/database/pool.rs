//! The pool of connections the program works with.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres, pool::PoolOptions};

/// What the connections of the program are called in `pg_stat_activity`.
pub const APPLICATION_NAME: &str = "throughline";

/// How the program's connections behave: no statement, lock or forgotten transaction holds others up for long.
///
/// The statement cache stays on, and connections are not tested before use: both were measured (60 % and about
/// 10 % of throughput). A connection that has died is noticed by the query that fails on it.
#[must_use]
pub fn connection(options: PgConnectOptions) -> PgConnectOptions {
    options.application_name(APPLICATION_NAME).options([
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "60s"),
        ("timezone", "UTC"),
        ("jit", "off"),
        // planning a list anew for its parameters cost several times what running it did
        ("plan_cache_mode", "force_generic_plan"),
    ])
}

/// How many connections, and how long to wait for one.
#[must_use]
pub fn pool_options(connections: u32) -> PoolOptions<Postgres> {
    PgPoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(Duration::from_secs(600))
        .max_lifetime(Duration::from_secs(3600))
}

/// Another pool on the same database for loading much at once, one transaction after the other: what it commits is on disk a
/// moment later. If the machine stops before, some of it is gone, and nothing is half there.
#[must_use]
pub fn for_loading(pool: &PgPool) -> PgPool {
    let options = pool.connect_options().as_ref().clone().options([("synchronous_commit", "off")]);
    // one statement at a time needs one connection, which keeps its plans; the others are for what may run beside
    pool_options(3).connect_lazy_with(options)
}

/// A pool of at most `connections`, with one opened already.
///
/// # Errors
/// The database cannot be reached, or refuses the role.
pub async fn open(options: PgConnectOptions, connections: u32) -> Result<PgPool, sqlx::Error> {
    pool_options(connections).connect_with(connection(options)).await
}
