//! People: added, given another password, given another role, and seen off.

use serde_json::json;

use super::{Done, Stop};
use crate::app::AppState;
use crate::auth::password::NewPasswordError;
use crate::domain::event::{Event, EventKind};
use crate::domain::member::Role;
use crate::error::AppError;
use crate::ids::{MemberId, ProviderId, UserId};
use crate::store::system::{self, Account};
use crate::store::{SystemTx, TenantTx, member};

/// Adds a person with a password; they have no place anywhere yet.
///
/// # Errors
/// The email address is wrong or taken, the name is missing, the password will not do, or the database was lost.
pub async fn add(app: &AppState, email: &str, name: &str, password: &str) -> Done<UserId> {
    let (email, name) = (address(email)?, name.trim());
    if name.is_empty() || name.chars().count() > 120 {
        return Err(Stop::at("name", "Enter a name of at most 120 characters"));
    }
    let hash = accept(app, password, &[name, &email]).await?;
    let user = UserId::new();
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    if system::account_by_email(&mut tx, &email).await?.is_some() {
        return Err(Stop::at("email", "Somebody has this email address already"));
    }
    let account = Account { user, name: name.to_owned(), email, password_hash: Some(hash) };
    system::insert_user(&mut tx, &account).await?;
    tx.commit().await?;
    Ok(user)
}

/// The person with this email address.
///
/// # Errors
/// The database was lost.
pub async fn find(app: &AppState, email: &str) -> Result<Option<UserId>, AppError> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let account = system::account_by_email(&mut tx, &email.trim().to_lowercase()).await?;
    Ok(account.map(|account| account.user))
}

/// The place of the person with this email address in a provider.
///
/// # Errors
/// The database was lost.
pub async fn place(app: &AppState, of: ProviderId, email: &str) -> Result<Option<MemberId>, AppError> {
    let Some(user) = find(app, email).await? else { return Ok(None) };
    let mut tx = TenantTx::begin(&app.db, of, None, app.clock.now()).await?;
    Ok(member::of_person(&mut tx, user).await?)
}

/// Gives a person another password; all their sessions end.
///
/// # Errors
/// Nobody has this email address, the password will not do, or the database was lost.
pub async fn reset_password(app: &AppState, email: &str, password: &str) -> Done<()> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let account = system::account_by_email(&mut tx, &email.trim().to_lowercase()).await?;
    let account = account.ok_or_else(|| Stop::at("email", "Nobody has this email address"))?;
    drop(tx);
    let hash = accept(app, password, &[&account.name, &account.email]).await?;
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    system::change_password(&mut tx, account.user, &hash).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives a member another role; the person's sessions end (migrations/0001).
///
/// # Errors
/// There is no such member, they are the last administrator, or the database was lost.
pub async fn change_role(app: &AppState, provider: ProviderId, id: MemberId, role: Role) -> Done<()> {
    let mut tx = TenantTx::begin(&app.db, provider, None, app.clock.now()).await?;
    super::leaver::keep_an_administrator(&mut tx, id, Some(role)).await?;
    member::set_role(&mut tx, id, role).await?.ok_or(AppError::NotFound)?;
    let facts = json!({ "member": id, "role": role.as_str() });
    tx.record(Event::of_provider(EventKind::MemberChanged).detail(facts));
    tx.commit().await?;
    Ok(())
}

/// Ends a member's place for the program itself; what they owned is shown as unowned at once (R7).
///
/// # Errors
/// There is no such member, they are the last administrator, or the database was lost.
pub async fn end_place(app: &AppState, provider: ProviderId, id: MemberId) -> Done<()> {
    super::leaver::end_by_operator(app, provider, id, "").await.map(drop)
}

/// The hash of a new password that will do; `about` is what somebody who knows the person would try.
pub(super) async fn accept(app: &AppState, password: &str, about: &[&str]) -> Done<String> {
    app.passwords.accept(password, about).await.map_err(|error| match error {
        NewPasswordError::Refused(why) => Stop::at("password", why.to_string()),
        NewPasswordError::Failed(why) => AppError::internal(why).into(),
    })
}

/// An email address in lower case. Whether mail arrives there is not known before it was sent; what no address can be
/// is refused.
pub(super) fn address(text: &str) -> Result<String, Stop> {
    let email = text.trim().to_lowercase();
    let whole = email.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
    });
    let plain = email.len() <= 254 && email.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if whole && plain && email.matches('@').count() == 1 {
        Ok(email)
    } else {
        Err(Stop::at("email", "Enter an email address, like name@care.example"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_is_one() {
        assert_eq!(address(" Priya@Rowan.Example ").unwrap(), "priya@rowan.example");
        for wrong in ["", "priya", "@rowan.example", "a@b", "a@.b", "a@b.", "a b@c.d", "a@b@c.d", "a\n@b.c"] {
            assert!(address(wrong).is_err(), "{wrong:?}");
        }
        assert!(address(&format!("{}@rowan.example", "a".repeat(250))).is_err());
    }
}
