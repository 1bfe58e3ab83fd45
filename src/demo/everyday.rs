//! An ordinary fortnight at Rowan House: what waits for its manager, its deputy, its seniors and the nominated individual.

#![expect(clippy::too_many_lines, reason = "a story is told in one piece; it holds no logic")]

use super::script::Proof::{At, File};
use super::script::What::{Action, Close, Decide, Finding, Progress, Review, SignOff, Verdict};
use super::script::{Deed, at, deed};
use crate::domain::topic::EvidenceKind::{AuditSample, Data, Feedback, ObservedPractice, Record};
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    [bells(), hoists(), skin(), hands(), mornings()].concat()
}

/// Late, escalated, and not decided yet.
fn bells() -> Vec<Deed> {
    vec![
        deed(
            at(19, 8, 50),
            "daniel",
            Review {
                key: "bells",
                kind: ReviewKind::DailyCheck,
                title: "Daily checks, call bells",
                service: "rowan-house",
                score: None,
            },
        ),
        deed(
            at(19, 9, 5),
            "daniel",
            Finding {
                key: "bell",
                review: "bells",
                service: "rowan-house",
                unit: Some("Cedar unit"),
                what: "Call bells in three rooms on Cedar unit took more than six minutes to answer on four evenings.",
                source: EvidenceSource::Data,
                risk: Risk::Medium,
                theme: Theme::Safety,
                topic: Topic::MissedFollowUp,
            },
        ),
        deed(
            at(19, 9, 25),
            "daniel",
            Action {
                key: "bell-a",
                finding: "bell",
                what: "Move the second evening carer to Cedar unit from 6pm to 9pm and read the bell log each morning for two weeks",
                success: "The bell log of two weeks shows no answer later than four minutes on Cedar unit",
                owner: "tom",
                due: 4,
            },
        ),
        deed(
            at(11, 8, 15),
            "tom",
            Progress {
                action: "bell-a",
                note: "Rota changed from Monday. The log is read each morning; two evenings were still slow.",
                proof: &[At(Data, "Bell log, Cedar unit, weeks 45 and 46")],
                help: Some((
                    "On Thursdays there is nobody to move: the evening is one carer short.",
                    "An agency carer on Thursdays until the post is filled",
                )),
                done: false,
            },
        ),
    ]
}

/// Late, high risk, decided: an interim control is in place.
fn hoists() -> Vec<Deed> {
    vec![
        deed(
            at(13, 10, 0),
            "priya",
            Review {
                key: "equip",
                kind: ReviewKind::Audit,
                title: "Equipment audit",
                service: "rowan-house",
                score: Some(8600),
            },
        ),
        deed(
            at(13, 10, 40),
            "priya",
            Finding {
                key: "sling",
                review: "equip",
                service: "rowan-house",
                unit: Some("Beech unit"),
                what: "Two of eight hoist slings on Beech unit have no legible inspection label.",
                source: EvidenceSource::Observation,
                risk: Risk::High,
                theme: Theme::Safety,
                topic: Topic::Environment,
            },
        ),
        deed(
            at(13, 10, 55),
            "priya",
            Action {
                key: "sling-a",
                finding: "sling",
                what: "Have the two slings inspected and relabelled, and list all eight with their inspection dates in the equipment book",
                success: "Deputy compares eight slings with the book; all eight agree and are in date",
                owner: "daniel",
                due: 5,
            },
        ),
        deed(at(12, 16, 0), "priya", SignOff("equip")),
        deed(
            at(7, 14, 20),
            "daniel",
            Progress {
                action: "sling-a",
                note: "The engineer comes on Wednesday week. Six of eight slings are listed.",
                proof: &[At(Record, "Equipment book, Beech unit, page 3")],
                help: Some(("The inspection firm has no earlier visit.", "")),
                done: false,
            },
        ),
        deed(
            at(3, 9, 40),
            "priya",
            Decide {
                action: "sling-a",
                risk: "A sling could fail while somebody is lifted.",
                delay: "The inspection firm has no earlier visit than next Wednesday.",
                support: "Two loan slings from Linden View.",
                control: "Both slings are locked away; loan slings are used and checked by two carers before each lift.",
                due: None,
            },
        ),
    ]
}

