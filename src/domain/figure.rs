//! The figures of governance, M1 to M10: what each counts, of what, and which way is better. The rows behind them are found
//! by functions of the database (`app.figure_rows` and those it asks), which say the same in their own language; [`VERSION`]
//! changes with either.

use super::measure::{self, Cadence, Line, Reading};
use super::spc::{Better, Chart};
use super::text_enum::text_enum;

/// Calendar months.
mod month;

pub use month::Month;

/// The version of these definitions; a signed month names the one it was counted with.
pub const VERSION: &str = "2026-11.2";

/// How many months the line over time shows.
pub const MONTHS: u32 = 24;

text_enum! {
    /// A figure.
    pub enum Figure {
        /// M1.
        Evidence => "m1", "Closed with all the evidence, at the first check";
        /// M2.
        Decided => "m2", "Overdue actions with a recorded decision";
        /// M3.
        Feedback => "m3", "Feedback actions closed on what people say now";
        /// M4.
        FollowUps => "m4", "Follow-up actions done on time";
        /// M5.
        Positive => "m5", "Positive feedback when people were asked";
        /// M6.
        HighDecided => "m6", "High-risk findings with a recorded decision";
        /// M7.
        Repeats => "m7", "Findings that came back";
        /// M7, as it stands.
        OpenFindings => "open_findings", "Open findings that came back";
        /// M8.
        Window => "m8_window", "Verified within the window";
        /// M8.
        Days => "m8_days", "Days from finding to closure, median";
        /// M8.
        Reopened => "m8_reopened", "Reopened after closure";
        /// M9.
        Improved => "m9", "Closed with measured improvement";
        /// M10.
        Open => "m10_open", "Open actions";
        /// M10.
        Overdue => "m10_overdue", "Overdue actions";
        /// M10.
        NoControl => "m10_no_control", "Overdue, high risk, no interim control";
        /// M10.
        Unowned => "m10_unowned", "Open actions without an owner";
        /// M10.
        Stale => "m10_stale", "Open actions without an update for 14 days";
    }
}

/// What kind of number a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// So many of so many, in per cent.
    Share,
    /// A count of rows.
    Count,
    /// The middle one of the rows' days.
    Days,
}

/// Of when the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// They happened in the month.
    During,
    /// They stood so at its end, or stand so now.
    AtEnd,
}

