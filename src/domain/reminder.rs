//! Reminders: an owner hears of a due date three working days before it comes, once, and only while it is theirs to
//! keep (R8).

use chrono::NaiveDate;

use super::action::Status;
use super::calendar::{self, Nation};
use super::words;

/// How many working days lie between the reminder and the due date, the due date counted.
pub const AHEAD: u16 = 3;

/// The hour in London before which no reminder is sent: nobody is to be woken by one.
pub const NOT_BEFORE_HOUR: u32 = 7;

/// The day an owner is reminded of `due`: the last working day with three working days still to come, up to and
/// including the due date. Due Thursday 19 November 2026: Monday 16 November.
#[must_use]
pub fn reminder_day(due: NaiveDate, nation: Nation) -> NaiveDate {
    let mut day = due;
    let mut left = AHEAD;
    loop {
        let works = calendar::is_working_day(day, nation);
        if works && left == 0 {
            return day;
        }
        left -= u16::from(works);
        let Some(before) = day.pred_opt() else { return day };
        day = before;
    }
}

/// The latest due date whose reminder day has come by `today`: the other way round, so that the database can be asked
/// for what is due for a reminder without working out a day for each action.
#[must_use]
pub fn latest_due(today: NaiveDate, nation: Nation) -> NaiveDate {
    calendar::add_working_days(today, AHEAD + 1, nation).pred_opt().unwrap_or(today)
}

/// An action whose owner is still to be reminded.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// Where the action stands.
    pub status: Status,
    /// Its due date.
    pub due_on: NaiveDate,
    /// The nation of its service.
    pub nation: Nation,
    /// The day its owner was last told of this date: given the action, the date moved, sent back.
    pub told_on: NaiveDate,
    /// Whether its owner is still here.
    pub owner_here: bool,
}

/// Whether the owner is reminded today: the reminder day has come, the date has not passed, it is with them, and no
/// other message gave them the date on the reminder day or after.
#[must_use]
pub fn is_wanted(planned: &Planned, today: NaiveDate) -> bool {
    let from = reminder_day(planned.due_on, planned.nation);
    planned.status.with_owner()
        && planned.owner_here
        && from <= today
        && today <= planned.due_on
        && planned.told_on < from
}

/// Why a reminder that waited to be sent is no longer true, as administrators read it; none when it still is.
#[must_use]
pub fn overtaken(
    status: Status,
    still_owner: bool,
    due_on: Option<NaiveDate>,
    nation: Nation,
    today: NaiveDate,
) -> Option<&'static str> {
    if !still_owner {
        return Some("Somebody else owns it now");
    }
    if !status.with_owner() {
        return Some("It is not with its owner any more");
    }
    match due_on {
        Some(due) if due < today => Some("The due date has passed"),
        Some(due) if reminder_day(due, nation) <= today => None,
        _ => Some("The due date has moved"),
    }
}

