//! Progress: what was done and when, what shows it, and whether it is done or stuck. One form, one transaction (R9).

use chrono::NaiveDate;
use serde_json::json;

use super::submission::{self, lock_visible};
use super::{Actor, Done, Moment, Said, Stop};
use crate::app::AppState;
use crate::domain::access::{self, Verb};
use crate::domain::action::Status;
use crate::domain::closure::Case;
use crate::domain::event::{Event, EventKind};
use crate::domain::evidence::{self as rule, Effect};
use crate::domain::reference::Reference;
use crate::error::AppError;
use crate::ids::UpdateId;
use crate::store::action::Change;
use crate::store::update::NewUpdate;
use crate::store::{TenantTx, action, case, update};
use crate::workflow::evidence::{self, Given};

/// What a person brings to an action.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Id, made by the form so that sending it twice records it once.
    pub id: UpdateId,
    /// What was done; may be left out when evidence speaks for itself.
    pub note: Option<String>,
    /// When it was done.
    pub done_on: Option<NaiveDate>,
    /// What is in the way, and what would help when help is asked for.
    pub help: Option<Help>,
    /// Evidence, in order.
    pub evidence: Vec<Given>,
    /// Whether the owner says it is done now (R10).
    pub submit: bool,
}

/// A barrier and the support needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help {
    /// What is in the way.
    pub barrier: String,
    /// What would help, when it is asked for.
    pub support_needed: Option<String>,
}

/// What was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Pieces of evidence added.
    pub evidence: usize,
    /// The last day of the verification window, if it was submitted.
    pub verify_by: Option<NaiveDate>,
    /// Whether what was verified has to be checked again now.
    pub checked_again: bool,
}

/// Records progress: the update, the evidence and, if asked for, the submission; all or nothing.
///
/// # Errors
/// What is missing or may not be, as sentences for the form. Kept files stay kept.
pub async fn record(app: &AppState, by: &Actor, on: Reference, given: &Progress) -> Done<Recorded> {
    super::retrying!(record_once(app, by, on, given))
}

async fn record_once(app: &AppState, by: &Actor, on: Reference, given: &Progress) -> Done<Recorded> {
    let moment = Moment::read(app);
    let mut tx = by.begin(app).await?;
    let case = lock_visible(&mut tx, by, on).await?;
    if update::was_recorded(&mut tx, case.action.id, given.id).await? {
        return Ok(Recorded { verify_by: case.action.verify_by, ..Recorded::default() });
    }
    may_add(by, &case)?;
    let lacking = lacks(given, moment.today);
    if !lacking.is_empty() {
        return Err(Stop::Refused(lacking));
    }
    write_note(&mut tx, &case, given).await?;
    let first = if given.note.is_none() { Some(given.id.uuid().into()) } else { None };
    let evidence = evidence::write(&mut tx, &case.action, &given.evidence, moment, first).await?;
    let effect = rule::added(case.action.status, evidence > 0);
    let mut done = Recorded { evidence, verify_by: None, checked_again: effect == Effect::CheckedAgain };
    if given.submit {
        let written = case::read(&mut tx, on.number).await?.unwrap_or(case);
        done.verify_by = Some(submission::submit_within(&mut tx, by, &written, moment).await?);
    } else if effect == Effect::CheckedAgain {
        done.verify_by = Some(evidence::check_again(&mut tx, on, moment, "evidence_added").await?);
    } else {
        let change = Change { status: effect.status(), touched: true, ..Change::default() };
        action::change(&mut tx, case.action.id, &change).await?;
    }
    tx.commit().await?;
    Ok(done)
}

/// The case of an action this actor may see, for the page with the form.
///
/// # Errors
/// It is not there, or not for this actor.
pub async fn look(app: &AppState, by: &Actor, on: Reference) -> Result<Case, AppError> {
    let mut tx = by.begin(app).await?;
    let case =
        case::read(&mut tx, on.number).await?.filter(|case| by.sees(case)).ok_or(AppError::NotFound)?;
    tx.commit().await?;
    Ok(case)
}

/// Whether this actor may add to the action now; the page asks the same before it offers the form.
///
/// # Errors
/// Why not, as a sentence.
pub fn may_add(by: &Actor, case: &Case) -> Result<(), Stop> {
    access::may(by.member.role, Verb::AddProgress, by.stands_to(case))
        .map_err(|denial| Stop::refused(denial.sentence()))?;
    match case.action.status {
        Status::Closed => {
            Err(Stop::refused("It is closed, so nothing can be added. Ask a manager to reopen it."))
        }
        Status::Cancelled => Err(Stop::refused("It was cancelled, so nothing can be added.")),
        _ => Ok(()),
    }
}

/// What a form lacks, apart from the action it is about.
fn lacks(given: &Progress, today: NaiveDate) -> Vec<Said> {
    let mut said = Vec::new();
    let mut say =
        |field, sentence: &str| said.push(Said { field: Some(field), sentence: sentence.to_owned() });
    if given.note.is_none() && given.help.is_some() {
        say("note", "Say what you did so far, or what you tried");
    } else if given.note.is_none() && given.evidence.is_empty() && !given.submit {
        say("note", "Say what you did, or add a file, or say where the record is kept");
    }
    if given.done_on.is_some_and(|day| day > today) {
        say("done_on", "Enter the day it was done: today or earlier");
    }
    if given.evidence.iter().any(|piece| piece.about_on > today) {
        say("done_on", "Evidence is about a day that was: today or earlier");
    }
    if given.submit && given.help.as_ref().is_some_and(|help| help.support_needed.is_some()) {
        say("next", "Choose one: it is done, or you need help");
    }
    said
}

async fn write_note(tx: &mut TenantTx, case: &Case, given: &Progress) -> Result<(), sqlx::Error> {
    let Some(note) = &given.note else { return Ok(()) };
    let a = &case.action;
    let barrier = given.help.as_ref().map(|h| h.barrier.as_str());
    let support_needed = given.help.as_ref().and_then(|h| h.support_needed.as_deref());
    let new = NewUpdate {
        id: given.id,
        action: a.id,
        cycle: a.cycle,
        note,
        done_on: given.done_on,
        barrier,
        support_needed,
    };
    update::insert(tx, &new).await?;
    let facts = json!({ "update": given.id, "done_on": given.done_on, "barrier": barrier.is_some(), "cycle": a.cycle });
    tx.record(
        Event::of_action(EventKind::UpdateAdded, a.id, a.finding_id)
            .detail(facts)
            .text("note", note.clone())
            .text("barrier", barrier.unwrap_or_default())
            .text("support_needed", support_needed.unwrap_or_default()),
    );
    Ok(())
}
