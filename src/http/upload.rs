//! Forms with files: the text is kept as typed, each file is streamed to the evidence store as it comes.
//!
//! What is wrong with a file does not stop the rest: the others are taken, the text is read to its end, and the page can
//! say all of it at once.

use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use futures_util::StreamExt as _;

use crate::app::AppState;
use crate::domain::evidence::{MOST_FILES, NO_ROOM, Waiting};
use crate::error::AppError;
use crate::files::store::{ReceiveError, Stored};
use crate::files::table::{Table, TableError};
use crate::files::{FileName, MAX_SIZE};
use crate::http::extract::{self, read_pairs};
use crate::http::form::Draft;
use crate::http::kept::LOST;
use crate::workflow::{Actor, evidence};

/// The most bytes of a form with files. More than ten files of 25 MiB: an eleventh, or one that is too large, is read
/// past, so that the page can say so and keep what was typed.
pub const LIMIT: usize = 512 * 1024 * 1024;
/// The most bytes of one text field, as for forms without files.
const TEXT_LIMIT: usize = super::FORM_LIMIT;
/// The most fields, texts and files together.
const MOST_FIELDS: usize = 200;

const BROKEN: &str = "What was sent broke off before it was complete. Send it again.";
const NOT_TEXT: &str =
    "Some of what was sent is not text that can be read. Go back, type it again and send it.";

/// A form with files, as it was sent.
#[derive(Debug, Default)]
pub struct Sent {
    /// The text fields, with a sentence for each field whose files were not taken.
    pub draft: Draft,
    /// The files that were taken, with the field each came in.
    pub files: Vec<(String, Stored)>,
    /// Whether the store failed: nothing the person can put right.
    pub store_failed: bool,
}

/// Reads a form with or without files. Files are those of fields that begin with `file-`; those already named in
/// fields that begin with `kept-` count as files of this form as well.
///
/// # Errors
/// The form broke off, is not one, or its texts cannot be read; the files taken until then are orphans for the sweep.
pub async fn read(app: &AppState, by: &Actor, request: Request) -> Result<Sent, AppError> {
    if extract::is_urlencoded(request.headers()) {
        let body = axum::body::Bytes::from_request(request, &())
            .await
            .map_err(|rejection| AppError::from_status(rejection.status()).unwrap_or(AppError::TooLarge))?;
        return Ok(Sent { draft: Draft::from_pairs(read_pairs(&body)?), ..Sent::default() });
    }
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| AppError::UnsupportedKind)?;
    let mut reader = Reader::default();
    let mut fields = 0;
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        fields += 1;
        if fields > MOST_FIELDS {
            return Err(AppError::TooLarge);
        }
        reader.field(app, by, field).await?;
    }
    Ok(reader.finish())
}

#[derive(Default)]
struct Reader {
    pairs: Vec<(String, String)>,
    files: Vec<(String, Stored)>,
    refused: Vec<(String, String)>,
    offered: usize,
    text: usize,
    waiting: Option<Waiting>,
    store_failed: bool,
}

impl Reader {
    async fn field(&mut self, app: &AppState, by: &Actor, field: Field<'_>) -> Result<(), AppError> {
        let name = field.name().unwrap_or_default().to_owned();
        if name.starts_with("file-") {
            return self.file(app, by, name, field).await;
        }
        let text = read_text(field, TEXT_LIMIT.saturating_sub(self.text)).await?;
        self.text += text.len() + name.len();
        self.offered += usize::from(name.starts_with("kept-"));
        self.pairs.push((name, text));
        Ok(())
    }

