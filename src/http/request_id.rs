//! A short reference for every request: in the log, in a header, and on error pages, so that what a person reads out
//! can be found.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

/// The header that carries it.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Figures and letters that are not mistaken for each other when read out.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// The reference of a request, like `7KQ2-M9XD`. Made here; what a client sends is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

impl RequestId {
    fn new() -> Self {
        let mut bits = rand::random::<u64>();
        let mut text = String::with_capacity(9);
        for place in 0..8 {
            if place == 4 {
                text.push('-');
            }
            let letter = usize::try_from(bits & 31).ok().and_then(|index| ALPHABET.get(index)).copied();
            text.push(char::from(letter.unwrap_or(b'2')));
            bits >>= 5;
        }
        Self(text)
    }
}

/// Gives the request its reference, and the answer the header.
pub async fn add(mut request: Request, next: Next) -> Response {
    let id = RequestId::new();
    let value = HeaderValue::from_str(&id.0);
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    if let Ok(value) = value {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_short_readable_and_differ() {
        let seen: std::collections::HashSet<String> = (0..1_000).map(|_| RequestId::new().0).collect();
        assert_eq!(seen.len(), 1_000);
        for id in seen {
            assert_eq!(id.len(), 9);
            assert!(id.bytes().all(|byte| byte == b'-' || ALPHABET.contains(&byte)), "{id}");
        }
    }
}
