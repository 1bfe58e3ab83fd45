//! Invitations: who was invited, inviting, renewing, withdrawing. A secret is shown once, on the page that made it.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::invitation::{Standing, Way};
use crate::domain::member::Role;
use crate::domain::place::NAME;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner;
use crate::http::export::{self, AsFile, Of, Whole};
use crate::http::extract::{Path, Query};
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout};
use crate::http::settings::{layout, place};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::ids::InvitationId;
use crate::mail::transport::Transport;
use crate::sheet::{Column, Row as Cells};
use crate::store::invitation::{self as store, Invitation};
use crate::workflow::Stop;
use crate::workflow::invitation::{self as inviting, Given, Made};

/// The addresses of this feature.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/settings/invitations", list)
        .get("/p/{provider}/settings/invitations/new", new)
        .post("/p/{provider}/settings/invitations/new", invite)
        .post("/p/{provider}/settings/invitations/{id}/renewal", renew)
        .post("/p/{provider}/settings/invitations/{id}/withdrawal", withdraw)
}

#[derive(Template)]
#[template(path = "settings/invitations.html")]
struct ListPage {
    layout: Layout,
    back: String,
    new: String,
    rows: Vec<Row>,
}

/// One invitation of the list.
struct Row {
    name: String,
    role: &'static str,
    way: String,
    standing: &'static str,
    until: String,
    trouble: String,
    renewal: Option<String>,
    withdrawal: Option<String>,
}

async fn list(
    signed: Signed,
    State(app): State<AppState>,
    Query(asked): Query<AsFile>,
) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    let mut tx = signed.actor.begin(&app).await?;
    let all = store::list(&mut tx).await?;
    let now = tx.now();
    tx.commit().await?;
    if let Some(format) = asked.format()? {
        let of = Of::new("invitations", "Invitations");
        return export::whole(&app, &signed, format, &of, sheet(&all, now)).await;
    }
    page::render(&ListPage {
        layout: layout(&signed, "Invitations").handing_out(&signed.path("settings/invitations"), &[]),
        back: signed.path("settings"),
        new: signed.path("settings/invitations/new"),
        rows: all.iter().map(|i| row(&signed, i, now)).collect(),
    })
}

/// The invitations as a file; no secret is in it.
fn sheet(all: &[Invitation], now: DateTime<Utc>) -> Whole {
    const COLUMNS: &[Column] = &[
        Column::new("Name", 28),
        Column::new("Role", 24),
        Column::new("Job title", 24),
        Column::new("How", 20),
        Column::new("Email", 34),
        Column::new("State", 24),
        Column::new("Made", 24),
        Column::new("Sent", 24),
        Column::new("Open until", 24),
        Column::new("Accepted", 24),
        Column::new("Withdrawn", 24),
    ];
    let row = |i: &Invitation| -> Cells {
        vec![
            i.name.clone().into(),
            i.role.label().into(),
            i.job_title.clone().into(),
            i.way.label().into(),
            i.email.clone().into(),
            i.standing(now).label().into(),
            i.created_at.into(),
            i.sent_at.into(),
            i.expires_at.into(),
            i.accepted_at.into(),
            i.withdrawn_at.into(),
        ]
    };
    Whole(COLUMNS, all.iter().map(row).collect())
}

fn row(signed: &Signed, i: &Invitation, now: DateTime<Utc>) -> Row {
    let standing = i.standing(now);
    let open = standing == Standing::Open;
    let path = |verb: &str| signed.path(&format!("settings/invitations/{}/{verb}", i.id));
    let way = match (&i.email, i.sent_at, i.mail_due) {
        (None, ..) => "Printed code".to_owned(),
        (Some(email), Some(at), _) => format!("Mail to {email}, sent on {}", words::instant(at)),
        (Some(email), None, true) => format!("Mail to {email}, on its way"),
        (Some(email), None, false) => format!("Link for {email}"),
    };
    Row {
        name: i.name.clone(),
        role: i.role.label(),
        way,
        standing: standing.label(),
        until: if open { words::instant(i.expires_at) } else { String::new() },
        trouble: i.last_error.clone().unwrap_or_default(),
        renewal: standing.renewable().then(|| path("renewal")),
        withdrawal: standing.can_be_withdrawn().then(|| path("withdrawal")),
    }
}

