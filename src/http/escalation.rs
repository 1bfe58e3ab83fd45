//! An escalation and the form that records the decision on it (R13, R13a). What waits for one is in [`list`].

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;

use crate::app::AppState;
use crate::domain::access::{self, Verb};
use crate::domain::action::{Action, Person};
use crate::domain::closure::Case;
use crate::domain::control::{ControlDays, Stands};
use crate::domain::escalation::{
    Cause, Decision, DecisionGiven, IS_HISTORY, Lateness, Level, NotTheirs, may_decide, why,
};
use crate::domain::event::EventKind;
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner::Done;
use crate::http::extract::Path;
use crate::http::form::{Choice, Draft};
use crate::http::opened::standing_fields;
use crate::http::page::{self, Layout};
use crate::http::pill::pill;
use crate::http::signed::Signed;
use crate::http::stale::{Carried, Comparison, Field, Standing};
use crate::http::verb::{Answer, answer};
use crate::http::view::{Facts, Tag};
use crate::ids::EscalationId;
use crate::store::escalation::{self as store, Open};
use crate::store::escalation_list::{self as lists, Around, Barrier, ControlNow, Kept};
use crate::store::{case, trail};
use crate::workflow::{self, Moment};

/// What was decided, and what that saw.
mod kept;
/// What waits, and what was decided.
mod list;
/// The log of a service.
mod log;

use kept::{Earlier, earlier};

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    list::routes()
        .merge(log::routes())
        .get("/p/{provider}/escalations/{escalation}", show)
        .post("/p/{provider}/escalations/{escalation}", decide)
}

const fn level_words(level: Level) -> &'static str {
    match level {
        Level::Manager => "escalated to the registered manager",
        Level::QualityLead => "escalated to the quality lead",
        Level::Leadership => "escalated to the quality lead and nominated individual",
        Level::Nominated => "escalated to the nominated individual",
    }
}

/// The most lines of the trail that may be told as what is new.
const NEWEST: i64 = 50;

#[derive(Template)]
#[template(path = "escalation/show.html")]
struct ShowPage {
    layout: Layout,
    draft: Draft,
    action: String,
    back: String,
    caption: String,
    title: String,
    why: String,
    asks: [&'static str; 2],
    tag: Tag,
    facts: Facts,
    barrier: Option<Barrier>,
    barrier_by: String,
    control: Option<Control>,
    must_check: bool,
    earlier: Vec<Earlier>,
    choices: Vec<Choice>,
    refusal: Option<&'static str>,
    changed: Option<Comparison>,
    carried: Carried,
}

/// The newest interim control, in words.
struct Control {
    control: String,
    days: String,
    check_late: bool,
    ended: bool,
}

impl Control {
    fn of(now: &ControlNow, today: NaiveDate) -> Self {
        let stands = now.days.stands(today);
        Self {
            control: now.control.clone(),
            days: now.days.sentence(today),
            check_late: stands == Stands::CheckLate,
            ended: stands == Stands::Ended,
        }
    }
}

/// Everything the form shows.
struct Seen {
    open: Open,
    case: Case,
    around: Around,
    decisions: Vec<Kept>,
}

impl Seen {
    /// What it looks like now, as the form carries it.
    fn standing(&self) -> Standing {
        let mut fields = standing_fields(&self.case);
        let barrier = self.around.barrier.as_ref().map(|b| b.barrier.clone()).unwrap_or_default();
        let decided =
            self.decisions.iter().map(|d| format!("{}, by {}", d.decided.decision.label(), d.decided.by));
        let (label, by) = ("What is in the way", &[EventKind::UpdateAdded][..]);
        fields.push(Field { key: "barrier", label, value: barrier, by });
        let (label, by) = ("Decisions", &[EventKind::EscalationDecided][..]);
        let value = decided.collect::<Vec<_>>().join("\n");
        fields.push(Field { key: "decisions", label, value, by });
        Standing { version: self.case.action.version, line: self.open.line, fields }
    }
}

async fn look(signed: &Signed, app: &AppState, id: EscalationId) -> Result<Seen, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let open = store::get(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    let case = case::read(&mut tx, open.action_number).await?.ok_or(AppError::NotFound)?;
    let relation = case.relation(&signed.actor.member);
    access::may(signed.role(), Verb::SeeEscalations, relation).map_err(|_| AppError::NotYours)?;
    let around = lists::around(&mut tx, case.action.id, case.action.cycle).await?;
    let decisions = lists::decisions(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Seen { open, case, around, decisions })
}

async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, EscalationId)>,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeEscalations)?;
    let seen = look(&signed, &app, id).await?;
    page::render(&form(&signed, &app, id, &seen, Draft::new(), Carried::of(&seen.standing())))
}

async fn decide(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, EscalationId)>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::SeeEscalations)?;
    let carried = Carried::read(&draft);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(given) = read(&mut draft).filter(|_| draft.is_ok()) {
        let deed = workflow::escalation::decide(&app, &signed.actor, id, carried.version, &given).await;
        match answer(deed, &mut draft)? {
            Answer::Done(number) => {
                let on = Reference::action(number).to_string();
                return Ok(page::done(&signed.path("escalations"), Done::DecisionRecorded, &on));
            }
            Answer::Again(again) => status = again,
        }
    }
    let seen = look(&signed, &app, id).await?;
    if status != StatusCode::CONFLICT {
        return page::render_as(status, &form(&signed, &app, id, &seen, draft, carried));
    }
    let mut tx = signed.actor.begin(&app).await?;
    let lines = trail::of_action(&mut tx, seen.case.action.id, NEWEST).await?;
    tx.commit().await?;
    let due = draft.clone().optional_date("revised_due_on").map(words::date).unwrap_or_default();
    let now = seen.standing();
    let changed = carried.beside(&now, &[("due", due)], &lines);
    let mut page = form(&signed, &app, id, &seen, draft, Carried::of(&now));
    page.layout = page.layout.with_errors(true);
    page.changed = Some(changed);
    page::render_as(status, &page)
}

