//! Jobs: asking for one, and saying how far it is.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::Actor;
use crate::app::AppState;
use crate::domain::job::JobKind;
use crate::ids::{JobId, ProviderId};
use crate::store::{TenantTx, job};

/// Leaves a job for the worker with the change it follows from. After the commit, [`wake`] it.
///
/// # Errors
/// The database was lost.
pub async fn ask(tx: &mut TenantTx, by: &Actor, kind: JobKind, subject: Uuid) -> Result<(), sqlx::Error> {
    job::ask(tx, kind, subject, by.member.id).await
}

/// Tells the worker of this process that something waits; one of another process finds it within half a minute.
pub fn wake(app: &AppState) {
    app.jobs.notify_one();
}

/// How often progress is written at most.
const EVERY: Duration = Duration::from_secs(1);

/// How far a job is, written beside its own transaction.
#[derive(Debug)]
pub struct Progress<'a> {
    app: &'a AppState,
    provider: ProviderId,
    id: JobId,
    written: Option<Instant>,
}

impl<'a> Progress<'a> {
    /// Of a job that is being done.
    #[must_use]
    pub const fn of(app: &'a AppState, provider: ProviderId, id: JobId) -> Self {
        Self { app, provider, id, written: None }
    }

    /// Notes how far it is. That it could not be noted stops nothing.
    pub async fn at(&mut self, done: usize, whole: usize) {
        if self.written.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        self.written = Some(Instant::now());
        if let Err(error) = self.write(done, whole).await {
            tracing::warn!(%error, "progress could not be noted");
        }
    }

    async fn write(&self, done: usize, whole: usize) -> Result<(), sqlx::Error> {
        let mut tx = TenantTx::begin(&self.app.db, self.provider, None, self.app.clock.now()).await?;
        job::note(&mut tx, self.id, done, whole).await?;
        tx.commit().await
    }
}
