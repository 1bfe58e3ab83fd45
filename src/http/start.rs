//! Where everybody starts: the page that is right for the person, their providers, and their role.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::AppState;
use crate::domain::member::Role;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::page::{self, Layout};
use crate::http::signed::{Signed, SignedPerson};
use crate::store::SystemTx;
use crate::store::system::{self, OwnPlace};

/// `/`, `/providers` and the start of a provider.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/", start).get("/providers", choose).get("/p/{provider}", land)
}

#[derive(Template)]
#[template(path = "account/providers.html")]
struct ChoosePage {
    layout: Layout,
    places: Vec<OwnPlace>,
}

async fn start(person: Result<SignedPerson, AppError>) -> Result<Response, AppError> {
    match person {
        Ok(person) => {
            Ok(page::see_other(&page::start_of(person.places.iter().map(|place| place.slug.as_str()))))
        }
        Err(AppError::SignedOut) => Ok(page::see_other("/sign-in")),
        Err(other) => Err(other),
    }
}

async fn choose(person: SignedPerson, State(app): State<AppState>) -> Result<Response, AppError> {
    let mut tx = SystemTx::begin(&app.db, Some(person.user), app.clock.now()).await?;
    let places = system::own_places(&mut tx, person.user).await?;
    tx.commit().await?;
    page::render(&ChoosePage { layout: person.layout("Choose a provider"), places })
}

async fn land(member: Signed) -> Response {
    match member.role() {
        // a reader has no pages of their own here yet
        Role::ExternalReader => page::see_other("/account"),
        role => page::see_other(&member.path(role.landing())),
    }
}
