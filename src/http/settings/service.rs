//! Services and their units: the list, adding, changing.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::calendar::Nation;
use crate::domain::place::{NAME, UNIT, unit_names};
use crate::domain::topic::ServiceKind;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner;
use crate::http::export::{self, AsFile, Of, Whole};
use crate::http::extract::{Path, Query};
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout};
use crate::http::settings::{history, layout};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::http::view::Timeline;
use crate::ids::{ServiceId, UnitId};
use crate::sheet::{Column, Row as Cells};
use crate::store::provider::{Service, Unit};
use crate::store::{service as store, trail};
use crate::workflow::service::{self, Given};

/// The addresses of this feature.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/settings/services", list)
        .get("/p/{provider}/settings/services/new", new)
        .post("/p/{provider}/settings/services/new", add)
        .get("/p/{provider}/settings/services/{id}", show)
        .post("/p/{provider}/settings/services/{id}", change)
}

#[derive(Template)]
#[template(path = "settings/services.html")]
struct ListPage {
    layout: Layout,
    back: String,
    new: String,
    rows: Vec<Row>,
}

/// One service of the list.
struct Row {
    name: String,
    href: String,
    kind: &'static str,
    nation: &'static str,
    units: String,
    members: i64,
}

async fn list(
    signed: Signed,
    State(app): State<AppState>,
    Query(asked): Query<AsFile>,
) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    let mut tx = signed.actor.begin(&app).await?;
    let services = store::list(&mut tx).await?;
    tx.commit().await?;
    if let Some(format) = asked.format()? {
        return export::whole(&app, &signed, format, &Of::new("services", "Services"), sheet(&services))
            .await;
    }
    let row = |s: store::Listed| Row {
        href: signed.path(&format!("settings/services/{}", s.service.id)),
        name: s.service.name,
        kind: s.service.kind.label(),
        nation: s.service.nation.label(),
        units: if s.units.is_empty() { "None".into() } else { words::list(&s.units) },
        members: s.members,
    };
    page::render(&ListPage {
        layout: layout(&signed, "Services").handing_out(&signed.path("settings/services"), &[]),
        back: signed.path("settings"),
        new: signed.path("settings/services/new"),
        rows: services.into_iter().map(row).collect(),
    })
}

/// The services as a file.
fn sheet(services: &[store::Listed]) -> Whole {
    const COLUMNS: &[Column] = &[
        Column::new("Service", 30),
        Column::new("Kind", 20),
        Column::new("Nation", 18),
        Column::new("Units", 50),
        Column::new("Members", 10),
    ];
    let row = |s: &store::Listed| -> Cells {
        vec![
            s.service.name.clone().into(),
            s.service.kind.label().into(),
            s.service.nation.label().into(),
            s.units.join(", ").into(),
            s.members.into(),
        ]
    };
    Whole(COLUMNS, services.iter().map(row).collect())
}

#[derive(Template)]
#[template(path = "settings/service.html")]
struct FormPage {
    layout: Layout,
    draft: Draft,
    back: String,
    post: String,
    title: String,
    seen: String,
    kinds: Vec<Choice>,
    nations: Vec<Choice>,
    units: Vec<UnitField>,
    history: Option<Timeline>,
}

/// The name of a unit that is there.
struct UnitField {
    field: String,
    label: String,
}

fn draw(signed: &Signed, draft: Draft, of: Option<(&Service, &[Unit])>) -> FormPage {
    let title = of.map_or_else(|| "Add a service".to_owned(), |(service, _)| service.name.clone());
    let path = of.map_or_else(|| "new".to_owned(), |(service, _)| service.id.to_string());
    let units = of.map_or(&[][..], |(_, units)| units);
    FormPage {
        layout: layout(signed, title.clone()).with_errors(!draft.is_ok()),
        draft,
        back: signed.path("settings/services"),
        post: signed.path(&format!("settings/services/{path}")),
        title,
        seen: of.map(|(service, units)| service::fingerprint(service, units)).unwrap_or_default(),
        kinds: Choice::all::<ServiceKind>(),
        nations: Choice::all::<Nation>(),
        units: units
            .iter()
            .map(|u| UnitField { field: format!("unit-{}", u.id), label: format!("Unit {}", u.name) })
            .collect(),
        history: None,
    }
}

