//! Evidence: a file is kept first, then recorded with its form; what is recorded can be fetched and withdrawn (R9, R9a).
//!
//! The order is what keeps rows and files together. A file is durable in the store before [`keep`] writes the first row
//! that names it; [`keep`] then looks whether it is still there, because the sweep of [`super::upkeep`] may have been
//! clearing away an old orphan with the same content at that moment. Both hold the same lock on the content, so one
//! of them sees what the other did.

use chrono::{Duration, NaiveDate};
use serde_json::json;

use super::submission::{self, lock_visible};
use super::{Actor, Done, Moment, Stop};
use crate::app::AppState;
use crate::domain::access::{self, Relation, Verb};
use crate::domain::action::Action;
use crate::domain::closure::Case;
use crate::domain::event::{Event, EventKind};
use crate::domain::evidence::{self as rule, Effect, Waiting};
use crate::domain::reference::Reference;
use crate::domain::topic::EvidenceKind;
use crate::error::AppError;
use crate::files::ContentHash;
use crate::files::store::Stored;
use crate::ids::{EvidenceId, PendingUploadId};
use crate::store::blob::{self, Blob, Kept};
use crate::store::evidence::{self as store, NewPiece, Piece, Proof};
use crate::store::{TenantTx, action, case};

/// How long a form may wait with its files; the sweep lets go of them an hour later.
pub const KEPT_HOURS: i64 = 23;

/// A piece of evidence as given.
#[derive(Clone, Debug)]
pub struct Given {
    /// What it counts as.
    pub kind: EvidenceKind,
    /// Its name; made from the file or reference when left out.
    pub title: Option<String>,
    /// The day it is about.
    pub about_on: NaiveDate,
    /// What it shows; may be empty.
    pub note: String,
    /// What it rests on.
    pub proof: Offered,
}

/// What a piece rests on, as offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offered {
    /// A file that was kept for this actor.
    File(PendingUploadId),
    /// Where the record is kept.
    Reference(String),
}

/// How much waits for forms of the actor.
///
/// # Errors
/// The database was lost.
pub async fn waiting(app: &AppState, by: &Actor) -> Result<Waiting, AppError> {
    let mut tx = by.begin(app).await?;
    let waiting = blob::waiting(&mut tx).await?;
    tx.commit().await?;
    Ok(waiting)
}

/// Keeps files that are durable in the store, for the actor's form: when it is recorded they become evidence, when it
/// is not they are let go of after a day. Answers for each file in order: None when too much waits already (then it is
/// nobody's, and the sweep takes it).
///
/// # Errors
/// The database was lost, or a file is not in the store; then nothing was kept.
pub async fn keep(app: &AppState, by: &Actor, files: &[Stored]) -> Result<Vec<Option<Kept>>, AppError> {
    let mut tx = by.begin(app).await?;
    let mut waiting = blob::lock_waiting(&mut tx).await?;
    // always in the same order, so that two people who send the same files never wait for each other
    let mut contents: Vec<_> = files.iter().map(|file| file.sha256.as_bytes().to_vec()).collect();
    contents.sort_unstable();
    for sha256 in &contents {
        blob::lock_content(&mut tx, sha256).await?;
    }
    let mut kept = Vec::with_capacity(files.len());
    for file in files {
        let Some(more) = waiting.with(file.size) else {
            kept.push(None);
            continue;
        };
        waiting = more;
        let content = Blob {
            sha256: file.sha256.as_bytes().to_vec(),
            size: i64::try_from(file.size).unwrap_or(i64::MAX),
            media_type: file.kind.media_type().to_owned(),
        };
        let id = PendingUploadId::new();
        blob::keep(&mut tx, id, &content, file.name.as_str()).await?;
        kept.push(Some(Kept { id, blob: content, name: file.name.as_str().to_owned() }));
    }
    tx.commit().await?;
    for (file, _) in files.iter().zip(&kept).filter(|(_, kept)| kept.is_some()) {
        if app.evidence.open(by.provider, file.sha256).await.map_err(AppError::internal)?.is_none() {
            let ids: Vec<_> = kept.iter().flatten().map(|k| k.id).collect();
            let mut tx = by.begin(app).await?;
            blob::let_go(&mut tx, &ids).await?;
            tx.commit().await?;
            return Err(AppError::internal("a file was not in the store after it was received"));
        }
    }
    Ok(kept)
}

