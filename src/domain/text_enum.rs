//! Enums that are words: one word for the database, forms and addresses, another for people to read.

use std::fmt;

/// What every enum made by `text_enum!` can do, for code that works on any of them (a form's options, a filter).
pub trait TextEnum: Copy + Eq + Sized + 'static {
    /// Every value, in the order it is written, which is also the order on screen.
    const ALL: &'static [Self];

    /// The word in the database, in forms and in addresses. Never changes once rows hold it.
    fn as_str(self) -> &'static str;

    /// The words people read, in sentence case.
    fn label(self) -> &'static str;

    /// The value whose stored word is exactly `text`.
    fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == text)
    }
}

/// A text that is none of an enum's words. The text itself is left out: it came from outside and may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownText {
    /// The enum that was wanted, by its name in code.
    pub wanted: &'static str,
    /// The words it accepts, as one list.
    pub expected: &'static [&'static str],
}

impl fmt::Display for UnknownText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a {}: expected one of {}", self.wanted, self.expected.join(", "))
    }
}

impl std::error::Error for UnknownText {}

/// Makes an enum whose values are words.
///
/// ```ignore
/// text_enum! {
///     /// How much harm the finding could do.
///     pub enum Risk {
///         /// Little harm, easily put right.
///         Low => "low", "Low";
///     }
/// }
/// ```
///
/// It is `Copy` and ordered as written, has `ALL`, `as_str()` (stored word) and `label()` (words on screen), is read
/// with `parse()`, prints its label, and serialises as the stored word.
macro_rules! text_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident => $text:literal, $label:literal; )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        $vis enum $name {
            $( $(#[$variant_meta])* $variant, )+
        }

        impl $name {
            /// Every value, in the order it is written, which is also the order on screen.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The word in the database, in forms and in addresses.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }

            /// The words people read.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $( Self::$variant => $label, )+ }
            }
        }

        impl $crate::domain::text_enum::TextEnum for $name {
            const ALL: &'static [Self] = Self::ALL;

            fn as_str(self) -> &'static str {
                Self::as_str(self)
            }

            fn label(self) -> &'static str {
                Self::label(self)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::domain::text_enum::UnknownText;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $( $text => Ok(Self::$variant), )+
                    _ => Err($crate::domain::text_enum::UnknownText {
                        wanted: stringify!($name),
                        expected: &[ $( $text, )+ ],
                    }),
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.label())
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str> as ::serde::Deserialize<'de>>::deserialize(deserializer)?;
                text.parse().map_err(::serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use text_enum;

/// The promises every text enum must keep: words unique, lower case with underscores, labels in sentence case, every
/// way of writing it read back. Called by the tests of each file that declares one.
#[cfg(test)]
pub(crate) fn assert_words<T>()
where
    T: TextEnum + fmt::Debug + fmt::Display + serde::Serialize + serde::de::DeserializeOwned,
    T: std::str::FromStr<Err = UnknownText>,
{
    let mut words = std::collections::HashSet::new();
    let mut labels = std::collections::HashSet::new();
    for &value in T::ALL {
        let word = value.as_str();
        assert!(words.insert(word), "{word} twice");
        assert!(labels.insert(value.label()), "{} twice", value.label());
        assert!(word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{word}");
        assert!(!value.label().is_empty() && value.label().trim() == value.label(), "label of {word}");
        assert!(!value.label().starts_with(char::is_lowercase), "label of {word} is not in sentence case");
        assert_eq!(word.parse::<T>(), Ok(value));
        assert_eq!(T::from_text(word), Some(value));
        assert_eq!(value.to_string(), value.label());
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(json, format!("\"{word}\""));
        assert_eq!(serde_json::from_str::<T>(&json).unwrap(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    text_enum! {
        /// A made-up one.
        pub enum Weather {
            /// Wet.
            Raining => "raining", "Raining";
            /// Wet and cold.
            SnowShowers => "snow_showers", "Snow showers";
        }
    }

    #[test]
    fn keeps_the_promises() {
        assert_words::<Weather>();
        assert_eq!(Weather::ALL, [Weather::Raining, Weather::SnowShowers]);
        assert!(Weather::Raining < Weather::SnowShowers);
    }

    #[test]
    fn says_what_was_expected_and_not_what_was_typed() {
        let error = "<script>".parse::<Weather>().unwrap_err();
        assert_eq!(error.to_string(), "not a Weather: expected one of raining, snow_showers");
        assert!("Raining".parse::<Weather>().is_err(), "the label is not the stored word");
        let error = serde_json::from_str::<Weather>("\"sunny\"").unwrap_err().to_string();
        assert!(error.contains("snow_showers"), "{error}");
    }

    #[test]
    fn is_padded_like_any_text() {
        assert_eq!(format!("[{:>14}]", Weather::SnowShowers), "[  Snow showers]");
    }
}
