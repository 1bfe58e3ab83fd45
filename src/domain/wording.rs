//! Whether an action says what will be done so that somebody else can check it (R2), and whether a note says anything
//! at all (E8). It points things out; only for high and critical findings it insists.

/// The weak phrases.
mod phrases;
/// Words that tell who, when, how and how many.
mod vocabulary;

use phrases::{PHRASES, Phrase};
use vocabulary::{CHECKS, EMPTY_NOTE, FILLER, MONTHS, NUMBERS, ROLES, SAMPLING, SOME, STAFF, WHEN};

/// Why a phrase is hard to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Weakness {
    /// Watching changes nothing: "monitor".
    Watch,
    /// Telling everybody is telling nobody: "remind staff".
    Crowd,
    /// A wish: "be more careful".
    Care,
    /// A promise without a deed: "ensure".
    Promise,
    /// A direction without a measure: "improve".
    Improve,
    /// A thought, not a deed: "consider".
    Consider,
    /// No end, or no beginning: "ongoing", "as needed".
    Open,
}

impl Weakness {
    /// What to do instead, one sentence, and an example, without its full stop.
    #[must_use]
    pub const fn advice(self) -> (&'static str, &'static str) {
        match self {
            Self::Watch => (
                "Say who looks at what, how often and until when.",
                "Nurse in charge reads all 9 fluid charts at 2pm each day until 4 December and signs each one",
            ),
            Self::Crowd => (
                "Name the change and how someone else will see it.",
                "Add a maximum dose to all 12 protocols; deputy checks a sample of 6 on 7 December",
            ),
            Self::Care => (
                "Name the step that will be different, and who does it.",
                "Second signature for every insulin dose on Elm from Monday; senior checks the sheet at handover",
            ),
            Self::Promise => (
                "Say what will be done so that it happens.",
                "Put the review date on the front of all 24 care plans by 4 December; team leader checks 6",
            ),
            Self::Improve => (
                "Say what will change, from what to what.",
                "Raise signed repositioning charts from 6 of 10 to 10 of 10 by 11 December",
            ),
            Self::Consider => (
                "Decide what will be done, or make the decision itself the action, with a date.",
                "Decide at the meeting on 3 December whether to add a twilight shift; quality lead checks that the minutes say why",
            ),
            Self::Open => (
                "Give it an end: a date, a number of times, or the result you will stop at.",
                "Call bell times sampled every Friday for 4 weeks, until 9 of 10 are under 5 minutes",
            ),
        }
    }
}

/// A weak phrase found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VagueTerm {
    /// The words as they were typed.
    pub phrase: String,
    /// Where it starts in the text, in bytes.
    pub start: usize,
    /// Where it ends in the text, in bytes.
    pub end: usize,
    /// Why it is weak.
    pub weakness: Weakness,
}

impl VagueTerm {
    /// What the page says about it: “Remind staff” is hard to check. Name the change and how someone else will see it.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut letters = self.phrase.chars();
        let first: String = letters.next().map(char::to_uppercase).into_iter().flatten().collect();
        format!("“{first}{}” is hard to check. {}", letters.as_str(), self.weakness.advice().0)
    }

    /// An example of how to say it instead.
    #[must_use]
    pub fn example(&self) -> String {
        format!("{}.", self.weakness.advice().1)
    }
}

/// What an action does not say yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Missing {
    /// What will be different.
    What,
    /// Who does it.
    Who,
    /// By when.
    ByWhen,
    /// How somebody else will see that it worked.
    HowWeWillKnow,
    /// How many.
    HowMany,
}

impl Missing {
    /// What the page asks for.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::What => "Say what will be different, and where.",
            Self::Who => "Choose one owner.",
            Self::ByWhen => "Give a due date.",
            Self::HowWeWillKnow => "Say how someone else will see that it worked.",
            Self::HowMany => "Say how many: all of them, or a sample of how many.",
        }
    }
}

/// What the form already says in fields of its own, so that the text need not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// An owner is chosen.
    pub has_owner: bool,
    /// A due date is given.
    pub has_due_date: bool,
    /// How success will be tested is filled in.
    pub has_success_test: bool,
}

/// What there is to say about the wording of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording {
    /// Weak phrases, in the order of the text, never overlapping.
    pub vague: Vec<VagueTerm>,
    /// What is not said yet, in the order it is asked for.
    pub missing: Vec<Missing>,
}

