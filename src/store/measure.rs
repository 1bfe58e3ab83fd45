//! Measures with their readings: nothing is edited, the newest round of a period counts (R23).

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::types::Json;

use super::{TenantTx, scope, word};
use crate::domain::measure::{Cadence, Reading, Shape, Way};
use crate::domain::member::{Member, Sight};
use crate::ids::{ActionId, FindingId, MeasureId, MemberId, ServiceId};

/// A measure is changed or ends.
pub mod change;

/// How many measures are on a page.
pub const ROWS: i64 = 50;
/// How many periods are read for a chart: more than anybody draws.
const PERIODS: i64 = 520;

/// A measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Its id.
    pub id: MeasureId,
    /// Its service; none for the whole provider.
    pub service: Option<ServiceId>,
    /// Its name.
    pub name: String,
    /// What is counted; empty for a plain number.
    pub unit: String,
    /// What a reading is.
    pub shape: Shape,
    /// Which way is better.
    pub way: Way,
    /// How often it is read.
    pub cadence: Cadence,
    /// Where it began.
    pub baseline: Option<f64>,
    /// What is aimed at.
    pub target: Option<f64>,
    /// By when.
    pub deadline: Option<NaiveDate>,
    /// Who reads it.
    pub owner: Option<MemberId>,
    /// Whether its readings are what people say when they are asked (M5).
    pub feedback: bool,
    /// When it was defined.
    pub created_at: DateTime<Utc>,
}

/// A measure on a page, with the names that belong to it and its newest readings.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The measure.
    pub measure: Measure,
    /// The service's name; none for the whole provider.
    pub place: Option<String>,
    /// The owner's name.
    pub owner: Option<String>,
    /// The newest round of each period, in order of time.
    pub readings: Vec<Reading>,
    /// The periods from which limits are calculated anew.
    pub recalculated: Vec<NaiveDate>,
    /// How often it was changed, and one.
    pub version: i32,
    /// When it ended; then it takes no more readings.
    pub ended_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Read(NaiveDate, Option<f64>, Option<f64>);

/// Writes a measure.
///
/// # Errors
/// The database refused or was lost.
pub async fn insert(tx: &mut TenantTx, new: &Measure) -> Result<(), sqlx::Error> {
    let (provider, by, at) = (tx.provider(), tx.actor(), tx.now());
    sqlx::query!(
        "INSERT INTO measures (provider_id, id, service_id, name, unit, shape, better, cadence, baseline, target, deadline, owner_id, created_by, created_at, feedback)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING",
        provider.uuid(),
        new.id.uuid(),
        new.service.map(|id| id.uuid()),
        new.name,
        new.unit,
        new.shape.as_str(),
        new.way.as_str(),
        new.cadence.as_str(),
        new.baseline,
        new.target,
        new.deadline,
        new.owner.map(|id| id.uuid()),
        by.map(|id| id.uuid()),
        at,
        new.feedback,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who looks: measures of their services, and of the whole provider if they see it.
    pub member: &'a Member,
    /// One service by its part of the address, or all.
    pub service: Option<&'a str>,
    /// One measure, or all.
    pub only: Option<MeasureId>,
    /// After this name and id.
    pub after: Option<(&'a str, MeasureId)>,
    /// How many.
    pub limit: i64,
    /// Those that have ended, or those that are followed; not asked for one measure.
    pub ended: bool,
}

/// Reads measures by name, with their readings.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn page(tx: &mut TenantTx, asked: &Asked<'_>) -> Result<Vec<Shown>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT m.id AS "id: MeasureId", m.service_id AS "service: ServiceId", m.name, m.unit, m.shape, m.better, m.cadence, m.baseline, m.target,
             m.deadline, m.feedback, m.owner_id AS "owner: MemberId", m.created_at, m.version, m.ended_at, s.name AS "place?", o.name AS "owner_name?",
             (SELECT json_agg(json_build_array(r.period, r.numerator, r.denominator) ORDER BY r.period)
                FROM (SELECT DISTINCT ON (r.period) r.period, r.numerator, r.denominator FROM readings r
                      WHERE r.provider_id = $1 AND r.measure_id = m.id ORDER BY r.period DESC, r.round DESC LIMIT $9) r) AS "readings: Json<Vec<Read>>",
             (SELECT array_agg(c.period ORDER BY c.period) FROM (SELECT DISTINCT ON (c.period) c.period, c.stands FROM recalculations c
                WHERE c.provider_id = $1 AND c.measure_id = m.id ORDER BY c.period, c.round DESC) c WHERE c.stands) AS recalculated
           FROM measures m LEFT JOIN services s ON s.provider_id = $1 AND s.id = m.service_id LEFT JOIN memberships o ON o.provider_id = $1 AND o.id = m.owner_id
           WHERE m.provider_id = $1 AND ($2::bool OR m.service_id = ANY($3::uuid[])) AND ($4::text IS NULL OR s.slug = $4)
             AND CASE WHEN $5::uuid IS NULL THEN (m.ended_at IS NOT NULL) = $10::bool ELSE m.id = $5 END AND ($6::text IS NULL OR (m.name, m.id) > ($6, $7::uuid))
           ORDER BY m.name, m.id LIMIT $8"#,
        provider.uuid(),
        asked.member.role.sight() == Sight::Provider,
        &scope::services(asked.member),
        asked.service,
        asked.only.map(|id| id.uuid()),
        asked.after.map(|(name, _)| name),
        asked.after.map(|(_, id)| id.uuid()),
        asked.limit,
        PERIODS,
        asked.ended,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let readings = r.readings.map_or_else(Vec::new, |Json(all)| all);
            let reading = |Read(period, numerator, denominator)| Reading { period, numerator, denominator };
            Ok(Shown {
                measure: Measure {
                    id: r.id,
                    service: r.service,
                    name: r.name,
                    unit: r.unit,
                    shape: word(&r.shape)?,
                    way: word(&r.better)?,
                    cadence: word(&r.cadence)?,
                    baseline: r.baseline,
                    target: r.target,
                    deadline: r.deadline,
                    owner: r.owner,
                    feedback: r.feedback,
                    created_at: r.created_at,
                },
                place: r.place,
                owner: r.owner_name,
                readings: readings.into_iter().map(reading).collect(),
                recalculated: r.recalculated.unwrap_or_default(),
                version: r.version,
                ended_at: r.ended_at,
            })
        })
        .collect()
}

