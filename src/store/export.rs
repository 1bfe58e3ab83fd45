//! Lists that were taken out of the program: who, which, how much (migrations/0056).

use chrono::{DateTime, Utc};

use super::{TenantTx, word};
use crate::ids::ExportId;
use crate::sheet::Format;

/// How many rows a page of the list has.
pub const ROWS: i64 = 50;

/// What is taken.
#[derive(Clone, Debug)]
pub struct Taken<'a> {
    /// The list, by the word it is known by.
    pub list: &'a str,
    /// As what.
    pub format: Format,
    /// What was filtered by, without the words that were looked for.
    pub filters: &'a str,
}

/// Notes that the acting member begins to take a list.
///
/// # Errors
/// The database refused or was lost.
pub async fn begin(tx: &mut TenantTx, taken: &Taken<'_>) -> Result<ExportId, sqlx::Error> {
    let (provider, by, now, id) = (tx.provider(), tx.actor(), tx.now(), ExportId::new());
    sqlx::query!(
        "INSERT INTO exports (provider_id, id, member_id, list, format, filters, begun_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        provider.uuid(),
        id.uuid(),
        by.map(|by| by.uuid()),
        taken.list,
        taken.format.as_str(),
        taken.filters,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// Notes that it was made to its end, with so many rows.
///
/// # Errors
/// The database refused or was lost.
pub async fn end(tx: &mut TenantTx, id: ExportId, rows: i64) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query!(
        "UPDATE exports SET rows = $3, ended_at = $4 WHERE provider_id = $1 AND id = $2 AND ended_at IS NULL",
        provider.uuid(),
        id.uuid(),
        rows,
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// One list that was taken.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id: the second half of its place in the list.
    pub id: ExportId,
    /// When it began.
    pub begun_at: DateTime<Utc>,
    /// Who took it.
    pub by: String,
    /// Which list.
    pub list: String,
    /// As what.
    pub format: Format,
    /// What was filtered by.
    pub filters: String,
    /// How many rows it had; none when it did not come to its end.
    pub rows: Option<i64>,
}

/// Those after a place of the list, newest first, at most `limit`.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn page(
    tx: &mut TenantTx,
    after: Option<(DateTime<Utc>, ExportId)>,
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT e.id AS "id: ExportId", e.begun_at, m.name AS by, e.list, e.format, e.filters, e.rows
           FROM exports e JOIN memberships m ON m.provider_id = $1 AND m.id = e.member_id
           WHERE e.provider_id = $1 AND ($2::timestamptz IS NULL OR (e.begun_at, e.id) < ($2, $3::uuid))
           ORDER BY e.begun_at DESC, e.id DESC LIMIT $4"#,
        provider.uuid(),
        after.map(|k| k.0),
        after.map(|k| k.1.uuid()),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Listed {
                id: r.id,
                begun_at: r.begun_at,
                by: r.by,
                list: r.list,
                format: word(&r.format)?,
                filters: r.filters,
                rows: r.rows,
            })
        })
        .collect()
}
