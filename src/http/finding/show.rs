//! A finding on one page: what was seen, where it came from, who sees to it, what proves it, what keeps people safe
//! meanwhile, and everything that happened (R27).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::agree::AGAIN;
use super::earlier::{CameBack, came_back, here};
use super::new::{source, sources};
use super::{open, root_cause};
use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::access::Verb;
use crate::domain::action::Status;
use crate::domain::member::Sight;
use crate::domain::reference::Reference;
use crate::domain::review::Disposition;
use crate::domain::words;
use crate::error::AppError;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::line::{Shown, hidden, refuse, short, shown, tag_of};
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::http::told;
use crate::http::view::{Facts, State as Look, Tag, Timeline};
use crate::ids::ReviewId;
use crate::store::finding::{self, ActionLine, Finding};
use crate::store::scope::Scope;
use crate::store::{recurrence, review, trail};
use crate::workflow::finding::add_source as add;
use crate::workflow::{Moment, Stop};

/// The most lines of the timeline.
const MOST: i64 = 200;

#[derive(Template)]
#[template(path = "finding/show.html")]
struct ShowPage {
    layout: Layout,
    draft: Draft,
    back: String,
    title: String,
    caption: String,
    what: String,
    tag: Tag,
    facts: Facts,
    came_from: Vec<From>,
    bears_on: Vec<String>,
    actions: Vec<Shown>,
    ended: Option<(&'static str, String, String)>,
    control: Option<(String, String)>,
    timeline: Timeline,
    agree_href: String,
    end_href: String,
    source_href: String,
    review_id: String,
    sources: Vec<(String, Vec<Choice>)>,
    repeats: CameBack,
    came_back: Tag,
    link_href: String,
    root_causes: Vec<root_cause::Shown>,
    root_cause_href: String,
    pack_href: String,
}

/// A review it came from.
struct From {
    name: String,
    href: String,
    meta: String,
}

pub(super) async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
) -> Result<Response, AppError> {
    render(&signed, &app, &reference, Draft::new(), StatusCode::OK).await
}

pub(super) async fn add_source(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, reference)): Path<(String, String)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::RunReview)?;
    let mut tx = signed.actor.begin(&app).await?;
    let number = open(&mut tx, &signed, &reference).await?.number;
    drop(tx);
    let id = draft.value("review_id").parse::<ReviewId>().map_err(|_| AppError::bad_request(AGAIN))?;
    let from = draft.line("source", 60, "Choose where it came from");
    let title = draft.optional_text("source_title", 200).unwrap_or_default();
    let held_on = draft.optional_date("held_on").unwrap_or_else(|| Moment::read(&app).today);
    let from = from.and_then(|text| source(&mut draft, &text, id, held_on, title));
    if let (true, Some(from)) = (draft.is_ok(), from) {
        match add(&app, &signed.actor, number, &from).await {
            Ok(()) => {
                let page = signed.path(&format!("findings/{reference}"));
                return Ok(page::done(&page, Done::SourceAdded, &reference));
            }
            Err(Stop::Refused(said)) => refuse(&mut draft, said, "source"),
            Err(Stop::Changed) => return Err(AppError::Conflict),
            Err(Stop::Failed(error)) => return Err(error),
        }
    }
    render(&signed, &app, &reference, draft, StatusCode::UNPROCESSABLE_ENTITY).await
}

