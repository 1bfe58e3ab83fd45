//! Reviews: the score they give, and signing them off: every finding has an owned, dated action, or a recorded reason
//! why none is needed (R5).

use std::fmt;

use super::reference::Reference;
use super::text_enum::text_enum;

/// What a review scored, in percent with at most two decimal places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score(i32);

impl Score {
    /// From hundredths of a percent; none outside 0 to 100 percent.
    #[must_use]
    pub const fn from_hundredths(hundredths: i32) -> Option<Self> {
        if 0 <= hundredths && hundredths <= 10_000 { Some(Self(hundredths)) } else { None }
    }

    /// In hundredths of a percent, as stored.
    #[must_use]
    pub const fn hundredths(self) -> i32 {
        self.0
    }

    /// As people type it: "87", "87.5", "87.5%".
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches('%').trim_end();
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let figures =
            |t: &str, most: usize| (1..=most).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
        if !figures(whole, 3) || !figures(part, 2) {
            return None;
        }
        let part: i32 = format!("{part:0<2}").parse().ok()?;
        Self::from_hundredths(whole.parse::<i32>().ok()? * 100 + part)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 100, self.0 % 100);
        match part {
            0 => write!(f, "{whole}%"),
            p if p % 10 == 0 => write!(f, "{whole}.{}%", p / 10),
            p => write!(f, "{whole}.{p:02}%"),
        }
    }
}

text_enum! {
    /// How a finding goes on (R5, R5b).
    pub enum Disposition {
        /// By actions.
        Actions => "actions", "Needs action";
        /// Put right on the spot, or already covered; with a reason.
        NoActionNeeded => "no_action_needed", "No action needed";
        /// A routine task that belongs elsewhere; with a reason.
        NotForTracker => "not_for_tracker", "Not for the tracker";
    }
}

/// What signing off looks at, for each finding of the review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FindingFacts {
    /// F-0088.
    pub reference: Reference,
    /// How it goes on.
    pub disposition: Disposition,
    /// Actions that are not cancelled.
    pub actions: u32,
    /// Those of them that have an owner who is still here and a due date.
    pub owned_and_dated: u32,
}

/// Why a finding holds the sign-off up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holdup {
    /// The finding.
    pub finding: Reference,
    /// Whether it has any action at all.
    pub has_action: bool,
}

impl Holdup {
    /// The sentence for the page.
    #[must_use]
    pub fn sentence(&self) -> String {
        if self.has_action {
            format!("{} has an action, but not one with an owner and a due date", self.finding)
        } else {
            format!("{} has no action, and no reason why none is needed", self.finding)
        }
    }
}

/// The findings that hold the sign-off up (R5); none means it can be signed off.
#[must_use]
pub fn holdups(findings: &[FindingFacts]) -> Vec<Holdup> {
    findings
        .iter()
        .filter(|f| f.disposition == Disposition::Actions && f.owned_and_dated == 0)
        .map(|f| Holdup { finding: f.reference, has_action: f.actions > 0 })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_reads_as_it_is_typed() {
        for (typed, shown) in [
            ("87", "87%"),
            ("87.5", "87.5%"),
            ("87.50%", "87.5%"),
            ("87.05 %", "87.05%"),
            ("0", "0%"),
            ("100", "100%"),
        ] {
            assert_eq!(Score::parse(typed).map(|s| s.to_string()).as_deref(), Some(shown), "{typed}");
        }
        for wrong in ["", "100.01", "101", "-1", "8,5", "87.555", ".5", "5.", "٣", "1e2", "0087"] {
            assert_eq!(Score::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_finding_without_a_ready_action_or_a_reason_holds_the_sign_off_up() {
        let facts = |n, disposition, actions, owned_and_dated| FindingFacts {
            reference: Reference::finding(n),
            disposition,
            actions,
            owned_and_dated,
        };
        let found = holdups(&[
            facts(1, Disposition::Actions, 2, 1),
            facts(2, Disposition::Actions, 0, 0),
            facts(3, Disposition::Actions, 1, 0),
            facts(4, Disposition::NoActionNeeded, 0, 0),
            facts(5, Disposition::NotForTracker, 0, 0),
        ]);
        let said: Vec<_> = found.iter().map(Holdup::sentence).collect();
        assert_eq!(
            said,
            [
                "F-0002 has no action, and no reason why none is needed",
                "F-0003 has an action, but not one with an owner and a due date",
            ]
        );
        assert_eq!(holdups(&[]), []);
    }
}
