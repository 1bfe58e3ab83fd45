//! One-time codes: whose telephone, the codes on paper, who is half signed in; and a provider's rule and resets.

use chrono::{DateTime, Utc};

use super::{SystemTx, TenantTx, word, words};
use crate::auth::codes::HALFWAY;
use crate::auth::token::TokenHash;
use crate::domain::codes::Asked;
use crate::domain::member::Role;
use crate::ids::{CodeResetId, MemberId, UserId};

/// A person's telephone, as this program knows it.
#[derive(Clone)]
pub struct Authenticator {
    /// The secret they share.
    pub secret: Vec<u8>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The newest step whose code was used.
    pub last_step: i64,
}

/// The telephone of a person; nobody else may use a code of it until this transaction ends.
///
/// # Errors
/// The database was lost.
pub async fn lock_authenticator(
    tx: &mut SystemTx,
    user: UserId,
) -> Result<Option<Authenticator>, sqlx::Error> {
    sqlx::query_as!(
        Authenticator,
        "SELECT secret, since, last_step FROM authenticators WHERE user_id = $1 FOR UPDATE",
        user.uuid()
    )
    .fetch_optional(tx.conn())
    .await
}

/// Whether a person has set a telephone up.
///
/// # Errors
/// The database was lost.
pub async fn is_set_up(tx: &mut SystemTx, user: UserId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM authenticators WHERE user_id = $1) AS "is!""#,
        user.uuid()
    )
    .fetch_one(tx.conn())
    .await
}

/// Writes a person's telephone, whose first code was used.
///
/// # Errors
/// They have one already, or the database was lost.
pub async fn set_up(tx: &mut SystemTx, user: UserId, secret: &[u8], step: i64) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO authenticators (user_id, secret, since, last_step) VALUES ($1, $2, $3, $4)",
        user.uuid(),
        secret,
        now,
        step
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Writes another telephone in the place of a person's own; their sessions and half sign-ins end, for whoever has them may
/// have the telephone that was.
///
/// # Errors
/// The database was lost.
pub async fn replace(tx: &mut SystemTx, user: UserId, secret: &[u8], step: i64) -> Result<(), sqlx::Error> {
    forget(tx, user).await?;
    set_up(tx, user, secret, step).await
}

/// Notes the newest step whose code was used.
///
/// # Errors
/// The database was lost.
pub async fn advance(tx: &mut SystemTx, user: UserId, step: i64) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE authenticators SET last_step = $2 WHERE user_id = $1", user.uuid(), step)
        .execute(tx.conn())
        .await
        .map(drop)
}

