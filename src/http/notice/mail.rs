//! What a member wants by mail, in one provider.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::AppState;
use crate::domain::message::MessageKind;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::store::mail_choice as store;
use crate::workflow::mail_choice as deed;

pub(super) fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/notices/mail", show).post("/p/{provider}/notices/mail", choose)
}

#[derive(Template)]
#[template(path = "notice/mail.html")]
struct ChoicePage {
    layout: Layout,
    draft: Draft,
    back: String,
    post: String,
    kinds: Vec<Choice>,
}

const AGAIN: &str = "Choose again, then save";

/// What comes by mail, in words: the label alone is that of a notice.
const fn hint(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Assigned => "You own an action from now on.",
        MessageKind::SentBack => "A check found something missing.",
        MessageKind::DueSoon => "Three working days before the date.",
        MessageKind::Digest => {
            "Monday morning: what is late and what is due; for those who lead, also what is late, blocked or to verify in their services."
        }
        MessageKind::ToVerify => "An action is done, and you may check it.",
        MessageKind::DateMoved => "Somebody else moved the date of your action.",
        MessageKind::Reworded => "Somebody else changed the words of your action.",
        MessageKind::CalledOff => "Somebody else called your action off.",
        MessageKind::Escalated
        | MessageKind::VerificationLate
        | MessageKind::ControlCheck
        | MessageKind::SustainCheck => "",
    }
}

fn chosen(kind: &&MessageKind) -> bool {
    kind.can_be_chosen()
}

async fn draw(app: &AppState, signed: &Signed, draft: Option<Draft>) -> Result<ChoicePage, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let kept = store::all(&mut tx, signed.actor.member.id).await?;
    tx.commit().await?;
    let wanted = |kind: &&MessageKind| {
        kind.is_mailed(kept.iter().find(|(of, _)| of == *kind).map(|(_, wanted)| *wanted))
    };
    let filled = || {
        let ticked = MessageKind::ALL.iter().filter(chosen).filter(wanted);
        ticked.fold(Draft::new(), |draft, kind| draft.with("kinds", kind.as_str()))
    };
    let draft = draft.unwrap_or_else(filled);
    let choice = |kind: &MessageKind| Choice::new(kind.as_str(), kind.label()).hint(hint(*kind));
    Ok(ChoicePage {
        layout: signed.layout("What is sent to you by mail").with_errors(!draft.is_ok()),
        draft,
        back: signed.path("notices"),
        post: signed.path("notices/mail"),
        kinds: MessageKind::ALL.iter().filter(chosen).map(choice).collect(),
    })
}

async fn show(signed: Signed, State(app): State<AppState>) -> Result<Response, AppError> {
    page::render(&draw(&app, &signed, None).await?)
}

async fn choose(signed: Signed, State(app): State<AppState>, mut draft: Draft) -> Result<Response, AppError> {
    let wanted = draft.choices::<MessageKind>("kinds", "Choose kinds of this list");
    // nothing ticked is a choice; nothing sent is none
    if draft.line("chosen", 3, AGAIN).as_deref().is_some_and(|chosen| chosen != "yes") {
        draft.refuse("form", AGAIN);
    }
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if draft.is_ok() {
        match answer(deed::choose(&app, &signed.actor, &wanted).await, &mut draft)? {
            Answer::Done(()) => return Ok(page::done(&signed.path("notices/mail"), Done::MailChosen, "")),
            Answer::Again(again) => status = again,
        }
    }
    page::render_as(status, &draw(&app, &signed, Some(draft)).await?)
}