/// One thing that was recorded about a measure.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The period it is about.
    pub period: NaiveDate,
    /// Which one of that period it was.
    pub round: i32,
    /// The reading; none for a recalculation.
    pub reading: Option<Reading>,
    /// For a recalculation, whether it stands.
    pub stands: bool,
    /// Why it was corrected or calculated anew.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What was corrected and calculated anew, newest first.
///
/// # Errors
/// The database was lost.
pub async fn history(tx: &mut TenantTx, of: MeasureId) -> Result<Vec<Recorded>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT x.period AS "period!", x.round AS "round!", x.is_reading AS "is_reading!", x.numerator, x.denominator, x.stands AS "stands!", x.reason AS "reason!", m.name AS by, x.at AS "at!"
           FROM (SELECT r.period, r.round, true AS is_reading, r.numerator, r.denominator, true AS stands, r.reason, r.by, r.at FROM readings r
               WHERE r.provider_id = $1 AND r.measure_id = $2 AND EXISTS (SELECT 1 FROM readings c WHERE c.provider_id = $1 AND c.measure_id = $2 AND c.period = r.period AND c.round > 1)
             UNION ALL SELECT c.period, c.round, false, NULL, NULL, c.stands, c.reason, c.by, c.at FROM recalculations c WHERE c.provider_id = $1 AND c.measure_id = $2) x
           JOIN memberships m ON m.provider_id = $1 AND m.id = x.by ORDER BY x.at DESC, x.period DESC, x.round DESC LIMIT 200"#,
        provider.uuid(),
        of.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    let recorded = rows.into_iter().map(|r| Recorded {
        period: r.period,
        round: r.round,
        reading: r.is_reading.then_some(Reading {
            period: r.period,
            numerator: r.numerator,
            denominator: r.denominator,
        }),
        stands: r.stands,
        reason: r.reason,
        by: r.by,
        at: r.at,
    });
    Ok(recorded.collect())
}

/// How many readings each of these periods has.
///
/// # Errors
/// The database was lost.
pub async fn rounds(
    tx: &mut TenantTx,
    of: MeasureId,
    periods: &[NaiveDate],
) -> Result<Vec<(NaiveDate, i32)>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT period, max(round) AS "round!" FROM readings WHERE provider_id = $1 AND measure_id = $2 AND period = ANY($3::date[]) GROUP BY period"#,
        provider.uuid(),
        of.uuid(),
        periods,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.period, row.round)).collect())
}

