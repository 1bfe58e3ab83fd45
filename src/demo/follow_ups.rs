//! S10, missed follow-ups found on daily checks: each given to somebody by name before the shift ends, done the next working
//! day, checked the day after; fewer of them late as the weeks go by.

use super::script::Proof::{self, At};
use super::script::What::{Action, Close, Finding, Progress, Review, Verdict};
use super::script::{Deed, at, deed};
use crate::domain::topic::EvidenceKind::Record;
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};

/// A follow-up that was missed.
struct Missed {
    keys: [&'static str; 3],
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
const MISSED: [Missed; 6] = [
    Missed {
        keys: ["fu1", "fu1f", "fu1a"],
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
        ago: 27,
        took: 1,
        title: "Daily check: incidents",
        found: "After a skin tear the body map was not repeated the next day.",
        done: "Complete the body map with the nurse today and put the next two dates on the shift planner",
        success: "The body map and two planned dates are in the record",
        proof: &[At(Record, "Care record 21, body maps")],
        owner: "tom",
    },
    Missed {
        keys: ["fu4", "fu4f", "fu4a"],
        ago: 18,
        took: 1,
        title: "Daily check: appointments",
        found: "The optician's letter asks for a second visit, and none is booked.",
        done: "Book the second visit with transport and write both into the diary of Beech unit",
        success: "The diary shows visit and transport, and the person knows the date",
        proof: &[At(Record, "Diary of Beech unit, December")],
        owner: "sofia",
    },
    Missed {
        keys: ["fu5", "fu5f", "fu5a"],
        ago: 11,
        took: 1,
        title: "Daily check: handovers",
        found: "A change of texture after the speech therapist's visit did not reach the kitchen list.",
        done: "Change the kitchen list and the board above the trolley, and show both to the cook before supper",
        success: "List, board and plan say the same",
        proof: &[At(Record, "Kitchen list, Ash unit, version of that day")],
        owner: "tom",
    },
    Missed {
        keys: ["fu6", "fu6f", "fu6a"],
        ago: 5,
        took: 1,
        title: "Daily check: incidents",
        found: "The call to the pharmacy after a spilled dose was not made by the end of the shift.",
        done: "Ring the pharmacy for the replacement and write the answer into the medicines book before the next round",
        success: "The medicines book shows the call and the replacement",
        proof: &[At(Record, "Medicines book, Cedar unit, page 88")],
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
    let mut deeds = found(m.keys, m.ago, m.title, m.found);
    deeds.extend([
        deed(
            at(m.ago, 13, 30),
            "amara",
            Action { key: action, finding, what: m.done, success: m.success, owner: m.owner, due: m.ago - 1 },
        ),
        deed(
            at(m.ago - m.took, 14, 5),
            m.owner,
            Progress { action, note: "Done and written down.", proof: m.proof, help: None, done: true },
        ),
        deed(
            at(checked, 9, 30),
            "daniel",
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
            "priya",
            Close { action, note: "The entry is complete, and the person has what was missing." },
        ),
    ]);
    deeds
}

fn found(
    [review, finding, _]: [&'static str; 3],
    ago: i32,
    title: &'static str,
    what: &'static str,
) -> Vec<Deed> {
    vec![
        deed(
            at(ago, 13, 0),
            "amara",
            Review { key: review, kind: ReviewKind::DailyCheck, title, service: "rowan-house", score: None },
        ),
        deed(
            at(ago, 13, 15),
            "amara",
            Finding {
                key: finding,
                review,
                service: "rowan-house",
                unit: None,
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
        1,
        "Daily check: appointments",
        "The hospital asks for last month's weights before the clinic, and nobody has sent them.",
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
