//! Signing a review off: every finding has an owned, dated action, or a recorded reason why none is needed (R5).

use super::reference::Reference;
use super::text_enum::text_enum;

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
