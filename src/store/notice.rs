//! What members are told in the program. They come with the outbox ([`super::outbox::resolve`], [`super::reminder::settle`])
//! and are read here, each as far as its reader sees the action when it is shown.

use chrono::{DateTime, NaiveDate, Utc};

use super::scope::Scope;
use super::{TenantTx, word};
use crate::domain::message::MessageKind;
use crate::ids::{EscalationId, MemberId, NoticeId};

/// How many rows a page has.
pub const ROWS: i64 = 50;

/// One notice.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Id.
    pub id: NoticeId,
    /// What it tells.
    pub kind: MessageKind,
    /// When it was given.
    pub created_at: DateTime<Utc>,
    /// Whether its reader has opened it.
    pub read: bool,
    /// The action it is about; none when its reader does not see it any more.
    pub about: Option<About>,
}

/// The action of a notice, as it is now.
#[derive(Clone, Debug)]
pub struct About {
    /// Its number.
    pub number: i32,
    /// What is to be done.
    pub what: String,
    /// Its service.
    pub service: String,
    /// Its due date.
    pub due_on: Option<NaiveDate>,
}

/// A member's notices, newest first, at most `limit`.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn page(
    tx: &mut TenantTx,
    scope: Scope,
    after: Option<(DateTime<Utc>, NoticeId)>,
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT n.id AS "id: NoticeId", n.kind, n.created_at, (n.read_at IS NOT NULL) AS "read!",
             a.number AS "number?", a.what AS "what?", a.due_on AS "due_on?", s.name AS "service?"
           FROM notices n
           LEFT JOIN LATERAL (SELECT a.number, a.what, a.due_on, a.service_id FROM actions a WHERE a.provider_id = $1 AND a.id = n.action_id
             AND ($2 OR ($3 AND EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = $1 AND ms.member_id = $4 AND ms.service_id = a.service_id))
               OR a.owner_id = $4)) a ON true
           LEFT JOIN services s ON s.provider_id = $1 AND s.id = a.service_id
           WHERE n.provider_id = $1 AND n.member_id = $4
             AND ($5::timestamptz IS NULL OR (n.created_at, n.id) < ($5, $6::uuid))
           ORDER BY n.created_at DESC, n.id DESC LIMIT $7"#,
        provider.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
        after.map(|k| k.0),
        after.map(|k| k.1.uuid()),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let about = match (r.number, r.what, r.service) {
                (Some(number), Some(what), Some(service)) => {
                    Some(About { number, what, service, due_on: r.due_on })
                }
                _ => None,
            };
            Ok(Listed { id: r.id, kind: word(&r.kind)?, created_at: r.created_at, read: r.read, about })
        })
        .collect()
}

/// Where a notice leads.
#[derive(Clone, Copy, Debug)]
pub struct Leads {
    /// What it tells.
    pub kind: MessageKind,
    /// The action's number.
    pub number: i32,
    /// The escalation it tells of.
    pub escalation: Option<EscalationId>,
}

/// Marks a member's own notice as read, and says where it leads; none when it is not theirs. Doing it again changes
/// nothing.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn open(tx: &mut TenantTx, me: MemberId, id: NoticeId) -> Result<Option<Leads>, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let row = sqlx::query!(
        r#"WITH mark AS (
             UPDATE notices SET read_at = $4 WHERE provider_id = $1 AND id = $2 AND member_id = $3 AND read_at IS NULL)
           SELECT n.kind, a.number, n.escalation_id AS "escalation: EscalationId"
           FROM notices n JOIN actions a ON a.provider_id = n.provider_id AND a.id = n.action_id
           WHERE n.provider_id = $1 AND n.id = $2 AND n.member_id = $3"#,
        provider.uuid(),
        id.uuid(),
        me.uuid(),
        now,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| Ok(Leads { kind: word(&r.kind)?, number: r.number, escalation: r.escalation })).transpose()
}

