//! Changing a member's place: name, role, job title, services.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::member::{Member, Role};
use crate::domain::place::{NAME, fingerprint_of};
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout};
use crate::http::settings::layout;
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::ids::{MemberId, ServiceId};
use crate::store::{member, provider};
use crate::workflow::place;

/// The addresses of this feature.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/settings/members/{id}/place", form)
        .post("/p/{provider}/settings/members/{id}/place", change)
}

#[derive(Template)]
#[template(path = "settings/place.html")]
struct PlacePage {
    layout: Layout,
    draft: Draft,
    back: String,
    post: String,
    name: String,
    seen: String,
    roles: Vec<Choice>,
    services: Vec<Choice>,
}

/// The roles as choices, each with what it sees.
pub(super) fn roles() -> Vec<Choice> {
    Role::ALL.iter().map(|role| Choice::new(role.as_str(), role.label()).hint(about(*role))).collect()
}

const fn about(role: Role) -> &'static str {
    match role {
        Role::CareStaff => "Their own actions; can log a finding in their services",
        Role::TeamLeader => "Everything in their services; agrees actions",
        Role::DeputyManager => "Everything in their services; checks what was submitted",
        Role::RegisteredManager => "Everything in their services; checks, approves and decides",
        Role::SafeguardingLead => "The whole provider; checks",
        Role::QualityLead => "The whole provider; checks, approves feedback actions, decides",
        Role::NominatedIndividual => "The whole provider; assures high risk, checks, decides",
        Role::Administrator => "The whole provider; people and settings, no judging",
        Role::ExternalReader => "Only what is handed to them",
    }
}

/// The services that were ticked.
pub(super) fn ticked(draft: &mut Draft) -> Vec<ServiceId> {
    let sent: Vec<Result<Uuid, _>> = draft.values("services").map(Uuid::try_parse).collect();
    if sent.iter().any(Result::is_err) {
        draft.refuse("services", "Choose services of this provider");
    }
    let mut services: Vec<ServiceId> = sent.into_iter().flatten().map(ServiceId::from).collect();
    services.sort_unstable();
    services.dedup();
    services
}

async fn read(
    app: &AppState,
    signed: &Signed,
    id: MemberId,
) -> Result<(Member, Vec<provider::Service>), AppError> {
    signed.need(Verb::ManagePeople)?;
    let mut tx = signed.actor.begin(app).await?;
    let found = member::get(&mut tx, id).await?;
    let services = provider::services(&mut tx).await?;
    // who has left is there to be read, and has no place to change
    let was = crate::store::member_list::list(&mut tx, Some(id)).await?.pop().ok_or(AppError::NotFound)?;
    tx.commit().await?;
    match found {
        Some(found) => Ok((found, services)),
        None => Err(AppError::Forbidden(format!("{} has left.", was.member.name).into())),
    }
}

fn draw(signed: &Signed, member: &Member, services: &[provider::Service], draft: Draft) -> PlacePage {
    PlacePage {
        layout: layout(signed, "Change a member's place").with_errors(!draft.is_ok()),
        draft,
        back: signed.path(&format!("settings/members/{}", member.id)),
        post: signed.path(&format!("settings/members/{}/place", member.id)),
        name: member.name.clone(),
        seen: fingerprint_of(member),
        roles: roles(),
        services: services.iter().map(|s| Choice::new(s.id.to_string(), s.name.clone())).collect(),
    }
}

async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, MemberId)>,
) -> Result<Response, AppError> {
    let (member, services) = read(&app, &signed, id).await?;
    let filled = Draft::new()
        .with("name", member.name.clone())
        .with("role", member.role.as_str())
        .with("job_title", member.job_title.clone());
    let filled = member.services.iter().fold(filled, |draft, s| draft.with("services", s.to_string()));
    page::render(&draw(&signed, &member, &services, filled))
}

async fn change(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, MemberId)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let (member, services) = read(&app, &signed, id).await?;
    let seen = draft.carried("seen").to_owned();
    let name = draft.line("name", NAME, "Enter their name, as colleagues know it");
    let role = draft.choice::<Role>("role", "Choose one role");
    let job_title = draft.optional_text("job_title", NAME).unwrap_or_default();
    let given = ticked(&mut draft);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (true, Some(name), Some(role)) = (draft.is_ok(), name, role) {
        let after = Member { id, name, role, job_title, services: given };
        match answer(place::change(&app, &signed.actor, &after, &seen).await, &mut draft)? {
            Answer::Done(()) => {
                let back = signed.path(&format!("settings/members/{id}"));
                return Ok(page::done(&back, banner::Done::SettingChanged, ""));
            }
            Answer::Again(again) => status = again,
        }
    }
    if status == StatusCode::CONFLICT {
        let now = format!(
            "Somebody changed this place since you opened it. It is now: {}, {}. Look at it again, then send it",
            member.name,
            member.role.label().to_lowercase()
        );
        draft.refuse("name", now);
    }
    page::render_as(status, &draw(&signed, &member, &services, draft))
}
