//! What a pack is made of: which findings, their evidence, their lines of the trail, and who is in the provider.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::control::ControlDays;
use crate::domain::escalation::{Cause, Decision, Level, Upon};
use crate::domain::pack::{Choice, MOST_FINDINGS};
use crate::domain::redaction::Named;
use crate::domain::topic::{EvidenceKind, Risk};
use crate::domain::tree::Hash;
use crate::ids::{ActionId, EvidenceId, FindingId, MemberId, PackId, ServiceId};
use crate::store::escalation_log::LogDecision;
use crate::store::scope::Scope;
use crate::store::{TenantTx, word};

/// A finding that is in a pack, or would be.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Id.
    pub id: FindingId,
    /// Its number.
    pub number: i32,
    /// What was found.
    pub what: String,
    /// Its risk.
    pub risk: Risk,
    /// Its service.
    pub service_id: ServiceId,
    /// The service's name.
    pub service: String,
    /// When it was found.
    pub found_on: NaiveDate,
}

struct ChosenRow {
    id: FindingId,
    number: i32,
    what: String,
    risk: String,
    service_id: ServiceId,
    service: String,
    found_on: NaiveDate,
}

impl ChosenRow {
    fn into_chosen(self) -> Result<Chosen, sqlx::Error> {
        let Self { id, number, what, risk, service_id, service, found_on } = self;
        Ok(Chosen { id, number, what, risk: word(&risk)?, service_id, service, found_on })
    }
}

/// The findings a choice means, by number: those the member sees in these services, days and themes, or of these numbers alone.
/// One more than a pack may hold when there are more.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn chosen(tx: &mut TenantTx, scope: Scope, choice: &Choice) -> Result<Vec<Chosen>, sqlx::Error> {
    let provider = tx.provider();
    let services: Vec<Uuid> = choice.services.iter().map(|id| id.uuid()).collect();
    let themes: Vec<String> = choice.themes.iter().map(|theme| theme.as_str().to_owned()).collect();
    let rows = sqlx::query_as!(
        ChosenRow,
        r#"SELECT f.id AS "id: FindingId", f.number, f.what, f.risk, s.id AS "service_id: ServiceId", s.name AS service, f.found_on
           FROM findings f JOIN services s ON s.provider_id = f.provider_id AND s.id = f.service_id
           WHERE f.provider_id = $1 AND f.service_id = ANY($2)
             AND ($3::bool OR EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = $1 AND ms.member_id = $4 AND ms.service_id = f.service_id))
             AND f.found_on >= coalesce($5::date, '-infinity') AND f.found_on <= coalesce($6::date, 'infinity')
             AND (cardinality($7::text[]) = 0 OR f.theme = ANY($7))
             -- what came with an import that was undone was never found; by its reference it can still be had
             AND CASE WHEN cardinality($8::int[]) = 0 THEN NOT f.undone ELSE f.number = ANY($8) END
           ORDER BY f.number LIMIT $9"#,
        provider.uuid(),
        &services,
        scope.whole,
        scope.me.uuid(),
        choice.from,
        choice.to,
        &themes,
        &choice.findings,
        i64::try_from(MOST_FINDINGS + 1).unwrap_or(i64::MAX),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(ChosenRow::into_chosen).collect()
}

/// The findings of a pack, by number.
///
/// # Errors
/// As [`chosen`].
pub async fn these(tx: &mut TenantTx, pack: PackId) -> Result<Vec<Chosen>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_as!(
        ChosenRow,
        r#"SELECT f.id AS "id: FindingId", f.number, f.what, f.risk, s.id AS "service_id: ServiceId", s.name AS service, f.found_on
           FROM pack_findings p JOIN findings f ON f.provider_id = $1 AND f.id = p.finding_id
           JOIN services s ON s.provider_id = $1 AND s.id = f.service_id
           WHERE p.provider_id = $1 AND p.pack_id = $2 ORDER BY f.number"#,
        provider.uuid(),
        pack.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(ChosenRow::into_chosen).collect()
}

/// A piece of evidence below these findings.
#[derive(Clone, Debug)]
pub struct FileOf {
    /// Id.
    pub id: EvidenceId,
    /// The action's number.
    pub action: i32,
    /// What it counts as.
    pub kind: EvidenceKind,
    /// Its name.
    pub title: String,
    /// The day it is about.
    pub about_on: NaiveDate,
    /// Who gave it.
    pub author: String,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
    /// The hash, bytes and name of its file; none for a reference to a record kept elsewhere.
    pub file: Option<(Vec<u8>, i64, String)>,
}

