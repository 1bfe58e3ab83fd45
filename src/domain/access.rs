//! Who may do what: one table of role and verb, and the relation each cell asks for.
//!
//! The cell says how far the role reaches with the verb; independence (R15, R17, R18) is laid over it, for everyone.

use super::member::Role;

/// What a person can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Open an action and its evidence.
    SeeAction,
    /// Open a finding.
    SeeFinding,
    /// Log a finding (R1).
    LogFinding,
    /// Start a review and see the list of reviews.
    RunReview,
    /// Sign a review off (R5).
    SignOffReview,
    /// Hold the weekly review of a service (R24).
    ReviewWeekly,
    /// End a finding without an action, with a reason (R5, R5b).
    DisposeFinding,
    /// Link a finding to an earlier one of which it is the recurrence (R21).
    LinkFinding,
    /// Look for the root cause of what came back, and withdraw a link (R22).
    FindRootCause,
    /// Define an action under a finding (R2, R3).
    DefineAction,
    /// Add a progress update or evidence (R9).
    AddProgress,
    /// Withdraw a piece of evidence, with a reason (R9).
    WithdrawEvidence,
    /// Open the file of a withdrawn piece: those who judge evidence, who may have to see what was taken back (R9).
    OpenWithdrawn,
    /// Submit for verification, or take a submission back (R10).
    Submit,
    /// Verify (R15, R16).
    Verify,
    /// Record the nominated individual's assurance or challenge (R18).
    Assure,
    /// Approve closure (R17).
    Close,
    /// Reopen what was closed (R19).
    Reopen,
    /// Look whether what was closed has lasted (R19).
    CheckSustained,
    /// Draw the sample of a closure audit, and say whether its evidence stands up (R26).
    AuditClosures,
    /// Give an action another owner (R7).
    Reassign,
    /// Change the wording, with a reason (R6).
    Reword,
    /// Move the due date, with a reason (R6).
    Extend,
    /// Cancel an action, with a reason.
    Cancel,
    /// Merge an action into the one it repeats, with a reason (R28).
    Merge,
    /// Decide an escalation (R13).
    DecideEscalation,
    /// Open the list of escalations.
    SeeEscalations,
    /// Open the manager's dashboard.
    SeeDashboard,
    /// Open the queue of verifications.
    SeeQueue,
    /// Read the early-warning signs (E1 to E16).
    SeeSignals,
    /// Put an early-warning sign aside for some days, with a reason.
    AcknowledgeSign,
    /// Open measures and their charts (R23).
    SeeMeasures,
    /// Define measures, record and correct readings (R23).
    KeepMeasures,
    /// Calculate the limits of a chart anew (R23).
    RecalculateLimits,
    /// Open the figures of governance (R25).
    SeeGovernance,
    /// Write in the governance meeting on a month (R25).
    RecordGovernance,
    /// Sign a month off (R25).
    SignGovernance,
    /// Put evidence packs together and hand them out (R27): for those who answer to the regulator. An administrator looks after
    /// accounts and decides nothing about care; a deputy asks one of them.
    MakePacks,
    /// Read who checked as an exception, and why (R15).
    SeeExceptions,
    /// Read the messages the program sent or could not send.
    SeeMessages,
    /// Change the escalation policy and the closure standards (R12, R20).
    SetPolicy,
    /// Bring a spreadsheet of actions, and undo that: whoever answers for a service or for the whole provider, and the administrator
    /// who sets it up.
    Import,
    /// Look after people and places: members, leavers, services, invitations (R7).
    ManagePeople,
}

impl Verb {
    /// Every verb, in the order of the table.
    pub const ALL: [Self; 43] = [
        Self::SeeAction,
        Self::SeeFinding,
        Self::LogFinding,
        Self::RunReview,
        Self::SignOffReview,
        Self::ReviewWeekly,
        Self::DisposeFinding,
        Self::LinkFinding,
        Self::FindRootCause,
        Self::DefineAction,
        Self::AddProgress,
        Self::WithdrawEvidence,
        Self::OpenWithdrawn,
        Self::Submit,
        Self::Verify,
        Self::Assure,
        Self::Close,
        Self::Reopen,
        Self::CheckSustained,
        Self::AuditClosures,
        Self::Reassign,
        Self::Reword,
        Self::Extend,
        Self::Cancel,
        Self::Merge,
        Self::DecideEscalation,
        Self::SeeEscalations,
        Self::SeeDashboard,
        Self::SeeQueue,
        Self::SeeSignals,
        Self::AcknowledgeSign,
        Self::SeeMeasures,
        Self::KeepMeasures,
        Self::RecalculateLimits,
        Self::SeeGovernance,
        Self::RecordGovernance,
        Self::SignGovernance,
        Self::MakePacks,
        Self::SeeExceptions,
        Self::SeeMessages,
        Self::SetPolicy,
        Self::Import,
        Self::ManagePeople,
    ];
}

/// How far a role reaches with a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Not at all.
    None,
    /// What is their own: they own the action, logged the finding, or gave the evidence.
    Own,
    /// Their services, and what is their own.
    Services,
    /// The whole provider.
    Provider,
}

/// How a member stands to the thing acted on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relation {
    /// The thing is in a service given to them.
    pub in_service: bool,
    /// They own the action, logged the finding or gave the piece of evidence.
    pub own: bool,
    /// They own the action, or have owned it in this cycle.
    pub owned_this_cycle: bool,
    /// They gave evidence of this cycle that still stands.
    pub gave_evidence: bool,
}

