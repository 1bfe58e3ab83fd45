//! Keys of a provider's own programs: made and ended by administrators, opened by programs.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Actor, Done, Stop};
use crate::app::AppState;
use crate::auth::token::Token;
use crate::domain::access::{Verb, may};
use crate::domain::api_key::{Lasts, Reads};
use crate::domain::event::{Event, EventKind};
use crate::error::AppError;
use crate::ids::{ApiKeyId, ServiceId};
use crate::store::api_key::{self as store, Key, New};
use crate::store::system::{self, ProviderRow};
use crate::store::{SystemTx, TenantTx, provider};

/// What a key is to be.
#[derive(Clone, Debug)]
pub struct Given {
    /// What it is for.
    pub name: String,
    /// What it reads.
    pub reads: Vec<Reads>,
    /// Of which service; of all when none.
    pub service: Option<ServiceId>,
    /// How long it lasts.
    pub lasts: Lasts,
}

/// A key that was made. Its secret is shown once and kept nowhere.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its id.
    pub id: ApiKeyId,
    /// Its secret.
    pub secret: Token,
    /// Until when it lasts.
    pub expires_at: DateTime<Utc>,
}

fn allowed(by: &Actor) -> Result<(), AppError> {
    may(by.member.role, Verb::ManagePeople, crate::domain::access::Relation::default())
        .map_err(|_| AppError::NotYours)
}

/// Makes a key.
///
/// # Errors
/// Not an administrator, no such service, or the database was lost.
pub async fn make(app: &AppState, by: &Actor, given: &Given) -> Done<Made> {
    allowed(by)?;
    let mut tx = by.begin(app).await?;
    if let Some(service) = given.service {
        let all = provider::services(&mut tx).await?;
        if !all.iter().any(|own| own.id == service) {
            return Err(Stop::at("service", "Choose one of the services, or all"));
        }
    }
    let (id, secret, expires_at) = (ApiKeyId::new(), Token::random(), given.lasts.until(tx.now()));
    let (name, reads, service) = (given.name.as_str(), given.reads.as_slice(), given.service);
    store::insert(&mut tx, &New { id, name, hash: secret.hash(), reads, service, expires_at }).await?;
    let facts = json!({ "key": id, "reads": reads, "service": service, "expires_at": expires_at });
    tx.record(Event::of_provider(EventKind::ApiKeyMade).detail(facts).text("name", name));
    tx.commit().await?;
    Ok(Made { id, secret, expires_at })
}

/// Ends a key at once. One that was ended already stays as it is.
///
/// # Errors
/// Not an administrator, no such key, or the database was lost.
pub async fn end(app: &AppState, by: &Actor, id: ApiKeyId) -> Done<()> {
    allowed(by)?;
    let mut tx = by.begin(app).await?;
    let Some(name) = store::end(&mut tx, id).await? else {
        let known = store::exists(&mut tx, id).await?;
        return if known { Ok(()) } else { Err(AppError::NotFound.into()) };
    };
    let facts = json!({ "key": id });
    tx.record(Event::of_provider(EventKind::ApiKeyEnded).detail(facts).text("name", name));
    tx.commit().await?;
    Ok(())
}

/// The provider and the key behind a secret, with a transaction to read in; none when it opens nothing.
///
/// # Errors
/// The database was lost.
pub async fn open(
    app: &AppState,
    slug: &str,
    secret: &str,
) -> Result<Option<(ProviderRow, Key, TenantTx)>, AppError> {
    let Some(token) = Token::parse(secret) else { return Ok(None) };
    let now = app.clock.now();
    let mut system = SystemTx::begin(&app.db, None, now).await?;
    let Some(provider) = system::provider_by_slug(&mut system, slug).await? else { return Ok(None) };
    drop(system);
    let mut tx = TenantTx::begin(&app.db, provider.id, None, now).await?;
    let Some(key) = store::find(&mut tx, token.hash()).await? else { return Ok(None) };
    if key.to_note {
        store::note_use(&mut tx, key.id).await?;
        tx.commit().await?;
        tx = TenantTx::begin(&app.db, provider.id, None, now).await?;
    }
    Ok(Some((provider, key, tx)))
}
