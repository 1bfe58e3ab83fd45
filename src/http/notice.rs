//! What a member was told: the page behind the bell.
//!
//! A notice is a link, `/notices/{id}`, that marks it as read and leads on to the thing. That a GET leaves a mark here is
//! deliberate: it stays an ordinary link, to be opened in another tab and without scripts; the mark is the reader's own,
//! asking twice changes nothing more, nothing of the line or the trail is touched, and nobody else knows its address.

mod mail;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::message::MessageKind;
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked;
use crate::http::banner::Done;
use crate::http::export::{self, BATCH, Batch, List, Of};
use crate::http::extract::{Path, Query};
use crate::http::form::Draft;
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::{Reading, Signed};
use crate::http::verb::{Answer, answer};
use crate::http::view::Pages;
use crate::ids::NoticeId;
use crate::sheet::Column;
use crate::store::TenantTx;
use crate::store::menu;
use crate::store::notice::{self as store, Listed, ROWS};
use crate::store::scope::Scope;
use crate::workflow::notice as deed;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/notices", list)
        .post("/p/{provider}/notices", read_all)
        .get("/p/{provider}/notices/{id}", open)
        .merge(mail::routes())
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

/// One's notices as a file.
struct Notices(Scope, Option<(DateTime<Utc>, NoticeId)>);

impl List for Notices {
    const COLUMNS: &'static [Column] = &[
        Column::new("Told", 24),
        Column::new("What", 34),
        Column::new("Read", 8),
        Column::new("Reference", 11),
        Column::new("Action", 60),
        Column::new("Service", 26),
        Column::new("Due", 20),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let found = store::page(tx, self.0, self.1, BATCH).await?;
        self.1 = found.last().map(|r| (r.created_at, r.id));
        Ok(Batch::of(&found, |r| {
            let about = r.about.as_ref();
            vec![
                r.created_at.into(),
                r.kind.label().into(),
                r.read.into(),
                about.map(|a| Reference::action(a.number).to_string()).into(),
                about.map(|a| a.what.clone()).into(),
                about.map(|a| a.service.clone()).into(),
                about.and_then(|a| a.due_on).into(),
            ]
        }))
    }
}

#[derive(Template)]
#[template(path = "notice/list.html")]
struct Page {
    layout: Layout,
    here: String,
    mail: String,
    calendar: String,
    rows: Vec<Line>,
    unread: bool,
    /// The newest that was shown, in microseconds: what comes later is not marked as read unseen.
    until: String,
    pages: Pages,
}

/// One notice as it is read.
struct Line {
    kind: &'static str,
    unread: bool,
    when: String,
    about: Option<About>,
}

/// What it is about, as far as its reader sees it.
struct About {
    href: String,
    what: String,
    detail: String,
}

async fn list(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
) -> Result<Response, AppError> {
    let after = asked::instant(&filter.after)?;
    let member = &signed.actor.member;
    if let Some(format) = asked::one_of(&filter.format)? {
        drop(tx);
        let list = Notices(Scope::of(member), None);
        return export::answer(&app, &signed, format, &Of::new("notices", "Notices"), list).await;
    }
    let counts = menu::counts(&mut tx, member).await?;
    let mut rows = store::page(&mut tx, Scope::of(member), after, ROWS + 1).await?;
    drop(tx);
    let full = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let last = rows.get(full.saturating_sub(1)).filter(|_| rows.len() > full);
    let last = last.map(|r| asked::of_instant(r.created_at, r.id));
    rows.truncate(full);
    let here = signed.path("notices");
    let layout = signed.layout_with("Notices", counts).handing_out(&here, &[]);
    page::render(&Page {
        unread: layout.bell.as_ref().is_some_and(|bell| bell.unread > 0),
        layout,
        mail: signed.path("notices/mail"),
        calendar: signed.path("notices/calendar"),
        until: rows.first().map(|r| r.created_at.timestamp_micros().to_string()).unwrap_or_default(),
        rows: rows.iter().map(|r| line(r, &signed)).collect(),
        pages: Pages(Pager::new(&here, &[], None, last.as_deref())),
        here,
    })
}

fn line(r: &Listed, signed: &Signed) -> Line {
    Line {
        kind: r.kind.label(),
        unread: !r.read,
        when: words::instant(r.created_at),
        about: r.about.as_ref().map(|about| {
            let due = about.due_on.map(|due| format!(" · due {}", words::date(due))).unwrap_or_default();
            About {
                href: signed.path(&format!("notices/{}", r.id)),
                what: about.what.clone(),
                detail: format!("{} · {}{due}", Reference::action(about.number), about.service),
            }
        }),
    }
}

async fn open(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, NoticeId)>,
) -> Result<Response, AppError> {
    let leads = deed::open(&app, &signed.actor, id).await?;
    let action = format!("actions/{}", Reference::action(leads.number));
    let decides = leads.kind.is_escalation() || leads.kind == MessageKind::ControlCheck;
    let thing = match leads.escalation {
        Some(escalation) if decides && signed.can(Verb::SeeEscalations) => {
            format!("escalations/{escalation}")
        }
        _ if leads.kind == MessageKind::SustainCheck && signed.can(Verb::CheckSustained) => {
            format!("{action}/sustain-check")
        }
        _ => action,
    };
    Ok(page::see_other(&signed.path(&thing)))
}

async fn read_all(
    signed: Signed,
    State(app): State<AppState>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let until = draft.line("until", 20, "").and_then(|until| until.parse().ok());
    let until = until.and_then(DateTime::from_timestamp_micros);
    let until =
        until.ok_or_else(|| AppError::bad_request("Open your notices again, then mark them as read."))?;
    match answer(deed::read_all(&app, &signed.actor, until).await, &mut draft)? {
        Answer::Done(()) | Answer::Again(_) => Ok(page::done(&signed.path("notices"), Done::NoticesRead, "")),
    }
}
