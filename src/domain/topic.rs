//! How findings are sorted: risk, theme, topic, kinds of review, service and evidence (R1, R4).
//!
//! These lists are the same for every provider, so that figures can be compared. What the regulator counts is data,
//! not code: see `framework`.

use super::text_enum::text_enum;

text_enum! {
    /// How much harm a finding could do if nothing changes (R1).
    pub enum Risk {
        /// Little harm, easily put right.
        Low => "low", "Low";
        /// Some harm possible.
        Medium => "medium", "Medium";
        /// Serious harm possible: needs the nominated individual's assurance (R18).
        High => "high", "High";
        /// Harm is happening or about to: act today.
        Critical => "critical", "Critical";
    }
}

impl Risk {
    /// Whether the stricter rules for high and critical findings apply (R2, R12, R18).
    #[must_use]
    pub const fn is_high(self) -> bool {
        matches!(self, Self::High | Self::Critical)
    }
}

text_enum! {
    /// What a finding is about in the widest sense: the six themes of R1.
    pub enum Theme {
        /// People may come to harm.
        Safety => "safety", "Safety";
        /// Abuse, neglect or the duty to prevent it.
        Safeguarding => "safeguarding", "Safeguarding";
        /// Whether staff know and can do what is needed.
        WorkforceCompetence => "workforce_competence", "Workforce competence";
        /// Whether records are there, right and useful.
        DocumentationQuality => "documentation_quality", "Documentation quality";
        /// How care feels to those who receive it.
        Experience => "experience", "Experience of people using the service";
        /// How the provider runs, checks and learns.
        Governance => "governance", "Wider governance";
    }
}

text_enum! {
    /// What a finding is about in particular. Recurrence and closure standards go by it (R20, R21).
    pub enum Topic {
        /// Ordering, giving, recording and reviewing medicines.
        Medicines => "medicines", "Medicines";
        /// Falls and moving about safely.
        Falls => "falls", "Falls";
        /// Eating and drinking enough, and safely.
        Nutrition => "nutrition", "Nutrition and hydration";
        /// Being treated with dignity.
        Dignity => "dignity", "Dignity and respect";
        /// What families are told, and when.
        FamilyCommunication => "family_communication", "Communication with families";
        /// Care plans, risk assessments and daily records.
        CareRecords => "care_records", "Care plans and records";
        /// Learning from safeguarding concerns and incidents.
        SafeguardingLearning => "safeguarding_learning", "Safeguarding learning";
        /// Enough staff, in the right place.
        Staffing => "staffing", "Staffing and rotas";
        /// Training, supervision and competence.
        Training => "training", "Training and competence";
        /// Whether seniors are seen and reachable.
        SeniorPresence => "senior_presence", "Senior presence";
        /// Follow-up after appointments, incidents and handovers that did not happen.
        MissedFollowUp => "missed_follow_up", "Missed follow-up";
        /// Late, short or missed visits in home care.
        CallTimes => "call_times", "Call times and visits";
        /// Preventing and controlling infection.
        InfectionPrevention => "infection_prevention", "Infection prevention";
        /// Pressure damage and skin care.
        SkinIntegrity => "skin_integrity", "Skin integrity";
        /// Distress, and restrictive practice in answer to it.
        Distress => "distress", "Distress and restrictive practice";
        /// Consent, capacity and best interests.
        Consent => "consent", "Consent and capacity";
        /// Premises, safety checks and equipment.
        Environment => "environment", "Environment and equipment";
        /// How complaints are taken and answered.
        Complaints => "complaints", "Complaints handling";
        /// Audits, oversight and escalation.
        Governance => "governance", "Governance";
        /// None of the others.
        Other => "other", "Other";
    }
}

text_enum! {
    /// The kind of review a finding came from: its source.
    pub enum ReviewKind {
        /// A planned audit. Only audits are signed off (R5).
        Audit => "audit", "Audit";
        /// A look at one incident or several.
        IncidentReview => "incident_review", "Incident review";
        /// A complaint.
        Complaint => "complaint", "Complaint";
        /// A round of questions to people or families.
        FeedbackRound => "feedback_round", "Feedback round";
        /// A safeguarding review.
        SafeguardingReview => "safeguarding_review", "Safeguarding review";
        /// A manager's walk through the service.
        Walkaround => "walkaround", "Walkaround";
        /// An unannounced look at practice.
        SpotCheck => "spot_check", "Spot check";
        /// A daily check or handover check.
        DailyCheck => "daily_check", "Daily check";
        /// A meeting.
        Meeting => "meeting", "Meeting";
        /// An inspection by the regulator.
        Inspection => "inspection", "Inspection";
        /// A visit by a commissioner.
        CommissionerVisit => "commissioner_visit", "Commissioner visit";
        /// A visit by the provider's own leaders.
        ProviderVisit => "provider_visit", "Provider visit";
        /// The spreadsheet that was kept before, brought in as a whole: the rows say of themselves where they came from.
        ImportedTracker => "imported_tracker", "Imported tracker";
    }
}

impl ReviewKind {
    /// Those that people hold. A tracker is imported, never held.
    #[must_use]
    pub fn held() -> Vec<Self> {
        Self::ALL.iter().copied().filter(|kind| *kind != Self::ImportedTracker).collect()
    }

    /// Whether the review must be signed off, and so held to R5.
    #[must_use]
    pub const fn is_signed_off(self) -> bool {
        matches!(self, Self::Audit)
    }

    /// Whether the finding is what people or families themselves said. Their actions close on their experience (M3, E6).
    #[must_use]
    pub const fn is_feedback(self) -> bool {
        matches!(self, Self::Complaint | Self::FeedbackRound)
    }
}

