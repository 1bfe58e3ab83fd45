//! A service and its units, as the settings change them.

use super::provider::{Service, Unit};
use super::{TenantTx, word};
use crate::domain::calendar::Nation;
use crate::domain::topic::ServiceKind;
use crate::ids::{ServiceId, UnitId};

/// A service, locked until the transaction ends.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn lock(tx: &mut TenantTx, id: ServiceId) -> Result<Option<Service>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query!(
        r#"SELECT slug, name, kind, nation FROM services WHERE provider_id = $1 AND id = $2 FOR NO KEY UPDATE"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Service { id, slug: r.slug, name: r.name, kind: word(&r.kind)?, nation: word(&r.nation)? })
    })
    .transpose()
}

/// The units of a service, by name.
///
/// # Errors
/// The database was lost.
pub async fn units(tx: &mut TenantTx, of: ServiceId) -> Result<Vec<Unit>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Unit,
        r#"SELECT id AS "id: UnitId", service_id AS "service: ServiceId", name FROM units
           WHERE provider_id = $1 AND service_id = $2 ORDER BY name, id"#,
        provider.uuid(),
        of.uuid(),
    )
    .fetch_all(tx.conn())
    .await
}

/// Writes what a service is called, and of which kind and nation it is.
///
/// # Errors
/// The database was lost.
pub async fn set_facts(
    tx: &mut TenantTx,
    id: ServiceId,
    name: &str,
    kind: ServiceKind,
    nation: Nation,
) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "UPDATE services SET name = $3, kind = $4, nation = $5 WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        name,
        kind.as_str(),
        nation.as_str(),
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Gives a unit another name.
///
/// # Errors
/// The name is taken in this service, or the database was lost.
pub async fn rename_unit(
    tx: &mut TenantTx,
    service: ServiceId,
    id: UnitId,
    name: &str,
) -> Result<(), sqlx::Error> {
    let provider = tx.provider();
    sqlx::query!(
        "UPDATE units SET name = $4 WHERE provider_id = $1 AND service_id = $2 AND id = $3",
        provider.uuid(),
        service.uuid(),
        id.uuid(),
        name,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// A service in the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The service.
    pub service: Service,
    /// The names of its units.
    pub units: Vec<String>,
    /// How many members who are here are given it.
    pub members: i64,
}

/// All services, by name.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Listed>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query!(
        r#"SELECT s.id AS "id: ServiceId", s.slug, s.name, s.kind, s.nation,
             ARRAY(SELECT u.name FROM units u WHERE u.provider_id = s.provider_id AND u.service_id = s.id ORDER BY u.name) AS "units!",
             (SELECT count(*) FROM member_services g JOIN memberships m ON m.provider_id = g.provider_id AND m.id = g.member_id
               WHERE g.provider_id = s.provider_id AND g.service_id = s.id AND m.ended_at IS NULL) AS "members!"
           FROM services s WHERE s.provider_id = $1 ORDER BY s.name, s.id"#,
        provider.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let (kind, nation) = (word(&r.kind)?, word(&r.nation)?);
            let service = Service { id: r.id, slug: r.slug, name: r.name, kind, nation };
            Ok(Listed { service, units: r.units, members: r.members })
        })
        .collect()
}
