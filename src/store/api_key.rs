//! The keys of a provider's own programs (migrations/0057). Only their hashes are here.

use chrono::{DateTime, Duration, Utc};

use super::{TenantTx, word, words};
use crate::auth::token::TokenHash;
use crate::domain::api_key::{Reads, Standing};
use crate::ids::{ApiKeyId, ServiceId};

/// How many keys the list shows: more than anybody has.
const MOST: i64 = 500;

/// A key that is made.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: &'a str,
    /// The hash of its secret.
    pub hash: TokenHash,
    /// What it reads.
    pub reads: &'a [Reads],
    /// Of which service; of all when none.
    pub service: Option<ServiceId>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Writes a key.
///
/// # Errors
/// The database refused or was lost.
pub async fn insert(tx: &mut TenantTx, new: &New<'_>) -> Result<(), sqlx::Error> {
    let (provider, by, now) = (tx.provider(), tx.actor(), tx.now());
    let reads: Vec<String> = new.reads.iter().map(|reads| reads.as_str().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO api_keys (provider_id, id, name, secret_hash, reads, service_id, made_by, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        provider.uuid(),
        new.id.uuid(),
        new.name,
        &new.hash.as_bytes()[..],
        &reads,
        new.service.map(|service| service.uuid()),
        by.map(|by| by.uuid()),
        now,
        new.expires_at,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Ends a key; its name, or none when there is no such key, or it was ended.
///
/// # Errors
/// The database refused or was lost.
pub async fn end(tx: &mut TenantTx, id: ApiKeyId) -> Result<Option<String>, sqlx::Error> {
    let (provider, by, now) = (tx.provider(), tx.actor(), tx.now());
    sqlx::query_scalar!(
        "UPDATE api_keys SET ended_by = $3, ended_at = $4 WHERE provider_id = $1 AND id = $2 AND ended_at IS NULL RETURNING name",
        provider.uuid(),
        id.uuid(),
        by.map(|by| by.uuid()),
        now,
    )
    .fetch_optional(tx.conn())
    .await
}

/// Whether there is such a key.
///
/// # Errors
/// The database was lost.
pub async fn exists(tx: &mut TenantTx, id: ApiKeyId) -> Result<bool, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM api_keys WHERE provider_id = $1 AND id = $2) AS "is!""#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await
}

/// A key as the settings show it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// What it reads.
    pub reads: Vec<Reads>,
    /// The name of its service; none for the whole provider.
    pub service: Option<String>,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: DateTime<Utc>,
    /// Until when it lasts.
    pub expires_at: DateTime<Utc>,
    /// When it was ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// When it was last used, to the hour.
    pub used_at: Option<DateTime<Utc>>,
}

impl Listed {
    /// How it stands at `now`.
    #[must_use]
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        Standing::of(self.expires_at, self.ended_at, now)
    }
}

/// The keys, newest first.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Listed>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT k.id AS "id: ApiKeyId", k.name, k.reads, s.name AS "service?", m.name AS made_by, k.made_at, k.expires_at, k.ended_at, k.used_at
           FROM api_keys k JOIN memberships m ON m.provider_id = $1 AND m.id = k.made_by
           LEFT JOIN services s ON s.provider_id = $1 AND s.id = k.service_id
           WHERE k.provider_id = $1 ORDER BY k.made_at DESC, k.id DESC LIMIT $2"#,
        provider.uuid(),
        MOST,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Listed {
                id: r.id,
                name: r.name,
                reads: words(&r.reads)?,
                service: r.service,
                made_by: r.made_by,
                made_at: r.made_at,
                expires_at: r.expires_at,
                ended_at: r.ended_at,
                used_at: r.used_at,
            })
        })
        .collect()
}

/// A key that opens something now.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its id.
    pub id: ApiKeyId,
    /// What it reads.
    pub reads: Vec<Reads>,
    /// Its service with its part of the address; none for the whole provider.
    pub service: Option<(ServiceId, String)>,
    /// Whether its use of this hour is to be noted.
    pub to_note: bool,
}

/// The key with this hash that opens something now; none when there is none, its time is over or it was ended.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn find(tx: &mut TenantTx, hash: TokenHash) -> Result<Option<Key>, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let row = sqlx::query!(
        r#"SELECT k.id AS "id: ApiKeyId", k.reads, k.service_id AS "service: ServiceId", s.slug AS "slug?", k.used_at
           FROM api_keys k LEFT JOIN services s ON s.provider_id = $1 AND s.id = k.service_id
           WHERE k.provider_id = $1 AND k.secret_hash = $2 AND k.ended_at IS NULL AND k.expires_at > $3"#,
        provider.uuid(),
        &hash.as_bytes()[..],
        now,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Key {
            id: r.id,
            reads: r.reads.iter().map(|text| word(text)).collect::<Result<_, _>>()?,
            service: r.service.zip(r.slug),
            to_note: r.used_at.is_none_or(|at| now - at >= Duration::hours(1)),
        })
    })
    .transpose()
}

/// Notes that a key was used.
///
/// # Errors
/// The database was lost.
pub async fn note_use(tx: &mut TenantTx, id: ApiKeyId) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query!(
        "UPDATE api_keys SET used_at = $3 WHERE provider_id = $1 AND id = $2 AND ended_at IS NULL",
        provider.uuid(),
        id.uuid(),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
