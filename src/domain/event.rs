//! What is written into the trail, and the plain words in which the timeline tells it.

use serde_json::{Value, json};

use super::text_enum::text_enum;
use crate::ids::{ActionId, FindingId, ReviewId, WeeklyReviewId};

text_enum! {
    /// Everything that can happen. The stored word never changes: it is in the chain.
    pub enum EventKind {
        /// The provider was added.
        ProviderAdded => "provider_added", "Provider added";
        /// A service was added.
        ServiceAdded => "service_added", "Service added";
        /// A unit was added.
        UnitAdded => "unit_added", "Unit added";
        /// A service changed its name, kind or nation.
        ServiceChanged => "service_changed", "Service changed";
        /// A unit got another name.
        UnitRenamed => "unit_renamed", "Unit renamed";
        /// A member joined.
        MemberAdded => "member_added", "Member added";
        /// Somebody was invited.
        Invited => "invited", "Invited";
        /// An invitation was made anew.
        InvitationRenewed => "invitation_renewed", "Invitation renewed";
        /// An invitation was withdrawn.
        InvitationWithdrawn => "invitation_withdrawn", "Invitation withdrawn";
        /// A provider asks other roles for one-time codes.
        CodesRuleChanged => "codes_rule_changed", "Rule for one-time codes changed";
        /// An administrator asked that somebody's one-time codes be taken away.
        CodesResetAsked => "codes_reset_asked", "Reset of one-time codes asked for";
        /// What was asked was withdrawn or refused.
        CodesResetWithdrawn => "codes_reset_withdrawn", "Reset of one-time codes withdrawn";
        /// Somebody's one-time codes were taken away.
        CodesReset => "codes_reset", "One-time codes reset";
        /// A member's role, title or services changed.
        MemberChanged => "member_changed", "Member changed";
        /// A membership ended.
        MemberLeft => "member_left", "Member left";
        /// A key for another program was made.
        ApiKeyMade => "api_key_made", "Key for another program made";
        /// A key for another program was ended.
        ApiKeyEnded => "api_key_ended", "Key for another program ended";
        /// Closure standards or the escalation policy were set.
        RulesSet => "rules_set", "Closure standards and escalation policy set";
        /// A review was started.
        ReviewStarted => "review_started", "Review started";
        /// A review was signed off (R5).
        ReviewSignedOff => "review_signed_off", "Review signed off";
        /// A finding was logged (R1).
        FindingLogged => "finding_logged", "Finding logged";
        /// A finding got a further source (R1).
        SourceAdded => "source_added", "Further source added";
        /// A finding ended without an action, with a reason (R5, R5b).
        FindingDisposed => "finding_disposed", "Finding ended without an action";
        /// A finding was linked to an earlier one of which it is the recurrence (R21).
        FindingLinked => "finding_linked", "Linked as the same problem";
        /// Such a link was withdrawn, with a reason.
        LinkWithdrawn => "link_withdrawn", "Link withdrawn";
        /// A closure did not last: the same was found again (R22).
        ClosureNotLasting => "closure_not_lasting", "The closure did not last";
        /// A root-cause review was opened (R22).
        RootCauseOpened => "root_cause_opened", "Root-cause review opened";
        /// A root-cause review was written, and is not complete yet.
        RootCauseSaved => "root_cause_saved", "Root-cause review saved";
        /// A root-cause review was completed.
        RootCauseFound => "root_cause_found", "Root-cause review complete";
        /// An action was agreed (R2, R3).
        ActionDefined => "action_defined", "Action agreed";
        /// An action got an owner, or another one (R7).
        OwnerChanged => "owner_changed", "Owner changed";
        /// An action was reworded (R6).
        Reworded => "reworded", "Reworded";
        /// A due date was set or moved (R6).
        DueDateMoved => "due_date_moved", "Due date moved";
        /// Progress was recorded.
        UpdateAdded => "update_added", "Update";
        /// Evidence was added (R9).
        EvidenceAdded => "evidence_added", "Evidence added";
        /// Evidence was withdrawn (R9).
        EvidenceWithdrawn => "evidence_withdrawn", "Evidence withdrawn";
        /// The owner says it is done (R10).
        Submitted => "submitted", "Marked as done";
        /// The submission no longer stands.
        SubmissionTakenBack => "submission_taken_back", "Back in progress";
        /// What was verified has to be verified again, because the evidence or the owner changed.
        VerificationVoided => "verification_voided", "Has to be checked again";
        /// A verdict was recorded (R16).
        Verified => "verified", "Verified";
        /// The nominated individual's word was recorded (R18).
        AssuranceRecorded => "assurance_recorded", "Assurance recorded";
        /// Closure was approved (R17).
        Closed => "closed", "Closed";
        /// It was reopened (R19).
        Reopened => "reopened", "Reopened";
        /// Somebody looked whether it lasts (R19).
        SustainChecked => "sustain_checked", "Sustain check";
        /// The sample of a closure audit was drawn (R26).
        ClosureAuditDrawn => "closure_audit_drawn", "Sample of a closure audit drawn";
        /// Somebody said whether the evidence of a closure stands up (R26).
        ClosureAudited => "closure_audited", "Closure audit";
        /// It was cancelled.
        Cancelled => "cancelled", "Cancelled";
        /// It was merged into the action it repeats (R28).
        MergedInto => "merged_into", "Merged into another action";
        /// Another action was merged into it (R28).
        TookIn => "took_in", "Another action was merged into this one";
        /// The due date passed (R11).
        BecameOverdue => "became_overdue", "Became overdue";
        /// It was escalated (R12, R14).
        Escalated => "escalated", "Escalated";
        /// A decision on an escalation was recorded (R13).
        EscalationDecided => "escalation_decided", "Escalation decided";
        /// A measure was defined (R23).
        MeasureDefined => "measure_defined", "Measure defined";
        /// A measure changed: name, target, deadline, owner, cadence.
        MeasureChanged => "measure_changed", "Measure changed";
        /// A measure ended: its readings stay, and none are added.
        MeasureEnded => "measure_ended", "Measure ended";
        /// A reading was recorded.
        ReadingRecorded => "reading_recorded", "Reading recorded";
        /// A reading was corrected, with a reason.
        ReadingCorrected => "reading_corrected", "Reading corrected";
        /// Limits were calculated anew from a period, or that was taken back.
        LimitsRecalculated => "limits_recalculated", "Limits calculated anew";
        /// An action was named as one that should move a measure.
        MeasureNamed => "measure_named", "Should move a measure";
        /// An early-warning sign was put aside until a day, with a reason.
        SignAcknowledged => "sign_acknowledged", "Early-warning sign put aside";
        /// A sign that was put aside is shown again.
        SignShownAgain => "sign_shown_again", "Early-warning sign shown again";
        /// A weekly review was begun (R24).
        WeeklyReviewStarted => "weekly_review_started", "Weekly review started";
        /// Something was agreed for an action in a weekly review (R24).
        ReviewedWeekly => "reviewed_weekly", "Weekly review";
        /// A weekly review was finished (R24).
        WeeklyReviewFinished => "weekly_review_finished", "Weekly review finished";
        /// Minutes of a governance meeting were written (R25).
        GovernanceMinuted => "governance_minuted", "Minutes of a governance meeting written";
        /// Something was said in a governance meeting (R18a, R25).
        GovernanceDecided => "governance_decided", "Governance meeting";
        /// A month was signed off, and its figures frozen (R25).
        GovernanceSigned => "governance_signed", "Month signed off";
        /// An evidence pack was asked for.
        PackAsked => "pack_asked", "Evidence pack asked for";
        /// What an evidence pack holds was fixed: its manifest, and the trail it was made from.
        PackSealed => "pack_sealed", "Evidence pack sealed";
        /// An evidence pack was made.
        PackMade => "pack_made", "Evidence pack made";
        /// An evidence pack could not be made.
        PackFailed => "pack_failed", "Evidence pack not made";
        /// An evidence pack was withdrawn.
        PackWithdrawn => "pack_withdrawn", "Evidence pack withdrawn";
        /// A spreadsheet was brought in.
        TrackerImported => "tracker_imported", "Tracker imported";
        /// An import was taken back.
        ImportUndone => "import_undone", "Import undone";
    }
}

