//! S12, weak audit escalation: the nominated individual samples high-risk findings for a recorded decision; each gets one within
//! six weeks; he challenges the first proof, and is assured by the second. And S10's beginning: follow-ups grouped by source.

use super::days::WorkingDays;
use super::script::Deed;
use super::script::Proof::At;
use super::script::What::{
    Action, Assurance, Close, Finding, MeasureMovedBy, Progress, Review, SignOff, Stays, Verdict,
};
use crate::domain::closure::AssuranceDecision::{Assured, Challenged};
use crate::domain::topic::EvidenceKind::{AuditSample, Record};
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};

/// The stories.
#[must_use]
pub fn story(days: &WorkingDays) -> Vec<Deed> {
    [sampled(days), weighed(days), grouped(days)].concat()
}

/// Sampled in the first week of a month, and worked off.
fn sampled(days: &WorkingDays) -> Vec<Deed> {
    let due = days.ago(days.nth(5, 12));
    [
        days.deed((6, 3, 9, 0), "marcus", Review {
            key: "sampled",
            kind: ReviewKind::Audit,
            title: "Sample of high-risk findings: was a decision recorded?",
            service: "rowan-house",
            score: Some(6000),
        }),
        days.deed((6, 3, 10, 15), "marcus", Finding {
            key: "sampled-f",
            review: "sampled",
            service: "rowan-house",
            unit: None,
            what: "Of five high-risk findings that were open last month, two have no recorded decision: nobody can say who weighed them.",
            source: EvidenceSource::RecordCheck,
            risk: Risk::High,
            theme: Theme::Governance,
            topic: Topic::Governance,
        }),
        days.deed((6, 3, 10, 40), "marcus", Action {
            key: "sampled-a",
            finding: "sampled-f",
            what: "Record a decision on each open high-risk finding within two working days, read all of them each Friday for six weeks, and keep the list",
            success: "At two month ends running each of the open high-risk findings has a recorded decision that names what keeps people safe",
            owner: "helen",
            due,
        }),
        days.deed((6, 4, 16, 0), "marcus", SignOff("sampled")),
        days.deed((6, 5, 11, 0), "priya", Stays {
            action: "sampled-a",
            because: "The quality lead has the time, and the nominated individual reads the list each Friday himself.",
        }),
        days.deed((5, 1, 15, 20), "helen", Progress {
            action: "sampled-a",
            note: "Read the list on four Fridays. Five of six had a decision at the end of the month; the sixth has it since this morning.",
            proof: &[At(Record, "List of high-risk findings with decisions, four Fridays")],
            help: None,
            done: false,
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Proven, challenged, proven again.
fn weighed(days: &WorkingDays) -> Vec<Deed> {
    let verdict = |note| Verdict {
        action: "sampled-a",
        method: Method::RecordSample,
        sample: (6, 6),
        note,
        outcome: Outcome::Complete,
        missing: "",
        due: 0,
    };
    let done = |note, proof| Progress { action: "sampled-a", note, proof, help: None, done: true };
    [
        days.deed((5, 9, 14, 0), "helen", done(
            "Six weeks are over: each open high-risk finding has a decision. The list and a sample of six are in the folder.",
            &[At(AuditSample, "Sample of six decisions, governance folder, first sheet")],
        )),
        days.deed((5, 11, 10, 0), "ruth", verdict(
            "Read the six decisions against their findings. Each is dated and signed, and was made within two working days.",
        )),
        days.deed((5, 12, 12, 30), "marcus", Assurance {
            action: "sampled-a",
            decision: Challenged,
            note: "Two of the six decisions say that somebody is to look and not what keeps people safe until then. Show me six that do.",
        }),
        days.deed((5, 14, 14, 0), "helen", done(
            "Both managers completed their decisions with the control and who checks it. New sample of six.",
            &[At(AuditSample, "Sample of six decisions, governance folder, second sheet")],
        )),
        days.deed((5, 15, 10, 0), "ruth", verdict(
            "Read six other decisions and rang two of the managers: the control is named and was in place when I rang.",
        )),
        days.deed((5, 16, 12, 30), "marcus", Assurance {
            action: "sampled-a",
            decision: Assured,
            note: "Read the second sample and went to see two of the controls. Every high-risk finding has its decision, and it is worth something.",
        }),
        days.deed((5, 17, 15, 30), "priya", Close {
            action: "sampled-a",
            note: "Six of six, twice, and the nominated individual is assured. The Friday list stays.",
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// S10: what is missed is grouped by what it came from, given to somebody by name, and checked the next working day.
fn grouped(days: &WorkingDays) -> Vec<Deed> {
    let due = days.ago(days.nth(3, 9));
    [
        days.deed((4, 2, 9, 0), "helen", Review {
            key: "trend",
            kind: ReviewKind::Meeting,
            title: "Follow-ups of the last quarter, by what they came from",
            service: "rowan-house",
            score: None,
        }),
        days.deed((4, 2, 9, 30), "helen", Finding {
            key: "trend-f",
            review: "trend",
            service: "rowan-house",
            unit: None,
            what: "Three of five follow-ups are done on time. Those from appointments wait longest: nobody is named before the shift ends.",
            source: EvidenceSource::Data,
            risk: Risk::Medium,
            theme: Theme::Safety,
            topic: Topic::MissedFollowUp,
        }),
        days.deed((4, 2, 9, 50), "helen", Action {
            key: "trend-a",
            finding: "trend-f",
            what: "Keep one list a shift with what was missed from appointments, incidents and handovers, give each line to one person by name before the shift ends, and check it the next working day for six weeks",
            success: "Nine of ten follow-ups are done on time in two weeks running",
            owner: "amara",
            due,
        }),
        days.deed((4, 3, 9, 30), "daniel", MeasureMovedBy { measure: "follow-ups", action: "trend-a" }),
        days.deed((4, 10, 14, 0), "amara", Progress {
            action: "trend-a",
            note: "The list is used on all shifts. In the first week two lines had no name; since then each has one.",
            proof: &[],
            help: None,
            done: false,
        }),
        days.deed((3, 8, 14, 0), "amara", Progress {
            action: "trend-a",
            note: "Six weeks of lists are in the folder. In the last two weeks 11 of 12 were done on time.",
            proof: &[At(Record, "Shift lists, all units, six weeks")],
            help: None,
            done: true,
        }),
        days.deed((3, 9, 9, 30), "daniel", Verdict {
            action: "trend-a",
            method: Method::RecordSample,
            sample: (12, 11),
            note: "Followed twelve lines to the record: eleven were done the next working day by whoever is named.",
            outcome: Outcome::Complete,
            missing: "",
            due: 0,
        }),
        days.deed((3, 10, 15, 30), "priya", Close {
            action: "trend-a",
            note: "Eleven of twelve on time, followed to the record. The quality lead follows the trend each week.",
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}
