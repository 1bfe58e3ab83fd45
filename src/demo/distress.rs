//! S2, learning from distress-related incidents at Hawthorn: support plan, coaching, less restrictive practice; the quality
//! lead looks every month whether incidents of that kind fall.

use super::script::Proof::{At, File};
use super::script::What::{Action, Close, Finding, Progress, Review, Verdict};
use super::script::{Deed, at, deed};
use crate::domain::topic::EvidenceKind::{Briefing, ObservedPractice, Record};
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    let mut deeds = [incidents(), support_plans(), less_restriction()].concat();
    deeds.extend(MONTHLY.iter().flat_map(monthly));
    deeds
}

fn incidents() -> Vec<Deed> {
    vec![
        deed(
            at(64, 9, 15),
            "nadia",
            Review {
                key: "holds",
                kind: ReviewKind::IncidentReview,
                title: "Incident review, distress in the evenings",
                service: "hawthorn",
                score: None,
            },
        ),
        deed(
            at(64, 10, 5),
            "nadia",
            Finding {
                key: "holds-f",
                review: "holds",
                service: "hawthorn",
                unit: Some("Mill house"),
                what: "Six distress-related incidents in four weeks, five of them between 5pm and 7pm. A hold was used in two; neither support plan says what to try first.",
                source: EvidenceSource::IncidentReport,
                risk: Risk::Medium,
                theme: Theme::Safety,
                topic: Topic::Distress,
            },
        ),
        deed(
            at(64, 10, 25),
            "nadia",
            Action {
                key: "holds-plan",
                finding: "holds-f",
                what: "Write into both support plans what to try first between 5pm and 7pm, with the two people, and brief every shift in it",
                success: "Both plans name three things to try first; six staff asked at random name them; incidents fall from six to two or fewer in four weeks",
                owner: "ewan",
                due: 50,
            },
        ),
        deed(
            at(64, 10, 40),
            "nadia",
            Action {
                key: "holds-less",
                finding: "holds-f",
                what: "Coach the six evening staff in stepping back and giving time, and talk each hold through in supervision within five days",
                success: "Four evening staff observed step back before they step in; no hold in four weeks, or each one talked through within five days",
                owner: "grace",
                due: 44,
            },
        ),
    ]
}

fn support_plans() -> Vec<Deed> {
    vec![
        deed(
            at(57, 19, 30),
            "ewan",
            Progress {
                action: "holds-plan",
                note: "Both plans are rewritten with the two people. Three of five shifts briefed; the other two follow on Thursday.",
                proof: &[At(Record, "Support plans, Mill house, evenings, version 6")],
                help: None,
                done: false,
            },
        ),
        deed(
            at(53, 14, 20),
            "ewan",
            Progress {
                action: "holds-plan",
                note: "All five shifts briefed. I watched two evenings: staff offered the garden first, and it worked both times.",
                proof: &[
                    File(
                        Briefing,
                        "Evening briefings.csv",
                        "shift,attended,date\nA,4,Monday\nB,3,Tuesday\nC,4,Wednesday\nD,3,Thursday\nE,4,Thursday\n",
                    ),
                    At(ObservedPractice, "Observation sheets, Mill house, two evenings"),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(50, 11, 0),
            "nadia",
            Verdict {
                action: "holds-plan",
                method: Method::Observation,
                sample: (6, 6),
                note: "Asked six staff across three shifts and stayed for one evening. All six named what to try first, and I saw it done.",
                outcome: Outcome::Complete,
                missing: "",
                due: 0,
            },
        ),
        deed(
            at(49, 9, 45),
            "nadia",
            Close {
                action: "holds-plan",
                note: "Both plans in use, every shift briefed, seen in practice. Incidents are counted each month by the quality lead.",
            },
        ),
    ]
}

fn less_restriction() -> Vec<Deed> {
    vec![
        deed(
            at(51, 21, 15),
            "grace",
            Progress {
                action: "holds-less",
                note: "Four of six evening staff coached. One hold this week, talked through in supervision after three days.",
                proof: &[At(Briefing, "Supervision log, nights and evenings, week 2")],
                help: None,
                done: false,
            },
        ),
        deed(
            at(46, 20, 40),
            "grace",
            Progress {
                action: "holds-less",
                note: "All six coached and observed once each. No hold for two weeks.",
                proof: &[
                    At(Record, "Incident log, Mill house, weeks 3 and 4"),
                    File(
                        ObservedPractice,
                        "Evening observations.txt",
                        "Six observations between 5pm and 7pm\nStepped back first: 6 of 6\nOffered something else to do: 6 of 6\nHold: none\n",
                    ),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(43, 18, 5),
            "ewan",
            Verdict {
                action: "holds-less",
                method: Method::Observation,
                sample: (4, 4),
                note: "Observed four evening staff without notice. All four gave time first. The incident log shows no hold since the coaching.",
                outcome: Outcome::Complete,
                missing: "",
                due: 0,
            },
        ),
        deed(
            at(42, 10, 30),
            "nadia",
            Close {
                action: "holds-less",
                note: "Four of four observed give time first; no hold in four weeks.",
            },
        ),
    ]
}

/// The quality lead's look at one month: review, when, what it is called, and how the incidents stood.
const MONTHLY: [(&str, i32, &str, i32); 3] = [
    ("distress1", 43, "Monthly check: three distress-related incidents, six the month before", 5000),
    ("distress2", 22, "Monthly check: two distress-related incidents, no hold", 7500),
    ("distress3", 2, "Monthly check: one distress-related incident, no hold", 9000),
];

fn monthly((key, ago, title, score): &(&'static str, i32, &'static str, i32)) -> Vec<Deed> {
    vec![deed(
        at(*ago, 15, 0),
        "helen",
        Review { key, kind: ReviewKind::IncidentReview, title, service: "hawthorn", score: Some(*score) },
    )]
}
