//! What waits for a member, as numbers beside the menu: one query a page, in the page's own transaction.

use std::sync::Arc;

use chrono::NaiveDate;
use sqlx::types::Json;

use super::{TenantTx, scope};
use crate::clock::london_date;
use crate::domain::access::{Reach, Verb, reach};
use crate::domain::member::{Member, Role, Sight};
use crate::domain::verification::checks_managers;
use crate::ids::{MemberId, ProviderId, ServiceId};

/// How many things wait, for each item of the menu that counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Open actions the member owns that wait for the owner.
    pub my_actions: i64,
    /// Submitted actions that the member sees and may verify (R15).
    pub to_verify: i64,
    /// Escalations the member sees that have no recorded decision (R13).
    pub escalations: i64,
    /// Sustain checks that are due, and that the member may do (R19).
    pub sustain_checks: i64,
}

impl From<[i64; 4]> for Counts {
    /// In the order of the fields.
    fn from([my_actions, to_verify, escalations, sustain_checks]: [i64; 4]) -> Self {
        Self { my_actions, to_verify, escalations, sustain_checks }
    }
}

/// Counts what waits for `member`, as far as their menu shows it: zero for what it does not.
///
/// # Errors
/// The database was lost.
pub async fn counts(tx: &mut TenantTx, member: &Member) -> Result<Counts, sqlx::Error> {
    around(tx, member).await.map(|around| around.counts)
}

/// What stands around a list: what waits, and the services to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// What waits.
    pub counts: Counts,
    /// The services the member sees, as part of the address and name, by name.
    pub services: Vec<(String, String)>,
}

/// Which numbers a menu shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shows {
    pub my_actions: bool,
    pub to_verify: bool,
    pub escalations: bool,
    pub sustain_checks: bool,
    /// Whether what a registered manager owned counts among what they may verify (R15).
    pub managers_too: bool,
}

impl Shows {
    /// Those of a role's menu.
    pub(super) const fn of(role: Role) -> Self {
        const fn ever(role: Role, verb: Verb) -> bool {
            !matches!(reach(role, verb), Reach::None)
        }
        Self {
            my_actions: ever(role, Verb::Submit),
            to_verify: ever(role, Verb::SeeQueue),
            escalations: ever(role, Verb::SeeEscalations),
            sustain_checks: ever(role, Verb::CheckSustained),
            managers_too: checks_managers(role),
        }
    }
}

/// All that a member's numbers follow from, besides what is in the database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Whose {
    provider: ProviderId,
    member: MemberId,
    role: Role,
    services: Vec<ServiceId>,
    /// What is due is another thing every day.
    today: NaiveDate,
}

impl Whose {
    pub(super) fn of(tx: &TenantTx, member: &Member) -> Self {
        let (provider, services) = (tx.provider(), member.services.clone());
        let today = london_date(tx.now());
        Self { provider, member: member.id, role: member.role, services, today }
    }
}

/// What stands around a member's page, kept when nothing happened in the provider since it was read ([`super::kept`]), and
/// otherwise to be read by the query of the page.
pub(super) struct ToRead {
    /// Which numbers are to be counted.
    pub shows: Shows,
    whose: Whose,
    kept: Option<Arc<Around>>,
}

impl ToRead {
    pub(super) fn of(tx: &TenantTx, member: &Member) -> Self {
        let whose = Whose::of(tx, member);
        let kept = tx.reads().and_then(|reads| reads.around(&whose));
        let shows = Shows::of(member.role);
        let nothing =
            Shows { my_actions: false, to_verify: false, escalations: false, sustain_checks: false, ..shows };
        Self { shows: if kept.is_some() { nothing } else { shows }, whose, kept }
    }

    /// What was kept, or was `read` in this transaction.
    pub(super) fn done(self, tx: &TenantTx, read: impl FnOnce() -> Around) -> Arc<Around> {
        self.kept.unwrap_or_else(|| {
            let around = Arc::new(read());
            if let Some(reads) = tx.reads() {
                reads.keep_around(self.whose, &around);
            }
            around
        })
    }
}

/// Both, kept or by one query.
///
/// # Errors
/// The database was lost.
pub async fn around(tx: &mut TenantTx, member: &Member) -> Result<Around, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let to_read = ToRead::of(tx, member);
    if let Some(kept) = to_read.kept {
        return Ok(Arc::unwrap_or_clone(kept));
    }
    let whole = member.role.sight() == Sight::Provider;
    let shows = to_read.shows;
    let row = sqlx::query!(
        r#"WITH seen AS MATERIALIZED (
             SELECT s.id, s.slug, s.name FROM services s WHERE s.provider_id = $1 AND ($6::bool OR s.id = ANY($7::uuid[]))
           ), barred AS MATERIALIZED (
             SELECT $2::uuid AS id UNION ALL SELECT m.id FROM memberships m WHERE NOT $8::bool AND m.provider_id = $1 AND m.role = 'registered_manager'
           )
           SELECT
             (SELECT count(*) FROM actions a WHERE $3::bool AND a.provider_id = $1 AND a.owner_id = $2
                AND a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')) AS "my_actions!",
             (SELECT count(*) FROM actions a WHERE $4::bool AND a.provider_id = $1 AND a.status = 'submitted'
                AND a.service_id = ANY(ARRAY(SELECT seen.id FROM seen))
                AND a.owner_id NOT IN (SELECT barred.id FROM barred)
                AND (a.owner_changes = 0 OR coalesce((SELECT false FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = a.cycle AND w.member_id IN (SELECT barred.id FROM barred) LIMIT 1), true))
                AND (a.id, a.cycle) NOT IN (SELECT e.action_id, e.cycle FROM evidence e WHERE e.provider_id = $1 AND e.author_id = $2 AND e.withdrawn_at IS NULL)) AS "to_verify!",
             (SELECT count(*) FROM undecided_escalations u WHERE $5::bool AND u.provider_id = $1
                AND u.service_id = ANY(ARRAY(SELECT seen.id FROM seen))) AS "escalations!",
             (SELECT count(*) FROM sustain_checks c JOIN actions a ON a.provider_id = $1 AND a.id = c.action_id AND a.status = 'closed' AND a.cycle = c.cycle
                WHERE $9::bool AND c.provider_id = $1 AND c.result IS NULL AND c.due_on <= $10 AND c.service_id = ANY(ARRAY(SELECT seen.id FROM seen))
                AND NOT EXISTS (SELECT 1 FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = a.cycle AND w.member_id = $2)) AS "sustain_checks!",
             (SELECT json_agg(json_build_array(seen.slug, seen.name) ORDER BY seen.name) FROM seen) AS "services: Json<Vec<(String, String)>>""#,
        provider.uuid(),
        member.id.uuid(),
        shows.my_actions,
        shows.to_verify,
        shows.escalations,
        whole,
        &scope::services(member),
        shows.managers_too,
        shows.sustain_checks,
        london_date(now),
    )
    .fetch_one(tx.conn())
    .await?;
    let around = to_read.done(tx, || Around {
        counts: Counts::from([row.my_actions, row.to_verify, row.escalations, row.sustain_checks]),
        services: row.services.map_or_else(Vec::new, |Json(services)| services),
    });
    Ok(Arc::unwrap_or_clone(around))
}
