//! Members: a person's place in the provider.

use super::{TenantTx, word};
use crate::domain::action::Person;
use crate::domain::member::{Member, Role, Sight};
use crate::ids::{MemberId, ServiceId, UserId};

/// Writes a membership with the services it sees.
///
/// # Errors
/// The person is a member already, or the database was lost.
pub async fn insert(tx: &mut TenantTx, user: UserId, member: &Member) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query!(
        "INSERT INTO memberships (provider_id, id, user_id, name, role, job_title, started_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        provider.uuid(),
        member.id.uuid(),
        user.uuid(),
        member.name,
        member.role.as_str(),
        member.job_title,
        now,
    )
    .execute(tx.conn())
    .await?;
    let services: Vec<_> = member.services.iter().map(|s| s.uuid()).collect();
    sqlx::query!(
        "INSERT INTO member_services (provider_id, member_id, service_id) SELECT $1, $2, s FROM unnest($3::uuid[]) AS x(s)",
        provider.uuid(),
        member.id.uuid(),
        &services,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// A member who is still here, with the services they see.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn get(tx: &mut TenantTx, id: MemberId) -> Result<Option<Member>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT m.name, m.role, m.job_title,
             ARRAY(SELECT s.service_id FROM member_services s WHERE s.provider_id = m.provider_id AND s.member_id = m.id) AS "services!: Vec<ServiceId>"
           FROM memberships m WHERE m.provider_id = $1 AND m.id = $2 AND m.ended_at IS NULL"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Member { id, name: r.name, role: word(&r.role)?, job_title: r.job_title, services: r.services })
    })
    .transpose()
}

/// A member who is still here, locked until the transaction ends.
///
/// # Errors
/// As [`get`].
pub async fn lock(tx: &mut TenantTx, id: MemberId) -> Result<Option<Member>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "SELECT id FROM memberships WHERE provider_id = $1 AND id = $2 FOR NO KEY UPDATE",
        provider.uuid(),
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    get(tx, id).await
}

/// Everybody who can own an action in a service: members who are here and see it, by name (R7).
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn possible_owners(tx: &mut TenantTx, service: ServiceId) -> Result<Vec<Person>, sqlx::Error> {
    let provider = tx.provider();
    let whole: Vec<String> = whole_provider_roles();
    let rows = sqlx::query!(
        r#"SELECT m.id AS "id: MemberId", m.name, m.role, m.job_title FROM memberships m
           WHERE m.provider_id = $1 AND m.ended_at IS NULL AND m.role <> 'external_reader'
             AND (m.role = ANY($3) OR EXISTS (SELECT 1 FROM member_services s
               WHERE s.provider_id = m.provider_id AND s.member_id = m.id AND s.service_id = $2))
           ORDER BY m.name, m.id"#,
        provider.uuid(),
        service.uuid(),
        &whole,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Person { id: r.id, name: r.name, role: word(&r.role)?, job_title: r.job_title, left: false })
        })
        .collect()
}

/// Everybody who can own an action in at least one of some services, by name: what a form offers before the service is
/// chosen. Whether a person can own it in the one chosen is for [`possible_owners`] to say.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn owners_in_any(tx: &mut TenantTx, services: &[ServiceId]) -> Result<Vec<Person>, sqlx::Error> {
    let provider = tx.provider();
    let whole: Vec<String> = whole_provider_roles();
    let services: Vec<_> = services.iter().map(|s| s.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT m.id AS "id: MemberId", m.name, m.role, m.job_title FROM memberships m
           WHERE m.provider_id = $1 AND m.ended_at IS NULL AND m.role <> 'external_reader'
             AND (m.role = ANY($3) OR EXISTS (SELECT 1 FROM member_services s
               WHERE s.provider_id = m.provider_id AND s.member_id = m.id AND s.service_id = ANY($2::uuid[])))
           ORDER BY m.name, m.id"#,
        provider.uuid(),
        &services,
        &whole,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Person { id: r.id, name: r.name, role: word(&r.role)?, job_title: r.job_title, left: false })
        })
        .collect()
}

