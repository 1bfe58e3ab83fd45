//! Verdicts given as an exception: by a team leader, in a home with one manager, on what the manager owned (R15).

use chrono::{DateTime, Utc};

use super::{TenantTx, word};
use crate::domain::verification::Outcome;
use crate::ids::VerificationId;

/// How many rows a page has.
pub const ROWS: i64 = 50;

/// One exception.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The verdict.
    pub id: VerificationId,
    /// When it was given.
    pub at: DateTime<Utc>,
    /// Who checked.
    pub by: String,
    /// Why they did, as they recorded it.
    pub reason: String,
    /// What they decided.
    pub outcome: Outcome,
    /// The action's number.
    pub number: i32,
    /// What was to be done.
    pub what: String,
    /// Its service.
    pub service: String,
    /// Its owner now.
    pub owner: Option<String>,
}

/// The provider's exceptions, newest first, at most `limit`.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn page(
    tx: &mut TenantTx,
    after: Option<(DateTime<Utc>, VerificationId)>,
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT v.id AS "id: VerificationId", v.at, m.name AS by, v.exception_reason AS "reason!", v.outcome, a.number, a.what, s.name AS service, o.name AS "owner?"
           FROM verifications v
           JOIN actions a ON a.provider_id = v.provider_id AND a.id = v.action_id
           JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
           JOIN memberships m ON m.provider_id = v.provider_id AND m.id = v.verifier_id
           LEFT JOIN memberships o ON o.provider_id = a.provider_id AND o.id = a.owner_id
           WHERE v.provider_id = $1 AND v.exception_reason IS NOT NULL
             AND ($2::timestamptz IS NULL OR (v.at, v.id) < ($2, $3::uuid))
           ORDER BY v.at DESC, v.id DESC LIMIT $4"#,
        provider.uuid(),
        after.map(|k| k.0),
        after.map(|k| k.1.uuid()),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Listed {
                id: r.id,
                at: r.at,
                by: r.by,
                reason: r.reason,
                outcome: word(&r.outcome)?,
                number: r.number,
                what: r.what,
                service: r.service,
                owner: r.owner,
            })
        })
        .collect()
}
