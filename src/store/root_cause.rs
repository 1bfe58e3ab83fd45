//! What a link, a lost sustain check or an ineffective verdict does: closures that did not last, and root-cause reviews (R16, R19,
//! R22).

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::types::Json;

use super::scope::Scope;
use super::{TenantTx, word};
use crate::domain::action::Status;
use crate::domain::recurrence::{Causes, Factor, Failed, Setback};
use crate::domain::topic::{EvidenceKind, Risk, Theme, Topic};
use crate::ids::{ActionId, FindingId, FindingLinkId, RootCauseId, SustainCheckId, VerificationId};

/// A root-cause review.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct RootCause {
    pub id: RootCauseId,
    pub round: i32,
    pub factors: Vec<Factor>,
    pub whys: Vec<String>,
    pub analysis: String,
    pub wider: String,
    pub review_on: Option<NaiveDate>,
    pub version: i64,
    /// The action whose check was lost, and how many days after closure that was planned.
    pub lost: Option<(i32, i64)>,
    /// The action that was verified as ineffective.
    pub ineffective: Option<i32>,
    pub opened_at: DateTime<Utc>,
    pub saved_by: Option<String>,
    pub saved_at: Option<DateTime<Utc>>,
    pub completed_by: Option<String>,
    pub completed_at: Option<DateTime<Utc>>,
}

impl RootCause {
    /// The action that did not work or did not last, and what showed it; none when it was found again.
    #[must_use]
    pub fn because(&self) -> Option<(i32, Setback)> {
        let lost = self.lost.map(|(action, days)| (action, Setback::Lost(days)));
        lost.or_else(|| self.ineffective.map(|action| (action, Setback::Ineffective)))
    }

    /// Whether it is complete, and so never edited any more.
    #[must_use]
    pub const fn complete(&self) -> bool {
        self.completed_at.is_some()
    }
}

/// An action of an earlier finding, and what became of it.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Tried {
    pub number: i32,
    pub finding: i32,
    pub what: String,
    pub status: Status,
    /// Its earlier words, newest first.
    pub wordings: Vec<String>,
    /// Its closures, newest first.
    pub closures: Vec<Ended>,
    /// Its evidence that stands, oldest first.
    pub evidence: Vec<Shown>,
}

/// A closure.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Ended {
    pub note: String,
    pub by: String,
    pub at: DateTime<Utc>,
}

/// A piece of evidence.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Shown {
    pub kind: EvidenceKind,
    pub title: String,
}

/// What was tried before: the actions of the earlier findings that the member sees, at most thirty.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn tried(tx: &mut TenantTx, scope: Scope, finding: FindingId) -> Result<Vec<Tried>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query_file!(
        "src/store/sql/tried.sql",
        provider.uuid(),
        finding.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(row.tried.map_or_else(Vec::new, |Json(tried)| tried))
}

/// An action whose closure did not last.
#[derive(Clone, Copy, Debug)]
pub struct NotLasting {
    /// The action.
    pub action: ActionId,
    /// Its finding.
    pub finding: FindingId,
}

/// Marks the closures of the actions of an earlier finding, of before the day it was found again, as not lasting.
///
/// # Errors
/// The database refused or was lost.
pub async fn mark_closures(
    tx: &mut TenantTx,
    link: FindingLinkId,
    earlier: FindingId,
    found_again_on: NaiveDate,
) -> Result<Vec<NotLasting>, sqlx::Error> {
    let (provider, at) = (tx.provider(), tx.now());
    let rows = sqlx::query!(
        r#"WITH marked AS (
             INSERT INTO closures_not_lasting (provider_id, closure_id, link_id, action_id, at)
             SELECT $1, c.id, $2, a.id, $5 FROM actions a JOIN closures c ON c.provider_id = $1 AND c.action_id = a.id AND c.id = a.closure_id
             WHERE a.provider_id = $1 AND a.status = 'closed' AND (c.at AT TIME ZONE 'Europe/London')::date < $4
               AND a.id = ANY(ARRAY(SELECT coalesce(b.merged_into, b.id) FROM actions b WHERE b.provider_id = $1 AND b.finding_id = $3))
             RETURNING action_id)
           SELECT a.id AS "action: ActionId", a.finding_id AS "finding: FindingId" FROM marked m
           JOIN actions a ON a.provider_id = $1 AND a.id = m.action_id ORDER BY a.number"#,
        provider.uuid(),
        link.uuid(),
        earlier.uuid(),
        found_again_on,
        at,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| NotLasting { action: r.action, finding: r.finding }).collect())
}

/// The actions whose closures a link had marked.
///
/// # Errors
/// The database was lost.
pub async fn marked_by(
    tx: &mut TenantTx,
    finding: FindingId,
    earlier: FindingId,
) -> Result<Vec<NotLasting>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT a.id AS "action: ActionId", a.finding_id AS "finding: FindingId" FROM finding_links l
           JOIN closures_not_lasting n ON n.provider_id = $1 AND n.link_id = l.id JOIN actions a ON a.provider_id = $1 AND a.id = n.action_id
           WHERE l.provider_id = $1 AND l.finding_id = $2 AND l.earlier_id = $3 AND l.withdrawn_at IS NULL ORDER BY a.number"#,
        provider.uuid(),
        finding.uuid(),
        earlier.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| NotLasting { action: r.action, finding: r.finding }).collect())
}

