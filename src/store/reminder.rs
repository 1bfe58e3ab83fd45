//! What owners are still to be reminded of (R8). The rows are planned by the database whenever an action's owner, date
//! or cycle changes (migrations/0007).

use chrono::{DateTime, NaiveDate, Utc};

use super::{TenantTx, word};
use crate::domain::action::Status;
use crate::domain::calendar::Nation;
use crate::domain::message::MessageKind;
use crate::ids::{ActionId, MemberId};

/// An action whose reminder day has come, or whose date has passed without one.
#[derive(Clone, Debug)]
pub struct Come {
    /// The action.
    pub action: ActionId,
    /// Its cycle.
    pub cycle: i32,
    /// Its owner.
    pub owner: MemberId,
    /// Whether the owner is still here.
    pub owner_here: bool,
    /// Its due date.
    pub due_on: NaiveDate,
    /// When the owner was last told of it.
    pub told_at: DateTime<Utc>,
    /// Where it stands.
    pub status: Status,
    /// The nation of its service.
    pub nation: Nation,
}

/// The reminders to be looked at: due dates up to the last one of each nation, oldest first. What waits for others is
/// left until it comes back or its date has passed; what somebody is writing to now is left for the next time.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn come(
    tx: &mut TenantTx,
    latest: &[(Nation, NaiveDate)],
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<Come>, sqlx::Error> {
    let provider = tx.provider();
    let nations: Vec<String> = latest.iter().map(|(nation, _)| nation.as_str().to_owned()).collect();
    let dates: Vec<NaiveDate> = latest.iter().map(|(_, date)| *date).collect();
    let last = dates.iter().max().copied().unwrap_or(today);
    let rows = sqlx::query!(
        r#"SELECT r.action_id AS "action: ActionId", r.cycle, r.owner_id AS "owner: MemberId", (m.ended_at IS NULL) AS "owner_here!",
             r.due_on, r.told_at, a.status, s.nation
           FROM action_reminders r
           JOIN actions a ON a.provider_id = r.provider_id AND a.id = r.action_id
           JOIN services s ON s.provider_id = a.provider_id AND s.id = a.service_id
           JOIN memberships m ON m.provider_id = r.provider_id AND m.id = r.owner_id
           JOIN unnest($2::text[], $3::date[]) AS l(nation, latest) ON l.nation = s.nation
           WHERE r.provider_id = $1 AND r.due_on <= $4 AND r.due_on <= l.latest
             AND (a.status NOT IN ('submitted', 'verified') OR r.due_on < $5)
           ORDER BY r.due_on, r.action_id LIMIT $6 FOR KEY SHARE OF a SKIP LOCKED"#,
        provider.uuid(),
        &nations,
        &dates,
        last,
        today,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Come {
                action: r.action,
                cycle: r.cycle,
                owner: r.owner,
                owner_here: r.owner_here,
                due_on: r.due_on,
                told_at: r.told_at,
                status: word(&r.status)?,
                nation: word(&r.nation)?,
            })
        })
        .collect()
}

/// What [`settle`] did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settled {
    /// Rows taken away: by this replica and no other.
    pub taken: u64,
    /// Reminders queued.
    pub queued: u64,
}

/// Takes these off the list, and queues a reminder for those that are to have one: whoever takes a row away queues its
/// reminder, in one statement. A row that was planned anew meanwhile stays.
///
/// # Errors
/// The database refused or was lost.
pub async fn settle(
    tx: &mut TenantTx,
    looked_at: &[(Come, bool)],
    not_before: DateTime<Utc>,
) -> Result<Settled, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let actions: Vec<_> = looked_at.iter().map(|(c, _)| c.action.uuid()).collect();
    let cycles: Vec<i32> = looked_at.iter().map(|(c, _)| c.cycle).collect();
    let owners: Vec<_> = looked_at.iter().map(|(c, _)| c.owner.uuid()).collect();
    let dates: Vec<NaiveDate> = looked_at.iter().map(|(c, _)| c.due_on).collect();
    let wanted: Vec<bool> = looked_at.iter().map(|(_, wanted)| *wanted).collect();
    let row = sqlx::query!(
        r#"WITH taken AS (
             DELETE FROM action_reminders r USING unnest($2::uuid[], $3::int[], $4::uuid[], $5::date[], $6::bool[]) AS x(action_id, cycle, owner_id, due_on, wanted)
             WHERE r.provider_id = $1 AND r.action_id = x.action_id AND r.cycle = x.cycle AND r.owner_id = x.owner_id AND r.due_on = x.due_on
             RETURNING r.action_id, r.cycle, r.owner_id, r.due_on, x.wanted),
           queued AS (
             INSERT INTO outbox (provider_id, id, dedupe_key, kind, audience, action_id, recipient_id, created_at, next_at)
             SELECT $1, gen_random_uuid(), format('%s %s %s %s %s', $9::text, t.action_id, t.cycle, t.owner_id, t.due_on), $9, 'owner', t.action_id, t.owner_id, $7, $8
             FROM taken t WHERE t.wanted ON CONFLICT ON CONSTRAINT outbox_says_it_once DO NOTHING RETURNING dedupe_key, action_id, recipient_id),
           noticed AS (
             INSERT INTO notices (provider_id, id, member_id, kind, action_id, dedupe_key, created_at)
             SELECT $1, gen_random_uuid(), q.recipient_id, $9, q.action_id, q.dedupe_key, $7 FROM queued q ON CONFLICT ON CONSTRAINT notices_say_it_once DO NOTHING)
           SELECT (SELECT count(*) FROM taken) AS "taken!", (SELECT count(*) FROM queued) AS "queued!""#,
        provider.uuid(),
        &actions,
        &cycles,
        &owners,
        &dates,
        &wanted,
        now,
        not_before,
        MessageKind::DueSoon.as_str(),
    )
    .fetch_one(tx.conn())
    .await?;
    let counted = |n: i64| u64::try_from(n).unwrap_or(0);
    Ok(Settled { taken: counted(row.taken), queued: counted(row.queued) })
}