impl Figure {
    /// The number of its definition.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Evidence => "M1",
            Self::Decided => "M2",
            Self::Feedback => "M3",
            Self::FollowUps => "M4",
            Self::Positive => "M5",
            Self::HighDecided => "M6",
            Self::Repeats | Self::OpenFindings => "M7",
            Self::Window | Self::Days | Self::Reopened => "M8",
            Self::Improved => "M9",
            Self::Open | Self::Overdue | Self::NoControl | Self::Unowned | Self::Stale => "M10",
        }
    }

    /// What kind of number it is.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Open | Self::Overdue | Self::NoControl | Self::Unowned | Self::Stale => Unit::Count,
            Self::Days => Unit::Days,
            _ => Unit::Share,
        }
    }

    /// Of when its rows are.
    #[must_use]
    pub const fn when(self) -> When {
        match self {
            Self::Decided | Self::HighDecided | Self::OpenFindings => When::AtEnd,
            _ if matches!(self.unit(), Unit::Count) => When::AtEnd,
            _ => When::During,
        }
    }

    /// Of when its rows are, before the name of a month: "in", "at the end of". `over` when the month is.
    #[must_use]
    pub const fn joins(self, over: bool) -> &'static str {
        match (self.when(), over) {
            (When::During, true) => "in",
            (When::During, false) => "so far in",
            (When::AtEnd, true) => "at the end of",
            (When::AtEnd, false) => "now, in",
        }
    }

    /// Which way is better.
    #[must_use]
    pub const fn better(self) -> Better {
        match self {
            Self::Open => Better::Neither,
            Self::Repeats | Self::OpenFindings | Self::Days | Self::Reopened => Better::Down,
            _ if matches!(self.unit(), Unit::Count) => Better::Down,
            _ => Better::Up,
        }
    }

    /// What is aimed at, in per cent or as a number; none where there is no telling in general.
    #[must_use]
    pub const fn target(self) -> Option<f64> {
        match self {
            Self::Evidence | Self::Decided | Self::FollowUps | Self::Window => Some(90.0),
            Self::Feedback | Self::Positive => Some(85.0),
            Self::HighDecided => Some(100.0),
            Self::Repeats => Some(10.0),
            Self::Reopened => Some(5.0),
            Self::Improved => Some(80.0),
            Self::NoControl | Self::Unowned => Some(0.0),
            Self::OpenFindings | Self::Days | Self::Open | Self::Overdue | Self::Stale => None,
        }
    }

    /// What its rows are: a sentence for people.
    #[must_use]
    pub const fn rows_are(self) -> &'static str {
        match self {
            Self::Evidence | Self::Reopened | Self::Improved => "Every closure of the month.",
            Self::Decided => "Every action that was overdue at the end of the month.",
            Self::Feedback => "Every closure of the month that answers a complaint or a feedback round.",
            Self::FollowUps => {
                "Every action on a missed follow-up that was due in the month; one due today counts from tomorrow on."
            }
            Self::Positive => {
                "The readings of the month of measures that are what people say when they are asked."
            }
            Self::HighDecided => {
                "Every high or critical finding with an action that was open at the end of the month."
            }
            Self::Repeats => "Every finding found in the month.",
            Self::OpenFindings => "Every finding with an action that was open at the end of the month.",
            Self::Window => "Every verdict of the month.",
            Self::Days => "Every closure of the month, with the days since the finding was found.",
            Self::Open => "Every action that was open at the end of the month.",
            Self::Overdue => {
                "Every action that was with its owner after its due date at the end of the month."
            }
            Self::NoControl => {
                "Every overdue action of high or critical risk for which nothing was recorded that keeps people safe meanwhile."
            }
            Self::Unowned => "Every open action without an owner who was still here.",
            Self::Stale => "Every open action that nobody had moved for 14 days.",
        }
    }

    /// Which of its rows are counted: a sentence for people.
    #[must_use]
    pub const fn counted_are(self) -> &'static str {
        match self {
            Self::Evidence => {
                "Counted is one whose evidence was all there and held the first time anybody checked: no verdict sent the action back, and no closure audit found since that it does not stand up. Nothing can close without its evidence at all."
            }
            Self::Decided => {
                "Counted is one with a recorded decision on an escalation: to act, or why no escalation is needed."
            }
            Self::Feedback => "Counted is one whose evidence includes what people say now.",
            Self::FollowUps => "Counted is one marked as done on its due date or before.",
            Self::Positive => "Counted are the positive answers of all answers.",
            Self::HighDecided => {
                "Counted is one with a recorded decision on an escalation of any of its actions."
            }
            Self::Repeats => "Counted is one linked to an earlier finding of the twelve months before.",
            Self::OpenFindings => "Counted is one linked to an earlier finding.",
            Self::Window => "Counted is one given on the last day of its window or before.",
            Self::Days => "The figure is the middle one when they are sorted by days.",
            Self::Reopened => "Counted is one whose action was reopened since.",
            Self::Improved => {
                "Counted is one that somebody looked at again and found to hold; or, while nobody has, one whose measure showed improvement by rule when it was closed. Not one that was reopened."
            }
            Self::Open | Self::NoControl | Self::Unowned => "All are counted.",
            Self::Overdue | Self::Stale => "All are counted, with the days since.",
        }
    }

    /// Whether some of its rows are counted and some are not, so that each has to say which.
    #[must_use]
    pub const fn marks_rows(self) -> bool {
        matches!(self.unit(), Unit::Share) && !matches!(self, Self::Positive)
    }

    /// What the amount beside each of its rows is, where there is one.
    #[must_use]
    pub const fn amounts(self) -> Option<&'static str> {
        match self {
            Self::Days => Some("From finding to closure"),
            Self::Overdue => Some("Overdue for"),
            Self::Stale => Some("Without an update for"),
            Self::Positive => Some("Positive answers"),
            _ => None,
        }
    }

    /// The amount beside a row: "3 days", "12 of 20"; empty where there is none.
    #[must_use]
    pub fn amount(self, amount: Option<f64>, whole: Option<f64>) -> String {
        match (self, amount, whole) {
            (Self::Positive, Some(part), Some(whole)) => {
                format!("{} of {}", measure::number(part), measure::number(whole))
            }
            (_, Some(days), _) => Self::Days.words(days),
            _ => String::new(),
        }
    }

    /// A value as it is read: "92%", "7", "34 days".
    #[must_use]
    pub fn words(self, value: f64) -> String {
        let number = measure::number(value);
        match self.unit() {
            Unit::Share => format!("{number}%"),
            Unit::Count => number,
            Unit::Days if number == "1" => "1 day".into(),
            Unit::Days => format!("{number} days"),
        }
    }
}

