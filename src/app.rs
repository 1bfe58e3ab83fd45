//! What every part of the program shares.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use crate::clock::Clock;
use crate::config::Config;
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
    /// When the worker last finished a tick, seconds since the epoch; 0 before the first.
    pub last_tick: Arc<AtomicI64>,
}
