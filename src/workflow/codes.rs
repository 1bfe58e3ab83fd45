//! One-time codes: entering them after the password, setting a telephone up, the rule of a provider, and resets.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::place::must_manage;
use super::session::{self, Fresh, Origin};
use super::{Actor, Done, Stop, guess};
use crate::app::AppState;
use crate::auth::codes::{RECOVERY_CODES, Secret};
use crate::auth::spoken::Spoken;
use crate::auth::throttle::{Failures, Scope};
use crate::auth::token::{Token, TokenHash};
use crate::domain::codes::{self, RESET_WAITS};
use crate::domain::event::{Event, EventKind};
use crate::domain::member::{Member, Role};
use crate::error::AppError;
use crate::ids::{CodeResetId, MemberId, UserId};
use crate::store::codes::{self as store, Reset};
use crate::store::{SystemTx, TenantTx, member, system};

/// What somebody does whose password was right.
#[derive(Clone, Debug)]
pub enum Step {
    /// Enter a code of their telephone.
    Enter,
    /// Set a telephone up.
    SetUp {
        /// What the telephone is to know.
        secret: Secret,
        /// What they sign in with, for its list.
        account: String,
        /// Why.
        why: Why,
    },
}

/// Why somebody sets a telephone up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Their role asks for it.
    Asked,
    /// They chose to.
    Chosen,
    /// They have another telephone now.
    Another,
}

/// The step of whoever is half signed in under a token; none when their time is over.
///
/// # Errors
/// The database was lost.
pub async fn step(app: &AppState, token: TokenHash) -> Result<Option<Step>, AppError> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let Some(half) = store::half(&mut tx, token).await? else { return Ok(None) };
    let why = match (half.replaces, store::is_set_up(&mut tx, half.user).await?) {
        (false, true) => return Ok(Some(Step::Enter)),
        (true, true) => Why::Another,
        (_, false) if session::is_asked(&mut tx, half.user).await? => Why::Asked,
        (_, false) => Why::Chosen,
    };
    let secret = match half.offered.as_deref().and_then(Secret::stored) {
        Some(offered) => offered,
        None => {
            let new = Secret::random();
            store::offer(&mut tx, token, new.bytes()).await?;
            new
        }
    };
    let Some(account) = system::account(&mut tx, half.user).await? else { return Ok(None) };
    tx.commit().await?;
    Ok(Some(Step::SetUp { secret, account: account.email, why }))
}

/// What came of a code.
#[derive(Clone, Debug)]
pub enum Entered {
    /// The person is signed in; with the recovery codes they get, when their telephone was set up with it.
    Opened(Box<Fresh>, Vec<Spoken>),
    /// It is not the code, or it was used.
    Wrong,
    /// Too many tries: wait so many seconds.
    Wait(u32),
    /// Their time is over: they sign in again.
    Over,
}

/// Takes the code of somebody whose password was right. Guessing is as slow as at sign-in, and counted apart from it.
///
/// # Errors
/// The database was lost.
pub async fn enter(
    app: &AppState,
    token: TokenHash,
    typed: &str,
    from: &Origin,
) -> Result<Entered, AppError> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let Some(half) = store::half(&mut tx, token).await? else { return Ok(Entered::Over) };
    drop(tx);
    let tried = match count(app, half.user, from).await? {
        Ok(tried) => tried,
        Err(seconds) => return Ok(Entered::Wait(seconds)),
    };
    let mut tx = SystemTx::begin(&app.db, Some(half.user), app.clock.now()).await?;
    // one after the other: of two who bring the same code at once, the second finds it used
    system::lock_account(&mut tx, half.user).await?;
    let Some(half) = store::half(&mut tx, token).await? else { return Ok(Entered::Over) };
    let Some(recovery) = accept(&mut tx, &half, typed).await? else { return Ok(Entered::Wrong) };
    tried.take_back(&mut tx).await?;
    store::end_half(&mut tx, token).await?;
    let fresh = session::begin(&mut tx, half.user, from).await?;
    tx.commit().await?;
    Ok(Entered::Opened(Box::new(fresh), recovery))
}

