//! Measures: a number followed over time, with the periods it is read for (R23).

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::spc::{self, Better, Chart, Series};
use super::text_enum::text_enum;
use super::words;
use crate::ids::MemberId;

text_enum! {
    /// What a reading is.
    pub enum Shape {
        /// How many of how many.
        Share => "share", "A share: how many of how many, in per cent";
        /// A number by itself.
        Number => "number", "A number";
    }
}

text_enum! {
    /// Which way is better.
    pub enum Way {
        /// More is better.
        Up => "up", "More is better";
        /// Less is better.
        Down => "down", "Less is better";
        /// Neither.
        Neither => "neither", "Neither way is better";
    }
}

impl From<Way> for Better {
    fn from(way: Way) -> Self {
        match way {
            Way::Up => Self::Up,
            Way::Down => Self::Down,
            Way::Neither => Self::Neither,
        }
    }
}

text_enum! {
    /// How often it is read.
    pub enum Cadence {
        /// Once a month.
        Monthly => "monthly", "Every month";
        /// Once a week.
        Weekly => "weekly", "Every week";
    }
}

/// The largest number that can be read.
pub const MOST: f64 = 1e9;

impl Cadence {
    /// The first day of the period that `day` is in: the first of the month, or Monday.
    #[must_use]
    pub fn period_of(self, day: NaiveDate) -> NaiveDate {
        let back = match self {
            Self::Monthly => day.day0(),
            Self::Weekly => day.weekday().num_days_from_monday(),
        };
        day.checked_sub_days(Days::new(u64::from(back))).unwrap_or(day)
    }

    /// The first day of the next period.
    #[must_use]
    pub fn next(self, period: NaiveDate) -> NaiveDate {
        let next = match self {
            Self::Monthly => period.checked_add_months(Months::new(1)),
            Self::Weekly => period.checked_add_days(Days::new(7)),
        };
        next.unwrap_or(NaiveDate::MAX)
    }

    /// The last day on which the reading of a period is in time: ten days after a month, a week after a week.
    #[must_use]
    pub fn expected_by(self, period: NaiveDate) -> NaiveDate {
        let days = match self {
            Self::Monthly => 9,
            Self::Weekly => 6,
        };
        self.next(period).checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
    }

    /// A period in words.
    #[must_use]
    pub fn name(self, period: NaiveDate) -> String {
        match self {
            Self::Monthly => period.format("%B %Y").to_string(),
            Self::Weekly => format!("week of {}", words::date(period)),
        }
    }

    /// A period in few words, for an axis.
    #[must_use]
    pub fn short(self, period: NaiveDate) -> String {
        match self {
            Self::Monthly => period.format("%b %Y").to_string(),
            Self::Weekly => period.format("%-d %b").to_string(),
        }
    }

    /// The newest period that has ended before `today`.
    #[must_use]
    pub fn newest(self, today: NaiveDate) -> NaiveDate {
        let current = self.period_of(today);
        self.period_of(current.pred_opt().unwrap_or(current))
    }
}

/// The newest reading of a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The first day of its period.
    pub period: NaiveDate,
    /// The number, or how many.
    pub numerator: Option<f64>,
    /// Of how many.
    pub denominator: Option<f64>,
}

impl Reading {
    /// The value on the chart: a share in per cent; none when there were no data.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        let numerator = self.numerator?;
        Some(self.denominator.map_or(numerator, |whole| 100.0 * numerator / whole))
    }

    /// What is read: "3 of 4" below five, where a percentage would say too much.
    #[must_use]
    pub fn words(&self, unit: &str) -> String {
        match (self.numerator, self.denominator, self.value()) {
            (Some(part), Some(whole), Some(value)) if whole >= 5.0 => {
                format!("{}% ({} of {})", number(value), number(part), number(whole))
            }
            (Some(part), Some(whole), _) => format!("{} of {}", number(part), number(whole)),
            (Some(value), None, _) if unit == "%" => format!("{}%", number(value)),
            (Some(value), None, _) if !unit.is_empty() => format!("{} {unit}", number(value)),
            (Some(value), None, _) => number(value),
            (None, ..) => "no data".into(),
        }
    }
}

/// What can be changed of a measure after it was defined. What a reading is, its unit and which way is better stay: another
/// number is another measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// What is aimed at.
    pub target: Option<f64>,
    /// By when.
    pub deadline: Option<NaiveDate>,
    /// Who reads it.
    pub owner: Option<MemberId>,
    /// How often it is read.
    pub cadence: Cadence,
}

