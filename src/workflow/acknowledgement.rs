//! An early-warning sign is put aside with a reason until a day, or shown again (E1 to E17).

use std::sync::Arc;

use serde_json::json;

use super::{Actor, Done, Moment, Said, Stop};
use crate::app::AppState;
use crate::domain::access::{Relation, Verb, may};
use crate::domain::acknowledgement::{self as rule, Given};
use crate::domain::event::{Event, EventKind};
use crate::domain::finding::relation;
use crate::domain::signal::Sign;
use crate::error::AppError;
use crate::store::TenantTx;
use crate::store::acknowledgement::{self as store, Earlier, New, Subject};
use crate::store::signal::{self, About, Asked, Shown, Wanted};

/// Said when nothing is left to put aside.
pub const GONE: &str = "This sign is no longer there, so nothing has to be put aside";

/// A sign about one thing, as a member sees it now.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What it is about.
    pub of: Subject,
    /// Its row; none when it is no longer true.
    pub row: Option<Shown>,
    /// What was said before, newest first.
    pub earlier: Vec<Earlier>,
}

impl Opened {
    /// How often something was said, which a form carries.
    #[must_use]
    pub fn rounds(&self) -> i32 {
        self.earlier.first().map_or(0, |newest| newest.round)
    }
}

/// Opens a sign.
///
/// # Errors
/// What it is about is not there, or not theirs to put aside.
pub async fn open(
    tx: &mut TenantTx,
    by: &Actor,
    today: chrono::NaiveDate,
    (sign, about): (Sign, About),
) -> Result<Opened, AppError> {
    let of = store::subject(tx, about).await?.ok_or(AppError::NotFound)?;
    let stands = of.service.map_or_else(Relation::default, |service| relation(&by.member, service, false));
    may(by.member.role, Verb::AcknowledgeSign, stands).map_err(|_| AppError::NotFound)?;
    let wanted = Wanted::Of(sign, of.id());
    let asked = Asked { member: &by.member, service: of.slug.as_deref(), today, wanted, rows: signal::ROWS };
    let signs = Arc::unwrap_or_clone(signal::read(tx, &asked).await?);
    let row = signs.groups.into_iter().chain(signs.aside).flat_map(|group| group.rows).next();
    let earlier = store::earlier(tx, sign, &of).await?;
    Ok(Opened { of, row, earlier })
}

/// Puts a sign aside, of which this actor saw that `seen` things were said.
///
/// # Errors
/// What is missing; that the sign is gone; that somebody else said something since.
pub async fn acknowledge(
    app: &AppState,
    by: &Actor,
    about: (Sign, About),
    seen: i32,
    given: &Given,
) -> Done<()> {
    let lacking = rule::lacks(given, Moment::read(app).today);
    if !lacking.is_empty() {
        let said =
            |(field, sentence): (&'static str, &str)| Said { field: Some(field), sentence: sentence.into() };
        return Err(Stop::Refused(lacking.into_iter().map(said).collect()));
    }
    super::retrying!(say(app, by, about, seen, Some(given)))
}

/// Shows a sign again that was put aside.
///
/// # Errors
/// That it is gone, or that somebody else said something since.
pub async fn show_again(app: &AppState, by: &Actor, about: (Sign, About), seen: i32) -> Done<()> {
    super::retrying!(say(app, by, about, seen, None))
}

async fn say(
    app: &AppState,
    by: &Actor,
    (sign, about): (Sign, About),
    seen: i32,
    given: Option<&Given>,
) -> Done<()> {
    let today = Moment::read(app).today;
    let mut tx = by.begin(app).await?;
    let opened = open(&mut tx, by, today, (sign, about)).await?;
    let Some(row) = &opened.row else { return Err(Stop::refused(GONE)) };
    let put = given.map(|given| (given.reason.as_str(), given.until));
    let new = New { sign, of: &opened.of, round: seen.saturating_add(1), seen: row, put };
    // nothing to show again unless it is put aside
    if opened.rounds() != seen
        || (put.is_none() && row.aside.is_none())
        || !store::insert(&mut tx, &new).await?
    {
        return Err(Stop::Changed);
    }
    let kind = if put.is_some() { EventKind::SignAcknowledged } else { EventKind::SignShownAgain };
    let mut facts = json!({ "sign": sign.as_str(), "until": put.map(|(_, until)| until) });
    let event = match (opened.of.action, opened.of.finding) {
        (Some(action), Some(finding)) => Event::of_action(kind, action, finding),
        (None, Some(finding)) => Event::of_finding(kind, finding),
        (_, None) => Event::of_provider(kind),
    };
    if let (Some(measure), Some(facts)) = (opened.of.measure, facts.as_object_mut()) {
        facts.insert("measure".to_owned(), json!(measure));
    }
    tx.record(event.detail(facts).text("reason", put.map_or("", |(reason, _)| reason)));
    tx.commit().await?;
    Ok(())
}
