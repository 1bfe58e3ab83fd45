//! An action: what it is, the states it passes through, and what is asked of it before it is submitted.

use chrono::{DateTime, NaiveDate, Utc};

use super::calendar::{self, Nation};
use super::member::Role;
use super::reference::Reference;
use super::standard::Approver;
use super::text_enum::text_enum;
use super::topic::{EvidenceKind, Risk, Theme, Topic};
use crate::ids::{ActionId, FindingId, MemberId, ServiceId};

text_enum! {
    /// Where an action stands on the line. One column, one transition table; what depends on today (due soon, late) is
    /// computed, see [`State`].
    pub enum Status {
        /// Agreed, nothing recorded yet.
        NotStarted => "not_started", "Not started";
        /// The owner has recorded progress, or it was reopened.
        InProgress => "in_progress", "In progress";
        /// The owner says it is done; somebody else has to check.
        Submitted => "submitted", "Waiting for verification";
        /// Partially complete: back with the owner (R16).
        SentBack => "sent_back", "Partially complete";
        /// Done, but practice did not change (R16).
        Ineffective => "ineffective", "Ineffective";
        /// Verified as complete; closure has to be approved (R17).
        Verified => "verified", "Waiting for closure";
        /// Closed with proof.
        Closed => "closed", "Closed";
        /// Called off with a reason; stays visible.
        Cancelled => "cancelled", "Cancelled";
    }
}

impl Status {
    /// Whether the owner has to do something next. Only these can be late (R11).
    #[must_use]
    pub const fn with_owner(self) -> bool {
        matches!(self, Self::NotStarted | Self::InProgress | Self::SentBack | Self::Ineffective)
    }

    /// Whether the line still goes on.
    #[must_use]
    pub const fn open(self) -> bool {
        !matches!(self, Self::Closed | Self::Cancelled)
    }

    /// The transition table; the database holds the same one.
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
        use Status::{Cancelled, Closed, InProgress, Ineffective, NotStarted, SentBack, Submitted, Verified};
        match self {
            NotStarted => matches!(next, InProgress | Submitted | Cancelled),
            InProgress => matches!(next, Submitted | Cancelled),
            Submitted => matches!(next, Verified | SentBack | Ineffective | InProgress | Cancelled),
            SentBack | Ineffective => matches!(next, InProgress | Submitted | Cancelled),
            Verified => matches!(next, Closed | Submitted | InProgress | SentBack | Cancelled),
            Closed => matches!(next, InProgress),
            Cancelled => false,
        }
    }
}

/// A member as others see them beside an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The membership.
    pub id: MemberId,
    /// Name as colleagues know it.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Job title, possibly empty.
    pub job_title: String,
    /// Whether the membership has ended (R7: their actions are unowned).
    pub left: bool,
}

impl Person {
    /// "Amara Bello, care coordinator", or the role's name when no job title was given.
    #[must_use]
    pub fn with_title(&self) -> String {
        let title = if self.job_title.is_empty() { self.role.label() } else { &self.job_title };
        let mut letters = title.chars();
        let title: String = match letters.next() {
            Some(first) if !letters.clone().next().is_some_and(char::is_uppercase) => {
                first.to_lowercase().chain(letters).collect()
            }
            Some(first) => std::iter::once(first).chain(letters).collect(),
            None => String::new(),
        };
        format!("{}, {title}", self.name)
    }
}

/// An action with what the rules need to know of its finding and service.
#[derive(Clone, Debug)]
pub struct Action {
    /// Id.
    pub id: ActionId,
    /// Number within the provider.
    pub number: i32,
    /// The finding it answers.
    pub finding_id: FindingId,
    /// Where it is to be done.
    pub service_id: ServiceId,
    /// The nation of the service, for working days (R15).
    pub nation: Nation,
    /// What is to be done (R2).
    pub what: String,
    /// How success will be tested (R3).
    pub success_test: String,
    /// Why vague wording was kept (R2).
    pub wording_override: Option<String>,
    /// The one current owner (R7).
    pub owner: Option<Person>,
    /// Due date in Europe/London (R11).
    pub due_on: Option<NaiveDate>,
    /// Follow-up audit point after closure (S1).
    pub follow_up_on: Option<NaiveDate>,
    /// Where it stands.
    pub status: Status,
    /// Counted up by reopening and by an ineffective verdict; papers belong to a cycle.
    pub cycle: i32,
    /// Counted up by every write to it or below it.
    pub version: i64,
    /// Counted up by every change of its evidence.
    pub evidence_rev: i64,
    /// The verification window agreed when it was defined, in working days (R15).
    pub verification_working_days: u16,
    /// Who approves closure (R17).
    pub approver: Approver,
    /// When it was submitted in this cycle.
    pub submitted_at: Option<DateTime<Utc>>,
    /// The last day of the verification window (R15).
    pub verify_by: Option<NaiveDate>,
    /// How often it was reworded (R6).
    pub rewordings: i32,
    /// How often its date was moved (R6).
    pub extensions: i32,
    /// How often it changed hands (R7, E4).
    pub owner_changes: i32,
    /// The finding's risk.
    pub risk: Risk,
    /// The finding's theme.
    pub theme: Theme,
    /// The finding's topic.
    pub topic: Topic,
    /// The number of the action it was merged into (R28).
    pub merged_into: Option<i32>,
    /// Whether others were merged into it.
    pub has_merged: bool,
    /// When it was defined.
    pub created_at: DateTime<Utc>,
    /// When somebody last moved it (see [`super::staleness`]).
    pub moved_at: DateTime<Utc>,
}

