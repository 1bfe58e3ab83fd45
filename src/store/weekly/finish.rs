//! The end of a weekly review: what is left, and who was there.

use crate::domain::weekly::LeftAs;
use crate::ids::{MemberId, WeeklyReviewId};
use crate::store::TenantTx;

/// How many actions a review is about, those with something agreed, and those closed or cancelled without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub all: i64,
    /// With something agreed.
    pub reviewed: i64,
    /// Closed or cancelled meanwhile.
    pub ended: i64,
}

/// Writes down how each action without a decision is left, and who was there; then finishes the review.
///
/// # Errors
/// The database refused or was lost.
pub async fn finish(
    tx: &mut TenantTx,
    id: WeeklyReviewId,
    present: &[MemberId],
    others: &str,
) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        r#"UPDATE weekly_items i SET left_as = CASE WHEN a.status IN ('closed', 'cancelled') THEN $3 ELSE $4 END FROM actions a
           WHERE i.provider_id = $1 AND i.weekly_review_id = $2 AND a.provider_id = i.provider_id AND a.id = i.action_id
             AND NOT EXISTS (SELECT 1 FROM weekly_entries e WHERE e.provider_id = $1 AND e.weekly_review_id = $2 AND e.action_id = i.action_id)"#,
        provider.uuid(),
        id.uuid(),
        LeftAs::Ended.as_str(),
        LeftAs::NotReached.as_str(),
    )
    .execute(tx.conn())
    .await?;
    let members: Vec<_> = present.iter().map(|member| member.uuid()).collect();
    sqlx::query!(
        "INSERT INTO weekly_attendance (provider_id, weekly_review_id, member_id) SELECT $1, $2, u.id FROM unnest($3::uuid[]) AS u(id)",
        provider.uuid(),
        id.uuid(),
        &members,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "UPDATE weekly_reviews SET finished_by = $3, finished_at = $4, others = $5 WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        by.map(|b| b.uuid()),
        now,
        others,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// How a review stands, counted.
///
/// # Errors
/// The database was lost.
pub async fn tally(tx: &mut TenantTx, id: WeeklyReviewId) -> Result<Tally, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Tally,
        r#"SELECT count(*) AS "all!", count(*) FILTER (WHERE x.reviewed) AS "reviewed!",
             count(*) FILTER (WHERE NOT x.reviewed AND x.ended) AS "ended!"
           FROM (SELECT a.status IN ('closed', 'cancelled') AS ended, EXISTS (SELECT 1 FROM weekly_entries e
               WHERE e.provider_id = $1 AND e.weekly_review_id = $2 AND e.action_id = i.action_id) AS reviewed
             FROM weekly_items i JOIN actions a ON a.provider_id = i.provider_id AND a.id = i.action_id
             WHERE i.provider_id = $1 AND i.weekly_review_id = $2) x"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await
}
