//! Words that outlive a session. Every form says for whom it was drawn; what is sent after the session ended comes back
//! with a place to sign in again, and goes on once the same person did. Somebody else never sends it, nor sees it.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::AppError;
use crate::http::form::Draft;
use crate::http::page::{self, Layout};
use crate::ids::UserId;

/// The hidden field of every form that says for whom it was drawn.
pub const BY: &str = "written-by";
/// The hidden field of the sign-in form that carries what was kept.
pub const KEPT: &str = "kept";
/// Begins the names of fields that say which files were chosen when they could not be taken.
pub const LOST: &str = "lost-";
/// Asks a form with files to be drawn again with what was typed, so that the files can be chosen.
pub const AGAIN: &str = "again";

/// The mark of a person in the forms drawn for them: it tells people apart and says nothing about them.
#[must_use]
pub fn mark(user: UserId) -> String {
    let hash = Sha256::digest(format!("forms drawn for {user}"));
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The mark a form was sent with, beside the request until somebody is known to have sent it.
#[derive(Clone, Debug)]
pub struct WrittenBy(pub String);

impl WrittenBy {
    /// The mark among the fields of a form, if it has one; two say nothing that anybody could have written.
    #[must_use]
    pub fn of(pairs: &[(String, String)]) -> Option<Self> {
        let mut marks = pairs.iter().filter(|(name, _)| name == BY).map(|(_, mark)| mark);
        let first = marks.next()?.clone();
        Some(Self(if marks.next().is_none() { first } else { String::new() }))
    }

    /// Goes on only for the person the form was drawn for.
    ///
    /// # Errors
    /// [`AppError::OtherHand`] for everybody else.
    pub fn is(&self, user: UserId) -> Result<(), AppError> {
        if self.0 == mark(user) { Ok(()) } else { Err(AppError::OtherHand) }
    }
}

/// A form that was sent after its session had ended.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Kept {
    /// Where it was sent.
    to: String,
    /// Its text fields.
    pairs: Vec<(String, String)>,
    /// Whether it is a form with files: they have to be chosen again.
    files: bool,
}

/// The text fields of a form with files, beside the answer that nobody is signed in.
#[derive(Clone, Debug)]
pub struct Texts(pub Arc<Vec<(String, String)>>);

/// The answer to a form with files whose session had ended.
#[must_use]
pub fn signed_out(texts: Vec<(String, String)>) -> Response {
    let mut response = AppError::SignedOut.into_response();
    response.extensions_mut().insert(Texts(Arc::new(texts)));
    response
}

impl Kept {
    /// Keeps the fields of a form sent to `to`, without passwords; none when it does not say for whom it was drawn.
    #[must_use]
    pub fn new(to: &str, pairs: &[(String, String)], files: bool) -> Option<Self> {
        WrittenBy::of(pairs).filter(|by| !by.0.is_empty())?;
        // a password is never written into a page, not even for the person who typed it
        let open = pairs.iter().filter(|(name, _)| !name.to_ascii_lowercase().contains("password"));
        Some(Self { to: to.to_owned(), pairs: open.cloned().collect(), files })
    }

    /// What a sign-in form brings along, if it does.
    #[must_use]
    pub fn brought(draft: &Draft) -> Option<Self> {
        let kept: Self = serde_json::from_str(draft.value(KEPT)).ok()?;
        page::own_path(&kept.to)?;
        Some(kept)
    }

    /// As the value of the hidden field.
    #[must_use]
    pub fn carried(&self) -> String {
        // texts and truth always have a JSON form
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The page after signing in: for whoever wrote it their words and the way on, for others a sentence.
    ///
    /// # Errors
    /// The template failed.
    pub fn after(self, user: UserId, start: String) -> Result<Response, AppError> {
        let own = WrittenBy::of(&self.pairs).is_some_and(|by| by.is(user).is_ok());
        if !own {
            let layout = Layout::signed_out("You are signed in");
            return page::render_as(StatusCode::FORBIDDEN, &OtherPage { layout, start });
        }
        let lost = self.pairs.iter().filter(|(name, _)| name.starts_with(LOST));
        page::render(&KeptPage {
            layout: Layout::signed_out("You are signed in again"),
            lost: lost.map(|(_, file)| file.clone()).collect(),
            words: self.pairs.iter().filter(|pair| is_words(pair)).map(|(_, words)| words.clone()).collect(),
            files: self.files,
            to: self.to,
            pairs: self.pairs,
        })
    }
}

/// Whether a field holds what somebody wrote, not a choice, a date or what the form carries.
fn is_words((name, value): &(String, String)) -> bool {
    let carried = [BY, "version", "seen"].contains(&name.as_str()) || name.starts_with(LOST);
    !carried && value.trim().contains(' ')
}

#[derive(Template)]
#[template(path = "account/kept.html")]
struct KeptPage {
    layout: Layout,
    to: String,
    pairs: Vec<(String, String)>,
    words: Vec<String>,
    lost: Vec<String>,
    files: bool,
}

#[derive(Template)]
#[template(path = "account/other_hand.html")]
struct OtherPage {
    layout: Layout,
    start: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn people_have_marks_that_say_nothing() {
        let (a, b) = (UserId::new(), UserId::new());
        assert_eq!(mark(a), mark(a));
        assert_ne!(mark(a), mark(b));
        assert!(!a.to_string().contains(&mark(a)) && mark(a).len() == 16);
    }

    #[test]
    fn a_form_is_for_one_person() {
        let (a, b) = (UserId::new(), UserId::new());
        let by = |fields: &[(&str, &str)]| WrittenBy::of(&pairs(fields));
        assert!(by(&[("x", "1")]).is_none());
        let own = by(&[("x", "1"), (BY, &mark(a))]).unwrap();
        assert!(own.is(a).is_ok() && matches!(own.is(b), Err(AppError::OtherHand)));
        let both = by(&[(BY, &mark(a)), (BY, &mark(b))]).unwrap();
        assert!(both.is(a).is_err() && both.is(b).is_err());
    }

    #[test]
    fn what_is_kept_comes_back_without_passwords_and_goes_nowhere_else() {
        let sent = pairs(&[(BY, "x"), ("note", "two\nlines \"and\" more"), ("new-Password", "tell nobody")]);
        let kept = Kept::new("/p/rowan/actions/A-0001/update", &sent, true).unwrap();
        assert!(!kept.carried().contains("tell nobody"));
        let back = Kept::brought(&Draft::new().with(KEPT, kept.carried())).unwrap();
        assert_eq!(back.pairs, sent[..2]);
        assert!(
            Kept::new("/x", &pairs(&[("note", "x")]), false).is_none(),
            "nobody's words are nobody's to send"
        );
        for to in ["//evil.example", "https://evil.example", "/sign-in"] {
            let kept = Kept { to: to.into(), pairs: sent.clone(), files: false };
            assert!(Kept::brought(&Draft::new().with(KEPT, kept.carried())).is_none(), "{to}");
        }
        assert!(Kept::brought(&Draft::new().with(KEPT, "{")).is_none());
    }
}
