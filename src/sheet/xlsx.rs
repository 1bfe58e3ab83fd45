//! A workbook with two sheets: the rows, and what is said about them. Rows go to a file without a name as they come, so that
//! memory does not grow with them and nothing is left behind, not even by a crash.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::Path;

use rust_xlsxwriter::{DocProperties, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::{About, Cell, Column, Row};

/// The most rows of a sheet, its headings not counted: what programs for spreadsheets can open, and a little less. What is beyond
/// them goes on on another sheet.
const MOST_ROWS: u32 = 1_000_000;
/// The most characters of a cell that Excel opens.
const MOST_LETTERS: usize = 32_767;
/// What stands at the end of what was longer.
const CUT: &str = " … (cut)";

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// More rows.
    Rows(Vec<Row>),
    /// That was all.
    End,
    /// They will not come.
    Gone,
}

/// Why there is no workbook.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The rows ended in the middle.
    #[error("the rows of a list ended in the middle")]
    Gone,
    /// It could not be written.
    #[error("a workbook could not be written: {0}")]
    Book(#[from] XlsxError),
    /// Nor could its file.
    #[error("the file of a workbook could not be written: {0}")]
    File(#[from] std::io::Error),
}

struct Formats {
    head: Format,
    day: Format,
    at: Format,
    text: Format,
}

impl Formats {
    fn new() -> Self {
        let top = || Format::new().set_align(FormatAlign::Top);
        Self {
            head: Format::new().set_bold().set_background_color(0x000a_3540).set_font_color(0x00ff_ffff),
            day: top().set_num_format("d mmmm yyyy").set_align(FormatAlign::Left),
            at: top().set_num_format("d mmmm yyyy hh:mm").set_align(FormatAlign::Left),
            text: top().set_text_wrap(),
        }
    }
}

/// Writes a workbook of the rows that `next` gives until the end, to a file without a name in `folder`, which is ready to be read
/// from its beginning. Answers with how many rows there are.
///
/// # Errors
/// As [`SheetError`] says.
pub fn write(
    folder: &Path,
    columns: &[Column],
    about: &About,
    mut next: impl FnMut() -> Next,
) -> Result<(File, u64), SheetError> {
    std::fs::create_dir_all(folder)?;
    let mut book = Workbook::new();
    book.set_tempdir(folder)?;
    book.set_properties(&DocProperties::new().set_title(&about.title).set_author("Throughline"));
    let formats = Formats::new();
    let mut total = 0;
    let (mut rows, mut ended) = (Vec::new().into_iter(), false);
    let mut sheets = 0_u32;
    while sheets == 0 || !ended || rows.len() > 0 {
        sheets += 1;
        let sheet = begin(&mut book, sheets, columns, &formats)?;
        let mut at = 0;
        while at < MOST_ROWS {
            let Some(row) = rows.next() else {
                match if ended { Next::End } else { next() } {
                    Next::Rows(more) => rows = more.into_iter(),
                    Next::End => {
                        ended = true;
                        break;
                    }
                    Next::Gone => return Err(SheetError::Gone),
                }
                continue;
            };
            at += 1;
            cells(sheet, at, &row, &formats)?;
        }
        let last = u16::try_from(columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
        sheet.autofilter(0, 0, at, last)?;
        total += u64::from(at);
    }
    tell(&mut book, about, total)?;
    let mut file = BufWriter::new(tempfile::tempfile_in(folder)?);
    book.save_to_writer(&mut file)?;
    file.flush()?;
    let mut file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok((file, total))
}

/// A sheet with its headings.
fn begin<'a>(
    book: &'a mut Workbook,
    number: u32,
    columns: &[Column],
    formats: &Formats,
) -> Result<&'a mut Worksheet, SheetError> {
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name(if number == 1 { "List".to_owned() } else { format!("List {number}") })?;
    sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?.set_landscape().set_print_fit_to_pages(1, 0);
    for (at, column) in (0..).zip(columns) {
        sheet.set_column_width(at, column.width)?;
    }
    for (at, column) in (0..).zip(columns) {
        sheet.write_string_with_format(0, at, column.title, &formats.head)?;
    }
    Ok(sheet)
}

/// What a sheet of its own says about the list.
fn tell(book: &mut Workbook, about: &About, rows: u64) -> Result<(), SheetError> {
    let sheet = book.add_worksheet();
    sheet.set_name("About this list")?;
    sheet.set_column_width(0, 24)?.set_column_width(1, 70)?;
    let (bold, wrapped) = (Format::new().set_bold(), Format::new().set_text_wrap());
    sheet.write_string_with_format(0, 0, about.title.as_str(), &bold)?;
    let mut at = 1;
    for (label, words) in &about.facts {
        sheet.write_string_with_format(at, 0, *label, &bold)?;
        sheet.write_string_with_format(at, 1, cut(words), &wrapped)?;
        at += 1;
    }
    sheet.write_string_with_format(at, 0, "Rows", &bold)?;
    #[expect(clippy::cast_precision_loss, reason = "nobody has so many")]
    sheet.write_number(at, 1, rows as f64)?;
    Ok(())
}

/// Writes a row. Words are written as words: nothing in a list is ever a formula or a link.
fn cells(sheet: &mut Worksheet, row: u32, cells: &[Cell], formats: &Formats) -> Result<(), XlsxError> {
    for (column, cell) in (0..).zip(cells) {
        match cell {
            Cell::Nothing => {}
            Cell::Text(text) => {
                sheet.write_string_with_format(row, column, cut(text), &formats.text)?;
            }
            Cell::Number(number) => {
                sheet.write_number_with_format(row, column, *number, &formats.text)?;
            }
            Cell::Day(day) => {
                sheet.write_datetime_with_format(row, column, day, &formats.day)?;
            }
            Cell::At(at) => {
                sheet.write_datetime_with_format(row, column, at, &formats.at)?;
            }
        }
    }
    Ok(())
}

/// As much of it as a cell can hold.
fn cut(text: &str) -> String {
    if text.encode_utf16().count() <= MOST_LETTERS {
        return text.to_owned();
    }
    let mut left = MOST_LETTERS - CUT.encode_utf16().count();
    let fits = |c: &char| {
        left = left.saturating_sub(c.len_utf16());
        left > 0
    };
    let mut short: String = text.chars().take_while(fits).collect();
    short.push_str(CUT);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_for_a_cell_is_cut_and_says_so() {
        assert_eq!(cut("short"), "short");
        let whole = "x".repeat(MOST_LETTERS);
        assert_eq!(cut(&whole), whole);
        for letter in ["x", "é", "🙂"] {
            let short = cut(&letter.repeat(MOST_LETTERS + 1));
            let length = short.encode_utf16().count();
            assert!(
                length <= MOST_LETTERS && length > MOST_LETTERS - 4 && short.ends_with(CUT),
                "{letter} {length}"
            );
        }
    }

    #[test]
    fn rows_that_never_end_are_no_workbook() {
        let folder = std::env::temp_dir();
        let about = About { title: "Actions".into(), facts: Vec::new() };
        let columns = [Column::new("Action", 10)];
        let gone = write(&folder, &columns, &about, || Next::Gone);
        assert!(matches!(gone, Err(SheetError::Gone)));
    }
}
