//! The background task: every 30 seconds it flags what passed its date, escalates it, and delivers messages.
//!
//! One function, [`tick`], does it all; the loop, `worker --once` and the tests call the same. It is correct with any
//! number of replicas and after any crash: the database makes each escalation happen once, messages are leased.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::AppState;
use crate::error::AppError;
use crate::store::SystemTx;
use crate::store::system::{self, ProviderRow};
use crate::workflow::{self, Stop};

/// Delivery of messages.
pub mod deliver;

/// How often the worker looks.
pub const EVERY: Duration = Duration::from_secs(30);
/// How often it clears away what belongs to nothing; going through the store of files is not for every tick.
const UPKEEP_EVERY: chrono::Duration = chrono::Duration::hours(1);

/// What one tick did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Escalations raised.
    pub raised: u64,
    /// Messages sent, or kept for the administrators' page.
    pub delivered: u64,
    /// Messages that could not be sent this time.
    pub failed: u64,
}

/// Looks once at every provider. A provider that fails does not keep the others waiting: its error is logged, the
/// rest goes on, and the first error is returned at the end.
///
/// # Errors
/// The list of providers could not be read, or the first provider's error.
pub async fn tick(app: &AppState) -> Result<Summary, AppError> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let providers = system::providers(&mut tx).await?;
    tx.commit().await?;
    let mut summary = Summary::default();
    let mut first_error = None;
    for provider in &providers {
        if let Err(error) = tick_provider(app, provider, &mut summary).await {
            tracing::error!(provider = %provider.id, error = %error, "the worker could not finish with a provider");
            first_error.get_or_insert(error);
        }
    }
    first_error.map_or(Ok(summary), Err)
}

async fn tick_provider(
    app: &AppState,
    provider: &ProviderRow,
    summary: &mut Summary,
) -> Result<(), AppError> {
    summary.raised += workflow::escalation::sweep(app, provider.id).await.map_err(failed)?;
    let sent = deliver::provider(app, provider).await?;
    summary.delivered += sent.delivered;
    summary.failed += sent.failed;
    Ok(())
}

/// The worker asks nobody's leave, so what stops it is a failure.
fn failed(stop: Stop) -> AppError {
    match stop {
        Stop::Failed(error) => error,
        Stop::Refused(_) | Stop::Changed => AppError::internal("a sweep was refused"),
    }
}

/// Clears away what belongs to nothing: files nobody named, ended sessions. Returns whether it could.
pub async fn upkeep(app: &AppState) -> bool {
    match workflow::upkeep::sweep(app).await {
        Ok(swept) => {
            tracing::info!(uploads = swept.uploads, files = swept.files, sessions = swept.sessions, "upkeep");
            true
        }
        Err(error) => {
            tracing::error!(error = %error, "upkeep could not be finished");
            false
        }
    }
}

/// Ticks until cancelled; a tick at work is finished first. One failed tick is logged and tried again: the database may
/// be away for a while, and a program that stops would not bring it back.
pub async fn run(app: AppState, stop: CancellationToken) {
    let mut upkeep_at = app.clock.now() + UPKEEP_EVERY;
    loop {
        match tick(&app).await {
            Ok(summary) => {
                app.last_tick.store(app.clock.now().timestamp(), Ordering::Relaxed);
                if summary != Summary::default() {
                    tracing::info!(
                        raised = summary.raised,
                        delivered = summary.delivered,
                        failed = summary.failed,
                        "worker"
                    );
                }
            }
            Err(error) => tracing::error!(error = %error, "the worker could not finish a tick"),
        }
        if app.clock.now() >= upkeep_at {
            upkeep(&app).await;
            upkeep_at = app.clock.now() + UPKEEP_EVERY;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
