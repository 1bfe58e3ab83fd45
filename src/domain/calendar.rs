//! Days: what is overdue, how late, by when. One calendar for windows, lateness and reminders (R11, R15).
//!
//! Bank holidays come from rules and, for the years 2000 to 2100, a table of one-off days. Outside those years only
//! weekends are free. Nothing here panics: dates at the end of chrono's range stay there.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::text_enum::text_enum;

text_enum! {
    /// The nation a service is in: its bank holidays.
    pub enum Nation {
        /// England.
        England => "england", "England";
        /// Wales: the same bank holidays as England.
        Wales => "wales", "Wales";
        /// Scotland.
        Scotland => "scotland", "Scotland";
        /// Northern Ireland.
        NorthernIreland => "northern_ireland", "Northern Ireland";
    }
}

/// What the table of one-off days does to the rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OneOff {
    /// A day that is a bank holiday besides the rules.
    Added,
    /// A day that would be one by rule and was moved away that year.
    Removed,
}

/// One-off days by proclamation, as (year, month, day, what, only in that nation).
/// When the next is proclaimed, add its line here.
const ONE_OFF: &[(i32, u32, u32, OneOff, Option<Nation>)] = &[
    // Golden jubilee 2002: spring bank holiday moved, one day added.
    (2002, 5, 27, OneOff::Removed, None),
    (2002, 6, 3, OneOff::Added, None),
    (2002, 6, 4, OneOff::Added, None),
    // Royal wedding 2011.
    (2011, 4, 29, OneOff::Added, None),
    // Diamond jubilee 2012.
    (2012, 5, 28, OneOff::Removed, None),
    (2012, 6, 4, OneOff::Added, None),
    (2012, 6, 5, OneOff::Added, None),
    // 75 years of peace in Europe, 2020: early May bank holiday moved to the Friday.
    (2020, 5, 4, OneOff::Removed, None),
    (2020, 5, 8, OneOff::Added, None),
    // Platinum jubilee 2022.
    (2022, 5, 30, OneOff::Removed, None),
    (2022, 6, 2, OneOff::Added, None),
    (2022, 6, 3, OneOff::Added, None),
    // State funeral 2022.
    (2022, 9, 19, OneOff::Added, None),
    // Coronation 2023.
    (2023, 5, 8, OneOff::Added, None),
    // Football world cup 2026, Scotland alone.
    (2026, 6, 15, OneOff::Added, Some(Nation::Scotland)),
];

/// The bank holidays of a year in a nation, in order, each a weekday; empty outside 2000 to 2100.
///
/// One that falls on a weekend moves to the next working day that is not one already.
#[must_use]
pub fn bank_holidays(year: i32, nation: Nation) -> Vec<NaiveDate> {
    if !(2000..=2100).contains(&year) {
        return Vec::new();
    }
    let by_rule = fixed_days(year, nation).into_iter().chain(moving_days(year, nation));
    let (weekend, mut days): (Vec<_>, Vec<_>) = by_rule.partition(|&day| is_weekend(day));
    let here = |only: Option<Nation>| only.is_none_or(|only| only == nation);
    for &(in_year, month, day, what, only) in ONE_OFF {
        if in_year == year
            && here(only)
            && let Some(date) = NaiveDate::from_ymd_opt(year, month, day)
        {
            match what {
                OneOff::Added => days.push(date),
                OneOff::Removed => days.retain(|&other| other != date),
            }
        }
    }
    for day in weekend {
        let mut substitute = day;
        while is_weekend(substitute) || days.contains(&substitute) {
            substitute = next_day(substitute);
        }
        days.push(substitute);
    }
    days.sort_unstable();
    days
}

/// Bank holidays on the same date every year.
fn fixed_days(year: i32, nation: Nation) -> Vec<NaiveDate> {
    let mut days = vec![(1, 1), (12, 25), (12, 26)];
    match nation {
        Nation::England | Nation::Wales => {}
        Nation::Scotland => {
            days.push((1, 2));
            // St Andrew's Day is one since the Act of 2007.
            if year >= 2007 {
                days.push((11, 30));
            }
        }
        Nation::NorthernIreland => days.extend([(3, 17), (7, 12)]),
    }
    days.sort_unstable();
    days.into_iter().filter_map(|(month, day)| NaiveDate::from_ymd_opt(year, month, day)).collect()
}

