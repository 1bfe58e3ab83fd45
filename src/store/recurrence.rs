//! The same problem found again: findings that are like another, and the links between them (R21).

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::types::Json;

use super::root_cause::RootCause;
use super::scope::Scope;
use super::{TenantTx, word};
use crate::domain::recurrence::{self, Place};
use crate::domain::reference::Reference;
use crate::domain::review::Disposition;
use crate::domain::topic::{ReviewKind, Topic};
use crate::ids::{FindingId, FindingLinkId, MemberId, ReviewId, ServiceId, UnitId};

/// A finding, as far as others can be like it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its id; it may not be there yet.
    pub id: FindingId,
    /// Where it was seen.
    pub service: ServiceId,
    /// The unit.
    pub unit: Option<UnitId>,
    /// Its topic.
    pub topic: Topic,
    /// What was found.
    pub what: String,
    /// When.
    pub found_on: NaiveDate,
    /// The review it comes from: what else that found is not this come back.
    pub review: Option<ReviewId>,
}

/// A finding that is like another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Like {
    /// F-0061.
    pub reference: Reference,
    /// What was found.
    pub what: String,
    /// The service's name.
    pub service: String,
    /// The unit's name.
    pub unit: Option<String>,
    /// When it was found.
    pub found_on: NaiveDate,
    /// How far it is.
    pub progress: Progress,
}

/// How far a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How it goes on.
    pub disposition: Disposition,
    /// Its open actions.
    pub open: i64,
    /// Its closed actions.
    pub closed: i64,
    /// When the last of those was closed.
    pub closed_on: Option<NaiveDate>,
}

/// At most eight findings like another of the twelve months before it, in the order in which they are most likely the same.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn like(tx: &mut TenantTx, scope: Scope, asked: &Asked) -> Result<Vec<Like>, sqlx::Error> {
    let provider = tx.provider();
    let topic = Some(asked.topic).filter(|topic| *topic != Topic::Other).map(Topic::as_str);
    let rows = sqlx::query_file!(
        "src/store/sql/like.sql",
        provider.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
        asked.id.uuid(),
        topic,
        asked.service.uuid(),
        asked.unit.map(|unit| unit.uuid()),
        asked.what,
        recurrence::like_since(asked.found_on),
        asked.found_on,
        asked.review.map(|review| review.uuid()),
        recurrence::LIKE_SHARE,
        recurrence::LIKE_WORDS,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let (open, closed, closed_on) = (r.open, r.closed, r.closed_on);
            Ok(Like {
                reference: Reference::finding(r.number),
                what: r.what,
                service: r.service,
                unit: r.unit,
                found_on: r.found_on,
                progress: Progress { disposition: word(&r.disposition)?, open, closed, closed_on },
            })
        })
        .collect()
}

/// How many findings a member sees that came back.
///
/// # Errors
/// The database was lost.
pub async fn count(tx: &mut TenantTx, scope: Scope) -> Result<i64, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT count(DISTINCT f.id) AS "n!" FROM finding_links l JOIN findings f ON f.provider_id = $1 AND f.id = l.finding_id
           WHERE l.provider_id = $1 AND l.withdrawn_at IS NULL AND ($2::bool OR ($3::bool AND f.service_id = ANY(ARRAY(
             SELECT ms.service_id FROM member_services ms WHERE ms.provider_id = $1 AND ms.member_id = $4))) OR f.logged_by = $4)"#,
        provider.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
    )
    .fetch_one(tx.conn())
    .await
}

/// A finding linked to another.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Linked {
    /// Whether it was found before the other; otherwise it is the one that came back.
    pub before: bool,
    pub number: i32,
    pub what: String,
    pub service: String,
    pub unit: Option<String>,
    pub found_on: NaiveDate,
    pub disposition: Disposition,
    pub open: i64,
    pub closed: i64,
    pub closed_on: Option<NaiveDate>,
    /// Who linked them.
    pub by: String,
    pub at: DateTime<Utc>,
    /// What it came from.
    pub kinds: Vec<ReviewKind>,
    /// The actions whose closures did not last, with the day they were closed.
    pub not_lasting: Vec<(i32, NaiveDate)>,
}

impl Linked {
    /// How far it is.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        let (open, closed, closed_on) = (self.open, self.closed, self.closed_on);
        Progress { disposition: self.disposition, open, closed, closed_on }
    }
}

/// What stands on either side of a finding.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// Earlier ones, then later ones, each newest first: those the member sees.
    pub seen: Vec<Linked>,
    /// How many earlier ones there are.
    pub earlier: i64,
    /// How many of them the member does not see.
    pub hidden: i64,
    /// Its root-cause reviews, newest first.
    pub reviews: Vec<RootCause>,
}

/// The findings a finding is linked to.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn links(tx: &mut TenantTx, scope: Scope, finding: FindingId) -> Result<Links, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query_file!(
        "src/store/sql/linked.sql",
        provider.uuid(),
        finding.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    let seen = row.seen.map_or_else(Vec::new, |Json(seen)| seen);
    let reviews = row.reviews.map_or_else(Vec::new, |Json(reviews)| reviews);
    Ok(Links { seen, earlier: row.earlier, hidden: row.hidden, reviews })
}

/// A finding as links see it.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// Its id.
    pub id: FindingId,
    /// When it was found, and its number.
    pub place: Place,
    /// Its service.
    pub service: ServiceId,
    /// Who logged it.
    pub logged_by: MemberId,
}

/// A finding by its number, as links see it.
///
/// # Errors
/// The database was lost.
pub async fn end(tx: &mut TenantTx, number: i32) -> Result<Option<End>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT id AS "id: FindingId", found_on, service_id AS "service: ServiceId", logged_by AS "logged_by: MemberId"
           FROM findings WHERE provider_id = $1 AND number = $2"#,
        provider.uuid(),
        number,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| End {
        id: r.id,
        place: Place { found_on: r.found_on, number },
        service: r.service,
        logged_by: r.logged_by,
    }))
}

/// Links a finding to an earlier one; none when they are linked already.
///
/// # Errors
/// The database refused or was lost.
pub async fn insert_link(
    tx: &mut TenantTx,
    finding: FindingId,
    earlier: FindingId,
) -> Result<Option<FindingLinkId>, sqlx::Error> {
    let (provider, by, at, id) = (tx.provider(), tx.actor(), tx.now(), FindingLinkId::new());
    let done = sqlx::query!(
        "INSERT INTO finding_links (provider_id, id, finding_id, earlier_id, linked_by, linked_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (provider_id, finding_id, earlier_id) WHERE withdrawn_at IS NULL DO NOTHING",
        provider.uuid(),
        id.uuid(),
        finding.uuid(),
        earlier.uuid(),
        by.map(|by| by.uuid()),
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok((done.rows_affected() == 1).then_some(id))
}

/// Withdraws the link between two findings, with a reason; says whether there was one.
///
/// # Errors
/// The database refused or was lost.
pub async fn withdraw_link(
    tx: &mut TenantTx,
    finding: FindingId,
    earlier: FindingId,
    reason: &str,
) -> Result<bool, sqlx::Error> {
    let (provider, by, at) = (tx.provider(), tx.actor(), tx.now());
    let done = sqlx::query!(
        "UPDATE finding_links SET withdrawn_by = $4, withdrawn_at = $5, withdrawn_reason = $6
         WHERE provider_id = $1 AND finding_id = $2 AND earlier_id = $3 AND withdrawn_at IS NULL",
        provider.uuid(),
        finding.uuid(),
        earlier.uuid(),
        by.map(|by| by.uuid()),
        at,
        reason,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
