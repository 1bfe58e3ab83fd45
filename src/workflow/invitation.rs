//! Invitations: made, renewed, withdrawn by the administrator; accepted by whoever brings the secret, once.

use std::net::IpAddr;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::guess::{self, address_key};
use super::place::{must_be_there, must_manage};
use super::{Actor, Done, Stop, person};
use crate::app::AppState;
use crate::auth::spoken::Spoken;
use crate::auth::throttle::{Failures, Scope};
use crate::domain::event::{Event, EventKind};
use crate::domain::invitation::{OPENS_NOTHING, Standing, Way, sign_in_name};
use crate::domain::member::{Member, Role, Sight};
use crate::error::AppError;
use crate::ids::{InvitationId, MemberId, ProviderId, ServiceId, UserId};
use crate::mail::transport::Transport;
use crate::store::invitation::{self as store, Invitation};
use crate::store::system::{self, Account, ProviderRow};
use crate::store::{SystemTx, TenantTx, member};

/// What the administrator gives.
#[derive(Clone, Debug)]
pub struct Given {
    /// By mail or on paper.
    pub way: Way,
    /// The address, when by mail.
    pub email: Option<String>,
    /// Whom it is for.
    pub name: String,
    /// The role.
    pub role: Role,
    /// The job title.
    pub job_title: String,
    /// The services.
    pub services: Vec<ServiceId>,
}

/// An invitation that was made, and its secret where the administrator hands it over: a code on paper, or the link when
/// no mail leaves this program. Shown once, kept nowhere.
#[derive(Clone, Debug)]
pub struct Made {
    /// The invitation.
    pub id: InvitationId,
    /// The secret; none when the mail brings it.
    pub secret: Option<Spoken>,
}

/// Invites somebody.
///
/// # Errors
/// What is missing or will not do, or that they have a place here already.
pub async fn invite(app: &AppState, by: &Actor, given: &Given) -> Done<Made> {
    must_manage(by)?;
    let email = match given.way {
        Way::Mail => Some(person::address(given.email.as_deref().unwrap_or_default())?),
        Way::Code => None,
    };
    if matches!(given.role.sight(), Sight::Own | Sight::Services) && given.services.is_empty() {
        return Err(Stop::at("services", "Choose at least one service for this role"));
    }
    let user = match &email {
        Some(email) => person::find(app, email).await?,
        None => None,
    };
    let mut tx = by.begin(app).await?;
    if let Some(user) = user
        && member::of_person(&mut tx, user).await?.is_some()
    {
        return Err(Stop::at("email", "This person has a place here already"));
    }
    if let Some(email) = &email
        && store::waits(&mut tx, email).await?
    {
        return Err(Stop::at(
            "email",
            "An invitation to this address waits already. Renew or withdraw that one",
        ));
    }
    must_be_there(&mut tx, &given.services).await?;
    let (id, secret, mail_due) = (InvitationId::new(), secret(app, given.way), by_mail(app, given.way));
    let new = Invitation {
        id,
        way: given.way,
        email,
        name: given.name.clone(),
        role: given.role,
        job_title: given.job_title.clone(),
        services: given.services.clone(),
        created_at: tx.now(),
        expires_at: tx.now() + given.way.lasts(),
        sent_at: None,
        mail_due,
        last_error: None,
        accepted_at: None,
        withdrawn_at: None,
        vouched: true,
    };
    store::insert(&mut tx, &new, secret.as_ref().map(Spoken::hash)).await?;
    tx.record(event(EventKind::Invited, &new));
    tx.commit().await?;
    Ok(Made { id, secret })
}

/// Whether the mail brings the secret: only when mail leaves this program at all.
fn by_mail(app: &AppState, way: Way) -> bool {
    way == Way::Mail && matches!(*app.mail, Transport::Smtp(_))
}

fn secret(app: &AppState, way: Way) -> Option<Spoken> {
    (!by_mail(app, way)).then(Spoken::long)
}

fn event(kind: EventKind, of: &Invitation) -> Event {
    let facts = json!({ "invitation": of.id, "way": of.way.as_str(), "role": of.role.as_str() });
    Event::of_provider(kind).detail(facts).text("name", of.name.clone())
}

