//! What the columns hold.

use super::layout;
use super::steps::{Around, OVERTAKEN, Step, around, seen, step};
use crate::app::AppState;
use crate::domain::import::plan::Place;
use crate::domain::import::{Choices, Field, Header, NO_TEST, Row, heading, letters};
use crate::domain::topic::Risk;
use crate::error::AppError;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::line::short;
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::ids::ServiceId;
use crate::store::TenantTx;
use crate::store::import::{self as store, Import};
use crate::workflow::import::{self, Columns, FIRST};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::collections::BTreeMap;

#[derive(Template)]
#[template(path = "import/columns.html")]
struct ColumnsPage {
    layout: Layout,
    draft: Draft,
    around: Around,
    columns: Vec<Column>,
    fields: Vec<Choice>,
    services: Vec<Choice>,
    risks: Vec<Choice>,
}

/// A column with what stands in it.
struct Column {
    field: String,
    letter: String,
    heading: String,
    examples: String,
}

pub(super) async fn columns(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, AppError> {
    match step(&app, &signed, &id).await? {
        Step::Elsewhere(response) => Ok(response),
        Step::Draft(tx, import) => draw_columns(&app, &signed, tx, &import, None, StatusCode::OK).await,
    }
}

async fn draw_columns(
    app: &AppState,
    signed: &Signed,
    mut tx: TenantTx,
    import: &Import,
    draft: Option<Draft>,
    status: StatusCode,
) -> Result<Response, AppError> {
    let choices = &import.choices;
    let Some(header) = choices.header() else {
        return Ok(page::see_other(&signed.path(&format!("imports/{}/sheet", import.id))));
    };
    let first = store::rows(&mut tx, import.id, choices.sheet, FIRST + 25).await?;
    let places = import::places(app, &mut tx, &signed.actor).await?;
    drop(tx);
    let width = import.sheets.get(choices.sheet).map_or(0, |sheet| sheet.width);
    let headings = heading::headings(&first, header);
    let column = |at: usize| Column {
        field: format!("column-{at}"),
        letter: letters(at),
        heading: headings
            .get(at)
            .filter(|h| !h.is_empty())
            .map_or_else(|| "No heading".to_owned(), |h| short(h, 80)),
        examples: examples(&first, header, at),
    };
    let filled = draft.unwrap_or_else(|| filled_columns(choices, width, &places));
    let page = ColumnsPage {
        layout: layout(signed, "Columns").with_errors(!filled.is_ok()),
        around: around(signed, import),
        columns: (0..width).map(column).collect(),
        fields: Choice::all::<Field>(),
        services: places.iter().map(|p| Choice::new(p.id.to_string(), p.name.clone())).collect(),
        risks: Choice::all::<Risk>(),
        draft: filled,
    };
    page::render_as(status, &page)
}

fn examples(first: &[Row], header: Header, at: usize) -> String {
    let mut found: Vec<String> = Vec::new();
    for row in first.iter().filter(|row| row.n > header.last()) {
        let text = short(row.at(at), 60);
        if !text.is_empty() && !found.contains(&text) {
            found.push(text);
        }
        if found.len() == 3 {
            break;
        }
    }
    if found.is_empty() { "Nothing in the first rows".to_owned() } else { found.join(" · ") }
}

fn filled_columns(choices: &Choices, width: usize, places: &[Place]) -> Draft {
    let column = |draft: Draft, at: usize| {
        draft.with(&format!("column-{at}"), choices.columns.get(&at).cloned().unwrap_or_default())
    };
    // the only service there is needs no choosing
    let only = places.first().filter(|_| places.len() == 1).map(|place| place.id);
    let test = if choices.success_test.is_empty() { NO_TEST } else { &choices.success_test };
    (0..width)
        .fold(Draft::new(), column)
        .with("service", choices.service.or(only).map(|id| id.to_string()).unwrap_or_default())
        .with("risk", choices.usual_risk().as_str())
        .with("success_test", test)
}

pub(super) async fn choose_columns(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let Step::Draft(tx, import) = step(&app, &signed, &id).await? else {
        return Ok(page::see_other(&signed.path(&format!("imports/{id}"))));
    };
    drop(tx);
    let width = import.sheets.get(import.choices.sheet).map_or(0, |sheet| sheet.width);
    let mut fields: BTreeMap<usize, Field> = BTreeMap::new();
    for at in 0..width {
        let held = draft.optional_choice::<Field>(
            &format!("column-{at}"),
            "Choose what the column holds, or nothing of this",
        );
        fields.extend(held.map(|field| (at, field)));
    }
    let service = draft.optional_id::<ServiceId>("service", "Choose one of your services");
    let risk = draft.choice::<Risk>("risk", "Choose the risk of rows that say none");
    let test = draft.text("success_test", 1_000, "Say how success is tested, for rows that do not say");
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (true, Some(risk), Some(success_test)) = (draft.is_ok(), risk, test) {
        let chosen = Columns { fields, service, risk, success_test };
        let done = import::choose_columns(&app, &signed.actor, import.id, seen(&draft), &chosen).await;
        match answer(done, &mut draft)? {
            Answer::Done(()) => return Ok(page::see_other(&signed.path(&format!("imports/{id}/words")))),
            Answer::Again(again) => status = again,
        }
    }
    if status == StatusCode::CONFLICT {
        draft.refuse("columns", OVERTAKEN);
    }
    match step(&app, &signed, &id).await? {
        Step::Elsewhere(response) => Ok(response),
        Step::Draft(tx, import) => draw_columns(&app, &signed, tx, &import, Some(draft), status).await,
    }
}
