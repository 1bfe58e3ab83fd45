//! Signing in and out, and what a person does with their own account.

use sha2::{Digest as _, Sha256};
use std::net::IpAddr;

use super::guess::{self, address_key};
use super::{Done, Stop};
use crate::app::AppState;
use crate::auth::password::{NewPasswordError, Verdict};
use crate::auth::session::{Limits, Standing};
use crate::auth::throttle::{Failures, Scope};
use crate::auth::token::{Token, TokenHash};
use crate::error::AppError;
use crate::ids::{SessionId, UserId};
use crate::store::system::{self, Account};
use crate::store::{SystemTx, codes, session};

/// Where a try to sign in comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The address of the browser; none when it is not known.
    pub address: Option<IpAddr>,
    /// What it runs on, in plain words.
    pub device: String,
    /// The session this browser had until now, which ends.
    pub before: Option<TokenHash>,
}

/// A session that was opened.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// The secret for the cookie.
    pub token: Token,
    /// How long it lasts.
    pub limits: Limits,
    /// The person.
    pub user: UserId,
    /// The addresses of the providers they have a place in.
    pub places: Vec<String>,
}

/// What came of a try.
#[derive(Clone, Debug)]
pub enum SignIn {
    /// The person is signed in.
    Opened(Box<Fresh>),
    /// The password was right, and a code is asked for: the secret of the browser that enters it.
    Half(Token),
    /// Email or password is wrong; which of them is not known to anybody.
    Wrong,
    /// Too many tries: wait so many seconds.
    Wait(u32),
}

/// Tries to sign in. An unknown email costs the same work as a wrong password, and is throttled alike.
///
/// # Errors
/// Hashing failed, or the database was lost.
pub async fn sign_in(app: &AppState, email: &str, password: &str, from: &Origin) -> Result<SignIn, AppError> {
    let email = email.trim().to_lowercase();
    let keys = [account_key(&email), address_key(from.address)];
    let (before, account) = match count_try(app, keys, &email).await? {
        Ok(allowed) => allowed,
        Err(seconds) => return Ok(SignIn::Wait(seconds)),
    };
    let stored = account.as_ref().and_then(|account| account.password_hash.as_deref());
    // no transaction is open while this runs: it takes longer than everything else together
    let verdict = app.passwords.verify(password, stored).await.map_err(AppError::internal)?;
    let (Some(account), Verdict::Right { rehash }) = (account, verdict) else {
        return Ok(SignIn::Wrong);
    };
    let better = match rehash {
        true => app.passwords.accept(password, &[]).await.ok(),
        false => None,
    };
    let mut tx = SystemTx::begin(&app.db, Some(account.user), app.clock.now()).await?;
    let now = system::lock_account(&mut tx, account.user).await?;
    if now.is_none_or(|now| now.password_hash != account.password_hash) {
        return Ok(SignIn::Wrong); // the password was changed while this one was being checked
    }
    if let Some(hash) = better {
        system::rehash_password(&mut tx, account.user, &hash).await?;
    }
    system::forget_failures(&mut tx, keys[0]).await?;
    system::take_back_failure(&mut tx, keys[1], before[1]).await?;
    if needs_code(&mut tx, account.user).await? {
        let token = Token::random();
        codes::open_half(&mut tx, token.hash(), account.user, false).await?;
        tx.commit().await?;
        return Ok(SignIn::Half(token));
    }
    let fresh = begin(&mut tx, account.user, from).await?;
    tx.commit().await?;
    Ok(SignIn::Opened(Box::new(fresh)))
}

type Allowed = ([Failures; 2], Option<Account>);

/// Counts this try (see [`guess::count`]) and reads the account.
async fn count_try(
    app: &AppState,
    keys: [[u8; 32]; 2],
    email: &str,
) -> Result<Result<Allowed, u32>, sqlx::Error> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    match guess::count(&mut tx, keys, Scope::Account).await? {
        Err(seconds) => Ok(Err(seconds)),
        Ok(failures) => {
            let account = system::account_by_email(&mut tx, email).await?;
            tx.commit().await?;
            Ok(Ok((failures, account)))
        }
    }
}

/// Begins a session, and ends the one this browser had.
pub(super) async fn begin(tx: &mut SystemTx, user: UserId, from: &Origin) -> Result<Fresh, sqlx::Error> {
    if let Some(old) = from.before {
        session::end_by_token(tx, old).await?;
    }
    let fresh = open(tx, user, &from.device).await?;
    session::sweep(tx).await?;
    Ok(fresh)
}

/// Whether a code is asked for beside the password: of whoever has set one up, and where a provider asks it of their role.
async fn needs_code(tx: &mut SystemTx, user: UserId) -> Result<bool, sqlx::Error> {
    Ok(is_asked(tx, user).await? || codes::is_set_up(tx, user).await?)
}

/// Whether a provider asks a code of the person's role.
pub(super) async fn is_asked(tx: &mut SystemTx, user: UserId) -> Result<bool, sqlx::Error> {
    Ok(system::own_places(tx, user).await?.iter().any(|place| place.codes))
}