impl Wording {
    /// Nothing to point out.
    #[must_use]
    pub const fn is_clear(&self) -> bool {
        self.vague.is_empty() && self.missing.is_empty()
    }

    /// Whether it must be reworded, or the manager must say why not (R2): a weak phrase, or nothing to be done, on a
    /// high or critical finding.
    #[must_use]
    pub fn must_reword(&self, risk_high_or_critical: bool) -> bool {
        risk_high_or_critical && (!self.vague.is_empty() || self.missing.contains(&Missing::What))
    }
}

/// Reads the text of an action.
#[must_use]
pub fn check(text: &str, context: Context) -> Wording {
    let words = split(text);
    let (vague, in_vague) = weak_phrases(text, &words);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.lower.as_str()));
    let number = words.iter().any(Word::is_number);

    let mut missing = Vec::new();
    if !has_content(&words, &in_vague) {
        missing.push(Missing::What);
    }
    if !context.has_owner && !has(ROLES) {
        missing.push(Missing::Who);
    }
    if !context.has_due_date && !has(WHEN) && !has_month(&words) && !has_typed_date(text) {
        missing.push(Missing::ByWhen);
    }
    if !context.has_success_test && !has(CHECKS) {
        missing.push(Missing::HowWeWillKnow);
    }
    if has(SOME) || (has(SAMPLING) && !number && !has(NUMBERS)) {
        missing.push(Missing::HowMany);
    }
    Wording { vague, missing }
}

/// Whether the note of a closure or a verification says nothing that could be checked: "addressed", "done", "as
/// above", "n/a", or fewer than three words (E8).
#[must_use]
pub fn is_vague_note(text: &str) -> bool {
    let words = split(text);
    let content = words.iter().enumerate().filter(|&(index, word)| {
        let lower = word.lower.as_str();
        !part_of_date(&words, index) && !FILLER.contains(&lower) && !EMPTY_NOTE.contains(&lower)
    });
    words.len() < 3 || content.count() < 2
}

/// Whether a text asks for nothing but telling people to do what they should do already: "remind staff", "be more
/// careful". A sentence of its own that says what will be done makes it more than that (R22).
#[must_use]
pub fn only_reminds(text: &str) -> bool {
    let mut reminds = false;
    for sentence in text.split(['.', ';', '\n']) {
        let words = split(sentence);
        let (vague, in_vague) = weak_phrases(sentence, &words);
        if vague.iter().any(|v| matches!(v.weakness, Weakness::Crowd | Weakness::Care)) {
            reminds = true;
        } else if has_content(&words, &in_vague) {
            return false;
        }
    }
    reminds
}

/// Whether two words besides weak phrases, fillers and numbers say what will be done.
fn has_content(words: &[Word], in_vague: &[bool]) -> bool {
    let content = words.iter().zip(in_vague).filter(|(word, vague)| {
        let lower = word.lower.as_str();
        !**vague
            && !FILLER.contains(&lower)
            && !STAFF.contains(&lower)
            && !word.is_number()
            && lower.len() > 2
    });
    content.count() >= 2
}

/// Whether word `index` is the day, month or year of a written date, or a weekday.
fn part_of_date(words: &[Word], index: usize) -> bool {
    let month = |index: usize| words.get(index).is_some_and(|word| MONTHS.contains(&word.lower.as_str()));
    let number = |index: usize| words.get(index).is_some_and(Word::is_number);
    let beside = |test: &dyn Fn(usize) -> bool| test(index + 1) || index.checked_sub(1).is_some_and(test);
    (number(index) && beside(&month))
        || (month(index) && beside(&number))
        || words.get(index).is_some_and(|word| WHEN.contains(&word.lower.as_str()))
}

/// Whether a month stands beside a number.
fn has_month(words: &[Word]) -> bool {
    let month = |word: &Word| MONTHS.contains(&word.lower.as_str());
    (0..words.len()).any(|index| words.get(index).is_some_and(month) && part_of_date(words, index))
}

/// A word of a text: lower case with straight apostrophes, and where it stands.
struct Word {
    lower: String,
    start: usize,
    end: usize,
}

impl Word {
    fn is_number(&self) -> bool {
        self.lower.starts_with(|c: char| c.is_ascii_digit())
    }
}

