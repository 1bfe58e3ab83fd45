//! Pages: parse what was asked, call a workflow or read from the store, draw or redirect. No rule and no SQL here.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{Extensions, HeaderMap, Method, StatusCode, Version, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};
use tower_http::trace::TraceLayer;

use crate::app::AppState;
use crate::error::AppError;
use crate::http::request_id::RequestId;
pub use crate::http::routes::Routes;

/// A person's own pages.
pub mod account;
/// The page of an action.
pub mod action;
/// What the page of an action is made of.
pub mod action_line;
/// The list of actions.
pub mod actions;
/// The loudest thing on the pages where the day begins.
pub mod alarm;
/// What a provider's own programs may read.
pub mod api;
/// What the address of a list asks for.
pub mod asked;
/// Style, script, typeface.
pub mod assets;
/// The nominated individual's word.
pub mod assurance;
/// "What was done" on the next page.
pub mod banner;
/// What is known of a browser before anybody signs in with it.
pub mod browser;
/// One's dates in one's own calendar.
pub mod calendar;
/// Another owner, other words, another date, calling off.
pub mod change;
/// Closing and reopening.
pub mod closure;
/// Closure audits: the quarters, the sample of one, and its form.
pub mod closure_audit;
/// Requests that change something come from our own pages.
pub mod csrf;
/// The dashboard.
pub mod dashboard;
/// What was closed before Throughline.
pub mod earlier;
/// Escalations and decisions.
pub mod escalation;
/// Evidence fetched and withdrawn.
pub mod evidence;
/// The exceptions to independent verification.
pub mod exception;
/// Lists as files.
pub mod export;
/// `Path`, `Query`, `Form` that answer with pages.
pub mod extract;
/// Findings.
pub mod finding;
/// Forms that keep everything typed.
pub mod form;
#[cfg(test)]
mod gallery;
/// The figures of a month, and the rows behind them.
pub mod governance;
/// Between the password and the first page.
pub mod halfway;
/// Several actions get another owner at once.
pub mod handover;
/// Security headers.
pub mod headers;
/// Alive, and ready.
pub mod health;
/// Calendars as calendar programs read them.
pub mod ics;
/// Bringing a spreadsheet.
pub mod import;
/// Accepting an invitation.
pub mod join;
/// The forms with which an action is judged.
pub mod judging;
/// Words that outlive a session.
pub mod kept;
/// What a leader's view leaves out, said.
pub mod left_out;
/// What the pages of findings and reviews share.
pub mod line;
/// The link in a mail that switches its kind off.
pub mod mail_stop;
/// Measures and their charts.
pub mod measure;
/// The menu, by role.
pub mod menu;
/// What was merged into an action.
pub mod merged;
/// Merging a duplicate.
pub mod merging;
/// Messages sent, kept or failed.
pub mod message;
/// What is mine to do, and what a team has in hand.
pub mod my_actions;
/// What comes next with an action.
pub mod next_step;
/// What a member was told, and what they want by mail.
pub mod notice;
/// An action opened for its page or for a verb.
pub mod opened;
/// Evidence packs.
pub mod pack;
/// The layout, and the ways to answer.
pub mod page;
/// Error pages.
pub mod pages;
/// The pill of an action.
pub mod pill;
/// Pictures for the camera of a telephone.
pub mod qr;
/// The reference of a request.
pub mod request_id;
/// Reviews.
pub mod review;
/// The list of addresses.
pub mod routes;
/// The connections pages are asked for over.
pub mod server;
/// Settings: people, services, rules.
pub mod settings;
/// Signing in and out.
pub mod sign_in;
/// The step between the password and the first page.
pub mod sign_in_code;
/// Early-warning signs.
pub mod signal;
/// Who is signed in.
pub mod signed;
/// Both versions, when a form was overtaken.
pub mod stale;
/// Where everybody starts.
pub mod start;
/// "It is done", and taking that back.
pub mod submission;
/// Whether what was closed has lasted.
pub mod sustain;
/// States: picture, words, colour.
pub mod tag;
/// The trail in plain words.
pub mod told;
/// Checking a printed report.
pub mod trail;
/// The form of three questions.
pub mod update;
/// Forms with files.
pub mod upload;
/// The form of every verb on an action.
pub mod verb;
/// Verifying, and the queue of what waits for it.
pub mod verification;
/// Tags, thread, checklist and other pieces of pages.
pub mod view;
/// The weekly review of a service.
pub mod weekly;

