//! Escalations: raised once for each action, cycle, level, date and cause; decided by a recorded decision.

use chrono::NaiveDate;
use sqlx::types::Json;

use super::{TenantTx, word, words};
use crate::domain::calendar::Nation;
use crate::domain::escalation::{Cause, DecisionGiven, Level, Upon};
use crate::domain::topic::{EvidenceKind, Risk, Theme, Topic};
use crate::ids::{ActionId, DecisionId, EscalationId, FindingId, ServiceId};

/// Raises an escalation unless it was raised already; whichever replica comes first gets the id.
///
/// # Errors
/// The database refused or was lost.
pub async fn raise(
    tx: &mut TenantTx,
    action: ActionId,
    cycle: i32,
    level: Level,
    (cause, upon): (Cause, &Upon),
    due_on: NaiveDate,
) -> Result<Option<EscalationId>, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query_scalar!(
        r#"INSERT INTO escalations (provider_id, id, action_id, cycle, level, cause, due_on, at, upon, alone)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           ON CONFLICT DO NOTHING RETURNING id AS "id: EscalationId""#,
        provider.uuid(),
        EscalationId::new().uuid(),
        action.uuid(),
        cycle,
        level.number(),
        cause.as_str(),
        due_on,
        now,
        Json(upon) as _,
        level.alone(),
    )
    .fetch_optional(tx.conn())
    .await
}

/// An action whose date passed, and the levels that have heard of it.
#[derive(Clone, Debug)]
pub struct Passed {
    /// The action.
    pub id: ActionId,
    /// Its number.
    pub number: i32,
    /// Its finding.
    pub finding: FindingId,
    /// Its service.
    pub service: ServiceId,
    /// The service's nation.
    pub nation: Nation,
    /// Its cycle.
    pub cycle: i32,
    /// The date that passed.
    pub date: NaiveDate,
    /// The finding's risk.
    pub risk: Risk,
    /// The finding's theme.
    pub theme: Theme,
    /// The finding's topic.
    pub topic: Topic,
    /// Whether the registered manager has heard of this date.
    pub manager_knows: bool,
    /// Whether the second level has heard of this date.
    pub leadership_knows: bool,
    /// Whether the nominated individual owns it: then nobody above is left to ask.
    pub nominated_owns: bool,
    /// Whether it was decided at the first level that no escalation is needed (R13a).
    pub stays_here: bool,
    /// The kinds of evidence it must have that were not given (R3), when its due date passed.
    pub missing: Vec<EvidenceKind>,
}

/// Actions whose due date (or verification window, by `cause`; or the first ones of high-risk findings without a decision)
/// passed before `today` and of which the highest level of the
/// provider's ladder has not heard yet, oldest first, from behind the last one of the page before. One index scan when nothing passed.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn passed(
    tx: &mut TenantTx,
    cause: Cause,
    today: NaiveDate,
    after: Option<(NaiveDate, ActionId)>,
    limit: i64,
) -> Result<Vec<Passed>, sqlx::Error> {
    let rows = match cause {
        Cause::VerificationLate => passed_windows(tx, today, after, limit).await?,
        Cause::HighRisk => to_decide(tx, after, limit).await?,
        _ => passed_dates(tx, today, after, limit).await?,
    };
    rows.into_iter()
        .map(|r| {
            Ok(Passed {
                id: r.id,
                number: r.number,
                finding: r.finding,
                service: r.service,
                nation: word(&r.nation)?,
                cycle: r.cycle,
                date: r.date,
                risk: word(&r.risk)?,
                theme: word(&r.theme)?,
                topic: word(&r.topic)?,
                manager_knows: r.manager_knows,
                leadership_knows: r.leadership_knows,
                nominated_owns: r.nominated_owns,
                stays_here: r.stays_here,
                missing: words(&r.missing)?,
            })
        })
        .collect()
}