    async fn file(
        &mut self,
        app: &AppState,
        by: &Actor,
        name: String,
        mut field: Field<'_>,
    ) -> Result<(), AppError> {
        let raw_name = field.file_name().unwrap_or_default().to_owned();
        let first = field.chunk().await.map_err(|error| broken(&error))?;
        let first = first.unwrap_or_default();
        // a file input nobody used is sent as a file without name and content
        if raw_name.is_empty() && first.is_empty() {
            return skip(field).await;
        }
        self.offered += 1;
        if self.offered > MOST_FILES {
            self.refused.push((name, String::new()));
            return skip(field).await;
        }
        if !self.has_room(app, by).await? {
            self.refused.push((name, format!("{} {NO_ROOM}", FileName::clean(&raw_name))));
            return skip(field).await;
        }
        let mut lost = None;
        let rest = (&mut field).map(|piece| piece.inspect_err(|error| lost = Some(broken(error))));
        let content = futures_util::stream::iter([Ok(first)]).chain(rest);
        let received = app.evidence.receive(by.provider, &raw_name, Box::pin(content)).await;
        match received {
            Ok(stored) => self.files.push((name, stored)),
            Err(ReceiveError::Refused(refusal)) => {
                self.refused.push((name, format!("{}: {refusal}", FileName::clean(&raw_name))));
            }
            Err(ReceiveError::Interrupted(cause)) => {
                tracing::info!(cause, "an upload broke off");
                return Err(lost.unwrap_or_else(|| AppError::bad_request(BROKEN)));
            }
            Err(ReceiveError::Failed(failure)) => {
                tracing::error!(cause = %failure, "the evidence store failed");
                self.store_failed = true;
                let file = FileName::clean(&raw_name);
                self.refused
                    .push((name, format!("{file} could not be stored just now. Send it again in a minute")));
            }
        }
        skip(field).await
    }

    /// Whether one more file may wait for this member. Asked before it is stored, so that what is refused takes no room
    /// on the disk; [`evidence::keep`] asks again with everybody else held off.
    async fn has_room(&mut self, app: &AppState, by: &Actor) -> Result<bool, AppError> {
        let before = match self.waiting {
            Some(waiting) => waiting,
            None => evidence::waiting(app, by).await?,
        };
        self.waiting = Some(before);
        let stored = self.files.iter().try_fold(before, |sum, (_, file)| sum.with(file.size));
        Ok(stored.and_then(|sum| sum.with(1)).is_some())
    }

    fn finish(self) -> Sent {
        let mut draft = Draft::from_pairs(self.pairs);
        let too_many =
            format!("Choose at most {MOST_FILES} files at a time; send the others with another update");
        let mut told: Vec<&String> = Vec::new();
        for (field, _) in &self.refused {
            if told.contains(&field) {
                continue;
            }
            told.push(field);
            let mut sentences: Vec<&str> = Vec::new();
            for (_, sentence) in self.refused.iter().filter(|(other, _)| other == field) {
                let sentence = if sentence.is_empty() { too_many.as_str() } else { sentence.as_str() };
                if !sentences.contains(&sentence) {
                    sentences.push(sentence);
                }
            }
            draft.refuse(field, sentences.join(". "));
        }
        Sent { draft, files: self.files, store_failed: self.store_failed }
    }
}

/// The file input of a form that brings a spreadsheet to be read.
pub const TABLE: &str = "file-table";

