//! Governance: the figures of a month for the provider or one service, what they ask, and the rows behind each (R25).

use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::{Reach, Verb, reach};
use crate::domain::figure::Month;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::extract::Query;
use crate::http::form::Choice;
use crate::http::page::{self, with_query};
use crate::http::signed::{Reading, Signed};
use crate::ids::ServiceId;
use crate::store::TenantTx;
use crate::store::figure::{self as store, Over};
use crate::store::provider;
use crate::workflow::Moment;
use crate::workflow::report::whole_place;

/// From when the limits of a figure are calculated anew.
mod limits;
/// The meeting on a month.
mod meeting;
/// The page of a month.
mod month;
/// The report of a month.
mod report;
/// The rows behind a figure.
mod rows;
/// Figures, and the rows behind one, as files.
mod sheet;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/governance", index)
        .get("/p/{provider}/governance/{month}", month::show)
        .get("/p/{provider}/governance/{month}/{figure}", rows::list)
        .get("/p/{provider}/governance/{month}/{figure}/limits", limits::show)
        .post("/p/{provider}/governance/{month}/{figure}/limits", limits::write)
        .get("/p/{provider}/governance/{month}/report", report::show)
        .get("/p/{provider}/governance/{month}/report.pdf", report::pdf)
        .get("/p/{provider}/governance/{month}/meeting", meeting::show)
        .post("/p/{provider}/governance/{month}/minutes", meeting::write)
        .post("/p/{provider}/governance/{month}/decisions", meeting::decide)
        .post("/p/{provider}/governance/{month}/sign-off", meeting::sign)
}

/// What the address of a month may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    service: String,
    figure: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

/// Where is looked: one service, or the whole provider.
struct Place {
    over: Over,
    /// The service; none for the whole provider.
    service: Option<ServiceId>,
    /// Its part of the address; empty for the whole provider.
    slug: String,
    name: String,
    /// What else can be looked at, the whole provider among it.
    choices: Vec<Choice>,
}

/// The place an address names: none is the whole provider, for those who see it, or the first of their services.
async fn place(tx: &mut TenantTx, signed: &Signed, asked: &str) -> Result<Place, AppError> {
    let member = &signed.actor.member;
    let all = provider::services(tx).await?;
    let whole = reach(member.role, Verb::SeeGovernance) == Reach::Provider;
    let seen = all.iter().filter(|service| member.sees_service(service.id));
    let mut choices: Vec<Choice> =
        seen.clone().map(|s| Choice::new(s.slug.clone(), s.name.clone())).collect();
    if whole {
        choices.insert(0, Choice::new("", "All services"));
        if asked.is_empty() {
            let ids: Vec<ServiceId> = all.iter().map(|service| service.id).collect();
            let name = whole_place(&signed.provider.name, all.len());
            let over = Over::whole(signed.actor.provider, &ids);
            return Ok(Place { over, service: None, slug: String::new(), name, choices });
        }
    }
    let mut seen = seen;
    let chosen = seen.find(|service| asked.is_empty() || service.slug == asked).ok_or(AppError::NotFound)?;
    let (over, slug, name) = (Over::service(chosen.id), chosen.slug.clone(), chosen.name.clone());
    Ok(Place { over, service: Some(chosen.id), slug, name, choices })
}

/// The month an address names: one that has begun.
fn named(text: &str, today: NaiveDate) -> Result<Month, AppError> {
    Month::from_text(text).filter(|month| *month <= Month::of(today)).ok_or(AppError::NotFound)
}

/// Leads to the newest month worth looking at: the last one that is over, or the one that runs when nothing is older.
async fn index(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeGovernance)?;
    let current = Month::of(Moment::read(&app).today);
    place(&mut tx, &signed, &asked.service).await?;
    let first = store::first_month(&mut tx).await?;
    let month = if first.is_some_and(|first| first < current) { current.before(1) } else { current };
    let path = signed.path(&format!("governance/{}", month.text()));
    Ok(page::see_other(&with_query(&path, &[("service", &asked.service)], None)))
}
