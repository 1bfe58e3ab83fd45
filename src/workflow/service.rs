//! Services and their units: added and changed, with a history.

use serde_json::json;

use super::place::must_manage;
use super::provider::{write_service, write_unit};
use super::{Actor, Done, Stop};
use crate::app::AppState;
use crate::domain::calendar::Nation;
use crate::domain::event::{Event, EventKind};
use crate::domain::place::{self, UNIT, UNITS};
use crate::domain::topic::ServiceKind;
use crate::error::AppError;
use crate::ids::{ServiceId, UnitId};
use crate::store::provider::{Service, Unit};
use crate::store::{TenantTx, provider, service as store};

/// A service as the form gives it.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Which kind it is.
    pub kind: ServiceKind,
    /// In which nation, for its bank holidays.
    pub nation: Nation,
    /// The names of units that are there, by id.
    pub units: &'a [(UnitId, String)],
    /// The names of units to be added.
    pub more: &'a [String],
}

/// What a form carries of a service it was made from.
#[must_use]
pub fn fingerprint(service: &Service, units: &[Unit]) -> String {
    let own = [&*service.name, service.kind.as_str(), service.nation.as_str()];
    place::fingerprint(own.into_iter().chain(units.iter().map(|unit| unit.name.as_str())))
}

/// Adds a service; the part of its address comes from its name.
///
/// # Errors
/// The name is taken, a unit's name will not do, or the database was lost.
pub async fn add(app: &AppState, by: &Actor, given: &Given<'_>) -> Done<ServiceId> {
    must_manage(by)?;
    let mut tx = by.begin(app).await?;
    let all = provider::services(&mut tx).await?;
    name_is_free(given.name, None, &all)?;
    let slugs: Vec<&str> = all.iter().map(|s| s.slug.as_str()).collect();
    let (id, slug) = (ServiceId::new(), place::slug(given.name, &slugs));
    let written = write_service(&mut tx, id, (&slug, given.name), (given.kind, given.nation)).await;
    taken(written, "services_slug_is_unique", "name", "There is a service of this name already")?;
    add_units(&mut tx, id, &[], given.more).await?;
    tx.commit().await?;
    Ok(id)
}

/// Changes a service: its name, kind, nation, the names of its units, and adds units. `seen` is the fingerprint of what
/// the page showed. Dates and windows agreed before stay as they are.
///
/// # Errors
/// A name is taken or will not do, nothing is different, it changed meanwhile, or there is no such service.
pub async fn change(app: &AppState, by: &Actor, id: ServiceId, seen: &str, given: &Given<'_>) -> Done<()> {
    super::retrying!(change_once(app, by, id, seen, given))
}

async fn change_once(app: &AppState, by: &Actor, id: ServiceId, seen: &str, given: &Given<'_>) -> Done<()> {
    must_manage(by)?;
    let mut tx = by.begin(app).await?;
    let before = store::lock(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    let units = store::units(&mut tx, id).await?;
    if fingerprint(&before, &units) != seen {
        return Err(Stop::Changed);
    }
    let all = provider::services(&mut tx).await?;
    name_is_free(given.name, Some(id), &all)?;
    let same = (&*before.name, before.kind, before.nation) == (given.name, given.kind, given.nation);
    if !same {
        store::set_facts(&mut tx, id, given.name, given.kind, given.nation).await?;
        tx.record(changed(&before, given));
    }
    let renamed = rename_units(&mut tx, id, &units, given.units).await?;
    if same && !renamed && given.more.is_empty() {
        return Err(Stop::at("name", "Change something, or go back: this is how it is"));
    }
    let names: Vec<&str> = given.units.iter().map(|(_, name)| name.as_str()).collect();
    add_units(&mut tx, id, &names, given.more).await?;
    tx.commit().await?;
    Ok(())
}

fn name_is_free(name: &str, own: Option<ServiceId>, all: &[Service]) -> Done<()> {
    let twin = all.iter().any(|s| Some(s.id) != own && s.name.eq_ignore_ascii_case(name));
    if twin { Err(Stop::at("name", "There is a service of this name already")) } else { Ok(()) }
}

async fn rename_units(
    tx: &mut TenantTx,
    id: ServiceId,
    units: &[Unit],
    named: &[(UnitId, String)],
) -> Done<bool> {
    let mut renamed = false;
    for (unit, name) in named {
        let Some(before) = units.iter().find(|u| u.id == *unit) else { return Err(Stop::Changed) };
        if before.name == *name {
            continue;
        }
        unit_name(name)?;
        let written = store::rename_unit(tx, id, *unit, name).await;
        taken(written, "units_name_is_unique", "more", "Each unit of a service has a name of its own")?;
        let facts = json!({ "service": id, "unit": unit });
        tx.record(
            Event::of_provider(EventKind::UnitRenamed)
                .detail(facts)
                .text("name_before", before.name.clone())
                .text("name", name.clone()),
        );
        renamed = true;
    }
    Ok(renamed)
}

async fn add_units(tx: &mut TenantTx, id: ServiceId, there: &[&str], more: &[String]) -> Done<()> {
    if more.len() > UNITS {
        return Err(Stop::at("more", format!("Add at most {UNITS} units at a time")));
    }
    for name in more {
        unit_name(name)?;
        if there.iter().any(|unit| unit.eq_ignore_ascii_case(name)) {
            return Err(Stop::at("more", format!("There is a unit called {name} already")));
        }
        let written = write_unit(tx, id, name).await.map(drop);
        taken(written, "units_name_is_unique", "more", "Each unit of a service has a name of its own")?;
    }
    Ok(())
}

fn unit_name(name: &str) -> Done<()> {
    let length = name.trim().chars().count();
    if length == 0 || length > UNIT {
        return Err(Stop::at("more", format!("Give each unit a name of at most {UNIT} characters")));
    }
    Ok(())
}

/// A name that is taken is a sentence; everything else failed.
fn taken(
    written: Result<(), sqlx::Error>,
    constraint: &str,
    field: &'static str,
    sentence: &str,
) -> Done<()> {
    written.map_err(|error| {
        let twice = error.as_database_error().and_then(|e| e.constraint()) == Some(constraint);
        if twice { Stop::at(field, sentence) } else { error.into() }
    })
}

fn changed(before: &Service, given: &Given<'_>) -> Event {
    let facts = json!({ "service": before.id, "kind": [before.kind.as_str(), given.kind.as_str()],
        "nation": [before.nation.as_str(), given.nation.as_str()] });
    let event = Event::of_provider(EventKind::ServiceChanged).detail(facts).text("name", given.name);
    if before.name == given.name { event } else { event.text("name_before", before.name.clone()) }
}
