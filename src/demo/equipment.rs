//! Emergency equipment at Linden View: high risk, verified, waiting for the nominated individual's word.

#![expect(clippy::too_many_lines, reason = "a story is told in one piece; it holds no logic")]

use super::script::Proof::At;
use super::script::What::{Action, Finding, Progress, Review, Stays, Verdict};
use super::script::{Deed, at, deed};
use crate::domain::topic::EvidenceKind::{ObservedPractice, Record};
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    vec![
        deed(
            at(9, 9, 10),
            "fiona",
            Review {
                key: "machines",
                kind: ReviewKind::Walkaround,
                title: "Walkaround, emergency equipment",
                service: "linden-view",
                score: None,
            },
        ),
        deed(
            at(9, 9, 40),
            "fiona",
            Finding {
                key: "suction",
                review: "machines",
                service: "linden-view",
                unit: Some("Upper floor"),
                what: "Two of the five suction machines on the upper floor had no weekly test in the book since August.",
                source: EvidenceSource::RecordCheck,
                risk: Risk::High,
                theme: Theme::Safety,
                topic: Topic::Environment,
            },
        ),
        deed(
            at(9, 9, 55),
            "fiona",
            Action {
                key: "suction-a",
                finding: "suction",
                what: "Test all five suction machines each Monday and sign the test in the equipment book, with a second name",
                success: "Five of five machines work at an unannounced test, and each Monday has two names",
                owner: "peter",
                due: 4,
            },
        ),
        deed(
            at(7, 9, 20),
            "jonas",
            Stays {
                action: "suction-a",
                because: "A tested machine from the Garden floor stands upstairs until all five are tested on Monday.",
            },
        ),
        deed(
            at(6, 14, 20),
            "peter",
            Progress {
                action: "suction-a",
                note: "All five tested on Monday with a second name. One battery was replaced the same day.",
                proof: &[
                    At(Record, "Equipment book, upper floor, page 31"),
                    At(ObservedPractice, "Test seen by the nurse in charge, handover notes of Monday"),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(3, 11, 5),
            "jonas",
            Verdict {
                action: "suction-a",
                method: Method::SpotCheck,
                sample: (5, 5),
                note: "Switched on all five machines unannounced: five work. Two Mondays signed with two names each.",
                outcome: Outcome::Complete,
                missing: "",
                due: 0,
            },
        ),
    ]
}
