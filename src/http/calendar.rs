//! One's own due dates and verification windows in one's own calendar, by a secret link that signs nobody in: it shows
//! references, titles and services of actions, and nothing can be done with it.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::Draft;
use crate::http::ics::{self, Day};
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::store::calendar::{self as store, Entry};
use crate::workflow::calendar as deed;

/// The most characters of a title.
const TITLE: usize = 80;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/calendar/{slug}/{secret}", feed)
        .get("/p/{provider}/notices/calendar", show)
        .post("/p/{provider}/notices/calendar", renew)
        .post("/p/{provider}/notices/calendar/end", end)
}

#[derive(Template)]
#[template(path = "notice/calendar.html")]
struct FeedPage {
    layout: Layout,
    back: String,
    post: String,
    /// Since when there is a link.
    since: Option<String>,
    /// The new link, shown once.
    link: Option<String>,
}

async fn draw(app: &AppState, signed: &Signed, link: Option<String>) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let made = store::made(&mut tx, signed.actor.member.id).await?;
    tx.commit().await?;
    let mut response = page::render(&FeedPage {
        layout: signed.layout("Your dates in your own calendar"),
        back: signed.path("notices"),
        post: signed.path("notices/calendar"),
        since: made.map(|at| words::date(london_date(at))),
        link,
    })?;
    // the page may show the secret
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn show(signed: Signed, State(app): State<AppState>) -> Result<Response, AppError> {
    draw(&app, &signed, None).await
}

/// Answers with the page itself: the link is shown once, and a redirect would have to carry the secret.
async fn renew(signed: Signed, State(app): State<AppState>) -> Result<Response, AppError> {
    match answer(deed::renew(&app, &signed.actor).await, &mut Draft::new())? {
        Answer::Done(token) => {
            let path = format!("/calendar/{}/{}.ics", signed.provider.slug, token.text());
            draw(&app, &signed, Some(app.config.public_url.join(&path))).await
        }
        Answer::Again(_) => draw(&app, &signed, None).await,
    }
}

async fn end(signed: Signed, State(app): State<AppState>) -> Result<Response, AppError> {
    answer(deed::end(&app, &signed.actor).await, &mut Draft::new())?;
    Ok(page::done(&signed.path("notices/calendar"), Done::CalendarEnded, ""))
}

async fn feed(
    Path((slug, secret)): Path<(String, String)>,
    State(app): State<AppState>,
) -> Result<Response, AppError> {
    let secret = secret.strip_suffix(".ics").unwrap_or(&secret);
    let (provider, entries) = deed::open(&app, &slug, secret).await?.ok_or(AppError::NotFound)?;
    let base = app.config.public_url.origin();
    let days: Vec<Day> = entries.iter().map(|entry| day(entry, base, &slug)).collect();
    let name = format!("Throughline, {}", provider.name);
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CACHE_CONTROL, "private, max-age=900"),
    ];
    Ok((headers, ics::calendar(&name, &days)).into_response())
}

fn day(entry: &Entry, base: &str, slug: &str) -> Day {
    let reference = Reference::action(entry.number);
    let title: String = entry.what.split_whitespace().collect::<Vec<_>>().join(" ");
    let short = if title.chars().count() > TITLE {
        format!("{}…", title.chars().take(TITLE - 1).collect::<String>().trim_end())
    } else {
        title
    };
    let (why, summary) = if entry.to_check {
        ("check", format!("Check {reference}: {short}"))
    } else {
        ("due", format!("{reference}: {short}"))
    };
    let host = base.split_once("://").map_or(base, |(_, host)| host);
    Day {
        uid: format!("{}-{why}@{host}", entry.action),
        stamp: entry.moved_at,
        on: entry.day,
        summary,
        description: if entry.to_check {
            format!("{}. The last day of its verification window.", entry.service)
        } else {
            format!("{}. Due.", entry.service)
        },
        url: format!("{base}/p/{slug}/actions/{reference}"),
    }
}
