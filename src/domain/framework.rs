//! The regulator's framework as the program sees it: entries are rows (R5a), this file knows how their ids are made,
//! how to lay them out on a form, and which of them a finding most likely bears on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::topic::{Theme, Topic};

/// The framework of the five key questions.
pub const KEY_QUESTIONS: &str = "kq";
/// The framework of the 2014 Regulations.
pub const REGULATIONS: &str = "reg";

/// The longest id of an entry.
const LONGEST: usize = 101;

/// The id of a framework entry: the framework, a colon, the code within it. `kq:safe`, `reg:12`,
/// `saf34:safe-medicines-optimisation`. A well-formed id says nothing about whether the entry exists.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryId(String);

/// A text that cannot be the id of a framework entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a framework entry: expected a framework and a code, as in reg:12")]
pub struct NotAnEntry;

impl EntryId {
    /// The whole id, as stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The framework it belongs to: `reg` of `reg:12`.
    #[must_use]
    pub fn framework(&self) -> &str {
        self.0.split_once(':').map_or("", |(framework, _)| framework)
    }

    /// The code within the framework: `12` of `reg:12`.
    #[must_use]
    pub fn code(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, code)| code)
    }
}

impl FromStr for EntryId {
    type Err = NotAnEntry;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (framework, code) = text.split_once(':').ok_or(NotAnEntry)?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let framework_ok =
            framework.starts_with(|c: char| c.is_ascii_lowercase()) && framework.chars().all(plain);
        let code_ok = code.split('-').all(|part| !part.is_empty() && part.chars().all(plain));
        if framework_ok && code_ok && text.len() <= LONGEST {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnEntry)
        }
    }
}

impl TryFrom<String> for EntryId {
    type Error = NotAnEntry;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EntryId> for String {
    fn from(id: EntryId) -> Self {
        id.0
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryId({})", self.0)
    }
}

/// One row of a framework.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// Its words: "Medicines optimisation".
    pub title: String,
    /// The key question it sits under, for the frameworks that are arranged so.
    pub key_question: Option<EntryId>,
    /// Its place within its framework.
    pub position: i32,
}

impl Entry {
    /// How it reads in a list: "Regulation 12: Safe care and treatment", or its title alone.
    #[must_use]
    pub fn label(&self) -> String {
        if self.id.framework() == REGULATIONS {
            format!("Regulation {}: {}", self.id.code(), self.title)
        } else {
            self.title.clone()
        }
    }
}

/// Entries under one heading of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The key question's title; empty for entries that sit under none.
    pub heading: String,
    /// The entries, in the framework's order.
    pub entries: Vec<Entry>,
}

/// The entries of one framework, by key question in the regulator's order, those under none first.
#[must_use]
pub fn group(all: &[Entry], framework: &str) -> Vec<Group> {
    let under = |question: Option<&EntryId>| {
        let mut entries: Vec<Entry> = all
            .iter()
            .filter(|entry| entry.id.framework() == framework && entry.key_question.as_ref() == question)
            .cloned()
            .collect();
        entries.sort_by_key(|entry| entry.position);
        entries
    };
    let mut questions: Vec<&Entry> =
        all.iter().filter(|entry| entry.id.framework() == KEY_QUESTIONS).collect();
    questions.sort_by_key(|entry| entry.position);
    std::iter::once(Group { heading: String::new(), entries: under(None) })
        .chain(
            questions.into_iter().map(|question| Group {
                heading: question.title.clone(),
                entries: under(Some(&question.id)),
            }),
        )
        .filter(|group| !group.entries.is_empty())
        .collect()
}

/// What a finding bears on, always (R5a): a key question and a regulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The key question, for example `kq:safe`.
    pub key_question: EntryId,
    /// The regulation, for example `reg:12`.
    pub regulation: EntryId,
}

