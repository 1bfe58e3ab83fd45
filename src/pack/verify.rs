//! Whether a pack is as it was made. It is looked at from its seal downwards, and the first thing that is not intact is named; the
//! program inside the pack (`verify.py`) does the same in the same order and says it in the same words.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::container::{self, Damage, Entry};
use super::manifest::{
    Beside, FORMAT, LINES, LeftOut, MANIFEST, Manifest, PROOF, SEAL, Seal, Sealed, Shown, TEXTS, told,
};
use crate::domain::tree;
use crate::domain::words;

/// A pack that is as it was made.
#[derive(Clone, Debug)]
pub struct Intact {
    /// What it holds.
    pub manifest: Manifest,
    /// The place of its seal in the trail.
    pub line: i64,
    /// The hash of its seal.
    pub hash: String,
    /// How many texts are kept back or were erased.
    pub withheld: usize,
    /// Whether the seal is the one that was known from elsewhere.
    pub known: bool,
}

impl Intact {
    /// What is proved, in sentences.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let Self { manifest, line, hash, withheld, known } = self;
        let trail = &manifest.trail;
        let count = |n: usize, one: &str, many: &str| words::count_of(n as u64, one, many);
        let mut said = vec![
            format!(
                "Intact: {} and {} of the trail of {}, made {}.",
                count(manifest.files.len(), "file", "files"),
                count(trail.shown, "line", "lines"),
                manifest.provider.name,
                manifest.made
            ),
            format!("Its seal is line {line} of that trail, whose hash is {hash}."),
        ];
        if *withheld > 0 {
            said.push(format!(
                "{} kept back: only the hash is here.",
                count(*withheld, "text is", "texts are")
            ));
        }
        said.push(if *known {
            "That is the hash you gave: nothing was changed, taken out, put in or swapped since the pack was made.".to_owned()
        } else {
            "No hash was given, so this alone is shown: the parts of the file fit one another. Against somebody who made the whole file anew nothing is proved. Ask the provider for the hash of that line by another way, and give it with --head.".to_owned()
        });
        said
    }
}

/// Why a pack does not pass.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// This is not as it was made.
    #[error("{0}")]
    NotIntact(String),
    /// It could not be read.
    #[error("the file could not be read: {0}")]
    Unreadable(std::io::Error),
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        match damage {
            Damage::Broken(sentence) => Self::NotIntact(sentence),
            Damage::Unreadable(error) => Self::Unreadable(error),
        }
    }
}

fn fault<T>(sentence: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::NotIntact(sentence.into()))
}

/// What is read of a file before anything is compared.
struct Parts {
    entries: Vec<Entry>,
    kept: BTreeMap<String, Vec<u8>>,
}

impl Parts {
    fn bytes(&self, name: &str) -> Result<&[u8], Fault> {
        self.kept.get(name).map_or_else(|| fault(format!("{name} is missing.")), |bytes| Ok(bytes.as_slice()))
    }

    fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, Fault> {
        serde_json::from_slice(self.bytes(name)?)
            .or_else(|_| fault(format!("{name} is not what a pack holds there.")))
    }

    /// The lines of an entry, each of which is JSON.
    fn rows<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, Fault> {
        let text = self.bytes(name)?;
        let rows = text.split_inclusive(|byte| *byte == b'\n').map(serde_json::from_slice);
        rows.collect::<Result<_, _>>().or_else(|_| fault(format!("{name} is not what a pack holds there.")))
    }
}

/// The line of the trail with what it says, as far as it matters here.
#[derive(Deserialize)]
struct Says {
    n: i64,
    prev: String,
    provider: Uuid,
    texts: BTreeMap<String, String>,
}

/// Verifies a pack; with `known`, the hash of its seal as it was got by another way, against that.
///
/// # Errors
/// The first thing that is not as it was made, or the file cannot be read.
pub fn verify(from: impl Read, known: Option<&str>) -> Result<Intact, Fault> {
    let wanted = [MANIFEST, SEAL, LINES, TEXTS, PROOF];
    let (entries, kept) = container::read(from, |name| wanted.contains(&name))?;
    let parts = Parts { entries, kept: kept.into_iter().collect() };
    let (line, hash, sealed, provider) = seal(&parts, known)?;
    let manifest = manifest(&parts, &sealed, provider)?;
    files(&parts, &manifest)?;
    let shown = lines(&parts, &manifest)?;
    let withheld = texts(&parts, &shown)?;
    Ok(Intact { manifest, line, hash, withheld, known: known.is_some() })
}

fn seal(parts: &Parts, known: Option<&str>) -> Result<(i64, String, Sealed, Uuid), Fault> {
    let seal: Seal = parts.json(SEAL)?;
    if told(&seal).ok().as_deref() != Some(parts.bytes(SEAL)?) {
        return fault(format!("{SEAL} was changed."));
    }
    let hash = sha256(&[seal.line.as_bytes()]);
    if known.is_some_and(|known| known != hash) {
        return fault(format!(
            "The seal is not the one whose hash you gave: it has the hash {hash}. The pack was made anew, or it is another one."
        ));
    }
    let line: Option<Value> = serde_json::from_str(&seal.line).ok();
    let says = line.as_ref().and_then(|line| Says::deserialize(line).ok());
    match (line.as_ref().and_then(Sealed::read), says) {
        (Some(sealed), Some(says)) => {
            let follows = says.n > sealed.lines && (says.n > sealed.lines + 1 || says.prev == sealed.head);
            if !follows {
                return fault("The seal does not follow the trail it names.");
            }
            Ok((says.n, hash, sealed, says.provider))
        }
        _ => fault(format!("{SEAL} holds no line that seals a pack.")),
    }
}

