//! Closing an action with proof, and reopening it with a reason (R17 to R19).

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::change::may_change;
use crate::domain::closure::gate;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::Draft;
use crate::http::judging::ClosureForm;
use crate::http::opened::{Answer, Opened, VerbPage, answer, seen, version_again};
use crate::http::page;
use crate::http::signed::Signed;
use crate::workflow;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/actions/{reference}/closure", closing)
        .post("/p/{provider}/actions/{reference}/closure", close)
        .get("/p/{provider}/actions/{reference}/reopening", reopening)
        .post("/p/{provider}/actions/{reference}/reopening", reopen)
}

const CLOSE: &str = "Close this action";
const REOPEN: &str = "Reopen this action";

async fn closing(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let opened = Opened::read(&app, &signed, &action).await?;
    gate(&signed.actor.member, &opened.case)
        .map_err(|refusal| AppError::Forbidden(refusal.sentence().into()))?;
    let filled = ClosureForm::new(&signed, &opened, Draft::new(), opened.case.action.version);
    VerbPage::new(&signed, &opened, CLOSE, Draft::new(), filled).fresh()
}

async fn close(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = seen(&draft)?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let note = draft.text("note", 4000, "Say why you are satisfied that the outcome was reached");
    if let (true, Some(note)) = (draft.is_ok(), note) {
        let number = opened.reference.number;
        let done = workflow::closure::close(&app, &signed.actor, number, version, &note).await;
        match answer(done, &mut draft)? {
            Answer::Done(_) => {
                let reference = opened.reference.to_string();
                return Ok(page::done(&opened.path(&signed, ""), Done::Closed, &reference));
            }
            Answer::Again(again) => status = again,
        }
    }
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = version_again(&opened, version, status);
    let filled = ClosureForm::new(&signed, &opened, draft.clone(), version);
    VerbPage::new(&signed, &opened, CLOSE, draft, filled).again(&opened, status)
}

#[derive(Template)]
#[template(path = "closure/reopening.html")]
struct ReopeningForm {
    draft: Draft,
    post: String,
    version: i64,
}
impl HtmlSafe for ReopeningForm {}

async fn reopening(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let opened = Opened::read(&app, &signed, &action).await?;
    may_change(&signed.actor.member, Verb::Reopen, &opened.case)
        .map_err(|refusal| AppError::Forbidden(refusal.sentence().into()))?;
    reopening_page(&signed, &opened, Draft::new(), opened.case.action.version).fresh()
}

fn reopening_page(signed: &Signed, opened: &Opened, draft: Draft, version: i64) -> VerbPage<ReopeningForm> {
    let form = ReopeningForm { draft: draft.clone(), post: opened.path(signed, "reopening"), version };
    VerbPage::new(signed, opened, REOPEN, draft, form)
}

async fn reopen(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = seen(&draft)?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let reason = draft.text("reason", 2000, "Say why it has to be opened again");
    let due = draft.date("due", "Enter the new due date");
    if let (true, Some(reason), Some(due)) = (draft.is_ok(), reason, due) {
        let number = opened.reference.number;
        let done = workflow::closure::reopen(&app, &signed.actor, number, version, &reason, due).await;
        match answer(done, &mut draft)? {
            Answer::Done(()) => {
                let reference = opened.reference.to_string();
                return Ok(page::done(&opened.path(&signed, ""), Done::Reopened, &reference));
            }
            Answer::Again(again) => status = again,
        }
    }
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = version_again(&opened, version, status);
    reopening_page(&signed, &opened, draft, version).again(&opened, status)
}
