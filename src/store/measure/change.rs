//! A measure is changed or ends; what it was stays readable (R23).

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::types::Json;

use super::super::TenantTx;
use crate::domain::measure::Definition;
use crate::ids::MeasureId;

/// Locks a measure until the transaction ends: its version, unless it has ended.
///
/// # Errors
/// The database was lost.
pub async fn lock(tx: &mut TenantTx, of: MeasureId) -> Result<Option<i32>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        "SELECT version FROM measures WHERE provider_id = $1 AND id = $2 AND ended_at IS NULL FOR UPDATE",
        provider.uuid(),
        of.uuid(),
    )
    .fetch_optional(tx.conn())
    .await
}

/// Writes what a locked measure becomes, or that it ends, after what it was.
///
/// # Errors
/// A rule of the database refused (a bug: the domain refuses first), or it was lost.
pub async fn write(
    tx: &mut TenantTx,
    of: MeasureId,
    before: &Definition,
    after: Option<&Definition>,
    reason: &str,
) -> Result<(), sqlx::Error> {
    let (provider, by, at) = (tx.provider(), tx.actor().map(|by| by.uuid()), tx.now());
    sqlx::query!(
        "INSERT INTO measure_changes (provider_id, measure_id, version, before, after, reason, by, at)
         SELECT $1, $2, m.version, $3, $4, $5, $6, $7 FROM measures m WHERE m.provider_id = $1 AND m.id = $2",
        provider.uuid(),
        of.uuid(),
        Json(before) as _,
        after.map(Json) as _,
        reason,
        by,
        at,
    )
    .execute(tx.conn())
    .await?;
    let now = after.unwrap_or(before);
    sqlx::query!(
        "UPDATE measures SET version = version + 1, name = $3, target = $4, deadline = $5, owner_id = $6, cadence = $7,
           ended_by = CASE WHEN $8::bool THEN $9::uuid END, ended_at = CASE WHEN $8 THEN $10::timestamptz END WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        of.uuid(),
        now.name,
        now.target,
        now.deadline,
        now.owner.map(|owner| owner.uuid()),
        now.cadence.as_str(),
        after.is_none(),
        by,
        at,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// A change of a measure, or its end.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Changed {
    pub before: Definition,
    /// None when it ended.
    pub after: Option<Definition>,
    pub owner_before: Option<String>,
    pub owner_after: Option<String>,
    pub reason: String,
    pub by: String,
    pub at: DateTime<Utc>,
}

/// What was changed of a measure, newest first.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn changes(tx: &mut TenantTx, of: MeasureId) -> Result<Vec<Changed>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT c.before AS "before: Json<Definition>", c.after AS "after: Json<Definition>", c.reason, c.at, m.name AS by, o.name AS "owner_before?", n.name AS "owner_after?"
           FROM measure_changes c JOIN memberships m ON m.provider_id = $1 AND m.id = c.by
           LEFT JOIN memberships o ON o.provider_id = $1 AND o.id = (c.before ->> 'owner')::uuid
           LEFT JOIN memberships n ON n.provider_id = $1 AND n.id = (c.after ->> 'owner')::uuid
           WHERE c.provider_id = $1 AND c.measure_id = $2 ORDER BY c.version DESC LIMIT 100"#,
        provider.uuid(),
        of.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    let changed = rows.into_iter().map(|r| Changed {
        before: r.before.0,
        after: r.after.map(|Json(after)| after),
        owner_before: r.owner_before,
        owner_after: r.owner_after,
        reason: r.reason,
        by: r.by,
        at: r.at,
    });
    Ok(changed.collect())
}
