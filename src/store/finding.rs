//! Findings: what was seen, where it came from, and how it goes on.

use chrono::{DateTime, NaiveDate, Utc};

use super::{TenantTx, word};
use crate::domain::calendar::Nation;
use crate::domain::framework::EntryId;
use crate::domain::reference::Reference;
use crate::domain::review::Disposition;
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Significance, Theme, Topic};
use crate::ids::{FindingId, MemberId, ReviewId, ServiceId, UnitId};

/// The actions below findings.
mod lines;
/// The list of findings.
mod list;

pub use lines::{ActionLine, control, lines};
pub use list::{Filter, Progress, ROWS, Row, page, pattern};

/// A finding to be written (R1).
#[derive(Clone, Debug)]
pub struct NewFinding {
    /// Id, made by the form so that sending it twice logs one finding.
    pub id: FindingId,
    /// Number within the provider.
    pub number: i32,
    /// Where it was seen.
    pub service: ServiceId,
    /// The unit of that service.
    pub unit: Option<UnitId>,
    /// What exactly was seen.
    pub what: String,
    /// What it rests on.
    pub evidence_source: EvidenceSource,
    /// Its risk.
    pub risk: Risk,
    /// Its theme.
    pub theme: Theme,
    /// Its topic.
    pub topic: Topic,
    /// Whether leaders need to see it (R4).
    pub significance: Significance,
    /// When it was found.
    pub found_on: NaiveDate,
    /// Who found it.
    pub found_by: String,
    /// The key question it bears on (R5a).
    pub key_question: EntryId,
    /// The regulation it bears on (R5a).
    pub regulation: EntryId,
    /// Further entries of the framework.
    pub entries: Vec<EntryId>,
}

/// Writes a finding with the framework entries it bears on; its sources are written by [`add_source`].
///
/// # Errors
/// The database refused or was lost.
pub async fn insert(tx: &mut TenantTx, new: &NewFinding) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        r#"INSERT INTO findings (provider_id, id, number, service_id, unit_id, what, evidence_source, risk, theme, topic, significance,
             found_on, found_by, key_question, regulation, logged_by, logged_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"#,
        provider.uuid(),
        new.id.uuid(),
        new.number,
        new.service.uuid(),
        new.unit.map(|u| u.uuid()),
        new.what,
        new.evidence_source.as_str(),
        new.risk.as_str(),
        new.theme.as_str(),
        new.topic.as_str(),
        new.significance.as_str(),
        new.found_on,
        new.found_by,
        new.key_question.as_str(),
        new.regulation.as_str(),
        by.map(|b| b.uuid()),
        now,
    )
    .execute(tx.conn())
    .await?;
    let entries: Vec<String> = new.entries.iter().map(|e| e.as_str().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO finding_framework_entries (provider_id, finding_id, entry_id) SELECT $1, $2, e FROM unnest($3::text[]) AS x(e)",
        provider.uuid(),
        new.id.uuid(),
        &entries,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Hangs a finding on a review, once; says whether it was not there before.
///
/// # Errors
/// The review was signed off meanwhile (a rule of the database), or the database was lost.
pub async fn add_source(
    tx: &mut TenantTx,
    finding: FindingId,
    review: ReviewId,
) -> Result<bool, sqlx::Error> {
    let provider = tx.provider();
    let done = sqlx::query!(
        "INSERT INTO finding_sources (provider_id, finding_id, review_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        provider.uuid(),
        finding.uuid(),
        review.uuid(),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The number of a finding, and who logged it, if one has this id.
///
/// # Errors
/// The database was lost.
pub async fn by_id(tx: &mut TenantTx, id: FindingId) -> Result<Option<(i32, MemberId)>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT number, logged_by AS "logged_by: MemberId" FROM findings WHERE provider_id = $1 AND id = $2"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| (r.number, r.logged_by)))
}

/// A review a finding came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// R-0007.
    pub reference: Reference,
    /// Its kind.
    pub kind: ReviewKind,
    /// What people call it.
    pub title: String,
    /// The day it was held.
    pub held_on: NaiveDate,
}

/// A finding as its page and the rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Id.
    pub id: FindingId,
    /// Number within the provider.
    pub number: i32,
    /// Where it was seen.
    pub service: ServiceId,
    /// The service's name.
    pub service_name: String,
    /// The service's nation, for working days.
    pub nation: Nation,
    /// The unit's name.
    pub unit: Option<String>,
    /// What exactly was seen.
    pub what: String,
    /// What it rests on.
    pub evidence_source: EvidenceSource,
    /// Its risk.
    pub risk: Risk,
    /// Its theme.
    pub theme: Theme,
    /// Its topic.
    pub topic: Topic,
    /// Whether leaders need to see it (R4).
    pub significance: Significance,
    /// When it was found.
    pub found_on: NaiveDate,
    /// Who found it.
    pub found_by: String,
    /// The labels of what it bears on: key question, regulation, further entries.
    pub bears_on: Vec<String>,
    /// How it goes on.
    pub disposition: Disposition,
    /// Why it ended without an action, who said so and when.
    pub disposed: Option<(String, String, DateTime<Utc>)>,
    /// Who logged it.
    pub logged_by: MemberId,
    /// Their name.
    pub logged_by_name: String,
    /// When it was logged.
    pub logged_at: DateTime<Utc>,
    /// Counted up by every change.
    pub version: i64,
    /// Where the trail ended when this was read.
    pub line: i64,
    /// Where it came from, oldest first.
    pub sources: Vec<Source>,
}

