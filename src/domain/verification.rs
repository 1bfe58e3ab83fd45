//! Independent verification: who may check, what a verdict has to say, and what follows from it (R15, R16, R17).

use chrono::NaiveDate;

use super::access::{self, Denial, Relation, Verb};
use super::action::{Action, Piece, Status};
use super::member::{Member, Role};
use super::text_enum::text_enum;
use super::topic::EvidenceKind;
use crate::ids::MemberId;

text_enum! {
    /// How the verifier checked.
    pub enum Method {
        /// Sampled records made since the action.
        RecordSample => "record_sample", "Sampled records";
        /// Watched practice.
        Observation => "observation", "Observed practice";
        /// Spoke with people or families.
        Conversation => "conversation", "Spoke with people or families";
        /// Looked at data.
        DataCheck => "data_check", "Checked data";
        /// Made an unannounced check.
        SpotCheck => "spot_check", "Spot check";
        /// Read the documents given.
        DocumentCheck => "document_check", "Read the documents";
    }
}

text_enum! {
    /// What the verifier found a kind of evidence to say (R17).
    pub enum Mark {
        /// It shows that the outcome was reached.
        Supports => "supports", "Supports it";
        /// It points both ways.
        Mixed => "mixed", "Mixed";
        /// It shows that it was not.
        DoesNotSupport => "does_not_support", "Does not support it";
    }
}

text_enum! {
    /// The verdict (R16).
    pub enum Outcome {
        /// Can go to closure.
        Complete => "complete", "Complete";
        /// Back to the owner with what is missing and a new date.
        PartiallyComplete => "partially_complete", "Partially complete";
        /// Reopened and escalated.
        Ineffective => "ineffective", "Ineffective";
    }
}

/// A verdict as the verifier gives it.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// How it was checked.
    pub method: Method,
    /// How many were looked at; at least 1.
    pub sample_size: u32,
    /// How many of them met the standard.
    pub met_standard: u32,
    /// What was sampled and found.
    pub note: String,
    /// One mark for each required kind.
    pub marks: Vec<(EvidenceKind, Mark)>,
    /// Complete, partially complete or ineffective.
    pub outcome: Outcome,
    /// What is missing, for partially complete.
    pub missing: Option<String>,
    /// The new due date, for partially complete and ineffective.
    pub new_due_on: Option<NaiveDate>,
    /// Why a team leader checks, in a home with one manager (R15).
    pub exception_reason: Option<String>,
}

/// Why a verdict is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerdictRefusal {
    /// The person may not check this.
    Denied(Denial),
    /// A registered manager's own action is checked by the deputy, the quality lead or the nominated individual (R15).
    ManagersAction,
    /// It is not waiting for verification.
    NotSubmitted(Status),
    /// A required kind was not judged: these.
    Unmarked(Vec<EvidenceKind>),
    /// "Complete" with evidence that does not support it (R17): these.
    NotSupported(Vec<EvidenceKind>),
    /// "Complete" although nothing in the sample met the standard.
    NothingMet,
    /// More met the standard than were looked at.
    MoreMetThanSampled,
    /// Partially complete must say what is missing (R16).
    NothingMissing,
    /// The action goes back, so it needs a new date that is not past (R16).
    NoNewDate,
}

impl VerdictRefusal {
    /// The sentence for the page.
    #[must_use]
    pub fn sentence(&self) -> String {
        let list = |kinds: &[EvidenceKind]| {
            super::words::list(&kinds.iter().map(|k| k.label().to_lowercase()).collect::<Vec<_>>())
        };
        match self {
            Self::Denied(denial) => denial.sentence().into(),
            Self::ManagersAction => "A registered manager owned this, so a deputy manager, the quality lead or the nominated individual checks it. With one manager only, a team leader may, with the reason recorded.".into(),
            Self::NotSubmitted(status) => format!("It is not waiting for verification: it is {}.", status.label().to_lowercase()),
            Self::Unmarked(kinds) => format!("Say for each kind of evidence whether it supports the outcome: {}.", list(kinds)),
            Self::NotSupported(kinds) => format!("It cannot be complete while evidence is mixed or does not support it: {}.", list(kinds)),
            Self::NothingMet => "It cannot be complete when nothing you looked at met the standard.".into(),
            Self::MoreMetThanSampled => "The number that met the standard cannot be more than the number you looked at.".into(),
            Self::NothingMissing => "Say what is missing, so that the owner knows what to do.".into(),
            Self::NoNewDate => "Set a new due date, today or later: the action goes back to its owner.".into(),
        }
    }
}