impl Action {
    /// A-0142.
    #[must_use]
    pub const fn reference(&self) -> Reference {
        Reference::action(self.number)
    }

    /// R7: nobody owns it, or its owner has left.
    #[must_use]
    pub fn unowned(&self) -> bool {
        self.owner.as_ref().is_none_or(|o| o.left)
    }

    /// R11: its owner is late. A missing date is never a breach; what waits for others is not the owner's delay.
    #[must_use]
    pub fn overdue(&self, today: NaiveDate) -> bool {
        self.status.with_owner() && calendar::is_overdue(self.due_on, today)
    }

    /// R15: the check is late.
    #[must_use]
    pub fn verification_late(&self, today: NaiveDate) -> bool {
        self.status == Status::Submitted && calendar::is_overdue(self.verify_by, today)
    }

    /// R18: the nominated individual's assurance is needed before closure.
    #[must_use]
    pub const fn needs_assurance(&self) -> bool {
        self.risk.is_high()
    }

    /// The state as shown today.
    #[must_use]
    pub fn state(&self, today: NaiveDate, escalated: bool) -> State {
        state(self.status, self.due_on, self.nation, self.cycle, today, escalated)
    }
}

/// What the pill on an action says: the status, and what today makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The status itself.
    Plain(Status),
    /// Due within seven days.
    DueSoon(NaiveDate),
    /// Late, in working days of the service's nation; 0 on a weekend right after the date.
    Late(u32),
    /// Late and escalated, without a decision yet.
    Escalated(u32),
    /// Reopened after closure and with its owner again.
    CameBack,
}

/// Works out the pill from what a list row knows.
#[must_use]
pub fn state(
    status: Status,
    due_on: Option<NaiveDate>,
    nation: Nation,
    cycle: i32,
    today: NaiveDate,
    escalated: bool,
) -> State {
    if !status.with_owner() {
        return State::Plain(status);
    }
    if let Some(due) = due_on {
        if calendar::is_overdue(Some(due), today) {
            let late = calendar::working_days_after(due, today, nation);
            return if escalated { State::Escalated(late) } else { State::Late(late) };
        }
        if matches!(status, Status::NotStarted | Status::InProgress) {
            if cycle > 1 && status == Status::InProgress {
                return State::CameBack;
            }
            if (due - today).num_days() <= 7 {
                return State::DueSoon(due);
            }
        }
    }
    State::Plain(status)
}

/// What was given as evidence, as far as the rules care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The kind it counts as.
    pub kind: EvidenceKind,
    /// Who gave it.
    pub author: MemberId,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
}

/// The required kinds without a live piece of evidence, in their order (R3, R10).
#[must_use]
pub fn missing_kinds(required: &[EvidenceKind], pieces: &[Piece]) -> Vec<EvidenceKind> {
    required.iter().copied().filter(|kind| !pieces.iter().any(|p| p.kind == *kind && !p.withdrawn)).collect()
}

/// Why an action cannot be submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmissionRefusal {
    /// It is not with its owner.
    NotWithOwner(Status),
    /// It has no due date yet.
    NoDueDate,
    /// Nothing was recorded about what was done (R9).
    NothingRecorded,
    /// Required kinds are missing (R10): these.
    Missing(Vec<EvidenceKind>),
    /// It came back and nothing new was added since the verdict (R16).
    NothingNew,
    /// Its finding came back, and all that is to be done is to tell people again (R22).
    OnlyReminds,
}

impl SubmissionRefusal {
    /// The sentence for the page.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::NotWithOwner(Status::Submitted) => "It is already waiting for verification.".into(),
            Self::NotWithOwner(status) => {
                format!("It cannot be submitted: it is {}.", status.label().to_lowercase())
            }
            Self::NoDueDate => "It has no due date. Ask your manager to set one.".into(),
            Self::NothingRecorded => "Say what was done and when before you submit it.".into(),
            Self::Missing(kinds) => format!(
                "Evidence is still missing: {}. A note is not evidence: add a file, or say where the record is kept.",
                super::words::list(&kinds.iter().map(|k| k.label().to_lowercase()).collect::<Vec<_>>())
            ),
            Self::OnlyReminds => {
                "This came back, and telling people again is all that was agreed. Ask your manager for an action that changes how things are done.".into()
            }
            Self::NothingNew => "It was sent back. Add what was missing before you submit it again.".into(),
        }
    }
}

/// R9, R10, R16: whether the owner can submit.
///
/// # Errors
/// What stands against it, first things first.
pub fn can_submit(
    action: &Action,
    required: &[EvidenceKind],
    pieces: &[Piece],
    updates_this_cycle: usize,
    last_verdict_rev: Option<i64>,
) -> Result<(), SubmissionRefusal> {
    if !action.status.with_owner() {
        return Err(SubmissionRefusal::NotWithOwner(action.status));
    }
    if action.due_on.is_none() {
        return Err(SubmissionRefusal::NoDueDate);
    }
    if updates_this_cycle == 0 {
        return Err(SubmissionRefusal::NothingRecorded);
    }
    let missing = missing_kinds(required, pieces);
    if !missing.is_empty() || pieces.iter().all(|p| p.withdrawn) {
        return Err(SubmissionRefusal::Missing(if missing.is_empty() { required.to_vec() } else { missing }));
    }
    if last_verdict_rev.is_some_and(|rev| rev == action.evidence_rev) {
        return Err(SubmissionRefusal::NothingNew);
    }
    Ok(())
}
