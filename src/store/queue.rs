//! What waits to be verified, assured or closed, as far as a member sees: one query.

use chrono::{DateTime, NaiveDate, Utc};

use super::scope::Scope;
use super::{TenantTx, word};
use crate::domain::action::Status;
use crate::domain::calendar::Nation;
use crate::domain::standard::Approver;
use crate::domain::topic::{Risk, Topic};
use crate::domain::turn::Hands;

/// How many submitted actions a page shows.
pub const ROWS: i64 = 50;
/// The most verified actions shown below them.
pub const VERIFIED: i64 = 50;

/// An action that waits.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its number.
    pub number: i32,
    /// What is to be done.
    pub what: String,
    /// Submitted or verified.
    pub status: Status,
    /// Its service.
    pub service: String,
    /// The service's nation.
    pub nation: Nation,
    /// The finding's risk.
    pub risk: Risk,
    /// The finding's topic.
    pub topic: Topic,
    /// Its owner.
    pub owner: Option<String>,
    /// The last day of the verification window.
    pub verify_by: NaiveDate,
    /// When it was submitted.
    pub submitted_at: DateTime<Utc>,
    /// Who approves closure.
    pub approver: Approver,
    /// Live pieces of evidence.
    pub evidence: i64,
    /// How the member stands to it.
    pub hands: Hands,
    /// The member may not check it themselves.
    pub blocked: bool,
}

/// The place after the last row of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// Whether the last row was one the member may not check.
    pub blocked: bool,
    /// Its window.
    pub verify_by: NaiveDate,
    /// Its number.
    pub number: i32,
}

/// What waits: submitted actions by window, those the member may check first, at most so many; from the beginning also what was
/// verified and waits for assurance or closure, at most so many. `senior` says whether the
/// member may check what a registered manager owned (R15).
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn list(
    tx: &mut TenantTx,
    scope: Scope,
    senior: bool,
    after: Option<After>,
    (submitted, verified): (i64, i64),
) -> Result<Vec<Waiting>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_file!(
        "src/store/queue.sql",
        provider.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
        senior,
        after.map(|a| a.blocked),
        after.map(|a| a.verify_by),
        after.map(|a| a.number),
        submitted,
        verified,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Waiting {
                number: r.number,
                what: r.what,
                status: word(&r.status)?,
                service: r.service,
                nation: word(&r.nation)?,
                risk: word(&r.risk)?,
                topic: word(&r.topic)?,
                owner: r.owner,
                verify_by: r.verify_by,
                submitted_at: r.submitted_at,
                approver: word(&r.approver)?,
                evidence: r.evidence,
                hands: Hands { owned: r.owned, managers: r.managers, gave: r.gave, assured: r.assured },
                blocked: r.blocked,
            })
        })
        .collect()
}