/// What the escalation of a recurrence goes by.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    /// The finding's risk.
    pub risk: Risk,
    /// Its theme.
    pub theme: Theme,
    /// Its topic.
    pub topic: Topic,
    /// The number of the newest earlier finding.
    pub earlier: i32,
    /// The highest level an action of an earlier finding was raised to.
    pub last: Option<i32>,
    /// The highest level this one was raised to as a recurrence.
    pub raised: Option<i32>,
    /// The action whose closure did not last, the newest, with its day.
    pub closed: Option<(i32, DateTime<Utc>)>,
    /// The first action that is open: its id and cycle.
    pub open: Option<(ActionId, i32)>,
}

/// What came before a finding that is a recurrence; none for another.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn before(tx: &mut TenantTx, finding: FindingId) -> Result<Option<Before>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT f.risk, f.theme, f.topic, e.number AS earlier,
             (SELECT max(x.level) FROM finding_links l JOIN actions a ON a.provider_id = $1 AND a.finding_id = l.earlier_id
                JOIN escalations x ON x.provider_id = $1 AND x.action_id = a.id
              WHERE l.provider_id = $1 AND l.finding_id = $2 AND l.withdrawn_at IS NULL) AS last,
             (SELECT max(x.level) FROM actions a JOIN escalations x ON x.provider_id = $1 AND x.action_id = a.id AND x.cause = 'recurrence'
              WHERE a.provider_id = $1 AND a.finding_id = $2) AS raised,
             c.number AS "closed?", c.at AS "closed_at?", o.id AS "open?: ActionId", o.cycle AS "cycle?"
           FROM findings f
           JOIN LATERAL (SELECT g.number FROM finding_links l JOIN findings g ON g.provider_id = $1 AND g.id = l.earlier_id
             WHERE l.provider_id = $1 AND l.finding_id = $2 AND l.withdrawn_at IS NULL ORDER BY g.found_on DESC, g.number DESC LIMIT 1) e ON true
           LEFT JOIN LATERAL (SELECT a.number, k.at FROM finding_links l JOIN closures_not_lasting n ON n.provider_id = $1 AND n.link_id = l.id
             JOIN closures k ON k.provider_id = $1 AND k.id = n.closure_id JOIN actions a ON a.provider_id = $1 AND a.id = n.action_id
             WHERE l.provider_id = $1 AND l.finding_id = $2 AND l.withdrawn_at IS NULL ORDER BY k.at DESC, a.number LIMIT 1) c ON true
           LEFT JOIN LATERAL (SELECT a.id, a.cycle FROM actions a WHERE a.provider_id = $1 AND a.finding_id = $2
             AND a.status NOT IN ('closed', 'cancelled') ORDER BY a.number LIMIT 1) o ON true
           WHERE f.provider_id = $1 AND f.id = $2"#,
        provider.uuid(),
        finding.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Before {
            risk: word(&r.risk)?,
            theme: word(&r.theme)?,
            topic: word(&r.topic)?,
            earlier: r.earlier,
            last: r.last,
            raised: r.raised,
            closed: r.closed.zip(r.closed_at),
            open: r.open.zip(r.cycle),
        })
    })
    .transpose()
}

/// Whether this action, or one that was merged into it, did not work or did not last, and its root-cause review: first the
/// one that is not complete. Verdicts of before reviews were opened for them (migration 0049) do not count.
///
/// # Errors
/// The database was lost.
pub async fn failed(tx: &mut TenantTx, action: ActionId) -> Result<Option<Failed>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT f.number, x.days, r.by AS "by?", r.at AS "at?"
           FROM actions b JOIN findings f ON f.provider_id = $1 AND f.id = b.finding_id
           CROSS JOIN LATERAL (SELECT c.at, c.due_on - (k.at AT TIME ZONE 'Europe/London')::date AS days FROM sustain_checks c
               JOIN closures k ON k.provider_id = $1 AND k.action_id = b.id AND k.cycle = c.cycle
               WHERE c.provider_id = $1 AND c.action_id = b.id AND c.result = 'lost'
             UNION ALL SELECT v.at, NULL FROM verifications v WHERE v.provider_id = $1 AND v.action_id = b.id AND v.outcome = 'ineffective'
               AND EXISTS (SELECT 1 FROM root_cause_reviews r WHERE r.provider_id = $1 AND r.finding_id = b.finding_id AND coalesce(r.completed_at >= v.at, true))) x
           LEFT JOIN LATERAL (SELECT m.name AS by, r.completed_at AS at FROM root_cause_reviews r JOIN memberships m ON m.provider_id = $1 AND m.id = r.completed_by
             WHERE r.provider_id = $1 AND r.finding_id = b.finding_id AND r.completed_at >= x.at AND NOT EXISTS (SELECT 1 FROM root_cause_reviews o
               WHERE o.provider_id = $1 AND o.finding_id = b.finding_id AND o.completed_at IS NULL) ORDER BY r.round DESC LIMIT 1) r ON true
           WHERE b.provider_id = $1 AND b.id = ANY(ARRAY(SELECT $2::uuid UNION SELECT z.id FROM actions z WHERE z.provider_id = $1 AND z.merged_into = $2))
           ORDER BY r.at IS NOT NULL, x.at DESC LIMIT 1"#,
        provider.uuid(),
        action.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| Failed {
        finding: r.number,
        by: r.days.map_or(Setback::Ineffective, |days| Setback::Lost(days.into())),
        reviewed: r.by.zip(r.at),
    }))
}

