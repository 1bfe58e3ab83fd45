//! Evidence packs (R27, R27a): chosen by somebody who may hand them out, made in the background from what is there at one instant,
//! sealed by a line of the trail, and never changed.

use chrono::Duration;
use serde_json::json;

use super::{Actor, Done, Stop, retrying};
use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::event::{Event, EventKind};
use crate::domain::pack::{Choice, PackState, typed_findings, wrong_days};
use crate::domain::reference::Reference;
use crate::error::AppError;
use crate::files::ContentHash;
use crate::ids::{EvidenceId, FindingId, PackId, ProviderId, ServiceId};
use crate::pack::manifest::Provider;
use crate::store::pack::{self as store, Chosen, FileOf, Pack, Taken};
use crate::store::scope::Scope;
use crate::store::system::{self, ProviderRow};
use crate::store::{SystemTx, TenantTx, provider as places};

mod build;
mod facts;
mod figures;
mod hidden;
mod history;
mod line;
mod start;
mod told;

use build::Trouble;
pub use told::period;

/// For how long somebody who makes a pack has it.
const TAKEN_MINUTES: i64 = 15;

/// What a pack would hold.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The findings.
    pub findings: Vec<Chosen>,
    /// Their evidence.
    pub files: Vec<FileOf>,
    /// Why it cannot be made like that: the field and the sentence.
    pub lacks: Option<(&'static str, String)>,
}

/// What a choice comes to for a member, in a transaction of theirs; services are narrowed to those of the findings when single
/// findings were named.
async fn look_in(tx: &mut TenantTx, scope: Scope, choice: &mut Choice) -> Result<Looked, AppError> {
    let findings = store::chosen(tx, scope, choice).await?;
    let ids: Vec<FindingId> = findings.iter().map(|one| one.id).collect();
    let files = store::files(tx, &ids).await?;
    let amount =
        build::amount(findings.len(), &files, |id| choice.withheld.iter().any(|(kept, _)| *kept == id));
    let gone = choice.findings.iter().find(|number| !findings.iter().any(|one| one.number == **number));
    let lacks = match gone {
        Some(number) => {
            let reference = Reference::finding(*number);
            Some((
                "findings",
                format!(
                    "{reference} is not among what was found there. Take it out, or choose its service and days"
                ),
            ))
        }
        None => amount.lacks(),
    };
    if !choice.findings.is_empty() {
        choice.services.retain(|id| findings.iter().any(|one| one.service_id == *id));
    }
    Ok(Looked { findings, files, lacks })
}

/// What a pack would hold, before it is asked for.
///
/// # Errors
/// The database was lost.
pub async fn look(tx: &mut TenantTx, by: &Actor, choice: &mut Choice) -> Result<Looked, AppError> {
    choice.services.retain(|id| by.member.sees_service(*id));
    look_in(tx, Scope::of(&by.member), choice).await
}

/// Asks for a pack. The same id again asks for nothing more.
///
/// # Errors
/// What was chosen comes to nothing or too much, the days are wrong, evidence that is to be kept back is not among it, or it failed.
pub async fn ask(app: &AppState, by: &Actor, id: PackId, choice: &Choice) -> Done<()> {
    retrying!(ask_once(app, by, id, choice))
}

async fn ask_once(app: &AppState, by: &Actor, id: PackId, choice: &Choice) -> Done<()> {
    let mut choice = choice.clone();
    choice.services.retain(|id| by.member.sees_service(*id));
    let tx = by.begin(app).await?;
    record(tx, Scope::of(&by.member), id, &mut choice).await
}

/// Writes what was asked for.
async fn record(mut tx: TenantTx, scope: Scope, id: PackId, choice: &mut Choice) -> Done<()> {
    if store::exists(&mut tx, id).await? {
        return Ok(());
    }
    if let Some((field, sentence)) = wrong_days(choice.from, choice.to) {
        return Err(Stop::at(field, sentence));
    }
    let looked = look_in(&mut tx, scope, choice).await?;
    if let Some((field, sentence)) = looked.lacks {
        return Err(Stop::at(field, sentence));
    }
    let known = |id: EvidenceId| looked.files.iter().any(|file| file.id == id);
    if choice.withheld.iter().any(|(id, _)| !known(*id)) {
        return Err(Stop::at("withheld", "Look at the evidence again: what was found there has changed"));
    }
    let findings: Vec<FindingId> = looked.findings.iter().map(|one| one.id).collect();
    store::insert(&mut tx, id, choice, &findings).await?;
    let themes: Vec<&str> = choice.themes.iter().map(|theme| theme.as_str()).collect();
    let kept_back: Vec<EvidenceId> = choice.withheld.iter().map(|(id, _)| *id).collect();
    let facts = json!({ "pack": id, "services": choice.services, "found_from": choice.from, "found_to": choice.to, "themes": themes,
        "findings": findings.len(), "names": choice.naming.as_str(), "kept_back": kept_back });
    tx.record(Event::of_provider(EventKind::PackAsked).detail(facts).text("purpose", choice.purpose.clone()));
    Ok(tx.commit().await?)
}