/// The evidence below these findings, by action, oldest first.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn files(tx: &mut TenantTx, findings: &[FindingId]) -> Result<Vec<FileOf>, sqlx::Error> {
    let provider = tx.provider();
    let findings: Vec<Uuid> = findings.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT e.id AS "id: EvidenceId", a.number, e.kind, e.title, e.about_on, m.name AS author, (e.withdrawn_at IS NOT NULL) AS "withdrawn!",
             e.sha256, e.file_name, b.size AS "size?"
           FROM actions a JOIN evidence e ON e.provider_id = $1 AND e.action_id = a.id
           JOIN memberships m ON m.provider_id = $1 AND m.id = e.author_id
           LEFT JOIN blobs b ON b.provider_id = $1 AND b.sha256 = e.sha256
           WHERE a.provider_id = $1 AND a.finding_id = ANY($2) ORDER BY a.number, e.at, e.id"#,
        provider.uuid(),
        &findings,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let file = r.sha256.zip(r.size).zip(r.file_name).map(|((hash, size), name)| (hash, size, name));
            let (id, kind, author) = (r.id, word(&r.kind)?, r.author);
            let (title, about_on, withdrawn) = (r.title, r.about_on, r.withdrawn);
            Ok(FileOf { id, action: r.number, kind, title, about_on, author, withdrawn, file })
        })
        .collect()
}

/// The hashes of the lines after `after` until `until` as leaves of the tree (domain/tree.rs), in order, at most `limit`.
///
/// # Errors
/// The database was lost.
pub async fn leaves(tx: &mut TenantTx, after: i64, until: i64, limit: i64) -> Result<Vec<Hash>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_scalar!(
        r#"SELECT sha256('\x00'::bytea || convert_to(e.line, 'UTF8')) AS "leaf!" FROM events e
           WHERE e.provider_id = $1 AND e.seq > $2 AND e.seq <= $3 ORDER BY e.seq LIMIT $4"#,
        provider.uuid(),
        after,
        until,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    let hash =
        |bytes: Vec<u8>| Hash::try_from(bytes).map_err(|_| sqlx::Error::Decode("a hash has 32 bytes".into()));
    rows.into_iter().map(hash).collect()
}

/// A line of the trail about something in a pack.
#[derive(Clone, Debug)]
pub struct LineOf {
    /// Its place.
    pub seq: i64,
    /// The line.
    pub line: String,
    /// The texts beside it.
    pub texts: Vec<TextOf>,
}

/// A text beside a line: its name, and salt and text unless it was erased.
pub type TextOf = (String, Option<(Vec<u8>, String)>);

/// The places of the lines about these findings and about the reviews they came from, in order.
///
/// # Errors
/// The database was lost.
async fn seqs(tx: &mut TenantTx, findings: &[FindingId]) -> Result<Vec<i64>, sqlx::Error> {
    let provider = tx.provider();
    let findings: Vec<Uuid> = findings.iter().map(|id| id.uuid()).collect();
    sqlx::query_scalar!(
        r#"SELECT e.seq AS "seq!" FROM events e WHERE e.provider_id = $1 AND e.finding_id = ANY($2)
           UNION SELECT e.seq FROM events e WHERE e.provider_id = $1 AND e.finding_id IS NULL AND e.kind IN ('review_started', 'review_signed_off')
             AND e.review_id = ANY(ARRAY(SELECT x.review_id FROM finding_sources x WHERE x.provider_id = $1 AND x.finding_id = ANY($2)))
           ORDER BY 1"#,
        provider.uuid(),
        &findings,
    )
    .fetch_all(tx.conn())
    .await
}

/// A text beside a line as the query gives it: name, salt in hex, text.
type Beside = (String, Option<String>, Option<String>);

/// The lines about these findings and about the reviews they came from, in order, from the `skip`th on, at most `limit`.
///
/// # Errors
/// The database was lost.
pub async fn lines(
    tx: &mut TenantTx,
    findings: &[FindingId],
    known: &mut Option<Vec<i64>>,
    (skip, limit): (usize, usize),
) -> Result<Vec<LineOf>, sqlx::Error> {
    let provider = tx.provider();
    if known.is_none() {
        *known = Some(seqs(tx, findings).await?);
    }
    let wanted: Vec<i64> = known.iter().flatten().copied().skip(skip).take(limit).collect();
    let rows = sqlx::query!(
        r#"SELECT e.seq, e.line, (SELECT json_agg(json_build_array(t.name, encode(t.salt, 'hex'), t.body) ORDER BY t.name COLLATE "C") FROM event_texts t
             WHERE t.provider_id = $1 AND t.seq = e.seq) AS "texts: Json<Vec<Beside>>"
           FROM events e WHERE e.provider_id = $1 AND e.seq = ANY($2) ORDER BY e.seq"#,
        provider.uuid(),
        &wanted,
    )
    .fetch_all(tx.conn())
    .await?;
    let text = |(name, salt, body): Beside| (name, salt.and_then(|salt| hex::decode(salt).ok()).zip(body));
    let beside =
        |texts: Option<Json<Vec<Beside>>>| texts.into_iter().flat_map(|Json(all)| all).map(text).collect();
    Ok(rows.into_iter().map(|r| LineOf { seq: r.seq, line: r.line, texts: beside(r.texts) }).collect())
}

