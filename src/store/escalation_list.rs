//! Lists of escalations, and what a decision form shows.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::types::Json;

use super::{TenantTx, scope, word, words};
use crate::domain::action::Status;
use crate::domain::calendar::Nation;
use crate::domain::control::ControlDays;
use crate::domain::escalation::{Cause, Decision, Lateness, Level, Upon, may_decide};
use crate::domain::member::{Member, Role, Sight};
use crate::domain::text_enum::text_enum;
use crate::domain::topic::{EvidenceKind, Risk, Topic};
use crate::ids::{ActionId, EscalationId, EvidenceId, MemberId};

/// How many rows a page has.
pub const ROWS: i64 = 50;

text_enum! {
    /// Which escalations a list shows.
    pub enum Which {
        /// Those that wait for this member's decision: of their level, or of the first where no other manager is there
        /// to decide (R12); never their own lateness.
        Mine => "mine", "Waiting for me";
        /// Those that wait for somebody else's.
        Others => "others", "Waiting for others";
        /// Those on which a decision was recorded.
        Decided => "decided", "Decided";
    }
}

/// The level at which a role decides by itself; none decides none (R12, R13).
#[must_use]
pub fn own_level(role: Role) -> Option<Level> {
    let level = if role.sight() == Sight::Provider { Level::Leadership } else { Level::Manager };
    may_decide(role, level, Lateness::Others).is_ok().then_some(level)
}

/// What a list was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who looks.
    pub member: &'a Member,
    /// One service by its part of the address, or all they see.
    pub service: Option<&'a str>,
    /// Which are wanted.
    pub which: Which,
    /// The last row of the page before.
    pub after: Option<(DateTime<Utc>, EscalationId)>,
    /// How many rows at most.
    pub limit: i64,
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
    /// The owner's role.
    pub owner_role: Option<Role>,
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
    /// The days of the interim control.
    pub control: ControlDays,
}

struct Row {
    id: EscalationId,
    level: i32,
    alone: bool,
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
    owner_role: Option<String>,
    decision: Option<String>,
    decided_by: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    interim_control: Option<String>,
    because: Option<String>,
    revised_due_on: Option<NaiveDate>,
}

/// Reads what waits, oldest first, or what was decided, newest first.
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
        asked.which.as_str(),
        asked.after.map(|k| k.0),
        asked.after.map(|k| k.1.uuid()),
        asked.limit,
        own_level(asked.member.role).map_or(0, Level::number),
        asked.member.role == Role::NominatedIndividual,
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
                control: ControlDays::default(),
            }),
            _ => None,
        };
        Ok(Listed {
            id: self.id,
            level: Level::of(self.level, self.alone),
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
            owner_role: self.owner_role.as_deref().map(word).transpose()?,
            decision,
        })
    }
}

/// An interim control whose check is late.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Unchecked {
    pub escalation: EscalationId,
    pub number: i32,
    pub what: String,
    pub service: String,
    pub check_on: NaiveDate,
}

/// The interim controls that stand, and whose check is late (domain/control.rs), the oldest first, at most `limit`.
///
/// # Errors
/// The database was lost.
pub async fn unchecked(
    tx: &mut TenantTx,
    asked: &Asked<'_>,
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<Unchecked>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Unchecked,
        r#"SELECT c.escalation_id AS "escalation: EscalationId", a.number, a.what, s.name AS service, c.check_on
           FROM services s JOIN controls_to_check c ON c.provider_id = $1 AND c.service_id = s.id AND c.check_on < $5 AND (c.until IS NULL OR c.until >= $5)
           JOIN actions a ON a.provider_id = $1 AND a.id = c.action_id
           WHERE s.provider_id = $1 AND ($2::bool OR s.id = ANY($3::uuid[])) AND ($4::text IS NULL OR s.slug = $4)
           ORDER BY c.check_on, a.number LIMIT $6"#,
        provider.uuid(),
        asked.member.role.sight() == Sight::Provider,
        &scope::services(asked.member),
        asked.service,
        today,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

/// A barrier its owner wrote down.
#[derive(Clone, Debug, Deserialize)]
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

/// The newest interim control.
#[derive(Clone, Debug, Deserialize)]
pub struct ControlNow {
    /// What keeps people safe.
    pub control: String,
    /// From when, checked when, until when.
    pub days: ControlDays,
}

/// What stands around an escalation now, besides the case.
#[derive(Clone, Debug)]
pub struct Around {
    /// The newest barrier recorded in this cycle.
    pub barrier: Option<Barrier>,
    /// The evidence of this cycle that stands, as kinds and titles.
    pub evidence: Vec<(EvidenceKind, String)>,
    /// The newest interim control of this cycle.
    pub control: Option<ControlNow>,
}

/// Reads it in one query.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn around(tx: &mut TenantTx, action: ActionId, cycle: i32) -> Result<Around, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT
             (SELECT json_build_object('barrier', u.barrier, 'support_needed', coalesce(u.support_needed, ''), 'by', m.name, 'at', u.at)
              FROM updates u JOIN memberships m ON m.provider_id = $1 AND m.id = u.author_id
              WHERE u.provider_id = $1 AND u.action_id = $2 AND u.cycle = $3 AND u.barrier IS NOT NULL ORDER BY u.at DESC LIMIT 1) AS "barrier: Json<Barrier>",
             (SELECT json_build_object('control', d.interim_control, 'days', json_build_object('from', d.control_from, 'check_on', d.control_check_on, 'until', d.control_until))
              FROM escalation_decisions d JOIN escalations e ON e.provider_id = $1 AND e.id = d.escalation_id AND e.cycle = $3
              WHERE d.provider_id = $1 AND d.action_id = $2 AND d.interim_control <> '' ORDER BY d.at DESC, d.id DESC LIMIT 1) AS "control: Json<ControlNow>",
             (SELECT json_agg(json_build_array(v.kind, v.title) ORDER BY v.at, v.id) FROM evidence v
              WHERE v.provider_id = $1 AND v.action_id = $2 AND v.cycle = $3 AND v.withdrawn_at IS NULL) AS "evidence: Json<Vec<(EvidenceKind, String)>>""#,
        provider.uuid(),
        action.uuid(),
        cycle,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Around {
        barrier: row.barrier.map(|b| b.0),
        control: row.control.map(|c| c.0),
        evidence: row.evidence.map_or_else(Vec::new, |e| e.0),
    })
}

