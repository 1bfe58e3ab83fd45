//! A member's calendar: its secret link made anew, taken away, and opened by a calendar program. Nothing of the line
//! changes, so the trail says nothing of it.

use super::{Actor, Done};
use crate::app::AppState;
use crate::auth::token::Token;
use crate::error::AppError;
use crate::store::calendar::{self as store, Entry};
use crate::store::system::{self, ProviderRow};
use crate::store::{SystemTx, TenantTx, member};

/// Makes the actor's link anew. The secret is shown once and kept nowhere.
///
/// # Errors
/// The database was lost.
pub async fn renew(app: &AppState, by: &Actor) -> Done<Token> {
    let token = Token::random();
    let mut tx = by.begin(app).await?;
    store::renew(&mut tx, by.member.id, token.hash()).await?;
    tx.commit().await?;
    Ok(token)
}

/// Takes the actor's link away.
///
/// # Errors
/// The database was lost.
pub async fn end(app: &AppState, by: &Actor) -> Done<()> {
    let mut tx = by.begin(app).await?;
    store::end(&mut tx, by.member.id).await?;
    tx.commit().await?;
    Ok(())
}

/// The calendar behind a link; none when the link opens none, or its member has left.
///
/// # Errors
/// The database was lost.
pub async fn open(
    app: &AppState,
    slug: &str,
    secret: &str,
) -> Result<Option<(ProviderRow, Vec<Entry>)>, AppError> {
    let Some(token) = Token::parse(secret) else { return Ok(None) };
    let mut system = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let Some(provider) = system::provider_by_slug(&mut system, slug).await? else { return Ok(None) };
    drop(system);
    let mut tx = TenantTx::begin(&app.db, provider.id, None, app.clock.now()).await?;
    let Some(id) = store::find(&mut tx, token.hash()).await? else { return Ok(None) };
    let Some(member) = member::get(&mut tx, id).await? else { return Ok(None) };
    let entries = store::entries(&mut tx, &member).await?;
    Ok(Some((provider, entries)))
}
