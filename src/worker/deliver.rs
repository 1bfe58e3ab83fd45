//! Delivering messages: claimed with a lease, sent outside any transaction, marked, tried again with growing pauses.

use chrono::{DateTime, Duration, NaiveDate, Utc};

use crate::app::AppState;
use crate::domain::reference::Reference;
use crate::domain::reminder;
use crate::error::AppError;
use crate::mail::message::{self, Facts, Mail, MessageKind};
use crate::mail::transport::{Retry, SendError};
use crate::store::audience::{self, Subject};
use crate::store::outbox::{self, Due, Outcome};
use crate::store::system::{self, ProviderRow};
use crate::store::{SystemTx, TenantTx};

/// How long a claim lasts; a crashed replica's messages come back after it.
pub const LEASE: Duration = Duration::minutes(2);
/// How many messages are claimed at a time: so few that even a mail server that takes its whole half minute for each
/// (`mail::transport`) is done with them before the claim ends and another replica sends them again.
const BATCH: i64 = 3;
/// After so many tries a message is shown as undeliverable.
pub const TRIES: i32 = 10;

/// How a round of deliveries went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent {
    /// Sent, or kept for the page.
    pub delivered: u64,
    /// Not sent this time.
    pub failed: u64,
}

/// Delivers what is due in one provider.
///
/// # Errors
/// The database was lost; what was claimed comes back when its lease ends.
pub async fn provider(app: &AppState, provider: &ProviderRow) -> Result<Sent, AppError> {
    let mut sent = Sent::default();
    loop {
        let mut tx = TenantTx::begin(&app.db, provider.id, None, app.clock.now()).await?;
        let due = outbox::claim(&mut tx, BATCH, LEASE).await?;
        if due.is_empty() {
            return Ok(sent);
        }
        tx.commit().await?;
        for message in &due {
            match one(app, provider, message).await? {
                Some(true) => sent.delivered += 1,
                Some(false) => sent.failed += 1,
                None => {}
            }
        }
    }
}

/// Delivers one message, or turns it into one for each person. None when there was nothing to send.
async fn one(app: &AppState, provider: &ProviderRow, due: &Due) -> Result<Option<bool>, AppError> {
    let mut tx = TenantTx::begin(&app.db, provider.id, None, app.clock.now()).await?;
    let Some(to) = due.recipient else {
        let people = audience::people(&mut tx, due.audience, due.action, due.escalation).await?;
        outbox::resolve(&mut tx, due.id, &people).await?;
        tx.commit().await?;
        return Ok(None);
    };
    let Some(subject) = audience::subject(&mut tx, due, to).await? else {
        let gone = Outcome { error: Some("The recipient has left"), ..nothing(due) };
        outbox::mark(&mut tx, &gone).await?;
        tx.commit().await?;
        return Ok(Some(false));
    };
    let today = app.clock.today();
    if let Some(why) = overtaken(due.kind, &subject, today) {
        outbox::overtake(&mut tx, due.id, why).await?;
        tx.commit().await?;
        return Ok(None);
    }
    tx.commit().await?;
    let email = address(app, &subject).await?;
    if !email.contains('@') {
        return without_address(app, provider, due).await;
    }
    let mail = match compose(app, provider, due, &subject, &email, today) {
        Ok(mail) => mail,
        Err(error) => return unwritten(app, provider, due, &error).await,
    };
    // no transaction is open while the mail server is spoken to
    let answer = app.mail.send(&mail).await;
    let now = app.clock.now();
    let mut tx = TenantTx::begin(&app.db, provider.id, None, now).await?;
    let delivered = answer.is_ok();
    let base = Outcome { subject: &mail.subject, body: &mail.text, ..nothing(due) };
    match answer {
        Ok(_) => outbox::mark(&mut tx, &Outcome { sent_at: Some(now), ..base }).await?,
        Err(SendError { retry, reason }) => {
            let next_at = try_again_at(retry, due.attempts, now);
            outbox::mark(&mut tx, &Outcome { next_at, error: Some(&reason), ..base }).await?;
        }
    }
    tx.commit().await?;
    Ok(Some(delivered))
}

