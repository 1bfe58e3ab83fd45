//! Workbooks. Merged cells say the same in each of their cells, as they read on paper.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{Read, Seek};

use calamine::{
    Data, DataRef, Dimensions, ExcelDateTime, Ods, Reader as _, SheetType, SheetVisible, Xls, Xlsx,
};

use super::{Budget, Sheet, TableRefusal, tidy};
use crate::domain::import::{MOST_COLUMNS, MOST_ROWS, Row};

/// The cells of a sheet with something in them, by row and column, both counted from 0.
type Cells = BTreeMap<u32, BTreeMap<usize, String>>;

/// Reads an Excel workbook, cell by cell: what lies far out takes no memory.
pub(super) fn xlsx<R: Read + Seek>(content: R) -> Result<Vec<Sheet>, TableRefusal> {
    let mut book = Xlsx::new(content).map_err(|error| match error {
        calamine::XlsxError::Password => TableRefusal::Locked,
        _ => TableRefusal::Damaged,
    })?;
    let (mut sheets, mut budget) = (Vec::new(), Budget::default());
    for name in shown(book.sheets_metadata()) {
        let mut cells = Cells::new();
        let mut reader = book.worksheet_cells_reader(&name).map_err(|_| TableRefusal::Damaged)?;
        while let Some(cell) = reader.next_cell().map_err(|_| TableRefusal::Damaged)? {
            let (row, column) = cell.get_position();
            put(&mut cells, &mut budget, &name, (row, column), &text_of_ref(cell.get_value()))?;
        }
        drop(reader);
        #[expect(deprecated, reason = "the newer one fails for a sheet without merged cells")]
        let merged = book.worksheet_merge_cells(&name).and_then(Result::ok).unwrap_or_default();
        fill(&mut cells, &merged, &mut budget)?;
        sheets.extend(sheet(name, cells));
    }
    Ok(sheets)
}

/// Reads a workbook of Excel 97 to 2003. Its bounds were looked at before: it is laid out whole.
pub(super) fn xls<R: Read + Seek>(content: R) -> Result<Vec<Sheet>, TableRefusal> {
    let mut book = Xls::new(content).map_err(|error| match error {
        calamine::XlsError::Password => TableRefusal::Locked,
        _ => TableRefusal::Damaged,
    })?;
    let (mut sheets, mut budget) = (Vec::new(), Budget::default());
    for name in shown(book.sheets_metadata()) {
        let range = book.worksheet_range(&name).map_err(|_| TableRefusal::Damaged)?;
        let merged = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
        let mut cells = laid_out(&range, &name, &mut budget)?;
        fill(&mut cells, &merged, &mut budget)?;
        sheets.extend(sheet(name, cells));
    }
    Ok(sheets)
}

/// Reads an OpenDocument spreadsheet. Its bounds were looked at before.
pub(super) fn ods<R: Read + Seek>(content: R) -> Result<Vec<Sheet>, TableRefusal> {
    let mut book = Ods::new(content).map_err(|error| match error {
        calamine::OdsError::Password => TableRefusal::Locked,
        _ => TableRefusal::Damaged,
    })?;
    let (mut sheets, mut budget) = (Vec::new(), Budget::default());
    for name in shown(book.sheets_metadata()) {
        let range = book.worksheet_range(&name).map_err(|_| TableRefusal::Damaged)?;
        let cells = laid_out(&range, &name, &mut budget)?;
        sheets.extend(sheet(name, cells));
    }
    Ok(sheets)
}

/// The sheets people see; all of them, if somebody hid them all.
fn shown(all: &[calamine::Sheet]) -> Vec<String> {
    let sheets = || all.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let names = |visible: bool| -> Vec<String> {
        sheets().filter(|s| !visible || s.visible == SheetVisible::Visible).map(|s| s.name.clone()).collect()
    };
    let visible = names(true);
    if visible.is_empty() { names(false) } else { visible }
}

