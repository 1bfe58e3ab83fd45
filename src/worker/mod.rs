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

/// Who is told.
pub mod announce;
/// Delivery of messages.
pub mod deliver;
/// The mails of invitations.
pub mod invite;
/// Work that was left for the worker.
pub mod jobs;

/// How often the worker looks.
pub const EVERY: Duration = Duration::from_secs(30);
/// How often it looks for packs to be made.
const PACKS_EVERY: Duration = Duration::from_secs(5);
/// How often it clears away what belongs to nothing; going through the store of files is not for every tick.
const UPKEEP_EVERY: chrono::Duration = chrono::Duration::hours(1);

/// What one tick did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Escalations raised.
    pub raised: u64,
    /// Reminders queued, and checks told that are due.
    pub reminded: u64,
    /// Digests queued.
    pub digests: u64,
    /// Messages sent, or kept for the administrators' page.
    pub delivered: u64,
    /// Messages that could not be sent this time.
    pub failed: u64,
}

/// Looks once at every provider, first for what passed its date, then for messages. A provider that fails does not keep
/// the others waiting: its error is logged, the rest goes on, and the first error is returned at the end.
///
/// # Errors
/// The list of providers could not be read, or the first provider's error.
pub async fn tick(app: &AppState) -> Result<Summary, AppError> {
    let (mut swept, sweeping) = sweep(app).await;
    let (sent, delivering) = deliver_all(app).await;
    (swept.delivered, swept.failed) = (sent.delivered, sent.failed);
    sweeping.and(delivering).map(|()| swept)
}

async fn providers(app: &AppState) -> Result<Vec<ProviderRow>, AppError> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let all = system::providers(&mut tx).await?;
    tx.commit().await?;
    Ok(all)
}

/// Raises in every provider what passed its date (R11, R12), reminds of what comes near (R8), and tells whom it concerns.
async fn sweep(app: &AppState) -> (Summary, Result<(), AppError>) {
    let (mut summary, mut outcome) = (Summary::default(), Ok(()));
    match providers(app).await {
        Err(error) => outcome = Err(error),
        Ok(all) => {
            for provider in all {
                match workflow::escalation::sweep(app, provider.id).await.map_err(failed) {
                    Ok(raised) => summary.raised += raised,
                    Err(error) => outcome = outcome.and(Err(noted(&provider, error))),
                }
                match workflow::reminder::sweep(app, provider.id).await.map_err(failed) {
                    Ok(reminded) => summary.reminded += reminded,
                    Err(error) => outcome = outcome.and(Err(noted(&provider, error))),
                }
                match workflow::digest::sweep(app, provider.id).await.map_err(failed) {
                    Ok(digests) => summary.digests += digests,
                    Err(error) => outcome = outcome.and(Err(noted(&provider, error))),
                }
                if let Err(error) = announce::provider(app, provider.id).await {
                    outcome = outcome.and(Err(noted(&provider, error)));
                }
            }
        }
    }
    (summary, outcome)
}

/// Delivers in every provider what is due.
async fn deliver_all(app: &AppState) -> (Summary, Result<(), AppError>) {
    let (mut summary, mut outcome) = (Summary::default(), Ok(()));
    match providers(app).await {
        Err(error) => outcome = Err(error),
        Ok(all) => {
            for provider in all {
                for sent in [deliver::provider(app, &provider).await, invite::provider(app, &provider).await]
                {
                    match sent {
                        Ok(sent) => {
                            summary.delivered += sent.delivered;
                            summary.failed += sent.failed;
                        }
                        Err(error) => outcome = outcome.and(Err(noted(&provider, error))),
                    }
                }
            }
        }
    }
    (summary, outcome)
}

fn noted(provider: &ProviderRow, error: AppError) -> AppError {
    tracing::error!(provider = %provider.id, error = %error, "the worker could not finish with a provider");
    error
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
            let workflow::upkeep::Swept { uploads, files, words, notices, sessions } = swept;
            tracing::info!(uploads, files, words, notices, sessions, "upkeep");
            true
        }
        Err(error) => {
            tracing::error!(error = %error, "upkeep could not be finished");
            false
        }
    }
}

