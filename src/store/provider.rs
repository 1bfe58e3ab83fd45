//! The provider itself, its services and units, and its rules.

use super::{TenantTx, word};
use crate::domain::calendar::Nation;
use crate::domain::escalation::{Ladder, Policy};
use crate::domain::member::Role;
use crate::domain::topic::{Risk, ServiceKind, Theme};
use crate::ids::{ServiceId, UnitId};

/// Writes the provider of this transaction; its chain and its counters begin with it.
///
/// # Errors
/// The slug is taken, or the database was lost.
pub async fn insert(
    tx: &mut TenantTx,
    (slug, name): (&str, &str),
    codes_for: &[Role],
) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let codes_for: Vec<String> = codes_for.iter().map(|role| role.as_str().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO providers (id, slug, name, created_at, codes_for) VALUES ($1, $2, $3, $4, $5)",
        provider.uuid(),
        slug,
        name,
        now,
        &codes_for
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Writes a service.
///
/// # Errors
/// The slug is taken, or the database was lost.
pub async fn insert_service(
    tx: &mut TenantTx,
    id: ServiceId,
    slug: &str,
    name: &str,
    kind: ServiceKind,
    nation: Nation,
) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query!(
        "INSERT INTO services (provider_id, id, slug, name, kind, nation, opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        provider.uuid(),
        id.uuid(),
        slug,
        name,
        kind.as_str(),
        nation.as_str(),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Writes a unit of a service.
///
/// # Errors
/// The name is taken in this service, or the database was lost.
pub async fn insert_unit(
    tx: &mut TenantTx,
    service: ServiceId,
    id: UnitId,
    name: &str,
) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "INSERT INTO units (provider_id, service_id, id, name) VALUES ($1, $2, $3, $4)",
        provider.uuid(),
        service.uuid(),
        id.uuid(),
        name,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// A service as lists and forms show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Id.
    pub id: ServiceId,
    /// Its part of the address.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: ServiceKind,
    /// Nation, for bank holidays.
    pub nation: Nation,
}

/// All services of the provider, by name.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn services(tx: &mut TenantTx) -> Result<Vec<Service>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT id AS "id: ServiceId", slug, name, kind, nation FROM services WHERE provider_id = $1 ORDER BY name, id"#,
        provider.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Service {
                id: r.id,
                slug: r.slug,
                name: r.name,
                kind: word(&r.kind)?,
                nation: word(&r.nation)?,
            })
        })
        .collect()
}

/// A unit as forms show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Id.
    pub id: UnitId,
    /// Its service.
    pub service: ServiceId,
    /// Name.
    pub name: String,
}

/// All units of the provider, by name.
///
/// # Errors
/// The database was lost.
pub async fn units(tx: &mut TenantTx) -> Result<Vec<Unit>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Unit,
        r#"SELECT id AS "id: UnitId", service_id AS "service: ServiceId", name FROM units WHERE provider_id = $1 ORDER BY name, id"#,
        provider.uuid(),
    )
    .fetch_all(tx.conn())
    .await
}

/// Writes the escalation policy for each risk (R12).
///
/// # Errors
/// The database refused or was lost.
pub async fn insert_policies(tx: &mut TenantTx, policy: impl Fn(Risk) -> Policy) -> Result<(), sqlx::Error> {
    for risk in Risk::ALL {
        set_policy(tx, *risk, None, policy(*risk)).await?;
    }
    Ok(())
}

/// Locks the escalation policy, so that two changes of it follow each other.
///
/// # Errors
/// The database was lost.
pub async fn lock_policies(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "SELECT level FROM escalation_policies WHERE provider_id = $1 AND theme = '' ORDER BY risk, level FOR UPDATE",
        provider.uuid()
    )
    .fetch_all(tx.conn())
    .await
    .map(drop)
}

/// Writes the escalation policy for a risk: of one theme, or of every theme.
///
/// # Errors
/// The database refused (high and critical risk, and safeguarding, go up at once) or was lost.
pub async fn set_policy(
    tx: &mut TenantTx,
    risk: Risk,
    theme: Option<Theme>,
    policy: Policy,
) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "INSERT INTO escalation_policies (provider_id, risk, theme, level, after_working_days, alone)
         SELECT $1, $2, $3, l.level, l.days, l.alone FROM (VALUES (1, $4::int, false), (2, $5::int, $6::bool), (3, $7::int, false)) AS l(level, days, alone)
         ON CONFLICT (provider_id, risk, theme, level) DO UPDATE SET after_working_days = EXCLUDED.after_working_days, alone = EXCLUDED.alone",
        provider.uuid(),
        risk.as_str(),
        theme.map_or("", |t| t.as_str()),
        i32::from(policy.manager_after),
        policy.leadership_after.map(i32::from) as _,
        policy.alone,
        policy.nominated_after.map(i32::from) as _,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Lets a theme follow the policy of every theme again.
///
/// # Errors
/// The database was lost.
pub async fn remove_policy(tx: &mut TenantTx, theme: Theme) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "DELETE FROM escalation_policies WHERE provider_id = $1 AND theme = $2",
        provider.uuid(),
        theme.as_str()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// The escalation policy of the provider, for each risk, and for the themes that have their own.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn policies(tx: &mut TenantTx) -> Result<Ladder, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT risk, theme, max(after_working_days) FILTER (WHERE level = 1) AS "one!", max(after_working_days) FILTER (WHERE level = 2) AS two,
             max(after_working_days) FILTER (WHERE level = 3) AS three, bool_or(alone) AS "alone!"
           FROM escalation_policies WHERE provider_id = $1 GROUP BY risk, theme"#,
        provider.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    let days = |d: i32| u16::try_from(d).unwrap_or(u16::MAX);
    let row = rows.into_iter().map(|r| {
        let theme = if r.theme.is_empty() { None } else { Some(word(&r.theme)?) };
        let policy = Policy {
            manager_after: days(r.one),
            leadership_after: r.two.map(days),
            alone: r.alone,
            nominated_after: r.three.map(days),
        };
        Ok((word(&r.risk)?, theme, policy))
    });
    Ok(Ladder(row.collect::<Result<_, sqlx::Error>>()?))
}
