//! What waits for a check, for assurance or for closure, as a file.

use axum::response::Response;

use super::why_not;
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::action::Status;
use crate::domain::calendar;
use crate::domain::member::Member;
use crate::domain::reference::Reference;
use crate::domain::verification::checks_managers;
use crate::error::AppError;
use crate::http::export::{self, BATCH, Batch, List, Of};
use crate::http::signed::Signed;
use crate::sheet::{Column, Format, Row};
use crate::store::TenantTx;
use crate::store::queue::{self, After, Waiting};
use crate::store::scope::Scope;
use crate::workflow::Moment;

struct Queue {
    member: Member,
    moment: Moment,
    /// Whether they ever record assurance, and close: only then the page has these.
    assures: bool,
    closes: bool,
    after: Option<After>,
}

impl List for Queue {
    const COLUMNS: &'static [Column] = &[
        Column::new("Waits for", 24),
        Column::new("Reference", 11),
        Column::new("Action", 60),
        Column::new("To be checked by", 20),
        Column::new("Working days late", 12),
        Column::new("Risk", 10),
        Column::new("Topic", 22),
        Column::new("Service", 26),
        Column::new("Owner", 24),
        Column::new("Done", 24),
        Column::new("Pieces of evidence", 12),
        Column::new("Why not you", 50),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let (scope, senior) = (Scope::of(&self.member), checks_managers(self.member.role));
        let found = queue::list(tx, scope, senior, self.after, (BATCH, BATCH)).await?;
        let (submitted, verified): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|row| row.status == Status::Submitted);
        let last = submitted.last();
        self.after = last
            .map(|r| After { blocked: r.blocked, verify_by: r.verify_by, number: r.number })
            .or(self.after);
        let more = i64::try_from(submitted.len()).unwrap_or(i64::MAX) >= BATCH;
        let mut rows: Vec<Row> = submitted.iter().map(|r| self.row(r, waits_for_check(r))).collect();
        for r in &verified {
            if self.assures && r.hands.wants_assurance(r.risk) {
                rows.push(self.row(r, "Assurance"));
            }
            if self.closes && r.hands.may_close(self.member.role, r.approver, r.risk) {
                rows.push(self.row(r, "Closing, by you"));
            }
        }
        Ok(Batch::new(rows, more))
    }
}

const fn waits_for_check(r: &Waiting) -> &'static str {
    if r.blocked { "A check, by others" } else { "A check, by you" }
}

impl Queue {
    fn row(&self, r: &Waiting, waits: &'static str) -> Row {
        let today = self.moment.today;
        let submitted = r.status == Status::Submitted;
        let late = submitted && calendar::is_overdue(Some(r.verify_by), today);
        let late = late.then(|| i64::from(calendar::working_days_after(r.verify_by, today, r.nation)));
        vec![
            waits.into(),
            Reference::action(r.number).to_string().into(),
            r.what.clone().into(),
            Some(r.verify_by).filter(|_| submitted).into(),
            late.into(),
            r.risk.label().into(),
            r.topic.label().into(),
            r.service.clone().into(),
            r.owner.clone().unwrap_or_else(|| "Nobody".into()).into(),
            r.submitted_at.into(),
            r.evidence.into(),
            Some(why_not(r)).filter(|_| submitted && r.blocked).into(),
        ]
    }
}

/// Hands out all that waits.
pub(super) async fn answer(app: &AppState, signed: &Signed, format: Format) -> Result<Response, AppError> {
    let list = Queue {
        member: signed.actor.member.clone(),
        moment: Moment::read(app),
        assures: signed.can(Verb::Assure),
        closes: signed.can(Verb::Close),
        after: None,
    };
    export::answer(app, signed, format, &Of::new("to_verify", "To verify, to assure, to close"), list).await
}
