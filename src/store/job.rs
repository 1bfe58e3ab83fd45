//! Jobs: what takes longer than a page may, left for the worker (migrations/0054).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{TenantTx, word};
use crate::domain::job::{JobKind, JobState};
use crate::ids::{JobId, MemberId};

/// A job that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Id.
    pub id: JobId,
    /// What is to be done.
    pub kind: JobKind,
    /// What it is about.
    pub subject: Uuid,
    /// Who asked for it.
    pub asked_by: MemberId,
}

/// Leaves a job for the worker, unless the same one waits already.
///
/// # Errors
/// The database refused or was lost.
pub async fn ask(tx: &mut TenantTx, kind: JobKind, subject: Uuid, by: MemberId) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query!(
        r#"WITH new AS (
             INSERT INTO jobs (provider_id, id, kind, subject_id, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (provider_id, kind, subject_id) WHERE state = 'waiting' DO NOTHING RETURNING id)
           INSERT INTO job_progress (provider_id, job_id) SELECT $1, new.id FROM new"#,
        provider.uuid(),
        JobId::new().uuid(),
        kind.as_str(),
        subject,
        by.uuid(),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// The jobs that wait, the oldest first.
///
/// # Errors
/// The database was lost, or holds a kind this program does not know.
pub async fn waiting(tx: &mut TenantTx, limit: i64) -> Result<Vec<Job>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT id AS "id: JobId", kind, subject_id AS subject, asked_by AS "asked_by: MemberId" FROM jobs
           WHERE provider_id = $1 AND state = 'waiting' ORDER BY asked_at, id LIMIT $2"#,
        provider.uuid(),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    let job = |kind: &str, id, subject, asked_by| Ok(Job { id, kind: word(kind)?, subject, asked_by });
    rows.into_iter().map(|r| job(&r.kind, r.id, r.subject, r.asked_by)).collect()
}

/// Takes a job for as long as this transaction lasts; false when another replica has it, or it ended meanwhile. Who is killed lets go
/// of it.
///
/// # Errors
/// The database was lost.
pub async fn take(tx: &mut TenantTx, id: JobId) -> Result<bool, sqlx::Error> {
    let provider = tx.provider();
    // not FOR UPDATE: what points at the row may still be written
    let taken = sqlx::query_scalar!(
        "SELECT id FROM jobs WHERE provider_id = $1 AND id = $2 AND state = 'waiting' FOR NO KEY UPDATE SKIP LOCKED",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(taken.is_some())
}

/// Ends a job: done, or failed with a sentence for whoever asked.
///
/// # Errors
/// It had ended (a rule of the database), or the database was lost.
pub async fn end(tx: &mut TenantTx, id: JobId, failure: Option<&str>) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let state = if failure.is_some() { JobState::Failed } else { JobState::Done };
    let said: Option<String> = failure.map(|said| said.chars().take(2_000).collect());
    sqlx::query!(
        "UPDATE jobs SET state = $3, said = $4, ended_at = $5 WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        state.as_str(),
        said,
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Counts one more try, before it begins: what kills the program is not tried for ever. Returns the tries so far.
///
/// # Errors
/// The database was lost.
pub async fn begin_try(tx: &mut TenantTx, id: JobId) -> Result<i32, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query_scalar!(
        "UPDATE job_progress SET tries = tries + 1, begun_at = $3, done = 0, whole = 0 WHERE provider_id = $1 AND job_id = $2 RETURNING tries",
        provider.uuid(),
        id.uuid(),
        now,
    )
    .fetch_one(tx.conn())
    .await
}

/// Notes how far it is.
///
/// # Errors
/// The database was lost.
pub async fn note(tx: &mut TenantTx, id: JobId, done: usize, whole: usize) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    sqlx::query!(
        "UPDATE job_progress SET done = $3, whole = $4 WHERE provider_id = $1 AND job_id = $2",
        provider.uuid(),
        id.uuid(),
        count(done.min(whole)),
        count(whole),
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// How a job stands, for a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether it waits, is done or failed.
    pub state: JobState,
    /// Why it failed.
    pub said: Option<String>,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// Whether somebody has begun with it.
    pub begun: bool,
    /// How much is done.
    pub done: i32,
    /// Of how much; 0 while nobody knows.
    pub whole: i32,
}

/// The newest job about a thing, if there was one.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn of_subject(tx: &mut TenantTx, subject: Uuid) -> Result<Option<Standing>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT j.state, j.said, j.asked_at, p.begun_at IS NOT NULL AS "begun!", p.done, p.whole
           FROM jobs j JOIN job_progress p ON p.provider_id = $1 AND p.job_id = j.id
           WHERE j.provider_id = $1 AND j.subject_id = $2 ORDER BY j.asked_at DESC, j.id DESC LIMIT 1"#,
        provider.uuid(),
        subject,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        let (begun, done, whole) = (r.begun, r.done, r.whole);
        Ok(Standing { state: word(&r.state)?, said: r.said, asked_at: r.asked_at, begun, done, whole })
    })
    .transpose()
}
