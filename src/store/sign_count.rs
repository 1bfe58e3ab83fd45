//! How many early-warning signs each service has, as the worker counted them last.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{TenantTx, scope};
use crate::domain::member::{Member, Sight};
use crate::ids::ServiceId;

/// What a provider's counts saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// When they were counted.
    pub at: DateTime<Utc>,
    /// The last line of the trail then.
    pub seq: i64,
}

/// When the counts were made, and where the trail ends now.
///
/// # Errors
/// The database was lost.
pub async fn standing(tx: &mut TenantTx) -> Result<(Option<Made>, i64), sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT (SELECT h.seq FROM chain_heads h WHERE h.provider_id = $1) AS head, c.counted_at AS "at?", c.seq AS "seq?"
           FROM (SELECT 1) one LEFT JOIN sign_counts_made c ON c.provider_id = $1"#,
        provider.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    let made = row.at.zip(row.seq).map(|(at, seq)| Made { at, seq });
    Ok((made, row.head.unwrap_or(0)))
}

/// The services of the provider: id and part of the address.
///
/// # Errors
/// The database was lost.
pub async fn services(tx: &mut TenantTx) -> Result<Vec<(ServiceId, String)>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT id AS "id: ServiceId", slug FROM services WHERE provider_id = $1"#,
        provider.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.slug)).collect())
}

/// Writes the counts, and what they saw.
///
/// # Errors
/// The database refused or was lost.
pub async fn set(tx: &mut TenantTx, counts: &[(ServiceId, u64)], seq: i64) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let services: Vec<_> = counts.iter().map(|(service, _)| service.uuid()).collect();
    let totals: Vec<i32> =
        counts.iter().map(|(_, total)| i32::try_from(*total).unwrap_or(i32::MAX)).collect();
    sqlx::query!(
        "INSERT INTO sign_counts (provider_id, service_id, total) SELECT $1, c.service, c.total FROM unnest($2::uuid[], $3::int[]) AS c(service, total)
         ON CONFLICT (provider_id, service_id) DO UPDATE SET total = excluded.total WHERE sign_counts.total <> excluded.total",
        provider.uuid(),
        &services,
        &totals,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO sign_counts_made (provider_id, counted_at, seq) VALUES ($1, $2, $3)
         ON CONFLICT (provider_id) DO UPDATE SET counted_at = excluded.counted_at, seq = excluded.seq",
        provider.uuid(),
        now,
        seq,
    )
    .execute(tx.conn())
    .await
    .map(drop)
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
        r#"SELECT c.counted_at, (SELECT json_agg(json_build_array(s.slug, s.name, n.total) ORDER BY n.total DESC, s.name)
             FROM services s JOIN sign_counts n ON n.provider_id = $1 AND n.service_id = s.id
             WHERE s.provider_id = $1 AND n.total > 0 AND ($2::bool OR s.id = ANY($3::uuid[])) AND ($4::text IS NULL OR s.slug = $4)) AS "services: Json<Vec<(String, String, i32)>>"
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
