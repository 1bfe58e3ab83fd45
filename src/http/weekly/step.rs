//! One action of a weekly review: what was agreed last, what came since, and what is agreed now.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{at, ended, next, reviewed, tag};
use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::action::Person;
use crate::domain::closure::Case;
use crate::domain::escalation::Level;
use crate::domain::event::EventKind;
use crate::domain::reference::{Kind, Reference};
use crate::domain::weekly::{Agreed, LONGEST_NOTE, Standing, goes_up_to};
use crate::domain::words;
use crate::error::AppError;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout};
use crate::http::pill::{pill, stale_mark};
use crate::http::signed::{Reading, Signed};
use crate::http::stale::{Carried, Comparison, Field, Standing as Looks};
use crate::http::verb::{Answer, answer};
use crate::http::view::{Facts, Meter, Tag};
use crate::ids::WeeklyReviewId;
use crate::store::weekly::{self as store, Beside, Entry, Item, Review, Update, Waiting};
use crate::store::{TenantTx, case, trail};
use crate::workflow::weekly::{self, Recorded, against_submission};
use crate::workflow::{Actor, Moment};

/// The address that leads to the first action nothing was agreed for.
const NEXT: &str = "next";
/// The most lines of the trail that may be told as what is new.
const NEWEST: i64 = 50;

#[derive(Template)]
#[template(path = "weekly/step.html")]
struct StepPage {
    layout: Layout,
    draft: Draft,
    here: String,
    all: String,
    skip: String,
    leave: String,
    caption: String,
    what: String,
    tags: Vec<Tag>,
    meter: Meter,
    place: String,
    brief: String,
    facts: Facts,
    missing: Option<String>,
    last: Option<Said>,
    now: Option<Said>,
    updates: Vec<Since>,
    since: &'static str,
    ended: Vec<String>,
    gone: bool,
    choices: Vec<Choice>,
    carried: Carried,
    changed: Option<Comparison>,
}

/// What was agreed, as the page shows it.
struct Said {
    tag: Tag,
    by: String,
    note: String,
    support_needed: String,
}

/// An update, as the page shows it.
struct Since {
    by: String,
    note: String,
    barrier: String,
    support_needed: String,
}

/// One action of a review with what stands beside it.
struct Seen {
    review: Review,
    item: Item,
    case: Case,
    beside: Beside,
}

impl Seen {
    /// What was agreed in this review, as the form carries it.
    fn looks(&self) -> Looks {
        let entry = self.item.entry.as_ref();
        let text = |get: fn(&Entry) -> String| entry.map(get).unwrap_or_default();
        let field = |key, label, value| Field { key, label, value, by: &[EventKind::ReviewedWeekly] };
        Looks {
            version: i64::from(entry.map_or(0, |e| e.round)) + 1,
            line: self.review.line,
            fields: vec![
                field("standing", "Agreed", text(|e| e.standing.label().to_owned())),
                field("note", "Note", text(|e| e.note.clone())),
                field("support_needed", "Support needed", text(|e| e.support_needed.clone())),
                field("by", "Recorded by", text(|e| format!("{}, {}", e.by, words::instant(e.at)))),
            ],
        }
    }
}

async fn look(
    tx: &mut TenantTx,
    signed: &Signed,
    id: WeeklyReviewId,
    on: Reference,
) -> Result<Seen, AppError> {
    let review = weekly::open(tx, &signed.actor, id).await?;
    let item = review.items.iter().find(|item| item.number == on.number).cloned();
    let item = item.ok_or(AppError::NotFound)?;
    let case = case::read(tx, on.number).await?.ok_or(AppError::NotFound)?;
    let beside = store::beside(tx, id, item.action).await?;
    Ok(Seen { review, item, case, beside })
}

pub(super) async fn show(
    Reading { signed, mut tx }: Reading,
    State(app): State<AppState>,
    Path((_, id, action)): Path<(String, WeeklyReviewId, String)>,
) -> Result<Response, AppError> {
    signed.need(Verb::ReviewWeekly)?;
    if action == NEXT {
        let review = weekly::open(&mut tx, &signed.actor, id).await?;
        return Ok(page::see_other(&next(&signed, &review, 0)));
    }
    let on = Reference::parse(Kind::Action, &action).ok_or(AppError::NotFound)?;
    let seen = look(&mut tx, &signed, id, on).await?;
    if seen.review.finished.is_some() {
        return Ok(page::see_other(&signed.path(&format!("weekly-review/{id}"))));
    }
    let draft = seen.item.entry.as_ref().map_or_else(Draft::new, again);
    let carried = Carried::of(&seen.looks());
    page::render(&draw(&signed, &app, seen, draft, carried, None))
}

