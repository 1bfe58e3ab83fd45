//! The nominated individual's assurance: who gives it, when, and what a challenge has to say (R18).

use chrono::NaiveDate;

use super::access::{self, Denial, Verb};
use super::action::Status;
use super::closure::{AssuranceDecision, Case};
use super::member::Member;

/// The word as it is given.
#[derive(Clone, Debug)]
pub struct Word {
    /// Assured or challenged.
    pub decision: AssuranceDecision,
    /// What they looked at and why they are satisfied or not.
    pub note: String,
    /// The new due date, for a challenge: the action goes back to its owner.
    pub new_due_on: Option<NaiveDate>,
}

/// Why it is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssuranceRefusal {
    /// The person does not give assurance here.
    Denied(Denial),
    /// Only high and critical findings ask for it.
    NotNeeded,
    /// It is not waiting for closure.
    NotVerified(Status),
    /// Nothing was written.
    NoNote,
    /// A challenge sends the action back, so it needs a date that is not past.
    NoNewDate,
}

impl AssuranceRefusal {
    /// The sentence for the page.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Denied(Denial::NotYours) => "The nominated individual records assurance.".into(),
            Self::Denied(denial) => denial.sentence().into(),
            Self::NotNeeded => {
                "Only actions on high and critical findings need the nominated individual’s assurance.".into()
            }
            Self::NotVerified(status) => {
                format!("It is not waiting for assurance: it is {}.", status.label().to_lowercase())
            }
            Self::NoNote => "Say what you looked at and why you are satisfied, or not.".into(),
            Self::NoNewDate => {
                "Set a new due date, today or later: the action goes back to its owner.".into()
            }
        }
    }
}

/// Whether this person can record assurance on this action now.
///
/// # Errors
/// Why not.
pub fn may_assure(member: &Member, case: &Case) -> Result<(), AssuranceRefusal> {
    access::may(member.role, Verb::Assure, case.relation(member)).map_err(AssuranceRefusal::Denied)?;
    if !case.action.needs_assurance() {
        return Err(AssuranceRefusal::NotNeeded);
    }
    if case.action.status != Status::Verified {
        return Err(AssuranceRefusal::NotVerified(case.action.status));
    }
    Ok(())
}

/// What the word lacks.
///
/// # Errors
/// Every reason why it is not accepted, in the order of the form.
pub fn weigh(word: &Word, today: NaiveDate) -> Result<(), Vec<AssuranceRefusal>> {
    let mut refusals = Vec::new();
    if word.note.trim().is_empty() {
        refusals.push(AssuranceRefusal::NoNote);
    }
    if word.decision == AssuranceDecision::Challenged && word.new_due_on.is_none_or(|d| d < today) {
        refusals.push(AssuranceRefusal::NoNewDate);
    }
    if refusals.is_empty() { Ok(()) } else { Err(refusals) }
}
