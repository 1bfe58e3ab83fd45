//! Invitations: made, sent, renewed, withdrawn, accepted.

use chrono::{DateTime, Duration, Utc};

use super::system::Account;
use super::{TenantTx, word};
use crate::domain::invitation::{Standing, Way};
use crate::domain::member::{Member, Role};
use crate::ids::{InvitationId, MemberId, ServiceId, UserId};

/// How many the list shows.
pub const ROWS: i64 = 200;

/// An invitation.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Id.
    pub id: InvitationId,
    /// By mail or on paper.
    pub way: Way,
    /// The address it goes to, when by mail.
    pub email: Option<String>,
    /// Whom it is for.
    pub name: String,
    /// The role it opens.
    pub role: Role,
    /// The job title.
    pub job_title: String,
    /// The services.
    pub services: Vec<ServiceId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
    /// When its mail left.
    pub sent_at: Option<DateTime<Utc>>,
    /// Whether its mail is still to leave.
    pub mail_due: bool,
    /// Why its mail did not leave.
    pub last_error: Option<String>,
    /// When it was accepted.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Whether somebody who is an administrator now answers for it.
    pub vouched: bool,
}

impl Invitation {
    /// Where it stands at `now`.
    #[must_use]
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        Standing::of(self.accepted_at, self.withdrawn_at, self.expires_at, self.vouched, now)
    }
}

struct Row {
    id: InvitationId,
    way: String,
    email: Option<String>,
    name: String,
    role: String,
    job_title: String,
    services: Vec<ServiceId>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    mail_due: bool,
    last_error: Option<String>,
    accepted_at: Option<DateTime<Utc>>,
    withdrawn_at: Option<DateTime<Utc>>,
    vouched: bool,
}

impl Row {
    fn whole(self) -> Result<Invitation, sqlx::Error> {
        Ok(Invitation {
            id: self.id,
            way: word(&self.way)?,
            email: self.email,
            name: self.name,
            role: word(&self.role)?,
            job_title: self.job_title,
            services: self.services,
            created_at: self.created_at,
            expires_at: self.expires_at,
            sent_at: self.sent_at,
            mail_due: self.mail_due,
            last_error: self.last_error,
            accepted_at: self.accepted_at,
            withdrawn_at: self.withdrawn_at,
            vouched: self.vouched,
        })
    }
}

/// Writes a new invitation; `mail_at` says when its mail is due.
///
/// # Errors
/// The database refused or was lost.
pub async fn insert(tx: &mut TenantTx, new: &Invitation, hash: Option<[u8; 32]>) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    let services: Vec<_> = new.services.iter().map(|s| s.uuid()).collect();
    sqlx::query!(
        "INSERT INTO invitations (provider_id, id, way, email, name, role, job_title, services, secret_hash, created_by, vouched_by, created_at, expires_at, mail_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, CASE WHEN $13 THEN $11::timestamptz END)",
        provider.uuid(),
        new.id.uuid(),
        new.way.as_str(),
        new.email,
        new.name,
        new.role.as_str(),
        new.job_title,
        &services,
        hash.as_ref().map(|h| &h[..]),
        by.map(|b| b.uuid()),
        now,
        new.expires_at,
        new.mail_due,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// The newest invitations, newest first, at most [`ROWS`].
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Invitation>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: InvitationId", way, email, name, role, job_title, services AS "services: Vec<ServiceId>", created_at, expires_at, sent_at,
             mail_at IS NOT NULL AS "mail_due!", last_error, accepted_at, withdrawn_at,
             EXISTS (SELECT 1 FROM memberships m WHERE m.provider_id = i.provider_id AND m.id = i.vouched_by
               AND m.ended_at IS NULL AND m.role = 'administrator') AS "vouched!"
           FROM invitations i WHERE provider_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2"#,
        provider.uuid(),
        ROWS,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::whole).collect()
}

/// An invitation by its id, locked until the transaction ends.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn lock(tx: &mut TenantTx, id: InvitationId) -> Result<Option<Invitation>, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: InvitationId", way, email, name, role, job_title, services AS "services: Vec<ServiceId>", created_at, expires_at, sent_at,
             mail_at IS NOT NULL AS "mail_due!", last_error, accepted_at, withdrawn_at,
             EXISTS (SELECT 1 FROM memberships m WHERE m.provider_id = i.provider_id AND m.id = i.vouched_by
               AND m.ended_at IS NULL AND m.role = 'administrator') AS "vouched!"
           FROM invitations i WHERE provider_id = $1 AND id = $2 FOR UPDATE OF i"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Row::whole).transpose()
}

/// The invitation a secret opens, locked until the transaction ends.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn lock_by_secret(tx: &mut TenantTx, hash: [u8; 32]) -> Result<Option<Invitation>, sqlx::Error> {
    let provider = tx.provider();
    // the secret is asked for again after the wait for the lock: it may have been replaced meanwhile
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: InvitationId", way, email, name, role, job_title, services AS "services: Vec<ServiceId>", created_at, expires_at, sent_at,
             mail_at IS NOT NULL AS "mail_due!", last_error, accepted_at, withdrawn_at,
             EXISTS (SELECT 1 FROM memberships m WHERE m.provider_id = i.provider_id AND m.id = i.vouched_by
               AND m.ended_at IS NULL AND m.role = 'administrator') AS "vouched!"
           FROM invitations i WHERE provider_id = $1 AND secret_hash = $2 FOR UPDATE OF i"#,
        provider.uuid(),
        &hash[..],
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Row::whole).transpose()
}

