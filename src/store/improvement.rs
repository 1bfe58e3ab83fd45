//! Measured improvement: what the measures of an action show, and what they showed when it was closed (M9).

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::types::Json;

use super::{TenantTx, word};
use crate::clock::london_date;
use crate::domain::improvement::{Followed, Improvement, Round, Showing, said, showing};
use crate::domain::measure::Reading;
use crate::domain::spc::Rule;
use crate::ids::{ActionId, ClosureId, MeasureId};

/// How many measures of an action are looked at.
const MEASURES: i64 = 20;
/// How many periods are read of each.
const PERIODS: i64 = 520;

#[derive(Clone, Debug, Deserialize)]
struct Read(NaiveDate, Option<f64>, Option<f64>, i32);

/// What a measure shows of an action.
#[derive(Clone, Debug)]
pub struct Shows {
    /// Which.
    pub measure: MeasureId,
    /// What it shows.
    pub showing: Showing,
    /// The same as a sentence.
    pub said: String,
    /// The newest reading: its period and round; none when nothing was read.
    pub rests_on: Option<(NaiveDate, i32)>,
}

/// What each measure that names an action shows now, by name.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn of_action(tx: &mut TenantTx, action: ActionId) -> Result<Vec<Shows>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT m.id AS "id: MeasureId", m.name, m.unit, m.better, m.cadence, a.submitted_at AS "done_at?: DateTime<Utc>",
             coalesce((SELECT max(o.at) FROM reopenings o WHERE o.provider_id = $1 AND o.action_id = $2), a.created_at) AS "began_at!: DateTime<Utc>",
             (SELECT json_agg(json_build_array(r.period, r.numerator, r.denominator, r.round) ORDER BY r.period)
                FROM (SELECT DISTINCT ON (r.period) r.period, r.numerator, r.denominator, r.round FROM readings r
                      WHERE r.provider_id = $1 AND r.measure_id = m.id ORDER BY r.period DESC, r.round DESC LIMIT $4) r) AS "readings: Json<Vec<Read>>",
             (SELECT array_agg(c.period ORDER BY c.period) FROM (SELECT DISTINCT ON (c.period) c.period, c.stands FROM recalculations c
                WHERE c.provider_id = $1 AND c.measure_id = m.id ORDER BY c.period, c.round DESC) c WHERE c.stands) AS recalculated
           FROM actions a JOIN measure_actions x ON x.provider_id = $1 AND x.action_id = a.id JOIN measures m ON m.provider_id = $1 AND m.id = x.measure_id
           WHERE a.provider_id = $1 AND a.id = $2 ORDER BY m.name, m.id LIMIT $3"#,
        provider.uuid(),
        action.uuid(),
        MEASURES,
        PERIODS,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let round = Round { began_on: london_date(r.began_at), done_on: r.done_at.map(london_date) };
            let read = r.readings.map_or_else(Vec::new, |Json(all)| all);
            let newest = read.iter().rev().find(|Read(_, part, ..)| part.is_some());
            let rests_on = newest.map(|Read(period, _, _, round)| (*period, *round));
            let reading =
                |Read(period, numerator, denominator, _)| Reading { period, numerator, denominator };
            let of = Followed {
                name: r.name,
                unit: r.unit,
                way: word(&r.better)?,
                cadence: word(&r.cadence)?,
                readings: read.into_iter().map(reading).collect(),
                recalculated: r.recalculated.unwrap_or_default(),
            };
            let showing = showing(&of, round);
            Ok(Shows { measure: r.id, showing, said: said(&of, showing), rests_on })
        })
        .collect()
}

/// What the gate looks at: what was recorded when this round was closed, or what the measures show now.
///
/// # Errors
/// As [`of_action`].
pub async fn read(tx: &mut TenantTx, action: ActionId, cycle: i32) -> Result<Improvement, sqlx::Error> {
    let recorded = recorded(tx, action, cycle).await?;
    if !recorded.is_empty() {
        return Ok(Improvement { measures: recorded.into_iter().map(|said| (true, said)).collect() });
    }
    let now = of_action(tx, action).await?;
    let measures = now.into_iter().map(|s| (matches!(s.showing, Showing::Better(_)), s.said)).collect();
    Ok(Improvement { measures })
}

async fn recorded(tx: &mut TenantTx, action: ActionId, cycle: i32) -> Result<Vec<String>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        "SELECT i.said FROM closures c JOIN measured_improvements i ON i.provider_id = $1 AND i.closure_id = c.id
         WHERE c.provider_id = $1 AND c.action_id = $2 AND c.cycle = $3 ORDER BY i.said",
        provider.uuid(),
        action.uuid(),
        cycle,
    )
    .fetch_all(tx.conn())
    .await
}

/// An improvement to be recorded: the measure, its newest reading, the rule, the sentence.
type Rests<'a> = (MeasureId, (NaiveDate, i32), Rule, &'a str);

/// Records which measures show improvement at a closure whose paper is written and whose action is not closed yet.
///
/// # Errors
/// A rule of the database refused (a bug: the domain refuses first), or it was lost.
pub async fn insert(
    tx: &mut TenantTx,
    action: ActionId,
    closure: ClosureId,
    shown: &[Shows],
) -> Result<Vec<MeasureId>, sqlx::Error> {
    let better = |s: &Shows| match s.showing {
        Showing::Better(rule) => Some(rule),
        _ => None,
    };
    let (provider, at) = (tx.provider(), tx.now());
    let rows: Vec<Rests<'_>> =
        shown.iter().filter_map(|s| Some((s.measure, s.rests_on?, better(s)?, s.said.as_str()))).collect();
    for (measure, (period, round), rule, said) in &rows {
        sqlx::query!(
            "INSERT INTO measured_improvements (provider_id, closure_id, measure_id, action_id, period, round, rule, said, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            provider.uuid(),
            closure.uuid(),
            measure.uuid(),
            action.uuid(),
            period,
            round,
            rule.as_str(),
            said,
            at,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(rows.into_iter().map(|(measure, ..)| measure).collect())
}
