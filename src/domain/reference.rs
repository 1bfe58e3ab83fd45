//! The provider's own numbers: R-0007, F-0088, A-0142.

use std::fmt;
use std::str::FromStr;

/// What a reference points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A review.
    Review,
    /// A finding.
    Finding,
    /// An action.
    Action,
}

impl Kind {
    /// The letter before the number.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Review => 'R',
            Self::Finding => 'F',
            Self::Action => 'A',
        }
    }

    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Finding => "finding",
            Self::Action => "action",
        }
    }
}

/// A kind and its number within the provider, shown with at least four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// What it points at.
    pub kind: Kind,
    /// Counted from 1 within the provider.
    pub number: i32,
}

impl Reference {
    /// An action's reference.
    #[must_use]
    pub const fn action(number: i32) -> Self {
        Self { kind: Kind::Action, number }
    }
    /// A finding's reference.
    #[must_use]
    pub const fn finding(number: i32) -> Self {
        Self { kind: Kind::Finding, number }
    }
    /// A review's reference.
    #[must_use]
    pub const fn review(number: i32) -> Self {
        Self { kind: Kind::Review, number }
    }

    /// Reads a reference of the kind wanted, exactly as it is written: capital letter, hyphen, four digits or more
    /// without a needless leading zero, so that everything has one address.
    #[must_use]
    pub fn parse(kind: Kind, text: &str) -> Option<Self> {
        let digits = text.strip_prefix(kind.letter())?.strip_prefix('-')?;
        if !(4..=9).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number = i32::from_str(digits).ok().filter(|n| *n > 0)?;
        let found = Self { kind, number };
        (found.to_string() == text).then_some(found)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:04}", self.kind.letter(), self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_one_address() {
        assert_eq!(Reference::action(142).to_string(), "A-0142");
        assert_eq!(Reference::parse(Kind::Action, "A-0142"), Some(Reference::action(142)));
        assert_eq!(Reference::parse(Kind::Action, "A-12345"), Some(Reference::action(12345)));
        for wrong in [
            "F-0142",
            "A-142",
            "A-00142",
            "a-0142",
            "A0142",
            "A-0000",
            "A--142",
            "A-014x",
            "A-9999999999",
            "",
        ] {
            assert_eq!(Reference::parse(Kind::Action, wrong), None, "{wrong}");
        }
    }
}
