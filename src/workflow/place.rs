//! A member's place changes: name, role, job title, services. A change of role ends their sessions.

use serde_json::{Value, json};

use super::{Actor, Done, Stop};
use crate::app::AppState;
use crate::domain::access::{self, Relation, Verb};
use crate::domain::event::{Event, EventKind};
use crate::domain::member::Member;
use crate::domain::place::{self, PlaceRefusal};
use crate::error::AppError;
use crate::ids::ServiceId;
use crate::store::{TenantTx, leaver, member, provider};

/// Refuses whoever does not look after people: for them none of this is there.
pub(super) fn must_manage(by: &Actor) -> Result<(), AppError> {
    access::may(by.member.role, Verb::ManagePeople, Relation::default()).map_err(|_| AppError::NotFound)
}

/// Changes a member's place to what `after` says. `seen` is the fingerprint of the place the page showed.
///
/// # Errors
/// Why the place may not become so, that it changed meanwhile, or there is no such member.
pub async fn change(app: &AppState, by: &Actor, after: &Member, seen: &str) -> Done<()> {
    super::retrying!(change_once(app, by, after, seen))
}

async fn change_once(app: &AppState, by: &Actor, after: &Member, seen: &str) -> Done<()> {
    must_manage(by)?;
    let mut tx = by.begin(app).await?;
    super::leaver::keep_an_administrator(&mut tx, after.id, Some(after.role)).await?;
    let before = member::lock(&mut tx, after.id).await?.ok_or(AppError::NotFound)?;
    if place::fingerprint_of(&before) != seen {
        return Err(Stop::Changed);
    }
    must_be_there(&mut tx, &after.services).await?;
    let owned = owned_by_service(&mut tx, &before).await?;
    let counts: Vec<(ServiceId, u64)> = owned.iter().map(|(id, _, count)| (*id, *count)).collect();
    place::may_become(&before, after, &counts).map_err(|why| refused(&why, &owned))?;
    if after.role != before.role {
        member::set_role(&mut tx, after.id, after.role).await?;
    }
    member::set_words(&mut tx, after.id, &after.name, &after.job_title).await?;
    member::set_services(&mut tx, after.id, &after.services).await?;
    tx.record(changed(&before, after));
    tx.commit().await?;
    Ok(())
}

/// Refuses services of nobody or of somebody else.
pub(super) async fn must_be_there(tx: &mut TenantTx, chosen: &[ServiceId]) -> Done<()> {
    let known = provider::services(tx).await?;
    let all = chosen.iter().all(|id| known.iter().any(|s| s.id == *id));
    if all { Ok(()) } else { Err(Stop::at("services", "Choose services of this provider")) }
}

type Owned = Vec<(ServiceId, String, u64)>;

async fn owned_by_service(tx: &mut TenantTx, member: &Member) -> Result<Owned, sqlx::Error> {
    let mut counts: Owned = Vec::new();
    for action in leaver::owned(tx, member.id).await? {
        match counts.iter_mut().find(|(id, ..)| *id == action.service) {
            Some((.., count)) => *count += 1,
            None => counts.push((action.service, action.service_name, 1)),
        }
    }
    Ok(counts)
}

fn refused(why: &PlaceRefusal, owned: &Owned) -> Stop {
    let name = match why {
        PlaceRefusal::StillOwns(service, _) => owned.iter().find(|(id, ..)| id == service).map(|o| &*o.1),
        _ => None,
    };
    Stop::at(why.field(), why.sentence(name.unwrap_or_default()))
}

fn changed(before: &Member, after: &Member) -> Event {
    let pair = |was: Value, is: Value| if was == is { Value::Null } else { json!([was, is]) };
    let services = |of: &Member, without: &Member| -> Vec<ServiceId> {
        of.services.iter().copied().filter(|s| !without.services.contains(s)).collect()
    };
    let facts = json!({
        "member": after.id,
        "role": pair(json!(before.role.as_str()), json!(after.role.as_str())),
        "services_given": services(after, before),
        "services_taken": services(before, after),
    });
    let mut event =
        Event::of_provider(EventKind::MemberChanged).detail(facts).text("name", after.name.clone());
    if before.name != after.name {
        event = event.text("name_before", before.name.clone());
    }
    if before.job_title != after.job_title {
        event = event
            .text("job_title_before", before.job_title.clone())
            .text("job_title", after.job_title.clone());
    }
    event
}