#[derive(Template)]
#[template(path = "settings/invite.html")]
struct InvitePage {
    layout: Layout,
    draft: Draft,
    back: String,
    post: String,
    mails: bool,
    ways: Vec<Choice>,
    roles: Vec<Choice>,
    services: Vec<Choice>,
}

async fn draw(app: &AppState, signed: &Signed, draft: Draft) -> Result<InvitePage, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let services = crate::store::provider::services(&mut tx).await?;
    tx.commit().await?;
    Ok(InvitePage {
        layout: layout(signed, "Invite somebody").with_errors(!draft.is_ok()),
        draft,
        back: signed.path("settings/invitations"),
        post: signed.path("settings/invitations/new"),
        mails: matches!(*app.mail, Transport::Smtp(_)),
        ways: Choice::all::<Way>(),
        roles: place::roles(),
        services: services.iter().map(|s| Choice::new(s.id.to_string(), s.name.clone())).collect(),
    })
}

async fn new(signed: Signed, State(app): State<AppState>) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    page::render(&draw(&app, &signed, Draft::new()).await?)
}

async fn invite(signed: Signed, State(app): State<AppState>, mut draft: Draft) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    let way = draft.choice::<Way>("way", "Choose how they are invited");
    let email = match way {
        Some(Way::Mail) => draft.line("email", 254, "Enter their email address"),
        _ => None,
    };
    let name = draft.line("name", NAME, "Enter their name, as colleagues know it");
    let role = draft.choice::<Role>("role", "Choose one role");
    let job_title = draft.optional_text("job_title", NAME).unwrap_or_default();
    let services = place::ticked(&mut draft);
    if let (true, Some(way), Some(name), Some(role)) = (draft.is_ok(), way, name, role) {
        let given = Given { way, email, name, role, job_title, services };
        if let Answer::Done(made) = answer(inviting::invite(&app, &signed.actor, &given).await, &mut draft)? {
            let until = app.clock.now() + way.lasts();
            return made_page(&app, &signed, &made, way, &given.name, until);
        }
    }
    page::unprocessable(&draw(&app, &signed, draft).await?)
}

#[derive(Template)]
#[template(path = "settings/invited.html")]
struct MadePage {
    layout: Layout,
    back: String,
    provider: String,
    name: String,
    on_paper: bool,
    secret: String,
    address: String,
    until: String,
}

/// By mail: back to the list. Otherwise the one page that shows the secret, which no cache may keep.
fn made_page(
    app: &AppState,
    signed: &Signed,
    made: &Made,
    way: Way,
    name: &str,
    until: DateTime<Utc>,
) -> Result<Response, AppError> {
    let back = signed.path("settings/invitations");
    let Some(secret) = &made.secret else { return Ok(page::done(&back, banner::Done::Invited, "")) };
    let on_paper = way == Way::Code;
    let shown = if on_paper { None } else { Some(secret) };
    let mut response = page::render(&MadePage {
        layout: layout(signed, "Invitation"),
        back,
        provider: signed.provider.name.clone(),
        name: name.to_owned(),
        on_paper,
        secret: secret.text().to_owned(),
        address: inviting::address_of(app, &signed.provider.slug, shown),
        until: words::instant(until),
    })?;
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn renew(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, InvitationId)>,
) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    let (made, i) = inviting::renew(&app, &signed.actor, id).await.map_err(refused)?;
    made_page(&app, &signed, &made, i.way, &i.name, i.expires_at)
}

async fn withdraw(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, InvitationId)>,
) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    inviting::withdraw(&app, &signed.actor, id).await.map_err(refused)?;
    Ok(page::done(&signed.path("settings/invitations"), banner::Done::InvitationWithdrawn, ""))
}

/// A button without a form has no place for a sentence: it is a page.
fn refused(stop: Stop) -> AppError {
    match stop {
        Stop::Refused(said) => {
            let said: Vec<String> = said.into_iter().map(|s| s.sentence).collect();
            AppError::Forbidden(format!("{}.", said.join(". ")).into())
        }
        Stop::Changed => AppError::Conflict,
        Stop::Failed(error) => error,
    }
}
