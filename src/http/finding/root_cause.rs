//! The root-cause review of what came back: why, what else has to change, and beside it what was tried before (R22).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::earlier::here;
use super::open;
use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::{Verb, may};
use crate::domain::event::EventKind;
use crate::domain::finding::relation;
use crate::domain::recurrence::{Causes, Factor, Setback, WHYS};
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::error::AppError;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::line::short;
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::stale::{Carried, Comparison, Field, Standing};
use crate::http::verb::{Answer, answer};
use crate::http::view::Facts;
use crate::store::finding::Finding;
use crate::store::recurrence;
use crate::store::root_cause::{self as store, RootCause, Tried};
use crate::store::scope::Scope;
use crate::store::trail;
use crate::workflow::root_cause as deeds;

/// The most lines of the trail that may be told as what is new.
const NEWEST: i64 = 50;

/// What each of the lines asks.
const WHY: [&str; WHYS] = [
    "Why did it happen?",
    "Why was that?",
    "And why that?",
    "And why that again?",
    "And what lies behind it?",
];

/// What the page of a finding shows of a root-cause review.
pub(super) struct Shown {
    pub(super) title: String,
    pub(super) note: String,
    /// Why it was opened, when it was not found again.
    pub(super) because: String,
    /// What it asks.
    pub(super) asks: &'static str,
    pub(super) facts: Facts,
    pub(super) complete: bool,
}

/// The reviews of a finding, newest first; what they say only for those who work with it.
pub(super) fn shown(reviews: &[RootCause], signed: &Signed, found: &Finding) -> Vec<Shown> {
    let reads = here(signed, found, Verb::LinkFinding);
    reviews.iter().map(|review| one(review, reads, reviews.len() > 1)).collect()
}

fn one(review: &RootCause, reads: bool, several: bool) -> Shown {
    let day = |at| words::date(london_date(at));
    let note = match (review.completed_at, &review.completed_by) {
        (Some(at), Some(by)) => format!("Complete: {by}, {}", day(at)),
        _ => format!("Open since {}", day(review.opened_at)),
    };
    let because = review.because().map(|(action, setback)| {
        format!("It was opened because {}.", setback.of(&Reference::action(action).to_string()))
    });
    let title = if several {
        format!("Root-cause review, round {}", review.round)
    } else {
        "Root-cause review".to_owned()
    };
    let facts = if reads { facts(review) } else { Facts::new() };
    let never_worked = review.because().is_some_and(|(_, setback)| setback == Setback::Ineffective);
    let asks = if never_worked { "Why did it not work?" } else { "Why did it come back?" };
    Shown { title, note, because: because.unwrap_or_default(), asks, facts, complete: review.complete() }
}

fn facts(review: &RootCause) -> Facts {
    let mut facts = Facts::new().fact("What contributed", words::capital(&factors(&review.factors)));
    for (n, why) in review.whys.iter().enumerate() {
        facts = facts.fact(if n == 0 { "Why" } else { "And why that" }, why.clone());
    }
    facts
        .fact("Analysis", review.analysis.clone())
        .fact("Wider actions", review.wider.clone())
        .fact("Looked at again", review.review_on.map(words::date).unwrap_or_default())
}

fn factors(factors: &[Factor]) -> String {
    factors.iter().map(|f| f.label().to_lowercase()).collect::<Vec<_>>().join("; ")
}

/// Something that was tried before, as the page shows it.
struct Before {
    title: String,
    href: String,
    meta: String,
    wordings: Vec<String>,
    closures: Vec<(String, String)>,
    evidence: String,
}

fn before(t: &Tried, signed: &Signed) -> Before {
    let action = Reference::action(t.number);
    let evidence: Vec<String> =
        t.evidence.iter().map(|e| format!("{} ({})", e.title, e.kind.label().to_lowercase())).collect();
    let closed = |at| words::date(london_date(at));
    Before {
        title: short(&t.what, 200),
        href: signed.path(&format!("actions/{action}")),
        meta: format!("{action} · {} · {}", Reference::finding(t.finding), t.status.label().to_lowercase()),
        wordings: t.wordings.clone(),
        closures: t
            .closures
            .iter()
            .map(|c| (c.note.clone(), format!("{}, {}", c.by, closed(c.at))))
            .collect(),
        evidence: if evidence.is_empty() { String::new() } else { words::list(&evidence) },
    }
}

#[derive(Template)]
#[template(path = "finding/root_cause.html")]
struct RootCausePage {
    layout: Layout,
    draft: Draft,
    back: String,
    action: String,
    again: String,
    agree_href: String,
    reference: String,
    what: String,
    review: Shown,
    factors: Vec<Choice>,
    whys: Vec<(String, &'static str)>,
    before: Vec<Before>,
    carried: Carried,
    changed: Option<Comparison>,
}

pub(super) async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
) -> Result<Response, AppError> {
    render(&signed, &app, &reference, None, None, StatusCode::OK).await
}

pub(super) async fn record(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::FindRootCause)?;
    let mut tx = signed.actor.begin(&app).await?;
    let found = open(&mut tx, &signed, &reference).await?;
    drop(tx);
    let carried = Carried::read(&draft);
    let causes = read(&mut draft);
    let complete = !draft.ticked("later");
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if draft.is_ok() {
        let by = &signed.actor;
        let deed = deeds::save(&app, by, found.number, carried.version, &causes, complete).await;
        match answer(deed, &mut draft)? {
            Answer::Done(()) => {
                let done = if complete { Done::RootCauseFound } else { Done::RootCauseSaved };
                let page = signed.path(&format!("findings/{reference}"));
                return Ok(page::done(&page, done, &reference));
            }
            Answer::Again(again) => status = again,
        }
    }
    render(&signed, &app, &reference, Some(draft), Some(carried), status).await
}

