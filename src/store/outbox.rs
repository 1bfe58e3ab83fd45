//! Messages to be delivered: queued with the change they tell of, resolved and sent by the worker.

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use super::{TenantTx, word};
use crate::domain::message::MessageKind;
use crate::domain::text_enum::text_enum;
use crate::ids::{ActionId, EscalationId, MemberId, MessageId};

text_enum! {
    /// Whom a message is for; who that is is decided when it is sent.
    pub enum Audience {
        /// The action's owner.
        Owner => "owner", "The owner";
        /// The service's registered manager; the quality lead, or else the nominated individual, if there is none or if
        /// the manager owns it (R12).
        Manager => "manager", "The registered manager";
        /// The quality lead and the nominated individual (R12).
        Leadership => "leadership", "Quality lead and nominated individual";
        /// Those who may check actions of the service.
        Verifiers => "verifiers", "Those who may check it";
        /// One member, of what is theirs.
        Themselves => "themselves", "Themselves";
    }
}

/// A message to be queued.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// What it tells.
    pub kind: MessageKind,
    /// Whom it is for.
    pub audience: Audience,
    /// The action it is about.
    pub action: ActionId,
    /// The escalation it tells of.
    pub escalation: Option<EscalationId>,
    /// What makes it the same message: a second one with this key is not queued.
    pub dedupe_key: String,
}

/// Queues a message, to be sent as soon as the change is committed. Once for each key.
///
/// # Errors
/// The database refused or was lost.
pub async fn queue(tx: &mut TenantTx, new: &NewMessage) -> Result<(), sqlx::Error> {
    let (provider, now, together) = (tx.provider(), tx.now(), tx.together());
    sqlx::query!(
        r#"INSERT INTO outbox (provider_id, id, dedupe_key, kind, audience, action_id, escalation_id, created_at, next_at, together)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9) ON CONFLICT ON CONSTRAINT outbox_says_it_once DO NOTHING"#,
        provider.uuid(),
        MessageId::new().uuid(),
        new.dedupe_key,
        new.kind.as_str(),
        new.audience.as_str(),
        new.action.uuid(),
        new.escalation.map(|e| e.uuid()),
        now,
        together,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// A message for one person, whose time has come.
#[derive(Clone, Debug)]
pub struct Due {
    /// Id; also the mail's Message-ID.
    pub id: MessageId,
    /// What it tells.
    pub kind: MessageKind,
    /// Whom it is for.
    pub audience: Audience,
    /// The action it is about; none for a digest.
    pub action: Option<ActionId>,
    /// The escalation it tells of.
    pub escalation: Option<EscalationId>,
    /// The one person.
    pub recipient: MemberId,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// What was queued with it, to be told in one mail.
    pub together: Option<Uuid>,
}

/// Claims at most `limit` messages whose time has come, for as long as `lease`: no other replica takes them meanwhile,
/// and they come back by themselves if this one dies.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn claim(tx: &mut TenantTx, limit: i64, lease: Duration) -> Result<Vec<Due>, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let rows = sqlx::query!(
        r#"UPDATE outbox o SET leased_until = $3, attempts = attempts + 1
           FROM (SELECT id FROM outbox WHERE provider_id = $1 AND next_at <= $2 AND recipient_id IS NOT NULL AND (leased_until IS NULL OR leased_until <= $2)
                 ORDER BY next_at, id LIMIT $4 FOR UPDATE SKIP LOCKED) due
           WHERE o.provider_id = $1 AND o.id = due.id
           RETURNING o.id AS "id: MessageId", o.kind, o.audience, o.action_id AS "action: ActionId", o.escalation_id AS "escalation: EscalationId",
             o.recipient_id AS "recipient!: MemberId", o.attempts, o.created_at, o.together"#,
        provider.uuid(),
        now,
        now + lease,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Due {
                id: r.id,
                kind: word(&r.kind)?,
                audience: word(&r.audience)?,
                action: r.action,
                escalation: r.escalation,
                recipient: r.recipient,
                attempts: r.attempts,
                created_at: r.created_at,
                together: r.together,
            })
        })
        .collect()
}

/// The messages of one kind that a member is told together: the first of them carries all, the others go with it.
///
/// # Errors
/// The database was lost.
pub async fn told_together(
    tx: &mut TenantTx,
    together: Uuid,
    kind: MessageKind,
    to: MemberId,
) -> Result<Vec<(MessageId, ActionId, Option<EscalationId>)>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT o.id AS "id: MessageId", o.action_id AS "action!: ActionId", o.escalation_id AS "escalation: EscalationId" FROM outbox o JOIN actions a ON a.provider_id = $1 AND a.id = o.action_id
           WHERE o.provider_id = $1 AND o.together = $2 AND o.kind = $3 AND o.recipient_id = $4 ORDER BY a.number, o.id"#,
        provider.uuid(),
        together,
        kind.as_str(),
        to.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.action, row.escalation)).collect())
}

/// A message for an audience, whose time has come.
#[derive(Clone, Copy, Debug)]
pub struct Unresolved {
    /// Id.
    pub id: MessageId,
    /// Whom it is for.
    pub audience: Audience,
    /// The action it is about.
    pub action: ActionId,
    /// The escalation it tells of.
    pub escalation: Option<EscalationId>,
}

