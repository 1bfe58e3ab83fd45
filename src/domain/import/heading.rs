//! Which row of a sheet has the headings, and what each column holds, guessed from what people usually call it.

use super::{Field, Row, date, plain};
use names::NAMES;

/// What people call columns.
mod names;

/// How many rows at the top may come before the headings.
pub const LOOKED_AT: usize = 15;
/// The longest heading; a longer text is content.
const LONGEST: usize = 80;

/// Where the headings are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The number of the (first) row with headings, as the spreadsheet counts.
    pub row: u32,
    /// Whether a second row belongs to them.
    pub two: bool,
}

impl Header {
    /// The last row that is still heading.
    #[must_use]
    pub const fn last(self) -> u32 {
        self.row + self.two as u32
    }
}

/// The row that looks most like headings: the one with the most columns we know by name.
#[must_use]
pub fn guess(rows: &[Row]) -> Option<Header> {
    let mut best: Option<(usize, Header)> = None;
    for (at, row) in rows.iter().take(LOOKED_AT).enumerate() {
        let one = Header { row: row.n, two: false };
        let mut found = (known(&row.cells), one);
        if let Some(next) = rows.get(at + 1).filter(|next| next.n == row.n + 1 && all_short(&next.cells)) {
            let both = known(&together(&row.cells, &next.cells));
            // together they say more than either: otherwise it is a title above headings, or headings above content
            let below = known(&next.cells);
            if both > found.0.max(below) && below > 0 && in_groups(&row.cells) && !dated(&next.cells) {
                found = (both, Header { two: true, ..one });
            }
        }
        if found.0 > 0 && best.is_none_or(|(most, _)| found.0 > most) {
            best = Some(found);
        }
    }
    best.map(|(_, header)| header)
}

/// The heading of each column.
#[must_use]
pub fn headings(rows: &[Row], header: Header) -> Vec<String> {
    let row = |n: u32| rows.iter().find(|row| row.n == n).map_or(&[][..], |row| row.cells.as_slice());
    if header.two { together(row(header.row), row(header.row + 1)) } else { tidy(row(header.row)) }
}

/// What each column most likely holds; each thing is held by one column.
#[must_use]
pub fn fields(headings: &[String]) -> Vec<Option<Field>> {
    let mut likely: Vec<(u8, usize, Field)> = Vec::new();
    for (column, heading) in headings.iter().enumerate() {
        likely.extend(readings(heading).into_iter().map(|(weight, field)| (weight, column, field)));
    }
    // the surest first; among equals the one further left
    likely.sort_by_key(|(weight, column, _)| (std::cmp::Reverse(*weight), *column));
    let mut fields = vec![None; headings.len()];
    for (_, column, field) in likely {
        let (free, taken) = (fields.get(column).is_some_and(Option::is_none), fields.contains(&Some(field)));
        if let Some(place) = fields.get_mut(column).filter(|_| free && !taken) {
            *place = Some(field);
        }
    }
    fields
}

fn known(cells: &[String]) -> usize {
    let held = tidy(cells);
    fields(&held).iter().flatten().count()
}

/// Whether a row has several different texts; a title has one, also where it is merged over all columns.
fn in_groups(cells: &[String]) -> bool {
    let mut texts: Vec<String> =
        cells.iter().map(|cell| plain(cell)).filter(|cell| !cell.is_empty()).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.len() > 1
}

fn all_short(cells: &[String]) -> bool {
    cells.iter().all(|cell| cell.chars().count() <= LONGEST)
}

fn dated(cells: &[String]) -> bool {
    cells.iter().any(|cell| date::day(cell).is_some())
}

