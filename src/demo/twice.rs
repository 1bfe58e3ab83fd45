//! The same found twice within two days at Linden View, and merged into one; and a closure standard that was changed with
//! its reason before that.

use super::script::What::{Action, Finding, Merge, Progress, Review, Window};
use super::script::{Deed, at, deed};
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Theme, Topic};

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    let mut deeds = vec![deed(
        at(44, 11, 0),
        "helen",
        Window {
            topic: Topic::InfectionPrevention,
            days: 3,
            reason: "After the spring outbreak practice had slipped again before a check came on the fifth day.",
        },
    )];
    deeds.extend(found(
        (8, "fiona"),
        ["lights", "lights-f", "lights-a"],
        (ReviewKind::Walkaround, "Walkaround, Garden floor"),
        "Two of six night lights in the corridor of the Garden floor do not come on.",
        ("Replace both night lights and try all six with the day lights off, each first Monday of the month", 4),
    ));
    deeds.extend(found(
        (7, "jonas"),
        ["lamps", "lamps-f", "lamps-a"],
        (ReviewKind::Audit, "Environment audit, Garden floor"),
        "At the audit the corridor of the Garden floor was dark in two places: the night lights are out.",
        ("Have the night lights of the Garden floor repaired and write the test of all six into the log", 6),
    ));
    deeds.push(deed(
        at(6, 15, 30),
        "peter",
        Progress {
            action: "lights-a",
            note: "Two lamps are ordered. A standing lamp is lit at both places until they come.",
            proof: &[],
            help: None,
            done: false,
        },
    ));
    let reason = "The same two night lights, found on the walkaround the day before: one action is enough.";
    deeds.push(deed(at(5, 9, 20), "jonas", Merge { action: "lamps-a", into: "lights-a", reason }));
    deeds
}

/// Found, and an action agreed for it, due so many working days after today.
fn found(
    (ago, who): (i32, &'static str),
    [review, finding, action]: [&'static str; 3],
    (kind, title): (ReviewKind, &'static str),
    seen: &'static str,
    (what, ahead): (&'static str, i32),
) -> Vec<Deed> {
    let service = "linden-view";
    vec![
        deed(at(ago, 10, 0), who, Review { key: review, kind, title, service, score: None }),
        deed(
            at(ago, 10, 20),
            who,
            Finding {
                key: finding,
                review,
                service,
                unit: Some("Garden floor"),
                what: seen,
                source: EvidenceSource::Observation,
                risk: Risk::Low,
                theme: Theme::Safety,
                topic: Topic::Environment,
            },
        ),
        deed(
            at(ago, 10, 40),
            who,
            Action {
                key: action,
                finding,
                what,
                success: "All six night lights come on at an unannounced test in the evening",
                owner: "peter",
                due: -ahead,
            },
        ),
    ]
}