/// Reads a form with one spreadsheet, which is read as it comes and kept nowhere. What is wrong with it stands beside its input.
///
/// # Errors
/// The form broke off, is not one, or its texts cannot be read; the disk failed.
pub async fn read_table(app: &AppState, request: Request) -> Result<(Draft, Option<Table>), AppError> {
    if extract::is_urlencoded(request.headers()) {
        let sent = axum::body::Bytes::from_request(request, &())
            .await
            .map_err(|rejection| AppError::from_status(rejection.status()).unwrap_or(AppError::TooLarge))?;
        let mut draft = Draft::from_pairs(read_pairs(&sent)?);
        draft.refuse(TABLE, "Choose a file");
        return Ok((draft, None));
    }
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| AppError::UnsupportedKind)?;
    let (mut pairs, mut refused, mut table) = (Vec::new(), None, None);
    while let Some(mut field) = form.next_field().await.map_err(|error| broken(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        if pairs.len() > MOST_FIELDS {
            return Err(AppError::TooLarge);
        }
        if name != TABLE || table.is_some() {
            let text = read_text(field, TEXT_LIMIT).await?;
            pairs.push((name, text));
            continue;
        }
        let raw_name = field.file_name().unwrap_or_default().to_owned();
        let mut lost = None;
        let content = (&mut field).map(|piece| piece.inspect_err(|error| lost = Some(broken(error))));
        match app.evidence.read_table(&raw_name, Box::pin(content)).await {
            _ if raw_name.is_empty() => refused = Some("Choose a file".to_owned()),
            Ok(read) => table = Some(read),
            Err(TableError::Refused(refusal)) => refused = Some(refusal.to_string()),
            Err(TableError::Interrupted(_)) => {
                return Err(lost.unwrap_or_else(|| AppError::bad_request(BROKEN)));
            }
            Err(TableError::Failed(failure)) => return Err(AppError::internal(failure)),
        }
        skip(field).await?;
    }
    let mut draft = Draft::from_pairs(pairs);
    if table.is_none() {
        draft.refuse(TABLE, refused.unwrap_or_else(|| "Choose a file".to_owned()));
    }
    Ok((draft, table))
}

/// The most bytes that are read of a form with files when nobody is signed in any more.
const SIGNED_OUT_LIMIT: usize = 128 * 1024 * 1024;

/// The text fields of a form with files that cannot be taken, because nobody is signed in any more; for each file its
/// name, as a field that begins with [`LOST`]. Of a form that breaks off, or is too large, what came until then.
pub async fn texts_only(request: Request) -> Vec<(String, String)> {
    if extract::is_urlencoded(request.headers()) {
        return Vec::new(); // kept already, as every ordinary form
    }
    let Ok(mut form) = Multipart::from_request(request, &()).await else { return Vec::new() };
    let mut pairs: Vec<(String, String)> = Vec::new();
    let (mut read, mut text) = (0, 0);
    while let Ok(Some(mut field)) = form.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        if pairs.len() > MOST_FIELDS || read > SIGNED_OUT_LIMIT {
            break;
        }
        if let Some(block) = name.strip_prefix("file-") {
            let file = FileName::clean(field.file_name().unwrap_or_default()).to_string();
            let mut size = 0;
            while let Ok(Some(piece)) = field.chunk().await {
                size += piece.len();
                if read + size > SIGNED_OUT_LIMIT {
                    break;
                }
            }
            if size > 0 {
                pairs.push((format!("{LOST}{block}"), file));
            }
            read += size;
            continue;
        }
        let Ok(value) = read_text(field, TEXT_LIMIT.saturating_sub(text)).await else { break };
        text += value.len();
        pairs.push((name, value));
    }
    pairs
}

/// Reads past the rest of a field.
async fn skip(mut field: Field<'_>) -> Result<(), AppError> {
    while field.chunk().await.map_err(|error| broken(&error))?.is_some() {}
    Ok(())
}

async fn read_text(mut field: Field<'_>, most: usize) -> Result<String, AppError> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|error| broken(&error))? {
        if bytes.len() + piece.len() > most {
            return Err(AppError::TooLarge);
        }
        bytes.extend_from_slice(&piece);
    }
    String::from_utf8(bytes).map_err(|_| AppError::bad_request(NOT_TEXT))
}

fn broken(error: &MultipartError) -> AppError {
    match error.status() {
        axum::http::StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge,
        _ => AppError::bad_request(BROKEN),
    }
}

/// The sentence below a file input.
#[must_use]
pub fn hint() -> String {
    format!(
        "PDF, photo, Word, Excel, CSV or text. At most {MOST_FILES} files of {} MB each. Cover names before you take a photo.",
        MAX_SIZE / 1_048_576
    )
}
