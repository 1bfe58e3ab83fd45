//! The step between the password and the first page.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::browser::Browser;
use crate::http::extract::Query;
use crate::http::form::Draft;
use crate::http::halfway::{self, Carried};
use crate::http::page;
use crate::http::signed::SignedPerson;
use crate::workflow::codes::{self, Entered};

/// `/sign-in/code`, and the way on from the recovery codes.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/sign-in/code", show).post("/sign-in/code", enter).post("/sign-in/go-on", go_on)
}

/// Where to go after signing in.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    next: String,
}

async fn show(
    State(app): State<AppState>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let next = page::own_path(&wanted.next).unwrap_or_default().to_owned();
    let Some(token) = halfway::token(&headers, &app) else {
        let filters = [("next", next.as_str())];
        return Ok(page::see_other(&page::with_query("/sign-in", &filters, None)));
    };
    let carried = Carried { next, kept: None };
    halfway::code_page(&app, Some(&token), StatusCode::OK, Draft::new(), carried).await
}

async fn enter(
    State(app): State<AppState>,
    headers: HeaderMap,
    Browser(from): Browser,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let carried = Carried::brought(&draft);
    let token = halfway::token(&headers, &app);
    let typed = draft.line("code", 40, "Enter the code");
    let (mut status, mut wait) = (StatusCode::UNPROCESSABLE_ENTITY, None);
    if let (Some(token), Some(typed)) = (&token, typed) {
        match codes::enter(&app, token.hash(), &typed, &from).await? {
            Entered::Opened(fresh, recovery) => {
                let start = page::start_of(fresh.places.iter().map(String::as_str));
                let mut response = match recovery.is_empty() {
                    true => carried.first_page(fresh.user, start)?,
                    false => halfway::recovery_page(fresh.user, &recovery, carried)?,
                };
                halfway::open(&mut response, &app, &fresh);
                halfway::end(&mut response, &app);
                return Ok(response);
            }
            Entered::Wrong => draft.refuse("code", codes::WRONG),
            Entered::Wait(seconds) => {
                status = halfway::too_many(&mut draft, "code", seconds);
                wait = Some(seconds);
            }
            Entered::Over => {}
        }
    }
    let mut response = halfway::code_page(&app, token.as_ref(), status, draft, carried).await?;
    halfway::retry_after(&mut response, wait);
    Ok(response)
}

async fn go_on(person: SignedPerson, draft: Draft) -> Result<Response, AppError> {
    let start = page::start_of(person.places.iter().map(|place| place.slug.as_str()));
    Carried::brought(&draft).first_page(person.user, start)
}
