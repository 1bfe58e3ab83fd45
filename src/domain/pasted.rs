//! Readings pasted from a spreadsheet: a day and a value on each line (R23).

use chrono::NaiveDate;

use super::measure::{Cadence, MOST, Reading, Shape};

/// The most lines that are read at once.
pub const MOST_LINES: usize = 520;

/// What could not be read, with its line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line.
    pub line: usize,
    /// What to do.
    pub sentence: &'static str,
}

/// Reads pasted lines: a date, a month or a day, then a number, or "46 of 50", "46/50" or two numbers for a share. Columns may be
/// apart by tabs, semicolons, commas or several blanks. A first line without a date is taken as headings.
///
/// # Errors
/// Every line that cannot be read, and periods that come twice.
pub fn read(text: &str, cadence: Cadence, shape: Shape) -> Result<Vec<Reading>, Vec<Fault>> {
    let (mut readings, mut faults): (Vec<Reading>, Vec<Fault>) = (Vec::new(), Vec::new());
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (count, (at, line)) in lines.enumerate() {
        let mut fault = |sentence| faults.push(Fault { line: at + 1, sentence });
        if count >= MOST_LINES {
            fault("Paste at most 520 lines at a time");
            break;
        }
        let columns = columns(line);
        let (date, rest) = columns.split_first().map_or(("", &[][..]), |(date, rest)| (*date, rest));
        let Some(day) = self::date(date) else {
            if count > 0 || rest.is_empty() {
                fault("Begin the line with a date, like 1/10/2026 or October 2026");
            }
            continue;
        };
        let period = cadence.period_of(day);
        match values(rest, shape) {
            Err(sentence) => fault(sentence),
            Ok(_) if readings.iter().any(|reading| reading.period == period) => {
                fault("This week or month comes twice: keep one line");
            }
            Ok((numerator, denominator)) => {
                readings.push(Reading { period, numerator: Some(numerator), denominator });
            }
        }
    }
    if readings.is_empty() && faults.is_empty() {
        faults.push(Fault { line: 1, sentence: "Paste at least one line with a date and a value" });
    }
    readings.sort_by_key(|reading| reading.period);
    if faults.is_empty() { Ok(readings) } else { Err(faults) }
}

/// The columns of a line. A comma parts only when nothing else does, so that "1,234" can stand in a tabbed line.
fn columns(line: &str) -> Vec<&str> {
    let apart =
        |by: &'static str| -> Vec<&str> { line.split(by).map(str::trim).filter(|c| !c.is_empty()).collect() };
    for by in ["\t", ";", "  ", ","] {
        let columns = apart(by);
        if columns.len() > 1 {
            return columns;
        }
    }
    vec![line.trim()]
}

/// A day as people write it, in UK order; a month is its first day.
fn date(text: &str) -> Option<NaiveDate> {
    let text = text.trim_matches('"');
    let days =
        ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %B %Y", "%d %b %Y", "%d %b %y", "%d/%m/%y"];
    let months = ["%d %B %Y", "%d %b %Y", "%d %b-%y", "%d %Y-%m", "%d %m/%Y"];
    let first = format!("1 {text}");
    let found = days.iter().filter_map(|form| NaiveDate::parse_from_str(text, form).ok());
    let of_month = months.iter().filter_map(|form| NaiveDate::parse_from_str(&first, form).ok());
    // "%Y" also reads 26 as the year 26
    found.chain(of_month).find(|day| (2000..2200).contains(&chrono::Datelike::year(day)))
}

/// A number as people write it: blanks, a thousands comma or a percent sign do no harm.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | ',' | '"')).collect();
    let plain = plain.strip_suffix('%').unwrap_or(&plain);
    let digits = plain.strip_prefix('-').unwrap_or(plain);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    plain.parse::<f64>().ok().filter(|value| value.is_finite() && value.abs() <= MOST)
}