/// Looks every thirty seconds until cancelled; a round at work is finished first. What passed its date and what is to be
/// sent go their own ways, so that a slow mail server never holds an escalation up (R11).
pub async fn run(app: AppState, stop: CancellationToken) {
    tokio::join!(
        run_sweeps(&app, &stop),
        run_deliveries(&app, &stop),
        run_counts(&app, &stop),
        run_packs(&app, &stop),
        jobs::run_all(&app, &stop)
    );
}

/// Counts the early-warning signs of every provider where something happened since (for the dashboard, which says when).
///
/// # Errors
/// The list of providers could not be read, or the first provider's error; the others are counted all the same.
pub async fn count_signs(app: &AppState) -> Result<u64, AppError> {
    let (mut counted, mut outcome) = (0, Ok(()));
    for provider in providers(app).await? {
        match workflow::sign_count::sweep(app, provider.id).await.map_err(failed) {
            Ok(anew) => counted += u64::from(anew),
            Err(error) => outcome = outcome.and(Err(noted(&provider, error))),
        }
    }
    outcome.map(|()| counted)
}

/// Counts the figures of months that are over, in every provider where some are not, or something happened since.
///
/// # Errors
/// The list of providers could not be read, or the first provider's error; the others are counted all the same.
pub async fn keep_figures(app: &AppState) -> Result<u64, AppError> {
    let (mut counted, mut outcome) = (0, Ok(()));
    for provider in providers(app).await? {
        match workflow::figure::sweep(app, provider.id).await.map_err(failed) {
            Ok(months) => counted += months,
            Err(error) => outcome = outcome.and(Err(noted(&provider, error))),
        }
    }
    outcome.map(|()| counted)
}

async fn run_counts(app: &AppState, stop: &CancellationToken) {
    loop {
        if let Err(error) = count_signs(app).await {
            tracing::error!(error = %error, "early-warning signs could not be counted");
        }
        if let Err(error) = keep_figures(app).await {
            tracing::error!(error = %error, "figures of past months could not be counted");
        }
        if paused(stop).await {
            return;
        }
    }
}

/// Makes the evidence packs that wait, one after the other.
///
/// # Errors
/// The list of providers could not be read, or the first provider's error; the others are served all the same.
pub async fn make_packs(app: &AppState) -> Result<u64, AppError> {
    let (mut made, mut outcome) = (0, Ok(()));
    for provider in providers(app).await? {
        loop {
            match workflow::pack::make_next(app, provider.id).await {
                Ok(true) => made += 1,
                Ok(false) => break,
                Err(error) => {
                    outcome = outcome.and(Err(noted(&provider, error)));
                    break;
                }
            }
        }
    }
    outcome.map(|()| made)
}

/// Packs are waited for, so they are looked for more often than everything else.
async fn run_packs(app: &AppState, stop: &CancellationToken) {
    loop {
        if let Err(error) = make_packs(app).await {
            tracing::error!(error = %error, "evidence packs could not be made");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PACKS_EVERY) => {}
        }
    }
}

/// One failed round is logged and tried again: the database may be away for a while, and a program that stops would not
/// bring it back.
async fn run_sweeps(app: &AppState, stop: &CancellationToken) {
    loop {
        let (summary, outcome) = sweep(app).await;
        tell(summary);
        match outcome {
            Ok(()) => app.last_tick.store(app.clock.now().timestamp(), Ordering::Relaxed),
            Err(error) => tracing::error!(error = %error, "the worker could not finish a round"),
        }
        if paused(stop).await {
            return;
        }
    }
}

async fn run_deliveries(app: &AppState, stop: &CancellationToken) {
    let mut upkeep_at = app.clock.now() + UPKEEP_EVERY;
    loop {
        let (summary, outcome) = deliver_all(app).await;
        tell(summary);
        if let Err(error) = outcome {
            tracing::error!(error = %error, "the worker could not finish its deliveries");
        }
        if app.clock.now() >= upkeep_at {
            upkeep(app).await;
            upkeep_at = app.clock.now() + UPKEEP_EVERY;
        }
        if paused(stop).await {
            return;
        }
    }
}

fn tell(summary: Summary) {
    if summary != Summary::default() {
        let Summary { raised, reminded, digests, delivered, failed } = summary;
        tracing::info!(raised, reminded, digests, delivered, failed, "worker");
    }
}

/// Waits for the next round; true when there is none.
async fn paused(stop: &CancellationToken) -> bool {
    tokio::select! {
        () = stop.cancelled() => true,
        () = tokio::time::sleep(EVERY) => false,
    }
}
