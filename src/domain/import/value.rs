//! What the words in a tracker's cells most likely mean: how far a row is, its risk, its topic, whose it is and where.

use super::plain;
use crate::domain::member::Role;
use crate::domain::text_enum::text_enum;
use crate::domain::topic::{Risk, Theme, Topic};

text_enum! {
    /// How far a tracker says an action is.
    pub enum Progress {
        /// To be done.
        NotStarted => "not_started", "Open, not started";
        /// Being done.
        Started => "started", "Open, in progress";
        /// Done, as the tracker says.
        Done => "done", "Done before Throughline";
        /// Nothing to bring: withdrawn, superseded, a duplicate.
        LeftOut => "left_out", "Leave these rows out";
    }
}

/// What a status means.
#[must_use]
pub fn progress(text: &str) -> Option<Progress> {
    let number = text.trim().trim_end_matches('%').trim();
    let of_hundred = text.trim().ends_with('%');
    if let Ok(share) = number.parse::<f64>() {
        return match share {
            0.0 => Some(Progress::NotStarted),
            100.0 => Some(Progress::Done),
            1.0 if !of_hundred => Some(Progress::Done),
            share if share > 0.0 && share < 100.0 => Some(Progress::Started),
            _ => None,
        };
    }
    let text = plain(text);

    first(&text, STATUSES)
}

/// What a risk, a priority or a colour means.
#[must_use]
pub fn risk(text: &str) -> Option<Risk> {
    first(&plain(text), RISKS)
}

/// The first whose words are the text, else the first with words in it.
fn first<T: Copy>(text: &str, table: &[(T, &[&str])]) -> Option<T> {
    let exact = table.iter().find(|(_, words)| words.contains(&text));
    let within = |words: &&[&str]| {
        words.iter().any(|word| word.len() > 2 && format!(" {text} ").contains(&format!(" {word} ")))
    };
    exact.or_else(|| table.iter().find(|(_, words)| within(words))).map(|(value, _)| *value)
}

/// The topic that a word for a theme, or the words of a finding, speak of.
#[must_use]
pub fn topic(text: &str) -> Option<Topic> {
    let text = plain(text);
    if let Some(named) = Topic::ALL.iter().find(|topic| plain(topic.label()) == text) {
        return Some(*named);
    }

    let padded = format!(" {text}");
    let found =
        TOPICS.iter().find(|(_, starts)| starts.iter().any(|start| padded.contains(&format!(" {start}"))));
    found.map(|(topic, _)| *topic)
}

const STATUSES: &[(Progress, &[&str])] = &[
    (
        Progress::LeftOut,
        &[
            "cancelled",
            "canceled",
            "withdrawn",
            "superseded",
            "duplicate",
            "not applicable",
            "n a",
            "no longer required",
            "no longer needed",
            "rejected",
            "void",
        ],
    ),
    (
        Progress::NotStarted,
        &[
            "not started",
            "not complete",
            "not completed",
            "incomplete",
            "not done",
            "outstanding",
            "open",
            "overdue",
            "to do",
            "new",
            "pending",
            "no",
            "n",
            "red",
            "late",
            "not yet",
            "not met",
            "planned",
            "raised",
            "identified",
            "re opened",
            "reopened",
        ],
    ),
    (
        Progress::Started,
        &[
            "in progress",
            "ongoing",
            "on going",
            "started",
            "part complete",
            "partially complete",
            "partly complete",
            "partially met",
            "partly",
            "partial",
            "under way",
            "underway",
            "amber",
            "on track",
            "wip",
            "working on",
            "in hand",
            "commenced",
            "yellow",
        ],
    ),
    (
        Progress::Done,
        &[
            "complete",
            "completed",
            "closed",
            "done",
            "finished",
            "achieved",
            "resolved",
            "met",
            "signed off",
            "yes",
            "y",
            "blue",
            "implemented",
            "actioned",
        ],
    ),
];

const RISKS: &[(Risk, &[&str])] = &[
    (Risk::Critical, &["critical", "extreme", "very high", "severe", "catastrophic", "urgent", "immediate"]),
    (Risk::High, &["high", "red", "major", "h", "r"]),
    (Risk::Medium, &["medium", "moderate", "amber", "med", "m", "a", "yellow"]),
    (Risk::Low, &["low", "green", "minor", "l", "g", "negligible"]),
];

