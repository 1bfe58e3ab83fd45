//! The escalation policy: how many working days until each level hears, with what a change would have done (R12).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::escalation::{Level, Policy};
use crate::domain::topic::Risk;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner;
use crate::http::form::Draft;
use crate::http::page::{self, Layout};
use crate::http::settings::{history, layout};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::http::view::Timeline;
use crate::store::trail;
use crate::workflow::escalation::policy_of;
use crate::workflow::policy::{self, CHOSEN, Given, MOST_DAYS, Preview, field, fingerprint_of};

/// The address of this feature.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/settings/escalation", show)
        .post("/p/{provider}/settings/escalation", change)
}

#[derive(Template)]
#[template(path = "settings/escalation.html")]
struct PolicyPage {
    layout: Layout,
    draft: Draft,
    back: Option<String>,
    post: String,
    seen: String,
    shown: Option<Shown>,
    history: Timeline,
}

/// What the typed policy would have done, in words.
struct Shown {
    print: String,
    sentences: Vec<String>,
    named: Vec<Named>,
    more: usize,
}

struct Named {
    reference: String,
    href: String,
    says: &'static str,
}

fn shown(signed: &Signed, given: &Given, preview: &Preview) -> Shown {
    let [manager, leadership] =
        [preview.manager, preview.leadership].map(|[is, would]| format!("{is} now, {would} with the change"));
    let late = words::count(preview.late as u64, "action");
    Shown {
        print: fingerprint_of(given),
        sentences: vec![
            format!("Late today: {late}."),
            format!("The registered manager would have heard of: {manager}."),
            format!("The quality lead and the nominated individual would have heard of: {leadership}."),
        ],
        named: preview
            .differs
            .iter()
            .map(|d| Named {
                reference: d.action.to_string(),
                href: signed.path(&format!("actions/{}", d.action)),
                says: match (d.level, d.hears) {
                    (Level::Manager, true) => "the registered manager would have heard of it already",
                    (Level::Manager, false) => "the registered manager would not have heard of it yet",
                    (Level::Leadership, true) => "leadership would have heard of it already",
                    (Level::Leadership, false) => "leadership would not have heard of it",
                },
            })
            .collect(),
        more: preview.differing.saturating_sub(preview.differs.len()),
    }
}

async fn draw(
    signed: &Signed,
    app: &AppState,
    draft: Draft,
    now: &[(Risk, Policy)],
    shown: Option<Shown>,
) -> Result<PolicyPage, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let lines = trail::of_provider(&mut tx, &json!({ "escalation": {} }), None, history::LINES).await?;
    tx.commit().await?;
    Ok(PolicyPage {
        layout: layout(signed, "Escalation policy").with_errors(!draft.is_ok()),
        draft,
        back: signed.can(Verb::ManagePeople).then(|| signed.path("settings")),
        post: signed.path("settings/escalation"),
        seen: fingerprint_of(now),
        shown,
        history: history::timeline(&lines),
    })
}

async fn show(signed: Signed, State(app): State<AppState>) -> Result<Response, AppError> {
    signed.need(Verb::SetPolicy)?;
    let now = policy::read(&app, &signed.actor).await?;
    let filled = CHOSEN.iter().fold(Draft::new(), |draft, risk| {
        let policy = policy_of(&now, *risk);
        let up = policy.leadership_after.map(|days| days.to_string()).unwrap_or_default();
        draft
            .with(field(*risk, Level::Manager), policy.manager_after.to_string())
            .with(field(*risk, Level::Leadership), up)
    });
    page::render(&draw(&signed, &app, filled, &now, None).await?)
}

/// The form, when all of it can be read.
fn typed(draft: &mut Draft) -> Option<Given> {
    let days = |n: i64| u16::try_from(n).unwrap_or(MOST_DAYS);
    let range = 0..=i64::from(MOST_DAYS);
    let mut given = Given::new();
    for risk in CHOSEN {
        let first = draft.number(
            field(risk, Level::Manager),
            range.clone(),
            "Enter after how many working days the registered manager hears",
        );
        let up = draft.optional_number(field(risk, Level::Leadership), range.clone());
        if let Some(first) = first {
            let policy = Policy { manager_after: days(first), leadership_after: up.map(days) };
            given.push((risk, policy));
        }
    }
    draft.is_ok().then_some(given)
}

async fn change(signed: Signed, State(app): State<AppState>, mut draft: Draft) -> Result<Response, AppError> {
    signed.need(Verb::SetPolicy)?;
    let (seen, previewed) = (draft.carried("seen").to_owned(), draft.carried("previewed").to_owned());
    let now = policy::read(&app, &signed.actor).await?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let mut preview = None;
    if fingerprint_of(&now) != seen {
        status = StatusCode::CONFLICT;
    } else if let Some(given) = typed(&mut draft) {
        // saved is what was looked at; anything else is looked at first
        let saves = previewed == fingerprint_of(&given);
        match answer(policy::preview(&app, &signed.actor, &given).await, &mut draft)? {
            Answer::Done(done) => {
                status = StatusCode::OK;
                preview = Some(shown(&signed, &given, &done));
            }
            Answer::Again(again) => status = again,
        }
        if saves && preview.is_some() {
            match answer(policy::set(&app, &signed.actor, &seen, &given).await, &mut draft)? {
                Answer::Done(()) => {
                    let here = signed.path("settings/escalation");
                    return Ok(page::done(&here, banner::Done::SettingChanged, ""));
                }
                Answer::Again(again) => (status, preview) = (again, None),
            }
        }
    }
    if status == StatusCode::CONFLICT {
        draft.refuse(
            "low_manager",
            "Somebody changed the policy since you opened it. Look at what you typed again, then send it",
        );
    }
    page::render_as(status, &draw(&signed, &app, draft, &now, preview).await?)
}
