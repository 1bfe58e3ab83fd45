//! A member's own notices: opened, and marked as read. Nothing of the line changes, so the trail says nothing of it.

use chrono::{DateTime, Utc};

use super::{Actor, Done};
use crate::app::AppState;
use crate::error::AppError;
use crate::ids::NoticeId;
use crate::store::notice::{self, Leads};

/// Marks one of the actor's notices as read, and says where it leads.
///
/// # Errors
/// It is not theirs.
pub async fn open(app: &AppState, by: &Actor, id: NoticeId) -> Result<Leads, AppError> {
    let mut tx = by.begin(app).await?;
    let leads = notice::open(&mut tx, by.member.id, id).await?.ok_or(AppError::NotFound)?;
    tx.commit().await?;
    Ok(leads)
}

/// Marks everything the actor was told up to an instant as read.
///
/// # Errors
/// The database was lost.
pub async fn read_all(app: &AppState, by: &Actor, until: DateTime<Utc>) -> Done<()> {
    let mut tx = by.begin(app).await?;
    notice::read_all(&mut tx, by.member.id, until).await?;
    tx.commit().await?;
    Ok(())
}
