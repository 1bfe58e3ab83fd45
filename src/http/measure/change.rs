//! Changing a measure and ending it, and what its page tells of what was recorded, corrected and changed.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::named;
use super::record::decimal;
use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::measure::{Cadence, Definition, number};
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::told::sentences;
use crate::http::verb::{Answer, answer};
use crate::http::view::Moment as Told;
use crate::ids::MemberId;
use crate::store::measure::change::Changed;
use crate::store::measure::{Recorded, Shown};
use crate::store::member;
use crate::workflow::measure as deeds;

const OVERTAKEN: &str =
    "Somebody changed this since you opened it. Look at what you typed again, then send it";

pub(super) fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/measures/{measure}/definition", form)
        .post("/p/{provider}/measures/{measure}/definition", change)
        .post("/p/{provider}/measures/{measure}/end", end)
}

#[derive(Template)]
#[template(path = "measure/change.html")]
struct ChangePage {
    layout: Layout,
    draft: Draft,
    back: String,
    post: String,
    end: String,
    name: String,
    seen: String,
    share: bool,
    /// Empty when it was read already: its readings keep their periods.
    cadences: Vec<Choice>,
    owners: Vec<Choice>,
}

async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let shown = open(&signed, &app, &id).await?;
    draw(&signed, &app, &shown, filled(&shown), StatusCode::OK).await
}

/// The measure of the address, when this member may change it and it has not ended.
async fn open(signed: &Signed, app: &AppState, id: &str) -> Result<Shown, AppError> {
    signed.need(Verb::KeepMeasures)?;
    let mut tx = signed.actor.begin(app).await?;
    let shown = deeds::open(&mut tx, &signed.actor, named(id)?).await?;
    if !deeds::allows(&signed.actor, Verb::KeepMeasures, shown.measure.service) {
        return Err(AppError::Forbidden("Your role does not do this here.".into()));
    }
    if shown.ended_at.is_some() {
        return Err(AppError::Forbidden("This measure has ended: it stays as it is.".into()));
    }
    Ok(shown)
}

fn filled(shown: &Shown) -> Draft {
    let m = &shown.measure;
    let draft = Draft::new()
        .with("name", m.name.clone())
        .with("cadence", m.cadence.as_str())
        .with("target", m.target.map(number).unwrap_or_default())
        .with("owner", m.owner.map(|owner| owner.to_string()).unwrap_or_default());
    match m.deadline {
        Some(day) => draft.with_date("deadline", day),
        None => draft,
    }
}

async fn change(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let shown = open(&signed, &app, &id).await?;
    let seen = draft.carried("seen").parse().unwrap_or(0);
    let name = draft.line("name", 120, "Say what is measured");
    let target = decimal(&mut draft, "target");
    let deadline = draft.optional_date("deadline");
    let owner = draft.optional_id::<MemberId>("owner", "Choose an owner from the list");
    let cadence = match shown.readings.is_empty() {
        true => draft.choice::<Cadence>("cadence", "Choose how often it is read"),
        false => Some(shown.measure.cadence),
    };
    let reason = draft.text("reason", 1000, "Say why it changes");
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (true, Some(name), Some(cadence), Some(reason)) = (draft.is_ok(), name, cadence, reason) {
        let after = Definition { name, target, deadline, owner, cadence };
        let (by, id) = (&signed.actor, shown.measure.id);
        match answer(deeds::change(&app, by, id, seen, &after, &reason).await, &mut draft)? {
            Answer::Done(()) => return Ok(saved(&signed, &shown, Done::MeasureChanged)),
            Answer::Again(again) => status = again,
        }
    }
    if status == StatusCode::CONFLICT {
        draft.refuse("name", OVERTAKEN);
    }
    draw(&signed, &app, &shown, draft, status).await
}

async fn end(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let shown = open(&signed, &app, &id).await?;
    let seen = draft.carried("seen").parse().unwrap_or(0);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(reason) = draft.text("end_reason", 1000, "Say why it ends") {
        let deed = deeds::end(&app, &signed.actor, shown.measure.id, seen, &reason).await;
        match answer(deed, &mut draft)? {
            Answer::Done(()) => return Ok(saved(&signed, &shown, Done::MeasureEnded)),
            Answer::Again(again) => status = again,
        }
    }
    if status == StatusCode::CONFLICT {
        draft.refuse("end_reason", OVERTAKEN);
    }
    // the other form of the page is shown as it is
    let typed = draft.value("end_reason").to_owned();
    let errors: Vec<_> = draft.errors().items().to_vec();
    let mut draft = filled(&shown).with("end_reason", typed);
    for error in errors {
        draft.refuse(&error.field, error.sentence);
    }
    draw(&signed, &app, &shown, draft, status).await
}

