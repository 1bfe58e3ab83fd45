//! The governance meeting on a month: its minutes, what was said about each item, and the sign-off that freezes it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Asked, Place, named, place};
use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::figure::{Figure, Month};
use crate::domain::governance::{LONGEST_MINUTES, Said, may_sign};
use crate::domain::member::Role;
use crate::domain::reference::{Kind, Reference};
use crate::domain::text_enum::TextEnum as _;
use crate::domain::words;
use crate::error::AppError;
use crate::http::banner::Done;
use crate::http::extract::{Path, Query};
use crate::http::form::{Choice, Draft};
use crate::http::page::{self, Layout, with_query};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::ids::MemberId;
use crate::store::figure::Shown;
use crate::store::governance::{self as store, Decision, Meeting, Written};
use crate::store::menu;
use crate::workflow::figure::View;
use crate::workflow::governance::{self as workflow, Given, Item, On};
use crate::workflow::report::held;
use crate::workflow::{Moment, measure};

#[derive(Template)]
#[template(path = "governance/meeting.html")]
struct MeetingPage {
    layout: Layout,
    draft: Draft,
    back: String,
    here: String,
    place: String,
    title: String,
    slug: String,
    stale: bool,
    round: i32,
    written: Option<(String, String)>,
    decisions: Vec<Told>,
    signed: Option<String>,
    records: bool,
    signs: bool,
    unsigned: Option<&'static str>,
    present: Vec<Choice>,
    items: Vec<Choice>,
    kinds: Vec<Choice>,
}

/// A decision as the page shows it.
pub(super) struct Told {
    pub seq: i32,
    pub said: &'static str,
    pub about: String,
    pub href: String,
    pub note: String,
    pub by: String,
    pub followed: Option<i32>,
    pub follows: Option<i32>,
}

/// The decisions of a meeting, each with what it follows and what follows it.
pub(super) fn told(signed: &Signed, decisions: &[Decision]) -> Vec<Told> {
    let each = decisions.iter().map(|d| {
        let to = |folder: &str, reference: Reference| signed.path(&format!("{folder}/{reference}"));
        let finding = d.finding.map(|n| to("findings", Reference::finding(n)));
        let action = d.action.map(|n| to("actions", Reference::action(n)));
        Told {
            seq: d.seq,
            said: d.said.label(),
            about: d.saw.clone(),
            href: finding.or(action).unwrap_or_default(),
            note: d.note.clone(),
            by: format!("{}, {}", d.by, words::instant(d.at)),
            followed: decisions.iter().find(|later| later.follows == Some(d.seq)).map(|later| later.seq),
            follows: d.follows,
        }
    });
    each.collect()
}

/// "Signed off by James Okafor, 6 November 2026 at 3:10pm".
pub(super) fn signed_off(meeting: &Meeting) -> Option<String> {
    let signed = meeting.signed.as_ref()?;
    Some(format!("Signed off by {}, {}", signed.by, words::instant(signed.at)))
}

fn on(place: &Place, month: Month) -> On {
    On { over: place.over.clone(), service: place.service, month }
}

/// What an address of this meeting leads to.
struct At {
    place: Place,
    month: Month,
    today: chrono::NaiveDate,
}

async fn at(signed: &Signed, app: &AppState, month: &str, service: &str) -> Result<At, AppError> {
    signed.need(Verb::SeeGovernance)?;
    let today = Moment::read(app).today;
    let month = named(month, today)?;
    let mut tx = signed.actor.begin(app).await?;
    let place = place(&mut tx, signed, service).await?;
    drop(tx);
    Ok(At { place, month, today })
}

pub(super) async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, month)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let at = at(&signed, &app, &month, &asked.service).await?;
    draw(&signed, &app, &at, None, StatusCode::OK).await
}

