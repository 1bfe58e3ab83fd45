//! Closures and reopenings: papers that stay when the action goes on (R17, R18a, R19).

use serde_json::Value;

use super::{TenantTx, words};
use crate::domain::action::Action;
use crate::domain::closure::{Approval, AssuranceDecision};
use crate::domain::topic::ReviewKind;
use crate::domain::verification::Outcome;
use crate::ids::{ClosureId, FindingId};

/// Writes the approval of the acting member, with the proof it rests on. The action has to become closed in the same
/// transaction.
///
/// # Errors
/// A rule of the database refused (a bug: the domain refuses first), or it was lost.
pub async fn insert(
    tx: &mut TenantTx,
    action: &Action,
    approval: Approval,
    note: &str,
    judged: &Value,
) -> Result<ClosureId, sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    let id = ClosureId::new();
    sqlx::query!(
        r#"INSERT INTO closures (provider_id, id, action_id, cycle, closed_by, verification_id, verifier_id, outcome, assurance_id, assurance, note, judged, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"#,
        provider.uuid(),
        id.uuid(),
        action.id.uuid(),
        action.cycle,
        by.map(|b| b.uuid()),
        approval.verification.uuid(),
        approval.verifier.uuid(),
        Outcome::Complete.as_str(),
        approval.assurance.map(|a| a.uuid()),
        approval.assurance.map(|_| AssuranceDecision::Assured.as_str()),
        note,
        judged,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// Writes why the closed action is opened again; before the action itself changes.
///
/// # Errors
/// It was reopened in this cycle already, or the database was lost.
pub async fn insert_reopening(tx: &mut TenantTx, action: &Action, reason: &str) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        r#"INSERT INTO reopenings (provider_id, id, action_id, cycle, reason, reopened_by, at)
           VALUES ($1, gen_random_uuid(), $2, $3, $4, $5, $6)"#,
        provider.uuid(),
        action.id.uuid(),
        action.cycle,
        reason,
        by.map(|b| b.uuid()),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// The kinds of review a finding came from: they choose the closure standard.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn sources(tx: &mut TenantTx, finding: FindingId) -> Result<Vec<ReviewKind>, sqlx::Error> {
    let provider = tx.provider();
    let kinds = sqlx::query_scalar!(
        r#"SELECT DISTINCT r.kind FROM finding_sources s JOIN reviews r ON r.provider_id = s.provider_id AND r.id = s.review_id
           WHERE s.provider_id = $1 AND s.finding_id = $2"#,
        provider.uuid(),
        finding.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    words(&kinds)
}
