//! Between the password and the first page: entering a one-time code, setting a phone up, and what was typed before a
//! session ended, which is carried through all of it.

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::app::AppState;
use crate::auth::session::SessionCookie;
use crate::auth::spoken::Spoken;
use crate::auth::token::Token;
use crate::error::AppError;
use crate::http::form::Draft;
use crate::http::kept::{self, Kept};
use crate::http::page::{self, Layout};
use crate::http::qr::Qr;
use crate::http::signed;
use crate::ids::UserId;
use crate::workflow::codes::{self, Step, Why};
use crate::workflow::session::Fresh;

/// What is carried from the first form to the first page.
#[derive(Clone, Debug, Default)]
pub struct Carried {
    /// Where to go; empty for the start page.
    pub next: String,
    /// What was typed before a session ended.
    pub kept: Option<Kept>,
}

impl Carried {
    /// What a form carries.
    #[must_use]
    pub fn brought(draft: &Draft) -> Self {
        let next = page::own_path(draft.value("next")).unwrap_or_default().to_owned();
        Self { next, kept: Kept::brought(draft) }
    }

    /// The first page of somebody who is signed in now.
    ///
    /// # Errors
    /// The template failed.
    pub fn first_page(self, user: UserId, start: String) -> Result<Response, AppError> {
        match self.kept {
            Some(kept) => kept.after(user, start),
            None => Ok(page::see_other(if self.next.is_empty() { &start } else { &self.next })),
        }
    }
}

#[derive(Template)]
#[template(path = "account/sign_in.html")]
struct SignInPage {
    layout: Layout,
    draft: Draft,
    next: String,
    kept: Option<Kept>,
}

/// The form for name and password.
///
/// # Errors
/// The template failed.
pub fn sign_in_page(
    status: StatusCode,
    layout: Layout,
    draft: Draft,
    carried: Carried,
) -> Result<Response, AppError> {
    let layout = layout.with_errors(!draft.is_ok());
    page::render_as(status, &SignInPage { layout, draft, next: carried.next, kept: carried.kept })
}

#[derive(Template)]
#[template(path = "account/code.html")]
struct CodePage {
    layout: Layout,
    draft: Draft,
    carried: Carried,
}

#[derive(Template)]
#[template(path = "account/set_up.html")]
struct SetUpPage {
    layout: Layout,
    draft: Draft,
    carried: Carried,
    picture: Option<Qr>,
    key: String,
    account: String,
    why: &'static str,
}

const fn said(why: Why) -> &'static str {
    match why {
        Why::Asked => {
            "Your role asks for a code from your phone beside the password. It takes two minutes, once."
        }
        Why::Chosen => "From now on you are asked for a code from your phone beside the password.",
        Why::Another => {
            "Your phone of before works until this one shows its first code. Then you are signed out everywhere else, and get new recovery codes."
        }
    }
}

/// The form for the code of whoever is half signed in under `token`. When their time is over they sign in again, and
/// what was kept stays.
///
/// # Errors
/// The database was lost, or the template failed.
pub async fn code_page(
    app: &AppState,
    token: Option<&Token>,
    status: StatusCode,
    mut draft: Draft,
    carried: Carried,
) -> Result<Response, AppError> {
    let step = match token {
        Some(token) => codes::step(app, token.hash()).await?,
        None => None,
    };
    let title = |title: &str| Layout::signed_out(title).with_errors(status != StatusCode::OK);
    match step {
        Some(Step::Enter) => {
            page::render_as(status, &CodePage { layout: title("Enter your code"), draft, carried })
        }
        Some(Step::SetUp { secret, account, why }) => {
            let picture =
                Qr::of(&secret.address(&account), "Picture with the key, for the camera of your phone");
            let layout = title("Set up your codes");
            page::render_as(
                status,
                &SetUpPage { layout, draft, carried, picture, key: secret.key(), account, why: said(why) },
            )
        }
        None => {
            draft = Draft::new();
            draft.refuse("email", "It took too long, or you changed to another browser. Sign in again");
            let layout = Layout::signed_out("Sign in");
            sign_in_page(StatusCode::UNPROCESSABLE_ENTITY, layout, draft, carried)
        }
    }
}

#[derive(Template)]
#[template(path = "account/recovery.html")]
struct RecoveryPage {
    layout: Layout,
    codes: Vec<String>,
    carried: Carried,
}

/// The page that shows ten recovery codes, once.
///
/// # Errors
/// The template failed.
pub fn recovery_page(user: UserId, codes: &[Spoken], carried: Carried) -> Result<Response, AppError> {
    let layout = Layout { by: kept::mark(user), ..Layout::signed_out("Your recovery codes") };
    let codes = codes.iter().map(|code| code.text().to_owned()).collect();
    page::render(&RecoveryPage { layout, codes, carried })
}

/// Hands the session to the browser.
pub fn open(response: &mut Response, app: &AppState, fresh: &Fresh) {
    let origin = app.config.public_url.origin();
    let cookie = SessionCookie::for_public_url(origin);
    signed::set_cookie(response, &cookie.set(&fresh.token, fresh.limits));
}

/// Hands the browser the token of somebody who is half signed in.
pub fn begin(response: &mut Response, app: &AppState, token: &Token) {
    signed::set_cookie(response, &SessionCookie::halfway(app.config.public_url.origin()).set_halfway(token));
}

/// Takes that token away again.
pub fn end(response: &mut Response, app: &AppState) {
    signed::set_cookie(response, &SessionCookie::halfway(app.config.public_url.origin()).clear());
}

/// The token of somebody who is half signed in, if this browser has one.
#[must_use]
pub fn token(headers: &HeaderMap, app: &AppState) -> Option<Token> {
    let cookie = SessionCookie::halfway(app.config.public_url.origin());
    let lines = headers.get_all(header::COOKIE).iter();
    lines.filter_map(|line| line.to_str().ok()).find_map(|line| cookie.read(line))
}

/// Refuses a try for so many seconds, at `field`: the status of the answer.
pub fn too_many(draft: &mut Draft, field: &str, seconds: u32) -> StatusCode {
    let error = AppError::TooMany { retry_after: seconds };
    draft.refuse(field, format!("{}. {}", error.words().0, error.words().1));
    StatusCode::TOO_MANY_REQUESTS
}

/// Says when to try again.
pub fn retry_after(response: &mut Response, seconds: Option<u32>) {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
}
