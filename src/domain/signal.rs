//! Early-warning signs: what goes wrong before it is overdue, or shows that something closed did not last (E1 to E17).
//!
//! What each sign means in the database is in `store/sql/signals.sql`; what it says to people, and which step answers it,
//! is here.

use chrono::{Days, NaiveDate};

use super::text_enum::text_enum;
use super::words;

/// Within how many days findings and feedback that repeat are a sign (E5, E7, E11, E12), and closures and notes are
/// looked back on (E6, E8, E16).
pub const WITHIN_DAYS: u64 = 90;
/// Within how many days the same topic in the same place is a recurrence (E1, E11): a year.
pub const RECURS_WITHIN_DAYS: u64 = 365;
/// After how many working days a walkaround's finding should have an action (E14).
pub const TO_ACT: u16 = 2;
/// The longest note that can say nothing (E8); a longer one is not looked at.
pub const SHORT_NOTE: i32 = 80;

text_enum! {
    /// A sign, in the order of the page: what may hurt somebody first.
    pub enum Sign {
        /// E3
        Overdue => "overdue", "Overdue";
        /// E2
        EvidenceMissing => "evidence_missing", "Evidence missing at the due date";
        /// E9
        CheckLate => "check_late", "Waiting past the verification window";
        /// E10
        SubmittedIncomplete => "submitted_incomplete", "Marked as done with evidence incomplete";
        /// E4
        Unowned => "unowned", "No owner, or none that stays";
        /// E14
        NoAction => "no_action", "Found on a walkaround, and no action yet";
        /// E17
        OffTarget => "off_target", "A measure on the wrong side of its target";
        /// E13
        DateMoved => "date_moved", "Due date moved twice or more";
        /// E11
        CameBack => "came_back", "Came back after closure";
        /// E1
        FoundAgain => "found_again", "The same topic in the same place again";
        /// E7
        FeedbackRepeats => "feedback_repeats", "A complaint or feedback repeats what was closed";
        /// E12
        SameUnit => "same_unit", "Repeated feedback about the same unit";
        /// E5
        ManyLow => "many_low", "Many low-risk findings on one theme";
        /// E16
        ReferencesOnly => "references_only", "High risk, closed on references only";
        /// E6
        NoVoices => "no_voices", "An experience action without what people say";
        /// E8
        VagueNote => "vague_note", "A note that says nothing";
        /// E15
        WeakWording => "weak_wording", "Weak wording kept";
    }
}

/// The step that answers a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fix {
    /// Opening the action, or the finding.
    Open(&'static str),
    /// Another owner.
    Owner,
    /// Better words.
    Reword,
    /// An action for the finding.
    Act,
    /// An action, named on the measure.
    Move,
}

