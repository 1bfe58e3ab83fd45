//! Defining a measure.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::record::decimal;
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::measure::{Cadence, Shape, Way};
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::ids::{MeasureId, MemberId, ServiceId};
use crate::store::measure::Measure;
use crate::store::{member, provider};
use crate::workflow::measure;

/// The word for the whole provider in the list of places.
const WHOLE: &str = "provider";

pub(super) fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/measures/new", form).post("/p/{provider}/measures/new", define)
}

#[derive(Template)]
#[template(path = "measure/new.html")]
struct NewPage {
    layout: Layout,
    draft: Draft,
    back: String,
    action: String,
    id: String,
    places: Vec<Choice>,
    shapes: Vec<Choice>,
    ways: Vec<Choice>,
    cadences: Vec<Choice>,
    owners: Vec<Choice>,
}

async fn form(signed: Signed, State(app): State<AppState>) -> Result<Response, AppError> {
    signed.need(Verb::KeepMeasures)?;
    let draft = Draft::new().with("shape", Shape::Share.as_str()).with("cadence", Cadence::Monthly.as_str());
    draw(&signed, &app, draft, StatusCode::OK).await
}

async fn define(signed: Signed, State(app): State<AppState>, mut draft: Draft) -> Result<Response, AppError> {
    signed.need(Verb::KeepMeasures)?;
    let new = typed(&mut draft, &signed);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(new) = new.filter(|_| draft.is_ok()) {
        match answer(measure::define(&app, &signed.actor, &new).await, &mut draft)? {
            Answer::Done(()) => {
                let here = signed.path(&format!("measures/{}", new.id));
                return Ok(page::done(&here, Done::MeasureDefined, ""));
            }
            Answer::Again(again) => status = again,
        }
    }
    draw(&signed, &app, draft, status).await
}

/// The measure as it was typed; none when something has to be put right, every problem at once.
fn typed(draft: &mut Draft, signed: &Signed) -> Option<Measure> {
    let name = draft.line("name", 120, "Say what is measured");
    let place = draft.optional_text("place", 40);
    let service = match place.as_deref() {
        Some(WHOLE) => Some(None),
        Some(id) => id.parse::<ServiceId>().ok().map(Some),
        None => None,
    };
    if service.is_none() {
        draft.refuse("place", "Choose where it is measured");
    }
    let shape = draft.choice::<Shape>("shape", "Choose what a reading is");
    let unit = draft.optional_text("unit", 40).unwrap_or_default();
    let way = draft.choice::<Way>("better", "Choose which way is better");
    let cadence = draft.choice::<Cadence>("cadence", "Choose how often it is read");
    let (baseline, target) = (decimal(draft, "baseline"), decimal(draft, "target"));
    let deadline = draft.optional_date("deadline");
    let owner = draft.optional_id::<MemberId>("owner", "Choose an owner from the list");
    let id = draft.optional_id::<MeasureId>("id", "Open the form anew").unwrap_or_default();
    let percent = shape == Some(Shape::Share);
    let feedback = draft.ticked("feedback");
    if feedback && !(percent && way == Some(Way::Up)) {
        draft.refuse("feedback", "What people say is a share of positive answers, and more is better");
    }
    for (field, number) in [("baseline", baseline), ("target", target)] {
        if percent && number.is_some_and(|number| !(0.0..=100.0).contains(&number)) {
            draft.refuse(field, "Enter a number from 0 to 100: a share is in per cent");
        }
    }
    if deadline.is_some() && target.is_none() {
        draft.refuse("target", "Enter the target that is to be reached by then");
    }
    Some(Measure {
        id,
        service: service?,
        name: name?,
        unit: if percent { String::new() } else { unit },
        shape: shape?,
        way: way?,
        cadence: cadence?,
        baseline,
        target,
        deadline,
        owner: owner.or(Some(signed.actor.member.id)),
        feedback,
        created_at: chrono::DateTime::UNIX_EPOCH,
    })
}

async fn draw(
    signed: &Signed,
    app: &AppState,
    draft: Draft,
    status: StatusCode,
) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let services = provider::services(&mut tx).await?;
    let members = member::all(&mut tx).await?;
    drop(tx);
    let keeps = |service| measure::allows(&signed.actor, Verb::KeepMeasures, service);
    let own = services.iter().filter(|s| keeps(Some(s.id)));
    let mut places: Vec<Choice> = own.map(|s| Choice::new(s.id.to_string(), s.name.clone())).collect();
    if keeps(None) {
        places.push(Choice::new(WHOLE, "The whole provider"));
    }
    let id = draft.carried("id").to_owned();
    page::render_as(
        status,
        &NewPage {
            layout: signed
                .layout("Define a measure")
                .at(&signed.path("measures"))
                .with_errors(!draft.is_ok()),
            back: signed.path("measures"),
            action: signed.path("measures/new"),
            // sending the form twice defines one measure
            id: if id.parse::<MeasureId>().is_ok() { id } else { MeasureId::new().to_string() },
            places,
            shapes: Choice::all::<Shape>(),
            ways: Choice::all::<Way>(),
            cadences: Choice::all::<Cadence>(),
            owners: members
                .into_iter()
                .filter(|m| m.role != crate::domain::member::Role::ExternalReader)
                .map(|m| Choice::new(m.id.to_string(), m.name))
                .collect(),
            draft,
        },
    )
}
