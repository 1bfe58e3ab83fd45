//! Bringing a spreadsheet: the list of imports, the upload, and the page of one.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::import::undoable_until;
use crate::domain::words;
use crate::error::AppError;
use crate::http::extract::Path;
use crate::http::form::Draft;
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::http::view::{Facts, Meter, State as Look, Tag};
use crate::http::{Routes, kept, upload};
use crate::ids::ImportId;
use crate::store::TenantTx;
use crate::store::import::{Import, State as Standing};
use crate::store::job;
use crate::workflow::import;

/// The dry run.
mod check;
/// What the columns hold.
mod columns;
/// What the words mean.
mod matching;
/// Which row has the headings.
mod sheet;
/// What the steps share.
mod steps;

/// The most bytes of the form: the largest file, and a little text around it.
const LIMIT: usize = 32 * 1024 * 1024;
/// After how many seconds the page of a running import looks again.
const AGAIN: HeaderValue = HeaderValue::from_static("3");

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/imports", list)
        .upload("/p/{provider}/imports", LIMIT, bring)
        .get("/p/{provider}/imports/{import}", show)
        .post("/p/{provider}/imports/{import}/undoing", undo)
        .post("/p/{provider}/imports/{import}/forgetting", forget)
        .merge(steps::routes())
        .merge(check::routes())
}

#[derive(Template)]
#[template(path = "import/list.html")]
struct ListPage {
    layout: Layout,
    draft: Draft,
    back: String,
    action: String,
    rows: Vec<Line>,
}

/// One import of the list.
struct Line {
    href: String,
    name: String,
    by: String,
    tag: Tag,
    what: String,
}

fn layout(signed: &Signed, title: impl Into<String>) -> Layout {
    signed.layout(title).at(&signed.path("findings"))
}

fn tag(import: &Import) -> Tag {
    let look = match import.state {
        Standing::Draft => Look::NotStarted,
        Standing::Running | Standing::Undoing => Look::InProgress,
        Standing::Imported => Look::Closed,
        Standing::Undone => Look::Cancelled,
    };
    Tag::saying(look, import.state.label())
}

/// What came of it, in a line.
fn said(import: &Import) -> String {
    let [open, earlier, ..] = import.counts.map(i32::unsigned_abs);
    match import.state {
        Standing::Draft | Standing::Running => words::count(import.rows() as u64, "row"),
        _ => format!(
            "{}, {} closed before",
            words::count(u64::from(open), "open action"),
            words::number(u64::from(earlier))
        ),
    }
}

async fn list_page(app: &AppState, signed: &Signed, draft: Draft) -> Result<ListPage, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let all = import::list(&mut tx, &signed.actor).await?;
    drop(tx);
    let line = |import: &Import| Line {
        href: signed.path(&format!("imports/{}", import.id)),
        name: import.file_name.clone(),
        by: format!("{}, {}", import.creator, words::instant(import.created_at)),
        tag: tag(import),
        what: said(import),
    };
    Ok(ListPage {
        layout: layout(signed, "Import a spreadsheet").with_errors(!draft.is_ok()),
        back: signed.path("findings"),
        action: signed.path("imports"),
        rows: all.iter().map(line).collect(),
        draft,
    })
}

async fn list(signed: Signed, State(app): State<AppState>) -> Result<Response, AppError> {
    signed.need(Verb::Import)?;
    let draft = Draft::new().with("id", ImportId::new().to_string());
    page::render(&list_page(&app, &signed, draft).await?)
}

async fn bring(
    signed: Result<Signed, AppError>,
    State(app): State<AppState>,
    Path(_): Path<String>,
    request: Request,
) -> Result<Response, AppError> {
    let signed = match signed {
        Err(AppError::SignedOut) => return Ok(kept::signed_out(upload::texts_only(request).await)),
        signed => signed?,
    };
    signed.need(Verb::Import)?;
    let (mut draft, table) = upload::read_table(&app, request).await?;
    signed.wrote(&draft)?;
    // a form without its id is a form of its own each time
    let id = draft.carried("id").parse().unwrap_or_else(|_| ImportId::new());
    if let Some(table) = table {
        match answer(import::keep(&app, &signed.actor, id, &table).await, &mut draft)? {
            Answer::Done(id) => return Ok(page::see_other(&signed.path(&format!("imports/{id}/sheet")))),
            Answer::Again(_) => {}
        }
    }
    page::unprocessable(&list_page(&app, &signed, draft).await?)
}

/// The import of an address, if this member sees it.
async fn open(tx: &mut TenantTx, signed: &Signed, id: &str) -> Result<Import, AppError> {
    signed.need(Verb::Import)?;
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    import::open(tx, &signed.actor, id).await
}

