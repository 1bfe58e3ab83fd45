//! The weekly review of a service: which action comes when, what may be agreed for it, and when a service has gone too
//! long without one (R24).

use chrono::NaiveDate;

use super::action::Status;
use super::calendar::is_overdue;
use super::escalation::Level;
use super::member::Role;
use super::text_enum::text_enum;
use super::topic::Risk;

/// A service that was last reviewed so many calendar days ago, or longer, has not been reviewed this week.
pub const TOO_LONG_DAYS: i64 = 8;
/// An action is due soon this many days before its date: as its pill says.
const SOON_DAYS: i64 = 7;
/// The longest note, in characters.
pub const LONGEST_NOTE: usize = 2000;
/// The longest list of others who were there, in characters.
pub const LONGEST_OTHERS: usize = 500;

text_enum! {
    /// What comes first: the order of the review.
    pub enum Band {
        /// Late, and the risk is high or critical.
        HighLate => "high_late", "High risk and late";
        /// Late.
        Late => "late", "Late";
        /// Its verification window has passed (R15).
        CheckLate => "check_late", "Not verified in time";
        /// Due within seven days.
        DueSoon => "due_soon", "Due within 7 days";
        /// Everything else that is open.
        Rest => "rest", "Open";
    }
}

text_enum! {
    /// What was agreed for an action.
    pub enum Standing {
        /// It will be done by its date.
        OnTrack => "on_track", "On track";
        /// Its owner says it is done. That submits, verifies and closes nothing (R10).
        Done => "done", "Done, says its owner";
        /// Something is in the way, and help is needed.
        Blocked => "blocked", "Blocked";
        /// It goes up (R12).
        Escalate => "escalate", "Escalate";
    }
}

text_enum! {
    /// How an action was left without a decision when its review was finished.
    pub enum LeftAs {
        /// Nobody came to it.
        NotReached => "not_reached", "Not reached";
        /// It was closed or cancelled while the review was under way.
        Ended => "ended", "Closed meanwhile";
    }
}

/// An open action as the order looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Number within the provider.
    pub number: i32,
    /// Where it stands.
    pub status: Status,
    /// The finding's risk.
    pub risk: Risk,
    /// Due date.
    pub due_on: Option<NaiveDate>,
    /// The last day of the verification window.
    pub verify_by: Option<NaiveDate>,
}

/// Where an open action stands in the order.
#[must_use]
pub fn band(open: &Open, today: NaiveDate) -> Band {
    let with_owner = open.status.with_owner();
    if with_owner && is_overdue(open.due_on, today) {
        return if open.risk.is_high() { Band::HighLate } else { Band::Late };
    }
    if open.status == Status::Submitted && is_overdue(open.verify_by, today) {
        return Band::CheckLate;
    }
    let soon = open.due_on.is_some_and(|due| (due - today).num_days() <= SOON_DAYS);
    if with_owner && soon { Band::DueSoon } else { Band::Rest }
}

/// The key by which actions are ordered: band, then the date that presses (none last), then number.
#[must_use]
pub fn key(open: &Open, today: NaiveDate) -> (Band, NaiveDate, i32) {
    let date = if open.status.with_owner() { open.due_on } else { open.verify_by };
    (band(open, today), date.unwrap_or(NaiveDate::MAX), open.number)
}

/// Whether a service that was last reviewed on that day, or never, has gone too long without a weekly review.
#[must_use]
pub fn too_long(last: Option<NaiveDate>, today: NaiveDate) -> bool {
    last.is_none_or(|last| (today - last).num_days() >= TOO_LONG_DAYS)
}

/// Whom an action goes up to from the weekly review: from those below the registered manager to the registered manager,
/// from there to the quality lead and the nominated individual.
#[must_use]
pub const fn goes_up_to(from: Role) -> Level {
    match from {
        Role::CareStaff | Role::TeamLeader | Role::DeputyManager => Level::Manager,
        _ => Level::Leadership,
    }
}

/// What was agreed for an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Where it stands.
    pub standing: Standing,
    /// What was said; may be empty, except when it goes up.
    pub note: String,
    /// What would help; only of what is blocked.
    pub support_needed: String,
}

/// What is missing from what was agreed: the field and the sentence.
#[must_use]
pub fn lacks(agreed: &Agreed) -> Vec<(&'static str, &'static str)> {
    let mut lacking = Vec::new();
    let support = !agreed.support_needed.trim().is_empty();
    if agreed.standing == Standing::Blocked && !support {
        lacking.push(("support_needed", "Say what support is needed"));
    }
    if agreed.standing != Standing::Blocked && support {
        lacking.push((
            "standing",
            "You wrote what support is needed: choose that it is blocked, or take those words out",
        ));
    }
    if agreed.standing == Standing::Escalate && agreed.note.trim().is_empty() {
        lacking.push(("note", "Say why it has to go up"));
    }
    lacking
}

