//! What waits for assurance, with its line, as a file.

use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::reference::Reference;
use crate::domain::{calendar, words};
use crate::error::AppError;
use crate::http::export::{self, BATCH, Batch, List, Of};
use crate::http::signed::Signed;
use crate::sheet::{Column, Format, Row};
use crate::store::TenantTx;
use crate::store::assurance::{self as store, Waiting};
use crate::workflow::Moment;

struct Queue {
    today: NaiveDate,
    after: Option<(DateTime<Utc>, i32)>,
}

impl List for Queue {
    const COLUMNS: &'static [Column] = &[
        Column::new("Reference", 11),
        Column::new("Action", 60),
        Column::new("Risk", 10),
        Column::new("Service", 26),
        Column::new("Working days it waits", 12),
        Column::new("Finding", 11),
        Column::new("What was found", 60),
        Column::new("Found on", 20),
        Column::new("From", 40),
        Column::new("Owner", 24),
        Column::new("Due", 20),
        Column::new("How we will know", 50),
        Column::new("Evidence", 50),
        Column::new("Checked by", 24),
        Column::new("Checked", 24),
        Column::new("How", 22),
        Column::new("Looked at", 10),
        Column::new("Met the standard", 10),
        Column::new("What the check says", 50),
        Column::new("Challenged before", 50),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let found = store::waiting(tx, self.after, BATCH).await?;
        self.after = found.last().map(|w| (w.verified_at, w.number));
        Ok(Batch::of(&found, |w| row(w, self.today)))
    }
}

fn row(w: &Waiting, today: NaiveDate) -> Row {
    let waits = calendar::working_days_between(london_date(w.verified_at), today, w.nation);
    let from = w.sources.iter().map(|(title, on)| format!("{title}, {}", words::date(*on)));
    let evidence =
        w.evidence.iter().map(|(kind, title)| format!("{title} ({})", kind.label().to_lowercase()));
    vec![
        Reference::action(w.number).to_string().into(),
        w.what.clone().into(),
        w.risk.label().into(),
        w.service.clone().into(),
        i64::from(waits).into(),
        Reference::finding(w.finding).to_string().into(),
        w.found.clone().into(),
        w.found_on.into(),
        from.collect::<Vec<_>>().join("; ").into(),
        w.owner.clone().unwrap_or_else(|| "Nobody".into()).into(),
        w.due_on.into(),
        w.success_test.clone().into(),
        evidence.collect::<Vec<_>>().join("; ").into(),
        w.verified_by.clone().into(),
        w.verified_at.into(),
        w.method.label().into(),
        w.sample_size.into(),
        w.met_standard.into(),
        w.verdict.clone().into(),
        w.challenged.join("\n").into(),
    ]
}

/// Hands out all that waits.
pub(super) async fn answer(app: &AppState, signed: &Signed, format: Format) -> Result<Response, AppError> {
    let list = Queue { today: Moment::read(app).today, after: None };
    export::answer(app, signed, format, &Of::new("assurance", "Waiting for assurance"), list).await
}