/// By the beginnings of words, the more particular first.
const TOPICS: &[(Topic, &[&str])] = &[
    (Topic::Medicines, &["medic", "prn", "mar chart", "mar", "emar", "controlled drug", "dose", "pharmac"]),
    (Topic::Falls, &["fall", "falls", "slips"]),
    (
        Topic::Nutrition,
        &["nutrition", "hydrat", "diet", "food", "meal", "weight", "swallow", "dysphag", "menu"],
    ),
    (
        Topic::SkinIntegrity,
        &[
            "skin",
            "pressure ulcer",
            "pressure sore",
            "pressure area",
            "tissue viab",
            "waterlow",
            "repositioning",
        ],
    ),
    (
        Topic::InfectionPrevention,
        &["infection", "ipc", "ppe", "hand hygiene", "cleaning", "cleanliness", "outbreak"],
    ),
    (Topic::SafeguardingLearning, &["safeguard"]),
    (Topic::Distress, &["distress", "restrict", "restrain", "behaviour", "pbs", "de escalat"]),
    (Topic::Consent, &["consent", "capacity", "mca", "dols", "best interest"]),
    (Topic::Dignity, &["dignity", "respect", "privacy"]),
    (Topic::FamilyCommunication, &["famil", "relatives", "next of kin"]),
    (Topic::Complaints, &["complain"]),
    (
        Topic::CallTimes,
        &[
            "call time",
            "missed call",
            "late call",
            "visit time",
            "missed visit",
            "late visit",
            "short visit",
            "punctual",
        ],
    ),
    (Topic::Training, &["train", "competen", "supervision", "induction", "apprais", "e learning"]),
    (Topic::Staffing, &["staffing", "rota", "recruit", "agency", "dbs", "staff level", "turnover"]),
    (
        Topic::CareRecords,
        &[
            "care plan",
            "care record",
            "record",
            "document",
            "risk assessment",
            "assessment",
            "support plan",
            "daily note",
            "paperwork",
        ],
    ),
    (
        Topic::Environment,
        &[
            "environment",
            "equipment",
            "fire",
            "premises",
            "maintenance",
            "hoist",
            "legionella",
            "building",
            "decorat",
            "health and safety",
            "water temp",
            "lighting",
        ],
    ),
    (Topic::MissedFollowUp, &["follow up"]),
    (
        Topic::Governance,
        &["governance", "well led", "audit", "polic", "leadership", "quality assurance", "oversight"],
    ),
];

/// The theme a topic mostly belongs to.
#[must_use]
pub const fn theme_of(topic: Topic) -> Theme {
    match topic {
        Topic::Medicines
        | Topic::Falls
        | Topic::Nutrition
        | Topic::InfectionPrevention
        | Topic::SkinIntegrity
        | Topic::Environment => Theme::Safety,
        Topic::SafeguardingLearning | Topic::Distress => Theme::Safeguarding,
        Topic::Staffing | Topic::Training | Topic::SeniorPresence => Theme::WorkforceCompetence,
        Topic::CareRecords | Topic::Consent => Theme::DocumentationQuality,
        Topic::Dignity | Topic::FamilyCommunication | Topic::CallTimes | Topic::Complaints => {
            Theme::Experience
        }
        Topic::MissedFollowUp | Topic::Governance | Topic::Other => Theme::Governance,
    }
}

/// Whose name a cell most likely says, among people by name and job title: the whole name in any order; else first name
/// and initial, or one name, or a job title or role, if only one person fits.
#[must_use]
pub fn person<'a, T>(
    text: &str,
    people: &'a [T],
    name: impl Fn(&T) -> &str,
    title: impl Fn(&T) -> (&str, Role),
) -> Option<&'a T> {
    let asked = sorted_words(text);
    let words: Vec<&str> = asked.split(' ').filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return None;
    }
    let only = |fits: &dyn Fn(&T) -> bool| {
        let mut all = people.iter().filter(|person| fits(person));
        all.next().filter(|_| all.next().is_none())
    };
    let names = |person: &T| sorted_words(name(person));
    let known = |person: &T, word: &str| {
        names(person).split(' ').any(|part| part == word || (word.len() == 1 && part.starts_with(word)))
    };
    only(&|person| names(person) == asked)
        .or_else(|| {
            only(&|person| words.iter().any(|w| w.len() > 1) && words.iter().all(|word| known(person, word)))
        })
        .or_else(|| {
            let asked = plain(text);
            only(&|person| {
                let (title, role) = title(person);
                plain(title) == asked
                    || plain(role.label()) == asked
                    || (asked == "rm" && role == Role::RegisteredManager)
            })
        })
}

fn sorted_words(text: &str) -> String {
    let plain = plain(text);
    let mut words: Vec<&str> = plain.split(' ').collect();
    words.sort_unstable();
    words.join(" ")
}

