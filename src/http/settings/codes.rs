//! One-time codes: for which roles the provider asks for them, and taking them away from somebody who lost theirs.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::codes::{ResetRefusal, fingerprint, may_confirm};
use crate::domain::member::Role;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout};
use crate::http::settings::layout;
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::ids::MemberId;
use crate::store::codes::{self as store, Reset};
use crate::store::member;
use crate::workflow::{self, codes as deed};

/// The addresses of this feature.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/settings/codes", show)
        .post("/p/{provider}/settings/codes", change)
        .get("/p/{provider}/settings/members/{id}/codes", of_member)
        .post("/p/{provider}/settings/members/{id}/codes", ask)
        .post("/p/{provider}/settings/members/{id}/codes/confirmation", confirm)
        .post("/p/{provider}/settings/members/{id}/codes/withdrawal", withdraw)
}

#[derive(Template)]
#[template(path = "settings/codes.html")]
struct RulePage {
    layout: Layout,
    draft: Draft,
    back: String,
    post: String,
    seen: String,
    roles: Vec<Choice>,
    waiting: Vec<Waiting>,
}

/// A reset that waits for an answer.
struct Waiting {
    name: String,
    href: String,
    asked: String,
    reason: String,
}

fn waiting(signed: &Signed, reset: &Reset) -> Waiting {
    Waiting {
        name: reset.name.clone(),
        href: signed.path(&format!("settings/members/{}/codes", reset.asked.about)),
        asked: format!("Asked for by {} on {}", reset.by_name, words::instant(reset.asked.at)),
        reason: reset.reason.clone(),
    }
}

async fn draw(app: &AppState, signed: &Signed, draft: Option<Draft>) -> Result<RulePage, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let rule = store::rule(&mut tx).await?;
    let resets = store::resets(&mut tx, None).await?;
    tx.commit().await?;
    let filled = || rule.iter().fold(Draft::new(), |draft, role| draft.with("roles", role.as_str()));
    let draft = draft.unwrap_or_else(filled);
    Ok(RulePage {
        layout: layout(signed, "One-time codes").with_errors(!draft.is_ok()),
        draft,
        back: signed.path("settings"),
        post: signed.path("settings/codes"),
        seen: fingerprint(&rule),
        roles: Choice::of(Role::ALL),
        waiting: resets.iter().map(|reset| waiting(signed, reset)).collect(),
    })
}

async fn show(signed: Signed, State(app): State<AppState>) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    page::render(&draw(&app, &signed, None).await?)
}

async fn change(signed: Signed, State(app): State<AppState>, mut draft: Draft) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    let seen = draft.carried("seen").to_owned();
    let roles = draft.choices::<Role>("roles", "Choose roles of this list");
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if draft.is_ok() {
        match answer(deed::change_rule(&app, &signed.actor, &roles, &seen).await, &mut draft)? {
            Answer::Done(()) => {
                let here = signed.path("settings/codes");
                return Ok(page::done(&here, banner::Done::SettingChanged, ""));
            }
            Answer::Again(again) => status = again,
        }
    }
    if status == StatusCode::CONFLICT {
        draft.refuse("roles", "Somebody changed this since you opened it. Look at it again, then send it");
    }
    page::render_as(status, &draw(&app, &signed, Some(draft)).await?)
}

#[derive(Template)]
#[template(path = "settings/member_codes.html")]
struct MemberPage {
    layout: Layout,
    draft: Draft,
    back: String,
    post: String,
    name: String,
    since: Option<String>,
    own: bool,
    waiting: Option<Waiting>,
    /// Whether the one who looks may confirm what waits; otherwise why not.
    refusal: Option<&'static str>,
    /// Whether a reset may be asked for.
    asks: bool,
}

async fn draw_member(
    app: &AppState,
    signed: &Signed,
    id: MemberId,
    draft: Draft,
) -> Result<MemberPage, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let found = member::get(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    let since = store::since(&mut tx, id).await?;
    let reset = store::resets(&mut tx, Some(id)).await?.pop();
    let now = tx.now();
    tx.commit().await?;
    let me = signed.actor.member.id;
    let refusal = reset.as_ref().and_then(|r| may_confirm(me, &r.asked, now).err());
    let lapsed = matches!(refusal, Some(ResetRefusal::TooLate | ResetRefusal::AskerGone));
    Ok(MemberPage {
        layout: layout(signed, "One-time codes of a member").with_errors(!draft.is_ok()),
        draft,
        back: signed.path(&format!("settings/members/{id}")),
        post: signed.path(&format!("settings/members/{id}/codes")),
        name: found.name,
        since: since.map(|at| words::date(london_date(at))),
        own: me == id,
        waiting: reset.as_ref().map(|reset| waiting(signed, reset)),
        asks: me != id && since.is_some() && (reset.is_none() || lapsed),
        refusal: refusal.map(|why| why.sentence()),
    })
}

async fn of_member(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, MemberId)>,
) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    page::render(&draw_member(&app, &signed, id, Draft::new()).await?)
}

async fn ask(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, MemberId)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    // whether there is such a member comes before what was typed
    let _there = draw_member(&app, &signed, id, Draft::new()).await?;
    let reason = draft.text("reason", 2000, "Say why, and how you know that it is them who ask");
    let done = match reason {
        Some(reason) if draft.is_ok() => Some(deed::ask_reset(&app, &signed.actor, id, &reason).await),
        _ => None,
    };
    finish(&app, &signed, id, done, draft, banner::Done::CodesResetAsked).await
}

async fn confirm(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, MemberId)>,
) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    let done = Some(deed::confirm_reset(&app, &signed.actor, id).await);
    finish(&app, &signed, id, done, Draft::new(), banner::Done::CodesReset).await
}

async fn withdraw(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, MemberId)>,
) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    let done = Some(deed::withdraw_reset(&app, &signed.actor, id).await);
    finish(&app, &signed, id, done, Draft::new(), banner::Done::CodesResetWithdrawn).await
}

async fn finish(
    app: &AppState,
    signed: &Signed,
    id: MemberId,
    done: Option<workflow::Done<()>>,
    mut draft: Draft,
    said: banner::Done,
) -> Result<Response, AppError> {
    if let Some(done) = done
        && let Answer::Done(()) = answer(done, &mut draft)?
    {
        return Ok(page::done(&signed.path(&format!("settings/members/{id}/codes")), said, ""));
    }
    page::unprocessable(&draw_member(app, signed, id, draft).await?)
}
