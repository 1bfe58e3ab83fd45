//! What stands beside the form for one action of a weekly review.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::types::Json;

use super::Entry;
use crate::ids::{ActionId, EscalationId, WeeklyReviewId};
use crate::store::TenantTx;

/// What stands beside the form for one action.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// What was agreed in the review before this one, and when that was.
    pub last: Option<Entry>,
    /// The updates since then, newest first; without one, the newest.
    pub updates: Vec<Update>,
    /// The highest escalation that waits for a decision.
    pub escalation: Option<Waiting>,
}

/// An update, as the weekly review shows it.
#[derive(Clone, Debug, Deserialize)]
pub struct Update {
    /// Who wrote it.
    pub author: String,
    /// What was done.
    pub note: String,
    /// What is in the way.
    pub barrier: Option<String>,
    /// What would help.
    pub support_needed: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// An escalation without a decision.
#[derive(Clone, Debug, Deserialize)]
pub struct Waiting {
    /// The escalation.
    pub id: EscalationId,
    /// How high it went: 1 or 2.
    pub level: i32,
    /// When.
    pub at: DateTime<Utc>,
}

/// Reads what stands beside the form for `action`.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn beside(tx: &mut TenantTx, id: WeeklyReviewId, action: ActionId) -> Result<Beside, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query_file!("src/store/weekly/beside.sql", provider.uuid(), id.uuid(), action.uuid())
        .fetch_one(tx.conn())
        .await?;
    Ok(Beside {
        last: row.last.map(|Json(last)| last),
        updates: row.updates.map_or_else(Vec::new, |Json(updates)| updates),
        escalation: row.escalation.map(|Json(waiting)| waiting),
    })
}