/// Uses a code up: of the telephone that is set up, of paper, or the first of the one offered, which is set up by it; then
/// with the new recovery codes. `None` when it is no code of theirs, or was used.
async fn accept(
    tx: &mut SystemTx,
    half: &store::Half,
    typed: &str,
) -> Result<Option<Vec<Spoken>>, sqlx::Error> {
    let user = half.user;
    let has = store::is_set_up(tx, user).await?;
    if has && !half.replaces {
        let right = use_code(tx, user, typed).await? || use_paper(tx, user, typed).await?;
        return Ok(right.then(Vec::new));
    }
    let Some(offered) = half.offered.as_deref().and_then(Secret::stored) else { return Ok(None) };
    let Some(step) = offered.step_of(typed, tx.now()) else { return Ok(None) };
    if has {
        store::replace(tx, user, offered.bytes(), step).await?;
    } else {
        store::set_up(tx, user, offered.bytes(), step).await?;
    }
    new_recovery(tx, user).await.map(Some)
}

/// Uses a code of the telephone up: of this step, the one before or the one after, and later than any used before.
async fn use_code(tx: &mut SystemTx, user: UserId, typed: &str) -> Result<bool, sqlx::Error> {
    let Some(own) = store::lock_authenticator(tx, user).await? else { return Ok(false) };
    let step = Secret::stored(&own.secret).and_then(|secret| secret.step_of(typed, tx.now()));
    match step.filter(|step| *step > own.last_step) {
        Some(step) => store::advance(tx, user, step).await.map(|()| true),
        None => Ok(false),
    }
}

async fn use_paper(tx: &mut SystemTx, user: UserId, typed: &str) -> Result<bool, sqlx::Error> {
    match Spoken::parse(typed) {
        Some(code) => store::use_recovery(tx, user, paper_hash(user, &code)).await,
        None => Ok(false),
    }
}

/// Salted with whose it is: one table of hashes does not serve against everybody.
fn paper_hash(user: UserId, code: &Spoken) -> [u8; 32] {
    Sha256::digest(format!("recovery:{user}:{}", code.text())).into()
}

async fn new_recovery(tx: &mut SystemTx, user: UserId) -> Result<Vec<Spoken>, sqlx::Error> {
    let codes: Vec<Spoken> = std::iter::repeat_with(Spoken::short).take(RECOVERY_CODES).collect();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| paper_hash(user, code).to_vec()).collect();
    store::set_recovery(tx, user, &hashes).await?;
    Ok(codes)
}

/// A try at somebody's code that was counted.
struct Tried {
    keys: [[u8; 32]; 2],
    before: [Failures; 2],
}

impl Tried {
    async fn take_back(&self, tx: &mut SystemTx) -> Result<(), sqlx::Error> {
        system::forget_failures(tx, self.keys[0]).await?;
        system::take_back_failure(tx, self.keys[1], self.before[1]).await
    }
}

async fn count(app: &AppState, user: UserId, from: &Origin) -> Result<Result<Tried, u32>, AppError> {
    // apart from the password's, which a right password forgives
    let keys = [Sha256::digest(format!("codes:{user}")).into(), guess::address_key(from.address)];
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let counted = guess::count(&mut tx, keys, Scope::Account).await?;
    tx.commit().await?;
    Ok(counted.map(|before| Tried { keys, before }))
}

