//! Governance meetings: minutes, decisions, and what a signed month is frozen as (migration 0048). Nothing is edited: rounds
//! of minutes and decisions follow one another, and a signed month takes no more of either.

use chrono::NaiveDate;

use super::figure::{Over, Span};
use super::{TenantTx, word};
use crate::domain::figure::{Figure, MONTHS, Month, Value};
use crate::domain::governance::Said;
use crate::domain::member::Role;
use crate::ids::{ActionId, FindingId, GovernanceId, MemberId, ServiceId};

/// The meeting as it is read.
mod meeting;

pub use meeting::{Decision, Meeting, Minutes, SignedOff, read};

/// How far a meeting is, held still until the transaction ends.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its id.
    pub id: GovernanceId,
    /// Whether it is signed off.
    pub signed: bool,
    /// How many rounds of minutes it has.
    pub rounds: i32,
    /// How many decisions.
    pub decisions: i32,
    /// Everybody who wrote minutes.
    pub authors: Vec<MemberId>,
}

/// Begins the meeting on a month, if nobody has, and holds it: whoever writes in it or signs it off waits.
///
/// # Errors
/// The database refused or was lost.
pub async fn hold(
    tx: &mut TenantTx,
    over: &Over,
    service: Option<ServiceId>,
    month: Month,
) -> Result<Held, sqlx::Error> {
    let (provider, by, now) = (tx.provider(), tx.actor(), tx.now());
    sqlx::query!(
        "INSERT INTO governance_meetings (provider_id, id, place_id, service_id, month, opened_by, opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (provider_id, place_id, month) DO NOTHING",
        provider.uuid(),
        GovernanceId::new().uuid(),
        over.place(),
        service.map(|service| service.uuid()),
        month.first(),
        by.map(|by| by.uuid()),
        now,
    )
    .execute(tx.conn())
    .await?;
    let row = sqlx::query!(
        r#"SELECT m.id AS "id: GovernanceId", m.signed_at FROM governance_meetings m WHERE m.provider_id = $1 AND m.place_id = $2 AND m.month = $3 FOR UPDATE"#,
        provider.uuid(),
        over.place(),
        month.first(),
    )
    .fetch_one(tx.conn())
    .await?;
    let counts = sqlx::query!(
        r#"SELECT (SELECT coalesce(max(x.round), 0) FROM governance_minutes x WHERE x.provider_id = $1 AND x.meeting_id = $2) AS "rounds!",
             (SELECT coalesce(max(d.seq), 0) FROM governance_decisions d WHERE d.provider_id = $1 AND d.meeting_id = $2) AS "decisions!",
             ARRAY(SELECT DISTINCT x.by FROM governance_minutes x WHERE x.provider_id = $1 AND x.meeting_id = $2) AS "authors!: Vec<MemberId>""#,
        provider.uuid(),
        row.id.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Held {
        id: row.id,
        signed: row.signed_at.is_some(),
        rounds: counts.rounds,
        decisions: counts.decisions,
        authors: counts.authors,
    })
}

/// What is written down of a meeting.
#[derive(Clone, Debug)]
pub struct Written {
    /// The day it was held.
    pub held_on: NaiveDate,
    /// What was said.
    pub minutes: String,
    /// Members who were there.
    pub present: Vec<MemberId>,
    /// Who else was there.
    pub others: String,
}

/// Writes a round of minutes.
///
/// # Errors
/// The database refused or was lost.
pub async fn write(
    tx: &mut TenantTx,
    id: GovernanceId,
    round: i32,
    written: &Written,
) -> Result<(), sqlx::Error> {
    let (provider, by, now) = (tx.provider(), tx.actor(), tx.now());
    sqlx::query!(
        "INSERT INTO governance_minutes (provider_id, meeting_id, round, held_on, minutes, others, by, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        provider.uuid(),
        id.uuid(),
        round,
        written.held_on,
        written.minutes,
        written.others,
        by.map(|by| by.uuid()),
        now,
    )
    .execute(tx.conn())
    .await?;
    let present: Vec<_> = written.present.iter().map(|member| member.uuid()).collect();
    sqlx::query!(
        "INSERT INTO governance_attendance (provider_id, meeting_id, round, member_id) SELECT $1, $2, $3, u.id FROM unnest($4::uuid[]) AS u(id)",
        provider.uuid(),
        id.uuid(),
        round,
        &present,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// What a decision is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A figure.
    Figure(Figure),
    /// A question, by what it is known by.
    Question(String),
    /// A finding.
    Finding(FindingId),
    /// An action, and its finding.
    Action(ActionId, FindingId),
}

/// A decision to be written.
#[derive(Clone, Debug)]
pub struct NewDecision<'a> {
    /// Its place.
    pub seq: i32,
    /// What it is about.
    pub about: &'a About,
    /// The words it is about.
    pub saw: &'a str,
    /// What it says.
    pub said: Said,
    /// In their words.
    pub note: &'a str,
    /// The one it follows.
    pub follows: Option<i32>,
}

