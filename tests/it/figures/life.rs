//! What became of an action, told from its lines of the trail and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use throughline::clock::london_date;
use uuid::Uuid;

use super::trail::Line;

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    WithOwner,
    WithVerifier,
    WaitsForClosure,
    Closed,
    CalledOff,
}

/// A closure, and what became known of it since.
#[derive(Clone, Debug)]
pub struct Closing {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// Whether a verdict sent the action back since it was last closed.
    pub sent_back: bool,
    /// Whether the evidence of this round says what people say now.
    pub feedback: bool,
    pub improved: bool,
    pub reopened: bool,
    /// What the newest sustain check said.
    pub look: Option<String>,
    pub failed_audit: bool,
}

/// A verdict.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub in_window: bool,
}

/// A decision on an escalation.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The round the escalation was of.
    pub cycle: i64,
    /// Whether something keeps people safe meanwhile, and its last day.
    pub control: Option<Option<NaiveDate>>,
}

/// An action as it stood when its lines ended.
#[derive(Clone, Debug)]
pub struct Life {
    pub number: i64,
    pub finding: Uuid,
    pub defined_at: DateTime<Utc>,
    pub place: Place,
    pub cycle: i64,
    pub due: Option<NaiveDate>,
    pub owner: Option<Uuid>,
    pub moved_at: DateTime<Utc>,
    pub decisions: Vec<Decision>,
    pub submitted: Vec<DateTime<Utc>>,
    pub closings: Vec<Closing>,
    pub verdicts: Vec<Verdict>,
    sent_back: bool,
    window: Option<NaiveDate>,
    feedback: BTreeSet<Uuid>,
    escalations: BTreeMap<Uuid, i64>,
}

/// What a person records on an action, and so moves it (R28); what the program does by itself does not.
const MOVES: [&str; 15] = [
    "owner_changed",
    "reworded",
    "due_date_moved",
    "update_added",
    "evidence_added",
    "evidence_withdrawn",
    "submitted",
    "submission_taken_back",
    "verification_voided",
    "verified",
    "assurance_recorded",
    "closed",
    "reopened",
    "escalation_decided",
    "took_in",
];

impl Life {
    /// The action as its lines tell it until an instant; none before it was agreed.
    pub fn until<'a>(lines: impl IntoIterator<Item = &'a Line>, until: DateTime<Utc>) -> Option<Self> {
        let mut lines = lines.into_iter().take_while(|line| line.at < until);
        let first = lines.next()?;
        assert_eq!(first.kind, "action_defined", "an action begins by being agreed");
        let mut life = Self {
            number: first.number("number"),
            finding: first.finding.unwrap(),
            defined_at: first.at,
            place: Place::WithOwner,
            cycle: 1,
            due: first.day("due_on"),
            owner: first.id("owner"),
            moved_at: first.at,
            decisions: Vec::new(),
            submitted: Vec::new(),
            closings: Vec::new(),
            verdicts: Vec::new(),
            sent_back: false,
            window: None,
            feedback: BTreeSet::new(),
            escalations: BTreeMap::new(),
        };
        lines.for_each(|line| life.goes_on(line));
        Some(life)
    }

    pub fn open(&self) -> bool {
        !matches!(self.place, Place::Closed | Place::CalledOff)
    }

    /// Whether it was with its owner after its date on a day.
    pub fn late(&self, on: NaiveDate) -> bool {
        self.place == Place::WithOwner && self.due.is_some_and(|due| due < on)
    }

    fn goes_on(&mut self, line: &Line) {
        if MOVES.contains(&line.kind.as_str()) {
            self.moved_at = line.at;
        }
        match line.kind.as_str() {
            "owner_changed" => self.owner = line.id("to"),
            "due_date_moved" => self.due = line.day("after"),
            "submitted" => {
                self.place = Place::WithVerifier;
                self.window = line.day("verify_by");
                self.submitted.push(line.at);
            }
            "submission_taken_back" => self.place = Place::WithOwner,
            "verification_voided" if line.word("because") == "owner_changed" => self.place = Place::WithOwner,
            "verification_voided" => {
                self.place = Place::WithVerifier;
                self.window = line.day("verify_by");
            }
            "verified" => self.verified(line),
            "assurance_recorded" if line.word("decision") == "challenged" => {
                self.place = Place::WithOwner;
                self.due = line.day("new_due_on").or(self.due);
            }
            "evidence_added" if line.word("kind") == "feedback" => {
                self.feedback.insert(line.id("evidence").unwrap());
            }
            "evidence_withdrawn" => {
                self.feedback.remove(&line.id("evidence").unwrap());
            }
            "escalated" => {
                self.escalations.insert(line.id("escalation").unwrap(), line.number("cycle"));
            }
            "escalation_decided" => {
                let cycle = self.escalations[&line.id("escalation").unwrap()];
                let control = line.texts.contains_key("interim_control").then(|| line.day("control_until"));
                self.decisions.push(Decision { cycle, control });
                self.due = line.day("due_on_after").or(self.due);
            }
            "cancelled" | "merged_into" => self.place = Place::CalledOff,
            _ => self.after_closure(line),
        }
    }

    fn verified(&mut self, line: &Line) {
        let in_window = self.window.is_none_or(|last| london_date(line.at) <= last);
        self.verdicts.push(Verdict { id: line.id("verification").unwrap(), at: line.at, in_window });
        self.due = line.day("new_due_on").or(self.due);
        self.sent_back |= line.word("outcome") != "complete";
        match line.word("outcome") {
            "complete" => self.place = Place::WaitsForClosure,
            "partially_complete" => self.place = Place::WithOwner,
            "ineffective" => self.begins_again(),
            other => panic!("an outcome nobody knows: {other}"),
        }
    }

    /// Another round, whose evidence has to be new.
    fn begins_again(&mut self) {
        self.place = Place::WithOwner;
        self.cycle += 1;
        self.feedback.clear();
    }

    fn after_closure(&mut self, line: &Line) {
        match line.kind.as_str() {
            "closed" => {
                let improved = line.detail["improved"].as_array().is_some_and(|m| !m.is_empty());
                self.place = Place::Closed;
                self.closings.push(Closing {
                    id: line.id("closure").unwrap(),
                    at: line.at,
                    sent_back: std::mem::take(&mut self.sent_back),
                    feedback: !self.feedback.is_empty(),
                    improved,
                    reopened: false,
                    look: None,
                    failed_audit: false,
                });
            }
            "reopened" => {
                self.closings.last_mut().unwrap().reopened = true;
                self.begins_again();
                self.due = line.day("due_on_after");
            }
            "sustain_checked" => {
                self.closings.last_mut().unwrap().look = Some(line.word("lasting").to_owned());
            }
            "closure_audited" => {
                let id = line.id("closure");
                let closing = self.closings.iter_mut().find(|c| Some(c.id) == id).unwrap();
                closing.failed_audit |= !line.yes("stands_up");
            }
            _ => {}
        }
    }
}
