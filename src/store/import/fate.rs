//! The fates of rows, as the dry run found them.

use super::{BATCH, number, signed, unsigned};
use crate::domain::import::Fate;
use crate::domain::import::plan::Planned;
use crate::ids::ImportId;
use crate::store::{TenantTx, word};

/// Writes the fate of each row of a sheet.
///
/// # Errors
/// The database was lost.
pub async fn set_fates(
    tx: &mut TenantTx,
    id: ImportId,
    sheet: usize,
    planned: &[Planned],
) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "UPDATE import_rows SET fate = NULL, why = NULL, fingerprint = NULL WHERE provider_id = $1 AND import_id = $2 AND fate IS NOT NULL",
        provider.uuid(),
        id.uuid(),
    )
    .execute(tx.conn())
    .await?;
    for batch in planned.chunks(BATCH) {
        let numbers: Vec<i32> = batch.iter().map(|p| signed(p.n)).collect();
        let fates: Vec<String> = batch.iter().map(|p| p.fate.as_str().to_owned()).collect();
        let whys: Vec<String> = batch.iter().map(|p| p.why.chars().take(2_000).collect()).collect();
        let prints: Vec<String> =
            batch.iter().map(|p| p.fingerprint.map(hex::encode).unwrap_or_default()).collect();
        sqlx::query!(
            "UPDATE import_rows r SET fate = x.fate, why = x.why, fingerprint = decode(nullif(x.print, ''), 'hex')
             FROM unnest($4::int[], $5::text[], $6::text[], $7::text[]) AS x(n, fate, why, print)
             WHERE r.provider_id = $1 AND r.import_id = $2 AND r.sheet = $3 AND r.n = x.n",
            provider.uuid(),
            id.uuid(),
            number(sheet),
            &numbers,
            &fates,
            &whys,
            &prints,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// A row with its fate.
#[derive(Clone, Debug)]
pub struct Fated {
    /// Its number.
    pub n: u32,
    /// What stands in it.
    pub cells: Vec<String>,
    /// Its fate.
    pub fate: Fate,
    /// Why.
    pub why: String,
    /// The number of the action it became.
    pub action: Option<i32>,
    /// The number of the finding it became.
    pub finding: Option<i32>,
}

/// The rows with their fates, after a number, of one fate or of all.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn fated(
    tx: &mut TenantTx,
    id: ImportId,
    fate: Option<Fate>,
    after: u32,
    limit: i64,
) -> Result<Vec<Fated>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT r.n, r.cells, r.fate AS "fate!", r.why AS "why!", a.number AS "action?", f.number AS "finding?" FROM import_rows r
           LEFT JOIN actions a ON a.provider_id = $1 AND a.id = r.action_id
           LEFT JOIN findings f ON f.provider_id = $1 AND f.id = r.finding_id
           WHERE r.provider_id = $1 AND r.import_id = $2 AND r.fate IS NOT NULL AND ($3::text IS NULL OR r.fate = $3) AND r.n > $4
           ORDER BY r.n LIMIT $5"#,
        provider.uuid(),
        id.uuid(),
        fate.map(|f| f.as_str()),
        signed(after),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let (n, fate) = (unsigned(r.n), word(&r.fate)?);
            Ok(Fated { n, cells: r.cells, fate, why: r.why, action: r.action, finding: r.finding })
        })
        .collect()
}

/// How many rows share each fate: open, earlier, known, left out; and how many of the open ones are late from the start.
///
/// # Errors
/// The database was lost.
pub async fn counts(tx: &mut TenantTx, id: ImportId) -> Result<[i64; 4], sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE fate = 'open') AS "open!", count(*) FILTER (WHERE fate = 'earlier') AS "earlier!",
             count(*) FILTER (WHERE fate = 'known') AS "known!", count(*) FILTER (WHERE fate = 'left_out') AS "left_out!"
           FROM import_rows WHERE provider_id = $1 AND import_id = $2 AND fate IS NOT NULL"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok([row.open, row.earlier, row.known, row.left_out])
}

/// The fates of the rows as one hash, to be compared with what would come in now.
///
/// # Errors
/// The database was lost.
pub async fn digest(tx: &mut TenantTx, id: ImportId) -> Result<String, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT encode(sha256(convert_to(coalesce(string_agg(n || ' ' || fate || ' ' || why || E'\n', '' ORDER BY n), ''), 'UTF8')), 'hex') AS "digest!"
           FROM import_rows WHERE provider_id = $1 AND import_id = $2 AND fate IS NOT NULL"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await
}
