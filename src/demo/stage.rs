//! Plays the demo's stories, all of them together in the order of time, through the workflow and with a moved clock.

use std::collections::HashMap;
use std::convert::Infallible;

use bytes::Bytes;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Europe::London;

use super::cast::Company;
use super::script::{Deed, Proof, What, When};
use crate::app::AppState;
use crate::domain::action::Person;
use crate::domain::assurance::Word;
use crate::domain::calendar::{self, Nation};
use crate::domain::closure::{AssuranceDecision, Case};
use crate::domain::escalation::{Decision, DecisionGiven, Level};
use crate::domain::reference::{Kind, Reference};
use crate::domain::review::{Disposition, Score};
use crate::domain::topic::EvidenceKind;
use crate::domain::verification::{Mark, Outcome, Verdict};
use crate::error::AppError;
use crate::ids::{ActionId, FindingId, ProviderId, ReviewId, ServiceId, UnitId, UpdateId};
use crate::store::escalation_list;
use crate::store::{TenantTx, case};
use crate::workflow::action::Define;
use crate::workflow::evidence::{Given, Offered};
use crate::workflow::finding::{Log, Source};
use crate::workflow::review::Start;
use crate::workflow::update::{Help, Progress};
use crate::workflow::{self, Actor, Stop};

/// Why the demo could not be loaded: the deed that was refused, or what failed.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A rule refused a deed of a story.
    #[error("{who} could not {what}: {why}")]
    Refused {
        /// Who.
        who: &'static str,
        /// What, shortened.
        what: String,
        /// The sentence.
        why: String,
    },
    /// A story names something that is not there.
    #[error("the demo names {0}, which is not there")]
    Unknown(String),
    /// It failed.
    #[error("{0}")]
    Failed(String),
}

impl From<AppError> for Trouble {
    fn from(error: AppError) -> Self {
        Self::Failed(format!("{error:?}"))
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// A provider of the demo on which stories are played.
pub struct Stage<'a> {
    app: &'a AppState,
    provider: ProviderId,
    company: &'static Company,
    today: NaiveDate,
    services: HashMap<&'static str, (ServiceId, Vec<UnitId>)>,
    actors: HashMap<&'static str, Actor>,
    reviews: HashMap<&'static str, (ReviewId, Reference)>,
    findings: HashMap<&'static str, Reference>,
    actions: HashMap<&'static str, Reference>,
}

impl<'a> Stage<'a> {
    /// A stage for a provider that has its services and people.
    #[must_use]
    pub fn new(
        app: &'a AppState,
        provider: ProviderId,
        company: &'static Company,
        today: NaiveDate,
        services: HashMap<&'static str, (ServiceId, Vec<UnitId>)>,
        actors: HashMap<&'static str, Actor>,
    ) -> Self {
        let (reviews, findings, actions) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { app, provider, company, today, services, actors, reviews, findings, actions }
    }

    /// Plays the deeds in the order of time; each morning at six the program looks for what passed its date, as the
    /// worker would have.
    ///
    /// # Errors
    /// The first deed that was refused or failed.
    pub async fn play(&mut self, mut deeds: Vec<Deed>) -> Result<(), Trouble> {
        deeds.sort_by_key(|d| (-d.when.ago, d.when.hour, d.when.minute));
        let mut morning = None;
        for deed in &deeds {
            let now = self.instant(deed.when);
            let day = crate::clock::london_date(now);
            let from = morning.map_or(day, |last: NaiveDate| last + Days::new(1));
            for date in from.iter_days().take_while(|d| *d <= day) {
                self.look(date).await?;
            }
            morning = Some(day);
            self.app.clock.set(now);
            self.act(deed).await?;
        }
        let from = morning.map_or(self.today, |last| last + Days::new(1));
        for date in from.iter_days().take_while(|d| *d <= self.today) {
            self.look(date).await?;
        }
        Ok(())
    }

    async fn look(&self, date: NaiveDate) -> Result<(), Trouble> {
        self.app.clock.set(moment(date, 6, 0));
        workflow::escalation::sweep(self.app, self.provider)
            .await
            .map_err(|stop| trouble("the program", "look", stop))?;
        Ok(())
    }

    fn instant(&self, when: When) -> DateTime<Utc> {
        moment(self.day(when.ago), when.hour, when.minute)
    }

