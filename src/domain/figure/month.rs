//! Calendar months, as figures are counted by.

use chrono::{Datelike as _, Days, Months, NaiveDate};

/// A calendar month in Europe/London.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(NaiveDate);

impl Month {
    /// The month a day is in.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// From an address: `2026-10`. None for anything else, or a month outside this and the last century.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        let (year, month) = (year.parse().ok()?, month.parse().ok()?);
        NaiveDate::from_ymd_opt(year, month, 1).filter(|_| (1950..2150).contains(&year)).map(Self)
    }

    /// As the address says it.
    #[must_use]
    pub fn text(self) -> String {
        self.0.format("%Y-%m").to_string()
    }

    /// "October 2026".
    #[must_use]
    pub fn name(self) -> String {
        self.0.format("%B %Y").to_string()
    }

    /// "October".
    #[must_use]
    pub fn short(self) -> String {
        self.0.format("%B").to_string()
    }

    /// Its first day.
    #[must_use]
    pub const fn first(self) -> NaiveDate {
        self.0
    }

    /// Its last day.
    #[must_use]
    pub fn last(self) -> NaiveDate {
        self.after(1).0.checked_sub_days(Days::new(1)).unwrap_or(self.0)
    }

    /// So many months later.
    #[must_use]
    pub fn after(self, months: u32) -> Self {
        Self(self.0.checked_add_months(Months::new(months)).unwrap_or(self.0))
    }

    /// So many months before.
    #[must_use]
    pub fn before(self, months: u32) -> Self {
        Self(self.0.checked_sub_months(Months::new(months)).unwrap_or(self.0))
    }

    /// Whether it is over by `today`.
    #[must_use]
    pub fn is_over(self, today: NaiveDate) -> bool {
        self < Self::of(today)
    }
}
