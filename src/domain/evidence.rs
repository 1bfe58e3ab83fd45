//! Evidence: what a piece is called, and what its withdrawal or arrival does to an action (R9, R10).

use chrono::NaiveDate;

use super::action::{Piece, Status, missing_kinds};
use super::topic::EvidenceKind;
use super::words;

/// The most files one form may bring.
pub const MOST_FILES: usize = 10;
/// The most files of one member that may wait for forms not recorded yet. What was never sent again goes after a day.
pub const MOST_WAITING: u64 = 40;
/// The most bytes of them together: ten files as large as a file may be.
pub const MOST_WAITING_BYTES: u64 = 250 * 1024 * 1024;
/// What is said of a file there is no room for.
pub const NO_ROOM: &str = "could not be kept, because too many of your files wait for forms that were not finished. Finish those, or send it again tomorrow";
/// The longest title.
pub const LONGEST_TITLE: usize = 200;
/// The longest reference.
pub const LONGEST_REFERENCE: usize = 500;

/// How much of one member waits for forms that are not recorded yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Files.
    pub files: u64,
    /// Bytes of them together.
    pub bytes: u64,
}

impl Waiting {
    /// With one more file of so many bytes; None when there is no room for it.
    #[must_use]
    pub const fn with(self, size: u64) -> Option<Self> {
        let more = Self { files: self.files + 1, bytes: self.bytes.saturating_add(size) };
        if more.files > MOST_WAITING || more.bytes > MOST_WAITING_BYTES { None } else { Some(more) }
    }
}

/// What a piece is called: the name it was given, with its place when several share one; else the file's name or the
/// place of the record; a name only a camera would choose ("IMG_2041") says nothing and gives way to the kind and the
/// day.
#[must_use]
pub fn title(
    given: Option<&str>,
    (place, of): (usize, usize),
    source: &str,
    kind: EvidenceKind,
    about_on: NaiveDate,
) -> String {
    let title = match given {
        Some(name) if of > 1 => format!("{name} ({place} of {of})"),
        Some(name) => name.to_owned(),
        None if says_nothing(source) => format!("{}, {}", kind.label(), words::date(about_on)),
        None => source.to_owned(),
    };
    title.chars().take(LONGEST_TITLE).collect()
}

/// The name without its ending, when what follows the last dot looks like one.
#[must_use]
pub fn stem(file_name: &str) -> &str {
    file_name
        .rsplit_once('.')
        .filter(|(stem, ending)| !stem.is_empty() && ending.len() <= 5)
        .map_or(file_name, |(stem, _)| stem)
}

/// Whether a name was made by a machine: figures, and at most the short words cameras and phones put before them.
fn says_nothing(name: &str) -> bool {
    name.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).all(|word| {
        matches!(
            word.to_ascii_lowercase().as_str(),
            "img"
                | "image"
                | "dsc"
                | "dscn"
                | "dscf"
                | "pxl"
                | "photo"
                | "wa"
                | "scan"
                | "screenshot"
                | "file"
                | "doc"
                | "document"
                | "mp"
                | "jpeg"
                | "jpg"
                | "e"
                | "p"
                | "picture"
                | "capture"
                | "at"
                | "whatsapp"
        )
    })
}

/// What becomes of an action when its evidence changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing but the evidence.
    Stays,
    /// The first thing that happens to it.
    Begins,
    /// What was verified is no longer what is there: it is checked again, with a new window (R15).
    CheckedAgain,
    /// A required kind is empty, so there is nothing to check: back to its owner (R10).
    BackToOwner,
}

impl Effect {
    /// The status it leads to; none when it stays.
    #[must_use]
    pub const fn status(self) -> Option<Status> {
        match self {
            Self::Stays => None,
            Self::Begins | Self::BackToOwner => Some(Status::InProgress),
            Self::CheckedAgain => Some(Status::Submitted),
        }
    }
}

