//! Setting a provider up: the provider itself, its services and units, its people, its rules.

use serde_json::json;

use super::{Done, Stop};
use crate::app::AppState;
use crate::domain::calendar::Nation;
use crate::domain::codes;
use crate::domain::escalation;
use crate::domain::event::{Event, EventKind};
use crate::domain::member::{Member, Role};
use crate::domain::standard;
use crate::domain::topic::ServiceKind;
use crate::error::AppError;
use crate::ids::{ProviderId, ServiceId, StandardId, UnitId, UserId};
use crate::store::{SystemTx, TenantTx, member, provider, standard as standards, system};

/// Adds a provider with sensible closure standards and escalation policy (R12, R20).
///
/// # Errors
/// The slug is taken, or the database was lost.
pub async fn add(app: &AppState, slug: &str, name: &str) -> Done<ProviderId> {
    add_with(app, (slug, name), &codes::by_default()).await
}

/// As [`add`], asking these roles for one-time codes: none of them where passwords are public.
///
/// # Errors
/// As for [`add`].
pub async fn add_with(app: &AppState, (slug, name): (&str, &str), codes_for: &[Role]) -> Done<ProviderId> {
    if !is_plain(slug) {
        return Err(Stop::at("slug", "Use small letters, figures and single hyphens, at most 40 characters"));
    }
    if name.trim().is_empty() || name.chars().count() > 120 {
        return Err(Stop::at("name", "Enter a name of at most 120 characters"));
    }
    if find(app, slug).await?.is_some() {
        return Err(Stop::at("slug", "There is a provider at this address already"));
    }
    let id = ProviderId::new();
    let mut tx = begin(app, id).await?;
    provider::insert(&mut tx, (slug, name), codes_for).await?;
    standards::insert(&mut tx, &standard::defaults(StandardId::new)).await?;
    standards::insert_due_days(&mut tx, standard::DueDays::default()).await?;
    provider::insert_policies(&mut tx, escalation::default_policy).await?;
    tx.record(
        Event::of_provider(EventKind::ProviderAdded).detail(json!({ "slug": slug })).text("name", name),
    );
    tx.record(Event::of_provider(EventKind::RulesSet));
    tx.commit().await?;
    Ok(id)
}

/// Adds a service with its units.
///
/// # Errors
/// The slug or a unit's name is taken, or the database was lost.
pub async fn add_service(
    app: &AppState,
    in_provider: ProviderId,
    (slug, name): (&str, &str),
    (kind, nation): (ServiceKind, Nation),
    units: &[&str],
) -> Done<(ServiceId, Vec<UnitId>)> {
    let id = ServiceId::new();
    let mut tx = begin(app, in_provider).await?;
    write_service(&mut tx, id, (slug, name), (kind, nation)).await?;
    let mut ids = Vec::with_capacity(units.len());
    for unit in units {
        ids.push(write_unit(&mut tx, id, unit).await?);
    }
    tx.commit().await?;
    Ok((id, ids))
}

/// Writes a service with its event.
pub(super) async fn write_service(
    tx: &mut TenantTx,
    id: ServiceId,
    (slug, name): (&str, &str),
    (kind, nation): (ServiceKind, Nation),
) -> Result<(), sqlx::Error> {
    provider::insert_service(tx, id, slug, name, kind, nation).await?;
    let facts = json!({ "service": id, "kind": kind.as_str(), "nation": nation.as_str() });
    tx.record(Event::of_provider(EventKind::ServiceAdded).detail(facts).text("name", name));
    Ok(())
}

/// Writes a unit with its event.
pub(super) async fn write_unit(
    tx: &mut TenantTx,
    service: ServiceId,
    name: &str,
) -> Result<UnitId, sqlx::Error> {
    let id = UnitId::new();
    provider::insert_unit(tx, service, id, name).await?;
    let facts = json!({ "service": service, "unit": id });
    tx.record(Event::of_provider(EventKind::UnitAdded).detail(facts).text("name", name));
    Ok(id)
}

/// Gives a person a place in a provider.
///
/// # Errors
/// The person is a member already, or the database was lost.
pub async fn add_member(app: &AppState, in_provider: ProviderId, user: UserId, new: &Member) -> Done<()> {
    let mut tx = begin(app, in_provider).await?;
    if let Err(error) = member::insert(&mut tx, user, new).await {
        let twice =
            error.as_database_error().and_then(|e| e.constraint()) == Some("memberships_one_place_each");
        return Err(if twice {
            Stop::refused("This person has a place in this provider already")
        } else {
            error.into()
        });
    }
    let facts = json!({ "member": new.id, "role": new.role.as_str(), "services": new.services });
    tx.record(Event::of_provider(EventKind::MemberAdded).detail(facts).text("name", new.name.clone()));
    tx.commit().await?;
    Ok(())
}

/// The provider of an address.
///
/// # Errors
/// The database was lost.
pub async fn find(app: &AppState, slug: &str) -> Result<Option<ProviderId>, AppError> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    Ok(system::provider_by_slug(&mut tx, slug).await?.map(|provider| provider.id))
}

/// The services of a provider, by name.
///
/// # Errors
/// The database was lost.
pub async fn services(app: &AppState, of: ProviderId) -> Result<Vec<provider::Service>, AppError> {
    let mut tx = begin(app, of).await?;
    Ok(provider::services(&mut tx).await?)
}

/// Whether a provider's part of the address is one (migrations/0001).
fn is_plain(slug: &str) -> bool {
    let sign = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    slug.len() <= 40 && slug.split('-').all(|part| !part.is_empty() && part.chars().all(sign))
}

async fn begin(app: &AppState, id: ProviderId) -> Result<TenantTx, sqlx::Error> {
    TenantTx::begin(&app.db, id, None, app.clock.now()).await
}