/// When something is due, as seen on `today`: "today", "tomorrow", "in 3 working days"; "on Sunday" when no working day
/// lies between.
#[must_use]
pub fn when(due: NaiveDate, today: NaiveDate, nation: Nation) -> String {
    match ((due - today).num_days(), calendar::working_days_between(today, due, nation)) {
        (..=0, _) => "today".to_owned(),
        (1, _) => "tomorrow".to_owned(),
        (_, 0) => due.format("on %A").to_string(),
        (_, days) => format!("in {}", words::count(days, "working day")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Days;
    use proptest::prelude::*;
    use rstest::rstest;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[rstest]
    #[case::plain_week("2026-11-19", Nation::England, "2026-11-16")]
    #[case::over_a_weekend("2026-11-23", Nation::England, "2026-11-18")]
    #[case::due_on_a_saturday("2026-11-21", Nation::England, "2026-11-17")]
    #[case::due_on_a_sunday("2026-11-22", Nation::England, "2026-11-17")]
    #[case::saint_andrews_day("2026-12-02", Nation::Scotland, "2026-11-26")]
    #[case::none_in_england("2026-12-02", Nation::England, "2026-11-27")]
    #[case::christmas("2026-12-30", Nation::England, "2026-12-23")]
    #[case::new_year_in_scotland("2027-01-05", Nation::Scotland, "2026-12-29")]
    #[case::new_year_in_england("2027-01-05", Nation::England, "2026-12-30")]
    #[case::easter("2026-04-07", Nation::England, "2026-03-31")]
    #[case::clocks_forward("2026-03-31", Nation::England, "2026-03-26")]
    #[case::clocks_back("2026-10-27", Nation::England, "2026-10-22")]
    fn the_day_is_three_working_days_before(#[case] due: &str, #[case] nation: Nation, #[case] on: &str) {
        assert_eq!(reminder_day(day(due), nation), day(on));
    }

    fn planned() -> Planned {
        Planned {
            status: Status::InProgress,
            due_on: day("2026-11-19"),
            nation: Nation::England,
            told_on: day("2026-11-02"),
            owner_here: true,
        }
    }

    /// Seen on each day: the reminder day is Monday 16 November, the due date Thursday 19.
    #[rstest]
    #[case::too_early("2026-11-15", false)]
    #[case::the_day("2026-11-16", true)]
    #[case::caught_up("2026-11-18", true)]
    #[case::on_the_due_date_itself("2026-11-19", true)]
    #[case::already_late("2026-11-20", false)]
    fn it_is_sent_from_its_day_to_the_due_date(#[case] today: &str, #[case] wanted: bool) {
        assert_eq!(is_wanted(&planned(), day(today)), wanted);
    }

    #[test]
    fn a_message_on_the_day_or_after_was_enough() {
        for (told, wanted) in
            [("2026-11-15", true), ("2026-11-16", false), ("2026-11-17", false), ("2026-11-18", false)]
        {
            let told = Planned { told_on: day(told), ..planned() };
            assert_eq!(is_wanted(&told, day("2026-11-18")), wanted, "{told:?}");
        }
    }

    #[test]
    fn only_while_it_is_with_an_owner_who_is_here() {
        for &status in Status::ALL {
            let wanted = matches!(
                status,
                Status::NotStarted | Status::InProgress | Status::SentBack | Status::Ineffective
            );
            assert_eq!(is_wanted(&Planned { status, ..planned() }, day("2026-11-16")), wanted, "{status}");
        }
        assert!(!is_wanted(&Planned { owner_here: false, ..planned() }, day("2026-11-16")));
    }

    #[rstest]
    #[case(Status::InProgress, true, Some("2026-11-19"), None)]
    #[case(Status::InProgress, false, Some("2026-11-19"), Some("Somebody else owns it now"))]
    #[case(Status::Submitted, true, Some("2026-11-19"), Some("It is not with its owner any more"))]
    #[case(Status::InProgress, true, Some("2026-11-15"), Some("The due date has passed"))]
    #[case(Status::InProgress, true, Some("2026-11-20"), Some("The due date has moved"))]
    #[case(Status::InProgress, true, None, Some("The due date has moved"))]
    fn what_is_no_longer_true_is_not_sent(
        #[case] status: Status,
        #[case] owner: bool,
        #[case] due: Option<&str>,
        #[case] why: Option<&str>,
    ) {
        let due = due.map(day);
        assert_eq!(overtaken(status, owner, due, Nation::England, day("2026-11-16")), why);
    }

    #[rstest]
    #[case("2026-11-16", "2026-11-19", "in 3 working days")]
    #[case("2026-11-13", "2026-11-16", "in 1 working day")]
    #[case("2026-11-18", "2026-11-19", "tomorrow")]
    #[case("2026-11-20", "2026-11-21", "tomorrow")]
    #[case("2026-11-20", "2026-11-22", "on Sunday")]
    #[case("2026-11-19", "2026-11-19", "today")]
    fn when_reads_plainly(#[case] today: &str, #[case] due: &str, #[case] said: &str) {
        assert_eq!(when(day(due), day(today), Nation::England), said);
    }

    proptest! {
        /// Asking by due date and working out the day for each action agree.
        #[test]
        fn both_ways_round_agree(from in 0..36_000_u64, ahead in 0..15_u64, nation in 0..4_usize) {
            let (today, nation) = (day("2000-01-03") + Days::new(from), Nation::ALL[nation]);
            let due = today + Days::new(ahead);
            prop_assert_eq!(reminder_day(due, nation) <= today, due <= latest_due(today, nation));
        }
    }
}
