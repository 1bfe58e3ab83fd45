//! The nominated individual's word on actions of high and critical findings (R18).

use serde_json::json;

use super::verification::{SentBack, escalate, seen_case, send_back};
use super::{Actor, Done, Moment, Said, Stop};
use crate::app::AppState;
use crate::domain::action::Status;
use crate::domain::assurance::{AssuranceRefusal, Word, may_assure, weigh};
use crate::domain::closure::AssuranceDecision;
use crate::domain::escalation::Cause;
use crate::domain::event::{Event, EventKind};
use crate::store::{action, assurance, judged};

/// Records assurance, or a challenge that sends the action back to its owner and is escalated.
///
/// # Errors
/// Why the person may not, or what the word lacks; that the action changed meanwhile.
pub async fn record(app: &AppState, by: &Actor, number: i32, seen: i64, word: &Word) -> Done<()> {
    super::retrying!(record_once(app, by, number, seen, word))
}

async fn record_once(app: &AppState, by: &Actor, number: i32, seen: i64, word: &Word) -> Done<()> {
    let today = Moment::read(app).today;
    let mut tx = by.begin(app).await?;
    let case = seen_case(&mut tx, by, number, seen).await?;
    may_assure(&by.member, &case).map_err(|refusal| Stop::Refused(vec![said(&refusal)]))?;
    weigh(word, today).map_err(|refusals| Stop::Refused(refusals.iter().map(said).collect()))?;
    let looked_at = judged::snapshot(&mut tx, case.action.id).await?;
    let id = assurance::insert(&mut tx, &case.action, word, &looked_at).await?;
    let challenged = word.decision == AssuranceDecision::Challenged;
    let facts = json!({ "assurance": id, "cycle": case.action.cycle, "decision": word.decision.as_str(),
        "new_due_on": word.new_due_on.filter(|_| challenged) });
    tx.record(
        Event::of_action(EventKind::AssuranceRecorded, case.action.id, case.action.finding_id)
            .detail(facts)
            .text("note", word.note.clone()),
    );
    if challenged {
        let back = SentBack { to: Status::SentBack, due_on: word.new_due_on, reason: &word.note };
        send_back(&mut tx, &case.action, &back).await?;
        escalate(&mut tx, &case.action, Cause::Challenged).await?;
    } else {
        let touched = action::Change { touched: true, ..action::Change::default() };
        action::change(&mut tx, case.action.id, &touched).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn said(refusal: &AssuranceRefusal) -> Said {
    let field = match refusal {
        AssuranceRefusal::NoNote => Some("note"),
        AssuranceRefusal::NoNewDate => Some("due"),
        _ => None,
    };
    Said { field, sentence: refusal.sentence() }
}
