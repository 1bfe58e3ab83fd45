//! A finding is linked to the earlier ones of which it is the recurrence, with what follows; a link is withdrawn (R21, R22).

use chrono::{Days, NaiveDate};
use serde_json::json;

use super::action::Ground;
use super::escalation::{Raised, announce};
use super::finding::lock;
use super::root_cause::open_within;
use super::{Actor, Done, Moment, Stop};
use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::escalation::{self, Cause, Level, Upon};
use crate::domain::event::{Event, EventKind};
use crate::domain::finding::visible_to;
use crate::domain::recurrence::{LinkRefusal, levels, may_link};
use crate::error::AppError;
use crate::ids::{ActionId, FindingId};
use crate::store::recurrence::{self as store, End};
use crate::store::root_cause::{self as effects, Before};
use crate::store::{TenantTx, finding::Finding};
use crate::store::{escalation as escalations, escalation_facts as facts, provider};

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
    if let Some(before) = effects::before(&mut tx, found.id).await?
        && let Some(action) = before.open
    {
        came_back(&mut tx, found.id, &before, action, Moment::read(app).today).await?;
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
    for marked in effects::mark_closures(tx, link, earlier.id, newer.place.found_on).await? {
        let facts = json!({ "link": link, "later": newer_number });
        let event = Event::of_action(EventKind::ClosureNotLasting, marked.action, marked.finding);
        tx.record(event.detail(facts));
    }
    open_within(tx, newer.id).await?;
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
    let marked = effects::marked_by(&mut tx, found.id, earlier.id).await?;
    if !store::withdraw_link(&mut tx, found.id, earlier.id, reason).await? {
        return Err(AppError::NotFound.into());
    }
    let said = |event: Event, facts| event.detail(facts).text("reason", reason);
    let of = |finding| Event::of_finding(EventKind::LinkWithdrawn, finding);
    tx.record(said(of(found.id), json!({ "earlier": earlier.place.number })));
    tx.record(said(of(earlier.id), json!({ "later": number })));
    for m in marked {
        let event = Event::of_action(EventKind::LinkWithdrawn, m.action, m.finding);
        tx.record(said(event, json!({ "later": number })));
    }
    tx.commit().await?;
    Ok(())
}

/// Raises a recurrence with an action under a finding: one that is linked to an earlier one, one level higher than last time
/// (R22); otherwise with the first action, when an action on the same topic in the same service was closed within the
/// last twelve months (R14, R21), to the registered manager, and at once to leadership when the risk is high or safeguarding
/// is concerned.
///
/// # Errors
/// The database was lost.
pub(super) async fn found_again(
    tx: &mut TenantTx,
    ground: &Ground,
    action: ActionId,
    today: NaiveDate,
) -> Result<(), sqlx::Error> {
    if let Some(before) = effects::before(tx, ground.finding).await? {
        return came_back(tx, ground.finding, &before, (action, 1), today).await;
    }
    let since = tx.now() - Days::new(escalation::RECURS_WITHIN_DAYS);
    let Some(before) = facts::closed_before(tx, ground.finding, action, since).await? else { return Ok(()) };
    let closed_on = Some(london_date(before.closed_at));
    let upon = Upon { closed: Some(before.number), closed_on, ..Upon::default() };
    let up = ground.risk.is_high() || escalation::concerns_safeguarding(before.theme, ground.topic);
    let levels = [Level::Manager, Level::Leadership].into_iter().take(1 + usize::from(up)).collect();
    raise_again(tx, ground.finding, (action, 1), (levels, &upon), today).await
}

/// Raises what came back one level higher than its earlier findings were, unless it was raised so high already (R22).
///
/// # Errors
/// The database was lost.
async fn came_back(
    tx: &mut TenantTx,
    finding: FindingId,
    before: &Before,
    action: (ActionId, i32),
    today: NaiveDate,
) -> Result<(), sqlx::Error> {
    let policy = provider::policies(tx).await?.policy(before.risk, before.theme);
    let at_once = before.risk.is_high() || escalation::concerns_safeguarding(before.theme, before.topic);
    let mut levels = levels(before.last, policy, at_once);
    levels.retain(|level| before.raised.is_none_or(|raised| level.number() > raised));
    let closed_on = before.closed.map(|(_, at)| london_date(at));
    let closed = before.closed.map(|(number, _)| number);
    let upon = Upon { closed, closed_on, found: Some(before.earlier), ..Upon::default() };
    raise_again(tx, finding, action, (levels, &upon), today).await
}

async fn raise_again(
    tx: &mut TenantTx,
    finding: FindingId,
    (action, cycle): (ActionId, i32),
    (levels, upon): (Vec<Level>, &Upon),
    due_on: NaiveDate,
) -> Result<(), sqlx::Error> {
    let cause = Cause::Recurrence;
    for level in levels {
        if let Some(id) = escalations::raise(tx, action, cycle, level, (cause, upon), due_on).await? {
            announce(tx, &Raised { id, action, finding, cycle, due_on, level, cause }).await?;
        }
    }
    Ok(())
}