/// Those of `ids` that are still kept for the actor.
///
/// # Errors
/// The database was lost.
pub async fn still_kept(app: &AppState, by: &Actor, ids: &[PendingUploadId]) -> Result<Vec<Kept>, AppError> {
    let mut tx = by.begin(app).await?;
    let since = tx.now() - Duration::hours(KEPT_HOURS);
    let kept = blob::kept(&mut tx, ids, since).await?;
    tx.commit().await?;
    Ok(kept)
}

/// Lets go of kept files that the person took out of their form.
///
/// # Errors
/// The database was lost.
pub async fn let_go(app: &AppState, by: &Actor, ids: &[PendingUploadId]) -> Result<(), AppError> {
    let mut tx = by.begin(app).await?;
    blob::let_go(&mut tx, ids).await?;
    Ok(tx.commit().await?)
}

/// Writes evidence within another deed; `first_id` is the id of its first piece, if the form made one. Returns how
/// many pieces were written: the same file sent twice for the same kind is written once.
pub(super) async fn write(
    tx: &mut TenantTx,
    a: &Action,
    given: &[Given],
    moment: Moment,
    first_id: Option<EvidenceId>,
) -> Done<usize> {
    let ids: Vec<PendingUploadId> = given
        .iter()
        .filter_map(|piece| match piece.proof {
            Offered::File(id) => Some(id),
            Offered::Reference(_) => None,
        })
        .collect();
    let kept = blob::kept(tx, &ids, moment.now - Duration::hours(KEPT_HOURS)).await?;
    let mut ready: Vec<(&Given, Proof)> = Vec::with_capacity(given.len());
    for piece in given {
        let proof = proof_of(piece, &kept)?;
        if !ready.iter().any(|(other, same)| other.kind == piece.kind && same_content(same, &proof)) {
            not_here_already(tx, a, piece.kind, &proof).await?;
            ready.push((piece, proof));
        }
    }
    let mut next_id = first_id;
    for (index, (piece, proof)) in ready.iter().enumerate() {
        let title = title_of(&ready, index, piece, proof);
        write_piece(tx, a, piece, proof, &title, next_id.take().unwrap_or_default()).await?;
    }
    blob::let_go(tx, &ids).await?;
    Ok(ready.len())
}

fn proof_of(piece: &Given, kept: &[Kept]) -> Result<Proof, Stop> {
    match &piece.proof {
        Offered::Reference(place) => Ok(Proof::Reference(place.clone())),
        Offered::File(id) => kept
            .iter()
            .find(|file| file.id == *id)
            .map(|file| Proof::File { blob: file.blob.clone(), name: file.name.clone() })
            .ok_or_else(|| Stop::at("files", "A file is no longer kept. Choose it again")),
    }
}

fn same_content(one: &Proof, other: &Proof) -> bool {
    match (one, other) {
        (Proof::File { blob: one, .. }, Proof::File { blob: other, .. }) => one.sha256 == other.sha256,
        (Proof::Reference(one), Proof::Reference(other)) => one == other,
        _ => false,
    }
}

async fn not_here_already(
    tx: &mut TenantTx,
    a: &Action,
    kind: EvidenceKind,
    proof: &Proof,
) -> Result<(), Stop> {
    let Proof::File { blob, name } = proof else { return Ok(()) };
    match store::same_file(tx, a.id, a.cycle, kind, &blob.sha256).await? {
        Some(title) => Err(Stop::at(
            "files",
            format!("{name} is here already, as “{title}”. Leave it out, or choose another file"),
        )),
        None => Ok(()),
    }
}

