//! What becomes of each row: an open action, closed before Throughline, here already, or left out, with the cell and a sentence.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};

use super::value::{self, Progress};
use super::{Choices, Fate, Field, NO_TEST, Row, cell, date, heading, not_later, plain};
use crate::domain::text_enum::TextEnum as _;
use crate::domain::topic::{Risk, Theme, Topic};
use crate::domain::words;
use crate::ids::{MemberId, ServiceId};

/// What a plan is made of.
mod parts;

pub use parts::{Ground, Owner, Place, Planned, Said};

/// The longest action.
const ACTION: usize = 1_000;
/// The longest finding, and the longest note.
const LONG: usize = 4_000;

/// The fate of every row below the headings. What is in the database already is found out after this.
#[must_use]
pub fn plan(rows: &[Row], choices: &Choices, ground: &Ground) -> Vec<Planned> {
    let Some(header) = choices.header() else { return Vec::new() };
    let reader = Reader {
        choices,
        ground,
        columns: Field::ALL.iter().filter_map(|f| Some((*f, choices.column(*f)?))).collect(),
        headings: heading::headings(rows, heading::Header { two: false, ..header })
            .iter()
            .map(|h| plain(h))
            .collect(),
    };
    let mut seen: HashMap<[u8; 32], u32> = HashMap::new();
    let mut planned = Vec::with_capacity(rows.len());
    for row in rows.iter().filter(|row| row.n > header.last()) {
        let mut one = reader.row(row);
        if let Some(print) = one.fingerprint {
            match seen.get(&print) {
                Some(first) => {
                    one = left_out(row.n, format!("It says the same as row {first} of this sheet."))
                }
                None => drop(seen.insert(print, row.n)),
            }
        }
        planned.push(one);
    }
    planned
}

fn left_out(n: u32, why: String) -> Planned {
    Planned { n, fate: Fate::LeftOut, why, fingerprint: None, said: None }
}

/// The same row is here already.
pub fn known(planned: &mut Planned, why: impl Into<String>) {
    planned.fate = Fate::Known;
    planned.why = why.into();
    planned.said = None;
}

struct Reader<'a> {
    choices: &'a Choices,
    ground: &'a Ground,
    columns: BTreeMap<Field, usize>,
    headings: Vec<String>,
}

/// A sentence why a row is left out.
type Refused = String;

