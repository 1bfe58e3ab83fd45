//! Ending a finding without an action: none is needed, or it is not for the tracker (R5, R5b).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::open;
use crate::app::AppState;
use crate::domain::access::{Verb, may};
use crate::domain::event::EventKind;
use crate::domain::finding::relation;
use crate::domain::review::Disposition;
use crate::error::AppError;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::line::short;
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::stale::{Carried, Comparison, Field, Standing};
use crate::http::verb::{Answer, answer};
use crate::store::finding::{self, ActionLine, Finding};
use crate::store::trail;
use crate::workflow::finding::dispose;

#[derive(Template)]
#[template(path = "finding/disposition.html")]
struct DisposePage {
    layout: Layout,
    draft: Draft,
    back: String,
    action: String,
    reference: String,
    what: String,
    choices: Vec<Choice>,
    carried: Carried,
    changed: Option<Comparison>,
}

/// The most lines of the trail that may be told as what is new.
const NEWEST: i64 = 50;

pub(super) async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
) -> Result<Response, AppError> {
    render(&signed, &app, &reference, Draft::new(), None, StatusCode::OK).await
}

pub(super) async fn record(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::DisposeFinding)?;
    let carried = Carried::read(&draft);
    let disposition = draft.choice::<Disposition>("disposition", "Choose why no action is needed");
    let reason = draft.text("reason", 2000, "Say why no action is needed");
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (true, Some(disposition), Some(reason)) = (draft.is_ok(), disposition, reason) {
        let mut tx = signed.actor.begin(&app).await?;
        let found = open(&mut tx, &signed, &reference).await?;
        drop(tx);
        let deed = dispose(&app, &signed.actor, found.number, carried.version, disposition, &reason).await;
        match answer(deed, &mut draft)? {
            Answer::Done(()) => {
                let page = signed.path(&format!("findings/{}", found.reference()));
                return Ok(page::done(&page, Done::FindingSetAside, &found.reference().to_string()));
            }
            Answer::Again(again) => status = again,
        }
    }
    render(&signed, &app, &reference, draft, Some(carried), status).await
}

/// What the finding looks like now, as the form carries it.
fn standing(found: &Finding, lines: &[ActionLine]) -> Standing {
    use EventKind::{
        ActionDefined, Cancelled, Closed, FindingDisposed, FindingLogged, OwnerChanged, SourceAdded,
    };
    let action = |l: &ActionLine| {
        let owner = l.owner.as_deref().unwrap_or("nobody owns it");
        format!("{} {} ({}, {owner})", l.reference, short(&l.what, 80), l.status.label().to_lowercase())
    };
    let actions: Vec<String> = lines.iter().map(action).collect();
    let ended = found.disposed.as_ref().map(|(why, ..)| format!("{}: {why}", found.disposition.label()));
    let sources: Vec<String> = found.sources.iter().map(|s| format!("{} {}", s.reference, s.title)).collect();
    let field = |key, label, value, by| Field { key, label, value, by };
    let fields = vec![
        field("what", "What was found", found.what.clone(), &[FindingLogged][..]),
        field("risk", "Risk", found.risk.label().to_owned(), &[]),
        field("significance", "Significance", found.significance.label().to_owned(), &[]),
        field(
            "ended",
            "How it goes on",
            ended.unwrap_or_else(|| found.disposition.label().to_owned()),
            &[FindingDisposed, ActionDefined],
        ),
        field("actions", "Actions", actions.join("\n"), &[ActionDefined, Cancelled, Closed, OwnerChanged]),
        field("sources", "Came from", sources.join("\n"), &[SourceAdded]),
    ];
    Standing { version: found.version, line: found.line, fields }
}

async fn render(
    signed: &Signed,
    app: &AppState,
    reference: &str,
    draft: Draft,
    sent: Option<Carried>,
    status: StatusCode,
) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let found = open(&mut tx, signed, reference).await?;
    let lines = finding::lines(&mut tx, &[found.id.uuid()]).await?;
    let now = standing(&found, &lines);
    let mut changed = None;
    if let Some(sent) = sent.as_ref().filter(|_| status == StatusCode::CONFLICT) {
        let told = trail::of_finding(&mut tx, found.id, NEWEST).await?;
        let told: Vec<_> = told.into_iter().map(|(_, told)| told).collect();
        changed = Some(sent.beside(&now, &[], &told));
    }
    drop(tx);
    may(signed.role(), Verb::DisposeFinding, relation(&signed.actor.member, found.service, false))
        .map_err(|denial| AppError::Forbidden(denial.sentence().into()))?;
    page::render_as(
        status,
        &DisposePage {
            layout: signed
                .layout(format!("End {reference} without an action"))
                .at(&signed.path("findings"))
                .with_errors(!draft.is_ok() || changed.is_some()),
            back: signed.path(&format!("findings/{reference}")),
            action: signed.path(&format!("findings/{reference}/disposition")),
            reference: reference.to_owned(),
            what: found.what,
            choices: vec![
                Choice::new(Disposition::NoActionNeeded.as_str(), Disposition::NoActionNeeded.label())
                    .hint("It was put right on the spot, or another action covers it."),
                Choice::new(Disposition::NotForTracker.as_str(), Disposition::NotForTracker.label())
                    .hint("A routine task that is seen to elsewhere."),
            ],
            carried: sent.filter(|_| changed.is_none()).unwrap_or_else(|| Carried::of(&now)),
            changed,
            draft,
        },
    )
}
