//! The states things are in as people see them: a picture, words and a colour.

use std::borrow::Cow;

use askama::Template;
use askama::filters::HtmlSafe;

use crate::domain::words;

/// A text that is either written here or made at run time.
pub type Text = Cow<'static, str>;

/// The state of an action, finding or measure as people see it: icon and words first, colour third.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing was done yet.
    NotStarted,
    /// Somebody is on it.
    InProgress,
    /// Due within seven days.
    DueSoon,
    /// Past its due date.
    Late,
    /// Waits for a decision.
    Escalated,
    /// Submitted, waits for the check.
    WaitingForVerification,
    /// Checked: something is missing.
    PartiallyComplete,
    /// Checked: it did not work.
    Ineffective,
    /// Checked, waits for approval.
    WaitingForClosure,
    /// Closed.
    Closed,
    /// The follow-up showed improvement.
    ImpactShown,
    /// The follow-up showed none.
    ImpactNotShown,
    /// The same problem was found again.
    CameBack,
    /// Cancelled with a reason.
    Cancelled,
    /// Open, and nobody has moved it for a fortnight.
    Stale,
}

impl State {
    /// Every state, for tests and keys.
    pub const ALL: [Self; 15] = [
        Self::NotStarted,
        Self::InProgress,
        Self::DueSoon,
        Self::Late,
        Self::Escalated,
        Self::WaitingForVerification,
        Self::PartiallyComplete,
        Self::Ineffective,
        Self::WaitingForClosure,
        Self::Closed,
        Self::ImpactShown,
        Self::ImpactNotShown,
        Self::CameBack,
        Self::Cancelled,
        Self::Stale,
    ];

    /// The words, when there is nothing more exact to say.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotStarted => "Not started",
            Self::InProgress => "In progress",
            Self::DueSoon => "Due soon",
            Self::Late => "Late",
            Self::Escalated => "Escalated",
            Self::WaitingForVerification => "Waiting for verification",
            Self::PartiallyComplete => "Partially complete",
            Self::Ineffective => "Ineffective",
            Self::WaitingForClosure => "Waiting for closure",
            Self::Closed => "Closed",
            Self::ImpactShown => "Impact shown",
            Self::ImpactNotShown => "Impact not shown",
            Self::CameBack => "Came back",
            Self::Cancelled => "Cancelled",
            Self::Stale => "No update lately",
        }
    }

    /// The second half of the class that tints it.
    #[must_use]
    pub const fn tint(self) -> &'static str {
        match self {
            Self::NotStarted | Self::Cancelled | Self::Stale => "mute",
            Self::InProgress => "open",
            Self::DueSoon => "soon",
            Self::Late | Self::Escalated | Self::Ineffective => "late",
            Self::WaitingForVerification | Self::PartiallyComplete | Self::WaitingForClosure => "wait",
            Self::Closed => "done",
            Self::ImpactShown => "good",
            Self::ImpactNotShown | Self::CameBack => "back",
        }
    }

    /// Its picture.
    #[must_use]
    pub const fn icon(self) -> Icon {
        Icon(match self {
            Self::NotStarted => "dashed-circle",
            Self::InProgress => "half-circle",
            Self::DueSoon => "clock",
            Self::Late => "triangle",
            Self::Escalated => "triangle-arrow",
            Self::WaitingForVerification => "eye",
            Self::PartiallyComplete => "circle-bar",
            Self::Ineffective => "cross",
            Self::WaitingForClosure => "eye-tick",
            Self::Closed => "tick",
            Self::ImpactShown => "line-high",
            Self::ImpactNotShown => "line-low",
            Self::CameBack => "loop",
            Self::Cancelled => "dash",
            Self::Stale => "pause",
        })
    }
}

/// A small picture in the colour of the text around it, by name; see `templates/parts/icon.html` for the names. It
/// says nothing to a screen reader: words stand beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/icon.html")]
pub struct Icon(pub &'static str);
impl HtmlSafe for Icon {}

/// A state as a pill: `{{ tag }}`.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/tag.html")]
pub struct Tag {
    state: State,
    words: Text,
}
impl HtmlSafe for Tag {}

impl Tag {
    /// With the usual words of the state.
    #[must_use]
    pub const fn new(state: State) -> Self {
        Self { state, words: Cow::Borrowed(state.label()) }
    }

    /// With more exact words ("Due Tuesday", "Waiting 6 working days").
    pub fn saying(state: State, words: impl Into<Text>) -> Self {
        Self { state, words: words.into() }
    }

    /// Late, with the number of working days (R11, and how lateness is said everywhere).
    #[must_use]
    pub fn late(working_days: i64) -> Self {
        let words: Text = match u32::try_from(working_days) {
            Err(_) | Ok(0) => "Late".into(),
            Ok(days) => words::days_late(days).into(),
        };
        Self { state: State::Late, words }
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The state.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_own_picture_words_and_a_colour() {
        let mut pictures = std::collections::HashSet::new();
        for state in State::ALL {
            let picture = state.icon().to_string();
            assert!(picture.contains("<path") || picture.contains("<circle"), "{state:?} has no picture");
            assert!(picture.contains("aria-hidden=\"true\""));
            assert!(pictures.insert(picture), "{state:?} has the picture of another state");
            let tag = Tag::new(state).to_string();
            assert!(tag.contains(state.label()) && tag.contains(state.tint()), "{tag}");
        }
    }

    #[test]
    fn lateness_is_said_in_working_days() {
        for (days, words) in [(0, "Late"), (1, "1 working day late"), (4, "4 working days late")] {
            assert!(Tag::late(days).to_string().ends_with(&format!("{words}</span>")), "{days}");
        }
    }
}
