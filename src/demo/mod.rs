//! The demo: two invented providers with months of history, told through the same workflow as the pages use, with a
//! moved clock. Everything is dated from the day it is loaded, so that something is always late, due and to be checked.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Days, Utc};

use self::days::WorkingDays;
use crate::app::AppState;
use crate::clock::Clock;
use crate::domain::member::{Member, Role};
use crate::ids::{MemberId, UserId};
use crate::mail::transport::Transport;
use crate::store::SystemTx;
use crate::store::system;
use crate::workflow::{self, Actor};

mod cast;
mod days;
mod dignity;
mod distress;
mod equipment;
mod everyday;
mod falls;
mod families;
mod follow_ups;
mod governance;
mod history;
mod lasting;
mod measures;
mod medicines;
mod nutrition;
mod picture;
mod prepare;
mod presence;
mod records;
/// What came back.
mod recurrence;
mod rules;
mod safeguarding;
mod sampled;
mod script;
mod second;
mod stage;
mod twice;
mod weekly;

pub use cast::{Company, FERNBANK, ROWAN};
pub use stage::Trouble;

/// The password of everybody in the demo. The program serves the demo on loopback addresses only.
pub const PASSWORD: &str = "saffron-thread-petrol";

/// How many days of history the stories need.
const HISTORY_DAYS: u64 = 200;

/// How many governance meetings were held and signed off.
const MEETINGS: u32 = 6;

/// A sign-in of the demo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Name.
    pub name: &'static str,
    /// Role.
    pub role: Role,
    /// Email address.
    pub email: String,
}

/// One sign-in for each role, in the order of the roles.
#[must_use]
pub fn sign_ins() -> Vec<SignIn> {
    let mut list: Vec<SignIn> = Vec::new();
    for person in ROWAN.people {
        if person.key != "jess" && !list.iter().any(|s| s.role == person.role) {
            list.push(SignIn { name: person.name, role: person.role, email: email(&ROWAN, person.key) });
        }
    }
    list.sort_by_key(|s| s.role);
    list
}

/// How much of the demo a database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing of it.
    None,
    /// Its loading was broken off.
    Partly,
    /// All of it.
    Whole,
}

/// How much of the demo this database holds. The second provider's story is told last, so its presence tells.
///
/// # Errors
/// The database was lost.
pub async fn presence(app: &AppState) -> Result<Presence, sqlx::Error> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let all = system::providers(&mut tx).await?;
    let has = |slug: &str| all.iter().any(|p| p.slug == slug);
    Ok(match (has(ROWAN.slug), has(FERNBANK.slug)) {
        (true, true) => Presence::Whole,
        (true, false) => Presence::Partly,
        _ => Presence::None,
    })
}

/// Whether this database holds any provider.
///
/// # Errors
/// The database was lost.
pub async fn is_empty(app: &AppState) -> Result<bool, sqlx::Error> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    Ok(system::providers(&mut tx).await?.is_empty())
}

/// How much history the larger provider has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Two years of everyday work with the stories in it: what people are shown.
    TwoYears,
    /// The stories alone, for tests that want no more.
    Stories,
}

/// Loads both providers into a database that has neither.
///
/// # Errors
/// The first deed that was refused or failed: then the database holds part of the demo.
pub async fn load(app: &AppState, length: Length) -> Result<(), Trouble> {
    let (now, today) = (app.clock.now(), app.clock.today());
    let days = WorkingDays::before(today);
    let stories = stage::moment(today - Days::new(HISTORY_DAYS), 8, 0);
    let begin = match length {
        Length::TwoYears => stage::moment(days.nth(days::MONTHS.cast_signed(), 1), 6, 30),
        Length::Stories => stories,
    };
    // what the story's people were sent is kept for the page of messages and never leaves
    let db = app.db.for_loading();
    let told = AppState { clock: Clock::fixed(begin), mail: Arc::new(Transport::Page), db, ..app.clone() };
    let mut users = HashMap::new();
    let whole = length == Length::TwoYears;
    let mut deeds = [
        medicines::story(),
        nutrition::story(),
        falls::story(),
        safeguarding::story(),
        records::story(),
        everyday::story(),
        equipment::story(),
        distress::story(),
        families::story(),
        dignity::story(),
        follow_ups::story(),
        measures::story(whole),
        lasting::story(),
        lasting::rounds(&days),
        twice::story(),
        weekly::story(),
    ]
    .concat();
    let mut stage = build(&told, &ROWAN, now, &mut users).await?;
    if whole {
        let (history, work) = history::story(&days);
        deeds.extend([work, presence::story(&days), sampled::story(&days), lasting::audits(&days)].concat());
        stage = stage.with(history, MEETINGS);
    }
    stage.play(deeds).await?;
    told.clock.set(stories);
    build(&told, &FERNBANK, now, &mut users).await?.play(second::story()).await?;
    told.db.close().await;
    Ok(())
}

fn email(company: &Company, key: &str) -> String {
    format!("{key}@{}.example", company.slug)
}

async fn build<'a>(
    app: &'a AppState,
    company: &'static Company,
    loaded_at: DateTime<Utc>,
    users: &mut HashMap<&'static str, UserId>,
) -> Result<stage::Stage<'a>, Trouble> {
    let failed = |stop: workflow::Stop| Trouble::Failed(format!("{stop:?}"));
    let provider = workflow::provider::add_with(app, (company.slug, company.name), &[]).await;
    // no codes: its passwords are public, and it is served on loopback addresses only
    let provider = provider.map_err(failed)?;
    let mut services = HashMap::new();
    for place in company.places {
        let made = workflow::provider::add_service(
            app,
            provider,
            (place.key, place.name),
            (place.kind, place.nation),
            place.units,
        );
        services.insert(place.key, made.await.map_err(failed)?);
    }
    let mut actors = HashMap::new();
    for person in company.people {
        let user = match users.get(person.key) {
            Some(user) => *user,
            None => workflow::person::add(app, &email(company, person.key), person.name, PASSWORD)
                .await
                .map_err(failed)?,
        };
        users.insert(person.key, user);
        let member = Member {
            id: MemberId::new(),
            name: person.name.into(),
            role: person.role,
            job_title: person.title.into(),
            services: person.services.iter().filter_map(|key| services.get(key).map(|s| s.0)).collect(),
        };
        workflow::provider::add_member(app, provider, user, &member).await.map_err(failed)?;
        actors.insert(person.key, Actor { provider, member });
    }
    Ok(stage::Stage::new(app, provider, company, loaded_at, services, actors))
}
