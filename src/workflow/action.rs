//! Agreeing an action: what will be different, who sees to it, by when, and what will prove it (R2, R3, R7).

use chrono::NaiveDate;
use serde_json::json;

use super::finding::{OPEN_AGAIN, lock};
use super::recurrence::found_again;
use super::{Actor, Done, Moment, Said, Stop};
use crate::app::AppState;
use crate::domain::access::{Verb, may};
use crate::domain::action::Person;
use crate::domain::calendar::{self, Nation};
use crate::domain::event::{Event, EventKind};
use crate::domain::finding::relation;
use crate::domain::message::MessageKind;
use crate::domain::reference::{Kind, Reference};
use crate::domain::review::Disposition;
use crate::domain::standard::{self, ClosureStandard};
use crate::domain::topic::{EvidenceKind, ReviewKind, Risk, Topic};
use crate::domain::wording::{self, Context, Wording};
use crate::error::AppError;
use crate::ids::{ActionId, FindingId, MemberId, ServiceId};
use crate::store::action::NewAction;
use crate::store::outbox::{Audience, NewMessage};
use crate::store::{TenantTx, action, finding, member, outbox, standard as standards};

/// An action as it is entered.
#[derive(Clone, Debug)]
pub struct Define {
    /// Id, made by the form so that sending it twice agrees one action.
    pub id: ActionId,
    /// What will be different.
    pub what: String,
    /// How success will be tested (R3).
    pub success_test: String,
    /// The one owner; none leaves it visibly unowned (R7).
    pub owner: Option<MemberId>,
    /// The due date; by the closure standard when none.
    pub due_on: Option<NaiveDate>,
    /// Kinds of evidence it must have besides those of the closure standard, which nobody can weaken (R3, R20).
    pub evidence: Vec<EvidenceKind>,
    /// The follow-up audit point, after the due date.
    pub follow_up_on: Option<NaiveDate>,
    /// Why vague wording is kept (R2).
    pub wording_override: Option<String>,
}

/// What an action stands on: its finding, as far as the rules care.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    /// The finding.
    pub finding: FindingId,
    /// Its service.
    pub service: ServiceId,
    /// The service's nation.
    pub nation: Nation,
    /// Its risk.
    pub risk: Risk,
    /// Its topic.
    pub topic: Topic,
    /// The kinds of its sources.
    pub sources: Vec<ReviewKind>,
    /// How the finding had been ended, when this action takes it up again.
    pub reinstates: Option<Disposition>,
}

/// Agrees an action under a finding. On a finding that had been ended without one it takes the finding up again: the
/// earlier reason stays in the trail. The same form sent twice agrees one action.
///
/// # Errors
/// What is wrong, each beside its field; vague wording on a high or critical risk without a manager's reason (R2).
pub async fn define(app: &AppState, by: &Actor, finding_number: i32, new: &Define) -> Done<Reference> {
    super::retrying!(define_once(app, by, finding_number, new))
}

async fn define_once(app: &AppState, by: &Actor, finding_number: i32, new: &Define) -> Done<Reference> {
    let mut tx = by.begin(app).await?;
    let found = lock(&mut tx, by, finding_number, Verb::DefineAction).await?;
    match action::by_id(&mut tx, new.id).await? {
        None => {}
        Some((number, of)) if of == found.id => return Ok(Reference::action(number)),
        Some(_) => return Err(Stop::refused(OPEN_AGAIN)),
    }
    let ended = (found.disposition != Disposition::Actions).then_some(found.disposition);
    if ended.is_some() {
        finding::dispose(&mut tx, found.id, Disposition::Actions, None).await?;
    }
    let ground = Ground {
        finding: found.id,
        service: found.service,
        nation: found.nation,
        risk: found.risk,
        topic: found.topic,
        sources: found.source_kinds(),
        reinstates: ended,
    };
    let number = agree(&mut tx, by, Moment::read(app), &ground, new).await?;
    tx.commit().await?;
    Ok(Reference::action(number))
}

