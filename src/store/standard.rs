//! The provider's closure standards and the days to do something, by risk (R20).

use super::{TenantTx, word, words};
use crate::domain::standard::{ClosureStandard, DueDays};
use crate::domain::topic::Risk;
use crate::ids::StandardId;

/// Writes closure standards, and the days to do something as a provider begins with them.
///
/// # Errors
/// There is one for the same already, or the database was lost.
pub async fn insert(tx: &mut TenantTx, standards: &[ClosureStandard]) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    for s in standards {
        let (kinds, sustain) = columns(s);
        sqlx::query!(
            r#"INSERT INTO closure_standards (provider_id, id, topic, source, risk, evidence_kinds, verification_working_days, approver,
                 due_working_days, sustain_days, measured_improvement) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"#,
            provider.uuid(),
            s.id.uuid(),
            s.topic.map(|t| t.as_str()),
            s.source.map(|t| t.as_str()),
            s.risk.map(|r| r.as_str()),
            &kinds,
            i32::from(s.verification_working_days),
            s.approver.as_str(),
            i32::from(s.due_working_days),
            &sustain,
            s.measured_improvement,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

fn columns(s: &ClosureStandard) -> (Vec<String>, Vec<i32>) {
    let kinds = s.evidence_kinds.iter().map(|k| k.as_str().to_owned()).collect();
    (kinds, s.sustain_days.iter().map(|d| i32::from(*d)).collect())
}

/// Writes the days to do something by risk, of a provider that has none.
///
/// # Errors
/// They are there, or the database was lost.
pub async fn insert_due_days(tx: &mut TenantTx, days: DueDays) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    for risk in Risk::ALL {
        sqlx::query!(
            "INSERT INTO due_days (provider_id, risk, working_days) VALUES ($1, $2, $3)",
            provider.uuid(),
            risk.as_str(),
            i32::from(days.of(*risk)),
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// The closure standards of the provider, each with the days the provider allows by risk.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn all(tx: &mut TenantTx) -> Result<Vec<ClosureStandard>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT s.id AS "id: StandardId", s.topic, s.source, s.risk, s.evidence_kinds, s.verification_working_days, s.approver,
             s.due_working_days, s.sustain_days, s.measured_improvement, d.low, d.medium, d.high, d.critical
           FROM closure_standards s CROSS JOIN (SELECT max(working_days) FILTER (WHERE risk = 'low') AS low,
             max(working_days) FILTER (WHERE risk = 'medium') AS medium, max(working_days) FILTER (WHERE risk = 'high') AS high,
             max(working_days) FILTER (WHERE risk = 'critical') AS critical FROM due_days WHERE provider_id = $1) d
           WHERE s.provider_id = $1 ORDER BY s.id"#,
        provider.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    let days = |d: i32| u16::try_from(d).unwrap_or(u16::MAX);
    rows.into_iter()
        .map(|r| {
            let stored = [
                (Risk::Low, r.low),
                (Risk::Medium, r.medium),
                (Risk::High, r.high),
                (Risk::Critical, r.critical),
            ];
            let most = stored
                .into_iter()
                .filter_map(|(risk, d)| Some((risk, d?)))
                .fold(DueDays::default(), |most, (risk, d)| most.with(risk, days(d)));
            Ok(ClosureStandard {
                id: r.id,
                topic: r.topic.as_deref().map(word).transpose()?,
                source: r.source.as_deref().map(word).transpose()?,
                risk: r.risk.as_deref().map(word).transpose()?,
                evidence_kinds: words(&r.evidence_kinds)?,
                verification_working_days: days(r.verification_working_days),
                approver: word(&r.approver)?,
                due_working_days: days(r.due_working_days),
                sustain_days: r.sustain_days.into_iter().map(days).collect(),
                measured_improvement: r.measured_improvement,
                most,
            })
        })
        .collect()
}

/// Locks the standards and the days, so that two changes of them follow each other.
///
/// # Errors
/// The database was lost.
pub async fn lock(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!("SELECT risk FROM due_days WHERE provider_id = $1 ORDER BY risk FOR UPDATE", provider.uuid())
        .fetch_all(tx.conn())
        .await
        .map(drop)
}

/// Changes what a standard asks for; what it is for stays.
///
/// # Errors
/// The database refused or was lost.
pub async fn change(tx: &mut TenantTx, s: &ClosureStandard) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    let (kinds, sustain) = columns(s);
    sqlx::query!(
        "UPDATE closure_standards SET evidence_kinds = $3, verification_working_days = $4, approver = $5, due_working_days = $6,
           sustain_days = $7, measured_improvement = $8 WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        s.id.uuid(),
        &kinds,
        i32::from(s.verification_working_days),
        s.approver.as_str(),
        i32::from(s.due_working_days),
        &sustain,
        s.measured_improvement,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Takes a standard away; the one for everything stays.
///
/// # Errors
/// The database refused or was lost.
pub async fn remove(tx: &mut TenantTx, id: StandardId) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "DELETE FROM closure_standards WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Changes the days for a risk.
///
/// # Errors
/// The database refused or was lost.
pub async fn set_due_days(tx: &mut TenantTx, risk: Risk, days: u16) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "UPDATE due_days SET working_days = $3 WHERE provider_id = $1 AND risk = $2",
        provider.uuid(),
        risk.as_str(),
        i32::from(days),
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
