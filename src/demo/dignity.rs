//! S9, dignity at Harbour Home Care: a concern with visit times, the manager's findings within two days, a spot check, people
//! asked again; two of three kinds of evidence show improvement, one is mixed, so it stays open.

#![expect(clippy::too_many_lines, reason = "a story is told in one piece; it holds no logic")]

use super::script::Proof::{At, File};
use super::script::What::{Action, Decide, Finding, Progress, Review, Verdict};
use super::script::{Deed, at, deed};
use crate::domain::topic::EvidenceKind::{Data, Feedback, ObservedPractice};
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    vec![
        deed(
            at(26, 10, 40),
            "leila",
            Review {
                key: "dignity",
                kind: ReviewKind::Complaint,
                title: "Concern: hurried personal care on the evening round",
                service: "harbour",
                score: None,
            },
        ),
        deed(
            at(26, 11, 0),
            "leila",
            Finding {
                key: "dignity-f",
                review: "dignity",
                service: "harbour",
                unit: Some("Evening round"),
                what: "A person's daughter says that care after 8pm is hurried and the door was left open twice. Visits of two staff on 3, 5 and 6 days lasted 14, 12 and 15 minutes instead of 30.",
                source: EvidenceSource::Complaint,
                risk: Risk::Medium,
                theme: Theme::Experience,
                topic: Topic::Dignity,
            },
        ),
        deed(
            at(25, 9, 10),
            "owen",
            Action {
                key: "dignity-a",
                finding: "dignity-f",
                what: "Give the evening round two more visits' worth of time, watch two visits of each of the two staff, and ask the person and her daughter again after two weeks",
                success: "The person says she is not hurried; four of four visits watched keep the door shut and the pace hers; 95 % of visits last at least 25 minutes",
                owner: "leila",
                due: 12,
            },
        ),
        deed(
            at(24, 16, 30),
            "leila",
            Progress {
                action: "dignity-a",
                note: "Read the call data of four weeks: 11 of 42 evening visits were under 20 minutes, all on days with one carer too few. Both staff say they rush to be in time for the next visit. The round has been split from Monday.",
                proof: &[],
                help: None,
                done: false,
            },
        ),
        deed(
            at(20, 21, 5),
            "leila",
            Progress {
                action: "dignity-a",
                note: "Spot check on four visits without notice: door shut each time, the person chose the order of things herself.",
                proof: &[At(ObservedPractice, "Spot check sheets, evening round, four visits")],
                help: None,
                done: false,
            },
        ),
        deed(
            at(13, 12, 15),
            "leila",
            Progress {
                action: "dignity-a",
                note: "Asked the person and her daughter after two weeks: both say it is better, and not hurried on weekdays. Call data attached.",
                proof: &[
                    At(Feedback, "Notes of the visit and of the call to the daughter, complaint folder"),
                    File(
                        Data,
                        "Evening visits.csv",
                        "week,visits,under 20 minutes,share at least 25 minutes\n1,42,3,88\n2,42,2,93\n",
                    ),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(10, 11, 30),
            "owen",
            Verdict {
                action: "dignity-a",
                method: Method::DataCheck,
                sample: (84, 79),
                note: "Feedback and the spot checks show improvement. The call data do not yet on Sundays: five visits under 20 minutes in two weeks.",
                outcome: Outcome::PartiallyComplete,
                missing: "Sunday evenings are still short. Agree a third carer for Sundays, and bring two more weeks of call data to the monthly meeting.",
                due: -3,
            },
        ),
        deed(
            at(8, 10, 0),
            "helen",
            Review {
                key: "dignity-meeting",
                kind: ReviewKind::Meeting,
                title: "Monthly governance meeting, item: mixed evidence on the evening round",
                service: "harbour",
                score: None,
            },
        ),
        deed(
            at(8, 11, 45),
            "owen",
            Decide {
                action: "dignity-a",
                risk: "Care on Sunday evenings could be hurried again.",
                delay: "The evidence is mixed: no third carer on Sundays yet.",
                support: "The quality lead asks the Northgate branch for a carer on Sundays.",
                control: "Until then the coordinator rings the person every Monday and asks how Sunday was.",
                due: None,
            },
        ),
    ]
}
