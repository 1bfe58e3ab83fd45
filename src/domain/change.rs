//! What may be changed about an action after it was agreed, with a reason and never silently (R6, R7): its owner, its
//! words, its date; and calling it off.
//!
//! What is being judged keeps still: words and date do not change between submission and closure. The owner may (people
//! leave), but then the new owner has to submit it again, because nobody answers for work somebody else declared done.

use chrono::NaiveDate;

use super::access::{self, Denial, Verb};
use super::action::{Action, Person, Status};
use super::closure::Case;
use super::member::Member;
use super::wording::{self, Context};
use super::words;
use crate::ids::MemberId;

/// Why a change is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeRefusal {
    /// The person may not do this.
    Denied(Denial),
    /// It is closed or cancelled.
    NotOpen(Status),
    /// It is between submission and closure.
    BeingJudged(Status),
    /// It is not closed, so it cannot be reopened.
    NotClosed(Status),
    /// No reason was given.
    NoReason,
    /// The owner chosen owns it already.
    SameOwner(String),
    /// The owner chosen has left, or does not see the service.
    CannotOwn,
    /// The words are the same.
    SameWords,
    /// The date is the one it has.
    SameDate(NaiveDate),
    /// The date has passed.
    PastDate,
    /// Vague words on a high or critical finding, without a reason for keeping them (R2): what to say about them.
    Vague(Vec<String>),
}

impl ChangeRefusal {
    /// The sentence for the page.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Denied(denial) => denial.sentence().into(),
            Self::NotOpen(status) => {
                format!("It stays as it is: it is {}.", status.label().to_lowercase())
            }
            Self::BeingJudged(status) => format!(
                "It is {}. What is being checked keeps its words and its date; change them if it comes back.",
                status.label().to_lowercase()
            ),
            Self::NotClosed(status) => {
                format!("It cannot be reopened: it is {}.", status.label().to_lowercase())
            }
            Self::NoReason => "Say why".into(),
            Self::SameOwner(name) => format!("{name} owns it already. Choose someone else"),
            Self::CannotOwn => "Choose someone who works in this service".into(),
            Self::SameWords => "Change the words, or go back: these are the same".into(),
            Self::SameDate(date) => {
                format!("It is due on {} already. Choose another date", words::date(*date))
            }
            Self::PastDate => "Set a date that is today or later".into(),
            Self::Vague(remarks) => format!(
                "Reword it, or say below why these words are kept: the finding is high risk. {}",
                remarks.join(" ")
            ),
        }
    }
}

/// What a new owner changes besides the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    /// The status stays.
    Stays,
    /// A submission no longer stands: the new owner submits it again.
    TakesSubmissionBack,
    /// A passed verification no longer stands: the new owner submits it again.
    VoidsVerification,
}

impl Handover {
    /// What a change of owner does to an action in this status.
    #[must_use]
    pub const fn of(status: Status) -> Self {
        match status {
            Status::Submitted => Self::TakesSubmissionBack,
            Status::Verified => Self::VoidsVerification,
            _ => Self::Stays,
        }
    }
}

/// Whether the person may do `verb` to this action, which is open.
///
/// # Errors
/// Why not.
pub fn may_change(member: &Member, verb: Verb, case: &Case) -> Result<(), ChangeRefusal> {
    access::may(member.role, verb, case.relation(member)).map_err(ChangeRefusal::Denied)?;
    let status = case.action.status;
    match verb {
        Verb::Reopen if status != Status::Closed => Err(ChangeRefusal::NotClosed(status)),
        Verb::Reopen => Ok(()),
        _ if !status.open() => Err(ChangeRefusal::NotOpen(status)),
        Verb::Reword | Verb::Extend if !status.with_owner() => Err(ChangeRefusal::BeingJudged(status)),
        _ => Ok(()),
    }
}

/// R7: whether `new` can take the action over from its owner. `possible` are those who see the service and are here.
///
/// # Errors
/// Why not.
pub fn reassign<'a>(
    action: &Action,
    new: MemberId,
    possible: &'a [Person],
) -> Result<&'a Person, ChangeRefusal> {
    if let Some(owner) = action.owner.as_ref().filter(|o| o.id == new && !o.left) {
        return Err(ChangeRefusal::SameOwner(owner.name.clone()));
    }
    possible.iter().find(|p| p.id == new).ok_or(ChangeRefusal::CannotOwn)
}

/// R2, R6: whether the new words may stand. `kept` is why vague words are kept.
///
/// # Errors
/// Why not.
pub fn reword(
    action: &Action,
    what: &str,
    success_test: &str,
    kept: Option<&str>,
) -> Result<(), ChangeRefusal> {
    if action.what == what && action.success_test == success_test {
        return Err(ChangeRefusal::SameWords);
    }
    let context = Context {
        has_owner: !action.unowned(),
        has_due_date: action.due_on.is_some(),
        has_success_test: !success_test.trim().is_empty(),
    };
    let said = wording::check(what, context);
    if said.must_reword(action.risk.is_high()) && kept.is_none_or(|k| k.trim().is_empty()) {
        let vague = said.vague.iter().map(wording::VagueTerm::sentence);
        let missing =
            said.missing.iter().filter(|m| **m == wording::Missing::What).map(|m| m.sentence().into());
        return Err(ChangeRefusal::Vague(vague.chain(missing).collect()));
    }
    Ok(())
}

/// R6, R11: whether the date may move there.
///
/// # Errors
/// Why not.
pub fn new_date(current: Option<NaiveDate>, new: NaiveDate, today: NaiveDate) -> Result<(), ChangeRefusal> {
    if new < today {
        return Err(ChangeRefusal::PastDate);
    }
    if current == Some(new) {
        return Err(ChangeRefusal::SameDate(new));
    }
    Ok(())
}