struct Row {
    id: ActionId,
    number: i32,
    finding: FindingId,
    service: ServiceId,
    nation: String,
    cycle: i32,
    date: NaiveDate,
    risk: String,
    theme: String,
    topic: String,
    manager_knows: bool,
    leadership_knows: bool,
    nominated_owns: bool,
    stays_here: bool,
    missing: Vec<String>,
}

async fn passed_dates(
    tx: &mut TenantTx,
    today: NaiveDate,
    after: Option<(NaiveDate, ActionId)>,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Row,
        r#"SELECT a.id AS "id: ActionId", a.number, a.finding_id AS "finding: FindingId", a.service_id AS "service: ServiceId", s.nation, a.cycle,
             a.due_on AS "date!", f.risk, f.theme, f.topic, (e1.id IS NOT NULL) AS "manager_knows!", (e2.id IS NOT NULL) AS "leadership_knows!",
             EXISTS (SELECT 1 FROM memberships m WHERE m.provider_id = $1 AND m.id = a.owner_id AND m.role = 'nominated_individual') AS "nominated_owns!",
             EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = a.provider_id AND d.escalation_id IN (e1.id, e2.id) AND d.decision = 'no_escalation') AS "stays_here!",
             ARRAY(SELECT r.kind FROM action_requirements r WHERE r.provider_id = a.provider_id AND r.action_id = a.id
               AND NOT EXISTS (SELECT 1 FROM evidence v WHERE v.provider_id = r.provider_id AND v.action_id = r.action_id AND v.cycle = a.cycle
                 AND v.kind = r.kind AND v.withdrawn_at IS NULL) ORDER BY r.kind) AS "missing!"
           FROM actions a
           JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
           JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
           LEFT JOIN escalations e1 ON e1.provider_id = a.provider_id AND e1.action_id = a.id AND e1.cycle = a.cycle AND e1.level = 1
             AND e1.due_on = a.due_on AND e1.cause IN ('overdue', 'evidence_missing')
           LEFT JOIN escalations e2 ON e2.provider_id = a.provider_id AND e2.action_id = a.id AND e2.cycle = a.cycle AND e2.level = 2
             AND e2.due_on = a.due_on AND e2.cause IN ('overdue', 'evidence_missing')
           WHERE a.provider_id = $1 AND a.due_on < $2 AND a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')
             -- heard as high as it goes: the third level is asked for only where a policy has one whose days can have passed, not of what
             -- went at once, and not where it was decided that it stays with the manager
             AND NOT (e2.id IS NOT NULL AND (a.risk IN ('high', 'critical') OR a.theme = 'safeguarding' OR a.topic = 'safeguarding_learning'
               OR NOT EXISTS (SELECT 1 FROM escalation_policies p WHERE p.provider_id = $1 AND p.level = 3 AND p.risk = a.risk AND p.theme IN ('', a.theme)
                 AND a.due_on + p.after_working_days <= $2::date)
               OR EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = $1 AND d.escalation_id IN (e1.id, e2.id) AND d.decision = 'no_escalation')))
             AND NOT EXISTS (SELECT 1 FROM escalations e3 WHERE e3.provider_id = a.provider_id AND e3.action_id = a.id AND e3.cycle = a.cycle
               AND e3.level = 3 AND e3.due_on = a.due_on AND e3.cause IN ('overdue', 'evidence_missing'))
             AND ($4::date IS NULL OR (a.due_on, a.id) > ($4, $5::uuid))
           ORDER BY a.due_on, a.id LIMIT $3"#,
        provider.uuid(),
        today,
        limit,
        after.map(|key| key.0),
        after.map(|key| key.1.uuid()),
    )
    .fetch_all(tx.conn())
    .await
}

