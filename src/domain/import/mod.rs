//! Bringing the spreadsheet a provider used before: what its columns and words mean, and what becomes of each row.
//!
//! Pure: rows of text in, the fate of each row out. The rows come from `files::sheet`; `workflow::import` asks for their fate
//! when it shows the dry run, and again when it brings them in.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::text_enum::{TextEnum as _, text_enum};
use super::topic::Risk;
use crate::ids::ServiceId;

/// Dates as they stand in cells.
pub mod date;
/// Which row has the headings, and what each column holds.
pub mod heading;
/// What becomes of each row.
pub mod plan;
/// What the words in cells mean.
pub mod value;

pub use heading::Header;

/// The most rows of a file, those without anything in them not counted.
pub const MOST_ROWS: usize = 20_000;
/// The most columns of a sheet.
pub const MOST_COLUMNS: usize = 100;
/// The most characters of a cell that are kept; what it is brought in as is shorter still.
pub const LONGEST_CELL: usize = 8_000;
/// The most different words of a column that are matched one by one.
pub const MOST_VALUES: usize = 300;

text_enum! {
    /// What a column of a tracker can hold.
    pub enum Field {
        /// What is to be done.
        Action => "action", "Action: what is to be done";
        /// What was found.
        Finding => "finding", "Finding: what was wrong";
        /// Whose it is.
        Owner => "owner", "Owner";
        /// When it is due.
        Due => "due", "Due date";
        /// How far it is.
        Status => "status", "Status";
        /// When it was done.
        Closed => "closed", "Date completed";
        /// How serious it is.
        Risk => "risk", "Risk, priority or colour";
        /// What it is about.
        Topic => "topic", "Theme or topic";
        /// Where it is.
        Service => "service", "Service";
        /// When it was found.
        Found => "found", "Date found or raised";
        /// How success is tested.
        Success => "success", "How success is tested";
        /// Their own number for it.
        Reference => "reference", "Their reference";
        /// Where it came from.
        Source => "source", "Source";
        /// Where the evidence is.
        Evidence => "evidence", "Evidence";
        /// What else was written.
        Comments => "comments", "Comments or progress";
    }
}

impl Field {
    /// Whether its words are matched with ours one by one.
    #[must_use]
    pub const fn is_matched(self) -> bool {
        matches!(self, Self::Owner | Self::Status | Self::Risk | Self::Topic | Self::Service)
    }
}

text_enum! {
    /// What becomes of a row.
    pub enum Fate {
        /// A finding with an open action.
        Open => "open", "Will become an open action";
        /// Kept as closed before Throughline.
        Earlier => "earlier", "Closed before Throughline";
        /// It is here already.
        Known => "known", "Here already";
        /// It stays in the spreadsheet.
        LeftOut => "left_out", "Left out";
    }
}

/// A row of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number, as the spreadsheet counts: the first is 1.
    pub n: u32,
    /// What stands in its cells.
    pub cells: Vec<String>,
}

impl Row {
    /// What stands in a column; empty where there is nothing.
    #[must_use]
    pub fn at(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| cell.trim())
    }
}

/// A sheet, as it is chosen from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetInfo {
    /// Its name.
    pub name: String,
    /// How many rows have something in them.
    pub rows: usize,
    /// How many columns there are.
    pub width: usize,
}

/// What somebody chose on the way, kept with the draft.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    /// The sheet, counted from 0.
    pub sheet: usize,
    /// The row with the headings; none until it is chosen.
    pub header_row: Option<u32>,
    /// Whether a second row belongs to them.
    pub two_rows: bool,
    /// What the columns hold: the field's word by the column, counted from 0. Empty until it is chosen.
    pub columns: BTreeMap<usize, String>,
    /// What words mean: for each matched field, ours by theirs ([`plain`]). Empty means nothing of ours.
    pub meanings: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether the words were looked at.
    pub matched: bool,
    /// The service of rows that name none.
    pub service: Option<ServiceId>,
    /// The risk of rows that say none, as a word.
    pub risk: String,
    /// How success is tested, for rows that do not say.
    pub success_test: String,
}

impl Choices {
    /// Where the headings are, once it was chosen.
    #[must_use]
    pub fn header(&self) -> Option<Header> {
        self.header_row.map(|row| Header { row, two: self.two_rows })
    }

    /// The column that holds a field.
    #[must_use]
    pub fn column(&self, field: Field) -> Option<usize> {
        self.columns.iter().find(|(_, word)| word.as_str() == field.as_str()).map(|(column, _)| *column)
    }

