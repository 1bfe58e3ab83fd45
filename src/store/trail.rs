//! The trail of a provider: one hash chain of lines (migrations/0005).

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{TenantTx, word};
use crate::domain::event::{Event, EventKind};
use crate::domain::trail::{Columns, Head, Line, Text, hash_of};
use crate::ids::{ActionId, FindingId, GovernanceId, ReviewId};

/// Appends events in their order; the chain's head stays locked until the transaction ends.
///
/// # Errors
/// The database refused or was lost.
pub async fn append(tx: &mut TenantTx, events: &[Event]) -> Result<(), sqlx::Error> {
    let (now, actor) = (tx.now(), tx.actor());
    let lines = events.iter().map(|event| {
        let texts: Map<String, Value> =
            event.texts.iter().map(|(name, text)| ((*name).to_owned(), Value::String(text.clone()))).collect();
        json!({
            "at": now, "kind": event.kind.as_str(), "actor": actor, "review": event.review, "finding": event.finding,
            "action": event.action, "detail": event.detail, "texts": texts,
        })
    });
    sqlx::query!(r#"SELECT app.append_events($1) AS "seq!""#, Value::Array(lines.collect()))
        .fetch_one(tx.conn())
        .await
        .map(drop)
}

/// One line of a timeline.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its place in the chain.
    pub seq: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: EventKind,
    /// Who did it; none when the program did.
    pub actor: Option<String>,
    /// The facts.
    pub detail: Value,
    /// The texts that stand beside it; erased ones are left out.
    pub texts: Vec<(String, String)>,
}

struct Row {
    seq: i64,
    at: DateTime<Utc>,
    kind: String,
    actor: Option<String>,
    action: Option<i32>,
    detail: Value,
    texts: Option<Value>,
}

impl Row {
    fn into_told(self) -> Result<(Option<i32>, Told), sqlx::Error> {
        let Self { seq, at, kind, actor, action, detail, texts } = self;
        Ok((action, Told { seq, at, kind: word(&kind)?, actor, detail, texts: readable(texts) }))
    }
}

/// The newest events of an action, newest first, at most `limit`.
///
/// # Errors
/// The database was lost, or holds a kind this program does not know.
pub async fn of_action(tx: &mut TenantTx, action: ActionId, limit: i64) -> Result<Vec<Told>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT e.seq, e.at, e.kind, m.name AS "actor?", NULL::int AS "action?", (e.line::json -> 'detail')::jsonb AS "detail!",
             (SELECT jsonb_object_agg(t.name, t.body) FROM event_texts t
               WHERE t.provider_id = e.provider_id AND t.seq = e.seq AND t.body IS NOT NULL) AS texts
           FROM events e LEFT JOIN memberships m ON m.provider_id = e.provider_id AND m.id = e.actor_id
           WHERE e.provider_id = $1 AND e.action_id = $2 ORDER BY e.seq DESC LIMIT $3"#,
        provider.uuid(),
        action.uuid(),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| Ok(row.into_told()?.1)).collect()
}

/// The newest events of a finding and of its actions, newest first, at most `limit`; each with the number of the
/// action it is about.
///
/// # Errors
/// As [`of_action`].
pub async fn of_finding(
    tx: &mut TenantTx,
    finding: FindingId,
    limit: i64,
) -> Result<Vec<(Option<i32>, Told)>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT e.seq, e.at, e.kind, m.name AS "actor?", a.number AS "action?", (e.line::json -> 'detail')::jsonb AS "detail!",
             (SELECT jsonb_object_agg(t.name, t.body) FROM event_texts t
               WHERE t.provider_id = e.provider_id AND t.seq = e.seq AND t.body IS NOT NULL) AS texts
           FROM events e LEFT JOIN memberships m ON m.provider_id = e.provider_id AND m.id = e.actor_id
           LEFT JOIN actions a ON a.provider_id = e.provider_id AND a.id = e.action_id
           WHERE e.provider_id = $1 AND e.finding_id = $2 ORDER BY e.seq DESC LIMIT $3"#,
        provider.uuid(),
        finding.uuid(),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::into_told).collect()
}

