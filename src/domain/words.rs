//! Dates, times, lateness, lists and counts as people read them. Everything on screen and in mail goes through here.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Europe::London;

/// "21 November 2026".
#[must_use]
pub fn date(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// "Tuesday 24 November 2026".
#[must_use]
pub fn weekday_date(day: NaiveDate) -> String {
    day.format("%A %-d %B %Y").to_string()
}

/// "4:12pm", in London.
#[must_use]
pub fn time(at: DateTime<Utc>) -> String {
    at.with_timezone(&London).format("%-I:%M%P").to_string()
}

/// "12 November 2026 at 4:12pm", in London.
#[must_use]
pub fn instant(at: DateTime<Utc>) -> String {
    at.with_timezone(&London).format("%-d %B %Y at %-I:%M%P").to_string()
}

/// "4 working days late", "1 working day late". 0 is "late": a missed Friday seen on the weekend after. Only for what
/// is overdue.
#[must_use]
pub fn days_late(working_days: u32) -> String {
    if working_days == 0 { "late".to_owned() } else { format!("{} late", count(working_days, "working day")) }
}

/// When something is due, as seen on `today`: "Due today", "Due tomorrow", "Due Tuesday" within the next six days,
/// else the date; "Was due 16 November 2026"; "No due date".
#[must_use]
pub fn due(due_on: Option<NaiveDate>, today: NaiveDate) -> String {
    let Some(due_on) = due_on else {
        return "No due date".to_owned();
    };
    match due_on.signed_duration_since(today).num_days() {
        ..0 => format!("Was due {}", date(due_on)),
        0 => "Due today".to_owned(),
        1 => "Due tomorrow".to_owned(),
        2..=6 => due_on.format("Due %A").to_string(),
        _ => format!("Due {}", date(due_on)),
    }
}

/// "a, b and c"; empty for nothing.
#[must_use]
pub fn list<S: AsRef<str>>(items: &[S]) -> String {
    join(items, "and")
}

/// "a, b or c"; empty for nothing.
#[must_use]
pub fn choice<S: AsRef<str>>(items: &[S]) -> String {
    join(items, "or")
}

fn join<S: AsRef<str>>(items: &[S], last_word: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} {last_word} {}", first.join(", "), last.as_ref())
        }
    }
}

/// "1 action", "3 actions", "1,204 actions". The plural adds an s; for others use [`count_of`].
#[must_use]
pub fn count(n: impl Into<u64>, noun: &str) -> String {
    count_of(n, noun, &format!("{noun}s"))
}

