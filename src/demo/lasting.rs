//! Some of what was closed is looked at again (R19): most has held, one thing was slipping and holds now.

use super::script::What::{AuditsClosures, LooksAgain};
use super::script::{Deed, at, deed};
use crate::domain::sustain::Lasting::{self, Held, Slipping};

/// What the quality lead finds when she looks at what was closed.
const AUDITED: &[&str] = &[
    "Opened every piece of evidence: dates and wording fit, and two records taken at random show the same.",
    "The sample was repeated with four other records; all four meet the standard the verdict names.",
    "The briefing list carries everybody on the rota of that week; the two who were away signed later.",
];

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    vec![
        looked(
            36,
            ("helen", "family-card", Held),
            (8, 8),
            "Eight incident forms since the closure carry the time of the call and who made it.",
        ),
        looked(
            31,
            ("helen", "holds-plan", Held),
            (6, 5),
            "Six shifts seen: five worked by the plan from the first sign on, one after a word from the lead.",
        ),
        looked(
            29,
            ("priya", "stock-a", Slipping),
            (10, 7),
            "Three of ten sheets have one signature, all from the weekend the agency nurse covered.",
        ),
        deed(at(2, 16, 0), "helen", AuditsClosures { size: 6, notes: AUDITED }),
        looked(
            20,
            ("priya", "stock-a", Held),
            (10, 10),
            "Ten of ten sheets have two signatures; the agency was shown the sheet before its first shift.",
        ),
    ]
}

fn looked(
    ago: i32,
    (who, action, lasting): (&'static str, &'static str, Lasting),
    sample: (u32, u32),
    note: &'static str,
) -> Deed {
    deed(at(ago, 15, 30), who, LooksAgain { action, lasting, sample, note })
}
