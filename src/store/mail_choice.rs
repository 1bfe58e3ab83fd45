//! What each member wants by mail, and the links that switch a kind off.

use chrono::{DateTime, Utc};

use super::{TenantTx, word};
use crate::auth::token::TokenHash;
use crate::domain::member::Member;
use crate::domain::message::MessageKind;
use crate::ids::{MemberId, ServiceId, UserId};

/// Whom a message is for, as they are when it is sent.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The member.
    pub member: Member,
    /// The person behind it.
    pub user: UserId,
    /// What they chose for this kind of message; none when they chose nothing.
    pub chosen: Option<bool>,
}

/// The member a message is for; none when they have left.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn reader(
    tx: &mut TenantTx,
    id: MemberId,
    kind: MessageKind,
) -> Result<Option<Reader>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT m.name, m.role, m.job_title, m.user_id AS "user: UserId",
             ARRAY(SELECT s.service_id FROM member_services s WHERE s.provider_id = $1 AND s.member_id = m.id) AS "services!: Vec<ServiceId>",
             (SELECT c.wanted FROM mail_choices c WHERE c.provider_id = $1 AND c.member_id = m.id AND c.kind = $3) AS chosen
           FROM memberships m WHERE m.provider_id = $1 AND m.id = $2 AND m.ended_at IS NULL"#,
        provider.uuid(),
        id.uuid(),
        kind.as_str(),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        let member =
            Member { id, name: r.name, role: word(&r.role)?, job_title: r.job_title, services: r.services };
        Ok(Reader { member, user: r.user, chosen: r.chosen })
    })
    .transpose()
}

/// What a member has chosen.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn all(tx: &mut TenantTx, member: MemberId) -> Result<Vec<(MessageKind, bool)>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        "SELECT kind, wanted FROM mail_choices WHERE provider_id = $1 AND member_id = $2",
        provider.uuid(),
        member.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|r| Ok((word(&r.kind)?, r.wanted))).collect()
}

/// Keeps what a member wants, for some kinds.
///
/// # Errors
/// A kind cannot be chosen, or the database was lost.
pub async fn keep(
    tx: &mut TenantTx,
    member: MemberId,
    choices: &[(MessageKind, bool)],
) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let kinds: Vec<String> = choices.iter().map(|(kind, _)| kind.as_str().to_owned()).collect();
    let wanted: Vec<bool> = choices.iter().map(|(_, wanted)| *wanted).collect();
    sqlx::query!(
        r#"INSERT INTO mail_choices (provider_id, member_id, kind, wanted, chosen_at)
           SELECT $1, $2, x.kind, x.wanted, $5 FROM unnest($3::text[], $4::bool[]) AS x(kind, wanted)
           ON CONFLICT (provider_id, member_id, kind) DO UPDATE SET wanted = excluded.wanted, chosen_at = excluded.chosen_at"#,
        provider.uuid(),
        member.uuid(),
        &kinds,
        &wanted,
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Keeps the hash of a link that switches one kind of mail off for a member.
///
/// # Errors
/// The database was lost.
pub async fn insert_stop(
    tx: &mut TenantTx,
    hash: TokenHash,
    member: MemberId,
    kind: MessageKind,
) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query!(
        "INSERT INTO mail_stops (provider_id, token_hash, member_id, kind, made_at) VALUES ($1, $2, $3, $4, $5)",
        provider.uuid(),
        &hash.as_bytes()[..],
        member.uuid(),
        kind.as_str(),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Whose mail of which kind a link switches off; none when it is none of ours, or they have left.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn find_stop(
    tx: &mut TenantTx,
    hash: TokenHash,
) -> Result<Option<(MemberId, MessageKind)>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT s.member_id AS "member: MemberId", s.kind FROM mail_stops s
           JOIN memberships m ON m.provider_id = s.provider_id AND m.id = s.member_id AND m.ended_at IS NULL
           WHERE s.provider_id = $1 AND s.token_hash = $2"#,
        provider.uuid(),
        &hash.as_bytes()[..],
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| Ok((r.member, word(&r.kind)?))).transpose()
}

/// Forgets links made before `before`.
///
/// # Errors
/// The database was lost.
pub async fn forget_stops(tx: &mut TenantTx, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let provider = tx.provider();
    let done = sqlx::query!(
        "DELETE FROM mail_stops WHERE provider_id = $1 AND made_at < $2",
        provider.uuid(),
        before
    );
    done.execute(tx.conn()).await.map(|done| done.rows_affected())
}
