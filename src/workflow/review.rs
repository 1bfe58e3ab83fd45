//! Starting a review, and signing an audit off (R5).

use chrono::NaiveDate;
use serde_json::json;

use super::{Actor, Done, Moment, Said, Stop};
use crate::app::AppState;
use crate::domain::access::{Verb, may};
use crate::domain::event::{Event, EventKind};
use crate::domain::finding::relation;
use crate::domain::reference::{Kind, Reference};
use crate::domain::review::{Score, holdups};
use crate::domain::topic::ReviewKind;
use crate::error::AppError;
use crate::ids::{ReviewId, ServiceId};
use crate::store::provider::{self, Service};
use crate::store::review::{self, NewReview, Review};
use crate::store::{TenantTx, action};

/// A review as it is entered.
#[derive(Clone, Debug)]
pub struct Start {
    /// Id, made by the form so that sending it twice starts one review.
    pub id: ReviewId,
    /// Kind.
    pub kind: ReviewKind,
    /// What people call it.
    pub title: String,
    /// The service looked at.
    pub service: ServiceId,
    /// The day it was held.
    pub held_on: NaiveDate,
    /// Who held it.
    pub conducted_by: String,
    /// Their own reference; empty for none.
    pub their_reference: String,
    /// The score it gave.
    pub score: Option<Score>,
}

/// Starts a review. The same form sent twice starts one.
///
/// # Errors
/// The service is not theirs, or the day is in the future.
pub async fn start(app: &AppState, by: &Actor, new: &Start) -> Done<Reference> {
    super::retrying!(start_once(app, by, new))
}

async fn start_once(app: &AppState, by: &Actor, new: &Start) -> Done<Reference> {
    let mut tx = by.begin(app).await?;
    service_for(&mut tx, by, Verb::RunReview, new.service).await?;
    let (number, fresh) = write(&mut tx, by, Moment::read(app), new).await?;
    if fresh {
        tx.commit().await?;
    }
    Ok(Reference::review(number))
}

/// Writes a review unless it is there already; gives its number, and whether it is new.
pub(super) async fn write(tx: &mut TenantTx, by: &Actor, moment: Moment, new: &Start) -> Done<(i32, bool)> {
    if new.kind == ReviewKind::ImportedTracker {
        return Err(Stop::at("kind", "Choose what kind of review it was"));
    }
    if new.held_on > moment.today {
        return Err(Stop::at("held_on", "Enter a day that is not in the future"));
    }
    // the counter's lock makes the second of two equal forms wait for the first
    let number = action::next_number(tx, Kind::Review).await?;
    match review::by_id(tx, new.id).await? {
        None => {}
        Some((number, creator)) if creator == by.member.id => return Ok((number, false)),
        Some(_) => return Err(Stop::refused(super::finding::OPEN_AGAIN)),
    }
    let written = NewReview {
        id: new.id,
        number,
        kind: new.kind,
        title: new.title.clone(),
        service: new.service,
        held_on: new.held_on,
        conducted_by: new.conducted_by.clone(),
        their_reference: new.their_reference.clone(),
        score: new.score,
    };
    review::insert(tx, &written).await?;
    let facts = json!({
        "number": number, "kind": new.kind.as_str(), "service": new.service, "held_on": new.held_on,
        "score_hundredths": new.score.map(Score::hundredths),
    });
    tx.record(
        Event::of_review(EventKind::ReviewStarted, new.id)
            .detail(facts)
            .text("title", new.title.clone())
            .text("conducted_by", new.conducted_by.clone())
            .text("their_reference", new.their_reference.clone()),
    );
    Ok((number, true))
}

/// Signs an audit off: only when every finding has an owned, dated action or a reason why none is needed (R5).
///
/// # Errors
/// What holds it up, one sentence each; that it is no audit; that it changed since `seen`.
pub async fn sign_off(app: &AppState, by: &Actor, number: i32, seen: i64) -> Done<()> {
    super::retrying!(sign_off_once(app, by, number, seen))
}

async fn sign_off_once(app: &AppState, by: &Actor, number: i32, seen: i64) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let review = review::lock(&mut tx, number).await?.filter(|r| visible(by, r)).ok_or(AppError::NotFound)?;
    may(by.member.role, Verb::SignOffReview, relation(&by.member, review.service, false))
        .map_err(|denial| Stop::refused(denial.sentence()))?;
    if review.version != seen {
        return Err(Stop::Changed);
    }
    if !review.kind.is_signed_off() {
        return Err(Stop::refused("Only audits are signed off."));
    }
    let facts = review::facts(&mut tx, review.id).await?;
    let held_up: Vec<Said> = holdups(&facts)
        .iter()
        .map(|h| Said { field: None, sentence: format!("{}.", h.sentence()) })
        .collect();
    if !held_up.is_empty() {
        return Err(Stop::Refused(held_up));
    }
    review::sign_off(&mut tx, review.id).await?;
    let facts = json!({ "number": number, "findings": facts.len() });
    tx.record(Event::of_review(EventKind::ReviewSignedOff, review.id).detail(facts));
    tx.commit().await?;
    Ok(())
}

/// Whether this person sees the review: those who run reviews in its service.
#[must_use]
pub fn visible(by: &Actor, review: &Review) -> bool {
    may(by.member.role, Verb::RunReview, relation(&by.member, review.service, false)).is_ok()
        // an administrator reads what the whole provider does
        || matches!(by.member.role.sight(), crate::domain::member::Sight::Provider)
}

/// The service, if it is there and this person may do `verb` in it.
pub(super) async fn service_for(
    tx: &mut TenantTx,
    by: &Actor,
    verb: Verb,
    service: ServiceId,
) -> Done<Service> {
    let services = provider::services(tx).await?;
    let found = services.into_iter().find(|s| s.id == service);
    found
        .filter(|s| may(by.member.role, verb, relation(&by.member, s.id, false)).is_ok())
        .ok_or_else(|| Stop::at("service", "Choose one of your services"))
}
