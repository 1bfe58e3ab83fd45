//! The list of sustain checks as a file.

use axum::response::Response;
use chrono::NaiveDate;

use crate::app::AppState;
use crate::domain::calendar;
use crate::domain::member::Member;
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::error::AppError;
use crate::http::export::{self, BATCH, Batch, List, Of};
use crate::http::signed::Signed;
use crate::ids::SustainCheckId;
use crate::sheet::{Column, Format};
use crate::store::TenantTx;
use crate::store::scope::Scope;
use crate::store::sustain as store;
use crate::workflow::Moment;

struct Checks {
    member: Member,
    service: Option<String>,
    wanted: (NaiveDate, bool),
    today: NaiveDate,
    after: Option<(NaiveDate, SustainCheckId)>,
}

impl List for Checks {
    const COLUMNS: &'static [Column] = &[
        Column::new("Planned for", 20),
        Column::new("Its day has passed", 12),
        Column::new("Reference", 11),
        Column::new("Action", 60),
        Column::new("How we know", 50),
        Column::new("Risk", 10),
        Column::new("Topic", 22),
        Column::new("Service", 26),
        Column::new("You own it or have owned it", 14),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let (scope, service) = (Scope::of(&self.member), self.service.as_deref());
        let found = store::list(tx, scope, service, self.wanted, self.after, BATCH).await?;
        self.after = found.last().map(|r| (r.due_on, r.id));
        Ok(Batch::of(&found, |r| {
            vec![
                r.due_on.into(),
                calendar::is_overdue(Some(r.due_on), self.today).into(),
                Reference::action(r.number).to_string().into(),
                r.what.clone().into(),
                r.success_test.clone().into(),
                r.risk.label().into(),
                r.topic.label().into(),
                r.service.clone().into(),
                r.owned.into(),
            ]
        }))
    }
}

/// Hands out everything the page was asked for: the service, and until when, of which.
pub(super) async fn answer(
    app: &AppState,
    signed: &Signed,
    format: Format,
    (service, services): (Option<&str>, &[(String, String)]),
    wanted: (NaiveDate, bool),
) -> Result<Response, AppError> {
    let (until, due) = wanted;
    let of = Of::new("sustain_checks", "Sustain checks")
        .in_service(service, services)
        .by("Planned until", Some(words::date(until)))
        .by("Show", due.then_some("Only what you may do"));
    let list = Checks {
        member: signed.actor.member.clone(),
        service: service.map(str::to_owned),
        wanted,
        today: Moment::read(app).today,
        after: None,
    };
    export::answer(app, signed, format, &of, list).await
}
