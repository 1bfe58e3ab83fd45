//! Whose work it is: a person's own actions, and a team's by person (R8).

use chrono::{DateTime, Duration, NaiveDate, Utc};

use super::scope::Scope;
use super::{TenantTx, word, words};
use crate::domain::action::Status;
use crate::domain::calendar::Nation;
use crate::domain::member::Role;
use crate::domain::reference::Reference;
use crate::domain::topic::EvidenceKind;
use crate::domain::workload::DONE_DAYS;
use crate::ids::{MemberId, ServiceId};

/// One of a person's own actions.
#[derive(Clone, Debug)]
pub struct Mine {
    /// A-0142.
    pub reference: Reference,
    /// What is to be done.
    pub what: String,
    /// The service's name.
    pub service: String,
    /// The service's nation, for working days.
    pub nation: Nation,
    /// Due date.
    pub due_on: Option<NaiveDate>,
    /// Where it stands.
    pub status: Status,
    /// The cycle.
    pub cycle: i32,
    /// How often its date was moved.
    pub extensions: i32,
    /// The last day of the verification window.
    pub verify_by: Option<NaiveDate>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// When somebody last moved it.
    pub moved_at: DateTime<Utc>,
    /// Required kinds without evidence.
    pub missing: Vec<EvidenceKind>,
    /// What was said when it came back, and by whom.
    pub said: Option<(String, String)>,
}

/// What a member owns: everything that goes on, and what was closed lately, by due date.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn of_member(tx: &mut TenantTx, member: MemberId) -> Result<Vec<Mine>, sqlx::Error> {
    let (provider, since) = (tx.provider(), tx.now() - Duration::days(DONE_DAYS));
    let rows = sqlx::query_file!("src/store/sql/workload.sql", provider.uuid(), member.uuid(), since)
        .fetch_all(tx.conn())
        .await?;
    rows.into_iter()
        .map(|r| {
            let mut missing: Vec<EvidenceKind> = words(&r.missing)?;
            missing.sort_unstable();
            Ok(Mine {
                reference: Reference::action(r.number),
                what: r.what,
                service: r.service,
                nation: word(&r.nation)?,
                due_on: r.due_on,
                status: word(&r.status)?,
                cycle: r.cycle,
                extensions: r.extensions,
                verify_by: r.verify_by,
                closed_at: r.closed_at,
                moved_at: r.moved_at,
                missing,
                said: r.said.zip(r.said_by),
            })
        })
        .collect()
}

/// A member, or nobody, with what is open in their hands.
#[derive(Clone, Debug)]
pub struct Load {
    /// The member; none for what nobody owns (R7).
    pub member: Option<MemberId>,
    /// Name and role or job title.
    pub name: String,
    /// Job title, or the role's name.
    pub title: String,
    /// Open actions.
    pub open: i64,
    /// Of these, late.
    pub late: i64,
    /// Of these, waiting for others.
    pub waiting: i64,
    /// The most pressing ones.
    pub actions: Vec<Theirs>,
}

/// One open action of somebody else.
#[derive(Clone, Debug)]
pub struct Theirs {
    /// A-0142.
    pub reference: Reference,
    /// Which version it is in.
    pub version: i64,
    /// What is to be done.
    pub what: String,
    /// The service.
    pub service_id: ServiceId,
    /// The service's name.
    pub service: String,
    /// The service's nation, for working days.
    pub nation: Nation,
    /// Due date.
    pub due_on: Option<NaiveDate>,
    /// Where it stands.
    pub status: Status,
    /// The cycle.
    pub cycle: i32,
    /// Whether an escalation waits for its decision.
    pub escalated: bool,
    /// When somebody last moved it.
    pub moved_at: DateTime<Utc>,
}

/// How many actions a page of a team shows at most.
pub const ON_A_PAGE: i64 = 2_000;

/// Whose open actions are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's, and nobody's.
    All,
    /// One person's.
    Person(MemberId),
    /// What nobody owns, or somebody who has left (R7).
    Nobody,
}

/// The open actions within `scope` by person, nobody's first, then who is late most; of each at most `each` actions, and of all at
/// most `most`.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn of_team(
    tx: &mut TenantTx,
    scope: Scope,
    today: NaiveDate,
    (each, most): (i64, i64),
    whose: Whose,
) -> Result<Vec<Load>, sqlx::Error> {
    let provider = tx.provider();
    let only = match whose {
        Whose::Person(id) => Some(id.uuid()),
        Whose::All | Whose::Nobody => None,
    };
    let rows = sqlx::query_file!(
        "src/store/sql/team.sql",
        provider.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
        today,
        each,
        only,
        whose == Whose::Nobody,
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut team: Vec<Load> = Vec::new();
    for r in rows {
        if team.last().is_none_or(|load| load.member != r.person_id) {
            let role = r.role.as_deref().map(word::<Role>).transpose()?;
            let job = r.job_title.filter(|title| !title.is_empty());
            team.push(Load {
                member: r.person_id,
                name: r.person.unwrap_or_else(|| "Nobody".to_owned()),
                title: job.or_else(|| role.map(|role| role.label().to_owned())).unwrap_or_default(),
                open: r.open_count,
                late: r.late_count,
                waiting: r.waiting_count,
                actions: Vec::new(),
            });
        }
        let action = Theirs {
            reference: Reference::action(r.number),
            version: r.version,
            what: r.what,
            service_id: r.service_id,
            service: r.service,
            nation: word(&r.nation)?,
            due_on: r.due_on,
            status: word(&r.status)?,
            cycle: r.cycle,
            escalated: r.escalated,
            moved_at: r.moved_at,
        };
        if let Some(load) = team.last_mut() {
            load.actions.push(action);
        }
    }
    Ok(team)
}