/// Whether an action of this finding was lost at a sustain check, or found ineffective.
///
/// # Errors
/// The database was lost.
pub async fn has_failed(tx: &mut TenantTx, finding: FindingId) -> Result<bool, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM actions a WHERE a.provider_id = $1 AND a.finding_id = $2
             AND (EXISTS (SELECT 1 FROM sustain_checks c WHERE c.provider_id = $1 AND c.action_id = a.id AND c.result = 'lost')
               OR EXISTS (SELECT 1 FROM verifications v WHERE v.provider_id = $1 AND v.action_id = a.id AND v.outcome = 'ineffective'))) AS "failed!""#,
        provider.uuid(),
        finding.uuid(),
    )
    .fetch_one(tx.conn())
    .await
}

/// Because of what a root-cause review is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// It was found again, or somebody asks once more.
    Again,
    /// A sustain check found it lost.
    Lost(SustainCheckId),
    /// A verdict found it ineffective.
    Ineffective(VerificationId),
}

/// Opens a root-cause review of a finding unless one is open, as the next round; with `again` also after a complete one.
///
/// # Errors
/// A rule of the database refused (the finding has no reason for one), or it was lost.
pub async fn open(
    tx: &mut TenantTx,
    finding: FindingId,
    because: Because,
    again: bool,
) -> Result<Option<(RootCauseId, i32)>, sqlx::Error> {
    let (provider, by, at, id) = (tx.provider(), tx.actor(), tx.now(), RootCauseId::new());
    let (check, verdict) = match because {
        Because::Again => (None, None),
        Because::Lost(check) => (Some(check.uuid()), None),
        Because::Ineffective(verdict) => (None, Some(verdict.uuid())),
    };
    let round = sqlx::query_scalar!(
        r#"INSERT INTO root_cause_reviews (provider_id, id, finding_id, round, opened_by, opened_at, lost_check_id, verdict_id)
           SELECT $1, $2, $3, coalesce(max(r.round), 0) + 1, $4, $5, $7::uuid, $8::uuid FROM root_cause_reviews r WHERE r.provider_id = $1 AND r.finding_id = $3
           HAVING $6 OR count(*) = 0
           ON CONFLICT (provider_id, finding_id) WHERE completed_at IS NULL DO NOTHING RETURNING round"#,
        provider.uuid(),
        id.uuid(),
        finding.uuid(),
        by.map(|by| by.uuid()),
        at,
        again,
        check,
        verdict,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(round.map(|round| (id, round)))
}

/// Locks the open root-cause review of a finding: its id, round and version.
///
/// # Errors
/// The database was lost.
pub async fn lock_open(
    tx: &mut TenantTx,
    finding: FindingId,
) -> Result<Option<(RootCauseId, i32, i64)>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT id AS "id: RootCauseId", round, version FROM root_cause_reviews
           WHERE provider_id = $1 AND finding_id = $2 AND completed_at IS NULL FOR UPDATE"#,
        provider.uuid(),
        finding.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| (r.id, r.round, r.version)))
}

/// Writes what a locked root-cause review says; complete, it stays so.
///
/// # Errors
/// The database refused or was lost.
pub async fn save(
    tx: &mut TenantTx,
    id: RootCauseId,
    causes: &Causes,
    complete: bool,
) -> Result<(), sqlx::Error> {
    let (provider, by, at) = (tx.provider(), tx.actor(), tx.now());
    let factors: Vec<String> = causes.factors.iter().map(|f| f.as_str().to_owned()).collect();
    sqlx::query!(
        "UPDATE root_cause_reviews SET factors = $3, whys = $4, analysis = $5, wider = $6, review_on = $7, version = version + 1, saved_by = $8::uuid, saved_at = $9::timestamptz,
           completed_by = CASE WHEN $10::bool THEN $8::uuid END, completed_at = CASE WHEN $10 THEN $9::timestamptz END
         WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        &factors,
        &causes.whys,
        causes.analysis,
        causes.wider,
        causes.review_on,
        by.map(|by| by.uuid()),
        at,
        complete,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
