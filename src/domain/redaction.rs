//! Names of members told as job titles, in what leaves the provider: "Registered manager", "Senior carer 2". Always the
//! same title for the same person, so that it stays plain who did what, and whether who checked was somebody else.
//!
//! Found are full names however they are spaced, hyphenated, turned round or run together, and first names and surnames that stand
//! alone with a capital letter. A word that is also an ordinary one ("May", "Price") or part of the provider's, a service's or a
//! unit's name is left alone when it stands alone. Nicknames, wrong spellings and names of people who are no members are not found.

use std::borrow::Cow;
use std::collections::HashMap;

use super::member::Role;
use super::text_enum::text_enum;
use super::words::capital;
use crate::ids::MemberId;

text_enum! {
    /// How members are named in what leaves the provider.
    pub enum Naming {
        /// By their job titles.
        Titles => "titles", "By job title";
        /// By their names.
        Names => "names", "By name";
    }
}

/// A member, whether still here or not.
#[derive(Clone, Debug)]
pub struct Named {
    /// The membership.
    pub id: MemberId,
    /// The name.
    pub name: String,
    /// The role.
    pub role: Role,
    /// The job title, possibly empty.
    pub job_title: String,
}

/// Words that begin sentences or mean something in care, and are also names: left alone when they stand alone.
const ORDINARY: [&str; 46] = [
    "april", "august", "bath", "bed", "best", "black", "brown", "care", "carer", "case", "cook", "day",
    "field", "good", "gray", "green", "grey", "hall", "hill", "home", "house", "june", "king", "lane",
    "little", "long", "low", "mark", "may", "night", "north", "nurse", "old", "page", "park", "price",
    "read", "short", "south", "spring", "summer", "ward", "west", "white", "will", "young",
];
/// How many characters may stand between the parts of a name.
const GAP: usize = 3;
/// The shortest part of a name that is found alone.
const ALONE: usize = 3;

/// Puts titles in the place of names; with [`Redaction::none`] everything stays.
#[derive(Clone, Debug, Default)]
pub struct Redaction {
    titles: HashMap<MemberId, String>,
    /// Names as words in small letters, and what stands for them; the longest first.
    whole: HashMap<String, Vec<(Vec<String>, String)>>,
    /// Parts of names that stand alone.
    parts: HashMap<String, String>,
}

impl Redaction {
    /// Leaves every name.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Finds these members; `places` are the names of provider, services and units.
    #[must_use]
    pub fn titles(members: &[Named], places: &[String]) -> Self {
        let titles = titles_of(members);
        let mut redaction = Self { titles, ..Self::default() };
        let kept: Vec<String> = places.iter().flat_map(|place| lower_words(place)).collect();
        for member in members {
            let words = lower_words(&member.name);
            let Some(title) = redaction.titles.get(&member.id).cloned() else { continue };
            for part in &words {
                let known = ORDINARY.contains(&part.as_str()) || kept.contains(part);
                if part.chars().count() >= ALONE && !known && words.len() > 1 {
                    redaction.parts.entry(part.clone()).or_insert_with(|| title.clone());
                }
            }
            let turned: Vec<String> = words.iter().rev().cloned().collect();
            for form in [vec![words.concat()], vec![turned.concat()], turned, words] {
                if let Some(first) = form.first().filter(|first| !first.is_empty()).cloned() {
                    redaction.whole.entry(first).or_default().push((form, title.clone()));
                }
            }
        }
        for forms in redaction.whole.values_mut() {
            forms.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
        }
        redaction
    }

    /// What stands for a member; none when names stay.
    #[must_use]
    pub fn title(&self, member: MemberId) -> Option<&str> {
        self.titles.get(&member).map(String::as_str)
    }

    /// The text with titles in the place of names.
    #[must_use]
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.whole.is_empty() {
            return Cow::Borrowed(text);
        }
        let words = words_in(text);
        let (mut out, mut from, mut at) = (String::new(), 0, 0);
        while let Some((start, end)) = words.get(at).copied() {
            match self.found(text, &words, at) {
                Some((count, title)) => {
                    let last = words.get(at + count - 1).map_or(end, |(_, end)| *end);
                    out.push_str(text.get(from..start).unwrap_or_default());
                    out.push_str(title);
                    from = last;
                    at += count;
                }
                None => at += 1,
            }
        }
        if from == 0 && out.is_empty() {
            return Cow::Borrowed(text);
        }
        out.push_str(text.get(from..).unwrap_or_default());
        Cow::Owned(out)
    }

    /// Whether a text names nobody.
    #[must_use]
    pub fn is_clean(&self, text: &str) -> bool {
        matches!(self.hide(text), Cow::Borrowed(_))
    }

    /// The name that begins at a word: of how many words it is, and what stands for it.
    fn found(&self, text: &str, words: &[(usize, usize)], at: usize) -> Option<(usize, &str)> {
        let (start, end) = words.get(at).copied()?;
        let word = text.get(start..end)?;
        let lower = word.to_lowercase();
        for (form, title) in self.whole.get(&lower).into_iter().flatten() {
            let there = words.get(at..at + form.len()).is_some_and(|found| {
                let near = found.windows(2).all(|pair| match pair {
                    [(_, end), (start, _)] => {
                        text.get(*end..*start).is_some_and(|gap| gap.chars().count() <= GAP)
                    }
                    _ => true,
                });
                let same = |((start, end), part): (&(usize, usize), &String)| {
                    text.get(*start..*end).is_some_and(|word| word.to_lowercase() == *part)
                };
                near && found.iter().zip(form).all(same)
            });
            if there {
                return Some((form.len(), title));
            }
        }
        let capital = word.chars().next().is_some_and(char::is_uppercase);
        self.parts.get(&lower).filter(|_| capital).map(|title| (1, title.as_str()))
    }
}

