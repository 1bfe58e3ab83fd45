//! The two kinds of transaction: one that sees a single provider, one that sees sign-in.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::kept::Reads;
use super::{Db, finishing, trail};
use crate::domain::event::Event;
use crate::ids::{MemberId, ProviderId, UserId};

/// A transaction inside one provider. Row-level security shows it no other provider's rows, and refuses to write them.
///
/// Events are collected while it runs and appended to the trail last, so that the chain's lock is held as shortly as
/// can be; state, events and outbox are committed together or not at all.
#[derive(Debug)]
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    provider: ProviderId,
    actor: Option<MemberId>,
    now: DateTime<Utc>,
    events: Vec<Event>,
    reads: Option<Reads>,
    together: Option<Uuid>,
}

impl TenantTx {
    /// Begins in `provider`, as `actor` (none for what the program does by itself), at `now` by the program's clock.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn begin(
        db: &Db,
        provider: ProviderId,
        actor: Option<MemberId>,
        now: DateTime<Utc>,
    ) -> Result<Self, sqlx::Error> {
        // one round trip; a UUID prints as hex and hyphens only, so nothing can be injected here
        let start = format!("BEGIN; SET LOCAL app.provider_id = '{provider}'");
        let tx = finishing::begin(&db.pool, start).await?;
        Ok(Self { tx, provider, actor, now, events: Vec::new(), reads: None, together: None })
    }

    /// The same for a job of the worker: it may take longer than anything a page waits for.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn begin_long(
        db: &Db,
        provider: ProviderId,
        actor: Option<MemberId>,
        now: DateTime<Utc>,
    ) -> Result<Self, sqlx::Error> {
        let start = format!(
            "BEGIN; SET LOCAL app.provider_id = '{provider}'; SET LOCAL statement_timeout = '10min'; SET LOCAL idle_in_transaction_session_timeout = '10min'"
        );
        let tx = finishing::begin(&db.pool, start).await?;
        Ok(Self { tx, provider, actor, now, events: Vec::new(), reads: None, together: None })
    }

    /// A transaction that has entered `provider` by opening a session ([`Db::open_reading`]) and that can only read:
    /// what it reads was committed, so it may be kept.
    pub(super) const fn reading(
        tx: Transaction<'static, Postgres>,
        provider: ProviderId,
        member: MemberId,
        now: DateTime<Utc>,
        reads: Option<Reads>,
    ) -> Self {
        Self { tx, provider, actor: Some(member), now, events: Vec::new(), reads, together: None }
    }

    /// What was read before; nothing in a transaction that can write.
    pub(super) const fn reads(&self) -> Option<&Reads> {
        self.reads.as_ref()
    }

    /// The provider this transaction sees.
    #[must_use]
    pub const fn provider(&self) -> ProviderId {
        self.provider
    }

    /// Who acts; none when the program does.
    #[must_use]
    pub const fn actor(&self) -> Option<MemberId> {
        self.actor
    }

    /// The instant everything in this transaction happens at.
    #[must_use]
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Notes an event; it is appended to the trail by [`TenantTx::commit`].
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// From here on, what one person is told of several actions in this transaction comes in one mail.
    pub fn tell_together(&mut self) {
        self.together = Some(Uuid::now_v7());
    }

    /// The same across several transactions that name the same.
    pub const fn tell_within(&mut self, together: Uuid) {
        self.together = Some(together);
    }

    /// What is told together, if anything is.
    pub(super) const fn together(&self) -> Option<Uuid> {
        self.together
    }

    /// Appends the events and commits.
    ///
    /// # Errors
    /// A rule of the database refused at the end, or the connection was lost; then nothing happened.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        let events = std::mem::take(&mut self.events);
        if !events.is_empty() {
            trail::append(&mut self, &events).await?;
        }
        self.tx.commit().await
    }

    /// Takes everything back now, so that what it held is free: a transaction that is only dropped lets go a moment later.
    ///
    /// # Errors
    /// The connection was lost; then nothing happened either.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        self.tx.rollback().await
    }

    /// The connection, for this module's neighbours.
    pub(in crate::store) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

/// A transaction for sign-in, sessions and the list of providers. It sees people and their places, and nothing of the
/// line; see `store/system.rs`.
#[derive(Debug)]
pub struct SystemTx {
    tx: Transaction<'static, Postgres>,
    now: DateTime<Utc>,
}

impl SystemTx {
    /// Begins at `now`. With `person`, their own places in all providers can be read.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn begin(db: &Db, person: Option<UserId>, now: DateTime<Utc>) -> Result<Self, sqlx::Error> {
        let person = person.map(|p| p.to_string()).unwrap_or_default();
        let start = format!("BEGIN; SET LOCAL app.system = 'on'; SET LOCAL app.person_id = '{person}'");
        let tx = finishing::begin(&db.pool, start).await?;
        Ok(Self { tx, now })
    }

    /// The instant everything in this transaction happens at.
    #[must_use]
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Commits.
    ///
    /// # Errors
    /// The connection was lost; then nothing happened.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.tx.commit().await
    }

    /// The connection, for this module's neighbours.
    pub(in crate::store) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}
