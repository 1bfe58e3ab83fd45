//! Closure standards: the provider's rule for what closes an action, the same for every manager and service (R20).

use super::text_enum::text_enum;
use super::topic::{EvidenceKind, ReviewKind, Risk, Topic};
use crate::ids::StandardId;

text_enum! {
    /// Who approves a closure (R17).
    pub enum Approver {
        /// The registered manager of the service.
        RegisteredManager => "registered_manager", "Registered manager";
        /// The quality lead, for actions that close on people's experience.
        QualityLead => "quality_lead", "Quality lead";
    }
}

/// What closes an action about a topic, from a source, at a risk. What is `None` applies to all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosureStandard {
    /// Its id.
    pub id: StandardId,
    /// The topic it is for.
    pub topic: Option<Topic>,
    /// The kind of review it is for.
    pub source: Option<ReviewKind>,
    /// The risk level it is for.
    pub risk: Option<Risk>,
    /// The kinds of evidence an action must have before it can close (R3), each once.
    pub evidence_kinds: Vec<EvidenceKind>,
    /// The verification window, in working days from submission (R15).
    pub verification_working_days: u16,
    /// Who approves the closure.
    pub approver: Approver,
    /// The most working days an action may be given at first. See [`ClosureStandard::due_days`].
    pub due_working_days: u16,
    /// When to look again after closure, in calendar days, ascending.
    pub sustain_days: Vec<u16>,
    /// Whether an action closes only when a measure that names it shows improvement (M9).
    pub measured_improvement: bool,
    /// What the provider allows at most for each risk.
    pub most: DueDays,
}

/// The most working days an action may be given at first, by its finding's risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueDays {
    /// Low risk.
    pub low: u16,
    /// Medium risk.
    pub medium: u16,
    /// High risk.
    pub high: u16,
    /// Critical risk.
    pub critical: u16,
}

impl Default for DueDays {
    /// What a provider begins with.
    fn default() -> Self {
        Self { low: 20, medium: 10, high: 5, critical: 1 }
    }
}

impl DueDays {
    /// The days for a risk.
    #[must_use]
    pub const fn of(self, risk: Risk) -> u16 {
        match risk {
            Risk::Low => self.low,
            Risk::Medium => self.medium,
            Risk::High => self.high,
            Risk::Critical => self.critical,
        }
    }

    /// The same with other days for a risk.
    #[must_use]
    pub const fn with(mut self, risk: Risk, days: u16) -> Self {
        match risk {
            Risk::Low => self.low = days,
            Risk::Medium => self.medium = days,
            Risk::High => self.high = days,
            Risk::Critical => self.critical = days,
        }
        self
    }

    /// The first risk that would be given more time than a lower one.
    #[must_use]
    pub fn upside_down(self) -> Option<Risk> {
        Risk::ALL.windows(2).find_map(|pair| match pair {
            [lower, higher] if self.of(*higher) > self.of(*lower) => Some(*higher),
            _ => None,
        })
    }
}

/// The most working days a standard may give for checking.
pub const MOST_TO_CHECK: u16 = 20;
/// The most working days a standard may give for doing it.
pub const MOST_TO_DO: u16 = 60;
/// The most days until the impact is looked at.
pub const MOST_TO_SUSTAIN: u16 = 365;

impl ClosureStandard {
    /// Working days for a new action's due date. A standard made for one risk level means its own number; a standard
    /// for every risk is shortened to what the risk allows.
    #[must_use]
    pub fn due_days(&self, risk: Risk) -> u16 {
        if self.risk.is_some() {
            self.due_working_days
        } else {
            self.due_working_days.min(self.most.of(risk))
        }
    }

    /// Whether it speaks about an action on this topic, from these sources, at this risk.
    #[must_use]
    pub fn applies(&self, topic: Topic, sources: &[ReviewKind], risk: Risk) -> bool {
        self.topic.is_none_or(|own| own == topic)
            && self.source.is_none_or(|own| sources.contains(&own))
            && self.risk.is_none_or(|own| own == risk)
    }

