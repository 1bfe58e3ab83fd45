//! What an import writes at once: reviews, findings, actions, what was closed before Throughline. And how it is taken back.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::ids::{ActionId, EarlierId, FindingId, ImportId, MemberId, ReviewId, ServiceId, UpdateId};
use crate::store::TenantTx;

/// How many rows go to the database at a time.
const BATCH: usize = 1_000;

/// A review: the tracker as the source of its findings.
#[derive(Debug, Serialize)]
pub struct ReviewRow {
    /// Id.
    pub id: ReviewId,
    /// Its number.
    pub number: i32,
    /// What people call it.
    pub title: String,
    /// The service.
    pub service_id: ServiceId,
    /// Who kept the tracker, as far as anybody knows: who imports it.
    pub conducted_by: String,
}

/// A finding with its action.
#[derive(Debug, Serialize)]
pub struct OpenRow {
    /// The row of the spreadsheet.
    pub n: u32,
    /// The review it hangs on.
    pub review_id: ReviewId,
    /// The finding.
    pub finding_id: FindingId,
    /// Its number.
    pub finding_number: i32,
    /// The action.
    pub action_id: ActionId,
    /// Its number.
    pub action_number: i32,
    /// Where.
    pub service_id: ServiceId,
    /// What was found.
    pub finding: String,
    /// What is to be done.
    pub what: String,
    /// How success is tested.
    pub success_test: String,
    /// Why vague wording is kept.
    pub wording_override: Option<String>,
    /// Its risk.
    pub risk: &'static str,
    /// Its theme.
    pub theme: &'static str,
    /// Its topic.
    pub topic: &'static str,
    /// Whether leaders follow it.
    pub significance: &'static str,
    /// When it was found.
    pub found_on: NaiveDate,
    /// Who found it.
    pub found_by: String,
    /// The key question.
    pub key_question: String,
    /// The regulation.
    pub regulation: String,
    /// Whose it is.
    pub owner_id: Option<MemberId>,
    /// When it is due.
    pub due_on: NaiveDate,
    /// The window of its verification.
    pub verification_working_days: u16,
    /// Who approves its closure.
    pub approver: &'static str,
    /// When its impact is looked at.
    pub sustain_days: Option<u16>,
    /// Whether a measure has to show improvement.
    pub measured_improvement: bool,
    /// The evidence it must have.
    pub required: Vec<&'static str>,
    /// Whether somebody had begun.
    pub started: bool,
    /// What else the tracker says, as its first update; none when it says nothing.
    pub update_id: Option<UpdateId>,
    /// The words of that update.
    pub note: String,
    /// What makes it the same row.
    pub fingerprint: String,
}

/// Something closed before Throughline.
#[derive(Debug, Serialize)]
pub struct EarlierRow {
    /// Id.
    pub id: EarlierId,
    /// The row of the spreadsheet.
    pub n: u32,
    /// Where.
    pub service_id: ServiceId,
    /// What was done.
    pub what: String,
    /// What was found.
    pub finding: String,
    /// Its risk, if the tracker says.
    pub risk: Option<&'static str>,
    /// Its theme.
    pub theme: &'static str,
    /// Its topic.
    pub topic: &'static str,
    /// Whose it was, in the tracker's words.
    pub owner: String,
    /// When it was due.
    pub due_on: Option<NaiveDate>,
    /// When it was done.
    pub closed_on: Option<NaiveDate>,
    /// The day it is listed under.
    pub listed_on: NaiveDate,
    /// What else the tracker says.
    pub note: String,
    /// What makes it the same row.
    pub fingerprint: String,
}

