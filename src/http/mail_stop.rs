//! The link in a mail that switches its kind off, without signing in (RFC 8058). Opening it shows a button and changes
//! nothing, since mail programs and virus scanners open links by themselves; the button, or a mail program's own, does.
//! The secret in the address can do this one thing and no other, and can do it again.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::AppState;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::extract::Path;
use crate::http::page::{self, Layout};
use crate::workflow::mail_choice::{self as deed, Stop};

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/mail/{slug}/{secret}", show).post_from_anywhere("/mail/{slug}/{secret}", stop)
}

#[derive(Template)]
#[template(path = "mail_stop/show.html")]
struct StopPage {
    layout: Layout,
    provider: String,
    kind: &'static str,
    post: String,
    choose: String,
    stopped: bool,
}

async fn find(app: &AppState, slug: &str, secret: &str) -> Result<Stop, AppError> {
    deed::find(app, slug, secret).await?.ok_or(AppError::NotFound)
}

fn page_of(found: &Stop, secret: &str, stopped: bool) -> StopPage {
    let slug = &found.provider.slug;
    StopPage {
        layout: Layout::signed_out(if stopped { "Mail switched off" } else { "Stop this mail?" }),
        provider: found.provider.name.clone(),
        kind: found.kind.label(),
        post: format!("/mail/{slug}/{secret}"),
        choose: format!("/p/{slug}/notices/mail"),
        stopped,
    }
}

async fn show(
    Path((slug, secret)): Path<(String, String)>,
    State(app): State<AppState>,
) -> Result<Response, AppError> {
    let found = find(&app, &slug, &secret).await?;
    page::render(&page_of(&found, &secret, false))
}

/// Answers with a page rather than a redirect: a mail program does not follow one.
async fn stop(
    Path((slug, secret)): Path<(String, String)>,
    State(app): State<AppState>,
) -> Result<Response, AppError> {
    let found = find(&app, &slug, &secret).await?;
    deed::stop(&app, &found).await?;
    page::render(&page_of(&found, &secret, true))
}
