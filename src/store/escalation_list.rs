//! Lists of escalations, and what a decision form shows.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::types::Json;

use super::{TenantTx, word};
use crate::domain::action::Status;
use crate::domain::calendar::Nation;
use crate::domain::escalation::{Cause, Decision, Level, Upon};
use crate::domain::member::{Member, Sight};
use crate::domain::topic::{Risk, Topic};
use crate::ids::{ActionId, EscalationId, MemberId};

/// How many rows a page has.
pub const ROWS: i64 = 50;

/// What a list was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who looks.
    pub member: &'a Member,
    /// One service by its part of the address, or all they see.
    pub service: Option<&'a str>,
    /// Whether decided ones are wanted.
    pub decided: bool,
    /// The last row of the page before.
    pub after: Option<(DateTime<Utc>, EscalationId)>,
}

/// One escalation in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Id.
    pub id: EscalationId,
    /// How high it went.
    pub level: Level,
    /// Why.
    pub cause: Cause,
    /// The date it is about.
    pub due_on: NaiveDate,
    /// What it was raised upon.
    pub upon: Upon,
    /// When it was raised.
    pub at: DateTime<Utc>,
    /// The action's number.
    pub number: i32,
    /// What is to be done.
    pub what: String,
    /// Where the action stands.
    pub status: Status,
    /// Risk.
    pub risk: Risk,
    /// Topic.
    pub topic: Topic,
    /// The service's name.
    pub service: String,
    /// The service's nation.
    pub nation: Nation,
    /// The owner's name.
    pub owner: Option<String>,
    /// The owner.
    pub owner_id: Option<MemberId>,
    /// The newest decision.
    pub decision: Option<Decided>,
}

/// A decision as it was recorded.
#[derive(Clone, Debug)]
pub struct Decided {
    /// Act, or no escalation.
    pub decision: Decision,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What keeps people safe meanwhile.
    pub interim_control: String,
    /// Why no escalation was needed.
    pub because: String,
    /// The new date, if it moved.
    pub revised_due_on: Option<NaiveDate>,
}

struct Row {
    id: EscalationId,
    level: i32,
    cause: String,
    due_on: NaiveDate,
    upon: Json<Upon>,
    at: DateTime<Utc>,
    number: i32,
    what: String,
    status: String,
    risk: String,
    topic: String,
    service: String,
    nation: String,
    owner: Option<String>,
    owner_id: Option<MemberId>,
    decision: Option<String>,
    decided_by: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    interim_control: Option<String>,
    because: Option<String>,
    revised_due_on: Option<NaiveDate>,
}

/// Reads a page: what waits, oldest first, or what was decided, newest first; one row more when there is a next page.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn page(tx: &mut TenantTx, asked: &Asked<'_>) -> Result<Vec<Listed>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_file_as!(
        Row,
        "src/store/sql/escalation_list.sql",
        provider.uuid(),
        asked.member.id.uuid(),
        asked.member.role.sight() == Sight::Provider,
        asked.service,
        asked.decided,
        asked.after.map(|k| k.0),
        asked.after.map(|k| k.1.uuid()),
        ROWS + 1,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::into_listed).collect()
}

impl Row {
    fn into_listed(self) -> Result<Listed, sqlx::Error> {
        let decision = match (self.decision, self.decided_at) {
            (Some(decision), Some(at)) => Some(Decided {
                decision: word(&decision)?,
                by: self.decided_by.unwrap_or_default(),
                at,
                interim_control: self.interim_control.unwrap_or_default(),
                because: self.because.unwrap_or_default(),
                revised_due_on: self.revised_due_on,
            }),
            _ => None,
        };
        Ok(Listed {
            id: self.id,
            level: Level::from_number(self.level),
            cause: word(&self.cause)?,
            due_on: self.due_on,
            upon: self.upon.0,
            at: self.at,
            number: self.number,
            what: self.what,
            status: word(&self.status)?,
            risk: word(&self.risk)?,
            topic: word(&self.topic)?,
            service: self.service,
            nation: word(&self.nation)?,
            owner: self.owner,
            owner_id: self.owner_id,
            decision,
        })
    }
}

/// A barrier its owner wrote down.
#[derive(Clone, Debug)]
pub struct Barrier {
    /// What is in the way.
    pub barrier: String,
    /// What would help; may be empty.
    pub support_needed: String,
    /// Who wrote it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// The newest barrier recorded on an action in a cycle.
///
/// # Errors
/// The database was lost.
pub async fn barrier(
    tx: &mut TenantTx,
    action: ActionId,
    cycle: i32,
) -> Result<Option<Barrier>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Barrier,
        r#"SELECT u.barrier AS "barrier!", coalesce(u.support_needed, '') AS "support_needed!", m.name AS by, u.at
           FROM updates u JOIN memberships m ON m.provider_id = u.provider_id AND m.id = u.author_id
           WHERE u.provider_id = $1 AND u.action_id = $2 AND u.cycle = $3 AND u.barrier IS NOT NULL ORDER BY u.at DESC LIMIT 1"#,
        provider.uuid(),
        action.uuid(),
        cycle,
    )
    .fetch_optional(tx.conn())
    .await
}

/// Every decision recorded on one escalation, oldest first.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn decisions(tx: &mut TenantTx, escalation: EscalationId) -> Result<Vec<Decided>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT d.decision, d.at, d.interim_control, d.because, d.revised_due_on, m.name AS by FROM escalation_decisions d
           JOIN memberships m ON m.provider_id = d.provider_id AND m.id = d.decided_by
           WHERE d.provider_id = $1 AND d.escalation_id = $2 ORDER BY d.at, d.id"#,
        provider.uuid(),
        escalation.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Decided {
                decision: word(&r.decision)?,
                by: r.by,
                at: r.at,
                interim_control: r.interim_control,
                because: r.because,
                revised_due_on: r.revised_due_on,
            })
        })
        .collect()
}