/// Makes the pack of a provider that has waited longest; answers whether one waited. Any number of processes may ask at once.
///
/// # Errors
/// The database or the store failed: it is tried again later, until it was tried too often.
pub async fn make_next(app: &AppState, provider: ProviderId) -> Result<bool, AppError> {
    let now = app.clock.now();
    let mut tx = TenantTx::begin(&app.db, provider, None, now).await?;
    let tired = store::give_up(&mut tx).await?;
    for id in &tired {
        fail_in(&mut tx, *id, "Making it failed several times. The log of the program says why").await?;
    }
    let taken = store::take(&mut tx, now + Duration::minutes(TAKEN_MINUTES)).await?;
    tx.commit().await?;
    let Some(taken) = taken else { return Ok(!tired.is_empty()) };
    make(app, provider, &taken).await.map(|()| true)
}

async fn fail_in(tx: &mut TenantTx, id: PackId, because: &str) -> Result<(), AppError> {
    if store::fail(tx, id, because).await? {
        let facts = json!({ "pack": id });
        tx.record(Event::of_provider(EventKind::PackFailed).detail(facts).text("because", because));
    }
    Ok(())
}

/// Makes a pack that was taken: reads it, seals it by a line of the trail, writes it down.
async fn make(app: &AppState, provider: ProviderId, taken: &Taken) -> Result<(), AppError> {
    let whose = row(app, provider).await?;
    let whose = Provider { id: whose.id.uuid(), slug: whose.slug, name: whose.name };
    let unsealed = match Box::pin(build::build(app, whose, taken)).await {
        Ok(unsealed) => unsealed,
        Err(Trouble::Failed(error)) => return Err(error),
        Err(Trouble::Refused(sentence)) => {
            let mut tx = TenantTx::begin(&app.db, provider, None, app.clock.now()).await?;
            fail_in(&mut tx, taken.id, &sentence).await?;
            return Ok(tx.commit().await?);
        }
    };
    let (trail, hash) = (unsealed.manifest.trail.clone(), unsealed.hash.clone());
    let mut tx = TenantTx::begin(&app.db, provider, taken.asked_by, app.clock.now()).await?;
    if !store::seal(&mut tx, taken, &hash, trail.lines).await? {
        return Ok(());
    }
    let facts = json!({ "pack": taken.id, "manifest": hash, "lines": trail.lines, "head": trail.head, "tree": trail.tree });
    tx.record(Event::of_provider(EventKind::PackSealed).detail(facts));
    tx.commit().await?;
    let mut tx = TenantTx::begin(&app.db, provider, taken.asked_by, app.clock.now()).await?;
    let sealed = store::sealed_line(&mut tx, taken.id, &hash).await?;
    drop(tx);
    let (head, line) = sealed.ok_or_else(|| AppError::internal("the line that seals a pack is not there"))?;
    let whole = build::seal(unsealed, line).await?;
    app.evidence
        .place_made(provider, &whole.scratch, (whole.sha256, whole.size))
        .await
        .map_err(AppError::internal)?;
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let size = i64::try_from(whole.size).unwrap_or(i64::MAX);
    let mut tx = TenantTx::begin(&app.db, provider, taken.asked_by, app.clock.now()).await?;
    let (file, counts) = ((whole.sha256.as_bytes(), size), (count(whole.files), count(whole.lines)));
    if store::finish(&mut tx, taken, &head, file, counts).await? {
        let facts = json!({ "pack": taken.id, "sha256": whole.sha256.to_string(), "size": size, "files": whole.files, "seal": head.seq });
        tx.record(Event::of_provider(EventKind::PackMade).detail(facts));
        tx.commit().await?;
    }
    Ok(())
}

async fn row(app: &AppState, provider: ProviderId) -> Result<ProviderRow, AppError> {
    let mut tx = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let all = system::providers(&mut tx).await?;
    all.into_iter().find(|row| row.id == provider).ok_or(AppError::NotFound)
}

