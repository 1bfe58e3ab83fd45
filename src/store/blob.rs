//! The files behind evidence: what is known of each, files kept for a form that is not recorded yet, and what may go.

use chrono::{DateTime, Utc};

use super::TenantTx;
use crate::domain::evidence::Waiting;
use crate::ids::PendingUploadId;

/// A file that is durable under its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// SHA-256 of its content, 32 bytes.
    pub sha256: Vec<u8>,
    /// Bytes.
    pub size: i64,
    /// What it is, by its content.
    pub media_type: String,
}

/// Notes that a file is kept. Known already: the note becomes young again, so that [`forget_unused`] running at
/// the same time leaves it alone.
///
/// # Errors
/// The database was lost.
pub async fn know(tx: &mut TenantTx, blob: &Blob) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query!(
        r#"INSERT INTO blobs (provider_id, sha256, size, media_type, stored_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (provider_id, sha256) DO UPDATE SET stored_at = excluded.stored_at"#,
        provider.uuid(),
        blob.sha256,
        blob.size,
        blob.media_type,
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Waits for whoever is keeping or clearing away the same content, and holds them off until the transaction ends.
///
/// # Errors
/// The database was lost.
pub async fn lock_content(tx: &mut TenantTx, sha256: &[u8]) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text || encode($2, 'hex'), 0))",
        provider.uuid(),
        sha256,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// A file sent with a form that is not recorded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Id, as the form carries it.
    pub id: PendingUploadId,
    /// The file.
    pub blob: Blob,
    /// The name it was sent under.
    pub name: String,
}

/// How many files wait for forms of the actor, and how many bytes they are together; what is old and not swept yet
/// still takes room.
///
/// # Errors
/// The database was lost.
pub async fn waiting(tx: &mut TenantTx) -> Result<Waiting, sqlx::Error> {
    let (provider, actor) = (tx.provider(), tx.actor());
    let row = sqlx::query!(
        r#"SELECT count(*) AS "files!", coalesce(sum(b.size), 0)::bigint AS "bytes!" FROM pending_uploads p
           JOIN blobs b ON b.provider_id = p.provider_id AND b.sha256 = p.sha256
           WHERE p.provider_id = $1 AND p.member_id = $2"#,
        provider.uuid(),
        actor.map(|a| a.uuid()),
    )
    .fetch_one(tx.conn())
    .await?;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Ok(Waiting { files: count(row.files), bytes: count(row.bytes) })
}

/// The same, holding off whoever else is keeping files for the actor until the transaction ends.
///
/// # Errors
/// The database was lost.
pub async fn lock_waiting(tx: &mut TenantTx) -> Result<Waiting, sqlx::Error> {
    let (provider, actor) = (tx.provider(), tx.actor());
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('waiting ' || $1::uuid::text || coalesce($2::uuid::text, ''), 0))",
        provider.uuid(),
        actor.map(|a| a.uuid()),
    )
    .execute(tx.conn())
    .await?;
    waiting(tx).await
}

/// Keeps a file for the actor until its form is recorded, or for a day.
///
/// # Errors
/// The database refused or was lost.
pub async fn keep(
    tx: &mut TenantTx,
    id: PendingUploadId,
    blob: &Blob,
    name: &str,
) -> Result<(), sqlx::Error> {
    know(tx, blob).await?;
    let (provider, now, actor) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        "INSERT INTO pending_uploads (provider_id, id, member_id, sha256, file_name, at) VALUES ($1, $2, $3, $4, $5, $6)",
        provider.uuid(),
        id.uuid(),
        actor.map(|a| a.uuid()),
        blob.sha256,
        name,
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Those of `ids` that are kept for the actor since `since`, in the order they were sent.
///
/// # Errors
/// The database was lost.
pub async fn kept(
    tx: &mut TenantTx,
    ids: &[PendingUploadId],
    since: DateTime<Utc>,
) -> Result<Vec<Kept>, sqlx::Error> {
    let (provider, actor) = (tx.provider(), tx.actor());
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT p.id AS "id: PendingUploadId", p.file_name, b.sha256, b.size, b.media_type FROM pending_uploads p
           JOIN blobs b ON b.provider_id = p.provider_id AND b.sha256 = p.sha256
           WHERE p.provider_id = $1 AND p.member_id = $2 AND p.id = ANY($3) AND p.at >= $4 ORDER BY p.id"#,
        provider.uuid(),
        actor.map(|a| a.uuid()),
        &ids,
        since,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let blob = Blob { sha256: r.sha256, size: r.size, media_type: r.media_type };
            Kept { id: r.id, blob, name: r.file_name }
        })
        .collect())
}

/// Lets go of kept files: their form was recorded, or the person took them out.
///
/// # Errors
/// The database was lost.
pub async fn let_go(tx: &mut TenantTx, ids: &[PendingUploadId]) -> Result<(), sqlx::Error> {
    let (provider, actor) = (tx.provider(), tx.actor());
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "DELETE FROM pending_uploads WHERE provider_id = $1 AND member_id = $2 AND id = ANY($3)",
        provider.uuid(),
        actor.map(|a| a.uuid()),
        &ids,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Forgets files kept for forms that were never sent again. Returns how many.
///
/// # Errors
/// The database was lost.
pub async fn forget_old_uploads(tx: &mut TenantTx, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!("DELETE FROM pending_uploads WHERE provider_id = $1 AND at < $2", provider.uuid(), before)
        .execute(tx.conn())
        .await
        .map(|done| done.rows_affected())
}

/// Forgets files that nothing names any more; their content is then removed from the store by the sweep. Returns how
/// many.
///
/// # Errors
/// The database was lost.
pub async fn forget_unused(tx: &mut TenantTx, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        r#"DELETE FROM blobs b WHERE b.provider_id = $1 AND b.stored_at < $2
             AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = b.provider_id AND e.sha256 = b.sha256)
             AND NOT EXISTS (SELECT 1 FROM pending_uploads p WHERE p.provider_id = b.provider_id AND p.sha256 = b.sha256)"#,
        provider.uuid(),
        before,
    )
    .execute(tx.conn())
    .await
    .map(|done| done.rows_affected())
}

/// Those of `hashes` that a row names.
///
/// # Errors
/// The database was lost.
pub async fn known(tx: &mut TenantTx, hashes: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT b.sha256 AS "sha256!" FROM blobs b WHERE b.provider_id = $1 AND b.sha256 = ANY($2)
           UNION SELECT p.sha256 FROM packs p WHERE p.provider_id = $1 AND p.sha256 = ANY($2) AND p.state = 'made'"#,
        provider.uuid(),
        hashes,
    )
    .fetch_all(tx.conn())
    .await
}
