//! Escalation: what the program raises by itself when a date passes, and the decision a manager records on it.

use chrono::NaiveDate;
use serde_json::json;

use super::tell::tell_owner_of_anothers;
use super::{Actor, Done, Moment, Stop};
use crate::app::AppState;
use crate::domain::access::{self, Relation, Verb};
use crate::domain::action::{Action, missing_kinds};
use crate::domain::closure::Case;
use crate::domain::control::ControlDays;
use crate::domain::escalation::{self, Cause, Decision, DecisionGiven, Ladder, Lateness, Level, Upon};
use crate::domain::event::{Event, EventKind};
use crate::domain::message::MessageKind;
use crate::error::AppError;
use crate::ids::{ActionId, DecisionId, EscalationId, FindingId, ProviderId};
use crate::store::change::{Field, NewChange};
use crate::store::escalation::{NewDecision, Passed};
use crate::store::outbox::{Audience, NewMessage};
use crate::store::{
    TenantTx, action, case, change as changes, escalation as store, escalation_facts as facts, outbox,
    provider,
};

/// How many actions one sweep takes at a time; the rest follow in the next round of the same tick.
const BATCH: i64 = 500;

/// Raises what is due in one provider by `today`: overdue actions and verification windows missed (R11, R12, R14).
/// Returns how many escalations were raised; running it again, or twice at once, raises nothing twice.
///
/// # Errors
/// The database was lost; what was raised before stands.
pub async fn sweep(app: &AppState, in_provider: ProviderId) -> Done<u64> {
    let mut raised = 0;
    for cause in [Cause::Overdue, Cause::VerificationLate, Cause::HighRisk] {
        // on through the whole list: what waits long for its second level must not hide what passed today
        let mut after = None;
        loop {
            let (new, last) = super::retrying!(sweep_once(app, in_provider, cause, after))?;
            raised += new;
            match last {
                Some(last) => after = Some(last),
                None => break,
            }
        }
    }
    Ok(raised)
}

/// Where a round of the sweep ended.
type Place = (NaiveDate, ActionId);

/// One round: how many were raised, and where to go on if there is more.
async fn sweep_once(
    app: &AppState,
    in_provider: ProviderId,
    cause: Cause,
    after: Option<Place>,
) -> Done<(u64, Option<Place>)> {
    let Moment { now, today } = Moment::read(app);
    let mut tx = TenantTx::begin(&app.db, in_provider, None, now).await?;
    let passed = store::passed(&mut tx, cause, today, after, BATCH).await?;
    if passed.is_empty() {
        return Ok((0, None));
    }
    let ladder = provider::policies(&mut tx).await?;
    let mut raised = 0;
    for late in &passed {
        for level in due_levels(late, cause, &ladder, today) {
            raised += u64::from(raise(&mut tx, late, level, cause).await?);
        }
    }
    tx.commit().await?;
    let full = i64::try_from(passed.len()).is_ok_and(|seen| seen >= BATCH);
    Ok((raised, passed.last().filter(|_| full).map(|last| (last.date, last.id))))
}

fn due_levels(late: &Passed, cause: Cause, ladder: &Ladder, today: NaiveDate) -> Vec<Level> {
    if cause == Cause::HighRisk {
        let mut levels = escalation::levels_asked(late.date, today, late.nation, escalation::DECISION_POLICY);
        levels.retain(|level| *level != Level::Manager || !late.manager_knows);
        return levels;
    }
    let policy = ladder.policy(late.risk, late.theme);
    let safeguarding = escalation::concerns_safeguarding(late.theme, late.topic);
    let mut levels = escalation::levels_due(late.date, today, late.nation, policy, late.risk, safeguarding);
    levels.retain(|level| match level {
        Level::Manager => !late.manager_knows,
        // R13a: a recorded "no escalation, because" keeps it with the manager, unless it had to go up at once
        Level::QualityLead | Level::Leadership => {
            !late.leadership_knows && (!late.stays_here || late.risk.is_high() || safeguarding)
        }
        Level::Nominated => !late.stays_here && !late.nominated_owns,
    });
    levels
}

