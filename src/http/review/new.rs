//! The form that starts a review.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::AppState;
use crate::domain::access::{Verb, may};
use crate::domain::finding::relation;
use crate::domain::review::Score;
use crate::domain::topic::ReviewKind;
use crate::error::AppError;
use crate::http::banner::Done;
use crate::http::form::{Choice, Draft};
use crate::http::line::{hidden, refuse};
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::ids::ReviewId;
use crate::store::provider;
use crate::workflow::review::{Start, start};
use crate::workflow::{Moment, Stop};

#[derive(Template)]
#[template(path = "review/new.html")]
struct NewPage {
    layout: Layout,
    draft: Draft,
    back: String,
    action: String,
    id: String,
    kinds: Vec<Choice>,
    services: Vec<Choice>,
}

pub(super) async fn form(signed: Signed, State(app): State<AppState>) -> Result<Response, AppError> {
    signed.need(Verb::RunReview)?;
    let draft = Draft::new()
        .with_date("held_on", Moment::read(&app).today)
        .with("conducted_by", signed.actor.member.name.clone());
    render_form(&signed, &app, draft, StatusCode::OK).await
}

pub(super) async fn create(
    signed: Signed,
    State(app): State<AppState>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::RunReview)?;
    let given = read(&mut draft)?;
    if let (true, Some(given)) = (draft.is_ok(), given) {
        match start(&app, &signed.actor, &given).await {
            Ok(made) => {
                let page = signed.path(&format!("reviews/{made}"));
                return Ok(page::done(&page, Done::ReviewRecorded, &made.to_string()));
            }
            Err(Stop::Refused(said)) => refuse(&mut draft, said, "title"),
            Err(Stop::Changed) => return Err(AppError::Conflict),
            Err(Stop::Failed(error)) => return Err(error),
        }
    }
    render_form(&signed, &app, draft, StatusCode::UNPROCESSABLE_ENTITY).await
}

fn read(draft: &mut Draft) -> Result<Option<Start>, AppError> {
    let id = draft.value("id").parse::<ReviewId>().map_err(|_| {
        AppError::bad_request("Open the form again and fill it in once more: part of it was lost on the way.")
    })?;
    let kind = draft.choice::<ReviewKind>("kind", "Choose what kind of review it was");
    let title = draft.line("title", 200, "Say what it is called");
    let service = draft.id("service", "Choose one of your services");
    let held_on = draft.date("held_on", "Enter the day it was held");
    let conducted_by = draft.line("conducted_by", 200, "Say who held it");
    let their_reference = draft.optional_text("their_reference", 120).unwrap_or_default();
    let typed = draft.optional_text("score", 10);
    let score = typed.as_deref().and_then(Score::parse);
    if typed.is_some() && score.is_none() {
        draft.refuse("score", "Enter a score from 0 to 100, like 87 or 87.5");
    }
    let given = (|| {
        Some(Start {
            id,
            kind: kind?,
            title: title?,
            service: service?,
            held_on: held_on?,
            conducted_by: conducted_by?,
            their_reference,
            score,
        })
    })();
    Ok(given)
}

async fn render_form(
    signed: &Signed,
    app: &AppState,
    mut draft: Draft,
    status: StatusCode,
) -> Result<Response, AppError> {
    let member = &signed.actor.member;
    let mut tx = signed.actor.begin(app).await?;
    let mut services = provider::services(&mut tx).await?;
    drop(tx);
    services.retain(|s| may(member.role, Verb::RunReview, relation(member, s.id, false)).is_ok());
    if let (true, [only]) = (draft.value("service").is_empty(), services.as_slice()) {
        draft = draft.with("service", only.id.to_string());
    }
    page::render_as(
        status,
        &NewPage {
            layout: signed.layout("Start a review").at(&signed.path("reviews")).with_errors(!draft.is_ok()),
            back: signed.path("reviews"),
            action: signed.path("reviews/new"),
            id: hidden(&draft, "id", ReviewId::new),
            kinds: Choice::of(&ReviewKind::held()),
            services: services.iter().map(|s| Choice::new(s.id.to_string(), s.name.clone())).collect(),
            draft,
        },
    )
}