/// The most bytes of a form without files.
pub const FORM_LIMIT: usize = 256 * 1024;
/// The longest a page may take.
const PAGE_SECONDS: Duration = Duration::from_secs(30);
/// The longest a form with files may take, over a slow telephone.
const UPLOAD_SECONDS: Duration = Duration::from_secs(600);

/// Every address of the program; each feature gives its own.
#[must_use]
pub fn features() -> Routes<AppState> {
    Routes::new()
        .merge(health::routes())
        .merge(start::routes())
        .merge(sign_in::routes())
        .merge(sign_in_code::routes())
        .merge(account::routes())
        .merge(dashboard::routes())
        .merge(actions::routes())
        .merge(escalation::routes())
        .merge(finding::routes())
        .merge(review::routes())
        .merge(import::routes())
        .merge(earlier::routes())
        .merge(weekly::routes())
        .merge(message::routes())
        .merge(notice::routes())
        .merge(mail_stop::routes())
        .merge(calendar::routes())
        .merge(action::routes())
        .merge(verification::routes())
        .merge(exception::routes())
        .merge(measure::routes())
        .merge(governance::routes())
        .merge(trail::routes())
        .merge(pack::routes())
        .merge(signal::routes())
        .merge(assurance::routes())
        .merge(closure::routes())
        .merge(closure_audit::routes())
        .merge(change::routes())
        .merge(merging::routes())
        .merge(my_actions::routes())
        .merge(handover::routes())
        .merge(update::routes())
        .merge(submission::routes())
        .merge(sustain::routes())
        .merge(evidence::routes())
        .merge(settings::routes())
        .merge(api::routes())
        .merge(join::routes())
}

/// Puts around `routes` what every answer needs. `public_url` is the address people type: it says who "we" are when a
/// form arrives, and whether to insist on https (`hsts_subdomains`: for all hosts under it as well).
///
/// From outside in: reference, log line, security headers, compression, error pages, origin check, time limit, panics.
pub fn shell<S>(routes: Routes<S>, state: S, public_url: &str, hsts_subdomains: bool) -> Router
where
    S: Clone + Send + Sync + 'static,
{
    let origin: Arc<str> = csrf::origin_of(public_url).into();
    let hsts = headers::hsts(origin.starts_with("https://"), hsts_subdomains);
    let guarded = csrf::Guarded { origin, except: routes.from_anywhere().into() };
    routes
        .get("/assets/{version}/{name}", assets::serve)
        .get("/favicon.ico", favicon)
        .into_router()
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn_with_state(guarded, csrf::guard))
        .layer(middleware::from_fn(pages::draw))
        .layer(compression())
        .layer(middleware::from_fn_with_state(hsts, headers::add))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(middleware::from_fn(request_id::add))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .with_state(state)
}

/// Browsers ask for this by themselves when a page is not ours to mark up.
async fn favicon() -> Response {
    page::see_other(assets::url("favicon.svg"))
}

/// Gzip at its quickest: a page of 50 kB goes out as 6 in 0.05 ms. Brotli made 4 of it, in 0.3 ms; that is six in the time
/// of everything else a page does. Only text is worth it: photos, documents and typefaces are compressed already.
fn compression() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new()
        .no_br()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(512).and(is_text))
}

fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/"))
}

/// The route, never the address itself: addresses hold references and filters.
fn span(request: &Request) -> tracing::Span {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let id = request.extensions().get::<RequestId>().map_or("", |id| id.0.as_str());
    tracing::info_span!("request", id, method = %request.method(), route)
}

async fn in_time(request: Request, next: Next) -> Response {
    let limit = if brings_files(request.method(), request.headers()) { UPLOAD_SECONDS } else { PAGE_SECONDS };
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| AppError::Timeout.into_response())
}

fn brings_files(method: &Method, headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    *method == Method::POST && kind.starts_with("multipart/form-data")
}

fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without words".to_owned());
    AppError::internal(said).into_response()
}
