//! Evidence: its rows, and who fetched what.

use chrono::{DateTime, NaiveDate, Utc};

use super::blob::Blob;
use super::{TenantTx, word};
use crate::clock::london_date;
use crate::domain::topic::EvidenceKind;
use crate::domain::words;
use crate::ids::{ActionId, EvidenceId, MemberId};

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

/// Writes a piece of evidence by the actor of the transaction. Its blob must be known, see [`super::blob::know`].
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

/// That a piece was withdrawn (R9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// The name of who withdrew it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

impl Withdrawal {
    /// From the columns of a row: all three, or none.
    #[must_use]
    pub fn read(by: Option<String>, at: Option<DateTime<Utc>>, reason: Option<String>) -> Option<Self> {
        Some(Self { by: by?, at: at?, reason: reason? })
    }

    /// "Withdrawn by Amina Okafor on 21 November 2026: wrong unit".
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self { by, at, reason } = self;
        format!("Withdrawn by {by} on {}: {}", words::date(london_date(*at)), reason.trim_end_matches('.'))
    }
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
    /// That it was withdrawn.
    pub withdrawn: Option<Withdrawal>,
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
        let withdrawn = Withdrawal::read(self.withdrawn_by, self.withdrawn_at, self.withdrawn_reason);
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
        "src/store/sql/evidence.sql",
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
        "src/store/sql/evidence.sql",
        provider.uuid(),
        None::<uuid::Uuid>,
        Some(action.uuid()) as Option<uuid::Uuid>
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::into_piece).collect()
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

/// Notes that the actor saw the small picture of a piece (R9a); once a day for each member and piece, because a page
/// asks for it every time it is drawn.
///
/// # Errors
/// The database was lost.
pub async fn note_preview(tx: &mut TenantTx, id: EvidenceId) -> Result<(), sqlx::Error> {
    let (provider, now, actor) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        r#"INSERT INTO downloads (provider_id, id, evidence_id, member_id, at, preview) SELECT $1, $2, $3, $4, $5, true
           WHERE NOT EXISTS (SELECT 1 FROM downloads d WHERE d.provider_id = $1 AND d.evidence_id = $3 AND d.member_id = $4
             AND d.preview AND d.at >= $6::date::timestamp AT TIME ZONE 'Europe/London')"#,
        provider.uuid(),
        uuid::Uuid::now_v7(),
        id.uuid(),
        actor.map(|a| a.uuid()),
        now,
        london_date(now),
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
