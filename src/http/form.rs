//! Forms that keep everything typed: a [`Draft`] holds the fields as they came, the readers below take typed values
//! out of it, and what cannot be read becomes a sentence beside its field and in the summary at the top.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::text_enum::TextEnum;
use crate::http::extract::has_control;

/// What to say when a date is not one.
pub const REAL_DATE: &str = "Enter a real date, like 27 11 2026";
const ONE_ANSWER: &str = "Enter this once: it was sent more than once";
const HIDDEN: &str = "Type this again: it has hidden control characters in it";

/// The sentences of a form that cannot be accepted, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors(Vec<FieldError>);

/// One sentence, and the field it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The name of the field, which is also the id of its first input: the summary links to it.
    pub field: String,
    /// What to do, as one sentence without a full stop.
    pub sentence: String,
}

impl Errors {
    /// The sentences, for the summary.
    #[must_use]
    pub fn items(&self) -> &[FieldError] {
        &self.0
    }

    /// Whether there is nothing to put right.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first sentence about `field`.
    #[must_use]
    pub fn on(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|error| error.field == field).map(|error| error.sentence.as_str())
    }

    /// Adds a sentence; a field keeps its first one.
    pub fn add(&mut self, field: impl Into<String>, sentence: impl Into<String>) {
        let field = field.into();
        if self.on(&field).is_none() {
            self.0.push(FieldError { field, sentence: sentence.into() });
        }
    }
}

/// A form as it was typed, with what is wrong with it.
///
/// Every reader returns `None` when there is no usable value; it has then added a sentence, unless the field is
/// optional and empty. A handler reads all fields first and asks [`Draft::is_ok`] at the end.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pairs: Vec<(String, String)>,
    errors: Errors,
}

