//! Interim controls: what keeps people safe while something is late, from when, when it is checked, and when it ends (R13).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::words;

/// The days of an interim control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ControlDays {
    /// The first day; the day it is decided when none is given.
    pub from: Option<NaiveDate>,
    /// The day by which it is checked that it works.
    pub check_on: Option<NaiveDate>,
    /// The last day; none while it goes on.
    pub until: Option<NaiveDate>,
}

/// How an interim control stands today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// In place, and the check is not due yet or none was set.
    InPlace,
    /// In place, and the day of the check has passed.
    CheckLate,
    /// Its last day has passed.
    Ended,
}

impl ControlDays {
    /// How it stands today.
    #[must_use]
    pub fn stands(&self, today: NaiveDate) -> Stands {
        if self.until.is_some_and(|last| last < today) {
            Stands::Ended
        } else if self.check_on.is_some_and(|check| check < today) {
            Stands::CheckLate
        } else {
            Stands::InPlace
        }
    }

    /// What is wrong with the days of a control: the field and the sentence. `must` asks for the check: an overdue
    /// high-risk action is not left to a control nobody looks at.
    #[must_use]
    pub fn lacks(&self, today: NaiveDate, must: bool) -> Vec<(&'static str, &'static str)> {
        let from = self.from.unwrap_or(today);
        let mut lacking = Vec::new();
        match self.check_on {
            None if must => lacking.push((
                "control_check_on",
                "Say when the interim control is checked: the action is late and its risk is high",
            )),
            Some(day) if day < today || day < from => {
                lacking.push((
                    "control_check_on",
                    "Set a check that is today or later, and not before it starts",
                ));
            }
            _ => {}
        }
        if self.until.is_some_and(|day| day < today || day < from) {
            lacking.push(("control_until", "Set an end that is today or later, and not before it starts"));
        }
        lacking
    }

    /// "From 21 November 2026 · check by 25 November 2026 · until 4 December 2026": what is known of it.
    #[must_use]
    pub fn sentence(&self, today: NaiveDate) -> String {
        let ended = self.stands(today) == Stands::Ended;
        let day =
            |date: Option<NaiveDate>, before: &str| date.map(|d| format!("{before} {}", words::date(d)));
        let until = if ended { "ended on" } else { "until" };
        let check = day(self.check_on, "check by").filter(|_| !ended);
        let parts = [day(self.from, "from"), check, day(self.until, until)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn it_stands_until_its_last_day_and_is_checked_on_its_day() {
        let today = day("2026-11-21").unwrap();
        let stands = |check_on, until| ControlDays { from: day("2026-11-01"), check_on, until }.stands(today);
        assert_eq!(stands(None, None), Stands::InPlace);
        assert_eq!(stands(day("2026-11-21"), None), Stands::InPlace, "the day of the check is not late");
        assert_eq!(stands(day("2026-11-20"), None), Stands::CheckLate);
        assert_eq!(stands(day("2026-11-20"), day("2026-11-21")), Stands::CheckLate, "its last day counts");
        assert_eq!(stands(day("2026-11-10"), day("2026-11-20")), Stands::Ended);
    }

    #[test]
    fn its_days_follow_each_other() {
        let today = day("2026-11-21").unwrap();
        let fields = |from, check_on, until, must| {
            let days = ControlDays { from, check_on, until };
            days.lacks(today, must).into_iter().map(|l| l.0).collect::<Vec<_>>()
        };
        assert!(fields(None, None, None, false).is_empty());
        assert_eq!(fields(None, None, None, true), ["control_check_on"]);
        assert!(fields(None, day("2026-11-21"), day("2026-11-21"), true).is_empty());
        assert_eq!(
            fields(day("2026-11-23"), day("2026-11-22"), day("2026-11-22"), true),
            ["control_check_on", "control_until"]
        );
        assert_eq!(fields(day("2026-11-01"), day("2026-11-20"), None, false), ["control_check_on"]);
    }

    #[test]
    fn it_is_said_in_plain_words() {
        let days =
            ControlDays { from: day("2026-11-21"), check_on: day("2026-11-25"), until: day("2026-12-04") };
        assert_eq!(
            days.sentence(day("2026-11-26").unwrap()),
            "from 21 November 2026, check by 25 November 2026, until 4 December 2026"
        );
        assert_eq!(
            days.sentence(day("2026-12-05").unwrap()),
            "from 21 November 2026, ended on 4 December 2026"
        );
        assert_eq!(ControlDays::default().sentence(day("2026-12-05").unwrap()), "");
    }
}