/// The key question and regulation a form starts with. The topic decides; where one topic can mean several things,
/// the theme does. A person can choose others.
#[must_use]
pub fn suggest(theme: Theme, topic: Topic) -> Suggestion {
    let (question, regulation) = match topic {
        Topic::Medicines | Topic::Falls | Topic::InfectionPrevention | Topic::SkinIntegrity => ("safe", "12"),
        Topic::SafeguardingLearning | Topic::Distress => ("safe", "13"),
        Topic::Environment => ("safe", "15"),
        Topic::Staffing => ("safe", "18"),
        Topic::Consent => ("effective", "11"),
        Topic::Nutrition => ("effective", "14"),
        Topic::Training => ("effective", "18"),
        Topic::Dignity => ("caring", "10"),
        Topic::FamilyCommunication => ("responsive", "9"),
        Topic::Complaints => ("responsive", "16"),
        Topic::Governance | Topic::SeniorPresence => ("well-led", "17"),
        Topic::CareRecords | Topic::MissedFollowUp | Topic::CallTimes | Topic::Other => by_theme(theme),
    };
    Suggestion { key_question: entry(KEY_QUESTIONS, question), regulation: entry(REGULATIONS, regulation) }
}

/// The key question and regulation of a theme, for topics that are about anything.
const fn by_theme(theme: Theme) -> (&'static str, &'static str) {
    match theme {
        Theme::Safety => ("safe", "12"),
        Theme::Safeguarding => ("safe", "13"),
        Theme::WorkforceCompetence => ("effective", "18"),
        Theme::DocumentationQuality | Theme::Governance => ("well-led", "17"),
        Theme::Experience => ("responsive", "9"),
    }
}

