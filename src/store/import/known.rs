//! What is here already, what came of an import, and how that is taken back.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::ids::{ActionId, FindingId, ImportId, ServiceId};
use crate::store::TenantTx;

/// Which of these fingerprints were imported already, with the number of the action the row became.
///
/// # Errors
/// The database was lost.
pub async fn known(
    tx: &mut TenantTx,
    prints: &[[u8; 32]],
) -> Result<Vec<(Vec<u8>, Option<i32>)>, sqlx::Error> {
    let provider = tx.provider();
    let prints: Vec<Vec<u8>> = prints.iter().map(|print| print.to_vec()).collect();
    let rows = sqlx::query!(
        r#"SELECT r.fingerprint AS "fingerprint!", a.number AS "number?"
           FROM unnest($2::bytea[]) AS x(print) JOIN import_rows r ON r.provider_id = $1 AND r.fingerprint = x.print AND r.imported
           LEFT JOIN actions a ON a.provider_id = $1 AND a.id = r.action_id"#,
        provider.uuid(),
        &prints,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (r.fingerprint, r.number)).collect())
}

/// An action that is here, as far as a row can be the same.
#[derive(Clone, Debug)]
pub struct Here {
    /// Its number.
    pub number: i32,
    /// Where.
    pub service: ServiceId,
    /// What is to be done.
    pub what: String,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
}

/// The actions of these services that are due on one of these days and were not called off.
///
/// # Errors
/// The database was lost.
pub async fn due_on(
    tx: &mut TenantTx,
    services: &[ServiceId],
    days: &[NaiveDate],
) -> Result<Vec<Here>, sqlx::Error> {
    let provider = tx.provider();
    let services: Vec<Uuid> = services.iter().map(|s| s.uuid()).collect();
    sqlx::query_as!(
        Here,
        r#"SELECT a.number, a.service_id AS "service: ServiceId", a.what, a.due_on FROM actions a
           WHERE a.provider_id = $1 AND a.service_id = ANY($2::uuid[]) AND a.due_on = ANY($3::date[]) AND a.status <> 'cancelled'"#,
        provider.uuid(),
        &services,
        days,
    )
    .fetch_all(tx.conn())
    .await
}

/// Something that was imported, as its undoing needs it.
#[derive(Clone, Copy, Debug)]
pub struct Came {
    /// The finding.
    pub finding: FindingId,
    /// Its number.
    pub finding_number: i32,
    /// The action.
    pub action: ActionId,
}

/// What an import made.
///
/// # Errors
/// The database was lost.
pub async fn came(tx: &mut TenantTx, id: ImportId) -> Result<Vec<Came>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_as!(
        Came,
        r#"SELECT f.id AS "finding: FindingId", f.number AS finding_number, r.action_id AS "action!: ActionId"
           FROM import_rows r JOIN findings f ON f.provider_id = $1 AND f.id = r.finding_id
           WHERE r.provider_id = $1 AND r.import_id = $2 AND r.imported ORDER BY r.n"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_all(tx.conn())
    .await
}

/// The first findings of an import that somebody touched since: a deed of a person that is not the import's own, or a later finding
/// that was linked to it. What the program does by itself, such as escalating what is late, touches nothing.
///
/// # Errors
/// The database was lost.
pub async fn touched(tx: &mut TenantTx, id: ImportId, limit: i64) -> Result<Vec<i32>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"SELECT f.number FROM import_rows r JOIN findings f ON f.provider_id = $1 AND f.id = r.finding_id
           WHERE r.provider_id = $1 AND r.import_id = $2 AND r.imported
             AND (EXISTS (SELECT 1 FROM events e WHERE e.provider_id = $1 AND e.finding_id = r.finding_id AND e.actor_id IS NOT NULL
                 AND e.line::jsonb #>> '{detail,import}' IS DISTINCT FROM $2::text)
               OR EXISTS (SELECT 1 FROM finding_links l WHERE l.provider_id = $1 AND l.earlier_id = r.finding_id AND l.withdrawn_at IS NULL))
           ORDER BY f.number LIMIT $3"#,
        provider.uuid(),
        id.uuid() as _,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

/// Takes back what an import made: its actions are called off, its findings stand in no list, what was closed before Throughline is
/// gone, and its rows may come again.
///
/// # Errors
/// A rule of the database refused, or it was lost.
pub async fn take_back(tx: &mut TenantTx, id: ImportId, reason: &str) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor().map(|b| b.uuid()));
    sqlx::query!(
        "UPDATE actions a SET version = a.version + 1, status = 'cancelled', cancelled_by = $3, cancelled_at = $4, cancel_reason = $5, updated_at = $4
         FROM import_rows r WHERE r.provider_id = $1 AND r.import_id = $2 AND r.imported AND a.provider_id = $1 AND a.id = r.action_id",
        provider.uuid(),
        id.uuid(),
        by,
        now,
        reason,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "UPDATE findings f SET version = f.version + 1, disposition = 'not_for_tracker', disposition_reason = $5, disposed_by = $3, disposed_at = $4, undone = true
         FROM import_rows r WHERE r.provider_id = $1 AND r.import_id = $2 AND r.imported AND f.provider_id = $1 AND f.id = r.finding_id",
        provider.uuid(),
        id.uuid(),
        by,
        now,
        reason,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "DELETE FROM earlier_actions WHERE provider_id = $1 AND import_id = $2",
        provider.uuid(),
        id.uuid()
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "UPDATE import_rows SET imported = false WHERE provider_id = $1 AND import_id = $2 AND imported",
        provider.uuid(),
        id.uuid(),
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