/// Makes an invitation anew: the secret before opens nothing any more.
///
/// # Errors
/// It was accepted, or there is no such invitation.
pub async fn renew(app: &AppState, by: &Actor, id: InvitationId) -> Done<(Made, Invitation)> {
    must_manage(by)?;
    let mut tx = by.begin(app).await?;
    let invitation = store::lock(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    if !invitation.standing(tx.now()).renewable() {
        return Err(Stop::refused("It was accepted, so it cannot be renewed"));
    }
    let secret = secret(app, invitation.way);
    let (expires_at, mail_due) = (tx.now() + invitation.way.lasts(), by_mail(app, invitation.way));
    store::renew(&mut tx, id, secret.as_ref().map(Spoken::hash), expires_at, mail_due).await?;
    tx.record(event(EventKind::InvitationRenewed, &invitation));
    tx.commit().await?;
    Ok((Made { id, secret }, Invitation { expires_at, vouched: true, ..invitation }))
}

/// Withdraws an invitation that waits.
///
/// # Errors
/// It does not wait, or there is no such invitation.
pub async fn withdraw(app: &AppState, by: &Actor, id: InvitationId) -> Done<()> {
    must_manage(by)?;
    let mut tx = by.begin(app).await?;
    let invitation = store::lock(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    if !invitation.standing(tx.now()).can_be_withdrawn() {
        return Err(Stop::refused("It does not wait any more"));
    }
    store::withdraw(&mut tx, id).await?;
    tx.record(event(EventKind::InvitationWithdrawn, &invitation));
    tx.commit().await?;
    Ok(())
}

/// An invitation that is open, with the provider it leads to.
#[derive(Clone, Debug)]
pub struct Open {
    /// The provider.
    pub provider: ProviderRow,
    /// The invitation.
    pub invitation: Invitation,
    /// Who signs in with the address it was sent to, if anybody does yet. A code is sent to no address.
    pub known: Option<UserId>,
}

impl Open {
    /// Whether it may be accepted by this person: what was sent to an address is for whoever signs in with it.
    #[must_use]
    pub fn is_for(&self, user: UserId) -> bool {
        self.invitation.email.is_none() || self.known == Some(user)
    }
}

/// The open invitation a secret belongs to; none for whatever opens nothing. Guessing is as slow as at sign-in.
///
/// # Errors
/// Too many wrong ones came from this address, or the database was lost.
pub async fn find(
    app: &AppState,
    slug: &str,
    typed: &str,
    from: Option<IpAddr>,
) -> Result<Option<Open>, AppError> {
    let keys = [Sha256::digest(format!("invitations:{from:?}")).into(), address_key(from)];
    let before = count_try(app, keys).await?;
    let Some(secret) = Spoken::parse(typed) else { return Ok(None) };
    let mut system = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let Some(provider) = system::provider_by_slug(&mut system, slug).await? else { return Ok(None) };
    drop(system);
    let mut tx = TenantTx::begin(&app.db, provider.id, None, app.clock.now()).await?;
    let found = store::lock_by_secret(&mut tx, secret.hash()).await?;
    let Some(invitation) = found.filter(|i| i.standing(tx.now()) == Standing::Open) else { return Ok(None) };
    drop(tx);
    // a right one is no guess
    let mut system = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    for (key, before) in keys.into_iter().zip(before) {
        system::take_back_failure(&mut system, key, before).await?;
    }
    let account = match &invitation.email {
        Some(email) => system::account_by_email(&mut system, email).await?,
        None => None,
    };
    system.commit().await?;
    Ok(Some(Open { provider, invitation, known: account.map(|account| account.user) }))
}

async fn count_try(app: &AppState, keys: [[u8; 32]; 2]) -> Result<[Failures; 2], AppError> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let counted = guess::count(&mut tx, keys, Scope::Address).await?;
    tx.commit().await?;
    counted.map_err(|retry_after| AppError::TooMany { retry_after })
}

/// Somebody who has no sign-in yet, as they fill the form in.
#[derive(Clone, Copy, Debug)]
pub struct Newcomer<'a> {
    /// Their name.
    pub name: &'a str,
    /// What they will sign in with; unused when the invitation came by mail, which says the address.
    pub sign_in: &'a str,
    /// Their password.
    pub password: &'a str,
}

