//! Plays everyday work on the demo's stage.

use std::collections::HashMap;

use chrono::Days;

use super::{Item, Step, phrases};
use crate::demo::script::What;
use crate::demo::stage::{Stage, find, unknown};
use crate::domain::action::Person;
use crate::domain::closure::{AssuranceDecision, Case};
use crate::domain::escalation::Level;
use crate::domain::recurrence::{Causes, Factor};
use crate::domain::reference::{Kind, Reference};
use crate::domain::review::Score;
use crate::domain::sustain::Lasting;
use crate::domain::topic::EvidenceKind;
use crate::domain::verification::{Method, Outcome};
use crate::ids::{ActionId, FindingId, ReviewId, UpdateId};
use crate::store::escalation;
use crate::workflow::action::Define;
use crate::workflow::evidence::{Given, Offered};
use crate::workflow::finding::{Log, Source};
use crate::workflow::review::Start;
use crate::workflow::update::Progress;
use crate::workflow::{self, Actor, Stop};

/// What was told so far: by their places in the list.
#[derive(Debug, Default)]
pub struct Told {
    /// Reviews.
    pub reviews: HashMap<usize, (ReviewId, Reference)>,
    /// Findings.
    pub findings: HashMap<usize, Reference>,
    /// Actions.
    pub actions: HashMap<usize, Reference>,
}

fn missing(what: &str) -> Stop {
    Stop::refused(unknown(what).to_string())
}

/// One of several wordings.
fn of<T: Copy>(all: &[T], seed: usize) -> Option<T> {
    all.get(seed % all.len().max(1)).copied()
}