async fn open(tx: &mut SystemTx, user: UserId, device: &str) -> Result<Fresh, sqlx::Error> {
    let places = system::own_places(tx, user).await?;
    let limits = Limits::strictest(places.iter().map(|place| Standing::from(place.role)));
    let token = Token::random();
    session::insert(tx, token.hash(), user, device, limits).await?;
    Ok(Fresh { token, limits, user, places: places.into_iter().map(|place| place.provider.slug).collect() })
}

/// Ends the session under this token.
///
/// # Errors
/// The database was lost.
pub async fn sign_out(app: &AppState, token: TokenHash) -> Result<(), AppError> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    session::end_by_token(&mut tx, token).await?;
    Ok(tx.commit().await?)
}

/// Ends one session of the person.
///
/// # Errors
/// They have no such session, or the database was lost.
pub async fn end(app: &AppState, user: UserId, which: SessionId) -> Result<(), AppError> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    if !session::end(&mut tx, user, which).await? {
        return Err(AppError::NotFound);
    }
    Ok(tx.commit().await?)
}

/// Ends all sessions of the person but the one they use.
///
/// # Errors
/// The database was lost.
pub async fn end_others(app: &AppState, user: UserId, keep: SessionId) -> Result<(), AppError> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    session::end_others(&mut tx, user, keep).await?;
    Ok(tx.commit().await?)
}

/// Changes the person's own password. All their sessions end, this one too, and a new one begins.
/// Guessing the current password here is as slow as at sign-in.
///
/// # Errors
/// The current password is wrong, the new one will not do, or the database was lost.
pub async fn change_password(
    app: &AppState,
    user: UserId,
    (current, new): (&str, &str),
    from: &Origin,
) -> Done<Fresh> {
    let (account, places) = own_account(app, user).await?;
    let guess = proven(app, &account, ("current-password", current), from).await?;
    let about: Vec<&str> = [account.name.as_str(), &account.email]
        .into_iter()
        .chain(places.iter().map(String::as_str))
        .collect();
    let accepted = app.passwords.accept(new, &about).await;
    let mut tx = SystemTx::begin(&app.db, Some(user), app.clock.now()).await?;
    guess.forgive(&mut tx).await?;
    let hash = match accepted {
        Ok(hash) => hash,
        Err(NewPasswordError::Refused(why)) => {
            tx.commit().await?;
            return Err(Stop::at("new-password", why.to_string()));
        }
        Err(NewPasswordError::Failed(why)) => return Err(AppError::internal(why).into()),
    };
    let now = system::lock_account(&mut tx, user).await?;
    if now.is_none_or(|now| now.password_hash != account.password_hash) {
        return Err(Stop::Changed);
    }
    system::change_password(&mut tx, user, &hash).await?;
    let fresh = open(&mut tx, user, &from.device).await?;
    tx.commit().await?;
    Ok(fresh)
}

/// A right guess at one's own password, which was counted before it was known to be right.
struct Guess {
    keys: [[u8; 32]; 2],
    before: [Failures; 2],
}

impl Guess {
    async fn forgive(&self, tx: &mut SystemTx) -> Result<(), sqlx::Error> {
        system::forget_failures(tx, self.keys[0]).await?;
        system::take_back_failure(tx, self.keys[1], self.before[1]).await
    }
}

/// Goes on only when this is the account's password; guessing it is as slow as at sign-in.
async fn proven(
    app: &AppState,
    account: &Account,
    (field, typed): (&'static str, &str),
    from: &Origin,
) -> Done<Guess> {
    let keys = [account_key(&account.email), address_key(from.address)];
    let before = match count_try(app, keys, &account.email).await? {
        Ok((before, _)) => before,
        Err(retry_after) => return Err(AppError::TooMany { retry_after }.into()),
    };
    let verdict = app.passwords.verify(typed, account.password_hash.as_deref()).await;
    if verdict.map_err(AppError::internal)? == Verdict::Wrong {
        return Err(Stop::at(field, "This is not your current password"));
    }
    Ok(Guess { keys, before })
}

/// Goes on only when the person says their own password, at `field`.
pub(super) async fn say_password(
    app: &AppState,
    user: UserId,
    said: (&'static str, &str),
    from: &Origin,
) -> Done<()> {
    let (account, _) = own_account(app, user).await?;
    let guess = proven(app, &account, said, from).await?;
    let mut tx = SystemTx::begin(&app.db, Some(user), app.clock.now()).await?;
    guess.forgive(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

async fn own_account(app: &AppState, user: UserId) -> Result<(Account, Vec<String>), AppError> {
    let mut tx = SystemTx::begin(&app.db, Some(user), app.clock.now()).await?;
    let account = system::account(&mut tx, user).await?.ok_or(AppError::SignedOut)?;
    let places = system::own_places(&mut tx, user).await?;
    Ok((account, places.into_iter().map(|place| place.provider.name).collect()))
}

fn account_key(email: &str) -> [u8; 32] {
    Sha256::digest(format!("account:{email}")).into()
}
