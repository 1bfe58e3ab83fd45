//! The weekly review of a service: begun, stepped through, finished (R24). What is agreed in it changes no action by
//! itself: it submits, verifies and closes nothing.

use serde_json::json;

use super::{Actor, Done, Moment, Said, Stop, escalation};
use crate::app::AppState;
use crate::domain::access::{Verb, may};
use crate::domain::closure::Case;
use crate::domain::escalation::{Cause, Level};
use crate::domain::event::{Event, EventKind};
use crate::domain::finding::relation;
use crate::domain::weekly::{self as rule, Agreed, Standing};
use crate::error::AppError;
use crate::ids::{MemberId, ServiceId, WeeklyReviewId};
use crate::store::weekly::{self as store, Held, NewEntry, Review};
use crate::store::{TenantTx, case};

/// Said when a review was finished while somebody still wrote in it.
const FINISHED: &str = "This weekly review has been finished, so nothing can be added to it";

/// Begins the weekly review of a service; the order of its actions is fixed now. If one is under way, that is the one.
///
/// # Errors
/// The service is not theirs.
pub async fn start(app: &AppState, by: &Actor, service: ServiceId) -> Done<WeeklyReviewId> {
    super::retrying!(start_once(app, by, service))
}

async fn start_once(app: &AppState, by: &Actor, service: ServiceId) -> Done<WeeklyReviewId> {
    let today = Moment::read(app).today;
    let mut tx = by.begin(app).await?;
    super::review::service_for(&mut tx, by, Verb::ReviewWeekly, service).await?;
    let id = WeeklyReviewId::new();
    if !store::begin(&mut tx, id, service).await? {
        // whoever finished it in between has to be asked again
        return store::under_way(&mut tx, service).await?.ok_or(Stop::Changed);
    }
    let mut open = store::open_actions(&mut tx, service).await?;
    open.sort_by_key(|(.., facts)| rule::key(facts, today));
    let items: Vec<_> =
        open.into_iter().map(|(action, what, facts)| (action, what, rule::band(&facts, today))).collect();
    store::insert_items(&mut tx, id, &items).await?;
    let facts = json!({ "weekly_review": id, "service": service, "actions": items.len() });
    tx.record(Event::of_weekly_review(EventKind::WeeklyReviewStarted, id).detail(facts));
    tx.commit().await?;
    Ok(id)
}

/// A weekly review this actor may open.
///
/// # Errors
/// It is not there, or not for this actor.
pub async fn open(tx: &mut TenantTx, by: &Actor, id: WeeklyReviewId) -> Result<Review, AppError> {
    let found = store::read(tx, id).await?;
    found.filter(|review| holds(by, review.service)).ok_or(AppError::NotFound)
}

/// Whether this actor holds the weekly review of a service.
#[must_use]
pub fn holds(by: &Actor, service: ServiceId) -> bool {
    may(by.member.role, Verb::ReviewWeekly, relation(&by.member, service, false)).is_ok()
}

/// What was recorded for an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Where it stands.
    pub standing: Standing,
    /// Whether something still stands against submitting it.
    pub missing: bool,
    /// Whether it was sent up now; not when it waits for a decision up there already.
    pub sent_up: bool,
}

/// Records what is agreed for action `number`, of which this actor saw `seen` entries in this review.
///
/// # Errors
/// What is missing; that it was closed meanwhile, or the review finished; that somebody else recorded something since.
pub async fn record(
    app: &AppState,
    by: &Actor,
    id: WeeklyReviewId,
    (number, seen): (i32, i64),
    agreed: &Agreed,
) -> Done<Recorded> {
    super::retrying!(record_once(app, by, id, (number, seen), agreed))
}

