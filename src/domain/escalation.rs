//! Escalation: when a level hears of a delay, whom it reaches, and what a decision has to say (R12, R13, R13a, R14).

use chrono::NaiveDate;

use super::calendar::{self, Nation};
use super::member::Role;
use super::text_enum::text_enum;
use super::topic::{Risk, Theme, Topic};

text_enum! {
    /// Why an action was escalated.
    pub enum Cause {
        /// Its due date passed (R11).
        Overdue => "overdue", "Overdue";
        /// Its verification window passed (R14).
        VerificationLate => "verification_late", "Not verified in time";
        /// The verdict was ineffective (R14, R16).
        Ineffective => "ineffective", "Verified as ineffective";
        /// The evidence points both ways (R17).
        MixedEvidence => "mixed_evidence", "Mixed evidence";
        /// The nominated individual challenged it (R18).
        Challenged => "challenged", "Challenged by the nominated individual";
    }
}

text_enum! {
    /// What was decided. Both are decisions (R13a).
    pub enum Decision {
        /// Act: risk, reason for the delay, support, date, interim control.
        Act => "act", "Act on it";
        /// No escalation, because …
        NoEscalation => "no_escalation", "No escalation needed";
    }
}

/// How high it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The service's registered manager.
    Manager,
    /// The quality lead and the nominated individual.
    Leadership,
}

impl Level {
    /// As stored: 1 or 2.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Manager => 1,
            Self::Leadership => 2,
        }
    }

    /// From what is stored.
    #[must_use]
    pub const fn from_number(number: i32) -> Self {
        if number >= 2 { Self::Leadership } else { Self::Manager }
    }

    /// The roles it reaches.
    #[must_use]
    pub const fn roles(self) -> &'static [Role] {
        match self {
            Self::Manager => &[Role::RegisteredManager],
            Self::Leadership => &[Role::QualityLead, Role::NominatedIndividual],
        }
    }
}

/// The provider's policy for one risk: working days after the date until each level hears of it (R12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Working days until the registered manager hears; 0 is the day after the due date.
    pub manager_after: u16,
    /// Working days until the quality lead and the nominated individual hear.
    pub leadership_after: u16,
}

/// The policy a provider begins with: the manager at once, leadership after a week for low risk, at once for high.
#[must_use]
pub const fn default_policy(risk: Risk) -> Policy {
    let leadership_after = match risk {
        Risk::Low => 10,
        Risk::Medium => 5,
        Risk::High | Risk::Critical => 0,
    };
    Policy { manager_after: 0, leadership_after }
}

/// Whether safeguarding is concerned, so that leadership hears at once (R12).
#[must_use]
pub const fn concerns_safeguarding(theme: Theme, topic: Topic) -> bool {
    matches!(theme, Theme::Safeguarding) || matches!(topic, Topic::SafeguardingLearning)
}

/// The levels that should have heard of a date that passed, by `today` (R12).
#[must_use]
pub fn levels_due(
    date: NaiveDate,
    today: NaiveDate,
    nation: Nation,
    policy: Policy,
    risk: Risk,
    safeguarding: bool,
) -> Vec<Level> {
    if !calendar::is_overdue(Some(date), today) {
        return Vec::new();
    }
    let late = calendar::working_days_after(date, today, nation);
    let mut levels = Vec::new();
    if late >= u32::from(policy.manager_after) {
        levels.push(Level::Manager);
    }
    if risk.is_high() || safeguarding || late >= u32::from(policy.leadership_after) {
        levels.push(Level::Leadership);
    }
    levels
}

/// A decision as it is given.
#[derive(Clone, Debug)]
pub struct DecisionGiven {
    /// Act, or no escalation.
    pub decision: Decision,
    /// What could happen while it is late.
    pub risk: String,
    /// Why it is late.
    pub delay_reason: String,
    /// What support is needed; may be empty.
    pub support_needed: String,
    /// The new due date, if it moves.
    pub revised_due_on: Option<NaiveDate>,
    /// What keeps people safe meanwhile.
    pub interim_control: String,
    /// Why no escalation is needed.
    pub because: String,
}

/// What a decision lacks: the field and the sentence.
#[must_use]
pub fn lacks(given: &DecisionGiven, today: NaiveDate) -> Vec<(&'static str, &'static str)> {
    let mut lacking = Vec::new();
    let mut need = |field, text: &str, sentence| {
        if text.trim().is_empty() {
            lacking.push((field, sentence));
        }
    };
    match given.decision {
        Decision::Act => {
            need("risk", &given.risk, "Say what could happen while this is late");
            need("delay_reason", &given.delay_reason, "Say why it is late");
            need("interim_control", &given.interim_control, "Say what keeps people safe meanwhile");
        }
        Decision::NoEscalation => need("because", &given.because, "Say why no escalation is needed"),
    }
    if given.revised_due_on.is_some_and(|d| d < today) {
        lacking.push(("revised_due_on", "Set a date that is today or later"));
    }
    lacking
}
