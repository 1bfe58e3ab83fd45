//! Actions: the facts for the rules, and every write to the row itself.

use chrono::{DateTime, NaiveDate, Utc};

use super::TenantTx;
use crate::domain::action::Status;
use crate::domain::standard::Approver;
use crate::domain::topic::EvidenceKind;
use crate::ids::{ActionId, ClosureId, FindingId, MemberId, ServiceId};

/// A new action as agreed (R2, R3).
#[derive(Clone, Debug)]
pub struct NewAction {
    /// Id, made by the form so that sending it twice defines one action.
    pub id: ActionId,
    /// Number within the provider.
    pub number: i32,
    /// The finding it answers.
    pub finding_id: FindingId,
    /// Where it is to be done.
    pub service_id: ServiceId,
    /// What is to be done.
    pub what: String,
    /// How success will be tested.
    pub success_test: String,
    /// Why vague wording was kept.
    pub wording_override: Option<String>,
    /// The owner.
    pub owner_id: Option<MemberId>,
    /// The due date.
    pub due_on: Option<NaiveDate>,
    /// The follow-up audit point.
    pub follow_up_on: Option<NaiveDate>,
    /// Evidence required; at least one kind.
    pub required: Vec<EvidenceKind>,
    /// The verification window in working days.
    pub verification_working_days: u16,
    /// Who approves closure.
    pub approver: Approver,
    /// After how many days its impact is looked at.
    pub sustain_days: Option<u16>,
    /// Whether it closes only with measured improvement.
    pub measured_improvement: bool,
}