fn tidy(cells: &[String]) -> Vec<String> {
    cells.iter().map(|cell| cell.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// Two rows of headings as one: a group stands over the columns to its right until the next one begins.
fn together(first: &[String], second: &[String]) -> Vec<String> {
    let (first, second) = (tidy(first), tidy(second));
    let mut group = String::new();
    (0..first.len().max(second.len()))
        .map(|column| {
            let over = first.get(column).map_or("", String::as_str);
            if !over.is_empty() {
                over.clone_into(&mut group);
            }
            match second.get(column).map_or("", String::as_str) {
                "" => over.to_owned(),
                below if group.is_empty() || group == below => below.to_owned(),
                below => format!("{group} / {below}"),
            }
        })
        .collect()
}

/// What a heading may mean, and how surely: 3 the very words, 2 the words below a group, 1 one of the words.
fn readings(heading: &str) -> Vec<(u8, Field)> {
    if heading.chars().count() > LONGEST {
        return Vec::new();
    }
    let whole = plain(heading);
    let below = heading.rsplit_once(" / ").map(|(_, below)| plain(below));
    let mut found = Vec::new();
    for (field, phrases, words) in NAMES {
        let is = |text: &str| phrases.contains(&text);
        if is(&whole) {
            found.push((3, *field));
        } else if below.as_deref().is_some_and(is) {
            found.push((2, *field));
        } else if words.iter().any(|word| has(&whole, word)) {
            found.push((1, *field));
        }
    }
    found
}

/// Whether these words stand in the text one after the other.
fn has(text: &str, words: &str) -> bool {
    format!(" {text} ").contains(&format!(" {words} "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn rows(lines: &[&str]) -> Vec<Row> {
        let cells = |line: &&str| line.split('|').map(|cell| cell.trim().to_owned()).collect();
        (1..).zip(lines).map(|(n, line)| Row { n, cells: cells(line) }).collect()
    }

    fn guessed(line: &str) -> String {
        let headings: Vec<String> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
        let word = |field: Option<Field>| field.map_or("-", Field::as_str);
        fields(&headings).into_iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[rstest]
    #[case(
        "Ref | Issue | Action required | Lead | Target date | RAG | Completed",
        "reference finding action owner due risk closed"
    )]
    #[case(
        "No. | Audit | Finding | Action | Person Responsible | By when? | Status | Comments",
        "reference source finding action owner due status comments"
    )]
    #[case(
        "Date raised | Branch | Theme | Recommendation | Owner (name) | Deadline | Date closed",
        "found service topic action owner due closed"
    )]
    #[case("Action | RAG status | Priority", "action status risk")]
    #[case(
        "Concern | What needs to be done | By whom | Timescale | Evidence",
        "finding action owner due evidence"
    )]
    #[case(
        "Area | Gap identified | Improvement action | Action owner | Due date | Completion date | Progress update",
        "topic finding action owner due closed comments"
    )]
    #[case(
        "Location | KLOE | Shortfall | Actions to be taken | Responsible person | Target completion date | Complete (Y/N)",
        "service topic finding action owner due status"
    )]
    #[case(
        "Source of action | Action Point | Assigned To | Due | Outcome",
        "source action owner due success"
    )]
    #[case("ACTION REQUIRED | TARGET DATE | ACTUAL COMPLETION DATE", "action due closed")]
    #[case("Widgets | Colour", "- -")]
    fn usual_headings_are_known(#[case] line: &str, #[case] wanted: &str) {
        assert_eq!(guessed(line), wanted, "{line}");
    }

    #[test]
    fn titles_above_the_headings_are_passed_over() {
        let sheet = rows(&[
            "Rowan House action plan 2026 | | |",
            "Updated 3 April 2026 | | |",
            " | | |",
            "Issue | Action | Who | By when",
            "No dose on PRN charts | Add a dose to 14 charts | Priya Nair | 03/04/2026",
        ]);
        assert_eq!(guess(&sheet), Some(Header { row: 4, two: false }));
        assert_eq!(headings(&sheet, Header { row: 4, two: false })[2], "Who");
    }

    #[test]
    fn two_rows_of_headings_are_read_as_one() {
        let sheet = rows(&[
            "Finding | | | Action | | |",
            "What | Where | Risk | What | Who | When | Status",
            "No dose on PRN charts | Ash | High | Add a dose | Priya Nair | 03/04/2026 | Open",
        ]);
        let header = guess(&sheet).unwrap();
        assert_eq!(header, Header { row: 1, two: true });
        let said = headings(&sheet, header);
        assert_eq!(said[0], "Finding / What");
        let found = fields(&said);
        let wanted = [
            Field::Finding,
            Field::Service,
            Field::Risk,
            Field::Action,
            Field::Owner,
            Field::Due,
            Field::Status,
        ];
        assert_eq!(found, wanted.map(Some));
    }

    #[test]
    fn a_title_right_above_the_headings_is_no_group() {
        for title in
            ["Rowan House improvement plan | | |", "Action plan | Action plan | Action plan | Action plan"]
        {
            let sheet =
                rows(&[title, "Issue | Action | Who | By when", "No dose | Add a dose | Priya Nair | soon"]);
            assert_eq!(guess(&sheet), Some(Header { row: 2, two: false }), "{title}");
        }
    }

    #[test]
    fn the_first_row_of_content_is_no_heading() {
        let sheet = rows(&[
            "Issue | Action | Owner | Due | Status",
            "Actions overdue at Beech | Review all open issues | Responsible lead | 03/04/2026 | Open",
        ]);
        assert_eq!(guess(&sheet), Some(Header { row: 1, two: false }));
    }

    #[test]
    fn nothing_known_is_nothing_guessed() {
        assert_eq!(guess(&rows(&["a | b", "c | d"])), None);
        assert_eq!(guess(&[]), None);
    }

    #[test]
    fn two_columns_of_one_name_hold_one_thing() {
        assert_eq!(guessed("Action | Action | Due date | Due date"), "action - due -");
    }
}
