//! Requests that change something must come from our own pages.
//!
//! The browser says so itself: `Sec-Fetch-Site: same-origin`, or, from browsers that do not send it (plain http away
//! from localhost), an `Origin` equal to the public address. No token is needed, and none can leak.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::AppError;

/// What the guard knows.
#[derive(Clone, Debug)]
pub struct Guarded {
    /// The public origin.
    pub origin: Arc<str>,
    /// Addresses whose secret is all that is asked for: a mail program says neither who sent it nor from where.
    pub except: Arc<[&'static str]>,
}

/// Refuses unsafe requests that another site sent, or that do not say who sent them.
pub async fn guard(State(guarded): State<Guarded>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let excepted = route.is_some_and(|route| guarded.except.contains(&route));
    if excepted || allowed(request.method(), request.headers(), &guarded.origin) {
        next.run(request).await
    } else {
        AppError::CrossSite.into_response()
    }
}

fn allowed(method: &Method, headers: &HeaderMap, public_origin: &str) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE) {
        return true;
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => !public_origin.is_empty() && origin.eq_ignore_ascii_case(public_origin),
        (None, None) => false,
    }
}

/// The origin (scheme, host, port if not the usual one) of a public address; empty when it is not one.
#[must_use]
pub fn origin_of(public_url: &str) -> String {
    let Some((scheme, rest)) = public_url.split_once("://") else { return String::new() };
    let scheme = scheme.to_ascii_lowercase();
    let host = rest.split(['/', '?', '#']).next().unwrap_or("").to_ascii_lowercase();
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(usual).unwrap_or(&host);
    if host.is_empty() { String::new() } else { format!("{scheme}://{host}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_change_something() {
        let ours = "https://throughline.example";
        for (method, site, origin, wanted) in [
            ("GET", None, None, true),
            ("GET", Some("cross-site"), Some("https://evil.example"), true),
            ("HEAD", None, None, true),
            ("POST", Some("same-origin"), Some(ours), true),
            ("POST", Some("same-origin"), None, true),
            ("POST", Some("same-site"), Some(ours), false),
            ("POST", Some("cross-site"), Some(ours), false),
            ("POST", Some("none"), None, false),
            ("POST", None, Some(ours), true),
            ("POST", None, Some("https://THROUGHLINE.example"), true),
            ("POST", None, Some("http://throughline.example"), false),
            ("POST", None, Some("https://throughline.example:8443"), false),
            ("POST", None, Some("https://throughline.example.evil.example"), false),
            ("POST", None, Some("null"), false),
            ("POST", None, Some(""), false),
            ("POST", None, None, false),
            ("PUT", None, None, false),
            ("DELETE", Some("cross-site"), None, false),
            ("PATCH", None, Some("https://evil.example"), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(site) = site {
                headers.insert("sec-fetch-site", site.parse().unwrap());
            }
            if let Some(origin) = origin {
                headers.insert("origin", origin.parse().unwrap());
            }
            let method = method.parse().unwrap();
            assert_eq!(allowed(&method, &headers, ours), wanted, "{method} {site:?} {origin:?}");
        }
    }

    #[test]
    fn an_unknown_public_address_allows_no_origin() {
        let mut headers = HeaderMap::new();
        headers.insert("origin", "".parse().unwrap());
        assert!(!allowed(&Method::POST, &headers, ""));
    }

    #[test]
    fn the_origin_of_an_address() {
        for (url, origin) in [
            ("https://throughline.example", "https://throughline.example"),
            ("https://Throughline.example:443/", "https://throughline.example"),
            ("http://127.0.0.1:8080/somewhere", "http://127.0.0.1:8080"),
            ("http://[::1]:80", "http://[::1]"),
            ("throughline.example", ""),
            ("https://", ""),
        ] {
            assert_eq!(origin_of(url), origin, "{url}");
        }
    }
}
