//! What is recorded about a measure: a reading, many readings pasted, limits calculated anew, an action that should move it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;

use super::{draw, named};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::measure::Reading;
use crate::domain::pasted;
use crate::domain::reference::{Kind, Reference};
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::Draft;
use crate::http::page;
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::ids::MeasureId;
use crate::workflow::{self, measure};

pub(super) fn routes() -> Routes<AppState> {
    Routes::new()
        .post("/p/{provider}/measures/{measure}/readings", reading)
        .post("/p/{provider}/measures/{measure}/pasted", paste)
        .post("/p/{provider}/measures/{measure}/recalculation", recalculate)
        .post("/p/{provider}/measures/{measure}/actions", name_action)
}

/// A number as it was typed; none when empty, or when it is no number, and then the form says so.
pub(super) fn decimal(draft: &mut Draft, field: &'static str) -> Option<f64> {
    let text = draft.optional_text(field, 20)?;
    let number = pasted::number(&text);
    if number.is_none() {
        draft.refuse(field, "Enter a number, like 12 or 87.5");
    }
    number
}

/// Back to the measure when it is done, or its page again with what was typed.
async fn finish<T>(
    signed: &Signed,
    app: &AppState,
    id: MeasureId,
    (deed, done): (Option<workflow::Done<T>>, Done),
    mut draft: Draft,
    field: &str,
) -> Result<Response, AppError> {
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(deed) = deed {
        match answer(deed, &mut draft)? {
            Answer::Done(_) => {
                return Ok(page::done(&signed.path(&format!("measures/{id}")), done, ""));
            }
            Answer::Again(again) => status = again,
        }
        if status == StatusCode::CONFLICT {
            draft.refuse(
                field,
                "Somebody recorded something here since you opened it. Look at it below, then send it again",
            );
        }
    }
    draw(signed, app, id, Some(draft), status).await
}

async fn reading(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::KeepMeasures)?;
    let id = named(&id)?;
    let day = draft.date("period", "Enter a day of the period it is about");
    let (numerator, denominator) = (decimal(&mut draft, "numerator"), decimal(&mut draft, "denominator"));
    let (none, reason) = (draft.ticked("none"), draft.optional_text("reason", 1000).unwrap_or_default());
    if none && numerator.or(denominator).is_some() {
        draft.refuse("none", "Leave the number empty, or take the tick away");
    } else if !none && numerator.is_none() && draft.error("numerator").is_none() {
        draft.refuse("numerator", "Enter the number, or tick that there were no data");
    }
    let deed = match day.filter(|_| draft.is_ok()) {
        None => None,
        Some(day) => Some(one(&app, &signed, id, (day, numerator, denominator), &reason).await),
    };
    finish(&signed, &app, id, (deed, Done::ReadingRecorded), draft, "period").await
}

async fn one(
    app: &AppState,
    signed: &Signed,
    id: MeasureId,
    (day, numerator, denominator): (NaiveDate, Option<f64>, Option<f64>),
    reason: &str,
) -> workflow::Done<usize> {
    let mut tx = signed.actor.begin(app).await?;
    let shown = measure::open(&mut tx, &signed.actor, id).await?;
    drop(tx);
    let period = shown.measure.cadence.period_of(day);
    measure::record(app, &signed.actor, id, &[Reading { period, numerator, denominator }], reason).await
}

async fn paste(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::KeepMeasures)?;
    let id = named(&id)?;
    let mut tx = signed.actor.begin(&app).await?;
    let shown = measure::open(&mut tx, &signed.actor, id).await?;
    drop(tx);
    let text = draft.text("pasted", 40_000, "Paste a date and a value on each line");
    let reason = draft.optional_text("paste_reason", 1000).unwrap_or_default();
    let mut deed = None;
    if let Some(text) = text.filter(|_| draft.is_ok()) {
        match pasted::read(&text, shown.measure.cadence, shown.measure.shape) {
            Ok(readings) => {
                let done = measure::record(&app, &signed.actor, id, &readings, &reason).await;
                deed = Some(beside(done, "pasted", "paste_reason"));
            }
            Err(faults) => {
                let first = faults.iter().take(5).map(|f| format!("Line {}: {}", f.line, f.sentence));
                draft.refuse("pasted", first.collect::<Vec<_>>().join(". "));
            }
        }
    }
    finish(&signed, &app, id, (deed, Done::ReadingRecorded), draft, "pasted").await
}

/// The same refusals, beside the fields of another form.
fn beside<T>(deed: workflow::Done<T>, field: &'static str, reason: &'static str) -> workflow::Done<T> {
    deed.map_err(|stop| match stop {
        workflow::Stop::Refused(mut said) => {
            for one in &mut said {
                one.field = Some(if one.field == Some("reason") { reason } else { field });
            }
            workflow::Stop::Refused(said)
        }
        other => other,
    })
}

async fn recalculate(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::RecalculateLimits)?;
    let id = named(&id)?;
    let stands = draft.carried("stands") == "yes";
    let (from, why) = if stands { ("from", "why") } else { ("back_from", "back_why") };
    let period = draft.optional_text(from, 10).and_then(|text| text.parse::<NaiveDate>().ok());
    if period.is_none() {
        draft.refuse(from, "Choose a period");
    }
    let reason = draft.text(why, 1000, "Say what changed then, and how you know");
    let mut deed = None;
    if let (true, Some(period), Some(reason)) = (draft.is_ok(), period, reason) {
        let done = measure::recalculate(&app, &signed.actor, id, (period, stands), &reason).await;
        deed = Some(beside(done, from, why));
    }
    finish(&signed, &app, id, (deed, Done::LimitsRecalculated), draft, from).await
}

async fn name_action(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::KeepMeasures)?;
    let id = named(&id)?;
    let typed = draft.line("action", 12, "Enter the reference of an action, like A-0142");
    let number =
        typed.and_then(|text| Reference::parse(Kind::Action, &text.to_uppercase()).map(|r| r.number));
    if number.is_none() {
        draft.refuse("action", "Enter the reference of an action, like A-0142");
    }
    let deed = match number.filter(|_| draft.is_ok()) {
        None => None,
        Some(number) => Some(measure::name_action(&app, &signed.actor, id, number).await),
    };
    finish(&signed, &app, id, (deed, Done::ActionNamed), draft, "action").await
}
