//! The page shell: headers, origin check, error pages, hostile forms, assets.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, extract::State};
use http_body_util::BodyExt;
use rstest::rstest;
use serde::Deserialize;
use std::fs;
use std::path::{Path as FilePath, PathBuf};
use throughline::error::AppError;
use throughline::http::banner::{Banner, Done};
use throughline::http::extract::{Form, Path, Query};
use throughline::http::form::Draft;
use throughline::http::{Routes, assets, page, pages, shell};
use tower::ServiceExt;

const ORIGIN: &str = "https://throughline.example";

#[derive(Deserialize)]
struct Small {
    version: i32,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Filters {
    #[serde(default)]
    risk: Vec<String>,
}

async fn draft(mut draft: Draft) -> Result<Response, AppError> {
    match draft.text("what", 20, "Say what was found") {
        Some(_) => Ok(page::done("/next", Done::FindingLogged, "F-0001")),
        None => {
            let mut response = page_of(&draft.errors().items()[0].sentence);
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
    }
}

async fn panics() -> Response {
    panic!("secret cause");
}

fn routes() -> Routes<()> {
    Routes::new()
        .get("/ok", || async { page_of("fine") })
        .get("/banner", |headers: HeaderMap| async move {
            page_of(Banner::from_headers(&headers).map_or("none", |banner| banner.done.label()))
        })
        .get("/number/{number}", |Path(number): Path<u32>| async move { page_of(&number.to_string()) })
        .get("/text/{text}", |Path(text): Path<String>| async move { page_of(&text) })
        .get("/filter", |Query(filters): Query<Filters>| async move { page_of(&filters.risk.join(",")) })
        .get("/not-yours", || async { AppError::NotYours })
        .get("/signed-out", || async { AppError::SignedOut })
        .get("/forbidden", || async { AppError::Forbidden("Ask the registered manager to close it.".into()) })
        .get("/conflict", || async { AppError::Conflict })
        .get("/too-many", || async { AppError::TooMany { retry_after: 90 } })
        .get("/internal", || async { AppError::internal("secret cause") })
        .get("/unavailable", || async { AppError::from(sqlx::Error::PoolTimedOut) })
        .get("/panic", panics)
        .get("/bare/{status}", |Path(status): Path<u16>| async move {
            (StatusCode::from_u16(status).unwrap(), "{\"framework\":\"words\"}").into_response()
        })
        .get("/health", || async {
            let mut response = (StatusCode::SERVICE_UNAVAILABLE, "not ready").into_response();
            response.extensions_mut().insert(pages::Plain);
            response
        })
        .get("/own-policy", || async {
            ([(header::CONTENT_SECURITY_POLICY, "sandbox")], "a file").into_response()
        })
        .post("/draft", draft)
        .post("/small", |Form(small): Form<Small>| async move {
            page_of(&format!("{} {}", small.version, small.kind.unwrap_or_default()))
        })
        .post("/session-ended", || async { AppError::SignedOut })
        .post("/state", |State(()): State<()>| async { page_of("changed") })
        .upload(
            "/files",
            1024 * 1024,
            |body: axum::body::Bytes| async move { page_of(&body.len().to_string()) },
        )
}

fn page_of(text: &str) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text.to_owned()).into_response()
}

fn app() -> Router {
    shell(routes(), (), ORIGIN, false)
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
    fn header(&self, name: impl AsRef<str>) -> &str {
        self.headers.get(name.as_ref()).map_or("", |value| value.to_str().unwrap())
    }
}

async fn send_to(app: Router, request: Request<Body>) -> Answer {
    let response = app.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

async fn send(request: Request<Body>) -> Answer {
    send_to(app(), request).await
}

async fn get(path: &str) -> Answer {
    send(Request::get(path).body(Body::empty()).unwrap()).await
}

async fn post(path: &str, body: impl Into<Body>) -> Answer {
    let request = Request::post(path)
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.into())
        .unwrap();
    send(request).await
}

