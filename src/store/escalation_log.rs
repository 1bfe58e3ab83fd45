//! The escalation log of a service: everything that was raised in a time, and every decision on it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::types::Json;

use super::{TenantTx, word};
use crate::domain::control::ControlDays;
use crate::domain::escalation::{Cause, Decision, Level, Upon};
use crate::domain::topic::Risk;
use crate::ids::{EscalationId, ServiceId};

/// How many escalations a log shows at most.
pub const MOST: i64 = 500;

/// An escalation of the log.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Id.
    pub id: EscalationId,
    /// How high it went.
    pub level: Level,
    /// Why.
    pub cause: Cause,
    /// The date it is about.
    pub due_on: NaiveDate,
    /// What it was raised upon.
    pub upon: Upon,
    /// When it was raised.
    pub at: DateTime<Utc>,
    /// The action's number.
    pub number: i32,
    /// What is to be done.
    pub what: String,
    /// Its risk.
    pub risk: Risk,
    /// The owner's name.
    pub owner: Option<String>,
    /// Every decision on it, oldest first.
    pub decisions: Vec<LogDecision>,
}

/// A decision of the log.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct LogDecision {
    pub decision: Decision,
    pub by: String,
    pub at: DateTime<Utc>,
    pub risk: String,
    pub delay_reason: String,
    pub support_needed: String,
    pub interim_control: String,
    pub because: String,
    pub revised_due_on: Option<NaiveDate>,
    pub control: ControlDays,
}

/// Reads the log of a service from one instant to before another, oldest first, at most `limit`.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn of_service(
    tx: &mut TenantTx,
    service: ServiceId,
    (from, before): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Logged>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_file!(
        "src/store/sql/escalation_log.sql",
        provider.uuid(),
        service.uuid(),
        from,
        before,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Logged {
                id: r.id,
                level: Level::of(r.level, r.alone),
                cause: word(&r.cause)?,
                due_on: r.due_on,
                upon: r.upon.0,
                at: r.at,
                number: r.number,
                what: r.what,
                risk: word(&r.risk)?,
                owner: r.owner,
                decisions: r.decisions.map_or_else(Vec::new, |d| d.0),
            })
        })
        .collect()
}
