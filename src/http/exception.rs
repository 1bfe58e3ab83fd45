//! The exceptions to independent verification, for those above the home: who checked, what, and why (R15).

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked;
use crate::http::export::{self, BATCH, Batch, List, Of};
use crate::http::extract::Query;
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::Signed;
use crate::http::view::Pages;
use crate::ids::VerificationId;
use crate::sheet::Column;
use crate::store::TenantTx;
use crate::store::exception::{self, Listed, ROWS};
use crate::store::menu;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/verify/exceptions", list)
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    after: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

/// Those there are, as a file.
struct Exceptions(Option<(DateTime<Utc>, VerificationId)>);

impl List for Exceptions {
    const COLUMNS: &'static [Column] = &[
        Column::new("Checked", 24),
        Column::new("Checked by", 24),
        Column::new("Outcome", 20),
        Column::new("Why they checked it", 60),
        Column::new("Reference", 11),
        Column::new("Action", 60),
        Column::new("Owner", 24),
        Column::new("Service", 26),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let found = exception::page(tx, self.0, BATCH).await?;
        self.0 = found.last().map(|r| (r.at, r.id));
        Ok(Batch::of(&found, |r| {
            vec![
                r.at.into(),
                r.by.clone().into(),
                r.outcome.label().into(),
                r.reason.clone().into(),
                Reference::action(r.number).to_string().into(),
                r.what.clone().into(),
                r.owner.clone().unwrap_or_else(|| "Nobody".into()).into(),
                r.service.clone().into(),
            ]
        }))
    }
}

#[derive(Template)]
#[template(path = "verification/exceptions.html")]
struct Page {
    layout: Layout,
    back: String,
    rows: Vec<Line>,
    newest: Option<String>,
    pages: Pages,
}

/// One exception as it is read.
struct Line {
    href: String,
    what: String,
    reference: String,
    service: String,
    owner: String,
    by: String,
    outcome: &'static str,
    reason: String,
    at: String,
}

async fn list(
    signed: Signed,
    State(app): State<AppState>,
    Query(place): Query<Place>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeExceptions)?;
    let after = asked::instant(&place.after)?;
    if let Some(format) = asked::one_of(&place.format)? {
        let of = Of::new("exceptions", "Exceptions to independent verification");
        return export::answer(&app, &signed, format, &of, Exceptions(None)).await;
    }
    let mut tx = signed.actor.begin(&app).await?;
    let mut rows = exception::page(&mut tx, after, ROWS + 1).await?;
    let counts = menu::counts(&mut tx, &signed.actor.member).await?;
    tx.commit().await?;
    let full = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let last = rows.get(full.saturating_sub(1)).filter(|_| rows.len() > full);
    let last = last.map(|r| asked::of_instant(r.at, r.id));
    rows.truncate(full);
    let here = signed.path("verify/exceptions");
    let back = signed.path("verify");
    page::render(&Page {
        layout: signed.layout_with("Exceptions", counts).at(&back).handing_out(&here, &[]),
        back,
        rows: rows.iter().map(|r| line(r, &signed)).collect(),
        newest: after.is_some().then(|| here.clone()),
        pages: Pages(Pager::new(&here, &[], None, last.as_deref())),
    })
}

fn line(r: &Listed, signed: &Signed) -> Line {
    let reference = Reference::action(r.number).to_string();
    Line {
        href: signed.path(&format!("actions/{reference}")),
        what: r.what.clone(),
        reference,
        service: r.service.clone(),
        owner: r.owner.clone().unwrap_or_else(|| "Nobody".into()),
        by: r.by.clone(),
        outcome: r.outcome.label(),
        reason: r.reason.clone(),
        at: words::instant(r.at),
    }
}
