//! Who is signed in: the session cookie opens a session, and nothing else says who somebody is.
//!
//! [`Signed`] is for pages of a provider (`/p/{provider}/…`), [`SignedPerson`] for those of a person.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::{HeaderMap, HeaderValue, header, request::Parts};
use axum::response::Response;

use crate::app::AppState;
use crate::auth::session::SessionCookie;
use crate::auth::token::Token;
use crate::domain::access::{Reach, Verb, reach};
use crate::domain::member::Role;
use crate::error::AppError;
use crate::http::banner::Banner;
use crate::http::form::Draft;
use crate::http::kept::{self, WrittenBy};
use crate::http::menu;
use crate::http::page::{Bell, Layout, ProviderLink};
use crate::ids::{SessionId, UserId};
use crate::store::TenantTx;
use crate::store::menu::Counts;
use crate::store::opening::{Opened, PlaceName};
use crate::workflow::Actor;

/// A member of the provider of the address. Without a session the request goes to sign in; without a place in the
/// provider, or for a provider that does not exist, it gets the same 404.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Who acts, for the workflow.
    pub actor: Actor,
    /// Their name as the header shows it.
    pub person: String,
    /// The person behind the membership.
    pub user: UserId,
    /// The provider of the address.
    pub provider: ProviderLink,
    others: Vec<ProviderLink>,
    banner: Option<Banner>,
    unread: i64,
}

impl Signed {
    /// The role here.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.actor.member.role
    }

    /// The address of something in this provider: `path("actions/A-0001")` is `/p/rowan/actions/A-0001`.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/p/{}/{}", self.provider.slug, rest.trim_start_matches('/'))
    }

    /// Whether the role ever does `verb`, somewhere.
    #[must_use]
    pub const fn can(&self, verb: Verb) -> bool {
        !matches!(reach(self.role(), verb), Reach::None)
    }

    /// Goes on only when the role ever does `verb`. Whether it may here, to this thing, is for the workflow to say.
    ///
    /// # Errors
    /// [`AppError::NotYours`]: a page for others looks like one that is not there.
    pub const fn need(&self, verb: Verb) -> Result<(), AppError> {
        if self.can(verb) { Ok(()) } else { Err(AppError::NotYours) }
    }

    /// Goes on only when the fields of a form with files were drawn for this person; for others it is asked before.
    ///
    /// # Errors
    /// [`AppError::OtherHand`].
    pub fn wrote(&self, draft: &Draft) -> Result<(), AppError> {
        WrittenBy::of(draft.pairs()).map_or(Ok(()), |by| by.is(self.user))
    }

    /// The layout of a page, with the menu by role and no numbers in it.
    #[must_use]
    pub fn layout(&self, title: impl Into<String>) -> Layout {
        self.layout_with(title, Counts::default())
    }

    /// The layout of a page, with what waits beside the menu ([`crate::store::menu::counts`]).
    #[must_use]
    pub fn layout_with(&self, title: impl Into<String>, counts: Counts) -> Layout {
        Layout {
            title: title.into(),
            person: self.person.clone(),
            by: kept::mark(self.user),
            provider: Some(self.provider.clone()),
            others: self.others.clone(),
            menu: menu::of(self.role(), &format!("/p/{}", self.provider.slug), counts),
            bell: Some(Bell { href: self.path("notices"), unread: self.unread }),
            banner: self.banner.clone(),
            ..Layout::default()
        }
    }
}

impl FromRequestParts<AppState> for Signed {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, AppError> {
        let slug = provider_in_address(parts, app).await?;
        Self::of(open(parts, app, &slug).await?, &parts.headers)
    }
}

impl Signed {
    fn of(opened: Opened, headers: &HeaderMap) -> Result<Self, AppError> {
        let place = opened.place.ok_or(AppError::NotFound)?;
        let provider = link(place.name);
        let others = opened.places.into_iter().map(link).filter(|other| *other != provider).collect();
        Ok(Self {
            person: place.member.name.clone(),
            actor: Actor { provider: place.provider, member: place.member },
            user: opened.user,
            provider,
            others,
            banner: Banner::from_headers(headers),
            unread: place.unread,
        })
    }
}