fn values(columns: &[&str], shape: Shape) -> Result<(f64, Option<f64>), &'static str> {
    let share = "Give how many and of how many, like 46 of 50 or in two columns";
    match (shape, columns) {
        (Shape::Number, [one]) => {
            number(one).map(|value| (value, None)).ok_or("Give a number after the date")
        }
        (Shape::Number, _) => Err("Give one number after the date"),
        (Shape::Share, columns) => {
            let parts: Vec<&str> = match columns {
                [one] => {
                    one.split_once(" of ").or_else(|| one.split_once('/')).map_or(vec![], |(a, b)| vec![a, b])
                }
                others => others.to_vec(),
            };
            let [part, whole] = parts.as_slice() else { return Err(share) };
            let (part, whole) = (number(part).ok_or(share)?, number(whole).ok_or(share)?);
            if whole > 0.0 && (0.0..=whole).contains(&part) {
                Ok((part, Some(whole)))
            } else {
                Err("How many cannot be more than of how many")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[rstest]
    #[case::tabs("Month\tFalls\n01/09/2026\t6\n01/10/2026\t4")]
    #[case::names("September 2026; 6\nOct 2026; 4")]
    #[case::iso("2026-09-15,6\n\n2026-10-02,4\n")]
    #[case::blanks("1 September 2026   6.0\n1 Oct 2026   4")]
    #[case::out_of_order("10/2026\t4\n09/2026\t6")]
    fn two_columns_are_read(#[case] text: &str) {
        let found = read(text, Cadence::Monthly, Shape::Number).unwrap();
        let values: Vec<_> = found.iter().map(|r| (r.period, r.numerator.unwrap())).collect();
        assert_eq!(values, [(day("2026-09-01"), 6.0), (day("2026-10-01"), 4.0)]);
    }

    #[rstest]
    #[case("1/10/2026\t46 of 50")]
    #[case("1/10/2026\t46/50")]
    #[case("1/10/2026\t46\t50")]
    fn a_share_says_of_how_many(#[case] text: &str) {
        let found = read(text, Cadence::Monthly, Shape::Share).unwrap();
        assert_eq!((found[0].numerator, found[0].denominator), (Some(46.0), Some(50.0)));
    }

    #[rstest]
    #[case::no_share("1/10/2026\t92%", Shape::Share, "of how many")]
    #[case::too_many("1/10/2026\t60 of 50", Shape::Share, "cannot be more")]
    #[case::no_date("1/10/2026\t1\nfalls\t3", Shape::Number, "Begin the line with a date")]
    #[case::us_order("10/31/2026\t3\n10/31/2026\t3", Shape::Number, "Begin the line with a date")]
    #[case::words("1/10/2026\tmany", Shape::Number, "Give a number")]
    #[case::twice("1/10/2026\t1\n2/10/2026\t2", Shape::Number, "comes twice")]
    #[case::formula("1/10/2026\t=1+1", Shape::Number, "Give a number")]
    #[case::exponent("1/10/2026\t1e300", Shape::Number, "Give a number")]
    #[case::empty("\n \n", Shape::Number, "at least one line")]
    fn what_cannot_be_read_says_what_to_do(#[case] text: &str, #[case] shape: Shape, #[case] says: &str) {
        let faults = read(text, Cadence::Monthly, shape).unwrap_err();
        assert!(faults.iter().any(|fault| fault.sentence.contains(says)), "{faults:?}");
    }

    #[test]
    fn no_more_lines_than_anybody_needs() {
        let text: String =
            (0..600).map(|i| format!("{}\t1\n", day("2010-01-04") + chrono::Days::new(i * 7))).collect();
        let faults = read(&text, Cadence::Weekly, Shape::Number).unwrap_err();
        assert_eq!(faults.len(), 1);
        assert_eq!(number("1,234.5"), Some(1234.5));
        assert_eq!(number("-3"), Some(-3.0));
        for wrong in ["", "-", "1.2.3", "NaN", "inf", "0x10"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }
}
