//! The working days before the day of loading, counted both ways.

use chrono::{Days, Months, NaiveDate};

use super::script::{Deed, What, When, deed};
use crate::domain::calendar::{self, Nation};
use crate::domain::figure::Month;

/// How many months of history the demo can have.
pub const MONTHS: u32 = 24;

/// The working days before a day, the nearest first.
#[derive(Clone, Debug)]
pub struct WorkingDays {
    today: NaiveDate,
    back: Vec<NaiveDate>,
}

impl WorkingDays {
    /// Those before `today`, for a month more than the history has.
    #[must_use]
    pub fn before(today: NaiveDate) -> Self {
        let first = Month::of(today).before(MONTHS + 1).first();
        let mut back = vec![today];
        let days =
            std::iter::successors(today.pred_opt(), NaiveDate::pred_opt).take_while(|day| *day >= first);
        back.extend(days.filter(|day| calendar::is_working_day(*day, Nation::England)));
        Self { today, back }
    }

    /// The day counted from.
    #[must_use]
    pub const fn today(&self) -> NaiveDate {
        self.today
    }

    /// The working day so many working days ago, or later when negative.
    #[must_use]
    pub fn day(&self, ago: i32) -> NaiveDate {
        match usize::try_from(ago) {
            Ok(ago) => self.back.get(ago).copied().unwrap_or(self.today - Months::new(MONTHS + 1)),
            Err(_) => {
                let later = u16::try_from(ago.unsigned_abs()).unwrap_or(0);
                calendar::add_working_days(self.today, later, Nation::England)
            }
        }
    }

    /// How many working days ago a day is; negative when it is yet to come.
    #[must_use]
    pub fn ago(&self, day: NaiveDate) -> i32 {
        if day > self.today {
            let ahead = calendar::working_days_between(self.today, day, Nation::England);
            return i32::try_from(ahead).map_or(0, |ahead| -ahead);
        }
        let at = self.back.iter().position(|back| *back <= day).unwrap_or(self.back.len());
        i32::try_from(at).unwrap_or(i32::MAX)
    }

    /// The working day `n` of the month so many months before this one, the first being 1; the last one when it has fewer.
    /// Negative months are yet to come.
    #[must_use]
    pub fn nth(&self, months_ago: i32, n: u16) -> NaiveDate {
        let this = Month::of(self.today);
        let by = months_ago.unsigned_abs();
        let month = if months_ago < 0 { this.after(by) } else { this.before(by) };
        let eve = month.first() - Days::new(1);
        let day = calendar::add_working_days(eve, n.max(1), Nation::England);
        if day <= month.last() { day } else { self.last(month) }
    }

    fn last(&self, month: Month) -> NaiveDate {
        let mut day = month.last();
        while !calendar::is_working_day(day, Nation::England) {
            day = day - Days::new(1);
        }
        day
    }

    /// The working day `n` from a day on, the first being 1.
    #[must_use]
    pub fn from(&self, day: NaiveDate, n: u16) -> NaiveDate {
        calendar::add_working_days(day - Days::new(1), n, Nation::England)
    }

    /// When it is that time on a working day before today; none from today on, because it has not happened.
    #[must_use]
    pub fn at(&self, day: NaiveDate, hour: u32, minute: u32) -> Option<When> {
        (day < self.today).then(|| When { ago: self.ago(day), hour, minute })
    }

    /// A deed on the working day `n` of a month so many months ago; none when it has not happened.
    #[must_use]
    pub fn deed(
        &self,
        (months, n, hour, minute): (i32, u16, u32, u32),
        who: &'static str,
        what: What,
    ) -> Option<Deed> {
        self.at(self.nth(months, n), hour, minute).map(|when| deed(when, who, what))
    }

    /// The working days before today, the newest first.
    pub fn all(&self) -> impl Iterator<Item = NaiveDate> {
        self.back.iter().skip(1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[rstest]
    #[case("2026-11-21", 1, "2026-11-20")]
    #[case("2026-11-20", 1, "2026-11-19")]
    #[case("2026-12-29", 2, "2026-12-23")]
    #[case("2026-11-20", -1, "2026-11-23")]
    #[case("2026-11-21", 0, "2026-11-21")]
    fn working_days_back_and_forth(#[case] today: &str, #[case] ago: i32, #[case] wanted: &str) {
        let days = WorkingDays::before(day(today));
        assert_eq!(days.day(ago), day(wanted));
        assert_eq!(days.ago(day(wanted)), ago);
    }

    #[test]
    fn the_days_of_a_month() {
        let days = WorkingDays::before(day("2026-11-21"));
        assert_eq!(days.nth(0, 1), day("2026-11-02"));
        assert_eq!(days.nth(1, 4), day("2026-10-06"));
        assert_eq!(days.nth(6, 30), day("2026-05-29"), "May has no thirty working days");
        assert_eq!(days.nth(-1, 1), day("2026-12-01"));
        assert!(days.at(day("2026-11-21"), 9, 0).is_none(), "today has not happened");
        assert_eq!(days.at(day("2026-11-20"), 9, 0).map(|when| when.ago), Some(1));
    }
}
