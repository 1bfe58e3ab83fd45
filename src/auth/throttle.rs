//! How fast one may guess a password: the first tries are free, then each failure doubles the wait. Never a lock-out.
//!
//! Pure: the caller keeps one [`Failures`] per account and one per address in the database, asks [`attempt`] before
//! it looks at the password, and stores [`Failures::after_failure`] when the password was wrong. A try made while
//! waiting is refused without being counted, so that nobody can keep another person out by hammering their account.
//! A right password clears the account's failures, but not the address's: otherwise somebody with an account
//! of their own could wash their address clean between guesses at others.

use chrono::{DateTime, TimeDelta, Utc};

/// The longest wait, and the time after which failures are forgotten.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);

/// What the failures are counted against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// One email address, known or not: an unknown one is throttled alike, so that the wait tells nothing.
    Account,
    /// One network address. A care home's staff all come from one, so it forgives more.
    Address,
}

impl Scope {
    /// Failures that cost nothing.
    #[must_use]
    pub const fn free(self) -> u32 {
        match self {
            Self::Account => 5,
            Self::Address => 20,
        }
    }
}

/// Recent failures of one account or address, as stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Failures {
    /// How many in a row, none of them more than [`LONGEST_WAIT`] after the one before.
    pub count: u32,
    /// When the last one was.
    pub last: Option<DateTime<Utc>>,
}

impl Failures {
    /// What to store after one more failure at `now`.
    #[must_use]
    pub fn after_failure(self, now: DateTime<Utc>) -> Self {
        let count = if self.forgotten(now) { 1 } else { self.count.saturating_add(1) };
        Self { count, last: Some(now) }
    }

    /// Whether these no longer count at `now`, and may be deleted.
    #[must_use]
    pub fn forgotten(self, now: DateTime<Utc>) -> bool {
        self.last.is_none_or(|last| now - last >= LONGEST_WAIT)
    }
}

/// Whether a password may be tried now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attempt {
    /// Try it.
    Allowed,
    /// Not before this instant.
    WaitUntil(DateTime<Utc>),
}

impl Attempt {
    /// The stricter of two: both the account and the address must allow it.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Allowed, other) => other,
            (wait, Self::Allowed) => wait,
            (Self::WaitUntil(a), Self::WaitUntil(b)) => Self::WaitUntil(a.max(b)),
        }
    }
}

/// Whether a password may be tried at `now`, after these failures.
#[must_use]
pub fn attempt(scope: Scope, failures: Failures, now: DateTime<Utc>) -> Attempt {
    let Some(last) = failures.last else { return Attempt::Allowed };
    // A failure "from the future" (a clock set back) must not make anybody wait longer than the longest wait.
    let until = last.min(now) + wait_after(scope, failures.count);
    if until <= now { Attempt::Allowed } else { Attempt::WaitUntil(until) }
}

/// The wait after `count` failures: none while they are free, then 1 s, 2 s, 4 s … to fifteen minutes.
#[must_use]
pub fn wait_after(scope: Scope, count: u32) -> TimeDelta {
    let Some(doublings) = count.checked_sub(scope.free()) else { return TimeDelta::zero() };
    let seconds = 1_i64.checked_shl(doublings.min(62)).unwrap_or(i64::MAX);
    TimeDelta::try_seconds(seconds).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use rstest::rstest;

    fn noon() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap()
    }

    #[rstest]
    #[case::nothing_yet(0, 0)]
    #[case::four(4, 0)]
    #[case::fifth_failure_ends_the_free_ones(5, 1)]
    #[case::six(6, 2)]
    #[case::seven(7, 4)]
    #[case::fourteen(14, 512)]
    #[case::at_most_fifteen_minutes(15, 900)]
    #[case::hundred(100, 900)]
    #[case::many(u32::MAX, 900)]
    fn the_wait_doubles_to_fifteen_minutes(#[case] count: u32, #[case] seconds: i64) {
        assert_eq!(wait_after(Scope::Account, count).num_seconds(), seconds);
        let failures = Failures { count, last: Some(noon()) };
        let expected = match seconds {
            0 => Attempt::Allowed,
            s => Attempt::WaitUntil(noon() + TimeDelta::seconds(s)),
        };
        assert_eq!(attempt(Scope::Account, failures, noon()), expected);
        assert_eq!(attempt(Scope::Account, failures, noon() + TimeDelta::seconds(seconds)), Attempt::Allowed);
    }

    #[test]
    fn a_shared_address_forgives_more() {
        assert_eq!(wait_after(Scope::Address, 19), TimeDelta::zero());
        assert_eq!(wait_after(Scope::Address, 20), TimeDelta::seconds(1));
    }

    #[test]
    fn nobody_ever_waits_longer_than_fifteen_minutes_even_when_the_clock_is_set_back() {
        let failures = Failures { count: 50, last: Some(noon() + TimeDelta::days(3)) };
        assert_eq!(attempt(Scope::Account, failures, noon()), Attempt::WaitUntil(noon() + LONGEST_WAIT));
    }

    #[test]
    fn failures_are_forgotten_after_fifteen_minutes_and_then_five_are_free_again() {
        let many = Failures { count: 40, last: Some(noon()) };
        let almost = noon() + LONGEST_WAIT - TimeDelta::seconds(1);
        assert_eq!(many.after_failure(almost).count, 41);
        assert!(!many.forgotten(almost));
        let later = noon() + LONGEST_WAIT;
        assert!(many.forgotten(later));
        assert_eq!(many.after_failure(later), Failures { count: 1, last: Some(later) });
        assert_eq!(attempt(Scope::Account, many.after_failure(later), later), Attempt::Allowed);
    }

    #[test]
    fn guessing_without_rest_gets_few_tries_a_day() {
        let (mut now, mut failures, mut tries) = (noon(), Failures::default(), 0);
        while now < noon() + TimeDelta::days(1) {
            match attempt(Scope::Account, failures, now) {
                Attempt::Allowed => {
                    failures = failures.after_failure(now);
                    tries += 1;
                }
                Attempt::WaitUntil(until) => now = until,
            }
        }
        assert!(tries < 800, "{tries} tries in a day");
    }

    #[test]
    fn the_account_and_the_address_must_both_allow_it() {
        let (soon, late) = (noon() + TimeDelta::seconds(1), noon() + TimeDelta::seconds(9));
        assert_eq!(Attempt::Allowed.and(Attempt::Allowed), Attempt::Allowed);
        assert_eq!(Attempt::Allowed.and(Attempt::WaitUntil(soon)), Attempt::WaitUntil(soon));
        assert_eq!(Attempt::WaitUntil(soon).and(Attempt::Allowed), Attempt::WaitUntil(soon));
        assert_eq!(Attempt::WaitUntil(late).and(Attempt::WaitUntil(soon)), Attempt::WaitUntil(late));
    }
}