/// Bank holidays that move: Easter and the Mondays.
fn moving_days(year: i32, nation: Nation) -> Vec<NaiveDate> {
    let easter = easter_sunday(year);
    let scotland = nation == Nation::Scotland;
    [
        easter.and_then(|sunday| sunday.checked_sub_days(Days::new(2))),
        easter.and_then(|sunday| sunday.succ_opt()).filter(|_| !scotland),
        first_monday(year, 5),
        last_monday(year, 5),
        if scotland { first_monday(year, 8) } else { last_monday(year, 8) },
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Easter Sunday by the Gregorian computus (Butcher's form).
fn easter_sunday(year: i32) -> Option<NaiveDate> {
    let (century, of_century) = (year / 100, year % 100);
    let golden = year % 19;
    let shift = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - shift + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let month_and_day = epact + weekday - 7 * late + 114;
    let month = u32::try_from(month_and_day / 31).ok()?;
    let day = u32::try_from(month_and_day % 31 + 1).ok()?;
    NaiveDate::from_ymd_opt(year, month, day)
}

fn first_monday(year: i32, month: u32) -> Option<NaiveDate> {
    NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Mon, 1)
}

fn last_monday(year: i32, month: u32) -> Option<NaiveDate> {
    NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Mon, 5)
        .or_else(|| NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Mon, 4))
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

/// The day after, or the same at the end of time.
fn next_day(date: NaiveDate) -> NaiveDate {
    date.succ_opt().unwrap_or(NaiveDate::MAX)
}

/// Whether `date` is a Monday to Friday that is no bank holiday in `nation`.
#[must_use]
pub fn is_working_day(date: NaiveDate, nation: Nation) -> bool {
    !is_weekend(date) && !bank_holidays(date.year(), nation).contains(&date)
}

/// The date `n` working days after `date`. The day of the event does not count: submitted on Thursday
/// 12 November 2026, five working days end on 19 November. `n` of 0 is `date` itself, working day or not.
#[must_use]
pub fn add_working_days(date: NaiveDate, n: u16, nation: Nation) -> NaiveDate {
    let mut day = date;
    let mut left = n;
    let mut year = date.year();
    let mut holidays = bank_holidays(year, nation);
    while left > 0 && day < NaiveDate::MAX {
        day = next_day(day);
        if day.year() != year {
            year = day.year();
            holidays = bank_holidays(year, nation);
        }
        if !is_weekend(day) && !holidays.contains(&day) {
            left -= 1;
        }
    }
    day
}

/// How many working days lie after `from`, up to and including `to`; 0 if `to` is not after `from`.
#[must_use]
pub fn working_days_between(from: NaiveDate, to: NaiveDate, nation: Nation) -> u32 {
    if to <= from {
        return 0;
    }
    let weekdays = weekdays_up_to(to).saturating_sub(weekdays_up_to(from));
    let first_year = from.year().max(2000);
    let last_year = to.year().min(2100);
    let holidays = (first_year..=last_year)
        .flat_map(|year| bank_holidays(year, nation))
        .filter(|&day| from < day && day <= to)
        .count();
    let days = weekdays.saturating_sub(i64::try_from(holidays).unwrap_or(i64::MAX));
    u32::try_from(days).unwrap_or(0)
}

/// Mondays to Fridays from the first day of the common era to `date`, in whole weeks and a rest.
fn weekdays_up_to(date: NaiveDate) -> i64 {
    // Day 1 of the common era (1 January of year 1) was a Monday, so day n is the nth of a run of Monday-first weeks.
    let days = i64::from(date.num_days_from_ce());
    days.div_euclid(7) * 5 + days.rem_euclid(7).min(5)
}

/// Whether something due on `due_on` is overdue on `today`: from the calendar day after, weekends included. A missing
/// date is never a breach (R11).
#[must_use]
pub fn is_overdue(due_on: Option<NaiveDate>, today: NaiveDate) -> bool {
    due_on.is_some_and(|due| due < today)
}

/// Lateness in working days: due 16 November 2026 is 4 working days late on Saturday 21 November. 0 if not late, and
/// also on the weekend after a Friday that was missed, when [`is_overdue`] already says so.
#[must_use]
pub fn working_days_after(due: NaiveDate, today: NaiveDate, nation: Nation) -> u32 {
    working_days_between(due, today, nation)
}

/// The Monday of the week `date` is in.
#[must_use]
pub fn monday_of(date: NaiveDate) -> NaiveDate {
    let back = Days::new(u64::from(date.weekday().num_days_from_monday()));
    date.checked_sub_days(back).unwrap_or(NaiveDate::MIN)
}

/// The Sunday of the week `date` is in: the last day of "this week".
#[must_use]
pub fn end_of_week(date: NaiveDate) -> NaiveDate {
    let ahead = Days::new(6 - u64::from(date.weekday().num_days_from_monday()));
    date.checked_add_days(ahead).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::text_enum::assert_words;
    use super::*;
    use crate::clock::london_date;
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;
    use rstest::rstest;

    const NATIONS: &[Nation] = Nation::ALL;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn nations_keep_their_words() {
        assert_words::<Nation>();
    }

    /// The lists as published for each nation, substitute days as dates, written out by hand.
    #[rstest]
    #[case(2024, Nation::England, "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26")]
    #[case(2025, Nation::England, "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26")]
    #[case(2026, Nation::England, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28")]
    #[case(2027, Nation::England, "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28")]
    #[case(2020, Nation::England, "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28")]
    #[case(2021, Nation::England, "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28")]
    #[case(2022, Nation::England, "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27")]
    #[case(2023, Nation::England, "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26")]
    #[case(2012, Nation::England, "01-02 04-06 04-09 05-07 06-04 06-05 08-27 12-25 12-26")]
    #[case(2011, Nation::England, "01-03 04-22 04-25 04-29 05-02 05-30 08-29 12-26 12-27")]
    #[case(2002, Nation::England, "01-01 03-29 04-01 05-06 06-03 06-04 08-26 12-25 12-26")]
    #[case(2024, Nation::Scotland, "01-01 01-02 03-29 05-06 05-27 08-05 12-02 12-25 12-26")]
    #[case(2025, Nation::Scotland, "01-01 01-02 04-18 05-05 05-26 08-04 12-01 12-25 12-26")]
    #[case(2026, Nation::Scotland, "01-01 01-02 04-03 05-04 05-25 06-15 08-03 11-30 12-25 12-28")]
    #[case(2027, Nation::Scotland, "01-01 01-04 03-26 05-03 05-31 08-02 11-30 12-27 12-28")]
    #[case(2022, Nation::Scotland, "01-03 01-04 04-15 05-02 06-02 06-03 08-01 09-19 11-30 12-26 12-27")]
    #[case(2023, Nation::Scotland, "01-02 01-03 04-07 05-01 05-08 05-29 08-07 11-30 12-25 12-26")]
    #[case(2006, Nation::Scotland, "01-02 01-03 04-14 05-01 05-29 08-07 12-25 12-26")]
    #[case(2024, Nation::NorthernIreland, "01-01 03-18 03-29 04-01 05-06 05-27 07-12 08-26 12-25 12-26")]
    #[case(2025, Nation::NorthernIreland, "01-01 03-17 04-18 04-21 05-05 05-26 07-14 08-25 12-25 12-26")]
    #[case(2026, Nation::NorthernIreland, "01-01 03-17 04-03 04-06 05-04 05-25 07-13 08-31 12-25 12-28")]
    #[case(2027, Nation::NorthernIreland, "01-01 03-17 03-26 03-29 05-03 05-31 07-12 08-30 12-27 12-28")]
    fn bank_holidays_are_those_published(#[case] year: i32, #[case] nation: Nation, #[case] published: &str) {
        let ours: Vec<_> =
            bank_holidays(year, nation).iter().map(|day| day.format("%m-%d").to_string()).collect();
        assert_eq!(ours.join(" "), published);
    }

    #[test]
    fn wales_has_the_days_of_england() {
        for year in 2000..=2100 {
            assert_eq!(bank_holidays(year, Nation::Wales), bank_holidays(year, Nation::England));
        }
    }

    #[rstest]
    #[case(2000, "2000-04-23")]
    #[case(2008, "2008-03-23")]
    #[case(2011, "2011-04-24")]
    #[case(2019, "2019-04-21")]
    #[case(2024, "2024-03-31")]
    #[case(2025, "2025-04-20")]
    #[case(2026, "2026-04-05")]
    #[case(2027, "2027-03-28")]
    #[case(2028, "2028-04-16")]
    #[case(2029, "2029-04-01")]
    #[case(2030, "2030-04-21")]
    #[case(2038, "2038-04-25")]
    #[case(2076, "2076-04-19")]
    #[case(2100, "2100-03-28")]
    fn easter_is_where_it_is(#[case] year: i32, #[case] sunday: &str) {
        assert_eq!(easter_sunday(year), Some(day(sunday)));
    }

    #[test]
    fn every_year_has_its_number_of_bank_holidays_all_weekdays_and_distinct() {
        for year in 2000..=2100 {
            for &nation in NATIONS {
                let days = bank_holidays(year, nation);
                assert!(days.windows(2).all(|pair| pair[0] < pair[1]), "{year} {nation}: {days:?}");
                assert!(days.iter().all(|&day| !is_weekend(day) && day.year() == year), "{year} {nation}");
                let usual = match nation {
                    Nation::England | Nation::Wales => 8,
                    Nation::Scotland if year < 2007 => 8,
                    Nation::Scotland => 9,
                    Nation::NorthernIreland => 10,
                };
                let added = ONE_OFF.iter().fold(0, |sum, &(of, _, _, what, only)| {
                    let counts = of == year && only.is_none_or(|only| only == nation);
                    sum + i32::from(counts) * if what == OneOff::Added { 1 } else { -1 }
                });
                assert_eq!(i32::try_from(days.len()).unwrap(), usual + added, "{year} {nation}");
            }
        }
    }

    #[rstest]
    #[case("2026-11-12", 5, Nation::England, "2026-11-19")] // checked by hand: submitted Thursday
    #[case("2026-11-12", 3, Nation::England, "2026-11-17")]
    #[case("2026-11-12", 0, Nation::England, "2026-11-12")]
    #[case("2026-11-21", 0, Nation::England, "2026-11-21")] // a Saturday stays when nothing is added
    #[case("2026-11-21", 1, Nation::England, "2026-11-23")]
    #[case("2026-11-21", 5, Nation::England, "2026-11-27")]
    #[case("2026-11-20", 1, Nation::England, "2026-11-23")]
    #[case("2026-11-27", 1, Nation::Scotland, "2026-12-01")] // St Andrew's Day between
    #[case("2026-11-27", 1, Nation::England, "2026-11-30")]
    #[case("2026-12-24", 1, Nation::England, "2026-12-29")] // Christmas, weekend, substitute
    #[case("2026-12-24", 5, Nation::England, "2027-01-05")]
    #[case("2026-12-31", 1, Nation::Scotland, "2027-01-05")] // 1 January, weekend, substitute of the 2nd
    #[case("2026-12-31", 1, Nation::Wales, "2027-01-04")]
    #[case("2026-04-02", 1, Nation::England, "2026-04-07")] // Easter
    #[case("2026-04-02", 1, Nation::Scotland, "2026-04-06")]
    #[case("2026-07-10", 1, Nation::NorthernIreland, "2026-07-14")]
    #[case("2026-06-12", 1, Nation::Scotland, "2026-06-16")]
    #[case("2023-05-05", 1, Nation::England, "2023-05-09")]
    fn adds_working_days(#[case] from: &str, #[case] n: u16, #[case] nation: Nation, #[case] to: &str) {
        assert_eq!(add_working_days(day(from), n, nation), day(to));
    }

    #[rstest]
    #[case("2026-11-16", "2026-11-21", 4)] // checked by hand: a Monday, seen on Saturday
    #[case("2026-11-16", "2026-11-16", 0)]
    #[case("2026-11-16", "2026-11-15", 0)]
    #[case("2026-11-16", "2026-11-17", 1)]
    #[case("2026-11-20", "2026-11-21", 0)] // Friday, seen on Saturday: overdue, no working day late
    #[case("2026-11-20", "2026-11-22", 0)]
    #[case("2026-11-20", "2026-11-23", 1)]
    #[case("2026-12-24", "2026-12-29", 1)]
    #[case("2026-01-01", "2026-12-31", 253)]
    fn counts_lateness(#[case] due: &str, #[case] today: &str, #[case] late: u32) {
        assert_eq!(working_days_after(day(due), day(today), Nation::England), late);
    }

    #[test]
    fn every_day_of_five_years_is_overdue_exactly_from_the_day_after() {
        let mut due = day("2026-01-01");
        while due <= day("2030-12-31") {
            for ahead in 0..=14 {
                let today = due + Days::new(ahead);
                assert_eq!(is_overdue(Some(due), today), ahead > 0, "{due} seen on {today}");
            }
            assert!(!is_overdue(Some(due), due.pred_opt().unwrap()));
            assert!(!is_overdue(None, due));
            due = next_day(due);
        }
    }

    /// The day begins in London: an instant before and at local midnight, across both changes of the clocks.
    #[rstest]
    #[case("2026-03-29T00:30:00Z", "2026-03-29")] // clocks go forward at 01:00
    #[case("2026-03-29T22:59:59Z", "2026-03-29")]
    #[case("2026-03-29T23:00:00Z", "2026-03-30")]
    #[case("2026-06-30T22:59:59Z", "2026-06-30")]
    #[case("2026-06-30T23:00:00Z", "2026-07-01")]
    #[case("2026-10-24T23:30:00Z", "2026-10-25")] // clocks go back at 02:00 summer time
    #[case("2026-10-25T23:59:59Z", "2026-10-25")]
    #[case("2026-10-26T00:00:00Z", "2026-10-26")]
    fn due_dates_end_with_the_london_day(#[case] at: &str, #[case] today: &str) {
        let at: DateTime<Utc> = at.parse().unwrap();
        let today = day(today);
        assert_eq!(london_date(at), today);
        assert!(!is_overdue(Some(today), london_date(at)));
        assert!(is_overdue(today.pred_opt(), london_date(at)));
    }

    #[rstest]
    #[case("2026-11-16", "2026-11-16", "2026-11-22")]
    #[case("2026-11-21", "2026-11-16", "2026-11-22")]
    #[case("2026-11-22", "2026-11-16", "2026-11-22")]
    #[case("2027-01-01", "2026-12-28", "2027-01-03")]
    fn weeks_run_from_monday_to_sunday(#[case] date: &str, #[case] monday: &str, #[case] sunday: &str) {
        assert_eq!(monday_of(day(date)), day(monday));
        assert_eq!(end_of_week(day(date)), day(sunday));
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for &nation in NATIONS {
            assert_eq!(add_working_days(NaiveDate::MAX, 5, nation), NaiveDate::MAX);
            let _ = add_working_days(NaiveDate::MIN, u16::MAX, nation);
            let _ = add_working_days(day("2100-12-31"), u16::MAX, nation);
            assert!(working_days_between(NaiveDate::MIN, NaiveDate::MAX, nation) > 100_000_000);
            assert_eq!(working_days_between(NaiveDate::MAX, NaiveDate::MIN, nation), 0);
            assert_eq!(bank_holidays(1999, nation), []);
            assert_eq!(bank_holidays(2101, nation), []);
        }
        assert_eq!(end_of_week(NaiveDate::MAX), NaiveDate::MAX);
        let _ = monday_of(NaiveDate::MIN);
    }

    fn dates() -> impl Strategy<Value = NaiveDate> {
        (0..36_890_u64).prop_map(|days| day("2000-01-01") + Days::new(days))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Counting by arithmetic and counting day by day agree.
        #[test]
        fn counting_agrees_with_looking(from in dates(), span in 0..200_u64, nation in 0..4_usize) {
            let nation = NATIONS[nation];
            let to = from + Days::new(span);
            let looked = (1..=span).filter(|&n| is_working_day(from + Days::new(n), nation)).count();
            prop_assert_eq!(working_days_between(from, to, nation) as usize, looked);
        }

        /// Adding n working days lands on a working day, n working days on; one day earlier is too early.
        #[test]
        fn adding_and_counting_are_inverse(from in dates(), n in 1..80_u16, nation in 0..4_usize) {
            let nation = NATIONS[nation];
            let to = add_working_days(from, n, nation);
            prop_assert!(is_working_day(to, nation));
            prop_assert_eq!(working_days_between(from, to, nation), u32::from(n));
            prop_assert_eq!(working_days_between(from, to.pred_opt().unwrap(), nation), u32::from(n) - 1);
        }

        /// Lateness never shrinks as days pass, and nothing is late that is not overdue.
        #[test]
        fn lateness_only_grows(due in dates(), span in 0..60_u64) {
            let today = due + Days::new(span);
            let late = working_days_after(due, today, Nation::England);
            prop_assert!(late <= working_days_after(due, next_day(today), Nation::England));
            prop_assert!(late == 0 || is_overdue(Some(due), today));
        }
    }
}
