//! What may go wrong while a page is made, and the page that says so.
//!
//! An [`AppError`] becomes an empty answer that carries a [`Failure`]; `http::pages` draws it as a page. So every
//! error, also those of the web framework, looks the same: a sentence, a way back, a reference. The cause is only in
//! the log, under the same reference.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// A cause, for the log only.
pub type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why a request could not be answered as asked. What a person can put right in a form is not an error but a refusal:
/// it is shown beside the form.
#[derive(Debug)]
pub enum AppError {
    /// There is no such thing here. 404.
    NotFound,
    /// There is, but this person may not know: the same 404, byte for byte.
    NotYours,
    /// This person may know of the thing but may not do this. 403, with the reason as a sentence.
    Forbidden(Cow<'static, str>),
    /// Nobody is signed in any more. A page goes to sign in; a form is kept and offered again afterwards. 401.
    SignedOut,
    /// The form was drawn for somebody else, who was signed in here before. 403.
    OtherHand,
    /// Somebody else changed the thing since the page was drawn, and the feature has no page of its own for it. 409.
    Conflict,
    /// What was sent makes no sense; the sentence says what. 400.
    BadRequest(Cow<'static, str>),
    /// The request came from another site, or does not say where it came from. 403.
    CrossSite,
    /// The address exists, the method does not. 405.
    MethodNotAllowed,
    /// More was sent than is taken. 413.
    TooLarge,
    /// A kind of body that is not read here. 415.
    UnsupportedKind,
    /// Too often; wait so many seconds. 429.
    TooMany {
        /// Seconds until another try makes sense.
        retry_after: u32,
    },
    /// It took too long. 503.
    Timeout,
    /// The database or the store cannot be reached just now. 503.
    Unavailable(Cause),
    /// Our fault. 500.
    Internal(Cause),
}

impl AppError {
    /// Our fault, because of `cause`.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// What was sent makes no sense; `sentence` says what to do, in plain English.
    pub fn bad_request(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::BadRequest(sentence.into())
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::NotYours => StatusCode::NOT_FOUND,
            Self::Forbidden(_) | Self::OtherHand | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedKind => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Timeout | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The error that a bare answer of the framework with `status` stands for; `None` for a success or redirect.
    #[must_use]
    pub fn from_status(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::NOT_FOUND => Some(Self::NotFound),
            StatusCode::METHOD_NOT_ALLOWED => Some(Self::MethodNotAllowed),
            StatusCode::PAYLOAD_TOO_LARGE => Some(Self::TooLarge),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Some(Self::UnsupportedKind),
            StatusCode::UNAUTHORIZED => Some(Self::SignedOut),
            StatusCode::CONFLICT => Some(Self::Conflict),
            StatusCode::TOO_MANY_REQUESTS => Some(Self::TooMany { retry_after: 60 }),
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Some(Self::Timeout),
            StatusCode::FORBIDDEN => Some(Self::Forbidden("You may not do this.".into())),
            status if status.is_client_error() => Some(Self::bad_request(
                "What was sent could not be read. Go back, load the page again and try once more.",
            )),
            status if status.is_server_error() => {
                Some(Self::internal(format!("bare answer with status {status}")))
            }
            _ => None,
        }
    }

    /// Heading and sentence of the page.
    #[must_use]
    pub fn words(&self) -> (&'static str, Cow<'static, str>) {
        match self {
            Self::NotFound | Self::NotYours => (
                "Page not found",
                "Check the address. If you followed a link, the page may have moved, or it may not be yours to see.".into(),
            ),
            Self::Forbidden(sentence) => ("You cannot do this", sentence.clone()),
            Self::SignedOut => ("You have been signed out", "Sign in again to carry on.".into()),
            Self::OtherHand => (
                "This was written by someone else",
                "Somebody else was signed in here when this form was opened, so nothing was sent: nobody sends anything in another person’s name. Open the page again to write in your own.".into(),
            ),
            Self::Conflict => (
                "This was changed by someone else",
                "It changed after you opened it, so nothing was saved. Open it again to see what is new.".into(),
            ),
            Self::BadRequest(sentence) => ("This could not be read", sentence.clone()),
            Self::CrossSite => (
                "This was not sent from Throughline",
                "To keep you safe, only forms on Throughline’s own pages are accepted. Open the page here and send it again.".into(),
            ),
            Self::MethodNotAllowed => ("This page cannot do that", "Go back and use the buttons on the page.".into()),
            Self::TooLarge => ("That is too much at once", "Nothing was saved. Shorten the text or choose a smaller file, and send it again.".into()),
            Self::UnsupportedKind => ("This could not be read", "Use the form on the page to send this.".into()),
            Self::TooMany { retry_after } => ("Too many tries", wait_sentence(*retry_after).into()),
            Self::Timeout => ("This took too long", "Nothing may have been saved. Check the page, then try again.".into()),
            Self::Unavailable(_) => ("Throughline is not ready", "It cannot reach its records just now. Nothing was saved. Try again in a minute.".into()),
            Self::Internal(_) => ("Something went wrong", "This is our fault, not yours. Nothing was saved. Try again; if it happens again, tell your administrator the reference below.".into()),
        }
    }

    /// Seconds for a `Retry-After` header.
    #[must_use]
    pub const fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooMany { retry_after } => Some(*retry_after),
            Self::Timeout | Self::Unavailable(_) => Some(30),
            _ => None,
        }
    }
}

