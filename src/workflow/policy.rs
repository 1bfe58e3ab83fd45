//! The escalation policy: changed by the administrator or the quality lead, after they saw what it would have done (R12).
//! For every theme, or for one that needs another; high and critical risk and safeguarding go at once, whatever it says.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Actor, Done, Moment, Said, Stop};
use crate::app::AppState;
use crate::domain::access::{Relation, Verb, may};
use crate::domain::escalation::{self, Ladder, Level, Policy};
use crate::domain::event::{Event, EventKind};
use crate::domain::member::Role;
use crate::domain::place::fingerprint;
use crate::domain::reference::Reference;
use crate::domain::topic::{Risk, Theme};
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
/// Those who may hear, from the nearest up.
pub const HEARERS: [Role; 3] = [Role::RegisteredManager, Role::QualityLead, Role::NominatedIndividual];

/// The policy of the chosen risks as a form gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The theme it is for; every theme when none.
    pub theme: Option<Theme>,
    /// The policy of each chosen risk; none at all lets the theme follow the policy of every theme.
    pub rows: Vec<(Risk, Policy)>,
}

/// What a form carries of the policy of a theme it was made from.
#[must_use]
pub fn fingerprint_of(ladder: &Ladder, theme: Option<Theme>) -> String {
    let own = |risk: Risk| ladder.own(risk, theme).map(|policy| (risk, policy));
    print(&CHOSEN.into_iter().filter_map(own).collect::<Vec<_>>())
}

/// What a form carries of the policy that was looked at.
#[must_use]
pub fn print_of(given: &Given) -> String {
    print(&given.rows)
}

fn print(rows: &[(Risk, Policy)]) -> String {
    let parts: Vec<String> =
        rows.iter().map(|(risk, policy)| format!("{} {policy:?}", risk.as_str())).collect();
    fingerprint(parts.iter().map(String::as_str))
}

/// An action that would have been heard of by others than it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differs {
    /// The action.
    pub action: Reference,
    /// Who would have heard of it, or would not have yet.
    pub who: Role,
    /// Whether they would have heard.
    pub hears: bool,
}

/// What a policy would have done to the actions that are late today.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Late actions looked at.
    pub late: usize,
    /// Of which each of [`HEARERS`] would have heard: as it is, and as it would be.
    pub heard: [[usize; 2]; 3],
    /// Those that differ, the first of them.
    pub differs: Vec<Differs>,
    /// How many differ.
    pub differing: usize,
}

/// The policy as it is.
///
/// # Errors
/// Their role does not set it, or the database was lost.
pub async fn read(app: &AppState, by: &Actor) -> Result<Ladder, AppError> {
    let mut tx = by.begin(app).await?;
    let ladder = provider::policies(&mut tx).await?;
    tx.commit().await?;
    Ok(ladder)
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
    let ladder = provider::policies(&mut tx).await?;
    let late = store::late(&mut tx, today, LOOKED_AT).await?;
    tx.commit().await?;
    Ok(compared(&late, &ladder, &ladder.with(given.theme, &given.rows), today))
}

