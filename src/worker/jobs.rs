//! Jobs: what takes longer than a page may, done one after the other (`jobs`, migrations/0054).
//!
//! A job is done in the one transaction that holds its row (`FOR NO KEY UPDATE SKIP LOCKED`), so that any number of replicas share the
//! work, and one that is killed in the middle lets go of the row and of everything it wrote: the job simply begins again. Tries
//! are counted beside it, so that one that kills the program is not begun for ever.
//!
//! To add a kind: name it in `domain::job::JobKind`; write a function in `workflow` that does it within the transaction it is given
//! (what it returns is committed together with the end of the job; a [`Stop::Refused`] ends it as failed with its sentences, which
//! the page of the subject shows from `store::job::of_subject`; any other error is tried again); say in [`run`] which function it is,
//! and in [`failed`] what the subject goes back to. Ask for one with `workflow::job::ask` in the transaction of the deed, and
//! `workflow::job::wake` after its commit. Files are written before the commit, under names that a second try writes again.

use tokio_util::sync::CancellationToken;

use super::{noted, providers};
use crate::app::AppState;
use crate::domain::job::{JobKind, TRIES};
use crate::error::AppError;
use crate::ids::ProviderId;
use crate::store::job::{self, Job};
use crate::store::{TenantTx, member};
use crate::workflow::job::Progress;
use crate::workflow::{Actor, Done, Stop, import};

/// How many jobs of a provider are looked at in one round.
const BATCH: i64 = 20;
/// Said when it failed for no reason of its own.
const FAILED: &str = "It could not be finished. Nothing was changed. Try again, and tell your administrator if it happens again.";
/// Said when whoever asked has left.
const LEFT: &str = "Whoever asked for it has left. Nothing was changed.";

/// What doing a job of each kind means.
async fn run(
    app: &AppState,
    tx: &mut TenantTx,
    by: &Actor,
    job: &Job,
    progress: &mut Progress<'_>,
) -> Done<()> {
    match job.kind {
        JobKind::Import => import::bring(app, tx, by, job.subject.into(), progress).await,
        JobKind::UndoImport => import::take_back(app, tx, by, job.subject.into(), progress).await,
    }
}

/// What it was about, as it stands again after it failed.
async fn failed(tx: &mut TenantTx, job: &Job, said: &str) -> Result<(), sqlx::Error> {
    match job.kind {
        JobKind::Import | JobKind::UndoImport => import::stands_again(tx, job.subject.into(), said).await,
    }
}

/// Does what waits, in every provider. Returns how many jobs ended.
///
/// # Errors
/// The list of providers could not be read, or the first provider's error; the others are done all the same.
pub async fn all(app: &AppState) -> Result<u64, AppError> {
    let (mut ended, mut outcome) = (0, Ok(()));
    for provider in providers(app).await? {
        match self::provider(app, provider.id).await {
            Ok(more) => ended += more,
            Err(error) => outcome = outcome.and(Err(noted(&provider, error))),
        }
    }
    outcome.map(|()| ended)
}

/// Does what waits in one provider. Returns how many jobs ended.
///
/// # Errors
/// The database was lost; what was done before stands.
pub async fn provider(app: &AppState, provider: ProviderId) -> Result<u64, AppError> {
    let mut tx = TenantTx::begin(&app.db, provider, None, app.clock.now()).await?;
    let waiting = job::waiting(&mut tx, BATCH).await?;
    drop(tx);
    let mut ended = 0;
    for job in &waiting {
        ended += u64::from(one(app, provider, job).await?);
    }
    Ok(ended)
}

/// Does one; false when another replica has it, or it is to be tried again.
async fn one(app: &AppState, provider: ProviderId, job: &Job) -> Result<bool, AppError> {
    let mut tx = TenantTx::begin_long(&app.db, provider, Some(job.asked_by), app.clock.now()).await?;
    if !job::take(&mut tx, job.id).await? {
        return Ok(false);
    }
    let tries = begin_try(app, provider, job).await?;
    let asker = member::get(&mut tx, job.asked_by).await?;
    let outcome = match asker {
        _ if tries > TRIES => Err(Stop::refused(FAILED)),
        None => Err(Stop::refused(LEFT)),
        Some(member) => {
            let mut progress = Progress::of(app, provider, job.id);
            run(app, &mut tx, &Actor { provider, member }, job, &mut progress).await
        }
    };
    match outcome {
        Ok(()) => {
            job::end(&mut tx, job.id, None).await?;
            tx.commit().await?;
            Ok(true)
        }
        Err(stop) => {
            if let Err(error) = tx.rollback().await {
                tracing::warn!(%error, "a job's transaction was lost");
            }
            give_up(app, provider, job, tries, stop).await
        }
    }
}

async fn begin_try(app: &AppState, provider: ProviderId, job: &Job) -> Result<i32, AppError> {
    let mut tx = TenantTx::begin(&app.db, provider, None, app.clock.now()).await?;
    let tries = job::begin_try(&mut tx, job.id).await?;
    tx.commit().await?;
    Ok(tries)
}

/// Ends it as failed, if it will fail again; else it waits for the next round.
async fn give_up(
    app: &AppState,
    provider: ProviderId,
    job: &Job,
    tries: i32,
    stop: Stop,
) -> Result<bool, AppError> {
    let said = match stop {
        Stop::Refused(said) => said.into_iter().map(|s| s.sentence).collect::<Vec<_>>().join(" "),
        Stop::Changed => FAILED.to_owned(),
        Stop::Failed(error) => {
            tracing::error!(job = %job.id, kind = %job.kind, tries, %error, "a job failed");
            if tries < TRIES {
                return Ok(false);
            }
            FAILED.to_owned()
        }
    };
    let mut tx = TenantTx::begin(&app.db, provider, Some(job.asked_by), app.clock.now()).await?;
    if !job::take(&mut tx, job.id).await? {
        return Ok(false);
    }
    failed(&mut tx, job, &said).await?;
    job::end(&mut tx, job.id, Some(&said)).await?;
    tx.commit().await?;
    Ok(true)
}

/// Does what waits until cancelled: at once when somebody of this process asks, else every half minute. A job at work when the
/// program stops is finished first.
pub(super) async fn run_all(app: &AppState, stop: &CancellationToken) {
    loop {
        if let Err(error) = all(app).await {
            tracing::error!(%error, "jobs could not be done");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.jobs.notified() => {}
            () = tokio::time::sleep(super::EVERY) => {}
        }
    }
}