/// Which place a cell most likely says: by the whole name, else by a name that holds all its words, if only one does.
#[must_use]
pub fn place<'a, T>(text: &str, places: &'a [T], name: impl Fn(&T) -> &str) -> Option<&'a T> {
    let asked = plain(text);
    let words: Vec<&str> = asked.split(' ').filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return None;
    }
    let whole = places.iter().find(|place| plain(name(place)) == asked);
    whole.or_else(|| {
        let mut all = places.iter().filter(|place| {
            let name = format!(" {} ", plain(name(place)));
            words.iter().all(|word| name.contains(&format!(" {word} ")))
        });
        all.next().filter(|_| all.next().is_none())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Complete", Some(Progress::Done))]
    #[case("CLOSED ", Some(Progress::Done))]
    #[case("Completed 3/4/26", Some(Progress::Done))]
    #[case("Not complete", Some(Progress::NotStarted))]
    #[case("Partially complete", Some(Progress::Started))]
    #[case("In-progress", Some(Progress::Started))]
    #[case("On going", Some(Progress::Started))]
    #[case("Open", Some(Progress::NotStarted))]
    #[case("Overdue!", Some(Progress::NotStarted))]
    #[case("N/A", Some(Progress::LeftOut))]
    #[case("no longer required", Some(Progress::LeftOut))]
    #[case("Y", Some(Progress::Done))]
    #[case("n", Some(Progress::NotStarted))]
    #[case("100%", Some(Progress::Done))]
    #[case("1", Some(Progress::Done))]
    #[case("50%", Some(Progress::Started))]
    #[case("0%", Some(Progress::NotStarted))]
    #[case("Blue", Some(Progress::Done))]
    #[case("Green", None)]
    #[case("see notes", None)]
    fn statuses(#[case] text: &str, #[case] wanted: Option<Progress>) {
        assert_eq!(progress(text), wanted, "{text}");
    }

    #[rstest]
    #[case("RED", Some(Risk::High))]
    #[case("Amber", Some(Risk::Medium))]
    #[case("G", Some(Risk::Low))]
    #[case("Very high", Some(Risk::Critical))]
    #[case("High (16)", Some(Risk::High))]
    #[case("2 - medium", Some(Risk::Medium))]
    #[case("purple", None)]
    fn risks(#[case] text: &str, #[case] wanted: Option<Risk>) {
        assert_eq!(risk(text), wanted, "{text}");
    }

    #[rstest]
    #[case("Medication", Some(Topic::Medicines))]
    #[case("PRN protocols have no dose", Some(Topic::Medicines))]
    #[case("Falls", Some(Topic::Falls))]
    #[case("Care planning / records", Some(Topic::CareRecords))]
    #[case("Infection control", Some(Topic::InfectionPrevention))]
    #[case("Nutrition and hydration", Some(Topic::Nutrition))]
    #[case("MCA and DoLS", Some(Topic::Consent))]
    #[case("Fire doors", Some(Topic::Environment))]
    #[case("Staff training", Some(Topic::Training))]
    #[case("Summary", None)]
    fn topics(#[case] text: &str, #[case] wanted: Option<Topic>) {
        assert_eq!(topic(text), wanted, "{text}");
    }

    #[rstest]
    #[case("Priya Nair", Some(0))]
    #[case("nair, priya", Some(0))]
    #[case("Priya", Some(0))]
    #[case("P Nair", Some(0))]
    #[case("P. Nair", Some(0))]
    #[case("Sam", None)]
    #[case("Sam Reid", Some(1))]
    #[case("Registered manager", Some(0))]
    #[case("RM", Some(0))]
    #[case("Shift lead", Some(2))]
    #[case("P", None)]
    #[case("All staff", None)]
    #[case("", None)]
    fn people(#[case] text: &str, #[case] wanted: Option<usize>) {
        let people = [
            (0, "Priya Nair", "home manager", Role::RegisteredManager),
            (1, "Sam Reid", "", Role::CareStaff),
            (2, "Sam Lane", "Shift lead", Role::TeamLeader),
        ];
        let found = person(text, &people, |p| p.1, |p| (p.2, p.3)).map(|p| p.0);
        assert_eq!(found, wanted, "{text}");
    }

    #[rstest]
    #[case("rowan house", Some(0))]
    #[case("House", Some(0))]
    #[case("Rowan", None)]
    #[case("Ash Court", None)]
    fn places(#[case] text: &str, #[case] wanted: Option<usize>) {
        let places = [(0, "Rowan House"), (1, "Rowan Visits")];
        assert_eq!(place(text, &places, |p| p.1).map(|p| p.0), wanted, "{text}");
    }

    #[test]
    fn words_are_kept() {
        crate::domain::text_enum::assert_words::<Progress>();
    }
}
