//! Verifying: somebody independent says whether it was done, and whether it worked (R15, R16, R17).

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::escalation::raise_for;
use super::root_cause::open_for_ineffective;
use super::tell::tell_owner;
use super::{Actor, Done, Moment, Said, Stop};
use crate::app::AppState;
use crate::domain::action::{Action, Status};
use crate::domain::closure::Case;
use crate::domain::escalation::{self, Cause, Level};
use crate::domain::event::{Event, EventKind};
use crate::domain::message::MessageKind;
use crate::domain::topic::EvidenceKind;
use crate::domain::verification::{
    Capacity, Consequence, EscalateBecause, Outcome, Verdict, VerdictRefusal, capacity, weigh,
};
use crate::error::AppError;
use crate::ids::VerificationId;
use crate::store::action::{self, Change};
use crate::store::change::{self, Field, NewChange};
use crate::store::{TenantTx, case, judged, member, verification};

/// Records a verdict on what was submitted, and what follows from it: it waits for closure, goes back to its owner, or
/// begins anew and is escalated. `seen` is the version of the action the verifier looked at.
///
/// # Errors
/// Why the person may not check this or the verdict is not accepted; that it changed meanwhile.
pub async fn verify(
    app: &AppState,
    by: &Actor,
    number: i32,
    seen: i64,
    verdict: &Verdict,
) -> Done<Consequence> {
    super::retrying!(verify_once(app, by, number, seen, verdict))
}

async fn verify_once(
    app: &AppState,
    by: &Actor,
    number: i32,
    seen: i64,
    verdict: &Verdict,
) -> Done<Consequence> {
    let today = Moment::read(app).today;
    let mut tx = by.begin(app).await?;
    let case = seen_case(&mut tx, by, number, seen).await?;
    let verdict = &as_it_counts(&mut tx, by, &case, verdict).await?;
    let follows = weigh(verdict, &case.action, &case.required, today)
        .map_err(|refusals| Stop::Refused(refusals.iter().map(said).collect()))?;
    let looked_at = judged::snapshot(&mut tx, case.action.id).await?;
    let id = verification::insert(&mut tx, &case.action, verdict, &looked_at).await?;
    let facts = json!({ "verification": id, "cycle": case.action.cycle, "outcome": verdict.outcome.as_str(),
        "method": verdict.method.as_str(), "sample_size": verdict.sample_size, "met_standard": verdict.met_standard,
        "marks": marks(verdict), "new_due_on": verdict.new_due_on.filter(|_| verdict.outcome != Outcome::Complete) });
    tx.record(
        Event::of_action(EventKind::Verified, case.action.id, case.action.finding_id)
            .detail(facts)
            .text("note", verdict.note.clone())
            .text("missing", verdict.missing.clone().unwrap_or_default())
            .text("exception_reason", verdict.exception_reason.clone().unwrap_or_default()),
    );
    take_effect(&mut tx, &case.action, id, verdict, follows).await?;
    tx.commit().await?;
    Ok(follows)
}

/// The verdict without a reason for an exception that its giver does not need (R15).
async fn as_it_counts(tx: &mut TenantTx, by: &Actor, case: &Case, verdict: &Verdict) -> Done<Verdict> {
    let action = &case.action;
    let people = member::possible_owners(tx, action.service_id).await?;
    let home: Vec<_> = people.iter().map(|p| (p.id, p.role)).collect();
    let reason = verdict.exception_reason.is_some();
    let capacity = capacity(&by.member, action, &case.owners, &case.pieces, &home, reason)
        .map_err(|refusal| Stop::Refused(vec![said(&refusal)]))?;
    let kept = verdict.exception_reason.clone().filter(|_| capacity == Capacity::Exception);
    Ok(Verdict { exception_reason: kept, ..verdict.clone() })
}

/// The action after the verdict: status, cycle and date, the message to its owner, the escalations, the question why.
async fn take_effect(
    tx: &mut TenantTx,
    action: &Action,
    id: VerificationId,
    verdict: &Verdict,
    follows: Consequence,
) -> Result<(), sqlx::Error> {
    if follows.status == Status::Verified {
        let done = Change { status: Some(follows.status), touched: true, ..Change::default() };
        return action::change(tx, action.id, &done).await;
    }
    let reason = verdict.missing.as_deref().unwrap_or(&verdict.note);
    let back = SentBack { to: follows.status, due_on: verdict.new_due_on, reason };
    send_back(tx, action, &back).await?;
    match follows.escalate {
        Some(EscalateBecause::Ineffective) => {
            // it is the new cycle that waits for a decision: what is undecided in an earlier one is history
            let again = Action { cycle: action.cycle + 1, ..action.clone() };
            escalate(tx, &again, Cause::Ineffective).await?;
            open_for_ineffective(tx, action, id).await
        }
        Some(EscalateBecause::Mixed) => escalate(tx, action, Cause::MixedEvidence).await,
        None => Ok(()),
    }
}