fn saved(signed: &Signed, shown: &Shown, done: Done) -> Response {
    page::done(&signed.path(&format!("measures/{}", shown.measure.id)), done, "")
}

async fn draw(
    signed: &Signed,
    app: &AppState,
    shown: &Shown,
    draft: Draft,
    status: StatusCode,
) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let members = member::all(&mut tx).await?;
    drop(tx);
    let m = &shown.measure;
    let here = signed.path(&format!("measures/{}", m.id));
    page::render_as(
        status,
        &ChangePage {
            layout: signed
                .layout("Change a measure")
                .at(&signed.path("measures"))
                .with_errors(!draft.is_ok()),
            post: format!("{here}/definition"),
            end: format!("{here}/end"),
            back: here,
            name: m.name.clone(),
            seen: shown.version.to_string(),
            share: m.shape == crate::domain::measure::Shape::Share,
            cadences: if shown.readings.is_empty() { Choice::all::<Cadence>() } else { Vec::new() },
            owners: members
                .into_iter()
                .filter(|m| m.role != crate::domain::member::Role::ExternalReader)
                .map(|m| Choice::new(m.id.to_string(), m.name))
                .collect(),
            draft,
        },
    )
}

/// "Ended on 3 November 2026 by Daniel Osei: …".
pub(super) fn ended(last: &Changed) -> String {
    format!("Ended on {} by {}: {}", words::date(london_date(last.at)), last.by, last.reason)
}

/// What was recorded, corrected, calculated anew and changed, newest first.
pub(super) fn told(records: &[Recorded], changes: &[Changed], shown: &Shown) -> Vec<Told> {
    let of_readings = records.iter().map(|one| (one.at, recorded(one, shown)));
    let mut all: Vec<_> = of_readings.chain(changes.iter().map(|one| (one.at, changed(one)))).collect();
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    all.into_iter().map(|(_, told)| told).collect()
}

fn changed(one: &Changed) -> Told {
    let (what, detail) = match &one.after {
        None => ("Measure ended", String::new()),
        Some(after) => ("Measure changed", differences(one, after)),
    };
    Told {
        what: what.into(),
        by: format!("{}, {}", one.by, words::instant(one.at)).into(),
        detail: detail.into(),
        quote: one.reason.clone().into(),
        late: false,
    }
}

/// "Target: 95 instead of 90. Owner: Daniel Osei instead of nobody."
fn differences(one: &Changed, after: &Definition) -> String {
    let none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
    let before = &one.before;
    let lines = [
        ("Name", before.name.clone(), after.name.clone()),
        ("Target", none(before.target.map(number)), none(after.target.map(number))),
        ("To be reached by", none(before.deadline.map(words::date)), none(after.deadline.map(words::date))),
        ("Owner", none(one.owner_before.clone()), none(one.owner_after.clone())),
        ("Read", before.cadence.label().to_lowercase(), after.cadence.label().to_lowercase()),
    ];
    let said = lines.into_iter().filter(|(_, was, is)| was != is);
    sentences(&said.map(|(label, was, is)| format!("{label}: {is} instead of {was}")).collect::<Vec<_>>())
}

fn recorded(one: &Recorded, shown: &Shown) -> Told {
    let m = &shown.measure;
    let period = m.cadence.name(one.period);
    let what = match (&one.reading, one.round, one.stands) {
        (Some(reading), 1, _) => format!("First recorded for {period}: {}", reading.words(&m.unit)),
        (Some(reading), ..) => format!("Corrected for {period}: {}", reading.words(&m.unit)),
        (None, _, true) => format!("Limits calculated anew from {period}"),
        (None, _, false) => format!("Limits no longer calculated anew from {period}"),
    };
    Told {
        what: what.into(),
        by: format!("{}, {}", one.by, words::instant(one.at)).into(),
        detail: "".into(),
        quote: one.reason.clone().into(),
        late: false,
    }
}