async fn new(signed: Signed) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    page::render(&draw(&signed, Draft::new(), None))
}

/// The fields of the form, when all of them can be read.
struct Typed {
    name: String,
    kind: ServiceKind,
    nation: Nation,
    units: Vec<(UnitId, String)>,
    more: Vec<String>,
}

fn typed(draft: &mut Draft, units: &[Unit]) -> Option<Typed> {
    let name = draft.line("name", NAME, "Enter the name of the service");
    let kind = draft.choice("kind", "Choose which kind of service it is");
    let nation = draft.choice("nation", "Choose the nation, for its bank holidays");
    let mut named = Vec::new();
    for unit in units {
        let name = draft.line(&format!("unit-{}", unit.id), UNIT, "Give the unit a name");
        named.extend(name.map(|name| (unit.id, name)));
    }
    let more = unit_names(&draft.optional_text("more", 5_000).unwrap_or_default());
    let all = (name?, kind?, nation?);
    draft.is_ok().then_some(Typed { name: all.0, kind: all.1, nation: all.2, units: named, more })
}

impl Typed {
    fn given(&self) -> Given<'_> {
        Given { name: &self.name, kind: self.kind, nation: self.nation, units: &self.units, more: &self.more }
    }
}

async fn add(signed: Signed, State(app): State<AppState>, mut draft: Draft) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    if let Some(typed) = typed(&mut draft, &[]) {
        let done = service::add(&app, &signed.actor, &typed.given()).await;
        if let Answer::Done(_) = answer(done, &mut draft)? {
            return Ok(page::done(&signed.path("settings/services"), banner::Done::SettingChanged, ""));
        }
    }
    page::unprocessable(&draw(&signed, draft, None))
}

async fn read(
    app: &AppState,
    signed: &Signed,
    id: ServiceId,
) -> Result<(Service, Vec<Unit>, Timeline), AppError> {
    signed.need(Verb::ManagePeople)?;
    let mut tx = signed.actor.begin(app).await?;
    let all = crate::store::provider::services(&mut tx).await?;
    let service = all.into_iter().find(|s| s.id == id).ok_or(AppError::NotFound)?;
    let units = store::units(&mut tx, id).await?;
    let lines = trail::of_provider(&mut tx, &json!({ "service": id }), None, history::LINES).await?;
    tx.commit().await?;
    Ok((service, units, history::timeline(&lines)))
}

async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, ServiceId)>,
) -> Result<Response, AppError> {
    let (service, units, history) = read(&app, &signed, id).await?;
    let filled = Draft::new()
        .with("name", service.name.clone())
        .with("kind", service.kind.as_str())
        .with("nation", service.nation.as_str());
    let filled = units.iter().fold(filled, |d, u| d.with(&format!("unit-{}", u.id), u.name.clone()));
    page::render(&FormPage { history: Some(history), ..draw(&signed, filled, Some((&service, &units))) })
}

async fn change(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, ServiceId)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let (service, units, history) = read(&app, &signed, id).await?;
    let seen = draft.carried("seen").to_owned();
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    // overtaken: units that came meanwhile were not on the page, so what is missing is not the person's doing
    if service::fingerprint(&service, &units) != seen {
        status = StatusCode::CONFLICT;
    } else if let Some(typed) = typed(&mut draft, &units) {
        let done = service::change(&app, &signed.actor, id, &seen, &typed.given()).await;
        match answer(done, &mut draft)? {
            Answer::Done(()) => {
                let here = signed.path(&format!("settings/services/{id}"));
                return Ok(page::done(&here, banner::Done::SettingChanged, ""));
            }
            Answer::Again(again) => status = again,
        }
    }
    if status == StatusCode::CONFLICT {
        draft.refuse(
            "name",
            "Somebody changed this service since you opened it. Look at it again, then send it",
        );
    }
    let page = FormPage { history: Some(history), ..draw(&signed, draft, Some((&service, &units))) };
    page::render_as(status, &page)
}