async fn raise(tx: &mut TenantTx, late: &Passed, level: Level, cause: Cause) -> Result<bool, sqlx::Error> {
    // one date is raised once: what is missing is said with it (R14)
    let passed = cause == Cause::Overdue;
    let cause = if passed && !late.missing.is_empty() { Cause::EvidenceMissing } else { cause };
    let upon = Upon { missing: late.missing.clone(), ..Upon::default() };
    let Some(id) = store::raise(tx, late.id, late.cycle, level, (cause, &upon), late.date).await? else {
        return Ok(false);
    };
    if level == Level::Manager && passed {
        tx.record(
            Event::of_action(EventKind::BecameOverdue, late.id, late.finding)
                .detail(json!({ "due_on": late.date, "cycle": late.cycle })),
        );
    }
    announce(
        tx,
        &Raised {
            id,
            action: late.id,
            finding: late.finding,
            cycle: late.cycle,
            due_on: late.date,
            level,
            cause,
        },
    )
    .await?;
    Ok(true)
}

/// An escalation that was just raised.
#[derive(Clone, Copy, Debug)]
pub struct Raised {
    /// The escalation.
    pub id: EscalationId,
    /// Its action.
    pub action: ActionId,
    /// The action's finding.
    pub finding: FindingId,
    /// The action's cycle.
    pub cycle: i32,
    /// The date it is about.
    pub due_on: NaiveDate,
    /// How high it goes.
    pub level: Level,
    /// Why.
    pub cause: Cause,
}

/// Writes the event and queues the message of an escalation that was just raised.
///
/// # Errors
/// The database was lost.
pub async fn announce(tx: &mut TenantTx, raised: &Raised) -> Result<(), sqlx::Error> {
    let mut told = json!({ "escalation": raised.id, "level": raised.level.number(), "cause": raised.cause.as_str(),
        "due_on": raised.due_on, "cycle": raised.cycle });
    if let (true, Some(facts)) = (raised.level.alone(), told.as_object_mut()) {
        facts.insert("alone".to_owned(), true.into());
    }
    tx.record(Event::of_action(EventKind::Escalated, raised.action, raised.finding).detail(told));
    let kind = if raised.cause == Cause::VerificationLate {
        MessageKind::VerificationLate
    } else {
        MessageKind::Escalated
    };
    let audience = if raised.level == Level::Manager { Audience::Manager } else { Audience::Leadership };
    let message = NewMessage {
        kind,
        audience,
        action: raised.action,
        escalation: Some(raised.id),
        dedupe_key: format!("escalation {}", raised.id),
    };
    outbox::queue(tx, &message).await
}

/// Raises an escalation from within another deed: an ineffective verdict, mixed evidence, a challenge (R14, R17). Once
/// for each action, cycle, level, date and cause.
///
/// # Errors
/// The database was lost.
pub async fn raise_for(
    tx: &mut TenantTx,
    action: &Action,
    level: Level,
    cause: Cause,
) -> Result<(), sqlx::Error> {
    let due_on = action.due_on.unwrap_or_else(|| crate::clock::london_date(tx.now()));
    raise_on(tx, action, level, cause, due_on).await.map(drop)
}

/// The same for what is about another day than the due date. Says whether it was raised.
///
/// # Errors
/// The database was lost.
pub async fn raise_on(
    tx: &mut TenantTx,
    action: &Action,
    level: Level,
    cause: Cause,
    due_on: NaiveDate,
) -> Result<bool, sqlx::Error> {
    let upon = Upon::default();
    let Some(id) = store::raise(tx, action.id, action.cycle, level, (cause, &upon), due_on).await? else {
        return Ok(false);
    };
    let (finding, cycle) = (action.finding_id, action.cycle);
    announce(tx, &Raised { id, action: action.id, finding, cycle, due_on, level, cause }).await?;
    Ok(true)
}

/// Records a decision on an escalation (R13, R13a). A revised date moves the due date, counted as an extension (R6).
///
/// # Errors
/// What the decision lacks, who may not decide, or that the action changed since the page was opened.
pub async fn decide(
    app: &AppState,
    by: &Actor,
    id: EscalationId,
    seen: i64,
    given: &DecisionGiven,
) -> Done<i32> {
    super::retrying!(decide_once(app, by, id, seen, given))
}

