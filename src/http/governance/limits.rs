//! From when the limits of a figure are calculated anew, and who decided that.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Asked, Place, named, place};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::figure::{Figure, Month};
use crate::domain::words;
use crate::error::AppError;
use crate::http::asked::one_of;
use crate::http::banner::Done;
use crate::http::extract::{Path, Query};
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout, with_query};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::http::view::{Moment as Told, Timeline};
use crate::store::figure::limits::{self, Anew};
use crate::workflow::figure::courses;
use crate::workflow::figure_limits::{months, recalculate};
use crate::workflow::governance::On;
use crate::workflow::{Moment, Stop};

#[derive(Template)]
#[template(path = "governance/limits.html")]
struct LimitsPage {
    layout: Layout,
    draft: Draft,
    back: String,
    here: String,
    place: String,
    slug: String,
    title: String,
    stale: bool,
    cuts: Vec<Choice>,
    standing: Vec<Choice>,
    history: Timeline,
}

/// What an address of these pages leads to.
struct At {
    place: Place,
    month: Month,
    figure: Figure,
    moment: Moment,
}

impl At {
    /// The chart they came from.
    fn chart(&self, signed: &Signed) -> String {
        let path = signed.path(&format!("governance/{}", self.month.text()));
        let fields = [("service", self.place.slug.as_str()), ("figure", self.figure.as_str())];
        format!("{}#chart", with_query(&path, &fields, None))
    }
}

async fn at(
    signed: &Signed,
    app: &AppState,
    (month, figure): (&str, &str),
    service: &str,
) -> Result<At, AppError> {
    signed.need(Verb::RecalculateLimits)?;
    let moment = Moment::read(app);
    let month = named(month, moment.today)?;
    let figure = one_of::<Figure>(figure)?.ok_or(AppError::NotFound)?;
    let mut tx = signed.actor.begin(app).await?;
    let place = place(&mut tx, signed, service).await?;
    drop(tx);
    Ok(At { place, month, figure, moment })
}

pub(super) async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, month, figure)): Path<(String, String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let at = at(&signed, &app, (&month, &figure), &asked.service).await?;
    draw(&signed, &app, &at, Draft::new(), StatusCode::OK).await
}

pub(super) async fn write(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, month, figure)): Path<(String, String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let at = at(&signed, &app, (&month, &figure), draft.carried("service")).await?;
    let stands = draft.carried("stands") == "yes";
    let (from, why) = if stands { ("from", "why") } else { ("back_from", "back_why") };
    let period = draft.optional_text(from, 10).and_then(|text| Month::from_text(&text));
    if period.is_none() {
        draft.refuse(from, "Choose a month");
    }
    let reason = draft.text(why, 1000, "Say what changed then, and how you know");
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (true, Some(month), Some(reason)) = (draft.is_ok(), period, reason) {
        let on = On { over: at.place.over.clone(), service: at.place.service, month };
        let done = recalculate(&app, &signed.actor, &on, (at.figure, stands), &reason).await;
        match answer(done.map_err(|stop| beside(stop, from)), &mut draft)? {
            Answer::Done(()) => return Ok(page::done(&at.chart(&signed), Done::LimitsRecalculated, "")),
            Answer::Again(again) => status = again,
        }
    }
    draw(&signed, &app, &at, draft, status).await
}

/// The same refusals, beside the field of this form.
fn beside(stop: Stop, field: &'static str) -> Stop {
    match stop {
        Stop::Refused(mut said) => {
            for one in &mut said {
                one.field = Some(field);
            }
            Stop::Refused(said)
        }
        other => other,
    }
}

async fn draw(
    signed: &Signed,
    app: &AppState,
    at: &At,
    draft: Draft,
    status: StatusCode,
) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let decided = limits::recalculated(&mut tx, &at.place.over, None).await?;
    let courses = courses(&mut tx, &at.place.over, at.moment.today).await?;
    drop(tx);
    let course = courses.iter().find(|(figure, _)| *figure == at.figure);
    let known = course.map_or_else(Vec::new, |(_, course)| months(course));
    let standing = limits::standing(&decided, at.figure);
    let choice = |month: &Month| Choice::new(month.text(), month.name());
    let of = decided.iter().rev().filter(|one| one.figure == at.figure);
    let title = format!("Limits: {}", at.figure.label());
    let page = LimitsPage {
        layout: signed.layout(title.clone()).at(&signed.path("governance")).with_errors(!draft.is_ok()),
        back: at.chart(signed),
        here: signed.path(&format!("governance/{}/{}/limits", at.month.text(), at.figure.as_str())),
        place: at.place.name.clone(),
        slug: at.place.slug.clone(),
        title,
        stale: status == StatusCode::CONFLICT,
        cuts: known.iter().rev().filter(|month| !standing.contains(month)).map(choice).collect(),
        standing: standing.iter().rev().map(choice).collect(),
        history: Timeline { moments: of.map(told).collect() },
        draft,
    };
    page::render_as(status, &page)
}

fn told(one: &Anew) -> Told {
    let word = if one.stands { "Limits" } else { "Limits no longer" };
    Told {
        what: format!("{word} calculated anew from {}", one.month.name()).into(),
        by: format!("{}, {}", one.by, words::instant(one.at)).into(),
        detail: "".into(),
        quote: one.reason.clone().into(),
        late: false,
    }
}
