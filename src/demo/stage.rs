//! Plays the demo's stories, all of them together in the order of time, through the workflow and with a moved clock.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Europe::London;

use super::cast::Company;
use super::days::WorkingDays;
use super::history::{History, Told};
use super::script::{Deed, What, When};
use crate::app::AppState;
use crate::domain::assurance::Word;
use crate::domain::calendar::{self, Nation};
use crate::domain::closure::{AssuranceDecision, Case};
use crate::domain::reference::{Kind, Reference};
use crate::domain::reminder::NOT_BEFORE_HOUR;
use crate::domain::review::Disposition;
use crate::error::AppError;
use crate::ids::{MeasureId, ProviderId, ReviewId, ServiceId, UnitId};
use crate::store::system::ProviderRow;
use crate::store::{TenantTx, case, outbox};
use crate::worker;
use crate::workflow::finding::Source;
use crate::workflow::{self, Actor, Stop};

/// For how many days people were told by the program.
const TOLD_DAYS: u64 = 60;
/// What they were told so many days ago people have read.
const READ_DAYS: u64 = 7;

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
    pub(super) app: &'a AppState,
    pub(super) provider: ProviderId,
    pub(super) company: &'static Company,
    pub(super) today: NaiveDate,
    pub(super) loaded_at: DateTime<Utc>,
    pub(super) services: HashMap<&'static str, (ServiceId, Vec<UnitId>)>,
    pub(super) actors: HashMap<&'static str, Actor>,
    pub(super) reviews: HashMap<&'static str, (ReviewId, Reference)>,
    pub(super) findings: HashMap<&'static str, Reference>,
    pub(super) actions: HashMap<&'static str, Reference>,
    pub(super) measures: HashMap<&'static str, MeasureId>,
    pub(super) days: WorkingDays,
    pub(super) meetings: u32,
    pub(super) history: History,
    pub(super) told: Told,
    pub(super) slipping: HashSet<i32>,
}

impl<'a> Stage<'a> {
    /// A stage for a provider that has its services and people.
    #[must_use]
    pub fn new(
        app: &'a AppState,
        provider: ProviderId,
        company: &'static Company,
        loaded_at: DateTime<Utc>,
        services: HashMap<&'static str, (ServiceId, Vec<UnitId>)>,
        actors: HashMap<&'static str, Actor>,
    ) -> Self {
        let today = crate::clock::london_date(loaded_at);
        Self {
            app,
            provider,
            company,
            today,
            loaded_at,
            services,
            actors,
            reviews: HashMap::new(),
            findings: HashMap::new(),
            actions: HashMap::new(),
            measures: HashMap::new(),
            days: WorkingDays::before(today),
            meetings: 1,
            history: History::default(),
            told: Told::default(),
            slipping: HashSet::new(),
        }
    }