impl Draft {
    /// An empty form.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The fields of a request, in order, repeats kept (also the text fields of a form with files).
    #[must_use]
    pub const fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self { pairs, errors: Errors(Vec::new()) }
    }

    /// The same form with one more field filled in, for a form that starts from what is stored.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<String>) -> Self {
        self.pairs.push((field.to_owned(), value.into()));
        self
    }

    /// The same form with the three inputs of a date filled in.
    #[must_use]
    pub fn with_date(self, field: &str, date: NaiveDate) -> Self {
        self.with(field, date.format("%-d").to_string())
            .with(&format!("{field}-month"), date.format("%-m").to_string())
            .with(&format!("{field}-year"), date.format("%Y").to_string())
    }

    /// What was typed in `field`, for showing it again; empty when nothing was.
    #[must_use]
    pub fn value(&self, field: &str) -> &str {
        self.pairs.iter().find(|(name, _)| name == field).map_or("", |(_, value)| value)
    }

    /// What the page itself put in the hidden `field`; empty when it is missing or was sent more than once, which no
    /// page of ours does.
    #[must_use]
    pub fn carried(&self, field: &str) -> &str {
        if self.values(field).nth(1).is_some() { "" } else { self.value(field) }
    }

    /// What was typed in one part of `field` (`month` or `year` of a date), for showing it again.
    #[must_use]
    pub fn part(&self, field: &str, part: &str) -> &str {
        let wanted = |name: &str| {
            name.strip_prefix(field).and_then(|rest| rest.strip_prefix('-')).is_some_and(|rest| rest == part)
        };
        self.pairs.iter().find(|(name, _)| wanted(name)).map_or("", |(_, value)| value)
    }

    /// Every value of a repeated field (checkboxes), in order.
    pub fn values<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(name, _)| name == field).map(|(_, value)| value.as_str())
    }

    /// All fields, in order.
    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Whether `field` was sent with `value`: is this box ticked, this option chosen?
    #[must_use]
    pub fn has(&self, field: &str, value: &str) -> bool {
        self.values(field).any(|sent| sent == value)
    }

    /// The sentence beside `field`.
    #[must_use]
    pub fn error(&self, field: &str) -> Option<&str> {
        self.errors.on(field)
    }

    /// All sentences.
    #[must_use]
    pub const fn errors(&self) -> &Errors {
        &self.errors
    }

    /// Whether everything read so far was usable.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.errors.is_empty()
    }

    /// Adds a sentence of the caller's own: a rule's refusal that belongs to `field`.
    pub fn refuse(&mut self, field: &str, sentence: impl Into<String>) {
        self.errors.add(field, sentence);
    }

    /// The one value of `field`, line ends made `\n`, trimmed; `Some("")` when empty or missing.
    fn one(&mut self, field: &str) -> Option<String> {
        if self.values(field).nth(1).is_some() {
            self.refuse(field, ONE_ANSWER);
            return None;
        }
        let value = self.value(field).to_owned();
        if has_control(&value) {
            self.refuse(field, HIDDEN);
            return None;
        }
        Some(value.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned())
    }

    /// A text of at most `max` characters that must be there; `missing` says what to enter.
    pub fn text(&mut self, field: &str, max: usize, missing: &str) -> Option<String> {
        let text = self.optional_text(field, max);
        if text.is_none() {
            self.refuse(field, missing);
        }
        text
    }

    /// A text of at most `max` characters; `None` when empty.
    pub fn optional_text(&mut self, field: &str, max: usize) -> Option<String> {
        let text = self.one(field).filter(|text| !text.is_empty())?;
        let length = text.chars().count();
        if length > max {
            self.refuse(field, format!("Use {max} characters or fewer: this has {length}"));
            return None;
        }
        Some(text)
    }

    /// A text on one line: as [`Draft::text`], but a line end is refused.
    pub fn line(&mut self, field: &str, max: usize, missing: &str) -> Option<String> {
        let text = self.text(field, max, missing)?;
        if text.contains(['\n', '\t']) {
            self.refuse(field, "Write this on one line");
            return None;
        }
        Some(text)
    }

    /// A date from three inputs: `field` is the day, `field-month` the month (number or English name), `field-year`
    /// the year in four figures.
    pub fn date(&mut self, field: &str, missing: &str) -> Option<NaiveDate> {
        let date = self.optional_date(field);
        if date.is_none() {
            self.refuse(field, missing);
        }
        date
    }

    /// As [`Draft::date`], but all three inputs may be empty.
    pub fn optional_date(&mut self, field: &str) -> Option<NaiveDate> {
        let mut read = |name: &str| {
            let value = self.one(name);
            if let (None, Some(sentence)) = (&value, self.error(name).map(str::to_owned)) {
                self.refuse(field, sentence);
            }
            value
        };
        let (day, month, year) =
            (read(field)?, read(&format!("{field}-month"))?, read(&format!("{field}-year"))?);
        if day.is_empty() && month.is_empty() && year.is_empty() {
            return None;
        }
        let date = parse_date(&day, &month, &year);
        if date.is_none() {
            self.refuse(field, REAL_DATE);
        }
        date
    }

    /// One of the values of a text enum; `missing` says what to choose, also when an unknown word was sent.
    pub fn choice<T: TextEnum>(&mut self, field: &str, missing: &str) -> Option<T> {
        let value = self.one(field).and_then(|text| T::from_text(&text));
        if value.is_none() {
            self.refuse(field, missing);
        }
        value
    }

    /// As [`Draft::choice`], but nothing may be chosen.
    pub fn optional_choice<T: TextEnum>(&mut self, field: &str, unknown: &str) -> Option<T> {
        let text = self.one(field).filter(|text| !text.is_empty())?;
        let value = T::from_text(&text);
        if value.is_none() {
            self.refuse(field, unknown);
        }
        value
    }

    /// All ticked values of a text enum, in the enum's order, each once. An unknown word is refused with `unknown`.
    pub fn choices<T: TextEnum>(&mut self, field: &str, unknown: &str) -> Vec<T> {
        let sent: Vec<Option<T>> = self.values(field).map(T::from_text).collect();
        if sent.contains(&None) {
            self.refuse(field, unknown);
        }
        T::ALL.iter().copied().filter(|value| sent.contains(&Some(*value))).collect()
    }

    /// A whole number in `range`; `missing` says what to enter when it is empty.
    pub fn number(&mut self, field: &str, range: RangeInclusive<i64>, missing: &str) -> Option<i64> {
        let number = self.optional_number(field, range);
        if number.is_none() {
            self.refuse(field, missing);
        }
        number
    }

    /// As [`Draft::number`], but it may be empty.
    pub fn optional_number(&mut self, field: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let text = self.one(field).filter(|text| !text.is_empty())?;
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse::<i64>().ok().filter(|number| plain && range.contains(number));
        if number.is_none() {
            self.refuse(field, format!("Enter a whole number from {} to {}", range.start(), range.end()));
        }
        number
    }

    /// An id (of an owner, a service); `missing` says what to choose, also when it is not an id at all. Whether the
    /// person may choose it is for the workflow to say.
    pub fn id<T: From<Uuid>>(&mut self, field: &str, missing: &str) -> Option<T> {
        let id = self.optional_id(field, missing);
        if id.is_none() {
            self.refuse(field, missing);
        }
        id
    }

    /// As [`Draft::id`], but nothing may be chosen.
    pub fn optional_id<T: From<Uuid>>(&mut self, field: &str, unknown: &str) -> Option<T> {
        let text = self.one(field).filter(|text| !text.is_empty())?;
        let id = Uuid::try_parse(&text).ok();
        if id.is_none() {
            self.refuse(field, unknown);
        }
        id.map(T::from)
    }

    /// Whether the single checkbox `field` is ticked (its value is `yes`).
    #[must_use]
    pub fn ticked(&self, field: &str) -> bool {
        self.has(field, "yes")
    }
}

