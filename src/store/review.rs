//! Reviews: where findings come from.

use chrono::{DateTime, NaiveDate, Utc};

use super::{TenantTx, word};
use crate::domain::reference::Reference;
use crate::domain::review::{FindingFacts, Score};
use crate::domain::topic::ReviewKind;
use crate::ids::{MemberId, ReviewId, ServiceId};

/// Lists of reviews, and what became of their findings.
mod list;

pub use list::{Filter, Outcome, ROWS, Row, outcomes, page, under_way};

/// A review to be written.
#[derive(Clone, Debug)]
pub struct NewReview {
    /// Id, made by the form so that sending it twice starts one review.
    pub id: ReviewId,
    /// Number within the provider.
    pub number: i32,
    /// Kind.
    pub kind: ReviewKind,
    /// What people call it.
    pub title: String,
    /// The service looked at.
    pub service: ServiceId,
    /// The day it was held.
    pub held_on: NaiveDate,
    /// Who held it.
    pub conducted_by: String,
    /// Their own reference; empty for none.
    pub their_reference: String,
    /// The score it gave.
    pub score: Option<Score>,
}

/// Writes a review.
///
/// # Errors
/// The database refused or was lost.
pub async fn insert(tx: &mut TenantTx, new: &NewReview) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        r#"INSERT INTO reviews (provider_id, id, number, kind, title, service_id, held_on, conducted_by, their_reference, score, created_by, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::int4::numeric / 100, $11, $12)"#,
        provider.uuid(),
        new.id.uuid(),
        new.number,
        new.kind.as_str(),
        new.title,
        new.service.uuid(),
        new.held_on,
        new.conducted_by,
        new.their_reference,
        new.score.map(Score::hundredths),
        by.map(|b| b.uuid()),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// A review as its page and the rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Id.
    pub id: ReviewId,
    /// Number within the provider.
    pub number: i32,
    /// Kind.
    pub kind: ReviewKind,
    /// What people call it.
    pub title: String,
    /// The service looked at.
    pub service: ServiceId,
    /// The service's name.
    pub service_name: String,
    /// The day it was held.
    pub held_on: NaiveDate,
    /// Who held it.
    pub conducted_by: String,
    /// Their own reference; empty for none.
    pub their_reference: String,
    /// The score it gave.
    pub score: Option<Score>,
    /// Who started it here.
    pub created_by: MemberId,
    /// The name of who signed it off, and when.
    pub signed_off: Option<(String, DateTime<Utc>)>,
    /// Counted up by every change.
    pub version: i64,
    /// Where the trail ended when this was read.
    pub line: i64,
}

impl Review {
    /// R-0007.
    #[must_use]
    pub const fn reference(&self) -> Reference {
        Reference::review(self.number)
    }
}

/// Reads a review by its number.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn get(tx: &mut TenantTx, number: i32) -> Result<Option<Review>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT r.id AS "id: ReviewId", r.number, r.kind, r.title, r.service_id AS "service: ServiceId", s.name AS service_name, r.held_on,
             r.conducted_by, r.their_reference, (r.score * 100)::int4 AS score, r.created_by AS "created_by: MemberId",
             m.name AS "signed_by?", r.signed_off_at, r.version,
             (SELECT h.seq FROM chain_heads h WHERE h.provider_id = r.provider_id) AS "line!"
           FROM reviews r JOIN services s ON s.provider_id = r.provider_id AND s.id = r.service_id
           LEFT JOIN memberships m ON m.provider_id = r.provider_id AND m.id = r.signed_off_by
           WHERE r.provider_id = $1 AND r.number = $2"#,
        provider.uuid(),
        number,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Review {
            id: r.id,
            number: r.number,
            kind: word(&r.kind)?,
            title: r.title,
            service: r.service,
            service_name: r.service_name,
            held_on: r.held_on,
            conducted_by: r.conducted_by,
            their_reference: r.their_reference,
            score: r.score.and_then(Score::from_hundredths),
            created_by: r.created_by,
            signed_off: r.signed_by.zip(r.signed_off_at),
            version: r.version,
            line: r.line,
        })
    })
    .transpose()
}

/// Locks a review until the transaction ends, then reads it.
///
/// # Errors
/// As [`get`].
pub async fn lock(tx: &mut TenantTx, number: i32) -> Result<Option<Review>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "SELECT id FROM reviews WHERE provider_id = $1 AND number = $2 FOR UPDATE",
        provider.uuid(),
        number
    )
    .fetch_optional(tx.conn())
    .await?;
    get(tx, number).await
}

/// The number of a review, and who started it, if one has this id.
///
/// # Errors
/// The database was lost.
pub async fn by_id(tx: &mut TenantTx, id: ReviewId) -> Result<Option<(i32, MemberId)>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT number, created_by AS "created_by: MemberId" FROM reviews WHERE provider_id = $1 AND id = $2"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| (r.number, r.created_by)))
}

/// What signing off looks at, for each finding of the review (R5), by number.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn facts(tx: &mut TenantTx, review: ReviewId) -> Result<Vec<FindingFacts>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT f.number, f.disposition, count(DISTINCT a.id) AS "actions!",
             count(DISTINCT a.id) FILTER (WHERE m.id IS NOT NULL AND a.due_on IS NOT NULL) AS "ready!"
           FROM finding_sources x JOIN findings f ON f.provider_id = x.provider_id AND f.id = x.finding_id
           LEFT JOIN actions b ON b.provider_id = f.provider_id AND b.finding_id = f.id
           -- what was merged is answered by the action that stays
           LEFT JOIN actions a ON a.provider_id = b.provider_id AND a.id = coalesce(b.merged_into, b.id) AND a.status <> 'cancelled'
           LEFT JOIN memberships m ON m.provider_id = a.provider_id AND m.id = a.owner_id AND m.ended_at IS NULL
           WHERE x.provider_id = $1 AND x.review_id = $2 GROUP BY f.id, f.number, f.disposition ORDER BY f.number"#,
        provider.uuid(),
        review.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    let few = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    rows.into_iter()
        .map(|r| {
            Ok(FindingFacts {
                reference: Reference::finding(r.number),
                disposition: word(&r.disposition)?,
                actions: few(r.actions),
                owned_and_dated: few(r.ready),
            })
        })
        .collect()
}

/// Signs a locked review off.
///
/// # Errors
/// A rule of the database refused (a bug: the domain refuses first), or it was lost.
pub async fn sign_off(tx: &mut TenantTx, review: ReviewId) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        "UPDATE reviews SET signed_off_by = $3, signed_off_at = $4, version = version + 1 WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        review.uuid(),
        by.map(|b| b.uuid()),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
