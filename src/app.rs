//! What every part of the program shares, and the loop that serves pages.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use axum::Router;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Config;
use crate::http::{self, Routes};
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
    /// When the worker last finished a tick, seconds since the epoch; before the first, when the program started.
    pub last_tick: Arc<AtomicI64>,
}

impl AppState {
    /// Puts the parts together over connections that work as the application role.
    #[must_use]
    pub fn new(config: Config, clock: Clock, pool: PgPool) -> Self {
        let last_tick = Arc::new(AtomicI64::new(clock.now().timestamp()));
        Self { db: Db::new(pool), clock, config: Arc::new(config), last_tick }
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
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(token.cancelled_owned()).await
}

/// Every address of the program; each feature gives its own.
#[must_use]
pub fn routes() -> Routes<AppState> {
    http::health::routes()
}

/// The whole program as a service: all addresses, and around them what every answer needs.
pub fn router(state: AppState) -> Router {
    let config = Arc::clone(&state.config);
    http::shell(routes(), state, config.public_url.origin())
}