/// Why something is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The role never does this, or not here.
    NotYours,
    /// They own the action or have owned it in this cycle (R15, R17).
    Owner,
    /// They gave evidence that still stands (R15).
    GaveEvidence,
}

impl Denial {
    /// The sentence for the page.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NotYours => "Your role does not do this here.",
            Self::Owner => "You own this action or have owned it, so somebody else has to do this.",
            Self::GaveEvidence => "You gave evidence for this action, so somebody else has to check it.",
        }
    }
}

/// The table: how far `role` reaches with `verb`.
#[must_use]
pub const fn reach(role: Role, verb: Verb) -> Reach {
    use Reach::{None, Own, Provider, Services};
    // care staff, team leader, deputy, registered manager, safeguarding lead, quality lead, nominated individual, administrator
    let row = match verb {
        Verb::SeeAction | Verb::SeeFinding => {
            [Own, Services, Services, Services, Provider, Provider, Provider, Provider]
        }
        Verb::LogFinding => [Services, Services, Services, Services, Provider, Provider, Provider, Provider],
        Verb::RunReview
        | Verb::ReviewWeekly
        | Verb::CheckSustained
        | Verb::DefineAction
        | Verb::LinkFinding => [None, Services, Services, Services, Provider, Provider, Provider, None],
        Verb::SignOffReview | Verb::DisposeFinding | Verb::OpenWithdrawn | Verb::Verify => {
            [None, None, Services, Services, Provider, Provider, Provider, None]
        }
        Verb::FindRootCause => [None, None, Services, Services, Provider, Provider, None, None],
        Verb::AddProgress => [Own, Services, Services, Services, Provider, Provider, Provider, Own],
        Verb::WithdrawEvidence => [Own, Own, Services, Services, Provider, Provider, Own, Own],
        Verb::Submit => [Own; 8],
        Verb::Assure => [None, None, None, None, None, None, Provider, None],
        Verb::Close | Verb::Reopen | Verb::DecideEscalation => {
            [None, None, None, Services, None, Provider, Provider, None]
        }
        Verb::Reassign => [None, Services, Services, Services, Provider, Provider, Provider, Provider],
        Verb::Reword | Verb::Extend | Verb::Cancel | Verb::Merge => {
            [None, None, Services, Services, Provider, Provider, Provider, None]
        }
        Verb::SeeEscalations | Verb::SeeQueue | Verb::SeeSignals => {
            [None, None, Services, Services, Provider, Provider, Provider, None]
        }
        Verb::SeeDashboard => [None, Services, Services, Services, Provider, Provider, Provider, Provider],
        Verb::AcknowledgeSign => [None, None, Services, Services, None, Provider, Provider, None],
        Verb::SeeMeasures => [None, Services, Services, Services, Provider, Provider, Provider, None],
        Verb::KeepMeasures => [None, None, Services, Services, Provider, Provider, Provider, None],
        Verb::AuditClosures | Verb::RecalculateLimits => {
            [None, None, None, None, None, Provider, Provider, None]
        }
        Verb::SeeGovernance => [None, None, Services, Services, Provider, Provider, Provider, Provider],
        Verb::RecordGovernance => [None, None, Services, Services, Provider, Provider, Provider, None],
        Verb::SignGovernance | Verb::MakePacks => {
            [None, None, None, Services, None, Provider, Provider, None]
        }
        Verb::SeeExceptions => [None, None, None, None, None, Provider, Provider, None],
        Verb::Import => [None, None, None, Services, None, Provider, Provider, Provider],
        Verb::SetPolicy => [None, None, None, None, None, Provider, None, Provider],
        Verb::SeeMessages | Verb::ManagePeople => [None, None, None, None, None, None, None, Provider],
    };
    let [care, leader, deputy, manager, safeguarding, quality, nominated, administrator] = row;
    match role {
        Role::CareStaff => care,
        Role::TeamLeader => leader,
        Role::DeputyManager => deputy,
        Role::RegisteredManager => manager,
        Role::SafeguardingLead => safeguarding,
        Role::QualityLead => quality,
        Role::NominatedIndividual => nominated,
        Role::Administrator => administrator,
        Role::ExternalReader => None,
    }
}

/// Whether `role` may do `verb` to something it stands to as `relation` says.
///
/// # Errors
/// The first reason against it: reach before independence.
pub const fn may(role: Role, verb: Verb, relation: Relation) -> Result<(), Denial> {
    let reached = match reach(role, verb) {
        Reach::None => false,
        Reach::Own => relation.own,
        Reach::Services => {
            relation.in_service
                || (relation.own
                    && matches!(
                        verb,
                        Verb::SeeAction | Verb::SeeFinding | Verb::AddProgress | Verb::WithdrawEvidence
                    ))
        }
        Reach::Provider => true,
    };
    if !reached {
        return Err(Denial::NotYours);
    }
    // R15, R17 to R19, R26: nobody judges their own work
    if matches!(verb, Verb::Verify | Verb::Close | Verb::Assure | Verb::CheckSustained | Verb::AuditClosures)
        && relation.owned_this_cycle
    {
        return Err(Denial::Owner);
    }
    if matches!(verb, Verb::Verify) && relation.gave_evidence {
        return Err(Denial::GaveEvidence);
    }
    Ok(())
}
