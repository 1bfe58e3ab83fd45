//! S10, missed follow-ups found on daily checks: each given to somebody by name before the shift ends, done the next working
//! day, checked the day after; fewer of them late as the weeks go by.

use super::script::Proof::{self, At};
use super::script::What::{Action, Close, Finding, Progress, Review, Verdict};
use super::script::{Deed, at, deed};
use crate::domain::topic::EvidenceKind::Record;
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};

/// Where a daily check is made, by whom it is checked and who closes.
#[derive(Clone, Copy)]
struct Place {
    service: &'static str,
    unit: Option<&'static str>,
    finds: &'static str,
    checks: &'static str,
    closes: &'static str,
}

const fn rowan(unit: Option<&'static str>) -> Place {
    Place { service: "rowan-house", unit, finds: "amara", checks: "daniel", closes: "priya" }
}

const fn linden(unit: &'static str) -> Place {
    Place { service: "linden-view", unit: Some(unit), finds: "fiona", checks: "jonas", closes: "jonas" }
}

/// A follow-up that was missed.
struct Missed {
    keys: [&'static str; 3],
    place: Place,
    /// Found so many working days ago.
    ago: i32,
    /// Done so many working days later; one is in time.
    took: i32,
    title: &'static str,
    found: &'static str,
    done: &'static str,
    success: &'static str,
    proof: &'static [Proof],
    owner: &'static str,
}

/// By what they came from: appointments, incidents, handovers.
const MISSED: [Missed; 5] = [
    Missed {
        keys: ["fu1", "fu1f", "fu1a"],
        place: rowan(Some("Ash unit")),
        ago: 39,
        took: 3,
        title: "Daily check: appointments",
        found: "The result of a blood test was not asked for three days after the appointment.",
        done: "Ring the practice for the result, write it into the record and tell the nurse in charge before handover",
        success: "The record shows the result and who was told",
        proof: &[At(Record, "Care record 14, health section")],
        owner: "tom",
    },
    Missed {
        keys: ["fu2", "fu2f", "fu2a"],
        place: rowan(Some("Beech unit")),
        ago: 34,
        took: 2,
        title: "Daily check: handovers",
        found: "The request for a chair with higher arms was handed over twice and not sent.",
        done: "Send the request to the equipment store with the measurements and note the reference number in the record",
        success: "The record shows the request, the number and the day of delivery",
        proof: &[At(Record, "Care record 9, equipment")],
        owner: "sofia",
    },
    Missed {
        keys: ["fu3", "fu3f", "fu3a"],
        place: linden("Garden floor"),
        ago: 27,
        took: 1,
        title: "Daily check: incidents",
        found: "After a skin tear the body map was not repeated the next day.",
        done: "Complete the body map with the nurse today and put the next two dates on the shift planner",
        success: "The body map and two planned dates are in the record",
        proof: &[At(Record, "Care record 21, body maps")],
        owner: "peter",
    },
    Missed {
        keys: ["fu4", "fu4f", "fu4a"],
        place: linden("Upper floor"),
        ago: 18,
        took: 1,
        title: "Daily check: appointments",
        found: "The optician's letter asks for a second visit, and none is booked.",
        done: "Book the second visit with transport and write both into the diary of the floor",
        success: "The diary shows visit and transport, and the person knows the date",
        proof: &[At(Record, "Diary of the upper floor, December")],
        owner: "peter",
    },
    Missed {
        keys: ["fu6", "fu6f", "fu6a"],
        place: rowan(Some("Ash unit")),
        ago: 5,
        took: 1,
        title: "Daily check: incidents",
        found: "The call to the pharmacy after a spilled dose was not made by the end of the shift.",
        done: "Ring the pharmacy for the replacement and write the answer into the medicines book before the next round",
        success: "The medicines book shows the call and the replacement",
        proof: &[At(Record, "Medicines book, Ash unit, page 88")],
        owner: "sofia",
    },
];

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    MISSED.iter().flat_map(missed).chain(today()).collect()
}

fn missed(m: &Missed) -> Vec<Deed> {
    let [_, finding, action] = m.keys;
    let checked = m.ago - m.took - 1;
    let mut deeds = found(m.keys, m.place, m.ago, (m.title, m.found));
    deeds.extend([
        deed(
            at(m.ago, 13, 30),
            m.place.finds,
            Action { key: action, finding, what: m.done, success: m.success, owner: m.owner, due: m.ago - 1 },
        ),
        deed(
            at(m.ago - m.took, 14, 5),
            m.owner,
            Progress { action, note: "Done and written down.", proof: m.proof, help: None, done: true },
        ),
        deed(
            at(checked, 9, 30),
            m.place.checks,
            Verdict {
                action,
                method: Method::DocumentCheck,
                sample: (1, 1),
                note: "Read the entry at its place: it is dated, signed, and says what was done and who was told.",
                outcome: Outcome::Complete,
                missing: "",
                due: 0,
            },
        ),
        deed(
            at(checked, 15, 45),
            m.place.closes,
            Close { action, note: "The entry is complete, and the person has what was missing." },
        ),
    ]);
    deeds
}

fn found(
    [review, finding, _]: [&'static str; 3],
    place: Place,
    ago: i32,
    (title, what): (&'static str, &'static str),
) -> Vec<Deed> {
    vec![
        deed(
            at(ago, 13, 0),
            place.finds,
            Review { key: review, kind: ReviewKind::DailyCheck, title, service: place.service, score: None },
        ),
        deed(
            at(ago, 13, 15),
            place.finds,
            Finding {
                key: finding,
                review,
                service: place.service,
                unit: place.unit,
                what,
                source: EvidenceSource::RecordCheck,
                risk: Risk::Low,
                theme: Theme::Safety,
                topic: Topic::MissedFollowUp,
            },
        ),
    ]
}

/// Found on the last working day, due today.
fn today() -> Vec<Deed> {
    let keys = ["fu7", "fu7f", "fu7a"];
    let mut deeds = found(
        keys,
        rowan(None),
        1,
        (
            "Daily check: appointments",
            "The hospital asks for last month's weights before the clinic, and nobody has sent them.",
        ),
    );
    deeds.push(deed(
        at(1, 13, 30),
        "amara",
        Action {
            key: "fu7a",
            finding: "fu7f",
            what: "Send the weights of the last month to the clinic and write into the record who took them",
            success: "The record shows what was sent, when and to whom",
            owner: "sofia",
            due: 0,
        },
    ));
    deeds
}