/// What every error page owes: a page of ours, with a heading and a way back, no cause, no words of the framework.
fn assert_error_page(answer: &Answer, status: StatusCode) {
    let html = answer.text();
    assert_eq!(answer.status, status, "{html}");
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(html.matches("<h1").count(), 1, "{html}");
    assert!(html.contains("href=\"/\"") || html.contains("href=\"/sign-in\""), "no way back: {html}");
    assert!(!html.contains("secret cause") && !html.contains("framework"), "{html}");
}

#[rstest]
#[case("/ok", 200)]
#[case("/nothing-here", 404)]
#[case("/not-yours", 404)]
#[case("/number/twelve", 404)]
#[case("/filter?risk=%ff", 400)]
#[case("/forbidden", 403)]
#[case("/conflict", 409)]
#[case("/too-many", 429)]
#[case("/internal", 500)]
#[case("/panic", 500)]
#[case("/unavailable", 503)]
#[case("/bare/400", 400)]
#[case("/bare/415", 415)]
#[case("/bare/422", 400)]
#[case("/bare/502", 500)]
#[case("/health", 503)]
#[case("/signed-out", 303)]
#[tokio::test]
async fn every_answer_carries_the_security_headers(#[case] path: &str, #[case] status: u16) {
    let answer = get(path).await;
    assert_eq!(answer.status.as_u16(), status);
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe") && !policy.contains('*')
    );
    for directive in [
        "style-src 'self'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(directive), "{policy}");
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(answer.header("permissions-policy").contains("camera=()"));
    assert_eq!(answer.header("strict-transport-security"), "max-age=63072000", "other hosts may have none");
    assert_eq!(answer.header("x-request-id").len(), 9);
    if status >= 400 && path != "/health" {
        assert_error_page(&answer, StatusCode::from_u16(status).unwrap());
    }
}

#[tokio::test]
async fn plain_http_is_not_told_to_insist_on_https() {
    let app = shell(routes(), (), "http://127.0.0.1:8080", false);
    let answer = send_to(app, Request::get("/ok").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.header("strict-transport-security"), "");
}

#[tokio::test]
async fn a_handler_may_sandbox_its_answer() {
    assert_eq!(get("/own-policy").await.header("content-security-policy"), "sandbox");
}

#[tokio::test]
async fn a_health_check_may_answer_in_plain_text() {
    assert_eq!(get("/health").await.text(), "not ready");
}

#[tokio::test]
async fn not_there_and_not_yours_are_the_same_bytes() {
    let first = get("/nothing-here").await;
    let others = [
        get("/not-yours").await,
        get("/number/twelve").await,
        get("/text/%00").await,
        get("/text/%ff").await,
        get("/bare/404").await,
    ];
    for answer in &others {
        assert_error_page(answer, StatusCode::NOT_FOUND);
        assert_eq!(answer.body, first.body);
        let mut left = answer.headers.clone();
        let mut right = first.headers.clone();
        assert!(
            left.remove("x-request-id") != right.remove("x-request-id"),
            "each request has its own reference"
        );
        assert_eq!(left, right);
    }
}

#[tokio::test]
async fn a_reference_is_on_the_page_and_in_the_header() {
    for path in ["/internal", "/panic", "/unavailable", "/forbidden", "/bare/400"] {
        let answer = get(path).await;
        assert!(answer.text().contains(answer.header("x-request-id")), "{path}");
    }
    let sent = Request::get("/internal").header("x-request-id", "<script>").body(Body::empty()).unwrap();
    assert!(
        !send(sent).await.header("x-request-id").contains("script"),
        "what a client sends is not believed"
    );
}

#[rstest]
#[case("https://throughline.example/p/rowan/actions?late=yes", "/p/rowan/actions?late=yes")]
#[case("https://throughline.example.evil.example/x", "/")]
#[case("https://throughline.example//evil.example", "/")]
#[case("https://evil.example/throughline.example/", "/")]
#[case("nonsense", "/")]
#[tokio::test]
async fn an_error_leads_back_to_our_own_page_only(#[case] referrer: &str, #[case] back: &str) {
    let sent = |path: &str| {
        Request::get(path)
            .header(header::HOST, "throughline.example")
            .header(header::REFERER, referrer)
            .body(Body::empty())
            .unwrap()
    };
    let answer = send(sent("/conflict")).await;
    assert!(
        answer.text().contains(&format!("<a class=\"govuk-link\" href=\"{back}\">")),
        "{}",
        answer.text()
    );
    assert_eq!(send(sent("/not-yours")).await.body, get("/nothing-here").await.body);
}

