//! The report of a month of governance (R25): everything the month shows, with the minutes and the rows behind the figures, read
//! at one instant and put on paper. A signed month is told as it was signed, whenever its report is made; any other as it is
//! counted now. Either carries a line of the trail, by which a printed page can be checked for as long as the trail is kept.

use super::figure::View;
use super::{Actor, Moment, heat};
use crate::app::AppState;
use crate::domain::figure::{Figure, Month, Unit};
use crate::domain::measure::Cadence;
use crate::error::AppError;
use crate::picture::chart::{Drawn, Picture, picture};
use crate::picture::words as chart_words;
use crate::report::Paper;
use crate::store::figure::{self as store, First, Over, Span};
use crate::store::system::{self, ProviderRow};
use crate::store::trail::{self, Mark};
use crate::store::{SystemTx, TenantTx, provider};

/// The report in words.
mod said;

pub use said::{figures, held};

/// How many rows of a figure a report is printed with.
const ROWS: i64 = 20;

/// What a report is about.
#[derive(Clone, Debug)]
pub struct Of {
    /// The provider's part of the address.
    pub slug: String,
    /// The provider's name.
    pub provider: String,
    /// What is looked at, in words: a service, or the provider with how many services it has.
    pub place: String,
    /// Where is looked.
    pub over: Over,
    /// The month.
    pub month: Month,
}

/// Everything a report says.
#[derive(Clone, Debug)]
pub struct Report {
    /// What it is about.
    pub of: Of,
    /// The month with its meeting.
    pub view: View,
    /// The first rows behind the figures.
    pub rows: Vec<First>,
    /// The line of the trail it can be checked by: that of the sign-off; before that the last one.
    pub mark: Mark,
    /// When it was read.
    pub moment: Moment,
}

/// Begins the reading of a report for a member: everything read in it is as it is at one instant.
///
/// # Errors
/// The database was lost.
pub async fn begin(app: &AppState, by: &Actor) -> Result<TenantTx, AppError> {
    let mut tx = by.begin(app).await?;
    trail::hold_still(&mut tx).await?;
    Ok(tx)
}

/// Reads a report, in a transaction of [`begin`].
///
/// # Errors
/// The provider has no trail, which none is without, or the database was lost.
pub async fn read(tx: &mut TenantTx, of: Of, moment: Moment) -> Result<Report, AppError> {
    let view = View::read(tx, &of.over, of.month, moment).await?;
    let signed = view.meeting.as_ref().filter(|meeting| meeting.signed.is_some());
    let over = signed.map_or_else(|| of.over.clone(), |meeting| of.over.frozen(meeting.id));
    let mut mark = None;
    if let Some(meeting) = signed {
        mark = trail::sign_off(tx, meeting.id).await?;
    }
    if mark.is_none() {
        mark = trail::newest(tx).await?;
    }
    let mark = mark.ok_or(AppError::NotFound)?;
    let rows = store::first_rows(tx, &over, Span::of(of.month, moment.now), ROWS).await?;
    Ok(Report { of, view, rows, mark, moment })
}

impl Report {
    /// Puts it on paper.
    #[must_use]
    pub fn paper(&self) -> Paper {
        said::paper(self)
    }
}

/// Reads the report of a month for whoever runs the program: the provider and the service by their parts of the address.
///
/// # Errors
/// A sentence about what is not there ([`AppError::BadRequest`]), or the database was lost.
pub async fn for_operator(
    app: &AppState,
    slug: &str,
    service: Option<&str>,
    month: Month,
) -> Result<Report, AppError> {
    let moment = Moment::read(app);
    if month > Month::of(moment.today) {
        return Err(AppError::bad_request(format!("{} has not begun.", month.name())));
    }
    let mut tx = SystemTx::begin(&app.db, None, moment.now).await?;
    let found = system::provider_by_slug(&mut tx, slug).await?;
    drop(tx);
    let Some(ProviderRow { id, slug, name }) = found else {
        return Err(AppError::bad_request(format!("There is no provider \"{slug}\".")));
    };
    let mut tx = TenantTx::begin(&app.db, id, None, moment.now).await?;
    trail::hold_still(&mut tx).await?;
    let services = provider::services(&mut tx).await?;
    let (over, place) = match service {
        None => {
            let ids: Vec<_> = services.iter().map(|service| service.id).collect();
            (Over::whole(id, &ids), whole_place(&name, ids.len()))
        }
        Some(asked) => {
            let Some(service) = services.iter().find(|service| service.slug == asked) else {
                let all: Vec<_> = services.iter().map(|service| service.slug.as_str()).collect();
                let all = if all.is_empty() { "none".to_owned() } else { all.join(", ") };
                let sentence = format!("There is no service \"{asked}\" in this provider; it has: {all}.");
                return Err(AppError::bad_request(sentence));
            };
            (Over::service(service.id), service.name.clone())
        }
    };
    read(&mut tx, Of { slug, provider: name, place, over, month }, moment).await
}

/// A whole provider in words.
#[must_use]
pub fn whole_place(provider: &str, services: usize) -> String {
    match services {
        1 => format!("{provider}, 1 service"),
        n => format!("{provider}, {n} services"),
    }
}

/// A figure over time as a chart, and the sentence that says what it shows.
#[derive(Clone, Debug)]
pub struct Charted {
    /// The chart; none when there is no month in which it could be counted.
    pub picture: Option<Picture>,
    /// What it shows.
    pub sentence: String,
}

/// Draws a figure over time.
#[must_use]
pub fn charted(view: &View, figure: Figure) -> Charted {
    let over = view.course(figure);
    let last = over.months.iter().rev().find(|(_, value)| value.number(figure).is_some());
    let reading = last.map(|(month, value)| format!("{} for {}", value.words(figure), month.name()));
    let sentence = chart_words::sentence(reading.as_deref(), figure.target(), &over.line, &over.chart);
    let drawn = Drawn {
        line: &over.line,
        chart: &over.chart,
        cadence: Cadence::Monthly,
        target: figure.target(),
        percent: figure.unit() == Unit::Share,
        closed: &[],
        title: figure.label(),
        sentence: &sentence,
    };
    Charted { picture: (!over.line.values.is_empty()).then(|| picture(&drawn)), sentence }
}
