//! The figures of governance: the numbers of a month, the rows behind them, and what is kept of months that are over. Every
//! number is a count of the rows of `app.figure_rows` (migration 0045).

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::TenantTx;
use crate::clock::{london_date, london_hour};
use crate::domain::figure::{Figure, Month, Value};
use crate::domain::text_enum::TextEnum as _;
use crate::domain::topic::{Theme, Topic};
use crate::ids::{ProviderId, ServiceId};

/// How many rows a page has.
pub const ROWS: i64 = 50;
/// How many of what lacks something are named on the page of a month.
const NAMED: i64 = 6;

/// Where is looked: one service, or the whole provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Over {
    services: Vec<Uuid>,
    whole: bool,
    place: Uuid,
}

impl Over {
    /// One service.
    #[must_use]
    pub fn service(service: ServiceId) -> Self {
        Self { services: vec![service.uuid()], whole: false, place: service.uuid() }
    }

    /// The whole provider, which has these services.
    #[must_use]
    pub fn whole(provider: ProviderId, services: &[ServiceId]) -> Self {
        let services = services.iter().map(|service| service.uuid()).collect();
        Self { services, whole: true, place: provider.uuid() }
    }
}

/// A month as far as it has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    month: Month,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    last: NaiveDate,
}

impl Span {
    /// The whole month, or until `now` when it runs. What happens at this very instant has happened.
    #[must_use]
    pub fn of(month: Month, now: DateTime<Utc>) -> Self {
        let (from, end) = (london_hour(month.first(), 0), london_hour(month.after(1).first(), 0));
        let until = end.min(now + Duration::microseconds(1));
        Self { month, from, until, last: month.last().min(london_date(now)) }
    }
}

/// Open findings of a theme in a service, and those of them that came back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Heat {
    /// The theme.
    pub theme: Theme,
    /// The service's part of the address.
    pub slug: String,
    /// Its name.
    pub service: String,
    /// How many are open.
    pub open: i64,
    /// How many of them came back.
    pub back: i64,
}

/// A topic that came back in a service: how often in the month, and in the twelve months until its end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Again {
    /// The topic.
    pub topic: Topic,
    /// The service's name.
    pub service: String,
    /// Its part of the address.
    pub slug: String,
    /// In the month.
    pub in_month: i64,
    /// In twelve months.
    pub in_year: i64,
}

/// What a month shows.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The figures that have rows.
    pub values: Vec<(Figure, Value)>,
    /// Open findings by service and theme.
    pub heat: Vec<Heat>,
    /// Overdue actions by the days since their due date.
    pub overdue: Vec<(f64, i64)>,
    /// What came back, most often first.
    pub repeats: Vec<Again>,
    /// The first high-risk findings without a decision: number, what, service.
    pub undecided: Vec<(i32, String, String)>,
    /// The first closures without measured improvement.
    pub unmeasured: Vec<(i32, String, String)>,
}

impl Shown {
    /// The value of a figure.
    #[must_use]
    pub fn value(&self, figure: Figure) -> Value {
        self.values.iter().find(|(of, _)| *of == figure).map_or(Value::NOTHING, |(_, value)| *value)
    }
}

/// Reads what a month shows.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn shown(tx: &mut TenantTx, over: &Over, span: Span) -> Result<Shown, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query_file!(
        "src/store/sql/figures.sql",
        provider.uuid(),
        &over.services,
        over.whole,
        span.from,
        span.until,
        span.month.first(),
        span.last,
        NAMED,
    )
    .fetch_one(tx.conn())
    .await?;
    let values = row.values.map_or_else(Vec::new, |Json(values)| values);
    let value = |(figure, numerator, denominator)| (figure, Value { numerator, denominator });
    Ok(Shown {
        values: values.into_iter().map(value).collect(),
        heat: row.heat.map_or_else(Vec::new, |Json(heat)| heat),
        overdue: row.days.map_or_else(Vec::new, |Json(days)| days),
        repeats: row.repeats.map_or_else(Vec::new, |Json(repeats)| repeats),
        undecided: row.undecided.map_or_else(Vec::new, |Json(rows)| rows),
        unmeasured: row.unmeasured.map_or_else(Vec::new, |Json(rows)| rows),
    })
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// An action, or a closure or verdict of it.
    Action,
    /// A finding.
    Finding,
    /// The reading of a measure.
    Measure,
}

/// One row behind a figure.
#[derive(Clone, Debug, Deserialize)]
pub struct Row {
    /// What tells it from others of the same number: the action, closure, verdict, finding or measure.
    pub subject: Uuid,
    /// What it is about.
    pub about: About,
    /// The number of the action or finding; for a reading its day as 20261001.
    pub number: i32,
    /// The service's name; none for a measure of the whole provider.
    pub service: Option<String>,
    /// Whether it is counted.
    pub counted: bool,
    /// Days, or how many positive answers.
    pub amount: Option<f64>,
    /// Of how many answers.
    pub whole: Option<f64>,
    /// What is to be done, was found, or is measured.
    pub what: Option<String>,
}

/// Which rows are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// Only those counted, or only those not.
    pub counted: Option<bool>,
    /// Of a theme.
    pub theme: Option<Theme>,
    /// On a topic.
    pub topic: Option<Topic>,
    /// In a service, by its part of the address.
    pub place: Option<&'a str>,
    /// With so many days, at least and at most.
    pub days: Option<(f64, f64)>,
    /// After this number and subject.
    pub after: Option<(i32, Uuid)>,
}

/// A page of rows, and what all of them come to.
#[derive(Clone, Debug)]
pub struct Page {
    /// The rows, and one more than a page has when there are more.
    pub rows: Vec<Row>,
    /// How many there are in all.
    pub all: i64,
    /// How many of them are counted.
    pub counted: i64,
    /// Their amounts added up.
    pub amount: f64,
    /// Their wholes added up.
    pub whole: f64,
}

/// Reads the rows behind a figure.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn rows(
    tx: &mut TenantTx,
    over: &Over,
    span: Span,
    figure: Figure,
    wanted: &Wanted<'_>,
) -> Result<Page, sqlx::Error> {
    let provider = tx.provider();
    let (after, subject) = wanted.after.unwrap_or((i32::MIN, Uuid::nil()));
    let row = sqlx::query_file!(
        "src/store/sql/figure_rows.sql",
        provider.uuid(),
        &over.services,
        over.whole,
        span.from,
        span.until,
        span.month.first(),
        span.last,
        figure.as_str(),
        wanted.counted,
        wanted.theme.map(|theme| theme.as_str()),
        wanted.topic.map(|topic| topic.as_str()),
        wanted.place,
        wanted.days.map(|days| days.0),
        wanted.days.map(|days| days.1),
        after,
        subject,
        ROWS + 1,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Page {
        rows: row.page.map_or_else(Vec::new, |Json(rows)| rows),
        all: row.rows,
        counted: row.counted,
        amount: row.amount,
        whole: row.whole,
    })
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
) -> Result<Vec<(Month, Vec<(Figure, Value)>)>, sqlx::Error> {
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
    let each = rows.into_iter().map(|row| {
        let values = row.values.map_or_else(Vec::new, |Json(values)| values);
        // a figure of another version of the program is left out
        let value = |(word, numerator, denominator): (String, f64, f64)| {
            Figure::from_text(&word).map(|figure| (figure, Value { numerator, denominator }))
        };
        (Month::of(row.month), values.into_iter().filter_map(value).collect())
    });
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
