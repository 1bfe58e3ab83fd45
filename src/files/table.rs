//! Spreadsheets that are read, not kept: XLSX, XLSM, XLS, OpenDocument and CSV become rows of text.
//!
//! A file is streamed to the disk, checked, read on a thread of its own, one at a time in the whole program, and gone. Nothing in
//! it runs: of a formula the value counts that its own program last worked out, of a workbook with macros only the cells.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::path::Path;

use bytes::Bytes;
use futures_util::Stream;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::incoming::Incoming;
use super::store::{EvidenceStore, ReceiveError, StoreFailure, apart};
use super::{ContentHash, FileName, FileRefusal, Trouble, office};
use crate::domain::import::{LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, Row};
use crate::domain::words;

/// Workbooks: XLSX, XLS, OpenDocument.
mod book;
/// What a workbook holds, before it is laid out in memory.
mod bounds;
/// Text with separators.
mod csv;

/// Reading takes memory and a processor: one at a time.
static READING: Semaphore = Semaphore::const_new(1);

/// The most bytes of text of one file.
const MOST_TEXT: usize = 64 * 1024 * 1024;

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its cleaned name.
    pub name: FileName,
    /// The hash of the file as it was sent.
    pub sha256: ContentHash,
    /// Its sheets with something in them.
    pub sheets: Vec<Sheet>,
}

/// A sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// Its rows that have something in them.
    pub rows: Vec<Row>,
}

impl Sheet {
    /// How many columns there are.
    #[must_use]
    pub fn width(&self) -> usize {
        self.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0)
    }
}

/// Why a file is not read: a sentence for the sender.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TableRefusal {
    /// No bytes.
    #[error("This file is empty. Choose another")]
    Empty,
    /// Too many bytes.
    #[error(
        "This file is larger than 25 MB. Save the sheet you want to bring as a file of its own, and send that"
    )]
    TooLarge,
    /// Not a kind that is read.
    #[error("Send an Excel workbook (.xlsx or .xls), an OpenDocument spreadsheet (.ods) or a CSV file")]
    Ending,
    /// The ending says one thing, the content another.
    #[error(
        "This file's name ends in .{0}, but it is not one inside. Open it in your spreadsheet program, save it again and send that"
    )]
    Mismatch(String),
    /// It asks for a password.
    #[error("This file is protected by a password. Remove the password and send it again")]
    Locked,
    /// A bomb, or something that looks like one.
    #[error(
        "This file unpacks to far more than can be read. Copy the rows you want to bring into a new spreadsheet, and send that"
    )]
    TooMuchInside,
    /// Too many rows.
    #[error("This file has more than {most} rows with something in them. Save the sheet you want to bring as a file of its own, in parts if need be", most = words::number(MOST_ROWS as u64))]
    TooManyRows,
    /// Too many columns.
    #[error(
        "The sheet “{0}” has more than {MOST_COLUMNS} columns with something in them. Copy the columns you want to bring into a new spreadsheet, and send that"
    )]
    TooManyColumns(String),
    /// Cut short or put together wrongly.
    #[error(
        "This file is damaged or incomplete. Open it in your spreadsheet program, save it again and send that"
    )]
    Damaged,
    /// Nothing in it.
    #[error("There is nothing in this file's sheets. Choose another")]
    NothingInside,
}

impl From<FileRefusal> for TableRefusal {
    fn from(refusal: FileRefusal) -> Self {
        match refusal {
            FileRefusal::Empty => Self::Empty,
            FileRefusal::TooLarge => Self::TooLarge,
            FileRefusal::Locked => Self::Locked,
            FileRefusal::TooMuchInside => Self::TooMuchInside,
            _ => Self::Damaged,
        }
    }
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file will not do.
    #[error(transparent)]
    Refused(#[from] TableRefusal),
    /// The sender went away.
    #[error("the upload broke off: {0}")]
    Interrupted(String),
    /// The disk failed: for the log.
    #[error(transparent)]
    Failed(#[from] StoreFailure),
}

impl From<Trouble> for TableError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(refusal) => Self::Refused(refusal.into()),
            Trouble::Disk(error) => Self::Failed(StoreFailure::new(error)),
        }
    }
}

impl From<std::io::Error> for TableError {
    fn from(error: std::io::Error) -> Self {
        Trouble::from(error).into()
    }
}

