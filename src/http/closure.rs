//! Closing an action with proof, and reopening it with a reason (R17 to R19).

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::NaiveDate;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::form::Draft;
use crate::http::judging::Closure;
use crate::http::opened::Opened;
use crate::http::signed::Signed;
use crate::http::verb::{self, VerbForm};
use crate::workflow::{self, Actor};

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    verb::routes::<Closure>().merge(verb::routes::<Reopening>())
}

/// Opening a closed action again (R19).
struct Reopening;

#[derive(Template)]
#[template(path = "closure/reopening.html")]
struct ReopeningFields {
    draft: Draft,
}
impl HtmlSafe for ReopeningFields {}

impl VerbForm for Reopening {
    const ADDRESS: &'static str = "/p/{provider}/actions/{reference}/reopening";
    const BUTTON: &'static str = "Reopen action";
    type Fields = ReopeningFields;
    type Given = (String, NaiveDate);

    fn title(_: &Opened) -> &'static str {
        "Reopen this action"
    }

    fn may(signed: &Signed, opened: &Opened) -> Result<(), String> {
        opened.changes_by(signed, Verb::Reopen)
    }

    async fn fields(
        _: &AppState,
        _: &Signed,
        _: &Opened,
        draft: &Draft,
    ) -> Result<ReopeningFields, AppError> {
        Ok(ReopeningFields { draft: draft.clone() })
    }

    fn read(draft: &mut Draft, _: &Opened) -> Option<Self::Given> {
        let reason = draft.text("reason", 2000, "Say why it has to be opened again");
        let due = draft.date("due", "Enter the new due date");
        Some((reason?, due?))
    }

    async fn carry_out(
        app: &AppState,
        by: &Actor,
        number: i32,
        seen: i64,
        (reason, due): &Self::Given,
    ) -> workflow::Done<Done> {
        workflow::closure::reopen(app, by, number, seen, reason, *due).await.map(|()| Done::Reopened)
    }
}