    /// Whether it is the one for everything, which every provider has.
    #[must_use]
    pub const fn is_general(&self) -> bool {
        self.topic.is_none() && self.source.is_none() && self.risk.is_none()
    }

    /// What it is for, in words: "Falls, from a complaint, high risk".
    #[must_use]
    pub fn about(&self) -> String {
        let parts = [
            self.topic.map(|t| t.label().to_owned()),
            self.source.map(|s| format!("from: {}", s.label().to_lowercase())),
            self.risk.map(|r| format!("{} risk", r.label().to_lowercase())),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let said = if parts.is_empty() { "everything else".to_owned() } else { parts.join(", ") };
        let mut letters = said.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }

    /// What stands against it: the field and the sentence. Nobody can make one that closes on words alone (R10), or that
    /// closes what people said without asking people (R17).
    #[must_use]
    pub fn lacks(&self) -> Vec<(&'static str, String)> {
        let mut lacking = Vec::new();
        if self.evidence_kinds.is_empty() {
            lacking.push(("evidence", "Choose at least one kind: a word alone closes nothing".to_owned()));
        } else if self.source.is_some_and(ReviewKind::is_feedback)
            && !self.evidence_kinds.contains(&EvidenceKind::Feedback)
        {
            let sentence = "Choose feedback as well: what people said closes on what people say";
            lacking.push(("evidence", sentence.to_owned()));
        }
        let mut between = |field, days: u16, most: u16| {
            if !(1..=most).contains(&days) {
                lacking.push((field, format!("Enter a whole number from 1 to {most}")));
            }
        };
        between("window", self.verification_working_days, MOST_TO_CHECK);
        between("due", self.due_working_days, MOST_TO_DO);
        for days in &self.sustain_days {
            between("sustain", *days, MOST_TO_SUSTAIN);
        }
        if self.sustain_days.is_empty() {
            lacking.push(("sustain", "Say after how many days its impact is looked at".to_owned()));
        }
        if self.sustain_days.windows(2).any(|pair| matches!(pair, [a, b] if a >= b)) {
            lacking.push(("sustain_again", "Look a second time later than the first".to_owned()));
        }
        lacking
    }

    /// How well it fits among those that apply: the greatest wins. First the number of things it names, then what it
    /// names (source before topic before risk, so that a complaint is tested on experience whatever it is about), then
    /// the stricter (more kinds of evidence, a shorter window, the quality lead), and the oldest id, so that two
    /// different standards are never equal.
    fn rank(&self) -> impl Ord + use<> {
        let named = [self.source.is_some(), self.topic.is_some(), self.risk.is_some()];
        (
            named.iter().filter(|&&is| is).count(),
            named,
            self.evidence_kinds.len(),
            std::cmp::Reverse(self.verification_working_days),
            self.approver,
            std::cmp::Reverse(self.id),
        )
    }
}

/// The standard for an action: the most specific that applies, by a total order, so that the order of the rows does
/// not matter. `None` only if the provider has no standard for everything, which [`defaults`] gives it.
#[must_use]
pub fn choose<'a>(
    standards: &'a [ClosureStandard],
    topic: Topic,
    sources: &[ReviewKind],
    risk: Risk,
) -> Option<&'a ClosureStandard> {
    standards
        .iter()
        .filter(|standard| standard.applies(topic, sources, risk))
        .max_by_key(|standard| standard.rank())
}

