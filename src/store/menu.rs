//! What waits for a member, as numbers beside the menu: one query a page, in the page's own transaction.

use super::TenantTx;
use crate::domain::access::{Reach, Verb, reach};
use crate::domain::member::{Member, Sight};

/// How many things wait, for each item of the menu that counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Open actions the member owns that wait for the owner.
    pub my_actions: i64,
    /// Submitted actions of others that the member sees and may verify.
    pub to_verify: i64,
    /// Escalations the member sees that have no recorded decision (R13).
    pub escalations: i64,
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

/// Reads both in one query.
///
/// # Errors
/// The database was lost.
pub async fn around(tx: &mut TenantTx, member: &Member) -> Result<Around, sqlx::Error> {
    let provider = tx.provider();
    let whole = member.role.sight() == Sight::Provider;
    let [owns, verifies, decides] = [Verb::Submit, Verb::SeeQueue, Verb::SeeEscalations]
        .map(|verb| reach(member.role, verb) != Reach::None);
    let row = sqlx::query!(
        r#"WITH seen AS MATERIALIZED (
             SELECT s.id, s.slug, s.name FROM services s WHERE s.provider_id = $1 AND ($6::bool OR EXISTS (SELECT 1 FROM member_services ms
               WHERE ms.provider_id = s.provider_id AND ms.member_id = $2 AND ms.service_id = s.id))
           )
           SELECT
             (SELECT count(*) FROM actions a WHERE $3::bool AND a.provider_id = $1 AND a.owner_id = $2
                AND a.status IN ('not_started', 'in_progress', 'sent_back', 'ineffective')) AS "my_actions!",
             -- service by service, unless all are seen: what waits in other services is not read
             CASE WHEN $6 THEN (SELECT count(*) FROM actions a WHERE $4::bool AND a.provider_id = $1 AND a.status = 'submitted'
                AND a.owner_id IS DISTINCT FROM $2)
             ELSE (SELECT coalesce(sum(w.n), 0)::bigint FROM seen, LATERAL (SELECT count(*) AS n FROM actions a
                WHERE $4 AND a.provider_id = $1 AND a.service_id = seen.id AND a.status = 'submitted'
                AND a.owner_id IS DISTINCT FROM $2) w) END AS "to_verify!",
             CASE WHEN $6 THEN (SELECT count(*) FROM escalations e
                JOIN actions a ON a.provider_id = e.provider_id AND a.id = e.action_id
                WHERE $5::bool AND e.provider_id = $1 AND a.status NOT IN ('closed', 'cancelled') AND e.cycle = a.cycle
                AND NOT EXISTS (SELECT 1 FROM escalation_decisions d
                  WHERE d.provider_id = e.provider_id AND d.escalation_id = e.id))
             ELSE (SELECT coalesce(sum(w.n), 0)::bigint FROM seen, LATERAL (SELECT sum((SELECT count(*) FROM escalations e
                  WHERE e.provider_id = $1 AND e.action_id = a.id AND e.cycle = a.cycle
                  AND NOT EXISTS (SELECT 1 FROM escalation_decisions d
                    WHERE d.provider_id = $1 AND d.escalation_id = e.id))) AS n
                FROM actions a WHERE $5 AND a.provider_id = $1 AND a.service_id = seen.id
                AND a.status IN ('not_started', 'in_progress', 'submitted', 'sent_back', 'ineffective', 'verified')) w) END AS "escalations!",
             (SELECT coalesce(jsonb_agg(jsonb_build_array(seen.slug, seen.name) ORDER BY seen.name), '[]') FROM seen) AS "services!""#,
        provider.uuid(),
        member.id.uuid(),
        owns,
        verifies,
        decides,
        whole,
    )
    .fetch_one(tx.conn())
    .await?;
    let services =
        serde_json::from_value(row.services).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    let counts =
        Counts { my_actions: row.my_actions, to_verify: row.to_verify, escalations: row.escalations };
    Ok(Around { counts, services })
}
