//! What the address of a list asks for: words of our own, words to look for, and the place a page begins after. What no
//! page of ours would send is an address that is not there.

use chrono::{DateTime, Utc};

use crate::domain::text_enum::TextEnum;
use crate::error::AppError;

/// The most characters that are looked for.
pub const MOST_WORDS: usize = 200;

/// What is said when somebody looks for more than [`MOST_WORDS`] characters; the input says so too, but not to everybody.
pub const TOO_MANY_WORDS: &str =
    "Nothing was looked for. Shorten the words to 200 characters, then choose Show.";

/// One of an enum's words; empty is none.
///
/// # Errors
/// [`AppError::NotFound`] for a word that is not known.
pub fn one_of<T: TextEnum>(text: &str) -> Result<Option<T>, AppError> {
    if text.is_empty() { Ok(None) } else { T::from_text(text).map(Some).ok_or(AppError::NotFound) }
}

/// The words to look for; none when there are none.
///
/// # Errors
/// The sentence, when there are too many: never a list of something else than was asked for.
pub fn words(text: &str) -> Result<Option<&str>, &'static str> {
    let text = text.trim();
    if text.chars().count() > MOST_WORDS {
        Err(TOO_MANY_WORDS)
    } else {
        Ok(Some(text).filter(|q| !q.is_empty()))
    }
}

/// The place a page begins after, in two parts with a dot between; empty is the beginning.
///
/// # Errors
/// [`AppError::NotFound`] for what is no such place.
pub fn place<A, B>(
    text: &str,
    first: impl FnOnce(&str) -> Option<A>,
    second: impl FnOnce(&str) -> Option<B>,
) -> Result<Option<(A, B)>, AppError> {
    if text.is_empty() {
        return Ok(None);
    }
    let parts = text.split_once('.').and_then(|(one, two)| Some((first(one)?, second(two)?)));
    parts.map(Some).ok_or(AppError::NotFound)
}

/// The same for lists in order of time: an instant and an id.
///
/// # Errors
/// [`AppError::NotFound`] for what is no such place.
pub fn instant<I: std::str::FromStr>(text: &str) -> Result<Option<(DateTime<Utc>, I)>, AppError> {
    place(text, |micros| micros.parse().ok().and_then(DateTime::from_timestamp_micros), |id| id.parse().ok())
}

/// How [`instant`] is written.
pub fn of_instant(at: DateTime<Utc>, id: impl std::fmt::Display) -> String {
    format!("{}.{id}", at.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::topic::Risk;
    use uuid::Uuid;

    #[test]
    fn a_word_that_is_not_known_is_not_there() {
        assert_eq!(one_of::<Risk>("high").unwrap(), Some(Risk::High));
        assert_eq!(one_of::<Risk>("").unwrap(), None);
        assert!(one_of::<Risk>("HIGH").is_err());
    }

    #[test]
    fn two_hundred_characters_are_looked_for_and_no_more() {
        assert_eq!(words("  bed rails "), Ok(Some("bed rails")));
        assert_eq!(words("   "), Ok(None));
        assert_eq!(words(&"é".repeat(200)), Ok(Some("é".repeat(200).as_str())));
        assert_eq!(words(&"é".repeat(201)), Err(TOO_MANY_WORDS));
        assert!(TOO_MANY_WORDS.contains(&MOST_WORDS.to_string()));
    }

    #[test]
    fn a_place_reads_as_it_is_written() {
        let (at, id) = ("2026-11-02T09:30:00.000007Z".parse().unwrap(), Uuid::from_u128(7));
        assert_eq!(instant::<Uuid>(&of_instant(at, id)).unwrap(), Some((at, id)));
        assert_eq!(instant::<Uuid>("").unwrap(), None);
        for wrong in ["x", "1", "1.", "1.x", ".", &format!("99999999999999999999.{id}"), &format!("x.{id}")] {
            assert!(instant::<Uuid>(wrong).is_err(), "{wrong}");
        }
    }
}
