//! Draws the page of every error, and takes a banner away once it was shown.

use std::sync::Arc;

use askama::Template;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::{AppError, Failure};
use crate::http::form::Draft;
use crate::http::kept::{Kept, Texts, WrittenBy};
use crate::http::request_id::RequestId;
use crate::http::{FORM_LIMIT, PAGE_SECONDS, banner, extract, page};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    layout: page::Layout,
    sentence: String,
    reference: String,
    back: (String, &'static str),
    draft: Draft,
    next: String,
    /// What was sent after its session had ended: it is given back.
    kept: Option<Kept>,
}

/// What is remembered of a request until its answer is known.
struct Asked {
    method: Method,
    target: String,
    id: String,
    /// The text fields that were sent, and whether files could be among them.
    sent: Option<(Vec<(String, String)>, bool)>,
    had_banner: bool,
    /// The page of ours that it was sent from.
    from: Option<String>,
}

/// Turns failures, and the framework's own bare answers, into pages.
pub async fn draw(request: Request, next: Next) -> Response {
    let (mut asked, request) = match remember(request).await {
        Ok(remembered) => remembered,
        Err(response) => return response,
    };
    let mut response = next.run(request).await;
    let failure = response.extensions_mut().remove::<Failure>().map(|Failure(error)| error);
    let error = failure.or_else(|| bare_failure(&response).map(Arc::new));
    if let Some(Texts(texts)) = response.extensions_mut().remove::<Texts>() {
        asked.sent = Some((Arc::unwrap_or_clone(texts), true));
    }
    if let Some(error) = error {
        return error_answer(&error, &asked, response.headers());
    }
    if asked.had_banner && is_page(&response) && !response.headers().contains_key(header::SET_COOKIE) {
        banner::clear_on(&mut response);
    }
    response
}

/// Reads an ordinary form into memory once, so that it can be given back should its session have ended.
async fn remember(request: Request) -> Result<(Asked, Request), Response> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let id = request.extensions().get::<RequestId>().map_or_else(String::new, |id| id.0.clone());
    let had_banner = banner::is_waiting(request.headers());
    let from = own_referrer(request.headers());
    let mut asked = Asked { method: request.method().clone(), target, id, sent: None, had_banner, from };
    if asked.method != Method::POST || !extract::is_urlencoded(request.headers()) {
        return Ok((asked, request));
    }
    let (mut parts, body) = request.into_parts();
    let refused = |error| error_answer(error, &asked, &HeaderMap::new());
    let form = match tokio::time::timeout(PAGE_SECONDS, to_bytes(body, FORM_LIMIT)).await {
        Ok(Ok(form)) => form,
        Ok(Err(_)) => return Err(refused(&AppError::TooLarge)),
        Err(_) => return Err(refused(&AppError::Timeout)),
    };
    if let Ok(pairs) = extract::read_pairs(&form) {
        if let Some(by) = WrittenBy::of(&pairs) {
            parts.extensions.insert(by);
        }
        asked.sent = Some((pairs, false));
    }
    Ok((asked, Request::from_parts(parts, Body::from(form))))
}

/// Path and query of the page a request was sent from, when that page was on the host that was asked.
fn own_referrer(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (_, rest) = text(header::REFERER)?.split_once("://")?;
    let path = rest.strip_prefix(text(header::HOST)?)?;
    (path.starts_with('/') && !path.starts_with("//")).then(|| path.to_owned())
}

/// The error behind an answer that has an error's status but is no page of ours.
fn bare_failure(response: &Response) -> Option<AppError> {
    let kind =
        response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if kind.starts_with("text/html") || response.extensions().get::<Plain>().is_some() {
        return None;
    }
    AppError::from_status(response.status())
}

/// Marks an answer that is meant to be plain although its status is an error's: health checks, metrics.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

fn is_page(response: &Response) -> bool {
    response.status().is_success()
        && response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn error_answer(error: &AppError, asked: &Asked, headers: &HeaderMap) -> Response {
    log(error, &asked.id);
    let reads = matches!(asked.method, Method::GET | Method::HEAD);
    if matches!(error, AppError::SignedOut) && reads {
        let mut response = page::see_other(&page::with_query("/sign-in", &[("next", &asked.target)], None));
        copy(headers, response.headers_mut(), &header::SET_COOKIE);
        return response;
    }
    let mut response = error_page(error, asked);
    let answer = response.headers_mut();
    for name in [header::ALLOW, header::SET_COOKIE] {
        copy(headers, answer, &name);
    }
    if let Some(seconds) = error.retry_after() {
        answer.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The page with its length, which is otherwise told or not depending on how the answer came about: one could tell
/// "not yours" from "not there" by it.
fn drawn(status: StatusCode, page: &ErrorPage) -> Result<Response, AppError> {
    let html = page.render()?;
    let length = HeaderValue::from(html.len());
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    Ok((status, [(header::CONTENT_TYPE, kind), (header::CONTENT_LENGTH, length)], html).into_response())
}

fn copy(from: &HeaderMap, to: &mut HeaderMap, name: &header::HeaderName) {
    for value in from.get_all(name) {
        to.append(name, value.clone());
    }
}

fn log(error: &AppError, id: &str) {
    match error.status() {
        StatusCode::INTERNAL_SERVER_ERROR => tracing::error!(request = id, cause = %error, "a page failed"),
        StatusCode::SERVICE_UNAVAILABLE => {
            tracing::warn!(request = id, cause = %error, "a page could not be made")
        }
        status => tracing::debug!(request = id, %status, cause = %error, "a request was refused"),
    }
}

fn error_page(error: &AppError, asked: &Asked) -> Response {
    let (title, sentence) = error.words();
    // The same bytes for "not there" and "not yours", whoever asks and whenever: nothing of the request is in them.
    let hidden = error.status() == StatusCode::NOT_FOUND;
    let kept = match (&asked.sent, error) {
        (Some((pairs, files)), AppError::SignedOut) => Kept::new(&asked.target, pairs, *files),
        _ => None,
    };
    let back = match (error, &asked.from) {
        (AppError::SignedOut, _) => ("/sign-in".to_owned(), "Sign in"),
        (_, Some(page)) if !hidden => (page.clone(), "Go back to the page you came from"),
        _ => ("/".to_owned(), "Go to your start page"),
    };
    let page = ErrorPage {
        layout: page::Layout::signed_out(title),
        sentence: sentence.into_owned(),
        reference: if hidden { String::new() } else { asked.id.clone() },
        back,
        draft: Draft::new(),
        next: String::new(),
        kept,
    };
    drawn(error.status(), &page).unwrap_or_else(|failed| {
        tracing::error!(request = asked.id, cause = %failed, "the error page itself failed");
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            "Something went wrong",
        )
            .into_response()
    })
}
