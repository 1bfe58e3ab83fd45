//! Everything the page of an action shows besides its case, in one query: the whole line readable on one page (R27).

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};
use sqlx::types::Json;

use super::TenantTx;
use super::change::Field;
use super::evidence::Withdrawal;
use super::kept::AsOf;
use super::trail::{Columned, Told};
use crate::domain::closure::AssuranceDecision;
use crate::domain::control::ControlDays;
use crate::domain::escalation::Cause;
use crate::domain::member::Role;
use crate::domain::sustain::Lasting;
use crate::domain::topic::{EvidenceKind, ReviewKind};
use crate::domain::verification::{Method, Outcome};
use crate::domain::weekly::Standing;
use crate::ids::{ActionId, EscalationId, EvidenceId, MemberId, SustainCheckId};

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
    /// The sustain checks of every cycle, in order of their days (R19).
    pub sustain: Vec<SustainCheck>,
    /// What the newest weekly review agreed (R24).
    pub reviewed: Option<Reviewed>,
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
#[derive(Clone, Debug)]
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
    /// That it was withdrawn: by whom, when and why.
    pub withdrawn: Option<Withdrawal>,
}

/// A verdict.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Assurance {
    pub cycle: i32,
    pub by: String,
    pub at: DateTime<Utc>,
    pub decision: AssuranceDecision,
    pub note: String,
}

/// A closure.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Closure {
    pub cycle: i32,
    pub by: String,
    pub at: DateTime<Utc>,
    pub note: String,
    /// What its measures showed that day, for each that showed improvement.
    pub improved: Vec<String>,
}

/// A reopening of the cycle it ended.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Reopening {
    pub cycle: i32,
    pub by: String,
    pub at: DateTime<Utc>,
    pub reason: String,
}

/// An earlier owner, wording or date.
#[derive(Clone, Debug)]
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

/// What a weekly review agreed.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Reviewed {
    pub standing: Standing,
    pub by: String,
    pub at: DateTime<Utc>,
}

/// What keeps people safe while the action is late.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct InterimControl {
    pub control: String,
    pub days: ControlDays,
    pub by: String,
    pub at: DateTime<Utc>,
}

/// A sustain check, planned or answered.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct SustainCheck {
    pub id: SustainCheckId,
    pub cycle: i32,
    pub due_on: NaiveDate,
    pub lasting: Option<Lasting>,
    pub method: Option<Method>,
    pub sample_size: Option<u32>,
    pub met_standard: Option<u32>,
    pub measure_said: String,
    pub note: Option<String>,
    pub by: Option<String>,
    pub at: Option<DateTime<Utc>>,
}

/// Somebody who could take a next step.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Colleague {
    pub id: MemberId,
    pub name: String,
    pub role: Role,
}

/// What a paper says, as the query gives it: who wrote it and when stand beside it.
#[derive(Debug, Deserialize)]
#[serde(tag = "paper", rename_all = "snake_case")]
enum Said {
    Evidence(Evidence),
    Verification(Verification),
    Assurance { cycle: i32, decision: AssuranceDecision, note: String },
    Closure { cycle: i32, note: String, improved: Option<Vec<String>> },
    Reopening { cycle: i32, reason: String },
    Change { field: Field, before: Option<String>, after: Option<String>, reason: String },
    Control { control: String, days: ControlDays },
}