    /// The working day so many working days before the day of loading, or after it when negative.
    fn day(&self, ago: i32) -> NaiveDate {
        if ago <= 0 {
            return calendar::add_working_days(self.today, u16::try_from(-ago).unwrap_or(0), Nation::England);
        }
        let mut day = self.today;
        let mut left = ago;
        while left > 0 {
            day = day - Days::new(1);
            left -= i32::from(calendar::is_working_day(day, Nation::England));
        }
        day
    }

    async fn act(&mut self, deed: &Deed) -> Result<(), Trouble> {
        let by = find(&self.actors, deed.who)?;
        let done = match &deed.what {
            What::Review { key, .. } => {
                let start = self.start(&deed.what, deed.when, &by)?;
                let reference = workflow::review::start(self.app, &by, &start).await;
                reference.map(|r| {
                    self.reviews.insert(key, (start.id, r));
                })
            }
            What::Finding { key, .. } => {
                let log = self.log(&deed.what, deed.when, &by)?;
                let reference = workflow::finding::log(self.app, &by, &log, None).await;
                reference.map(|r| {
                    self.findings.insert(key, r);
                })
            }
            What::Action { key, finding, .. } => {
                let (define, finding) = (self.define(&deed.what)?, find(&self.findings, finding)?);
                let reference = workflow::action::define(self.app, &by, finding.number, &define).await;
                reference.map(|r| {
                    self.actions.insert(key, r);
                })
            }
            What::FurtherSource { finding, review } => {
                let (finding, review) = (find(&self.findings, finding)?, find(&self.reviews, review)?);
                workflow::finding::add_source(self.app, &by, finding.number, &Source::Review(review.0)).await
            }
            What::NotForTracker { finding, reason } => {
                let finding = find(&self.findings, finding)?;
                workflow::finding::dispose(
                    self.app,
                    &by,
                    finding.number,
                    1,
                    Disposition::NotForTracker,
                    reason,
                )
                .await
            }
            What::SignOff(review) => {
                let (_, review) = find(&self.reviews, review)?;
                workflow::review::sign_off(self.app, &by, review.number, 1).await
            }
            What::Leaves => workflow::person::end_place(self.app, self.provider, by.member.id).await,
            _ => self.on_action(&by, deed).await,
        };
        done.map_err(|stop| trouble(deed.who, &format!("{:.60}", format!("{:?}", deed.what)), stop))
    }

    async fn on_action(&self, by: &Actor, deed: &Deed) -> Result<(), Stop> {
        let key = of(&deed.what);
        let reference = find(&self.actions, key).map_err(|t| Stop::refused(t.to_string()))?;
        let (app, number) = (self.app, reference.number);
        let case = self.case(number).await?;
        let seen = case.action.version;
        match &deed.what {
            What::Progress { .. } => {
                let progress = self.progress(&deed.what, by).await?;
                workflow::update::record(app, by, Reference { kind: Kind::Action, number }, &progress)
                    .await
                    .map(drop)
            }
            What::Verdict { .. } => {
                let verdict = self.verdict(&deed.what, &case);
                workflow::verification::verify(app, by, number, seen, &verdict).await.map(drop)
            }
            What::Assurance { decision, note, .. } => {
                let new_due_on = (*decision == AssuranceDecision::Challenged).then(|| self.day(-5));
                let word = Word { decision: *decision, note: (*note).into(), new_due_on };
                workflow::assurance::record(app, by, number, seen, &word).await
            }
            What::Close { note, .. } => workflow::closure::close(app, by, number, seen, note).await.map(drop),
            What::Reopen { reason, due, .. } => {
                workflow::closure::reopen(app, by, number, seen, reason, self.day(*due)).await
            }
            What::Extend { due, reason, .. } => {
                workflow::change::extend(app, by, number, seen, self.day(*due), reason).await
            }
            What::Reassign { to, reason, .. } => {
                let to = find(&self.actors, to).map_err(|t| Stop::refused(t.to_string()))?;
                workflow::change::reassign(app, by, number, seen, to.member.id, reason).await
            }
            What::Reword { what, success, reason, .. } => {
                let words = workflow::change::NewWords { what, success_test: success, kept: None, reason };
                workflow::change::reword(app, by, number, seen, words).await
            }
            What::Cancel { reason, .. } => workflow::change::cancel(app, by, number, seen, reason).await,
            What::Decide { .. } => self.decide(by, &deed.what, &case).await,
            _ => Ok(()),
        }
    }

