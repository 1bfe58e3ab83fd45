//! Turns the words of a story into what the workflow takes.

use std::convert::Infallible;

use bytes::Bytes;
use chrono::Days;

use super::script::{Proof, What, When};
use super::stage::{Stage, Trouble, find, unknown};
use crate::domain::action::Person;
use crate::domain::calendar::{self, Nation};
use crate::domain::closure::Case;
use crate::domain::control::ControlDays;
use crate::domain::escalation::{Decision, DecisionGiven, Level};
use crate::domain::review::Score;
use crate::domain::topic::EvidenceKind;
use crate::domain::verification::{Mark, Method, Outcome, Verdict};
use crate::error::AppError;
use crate::ids::{ActionId, FindingId, ReviewId, UpdateId};
use crate::store::escalation;
use crate::workflow::action::Define;
use crate::workflow::evidence::{Given, Offered};
use crate::workflow::finding::{Log, Source};
use crate::workflow::review::Start;
use crate::workflow::update::{Help, Progress};
use crate::workflow::{self, Actor, Moment, Stop};

impl Stage<'_> {
    pub(super) fn start(&self, what: &What, when: When, by: &Actor) -> Result<Start, Trouble> {
        let What::Review { kind, title, service, score, .. } = what else { return Err(unknown("a review")) };
        Ok(Start {
            id: ReviewId::new(),
            kind: *kind,
            title: (*title).into(),
            service: find(&self.services, service)?.0,
            held_on: self.day(when.ago),
            conducted_by: with_title(by),
            their_reference: String::new(),
            score: score.and_then(Score::from_hundredths),
        })
    }

    pub(super) fn log(&self, what: &What, when: When, by: &Actor) -> Result<Log, Trouble> {
        let What::Finding { review, service, unit, what, source, risk, theme, topic, .. } = what else {
            return Err(unknown("a finding"));
        };
        let (service_id, units) = find(&self.services, service)?;
        let place = self.company.places.iter().find(|p| p.key == *service).ok_or_else(|| unknown(service))?;
        let named = place.units.iter().zip(units).find(|(name, _)| Some(**name) == *unit);
        Ok(Log {
            id: FindingId::new(),
            source: Source::Review(find(&self.reviews, review)?.0),
            service: service_id,
            unit: named.map(|(_, id)| id),
            what: (*what).into(),
            evidence_source: *source,
            risk: *risk,
            theme: *theme,
            topic: *topic,
            significance: None,
            found_on: self.day(when.ago),
            found_by: with_title(by),
            key_question: None,
            regulation: None,
            entries: Vec::new(),
            earlier: Vec::new(),
        })
    }

    pub(super) fn define(&self, what: &What) -> Result<Define, Trouble> {
        let What::Action { what, success, owner, due, .. } = what else { return Err(unknown("an action")) };
        let owner = if owner.is_empty() { None } else { Some(find(&self.actors, owner)?.member.id) };
        Ok(Define {
            id: ActionId::new(),
            what: (*what).into(),
            success_test: (*success).into(),
            owner,
            due_on: Some(self.day(*due)),
            evidence: Vec::new(),
            follow_up_on: None,
            wording_override: None,
        })
    }

    pub(super) async fn progress(&self, what: &What, by: &Actor) -> Result<Progress, Stop> {
        let What::Progress { note, proof, help, done, .. } = what else {
            return Err(Stop::refused("not progress"));
        };
        let today = self.app.clock.today();
        let mut evidence = Vec::new();
        for piece in *proof {
            let (kind, offered) = self.offer(piece, by).await?;
            evidence.push(Given { kind, title: None, about_on: today, note: String::new(), proof: offered });
        }
        Ok(Progress {
            id: UpdateId::new(),
            note: Some((*note).into()),
            done_on: Some(today),
            help: help.map(|(barrier, support)| Help {
                barrier: barrier.into(),
                support_needed: (!support.is_empty()).then(|| support.into()),
            }),
            evidence,
            submit: *done,
        })
    }

    pub(super) async fn offer(&self, piece: &Proof, by: &Actor) -> Result<(EvidenceKind, Offered), Stop> {
        let (kind, name, content) = match piece {
            Proof::At(kind, place) => return Ok((*kind, Offered::Reference((*place).into()))),
            Proof::File(kind, name, text) => (*kind, *name, Bytes::from_static(text.as_bytes())),
            Proof::Photo(kind, name) => (*kind, *name, super::picture::sheet().map_err(AppError::internal)?),
        };
        let stream = futures_util::stream::iter([Ok::<_, Infallible>(content)]);
        let stored = self
            .app
            .evidence
            .receive(self.provider, name, stream)
            .await
            .map_err(|e| Stop::refused(e.to_string()))?;
        let kept = workflow::evidence::keep(self.app, by, &[stored]).await?;
        let kept = kept.into_iter().flatten().next().ok_or(AppError::NotFound)?;
        Ok((kind, Offered::File(kept.id)))
    }

    pub(super) fn verdict(&self, what: &What, case: &Case) -> Verdict {
        // everyday work is told by the day it happens on, stories by the day of loading
        let in_a_week = calendar::add_working_days(self.app.clock.today(), 6, Nation::England);
        let (method, (sample_size, met_standard), note, outcome, missing, due_on) = match what {
            What::Verdict { method, sample, note, outcome, missing, due, action } => {
                let due_on = if action.is_empty() { in_a_week } else { self.day(*due) };
                (*method, *sample, *note, *outcome, *missing, due_on)
            }
            _ => (Method::DocumentCheck, (1, 1), "", Outcome::Complete, "", in_a_week),
        };
        let last = case.required.len().saturating_sub(1);
        // the last kind is the one that shows whether practice changed
        let mark = |index: usize| match outcome {
            Outcome::Complete => Mark::Supports,
            Outcome::PartiallyComplete | Outcome::Ineffective if index < last => Mark::Supports,
            Outcome::PartiallyComplete => Mark::Mixed,
            Outcome::Ineffective => Mark::DoesNotSupport,
        };
        Verdict {
            method,
            sample_size,
            met_standard,
            note: note.into(),
            marks: case.required.iter().enumerate().map(|(i, kind)| (*kind, mark(i))).collect(),
            outcome,
            missing: (!missing.is_empty()).then(|| missing.into()),
            new_due_on: (outcome != Outcome::Complete).then_some(due_on),
            exception_reason: None,
        }
    }

    pub(super) async fn decide(&self, by: &Actor, what: &What, case: &Case) -> Result<(), Stop> {
        let empty = DecisionGiven {
            decision: Decision::NoEscalation,
            risk: String::new(),
            delay_reason: String::new(),
            support_needed: String::new(),
            revised_due_on: None,
            interim_control: String::new(),
            control: ControlDays::default(),
            because: String::new(),
        };
        let given = match what {
            What::Decide { risk, delay, support, control, due, .. } => DecisionGiven {
                decision: Decision::Act,
                risk: (*risk).into(),
                delay_reason: (*delay).into(),
                support_needed: (*support).into(),
                revised_due_on: due.map(|d| self.day(d)),
                interim_control: (*control).into(),
                // looked at a week on
                control: ControlDays {
                    check_on: Some(Moment::read(self.app).today + Days::new(7)),
                    ..ControlDays::default()
                },
                ..empty
            },
            What::Stays { because, .. } => DecisionGiven { because: (*because).into(), ..empty },
            _ => return Ok(()),
        };
        let mut tx = by.begin(self.app).await?;
        let waits = escalation::undecided(&mut tx, case.action.id, Level::Manager).await?;
        drop(tx);
        let id = waits.ok_or_else(|| Stop::refused("nothing waits for a decision"))?;
        workflow::escalation::decide(self.app, by, id, case.action.version, &given).await.map(drop)
    }
}

fn with_title(by: &Actor) -> String {
    let member = &by.member;
    let person = Person {
        id: member.id,
        name: member.name.clone(),
        role: member.role,
        job_title: member.job_title.clone(),
        left: false,
    };
    person.with_title()
}
