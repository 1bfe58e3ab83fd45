//! What a member who leaves would leave behind: what they own, what waits to be checked, what waits for a decision.

use chrono::{DateTime, NaiveDate, Utc};

use super::scope::Scope;
use super::{TenantTx, word, words};
use crate::domain::action::{Piece, Status};
use crate::domain::calendar::Nation;
use crate::domain::escalation::Level;
use crate::domain::leaver::{Submitted, Undecided};
use crate::domain::member::Role;
use crate::domain::topic::EvidenceKind;
use crate::ids::{ActionId, EscalationId, MemberId, ServiceId};

/// How many rows of what waits for checks or decisions are read.
pub const MOST: i64 = 500;

/// An open action somebody owns.
#[derive(Clone, Debug)]
pub struct Owned {
    /// Its number.
    pub number: i32,
    /// What is to be done.
    pub what: String,
    /// Its service.
    pub service: ServiceId,
    /// The service's name.
    pub service_name: String,
    /// The service's nation, for working days.
    pub nation: Nation,
    /// Due date.
    pub due_on: Option<NaiveDate>,
    /// Where it stands.
    pub status: Status,
    /// The cycle.
    pub cycle: i32,
    /// The version it has now.
    pub version: i64,
}

/// Every open action a member owns, by service and due date.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn owned(tx: &mut TenantTx, member: MemberId) -> Result<Vec<Owned>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT a.number, a.what, a.service_id AS "service_id: ServiceId", s.name, s.nation, a.due_on, a.status, a.cycle, a.version
           FROM actions a JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
           WHERE a.provider_id = $1 AND a.owner_id = $2 AND a.status NOT IN ('closed', 'cancelled')
           ORDER BY s.name, a.due_on NULLS LAST, a.number"#,
        provider.uuid(),
        member.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Owned {
                number: r.number,
                what: r.what,
                service: r.service_id,
                service_name: r.name,
                nation: word(&r.nation)?,
                due_on: r.due_on,
                status: word(&r.status)?,
                cycle: r.cycle,
                version: r.version,
            })
        })
        .collect()
}

/// An action that waits to be checked.
#[derive(Clone, Debug)]
pub struct ToCheck {
    /// The action.
    pub id: ActionId,
    /// Its number.
    pub number: i32,
    /// What is to be done.
    pub what: String,
    /// The service's name.
    pub service_name: String,
    /// The last day of the verification window.
    pub verify_by: Option<NaiveDate>,
    /// The version it has now.
    pub version: i64,
    /// What says who may check it.
    pub case: Submitted,
}

/// What was submitted within `scope`, longest waiting first, at most [`MOST`].
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn to_check(tx: &mut TenantTx, scope: Scope) -> Result<Vec<ToCheck>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT a.id AS "id: ActionId", a.number, a.what, a.service_id AS "service_id: ServiceId", s.name, a.verify_by, a.version,
             ARRAY(SELECT w.member_id FROM action_owners w WHERE w.provider_id = a.provider_id AND w.action_id = a.id
               AND w.cycle = a.cycle ORDER BY w.member_id) AS "owners!: Vec<MemberId>",
             ARRAY(SELECT m.role FROM action_owners w JOIN memberships m ON m.provider_id = w.provider_id AND m.id = w.member_id
               WHERE w.provider_id = a.provider_id AND w.action_id = a.id AND w.cycle = a.cycle ORDER BY w.member_id) AS "roles!",
             ARRAY(SELECT e.kind FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle
               AND e.withdrawn_at IS NULL ORDER BY e.id) AS "kinds!",
             ARRAY(SELECT e.author_id FROM evidence e WHERE e.provider_id = a.provider_id AND e.action_id = a.id AND e.cycle = a.cycle
               AND e.withdrawn_at IS NULL ORDER BY e.id) AS "authors!: Vec<MemberId>"
           FROM actions a JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
           WHERE a.provider_id = $1 AND a.status = 'submitted'
             AND ($2 OR ($3 AND EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = a.provider_id AND ms.member_id = $4
               AND ms.service_id = a.service_id)))
           ORDER BY a.verify_by, a.number LIMIT $5"#,
        provider.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
        MOST,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let kinds: Vec<EvidenceKind> = words(&r.kinds)?;
            let roles: Vec<Role> = words(&r.roles)?;
            let pieces = kinds.into_iter().zip(r.authors);
            let case = Submitted {
                service: r.service_id,
                owners: r.owners.into_iter().zip(roles).collect(),
                pieces: pieces.map(|(kind, author)| Piece { kind, author, withdrawn: false }).collect(),
            };
            Ok(ToCheck {
                id: r.id,
                number: r.number,
                what: r.what,
                service_name: r.name,
                verify_by: r.verify_by,
                version: r.version,
                case,
            })
        })
        .collect()
}

/// An escalation that waits for its decision.
#[derive(Clone, Debug)]
pub struct ToDecide {
    /// The escalation.
    pub id: EscalationId,
    /// Its action.
    pub action: ActionId,
    /// The action's number.
    pub number: i32,
    /// What is to be done.
    pub what: String,
    /// The service's name.
    pub service_name: String,
    /// When it was raised.
    pub at: DateTime<Utc>,
    /// What says who may decide it.
    pub case: Undecided,
}

/// The escalations within `scope` that wait for a decision, oldest first, at most [`MOST`].
///
/// # Errors
/// The database was lost.
pub async fn to_decide(tx: &mut TenantTx, scope: Scope) -> Result<Vec<ToDecide>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT e.id AS "id: EscalationId", e.level, e.alone, e.at, a.id AS "action: ActionId", a.number, a.what, s.name,
             a.service_id AS "service_id: ServiceId", a.owner_id AS "owner_id: MemberId",
             (SELECT o.role FROM memberships o WHERE o.provider_id = $1 AND o.id = a.owner_id) AS owner_role
           FROM escalations e
           JOIN actions a ON a.provider_id = e.provider_id AND a.id = e.action_id AND a.cycle = e.cycle
           JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
           WHERE e.provider_id = $1 AND a.status NOT IN ('closed', 'cancelled')
             AND ($2 OR ($3 AND EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = a.provider_id AND ms.member_id = $4
               AND ms.service_id = a.service_id)))
             AND NOT EXISTS (SELECT 1 FROM escalation_decisions d WHERE d.provider_id = e.provider_id AND d.escalation_id = e.id)
           ORDER BY e.at, e.id LIMIT $5"#,
        provider.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
        MOST,
    )
    .fetch_all(tx.conn())
    .await?;
    let row = rows.into_iter().map(|r| {
        let owner = r.owner_id.zip(r.owner_role.as_deref().map(word).transpose()?);
        let level = Level::of(r.level, r.alone);
        Ok(ToDecide {
            id: r.id,
            action: r.action,
            number: r.number,
            what: r.what,
            service_name: r.name,
            at: r.at,
            case: Undecided { level, service: r.service_id, owner },
        })
    });
    row.collect()
}
