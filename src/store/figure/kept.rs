//! What is kept of months that are over.

use chrono::NaiveDate;
use sqlx::types::Json;

use super::{Over, Span};
use crate::domain::figure::{Figure, Month, Value};
use crate::domain::text_enum::TextEnum as _;
use crate::store::TenantTx;

/// A month before another, with every figure that had rows.
pub type Before = (Month, Vec<(Figure, Value)>);

/// A month as it is stored; a figure of another version of the program is left out.
pub(in crate::store) fn before((month, values): (NaiveDate, Vec<(String, f64, f64)>)) -> Before {
    let value = |(word, numerator, denominator): (String, f64, f64)| {
        Figure::from_text(&word).map(|figure| (figure, Value { numerator, denominator }))
    };
    (Month::of(month), values.into_iter().filter_map(value).collect())
}

/// The months before `until` whose numbers are kept, in order, at most `months` of them, with every figure that had rows.
///
/// # Errors
/// The database was lost.
pub async fn kept(
    tx: &mut TenantTx,
    over: &Over,
    until: Month,
    months: u32,
) -> Result<Vec<Before>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT m.month, (SELECT json_agg(json_build_array(k.figure, k.numerator, k.denominator)) FROM figures_kept k
             WHERE k.provider_id = $1 AND k.place_id = $2 AND k.month = m.month) AS "values: Json<Vec<(String, f64, f64)>>"
           FROM figure_months m WHERE m.provider_id = $1 AND m.month < $3 AND m.month >= $4 ORDER BY m.month"#,
        provider.uuid(),
        over.place,
        until.first(),
        until.before(months).first(),
    )
    .fetch_all(tx.conn())
    .await?;
    let each = rows
        .into_iter()
        .map(|row| before((row.month, row.values.map_or_else(Vec::new, |Json(values)| values))));
    Ok(each.collect())
}

/// The first month in which anything was found; none when nothing was.
///
/// # Errors
/// The database was lost.
pub async fn first_month(tx: &mut TenantTx) -> Result<Option<Month>, sqlx::Error> {
    let provider = tx.provider();
    let first = sqlx::query_scalar!(
        "SELECT f.found_on FROM findings f WHERE f.provider_id = $1 ORDER BY f.found_on LIMIT 1",
        provider.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(first.map(Month::of))
}

/// How what is kept stands.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The last line of the trail.
    pub head: i64,
    /// The first month in which anything was found, if anything was.
    pub first: Option<Month>,
    /// The months kept: each with how far the trail was, and the day.
    pub kept: Vec<(Month, i64, NaiveDate)>,
}

/// How what is kept stands; none while somebody else counts.
///
/// # Errors
/// The database was lost.
pub async fn standing(tx: &mut TenantTx) -> Result<Option<Standing>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended('figures ' || $1::uuid::text, 0)) AS "free!",
             coalesce((SELECT h.seq FROM chain_heads h WHERE h.provider_id = $1), 0) AS "head!",
             (SELECT f.found_on FROM findings f WHERE f.provider_id = $1 ORDER BY f.found_on LIMIT 1) AS first,
             (SELECT json_agg(json_build_array(m.month, m.seq, (m.kept_at AT TIME ZONE 'Europe/London')::date) ORDER BY m.month) FROM figure_months m
               WHERE m.provider_id = $1) AS "kept: Json<Vec<(NaiveDate, i64, NaiveDate)>>""#,
        provider.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    let kept = row.kept.map_or_else(Vec::new, |Json(kept)| kept);
    let kept = kept.into_iter().map(|(month, seq, on)| (Month::of(month), seq, on)).collect();
    Ok(row.free.then_some(Standing { head: row.head, first: row.first.map(Month::of), kept }))
}

/// Counts a month that is over and keeps its numbers, of each service and of the whole provider.
///
/// # Errors
/// The database refused or was lost.
pub async fn keep(tx: &mut TenantTx, month: Month, head: i64) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let span = Span::of(month, now);
    sqlx::query!(
        "DELETE FROM figures_kept WHERE provider_id = $1 AND month = $2",
        provider.uuid(),
        month.first()
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO figures_kept (provider_id, place_id, month, figure, numerator, denominator)
         SELECT $1, CASE WHEN GROUPING(r.service_id) = 1 THEN $1 ELSE r.service_id END, $4, r.figure,
           CASE r.figure WHEN 'm5' THEN sum(r.amount) WHEN 'm8_days' THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY r.amount) ELSE count(*) FILTER (WHERE r.counted) END,
           CASE r.figure WHEN 'm5' THEN sum(r.whole) ELSE count(*) END
         FROM app.figure_rows($1, ARRAY(SELECT s.id FROM services s WHERE s.provider_id = $1), true, $2, $3, $4, $5, NULL) r
         GROUP BY GROUPING SETS ((r.figure, r.service_id), (r.figure)) HAVING GROUPING(r.service_id) = 1 OR r.service_id IS NOT NULL",
        provider.uuid(),
        span.from,
        span.until,
        month.first(),
        span.last,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO figure_months (provider_id, month, seq, kept_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (provider_id, month) DO UPDATE SET seq = excluded.seq, kept_at = excluded.kept_at",
        provider.uuid(),
        month.first(),
        head,
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