/// Gives a person ten new recovery codes for a code of their telephone; the ones before open nothing any more.
///
/// # Errors
/// It is not the code, too many tries, or the database was lost.
pub async fn renew_recovery(app: &AppState, user: UserId, typed: &str, from: &Origin) -> Done<Vec<Spoken>> {
    let tried = match count(app, user, from).await? {
        Ok(tried) => tried,
        Err(retry_after) => return Err(AppError::TooMany { retry_after }.into()),
    };
    let mut tx = SystemTx::begin(&app.db, Some(user), app.clock.now()).await?;
    system::lock_account(&mut tx, user).await?;
    if !use_code(&mut tx, user, typed).await? {
        return Err(Stop::at("code", WRONG));
    }
    tried.take_back(&mut tx).await?;
    let codes = new_recovery(&mut tx, user).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Begins to set codes up by choice, for whoever says their password: whoever has only their open browser does not lock
/// them out. The rest is as when a role asks for them.
///
/// # Errors
/// The password is wrong, they have codes already, too many tries, or the database was lost.
pub async fn begin_by_choice(app: &AppState, user: UserId, password: &str, from: &Origin) -> Done<Token> {
    session::say_password(app, user, ("own-password", password), from).await?;
    let mut tx = SystemTx::begin(&app.db, Some(user), app.clock.now()).await?;
    if store::is_set_up(&mut tx, user).await? {
        return Err(Stop::at("own-password", "Your codes are set up already"));
    }
    let token = Token::random();
    store::open_half(&mut tx, token.hash(), user, false).await?;
    tx.commit().await?;
    Ok(token)
}

/// Begins to move to another telephone, for whoever has a code of the one they have, or one on paper. Until the other one
/// shows its first code, nothing changes.
///
/// # Errors
/// It is not the code, too many tries, or the database was lost.
pub async fn begin_another(app: &AppState, user: UserId, typed: &str, from: &Origin) -> Done<Token> {
    let tried = match count(app, user, from).await? {
        Ok(tried) => tried,
        Err(retry_after) => return Err(AppError::TooMany { retry_after }.into()),
    };
    let mut tx = SystemTx::begin(&app.db, Some(user), app.clock.now()).await?;
    system::lock_account(&mut tx, user).await?;
    if !use_code(&mut tx, user, typed).await? && !use_paper(&mut tx, user, typed).await? {
        return Err(Stop::at("old-code", WRONG));
    }
    tried.take_back(&mut tx).await?;
    let token = Token::random();
    store::open_half(&mut tx, token.hash(), user, true).await?;
    tx.commit().await?;
    Ok(token)
}

/// Said of a code that is not taken, whatever the reason.
pub const WRONG: &str = "This is not the code, or it was used already. Wait for the next one";

/// Changes for which roles a provider asks for codes. `seen` is the fingerprint of the rule the page showed.
///
/// # Errors
/// It changed meanwhile, or nothing would change.
pub async fn change_rule(app: &AppState, by: &Actor, roles: &[Role], seen: &str) -> Done<()> {
    must_manage(by)?;
    let mut tx = by.begin(app).await?;
    let before = store::lock_rule(&mut tx).await?;
    if codes::fingerprint(&before) != seen {
        return Err(Stop::Changed);
    }
    if codes::fingerprint(&before) == codes::fingerprint(roles) {
        return Err(Stop::at("roles", "Change something, or go back"));
    }
    store::set_rule(&mut tx, roles).await?;
    let only = |of: &[Role], without: &[Role]| -> Vec<&str> {
        of.iter().filter(|role| !without.contains(role)).map(|role| role.as_str()).collect()
    };
    let facts = json!({ "asked_of": only(roles, &before), "no_longer_of": only(&before, roles) });
    tx.record(Event::of_provider(EventKind::CodesRuleChanged).detail(facts));
    tx.commit().await?;
    Ok(())
}

async fn of_member(tx: &mut TenantTx, about: MemberId) -> Done<(Member, Option<Reset>)> {
    let found = member::get(tx, about).await?.ok_or(AppError::NotFound)?;
    let waiting = store::resets(tx, Some(about)).await?.pop();
    Ok((found, waiting))
}

fn event(kind: EventKind, about: &Member) -> Event {
    Event::of_provider(kind).detail(json!({ "member": about.id })).text("name", about.name.clone())
}

/// Asks that a member's codes be taken away; another administrator confirms it.
///
/// # Errors
/// They are the actor's own, it was asked already, they have none, or there is no such member.
pub async fn ask_reset(app: &AppState, by: &Actor, about: MemberId, reason: &str) -> Done<()> {
    must_manage(by)?;
    let mut tx = by.begin(app).await?;
    let (member, waiting) = of_member(&mut tx, about).await?;
    codes::may_ask(by.member.id, about).map_err(|why| Stop::refused(why.sentence()))?;
    if store::since(&mut tx, about).await?.is_none() {
        return Err(Stop::refused("They have no codes: they set them up when they sign in next"));
    }
    if let Some(waiting) = waiting {
        if waiting.asked.by_stays && tx.now() - waiting.asked.at < RESET_WAITS {
            return Err(Stop::refused("This was asked for already, and waits for another administrator"));
        }
        store::end_reset(&mut tx, waiting.id, false).await?;
    }
    store::ask_reset(&mut tx, CodeResetId::new(), about, reason).await?;
    tx.record(event(EventKind::CodesResetAsked, &member).text("reason", reason));
    tx.commit().await?;
    Ok(())
}

/// Confirms what another administrator asked: the member's codes and sessions end, and they set codes up anew.
///
/// # Errors
/// Why it may not be, or nothing waits.
pub async fn confirm_reset(app: &AppState, by: &Actor, about: MemberId) -> Done<()> {
    answer_reset(app, by, about, true).await
}

/// Withdraws or refuses what was asked.
///
/// # Errors
/// They are the actor's own codes, or nothing waits.
pub async fn withdraw_reset(app: &AppState, by: &Actor, about: MemberId) -> Done<()> {
    answer_reset(app, by, about, false).await
}

async fn answer_reset(app: &AppState, by: &Actor, about: MemberId, confirmed: bool) -> Done<()> {
    must_manage(by)?;
    let mut tx = by.begin(app).await?;
    let (member, waiting) = of_member(&mut tx, about).await?;
    let waiting = waiting.ok_or_else(|| Stop::refused("Nothing waits to be confirmed here"))?;
    let may = match confirmed {
        true => codes::may_confirm(by.member.id, &waiting.asked, tx.now()),
        false => codes::may_ask(by.member.id, about),
    };
    may.map_err(|why| Stop::refused(why.sentence()))?;
    store::end_reset(&mut tx, waiting.id, confirmed).await?;
    let kind = if confirmed { EventKind::CodesReset } else { EventKind::CodesResetWithdrawn };
    tx.record(event(kind, &member));
    tx.commit().await?;
    Ok(())
}

/// Takes a person's codes away at the word of the operator, told in the trail of every provider they have a place in.
///
/// # Errors
/// Nobody signs in with this, or the database was lost.
pub async fn reset_by_operator(app: &AppState, email: &str) -> Done<()> {
    let nobody = || Stop::at("email", "Nobody has this email address");
    let user = super::person::find(app, email).await?.ok_or_else(nobody)?;
    let mut tx = SystemTx::begin(&app.db, Some(user), app.clock.now()).await?;
    let places = system::own_places(&mut tx, user).await?;
    drop(tx);
    for place in places {
        let Some(provider) = super::provider::find(app, &place.provider.slug).await? else { continue };
        let mut tx = TenantTx::begin(&app.db, provider, None, app.clock.now()).await?;
        let Some(id) = member::of_person(&mut tx, user).await? else { continue };
        let Some(member) = member::get(&mut tx, id).await? else { continue };
        tx.record(event(EventKind::CodesReset, &member));
        tx.commit().await?;
    }
    let mut tx = SystemTx::begin(&app.db, Some(user), app.clock.now()).await?;
    store::forget(&mut tx, user).await?;
    tx.commit().await?;
    Ok(())
}