/// Withdraws a pack: it is not handed out any more, and its file goes. That it was there stays.
///
/// # Errors
/// It is not this member's to see or not ready, or it failed.
pub async fn withdraw(app: &AppState, by: &Actor, id: PackId, reason: &str) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let pack = seen(&mut tx, by, id).await?;
    if pack.state == PackState::Withdrawn {
        return Err(Stop::refused("This pack is withdrawn already."));
    }
    if pack.state != PackState::Made || !store::withdraw(&mut tx, id, reason).await? {
        return Err(Stop::refused("Only a pack that is ready can be withdrawn."));
    }
    tx.record(
        Event::of_provider(EventKind::PackWithdrawn).detail(json!({ "pack": id })).text("reason", reason),
    );
    Ok(tx.commit().await?)
}

/// A pack this member may see.
///
/// # Errors
/// There is none, or not for them.
pub async fn seen(tx: &mut TenantTx, by: &Actor, id: PackId) -> Result<Pack, AppError> {
    use crate::domain::access::{Reach, reach};
    if reach(by.member.role, Verb::MakePacks) == Reach::None {
        return Err(AppError::NotYours);
    }
    store::get(tx, Scope::of(&by.member), id).await?.ok_or(AppError::NotYours)
}

/// A pack that is handed out, and the hash of its file. That it was fetched is written down: the whole, or this file of it.
///
/// # Errors
/// There is none that is ready, or not for them.
pub async fn fetch(
    app: &AppState,
    by: &Actor,
    id: PackId,
    path: Option<&str>,
) -> Result<(Pack, ContentHash), AppError> {
    let mut tx = by.begin(app).await?;
    let pack = seen(&mut tx, by, id).await?;
    let made = pack.made.as_ref().filter(|_| pack.state == PackState::Made).ok_or(AppError::NotFound)?;
    let hash = ContentHash::try_from(made.sha256.as_slice()).map_err(AppError::internal)?;
    store::note_download(&mut tx, id, path).await?;
    tx.commit().await?;
    Ok((pack, hash))
}

/// Asks for a pack and makes it at once, for whoever runs the program.
///
/// # Errors
/// A sentence about what cannot be ([`AppError::BadRequest`]), or it failed.
pub async fn for_operator(
    app: &AppState,
    slug: &str,
    wanted: Operated,
) -> Result<(ProviderId, Pack), AppError> {
    let now = app.clock.now();
    let mut tx = SystemTx::begin(&app.db, None, now).await?;
    let found = system::provider_by_slug(&mut tx, slug).await?;
    drop(tx);
    let Some(whose) = found else {
        return Err(AppError::bad_request(format!("There is no provider \"{slug}\".")));
    };
    let mut tx = TenantTx::begin(&app.db, whose.id, None, now).await?;
    let mut choice = wanted.choice;
    choice.services = services(&mut tx, &wanted.services).await?;
    let id = PackId::new();
    let scope = Scope { whole: true, by_service: false, me: crate::ids::MemberId::from(uuid::Uuid::nil()) };
    match record(tx, scope, id, &mut choice).await {
        Ok(()) => {}
        Err(Stop::Failed(error)) => return Err(error),
        Err(Stop::Changed) => return Err(AppError::Conflict),
        Err(Stop::Refused(said)) => {
            let sentence = said.into_iter().next().map_or_else(String::new, |one| one.sentence);
            return Err(AppError::bad_request(format!("{sentence}.")));
        }
    }
    let mut tx = TenantTx::begin(&app.db, whose.id, None, now).await?;
    let taken = store::take_this(&mut tx, id, now + Duration::minutes(TAKEN_MINUTES)).await?;
    tx.commit().await?;
    if let Some(taken) = taken {
        make(app, whose.id, &taken).await?;
    }
    let mut tx = TenantTx::begin(&app.db, whose.id, None, now).await?;
    let pack = store::get(&mut tx, scope, id).await?.ok_or(AppError::NotFound)?;
    Ok((whose.id, pack))
}

/// What whoever runs the program asks for.
#[derive(Clone, Debug)]
pub struct Operated {
    /// The services by their parts of the address; all when none is named.
    pub services: Vec<String>,
    /// Everything else.
    pub choice: Choice,
}

async fn services(tx: &mut TenantTx, slugs: &[String]) -> Result<Vec<ServiceId>, AppError> {
    let all = places::services(tx).await?;
    if slugs.is_empty() {
        return Ok(all.iter().map(|service| service.id).collect());
    }
    let found = slugs.iter().map(|slug| {
        let service = all.iter().find(|service| service.slug == *slug);
        service
            .map(|service| service.id)
            .ok_or_else(|| AppError::bad_request(format!("There is no service \"{slug}\" in this provider.")))
    });
    found.collect()
}

/// The findings somebody typed, by their numbers.
///
/// # Errors
/// A sentence when one of them is no reference of a finding.
pub fn findings_typed(text: &str) -> Result<Vec<i32>, &'static str> {
    typed_findings(text).ok_or("Write references of findings like F-0012, with commas between")
}