/// Gives a person new recovery codes, by their hashes; the ones before open nothing any more.
///
/// # Errors
/// The database was lost.
pub async fn set_recovery(tx: &mut SystemTx, user: UserId, hashes: &[Vec<u8>]) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", user.uuid()).execute(tx.conn()).await?;
    sqlx::query!(
        "INSERT INTO recovery_codes (user_id, hash) SELECT $1, h FROM unnest($2::bytea[]) AS t (h)",
        user.uuid(),
        hashes
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Uses a recovery code up; false when it is none of theirs or was used.
///
/// # Errors
/// The database was lost.
pub async fn use_recovery(tx: &mut SystemTx, user: UserId, hash: [u8; 32]) -> Result<bool, sqlx::Error> {
    let now = tx.now();
    let used = sqlx::query!(
        "UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND hash = $2 AND used_at IS NULL",
        user.uuid(),
        &hash[..],
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(used.rows_affected() == 1)
}

/// What a person's own page says of their codes.
#[derive(Clone, Copy, Debug)]
pub struct OwnCodes {
    /// Since when their telephone is set up.
    pub since: DateTime<Utc>,
    /// How many recovery codes are left.
    pub left: i64,
}

/// A person's own codes, if they have any.
///
/// # Errors
/// The database was lost.
pub async fn own(tx: &mut SystemTx, user: UserId) -> Result<Option<OwnCodes>, sqlx::Error> {
    sqlx::query_as!(
        OwnCodes,
        r#"SELECT a.since, (SELECT count(*) FROM recovery_codes r WHERE r.user_id = a.user_id AND r.used_at IS NULL) AS "left!"
           FROM authenticators a WHERE a.user_id = $1"#,
        user.uuid()
    )
    .fetch_optional(tx.conn())
    .await
}

/// Takes a person's telephone and recovery codes away; their sessions end, and they set codes up anew at the next sign-in.
///
/// # Errors
/// The database was lost.
pub async fn forget(tx: &mut SystemTx, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM authenticators WHERE user_id = $1", user.uuid()).execute(tx.conn()).await?;
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", user.uuid()).execute(tx.conn()).await?;
    sqlx::query!("DELETE FROM half_sign_ins WHERE user_id = $1", user.uuid()).execute(tx.conn()).await?;
    sqlx::query!("DELETE FROM sessions WHERE user_id = $1", user.uuid()).execute(tx.conn()).await.map(drop)
}

/// Somebody whose password was right.
#[derive(Clone)]
pub struct Half {
    /// Who.
    pub user: UserId,
    /// The secret offered to them, when they have none or move to another telephone.
    pub offered: Option<Vec<u8>>,
    /// Whether what is offered takes the place of the telephone they have.
    pub replaces: bool,
}

/// Notes that somebody's password was right, or that they proved the telephone they have and move to another; those whose
/// time is over are forgotten.
///
/// # Errors
/// The database was lost.
pub async fn open_half(
    tx: &mut SystemTx,
    token: TokenHash,
    user: UserId,
    replaces: bool,
) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "DELETE FROM half_sign_ins WHERE token_hash IN
           (SELECT token_hash FROM half_sign_ins WHERE expires_at <= $1 LIMIT 200 FOR UPDATE SKIP LOCKED)",
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO half_sign_ins (token_hash, user_id, expires_at, replaces) VALUES ($1, $2, $3, $4)",
        token.as_bytes(),
        user.uuid(),
        now + HALFWAY,
        replaces
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Who is half signed in under a token, locked until this transaction ends.
///
/// # Errors
/// The database was lost.
pub async fn half(tx: &mut SystemTx, token: TokenHash) -> Result<Option<Half>, sqlx::Error> {
    let now = tx.now();
    sqlx::query_as!(
        Half,
        r#"SELECT user_id AS "user: UserId", offered, replaces FROM half_sign_ins WHERE token_hash = $1 AND expires_at > $2 FOR UPDATE"#,
        token.as_bytes(),
        now
    )
    .fetch_optional(tx.conn())
    .await
}

/// Keeps the secret that is offered, so that loading the page again shows the same.
///
/// # Errors
/// The database was lost.
pub async fn offer(tx: &mut SystemTx, token: TokenHash, secret: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE half_sign_ins SET offered = $2 WHERE token_hash = $1", token.as_bytes(), secret)
        .execute(tx.conn())
        .await
        .map(drop)
}

/// Forgets who was half signed in under a token.
///
/// # Errors
/// The database was lost.
pub async fn end_half(tx: &mut SystemTx, token: TokenHash) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM half_sign_ins WHERE token_hash = $1", token.as_bytes())
        .execute(tx.conn())
        .await
        .map(drop)
}

/// For which roles the provider asks for codes; nobody else changes that until this transaction ends.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn lock_rule(tx: &mut TenantTx) -> Result<Vec<Role>, sqlx::Error> {
    let provider = tx.provider();
    let roles = sqlx::query_scalar!(
        "SELECT codes_for FROM providers WHERE id = $1 FOR NO KEY UPDATE",
        provider.uuid()
    )
    .fetch_one(tx.conn())
    .await?;
    words(&roles)
}

