//! "This person is leaving": what they own, check and decide, and who goes on with it (R7).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::action;
use crate::domain::leaver::{Vacancy, vacancies};
use crate::domain::member::Member;
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout};
use crate::http::pill::pill;
use crate::http::settings::layout;
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::http::view::Tag;
use crate::ids::{MemberId, ServiceId};
use crate::store::leaver::{self as store, Owned};
use crate::store::member;
use crate::workflow::Moment;
use crate::workflow::leaver::{self, Behind, Handing, Leaving};

/// With more actions than this, one new owner is chosen for each service and not for each action.
const ONE_BY_ONE: usize = 100;
/// How many rows of what waits for checks and decisions are shown.
const SHOWN: usize = 50;
/// Chosen for one action: nobody, whoever takes the rest.
const NOBODY: &str = "nobody";

/// The addresses of this feature.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/settings/members/{id}/departure", form)
        .post("/p/{provider}/settings/members/{id}/departure", leave)
}

#[derive(Template)]
#[template(path = "settings/departure.html")]
struct DeparturePage {
    layout: Layout,
    draft: Draft,
    back: String,
    post: String,
    name: String,
    yourself: bool,
    /// Number and version of everything they own, as this page shows it.
    actions: String,
    count: String,
    places: Vec<Place>,
    only_checker: Waiting,
    to_decide: Waiting,
    vacant: Vec<String>,
    members: String,
}

/// What somebody owns in one service.
struct Place {
    field: String,
    name: String,
    rows: Vec<Row>,
    owners: Vec<Choice>,
    /// The choice for one action alone; empty when there are too many.
    others: Vec<Choice>,
}

/// One action of theirs.
struct Row {
    field: String,
    reference: String,
    what: String,
    href: String,
    tag: Tag,
    due: String,
}

/// What waits for them, and who goes on.
struct Waiting {
    lines: Vec<Line>,
    more: usize,
}

/// One thing that waits.
struct Line {
    what: String,
    href: String,
    meta: String,
    then: String,
}

/// What the page is made of.
struct Read {
    leaver: Member,
    others: Vec<Member>,
    owned: Vec<Owned>,
    behind: Behind,
    services: Vec<(ServiceId, String)>,
}

async fn read(app: &AppState, signed: &Signed, id: MemberId) -> Result<Read, AppError> {
    signed.need(Verb::ManagePeople)?;
    let mut tx = signed.actor.begin(app).await?;
    let mut others = member::all(&mut tx).await?;
    let Some(at) = others.iter().position(|m| m.id == id) else {
        let was =
            crate::store::member_list::list(&mut tx, Some(id)).await?.pop().ok_or(AppError::NotFound)?;
        let when = was.ended_at.map(|at| words::date(london_date(at))).unwrap_or_default();
        return Err(AppError::Forbidden(format!("{} left on {when}.", was.member.name).into()));
    };
    let leaver = others.remove(at);
    let owned = store::owned(&mut tx, id).await?;
    let behind = leaver::behind(&mut tx, &leaver, &others).await?;
    let services = crate::store::provider::services(&mut tx).await?;
    tx.commit().await?;
    let services = services.into_iter().map(|s| (s.id, s.name)).collect();
    Ok(Read { leaver, others, owned, behind, services })
}

async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, MemberId)>,
) -> Result<Response, AppError> {
    let read = read(&app, &signed, id).await?;
    page::render(&draw(&signed, &read, Draft::new(), Moment::read(&app).today))
}

async fn leave(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, MemberId)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let before = read(&app, &signed, id).await?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let reason = draft.text("reason", 2000, "Say why the work changes hands");
    let actions = handed(&mut draft, &before.owned);
    if let (true, Some(reason)) = (draft.is_ok(), reason) {
        let leaving = Leaving { member: id, reason: &reason, actions: &actions };
        match answer(leaver::leave(&app, &signed.actor, &leaving).await, &mut draft)? {
            Answer::Done(_) if id == signed.actor.member.id => return Ok(page::see_other("/sign-in")),
            Answer::Done(_) => {
                return Ok(page::done(&signed.path("settings/members"), banner::Done::MemberLeft, ""));
            }
            Answer::Again(again) => status = again,
        }
    }
    if status == StatusCode::CONFLICT {
        draft.refuse(
            "actions",
            "What they own changed since you opened this page. Look at it again, then send it",
        );
    }
    let read = read(&app, &signed, id).await?;
    page::render_as(status, &draw(&signed, &read, draft, Moment::read(&app).today))
}

