//! Recording a finding, with its first action if there is one to agree at once.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use super::agree::{self, AGAIN};
use super::hints::{About, Hints, hints};
use super::like;
use crate::app::AppState;
use crate::domain::access::{Verb, may};
use crate::domain::calendar::Nation;
use crate::domain::finding::relation;
use crate::domain::framework::{self, Entry, EntryId, KEY_QUESTIONS, REGULATIONS};
use crate::domain::text_enum::TextEnum;
use crate::domain::topic::{EvidenceKind, EvidenceSource, ReviewKind, Risk, Significance, Theme, Topic};
use crate::error::AppError;
use crate::http::banner::Done;
use crate::http::extract::Query;
use crate::http::form::{Choice, Draft};
use crate::http::line::{hidden, refuse};
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;
use crate::ids::{ActionId, FindingId, ReviewId, ServiceId};
use crate::store::provider::{self, Service};
use crate::store::recurrence::Like;
use crate::store::scope::Scope;
use crate::store::{framework as entries, member, review, standard as standards};
use crate::workflow::finding::{Log, Source, log};
use crate::workflow::{Moment, Stop};

/// What stands before the id of a review in the field `source`.
pub(super) const REVIEW: &str = "review:";

/// A list of choices under headings.
type Groups = Vec<(String, Vec<Choice>)>;

/// The form may be opened from a review.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct From {
    review: String,
}

#[derive(Template)]
#[template(path = "finding/new.html")]
struct NewPage {
    layout: Layout,
    draft: Draft,
    back: String,
    action: String,
    id: String,
    review_id: String,
    action_id: String,
    sources: Groups,
    services: Vec<Choice>,
    units: Groups,
    evidence_sources: Vec<Choice>,
    risks: Vec<Choice>,
    themes: Vec<Choice>,
    topics: Vec<Choice>,
    significances: Vec<Choice>,
    key_questions: Vec<Choice>,
    regulations: Vec<Choice>,
    statements: Groups,
    suggested: String,
    may_agree: bool,
    owners: Vec<Choice>,
    kinds: Vec<Choice>,
    hints: Hints,
    checked: bool,
    likes: Vec<Choice>,
}

pub(super) async fn form(
    signed: Signed,
    State(app): State<AppState>,
    Query(from): Query<From>,
) -> Result<Response, AppError> {
    signed.need(Verb::LogFinding)?;
    let today = Moment::read(&app).today;
    let draft = Draft::new().with_date("found_on", today).with("found_by", signed.actor.member.name.clone());
    render(&signed, &app, draft, &from.review, StatusCode::OK).await
}

pub(super) async fn create(
    signed: Signed,
    State(app): State<AppState>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::LogFinding)?;
    if draft.ticked("check") {
        return render(&signed, &app, draft, "", StatusCode::OK).await;
    }
    let given = read(&mut draft)?;
    let first = if wants_action(&draft) { agree::read(&mut draft)? } else { None };
    if let (true, Some(given)) = (draft.is_ok(), given) {
        if !like::shown(&draft) && may_have_come_back(&signed, &app, &draft).await? {
            return render(&signed, &app, like::mark(draft), "", StatusCode::OK).await;
        }
        match log(&app, &signed.actor, &given, first.as_ref()).await {
            Ok(made) => {
                let done = if first.is_some() { Done::LineBegun } else { Done::FindingLogged };
                let page = signed.path(&format!("findings/{made}"));
                return Ok(page::done(&page, done, &made.to_string()));
            }
            Err(Stop::Refused(said)) => refuse(&mut draft, said, "source"),
            Err(Stop::Changed) => return Err(AppError::Conflict),
            Err(Stop::Failed(error)) => return Err(error),
        }
    }
    render(&signed, &app, draft, "", StatusCode::UNPROCESSABLE_ENTITY).await
}

/// Whether there is something like it, to be shown once before it is saved.
async fn may_have_come_back(signed: &Signed, app: &AppState, draft: &Draft) -> Result<bool, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    Ok(!like::find(&mut tx, Scope::of(&signed.actor.member), draft).await?.is_empty())
}

/// Whether anything was said about a first action.
fn wants_action(draft: &Draft) -> bool {
    ["action", "success_test", "owner", "due", "follow_up", "evidence", "wording_override"]
        .iter()
        .any(|field| draft.values(field).any(|value| !value.trim().is_empty()))
}

