//! Lists as files for spreadsheets: what a cell may hold, and the two ways to write rows of them. Both take rows a few
//! thousand at a time, so that a list of any length needs no more memory than a short one.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Europe::London;

use crate::domain::text_enum::text_enum;

/// Comma-separated values.
pub mod csv;
/// A few at a time.
pub mod turns;
/// Office Open XML.
pub mod xlsx;

text_enum! {
    /// As what a list is handed out.
    pub enum Format {
        /// For Excel and its like: dates are dates, numbers are numbers.
        Xlsx => "xlsx", "spreadsheet (XLSX)";
        /// For every other program.
        Csv => "csv", "CSV";
    }
}

impl Format {
    /// The type a browser is told.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// There is none.
    Nothing,
    /// Words: never read as a formula, whatever they begin with.
    Text(Cow<'static, str>),
    /// A number, counts too.
    Number(f64),
    /// A date.
    Day(NaiveDate),
    /// A date and time as clocks in London show it.
    At(NaiveDateTime),
}

/// The cells of one row, as many as there are columns.
pub type Row = Vec<Cell>;

/// A column: its heading, and how wide it is drawn, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The heading.
    pub title: &'static str,
    /// The width.
    pub width: u8,
}

impl Column {
    /// A column.
    #[must_use]
    pub const fn new(title: &'static str, width: u8) -> Self {
        Self { title, width }
    }
}

/// What is said about a list on a sheet of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What the list is called.
    pub title: String,
    /// Everything that is said of it: what, and the words.
    pub facts: Vec<(&'static str, String)>,
}

/// An instant to the second as clocks in London show it.
#[must_use]
pub fn in_london(at: DateTime<Utc>) -> NaiveDateTime {
    let local = at.with_timezone(&London).naive_local();
    DateTime::from_timestamp(local.and_utc().timestamp(), 0).map_or(local, |whole| whole.naive_utc())
}

impl From<&'static str> for Cell {
    fn from(text: &'static str) -> Self {
        if text.is_empty() { Self::Nothing } else { Self::Text(Cow::Borrowed(text)) }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Nothing } else { Self::Text(Cow::Owned(text)) }
    }
}

impl From<i64> for Cell {
    #[expect(clippy::cast_precision_loss, reason = "a spreadsheet has no other numbers")]
    fn from(number: i64) -> Self {
        Self::Number(number as f64)
    }
}

impl From<i32> for Cell {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        if number.is_finite() { Self::Number(number) } else { Self::Nothing }
    }
}

impl From<NaiveDate> for Cell {
    fn from(day: NaiveDate) -> Self {
        Self::Day(day)
    }
}

impl From<DateTime<Utc>> for Cell {
    fn from(at: DateTime<Utc>) -> Self {
        Self::At(in_london(at))
    }
}

impl From<bool> for Cell {
    fn from(yes: bool) -> Self {
        Self::Text(Cow::Borrowed(if yes { "Yes" } else { "No" }))
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_nothing_and_times_are_those_of_london() {
        assert_eq!(Cell::from(""), Cell::Nothing);
        assert_eq!(Cell::from(None::<String>), Cell::Nothing);
        assert_eq!(Cell::from(f64::NAN), Cell::Nothing);
        assert_eq!(Cell::from(4_i64), Cell::Number(4.0));
        let summer: DateTime<Utc> = "2026-07-01T23:30:05.75Z".parse().unwrap();
        assert_eq!(Cell::from(summer), Cell::At("2026-07-02T00:30:05".parse().unwrap()));
    }
}
