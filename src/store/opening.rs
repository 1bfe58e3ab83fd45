//! Opening a session: the one look-up that every request makes, before it is known which provider it is for.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use super::kept::Reads;
use super::{Db, TenantTx, finishing, word};
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
    /// How many notices they have not read, a hundred at most.
    pub unread: i64,
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
    noted: bool,
    unread: i64,
    head: Option<String>,
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
        session(&self.pool, token, slug, now, false).await?.map(opened).transpose()
    }

    /// As [`Db::open_session`], and the transaction in which the page of a member is read, in their provider already:
    /// one connection and one transaction for the whole page. Nothing can be written in it, because it is let go
    /// rather than committed. Without a place in the provider there is no transaction.
    ///
    /// # Errors
    /// As [`Db::open_session`].
    pub async fn open_reading(
        &self,
        token: TokenHash,
        slug: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(Opened, Option<TenantTx>)>, sqlx::Error> {
        let mut tx = finishing::begin(&self.pool, "BEGIN".to_owned()).await?;
        let Some(row) = session(&mut *tx, token, slug, now, true).await? else { return Ok(None) };
        let (noted, head) = (row.noted, row.head.clone());
        let opened = opened(row)?;
        let Some(place) = &opened.place else {
            tx.commit().await?;
            return Ok(Some((opened, None)));
        };
        let (provider, member) = (place.provider, place.member.id);
        let reading = if noted {
            // that they were seen is kept, whatever comes of the page
            tx.commit().await?;
            TenantTx::begin(self, provider, Some(member), now).await?
        } else {
            let reads = head.map(|head| Reads { kept: Arc::clone(&self.kept), head: head.into() });
            TenantTx::reading(tx, provider, member, now, reads)
        };
        Ok(Some((opened, Some(reading))))
    }
}

async fn session(
    connection: impl PgExecutor<'_>,
    token: TokenHash,
    slug: &str,
    now: DateTime<Utc>,
    enter: bool,
) -> Result<Option<SessionRow>, sqlx::Error> {
    sqlx::query_as!(
        SessionRow,
        r#"SELECT session_id AS "session_id!", user_id AS "user_id!", user_name AS "user_name!",
             provider_id AS "provider_id: ProviderId", provider_slug, provider_name,
             member_id AS "member_id: MemberId", member_name, role, job_title,
             coalesce(services, '{}') AS "services!: Vec<ServiceId>",
             coalesce(place_slugs, '{}') AS "place_slugs!", coalesce(place_names, '{}') AS "place_names!", noted AS "noted!", unread AS "unread!", head
           FROM app.open_session($1, $2, $3, $4)"#,
        &token.as_bytes()[..],
        slug,
        now,
        enter,
    )
    .fetch_optional(connection)
    .await
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
            unread: row.unread,
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
