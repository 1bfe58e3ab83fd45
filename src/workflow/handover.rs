//! Several actions change hands at once, for one reason (R7, R8): each row by the rules and the version of one alone, all
//! of them or none. Nothing is verified or closed this way (R18a): what was submitted or verified goes back in progress.
//!
//! All or none, because whoever hands over twelve actions has one thing in mind: a page that comes back with three left
//! would leave them to find out which, and the reason would stand beside some and not beside others. What cannot go is
//! named with its reason and loses its tick, so that sending once more does the rest.

use super::change::{Owners, changeable, hand_over};
use super::{Actor, Done, Stop};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::change::ChangeRefusal;
use crate::domain::reference::Reference;
use crate::ids::MemberId;
use crate::store::TenantTx;

/// Said of a row that is not any more what the page showed.
const CHANGED: &str = "It changed since you opened this page. Look at it again, then tick it";

/// One action to hand over, as the form named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The action's number.
    pub number: i32,
    /// The version the page showed.
    pub seen: i64,
}

/// Why one of them cannot go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The action.
    pub action: Reference,
    /// Why, as a sentence without its full stop.
    pub sentence: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// All have the new owner: how many.
    All(usize),
    /// Nothing was changed: these cannot go, in the order of their numbers.
    Nothing(Vec<Refusal>),
}

/// Gives all of `rows` to another owner, or none of them.
///
/// # Errors
/// No reason, or nothing to hand over; an action that is not there for this person.
pub async fn reassign_many(
    app: &AppState,
    by: &Actor,
    rows: &[Row],
    to: MemberId,
    reason: &str,
) -> Done<Handed> {
    super::retrying!(reassign_many_once(app, by, rows, to, reason))
}

async fn reassign_many_once(
    app: &AppState,
    by: &Actor,
    rows: &[Row],
    to: MemberId,
    reason: &str,
) -> Done<Handed> {
    if reason.trim().is_empty() {
        return Err(Stop::at("reason", ChangeRefusal::NoReason.sentence()));
    }
    let mut rows = rows.to_vec();
    rows.sort_unstable(); // always locked in the same order
    rows.dedup_by_key(|row| row.number);
    if rows.is_empty() {
        return Err(Stop::at("action", "Tick what changes hands"));
    }
    let mut tx = by.begin(app).await?;
    tx.tell_together();
    let mut owners = Owners::default();
    let mut refused = Vec::new();
    for row in &rows {
        let sentence = match one(&mut tx, by, *row, to, reason, &mut owners).await {
            Ok(()) => continue,
            Err(Stop::Refused(said)) => said.into_iter().map(|s| s.sentence).collect::<Vec<_>>().join(". "),
            Err(Stop::Changed) => CHANGED.to_owned(),
            Err(stop) => return Err(stop),
        };
        refused.push(Refusal { action: Reference::action(row.number), sentence });
    }
    if !refused.is_empty() {
        return Ok(Handed::Nothing(refused));
    }
    tx.commit().await?;
    Ok(Handed::All(rows.len()))
}

async fn one(
    tx: &mut TenantTx,
    by: &Actor,
    row: Row,
    to: MemberId,
    reason: &str,
    owners: &mut Owners,
) -> Done<()> {
    let case = changeable(tx, by, row.number, row.seen, Verb::Reassign, reason).await?;
    let possible = owners.of(tx, case.action.service_id, None).await?;
    hand_over(tx, &case.action, to, possible, reason).await
}
