//! Closure standards: what closes an action on a topic, from a source, at a risk; and the days to do something (R20).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::standard::{
    Approver, ClosureStandard, DueDays, MOST_TO_CHECK, MOST_TO_DO, MOST_TO_SUSTAIN,
};
use crate::domain::topic::{EvidenceKind, ReviewKind, Risk, Topic};
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout};
use crate::http::settings::{history, layout};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::http::view::Timeline;
use crate::ids::StandardId;
use crate::store::{standard as store, trail};
use crate::workflow::standard::{self as deeds, fingerprint, fingerprint_of_days};

const OVERTAKEN: &str =
    "Somebody changed this since you opened it. Look at what you typed again, then send it";

/// The addresses of this feature.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/settings/standards", list)
        .get("/p/{provider}/settings/standards/new", new)
        .post("/p/{provider}/settings/standards/new", add)
        .get("/p/{provider}/settings/standards/{id}", show)
        .post("/p/{provider}/settings/standards/{id}", change)
        .post("/p/{provider}/settings/standards/{id}/removal", remove)
        .get("/p/{provider}/settings/due-days", days)
        .post("/p/{provider}/settings/due-days", set_days)
}

#[derive(Template)]
#[template(path = "settings/standards.html")]
struct ListPage {
    layout: Layout,
    back: Option<String>,
    new: String,
    due_days: String,
    days: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    history: Timeline,
}

/// One standard of the list.
struct Row {
    about: String,
    href: String,
    evidence: String,
    window: String,
    approver: &'static str,
    due: String,
    sustain: String,
    improvement: bool,
}

async fn list(signed: Signed, State(app): State<AppState>) -> Result<Response, AppError> {
    signed.need(Verb::SetPolicy)?;
    let mut tx = signed.actor.begin(&app).await?;
    let mut all = store::all(&mut tx).await?;
    let lines = trail::of_provider(&mut tx, &json!({ "standards": {} }), None, history::LINES).await?;
    drop(tx);
    all.sort_by_key(|s| (!s.is_general(), s.source, s.topic, s.risk));
    let most = all.first().map(|s| s.most).unwrap_or_default();
    page::render(&ListPage {
        layout: layout(&signed, "Closure standards"),
        back: signed.can(Verb::ManagePeople).then(|| signed.path("settings")),
        new: signed.path("settings/standards/new"),
        due_days: signed.path("settings/due-days"),
        days: Risk::ALL.iter().map(|r| (r.label(), words::count(most.of(*r), "working day"))).collect(),
        rows: all.iter().map(|s| row(&signed, s)).collect(),
        history: history::timeline(&lines),
    })
}

fn row(signed: &Signed, s: &ClosureStandard) -> Row {
    let kinds: Vec<String> = s.evidence_kinds.iter().map(|k| k.label().to_lowercase()).collect();
    let sustain: Vec<String> = s.sustain_days.iter().map(|d| words::number((*d).into())).collect();
    Row {
        about: s.about(),
        href: signed.path(&format!("settings/standards/{}", s.id)),
        evidence: words::list(&kinds),
        window: words::count(s.verification_working_days, "working day"),
        approver: s.approver.label(),
        due: words::count(s.due_working_days, "working day"),
        sustain: format!("{} days", words::list(&sustain)),
        improvement: s.measured_improvement,
    }
}

#[derive(Template)]
#[template(path = "settings/standard.html")]
struct FormPage {
    layout: Layout,
    draft: Draft,
    back: String,
    post: String,
    title: String,
    seen: String,
    /// What a new one may be for; none for one that is there.
    choices: Option<About>,
    kinds: Vec<Choice>,
    approvers: Vec<Choice>,
    removal: Option<String>,
}

/// What a standard may be for.
struct About {
    topics: Vec<Choice>,
    sources: Vec<Choice>,
    risks: Vec<Choice>,
}

