//! The list of actions as a file.

use axum::response::Response;
use chrono::NaiveDate;

use super::{owner, standing, title};
use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::action::Status;
use crate::domain::calendar;
use crate::domain::member::Member;
use crate::domain::reference::Reference;
use crate::domain::significance::Weight;
use crate::domain::staleness;
use crate::domain::topic::{Risk, Theme};
use crate::error::AppError;
use crate::http::export::{self, BATCH, Batch, List, Of};
use crate::http::signed::Signed;
use crate::sheet::{Cell, Column, Format, Row};
use crate::store::TenantTx;
use crate::store::action_list::{self, Asked, Key, Listed, Show};

/// What the page is asked for, kept for as long as its rows are read.
struct Actions {
    member: Member,
    show: Show,
    service: Option<String>,
    theme: Option<Theme>,
    risk: Option<Risk>,
    weight: Weight,
    words: Option<String>,
    today: NaiveDate,
    after: Option<Key>,
}

impl List for Actions {
    const COLUMNS: &'static [Column] = &[
        Column::new("Reference", 11),
        Column::new("Action", 60),
        Column::new("State", 26),
        Column::new("Owner", 24),
        Column::new("Due", 20),
        Column::new("Working days late", 12),
        Column::new("To be checked by", 20),
        Column::new("Risk", 10),
        Column::new("Topic", 22),
        Column::new("Service", 26),
        Column::new("Round", 8),
        Column::new("Escalation waits", 12),
        Column::new("Last moved", 24),
        Column::new("Days without an update", 14),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let asked = Asked {
            member: &self.member,
            show: self.show,
            service: self.service.as_deref(),
            theme: self.theme,
            risk: self.risk,
            weight: self.weight,
            words: self.words.as_deref(),
            today: self.today,
            after: self.after,
            limit: BATCH,
        };
        let page = action_list::page(tx, &asked).await?;
        self.after = page.rows.last().map(|r| Key { place: r.place, number: r.number });
        Ok(Batch::of(&page.rows, |r| row(r, self.show, self.today)))
    }
}

fn row(r: &Listed, show: Show, today: NaiveDate) -> Row {
    let late = r.due_on.filter(|due| r.status.with_owner() && calendar::is_overdue(Some(*due), today));
    let late = late.map(|due| i64::from(calendar::working_days_after(due, today, r.nation)));
    vec![
        Reference::action(r.number).to_string().into(),
        r.what.clone().into(),
        standing(r, show, today).words().to_owned().into(),
        owner(r).into(),
        r.due_on.into(),
        late.into(),
        r.verify_by.filter(|_| r.status == Status::Submitted).into(),
        r.risk.label().into(),
        r.topic.label().into(),
        r.service.clone().into(),
        r.cycle.into(),
        Cell::from(r.escalated),
        r.moved_at.into(),
        staleness::stale_for(r.status, london_date(r.moved_at), today).map(i64::from).into(),
    ]
}

/// Hands out everything the page was asked for.
pub(super) async fn answer(
    app: &AppState,
    signed: &Signed,
    format: Format,
    asked: &Asked<'_>,
    services: &[(String, String)],
) -> Result<Response, AppError> {
    let of = Of::new("actions", title(asked.show))
        .in_service(asked.service, services)
        .by("Show", Some(asked.show.label()))
        .by("Theme", asked.theme.map(Theme::label))
        .by("Risk", asked.risk.map(Risk::label))
        .by("Significance", Some(asked.weight.label()))
        .looking_for(asked.words);
    let list = Actions {
        member: asked.member.clone(),
        show: asked.show,
        service: asked.service.map(str::to_owned),
        theme: asked.theme,
        risk: asked.risk,
        weight: asked.weight,
        words: asked.words.map(str::to_owned),
        today: asked.today,
        after: None,
    };
    export::answer(app, signed, format, &of, list).await
}
