//! Assurances: the nominated individual's word, never edited (R18, R18a).

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::Value;
use sqlx::types::Json;

use super::{TenantTx, word};
use crate::domain::action::Action;
use crate::domain::assurance::Word;
use crate::domain::calendar::Nation;
use crate::domain::topic::{EvidenceKind, Risk};
use crate::domain::verification::Method;
use crate::ids::AssuranceId;

/// Writes the word of the acting member on the evidence as it is now, with what it judged.
///
/// # Errors
/// A rule of the database refused (a bug: the domain refuses first), or it was lost.
pub async fn insert(
    tx: &mut TenantTx,
    action: &Action,
    word: &Word,
    judged: &Value,
) -> Result<AssuranceId, sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    let id = AssuranceId::new();
    sqlx::query!(
        r#"INSERT INTO assurances (provider_id, id, action_id, cycle, member_id, decision, note, evidence_rev, judged, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"#,
        provider.uuid(),
        id.uuid(),
        action.id.uuid(),
        action.cycle,
        by.map(|b| b.uuid()),
        word.decision.as_str(),
        word.note,
        action.evidence_rev,
        judged,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// How many actions a page of the queue shows.
pub const ROWS: i64 = 20;

/// An action of a high or critical finding that waits for assurance, with its whole line.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Waiting {
    pub number: i32,
    pub what: String,
    pub success_test: String,
    pub service: String,
    /// Whose bank holidays count.
    pub nation: Nation,
    pub risk: Risk,
    pub owner: Option<String>,
    pub due_on: Option<NaiveDate>,
    pub finding: i32,
    pub found: String,
    pub found_on: NaiveDate,
    /// What it came from, with the day.
    pub sources: Vec<(String, NaiveDate)>,
    pub evidence: Vec<(EvidenceKind, String)>,
    pub verified_by: String,
    pub verified_at: DateTime<Utc>,
    pub method: Method,
    pub sample_size: i32,
    pub met_standard: i32,
    pub verdict: String,
    /// What the nominated individual was not satisfied with before.
    pub challenged: Vec<String>,
    /// The member has owned it in this round, so somebody else gives assurance.
    pub owned: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct Piece(EvidenceKind, String);

/// What waits for assurance, checked longest ago first, from after a place of the list on: at most `limit`.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn waiting(
    tx: &mut TenantTx,
    after: Option<(DateTime<Utc>, i32)>,
    limit: i64,
) -> Result<Vec<Waiting>, sqlx::Error> {
    let (provider, me) = (tx.provider(), tx.actor());
    let rows = sqlx::query!(
        r#"SELECT a.number, a.what, a.success_test, s.name AS service, s.nation, a.risk, o.name AS "owner?", a.due_on, f.number AS finding, f.what AS found, f.found_on,
             (SELECT json_agg(json_build_array(r.title, r.held_on) ORDER BY r.held_on, r.number) FROM finding_sources x JOIN reviews r ON r.provider_id = $1 AND r.id = x.review_id
                WHERE x.provider_id = $1 AND x.finding_id = f.id) AS "sources: Json<Vec<(String, NaiveDate)>>",
             (SELECT json_agg(json_build_array(e.kind, e.title) ORDER BY e.at, e.id) FROM evidence e
                WHERE e.provider_id = $1 AND e.action_id = a.id AND e.cycle = a.cycle AND e.withdrawn_at IS NULL) AS "evidence: Json<Vec<Piece>>",
             m.name AS verified_by, v.at AS verified_at, v.method, v.sample_size, v.met_standard, v.note AS verdict,
             ARRAY(SELECT x.note FROM assurances x WHERE x.provider_id = $1 AND x.action_id = a.id AND x.decision = 'challenged' ORDER BY x.at DESC LIMIT 5) AS "challenged!",
             EXISTS (SELECT 1 FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = a.cycle AND w.member_id = $2) AS "owned!"
           FROM actions a
           JOIN findings f ON f.provider_id = $1 AND f.id = a.finding_id JOIN services s ON s.provider_id = $1 AND s.id = a.service_id
           LEFT JOIN memberships o ON o.provider_id = $1 AND o.id = a.owner_id
           JOIN LATERAL (SELECT v.* FROM verifications v WHERE v.provider_id = $1 AND v.action_id = a.id AND v.cycle = a.cycle ORDER BY v.seq DESC LIMIT 1) v ON true
           JOIN memberships m ON m.provider_id = $1 AND m.id = v.verifier_id
           WHERE a.provider_id = $1 AND a.status = 'verified' AND a.risk IN ('high', 'critical')
             AND NOT coalesce((SELECT x.decision = 'assured' AND x.evidence_rev = a.evidence_rev AND x.seq >= v.seq FROM assurances x
               WHERE x.provider_id = $1 AND x.action_id = a.id AND x.cycle = a.cycle ORDER BY x.seq DESC LIMIT 1), false)
             AND ($3::timestamptz IS NULL OR (v.at, a.number) > ($3, $4::int))
           ORDER BY v.at, a.number LIMIT $5"#,
        provider.uuid(),
        me.map(|me| me.uuid()),
        after.map(|(at, _)| at),
        after.map(|(_, number)| number),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let evidence = r.evidence.map_or_else(Vec::new, |Json(pieces)| pieces);
            Ok(Waiting {
                number: r.number,
                what: r.what,
                success_test: r.success_test,
                service: r.service,
                nation: word(&r.nation)?,
                risk: word(&r.risk)?,
                owner: r.owner,
                due_on: r.due_on,
                finding: r.finding,
                found: r.found,
                found_on: r.found_on,
                sources: r.sources.map_or_else(Vec::new, |Json(sources)| sources),
                evidence: evidence.into_iter().map(|Piece(kind, title)| (kind, title)).collect(),
                verified_by: r.verified_by,
                verified_at: r.verified_at,
                method: word(&r.method)?,
                sample_size: r.sample_size,
                met_standard: r.met_standard,
                verdict: r.verdict,
                challenged: r.challenged,
                owned: r.owned,
            })
        })
        .collect()
}
