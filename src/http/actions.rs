//! The list of actions: what the numbers of the dashboard count, filtered in the address, fifty rows a page.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::action::{self, Status};
use crate::domain::calendar;
use crate::domain::reference::Reference;
use crate::domain::text_enum::TextEnum;
use crate::domain::topic::{Risk, Theme};
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::extract::Query;
use crate::http::form::Choice;
use crate::http::page::{self, Layout, Pager};
use crate::http::pill::{pill, stale_mark, waiting};
use crate::http::signed::Signed;
use crate::http::view::{Pages, Tag};
use crate::store::action_list::{self, Asked, Key, Listed, ROWS, Show};
use crate::store::menu::Around;
use crate::workflow::Moment;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/actions", list)
}

/// What the address may say. A word that is not known is an address that is not there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    show: String,
    service: String,
    theme: String,
    risk: String,
    q: String,
    after: String,
}

impl Filter {
    fn one_of<T: TextEnum>(text: &str) -> Result<Option<T>, AppError> {
        if text.is_empty() { Ok(None) } else { T::from_text(text).map(Some).ok_or(AppError::NotFound) }
    }

    fn key(&self) -> Result<Option<Key>, AppError> {
        if self.after.is_empty() {
            return Ok(None);
        }
        let (place, number) = self.after.split_once('.').ok_or(AppError::NotFound)?;
        let whole = |text: &str| text.parse().map_err(|_| AppError::NotFound);
        Ok(Some(Key { place: whole(place)?, number: whole(number)? }))
    }

    fn fields<'a>(&'a self, show: &'a str) -> [(&'static str, &'a str); 5] {
        [
            ("show", show),
            ("service", &self.service),
            ("theme", &self.theme),
            ("risk", &self.risk),
            ("q", &self.q),
        ]
    }
}

#[derive(Template)]
#[template(path = "action/list.html")]
struct Page {
    layout: Layout,
    title: String,
    action: String,
    shows: Vec<Choice>,
    show: &'static str,
    services: Vec<Choice>,
    service: String,
    themes: Vec<Choice>,
    theme: String,
    risks: Vec<Choice>,
    risk: String,
    words: String,
    rows: Vec<Line>,
    empty: String,
    pages: Pages,
}

/// One row as it is read.
struct Line {
    href: String,
    reference: String,
    what: String,
    tag: Tag,
    stale: Option<Tag>,
    owner: String,
    due: String,
    service: String,
    topic: &'static str,
    risk: &'static str,
    high: bool,
}

async fn list(
    signed: Signed,
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeDashboard)?;
    let today = Moment::read(&app).today;
    let show = Filter::one_of::<Show>(&filter.show)?.unwrap_or(Show::Open);
    let asked = Asked {
        member: &signed.actor.member,
        show,
        service: Some(filter.service.as_str()).filter(|s| !s.is_empty()),
        theme: Filter::one_of::<Theme>(&filter.theme)?,
        risk: Filter::one_of::<Risk>(&filter.risk)?,
        words: Some(filter.q.trim()).filter(|q| !q.is_empty() && q.chars().count() <= 200),
        today,
        after: filter.key()?,
    };
    let mut tx = signed.actor.begin(&app).await?;
    let (mut rows, Around { counts, services }) = action_list::page(&mut tx, &asked).await?;
    tx.commit().await?;
    if asked.service.is_some_and(|slug| !services.iter().any(|s| s.0 == slug)) {
        return Err(AppError::NotFound);
    }
    let more = rows.len() > usize::try_from(ROWS).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let here = signed.path("actions");
    let last = rows.last().filter(|_| more).map(|r| format!("{}.{}", r.place, r.number));
    let pager = Pager::new(&here, &filter.fields(show.as_str()), None, last.as_deref());
    page::render(&Page {
        layout: signed.layout_with(title(show), counts).at(&signed.path("dashboard")),
        title: title(show),
        shows: Choice::all::<Show>(),
        show: show.as_str(),
        services: services.into_iter().map(|(slug, name)| Choice::new(slug, name)).collect(),
        themes: Choice::all::<Theme>(),
        risks: Choice::all::<Risk>(),
        rows: rows.iter().map(|r| line(r, &asked, &signed)).collect(),
        empty: empty(show),
        pages: Pages(pager),
        action: here,
        service: filter.service,
        theme: filter.theme,
        risk: filter.risk,
        words: filter.q,
    })
}

fn title(show: Show) -> String {
    match show {
        Show::Open => "Open actions".into(),
        Show::Unowned => "Actions without an owner".into(),
        Show::CameBack => "Actions that came back".into(),
        Show::Stale => "Actions without an update for 14 days".into(),
        Show::Late | Show::Closed | Show::Cancelled => format!("{} actions", show.label()),
        Show::Soon | Show::ToVerify | Show::VerifyLate | Show::ToClose => {
            format!("Actions: {}", show.label().to_lowercase())
        }
    }
}

fn empty(show: Show) -> String {
    match show {
        Show::Late => "Nothing is late here.".into(),
        Show::Unowned => "Every open action here has an owner.".into(),
        Show::Open => "Nothing is open here.".into(),
        Show::Stale => "Everything open here was updated within the last 14 days.".into(),
        other => format!("No action here is in this list: {}.", other.label().to_lowercase()),
    }
}

fn line(r: &Listed, asked: &Asked<'_>, signed: &Signed) -> Line {
    let reference = Reference::action(r.number).to_string();
    let passed = r.verify_by.filter(|by| r.status == Status::Submitted && *by < asked.today);
    let tag = match passed {
        Some(by) => waiting(calendar::working_days_after(by, asked.today, r.nation)),
        None => {
            pill(action::state(r.status, r.due_on, r.nation, r.cycle, asked.today, r.escalated), asked.today)
        }
    };
    Line {
        href: signed.path(&format!("actions/{reference}")),
        reference,
        what: r.what.clone(),
        tag,
        stale: stale_mark(r.status, r.moved_at, asked.today),
        owner: match (&r.owner, r.unowned) {
            (Some(name), false) => name.clone(),
            (Some(name), true) => format!("{name} has left"),
            (None, _) => "Nobody".into(),
        },
        due: r.due_on.map_or_else(|| "No date".into(), words::date),
        service: r.service.clone(),
        topic: r.topic.label(),
        risk: r.risk.label(),
        high: r.risk.is_high(),
    }
}