/// What was agreed before in this review, to be changed.
fn again(entry: &Entry) -> Draft {
    Draft::new()
        .with("standing", entry.standing.as_str())
        .with("note", entry.note.clone())
        .with("support_needed", entry.support_needed.clone())
}

pub(super) async fn save(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id, action)): Path<(String, WeeklyReviewId, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::ReviewWeekly)?;
    let on = Reference::parse(Kind::Action, &action).ok_or(AppError::NotFound)?;
    let carried = Carried::read(&draft);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(agreed) = read(&mut draft).filter(|_| draft.is_ok()) {
        let seen = (on.number, carried.version - 1);
        match answer(weekly::record(&app, &signed.actor, id, seen, &agreed).await, &mut draft)? {
            Answer::Done(recorded) => return saved(&signed, &app, id, on, recorded).await,
            Answer::Again(again) => status = again,
        }
    }
    let mut tx = signed.actor.begin(&app).await?;
    let seen = look(&mut tx, &signed, id, on).await?;
    let (mut carried, mut changed) = (carried, None);
    if status == StatusCode::CONFLICT {
        let lines = trail::of_action(&mut tx, seen.item.action, NEWEST).await?;
        changed = Some(carried.beside(&seen.looks(), &typed(&draft), &lines));
        carried = Carried::of(&seen.looks());
    }
    drop(tx);
    page::render_as(status, &draw(&signed, &app, seen, draft, carried, changed))
}

/// Reads the whole form; none when something stands beside a field.
fn read(draft: &mut Draft) -> Option<Agreed> {
    let standing = draft.choice::<Standing>("standing", "Choose where it stands");
    let note = draft.optional_text("note", LONGEST_NOTE).unwrap_or_default();
    let support_needed = draft.optional_text("support_needed", LONGEST_NOTE).unwrap_or_default();
    Some(Agreed { standing: standing?, note, support_needed })
}

fn typed(draft: &Draft) -> Vec<(&'static str, String)> {
    let standing = Standing::ALL.iter().find(|s| s.as_str() == draft.value("standing"));
    let text = |key: &'static str| (key, draft.value(key).trim().to_owned());
    let standing = standing.map(|s| s.label().to_owned()).unwrap_or_default();
    vec![("standing", standing), text("note"), text("support_needed")]
}

/// On to the next, with a word about what was recorded.
async fn saved(
    signed: &Signed,
    app: &AppState,
    id: WeeklyReviewId,
    on: Reference,
    recorded: Recorded,
) -> Result<Response, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let review = weekly::open(&mut tx, &signed.actor, id).await?;
    drop(tx);
    let place = review.items.iter().find(|item| item.number == on.number).map_or(0, |item| item.place);
    let done = match (recorded.standing, recorded.missing, recorded.sent_up) {
        (Standing::Escalate, _, true) => Done::SentUp,
        (Standing::Escalate, _, false) => Done::WaitsAbove,
        (Standing::Done, true, _) => Done::SaidDoneLacking,
        (Standing::Done, false, _) => Done::SaidDone,
        _ => Done::AgreedWeekly,
    };
    Ok(page::done(&next(signed, &review, place), done, &on.to_string()))
}

fn said(entry: &Entry) -> Said {
    Said {
        tag: tag(entry.standing),
        by: format!("{}, {}", entry.by, words::instant(entry.at)),
        note: entry.note.clone(),
        support_needed: entry.support_needed.clone(),
    }
}

fn since(update: &Update) -> Since {
    Since {
        by: format!("{}, {}", update.author, words::instant(update.at)),
        note: update.note.clone(),
        barrier: update.barrier.clone().unwrap_or_default(),
        support_needed: update.support_needed.clone().unwrap_or_default(),
    }
}

