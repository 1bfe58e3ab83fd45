//! S8, falls audit follow-through at Linden View: checked within three working days, and one that nobody can wait for.

#![expect(clippy::too_many_lines, reason = "a story is told in one piece; it holds no logic")]

use super::script::Proof::{At, File};
use super::script::What::{Action, Assurance, Close, Finding, Progress, Review, SignOff, Stays, Verdict};
use super::script::{Deed, at, deed};
use crate::domain::closure::AssuranceDecision::Assured;
use crate::domain::topic::EvidenceKind::{AuditSample, ObservedPractice, Record};
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    [audit(), risk_assessments(), environment(), ineffective()].concat()
}

fn audit() -> Vec<Deed> {
    vec![
        deed(
            at(40, 9, 0),
            "jonas",
            Review {
                key: "falls1",
                kind: ReviewKind::Audit,
                title: "Falls audit, both floors",
                service: "linden-view",
                score: Some(7450),
            },
        ),
        deed(
            at(40, 11, 20),
            "jonas",
            Finding {
                key: "assess",
                review: "falls1",
                service: "linden-view",
                unit: Some("Garden floor"),
                what: "5 of 9 falls risk assessments on the Garden floor were not reviewed within 24 hours of a fall.",
                source: EvidenceSource::RecordCheck,
                risk: Risk::High,
                theme: Theme::Safety,
                topic: Topic::Falls,
            },
        ),
        deed(
            at(40, 11, 45),
            "jonas",
            Action {
                key: "assess-a",
                finding: "assess",
                what: "Review the 5 falls risk assessments and add the 24-hour review to the nurse in charge's shift checklist",
                success: "Clinical deputy samples the next 6 falls; each assessment is reviewed within 24 hours",
                owner: "peter",
                due: 35,
            },
        ),
        deed(at(39, 16, 0), "jonas", SignOff("falls1")),
        deed(
            at(38, 9, 20),
            "jonas",
            Stays {
                action: "assess-a",
                because: "The clinical deputy reviews the five assessments today herself; what is left is the checklist.",
            },
        ),
    ]
}

fn risk_assessments() -> Vec<Deed> {
    vec![
        deed(
            at(36, 13, 30),
            "peter",
            Progress {
                action: "assess-a",
                note: "All five assessments reviewed with the physiotherapist. The review is line 7 of the shift checklist from today.",
                proof: &[
                    At(Record, "Falls folder, Garden floor, assessments 3, 4, 6, 8 and 9"),
                    File(
                        AuditSample,
                        "Falls assessments.csv",
                        "assessment,reviewed within 24 hours\n3,yes\n4,yes\n6,yes\n8,yes\n9,yes\n",
                    ),
                    At(
                        ObservedPractice,
                        "Shift checklist observed at two handovers, clinical deputy's notebook",
                    ),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(34, 10, 15),
            "fiona",
            Verdict {
                action: "assess-a",
                method: Method::RecordSample,
                sample: (6, 6),
                note: "Sampled the six falls since the change. Every assessment was reviewed the same day, four of them within the shift.",
                outcome: Outcome::Complete,
                missing: "",
                due: 0,
            },
        ),
        deed(
            at(33, 15, 40),
            "marcus",
            Assurance {
                action: "assess-a",
                decision: Assured,
                note: "Went through the six assessments with the clinical deputy. Falls a week are down from 4 to 2 against the baseline.",
            },
        ),
        deed(
            at(32, 9, 20),
            "jonas",
            Close {
                action: "assess-a",
                note: "Six of six reviewed on the day. The weekly falls review follows the number.",
            },
        ),
    ]
}

fn environment() -> Vec<Deed> {
    vec![
        deed(
            at(18, 9, 30),
            "jonas",
            Review {
                key: "falls2",
                kind: ReviewKind::IncidentReview,
                title: "Review of two unwitnessed falls",
                service: "linden-view",
                score: None,
            },
        ),
        deed(
            at(18, 10, 10),
            "jonas",
            Finding {
                key: "rooms",
                review: "falls2",
                service: "linden-view",
                unit: Some("Upper floor"),
                what: "The environment was not checked after either fall: one call bell was out of reach and one sensor mat was unplugged.",
                source: EvidenceSource::IncidentReport,
                risk: Risk::High,
                theme: Theme::Safety,
                topic: Topic::Falls,
            },
        ),
        deed(
            at(18, 10, 30),
            "jonas",
            Action {
                key: "rooms-a",
                finding: "rooms",
                what: "Complete post-fall environmental checks in all 14 rooms on the Upper floor and record each on the room safety sheet",
                success: "Deputy checks 5 rooms unannounced; call bell in reach and sensor mat working in all 5",
                owner: "peter",
                due: 9,
            },
        ),
        deed(
            at(16, 9, 15),
            "jonas",
            Stays {
                action: "rooms-a",
                because: "Both rooms have a sensor mat until the beds are lowered, and the nurse in charge looks in each hour at night.",
            },
        ),
        deed(
            at(12, 15, 20),
            "peter",
            Progress {
                action: "rooms-a",
                note: "Rooms 1 to 8 checked. Two sensor mats need new cables.",
                proof: &[At(Record, "Room safety sheets, Upper floor, rooms 1 to 8")],
                help: Some((
                    "The cables are on back order and nobody has asked for loan mats.",
                    "Two loan mats from the equipment store",
                )),
                done: false,
            },
        ),
    ]
}

fn ineffective() -> Vec<Deed> {
    vec![
        deed(
            at(24, 9, 0),
            "fiona",
            Review {
                key: "walk",
                kind: ReviewKind::Walkaround,
                title: "Clinical walkaround, nights",
                service: "linden-view",
                score: None,
            },
        ),
        deed(
            at(24, 9, 30),
            "fiona",
            Finding {
                key: "handover",
                review: "walk",
                service: "linden-view",
                unit: Some("Garden floor"),
                what: "Night handover on the Garden floor did not name the three residents at highest risk of falling.",
                source: EvidenceSource::Observation,
                risk: Risk::Medium,
                theme: Theme::Safety,
                topic: Topic::Falls,
            },
        ),
        deed(
            at(24, 9, 50),
            "jonas",
            Action {
                key: "handover-a",
                finding: "handover",
                what: "Put the three highest falls risks at the top of the night handover sheet and read them out by initials at each handover",
                success: "Clinical deputy observes four night handovers; all four name the three risks",
                owner: "peter",
                due: 14,
            },
        ),
        deed(
            at(15, 8, 0),
            "peter",
            Progress {
                action: "handover-a",
                note: "New handover sheet with a box at the top, printed and put in the office.",
                proof: &[
                    At(Record, "Handover sheets, Garden floor, nights"),
                    At(ObservedPractice, "Handover of Tuesday, noted by the senior on shift"),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(13, 21, 15),
            "fiona",
            Verdict {
                action: "handover-a",
                method: Method::Observation,
                sample: (4, 1),
                note: "Observed four night handovers. The sheet was there each time; the three risks were read out once.",
                outcome: Outcome::Ineffective,
                missing: "",
                due: -5,
            },
        ),
    ]
}
