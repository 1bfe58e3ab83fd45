//! Who is signed in, and what belongs to a person rather than to a provider: people, sessions, throttles, their places.
//!
//! Everything here goes through a [`SystemTx`]. The one look-up that every request makes is in `opening.rs`; together they
//! are what works without a provider.

use super::opening::PlaceName;
use super::{SystemTx, word};
use crate::auth::throttle::Failures;
use crate::domain::member::Role;
use crate::ids::{ProviderId, UserId};

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

/// The provider of an address.
///
/// # Errors
/// The database was lost.
pub async fn provider_by_slug(tx: &mut SystemTx, slug: &str) -> Result<Option<ProviderRow>, sqlx::Error> {
    sqlx::query_as!(
        ProviderRow,
        r#"SELECT id AS "id: ProviderId", slug, name FROM providers WHERE slug = $1"#,
        slug
    )
    .fetch_optional(tx.conn())
    .await
}

/// A person as signing in needs them.
#[derive(Clone)]
pub struct Account {
    /// Id.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// Email address, lower case.
    pub email: String,
    /// The stored hash; none until a password was set.
    pub password_hash: Option<String>,
}

/// The person with this email address (lower case).
///
/// # Errors
/// The database was lost.
pub async fn account_by_email(tx: &mut SystemTx, email: &str) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as!(
        Account,
        r#"SELECT id AS "user: UserId", name, email, password_hash FROM users WHERE email = $1"#,
        email
    )
    .fetch_optional(tx.conn())
    .await
}

/// A person.
///
/// # Errors
/// The database was lost.
pub async fn account(tx: &mut SystemTx, user: UserId) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as!(
        Account,
        r#"SELECT id AS "user: UserId", name, email, password_hash FROM users WHERE id = $1"#,
        user.uuid()
    )
    .fetch_optional(tx.conn())
    .await
}

/// A person, and nobody else may change them until this transaction ends.
///
/// # Errors
/// The database was lost.
pub async fn lock_account(tx: &mut SystemTx, user: UserId) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as!(
        Account,
        r#"SELECT id AS "user: UserId", name, email, password_hash FROM users WHERE id = $1 FOR NO KEY UPDATE"#,
        user.uuid()
    )
    .fetch_optional(tx.conn())
    .await
}

/// Writes a person.
///
/// # Errors
/// The email address is taken, or the database was lost.
pub async fn insert_user(tx: &mut SystemTx, account: &Account) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO users (id, email, name, password_hash, password_changed_at, created_at) VALUES ($1, $2, $3, $4, $5, $5)",
        account.user.uuid(),
        account.email,
        account.name,
        account.password_hash,
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Stores the hash of another password; every session of the person ends with it (migrations/0001).
///
/// # Errors
/// The database was lost.
pub async fn change_password(tx: &mut SystemTx, user: UserId, hash: &str) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE users SET password_hash = $2, password_changed_at = $3 WHERE id = $1",
        user.uuid(),
        hash,
        now
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Stores a stronger hash of the same password; sessions stay.
///
/// # Errors
/// The database was lost.
pub async fn rehash_password(tx: &mut SystemTx, user: UserId, hash: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE users SET password_hash = $2 WHERE id = $1", user.uuid(), hash)
        .execute(tx.conn())
        .await
        .map(drop)
}

/// A place as the person's own pages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPlace {
    /// The provider.
    pub provider: PlaceName,
    /// The role there.
    pub role: Role,
    /// The job title there, possibly empty.
    pub job_title: String,
    /// Whether the provider asks this role for one-time codes.
    pub codes: bool,
}

impl OwnPlace {
    /// Whether the job title says more than the role.
    #[must_use]
    pub fn has_title(&self) -> bool {
        !self.job_title.is_empty() && !self.job_title.eq_ignore_ascii_case(self.role.label())
    }
}

