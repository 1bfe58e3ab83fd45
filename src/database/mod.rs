//! Makes a database ready to work with: a private server or one that runs elsewhere, migrated, behind a pool.

mod binaries;
mod error;
pub mod migrate;
pub mod pool;
pub mod private_postgres;
pub mod roles;
mod server_process;
mod server_start;
mod server_user;

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

use crate::config::{Config, DatabaseConfig};
pub use error::DatabaseError;
use private_postgres::{PrivatePostgres, Settings};

/// The database of a private server.
pub const NAME: &str = "throughline";

/// A database that is up to date, and the pool to reach it.
#[derive(Debug)]
pub struct Opened {
    /// Connections as the application role.
    pub pool: PgPool,
    /// The server, when it is our own.
    pub private: Option<PrivatePostgres>,
}

impl Opened {
    /// Gives connections back and stops a server of our own.
    pub async fn close(self) {
        // a connection that somebody still holds must not keep the server from stopping
        let _ = tokio::time::timeout(Duration::from_secs(5), self.pool.close()).await;
        if let Some(private) = self.private {
            let _ = tokio::task::spawn_blocking(move || private.stop()).await;
        }
    }
}

/// Starts or finds the database, migrates it (or checks that it is migrated), and opens the pool.
///
/// # Errors
/// A sentence for the person who starts the program.
pub async fn open(config: &Config) -> Result<Opened, DatabaseError> {
    let connections = config.database_connections;
    match &config.database {
        DatabaseConfig::Private { bin_dir, run_as } => {
            let private = start(settings(config, bin_dir.as_deref(), run_as.as_deref())).await?;
            let administrator = |name: &str| private.connect_options(roles::ADMINISTRATOR, name);
            roles::install(administrator, NAME).await?;
            migrate(&private.connect_options(roles::OWNER, NAME)).await?;
            let pool = pool::open(private.connect_options(roles::APP, NAME), connections).await?;
            Ok(Opened { pool, private: Some(private) })
        }
        DatabaseConfig::External { url, owner_url } => {
            if let Some(owner_url) = owner_url {
                migrate(&options(owner_url)?).await?;
            }
            let pool = pool::open(options(url)?, connections).await?;
            must_be_current(&pool).await?;
            Ok(Opened { pool, private: None })
        }
    }
}

/// The same for a command that may run beside a program at work: it joins that program's private server.
///
/// # Errors
/// As [`open`]; also when the program at work is of another version.
pub async fn open_beside(config: &Config) -> Result<Opened, DatabaseError> {
    let outcome = open(config).await;
    let (DatabaseConfig::Private { bin_dir, run_as }, Err(DatabaseError::InUse(_))) =
        (&config.database, &outcome)
    else {
        return outcome;
    };
    let settings = settings(config, bin_dir.as_deref(), run_as.as_deref());
    let address = PrivatePostgres::address_of_running(&settings)?;
    let pool = pool::open(address.connect_options(roles::APP, NAME), config.database_connections).await?;
    must_be_current(&pool).await?;
    Ok(Opened { pool, private: None })
}

fn settings(config: &Config, bin_dir: Option<&Path>, run_as: Option<&str>) -> Settings {
    Settings {
        bin_dir: bin_dir.map(Path::to_owned),
        run_as: run_as.map(str::to_owned),
        // commands that join take as many again
        max_connections: u16::try_from(config.database_connections).unwrap_or(u16::MAX).saturating_mul(3)
            + 20,
        ..Settings::durable(&config.data_dir)
    }
}

async fn must_be_current(pool: &PgPool) -> Result<(), DatabaseError> {
    match migrate::difference(pool).await? {
        None => Ok(()),
        Some(difference) => Err(DatabaseError::Refused(format!(
            "The database is not the one this program needs: {difference}. Run `throughline migrate` with \
             DATABASE_OWNER_URL set, or start the program of the right version."
        ))),
    }
}

async fn start(settings: Settings) -> Result<PrivatePostgres, DatabaseError> {
    tokio::task::spawn_blocking(move || PrivatePostgres::start(&settings))
        .await
        .map_err(|error| DatabaseError::io("start the database")(error.into()))?
}

async fn migrate(owner: &PgConnectOptions) -> Result<(), DatabaseError> {
    let applied = migrate::run(owner).await?;
    if applied > 0 {
        tracing::info!(applied, "the database was brought up to date");
    }
    Ok(())
}

fn options(url: &SecretString) -> Result<PgConnectOptions, DatabaseError> {
    Ok(PgConnectOptions::from_str(url.expose_secret())?)
}
