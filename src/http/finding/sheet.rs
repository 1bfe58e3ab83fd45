//! The list of findings as a file.

use axum::response::Response;
use chrono::NaiveDate;

use crate::app::AppState;
use crate::domain::member::Member;
use crate::domain::significance::{Weighed, Weight};
use crate::domain::topic::{Risk, Theme, Topic};
use crate::error::AppError;
use crate::http::export::{self, BATCH, Batch, List, Of};
use crate::http::line::tag;
use crate::http::signed::Signed;
use crate::sheet::{Column, Format, Row as Cells};
use crate::store::TenantTx;
use crate::store::finding::{self, Filter, Progress, Row};
use crate::store::scope::Scope;
use crate::workflow::Moment;

struct Findings {
    member: Member,
    filter: Filter,
    today: NaiveDate,
}

impl List for Findings {
    const COLUMNS: &'static [Column] = &[
        Column::new("Reference", 11),
        Column::new("What was found", 70),
        Column::new("Found on", 20),
        Column::new("Service", 26),
        Column::new("Unit", 18),
        Column::new("Risk", 10),
        Column::new("Theme", 26),
        Column::new("Topic", 22),
        Column::new("Significance", 26),
        Column::new("How it stands", 24),
        Column::new("Came back", 10),
        Column::new("Open actions", 10),
        Column::new("Late actions", 10),
        Column::new("Actions without an owner", 12),
        Column::new("Closed actions", 10),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let (rows, more) =
            finding::page(tx, Scope::of(&self.member), &self.filter, self.today, BATCH).await?;
        self.filter.after = rows.last().map(|r| (r.found_on, r.id.uuid()));
        Ok(Batch::new(rows.iter().map(row).collect(), more))
    }
}

fn row(r: &Row) -> Cells {
    let (significance, risk, repeated) = (r.significance, r.risk, r.repeated);
    let weighed = Weighed { significance, risk, repeated, came_back: r.came_back };
    let stands = tag(r.disposition, [r.open, r.late, r.unowned, r.closed]);
    vec![
        r.reference.to_string().into(),
        r.what.clone().into(),
        r.found_on.into(),
        r.service.clone().into(),
        r.unit.clone().into(),
        r.risk.label().into(),
        r.theme.label().into(),
        r.topic.label().into(),
        weighed.says().into(),
        stands.words().to_owned().into(),
        r.came_back.into(),
        r.open.into(),
        r.late.into(),
        r.unowned.into(),
        r.closed.into(),
    ]
}

/// Hands out everything the page was asked for: by what, and in which of the services.
pub(super) async fn answer(
    app: &AppState,
    signed: &Signed,
    format: Format,
    (filter, service, services): (Filter, &str, &[(String, String)]),
) -> Result<Response, AppError> {
    let of = Of::new("findings", "Findings")
        .in_service(Some(service), services)
        .by("Risk", filter.risk.map(Risk::label))
        .by("Theme", filter.theme.map(Theme::label))
        .by("Topic", filter.topic.map(Topic::label))
        .by("Significance", filter.weight.map(Weight::label))
        .by("State", filter.progress.map(Progress::label))
        .by("Logged by", filter.mine.then_some("You"))
        .by("Came back", filter.came_back.then_some("Only what came back"))
        .looking_for(filter.words.as_deref());
    let list = Findings {
        member: signed.actor.member.clone(),
        filter: Filter { after: None, ..filter },
        today: Moment::read(app).today,
    };
    export::answer(app, signed, format, &of, list).await
}