fn draw(signed: &Signed, draft: Draft, of: Option<&ClosureStandard>) -> FormPage {
    let title = of.map_or_else(|| "Add a closure standard".to_owned(), ClosureStandard::about);
    let path = of.map_or_else(|| "new".to_owned(), |s| s.id.to_string());
    let post = signed.path(&format!("settings/standards/{path}"));
    FormPage {
        layout: layout(signed, title.clone()).with_errors(!draft.is_ok()),
        draft,
        back: signed.path("settings/standards"),
        removal: of.filter(|s| !s.is_general()).map(|_| format!("{post}/removal")),
        post,
        title,
        seen: of.map(fingerprint).unwrap_or_default(),
        choices: of.is_none().then(|| About {
            topics: Choice::all::<Topic>(),
            sources: Choice::of(&ReviewKind::held()),
            risks: Choice::all::<Risk>(),
        }),
        kinds: Choice::all::<EvidenceKind>(),
        approvers: Choice::all::<Approver>(),
    }
}

/// The form, filled with a standard as it is.
fn filled(s: &ClosureStandard) -> Draft {
    let kinds =
        s.evidence_kinds.iter().fold(Draft::new(), |draft, kind| draft.with("evidence", kind.as_str()));
    let days = |place: usize| s.sustain_days.get(place).map(ToString::to_string).unwrap_or_default();
    let kinds = if s.measured_improvement { kinds.with("improvement", "yes") } else { kinds };
    kinds
        .with("window", s.verification_working_days.to_string())
        .with("approver", s.approver.as_str())
        .with("due", s.due_working_days.to_string())
        .with("sustain", days(0))
        .with("sustain_again", days(1))
}

/// The form, when all of it can be read, with the reason. What it is for is `of`'s own, or chosen for a new one.
fn typed(draft: &mut Draft, of: Option<&ClosureStandard>) -> Option<(ClosureStandard, String)> {
    let (topic, source, risk) = match of {
        Some(s) => (s.topic, s.source, s.risk),
        None => (
            draft.optional_choice::<Topic>("topic", "Choose a topic, or none"),
            draft.optional_choice::<ReviewKind>("source", "Choose a source, or none"),
            draft.optional_choice::<Risk>("risk", "Choose a risk, or none"),
        ),
    };
    let evidence_kinds = draft.choices::<EvidenceKind>("evidence", "Choose among these kinds");
    let mut days = |field, most: u16, missing| {
        draft.number(field, 1..=most.into(), missing).and_then(|n| u16::try_from(n).ok())
    };
    let window = days("window", MOST_TO_CHECK, "Enter how many working days those who check have");
    let due = days("due", MOST_TO_DO, "Enter within how many working days it is done");
    let first = days("sustain", MOST_TO_SUSTAIN, "Enter after how many days its impact is looked at");
    let again = draft.optional_number("sustain_again", 1..=MOST_TO_SUSTAIN.into());
    let again = again.and_then(|n| u16::try_from(n).ok());
    let approver = draft.choice::<Approver>("approver", "Choose who approves the closure");
    let improvement = draft.ticked("improvement");
    let reason = draft.text("reason", 2000, "Say why it changes");
    if !draft.is_ok() {
        return None;
    }
    let given = ClosureStandard {
        id: of.map_or_else(StandardId::new, |s| s.id),
        topic,
        source,
        risk,
        evidence_kinds,
        verification_working_days: window?,
        approver: approver?,
        due_working_days: due?,
        sustain_days: first.into_iter().chain(again).collect(),
        measured_improvement: improvement,
        most: DueDays::default(),
    };
    Some((given, reason?))
}

async fn new(signed: Signed) -> Result<Response, AppError> {
    signed.need(Verb::SetPolicy)?;
    page::render(&draw(&signed, Draft::new(), None))
}

async fn add(signed: Signed, State(app): State<AppState>, mut draft: Draft) -> Result<Response, AppError> {
    signed.need(Verb::SetPolicy)?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some((given, reason)) = typed(&mut draft, None) {
        match answer(deeds::add(&app, &signed.actor, &given, &reason).await, &mut draft)? {
            Answer::Done(()) => return Ok(saved(&signed)),
            Answer::Again(again) => status = again,
        }
    }
    page::render_as(status, &draw(&signed, draft, None))
}

fn saved(signed: &Signed) -> Response {
    page::done(&signed.path("settings/standards"), banner::Done::StandardChanged, "")
}

async fn one(app: &AppState, signed: &Signed, id: StandardId) -> Result<ClosureStandard, AppError> {
    signed.need(Verb::SetPolicy)?;
    let all = deeds::read(app, &signed.actor).await?;
    all.into_iter().find(|s| s.id == id).ok_or(AppError::NotFound)
}

