//! What is mine, and what a team has in hand, as files.

use axum::response::Response;

use super::group_of;
use crate::app::AppState;
use crate::domain::action;
use crate::domain::calendar;
use crate::error::AppError;
use crate::http::export::{self, Of, Whole};
use crate::http::pill::pill;
use crate::http::signed::Signed;
use crate::sheet::{Column, Format, Row};
use crate::store::workload::{Load, Mine, Theirs};
use crate::workflow::Moment;

/// The most actions of a team in a file: more than any has in hand.
pub(super) const MOST: i64 = 100_000;

const MINE: &[Column] = &[
    Column::new("Reference", 11),
    Column::new("Action", 60),
    Column::new("Where it stands", 20),
    Column::new("State", 26),
    Column::new("Due", 20),
    Column::new("Working days late", 12),
    Column::new("Evidence still needed", 34),
    Column::new("What was said when it came back", 50),
    Column::new("Said by", 22),
    Column::new("To be checked by", 20),
    Column::new("Closed", 24),
    Column::new("Times its date was moved", 12),
    Column::new("Service", 26),
    Column::new("Round", 8),
    Column::new("Last moved", 24),
];

/// Hands out a member's own actions.
pub(super) async fn mine(
    app: &AppState,
    signed: &Signed,
    format: Format,
    actions: &[Mine],
) -> Result<Response, AppError> {
    let today = Moment::read(app).today;
    let row = |a: &Mine| -> Row {
        let state = action::state(a.status, a.due_on, a.nation, a.cycle, today, false);
        let late = a.due_on.filter(|due| a.status.with_owner() && calendar::is_overdue(Some(*due), today));
        let (said, by) = a.said.clone().unzip();
        let group = group_of(a, today);
        vec![
            a.reference.to_string().into(),
            a.what.clone().into(),
            group.label().into(),
            pill(state, today).words().to_owned().into(),
            a.due_on.into(),
            late.map(|due| i64::from(calendar::working_days_after(due, today, a.nation))).into(),
            if group.to_do() { super::kinds(a) } else { String::new() }.into(),
            said.into(),
            by.into(),
            a.verify_by.into(),
            a.closed_at.into(),
            a.extensions.into(),
            a.service.clone().into(),
            a.cycle.into(),
            a.moved_at.into(),
        ]
    };
    let rows = Whole(MINE, actions.iter().map(row).collect());
    export::whole(app, signed, format, &Of::new("my_actions", "My actions"), rows).await
}

const TEAM: &[Column] = &[
    Column::new("Owner", 24),
    Column::new("Job", 24),
    Column::new("Reference", 11),
    Column::new("Action", 60),
    Column::new("State", 26),
    Column::new("Due", 20),
    Column::new("Working days late", 12),
    Column::new("Service", 26),
    Column::new("Last moved", 24),
];

/// Hands out what a team, or one person of it, has in hand.
pub(super) async fn team(
    app: &AppState,
    signed: &Signed,
    format: Format,
    loads: &[Load],
) -> Result<Response, AppError> {
    let today = Moment::read(app).today;
    let row = |load: &Load, a: &Theirs| -> Row {
        let state = action::state(a.status, a.due_on, a.nation, a.cycle, today, a.escalated);
        let late = a.due_on.filter(|due| a.status.with_owner() && calendar::is_overdue(Some(*due), today));
        vec![
            if load.member.is_some() { load.name.clone() } else { "Nobody".to_owned() }.into(),
            load.title.clone().into(),
            a.reference.to_string().into(),
            a.what.clone().into(),
            pill(state, today).words().to_owned().into(),
            a.due_on.into(),
            late.map(|due| i64::from(calendar::working_days_after(due, today, a.nation))).into(),
            a.service.clone().into(),
            a.moved_at.into(),
        ]
    };
    let rows = loads.iter().flat_map(|load| load.actions.iter().map(|a| row(load, a))).collect();
    let one = loads.first().filter(|_| loads.len() == 1).map(|load| load.name.clone());
    let of = Of::new("my_team", "Open actions by person").by("Person", one);
    export::whole(app, signed, format, &of, Whole(TEAM, rows)).await
}