/// The standards a new provider starts with; `new_id` gives each its id.
///
/// Falls are verified within 3 working days, medicines and all others within 5, missed follow-ups the next working
/// day. What people said closes on what people say, approved by the quality lead (R17).
#[must_use]
pub fn defaults(mut new_id: impl FnMut() -> StandardId) -> Vec<ClosureStandard> {
    let mut standards: Vec<ClosureStandard> = by_topic()
        .iter()
        .map(|&(topic, kinds, window, due, sustain)| ClosureStandard {
            id: new_id(),
            topic,
            source: None,
            risk: None,
            evidence_kinds: kinds.to_vec(),
            verification_working_days: window,
            approver: Approver::RegisteredManager,
            due_working_days: due,
            sustain_days: sustain.to_vec(),
            measured_improvement: false,
            most: DueDays::default(),
        })
        .collect();
    for &source in ReviewKind::ALL.iter().filter(|source| source.is_feedback()) {
        for &(topic, kinds, window) in FROM_FEEDBACK {
            standards.push(ClosureStandard {
                id: new_id(),
                topic,
                source: Some(source),
                risk: None,
                evidence_kinds: kinds.to_vec(),
                verification_working_days: window,
                approver: Approver::QualityLead,
                due_working_days: 20,
                sustain_days: vec![28, 91],
                measured_improvement: false,
                most: DueDays::default(),
            });
        }
    }
    standards
}

/// Topic, evidence kinds, verification window, most days to do it, days of the sustain checks.
type ByTopic = (Option<Topic>, &'static [EvidenceKind], u16, u16, &'static [u16]);

/// The default standards by topic; the first is for everything else.
const fn by_topic() -> &'static [ByTopic] {
    use EvidenceKind::{AuditSample, Briefing, Data, Feedback, ObservedPractice, Record};
    &[
        (None, &[Record, AuditSample], 5, 20, &[28, 91]),
        (Some(Topic::Falls), &[Record, ObservedPractice], 3, 20, &[28, 91]),
        (Some(Topic::Medicines), &[Record, AuditSample], 5, 20, &[28, 91]),
        (Some(Topic::Nutrition), &[Record, Briefing, AuditSample], 5, 20, &[28, 91]),
        (Some(Topic::CareRecords), &[Record, Briefing, AuditSample], 5, 20, &[28, 91]),
        (Some(Topic::SafeguardingLearning), &[Record, Briefing], 5, 20, &[28, 91]),
        (Some(Topic::Distress), &[Record, Briefing, ObservedPractice], 5, 20, &[28, 91]),
        (Some(Topic::Dignity), &[Feedback, ObservedPractice, Data], 5, 10, &[14, 91]),
        (Some(Topic::SeniorPresence), &[Record, Feedback], 5, 20, &[28, 56]),
        (Some(Topic::MissedFollowUp), &[Record], 1, 1, &[28]),
        (Some(Topic::CallTimes), &[Data, Feedback], 5, 20, &[28, 91]),
        (Some(Topic::Staffing), &[Record, Data], 5, 20, &[28, 91]),
        (Some(Topic::Training), &[Briefing, ObservedPractice], 5, 20, &[28, 91]),
        (Some(Topic::InfectionPrevention), &[Record, ObservedPractice], 5, 20, &[28, 91]),
        (Some(Topic::Environment), &[Record, ObservedPractice], 5, 20, &[91]),
    ]
}

/// What people said: topic, evidence kinds, window. A topic keeps its own evidence and window and adds feedback.
const FROM_FEEDBACK: &[(Option<Topic>, &[EvidenceKind], u16)] = &[
    (None, &[EvidenceKind::Briefing, EvidenceKind::Feedback], 5),
    (Some(Topic::Falls), &[EvidenceKind::Record, EvidenceKind::Feedback, EvidenceKind::ObservedPractice], 3),
    (Some(Topic::Medicines), &[EvidenceKind::Record, EvidenceKind::AuditSample, EvidenceKind::Feedback], 5),
    (Some(Topic::Dignity), &[EvidenceKind::Feedback, EvidenceKind::ObservedPractice, EvidenceKind::Data], 5),
    (Some(Topic::CallTimes), &[EvidenceKind::Feedback, EvidenceKind::Data], 5),
];

#[cfg(test)]
mod tests {
    use super::super::text_enum::assert_words;
    use super::*;
    use EvidenceKind::{AuditSample, Briefing, Data, Feedback, ObservedPractice, Record};
    use proptest::prelude::*;
    use rstest::rstest;
    use uuid::Uuid;

    fn ids() -> impl FnMut() -> StandardId {
        let mut n = 0;
        move || {
            n += 1;
            Uuid::from_u128(n).into()
        }
    }

