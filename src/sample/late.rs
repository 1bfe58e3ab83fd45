//! What the program and the managers did about what was late.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::json;

use super::course::Course;
use super::place::NATION;
use crate::clock::london_date;
use crate::domain::calendar;
use crate::domain::escalation::{Cause, Level, concerns_safeguarding, default_policy, levels_due};
use crate::domain::event::EventKind;
use crate::ids::EscalationId;
use crate::store::sample::rows::{DecisionRow, EscalationRow};

/// Flags and escalates an action past its date as the worker would have; half of them were decided on.
pub(super) fn overdue(course: &mut Course<'_>) {
    let due_on = course.due_on;
    let at = morning_after(due_on).min(course.now - TimeDelta::hours(2));
    let facts = json!({ "due_on": due_on, "cycle": 1 });
    let event = course.event(EventKind::BecameOverdue).detail(facts);
    course.tell(at, None, event);
    escalate(course, due_on, Cause::Overdue);
}

/// Escalates what passed `date`, to the levels that should have heard of it by today.
pub(super) fn escalate(course: &mut Course<'_>, date: NaiveDate, cause: Cause) {
    let (a, today) = (course.agreed, london_date(course.now));
    let safeguarding = concerns_safeguarding(a.theme, a.topic);
    let decided = course.dice.chance(50);
    let policy = default_policy(a.risk);
    for level in levels_due(date, today, NATION, policy, a.risk, safeguarding) {
        let days = if level == Level::Nominated { policy.nominated_after } else { policy.leadership_after };
        let at = heard(date, level, a.risk.is_high() || safeguarding, days.unwrap_or(0));
        let at = at.min(course.now - TimeDelta::hours(2));
        let id = EscalationId::from(course.dice.id(at));
        let facts = json!({ "escalation": id, "level": level.number(), "cause": cause.as_str(), "due_on": date, "cycle": 1 });
        let event = course.event(EventKind::Escalated).detail(facts);
        course.tell(at, None, event);
        course.batch.escalations.push(EscalationRow {
            id,
            action_id: a.id,
            level: level.number(),
            cause: cause.as_str(),
            due_on: date,
            at,
        });
        if decided {
            decide(course, id, level, at + TimeDelta::hours(1));
        }
    }
}

/// The recorded decision on a high-risk finding, asked for the morning after it was acted on (R14).
pub(super) fn asked(course: &mut Course<'_>) {
    let (a, cause, level) = (course.agreed, Cause::HighRisk, Level::Manager);
    let date = london_date(a.created_at);
    let at = morning_after(date);
    if !a.risk.is_high() || at + TimeDelta::hours(2) > course.now {
        return;
    }
    let id = EscalationId::from(course.dice.id(at));
    let facts = json!({ "escalation": id, "level": level.number(), "cause": cause.as_str(), "due_on": date, "cycle": 1 });
    let event = course.event(EventKind::Escalated).detail(facts);
    course.tell(at, None, event);
    let row =
        EscalationRow { id, action_id: a.id, level: level.number(), cause: cause.as_str(), due_on: date, at };
    course.batch.escalations.push(row);
    decide(course, id, level, at + TimeDelta::hours(1));
}

fn decide(course: &mut Course<'_>, id: EscalationId, level: Level, at: DateTime<Utc>) {
    let a = course.agreed;
    let by = match level {
        Level::Manager => &a.site.manager,
        Level::QualityLead | Level::Leadership => &course.crew.quality,
        Level::Nominated => &course.crew.nominated,
    };
    let risk = "Somebody could miss what they need while it is not done.";
    let delay_reason = "The team was two short for a fortnight.";
    let interim_control = "A senior checks every shift and signs the sheet until it is done.";
    let event = course
        .event(EventKind::EscalationDecided)
        .detail(json!({ "escalation": id, "decision": "act", "due_on_before": course.due_on, "due_on_after": null }))
        .text("risk", risk)
        .text("delay_reason", delay_reason)
        .text("interim_control", interim_control);
    course.tell(at, Some(by), event);
    let judged = json!({ "what": course.what, "due_on": course.due_on, "cycle": 1, "owner": course.owner.map(|o| o.id) });
    let decision = DecisionRow {
        id: course.dice.id(at).into(),
        escalation_id: id,
        action_id: a.id,
        decided_by: by.id,
        risk: risk.to_owned(),
        delay_reason: delay_reason.to_owned(),
        interim_control: interim_control.to_owned(),
        judged,
        at,
    };
    course.batch.decisions.push(decision);
}

/// When a level heard of a date that passed.
fn heard(date: NaiveDate, level: Level, at_once: bool, days: u16) -> DateTime<Utc> {
    if level == Level::Manager || at_once {
        return morning_after(date);
    }
    morning_after(calendar::add_working_days(date, days, NATION))
}

/// Early in the morning after a day.
fn morning_after(day: NaiveDate) -> DateTime<Utc> {
    (day + Days::new(1)).and_time(NaiveTime::MIN).and_utc() + TimeDelta::minutes(61)
}