/// The newest events of a review and of its findings, newest first, at most `limit`.
///
/// # Errors
/// As [`of_action`].
pub async fn of_review(tx: &mut TenantTx, review: ReviewId, limit: i64) -> Result<Vec<Told>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT e.seq, e.at, e.kind, m.name AS "actor?", NULL::int AS "action?", (e.line::json -> 'detail')::jsonb AS "detail!",
             (SELECT jsonb_object_agg(t.name, t.body) FROM event_texts t
               WHERE t.provider_id = e.provider_id AND t.seq = e.seq AND t.body IS NOT NULL) AS texts
           FROM events e LEFT JOIN memberships m ON m.provider_id = e.provider_id AND m.id = e.actor_id
           WHERE e.provider_id = $1 AND (e.review_id = $2 OR e.finding_id IN (SELECT x.finding_id FROM finding_sources x
             WHERE x.provider_id = $1 AND x.review_id = $2)) ORDER BY e.seq DESC LIMIT $3"#,
        provider.uuid(),
        review.uuid(),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| Ok(row.into_told()?.1)).collect()
}

/// The newest events of the provider itself (people, places, rules), newest first, at most `limit`: those whose facts
/// hold `about`, such as `{"member": …}`, all with `{}`; with `before`, those before that line.
///
/// # Errors
/// As [`of_action`].
pub async fn of_provider(
    tx: &mut TenantTx,
    about: &Value,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Told>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT e.seq, e.at, e.kind, m.name AS "actor?", NULL::int AS "action?", (e.line::json -> 'detail')::jsonb AS "detail!",
             (SELECT jsonb_object_agg(t.name, t.body) FROM event_texts t
               WHERE t.provider_id = e.provider_id AND t.seq = e.seq AND t.body IS NOT NULL) AS texts
           FROM events e LEFT JOIN memberships m ON m.provider_id = e.provider_id AND m.id = e.actor_id
           WHERE e.provider_id = $1 AND e.action_id IS NULL AND e.finding_id IS NULL AND e.review_id IS NULL
             AND (e.line::json -> 'detail')::jsonb @> $2 AND ($3::bigint IS NULL OR e.seq < $3)
           ORDER BY e.seq DESC LIMIT $4"#,
        provider.uuid(),
        about,
        before,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| Ok(row.into_told()?.1)).collect()
}

fn readable(texts: Option<Value>) -> Vec<(String, String)> {
    match texts {
        Some(Value::Object(map)) => {
            map.into_iter().filter_map(|(k, v)| v.as_str().map(|s| (k, s.to_owned()))).collect()
        }
        _ => Vec::new(),
    }
}

/// Makes this transaction read the trail as it is at one instant, however many statements that takes. Has to come
/// before anything is read.
///
/// # Errors
/// Something was read already, or the database was lost.
pub async fn hold_still(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    sqlx::query!("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .execute(tx.conn())
        .await
        .map(drop)
}

/// Where the chain ends; none when the provider has no trail.
///
/// # Errors
/// The database was lost.
pub async fn head(tx: &mut TenantTx) -> Result<Option<Head>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(Head, "SELECT seq, hash FROM chain_heads WHERE provider_id = $1", provider.uuid())
        .fetch_optional(tx.conn())
        .await
}

/// A line by which a paper can be checked: where it stands in the chain, and when it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The line and its hash.
    pub head: Head,
    /// When it was written.
    pub at: DateTime<Utc>,
}

impl Mark {
    fn of(seq: i64, line: &str, at: DateTime<Utc>) -> Self {
        Self { head: Head { seq, hash: hash_of(line) }, at }
    }
}

/// A line of the chain; none when it does not go so far.
///
/// # Errors
/// The database was lost.
pub async fn mark(tx: &mut TenantTx, seq: i64) -> Result<Option<Mark>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        "SELECT e.seq, e.line, e.at FROM events e WHERE e.provider_id = $1 AND e.seq = $2",
        provider.uuid(),
        seq,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Mark::of(row.seq, &row.line, row.at)))
}

/// The last line of the chain.
///
/// # Errors
/// The database was lost.
pub async fn newest(tx: &mut TenantTx) -> Result<Option<Mark>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        "SELECT e.seq, e.line, e.at FROM events e WHERE e.provider_id = $1 ORDER BY e.seq DESC LIMIT 1",
        provider.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Mark::of(row.seq, &row.line, row.at)))
}

