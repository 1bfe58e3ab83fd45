//! A list is taken out of the program: that it was is noted before its first row leaves, as downloads of evidence are (R9a).

use super::Actor;
use crate::app::AppState;
use crate::error::AppError;
use crate::ids::ExportId;
use crate::store::TenantTx;
use crate::store::export::{self as store, Taken};
use crate::store::trail;

/// Notes that a member begins to take a list.
///
/// # Errors
/// The database was lost.
pub async fn begin(app: &AppState, by: &Actor, taken: &Taken<'_>) -> Result<ExportId, AppError> {
    let mut tx = by.begin(app).await?;
    let id = store::begin(&mut tx, taken).await?;
    tx.commit().await?;
    Ok(id)
}

/// A transaction in which a list of any length is read as it is at one instant.
///
/// # Errors
/// The database was lost.
pub async fn read(app: &AppState, by: &Actor) -> Result<TenantTx, AppError> {
    let mut tx = by.begin(app).await?;
    trail::hold_still(&mut tx).await?;
    Ok(tx)
}

/// Notes that a list was made to its end.
///
/// # Errors
/// The database was lost.
pub async fn end(app: &AppState, by: &Actor, id: ExportId, rows: u64) -> Result<(), AppError> {
    let mut tx = by.begin(app).await?;
    store::end(&mut tx, id, i64::try_from(rows).unwrap_or(i64::MAX)).await?;
    tx.commit().await?;
    Ok(())
}