    fn standard(
        topic: Option<Topic>,
        source: Option<ReviewKind>,
        risk: Option<Risk>,
        id: u128,
    ) -> ClosureStandard {
        ClosureStandard {
            id: Uuid::from_u128(id).into(),
            topic,
            source,
            risk,
            evidence_kinds: vec![Record],
            verification_working_days: 5,
            approver: Approver::RegisteredManager,
            due_working_days: 20,
            sustain_days: vec![28],
            measured_improvement: false,
            most: DueDays::default(),
        }
    }

    #[test]
    fn approvers_keep_their_words() {
        assert_words::<Approver>();
    }

    #[rstest]
    // S1, S4
    #[case(Topic::CareRecords, &[ReviewKind::Audit], 5, &[Record, AuditSample, Briefing], Approver::RegisteredManager)]
    #[case(Topic::Nutrition, &[ReviewKind::Audit], 5, &[Record, AuditSample, Briefing], Approver::RegisteredManager)]
    // S2
    #[case(Topic::Distress, &[ReviewKind::IncidentReview], 5, &[Record, ObservedPractice, Briefing], Approver::RegisteredManager)]
    // S3: an audit and a complaint about the same thing
    #[case(Topic::FamilyCommunication, &[ReviewKind::Audit, ReviewKind::Complaint], 5, &[Feedback, Briefing], Approver::QualityLead)]
    #[case(Topic::FamilyCommunication, &[ReviewKind::Audit], 5, &[Record, AuditSample], Approver::RegisteredManager)]
    // S5
    #[case(Topic::SafeguardingLearning, &[ReviewKind::SafeguardingReview], 5, &[Record, Briefing], Approver::RegisteredManager)]
    // S6
    #[case(Topic::Other, &[ReviewKind::FeedbackRound], 5, &[Feedback, Briefing], Approver::QualityLead)]
    // S7
    #[case(Topic::Medicines, &[ReviewKind::Audit], 5, &[Record, AuditSample], Approver::RegisteredManager)]
    #[case(Topic::Medicines, &[ReviewKind::Complaint, ReviewKind::Audit], 5, &[Record, AuditSample, Feedback], Approver::QualityLead)]
    // S8
    #[case(Topic::Falls, &[ReviewKind::Audit], 3, &[Record, ObservedPractice], Approver::RegisteredManager)]
    #[case(Topic::Falls, &[ReviewKind::Complaint], 3, &[Record, Feedback, ObservedPractice], Approver::QualityLead)]
    // S9
    #[case(Topic::Dignity, &[ReviewKind::SpotCheck], 5, &[Feedback, ObservedPractice, Data], Approver::RegisteredManager)]
    #[case(Topic::Dignity, &[ReviewKind::Complaint], 5, &[Feedback, ObservedPractice, Data], Approver::QualityLead)]
    // S10
    #[case(Topic::MissedFollowUp, &[ReviewKind::DailyCheck], 1, &[Record], Approver::RegisteredManager)]
    // S11
    #[case(Topic::SeniorPresence, &[ReviewKind::ProviderVisit], 5, &[Record, Feedback], Approver::RegisteredManager)]
    // S12
    #[case(Topic::Governance, &[ReviewKind::Audit], 5, &[Record, AuditSample], Approver::RegisteredManager)]
    fn the_scenarios_close_on_the_right_evidence(
        #[case] topic: Topic,
        #[case] sources: &[ReviewKind],
        #[case] window: u16,
        #[case] kinds: &[EvidenceKind],
        #[case] approver: Approver,
    ) {
        let standards = defaults(ids());
        let chosen = choose(&standards, topic, sources, Risk::Medium).unwrap();
        let mut ours = chosen.evidence_kinds.clone();
        ours.sort_unstable();
        assert_eq!(ours, kinds);
        assert_eq!((chosen.verification_working_days, chosen.approver), (window, approver));
    }