pub(super) async fn write(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, month)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::RecordGovernance)?;
    let at = at(&signed, &app, &month, draft.carried("service")).await?;
    let held_on = draft.date("held", "Enter the day of the meeting");
    let minutes = draft.text("minutes", LONGEST_MINUTES, "Write what was said");
    let others = draft.optional_text("others", 500).unwrap_or_default();
    let present: Result<Vec<MemberId>, _> = draft.values("present").map(str::parse).collect();
    if !present.as_ref().is_ok_and(|present| !present.is_empty()) {
        draft.refuse("present", "Choose who was there");
    }
    let seen = draft.carried("round").parse().unwrap_or(-1);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (true, Some(held_on), Some(minutes), Ok(present)) = (draft.is_ok(), held_on, minutes, present) {
        let written = Written { held_on, minutes, present, others };
        match answer(
            workflow::write(&app, &signed.actor, &on(&at.place, at.month), seen, &written).await,
            &mut draft,
        )? {
            Answer::Done(()) => return Ok(page::done(&here(&signed, &at), Done::MinutesSaved, "")),
            Answer::Again(again) => status = again,
        }
    }
    draw(&signed, &app, &at, Some(draft), status).await
}

pub(super) async fn decide(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, month)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::RecordGovernance)?;
    let at = at(&signed, &app, &month, draft.carried("service")).await?;
    let item = item(&mut draft);
    let said = draft.choice::<Said>("said", "Choose what the meeting says");
    let note = draft.text("note", 4000, "Write it in your words");
    let follows = draft.optional_number("follows", 1..=100_000);
    let follows = follows.and_then(|n| i32::try_from(n).ok());
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let (true, Some(item), Some(said), Some(note)) = (draft.is_ok(), item, said, note) {
        let given = Given { item, said, note, follows };
        match answer(
            workflow::decide(&app, &signed.actor, &on(&at.place, at.month), &given).await,
            &mut draft,
        )? {
            Answer::Done(()) => return Ok(page::done(&here(&signed, &at), Done::MeetingDecided, "")),
            Answer::Again(again) => status = again,
        }
    }
    draw(&signed, &app, &at, Some(draft), status).await
}

/// What a decision is about: a reference that was typed, or what was chosen.
fn item(draft: &mut Draft) -> Option<Item> {
    let typed = draft.optional_text("reference", 20).unwrap_or_default();
    if !typed.trim().is_empty() {
        let typed = typed.trim().to_uppercase();
        let reference = [Kind::Finding, Kind::Action].iter().find_map(|kind| Reference::parse(*kind, &typed));
        if reference.is_none() {
            draft.refuse("reference", "Enter a reference like F-0061 or A-0142");
        }
        return reference.map(Item::Reference);
    }
    let chosen = draft.value("item").to_owned();
    let item = match chosen.split_once(':') {
        Some(("figure", word)) => Figure::from_text(word).map(Item::Figure),
        Some(("question", key)) if key.len() <= 120 => Some(Item::Question(key.to_owned())),
        _ => None,
    };
    if item.is_none() {
        draft.refuse("item", "Choose what it is about, or enter a reference");
    }
    item
}

pub(super) async fn sign(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, month)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::SignGovernance)?;
    let at = at(&signed, &app, &month, draft.carried("service")).await?;
    let seen = draft.carried("round").parse().unwrap_or(-1);
    match answer(workflow::sign(&app, &signed.actor, &on(&at.place, at.month), seen).await, &mut draft)? {
        Answer::Done(()) => {
            let path = signed.path(&format!("governance/{}", at.month.text()));
            let path = with_query(&path, &[("service", &at.place.slug)], None);
            Ok(page::done(&path, Done::MonthSigned, ""))
        }
        Answer::Again(status) => draw(&signed, &app, &at, Some(draft), status).await,
    }
}

fn here(signed: &Signed, at: &At) -> String {
    let path = signed.path(&format!("governance/{}/meeting", at.month.text()));
    with_query(&path, &[("service", &at.place.slug)], None)
}

/// The page, with what was typed into one of its forms.
async fn draw(
    signed: &Signed,
    app: &AppState,
    at: &At,
    draft: Option<Draft>,
    status: StatusCode,
) -> Result<Response, AppError> {
    let moment = Moment::read(app);
    let on = on(&at.place, at.month);
    let mut tx = signed.actor.begin(app).await?;
    let view = View::read(&mut tx, &on.over, on.month, moment).await?;
    let could = store::could_attend(&mut tx, on.service).await?;
    let counts = menu::counts(&mut tx, &signed.actor.member).await?;
    drop(tx);
    let title = format!("Meeting on {}", at.month.name());
    let layout = signed.layout_with(title, counts).at(&signed.path("governance"));
    let errors = draft.as_ref().is_some_and(|draft| !draft.is_ok());
    let draft = start(draft.unwrap_or_default(), view.meeting.as_ref(), at);
    let layout = layout.with_errors(errors);
    page::render_as(status, &page_of(signed, at, (&view, &could), (layout, draft), status))
}

