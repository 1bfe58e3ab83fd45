//! An early-warning sign put aside: with a reason, until a day, and no longer than a month. It comes back by itself when
//! the day has come and it is still true, and at once when it gets worse.

use chrono::{Days, NaiveDate};

use super::wording::is_vague_note;

/// The most days a sign can be put aside for.
pub const LONGEST_DAYS: u64 = 31;
/// For how many days the form proposes.
pub const USUAL_DAYS: u64 = 7;

/// What was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Why nothing more has to be done now.
    pub reason: String,
    /// The day it comes back.
    pub until: NaiveDate,
}

/// What is wrong with it: the field and the sentence.
#[must_use]
pub fn lacks(given: &Given, today: NaiveDate) -> Vec<(&'static str, &'static str)> {
    let mut lacking = Vec::new();
    if is_vague_note(&given.reason) {
        lacking.push(("reason", "Say what is being done about it, or why it needs nothing more now"));
    }
    if given.until <= today {
        lacking.push(("until", "Choose a day after today"));
    } else if latest(today).is_some_and(|latest| given.until > latest) {
        lacking.push(("until", "Choose a day within the next 31 days: nothing is put aside for longer"));
    }
    lacking
}

/// The last day that can be chosen.
#[must_use]
pub fn latest(today: NaiveDate) -> Option<NaiveDate> {
    today.checked_add_days(Days::new(LONGEST_DAYS))
}

/// The day the form proposes.
#[must_use]
pub fn usual(today: NaiveDate) -> NaiveDate {
    today.checked_add_days(Days::new(USUAL_DAYS)).unwrap_or(today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::tomorrow("New charts arrive on Monday and will be sampled", "2026-11-22", &[])]
    #[case::a_month("New charts arrive on Monday and will be sampled", "2026-12-22", &[])]
    #[case::longer("New charts arrive on Monday and will be sampled", "2026-12-23", &["until"])]
    #[case::today("New charts arrive on Monday and will be sampled", "2026-11-21", &["until"])]
    #[case::vague("Addressed", "2026-11-28", &["reason"])]
    #[case::both("done", "2026-11-20", &["reason", "until"])]
    fn a_reason_that_says_something_and_a_day_within_a_month(
        #[case] reason: &str,
        #[case] until: &str,
        #[case] wrong: &[&str],
    ) {
        let today: NaiveDate = "2026-11-21".parse().unwrap();
        let given = Given { reason: reason.into(), until: until.parse().unwrap() };
        let fields: Vec<_> = lacks(&given, today).iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, wrong);
    }

    #[test]
    fn a_week_is_proposed() {
        let today: NaiveDate = "2026-11-21".parse().unwrap();
        assert_eq!(usual(today), "2026-11-28".parse().unwrap());
    }
}
