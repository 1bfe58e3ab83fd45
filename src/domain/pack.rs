//! Evidence packs: what can be asked for, and how much one may hold.

use chrono::NaiveDate;

use super::redaction::Naming;
use super::text_enum::text_enum;
use super::topic::Theme;
use super::words;
use crate::ids::{EvidenceId, ServiceId};

/// The most findings of a pack.
pub const MOST_FINDINGS: usize = 1_000;
/// The most files of evidence of a pack.
pub const MOST_FILES: usize = 4_000;
/// The most bytes of evidence of a pack: 1 GiB.
pub const MOST_BYTES: u64 = 1024 * 1024 * 1024;
/// How often making a pack is tried before it is given up.
pub const MOST_TRIES: i32 = 3;

text_enum! {
    /// How far a pack is.
    pub enum PackState {
        /// It waits to be made, or is being made.
        Asked => "asked", "Being made";
        /// What it holds is fixed and named in the trail; its file is being written.
        Sealed => "sealed", "Being written";
        /// It can be handed out.
        Made => "made", "Ready";
        /// It could not be made.
        Failed => "failed", "Not made";
        /// It is not handed out any more.
        Withdrawn => "withdrawn", "Withdrawn";
    }
}

/// What a pack is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What it is for: "Inspection of 2 December".
    pub purpose: String,
    /// The services.
    pub services: Vec<ServiceId>,
    /// Only what was found from this day on.
    pub from: Option<NaiveDate>,
    /// Only what was found until this day.
    pub to: Option<NaiveDate>,
    /// Only these themes; none named means all.
    pub themes: Vec<Theme>,
    /// Only these findings, by their numbers; none named means all.
    pub findings: Vec<i32>,
    /// How members are named.
    pub naming: Naming,
    /// Evidence that is kept back, and why.
    pub withheld: Vec<(EvidenceId, String)>,
}

/// What a pack would hold, as far as there are limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Findings.
    pub findings: usize,
    /// Files of evidence.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Amount {
    /// Why it is too much or too little for a pack: the field and the sentence; none when it is neither.
    #[must_use]
    pub fn lacks(self) -> Option<(&'static str, String)> {
        if self.findings == 0 {
            return Some((
                "services",
                "Nothing was found there in that time. Choose more services, themes or days".into(),
            ));
        }
        if self.findings > MOST_FINDINGS {
            let most = words::number(MOST_FINDINGS as u64);
            return Some((
                "from",
                format!(
                    "A pack holds at most {most} findings, and this is more. Choose a shorter time, fewer services or fewer themes"
                ),
            ));
        }
        if self.files > MOST_FILES || self.bytes > MOST_BYTES {
            let (files, bytes) = (words::number(MOST_FILES as u64), words::file_size(MOST_BYTES));
            return Some((
                "from",
                format!(
                    "A pack holds at most {files} files of evidence and {bytes}, and this is more. Choose a shorter time or fewer services, or leave evidence out"
                ),
            ));
        }
        None
    }
}

/// What is wrong with the days: the field and the sentence.
#[must_use]
pub fn wrong_days(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Option<(&'static str, &'static str)> {
    let (from, to) = from.zip(to)?;
    (to < from).then_some(("to", "Choose a last day that is not before the first"))
}

/// The findings somebody typed: "F-0012, F-0014". None when one of them is no reference of a finding.
#[must_use]
pub fn typed_findings(text: &str) -> Option<Vec<i32>> {
    use super::reference::{Kind, Reference};
    let parts =
        text.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).filter(|part| !part.is_empty());
    let numbers =
        parts.map(|part| Reference::parse(Kind::Finding, &part.to_uppercase()).map(|found| found.number));
    let mut numbers: Vec<i32> = numbers.collect::<Option<_>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_keep_their_words() {
        crate::domain::text_enum::assert_words::<PackState>();
        crate::domain::text_enum::assert_words::<Naming>();
    }

    #[test]
    fn too_little_and_too_much_is_said_beside_its_field() {
        let some = Amount { findings: 1, files: 0, bytes: 0 };
        assert_eq!(some.lacks(), None);
        assert_eq!(Amount::default().lacks().unwrap().0, "services");
        assert!(Amount { findings: 1_001, ..some }.lacks().unwrap().1.contains("at most 1,000 findings"));
        assert!(Amount { files: 4_001, ..some }.lacks().unwrap().1.contains("at most 4,000 files"));
        assert!(Amount { bytes: MOST_BYTES + 1, ..some }.lacks().is_some());
        assert_eq!(Amount { findings: 1_000, files: 4_000, bytes: MOST_BYTES }.lacks(), None);
        let day = |text: &str| Some(text.parse().unwrap());
        assert_eq!(wrong_days(day("2026-11-21"), day("2026-11-20")).unwrap().0, "to");
        assert_eq!(wrong_days(day("2026-11-21"), day("2026-11-21")), None);
        assert_eq!(wrong_days(None, day("2026-11-21")), None);
    }

    #[test]
    fn findings_are_typed_as_people_type_them() {
        assert_eq!(typed_findings(" F-0012, f-0003;F-0012\nF-10001 "), Some(vec![3, 12, 10_001]));
        assert_eq!(typed_findings(""), Some(vec![]));
        for wrong in ["12", "A-0012", "F-12", "F-0012 and more", "F-0000000012"] {
            assert_eq!(typed_findings(wrong), None, "{wrong}");
        }
    }
}
