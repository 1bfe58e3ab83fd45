//! Putting a pack together: everything is read as it was at one instant, and written into one file as it is read.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write as _};

use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio_util::io::{StreamReader, SyncIoBridge};

use super::facts::{self, Place, Places};
use super::line::Drawing;
use super::start::{Start, page_of};
use super::{hidden, line, told};
use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::pack::Amount;
use crate::domain::redaction::{Naming, Redaction};
use crate::domain::trail::Head;
use crate::domain::tree;
use crate::domain::words;
use crate::error::AppError;
use crate::files::made::Scratch;
use crate::files::{ContentHash, FileName};
use crate::ids::{EvidenceId, FindingId, MemberId, ProviderId};
use crate::pack::container::{Writer, hash_of};
use crate::pack::manifest::{
    Beside, FORMAT, File as Listed, LINES, LeftOut, MANIFEST, Manifest, PROOF, Provider, SEAL, Seal, Shown,
    TEXTS, Trail,
};
use crate::pack::{VERIFIER, manifest, page};
use crate::report::Paper;
use crate::report::pdf::PdfError;
use crate::report::press::PressError;
use crate::store::pack::{self as store, Chosen, FileOf, LineOf, Pack, Taken, TextOf};
use crate::store::scope::Scope;
use crate::store::{TenantTx, trail};

/// How many lines of the trail are read at a time.
const BATCH: usize = 2_000;
/// Up to so many findings the PDF tells the whole line of each; with more it is the start page alone.
const PRINTED: usize = 60;

/// A pack whose content is written, and whose seal is not.
pub(super) struct Unsealed {
    pub(super) scratch: Scratch,
    writer: Writer<BufWriter<File>>,
    pub(super) manifest: Manifest,
    /// The hash of the manifest.
    pub(super) hash: String,
}

/// A whole pack on this machine's disk.
pub(super) struct Whole {
    pub(super) scratch: Scratch,
    pub(super) sha256: ContentHash,
    pub(super) size: u64,
    pub(super) files: usize,
    pub(super) lines: usize,
}

/// Why a pack cannot be made.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It would never be made: a sentence for whoever asked.
    Refused(String),
    /// Something failed; it may be tried again.
    Failed(AppError),
}

impl<E: Into<AppError>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What is read before the first page is drawn.
struct Ground {
    pack: Pack,
    chosen: Vec<Chosen>,
    files: Vec<FileOf>,
    places: Places,
    names: Redaction,
    head: Head,
    made: DateTime<Utc>,
}

/// Reads and writes everything a pack holds, but for its seal.
pub(super) async fn build(app: &AppState, provider: Provider, taken: &Taken) -> Result<Unsealed, Trouble> {
    let scratch = app.evidence.scratch();
    let file = File::create_new(scratch.path())?;
    let mut writer = Writer::new(BufWriter::new(file));
    let mut tx = TenantTx::begin(&app.db, provider.id.into(), None, app.clock.now()).await?;
    trail::hold_still(&mut tx).await?;
    let ground = ground(&mut tx, taken, &provider.name).await?;
    writer.add("README.txt", told::readme(&provider, &ground.pack).as_bytes())?;
    writer.add("verify.py", VERIFIER.as_bytes())?;
    let printed = pages(&mut tx, &mut writer, &ground, &provider).await?;
    let shown = lines(&mut tx, &mut writer, &ground).await?;
    drop(tx);
    let pdf = print(app, printed).await?;
    writer.add("pack.pdf", &pdf[..])?;
    let mut writer = copy(app, provider.id.into(), writer, &ground).await?;
    let files = writer.entries().iter();
    let files =
        files.map(|e| Listed { path: e.name.clone(), size: e.size, sha256: e.sha256.clone() }).collect();
    let trail = Trail {
        lines: ground.head.seq,
        head: ground.head.hash.clone(),
        tree: hex::encode(shown.root),
        shown: shown.lines,
    };
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        provider,
        pack: taken.id.uuid(),
        made: ground.made.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        names: taken.naming.as_str().to_owned(),
        trail,
        files,
    };
    let bytes = manifest::told(&manifest).map_err(AppError::internal)?;
    writer.add(MANIFEST, &bytes[..])?;
    Ok(Unsealed { scratch, writer, manifest, hash: hex::encode(Sha256::digest(&bytes)) })
}