impl Finding {
    /// F-0088.
    #[must_use]
    pub const fn reference(&self) -> Reference {
        Reference::finding(self.number)
    }

    /// The kinds of its sources, for the closure standard (R20).
    #[must_use]
    pub fn source_kinds(&self) -> Vec<ReviewKind> {
        self.sources.iter().map(|s| s.kind).collect()
    }
}

/// Reads a finding by its number, with its sources.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn get(tx: &mut TenantTx, number: i32) -> Result<Option<Finding>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query_file!("src/store/finding/get.sql", provider.uuid(), number)
        .fetch_optional(tx.conn())
        .await?;
    let Some(r) = row else { return Ok(None) };
    let mut sources = Vec::with_capacity(r.source_numbers.len());
    let places = r.source_numbers.iter().zip(&r.source_kinds).zip(&r.source_titles).zip(&r.source_dates);
    for (((number, kind), title), held_on) in places {
        let (reference, title, held_on) = (Reference::review(*number), title.clone(), *held_on);
        sources.push(Source { reference, kind: word(kind)?, title, held_on });
    }
    Ok(Some(Finding {
        id: r.id,
        number: r.number,
        service: r.service,
        service_name: r.service_name,
        nation: word(&r.nation)?,
        unit: r.unit,
        what: r.what,
        evidence_source: word(&r.evidence_source)?,
        risk: word(&r.risk)?,
        theme: word(&r.theme)?,
        topic: word(&r.topic)?,
        significance: word(&r.significance)?,
        found_on: r.found_on,
        found_by: r.found_by,
        bears_on: r.bears_on,
        disposition: word(&r.disposition)?,
        disposed: r.reason.zip(r.disposed_by).zip(r.disposed_at).map(|((why, who), at)| (why, who, at)),
        logged_by: r.logged_by,
        logged_by_name: r.logged_by_name,
        logged_at: r.logged_at,
        version: r.version,
        line: r.line,
        sources,
    }))
}

/// Locks a finding until the transaction ends, then reads it.
///
/// # Errors
/// As [`get`].
pub async fn lock(tx: &mut TenantTx, number: i32) -> Result<Option<Finding>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "SELECT id FROM findings WHERE provider_id = $1 AND number = $2 FOR UPDATE",
        provider.uuid(),
        number
    )
    .fetch_optional(tx.conn())
    .await?;
    get(tx, number).await
}

/// Writes how a locked finding goes on: by actions, or not, with the reason.
///
/// # Errors
/// The database refused or was lost.
pub async fn dispose(
    tx: &mut TenantTx,
    finding: FindingId,
    disposition: Disposition,
    reason: Option<&str>,
) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        r#"UPDATE findings SET disposition = $3, disposition_reason = $4, version = version + 1, undone = undone AND $3 <> 'actions',
             disposed_by = CASE WHEN $4::text IS NOT NULL THEN $5::uuid END,
             disposed_at = CASE WHEN $4::text IS NOT NULL THEN $6::timestamptz END
           WHERE provider_id = $1 AND id = $2"#,
        provider.uuid(),
        finding.uuid(),
        disposition.as_str(),
        reason,
        by.map(|b| b.uuid()),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
