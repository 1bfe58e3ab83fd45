//! The list of reviews, and what became of what one found, as files.

use axum::response::Response;
use chrono::NaiveDate;

use super::standing;
use crate::app::AppState;
use crate::domain::member::Member;
use crate::domain::review::Disposition;
use crate::domain::topic::ReviewKind;
use crate::error::AppError;
use crate::http::export::{self, BATCH, Batch, List, Of, Whole};
use crate::http::line::tag_of;
use crate::http::pill::pill;
use crate::http::signed::Signed;
use crate::sheet::{Column, Format, Row as Cells};
use crate::store::TenantTx;
use crate::store::finding::ActionLine;
use crate::store::review::{self, Filter, Outcome, Review, Row};
use crate::store::scope::Scope;

struct Reviews {
    member: Member,
    filter: Filter,
}

impl List for Reviews {
    const COLUMNS: &'static [Column] = &[
        Column::new("Reference", 11),
        Column::new("Review", 50),
        Column::new("Kind", 24),
        Column::new("Held", 20),
        Column::new("Service", 26),
        Column::new("Findings", 10),
        Column::new("Still open", 10),
        Column::new("Score", 12),
        Column::new("Sign-off", 18),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let (rows, more) = review::page(tx, Scope::of(&self.member), &self.filter, BATCH).await?;
        self.filter.after = rows.last().map(|r| (r.held_on, r.id.uuid()));
        Ok(Batch::new(rows.iter().map(row).collect(), more))
    }
}

fn row(r: &Row) -> Cells {
    vec![
        r.reference.to_string().into(),
        r.title.clone().into(),
        r.kind.label().into(),
        r.held_on.into(),
        r.service.clone().into(),
        r.findings.into(),
        r.open.into(),
        r.score.map(|score| score.to_string()).into(),
        standing(r.kind, r.signed_off).map(|tag| tag.words().to_owned()).into(),
    ]
}

/// Hands out everything the page was asked for: by what, and in which of the services.
pub(super) async fn list(
    app: &AppState,
    signed: &Signed,
    format: Format,
    (filter, service, services): (Filter, &str, &[(String, String)]),
) -> Result<Response, AppError> {
    let of = Of::new("reviews", "Reviews")
        .in_service(Some(service), services)
        .by("Kind", filter.kind.map(ReviewKind::label))
        .by("Sign-off", filter.waiting.then_some("Audits not signed off"));
    let filter = Filter { after: None, ..filter };
    export::answer(app, signed, format, &of, Reviews { member: signed.actor.member.clone(), filter }).await
}

const BECAME: &[Column] = &[
    Column::new("Finding", 11),
    Column::new("What was found", 60),
    Column::new("Risk", 10),
    Column::new("How it stands", 24),
    Column::new("Why there is no action", 40),
    Column::new("What keeps people safe meanwhile", 40),
    Column::new("Action", 11),
    Column::new("What is to be done", 60),
    Column::new("State", 26),
    Column::new("Owner", 24),
    Column::new("Due", 20),
    Column::new("How we will know", 50),
    Column::new("Checked by", 24),
    Column::new("Checked", 24),
    Column::new("Outcome", 20),
    Column::new("Closed by", 24),
    Column::new("Closed", 24),
];

/// Hands out what became of everything a review found (R27a): a row for each action, and one for each finding without any.
pub(super) async fn became(
    app: &AppState,
    signed: &Signed,
    format: Format,
    (found, outcomes): (&Review, &[Outcome]),
    today: NaiveDate,
) -> Result<Response, AppError> {
    let mut rows = Vec::new();
    for outcome in outcomes {
        match outcome.actions.as_slice() {
            [] => rows.push(of_action(outcome, None, today)),
            actions => rows.extend(actions.iter().map(|a| of_action(outcome, Some(a), today))),
        }
    }
    let of = Of::new("review", format!("What became of {} {}", found.reference(), found.title))
        .by("Review", Some(found.reference().to_string()))
        .by("Service", Some(found.service_name.clone()));
    export::whole(app, signed, format, &of, Whole(BECAME, rows)).await
}

fn of_action(o: &Outcome, a: Option<&ActionLine>, today: NaiveDate) -> Cells {
    let stands = tag_of(o.disposition, &o.actions, today);
    let verdict = a.and_then(|a| a.verdict.as_ref());
    let closed = a.and_then(|a| a.closed.as_ref());
    vec![
        o.reference.to_string().into(),
        o.what.clone().into(),
        o.risk.label().into(),
        stands.words().to_owned().into(),
        o.reason.clone().filter(|_| o.disposition != Disposition::Actions).into(),
        o.control.clone().into(),
        a.map(|a| a.reference.to_string()).into(),
        a.map(|a| a.what.clone()).into(),
        a.map(|a| pill(a.state(today), today).words().to_owned()).into(),
        a.map(|a| a.owner.clone().unwrap_or_else(|| "Nobody yet".into())).into(),
        a.and_then(|a| a.due_on).into(),
        a.map(|a| a.success_test.clone()).into(),
        verdict.map(|(_, by, _)| by.clone()).into(),
        verdict.map(|(.., at)| *at).into(),
        verdict.map(|(outcome, ..)| outcome.label()).into(),
        closed.map(|(by, _)| by.clone()).into(),
        closed.map(|(_, at)| *at).into(),
    ]
}
