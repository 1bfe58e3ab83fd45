//! What a member wants by mail: chosen on their page, or switched off by the link in a mail. About oneself alone and nothing
//! of the line, so the trail says nothing of it.

use super::{Actor, Done};
use crate::app::AppState;
use crate::auth::token::Token;
use crate::domain::message::MessageKind;
use crate::error::AppError;
use crate::ids::MemberId;
use crate::store::system::{self, ProviderRow};
use crate::store::{SystemTx, TenantTx, mail_choice};

/// Keeps which kinds of mail the actor wants. Escalations are not among those that can be chosen.
///
/// # Errors
/// The database was lost.
pub async fn choose(app: &AppState, by: &Actor, wanted: &[MessageKind]) -> Done<()> {
    let kinds = MessageKind::ALL.iter().filter(|kind| kind.can_be_chosen());
    let choices: Vec<_> = kinds.map(|kind| (*kind, wanted.contains(kind))).collect();
    let mut tx = by.begin(app).await?;
    mail_choice::keep(&mut tx, by.member.id, &choices).await?;
    tx.commit().await?;
    Ok(())
}

/// What a link in a mail switches off.
#[derive(Clone, Debug)]
pub struct Stop {
    /// Where.
    pub provider: ProviderRow,
    /// Whose mail.
    pub member: MemberId,
    /// Which kind.
    pub kind: MessageKind,
}

/// What the link with this secret switches off; none when there is no such link.
///
/// # Errors
/// The database was lost.
pub async fn find(app: &AppState, slug: &str, secret: &str) -> Result<Option<Stop>, AppError> {
    let Some(token) = Token::parse(secret) else { return Ok(None) };
    let mut system = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let Some(provider) = system::provider_by_slug(&mut system, slug).await? else { return Ok(None) };
    drop(system);
    let mut tx = TenantTx::begin(&app.db, provider.id, None, app.clock.now()).await?;
    let found = mail_choice::find_stop(&mut tx, token.hash()).await?;
    Ok(found.map(|(member, kind)| Stop { provider, member, kind }))
}

/// Switches it off. Doing it again changes nothing.
///
/// # Errors
/// The database was lost.
pub async fn stop(app: &AppState, stop: &Stop) -> Result<(), AppError> {
    let mut tx = TenantTx::begin(&app.db, stop.provider.id, None, app.clock.now()).await?;
    mail_choice::keep(&mut tx, stop.member, &[(stop.kind, false)]).await?;
    tx.commit().await?;
    Ok(())
}
