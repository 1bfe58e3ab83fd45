//! Evidence fetched and withdrawn. A file leaves the program as something to be saved, never as something to be run:
//! as an attachment, sandboxed, of the type it was found to be.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::app::AppState;
use crate::domain::evidence::Effect;
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::error::AppError;
use crate::files::store::Opened;
use crate::files::{ContentHash, FileName};
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::Draft;
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::view::Facts;
use crate::ids::EvidenceId;
use crate::store::evidence::{Piece, Proof};
use crate::workflow::Stop;
use crate::workflow::evidence::{self as deed, Part};

/// Nothing in a downloaded file may run, load or send, should a browser show it after all.
const SANDBOX: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/evidence/{id}", download)
        .get("/p/{provider}/evidence/{id}/preview", preview)
        .get("/p/{provider}/evidence/{id}/withdrawal", form)
        .post("/p/{provider}/evidence/{id}/withdrawal", withdraw)
}

async fn download(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, EvidenceId)>,
) -> Result<Response, AppError> {
    let (piece, hash) = deed::fetch(&app, &signed.actor, id, Part::Whole).await?;
    let Proof::File { blob, name } = &piece.proof else { return Err(AppError::NotFound) };
    let found = app.evidence.open(signed.actor.provider, hash).await.map_err(AppError::internal)?;
    let opened =
        found.ok_or_else(|| AppError::internal(format!("the file of evidence {id} is not in the store")))?;
    let disposition = FileName::clean(name).content_disposition();
    let mut response = file(opened, &blob.media_type);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&disposition).map_err(AppError::internal)?,
    );
    Ok(response)
}

async fn preview(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, EvidenceId)>,
) -> Result<Response, AppError> {
    let (_, hash) = deed::fetch(&app, &signed.actor, id, Part::Preview).await?;
    let found = app.evidence.open_preview(signed.actor.provider, hash).await.map_err(AppError::internal)?;
    Ok(file(found.ok_or(AppError::NotFound)?, "image/jpeg"))
}

fn file(opened: Opened, media_type: &str) -> Response {
    let kind =
        HeaderValue::from_str(media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_LENGTH, HeaderValue::from(opened.size)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX)),
    ];
    (headers, Body::from_stream(opened.content)).into_response()
}

#[derive(Template)]
#[template(path = "evidence/withdrawal.html")]
struct Page {
    layout: Layout,
    draft: Draft,
    action: String,
    back: String,
    back_label: String,
    reference: String,
    title: String,
    facts: Facts,
    preview: Option<String>,
    waiting: bool,
}

async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, EvidenceId)>,
) -> Result<Response, AppError> {
    page::render(&draw(&signed, &app, id, Draft::new()).await?)
}

async fn withdraw(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, EvidenceId)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let reason = draft.text("reason", 2000, "Say why it is withdrawn");
    if let (true, Some(reason)) = (draft.is_ok(), reason) {
        match deed::withdraw(&app, &signed.actor, id, &reason).await {
            Ok((on, effect)) => return Ok(done(&signed, on, effect)),
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Changed) => return Err(AppError::Conflict),
            Err(Stop::Refused(said)) => said.into_iter().for_each(|one| draft.refuse("reason", one.sentence)),
        }
    }
    page::unprocessable(&draw(&signed, &app, id, draft).await?)
}

fn done(signed: &Signed, on: Reference, effect: Effect) -> Response {
    let said = if effect == Effect::CheckedAgain { Done::CheckedAgain } else { Done::EvidenceWithdrawn };
    page::done(&signed.path(&format!("actions/{on}")), said, &on.to_string())
}

async fn draw(signed: &Signed, app: &AppState, id: EvidenceId, draft: Draft) -> Result<Page, AppError> {
    let (piece, case) = deed::look(app, &signed.actor, id).await?;
    // with a refusal already beside the field the form is shown whatever became of the piece
    if draft.is_ok()
        && let Err(Stop::Refused(said)) = deed::may_withdraw(&signed.actor, &case, &piece)
    {
        let sentence = said.into_iter().next().map_or_else(String::new, |one| one.sentence);
        return Err(AppError::Forbidden(sentence.into()));
    }
    let a = &case.action;
    Ok(Page {
        layout: signed.layout("Withdraw evidence").with_errors(!draft.is_ok()),
        draft,
        action: signed.path(&format!("evidence/{id}/withdrawal")),
        back: signed.path(&format!("actions/{}", a.reference())),
        back_label: format!("Back to {}", a.reference()),
        reference: a.reference().to_string(),
        title: piece.title.clone(),
        facts: facts(&piece),
        preview: has_preview(app, signed, &piece)
            .await?
            .then(|| signed.path(&format!("evidence/{id}/preview"))),
        waiting: !a.status.with_owner(),
    })
}

/// Whether there is a preview: not of every kind, and not of photos too large to be decoded here.
async fn has_preview(app: &AppState, signed: &Signed, piece: &Piece) -> Result<bool, AppError> {
    let Proof::File { blob, .. } = &piece.proof else { return Ok(false) };
    let kind = crate::files::Kind::of_media_type(&blob.media_type);
    if !kind.is_some_and(crate::files::Kind::has_preview) {
        return Ok(false);
    }
    let hash = ContentHash::try_from(blob.sha256.as_slice()).map_err(AppError::internal)?;
    let found = app.evidence.open_preview(signed.actor.provider, hash).await;
    Ok(found.map_err(AppError::internal)?.is_some())
}

fn facts(piece: &Piece) -> Facts {
    let facts = Facts::new()
        .fact("Kind", piece.kind.label())
        .fact("About", words::date(piece.about_on))
        .fact("Given by", format!("{}, {}", piece.author_name, words::instant(piece.at)))
        .fact("Note", piece.note.clone());
    match &piece.proof {
        Proof::File { blob, name } => {
            let size = words::file_size(u64::try_from(blob.size).unwrap_or(0));
            facts.fact("File", format!("{name}, {size}"))
        }
        Proof::Reference(place) => facts.fact("Kept at", place.clone()),
    }
}