/// Why a review cannot be finished: somebody has to have been there, and to have looked at something if there was
/// anything to look at.
#[must_use]
pub fn cannot_finish(open: usize, reviewed: usize, present: usize) -> Vec<(&'static str, &'static str)> {
    let mut against = Vec::new();
    if open > 0 && reviewed == 0 {
        against.push(("form", "Nothing was reviewed yet. Review an action, or leave it and go on later"));
    }
    if present == 0 {
        against.push(("present", "Choose who was there"));
    }
    against
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn open(status: Status, risk: Risk, due: &str, check: &str) -> Open {
        let date = |text: &str| (!text.is_empty()).then(|| day(text));
        Open { number: 1, status, risk, due_on: date(due), verify_by: date(check) }
    }

    #[test]
    fn each_action_has_its_band() {
        use Risk::{Critical, High, Low, Medium};
        use Status::{InProgress, Ineffective, NotStarted, SentBack, Submitted, Verified};
        for (status, risk, due, check, wanted) in [
            (InProgress, High, "2026-11-20", "", Band::HighLate),
            (NotStarted, Critical, "2026-11-01", "", Band::HighLate),
            (SentBack, High, "2026-11-20", "", Band::HighLate),
            (Ineffective, Medium, "2026-11-20", "", Band::Late),
            (InProgress, Low, "2026-11-20", "", Band::Late),
            (InProgress, High, "2026-11-21", "", Band::DueSoon),
            (NotStarted, Low, "2026-11-28", "", Band::DueSoon),
            (NotStarted, Critical, "2026-11-29", "", Band::Rest),
            (InProgress, Critical, "", "", Band::Rest),
            // with somebody else: neither late nor due, but the check may be
            (Submitted, High, "2026-11-01", "2026-11-20", Band::CheckLate),
            (Submitted, Critical, "2026-11-01", "2026-11-21", Band::Rest),
            (Verified, Critical, "2026-11-01", "2026-11-10", Band::Rest),
        ] {
            let one = open(status, risk, due, check);
            assert_eq!(band(&one, day("2026-11-21")), wanted, "{one:?}");
        }
    }

    #[test]
    fn what_presses_comes_first_and_what_has_no_date_last() {
        let mut all = [
            Open { number: 1, ..open(Status::NotStarted, Risk::Critical, "", "") },
            Open { number: 2, ..open(Status::NotStarted, Risk::Low, "2026-11-25", "") },
            Open { number: 3, ..open(Status::InProgress, Risk::Low, "2026-10-01", "") },
            Open { number: 4, ..open(Status::InProgress, Risk::High, "2026-11-20", "") },
            Open { number: 5, ..open(Status::Submitted, Risk::High, "2026-10-01", "2026-11-02") },
            Open { number: 6, ..open(Status::InProgress, Risk::Critical, "2026-11-19", "") },
            Open { number: 7, ..open(Status::InProgress, Risk::Low, "2026-12-24", "") },
            Open { number: 8, ..open(Status::InProgress, Risk::High, "2026-11-19", "") },
        ];
        all.sort_by_key(|one| key(one, day("2026-11-21")));
        assert_eq!(all.map(|one| one.number), [6, 8, 4, 3, 5, 2, 7, 1]);
    }

    #[test]
    fn eight_days_are_too_long() {
        for (last, long) in [
            (None, true),
            (Some("2026-11-21"), false),
            (Some("2026-11-14"), false),
            (Some("2026-11-13"), true),
            (Some("2025-11-21"), true),
            (Some("2026-11-22"), false),
        ] {
            assert_eq!(too_long(last.map(day), day("2026-11-21")), long, "{last:?}");
        }
    }

    #[test]
    fn it_goes_up_from_whoever_holds_the_review() {
        for role in Role::ALL {
            let manager = matches!(role, Role::CareStaff | Role::TeamLeader | Role::DeputyManager);
            assert_eq!(goes_up_to(*role), if manager { Level::Manager } else { Level::Leadership }, "{role}");
        }
    }

    #[test]
    fn each_standing_asks_for_its_words() {
        let fields = |standing, note: &str, support: &str| -> Vec<&str> {
            let agreed = Agreed { standing, note: note.into(), support_needed: support.into() };
            lacks(&agreed).into_iter().map(|(field, _)| field).collect()
        };
        for standing in Standing::ALL {
            assert_eq!(
                fields(*standing, " ", ""),
                match standing {
                    Standing::Blocked => vec!["support_needed"],
                    Standing::Escalate => vec!["note"],
                    _ => vec![],
                }
            );
            let stray = *standing != Standing::Blocked;
            assert_eq!(fields(*standing, "Said", "A carer"), if stray { vec!["standing"] } else { vec![] });
        }
    }

    #[test]
    fn something_was_looked_at_by_somebody() {
        let fields = |open, reviewed, present| -> Vec<&str> {
            cannot_finish(open, reviewed, present).into_iter().map(|(field, _)| field).collect()
        };
        assert_eq!(fields(3, 0, 0), ["form", "present"]);
        assert_eq!(fields(3, 0, 1), ["form"]);
        assert_eq!(fields(3, 1, 0), ["present"]);
        assert!(fields(3, 1, 1).is_empty() && fields(0, 0, 1).is_empty());
    }
}
