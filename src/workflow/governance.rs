//! The governance meeting on a month: minutes, decisions, and the sign-off by a second person that freezes it (R18a, R25).

use chrono::NaiveDate;
use serde_json::{Map, Value as Json, json};

use super::figure::View;
use super::measure::allows;
use super::{Actor, Done, Moment, Stop};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::event::{Event, EventKind};
use crate::domain::figure::{Figure, Month, VERSION};
use crate::domain::governance::{Refusal, Said, may_sign};
use crate::domain::reference::{Kind, Reference};
use crate::ids::ServiceId;
use crate::store::TenantTx;
use crate::store::figure::{Over, Span};
use crate::store::governance::{self as store, About, Held, NewDecision, Written};

/// The month a meeting is about, and where.
#[derive(Clone, Debug)]
pub struct On {
    /// Where is looked.
    pub over: Over,
    /// The service; none for the whole provider.
    pub service: Option<ServiceId>,
    /// The month.
    pub month: Month,
}

/// What somebody says about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A figure.
    Figure(Figure),
    /// A question, by what it is known by.
    Question(String),
    /// A finding or an action.
    Reference(Reference),
}

/// A decision as it is given.
#[derive(Clone, Debug)]
pub struct Given {
    /// What it is about.
    pub item: Item,
    /// What it says.
    pub said: Said,
    /// In their words.
    pub note: String,
    /// The decision it follows.
    pub follows: Option<i32>,
}

/// Begins or holds the meeting, when this actor may do `verb` in it and it is not signed off.
async fn held(tx: &mut TenantTx, by: &Actor, on: &On, verb: Verb) -> Done<Held> {
    if !allows(by, verb, on.service) {
        return Err(Stop::refused("Your role does not do this here."));
    }
    let held = store::hold(tx, &on.over, on.service, on.month).await?;
    if held.signed { Err(Stop::refused(Refusal::Signed.sentence())) } else { Ok(held) }
}

fn facts(on: &On, held: &Held) -> Map<String, Json> {
    let facts = json!({ "meeting": held.id, "month": on.month.text(), "service": on.service });
    facts.as_object().cloned().unwrap_or_default()
}

/// Writes minutes; those before stay. `seen` is how many rounds the page showed.
///
/// # Errors
/// Why they may not; what the minutes lack; that somebody else wrote some since.
pub async fn write(app: &AppState, by: &Actor, on: &On, seen: i32, written: &Written) -> Done<()> {
    super::retrying!(write_once(app, by, on, seen, written))
}

async fn write_once(app: &AppState, by: &Actor, on: &On, seen: i32, written: &Written) -> Done<()> {
    let today = Moment::read(app).today;
    let mut tx = by.begin(app).await?;
    let held = held(&mut tx, by, on, Verb::RecordGovernance).await?;
    if held.rounds != seen {
        return Err(Stop::Changed);
    }
    if let Some(sentence) = wrong_day(on.month, written.held_on, today) {
        return Err(Stop::at("held", sentence));
    }
    let could = store::could_attend(&mut tx, on.service).await?;
    if written.present.iter().any(|id| !could.iter().any(|(member, ..)| member == id)) {
        return Err(Stop::at("present", "Choose who was there from this list"));
    }
    store::write(&mut tx, held.id, seen + 1, written).await?;
    let mut detail = facts(on, &held);
    detail.insert("round".into(), json!(seen + 1));
    detail.insert("held_on".into(), json!(written.held_on));
    detail.insert("present".into(), json!(written.present));
    tx.record(
        Event::of_provider(EventKind::GovernanceMinuted)
            .detail(detail.into())
            .text("minutes", written.minutes.clone())
            .text("others", written.others.clone()),
    );
    tx.commit().await?;
    Ok(())
}

/// What is wrong with the day of a meeting.
fn wrong_day(month: Month, held_on: NaiveDate, today: NaiveDate) -> Option<&'static str> {
    if held_on > today {
        Some("Enter a day that is not in the future")
    } else if held_on < month.first() {
        Some("Enter a day that is not before the month")
    } else {
        None
    }
}

/// Records a decision on an item. It is never edited: another one follows it.
///
/// # Errors
/// Why they may not; that the item is not there; that the one it follows was followed by another since.
pub async fn decide(app: &AppState, by: &Actor, on: &On, given: &Given) -> Done<()> {
    super::retrying!(decide_once(app, by, on, given))
}

