//! S5, overdue safeguarding learning at Hawthorn: escalated at once, decided with an interim control.

use super::script::Proof::{At, File};
use super::script::What::{Action, Assurance, Close, Decide, Finding, Progress, Review, Stays, Verdict};
use super::script::{Deed, at, deed};
use crate::domain::closure::AssuranceDecision::Assured;
use crate::domain::topic::EvidenceKind::{Briefing, Record};
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};
use crate::domain::verification::{Method, Outcome};

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    [review(), day_staff(), night_staff(), thresholds()].concat()
}

fn review() -> Vec<Deed> {
    vec![
        deed(
            at(30, 10, 0),
            "ruth",
            Review {
                key: "safe",
                kind: ReviewKind::SafeguardingReview,
                title: "Safeguarding review, late reporting",
                service: "hawthorn",
                score: None,
            },
        ),
        deed(
            at(30, 11, 10),
            "ruth",
            Finding {
                key: "late-report",
                review: "safe",
                service: "hawthorn",
                unit: Some("Mill house"),
                what: "A concern was reported two days late because night staff were unsure who to call after 8pm.",
                source: EvidenceSource::StaffSaid,
                risk: Risk::High,
                theme: Theme::Safeguarding,
                topic: Topic::SafeguardingLearning,
            },
        ),
        deed(
            at(30, 11, 30),
            "ruth",
            Action {
                key: "day",
                finding: "late-report",
                what: "Deliver the safeguarding learning session to all day staff and record questions raised",
                success: "Five day staff, asked at random, name the on-call number and the 24-hour limit",
                owner: "ewan",
                due: 22,
            },
        ),
        deed(
            at(30, 11, 40),
            "ruth",
            Action {
                key: "night",
                finding: "late-report",
                what: "Deliver the safeguarding learning session to all night staff and put the on-call card beside each house telephone",
                success: "Four night staff, asked at random, name the on-call number and the 24-hour limit",
                owner: "grace",
                due: 10,
            },
        ),
    ]
}

fn day_staff() -> Vec<Deed> {
    vec![
        deed(
            at(28, 9, 15),
            "nadia",
            Stays {
                action: "day",
                because: "The on-call number hangs in both offices since yesterday, and the first session is on Thursday.",
            },
        ),
        deed(
            at(24, 14, 0),
            "ewan",
            Progress {
                action: "day",
                note: "Two sessions held; 14 of 14 day staff attended. Questions are noted on the sheet.",
                proof: &[
                    File(
                        Briefing,
                        "Safeguarding session attendance.txt",
                        "Safeguarding learning, day staff\nSession 1: 8 attended\nSession 2: 6 attended\nQuestions: what counts as a concern at night; who decides to call the local authority\n",
                    ),
                    At(Record, "Training matrix, row safeguarding, this quarter"),
                ],
                help: None,
                done: true,
            },
        ),
        deed(
            at(21, 10, 30),
            "ruth",
            Verdict {
                action: "day",
                method: Method::Conversation,
                sample: (5, 5),
                note: "Asked five day staff without notice. All five named the on-call number and the limit of 24 hours.",
                outcome: Outcome::Complete,
                missing: "",
                due: 0,
            },
        ),
        deed(
            at(20, 9, 0),
            "marcus",
            Assurance {
                action: "day",
                decision: Assured,
                note: "Discussed with the safeguarding lead; the answers are recorded word for word. Satisfied for day staff; nights still open.",
            },
        ),
        deed(
            at(19, 16, 45),
            "nadia",
            Close {
                action: "day",
                note: "Everybody attended and five of five knew what to do. Quarterly audit by the quality lead.",
            },
        ),
    ]
}

fn night_staff() -> Vec<Deed> {
    vec![
        deed(
            at(12, 6, 50),
            "grace",
            Progress {
                action: "night",
                note: "Cards are beside both telephones. Three of seven night staff briefed so far.",
                proof: &[At(Briefing, "Night book, Mill house, page 12")],
                help: Some((
                    "Two night staff work for an agency and are never in for a daytime session.",
                    "A trainer at 9pm on two nights",
                )),
                done: false,
            },
        ),
        deed(
            at(8, 13, 20),
            "nadia",
            Decide {
                action: "night",
                risk: "A concern at night could be reported late again.",
                delay: "Agency night staff cannot come to daytime sessions.",
                support: "The safeguarding lead holds two sessions at 9pm.",
                control: "Until then the on-call manager rings both houses at 9pm and asks for concerns; the call is logged.",
                due: Some(4),
            },
        ),
    ]
}

fn thresholds() -> Vec<Deed> {
    vec![
        deed(
            at(16, 9, 0),
            "nadia",
            Review {
                key: "incidents",
                kind: ReviewKind::IncidentReview,
                title: "Incident review, distress at mealtimes",
                service: "hawthorn",
                score: None,
            },
        ),
        deed(
            at(16, 9, 40),
            "nadia",
            Finding {
                key: "distress",
                review: "incidents",
                service: "hawthorn",
                unit: Some("Orchard house"),
                what: "Three incidents of distress at mealtimes in two weeks; the support plan does not say what helps.",
                source: EvidenceSource::IncidentReport,
                risk: Risk::Medium,
                theme: Theme::Experience,
                topic: Topic::Distress,
            },
        ),
        deed(
            at(16, 10, 0),
            "nadia",
            Action {
                key: "plan",
                finding: "distress",
                what: "Rewrite the mealtime part of the support plan with the family and coach the four key workers in it",
                success: "Incidents at mealtimes fall from three to at most one in four weeks; the family is content with the plan",
                owner: "ewan",
                due: -2,
            },
        ),
        deed(
            at(6, 11, 15),
            "ewan",
            Progress {
                action: "plan",
                note: "Plan rewritten with the family on Monday; two of four key workers coached.",
                proof: &[At(Record, "Support plan, Orchard house, mealtimes, version 4")],
                help: None,
                done: false,
            },
        ),
    ]
}
