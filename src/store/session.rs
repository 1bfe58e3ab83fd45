//! Sessions: signed-in browsers. Only a hash of the token is kept.

use chrono::{DateTime, TimeDelta, Utc};

use super::SystemTx;
use crate::auth::session::Limits;
use crate::auth::throttle::LONGEST_WAIT;
use crate::auth::token::TokenHash;
use crate::ids::{SessionId, UserId};

/// Writes a new session that begins now and lasts as long as `limits` allow.
///
/// # Errors
/// The database was lost.
pub async fn insert(
    tx: &mut SystemTx,
    token: TokenHash,
    user: UserId,
    device: &str,
    limits: Limits,
) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO sessions (token_hash, id, user_id, device, created_at, seen_at, idle_minutes, expires_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6, $7)",
        &token.as_bytes()[..],
        SessionId::new().uuid(),
        user.uuid(),
        device,
        now,
        i32::try_from(limits.idle.num_minutes()).unwrap_or(i32::MAX),
        now + limits.absolute,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// A session as the person's own list shows it.
#[derive(Clone, Debug)]
pub struct OwnSession {
    /// Its name in the list.
    pub id: SessionId,
    /// What it runs on, in plain words.
    pub device: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When something was last done with it, to the minute.
    pub seen_at: DateTime<Utc>,
}

/// The open sessions of a person, the one used last first.
///
/// # Errors
/// The database was lost.
pub async fn of_person(tx: &mut SystemTx, user: UserId) -> Result<Vec<OwnSession>, sqlx::Error> {
    let now = tx.now();
    sqlx::query_as!(
        OwnSession,
        r#"SELECT id AS "id: SessionId", device, created_at, seen_at FROM sessions
           WHERE user_id = $1 AND expires_at > $2 AND seen_at + make_interval(mins => idle_minutes) > $2
           ORDER BY seen_at DESC, id"#,
        user.uuid(),
        now,
    )
    .fetch_all(tx.conn())
    .await
}

/// Ends one session of a person; false when they have no such session.
///
/// # Errors
/// The database was lost.
pub async fn end(tx: &mut SystemTx, user: UserId, session: SessionId) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query!("DELETE FROM sessions WHERE user_id = $1 AND id = $2", user.uuid(), session.uuid())
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends all sessions of a person but one.
///
/// # Errors
/// The database was lost.
pub async fn end_others(tx: &mut SystemTx, user: UserId, keep: SessionId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM sessions WHERE user_id = $1 AND id <> $2", user.uuid(), keep.uuid())
        .execute(tx.conn())
        .await
        .map(drop)
}

/// Ends the session under a token, whoever has it.
///
/// # Errors
/// The database was lost.
pub async fn end_by_token(tx: &mut SystemTx, token: TokenHash) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM sessions WHERE token_hash = $1", &token.as_bytes()[..])
        .execute(tx.conn())
        .await
        .map(drop)
}

/// Removes some of the sessions that are over and of the failures that no longer count. Rows that somebody is at work
/// on are left for the next time.
///
/// # Errors
/// The database was lost.
pub async fn sweep(tx: &mut SystemTx) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "DELETE FROM sessions WHERE token_hash IN
           (SELECT token_hash FROM sessions WHERE expires_at <= $1 LIMIT 200 FOR UPDATE SKIP LOCKED)",
        now,
    )
    .execute(tx.conn())
    .await?;
    let forgotten = now - LONGEST_WAIT - TimeDelta::minutes(1);
    sqlx::query!(
        "DELETE FROM sign_in_throttles WHERE key IN
           (SELECT key FROM sign_in_throttles WHERE failed_at < $1 LIMIT 200 FOR UPDATE SKIP LOCKED)",
        forgotten,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
