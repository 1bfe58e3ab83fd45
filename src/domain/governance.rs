//! The governance meeting on a month (R25): what it says about an item, and who signs what it looked at.

use chrono::NaiveDate;

use super::figure::Month;
use super::text_enum::text_enum;
use crate::ids::MemberId;

text_enum! {
    /// What a meeting says about a figure, a question, a finding or an action.
    pub enum Said {
        /// They doubt it.
        Challenge => "challenge", "Challenge";
        /// They are convinced, and by what.
        Assurance => "assurance", "Assurance";
        /// What they give.
        Support => "support", "Support";
        /// What is to be done.
        Action => "action", "Action";
    }
}

/// The most characters of minutes.
pub const LONGEST_MINUTES: usize = 10_000;

/// Why a month is not signed off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It still runs.
    Running,
    /// Nobody has written minutes.
    NoMinutes,
    /// They wrote some of the minutes.
    Author,
    /// It is signed off already.
    Signed,
}

impl Refusal {
    /// The sentence for the page.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Running => "A month is signed off when it is over.",
            Self::NoMinutes => "Write the minutes first: they are signed with the figures.",
            Self::Author => "You wrote some of the minutes, so somebody else has to sign them off.",
            Self::Signed => "This month is signed off already: nothing in it changes any more.",
        }
    }
}

/// Whether `by` may sign off a month whose minutes these people wrote.
///
/// # Errors
/// The first reason why not.
pub fn may_sign(
    month: Month,
    today: NaiveDate,
    authors: &[MemberId],
    signed: bool,
    by: MemberId,
) -> Result<(), Refusal> {
    if signed {
        Err(Refusal::Signed)
    } else if !month.is_over(today) {
        Err(Refusal::Running)
    } else if authors.is_empty() {
        Err(Refusal::NoMinutes)
    } else if authors.contains(&by) {
        Err(Refusal::Author)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::text_enum::assert_words;
    use super::*;
    use rstest::rstest;

    #[test]
    fn words_are_kept() {
        assert_words::<Said>();
    }

    #[rstest]
    #[case::over("2026-11-01", &[1], false, 2, Ok(()))]
    #[case::last_day("2026-10-31", &[1], false, 2, Err(Refusal::Running))]
    #[case::nothing_written("2026-11-01", &[], false, 2, Err(Refusal::NoMinutes))]
    #[case::their_own("2026-11-01", &[1], false, 1, Err(Refusal::Author))]
    #[case::somebody_wrote_after_them("2026-11-01", &[2, 1], false, 2, Err(Refusal::Author))]
    #[case::twice("2026-11-01", &[1], true, 2, Err(Refusal::Signed))]
    fn a_second_person_signs_what_is_over(
        #[case] today: &str,
        #[case] authors: &[u128],
        #[case] signed: bool,
        #[case] by: u128,
        #[case] wanted: Result<(), Refusal>,
    ) {
        let id = |n: &u128| MemberId::from(uuid::Uuid::from_u128(*n));
        let authors: Vec<MemberId> = authors.iter().map(id).collect();
        let october = Month::from_text("2026-10").unwrap();
        assert_eq!(may_sign(october, today.parse().unwrap(), &authors, signed, id(&by)), wanted);
    }
}
