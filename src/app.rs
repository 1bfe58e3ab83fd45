//! What every part of the program shares, and the loop that serves pages.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use axum::Router;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::auth::password::Passwords;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::Cause;
use crate::files::store::EvidenceStore;
use crate::http::{self, server};
use crate::mail::transport::Transport;
use crate::report::press::Press;
use crate::sheet::turns::Turns;
use crate::store::Db;

/// The state of the running program; cheap to clone.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// The settings.
    pub config: Arc<Config>,
    /// Passwords, two at a time in the whole program.
    pub passwords: Passwords,
    /// How mail leaves.
    pub mail: Arc<Transport>,
    /// Where reports become PDFs.
    pub press: Press,
    /// How lists become files, a few at a time.
    pub sheets: Turns,
    /// Where evidence files are kept.
    pub evidence: EvidenceStore,
    /// Wakes the worker when a job was asked for.
    pub jobs: Arc<Notify>,
    /// When the worker last finished a tick, seconds since the epoch; before the first, when the program started.
    pub last_tick: Arc<AtomicI64>,
}

impl AppState {
    /// Puts the parts together over connections that work as the application role. Must be called inside the async
    /// runtime.
    ///
    /// # Errors
    /// A setting that only shows itself to be wrong when it is used: the mail server's address, the evidence store.
    pub fn new(config: Config, clock: Clock, pool: PgPool) -> Result<Self, Cause> {
        let last_tick = Arc::new(AtomicI64::new(clock.now().timestamp()));
        let mail = match &config.mail {
            Some(mail) => Transport::trusting(
                Some(mail.smtp_url.expose_secret()),
                &mail.from.to_string(),
                mail.authority.as_deref(),
            )?,
            None => Transport::Page,
        };
        let evidence = evidence_store(&config)?;
        Ok(Self {
            db: Db::new(pool, config.keep),
            clock,
            config: Arc::new(config),
            passwords: Passwords::new(),
            mail: Arc::new(mail),
            press: Press::new(),
            sheets: Turns::default(),
            evidence,
            jobs: Arc::new(Notify::new()),
            last_tick,
        })
    }
}

/// Opens the store the settings name; a local folder is made if it is not there.
fn evidence_store(config: &Config) -> Result<EvidenceStore, Cause> {
    match &config.evidence_store {
        crate::config::EvidenceStore::Folder(folder) => Ok(EvidenceStore::local(folder)?),
        #[cfg(feature = "s3")]
        crate::config::EvidenceStore::S3(url) => Ok(EvidenceStore::s3(url, &config.data_dir.join("incoming"))?),
        #[cfg(not(feature = "s3"))]
        crate::config::EvidenceStore::S3(_) => {
            Err("EVIDENCE_STORE names an S3 bucket, but this program was built without S3: build it with --features s3".into())
        }
    }
}

/// Binds the listening address.
///
/// # Errors
/// A sentence: the port is taken, or not ours to take.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| {
        format!(
            "Throughline cannot listen on {address}: {error}. Set LISTEN_ADDR to another address or port."
        )
    })
}

/// Serves pages until `token` is cancelled, then finishes the requests at work.
///
/// # Errors
/// The listening socket failed.
pub async fn serve(listener: TcpListener, state: AppState, token: CancellationToken) -> std::io::Result<()> {
    tokio::task::spawn_blocking(http::assets::warm);
    server::run(listener, router(state), token, server::HEADERS).await;
    Ok(())
}

/// The whole program as a service: all addresses, and around them what every answer needs.
pub fn router(state: AppState) -> Router {
    let config = Arc::clone(&state.config);
    http::shell(http::features(), state, config.public_url.origin(), config.hsts_subdomains)
}