/// Writes the action, its event and the message to its owner; gives its number.
pub(super) async fn agree(
    tx: &mut TenantTx,
    by: &Actor,
    moment: Moment,
    ground: &Ground,
    new: &Define,
) -> Done<i32> {
    may(by.member.role, Verb::DefineAction, relation(&by.member, ground.service, false))
        .map_err(|denial| Stop::at("action", denial.sentence()))?;
    let standards = standards::all(tx).await?;
    let rule = standard::choose(&standards, ground.topic, &ground.sources, ground.risk)
        .ok_or_else(|| AppError::internal("the provider has no closure standard for everything"))?;
    let due = new.due_on.unwrap_or_else(|| {
        calendar::add_working_days(moment.today, rule.due_days(ground.risk), ground.nation)
    });
    let owners = member::possible_owners(tx, ground.service).await?;
    let owner = new.owner.and_then(|id| owners.into_iter().find(|p| p.id == id));
    let said = objections(by, moment, ground, new, due, owner.as_ref());
    if !said.is_empty() {
        return Err(Stop::Refused(said));
    }
    let pointed_out = wording_of(new);
    let number = action::next_number(tx, Kind::Action).await?;
    let written = NewAction {
        id: new.id,
        number,
        finding_id: ground.finding,
        service_id: ground.service,
        what: new.what.clone(),
        success_test: new.success_test.clone(),
        wording_override: new.wording_override.clone().filter(|_| !pointed_out.is_clear()),
        owner_id: owner.as_ref().map(|p| p.id),
        due_on: Some(due),
        follow_up_on: new.follow_up_on,
        required: required(rule, &new.evidence),
        verification_working_days: rule.verification_working_days,
        approver: rule.approver,
        sustain_days: rule.sustain_days.first().copied(),
        measured_improvement: rule.measured_improvement,
    };
    action::insert(tx, &written).await?;
    record_defined(tx, ground, &written, owner.as_ref(), &pointed_out);
    found_again(tx, ground, new.id, moment.today).await?;
    if owner.is_some() {
        let message = NewMessage {
            kind: MessageKind::Assigned,
            audience: Audience::Owner,
            action: new.id,
            escalation: None,
            dedupe_key: format!("assigned {} at first", new.id),
        };
        outbox::queue(tx, &message).await?;
    }
    Ok(number)
}

/// Everything that stands against the action, each beside its field.
fn objections(
    by: &Actor,
    moment: Moment,
    ground: &Ground,
    new: &Define,
    due: NaiveDate,
    owner: Option<&Person>,
) -> Vec<Said> {
    let mut said = Vec::new();
    let mut say = |field, sentence: String| said.push(Said { field: Some(field), sentence });
    if new.owner.is_some() && owner.is_none() {
        say("owner", "Choose somebody who works in this service".into());
    }
    if due < moment.today {
        say("due", "Enter a due date that is not in the past".into());
    }
    if new.follow_up_on.is_some_and(|day| day <= due) {
        say("follow_up", "Enter a follow-up date after the due date".into());
    }
    let found = wording_of(new);
    if found.must_reword(ground.risk.is_high()) {
        let manager = may(by.member.role, Verb::Reword, relation(&by.member, ground.service, false)).is_ok();
        let hint = found
            .vague
            .first()
            .map_or_else(|| wording::Missing::What.sentence().to_owned(), wording::VagueTerm::sentence);
        match &new.wording_override {
            Some(_) if manager => {}
            Some(_) => say("wording_override", "Reword it: only a manager can keep these words".into()),
            None if manager => say("action", format!("{hint} Reword it, or say why not")),
            None => say("action", format!("{hint} Reword it")),
        }
    }
    said
}

/// What there is to say about the wording; owner, date and test have fields of their own.
fn wording_of(new: &Define) -> Wording {
    let context = Context { has_owner: true, has_due_date: true, has_success_test: true };
    wording::check(&new.what, context)
}

/// The kinds of the closure standard and those asked for besides, in their order, each once.
fn required(rule: &ClosureStandard, besides: &[EvidenceKind]) -> Vec<EvidenceKind> {
    let asked = |kind: &EvidenceKind| rule.evidence_kinds.contains(kind) || besides.contains(kind);
    EvidenceKind::ALL.iter().copied().filter(asked).collect()
}

fn record_defined(
    tx: &mut TenantTx,
    ground: &Ground,
    new: &NewAction,
    owner: Option<&Person>,
    pointed_out: &Wording,
) {
    let required: Vec<_> = new.required.iter().map(|k| k.as_str()).collect();
    let facts = json!({
        "number": new.number, "service": new.service_id, "owner": new.owner_id, "due_on": new.due_on,
        "follow_up_on": new.follow_up_on, "required": required, "approver": new.approver.as_str(),
        "verification_working_days": new.verification_working_days, "risk": ground.risk.as_str(), "measured_improvement": new.measured_improvement,
        "takes_up_again": ground.reinstates.map(Disposition::as_str),
    });
    let hints: Vec<String> = pointed_out.vague.iter().map(wording::VagueTerm::sentence).collect();
    tx.record(
        Event::of_action(EventKind::ActionDefined, new.id, ground.finding)
            .detail(facts)
            .text("what", new.what.clone())
            .text("success_test", new.success_test.clone())
            .text("owner", owner.map(|p| p.name.clone()).unwrap_or_default())
            .text("wording_hint", hints.join(" "))
            .text("wording_override", new.wording_override.clone().unwrap_or_default()),
    );
}