fn json<T: Serialize>(rows: &[T]) -> Result<Value, sqlx::Error> {
    serde_json::to_value(rows).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// Gives out `count` numbers in a row; returns the one before the first. In a transaction of its own, so that nobody who records
/// something meanwhile waits for the import.
///
/// # Errors
/// The database was lost.
pub async fn numbers(
    tx: &mut TenantTx,
    kind: crate::domain::reference::Kind,
    count: usize,
) -> Result<i32, sqlx::Error> {
    let provider = tx.provider();
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    let last = sqlx::query_scalar!(
        "UPDATE reference_counters SET last = last + $3 WHERE provider_id = $1 AND kind = $2 RETURNING last",
        provider.uuid(),
        kind.as_str(),
        count,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(last - count)
}

/// Writes the reviews.
///
/// # Errors
/// A rule of the database refused, or it was lost.
pub async fn reviews(tx: &mut TenantTx, held_on: NaiveDate, rows: &[ReviewRow]) -> Result<(), sqlx::Error> {
    let (provider, now, by, rows) = (tx.provider(), tx.now(), tx.actor(), json(rows)?);
    sqlx::query!(
        "INSERT INTO reviews (provider_id, id, number, kind, title, service_id, held_on, conducted_by, created_by, created_at)
         SELECT $1, x.id, x.number, 'imported_tracker', x.title, x.service_id, $3, x.conducted_by, $4, $5
         FROM jsonb_to_recordset($2) AS x(id uuid, number integer, title text, service_id uuid, conducted_by text)",
        provider.uuid(),
        rows,
        held_on,
        by.map(|b| b.uuid()),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Runs one statement with the provider, who acts, when, and the rows.
macro_rules! put {
    ($tx:ident, $rows:expr, $sql:literal) => {{
        let (provider, now, by) = ($tx.provider(), $tx.now(), $tx.actor());
        sqlx::query!($sql, provider.uuid(), $rows, now, by.map(|b| b.uuid())).execute($tx.conn()).await?;
    }};
}

/// How many rows [`open`] and [`earlier`] take at a time.
#[must_use]
pub const fn batch() -> usize {
    BATCH
}

/// Writes findings with their actions, at most [`batch`] at a time.
///
/// # Errors
/// A rule of the database refused, or it was lost.
pub async fn open(tx: &mut TenantTx, id: ImportId, rows: &[OpenRow]) -> Result<(), sqlx::Error> {
    let rows = json(rows)?;
    put!(
        tx,
        rows,
        "INSERT INTO findings (provider_id, id, number, service_id, what, evidence_source, risk, theme, topic, significance, found_on, found_by, key_question,
           regulation, logged_by, logged_at)
         SELECT $1, x.finding_id, x.finding_number, x.service_id, x.finding, 'record_check', x.risk, x.theme, x.topic, x.significance, x.found_on, x.found_by,
           x.key_question, x.regulation, $4, $3
         FROM jsonb_to_recordset($2) AS x(finding_id uuid, finding_number integer, service_id uuid, finding text, risk text, theme text, topic text, significance text,
           found_on date, found_by text, key_question text, regulation text)"
    );
    put!(
        tx,
        rows,
        "INSERT INTO finding_sources (provider_id, finding_id, review_id)
         SELECT $1, x.finding_id, x.review_id FROM jsonb_to_recordset($2) AS x(finding_id uuid, review_id uuid) WHERE $3::timestamptz IS NOT NULL AND $4::uuid IS NOT NULL"
    );
    put!(
        tx,
        rows,
        "INSERT INTO actions (provider_id, id, number, finding_id, service_id, what, success_test, wording_override, owner_id, due_on, verification_working_days,
           approver, created_by, created_at, sustain_days, measured_improvement)
         SELECT $1, x.action_id, x.action_number, x.finding_id, x.service_id, x.what, x.success_test, x.wording_override, x.owner_id, x.due_on,
           x.verification_working_days, x.approver, $4, $3, x.sustain_days, x.measured_improvement
         FROM jsonb_to_recordset($2) AS x(action_id uuid, action_number integer, finding_id uuid, service_id uuid, what text, success_test text, wording_override text,
           owner_id uuid, due_on date, verification_working_days integer, approver text, sustain_days integer, measured_improvement boolean)"
    );
    put!(
        tx,
        rows,
        "INSERT INTO action_requirements (provider_id, action_id, kind)
         SELECT $1, x.action_id, k.kind FROM jsonb_to_recordset($2) AS x(action_id uuid, required jsonb), jsonb_array_elements_text(x.required) AS k(kind)
         WHERE $3::timestamptz IS NOT NULL AND $4::uuid IS NOT NULL"
    );
    put!(
        tx,
        rows,
        "INSERT INTO updates (provider_id, id, action_id, cycle, author_id, note, at)
         SELECT $1, x.update_id, x.action_id, 1, $4, x.note, $3 FROM jsonb_to_recordset($2) AS x(action_id uuid, update_id uuid, note text) WHERE x.update_id IS NOT NULL"
    );
    put!(
        tx,
        rows,
        "UPDATE actions a SET version = a.version + 1, status = 'in_progress', updated_at = $3
         FROM jsonb_to_recordset($2) AS x(action_id uuid, started boolean) WHERE a.provider_id = $1 AND a.id = x.action_id AND x.started AND $4::uuid IS NOT NULL"
    );
    became(tx, id, rows).await
}

/// Notes what rows became.
async fn became(tx: &mut TenantTx, id: ImportId, rows: Value) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "UPDATE import_rows r SET imported = true, finding_id = x.finding_id, action_id = x.action_id
         FROM jsonb_to_recordset($3) AS x(n integer, finding_id uuid, action_id uuid, fingerprint text)
         WHERE r.provider_id = $1 AND r.import_id = $2 AND r.n = x.n AND r.fingerprint = decode(x.fingerprint, 'hex')",
        provider.uuid(),
        id.uuid(),
        rows,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Writes what was closed before Throughline, at most [`batch`] at a time.
///
/// # Errors
/// A rule of the database refused, or it was lost.
pub async fn earlier(tx: &mut TenantTx, id: ImportId, rows: &[EarlierRow]) -> Result<(), sqlx::Error> {
    let (provider, now, by, rows) = (tx.provider(), tx.now(), tx.actor(), json(rows)?);
    sqlx::query!(
        "INSERT INTO earlier_actions (provider_id, id, import_id, n, service_id, what, finding, risk, theme, topic, owner, due_on, closed_on, listed_on, note,
           imported_by, imported_at)
         SELECT $1, x.id, $2, x.n, x.service_id, x.what, x.finding, x.risk, x.theme, x.topic, x.owner, x.due_on, x.closed_on, x.listed_on, x.note, $4, $5
         FROM jsonb_to_recordset($3) AS x(id uuid, n integer, service_id uuid, what text, finding text, risk text, theme text, topic text, owner text, due_on date,
           closed_on date, listed_on date, note text)",
        provider.uuid(),
        id.uuid(),
        rows,
        by.map(|b| b.uuid()),
        now,
    )
    .execute(tx.conn())
    .await?;
    became(tx, id, rows).await
}

/// Tells owners of what they were given, each in one mail; in the program each finds every action. Whoever imports is told nothing of
/// their own.
///
/// # Errors
/// The database was lost.
pub async fn tell_owners(tx: &mut TenantTx, id: ImportId) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        r#"WITH given AS (
             SELECT a.id, a.owner_id, 'assigned ' || a.id || ' at first' AS key, row_number() OVER (PARTITION BY a.owner_id ORDER BY a.number) = 1 AS first
             FROM import_rows r JOIN actions a ON a.provider_id = $1 AND a.id = r.action_id
             WHERE r.provider_id = $1 AND r.import_id = $2 AND r.imported AND a.owner_id IS NOT NULL AND a.owner_id <> $4::uuid),
           queued AS (
             INSERT INTO outbox (provider_id, id, dedupe_key, kind, audience, action_id, recipient_id, created_at, next_at, together, overtaken, last_error)
             SELECT $1, gen_random_uuid(), g.key || ' to ' || g.owner_id, 'assigned', 'owner', g.id, g.owner_id, $3, CASE WHEN g.first THEN $3::timestamptz END, $5, NOT g.first,
               CASE WHEN NOT g.first THEN 'It is told in one message with others' END FROM given g)
           INSERT INTO notices (provider_id, id, member_id, kind, action_id, dedupe_key, created_at)
           SELECT $1, gen_random_uuid(), g.owner_id, 'assigned', g.id, g.key, $3 FROM given g"#,
        provider.uuid(),
        id.uuid(),
        now,
        by.map(|b| b.uuid()),
        Uuid::now_v7(),
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Writes how many rows share each fate: open, earlier, known, left out.
///
/// # Errors
/// The database was lost.
pub async fn counted(tx: &mut TenantTx, id: ImportId, counts: [usize; 4]) -> Result<(), sqlx::Error> {
    let (provider, [open, earlier, known, left_out]) =
        (tx.provider(), counts.map(|n| i32::try_from(n).unwrap_or(i32::MAX)));
    sqlx::query!(
        "UPDATE imports SET version = version + 1, opened = $3, earlier = $4, known = $5, left_out = $6 WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        open,
        earlier,
        known,
        left_out,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