async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, StandardId)>,
) -> Result<Response, AppError> {
    let now = one(&app, &signed, id).await?;
    page::render(&draw(&signed, filled(&now), Some(&now)))
}

async fn change(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, StandardId)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let now = one(&app, &signed, id).await?;
    let seen = draft.carried("seen").to_owned();
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some((given, reason)) = typed(&mut draft, Some(&now)) {
        match answer(deeds::change(&app, &signed.actor, &seen, &given, &reason).await, &mut draft)? {
            Answer::Done(()) => return Ok(saved(&signed)),
            Answer::Again(again) => status = again,
        }
    }
    if status == StatusCode::CONFLICT {
        draft.refuse("evidence", OVERTAKEN);
    }
    page::render_as(status, &draw(&signed, draft, Some(&now)))
}

async fn remove(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, StandardId)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let now = one(&app, &signed, id).await?;
    let seen = draft.carried("seen").to_owned();
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(reason) = draft.text("removal_reason", 2000, "Say why it is taken away") {
        match answer(deeds::remove(&app, &signed.actor, id, &seen, &reason).await, &mut draft)? {
            Answer::Done(()) => return Ok(saved(&signed)),
            Answer::Again(again) => status = again,
        }
    }
    if status == StatusCode::CONFLICT {
        draft.refuse("evidence", OVERTAKEN);
    }
    // the other form of the page is shown as it is
    let typed = draft.value("removal_reason").to_owned();
    let errors: Vec<_> = draft.errors().items().to_vec();
    let mut draft = filled(&now).with("removal_reason", typed);
    for error in errors {
        draft.refuse(&error.field, error.sentence);
    }
    page::render_as(status, &draw(&signed, draft, Some(&now)))
}

#[derive(Template)]
#[template(path = "settings/due_days.html")]
struct DaysPage {
    layout: Layout,
    draft: Draft,
    back: String,
    post: String,
    seen: String,
    fields: Vec<(&'static str, String)>,
}

async fn most(app: &AppState, signed: &Signed) -> Result<DueDays, AppError> {
    signed.need(Verb::SetPolicy)?;
    let all = deeds::read(app, &signed.actor).await?;
    Ok(all.first().map(|s| s.most).unwrap_or_default())
}

fn draw_days(signed: &Signed, draft: Draft, now: DueDays) -> DaysPage {
    DaysPage {
        layout: layout(signed, "Days to do something").with_errors(!draft.is_ok()),
        draft,
        back: signed.path("settings/standards"),
        post: signed.path("settings/due-days"),
        seen: fingerprint_of_days(now),
        fields: Risk::ALL.iter().map(|r| (r.as_str(), format!("{} risk", r.label()))).collect(),
    }
}

async fn days(signed: Signed, State(app): State<AppState>) -> Result<Response, AppError> {
    let now = most(&app, &signed).await?;
    let filled =
        Risk::ALL.iter().fold(Draft::new(), |draft, r| draft.with(r.as_str(), now.of(*r).to_string()));
    page::render(&draw_days(&signed, filled, now))
}

async fn set_days(
    signed: Signed,
    State(app): State<AppState>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let now = most(&app, &signed).await?;
    let seen = draft.carried("seen").to_owned();
    let mut given = now;
    for risk in Risk::ALL {
        let days = draft.number(risk.as_str(), 1..=MOST_TO_DO.into(), "Enter how many working days");
        if let Some(days) = days.and_then(|n| u16::try_from(n).ok()) {
            given = given.with(*risk, days);
        }
    }
    let reason = draft.text("reason", 2000, "Say why they change");
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (true, Some(reason)) = (draft.is_ok(), reason) {
        match answer(deeds::set_due_days(&app, &signed.actor, &seen, given, &reason).await, &mut draft)? {
            Answer::Done(()) => return Ok(saved(&signed)),
            Answer::Again(again) => status = again,
        }
    }
    if status == StatusCode::CONFLICT {
        draft.refuse(Risk::Low.as_str(), OVERTAKEN);
    }
    page::render_as(status, &draw_days(&signed, draft, now))
}