/// A figure of a month: so many of so many; for days, the middle one and how many there were.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// How many were counted, or the middle number of days.
    pub numerator: f64,
    /// Of how many rows.
    pub denominator: f64,
}

impl Value {
    /// Nothing was there to be counted.
    pub const NOTHING: Self = Self { numerator: 0.0, denominator: 0.0 };

    /// The value on the chart; none for a share or a middle of nothing.
    #[must_use]
    pub fn number(self, figure: Figure) -> Option<f64> {
        match figure.unit() {
            Unit::Count => Some(self.numerator),
            _ if self.denominator <= 0.0 => None,
            Unit::Share => Some(100.0 * self.numerator / self.denominator),
            Unit::Days => Some(self.numerator),
        }
    }

    /// What is read: "3 of 4" below five, where a percentage would say too much.
    #[must_use]
    pub fn words(self, figure: Figure) -> String {
        match (figure.unit(), self.number(figure)) {
            (_, None) => "None to count".into(),
            (Unit::Share, Some(_)) if self.denominator < 5.0 => self.parts(figure),
            (_, Some(value)) => figure.words(value),
        }
    }

    /// "46 of 50" for a share, and for days of how many; empty for a count.
    #[must_use]
    pub fn parts(self, figure: Figure) -> String {
        let (part, whole) = (measure::number(self.numerator), measure::number(self.denominator));
        match figure.unit() {
            Unit::Share => format!("{part} of {whole}"),
            Unit::Count => String::new(),
            Unit::Days => format!("of {whole}"),
        }
    }

    /// What is read, and of how many where that does not say it already: ("92%", "46 of 50"), ("3 of 4", "").
    #[must_use]
    pub fn said(self, figure: Figure) -> (String, String) {
        let (words, parts) = (self.words(figure), self.parts(figure));
        let parts = if parts == words || self.number(figure).is_none() { String::new() } else { parts };
        (words, parts)
    }

    /// Whether the target is reached; none without one, or without a value.
    #[must_use]
    pub fn reached(self, figure: Figure) -> Option<bool> {
        let (value, target) = (self.number(figure)?, figure.target()?);
        Some(if figure.better() == Better::Down { value <= target } else { value >= target })
    }
}

/// The line of a figure over time, from the values of months that are over, in order.
#[must_use]
pub fn line(figure: Figure, months: &[(Month, Value)]) -> Line {
    let reading = |(month, value): &(Month, Value)| Reading {
        period: month.first(),
        numerator: value.number(figure),
        denominator: None,
    };
    measure::line(Cadence::Monthly, &months.iter().map(reading).collect::<Vec<_>>())
}

/// What the rules say about such a line, with limits that are calculated anew from the months `recalculated`.
#[must_use]
pub fn chart(figure: Figure, line: &Line, recalculated: &[Month]) -> Chart {
    let from: Vec<_> = recalculated.iter().map(|month| month.first()).collect();
    measure::chart(line, &from, figure.better(), figure.target())
}

text_enum! {
    /// How long something has been overdue.
    pub enum Age {
        /// Up to a week.
        Week => "week", "Up to 7 days";
        /// Up to a month.
        Month => "month", "8 to 30 days";
        /// Up to a quarter.
        Quarter => "quarter", "31 to 90 days";
        /// Longer.
        Longer => "longer", "More than 90 days";
    }
}

