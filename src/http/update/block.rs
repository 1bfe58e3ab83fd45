//! One kind of evidence in the form of three questions: files, or where the record is kept.

use crate::domain::topic::EvidenceKind;
use crate::domain::words;
use crate::http::form::Draft;
use crate::store::blob::Kept;

/// The block for a kind the action does not ask for.
pub(super) const OTHER: &str = "other";

/// A kept file and the block it belongs to.
pub(super) type InBlock = (&'static str, Kept);

pub(super) fn words_of_blocks() -> impl Iterator<Item = &'static str> {
    EvidenceKind::ALL.iter().map(|kind| kind.as_str()).chain([OTHER])
}

/// One kind of evidence in the form: files, or where the record is kept.
pub(super) struct Block {
    pub(super) fields: Fields,
    pub(super) label: &'static str,
    pub(super) needed: bool,
    pub(super) there: usize,
    pub(super) kept: Vec<KeptFile>,
    pub(super) more_open: bool,
    pub(super) used: bool,
}

/// A file that does not have to be chosen again.
pub(super) struct KeptFile {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) size: String,
}

/// The names of a block's fields.
pub(super) struct Fields {
    pub(super) file: String,
    pub(super) kept: String,
    pub(super) reference: String,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) note: String,
}

impl Fields {
    fn of(word: &str) -> Self {
        let name = |part: &str| format!("{part}-{word}");
        Self {
            file: name("file"),
            kept: name("kept"),
            reference: name("reference"),
            title: name("title"),
            about: name("about"),
            note: name("note"),
        }
    }
}

pub(super) fn make_block(
    word: &'static str,
    label: &'static str,
    needed: bool,
    there: usize,
    draft: &Draft,
    kept: &[InBlock],
) -> Block {
    let used = |part: &str| {
        let field = format!("{part}-{word}");
        !draft.value(&field).is_empty() || draft.error(&field).is_some()
    };
    let files = kept.iter().filter(|(of, _)| *of == word).map(|(_, kept)| KeptFile {
        id: kept.id.to_string(),
        name: kept.name.clone(),
        size: words::file_size(u64::try_from(kept.blob.size).unwrap_or(0)),
    });
    let files: Vec<KeptFile> = files.collect();
    let inside = used("title") || used("note") || used("about");
    let in_use = inside || !files.is_empty() || used("reference") || used("file");
    let fields = Fields::of(word);
    Block { fields, label, needed, there, kept: files, more_open: inside, used: in_use }
}