    async fn case(&self, number: i32) -> Result<Case, Stop> {
        let mut tx = TenantTx::begin(&self.app.db, self.provider, None, self.app.clock.now()).await?;
        case::read(&mut tx, number).await?.ok_or_else(|| AppError::NotFound.into())
    }

    fn start(&self, what: &What, when: When, by: &Actor) -> Result<Start, Trouble> {
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

    fn log(&self, what: &What, when: When, by: &Actor) -> Result<Log, Trouble> {
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
        })
    }

    fn define(&self, what: &What) -> Result<Define, Trouble> {
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

    async fn progress(&self, what: &What, by: &Actor) -> Result<Progress, Stop> {
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

    async fn offer(&self, piece: &Proof, by: &Actor) -> Result<(EvidenceKind, Offered), Stop> {
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
        let kept = kept.into_iter().next().ok_or(AppError::NotFound)?;
        Ok((kind, Offered::File(kept.id)))
    }

    fn verdict(&self, what: &What, case: &Case) -> Verdict {
        let (method, (sample_size, met_standard), note, outcome, missing, due) = match what {
            What::Verdict { method, sample, note, outcome, missing, due, .. } => {
                (*method, *sample, *note, *outcome, *missing, *due)
            }
            _ => (crate::domain::verification::Method::DocumentCheck, (1, 1), "", Outcome::Complete, "", 0),
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
            new_due_on: (outcome != Outcome::Complete).then(|| self.day(due)),
            exception_reason: None,
        }
    }

    async fn decide(&self, by: &Actor, what: &What, case: &Case) -> Result<(), Stop> {
        let What::Decide { risk, delay, support, control, due, .. } = what else { return Ok(()) };
        let mut tx = by.begin(self.app).await?;
        let asked = escalation_list::Asked { member: &by.member, service: None, decided: false, after: None };
        let waiting = escalation_list::page(&mut tx, &asked).await?;
        drop(tx);
        let found = waiting.iter().find(|e| e.number == case.action.number && e.level == Level::Manager);
        let id = found.ok_or_else(|| Stop::refused("nothing waits for a decision"))?.id;
        let given = DecisionGiven {
            decision: Decision::Act,
            risk: (*risk).into(),
            delay_reason: (*delay).into(),
            support_needed: (*support).into(),
            revised_due_on: due.map(|d| self.day(d)),
            interim_control: (*control).into(),
            because: String::new(),
        };
        workflow::escalation::decide(self.app, by, id, case.action.version, &given).await.map(drop)
    }
}

/// The key of the action a deed is about.
const fn of(what: &What) -> &'static str {
    match what {
        What::Progress { action, .. }
        | What::Verdict { action, .. }
        | What::Assurance { action, .. }
        | What::Close { action, .. }
        | What::Reopen { action, .. }
        | What::Extend { action, .. }
        | What::Reassign { action, .. }
        | What::Reword { action, .. }
        | What::Cancel { action, .. }
        | What::Decide { action, .. } => action,
        _ => "",
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

/// An instant at a time of day in London; a time the clocks skip is taken an hour later.
pub(super) fn moment(date: NaiveDate, hour: u32, minute: u32) -> DateTime<Utc> {
    let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
    let local = date.and_time(time);
    London.from_local_datetime(&local).latest().map_or_else(|| local.and_utc(), |at| at.with_timezone(&Utc))
}

fn find<T: Clone>(things: &HashMap<&'static str, T>, key: &str) -> Result<T, Trouble> {
    things.get(key).cloned().ok_or_else(|| unknown(key))
}

fn unknown(key: &str) -> Trouble {
    Trouble::Unknown(key.to_owned())
}

fn trouble(who: &'static str, what: &str, stop: Stop) -> Trouble {
    let why = match stop {
        Stop::Refused(said) => said.into_iter().map(|s| s.sentence).collect::<Vec<_>>().join("; "),
        Stop::Changed => "it changed".into(),
        Stop::Failed(error) => format!("{error:?}"),
    };
    Trouble::Refused { who, what: what.to_owned(), why }
}
