//! S7, repeated medication audit gaps at Rowan House: found, put right, proved, and found again.

#![expect(clippy::too_many_lines, reason = "a story is told in one piece; it holds no logic")]

use super::script::Proof::{At, File, Photo};
use super::script::What::{
    Action, Assurance, CameBack, Close, Finding, Progress, Reopen, Review, RootCause, SignOff, Stays, Verdict,
};
use super::script::{Deed, at, deed};
use crate::domain::closure::AssuranceDecision::Assured;
use crate::domain::recurrence::Factor;
use crate::domain::topic::EvidenceKind::{AuditSample, Record};
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    [first_audit(), protocols_closed(), stock(), second_audit()].concat()
}

fn first_audit() -> Vec<Deed> {
    vec![
        deed(
            at(62, 9, 40),
            "priya",
            Review {
                key: "med1",
                kind: ReviewKind::Audit,
                title: "Medication audit, Ash and Beech units",
                service: "rowan-house",
                score: Some(7100),
            },
        ),
        deed(
            at(62, 10, 15),
            "priya",
            Finding {
                key: "prn",
                review: "med1",
                service: "rowan-house",
                unit: Some("Ash unit"),
                what: "PRN protocols for 4 of 12 residents on Ash unit have no maximum dose in 24 hours.",
                source: EvidenceSource::RecordCheck,
                risk: Risk::High,
                theme: Theme::Safety,
                topic: Topic::Medicines,
            },
        ),
        deed(
            at(62, 10, 32),
            "priya",
            Finding {
                key: "stock",
                review: "med1",
                service: "rowan-house",
                unit: Some("Ash unit"),
                what: "Stock balances on the Ash medicine trolley were signed by one person on 5 of 14 days.",
                source: EvidenceSource::RecordCheck,
                risk: Risk::Medium,
                theme: Theme::Safety,
                topic: Topic::Medicines,
            },
        ),
        deed(
            at(62, 10, 50),
            "priya",
            Action {
                key: "prn-a",
                finding: "prn",
                what: "Add a maximum dose in 24 hours to all 12 PRN protocols on Ash unit and have each one signed by the GP practice",
                success: "Deputy samples 6 protocols; all 6 carry a maximum dose, a reason and a review date",
                owner: "sofia",
                due: 55,
            },
        ),
        deed(
            at(62, 11, 5),
            "priya",
            Action {
                key: "stock-a",
                finding: "stock",
                what: "Introduce a second signature for each stock count on the Ash trolley and record both on the balance sheet",
                success: "Ten balance sheets in a row carry two signatures",
                owner: "tom",
                due: 50,
            },
        ),
        deed(at(61, 16, 20), "priya", SignOff("med1")),
        deed(
            at(60, 9, 10),
            "priya",
            Stays {
                action: "prn-a",
                because: "The pharmacist comes this week, and until then no PRN dose is given without a call to the on-call manager.",
            },
        ),
    ]
}

