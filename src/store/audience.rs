//! Who hears of a message: decided when it is sent, from the people who are there then.

use super::outbox::Audience;
use super::{TenantTx, word};
use crate::domain::access::Relation;
use crate::domain::escalation::Level;
use crate::domain::member::Member;
use crate::domain::message::Standing;
use crate::ids::{ActionId, EscalationId, MemberId, ServiceId};

/// The members an audience is made of now.
///
/// # Errors
/// The database was lost.
pub async fn people(
    tx: &mut TenantTx,
    audience: Audience,
    action: ActionId,
    escalation: Option<EscalationId>,
) -> Result<Vec<MemberId>, sqlx::Error> {
    match audience {
        Audience::Owner => owner(tx, action).await,
        // says who it is when it is queued
        Audience::Themselves => Ok(Vec::new()),
        Audience::Manager => {
            let managers = of_service(tx, action, &["registered_manager"]).await?;
            // R12: no manager, or the manager's own action: one level up, and on while nobody is there
            let mut people = managers;
            for role in ["quality_lead", "nominated_individual"] {
                if people.is_empty() {
                    people = of_provider(tx, action, &[role]).await?;
                }
            }
            Ok(people)
        }
        Audience::Leadership => leadership(tx, action, escalation).await,
        Audience::Verifiers => {
            let near = of_service(tx, action, &["deputy_manager", "registered_manager"]).await?;
            // R15: a manager's own action in a home without a deputy is checked from above
            if near.is_empty() {
                of_provider(tx, action, &["quality_lead", "nominated_individual"]).await
            } else {
                Ok(near)
            }
        }
    }
}

/// Those above the manager whom an escalation reached: the quality lead and the nominated individual, one of them alone by
/// its level, the nominated individual where there is no quality lead to be told alone (R12).
async fn leadership(
    tx: &mut TenantTx,
    action: ActionId,
    escalation: Option<EscalationId>,
) -> Result<Vec<MemberId>, sqlx::Error> {
    let level = match escalation {
        Some(id) => super::escalation::get(tx, id).await?.map(|open| open.level),
        None => None,
    };
    let roles = level.unwrap_or(Level::Leadership).roles();
    let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    let people = of_provider(tx, action, &words).await?;
    // the nominated individual where nobody is told alone, and the quality lead of what the nominated individual owns
    let mut people = people;
    for role in ["nominated_individual", "quality_lead"] {
        if people.is_empty() {
            people = of_provider(tx, action, &[role]).await?;
        }
    }
    Ok(people)
}

async fn owner(tx: &mut TenantTx, action: ActionId) -> Result<Vec<MemberId>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT m.id AS "id: MemberId" FROM actions a JOIN memberships m ON m.provider_id = a.provider_id AND m.id = a.owner_id
           WHERE a.provider_id = $1 AND a.id = $2 AND m.ended_at IS NULL"#,
        provider.uuid(),
        action.uuid(),
    )
    .fetch_all(tx.conn())
    .await
}

/// Members with one of the roles in the action's service, its owner left out.
async fn of_service(
    tx: &mut TenantTx,
    action: ActionId,
    roles: &[&str],
) -> Result<Vec<MemberId>, sqlx::Error> {
    let provider = tx.provider();
    let roles: Vec<String> = roles.iter().map(|r| (*r).to_owned()).collect();
    sqlx::query_scalar!(
        r#"SELECT m.id AS "id: MemberId" FROM actions a
           JOIN member_services s ON s.provider_id = a.provider_id AND s.service_id = a.service_id
           JOIN memberships m ON m.provider_id = s.provider_id AND m.id = s.member_id
           WHERE a.provider_id = $1 AND a.id = $2 AND m.role = ANY($3) AND m.ended_at IS NULL AND m.id IS DISTINCT FROM a.owner_id
           ORDER BY m.id"#,
        provider.uuid(),
        action.uuid(),
        &roles,
    )
    .fetch_all(tx.conn())
    .await
}

/// Members with one of the roles anywhere in the provider, the action's owner left out.
async fn of_provider(
    tx: &mut TenantTx,
    action: ActionId,
    roles: &[&str],
) -> Result<Vec<MemberId>, sqlx::Error> {
    let provider = tx.provider();
    let roles: Vec<String> = roles.iter().map(|r| (*r).to_owned()).collect();
    sqlx::query_scalar!(
        r#"SELECT m.id AS "id: MemberId" FROM actions a JOIN memberships m ON m.provider_id = a.provider_id
           WHERE a.provider_id = $1 AND a.id = $2 AND m.role = ANY($3) AND m.ended_at IS NULL AND m.id IS DISTINCT FROM a.owner_id
           ORDER BY m.id"#,
        provider.uuid(),
        action.uuid(),
        &roles,
    )
    .fetch_all(tx.conn())
    .await
}

/// What a message tells of an action, read when it is sent.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The action's number.
    pub number: i32,
    /// What is to be done.
    pub what: String,
    /// The service's name.
    pub service: String,
    /// How high the escalation went, if it tells of one.
    pub level: Option<Level>,
    /// How the action and the reader stand now.
    pub now: Standing,
}

/// Reads what a message about an action tells its reader.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn subject(
    tx: &mut TenantTx,
    (action, escalation): (ActionId, Option<EscalationId>),
    reader: &Member,
) -> Result<Subject, sqlx::Error> {
    let provider = tx.provider();
    let r = sqlx::query!(
        r#"SELECT a.number, a.what, a.due_on, a.status, s.nation, coalesce(a.owner_id = $3, false) AS "owns!", s.name AS service, e.level AS "level?", e.alone AS "alone?",
             a.service_id AS "service_id: ServiceId",
             EXISTS (SELECT 1 FROM undecided_escalations u WHERE u.provider_id = $1 AND u.escalation_id = $4) AS "undecided!"
           FROM actions a
           JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
           LEFT JOIN escalations e ON e.provider_id = a.provider_id AND e.id = $4
           WHERE a.provider_id = $1 AND a.id = $2"#,
        provider.uuid(),
        action.uuid(),
        reader.id.uuid(),
        escalation.map(|e| e.uuid()),
    )
    .fetch_one(tx.conn())
    .await?;
    let relation =
        Relation { in_service: reader.sees_service(r.service_id), own: r.owns, ..Relation::default() };
    Ok(Subject {
        number: r.number,
        what: r.what,
        service: r.service,
        level: r.level.map(|level| Level::of(level, r.alone.unwrap_or(false))),
        now: Standing {
            role: reader.role,
            relation,
            status: word(&r.status)?,
            due_on: r.due_on,
            nation: word(&r.nation)?,
            undecided: r.undecided,
        },
    })
}
