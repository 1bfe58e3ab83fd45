//! Merging a duplicate into the action that stays (R28): its papers stay readable where they are, both trails say so, and
//! it is never taken up again.

use serde_json::json;

use super::tell::tell_owner_of_anothers;
use super::{Actor, Done, Stop};
use crate::app::AppState;
use crate::domain::closure::Case;
use crate::domain::event::{Event, EventKind};
use crate::domain::merging::{MergeRefusal, may_merge};
use crate::domain::message::MessageKind;
use crate::error::AppError;
use crate::store::{TenantTx, action, case, merging as store};

/// Merges action `number`, in the version the page showed, into action `into`.
///
/// # Errors
/// Why the person may not, or why the other one cannot stay in its place; that it changed meanwhile.
pub async fn merge(app: &AppState, by: &Actor, number: i32, seen: i64, into: i32, reason: &str) -> Done<()> {
    super::retrying!(merge_once(app, by, number, seen, into, reason))
}

async fn merge_once(app: &AppState, by: &Actor, number: i32, seen: i64, into: i32, reason: &str) -> Done<()> {
    let refused = |refusal: MergeRefusal| match refusal {
        MergeRefusal::Denied(_) => Stop::refused(refusal.sentence()),
        MergeRefusal::NoReason => Stop::at("reason", refusal.sentence()),
        _ => Stop::at("into", refusal.sentence()),
    };
    if number == into {
        return Err(refused(MergeRefusal::Itself));
    }
    let mut tx = by.begin(app).await?;
    // always locked in the same order
    let (first, second) = (number.min(into), number.max(into));
    let (first, second) = (locked(&mut tx, by, first).await?, locked(&mut tx, by, second).await?);
    let (from, stays) = if number < into { (first, second) } else { (second, first) };
    let from = from.ok_or(AppError::NotFound)?;
    // what they do not see is not there for them
    let stays = stays.ok_or_else(|| refused(MergeRefusal::OtherService))?;
    if from.action.version != seen {
        return Err(Stop::Changed);
    }
    let undecided = store::undecided(&mut tx, from.action.id).await?;
    may_merge(&by.member, &from, undecided, &stays).map_err(refused)?;
    if reason.trim().is_empty() {
        return Err(refused(MergeRefusal::NoReason));
    }
    store::merge(&mut tx, from.action.id, stays.action.id, reason).await?;
    // whoever has the page of the one that stays open is told that it changed
    let touched = action::Change { touched: true, ..action::Change::default() };
    action::change(&mut tx, stays.action.id, &touched).await?;
    record(&mut tx, &from, &stays, reason);
    tell_owner_of_anothers(&mut tx, by, &from.action, MessageKind::CalledOff).await?;
    tx.commit().await?;
    Ok(())
}

async fn locked(tx: &mut TenantTx, by: &Actor, number: i32) -> Result<Option<Case>, sqlx::Error> {
    Ok(case::lock(tx, number).await?.filter(|case| case.visible_to(&by.member)))
}

fn record(tx: &mut TenantTx, from: &Case, stays: &Case, reason: &str) {
    let (gone, kept) = (&from.action, &stays.action);
    let pieces = from.pieces.iter().filter(|p| !p.withdrawn).count();
    let facts = json!({ "into": kept.number, "cycle": gone.cycle, "from": gone.status.as_str() });
    tx.record(
        Event::of_action(EventKind::MergedInto, gone.id, gone.finding_id)
            .detail(facts)
            .text("reason", reason),
    );
    let facts = json!({ "merged": gone.number, "cycle": kept.cycle, "evidence": pieces });
    tx.record(
        Event::of_action(EventKind::TookIn, kept.id, kept.finding_id).detail(facts).text("reason", reason),
    );
}