/// "1 reply", "3 replies".
#[must_use]
pub fn count_of(n: impl Into<u64>, one: &str, many: &str) -> String {
    let n = n.into();
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// "1,204".
#[must_use]
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// "412 KB", "1.1 MB": thousands, as phones and desktops show them. Never "0 KB" for something that is there.
#[must_use]
pub fn file_size(bytes: u64) -> String {
    const KB: u64 = 1_000;
    const MB: u64 = 1_000_000;
    const GB: u64 = 1_000_000_000;
    // The next unit from where rounding would show a thousand of the smaller.
    match bytes {
        0..KB => count(bytes, "byte"),
        KB..999_500 => format!("{} KB", rounded(bytes, KB)),
        999_500..999_950_000 => tenths(bytes, MB, "MB"),
        _ => tenths(bytes, GB, "GB"),
    }
}

/// Whole units, rounded half up.
const fn rounded(bytes: u64, unit: u64) -> u64 {
    bytes.saturating_add(unit / 2) / unit
}

/// One decimal place, left out when it is zero.
fn tenths(bytes: u64, unit: u64, name: &str) -> String {
    let tenths = rounded(bytes, unit / 10);
    match tenths % 10 {
        0 => format!("{} {name}", tenths / 10),
        rest => format!("{}.{rest} {name}", tenths / 10),
    }
}

/// The same text with a capital letter at its beginning.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[rstest]
    #[case("2026-11-21", "21 November 2026", "Saturday 21 November 2026")]
    #[case("2026-11-24", "24 November 2026", "Tuesday 24 November 2026")]
    #[case("2027-02-01", "1 February 2027", "Monday 1 February 2027")]
    fn dates(#[case] on: &str, #[case] short: &str, #[case] long: &str) {
        assert_eq!(date(day(on)), short);
        assert_eq!(weekday_date(day(on)), long);
    }

    #[rstest]
    #[case("2026-11-12T16:12:00Z", "4:12pm", "12 November 2026 at 4:12pm")]
    #[case("2026-07-12T16:12:00Z", "5:12pm", "12 July 2026 at 5:12pm")] // summer time
    #[case("2026-07-12T23:05:00Z", "12:05am", "13 July 2026 at 12:05am")]
    #[case("2026-11-12T12:00:59Z", "12:00pm", "12 November 2026 at 12:00pm")]
    #[case("2026-11-12T09:05:00Z", "9:05am", "12 November 2026 at 9:05am")]
    #[case("2026-10-25T00:30:00Z", "1:30am", "25 October 2026 at 1:30am")] // the hour that comes twice
    #[case("2026-10-25T01:30:00Z", "1:30am", "25 October 2026 at 1:30am")]
    fn times(#[case] at: &str, #[case] short: &str, #[case] long: &str) {
        assert_eq!(time(at.parse().unwrap()), short);
        assert_eq!(instant(at.parse().unwrap()), long);
    }

    #[rstest]
    #[case(0, "late")]
    #[case(1, "1 working day late")]
    #[case(4, "4 working days late")]
    fn lateness(#[case] days: u32, #[case] words: &str) {
        assert_eq!(days_late(days), words);
    }

    #[rstest]
    #[case(Some("2026-11-20"), "Was due 20 November 2026")]
    #[case(Some("2026-11-21"), "Due today")]
    #[case(Some("2026-11-22"), "Due tomorrow")]
    #[case(Some("2026-11-23"), "Due Monday")]
    #[case(Some("2026-11-24"), "Due Tuesday")]
    #[case(Some("2026-11-27"), "Due Friday")]
    #[case(Some("2026-11-28"), "Due 28 November 2026")] // the same weekday would be taken for today
    #[case(Some("2027-11-21"), "Due 21 November 2027")]
    #[case(None, "No due date")]
    fn due_dates(#[case] due_on: Option<&str>, #[case] words: &str) {
        assert_eq!(due(due_on.map(day), day("2026-11-21")), words);
    }

    #[test]
    fn lists() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(choice(&["a".to_owned(), "b".to_owned(), "c".to_owned()]), "a, b or c");
    }

    #[test]
    fn counts() {
        assert_eq!(count(0_u32, "action"), "0 actions");
        assert_eq!(count(1_u32, "action"), "1 action");
        assert_eq!(count(1204_u64, "action"), "1,204 actions");
        assert_eq!(count_of(2_u8, "reply", "replies"), "2 replies");
        assert_eq!(count_of(1_u8, "reply", "replies"), "1 reply");
        assert_eq!((number(999), number(1_000_000)), ("999".to_owned(), "1,000,000".to_owned()));
    }

    #[rstest]
    #[case(0, "0 bytes")]
    #[case(1, "1 byte")]
    #[case(999, "999 bytes")]
    #[case(1_000, "1 KB")]
    #[case(412_300, "412 KB")]
    #[case(999_499, "999 KB")]
    #[case(999_500, "1 MB")]
    #[case(1_100_000, "1.1 MB")]
    #[case(26_214_400, "26.2 MB")]
    #[case(999_949_999, "999.9 MB")]
    #[case(999_950_000, "1 GB")]
    #[case(u64::MAX, "18446744073.7 GB")]
    fn sizes(#[case] bytes: u64, #[case] words: &str) {
        assert_eq!(file_size(bytes), words);
    }

    proptest! {
        #[test]
        fn grouped_digits_read_back(n: u64) {
            prop_assert_eq!(number(n).replace(',', "").parse::<u64>().unwrap(), n);
        }

        #[test]
        fn no_date_panics(days in -100_000_i32..100_000) {
            let today = day("2026-11-21");
            let on = NaiveDate::from_num_days_from_ce_opt(740_000 + days).unwrap();
            prop_assert!(!due(Some(on), today).is_empty());
        }
    }
}