/// The minutes as they stand, to be gone on with, beside what was typed elsewhere.
fn start(draft: Draft, meeting: Option<&Meeting>, at: &At) -> Draft {
    if draft.pairs().iter().any(|(field, _)| field == "minutes") {
        return draft;
    }
    let Some(minutes) = meeting.and_then(|meeting| meeting.minutes.as_ref()) else {
        return draft.with_date("held", at.today);
    };
    let draft = draft
        .with_date("held", minutes.held_on)
        .with("minutes", &*minutes.minutes)
        .with("others", &*minutes.others);
    minutes.present.iter().fold(draft, |draft, (id, _)| draft.with("present", id.to_string()))
}

/// Somebody who could have been there.
type Attendee = (MemberId, String, Role);

fn page_of(
    signed: &Signed,
    at: &At,
    (view, could): (&View, &[Attendee]),
    (layout, draft): (Layout, Draft),
    status: StatusCode,
) -> MeetingPage {
    let back = signed.path(&format!("governance/{}", at.month.text()));
    let meeting = view.meeting.as_ref();
    let done = meeting.is_some_and(|meeting| meeting.signed.is_some());
    let allowed = |verb| !done && measure::allows(&signed.actor, verb, at.place.service);
    let authors = meeting.map_or(&[][..], |meeting| &meeting.authors);
    let against = may_sign(at.month, at.today, authors, done, signed.actor.member.id).err();
    let minutes = meeting.and_then(|meeting| meeting.minutes.as_ref());
    let written = minutes.map(|minutes| (minutes.minutes.clone(), held(minutes)));
    MeetingPage {
        layout,
        back: with_query(&back, &[("service", &at.place.slug)], None),
        here: back,
        place: at.place.name.clone(),
        title: format!("Meeting on {}", at.month.name()),
        slug: at.place.slug.clone(),
        stale: status == StatusCode::CONFLICT,
        round: minutes.map_or(0, |minutes| minutes.round),
        written,
        decisions: told(signed, meeting.map_or(&[][..], |meeting| &meeting.decisions)),
        signed: meeting.and_then(signed_off),
        records: allowed(Verb::RecordGovernance),
        signs: allowed(Verb::SignGovernance) && against.is_none(),
        unsigned: against.filter(|_| allowed(Verb::SignGovernance)).map(|refusal| refusal.sentence()),
        present: could
            .iter()
            .map(|(id, name, role)| {
                Choice::new(id.to_string(), format!("{name}, {}", role.label().to_lowercase()))
            })
            .collect(),
        items: items(view),
        kinds: Choice::all::<Said>(),
        draft,
    }
}

/// What can be talked about: the questions first, then the figures.
fn items(view: &View) -> Vec<Choice> {
    let questions = view.questions();
    let asked = questions.iter().map(|q| Choice::new(format!("question:{}", q.key), q.text.clone()));
    let figures = Figure::ALL.iter().map(|figure| {
        Choice::new(
            format!("figure:{}", figure.as_str()),
            format!("{} {}", figure.code(), view.says(*figure)),
        )
    });
    asked.chain(figures).collect()
}

/// What a signed month was frozen with, beside what is counted now: "now 88%", where it is another.
pub(super) fn changed(figure: Figure, frozen: &Shown, now: Option<&Shown>) -> Option<String> {
    let (then, now) = (frozen.value(figure), now?.value(figure));
    (then != now).then(|| {
        let (words, parts) = (now.words(figure), now.parts(figure));
        if parts.is_empty() || parts == words {
            format!("now {words}")
        } else {
            format!("now {words} ({parts})")
        }
    })
}

/// The day a meeting was signed off.
pub(super) fn signed_on(meeting: &Meeting) -> Option<String> {
    meeting.signed.as_ref().map(|signed| words::date(london_date(signed.at)))
}
