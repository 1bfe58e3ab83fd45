//! The escalation policy: changed by the administrator or the quality lead, after they saw what it would have done (R12).

use chrono::NaiveDate;
use serde_json::json;

use super::escalation::policy_of;
use super::{Actor, Done, Moment, Said, Stop};
use crate::app::AppState;
use crate::domain::access::{Relation, Verb, may};
use crate::domain::escalation::{self, Level, Policy};
use crate::domain::event::{Event, EventKind};
use crate::domain::place::fingerprint;
use crate::domain::reference::Reference;
use crate::domain::topic::Risk;
use crate::error::AppError;
use crate::store::{TenantTx, escalation_facts as store, provider};

/// The risks whose policy can be chosen; the others go up at once, whatever anybody chooses.
pub const CHOSEN: [Risk; 2] = [Risk::Low, Risk::Medium];
/// The most working days a level may wait.
pub const MOST_DAYS: u16 = 60;
/// How many actions a preview names.
pub const NAMED: usize = 20;
/// How many late actions a preview looks at.
const LOOKED_AT: i64 = 10_000;

/// The policy of the chosen risks.
pub type Given = Vec<(Risk, Policy)>;

/// What a form carries of the policy it was made from.
#[must_use]
pub fn fingerprint_of(policies: &[(Risk, Policy)]) -> String {
    let parts: Vec<String> = CHOSEN
        .iter()
        .map(|risk| {
            let policy = policy_of(policies, *risk);
            format!("{} {} {:?}", risk.as_str(), policy.manager_after, policy.leadership_after)
        })
        .collect();
    fingerprint(parts.iter().map(String::as_str))
}

/// An action that would have been heard of by others than it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differs {
    /// The action.
    pub action: Reference,
    /// Who would have heard of it, or would not have yet.
    pub level: Level,
    /// Whether they would have heard.
    pub hears: bool,
}

/// What a policy would have done to the actions that are late today.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Late actions looked at.
    pub late: usize,
    /// Of which the registered manager would have heard: as it is, and as it would be.
    pub manager: [usize; 2],
    /// Of which leadership would have heard: as it is, and as it would be.
    pub leadership: [usize; 2],
    /// Those that differ, the first of them.
    pub differs: Vec<Differs>,
    /// How many differ.
    pub differing: usize,
}

/// The policy as it is.
///
/// # Errors
/// Their role does not set it, or the database was lost.
pub async fn read(app: &AppState, by: &Actor) -> Result<Vec<(Risk, Policy)>, AppError> {
    let mut tx = by.begin(app).await?;
    let policies = provider::policies(&mut tx).await?;
    tx.commit().await?;
    Ok(policies)
}

/// What `given` would have done to the actions that are late today. Changes nothing.
///
/// # Errors
/// What is wrong with it, or the database was lost.
pub async fn preview(app: &AppState, by: &Actor, given: &Given) -> Done<Preview> {
    may_set(by)?;
    check(given)?;
    let today = Moment::read(app).today;
    let mut tx = by.begin(app).await?;
    let policies = provider::policies(&mut tx).await?;
    let late = store::late(&mut tx, today, LOOKED_AT).await?;
    tx.commit().await?;
    Ok(compared(&late, &policies, given, today))
}

fn compared(
    late: &[store::LateToday],
    policies: &[(Risk, Policy)],
    given: &Given,
    today: NaiveDate,
) -> Preview {
    let mut seen = Preview { late: late.len(), ..Preview::default() };
    for action in late {
        let safeguarding = escalation::concerns_safeguarding(action.theme, action.topic);
        let levels = |of: &[(Risk, Policy)]| {
            let policy = policy_of(of, action.risk);
            escalation::levels_due(action.due_on, today, action.nation, policy, action.risk, safeguarding)
        };
        let (is, would) = (levels(policies), levels(given));
        for (level, counts) in
            [(Level::Manager, &mut seen.manager), (Level::Leadership, &mut seen.leadership)]
        {
            let [now, then] = [is.contains(&level), would.contains(&level)];
            let [before, after] = counts;
            *before += usize::from(now);
            *after += usize::from(then);
            if now != then {
                seen.differing += 1;
                if seen.differs.len() < NAMED {
                    let differs = Differs { action: Reference::action(action.number), level, hears: then };
                    seen.differs.push(differs);
                }
            }
        }
    }
    seen
}

/// Sets the policy of the chosen risks. What was raised before stays raised; the worker follows it from its next tick.
///
/// # Errors
/// What is wrong with it, that nothing is different, or that it changed since the form was made.
pub async fn set(app: &AppState, by: &Actor, seen: &str, given: &Given) -> Done<()> {
    super::retrying!(set_once(app, by, seen, given))
}

async fn set_once(app: &AppState, by: &Actor, seen: &str, given: &Given) -> Done<()> {
    may_set(by)?;
    check(given)?;
    let mut tx = by.begin(app).await?;
    provider::lock_policies(&mut tx).await?;
    let before = provider::policies(&mut tx).await?;
    if fingerprint_of(&before) != seen {
        return Err(Stop::Changed);
    }
    if fingerprint_of(given) == seen {
        return Err(Stop::at("low_manager", "Change something, or go back: this is how it is"));
    }
    for (risk, policy) in given {
        provider::set_policy(&mut tx, *risk, *policy).await?;
    }
    record(&mut tx, &before, given);
    tx.commit().await?;
    Ok(())
}

fn record(tx: &mut TenantTx, before: &[(Risk, Policy)], given: &Given) {
    let days = |p: Policy| json!({ "manager": p.manager_after, "leadership": p.leadership_after });
    let changed: serde_json::Map<String, serde_json::Value> = given
        .iter()
        .map(|(risk, policy)| {
            (risk.as_str().to_owned(), json!([days(policy_of(before, *risk)), days(*policy)]))
        })
        .collect();
    tx.record(Event::of_provider(EventKind::RulesSet).detail(json!({ "escalation": changed })));
}

fn may_set(by: &Actor) -> Done<()> {
    may(by.member.role, Verb::SetPolicy, Relation::default()).map_err(|d| Stop::refused(d.sentence()))
}

/// The field of a risk's first or second level.
#[must_use]
pub const fn field(risk: Risk, level: Level) -> &'static str {
    match (risk, level) {
        (Risk::Low, Level::Manager) => "low_manager",
        (Risk::Low, Level::Leadership) => "low_leadership",
        (_, Level::Manager) => "medium_manager",
        (_, Level::Leadership) => "medium_leadership",
    }
}

fn check(given: &Given) -> Done<()> {
    let mut said = Vec::new();
    for (risk, policy) in given {
        if !CHOSEN.contains(risk) {
            return Err(Stop::refused("High and critical risk go up at once. That cannot be changed."));
        }
        if policy.leadership_after.is_some_and(|days| days < policy.manager_after) {
            let sentence = "Let the registered manager hear first, or on the same day".to_owned();
            said.push(Said { field: Some(field(*risk, Level::Leadership)), sentence });
        }
    }
    if said.is_empty() { Ok(()) } else { Err(Stop::Refused(said)) }
}