/// The roles that see the whole provider, as stored.
#[must_use]
pub fn whole_provider_roles() -> Vec<String> {
    Role::ALL.iter().filter(|r| r.sight() == Sight::Provider).map(|r| r.as_str().to_owned()).collect()
}

/// Gives a member who is still here another role; `None` when there is no such member.
///
/// # Errors
/// The database was lost.
pub async fn set_role(tx: &mut TenantTx, id: MemberId, role: Role) -> Result<Option<()>, sqlx::Error> {
    let provider = tx.provider();
    let done = sqlx::query!(
        "UPDATE memberships SET role = $3 WHERE provider_id = $1 AND id = $2 AND ended_at IS NULL",
        provider.uuid(),
        id.uuid(),
        role.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok((done.rows_affected() > 0).then_some(()))
}

/// Ends a member's place; `None` when there is no such member.
///
/// # Errors
/// The database was lost.
pub async fn end(tx: &mut TenantTx, id: MemberId) -> Result<Option<()>, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let done = sqlx::query!(
        "UPDATE memberships SET ended_at = $3 WHERE provider_id = $1 AND id = $2 AND ended_at IS NULL",
        provider.uuid(),
        id.uuid(),
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok((done.rows_affected() > 0).then_some(()))
}

/// Everybody who is here, by name, with the services they see.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn all(tx: &mut TenantTx) -> Result<Vec<Member>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT m.id AS "id: MemberId", m.name, m.role, m.job_title,
             ARRAY(SELECT s.service_id FROM member_services s WHERE s.provider_id = m.provider_id AND s.member_id = m.id) AS "services!: Vec<ServiceId>"
           FROM memberships m WHERE m.provider_id = $1 AND m.ended_at IS NULL ORDER BY m.name, m.id"#,
        provider.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let (name, job_title, services) = (r.name, r.job_title, r.services);
            Ok(Member { id: r.id, name, role: word(&r.role)?, job_title, services })
        })
        .collect()
}

/// How many administrators are here; they stay as they are until this transaction ends, so that two who leave at the
/// same time are counted one after the other (R7).
///
/// # Errors
/// The database was lost.
pub async fn lock_administrators(tx: &mut TenantTx) -> Result<usize, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_scalar!(
        r#"SELECT id AS "id: MemberId" FROM memberships WHERE provider_id = $1 AND role = 'administrator' AND ended_at IS NULL
           ORDER BY id FOR NO KEY UPDATE"#,
        provider.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.len())
}

/// The place of a person in this provider, if they are here.
///
/// # Errors
/// The database was lost.
pub async fn of_person(tx: &mut TenantTx, user: UserId) -> Result<Option<MemberId>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT id AS "id: MemberId" FROM memberships WHERE provider_id = $1 AND user_id = $2 AND ended_at IS NULL"#,
        provider.uuid(),
        user.uuid(),
    )
    .fetch_optional(tx.conn())
    .await
}

/// Writes a member's name and job title.
///
/// # Errors
/// The database was lost.
pub async fn set_words(
    tx: &mut TenantTx,
    id: MemberId,
    name: &str,
    job_title: &str,
) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "UPDATE memberships SET name = $3, job_title = $4 WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        name,
        job_title,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Gives a member exactly these services.
///
/// # Errors
/// One of them is not there, or the database was lost.
pub async fn set_services(tx: &mut TenantTx, id: MemberId, to: &[ServiceId]) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    let to: Vec<_> = to.iter().map(|s| s.uuid()).collect();
    sqlx::query!(
        "DELETE FROM member_services WHERE provider_id = $1 AND member_id = $2 AND NOT service_id = ANY($3)",
        provider.uuid(),
        id.uuid(),
        &to,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO member_services (provider_id, member_id, service_id) SELECT $1, $2, s FROM unnest($3::uuid[]) AS x(s)
         ON CONFLICT DO NOTHING",
        provider.uuid(),
        id.uuid(),
        &to,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
