//! The services a member may review, and the weekly reviews that were held.

use chrono::{DateTime, Utc};

use crate::domain::member::{Member, Role, Sight};
use crate::ids::{MemberId, ServiceId, WeeklyReviewId};
use crate::store::{TenantTx, scope, word};

/// Rows on a page of past reviews.
pub const ROWS: i64 = 25;

/// A service and how its weekly review stands.
#[derive(Clone, Debug)]
pub struct Service {
    /// The service.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// Its open actions.
    pub actions: i64,
    /// When a review was last finished.
    pub last_at: Option<DateTime<Utc>>,
    /// By whom.
    pub last_by: Option<String>,
    /// The review under way.
    pub under_way: Option<WeeklyReviewId>,
    /// Who began it.
    pub begun_by: Option<String>,
    /// When.
    pub begun_at: Option<DateTime<Utc>>,
    /// Its actions.
    pub of: i64,
    /// Those with something agreed.
    pub reviewed: i64,
}

/// The services `member` sees, by name.
///
/// # Errors
/// The database was lost.
pub async fn services(tx: &mut TenantTx, member: &Member) -> Result<Vec<Service>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Service,
        r#"SELECT s.id AS "id: ServiceId", s.name,
             (SELECT count(*) FROM actions a WHERE a.provider_id = $1 AND a.service_id = s.id
                AND a.status IN ('not_started', 'in_progress', 'submitted', 'sent_back', 'ineffective', 'verified')) AS "actions!",
             l.finished_at AS "last_at?", l.name AS "last_by?", o.id AS "under_way?: WeeklyReviewId", o.name AS "begun_by?", o.started_at AS "begun_at?",
             (SELECT count(*) FROM weekly_items i WHERE i.provider_id = $1 AND i.weekly_review_id = o.id) AS "of!",
             (SELECT count(DISTINCT e.action_id) FROM weekly_entries e WHERE e.provider_id = $1 AND e.weekly_review_id = o.id) AS "reviewed!"
           FROM services s
           LEFT JOIN LATERAL (SELECT w.finished_at, m.name FROM weekly_reviews w JOIN memberships m ON m.provider_id = w.provider_id AND m.id = w.finished_by
             WHERE w.provider_id = $1 AND w.service_id = s.id AND w.finished_at IS NOT NULL ORDER BY w.finished_at DESC LIMIT 1) l ON true
           LEFT JOIN LATERAL (SELECT w.id, w.started_at, m.name FROM weekly_reviews w JOIN memberships m ON m.provider_id = w.provider_id AND m.id = w.started_by
             WHERE w.provider_id = $1 AND w.service_id = s.id AND w.finished_at IS NULL) o ON true
           WHERE s.provider_id = $1 AND ($2::bool OR s.id = ANY($3::uuid[])) ORDER BY s.name, s.id"#,
        provider.uuid(),
        member.role.sight() == Sight::Provider,
        &scope::services(member),
    )
    .fetch_all(tx.conn())
    .await
}

/// A review that was held.
#[derive(Clone, Debug)]
pub struct Past {
    /// Id.
    pub id: WeeklyReviewId,
    /// The service's name.
    pub service: String,
    /// When it was finished.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// Its actions.
    pub of: i64,
    /// Those with something agreed.
    pub reviewed: i64,
    /// Those nobody came to.
    pub not_reached: i64,
}

/// Finished reviews of the services `member` sees, newest first, those before `after`, at most `limit`; and whether there are older
/// ones.
///
/// # Errors
/// The database was lost.
pub async fn past(
    tx: &mut TenantTx,
    member: &Member,
    after: Option<WeeklyReviewId>,
    limit: i64,
) -> Result<(Vec<Past>, bool), sqlx::Error> {
    let provider = tx.provider();
    let mut rows = sqlx::query_as!(
        Past,
        r#"SELECT w.id AS "id: WeeklyReviewId", s.name AS service, w.finished_at AS "at!", m.name AS by, i.of AS "of!", i.not_reached AS "not_reached!",
             (SELECT count(DISTINCT e.action_id) FROM weekly_entries e WHERE e.provider_id = $1 AND e.weekly_review_id = w.id) AS "reviewed!"
           FROM (SELECT w.* FROM weekly_reviews w WHERE w.provider_id = $1 AND w.finished_at IS NOT NULL AND ($2::bool OR w.service_id = ANY($3::uuid[]))
               AND ($4::uuid IS NULL OR (w.finished_at, w.id) < (SELECT x.finished_at, x.id FROM weekly_reviews x WHERE x.provider_id = $1 AND x.id = $4))
             ORDER BY w.finished_at DESC, w.id DESC LIMIT $5) w
           JOIN services s ON s.provider_id = $1 AND s.id = w.service_id
           JOIN memberships m ON m.provider_id = $1 AND m.id = w.finished_by
           CROSS JOIN LATERAL (SELECT count(*) AS of, count(*) FILTER (WHERE i.left_as = 'not_reached') AS not_reached
             FROM weekly_items i WHERE i.provider_id = $1 AND i.weekly_review_id = w.id) i
           ORDER BY w.finished_at DESC, w.id DESC"#,
        provider.uuid(),
        member.role.sight() == Sight::Provider,
        &scope::services(member),
        after.map(|id| id.uuid()),
        limit + 1,
    )
    .fetch_all(tx.conn())
    .await?;
    let most = usize::try_from(limit).unwrap_or_default();
    let more = rows.len() > most;
    rows.truncate(most);
    Ok((rows, more))
}

/// A member who could have been there.
#[derive(Clone, Debug)]
pub struct Colleague {
    /// The membership.
    pub id: MemberId,
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
}

/// Who could have been there: members given the service, and those who see the whole provider, by name.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn colleagues(tx: &mut TenantTx, service: ServiceId) -> Result<Vec<Colleague>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT m.id AS "id: MemberId", m.name, m.role FROM memberships m
           WHERE m.provider_id = $1 AND m.ended_at IS NULL AND (m.role IN ('safeguarding_lead', 'quality_lead', 'nominated_individual')
             OR EXISTS (SELECT 1 FROM member_services g WHERE g.provider_id = $1 AND g.member_id = m.id AND g.service_id = $2))
           ORDER BY m.name, m.id"#,
        provider.uuid(),
        service.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|r| Ok(Colleague { id: r.id, name: r.name, role: word(&r.role)? })).collect()
}
