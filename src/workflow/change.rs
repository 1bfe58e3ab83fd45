//! Another owner, other words, another date, calling off: each with its reason, never silently (R6, R7).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::NaiveDate;
use serde_json::json;

use super::tell::{tell_owner, tell_owner_of_anothers};
use super::verification::seen_case;
use super::{Actor, Done, Moment, Stop};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::action::{Action, Person, Status};
use crate::domain::change::{self, ChangeRefusal, Handover};
use crate::domain::closure::Case;
use crate::domain::event::{Event, EventKind};
use crate::domain::message::MessageKind;
use crate::ids::{MemberId, ServiceId};
use crate::store::action::Change;
use crate::store::change::{Field, NewChange};
use crate::store::{TenantTx, action, change as changes, member};

/// Gives the action to another owner (R7). What was submitted or verified goes back in progress: the new owner says
/// themselves that it is done.
///
/// # Errors
/// Why the person may not, or the new owner cannot own it; that the action changed meanwhile.
pub async fn reassign(
    app: &AppState,
    by: &Actor,
    number: i32,
    seen: i64,
    to: MemberId,
    reason: &str,
) -> Done<()> {
    super::retrying!(reassign_once(app, by, number, seen, to, reason))
}

async fn reassign_once(
    app: &AppState,
    by: &Actor,
    number: i32,
    seen: i64,
    to: MemberId,
    reason: &str,
) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let case = changeable(&mut tx, by, number, seen, Verb::Reassign, reason).await?;
    let possible = member::possible_owners(&mut tx, case.action.service_id).await?;
    hand_over(&mut tx, &case.action, to, &possible, reason).await?;
    tx.commit().await?;
    Ok(())
}

/// Who can own an action in a service, asked for once for each service.
#[derive(Debug, Default)]
pub(super) struct Owners(HashMap<ServiceId, Vec<Person>>);

impl Owners {
    /// Those who can own an action in `service`, except one.
    pub(super) async fn of(
        &mut self,
        tx: &mut TenantTx,
        service: ServiceId,
        except: Option<MemberId>,
    ) -> Result<&[Person], sqlx::Error> {
        match self.0.entry(service) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(entry) => {
                let mut people = member::possible_owners(tx, service).await?;
                people.retain(|person| Some(person.id) != except);
                Ok(entry.insert(people))
            }
        }
    }
}

/// Gives a locked action to one of those who can own it, with the event and the message that go with it.
pub(super) async fn hand_over(
    tx: &mut TenantTx,
    action: &Action,
    to: MemberId,
    possible: &[Person],
    reason: &str,
) -> Done<()> {
    let new = change::reassign(action, to, possible).map_err(|r| Stop::at("owner", r.sentence()))?;
    let before = action.owner.as_ref().map(|o| o.name.as_str());
    let owner = NewChange { field: Field::Owner, before, after: &new.name, reason };
    changes::insert(tx, action.id, action.cycle, owner).await?;
    let handover = Handover::of(action.status);
    let status = (handover != Handover::Stays).then_some(Status::InProgress);
    let change = Change { owner: Some(to), status, touched: true, ..Change::default() };
    action::change(tx, action.id, &change).await?;
    record_handover(tx, action, new, handover, reason);
    tell_owner(tx, action, MessageKind::Assigned).await?;
    Ok(())
}

fn record_handover(tx: &mut TenantTx, action: &Action, new: &Person, handover: Handover, reason: &str) {
    let facts = json!({ "from": action.owner.as_ref().map(|o| o.id), "to": new.id, "cycle": action.cycle });
    let from = action.owner.as_ref().map(|o| o.name.clone()).unwrap_or_default();
    tx.record(
        Event::of_action(EventKind::OwnerChanged, action.id, action.finding_id)
            .detail(facts)
            .text("from", from)
            .text("to", new.name.clone())
            .text("reason", reason),
    );
    let also = match handover {
        Handover::Stays => return,
        Handover::TakesSubmissionBack => EventKind::SubmissionTakenBack,
        Handover::VoidsVerification => EventKind::VerificationVoided,
    };
    let because = json!({ "cycle": action.cycle, "because": "owner_changed" });
    tx.record(Event::of_action(also, action.id, action.finding_id).detail(because));
}

/// New words, as they are typed.
#[derive(Clone, Copy, Debug)]
pub struct NewWords<'a> {
    /// What is to be done.
    pub what: &'a str,
    /// How success will be tested.
    pub success_test: &'a str,
    /// Why vague words are kept (R2).
    pub kept: Option<&'a str>,
    /// Why they change (R6).
    pub reason: &'a str,
}

/// Changes the words of an action that is with its owner. The earlier ones stay readable.
///
/// # Errors
/// Why the person may not, or the words are not accepted; that the action changed meanwhile.
pub async fn reword(app: &AppState, by: &Actor, number: i32, seen: i64, new: NewWords<'_>) -> Done<()> {
    super::retrying!(reword_once(app, by, number, seen, new))
}

