//! The outbox as administrators read it.

use chrono::{DateTime, Utc};

use super::outbox::Audience;
use super::{TenantTx, word};
use crate::domain::message::MessageKind;
use crate::domain::text_enum::text_enum;
use crate::ids::MessageId;

/// How many rows a page has.
pub const ROWS: i64 = 50;

text_enum! {
    /// What became of a message.
    pub enum Fate {
        /// It was given up.
        Undeliverable => "undeliverable", "Could not be delivered";
        /// It is to be sent, or to be tried again.
        Waiting => "waiting", "Waiting, or tried again";
        /// It left, or was kept to be read here.
        Sent => "sent", "Sent";
        /// Its reader does not want it by mail, or it was no longer true.
        NotSent => "not_sent", "Not sent, because not wanted or no longer true";
    }
}

/// One message.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Id.
    pub id: MessageId,
    /// What it tells.
    pub kind: MessageKind,
    /// Whom it is for.
    pub audience: Audience,
    /// The one recipient, once resolved.
    pub recipient: Option<String>,
    /// The number of the action it is about; none for a digest.
    pub number: Option<i32>,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// When it left, or was kept for reading.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it is tried next; none when sent or given up.
    pub next_at: Option<DateTime<Utc>>,
    /// How often it was tried.
    pub attempts: i32,
    /// Subject of the last try.
    pub subject: Option<String>,
    /// Text of the last try.
    pub body: Option<String>,
    /// Whether it was no longer true when its turn came; then the error says why.
    pub overtaken: bool,
    /// What the transport said.
    pub last_error: Option<String>,
}

/// Which messages are looked for.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// What became of them; any when none.
    pub state: Option<Fate>,
    /// Their kinds; all when none is named.
    pub kinds: &'a [MessageKind],
    /// The last row of the page before.
    pub after: Option<(DateTime<Utc>, MessageId)>,
    /// How many.
    pub limit: i64,
}

/// A page of messages, newest first. What was turned into one message for each person is left out: those are there.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn page(tx: &mut TenantTx, asked: &Asked<'_>) -> Result<Vec<Listed>, sqlx::Error> {
    let provider = tx.provider();
    let kinds: Vec<String> = asked.kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    let rows = sqlx::query!(
        r#"SELECT o.id AS "id: MessageId", o.kind, o.audience, m.name AS "recipient?", a.number AS "number?", o.created_at, o.sent_at, o.next_at, o.attempts,
             o.subject, o.body, o.overtaken, o.last_error
           FROM outbox o LEFT JOIN actions a ON a.provider_id = o.provider_id AND a.id = o.action_id
           LEFT JOIN memberships m ON m.provider_id = o.provider_id AND m.id = o.recipient_id
           WHERE o.provider_id = $1 AND (o.recipient_id IS NOT NULL OR o.sent_at IS NULL)
             AND ($2::timestamptz IS NULL OR (o.created_at, o.id) < ($2, $3::uuid))
             AND ($5::text IS NULL OR $5 = CASE WHEN o.sent_at IS NOT NULL THEN 'sent' WHEN o.overtaken THEN 'not_sent'
               WHEN o.next_at IS NULL THEN 'undeliverable' ELSE 'waiting' END)
             AND ($5 IS DISTINCT FROM 'undeliverable' OR (o.sent_at IS NULL AND o.next_at IS NULL AND NOT o.overtaken))
             AND (cardinality($6::text[]) = 0 OR o.kind = ANY($6))
           ORDER BY o.created_at DESC, o.id DESC LIMIT $4"#,
        provider.uuid(),
        asked.after.map(|k| k.0),
        asked.after.map(|k| k.1.uuid()),
        asked.limit,
        asked.state.map(|state| state.as_str()),
        &kinds,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Listed {
                id: r.id,
                kind: word(&r.kind)?,
                audience: word(&r.audience)?,
                recipient: r.recipient,
                number: r.number,
                created_at: r.created_at,
                sent_at: r.sent_at,
                next_at: r.next_at,
                attempts: r.attempts,
                subject: r.subject,
                body: r.body,
                overtaken: r.overtaken,
                last_error: r.last_error,
            })
        })
        .collect()
}

/// How many messages were given up; beyond a thousand nobody counts.
///
/// # Errors
/// The database was lost.
pub async fn undeliverable(tx: &mut TenantTx) -> Result<i64, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM (SELECT 1 FROM outbox o
           WHERE o.provider_id = $1 AND o.sent_at IS NULL AND o.next_at IS NULL AND NOT o.overtaken LIMIT 1000) x"#,
        provider.uuid(),
    )
    .fetch_one(tx.conn())
    .await
}