/// A day from its three parts as people type them; `None` when there is no such day between 1900 and 2199.
#[must_use]
pub fn parse_date(day: &str, month: &str, year: &str) -> Option<NaiveDate> {
    let figures = |text: &str, most: usize| {
        let plain = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse::<u32>().ok()).flatten()
    };
    let day = figures(day, 2)?;
    let month = figures(month, 2).or_else(|| month_by_name(month))?;
    let year = figures(year, 4).filter(|year| (1900..2200).contains(year))?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// The month whose English name starts with `name`, from three letters on.
fn month_by_name(name: &str) -> Option<u32> {
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
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    if name.len() < 3 {
        return None;
    }
    let index = MONTHS.iter().position(|month| month.starts_with(&name))?;
    u32::try_from(index + 1).ok()
}

/// One option of a select, of radios or of checkboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// A sentence below the label; empty for none.
    pub hint: String,
}

impl Choice {
    /// An option without a hint.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: String::new() }
    }

    /// The same option with a sentence below its label.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// All values of a text enum, as options.
    #[must_use]
    pub fn all<T: TextEnum>() -> Vec<Self> {
        Self::of(T::ALL)
    }

    /// Some values of a text enum, as options.
    #[must_use]
    pub fn of<T: TextEnum>(values: &[T]) -> Vec<Self> {
        values.iter().map(|value| Self::new(value.as_str(), value.label())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::topic::Risk;

    fn draft(pairs: &[(&str, &str)]) -> Draft {
        Draft::from_pairs(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn dates_as_people_type_them() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d);
        for (d, m, y, wanted) in [
            ("27", "11", "2026", day(2026, 11, 27)),
            ("1", "2", "2027", day(2027, 2, 1)),
            ("01", "02", "2027", day(2027, 2, 1)),
            ("27", "November", "2026", day(2026, 11, 27)),
            ("27", "nov", "2026", day(2026, 11, 27)),
            ("27", "Sept.", "2026", day(2026, 9, 27)),
            ("29", "2", "2028", day(2028, 2, 29)),
            ("29", "2", "2027", None),
            ("31", "4", "2026", None),
            ("0", "1", "2026", None),
            ("32", "1", "2026", None),
            ("1", "13", "2026", None),
            ("1", "ma", "2026", None),
            ("1", "maybe", "2026", None),
            ("1", "1", "26", None),
            ("1", "1", "1899", None),
            ("1", "1", "20260", None),
            ("+1", "1", "2026", None),
            ("1.0", "1", "2026", None),
            ("٣", "1", "2026", None),
            ("", "1", "2026", None),
        ] {
            assert_eq!(parse_date(d, m, y), wanted, "{d} {m} {y}");
        }
    }

    #[test]
    fn a_date_says_whether_it_is_missing_or_not_real() {
        let mut empty = draft(&[("due", ""), ("due-month", " "), ("due-year", "")]);
        assert_eq!(empty.date("due", "Enter the due date"), None);
        assert_eq!(empty.error("due"), Some("Enter the due date"));

        let mut half = draft(&[("due", "3"), ("due-month", ""), ("due-year", "2026")]);
        assert_eq!(half.date("due", "Enter the due date"), None);
        assert_eq!(half.error("due"), Some(REAL_DATE));

        let mut none = draft(&[]);
        assert_eq!(none.optional_date("due"), None);
        assert!(none.is_ok());

        let mut twice = draft(&[("due", "3"), ("due-month", "3"), ("due-month", "4"), ("due-year", "2026")]);
        assert_eq!(twice.date("due", "Enter the due date"), None);
        assert_eq!(twice.error("due"), Some(ONE_ANSWER));

        let kept = Draft::new().with_date("due", NaiveDate::from_ymd_opt(2026, 3, 9).unwrap());
        assert_eq!(
            (kept.value("due"), kept.part("due", "month"), kept.part("due", "year")),
            ("9", "3", "2026")
        );
    }

    #[test]
    fn texts_are_trimmed_counted_in_characters_and_checked() {
        for (typed, wanted, sentence) in [
            ("  two\r\nlines\r", Ok("two\nlines"), ""),
            ("éééééééééé", Ok("éééééééééé"), ""),
            ("eleven char", Err(()), "Use 10 characters or fewer: this has 11"),
            ("   \r\n ", Err(()), "Say what was found"),
            ("", Err(()), "Say what was found"),
            ("nul\0", Err(()), HIDDEN),
            ("a\u{202e}b", Err(()), HIDDEN),
        ] {
            let mut form = draft(&[("what", typed)]);
            let read = form.text("what", 10, "Say what was found");
            assert_eq!(read.as_deref().ok_or(()), wanted, "{typed:?}");
            assert_eq!(form.error("what").unwrap_or(""), sentence, "{typed:?}");
            assert_eq!(form.value("what"), typed, "what was typed is kept");
        }
    }

    #[test]
    fn an_optional_text_may_be_empty_but_not_too_long() {
        let mut form = draft(&[("note", " "), ("long", "123456")]);
        assert_eq!(form.optional_text("note", 5), None);
        assert!(form.is_ok());
        assert_eq!(form.optional_text("long", 5), None);
        assert!(!form.is_ok());
    }

    #[test]
    fn a_field_is_sent_once() {
        let mut form = draft(&[("what", "a"), ("what", "b")]);
        assert_eq!(form.text("what", 10, "Say what was found"), None);
        assert_eq!(form.error("what"), Some(ONE_ANSWER));
        assert_eq!(form.carried("what"), "");
        assert_eq!(draft(&[("seen", "a")]).carried("seen"), "a");
    }

    #[test]
    fn choices_know_only_their_own_words() {
        let mut form = draft(&[
            ("risk", "high"),
            ("other", "purple"),
            ("many", "low"),
            ("many", "high"),
            ("many", "low"),
        ]);
        assert_eq!(form.choice::<Risk>("risk", "Choose a risk level"), Some(Risk::High));
        assert_eq!(form.choices::<Risk>("many", "Choose from the list"), [Risk::Low, Risk::High]);
        assert!(form.is_ok());
        assert_eq!(form.choice::<Risk>("other", "Choose a risk level"), None);
        assert_eq!(form.choice::<Risk>("missing", "Choose a risk level"), None);
        assert_eq!(form.optional_choice::<Risk>("absent", "Choose from the list"), None);
        assert_eq!(form.errors().items().len(), 2);
        assert!(form.choices::<Risk>("other", "Choose from the list").is_empty());
    }

    #[test]
    fn whole_numbers_only() {
        for (typed, wanted) in [
            ("0", Some(0)),
            (" 12 ", Some(12)),
            ("100", Some(100)),
            ("101", None),
            ("-1", None),
            ("+5", None),
            ("1.5", None),
            ("1,000", None),
            ("ten", None),
            ("99999999999999999999", None),
        ] {
            let mut form = draft(&[("sample", typed)]);
            assert_eq!(form.number("sample", 0..=100, "Enter the sample size"), wanted, "{typed}");
            assert_eq!(form.is_ok(), wanted.is_some());
        }
    }

    #[test]
    fn ids_are_ids() {
        let id = Uuid::now_v7();
        let mut form = draft(&[("owner", &id.to_string()), ("bad", "1 or 1=1")]);
        assert_eq!(form.id::<Uuid>("owner", "Choose one owner"), Some(id));
        assert_eq!(form.id::<Uuid>("bad", "Choose one owner"), None);
        assert_eq!(form.error("bad"), Some("Choose one owner"));
    }

    #[test]
    fn a_field_keeps_its_first_sentence_and_the_summary_its_order() {
        let mut errors = Errors::default();
        errors.add("b", "First");
        errors.add("a", "Second");
        errors.add("b", "Third");
        let read: Vec<_> = errors.items().iter().map(|e| (e.field.as_str(), e.sentence.as_str())).collect();
        assert_eq!(read, [("b", "First"), ("a", "Second")]);
    }
}