async fn decide_once(
    app: &AppState,
    by: &Actor,
    id: EscalationId,
    seen: i64,
    given: &DecisionGiven,
) -> Done<i32> {
    let today = Moment::read(app).today;
    let mut tx = by.begin(app).await?;
    let open = store::get(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    let case = case::lock(&mut tx, open.action_number).await?.ok_or(AppError::NotFound)?;
    let action = &case.action;
    let relation = Relation { in_service: by.member.sees_service(action.service_id), ..Relation::default() };
    if access::may(by.member.role, Verb::SeeEscalations, relation).is_err() {
        return Err(AppError::NotFound.into());
    }
    let lateness = Lateness::of(by.member.id, action.owner.as_ref().map(|o| (o.id, o.role)));
    escalation::may_decide(by.member.role, open.level, lateness)
        .map_err(|who| Stop::refused(who.sentence()))?;
    access::may(by.member.role, Verb::DecideEscalation, relation).map_err(|d| Stop::refused(d.sentence()))?;
    if action.version != seen {
        return Err(Stop::Changed);
    }
    if !action.status.open() || open.cycle != action.cycle {
        return Err(Stop::refused(escalation::IS_HISTORY));
    }
    let given = &with_its_days(given, today);
    let grave = action.overdue(today) && action.risk.is_high();
    let lacking = escalation::lacks(given, today, grave);
    if !lacking.is_empty() {
        return Err(Stop::Refused(
            lacking
                .into_iter()
                .map(|(f, s)| super::Said { field: Some(f), sentence: s.to_owned() })
                .collect(),
        ));
    }
    let moves = given.revised_due_on.filter(|d| Some(*d) != action.due_on);
    if moves.is_some() && !action.status.with_owner() {
        return Err(Stop::at(
            "revised_due_on",
            "The date cannot move: the action is not with its owner now.",
        ));
    }
    let decision = NewDecision {
        id: DecisionId::new(),
        escalation: id,
        action: action.id,
        given,
        judged: judged(&mut tx, &case).await?,
    };
    store::insert_decision(&mut tx, &decision).await?;
    take_effect(&mut tx, by, action, given, moves).await?;
    tx.record(decided(action, &decision, moves));
    tx.commit().await?;
    Ok(action.number)
}

/// The date as decided; the earlier one stays readable with the reason (R6).
async fn take_effect(
    tx: &mut TenantTx,
    by: &Actor,
    action: &Action,
    given: &DecisionGiven,
    moves: Option<NaiveDate>,
) -> Result<(), sqlx::Error> {
    if let Some(due_on) = moves {
        let (before, after) = (action.due_on.map(|d| d.to_string()), due_on.to_string());
        let reason = match given.decision {
            Decision::Act => &given.delay_reason,
            Decision::NoEscalation => &given.because,
        };
        let date = NewChange { field: Field::DueOn, before: before.as_deref(), after: &after, reason };
        changes::insert(tx, action.id, action.cycle, date).await?;
        tell_owner_of_anothers(tx, by, action, MessageKind::DateMoved).await?;
    }
    let change = action::Change {
        due_on: moves,
        extension: moves.is_some() && action.due_on.is_some(),
        touched: true,
        ..action::Change::default()
    };
    action::change(tx, action.id, &change).await
}

/// A control that was said has a first day; days without a control are none.
fn with_its_days(given: &DecisionGiven, today: NaiveDate) -> DecisionGiven {
    let mut given = given.clone();
    if given.interim_control.trim().is_empty() {
        given.control = ControlDays { check_on: None, ..ControlDays::default() };
    } else {
        given.control.from.get_or_insert(today);
    }
    given
}

/// What the decision saw, kept with it (R18a): what may change later is written down, what never changes is named.
async fn judged(tx: &mut TenantTx, case: &Case) -> Result<serde_json::Value, sqlx::Error> {
    let action = &case.action;
    let evidence = facts::evidence(tx, action.id, action.cycle).await?;
    let missing: Vec<_> = missing_kinds(&case.required, &case.pieces).iter().map(|k| k.as_str()).collect();
    let control = facts::control(tx, action.id, action.cycle).await?;
    Ok(
        json!({ "what": action.what, "success_test": action.success_test, "due_on": action.due_on, "verify_by": action.verify_by,
        "status": action.status.as_str(), "cycle": action.cycle, "extensions": action.extensions, "risk": action.risk.as_str(),
        "owner": action.owner.as_ref().map(|o| o.id), "evidence": evidence, "missing": missing, "control": control }),
    )
}

fn decided(action: &Action, new: &NewDecision<'_>, moves: Option<NaiveDate>) -> Event {
    let given = new.given;
    Event::of_action(EventKind::EscalationDecided, action.id, action.finding_id)
        .detail(json!({ "escalation": new.escalation, "decision": given.decision.as_str(), "due_on_before": action.due_on, "due_on_after": moves,
            "control_from": given.control.from, "control_check_on": given.control.check_on, "control_until": given.control.until }))
        .text("risk", given.risk.clone())
        .text("delay_reason", given.delay_reason.clone())
        .text("support_needed", given.support_needed.clone())
        .text("interim_control", given.interim_control.clone())
        .text("because", given.because.clone())
}
