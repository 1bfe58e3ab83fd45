//! Signing in and out.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::auth::session::SessionCookie;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::{Banner, Done, Waiting};
use crate::http::browser::Browser;
use crate::http::extract::Query;
use crate::http::form::Draft;
use crate::http::kept::Kept;
use crate::http::page::{self, Layout};
use crate::http::signed::{self, SignedPerson};
use crate::workflow::session::{self, SignIn};

/// `/sign-in` and `/sign-out`.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/sign-in", show).post("/sign-in", sign_in).post("/sign-out", sign_out)
}

#[derive(Template)]
#[template(path = "account/sign_in.html")]
struct SignInPage {
    layout: Layout,
    draft: Draft,
    next: String,
    kept: Option<Kept>,
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
            page::render(&SignInPage { layout, draft: Draft::new(), next: next.to_owned(), kept: None })
        }
        Err(other) => Err(other),
    }
}

async fn sign_in(
    State(app): State<AppState>,
    Browser(from): Browser,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let next = page::own_path(draft.value("next")).unwrap_or_default().to_owned();
    let kept = Kept::brought(&draft);
    let email = draft.text("email", 254, "Enter your email address or sign-in name");
    // a password is taken as it was typed: spaces at its ends belong to it
    let password = draft.value("password").to_owned();
    if password.is_empty() {
        draft.refuse("password", "Enter your password");
    }
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let mut retry_after = None;
    if let (true, Some(email)) = (draft.is_ok(), email) {
        match session::sign_in(&app, &email, &password, &from).await? {
            SignIn::Opened(fresh) => {
                let start = page::start_of(fresh.places.iter().map(String::as_str));
                let mut response = match kept {
                    Some(kept) => kept.after(fresh.user, start)?,
                    None => page::see_other(if next.is_empty() { &start } else { &next }),
                };
                let cookie = SessionCookie::for_public_url(app.config.public_url.origin());
                signed::set_cookie(&mut response, &cookie.set(&fresh.token, fresh.limits));
                return Ok(response);
            }
            SignIn::Wrong => draft.refuse("email", "Email or password is wrong"),
            SignIn::Wait(seconds) => {
                let error = AppError::TooMany { retry_after: seconds };
                draft.refuse("email", format!("{}. {}", error.words().0, error.words().1));
                (status, retry_after) = (StatusCode::TOO_MANY_REQUESTS, Some(seconds));
            }
        }
    }
    let layout = Layout::signed_out("Sign in").with_errors(true);
    let mut response = page::render_as(status, &SignInPage { layout, draft, next, kept })?;
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
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
