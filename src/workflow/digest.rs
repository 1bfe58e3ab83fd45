//! Queuing the digests of a week: on Monday from seven in London, on Tuesday what Monday missed.

use super::{Done, Moment};
use crate::app::AppState;
use crate::clock::london_hour;
use crate::domain::digest::week_to_tell;
use crate::domain::reminder::NOT_BEFORE_HOUR;
use crate::ids::ProviderId;
use crate::store::{TenantTx, digest};

/// Queues what is due in one provider. Returns how many; running it again, or twice at once, queues nothing twice.
///
/// # Errors
/// The database was lost.
pub async fn sweep(app: &AppState, in_provider: ProviderId) -> Done<u64> {
    let Moment { now, today } = Moment::read(app);
    let Some(monday) = week_to_tell(today).filter(|day| now >= london_hour(*day, NOT_BEFORE_HOUR)) else {
        return Ok(0);
    };
    let mut tx = TenantTx::begin(&app.db, in_provider, None, now).await?;
    let queued = digest::queue(&mut tx, monday).await?;
    tx.commit().await?;
    Ok(queued)
}