#[tokio::test]
async fn the_wrong_method_says_which_are_right() {
    let answer = post("/ok", "").await;
    assert_error_page(&answer, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn waiting_is_said_to_people_and_programs() {
    let answer = get("/too-many").await;
    assert_eq!(answer.header("retry-after"), "90");
    assert!(answer.text().contains("Wait a minute, then try again."));
}

#[rstest]
#[case(Some("same-origin"), None, 200)]
#[case(None, Some("https://throughline.example"), 200)]
#[case(None, Some("https://evil.example"), 403)]
#[case(None, Some("null"), 403)]
#[case(Some("cross-site"), Some("https://throughline.example"), 403)]
#[case(Some("same-site"), None, 403)]
#[case(Some("none"), None, 403)]
#[case(None, None, 403)]
#[tokio::test]
async fn only_our_own_pages_may_change_something(
    #[case] site: Option<&str>,
    #[case] origin: Option<&str>,
    #[case] status: u16,
) {
    let mut request = Request::post("/state");
    if let Some(site) = site {
        request = request.header("sec-fetch-site", site);
    }
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let answer = send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status.as_u16(), status);
    if status == 403 {
        assert_error_page(&answer, StatusCode::FORBIDDEN);
    }
}

#[rstest]
#[case::fine("/small", b"version=3&kind=record".to_vec(), 200)]
#[case::missing("/small", b"kind=record".to_vec(), 400)]
#[case::repeated("/small", b"version=3&version=4".to_vec(), 400)]
#[case::not_a_number("/small", b"version=three".to_vec(), 400)]
#[case::too_large_a_number("/small", b"version=99999999999".to_vec(), 400)]
#[case::not_utf8("/small", b"version=3&kind=%ff".to_vec(), 400)]
#[case::raw_not_utf8("/small", b"version=3&kind=\xff".to_vec(), 400)]
#[case::nul("/small", b"version=3&kind=%00".to_vec(), 400)]
#[case::escape("/small", b"version=3&kind=%1b[2J".to_vec(), 400)]
#[case::turned_round("/small", "version=3&kind=\u{202e}exe".as_bytes().to_vec(), 400)]
#[case::tab_and_line("/small", b"version=3&kind=a%09b%0D%0Ac".to_vec(), 200)]
#[case::empty("/small", Vec::new(), 400)]
#[case::over_long("/small", [b"version=3&kind=".as_slice(), &[b'a'; 300 * 1024]].concat(), 413)]
#[case::many_fields("/small", "version=3&".repeat(2_000).into_bytes(), 400)]
#[case::draft_fine("/draft", b"what=a+gap".to_vec(), 303)]
#[case::draft_missing("/draft", Vec::new(), 422)]
#[case::draft_repeated("/draft", b"what=a&what=b".to_vec(), 422)]
#[case::draft_nul("/draft", b"what=%00".to_vec(), 422)]
#[case::draft_long("/draft", [b"what=".as_slice(), &[b'a'; 10_000]].concat(), 422)]
#[case::draft_not_utf8("/draft", b"what=%C3%28".to_vec(), 400)]
#[case::draft_over_long("/draft", [b"what=".as_slice(), &[b'a'; 300 * 1024]].concat(), 413)]
#[tokio::test]
async fn hostile_forms_get_a_page_with_a_sentence(
    #[case] path: &str,
    #[case] body: Vec<u8>,
    #[case] status: u16,
) {
    let answer = post(path, body).await;
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    if matches!(status, 400 | 413) {
        assert_error_page(&answer, StatusCode::from_u16(status).unwrap());
    }
}

#[rstest]
#[case("application/json", b"{\"version\":3}")]
#[case("text/plain", b"version=3")]
#[case("multipart/form-data; boundary=x", b"--x--")]
#[tokio::test]
async fn another_kind_of_body_is_not_read(#[case] kind: &str, #[case] body: &'static [u8]) {
    let request = Request::post("/small")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(body))
        .unwrap();
    assert_error_page(&send(request).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn only_an_upload_may_be_larger_and_it_has_its_own_limit() {
    let sent = |bytes: usize| {
        Request::post("/files")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(Body::from(vec![b'a'; bytes]))
            .unwrap()
    };
    assert_eq!(send(sent(900 * 1024)).await.text(), (900 * 1024).to_string());
    assert_error_page(&send(sent(1100 * 1024)).await, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn repeated_filters_are_all_read() {
    assert_eq!(get("/filter?risk=high&risk=critical").await.text(), "high,critical");
    assert_eq!(get("/filter").await.text(), "");
}

#[tokio::test]
async fn a_page_without_a_session_leads_to_sign_in_and_back() {
    let answer = get("/signed-out?risk=high&x=1").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/sign-in?next=%2Fsigned-out%3Frisk%3Dhigh%26x%3D1");
}

#[tokio::test]
async fn a_form_without_a_session_keeps_everything_typed() {
    let sent = "what=Two+lines%0D%0Aof+%3Cb%3Etext&kind=a&kind=b&new-password=tell+nobody";
    let answer = post("/session-ended?x=1", format!("{sent}&written-by=0123456789abcdef")).await;
    assert_error_page(&answer, StatusCode::UNAUTHORIZED);
    let html = answer.text();
    for said in [
        "action=\"/sign-in\"",
        "&#34;to&#34;:&#34;/session-ended?x=1&#34;",
        "Two lines\\r\\nof &#60;b&#62;text",
        "[&#34;kind&#34;,&#34;a&#34;],[&#34;kind&#34;,&#34;b&#34;]",
        "What you typed is not lost",
    ] {
        assert!(html.contains(said), "{said}: {html}");
    }
    assert!(!html.contains("tell nobody"), "a password is never written into a page");
    let nobodys = post("/session-ended", sent).await;
    assert_error_page(&nobodys, StatusCode::UNAUTHORIZED);
    assert!(!nobodys.text().contains("Two lines"), "what does not say whose it is goes to nobody");
}

#[tokio::test]
async fn a_banner_is_shown_once() {
    let answer = post("/draft", "what=a+gap").await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/next"));
    let cookie = answer.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("throughline_done=finding_logged.F-0001;") && cookie.contains("HttpOnly"),
        "{cookie}"
    );

    let with_cookie = |path: &str| {
        let pair = cookie.split(';').next().unwrap().to_owned();
        Request::get(path).header(header::COOKIE, pair).body(Body::empty()).unwrap()
    };
    let shown = send(with_cookie("/banner")).await;
    assert_eq!(shown.text(), "Finding recorded");
    assert!(shown.header("set-cookie").starts_with("throughline_done=; Path=/; Max-Age=0"));

    let redirected = send(with_cookie("/signed-out")).await;
    assert_eq!(redirected.header("set-cookie"), "", "a redirect did not show it, so it stays");
    let asset = send(with_cookie(assets::url("app.css"))).await;
    assert_eq!(asset.header("set-cookie"), "", "nor did a style sheet");
}

#[tokio::test]
async fn assets_are_kept_for_ever_compressed_and_not_sent_twice() {
    for name in ["govuk.css", "app.css", "app.js", "early.js", "govuk.js", "favicon.svg", "figtree.woff2"] {
        let url = assets::url(name);
        let plain = get(url).await;
        assert_eq!(plain.status, StatusCode::OK, "{name}");
        assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(plain.header("x-content-type-options"), "nosniff");
        assert_eq!(plain.header("content-encoding"), "");

        for encoding in ["br", "gzip"] {
            let ask = |tag: &str| {
                Request::get(url)
                    .header(header::ACCEPT_ENCODING, encoding)
                    .header(header::IF_NONE_MATCH, tag)
                    .body(Body::empty())
                    .unwrap()
            };
            let packed = send(ask("\"other\"")).await;
            if name == "figtree.woff2" {
                assert_eq!(packed.header("content-encoding"), "", "a typeface is compressed already");
            } else {
                assert_eq!(packed.header("content-encoding"), encoding, "{name}");
                assert_eq!(packed.header("vary"), "accept-encoding");
                assert!(packed.body.len() < plain.body.len(), "{name}");
            }
            let again = send(ask(packed.header("etag"))).await;
            assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{name}");
        }
    }
}

#[tokio::test]
async fn an_asset_of_another_version_is_asked_for_again_and_an_unknown_one_is_not_there() {
    assert_eq!(get("/assets/000000000000/app.css").await.header("cache-control"), "no-cache");
    for path in
        ["/assets/0/SHA256SUMS", "/assets/0/update.sh", "/assets/0/..%2FCargo.toml", "/assets/unknown"]
    {
        assert_error_page(&get(path).await, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn pages_are_compressed_for_those_who_ask() {
    let request = Request::get("/nothing-here")
        .header(header::ACCEPT_ENCODING, "br, gzip")
        .body(Body::empty())
        .unwrap();
    let answer = send(request).await;
    assert_eq!(answer.header("content-encoding"), "gzip");
}

#[test]
fn the_list_of_routes_names_every_route() {
    let routes = routes();
    let list: Vec<String> = routes.list().iter().map(|(method, path)| format!("{method} {path}")).collect();
    for wanted in ["GET /ok", "POST /draft", "POST /files", "GET /number/{number}"] {
        assert!(list.iter().any(|route| route == wanted), "{wanted}");
    }
    let merged = Routes::<()>::new().get("/a", || async {}).merge(Routes::new().post("/a", || async {}));
    assert_eq!(merged.list().len(), 2);
}

fn templates() -> Vec<PathBuf> {
    fn walk(folder: &FilePath, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&FilePath::new(env!("CARGO_MANIFEST_DIR")).join("templates"), &mut found);
    found
}

/// What is wrong in the text of a template, with the content security policy and escaping in mind.
fn inline(text: &str) -> Option<&'static str> {
    let text = text.to_ascii_lowercase();
    let script =
        text.split("<script").skip(1).any(|tag| !tag.split('>').next().unwrap_or("").contains(" src="));
    let handler = text.split(|c: char| c.is_whitespace()).any(|word| {
        word.strip_prefix("on").is_some_and(|rest| {
            rest.split_once('=')
                .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase()))
        })
    });
    [
        (script, "an inline script"),
        (text.contains("<style"), "an inline style sheet"),
        (text.contains(" style="), "an inline style"),
        (handler, "an inline handler"),
        (text.contains("javascript:"), "a script in a link"),
        (text.contains("|safe") || text.contains("| safe"), "text that is not escaped"),
        (text.contains("escape \"none\"") || text.contains("escape(\"none\""), "text that is not escaped"),
    ]
    .into_iter()
    .find_map(|(wrong, what)| wrong.then_some(what))
}

#[test]
fn no_template_has_anything_inline() {
    let mut pages = 0;
    for path in templates() {
        // a mail has no policy to keep, and brings its styles along
        let is_page = !path.parent().is_some_and(|folder| folder.ends_with("mail"));
        if is_page && path.extension().is_some_and(|ending| ending == "html") {
            pages += 1;
            assert_eq!(inline(&fs::read_to_string(&path).unwrap()), None, "{}", path.display());
        }
    }
    assert!(pages > 10);
    for wrong in [
        "<script>alert(1)</script>",
        "<p style=\"color:red\">",
        "<a onclick=\"x()\">",
        "<style>p{}</style>",
        "{{ note|safe }}",
        "<a href=\"javascript:x()\">",
    ] {
        assert!(inline(wrong).is_some(), "{wrong} was not noticed");
    }
}
