//! S1, documentation audits across the branches of the home care service: the same audit month after month, repeat
//! findings falling; and what is still open.

#![expect(clippy::too_many_lines, reason = "a story is told in one piece; it holds no logic")]

use super::script::Proof::{At, File};
use super::script::What::{
    Action, Cancel, Close, Finding, Leaves, NotForTracker, Progress, Review, Reword, SignOff, Verdict,
};
use super::script::{Deed, at, deed};
use crate::domain::topic::EvidenceKind::{AuditSample, Briefing, Record};
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};

/// One month's audit of a branch that went well: what was found, what was done.
struct Month {
    keys: [&'static str; 3],
    ago: i32,
    branch: &'static str,
    title: &'static str,
    score: i32,
    found: &'static str,
    done: &'static str,
    test: &'static str,
    note: &'static str,
    owner: &'static str,
    sample: (u32, u32),
}

const MONTHS: [Month; 5] = [
    Month {
        keys: ["doc1", "doc1f", "doc1a"],
        ago: 118,
        branch: "Quayside branch",
        title: "Documentation audit, Quayside branch",
        score: 5200,
        found: "12 of 20 care records on the Quayside branch have no review date.",
        done: "Set a review date in all 20 Quayside care records and add the date to the visit sheet's first line",
        test: "Ten records sampled by the manager; at least nine have a review date",
        note: "All 20 records have a date. The visit sheet shows it on the first line.",
        owner: "leila",
        sample: (10, 9),
    },
    Month {
        keys: ["doc2", "doc2f", "doc2a"],
        ago: 97,
        branch: "Northgate branch",
        title: "Documentation audit, Northgate branch",
        score: 5800,
        found: "Risk information in 7 of 18 Northgate records differs between the assessment and the visit sheet.",
        done: "Compare assessment and visit sheet for all 18 Northgate records and correct the seven that differ",
        test: "Eight records sampled; the risk information agrees in all eight",
        note: "Compared all 18. Eight differed, all are corrected and initialled.",
        owner: "mina",
        sample: (8, 8),
    },
    Month {
        keys: ["doc3", "doc3f", "doc3a"],
        ago: 76,
        branch: "Quayside branch",
        title: "Documentation audit, Quayside branch",
        score: 7100,
        found: "5 of 20 Quayside records have no family contact.",
        done: "Add a family contact, or the reason why there is none, to the five Quayside records",
        test: "All five records checked by the manager; each has a contact or a reason",
        note: "Four have a contact now, one has none by the person's own wish, recorded.",
        owner: "leila",
        sample: (5, 5),
    },
    Month {
        keys: ["doc4", "doc4f", "doc4a"],
        ago: 55,
        branch: "Northgate branch",
        title: "Documentation audit, Northgate branch",
        score: 7900,
        found: "3 of 18 Northgate records have no family contact.",
        done: "Add a family contact, or the reason why there is none, to the three Northgate records",
        test: "All three records checked by the manager; each has a contact or a reason",
        note: "All three families rang back. Contacts are in.",
        owner: "mina",
        sample: (3, 3),
    },
    Month {
        keys: ["doc5", "doc5f", "doc5a"],
        ago: 33,
        branch: "Quayside branch",
        title: "Documentation audit, Quayside branch",
        score: 8800,
        found: "2 of 20 Quayside records were reviewed a month late.",
        done: "Review the two late Quayside records and put the branch's review dates on the wall planner",
        test: "The planner is checked against ten records; all ten agree",
        note: "Both reviewed. The planner hangs in the branch office.",
        owner: "leila",
        sample: (10, 10),
    },
];

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    let mut deeds: Vec<Deed> = MONTHS.iter().flat_map(month).collect();
    deeds.extend(this_month());
    deeds.extend(still_open());
    deeds
}