/// Several files that share a given name and kind are told apart by their place.
fn title_of(ready: &[(&Given, Proof)], index: usize, piece: &Given, proof: &Proof) -> String {
    let shares = |other: &Given| other.kind == piece.kind && other.title == piece.title;
    let of = ready.iter().filter(|(other, _)| shares(other)).count();
    let place = ready.iter().take(index + 1).filter(|(other, _)| shares(other)).count();
    let source = match proof {
        Proof::File { name, .. } => rule::stem(name),
        Proof::Reference(place) => place,
    };
    rule::title(piece.title.as_deref(), (place, of), source, piece.kind, piece.about_on)
}

async fn write_piece(
    tx: &mut TenantTx,
    a: &Action,
    piece: &Given,
    proof: &Proof,
    title: &str,
    id: EvidenceId,
) -> Result<(), sqlx::Error> {
    let new = NewPiece {
        id,
        action: a.id,
        cycle: a.cycle,
        kind: piece.kind,
        title,
        about_on: piece.about_on,
        note: &piece.note,
        proof,
    };
    store::insert(tx, &new).await?;
    let facts = match proof {
        Proof::File { blob, .. } => {
            json!({ "evidence": id, "kind": piece.kind, "form": "file", "about_on": piece.about_on,
            "cycle": a.cycle, "sha256": hex::encode(&blob.sha256), "size": blob.size, "media_type": blob.media_type })
        }
        Proof::Reference(_) => {
            json!({ "evidence": id, "kind": piece.kind, "form": "reference", "about_on": piece.about_on,
            "cycle": a.cycle })
        }
    };
    let (file_name, reference) = match proof {
        Proof::File { name, .. } => (name.as_str(), ""),
        Proof::Reference(place) => ("", place.as_str()),
    };
    tx.record(
        Event::of_action(EventKind::EvidenceAdded, a.id, a.finding_id)
            .detail(facts)
            .text("title", title)
            .text("file_name", file_name)
            .text("reference", reference)
            .text("note", piece.note.clone()),
    );
    Ok(())
}

/// Opens a new window because what was verified changed (R15); the evidence must be written before.
pub(super) async fn check_again(
    tx: &mut TenantTx,
    on: Reference,
    moment: Moment,
    because: &str,
) -> Result<NaiveDate, AppError> {
    let a = case::read(tx, on.number).await?.ok_or(AppError::NotFound)?.action;
    let verify_by = submission::open_window(tx, &a, moment).await?;
    let facts = json!({ "cycle": a.cycle, "because": because, "evidence_rev": a.evidence_rev, "verify_by": verify_by });
    tx.record(Event::of_action(EventKind::VerificationVoided, a.id, a.finding_id).detail(facts));
    Ok(verify_by)
}

/// A piece of evidence the actor may see, with the case of its action.
///
/// # Errors
/// It is not there, or not for this actor.
pub async fn look(app: &AppState, by: &Actor, id: EvidenceId) -> Result<(Piece, Case), AppError> {
    let mut tx = by.begin(app).await?;
    let piece = store::get(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    let case =
        case::read(&mut tx, piece.number).await?.filter(|case| by.sees(case)).ok_or(AppError::NotFound)?;
    tx.commit().await?;
    Ok((piece, case))
}

/// What of a file is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// The small picture of a photo.
    Preview,
}

