//! Linking a finding to an earlier one after it was logged, and withdrawing a link (R21).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::like::{place, progress};
use super::{open, show};
use crate::app::AppState;
use crate::domain::access::{Verb, may};
use crate::domain::finding::relation;
use crate::domain::recurrence::LinkRefusal;
use crate::domain::reference::{Kind, Reference};
use crate::domain::topic::ReviewKind;
use crate::domain::words;
use crate::error::AppError;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::Draft;
use crate::http::line::short;
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::store::finding::Finding;
use crate::store::recurrence::{self, Linked, Links};
use crate::store::scope::Scope;
use crate::workflow::recurrence as deeds;

/// A finding on the other side of a link, as the page shows it.
pub(super) struct Other {
    pub(super) href: String,
    pub(super) reference: String,
    pub(super) what: String,
    pub(super) meta: String,
    pub(super) lasted: String,
    pub(super) by: String,
    pub(super) withdraw_href: String,
}

/// What the page of a finding says about its coming back.
pub(super) struct CameBack {
    /// Earlier ones, newest first.
    pub(super) earlier: Vec<Other>,
    /// What is said of those the member does not see.
    pub(super) hidden: String,
    /// Later ones: it came back as these.
    pub(super) later: Vec<Other>,
    /// Whether there is any earlier one.
    pub(super) is: bool,
}

/// The links of a finding, for its page.
pub(super) fn came_back(links: &Links, signed: &Signed, found: &Finding) -> CameBack {
    let withdraws = here(signed, found, Verb::FindRootCause);
    let side = |before: bool| {
        let own = links.seen.iter().filter(|l| l.before == before);
        own.map(|l| other(l, signed, found, withdraws)).collect()
    };
    let hidden = match links.hidden {
        0 => String::new(),
        1 => "One earlier finding is in a service you do not see.".to_owned(),
        n => format!("{n} earlier findings are in services you do not see."),
    };
    CameBack { earlier: side(true), hidden, later: side(false), is: links.earlier > 0 }
}

pub(super) fn here(signed: &Signed, found: &Finding, verb: Verb) -> bool {
    may(signed.role(), verb, relation(&signed.actor.member, found.service, false)).is_ok()
}

fn other(l: &Linked, signed: &Signed, found: &Finding, withdraws: bool) -> Other {
    let reference = Reference::finding(l.number);
    let kinds: Vec<String> = l.kinds.iter().copied().map(|k: ReviewKind| k.label().to_lowercase()).collect();
    let meta = [
        reference.to_string(),
        place(l.unit.as_deref(), &l.service),
        format!("from {}", words::list(&kinds)),
        format!("found {}", words::date(l.found_on)),
        progress(l.progress()),
    ];
    let lasted: Vec<String> = l
        .not_lasting
        .iter()
        .map(|(action, day)| format!("{}, closed {}", Reference::action(*action), words::date(*day)))
        .collect();
    let withdraw = signed.path(&format!("findings/{}/earlier/{reference}/withdrawal", found.reference()));
    Other {
        href: signed.path(&format!("findings/{reference}")),
        reference: reference.to_string(),
        what: short(&l.what, 140),
        meta: meta.join(" · "),
        lasted: if lasted.is_empty() {
            String::new()
        } else {
            format!("Did not last: {}", words::list(&lasted))
        },
        by: format!("Linked by {}, {}", l.by, words::date(crate::clock::london_date(l.at))),
        withdraw_href: if withdraws && l.before { withdraw } else { String::new() },
    }
}

pub(super) async fn link(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::LinkFinding)?;
    let mut tx = signed.actor.begin(&app).await?;
    let number = open(&mut tx, &signed, &reference).await?.number;
    drop(tx);
    let not_there = LinkRefusal::NotThere.sentence();
    let typed = draft.line("earlier", 20, not_there);
    let earlier = typed.and_then(|text| Reference::parse(Kind::Finding, &text.to_uppercase()));
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(earlier) = earlier {
        let deed = deeds::link(&app, &signed.actor, number, earlier.number).await;
        match answer(deed, &mut draft)? {
            Answer::Done(()) => {
                let page = signed.path(&format!("findings/{reference}"));
                return Ok(page::done(&page, Done::FindingLinked, &reference));
            }
            Answer::Again(again) => status = again,
        }
    } else {
        draft.refuse("earlier", not_there);
    }
    show::render(&signed, &app, &reference, draft, status).await
}

#[derive(Template)]
#[template(path = "finding/unlink.html")]
struct UnlinkPage {
    layout: Layout,
    draft: Draft,
    back: String,
    action: String,
    reference: String,
    earlier: String,
    what: String,
    meta: String,
}

pub(super) async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference, earlier)): Path<(String, String, String)>,
) -> Result<Response, AppError> {
    let page = draw(&signed, &app, (&reference, &earlier), Draft::new()).await?;
    page::render(&page)
}

pub(super) async fn withdraw(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference, earlier)): Path<(String, String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    let page = match draw(&signed, &app, (&reference, &earlier), Draft::new()).await {
        Err(AppError::NotFound) => return Err(withdrawn_before(&signed, &app, &earlier).await),
        page => page?,
    };
    let reason = draft.text("reason", 2000, "Say why it is not the same problem");
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let parsed = |text: &str| Reference::parse(Kind::Finding, text).ok_or(AppError::NotFound);
    if let (true, Some(reason)) = (draft.is_ok(), reason) {
        let (number, other) = (parsed(&reference)?.number, parsed(&earlier)?.number);
        let deed = deeds::withdraw(&app, &signed.actor, number, other, &reason).await;
        match answer(deed, &mut draft)? {
            Answer::Done(()) => return Ok(page::done(&page.back, Done::LinkWithdrawn, &reference)),
            Answer::Again(again) => status = again,
        }
    }
    let page = draw(&signed, &app, (&reference, &earlier), draft).await?;
    page::render_as(status, &page)
}

/// Somebody else withdrew it meanwhile; what is not seen is not there.
async fn withdrawn_before(signed: &Signed, app: &AppState, earlier: &str) -> AppError {
    let tx = signed.actor.begin(app).await;
    let seen = match tx {
        Ok(mut tx) => open(&mut tx, signed, earlier).await,
        Err(error) => Err(error),
    };
    seen.map_or_else(|error| error, |_| AppError::Conflict)
}

async fn draw(
    signed: &Signed,
    app: &AppState,
    (reference, earlier): (&str, &str),
    draft: Draft,
) -> Result<UnlinkPage, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let found = open(&mut tx, signed, reference).await?;
    let links = recurrence::links(&mut tx, Scope::of(&signed.actor.member), found.id).await?;
    drop(tx);
    let other = Reference::parse(Kind::Finding, earlier).ok_or(AppError::NotFound)?;
    let linked = links.seen.iter().find(|l| l.before && l.number == other.number);
    let shown = self::other(linked.ok_or(AppError::NotFound)?, signed, &found, true);
    may(signed.role(), Verb::FindRootCause, relation(&signed.actor.member, found.service, false))
        .map_err(|denial| AppError::Forbidden(denial.sentence().into()))?;
    let layout = signed.layout("Withdraw a link").at(&signed.path("findings"));
    Ok(UnlinkPage {
        layout: layout.with_errors(!draft.is_ok()),
        draft,
        back: signed.path(&format!("findings/{}", found.reference())),
        action: shown.withdraw_href.clone(),
        reference: found.reference().to_string(),
        earlier: shown.reference,
        what: shown.what,
        meta: shown.meta,
    })
}