impl Stage<'_> {
    /// Plays a deed of everyday work.
    pub(in crate::demo) async fn everyday(&mut self, by: &Actor, what: &What) -> Result<(), Stop> {
        match what {
            What::Held(at) => self.begin_review(by, *at).await,
            What::Signed(at) => {
                let (_, review) = *self.told.reviews.get(at).ok_or_else(|| missing("a review"))?;
                workflow::review::sign_off(self.app, by, review.number, 1).await
            }
            What::Step(index, step) => {
                let item = self.history.items.get(*index).cloned().ok_or_else(|| missing("an item"))?;
                self.step(by, *index, &item, *step).await
            }
            _ => Ok(()),
        }
    }

    async fn begin_review(&mut self, by: &Actor, at: usize) -> Result<(), Stop> {
        let review = self.history.reviews.get(at).ok_or_else(|| missing("a review"))?;
        let (kind, title) = review.kind;
        let service = self.services.get(review.place.key).ok_or_else(|| missing(review.place.key))?.0;
        let score = 6800 + i32::try_from(at * 37 % 2700).unwrap_or(0);
        let start = Start {
            id: ReviewId::new(),
            kind,
            title: title.to_owned(),
            service,
            held_on: review.held_on,
            conducted_by: by.member.name.clone(),
            their_reference: String::new(),
            score: if kind.is_signed_off() { Score::from_hundredths(score) } else { None },
        };
        let reference = workflow::review::start(self.app, by, &start).await?;
        self.told.reviews.insert(at, (start.id, reference));
        Ok(())
    }

    async fn step(&mut self, by: &Actor, index: usize, item: &Item, step: Step) -> Result<(), Stop> {
        let finding = self.told.findings.get(&index).copied();
        match step {
            Step::Found => {
                let log = self.everyday_log(by, item)?;
                let reference = workflow::finding::log(self.app, by, &log, None).await?;
                self.told.findings.insert(index, reference);
                return Ok(());
            }
            Step::Agreed => {
                let finding = finding.ok_or_else(|| missing("a finding"))?;
                let define = self.everyday_action(item)?;
                let reference = workflow::action::define(self.app, by, finding.number, &define).await?;
                self.told.actions.insert(index, reference);
                return Ok(());
            }
            Step::CameBack | Step::AlsoSaid | Step::Cause => {
                let finding = finding.ok_or_else(|| missing("a finding"))?;
                return self.on_everyday_finding(by, index, item, step, finding.number).await;
            }
            _ => {}
        }
        let number = self.told.actions.get(&index).ok_or_else(|| missing("an action"))?.number;
        let case = self.case(number).await?;
        if let Step::Done | Step::DoneAgain = step {
            let progress = self.everyday_progress(index, item, step, &case);
            let on = Reference { kind: Kind::Action, number };
            return workflow::update::record(self.app, by, on, &progress).await.map(drop);
        }
        if step == Step::Stays && !self.is_asked(by, &case).await? {
            return Ok(());
        }
        let what = words_of(step, index).ok_or_else(|| missing("words"))?;
        self.on(by, &what, &case).await
    }

    /// Whether the manager is asked to decide on it: about most of what is new nobody is.
    async fn is_asked(&self, by: &Actor, case: &Case) -> Result<bool, Stop> {
        let mut tx = by.begin(self.app).await?;
        Ok(escalation::undecided(&mut tx, case.action.id, Level::Manager).await?.is_some())
    }

    async fn on_everyday_finding(
        &self,
        by: &Actor,
        index: usize,
        item: &Item,
        step: Step,
        number: i32,
    ) -> Result<(), Stop> {
        match step {
            Step::CameBack => {
                let earlier = item.earlier.and_then(|earlier| self.told.findings.get(&earlier));
                let earlier = earlier.ok_or_else(|| missing("an earlier finding"))?.number;
                workflow::recurrence::link(self.app, by, number, earlier).await
            }
            Step::AlsoSaid => {
                let survey = item.survey.and_then(|survey| self.told.reviews.get(&survey));
                let survey = survey.ok_or_else(|| missing("a survey"))?.0;
                workflow::finding::add_source(self.app, by, number, &Source::Review(survey)).await
            }
            _ => {
                let factors = [Factor::Checking, Factor::Communication, Factor::Skills, Factor::Procedures];
                let causes = Causes {
                    factors: of(&factors, index).into_iter().chain(of(&factors, index + 1)).collect(),
                    whys: of(phrases::WHYS, index).into_iter().flatten().map(str::to_owned).collect(),
                    analysis: String::new(),
                    wider: phrases::WIDER.to_owned(),
                    review_on: Some(self.app.clock.today() + Days::new(42)),
                };
                workflow::root_cause::save(self.app, by, number, 1, &causes, true).await
            }
        }
    }

    fn everyday_log(&self, by: &Actor, item: &Item) -> Result<Log, Stop> {
        let (service, units) = self.services.get(item.place.key).ok_or_else(|| missing(item.place.key))?;
        let review = self.told.reviews.get(&item.review).ok_or_else(|| missing("a review"))?.0;
        let (member, phrase) = (&by.member, item.phrase);
        let found_by = Person {
            id: member.id,
            name: member.name.clone(),
            role: member.role,
            job_title: member.job_title.clone(),
            left: false,
        };
        Ok(Log {
            id: FindingId::new(),
            source: Source::Review(review),
            service: *service,
            unit: units.get(item.unit).copied(),
            what: counted(phrase.found, item),
            evidence_source: phrase.source,
            risk: item.risk,
            theme: phrase.theme,
            topic: phrase.topic,
            significance: None,
            found_on: item.found_on,
            found_by: found_by.with_title(),
            key_question: None,
            regulation: None,
            entries: Vec::new(),
            earlier: Vec::new(),
        })
    }

    fn everyday_action(&self, item: &Item) -> Result<Define, Stop> {
        let owner = super::team(item.place).owners.get(item.owner).copied().unwrap_or_default();
        let owner = find(&self.actors, owner).map_err(|trouble| Stop::refused(trouble.to_string()))?;
        Ok(Define {
            id: ActionId::new(),
            what: counted(item.phrase.action, item),
            success_test: counted(item.phrase.success, item),
            owner: Some(owner.member.id),
            due_on: Some(item.due_on),
            evidence: Vec::new(),
            follow_up_on: None,
            wording_override: None,
        })
    }

    /// What shows it: of each kind that is required one piece, and a new one of the last when it was sent back.
    fn everyday_progress(&self, index: usize, item: &Item, step: Step, case: &Case) -> Progress {
        let today = self.app.clock.today();
        let notes = if step == Step::Done { phrases::DONE } else { phrases::DONE_AGAIN };
        let place = item.place.units.get(item.unit).copied().unwrap_or(item.place.name);
        let week = format!("{place}, week {}", today.format("%V"));
        let given = |kind: EvidenceKind| Given {
            kind,
            title: None,
            about_on: today,
            note: String::new(),
            proof: Offered::Reference(match kind {
                EvidenceKind::Record => format!("{}, {week}", item.phrase.kept),
                EvidenceKind::AuditSample => format!("Sample sheet in the audit folder, {week}"),
                EvidenceKind::Feedback => format!("Notes of what people said, feedback folder, {week}"),
                EvidenceKind::ObservedPractice => format!("Observation sheets, {week}"),
                EvidenceKind::Briefing => format!("Briefing with attendance, handover book, {week}"),
                EvidenceKind::Data => format!("{}, figures, {week}", item.phrase.kept),
            }),
        };
        Progress {
            id: UpdateId::new(),
            note: of(notes, index).map(str::to_owned),
            done_on: Some(today),
            help: None,
            evidence: case.required.iter().copied().map(given).collect(),
            submit: true,
        }
    }
}

/// What is said at a step, without its names.
fn words_of(step: Step, index: usize) -> Option<What> {
    let action = "";
    let verdict = |note, outcome, missing, sample| What::Verdict {
        action,
        method: if index.is_multiple_of(3) { Method::Observation } else { Method::RecordSample },
        sample,
        note,
        outcome,
        missing,
        due: 0,
    };
    Some(match step {
        Step::Decided => {
            let [risk, delay, support, control] = of(phrases::DECIDED, index)?;
            What::Decide { action, risk, delay, support, control, due: None }
        }
        Step::Stays => What::Stays { action, because: of(phrases::STAYS, index)? },
        Step::SentBack => {
            let (note, lacks) = (of(phrases::NOT_YET, index)?, of(phrases::LACKS, index)?);
            verdict(note, Outcome::PartiallyComplete, lacks, (6, 3))
        }
        Step::Checked => verdict(of(phrases::CHECKED, index)?, Outcome::Complete, "", (6, 6)),
        Step::Assured => What::Assurance {
            action,
            decision: AssuranceDecision::Assured,
            note: of(phrases::ASSURED, index)?,
        },
        Step::Closed => What::Close { action, note: of(phrases::CLOSED, index)? },
        Step::Lost => {
            What::LooksAgain { action, lasting: Lasting::Lost, sample: (6, 3), note: phrases::LOST }
        }
        _ => return None,
    })
}

fn counted(words: &str, item: &Item) -> String {
    let [part, whole] = item.numbers;
    words.replace("{a}", &part.to_string()).replace("{b}", &whole.to_string())
}