impl Age {
    /// The fewest and the most days of it.
    #[must_use]
    pub const fn days(self) -> (f64, f64) {
        match self {
            Self::Week => (0.0, 7.0),
            Self::Month => (8.0, 30.0),
            Self::Quarter => (31.0, 90.0),
            Self::Longer => (91.0, 1e9),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text_enum::assert_words;
    use super::*;
    use rstest::rstest;

    #[test]
    fn words_are_kept() {
        assert_words::<Figure>();
        assert_words::<Age>();
    }

    #[test]
    fn every_definition_of_the_domain_has_its_figure() {
        for code in ["M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "M9", "M10"] {
            assert!(Figure::ALL.iter().any(|figure| figure.code() == code), "{code}");
        }
        for figure in Figure::ALL {
            let (rows, counted) = (figure.rows_are(), figure.counted_are());
            assert!(rows.ends_with('.') && counted.ends_with('.'), "{figure:?}");
        }
    }

    #[rstest]
    #[case(Figure::Evidence, 46.0, 50.0, "92%", "46 of 50", Some(true))]
    #[case(Figure::Evidence, 3.0, 4.0, "3 of 4", "3 of 4", Some(false))]
    #[case(Figure::Evidence, 0.0, 0.0, "None to count", "0 of 0", None)]
    #[case(Figure::Repeats, 1.0, 8.0, "12.5%", "1 of 8", Some(false))]
    #[case(Figure::Repeats, 0.0, 8.0, "0%", "0 of 8", Some(true))]
    #[case(Figure::Days, 33.5, 6.0, "33.5 days", "of 6", None)]
    #[case(Figure::Days, 1.0, 1.0, "1 day", "of 1", None)]
    #[case(Figure::Days, 0.0, 0.0, "None to count", "of 0", None)]
    #[case(Figure::NoControl, 0.0, 0.0, "0", "", Some(true))]
    #[case(Figure::Overdue, 7.0, 7.0, "7", "", None)]
    fn a_value_in_words(
        #[case] figure: Figure,
        #[case] numerator: f64,
        #[case] denominator: f64,
        #[case] words: &str,
        #[case] parts: &str,
        #[case] reached: Option<bool>,
    ) {
        let value = Value { numerator, denominator };
        assert_eq!((value.words(figure).as_str(), value.parts(figure).as_str()), (words, parts));
        assert_eq!(value.reached(figure), reached);
    }

    #[rstest]
    #[case("2026-10", Some(("2026-10-01", "2026-10-31")))]
    #[case("2028-02", Some(("2028-02-01", "2028-02-29")))]
    #[case("2026-12", Some(("2026-12-01", "2026-12-31")))]
    #[case("2026-13", None)]
    #[case("2026-1", None)]
    #[case("+026-10", None)]
    #[case("9999-12", None)]
    #[case("0001-01", None)]
    #[case("october", None)]
    #[case("2026-10-01", None)]
    fn months_of_an_address(#[case] text: &str, #[case] days: Option<(&str, &str)>) {
        let month = Month::from_text(text);
        assert_eq!(
            month.map(|m| (m.first().to_string(), m.last().to_string())),
            days.map(|(a, b)| (a.into(), b.into()))
        );
        if let Some(month) = month {
            assert_eq!(month.text(), text);
            assert_eq!(month.after(13).before(13), month);
        }
    }

    #[test]
    fn a_month_is_over_on_the_first_of_the_next() {
        let october = Month::from_text("2026-10").unwrap();
        assert!(!october.is_over("2026-10-31".parse().unwrap()));
        assert!(october.is_over("2026-11-01".parse().unwrap()));
        assert_eq!(Month::of("2026-11-21".parse().unwrap()), october.after(1));
    }

    #[test]
    fn every_number_of_days_has_one_age() {
        for days in 1..400 {
            let days = f64::from(days);
            let of = Age::ALL.iter().filter(|age| (age.days().0..=age.days().1).contains(&days)).count();
            assert_eq!(of, 1, "{days}");
        }
    }

    #[test]
    fn a_month_with_nothing_to_count_has_no_point_and_makes_no_gap() {
        let month = Month::from_text("2026-01").unwrap();
        let value = |numerator, denominator| Value { numerator, denominator };
        let months =
            [(month, value(1.0, 2.0)), (month.after(1), Value::NOTHING), (month.after(2), value(2.0, 2.0))];
        let line = line(Figure::Evidence, &months);
        assert_eq!((line.values, line.gaps), (vec![50.0, 100.0], vec![]));
        let line = super::line(Figure::Overdue, &months);
        assert_eq!(line.values, [1.0, 0.0, 2.0], "a count of nothing is nought");
    }
}