/// An id from its parts, both written in this file and tested against the rows.
fn entry(framework: &str, code: &str) -> EntryId {
    EntryId(format!("{framework}:{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    /// The rows as the migration writes them, read without a database.
    fn rows() -> Vec<Entry> {
        let sql = include_str!("../../migrations/0002_framework.sql");
        let (_, values) = sql.split_once("INSERT INTO framework_entries").unwrap();
        values
            .lines()
            .filter_map(|line| line.trim().strip_prefix('('))
            .filter(|line| line.starts_with('\''))
            .map(|line| {
                let line = line.trim_end_matches([',', ';']).strip_suffix(')').unwrap();
                let (rest, position) = line.rsplit_once(", ").unwrap();
                let (rest, question) = rest.rsplit_once(", ").unwrap();
                let mut parts = rest.splitn(4, ", ");
                let id = parts.next().unwrap().trim_matches('\'').parse().unwrap();
                let title = parts.nth(2).unwrap();
                Entry {
                    id,
                    title: title[1..title.len() - 1].replace("''", "'"),
                    key_question: question
                        .strip_prefix('\'')
                        .map(|text| text.trim_matches('\'').parse().unwrap()),
                    position: position.parse().unwrap(),
                }
            })
            .collect()
    }

    #[test]
    fn the_rows_are_the_regulators() {
        let rows = rows();
        let count = |framework: &str| rows.iter().filter(|row| row.id.framework() == framework).count();
        assert_eq!((count("kq"), count("reg"), count("saf34")), (5, 12, 34));
        assert_eq!(rows.len(), 51);
        let ids: std::collections::HashSet<_> = rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids.len(), rows.len());
    }

    #[test]
    fn a_form_shows_the_statements_under_their_questions() {
        let groups = group(&rows(), "saf34");
        let shape: Vec<_> = groups.iter().map(|g| (g.heading.as_str(), g.entries.len())).collect();
        assert_eq!(shape, [("Safe", 8), ("Effective", 6), ("Caring", 5), ("Responsive", 7), ("Well-led", 8)]);
        assert_eq!(groups[0].entries[7].title, "Medicines optimisation");
        assert_eq!(groups[2].entries[3].title, "Responding to people's immediate needs");
        assert_eq!(groups[4].entries[7].title, "Environmental sustainability");
    }

    #[test]
    fn regulations_are_one_group_in_their_order_and_read_with_their_number() {
        let mut shuffled = rows();
        shuffled.reverse();
        let groups = group(&shuffled, REGULATIONS);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].heading, "");
        let labels: Vec<_> = groups[0].entries.iter().map(Entry::label).collect();
        assert_eq!(labels[0], "Regulation 9: Person-centred care");
        assert_eq!(labels[3], "Regulation 12: Safe care and treatment");
        assert_eq!(labels[11], "Regulation 20: Duty of candour");
        assert_eq!(group(&shuffled, "kloe2027"), []);
    }

    #[test]
    fn every_suggestion_is_a_row() {
        let rows = rows();
        for &theme in Theme::ALL {
            for &topic in Topic::ALL {
                let suggestion = suggest(theme, topic);
                for id in [&suggestion.key_question, &suggestion.regulation] {
                    assert!(rows.iter().any(|row| row.id == *id), "{theme}, {topic}: {id}");
                    assert_eq!(id.as_str().parse::<EntryId>().as_ref(), Ok(id));
                }
            }
        }
    }

    #[rstest]
    #[case(Theme::Safety, Topic::Medicines, "kq:safe", "reg:12")]
    #[case(Theme::DocumentationQuality, Topic::Medicines, "kq:safe", "reg:12")]
    #[case(Theme::Safety, Topic::Nutrition, "kq:effective", "reg:14")]
    #[case(Theme::Experience, Topic::Dignity, "kq:caring", "reg:10")]
    #[case(Theme::Experience, Topic::FamilyCommunication, "kq:responsive", "reg:9")]
    #[case(Theme::Safeguarding, Topic::SafeguardingLearning, "kq:safe", "reg:13")]
    #[case(Theme::Safeguarding, Topic::Distress, "kq:safe", "reg:13")]
    #[case(Theme::DocumentationQuality, Topic::CareRecords, "kq:well-led", "reg:17")]
    #[case(Theme::Safety, Topic::CareRecords, "kq:safe", "reg:12")]
    #[case(Theme::Experience, Topic::CallTimes, "kq:responsive", "reg:9")]
    #[case(Theme::WorkforceCompetence, Topic::Training, "kq:effective", "reg:18")]
    #[case(Theme::Governance, Topic::Other, "kq:well-led", "reg:17")]
    #[case(Theme::Experience, Topic::Complaints, "kq:responsive", "reg:16")]
    fn suggests(
        #[case] theme: Theme,
        #[case] topic: Topic,
        #[case] question: &str,
        #[case] regulation: &str,
    ) {
        let suggestion = suggest(theme, topic);
        assert_eq!(suggestion.key_question.as_str(), question);
        assert_eq!(suggestion.regulation.as_str(), regulation);
    }

    #[rstest]
    #[case("reg:12", "reg", "12")]
    #[case("kq:well-led", "kq", "well-led")]
    #[case("saf34:safe-learning-culture", "saf34", "safe-learning-culture")]
    fn ids_have_two_parts(#[case] text: &str, #[case] framework: &str, #[case] code: &str) {
        let id: EntryId = text.parse().unwrap();
        assert_eq!((id.framework(), id.code(), id.to_string().as_str()), (framework, code, text));
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{text}\""));
    }

    #[rstest]
    #[case("")]
    #[case("reg")]
    #[case("reg:")]
    #[case(":12")]
    #[case("reg:12:13")]
    #[case("Reg:12")]
    #[case("reg:12 ")]
    #[case("34:safe")]
    #[case("saf34:safe--x")]
    #[case("saf34:-x")]
    #[case("reg:é")]
    #[case("reg:12'; drop table findings")]
    fn other_texts_are_no_ids(#[case] text: &str) {
        assert_eq!(text.parse::<EntryId>(), Err(NotAnEntry));
        assert!(serde_json::from_str::<EntryId>(&serde_json::to_string(text).unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn an_id_reads_back_and_no_text_panics(text in "[a-z0-9:-]{0,120}|\\PC{0,20}") {
            if let Ok(id) = text.parse::<EntryId>() {
                prop_assert_eq!(id.as_str(), text.as_str());
                prop_assert_eq!(format!("{}:{}", id.framework(), id.code()), text);
            }
        }
    }
}