text_enum! {
    /// The kind of a service.
    pub enum ServiceKind {
        /// Care in people's own homes.
        HomeCare => "home_care", "Home care";
        /// A care home without nursing.
        Residential => "residential", "Residential care home";
        /// A care home with nursing.
        Nursing => "nursing", "Nursing home";
        /// People's own tenancies with support.
        SupportedLiving => "supported_living", "Supported living";
        /// Flats with care on site.
        ExtraCare => "extra_care", "Extra care";
    }
}

text_enum! {
    /// The kind of a piece of evidence.
    pub enum EvidenceKind {
        /// A record that shows the change: a care plan, a chart, a protocol.
        Record => "record", "Record";
        /// A sample of records looked at after the change.
        AuditSample => "audit_sample", "Audit sample";
        /// What people or families say afterwards.
        Feedback => "feedback", "Feedback from people";
        /// Practice seen by someone.
        ObservedPractice => "observed_practice", "Observed practice";
        /// A briefing, supervision or training, and who was there.
        Briefing => "briefing", "Briefing or attendance";
        /// Figures: call times, incidents a month.
        Data => "data", "Data";
    }
}

impl EvidenceKind {
    /// Whether it shows effect on people or practice, and not only that something was done (M9).
    #[must_use]
    pub const fn shows_effect(self) -> bool {
        matches!(self, Self::AuditSample | Self::Feedback | Self::ObservedPractice | Self::Data)
    }
}

text_enum! {
    /// What a finding rests on (R1, "evidence source").
    pub enum EvidenceSource {
        /// Records were read.
        RecordCheck => "record_check", "Record check";
        /// Practice or places were looked at.
        Observation => "observation", "Observation";
        /// People who use the service, or their families, said so.
        PeopleSaid => "people_said", "Conversation with people or families";
        /// Staff said so.
        StaffSaid => "staff_said", "Conversation with staff";
        /// An incident report.
        IncidentReport => "incident_report", "Incident report";
        /// A complaint.
        Complaint => "complaint", "Complaint";
        /// Feedback forms or surveys.
        Feedback => "feedback", "Feedback";
        /// Figures.
        Data => "data", "Data";
    }
}

text_enum! {
    /// Whether leaders need to see it among their own (R4).
    pub enum Significance {
        /// A matter for the service alone.
        Minor => "minor", "Minor";
        /// Of wider governance significance.
        Governance => "governance", "Wider governance significance";
    }
}

impl Significance {
    /// What a finding is taken for until someone says otherwise: high risks and safeguarding concern leaders.
    #[must_use]
    pub const fn suggest(risk: Risk, theme: Theme) -> Self {
        if risk.is_high() || matches!(theme, Theme::Safeguarding | Theme::Governance) {
            Self::Governance
        } else {
            Self::Minor
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text_enum::assert_words;
    use super::*;

    #[test]
    fn every_list_keeps_its_words() {
        assert_words::<Risk>();
        assert_words::<Theme>();
        assert_words::<Topic>();
        assert_words::<ReviewKind>();
        assert_words::<ServiceKind>();
        assert_words::<EvidenceKind>();
        assert_words::<EvidenceSource>();
        assert_words::<Significance>();
    }

    #[test]
    fn counts_are_those_of_the_domain() {
        assert_eq!(Risk::ALL.len(), 4);
        assert_eq!(Theme::ALL.len(), 6, "the six themes of R1");
        assert_eq!(ReviewKind::held().len(), 12);
        assert_eq!(ReviewKind::ALL.len(), 13, "and the imported tracker");
        assert_eq!(ServiceKind::ALL.len(), 5);
        assert_eq!(EvidenceKind::ALL.len(), 6);
    }

    #[test]
    fn high_and_critical_are_high() {
        let high: Vec<_> = Risk::ALL.iter().filter(|risk| risk.is_high()).collect();
        assert_eq!(high, [&Risk::High, &Risk::Critical]);
        assert!(Risk::Low < Risk::Medium && Risk::Medium < Risk::High && Risk::High < Risk::Critical);
    }

    #[test]
    fn only_audits_are_signed_off_and_only_what_people_say_is_feedback() {
        let signed: Vec<_> = ReviewKind::ALL.iter().filter(|kind| kind.is_signed_off()).collect();
        assert_eq!(signed, [&ReviewKind::Audit]);
        let feedback: Vec<_> = ReviewKind::ALL.iter().filter(|kind| kind.is_feedback()).collect();
        assert_eq!(feedback, [&ReviewKind::Complaint, &ReviewKind::FeedbackRound]);
    }

    #[test]
    fn a_record_or_a_briefing_alone_shows_activity_and_not_effect() {
        for &kind in EvidenceKind::ALL {
            let activity = matches!(kind, EvidenceKind::Record | EvidenceKind::Briefing);
            assert_eq!(kind.shows_effect(), !activity, "{kind}");
        }
    }

    #[test]
    fn leaders_see_high_risk_and_safeguarding_first() {
        for &theme in Theme::ALL {
            assert_eq!(Significance::suggest(Risk::High, theme), Significance::Governance, "{theme}");
            assert_eq!(Significance::suggest(Risk::Critical, theme), Significance::Governance, "{theme}");
        }
        assert_eq!(Significance::suggest(Risk::Low, Theme::Safeguarding), Significance::Governance);
        assert_eq!(Significance::suggest(Risk::Medium, Theme::Safety), Significance::Minor);
        assert_eq!(Significance::suggest(Risk::Low, Theme::Experience), Significance::Minor);
    }
}
