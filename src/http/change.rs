//! Changing what was agreed, each with its reason: owner, words, date, calling off (R6, R7).

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::change::{ChangeRefusal, Handover, may_change};
use crate::domain::wording::{self, Context};
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::action_line::times;
use crate::http::banner;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::opened::{Answer, Opened, VerbPage, answer, seen, version_again};
use crate::http::page;
use crate::http::signed::Signed;
use crate::ids::MemberId;
use crate::store::member;
use crate::workflow::change::{self, NewWords};

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/actions/{reference}/owner", owner)
        .post("/p/{provider}/actions/{reference}/owner", reassign)
        .get("/p/{provider}/actions/{reference}/rewording", rewording)
        .post("/p/{provider}/actions/{reference}/rewording", reword)
        .get("/p/{provider}/actions/{reference}/extension", extension)
        .post("/p/{provider}/actions/{reference}/extension", extend)
        .get("/p/{provider}/actions/{reference}/cancellation", cancellation)
        .post("/p/{provider}/actions/{reference}/cancellation", cancel)
}

/// What every form of this file begins with: the action, if this person may change it so.
async fn changeable(app: &AppState, signed: &Signed, action: &str, verb: Verb) -> Result<Opened, AppError> {
    let opened = Opened::read(app, signed, action).await?;
    may_change(&signed.actor.member, verb, &opened.case)
        .map_err(|refusal| AppError::Forbidden(refusal.sentence().into()))?;
    Ok(opened)
}

fn done(signed: &Signed, opened: &Opened, what: banner::Done) -> Response {
    page::done(&opened.path(signed, ""), what, &opened.reference.to_string())
}

#[derive(Template)]
#[template(path = "change/owner.html")]
struct OwnerForm {
    draft: Draft,
    post: String,
    version: i64,
    owners: Vec<Choice>,
    handover: String,
}
impl HtmlSafe for OwnerForm {}

async fn owner(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let opened = changeable(&app, &signed, &action, Verb::Reassign).await?;
    let version = opened.case.action.version;
    owner_page(&app, &signed, &opened, Draft::new(), version).await?.fresh()
}

async fn owner_page(
    app: &AppState,
    signed: &Signed,
    opened: &Opened,
    draft: Draft,
    version: i64,
) -> Result<VerbPage<OwnerForm>, AppError> {
    let a = &opened.case.action;
    let mut tx = signed.actor.begin(app).await?;
    let people = member::possible_owners(&mut tx, a.service_id).await?;
    tx.commit().await?;
    let now = a.owner.as_ref().filter(|o| !o.left).map(|o| o.id);
    let owners = people.iter().filter(|p| Some(p.id) != now);
    let handover = match Handover::of(a.status) {
        Handover::Stays => "They are told at once.".to_owned(),
        _ => "They are told at once, and have to send it for verification themselves: what was submitted before no longer stands.".to_owned(),
    };
    let form = OwnerForm {
        draft: draft.clone(),
        post: opened.path(signed, "owner"),
        version,
        owners: owners.map(|p| Choice::new(p.id.to_string(), p.with_title())).collect(),
        handover,
    };
    Ok(VerbPage::new(signed, opened, "Change the owner", draft, form))
}

async fn reassign(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let opened = Opened::read(&app, &signed, &action).await?;
    // the form names colleagues, so it is drawn only for those who may choose among them
    if let Err(ChangeRefusal::Denied(denial)) = may_change(&signed.actor.member, Verb::Reassign, &opened.case)
    {
        return Err(AppError::Forbidden(denial.sentence().into()));
    }
    let version = seen(&draft)?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let to = draft.id::<MemberId>("owner", "Choose one owner");
    let reason = draft.text("reason", 2000, "Say why it changes hands");
    if let (true, Some(to), Some(reason)) = (draft.is_ok(), to, reason) {
        let number = opened.reference.number;
        let deed = change::reassign(&app, &signed.actor, number, version, to, &reason).await;
        match answer(deed, &mut draft)? {
            Answer::Done(()) => return Ok(done(&signed, &opened, banner::Done::OwnerChanged)),
            Answer::Again(again) => status = again,
        }
    }
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = version_again(&opened, version, status);
    owner_page(&app, &signed, &opened, draft, version).await?.again(&opened, status)
}

#[derive(Template)]
#[template(path = "change/rewording.html")]
struct RewordingForm {
    draft: Draft,
    post: String,
    version: i64,
    remarks: Vec<String>,
}
impl HtmlSafe for RewordingForm {}

async fn rewording(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let opened = changeable(&app, &signed, &action, Verb::Reword).await?;
    let a = &opened.case.action;
    let draft = Draft::new()
        .with("what", a.what.clone())
        .with("success_test", a.success_test.clone())
        .with("kept", a.wording_override.clone().unwrap_or_default());
    let version = a.version;
    rewording_page(&signed, &opened, draft, version).fresh()
}

