//! A finding is linked to the earlier ones of which it is the recurrence; a link is withdrawn (R21).

use serde_json::json;

use super::finding::lock;
use super::{Actor, Done, Stop};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::event::{Event, EventKind};
use crate::domain::finding::visible_to;
use crate::domain::recurrence::{LinkRefusal, may_link};
use crate::error::AppError;
use crate::store::recurrence::{self as store, End};
use crate::store::{TenantTx, finding::Finding};

/// Links finding `number` to the earlier one, which is seen by whoever links.
///
/// # Errors
/// Why they are not linked.
pub async fn link(app: &AppState, by: &Actor, number: i32, earlier: i32) -> Done<()> {
    super::retrying!(link_once(app, by, number, earlier))
}

async fn link_once(app: &AppState, by: &Actor, number: i32, earlier: i32) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let found = lock(&mut tx, by, number, Verb::LinkFinding).await?;
    let newer = end_of(&found);
    if !link_within(&mut tx, by, newer, earlier, "earlier").await? {
        return Err(Stop::at("earlier", LinkRefusal::Linked.sentence()));
    }
    tx.commit().await?;
    Ok(())
}

pub(super) const fn end_of(found: &Finding) -> End {
    use crate::domain::recurrence::Place;
    let place = Place { found_on: found.found_on, number: found.number };
    End { id: found.id, place, service: found.service, logged_by: found.logged_by }
}

/// Links within another deed; says whether they were not linked before. A refusal stands at `field`.
pub(super) async fn link_within(
    tx: &mut TenantTx,
    by: &Actor,
    newer: End,
    earlier: i32,
    field: &'static str,
) -> Done<bool> {
    let refused = |refusal: LinkRefusal| Stop::at(field, refusal.sentence());
    let earlier = visible(tx, by, earlier).await?.ok_or_else(|| refused(LinkRefusal::NotThere))?;
    may_link(newer.place, earlier.place).map_err(refused)?;
    let Some(link) = store::insert_link(tx, newer.id, earlier.id).await? else { return Ok(false) };
    let (newer_number, earlier_number) = (newer.place.number, earlier.place.number);
    let facts = json!({ "link": link, "earlier": earlier_number });
    tx.record(Event::of_finding(EventKind::FindingLinked, newer.id).detail(facts));
    let facts = json!({ "link": link, "later": newer_number });
    tx.record(Event::of_finding(EventKind::FindingLinked, earlier.id).detail(facts));
    Ok(true)
}

async fn visible(tx: &mut TenantTx, by: &Actor, number: i32) -> Result<Option<End>, sqlx::Error> {
    let end = store::end(tx, number).await?;
    Ok(end.filter(|end| visible_to(&by.member, end.service, end.logged_by)))
}

/// Withdraws the link between finding `number` and an earlier one.
///
/// # Errors
/// There is none, or none this person sees; the reason is missing; the person may not.
pub async fn withdraw(app: &AppState, by: &Actor, number: i32, earlier: i32, reason: &str) -> Done<()> {
    super::retrying!(withdraw_once(app, by, number, earlier, reason))
}

async fn withdraw_once(app: &AppState, by: &Actor, number: i32, earlier: i32, reason: &str) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let found = lock(&mut tx, by, number, Verb::FindRootCause).await?;
    let earlier = visible(&mut tx, by, earlier).await?.ok_or(AppError::NotFound)?;
    if reason.trim().is_empty() {
        return Err(Stop::at("reason", "Say why it is not the same problem"));
    }
    if !store::withdraw_link(&mut tx, found.id, earlier.id, reason).await? {
        return Err(AppError::NotFound.into());
    }
    let said = |finding, facts| {
        Event::of_finding(EventKind::LinkWithdrawn, finding).detail(facts).text("reason", reason)
    };
    let facts = json!({ "earlier": earlier.place.number });
    tx.record(said(found.id, facts));
    tx.record(said(earlier.id, json!({ "later": number })));
    tx.commit().await?;
    Ok(())
}
