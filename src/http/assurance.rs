//! The nominated individual's word on an action of a high or critical finding (R18).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::AppState;
use crate::domain::assurance::{Word, may_assure};
use crate::domain::closure::AssuranceDecision;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner;
use crate::http::extract::Path;
use crate::http::form::Draft;
use crate::http::judging::AssuranceForm;
use crate::http::opened::{Answer, Opened, VerbPage, answer, seen, version_again};
use crate::http::page;
use crate::http::signed::Signed;
use crate::workflow;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/actions/{reference}/assurance", form)
        .post("/p/{provider}/actions/{reference}/assurance", record)
}

const TITLE: &str = "Record assurance";

async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let opened = Opened::read(&app, &signed, &action).await?;
    may_assure(&signed.actor.member, &opened.case)
        .map_err(|refusal| AppError::Forbidden(refusal.sentence().into()))?;
    let filled = AssuranceForm::new(&signed, &opened, Draft::new(), opened.case.action.version);
    VerbPage::new(&signed, &opened, TITLE, Draft::new(), filled).fresh()
}

async fn record(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = seen(&draft)?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(word) = read(&mut draft) {
        let number = opened.reference.number;
        let done = workflow::assurance::record(&app, &signed.actor, number, version, &word).await;
        match answer(done, &mut draft)? {
            Answer::Done(()) => {
                let said = match word.decision {
                    AssuranceDecision::Assured => banner::Done::AssuranceGiven,
                    AssuranceDecision::Challenged => banner::Done::Challenged,
                };
                let reference = opened.reference.to_string();
                return Ok(page::done(&opened.path(&signed, ""), said, &reference));
            }
            Answer::Again(again) => status = again,
        }
    }
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = version_again(&opened, version, status);
    let filled = AssuranceForm::new(&signed, &opened, draft.clone(), version);
    VerbPage::new(&signed, &opened, TITLE, draft, filled).again(&opened, status)
}

fn read(draft: &mut Draft) -> Option<Word> {
    let decision = draft.choice::<AssuranceDecision>("decision", "Choose whether you are satisfied");
    let note = draft.text("note", 4000, "Say what you looked at and why you are satisfied, or not");
    let due = draft.optional_date("due");
    let (true, Some(decision), Some(note)) = (draft.is_ok(), decision, note) else { return None };
    let new_due_on = due.filter(|_| decision == AssuranceDecision::Challenged);
    Some(Word { decision, note, new_due_on })
}
