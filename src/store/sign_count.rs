//! How many early-warning signs each service has, as the worker counted them last, and what it saw then.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::types::Json;

use super::{TenantTx, scope};
use crate::clock::london_date;
use crate::domain::member::{Member, Sight};
use crate::ids::ServiceId;

/// What a provider's counts saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// When they were counted.
    pub at: DateTime<Utc>,
    /// The last line of the trail then.
    pub seq: i64,
    /// How often people and places had changed by then.
    pub revision: i64,
}

/// When the counts were made, and what stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The counts, if there are any.
    pub made: Option<Made>,
    /// The last line of the trail.
    pub head: i64,
    /// How often people and places changed.
    pub revision: i64,
}

/// How the counts stand; none while somebody else counts.
///
/// # Errors
/// The database was lost.
pub async fn standing(tx: &mut TenantTx) -> Result<Option<Standing>, sqlx::Error> {
    let provider = tx.provider();
    let made = sqlx::query!(
        "SELECT c.counted_at, c.seq, c.revision FROM sign_counts_made c WHERE c.provider_id = $1 FOR UPDATE SKIP LOCKED",
        provider.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    let now = sqlx::query!(
        r#"SELECT coalesce((SELECT h.seq FROM chain_heads h WHERE h.provider_id = $1), 0) AS "head!",
             coalesce((SELECT v.revision FROM revisions v WHERE v.provider_id = $1), 0) AS "revision!",
             EXISTS (SELECT 1 FROM sign_counts_made c WHERE c.provider_id = $1) AS "counted!""#,
        provider.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    let made = made.map(|m| Made { at: m.counted_at, seq: m.seq, revision: m.revision });
    let free = made.is_some() || !now.counted;
    Ok(free.then_some(Standing { made, head: now.head, revision: now.revision }))
}

/// The services to be counted: all of the provider, or those in which something happened since.
///
/// # Errors
/// The database was lost.
pub async fn services(tx: &mut TenantTx, since: Option<Made>) -> Result<Vec<ServiceId>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT s.id AS "id: ServiceId" FROM services s
           WHERE s.provider_id = $1 AND ($2::bigint IS NULL OR s.id = ANY(app.services_with_news($1, $2, $3::timestamptz))) ORDER BY s.id"#,
        provider.uuid(),
        since.map(|made| made.seq),
        since.map(|made| made.at),
    )
    .fetch_all(tx.conn())
    .await
}

/// Notes that the counts are as of this line and revision.
///
/// # Errors
/// The database refused or was lost.
pub async fn made(tx: &mut TenantTx, seq: i64, revision: i64) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query!(
        "INSERT INTO sign_counts_made (provider_id, counted_at, seq, revision) VALUES ($1, $2, $3, $4)
         ON CONFLICT (provider_id) DO UPDATE SET counted_at = excluded.counted_at, seq = excluded.seq, revision = excluded.revision",
        provider.uuid(),
        now,
        seq,
        revision,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

impl Made {
    /// Whether they were counted on this day.
    #[must_use]
    pub fn on(&self, today: NaiveDate) -> bool {
        london_date(self.at) == today
    }
}

/// The counts of the services a member sees, most first, and when they were counted; services without a sign are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// When.
    pub at: DateTime<Utc>,
    /// Each service's part of the address, its name and its signs.
    pub services: Vec<(String, String, i32)>,
}

/// Reads the counts as far as `member` sees them, in one service or all; none when nothing was counted yet.
///
/// # Errors
/// The database was lost.
pub async fn of(
    tx: &mut TenantTx,
    member: &Member,
    service: Option<&str>,
) -> Result<Option<Counted>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT c.counted_at, (SELECT json_agg(json_build_array(x.slug, x.name, x.total) ORDER BY x.total DESC, x.name)
             FROM (SELECT s.slug, s.name, (SELECT sum(n.total) FROM sign_counts n WHERE n.provider_id = $1 AND n.service_id = s.id AND NOT n.quiet) AS total
               FROM services s WHERE s.provider_id = $1 AND ($2::bool OR s.id = ANY($3::uuid[])) AND ($4::text IS NULL OR s.slug = $4)) x
             WHERE x.total > 0) AS "services: Json<Vec<(String, String, i32)>>"
           FROM sign_counts_made c WHERE c.provider_id = $1"#,
        provider.uuid(),
        member.role.sight() == Sight::Provider,
        &scope::services(member),
        service,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Counted {
        at: row.counted_at,
        services: row.services.map_or_else(Vec::new, |Json(services)| services),
    }))
}
