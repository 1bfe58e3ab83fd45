//! What leaders follow, told apart from what is a matter for the service alone (R4).
//!
//! A finding is minor or of wider governance significance; whoever logs it says which. Leaders follow the second, and of
//! the minor ones those that are high risk, that came back, or whose topic keeps coming up in the same service. The rest
//! is left out of their views, never silently: its number is said, how many of them are late too, and it is one link
//! away. What waits for somebody's own decision stays before them whatever its weight (R13).

use chrono::{Days, NaiveDate};

use super::member::Role;
use super::text_enum::text_enum;
use super::topic::{Risk, Significance};

/// A topic keeps coming up when so many findings on it were made in one service … ("Other" is no topic that could.)
/// The database keeps the days of so many, the newest (`topics_found`).
pub const REPEATS: i32 = 3;
/// … within so many days.
pub const WITHIN_DAYS: u64 = 90;

/// The first day that counts for [`REPEATS`].
#[must_use]
pub fn repeats_since(today: NaiveDate) -> NaiveDate {
    today.checked_sub_days(Days::new(WITHIN_DAYS - 1)).unwrap_or(NaiveDate::MIN)
}

text_enum! {
    /// What a list shows by significance.
    pub enum Weight {
        /// Both.
        All => "all", "All";
        /// What leaders follow.
        Wider => "wider", "Wider significance, high risk or repeated";
        /// The rest.
        Minor => "minor", "Minor";
    }
}

impl Weight {
    /// What a role's lists of actions show until it asks for something else: leadership views are kept clear of what is
    /// minor.
    #[must_use]
    pub const fn usual(role: Role) -> Self {
        if role_leads(role) { Self::Wider } else { Self::All }
    }

    /// As a query wants it: only what leaders follow, only the rest, or both.
    #[must_use]
    pub const fn wanted(self) -> Option<bool> {
        match self {
            Self::Wider => Some(true),
            Self::Minor => Some(false),
            Self::All => None,
        }
    }
}

/// Whether a role's views are leadership views: those of who answers for the provider. Who runs a service has to do what
/// is minor too, and is not to be told that nothing waits while something does.
#[must_use]
pub const fn role_leads(role: Role) -> bool {
    matches!(role, Role::QualityLead | Role::NominatedIndividual)
}

/// What is weighed.
#[derive(Clone, Copy, Debug)]
pub struct Weighed {
    /// As it was logged.
    pub significance: Significance,
    /// Its risk.
    pub risk: Risk,
    /// Whether its topic keeps coming up in its service.
    pub repeated: bool,
    /// Whether the action was reopened or begun again (always false for a finding).
    pub came_back: bool,
}

impl Weighed {
    /// Whether leaders follow it; the queries say the same.
    #[must_use]
    pub const fn is_wider(self) -> bool {
        matches!(self.significance, Significance::Governance)
            || self.risk.is_high()
            || self.repeated
            || self.came_back
    }

    /// As a row says it, with the reason why something minor is followed all the same.
    #[must_use]
    pub const fn says(self) -> &'static str {
        if matches!(self.significance, Significance::Governance) {
            "Wider significance"
        } else if self.risk.is_high() {
            "Minor, but high risk"
        } else if self.came_back {
            "Minor, but came back"
        } else if self.repeated {
            "Minor, but repeated"
        } else {
            "Minor"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text_enum::assert_words;
    use super::*;
    use Significance::{Governance, Minor};

    #[test]
    fn leaders_follow_what_is_significant_high_risk_or_repeated() {
        assert_words::<Weight>();
        for (significance, risk, repeated, came_back, wider, says) in [
            (Minor, Risk::Low, false, false, false, "Minor"),
            (Minor, Risk::Medium, false, false, false, "Minor"),
            (Minor, Risk::High, false, false, true, "Minor, but high risk"),
            (Minor, Risk::Critical, true, true, true, "Minor, but high risk"),
            (Minor, Risk::Low, true, false, true, "Minor, but repeated"),
            (Minor, Risk::Low, false, true, true, "Minor, but came back"),
            (Governance, Risk::Low, false, false, true, "Wider significance"),
            (Governance, Risk::High, true, true, true, "Wider significance"),
        ] {
            let weighed = Weighed { significance, risk, repeated, came_back };
            assert_eq!((weighed.is_wider(), weighed.says()), (wider, says), "{weighed:?}");
        }
    }

    #[test]
    fn only_leadership_views_leave_the_minor_out() {
        for &role in Role::ALL {
            let leads = ["quality_lead", "nominated_individual"].contains(&role.as_str());
            assert_eq!(Weight::usual(role) == Weight::Wider, leads, "{role}");
        }
        assert_eq!(repeats_since("2026-11-21".parse().unwrap()).to_string(), "2026-08-24");
    }
}