fn laid_out(range: &calamine::Range<Data>, name: &str, budget: &mut Budget) -> Result<Cells, TableRefusal> {
    let mut cells = Cells::new();
    let (top, left) = range.start().unwrap_or_default();
    for (row, line) in (top..).zip(range.rows()) {
        for (column, data) in (left..).zip(line) {
            put(&mut cells, budget, name, (row, column), &text_of(data))?;
        }
    }
    Ok(cells)
}

fn put(
    cells: &mut Cells,
    budget: &mut Budget,
    sheet: &str,
    (row, column): (u32, u32),
    text: &str,
) -> Result<(), TableRefusal> {
    let text = tidy(text);
    if text.is_empty() {
        return Ok(());
    }
    let column = usize::try_from(column).unwrap_or(usize::MAX);
    if column >= MOST_COLUMNS {
        return Err(TableRefusal::TooManyColumns(tidy(sheet)));
    }
    budget.text(text.len())?;
    if !cells.contains_key(&row) {
        budget.row()?;
    }
    cells.entry(row).or_default().insert(column, text);
    Ok(())
}

/// Writes what the first of merged cells says into the others. Only into rows that say something themselves: a title merged over
/// a thousand rows makes no thousand rows.
fn fill(cells: &mut Cells, merged: &[Dimensions], budget: &mut Budget) -> Result<(), TableRefusal> {
    for area in merged.iter().take(MOST_ROWS) {
        let (first, last) = (area.start.0, area.end.0);
        let columns = area.start.1 as usize..=(area.end.1 as usize).min(MOST_COLUMNS - 1);
        let Some(text) = cells.get(&first).and_then(|row| row.get(columns.start())).cloned() else {
            continue;
        };
        if first > last {
            continue;
        }
        for (_, row) in cells.range_mut(first..=last) {
            for column in columns.clone() {
                if let Entry::Vacant(place) = row.entry(column) {
                    budget.text(text.len())?;
                    place.insert(text.clone());
                }
            }
        }
    }
    Ok(())
}

fn sheet(name: String, cells: Cells) -> Option<Sheet> {
    let row = |(n, cells): (u32, BTreeMap<usize, String>)| {
        let mut line = vec![String::new(); cells.keys().last().map_or(0, |last| last + 1)];
        for (column, text) in cells {
            if let Some(place) = line.get_mut(column) {
                *place = text;
            }
        }
        Row { n: n + 1, cells: line }
    };
    let rows: Vec<Row> = cells.into_iter().map(row).collect();
    (!rows.is_empty()).then(|| Sheet { name: tidy(&name), rows })
}

fn text_of(data: &Data) -> String {
    match data {
        Data::Int(n) => n.to_string(),
        Data::Float(n) => number(*n),
        Data::String(s) | Data::DateTimeIso(s) | Data::DurationIso(s) => s.clone(),
        Data::Bool(yes) => yes_or_no(*yes),
        Data::DateTime(at) => day(at),
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}

fn text_of_ref(data: &DataRef<'_>) -> String {
    match data {
        DataRef::SharedString(s) => (*s).to_owned(),
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(n) => number(*n),
        DataRef::String(s) | DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => s.clone(),
        DataRef::Bool(yes) => yes_or_no(*yes),
        DataRef::DateTime(at) => day(at),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

fn yes_or_no(yes: bool) -> String {
    if yes { "Yes".to_owned() } else { "No".to_owned() }
}

fn number(n: f64) -> String {
    // 7.0 is written 7; a sum such as 0.1 + 0.2 as people would read it
    let rounded = (n * 1e9).round() / 1e9;
    if rounded.is_finite() { format!("{rounded}") } else { String::new() }
}

fn day(at: &ExcelDateTime) -> String {
    if !at.is_datetime() {
        return number(at.as_f64());
    }
    let (year, month, day, hour, minute, ..) = at.to_ymd_hms_milli();
    let time = if (hour, minute) == (0, 0) { String::new() } else { format!(" {hour:02}:{minute:02}") };
    format!("{year:04}-{month:02}-{day:02}{time}")
}
