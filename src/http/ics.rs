//! A calendar as calendar programs read it (RFC 5545): lines of at most 75 octets that end with CRLF, commas and line ends
//! in texts escaped, days without a time.

use chrono::{DateTime, NaiveDate, Utc};

/// The most octets of a line, without its end.
const LINE: usize = 75;

/// One day with something on it.
#[derive(Clone, Debug)]
pub struct Day {
    /// What makes it the same thing when the calendar is read again, unique in the world.
    pub uid: String,
    /// When it was last changed.
    pub stamp: DateTime<Utc>,
    /// The day.
    pub on: NaiveDate,
    /// What it says.
    pub summary: String,
    /// More of it.
    pub description: String,
    /// Where more is read.
    pub url: String,
}

/// Writes a calendar called `name`.
#[must_use]
pub fn calendar(name: &str, days: &[Day]) -> String {
    let mut out = String::new();
    for fixed in
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Throughline//Due dates//EN", "CALSCALE:GREGORIAN"]
    {
        line(&mut out, fixed);
    }
    line(&mut out, "METHOD:PUBLISH");
    line(&mut out, &format!("X-WR-CALNAME:{}", text(name)));
    line(&mut out, "REFRESH-INTERVAL;VALUE=DURATION:PT1H");
    for day in days {
        line(&mut out, "BEGIN:VEVENT");
        line(&mut out, &format!("UID:{}", text(&day.uid)));
        line(&mut out, &format!("DTSTAMP:{}", day.stamp.format("%Y%m%dT%H%M%SZ")));
        // a date alone is that whole day
        line(&mut out, &format!("DTSTART;VALUE=DATE:{}", day.on.format("%Y%m%d")));
        line(&mut out, &format!("SUMMARY:{}", text(&day.summary)));
        line(&mut out, &format!("DESCRIPTION:{}", text(&day.description)));
        line(&mut out, &format!("URL:{}", day.url));
        line(&mut out, "TRANSP:TRANSPARENT");
        line(&mut out, "END:VEVENT");
    }
    line(&mut out, "END:VCALENDAR");
    out
}

/// A text as a value: nothing in it can begin a line or a field of its own.
fn text(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Adds a line, folded: what goes on begins with a space, and no character is cut in two.
fn line(out: &mut String, content: &str) {
    let mut used = 0;
    for c in content.chars() {
        if used + c.len_utf8() > LINE {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(summary: &str) -> Day {
        Day {
            uid: "7-due@care.example".into(),
            stamp: DateTime::from_timestamp(1_795_255_200, 0).unwrap(),
            on: "2026-11-23".parse().unwrap(),
            summary: summary.into(),
            description: "Rowan House".into(),
            url: "https://care.example/p/rowan/actions/A-0142".into(),
        }
    }

    #[test]
    fn a_calendar_reads_as_the_standard_has_it() {
        let written =
            calendar("Throughline, Rowan", &[day("A-0142: Check; sign, file\nBEGIN:VALARM \\ end")]);
        assert_eq!(
            written,
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Throughline//Due dates//EN\r\nCALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n\
             X-WR-CALNAME:Throughline\\, Rowan\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nBEGIN:VEVENT\r\nUID:7-due@care.example\r\n\
             DTSTAMP:20261121T100000Z\r\nDTSTART;VALUE=DATE:20261123\r\n\
             SUMMARY:A-0142: Check\\; sign\\, file\\nBEGIN:VALARM \\\\ end\r\nDESCRIPTION:Rowan House\r\n\
             URL:https://care.example/p/rowan/actions/A-0142\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        );
    }

    proptest! {
        #[test]
        fn lines_are_short_end_alike_and_come_back_whole(words in "\\PC{0,300}") {
            let written = calendar("x", &[day(&words)]);
            prop_assert!(written.ends_with("\r\n"));
            for line in written.split_terminator("\r\n") {
                prop_assert!(line.len() <= LINE && !line.contains(['\r', '\n']), "{line:?}");
            }
            let unfolded = written.replace("\r\n ", "");
            let summary = unfolded.split("\r\n").find_map(|line| line.strip_prefix("SUMMARY:")).unwrap();
            prop_assert_eq!(summary, text(&words));
            prop_assert_eq!(unfolded.matches("\r\nBEGIN:VEVENT\r\n").count(), 1);
        }
    }
}
