//! Verifying an action: the form, and the queue of what waits for it (R15, R16).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use serde::Deserialize;

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::action::Status;
use crate::domain::calendar;
use crate::domain::member::{Member, Role};
use crate::domain::reference::Reference;
use crate::domain::standard::Approver;
use crate::domain::verification::{Mark, Method, Outcome, Verdict, VerdictRefusal, may_verify};
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::extract::{Path, Query};
use crate::http::form::Draft;
use crate::http::judging::VerificationForm;
use crate::http::opened::{Answer, Opened, VerbPage, answer, seen, version_again};
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::Signed;
use crate::http::view::{Pages, State as Look, Tag, Work, WorkList};
use crate::store::menu;
use crate::store::queue::{self, After, PAGE, Waiting};
use crate::store::scope::Scope;
use crate::workflow::verification::mark_field;
use crate::workflow::{self, Moment};

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/verify", list)
        .get("/p/{provider}/actions/{reference}/verification", form)
        .post("/p/{provider}/actions/{reference}/verification", record)
}

const TITLE: &str = "Verify this action";

async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let opened = Opened::read(&app, &signed, &action).await?;
    let case = &opened.case;
    let may =
        |exception| may_verify(&signed.actor.member, &case.action, &case.owners, &case.pieces, exception);
    if let (Err(refusal), Err(_)) = (may(false), may(true)) {
        return Err(AppError::Forbidden(refusal.sentence().into()));
    }
    if case.action.status != Status::Submitted {
        let refusal = VerdictRefusal::NotSubmitted(case.action.status);
        return Err(AppError::Forbidden(refusal.sentence().into()));
    }
    let filled = VerificationForm::new(&signed, &opened, Draft::new(), case.action.version);
    VerbPage::new(&signed, &opened, TITLE, Draft::new(), filled).fresh()
}

async fn record(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, action)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = seen(&draft)?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(verdict) = read(&mut draft, &opened) {
        let number = opened.reference.number;
        let done = workflow::verification::verify(&app, &signed.actor, number, version, &verdict).await;
        match answer(done, &mut draft)? {
            Answer::Done(_) => {
                let said = match verdict.outcome {
                    Outcome::Complete => Done::VerifiedComplete,
                    Outcome::PartiallyComplete => Done::VerifiedPartly,
                    Outcome::Ineffective => Done::VerifiedIneffective,
                };
                let reference = opened.reference.to_string();
                return Ok(page::done(&opened.path(&signed, ""), said, &reference));
            }
            Answer::Again(again) => status = again,
        }
    }
    let opened = Opened::read(&app, &signed, &action).await?;
    let version = version_again(&opened, version, status);
    let filled = VerificationForm::new(&signed, &opened, draft.clone(), version);
    VerbPage::new(&signed, &opened, TITLE, draft, filled).again(&opened, status)
}

/// The verdict as typed; none when something has to be put right, every problem at once.
fn read(draft: &mut Draft, opened: &Opened) -> Option<Verdict> {
    let note = draft.text("note", 4000, "Say what you sampled and what you found");
    let method = draft.choice::<Method>("method", "Choose how you checked");
    let sample = draft.number("sample", 1..=100_000, "Enter how many you looked at");
    let met = draft.number("met", 0..=100_000, "Enter how many met the standard");
    let mut marks = Vec::new();
    for kind in &opened.case.required {
        let sentence = format!("Choose whether this evidence supports it: {}", kind.label().to_lowercase());
        marks.extend(draft.choice::<Mark>(mark_field(*kind), &sentence).map(|mark| (*kind, mark)));
    }
    let outcome = draft.choice::<Outcome>("outcome", "Choose your decision");
    let missing = draft.optional_text("missing", 2000);
    let new_due_on = draft.optional_date("due");
    let exception_reason = draft.optional_text("exception", 2000);
    let (true, Some(note), Some(method), Some(sample), Some(met), Some(outcome)) =
        (draft.is_ok(), note, method, sample, met, outcome)
    else {
        return None;
    };
    Some(Verdict {
        method,
        sample_size: u32::try_from(sample).ok()?,
        met_standard: u32::try_from(met).ok()?,
        note,
        marks,
        outcome,
        missing: missing.filter(|_| outcome == Outcome::PartiallyComplete),
        new_due_on: new_due_on.filter(|_| outcome != Outcome::Complete),
        exception_reason,
    })
}

/// What the address of the queue may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    after: String,
}

#[derive(Template)]
#[template(path = "verification/queue.html")]
struct QueuePage {
    layout: Layout,
    mine: WorkList,
    others: WorkList,
    assurance: WorkList,
    closure: WorkList,
    first: bool,
    assures: bool,
    closes: bool,
    pages: Pages,
}