fn wait_sentence(seconds: u32) -> String {
    match seconds {
        0..=1 => "Wait a moment, then try again.".to_owned(),
        2..=59 => format!("Wait {seconds} seconds, then try again."),
        60..=119 => "Wait a minute, then try again.".to_owned(),
        _ => format!("Wait {} minutes, then try again.", seconds.div_ceil(60)),
    }
}

/// The error an answer stands for, carried to where pages are drawn.
#[derive(Clone, Debug)]
pub struct Failure(pub Arc<AppError>);

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Failure(Arc::new(self)));
        response
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Internal(cause) | Self::Unavailable(cause) => {
                write!(f, "{cause}")?;
                let mut source = cause.source();
                while let Some(deeper) = source {
                    write!(f, ": {deeper}")?;
                    source = deeper.source();
                }
                Ok(())
            }
            other => f.write_str(other.words().0),
        }
    }
}

impl From<sqlx::Error> for AppError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                Self::Unavailable(Box::new(error))
            }
            other => Self::Internal(Box::new(other)),
        }
    }
}

impl From<askama::Error> for AppError {
    fn from(error: askama::Error) -> Self {
        Self::internal(error)
    }
}

impl From<std::io::Error> for AppError {
    fn from(error: std::io::Error) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_yours_cannot_be_told_from_not_there() {
        assert_eq!(AppError::NotFound.status(), AppError::NotYours.status());
        assert_eq!(AppError::NotFound.words(), AppError::NotYours.words());
    }

    #[test]
    fn a_database_that_cannot_be_reached_is_not_our_mistake() {
        assert!(matches!(AppError::from(sqlx::Error::PoolTimedOut), AppError::Unavailable(_)));
        assert!(matches!(AppError::from(sqlx::Error::RowNotFound), AppError::Internal(_)));
    }

    #[test]
    fn the_log_gets_the_whole_chain_of_causes() {
        let inner = std::io::Error::other("disk is full");
        let error = AppError::from(sqlx::Error::Io(inner));
        assert!(error.to_string().contains("disk is full"), "{error}");
    }

    #[test]
    fn waiting_is_said_in_whole_units() {
        for (seconds, sentence) in [
            (1, "Wait a moment, then try again."),
            (30, "Wait 30 seconds, then try again."),
            (60, "Wait a minute, then try again."),
            (900, "Wait 15 minutes, then try again."),
        ] {
            assert_eq!(wait_sentence(seconds), sentence);
        }
    }
}
