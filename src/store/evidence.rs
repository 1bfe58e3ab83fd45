//! Evidence: its rows, the files behind them, files kept for a form that came back, and who fetched what.

use chrono::{DateTime, NaiveDate, Utc};

use super::{TenantTx, word};
use crate::domain::topic::EvidenceKind;
use crate::ids::{ActionId, EvidenceId, MemberId, PendingUploadId};

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

/// What a piece of evidence rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A stored file and the name it was sent under.
    File {
        /// The file.
        blob: Blob,
        /// Its name.
        name: String,
    },
    /// Where the record is kept (R9a: as good as an upload).
    Reference(String),
}

/// A piece of evidence to be written.
#[derive(Clone, Debug)]
pub struct NewPiece<'a> {
    /// Id.
    pub id: EvidenceId,
    /// The action.
    pub action: ActionId,
    /// The action's cycle.
    pub cycle: i32,
    /// What it counts as.
    pub kind: EvidenceKind,
    /// Its name.
    pub title: &'a str,
    /// The day it is about.
    pub about_on: NaiveDate,
    /// What it shows; may be empty.
    pub note: &'a str,
    /// File or reference.
    pub proof: &'a Proof,
}

/// Writes a piece of evidence by the actor of the transaction. Its blob must be known, see [`know_blob`].
///
/// # Errors
/// A rule of the database refused, or it was lost.
pub async fn insert(tx: &mut TenantTx, new: &NewPiece<'_>) -> Result<(), sqlx::Error> {
    let (provider, now, actor) = (tx.provider(), tx.now(), tx.actor());
    let (sha256, file_name, reference) = match new.proof {
        Proof::File { blob, name } => (Some(blob.sha256.as_slice()), Some(name.as_str()), None),
        Proof::Reference(place) => (None, None, Some(place.as_str())),
    };
    sqlx::query!(
        r#"INSERT INTO evidence (provider_id, id, action_id, cycle, kind, author_id, title, about_on, note, sha256, file_name, reference, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"#,
        provider.uuid(),
        new.id.uuid(),
        new.action.uuid(),
        new.cycle,
        new.kind.as_str(),
        actor.map(|a| a.uuid()),
        new.title,
        new.about_on,
        new.note,
        sha256,
        file_name,
        reference,
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Withdraws a piece, once (R9).
///
/// # Errors
/// A rule of the database refused, or it was lost.
pub async fn withdraw(tx: &mut TenantTx, id: EvidenceId, reason: &str) -> Result<(), sqlx::Error> {
    let (provider, now, actor) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        "UPDATE evidence SET withdrawn_by = $3, withdrawn_at = $4, withdrawn_reason = $5 WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        actor.map(|a| a.uuid()),
        now,
        reason,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// A piece of evidence as pages and rules see it.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Id.
    pub id: EvidenceId,
    /// Its action.
    pub action: ActionId,
    /// The action's number.
    pub number: i32,
    /// The cycle it belongs to; earlier ones are history.
    pub cycle: i32,
    /// What it counts as.
    pub kind: EvidenceKind,
    /// Its name.
    pub title: String,
    /// The day it is about.
    pub about_on: NaiveDate,
    /// What it shows; may be empty.
    pub note: String,
    /// File or reference.
    pub proof: Proof,
    /// Who gave it.
    pub author: MemberId,
    /// Their name.
    pub author_name: String,
    /// When it was given.
    pub at: DateTime<Utc>,
    /// Who withdrew it, when and why.
    pub withdrawn: Option<(String, DateTime<Utc>, String)>,
}

struct Row {
    id: EvidenceId,
    action_id: ActionId,
    number: i32,
    cycle: i32,
    kind: String,
    title: String,
    about_on: NaiveDate,
    note: String,
    sha256: Option<Vec<u8>>,
    file_name: Option<String>,
    reference: Option<String>,
    size: Option<i64>,
    media_type: Option<String>,
    author_id: MemberId,
    author_name: String,
    at: DateTime<Utc>,
    withdrawn_by: Option<String>,
    withdrawn_at: Option<DateTime<Utc>>,
    withdrawn_reason: Option<String>,
}

impl Row {
    fn into_piece(self) -> Result<Piece, sqlx::Error> {
        let proof = match (self.sha256, self.file_name, self.size, self.media_type) {
            (Some(sha256), Some(name), Some(size), Some(media_type)) => {
                Proof::File { blob: Blob { sha256, size, media_type }, name }
            }
            _ => Proof::Reference(self.reference.unwrap_or_default()),
        };
        let withdrawn = match (self.withdrawn_by, self.withdrawn_at, self.withdrawn_reason) {
            (Some(by), Some(at), Some(reason)) => Some((by, at, reason)),
            _ => None,
        };
        Ok(Piece {
            id: self.id,
            action: self.action_id,
            number: self.number,
            cycle: self.cycle,
            kind: word(&self.kind)?,
            title: self.title,
            about_on: self.about_on,
            note: self.note,
            proof,
            author: self.author_id,
            author_name: self.author_name,
            at: self.at,
            withdrawn,
        })
    }
}

/// A piece by its id, wherever it is in the provider: whether the actor may see its action is for the caller to ask.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn get(tx: &mut TenantTx, id: EvidenceId) -> Result<Option<Piece>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query_file_as!(
        Row,
        "src/store/evidence.sql",
        provider.uuid(),
        Some(id.uuid()) as Option<uuid::Uuid>,
        None::<uuid::Uuid>
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Row::into_piece).transpose()
}