async fn reword_once(app: &AppState, by: &Actor, number: i32, seen: i64, new: NewWords<'_>) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let case = changeable(&mut tx, by, number, seen, Verb::Reword, new.reason).await?;
    let action = &case.action;
    change::reword(action, new.what, new.success_test, new.kept).map_err(|r| {
        Stop::at(if matches!(r, ChangeRefusal::Vague(_)) { "kept" } else { "what" }, r.sentence())
    })?;
    let kept = change::kept(new.what, new.kept);
    let fields = [
        (Field::What, &*action.what, new.what),
        (Field::SuccessTest, &*action.success_test, new.success_test),
    ];
    let mut event = Event::of_action(EventKind::Reworded, action.id, action.finding_id)
        .detail(json!({ "cycle": action.cycle, "vague_words_kept": kept.is_some() }))
        .text("reason", new.reason)
        .text("kept", kept.unwrap_or_default());
    for (field, before, after) in fields {
        if before == after {
            continue;
        }
        let change = NewChange { field, before: Some(before), after, reason: new.reason };
        changes::insert(&mut tx, action.id, action.cycle, change).await?;
        event = match field {
            Field::What => event.text("what_before", before).text("what_after", after),
            _ => event.text("success_test_before", before).text("success_test_after", after),
        };
    }
    let wording = (new.what.to_owned(), new.success_test.to_owned(), kept.map(ToOwned::to_owned));
    let change = Change { wording: Some(wording), touched: true, ..Change::default() };
    action::change(&mut tx, action.id, &change).await?;
    tx.record(event);
    tell_owner_of_anothers(&mut tx, by, action, MessageKind::Reworded).await?;
    tx.commit().await?;
    Ok(())
}

/// Sets or moves the due date of an action that is with its owner. Moving it counts as an extension (R6).
///
/// # Errors
/// Why the person may not, or the date is not accepted; that the action changed meanwhile.
pub async fn extend(
    app: &AppState,
    by: &Actor,
    number: i32,
    seen: i64,
    due_on: NaiveDate,
    reason: &str,
) -> Done<()> {
    super::retrying!(extend_once(app, by, number, seen, due_on, reason))
}

async fn extend_once(
    app: &AppState,
    by: &Actor,
    number: i32,
    seen: i64,
    due_on: NaiveDate,
    reason: &str,
) -> Done<()> {
    let today = Moment::read(app).today;
    let mut tx = by.begin(app).await?;
    let case = changeable(&mut tx, by, number, seen, Verb::Extend, reason).await?;
    let action = &case.action;
    change::new_date(action.due_on, due_on, today).map_err(|r| Stop::at("due", r.sentence()))?;
    let (before, after) = (action.due_on.map(|d| d.to_string()), due_on.to_string());
    let date = NewChange { field: Field::DueOn, before: before.as_deref(), after: &after, reason };
    changes::insert(&mut tx, action.id, action.cycle, date).await?;
    let change = Change {
        due_on: Some(due_on),
        extension: action.due_on.is_some(),
        touched: true,
        ..Change::default()
    };
    action::change(&mut tx, action.id, &change).await?;
    let facts = json!({ "before": action.due_on, "after": due_on, "cycle": action.cycle });
    tx.record(
        Event::of_action(EventKind::DueDateMoved, action.id, action.finding_id)
            .detail(facts)
            .text("reason", reason),
    );
    tell_owner_of_anothers(&mut tx, by, action, MessageKind::DateMoved).await?;
    tx.commit().await?;
    Ok(())
}

/// Calls an open action off. It stays visible with the reason.
///
/// # Errors
/// Why the person may not; that the action changed meanwhile.
pub async fn cancel(app: &AppState, by: &Actor, number: i32, seen: i64, reason: &str) -> Done<()> {
    super::retrying!(cancel_once(app, by, number, seen, reason))
}

async fn cancel_once(app: &AppState, by: &Actor, number: i32, seen: i64, reason: &str) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let case = changeable(&mut tx, by, number, seen, Verb::Cancel, reason).await?;
    let action = &case.action;
    let change = Change {
        status: Some(Status::Cancelled),
        cancel_reason: Some(reason.to_owned()),
        touched: true,
        ..Change::default()
    };
    action::change(&mut tx, action.id, &change).await?;
    tx.record(
        Event::of_action(EventKind::Cancelled, action.id, action.finding_id)
            .detail(json!({ "cycle": action.cycle, "from": action.status.as_str() }))
            .text("reason", reason),
    );
    tell_owner_of_anothers(&mut tx, by, action, MessageKind::CalledOff).await?;
    tx.commit().await?;
    Ok(())
}

/// Locks the action if this person may change it so, in the version their page showed, and a reason is given.
pub(super) async fn changeable(
    tx: &mut TenantTx,
    by: &Actor,
    number: i32,
    seen: i64,
    verb: Verb,
    reason: &str,
) -> Done<Case> {
    let case = seen_case(tx, by, number, seen).await?;
    change::may_change(&by.member, verb, &case).map_err(|r| Stop::refused(r.sentence()))?;
    if reason.trim().is_empty() {
        return Err(Stop::at("reason", ChangeRefusal::NoReason.sentence()));
    }
    Ok(case)
}
