//! The same problem found again (R14, R21, R22): which finding can be linked to which.

use chrono::{Days, NaiveDate};

/// Within how many days before a finding another one is looked for that is like it (R21).
pub const LIKE_WITHIN_DAYS: u64 = 365;

/// How much of the words of a finding on another topic must be in one that is like it.
pub const LIKE_SHARE: f64 = 0.6;

/// How many different words a finding must have to be looked for by them.
pub const LIKE_WORDS: i32 = 4;

/// A finding in the order in which things were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The day it was found.
    pub found_on: NaiveDate,
    /// Its number, which decides within a day.
    pub number: i32,
}

/// Why a finding cannot be linked to another as the earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRefusal {
    /// They are the same.
    Itself,
    /// The other one was found later.
    Later,
    /// They are linked already.
    Linked,
    /// It is not there, or not for this person.
    NotThere,
}

impl LinkRefusal {
    /// The sentence for the page.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Itself => "Choose another finding: this is the one you are looking at",
            Self::Later => "Choose a finding that was found before this one",
            Self::Linked => "These are linked already",
            Self::NotThere => "Enter the reference of an earlier finding you can see, like F-0061",
        }
    }
}

/// Whether `newer` can be the problem of `earlier` found again.
///
/// # Errors
/// Why not.
pub fn may_link(newer: Place, earlier: Place) -> Result<(), LinkRefusal> {
    if newer == earlier || newer.number == earlier.number {
        return Err(LinkRefusal::Itself);
    }
    if earlier > newer { Err(LinkRefusal::Later) } else { Ok(()) }
}

/// The first day from which findings like one of `found_on` count.
#[must_use]
pub fn like_since(found_on: NaiveDate) -> NaiveDate {
    found_on.checked_sub_days(Days::new(LIKE_WITHIN_DAYS)).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(found_on: &str, number: i32) -> Place {
        Place { found_on: found_on.parse().unwrap(), number }
    }

    #[test]
    fn what_was_found_first_comes_first() {
        let newer = place("2026-11-21", 9);
        for (earlier, wanted) in [
            (place("2026-11-20", 4), Ok(())),
            // logged later, found earlier
            (place("2026-11-20", 12), Ok(())),
            (place("2026-11-21", 8), Ok(())),
            (place("2026-11-21", 9), Err(LinkRefusal::Itself)),
            (place("2026-11-21", 10), Err(LinkRefusal::Later)),
            (place("2026-11-22", 4), Err(LinkRefusal::Later)),
        ] {
            assert_eq!(may_link(newer, earlier), wanted, "{earlier:?}");
        }
        assert_eq!(like_since(newer.found_on), "2025-11-21".parse().unwrap());
    }
}
