//! Text with separators, as it comes: UTF-8 with or without its mark, UTF-16, Windows-1252; commas, semicolons, tabs or bars.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::{Budget, Sheet, TableRefusal, tidy};
use crate::domain::import::{MOST_COLUMNS, Row};

/// How many lines are looked at to find out what separates columns.
const LOOKED_AT: usize = 30;

/// Reads the rows.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Sheet>, TableRefusal> {
    // a line end of two signs would be counted after its row
    let text = decoded(bytes)?.replace("\r\n", "\n").replace('\r', "\n");
    // Excel says so itself, in a first line nobody sees
    let (said, text, skipped) = match text.split_once('\n') {
        Some((first, rest))
            if first.trim().len() == 5 && first.trim().to_ascii_lowercase().starts_with("sep=") =>
        {
            (first.trim().bytes().last(), rest.to_owned(), 1)
        }
        _ => (None, text, 0),
    };
    let separator = said.unwrap_or_else(|| guess(&text));
    let mut text = text;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let (mut rows, mut budget) = (Vec::new(), Budget::default());
    let (mut record, mut inside) = (::csv::StringRecord::new(), 0);
    while reader.read_record(&mut record).map_err(|_| TableRefusal::Damaged)? {
        // a row with line ends inside its cells is one row of the spreadsheet
        inside += record.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>();
        let line = reader.position().line().saturating_sub(1 + inside) + skipped;
        let mut cells: Vec<String> = record.iter().map(tidy).collect();
        while cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        if cells.is_empty() {
            continue;
        }
        if cells.len() > MOST_COLUMNS {
            return Err(TableRefusal::TooManyColumns("CSV".to_owned()));
        }
        budget.row()?;
        budget.text(cells.iter().map(String::len).sum())?;
        rows.push(Row { n: u32::try_from(line).unwrap_or(u32::MAX), cells });
    }
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Sheet { name: "CSV".to_owned(), rows }])
}

/// The text; bytes that are none, a photo called .csv for instance, are damage.
fn decoded(bytes: &[u8]) -> Result<String, TableRefusal> {
    let (encoding, mark) = Encoding::for_bom(bytes)
        .unwrap_or_else(|| (if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { WINDOWS_1252 }, 0));
    let (text, _) = encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default());
    let strange = text
        .chars()
        .any(|c| c == '\0' || (c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{80}'..='\u{9f}')));
    if strange { Err(TableRefusal::Damaged) } else { Ok(text.into_owned()) }
}

/// The sign that parts the first lines most evenly; signs inside quotation marks part nothing.
fn guess(text: &str) -> u8 {
    let mut quoted = false;
    let mut lines: Vec<[usize; 4]> = vec![[0; 4]];
    for c in text.chars().take(64 * 1024) {
        match c {
            '"' => quoted = !quoted,
            '\n' if !quoted => {
                if lines.len() == LOOKED_AT {
                    break;
                }
                lines.push([0; 4]);
            }
            _ if !quoted => {
                let at = SIGNS.iter().position(|sign| char::from(*sign) == c);
                if let Some(count) = at.and_then(|at| lines.last_mut()?.get_mut(at)) {
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    // in how many lines it stands as often as in the line that has it most often, then how often
    let weight = |at: usize| {
        let counts: Vec<usize> = lines.iter().filter_map(|line| line.get(at).copied()).collect();
        let most = counts.iter().copied().max().unwrap_or(0);
        (if most == 0 { 0 } else { counts.iter().filter(|count| **count == most).count() }, most)
    };
    let best = (0..SIGNS.len()).rev().max_by_key(|at| weight(*at)).unwrap_or(0);
    SIGNS.get(best).copied().unwrap_or(b',')
}

/// What separates columns, the usual first.
const SIGNS: [u8; 4] = [b',', b';', b'\t', b'|'];
