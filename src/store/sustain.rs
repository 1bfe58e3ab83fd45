//! Sustain checks: planned at closure, answered once (R19).

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::scope::Scope;
use super::{TenantTx, word};
use crate::domain::action::Action;
use crate::domain::sustain::Look;
use crate::domain::topic::{Risk, Topic};
use crate::ids::{ActionId, MeasureId, SustainCheckId};

/// How many checks a page of the list shows.
pub const ROWS: i64 = 50;

/// Plans checks of a closed action, with the cycle it was closed in.
///
/// # Errors
/// The action is not closed, or the database was lost.
pub async fn plan(tx: &mut TenantTx, action: &Action, days: &[NaiveDate]) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "INSERT INTO sustain_checks (provider_id, id, action_id, service_id, cycle, due_on)
         SELECT $1, gen_random_uuid(), $2, $3, $4, d FROM unnest($5::date[]) AS d",
        provider.uuid(),
        action.id.uuid(),
        action.service_id.uuid(),
        action.cycle,
        days,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// The checks of this cycle that wait for an answer, in order of their days.
///
/// # Errors
/// The database was lost.
pub async fn waiting(
    tx: &mut TenantTx,
    action: &Action,
) -> Result<Vec<(SustainCheckId, NaiveDate)>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT id AS "id: SustainCheckId", due_on FROM sustain_checks
           WHERE provider_id = $1 AND action_id = $2 AND cycle = $3 AND result IS NULL ORDER BY due_on, id"#,
        provider.uuid(),
        action.id.uuid(),
        action.cycle,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.due_on)).collect())
}

/// Writes the acting member's answer; false when somebody else has answered.
///
/// # Errors
/// A rule of the database refused (a bug: the domain refuses first), or it was lost.
pub async fn answer(
    tx: &mut TenantTx,
    check: SustainCheckId,
    look: &Look,
    judged: &Value,
) -> Result<bool, sqlx::Error> {
    let (provider, by, at) = (tx.provider(), tx.actor(), tx.now());
    let count = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let done = sqlx::query!(
        "UPDATE sustain_checks SET result = $3, method = $4, sample_size = $5, met_standard = $6, measure_id = $7, measure_said = $8, note = $9,
           judged = $10, checked_by = $11, at = $12
         WHERE provider_id = $1 AND id = $2 AND result IS NULL",
        provider.uuid(),
        check.uuid(),
        look.lasting.as_str(),
        look.method.as_str(),
        look.sample.map(|s| count(s.size)),
        look.sample.map(|s| count(s.met)),
        look.shown.as_ref().map(|s| s.measure.uuid()),
        look.shown.as_ref().map_or("", |s| &s.said),
        look.note,
        judged,
        by.map(|id| id.uuid()),
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The measures that name an action, by name.
///
/// # Errors
/// The database was lost.
pub async fn measures(tx: &mut TenantTx, action: ActionId) -> Result<Vec<(MeasureId, String)>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT m.id AS "id: MeasureId", m.name FROM measure_actions x JOIN measures m ON m.provider_id = $1 AND m.id = x.measure_id
           WHERE x.provider_id = $1 AND x.action_id = $2 ORDER BY m.name, m.id LIMIT 50"#,
        provider.uuid(),
        action.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// When the present closure of an action was approved.
///
/// # Errors
/// The database was lost.
pub async fn closed_at(tx: &mut TenantTx, action: &Action) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        "SELECT at FROM closures WHERE provider_id = $1 AND action_id = $2 AND cycle = $3",
        provider.uuid(),
        action.id.uuid(),
        action.cycle,
    )
    .fetch_optional(tx.conn())
    .await
}

/// A closed action that is to be looked at again.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The check.
    pub id: SustainCheckId,
    /// The day it is planned for.
    pub due_on: NaiveDate,
    /// The action's number.
    pub number: i32,
    /// What was done.
    pub what: String,
    /// How it was to be known.
    pub success_test: String,
    /// The service's name.
    pub service: String,
    /// Risk.
    pub risk: Risk,
    /// Topic.
    pub topic: Topic,
    /// The member has owned it in this cycle, so somebody else looks.
    pub owned: bool,
}

/// What is to be looked at until `until`, as far as the member sees it, earliest first, from after a place of the list on:
/// at most `limit`. With `theirs` only what they may do, because they never owned it.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn list(
    tx: &mut TenantTx,
    scope: Scope,
    service: Option<&str>,
    (until, theirs): (NaiveDate, bool),
    after: Option<(NaiveDate, SustainCheckId)>,
    limit: i64,
) -> Result<Vec<Waiting>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT c.id AS "id: SustainCheckId", c.due_on, a.number, a.what, a.success_test, s.name AS service, a.risk, a.topic,
             EXISTS (SELECT 1 FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = a.cycle AND w.member_id = $4) AS "owned!"
           FROM sustain_checks c
           JOIN actions a ON a.provider_id = $1 AND a.id = c.action_id AND a.status = 'closed' AND a.cycle = c.cycle
           JOIN services s ON s.provider_id = $1 AND s.id = c.service_id
           WHERE c.provider_id = $1 AND c.result IS NULL AND c.due_on <= $6 AND ($5::text IS NULL OR s.slug = $5)
             AND ($2 OR ($3 AND EXISTS (SELECT 1 FROM member_services ms WHERE ms.provider_id = $1 AND ms.member_id = $4 AND ms.service_id = c.service_id)))
             AND NOT ($10::bool AND EXISTS (SELECT 1 FROM action_owners w WHERE w.provider_id = $1 AND w.action_id = a.id AND w.cycle = a.cycle AND w.member_id = $4))
             AND ($7::date IS NULL OR (c.due_on, c.id) > ($7, $8::uuid))
           ORDER BY c.due_on, c.id LIMIT $9"#,
        provider.uuid(),
        scope.whole,
        scope.by_service,
        scope.me.uuid(),
        service,
        until,
        after.map(|(day, _)| day),
        after.map(|(_, id)| id.uuid()),
        limit,
        theirs,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Waiting {
                id: r.id,
                due_on: r.due_on,
                number: r.number,
                what: r.what,
                success_test: r.success_test,
                service: r.service,
                risk: word(&r.risk)?,
                topic: word(&r.topic)?,
                owned: r.owned,
            })
        })
        .collect()
}
