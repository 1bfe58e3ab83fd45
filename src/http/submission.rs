//! "It is done", and taking that back, from the page of the action.

use axum::extract::State;
use axum::response::Response;

use crate::app::AppState;
use crate::domain::reference::{Kind as Of, Reference};
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::extract::{Form, Path};
use crate::http::page;
use crate::http::signed::Signed;
use crate::workflow::{self, Stop, submission};

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .post("/p/{provider}/actions/{reference}/submission", submit)
        .post("/p/{provider}/actions/{reference}/submission/withdrawal", take_back)
}

/// Nothing is typed into these forms.
#[derive(Debug, serde::Deserialize)]
struct Nothing {}

async fn submit(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, AppError> {
    let on = Reference::parse(Of::Action, &reference).ok_or(AppError::NotFound)?;
    answer(&signed, on, submission::submit(&app, &signed.actor, on).await.map(drop), Done::Submitted)
}

async fn take_back(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, AppError> {
    let on = Reference::parse(Of::Action, &reference).ok_or(AppError::NotFound)?;
    answer(&signed, on, submission::take_back(&app, &signed.actor, on).await, Done::TakenBack)
}

/// Back to the action; there is no form to put a refusal beside, so it has a page with the sentence.
fn answer(
    signed: &Signed,
    on: Reference,
    done: workflow::Done<()>,
    said: Done,
) -> Result<Response, AppError> {
    match done {
        Ok(()) => Ok(page::done(&signed.path(&format!("actions/{on}")), said, &on.to_string())),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Changed) => Err(AppError::Conflict),
        Err(Stop::Refused(refusals)) => {
            let sentences: Vec<String> = refusals.into_iter().map(|refusal| refusal.sentence).collect();
            Err(AppError::Forbidden(sentences.join(" ").into()))
        }
    }
}