/// One line to be written into the trail.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The review concerned, weekly ones included: they are told by the same column of the trail.
    pub review: Option<ReviewId>,
    /// The finding concerned.
    pub finding: Option<FindingId>,
    /// The action concerned.
    pub action: Option<ActionId>,
    /// Facts without free text and without names: they can never be erased.
    pub detail: Value,
    /// Free text and names, by what they are; kept beside the chain, so that they can be erased.
    pub texts: Vec<(&'static str, String)>,
}

impl Event {
    /// An event that concerns the provider itself.
    #[must_use]
    pub fn of_provider(kind: EventKind) -> Self {
        Self { kind, review: None, finding: None, action: None, detail: json!({}), texts: Vec::new() }
    }

    /// An event of a review.
    #[must_use]
    pub fn of_review(kind: EventKind, review: ReviewId) -> Self {
        Self { review: Some(review), ..Self::of_provider(kind) }
    }

    /// An event of a weekly review.
    #[must_use]
    pub fn of_weekly_review(kind: EventKind, review: WeeklyReviewId) -> Self {
        Self::of_review(kind, review.uuid().into())
    }

    /// The same event, which happened in a weekly review.
    #[must_use]
    pub fn within(mut self, review: WeeklyReviewId) -> Self {
        self.review = Some(review.uuid().into());
        self
    }

    /// An event of a finding.
    #[must_use]
    pub fn of_finding(kind: EventKind, finding: FindingId) -> Self {
        Self { finding: Some(finding), ..Self::of_provider(kind) }
    }

    /// An event of an action.
    #[must_use]
    pub fn of_action(kind: EventKind, action: ActionId, finding: FindingId) -> Self {
        Self { action: Some(action), finding: Some(finding), ..Self::of_provider(kind) }
    }

    /// The same event with its facts.
    #[must_use]
    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }

    /// The same event with a free text or name; empty ones are left out.
    #[must_use]
    pub fn text(mut self, name: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.trim().is_empty() {
            self.texts.push((name, text));
        }
        self
    }
}