/// How an action goes back to its owner.
#[derive(Clone, Copy, Debug)]
pub(super) struct SentBack<'a> {
    /// Sent back, or ineffective, which begins a new cycle.
    pub to: Status,
    /// Its new due date.
    pub due_on: Option<NaiveDate>,
    /// Why, kept beside the earlier date (R6).
    pub reason: &'a str,
}

/// Gives the action back with a new date and tells its owner. Within the same cycle the date counts as an extension.
pub(super) async fn send_back(
    tx: &mut TenantTx,
    action: &Action,
    back: &SentBack<'_>,
) -> Result<(), sqlx::Error> {
    let new_cycle = back.to == Status::Ineffective;
    let moved = back.due_on.filter(|d| Some(*d) != action.due_on);
    if let Some(due_on) = moved {
        let (before, after) = (action.due_on.map(|d| d.to_string()), due_on.to_string());
        let reason: String = back.reason.chars().take(2000).collect();
        let new =
            NewChange { field: Field::DueOn, before: before.as_deref(), after: &after, reason: &reason };
        change::insert(tx, action.id, action.cycle, new).await?;
    }
    let change = Change {
        status: Some(back.to),
        new_cycle,
        due_on: moved,
        extension: moved.is_some() && !new_cycle,
        touched: true,
        ..Change::default()
    };
    action::change(tx, action.id, &change).await?;
    tell_owner(tx, action, MessageKind::SentBack).await
}

/// R12, R14: to the registered manager, and at once to leadership when the risk is high or safeguarding is concerned.
pub(super) async fn escalate(tx: &mut TenantTx, action: &Action, cause: Cause) -> Result<(), sqlx::Error> {
    raise_for(tx, action, Level::Manager, cause).await?;
    if action.risk.is_high() || escalation::concerns_safeguarding(action.theme, action.topic) {
        raise_for(tx, action, Level::Leadership, cause).await?;
    }
    Ok(())
}

/// Locks an action for a judging deed: one this person may see, in the version their page showed.
pub(super) async fn seen_case(tx: &mut TenantTx, by: &Actor, number: i32, seen: i64) -> Done<Case> {
    let case =
        case::lock(tx, number).await?.filter(|case| case.visible_to(&by.member)).ok_or(AppError::NotFound)?;
    if case.action.version == seen { Ok(case) } else { Err(Stop::Changed) }
}

fn marks(verdict: &Verdict) -> Value {
    let marks: Map<String, Value> =
        verdict.marks.iter().map(|(kind, mark)| (kind.as_str().to_owned(), mark.as_str().into())).collect();
    Value::Object(marks)
}

/// The field of the form in which a kind of evidence is marked.
#[must_use]
pub const fn mark_field(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::Record => "mark-record",
        EvidenceKind::AuditSample => "mark-audit_sample",
        EvidenceKind::Feedback => "mark-feedback",
        EvidenceKind::ObservedPractice => "mark-observed_practice",
        EvidenceKind::Briefing => "mark-briefing",
        EvidenceKind::Data => "mark-data",
    }
}

fn said(refusal: &VerdictRefusal) -> Said {
    let field = match refusal {
        VerdictRefusal::Denied(_) | VerdictRefusal::NotSubmitted(_) => None,
        VerdictRefusal::ManagersAction | VerdictRefusal::NotOneManagerHome => Some("exception"),
        VerdictRefusal::Unmarked(kinds) | VerdictRefusal::NotSupported(kinds) => {
            kinds.first().map(|k| mark_field(*k))
        }
        VerdictRefusal::NothingMet | VerdictRefusal::MoreMetThanSampled => Some("met"),
        VerdictRefusal::NothingMissing => Some("missing"),
        VerdictRefusal::NoNewDate => Some("due"),
    };
    Said { field, sentence: refusal.sentence() }
}