/// Verified, waiting for closure.
fn skin() -> Vec<Deed> {
    vec![
        deed(
            at(26, 9, 0),
            "helen",
            Review {
                key: "skin",
                kind: ReviewKind::Audit,
                title: "Skin integrity audit",
                service: "rowan-house",
                score: Some(7900),
            },
        ),
        deed(
            at(26, 9, 45),
            "helen",
            Finding {
                key: "turns",
                review: "skin",
                service: "rowan-house",
                unit: Some("Cedar unit"),
                what: "Repositioning charts on Cedar unit had gaps of more than four hours on 5 of 14 nights.",
                source: EvidenceSource::RecordCheck,
                risk: Risk::Medium,
                theme: Theme::Safety,
                topic: Topic::SkinIntegrity,
            },
        ),
        deed(
            at(26, 10, 5),
            "helen",
            Action {
                key: "turns-a",
                finding: "turns",
                what: "Put repositioning times on the night board of Cedar unit and have two carers initial each turn on the chart",
                success: "Charts of seven nights show no gap longer than four hours",
                owner: "sofia",
                due: 14,
            },
        ),
        deed(at(25, 15, 0), "helen", SignOff("skin")),
        deed(
            at(15, 7, 50),
            "sofia",
            Progress {
                action: "turns-a",
                note: "The board is up and used on all nights since the 2nd. Seven nights of charts are in the folder.",
                proof: &[
                    At(Record, "Night board, Cedar unit, photographed weekly in the skin folder"),
                    File(
                        AuditSample,
                        "Repositioning charts.csv",
                        "night,longest gap in hours\n1,3.5\n2,3.8\n3,3.5\n4,4.0\n5,3.2\n6,3.6\n7,3.4\n",
                    ),
                    At(ObservedPractice, "Deputy's night visit, notes in the skin folder"),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(11, 22, 30),
            "daniel",
            Verdict {
                action: "turns-a",
                method: Method::RecordSample,
                sample: (7, 7),
                note: "Read seven nights of charts and visited once. No gap is longer than four hours, and the board was in use.",
                outcome: Outcome::Complete,
                missing: "",
                due: 0,
            },
        ),
    ]
}

/// Done and closed on people's experience, by the quality lead.
fn hands() -> Vec<Deed> {
    vec![
        deed(
            at(48, 10, 0),
            "priya",
            Review {
                key: "views",
                kind: ReviewKind::FeedbackRound,
                title: "Residents' views, summer",
                service: "rowan-house",
                score: Some(7200),
            },
        ),
        deed(
            at(48, 10, 30),
            "priya",
            Finding {
                key: "knock",
                review: "views",
                service: "rowan-house",
                unit: None,
                what: "Six of 20 residents say that staff do not always wait for an answer after knocking.",
                source: EvidenceSource::PeopleSaid,
                risk: Risk::Low,
                theme: Theme::Experience,
                topic: Topic::Dignity,
            },
        ),
        deed(
            at(48, 10, 50),
            "priya",
            Action {
                key: "knock-a",
                finding: "knock",
                what: "Practise knocking and waiting with each shift at handover and ask the same 20 residents again after a month",
                success: "At least 18 of 20 residents say that staff wait for an answer",
                owner: "amara",
                due: 26,
            },
        ),
        deed(
            at(28, 11, 0),
            "amara",
            Progress {
                action: "knock-a",
                note: "Practised at all four handovers. Asked all 20 residents again: 19 say that staff wait.",
                proof: &[
                    At(Feedback, "Residents' views, second round, feedback folder, pages 2 to 5"),
                    At(ObservedPractice, "Spot checks by the deputy, 10 doors"),
                    At(Data, "Feedback sheet, both rounds compared"),
                    At(Record, "Handover book, week 41"),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(25, 14, 0),
            "daniel",
            Verdict {
                action: "knock-a",
                method: Method::Conversation,
                sample: (10, 10),
                note: "Spoke with ten of the residents without staff present. All ten say that staff knock and wait.",
                outcome: Outcome::Complete,
                missing: "",
                due: 0,
            },
        ),
        deed(
            at(24, 9, 15),
            "helen",
            Close { action: "knock-a", note: "Six of 20 before, one of 20 now, in residents' own words." },
        ),
    ]
}

/// Due this week, for a senior on the phone.
fn mornings() -> Vec<Deed> {
    vec![
        deed(
            at(8, 9, 0),
            "amara",
            Review {
                key: "morning",
                kind: ReviewKind::Walkaround,
                title: "Walkaround, breakfast",
                service: "rowan-house",
                score: None,
            },
        ),
        deed(
            at(8, 9, 20),
            "amara",
            Finding {
                key: "breakfast",
                review: "morning",
                service: "rowan-house",
                unit: Some("Ash unit"),
                what: "Four residents on Ash unit were served breakfast before their morning medicines that are to be taken on an empty stomach.",
                source: EvidenceSource::Observation,
                risk: Risk::Medium,
                theme: Theme::Safety,
                topic: Topic::Medicines,
            },
        ),
        deed(
            at(8, 9, 35),
            "amara",
            Action {
                key: "breakfast-a",
                finding: "breakfast",
                what: "Mark the four medicines on the breakfast board and serve those residents last on Ash unit",
                success: "Five breakfasts observed; all four residents had their medicine at least 30 minutes before",
                owner: "sofia",
                due: -2,
            },
        ),
        deed(
            at(7, 9, 10),
            "amara",
            Finding {
                key: "wipes",
                review: "morning",
                service: "rowan-house",
                unit: Some("Ash unit"),
                what: "The hand-wipe dispenser beside the Ash dining room was empty on two of three mornings.",
                source: EvidenceSource::Observation,
                risk: Risk::Low,
                theme: Theme::Safety,
                topic: Topic::InfectionPrevention,
            },
        ),
        deed(
            at(7, 9, 20),
            "amara",
            Action {
                key: "wipes-a",
                finding: "wipes",
                what: "Add the dispenser to the night cleaning sheet and fill it before 7am",
                success: "Ten mornings in a row the dispenser is full at 7am",
                owner: "sofia",
                due: -9,
            },
        ),
    ]
}
