//! One function for each thing a person can do: read the facts, ask the domain, write state, event and message in one
//! transaction. Pages, worker, demo and tests all go through here, so nothing can happen in two ways.

use chrono::{DateTime, NaiveDate, Utc};

use crate::app::AppState;
use crate::domain::access::Relation;
use crate::domain::closure::Case;
use crate::domain::member::Member;
use crate::error::AppError;
use crate::ids::ProviderId;
use crate::store::TenantTx;

/// A sign is put aside.
pub mod acknowledgement;
/// Agreeing an action.
pub mod action;
/// Keys of a provider's own programs.
pub mod api_key;
/// The nominated individual's word.
pub mod assurance;
/// A member's calendar.
pub mod calendar;
/// Another owner, other words, another date, calling off.
pub mod change;
/// Closing and reopening.
pub mod closure;
/// The closure audit of a quarter.
pub mod closure_audit;
/// One-time codes.
pub mod codes;
/// The digests of a week.
pub mod digest;
/// Escalations: raised by the program, decided by people.
pub mod escalation;
/// Evidence: kept, added, fetched, withdrawn.
pub mod evidence;
/// A list is taken out of the program.
pub mod export;
/// Keeping the figures of months that are over.
pub mod figure;
/// From when the limits of a figure are calculated anew.
pub mod figure_limits;
/// Logging a finding, its sources, ending it without an action.
pub mod finding;
/// The governance meeting on a month.
pub mod governance;
/// How guesses are held up.
mod guess;
/// Several actions change hands at once.
pub mod handover;
/// Open findings by theme and service.
pub mod heat;
/// Bringing a spreadsheet.
pub mod import;
/// Invitations.
pub mod invitation;
/// Work left for the worker.
pub mod job;
/// Somebody leaves.
pub mod leaver;
/// What a member wants by mail.
pub mod mail_choice;
/// Measures: defined, read, calculated anew.
pub mod measure;
/// Duplicates are merged into one.
pub mod merging;
/// A member's own notices.
pub mod notice;
/// Evidence packs.
pub mod pack;
/// People and their places.
pub mod person;
/// A member's place changes.
pub mod place;
/// The escalation policy.
pub mod policy;
/// Setting a provider up.
pub mod provider;
/// The same problem found again.
pub mod recurrence;
/// Reminders before the due date.
pub mod reminder;
/// The report of a month of governance.
pub mod report;
/// Starting a review and signing it off.
pub mod review;
/// The root-cause review of what came back.
pub mod root_cause;
/// Services and their units.
pub mod service;
/// Signing in and out.
pub mod session;
/// Counting early-warning signs.
pub mod sign_count;
/// Closure standards, and the days to do something.
pub mod standard;
/// Submission for verification.
pub mod submission;
/// Looking whether what was closed has lasted.
pub mod sustain;
/// What an owner is told.
mod tell;
/// The trail: whether it is unbroken.
pub mod trail;
/// Progress, with or without evidence.
pub mod update;
/// What has to be cleared away from time to time.
pub mod upkeep;
/// Independent verification.
pub mod verification;
/// The weekly review of a service.
pub mod weekly;

/// Who does it: a member of a provider.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The provider they act in.
    pub provider: ProviderId,
    /// The member.
    pub member: Member,
}

impl Actor {
    /// Begins a transaction as this actor, now by the program's clock.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn begin(&self, app: &AppState) -> Result<TenantTx, AppError> {
        Ok(TenantTx::begin(&app.db, self.provider, Some(self.member.id), app.clock.now()).await?)
    }

    /// How this actor stands to an action.
    #[must_use]
    pub fn stands_to(&self, case: &Case) -> Relation {
        case.relation(&self.member)
    }

    /// Whether this actor may see an action; if not, it is not there for them.
    #[must_use]
    pub fn sees(&self, case: &Case) -> bool {
        case.visible_to(&self.member)
    }
}

/// Today and now, read once so that one deed happens at one time.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The instant, UTC.
    pub now: DateTime<Utc>,
    /// The date in Europe/London.
    pub today: NaiveDate,
}

impl Moment {
    /// Reads the clock.
    #[must_use]
    pub fn read(app: &AppState) -> Self {
        let now = app.clock.now();
        Self { now, today: crate::clock::london_date(now) }
    }
}

/// A sentence about why something was not done, beside the field it concerns (none: the whole form).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The field's name in the form.
    pub field: Option<&'static str>,
    /// The sentence.
    pub sentence: String,
}

/// Why something was not done.
#[derive(Debug)]
pub enum Stop {
    /// A rule says no: sentences for the form, which keeps everything typed.
    Refused(Vec<Said>),
    /// The thing changed since the page was opened: the form is shown again beside what is there now.
    Changed,
    /// It failed, or is not there for this person.
    Failed(AppError),
}

impl Stop {
    /// A refusal about the whole form.
    pub fn refused(sentence: impl Into<String>) -> Self {
        Self::Refused(vec![Said { field: None, sentence: sentence.into() }])
    }

    /// A refusal about one field.
    pub fn at(field: &'static str, sentence: impl Into<String>) -> Self {
        Self::Refused(vec![Said { field: Some(field), sentence: sentence.into() }])
    }

    /// Whether trying once more may help: two writers met (serialisation failure or deadlock).
    #[must_use]
    pub fn worth_retrying(&self) -> bool {
        let Self::Failed(AppError::Internal(cause) | AppError::Unavailable(cause)) = self else {
            return false;
        };
        let Some(sqlx::Error::Database(error)) = cause.downcast_ref::<sqlx::Error>() else { return false };
        matches!(error.code().as_deref(), Some("40001" | "40P01"))
    }
}

impl From<AppError> for Stop {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What a workflow answers.
pub type Done<T> = Result<T, Stop>;

/// Runs the deed again, at most three times, when two writers met.
macro_rules! retrying {
    ($deed:expr) => {{
        let mut tries = 0_u8;
        loop {
            match $deed.await {
                Err(stop) if tries < 3 && stop.worth_retrying() => tries += 1,
                done => break done,
            }
        }
    }};
}
pub(crate) use retrying;