async fn passed_windows(
    tx: &mut TenantTx,
    today: NaiveDate,
    after: Option<(NaiveDate, ActionId)>,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Row,
        r#"SELECT a.id AS "id: ActionId", a.number, a.finding_id AS "finding: FindingId", a.service_id AS "service: ServiceId", s.nation, a.cycle,
             a.verify_by AS "date!", f.risk, f.theme, f.topic, (e1.id IS NOT NULL) AS "manager_knows!", (e2.id IS NOT NULL) AS "leadership_knows!",
             EXISTS (SELECT 1 FROM memberships m WHERE m.provider_id = $1 AND m.id = a.owner_id AND m.role = 'nominated_individual') AS "nominated_owns!",
             EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = a.provider_id AND d.escalation_id IN (e1.id, e2.id) AND d.decision = 'no_escalation') AS "stays_here!", '{}'::text[] AS "missing!"
           FROM actions a
           JOIN findings f ON f.provider_id = a.provider_id AND f.id = a.finding_id
           JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
           LEFT JOIN escalations e1 ON e1.provider_id = a.provider_id AND e1.action_id = a.id AND e1.cycle = a.cycle AND e1.level = 1
             AND e1.due_on = a.verify_by AND e1.cause = 'verification_late'
           LEFT JOIN escalations e2 ON e2.provider_id = a.provider_id AND e2.action_id = a.id AND e2.cycle = a.cycle AND e2.level = 2
             AND e2.due_on = a.verify_by AND e2.cause = 'verification_late'
           WHERE a.provider_id = $1 AND a.verify_by < $2 AND a.status = 'submitted'
             -- heard as high as it goes: the third level is asked for only where a policy has one whose days can have passed, not of what
             -- went at once, and not where it was decided that it stays with the manager
             AND NOT (e2.id IS NOT NULL AND (a.risk IN ('high', 'critical') OR a.theme = 'safeguarding' OR a.topic = 'safeguarding_learning'
               OR NOT EXISTS (SELECT 1 FROM escalation_policies p WHERE p.provider_id = $1 AND p.level = 3 AND p.risk = a.risk AND p.theme IN ('', a.theme)
                 AND a.verify_by + p.after_working_days <= $2::date)
               OR EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = $1 AND d.escalation_id IN (e1.id, e2.id) AND d.decision = 'no_escalation')))
             AND NOT EXISTS (SELECT 1 FROM escalations e3 WHERE e3.provider_id = a.provider_id AND e3.action_id = a.id AND e3.cycle = a.cycle
               AND e3.level = 3 AND e3.due_on = a.verify_by AND e3.cause = 'verification_late')
             AND ($4::date IS NULL OR (a.verify_by, a.id) > ($4, $5::uuid))
           ORDER BY a.verify_by, a.id LIMIT $3"#,
        provider.uuid(),
        today,
        limit,
        after.map(|key| key.0),
        after.map(|key| key.1.uuid()),
    )
    .fetch_all(tx.conn())
    .await
}

/// The first open action of each high-risk finding on which no decision was recorded and of which leadership has not heard:
/// a table of these few.
async fn to_decide(
    tx: &mut TenantTx,
    after: Option<(NaiveDate, ActionId)>,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Row,
        r#"SELECT a.id AS "id: ActionId", a.number, a.finding_id AS "finding: FindingId", a.service_id AS "service: ServiceId", s.nation, a.cycle,
             w.since AS "date!", a.risk, a.theme, a.topic, false AS "stays_here!", false AS "leadership_knows!", false AS "nominated_owns!", '{}'::text[] AS "missing!",
             EXISTS (SELECT 1 FROM actions o JOIN escalations e ON e.provider_id = o.provider_id AND e.action_id = o.id
               WHERE o.provider_id = $1 AND o.finding_id = w.finding_id AND e.level = 1 AND e.cause = 'high_risk') AS "manager_knows!"
           FROM (SELECT f.finding_id, (f.since AT TIME ZONE 'Europe/London')::date AS since FROM findings_to_decide f WHERE f.provider_id = $1) w
           JOIN LATERAL (SELECT x.* FROM actions x WHERE x.provider_id = $1 AND x.finding_id = w.finding_id
             AND x.status NOT IN ('closed', 'cancelled') ORDER BY x.number LIMIT 1) a ON true
           JOIN services s ON s.provider_id = $1 AND s.id = a.service_id
           WHERE ($3::date IS NULL OR (w.since, a.id) > ($3, $4::uuid))
           ORDER BY w.since, a.id LIMIT $2"#,
        provider.uuid(),
        limit,
        after.map(|key| key.0),
        after.map(|key| key.1.uuid()),
    )
    .fetch_all(tx.conn())
    .await
}

