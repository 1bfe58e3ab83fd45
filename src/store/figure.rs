//! The figures of governance: the numbers of a month, the rows behind them, and what is kept of months that are over. Every
//! number is a count of the rows of `app.figure_rows` (migration 0052); `tests/it/figures` counts them anew from the trail.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::{TenantTx, word};
use crate::clock::{london_date, london_hour};
use crate::domain::figure::{Age, Figure, Month, Value};
use crate::domain::topic::{Theme, Topic};
use crate::ids::{GovernanceId, ProviderId, ServiceId};

/// What is kept of months that are over.
mod kept;
/// From when limits are calculated anew.
pub mod limits;

pub(in crate::store) use kept::before;
pub use kept::{Before, Standing, first_month, keep, kept, standing};

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
    frozen: Option<Uuid>,
}

impl Over {
    /// One service.
    #[must_use]
    pub fn service(service: ServiceId) -> Self {
        Self { services: vec![service.uuid()], whole: false, place: service.uuid(), frozen: None }
    }

    /// The whole provider, which has these services.
    #[must_use]
    pub fn whole(provider: ProviderId, services: &[ServiceId]) -> Self {
        let services = services.iter().map(|service| service.uuid()).collect();
        Self { services, whole: true, place: provider.uuid(), frozen: None }
    }

    /// The same as a signed month keeps it: what its meeting was frozen with.
    #[must_use]
    pub fn frozen(&self, meeting: GovernanceId) -> Self {
        Self { frozen: Some(meeting.uuid()), ..self.clone() }
    }

    /// The services looked at.
    pub(in crate::store) fn services(&self) -> &[Uuid] {
        &self.services
    }

    /// Whether they are the whole provider.
    pub(in crate::store) const fn is_whole(&self) -> bool {
        self.whole
    }

    /// The service, or the provider itself.
    pub(in crate::store) const fn place(&self) -> Uuid {
        self.place
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

    /// The month.
    pub(in crate::store) const fn month(self) -> Month {
        self.month
    }

    /// Its instants and its days.
    pub(in crate::store) const fn bounds(self) -> (DateTime<Utc>, DateTime<Utc>, NaiveDate, NaiveDate) {
        (self.from, self.until, self.month.first(), self.last)
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
    /// How many actions have been overdue for so long.
    #[must_use]
    pub fn overdue_for(&self, age: Age) -> i64 {
        let (least, most) = age.days();
        self.overdue.iter().filter(|(days, _)| (least..=most).contains(days)).map(|(_, n)| n).sum()
    }

    /// The value of a figure.
    #[must_use]
    pub fn value(&self, figure: Figure) -> Value {
        self.values.iter().find(|(of, _)| *of == figure).map_or(Value::NOTHING, |(_, value)| *value)
    }
}

/// What the queries answer.
struct Counts {
    values: Option<Json<Vec<(Figure, f64, f64)>>>,
    heat: Option<Json<Vec<Heat>>>,
    days: Option<Json<Vec<(f64, i64)>>>,
    repeats: Option<Json<Vec<Again>>>,
    undecided: Option<Json<Vec<(i32, String, String)>>>,
    unmeasured: Option<Json<Vec<(i32, String, String)>>>,
}

/// Reads what a month shows: counted now, or as its meeting froze it.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn shown(tx: &mut TenantTx, over: &Over, span: Span) -> Result<Shown, sqlx::Error> {
    let counts = match over.frozen {
        Some(meeting) => as_frozen(tx, meeting, span).await?,
        None => counted(tx, over, span).await?,
    };
    let values = counts.values.map_or_else(Vec::new, |Json(values)| values);
    let value = |(figure, numerator, denominator)| (figure, Value { numerator, denominator });
    Ok(Shown {
        values: values.into_iter().map(value).collect(),
        heat: counts.heat.map_or_else(Vec::new, |Json(heat)| heat),
        overdue: counts.days.map_or_else(Vec::new, |Json(days)| days),
        repeats: counts.repeats.map_or_else(Vec::new, |Json(repeats)| repeats),
        undecided: counts.undecided.map_or_else(Vec::new, |Json(rows)| rows),
        unmeasured: counts.unmeasured.map_or_else(Vec::new, |Json(rows)| rows),
    })
}

async fn counted(tx: &mut TenantTx, over: &Over, span: Span) -> Result<Counts, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_file_as!(
        Counts,
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
    .await
}

async fn as_frozen(tx: &mut TenantTx, meeting: Uuid, span: Span) -> Result<Counts, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_file_as!(
        Counts,
        "src/store/sql/figures_frozen.sql",
        provider.uuid(),
        meeting,
        span.until,
        span.last,
        NAMED,
    )
    .fetch_one(tx.conn())
    .await
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

/// Reads the rows behind a figure, at most `limit` of them.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn rows(
    tx: &mut TenantTx,
    over: &Over,
    span: Span,
    figure: Figure,
    wanted: &Wanted<'_>,
    limit: i64,
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
        limit,
        over.frozen,
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

/// The first rows behind a figure, and how many there are.
#[derive(Clone, Debug)]
pub struct First {
    /// The figure.
    pub figure: Figure,
    /// How many rows it has.
    pub all: i64,
    /// The first of them.
    pub rows: Vec<Row>,
}

/// Reads the first `most` rows behind every figure that has any.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn first_rows(
    tx: &mut TenantTx,
    over: &Over,
    span: Span,
    most: i64,
) -> Result<Vec<First>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_file!(
        "src/store/sql/report_rows.sql",
        provider.uuid(),
        &over.services,
        over.whole,
        span.from,
        span.until,
        span.month.first(),
        span.last,
        most,
        over.frozen,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|r| Ok(First { figure: word(&r.figure)?, all: r.all, rows: r.rows.0 })).collect()
}
