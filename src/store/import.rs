//! Imports: the draft with the rows of its file, and what came of them (migrations/0055).

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::types::Json;

use super::{TenantTx, word};
use crate::domain::import::{Choices, Row, SheetInfo};
use crate::domain::text_enum::text_enum;
use crate::files::ContentHash;
use crate::ids::{ImportId, MemberId};

/// The fates of rows.
mod fate;
/// What is here already, and what came of an import.
pub mod known;
/// What an import writes.
pub mod write;

pub use fate::{Fated, counts, digest, fated, set_fates};

text_enum! {
    /// How an import stands.
    pub enum State {
        /// Somebody is matching its columns and words.
        Draft => "draft", "Not imported yet";
        /// The worker brings it in.
        Running => "running", "Being imported";
        /// Its rows are here.
        Imported => "imported", "Imported";
        /// The worker takes it back.
        Undoing => "undoing", "Being undone";
        /// Its rows were taken back.
        Undone => "undone", "Undone";
    }
}

/// An import.
#[derive(Clone, Debug)]
pub struct Import {
    /// Id.
    pub id: ImportId,
    /// The file's name.
    pub file_name: String,
    /// The file's hash.
    pub sha256: ContentHash,
    /// Its sheets.
    pub sheets: Vec<SheetInfo>,
    /// What was chosen until now.
    pub choices: Choices,
    /// Counted up by every change.
    pub version: i64,
    /// The version the fates of the rows were worked out for.
    pub checked: Option<i64>,
    /// How it stands.
    pub state: State,
    /// Why it was not done the last time.
    pub said: Option<String>,
    /// How many rows share each fate, once it was imported: open, earlier, known, left out.
    pub counts: [i32; 4],
    /// Who brought the file.
    pub created_by: MemberId,
    /// Their name.
    pub creator: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When its rows came in.
    pub imported_at: Option<DateTime<Utc>>,
    /// When they were taken back.
    pub undone_at: Option<DateTime<Utc>>,
    /// Who took them back.
    pub undone_by: Option<String>,
}

impl Import {
    /// Whether the fates of its rows are those of what is chosen now.
    #[must_use]
    pub fn is_checked(&self) -> bool {
        self.checked.is_some()
    }

    /// How many rows the chosen sheet has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.sheets.get(self.choices.sheet).map_or(0, |sheet| sheet.rows)
    }
}

/// A file that was read, as a draft.
#[derive(Clone, Debug)]
pub struct NewImport<'a> {
    /// Id.
    pub id: ImportId,
    /// The file's name.
    pub file_name: &'a str,
    /// Its hash.
    pub sha256: ContentHash,
    /// Its sheets.
    pub sheets: &'a [SheetInfo],
    /// What is guessed at first.
    pub choices: &'a Choices,
}

/// How many rows go to the database at a time.
const BATCH: usize = 2_000;

/// Keeps a draft.
///
/// # Errors
/// The database refused or was lost.
pub async fn insert(tx: &mut TenantTx, new: &NewImport<'_>) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        "INSERT INTO imports (provider_id, id, file_name, sha256, sheets, choices, created_by, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        provider.uuid(),
        new.id.uuid(),
        new.file_name,
        new.sha256.as_bytes(),
        Json(new.sheets) as _,
        Json(new.choices) as _,
        by.map(|b| b.uuid()),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Keeps the rows of a sheet.
///
/// # Errors
/// The database refused or was lost.
pub async fn insert_rows(
    tx: &mut TenantTx,
    id: ImportId,
    sheet: usize,
    rows: &[Row],
) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    for batch in rows.chunks(BATCH) {
        let batch: Vec<_> = batch.iter().map(|row| json!({ "n": row.n, "cells": row.cells })).collect();
        sqlx::query!(
            "INSERT INTO import_rows (provider_id, import_id, sheet, n, cells)
             SELECT $1, $2, $3, x.n, x.cells FROM jsonb_to_recordset($4) AS x(n integer, cells text[])",
            provider.uuid(),
            id.uuid(),
            number(sheet),
            serde_json::Value::Array(batch),
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// The rows of a sheet from one number on, at most `limit`.
///
/// # Errors
/// The database was lost.
pub async fn rows(
    tx: &mut TenantTx,
    id: ImportId,
    sheet: usize,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        "SELECT n, cells FROM import_rows WHERE provider_id = $1 AND import_id = $2 AND sheet = $3 ORDER BY n LIMIT $4",
        provider.uuid(),
        id.uuid(),
        number(sheet),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| Row { n: unsigned(r.n), cells: r.cells }).collect())
}

struct Found {
    id: ImportId,
    file_name: String,
    sha256: Vec<u8>,
    sheets: Json<Vec<SheetInfo>>,
    choices: Json<Choices>,
    version: i64,
    checked: Option<i64>,
    state: String,
    said: Option<String>,
    opened: i32,
    earlier: i32,
    known: i32,
    left_out: i32,
    created_by: MemberId,
    creator: String,
    created_at: DateTime<Utc>,
    imported_at: Option<DateTime<Utc>>,
    undone_at: Option<DateTime<Utc>>,
    undone_by: Option<String>,
}

impl Found {
    fn into_import(self) -> Result<Import, sqlx::Error> {
        let sha256 = ContentHash::try_from(self.sha256.as_slice());
        Ok(Import {
            id: self.id,
            file_name: self.file_name,
            sha256: sha256.map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            sheets: self.sheets.0,
            choices: self.choices.0,
            version: self.version,
            checked: self.checked,
            state: word(&self.state)?,
            said: self.said,
            counts: [self.opened, self.earlier, self.known, self.left_out],
            created_by: self.created_by,
            creator: self.creator,
            created_at: self.created_at,
            imported_at: self.imported_at,
            undone_at: self.undone_at,
            undone_by: self.undone_by,
        })
    }
}

/// The imports, newest first: of one member, or of everybody.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn list(
    tx: &mut TenantTx,
    of: Option<MemberId>,
    one: Option<ImportId>,
    limit: i64,
) -> Result<Vec<Import>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_as!(
        Found,
        r#"SELECT i.id AS "id: ImportId", i.file_name, i.sha256, i.sheets AS "sheets: Json<Vec<SheetInfo>>", i.choices AS "choices: Json<Choices>", i.version,
             i.checked, i.state, i.said, i.opened, i.earlier, i.known, i.left_out, i.created_by AS "created_by: MemberId", m.name AS creator, i.created_at,
             i.imported_at, i.undone_at, u.name AS "undone_by?"
           FROM imports i JOIN memberships m ON m.provider_id = $1 AND m.id = i.created_by
           LEFT JOIN memberships u ON u.provider_id = $1 AND u.id = i.undone_by
           WHERE i.provider_id = $1 AND ($2::uuid IS NULL OR i.created_by = $2) AND ($3::uuid IS NULL OR i.id = $3)
           ORDER BY i.created_at DESC, i.id DESC LIMIT $4"#,
        provider.uuid(),
        of.map(|m| m.uuid()),
        one.map(|i| i.uuid()),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Found::into_import).collect()
}

