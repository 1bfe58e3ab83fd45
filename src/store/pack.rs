//! Evidence packs: what was chosen for each, how far it is, who fetched it.

use chrono::{DateTime, NaiveDate, Utc};

use super::scope::Scope;
use super::{TenantTx, word, words};
use crate::domain::pack::{Choice, PackState};
use crate::domain::redaction::Naming;
use crate::domain::topic::Theme;
use crate::ids::{EvidenceId, FindingId, PackId, ServiceId};

/// Making a pack: one worker at a time.
mod making;
/// What a pack is made of.
mod read;

pub use making::{Taken, fail, finish, give_up, seal, sealed_line, take, take_this};
pub use read::{
    Chosen, Escalated, FileOf, LineOf, Noted, TextOf, chosen, escalations, files, leaves, lines, members,
    notes, places, since, these,
};

/// Writes what was asked for, and what it will be about.
///
/// # Errors
/// The database refused or was lost.
pub async fn insert(
    tx: &mut TenantTx,
    id: PackId,
    choice: &Choice,
    findings: &[FindingId],
) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    let themes: Vec<String> = choice.themes.iter().map(|theme| theme.as_str().to_owned()).collect();
    sqlx::query!(
        r#"INSERT INTO packs (provider_id, id, purpose, naming, found_from, found_to, themes, asked_by, asked_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        provider.uuid(),
        id.uuid(),
        choice.purpose,
        choice.naming.as_str(),
        choice.from,
        choice.to,
        &themes,
        by.map(|by| by.uuid()),
        now,
    )
    .execute(tx.conn())
    .await?;
    let services: Vec<_> = choice.services.iter().map(|service| service.uuid()).collect();
    let findings: Vec<_> = findings.iter().map(|finding| finding.uuid()).collect();
    let withheld: Vec<_> = choice.withheld.iter().map(|(evidence, _)| evidence.uuid()).collect();
    let reasons: Vec<String> = choice.withheld.iter().map(|(_, reason)| reason.clone()).collect();
    sqlx::query!(
        "INSERT INTO pack_services (provider_id, pack_id, service_id) SELECT $1, $2, s FROM unnest($3::uuid[]) AS x(s)",
        provider.uuid(),
        id.uuid(),
        &services,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO pack_findings (provider_id, pack_id, finding_id) SELECT $1, $2, f FROM unnest($3::uuid[]) AS x(f)",
        provider.uuid(),
        id.uuid(),
        &findings,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        r#"INSERT INTO pack_withheld (provider_id, pack_id, evidence_id, reason)
           SELECT $1, $2, e, r FROM unnest($3::uuid[], $4::text[]) AS x(e, r)"#,
        provider.uuid(),
        id.uuid(),
        &withheld,
        &reasons,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Whether a pack with this id was asked for already.
///
/// # Errors
/// The database was lost.
pub async fn exists(tx: &mut TenantTx, id: PackId) -> Result<bool, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM packs p WHERE p.provider_id = $1 AND p.id = $2) AS "exists!""#,
        provider.uuid(),
        id.uuid()
    )
    .fetch_one(tx.conn())
    .await
}

/// A pack as its page shows it.
#[derive(Clone, Debug)]
pub struct Pack {
    /// Id.
    pub id: PackId,
    /// What it is for.
    pub purpose: String,
    /// How members are named.
    pub naming: Naming,
    /// From which day on things were found.
    pub from: Option<NaiveDate>,
    /// Until which day.
    pub to: Option<NaiveDate>,
    /// On which themes; none means all.
    pub themes: Vec<Theme>,
    /// How far it is.
    pub state: PackState,
    /// Who asked; none when whoever runs the program did.
    pub asked_by: Option<String>,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// The names of its services.
    pub services: Vec<String>,
    /// Their ids.
    pub service_ids: Vec<ServiceId>,
    /// How many findings it has.
    pub findings: i64,
    /// How many pieces of evidence are kept back.
    pub withheld: i64,
    /// What was made of it.
    pub made: Option<Made>,
    /// Why it could not be made.
    pub failed_because: Option<String>,
    /// By whom it was withdrawn, when and why.
    pub withdrawn: Option<(String, DateTime<Utc>, String)>,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// When.
    pub at: DateTime<Utc>,
    /// The hash of the file.
    pub sha256: Vec<u8>,
    /// Its bytes.
    pub size: i64,
    /// How many files are in it.
    pub files: i32,
    /// How many lines of the trail.
    pub lines: i32,
    /// Where the trail ended when it was read.
    pub head_line: i64,
    /// The line that seals it.
    pub seal_line: i64,
    /// The hash of that line.
    pub seal_hash: String,
}

struct Row {
    id: PackId,
    purpose: String,
    naming: String,
    found_from: Option<NaiveDate>,
    found_to: Option<NaiveDate>,
    themes: Vec<String>,
    state: String,
    asked_by: Option<String>,
    asked_at: DateTime<Utc>,
    services: Vec<String>,
    service_ids: Vec<ServiceId>,
    findings: i64,
    withheld: i64,
    made_at: Option<DateTime<Utc>>,
    sha256: Option<Vec<u8>>,
    size: Option<i64>,
    files: Option<i32>,
    lines: Option<i32>,
    head_line: Option<i64>,
    seal_line: Option<i64>,
    seal_hash: Option<String>,
    failed_because: Option<String>,
    withdrawn_by: Option<String>,
    withdrawn_at: Option<DateTime<Utc>>,
    withdrawn_reason: Option<String>,
}