/// An escalation, enough to decide on it.
#[derive(Clone, Debug)]
pub struct Open {
    /// The number of its action.
    pub action_number: i32,
    /// How high it went.
    pub level: Level,
    /// Why.
    pub cause: Cause,
    /// The action's cycle it belongs to.
    pub cycle: i32,
    /// The date it is about.
    pub due_on: NaiveDate,
    /// What it was raised upon; see [`crate::domain::escalation::Upon`].
    pub upon: Upon,
    /// Whether a decision was recorded on it.
    pub decided: bool,
    /// Where the trail ended when this was read.
    pub line: i64,
}

/// Reads one escalation.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn get(tx: &mut TenantTx, id: EscalationId) -> Result<Option<Open>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT a.number, e.cycle, e.level, e.alone, e.cause, e.due_on, e.upon AS "upon: Json<Upon>",
             EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = e.provider_id AND d.escalation_id = e.id) AS "decided!",
             (SELECT h.seq FROM chain_heads h WHERE h.provider_id = e.provider_id) AS "line!"
           FROM escalations e JOIN actions a ON a.provider_id = e.provider_id AND a.id = e.action_id
           WHERE e.provider_id = $1 AND e.id = $2"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        let level = Level::of(r.level, r.alone);
        Ok(Open {
            action_number: r.number,
            level,
            cause: word(&r.cause)?,
            cycle: r.cycle,
            due_on: r.due_on,
            upon: r.upon.0,
            decided: r.decided,
            line: r.line,
        })
    })
    .transpose()
}

/// A decision to be recorded (R13, R13a).
#[derive(Clone, Debug)]
pub struct NewDecision<'a> {
    /// Id.
    pub id: DecisionId,
    /// The escalation decided.
    pub escalation: EscalationId,
    /// Its action.
    pub action: ActionId,
    /// The decision as given.
    pub given: &'a DecisionGiven,
    /// What it saw (R18a).
    pub judged: serde_json::Value,
}

/// The newest escalation of an action, as it runs now, that waits for a decision at this level.
///
/// # Errors
/// The database was lost.
pub async fn undecided(
    tx: &mut TenantTx,
    action: ActionId,
    level: Level,
) -> Result<Option<EscalationId>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT e.id AS "id: EscalationId" FROM actions a JOIN escalations e ON e.provider_id = $1 AND e.action_id = a.id AND e.cycle = a.cycle
           WHERE a.provider_id = $1 AND a.id = $2 AND e.level = $3
             AND NOT EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = $1 AND d.escalation_id = e.id)
           ORDER BY e.at DESC, e.id DESC LIMIT 1"#,
        provider.uuid(),
        action.uuid(),
        level.number(),
    )
    .fetch_optional(tx.conn())
    .await
}

/// Writes a decision.
///
/// # Errors
/// The database refused or was lost.
pub async fn insert_decision(tx: &mut TenantTx, new: &NewDecision<'_>) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    let given = new.given;
    sqlx::query!(
        r#"INSERT INTO escalation_decisions (provider_id, id, escalation_id, action_id, decided_by, decision, risk, delay_reason, support_needed,
             revised_due_on, interim_control, because, judged, at, control_from, control_check_on, control_until)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"#,
        provider.uuid(),
        new.id.uuid(),
        new.escalation.uuid(),
        new.action.uuid(),
        by.map(|b| b.uuid()),
        given.decision.as_str(),
        given.risk,
        given.delay_reason,
        given.support_needed,
        given.revised_due_on,
        given.interim_control,
        given.because,
        new.judged,
        now,
        given.control.from,
        given.control.check_on,
        given.control.until,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
