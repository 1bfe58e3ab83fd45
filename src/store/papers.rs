//! Everything the page of an action shows besides its case, in one query: the whole line readable on one page (R27).

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::TenantTx;
use super::change::Field;
use super::trail::Told;
use crate::domain::closure::AssuranceDecision;
use crate::domain::escalation::Cause;
use crate::domain::event::EventKind;
use crate::domain::member::Role;
use crate::domain::topic::{EvidenceKind, ReviewKind};
use crate::domain::verification::{Method, Outcome};
use crate::ids::{ActionId, EscalationId, EvidenceId, MemberId};

/// The most lines of the trail that are shown.
pub const TRAIL_LINES: i64 = 100;

/// What an action's page shows besides its case. Lists are newest first and hold every cycle.
#[derive(Clone, Debug)]
pub struct Papers {
    /// The finding's number.
    pub finding_number: i32,
    /// What was found.
    pub finding_what: String,
    /// When.
    pub found_on: NaiveDate,
    /// Where.
    pub service: String,
    /// The unit, if any.
    pub unit: Option<String>,
    /// The reviews it came from, oldest first.
    pub sources: Vec<Source>,
    /// What it bears on in the regulator's framework.
    pub bears_on: Vec<String>,
    /// Why it was cancelled.
    pub cancel_reason: Option<String>,
    /// Evidence.
    pub evidence: Vec<Given>,
    /// Verdicts.
    pub verifications: Vec<Verdict>,
    /// The nominated individual's words.
    pub assurances: Vec<Assurance>,
    /// Closures.
    pub closures: Vec<Closure>,
    /// Reopenings.
    pub reopenings: Vec<Reopening>,
    /// Earlier owners, words and dates.
    pub changes: Vec<Change>,
    /// The newest lines of the trail, at most [`TRAIL_LINES`].
    pub trail: Vec<Told>,
    /// The highest escalation of this cycle that waits for a decision.
    pub escalation: Option<Escalation>,
    /// What keeps people safe meanwhile.
    pub interim_control: Option<InterimControl>,
    /// Deputies and managers of the service, quality leads and nominated individuals.
    pub people: Vec<Colleague>,
}

/// A review the finding came from.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Source {
    pub number: i32,
    pub title: String,
    pub held_on: NaiveDate,
    pub kind: ReviewKind,
}

/// A piece of evidence.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Given {
    pub id: EvidenceId,
    pub cycle: i32,
    pub kind: EvidenceKind,
    pub title: String,
    pub about_on: NaiveDate,
    pub note: String,
    pub file_name: Option<String>,
    pub size: Option<u64>,
    pub reference: Option<String>,
    pub author: String,
    pub author_id: MemberId,
    pub at: DateTime<Utc>,
    /// Why it was withdrawn.
    pub withdrawn: Option<String>,
}

/// A verdict.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Verdict {
    pub cycle: i32,
    pub by: String,
    pub at: DateTime<Utc>,
    pub method: Method,
    pub sample_size: u32,
    pub met_standard: u32,
    pub note: String,
    pub marks: Map<String, Value>,
    pub outcome: Outcome,
    pub missing: Option<String>,
    pub new_due_on: Option<NaiveDate>,
    pub exception_reason: Option<String>,
    /// The wording it judged (R18a).
    pub what: Option<String>,
}

/// The nominated individual's word.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Assurance {
    pub cycle: i32,
    pub by: String,
    pub at: DateTime<Utc>,
    pub decision: AssuranceDecision,
    pub note: String,
}

/// A closure.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Closure {
    pub cycle: i32,
    pub by: String,
    pub at: DateTime<Utc>,
    pub note: String,
}

/// A reopening of the cycle it ended.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Reopening {
    pub cycle: i32,
    pub by: String,
    pub at: DateTime<Utc>,
    pub reason: String,
}

/// An earlier owner, wording or date.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Change {
    pub field: Field,
    pub before: Option<String>,
    pub after: Option<String>,
    pub reason: String,
    pub by: String,
    pub at: DateTime<Utc>,
}

/// An escalation that waits for a decision.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Escalation {
    pub id: EscalationId,
    pub level: i32,
    pub cause: Cause,
    pub at: DateTime<Utc>,
}

/// What keeps people safe while the action is late.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct InterimControl {
    pub control: String,
    pub by: String,
    pub at: DateTime<Utc>,
}

/// Somebody who could take a next step.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Colleague {
    pub id: MemberId,
    pub name: String,
    pub role: Role,
}

#[derive(Deserialize)]
struct Line {
    seq: i64,
    at: DateTime<Utc>,
    kind: EventKind,
    actor: Option<String>,
    detail: Value,
    texts: Option<Map<String, Value>>,
}

impl From<Line> for Told {
    fn from(line: Line) -> Self {
        let texts = line.texts.unwrap_or_default();
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name, text.as_str()?.to_owned())));
        Self {
            seq: line.seq,
            at: line.at,
            kind: line.kind,
            actor: line.actor,
            detail: line.detail,
            texts: texts.collect(),
        }
    }
}

/// Reads the papers of an action. Whether the person may see it is for the caller to ask first.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn of_action(tx: &mut TenantTx, action: ActionId) -> Result<Papers, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query_file!("src/store/papers.sql", provider.uuid(), action.uuid(), TRAIL_LINES)
        .fetch_one(tx.conn())
        .await?;
    Ok(Papers {
        finding_number: row.finding_number,
        finding_what: row.finding_what,
        found_on: row.found_on,
        service: row.service_name,
        unit: row.unit,
        sources: list(row.sources)?,
        bears_on: row.bears_on,
        cancel_reason: row.cancel_reason,
        evidence: list(row.evidence)?,
        verifications: list(row.verifications)?,
        assurances: list(row.assurances)?,
        closures: list(row.closures)?,
        reopenings: list(row.reopenings)?,
        changes: list(row.changes)?,
        trail: list::<Line>(row.trail)?.into_iter().map(Told::from).collect(),
        escalation: row.escalation.map(read).transpose()?,
        interim_control: row.interim_control.map(read).transpose()?,
        people: list(row.people)?,
    })
}

fn list<T: DeserializeOwned>(rows: Option<Value>) -> Result<Vec<T>, sqlx::Error> {
    rows.map_or_else(|| Ok(Vec::new()), read)
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, sqlx::Error> {
    serde_json::from_value(value).map_err(|error| sqlx::Error::Decode(error.into()))
}