/// The places of the person this transaction was begun for, by the provider's name.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn own_places(tx: &mut SystemTx, user: UserId) -> Result<Vec<OwnPlace>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT p.name, p.slug, m.role, m.job_title, m.role = ANY(p.codes_for) AS "codes!" FROM memberships m JOIN providers p ON p.id = m.provider_id
         WHERE m.user_id = $1 AND m.ended_at IS NULL ORDER BY p.name, p.slug"#,
        user.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let (provider, role) = (PlaceName { name: r.name, slug: r.slug }, word(&r.role)?);
            Ok(OwnPlace { provider, role, job_title: r.job_title, codes: r.codes })
        })
        .collect()
}

/// The failures counted against these keys, in the order of `keys`. Whoever else looks at one of them waits until this
/// transaction ends, so that a burst of guesses is counted one by one.
///
/// # Errors
/// The database was lost.
pub async fn lock_failures(tx: &mut SystemTx, keys: [[u8; 32]; 2]) -> Result<[Failures; 2], sqlx::Error> {
    let (now, list) = (tx.now(), keys.map(|key| key.to_vec()));
    sqlx::query!(
        "INSERT INTO sign_in_throttles (key, failures, failed_at)
         SELECT key, 0, $2 FROM (SELECT key FROM unnest($1::bytea[]) AS k (key) ORDER BY key) k ON CONFLICT DO NOTHING",
        &list[..],
        now,
    )
    .execute(tx.conn())
    .await?;
    let rows = sqlx::query!(
        "SELECT key, failures, failed_at FROM sign_in_throttles WHERE key = ANY($1) ORDER BY key FOR UPDATE",
        &list[..]
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(keys.map(|key| {
        let row = rows.iter().find(|row| row.key == key && row.failures > 0);
        row.map_or_else(Failures::default, |row| Failures {
            count: u32::try_from(row.failures).unwrap_or(u32::MAX),
            last: Some(row.failed_at),
        })
    }))
}

/// Stores the failures of a key.
///
/// # Errors
/// The database was lost.
pub async fn store_failures(tx: &mut SystemTx, key: [u8; 32], failures: Failures) -> Result<(), sqlx::Error> {
    let last = failures.last.unwrap_or(tx.now());
    sqlx::query!(
        "UPDATE sign_in_throttles SET failures = $2, failed_at = $3 WHERE key = $1",
        &key[..],
        i32::try_from(failures.count).unwrap_or(i32::MAX),
        last,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Takes back one failure that was counted before the answer was known, as if it had never been.
///
/// # Errors
/// The database was lost.
pub async fn take_back_failure(
    tx: &mut SystemTx,
    key: [u8; 32],
    before: Failures,
) -> Result<(), sqlx::Error> {
    // if others failed meanwhile, their instant stands
    sqlx::query!(
        "UPDATE sign_in_throttles SET failures = greatest(failures - 1, 0),
           failed_at = CASE WHEN failures - 1 = $2 THEN coalesce($3, failed_at) ELSE failed_at END WHERE key = $1",
        &key[..],
        i32::try_from(before.count).unwrap_or(i32::MAX),
        before.last,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Forgets the failures counted against a key.
///
/// # Errors
/// The database was lost.
pub async fn forget_failures(tx: &mut SystemTx, key: [u8; 32]) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM sign_in_throttles WHERE key = $1", &key[..]).execute(tx.conn()).await.map(drop)
}

/// Forgets sessions that ended by themselves, and failed sign-ins of more than a day ago. Returns how many sessions went.
///
/// # Errors
/// The database was lost.
pub async fn forget_expired(tx: &mut SystemTx) -> Result<u64, sqlx::Error> {
    let now = tx.now();
    sqlx::query!("DELETE FROM sign_in_throttles WHERE failed_at < $1::timestamptz - interval '1 day'", now)
        .execute(tx.conn())
        .await?;
    let gone = sqlx::query!(
        "DELETE FROM sessions WHERE expires_at <= $1 OR seen_at + make_interval(mins => idle_minutes) <= $1",
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(gone.rows_affected())
}
