//! The list of actions: what the numbers of the dashboard count, filtered in the address, fifty rows a page.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::action::{self, Status};
use crate::domain::calendar;
use crate::domain::reference::Reference;
use crate::domain::significance::Weight;
use crate::domain::topic::{Risk, Theme};
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked::{self, one_of};
use crate::http::extract::Query;
use crate::http::form::Choice;
use crate::http::left_out::LeftOut;
use crate::http::page::{self, Layout, Pager};
use crate::http::pill::{pill, stale_mark, waiting};
use crate::http::signed::{Reading, Signed};
use crate::http::view::{Pages, State as Look, Tag};
use crate::sheet::Format;
use crate::store::action_list::{self, Asked, Key, Listed, ROWS, Show};
use crate::workflow::Moment;

/// The list as a file.
mod sheet;

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
    significance: String,
    q: String,
    after: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

impl Filter {
    /// What the links of the page carry: with this choice of actions and this weight, and the rest as it is.
    fn fields<'a>(&'a self, show: &'a str, weight: Weight) -> [(&'static str, &'a str); 6] {
        [
            ("show", show),
            ("service", &self.service),
            ("theme", &self.theme),
            ("risk", &self.risk),
            ("significance", weight.as_str()),
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
    weights: Vec<Choice>,
    weight: &'static str,
    left_out: Option<LeftOut>,
    words: String,
    problem: Option<&'static str>,
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
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeDashboard)?;
    let today = Moment::read(&app).today;
    let show = one_of::<Show>(&filter.show)?.unwrap_or(Show::Open);
    let weight = one_of(&filter.significance)?.unwrap_or_else(|| Weight::usual(signed.role()));
    let words = asked::words(&filter.q);
    let format = one_of::<Format>(&filter.format)?;
    let asked = Asked {
        member: &signed.actor.member,
        show,
        service: Some(filter.service.as_str()).filter(|s| !s.is_empty()),
        theme: one_of::<Theme>(&filter.theme)?,
        risk: one_of::<Risk>(&filter.risk)?,
        weight,
        words: words.unwrap_or_default(),
        today,
        after: key(&filter.after)?,
        limit: ROWS + 1,
    };
    let mut found = action_list::page(&mut tx, &asked).await?;
    drop(tx);
    if asked.service.is_some_and(|slug| !found.around.services.iter().any(|s| s.0 == slug)) {
        return Err(AppError::NotFound);
    }
    if let (Some(format), Ok(_)) = (format, words) {
        return sheet::answer(&app, &signed, format, &asked, &found.around.services).await;
    }
    let status = if words.is_err() {
        let around = found.around.clone();
        found = Arc::new(action_list::Page { around, ..action_list::Page::default() });
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    page::render_as(status, &draw(&signed, &filter, &asked, &found, words.err()))
}

/// The place a page begins after.
fn key(after: &str) -> Result<Option<Key>, AppError> {
    let key = asked::place(after, |place| place.parse().ok(), |number| number.parse().ok())?;
    Ok(key.map(|(place, number)| Key { place, number }))
}

fn draw(
    signed: &Signed,
    filter: &Filter,
    asked: &Asked<'_>,
    found: &action_list::Page,
    problem: Option<&'static str>,
) -> Page {
    let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let (more, rows) = (found.rows.len() > most, found.rows.get(..most).unwrap_or(&found.rows));
    let here = signed.path("actions");
    let last = rows.last().filter(|_| more).map(|r| format!("{}.{}", r.place, r.number));
    let fields = filter.fields(asked.show.as_str(), asked.weight);
    let title = title(asked.show);
    let layout = signed.layout_with(title.clone(), found.around.counts).at(&signed.path("dashboard"));
    let layout = if problem.is_none() { layout.handing_out(&here, &fields) } else { layout };
    Page {
        layout: layout.with_errors(problem.is_some()),
        left_out: left_out(found, filter, asked.show, &here),
        title,
        shows: Choice::all::<Show>(),
        show: asked.show.as_str(),
        services: found.around.services.iter().map(|(slug, name)| Choice::new(slug, name.clone())).collect(),
        themes: Choice::all::<Theme>(),
        risks: Choice::all::<Risk>(),
        weights: Choice::all::<Weight>(),
        weight: asked.weight.as_str(),
        rows: rows.iter().map(|r| line(r, asked, signed)).collect(),
        empty: if found.left_out > 0 { ONLY_MINOR.into() } else { empty(asked.show) },
        pages: Pages(Pager::new(&here, &fields, None, last.as_deref())),
        action: here,
        service: filter.service.clone(),
        theme: filter.theme.clone(),
        risk: filter.risk.clone(),
        words: filter.q.clone(),
        problem,
    }
}

/// What this view leaves out, with the same filters.
fn left_out(found: &action_list::Page, filter: &Filter, show: Show, here: &str) -> Option<LeftOut> {
    let list = |show: Show, weight| page::with_query(here, &filter.fields(show.as_str(), weight), None);
    let left = LeftOut::new(found.left_out, list(show, Weight::Minor), list(show, Weight::All))?;
    // in a list of what is late they all are; in others not every one of them could be listed by itself
    let late = if show == Show::Open { found.left_out_late } else { 0 };
    Some(left.of_them(late, "late", || list(Show::Late, Weight::Minor)))
}

fn title(show: Show) -> String {
    match show {
        Show::Open => "Open actions".into(),
        Show::All => "All actions".into(),
        Show::Unowned => "Actions without an owner".into(),
        Show::CameBack => "Actions that came back".into(),
        Show::Stale => "Actions without an update for 14 days".into(),
        Show::Late | Show::Closed | Show::Cancelled | Show::Merged => format!("{} actions", show.label()),
        Show::Soon | Show::ToVerify | Show::VerifyLate | Show::ToClose => {
            format!("Actions: {}", show.label().to_lowercase())
        }
    }
}

/// Said of an empty list that leaves something out: whether all is well with that, the list does not say.
const ONLY_MINOR: &str = "Nothing but what is minor is in this list.";

fn empty(show: Show) -> String {
    match show {
        Show::Late => "Nothing is late here.".into(),
        Show::Unowned => "Every open action here has an owner.".into(),
        Show::Open => "Nothing is open here.".into(),
        Show::Stale => "Everything open here was updated within the last 14 days.".into(),
        Show::All => "No action here yet.".into(),
        other => format!("No action here is in this list: {}.", other.label().to_lowercase()),
    }
}

/// How an action stands.
fn standing(r: &Listed, show: Show, today: NaiveDate) -> Tag {
    let passed = r.verify_by.filter(|by| r.status == Status::Submitted && *by < today);
    match passed {
        _ if show == Show::Merged => Tag::saying(Look::Cancelled, "Merged"),
        Some(by) => waiting(calendar::working_days_after(by, today, r.nation)),
        None => pill(action::state(r.status, r.due_on, r.nation, r.cycle, today, r.escalated), today),
    }
}

/// Who owns it, in words.
fn owner(r: &Listed) -> String {
    match (&r.owner, r.unowned) {
        (Some(name), false) => name.clone(),
        (Some(name), true) => format!("{name} has left"),
        (None, _) => "Nobody".into(),
    }
}

fn line(r: &Listed, asked: &Asked<'_>, signed: &Signed) -> Line {
    let reference = Reference::action(r.number).to_string();
    Line {
        href: signed.path(&format!("actions/{reference}")),
        reference,
        what: r.what.clone(),
        tag: standing(r, asked.show, asked.today),
        stale: stale_mark(r.status, r.moved_at, asked.today),
        owner: owner(r),
        due: r.due_on.map_or_else(|| "No date".into(), words::date),
        service: r.service.clone(),
        topic: r.topic.label(),
        risk: r.risk.label(),
        high: r.risk.is_high(),
    }
}