/// For which roles the provider asks for codes.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn rule(tx: &mut TenantTx) -> Result<Vec<Role>, sqlx::Error> {
    let provider = tx.provider();
    let roles = sqlx::query_scalar!("SELECT codes_for FROM providers WHERE id = $1", provider.uuid())
        .fetch_one(tx.conn())
        .await?;
    words(&roles)
}

/// Changes for which roles the provider asks for codes.
///
/// # Errors
/// The database refused or was lost.
pub async fn set_rule(tx: &mut TenantTx, roles: &[Role]) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    let roles: Vec<String> = roles.iter().map(|role| role.as_str().to_owned()).collect();
    sqlx::query!("UPDATE providers SET codes_for = $2 WHERE id = $1", provider.uuid(), &roles)
        .execute(tx.conn())
        .await
        .map(drop)
}

/// Since when a member has codes.
///
/// # Errors
/// The database was lost.
pub async fn since(tx: &mut TenantTx, member: MemberId) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!("SELECT app.codes_since($1)", member.uuid()).fetch_one(tx.conn()).await
}

/// A reset that was asked for.
#[derive(Clone, Debug)]
pub struct Reset {
    /// Its id.
    pub id: CodeResetId,
    /// What the rules look at.
    pub asked: Asked,
    /// Whose codes, by name.
    pub name: String,
    /// Who asked, by name.
    pub by_name: String,
    /// Why.
    pub reason: String,
}

struct ResetRow {
    id: CodeResetId,
    member_id: MemberId,
    asked_by: MemberId,
    asked_at: DateTime<Utc>,
    reason: String,
    name: String,
    by_name: String,
    by_role: String,
    by_ended: bool,
}

/// The resets that wait for an answer: of one member, or of all, the oldest first.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn resets(tx: &mut TenantTx, of: Option<MemberId>) -> Result<Vec<Reset>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_as!(
        ResetRow,
        r#"SELECT r.id AS "id: CodeResetId", r.member_id AS "member_id: MemberId", r.asked_by AS "asked_by: MemberId", r.asked_at, r.reason,
             m.name, b.name AS by_name, b.role AS by_role, b.ended_at IS NOT NULL AS "by_ended!"
           FROM code_resets r JOIN memberships m ON m.provider_id = r.provider_id AND m.id = r.member_id
             JOIN memberships b ON b.provider_id = r.provider_id AND b.id = r.asked_by
           WHERE r.provider_id = $1 AND r.ended_at IS NULL AND ($2::uuid IS NULL OR r.member_id = $2)
           ORDER BY r.asked_at, r.id LIMIT 200 FOR UPDATE OF r"#,
        provider.uuid(),
        of.map(|m| m.uuid()),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let by_stays = word::<Role>(&row.by_role)? == Role::Administrator && !row.by_ended;
            let asked = Asked { about: row.member_id, by: row.asked_by, by_stays, at: row.asked_at };
            Ok(Reset { id: row.id, asked, name: row.name, by_name: row.by_name, reason: row.reason })
        })
        .collect()
}

/// Asks for a reset as the actor of this transaction.
///
/// # Errors
/// One waits already, or the database refused or was lost.
pub async fn ask_reset(
    tx: &mut TenantTx,
    id: CodeResetId,
    about: MemberId,
    reason: &str,
) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        "INSERT INTO code_resets (provider_id, id, member_id, reason, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5, $6)",
        provider.uuid(),
        id.uuid(),
        about.uuid(),
        reason,
        by.map(|b| b.uuid()),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Ends a request: confirmed by the actor of this transaction, who so takes the codes away, or left to lie.
///
/// # Errors
/// The database refused or was lost.
pub async fn end_reset(tx: &mut TenantTx, id: CodeResetId, confirmed: bool) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor().filter(|_| confirmed));
    sqlx::query!(
        "UPDATE code_resets SET ended_at = $3, confirmed_by = $4 WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        now,
        by.map(|b| b.uuid()),
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
