//! Logging a finding, giving it further sources, ending it without an action (R1, R5, R5b).

use chrono::NaiveDate;
use serde_json::json;

use super::action::{Define, Ground, agree};
use super::recurrence::link_within;
use super::review::{Start, service_for, write};
use super::{Actor, Done, Moment, Said, Stop};
use crate::app::AppState;
use crate::domain::access::{Verb, may};
use crate::domain::event::{Event, EventKind};
use crate::domain::finding::{relation, visible_to};
use crate::domain::framework::{self, EntryId, KEY_QUESTIONS, REGULATIONS};
use crate::domain::recurrence::Place;
use crate::domain::reference::{Kind, Reference};
use crate::domain::review::Disposition;
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Significance, Theme, Topic};
use crate::domain::words;
use crate::error::AppError;
use crate::ids::{FindingId, ReviewId, ServiceId, UnitId};
use crate::store::finding::{self, Finding, NewFinding};
use crate::store::provider::{self, Service};
use crate::store::recurrence::End;
use crate::store::{TenantTx, action, review};

pub(super) const OPEN_AGAIN: &str = "Open the form again: this one was used already";

/// Where a finding came from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A review that is under way.
    Review(ReviewId),
    /// Something that has no review here yet: one is made.
    New {
        /// Id of the review to be made, so that sending the form twice makes one.
        id: ReviewId,
        /// Its kind.
        kind: ReviewKind,
        /// The day it was held.
        held_on: NaiveDate,
        /// What people call it; made from kind and service when empty.
        title: String,
    },
}

/// A finding as it is entered (R1).
#[derive(Clone, Debug)]
pub struct Log {
    /// Id, made by the form so that sending it twice logs one finding.
    pub id: FindingId,
    /// Where it came from.
    pub source: Source,
    /// Where it was seen.
    pub service: ServiceId,
    /// The unit of that service.
    pub unit: Option<UnitId>,
    /// What exactly was seen.
    pub what: String,
    /// What it rests on.
    pub evidence_source: EvidenceSource,
    /// Its risk.
    pub risk: Risk,
    /// Its theme.
    pub theme: Theme,
    /// Its topic.
    pub topic: Topic,
    /// Whether leaders need to see it (R4); suggested by risk and theme when none.
    pub significance: Option<Significance>,
    /// When it was found.
    pub found_on: NaiveDate,
    /// Who found it.
    pub found_by: String,
    /// The key question it bears on; suggested by theme and topic when none (R5a).
    pub key_question: Option<EntryId>,
    /// The regulation it bears on; suggested likewise.
    pub regulation: Option<EntryId>,
    /// Further entries of the framework.
    pub entries: Vec<EntryId>,
    /// The numbers of earlier findings of which it is the recurrence (R21).
    pub earlier: Vec<i32>,
}

/// Logs a finding, with its first action if there is one: both or neither. The same form sent twice logs one.
///
/// # Errors
/// What is wrong with either, each beside its field.
pub async fn log(app: &AppState, by: &Actor, new: &Log, first: Option<&Define>) -> Done<Reference> {
    super::retrying!(log_once(app, by, new, first))
}

async fn log_once(app: &AppState, by: &Actor, new: &Log, first: Option<&Define>) -> Done<Reference> {
    let moment = Moment::read(app);
    let mut tx = by.begin(app).await?;
    // the counter's lock makes the second of two equal forms wait for the first
    let number = action::next_number(&mut tx, Kind::Finding).await?;
    match finding::by_id(&mut tx, new.id).await? {
        None => {}
        Some((number, logged_by)) if logged_by == by.member.id => return Ok(Reference::finding(number)),
        Some(_) => return Err(Stop::refused(OPEN_AGAIN)),
    }
    let service = service_for(&mut tx, by, Verb::LogFinding, new.service).await?;
    let (key_question, regulation, entries) = check(&mut tx, new, moment).await?;
    let conducted_by = new.found_by.as_str();
    let (review, kind) = source(&mut tx, by, moment, &new.source, &service, conducted_by).await?;
    let written = NewFinding {
        id: new.id,
        number,
        service: new.service,
        unit: new.unit,
        what: new.what.clone(),
        evidence_source: new.evidence_source,
        risk: new.risk,
        theme: new.theme,
        topic: new.topic,
        significance: new.significance.unwrap_or_else(|| Significance::suggest(new.risk, new.theme)),
        found_on: new.found_on,
        found_by: new.found_by.clone(),
        key_question,
        regulation,
        entries,
    };
    finding::insert(&mut tx, &written).await?;
    finding::add_source(&mut tx, new.id, review).await?;
    record_logged(&mut tx, &written, review);
    link_all(&mut tx, by, new, number).await?;
    if let Some(first) = first {
        let ground = Ground {
            finding: new.id,
            service: service.id,
            nation: service.nation,
            risk: new.risk,
            topic: new.topic,
            sources: vec![kind],
            reinstates: None,
        };
        agree(&mut tx, by, moment, &ground, first).await?;
    }
    tx.commit().await?;
    Ok(Reference::finding(number))
}

