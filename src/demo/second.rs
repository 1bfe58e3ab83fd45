//! The second provider: small, with one thing of each state, so that switching shows another world.

#![expect(clippy::too_many_lines, reason = "a story is told in one piece; it holds no logic")]

use super::script::Proof::At;
use super::script::What::{Action, Finding, Progress, Review};
use super::script::{Deed, at, deed};
use crate::domain::topic::EvidenceKind::{Feedback, ObservedPractice, Record};
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    vec![
        deed(
            at(15, 9, 0),
            "yusuf",
            Review {
                key: "talk",
                kind: ReviewKind::FeedbackRound,
                title: "Tenants' feedback, autumn",
                service: "fernbank-court",
                score: Some(7600),
            },
        ),
        deed(
            at(15, 9, 30),
            "yusuf",
            Finding {
                key: "meals",
                review: "talk",
                service: "fernbank-court",
                unit: Some("East wing"),
                what: "Five of eight tenants in the East wing say that lunch comes before they are ready.",
                source: EvidenceSource::PeopleSaid,
                risk: Risk::Low,
                theme: Theme::Experience,
                topic: Topic::Dignity,
            },
        ),
        deed(
            at(15, 9, 50),
            "yusuf",
            Action {
                key: "meals-a",
                finding: "meals",
                what: "Ask each tenant in the East wing the evening before when they would like lunch and write it on the kitchen sheet",
                success: "Seven of eight tenants say after two weeks that lunch comes when they are ready",
                owner: "carol",
                due: -2,
            },
        ),
        deed(
            at(15, 10, 5),
            "yusuf",
            Finding {
                key: "pull",
                review: "talk",
                service: "fernbank-court",
                unit: Some("West wing"),
                what: "One pull cord in the West wing was tied up out of reach.",
                source: EvidenceSource::Observation,
                risk: Risk::Medium,
                theme: Theme::Safety,
                topic: Topic::Environment,
            },
        ),
        deed(
            at(15, 10, 15),
            "yusuf",
            Action {
                key: "pull-a",
                finding: "pull",
                what: "Check all 22 pull cords in the West wing and untie or replace those out of reach",
                success: "Ten cords checked by the deputy; all ten reach the floor",
                owner: "iris",
                due: 4,
            },
        ),
        deed(
            at(5, 12, 40),
            "carol",
            Progress {
                action: "meals-a",
                note: "Asked everybody for a week. The kitchen keeps the sheet.",
                proof: &[
                    At(Record, "Kitchen sheet, East wing, weeks 46 and 47"),
                    At(Feedback, "Tenants' answers, feedback folder, page 4"),
                    At(ObservedPractice, "Lunch observed by the senior on Wednesday"),
                ],
                help: None,
                done: false,
            },
        ),
    ]
}