impl Row {
    fn made(&self) -> Option<Made> {
        Some(Made {
            at: self.made_at?,
            sha256: self.sha256.clone()?,
            size: self.size?,
            files: self.files?,
            lines: self.lines?,
            head_line: self.head_line?,
            seal_line: self.seal_line?,
            seal_hash: self.seal_hash.clone()?,
        })
    }

    fn into_pack(self) -> Result<Pack, sqlx::Error> {
        let made = self.made();
        let withdrawn = self.withdrawn_by.zip(self.withdrawn_at).zip(self.withdrawn_reason);
        Ok(Pack {
            id: self.id,
            purpose: self.purpose,
            naming: word(&self.naming)?,
            from: self.found_from,
            to: self.found_to,
            themes: words(&self.themes)?,
            state: word(&self.state)?,
            asked_by: self.asked_by,
            asked_at: self.asked_at,
            services: self.services,
            service_ids: self.service_ids,
            findings: self.findings,
            withheld: self.withheld,
            made,
            failed_because: self.failed_because,
            withdrawn: withdrawn.map(|((by, at), why)| (by, at, why)),
        })
    }
}

/// How many packs a page of the list shows.
const PAGE: i64 = 50;

/// The packs a member may see, newest first, and whether there are older ones: those all of whose services are within their
/// reach. With an id, that one.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn list(
    tx: &mut TenantTx,
    scope: Scope,
    one: Option<PackId>,
    after: Option<(DateTime<Utc>, PackId)>,
) -> Result<(Vec<Pack>, bool), sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_file_as!(
        Row,
        "src/store/pack/list.sql",
        provider.uuid(),
        scope.whole,
        scope.me.uuid(),
        one.map(|id| id.uuid()),
        after.map(|(at, _)| at),
        after.map(|(_, id)| id.uuid()),
        PAGE + 1,
    )
    .fetch_all(tx.conn())
    .await?;
    let more = i64::try_from(rows.len()).unwrap_or(i64::MAX) > PAGE;
    let shown = rows.into_iter().take(usize::try_from(PAGE).unwrap_or_default());
    Ok((shown.map(Row::into_pack).collect::<Result<_, _>>()?, more))
}

/// A pack, if the member may see it.
///
/// # Errors
/// As [`list`].
pub async fn get(tx: &mut TenantTx, scope: Scope, id: PackId) -> Result<Option<Pack>, sqlx::Error> {
    Ok(list(tx, scope, Some(id), None).await?.0.pop())
}

/// Withdraws a pack that is made, once; answers whether it was there to be.
///
/// # Errors
/// A rule of the database refused, or it was lost.
pub async fn withdraw(tx: &mut TenantTx, id: PackId, reason: &str) -> Result<bool, sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    let done = sqlx::query!(
        r#"UPDATE packs SET state = 'withdrawn', withdrawn_by = $3, withdrawn_at = $4, withdrawn_reason = $5
           WHERE provider_id = $1 AND id = $2 AND state = 'made'"#,
        provider.uuid(),
        id.uuid(),
        by.map(|by| by.uuid()),
        now,
        reason,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the actor fetched a pack, or read or fetched one file of it (R9a).
///
/// # Errors
/// The database was lost.
pub async fn note_download(tx: &mut TenantTx, id: PackId, path: Option<&str>) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        "INSERT INTO pack_downloads (provider_id, id, pack_id, member_id, at, path) VALUES ($1, $2, $3, $4, $5, $6)",
        provider.uuid(),
        uuid::Uuid::now_v7(),
        id.uuid(),
        by.map(|by| by.uuid()),
        now,
        path,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Somebody fetched a pack, or read or fetched a file of it.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The file; none for the whole.
    pub path: Option<String>,
}

/// Who fetched a pack, newest first, at most a hundred.
///
/// # Errors
/// The database was lost.
pub async fn fetched(tx: &mut TenantTx, id: PackId) -> Result<Vec<Fetched>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Fetched,
        r#"SELECT m.name AS by, d.at, d.path FROM pack_downloads d JOIN memberships m ON m.provider_id = d.provider_id AND m.id = d.member_id
           WHERE d.provider_id = $1 AND d.pack_id = $2 ORDER BY d.at DESC, d.id DESC LIMIT 100"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_all(tx.conn())
    .await
}

/// The evidence a pack keeps back, and why.
///
/// # Errors
/// The database was lost.
pub async fn withheld(tx: &mut TenantTx, id: PackId) -> Result<Vec<(EvidenceId, String)>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT w.evidence_id AS "evidence: EvidenceId", w.reason FROM pack_withheld w WHERE w.provider_id = $1 AND w.pack_id = $2 ORDER BY w.evidence_id"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.evidence, row.reason)).collect())
}