/// The finding of a form; none when a field is wrong (the draft says which).
fn read(draft: &mut Draft) -> Result<Option<Log>, AppError> {
    let lost = || AppError::bad_request(AGAIN);
    let id = draft.value("id").parse::<FindingId>().map_err(|_| lost())?;
    let review = draft.value("review_id").parse::<ReviewId>().map_err(|_| lost())?;
    let from = draft.line("source", 60, "Choose where it came from");
    let title = draft.optional_text("source_title", 200).unwrap_or_default();
    let held_on = draft.optional_date("held_on");
    let what = draft.text("what", 4000, "Say what was found");
    let service = draft.id::<ServiceId>("service", "Choose one of your services");
    let unit = draft.optional_id("unit", "Choose a unit of the service");
    let evidence_source = draft.choice::<EvidenceSource>("evidence_source", "Choose what it rests on");
    let risk = draft.choice::<Risk>("risk", "Choose how serious it is");
    let theme = draft.choice::<Theme>("theme", "Choose a theme");
    let topic = draft.choice::<Topic>("topic", "Choose a topic");
    let significance = draft.optional_choice::<Significance>("significance", "Choose one, or leave it open");
    let found_on = draft.date("found_on", "Enter the day it was found");
    let found_by = draft.line("found_by", 200, "Say who found it");
    let key_question = entry(draft, "key_question", "Choose one of the key questions");
    let regulation = entry(draft, "regulation", "Choose one of the regulations");
    let ticked: Vec<Option<EntryId>> = draft.values("entries").map(|text| text.parse().ok()).collect();
    if ticked.contains(&None) {
        draft.refuse("entries", "Tick only what is in the list");
    }
    let earlier = like::ticked(draft);
    let source = from.and_then(|text| source(draft, &text, review, held_on.or(found_on)?, title));
    let given = (|| {
        Some(Log {
            id,
            source: source?,
            service: service?,
            unit,
            what: what?,
            evidence_source: evidence_source?,
            risk: risk?,
            theme: theme?,
            topic: topic?,
            significance,
            found_on: found_on?,
            found_by: found_by?,
            key_question,
            regulation,
            entries: ticked.into_iter().flatten().collect(),
            earlier,
        })
    })();
    Ok(given)
}

/// A framework entry that may be left to the suggestion.
fn entry(draft: &mut Draft, field: &str, unknown: &str) -> Option<EntryId> {
    let text = draft.optional_text(field, 120)?;
    let id = text.parse().ok();
    if id.is_none() {
        draft.refuse(field, unknown);
    }
    id
}

/// Where it came from: a review under way, or a kind of which one is made.
pub(super) fn source(
    draft: &mut Draft,
    text: &str,
    id: ReviewId,
    held_on: chrono::NaiveDate,
    title: String,
) -> Option<Source> {
    let found = match text.strip_prefix(REVIEW) {
        Some(id) => Uuid::try_parse(id).ok().map(|id| Source::Review(id.into())),
        None => ReviewKind::from_text(text).map(|kind| Source::New { id, kind, held_on, title }),
    };
    if found.is_none() {
        draft.refuse("source", "Choose where it came from");
    }
    found
}

/// What a finding can come from, for the form: reviews under way, then kinds of something new.
pub(super) fn sources(under_way: &[(ReviewId, ReviewKind, String)]) -> Groups {
    let reviews: Vec<_> =
        under_way.iter().map(|(id, _, told)| Choice::new(format!("{REVIEW}{id}"), told.clone())).collect();
    let groups = [
        ("Reviews under way".to_owned(), reviews),
        ("Something new".to_owned(), Choice::of(&ReviewKind::held())),
    ];
    groups.into_iter().filter(|(_, choices)| !choices.is_empty()).collect()
}

/// Everything the form offers, read in one transaction.
struct Offer {
    services: Vec<Service>,
    units: Vec<provider::Unit>,
    under_way: Vec<(ReviewId, ReviewKind, String)>,
    chosen: Option<(ReviewId, ServiceId)>,
    entries: Vec<Entry>,
    standards: Vec<crate::domain::standard::ClosureStandard>,
    owners: Vec<crate::domain::action::Person>,
    likes: Vec<Like>,
}

async fn offer(
    signed: &Signed,
    app: &AppState,
    review_reference: &str,
    draft: &Draft,
) -> Result<Offer, AppError> {
    let member = &signed.actor.member;
    let here = |service: ServiceId, verb| may(member.role, verb, relation(member, service, false)).is_ok();
    let mut tx = signed.actor.begin(app).await?;
    let mut services = provider::services(&mut tx).await?;
    services.retain(|s| here(s.id, Verb::LogFinding));
    let mut units = provider::units(&mut tx).await?;
    units.retain(|u| services.iter().any(|s| s.id == u.service));
    let runs = signed.can(Verb::RunReview);
    let under_way = if runs { review::under_way(&mut tx, Scope::of(member)).await? } else { Vec::new() };
    let reference =
        crate::domain::reference::Reference::parse(crate::domain::reference::Kind::Review, review_reference);
    let chosen = match reference {
        Some(reference) if runs => review::get(&mut tx, reference.number).await?,
        _ => None,
    };
    let agrees = signed.can(Verb::DefineAction);
    let ids: Vec<ServiceId> = services.iter().map(|s| s.id).collect();
    let like = like::shown(draft);
    Ok(Offer {
        likes: if like { like::find(&mut tx, Scope::of(member), draft).await? } else { Vec::new() },
        entries: entries::entries(&mut tx).await?,
        standards: if agrees { standards::all(&mut tx).await? } else { Vec::new() },
        owners: if agrees { member::owners_in_any(&mut tx, &ids).await? } else { Vec::new() },
        chosen: chosen.filter(|r| here(r.service, Verb::RunReview)).map(|r| (r.id, r.service)),
        services,
        units,
        under_way,
    })
}

