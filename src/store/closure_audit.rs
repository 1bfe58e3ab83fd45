//! Closure audits: what was drawn, from what, and whether its evidence stood up (R26).

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::{TenantTx, word};
use crate::domain::audit_sample::Closed;
use crate::domain::closure_audit::Judges;
use crate::domain::topic::{Risk, Theme};
use crate::ids::{ActionId, ClosureAuditId, ClosureId, MemberId, ServiceId};

/// How many audits the list shows.
pub const ROWS: i64 = 40;

/// The closures of a quarter that stand: those of actions that have opened again since are left out.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn closed_in(
    tx: &mut TenantTx,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Vec<Closed>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT c.id AS "id: ClosureId", a.service_id AS "service: ServiceId", a.theme FROM closures c
           JOIN actions a ON a.provider_id = $1 AND a.id = c.action_id AND a.status = 'closed' AND a.closure_id = c.id
           WHERE c.provider_id = $1 AND (c.at AT TIME ZONE 'Europe/London')::date BETWEEN $2 AND $3"#,
        provider.uuid(),
        first,
        last,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| Ok(Closed { closure: r.id, service: r.service, theme: word(&r.theme)? }))
        .collect()
}

/// A sample that was drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The audit.
    pub id: ClosureAuditId,
    /// The first day of its quarter.
    pub quarter: NaiveDate,
    /// The number it was drawn with.
    pub seed: u32,
    /// How many closures it was drawn from.
    pub population: usize,
    /// The hash of their ids.
    pub digest: String,
}

/// Writes a sample in the order in which it was drawn; false when the quarter has one.
///
/// # Errors
/// A rule of the database refused (a bug: the domain refuses first), or it was lost.
pub async fn insert(tx: &mut TenantTx, drawn: &Drawn, sample: &[ClosureId]) -> Result<bool, sqlx::Error> {
    let (provider, by, at) = (tx.provider(), tx.actor(), tx.now());
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let done = sqlx::query!(
        "INSERT INTO closure_audits (provider_id, id, quarter, seed, population, digest, size, drawn_by, drawn_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (provider_id, quarter) DO NOTHING",
        provider.uuid(),
        drawn.id.uuid(),
        drawn.quarter,
        i64::from(drawn.seed),
        count(drawn.population),
        drawn.digest,
        count(sample.len()),
        by.map(|by| by.uuid()),
        at,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let closures: Vec<_> = sample.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "INSERT INTO closure_audit_items (provider_id, audit_id, closure_id, action_id, place)
         SELECT $1, $2, c.id, c.action_id, x.place::int FROM unnest($3::uuid[]) WITH ORDINALITY AS x(id, place)
         JOIN closures c ON c.provider_id = $1 AND c.id = x.id",
        provider.uuid(),
        drawn.id.uuid(),
        &closures,
    )
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// An audit in the list.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Audit {
    pub quarter: NaiveDate,
    pub seed: i64,
    pub population: i32,
    pub digest: String,
    pub size: i32,
    pub drawn_by: String,
    pub drawn_at: DateTime<Utc>,
    /// How many were answered.
    pub answered: i64,
    /// How many of them do not stand up.
    pub failed: i64,
    /// How many opened again before anybody came to them.
    pub gone: i64,
}

/// The audits, newest quarter first; or the one of a quarter.
///
/// # Errors
/// The database was lost.
pub async fn audits(tx: &mut TenantTx, of: Option<NaiveDate>) -> Result<Vec<Audit>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Audit,
        r#"SELECT d.quarter, d.seed, d.population, d.digest, d.size, m.name AS drawn_by, d.drawn_at, n.answered AS "answered!", n.failed AS "failed!", n.gone AS "gone!"
           FROM closure_audits d JOIN memberships m ON m.provider_id = $1 AND m.id = d.drawn_by
           CROSS JOIN LATERAL (SELECT count(r.closure_id) AS answered, count(r.closure_id) FILTER (WHERE NOT r.stands_up) AS failed,
               count(*) FILTER (WHERE r.closure_id IS NULL AND a.closure_id IS DISTINCT FROM i.closure_id) AS gone
             FROM closure_audit_items i JOIN actions a ON a.provider_id = $1 AND a.id = i.action_id
             LEFT JOIN closure_audit_results r ON r.provider_id = $1 AND r.closure_id = i.closure_id
             WHERE i.provider_id = $1 AND i.audit_id = d.id) n
           WHERE d.provider_id = $1 AND ($2::date IS NULL OR d.quarter = $2) ORDER BY d.quarter DESC LIMIT $3"#,
        provider.uuid(),
        of,
        ROWS,
    )
    .fetch_all(tx.conn())
    .await
}