/// Ends a pack with its seal, and makes it durable on this machine.
pub(super) async fn seal(unsealed: Unsealed, line: String) -> Result<Whole, AppError> {
    let Unsealed { scratch, mut writer, manifest, .. } = unsealed;
    let bytes = manifest::told(&Seal { line }).map_err(AppError::internal)?;
    let work = move || -> std::io::Result<Whole> {
        writer.add(SEAL, &bytes[..])?;
        let files = writer.entries().len();
        let file = writer.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        let (sha256, size) = hash_of(File::open(scratch.path())?)?;
        let sha256 = ContentHash::from(sha256);
        Ok(Whole { scratch, sha256, size, files, lines: manifest.trail.shown })
    };
    Ok(tokio::task::spawn_blocking(work).await.map_err(AppError::internal)??)
}

async fn ground(tx: &mut TenantTx, taken: &Taken, provider: &str) -> Result<Ground, Trouble> {
    let scope = whole();
    let pack = store::get(tx, scope, taken.id).await?.ok_or(AppError::NotFound)?;
    let chosen = store::these(tx, taken.id).await?;
    let ids: Vec<FindingId> = chosen.iter().map(|one| one.id).collect();
    let files = store::files(tx, &ids).await?;
    let withheld: HashMap<EvidenceId, String> = store::withheld(tx, taken.id).await?.into_iter().collect();
    if let Some((_, sentence)) = amount(chosen.len(), &files, |id| withheld.contains_key(&id)).lacks() {
        return Err(Trouble::Refused(sentence));
    }
    let places = places(&files, &withheld);
    let head = trail::head(tx).await?.ok_or(AppError::NotFound)?;
    let names = match taken.naming {
        Naming::Names => Redaction::none(),
        Naming::Titles => {
            let mut places = store::places(tx).await?;
            places.push(provider.to_owned());
            Redaction::titles(&store::members(tx).await?, &places)
        }
    };
    Ok(Ground { pack, chosen, files, places, names, head, made: tx.now() })
}

/// Sees every service: what a pack is about was fixed by somebody who may see it.
fn whole() -> Scope {
    Scope { whole: true, by_service: false, me: MemberId::from(uuid::Uuid::nil()) }
}

/// How much it is: evidence that is kept back or was withdrawn does not count.
pub(super) fn amount(findings: usize, files: &[FileOf], kept_back: impl Fn(EvidenceId) -> bool) -> Amount {
    let given = files
        .iter()
        .filter(|file| !file.withdrawn && !kept_back(file.id))
        .filter_map(|file| file.file.as_ref());
    let sizes: Vec<u64> = given.map(|(_, size, _)| u64::try_from(*size).unwrap_or(0)).collect();
    Amount { findings, files: sizes.len(), bytes: sizes.iter().sum() }
}

/// Where each piece of evidence goes. Files are named by their action and a number, never by what somebody called them.
fn places(files: &[FileOf], withheld: &HashMap<EvidenceId, String>) -> Places {
    let mut counted: HashMap<i32, usize> = HashMap::new();
    let place = |file: &FileOf| {
        let n = counted.entry(file.action).or_default();
        *n += 1;
        if file.withdrawn {
            return Place::Withdrawn;
        }
        if let Some(reason) = withheld.get(&file.id) {
            return Place::KeptBack(reason.clone());
        }
        let Some((_, size, name)) = &file.file else { return Place::Elsewhere };
        let ending: String =
            FileName::clean(name).ending().chars().filter(char::is_ascii_alphanumeric).take(5).collect();
        let ending = if ending.is_empty() { "bin".to_owned() } else { ending };
        let action = crate::domain::reference::Reference::action(file.action);
        Place::File(format!("files/{action}-{n:02}.{ending}"), u64::try_from(*size).unwrap_or(0))
    };
    let ids = files.iter().map(|file| file.id);
    ids.zip(files.iter().map(place)).collect()
}

