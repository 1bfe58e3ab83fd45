//! What a pack holds: the manifest with the hash of every file, the lines of the trail with what is needed to place them, and the
//! seal, which is the line of the trail that names the manifest. Field by field in `docs/packs.md`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::event::EventKind;

/// The format and its version.
pub const FORMAT: &str = "throughline-pack/1";
/// The entry with the hash of every other.
pub const MANIFEST: &str = "manifest.json";
/// The entry with the line that names the manifest.
pub const SEAL: &str = "seal.json";
/// The entry with the lines of the trail that are in the pack.
pub const LINES: &str = "trail/lines.jsonl";
/// The entry with the texts that stand beside them.
pub const TEXTS: &str = "trail/texts.jsonl";
/// The entry with the hashes that stand for the lines that are not in the pack.
pub const PROOF: &str = "trail/left-out.json";
/// The kind of the line that seals a pack.
pub const SEALED: &str = EventKind::PackSealed.as_str();

/// What a pack holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// Whose it is.
    pub provider: Provider,
    /// The pack's id.
    pub pack: Uuid,
    /// When it was made, as `2026-11-22T09:12:00Z`.
    pub made: String,
    /// How members are named: `titles` or `names`.
    pub names: String,
    /// The trail it was made from.
    pub trail: Trail,
    /// Every entry but the manifest and the seal, in their order.
    pub files: Vec<File>,
}

/// Whose a pack is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Id.
    pub id: Uuid,
    /// The part of the address.
    pub slug: String,
    /// Name.
    pub name: String,
}

/// The trail when the pack was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trail {
    /// How many lines it had.
    pub lines: i64,
    /// The hash of the last of them.
    pub head: String,
    /// The root of the tree over them all (domain/tree.rs).
    pub tree: String,
    /// How many of them are in the pack.
    pub shown: usize,
}

/// A file of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its name in the ZIP file.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// The hash of its content.
    pub sha256: String,
}

/// The seal: the exact line of the trail that was written when the pack was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// The line.
    pub line: String,
}

/// A line of the trail in a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Its place in the chain, from 1.
    pub n: i64,
    /// The line itself.
    pub line: String,
}

/// A text beside a line: salt and text, or why it is not here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// The line it stands beside.
    pub n: i64,
    /// What it is: "note", "reason".
    pub name: String,
    /// The salt in hex, when the text is here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub salt: Option<String>,
    /// The text, when it is here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// Why it is not here, when it is not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub withheld: Option<String>,
}

/// The hashes that stand for the lines that are not in the pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// In hex, in the order of [`crate::domain::tree::left_out`].
    pub left_out: Vec<String>,
}

/// What the line that seals a pack says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The pack's id.
    pub pack: Uuid,
    /// The hash of the manifest.
    pub manifest: String,
    /// How many lines the trail had.
    pub lines: i64,
    /// The hash of the last of them.
    pub head: String,
    /// The root of the tree over them.
    pub tree: String,
}

impl Sealed {
    /// Reads what a line says; none when it seals no pack.
    #[must_use]
    pub fn read(line: &Value) -> Option<Self> {
        let seals = line.get("kind").and_then(Value::as_str) == Some(SEALED);
        line.get("detail").filter(|_| seals).and_then(|detail| Self::deserialize(detail).ok())
    }
}

/// As the entries of a pack hold it: indented, so that people can read it, and ended by a line end.
///
/// # Errors
/// It cannot be told as JSON, which none of the types here is.
pub fn told(what: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(what)?;
    bytes.push(b'\n');
    Ok(bytes)
}
