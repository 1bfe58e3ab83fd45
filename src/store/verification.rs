//! Verifications: one paper for each verdict, never edited (R15, R16, R18a).

use serde_json::{Map, Value};

use super::TenantTx;
use crate::domain::action::Action;
use crate::domain::verification::Verdict;
use crate::ids::VerificationId;

/// Writes a verdict by the acting member on the evidence as it is now, with what it judged.
///
/// # Errors
/// A rule of the database refused (a bug: the domain refuses first), or it was lost.
pub async fn insert(
    tx: &mut TenantTx,
    action: &Action,
    verdict: &Verdict,
    judged: &Value,
) -> Result<VerificationId, sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    let id = VerificationId::new();
    let marks: Map<String, Value> =
        verdict.marks.iter().map(|(kind, mark)| (kind.as_str().to_owned(), mark.as_str().into())).collect();
    sqlx::query!(
        r#"INSERT INTO verifications (provider_id, id, action_id, cycle, verifier_id, method, sample_size, met_standard, note, marks, outcome,
             missing, new_due_on, exception_reason, evidence_rev, judged, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"#,
        provider.uuid(),
        id.uuid(),
        action.id.uuid(),
        action.cycle,
        by.map(|b| b.uuid()),
        verdict.method.as_str(),
        i32::try_from(verdict.sample_size).unwrap_or(i32::MAX),
        i32::try_from(verdict.met_standard).unwrap_or(i32::MAX),
        verdict.note,
        Value::Object(marks),
        verdict.outcome.as_str(),
        verdict.missing,
        verdict.new_due_on,
        verdict.exception_reason,
        action.evidence_rev,
        judged,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}
