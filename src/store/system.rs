//! Who is signed in, and what belongs to a person rather than to a provider: people, sessions, throttles, their places.
//!
//! The only file of the store that works without a provider; everything here goes through a [`SystemTx`], or through
//! the one look-up that every request makes.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Db, SystemTx, word};
use crate::auth::token::TokenHash;
use crate::domain::member::Member;
use crate::ids::{MemberId, ProviderId, ServiceId, SessionId, UserId};

/// A provider as an address and a header name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceName {
    /// Its name.
    pub name: String,
    /// Its part of the address.
    pub slug: String,
}

/// A person's place in the provider of the address.
#[derive(Clone, Debug)]
pub struct Place {
    /// The provider.
    pub provider: ProviderId,
    /// How it is named.
    pub name: PlaceName,
    /// The membership.
    pub member: Member,
}

/// An open session.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The session.
    pub session: SessionId,
    /// Who is signed in.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Their place in the provider asked for; none when they have none there, or there is no such provider.
    pub place: Option<Place>,
    /// Every provider they have a place in, by name.
    pub places: Vec<PlaceName>,
}

struct SessionRow {
    session_id: Uuid,
    user_id: Uuid,
    user_name: String,
    provider_id: Option<ProviderId>,
    provider_slug: Option<String>,
    provider_name: Option<String>,
    member_id: Option<MemberId>,
    member_name: Option<String>,
    role: Option<String>,
    job_title: Option<String>,
    services: Vec<ServiceId>,
    place_slugs: Vec<String>,
    place_names: Vec<String>,
}

impl Db {
    /// Who holds this token at `now`, and what is their place in the provider of `slug` (empty: in none)? One round
    /// trip, outside any transaction; `None` when no session is open under it.
    ///
    /// # Errors
    /// The database was lost, or holds a word this program does not know.
    pub async fn open_session(
        &self,
        token: TokenHash,
        slug: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Opened>, sqlx::Error> {
        let row = sqlx::query_as!(
            SessionRow,
            r#"SELECT session_id AS "session_id!", user_id AS "user_id!", user_name AS "user_name!",
                 provider_id AS "provider_id: ProviderId", provider_slug, provider_name,
                 member_id AS "member_id: MemberId", member_name, role, job_title,
                 coalesce(services, '{}') AS "services!: Vec<ServiceId>",
                 coalesce(place_slugs, '{}') AS "place_slugs!", coalesce(place_names, '{}') AS "place_names!"
               FROM app.open_session($1, $2, $3)"#,
            &token.as_bytes()[..],
            slug,
            now,
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(opened).transpose()
    }
}

fn opened(row: SessionRow) -> Result<Opened, sqlx::Error> {
    let place = match (row.provider_id, row.provider_slug, row.provider_name, row.member_id, row.role) {
        (Some(provider), Some(slug), Some(name), Some(id), Some(role)) => Some(Place {
            provider,
            name: PlaceName { name, slug },
            member: Member {
                id,
                name: row.member_name.unwrap_or_default(),
                role: word(&role)?,
                job_title: row.job_title.unwrap_or_default(),
                services: row.services,
            },
        }),
        _ => None,
    };
    let places = row.place_slugs.into_iter().zip(row.place_names);
    Ok(Opened {
        session: row.session_id.into(),
        user: row.user_id.into(),
        name: row.user_name,
        place,
        places: places.map(|(slug, name)| PlaceName { name, slug }).collect(),
    })
}

/// A provider as the program itself sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderRow {
    /// Id.
    pub id: ProviderId,
    /// Its part of the address.
    pub slug: String,
    /// Name.
    pub name: String,
}

/// Every provider, in a fixed order.
///
/// # Errors
/// The database was lost.
pub async fn providers(tx: &mut SystemTx) -> Result<Vec<ProviderRow>, sqlx::Error> {
    sqlx::query_as!(ProviderRow, r#"SELECT id AS "id: ProviderId", slug, name FROM providers ORDER BY id"#)
        .fetch_all(tx.conn())
        .await
}

/// A person's email address, to send mail to.
///
/// # Errors
/// The database was lost.
pub async fn email(tx: &mut SystemTx, user: UserId) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT email FROM users WHERE id = $1", user.uuid()).fetch_optional(tx.conn()).await
}
