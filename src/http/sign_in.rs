//! Signing in and out.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::auth::session::SessionCookie;
use crate::auth::token::Token;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::{Banner, Done, Waiting};
use crate::http::browser::Browser;
use crate::http::extract::Query;
use crate::http::form::Draft;
use crate::http::halfway::{self, Carried};
use crate::http::page::{self, Layout};
use crate::http::signed::{self, SignedPerson};
use crate::workflow::session::{self, SignIn};

/// `/sign-in` and `/sign-out`.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/sign-in", show).post("/sign-in", sign_in).post("/sign-out", sign_out)
}

/// Where to go after signing in.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    next: String,
}

async fn show(
    person: Result<SignedPerson, AppError>,
    Waiting(banner): Waiting,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let next = page::own_path(&wanted.next).unwrap_or_default();
    match person {
        Ok(person) if next.is_empty() => {
            Ok(page::see_other(&page::start_of(person.places.iter().map(|place| place.slug.as_str()))))
        }
        Ok(_) => Ok(page::see_other(next)),
        Err(AppError::SignedOut) => {
            let layout = Layout { banner, ..Layout::signed_out("Sign in") };
            let carried = Carried { next: next.to_owned(), kept: None };
            halfway::sign_in_page(StatusCode::OK, layout, Draft::new(), carried)
        }
        Err(other) => Err(other),
    }
}

async fn sign_in(
    State(app): State<AppState>,
    Browser(from): Browser,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let carried = Carried::brought(&draft);
    let email = draft.text("email", 254, "Enter your email address or sign-in name");
    // a password is taken as it was typed: spaces at its ends belong to it
    let password = draft.value("password").to_owned();
    if password.is_empty() {
        draft.refuse("password", "Enter your password");
    }
    let (mut status, mut wait) = (StatusCode::UNPROCESSABLE_ENTITY, None);
    if let (true, Some(email)) = (draft.is_ok(), email) {
        match session::sign_in(&app, &email, &password, &from).await? {
            SignIn::Opened(fresh) => {
                let start = page::start_of(fresh.places.iter().map(String::as_str));
                let mut response = carried.first_page(fresh.user, start)?;
                halfway::open(&mut response, &app, &fresh);
                return Ok(response);
            }
            SignIn::Half(token) => return to_code(&app, &token, carried).await,
            SignIn::Wrong => draft.refuse("email", "Email or password is wrong"),
            SignIn::Wait(seconds) => {
                status = halfway::too_many(&mut draft, "email", seconds);
                wait = Some(seconds);
            }
        }
    }
    let mut response = halfway::sign_in_page(status, Layout::signed_out("Sign in"), draft, carried)?;
    halfway::retry_after(&mut response, wait);
    Ok(response)
}

/// The page for the code: at once when it has to carry what was kept, which no address could.
async fn to_code(app: &AppState, token: &Token, carried: Carried) -> Result<Response, AppError> {
    let mut response = match carried.kept {
        Some(_) => halfway::code_page(app, Some(token), StatusCode::OK, Draft::new(), carried).await?,
        None => {
            let filters = [("next", carried.next.as_str())];
            page::see_other(&page::with_query("/sign-in/code", &filters, None))
        }
    };
    halfway::begin(&mut response, app, token);
    Ok(response)
}

async fn sign_out(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, AppError> {
    if let Some(token) = signed::token(&headers, &app) {
        session::sign_out(&app, token.hash()).await?;
    }
    let mut response = page::see_other("/sign-in");
    signed::set_cookie(&mut response, &SessionCookie::for_public_url(app.config.public_url.origin()).clear());
    Banner::new(Done::SignedOut).set_on(&mut response);
    Ok(response)
}