fn read(draft: &mut Draft) -> Option<DecisionGiven> {
    let decision = draft.choice::<Decision>("decision", "Choose what you decide");
    let [risk, delay_reason, support_needed, interim_control, because] =
        ["risk", "delay_reason", "support_needed", "interim_control", "because"]
            .map(|field| draft.optional_text(field, 2000).unwrap_or_default());
    let revised_due_on = draft.optional_date("revised_due_on");
    let [from, check_on, until] =
        ["control_from", "control_check_on", "control_until"].map(|field| draft.optional_date(field));
    Some(DecisionGiven {
        decision: decision?,
        risk,
        delay_reason,
        support_needed,
        revised_due_on,
        interim_control,
        control: ControlDays { from, check_on, until },
        because,
    })
}

fn form(
    signed: &Signed,
    app: &AppState,
    id: EscalationId,
    seen: &Seen,
    draft: Draft,
    carried: Carried,
) -> ShowPage {
    let today = Moment::read(app).today;
    let action = &seen.case.action;
    let reference = action.reference().to_string();
    ShowPage {
        layout: signed
            .layout("Record a decision")
            .at(&signed.path("escalations"))
            .with_errors(!draft.is_ok()),
        action: signed.path(&format!("escalations/{id}")),
        back: signed.path("escalations"),
        caption: format!("Escalation of action {reference}"),
        title: action.what.clone(),
        why: format!(
            "{}. It was {}.",
            why(seen.open.cause, seen.open.due_on, &seen.open.upon),
            level_words(seen.open.level)
        ),
        asks: asks(seen.open.cause),
        tag: pill(action.state(today, seen.decisions.is_empty()), today),
        facts: facts(signed, action),
        barrier_by: seen
            .around
            .barrier
            .as_ref()
            .map(|b| format!("{}, {}", b.by, words::instant(b.at)))
            .unwrap_or_default(),
        barrier: seen.around.barrier.clone(),
        control: seen.around.control.as_ref().map(|c| Control::of(c, today)),
        earlier: earlier(seen, today),
        must_check: action.overdue(today) && action.risk.is_high(),
        choices: vec![
            Choice::new(Decision::Act.as_str(), "Act on it")
                .hint("Say the risk, why it is late, and what keeps people safe meanwhile."),
            Choice::new(Decision::NoEscalation.as_str(), "No escalation needed")
                .hint("Say why. This is a decision too, and stays on the record."),
        ],
        refusal: refusal(signed, seen),
        changed: None,
        carried,
        draft,
    }
}

fn facts(signed: &Signed, action: &Action) -> Facts {
    let reference = action.reference().to_string();
    let times = words::count_of(action.extensions.unsigned_abs(), "time", "times");
    let href = signed.path(&format!("actions/{reference}"));
    Facts::new()
        .linked("Action", reference, href)
        .fact("Owner", action.owner.as_ref().map_or_else(|| "Nobody owns it".into(), Person::with_title))
        .fact("Due", action.due_on.map_or_else(|| "No date".into(), words::date))
        .fact("Moved", if action.extensions > 0 { times } else { String::new() })
        .fact("Risk", action.risk.label())
        .fact("Topic", action.topic.label())
}

/// Why there is no form: who decides instead, or that nothing is left to decide.
fn refusal(signed: &Signed, seen: &Seen) -> Option<&'static str> {
    let action = &seen.case.action;
    let lateness = Lateness::of(signed.actor.member.id, action.owner.as_ref().map(|o| (o.id, o.role)));
    if !action.status.open() || seen.open.cycle != action.cycle {
        return Some(IS_HISTORY);
    }
    may_decide(signed.role(), seen.open.level, lateness).err().map(NotTheirs::sentence)
}

/// What the decision asks about the risk and the reason, in the words of what raised the escalation (R13, R14).
const fn asks(cause: Cause) -> [&'static str; 2] {
    match cause {
        Cause::Overdue | Cause::EvidenceMissing => {
            ["What could happen while this is late?", "Why is it late?"]
        }
        Cause::VerificationLate => {
            ["What could happen while this is not checked?", "Why was it not checked in time?"]
        }
        Cause::Ineffective => ["What could happen until it works?", "Why did it not work?"],
        Cause::MixedEvidence => {
            ["What could happen until this is clear?", "Why does the evidence point both ways?"]
        }
        Cause::Challenged => ["What could happen until this is settled?", "Why was it challenged?"],
        Cause::Recurrence => ["What could happen until this stays right?", "Why did it come back?"],
        Cause::HighRisk => {
            ["What could happen until this is put right?", "What stands in the way of putting it right?"]
        }
        Cause::WeeklyReview => {
            ["What could happen until this is settled?", "Why could it not be settled before?"]
        }
        Cause::ClosureAudit => {
            ["What could happen until this is proven?", "Why was it closed on this evidence?"]
        }
    }
}
