//! Where a weekly review stands, the form that finishes it, and its minutes.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{at, next, reviewed, sheet, tag};
use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::reference::Reference;
use crate::domain::weekly::{LONGEST_OTHERS, LeftAs, Standing};
use crate::domain::words;
use crate::error::AppError;
use crate::http::banner::Done;
use crate::http::export::AsFile;
use crate::http::extract::{Path, Query};
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout};
use crate::http::signed::{Reading, Signed};
use crate::http::verb::{Answer, answer};
use crate::http::view::{Facts, Meter, Tag};
use crate::ids::{MemberId, WeeklyReviewId};
use crate::store::weekly::{self as store, Colleague, Entry, Item, Review};
use crate::workflow::weekly::{self, Finish};

#[derive(Template)]
#[template(path = "weekly/minutes.html")]
struct MinutesPage {
    layout: Layout,
    draft: Draft,
    here: String,
    back: String,
    title: String,
    caption: String,
    finished: bool,
    facts: Facts,
    meter: Meter,
    go_on: String,
    decisions: Vec<Decision>,
    left: Vec<Left>,
    ended: Vec<Left>,
    present: Vec<Choice>,
}

/// What was agreed for an action, as the minutes show it.
struct Decision {
    href: String,
    change: String,
    reference: String,
    what: String,
    tag: Tag,
    meta: String,
    note: String,
    support_needed: String,
    missing: String,
    by: String,
}

/// An action nothing was agreed for.
struct Left {
    href: String,
    step: String,
    reference: String,
    what: String,
    band: &'static str,
}

pub(super) async fn show(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, WeeklyReviewId)>,
    Query(asked): Query<AsFile>,
) -> Result<Response, AppError> {
    signed.need(Verb::ReviewWeekly)?;
    let review = weekly::open(&mut tx, &signed.actor, id).await?;
    if let Some(format) = asked.format()? {
        drop(tx);
        return sheet::minutes(&app, &signed, format, &review).await;
    }
    let mut colleagues = Vec::new();
    if review.finished.is_none() {
        colleagues = store::colleagues(&mut tx, review.service).await?;
    }
    drop(tx);
    let draft = Draft::new().with("present", signed.actor.member.id.to_string());
    page::render(&draw(&signed, &review, &colleagues, draft))
}

pub(super) async fn finish(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, WeeklyReviewId)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::ReviewWeekly)?;
    let mut tx = signed.actor.begin(&app).await?;
    let review = weekly::open(&mut tx, &signed.actor, id).await?;
    drop(tx);
    if review.finished.is_some() {
        // somebody else was quicker: these are the minutes
        return Ok(page::see_other(&signed.path(&format!("weekly-review/{id}"))));
    }
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(given) = read(&mut draft) {
        match answer(weekly::finish(&app, &signed.actor, id, &given).await, &mut draft)? {
            Answer::Done(()) => {
                return Ok(page::done(
                    &signed.path(&format!("weekly-review/{id}")),
                    Done::WeeklyFinished,
                    "",
                ));
            }
            Answer::Again(again) => status = again,
        }
    }
    let mut tx = signed.actor.begin(&app).await?;
    let review = weekly::open(&mut tx, &signed.actor, id).await?;
    let colleagues = store::colleagues(&mut tx, review.service).await?;
    drop(tx);
    page::render_as(status, &draw(&signed, &review, &colleagues, draft))
}

fn read(draft: &mut Draft) -> Option<Finish> {
    let others = draft.optional_text("others", LONGEST_OTHERS).unwrap_or_default();
    let present: Result<Vec<MemberId>, _> = draft.values("present").map(str::parse).collect();
    let Ok(present) = present else {
        draft.refuse("present", "Choose who was there from this list");
        return None;
    };
    if draft.values("present").next().is_none() {
        draft.refuse("present", "Choose who was there");
    }
    draft.is_ok().then_some(Finish { present, others })
}