/// The words of a text. An apostrophe belongs to its word, a hyphen parts two.
fn split(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for (at, c) in text.char_indices() {
        if !c.is_alphanumeric() && c != '\'' && c != '’' {
            continue;
        }
        let end = at + c.len_utf8();
        let plain = if c == '’' { '\'' } else { c };
        match words.last_mut() {
            Some(word) if word.end == at => {
                word.lower.extend(plain.to_lowercase());
                word.end = end;
            }
            _ => words.push(Word { lower: plain.to_lowercase().collect(), start: at, end }),
        }
    }
    for word in &mut words {
        // Quotation marks are not part of the word; a possessive stays.
        word.lower = word.lower.trim_matches('\'').to_owned();
    }
    words
}

/// The weak phrases of a text, longest first at each word, and for each word whether one covers it.
fn weak_phrases(text: &str, words: &[Word]) -> (Vec<VagueTerm>, Vec<bool>) {
    let mut found = Vec::new();
    let mut covered = vec![false; words.len()];
    let mut at = 0;
    while at < words.len() {
        let longest = PHRASES
            .iter()
            .filter_map(|phrase| match_phrase(phrase, text, words, at).map(|end| (end, phrase.weakness)))
            .max_by_key(|&(end, _)| end);
        let Some((end, weakness)) = longest else {
            at += 1;
            continue;
        };
        if let Some([first, .., last] | [first @ last]) = words.get(at..end) {
            let phrase = text.get(first.start..last.end).unwrap_or_default().to_owned();
            found.push(VagueTerm { phrase, start: first.start, end: last.end, weakness });
        }
        for flag in covered.iter_mut().take(end).skip(at) {
            *flag = true;
        }
        at = end;
    }
    (found, covered)
}

/// Where `phrase` ends if it starts at word `at` and its company does not make it something else.
fn match_phrase(phrase: &Phrase, text: &str, words: &[Word], at: usize) -> Option<usize> {
    let parts: Vec<&str> = phrase.pattern.split(' ').collect();
    let end = match_parts(&parts, text, words, at, at)?;
    let before = at.checked_sub(1).filter(|_| joined(text, words, at)).and_then(|index| words.get(index));
    let behind = words.get(end).filter(|_| joined(text, words, end));
    let is =
        |word: Option<&Word>, list: &[&str]| word.is_some_and(|word| list.contains(&word.lower.as_str()));
    (!is(before, phrase.unless_after) && !is(behind, phrase.unless_before)).then_some(end)
}

/// Matches the parts of a pattern from word `at`; optional parts are taken where they can be.
fn match_parts(parts: &[&str], text: &str, words: &[Word], start: usize, at: usize) -> Option<usize> {
    let Some((part, rest)) = parts.split_first() else {
        return Some(at);
    };
    let (optional, part) = part.strip_prefix('?').map_or((false, *part), |part| (true, part));
    let fits = words.get(at).is_some_and(|word| {
        let same = if part == "@staff" {
            STAFF.contains(&word.lower.as_str())
        } else {
            part.split('|').any(|either| either == word.lower)
        };
        same && (at == start || joined(text, words, at))
    });
    let taken = if fits { match_parts(rest, text, words, start, at + 1) } else { None };
    taken.or_else(|| if optional { match_parts(rest, text, words, start, at) } else { None })
}

/// Whether word `at` follows the one before within a sentence: nothing but spaces, hyphens and quotation marks between.
fn joined(text: &str, words: &[Word], at: usize) -> bool {
    let (Some(before), Some(word)) = (at.checked_sub(1).and_then(|index| words.get(index)), words.get(at))
    else {
        return false;
    };
    text.get(before.end..word.start).is_some_and(|gap| {
        gap.chars().all(|c| matches!(c, ' ' | '\t' | '-' | '‐' | '‑' | '"' | '“' | '”' | '\u{a0}'))
    })
}

/// Whether a date stands in the text in figures: 7/12 or 7/12/2026.
fn has_typed_date(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit() && c != '/').any(|part| {
        let fields: Vec<&str> = part.split('/').collect();
        matches!(fields.len(), 2 | 3) && fields.iter().all(|field| (1..=4).contains(&field.len()))
    })
}

#[cfg(test)]
mod tests;
