//! The digest: on Monday morning, what the week brings. Everybody's own work; for those who lead, also what is late,
//! blocked or waiting to be checked where they lead.

use chrono::{Datelike as _, NaiveDate, Weekday};

use super::access::{Reach, Verb, reach};
use super::member::Role;
use super::text_enum::text_enum;
use super::words;

/// How many rows of each part a digest shows; the rest is a number and a link.
pub const ROWS: i64 = 8;

text_enum! {
    /// A part of the digest, in the order it is read.
    pub enum Part {
        /// Own actions past their date.
        Late => "late", "Late";
        /// Own actions that came back.
        Back => "back", "Sent back to you";
        /// Own actions due until Sunday.
        Week => "week", "Due this week";
        /// Other people's actions past their date.
        TeamLate => "team_late", "Late in your services";
        /// Other people's actions whose last update names a barrier.
        Blocked => "blocked", "Blocked: something is in the way";
        /// Other people's minor actions that are late or blocked: for those whose views leave them out, a number (R4).
        Minor => "minor", "Minor, and left out here";
        /// Submitted actions the reader may check.
        ToVerify => "to_verify", "Waiting for your check";
    }
}

impl Part {
    /// As the subject counts it: "2 late".
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Back => "sent back",
            Self::Week => "due this week",
            Self::TeamLate => "late in your services",
            Self::Blocked => "blocked",
            Self::Minor => "minor, late or blocked",
            Self::ToVerify => "to verify",
        }
    }

    /// The page that shows all of it, below the provider's address.
    #[must_use]
    pub const fn page(self) -> &'static str {
        match self {
            Self::Late | Self::Back | Self::Week => "my-actions",
            Self::TeamLate => "actions?show=late",
            Self::Blocked => "my-team",
            Self::Minor => "actions?show=open&significance=minor",
            Self::ToVerify => "verify",
        }
    }
}

/// Whether a role's digest tells of other people's work as well, and whether of what waits for a check.
#[must_use]
pub const fn leads(role: Role) -> (bool, bool) {
    let leads = !matches!(reach(role, Verb::ReviewWeekly), Reach::None);
    (leads, leads && !matches!(reach(role, Verb::SeeQueue), Reach::None))
}

/// The Monday of the week that is told of on `today`: on Monday itself, and on Tuesday for a program that stood still on
/// Monday. Later the week is half over, and its digest would only repeat what the pages show.
#[must_use]
pub fn week_to_tell(today: NaiveDate) -> Option<NaiveDate> {
    match today.weekday() {
        Weekday::Mon => Some(today),
        Weekday::Tue => today.pred_opt(),
        _ => None,
    }
}

/// "Your week: 2 late, 3 due this week".
#[must_use]
pub fn subject(counts: &[(Part, u64)]) -> String {
    let parts: Vec<String> =
        counts.iter().map(|(part, n)| format!("{} {}", words::number(*n), part.short())).collect();
    format!("Your week: {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text_enum::assert_words;

    #[test]
    fn the_parts_are_words() {
        assert_words::<Part>();
    }

    #[test]
    fn monday_tells_of_its_week_and_tuesday_catches_up() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let monday = Some(day("2026-11-16"));
        assert_eq!(week_to_tell(day("2026-11-15")), None, "Sunday");
        assert_eq!(week_to_tell(day("2026-11-16")), monday);
        assert_eq!(week_to_tell(day("2026-11-17")), monday);
        assert_eq!(week_to_tell(day("2026-11-18")), None);
    }

    #[test]
    fn who_leads_hears_of_others() {
        assert_eq!(leads(Role::CareStaff), (false, false));
        assert_eq!(leads(Role::TeamLeader), (true, false));
        assert_eq!(leads(Role::RegisteredManager), (true, true));
        assert_eq!(leads(Role::NominatedIndividual), (true, true));
        assert_eq!(leads(Role::Administrator), (false, false));
        assert_eq!(leads(Role::ExternalReader), (false, false));
    }

    #[test]
    fn the_subject_counts() {
        assert_eq!(subject(&[(Part::Late, 2), (Part::ToVerify, 1204)]), "Your week: 2 late, 1,204 to verify");
    }
}
