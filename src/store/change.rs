//! The earlier owner, words or date of an action, with the reason for the change (R6, R7).

use super::TenantTx;
use crate::domain::text_enum::text_enum;
use crate::ids::ActionId;

text_enum! {
    /// What was changed.
    pub enum Field {
        /// What is to be done.
        What => "what", "What is to be done";
        /// How success will be tested.
        SuccessTest => "success_test", "How success will be tested";
        /// The owner, by name.
        Owner => "owner", "Owner";
        /// The due date, as 2026-11-21.
        DueOn => "due_on", "Due date";
    }
}

/// One change.
#[derive(Clone, Copy, Debug)]
pub struct NewChange<'a> {
    /// What was changed.
    pub field: Field,
    /// What was there.
    pub before: Option<&'a str>,
    /// What is there now.
    pub after: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// Writes one change of the cycle the action is in.
///
/// # Errors
/// The action is closed or in another cycle (a bug: the domain refuses first), or the database was lost.
pub async fn insert(
    tx: &mut TenantTx,
    action: ActionId,
    cycle: i32,
    change: NewChange<'_>,
) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        r#"INSERT INTO action_changes (provider_id, id, action_id, cycle, field, before, after, reason, changed_by, changed_at)
           VALUES ($1, gen_random_uuid(), $2, $3, $4, $5, $6, $7, $8, $9)"#,
        provider.uuid(),
        action.uuid(),
        cycle,
        change.field.as_str(),
        change.before,
        change.after,
        change.reason,
        by.map(|b| b.uuid()),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