async fn record_once(
    app: &AppState,
    by: &Actor,
    id: WeeklyReviewId,
    (number, seen): (i32, i64),
    agreed: &Agreed,
) -> Done<Recorded> {
    let moment = Moment::read(app);
    let mut tx = by.begin(app).await?;
    under_way(store::hold(&mut tx, id).await?, by)?;
    let case = case::lock(&mut tx, number).await?.ok_or(AppError::NotFound)?;
    let a = &case.action;
    let round = store::lock_item(&mut tx, id, a.id).await?.ok_or(AppError::NotFound)?;
    if i64::from(round) != seen {
        return Err(Stop::Changed);
    }
    if !a.status.open() {
        return Err(Stop::refused(
            "It was closed or cancelled meanwhile, so it is left out. Go on to the next",
        ));
    }
    let lacking = rule::lacks(agreed);
    if !lacking.is_empty() {
        return Err(refused(lacking));
    }
    let missing = against_submission(&case).unwrap_or_default();
    let new = NewEntry {
        review: id,
        action: a.id,
        round: round + 1,
        agreed,
        what: &a.what,
        owner: a.owner.as_ref().map(|o| o.id),
        due_on: a.due_on,
        missing: &missing,
    };
    store::insert_entry(&mut tx, &new).await?;
    let sent_up = agreed.standing == Standing::Escalate && send_up(&mut tx, by, id, &case, moment).await?;
    let facts = json!({ "standing": agreed.standing.as_str(), "round": round + 1, "cycle": a.cycle, "sent_up": sent_up });
    tx.record(
        Event::of_action(EventKind::ReviewedWeekly, a.id, a.finding_id)
            .within(id)
            .detail(facts)
            .text("note", agreed.note.clone())
            .text("support_needed", agreed.support_needed.clone()),
    );
    tx.commit().await?;
    Ok(Recorded { standing: agreed.standing, missing: !missing.is_empty(), sent_up })
}

/// What stands against submitting an action now, as a sentence; none when it could be submitted, or was.
#[must_use]
pub fn against_submission(case: &Case) -> Option<String> {
    if !case.action.status.with_owner() {
        return None;
    }
    case.ready().err().map(|r| r.sentence())
}

/// Sends an action up, unless it waits for a decision at that level or above already. Says whether it did.
async fn send_up(
    tx: &mut TenantTx,
    by: &Actor,
    id: WeeklyReviewId,
    case: &Case,
    moment: Moment,
) -> Result<bool, sqlx::Error> {
    let level = rule::goes_up_to(by.member.role);
    let waiting = store::beside(tx, id, case.action.id).await?.escalation;
    if waiting.is_some_and(|waiting| Level::from_number(waiting.level) >= level) {
        return Ok(false);
    }
    escalation::raise_on(tx, &case.action, level, Cause::WeeklyReview, moment.today).await
}

/// Who was there, and that the review is over.
#[derive(Clone, Debug, Default)]
pub struct Finish {
    /// Members who were there.
    pub present: Vec<MemberId>,
    /// Who else was there.
    pub others: String,
}

/// Finishes a weekly review: what was not reached stays visible as such, and nothing is changed any more.
///
/// # Errors
/// Nobody was there, nothing was looked at, or it was finished before.
pub async fn finish(app: &AppState, by: &Actor, id: WeeklyReviewId, given: &Finish) -> Done<()> {
    super::retrying!(finish_once(app, by, id, given))
}

async fn finish_once(app: &AppState, by: &Actor, id: WeeklyReviewId, given: &Finish) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let held = under_way(store::hold_alone(&mut tx, id).await?, by)?;
    let tally = store::tally(&mut tx, id).await?;
    let count = |n: i64| usize::try_from(n).unwrap_or(0);
    let could_be = store::colleagues(&mut tx, held.service).await?;
    let mut present = given.present.clone();
    present.sort_unstable();
    present.dedup();
    let against = rule::cannot_finish(count(tally.all - tally.ended), count(tally.reviewed), present.len());
    if !against.is_empty() {
        return Err(refused(against));
    }
    if present.iter().any(|id| !could_be.iter().any(|c| c.id == *id)) {
        return Err(Stop::at("present", "Choose who was there from this list"));
    }
    store::finish(&mut tx, id, &present, &given.others).await?;
    let facts = json!({
        "weekly_review": id, "service": held.service, "actions": tally.all, "reviewed": tally.reviewed, "ended": tally.ended,
        "not_reached": tally.all - tally.reviewed - tally.ended, "present": present,
    });
    tx.record(
        Event::of_weekly_review(EventKind::WeeklyReviewFinished, id)
            .detail(facts)
            .text("others", given.others.clone()),
    );
    tx.commit().await?;
    Ok(())
}

/// A review that is this actor's to hold and is not finished.
fn under_way(held: Option<Held>, by: &Actor) -> Result<Held, Stop> {
    let held = held.filter(|held| holds(by, held.service)).ok_or(AppError::NotFound)?;
    if held.finished { Err(Stop::refused(FINISHED)) } else { Ok(held) }
}

fn refused(lacking: Vec<(&'static str, &str)>) -> Stop {
    let said = |(field, sentence): (&'static str, &str)| Said {
        field: (field != "form").then_some(field),
        sentence: sentence.to_owned(),
    };
    Stop::Refused(lacking.into_iter().map(said).collect())
}
