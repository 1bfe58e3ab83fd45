//! The mails of invitations: each with a secret made for it, claimed with a lease, tried again with growing pauses.

use crate::app::AppState;
use crate::auth::spoken::Spoken;
use crate::error::AppError;
use crate::mail::message;
use crate::mail::transport::SendError;
use crate::store::system::ProviderRow;
use crate::store::{TenantTx, invitation};
use crate::worker::deliver::{LEASE, Sent, try_again_at};
use crate::workflow::invitation::address_of;

/// Sends what is due in one provider.
///
/// # Errors
/// The database was lost, or a template failed; what was claimed comes back when its lease ends.
pub async fn provider(app: &AppState, provider: &ProviderRow) -> Result<Sent, AppError> {
    let mut sent = Sent::default();
    loop {
        let secret = Spoken::long();
        let mut tx = TenantTx::begin(&app.db, provider.id, None, app.clock.now()).await?;
        let Some(due) = invitation::claim(&mut tx, secret.hash(), LEASE).await? else { return Ok(sent) };
        tx.commit().await?;
        let link = address_of(app, &provider.slug, Some(&secret));
        let mail = message::invitation(
            (&due.id.to_string(), due.attempts),
            (&due.name, &due.email),
            (&provider.name, &link),
            app.config.public_url.origin(),
        )?;
        // no transaction is open while the mail server is spoken to
        let answer = app.mail.send(&mail).await;
        let now = app.clock.now();
        let mut tx = TenantTx::begin(&app.db, provider.id, None, now).await?;
        match answer {
            Ok(_) => {
                sent.delivered += 1;
                invitation::mark(&mut tx, (due.id, secret.hash()), None, None).await?;
            }
            Err(SendError { retry, reason }) => {
                sent.failed += 1;
                let next = try_again_at(retry, due.attempts, now);
                invitation::mark(&mut tx, (due.id, secret.hash()), Some(&reason), next).await?;
            }
        }
        tx.commit().await?;
    }
}
