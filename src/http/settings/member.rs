//! Members: who is here, in which role, in which services, and who has left.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::member::Sight;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::export::{self, AsFile, Of, Whole};
use crate::http::extract::{Path, Query};
use crate::http::page::{self, Layout};
use crate::http::settings::{history, layout};
use crate::http::signed::Signed;
use crate::http::view::{Facts, Timeline};
use crate::ids::MemberId;
use crate::sheet::{Column, Row as Cells};
use crate::store::member_list::{self, Listed};
use crate::store::trail;

/// The addresses of this feature.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/settings/members", list).get("/p/{provider}/settings/members/{id}", show)
}

#[derive(Template)]
#[template(path = "settings/members.html")]
struct ListPage {
    layout: Layout,
    back: String,
    here: Vec<Row>,
    left: Vec<Row>,
}

/// One member of the list.
struct Row {
    name: String,
    href: String,
    title: String,
    role: &'static str,
    services: String,
    seen: String,
}

async fn list(
    signed: Signed,
    State(app): State<AppState>,
    Query(asked): Query<AsFile>,
) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    let mut tx = signed.actor.begin(&app).await?;
    let members = member_list::list(&mut tx, None).await?;
    tx.commit().await?;
    if let Some(format) = asked.format()? {
        return export::whole(&app, &signed, format, &Of::new("members", "Members"), sheet(&members)).await;
    }
    let (here, left): (Vec<_>, Vec<_>) = members.iter().partition(|m| m.ended_at.is_none());
    let rows = |members: &[&Listed]| members.iter().map(|m| row(m, &signed)).collect();
    page::render(&ListPage {
        layout: layout(&signed, "Members").handing_out(&signed.path("settings/members"), &[]),
        back: signed.path("settings"),
        here: rows(&here),
        left: rows(&left),
    })
}

/// The members as a file.
fn sheet(members: &[Listed]) -> Whole {
    const COLUMNS: &[Column] = &[
        Column::new("Name", 28),
        Column::new("Role", 24),
        Column::new("Job title", 24),
        Column::new("Services", 50),
        Column::new("Open actions", 10),
        Column::new("Here since", 24),
        Column::new("Last seen", 24),
        Column::new("Left", 24),
    ];
    let row = |m: &Listed| -> Cells {
        vec![
            m.member.name.clone().into(),
            m.member.role.label().into(),
            m.member.job_title.clone().into(),
            services(m).into(),
            m.open.into(),
            m.started_at.into(),
            m.seen_at.into(),
            m.ended_at.into(),
        ]
    };
    Whole(COLUMNS, members.iter().map(row).collect())
}

fn row(m: &Listed, signed: &Signed) -> Row {
    let seen = match (m.ended_at, m.seen_at) {
        (Some(ended), _) => words::date(london_date(ended)),
        (None, Some(seen)) => words::instant(seen),
        (None, None) => "Not yet".into(),
    };
    Row {
        name: m.member.name.clone(),
        href: signed.path(&format!("settings/members/{}", m.member.id)),
        title: m.member.job_title.clone(),
        role: m.member.role.label(),
        services: services(m),
        seen,
    }
}

/// The services a member sees, in words.
fn services(m: &Listed) -> String {
    match m.member.role.sight() {
        Sight::Provider => "The whole provider".into(),
        Sight::Nothing => "None".into(),
        Sight::Own | Sight::Services if m.service_names.is_empty() => "None yet".into(),
        Sight::Own | Sight::Services => words::list(&m.service_names),
    }
}

#[derive(Template)]
#[template(path = "settings/member.html")]
struct ShowPage {
    layout: Layout,
    back: String,
    name: String,
    facts: Facts,
    left: Option<String>,
    departure: String,
    place: String,
    codes: String,
    history: Timeline,
}

async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, MemberId)>,
) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    let mut tx = signed.actor.begin(&app).await?;
    let found = member_list::list(&mut tx, Some(id)).await?.pop().ok_or(AppError::NotFound)?;
    let lines = trail::of_provider(&mut tx, &json!({ "member": id }), None, history::LINES).await?;
    tx.commit().await?;
    page::render(&ShowPage {
        layout: layout(&signed, found.member.name.clone()),
        back: signed.path("settings/members"),
        name: found.member.name.clone(),
        facts: facts(&found),
        left: found.ended_at.map(|at| words::date(london_date(at))),
        place: signed.path(&format!("settings/members/{id}/place")),
        codes: signed.path(&format!("settings/members/{id}/codes")),
        departure: signed.path(&format!("settings/members/{id}/departure")),
        history: history::timeline(&lines),
    })
}

fn facts(m: &Listed) -> Facts {
    Facts::new()
        .fact("Role", m.member.role.label())
        .fact("Job title", m.member.job_title.clone())
        .fact("Services", services(m))
        .fact("Open actions", m.open.to_string())
        .fact("Here since", words::date(london_date(m.started_at)))
        .fact("Last seen", m.seen_at.map(words::instant).unwrap_or_default())
        .fact("Left", m.ended_at.map(|at| words::date(london_date(at))).unwrap_or_default())
}
