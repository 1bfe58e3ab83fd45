//! Closure standards, and the days to do something: changed by the administrator or the quality lead, with a reason and a
//! history (R20). What was agreed before keeps the standard it was agreed by; only new actions follow another.

use serde_json::{Value, json};

use super::{Actor, Done, Said, Stop};
use crate::app::AppState;
use crate::domain::access::{Relation, Verb, may};
use crate::domain::event::{Event, EventKind};
use crate::domain::place;
use crate::domain::standard::{ClosureStandard, DueDays, MOST_TO_DO};
use crate::domain::topic::Risk;
use crate::error::AppError;
use crate::ids::StandardId;
use crate::store::{TenantTx, standard as store};

const SAME: &str = "Change something, or go back: this is how it is";
const TWICE: &str = "There is a standard for this already: change that one";

/// What a form carries of a standard it was made from.
#[must_use]
pub fn fingerprint(s: &ClosureStandard) -> String {
    place::fingerprint([asks(s).to_string().as_str()])
}

/// What a form carries of the days it was made from.
#[must_use]
pub fn fingerprint_of_days(days: DueDays) -> String {
    place::fingerprint([facts(days).to_string().as_str()])
}

/// The standards, as they are.
///
/// # Errors
/// The database was lost.
pub async fn read(app: &AppState, by: &Actor) -> Result<Vec<ClosureStandard>, AppError> {
    let mut tx = by.begin(app).await?;
    Ok(store::all(&mut tx).await?)
}

/// Adds a standard for a topic, a source, a risk, or for what has several of them.
///
/// # Errors
/// What is wrong with it, or that there is one for the same.
pub async fn add(app: &AppState, by: &Actor, new: &ClosureStandard, reason: &str) -> Done<()> {
    super::retrying!(add_once(app, by, new, reason))
}

async fn add_once(app: &AppState, by: &Actor, new: &ClosureStandard, reason: &str) -> Done<()> {
    check(by, new.lacks(), reason)?;
    if new.is_general() {
        return Err(Stop::at("topic", "Choose a topic, a source or a risk: everything else has a standard"));
    }
    let mut tx = by.begin(app).await?;
    store::lock(&mut tx).await?;
    let about = |s: &ClosureStandard| (s.topic, s.source, s.risk);
    if store::all(&mut tx).await?.iter().any(|s| about(s) == about(new)) {
        return Err(Stop::at("topic", TWICE));
    }
    store::insert(&mut tx, std::slice::from_ref(new)).await?;
    record(&mut tx, None, Some(new), reason);
    tx.commit().await?;
    Ok(())
}

/// Changes what a standard asks for; what it is for stays. `seen` is the fingerprint of what the page showed.
///
/// # Errors
/// What is wrong with it, that nothing is different, that it changed meanwhile, or that it is not there.
pub async fn change(
    app: &AppState,
    by: &Actor,
    seen: &str,
    given: &ClosureStandard,
    reason: &str,
) -> Done<()> {
    super::retrying!(change_once(app, by, seen, given, reason))
}

async fn change_once(
    app: &AppState,
    by: &Actor,
    seen: &str,
    given: &ClosureStandard,
    reason: &str,
) -> Done<()> {
    check(by, given.lacks(), reason)?;
    let mut tx = by.begin(app).await?;
    let before = locked(&mut tx, given.id, seen).await?;
    if fingerprint(given) == seen {
        return Err(Stop::at("evidence", SAME));
    }
    store::change(&mut tx, given).await?;
    record(&mut tx, Some(&before), Some(given), reason);
    tx.commit().await?;
    Ok(())
}

/// Takes a standard away: what it was for follows the next one that fits. The one for everything stays.
///
/// # Errors
/// That it is the one for everything, that it changed meanwhile, or that it is not there.
pub async fn remove(app: &AppState, by: &Actor, id: StandardId, seen: &str, reason: &str) -> Done<()> {
    super::retrying!(remove_once(app, by, id, seen, reason))
}

