//! Measures are defined, read, corrected, and their limits calculated anew (R23).

use chrono::NaiveDate;
use serde_json::json;

use super::{Actor, Done, Moment, Said, Stop};
use crate::app::AppState;
use crate::domain::access::{Relation, Verb, may};
use crate::domain::event::{Event, EventKind};
use crate::domain::finding::relation;
use crate::domain::measure::{self as rule, Definition, Reading};
use crate::error::AppError;
use crate::ids::{MeasureId, ServiceId};
use crate::store::measure::{self as store, Asked, Measure, Shown};
use crate::store::{TenantTx, case, member};

/// What stands against everything about a measure that has ended.
const ENDED: &str = "This measure has ended: what was read stays, and nothing is added.";

/// The most readings taken at once.
pub const AT_ONCE: usize = 520;

/// Whether this actor may do `verb` to a measure of a service, or of the whole provider.
#[must_use]
pub fn allows(by: &Actor, verb: Verb, service: Option<ServiceId>) -> bool {
    let stands = service.map_or_else(Relation::default, |service| relation(&by.member, service, false));
    may(by.member.role, verb, stands).is_ok()
}

/// A measure this actor may open.
///
/// # Errors
/// It is not there, or not for this actor.
pub async fn open(tx: &mut TenantTx, by: &Actor, id: MeasureId) -> Result<Shown, AppError> {
    let asked =
        Asked { member: &by.member, service: None, only: Some(id), after: None, limit: 1, ended: false };
    let found = store::page(tx, &asked).await?.into_iter().next();
    found.filter(|shown| allows(by, Verb::SeeMeasures, shown.measure.service)).ok_or(AppError::NotFound)
}

/// The measure, when this actor may also do `verb` to it.
async fn open_for(tx: &mut TenantTx, by: &Actor, id: MeasureId, verb: Verb) -> Done<Shown> {
    let shown = open(tx, by, id).await?;
    if !allows(by, verb, shown.measure.service) {
        return Err(Stop::refused("Your role does not do this here."));
    }
    if shown.ended_at.is_some() { Err(Stop::refused(ENDED)) } else { Ok(shown) }
}

/// Defines a measure.
///
/// # Errors
/// The service is not theirs, or the owner is not here.
pub async fn define(app: &AppState, by: &Actor, new: &Measure) -> Done<()> {
    super::retrying!(define_once(app, by, new))
}

async fn define_once(app: &AppState, by: &Actor, new: &Measure) -> Done<()> {
    if !allows(by, Verb::KeepMeasures, new.service) {
        return Err(Stop::at("service", "Choose one of your services"));
    }
    let mut tx = by.begin(app).await?;
    store::insert(&mut tx, new).await?;
    let facts = json!({ "measure": new.id, "service": new.service, "shape": new.shape.as_str(), "better": new.way.as_str(),
        "cadence": new.cadence.as_str(), "baseline": new.baseline, "target": new.target, "deadline": new.deadline, "feedback": new.feedback });
    tx.record(Event::of_provider(EventKind::MeasureDefined).detail(facts).text("name", new.name.clone()));
    tx.commit().await?;
    Ok(())
}

/// What can be changed of a measure, as it is.
#[must_use]
pub fn definition(of: &Measure) -> Definition {
    let (target, deadline, owner, cadence) = (of.target, of.deadline, of.owner, of.cadence);
    Definition { name: of.name.clone(), target, deadline, owner, cadence }
}

/// Changes a measure from the version `seen`; what it was stays readable.
///
/// # Errors
/// What is wrong with it, that it has ended, that it changed meanwhile, or that their role does not do it.
pub async fn change(
    app: &AppState,
    by: &Actor,
    id: MeasureId,
    seen: i32,
    after: &Definition,
    reason: &str,
) -> Done<()> {
    super::retrying!(change_once(app, by, id, seen, Some(after), reason))
}

/// Ends a measure in the version `seen`: its readings stay, and none are added.
///
/// # Errors
/// That it has ended, that it changed meanwhile, or that their role does not do it.
pub async fn end(app: &AppState, by: &Actor, id: MeasureId, seen: i32, reason: &str) -> Done<()> {
    super::retrying!(change_once(app, by, id, seen, None, reason))
}

async fn change_once(
    app: &AppState,
    by: &Actor,
    id: MeasureId,
    seen: i32,
    after: Option<&Definition>,
    reason: &str,
) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let locked = store::change::lock(&mut tx, id).await?;
    let shown = open_for(&mut tx, by, id, Verb::KeepMeasures).await?;
    if locked != Some(seen) {
        return Err(Stop::Changed);
    }
    let before = definition(&shown.measure);
    if let Some(after) = after {
        let lacking = rule::change_lacks(shown.measure.shape, &before, after, !shown.readings.is_empty());
        if !lacking.is_empty() {
            let said = lacking.into_iter().map(|(f, s)| Said { field: Some(f), sentence: s.into() });
            return Err(Stop::Refused(said.collect()));
        }
        if let Some(owner) = after.owner.filter(|owner| before.owner != Some(*owner)) {
            let there = member::get(&mut tx, owner).await?;
            there.ok_or_else(|| Stop::at("owner", "Choose an owner from the list"))?;
        }
    }
    store::change::write(&mut tx, id, &before, after, reason).await?;
    let kind = if after.is_some() { EventKind::MeasureChanged } else { EventKind::MeasureEnded };
    let told = |d: &Definition| json!({ "target": d.target, "deadline": d.deadline, "owner": d.owner, "cadence": d.cadence.as_str() });
    let facts = json!({ "measure": id, "version": seen, "before": told(&before), "after": after.map(told) });
    let event = Event::of_provider(kind).detail(facts).text("reason", reason);
    let event = event.text("title", after.unwrap_or(&before).name.clone());
    tx.record(event.text("name_before", before.name));
    tx.commit().await?;
    Ok(())
}

