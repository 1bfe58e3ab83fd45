//! Agreeing an action under a finding: a form of its own, and the same fields on the form of a new finding.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::hints::{About, Hints, hints};
use super::open;
use crate::app::AppState;
use crate::domain::access::{Verb, may};
use crate::domain::finding::relation;
use crate::domain::review::Disposition;
use crate::domain::topic::EvidenceKind;
use crate::error::AppError;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::line::{hidden, refuse};
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::ids::ActionId;
use crate::store::{finding::Finding, member, standard as standards};
use crate::workflow::action::{Define, define};
use crate::workflow::{Moment, Stop};

/// The sentence for a form whose hidden fields are not those it was made with.
pub(super) const AGAIN: &str =
    "Open the form again and fill it in once more: part of it was lost on the way.";

#[derive(Template)]
#[template(path = "finding/action.html")]
struct AgreePage {
    layout: Layout,
    draft: Draft,
    back: String,
    action: String,
    reference: String,
    what: String,
    action_id: String,
    owners: Vec<Choice>,
    kinds: Vec<Choice>,
    hints: Hints,
    checked: bool,
    ended: Option<&'static str>,
}

pub(super) async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
) -> Result<Response, AppError> {
    render(&signed, &app, &reference, None, StatusCode::OK).await
}

pub(super) async fn create(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::DefineAction)?;
    if draft.ticked("check") {
        return render(&signed, &app, &reference, Some(draft), StatusCode::OK).await;
    }
    // before a word of the form: what is wrong with it must not tell that there is such a finding
    let mut tx = signed.actor.begin(&app).await?;
    let found = open(&mut tx, &signed, &reference).await?;
    drop(tx);
    let given = read(&mut draft)?;
    if let (true, Some(given)) = (draft.is_ok(), given) {
        match define(&app, &signed.actor, found.number, &given).await {
            Ok(made) => {
                let page = signed.path(&format!("findings/{reference}"));
                return Ok(page::done(&page, Done::ActionAgreed, &made.to_string()));
            }
            Err(Stop::Refused(said)) => refuse(&mut draft, said, "action"),
            Err(Stop::Changed) => return Err(AppError::Conflict),
            Err(Stop::Failed(error)) => return Err(error),
        }
    }
    render(&signed, &app, &reference, Some(draft), StatusCode::UNPROCESSABLE_ENTITY).await
}

async fn render(
    signed: &Signed,
    app: &AppState,
    reference: &str,
    typed: Option<Draft>,
    status: StatusCode,
) -> Result<Response, AppError> {
    let today = Moment::read(app).today;
    let mut tx = signed.actor.begin(app).await?;
    let found = open(&mut tx, signed, reference).await?;
    let own = found.logged_by == signed.actor.member.id;
    may(signed.role(), Verb::DefineAction, relation(&signed.actor.member, found.service, own))
        .map_err(|denial| AppError::Forbidden(denial.sentence().into()))?;
    let standards = standards::all(&mut tx).await?;
    let owners = member::possible_owners(&mut tx, found.service).await?;
    drop(tx);
    let sources = found.source_kinds();
    let about = About { risk: found.risk, topic: found.topic, sources: &sources, nation: found.nation };
    let checked = typed.is_some();
    let mut draft = typed.unwrap_or_default();
    let hints = hints(&draft, Some(about), &standards, today);
    if let (false, Some(due)) = (checked, hints.due) {
        draft = draft.with_date("due", due);
    }
    page::render_as(
        status,
        &AgreePage {
            layout: signed
                .layout(format!("Agree an action for {reference}"))
                .at(&signed.path("findings"))
                .with_errors(!draft.is_ok()),
            back: signed.path(&format!("findings/{reference}")),
            action: signed.path(&format!("findings/{reference}/actions/new")),
            reference: reference.to_owned(),
            action_id: hidden(&draft, "action_id", ActionId::new),
            owners: owners.iter().map(|p| Choice::new(p.id.to_string(), p.with_title())).collect(),
            kinds: Choice::all::<EvidenceKind>(),
            ended: ended(&found),
            what: found.what,
            hints,
            checked,
            draft,
        },
    )
}

fn ended(found: &Finding) -> Option<&'static str> {
    (found.disposition != Disposition::Actions).then(|| found.disposition.label())
}

/// The action of a form; none when a field is wrong (the draft says which).
///
/// # Errors
/// The hidden id is not one: the form was tampered with, or cut off.
pub(super) fn read(draft: &mut Draft) -> Result<Option<Define>, AppError> {
    let what = draft.line("action", 1000, "Say what will be different when this is done");
    let success_test = draft.text("success_test", 1000, "Say how someone else will see that it worked");
    let owner = draft.optional_id("owner", "Choose one owner");
    let due_on = draft.optional_date("due");
    let evidence = draft.choices("evidence", "Tick only what is in the list");
    let follow_up_on = draft.optional_date("follow_up");
    let wording_override = draft.optional_text("wording_override", 1000);
    let id = draft.value("action_id").parse::<ActionId>().map_err(|_| AppError::bad_request(AGAIN))?;
    let (Some(what), Some(success_test)) = (what, success_test) else { return Ok(None) };
    Ok(Some(Define { id, what, success_test, owner, due_on, evidence, follow_up_on, wording_override }))
}
