//! Makes a database ready to work with: a private server or one that runs elsewhere, migrated, behind a pool.

mod binaries;
mod error;
pub mod migrate;
pub mod pool;
pub mod private_postgres;
pub mod roles;
mod server_user;

use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

use crate::config::{Config, DatabaseConfig};
pub use error::DatabaseError;
use private_postgres::{Durability, PrivatePostgres, Settings};

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
            let settings = Settings {
                data_dir: config.data_dir.clone(),
                bin_dir: bin_dir.clone(),
                run_as: run_as.clone(),
                durability: Durability::Full,
                max_connections: u16::try_from(connections).unwrap_or(u16::MAX).saturating_add(50),
            };
            let private = start(settings).await?;
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
            if let Some(difference) = migrate::difference(&pool).await? {
                return Err(DatabaseError::Refused(format!(
                    "The database is not the one this program needs: {difference}. Run `throughline migrate` \
                     with DATABASE_OWNER_URL set, or start the program of the right version."
                )));
            }
            Ok(Opened { pool, private: None })
        }
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
