//! Comma-separated values as RFC 4180 has them (CRLF at the end of a line), with the mark by which Excel knows UTF-8.

use std::borrow::Cow;

use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::{Cell, Column, Row};

/// The mark at the beginning of the file.
const BOM: &str = "\u{feff}";

/// The first line, and the mark before it.
///
/// # Errors
/// Never for lines in memory; said for the sake of the writer below.
pub fn head(columns: &[Column]) -> Result<Vec<u8>, csv::Error> {
    let mut out = BOM.as_bytes().to_vec();
    let titles: Row = columns.iter().map(|column| Cell::from(column.title)).collect();
    out.extend(lines(&[titles])?);
    Ok(out)
}

/// Rows as lines.
///
/// # Errors
/// As [`head`].
pub fn lines(rows: &[Row]) -> Result<Vec<u8>, csv::Error> {
    let mut out = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        // words are quoted: where a semicolon parts the cells of a spreadsheet, words with one in them stay one cell
        .quote_style(QuoteStyle::NonNumeric)
        .from_writer(Vec::new());
    for row in rows {
        out.write_record(row.iter().map(|cell| text(cell).into_owned().into_bytes()))?;
    }
    out.into_inner().map_err(|failed| csv::Error::from(failed.into_error()))
}

fn text(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Nothing => Cow::Borrowed(""),
        Cell::Text(text) => harmless(text),
        Cell::Number(number) => Cow::Owned(number.to_string()),
        Cell::Day(day) => Cow::Owned(day.to_string()),
        Cell::At(at) => Cow::Owned(at.format("%Y-%m-%d %H:%M:%S").to_string()),
    }
}

/// Words that a spreadsheet would read as a formula get an apostrophe before them, which makes them words. Those of a form
/// twice as wide count as well: some programs read them as the narrow ones.
fn harmless(text: &str) -> Cow<'_, str> {
    const LEADS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    // a mark nobody sees does not keep what follows it from being the first that is read
    let first = text.chars().find(|c| !matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\0'));
    match first.is_some_and(|c| LEADS.contains(&c)) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cells: Row) -> String {
        String::from_utf8(lines(&[cells]).unwrap()).unwrap()
    }

    #[test]
    fn a_file_begins_with_the_mark_and_its_headings() {
        let columns = [Column::new("Action", 10), Column::new("Due", 10)];
        assert_eq!(String::from_utf8(head(&columns).unwrap()).unwrap(), "\u{feff}\"Action\",\"Due\"\r\n");
    }

    #[test]
    fn words_are_quoted_and_numbers_and_dates_are_plain() {
        let day = "2026-11-21".parse().unwrap();
        let at = "2026-11-21T16:12:09".parse().unwrap();
        let cells = vec![
            Cell::from("say \"no\", twice\nor more"),
            Cell::Number(-4.5),
            Cell::Number(3.0),
            Cell::Day(day),
            Cell::At(at),
            Cell::Nothing,
        ];
        let wanted =
            "\"say \"\"no\"\", twice\nor more\",-4.5,3,\"2026-11-21\",\"2026-11-21 16:12:09\",\"\"\r\n";
        assert_eq!(line(cells), wanted);
    }

    #[test]
    fn no_words_are_a_formula() {
        for lead in ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", "\u{feff}=1", "\u{200b}=1"] {
            assert_eq!(line(vec![Cell::from(lead)]), format!("\"'{lead}\"\r\n"), "{lead:?}");
        }
        for plain in ["1=1", "a-b", " =1", "’=1", "£4"] {
            assert_eq!(harmless(plain), plain);
        }
        // with a semicolon between cells the second part of an unquoted line would be a cell of its own
        assert_eq!(line(vec![Cell::from("a;=1+1")]), "\"a;=1+1\"\r\n");
    }
}
