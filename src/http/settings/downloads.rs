//! Who took which list out of the program.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked::{self, one_of};
use crate::http::export::{self, BATCH, Batch, List, Of};
use crate::http::extract::Query;
use crate::http::page::{self, Layout, Pager};
use crate::http::settings::layout;
use crate::http::signed::Signed;
use crate::http::view::Pages;
use crate::ids::ExportId;
use crate::sheet::Column;
use crate::store::TenantTx;
use crate::store::export::{self as store, Listed, ROWS};

/// The address of the list.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/settings/downloads", list)
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    after: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

/// The list as a file: it is in itself.
struct Taken(Option<(DateTime<Utc>, ExportId)>);

impl List for Taken {
    const COLUMNS: &'static [Column] = &[
        Column::new("When", 24),
        Column::new("Who", 28),
        Column::new("List", 24),
        Column::new("As", 20),
        Column::new("Filters", 60),
        Column::new("Rows", 10),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let found = store::page(tx, self.0, BATCH).await?;
        self.0 = found.last().map(|r| (r.begun_at, r.id));
        Ok(Batch::of(&found, |r| {
            vec![
                r.begun_at.into(),
                r.by.clone().into(),
                called(r).into(),
                r.format.label().into(),
                r.filters.clone().into(),
                r.rows.into(),
            ]
        }))
    }
}

/// What a list is called, from the word it is known by.
fn called(r: &Listed) -> String {
    words::capital(&r.list.replace('_', " "))
}

#[derive(Template)]
#[template(path = "settings/downloads.html")]
struct Page {
    layout: Layout,
    back: String,
    rows: Vec<Row>,
    newest: Option<String>,
    pages: Pages,
}

/// One list that was taken.
struct Row {
    when: String,
    who: String,
    what: String,
    format: &'static str,
    filters: String,
    rows: String,
}

async fn list(
    signed: Signed,
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    let after = asked::instant(&filter.after)?;
    if let Some(format) = one_of(&filter.format)? {
        return export::answer(&app, &signed, format, &Of::new("downloads", "Downloads"), Taken(None)).await;
    }
    let mut tx = signed.actor.begin(&app).await?;
    let mut found = store::page(&mut tx, after, ROWS + 1).await?;
    tx.commit().await?;
    let full = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let last = found.get(full.saturating_sub(1)).filter(|_| found.len() > full);
    let last = last.map(|r| asked::of_instant(r.begun_at, r.id));
    found.truncate(full);
    let here = signed.path("settings/downloads");
    page::render(&Page {
        layout: layout(&signed, "Downloads").handing_out(&here, &[]),
        back: signed.path("settings"),
        rows: found.iter().map(row).collect(),
        newest: after.is_some().then(|| here.clone()),
        pages: Pages(Pager::new(&here, &[], None, last.as_deref())),
    })
}

fn row(r: &Listed) -> Row {
    Row {
        when: words::instant(r.begun_at),
        who: r.by.clone(),
        what: called(r),
        format: r.format.label(),
        filters: r.filters.clone(),
        rows: r.rows.map_or_else(
            || "Not to its end".to_owned(),
            |rows| words::number(u64::try_from(rows).unwrap_or(0)),
        ),
    }
}