    /// What a word means in ours; none when nobody said.
    #[must_use]
    pub fn meaning(&self, field: Field, text: &str) -> Option<&str> {
        self.meanings
            .get(field.as_str())?
            .get(&plain(text))
            .map(String::as_str)
            .filter(|word| !word.is_empty())
    }

    /// The risk of rows that say none.
    #[must_use]
    pub fn usual_risk(&self) -> Risk {
        Risk::from_text(&self.risk).unwrap_or(Risk::Medium)
    }
}

/// What is written where a tracker says nothing of how success is tested (R3).
pub const NO_TEST: &str = "The tracker did not say. Agree with whoever verifies it how success is tested.";

/// Words in small letters, one blank between them, and nothing else: how headings, names and values are compared.
#[must_use]
pub fn plain(text: &str) -> String {
    let lower = text.to_lowercase().replace('%', " percent ");
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// What a spreadsheet calls a cell: C14.
#[must_use]
pub fn cell(column: usize, row: u32) -> String {
    format!("{}{row}", letters(column))
}

/// What a spreadsheet calls a column: A, Z, AA.
#[must_use]
pub fn letters(column: usize) -> String {
    let mut name = String::new();
    let mut rest = column + 1;
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).unwrap_or(0);
        name.insert(0, char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    name
}

/// A word of a column, as it is matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// How it is compared ([`plain`]).
    pub key: String,
    /// How it was first written.
    pub shown: String,
    /// In how many rows.
    pub rows: usize,
}

/// The different words below the headings of a column, the most frequent first.
#[must_use]
pub fn values(rows: &[Row], header: Header, column: usize) -> Vec<Value> {
    let mut found: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.n > header.last()) {
        let key = plain(row.at(column));
        if !key.is_empty() {
            found.entry(key).or_insert_with(|| (row.at(column).to_owned(), 0)).1 += 1;
        }
    }
    let mut values: Vec<Value> =
        found.into_iter().map(|(key, (shown, rows))| Value { key, shown, rows }).collect();
    values.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.key.cmp(&b.key)));
    values
}

/// Whether an import can still be undone at all: for a day.
#[must_use]
pub fn undoable_until(imported_at: chrono::DateTime<chrono::Utc>) -> chrono::DateTime<chrono::Utc> {
    imported_at + chrono::Duration::days(1)
}

/// The last day something is found on: nothing was found tomorrow.
fn not_later(day: Option<NaiveDate>, today: NaiveDate) -> Option<NaiveDate> {
    day.filter(|day| *day <= today)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept() {
        crate::domain::text_enum::assert_words::<Field>();
        crate::domain::text_enum::assert_words::<Fate>();
    }

    #[test]
    fn cells_are_called_as_in_the_spreadsheet() {
        for (column, row, name) in
            [(0, 1, "A1"), (2, 14, "C14"), (25, 2, "Z2"), (26, 2, "AA2"), (701, 9, "ZZ9"), (702, 9, "AAA9")]
        {
            assert_eq!(cell(column, row), name);
        }
    }

    #[test]
    fn words_are_compared_plainly() {
        assert_eq!(plain("  In-Progress (50%) "), "in progress 50 percent");
        assert_eq!(plain("– / –"), "");
    }

    #[test]
    fn values_come_most_frequent_first() {
        let rows: Vec<Row> = (1..)
            .zip(["Status", "Open", "Closed", "OPEN ", "", "open"])
            .map(|(n, cell)| Row { n, cells: vec![cell.to_owned()] })
            .collect();
        let found = values(&rows, Header { row: 1, two: false }, 0);
        let said: Vec<_> = found.iter().map(|v| (v.shown.as_str(), v.rows)).collect();
        assert_eq!(said, [("Open", 3), ("Closed", 1)]);
    }

    #[test]
    fn choices_survive_their_keeping() {
        let mut choices = Choices { sheet: 1, header_row: Some(3), risk: "low".into(), ..Choices::default() };
        choices.columns.insert(2, Field::Action.as_str().to_owned());
        choices.meanings.entry("status".into()).or_default().insert("open".into(), "not_started".into());
        let kept: Choices = serde_json::from_value(serde_json::to_value(&choices).unwrap()).unwrap();
        assert_eq!(kept, choices);
        assert_eq!(kept.column(Field::Action), Some(2));
        assert_eq!(kept.meaning(Field::Status, " OPEN"), Some("not_started"));
        assert_eq!(kept.usual_risk(), Risk::Low);
    }
}