/// Why a message is no longer true. Most tell what happened, which stays so; a reminder tells what is still to come.
fn overtaken(kind: MessageKind, subject: &Subject, today: NaiveDate) -> Option<&'static str> {
    match kind {
        MessageKind::DueSoon => {
            reminder::overtaken(subject.status, subject.owns, subject.due_on, subject.nation, today)
        }
        _ => None,
    }
}

const fn nothing(due: &Due) -> Outcome<'static> {
    Outcome { id: due.id, subject: "", body: "", sent_at: None, next_at: None, error: None }
}

/// Staff without mail sign in with a name: they read on their pages what others are sent.
async fn without_address(
    app: &AppState,
    provider: &ProviderRow,
    due: &Due,
) -> Result<Option<bool>, AppError> {
    let mut tx = TenantTx::begin(&app.db, provider.id, None, app.clock.now()).await?;
    outbox::overtake(&mut tx, due.id, "They have no mail address").await?;
    tx.commit().await?;
    Ok(None)
}

async fn address(app: &AppState, subject: &Subject) -> Result<String, sqlx::Error> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let email = system::email(&mut tx, subject.user).await?.unwrap_or_default();
    tx.commit().await?;
    Ok(email)
}

/// A message that cannot be written waits like one that cannot be sent, so that it holds no other one up.
async fn unwritten(
    app: &AppState,
    provider: &ProviderRow,
    due: &Due,
    error: &askama::Error,
) -> Result<Option<bool>, AppError> {
    tracing::error!(message = %due.id, %error, "a message could not be written");
    let now = app.clock.now();
    let mut tx = TenantTx::begin(&app.db, provider.id, None, now).await?;
    let next_at = try_again_at(Retry::Later, due.attempts, now);
    let waits = Outcome { next_at, error: Some("The message could not be written"), ..nothing(due) };
    outbox::mark(&mut tx, &waits).await?;
    tx.commit().await?;
    Ok(Some(false))
}

fn compose(
    app: &AppState,
    provider: &ProviderRow,
    due: &Due,
    subject: &Subject,
    email: &str,
    today: NaiveDate,
) -> Result<Mail, askama::Error> {
    let reference = Reference::action(subject.number).to_string();
    let due_when = subject.due_on.map(|on| reminder::when(on, today, subject.nation)).unwrap_or_default();
    let facts = Facts {
        id: due.id,
        recipient_name: &subject.recipient,
        recipient_email: email,
        provider_name: &provider.name,
        provider_slug: &provider.slug,
        service_name: &subject.service,
        reference: &reference,
        title: &subject.what,
        due_on: subject.due_on,
        due_when: &due_when,
        by: None,
        second_level: subject.level.is_some_and(|level| level >= 2),
    };
    message::compose(due.kind, &facts, app.config.public_url.origin())
}

/// When to try again: 5 seconds doubled with each try, ten tries in all; never for what the server refused for good.
#[must_use]
pub fn try_again_at(retry: Retry, attempts: i32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if retry == Retry::Never || attempts >= TRIES {
        return None;
    }
    let doublings = u32::try_from(attempts.clamp(0, TRIES)).unwrap_or(0);
    Some(now + Duration::seconds(5 * i64::from(2_u32.pow(doublings))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::transport::WHOLE;

    #[test]
    fn a_claim_outlasts_the_slowest_server() {
        let slowest = WHOLE * u32::try_from(BATCH).unwrap();
        assert!(slowest < LEASE.to_std().unwrap(), "another replica would send the last of them again");
    }

    #[test]
    fn pauses_double_and_end_after_ten_tries() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let pause = |attempts| try_again_at(Retry::Later, attempts, now).map(|at| (at - now).num_seconds());
        assert_eq!(pause(1), Some(10));
        assert_eq!(pause(2), Some(20));
        assert_eq!(pause(9), Some(2560));
        assert_eq!(pause(10), None);
        assert_eq!(try_again_at(Retry::Never, 1, now), None);
    }
}