/// How many lines were written about the findings of a pack since the trail was read for it; none before it is sealed.
///
/// # Errors
/// The database was lost.
pub async fn since(tx: &mut TenantTx, pack: PackId) -> Result<i64, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM packs p JOIN pack_findings f ON f.provider_id = $1 AND f.pack_id = p.id
           JOIN events e ON e.provider_id = $1 AND e.finding_id = f.finding_id AND e.seq > p.head_line
           WHERE p.provider_id = $1 AND p.id = $2"#,
        provider.uuid(),
        pack.uuid(),
    )
    .fetch_one(tx.conn())
    .await
}

/// An escalation of an action, with every decision on it.
#[derive(Clone, Debug)]
pub struct Escalated {
    /// The action's number.
    pub number: i32,
    /// How high it went.
    pub level: Level,
    /// Why.
    pub cause: Cause,
    /// The date it is about.
    pub due_on: NaiveDate,
    /// What it was raised upon.
    pub upon: Upon,
    /// When.
    pub at: DateTime<Utc>,
    /// Every decision on it, oldest first.
    pub decisions: Vec<LogDecision>,
}

impl Escalated {
    /// The interim controls decided upon it: what, and its days.
    pub fn controls(&self) -> impl Iterator<Item = (&str, &ControlDays, &LogDecision)> {
        let acts =
            self.decisions.iter().filter(|d| d.decision == Decision::Act && !d.interim_control.is_empty());
        acts.map(|d| (d.interim_control.as_str(), &d.control, d))
    }
}

/// The escalations of the actions of a finding, oldest first.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn escalations(tx: &mut TenantTx, finding: FindingId) -> Result<Vec<Escalated>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT a.number, e.level, e.alone, e.cause, e.due_on, e.upon AS "upon: Json<Upon>", e.at,
             (SELECT json_agg(json_build_object('decision', d.decision, 'by', m.name, 'at', d.at, 'risk', d.risk, 'delay_reason', d.delay_reason,
                 'support_needed', d.support_needed, 'interim_control', d.interim_control, 'because', d.because, 'revised_due_on', d.revised_due_on,
                 'control', json_build_object('from', d.control_from, 'check_on', d.control_check_on, 'until', d.control_until)) ORDER BY d.at, d.id)
               FROM escalation_decisions d JOIN memberships m ON m.provider_id = $1 AND m.id = d.decided_by
               WHERE d.provider_id = $1 AND d.escalation_id = e.id) AS "decisions: Json<Vec<LogDecision>>"
           FROM actions a JOIN escalations e ON e.provider_id = $1 AND e.action_id = a.id
           WHERE a.provider_id = $1 AND a.finding_id = $2 ORDER BY e.at, e.id"#,
        provider.uuid(),
        finding.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Escalated {
                number: r.number,
                level: Level::of(r.level, r.alone),
                cause: word(&r.cause)?,
                due_on: r.due_on,
                upon: r.upon.0,
                at: r.at,
                decisions: r.decisions.map_or_else(Vec::new, |d| d.0),
            })
        })
        .collect()
}

/// A progress update of an action.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Noted {
    pub number: i32,
    pub action: ActionId,
    pub author: Option<String>,
    pub note: Option<String>,
    pub done_on: Option<NaiveDate>,
    pub barrier: Option<String>,
    pub support_needed: Option<String>,
    pub at: Option<DateTime<Utc>>,
}

/// The actions of a finding with their updates, by number and oldest first; an action without updates is there once.
///
/// # Errors
/// The database was lost.
pub async fn notes(tx: &mut TenantTx, finding: FindingId) -> Result<Vec<Noted>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Noted,
        r#"SELECT a.number, a.id AS "action: ActionId", m.name AS "author?", u.note AS "note?", u.done_on AS "done_on?", u.barrier AS "barrier?",
             u.support_needed AS "support_needed?", u.at AS "at?"
           FROM actions a LEFT JOIN updates u ON u.provider_id = $1 AND u.action_id = a.id
           LEFT JOIN memberships m ON m.provider_id = $1 AND m.id = u.author_id
           WHERE a.provider_id = $1 AND a.finding_id = $2 ORDER BY a.number, u.at, u.id"#,
        provider.uuid(),
        finding.uuid(),
    )
    .fetch_all(tx.conn())
    .await
}

/// Everybody who is or was a member, in the order they came.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn members(tx: &mut TenantTx) -> Result<Vec<Named>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT m.id AS "id: MemberId", m.name, m.role, m.job_title FROM memberships m WHERE m.provider_id = $1 ORDER BY m.id"#,
        provider.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    let named = rows
        .into_iter()
        .map(|r| Ok(Named { id: r.id, name: r.name, role: word(&r.role)?, job_title: r.job_title }));
    named.collect()
}

/// The names of the services and units.
///
/// # Errors
/// The database was lost.
pub async fn places(tx: &mut TenantTx) -> Result<Vec<String>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT s.name AS "name!" FROM services s WHERE s.provider_id = $1
           UNION SELECT u.name FROM units u WHERE u.provider_id = $1 ORDER BY 1"#,
        provider.uuid(),
    )
    .fetch_all(tx.conn())
    .await
}