/// A member of the provider of the address who reads: [`Signed`], and the transaction to read the page in, which their
/// session was opened in too. One connection and one transaction a page is a quarter of its cost less, and the page is
/// read as the member was when their session was looked at. Nothing can be kept with it: it is let go, not committed.
#[derive(Debug)]
pub struct Reading {
    /// Who reads.
    pub signed: Signed,
    /// Where the page is read.
    pub tx: TenantTx,
}

impl FromRequestParts<AppState> for Reading {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, AppError> {
        let slug = provider_in_address(parts, app).await?;
        let token = token(&parts.headers, app).ok_or(AppError::SignedOut)?;
        let opened = app.db.open_reading(token.hash(), &slug, app.clock.now()).await?;
        let (opened, tx) = opened.ok_or(AppError::SignedOut)?;
        let (signed, tx) = (Signed::of(opened, &parts.headers)?, tx.ok_or(AppError::NotFound)?);
        Ok(Self { signed, tx })
    }
}

/// Somebody who is signed in, whatever their places: for their own pages.
#[derive(Clone, Debug)]
pub struct SignedPerson {
    /// The person.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// The session they use now.
    pub session: SessionId,
    /// The providers they have a place in, by name.
    pub places: Vec<ProviderLink>,
    banner: Option<Banner>,
}

impl SignedPerson {
    /// The layout of a page that belongs to no provider.
    #[must_use]
    pub fn layout(&self, title: impl Into<String>) -> Layout {
        Layout {
            title: title.into(),
            person: self.name.clone(),
            by: kept::mark(self.user),
            banner: self.banner.clone(),
            ..Layout::default()
        }
    }
}

impl FromRequestParts<AppState> for SignedPerson {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, AppError> {
        let opened = open(parts, app, "").await?;
        Ok(Self {
            user: opened.user,
            name: opened.name,
            session: opened.session,
            places: opened.places.into_iter().map(link).collect(),
            banner: Banner::from_headers(&parts.headers),
        })
    }
}

/// The token in a request's cookies, if there is one that could be ours.
#[must_use]
pub fn token(headers: &HeaderMap, app: &AppState) -> Option<Token> {
    let cookie = SessionCookie::for_public_url(app.config.public_url.origin());
    let lines = headers.get_all(header::COOKIE).iter();
    lines.filter_map(|line| line.to_str().ok()).find_map(|line| cookie.read(line))
}

/// Adds a `Set-Cookie` line to an answer.
pub fn set_cookie(response: &mut Response, line: &str) {
    if let Ok(value) = HeaderValue::from_str(line) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

async fn open(parts: &Parts, app: &AppState, slug: &str) -> Result<Opened, AppError> {
    let token = token(&parts.headers, app).ok_or(AppError::SignedOut)?;
    let opened = app.db.open_session(token.hash(), slug, app.clock.now()).await?;
    let opened = opened.ok_or(AppError::SignedOut)?;
    match parts.extensions.get::<WrittenBy>() {
        Some(by) => by.is(opened.user).map(|()| opened),
        None => Ok(opened),
    }
}

/// The provider the address names. A route that takes [`Signed`] names one; if it forgot to, nothing is there.
async fn provider_in_address(parts: &mut Parts, app: &AppState) -> Result<String, AppError> {
    let named = RawPathParams::from_request_parts(parts, app).await.map_err(|_| AppError::NotFound)?;
    let slug = named.iter().find(|(name, _)| *name == "provider").map(|(_, slug)| slug.to_owned());
    // a slug is plain (migrations/0001), so a longer or stranger one need not be asked for
    slug.filter(|slug| !slug.is_empty() && slug.len() <= 40 && !slug.contains('\0')).ok_or(AppError::NotFound)
}

fn link(place: PlaceName) -> ProviderLink {
    ProviderLink { name: place.name, slug: place.slug }
}
