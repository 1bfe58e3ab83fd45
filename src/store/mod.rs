//! All SQL, and nothing but SQL. Everything of a provider is reached through a [`TenantTx`], which fixes the provider
//! for row-level security; sign-in, sessions and the list of providers through a [`SystemTx`].

use std::sync::Arc;

use sqlx::PgPool;

use crate::database::{DatabaseError, migrate, pool};
use kept::Kept;

mod finishing;
mod kept;
mod tenant_tx;

/// Signs put aside.
pub mod acknowledgement;
/// Actions.
pub mod action;
/// Lists of actions.
pub mod action_list;
/// The loudest thing there is.
pub mod alarm;
/// Keys of a provider's own programs.
pub mod api_key;
/// The nominated individual's assurances.
pub mod assurance;
/// The files behind evidence.
pub mod blob;
/// A member's calendar.
pub mod calendar;
/// The case of an action, for the rules.
pub mod case;

/// Who hears of a message.
pub mod audience;
/// The earlier owner, words and date of an action.
pub mod change;
/// Closures and reopenings.
pub mod closure;
/// Closure audits: what was drawn, and whether its evidence stood up.
pub mod closure_audit;
/// One-time codes.
pub mod codes;
/// The dashboard.
pub mod dashboard;
/// The digest of a week.
pub mod digest;
/// What was closed before Throughline.
pub mod earlier;
/// Escalations.
pub mod escalation;
/// What escalations are raised upon, and what decisions see.
pub mod escalation_facts;
/// Lists of escalations.
pub mod escalation_list;
/// The escalation log of a service.
pub mod escalation_log;
/// Evidence.
pub mod evidence;
/// Verdicts given as an exception.
pub mod exception;
/// Lists that were taken out of the program.
pub mod export;
/// The figures of governance.
pub mod figure;
/// Findings.
pub mod finding;
/// The regulator's framework.
pub mod framework;
/// Governance meetings.
pub mod governance;
/// Imports, and their rows.
pub mod import;
/// What measures show of an action, and what they showed when it was closed.
pub mod improvement;
/// Invitations.
pub mod invitation;
/// Work left for the worker.
pub mod job;
/// What a paper judged.
pub mod judged;
/// What a member who leaves would leave behind.
pub mod leaver;
/// What members want by mail.
pub mod mail_choice;
/// Measures with their readings.
pub mod measure;
/// Members.
pub mod member;
/// Lists of members.
pub mod member_list;
/// What waits, for the menu.
pub mod menu;
/// Actions that were merged into others.
pub mod merging;
/// The outbox as it is read.
pub mod message_list;
/// What members are told in the program.
pub mod notice;
/// Opening a session.
pub mod opening;
/// Messages to be delivered.
pub mod outbox;
/// Evidence packs.
pub mod pack;
/// Everything the page of an action shows besides its case.
pub mod papers;
/// The provider, its services, units and rules.
pub mod provider;
/// What waits to be verified, assured or closed.
pub mod queue;
/// Findings that are like another, and what links them.
pub mod recurrence;
/// Reminders to be sent.
pub mod reminder;
/// Reviews.
pub mod review;
/// What links do: closures that did not last, root-cause reviews.
pub mod root_cause;
/// Bulk data for measuring.
pub mod sample;
/// How far a member sees, for queries.
pub mod scope;
/// A service and its units.
pub mod service;
/// Signed-in browsers.
pub mod session;
/// How many signs each service has.
pub mod sign_count;
/// The signs themselves, as they were found then.
pub mod sign_kept;
/// Early-warning signs.
pub mod signal;
/// Closure standards, and the days to do something.
pub mod standard;
/// Sustain checks.
pub mod sustain;
/// Who is signed in: people, sessions, throttles, places.
pub mod system;
/// The trail: appending, reading, verifying.
pub mod trail;
/// Progress updates.
pub mod update;
/// Verifications.
pub mod verification;
/// Weekly reviews.
pub mod weekly;
/// Whose work it is.
pub mod workload;

pub use tenant_tx::{SystemTx, TenantTx};

/// The database. Its pool is private: nothing reaches a table except through a transaction that says who asks.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
    kept: Arc<Kept>,
}

impl Db {
    /// Wraps a pool of connections that work as the app role, and keeps about so many bytes of what pages showed.
    #[must_use]
    pub fn new(pool: PgPool, keep: u64) -> Self {
        Self { pool, kept: Arc::new(Kept::of_at_most(keep)) }
    }

    /// The same database for loading much at once: see [`pool::for_loading`].
    #[must_use]
    pub fn for_loading(&self) -> Self {
        Self { pool: pool::for_loading(&self.pool), kept: Arc::clone(&self.kept) }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// What the connection says.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        sqlx::query!("SELECT 1 AS one").fetch_one(&self.pool).await.map(drop)
    }

    /// What keeps the database from being the one this program knows; see [`migrate::difference`].
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn difference(&self) -> Result<Option<String>, DatabaseError> {
        migrate::difference(&self.pool).await
    }

    /// Waits for running statements and closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A row holds a word this program does not know: a newer version wrote it, or it was changed by hand.
pub(in crate::store) fn word<T: crate::domain::text_enum::TextEnum>(text: &str) -> Result<T, sqlx::Error> {
    T::from_text(text).ok_or_else(|| {
        sqlx::Error::Decode(format!("unknown {} in the database", std::any::type_name::<T>()).into())
    })
}

/// The same for a list of words.
pub(in crate::store) fn words<T: crate::domain::text_enum::TextEnum>(
    texts: &[String],
) -> Result<Vec<T>, sqlx::Error> {
    texts.iter().map(|t| word(t)).collect()
}