/// Records readings. Those of a period that was read before are corrections and need a reason; what was there stays readable.
/// With `only_new`, as when many are pasted, periods that were read before with the same value are left out.
///
/// # Errors
/// What is wrong with a reading, that a correction says no reason, or that somebody else recorded one since.
pub async fn record(
    app: &AppState,
    by: &Actor,
    id: MeasureId,
    readings: &[Reading],
    reason: &str,
) -> Done<usize> {
    super::retrying!(record_once(app, by, id, readings, reason))
}

async fn record_once(
    app: &AppState,
    by: &Actor,
    id: MeasureId,
    readings: &[Reading],
    reason: &str,
) -> Done<usize> {
    let today = Moment::read(app).today;
    let mut tx = by.begin(app).await?;
    let shown = open_for(&mut tx, by, id, Verb::KeepMeasures).await?;
    let measure = &shown.measure;
    for reading in readings {
        let lacking = rule::lacks(measure.cadence, measure.shape, reading, today);
        if !lacking.is_empty() {
            let said = |(field, sentence): (&'static str, &str)| Said {
                field: Some(field),
                sentence: sentence.into(),
            };
            return Err(Stop::Refused(lacking.into_iter().map(said).collect()));
        }
    }
    let same = |reading: &&Reading| !shown.readings.contains(reading);
    let new: Vec<&Reading> = readings.iter().filter(same).collect();
    if new.is_empty() {
        return Err(Stop::refused("This is what was recorded before, so nothing is different"));
    }
    let periods: Vec<NaiveDate> = new.iter().map(|reading| reading.period).collect();
    let rounds = store::rounds(&mut tx, id, &periods).await?;
    let round =
        |period: NaiveDate| rounds.iter().find(|(of, _)| *of == period).map_or(0, |(_, round)| *round);
    if !rounds.is_empty() && reason.trim().is_empty() {
        let first = rounds.first().map_or(today, |(period, _)| *period);
        let sentence = format!(
            "{} was recorded before with another value. Say why it is corrected",
            crate::domain::words::capital(&measure.cadence.name(first))
        );
        return Err(Stop::at("reason", sentence));
    }
    let rows: Vec<(Reading, i32)> =
        new.iter().map(|reading| (**reading, round(reading.period) + 1)).collect();
    if !store::add_readings(&mut tx, id, &rows, reason).await? {
        return Err(Stop::Changed);
    }
    let kind = if rounds.is_empty() { EventKind::ReadingRecorded } else { EventKind::ReadingCorrected };
    let told: Vec<_> =
        rows.iter().map(|(r, round)| json!([r.period, r.numerator, r.denominator, round])).collect();
    let facts = json!({ "measure": id, "readings": told });
    tx.record(Event::of_provider(kind).detail(facts).text("reason", reason));
    tx.commit().await?;
    Ok(rows.len())
}

/// Calculates the limits anew from a period, or takes that back.
///
/// # Errors
/// Nothing was read in that period, it is the first one, it stands as asked already, or their role does not do it.
pub async fn recalculate(
    app: &AppState,
    by: &Actor,
    id: MeasureId,
    (period, stands): (NaiveDate, bool),
    reason: &str,
) -> Done<()> {
    super::retrying!(recalculate_once(app, by, id, (period, stands), reason))
}

async fn recalculate_once(
    app: &AppState,
    by: &Actor,
    id: MeasureId,
    (period, stands): (NaiveDate, bool),
    reason: &str,
) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let shown = open_for(&mut tx, by, id, Verb::RecalculateLimits).await?;
    let line = rule::line(shown.measure.cadence, &shown.readings);
    if line.periods.first() == Some(&period) || !line.periods.contains(&period) {
        return Err(Stop::at("period", "Choose a period with a reading, after the first one"));
    }
    if !store::recalculate(&mut tx, id, period, stands, reason).await? {
        return Err(Stop::Changed);
    }
    let facts = json!({ "measure": id, "period": period, "stands": stands });
    tx.record(Event::of_provider(EventKind::LimitsRecalculated).detail(facts).text("reason", reason));
    tx.commit().await?;
    Ok(())
}

/// Names an action that should move a measure.
///
/// # Errors
/// The action is not there for them, belongs to another service, or is named already.
pub async fn name_action(app: &AppState, by: &Actor, id: MeasureId, number: i32) -> Done<()> {
    super::retrying!(name_once(app, by, id, number))
}

async fn name_once(app: &AppState, by: &Actor, id: MeasureId, number: i32) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let shown = open_for(&mut tx, by, id, Verb::KeepMeasures).await?;
    let case = case::read(&mut tx, number).await?.filter(|case| by.sees(case));
    let Some(case) = case else {
        return Err(Stop::at("action", "There is no action with this reference that you can see"));
    };
    if shown.measure.service.is_some_and(|service| service != case.action.service_id) {
        return Err(Stop::at("action", "That action is in another service than the measure"));
    }
    let Some((action, finding)) = store::add_mover(&mut tx, id, number).await? else {
        return Err(Stop::at("action", "That action is named already"));
    };
    tx.record(
        Event::of_action(EventKind::MeasureNamed, action, finding)
            .detail(json!({ "measure": id }))
            .text("name", shown.measure.name),
    );
    tx.commit().await?;
    Ok(())
}
