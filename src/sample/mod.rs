//! Bulk data for measuring: a provider with as many services and actions as asked for, and a history of as many days.
//!
//! What comes of it is what people would have made through the pages, only faster: every row passes every constraint and
//! trigger, every change has its line in the trail. The same seed makes the same sample.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, SubsecRound as _, Utc};
use futures_util::future::try_join_all;
use serde_json::json;
use tokio::sync::mpsc;

use crate::app::AppState;
use crate::auth::{password, strength};
use crate::domain::escalation;
use crate::domain::event::{Event, EventKind};
use crate::domain::standard;
use crate::error::AppError;
use crate::ids::ProviderId;
use crate::store::sample::rows::Batch;
use crate::store::{SystemTx, TenantTx, provider, sample as store, standard as standards, system};
use dice::Dice;
use line::{Line, Numbers};

mod course;
mod dice;
mod late;
mod line;
mod place;
mod proof;
mod words;

/// Actions written in one transaction: enough to be quick, few enough that the trail's head is soon free again.
const BATCH: u32 = 40;

/// How many write at once: while one waits for the head of the trail, two are at work.
const HANDS: usize = 3;

/// The numbers of batches after which the server looks at what is there.
const LEARN_AFTER: [u32; 4] = [1, 4, 20, 200];

/// How much is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Providers.
    pub providers: u32,
    /// Services of each; there are two members for each service.
    pub services: u32,
    /// Actions of each.
    pub actions: u32,
    /// How many days its history goes back.
    pub days: u32,
    /// What chance begins with.
    pub seed: u64,
}

/// One provider that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its part of the address.
    pub slug: String,
    /// The email of a registered manager of one service.
    pub manager: String,
    /// The email of a care worker.
    pub care_worker: String,
    /// Actions made.
    pub actions: u32,
    /// Lines in its trail.
    pub events: usize,
}

/// Makes the providers that were asked for; a manager and a care worker of each can sign in with `password`.
///
/// # Errors
/// There is a sample already, or the database was lost. What was committed until then stays.
pub async fn load(app: &AppState, wanted: &Wanted, password: &str) -> Result<Vec<Made>, AppError> {
    strength::check(password, &[]).map_err(|refusal| AppError::BadRequest(refusal.to_string().into()))?;
    let hash = password::hash(password).map_err(AppError::internal)?;
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let taken = system::providers(&mut tx).await?;
    tx.commit().await?;
    let mut made = Vec::new();
    for number in 1..=wanted.providers {
        let slug = format!("sample-{number}");
        if taken.iter().any(|provider| provider.slug == slug) {
            let sentence =
                format!("There is a provider called {slug} already: use another data folder or database");
            return Err(AppError::BadRequest(sentence.into()));
        }
        made.push(provider_of(app, wanted, &slug, number, &hash).await?);
    }
    Ok(made)
}

async fn provider_of(
    app: &AppState,
    wanted: &Wanted,
    slug: &str,
    number: u32,
    hash: &str,
) -> Result<Made, AppError> {
    let now = app.clock.now().trunc_subsecs(0);
    let mut dice = Dice::new(wanted.seed.wrapping_add(u64::from(number)));
    let id = ProviderId::from(dice.id(now));
    let services = usize::try_from(wanted.services.max(1)).unwrap_or(1);
    let (people, place, crew) = place::plan(&mut dice, slug, services, (now, wanted.days), hash);
    let mut tx = SystemTx::begin(&app.db, None, now).await?;
    store::people(&mut tx, &people).await?;
    tx.commit().await?;
    let standards = standard::defaults(|| dice.id(now).into());
    let mut tx = TenantTx::begin(&app.db, id, None, now).await?;
    provider::insert(&mut tx, (slug, &format!("Sample provider {number}")), &[]).await?;
    standards::insert(&mut tx, &standards).await?;
    standards::insert_due_days(&mut tx, standard::DueDays::default()).await?;
    provider::insert_policies(&mut tx, escalation::default_policy).await?;
    tx.record(Event::of_provider(EventKind::ProviderAdded).detail(json!({ "slug": slug })));
    tx.record(Event::of_provider(EventKind::RulesSet));
    store::place(&mut tx, &place).await?;
    tx.commit().await?;
    let line = Line {
        dice,
        now,
        crew: &crew,
        standards: &standards,
        wanted: wanted.actions,
        days: wanted.days,
        numbers: Numbers::default(),
    };
    let told = work(app, id, line).await?;
    let events = place.events.len() + 2 + told;
    let (manager, care_worker) = crew.sign_ins;
    Ok(Made { slug: slug.to_owned(), manager, care_worker, actions: wanted.actions, events })
}

/// Makes the line, in batches that several hands write at once. Each hand has services of its own, because a batch waits
/// for the end of another that found something on the same topic in the same service (`topics_found`). Which batch falls
/// to which hand follows from its number alone, so that the same seed makes the same sample. Gives how many lines the
/// trail has of it.
async fn work(app: &AppState, id: ProviderId, mut line: Line<'_>) -> Result<usize, AppError> {
    let hands = HANDS.min(line.crew.sites.len()).max(1);
    let (batches, now) = (AtomicU32::new(0), line.now);
    let (mut ways, mut work) = (Vec::new(), Vec::new());
    for _ in 0..hands {
        let (way, from) = mpsc::channel(1);
        ways.push(way);
        work.push(write(app, id, now, from, &batches));
    }
    let plan = async move {
        for hand in (0..hands).cycle() {
            let Some(batch) = line.next(BATCH, (hand, hands)) else { break };
            // a hand ends early only when it failed, and then its error is the one that counts
            let Some(way) = ways.get(hand) else { break };
            if way.send((batch, line.numbers)).await.is_err() {
                break;
            }
        }
        Ok(())
    };
    let ((), told) = tokio::try_join!(plan, try_join_all(work))?;
    Ok(told.into_iter().sum())
}

/// Writes batches as they come, each in a transaction, and tells the trail of them; gives how many lines there were.
async fn write(
    app: &AppState,
    id: ProviderId,
    now: DateTime<Utc>,
    mut from: mpsc::Receiver<(Batch, Numbers)>,
    batches: &AtomicU32,
) -> Result<usize, AppError> {
    let mut told = 0;
    while let Some((batch, given)) = from.recv().await {
        let mut tx = TenantTx::begin(&app.db, id, None, now).await?;
        store::write(&mut tx, &batch).await?;
        store::events(&mut tx, &batch.events).await?;
        store::count(&mut tx, given.reviews, given.findings, given.actions).await?;
        tx.commit().await?;
        told += batch.events.len();
        // plans made while the tables were empty read all of a provider for each row
        if LEARN_AFTER.contains(&(batches.fetch_add(1, Ordering::Relaxed) + 1)) {
            let mut system = SystemTx::begin(&app.db, None, app.clock.now()).await?;
            store::learn(&mut system).await?;
            system.commit().await?;
        }
    }
    Ok(told)
}