fn protocols_closed() -> Vec<Deed> {
    vec![
        deed(
            at(58, 14, 10),
            "sofia",
            Progress {
                action: "prn-a",
                note: "Went through all 12 protocols with the pharmacist. Eight now have a maximum dose; four wait for the GP.",
                proof: &[],
                help: Some((
                    "The GP practice answers PRN questions on Thursdays only.",
                    "A call from the deputy to the practice manager",
                )),
                done: false,
            },
        ),
        deed(
            at(56, 11, 25),
            "sofia",
            Progress {
                action: "prn-a",
                note: "All 12 protocols now carry a maximum dose and are signed by the practice. The old sheets are crossed through and filed.",
                proof: &[
                    At(Record, "PRN folder, Ash unit treatment room, section 2"),
                    File(
                        AuditSample,
                        "PRN protocol check.csv",
                        "protocol,maximum dose,reason,review date\n1,yes,yes,yes\n2,yes,yes,yes\n3,yes,yes,yes\n4,yes,yes,yes\n5,yes,yes,yes\n6,yes,yes,yes\n7,yes,yes,yes\n8,yes,yes,yes\n9,yes,yes,yes\n10,yes,yes,yes\n11,yes,yes,yes\n12,yes,yes,yes\n",
                    ),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(53, 15, 0),
            "daniel",
            Verdict {
                action: "prn-a",
                method: Method::RecordSample,
                sample: (6, 6),
                note: "Sampled 6 of the 12 protocols against the MAR charts for two weeks. All six state dose, maximum and reason, and no dose was given above it.",
                outcome: Outcome::Complete,
                missing: "",
                due: 0,
            },
        ),
        deed(
            at(52, 9, 30),
            "marcus",
            Assurance {
                action: "prn-a",
                decision: Assured,
                note: "Read the protocols with the deputy and the check of all twelve. Practice has changed on Ash unit; Beech is to be sampled at the next audit.",
            },
        ),
        deed(
            at(52, 12, 15),
            "priya",
            Close {
                action: "prn-a",
                note: "Twelve of twelve protocols complete, sampled independently. Follow-up at the next medication audit.",
            },
        ),
    ]
}

fn stock() -> Vec<Deed> {
    vec![
        deed(
            at(51, 8, 45),
            "tom",
            Progress {
                action: "stock-a",
                note: "New balance sheet with room for two signatures is in use since Monday. Night and day seniors were shown it at handover.",
                proof: &[
                    Photo(Record, "balance-sheet.png"),
                    At(AuditSample, "Controlled stock folder, sheets 41 to 50"),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(48, 10, 10),
            "priya",
            Verdict {
                action: "stock-a",
                method: Method::RecordSample,
                sample: (10, 10),
                note: "Looked at ten balance sheets in a row. All ten have two signatures and the counts agree with the MAR charts.",
                outcome: Outcome::Complete,
                missing: "",
                due: 0,
            },
        ),
        deed(
            at(47, 13, 0),
            "priya",
            Close { action: "stock-a", note: "Two signatures on every sheet for two weeks; counts agree." },
        ),
    ]
}

fn second_audit() -> Vec<Deed> {
    vec![
        deed(
            at(14, 9, 20),
            "priya",
            Review {
                key: "med2",
                kind: ReviewKind::Audit,
                title: "Medication audit, follow-up",
                service: "rowan-house",
                score: Some(8350),
            },
        ),
        deed(
            at(14, 9, 55),
            "priya",
            Reopen {
                action: "stock-a",
                reason: "The follow-up audit found 2 of the last 10 balance sheets with one signature, both on night shifts with agency seniors.",
                due: 2,
            },
        ),
        deed(
            at(14, 10, 20),
            "priya",
            Finding {
                key: "agency",
                review: "med2",
                service: "rowan-house",
                unit: Some("Ash unit"),
                what: "Two agency seniors on nights had not been shown the two-signature balance sheet before their first medicine round.",
                source: EvidenceSource::StaffSaid,
                risk: Risk::Medium,
                theme: Theme::WorkforceCompetence,
                topic: Topic::Medicines,
            },
        ),
        deed(
            at(14, 10, 40),
            "priya",
            Action {
                key: "agency-a",
                finding: "agency",
                what: "Add the balance sheet and the Ash trolley to the agency induction card and have it signed before the first medicine round",
                success: "Every agency senior in the next four weeks has a signed card dated before their first round",
                owner: "amara",
                due: -4,
            },
        ),
        deed(
            at(14, 10, 45),
            "priya",
            Finding {
                key: "prn-again",
                review: "med2",
                service: "rowan-house",
                unit: Some("Ash unit"),
                what: "PRN protocols for 3 of 14 residents on Ash unit have no maximum dose in 24 hours; all three were written after the last audit.",
                source: EvidenceSource::RecordCheck,
                risk: Risk::Medium,
                theme: Theme::Safety,
                topic: Topic::Medicines,
            },
        ),
        deed(at(14, 10, 47), "priya", CameBack { finding: "prn-again", earlier: "prn" }),
        deed(
            at(14, 11, 0),
            "priya",
            Action {
                key: "prn-again-a",
                finding: "prn-again",
                what: "Put the maximum dose on the one-page admission form, so that no PRN protocol on Ash unit is signed without it",
                success: "Deputy samples the next 6 new protocols; all 6 carry a maximum dose before the first dose is given",
                owner: "sofia",
                due: -6,
            },
        ),
        deed(
            at(14, 15, 10),
            "priya",
            RootCause {
                finding: "prn-again",
                factors: &[Factor::Communication, Factor::Procedures, Factor::Checking],
                whys: &[
                    "The three protocols were written on admission, on late shifts",
                    "The admission form has no line for a maximum dose, only the old protocols had it added by hand",
                    "The first round put the twelve protocols right and left the form as it was",
                    "Nobody looked at protocols written after that sample",
                ],
                wider: "Use the same admission form in the other branches, so that no protocol anywhere begins without a maximum dose.",
                review: -20,
            },
        ),
        deed(at(13, 15, 30), "priya", SignOff("med2")),
        deed(
            at(9, 7, 40),
            "tom",
            Progress {
                action: "stock-a",
                note: "Agency seniors are paired with a permanent senior for the first count. Rechecked the last five sheets.",
                proof: &[
                    At(Record, "Agency induction file, nights, November"),
                    Photo(AuditSample, "balance-sheets-nights.png"),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(6, 14, 30),
            "priya",
            Verdict {
                action: "stock-a",
                method: Method::RecordSample,
                sample: (5, 3),
                note: "Looked at the five newest night sheets. Three have two signatures, two do not.",
                outcome: Outcome::PartiallyComplete,
                missing: "Two of the five sheets had no second signature. Redo both counts with a second person and photograph the sheets.",
                due: -3,
            },
        ),
        deed(
            at(3, 9, 10),
            "amara",
            Progress {
                action: "agency-a",
                note: "Card drafted with the pharmacist and shown to both agencies.",
                proof: &[At(Record, "Agency induction folder, card version 3")],
                help: None,
                done: false,
            },
        ),
    ]
}
