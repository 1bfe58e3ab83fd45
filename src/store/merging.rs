//! Actions that were merged into others (R28).

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::types::Json;

use super::scope::Scope;
use super::{TenantTx, word, words};
use crate::domain::merging::Asks;
use crate::domain::reference::Reference;
use crate::domain::topic::EvidenceKind;
use crate::ids::{ActionId, EvidenceId, ServiceId};

/// Whether an escalation of the action waits for a decision.
///
/// # Errors
/// The database was lost.
pub async fn undecided(tx: &mut TenantTx, action: ActionId) -> Result<bool, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM undecided_escalations u WHERE u.provider_id = $1 AND u.action_id = $2) AS "undecided!""#,
        provider.uuid(),
        action.uuid(),
    )
    .fetch_one(tx.conn())
    .await
}

/// Calls an action that is locked off for good, and says into which it went.
///
/// # Errors
/// A rule of the database refused (a bug: the domain refuses first), or it was lost.
pub async fn merge(
    tx: &mut TenantTx,
    from: ActionId,
    into: ActionId,
    reason: &str,
) -> Result<(), sqlx::Error> {
    let (provider, now, actor) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        "UPDATE actions SET version = version + 1, status = 'cancelled', merged_into = $3, cancel_reason = $4, cancelled_by = $5,
           cancelled_at = $6, updated_at = $6 WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        from.uuid(),
        into.uuid(),
        reason,
        actor.map(|a| a.uuid()),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// An action another could be merged into.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Candidate {
    pub what: String,
    pub owner: Option<String>,
    pub asks: Asks,
}

/// The actions of a service that are with their owner, those of the same topic first, at most `limit`.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn candidates(
    tx: &mut TenantTx,
    service: ServiceId,
    but: ActionId,
    limit: i64,
) -> Result<Vec<Candidate>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT a.number, a.what, o.name AS "owner?", a.due_on, a.risk, a.approver,
             ARRAY(SELECT r.kind FROM action_requirements r WHERE r.provider_id = $1 AND r.action_id = a.id) AS "required!"
           FROM actions a JOIN actions g ON g.provider_id = $1 AND g.id = $3
           LEFT JOIN memberships o ON o.provider_id = $1 AND o.id = a.owner_id
           WHERE a.provider_id = $1 AND a.service_id = $2 AND a.id <> $3 AND a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')
           ORDER BY a.topic <> g.topic, a.due_on, a.number LIMIT $4"#,
        provider.uuid(),
        service.uuid(),
        but.uuid(),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let asks = Asks {
                reference: Reference::action(r.number),
                required: words(&r.required)?,
                risk: word(&r.risk)?,
                approver: word(&r.approver)?,
                due_on: r.due_on,
            };
            Ok(Candidate { what: r.what, owner: r.owner, asks })
        })
        .collect()
}

/// A piece of evidence of an action that was merged, in the order of the query's columns.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Piece {
    pub id: EvidenceId,
    pub kind: EvidenceKind,
    pub title: String,
    pub has_file: bool,
    pub reference: Option<String>,
    pub author: String,
    pub about_on: NaiveDate,
}

/// An action that was merged into another.
#[derive(Clone, Debug)]
pub struct Merged {
    /// Its number.
    pub number: i32,
    /// What was to be done.
    pub what: String,
    /// Why they are the same.
    pub reason: String,
    /// Who merged it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Its evidence that was not withdrawn.
    pub evidence: Vec<Piece>,
}

/// What was merged into an action, as far as this member sees it.
///
/// # Errors
/// The database was lost.
pub async fn into_it(tx: &mut TenantTx, action: ActionId, scope: Scope) -> Result<Vec<Merged>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT a.number, a.what, a.cancel_reason AS "reason!", m.name AS by, a.cancelled_at AS "at!",
             (SELECT json_agg(json_build_array(e.id, e.kind, e.title, e.sha256 IS NOT NULL, e.reference, w.name, e.about_on) ORDER BY e.at, e.id)
                FROM evidence e JOIN memberships w ON w.provider_id = $1 AND w.id = e.author_id
                WHERE e.provider_id = $1 AND e.action_id = a.id AND e.withdrawn_at IS NULL) AS "evidence: Json<Vec<Piece>>"
           FROM actions a JOIN memberships m ON m.provider_id = $1 AND m.id = a.cancelled_by
           WHERE a.provider_id = $1 AND a.merged_into = $2
             AND ($3 OR ($4 AND EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = $1 AND ms.member_id = $5 AND ms.service_id = a.service_id))
               OR a.owner_id = $5)
           ORDER BY a.cancelled_at, a.number"#,
        provider.uuid(),
        action.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    let merged = rows.into_iter().map(|r| Merged {
        number: r.number,
        what: r.what,
        reason: r.reason,
        by: r.by,
        at: r.at,
        evidence: r.evidence.map_or_else(Vec::new, |e| e.0),
    });
    Ok(merged.collect())
}