impl EvidenceStore {
    /// Reads a spreadsheet as it comes. Nothing of the file is left afterwards.
    ///
    /// # Errors
    /// Refused with a sentence, broken off, or the disk failed.
    pub async fn read_table<S, E>(&self, raw_name: &str, content: S) -> Result<Table, TableError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: fmt::Display,
    {
        let name = FileName::clean(raw_name);
        let kind = Kind::of_ending(&name.ending()).ok_or(TableRefusal::Ending)?;
        let sent = Incoming::new(self.incoming());
        sent.fill(content).await.map_err(|error| match error {
            ReceiveError::Refused(refusal) => TableError::Refused(refusal.into()),
            ReceiveError::Interrupted(cause) => TableError::Interrupted(cause),
            ReceiveError::Failed(failure) => TableError::Failed(failure),
        })?;
        let turn = READING.acquire().await.map_err(StoreFailure::new)?;
        let table = apart(move || {
            let table = read(name, kind, &sent.path);
            drop(sent);
            table
        });
        let table = table.await?;
        drop(turn);
        table
    }
}

/// What an ending promises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Excel,
    OldExcel,
    OpenDocument,
    Separated,
}

impl Kind {
    fn of_ending(ending: &str) -> Option<Self> {
        match ending {
            "xlsx" | "xlsm" => Some(Self::Excel),
            "xls" => Some(Self::OldExcel),
            "ods" => Some(Self::OpenDocument),
            "csv" | "tsv" | "txt" => Some(Self::Separated),
            _ => None,
        }
    }
}

const ZIP: &[u8] = b"PK\x03\x04";
const OLE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

fn read(name: FileName, kind: Kind, path: &Path) -> Result<Table, TableError> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut head = Vec::new();
    (&file).take(8).read_to_end(&mut head)?;
    file.rewind()?;
    let (zip, ole) = (head.starts_with(ZIP), head == OLE);
    let mismatch = || TableRefusal::Mismatch(name.ending());
    let sheets = match kind {
        _ if size == 0 => return Err(TableRefusal::Empty.into()),
        // a workbook with a password is packed into the old format, whatever it is called
        Kind::Excel if ole => return Err(TableRefusal::Locked.into()),
        Kind::Excel | Kind::OpenDocument if zip => match (office::spreadsheet(&mut file, size)?, kind) {
            (Some(true), Kind::Excel) => book::xlsx(rewound(file)?)?,
            (Some(false), Kind::OpenDocument) => {
                bounds::of_ods(rewound(file.try_clone()?)?)?;
                book::ods(rewound(file)?)?
            }
            _ => return Err(mismatch().into()),
        },
        Kind::OldExcel if ole => {
            bounds::of_xls(rewound(file.try_clone()?)?)?;
            book::xls(rewound(file)?)?
        }
        Kind::Separated if !zip && !ole => {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            csv::read(&bytes)
                .map_err(|refusal| if refusal == TableRefusal::Damaged { mismatch() } else { refusal })?
        }
        _ => return Err(mismatch().into()),
    };
    if sheets.is_empty() {
        return Err(TableRefusal::NothingInside.into());
    }
    Ok(Table { sha256: hash(path)?, name, sheets })
}

fn rewound(mut file: File) -> Result<BufReader<File>, TableError> {
    file.rewind()?;
    Ok(BufReader::new(file))
}

fn hash(path: &Path) -> Result<ContentHash, TableError> {
    let mut file = File::open(path)?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        let length = file.read(&mut piece)?;
        let Some(read) = piece.get(..length).filter(|read| !read.is_empty()) else { break };
        hash.update(read);
    }
    Ok(ContentHash::from(<[u8; 32]>::from(hash.finalize())))
}

/// How much was read of a file until now.
#[derive(Default)]
struct Budget {
    rows: usize,
    text: usize,
}

impl Budget {
    /// Counts a row with something in it.
    fn row(&mut self) -> Result<(), TableRefusal> {
        self.rows += 1;
        if self.rows > MOST_ROWS { Err(TableRefusal::TooManyRows) } else { Ok(()) }
    }

    fn text(&mut self, length: usize) -> Result<(), TableRefusal> {
        self.text += length;
        if self.text > MOST_TEXT { Err(TableRefusal::TooMuchInside) } else { Ok(()) }
    }
}

/// The text of a cell without what nobody typed: other control signs, blanks at the ends, what is longer than any tracker's.
fn tidy(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace(['\r', '\u{2028}'], "\n").replace('\u{a0}', " ");
    let kept = lines.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(LONGEST_CELL);
    kept.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests;