/// Something that was drawn.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Item {
    pub number: i32,
    pub what: String,
    pub service: String,
    pub theme: Theme,
    pub risk: Risk,
    pub closed_by: String,
    pub closed_at: DateTime<Utc>,
    /// Whether it stood up, by whom, why, when.
    pub result: Option<(bool, String, String, DateTime<Utc>)>,
    /// It opened again before anybody came to it.
    pub gone: bool,
    /// The member has owned it, checked it, assured it or approved it.
    pub judged: bool,
}

/// What was drawn for a quarter, in its order.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn items(tx: &mut TenantTx, quarter: NaiveDate, me: MemberId) -> Result<Vec<Item>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT a.number, a.what, s.name AS service, a.theme, a.risk, k.name AS closed_by, c.at AS closed_at, r.stands_up AS "stands_up?", r.reason AS "reason?",
             u.name AS "audited_by?", r.at AS "audited_at?", (r.closure_id IS NULL AND a.closure_id IS DISTINCT FROM i.closure_id) AS "gone!",
             ($3 IN (c.closed_by, c.verifier_id) OR coalesce((SELECT x.member_id = $3 FROM assurances x WHERE x.provider_id = $1 AND x.id = c.assurance_id), false)
               OR EXISTS (SELECT 1 FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = c.cycle AND w.member_id = $3)) AS "judged!"
           FROM closure_audits d JOIN closure_audit_items i ON i.provider_id = $1 AND i.audit_id = d.id
           JOIN closures c ON c.provider_id = $1 AND c.id = i.closure_id JOIN actions a ON a.provider_id = $1 AND a.id = i.action_id
           JOIN services s ON s.provider_id = $1 AND s.id = a.service_id JOIN memberships k ON k.provider_id = $1 AND k.id = c.closed_by
           LEFT JOIN closure_audit_results r ON r.provider_id = $1 AND r.closure_id = i.closure_id LEFT JOIN memberships u ON u.provider_id = $1 AND u.id = r.audited_by
           WHERE d.provider_id = $1 AND d.quarter = $2 ORDER BY i.place"#,
        provider.uuid(),
        quarter,
        me.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let result = match (r.stands_up, r.audited_by, r.reason, r.audited_at) {
                (Some(stands_up), Some(by), Some(reason), Some(at)) => Some((stands_up, by, reason, at)),
                _ => None,
            };
            Ok(Item {
                number: r.number,
                what: r.what,
                service: r.service,
                theme: word(&r.theme)?,
                risk: word(&r.risk)?,
                closed_by: r.closed_by,
                closed_at: r.closed_at,
                result,
                gone: r.gone,
                judged: r.judged,
            })
        })
        .collect()
}

/// A closure that was drawn and waits for its audit.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The audit.
    pub audit: ClosureAuditId,
    /// The first day of its quarter.
    pub quarter: NaiveDate,
    /// It.
    pub closure: ClosureId,
    /// Why it was approved.
    pub note: String,
    /// Who judged it.
    pub judges: Judges,
}

/// The closure of an action that waits for its audit; none when it was not drawn, was audited or has opened again.
///
/// # Errors
/// The database was lost.
pub async fn waiting(tx: &mut TenantTx, action: ActionId) -> Result<Option<Waiting>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT d.id AS "audit: ClosureAuditId", d.quarter, c.id AS "closure: ClosureId", c.note,
             array_remove(ARRAY[c.closed_by, c.verifier_id, (SELECT x.member_id FROM assurances x WHERE x.provider_id = $1 AND x.id = c.assurance_id)], NULL) AS "judges!: Vec<MemberId>"
           FROM actions a JOIN closures c ON c.provider_id = $1 AND c.id = a.closure_id
           JOIN closure_audit_items i ON i.provider_id = $1 AND i.closure_id = c.id JOIN closure_audits d ON d.provider_id = $1 AND d.id = i.audit_id
           WHERE a.provider_id = $1 AND a.id = $2 AND a.status = 'closed'
             AND NOT EXISTS (SELECT 1 FROM closure_audit_results r WHERE r.provider_id = $1 AND r.closure_id = c.id)"#,
        provider.uuid(),
        action.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| Waiting {
        audit: r.audit,
        quarter: r.quarter,
        closure: r.closure,
        note: r.note,
        judges: Judges(r.judges),
    }))
}

/// Writes whether the evidence of a closure stands up; what does not has to open again in the same transaction.
///
/// # Errors
/// A rule of the database refused (a bug: the domain refuses first), or it was lost.
pub async fn answer(
    tx: &mut TenantTx,
    (action, waiting): (ActionId, &Waiting),
    (stands_up, reason): (bool, &str),
    judged: &Value,
) -> Result<bool, sqlx::Error> {
    let (provider, by, at) = (tx.provider(), tx.actor(), tx.now());
    let done = sqlx::query!(
        "INSERT INTO closure_audit_results (provider_id, audit_id, closure_id, action_id, stands_up, reason, judged, audited_by, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        provider.uuid(),
        waiting.audit.uuid(),
        waiting.closure.uuid(),
        action.uuid(),
        stands_up,
        reason,
        judged,
        by.map(|by| by.uuid()),
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
