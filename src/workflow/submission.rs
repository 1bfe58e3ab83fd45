//! Submission: the owner says it is done, and somebody else has a window to check it (R10, R15).

use chrono::NaiveDate;
use serde_json::json;

use super::{Actor, Done, Moment, Stop};
use crate::app::AppState;
use crate::domain::access::{self, Verb};
use crate::domain::action::{Action, Status};
use crate::domain::calendar;
use crate::domain::closure::Case;
use crate::domain::event::{Event, EventKind};
use crate::domain::message::MessageKind;
use crate::domain::reference::Reference;
use crate::error::AppError;
use crate::store::action::{self, Change};
use crate::store::outbox::{self, Audience, NewMessage};
use crate::store::{TenantTx, case};

const OWNER_ONLY: &str = "Only the owner says that it is done.";

/// Submits an action for verification; answers with the last day of the window.
///
/// # Errors
/// What is still missing (R10), or that the actor does not own it.
pub async fn submit(app: &AppState, by: &Actor, of: Reference) -> Done<NaiveDate> {
    super::retrying!(submit_once(app, by, of))
}

async fn submit_once(app: &AppState, by: &Actor, of: Reference) -> Done<NaiveDate> {
    let moment = Moment::read(app);
    let mut tx = by.begin(app).await?;
    let case = lock_visible(&mut tx, by, of).await?;
    let verify_by = submit_within(&mut tx, by, &case, moment).await?;
    tx.commit().await?;
    Ok(verify_by)
}

/// Submits within another deed, on the case as it is after what that deed wrote.
///
/// # Errors
/// As [`submit`].
pub async fn submit_within(tx: &mut TenantTx, by: &Actor, case: &Case, moment: Moment) -> Done<NaiveDate> {
    let a = &case.action;
    access::may(by.member.role, Verb::Submit, by.stands_to(case)).map_err(|_| Stop::refused(OWNER_ONLY))?;
    case.ready().map_err(|refusal| Stop::refused(refusal.sentence()))?;
    let verify_by = open_window(tx, a, moment).await?;
    let facts = json!({ "cycle": a.cycle, "evidence_rev": a.evidence_rev, "verify_by": verify_by, "due_on": a.due_on });
    tx.record(Event::of_action(EventKind::Submitted, a.id, a.finding_id).detail(facts));
    Ok(verify_by)
}

/// Makes an action wait for verification from now on, and tells those who may check it, once for each state of the
/// evidence. The event is the caller's.
///
/// # Errors
/// The database refused or was lost.
pub async fn open_window(tx: &mut TenantTx, a: &Action, moment: Moment) -> Result<NaiveDate, sqlx::Error> {
    let verify_by = calendar::add_working_days(moment.today, a.verification_working_days, a.nation);
    let change = Change {
        status: Some(Status::Submitted),
        window: Some((moment.now, verify_by)),
        touched: true,
        ..Change::default()
    };
    action::change(tx, a.id, &change).await?;
    let message = NewMessage {
        kind: MessageKind::ToVerify,
        audience: Audience::Verifiers,
        action: a.id,
        escalation: None,
        dedupe_key: format!("to verify {} {} {}", a.id, a.cycle, a.evidence_rev),
    };
    outbox::queue(tx, &message).await?;
    Ok(verify_by)
}

/// Takes a submission back, so that the owner can go on with it. Not once it is verified: then it can only be answered
/// by other evidence.
///
/// # Errors
/// It is not waiting for verification, or the actor does not own it.
pub async fn take_back(app: &AppState, by: &Actor, of: Reference) -> Done<()> {
    super::retrying!(take_back_once(app, by, of))
}

async fn take_back_once(app: &AppState, by: &Actor, of: Reference) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let case = lock_visible(&mut tx, by, of).await?;
    let a = &case.action;
    access::may(by.member.role, Verb::Submit, by.stands_to(&case)).map_err(|_| Stop::refused(OWNER_ONLY))?;
    if a.status != Status::Submitted {
        let status = a.status.label().to_lowercase();
        return Err(Stop::refused(format!("There is nothing to take back: it is {status}.")));
    }
    back_to_owner(&mut tx, a, "owner").await?;
    tx.commit().await?;
    Ok(())
}

/// Gives a submitted or verified action back to its owner, and says why in the trail.
///
/// # Errors
/// The database refused or was lost.
pub async fn back_to_owner(tx: &mut TenantTx, a: &Action, because: &str) -> Result<(), sqlx::Error> {
    let change = Change { status: Some(Status::InProgress), touched: true, ..Change::default() };
    action::change(tx, a.id, &change).await?;
    tx.record(
        Event::of_action(EventKind::SubmissionTakenBack, a.id, a.finding_id)
            .detail(json!({ "cycle": a.cycle, "because": because })),
    );
    Ok(())
}

/// Locks an action this actor may see; otherwise it is not there.
pub(super) async fn lock_visible(tx: &mut TenantTx, by: &Actor, of: Reference) -> Result<Case, AppError> {
    case::lock(tx, of.number).await?.filter(|case| by.sees(case)).ok_or(AppError::NotFound)
}
