//! Our own extractors. They answer with a page and a sentence where axum's would answer with a line of plain text.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{header, request::Parts};
use serde::de::DeserializeOwned;

use crate::error::AppError;
use crate::http::form::Draft;

/// The most fields a form may have.
const MOST_FIELDS: usize = 1_000;

const UNREADABLE: &str =
    "Some of what was sent could not be read. Go back, load the page again and try once more.";
const NOT_TEXT: &str =
    "Some of what was sent is not text that can be read. Go back, type it again and send it.";
const HIDDEN: &str =
    "Some of what was sent has hidden control characters in it. Go back, type it again and send it.";

/// The parts of the address that the route names. What cannot be parsed does not exist: 404.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = AppError;

    #[expect(clippy::disallowed_types, reason = "the one place that turns axum's answer into our page")]
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        if decode(parts.uri.path().as_bytes(), false).is_none_or(|path| has_control(&path)) {
            return Err(AppError::NotFound);
        }
        let axum::extract::Path(value) = axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map_err(|_| AppError::NotFound)?;
        Ok(Self(value))
    }
}

/// What follows the `?` of the address: filters and the place in a list. Repeated fields fill a `Vec`.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, AppError> {
        let text = parts.uri.query().unwrap_or("");
        read_pairs(text.as_bytes()).and_then(no_control)?;
        serde_html_form::from_str(text).map(Self).map_err(|_| {
            AppError::bad_request(
                "The address after the question mark could not be read. Choose the filters again.",
            )
        })
    }
}

/// A small form whose shape is fixed (a version, a hidden id). What people type goes through [`Draft`], which keeps
/// it; here a field that is missing, repeated or unreadable is a page with a sentence.
#[derive(Debug, Clone, Copy)]
pub struct Form<T>(pub T);

impl<T, S> FromRequest<S> for Form<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AppError> {
        let body = urlencoded_body(request, state).await?;
        read_pairs(&body).and_then(no_control)?;
        serde_html_form::from_bytes(&body).map(Self).map_err(|_| AppError::bad_request(UNREADABLE))
    }
}

impl<S: Send + Sync> FromRequest<S> for Draft {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AppError> {
        let body = urlencoded_body(request, state).await?;
        read_pairs(&body).map(Self::from_pairs)
    }
}

async fn urlencoded_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, AppError> {
    if !is_urlencoded(request.headers()) {
        return Err(AppError::UnsupportedKind);
    }
    Bytes::from_request(request, state).await.map_err(|rejection| {
        AppError::from_status(rejection.status()).unwrap_or_else(|| AppError::bad_request(UNREADABLE))
    })
}

/// Whether the body is an ordinary form without files.
#[must_use]
pub fn is_urlencoded(headers: &axum::http::HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

/// The fields of a urlencoded text in order.
///
/// # Errors
/// [`AppError::BadRequest`] when it is not UTF-8 or has too many fields.
pub fn read_pairs(body: &[u8]) -> Result<Vec<(String, String)>, AppError> {
    if decode(body, true).is_none() {
        return Err(AppError::bad_request(NOT_TEXT));
    }
    let pairs: Vec<(String, String)> =
        serde_html_form::from_bytes(body).map_err(|_| AppError::bad_request(UNREADABLE))?;
    if pairs.len() > MOST_FIELDS {
        return Err(AppError::bad_request(UNREADABLE));
    }
    Ok(pairs)
}

fn no_control(pairs: Vec<(String, String)>) -> Result<(), AppError> {
    if pairs.iter().any(|(name, value)| has_control(name) || has_control(value)) {
        return Err(AppError::bad_request(HIDDEN));
    }
    Ok(())
}

/// Whether `text` has characters that are neither seen nor part of ordinary layout: control characters other than
/// tab and line ends, and the marks that reorder text on screen so that it reads differently from what is stored.
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars().any(|c| {
        (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    })
}

/// Percent-decodes; `None` when the result is not UTF-8. A plus stays or becomes a space, which are both fine here.
fn decode(bytes: &[u8], plus_is_space: bool) -> Option<String> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let escaped = match (byte, tail) {
            (b'%', [high, low, ..]) => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            out.push(high << 4 | low);
            rest = tail.get(2..).unwrap_or(&[]);
        } else if byte == b'+' && plus_is_space {
            out.push(b' ');
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        for (body, readable) in [
            ("a=caf%C3%A9&b=1+2", true),
            ("a=%", true),
            ("a=%zz", true),
            ("a=%ff", false),
            ("a=%C3", false),
            ("a=%ED%A0%80", false),
            ("%ff=1", false),
        ] {
            assert_eq!(read_pairs(body.as_bytes()).is_ok(), readable, "{body}");
        }
        assert!(read_pairs(b"a=\xff").is_err());
        assert!(read_pairs("a=1&".repeat(1_001).as_bytes()).is_err());
    }

    #[test]
    fn fields_keep_their_order_and_their_repeats() {
        let pairs = read_pairs(b"kind=record&kind=data&note=a%26b+c").unwrap();
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("kind", "record"), ("kind", "data"), ("note", "a&b c")]);
    }

    #[test]
    fn hidden_characters_are_seen() {
        for (text, hidden) in [
            ("plain words\r\n\tand a tab", false),
            ("“quotes”, café, 家, 👍🏽", false),
            ("nul\0", true),
            ("bell\u{7}", true),
            ("delete\u{7f}", true),
            ("next line\u{85}", true),
            ("turned \u{202e}txt.exe", true),
            ("\u{2066}isolate\u{2069}", true),
        ] {
            assert_eq!(has_control(text), hidden, "{text:?}");
        }
    }
}
