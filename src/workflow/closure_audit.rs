//! The closure audit of a quarter is drawn, and what was drawn is looked at; what does not stand up opens again (R26).

use chrono::NaiveDate;
use serde_json::json;

use super::closure::open_again;
use super::sustain::new_date;
use super::verification::{escalate, seen_case};
use super::{Actor, Done, Moment, Said, Stop};
use crate::app::AppState;
use crate::domain::access::{Relation, Verb, may};
use crate::domain::action::Action;
use crate::domain::audit_sample::{digest, sample};
use crate::domain::closure_audit::{AuditRefusal, Quarter, may_audit, weigh};
use crate::domain::escalation::Cause;
use crate::domain::event::{Event, EventKind};
use crate::ids::ClosureAuditId;
use crate::store::closure_audit::{self as store, Drawn};
use crate::store::{TenantTx, judged};

/// Draws the sample of a quarter that is over, once: with a number thrown by chance, so that nobody can choose what is drawn,
/// and kept, so that anybody can draw it again.
///
/// # Errors
/// The quarter is not over, has a sample already, or nothing was closed in it; the role does not audit.
pub async fn draw(app: &AppState, by: &Actor, quarter: Quarter, size: usize) -> Done<()> {
    let seed = rand::random();
    super::retrying!(draw_once(app, by, quarter, size, seed))
}

async fn draw_once(app: &AppState, by: &Actor, quarter: Quarter, size: usize, seed: u32) -> Done<()> {
    may(by.member.role, Verb::AuditClosures, Relation::default())
        .map_err(|denial| Stop::refused(denial.sentence()))?;
    if !quarter.over(Moment::read(app).today) {
        return Err(Stop::at("quarter", "Choose a quarter that is over"));
    }
    let mut tx = by.begin(app).await?;
    let closed = store::closed_in(&mut tx, quarter.first(), quarter.last()).await?;
    if closed.is_empty() {
        return Err(Stop::at("quarter", "Nothing that was closed in this quarter is still closed"));
    }
    let lots = sample(seed, &closed, size);
    let drawn = Drawn {
        id: ClosureAuditId::new(),
        quarter: quarter.first(),
        seed,
        population: closed.len(),
        digest: digest(&closed),
    };
    if !store::insert(&mut tx, &drawn, &lots).await? {
        return Err(Stop::at("quarter", "The sample of this quarter was drawn already"));
    }
    let facts = json!({ "audit": drawn.id, "quarter": quarter.to_string(), "seed": seed, "population": drawn.population,
        "digest": drawn.digest, "closures": lots });
    tx.record(Event::of_provider(EventKind::ClosureAuditDrawn).detail(facts));
    tx.commit().await?;
    Ok(())
}

/// Records whether the evidence of a closure that was drawn stands up. What does not opens again with a date of its own: its
/// owner is told, and it is escalated. Gives that date.
///
/// # Errors
/// Why the person may not, or what the reason lacks; that the action changed meanwhile.
pub async fn answer(
    app: &AppState,
    by: &Actor,
    number: i32,
    seen: i64,
    (stands_up, reason): (bool, &str),
) -> Done<Option<NaiveDate>> {
    super::retrying!(answer_once(app, by, number, seen, (stands_up, reason)))
}

async fn answer_once(
    app: &AppState,
    by: &Actor,
    number: i32,
    seen: i64,
    (stands_up, reason): (bool, &str),
) -> Done<Option<NaiveDate>> {
    let today = Moment::read(app).today;
    let mut tx = by.begin(app).await?;
    let case = seen_case(&mut tx, by, number, seen).await?;
    let action = &case.action;
    let waiting = store::waiting(&mut tx, action.id).await?;
    may_audit(&by.member, &case, waiting.as_ref().map(|w| &w.judges)).map_err(refused)?;
    let waiting = waiting.ok_or_else(|| refused(AuditRefusal::NotDrawn))?;
    weigh(reason).map_err(refused)?;
    let looked_at = judged::snapshot(&mut tx, action.id).await?;
    if !store::answer(&mut tx, (action.id, &waiting), (stands_up, reason), &looked_at).await? {
        return Err(Stop::Changed);
    }
    let quarter = Quarter::of(waiting.quarter);
    let facts = json!({ "audit": waiting.audit, "closure": waiting.closure, "cycle": action.cycle,
        "quarter": quarter.to_string(), "stands_up": stands_up });
    let event = Event::of_action(EventKind::ClosureAudited, action.id, action.finding_id);
    tx.record(event.detail(facts).text("note", reason));
    let due_on = match stands_up {
        true => None,
        false => Some(fail(&mut tx, action, (quarter, reason), today).await?),
    };
    tx.commit().await?;
    Ok(due_on)
}

/// Opens again what does not stand up.
async fn fail(
    tx: &mut TenantTx,
    action: &Action,
    (quarter, reason): (Quarter, &str),
    today: NaiveDate,
) -> Result<NaiveDate, sqlx::Error> {
    let due_on = new_date(tx, action, today).await?;
    let said = format!(
        "The closure audit of {} found that its evidence does not stand up: {reason}",
        quarter.words()
    );
    open_again(tx, action, &said.chars().take(2000).collect::<String>(), due_on).await?;
    // it is the new cycle that waits for a decision: what is undecided in an earlier one is history
    let again = Action { cycle: action.cycle + 1, due_on: Some(due_on), ..action.clone() };
    escalate(tx, &again, Cause::ClosureAudit).await?;
    Ok(due_on)
}

fn refused(refusal: AuditRefusal) -> Stop {
    let field = (refusal == AuditRefusal::Vague).then_some("note");
    Stop::Refused(vec![Said { field, sentence: refusal.sentence().to_owned() }])
}