async fn render(
    signed: &Signed,
    app: &AppState,
    mut draft: Draft,
    review_reference: &str,
    status: StatusCode,
) -> Result<Response, AppError> {
    let today = Moment::read(app).today;
    let checked = !draft.value("id").is_empty();
    let offer = offer(signed, app, review_reference, &draft).await?;
    if let Some((review, service)) = offer.chosen {
        draft = draft.with("source", format!("{REVIEW}{review}")).with("service", service.to_string());
    } else if let (false, [only]) = (checked, offer.services.as_slice()) {
        draft = draft.with("service", only.id.to_string());
    }
    let kinds = source_kinds(draft.value("source"), &offer.under_way);
    let about = about(&draft, &offer.services, &kinds);
    let hints = hints(&draft, about, &offer.standards, today);
    page::render_as(
        status,
        &NewPage {
            layout: signed
                .layout("Log a finding")
                .at(&signed.path(if signed.can(Verb::SeeDashboard) { "findings" } else { "findings/new" }))
                .with_errors(!draft.is_ok()),
            back: signed.path("findings"),
            action: signed.path("findings/new"),
            id: hidden(&draft, "id", FindingId::new),
            review_id: hidden(&draft, "review_id", ReviewId::new),
            action_id: hidden(&draft, "action_id", ActionId::new),
            sources: sources(&offer.under_way),
            units: units(&offer.services, offer.units),
            services: offer.services.iter().map(|s| Choice::new(s.id.to_string(), s.name.clone())).collect(),
            evidence_sources: Choice::all::<EvidenceSource>(),
            risks: Choice::all::<Risk>(),
            themes: Choice::all::<Theme>(),
            topics: Choice::all::<Topic>(),
            significances: Choice::all::<Significance>(),
            key_questions: entry_choices(&offer.entries, KEY_QUESTIONS),
            regulations: entry_choices(&offer.entries, REGULATIONS),
            statements: statements(&offer.entries),
            suggested: suggested(&draft, &offer.entries),
            may_agree: signed.can(Verb::DefineAction),
            owners: offer.owners.iter().map(|p| Choice::new(p.id.to_string(), p.with_title())).collect(),
            kinds: Choice::all::<EvidenceKind>(),
            hints,
            checked,
            likes: like::choices(&offer.likes),
            draft,
        },
    )
}

/// The kind of the source chosen, for the closure standard.
fn source_kinds(chosen: &str, under_way: &[(ReviewId, ReviewKind, String)]) -> Vec<ReviewKind> {
    let review = chosen.strip_prefix(REVIEW);
    let of_review = || under_way.iter().find(|(id, ..)| Some(id.to_string().as_str()) == review);
    ReviewKind::from_text(chosen).or_else(|| of_review().map(|(_, kind, _)| *kind)).into_iter().collect()
}

/// What the closure standard is chosen by, as far as the form says it.
fn about<'a>(draft: &Draft, services: &[Service], sources: &'a [ReviewKind]) -> Option<About<'a>> {
    let service = draft.value("service");
    let nation = services.iter().find(|s| s.id.to_string() == service).map_or(Nation::England, |s| s.nation);
    let (risk, topic) = (Risk::from_text(draft.value("risk"))?, Topic::from_text(draft.value("topic"))?);
    Some(About { risk, topic, sources, nation })
}

fn units(services: &[Service], units: Vec<provider::Unit>) -> Groups {
    let of = |service: &Service| {
        let own = units.iter().filter(|u| u.service == service.id);
        own.map(|u| Choice::new(u.id.to_string(), u.name.clone())).collect::<Vec<_>>()
    };
    services.iter().map(|s| (s.name.clone(), of(s))).filter(|(_, units)| !units.is_empty()).collect()
}

fn entry_choices(all: &[Entry], framework: &str) -> Vec<Choice> {
    let own = all.iter().filter(|e| e.id.framework() == framework);
    own.map(|e| Choice::new(e.id.as_str(), e.label())).collect()
}

/// The frameworks besides key questions and regulations, by key question.
fn statements(all: &[Entry]) -> Groups {
    let mut others: Vec<&str> = all.iter().map(|e| e.id.framework()).collect();
    others.retain(|f| *f != KEY_QUESTIONS && *f != REGULATIONS);
    others.dedup();
    let groups = others.iter().flat_map(|framework| framework::group(all, framework));
    groups
        .map(|g| (g.heading, g.entries.iter().map(|e| Choice::new(e.id.as_str(), e.label())).collect()))
        .collect()
}

/// What it most likely bears on, once theme and topic are chosen.
fn suggested(draft: &Draft, all: &[Entry]) -> String {
    let (Some(theme), Some(topic)) =
        (Theme::from_text(draft.value("theme")), Topic::from_text(draft.value("topic")))
    else {
        return String::new();
    };
    let suggestion = framework::suggest(theme, topic);
    let label = |id: &EntryId| all.iter().find(|e| e.id == *id).map(Entry::label).unwrap_or_default();
    format!("Suggested: {}; {}.", label(&suggestion.key_question), label(&suggestion.regulation))
}