impl Reader<'_> {
    fn text<'r>(&self, row: &'r Row, field: Field) -> &'r str {
        self.columns.get(&field).map_or("", |column| row.at(*column))
    }

    /// What the spreadsheet calls the cell of a field.
    fn name(&self, row: &Row, field: Field) -> String {
        self.columns.get(&field).map_or_else(String::new, |column| cell(*column, row.n))
    }

    fn row(&self, row: &Row) -> Planned {
        let mut remarks = Vec::new();
        match self.read(row, &mut remarks) {
            Err(why) => left_out(row.n, why),
            Ok((fate, said)) => Planned {
                n: row.n,
                fate,
                why: remarks.join(" "),
                fingerprint: Some(self.fingerprint(row, &said)),
                said: Some(said),
            },
        }
    }

    fn read(&self, row: &Row, remarks: &mut Vec<String>) -> Result<(Fate, Said), Refused> {
        if self.repeats_headings(row) {
            return Err("It repeats the headings.".to_owned());
        }
        let what = self.words(row, Field::Action, ACTION)?;
        if what.is_empty() {
            return Err(format!("{} is empty: the row says no action.", self.name(row, Field::Action)));
        }
        let (progress, closed) = self.progress(row, remarks);
        if progress == Progress::LeftOut {
            let status = self.quoted(row, Field::Status);
            return Err(format!("{status}, which you chose to leave out."));
        }
        let service = self.service(row)?;
        let finding = self.words(row, Field::Finding, LONG)?;
        let due = self.day(row, Field::Due)?;
        let found = self.found(row, remarks);
        let (topic, theme) = self.topic(row, &finding, &what);
        let done = progress == Progress::Done;
        let owner = self.owner(row, service, remarks, done);
        if due.is_none() && !done {
            remarks
                .push("The tracker gives no due date: it gets the one of your closure standard.".to_owned());
        } else if !done && due.is_some_and(|due| due < self.ground.today) {
            remarks.push("It is late from the start.".to_owned());
        }
        let success_test = match self.words(row, Field::Success, ACTION)? {
            test if !test.is_empty() => test,
            _ if !self.choices.success_test.trim().is_empty() => self.choices.success_test.clone(),
            _ => NO_TEST.to_owned(),
        };
        let said = Said {
            service,
            finding: if finding.is_empty() {
                format!("Not written in the tracker. The action was: {what}")
            } else {
                finding
            },
            what,
            success_test,
            owner,
            owner_words: short(self.text(row, Field::Owner), 200),
            risk: self.risk(row),
            topic,
            theme,
            due,
            closed,
            found,
            started: progress == Progress::Started,
            note: self.note(row, owner.is_none()),
        };
        Ok((if done { Fate::Earlier } else { Fate::Open }, said))
    }

    fn repeats_headings(&self, row: &Row) -> bool {
        let said: Vec<String> = row.cells.iter().map(|cell| plain(cell)).collect();
        let filled = said.iter().filter(|cell| !cell.is_empty()).count();
        filled > 1
            && (0..said.len().max(self.headings.len())).all(|at| {
                said.get(at).map_or("", String::as_str) == self.headings.get(at).map_or("", String::as_str)
            })
    }

    fn words(&self, row: &Row, field: Field, most: usize) -> Result<String, Refused> {
        let text = self.text(row, field);
        let length = text.chars().count();
        if length > most {
            let (name, what) = (self.name(row, field), field_noun(field));
            let (length, most) = (words::number(length as u64), words::number(most as u64));
            return Err(format!(
                "{name} has {length} characters, and {what} takes at most {most}: shorten it."
            ));
        }
        Ok(text.to_owned())
    }

    /// C14 says “this”.
    fn quoted(&self, row: &Row, field: Field) -> String {
        format!("{} says “{}”", self.name(row, field), short(self.text(row, field), 60))
    }

    fn day(&self, row: &Row, field: Field) -> Result<Option<NaiveDate>, Refused> {
        let text = self.text(row, field);
        if plain(text).is_empty() {
            return Ok(None);
        }
        date::day(text).map(Some).ok_or_else(|| {
            format!(
                "{}, which is no date: write it like 3/4/2026, or leave it empty.",
                self.quoted(row, field)
            )
        })
    }

    fn found(&self, row: &Row, remarks: &mut Vec<String>) -> NaiveDate {
        let text = self.text(row, Field::Found);
        let day = not_later(date::day(text), self.ground.today);
        if day.is_none() && !plain(text).is_empty() {
            remarks.push(format!(
                "{}, which is no day until today: today is taken.",
                self.quoted(row, Field::Found)
            ));
        }
        day.unwrap_or(self.ground.today)
    }

    /// How far it is, and when it was done. The status says so; without one, the day it was completed.
    fn progress(&self, row: &Row, remarks: &mut Vec<String>) -> (Progress, Option<NaiveDate>) {
        let (status, completed) = (self.text(row, Field::Status), self.text(row, Field::Closed));
        let day = not_later(date::day(completed), self.ground.today);
        let by_status = self.choices.meaning(Field::Status, status).and_then(Progress::from_text);
        let progress = by_status.unwrap_or_else(|| match (day, value::progress(completed)) {
            (Some(_), _) | (None, Some(Progress::Done)) => Progress::Done,
            _ => Progress::NotStarted,
        });
        if progress == Progress::Done && day.is_none() && !plain(completed).is_empty() {
            remarks.push(format!(
                "{}, which is no day until today: it comes without the day it was done.",
                self.quoted(row, Field::Closed)
            ));
        }
        if !matches!(progress, Progress::Done | Progress::LeftOut) && day.is_some() {
            let (status, closed) = (self.quoted(row, Field::Status), self.quoted(row, Field::Closed));
            remarks.push(format!("{closed}, but {status}: it comes as open."));
        }
        (progress, day)
    }

    fn service(&self, row: &Row) -> Result<ServiceId, Refused> {
        let text = self.text(row, Field::Service);
        let place = |id: &str| {
            self.ground.places.iter().find(|place| place.id.to_string() == id).map(|place| place.id)
        };
        if plain(text).is_empty() {
            let usual =
                self.choices.service.filter(|id| self.ground.places.iter().any(|place| place.id == *id));
            return usual.ok_or_else(|| match self.name(row, Field::Service) {
                name if name.is_empty() => {
                    "The row names no service, and none was chosen for such rows.".to_owned()
                }
                name => format!("{name} is empty, and no service was chosen for such rows."),
            });
        }
        let chosen = self.choices.meaning(Field::Service, text).and_then(place);
        chosen.ok_or_else(|| {
            format!("{}, which was matched with none of your services.", self.quoted(row, Field::Service))
        })
    }

    fn risk(&self, row: &Row) -> (Risk, bool) {
        let said = self.choices.meaning(Field::Risk, self.text(row, Field::Risk)).and_then(Risk::from_text);
        (said.unwrap_or_else(|| self.choices.usual_risk()), said.is_some())
    }

    fn topic(&self, row: &Row, finding: &str, what: &str) -> (Topic, Theme) {
        let said =
            self.choices.meaning(Field::Topic, self.text(row, Field::Topic)).and_then(Topic::from_text);
        let guessed = || value::topic(finding).or_else(|| value::topic(what)).unwrap_or(Topic::Other);
        let topic = said.unwrap_or_else(guessed);
        (topic, value::theme_of(topic))
    }

    fn owner(
        &self,
        row: &Row,
        service: ServiceId,
        remarks: &mut Vec<String>,
        done: bool,
    ) -> Option<MemberId> {
        let text = self.text(row, Field::Owner);
        if done {
            return None; // its words are kept: nobody owns what is done
        }
        if plain(text).is_empty() {
            remarks.push("Nobody owns it yet.".to_owned());
            return None;
        }
        let chosen = self.choices.meaning(Field::Owner, text);
        let member = chosen.and_then(|id| self.ground.owners.iter().find(|owner| owner.id.to_string() == id));
        match member {
            None => {
                remarks.push(format!(
                    "{}, who was matched with nobody: it comes without an owner.",
                    self.quoted(row, Field::Owner)
                ));
                None
            }
            Some(member) if !member.works_in(service) => {
                let place = self
                    .ground
                    .places
                    .iter()
                    .find(|place| place.id == service)
                    .map_or("", |place| place.name.as_str());
                remarks.push(format!("{} does not work in {place}: it comes without an owner.", member.name));
                None
            }
            Some(member) => Some(member.id),
        }
    }

    /// What has no place of its own, so that nothing the tracker says is lost.
    fn note(&self, row: &Row, unowned: bool) -> String {
        let mut lines = Vec::new();
        for (field, label) in [
            (Field::Reference, "Reference"),
            (Field::Source, "Source"),
            (Field::Status, "Status"),
            (Field::Evidence, "Evidence"),
            (Field::Comments, "Comments"),
        ] {
            let text = self.text(row, field);
            if !text.is_empty() {
                lines.push(format!("{label}: {text}"));
            }
        }
        let owner = self.text(row, Field::Owner);
        if unowned && !owner.is_empty() {
            lines.push(format!("Owner: {owner}"));
        }
        short(&lines.join("\n"), LONG - 100)
    }

    /// Service, finding, action, their reference and the due date. Not how far it is, whose it is or what was added: those
    /// change while people go on working in the spreadsheet.
    fn fingerprint(&self, row: &Row, said: &Said) -> [u8; 32] {
        let mut hash = Sha256::new();
        let due = said.due.map(|day| day.to_string()).unwrap_or_default();
        let finding = plain(self.text(row, Field::Finding));
        let parts = [
            said.service.to_string(),
            finding,
            plain(&said.what),
            plain(self.text(row, Field::Reference)),
            due,
        ];
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().into()
    }
}

