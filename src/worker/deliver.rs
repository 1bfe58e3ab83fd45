//! Delivering messages: claimed with a lease, sent outside any transaction, marked, tried again with growing pauses.

use chrono::{DateTime, Duration, NaiveDate, Utc};

use super::announce;
use crate::app::AppState;
use crate::auth::token::Token;
use crate::clock::london_date;
use crate::domain::digest::week_to_tell;
use crate::domain::message::overtaken;
use crate::domain::reference::Reference;
use crate::domain::{reminder, words};
use crate::error::AppError;
use crate::ids::ActionId;
use crate::mail::digest::{self as digest_mail, Section};
use crate::mail::message::{self, Facts, Mail, To};
use crate::mail::transport::{Retry, SendError};
use crate::store::audience::{self, Subject};
use crate::store::digest::{self, Told};
use crate::store::mail_choice::{self, Reader};
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
    announce::provider(app, provider.id).await?;
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

/// A message that still holds.
struct Letter {
    reader: Reader,
    tells: Tells,
    /// The secret of the link that switches its kind off, if it can be.
    stop: Option<Token>,
}

/// What it tells.
enum Tells {
    Action(Box<Subject>),
    /// Several that were assigned or escalated at once.
    Several(Vec<Subject>),
    Week(Vec<Told>),
}

/// Delivers one message. None when there was nothing to send any more.
async fn one(app: &AppState, provider: &ProviderRow, due: &Due) -> Result<Option<bool>, AppError> {
    let today = app.clock.today();
    let mut tx = TenantTx::begin(&app.db, provider.id, None, app.clock.now()).await?;
    let letter = match letter(&mut tx, due, today).await? {
        Ok(letter) => letter,
        Err(why) => {
            outbox::overtake(&mut tx, due.id, why).await?;
            tx.commit().await?;
            return Ok(None);
        }
    };
    tx.commit().await?;
    let email = address(app, &letter).await?;
    if !email.contains('@') {
        return without_address(app, provider, due).await;
    }
    let mail = match compose(app, provider, due, &letter, &email, today) {
        Ok(mail) => mail,
        Err(error) => return unwritten(app, provider, due, &error).await,
    };
    // no transaction is open while the mail server is spoken to
    let answer = app.mail.send(&mail).await;
    let now = app.clock.now();
    let mut tx = TenantTx::begin(&app.db, provider.id, None, now).await?;
    let delivered = answer.is_ok();
    let body = mail.text_to_keep();
    let base = Outcome { subject: &mail.subject, body: &body, ..nothing(due) };
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

/// What a message says to its reader as both are now; or why it is not sent any more.
async fn letter(
    tx: &mut TenantTx,
    due: &Due,
    today: NaiveDate,
) -> Result<Result<Letter, &'static str>, sqlx::Error> {
    let kind = due.kind;
    let Some(reader) = mail_choice::reader(tx, due.recipient, kind).await? else {
        return Ok(Err("They have left"));
    };
    if !kind.is_mailed(reader.chosen) {
        return Ok(Err("They read this in the program, not by mail"));
    }
    let tells = match due.action {
        Some(action) => match about(tx, due, action, &reader, today).await? {
            Ok(tells) => tells,
            Err(why) => return Ok(Err(why)),
        },
        None if week_to_tell(today).is_none()
            || week_to_tell(today) != week_to_tell(london_date(due.created_at)) =>
        {
            return Ok(Err("Its week has begun without it"));
        }
        None => {
            let told = digest::read(tx, &reader.member, today).await?;
            if told.is_empty() {
                return Ok(Err("There is nothing to tell this week"));
            }
            Tells::Week(told)
        }
    };
    let stop = kind.can_be_chosen().then(Token::random);
    if let Some(stop) = &stop {
        mail_choice::insert_stop(tx, stop.hash(), reader.member.id, kind).await?;
    }
    Ok(Ok(Letter { reader, tells, stop }))
}

/// What a message about an action, or about several at once, says now; or why it is not sent any more.
async fn about(
    tx: &mut TenantTx,
    due: &Due,
    action: ActionId,
    reader: &Reader,
    today: NaiveDate,
) -> Result<Result<Tells, &'static str>, sqlx::Error> {
    let alone = vec![(due.id, action, due.escalation)];
    let several = digest_mail::tells_several(due.kind);
    let all = match due.together.filter(|_| several) {
        Some(together) => outbox::told_together(tx, together, due.kind, due.recipient).await?,
        None => alone,
    };
    if all.first().is_some_and(|(first, ..)| *first != due.id) {
        return Ok(Err("It is told in one message with others"));
    }
    let (mut subjects, mut why) = (Vec::new(), None);
    for (_, action, escalation) in all {
        let subject = audience::subject(tx, (action, escalation), &reader.member).await?;
        match overtaken(due.kind, &subject.now, today) {
            Some(no_longer) => why = Some(no_longer),
            None => subjects.push(subject),
        }
    }
    Ok(match (subjects.len(), subjects.pop(), why) {
        (1, Some(subject), _) => Ok(Tells::Action(Box::new(subject))),
        (_, Some(last), _) => {
            subjects.push(last);
            Ok(Tells::Several(subjects))
        }
        (_, None, why) => Err(why.unwrap_or("There is nothing to tell any more")),
    })
}

const fn nothing(due: &Due) -> Outcome<'static> {
    Outcome { id: due.id, subject: "", body: "", sent_at: None, next_at: None, error: None }
}

/// Staff without mail sign in with a name: they read in the program what others are sent as well.
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

async fn address(app: &AppState, letter: &Letter) -> Result<String, sqlx::Error> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let email = system::email(&mut tx, letter.reader.user).await?.unwrap_or_default();
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
    letter: &Letter,
    email: &str,
    today: NaiveDate,
) -> Result<Mail, askama::Error> {
    let base = app.config.public_url.origin();
    let stop = letter.stop.as_ref().map(|stop| format!("{base}/mail/{}/{}", provider.slug, stop.text()));
    let to = To {
        id: due.id,
        name: &letter.reader.member.name,
        email,
        provider_name: &provider.name,
        provider_slug: &provider.slug,
        stop: stop.as_deref(),
    };
    match &letter.tells {
        Tells::Week(told) => digest_mail::compose(&to, &sections(told), base),
        Tells::Several(subjects) => digest_mail::several(&to, due.kind, &rows(subjects), base),
        Tells::Action(subject) => {
            let reference = Reference::action(subject.number).to_string();
            let now = &subject.now;
            let due_when = now.due_on.map(|on| reminder::when(on, today, now.nation)).unwrap_or_default();
            let facts = Facts {
                to,
                service_name: &subject.service,
                reference: &reference,
                title: &subject.what,
                due_on: now.due_on,
                due_when: &due_when,
                level: subject.level,
            };
            message::compose(due.kind, &facts, base)
        }
    }
}

fn rows(subjects: &[Subject]) -> Vec<digest_mail::Row> {
    let row = |subject: &Subject| digest_mail::Row {
        reference: Reference::action(subject.number).to_string(),
        title: subject.what.clone(),
        service: subject.service.clone(),
        day: subject.now.due_on.map(words::date),
    };
    subjects.iter().map(row).collect()
}

fn sections(told: &[Told]) -> Vec<Section> {
    let row = |row: &digest::Row| digest_mail::Row {
        reference: Reference::action(row.number).to_string(),
        title: row.what.clone(),
        service: row.service.clone(),
        day: row.day.map(words::date),
    };
    let section = |t: &Told| Section { part: t.part, total: t.total, rows: t.rows.iter().map(row).collect() };
    told.iter().map(section).collect()
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
