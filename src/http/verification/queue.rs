//! The queue of what waits for a check, for assurance or for closure (R15).

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use serde::Deserialize;

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::action::Status;
use crate::domain::calendar;
use crate::domain::reference::Reference;
use crate::domain::verification::checks_managers;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked;
use crate::http::extract::Query;
use crate::http::page::{self, Layout, Pager};
use crate::http::signed::{Reading, Signed};
use crate::http::view::{Pages, State as Look, Tag, Work, WorkList};
use crate::store::menu;
use crate::store::queue::{self, After, ROWS, VERIFIED, Waiting};
use crate::store::scope::Scope;
use crate::workflow::Moment;

/// The queue as a file.
mod sheet;

/// The address of the queue.
pub(super) fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/verify", list)
}

/// What the address of the queue may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    after: String,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
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
    exceptions: Option<String>,
    audit: Option<String>,
    whole_line: String,
    pages: Pages,
}

async fn list(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Query(place): Query<Place>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeQueue)?;
    let member = &signed.actor.member;
    let today = Moment::read(&app).today;
    let after = after(&place.after)?;
    if let Some(format) = asked::one_of(&place.format)? {
        drop(tx);
        return sheet::answer(&app, &signed, format).await;
    }
    let most = (ROWS + 1, VERIFIED);
    let rows = queue::list(&mut tx, Scope::of(member), checks_managers(member.role), after, most).await?;
    let counts = menu::counts(&mut tx, member).await?;
    drop(tx);
    let (mut submitted, verified): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.status == Status::Submitted);
    let full = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let more = submitted.len() > full;
    submitted.truncate(full);
    let next = submitted.last().filter(|_| more).map(key);
    let here = signed.path("verify");
    let list = |rows: Vec<&Waiting>, one: &dyn Fn(&Waiting) -> Work, empty: &'static str| WorkList {
        items: rows.into_iter().map(one).collect(),
        empty: empty.into(),
    };
    let (others, mine): (Vec<_>, Vec<_>) = submitted.iter().partition(|row| row.blocked);
    let assured: Vec<_> = verified.iter().filter(|row| row.hands.wants_assurance(row.risk)).collect();
    let closing: Vec<_> =
        verified.iter().filter(|row| row.hands.may_close(member.role, row.approver, row.risk)).collect();
    page::render(&QueuePage {
        layout: signed.layout_with("To verify", counts).at(&here).handing_out(&here, &[]),
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
        exceptions: signed.can(Verb::SeeExceptions).then(|| signed.path("verify/exceptions")),
        audit: signed.can(Verb::AuditClosures).then(|| signed.path("closure-audit")),
        whole_line: signed.path("assurance"),
        pages: Pages(Pager::new(&here, &[], None, next.as_deref())),
    })
}

fn key(row: &Waiting) -> String {
    format!("{}.{}.{}", u8::from(row.blocked), row.verify_by, row.number)
}

fn after(text: &str) -> Result<Option<After>, AppError> {
    let blocked = |text: &str| match text {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    };
    let window =
        |text: &str| asked::place::<NaiveDate, i32>(text, |d| d.parse().ok(), |n| n.parse().ok()).ok()?;
    let place = asked::place(text, blocked, window)?;
    Ok(place.map(|(blocked, (verify_by, number))| After { blocked, verify_by, number }))
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
        aside: None,
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

/// Why somebody else has to check it.
const fn why_not(row: &Waiting) -> &'static str {
    if row.hands.owned {
        "You own it or have owned it"
    } else if row.hands.gave {
        "You gave evidence for it"
    } else {
        "A registered manager owned it, so the deputy, the quality lead or the nominated individual checks it"
    }
}

fn not_for_me(row: &Waiting, signed: &Signed, today: NaiveDate) -> Work {
    let why = why_not(row);
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