/// Links a finding that was just written to the earlier ones that were ticked.
async fn link_all(tx: &mut TenantTx, by: &Actor, new: &Log, number: i32) -> Done<()> {
    let place = Place { found_on: new.found_on, number };
    let newer = End { id: new.id, place, service: new.service, logged_by: by.member.id };
    for earlier in &new.earlier {
        link_within(tx, by, newer, *earlier, "link").await?;
    }
    Ok(())
}

fn record_logged(tx: &mut TenantTx, new: &NewFinding, review: ReviewId) {
    let facts = json!({
        "number": new.number, "service": new.service, "unit": new.unit, "evidence_source": new.evidence_source.as_str(),
        "risk": new.risk.as_str(), "theme": new.theme.as_str(), "topic": new.topic.as_str(),
        "significance": new.significance.as_str(), "found_on": new.found_on, "key_question": new.key_question,
        "regulation": new.regulation, "entries": new.entries,
    });
    let event = Event { review: Some(review), ..Event::of_finding(EventKind::FindingLogged, new.id) };
    tx.record(event.detail(facts).text("what", new.what.clone()).text("found_by", new.found_by.clone()));
}

/// What is wrong with the finding itself; gives the framework entries it bears on.
async fn check(tx: &mut TenantTx, new: &Log, moment: Moment) -> Done<(EntryId, EntryId, Vec<EntryId>)> {
    let mut said = Vec::new();
    let mut say = |field, sentence: &str| said.push(Said { field: Some(field), sentence: sentence.into() });
    if new.found_on > moment.today {
        say("found_on", "Enter a day that is not in the future");
    }
    if let Some(unit) = new.unit {
        let units = provider::units(tx).await?;
        if !units.iter().any(|u| u.id == unit && u.service == new.service) {
            say("unit", "Choose a unit of the service");
        }
    }
    let suggested = framework::suggest(new.theme, new.topic);
    let known = crate::store::framework::entries(tx).await?;
    let is = |id: &EntryId, framework: &str| id.framework() == framework && known.iter().any(|e| e.id == *id);
    let key_question = new.key_question.clone().unwrap_or(suggested.key_question);
    if !is(&key_question, KEY_QUESTIONS) {
        say("key_question", "Choose one of the key questions");
    }
    let regulation = new.regulation.clone().unwrap_or(suggested.regulation);
    if !is(&regulation, REGULATIONS) {
        say("regulation", "Choose one of the regulations");
    }
    let mut entries = new.entries.clone();
    entries.sort();
    entries.dedup();
    entries.retain(|id| *id != key_question && *id != regulation);
    if !entries.iter().all(|id| is(id, id.framework())) {
        say("entries", "Tick only what is in the list");
    }
    if said.is_empty() { Ok((key_question, regulation, entries)) } else { Err(Stop::Refused(said)) }
}

/// The review a finding hangs on, made if it has to be, and its kind.
async fn source(
    tx: &mut TenantTx,
    by: &Actor,
    moment: Moment,
    source: &Source,
    service: &Service,
    conducted_by: &str,
) -> Done<(ReviewId, ReviewKind)> {
    match source {
        Source::New { id, kind, held_on, title } => {
            let title = match title.trim() {
                "" => format!("{} at {}", kind.label(), service.name),
                title => title.to_owned(),
            };
            let new = Start {
                id: *id,
                kind: *kind,
                title,
                service: service.id,
                held_on: *held_on,
                conducted_by: conducted_by.to_owned(),
                their_reference: String::new(),
                score: None,
            };
            match write(tx, by, moment, &new).await? {
                (_, true) => Ok((*id, *kind)),
                // made before, by this form or another: it is what it is, whatever is said of it now
                (_, false) => under_way(tx, by, *id, service).await,
            }
        }
        Source::Review(id) => under_way(tx, by, *id, service).await,
    }
}