/// A file the actor may fetch; that they did is noted before they get it (R9a).
///
/// # Errors
/// It is not there, not for this actor, not a file, or withdrawn and not theirs to judge.
pub async fn fetch(
    app: &AppState,
    by: &Actor,
    id: EvidenceId,
    part: Part,
) -> Result<(Piece, ContentHash), AppError> {
    let mut tx = by.begin(app).await?;
    let piece = store::get(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    let case =
        case::read(&mut tx, piece.number).await?.filter(|case| by.sees(case)).ok_or(AppError::NotFound)?;
    let Proof::File { blob, .. } = &piece.proof else { return Err(AppError::NotFound) };
    may_open(by, &case, &piece)?;
    let hash = ContentHash::try_from(blob.sha256.as_slice()).map_err(AppError::internal)?;
    match part {
        Part::Whole => store::note_download(&mut tx, id).await?,
        Part::Preview => store::note_preview(&mut tx, id).await?,
    }
    tx.commit().await?;
    Ok((piece, hash))
}

/// Whether this actor may open the file: of a withdrawn piece only those who judge evidence (R9).
fn may_open(by: &Actor, case: &Case, piece: &Piece) -> Result<(), AppError> {
    let Some(withdrawn) = &piece.withdrawn else { return Ok(()) };
    access::may(by.member.role, Verb::OpenWithdrawn, by.stands_to(case)).map_err(|_| {
        let sentence = withdrawn.sentence();
        AppError::Forbidden(format!("{sentence}. Managers who check evidence can still open it.").into())
    })
}

/// Withdraws a piece with a reason; it stays in the history (R9). Answers with what became of the action.
///
/// # Errors
/// It cannot be withdrawn, or not by this actor.
pub async fn withdraw(app: &AppState, by: &Actor, id: EvidenceId, reason: &str) -> Done<(Reference, Effect)> {
    super::retrying!(withdraw_once(app, by, id, reason))
}

async fn withdraw_once(
    app: &AppState,
    by: &Actor,
    id: EvidenceId,
    reason: &str,
) -> Done<(Reference, Effect)> {
    let moment = Moment::read(app);
    let mut tx = by.begin(app).await?;
    let on = store::get(&mut tx, id).await?.map(|p| Reference::action(p.number)).ok_or(AppError::NotFound)?;
    let case = lock_visible(&mut tx, by, on).await?;
    let piece = store::get(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    may_withdraw(by, &case, &piece)?;
    store::withdraw(&mut tx, id, reason).await?;
    let a = &case.action;
    tx.record(
        Event::of_action(EventKind::EvidenceWithdrawn, a.id, a.finding_id)
            .detail(json!({ "evidence": id, "kind": piece.kind, "cycle": a.cycle }))
            .text("title", piece.title)
            .text("reason", reason),
    );
    let left = case::read(&mut tx, on.number).await?.ok_or(AppError::NotFound)?;
    let effect = rule::withdrawn(a.status, &left.required, &left.pieces);
    match effect {
        Effect::BackToOwner => submission::back_to_owner(&mut tx, a, "evidence_missing").await?,
        Effect::CheckedAgain => drop(check_again(&mut tx, on, moment, "evidence_withdrawn").await?),
        Effect::Stays | Effect::Begins => {
            action::change(&mut tx, a.id, &action::Change { touched: true, ..Default::default() }).await?;
        }
    }
    tx.commit().await?;
    Ok((on, effect))
}

/// Whether this actor may withdraw the piece now; the page asks the same before it offers the form.
///
/// # Errors
/// Why not, as a sentence.
pub fn may_withdraw(by: &Actor, case: &Case, piece: &Piece) -> Result<(), Stop> {
    let relation = Relation { own: piece.author == by.member.id, ..by.stands_to(case) };
    access::may(by.member.role, Verb::WithdrawEvidence, relation)
        .map_err(|_| Stop::refused("The person who gave it withdraws it, or a manager of the service."))?;
    if !case.action.status.open() {
        let status = case.action.status.label().to_lowercase();
        return Err(Stop::refused(format!("The action is {status}, so its evidence stays as it is.")));
    }
    if piece.withdrawn.is_some() {
        return Err(Stop::refused("It has been withdrawn already."));
    }
    if piece.cycle != case.action.cycle {
        return Err(Stop::refused("It belongs to an earlier round, which is history. It no longer counts."));
    }
    Ok(())
}
