//! Closing with proof, and reopening with a reason (R17 to R19).

use chrono::{Days, NaiveDate};
use serde_json::json;

use super::tell::tell_owner;
use super::verification::seen_case;
use super::{Actor, Done, Moment, Stop};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::action::{Action, Status};
use crate::domain::change::{self, ChangeRefusal};
use crate::domain::closure::gate;
use crate::domain::event::{Event, EventKind};
use crate::domain::message::MessageKind;
use crate::domain::standard;
use crate::store::action::Change;
use crate::store::change::{Field, NewChange};
use crate::store::{TenantTx, action, change as changes, closure, improvement, judged};
use crate::store::{standard as standards, sustain};

/// The follow-up audit point when neither the action nor a standard names one, in days after closure.
const FOLLOW_UP_DAYS: u64 = 28;

/// Approves closure. The day its impact is looked at again is the one agreed, or the first of the closure standard.
///
/// # Errors
/// Everything that is missing, or why the person may not; that the action changed meanwhile.
pub async fn close(app: &AppState, by: &Actor, number: i32, seen: i64, note: &str) -> Done<NaiveDate> {
    super::retrying!(close_once(app, by, number, seen, note))
}

async fn close_once(app: &AppState, by: &Actor, number: i32, seen: i64, note: &str) -> Done<NaiveDate> {
    let today = Moment::read(app).today;
    let mut tx = by.begin(app).await?;
    let case = seen_case(&mut tx, by, number, seen).await?;
    let approval = gate(&by.member, &case).map_err(|refusal| Stop::refused(refusal.sentence()))?;
    if note.trim().is_empty() {
        return Err(Stop::at("note", "Say why you are satisfied that the outcome was reached"));
    }
    let looks = looks(&mut tx, &case.action, today).await?;
    let follow_up_on = looks.first().copied().unwrap_or(today);
    let looked_at = judged::snapshot(&mut tx, case.action.id).await?;
    let shows = improvement::of_action(&mut tx, case.action.id).await?;
    let id = closure::insert(&mut tx, &case.action, approval, note, &looked_at).await?;
    let improved = improvement::insert(&mut tx, case.action.id, id, &shows).await?;
    let change = Change {
        status: Some(Status::Closed),
        closure: Some(id),
        follow_up_on: Some(follow_up_on),
        touched: true,
        ..Change::default()
    };
    action::change(&mut tx, case.action.id, &change).await?;
    sustain::plan(&mut tx, &case.action, &looks).await?;
    let facts = json!({ "closure": id, "cycle": case.action.cycle, "verification": approval.verification,
        "assurance": approval.assurance, "follow_up_on": follow_up_on, "sustain_checks": looks, "improved": improved });
    let better = shows.iter().filter(|s| improved.contains(&s.measure)).map(|s| s.said.as_str());
    let better = better.collect::<Vec<_>>().join(". ");
    tx.record(
        Event::of_action(EventKind::Closed, case.action.id, case.action.finding_id)
            .detail(facts)
            .text("note", note)
            .text("improved", better),
    );
    tx.commit().await?;
    Ok(follow_up_on)
}

/// The days on which somebody looks whether it lasts (R19): the first as agreed for this action, or else by the standard it
/// was agreed by; the others by the standard that counts now.
async fn looks(tx: &mut TenantTx, action: &Action, today: NaiveDate) -> Result<Vec<NaiveDate>, sqlx::Error> {
    let after = |days: u64| today.checked_add_days(Days::new(days)).unwrap_or(today);
    let rules = standards::all(tx).await?;
    let sources = closure::sources(tx, action.finding_id).await?;
    let rule = standard::choose(&rules, action.topic, &sources, action.risk);
    let by_rule: Vec<NaiveDate> =
        rule.map(|s| s.sustain_days.iter().map(|days| after(u64::from(*days))).collect()).unwrap_or_default();
    let first = match action.follow_up_on.filter(|day| *day > today) {
        Some(agreed) => agreed,
        // older actions, which kept no days, follow the standard that counts now
        None => match action::agreed_sustain_days(tx, action.id).await? {
            Some(days) => after(days),
            None => by_rule.first().copied().unwrap_or_else(|| after(FOLLOW_UP_DAYS)),
        },
    };
    let others = by_rule.into_iter().skip(1).filter(|day| *day > first);
    Ok(std::iter::once(first).chain(others).collect())
}

/// Opens a closed action again: a new cycle with a new date, whose evidence has to be new. The closure stays readable.
///
/// # Errors
/// Why the person may not, or what is missing; that the action changed meanwhile.
pub async fn reopen(
    app: &AppState,
    by: &Actor,
    number: i32,
    seen: i64,
    reason: &str,
    due_on: NaiveDate,
) -> Done<()> {
    super::retrying!(reopen_once(app, by, number, seen, reason, due_on))
}

async fn reopen_once(
    app: &AppState,
    by: &Actor,
    number: i32,
    seen: i64,
    reason: &str,
    due_on: NaiveDate,
) -> Done<()> {
    let today = Moment::read(app).today;
    let mut tx = by.begin(app).await?;
    let case = seen_case(&mut tx, by, number, seen).await?;
    change::may_change(&by.member, Verb::Reopen, &case).map_err(|r| Stop::refused(r.sentence()))?;
    if reason.trim().is_empty() {
        return Err(Stop::at("reason", ChangeRefusal::NoReason.sentence()));
    }
    if due_on < today {
        return Err(Stop::at("due", ChangeRefusal::PastDate.sentence()));
    }
    open_again(&mut tx, &case.action, reason, due_on).await?;
    tx.commit().await?;
    Ok(())
}

/// Opens a closed action again, says why, and tells its owner.
pub(super) async fn open_again(
    tx: &mut TenantTx,
    action: &Action,
    reason: &str,
    due_on: NaiveDate,
) -> Result<(), sqlx::Error> {
    closure::insert_reopening(tx, action, reason).await?;
    let again = Change {
        status: Some(Status::InProgress),
        new_cycle: true,
        due_on: Some(due_on),
        touched: true,
        ..Change::default()
    };
    action::change(tx, action.id, &again).await?;
    let (before, after) = (action.due_on.map(|d| d.to_string()), due_on.to_string());
    let date = NewChange { field: Field::DueOn, before: before.as_deref(), after: &after, reason };
    changes::insert(tx, action.id, action.cycle + 1, date).await?;
    let facts = json!({ "cycle": action.cycle, "due_on_before": action.due_on, "due_on_after": due_on });
    tx.record(
        Event::of_action(EventKind::Reopened, action.id, action.finding_id)
            .detail(facts)
            .text("reason", reason),
    );
    tell_owner(tx, action, MessageKind::SentBack).await?;
    Ok(())
}
