//! Keys with which a provider's own programs read, and never write.

use chrono::{DateTime, Duration, Utc};

use super::text_enum::text_enum;

/// The most characters of a key's name.
pub const NAME: usize = 80;

text_enum! {
    /// What a key reads.
    pub enum Reads {
        /// Findings.
        Findings => "findings", "Findings";
        /// Actions.
        Actions => "actions", "Actions";
        /// Measures with their readings.
        Measures => "measures", "Measures and their readings";
    }
}

text_enum! {
    /// How long a key opens anything: a year at most, so that none is forgotten for good.
    pub enum Lasts {
        /// Thirty days.
        Month => "month", "30 days";
        /// Ninety days.
        Quarter => "quarter", "90 days";
        /// A year.
        Year => "year", "One year";
    }
}

impl Lasts {
    /// Until when a key lasts that is made at `now`.
    #[must_use]
    pub fn until(self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + Duration::days(match self {
            Self::Month => 30,
            Self::Quarter => 90,
            Self::Year => 365,
        })
    }
}

/// How a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It opens what it reads.
    Open,
    /// Its time is over.
    Expired,
    /// Somebody ended it.
    Ended,
}

impl Standing {
    /// How one stands at `now`.
    #[must_use]
    pub fn of(expires_at: DateTime<Utc>, ended_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        match ended_at {
            Some(_) => Self::Ended,
            None if expires_at <= now => Self::Expired,
            None => Self::Open,
        }
    }

    /// In words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "In use",
            Self::Expired => "Its time is over",
            Self::Ended => "Ended",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_until_its_instant_or_its_end() {
        let now: DateTime<Utc> = "2026-11-21T10:00:00Z".parse().unwrap();
        let until = Lasts::Month.until(now);
        assert_eq!(Standing::of(until, None, now), Standing::Open);
        assert_eq!(Standing::of(until, None, until), Standing::Expired);
        assert_eq!(Standing::of(until, Some(now), now), Standing::Ended);
        assert!(Lasts::ALL.iter().all(|lasts| lasts.until(now) <= now + Duration::days(366)));
        super::super::text_enum::assert_words::<Reads>();
        super::super::text_enum::assert_words::<Lasts>();
    }
}