/// Draws the page of each finding and the start page; answers what the PDF is made of.
async fn pages(
    tx: &mut TenantTx,
    writer: &mut Writer<BufWriter<File>>,
    ground: &Ground,
    provider: &Provider,
) -> Result<Vec<Paper>, Trouble> {
    let today = london_date(ground.made);
    let with = Drawing {
        today,
        places: &ground.places,
        foot: format!("{}. Evidence pack: {}.", provider.name, ground.pack.purpose),
        seal: format!(
            "Made {}, at line {} of the trail, whose hash is {}",
            words::instant(ground.made),
            ground.head.seq,
            ground.head.hash
        ),
        made: ground.made,
    };
    let (mut start, mut printed) = (Start::default(), Vec::new());
    for one in &ground.chosen {
        let facts = facts::read(tx, one, whole()).await?;
        start.add(&facts, today, &ground.places);
        let paper = hidden::paper(line::paper(&facts, &with), &ground.names);
        writer.add(&page_of(one.number), page::draw(&paper, "../index.html")?.as_bytes())?;
        if ground.chosen.len() <= PRINTED {
            printed.push(paper);
        }
    }
    let figures = super::figures::read(tx, &ground.pack, ground.made).await?;
    let title = (format!("Evidence pack: {}", ground.pack.purpose), told::place(provider, &ground.pack));
    let head = told::head(provider, &ground.pack, &ground.head, ground.made);
    let check = told::check(provider, &ground.head);
    let paper = hidden::paper(start.paper(title, head, (figures, check), &with), &ground.names);
    writer.add("index.html", page::draw(&paper, "")?.as_bytes())?;
    printed.insert(0, paper);
    Ok(printed)
}

/// Makes the PDF: the start page, and when they are few the findings; when those take too many pages, the start page alone.
async fn print(app: &AppState, mut papers: Vec<Paper>) -> Result<Vec<u8>, Trouble> {
    let whole = told::bound(&papers);
    papers.truncate(1);
    let alone = told::bound(&papers);
    for paper in [whole, alone] {
        let Some(paper) = paper else { continue };
        match app.press.slowly(paper).await {
            Ok(pdf) => return Ok(pdf),
            Err(PressError::Pdf(PdfError::TooLong)) => {}
            Err(error) => return Err(Trouble::Failed(AppError::internal(error))),
        }
    }
    Err(Trouble::Refused("The start page of this pack is too long. Choose fewer findings".into()))
}

/// What the lines of the trail come to.
struct Lines {
    root: tree::Hash,
    lines: usize,
}

/// Writes the lines about what is in the pack, the texts beside them, and the hashes that stand for all other lines.
async fn lines(
    tx: &mut TenantTx,
    writer: &mut Writer<BufWriter<File>>,
    ground: &Ground,
) -> Result<Lines, Trouble> {
    let mut leaves: Vec<tree::Hash> = Vec::new();
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    while let Ok(after) = i64::try_from(leaves.len())
        && after < ground.head.seq
    {
        let more = store::leaves(tx, after, ground.head.seq, limit).await?;
        if more.is_empty() {
            return Err(Trouble::Failed(AppError::internal("lines of the trail are missing")));
        }
        leaves.extend(more);
    }
    let ids: Vec<FindingId> = ground.chosen.iter().map(|one| one.id).collect();
    let (mut known, mut shown) = (None, Vec::new());
    let (mut rows, mut texts) = (Vec::new(), Vec::new());
    loop {
        let more = store::lines(tx, &ids, &mut known, (shown.len(), BATCH)).await?;
        if more.is_empty() {
            break;
        }
        for line in more {
            shown.push(usize::try_from(line.seq - 1).unwrap_or_default());
            for beside in beside(&line, ground) {
                row(&mut texts, &beside)?;
            }
            row(&mut rows, &Shown { n: line.seq, line: line.line })?;
        }
    }
    let left_out = tree::left_out(&leaves, &shown).iter().map(hex::encode).collect();
    writer.add(LINES, &rows[..])?;
    writer.add(TEXTS, &texts[..])?;
    writer.add(PROOF, &manifest::told(&LeftOut { left_out }).map_err(AppError::internal)?[..])?;
    Ok(Lines { root: tree::root(&leaves), lines: shown.len() })
}

