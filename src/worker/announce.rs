//! Telling people: each message for an audience becomes a notice and a mail for everybody who is in it now. Nothing outside
//! the database is spoken to, so that a slow mail server keeps no notice back.

use crate::app::AppState;
use crate::error::AppError;
use crate::ids::ProviderId;
use crate::store::{TenantTx, audience, outbox};

/// How many messages are turned at a time.
const BATCH: i64 = 100;

/// Turns what waits in one provider. Returns how many messages were turned.
///
/// # Errors
/// The database was lost; what was turned before stands.
pub async fn provider(app: &AppState, provider: ProviderId) -> Result<u64, AppError> {
    let mut turned = 0;
    loop {
        let mut tx = TenantTx::begin(&app.db, provider, None, app.clock.now()).await?;
        // held until the end of the transaction; another replica goes on with others
        let waiting = outbox::unresolved(&mut tx, BATCH).await?;
        for message in &waiting {
            let people =
                audience::people(&mut tx, message.audience, message.action, message.escalation).await?;
            outbox::resolve(&mut tx, message.id, &people).await?;
        }
        if waiting.is_empty() {
            return Ok(turned);
        }
        tx.commit().await?;
        turned += waiting.len() as u64;
    }
}