/// Accepts an invitation as somebody new: a sign-in and a place, both or neither.
///
/// # Errors
/// The secret opens nothing any more, the password will not do, or the address or name is taken.
pub async fn accept_new(app: &AppState, open: &Open, secret: &str, who: Newcomer<'_>) -> Done<()> {
    let email = match &open.invitation.email {
        Some(email) => email.clone(),
        // no address here: nobody has shown that it is theirs
        None => sign_in_name(who.sign_in).ok_or_else(|| {
            Stop::at("sign-in", "Use 3 to 60 letters, figures, dots and hyphens, like amara.bello")
        })?,
    };
    let taken = || Stop::at("sign-in", "Somebody signs in with this already. If it is you, sign in first");
    if open.known.is_some() || person::find(app, &email).await?.is_some() {
        return Err(taken());
    }
    let hash = person::accept(app, who.password, &[who.name, &email, &open.provider.name]).await?;
    let user = UserId::new();
    let account = Account { user, name: who.name.to_owned(), email, password_hash: Some(hash) };
    let mut tx = TenantTx::begin(&app.db, open.provider.id, None, app.clock.now()).await?;
    let invitation = still_open(&mut tx, secret).await?;
    if let Err(error) = store::insert_person(&mut tx, &account).await {
        let twice = error.as_database_error().and_then(|e| e.constraint()) == Some("users_email_is_unique");
        return Err(if twice { taken() } else { error.into() });
    }
    open_place(&mut tx, &invitation, user, who.name).await?;
    tx.commit().await?;
    Ok(())
}

/// Accepts an invitation as somebody who is signed in: they get the place and keep their password.
///
/// # Errors
/// The secret opens nothing any more, it was sent to somebody else, or they have a place here already.
pub async fn accept_as(app: &AppState, open: &Open, secret: &str, user: UserId, name: &str) -> Done<()> {
    if !open.is_for(user) {
        return Err(Stop::refused(
            "This invitation was sent to somebody else. Sign out, and open it as them",
        ));
    }
    let mut tx = TenantTx::begin(&app.db, open.provider.id, None, app.clock.now()).await?;
    let invitation = still_open(&mut tx, secret).await?;
    if member::of_person(&mut tx, user).await?.is_some() {
        return Err(Stop::refused("You have a place here already"));
    }
    open_place(&mut tx, &invitation, user, name).await?;
    tx.commit().await?;
    Ok(())
}

async fn still_open(tx: &mut TenantTx, secret: &str) -> Done<Invitation> {
    let Some(secret) = Spoken::parse(secret) else { return Err(Stop::refused(OPENS_NOTHING)) };
    let found = store::lock_by_secret(tx, secret.hash()).await?;
    found.filter(|i| i.standing(tx.now()) == Standing::Open).ok_or_else(|| Stop::refused(OPENS_NOTHING))
}

async fn open_place(tx: &mut TenantTx, of: &Invitation, user: UserId, name: &str) -> Done<()> {
    let mut new = Member {
        id: MemberId::new(),
        name: name.to_owned(),
        role: of.role,
        job_title: of.job_title.clone(),
        services: of.services.clone(),
    };
    match store::come_back(tx, user, &new).await? {
        Some(id) => {
            new.id = id;
            member::set_services(tx, id, &new.services).await?;
        }
        None => member::insert(tx, user, &new).await?,
    }
    store::accept(tx, of.id, new.id).await?;
    let facts =
        json!({ "member": new.id, "role": new.role.as_str(), "services": new.services, "invitation": of.id });
    tx.record(Event::of_provider(EventKind::MemberAdded).detail(facts).text("name", name));
    Ok(())
}

/// The address under which a secret is accepted: what a mail or a sheet of paper shows.
#[must_use]
pub fn address_of(app: &AppState, slug: &str, secret: Option<&Spoken>) -> String {
    let end = secret.map(|s| format!("/{}", s.text())).unwrap_or_default();
    format!("{}/join/{slug}{end}", app.config.public_url.origin())
}

/// Which provider an address names, for the page that asks for a code.
///
/// # Errors
/// The database was lost.
pub async fn provider(app: &AppState, slug: &str) -> Result<Option<ProviderId>, AppError> {
    super::provider::find(app, slug).await
}
