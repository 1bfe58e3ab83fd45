//! How far a workbook reaches, found out before it is laid out in memory: two cells in opposite corners are enough for a
//! gigabyte of nothing between them.

use std::io::{BufReader, Read, Seek};

use quick_xml::events::{BytesStart, Event};

use super::TableRefusal;
use crate::domain::import::MOST_COLUMNS;

/// The lowest row with something in it.
const LOWEST: u64 = 40_000;
/// The most cells of all sheets together, empty ones between others counted.
const MOST_CELLS: u64 = 6_000_000;

/// How far the sheets reach until now.
#[derive(Default)]
struct Reach {
    before: u64,
    rows: u64,
    columns: u64,
}

impl Reach {
    fn cell(&mut self, row: u64, column: u64) -> Result<(), TableRefusal> {
        self.rows = self.rows.max(row + 1);
        self.columns = self.columns.max(column + 1);
        if self.rows > LOWEST {
            return Err(TableRefusal::TooManyRows);
        }
        if self.columns > MOST_COLUMNS as u64 * 3 || self.before + self.rows * self.columns > MOST_CELLS {
            return Err(TableRefusal::TooMuchInside);
        }
        Ok(())
    }

    fn next_sheet(&mut self) {
        self.before += self.rows * self.columns;
        (self.rows, self.columns) = (0, 0);
    }
}

/// Looks through the records of a workbook of Excel 97 to 2003.
pub(super) fn of_xls<R: Read + Seek>(content: R) -> Result<(), TableRefusal> {
    let mut packed = cfb::CompoundFile::open(content).map_err(|_| TableRefusal::Damaged)?;
    let mut stream = match packed.open_stream("/Workbook") {
        Ok(stream) => stream,
        Err(_) => packed.open_stream("/Book").map_err(|_| TableRefusal::Damaged)?,
    };
    let mut reach = Reach::default();
    let mut head = [0_u8; 4];
    while read_whole(&mut stream, &mut head) {
        let [kind_low, kind_high, low, high] = head;
        let (kind, length) = (u16::from_le_bytes([kind_low, kind_high]), u16::from_le_bytes([low, high]));
        let mut body = vec![0_u8; usize::from(length)];
        if !read_whole(&mut stream, &mut body) {
            return Err(TableRefusal::Damaged);
        }
        match kind {
            0x0809 => reach.next_sheet(),
            // a workbook with a password
            0x002F if body.first_chunk::<2>().is_some_and(|kind| *kind != [0, 0]) => {
                return Err(TableRefusal::Locked);
            }
            // formula, several numbers, blank, number, label, boolean, its old forms, shared string, rich string
            0x0006
            | 0x00BD
            | 0x00BE
            | 0x0201
            | 0x0203
            | 0x0204
            | 0x0205
            | 0x027E
            | 0x00FD
            | 0x00D6
            | 0x0001..=0x0005 => {
                if let Some([row_low, row_high, column_low, column_high]) = body.first_chunk::<4>() {
                    let row = u16::from_le_bytes([*row_low, *row_high]);
                    let mut column = u16::from_le_bytes([*column_low, *column_high]);
                    // several numbers end with their last column
                    if let (0x00BD, Some([low, high])) = (kind, body.last_chunk::<2>()) {
                        column = column.max(u16::from_le_bytes([*low, *high]));
                    }
                    reach.cell(row.into(), column.into())?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Fills the buffer; false at the end of the stream.
fn read_whole(stream: &mut impl Read, into: &mut [u8]) -> bool {
    stream.read_exact(into).is_ok()
}

/// Looks through the rows of an OpenDocument spreadsheet.
pub(super) fn of_ods<R: Read + Seek>(content: R) -> Result<(), TableRefusal> {
    let mut archive = zip::ZipArchive::new(content).map_err(|_| TableRefusal::Damaged)?;
    let part = archive.by_name("content.xml").map_err(|_| TableRefusal::Damaged)?;
    let mut reader = quick_xml::Reader::from_reader(BufReader::new(part));
    let mut reach = Reach::default();
    let (mut row, mut column, mut next) = (0, 0, 0);
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer).map_err(|_| TableRefusal::Damaged)? {
            Event::Eof => return Ok(()),
            Event::Start(tag) | Event::Empty(tag) => match tag.name().as_ref() {
                "table:table" => {
                    reach.next_sheet();
                    (row, column, next) = (0, 0, 0);
                }
                "table:table-row" => {
                    (row, column) = (next, 0);
                    next += repeated(&tag, "table:number-rows-repeated");
                }
                "table:table-cell" | "table:covered-table-cell" => {
                    column += repeated(&tag, "table:number-columns-repeated");
                    let filled = tag.attributes().flatten().any(|a| a.key.as_ref() == "office:value-type");
                    if filled {
                        reach.cell(next.max(row + 1) - 1, column - 1)?;
                    }
                }
                _ => {}
            },
            _ => {}
        }
        buffer.clear();
    }
}

fn repeated(tag: &BytesStart<'_>, name: &str) -> u64 {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.as_ref() == name);
    found.and_then(|attribute| attribute.value.parse().ok()).unwrap_or(1).clamp(1, 1 << 30)
}
