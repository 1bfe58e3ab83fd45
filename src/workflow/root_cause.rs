//! The root-cause review of what came back, was lost or did not work: written, completed, opened again (R16, R19, R22).

use serde_json::{Value, json};

use super::finding::lock;
use super::{Actor, Done, Moment, Said, Stop};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::action::Action;
use crate::domain::event::{Event, EventKind};
use crate::domain::recurrence::{Causes, lacks};
use crate::ids::{FindingId, RootCauseId, SustainCheckId, VerificationId};
use crate::store::TenantTx;
use crate::store::root_cause::{self as store, Because};

const NONE_OPEN: &str =
    "There is no open root-cause review of this finding: it is complete, and stays as it is.";

/// Writes the open root-cause review of finding `number`, in the version the page showed; `complete` finishes it for good.
///
/// # Errors
/// What it lacks to be complete, that none is open, why the person may not; that it changed meanwhile.
pub async fn save(
    app: &AppState,
    by: &Actor,
    number: i32,
    seen: i64,
    causes: &Causes,
    complete: bool,
) -> Done<()> {
    super::retrying!(save_once(app, by, number, seen, causes, complete))
}

async fn save_once(
    app: &AppState,
    by: &Actor,
    number: i32,
    seen: i64,
    causes: &Causes,
    complete: bool,
) -> Done<()> {
    let today = Moment::read(app).today;
    let mut tx = by.begin(app).await?;
    let found = lock(&mut tx, by, number, Verb::FindRootCause).await?;
    let Some((id, round, version)) = store::lock_open(&mut tx, found.id).await? else {
        return Err(Stop::refused(NONE_OPEN));
    };
    if version != seen {
        return Err(Stop::Changed);
    }
    let lacking = if complete { lacks(causes, today) } else { Vec::new() };
    if !lacking.is_empty() {
        let said = lacking.into_iter().map(|(f, s)| Said { field: Some(f), sentence: s.to_owned() });
        return Err(Stop::Refused(said.collect()));
    }
    store::save(&mut tx, id, causes, complete).await?;
    tx.record(written(found.id, (id, round), causes, complete));
    tx.commit().await?;
    Ok(())
}

fn written(finding: FindingId, (id, round): (RootCauseId, i32), causes: &Causes, complete: bool) -> Event {
    let kind = if complete { EventKind::RootCauseFound } else { EventKind::RootCauseSaved };
    let factors: Vec<_> = causes.factors.iter().map(|f| f.as_str()).collect();
    let facts = json!({ "review": id, "round": round, "factors": factors, "review_on": causes.review_on });
    let event = Event::of_finding(kind, finding).detail(facts);
    event
        .text("whys", causes.whys.join("\n"))
        .text("analysis", causes.analysis.clone())
        .text("wider", causes.wider.clone())
}

/// Opens another root-cause review of a finding whose last one is complete.
///
/// # Errors
/// It is no recurrence, one is open already, or the person may not.
pub async fn open_again(app: &AppState, by: &Actor, number: i32) -> Done<()> {
    super::retrying!(open_again_once(app, by, number))
}

async fn open_again_once(app: &AppState, by: &Actor, number: i32) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let found = lock(&mut tx, by, number, Verb::FindRootCause).await?;
    if store::before(&mut tx, found.id).await?.is_none() && !store::has_failed(&mut tx, found.id).await? {
        return Err(Stop::refused(
            "This finding is not linked to an earlier one, and none of its actions failed.",
        ));
    }
    let opened = store::open(&mut tx, found.id, Because::Again, true).await?;
    if !told(&mut tx, Event::of_finding(EventKind::RootCauseOpened, found.id), opened) {
        return Err(Stop::refused("A root-cause review is open already."));
    }
    tx.commit().await?;
    Ok(())
}

/// Opens the root-cause review of a recurrence, unless it has one.
pub(super) async fn open_within(tx: &mut TenantTx, finding: FindingId) -> Result<(), sqlx::Error> {
    let opened = store::open(tx, finding, Because::Again, false).await?;
    told(tx, Event::of_finding(EventKind::RootCauseOpened, finding), opened);
    Ok(())
}

/// Opens the root-cause review of what a sustain check found lost, unless one is open; `days` is how long after closure the
/// check was planned.
pub(super) async fn open_for_lost(
    tx: &mut TenantTx,
    action: &Action,
    check: SustainCheckId,
    days: i64,
) -> Result<(), sqlx::Error> {
    let facts = json!({ "check": check, "days": days });
    open_for(tx, action, Because::Lost(check), facts).await
}

/// Opens the root-cause review of what a verdict found ineffective, unless one is open (R16).
pub(super) async fn open_for_ineffective(
    tx: &mut TenantTx,
    action: &Action,
    verdict: VerificationId,
) -> Result<(), sqlx::Error> {
    open_for(tx, action, Because::Ineffective(verdict), json!({ "verdict": verdict })).await
}

async fn open_for(
    tx: &mut TenantTx,
    action: &Action,
    because: Because,
    facts: Value,
) -> Result<(), sqlx::Error> {
    let opened = store::open(tx, action.finding_id, because, true).await?;
    let event = Event::of_action(EventKind::RootCauseOpened, action.id, action.finding_id);
    told(tx, event.detail(facts), opened);
    Ok(())
}

/// Tells that one was opened; says whether it was.
fn told(tx: &mut TenantTx, mut event: Event, opened: Option<(RootCauseId, i32)>) -> bool {
    let Some((id, round)) = opened else { return false };
    if let Some(facts) = event.detail.as_object_mut() {
        facts.extend([("review".to_owned(), json!(id)), ("round".to_owned(), json!(round))]);
    }
    tx.record(event);
    true
}
