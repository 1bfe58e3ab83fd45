//! Looking whether what was closed has lasted; what is lost opens again by itself (R19).

use chrono::NaiveDate;
use serde_json::json;

use super::closure::open_again;
use super::root_cause::open_for_lost;
use super::verification::{escalate, seen_case};
use super::{Actor, Done, Moment, Said, Stop, measure};
use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::action::Action;
use crate::domain::calendar;
use crate::domain::escalation::Cause;
use crate::domain::event::{Event, EventKind};
use crate::domain::measure as readings;
use crate::domain::standard;
use crate::domain::sustain::{self as rule, Lasting, Look, Refusal, Sample, Shown};
use crate::domain::verification::Method;
use crate::ids::{MeasureId, SustainCheckId};
use crate::store::{TenantTx, closure, judged, standard as standards, sustain as store};

/// What somebody who looked has to say, as the form gives it.
#[derive(Clone, Debug)]
pub struct Given {
    /// The check the form was made for.
    pub check: SustainCheckId,
    /// Held, slipping or lost.
    pub lasting: Lasting,
    /// How they looked.
    pub method: Method,
    /// What they sampled.
    pub sample: Option<Sample>,
    /// The measure they looked at: one that names this action.
    pub measure: Option<MeasureId>,
    /// What they saw.
    pub note: String,
}

/// What followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// It held.
    Held,
    /// It slips: somebody looks again on this day.
    Again(NaiveDate),
    /// It is lost: open again, due on this day.
    Reopened(NaiveDate),
}

/// Records a sustain check. What slips is looked at again in a fortnight; what is lost opens again with a date of its own,
/// its owner is told, its root-cause review opens, and it is escalated. `seen` is the version of the action the form showed.
///
/// # Errors
/// Why the person may not look, or what stands against what they say; that somebody else answered meanwhile.
pub async fn look(app: &AppState, by: &Actor, number: i32, seen: i64, given: &Given) -> Done<Followed> {
    super::retrying!(look_once(app, by, number, seen, given))
}

async fn look_once(app: &AppState, by: &Actor, number: i32, seen: i64, given: &Given) -> Done<Followed> {
    let today = Moment::read(app).today;
    let mut tx = by.begin(app).await?;
    let case = seen_case(&mut tx, by, number, seen).await?;
    let action = &case.action;
    let waiting = store::waiting(&mut tx, action).await?;
    let planned = waiting.first().map(|(_, day)| *day);
    rule::may_look(&by.member, &case, planned, today)
        .map_err(|refusal| Stop::Refused(vec![said(refusal)]))?;
    if waiting.first().map(|(id, _)| *id) != Some(given.check) {
        return Err(Stop::Changed);
    }
    let shown = match given.measure {
        Some(id) => Some(as_it_stands(&mut tx, by, action, id).await?),
        None => None,
    };
    let (lasting, method, note) = (given.lasting, given.method, given.note.clone());
    let look = Look { lasting, method, sample: given.sample, shown, note };
    let lacking = rule::lacks(&look);
    if !lacking.is_empty() {
        return Err(Stop::Refused(lacking.into_iter().map(said).collect()));
    }
    let looked_at = judged::snapshot(&mut tx, action.id).await?;
    if !store::answer(&mut tx, given.check, &look, &looked_at).await? {
        return Err(Stop::Changed);
    }
    let next = waiting.get(1).map(|(_, day)| *day);
    let again = rule::again(today, next).filter(|_| look.lasting == Lasting::Slipping);
    record(&mut tx, action, given.check, &look, again);
    let followed = match look.lasting {
        Lasting::Held => Followed::Held,
        Lasting::Slipping => {
            store::plan(&mut tx, action, &again.into_iter().collect::<Vec<_>>()).await?;
            Followed::Again(again.or(next).unwrap_or(today))
        }
        Lasting::Lost => {
            Followed::Reopened(lose(&mut tx, action, (given.check, planned), &look.note, today).await?)
        }
    };
    tx.commit().await?;
    Ok(followed)
}

/// Opens again what is lost, by itself: with a date of its own, a root-cause review, and to those who decide on escalations.
async fn lose(
    tx: &mut TenantTx,
    action: &Action,
    (check, planned): (SustainCheckId, Option<NaiveDate>),
    note: &str,
    today: NaiveDate,
) -> Result<NaiveDate, sqlx::Error> {
    let due_on = new_date(tx, action, today).await?;
    let reason: String = format!("Lost at the sustain check: {note}").chars().take(2000).collect();
    let closed = store::closed_at(tx, action).await?.map(london_date);
    let days = planned.zip(closed).map_or(0, |(planned, closed)| (planned - closed).num_days());
    open_again(tx, action, &reason, due_on).await?;
    open_for_lost(tx, action, check, days).await?;
    // it is the new cycle that waits for a decision: what is undecided in an earlier one is history
    let again = Action { cycle: action.cycle + 1, due_on: Some(due_on), ..action.clone() };
    escalate(tx, &again, Cause::Recurrence).await?;
    Ok(due_on)
}

/// The date of a new action on the same finding, agreed today.
pub(super) async fn new_date(
    tx: &mut TenantTx,
    action: &Action,
    today: NaiveDate,
) -> Result<NaiveDate, sqlx::Error> {
    let rules = standards::all(tx).await?;
    let sources = closure::sources(tx, action.finding_id).await?;
    let days = standard::choose(&rules, action.topic, &sources, action.risk)
        .map_or(standard::DueDays::default().of(action.risk), |rule| rule.due_days(action.risk));
    Ok(calendar::add_working_days(today, days, action.nation))
}

/// A measure that names the action, with what its chart says of the newest reading since the closure.
async fn as_it_stands(tx: &mut TenantTx, by: &Actor, action: &Action, id: MeasureId) -> Done<Shown> {
    let named = store::measures(tx, action.id).await?;
    if !named.iter().any(|(own, _)| *own == id) {
        return Err(Stop::at("measure", "Choose a measure that this action should move"));
    }
    let closed = store::closed_at(tx, action).await?.map(london_date);
    let shown = measure::open(tx, by, id).await?;
    let m = &shown.measure;
    let line = readings::line(m.cadence, &shown.readings);
    let chart = readings::chart(&line, &shown.recalculated, m.way.into(), m.target);
    let last = shown.readings.iter().rev().find(|reading| reading.value().is_some());
    let since = last.filter(|last| closed.is_none_or(|closed| m.cadence.next(last.period) > closed));
    let said = last.map_or_else(
        || format!("{}: not read yet", m.name),
        |last| format!("{}: {} for {}", m.name, last.words(&m.unit), m.cadence.name(last.period)),
    );
    let kind = since.and(chart.points.last()).map(|point| point.kind);
    Ok(Shown { measure: id, kind, said: said.chars().take(1000).collect() })
}

fn record(tx: &mut TenantTx, action: &Action, check: SustainCheckId, look: &Look, again: Option<NaiveDate>) {
    let facts = json!({ "check": check, "cycle": action.cycle, "lasting": look.lasting.as_str(), "method": look.method.as_str(),
        "sample_size": look.sample.map(|s| s.size), "met_standard": look.sample.map(|s| s.met),
        "measure": look.shown.as_ref().map(|s| s.measure), "again_on": again });
    tx.record(
        Event::of_action(EventKind::SustainChecked, action.id, action.finding_id)
            .detail(facts)
            .text("note", look.note.clone())
            .text("measure", look.shown.as_ref().map(|s| s.said.clone()).unwrap_or_default()),
    );
}

fn said(refusal: Refusal) -> Said {
    Said { field: refusal.field(), sentence: refusal.sentence() }
}