/// One import.
///
/// # Errors
/// As [`list`].
pub async fn get(tx: &mut TenantTx, id: ImportId) -> Result<Option<Import>, sqlx::Error> {
    Ok(list(tx, None, Some(id), 1).await?.pop())
}

/// One import, held still until the transaction ends.
///
/// # Errors
/// As [`list`].
pub async fn lock(tx: &mut TenantTx, id: ImportId) -> Result<Option<Import>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "SELECT id FROM imports WHERE provider_id = $1 AND id = $2 FOR NO KEY UPDATE",
        provider.uuid(),
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    get(tx, id).await
}

/// Keeps what was chosen. With `checked` the fates of the rows, written in the same transaction, are those of these choices.
///
/// # Errors
/// It is no draft any more (a rule of the database), or the database was lost.
pub async fn choose(
    tx: &mut TenantTx,
    id: ImportId,
    choices: &Choices,
    checked: bool,
) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query!(
        "UPDATE imports SET choices = $3, version = version + 1, checked = CASE WHEN $4 THEN version + 1 END, changed_at = $5, said = NULL
         WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        Json(choices) as _,
        checked,
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Forgets a draft with its rows.
///
/// # Errors
/// It is no draft any more (a rule of the database), or the database was lost.
pub async fn forget(tx: &mut TenantTx, id: ImportId) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!("DELETE FROM imports WHERE provider_id = $1 AND id = $2", provider.uuid(), id.uuid())
        .execute(tx.conn())
        .await
        .map(drop)
}

/// Forgets drafts nobody touched since `before`, and the words of rows that were imported or undone before then: what they became
/// stays known. Returns how many drafts.
///
/// # Errors
/// The database was lost.
pub async fn forget_old(tx: &mut TenantTx, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "UPDATE import_rows r SET cells = '{}' FROM imports i WHERE r.provider_id = $1 AND r.cells <> '{}' AND i.provider_id = $1 AND i.id = r.import_id
           AND i.state IN ('imported', 'undone') AND i.imported_at < $2",
        provider.uuid(),
        before,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "DELETE FROM imports WHERE provider_id = $1 AND state = 'draft' AND changed_at < $2",
        provider.uuid(),
        before,
    )
    .execute(tx.conn())
    .await
    .map(|done| done.rows_affected())
}

/// Moves an import on, with the sentence for whoever looks at it.
///
/// # Errors
/// There is no way there (a rule of the database), or the database was lost.
pub async fn set_state(
    tx: &mut TenantTx,
    id: ImportId,
    state: State,
    said: Option<&str>,
) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    let said: Option<String> = said.map(|said| said.chars().take(2_000).collect());
    sqlx::query!(
        "UPDATE imports SET state = $3, version = version + 1, said = $4, changed_at = $5, imported_at = CASE WHEN $3 = 'imported' THEN coalesce(imported_at, $5) ELSE imported_at END,
           undone_at = CASE WHEN $3 = 'undone' THEN $5::timestamptz END, undone_by = CASE WHEN $3 = 'undone' THEN $6::uuid END
         WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        state.as_str(),
        said,
        now,
        by.map(|b| b.uuid()),
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

fn number(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn signed(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn unsigned(n: i32) -> u32 {
    u32::try_from(n).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_are_kept() {
        crate::domain::text_enum::assert_words::<super::State>();
    }
}
