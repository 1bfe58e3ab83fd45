//! The clock as an argument: the program reads the time here and nowhere else, so that tests and the demo can move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Europe::London;

/// Where "now" comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until it is moved; microseconds since the epoch, shared by all its clones.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at` until [`Clock::set`] moves it.
    #[must_use]
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.timestamp_micros())))
    }

    /// The instant now, in UTC, to the microsecond (what the database can keep).
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match self {
            Self::System => Utc::now().timestamp_micros(),
            Self::Fixed(at) => at.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }

    /// Today's date in Europe/London, the provider's time zone (R11).
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        london_date(self.now())
    }

    /// Moves a fixed clock; the system clock stays as it is.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Self::Fixed(cell) = self {
            cell.store(at.timestamp_micros(), Ordering::SeqCst);
        }
    }
}

/// The date in Europe/London at the instant `at` (R11).
#[must_use]
pub fn london_date(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&London).date_naive()
}

/// The instant at which it is `hour` o'clock in London on `date`. Midnight UTC of that date for an hour the day does not
/// have.
#[must_use]
pub fn london_hour(date: NaiveDate, hour: u32) -> DateTime<Utc> {
    let local = date.and_hms_opt(hour, 0, 0).and_then(|at| at.and_local_timezone(London).earliest());
    local.map_or_else(|| date.and_time(NaiveTime::MIN).and_utc(), |at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn the_day_changes_at_midnight_in_london_not_in_utc() {
        let clock = Clock::fixed(Utc.with_ymd_and_hms(2026, 6, 30, 23, 30, 0).unwrap());
        assert_eq!(clock.today(), NaiveDate::from_ymd_opt(2026, 7, 1).unwrap());
        clock.set(Utc.with_ymd_and_hms(2026, 11, 21, 23, 30, 0).unwrap());
        assert_eq!(clock.today(), NaiveDate::from_ymd_opt(2026, 11, 21).unwrap());
    }
}
