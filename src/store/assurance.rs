//! Assurances: the nominated individual's word, never edited (R18, R18a).

use serde_json::Value;

use super::TenantTx;
use crate::domain::action::Action;
use crate::domain::assurance::Word;
use crate::ids::AssuranceId;

/// Writes the word of the acting member on the evidence as it is now, with what it judged.
///
/// # Errors
/// A rule of the database refused (a bug: the domain refuses first), or it was lost.
pub async fn insert(
    tx: &mut TenantTx,
    action: &Action,
    word: &Word,
    judged: &Value,
) -> Result<AssuranceId, sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    let id = AssuranceId::new();
    sqlx::query!(
        r#"INSERT INTO assurances (provider_id, id, action_id, cycle, member_id, decision, note, evidence_rev, judged, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"#,
        provider.uuid(),
        id.uuid(),
        action.id.uuid(),
        action.cycle,
        by.map(|b| b.uuid()),
        word.decision.as_str(),
        word.note,
        action.evidence_rev,
        judged,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}