/// What follows from a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// The next status.
    pub status: Status,
    /// Whether a new cycle begins, so that the evidence must be new.
    pub new_cycle: bool,
    /// Whether it is escalated at once (R14, R17).
    pub escalate: Option<EscalateBecause>,
}

/// Why a verdict is escalated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EscalateBecause {
    /// Practice did not change.
    Ineffective,
    /// The evidence points both ways.
    Mixed,
}

/// Whether `member` is independent and senior enough to check this action (R15).
///
/// # Errors
/// Why not.
pub fn may_verify(
    member: &Member,
    action: &Action,
    owners: &[(MemberId, Role)],
    pieces: &[Piece],
    with_exception: bool,
) -> Result<(), VerdictRefusal> {
    let relation = Relation {
        in_service: member.sees_service(action.service_id),
        own: false,
        owned_this_cycle: owners.iter().any(|(id, _)| *id == member.id),
        gave_evidence: pieces.iter().any(|p| p.author == member.id && !p.withdrawn),
    };
    let managers = owners.iter().any(|(_, role)| *role == Role::RegisteredManager);
    if member.role == Role::TeamLeader && managers && with_exception {
        // the same independence, through the table, one rank lower
        return access::may(Role::DeputyManager, Verb::Verify, relation).map_err(VerdictRefusal::Denied);
    }
    access::may(member.role, Verb::Verify, relation).map_err(VerdictRefusal::Denied)?;
    if managers && !matches!(member.role, Role::DeputyManager | Role::QualityLead | Role::NominatedIndividual)
    {
        return Err(VerdictRefusal::ManagersAction);
    }
    Ok(())
}

/// Weighs a verdict and says what follows from it (R16, R17).
///
/// # Errors
/// Every reason why it is not accepted, in the order of the form.
pub fn weigh(
    verdict: &Verdict,
    action: &Action,
    required: &[EvidenceKind],
    today: NaiveDate,
) -> Result<Consequence, Vec<VerdictRefusal>> {
    let mut refusals = Vec::new();
    if action.status != Status::Submitted {
        return Err(vec![VerdictRefusal::NotSubmitted(action.status)]);
    }
    if verdict.met_standard > verdict.sample_size {
        refusals.push(VerdictRefusal::MoreMetThanSampled);
    }
    let mark = |kind: &EvidenceKind| verdict.marks.iter().find(|(k, _)| k == kind).map(|(_, m)| *m);
    let unmarked: Vec<_> = required.iter().copied().filter(|k| mark(k).is_none()).collect();
    if !unmarked.is_empty() {
        refusals.push(VerdictRefusal::Unmarked(unmarked));
    }
    let unsupported: Vec<_> =
        required.iter().copied().filter(|k| mark(k).is_some_and(|m| m != Mark::Supports)).collect();
    match verdict.outcome {
        Outcome::Complete => {
            if !unsupported.is_empty() {
                refusals.push(VerdictRefusal::NotSupported(unsupported));
            }
            if verdict.met_standard == 0 {
                refusals.push(VerdictRefusal::NothingMet);
            }
        }
        Outcome::PartiallyComplete if verdict.missing.as_ref().is_none_or(|m| m.trim().is_empty()) => {
            refusals.push(VerdictRefusal::NothingMissing);
        }
        Outcome::PartiallyComplete | Outcome::Ineffective => {}
    }
    if verdict.outcome != Outcome::Complete && verdict.new_due_on.is_none_or(|d| d < today) {
        refusals.push(VerdictRefusal::NoNewDate);
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Ok(match verdict.outcome {
        Outcome::Complete => Consequence { status: Status::Verified, new_cycle: false, escalate: None },
        Outcome::PartiallyComplete => Consequence {
            status: Status::SentBack,
            new_cycle: false,
            escalate: verdict.marks.iter().any(|(_, m)| *m == Mark::Mixed).then_some(EscalateBecause::Mixed),
        },
        Outcome::Ineffective => Consequence {
            status: Status::Ineffective,
            new_cycle: true,
            escalate: Some(EscalateBecause::Ineffective),
        },
    })
}
