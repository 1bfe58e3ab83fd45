//! The messages the program sent, keeps for reading, or could not send: for administrators.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked;
use crate::http::extract::Query;
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::Signed;
use crate::http::view::Pages;
use crate::mail::transport::Transport;
use crate::store::message_list::{self, Listed, ROWS};

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/messages", list)
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    after: String,
}

#[derive(Template)]
#[template(path = "message/list.html")]
struct Page {
    layout: Layout,
    sends: bool,
    rows: Vec<Line>,
    pages: Pages,
}

/// One message as it is read.
struct Line {
    head: String,
    state: String,
    failed: bool,
    subject: String,
    body: String,
    /// The address and reference of the action it is about.
    action: Option<(String, String)>,
}

async fn list(
    signed: Signed,
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeMessages)?;
    let mut tx = signed.actor.begin(&app).await?;
    let mut rows = message_list::page(&mut tx, asked::instant(&filter.after)?).await?;
    tx.commit().await?;
    let full = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let last = rows.get(full.saturating_sub(1)).filter(|_| rows.len() > full);
    let last = last.map(|r| asked::of_instant(r.created_at, r.id));
    rows.truncate(full);
    let here = signed.path("messages");
    page::render(&Page {
        layout: signed.layout("Messages").at(&here),
        sends: matches!(*app.mail, Transport::Smtp(_)),
        rows: rows.iter().map(|r| line(r, &signed)).collect(),
        pages: Pages(Pager::new(&here, &[], None, last.as_deref())),
    })
}

fn line(r: &Listed, signed: &Signed) -> Line {
    let reference = r.number.map(|number| Reference::action(number).to_string());
    let to = r.recipient.clone().unwrap_or_else(|| r.audience.label().to_lowercase());
    let (state, failed) = match (r.sent_at, &r.last_error, r.next_at) {
        (Some(at), _, _) => (format!("Delivered on {}", words::instant(at)), false),
        (None, Some(why), None) if r.overtaken => (format!("Not sent: {why}"), false),
        (None, Some(error), None) => (format!("Could not be delivered: {error}"), true),
        (None, Some(error), Some(at)) => (
            format!(
                "Tried {}, next on {}: {error}",
                words::count_of(r.attempts.unsigned_abs(), "time", "times"),
                words::instant(at)
            ),
            true,
        ),
        (None, None, _) => ("Waiting to be sent".into(), false),
    };
    Line {
        head: format!("{} · to {to}", r.kind.label()),
        state,
        failed,
        subject: r.subject.clone().unwrap_or_default(),
        body: r.body.clone().unwrap_or_default(),
        action: reference.map(|reference| (signed.path(&format!("actions/{reference}")), reference)),
    }
}