async fn list(
    signed: Signed,
    State(app): State<AppState>,
    Query(place): Query<Place>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeQueue)?;
    let member = &signed.actor.member;
    let today = Moment::read(&app).today;
    let after = after(&place.after)?;
    let senior = matches!(member.role, Role::DeputyManager | Role::QualityLead | Role::NominatedIndividual);
    let mut tx = signed.actor.begin(&app).await?;
    let rows = queue::list(&mut tx, Scope::of(member), senior, after).await?;
    let counts = menu::counts(&mut tx, member).await?;
    tx.commit().await?;
    let (mut submitted, verified): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.status == Status::Submitted);
    let more = submitted.len() > PAGE;
    submitted.truncate(PAGE);
    let next = submitted.last().filter(|_| more).map(key);
    let here = signed.path("verify");
    let list = |rows: Vec<&Waiting>, one: &dyn Fn(&Waiting) -> Work, empty: &'static str| WorkList {
        items: rows.into_iter().map(one).collect(),
        empty: empty.into(),
    };
    let (others, mine): (Vec<_>, Vec<_>) = submitted.iter().partition(|row| row.blocked);
    let assured: Vec<_> = verified.iter().filter(|row| wants_assurance(row)).collect();
    let closing: Vec<_> = verified.iter().filter(|row| wants_closure(row, member)).collect();
    page::render(&QueuePage {
        layout: signed.layout_with("To verify", counts).at(&here),
        mine: list(mine, &|row| to_check(row, &signed, today), "Nothing waits for you to check it."),
        others: list(others, &|row| not_for_me(row, &signed, today), ""),
        assurance: list(
            assured,
            &|row| judged(row, &signed, "Record assurance", "assurance"),
            "Nothing waits for your assurance.",
        ),
        closure: list(
            closing,
            &|row| judged(row, &signed, "Close", "closure"),
            "Nothing waits for you to close it.",
        ),
        first: after.is_none(),
        assures: signed.can(Verb::Assure),
        closes: signed.can(Verb::Close),
        pages: Pages(Pager::new(&here, &[], None, next.as_deref())),
    })
}

fn key(row: &Waiting) -> String {
    format!("{}.{}.{}", u8::from(row.blocked), row.verify_by, row.number)
}

fn after(text: &str) -> Result<Option<After>, AppError> {
    if text.is_empty() {
        return Ok(None);
    }
    let parts: Vec<&str> = text.split('.').collect();
    let [blocked @ ("0" | "1"), verify_by, number] = parts.as_slice() else { return Err(AppError::NotFound) };
    let verify_by: NaiveDate = verify_by.parse().map_err(|_| AppError::NotFound)?;
    let number = number.parse().map_err(|_| AppError::NotFound)?;
    Ok(Some(After { blocked: *blocked == "1", verify_by, number }))
}

fn wants_assurance(row: &Waiting) -> bool {
    row.risk.is_high() && !row.assured
}

/// Whether this member approves the closure of a verified action that needs nothing more; the gate has the last word.
fn wants_closure(row: &Waiting, member: &Member) -> bool {
    let named = match row.approver {
        Approver::RegisteredManager => member.role == Role::RegisteredManager,
        Approver::QualityLead => member.role == Role::QualityLead,
    };
    let above = row.managers && matches!(member.role, Role::QualityLead | Role::NominatedIndividual);
    (named || above) && !row.owned && !wants_assurance(row)
}

fn work(row: &Waiting, signed: &Signed, tag: Tag) -> Work {
    let reference = Reference::action(row.number);
    let owner = row.owner.as_ref().map_or_else(|| "Nobody owns it".to_owned(), |o| format!("Owner {o}"));
    let meta = [
        reference.to_string(),
        format!("{}, {} risk", row.topic.label(), row.risk.label().to_lowercase()),
        row.service.clone(),
        owner,
        format!("done {}", words::date(london_date(row.submitted_at))),
        words::count_of(u64::try_from(row.evidence).unwrap_or(0), "piece of evidence", "pieces of evidence"),
    ];
    Work {
        tag,
        title: row.what.clone().into(),
        href: signed.path(&format!("actions/{reference}")).into(),
        meta: meta.join(" · ").into(),
        verb: "".into(),
        verb_href: "".into(),
        urgent: false,
    }
}

/// "3 working days left", "Check today", "Check 2 working days late".
fn window(row: &Waiting, today: NaiveDate) -> Tag {
    if calendar::is_overdue(Some(row.verify_by), today) {
        let late = calendar::working_days_after(row.verify_by, today, row.nation);
        return Tag::saying(Look::Late, format!("Check {}", words::days_late(late)));
    }
    let left = calendar::working_days_between(today, row.verify_by, row.nation);
    let said = if row.verify_by == today {
        "Check today".to_owned()
    } else {
        format!("{} left", words::count(left, "working day"))
    };
    Tag::saying(Look::WaitingForVerification, said)
}

fn to_check(row: &Waiting, signed: &Signed, today: NaiveDate) -> Work {
    Work {
        verb: "Verify".into(),
        verb_href: signed.path(&format!("actions/{}/verification", Reference::action(row.number))).into(),
        urgent: calendar::is_overdue(Some(row.verify_by), today),
        ..work(row, signed, window(row, today))
    }
}

fn not_for_me(row: &Waiting, signed: &Signed, today: NaiveDate) -> Work {
    let why = if row.owned {
        "You own it or have owned it"
    } else if row.gave {
        "You gave evidence for it"
    } else {
        "A registered manager owned it, so the deputy, the quality lead or the nominated individual checks it"
    };
    let mut work = work(row, signed, window(row, today));
    work.meta = format!("{why} · {}", work.meta).into();
    work
}

fn judged(row: &Waiting, signed: &Signed, verb: &'static str, path: &str) -> Work {
    Work {
        verb: verb.into(),
        verb_href: signed.path(&format!("actions/{}/{path}", Reference::action(row.number))).into(),
        ..work(row, signed, Tag::new(Look::WaitingForClosure))
    }
}
