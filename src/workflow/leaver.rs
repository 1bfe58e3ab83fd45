//! Somebody leaves: what they own is handed over in one step, whoever checks and decides next is told, and their
//! sessions end with their place (R7).

use serde_json::json;

use super::change::{Owners, changeable, hand_over};
use super::place::must_manage;
use super::{Actor, Done, Stop};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::event::{Event, EventKind};
use crate::domain::leaver;
use crate::domain::member::{Member, Role};
use crate::domain::message::MessageKind;
use crate::domain::reference::Reference;
use crate::error::AppError;
use crate::ids::{MemberId, ProviderId};
use crate::store::leaver::{self as store, ToCheck, ToDecide};
use crate::store::outbox::{Audience, NewMessage};
use crate::store::scope::Scope;
use crate::store::{TenantTx, member, outbox};

/// One action of the person who leaves, as the form named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handing {
    /// The action's number.
    pub number: i32,
    /// The version the page showed.
    pub seen: i64,
    /// Its new owner; none when it stays without one for now.
    pub to: Option<MemberId>,
}

/// Who leaves, why, and who goes on with what.
#[derive(Clone, Copy, Debug)]
pub struct Leaving<'a> {
    /// Who leaves.
    pub member: MemberId,
    /// Why the work changes hands; kept beside each earlier owner.
    pub reason: &'a str,
    /// Everything they own, as the page showed it.
    pub actions: &'a [Handing],
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// How many actions have a new owner.
    pub handed_over: usize,
    /// How many are shown as unowned now.
    pub unowned: usize,
}

/// What waits for a member: shown before they leave, and told to whoever goes on.
#[derive(Clone, Debug)]
pub struct Behind {
    /// Submitted actions that nobody else may check.
    pub only_checker: Vec<ToCheck>,
    /// Escalations they could decide.
    pub to_decide: Vec<ToDecide>,
}

/// Reads what waits for `leaver`; `others` are the members who stay.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn behind(tx: &mut TenantTx, leaver: &Member, others: &[Member]) -> Result<Behind, sqlx::Error> {
    let scope = Scope::of(leaver);
    let mut only_checker = store::to_check(tx, scope).await?;
    only_checker.retain(|waits| waits.case.only_checked_by(leaver, others));
    let mut to_decide = store::to_decide(tx, scope).await?;
    to_decide.retain(|waits| waits.case.may_be_decided_by(leaver));
    Ok(Behind { only_checker, to_decide })
}

/// Ends a member's place and hands over what they own: all of it or nothing. What no new owner was chosen for is shown
/// as unowned at once.
///
/// # Errors
/// Why the person may not, why a row cannot be handed over so, that they are the last administrator, or that what they
/// own changed since the page was opened.
pub async fn leave(app: &AppState, by: &Actor, leaving: &Leaving<'_>) -> Done<Left> {
    super::retrying!(leave_once(app, by, leaving))
}

async fn leave_once(app: &AppState, by: &Actor, leaving: &Leaving<'_>) -> Done<Left> {
    must_manage(by)?;
    let mut tx = by.begin(app).await?;
    let leaver = member::get(&mut tx, leaving.member).await?.ok_or(AppError::NotFound)?;
    if leaving.reason.trim().is_empty() {
        return Err(Stop::at("reason", "Say why the work changes hands"));
    }
    let owned = store::owned(&mut tx, leaver.id).await?;
    let mut rows = leaving.actions.to_vec();
    rows.sort_unstable_by_key(|row| row.number); // always locked in the same order
    let mut now: Vec<i32> = owned.iter().map(|a| a.number).collect();
    now.sort_unstable();
    if rows.iter().map(|row| row.number).ne(now) {
        return Err(Stop::Changed);
    }
    tx.tell_together();
    let handed_over = hand_all(&mut tx, by, &leaver, &rows, leaving.reason).await?;
    let left = Left { handed_over, unowned: rows.len() - handed_over };
    end(&mut tx, &leaver, leaving.reason, left).await?;
    tx.commit().await?;
    Ok(left)
}

