//! Lists of reviews, and what became of what a review found.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::reference::Reference;
use crate::domain::review::{Disposition, Score};
use crate::domain::topic::{ReviewKind, Risk};
use crate::ids::{ReviewId, ServiceId};
use crate::store::finding::{self, ActionLine};
use crate::store::scope::Scope;
use crate::store::{TenantTx, word};

/// Rows on a page of a list.
pub const ROWS: i64 = 50;

/// Which reviews to list; what is none lets all through.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this service.
    pub service: Option<ServiceId>,
    /// Of this kind.
    pub kind: Option<ReviewKind>,
    /// Only audits that are not signed off yet.
    pub waiting: bool,
    /// Only after this row (older).
    pub after: Option<(NaiveDate, Uuid)>,
}

/// A review in a list.
#[derive(Clone, Debug)]
pub struct Row {
    /// Id: the second half of its place in the list.
    pub id: ReviewId,
    /// R-0007.
    pub reference: Reference,
    /// Kind.
    pub kind: ReviewKind,
    /// What people call it.
    pub title: String,
    /// The service's name.
    pub service: String,
    /// The day it was held.
    pub held_on: NaiveDate,
    /// The score it gave.
    pub score: Option<Score>,
    /// Whether it was signed off.
    pub signed_off: bool,
    /// Its findings.
    pub findings: i64,
    /// Those that still go on.
    pub open: i64,
}

/// Reviews, newest first, at most `limit`, and whether there are older ones.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn page(
    tx: &mut TenantTx,
    scope: Scope,
    filter: &Filter,
    limit: i64,
) -> Result<(Vec<Row>, bool), sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_file!(
        "src/store/review/list.sql",
        provider.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
        filter.service.map(|s| s.uuid()),
        filter.kind.map(|k| k.as_str()),
        filter.waiting,
        filter.after.map(|(day, _)| day),
        filter.after.map(|(_, id)| id),
        limit + 1,
    )
    .fetch_all(tx.conn())
    .await?;
    let more = i64::try_from(rows.len()).unwrap_or(i64::MAX) > limit;
    let rows = rows
        .into_iter()
        .take(usize::try_from(limit).unwrap_or_default())
        .map(|r| {
            Ok(Row {
                id: r.id,
                reference: Reference::review(r.number),
                kind: word(&r.kind)?,
                title: r.title,
                service: r.service,
                held_on: r.held_on,
                score: r.score.and_then(Score::from_hundredths),
                signed_off: r.signed_off,
                findings: r.findings,
                open: r.open,
            })
        })
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    Ok((rows, more))
}

/// The newest reviews that still take findings, for the form: at most 40.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn under_way(
    tx: &mut TenantTx,
    scope: Scope,
) -> Result<Vec<(ReviewId, ReviewKind, String)>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT r.id AS "id: ReviewId", r.number, r.kind, r.title, s.name AS service
           FROM reviews r JOIN services s ON s.provider_id = r.provider_id AND s.id = r.service_id
           WHERE r.provider_id = $1 AND r.signed_off_at IS NULL
             AND ($2 OR ($3 AND EXISTS (SELECT 1 FROM member_services ms
               WHERE ms.provider_id = r.provider_id AND ms.member_id = $4 AND ms.service_id = r.service_id)))
           ORDER BY r.held_on DESC, r.id DESC LIMIT 40"#,
        provider.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    let told = |n, title: &str, service: &str| format!("{} {title} ({service})", Reference::review(n));
    rows.into_iter().map(|r| Ok((r.id, word(&r.kind)?, told(r.number, &r.title, &r.service)))).collect()
}

/// What became of a finding of a review (R27a).
#[derive(Clone, Debug)]
pub struct Outcome {
    /// F-0088.
    pub reference: Reference,
    /// What was found.
    pub what: String,
    /// Its risk.
    pub risk: Risk,
    /// How it goes on.
    pub disposition: Disposition,
    /// Why it ended without an action.
    pub reason: Option<String>,
    /// Where its actions are, oldest first.
    pub actions: Vec<ActionLine>,
    /// What keeps people safe meanwhile: the newest interim control of its open actions.
    pub control: Option<String>,
}

/// The findings of a review with their actions, by number.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn outcomes(tx: &mut TenantTx, review: ReviewId) -> Result<Vec<Outcome>, sqlx::Error> {
    let (provider, today) = (tx.provider(), crate::clock::london_date(tx.now()));
    let rows = sqlx::query!(
        r#"SELECT f.id, f.number, f.what, f.risk, f.disposition, f.disposition_reason AS reason,
             (SELECT d.interim_control FROM escalation_decisions d JOIN actions a ON a.provider_id = d.provider_id AND a.id = d.action_id
              JOIN escalations x ON x.provider_id = d.provider_id AND x.id = d.escalation_id AND x.cycle = a.cycle
              WHERE d.provider_id = f.provider_id AND a.finding_id = f.id AND d.interim_control <> '' AND (d.control_until IS NULL OR d.control_until >= $3) AND a.status NOT IN ('closed', 'cancelled')
              ORDER BY d.at DESC LIMIT 1) AS control
           FROM finding_sources x JOIN findings f ON f.provider_id = x.provider_id AND f.id = x.finding_id
           WHERE x.provider_id = $1 AND x.review_id = $2 ORDER BY f.number"#,
        provider.uuid(),
        review.uuid(),
        today,
    )
    .fetch_all(tx.conn())
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
    let lines = finding::lines(tx, &ids).await?;
    rows.into_iter()
        .map(|r| {
            let own = lines.iter().filter(|line| line.finding.uuid() == r.id).cloned();
            Ok(Outcome {
                reference: Reference::finding(r.number),
                what: r.what,
                risk: word(&r.risk)?,
                disposition: word(&r.disposition)?,
                reason: r.reason,
                actions: own.collect(),
                control: r.control,
            })
        })
        .collect()
}
