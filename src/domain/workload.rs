//! A person's load: what is theirs to do, sorted by how soon it matters (R8).

use chrono::NaiveDate;

use super::action::Status;
use super::calendar;
use super::text_enum::text_enum;

text_enum! {
    /// The groups of a person's own actions, most pressing first.
    pub enum Group {
        /// Past its due date and with its owner.
        Late => "late", "Late";
        /// A verdict sent it back (R16).
        SentBack => "sent_back", "Sent back to you";
        /// Due within seven days.
        ThisWeek => "this_week", "This week";
        /// Due later, or without a date.
        Later => "later", "Later";
        /// Submitted or verified: others have to act.
        WaitingForOthers => "waiting_for_others", "Waiting for others";
        /// Closed within the last thirty days.
        DoneLately => "done_lately", "Done lately";
    }
}

/// How many days something closed stays in sight.
pub const DONE_DAYS: i64 = 30;

impl Group {
    /// Where an action belongs today.
    #[must_use]
    pub fn of(status: Status, due_on: Option<NaiveDate>, today: NaiveDate) -> Self {
        match status {
            Status::Submitted | Status::Verified => Self::WaitingForOthers,
            Status::Closed | Status::Cancelled => Self::DoneLately,
            _ if calendar::is_overdue(due_on, today) => Self::Late,
            Status::SentBack | Status::Ineffective => Self::SentBack,
            _ if due_on.is_some_and(|due| (due - today).num_days() <= 7) => Self::ThisWeek,
            _ => Self::Later,
        }
    }

    /// Whether its owner has to do something.
    #[must_use]
    pub const fn to_do(self) -> bool {
        matches!(self, Self::Late | Self::SentBack | Self::ThisWeek | Self::Later)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text_enum::assert_words;

    #[test]
    fn each_action_is_in_one_group() {
        assert_words::<Group>();
        let day = |d| NaiveDate::from_ymd_opt(2026, 11, d);
        let today = day(21).unwrap();
        for (status, due, group) in [
            (Status::NotStarted, day(20), Group::Late),
            (Status::SentBack, day(20), Group::Late),
            (Status::SentBack, day(21), Group::SentBack),
            (Status::Ineffective, day(30), Group::SentBack),
            (Status::InProgress, day(21), Group::ThisWeek),
            (Status::InProgress, day(28), Group::ThisWeek),
            (Status::InProgress, day(29), Group::Later),
            (Status::NotStarted, None, Group::Later),
            (Status::Submitted, day(1), Group::WaitingForOthers),
            (Status::Verified, day(1), Group::WaitingForOthers),
            (Status::Closed, day(1), Group::DoneLately),
        ] {
            assert_eq!(Group::of(status, due, today), group, "{status:?} {due:?}");
        }
    }
}
