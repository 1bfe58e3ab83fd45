//! What became of an action of a sample: how far along the line it came, with its papers and the lines of its trail.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use super::dice::Dice;
use super::late;
use super::place::{Crew, NATION, Site, Who};
use super::words;
use crate::clock::london_date;
use crate::domain::calendar;
use crate::domain::event::{Event, EventKind};
use crate::domain::standard::{Approver, ClosureStandard};
use crate::domain::topic::{Risk, Theme, Topic};
use crate::ids::{ActionId, FindingId};
use crate::store::sample::rows::{
    ActionRow, Batch, ChangeRow, EventRow, EvidenceRow, RequirementRow, Step, UpdateRow,
};

/// How far an action came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Closed with proof.
    Closed,
    /// Called off.
    Cancelled,
    /// With its owner, past its date.
    Late,
    /// Waiting for verification.
    ToVerify,
    /// Waiting for closure.
    ToClose,
    /// Sent back by the verifier.
    SentBack,
    /// With its owner, in time.
    Going,
    /// Not started.
    New,
}

impl Fate {
    /// Of a hundred 62 closed, 5 cancelled, 12 late; what is younger than two weeks has not come far.
    #[must_use]
    pub fn thrown(dice: &mut Dice, age: TimeDelta) -> Self {
        let thrown = dice.below(100);
        if age < TimeDelta::days(14) {
            return if thrown < 50 { Self::New } else { Self::Going };
        }
        match thrown {
            0..62 => Self::Closed,
            62..67 => Self::Cancelled,
            67..79 => Self::Late,
            79..84 => Self::ToVerify,
            84..87 => Self::ToClose,
            87..89 => Self::SentBack,
            89..96 => Self::Going,
            _ => Self::New,
        }
    }
}

/// An action as it is agreed.
#[derive(Debug)]
pub struct Agreed<'a> {
    /// Id.
    pub id: ActionId,
    /// Number.
    pub number: i32,
    /// Its finding.
    pub finding: FindingId,
    /// Its service.
    pub site: &'a Site,
    /// The finding's risk.
    pub risk: Risk,
    /// The finding's theme.
    pub theme: Theme,
    /// The finding's topic.
    pub topic: Topic,
    /// What closes it.
    pub rule: &'a ClosureStandard,
    /// When it was agreed.
    pub created_at: DateTime<Utc>,
    /// How far it came.
    pub fate: Fate,
}

/// An action under way.
pub(super) struct Course<'a> {
    pub(super) batch: &'a mut Batch,
    pub(super) dice: &'a mut Dice,
    pub(super) crew: &'a Crew,
    pub(super) now: DateTime<Utc>,
    pub(super) agreed: &'a Agreed<'a>,
    pub(super) what: String,
    pub(super) owner: Option<&'a Who>,
    pub(super) due_on: NaiveDate,
    pub(super) evidence: Vec<Value>,
}

/// Writes an action and everything that became of it; whether it has an owner and was not called off.
pub(super) fn run(
    batch: &mut Batch,
    dice: &mut Dice,
    crew: &Crew,
    now: DateTime<Utc>,
    agreed: &Agreed<'_>,
) -> bool {
    let owner = owner(dice, agreed);
    let what = dice.phrase(words::TO_DO).to_owned();
    let due_on = due(dice, agreed, london_date(now));
    let mut course = Course { batch, dice, crew, now, agreed, what, owner, due_on, evidence: Vec::new() };
    course.agree();
    match agreed.fate {
        Fate::New => {}
        Fate::Cancelled => course.cancel(),
        Fate::Going => course.work(0.0, now - TimeDelta::hours(3)),
        Fate::Late => {
            course.work(0.0, now - TimeDelta::hours(30));
            late::overdue(&mut course);
        }
        Fate::Closed | Fate::ToVerify | Fate::ToClose | Fate::SentBack => course.judge(),
    }
    if !matches!(agreed.fate, Fate::Closed | Fate::Cancelled | Fate::Late) {
        late::asked(&mut course);
    }
    owner.is_some() && agreed.fate != Fate::Cancelled
}

/// One owner: most often somebody of the team, sometimes the manager, now and then nobody (R7).
fn owner<'a>(dice: &mut Dice, agreed: &Agreed<'a>) -> Option<&'a Who> {
    if matches!(agreed.fate, Fate::Late | Fate::New) && dice.chance(2) {
        return None;
    }
    let manager = &agreed.site.manager;
    if dice.chance(15) { Some(manager) } else { dice.pick(&agreed.site.staff).or(Some(manager)) }
}

