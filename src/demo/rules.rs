//! Closure standards that were changed on the way, with their reasons.

use super::stage::Stage;
use crate::domain::standard::{Approver, ClosureStandard};
use crate::domain::topic::EvidenceKind::{Briefing, Feedback, Record};
use crate::domain::topic::{ReviewKind, Topic};
use crate::ids::StandardId;
use crate::workflow::{self, Actor, Stop};

impl Stage<'_> {
    /// Changes the verification window of a topic's standard.
    pub(super) async fn change_window(
        &self,
        by: &Actor,
        topic: Topic,
        days: u16,
        reason: &str,
    ) -> Result<(), Stop> {
        let all = workflow::standard::read(self.app, by).await?;
        let of = all.into_iter().find(|s| s.topic == Some(topic) && s.source.is_none() && s.risk.is_none());
        let before = of.ok_or_else(|| Stop::refused("there is no standard for this topic"))?;
        let seen = workflow::standard::fingerprint(&before);
        let after = ClosureStandard { verification_working_days: days, ..before };
        workflow::standard::change(self.app, by, &seen, &after, reason).await
    }

    /// Adds a standard for a topic that people's feedback brought up: it closes only when a measure shows improvement.
    pub(super) async fn ask_for_measure(&self, by: &Actor, topic: Topic, reason: &str) -> Result<(), Stop> {
        let all = workflow::standard::read(self.app, by).await?;
        let most = all.first().ok_or_else(|| Stop::refused("there is no standard"))?.most;
        let new = ClosureStandard {
            id: StandardId::new(),
            topic: Some(topic),
            source: Some(ReviewKind::FeedbackRound),
            risk: None,
            evidence_kinds: vec![Record, Feedback, Briefing],
            verification_working_days: 5,
            approver: Approver::QualityLead,
            due_working_days: 20,
            sustain_days: vec![28, 56],
            measured_improvement: true,
            most,
        };
        workflow::standard::add(self.app, by, &new, reason).await
    }
}