/// What adding to an action does to it. A verdict is answered by a new submission only: what was sent back, or did not
/// work, keeps saying so (to its owner with the verifier's words, to the manager in the lists) until it is submitted
/// again, however much is added meanwhile. A note alone never voids a verification, which judged the evidence.
#[must_use]
pub const fn added(status: Status, evidence: bool) -> Effect {
    match status {
        Status::NotStarted => Effect::Begins,
        Status::Verified if evidence => Effect::CheckedAgain,
        _ => Effect::Stays,
    }
}

/// What withdrawing a piece does, given what is left.
#[must_use]
pub fn withdrawn(status: Status, required: &[EvidenceKind], left: &[Piece]) -> Effect {
    let empty = left.iter().all(|p| p.withdrawn) || !missing_kinds(required, left).is_empty();
    match status {
        Status::Submitted | Status::Verified if empty => Effect::BackToOwner,
        Status::Verified => Effect::CheckedAgain,
        _ => Effect::Stays,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MemberId;
    use EvidenceKind::{Briefing, Record};

    #[test]
    fn a_name_says_what_it_is() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let name = |given, place, source| title(given, place, source, Briefing, day);
        for (given, place, source, wanted) in [
            (Some("Night handover"), (1, 1), "IMG_2041", "Night handover"),
            (Some("Night handover"), (2, 3), "IMG_2041", "Night handover (2 of 3)"),
            (None, (1, 1), "attendance list 19 November", "attendance list 19 November"),
            (None, (1, 1), "IMG_2041", "Briefing or attendance, 20 November 2026"),
            (None, (1, 1), "PXL_20261120_081530123.MP", "Briefing or attendance, 20 November 2026"),
            (None, (1, 1), "Screenshot 2026-11-20 at 08.15.30", "Briefing or attendance, 20 November 2026"),
            (None, (1, 1), "20261120_081530", "Briefing or attendance, 20 November 2026"),
            (None, (1, 1), "MAR charts, Beech unit, week 46", "MAR charts, Beech unit, week 46"),
        ] {
            assert_eq!(name(given, place, source), wanted);
        }
        assert_eq!(name(None, (1, 1), &"é".repeat(500)).chars().count(), LONGEST_TITLE);
    }

    #[test]
    fn the_ending_is_left_out() {
        for (name, wanted) in
            [("site-check.jpg", "site-check"), ("v1.2 of the plan", "v1.2 of the plan"), ("plan", "plan")]
        {
            assert_eq!(stem(name), wanted);
        }
    }

    #[test]
    fn only_evidence_voids_a_verification_and_no_note_answers_a_verdict() {
        for (status, evidence, effect) in [
            (Status::NotStarted, false, Effect::Begins),
            (Status::NotStarted, true, Effect::Begins),
            (Status::InProgress, true, Effect::Stays),
            (Status::SentBack, true, Effect::Stays),
            (Status::Ineffective, true, Effect::Stays),
            (Status::Submitted, true, Effect::Stays),
            (Status::Verified, false, Effect::Stays),
            (Status::Verified, true, Effect::CheckedAgain),
        ] {
            assert_eq!(added(status, evidence), effect, "{status:?} {evidence}");
        }
    }

    #[test]
    fn what_is_left_decides_after_a_withdrawal() {
        let piece = |kind, withdrawn| Piece { kind, author: MemberId::new(), withdrawn };
        let (gone, both) = (
            [piece(Record, true), piece(Briefing, false)],
            [piece(Record, true), piece(Record, false), piece(Briefing, false)],
        );
        let required = [Record, Briefing];
        for (status, left, effect) in [
            (Status::Submitted, &gone[..], Effect::BackToOwner),
            (Status::Verified, &gone[..], Effect::BackToOwner),
            (Status::Submitted, &both[..], Effect::Stays),
            (Status::Verified, &both[..], Effect::CheckedAgain),
            (Status::InProgress, &gone[..], Effect::Stays),
            (Status::SentBack, &gone[..], Effect::Stays),
        ] {
            assert_eq!(withdrawn(status, &required, left), effect, "{status:?}");
        }
        assert_eq!(withdrawn(Status::Submitted, &[], &[piece(Record, true)]), Effect::BackToOwner);
    }
}