/// What stands against changing `before` into `after`: the field and the sentence. `read` says whether it was ever read.
#[must_use]
pub fn change_lacks(
    shape: Shape,
    before: &Definition,
    after: &Definition,
    read: bool,
) -> Vec<(&'static str, &'static str)> {
    let mut lacking = Vec::new();
    if before == after {
        lacking.push(("name", "Change something, or go back: this is how it is"));
    }
    if after.cadence != before.cadence && read {
        lacking.push((
            "cadence",
            "It was read already, and its readings keep their periods: end it, and define another",
        ));
    }
    if shape == Shape::Share && after.target.is_some_and(|target| !(0.0..=100.0).contains(&target)) {
        lacking.push(("target", "Enter a number from 0 to 100: a share is in per cent"));
    }
    if after.deadline.is_some() && after.target.is_none() {
        lacking.push(("target", "Enter the target that is to be reached by then"));
    }
    lacking
}

/// A number as people write it: at most one decimal, none when it is whole.
#[must_use]
pub fn number(of: f64) -> String {
    let rounded = (of * 10.0).round() / 10.0;
    if rounded.fract() == 0.0 { format!("{rounded:.0}") } else { format!("{rounded:.1}") }
}

/// Readings as a line over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// The periods that have a value, in order.
    pub periods: Vec<NaiveDate>,
    /// Their values.
    pub values: Vec<f64>,
    /// The positions before which a period was never read. One read as "no data" is no gap: both sides are neighbours.
    pub gaps: Vec<usize>,
}

/// Makes the line of the newest readings, which come in order of time.
#[must_use]
pub fn line(cadence: Cadence, readings: &[Reading]) -> Line {
    let mut line = Line::default();
    let mut expected: Option<NaiveDate> = None;
    let mut gap = false;
    for reading in readings {
        gap = gap || expected.is_some_and(|expected| expected != reading.period);
        expected = Some(cadence.next(reading.period));
        if let Some(value) = reading.value() {
            if gap && !line.values.is_empty() {
                line.gaps.push(line.values.len());
            }
            gap = false;
            line.periods.push(reading.period);
            line.values.push(value);
        }
    }
    line
}

/// What the rules say about a line, with limits calculated anew from these periods.
#[must_use]
pub fn chart(line: &Line, recalculated: &[NaiveDate], better: Better, target: Option<f64>) -> Chart {
    let mut at: Vec<usize> =
        recalculated.iter().map(|from| line.periods.partition_point(|period| period < from)).collect();
    at.sort_unstable();
    let (values, gaps) = (&line.values, &line.gaps);
    spc::chart(&Series { values, gaps, recalculated: &at, better, target, screened: true })
}

/// The periods that should have been read by now and were not, oldest first: from the first one read, or from when the
/// measure began.
#[must_use]
pub fn missing(cadence: Cadence, began: NaiveDate, readings: &[Reading], today: NaiveDate) -> Vec<NaiveDate> {
    let first = readings.first().map_or_else(|| cadence.period_of(began), |first| first.period);
    let periods = std::iter::successors(Some(first), |period| Some(cadence.next(*period)));
    periods
        .take_while(|period| cadence.expected_by(*period) < today)
        .filter(|period| !readings.iter().any(|reading| reading.period == *period))
        .collect()
}

/// What is wrong with a reading: the field and the sentence.
#[must_use]
pub fn lacks(
    cadence: Cadence,
    shape: Shape,
    reading: &Reading,
    today: NaiveDate,
) -> Vec<(&'static str, &'static str)> {
    let mut lacking = Vec::new();
    if reading.period > cadence.period_of(today) {
        lacking.push(("period", "Choose a day that is not in the future"));
    }
    match (shape, reading.numerator, reading.denominator) {
        (_, None, None) | (Shape::Number, Some(_), None) => {}
        (Shape::Share, Some(part), Some(whole)) => {
            if whole <= 0.0 {
                lacking.push(("denominator", "Enter of how many, or say that there were no data"));
            } else if part < 0.0 || part > whole {
                lacking.push(("numerator", "Enter a number from 0 to of how many"));
            }
        }
        (Shape::Share, None, _) => lacking.push(("numerator", "Enter how many")),
        (Shape::Share, _, None) => lacking.push(("denominator", "Enter of how many")),
        (Shape::Number, _, Some(_)) => lacking.push(("numerator", "Enter one number")),
    }
    lacking
}

#[cfg(test)]
mod tests {
    use super::super::text_enum::assert_words;
    use super::*;
    use rstest::rstest;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn reading(period: &str, value: Option<f64>) -> Reading {
        Reading { period: day(period), numerator: value, denominator: None }
    }

    #[test]
    fn words_are_kept() {
        assert_words::<Shape>();
        assert_words::<Way>();
        assert_words::<Cadence>();
    }

