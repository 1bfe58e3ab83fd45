//! Which sheet, and which row has the headings.

use super::layout;
use super::steps::{Around, OVERTAKEN, Step, around, seen, step};
use crate::app::AppState;
use crate::domain::import::{Choices, Header, Row, heading, letters};
use crate::domain::words;
use crate::error::AppError;
use crate::http::extract::{Path, Query};
use crate::http::form::{Choice, Draft};
use crate::http::line::short;
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::store::TenantTx;
use crate::store::import::{self as store, Import};
use crate::workflow::import::{self, FIRST};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AskedSheet {
    sheet: Option<usize>,
}

#[derive(Template)]
#[template(path = "import/sheet.html")]
struct SheetPage {
    layout: Layout,
    draft: Draft,
    around: Around,
    sheet: usize,
    sheets: Vec<SheetLink>,
    rows: Vec<Choice>,
    letters: Vec<String>,
    first: Vec<Shown>,
}

struct SheetLink {
    name: String,
    href: String,
    rows: String,
    current: bool,
}

/// A row as it is shown.
struct Shown {
    n: u32,
    cells: Vec<String>,
}

pub(super) async fn sheet(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    Query(asked): Query<AskedSheet>,
) -> Result<Response, AppError> {
    match step(&app, &signed, &id).await? {
        Step::Elsewhere(response) => Ok(response),
        Step::Draft(tx, import) => draw_sheet(&signed, tx, &import, asked.sheet, None, StatusCode::OK).await,
    }
}

async fn draw_sheet(
    signed: &Signed,
    mut tx: TenantTx,
    import: &Import,
    asked: Option<usize>,
    draft: Option<Draft>,
    status: StatusCode,
) -> Result<Response, AppError> {
    let at = asked.unwrap_or(import.choices.sheet);
    let sheet = import.sheets.get(at).ok_or(AppError::NotFound)?;
    let first = store::rows(&mut tx, import.id, at, FIRST).await?;
    drop(tx);
    let draft = draft.unwrap_or_else(|| filled(&import.choices, at, &first));
    let around = around(signed, import);
    let width = sheet.width.min(12);
    let link = |(n, sheet): (usize, &crate::domain::import::SheetInfo)| SheetLink {
        name: sheet.name.clone(),
        href: format!("{}/sheet?sheet={n}", around.here),
        rows: words::count(sheet.rows as u64, "row"),
        current: n == at,
    };
    let page = SheetPage {
        layout: layout(signed, "Sheet and headings").with_errors(!draft.is_ok()),
        sheet: at,
        sheets: (0..).zip(&import.sheets).map(link).collect(),
        rows: first.iter().take(heading::LOOKED_AT).map(named).collect(),
        letters: (0..width).map(letters).collect(),
        first: first
            .iter()
            .take(8)
            .map(|row| Shown { n: row.n, cells: (0..width).map(|c| short(row.at(c), 60)).collect() })
            .collect(),
        around,
        draft,
    };
    page::render_as(status, &page)
}

/// What was chosen before for this sheet, or what its headings most likely are.
fn filled(choices: &Choices, sheet: usize, first: &[Row]) -> Draft {
    let chosen = choices.header().filter(|_| choices.sheet == sheet).or_else(|| heading::guess(first));
    let header = chosen.or_else(|| first.first().map(|row| Header { row: row.n, two: false }));
    let draft = Draft::new().with("header_row", header.map(|h| h.row.to_string()).unwrap_or_default());
    if header.is_some_and(|h| h.two) { draft.with("two_rows", "yes") } else { draft }
}

fn named(row: &Row) -> Choice {
    let cells: Vec<&str> = row.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    Choice::new(row.n.to_string(), format!("Row {}: {}", row.n, short(&cells.join(", "), 90)))
}

pub(super) async fn choose_sheet(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let Step::Draft(tx, import) = step(&app, &signed, &id).await? else {
        return Ok(page::see_other(&signed.path(&format!("imports/{id}"))));
    };
    drop(tx);
    let sheet = draft.carried("sheet").parse::<usize>().ok().filter(|at| *at < import.sheets.len());
    let row = draft.number("header_row", 1..=1_048_576, "Choose the row with the headings");
    let two = draft.ticked("two_rows");
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (Some(sheet), Some(row)) = (sheet, row.and_then(|row| u32::try_from(row).ok())) {
        let chosen = (sheet, Header { row, two });
        let done = import::choose_header(&app, &signed.actor, import.id, seen(&draft), chosen).await;
        match answer(done, &mut draft)? {
            Answer::Done(()) => return Ok(page::see_other(&signed.path(&format!("imports/{id}/columns")))),
            Answer::Again(again) => status = again,
        }
    } else if sheet.is_none() {
        draft.refuse("header_row", "Choose one of the sheets");
    }
    if status == StatusCode::CONFLICT {
        draft.refuse("header_row", OVERTAKEN);
    }
    match step(&app, &signed, &id).await? {
        Step::Elsewhere(response) => Ok(response),
        Step::Draft(tx, import) => draw_sheet(&signed, tx, &import, sheet, Some(draft), status).await,
    }
}
