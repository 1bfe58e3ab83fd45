//! The steps of a draft: sheet and headings, columns, words. Each is a plain page, kept when it is sent.

use super::{columns, matching, open, sheet};
use crate::app::AppState;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::form::Draft;
use crate::http::page::{self};
use crate::http::signed::Signed;
use crate::store::TenantTx;
use crate::store::import::{Import, State as Standing};
use axum::response::Response;
pub(super) fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/imports/{import}/sheet", sheet::sheet)
        .post("/p/{provider}/imports/{import}/sheet", sheet::choose_sheet)
        .get("/p/{provider}/imports/{import}/columns", columns::columns)
        .post("/p/{provider}/imports/{import}/columns", columns::choose_columns)
        .get("/p/{provider}/imports/{import}/words", matching::matching)
        .post("/p/{provider}/imports/{import}/words", matching::choose_words)
}

/// Said when another window was faster.
pub(super) const OVERTAKEN: &str =
    "This import was changed since you opened the page. Look at it as it is now, then send it again";

/// What every step carries.
pub(super) struct Around {
    pub(super) here: String,
    pub(super) seen: i64,
    pub(super) file_name: String,
}

pub(super) fn around(signed: &Signed, import: &Import) -> Around {
    Around {
        here: signed.path(&format!("imports/{}", import.id)),
        seen: import.version,
        file_name: import.file_name.clone(),
    }
}

/// The version the form was drawn from.
pub(super) fn seen(draft: &Draft) -> i64 {
    draft.carried("seen").parse().unwrap_or_default()
}

/// A draft, to go on with; what is no draft any more has its page.
pub(super) enum Step {
    Draft(TenantTx, Box<Import>),
    Elsewhere(Response),
}

pub(super) async fn step(app: &AppState, signed: &Signed, id: &str) -> Result<Step, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let import = open(&mut tx, signed, id).await?;
    if import.state != Standing::Draft {
        return Ok(Step::Elsewhere(page::see_other(&signed.path(&format!("imports/{}", import.id)))));
    }
    Ok(Step::Draft(tx, Box::new(import)))
}