/// Whether an invitation to this address waits already.
///
/// # Errors
/// The database was lost.
pub async fn waits(tx: &mut TenantTx, email: &str) -> Result<bool, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM invitations WHERE provider_id = $1 AND email = $2 AND expires_at > $3
             AND accepted_at IS NULL AND withdrawn_at IS NULL) AS "waits!""#,
        provider.uuid(),
        email,
        now,
    )
    .fetch_one(tx.conn())
    .await
}

/// Makes an invitation anew: another secret, another end; what was withdrawn waits again.
///
/// # Errors
/// The database refused or was lost.
pub async fn renew(
    tx: &mut TenantTx,
    id: InvitationId,
    hash: Option<[u8; 32]>,
    expires_at: DateTime<Utc>,
    mail_due: bool,
) -> Result<(), sqlx::Error> {
    let (provider, now, by) = (tx.provider(), tx.now(), tx.actor());
    sqlx::query!(
        "UPDATE invitations SET vouched_by = $7, secret_hash = $3, expires_at = $4, mail_at = CASE WHEN $5 THEN $6::timestamptz END, leased_until = NULL,
           attempts = 0, sent_at = NULL, last_error = NULL, withdrawn_at = NULL
         WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        hash.as_ref().map(|h| &h[..]),
        expires_at,
        mail_due,
        now,
        by.map(|b| b.uuid()),
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Withdraws an invitation: its secret opens nothing from now on.
///
/// # Errors
/// The database refused or was lost.
pub async fn withdraw(tx: &mut TenantTx, id: InvitationId) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query!(
        "UPDATE invitations SET withdrawn_at = $3, secret_hash = NULL, mail_at = NULL WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Notes who accepted it; its secret opens nothing from now on.
///
/// # Errors
/// The database refused or was lost.
pub async fn accept(tx: &mut TenantTx, id: InvitationId, by: MemberId) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query!(
        "UPDATE invitations SET accepted_at = $3, accepted_by = $4, secret_hash = NULL, mail_at = NULL WHERE provider_id = $1 AND id = $2",
        provider.uuid(),
        id.uuid(),
        now,
        by.uuid(),
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// A mail that is due.
#[derive(Clone, Debug)]
pub struct ToMail {
    /// The invitation.
    pub id: InvitationId,
    /// Where to.
    pub email: String,
    /// Whom it is for.
    pub name: String,
    /// How often it was tried.
    pub attempts: i32,
}

/// Claims one mail whose time has come and gives it a fresh secret: the one before, if a try failed, opens nothing.
///
/// # Errors
/// The database was lost.
pub async fn claim(
    tx: &mut TenantTx,
    hash: [u8; 32],
    lease: Duration,
) -> Result<Option<ToMail>, sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    sqlx::query_as!(
        ToMail,
        r#"UPDATE invitations i SET leased_until = $3, attempts = attempts + 1, secret_hash = $4
           FROM (SELECT id FROM invitations WHERE provider_id = $1 AND mail_at <= $2 AND expires_at > $2
                   AND (leased_until IS NULL OR leased_until <= $2) ORDER BY mail_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) due
           WHERE i.provider_id = $1 AND i.id = due.id
           RETURNING i.id AS "id: InvitationId", i.email AS "email!", i.name, i.attempts"#,
        provider.uuid(),
        now,
        now + lease,
        &hash[..],
    )
    .fetch_optional(tx.conn())
    .await
}

/// Notes how the mail went: sent (no error), to be tried again at `next`, or given up. Nothing is noted when the invitation
/// was renewed, withdrawn or accepted while its mail was on its way: `hash` is the secret that mail held.
///
/// # Errors
/// The database was lost.
pub async fn mark(
    tx: &mut TenantTx,
    (id, hash): (InvitationId, [u8; 32]),
    error: Option<&str>,
    next: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    let (provider, now) = (tx.provider(), tx.now());
    let error: Option<String> = error.map(|e| e.chars().take(500).collect());
    sqlx::query!(
        "UPDATE invitations SET leased_until = NULL, mail_at = $5, last_error = $4,
           sent_at = CASE WHEN $4::text IS NULL THEN $3::timestamptz END WHERE provider_id = $1 AND id = $2 AND secret_hash = $6",
        provider.uuid(),
        id.uuid(),
        now,
        error,
        next,
        &hash[..],
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Writes the person who accepts, in the transaction that opens their place: a person belongs to no provider, so the
/// database writes this one row for it.
///
/// # Errors
/// The address or name is taken, or the database was lost.
pub async fn insert_person(tx: &mut TenantTx, account: &Account) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "SELECT app.insert_person($1, $2, $3, $4, $5)",
        account.user.uuid(),
        account.email,
        account.name,
        account.password_hash,
        now,
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Opens the place of somebody who has left and comes back, as `member` says but for its id, which stays: their history
/// is theirs. `None` when they never had a place here.
///
/// # Errors
/// The database refused or was lost.
pub async fn come_back(
    tx: &mut TenantTx,
    user: UserId,
    member: &Member,
) -> Result<Option<MemberId>, sqlx::Error> {
    let provider = tx.provider();
    sqlx::query_scalar!(
        r#"UPDATE memberships SET ended_at = NULL, role = $3, job_title = $4, name = $5
           WHERE provider_id = $1 AND user_id = $2 AND ended_at IS NOT NULL RETURNING id AS "id: MemberId""#,
        provider.uuid(),
        user.uuid(),
        member.role.as_str(),
        member.job_title,
        member.name,
    )
    .fetch_optional(tx.conn())
    .await
}