async fn remove_once(app: &AppState, by: &Actor, id: StandardId, seen: &str, reason: &str) -> Done<()> {
    check(by, Vec::new(), reason)?;
    let mut tx = by.begin(app).await?;
    let before = locked(&mut tx, id, seen).await?;
    if before.is_general() {
        return Err(Stop::refused("This one stays: it is for everything that has no standard of its own."));
    }
    store::remove(&mut tx, id).await?;
    record(&mut tx, Some(&before), None, reason);
    tx.commit().await?;
    Ok(())
}

/// Changes the most working days an action is given by its risk.
///
/// # Errors
/// What is wrong with it, that nothing is different, or that it changed meanwhile.
pub async fn set_due_days(app: &AppState, by: &Actor, seen: &str, given: DueDays, reason: &str) -> Done<()> {
    super::retrying!(set_due_days_once(app, by, seen, given, reason))
}

async fn set_due_days_once(app: &AppState, by: &Actor, seen: &str, given: DueDays, reason: &str) -> Done<()> {
    let mut lacking = Vec::new();
    for risk in Risk::ALL {
        if !(1..=MOST_TO_DO).contains(&given.of(*risk)) {
            lacking.push((risk.as_str(), format!("Enter a whole number from 1 to {MOST_TO_DO}")));
        }
    }
    if let Some(risk) = given.upside_down() {
        lacking.push((risk.as_str(), "Give a higher risk no more time than a lower one".to_owned()));
    }
    check(by, lacking, reason)?;
    let mut tx = by.begin(app).await?;
    store::lock(&mut tx).await?;
    let before = store::all(&mut tx).await?.first().map(|s| s.most).unwrap_or_default();
    if fingerprint_of_days(before) != seen {
        return Err(Stop::Changed);
    }
    if before == given {
        return Err(Stop::at(Risk::Low.as_str(), SAME));
    }
    for risk in Risk::ALL {
        store::set_due_days(&mut tx, *risk, given.of(*risk)).await?;
    }
    let detail = json!({ "standards": { "due_days": [facts(before), facts(given)] } });
    tx.record(Event::of_provider(EventKind::RulesSet).detail(detail).text("reason", reason));
    tx.commit().await?;
    Ok(())
}

async fn locked(tx: &mut TenantTx, id: StandardId, seen: &str) -> Done<ClosureStandard> {
    store::lock(tx).await?;
    let all = store::all(tx).await?;
    let before = all.into_iter().find(|s| s.id == id).ok_or(AppError::NotFound)?;
    if fingerprint(&before) == seen { Ok(before) } else { Err(Stop::Changed) }
}

fn check(by: &Actor, lacking: Vec<(&'static str, String)>, reason: &str) -> Done<()> {
    may(by.member.role, Verb::SetPolicy, Relation::default()).map_err(|d| Stop::refused(d.sentence()))?;
    let mut said: Vec<Said> =
        lacking.into_iter().map(|(field, sentence)| Said { field: Some(field), sentence }).collect();
    if reason.trim().is_empty() {
        said.push(Said { field: Some("reason"), sentence: "Say why it changes".to_owned() });
    }
    if said.is_empty() { Ok(()) } else { Err(Stop::Refused(said)) }
}

/// What a standard asks for, as it is written into the trail.
fn asks(s: &ClosureStandard) -> Value {
    let mut kinds = s.evidence_kinds.clone();
    kinds.sort_unstable();
    json!({ "evidence": kinds.iter().map(|k| k.as_str()).collect::<Vec<_>>(), "window": s.verification_working_days,
        "approver": s.approver.as_str(), "due": s.due_working_days, "sustain": s.sustain_days,
        "improvement": s.measured_improvement })
}

fn facts(days: DueDays) -> Value {
    Value::Object(Risk::ALL.iter().map(|r| (r.as_str().to_owned(), json!(days.of(*r)))).collect())
}

fn record(
    tx: &mut TenantTx,
    before: Option<&ClosureStandard>,
    after: Option<&ClosureStandard>,
    reason: &str,
) {
    let Some(of) = after.or(before) else { return };
    let detail = json!({ "standards": { "id": of.id, "topic": of.topic.map(|t| t.as_str()),
        "source": of.source.map(|s| s.as_str()), "risk": of.risk.map(|r| r.as_str()),
        "before": before.map(asks), "after": after.map(asks) } });
    tx.record(Event::of_provider(EventKind::RulesSet).detail(detail).text("reason", reason));
}