fn month(m: &Month) -> Vec<Deed> {
    let [review, finding, action] = m.keys;
    vec![
        deed(
            at(m.ago, 9, 10),
            "owen",
            Review {
                key: review,
                kind: ReviewKind::Audit,
                title: m.title,
                service: "harbour",
                score: Some(m.score),
            },
        ),
        deed(
            at(m.ago, 10, 0),
            "owen",
            Finding {
                key: finding,
                review,
                service: "harbour",
                unit: Some(m.branch),
                what: m.found,
                source: EvidenceSource::RecordCheck,
                risk: Risk::Low,
                theme: Theme::DocumentationQuality,
                topic: Topic::CareRecords,
            },
        ),
        deed(
            at(m.ago, 10, 20),
            "owen",
            Action { key: action, finding, what: m.done, success: m.test, owner: m.owner, due: m.ago - 12 },
        ),
        deed(at(m.ago - 1, 16, 0), "owen", SignOff(review)),
        deed(
            at(m.ago - 9, 14, 30),
            m.owner,
            Progress {
                action,
                note: m.note,
                proof: &[
                    At(Record, "Branch office, care records, documentation folder"),
                    At(AuditSample, "Documentation audit sheet, page 2"),
                    File(
                        Briefing,
                        "Branch meeting notes.txt",
                        "Branch meeting: care records\nShown: the first line of the visit sheet\nAsked: who may change a review date\n",
                    ),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(m.ago - 12, 11, 0),
            "owen",
            Verdict {
                action,
                method: Method::RecordSample,
                sample: m.sample,
                note: "Sampled the branch's records against the audit sheet; they agree with what was reported.",
                outcome: Outcome::Complete,
                missing: "",
                due: 0,
            },
        ),
        deed(
            at(m.ago - 13, 9, 45),
            "owen",
            Close { action, note: "Sampled and right. The next monthly audit is the follow-up." },
        ),
    ]
}

fn this_month() -> Vec<Deed> {
    vec![
        deed(
            at(10, 9, 0),
            "owen",
            Review {
                key: "doc6",
                kind: ReviewKind::Audit,
                title: "Documentation audit, both branches",
                service: "harbour",
                score: Some(9100),
            },
        ),
        deed(
            at(10, 9, 40),
            "owen",
            Finding {
                key: "late-notes",
                review: "doc6",
                service: "harbour",
                unit: Some("Evening round"),
                what: "Visit notes of the evening round were written up the next morning for 9 of 40 visits.",
                source: EvidenceSource::Data,
                risk: Risk::Medium,
                theme: Theme::DocumentationQuality,
                topic: Topic::CareRecords,
            },
        ),
        deed(
            at(10, 9, 55),
            "owen",
            Action {
                key: "late-notes-a",
                finding: "late-notes",
                what: "Give the evening round ten minutes at the last visit to finish notes and check the time stamps of 40 visits",
                success: "At least 38 of 40 evening visits have notes stamped within the hour",
                owner: "mina",
                due: -3,
            },
        ),
        deed(
            at(10, 10, 5),
            "owen",
            Reword {
                action: "late-notes-a",
                what: "Give the evening round ten minutes after each double visit to finish notes and check the time stamps of 40 visits",
                success: "At least 38 of 40 evening visits have notes stamped within the hour",
                reason: "The last visit ends at 10pm; the time is needed after the double visits.",
            },
        ),
        deed(
            at(10, 10, 15),
            "owen",
            Finding {
                key: "bulb",
                review: "doc6",
                service: "harbour",
                unit: Some("Quayside branch"),
                what: "The lamp over the records cupboard flickers.",
                source: EvidenceSource::Observation,
                risk: Risk::Low,
                theme: Theme::Governance,
                topic: Topic::Environment,
            },
        ),
        deed(
            at(10, 10, 18),
            "owen",
            NotForTracker {
                finding: "bulb",
                reason: "A job for the landlord's maintenance book, where it is entered.",
            },
        ),
        deed(at(9, 15, 0), "owen", SignOff("doc6")),
        deed(
            at(4, 20, 40),
            "mina",
            Progress {
                action: "late-notes-a",
                note: "The ten minutes are in the rota since Monday. First evening: all notes in on time.",
                proof: &[At(Record, "Rota, evening round, week 47")],
                help: None,
                done: false,
            },
        ),
    ]
}

fn still_open() -> Vec<Deed> {
    vec![
        deed(
            at(22, 9, 0),
            "leila",
            Review {
                key: "spot",
                kind: ReviewKind::SpotCheck,
                title: "Spot checks, morning visits",
                service: "harbour",
                score: None,
            },
        ),
        deed(
            at(22, 9, 30),
            "leila",
            Finding {
                key: "gloves",
                review: "spot",
                service: "harbour",
                unit: Some("Northgate branch"),
                what: "Two care workers on the Northgate branch had no spare gloves and aprons in the car.",
                source: EvidenceSource::Observation,
                risk: Risk::Low,
                theme: Theme::Safety,
                topic: Topic::InfectionPrevention,
            },
        ),
        deed(
            at(22, 9, 45),
            "leila",
            Action {
                key: "gloves-a",
                finding: "gloves",
                what: "Stock each of the nine Northgate cars with two packs of gloves and aprons and list them on the car sheet",
                success: "Five cars checked unannounced; each has both packs",
                owner: "jess",
                due: 6,
            },
        ),
        deed(at(15, 17, 0), "jess", Leaves),
        deed(
            at(21, 9, 0),
            "owen",
            Finding {
                key: "times",
                review: "spot",
                service: "harbour",
                unit: Some("Evening round"),
                what: "Evening visits on the round start on average 25 minutes late on Fridays.",
                source: EvidenceSource::Data,
                risk: Risk::Medium,
                theme: Theme::Experience,
                topic: Topic::CallTimes,
            },
        ),
        deed(
            at(21, 9, 20),
            "owen",
            Action {
                key: "times-a",
                finding: "times",
                what: "Move the two Friday double visits to 6pm and compare start times for three Fridays",
                success: "Average start on three Fridays is within ten minutes of plan",
                owner: "",
                due: -8,
            },
        ),
        deed(
            at(20, 14, 0),
            "leila",
            Action {
                key: "times-b",
                finding: "times",
                what: "Ring the six people visited on Friday evenings and ask how the visits went",
                success: "Six calls are noted; at least five say that the visit was on time and not rushed",
                owner: "leila",
                due: 3,
            },
        ),
        deed(
            at(19, 10, 0),
            "owen",
            Action {
                key: "times-c",
                finding: "times",
                what: "Hire a second car for Friday evenings and compare the mileage sheets for three weeks",
                success: "Mileage sheets show both cars out on three Fridays",
                owner: "mina",
                due: -10,
            },
        ),
        deed(
            at(17, 9, 0),
            "owen",
            Cancel { action: "times-c", reason: "The second car was refused; the visits are moved instead." },
        ),
    ]
}