fn row(to: &mut Vec<u8>, row: &impl serde::Serialize) -> Result<(), Trouble> {
    serde_json::to_writer(&mut *to, row).map_err(AppError::internal)?;
    Ok(to.write_all(b"\n")?)
}

/// The texts beside a line: as they are, or why they are kept back.
fn beside(line: &LineOf, ground: &Ground) -> Vec<Beside> {
    let says: Value = serde_json::from_str(&line.line).unwrap_or_default();
    let about =
        says.pointer("/detail/evidence").and_then(Value::as_str).and_then(|id| id.parse::<EvidenceId>().ok());
    let piece = about.and_then(|id| match ground.places.get(&id) {
        Some(Place::KeptBack(reason)) => {
            Some(format!("The evidence is kept back: {}", ground.names.hide(reason)))
        }
        Some(Place::Withdrawn) => Some("The evidence was withdrawn".to_owned()),
        _ => None,
    });
    let text = |(name, kept): &TextOf| {
        let why = match (&piece, kept) {
            (_, None) => Some("Erased".to_owned()),
            (Some(why), _) => Some(why.clone()),
            (None, Some((_, text))) if !ground.names.is_clean(text) => Some("It names a member".to_owned()),
            _ => None,
        };
        let shown = kept.as_ref().filter(|_| why.is_none());
        Beside {
            n: line.seq,
            name: name.clone(),
            salt: shown.map(|(salt, _)| hex::encode(salt)),
            text: shown.map(|(_, text)| text.clone()),
            withheld: why,
        }
    };
    line.texts.iter().map(text).collect()
}

/// Copies the files of the evidence, one after the other, a piece at a time.
async fn copy(
    app: &AppState,
    provider: ProviderId,
    mut writer: Writer<BufWriter<File>>,
    ground: &Ground,
) -> Result<Writer<BufWriter<File>>, Trouble> {
    let mut copied = HashSet::new();
    for file in &ground.files {
        let (Some(Place::File(path, size)), Some((hash, ..))) = (ground.places.get(&file.id), &file.file)
        else {
            continue;
        };
        if !copied.insert(path.clone()) {
            continue;
        }
        let hash = ContentHash::try_from(hash.as_slice()).map_err(AppError::internal)?;
        let opened = app.evidence.open(provider, hash).await.map_err(AppError::internal)?;
        let opened = opened.ok_or_else(|| {
            AppError::internal(format!("the file of evidence {} is not in the store", file.id))
        })?;
        let stream = futures_util::TryStreamExt::map_err(opened.content, std::io::Error::other);
        let (reader, path, wanted) =
            (SyncIoBridge::new(StreamReader::new(stream)), path.clone(), hash.to_string());
        let work = move || {
            let entry = writer.add(&path, reader);
            (writer, entry)
        };
        let (next, entry) = tokio::task::spawn_blocking(work).await.map_err(AppError::internal)?;
        writer = next;
        let entry = entry?;
        if entry.sha256 != wanted || entry.size != *size {
            return Err(Trouble::Failed(AppError::internal(format!(
                "the file of evidence {} is not what it was",
                file.id
            ))));
        }
    }
    Ok(writer)
}
