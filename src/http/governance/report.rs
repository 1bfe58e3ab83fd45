//! The report of a month: a page made for paper, and the same as a PDF (R25).

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use super::{Asked, Place, named, place};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::error::AppError;
use crate::files::name::FileName;
use crate::http::extract::{Path, Query};
use crate::http::page::{self, Layout, with_query};
use crate::http::signed::Signed;
use crate::report::press::PressError;
use crate::report::{Block, Paper};
use crate::store::TenantTx;
use crate::store::menu;
use crate::workflow::Moment;
use crate::workflow::report::{self as workflow, Of, Report};

#[derive(Template)]
#[template(path = "governance/report.html")]
struct ReportPage {
    layout: Layout,
    back: String,
    pdf: String,
    check: String,
    paper: Paper,
}

/// A report, read, and the transaction it was read in.
struct Read {
    report: Report,
    place: Place,
    tx: TenantTx,
}

async fn read(signed: &Signed, app: &AppState, month: &str, asked: &Asked) -> Result<Read, AppError> {
    signed.need(Verb::SeeGovernance)?;
    let moment = Moment::read(app);
    let month = named(month, moment.today)?;
    let mut tx = workflow::begin(app, &signed.actor).await?;
    let place = place(&mut tx, signed, &asked.service).await?;
    let of = Of {
        slug: signed.provider.slug.clone(),
        provider: signed.provider.name.clone(),
        place: place.name.clone(),
        over: place.over.clone(),
        month,
    };
    let report = workflow::read(&mut tx, of, moment).await?;
    Ok(Read { report, place, tx })
}

pub(super) async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, month)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let Read { report, place, mut tx } = read(&signed, &app, &month, &asked).await?;
    let counts = menu::counts(&mut tx, &signed.actor.member).await?;
    drop(tx);
    let at = |below: &str| {
        let path = signed.path(&format!("governance/{}{below}", report.of.month.text()));
        with_query(&path, &[("service", &place.slug)], None)
    };
    let (line, hash) = (report.mark.head.seq.to_string(), &report.mark.head.hash);
    let paper = report.paper();
    let layout = signed.layout_with(paper.title.clone(), counts).at(&signed.path("governance"));
    page::render(&ReportPage {
        layout,
        back: at(""),
        pdf: at("/report.pdf"),
        check: with_query(&signed.path("trail"), &[("line", &line), ("hash", hash)], None),
        paper,
    })
}

pub(super) async fn pdf(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, month)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let Read { report, place, tx } = read(&signed, &app, &month, &asked).await?;
    // nobody holds a connection while something is drawn
    drop(tx);
    let of = if place.slug.is_empty() { &report.of.slug } else { &place.slug };
    let name = FileName::clean(&format!("governance-{of}-{}.pdf", report.of.month.text()));
    let disposition = HeaderValue::from_str(&name.content_disposition()).map_err(AppError::internal)?;
    let pdf = app.press.pdf(report.paper()).await.map_err(|error| match error {
        PressError::Busy => AppError::Timeout,
        other => AppError::internal(other),
    })?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, pdf).into_response())
}
