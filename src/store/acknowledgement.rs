//! Early-warning signs put aside: what was said, and by whom. Nothing is edited; the newest counts.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::TenantTx;
use super::signal::{About, Shown};
use crate::domain::signal::Sign;
use crate::ids::{ActionId, FindingId, MeasureId, ServiceId};

/// How many earlier ones are read.
const EARLIER: i64 = 20;

/// What a sign is about, and where that is.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The action, if it is one.
    pub action: Option<ActionId>,
    /// The finding: that of the action, or the one it is about.
    pub finding: Option<FindingId>,
    /// The measure, if it is one.
    pub measure: Option<MeasureId>,
    /// The service; none for a measure of the whole provider.
    pub service: Option<ServiceId>,
    /// The service's part of the address.
    pub slug: Option<String>,
    id: Uuid,
}

impl Subject {
    /// The id of what it is about.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }
}

/// Looks up what a sign is about; none when it is not there.
///
/// # Errors
/// The database was lost.
pub async fn subject(tx: &mut TenantTx, about: About) -> Result<Option<Subject>, sqlx::Error> {
    let provider = tx.provider();
    let (action, finding, measure) = match about {
        About::Action(number) => (Some(number), None, None),
        About::Finding(number) => (None, Some(number), None),
        About::Measure(id) => (None, None, Some(id)),
    };
    let row = sqlx::query!(
        r#"SELECT x.id AS "id!", x.action AS "action: ActionId", x.finding AS "finding: FindingId", x.measure AS "measure: MeasureId",
             s.id AS "service?: ServiceId", s.slug AS "slug?"
           FROM (SELECT a.id, a.id AS action, a.finding_id AS finding, NULL::uuid AS measure, a.service_id FROM actions a WHERE a.provider_id = $1 AND a.number = $2::int
             UNION ALL SELECT f.id, NULL, f.id, NULL, f.service_id FROM findings f WHERE f.provider_id = $1 AND f.number = $3::int
             UNION ALL SELECT m.id, NULL, NULL, m.id, m.service_id FROM measures m WHERE m.provider_id = $1 AND m.id = $4::uuid) x
           LEFT JOIN services s ON s.provider_id = $1 AND s.id = x.service_id"#,
        provider.uuid(),
        action,
        finding,
        measure.map(|id| id.uuid()),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| Subject {
        action: r.action,
        finding: r.finding,
        measure: r.measure,
        service: r.service,
        slug: r.slug,
        id: r.id,
    }))
}

/// What was said before.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// Which one it was, counted from 1.
    pub round: i32,
    /// Why; empty when the sign was shown again.
    pub reason: String,
    /// Until when; none when it was shown again.
    pub until: Option<NaiveDate>,
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What was said about this sign before, newest first.
///
/// # Errors
/// The database was lost.
pub async fn earlier(tx: &mut TenantTx, sign: Sign, of: &Subject) -> Result<Vec<Earlier>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Earlier,
        r#"SELECT k.round, k.reason, k.until_on AS until, m.name AS by, k.at FROM sign_acknowledgements k
           JOIN memberships m ON m.provider_id = k.provider_id AND m.id = k.by
           WHERE k.provider_id = $1 AND k.sign = $2 AND k.subject_id = $3 ORDER BY k.round DESC LIMIT $4"#,
        provider.uuid(),
        sign.as_str(),
        of.id(),
        EARLIER,
    )
    .fetch_all(tx.conn())
    .await
}

/// What is written.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// The sign.
    pub sign: Sign,
    /// What it is about.
    pub of: &'a Subject,
    /// Which one it is, counted from 1.
    pub round: i32,
    /// What was seen.
    pub seen: &'a Shown,
    /// Why, and until when; none to show it again.
    pub put: Option<(&'a str, NaiveDate)>,
}

/// Writes one; false when somebody else wrote this round meanwhile.
///
/// # Errors
/// The database refused or was lost.
pub async fn insert(tx: &mut TenantTx, new: &New<'_>) -> Result<bool, sqlx::Error> {
    let (provider, by, at) = (tx.provider(), tx.actor(), tx.now());
    let done = sqlx::query!(
        "INSERT INTO sign_acknowledgements (provider_id, sign, subject_id, round, action_id, finding_id, measure_id, since, n, reason, until_on, by, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
        provider.uuid(),
        new.sign.as_str(),
        new.of.id(),
        new.round,
        new.of.action.map(|action| action.uuid()),
        new.of.finding.map(|finding| finding.uuid()).filter(|_| new.of.action.is_none()),
        new.of.measure.map(|measure| measure.uuid()),
        new.seen.since,
        i64::try_from(new.seen.n).unwrap_or(i64::MAX),
        new.put.map_or("", |(reason, _)| reason),
        new.put.map(|(_, until)| until),
        by.map(|by| by.uuid()),
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
