//! What an escalation is raised upon and what a decision on it sees, besides the case.

use chrono::{DateTime, NaiveDate, Utc};

use super::{TenantTx, word};
use crate::domain::calendar::Nation;
use crate::domain::topic::{Risk, Theme, Topic};
use crate::ids::{ActionId, EvidenceId, FindingId};

/// A closed action on the topic of a new finding.
#[derive(Clone, Copy, Debug)]
pub struct ClosedBefore {
    /// Its number.
    pub number: i32,
    /// When it was closed.
    pub closed_at: DateTime<Utc>,
    /// The new finding's theme.
    pub theme: Theme,
}

/// The action on the same topic in the same service that was closed last, not before `since` and before the day the
/// finding was made (R21); none when the finding has another action than `but`, because it was raised with the first.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn closed_before(
    tx: &mut TenantTx,
    finding: FindingId,
    but: ActionId,
    since: DateTime<Utc>,
) -> Result<Option<ClosedBefore>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT a.number, c.at, f.theme FROM findings f
           JOIN actions a ON a.provider_id = $1 AND a.service_id = f.service_id AND a.topic = f.topic AND a.status = 'closed'
           JOIN closures c ON c.provider_id = $1 AND c.action_id = a.id AND c.id = a.closure_id
           WHERE f.provider_id = $1 AND f.id = $2 AND f.topic <> 'other' AND c.at >= $4 AND (c.at AT TIME ZONE 'Europe/London')::date < f.found_on
             AND NOT EXISTS (SELECT 1 FROM actions x WHERE x.provider_id = $1 AND x.finding_id = $2 AND x.id <> $3)
           ORDER BY c.at DESC, a.number LIMIT 1"#,
        provider.uuid(),
        finding.uuid(),
        but.uuid(),
        since,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| Ok(ClosedBefore { number: r.number, closed_at: r.at, theme: word(&r.theme)? })).transpose()
}

/// An action that is late today, as far as the policy cares.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct LateToday {
    pub number: i32,
    pub due_on: NaiveDate,
    pub nation: Nation,
    pub risk: Risk,
    pub theme: Theme,
    pub topic: Topic,
}

/// The actions that are late today, by number, at most `limit`.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn late(tx: &mut TenantTx, today: NaiveDate, limit: i64) -> Result<Vec<LateToday>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT a.number, a.due_on AS "due_on!", s.nation, a.risk, a.theme, a.topic FROM actions a
           JOIN services s ON s.provider_id = $1 AND s.id = a.service_id
           WHERE a.provider_id = $1 AND a.due_on < $2 AND a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')
           ORDER BY a.number LIMIT $3"#,
        provider.uuid(),
        today,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(LateToday {
                number: r.number,
                due_on: r.due_on,
                nation: word(&r.nation)?,
                risk: word(&r.risk)?,
                theme: word(&r.theme)?,
                topic: word(&r.topic)?,
            })
        })
        .collect()
}

/// The evidence of a cycle that stands, oldest first.
///
/// # Errors
/// The database was lost.
pub async fn evidence(
    tx: &mut TenantTx,
    action: ActionId,
    cycle: i32,
) -> Result<Vec<EvidenceId>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT id AS "id: EvidenceId" FROM evidence
           WHERE provider_id = $1 AND action_id = $2 AND cycle = $3 AND withdrawn_at IS NULL ORDER BY at, id"#,
        provider.uuid(),
        action.uuid(),
        cycle,
    )
    .fetch_all(tx.conn())
    .await
}

/// The newest interim control of a cycle.
///
/// # Errors
/// The database was lost.
pub async fn control(tx: &mut TenantTx, action: ActionId, cycle: i32) -> Result<Option<String>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        "SELECT d.interim_control FROM escalation_decisions d
         JOIN escalations e ON e.provider_id = $1 AND e.id = d.escalation_id AND e.cycle = $3
         WHERE d.provider_id = $1 AND d.action_id = $2 AND d.interim_control <> '' ORDER BY d.at DESC, d.id DESC LIMIT 1",
        provider.uuid(),
        action.uuid(),
        cycle,
    )
    .fetch_optional(tx.conn())
    .await
}
