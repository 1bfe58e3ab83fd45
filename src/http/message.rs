//! The messages the program sent, keeps for reading, or could not send: for administrators.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::message::{MessageKind, Post};
use crate::domain::reference::Reference;
use crate::domain::text_enum::TextEnum as _;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked;
use crate::http::extract::Query;
use crate::http::form::Choice;
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::Signed;
use crate::http::view::Pages;
use crate::mail::transport::Transport;
use crate::store::TenantTx;
use crate::store::message_list::{self, Asked, Fate, Listed, ROWS};

/// The list as a file.
mod sheet;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/messages", list)
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    state: String,
    /// Any number of kinds.
    kind: Vec<String>,
    after: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

/// How many that could not be delivered stand before all others.
const FIRST: i64 = 5;

#[derive(Template)]
#[template(path = "message/list.html")]
struct Page {
    layout: Layout,
    sends: bool,
    action: String,
    states: Vec<Choice>,
    state: String,
    kinds: Vec<(Choice, bool)>,
    filtered: bool,
    /// What could not be delivered, before everything else.
    first: Option<First>,
    rows: Vec<Line>,
    pages: Pages,
}

/// What could not be delivered.
struct First {
    count: String,
    href: String,
    rows: Vec<Line>,
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
    let state = asked::one_of::<Fate>(&filter.state)?;
    let kinds = filter.kind.iter().filter(|kind| !kind.is_empty());
    let kinds: Option<Vec<MessageKind>> = kinds.map(|kind| MessageKind::from_text(kind)).collect();
    let kinds = kinds.ok_or(AppError::NotFound)?;
    let (after, filtered) = (asked::instant(&filter.after)?, state.is_some() || !kinds.is_empty());
    if let Some(format) = asked::one_of(&filter.format)? {
        return sheet::answer(&app, &signed, format, (state, kinds)).await;
    }
    let wanted = Asked { state, kinds: &kinds, after, limit: ROWS + 1 };
    let mut tx = signed.actor.begin(&app).await?;
    let mut rows = message_list::page(&mut tx, &wanted).await?;
    let first = match filtered || after.is_some() {
        true => None,
        false => undeliverable(&mut tx, &signed).await?,
    };
    tx.commit().await?;
    let full = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let last = rows.get(full.saturating_sub(1)).filter(|_| rows.len() > full);
    let last = last.map(|r| asked::of_instant(r.created_at, r.id));
    rows.truncate(full);
    let here = signed.path("messages");
    let mut filters = vec![("state", filter.state.as_str())];
    filters.extend(kinds.iter().map(|kind| ("kind", kind.as_str())));
    let choice = |kind: &MessageKind| (Choice::new(kind.as_str(), kind.label()), kinds.contains(kind));
    page::render(&Page {
        layout: signed.layout("Messages").at(&here).handing_out(&here, &filters),
        sends: matches!(*app.mail, Transport::Smtp(_)),
        states: Fate::ALL.iter().map(|state| Choice::new(state.as_str(), state.label())).collect(),
        kinds: MessageKind::ALL.iter().filter(|kind| kind.post() != Post::Never).map(choice).collect(),
        first,
        filtered,
        rows: rows.iter().map(|r| line(r, &signed)).collect(),
        pages: Pages(Pager::new(&here, &filters, None, last.as_deref())),
        state: filter.state,
        action: here,
    })
}

/// What could not be delivered, if anything could not: an administrator is to see it without looking for it.
async fn undeliverable(tx: &mut TenantTx, signed: &Signed) -> Result<Option<First>, AppError> {
    let count = message_list::undeliverable(tx).await?;
    if count == 0 {
        return Ok(None);
    }
    let wanted = Asked { state: Some(Fate::Undeliverable), kinds: &[], after: None, limit: FIRST };
    let rows = message_list::page(tx, &wanted).await?;
    let state = [("state", Fate::Undeliverable.as_str())];
    Ok(Some(First {
        count: words::number(count.unsigned_abs()),
        href: page::with_query(&signed.path("messages"), &state, None),
        rows: rows.iter().map(|r| line(r, signed)).collect(),
    }))
}

fn line(r: &Listed, signed: &Signed) -> Line {
    let reference = r.number.map(|number| Reference::action(number).to_string());
    let (to, (state, failed)) = (to(r), fate(r));
    Line {
        head: format!("{} · to {to}", r.kind.label()),
        state,
        failed,
        subject: r.subject.clone().unwrap_or_default(),
        body: r.body.clone().unwrap_or_default(),
        action: reference.map(|reference| (signed.path(&format!("actions/{reference}")), reference)),
    }
}

/// Whom it is for.
fn to(r: &Listed) -> String {
    r.recipient.clone().unwrap_or_else(|| r.audience.label().to_lowercase())
}

/// What became of it, and whether that is bad news.
fn fate(r: &Listed) -> (String, bool) {
    match (r.sent_at, &r.last_error, r.next_at) {
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
    }
}
