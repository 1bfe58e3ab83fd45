//! From "it is done" to a proven closure: submission, verification, assurance, closure.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::course::{Course, Fate};
use super::late;
use super::place::{NATION, Who};
use super::words;
use crate::clock::{london_date, london_hour};
use crate::domain::calendar;
use crate::domain::escalation::Cause;
use crate::domain::event::EventKind;
use crate::ids::{SustainCheckId, VerificationId};
use crate::store::sample::rows::{AssuranceRow, CheckRow, ClosureRow, Held, Step, VerificationRow};

/// When an action was submitted, verified and closed.
struct Days3 {
    submitted: DateTime<Utc>,
    verified: DateTime<Utc>,
    closed: DateTime<Utc>,
}

impl Course<'_> {
    /// Everything after the work, as far as it came.
    pub(super) fn judge(&mut self) {
        let when = self.when();
        self.work(1.0, when.submitted);
        let verify_by = self.submit(when.submitted);
        let today = london_date(self.now);
        let fate = self.agreed.fate;
        if fate == Fate::ToVerify {
            if verify_by < today {
                late::escalate(self, verify_by, Cause::VerificationLate);
            }
            return;
        }
        let verifier = self.verifier().clone();
        let verification = self.verify(&verifier, when.verified);
        if fate == Fate::SentBack {
            return self.send_back(when.verified);
        }
        let waiting = Step {
            submitted_at: Some(when.submitted),
            verify_by: Some(verify_by),
            ..Step::to(self.agreed.id, "verified", when.verified)
        };
        self.batch.judged.push(waiting.clone());
        if fate == Fate::Closed {
            self.close(waiting, (verification, &verifier), when.closed);
        }
    }

    fn when(&mut self) -> Days3 {
        let (created, age) = (self.agreed.created_at, self.now - self.agreed.created_at);
        let hours = |n: u64| TimeDelta::hours(i64::try_from(n).unwrap_or(0));
        match self.agreed.fate {
            Fate::Closed => {
                let span = (age * 4 / 5).min(TimeDelta::days(6) + hours(self.dice.below(30 * 24)));
                Days3 {
                    submitted: created + span * 3 / 5,
                    verified: created + span * 4 / 5,
                    closed: created + span,
                }
            }
            Fate::ToVerify => {
                let at = self.now - hours(2 + self.dice.below(10 * 24));
                Days3 { submitted: at, verified: at, closed: at }
            }
            _ => {
                let verified = self.now - hours(2 + self.dice.below(5 * 24));
                Days3 { submitted: verified - TimeDelta::days(2), verified, closed: verified }
            }
        }
    }

    fn submit(&mut self, at: DateTime<Utc>) -> NaiveDate {
        let a = self.agreed;
        let verify_by = calendar::add_working_days(london_date(at), a.rule.verification_working_days, NATION);
        let facts = json!({ "cycle": 1, "evidence_rev": self.evidence_rev(), "verify_by": verify_by, "due_on": self.due_on });
        let (event, owner) = (self.event(EventKind::Submitted).detail(facts), self.owner);
        self.tell(at, owner, event);
        self.batch.submitted.push(Step {
            submitted_at: Some(at),
            verify_by: Some(verify_by),
            ..Step::to(a.id, "submitted", at)
        });
        verify_by
    }

    fn verify(&mut self, by: &Who, at: DateTime<Utc>) -> VerificationId {
        let (a, id) = (self.agreed, VerificationId::from(self.dice.id(at)));
        let complete = a.fate != Fate::SentBack;
        let (outcome, mark) =
            if complete { ("complete", "supports") } else { ("partially_complete", "mixed") };
        let marks: Map<String, Value> =
            a.rule.evidence_kinds.iter().map(|kind| (kind.as_str().to_owned(), mark.into())).collect();
        let new_due_on = (!complete).then(|| london_date(self.now) + Days::new(10));
        let missing = (!complete).then(|| "The night round: sample it too.".to_owned());
        let note = self.dice.phrase(words::JUDGED).to_owned();
        let event = self
            .event(EventKind::Verified)
            .detail(json!({ "verification": id, "cycle": 1, "outcome": outcome, "method": "record_sample", "sample_size": 10,
                "met_standard": 9, "marks": marks, "new_due_on": new_due_on }))
            .text("note", note.clone())
            .text("missing", missing.clone().unwrap_or_default());
        self.tell(at, Some(by), event);
        let row = VerificationRow {
            id,
            action_id: a.id,
            verifier_id: by.id,
            method: "record_sample",
            sample_size: 10,
            met_standard: 9,
            note,
            marks: Value::Object(marks),
            outcome,
            missing,
            new_due_on,
            evidence_rev: self.evidence_rev(),
            judged: self.judged(),
            at,
        };
        self.batch.verifications.push(row);
        id
    }

    fn send_back(&mut self, at: DateTime<Utc>) {
        let new_due_on = london_date(self.now) + Days::new(10);
        let before = self.due_on;
        self.moved(at, before, new_due_on, "The night round: sample it too.");
        self.batch
            .judged
            .push(Step { due_on: Some(new_due_on), ..Step::to(self.agreed.id, "sent_back", at) });
    }

    fn close(&mut self, waiting: Step, (verification, verifier): (VerificationId, &Who), at: DateTime<Utc>) {
        let a = self.agreed;
        let assured_at = waiting.updated_at + (at - waiting.updated_at) / 2;
        let assurance_id = a.risk.is_high().then(|| self.dice.id(assured_at).into());
        if let Some(id) = assurance_id {
            let note = self.dice.phrase(words::JUDGED).to_owned();
            let facts = json!({ "assurance": id, "cycle": 1, "decision": "assured", "new_due_on": null });
            let event = self.event(EventKind::AssuranceRecorded).detail(facts).text("note", note.clone());
            let nominated = &self.crew.nominated;
            self.batch.assurances.push(AssuranceRow {
                id,
                action_id: a.id,
                member_id: nominated.id,
                note,
                evidence_rev: self.evidence_rev(),
                judged: self.judged(),
                at: assured_at,
            });
            self.tell(assured_at, Some(nominated), event);
        }
        let (closer, id) = (self.closer().clone(), self.dice.id(at).into());
        let follow_up_on = london_date(at) + Days::new(28);
        let note = self.dice.phrase(words::JUDGED).to_owned();
        let event = self
            .event(EventKind::Closed)
            .detail(json!({ "closure": id, "cycle": 1, "verification": verification, "assurance": assurance_id, "follow_up_on": follow_up_on }))
            .text("note", note.clone());
        self.tell(at, Some(&closer), event);
        let judged = self.judged();
        self.batch.closures.push(ClosureRow {
            id,
            action_id: a.id,
            closed_by: closer.id,
            verification_id: verification,
            verifier_id: verifier.id,
            assurance_id,
            note,
            judged,
            at,
        });
        self.batch.ended.push(Step {
            status: "closed",
            updated_at: at,
            closure_id: Some(id),
            follow_up_on: Some(follow_up_on),
            ..waiting
        });
        // one of five is looked at again: it held, waits for its day, or nobody came to it
        if self.dice.chance(20) {
            self.look_again(follow_up_on);
        }
    }

    /// The sustain check of what was closed (R19).
    fn look_again(&mut self, due_on: NaiveDate) {
        let (a, at) = (self.agreed, london_hour(due_on, 10));
        let id = SustainCheckId::from(self.dice.id(at));
        let looked = at < self.now && self.dice.chance(92);
        let mut row = CheckRow::planned(id, a.id, a.site.id, due_on);
        if looked {
            let by = self.verifier().clone();
            let note = self.dice.phrase(words::JUDGED).to_owned();
            let facts = json!({ "check": id, "cycle": 1, "lasting": "held", "method": "record_sample", "sample_size": 8, "met_standard": 8,
                "measure": null, "again_on": null });
            let event = self.event(EventKind::SustainChecked).detail(facts).text("note", note.clone());
            self.tell(at, Some(&by), event);
            row.held = Some(Held { note, judged: self.judged(), checked_by: by.id, at });
        }
        self.batch.checks.push(row);
    }
}