/// Everything ever given for an action, newest first, withdrawn pieces and earlier cycles included.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn of_action(tx: &mut TenantTx, action: ActionId) -> Result<Vec<Piece>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_file_as!(
        Row,
        "src/store/evidence.sql",
        provider.uuid(),
        None::<uuid::Uuid>,
        Some(action.uuid()) as Option<uuid::Uuid>
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::into_piece).collect()
}

/// Notes that a file is kept. Known already: the note becomes young again, so that [`forget_unused_blobs`] running at
/// the same time leaves it alone.
///
/// # Errors
/// The database was lost.
pub async fn know_blob(tx: &mut TenantTx, blob: &Blob) -> Result<(), sqlx::Error> {
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

/// Whether a stored file is live evidence of this kind in this cycle already, and under which name.
///
/// # Errors
/// The database was lost.
pub async fn same_file(
    tx: &mut TenantTx,
    action: ActionId,
    cycle: i32,
    kind: EvidenceKind,
    sha256: &[u8],
) -> Result<Option<String>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT e.title FROM evidence e WHERE e.provider_id = $1 AND e.action_id = $2 AND e.cycle = $3 AND e.kind = $4
             AND e.sha256 = $5 AND e.withdrawn_at IS NULL LIMIT 1"#,
        provider.uuid(),
        action.uuid(),
        cycle,
        kind.as_str(),
        sha256,
    )
    .fetch_optional(tx.conn())
    .await
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
    know_blob(tx, blob).await?;
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

/// Notes that the actor fetched a piece (R9a).
///
/// # Errors
/// The database was lost.
pub async fn note_download(tx: &mut TenantTx, id: EvidenceId) -> Result<(), sqlx::Error> {
    let (provider, now, actor) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        "INSERT INTO downloads (provider_id, id, evidence_id, member_id, at) VALUES ($1, $2, $3, $4, $5)",
        provider.uuid(),
        uuid::Uuid::now_v7(),
        id.uuid(),
        actor.map(|a| a.uuid()),
        now,
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
pub async fn forget_unused_blobs(tx: &mut TenantTx, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
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
        "SELECT b.sha256 FROM blobs b WHERE b.provider_id = $1 AND b.sha256 = ANY($2)",
        provider.uuid(),
        hashes,
    )
    .fetch_all(tx.conn())
    .await
}
