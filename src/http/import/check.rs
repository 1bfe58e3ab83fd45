//! The dry run: the fate of every row, before and after the import.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::steps::{Around, OVERTAKEN, around, seen};
use super::{layout, open};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::import::{Fate, Field};
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked::one_of;
use crate::http::extract::{Path, Query};
use crate::http::form::Draft;
use crate::http::line::short;
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::http::view::{Pages, State as Look, Tag, Tile, Tiles};
use crate::ids::ImportId;
use crate::store::TenantTx;
use crate::store::import::{self as store, Fated, Import, State as Standing};
use crate::workflow::import;

pub(super) fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/imports/{import}/check", check)
        .post("/p/{provider}/imports/{import}/check", again)
        .post("/p/{provider}/imports/{import}/start", start)
}

/// Rows on a page.
const PAGE: usize = 50;

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    fate: String,
    after: String,
}

#[derive(Template)]
#[template(path = "import/check.html")]
struct CheckPage {
    layout: Layout,
    draft: Draft,
    around: Around,
    back: (&'static str, String),
    tiles: Tiles,
    is_draft: bool,
    comes: usize,
    button: String,
    said: String,
    shown: String,
    rows: Vec<Line>,
    pages: Pages,
}

/// One row with its fate.
struct Line {
    n: u32,
    what: String,
    tag: Tag,
    why: String,
    /// The address and reference of the action it became.
    became: Option<(String, String)>,
}

async fn check(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(&app).await?;
    let import = open(&mut tx, &signed, &id).await?;
    draw(&signed, tx, &import, &asked, Draft::new(), StatusCode::OK).await
}

async fn draw(
    signed: &Signed,
    mut tx: TenantTx,
    import: &Import,
    asked: &Asked,
    draft: Draft,
    status: StatusCode,
) -> Result<Response, AppError> {
    if !import.is_checked() {
        return Ok(page::see_other(&signed.path(&format!("imports/{}/words", import.id))));
    }
    let fate = one_of::<Fate>(&asked.fate)?;
    let after = if asked.after.is_empty() { Ok(0) } else { asked.after.parse::<u32>() };
    let after = after.map_err(|_| AppError::NotFound)?;
    let counts = store::counts(&mut tx, import.id).await?;
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut rows = store::fated(&mut tx, import.id, fate, after, limit).await?;
    drop(tx);
    let last = rows.get(PAGE - 1).filter(|_| rows.len() > PAGE).map(|row| row.n.to_string());
    rows.truncate(PAGE);
    let around = around(signed, import);
    let here = format!("{}/check", around.here);
    let is_draft = import.state == Standing::Draft;
    let comes = usize::try_from(counts[0] + counts[1]).unwrap_or_default();
    let page = CheckPage {
        layout: layout(signed, "Look through").with_errors(!draft.is_ok()),
        back: if is_draft {
            ("Back to words", format!("{}/words", around.here))
        } else {
            ("Back to the import", around.here.clone())
        },
        tiles: tiles(counts, &here),
        is_draft,
        comes,
        button: format!("Import {}", words::count(comes as u64, "row")),
        said: import.said.clone().unwrap_or_default(),
        shown: fate.map(|fate| fate.label().to_owned()).unwrap_or_default(),
        rows: rows.iter().map(|row| line(row, signed, import)).collect(),
        pages: Pages(Pager::new(&here, &[("fate", &asked.fate)], None, last.as_deref())),
        around,
        draft,
    };
    page::render_as(status, &page)
}

fn tiles(counts: [i64; 4], here: &str) -> Tiles {
    let tile = |(fate, number): (&Fate, i64)| Tile {
        number,
        label: fate.label().into(),
        href: page::with_query(here, &[("fate", fate.as_str())], None).into(),
        note: note(*fate).into(),
        state: look(*fate),
    };
    Tiles { items: Fate::ALL.iter().zip(counts).map(tile).collect() }
}

const fn note(fate: Fate) -> &'static str {
    match fate {
        Fate::Open => "With a finding, owner and due date",
        Fate::Earlier => "Kept apart, counted in no figure",
        Fate::Known => "Nothing is added",
        Fate::LeftOut => "Each with the cell and why",
    }
}

const fn look(fate: Fate) -> Look {
    match fate {
        Fate::Open => Look::InProgress,
        Fate::Earlier => Look::Closed,
        Fate::Known => Look::CameBack,
        Fate::LeftOut => Look::Cancelled,
    }
}

fn line(row: &Fated, signed: &Signed, import: &Import) -> Line {
    let what = import.choices.column(Field::Action).and_then(|column| row.cells.get(column));
    let other = || row.cells.iter().map(String::as_str).find(|cell| !cell.trim().is_empty());
    let what =
        what.map(String::as_str).filter(|what| !what.trim().is_empty()).or_else(other).unwrap_or_default();
    let action = row.action.map(|n| Reference::action(n).to_string());
    Line {
        n: row.n,
        what: short(what, 160),
        tag: Tag::saying(look(row.fate), row.fate.label()),
        why: row.why.clone(),
        became: action.map(|reference| (signed.path(&format!("actions/{reference}")), reference)),
    }
}

async fn again(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::Import)?;
    let import: ImportId = id.parse().map_err(|_| AppError::NotFound)?;
    let done = import::check(&app, &signed.actor, import, seen(&draft), None).await;
    finish(&app, &signed, &id, answer(done, &mut draft)?, draft, "check").await
}

async fn start(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::Import)?;
    let import: ImportId = id.parse().map_err(|_| AppError::NotFound)?;
    let done = import::start(&app, &signed.actor, import, seen(&draft)).await;
    finish(&app, &signed, &id, answer(done, &mut draft)?, draft, "").await
}

/// On to `next` of the import, or the dry run again with what is wrong.
async fn finish(
    app: &AppState,
    signed: &Signed,
    id: &str,
    answer: Answer<()>,
    mut draft: Draft,
    next: &str,
) -> Result<Response, AppError> {
    let status = match answer {
        Answer::Done(()) => {
            let path = format!("imports/{id}/{next}");
            return Ok(page::see_other(&signed.path(path.trim_end_matches('/'))));
        }
        Answer::Again(status) => status,
    };
    if status == StatusCode::CONFLICT {
        draft.refuse("start", OVERTAKEN);
    }
    let mut tx = signed.actor.begin(app).await?;
    let import = open(&mut tx, signed, id).await?;
    draw(signed, tx, &import, &Asked::default(), draft, status).await
}