pub(super) async fn again(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::FindRootCause)?;
    let mut tx = signed.actor.begin(&app).await?;
    let number = open(&mut tx, &signed, &reference).await?.number;
    drop(tx);
    let deed = deeds::open_again(&app, &signed.actor, number).await;
    match answer(deed, &mut draft)? {
        Answer::Done(()) => {
            let page = signed.path(&format!("findings/{reference}/root-cause"));
            Ok(page::done(&page, Done::RootCauseOpened, &reference))
        }
        Answer::Again(status) => render(&signed, &app, &reference, Some(draft), None, status).await,
    }
}

fn why(n: usize) -> String {
    format!("why-{n}")
}

fn read(draft: &mut Draft) -> Causes {
    let factors = draft.choices::<Factor>("factors", "Tick only what is in the list");
    let mut whys = Vec::new();
    for n in 1..=WHYS {
        whys.extend(draft.optional_text(&why(n), 500));
    }
    Causes {
        factors,
        whys,
        analysis: draft.optional_text("analysis", 4000).unwrap_or_default(),
        wider: draft.optional_text("wider", 2000).unwrap_or_default(),
        review_on: draft.optional_date("review_on"),
    }
}

/// The form as it is first opened: with what was saved before.
fn begun(review: &RootCause) -> Draft {
    let mut draft =
        Draft::new().with("analysis", review.analysis.clone()).with("wider", review.wider.clone());
    for factor in &review.factors {
        draft = draft.with("factors", factor.as_str());
    }
    for (n, said) in review.whys.iter().enumerate() {
        draft = draft.with(&why(n + 1), said.clone());
    }
    match review.review_on {
        Some(day) => draft.with_date("review_on", day),
        None => draft,
    }
}

fn standing(review: &RootCause, line: i64) -> Standing {
    use EventKind::{RootCauseFound, RootCauseSaved};
    let field = |key, label, value| Field { key, label, value, by: &[RootCauseSaved, RootCauseFound] };
    let state = if review.complete() { "Complete" } else { "Open" };
    let fields = vec![
        field("state", "Root-cause review", state.to_owned()),
        field("factors", "What contributed", factors(&review.factors)),
        field("whys", "Why", review.whys.join("\n")),
        field("analysis", "Analysis", review.analysis.clone()),
        field("wider", "Wider actions", review.wider.clone()),
        field("review_on", "Looked at again", review.review_on.map(words::date).unwrap_or_default()),
    ];
    Standing { version: review.version, line, fields }
}

/// What was typed, by the key of [`standing`].
fn typed(draft: &Draft) -> Vec<(&'static str, String)> {
    let mut draft = draft.clone();
    let causes = read(&mut draft);
    vec![
        ("factors", factors(&causes.factors)),
        ("whys", causes.whys.join("\n")),
        ("analysis", causes.analysis),
        ("wider", causes.wider),
        ("review_on", causes.review_on.map(words::date).unwrap_or_default()),
    ]
}

async fn render(
    signed: &Signed,
    app: &AppState,
    reference: &str,
    draft: Option<Draft>,
    sent: Option<Carried>,
    status: StatusCode,
) -> Result<Response, AppError> {
    let scope = Scope::of(&signed.actor.member);
    let mut tx = signed.actor.begin(app).await?;
    let found = open(&mut tx, signed, reference).await?;
    let links = recurrence::links(&mut tx, scope, found.id).await?;
    let review = links.reviews.first().ok_or(AppError::NotFound)?;
    let tried = store::tried(&mut tx, scope, found.id).await?;
    let now = standing(review, found.line);
    let mut changed = None;
    if let (Some(sent), Some(draft), StatusCode::CONFLICT) = (&sent, &draft, status) {
        let told = trail::of_finding(&mut tx, found.id, NEWEST).await?;
        let told: Vec<_> = told.into_iter().map(|(_, told)| told).collect();
        changed = Some(sent.beside(&now, &typed(draft), &told));
    }
    drop(tx);
    may(signed.role(), Verb::FindRootCause, relation(&signed.actor.member, found.service, false))
        .map_err(|denial| AppError::Forbidden(denial.sentence().into()))?;
    let draft = draft.unwrap_or_else(|| begun(review));
    let at = |rest: &str| signed.path(&format!("findings/{reference}{rest}"));
    page::render_as(
        status,
        &RootCausePage {
            layout: signed
                .layout(format!("Root-cause review of {reference}"))
                .at(&signed.path("findings"))
                .with_errors(!draft.is_ok() || changed.is_some()),
            back: at(""),
            action: at("/root-cause"),
            again: at("/root-cause/again"),
            agree_href: at("/actions/new"),
            reference: reference.to_owned(),
            review: one(review, true, links.reviews.len() > 1),
            factors: Choice::all::<Factor>(),
            whys: WHY.iter().enumerate().map(|(n, asks)| (why(n + 1), *asks)).collect(),
            before: tried.iter().map(|t| before(t, signed)).collect(),
            carried: sent.filter(|_| changed.is_none()).unwrap_or_else(|| Carried::of(&now)),
            what: found.what,
            changed,
            draft,
        },
    )
}