/// Where a draft goes on.
fn next_step(import: &Import) -> &'static str {
    let choices = &import.choices;
    match (choices.header_row, choices.columns.is_empty(), choices.meanings.is_empty() && !choices.matched) {
        _ if import.is_checked() => "check",
        (Some(_), false, false) => "words",
        (Some(_), false, true) => "columns",
        _ => "sheet",
    }
}

#[derive(Template)]
#[template(path = "import/show.html")]
struct ShowPage {
    layout: Layout,
    draft: Draft,
    back: String,
    import: Import,
    title: String,
    tag: Tag,
    facts: Facts,
    here: String,
    meter: Option<Meter>,
    waits: bool,
    rows_href: String,
    reviews_href: String,
    earlier_href: String,
    /// Why it cannot be undone; none when it can.
    against: Option<String>,
    until: String,
}

async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(&app).await?;
    let import = open(&mut tx, &signed, &id).await?;
    if import.state == Standing::Draft {
        return Ok(page::see_other(&signed.path(&format!("imports/{}/{}", import.id, next_step(&import)))));
    }
    draw(&app, &signed, tx, import, Draft::new(), StatusCode::OK).await
}

async fn draw(
    app: &AppState,
    signed: &Signed,
    mut tx: TenantTx,
    import: Import,
    draft: Draft,
    status: StatusCode,
) -> Result<Response, AppError> {
    let against = import::against_undo(app, &mut tx, &import).await?;
    let standing = job::of_subject(&mut tx, import.id.uuid()).await?;
    drop(tx);
    let running = matches!(import.state, Standing::Running | Standing::Undoing);
    let part = |n: i32| usize::try_from(n).unwrap_or_default();
    let meter = standing.as_ref().filter(|s| running && s.whole > 0);
    let id = import.id;
    let page = ShowPage {
        layout: layout(signed, import.file_name.clone()).with_errors(!draft.is_ok()),
        back: signed.path("imports"),
        title: import.file_name.clone(),
        tag: tag(&import),
        facts: facts(&import),
        here: signed.path(&format!("imports/{id}")),
        meter: meter.map(|s| Meter { done: part(s.done), total: part(s.whole) }),
        waits: !standing.is_some_and(|s| s.begun),
        rows_href: signed.path(&format!("imports/{id}/check")),
        reviews_href: page::with_query(&signed.path("reviews"), &[("kind", "imported_tracker")], None),
        earlier_href: page::with_query(&signed.path("earlier"), &[("import", &id.to_string())], None),
        until: import.imported_at.map(|at| words::instant(undoable_until(at))).unwrap_or_default(),
        against,
        draft,
        import,
    };
    let mut response = page::render_as(status, &page)?;
    if running {
        response.headers_mut().insert(header::REFRESH, AGAIN);
    }
    Ok(response)
}

fn facts(import: &Import) -> Facts {
    let count = |n: i32| words::number(n.unsigned_abs().into());
    let [open, earlier, known, left_out] = import.counts.map(count);
    let came = import.imported_at.is_some();
    let if_came = |text: String| if came { text } else { String::new() };
    Facts::new()
        .fact("Brought by", import.creator.clone())
        .fact("File", import.file_name.clone())
        .fact("SHA-256 of the file", import.sha256.to_string())
        .fact("Imported", import.imported_at.map(words::instant).unwrap_or_default())
        .fact("Open actions", if_came(open))
        .fact("Closed before Throughline", if_came(earlier))
        .fact("Here already", if_came(known))
        .fact("Left out", if_came(left_out))
        .fact(
            "Undone",
            import
                .undone_at
                .zip(import.undone_by.clone())
                .map(|(at, by)| format!("{by}, {}", words::instant(at)))
                .unwrap_or_default(),
        )
}

async fn undo(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::Import)?;
    let import: ImportId = id.parse().map_err(|_| AppError::NotFound)?;
    let done = import::undo(&app, &signed.actor, import).await;
    match answer(done, &mut draft)? {
        Answer::Done(()) => Ok(page::see_other(&signed.path(&format!("imports/{import}")))),
        Answer::Again(status) => {
            let mut tx = signed.actor.begin(&app).await?;
            let import = open(&mut tx, &signed, &id).await?;
            draw(&app, &signed, tx, import, draft, status).await
        }
    }
}

async fn forget(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::Import)?;
    let import: ImportId = id.parse().map_err(|_| AppError::NotFound)?;
    let seen = draft.carried("seen").parse().unwrap_or_default();
    match answer(import::discard(&app, &signed.actor, import, seen).await, &mut draft)? {
        Answer::Done(()) => Ok(page::see_other(&signed.path("imports"))),
        Answer::Again(_) => Err(AppError::Conflict),
    }
}