fn manifest(parts: &Parts, sealed: &Sealed, provider: Uuid) -> Result<Manifest, Fault> {
    if sha256(&[parts.bytes(MANIFEST)?]) != sealed.manifest {
        return fault(format!("{MANIFEST} is not the one that was sealed."));
    }
    let manifest: Manifest = parts.json(MANIFEST)?;
    if manifest.format != FORMAT {
        return fault(format!("This is {}, and this program knows {FORMAT}.", manifest.format));
    }
    let trail = &manifest.trail;
    let same = manifest.pack == sealed.pack
        && manifest.provider.id == provider
        && (trail.lines, &trail.head, &trail.tree) == (sealed.lines, &sealed.head, &sealed.tree);
    if same { Ok(manifest) } else { fault(format!("{MANIFEST} does not say what the seal says.")) }
}

/// Every file is there, in its order, with its hash, and nothing else is.
fn files(parts: &Parts, manifest: &Manifest) -> Result<(), Fault> {
    let ends = [MANIFEST, SEAL];
    let mut found = parts.entries.iter().filter(|entry| !ends.contains(&entry.name.as_str()));
    for file in &manifest.files {
        let Some(entry) = found.next() else { return fault(format!("{} is missing.", file.path)) };
        if entry.name != file.path {
            let there = parts.entries.iter().any(|other| other.name == file.path);
            let known = manifest.files.iter().any(|other| other.path == entry.name);
            return fault(match (there, known) {
                (false, _) => format!("{} is missing.", file.path),
                (true, false) => format!("{} was put in.", entry.name),
                (true, true) => format!("{} stands in another place.", file.path),
            });
        }
        if entry.sha256 != file.sha256 || entry.size != file.size {
            return fault(format!("{} was changed: its hash is not the one in the manifest.", file.path));
        }
    }
    if let Some(more) = found.next() {
        return fault(format!("{} was put in.", more.name));
    }
    let last: Vec<&str> = parts.entries.iter().rev().take(2).map(|entry| entry.name.as_str()).collect();
    if last == [SEAL, MANIFEST] {
        Ok(())
    } else {
        fault(format!("{MANIFEST} and {SEAL} are not at the end."))
    }
}

/// The lines of the trail: each is one of that trail, at its place, and no more are shown than stand there.
fn lines(parts: &Parts, manifest: &Manifest) -> Result<Vec<Says>, Fault> {
    let trail = &manifest.trail;
    let (mut shown, mut leaves) = (Vec::new(), Vec::new());
    let mut before: Option<(i64, String)> = None;
    for Shown { n, line } in parts.rows::<Shown>(LINES)? {
        let says: Option<Says> = serde_json::from_str(&line).ok();
        let Some(says) = says.filter(|says| says.n == n && says.provider == manifest.provider.id) else {
            return fault(format!("Line {n} of the trail was changed."));
        };
        if n < 1 || n > trail.lines || before.as_ref().is_some_and(|(last, _)| *last >= n) {
            return fault(format!("Line {n} of the trail stands in another place."));
        }
        if before.as_ref().is_some_and(|(last, hash)| last + 1 == n && *hash != says.prev) {
            return fault(format!("Line {n} of the trail does not follow the one before it."));
        }
        let hash = sha256(&[line.as_bytes()]);
        if n == trail.lines && hash != trail.head {
            return fault(format!("Line {n} of the trail is not the last one that was sealed."));
        }
        leaves.push((usize::try_from(n - 1).unwrap_or_default(), tree::leaf(line.as_bytes())));
        before = Some((n, hash));
        shown.push(says);
    }
    let LeftOut { left_out } = parts.json(PROOF)?;
    let hash = |text: &String| hex::decode(text).ok().and_then(|bytes| tree::Hash::try_from(bytes).ok());
    let rest: Option<Vec<tree::Hash>> = left_out.iter().map(hash).collect();
    let count = usize::try_from(trail.lines).unwrap_or_default();
    let root = rest.and_then(|rest| tree::root_of(count, &leaves, &rest)).map(hex::encode);
    if shown.len() != trail.shown || root.as_ref() != Some(&trail.tree) {
        return fault("The lines of the trail do not belong to the trail that was sealed.");
    }
    Ok(shown)
}

/// The texts beside the lines; answers how many are kept back.
fn texts(parts: &Parts, shown: &[Says]) -> Result<usize, Fault> {
    let mut rows = parts.rows::<Beside>(TEXTS)?.into_iter();
    let mut withheld = 0;
    for says in shown {
        for (name, hash) in &says.texts {
            let wrong = format!("The text \"{name}\" beside line {} was changed or taken away.", says.n);
            let row = rows.next().filter(|row| row.n == says.n && row.name == *name);
            match row.map(|row| (row.salt, row.text, row.withheld)) {
                Some((None, None, Some(_))) => withheld += 1,
                Some((Some(salt), Some(text), None))
                    if hex::decode(&salt).is_ok_and(|salt| sha256(&[&salt, text.as_bytes()]) == *hash) => {}
                _ => return fault(wrong),
            }
        }
    }
    if let Some(row) = rows.next() {
        return fault(format!("The text \"{}\" beside line {} was put in.", row.name, row.n));
    }
    Ok(withheld)
}

/// SHA-256 of the parts one after the other, in lower-case hex.
fn sha256(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hex::encode(hash.finalize())
}
