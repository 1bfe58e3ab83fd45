//! Dates as they stand in spreadsheets: typed in UK order, by month's name, as ISO, or as the number Excel keeps.

use chrono::{Datelike as _, Days, NaiveDate};

/// The years a tracker can speak of; what lies outside was typed wrongly.
const YEARS: std::ops::Range<i32> = 1990..2100;
/// What Excel keeps for 1 January 1990 and for 31 December 2099.
const SERIALS: std::ops::RangeInclusive<u32> = 32_874..=73_050;

/// A day as it stands in a cell; none when it is no day. 03/04/2026 is 3 April; 04/13/2026 is nothing, because it would be
/// read in one order or another as somebody guesses.
#[must_use]
pub fn day(text: &str) -> Option<NaiveDate> {
    let text = text.trim().trim_matches('"').trim();
    if text.is_empty() || text.len() > 60 || !text.is_ascii() {
        return None;
    }
    serial(text)
        .or_else(|| eight_digits(text))
        .or_else(|| parts(text))
        .filter(|day| YEARS.contains(&day.year()))
}

/// The number of days since the end of 1899, with the time of day behind its point.
fn serial(text: &str) -> Option<NaiveDate> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    if whole.len() != 5 || !all_digits(whole) || !all_digits(rest) {
        return None;
    }
    let days = whole.parse::<u32>().ok().filter(|days| SERIALS.contains(days))?;
    NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(u64::from(days)))
}

/// 20260403.
fn eight_digits(text: &str) -> Option<NaiveDate> {
    let whole = (text.len() == 8 && all_digits(text)).then_some(text)?;
    NaiveDate::parse_from_str(whole, "%Y%m%d").ok()
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Day, month and year, in whatever signs they stand apart; weekdays and times of day are passed over.
fn parts(text: &str) -> Option<NaiveDate> {
    let lower = text.to_ascii_lowercase();
    let iso = lower.split_once('t').map(|(date, _)| date).filter(|d| d.len() == 10 && d.is_ascii());
    let text = iso.unwrap_or(&lower);
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '/' | '-' | '.' | ','));
    let mut found: Vec<&str> = Vec::new();
    for word in words.filter(|word| !word.is_empty()) {
        // 14:30, and am or pm behind it
        if word.contains(':') || (found.len() >= 3 && matches!(word, "am" | "pm")) {
            continue;
        }
        if !is_weekday(word) && word != "of" && word != "the" {
            found.push(word);
        }
    }
    let [a, b, c] = found.as_slice() else { return None };
    if a.len() == 4 && all_digits(a) {
        return NaiveDate::from_ymd_opt(a.parse().ok()?, month(b)?, day_of_month(c)?);
    }
    let year = year(c)?;
    match named_month(a) {
        Some(month) => NaiveDate::from_ymd_opt(year, month, day_of_month(b)?),
        None => NaiveDate::from_ymd_opt(year, month(b)?, day_of_month(a)?),
    }
}

/// 3, 03, 3rd.
fn day_of_month(text: &str) -> Option<u32> {
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text);
    (digits.len() <= 2 && all_digits(digits)).then(|| digits.parse().ok())?
}

fn month(text: &str) -> Option<u32> {
    named_month(text).or_else(|| day_of_month(text).filter(|_| all_digits(text)))
}

fn named_month(text: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let at = MONTHS.iter().position(|name| text.len() >= 3 && name.starts_with(text));
    let at = at.or_else(|| (text == "sept").then_some(8))?;
    u32::try_from(at + 1).ok()
}

fn is_weekday(text: &str) -> bool {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    text.len() >= 3
        && DAYS.iter().any(|name| name.starts_with(text) || (*name == "tuesday" && text == "tues"))
}

/// 2026 or 26; a year of two digits is of this century up to 79.
fn year(text: &str) -> Option<i32> {
    let year: i32 = all_digits(text).then(|| text.parse().ok())??;
    match text.len() {
        4 => Some(year),
        2 => Some(if year < 80 { 2000 + year } else { 1900 + year }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::uk("03/04/2026", "2026-04-03")]
    #[case::uk_short("3/4/26", "2026-04-03")]
    #[case::uk_points("03.04.2026", "2026-04-03")]
    #[case::uk_dashes("03-04-2026", "2026-04-03")]
    #[case::blanks("03 04 2026", "2026-04-03")]
    #[case::iso("2026-04-03", "2026-04-03")]
    #[case::iso_slashes("2026/4/3", "2026-04-03")]
    #[case::iso_with_time("2026-04-03T00:00:00", "2026-04-03")]
    #[case::with_time("03/04/2026 14:30", "2026-04-03")]
    #[case::with_am("03/04/2026 2:30 pm", "2026-04-03")]
    #[case::long("3 April 2026", "2026-04-03")]
    #[case::short_month("03-Apr-26", "2026-04-03")]
    #[case::ordinal("3rd April 2026", "2026-04-03")]
    #[case::ordinal_of("the 3rd of April 2026", "2026-04-03")]
    #[case::weekday("Friday 3 April 2026", "2026-04-03")]
    #[case::weekday_comma("Fri, 3 Apr 2026", "2026-04-03")]
    #[case::month_first("April 3, 2026", "2026-04-03")]
    #[case::september("9 Sept 2026", "2026-09-09")]
    #[case::august("1st August 2026", "2026-08-01")]
    #[case::serial("46115", "2026-04-03")]
    #[case::serial_with_time("46115.604", "2026-04-03")]
    #[case::compact("20260403", "2026-04-03")]
    #[case::leap("29/02/2028", "2028-02-29")]
    #[case::quotes("\"03/04/2026\"", "2026-04-03")]
    #[case::last_century("31/12/99", "1999-12-31")]
    fn days_are_read(#[case] typed: &str, #[case] day_of: &str) {
        assert_eq!(day(typed), Some(day_of.parse().unwrap()), "{typed}");
    }

    #[rstest]
    #[case::nothing("")]
    #[case::words("ASAP")]
    #[case::ongoing("Ongoing")]
    #[case::american("04/13/2026")]
    #[case::not_leap("29/02/2027")]
    #[case::no_year("3 April")]
    #[case::no_day("April 2026")]
    #[case::two_days("3/4/2026 or 4/4/2026")]
    #[case::small_number("12")]
    #[case::big_number("99999")]
    #[case::far_away("03/04/3026")]
    #[case::long_ago("01/01/1900")]
    #[case::a_fault("#REF!")]
    #[case::not_ascii("３ April 2026")]
    #[case::month_alone("may")]
    #[case::percent("100%")]
    fn what_is_no_day_is_none(#[case] typed: &str) {
        assert_eq!(day(typed), None, "{typed}");
    }

    proptest! {
        /// Every day is read back in each of the ways it is written, and nothing that is typed brings it down.
        #[test]
        fn what_is_written_is_read(days in 0_u64..36_000, rubbish in "\\PC{0,40}") {
            let date = NaiveDate::from_ymd_opt(1995, 1, 1).unwrap() + Days::new(days);
            let serial = (date - NaiveDate::from_ymd_opt(1899, 12, 30).unwrap()).num_days().to_string();
            for form in ["%d/%m/%Y", "%-d/%-m/%Y", "%Y-%m-%d", "%-d %B %Y", "%d-%b-%Y", "%B %-d, %Y", "%A %-d %B %Y"] {
                prop_assert_eq!(day(&date.format(form).to_string()), Some(date), "{}", form);
            }
            prop_assert_eq!(day(&serial), Some(date));
            let _ = day(&rubbish);
        }
    }
}
