//! S3, communication with families after incidents at Linden View: the same thing from an audit and from complaints, several
//! actions with owners of their own, spot checks of the calls, and one action still to do.

#![expect(clippy::too_many_lines, reason = "a story is told in one piece; it holds no logic")]

use super::script::Proof::{At, File};
use super::script::What::{Action, Close, Finding, FurtherSource, Progress, Review, SignOff, Verdict};
use super::script::{Deed, at, deed};
use crate::domain::topic::EvidenceKind::{Briefing, Feedback};
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    [found_twice(), call_card(), call_back(), spot_checks(), answers()].concat()
}

fn review(
    when: (i32, u32, u32),
    who: &'static str,
    key: &'static str,
    (kind, title, score): (ReviewKind, &'static str, Option<i32>),
) -> Deed {
    let (ago, hour, minute) = when;
    deed(at(ago, hour, minute), who, Review { key, kind, title, service: "linden-view", score })
}

fn found_twice() -> Vec<Deed> {
    vec![
        review(
            (73, 10, 0),
            "helen",
            "family-audit",
            (ReviewKind::Audit, "Audit of what follows an incident, Linden View", Some(4000)),
        ),
        deed(
            at(73, 11, 20),
            "helen",
            Finding {
                key: "family-f",
                review: "family-audit",
                service: "linden-view",
                unit: None,
                what: "After 6 of 10 falls no call to the family is noted on the same day, and in two nobody rang back when the family was out.",
                source: EvidenceSource::RecordCheck,
                risk: Risk::Medium,
                theme: Theme::Experience,
                topic: Topic::FamilyCommunication,
            },
        ),
        review(
            (71, 9, 30),
            "jonas",
            "family-c1",
            (ReviewKind::Complaint, "Complaint: heard of a fall two days later", None),
        ),
        deed(at(71, 9, 50), "jonas", FurtherSource { finding: "family-f", review: "family-c1" }),
        review(
            (68, 16, 0),
            "jonas",
            "family-c2",
            (ReviewKind::Complaint, "Complaint: nobody rang back after a hospital visit", None),
        ),
        deed(at(68, 16, 15), "jonas", FurtherSource { finding: "family-f", review: "family-c2" }),
        deed(
            at(67, 10, 0),
            "jonas",
            Action {
                key: "family-card",
                finding: "family-f",
                what: "Put a call card into every incident folder, with who rings, by when and what was said, and brief all four shifts in it",
                success: "Ten incidents in a row have a completed card; five families asked say that they heard the same day",
                owner: "fiona",
                due: 55,
            },
        ),
        deed(
            at(67, 10, 20),
            "jonas",
            Action {
                key: "family-back",
                finding: "family-f",
                what: "Ring each family again within seven days of an incident and ask whether they know what happened and what changed",
                success: "Eight of eight families rung in the first month say that they know what changed",
                owner: "peter",
                due: 48,
            },
        ),
        deed(
            at(67, 10, 35),
            "jonas",
            Action {
                key: "family-letter",
                finding: "family-f",
                what: "Agree with the relatives' meeting how each family wants to be told, and write the answer into all 34 care records by the next meeting",
                success: "Ten records sampled; all ten say who is told, how and at what hours",
                owner: "fiona",
                due: -6,
            },
        ),
        deed(at(66, 15, 0), "helen", SignOff("family-audit")),
    ]
}

fn call_card() -> Vec<Deed> {
    vec![
        deed(
            at(58, 13, 10),
            "fiona",
            Progress {
                action: "family-card",
                note: "The card is in all folders. All four shifts were shown it; the last ten incidents have one.",
                proof: &[
                    File(
                        Briefing,
                        "Call card briefings.csv",
                        "shift,attended\nearly,6\nlate,5\nnight,3\nweekend,5\n",
                    ),
                    At(Feedback, "Notes of five calls to families, incident folder, section 4"),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(55, 11, 40),
            "jonas",
            Verdict {
                action: "family-card",
                method: Method::Conversation,
                sample: (5, 5),
                note: "Rang five families myself and read the ten cards. All five heard the same day, and the cards say what they were told.",
                outcome: Outcome::Complete,
                missing: "",
                due: 0,
            },
        ),
        deed(
            at(54, 9, 20),
            "helen",
            Close {
                action: "family-card",
                note: "Ten of ten cards, five of five families. Spot checks follow each month.",
            },
        ),
    ]
}

fn call_back() -> Vec<Deed> {
    vec![
        deed(
            at(52, 17, 30),
            "peter",
            Progress {
                action: "family-back",
                note: "Eight calls made within the week. Seven families know what changed; one had not been told about the new mat.",
                proof: &[
                    At(Briefing, "Handover book, Garden floor, call-backs"),
                    File(Feedback, "Call-backs.csv", "week,calls,know what changed\n1,4,3\n2,4,4\n"),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(49, 15, 10),
            "fiona",
            Verdict {
                action: "family-back",
                method: Method::Conversation,
                sample: (4, 3),
                note: "Rang four of the eight families. Three say what changed; one still did not know.",
                outcome: Outcome::PartiallyComplete,
                missing: "One of four families did not know what changed. Ring the eight again and write down what each was told.",
                due: 40,
            },
        ),
        deed(
            at(43, 16, 45),
            "peter",
            Progress {
                action: "family-back",
                note: "All eight rung again with the care record open. Each call is noted with what was said.",
                proof: &[
                    At(Briefing, "Handover book, Garden floor, call-backs, second round"),
                    File(Feedback, "Call-backs, second round.csv", "week,calls,know what changed\n4,8,8\n"),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(40, 14, 0),
            "fiona",
            Verdict {
                action: "family-back",
                method: Method::Conversation,
                sample: (5, 5),
                note: "Rang five of the eight. All five said what happened and what is different now.",
                outcome: Outcome::Complete,
                missing: "",
                due: 0,
            },
        ),
        deed(
            at(39, 10, 50),
            "helen",
            Close {
                action: "family-back",
                note: "Five of five families know what changed, asked by somebody else than the caller.",
            },
        ),
    ]
}

fn spot_checks() -> Vec<Deed> {
    vec![
        review(
            (41, 12, 0),
            "jonas",
            "family-s1",
            (ReviewKind::SpotCheck, "Spot check of follow-up calls: 9 of 10 within the day", Some(9000)),
        ),
        review(
            (19, 12, 0),
            "jonas",
            "family-s2",
            (ReviewKind::SpotCheck, "Spot check of follow-up calls: 10 of 10 within the day", Some(10000)),
        ),
    ]
}

fn answers() -> Vec<Deed> {
    vec![deed(
        at(5, 15, 20),
        "fiona",
        Progress {
            action: "family-letter",
            note: "The relatives' meeting agreed the question. 21 of 34 families have answered; the answers are in their records.",
            proof: &[At(Feedback, "Minutes of the relatives' meeting, item 3")],
            help: None,
            done: false,
        },
    )]
}