/// At most `limit` messages that are still to become one for each person, locked until the transaction ends; those that
/// another replica is turning are left to it.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn unresolved(tx: &mut TenantTx, limit: i64) -> Result<Vec<Unresolved>, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let rows = sqlx::query!(
        r#"SELECT id AS "id: MessageId", audience, action_id AS "action!: ActionId", escalation_id AS "escalation: EscalationId" FROM outbox
           WHERE provider_id = $1 AND next_at <= $2 AND recipient_id IS NULL ORDER BY next_at, id LIMIT $3 FOR UPDATE SKIP LOCKED"#,
        provider.uuid(),
        now,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let audience = word(&r.audience)?;
            Ok(Unresolved { id: r.id, audience, action: r.action, escalation: r.escalation })
        })
        .collect()
}

/// Turns a message for an audience into a notice and a mail for each person, and takes it off the queue.
///
/// # Errors
/// The database refused or was lost.
pub async fn resolve(tx: &mut TenantTx, id: MessageId, people: &[MemberId]) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let people: Vec<_> = people.iter().map(|p| p.uuid()).collect();
    sqlx::query!(
        r#"WITH told AS (SELECT o.*, x.p FROM outbox o, unnest($3::uuid[]) AS x(p) WHERE o.provider_id = $1 AND o.id = $2),
           queued AS (
             INSERT INTO outbox (provider_id, id, dedupe_key, kind, audience, action_id, escalation_id, recipient_id, created_at, next_at, together)
             SELECT $1, gen_random_uuid(), t.dedupe_key || ' to ' || t.p, t.kind, t.audience, t.action_id, t.escalation_id, t.p, t.created_at, $4, t.together FROM told t
             ON CONFLICT ON CONSTRAINT outbox_says_it_once DO NOTHING)
           INSERT INTO notices (provider_id, id, member_id, kind, action_id, escalation_id, dedupe_key, created_at)
           SELECT $1, gen_random_uuid(), t.p, t.kind, t.action_id, t.escalation_id, t.dedupe_key, $4 FROM told t
           ON CONFLICT ON CONSTRAINT notices_say_it_once DO NOTHING"#,
        provider.uuid(),
        id.uuid(),
        &people,
        now,
    )
    .execute(tx.conn())
    .await?;
    let nobody = people.is_empty().then_some("Nobody to tell: no member has this role");
    sqlx::query!(
        "UPDATE outbox SET next_at = NULL, leased_until = NULL, sent_at = CASE WHEN $4::text IS NULL THEN $3::timestamptz END, last_error = $4 WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        now,
        nobody,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Notes how sending went: sent, to be tried again at `next_at`, or given up.
#[derive(Clone, Debug)]
pub struct Outcome<'a> {
    /// The message.
    pub id: MessageId,
    /// The subject it had.
    pub subject: &'a str,
    /// The text it had.
    pub body: &'a str,
    /// When it left; none when it did not.
    pub sent_at: Option<DateTime<Utc>>,
    /// When to try again; none when sent or given up.
    pub next_at: Option<DateTime<Utc>>,
    /// What the transport said; no addresses.
    pub error: Option<&'a str>,
}

/// Writes the outcome of one try.
///
/// # Errors
/// The database was lost.
pub async fn mark(tx: &mut TenantTx, outcome: &Outcome<'_>) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    let error: Option<String> = outcome.error.map(|e| e.chars().take(500).collect());
    sqlx::query!(
        r#"UPDATE outbox SET subject = $3, body = $4, sent_at = $5, next_at = $6, last_error = $7, leased_until = NULL
           WHERE provider_id = $1 AND id = $2"#,
        provider.uuid(),
        outcome.id.uuid(),
        outcome.subject,
        outcome.body,
        outcome.sent_at,
        outcome.next_at,
        error,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Takes the words out of messages that were sent, or given up, before `before`; that they were, what they told, to
/// whom and when stays. Returns how many.
///
/// # Errors
/// The database was lost.
pub async fn forget_words(tx: &mut TenantTx, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        r#"UPDATE outbox SET subject = NULL, body = NULL WHERE provider_id = $1 AND body IS NOT NULL AND created_at < $2
             AND next_at IS NULL AND coalesce(sent_at, created_at) < $2"#,
        provider.uuid(),
        before,
    )
    .execute(tx.conn())
    .await
    .map(|done| done.rows_affected())
}

/// Takes a message off the queue that was no longer true when its turn came, and notes why.
///
/// # Errors
/// The database was lost.
pub async fn overtake(tx: &mut TenantTx, id: MessageId, why: &str) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "UPDATE outbox SET overtaken = true, next_at = NULL, leased_until = NULL, last_error = $3 WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        why,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Takes everything off the queue whose time has come, and notes why. Returns how many messages.
///
/// # Errors
/// The database was lost.
pub async fn overtake_all(tx: &mut TenantTx, why: &str) -> Result<u64, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query!(
        "UPDATE outbox SET overtaken = true, next_at = NULL, leased_until = NULL, last_error = $3 WHERE provider_id = $1 AND next_at <= $2",
        provider.uuid(),
        now,
        why,
    )
    .execute(tx.conn())
    .await
    .map(|done| done.rows_affected())
}