fn decision(signed: &Signed, review: &Review, item: &Item, entry: &Entry) -> Decision {
    let reference = Reference::action(item.number).to_string();
    let owner = entry.owner.as_ref().map_or_else(|| "Nobody owns it".into(), |o| format!("Owner {o}"));
    let due = entry.due_on.map_or_else(|| "no due date".into(), |due| format!("due {}", words::date(due)));
    let finished = review.finished.is_some();
    Decision {
        href: signed.path(&format!("actions/{reference}")),
        change: if finished { String::new() } else { at(signed, review.id, item.number) },
        what: entry.what.clone(),
        tag: tag(entry.standing),
        meta: format!("{reference} · {owner} · {due}"),
        note: entry.note.clone(),
        support_needed: entry.support_needed.clone(),
        missing: if entry.standing == Standing::Done { entry.missing.clone() } else { String::new() },
        by: format!("{}, {}", entry.by, words::instant(entry.at)),
        reference,
    }
}

fn left(signed: &Signed, review: &Review, item: &Item) -> Left {
    let reference = Reference::action(item.number).to_string();
    Left {
        href: signed.path(&format!("actions/{reference}")),
        step: if review.finished.is_some() { String::new() } else { at(signed, review.id, item.number) },
        what: item.what.clone(),
        band: item.band.label(),
        reference,
    }
}

/// How an action is left without a decision: as the minutes keep it, or as it is now.
pub(super) fn left_as(item: &Item) -> Option<LeftAs> {
    match (&item.entry, item.left_as) {
        (Some(_), _) => None,
        (None, Some(kept)) => Some(kept),
        (None, None) if item.status.open() => Some(LeftAs::NotReached),
        (None, None) => Some(LeftAs::Ended),
    }
}

fn facts(review: &Review) -> Facts {
    let finished = review.finished.as_ref();
    Facts::new()
        .fact("Service", review.service_name.clone())
        .fact("Begun", format!("{}, {}", review.started_by, words::instant(review.started_at)))
        .fact(
            "Finished",
            finished.map(|(by, at)| format!("{by}, {}", words::instant(*at))).unwrap_or_default(),
        )
        .fact("Who was there", words::list(&review.present))
        .fact("Others who were there", review.others.clone())
}

fn draw(signed: &Signed, review: &Review, colleagues: &[Colleague], draft: Draft) -> MinutesPage {
    let finished = review.finished.as_ref().map(|(_, at)| words::date(london_date(*at)));
    let (title, caption) = match &finished {
        Some(day) => (format!("Weekly review of {}, {day}", review.service_name), "Minutes".to_owned()),
        None => (format!("Finish the weekly review of {}", review.service_name), "Under way".to_owned()),
    };
    let here = signed.path(&format!("weekly-review/{}", review.id));
    let onward = next(signed, review, 0);
    let lefts = |wanted| {
        let those = review.items.iter().filter(move |item| left_as(item) == Some(wanted));
        those.map(|item| left(signed, review, item)).collect()
    };
    MinutesPage {
        layout: signed
            .layout(title.clone())
            .at(&signed.path("weekly-review"))
            .with_errors(!draft.is_ok())
            .handing_out(&here, &[]),
        back: signed.path("weekly-review"),
        title,
        caption,
        finished: finished.is_some(),
        facts: facts(review),
        meter: Meter { done: reviewed(&review.items), total: review.items.len() },
        go_on: if onward == here || finished.is_some() { String::new() } else { onward },
        decisions: review
            .items
            .iter()
            .filter_map(|item| Some(decision(signed, review, item, item.entry.as_ref()?)))
            .collect(),
        left: lefts(LeftAs::NotReached),
        ended: lefts(LeftAs::Ended),
        present: colleagues
            .iter()
            .map(|c| Choice::new(c.id.to_string(), format!("{}, {}", c.name, c.role.label().to_lowercase())))
            .collect(),
        here,
        draft,
    }
}
