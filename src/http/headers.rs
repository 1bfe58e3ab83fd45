//! The security headers of every answer, errors and assets included.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// What a page may load and where it may send: its own style, script, typeface and pictures, nothing inline, no frames.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; \
     img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const PERMISSIONS: &str = "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), \
     gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// Headers that are the same on every answer.
const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// What is said of https: nothing on plain http; for the hosts under this one only when somebody said that all of them
/// have it (`HSTS_SUBDOMAINS`), because they would be out of reach for two years otherwise.
#[must_use]
pub const fn hsts(https: bool, subdomains: bool) -> Option<HeaderValue> {
    match (https, subdomains) {
        (false, _) => None,
        (true, false) => Some(HeaderValue::from_static("max-age=63072000")),
        (true, true) => Some(HeaderValue::from_static("max-age=63072000; includeSubDomains")),
    }
}

/// Adds the headers. A handler may set its own content security policy (a download is sandboxed) and its own caching;
/// without it a page is stored nowhere, because it may name people.
pub async fn add(State(hsts): State<Option<HeaderValue>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Some(hsts) = hsts {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts);
    }
    response
}