    #[rstest]
    #[case(
        Cadence::Monthly,
        "2026-11-21",
        "2026-11-01",
        "2026-12-01",
        "2026-12-10",
        "November 2026",
        "2026-10-01"
    )]
    #[case(
        Cadence::Weekly,
        "2026-11-21",
        "2026-11-16",
        "2026-11-23",
        "2026-11-29",
        "week of 16 November 2026",
        "2026-11-09"
    )]
    #[case(
        Cadence::Monthly,
        "2027-01-01",
        "2027-01-01",
        "2027-02-01",
        "2027-02-10",
        "January 2027",
        "2026-12-01"
    )]
    fn periods(
        #[case] cadence: Cadence,
        #[case] on: &str,
        #[case] first: &str,
        #[case] next: &str,
        #[case] by: &str,
        #[case] name: &str,
        #[case] newest: &str,
    ) {
        let period = cadence.period_of(day(on));
        assert_eq!(period, day(first));
        assert_eq!(cadence.next(period), day(next));
        assert_eq!(cadence.expected_by(period), day(by));
        assert_eq!(cadence.name(period), name);
        assert_eq!(cadence.newest(day(on)), day(newest));
    }

    #[test]
    fn what_a_change_lacks() {
        let made = |name: &str, target, deadline, cadence| Definition {
            name: name.into(),
            target,
            deadline,
            owner: None,
            cadence,
        };
        let before = made("Falls", Some(4.0), None, Cadence::Monthly);
        let weekly = made("Falls", Some(4.0), None, Cadence::Weekly);
        let high = made("Falls", Some(101.0), None, Cadence::Monthly);
        let aimless = made("Falls", None, Some(day("2026-12-01")), Cadence::Monthly);
        let renamed = made("Falls a month", Some(4.0), None, Cadence::Monthly);
        for (what, shape, after, read, wanted) in [
            ("another name", Shape::Number, &renamed, true, &[][..]),
            ("nothing", Shape::Number, &before, true, &["name"]),
            ("weekly, never read", Shape::Number, &weekly, false, &[]),
            ("weekly, read", Shape::Number, &weekly, true, &["cadence"]),
            ("a number above a hundred", Shape::Number, &high, true, &[]),
            ("a share above a hundred", Shape::Share, &high, true, &["target"]),
            ("a day without a target", Shape::Number, &aimless, true, &["target"]),
        ] {
            let lacking = change_lacks(shape, &before, after, read);
            assert_eq!(lacking.iter().map(|(field, _)| *field).collect::<Vec<_>>(), wanted, "{what}");
        }
    }

    #[test]
    fn a_month_never_read_is_a_gap_and_one_without_data_is_none() {
        let readings = [
            reading("2026-01-01", Some(1.0)),
            reading("2026-02-01", None),
            reading("2026-03-01", Some(2.0)),
            reading("2026-05-01", Some(3.0)),
            reading("2026-06-01", Some(4.0)),
        ];
        let line = line(Cadence::Monthly, &readings);
        assert_eq!(line.values, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(line.gaps, [2]);
        let missing = missing(Cadence::Monthly, day("2026-01-15"), &readings, day("2026-08-11"));
        assert_eq!(
            missing,
            [day("2026-04-01"), day("2026-07-01")],
            "April was never read, July is late since the 11th"
        );
    }

    #[rstest]
    #[case(Some(46.0), Some(50.0), "", "92% (46 of 50)")]
    #[case(Some(3.0), Some(4.0), "", "3 of 4")]
    #[case(Some(1.0), Some(3.0), "%", "1 of 3")]
    #[case(Some(6.5), None, "falls", "6.5 falls")]
    #[case(Some(88.0), None, "%", "88%")]
    #[case(Some(7.0), None, "", "7")]
    #[case(None, None, "falls", "no data")]
    fn a_reading_in_words(
        #[case] numerator: Option<f64>,
        #[case] denominator: Option<f64>,
        #[case] unit: &str,
        #[case] words: &str,
    ) {
        let reading = Reading { period: day("2026-10-01"), numerator, denominator };
        assert_eq!(reading.words(unit), words);
    }

    #[rstest]
    #[case(Shape::Share, Some(4.0), Some(5.0), "2026-11-01", &[])]
    #[case(Shape::Share, None, None, "2026-11-01", &[])]
    #[case(Shape::Share, Some(6.0), Some(5.0), "2026-11-01", &["numerator"])]
    #[case(Shape::Share, Some(0.0), Some(0.0), "2026-11-01", &["denominator"])]
    #[case(Shape::Share, Some(4.0), None, "2026-11-01", &["denominator"])]
    #[case(Shape::Share, None, Some(4.0), "2026-11-01", &["numerator"])]
    #[case(Shape::Number, Some(-4.5), None, "2026-11-01", &[])]
    #[case(Shape::Number, Some(4.5), None, "2026-12-01", &["period"])]
    fn what_is_wrong_with_a_reading(
        #[case] shape: Shape,
        #[case] numerator: Option<f64>,
        #[case] denominator: Option<f64>,
        #[case] period: &str,
        #[case] wrong: &[&str],
    ) {
        let reading = Reading { period: day(period), numerator, denominator };
        let found = lacks(Cadence::Monthly, shape, &reading, day("2026-11-21"));
        assert_eq!(found.iter().map(|(field, _)| *field).collect::<Vec<_>>(), wrong);
    }
}
