//! Several of one person's actions, or of nobody's, get another owner at once (R7, R8).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::action;
use crate::domain::change::Handover;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner;
use crate::http::extract::Query;
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout};
use crate::http::pill::pill;
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::http::view::Tag;
use crate::ids::MemberId;
use crate::store::member;
use crate::store::scope::Scope;
use crate::store::workload::{self, Theirs, Whose};
use crate::workflow::Moment;
use crate::workflow::handover::{self, Handed, Refusal, Row};

/// How many of a person's actions can go at once.
const MOST: i64 = 200;

/// The address of this feature.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/my-team/owner", form).post("/p/{provider}/my-team/owner", send)
}

/// Whose actions: a person's, or nobody's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct From {
    person: String,
}

impl From {
    fn whose(&self) -> Result<Whose, AppError> {
        match self.person.as_str() {
            "" => Ok(Whose::Nobody),
            id => id.parse().map(Whose::Person).map_err(|_| AppError::NotFound),
        }
    }
}

#[derive(Template)]
#[template(path = "my_actions/owner.html")]
struct OwnerPage {
    layout: Layout,
    draft: Draft,
    back: String,
    post: String,
    title: String,
    /// Number and version of everything shown, for "all of them".
    shown: String,
    all: String,
    lines: Vec<Line>,
    more: i64,
    owners: Vec<Choice>,
}

/// One action with its box.
struct Line {
    id: String,
    value: String,
    ticked: bool,
    what: String,
    href: String,
    reference: String,
    meta: String,
    tag: Tag,
    then: &'static str,
    refused: Option<String>,
}

async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Query(from): Query<From>,
) -> Result<Response, AppError> {
    signed.need(Verb::Reassign)?;
    page::render(&draw(&signed, &app, &from, Draft::new(), &[]).await?)
}

async fn send(
    signed: Signed,
    State(app): State<AppState>,
    Query(from): Query<From>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::Reassign)?;
    let rows = ticked(&draft);
    if rows.is_empty() {
        draft.refuse("action", "Tick what changes hands");
    }
    let to = draft.id::<MemberId>("owner", "Choose one owner");
    let reason = draft.text("reason", 2000, "Say why they change hands");
    let (mut status, mut refused) = (StatusCode::UNPROCESSABLE_ENTITY, Vec::new());
    if let (true, Some(to), Some(reason)) = (draft.is_ok(), to, reason) {
        let deed = handover::reassign_many(&app, &signed.actor, &rows, to, &reason).await;
        match answer(deed, &mut draft)? {
            Answer::Done(Handed::All(_)) => {
                return Ok(page::done(&signed.path("my-team"), banner::Done::OwnersChanged, ""));
            }
            Answer::Done(Handed::Nothing(why)) => {
                draft.refuse("action", said(&why, rows.len()));
                refused = why;
            }
            Answer::Again(again) => status = again,
        }
    }
    page::render_as(status, &draw(&signed, &app, &from, draft, &refused).await?)
}

/// The rows of this form: those ticked, or all it showed.
fn ticked(draft: &Draft) -> Vec<Row> {
    let row = |pair: &str| {
        let (number, seen) = pair.split_once(':')?;
        Some(Row { number: number.parse().ok()?, seen: seen.parse().ok()? })
    };
    if draft.ticked("all") {
        draft.carried("shown").split(',').filter_map(row).collect()
    } else {
        draft.values("action").filter_map(row).collect()
    }
}

/// What could not go, by reference, and what to do about the rest.
fn said(refused: &[Refusal], of: usize) -> String {
    let each: Vec<String> = refused.iter().map(|r| format!("{}: {}", r.action, r.sentence)).collect();
    let rest = match of - refused.len() {
        0 => String::new(),
        1 => ". The other one is still ticked: send again to hand it over".to_owned(),
        n => format!(". The other {n} are still ticked: send again to hand them over"),
    };
    format!("Nothing was changed. {}{rest}", each.join(". "))
}

async fn draw(
    signed: &Signed,
    app: &AppState,
    from: &From,
    draft: Draft,
    refused: &[Refusal],
) -> Result<OwnerPage, AppError> {
    let whose = from.whose()?;
    let today = Moment::read(app).today;
    let mut tx = signed.actor.begin(app).await?;
    let scope = Scope::of(&signed.actor.member);
    let load = workload::of_team(&mut tx, scope, today, (MOST, MOST), whose).await?.pop();
    let actions = load.as_ref().map(|load| load.actions.as_slice()).unwrap_or_default();
    let mut services: Vec<_> = actions.iter().map(|a| a.service_id).collect();
    services.sort_unstable();
    services.dedup();
    let mut people = member::owners_in_any(&mut tx, &services).await?;
    tx.commit().await?;
    people.retain(|p| whose != Whose::Person(p.id));
    let still: Vec<Row> = ticked(&draft);
    let pair = |a: &Theirs| format!("{}:{}", a.reference.number, a.version);
    let query = [("person", from.person.as_str())];
    let title = match &load {
        Some(load) if load.member.is_some() => format!("Change owners: {}", load.name),
        _ => "Change owners: what nobody owns".to_owned(),
    };
    let shown = actions.len();
    Ok(OwnerPage {
        layout: signed.layout(&*title).at(&signed.path("my-actions")).with_errors(!draft.is_ok()),
        draft,
        back: signed.path("my-team"),
        post: page::with_query(&signed.path("my-team/owner"), &query, None),
        title,
        shown: actions.iter().map(pair).collect::<Vec<_>>().join(","),
        all: format!("All {shown} of them"),
        more: load.as_ref().map_or(0, |load| load.open) - i64::try_from(shown).unwrap_or(0),
        lines: actions.iter().map(|a| line(signed, a, &still, refused, today)).collect(),
        owners: people.iter().map(|p| Choice::new(p.id.to_string(), p.with_title())).collect(),
    })
}

fn line(signed: &Signed, a: &Theirs, still: &[Row], refused: &[Refusal], today: NaiveDate) -> Line {
    let refused = refused.iter().find(|r| r.action == a.reference).map(|r| r.sentence.clone());
    let due = a.due_on.map_or_else(|| "no due date".to_owned(), |due| format!("due {}", words::date(due)));
    Line {
        id: format!("action-{}", a.reference.number),
        value: format!("{}:{}", a.reference.number, a.version),
        ticked: refused.is_none() && still.iter().any(|row| row.number == a.reference.number),
        what: a.what.clone(),
        href: signed.path(&format!("actions/{}", a.reference)),
        reference: a.reference.to_string(),
        meta: format!("{} · {due}", a.service),
        tag: pill(action::state(a.status, a.due_on, a.nation, a.cycle, today, a.escalated), today),
        then: match Handover::of(a.status) {
            Handover::Stays => "",
            Handover::TakesSubmissionBack => "Its submission is taken back: the new owner sends it again.",
            Handover::VoidsVerification => "It is checked again: the new owner sends it again.",
        },
        refused,
    }
}
