//! What each answer holds: the name of a field, what kind of value it has, what it says, and where it comes from.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::domain::action::Status;
use crate::domain::calendar;
use crate::domain::measure::{Cadence, Shape, Way};
use crate::domain::reference::Reference;
use crate::domain::review::Disposition;
use crate::domain::text_enum::TextEnum;
use crate::domain::topic::{Risk, Significance, Theme, Topic};
use crate::store::action_list::Listed;
use crate::store::finding::Row;
use crate::store::measure::Shown;

/// What kind of value a field has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Words.
    Text,
    /// A date, `2026-11-21`.
    Day,
    /// An instant in UTC, `2026-11-21T10:00:00Z`.
    Instant,
    /// A count.
    Count,
    /// Any number.
    Number,
    /// Yes or no.
    Flag,
    /// One of these words.
    OneOf(fn() -> Vec<&'static str>),
    /// The readings of a measure, oldest first.
    Readings,
}

/// A field of the answers about a `T`.
#[derive(Debug)]
pub(super) struct Field<T: 'static> {
    pub name: &'static str,
    pub kind: Kind,
    /// Whether it may be null.
    pub open: bool,
    pub says: &'static str,
    pub read: fn(&T, NaiveDate) -> Value,
}

const fn field<T>(
    name: &'static str,
    kind: Kind,
    says: &'static str,
    read: fn(&T, NaiveDate) -> Value,
) -> Field<T> {
    Field { name, kind, open: false, says, read }
}

const fn open<T>(
    name: &'static str,
    kind: Kind,
    says: &'static str,
    read: fn(&T, NaiveDate) -> Value,
) -> Field<T> {
    Field { name, kind, open: true, says, read }
}

/// The words of an enum.
fn words<T: TextEnum>() -> Vec<&'static str> {
    T::ALL.iter().map(|word| word.as_str()).collect()
}

fn at(instant: DateTime<Utc>) -> Value {
    json!(instant.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

/// A finding.
pub(super) const FINDING: &[Field<Row>] = &[
    field("reference", Kind::Text, "Its reference, such as F-0088.", |r, _| json!(r.reference.to_string())),
    field("what", Kind::Text, "What was found.", |r, _| json!(r.what)),
    field("found_on", Kind::Day, "The day it was found.", |r, _| json!(r.found_on)),
    field("service", Kind::Text, "The name of the service.", |r, _| json!(r.service)),
    open("unit", Kind::Text, "The name of the unit.", |r, _| json!(r.unit)),
    field("risk", Kind::OneOf(words::<Risk>), "How serious it is.", |r, _| json!(r.risk.as_str())),
    field("theme", Kind::OneOf(words::<Theme>), "Its theme.", |r, _| json!(r.theme.as_str())),
    field("topic", Kind::OneOf(words::<Topic>), "Its topic.", |r, _| json!(r.topic.as_str())),
    field("significance", Kind::OneOf(words::<Significance>), "As it was logged.", |r, _| {
        json!(r.significance.as_str())
    }),
    field("came_back", Kind::Flag, "Whether it is linked to an earlier finding.", |r, _| json!(r.came_back)),
    field("repeated", Kind::Flag, "Whether its topic keeps coming up in its service.", |r, _| {
        json!(r.repeated)
    }),
    field(
        "disposition",
        Kind::OneOf(words::<Disposition>),
        "Whether it has actions, or why none.",
        |r, _| json!(r.disposition.as_str()),
    ),
    field("open_actions", Kind::Count, "Its actions that go on.", |r, _| json!(r.open)),
    field("late_actions", Kind::Count, "Those of them that are late.", |r, _| json!(r.late)),
    field("unowned_actions", Kind::Count, "Those of them that nobody owns.", |r, _| json!(r.unowned)),
    field("closed_actions", Kind::Count, "Its closed actions.", |r, _| json!(r.closed)),
];

/// An action.
pub(super) const ACTION: &[Field<Listed>] = &[
    field("reference", Kind::Text, "Its reference, such as A-0142.", |r, _| {
        json!(Reference::action(r.number).to_string())
    }),
    field("what", Kind::Text, "What is to be done.", |r, _| json!(r.what)),
    field("status", Kind::OneOf(words::<Status>), "Where it stands.", |r, _| json!(r.status.as_str())),
    open("due_on", Kind::Day, "Its due date.", |r, _| json!(r.due_on)),
    field("late", Kind::Flag, "Whether its owner is late today, in London.", |r, today| {
        json!(r.status.with_owner() && calendar::is_overdue(r.due_on, today))
    }),
    open("verify_by", Kind::Day, "The last day of its verification window.", |r, _| json!(r.verify_by)),
    field("risk", Kind::OneOf(words::<Risk>), "The risk of its finding.", |r, _| json!(r.risk.as_str())),
    field("topic", Kind::OneOf(words::<Topic>), "The topic of its finding.", |r, _| json!(r.topic.as_str())),
    field("service", Kind::Text, "The name of the service.", |r, _| json!(r.service)),
    open("owner", Kind::Text, "The name of its owner.", |r, _| json!(r.owner)),
    field("unowned", Kind::Flag, "Whether nobody owns it who is still here.", |r, _| json!(r.unowned)),
    field("escalated", Kind::Flag, "Whether an escalation waits for a decision.", |r, _| json!(r.escalated)),
    field("round", Kind::Count, "1, and one more each time it was opened again.", |r, _| json!(r.cycle)),
    field("moved_at", Kind::Instant, "When somebody last moved it.", |r, _| at(r.moved_at)),
];

/// A measure with its readings.
pub(super) const MEASURE: &[Field<Shown>] = &[
    field("id", Kind::Text, "What it is known by.", |r, _| json!(r.measure.id.to_string())),
    field("name", Kind::Text, "Its name.", |r, _| json!(r.measure.name)),
    open("service", Kind::Text, "The name of the service; null for the whole provider.", |r, _| {
        json!(r.place)
    }),
    field("unit", Kind::Text, "What is counted; may be empty.", |r, _| json!(r.measure.unit)),
    field("shape", Kind::OneOf(words::<Shape>), "What a reading is.", |r, _| json!(r.measure.shape.as_str())),
    field("better", Kind::OneOf(words::<Way>), "Which way is better.", |r, _| json!(r.measure.way.as_str())),
    field("cadence", Kind::OneOf(words::<Cadence>), "How often it is read.", |r, _| {
        json!(r.measure.cadence.as_str())
    }),
    open("baseline", Kind::Number, "Where it began.", |r, _| json!(r.measure.baseline)),
    open("target", Kind::Number, "What is aimed at.", |r, _| json!(r.measure.target)),
    open("deadline", Kind::Day, "By when.", |r, _| json!(r.measure.deadline)),
    open("owner", Kind::Text, "The name of whoever reads it.", |r, _| json!(r.owner)),
    open("ended_at", Kind::Instant, "When it ended.", |r, _| r.ended_at.map_or(Value::Null, at)),
    field("readings", Kind::Readings, "Its readings, oldest first.", |r, _| {
        let one = |r: &crate::domain::measure::Reading| json!({ "period": r.period, "value": r.value(), "numerator": r.numerator, "denominator": r.denominator });
        Value::Array(r.readings.iter().map(one).collect())
    }),
];