/// A due date that fits how far it came.
fn due(dice: &mut Dice, agreed: &Agreed<'_>, today: NaiveDate) -> NaiveDate {
    let created = london_date(agreed.created_at);
    match agreed.fate {
        Fate::Closed | Fate::Cancelled => {
            calendar::add_working_days(created, agreed.rule.due_days(agreed.risk), NATION)
        }
        Fate::Late => (today - Days::new(1 + dice.below(30))).max(created + Days::new(1)),
        Fate::ToVerify | Fate::ToClose => today - Days::new(6) + Days::new(dice.below(16)),
        Fate::SentBack => today - Days::new(4),
        Fate::Going | Fate::New => today + Days::new(dice.below(28)),
    }
}

impl Course<'_> {
    pub(super) fn event(&self, kind: EventKind) -> Event {
        Event::of_action(kind, self.agreed.id, self.agreed.finding)
    }

    pub(super) fn tell(&mut self, at: DateTime<Utc>, by: Option<&Who>, event: Event) {
        self.batch.events.push(EventRow::new(at, by.map(|who| who.id), event));
    }

    fn agree(&mut self) {
        let a = self.agreed;
        let manager = &a.site.manager;
        let required: Vec<_> = a.rule.evidence_kinds.iter().map(|kind| kind.as_str()).collect();
        let test = self.dice.phrase(words::TESTS).to_owned();
        let event = self
            .event(EventKind::ActionDefined)
            .detail(json!({ "number": a.number, "service": a.site.id, "owner": self.owner.map(|o| o.id), "due_on": self.due_on,
                "follow_up_on": null, "required": required, "approver": a.rule.approver.as_str(),
                "verification_working_days": a.rule.verification_working_days, "risk": a.risk.as_str(), "takes_up_again": null }))
            .text("what", self.what.clone())
            .text("success_test", test.clone())
            .text("owner", self.owner.map(|o| o.name.clone()).unwrap_or_default());
        self.tell(a.created_at, Some(manager), event);
        self.batch
            .requirements
            .extend(required.into_iter().map(|kind| RequirementRow { action_id: a.id, kind }));
        self.batch.actions.push(ActionRow {
            id: a.id,
            number: a.number,
            finding_id: a.finding,
            service_id: a.site.id,
            what: self.what.clone(),
            success_test: test,
            owner_id: self.owner.map(|o| o.id),
            due_on: self.due_on,
            verification_working_days: a.rule.verification_working_days,
            approver: a.rule.approver.as_str(),
            created_by: manager.id,
            created_at: a.created_at,
        });
    }

    /// Progress and evidence between agreement and `until`; every twentieth action has a long story. `share` of the
    /// evidence required is given, all of it at 1.
    pub(super) fn work(&mut self, share: f64, until: DateTime<Utc>) {
        let (a, long) = (self.agreed, self.dice.chance(5));
        let Some(by) = self.owner.or(Some(&a.site.manager)) else { return };
        let notes = if long { 12 + self.dice.below(4) } else { self.dice.below(3) };
        let kinds = if share >= 1.0 { a.rule.evidence_kinds.clone() } else { Vec::new() };
        let steps = i32::try_from(notes).unwrap_or(0) + i32::try_from(kinds.len()).unwrap_or(0);
        let stride = (until - a.created_at) / (steps + 2);
        let mut at = a.created_at + stride;
        let mut started = Step::to(a.id, "in_progress", at);
        if long {
            started.due_on = self.extend(at);
        }
        for _ in 0..notes {
            self.note(at, by);
            at += stride;
        }
        for kind in kinds {
            self.prove(at, by, kind.as_str());
            at += stride;
        }
        started.updated_at = at;
        self.batch.started.push(started);
    }

    fn note(&mut self, at: DateTime<Utc>, by: &Who) {
        let (id, note) = (self.dice.id(at).into(), self.dice.phrase(words::NOTES).to_owned());
        let done_on = london_date(at);
        let facts = json!({ "update": id, "done_on": done_on, "barrier": false, "cycle": 1 });
        let event = self.event(EventKind::UpdateAdded).detail(facts).text("note", note.clone());
        self.tell(at, Some(by), event);
        self.batch.updates.push(UpdateRow {
            id,
            action_id: self.agreed.id,
            author_id: by.id,
            note,
            done_on,
            at,
        });
    }

    fn prove(&mut self, at: DateTime<Utc>, by: &Who, kind: &'static str) {
        let id = self.dice.id(at).into();
        let (title, reference) = self.dice.pick(words::RECORDS).copied().unwrap_or(("Record", "Office"));
        let about_on = london_date(at);
        let facts =
            json!({ "evidence": id, "kind": kind, "form": "reference", "about_on": about_on, "cycle": 1 });
        let event = self
            .event(EventKind::EvidenceAdded)
            .detail(facts)
            .text("title", title)
            .text("reference", reference);
        self.tell(at, Some(by), event);
        self.evidence
            .push(json!({ "id": id, "kind": kind, "title": title, "about_on": about_on, "author": by.id,
            "sha256": null, "file_name": null, "reference": reference }));
        self.batch.evidence.push(EvidenceRow {
            id,
            action_id: self.agreed.id,
            kind,
            author_id: by.id,
            title: title.to_owned(),
            about_on,
            reference: reference.to_owned(),
            at,
        });
    }

    /// A date that was moved once: the row is agreed with the earlier one.
    fn extend(&mut self, at: DateTime<Utc>) -> Option<NaiveDate> {
        let (after, earliest) = (self.due_on, london_date(self.agreed.created_at));
        let before = (after - Days::new(7)).max(earliest);
        if before >= after {
            return None;
        }
        if let Some(row) = self.batch.actions.last_mut() {
            row.due_on = before;
        }
        self.moved(at, before, after, "The delivery came late and nobody could have hurried it.");
        let manager = &self.agreed.site.manager;
        let event = self
            .event(EventKind::DueDateMoved)
            .detail(json!({ "before": before, "after": after, "cycle": 1 }))
            .text("reason", "The delivery came late and nobody could have hurried it.");
        self.tell(at, Some(manager), event);
        Some(after)
    }

    pub(super) fn moved(&mut self, at: DateTime<Utc>, before: NaiveDate, after: NaiveDate, reason: &str) {
        self.batch.changes.push(ChangeRow {
            id: self.dice.id(at),
            action_id: self.agreed.id,
            before: before.to_string(),
            after: after.to_string(),
            reason: reason.to_owned(),
            changed_by: self.agreed.site.manager.id,
            changed_at: at,
        });
    }

    fn cancel(&mut self) {
        let (a, at) = (self.agreed, self.agreed.created_at + TimeDelta::days(5));
        let reason = "The same is done by an action of the service next door, which covers both.";
        let facts = json!({ "cycle": 1, "from": "not_started" });
        let event = self.event(EventKind::Cancelled).detail(facts).text("reason", reason);
        self.tell(at, Some(&a.site.manager), event);
        self.batch.ended.push(Step {
            cancelled_by: Some(a.site.manager.id),
            cancelled_at: Some(at),
            cancel_reason: Some(reason.to_owned()),
            ..Step::to(a.id, "cancelled", at)
        });
    }

    /// The state of the evidence, as the database counts it: what was asked for when it was agreed does not count.
    pub(super) fn evidence_rev(&self) -> i64 {
        i64::try_from(self.evidence.len()).unwrap_or(0)
    }

    /// What a paper judged.
    pub(super) fn judged(&self) -> Value {
        let owners: Vec<Value> = self.owner.iter().map(|o| json!({ "id": o.id, "name": o.name })).collect();
        json!({ "what": self.what, "due_on": self.due_on, "risk": self.agreed.risk.as_str(), "cycle": 1,
            "evidence_rev": self.evidence_rev(), "owners": owners, "evidence": self.evidence,
            "required": self.agreed.rule.evidence_kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>() })
    }

    /// Who checks: the manager, or the quality lead when the manager owns it.
    pub(super) fn verifier(&mut self) -> &'_ Who {
        if self.managers_own() || self.dice.chance(20) {
            &self.crew.quality
        } else {
            &self.agreed.site.manager
        }
    }

    /// Who approves, by the closure standard (R17).
    pub(super) fn closer(&self) -> &'_ Who {
        if self.managers_own() || self.agreed.rule.approver == Approver::QualityLead {
            &self.crew.quality
        } else {
            &self.agreed.site.manager
        }
    }

    fn managers_own(&self) -> bool {
        self.owner.is_some_and(|owner| owner.id == self.agreed.site.manager.id)
    }
}
