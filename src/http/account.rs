//! A person's own pages: who they are, where they have a place, which browsers are signed in, their password.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::AppState;
use crate::auth::session::SessionCookie;
use crate::auth::token::Token;
use crate::clock::london_date;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::browser::Browser;
use crate::http::extract::Path;
use crate::http::form::Draft;
use crate::http::halfway::{self, Carried};
use crate::http::page::{self, Layout};
use crate::http::signed::{self, SignedPerson};
use crate::http::verb::{Answer, answer};
use crate::ids::SessionId;
use crate::store::SystemTx;
use crate::store::system::{self, OwnPlace};
use crate::workflow::{self, Stop, codes, session};

/// `/account` and what can be done there.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/account", show)
        .post("/account/password", change_password)
        .post("/account/codes", set_up_by_choice)
        .post("/account/codes/phone", another_phone)
        .post("/account/codes/recovery", renew_recovery)
        .post("/account/sessions/others/end", end_others)
        .post("/account/sessions/{session}/end", end)
}

#[derive(Template)]
#[template(path = "account/show.html")]
struct AccountPage {
    layout: Layout,
    draft: Draft,
    name: String,
    email: String,
    places: Vec<OwnPlace>,
    sessions: Vec<SessionRow>,
    codes: Option<CodesCard>,
}

/// The one-time codes of a person.
struct CodesCard {
    since: String,
    left: String,
}

/// A browser that is signed in.
struct SessionRow {
    id: SessionId,
    device: String,
    since: String,
    seen: String,
    here: bool,
}

async fn show(person: SignedPerson, State(app): State<AppState>) -> Result<Response, AppError> {
    page::render(&account(&app, &person, Draft::new()).await?)
}

async fn account(app: &AppState, person: &SignedPerson, draft: Draft) -> Result<AccountPage, AppError> {
    let mut tx = SystemTx::begin(&app.db, Some(person.user), app.clock.now()).await?;
    let own = system::account(&mut tx, person.user).await?.ok_or(AppError::SignedOut)?;
    let places = system::own_places(&mut tx, person.user).await?;
    let sessions = crate::store::session::of_person(&mut tx, person.user).await?;
    let codes = crate::store::codes::own(&mut tx, person.user).await?;
    tx.commit().await?;
    let row = |session: crate::store::session::OwnSession| SessionRow {
        id: session.id,
        device: session.device,
        since: words::instant(session.created_at),
        seen: words::instant(session.seen_at),
        here: session.id == person.session,
    };
    Ok(AccountPage {
        layout: person.layout("Your account").with_errors(!draft.is_ok()),
        draft,
        name: own.name,
        email: own.email,
        places,
        sessions: sessions.into_iter().map(row).collect(),
        codes: codes.map(|own| CodesCard {
            since: words::date(london_date(own.since)),
            left: words::count(u64::try_from(own.left).unwrap_or_default(), "recovery code"),
        }),
    })
}

async fn change_password(
    person: SignedPerson,
    State(app): State<AppState>,
    Browser(from): Browser,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let (current, new) = (draft.value("current-password").to_owned(), draft.value("new-password").to_owned());
    if current.is_empty() {
        draft.refuse("current-password", "Enter your current password");
    }
    if new.is_empty() {
        draft.refuse("new-password", "Enter a new password");
    }
    if draft.is_ok() {
        match session::change_password(&app, person.user, (&current, &new), &from).await {
            Ok(fresh) => {
                let mut response = page::done("/account", Done::PasswordChanged, "");
                let cookie = SessionCookie::for_public_url(app.config.public_url.origin());
                signed::set_cookie(&mut response, &cookie.set(&fresh.token, fresh.limits));
                return Ok(response);
            }
            Err(Stop::Refused(said)) => {
                said.into_iter().for_each(|s| draft.refuse(s.field.unwrap_or("new-password"), s.sentence));
            }
            Err(Stop::Changed) => return Err(AppError::Conflict),
            Err(Stop::Failed(error)) => return Err(error),
        }
    }
    page::unprocessable(&account(&app, &person, draft).await?)
}

async fn renew_recovery(
    person: SignedPerson,
    State(app): State<AppState>,
    Browser(from): Browser,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let typed = draft.line("code", 40, "Enter the code your phone shows now");
    if let Some(typed) = typed {
        match answer(codes::renew_recovery(&app, person.user, &typed, &from).await, &mut draft)? {
            Answer::Done(new) => {
                let carried = Carried { next: "/account".to_owned(), kept: None };
                return halfway::recovery_page(person.user, &new, carried);
            }
            Answer::Again(_) => {}
        }
    }
    page::unprocessable(&account(&app, &person, draft).await?)
}

async fn set_up_by_choice(
    person: SignedPerson,
    State(app): State<AppState>,
    Browser(from): Browser,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let password = draft.value("own-password").to_owned();
    if password.is_empty() {
        draft.refuse("own-password", "Enter your password");
        return page::unprocessable(&account(&app, &person, draft).await?);
    }
    let begun = codes::begin_by_choice(&app, person.user, &password, &from).await;
    go_and_set_up(begun, &app, &person, draft).await
}

async fn another_phone(
    person: SignedPerson,
    State(app): State<AppState>,
    Browser(from): Browser,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let Some(typed) = draft.line("old-code", 40, "Enter the code your phone shows now, or a recovery code")
    else {
        return page::unprocessable(&account(&app, &person, draft).await?);
    };
    let begun = codes::begin_another(&app, person.user, &typed, &from).await;
    go_and_set_up(begun, &app, &person, draft).await
}

/// On to the page on which a phone is set up, or the account again with what is wrong.
async fn go_and_set_up(
    begun: workflow::Done<Token>,
    app: &AppState,
    person: &SignedPerson,
    mut draft: Draft,
) -> Result<Response, AppError> {
    match answer(begun, &mut draft)? {
        Answer::Done(token) => {
            let mut response = page::see_other("/sign-in/code?next=%2Faccount");
            halfway::begin(&mut response, app, &token);
            Ok(response)
        }
        Answer::Again(_) => page::unprocessable(&account(app, person, draft).await?),
    }
}

async fn end(
    person: SignedPerson,
    State(app): State<AppState>,
    Path(which): Path<SessionId>,
) -> Result<Response, AppError> {
    session::end(&app, person.user, which).await?;
    Ok(page::done("/account", Done::SessionEnded, ""))
}

async fn end_others(person: SignedPerson, State(app): State<AppState>) -> Result<Response, AppError> {
    session::end_others(&app, person.user, person.session).await?;
    Ok(page::done("/account", Done::SessionEnded, ""))
}