#[derive(Debug, Deserialize)]
struct Evidence {
    id: EvidenceId,
    cycle: i32,
    kind: EvidenceKind,
    title: String,
    about_on: NaiveDate,
    note: String,
    file_name: Option<String>,
    size: Option<u64>,
    reference: Option<String>,
    withdrawn: Option<String>,
    withdrawn_at: Option<DateTime<Utc>>,
    withdrawn_by: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Verification {
    cycle: i32,
    method: Method,
    sample_size: u32,
    met_standard: u32,
    note: String,
    marks: Map<String, Value>,
    outcome: Outcome,
    missing: Option<String>,
    new_due_on: Option<NaiveDate>,
    exception_reason: Option<String>,
    what: Option<String>,
}

/// A paper: what it says, who wrote it (id and name), when.
#[derive(Debug, Deserialize)]
struct Paper(Said, MemberId, String, DateTime<Utc>);

impl Papers {
    /// Puts a paper where it belongs; they come newest first.
    fn add(&mut self, Paper(said, author_id, by, at): Paper) {
        match said {
            Said::Evidence(e) => self.evidence.push(Given {
                id: e.id,
                cycle: e.cycle,
                kind: e.kind,
                title: e.title,
                about_on: e.about_on,
                note: e.note,
                file_name: e.file_name,
                size: e.size,
                reference: e.reference,
                author: by,
                author_id,
                at,
                withdrawn: Withdrawal::read(e.withdrawn_by, e.withdrawn_at, e.withdrawn),
            }),
            Said::Verification(v) => self.verifications.push(Verdict {
                cycle: v.cycle,
                by,
                at,
                method: v.method,
                sample_size: v.sample_size,
                met_standard: v.met_standard,
                note: v.note,
                marks: v.marks,
                outcome: v.outcome,
                missing: v.missing,
                new_due_on: v.new_due_on,
                exception_reason: v.exception_reason,
                what: v.what,
            }),
            Said::Assurance { cycle, decision, note } => {
                self.assurances.push(Assurance { cycle, by, at, decision, note });
            }
            Said::Closure { cycle, note, improved } => {
                let improved = improved.unwrap_or_default();
                self.closures.push(Closure { cycle, by, at, note, improved });
            }
            Said::Reopening { cycle, reason } => self.reopenings.push(Reopening { cycle, by, at, reason }),
            Said::Change { field, before, after, reason } => {
                self.changes.push(Change { field, before, after, reason, by, at });
            }
            Said::Control { control, days } => {
                self.interim_control.get_or_insert(InterimControl { control, days, by, at });
            }
        }
    }
}

/// Reads the papers of an action, or takes those that were read before and still stand at `now`, which was read in this
/// transaction. Whether the person may see them is for the caller to ask first.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn of_action(tx: &mut TenantTx, action: ActionId, now: AsOf) -> Result<Arc<Papers>, sqlx::Error> {
    let key = (tx.provider(), action);
    if let Some(papers) = tx.reads().and_then(|kept| kept.papers(key, now)) {
        return Ok(papers);
    }
    let (papers, mark) = read(tx, action).await?;
    let papers = Arc::new(papers);
    if let Some(kept) = tx.reads() {
        kept.keep_papers(key, mark, &papers);
    }
    Ok(papers)
}

/// The papers of an action as they are now, for what is read at one instant.
///
/// # Errors
/// As [`of_action`].
pub async fn all_of(tx: &mut TenantTx, action: ActionId) -> Result<Papers, sqlx::Error> {
    Ok(read(tx, action).await?.0)
}

async fn read(tx: &mut TenantTx, action: ActionId) -> Result<(Papers, AsOf), sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query_file!("src/store/papers.sql", provider.uuid(), action.uuid(), TRAIL_LINES)
        .fetch_one(tx.conn())
        .await?;
    let mark = AsOf {
        version: row.version,
        line: row.line.unwrap_or_default(),
        sources: row.source_count,
        entries: row.entry_count,
        revision: row.revision.unwrap_or_default(),
    };
    let trail = Columned {
        seqs: row.seqs.unwrap_or_default(),
        ats: row.ats.unwrap_or_default(),
        kinds: row.kinds.unwrap_or_default(),
        actors: row.actors.unwrap_or_default(),
        lines: row.lines.unwrap_or_default(),
        text_seqs: row.text_seqs.unwrap_or_default(),
        names: row.text_names.unwrap_or_default(),
        bodies: row.text_bodies.unwrap_or_default(),
    };
    let mut papers = Papers {
        finding_number: row.finding_number,
        finding_what: row.finding_what,
        found_on: row.found_on,
        service: row.service_name,
        unit: row.unit,
        sources: row.sources.map_or_else(Vec::new, |Json(sources)| sources),
        bears_on: row.bears_on,
        cancel_reason: row.cancel_reason,
        evidence: Vec::new(),
        verifications: Vec::new(),
        assurances: Vec::new(),
        closures: Vec::new(),
        reopenings: Vec::new(),
        changes: Vec::new(),
        trail: trail.told()?,
        escalation: row.escalation.map(|Json(escalation)| escalation),
        sustain: row.sustain.map_or_else(Vec::new, |Json(checks)| checks),
        reviewed: row.reviewed.map(|Json(reviewed)| reviewed),
        interim_control: None,
        people: row.people.map_or_else(Vec::new, |Json(people)| people),
    };
    for paper in row.papers.map_or_else(Vec::new, |Json(papers)| papers) {
        papers.add(paper);
    }
    Ok((papers, mark))
}