/// Marks a member's notices as read that were given up to an instant: what came after it, nobody has seen yet.
///
/// # Errors
/// The database was lost.
pub async fn read_all(tx: &mut TenantTx, me: MemberId, until: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query!(
        "UPDATE notices SET read_at = $4 WHERE provider_id = $1 AND member_id = $2 AND read_at IS NULL AND created_at <= $3",
        provider.uuid(),
        me.uuid(),
        until,
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Tells whoever decided an interim control, or the service's registered managers when they have left, that its check is
/// due: on its day, and for a week after a standstill. Each once. Returns how many were told.
///
/// # Errors
/// The database was lost.
pub async fn of_control_checks(tx: &mut TenantTx, today: NaiveDate) -> Result<u64, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let done = sqlx::query!(
        r#"INSERT INTO notices (provider_id, id, member_id, kind, action_id, escalation_id, dedupe_key, created_at)
           SELECT $1, gen_random_uuid(), m.id, $4, d.action_id, d.escalation_id, 'control ' || d.id, $3
           FROM escalation_decisions d
           JOIN actions a ON a.provider_id = $1 AND a.id = d.action_id AND a.status NOT IN ('closed', 'cancelled')
           CROSS JOIN LATERAL (SELECT m.id FROM memberships m WHERE m.provider_id = $1 AND m.ended_at IS NULL AND (m.id = d.decided_by
             OR (m.role = 'registered_manager'
               AND EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = $1 AND ms.member_id = m.id AND ms.service_id = a.service_id)
               AND EXISTS (SELECT 1 FROM memberships g WHERE g.provider_id = $1 AND g.id = d.decided_by AND g.ended_at IS NOT NULL)))) m
           WHERE d.provider_id = $1 AND d.control_check_on BETWEEN $2::date - 7 AND $2::date
             AND (d.control_until IS NULL OR d.control_until >= $2)
             AND NOT EXISTS (SELECT 1 FROM escalation_decisions l WHERE l.provider_id = $1 AND l.action_id = d.action_id AND l.at > d.at
               AND l.interim_control <> '')
             AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.provider_id = $1 AND n.member_id = m.id AND n.dedupe_key = 'control ' || d.id)
           ON CONFLICT ON CONSTRAINT notices_say_it_once DO NOTHING"#,
        provider.uuid(),
        today,
        now,
        MessageKind::ControlCheck.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Tells the deputies and registered managers of its service that a sustain check is due, except those who own the action or
/// have owned it in this round; where nobody is left, the quality lead. On its day, and for a week after a standstill, each
/// once. Returns how many were told.
///
/// # Errors
/// The database was lost.
pub async fn of_sustain_checks(tx: &mut TenantTx, today: NaiveDate) -> Result<u64, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let done = sqlx::query!(
        r#"INSERT INTO notices (provider_id, id, member_id, kind, action_id, dedupe_key, created_at)
           SELECT $1, gen_random_uuid(), m.id, $4, c.action_id, 'sustain ' || c.id, $3
           FROM sustain_checks c JOIN actions a ON a.provider_id = $1 AND a.id = c.action_id AND a.status = 'closed' AND a.cycle = c.cycle
           CROSS JOIN LATERAL (
             WITH near AS MATERIALIZED (SELECT n.id FROM member_services ms JOIN memberships n ON n.provider_id = $1 AND n.id = ms.member_id AND n.ended_at IS NULL
                 AND n.role IN ('deputy_manager', 'registered_manager')
               WHERE ms.provider_id = $1 AND ms.service_id = c.service_id AND NOT EXISTS (SELECT 1 FROM action_owners w
                 WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = a.cycle AND w.member_id = n.id))
             SELECT near.id FROM near
             UNION ALL SELECT q.id FROM memberships q WHERE q.provider_id = $1 AND q.ended_at IS NULL AND q.role = 'quality_lead' AND NOT EXISTS (SELECT 1 FROM near)
               AND NOT EXISTS (SELECT 1 FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = a.cycle AND w.member_id = q.id)) m
           WHERE c.provider_id = $1 AND c.result IS NULL AND c.due_on BETWEEN $2::date - 7 AND $2::date
             AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.provider_id = $1 AND n.member_id = m.id AND n.dedupe_key = 'sustain ' || c.id)
           ON CONFLICT ON CONSTRAINT notices_say_it_once DO NOTHING"#,
        provider.uuid(),
        today,
        now,
        MessageKind::SustainCheck.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Takes away what was read before `before`. Returns how many.
///
/// # Errors
/// The database was lost.
pub async fn forget_read(tx: &mut TenantTx, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let provider = tx.provider();
    let done =
        sqlx::query!("DELETE FROM notices WHERE provider_id = $1 AND read_at < $2", provider.uuid(), before);
    done.execute(tx.conn()).await.map(|done| done.rows_affected())
}
