//! Progress updates.

use chrono::{DateTime, NaiveDate, Utc};

use super::TenantTx;
use crate::ids::{ActionId, UpdateId};

/// A progress update to be written (R9).
#[derive(Clone, Debug)]
pub struct NewUpdate<'a> {
    /// Id, made by the form so that sending it twice records it once.
    pub id: UpdateId,
    /// The action.
    pub action: ActionId,
    /// The action's cycle.
    pub cycle: i32,
    /// What was done.
    pub note: &'a str,
    /// When it was done.
    pub done_on: Option<NaiveDate>,
    /// What is in the way.
    pub barrier: Option<&'a str>,
    /// What would help.
    pub support_needed: Option<&'a str>,
}

/// Writes an update by the actor of the transaction.
///
/// # Errors
/// A rule of the database refused, or it was lost.
pub async fn insert(tx: &mut TenantTx, new: &NewUpdate<'_>) -> Result<(), sqlx::Error> {
    let (provider, now, actor) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        r#"INSERT INTO updates (provider_id, id, action_id, cycle, author_id, note, done_on, barrier, support_needed, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"#,
        provider.uuid(),
        new.id.uuid(),
        new.action.uuid(),
        new.cycle,
        actor.map(|a| a.uuid()),
        new.note,
        new.done_on,
        new.barrier,
        new.support_needed,
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Whether a form with this id was recorded on the action before: its update, or its first piece of evidence when it
/// had no note.
///
/// # Errors
/// The database was lost.
pub async fn was_recorded(tx: &mut TenantTx, action: ActionId, id: UpdateId) -> Result<bool, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM updates u WHERE u.provider_id = $1 AND u.id = $2 AND u.action_id = $3)
             OR EXISTS (SELECT 1 FROM evidence e WHERE e.provider_id = $1 AND e.id = $2 AND e.action_id = $3) AS "recorded!""#,
        provider.uuid(),
        id.uuid(),
        action.uuid(),
    )
    .fetch_one(tx.conn())
    .await
}

/// An update as its action's page shows it.
#[derive(Clone, Debug)]
pub struct Update {
    /// Id.
    pub id: UpdateId,
    /// The cycle it belongs to.
    pub cycle: i32,
    /// Who wrote it.
    pub author: String,
    /// What was done.
    pub note: String,
    /// When it was done.
    pub done_on: Option<NaiveDate>,
    /// What is in the way.
    pub barrier: Option<String>,
    /// What would help.
    pub support_needed: Option<String>,
    /// When it was written.
    pub at: DateTime<Utc>,
}

/// The newest update of an action in its present cycle: where it stands, and what is in the way.
///
/// # Errors
/// The database was lost.
pub async fn newest(tx: &mut TenantTx, action: ActionId) -> Result<Option<Update>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Update,
        r#"SELECT u.id AS "id: UpdateId", u.cycle, m.name AS author, u.note, u.done_on, u.barrier, u.support_needed, u.at
           FROM updates u JOIN actions a ON a.provider_id = u.provider_id AND a.id = u.action_id AND a.cycle = u.cycle
           JOIN memberships m ON m.provider_id = u.provider_id AND m.id = u.author_id
           WHERE u.provider_id = $1 AND u.action_id = $2 ORDER BY u.at DESC, u.id DESC LIMIT 1"#,
        provider.uuid(),
        action.uuid(),
    )
    .fetch_optional(tx.conn())
    .await
}
