//! The weekly review of a service (R24): which services wait for one, and those that were held. One action a page is in
//! [`step`], the end and the minutes in [`minutes`].

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use serde::Deserialize;

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::reference::Reference;
use crate::domain::weekly::{Standing, too_long};
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked::one_of;
use crate::http::extract::Query;
use crate::http::form::Draft;
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::{Reading, Signed};
use crate::http::verb::{Answer, answer};
use crate::http::view::{Pages, State as Look, Tag};
use crate::ids::{ServiceId, WeeklyReviewId};
use crate::store::weekly::{self as store, Item, Past, Review, Service};
use crate::store::{TenantTx, menu};
use crate::workflow::Moment;
use crate::workflow::weekly;

/// Where a review stands, its end, and its minutes.
mod minutes;
/// The reviews that were held, and what was agreed in one, as files.
mod sheet;
/// One action of a review.
mod step;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/weekly-review", list)
        .post("/p/{provider}/weekly-review", start)
        .get("/p/{provider}/weekly-review/{review}", minutes::show)
        .post("/p/{provider}/weekly-review/{review}", minutes::finish)
        .get("/p/{provider}/weekly-review/{review}/actions/{action}", step::show)
        .post("/p/{provider}/weekly-review/{review}/actions/{action}", step::save)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    after: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

#[derive(Template)]
#[template(path = "weekly/list.html")]
struct ListPage {
    layout: Layout,
    draft: Draft,
    here: String,
    services: Vec<Card>,
    past: Vec<Held>,
    newest: bool,
    pages: Pages,
}

/// A service as its card shows it.
struct Card {
    id: ServiceId,
    name: String,
    tag: Tag,
    last: String,
    actions: String,
    under_way: String,
    go_on: String,
}

/// A review that was held, as its row shows it.
struct Held {
    href: String,
    at: String,
    service: String,
    by: String,
    reviewed: String,
    not_reached: String,
}

async fn list(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    signed.need(Verb::ReviewWeekly)?;
    let today = Moment::read(&app).today;
    if let Some(format) = one_of(&asked.format)? {
        drop(tx);
        return sheet::past(&app, &signed, format).await;
    }
    draw(&signed, &mut tx, Draft::new(), &asked, today, StatusCode::OK).await
}

async fn start(signed: Signed, State(app): State<AppState>, mut draft: Draft) -> Result<Response, AppError> {
    signed.need(Verb::ReviewWeekly)?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(service) = draft.id::<ServiceId>("service", "Choose one of your services") {
        match answer(weekly::start(&app, &signed.actor, service).await, &mut draft)? {
            Answer::Done(id) => {
                let mut tx = signed.actor.begin(&app).await?;
                let review = weekly::open(&mut tx, &signed.actor, id).await?;
                return Ok(page::see_other(&next(&signed, &review, 0)));
            }
            Answer::Again(again) => status = again,
        }
    }
    let mut tx = signed.actor.begin(&app).await?;
    draw(&signed, &mut tx, draft, &Asked::default(), Moment::read(&app).today, status).await
}

async fn draw(
    signed: &Signed,
    tx: &mut TenantTx,
    draft: Draft,
    asked: &Asked,
    today: NaiveDate,
    status: StatusCode,
) -> Result<Response, AppError> {
    let member = &signed.actor.member;
    let after = match asked.after.as_str() {
        "" => None,
        after => Some(after.parse::<WeeklyReviewId>().map_err(|_| AppError::NotFound)?),
    };
    let counts = menu::counts(tx, member).await?;
    let services = store::services(tx, member).await?;
    let (past, more) = store::past(tx, member, after, store::ROWS).await?;
    let here = signed.path("weekly-review");
    let last = past.last().filter(|_| more).map(|p| p.id.to_string());
    page::render_as(
        status,
        &ListPage {
            layout: signed
                .layout_with("Weekly review", counts)
                .at(&here)
                .with_errors(status != StatusCode::OK)
                .handing_out(&here, &[]),
            draft,
            services: services.iter().map(|s| card(s, signed, today)).collect(),
            past: past.iter().map(|p| held(p, signed)).collect(),
            newest: after.is_none(),
            pages: Pages(Pager::new(&here, &[], None, last.as_deref())),
            here,
        },
    )
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

fn card(service: &Service, signed: &Signed, today: NaiveDate) -> Card {
    let last = service.last_at.map(london_date);
    let days = last.map_or(0, |last| (today - last).num_days());
    let tag = match (last, too_long(last, today)) {
        (None, _) => Tag::saying(Look::DueSoon, "Never reviewed"),
        (Some(_), true) => Tag::saying(Look::Stale, format!("Not reviewed for {days} days")),
        (Some(_), false) => Tag::saying(Look::Closed, "Reviewed this week"),
    };
    let by = service.last_by.clone().unwrap_or_default();
    let begun = service.begun_at.map(words::instant).unwrap_or_default();
    let begun_by = service.begun_by.clone().unwrap_or_default();
    Card {
        id: service.id,
        name: service.name.clone(),
        tag,
        last: service.last_at.map_or_else(
            || "No weekly review has been held here yet.".into(),
            |at| format!("Last reviewed by {by}, {}.", words::instant(at)),
        ),
        actions: words::count(count(service.actions), "open action"),
        under_way: match service.under_way {
            Some(_) => format!(
                "Under way since {begun}, begun by {begun_by}: {} of {} reviewed.",
                service.reviewed, service.of
            ),
            None => String::new(),
        },
        go_on: service
            .under_way
            .map(|id| signed.path(&format!("weekly-review/{id}/actions/next")))
            .unwrap_or_default(),
    }
}

fn held(past: &Past, signed: &Signed) -> Held {
    Held {
        href: signed.path(&format!("weekly-review/{}", past.id)),
        at: words::date(london_date(past.at)),
        service: past.service.clone(),
        by: past.by.clone(),
        reviewed: format!("{} of {}", past.reviewed, past.of),
        not_reached: if past.not_reached == 0 { "None".into() } else { past.not_reached.to_string() },
    }
}

/// The address of an action of a review.
fn at(signed: &Signed, review: WeeklyReviewId, number: i32) -> String {
    signed.path(&format!("weekly-review/{review}/actions/{}", Reference::action(number)))
}

/// Where it goes on after `place`: the next action nothing was agreed for, or the end.
fn next(signed: &Signed, review: &Review, place: i32) -> String {
    let waiting = review.items.iter().find(|item| item.place > place && item.waits());
    waiting.map_or_else(
        || signed.path(&format!("weekly-review/{}", review.id)),
        |item| at(signed, review.id, item.number),
    )
}

/// The references of what was closed or cancelled before anything was agreed.
fn ended(review: &Review) -> Vec<String> {
    let gone = review.items.iter().filter(|item| item.ended());
    gone.map(|item| Reference::action(item.number).to_string()).collect()
}

/// The tag of what was agreed.
fn tag(standing: Standing) -> Tag {
    let look = match standing {
        Standing::OnTrack => Look::InProgress,
        Standing::Done => Look::WaitingForVerification,
        Standing::Blocked => Look::DueSoon,
        Standing::Escalate => Look::Escalated,
    };
    Tag::saying(look, standing.label())
}

/// How far a review is: how many of its actions have something agreed.
fn reviewed(items: &[Item]) -> usize {
    items.iter().filter(|item| item.entry.is_some()).count()
}