/// Writes readings with their rounds; false when somebody else wrote one of them meanwhile, and then none may be kept.
///
/// # Errors
/// The database refused or was lost.
pub async fn add_readings(
    tx: &mut TenantTx,
    of: MeasureId,
    readings: &[(Reading, i32)],
    reason: &str,
) -> Result<bool, sqlx::Error> {
    let (provider, by, at) = (tx.provider(), tx.actor(), tx.now());
    let periods: Vec<NaiveDate> = readings.iter().map(|(reading, _)| reading.period).collect();
    let rounds: Vec<i32> = readings.iter().map(|(_, round)| *round).collect();
    let parts: Vec<Option<f64>> = readings.iter().map(|(reading, _)| reading.numerator).collect();
    let wholes: Vec<Option<f64>> = readings.iter().map(|(reading, _)| reading.denominator).collect();
    let done = sqlx::query!(
        "INSERT INTO readings (provider_id, measure_id, period, round, numerator, denominator, reason, by, at)
         SELECT $1, $2, x.period, x.round, x.numerator, x.denominator, $7, $8, $9 FROM unnest($3::date[], $4::int[], $5::float8[], $6::float8[]) AS x(period, round, numerator, denominator)
         ON CONFLICT DO NOTHING",
        provider.uuid(),
        of.uuid(),
        &periods,
        &rounds,
        &parts as &[Option<f64>],
        &wholes as &[Option<f64>],
        reason,
        by.map(|id| id.uuid()),
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(usize::try_from(done.rows_affected()) == Ok(readings.len()))
}

/// Writes that limits are calculated anew from a period, or that this is taken back. False when somebody else did since.
///
/// # Errors
/// The database refused or was lost.
pub async fn recalculate(
    tx: &mut TenantTx,
    of: MeasureId,
    period: NaiveDate,
    stands: bool,
    reason: &str,
) -> Result<bool, sqlx::Error> {
    let (provider, by, at) = (tx.provider(), tx.actor(), tx.now());
    let done = sqlx::query!(
        "INSERT INTO recalculations (provider_id, measure_id, period, round, stands, reason, by, at)
         SELECT $1, $2, $3, coalesce(max(c.round), 0) + 1, $4, $5, $6, $7 FROM recalculations c
         WHERE c.provider_id = $1 AND c.measure_id = $2 AND c.period = $3
         HAVING coalesce((array_agg(c.stands ORDER BY c.round DESC))[1], false) <> $4
         ON CONFLICT DO NOTHING",
        provider.uuid(),
        of.uuid(),
        period,
        stands,
        reason,
        by.map(|id| id.uuid()),
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An action that should move a measure.
#[derive(Clone, Debug)]
pub struct Mover {
    /// Its number.
    pub number: i32,
    /// What is to be done.
    pub what: String,
    /// When it was closed, if it is.
    pub closed_on: Option<NaiveDate>,
}

/// The actions that should move a measure, as far as its readers see them: they are in the same service, or the measure is of the whole
/// provider and so are its readers.
///
/// # Errors
/// The database was lost.
pub async fn movers(tx: &mut TenantTx, of: MeasureId) -> Result<Vec<Mover>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Mover,
        r#"SELECT a.number, a.what, CASE WHEN a.status = 'closed' THEN (SELECT (max(k.at) AT TIME ZONE 'Europe/London')::date FROM closures k
             WHERE k.provider_id = $1 AND k.action_id = a.id) END AS closed_on
           FROM measure_actions x JOIN actions a ON a.provider_id = $1 AND a.id = x.action_id
           WHERE x.provider_id = $1 AND x.measure_id = $2 ORDER BY a.number LIMIT 100"#,
        provider.uuid(),
        of.uuid(),
    )
    .fetch_all(tx.conn())
    .await
}

/// Names an action that should move a measure; none when it is named already.
///
/// # Errors
/// The database refused or was lost.
pub async fn add_mover(
    tx: &mut TenantTx,
    of: MeasureId,
    number: i32,
) -> Result<Option<(ActionId, FindingId)>, sqlx::Error> {
    let (provider, by, at) = (tx.provider(), tx.actor(), tx.now());
    let row = sqlx::query!(
        r#"WITH named AS (INSERT INTO measure_actions (provider_id, measure_id, action_id, by, at)
             SELECT $1, $2, a.id, $4, $5 FROM actions a WHERE a.provider_id = $1 AND a.number = $3 ON CONFLICT DO NOTHING RETURNING action_id)
           SELECT a.id AS "action: ActionId", a.finding_id AS "finding: FindingId" FROM named JOIN actions a ON a.provider_id = $1 AND a.id = named.action_id"#,
        provider.uuid(),
        of.uuid(),
        number,
        by.map(|id| id.uuid()),
        at,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.action, row.finding)))
}