/// A decision and what it saw (R18a).
#[derive(Clone, Debug)]
pub struct Kept {
    /// The decision.
    pub decided: Decided,
    /// What it says about the risk.
    pub risk: String,
    /// Why it was late.
    pub delay_reason: String,
    /// What support is needed.
    pub support_needed: String,
    /// What it saw.
    pub saw: Saw,
    /// The owner then, by the name they have.
    pub owner: Option<String>,
    /// The evidence it saw, as kinds and titles.
    pub evidence: Vec<(EvidenceKind, String)>,
}

/// What a decision saw of its action; what an earlier version of the program did not keep is none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Saw {
    pub what: Option<String>,
    pub success_test: Option<String>,
    pub due_on: Option<NaiveDate>,
    pub verify_by: Option<NaiveDate>,
    pub status: Option<Status>,
    pub extensions: i32,
    pub risk: Option<Risk>,
    pub missing: Vec<EvidenceKind>,
    pub control: Option<String>,
    pub evidence: Option<Vec<EvidenceId>>,
}

/// Every decision recorded on one escalation with what it saw, oldest first.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn decisions(tx: &mut TenantTx, escalation: EscalationId) -> Result<Vec<Kept>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT d.decision, d.at, d.risk, d.delay_reason, d.support_needed, d.interim_control, d.because, d.revised_due_on, d.control_from,
             d.control_check_on, d.control_until, m.name AS by, d.judged AS "saw: Json<Saw>",
             (SELECT o.name FROM memberships o WHERE o.provider_id = $1 AND o.id = (d.judged ->> 'owner')::uuid) AS owner,
             ARRAY(SELECT e.kind FROM evidence e WHERE e.provider_id = $1 AND e.action_id = d.action_id AND d.judged -> 'evidence' ? e.id::text ORDER BY e.at, e.id) AS "kinds!",
             ARRAY(SELECT e.title FROM evidence e WHERE e.provider_id = $1 AND e.action_id = d.action_id AND d.judged -> 'evidence' ? e.id::text ORDER BY e.at, e.id) AS "titles!"
           FROM escalation_decisions d
           JOIN memberships m ON m.provider_id = d.provider_id AND m.id = d.decided_by
           WHERE d.provider_id = $1 AND d.escalation_id = $2 ORDER BY d.at, d.id"#,
        provider.uuid(),
        escalation.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let kinds: Vec<EvidenceKind> = words(&r.kinds)?;
            Ok(Kept {
                decided: Decided {
                    decision: word(&r.decision)?,
                    by: r.by,
                    at: r.at,
                    interim_control: r.interim_control,
                    because: r.because,
                    revised_due_on: r.revised_due_on,
                    control: ControlDays {
                        from: r.control_from,
                        check_on: r.control_check_on,
                        until: r.control_until,
                    },
                },
                risk: r.risk,
                delay_reason: r.delay_reason,
                support_needed: r.support_needed,
                saw: r.saw.0,
                owner: r.owner,
                evidence: kinds.into_iter().zip(r.titles).collect(),
            })
        })
        .collect()
}