fn compared(late: &[store::LateToday], is: &Ladder, would: &Ladder, today: NaiveDate) -> Preview {
    let mut seen = Preview { late: late.len(), ..Preview::default() };
    for action in late {
        let safeguarding = escalation::concerns_safeguarding(action.theme, action.topic);
        let levels = |of: &Ladder| {
            let policy = of.policy(action.risk, action.theme);
            escalation::levels_due(action.due_on, today, action.nation, policy, action.risk, safeguarding)
        };
        let (is, would) = (levels(is), levels(would));
        for (who, counts) in HEARERS.iter().zip(&mut seen.heard) {
            let hears = |levels: &[Level]| levels.iter().any(|level| level.roles().contains(who));
            let [now, then] = [hears(&is), hears(&would)];
            let [before, after] = counts;
            *before += usize::from(now);
            *after += usize::from(then);
            if now != then {
                seen.differing += 1;
                if seen.differs.len() < NAMED {
                    let differs =
                        Differs { action: Reference::action(action.number), who: *who, hears: then };
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
    if fingerprint_of(&before, given.theme) != seen {
        return Err(Stop::Changed);
    }
    if print_of(given) == seen {
        return Err(Stop::at("low_manager", "Change something, or go back: this is how it is"));
    }
    if let (Some(theme), true) = (given.theme, given.rows.is_empty()) {
        provider::remove_policy(&mut tx, theme).await?;
    }
    for (risk, policy) in &given.rows {
        provider::set_policy(&mut tx, *risk, given.theme, *policy).await?;
    }
    record(&mut tx, &before, given);
    tx.commit().await?;
    Ok(())
}

fn record(tx: &mut TenantTx, before: &Ladder, given: &Given) {
    let days = |p: Policy| json!({ "manager": p.manager_after, "leadership": p.leadership_after, "alone": p.alone, "nominated": p.nominated_after });
    let after = before.with(given.theme, &given.rows);
    let of = |ladder: &Ladder, risk: Risk| match given.theme {
        Some(theme) => ladder.policy(risk, theme),
        None => ladder.own(risk, None).unwrap_or(escalation::default_policy(risk)),
    };
    let mut changed: serde_json::Map<String, Value> = CHOSEN
        .iter()
        .map(|risk| (risk.as_str().to_owned(), json!([days(of(before, *risk)), days(of(&after, *risk))])))
        .collect();
    if let Some(theme) = given.theme {
        changed.insert("theme".to_owned(), theme.as_str().into());
        changed.insert("follows_every_theme".to_owned(), given.rows.is_empty().into());
    }
    tx.record(Event::of_provider(EventKind::RulesSet).detail(json!({ "escalation": changed })));
}

fn may_set(by: &Actor) -> Done<()> {
    may(by.member.role, Verb::SetPolicy, Relation::default()).map_err(|d| Stop::refused(d.sentence()))
}

/// One thing a policy says of a risk, for the names of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// When the registered manager hears.
    Manager,
    /// When the quality lead hears.
    Leadership,
    /// Whether the quality lead hears alone.
    Alone,
    /// When the nominated individual is asked.
    Nominated,
}

/// The field of a part of a risk's policy.
#[must_use]
pub const fn field(risk: Risk, part: Part) -> &'static str {
    match (risk, part) {
        (Risk::Low, Part::Manager) => "low_manager",
        (Risk::Low, Part::Leadership) => "low_leadership",
        (Risk::Low, Part::Alone) => "low_alone",
        (Risk::Low, Part::Nominated) => "low_nominated",
        (_, Part::Manager) => "medium_manager",
        (_, Part::Leadership) => "medium_leadership",
        (_, Part::Alone) => "medium_alone",
        (_, Part::Nominated) => "medium_nominated",
    }
}

fn check(given: &Given) -> Done<()> {
    if given.theme == Some(Theme::Safeguarding) {
        return Err(Stop::refused("Safeguarding goes up at once. That cannot be changed."));
    }
    let whole = given.rows.len() == CHOSEN.len() || (given.rows.is_empty() && given.theme.is_some());
    if !whole || given.rows.iter().any(|(risk, _)| !CHOSEN.contains(risk)) {
        return Err(Stop::refused("High and critical risk go up at once. That cannot be changed."));
    }
    let mut said = Vec::new();
    for (risk, policy) in &given.rows {
        let mut say = |part, sentence: &str| {
            said.push(Said { field: Some(field(*risk, part)), sentence: sentence.to_owned() });
        };
        if policy.leadership_after.is_some_and(|days| days < policy.manager_after) {
            say(Part::Leadership, "Let the registered manager hear first, or on the same day");
        }
        match (policy.leadership_after, policy.nominated_after) {
            (None, Some(_)) => {
                say(Part::Leadership, "Say when the quality lead hears, before the nominated individual")
            }
            (Some(second), Some(third)) if third < second => {
                say(Part::Nominated, "Let the quality lead hear first, or on the same day");
            }
            _ => {}
        }
        let most = [Some(policy.manager_after), policy.leadership_after, policy.nominated_after];
        if most.into_iter().flatten().any(|days| days > MOST_DAYS) {
            say(Part::Manager, "Let nobody wait more than 60 working days");
        }
    }
    if said.is_empty() { Ok(()) } else { Err(Stop::Refused(said)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Nation;
    use crate::domain::escalation::default_policy;
    use crate::domain::topic::Topic;

    #[test]
    fn a_preview_says_who_would_have_heard() {
        let ladder = Ladder(Risk::ALL.iter().map(|risk| (*risk, None, default_policy(*risk))).collect());
        let today: NaiveDate = "2026-11-30".parse().unwrap();
        let late = |number, risk, theme, due: &str| store::LateToday {
            number,
            due_on: due.parse().unwrap(),
            nation: Nation::England,
            risk,
            theme,
            topic: Topic::Falls,
        };
        let all = [
            late(1, Risk::Medium, Theme::Experience, "2026-11-20"),
            late(2, Risk::Medium, Theme::Safety, "2026-11-20"),
            late(3, Risk::High, Theme::Experience, "2026-11-20"),
            late(4, Risk::Low, Theme::Safeguarding, "2026-11-20"),
        ];
        let rule =
            Policy { manager_after: 0, leadership_after: Some(5), alone: true, nominated_after: Some(7) };
        let would = ladder.with(Some(Theme::Experience), &[(Risk::Low, rule), (Risk::Medium, rule)]);
        let seen = compared(&all, &ladder, &would, today);
        assert_eq!(
            seen.heard,
            [[4, 4], [4, 4], [4, 3]],
            "six working days: the quality lead alone for the first"
        );
        let wanted = Differs { action: Reference::action(1), who: Role::NominatedIndividual, hears: false };
        assert_eq!((seen.differs, seen.differing), (vec![wanted], 1));
    }

    #[test]
    fn what_goes_at_once_cannot_be_softened() {
        let policy = default_policy(Risk::Low);
        let both = vec![(Risk::Low, policy), (Risk::Medium, policy)];
        for (theme, rows, fine) in [
            (None, both.clone(), true),
            (Some(Theme::Experience), both.clone(), true),
            (Some(Theme::Experience), vec![], true),
            (None, vec![], false),
            (Some(Theme::Safeguarding), both, false),
            (None, vec![(Risk::Low, policy)], false),
            (None, vec![(Risk::Low, policy), (Risk::High, policy)], false),
        ] {
            let given = Given { theme, rows };
            assert_eq!(check(&given).is_ok(), fine, "{given:?}");
        }
    }
}