/// The line of the sign-off of a governance meeting.
///
/// # Errors
/// The database was lost.
pub async fn sign_off(tx: &mut TenantTx, meeting: GovernanceId) -> Result<Option<Mark>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        "SELECT e.seq, e.line, e.at FROM events e WHERE e.provider_id = $1 AND e.action_id IS NULL AND e.finding_id IS NULL AND e.review_id IS NULL
           AND e.kind = 'governance_signed' AND e.line::json -> 'detail' ->> 'meeting' = $2 ORDER BY e.seq DESC LIMIT 1",
        provider.uuid(),
        meeting.to_string(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Mark::of(row.seq, &row.line, row.at)))
}

/// How many lines the trail had when each evidence pack was sealed, as the lines that seal them say.
///
/// # Errors
/// The database was lost.
pub async fn sealed(tx: &mut TenantTx) -> Result<Vec<i64>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT (e.line::json -> 'detail' ->> 'lines')::bigint AS "lines!" FROM events e
           WHERE e.provider_id = $1 AND e.action_id IS NULL AND e.finding_id IS NULL AND e.review_id IS NULL AND e.kind = 'pack_sealed'"#,
        provider.uuid(),
    )
    .fetch_all(tx.conn())
    .await
}

/// The lines after `after`, in order, at most `limit`, with the texts beside them.
///
/// # Errors
/// The database was lost.
pub async fn lines(tx: &mut TenantTx, after: i64, limit: i64) -> Result<Vec<Line>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        "SELECT seq, line, at, kind, actor_id, review_id, finding_id, action_id FROM events
         WHERE provider_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        provider.uuid(),
        after,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    let last = rows.last().map_or(after, |r| r.seq);
    let texts = sqlx::query!(
        "SELECT seq, name, salt, body FROM event_texts WHERE provider_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq, name",
        provider.uuid(),
        after,
        last,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut texts = texts.into_iter().peekable();
    let lines = rows.into_iter().map(|r| {
        let beside = std::iter::from_fn(|| texts.next_if(|t| t.seq <= r.seq))
            .map(|t| Text { name: t.name, kept: t.salt.zip(t.body) })
            .collect();
        let (at, kind, actor) = (r.at, r.kind, r.actor_id);
        let columns =
            Columns { at, kind, actor, review: r.review_id, finding: r.finding_id, action: r.action_id };
        Line { seq: r.seq, line: r.line, columns, texts: beside }
    });
    Ok(lines.collect())
}

/// The part of a trail's line a page tells.
#[derive(Debug, Deserialize)]
struct Facts {
    detail: Value,
}

/// Lines of the trail, column by column, newest first, and the texts that stand beside them.
pub(super) struct Columned {
    pub(super) seqs: Vec<i64>,
    pub(super) ats: Vec<DateTime<Utc>>,
    pub(super) kinds: Vec<String>,
    pub(super) actors: Vec<Option<String>>,
    pub(super) lines: Vec<String>,
    pub(super) text_seqs: Vec<i64>,
    pub(super) names: Vec<String>,
    pub(super) bodies: Vec<String>,
}

impl Columned {
    /// The lines.
    ///
    /// # Errors
    /// A line is not what this program writes.
    pub(super) fn told(self) -> Result<Vec<Told>, sqlx::Error> {
        let lines = self.seqs.into_iter().zip(self.ats).zip(self.kinds).zip(self.actors).zip(self.lines);
        let mut told = lines
            .map(|((((seq, at), kind), actor), line)| {
                let Facts { detail } =
                    serde_json::from_str(&line).map_err(|error| sqlx::Error::Decode(error.into()))?;
                Ok(Told { seq, at, kind: word(&kind)?, actor, detail, texts: Vec::new() })
            })
            .collect::<Result<Vec<Told>, sqlx::Error>>()?;
        for ((seq, name), body) in self.text_seqs.into_iter().zip(self.names).zip(self.bodies) {
            // newest first
            if let Ok(place) = told.binary_search_by(|line| seq.cmp(&line.seq))
                && let Some(line) = told.get_mut(place)
            {
                line.texts.push((name, body));
            }
        }
        Ok(told)
    }
}