/// Hands each row over by the same rules as one alone. Every row that cannot be is named.
async fn hand_all(
    tx: &mut TenantTx,
    by: &Actor,
    leaver: &Member,
    rows: &[Handing],
    reason: &str,
) -> Done<usize> {
    let mut owners = Owners::default();
    let (mut done, mut refused) = (0, Vec::new());
    for (row, to) in rows.iter().filter_map(|row| Some((row, row.to?))) {
        let case = changeable(tx, by, row.number, row.seen, Verb::Reassign, reason).await?;
        let people = owners.of(tx, case.action.service_id, Some(leaver.id)).await?;
        match hand_over(tx, &case.action, to, people, reason).await {
            Ok(()) => done += 1,
            Err(Stop::Refused(said)) => {
                let why: Vec<String> = said.into_iter().map(|s| s.sentence).collect();
                refused.push(format!("{}: {}", Reference::action(row.number), why.join(". ")));
            }
            Err(stop) => return Err(stop),
        }
    }
    if refused.is_empty() { Ok(done) } else { Err(Stop::at("actions", refused.join(". "))) }
}

/// Ends a member's place without anybody signed in, from the operator's keyboard and in the demo: what they owned is
/// shown as unowned at once. Returns how much that is.
///
/// # Errors
/// There is no such member, they are the last administrator, or the database was lost.
pub async fn end_by_operator(app: &AppState, provider: ProviderId, id: MemberId, reason: &str) -> Done<Left> {
    super::retrying!(end_by_operator_once(app, provider, id, reason))
}

async fn end_by_operator_once(
    app: &AppState,
    provider: ProviderId,
    id: MemberId,
    reason: &str,
) -> Done<Left> {
    let mut tx = TenantTx::begin(&app.db, provider, None, app.clock.now()).await?;
    let leaver = member::get(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    let unowned = store::owned(&mut tx, id).await?.len();
    let left = Left { handed_over: 0, unowned };
    end(&mut tx, &leaver, reason, left).await?;
    tx.commit().await?;
    Ok(left)
}

/// The end itself: told to those who go on, and the sessions are gone with the place (migrations/0001).
async fn end(tx: &mut TenantTx, leaver: &Member, reason: &str, left: Left) -> Done<()> {
    keep_an_administrator(tx, leaver.id, None).await?;
    let mut others = member::all(tx).await?;
    others.retain(|m| m.id != leaver.id);
    let behind = behind(tx, leaver, &others).await?;
    tell_those_who_go_on(tx, leaver, &others, &behind).await?;
    member::end(tx, leaver.id).await?.ok_or(AppError::NotFound)?;
    let facts = json!({ "member": leaver.id, "role": leaver.role.as_str(), "handed_over": left.handed_over,
        "unowned": left.unowned, "nobody_else_checks": behind.only_checker.len(), "undecided": behind.to_decide.len() });
    tx.record(
        Event::of_provider(EventKind::MemberLeft)
            .detail(facts)
            .text("name", leaver.name.clone())
            .text("reason", reason),
    );
    Ok(())
}

/// Decisions belong to roles, not to names: when no manager stays for what waits, whoever is next is told, resolved when
/// the message is sent. What went to leadership, and what others may check, they have heard of already.
async fn tell_those_who_go_on(
    tx: &mut TenantTx,
    leaver: &Member,
    others: &[Member],
    behind: &Behind,
) -> Result<(), sqlx::Error> {
    for waits in behind.to_decide.iter().filter(|waits| waits.case.passes_on(leaver, others)) {
        let message = NewMessage {
            kind: MessageKind::Escalated,
            audience: Audience::Manager,
            action: waits.action,
            escalation: Some(waits.id),
            dedupe_key: format!("escalation {} after {}", waits.id, leaver.id),
        };
        outbox::queue(tx, &message).await?;
    }
    Ok(())
}

/// Stops the last administrator from leaving or becoming something else. Two who try at once are looked at one after
/// the other; the database holds the same rule (migrations/0008).
pub(super) async fn keep_an_administrator(tx: &mut TenantTx, id: MemberId, after: Option<Role>) -> Done<()> {
    let administrators = member::lock_administrators(tx).await?;
    // read after the wait: whoever was here before it may be gone
    let before = member::get(tx, id).await?.ok_or(AppError::NotFound)?.role;
    leaver::keeps_an_administrator(before, after, administrators).map_err(Stop::refused)
}
