//! The secret link of a member's calendar, and the days it shows.

use chrono::{DateTime, NaiveDate, Utc};

use super::TenantTx;
use super::scope::Scope;
use crate::auth::token::TokenHash;
use crate::domain::digest;
use crate::domain::member::Member;
use crate::domain::verification::checks_managers;
use crate::ids::{ActionId, MemberId};

/// The most days a calendar shows.
const MOST: i64 = 500;

/// When a member's link was made; none when there is none.
///
/// # Errors
/// The database was lost.
pub async fn made(tx: &mut TenantTx, member: MemberId) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        "SELECT made_at FROM calendar_feeds WHERE provider_id = $1 AND member_id = $2",
        provider.uuid(),
        member.uuid(),
    )
    .fetch_optional(tx.conn())
    .await
}

/// Keeps the hash of a member's new link; the one before opens nothing any more.
///
/// # Errors
/// The database was lost.
pub async fn renew(tx: &mut TenantTx, member: MemberId, hash: TokenHash) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query!(
        r#"INSERT INTO calendar_feeds (provider_id, member_id, token_hash, made_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (provider_id, member_id) DO UPDATE SET token_hash = excluded.token_hash, made_at = excluded.made_at"#,
        provider.uuid(),
        member.uuid(),
        &hash.as_bytes()[..],
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Takes a member's link away.
///
/// # Errors
/// The database was lost.
pub async fn end(tx: &mut TenantTx, member: MemberId) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "DELETE FROM calendar_feeds WHERE provider_id = $1 AND member_id = $2",
        provider.uuid(),
        member.uuid(),
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Whose calendar a link shows; none when it is none of ours.
///
/// # Errors
/// The database was lost.
pub async fn find(tx: &mut TenantTx, hash: TokenHash) -> Result<Option<MemberId>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT member_id AS "id: MemberId" FROM calendar_feeds WHERE provider_id = $1 AND token_hash = $2"#,
        provider.uuid(),
        &hash.as_bytes()[..],
    )
    .fetch_optional(tx.conn())
    .await
}

/// One day of a calendar.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The action.
    pub action: ActionId,
    /// Its number.
    pub number: i32,
    /// What is to be done.
    pub what: String,
    /// Its service.
    pub service: String,
    /// The day: the due date, or the last one of the verification window.
    pub day: NaiveDate,
    /// Whether it is the window of an action the member may check.
    pub to_check: bool,
    /// When the action was last written to.
    pub moved_at: DateTime<Utc>,
}

/// The days of a member's calendar: what they own and is still with them by its due date, and what waits for a check they
/// may give by the end of its window (R15). The next first.
///
/// # Errors
/// The database was lost.
pub async fn entries(tx: &mut TenantTx, member: &Member) -> Result<Vec<Entry>, sqlx::Error> {
    let provider = tx.provider();
    let scope = Scope::of(member);
    let rows = sqlx::query_file!(
        "src/store/sql/calendar.sql",
        provider.uuid(),
        scope.me.uuid(),
        scope.whole,
        scope.by_service,
        digest::leads(member.role).1,
        checks_managers(member.role),
        MOST,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Entry {
            action: r.id,
            number: r.number,
            what: r.what,
            service: r.service,
            day: r.day,
            to_check: r.to_check,
            moved_at: r.moved_at,
        })
        .collect())
}