    #[test]
    fn every_action_has_a_default_standard_that_asks_for_evidence() {
        let standards = defaults(ids());
        for &topic in Topic::ALL {
            for &source in ReviewKind::ALL {
                for &risk in Risk::ALL {
                    let chosen = choose(&standards, topic, &[source], risk).unwrap();
                    assert!(!chosen.evidence_kinds.is_empty());
                    assert!(
                        chosen.due_days(risk) <= DueDays::default().of(risk) && chosen.due_days(risk) > 0
                    );
                    if source.is_feedback() {
                        assert!(chosen.evidence_kinds.contains(&Feedback), "{topic}, {source}");
                        assert_eq!(chosen.approver, Approver::QualityLead);
                    }
                }
            }
            assert!(choose(&standards, topic, &[], Risk::Low).is_some());
        }
    }

    #[test]
    fn defaults_are_well_formed_and_no_two_speak_about_the_same() {
        let standards = defaults(ids());
        let mut seen = std::collections::HashSet::new();
        for s in &standards {
            assert!(seen.insert((s.topic, s.source, s.risk)), "{s:?}");
            assert!((1..=20).contains(&s.verification_working_days));
            assert!(!s.sustain_days.is_empty() && s.sustain_days.windows(2).all(|pair| pair[0] < pair[1]));
            let kinds: std::collections::HashSet<_> = s.evidence_kinds.iter().collect();
            assert_eq!(kinds.len(), s.evidence_kinds.len());
        }
        let distinct: std::collections::HashSet<_> = standards.iter().map(|s| s.id).collect();
        assert_eq!(distinct.len(), standards.len());
    }

    #[rstest]
    #[case(Topic::Falls, Risk::Critical, 1)]
    #[case(Topic::Falls, Risk::High, 5)]
    #[case(Topic::Medicines, Risk::Medium, 10)]
    #[case(Topic::Other, Risk::Low, 20)]
    #[case(Topic::MissedFollowUp, Risk::Low, 1)]
    #[case(Topic::Dignity, Risk::Low, 10)]
    fn due_days_follow_the_risk(#[case] topic: Topic, #[case] risk: Risk, #[case] days: u16) {
        let standards = defaults(ids());
        assert_eq!(choose(&standards, topic, &[ReviewKind::Audit], risk).unwrap().due_days(risk), days);
    }

    #[test]
    fn a_standard_for_one_risk_means_its_own_number() {
        let own = ClosureStandard { due_working_days: 8, ..standard(None, None, Some(Risk::High), 1) };
        assert_eq!(own.due_days(Risk::High), 8);
        let all = ClosureStandard { due_working_days: 8, ..standard(None, None, None, 2) };
        assert_eq!(all.due_days(Risk::High), 5);
        assert_eq!(all.due_days(Risk::Low), 8);
    }

    #[test]
    fn the_provider_s_own_days_shorten_what_is_for_every_risk() {
        let own = DueDays::default().with(Risk::High, 3).with(Risk::Low, 40);
        let all = ClosureStandard { most: own, ..standard(None, None, None, 1) };
        for (risk, days) in [(Risk::High, 3), (Risk::Medium, 10), (Risk::Low, 20), (Risk::Critical, 1)] {
            assert_eq!(all.due_days(risk), days, "{risk}");
        }
        assert_eq!(own.upside_down(), None);
        assert_eq!(own.with(Risk::High, 11).upside_down(), Some(Risk::High), "more time than medium");
        assert_eq!(own.with(Risk::Critical, 3).upside_down(), None);
        assert_eq!(own.with(Risk::Critical, 4).upside_down(), Some(Risk::Critical));
    }

