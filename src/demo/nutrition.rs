//! S4, care plan audit on nutrition at Rowan House, waiting to be checked; and family communication found from two
//! kinds of source.

#![expect(clippy::too_many_lines, reason = "a story is told in one piece; it holds no logic")]

use super::script::Proof::{At, File};
use super::script::What::{
    Action, Close, Extend, Finding, FurtherSource, Progress, Reassign, Review, SignOff, Verdict,
};
use super::script::{Deed, at, deed};
use crate::domain::topic::EvidenceKind::{AuditSample, Briefing, Feedback, ObservedPractice, Record};
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    [audit(), plans(), fluids(), family()].concat()
}

fn audit() -> Vec<Deed> {
    vec![
        deed(
            at(34, 9, 15),
            "helen",
            Review {
                key: "nut",
                kind: ReviewKind::Audit,
                title: "Care plan audit, nutrition",
                service: "rowan-house",
                score: Some(5600),
            },
        ),
        deed(
            at(34, 11, 0),
            "helen",
            Finding {
                key: "plans",
                review: "nut",
                service: "rowan-house",
                unit: None,
                what: "11 of 25 care plans were not updated after a change of weight or diet; none of the 11 says when to escalate weight loss.",
                source: EvidenceSource::RecordCheck,
                risk: Risk::Medium,
                theme: Theme::DocumentationQuality,
                topic: Topic::Nutrition,
            },
        ),
        deed(
            at(34, 11, 12),
            "helen",
            Finding {
                key: "fluids",
                review: "nut",
                service: "rowan-house",
                unit: Some("Beech unit"),
                what: "Fluid charts on Beech unit were filled in at the end of the shift on 6 of 10 days instead of after each drink.",
                source: EvidenceSource::Observation,
                risk: Risk::Medium,
                theme: Theme::Safety,
                topic: Topic::Nutrition,
            },
        ),
        deed(
            at(34, 11, 30),
            "helen",
            Action {
                key: "plans-a",
                finding: "plans",
                what: "Align the 11 nutrition care plans with the dietitian's guidance, brief each shift at handover and replace the monitoring charts on Ash and Beech",
                success: "Deputy samples 8 daily records after the briefing; at least 7 match the plan",
                owner: "amara",
                due: 15,
            },
        ),
        deed(
            at(34, 11, 41),
            "helen",
            Action {
                key: "fluids-a",
                finding: "fluids",
                what: "Brief the Beech team at three handovers on recording fluids after each drink and put the charts beside the drinks trolley",
                success: "Spot check of 10 fluid charts at 3pm shows entries for each drink of the day",
                owner: "tom",
                due: -1,
            },
        ),
        deed(at(33, 15, 10), "helen", SignOff("nut")),
    ]
}

fn plans() -> Vec<Deed> {
    vec![
        deed(
            at(16, 14, 5),
            "priya",
            Extend {
                action: "plans-a",
                due: 7,
                reason: "The dietitian reviews three of the plans next week. Meanwhile weekly weights are checked by the deputy manager.",
            },
        ),
        deed(
            at(10, 7, 40),
            "amara",
            Progress {
                action: "plans-a",
                note: "Briefed all four shifts at handover. Attendance sheets are in the folder.",
                proof: &[File(
                    Briefing,
                    "Handover briefing nutrition.txt",
                    "Briefing: nutrition care plans\nShifts: early, late, nights (two)\nAttended: 19 of 21, two on leave, to be briefed on return\nQuestions raised: when to weigh again after illness; who calls the dietitian\n",
                )],
                help: None,
                done: false,
            },
        ),
        deed(
            at(8, 16, 12),
            "amara",
            Progress {
                action: "plans-a",
                note: "All 11 plans now say when to escalate weight loss. Charts on Ash and Beech were replaced on Tuesday.",
                proof: &[
                    At(Record, "Care plans, electronic records, nutrition section, 11 plans"),
                    At(AuditSample, "Care plan sample, November, audit folder section 4"),
                ],
                help: None,
                done: true,
            },
        ),
    ]
}

fn fluids() -> Vec<Deed> {
    vec![
        deed(
            at(32, 9, 0),
            "priya",
            Reassign {
                action: "fluids-a",
                to: "sofia",
                reason: "Tom is on nights this month; Sofia leads the day shifts on Beech.",
            },
        ),
        deed(
            at(5, 15, 50),
            "sofia",
            Progress {
                action: "fluids-a",
                note: "Charts moved to the drinks trolley on Beech. Two of three handovers briefed.",
                proof: &[At(Briefing, "Handover book, Beech unit, this week")],
                help: None,
                done: false,
            },
        ),
    ]
}

fn family() -> Vec<Deed> {
    vec![
        deed(
            at(44, 10, 0),
            "priya",
            Review {
                key: "complaint",
                kind: ReviewKind::Complaint,
                title: "Complaint about contact after a fall",
                service: "rowan-house",
                score: None,
            },
        ),
        deed(
            at(44, 10, 30),
            "priya",
            Finding {
                key: "family",
                review: "complaint",
                service: "rowan-house",
                unit: None,
                what: "A family was told of a fall the day after it happened; the incident form has no time for the call.",
                source: EvidenceSource::Complaint,
                risk: Risk::Medium,
                theme: Theme::Experience,
                topic: Topic::FamilyCommunication,
            },
        ),
        deed(
            at(43, 9, 0),
            "helen",
            Review {
                key: "incaudit",
                kind: ReviewKind::Audit,
                title: "Incident form audit, third quarter",
                service: "rowan-house",
                score: Some(6800),
            },
        ),
        deed(at(43, 9, 40), "helen", FurtherSource { finding: "family", review: "incaudit" }),
        deed(
            at(43, 10, 5),
            "priya",
            Action {
                key: "family-a",
                finding: "family",
                what: "Put the time of the call and the name of the caller on page one of the incident form and ring families within two hours",
                success: "Ten incidents in a row show a call within two hours, and three families say that they were told in time",
                owner: "tom",
                due: 33,
            },
        ),
        deed(at(42, 16, 0), "helen", SignOff("incaudit")),
        deed(
            at(35, 10, 20),
            "tom",
            Progress {
                action: "family-a",
                note: "New form in use since last Monday. Rang three families who had an incident since then and asked how it went.",
                proof: &[
                    At(Record, "Incident folder, forms 118 to 127"),
                    At(Feedback, "Call notes, families, incident folder, page 3"),
                    At(ObservedPractice, "Handover observed by the care coordinator, two shifts"),
                    At(Briefing, "Seniors meeting minutes, item 2"),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(32, 11, 45),
            "daniel",
            Verdict {
                action: "family-a",
                method: Method::Conversation,
                sample: (10, 9),
                note: "Nine of ten forms show a call within two hours; the tenth was at night and the reason is recorded. Two families confirmed that they were told in time.",
                outcome: Outcome::Complete,
                missing: "",
                due: 0,
            },
        ),
        deed(
            at(31, 9, 30),
            "helen",
            Close {
                action: "family-a",
                note: "Calls are made and recorded, and families say so. Repeat complaints are followed in the next quarter.",
            },
        ),
    ]
}