fn choices(by: &Actor, late: bool, waiting: Option<&Waiting>) -> Vec<Choice> {
    let level = goes_up_to(by.member.role);
    let above = waiting.is_some_and(|w| Level::from_number(w.level) >= level);
    let up = match (above, level) {
        (true, _) => "It waits for a decision there already, so nobody is told again. Say why in the note.",
        (false, Level::Manager) => "The registered manager is told and decides. Say why in the note.",
        (false, _) => {
            "The quality lead and the nominated individual are told, and one of them decides. Say why in the note."
        }
    };
    Standing::ALL
        .iter()
        .map(|standing| {
            let hint = match standing {
                Standing::OnTrack if late => "It is late, and will be done soon: say by when in the note.",
                Standing::OnTrack => "It will be done by its date.",
                Standing::Done => "This closes nothing: its owner still has to send it for checking.",
                Standing::Blocked => "Something is in the way. Say below what support is needed.",
                Standing::Escalate => up,
            };
            Choice::new(standing.as_str(), standing.label()).hint(hint)
        })
        .collect()
}

/// What has to be known of an action before anything is agreed, on one line.
fn brief(case: &Case) -> String {
    let a = &case.action;
    let owner = a.owner.as_ref().map_or_else(|| "Nobody owns it".to_owned(), |o| format!("Owner {}", o.name));
    let due = a.due_on.map_or_else(|| "no due date".to_owned(), |due| format!("due {}", words::date(due)));
    format!("{owner} · {due} · {} risk", a.risk.label().to_lowercase())
}

/// Where it waits for a decision, if it does, and the address of it for those who may open it.
fn above(signed: &Signed, waiting: Option<&Waiting>) -> (String, String) {
    let Some(waiting) = waiting else { return Default::default() };
    let level = Level::from_number(waiting.level).whom();
    let sentence = format!("To {level} on {}, not decided yet", words::date(london_date(waiting.at)));
    let opens = signed.can(Verb::SeeEscalations);
    (sentence, if opens { signed.path(&format!("escalations/{}", waiting.id)) } else { String::new() })
}

fn facts(signed: &Signed, case: &Case, waiting: Option<&Waiting>) -> Facts {
    let a = &case.action;
    let (escalated, escalation) = above(signed, waiting);
    let live = case.pieces.iter().filter(|p| !p.withdrawn).count();
    let kinds = case.required.len();
    let met = kinds - crate::domain::action::missing_kinds(&case.required, &case.pieces).len();
    let evidence = format!("{}, {met} of {kinds} kinds asked for", words::count(live as u64, "piece"));
    Facts::new()
        .fact("Owner", a.owner.as_ref().map_or_else(|| "Nobody".to_owned(), Person::with_title))
        .fact("Due", a.due_on.map_or_else(|| "No due date".to_owned(), words::date))
        .fact("Check by", a.verify_by.map(words::date).unwrap_or_default())
        .fact("Risk", a.risk.label())
        .fact("How we will know", a.success_test.clone())
        .fact("Evidence", evidence)
        .linked("Escalated", escalated, escalation)
        .linked("Everything", "The whole action", signed.path(&format!("actions/{}", a.reference())))
}

fn draw(
    signed: &Signed,
    app: &AppState,
    seen: Seen,
    draft: Draft,
    carried: Carried,
    changed: Option<Comparison>,
) -> StepPage {
    let Seen { review, item, case, beside } = &seen;
    let (a, today) = (&case.action, Moment::read(app).today);
    let reference = a.reference();
    let waiting = beside.escalation.as_ref();
    let mut tags = vec![pill(a.state(today, waiting.is_some()), today)];
    tags.extend(stale_mark(a.status, a.moved_at, today));
    let total = review.items.len();
    StepPage {
        layout: signed
            .layout(format!("{reference}, weekly review of {}", review.service_name))
            .at(&signed.path("weekly-review"))
            .with_errors(!draft.is_ok() || changed.is_some()),
        here: at(signed, review.id, a.number),
        all: signed.path(&format!("weekly-review/{}", review.id)),
        skip: next(signed, review, item.place),
        leave: signed.path("weekly-review"),
        caption: format!("Weekly review of {} · {reference}", review.service_name),
        what: a.what.clone(),
        tags,
        meter: Meter { done: reviewed(&review.items), total },
        place: format!("{} of {total} · {}", item.place, item.band.label()),
        brief: brief(case),
        facts: facts(signed, case, waiting),
        missing: against_submission(case),
        last: beside.last.as_ref().map(said),
        now: item.entry.as_ref().map(said),
        updates: beside.updates.iter().map(since).collect(),
        since: if beside.last.is_some() { "Since then" } else { "Newest updates" },
        ended: ended(review),
        gone: !a.status.open(),
        choices: choices(&signed.actor, a.overdue(today), waiting),
        draft,
        carried,
        changed,
    }
}