/// Writes a new action and the evidence required for it.
///
/// # Errors
/// The database refused or was lost.
pub async fn insert(tx: &mut TenantTx, new: &NewAction) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let by = tx.actor();
    sqlx::query!(
        r#"INSERT INTO actions (provider_id, id, number, finding_id, service_id, what, success_test, wording_override, owner_id,
             due_on, follow_up_on, verification_working_days, approver, created_by, created_at, sustain_days, measured_improvement)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"#,
        provider.uuid(),
        new.id.uuid(),
        new.number,
        new.finding_id.uuid(),
        new.service_id.uuid(),
        new.what,
        new.success_test,
        new.wording_override,
        new.owner_id.map(|o| o.uuid()),
        new.due_on,
        new.follow_up_on,
        i32::from(new.verification_working_days),
        new.approver.as_str(),
        by.map(|b| b.uuid()),
        now,
        new.sustain_days.map(i32::from),
        new.measured_improvement,
    )
    .execute(tx.conn())
    .await?;
    let kinds: Vec<String> = new.required.iter().map(|k| k.as_str().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO action_requirements (provider_id, action_id, kind) SELECT $1, $2, kind FROM unnest($3::text[]) AS k(kind)",
        provider.uuid(),
        new.id.uuid(),
        &kinds,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// After how many days the impact of an action is looked at, as the closure standard said when it was agreed.
///
/// # Errors
/// The database was lost.
pub async fn agreed_sustain_days(tx: &mut TenantTx, id: ActionId) -> Result<Option<u64>, sqlx::Error> {
    let provider = tx.provider();
    let days = sqlx::query_scalar!(
        "SELECT sustain_days FROM actions WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(days.flatten().and_then(|d| u64::try_from(d).ok()))
}

/// What a write changes on the row; what is none stays. The version is always counted up.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The next status, with the new cycle if one begins.
    pub status: Option<Status>,
    /// Whether a new cycle begins.
    pub new_cycle: bool,
    /// Start of the verification window and its last day; cleared when the status goes back to the owner.
    pub window: Option<(DateTime<Utc>, NaiveDate)>,
    /// A new due date.
    pub due_on: Option<NaiveDate>,
    /// Whether that date counts as an extension (R6).
    pub extension: bool,
    /// A new follow-up audit point.
    pub follow_up_on: Option<NaiveDate>,
    /// Another owner (R7).
    pub owner: Option<MemberId>,
    /// New words: what, success test, and why vague wording is kept (R6).
    pub wording: Option<(String, String, Option<String>)>,
    /// The closure that closes it.
    pub closure: Option<ClosureId>,
    /// Why it is cancelled.
    pub cancel_reason: Option<String>,
    /// Whether its owner or another recorded something, so that it is not stale.
    pub touched: bool,
}

/// Writes a change to an action that is locked by [`super::case::lock`].
///
/// # Errors
/// A rule of the database refused (a bug: the domain refuses first), or it was lost.
pub async fn change(tx: &mut TenantTx, id: ActionId, change: &Change) -> Result<(), sqlx::Error> {
    let (provider, now, actor) = (tx.provider(), tx.now(), tx.actor());
    let (submitted_at, verify_by) = change.window.map_or((None, None), |(at, by)| (Some(at), Some(by)));
    let (what, success_test, kept) =
        change.wording.clone().map_or((None, None, None), |(w, s, k)| (Some(w), Some(s), k));
    sqlx::query!(
        r#"UPDATE actions SET version = version + 1,
             status = coalesce($3, status),
             cycle = cycle + $4::bool::int,
             submitted_at = CASE WHEN $5::timestamptz IS NOT NULL THEN $5 WHEN coalesce($3, status) IN ('submitted', 'verified', 'closed') THEN submitted_at END,
             verify_by = CASE WHEN $6::date IS NOT NULL THEN $6 WHEN coalesce($3, status) IN ('submitted', 'verified', 'closed') THEN verify_by END,
             due_on = coalesce($7, due_on),
             extensions = extensions + $8::bool::int,
             follow_up_on = coalesce($9, follow_up_on),
             owner_id = coalesce($10, owner_id),
             owner_changes = owner_changes + ($10::uuid IS NOT NULL AND owner_id IS NOT NULL AND owner_id IS DISTINCT FROM $10)::int,
             rewordings = rewordings + ($11::text IS NOT NULL)::int,
             what = coalesce($11, what),
             success_test = coalesce($12, success_test),
             wording_override = CASE WHEN $11::text IS NULL THEN wording_override ELSE $13 END,
             closure_id = CASE WHEN coalesce($3, status) = 'closed' THEN coalesce($14, closure_id) END,
             cancel_reason = $15,
             cancelled_by = CASE WHEN $15::text IS NOT NULL THEN $16::uuid END,
             cancelled_at = CASE WHEN $15::text IS NOT NULL THEN $17::timestamptz END,
             updated_at = CASE WHEN $18::bool THEN $17 ELSE updated_at END
           WHERE provider_id = $1 AND id = $2"#,
        provider.uuid(),
        id.uuid(),
        change.status.map(|s| s.as_str()),
        change.new_cycle,
        submitted_at,
        verify_by,
        change.due_on,
        change.extension,
        change.follow_up_on,
        change.owner.map(|o| o.uuid()),
        what,
        success_test,
        kept,
        change.closure.map(|c| c.uuid()),
        change.cancel_reason,
        actor.map(|a| a.uuid()),
        now,
        change.touched,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// The next number of a kind of thing in this provider; the counter stays locked until the transaction ends.
///
/// # Errors
/// The database was lost.
pub async fn next_number(
    tx: &mut TenantTx,
    kind: crate::domain::reference::Kind,
) -> Result<i32, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        "UPDATE reference_counters SET last = last + 1 WHERE provider_id = $1 AND kind = $2 RETURNING last",
        provider.uuid(),
        kind.as_str(),
    )
    .fetch_one(tx.conn())
    .await
}

/// The number of an action, and its finding, if one has this id.
///
/// # Errors
/// The database was lost.
pub async fn by_id(tx: &mut TenantTx, id: ActionId) -> Result<Option<(i32, FindingId)>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT number, finding_id AS "finding: FindingId" FROM actions WHERE provider_id = $1 AND id = $2"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| (r.number, r.finding)))
}
