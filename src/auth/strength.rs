//! Which passwords will do: long enough, not on anybody's list, not made of what is known about the person.

use std::collections::HashSet;
use std::sync::LazyLock;

use zxcvbn::{Score, zxcvbn};

/// The fewest characters.
pub const FEWEST_CHARACTERS: usize = 12;
/// The most characters: room for any passphrase, and a bound on what is hashed.
pub const MOST_CHARACTERS: usize = 128;

/// The fewest different characters: "21112026 21112026" is long, and is one date.
const FEWEST_DIFFERENT: usize = 6;

/// Long passwords that lists of leaked ones are full of, and those this trade would come up with. Folded: see [`fold`].
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().filter(|line| !line.is_empty()).collect());

/// Why a password will not do, as a sentence for the person who chose it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PasswordRefusal {
    /// Fewer than twelve characters.
    #[error("Use at least 12 characters")]
    TooShort,
    /// More than 128 characters.
    #[error("Use at most 128 characters")]
    TooLong,
    /// On the list of common passwords.
    #[error(
        "This password is among the first that anybody would try. Choose three or four unrelated words instead"
    )]
    Common,
    /// Little is left of it without the person's name, email or provider.
    #[error(
        "This password is easy to guess for someone who knows you. Leave out your name, email and workplace"
    )]
    AboutYou,
    /// A pattern: keyboard rows, repeats, dates, one word with digits.
    #[error("This password is easy to guess. Choose three or four unrelated words instead")]
    Guessable,
}

/// Checks a new password. `about` is what somebody who knows the person would try: name, email, provider's name.
/// Takes some milliseconds: call it away from the async threads.
///
/// # Errors
/// The first rule it breaks, as a sentence.
pub fn check(password: &str, about: &[&str]) -> Result<(), PasswordRefusal> {
    let length = password.chars().count();
    if length < FEWEST_CHARACTERS {
        return Err(PasswordRefusal::TooShort);
    }
    if length > MOST_CHARACTERS {
        return Err(PasswordRefusal::TooLong);
    }
    if is_common(password) {
        return Err(PasswordRefusal::Common);
    }
    let distinct: HashSet<char> = password.chars().collect();
    if distinct.len() < FEWEST_DIFFERENT || zxcvbn(password, &[]).score() < Score::Three {
        return Err(PasswordRefusal::Guessable);
    }
    let words = words_of(about);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if zxcvbn(password, &words).score() < Score::Three || mostly(password, &words) {
        return Err(PasswordRefusal::AboutYou);
    }
    Ok(())
}

/// On the list as it is, with digits and signs read as the letters they stand for, or once the digits and signs that
/// people put around a word are gone.
fn is_common(password: &str) -> bool {
    let plain = password.to_lowercase();
    let bare = plain.trim_matches(|c: char| !c.is_alphabetic());
    [plain.as_str(), bare].iter().any(|text| {
        let spelled: String = text.chars().map(spell).collect();
        COMMON.contains(fold(text).as_str()) || COMMON.contains(fold(&spelled).as_str())
    })
}

/// Letters and digits only: "Pass-word 1234" and "password1234" are the same guess.
fn fold(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The letter a digit or sign is commonly put for.
const fn spell(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// The words in what is known about a person, and each whole text run together.
fn words_of(about: &[&str]) -> Vec<String> {
    let mut words: Vec<String> = vec!["throughline".to_owned()];
    for text in about {
        let text = text.to_lowercase();
        words.extend(
            text.split(|c: char| !c.is_alphanumeric()).filter(|w| w.chars().count() >= 3).map(str::to_owned),
        );
        words.push(fold(&text));
        words.push(text);
    }
    words.retain(|word| word.chars().count() >= 3);
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    words
}

/// Whether fewer than eight characters are left once the words are taken out.
fn mostly(password: &str, words: &[&str]) -> bool {
    let lower = password.to_lowercase();
    let left = words.iter().fold(lower.clone(), |text, word| text.replace(word, ""));
    left.len() < lower.len() && left.chars().count() < 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const ABOUT: [&str; 3] = ["Amina Okafor", "amina.okafor@willowbrook.example", "Willowbrook Care"];

    #[rstest]
    #[case::eleven("k7#Qz!m2Wp9", PasswordRefusal::TooShort)]
    #[case::eleven_wide("éééééééñññü", PasswordRefusal::TooShort)]
    #[case::empty("", PasswordRefusal::TooShort)]
    #[case::common("password1234", PasswordRefusal::Common)]
    #[case::dressed_up("P@ssw0rd-1234", PasswordRefusal::Common)]
    #[case::signs_around("!!Password123!!", PasswordRefusal::Common)]
    #[case::keyboard("qwertyuiop[]", PasswordRefusal::Common)]
    #[case::counting("123456789012", PasswordRefusal::Common)]
    #[case::trade("Safeguarding2026!", PasswordRefusal::Common)]
    #[case::care_home("CareHome2026", PasswordRefusal::Common)]
    #[case::spaced("i love you forever", PasswordRefusal::Common)]
    #[case::one_letter("aaaaaaaaaaaaaaaa", PasswordRefusal::Guessable)]
    #[case::repeat("abcabcabcabcabc", PasswordRefusal::Guessable)]
    #[case::date("21112026 21112026", PasswordRefusal::Guessable)]
    #[case::name("AminaOkafor77", PasswordRefusal::AboutYou)]
    #[case::email("amina.okafor@willowbrook.example", PasswordRefusal::AboutYou)]
    #[case::provider("WillowbrookCare1", PasswordRefusal::AboutYou)]
    #[case::provider_and_name("willowbrook-okafor", PasswordRefusal::AboutYou)]
    fn what_will_not_do(#[case] password: &str, #[case] refusal: PasswordRefusal) {
        assert_eq!(check(password, &ABOUT), Err(refusal));
    }

    #[rstest]
    #[case::passphrase("marmalade tractor evening")]
    #[case::generated("k7#Qz!m2Wp9x")]
    #[case::not_latin("каштан вечер лодка")]
    #[case::emoji("🦊 jumps under 🌧 lantern")]
    #[case::spaces_kept("  lantern gravel otter  ")]
    fn what_will_do(#[case] password: &str) {
        assert_eq!(check(password, &ABOUT), Ok(()));
    }

    #[test]
    fn lengths_are_counted_in_characters_at_both_ends() {
        let longest: String = "marmalade tractor ö".chars().cycle().take(128).collect();
        assert_eq!(check(&longest, &[]), Ok(()));
        assert_eq!(check(&format!("{longest}x"), &[]), Err(PasswordRefusal::TooLong));
        assert_eq!(check(&"x".repeat(1_000_000), &[]), Err(PasswordRefusal::TooLong));
    }

    #[test]
    fn the_list_is_folded_and_has_no_doubles() {
        let lines: Vec<&str> = include_str!("common_passwords.txt").lines().collect();
        for line in &lines {
            assert_eq!(*line, fold(&line.to_lowercase()), "{line}");
        }
        assert_eq!(lines.len(), COMMON.len());
        assert!(lines.len() > 150, "{}", lines.len());
    }
}