/// What was chosen for each action the page showed: for itself, or for its service.
fn handed(draft: &mut Draft, owned: &[Owned]) -> Vec<Handing> {
    let sent = draft.value("actions").to_owned();
    let rows: Vec<(i32, i64)> = sent
        .split(',')
        .filter_map(|pair| {
            let (number, seen) = pair.split_once(':')?;
            Some((number.parse().ok()?, seen.parse().ok()?))
        })
        .collect();
    rows.into_iter()
        .map(|(number, seen)| {
            let own = format!("owner-{number}");
            let place = owned.iter().find(|a| a.number == number).map(|a| format!("to-{}", a.service));
            let to = match (draft.value(&own).to_owned().as_str(), place) {
                (NOBODY, _) => None,
                ("", Some(place)) => draft.optional_id(&place, "Choose one person, or nobody yet"),
                ("", None) => None,
                _ => draft.optional_id(&own, "Choose one person, or nobody yet"),
            };
            Handing { number, seen, to }
        })
        .collect()
}

fn draw(signed: &Signed, read: &Read, draft: Draft, today: NaiveDate) -> DeparturePage {
    let title = format!("{} is leaving", read.leaver.name);
    let id = read.leaver.id;
    let pair = |a: &Owned| format!("{}:{}", a.number, a.version);
    DeparturePage {
        layout: layout(signed, title).with_errors(!draft.is_ok()),
        draft,
        back: signed.path(&format!("settings/members/{id}")),
        post: signed.path(&format!("settings/members/{id}/departure")),
        name: read.leaver.name.clone(),
        yourself: id == signed.actor.member.id,
        actions: read.owned.iter().map(pair).collect::<Vec<_>>().join(","),
        count: words::count(read.owned.len() as u64, "open action"),
        places: places(signed, read, today),
        only_checker: only_checker(signed, read),
        to_decide: to_decide(signed, read),
        vacant: vacancies(&read.leaver, &read.others).into_iter().map(|v| vacant(read, v)).collect(),
        members: signed.path("settings/members"),
    }
}

fn places(signed: &Signed, read: &Read, today: NaiveDate) -> Vec<Place> {
    let one_by_one = read.owned.len() <= ONE_BY_ONE;
    let mut places: Vec<Place> = Vec::new();
    for a in &read.owned {
        if places.last().is_none_or(|place| place.field != format!("to-{}", a.service)) {
            let here = read.others.iter().filter(|m| m.sees_service(a.service));
            let owners: Vec<Choice> = here.map(|m| Choice::new(m.id.to_string(), with_title(m))).collect();
            let mut others = Vec::new();
            if one_by_one {
                others.push(Choice::new(NOBODY, "Nobody yet"));
                others.extend(owners.iter().cloned());
            }
            let (field, name) = (format!("to-{}", a.service), a.service_name.clone());
            places.push(Place { field, name, rows: Vec::new(), owners, others });
        }
        let state = action::state(a.status, a.due_on, a.nation, a.cycle, today, false);
        let reference = Reference::action(a.number).to_string();
        if let Some(place) = places.last_mut() {
            place.rows.push(Row {
                field: format!("owner-{}", a.number),
                href: signed.path(&format!("actions/{reference}")),
                reference,
                what: a.what.clone(),
                tag: pill(state, today),
                due: a.due_on.map_or_else(|| "No date".to_owned(), words::date),
            });
        }
    }
    places
}

fn with_title(m: &Member) -> String {
    let (id, name, role, job_title) = (m.id, m.name.clone(), m.role, m.job_title.clone());
    action::Person { id, name, role, job_title, left: false }.with_title()
}

fn only_checker(signed: &Signed, read: &Read) -> Waiting {
    waiting(&read.behind.only_checker, |w| Line {
        what: w.what.clone(),
        href: signed.path(&format!("actions/{}", Reference::action(w.number))),
        meta: format!(
            "{} · {}{}",
            Reference::action(w.number),
            w.service_name,
            w.verify_by.map(|by| format!(" · to be checked by {}", words::date(by))).unwrap_or_default()
        ),
        then: String::new(),
    })
}

fn to_decide(signed: &Signed, read: &Read) -> Waiting {
    waiting(&read.behind.to_decide, |w| {
        let names: Vec<&str> = w.case.deciders(&read.others).iter().map(|m| m.name.as_str()).collect();
        Line {
            what: w.what.clone(),
            href: signed.path(&format!("actions/{}", Reference::action(w.number))),
            meta: format!(
                "{} · {} · since {}",
                Reference::action(w.number),
                w.service_name,
                words::date(london_date(w.at))
            ),
            then: if names.is_empty() {
                "Nobody else may decide it".into()
            } else {
                format!("Then decided by {}", words::choice(&names))
            },
        }
    })
}

fn waiting<T>(rows: &[T], line: impl Fn(&T) -> Line) -> Waiting {
    Waiting { lines: rows.iter().take(SHOWN).map(line).collect(), more: rows.len().saturating_sub(SHOWN) }
}

fn vacant(read: &Read, vacancy: Vacancy) -> String {
    match vacancy {
        Vacancy::Provider(role) => format!("Nobody else here is {}.", role.label().to_lowercase()),
        Vacancy::Service(role, service) => {
            let name = read.services.iter().find(|(id, _)| *id == service).map_or("", |(_, name)| name);
            format!("{name} has no other {}.", role.label().to_lowercase())
        }
    }
}