    #[test]
    fn nobody_makes_a_standard_that_closes_on_words() {
        let good = standard(None, Some(ReviewKind::Complaint), None, 1);
        let good = ClosureStandard { evidence_kinds: vec![Feedback], ..good };
        assert!(good.lacks().is_empty());
        let fields = |s: &ClosureStandard| s.lacks().into_iter().map(|l| l.0).collect::<Vec<_>>();
        for (bad, wanted) in [
            (ClosureStandard { evidence_kinds: vec![], ..good.clone() }, &["evidence"][..]),
            (ClosureStandard { evidence_kinds: vec![Record], ..good.clone() }, &["evidence"]),
            (ClosureStandard { verification_working_days: 0, ..good.clone() }, &["window"]),
            (ClosureStandard { verification_working_days: 21, ..good.clone() }, &["window"]),
            (ClosureStandard { due_working_days: 61, ..good.clone() }, &["due"]),
            (ClosureStandard { sustain_days: vec![], ..good.clone() }, &["sustain"]),
            (ClosureStandard { sustain_days: vec![366], ..good.clone() }, &["sustain"]),
            (ClosureStandard { sustain_days: vec![28, 28], ..good.clone() }, &["sustain_again"]),
        ] {
            assert_eq!(fields(&bad), wanted, "{bad:?}");
        }
        let audit = ClosureStandard { source: Some(ReviewKind::Audit), evidence_kinds: vec![Record], ..good };
        assert!(audit.lacks().is_empty(), "only what people said needs what people say");
        assert!(defaults(ids()).iter().all(|s| s.lacks().is_empty()), "ours are held to it");
        assert_eq!(standard(Some(Topic::Falls), None, Some(Risk::High), 1).about(), "Falls, high risk");
        assert_eq!(standard(None, None, None, 1).about(), "Everything else");
        assert_eq!(audit.about(), "From: audit");
    }

    /// From the least to the most specific: each beats all before it.
    #[test]
    fn the_most_specific_wins() {
        let (t, s, r) = (Some(Topic::Falls), Some(ReviewKind::Complaint), Some(Risk::High));
        let ladder = [
            standard(None, None, None, 1),
            standard(None, None, r, 2),
            standard(t, None, None, 3),
            standard(None, s, None, 4),
            standard(t, None, r, 5),
            standard(None, s, r, 6),
            standard(t, s, None, 7),
            standard(t, s, r, 8),
        ];
        for n in 1..=ladder.len() {
            let chosen = choose(&ladder[..n], Topic::Falls, &[ReviewKind::Complaint], Risk::High).unwrap();
            assert_eq!(chosen.id, ladder[n - 1].id);
        }
        // One that names something else never applies, however specific.
        assert_eq!(choose(&ladder[1..], Topic::Medicines, &[ReviewKind::Audit], Risk::Low), None);
    }

    #[test]
    fn between_equals_the_stricter_wins() {
        let audit = standard(None, Some(ReviewKind::Audit), None, 1);
        let complaint = standard(None, Some(ReviewKind::Complaint), None, 2);
        let sources = [ReviewKind::Audit, ReviewKind::Complaint];
        let pick = |a: &ClosureStandard, b: &ClosureStandard| {
            choose(&[a.clone(), b.clone()], Topic::Falls, &sources, Risk::Low).unwrap().id
        };
        assert_eq!(pick(&audit, &complaint), audit.id, "nothing between them: the older");
        let more = ClosureStandard { evidence_kinds: vec![Record, Feedback], ..complaint.clone() };
        assert_eq!(pick(&audit, &more), more.id);
        let sooner = ClosureStandard { verification_working_days: 3, ..complaint.clone() };
        assert_eq!(pick(&audit, &sooner), sooner.id);
        let quality = ClosureStandard { approver: Approver::QualityLead, ..complaint };
        assert_eq!(pick(&audit, &quality), quality.id);
    }

    proptest! {
        /// The order of the rows never changes the choice.
        #[test]
        fn order_does_not_matter(
            turn in 0..25_usize, topic in 0..20_usize, source in 0..12_usize, other in 0..12_usize, risk in 0..4_usize,
        ) {
            let standards = defaults(ids());
            let mut turned = standards.clone();
            turned.rotate_left(turn % standards.len());
            let sources = [ReviewKind::ALL[source], ReviewKind::ALL[other]];
            let swapped = [sources[1], sources[0]];
            let (topic, risk) = (Topic::ALL[topic], Risk::ALL[risk]);
            prop_assert_eq!(
                choose(&standards, topic, &sources, risk),
                choose(&turned, topic, &swapped, risk)
            );
        }
    }
}