async fn decide_once(app: &AppState, by: &Actor, on: &On, given: &Given) -> Done<()> {
    let moment = Moment::read(app);
    let mut tx = by.begin(app).await?;
    let held = held(&mut tx, by, on, Verb::RecordGovernance).await?;
    let (about, saw) = seen(&mut tx, by, on, &given.item, moment).await?;
    let new = NewDecision {
        seq: held.decisions + 1,
        about: &about,
        saw: &saw,
        said: given.said,
        note: &given.note,
        follows: given.follows,
    };
    if !store::decide(&mut tx, held.id, &new).await? {
        return Err(Stop::at("follows", "Somebody else has followed this decision since: read theirs first"));
    }
    let mut detail = facts(on, &held);
    detail.insert("seq".into(), json!(new.seq));
    detail.insert("said".into(), json!(given.said.as_str()));
    detail.insert("follows".into(), json!(given.follows));
    let mut event = match &about {
        About::Finding(finding) => Event::of_finding(EventKind::GovernanceDecided, *finding),
        About::Action(action, finding) => Event::of_action(EventKind::GovernanceDecided, *action, *finding),
        About::Figure(_) | About::Question(_) => Event::of_provider(EventKind::GovernanceDecided),
    };
    if let About::Figure(figure) = &about {
        detail.insert("figure".into(), json!(figure.as_str()));
    }
    if let About::Question(key) = &about {
        detail.insert("question".into(), json!(key));
    }
    event = event.detail(detail.into()).text("note", given.note.clone()).text("saw", saw);
    tx.record(event);
    tx.commit().await?;
    Ok(())
}

/// What an item is, and the words of it that are judged.
async fn seen(tx: &mut TenantTx, by: &Actor, on: &On, item: &Item, moment: Moment) -> Done<(About, String)> {
    match item {
        Item::Figure(figure) => {
            let view = View::read(tx, &on.over, on.month, moment).await?;
            Ok((About::Figure(*figure), view.says(*figure)))
        }
        Item::Question(key) => {
            let view = View::read(tx, &on.over, on.month, moment).await?;
            let question = view.questions().into_iter().find(|question| question.key == *key);
            let question = question
                .ok_or_else(|| Stop::at("item", "This is not asked any more: choose another item"))?;
            Ok((About::Question(question.key), question.text))
        }
        Item::Reference(reference) => {
            let found = store::item(tx, reference.number, reference.kind == Kind::Action).await?;
            let there = |service: &ServiceId| {
                by.member.sees_service(*service) && on.service.is_none_or(|own| own == *service)
            };
            let (about, _, what) = found.filter(|(_, service, _)| there(service)).ok_or_else(|| {
                Stop::at(
                    "reference",
                    "There is no finding or action with this reference here that you can see",
                )
            })?;
            Ok((about, format!("{reference}: {what}")))
        }
    }
}

/// Signs a month off: its figures, the definitions and the rows are frozen.
///
/// # Errors
/// Why they may not (a second person, who wrote none of the minutes, signs what is over); that minutes were written since.
pub async fn sign(app: &AppState, by: &Actor, on: &On, seen: i32) -> Done<()> {
    super::retrying!(sign_once(app, by, on, seen))
}

async fn sign_once(app: &AppState, by: &Actor, on: &On, seen: i32) -> Done<()> {
    let moment = Moment::read(app);
    let mut tx = by.begin(app).await?;
    let held = held(&mut tx, by, on, Verb::SignGovernance).await?;
    may_sign(on.month, moment.today, &held.authors, held.signed, by.member.id)
        .map_err(|refusal| Stop::refused(refusal.sentence()))?;
    if held.rounds != seen {
        return Err(Stop::Changed);
    }
    let span = Span::of(on.month, moment.now);
    let frozen = store::sign(&mut tx, held.id, &on.over, span, VERSION).await?;
    let mut detail = facts(on, &held);
    detail.insert("definition".into(), json!(VERSION));
    detail.insert("round".into(), json!(seen));
    let figures: Map<String, Json> =
        frozen.iter().map(|(f, v)| (f.as_str().to_owned(), json!([v.numerator, v.denominator]))).collect();
    detail.insert("figures".into(), figures.into());
    tx.record(Event::of_provider(EventKind::GovernanceSigned).detail(detail.into()));
    tx.commit().await?;
    Ok(())
}