/// Writes a decision; false when the one it follows is not there or was followed already.
///
/// # Errors
/// The database refused or was lost.
pub async fn decide(tx: &mut TenantTx, id: GovernanceId, new: &NewDecision<'_>) -> Result<bool, sqlx::Error> {
    let (provider, by, now) = (tx.provider(), tx.actor(), tx.now());
    let (figure, question, finding, action) = match new.about {
        About::Figure(figure) => (Some(figure.as_str()), None, None, None),
        About::Question(key) => (None, Some(key.as_str()), None, None),
        About::Finding(finding) => (None, None, Some(finding.uuid()), None),
        About::Action(action, _) => (None, None, None, Some(action.uuid())),
    };
    let done = sqlx::query!(
        "INSERT INTO governance_decisions (provider_id, meeting_id, seq, figure, question, finding_id, action_id, saw, kind, note, follows, by, at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
         WHERE $11::int IS NULL OR (EXISTS (SELECT 1 FROM governance_decisions d WHERE d.provider_id = $1 AND d.meeting_id = $2 AND d.seq = $11)
           AND NOT EXISTS (SELECT 1 FROM governance_decisions d WHERE d.provider_id = $1 AND d.meeting_id = $2 AND d.follows = $11))",
        provider.uuid(),
        id.uuid(),
        new.seq,
        figure,
        question,
        finding,
        action,
        new.saw,
        new.said.as_str(),
        new.note,
        new.follows,
        by.map(|by| by.uuid()),
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Freezes the figures of a month with the rows they count and their line over the months before, and signs it off. Returns the figures.
///
/// # Errors
/// A rule of the database refused (a bug: the domain refuses first), or it was lost.
pub async fn sign(
    tx: &mut TenantTx,
    id: GovernanceId,
    over: &Over,
    span: Span,
    definition: &str,
) -> Result<Vec<(Figure, Value)>, sqlx::Error> {
    let (provider, by, now) = (tx.provider(), tx.actor(), tx.now());
    let figures: Vec<String> = Figure::ALL.iter().map(|figure| figure.as_str().to_owned()).collect();
    let targets: Vec<Option<f64>> = Figure::ALL.iter().map(|figure| figure.target()).collect();
    let (from, until, first, last) = span.bounds();
    sqlx::query_file!(
        "src/store/sql/governance_freeze.sql",
        provider.uuid(),
        over.services(),
        over.is_whole(),
        from,
        until,
        first,
        last,
        id.uuid(),
        &figures,
        &targets as &[Option<f64>],
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "UPDATE governance_meetings g SET signed_by = $3, signed_at = $4, definition = $5, lines = coalesce((
             SELECT jsonb_agg(jsonb_build_array(m.month, coalesce((SELECT jsonb_agg(jsonb_build_array(k.figure, k.numerator, k.denominator) ORDER BY k.figure) FROM figures_kept k
                 WHERE k.provider_id = $1 AND k.place_id = g.place_id AND k.month = m.month), '[]')) ORDER BY m.month)
             FROM figure_months m WHERE m.provider_id = $1 AND m.month < g.month AND m.month >= $6), '[]')
           WHERE g.provider_id = $1 AND g.id = $2",
        provider.uuid(),
        id.uuid(),
        by.map(|by| by.uuid()),
        now,
        definition,
        span.month().before(MONTHS).first(),
    )
    .execute(tx.conn())
    .await?;
    frozen(tx, id).await
}

/// The figures a signed month is frozen with.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn frozen(tx: &mut TenantTx, id: GovernanceId) -> Result<Vec<(Figure, Value)>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        "SELECT figure, numerator, denominator FROM governance_figures WHERE provider_id = $1 AND meeting_id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    let value = |numerator, denominator| Value { numerator, denominator };
    rows.into_iter().map(|r| Ok((word(&r.figure)?, value(r.numerator, r.denominator)))).collect()
}

/// Members who could have been at a meeting: those who lead the provider, and managers; in a service, everybody who works there.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn could_attend(
    tx: &mut TenantTx,
    service: Option<ServiceId>,
) -> Result<Vec<(MemberId, String, Role)>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT m.id AS "id: MemberId", m.name, m.role FROM memberships m
           WHERE m.provider_id = $1 AND m.ended_at IS NULL AND (m.role IN ('safeguarding_lead', 'quality_lead', 'nominated_individual', 'administrator')
             OR ($2::uuid IS NULL AND m.role = 'registered_manager')
             OR EXISTS (SELECT 1 FROM member_services g WHERE g.provider_id = $1 AND g.member_id = m.id AND g.service_id = $2))
           ORDER BY m.name, m.id"#,
        provider.uuid(),
        service.map(|service| service.uuid()),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|r| Ok((r.id, r.name, word(&r.role)?))).collect()
}

/// A finding or an action by its number: what it is, where, and its words.
///
/// # Errors
/// The database was lost.
pub async fn item(
    tx: &mut TenantTx,
    number: i32,
    is_action: bool,
) -> Result<Option<(About, ServiceId, String)>, sqlx::Error> {
    let provider = tx.provider();
    if is_action {
        let row = sqlx::query!(
            r#"SELECT a.id AS "id: ActionId", a.finding_id AS "finding: FindingId", a.service_id AS "service: ServiceId", a.what FROM actions a WHERE a.provider_id = $1 AND a.number = $2"#,
            provider.uuid(),
            number,
        )
        .fetch_optional(tx.conn())
        .await?;
        return Ok(row.map(|r| (About::Action(r.id, r.finding), r.service, r.what)));
    }
    let row = sqlx::query!(
        r#"SELECT f.id AS "id: FindingId", f.service_id AS "service: ServiceId", f.what FROM findings f WHERE f.provider_id = $1 AND f.number = $2"#,
        provider.uuid(),
        number,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| (About::Finding(r.id), r.service, r.what)))
}