const fn field_noun(field: Field) -> &'static str {
    match field {
        Field::Finding => "a finding",
        Field::Success => "a test of success",
        _ => "an action",
    }
}

/// At most so many characters, with a sign where something was cut.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// How many rows share each fate, in the order of the list.
#[must_use]
pub fn counts(planned: &[Planned]) -> [usize; 4] {
    let of = |fate| planned.iter().filter(|one| one.fate == fate).count();
    [of(Fate::Open), of(Fate::Earlier), of(Fate::Known), of(Fate::LeftOut)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const HEADINGS: &str = "Ref|Issue|Action|Lead|Due|Status|Completed|RAG|Theme|Branch|Raised|Comments";

    fn ground() -> Ground {
        let id = |n: u128| uuid::Uuid::from_u128(n);
        let places = [(1, "Rowan House"), (2, "Rowan Visits")];
        Ground {
            today: "2026-11-22".parse().unwrap(),
            places: places.map(|(n, name)| Place { id: id(n).into(), name: name.into() }).to_vec(),
            owners: vec![
                Owner { id: id(11).into(), name: "Priya Nair".into(), services: Some(vec![id(1).into()]) },
                Owner { id: id(12).into(), name: "Helen Carter".into(), services: None },
            ],
        }
    }

    fn choices() -> Choices {
        let fields = [
            Field::Reference,
            Field::Finding,
            Field::Action,
            Field::Owner,
            Field::Due,
            Field::Status,
            Field::Closed,
            Field::Risk,
            Field::Topic,
            Field::Service,
            Field::Found,
            Field::Comments,
        ];
        let mut choices = Choices { header_row: Some(1), ..Choices::default() };
        choices.columns = fields.iter().enumerate().map(|(at, f)| (at, f.as_str().to_owned())).collect();
        let id = |n: u128| uuid::Uuid::from_u128(n).to_string();
        for (field, theirs, ours) in [
            ("status", "open", "not_started".to_owned()),
            ("status", "ongoing", "started".to_owned()),
            ("status", "done", "done".to_owned()),
            ("status", "dropped", "left_out".to_owned()),
            ("risk", "red", "high".to_owned()),
            ("topic", "meds", "medicines".to_owned()),
            ("service", "house", id(1)),
            ("service", "visits", id(2)),
            ("owner", "priya", id(11)),
            ("owner", "helen", id(12)),
        ] {
            choices.meanings.entry(field.into()).or_default().insert(theirs.into(), ours);
        }
        choices
    }

    fn sheet(lines: &[&str]) -> Vec<Row> {
        let cells = |line: &str| line.split('|').map(str::to_owned).collect();
        (1..)
            .zip(std::iter::once(&HEADINGS).chain(lines))
            .map(|(n, line)| Row { n, cells: cells(line) })
            .collect()
    }

    fn one(line: &str) -> Planned {
        plan(&sheet(&[line]), &choices(), &ground()).remove(0)
    }

    const GOOD: &str = "7|No dose on PRN charts|Add a dose to all 14 charts|Priya|3/12/2026|Ongoing||Red|Meds|House|1/11/2026|Half done";

    #[test]
    fn a_row_becomes_an_open_action() {
        let planned = one(GOOD);
        assert_eq!((planned.fate, planned.why.as_str()), (Fate::Open, ""));
        let said = planned.said.unwrap();
        assert_eq!(said.what, "Add a dose to all 14 charts");
        assert_eq!(said.finding, "No dose on PRN charts");
        assert_eq!(said.owner, Some(uuid::Uuid::from_u128(11).into()));
        assert_eq!(said.due, Some("2026-12-03".parse().unwrap()));
        assert_eq!(said.found, "2026-11-01".parse().unwrap());
        assert_eq!(
            (said.risk, said.topic, said.theme),
            ((Risk::High, true), Topic::Medicines, Theme::Safety)
        );
        assert!(said.started);
        assert_eq!(said.note, "Reference: 7\nStatus: Ongoing\nComments: Half done");
        assert_eq!(said.success_test, NO_TEST);
    }

    #[rstest]
    #[case::no_action(
        "7|Issue||Priya|3/12/2026|Open||Red|Meds|House||",
        "C2 is empty: the row says no action."
    )]
    #[case::bad_date(
        "7|Issue|Do it|Priya|asap|Open||Red|Meds|House||",
        "E2 says “asap”, which is no date: write it like 3/4/2026, or leave it empty."
    )]
    #[case::american(
        "7|Issue|Do it|Priya|04/13/2026|Open||Red|Meds|House||",
        "E2 says “04/13/2026”, which is no date: write it like 3/4/2026, or leave it empty."
    )]
    #[case::dropped(
        "7|Issue|Do it|Priya|3/12/2026|Dropped||Red|Meds|House||",
        "F2 says “Dropped”, which you chose to leave out."
    )]
    #[case::elsewhere(
        "7|Issue|Do it|Priya|3/12/2026|Open||Red|Meds|Ash Court||",
        "J2 says “Ash Court”, which was matched with none of your services."
    )]
    #[case::nowhere(
        "7|Issue|Do it|Priya|3/12/2026|Open||Red|Meds|||",
        "J2 is empty, and no service was chosen for such rows."
    )]
    #[case::headings(HEADINGS, "It repeats the headings.")]
    fn what_cannot_come_is_left_out_with_its_cell(#[case] line: &str, #[case] why: &str) {
        let planned = one(line);
        assert_eq!((planned.fate, planned.why.as_str()), (Fate::LeftOut, why));
        assert_eq!((planned.said, planned.fingerprint), (None, None));
    }

    #[test]
    fn too_long_an_action_is_left_out() {
        let planned = one(&format!("7|Issue|{}|Priya||Open||||House||", "x".repeat(1_001)));
        assert_eq!(planned.why, "C2 has 1,001 characters, and an action takes at most 1,000: shorten it.");
    }

    #[rstest]
    #[case::status(
        "7|Issue|Do it|Priya|3/1/2026|Done|5/1/2026|||House||",
        Fate::Earlier,
        Some("2026-01-05"),
        ""
    )]
    #[case::no_status(
        "7|Issue|Do it|Priya|3/1/2026||5/1/2026|||House||",
        Fate::Earlier,
        Some("2026-01-05"),
        ""
    )]
    #[case::yes(
        "7|Issue|Do it|Priya|3/1/2026||Yes|||House||",
        Fate::Earlier,
        None,
        "G2 says “Yes”, which is no day until today: it comes without the day it was done."
    )]
    #[case::to_come(
        "7|Issue|Do it|Priya|3/1/2026|Done|5/1/2027|||House||",
        Fate::Earlier,
        None,
        "G2 says “5/1/2027”, which is no day until today: it comes without the day it was done."
    )]
    #[case::late(
        "7|Issue|Do it|Priya|3/1/2026|Open||||House||",
        Fate::Open,
        None,
        "It is late from the start."
    )]
    #[case::both(
        "7|Issue|Do it|Priya|3/12/2026|Open|5/1/2026|||House||",
        Fate::Open,
        Some("2026-01-05"),
        "G2 says “5/1/2026”, but F2 says “Open”: it comes as open."
    )]
    #[case::nobody("7|Issue|Do it||3/12/2026|Open||||House||", Fate::Open, None, "Nobody owns it yet.")]
    #[case::unknown(
        "7|Issue|Do it|Bob|3/12/2026|Open||||House||",
        Fate::Open,
        None,
        "D2 says “Bob”, who was matched with nobody: it comes without an owner."
    )]
    #[case::not_there(
        "7|Issue|Do it|Priya|3/12/2026|Open||||Visits||",
        Fate::Open,
        None,
        "Priya Nair does not work in Rowan Visits: it comes without an owner."
    )]
    #[case::no_due(
        "7|Issue|Do it|Helen||Open||||Visits||",
        Fate::Open,
        None,
        "The tracker gives no due date: it gets the one of your closure standard."
    )]
    #[case::found_tomorrow(
        "7|Issue|Do it|Helen|3/12/2026|Open||||Visits|1/1/2027|",
        Fate::Open,
        None,
        "K2 says “1/1/2027”, which is no day until today: today is taken."
    )]
    fn each_has_its_fate(
        #[case] line: &str,
        #[case] fate: Fate,
        #[case] closed: Option<&str>,
        #[case] why: &str,
    ) {
        let planned = one(line);
        assert_eq!((planned.fate, planned.why.as_str()), (fate, why));
        assert_eq!(planned.said.unwrap().closed, closed.map(|day| day.parse().unwrap()));
    }

    #[test]
    fn the_same_row_has_one_fingerprint_however_far_it_is() {
        let print = |line: &str| one(line).fingerprint.unwrap();
        let first = print(GOOD);
        assert_eq!(
            print(
                &GOOD.replace("Ongoing", "Done").replace("Half done", "All done").replace("Priya", "Helen")
            ),
            first
        );
        assert_eq!(print(&GOOD.replace("Add a dose", "ADD  A DOSE")), first, "as people type it again");
        for (from, to) in [
            ("|House|", "|Visits|"),
            ("3/12/2026", "4/12/2026"),
            ("7|", "8|"),
            ("14 charts", "15 charts"),
            ("No dose", "No signature"),
        ] {
            assert_ne!(print(&GOOD.replace(from, to)), first, "{from} → {to}");
        }
    }

    #[test]
    fn a_row_that_comes_twice_comes_once() {
        let planned =
            plan(&sheet(&[GOOD, GOOD, &GOOD.replace("3/12/2026", "4/12/2026")]), &choices(), &ground());
        assert_eq!(counts(&planned), [2, 0, 0, 1]);
        assert_eq!(planned[1].why, "It says the same as row 2 of this sheet.");
    }

    #[test]
    fn what_the_tracker_does_not_say_is_chosen_once() {
        let mut chosen =
            Choices { service: Some(uuid::Uuid::from_u128(2).into()), risk: "low".into(), ..choices() };
        chosen.success_test = "8 of 8 sampled".into();
        let row = sheet(&["|| Record falls within an hour||3/12/2026|||||||"]);
        let said = plan(&row, &chosen, &ground()).remove(0).said.unwrap();
        assert_eq!(said.service, uuid::Uuid::from_u128(2).into());
        assert_eq!((said.risk, said.topic), ((Risk::Low, false), Topic::Falls));
        assert_eq!(said.success_test, "8 of 8 sampled");
        assert_eq!(said.finding, "Not written in the tracker. The action was: Record falls within an hour");
        assert_eq!(said.found, ground().today);
    }
}