impl Sign {
    /// What it means, under its heading.
    #[must_use]
    pub const fn means(self) -> &'static str {
        match self {
            Self::Overdue => "The due date has passed and it is not marked as done.",
            Self::EvidenceMissing => {
                "The due date has come and a kind of evidence that was asked for is not there."
            }
            Self::CheckLate => "It is marked as done, and nobody has checked it within the window.",
            Self::SubmittedIncomplete => {
                "It is marked as done, and a kind of evidence that was asked for was withdrawn."
            }
            Self::Unowned => "Nobody owns it, its owner has left, or it has had three owners or more.",
            Self::NoAction => "Found on a walkaround or a daily check more than two working days ago.",
            Self::OffTarget => {
                "Its last reading misses the target, and no open action is named that should move it."
            }
            Self::DateMoved => {
                "Each move was allowed; together they may hide that it cannot be done as agreed."
            }
            Self::CameBack => "Found again in the same place within a year of an action on it being closed.",
            Self::FoundAgain => "Found in the same place more than once within twelve months.",
            Self::FeedbackRepeats => {
                "A complaint or feedback in the last 90 days is on a topic that was closed here before."
            }
            Self::SameUnit => "More than one complaint or piece of feedback about one unit within 90 days.",
            Self::ManyLow => {
                "Three or more in one place within 90 days: small things that may add up to a large one."
            }
            Self::ReferencesOnly => {
                "Closed in the last 90 days without one file: only places where records are said to be."
            }
            Self::NoVoices => {
                "It is about how care feels, and nobody who receives care was asked afterwards."
            }
            Self::VagueNote => {
                "A verification or closure in the last 90 days whose note could be about anything."
            }
            Self::WeakWording => {
                "The wording check found it could not be checked, and it was agreed all the same."
            }
        }
    }

    /// Why a row is here; `n` counts what the sign counts.
    #[must_use]
    pub fn says(self, n: u64, since: NaiveDate) -> String {
        let on = words::date(since);
        match self {
            Self::Overdue => format!("due {on}"),
            Self::EvidenceMissing => {
                format!(
                    "{} missing, due {on}",
                    words::count_of(n, "kind of evidence is", "kinds of evidence are")
                )
            }
            Self::CheckLate => format!("should have been checked by {on}"),
            Self::SubmittedIncomplete => {
                format!(
                    "{} missing, marked as done {on}",
                    words::count_of(n, "kind of evidence is", "kinds of evidence are")
                )
            }
            Self::Unowned if n == 0 => format!("nobody owns it since {on}"),
            Self::Unowned => format!("owner changed {}, last on {on}", words::count_of(n, "time", "times")),
            Self::NoAction => format!("found {on}, and no action was agreed"),
            Self::OffTarget if n < 2 => format!("the reading of {on} misses the target"),
            Self::OffTarget => {
                format!("{} in a row miss the target, since that of {on}", words::count(n, "reading"))
            }
            Self::DateMoved => format!("moved {}, last on {on}", words::count_of(n, "time", "times")),
            Self::CameBack => format!("closed before, found again {on}"),
            Self::FoundAgain => {
                format!("found {} in twelve months, last on {on}", words::count_of(n, "time", "times"))
            }
            Self::FeedbackRepeats => format!("said {on}, closed here before"),
            Self::SameUnit => format!("{} in 90 days, last on {on}", words::count_of(n, "time", "times")),
            Self::ManyLow => {
                format!("{} in 90 days, last on {on}", words::count_of(n, "finding", "findings"))
            }
            Self::ReferencesOnly => {
                format!("closed {on} on {}", words::count_of(n, "reference", "references"))
            }
            Self::NoVoices => format!("no feedback evidence, marked as done {on}"),
            Self::VagueNote => format!("written {on}"),
            Self::WeakWording => format!("agreed {on}"),
        }
    }

    /// The step that answers it.
    #[must_use]
    pub const fn fix(self) -> Fix {
        match self {
            // whether one may check it oneself is for the action's page to say (R15)
            Self::Overdue | Self::DateMoved | Self::CheckLate => Fix::Open("Open the action"),
            Self::EvidenceMissing | Self::SubmittedIncomplete => Fix::Open("See what is missing"),
            Self::Unowned => Fix::Owner,
            Self::NoAction => Fix::Act,
            Self::OffTarget => Fix::Move,
            Self::CameBack | Self::FoundAgain | Self::FeedbackRepeats | Self::SameUnit | Self::ManyLow => {
                Fix::Open("Open the newest finding")
            }
            Self::ReferencesOnly | Self::NoVoices | Self::VagueNote => Fix::Open("See what it rests on"),
            Self::WeakWording => Fix::Reword,
        }
    }
}

/// The first day that counts as within so many days.
#[must_use]
pub fn since(today: NaiveDate, days: u64) -> NaiveDate {
    today.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_says_what_it_is_and_why_it_is_here() {
        let day: NaiveDate = "2026-11-21".parse().unwrap();
        for sign in Sign::ALL {
            let said = sign.says(2, day);
            assert!(said.contains("21 November 2026"), "{sign:?}: {said}");
            assert!(sign.means().ends_with('.'), "{sign:?}");
        }
        assert_eq!(Sign::ALL.len(), 17, "E1 to E17");
        assert_eq!(Sign::FoundAgain.says(3, day), "found 3 times in twelve months, last on 21 November 2026");
        assert_eq!(Sign::Unowned.says(0, day), "nobody owns it since 21 November 2026");
        assert_eq!(
            Sign::OffTarget.says(3, day),
            "3 readings in a row miss the target, since that of 21 November 2026"
        );
        assert_eq!(Sign::OffTarget.says(1, day), "the reading of 21 November 2026 misses the target");
        assert_eq!(since(day, 90), "2026-08-23".parse().unwrap());
    }
}