/// Where the words of a text are: letters and figures that follow one another.
fn words_in(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut begun = None;
    for (at, c) in text.char_indices() {
        match (c.is_alphanumeric(), begun) {
            (true, None) => begun = Some(at),
            (false, Some(from)) => {
                words.push((from, at));
                begun = None;
            }
            _ => {}
        }
    }
    words.extend(begun.map(|from| (from, text.len())));
    words
}

fn lower_words(text: &str) -> Vec<String> {
    words_in(text).into_iter().filter_map(|(from, to)| text.get(from..to)).map(str::to_lowercase).collect()
}

/// "Registered manager" for the only one, "Senior carer 2" for the second of several, in the order they came.
fn titles_of(members: &[Named]) -> HashMap<MemberId, String> {
    let names: Vec<String> = members.iter().flat_map(|member| lower_words(&member.name)).collect();
    let mut sorted: Vec<&Named> = members.iter().collect();
    sorted.sort_by_key(|member| member.id);
    let title = |member: &Named| {
        let title = member.job_title.trim();
        // a title that names somebody is none
        let names_one =
            lower_words(title).iter().any(|word| names.contains(word) && !ORDINARY.contains(&word.as_str()));
        let plain = if title.is_empty() || names_one { member.role.label() } else { title };
        capital(plain)
    };
    let mut all: HashMap<String, usize> = HashMap::new();
    for member in &sorted {
        *all.entry(title(member).to_lowercase()).or_default() += 1;
    }
    let mut counted: HashMap<String, usize> = HashMap::new();
    let numbered = sorted.iter().map(|member| {
        let title = title(member);
        let key = title.to_lowercase();
        let n = counted.entry(key.clone()).or_default();
        *n += 1;
        let told = if all.get(&key).copied().unwrap_or(1) > 1 { format!("{title} {n}") } else { title };
        (member.id, told)
    });
    numbered.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn redaction() -> Redaction {
        let of = |name: &str, role, job_title: &str| Named {
            id: MemberId::new(),
            name: name.into(),
            role,
            job_title: job_title.into(),
        };
        let members = [
            of("Amara Bello", Role::CareStaff, "senior carer"),
            of("Tom Reid", Role::CareStaff, "Senior carer"),
            of("Priya Nair", Role::RegisteredManager, ""),
            of("Owen Price", Role::DeputyManager, "Owen's deputy"),
            of("May Ash", Role::TeamLeader, ""),
            of("Jean-Luc O'Hara", Role::QualityLead, ""),
        ];
        Redaction::titles(&members, &["Rowan House".into(), "Ash".into()])
    }

    #[rstest]
    #[case("Amara Bello did it", "Senior carer 1 did it")]
    #[case("told amara  bello and AMARA BELLO", "told Senior carer 1 and Senior carer 1")]
    #[case("amara.bello@rowan.example, AmaraBello.pdf", "Senior carer 1@rowan.example, Senior carer 1.pdf")]
    #[case("Bello, Amara: MAR_amara_bello_46", "Senior carer 1: MAR_Senior carer 1_46")]
    #[case("Tom and Reid, but a tomcat", "Senior carer 2 and Senior carer 2, but a tomcat")]
    #[case("Priya's rota", "Registered manager's rota")]
    #[case("Price rises in May on Ash unit", "Price rises in May on Ash unit")]
    #[case("Owen Price and May Ash met", "Deputy manager and Team leader met")]
    #[case("Jean-Luc O’Hara and Jean Luc O'Hara", "Quality lead and Quality lead")]
    #[case("nobody here", "nobody here")]
    #[case("", "")]
    fn names_become_titles(#[case] text: &str, #[case] told: &str) {
        let redaction = redaction();
        assert_eq!(redaction.hide(text), told);
        assert_eq!(redaction.is_clean(text), text == told);
        assert_eq!(Redaction::none().hide(text), text);
    }

    #[test]
    fn a_title_stands_for_one_person_alone() {
        let redaction = redaction();
        let mut titles: Vec<&String> = redaction.titles.values().collect();
        let all = titles.len();
        titles.sort();
        titles.dedup();
        assert_eq!((all, titles.len()), (6, 6));
    }
}
