//! Secrets that people type or read out: passwords made for them, codes on paper, recovery codes. Stored as a SHA-256.

use sha2::{Digest as _, Sha256};

/// Letters and figures that cannot be mistaken for each other when read out or typed from paper.
const SIGNS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// A secret in groups of five, each sign worth 4.95 bits. Never logged, and stored only as its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Spoken(String);

impl Spoken {
    /// Twenty signs, 99 bits: nothing to guess, whatever it opens.
    #[must_use]
    pub fn long() -> Self {
        Self::of(4)
    }

    /// Ten signs, 49 bits: for what is also throttled and belongs to one person, such as a recovery code.
    #[must_use]
    pub fn short() -> Self {
        Self::of(2)
    }

    fn of(groups: usize) -> Self {
        let mut text = String::with_capacity(groups * 6);
        for place in 0..groups * 5 {
            if place > 0 && place % 5 == 0 {
                text.push('-');
            }
            let sign = SIGNS.get(rand::random_range(0..SIGNS.len())).copied().unwrap_or(b'x');
            text.push(char::from(sign));
        }
        Self(text)
    }

    /// Reads what somebody typed: capitals, blanks and missing hyphens do not matter. `None` when it cannot be one.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let signs: Vec<u8> = typed
            .bytes()
            .filter(|b| !matches!(b, b'-' | b' ' | b'\t'))
            .map(|b| b.to_ascii_lowercase())
            .collect();
        if !matches!(signs.len(), 10 | 20) || !signs.iter().all(|b| SIGNS.contains(b)) {
            return None;
        }
        let groups: Vec<String> =
            signs.chunks(5).map(|group| group.iter().copied().map(char::from).collect()).collect();
        Some(Self(groups.join("-")))
    }

    /// As it is shown: once.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What the database keeps and looks up; long ones need no salt, short ones are looked up beside their person.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

impl std::fmt::Debug for Spoken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Spoken(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_can_be_typed_as_it_was_read() {
        for secret in [Spoken::long(), Spoken::short()] {
            let text = secret.text().to_owned();
            for typed in [text.clone(), text.to_uppercase(), text.replace('-', " "), text.replace('-', "")] {
                assert_eq!(Spoken::parse(&typed), Some(secret.clone()), "{typed}");
            }
            assert_eq!(Spoken::parse(&text).unwrap().hash(), secret.hash());
        }
        assert_eq!(Spoken::long().text().len(), 23);
        assert_ne!(Spoken::long(), Spoken::long());
        for wrong in ["", "abcde", "abcde-fghjk-m", "abcde-fghj1", "abcde-fghjo", "ábcde-fghjk"] {
            assert_eq!(Spoken::parse(wrong), None, "{wrong}");
        }
        assert_eq!(format!("{:?}", Spoken::long()), "Spoken(hidden)");
    }

    #[test]
    fn a_made_up_password_will_do() {
        for _ in 0..5 {
            let made = Spoken::long();
            assert_eq!(crate::auth::strength::check(made.text(), &[]), Ok(()), "{}", made.text());
        }
    }
}
