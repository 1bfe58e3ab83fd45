//! "This may have come back": findings like the one that is being written, shown once before it is saved (R21). One tick
//! links them; saving never waits for it.

use crate::domain::reference::{Kind, Reference};
use crate::domain::review::Disposition;
use crate::domain::text_enum::TextEnum;
use crate::domain::topic::Topic;
use crate::domain::words;
use crate::http::form::{Choice, Draft, parse_date};
use crate::http::line::short;
use crate::store::TenantTx;
use crate::store::recurrence::{self, Asked, Like, Progress};
use crate::store::scope::Scope;

/// The hidden field that says they were shown.
const FIELD: &str = "like";
const SHOWN: &str = "shown";

/// Whether they were shown before the form was sent.
pub(super) fn shown(draft: &Draft) -> bool {
    draft.carried(FIELD) == SHOWN
}

/// The form, marked as one on which they were shown.
pub(super) fn mark(draft: Draft) -> Draft {
    draft.with(FIELD, SHOWN)
}

/// Findings like the one in the form, as far as it says what was found where.
pub(super) async fn find(tx: &mut TenantTx, scope: Scope, draft: &Draft) -> Result<Vec<Like>, sqlx::Error> {
    match asked(draft) {
        Some(asked) => recurrence::like(tx, scope, &asked).await,
        None => Ok(Vec::new()),
    }
}

fn asked(draft: &Draft) -> Option<Asked> {
    let (day, month, year) =
        (draft.value("found_on"), draft.part("found_on", "month"), draft.part("found_on", "year"));
    Some(Asked {
        id: draft.value("id").parse().ok()?,
        service: draft.value("service").parse().ok()?,
        unit: draft.value("unit").parse().ok(),
        topic: Topic::from_text(draft.value("topic"))?,
        what: draft.value("what").to_owned(),
        found_on: parse_date(day, month, year)?,
        review: draft.value("source").strip_prefix(super::new::REVIEW).and_then(|id| id.parse().ok()),
    })
}

/// The numbers of the findings that were ticked; none when "None of these" was pressed.
pub(super) fn ticked(draft: &mut Draft) -> Vec<i32> {
    if draft.ticked("none") {
        return Vec::new();
    }
    let given: Vec<Option<Reference>> =
        draft.values("link").map(|text| Reference::parse(Kind::Finding, text)).collect();
    if given.contains(&None) || given.len() > 20 {
        draft.refuse("link", "Tick only what is in the list");
    }
    let mut numbers: Vec<i32> = given.into_iter().flatten().map(|r| r.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// One box for each.
pub(super) fn choices(like: &[Like]) -> Vec<Choice> {
    like.iter().map(choice).collect()
}

fn choice(like: &Like) -> Choice {
    let place = place(like.unit.as_deref(), &like.service);
    let told = format!("{place} · found {} · {}", words::date(like.found_on), progress(like.progress));
    Choice::new(like.reference.to_string(), format!("{} {}", like.reference, short(&like.what, 140)))
        .hint(told)
}

/// "Ash unit, Rowan House".
pub(super) fn place(unit: Option<&str>, service: &str) -> String {
    unit.map_or_else(|| service.to_owned(), |unit| format!("{unit}, {service}"))
}

/// "closed 14 August 2026", "open".
pub(super) fn progress(how: Progress) -> String {
    match (how.disposition, how.open, how.closed_on) {
        (Disposition::Actions, 0, Some(day)) => format!("closed {}", words::date(day)),
        (Disposition::Actions, 0, None) => "no action yet".to_owned(),
        (Disposition::Actions, ..) => "open".to_owned(),
        (ended, ..) => ended.label().to_lowercase(),
    }
}
