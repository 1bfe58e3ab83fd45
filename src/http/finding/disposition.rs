//! Ending a finding without an action: none is needed, or it is not for the tracker (R5, R5b).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::open;
use crate::app::AppState;
use crate::domain::access::{Verb, may};
use crate::domain::finding::relation;
use crate::domain::review::Disposition;
use crate::error::AppError;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::line::refuse;
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::workflow::Stop;
use crate::workflow::finding::dispose;

#[derive(Template)]
#[template(path = "finding/disposition.html")]
struct DisposePage {
    layout: Layout,
    draft: Draft,
    back: String,
    action: String,
    reference: String,
    what: String,
    choices: Vec<Choice>,
    version: i64,
    changed: bool,
}

pub(super) async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
) -> Result<Response, AppError> {
    render(&signed, &app, &reference, Draft::new(), StatusCode::OK).await
}

pub(super) async fn record(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::DisposeFinding)?;
    let seen = draft.number("version", 1..=i64::MAX, "Open the form again");
    let disposition = draft.choice::<Disposition>("disposition", "Choose why no action is needed");
    let reason = draft.text("reason", 2000, "Say why no action is needed");
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (true, Some(seen), Some(disposition), Some(reason)) = (draft.is_ok(), seen, disposition, reason) {
        let mut tx = signed.actor.begin(&app).await?;
        let found = open(&mut tx, &signed, &reference).await?;
        drop(tx);
        match dispose(&app, &signed.actor, found.number, seen, disposition, &reason).await {
            Ok(()) => {
                let page = signed.path(&format!("findings/{reference}"));
                return Ok(page::done(&page, Done::FindingSetAside, &reference));
            }
            Err(Stop::Refused(said)) => refuse(&mut draft, said, "disposition"),
            Err(Stop::Changed) => {
                status = StatusCode::CONFLICT;
                draft.refuse(
                    "disposition",
                    "It changed since you opened it. Look at how it stands now, then send this again.",
                );
            }
            Err(Stop::Failed(error)) => return Err(error),
        }
    }
    render(&signed, &app, &reference, draft, status).await
}

async fn render(
    signed: &Signed,
    app: &AppState,
    reference: &str,
    draft: Draft,
    status: StatusCode,
) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let found = open(&mut tx, signed, reference).await?;
    drop(tx);
    may(signed.role(), Verb::DisposeFinding, relation(&signed.actor.member, found.service, false))
        .map_err(|denial| AppError::Forbidden(denial.sentence().into()))?;
    page::render_as(
        status,
        &DisposePage {
            layout: signed
                .layout(format!("End {reference} without an action"))
                .at(&signed.path("findings"))
                .with_errors(!draft.is_ok()),
            back: signed.path(&format!("findings/{reference}")),
            action: signed.path(&format!("findings/{reference}/disposition")),
            reference: reference.to_owned(),
            what: found.what,
            choices: vec![
                Choice::new(Disposition::NoActionNeeded.as_str(), Disposition::NoActionNeeded.label())
                    .hint("It was put right on the spot, or another action covers it."),
                Choice::new(Disposition::NotForTracker.as_str(), Disposition::NotForTracker.label())
                    .hint("A routine task that is seen to elsewhere."),
            ],
            version: found.version,
            changed: status == StatusCode::CONFLICT,
            draft,
        },
    )
}