    /// The same with the everyday work its deeds name, and so many governance meetings.
    #[must_use]
    pub fn with(self, history: History, meetings: u32) -> Self {
        Self { history, meetings, ..self }
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
            self.set_clock(now);
            self.act(deed).await?;
            self.tell().await?;
        }
        let from = morning.map_or(self.today, |last| last + Days::new(1));
        for date in from.iter_days().take_while(|d| *d <= self.today) {
            self.look(date).await?;
        }
        // what they were told more than a week ago they have read
        for actor in self.actors.values() {
            let read = workflow::notice::read_all(self.app, actor, self.loaded_at - Days::new(READ_DAYS));
            read.await.map_err(|stop| trouble("somebody", "read", stop))?;
        }
        Ok(())
    }

    async fn look(&self, date: NaiveDate) -> Result<(), Trouble> {
        self.set_clock(moment(date, 6, 0));
        workflow::escalation::sweep(self.app, self.provider)
            .await
            .map_err(|stop| trouble("the program", "look", stop))?;
        if date < self.today && super::governance::is_meeting(date, self.today, self.meetings) {
            self.govern(date).await?;
        }
        if date == self.told_from() {
            let mut tx = TenantTx::begin(&self.app.db, self.provider, None, self.app.clock.now()).await?;
            outbox::overtake_all(&mut tx, "Nobody was told by the program yet").await?;
            tx.commit().await?;
        }
        // the day of loading is the worker's
        if date >= self.told_from() && date < self.today {
            self.set_clock(moment(date, NOT_BEFORE_HOUR, 0));
            workflow::reminder::sweep(self.app, self.provider)
                .await
                .map_err(|stop| trouble("the program", "remind", stop))?;
        }
        self.tell().await
    }

    /// The day from which on people are told by the program: what is older nobody would still read.
    fn told_from(&self) -> NaiveDate {
        self.today - Days::new(TOLD_DAYS)
    }

    /// Moves the clock of the story, never past the moment of loading: what is told has happened.
    pub(super) fn set_clock(&self, at: DateTime<Utc>) {
        self.app.clock.set(at.min(self.loaded_at));
    }

    /// Tells whom it concerns, so that notices and messages carry the dates of the story.
    async fn tell(&self) -> Result<(), Trouble> {
        let today = self.app.clock.today();
        if today < self.told_from() {
            return Ok(());
        }
        if today >= self.today {
            worker::announce::provider(self.app, self.provider).await?;
            return Ok(());
        }
        let (slug, name) = (self.company.slug.to_owned(), self.company.name.to_owned());
        worker::deliver::provider(self.app, &ProviderRow { id: self.provider, slug, name }).await?;
        Ok(())
    }

    fn instant(&self, when: When) -> DateTime<Utc> {
        moment(self.day(when.ago), when.hour, when.minute)
    }

    /// The working day so many working days before the day of loading, or after it when negative.
    pub(super) fn day(&self, ago: i32) -> NaiveDate {
        self.days.day(ago)
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
            What::CameBack { .. } | What::RootCause { .. } | What::AuditsClosures { .. } => {
                self.come_back(&by, &deed.what).await
            }
            What::NotForTracker { finding, reason } => {
                let number = find(&self.findings, finding)?.number;
                let disposition = Disposition::NotForTracker;
                workflow::finding::dispose(self.app, &by, number, 1, disposition, reason).await
            }
            What::SignOff(review) => {
                let (_, review) = find(&self.reviews, review)?;
                workflow::review::sign_off(self.app, &by, review.number, 1).await
            }
            What::Weekly { .. } => self.hold_weekly(&by, &deed.what).await,
            What::Measure { .. }
            | What::Read { .. }
            | What::Readings { .. }
            | What::MeasureMovedBy { .. } => self.follow(&by, &deed.what).await,
            What::Held(_) | What::Signed(_) | What::Step(..) => self.everyday(&by, &deed.what).await,
            What::LooksAtAll => self.look_at_all(&by).await,
            What::InMeeting { .. } => self.say_in_meeting(&by, &deed.what).await,
            What::AsksForMeasure { topic, reason } => self.ask_for_measure(&by, *topic, reason).await,
            What::Window { topic, days, reason } => self.change_window(&by, *topic, *days, reason).await,
            What::Leaves => workflow::person::end_place(self.app, self.provider, by.member.id).await,
            _ => self.on_action(&by, deed).await,
        };
        done.map_err(|stop| trouble(deed.who, &format!("{:.60}", format!("{:?}", deed.what)), stop))
    }

    async fn on_action(&self, by: &Actor, deed: &Deed) -> Result<(), Stop> {
        let key = of(&deed.what);
        let reference = find(&self.actions, key).map_err(|t| Stop::refused(t.to_string()))?;
        self.on(by, &deed.what, &self.case(reference.number).await?).await
    }

    /// Does what is said to an action, as its case stands.
    pub(super) async fn on(&self, by: &Actor, what: &What, case: &Case) -> Result<(), Stop> {
        let (app, number, seen) = (self.app, case.action.number, case.action.version);
        match what {
            What::Progress { .. } => {
                let progress = self.progress(what, by).await?;
                workflow::update::record(app, by, Reference { kind: Kind::Action, number }, &progress)
                    .await
                    .map(drop)
            }
            What::Verdict { .. } => {
                let verdict = self.verdict(what, case);
                workflow::verification::verify(app, by, number, seen, &verdict).await.map(drop)
            }
            What::Assurance { decision, note, .. } => {
                let again = calendar::add_working_days(app.clock.today(), 5, Nation::England);
                let new_due_on = (*decision == AssuranceDecision::Challenged).then_some(again);
                let word = Word { decision: *decision, note: (*note).into(), new_due_on };
                workflow::assurance::record(app, by, number, seen, &word).await
            }
            What::Close { note, .. } => workflow::closure::close(app, by, number, seen, note).await.map(drop),
            What::LooksAgain { .. } => self.look_again(by, what, case).await,
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
            What::Merge { into, reason, .. } => {
                let into = find(&self.actions, into).map_err(|t| Stop::refused(t.to_string()))?;
                workflow::merging::merge(app, by, number, seen, into.number, reason).await
            }
            What::Cancel { reason, .. } => workflow::change::cancel(app, by, number, seen, reason).await,
            What::Decide { .. } | What::Stays { .. } => self.decide(by, what, case).await,
            _ => Ok(()),
        }
    }

    pub(super) async fn case(&self, number: i32) -> Result<Case, Stop> {
        let mut tx = TenantTx::begin(&self.app.db, self.provider, None, self.app.clock.now()).await?;
        case::read(&mut tx, number).await?.ok_or_else(|| AppError::NotFound.into())
    }
}

/// The key of the action a deed is about.
const fn of(what: &What) -> &'static str {
    match what {
        What::Progress { action, .. }
        | What::Verdict { action, .. }
        | What::Assurance { action, .. }
        | What::Close { action, .. }
        | What::LooksAgain { action, .. }
        | What::Reopen { action, .. }
        | What::Extend { action, .. }
        | What::Reassign { action, .. }
        | What::Reword { action, .. }
        | What::Merge { action, .. }
        | What::Cancel { action, .. }
        | What::Decide { action, .. }
        | What::Stays { action, .. } => action,
        _ => "",
    }
}

/// An instant at a time of day in London; a time the clocks skip is taken an hour later.
pub(super) fn moment(date: NaiveDate, hour: u32, minute: u32) -> DateTime<Utc> {
    let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
    let local = date.and_time(time);
    London.from_local_datetime(&local).latest().map_or_else(|| local.and_utc(), |at| at.with_timezone(&Utc))
}

pub(super) fn find<T: Clone>(things: &HashMap<&'static str, T>, key: &str) -> Result<T, Trouble> {
    things.get(key).cloned().ok_or_else(|| unknown(key))
}

pub(super) fn unknown(key: &str) -> Trouble {
    Trouble::Unknown(key.to_owned())
}

pub(super) fn trouble(who: &'static str, what: &str, stop: Stop) -> Trouble {
    let why = match stop {
        Stop::Refused(said) => said.into_iter().map(|s| s.sentence).collect::<Vec<_>>().join("; "),
        Stop::Changed => "it changed".into(),
        Stop::Failed(error) => format!("{error:?}"),
    };
    Trouble::Refused { who, what: what.to_owned(), why }
}
