//! The list of escalations as a file.

use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};

use super::level_words;
use crate::app::AppState;
use crate::domain::calendar;
use crate::domain::escalation::why;
use crate::domain::member::Member;
use crate::domain::reference::Reference;
use crate::error::AppError;
use crate::http::export::{self, BATCH, Batch, List, Of};
use crate::http::signed::Signed;
use crate::ids::EscalationId;
use crate::sheet::{Column, Format, Row};
use crate::store::TenantTx;
use crate::store::escalation_list::{self as lists, Asked, Listed, Which};
use crate::workflow::Moment;

struct Escalations {
    member: Member,
    service: Option<String>,
    which: Which,
    today: NaiveDate,
    after: Option<(DateTime<Utc>, EscalationId)>,
}

impl List for Escalations {
    const COLUMNS: &'static [Column] = &[
        Column::new("Raised", 24),
        Column::new("Level", 34),
        Column::new("Cause", 30),
        Column::new("Why", 50),
        Column::new("Reference", 11),
        Column::new("Action", 60),
        Column::new("Was due", 20),
        Column::new("Working days late", 12),
        Column::new("Risk", 10),
        Column::new("Topic", 22),
        Column::new("Service", 26),
        Column::new("Owner", 24),
        Column::new("Decision", 22),
        Column::new("Decided by", 24),
        Column::new("Decided", 24),
        Column::new("Interim control", 50),
        Column::new("Because", 50),
        Column::new("New date", 20),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let asked = Asked {
            member: &self.member,
            service: self.service.as_deref(),
            which: self.which,
            after: self.after,
            limit: BATCH,
        };
        let found = lists::page(tx, &asked).await?;
        self.after = found.last().map(|r| (r.at, r.id));
        Ok(Batch::of(&found, |r| row(r, self.today)))
    }
}

fn row(r: &Listed, today: NaiveDate) -> Row {
    let late = calendar::working_days_after(r.due_on, today, r.nation);
    let decision = r.decision.as_ref();
    vec![
        r.at.into(),
        level_words(r.level).into(),
        r.cause.label().into(),
        why(r.cause, r.due_on, &r.upon).into(),
        Reference::action(r.number).to_string().into(),
        r.what.clone().into(),
        r.due_on.into(),
        Some(late).filter(|days| *days > 0 && r.status.with_owner()).map(i64::from).into(),
        r.risk.label().into(),
        r.topic.label().into(),
        r.service.clone().into(),
        r.owner.clone().unwrap_or_else(|| "Nobody".into()).into(),
        decision.map(|d| d.decision.label()).into(),
        decision.map(|d| d.by.clone()).into(),
        decision.map(|d| d.at).into(),
        decision.map(|d| d.interim_control.clone()).into(),
        decision.map(|d| d.because.clone()).into(),
        decision.and_then(|d| d.revised_due_on).into(),
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
    let of = Of::new("escalations", "Escalations")
        .in_service(asked.service, services)
        .by("Show", Some(asked.which.label()));
    let list = Escalations {
        member: asked.member.clone(),
        service: asked.service.map(str::to_owned),
        which: asked.which,
        today: Moment::read(app).today,
        after: None,
    };
    export::answer(app, signed, format, &of, list).await
}