/// R2: what there is to say about the words as they stand in the form.
fn remarks(opened: &Opened, draft: &Draft) -> Vec<String> {
    let context = Context {
        has_owner: !opened.case.action.unowned(),
        has_due_date: opened.case.action.due_on.is_some(),
        has_success_test: !draft.value("success_test").trim().is_empty(),
    };
    let said = wording::check(draft.value("what"), context);
    let vague = said.vague.iter().map(wording::VagueTerm::sentence);
    vague.chain(said.missing.iter().map(|m| m.sentence().to_owned())).collect()
}

fn rewording_page(signed: &Signed, opened: &Opened, draft: Draft, version: i64) -> VerbPage<RewordingForm> {
    let form = RewordingForm {
        remarks: remarks(opened, &draft),
        draft: draft.clone(),
        post: opened.path(signed, "rewording"),
        version,
    };
    VerbPage::new(signed, opened, "Change the wording", draft, form)
}

async fn reword(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = seen(&draft)?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let what = draft.text("what", 1000, "Say what is to be done");
    let success_test = draft.text("success_test", 1000, "Say how we will know that it worked");
    let reason = draft.text("reason", 2000, "Say why the words change");
    let kept = draft.optional_text("kept", 1000);
    if let (true, Some(what), Some(success_test), Some(reason)) = (draft.is_ok(), what, success_test, reason)
    {
        let new =
            NewWords { what: &what, success_test: &success_test, kept: kept.as_deref(), reason: &reason };
        let deed = change::reword(&app, &signed.actor, opened.reference.number, version, new).await;
        match answer(deed, &mut draft)? {
            Answer::Done(()) => return Ok(done(&signed, &opened, banner::Done::Reworded)),
            Answer::Again(again) => status = again,
        }
    }
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = version_again(&opened, version, status);
    rewording_page(&signed, &opened, draft, version).again(&opened, status)
}

#[derive(Template)]
#[template(path = "change/extension.html")]
struct ExtensionForm {
    draft: Draft,
    post: String,
    version: i64,
    now: String,
}
impl HtmlSafe for ExtensionForm {}

async fn extension(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let opened = changeable(&app, &signed, &action, Verb::Extend).await?;
    let version = opened.case.action.version;
    extension_page(&signed, &opened, Draft::new(), version).fresh()
}

fn extension_page(signed: &Signed, opened: &Opened, draft: Draft, version: i64) -> VerbPage<ExtensionForm> {
    let a = &opened.case.action;
    let moved = match a.extensions {
        0 => String::new(),
        n => format!(" It was moved {} before.", times(n)),
    };
    let now = match a.due_on {
        Some(due) => format!("Due on {} now.{moved} The earlier date stays readable.", words::date(due)),
        None => "It has no due date yet.".to_owned(),
    };
    let form = ExtensionForm { draft: draft.clone(), post: opened.path(signed, "extension"), version, now };
    let title = if a.due_on.is_some() { "Move the due date" } else { "Set the due date" };
    VerbPage::new(signed, opened, title, draft, form)
}

async fn extend(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = seen(&draft)?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let due = draft.date("due", "Enter the new due date");
    let reason = draft.text("reason", 2000, "Say why the date moves");
    if let (true, Some(due), Some(reason)) = (draft.is_ok(), due, reason) {
        let number = opened.reference.number;
        let deed = change::extend(&app, &signed.actor, number, version, due, &reason).await;
        match answer(deed, &mut draft)? {
            Answer::Done(()) => return Ok(done(&signed, &opened, banner::Done::DateMoved)),
            Answer::Again(again) => status = again,
        }
    }
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = version_again(&opened, version, status);
    extension_page(&signed, &opened, draft, version).again(&opened, status)
}

#[derive(Template)]
#[template(path = "change/cancellation.html")]
struct CancellationForm {
    draft: Draft,
    post: String,
    version: i64,
}
impl HtmlSafe for CancellationForm {}

async fn cancellation(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let opened = changeable(&app, &signed, &action, Verb::Cancel).await?;
    let version = opened.case.action.version;
    cancellation_page(&signed, &opened, Draft::new(), version).fresh()
}

fn cancellation_page(
    signed: &Signed,
    opened: &Opened,
    draft: Draft,
    version: i64,
) -> VerbPage<CancellationForm> {
    let form = CancellationForm { draft: draft.clone(), post: opened.path(signed, "cancellation"), version };
    VerbPage::new(signed, opened, "Cancel this action", draft, form)
}

async fn cancel(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = seen(&draft)?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let reason = draft.text("reason", 2000, "Say why it is called off");
    if let (true, Some(reason)) = (draft.is_ok(), reason) {
        let number = opened.reference.number;
        let deed = change::cancel(&app, &signed.actor, number, version, &reason).await;
        match answer(deed, &mut draft)? {
            Answer::Done(()) => return Ok(done(&signed, &opened, banner::Done::Cancelled)),
            Answer::Again(again) => status = again,
        }
    }
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = version_again(&opened, version, status);
    cancellation_page(&signed, &opened, draft, version).again(&opened, status)
}
