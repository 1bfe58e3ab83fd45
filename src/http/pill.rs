//! The pill of an action: what the domain says of it today, with icon and words.

use chrono::{DateTime, NaiveDate, Utc};

use crate::clock::london_date;
use crate::domain::action::{self, Status};
use crate::domain::{staleness, words};
use crate::http::view::{State, Tag};

/// The pill for a state worked out by the domain; `today` turns dates into words ("Due Tuesday").
#[must_use]
pub fn pill(state: action::State, today: NaiveDate) -> Tag {
    match state {
        action::State::Plain(status) => Tag::new(of_status(status)),
        action::State::DueSoon(due) => Tag::saying(State::DueSoon, words::due(Some(due), today)),
        action::State::Late(days) => Tag::late(i64::from(days)),
        action::State::Escalated(days) => Tag::saying(State::Escalated, late_and_escalated(days)),
        action::State::CameBack => Tag::new(State::CameBack),
    }
}

/// A window that passed without a check: "Waiting 6 working days", or how long is left.
#[must_use]
pub fn waiting(days_past: u32) -> Tag {
    let past = match days_past {
        0 => "Waiting for verification".to_owned(),
        1 => "Check 1 working day late".to_owned(),
        n => format!("Check {n} working days late"),
    };
    Tag::saying(State::WaitingForVerification, past)
}

/// The mark beside the pill of what nobody has moved for a fortnight (R28): "No update for 16 days".
#[must_use]
pub fn stale_mark(status: Status, moved_at: DateTime<Utc>, today: NaiveDate) -> Option<Tag> {
    let days = staleness::stale_for(status, london_date(moved_at), today)?;
    Some(Tag::saying(State::Stale, staleness::says(days)))
}

const fn of_status(status: Status) -> State {
    match status {
        Status::NotStarted => State::NotStarted,
        Status::InProgress => State::InProgress,
        Status::Submitted => State::WaitingForVerification,
        Status::SentBack => State::PartiallyComplete,
        Status::Ineffective => State::Ineffective,
        Status::Verified => State::WaitingForClosure,
        Status::Closed => State::Closed,
        Status::Cancelled => State::Cancelled,
    }
}

fn late_and_escalated(days: u32) -> String {
    if days == 0 { "Late, escalated".into() } else { format!("{}, escalated", words::days_late(days)) }
}
