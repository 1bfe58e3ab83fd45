//! Accepting an invitation: by the link of a mail, or by a code from a sheet of paper.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::AppState;
use crate::auth::spoken::Spoken;
use crate::domain::invitation::OPENS_NOTHING;
use crate::domain::place::NAME;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner;
use crate::http::browser::Browser;
use crate::http::extract::Path;
use crate::http::form::Draft;
use crate::http::kept::WrittenBy;
use crate::http::page::{self, Layout};
use crate::http::signed::SignedPerson;
use crate::http::verb::{Answer, answer};
use crate::workflow::invitation::{self, Newcomer, Open};

/// The addresses of this feature.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/join/{slug}", ask)
        .post("/join/{slug}", enter)
        .get("/join/{slug}/{secret}", show)
        .post("/join/{slug}/{secret}", accept)
}

#[derive(Template)]
#[template(path = "join/code.html")]
struct CodePage {
    layout: Layout,
    draft: Draft,
    post: String,
}

fn code_page(slug: &str, draft: Draft) -> CodePage {
    let layout = Layout::signed_out("Enter your code").with_errors(!draft.is_ok());
    CodePage { layout, draft, post: format!("/join/{slug}") }
}

/// Every address asks alike: which providers there are is nobody's business.
async fn ask(Path(slug): Path<String>) -> Result<Response, AppError> {
    page::render(&code_page(plain(&slug)?, Draft::new()))
}

/// A slug as one could be (migrations/0001).
fn plain(slug: &str) -> Result<&str, AppError> {
    let sign = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if slug.len() <= 40 && slug.chars().all(sign) { Ok(slug) } else { Err(AppError::NotFound) }
}

async fn enter(
    Path(slug): Path<String>,
    State(app): State<AppState>,
    Browser(from): Browser,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let slug = plain(&slug)?.to_owned();
    let code = draft.line("code", 60, "Enter the code on your sheet");
    if let Some(code) = code {
        if invitation::find(&app, &slug, &code, from.address).await?.is_some()
            && let Some(code) = Spoken::parse(&code)
        {
            return Ok(page::see_other(&format!("/join/{slug}/{}", code.text())));
        }
        draft.refuse(
            "code",
            "This code cannot be used. Look at it again, or ask your administrator for a new one",
        );
    }
    page::unprocessable(&code_page(&slug, draft))
}

#[derive(Template)]
#[template(path = "join/closed.html")]
struct ClosedPage {
    layout: Layout,
    sentence: &'static str,
}

fn closed() -> Result<Response, AppError> {
    let layout = Layout::signed_out("This invitation cannot be used");
    page::render_as(StatusCode::NOT_FOUND, &ClosedPage { layout, sentence: OPENS_NOTHING })
}

#[derive(Template)]
#[template(path = "join/accept.html")]
struct AcceptPage {
    layout: Layout,
    draft: Draft,
    provider: String,
    role: &'static str,
    post: String,
    /// The address the mail went to; empty for a code.
    email: String,
    who: Who,
    sign_in: String,
}

/// Who is looking, as far as it matters here.
enum Who {
    /// Somebody signed in, by name, who may accept it.
    Themselves(String),
    /// Somebody signed in, by name, though it was sent to somebody else.
    Another(String),
    /// Nobody; and whoever it was sent to has a sign-in.
    Known,
    /// Nobody: they choose a password, and have a sign-in then.
    New,
}

fn accept_page(
    open: &Open,
    slug: &str,
    secret: &str,
    person: Option<&SignedPerson>,
    draft: Draft,
) -> AcceptPage {
    let post = format!("/join/{slug}/{secret}");
    let title = format!("Join {}", open.provider.name);
    let layout = person.map_or_else(|| Layout::signed_out(&*title), |person| person.layout(&*title));
    AcceptPage {
        layout: layout.with_errors(!draft.is_ok()),
        draft,
        provider: open.provider.name.clone(),
        role: open.invitation.role.label(),
        email: open.invitation.email.clone().unwrap_or_default(),
        who: match (person, open.known) {
            (Some(person), _) if open.is_for(person.user) => Who::Themselves(person.name.clone()),
            (Some(person), _) => Who::Another(person.name.clone()),
            (None, Some(_)) => Who::Known,
            (None, None) => Who::New,
        },
        sign_in: page::with_query("/sign-in", &[("next", &post)], None),
        post,
    }
}

/// The person of this browser's session, if there is one.
fn signed(person: Result<SignedPerson, AppError>) -> Result<Option<SignedPerson>, AppError> {
    match person {
        Ok(person) => Ok(Some(person)),
        Err(AppError::SignedOut) => Ok(None),
        Err(other) => Err(other),
    }
}

async fn show(
    Path((slug, secret)): Path<(String, String)>,
    State(app): State<AppState>,
    Browser(from): Browser,
    person: Result<SignedPerson, AppError>,
) -> Result<Response, AppError> {
    let slug = plain(&slug)?;
    let Some(open) = invitation::find(&app, slug, &secret, from.address).await? else { return closed() };
    let filled = Draft::new().with("name", open.invitation.name.clone());
    page::render(&accept_page(&open, slug, &secret, signed(person)?.as_ref(), filled))
}

async fn accept(
    Path((slug, secret)): Path<(String, String)>,
    State(app): State<AppState>,
    Browser(from): Browser,
    person: Result<SignedPerson, AppError>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let slug = plain(&slug)?;
    let Some(open) = invitation::find(&app, slug, &secret, from.address).await? else { return closed() };
    let person = signed(person)?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let done = match &person {
        // the form was filled in by somebody who was not signed in: on a shared device that may be another person
        Some(_) if WrittenBy::of(draft.pairs()).is_none() => {
            draft.refuse("form", "Somebody has signed in on this device meanwhile. Look who it is");
            None
        }
        Some(person) => Some(invitation::accept_as(&app, &open, &secret, person.user, &person.name).await),
        None => accept_new(&app, &open, &secret, &mut draft).await,
    };
    if let Some(done) = done {
        match answer(done, &mut draft)? {
            Answer::Done(()) => {
                let next = page::with_query("/sign-in", &[("next", &format!("/p/{slug}"))], None);
                return Ok(page::done(&next, banner::Done::Joined, ""));
            }
            Answer::Again(again) => status = again,
        }
    }
    page::render_as(status, &accept_page(&open, slug, &secret, person.as_ref(), draft))
}

async fn accept_new(
    app: &AppState,
    open: &Open,
    secret: &str,
    draft: &mut Draft,
) -> Option<crate::workflow::Done<()>> {
    let name = draft.line("name", NAME, "Enter your name, as colleagues know it");
    let sign_in = match open.invitation.email {
        Some(_) => Some(String::new()),
        None => draft.line("sign-in", 60, "Enter a sign-in name"),
    };
    // a password is taken as it was typed: spaces at its ends belong to it
    let password = draft.value("password").to_owned();
    if password.is_empty() {
        draft.refuse("password", "Choose a password");
    }
    let (true, Some(name), Some(sign_in)) = (draft.is_ok(), name, sign_in) else { return None };
    let who = Newcomer { name: &name, sign_in: &sign_in, password: &password };
    Some(invitation::accept_new(app, open, secret, who).await)
}
