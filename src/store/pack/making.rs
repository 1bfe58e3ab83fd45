//! Making packs: whoever takes one has it for a while, so that several processes never make the same one at once, and one that was
//! killed leaves it to the next.

use chrono::{DateTime, Utc};

use crate::domain::pack::MOST_TRIES;
use crate::domain::redaction::Naming;
use crate::domain::trail::{Head, hash_of};
use crate::ids::{MemberId, PackId};
use crate::store::{TenantTx, word};

/// A pack that is being made here.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Id.
    pub id: PackId,
    /// What it is for.
    pub purpose: String,
    /// How members are named.
    pub naming: Naming,
    /// Who asked.
    pub asked_by: Option<MemberId>,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// Until when nobody else takes it.
    pub until: DateTime<Utc>,
}

/// Takes the pack that has waited longest, until then; none when none waits.
///
/// # Errors
/// The database was lost.
pub async fn take(tx: &mut TenantTx, until: DateTime<Utc>) -> Result<Option<Taken>, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let next = sqlx::query_scalar!(
        r#"SELECT p.id AS "id: PackId" FROM packs p WHERE p.provider_id = $1 AND p.state IN ('asked', 'sealed') AND p.attempts < $2
             AND (p.taken_until IS NULL OR p.taken_until <= $3)
           ORDER BY p.asked_at, p.id LIMIT 1 FOR UPDATE SKIP LOCKED"#,
        provider.uuid(),
        MOST_TRIES,
        now,
    )
    .fetch_optional(tx.conn())
    .await?;
    match next {
        Some(id) => take_this(tx, id, until).await,
        None => Ok(None),
    }
}

/// Takes this pack.
///
/// # Errors
/// As [`take`].
pub async fn take_this(
    tx: &mut TenantTx,
    id: PackId,
    until: DateTime<Utc>,
) -> Result<Option<Taken>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"UPDATE packs SET taken_until = $3, attempts = attempts + 1 WHERE provider_id = $1 AND id = $2 AND state IN ('asked', 'sealed')
           RETURNING purpose, naming, asked_by AS "asked_by: MemberId", asked_at"#,
        provider.uuid(),
        id.uuid(),
        until,
    )
    .fetch_optional(tx.conn())
    .await?;
    let taken = row.map(|row| {
        let naming = word(&row.naming)?;
        Ok(Taken { id, purpose: row.purpose, naming, asked_by: row.asked_by, asked_at: row.asked_at, until })
    });
    taken.transpose()
}

/// Those that were tried too often, and that nobody has any more.
///
/// # Errors
/// The database was lost.
pub async fn give_up(tx: &mut TenantTx) -> Result<Vec<PackId>, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query_scalar!(
        r#"SELECT p.id AS "id: PackId" FROM packs p WHERE p.provider_id = $1 AND p.state IN ('asked', 'sealed') AND p.attempts >= $2
             AND p.taken_until <= $3 FOR UPDATE SKIP LOCKED"#,
        provider.uuid(),
        MOST_TRIES,
        now,
    )
    .fetch_all(tx.conn())
    .await
}

/// Notes the manifest of a pack that is being made here, and where the trail ended; false when somebody else has it by now.
///
/// # Errors
/// A rule of the database refused, or it was lost.
pub async fn seal(
    tx: &mut TenantTx,
    taken: &Taken,
    manifest: &str,
    head_line: i64,
) -> Result<bool, sqlx::Error> {
    let provider = tx.provider();
    let done = sqlx::query!(
        r#"UPDATE packs SET state = 'sealed', manifest = $4, head_line = $5
           WHERE provider_id = $1 AND id = $2 AND taken_until = $3 AND state IN ('asked', 'sealed')"#,
        provider.uuid(),
        taken.id.uuid(),
        taken.until,
        manifest,
        head_line,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The line that seals a pack with this manifest.
///
/// # Errors
/// The database was lost.
pub async fn sealed_line(
    tx: &mut TenantTx,
    id: PackId,
    manifest: &str,
) -> Result<Option<(Head, String)>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        "SELECT e.seq, e.line FROM events e WHERE e.provider_id = $1 AND e.action_id IS NULL AND e.finding_id IS NULL AND e.review_id IS NULL
           AND e.kind = 'pack_sealed' AND e.line::json -> 'detail' ->> 'pack' = $2 AND e.line::json -> 'detail' ->> 'manifest' = $3
         ORDER BY e.seq DESC LIMIT 1",
        provider.uuid(),
        id.to_string(),
        manifest,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (Head { seq: row.seq, hash: hash_of(&row.line) }, row.line)))
}

/// Notes the file of a pack that was made here; false when somebody else has it by now.
///
/// # Errors
/// A rule of the database refused, or it was lost.
pub async fn finish(
    tx: &mut TenantTx,
    taken: &Taken,
    seal: &Head,
    (sha256, size): (&[u8], i64),
    (files, lines): (i32, i32),
) -> Result<bool, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let done = sqlx::query!(
        r#"UPDATE packs SET state = 'made', seal_line = $4, seal_hash = $5, sha256 = $6, size = $7, files = $8, lines = $9, made_at = $10, taken_until = NULL
           WHERE provider_id = $1 AND id = $2 AND taken_until = $3 AND state = 'sealed'"#,
        provider.uuid(),
        taken.id.uuid(),
        taken.until,
        seal.seq,
        seal.hash,
        sha256,
        size,
        files,
        lines,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that a pack could not be made, and why; false when it was made meanwhile.
///
/// # Errors
/// A rule of the database refused, or it was lost.
pub async fn fail(tx: &mut TenantTx, id: PackId, because: &str) -> Result<bool, sqlx::Error> {
    let provider = tx.provider();
    let done = sqlx::query!(
        "UPDATE packs SET state = 'failed', failed_because = $3 WHERE provider_id = $1 AND id = $2 AND state IN ('asked', 'sealed')",
        provider.uuid(),
        id.uuid(),
        because,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
