//! Staleness: an open action that nobody has moved for a fortnight is shown as such (R28, M10).
//!
//! What moves an action is what a person records on it: it is agreed, an update, evidence given or withdrawn, submission
//! or taking it back, a verdict, an assurance, a closure or reopening, a decision on its escalation, another owner, date
//! or wording. What the program does by itself is none of that: a date that passes, an escalation it raises, a reminder
//! it sends. Nor is reading or downloading.

use chrono::{Days, NaiveDate};

use super::action::Status;
use super::words;

/// After how many days without an update an open action is stale; calendar days, as a fortnight is a fortnight.
pub const AFTER_DAYS: u32 = 14;

/// For how many days an action has gone without an update, if that makes it stale; none while it is fresh, closed or
/// called off. `moved_on` is the day in London on which it was last moved.
#[must_use]
pub fn stale_for(status: Status, moved_on: NaiveDate, today: NaiveDate) -> Option<u32> {
    let days = u32::try_from((today - moved_on).num_days()).unwrap_or(0);
    (status.open() && days >= AFTER_DAYS).then_some(days)
}

/// The first day on which an action moved is still fresh `today`: the other way round, for the database.
#[must_use]
pub fn fresh_since(today: NaiveDate) -> NaiveDate {
    today.checked_sub_days(Days::new(u64::from(AFTER_DAYS) - 1)).unwrap_or(NaiveDate::MIN)
}

/// "No update for 16 days".
#[must_use]
pub fn says(days: u32) -> String {
    format!("No update for {}", words::count(days, "day"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{london_date, london_hour};
    use chrono::{DateTime, Duration, Utc};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_fortnight_without_an_update_is_stale() {
        for (moved, stale) in [
            ("2026-11-21", None),
            ("2026-11-08", None),
            ("2026-11-07", Some(14)),
            ("2026-11-05", Some(16)),
            ("2025-11-21", Some(365)),
            ("2026-11-22", None),
        ] {
            assert_eq!(stale_for(Status::InProgress, day(moved), day("2026-11-21")), stale, "{moved}");
        }
        assert_eq!(says(16), "No update for 16 days");
    }

    #[test]
    fn whatever_is_open_can_be_stale_and_nothing_else() {
        for &status in Status::ALL {
            let stale = stale_for(status, day("2026-11-05"), day("2026-11-21"));
            assert_eq!(stale.is_some(), !matches!(status, Status::Closed | Status::Cancelled), "{status}");
        }
    }

    /// Asking the database by instant and counting days agree, on both sides of both changes of the clocks.
    #[test]
    fn both_ways_round_agree() {
        for today in
            ["2026-03-30", "2026-04-11", "2026-04-12", "2026-10-26", "2026-11-07", "2026-11-08"].map(day)
        {
            let from: DateTime<Utc> = london_hour(fresh_since(today), 0);
            for hours in -800..800 {
                let at = from + Duration::minutes(hours * 30);
                let stale = stale_for(Status::Submitted, london_date(at), today).is_some();
                assert_eq!(stale, at < from, "{at} seen on {today}");
            }
        }
    }
}