pub(super) async fn render(
    signed: &Signed,
    app: &AppState,
    reference: &str,
    draft: Draft,
    status: StatusCode,
) -> Result<Response, AppError> {
    let today = Moment::read(app).today;
    let member = &signed.actor.member;
    let mut tx = signed.actor.begin(app).await?;
    let found = open(&mut tx, signed, reference).await?;
    let lines = finding::lines(&mut tx, &[found.id.uuid()]).await?;
    let control = finding::control(&mut tx, found.id).await?;
    let told = trail::of_finding(&mut tx, found.id, MOST).await?;
    let links = recurrence::links(&mut tx, Scope::of(member), found.id).await?;
    let causes = here(signed, &found, Verb::FindRootCause);
    let verbs = [Verb::DefineAction, Verb::DisposeFinding, Verb::RunReview, Verb::LinkFinding];
    let [agrees, ends, runs, linking] = verbs.map(|verb| here(signed, &found, verb));
    let under_way = if runs { review::under_way(&mut tx, Scope::of(member)).await? } else { Vec::new() };
    drop(tx);
    let path = |rest: &str| signed.path(&format!("findings/{reference}{rest}"));
    let ended = found.disposition != Disposition::Actions;
    let may_end = ends && !ended && lines.iter().all(|l| l.status == Status::Cancelled && !l.goes_on());
    let given = |may: bool, href: String| if may { href } else { String::new() };
    page::render_as(
        status,
        &ShowPage {
            layout: signed
                .layout(format!("{reference} {}", short(&found.what, 60)))
                .at(&signed.path("findings"))
                .with_errors(!draft.is_ok()),
            back: signed.path(if signed.can(Verb::SeeDashboard) { "findings" } else { "findings?mine=yes" }),
            title: short(&found.what, 140),
            caption: format!("Finding {reference}"),
            tag: tag_of(found.disposition, &lines, today),
            facts: facts(&found),
            came_from: found.sources.iter().map(|s| from(s, signed, runs)).collect(),
            bears_on: found.bears_on.clone(),
            actions: lines.iter().map(|l| shown(l, signed, opens(l, signed, &found), today)).collect(),
            ended: found.disposed.as_ref().map(|(why, who, at)| {
                (found.disposition.label(), why.clone(), format!("{who}, {}", words::instant(*at)))
            }),
            control: control.map(|(what, who, at)| (what, format!("{who}, {}", words::instant(at)))),
            timeline: timeline(told, |number| {
                lines.iter().any(|l| l.reference.number == number && opens(l, signed, &found))
            }),
            agree_href: given(agrees, path("/actions/new")),
            end_href: given(may_end, path("/disposition")),
            source_href: given(runs, path("/sources")),
            review_id: hidden(&draft, "review_id", ReviewId::new),
            sources: sources(&under_way),
            repeats: came_back(&links, signed, &found),
            came_back: Tag::new(Look::CameBack),
            link_href: given(linking, path("/earlier")),
            root_causes: root_cause::shown(&links.reviews, signed, &found),
            root_cause_href: given(causes && !links.reviews.is_empty(), path("/root-cause")),
            pack_href: given(here(signed, &found, Verb::MakePacks), pack_of(signed, reference)),
            what: found.what,
            draft,
        },
    )
}

/// Where a pack of these findings begins.
fn pack_of(signed: &Signed, references: &str) -> String {
    page::with_query(&signed.path("packs/new"), &[("findings", references), ("naming", "titles")], None)
}

fn facts(found: &Finding) -> Facts {
    Facts::new()
        .fact("Service", found.service_name.clone())
        .fact("Unit", found.unit.clone().unwrap_or_default())
        .fact("Risk", found.risk.label())
        .fact("Topic", found.topic.label())
        .fact("Theme", found.theme.label())
        .fact("Significance", found.significance.label())
        .fact("Rests on", found.evidence_source.label())
        .fact("Found", format!("{} by {}", words::date(found.found_on), found.found_by))
        .fact("Logged", format!("{} by {}", words::date(london_date(found.logged_at)), found.logged_by_name))
}

fn from(source: &finding::Source, signed: &Signed, opens: bool) -> From {
    From {
        name: source.title.clone(),
        href: if opens { signed.path(&format!("reviews/{}", source.reference)) } else { String::new() },
        meta: format!("{}, {}, {}", source.reference, source.kind.label(), words::date(source.held_on)),
    }
}

/// Whether this member may open an action of the finding.
fn opens(line: &ActionLine, signed: &Signed, found: &Finding) -> bool {
    let member = &signed.actor.member;
    let here = match member.role.sight() {
        Sight::Provider => true,
        Sight::Services => member.services.contains(&found.service),
        _ => false,
    };
    here || line.owner_id == Some(member.id)
}

/// What happened, newest first; what concerns an action names it, and is told to those who may open it: who only logged
/// the finding reads how its actions stand, not what was written about them.
fn timeline(told: Vec<(Option<i32>, trail::Told)>, opens: impl Fn(i32) -> bool) -> Timeline {
    let told = told.into_iter().filter(|(action, _)| action.is_none_or(&opens));
    let moments = told.map(|(action, told)| {
        let mut line = told::moment(&told);
        if let Some(number) = action {
            line.what = format!("{}: {}", Reference::action(number), line.what).into();
        }
        line
    });
    Timeline { moments: moments.collect() }
}