/// A review that is there and still takes findings of the service, and its kind.
async fn under_way(
    tx: &mut TenantTx,
    by: &Actor,
    id: ReviewId,
    service: &Service,
) -> Done<(ReviewId, ReviewKind)> {
    let nowhere = || Stop::at("source", "Choose where it came from");
    let (number, _) = review::by_id(tx, id).await?.ok_or_else(nowhere)?;
    // locked, so that it is not signed off meanwhile
    let review = review::lock(tx, number).await?.ok_or_else(nowhere)?;
    may(by.member.role, Verb::RunReview, relation(&by.member, review.service, false))
        .map_err(|_| nowhere())?;
    let (reference, title) = (review.reference(), &review.service_name);
    if review.signed_off.is_some() {
        let sentence = format!("{reference} is signed off and takes no more: choose another source");
        return Err(Stop::at("source", sentence));
    }
    if review.service != service.id {
        let sentence = format!("{reference} is about {title}: choose a source of the same service");
        return Err(Stop::at("source", sentence));
    }
    Ok((review.id, review.kind))
}

/// Gives a finding a further source (R1). The same source twice is one.
///
/// # Errors
/// The review is signed off, of another service, or not there; or the person may not.
pub async fn add_source(app: &AppState, by: &Actor, number: i32, from: &Source) -> Done<()> {
    super::retrying!(add_source_once(app, by, number, from))
}

async fn add_source_once(app: &AppState, by: &Actor, number: i32, from: &Source) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let found = lock(&mut tx, by, number, Verb::RunReview).await?;
    let services = provider::services(&mut tx).await?;
    let service = services.into_iter().find(|s| s.id == found.service).ok_or(AppError::NotFound)?;
    let name = by.member.name.as_str();
    let (review, kind) = source(&mut tx, by, Moment::read(app), from, &service, name).await?;
    if !finding::add_source(&mut tx, found.id, review).await? {
        return Ok(());
    }
    let event = Event { review: Some(review), ..Event::of_finding(EventKind::SourceAdded, found.id) };
    tx.record(event.detail(json!({ "number": number, "kind": kind.as_str() })));
    tx.commit().await?;
    Ok(())
}

/// Ends a finding without an action: none is needed, or it is not for the tracker (R5, R5b).
///
/// # Errors
/// An action of it is still open, or has closed it already; the person may not; it changed since `seen`.
pub async fn dispose(
    app: &AppState,
    by: &Actor,
    number: i32,
    seen: i64,
    disposition: Disposition,
    reason: &str,
) -> Done<()> {
    super::retrying!(dispose_once(app, by, number, seen, disposition, reason))
}

async fn dispose_once(
    app: &AppState,
    by: &Actor,
    number: i32,
    seen: i64,
    disposition: Disposition,
    reason: &str,
) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let found = lock(&mut tx, by, number, Verb::DisposeFinding).await?;
    if found.version != seen {
        return Err(Stop::Changed);
    }
    if disposition == Disposition::Actions {
        return Err(Stop::at("disposition", "Choose why no action is needed"));
    }
    if reason.trim().is_empty() {
        return Err(Stop::at("reason", "Say why no action is needed"));
    }
    let lines = finding::lines(&mut tx, &[found.id.uuid()]).await?;
    let open: Vec<String> =
        lines.iter().filter(|l| l.status.open()).map(|l| l.reference.to_string()).collect();
    if !open.is_empty() {
        let are = if open.len() == 1 { "is" } else { "are" };
        let sentence = format!("{} {are} still open: close or cancel first.", words::list(&open));
        return Err(Stop::refused(sentence));
    }
    if let Some(closed) = lines.iter().find(|l| l.closed.is_some()) {
        return Err(Stop::refused(format!("{} answered it and is closed.", closed.reference)));
    }
    if let Some(merged) = lines.iter().find(|l| l.goes_on()) {
        let into = merged.merged_into.map(Reference::action).unwrap_or(merged.reference);
        return Err(Stop::refused(format!("{} was merged into {into}, which answers it.", merged.reference)));
    }
    finding::dispose(&mut tx, found.id, disposition, Some(reason)).await?;
    let facts = json!({ "number": number, "disposition": disposition.as_str() });
    tx.record(Event::of_finding(EventKind::FindingDisposed, found.id).detail(facts).text("reason", reason));
    tx.commit().await?;
    Ok(())
}

/// Locks a finding this person sees, for a deed they may do to it.
pub(super) async fn lock(tx: &mut TenantTx, by: &Actor, number: i32, verb: Verb) -> Done<Finding> {
    let member = &by.member;
    let found = finding::lock(tx, number)
        .await?
        .filter(|f| visible_to(member, f.service, f.logged_by))
        .ok_or(AppError::NotFound)?;
    may(member.role, verb, relation(member, found.service, found.logged_by == member.id))
        .map_err(|denial| Stop::refused(denial.sentence()))?;
    Ok(found)
}
