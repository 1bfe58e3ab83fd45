//! Lists as files: every list hands out exactly the rows of its pages, to exactly those who see them, and nothing in a file is a
//! formula.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use calamine::{Data, Reader, Xlsx};
use chrono::{DateTime, Utc};
use http_body_util::BodyExt;
use throughline::app::AppState;
use throughline::clock::Clock;
use throughline::domain::member::Role;
use throughline::domain::signal::Sign;
use throughline::domain::topic::{ReviewKind, Risk, Topic};
use throughline::error::AppError;
use throughline::http::export::{self as handing, Batch, List, Of};
use throughline::http::signed::Signed;
use throughline::ids::UserId;
use throughline::sample::{self, Wanted};
use throughline::sheet::{Column, Format};
use throughline::store::TenantTx;
use throughline::worker;
use throughline::workflow::finding::log;
use tower::ServiceExt;

use super::worker::{by_force, number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{self, Browser, World, saturday, unescaped, world};
use crate::harness::scratch::Scratch;

/// Every list, at an address that shows some of it to somebody. References of this letter on its pages are what its rows are told
/// from each other by; none where they have no references.
const LISTS: &[(&str, Option<char>)] = &[
    ("/actions?show=open&significance=all", Some('A')),
    ("/actions?show=late&significance=wider", Some('A')),
    ("/actions?show=closed&significance=all&risk=high", Some('A')),
    ("/actions?show=open&significance=minor&theme=safety&q=a", Some('A')),
    ("/actions?show=all&significance=all", Some('A')),
    ("/my-actions", Some('A')),
    ("/my-team", None),
    ("/verify", Some('A')),
    ("/verify/exceptions", Some('A')),
    ("/assurance", None),
    ("/escalations?show=others", Some('A')),
    ("/escalations?show=decided", Some('A')),
    ("/escalations/log", Some('A')),
    ("/findings", Some('F')),
    ("/findings?state=open&risk=medium", Some('F')),
    ("/findings?came_back=yes", Some('F')),
    ("/reviews", Some('R')),
    ("/reviews?waiting=yes", Some('R')),
    ("/sustain-checks", Some('A')),
    ("/sustain-checks?due=yes", Some('A')),
    ("/signals", None),
    ("/messages", None),
    ("/notices", Some('A')),
    ("/measures", None),
    ("/measures?ended=yes", None),
    ("/closure-audit", None),
    ("/governance/2026-10", None),
    ("/governance/2026-10/m1", Some('A')),
    ("/governance/2026-10/m7", Some('F')),
    ("/governance/2026-11/m10_open", Some('A')),
    ("/governance/2026-11/open_findings?counted=no", Some('F')),
    ("/weekly-review", None),
    ("/settings/members", None),
    ("/settings/services", None),
    ("/settings/invitations", None),
    ("/settings/downloads", None),
    ("/settings/history", None),
];

/// The address of the same list as a file.
fn as_file(path: &str, format: &str) -> String {
    format!("{path}{}as={format}", if path.contains('?') { '&' } else { '?' })
}

/// The main part of a page.
fn main_of(body: &str) -> &str {
    body.split_once("<main").map_or("", |(_, rest)| rest.split("</main>").next().unwrap())
}

/// The references of this letter in a text, each once, in their order.
fn references(text: &str, letter: char) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (at, _) in text.match_indices(&format!("{letter}-")) {
        let digits: String = text[at + 2..].chars().take_while(char::is_ascii_digit).collect();
        let stands_alone = !text[..at].ends_with(|c: char| c.is_alphanumeric());
        let reference = format!("{letter}-{digits}");
        if digits.len() >= 4 && stands_alone && !found.contains(&reference) {
            found.push(reference);
        }
    }
    found
}

/// All pages of a list, one after the other; how many there are.
async fn pages(browser: &Browser, path: &str) -> (String, usize) {
    let (mut all, mut next, mut count) = (String::new(), Some(path.to_owned()), 0);
    while let Some(path) = next {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        all.push_str(main_of(&page.body));
        let link = page.body.split("<a ").find(|tag| tag.contains("rel=\"next\""));
        next = link.map(|tag| unescaped(tag.split_once("href=\"").unwrap().1.split('"').next().unwrap()));
        count += 1;
        assert!(count < 200, "the pages of a list end");
    }
    (all, count)
}

/// A file as rows of words, its headings first.
type Table = Vec<Vec<String>>;

fn of_csv(bytes: &[u8]) -> Table {
    let text = std::str::from_utf8(bytes).unwrap().strip_prefix('\u{feff}').expect("the mark of UTF-8");
    let plain = text.replace("\r\n", "");
    assert!(!plain.contains('\r') || plain.contains("'\r"), "lines end with CRLF");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The same words a CSV has for a cell; nothing in a workbook may be a formula or an error.
fn in_words(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::Float(number) => number.to_string(),
        Data::Int(number) => number.to_string(),
        Data::DateTime(at) => {
            let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
            assert_eq!(milli, 0);
            let words = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
            words.strip_suffix(" 00:00:00").map(str::to_owned).unwrap_or(words)
        }
        other => panic!("a cell of another kind: {other:?}"),
    }
}

fn of_xlsx(bytes: &[u8]) -> (Table, BTreeMap<String, String>) {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    assert_eq!(book.sheet_names(), ["List", "About this list"]);
    let formulas = book.worksheet_formula("List").unwrap();
    assert!(formulas.cells().all(|(.., formula)| formula.is_empty()), "no formula in a list");
    let list = book.worksheet_range("List").unwrap();
    let table = list.rows().map(|row| row.iter().map(in_words).collect()).collect();
    let about = book.worksheet_range("About this list").unwrap();
    let about = about.rows().skip(1).map(|row| (in_words(&row[0]), in_words(&row[1]))).collect();
    (table, about)
}

/// A list in both formats, which say the same.
async fn file(browser: &Browser, path: &str) -> Result<Table, StatusCode> {
    let (status, headers, csv) = browser.fetch(&as_file(path, "csv")).await;
    let (other, book_headers, book) = browser.fetch(&as_file(path, "xlsx")).await;
    assert_eq!(status, other, "{path}: both formats are for the same people");
    if status != StatusCode::OK {
        return Err(status);
    }
    for (headers, kind) in [(&headers, "csv"), (&book_headers, "xlsx")] {
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let named = headers[header::CONTENT_DISPOSITION].to_str().unwrap();
        assert!(
            named.starts_with("attachment; filename=\"") && named.contains(&format!(".{kind}\"")),
            "{named}"
        );
    }
    assert_eq!(book_headers[header::CONTENT_LENGTH], book.len().to_string());
    let (lines, (rows, about)) = (of_csv(&csv), of_xlsx(&book));
    let width = lines[0].len();
    let unguarded = |text: &String| match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) => rest.to_owned(),
        _ => text.clone(),
    };
    let day = |text: String| text.strip_suffix(" 00:00:00").map(str::to_owned).unwrap_or(text);
    for (at, line) in lines.iter().enumerate() {
        // the list of what was taken has one row more when the second of the two is taken
        if path.contains("downloads") {
            break;
        }
        let mut row = rows.get(at).cloned().unwrap_or_default();
        row.resize(width, String::new());
        let line: Vec<String> = line.iter().map(|cell| day(unguarded(cell))).collect();
        assert_eq!(line, row, "{path}: line {at}");
    }
    assert!(!about["Provider"].is_empty() && about["Made by"].contains(", "), "{about:?}");
    assert_eq!(about["Rows"], (rows.len() - 1).to_string(), "{path}");
    Ok(lines)
}

/// The cells of a column by its heading.
fn column(table: &Table, title: &str) -> Vec<String> {
    let at =
        table[0].iter().position(|heading| heading == title).unwrap_or_else(|| panic!("no column {title}"));
    table[1..].iter().map(|row| row[at].clone()).collect()
}

fn once(all: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    all.into_iter().filter(|one| !one.is_empty() && seen.insert(one.clone())).collect()
}

/// A provider with a year of work, and a browser for each role.
struct Busy {
    db: TestDb,
    app: AppState,
    _folder: Scratch,
}

impl Busy {
    async fn new() -> Self {
        let (db, folder) = (TestDb::new().await, Scratch::new("export"));
        let app = fixtures::app(&db, Clock::fixed(saturday()), &folder);
        let wanted = Wanted { providers: 1, services: 3, actions: 420, days: 400, seed: 3 };
        sample::load(&app, &wanted, "marmalade tractor evening").await.unwrap();
        worker::tick(&app).await.unwrap();
        worker::count_signs(&app).await.unwrap();
        worker::keep_figures(&app).await.unwrap();
        Self { db, app, _folder: folder }
    }

    async fn browser(&self, role: Role) -> Browser {
        let user: UserId = sqlx::query_scalar(
            "SELECT m.user_id FROM memberships m WHERE m.role = $1 AND m.ended_at IS NULL
             ORDER BY (SELECT count(*) FROM actions a WHERE a.owner_id = m.id AND a.status NOT IN ('closed', 'cancelled')) DESC, m.id LIMIT 1",
        )
        .bind(role.as_str())
        .fetch_one(&mut self.db.administrator().await)
        .await
        .unwrap();
        World::browser_of(&self.app, &self.db.pool, user, "sample-1").await
    }
}

#[tokio::test]
async fn every_list_hands_out_what_its_pages_show_to_whom_they_show_it() {
    let busy = Busy::new().await;
    let (mut compared, mut long) = (BTreeMap::new(), BTreeSet::new());
    for role in [
        Role::CareStaff,
        Role::RegisteredManager,
        Role::QualityLead,
        Role::NominatedIndividual,
        Role::Administrator,
    ] {
        let browser = busy.browser(role).await;
        for (path, letter) in LISTS {
            let page = browser.get(path).await;
            let taken = file(&browser, path).await;
            assert_eq!(
                taken.as_ref().map_or_else(|status| *status, |_| StatusCode::OK),
                page.status,
                "{role:?} {path}"
            );
            let Ok(table) = taken else { continue };
            let links =
                ["csv", "xlsx"].map(|format| page.body.contains(&format!("as={format}\">Download as")));
            assert_eq!(links, [true, true], "{path} offers both");
            let Some(letter) = letter else { continue };
            let (shown, count) = pages(&browser, path).await;
            if count > 1 {
                long.insert(*path);
            }
            let mut shown = references(&shown, *letter);
            let mut handed = once(column(&table, "Reference"));
            if *path == "/verify" || *path == "/my-actions" || path.starts_with("/sustain-checks") {
                // the page parts them into groups
                shown.sort_unstable();
                handed.sort_unstable();
            }
            assert_eq!(handed, shown, "{role:?} {path}");
            *compared.entry(*path).or_insert(0) += handed.len();
        }
    }
    println!("rows compared: {compared:?}; over several pages: {long:?}");
    for path in [
        "/actions?show=open&significance=all",
        "/findings",
        "/reviews",
        "/my-actions",
        "/verify",
        "/escalations/log",
        "/notices",
        "/governance/2026-11/m10_open",
    ] {
        assert!(compared[path] > 0, "{path} had nothing to compare");
    }
    for path in ["/actions?show=open&significance=all", "/findings", "/reviews"] {
        assert!(long.contains(path), "{path} had only one page: nothing was shown of going on");
    }
    the_rest_agrees(&busy).await;
}

/// Lists without references, by what their rows are told from each other.
async fn the_rest_agrees(busy: &Busy) {
    let quality = busy.browser(Role::QualityLead).await;
    for sign in Sign::ALL {
        let path = format!("/signals?sign={}", sign.as_str());
        let table = file(&quality, &path).await.unwrap();
        let (shown, _) = pages(&quality, &path).await;
        let (mut actions, mut findings) = (references(&shown, 'A'), references(&shown, 'F'));
        actions.append(&mut findings);
        actions.sort_unstable();
        let mut handed = once(column(&table, "Reference"));
        handed.sort_unstable();
        assert_eq!(handed, actions, "{path}");
        assert!(column(&table, "Sign").iter().all(|label| label == sign.label()));
    }
    let administrator = busy.browser(Role::Administrator).await;
    let members = file(&administrator, "/settings/members").await.unwrap();
    let wanted = number(&busy.db, "SELECT count(*) FROM memberships").await;
    assert_eq!(i64::try_from(members.len() - 1).unwrap(), wanted);
    let history = file(&administrator, "/settings/history").await.unwrap();
    let lines =
        "SELECT count(*) FROM events WHERE action_id IS NULL AND finding_id IS NULL AND review_id IS NULL";
    assert_eq!(i64::try_from(history.len() - 1).unwrap(), number(&busy.db, lines).await);
    // every person's load, not the three first of it
    let team = file(&quality, "/my-team").await.unwrap();
    let open =
        number(&busy.db, "SELECT count(*) FROM actions WHERE status NOT IN ('closed', 'cancelled')").await;
    assert_eq!(i64::try_from(team.len() - 1).unwrap(), open);
    // a month as its page has it, and the months before
    let figures = file(&quality, "/governance/2026-10").await.unwrap();
    assert!(figures.len() > 17 * 5, "{}", figures.len());
}

/// A world whose words are as bad as words can be.
const HOSTILE: &[&str] = &[
    "=HYPERLINK(\"http://evil.example\",\"open me\")",
    "+44 20 7946 0000 was not answered",
    "-1 bed rails \"checked\"; twice, and\nagain",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\u{ff1d}1+1 in wide letters",
    "{=1+1} https://evil.example <script>alert(1)</script>",
];

#[tokio::test]
async fn no_words_become_a_formula_and_all_come_out_as_they_went_in() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    for what in HOSTILE {
        let mut new = w.finding("manager", Risk::Medium, Topic::Falls);
        new.what = (*what).to_owned();
        log(&w.app, w.actor("manager"), &new, None).await.unwrap();
    }
    let manager = w.browser("manager").await;
    let (_, _, bytes) = manager.fetch("/findings?as=csv").await;
    let csv = of_csv(&bytes);
    for cell in csv.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\u{ff1d}']), "{cell:?}");
    }
    let said: BTreeSet<String> = column(&csv, "What was found")
        .into_iter()
        .map(|text| text.strip_prefix('\'').map(str::to_owned).unwrap_or(text))
        .collect();
    assert_eq!(said, HOSTILE.iter().map(|text| (*text).to_owned()).collect());
    let (_, _, bytes) = manager.fetch("/findings?as=xlsx").await;
    let (book, about) = of_xlsx(&bytes);
    let said: BTreeSet<String> = column(&book, "What was found").into_iter().collect();
    assert_eq!(
        said,
        HOSTILE.iter().map(|text| (*text).to_owned()).collect(),
        "in a workbook nothing is added"
    );
    assert_eq!((about["Rows"].as_str(), about["Filters"].as_str()), ("6", "None"));
    // dates are dates, and counts are numbers
    let mut raw: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    let list = raw.worksheet_range("List").unwrap();
    let row = list.rows().nth(1).unwrap();
    assert!(matches!(row[2], Data::DateTime(_)), "{:?}", row[2]);
    assert!(matches!(row[11], Data::Float(_)), "{:?}", row[11]);
}

#[tokio::test]
async fn filters_rights_and_strange_addresses_are_those_of_the_page() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (finding, action) = w.line(Risk::High, Topic::Medicines, "carer").await;
    let (_, visit) = w.line(Risk::Low, Topic::Falls, "visitor").await;
    let (review, _) = w.start_review("manager", ReviewKind::Audit).await;
    let measure = crate::measure::defined(&w.app, w.actor("manager"), Some(w.house.id)).await;
    let weekly = throughline::workflow::weekly::start(&w.app, w.actor("manager"), w.house.id).await.unwrap();
    let quality = w.browser("quality").await;
    let references = |table: &Table| column(table, "Reference");
    let all = file(&quality, "/actions?significance=all").await.unwrap();
    assert_eq!(
        BTreeSet::from_iter(references(&all)),
        BTreeSet::from([action.to_string(), visit.to_string()])
    );
    for (filters, wanted) in [
        ("significance=all&service=rowan-visits", vec![visit.to_string()]),
        ("significance=all&risk=high", vec![action.to_string()]),
        ("significance=all&q=nothing+like+this", vec![]),
        // the place a page begins after is no part of a list
        ("significance=all&risk=high&after=1000000.9999", vec![action.to_string()]),
    ] {
        assert_eq!(
            references(&file(&quality, &format!("/actions?{filters}")).await.unwrap()),
            wanted,
            "{filters}"
        );
    }
    // the house's manager sees the house, and their own finding; care staff their own work
    assert_eq!(
        references(&file(&w.browser("manager").await, "/actions?significance=all").await.unwrap()),
        [action.to_string()]
    );
    assert_eq!(
        references(&file(&w.browser("carer").await, "/my-actions").await.unwrap()),
        [action.to_string()]
    );
    assert_eq!(
        references(&file(&w.browser("visitor").await, "/my-actions").await.unwrap()),
        [visit.to_string()]
    );
    assert_eq!(file(&w.browser("carer").await, "/findings").await.unwrap().len(), 1, "headings alone");
    // what is one thing's own list
    let became = file(
        &quality,
        &format!(
            "/reviews/{}",
            texts(&db, "SELECT 'R-' || lpad(number::text, 4, '0') FROM reviews ORDER BY number LIMIT 1")
                .await[0]
        ),
    )
    .await
    .unwrap();
    assert_eq!(column(&became, "Finding"), [finding.to_string()]);
    assert_eq!(file(&quality, &format!("/reviews/{review}")).await.unwrap().len(), 1);
    assert_eq!(file(&quality, &format!("/measures/{measure}")).await.unwrap()[0][0], "Period");
    assert_eq!(
        column(&file(&quality, &format!("/weekly-review/{weekly}")).await.unwrap(), "Reference"),
        [action.to_string()]
    );
    strangers(
        &w,
        &[format!("/reviews/{review}"), format!("/measures/{measure}"), format!("/weekly-review/{weekly}")],
    )
    .await;
    // words nobody's address has
    for (path, _) in LISTS {
        for who in ["quality", "administrator"] {
            let browser = w.browser(who).await;
            let answer = browser.get(&as_file(path, "pdf")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(
                w.browser("reader").await.get(&as_file(path, "csv")).await.status,
                w.browser("reader").await.get(path).await.status
            );
        }
    }
    for wrong in [
        "risk=HIGH",
        "service=willow-lodge",
        "show=%27%3B--",
        "theme=x",
        "as=csv&as=xlsx",
        "significance=%00",
    ] {
        let status = quality.get(&format!("/actions?as=csv&{wrong}")).await.status;
        assert!(status.is_client_error(), "{wrong}: {status}");
    }
    let long = quality.get(&format!("/actions?as=csv&q={}", "x".repeat(201))).await;
    assert_eq!(
        (long.status, long.headers.get(header::CONTENT_DISPOSITION)),
        (StatusCode::UNPROCESSABLE_ENTITY, None)
    );
}

/// Another provider's things are not there, in whatever format.
async fn strangers(w: &World, things: &[String]) {
    let stranger = w.browser("willow_manager").await;
    for path in things {
        for format in ["csv", "xlsx"] {
            let status = stranger.get(&as_file(path, format)).await.status;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    let ours = stranger.get("/p/rowan-care/findings?as=csv").await;
    assert_eq!(ours.status, StatusCode::NOT_FOUND);
    assert_eq!(w.stranger().get("/findings?as=csv").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_took_what_is_written_down_and_stays() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    w.line(Risk::High, Topic::Medicines, "carer").await;
    let heads = texts(&db, "SELECT hash FROM chain_heads ORDER BY provider_id").await;
    let manager = w.browser("manager").await;
    manager.fetch("/findings?risk=high&q=somebody&as=csv").await;
    manager.fetch("/actions?significance=all&as=xlsx").await;
    // a page takes nothing, and what is not there was not taken
    manager.get("/findings").await;
    manager.get("/settings/members?as=csv").await;
    let taken = texts(
        &db,
        "SELECT m.name || ' | ' || e.list || ' | ' || e.format || ' | ' || e.filters || ' | ' || coalesce(e.rows::text, 'none')
         FROM exports e JOIN memberships m ON m.id = e.member_id ORDER BY e.id",
    )
    .await;
    assert_eq!(
        taken,
        [
            "Priya Nair | findings | csv | Risk: High; Words | 0",
            "Priya Nair | actions | xlsx | Show: Open; Significance: All | 1",
        ]
    );
    assert_eq!(
        texts(&db, "SELECT hash FROM chain_heads ORDER BY provider_id").await,
        heads,
        "the trail has no line of it"
    );
    let page = w.browser("administrator").await.get("/settings/downloads").await;
    assert!(
        page.text().contains("Priya Nair") && page.text().contains("Risk: High; Words"),
        "{}",
        page.text()
    );
    assert_eq!(w.browser("manager").await.get("/settings/downloads").await.status, StatusCode::NOT_FOUND);
    assert!(
        !w.browser("willow_administrator").await.get("/settings/downloads").await.text().contains("Priya")
    );
    // nobody takes it back, not as the role that may write it
    let provider = w.provider;
    let mut app = db.connect(throughline::database::roles::APP).await;
    for change in ["UPDATE exports SET rows = 7", "UPDATE exports SET list = 'x'", "DELETE FROM exports"] {
        let script = format!("BEGIN; SET LOCAL app.provider_id = '{provider}'; {change}; COMMIT");
        let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut app).await;
        assert!(refused.is_err(), "{change}");
        let _ = sqlx::raw_sql("ROLLBACK").execute(&mut app).await;
    }
    by_force(&db, "SELECT 1").await;
    let folder = w.app.config.data_dir.join("exports");
    assert_eq!(std::fs::read_dir(folder).map_or(0, Iterator::count), 0, "nothing is left in the folder");
}

/// A list without an end, and one that breaks off.
struct Endless {
    /// Held for as long as somebody reads it.
    _read: Arc<()>,
    left: usize,
}

impl List for Endless {
    const COLUMNS: &'static [Column] = &[Column::new("Words", 20)];

    async fn next(&mut self, _: &mut TenantTx) -> Result<Batch, AppError> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Err(AppError::internal("the list broke off"));
        }
        let row = || vec!["x".repeat(1_000).into()];
        Ok(Batch::new((0..1_000).map(|_| row()).collect(), true))
    }
}

type Held = (AppState, Arc<()>);

async fn endless(
    State((app, read)): State<Held>,
    request: Request<Body>,
    left: usize,
) -> Result<Response, AppError> {
    use axum::extract::FromRequestParts as _;
    let (mut parts, _) = request.into_parts();
    let signed = Signed::from_request_parts(&mut parts, &app).await?;
    let format = if parts.uri.path().ends_with("xlsx") { Format::Xlsx } else { Format::Csv };
    handing::answer(&app, &signed, format, &Of::new("endless", "Endless"), Endless { _read: read, left })
        .await
}

async fn ask(router: &Router, cookie: &str, path: &str) -> (StatusCode, HeaderMap, Body) {
    let request = Request::get(format!("/p/rowan-care/{path}")).header(header::COOKIE, cookie);
    let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    (parts.status, parts.headers, body)
}

#[tokio::test]
async fn whoever_goes_away_ends_the_work_and_a_list_that_breaks_off_is_not_taken_for_whole() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let read = Arc::new(());
    let router = Router::new()
        .route("/p/{provider}/endless/{format}", get(|state, request| endless(state, request, usize::MAX)))
        .route("/p/{provider}/broken/{format}", get(|state, request| endless(state, request, 4)))
        .with_state((w.app.clone(), Arc::clone(&read)));
    let cookie = w.browser("manager").await.cookie().to_owned();
    let idle = Arc::strong_count(&read);
    // more often than there are turns: each gives its own back
    for _ in 0..4 {
        let (status, _, mut body) = ask(&router, &cookie, "endless/csv").await;
        assert_eq!(status, StatusCode::OK);
        let part: Bytes = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!(part.len() > 100_000);
        drop(body);
    }
    // a workbook without an end is never answered; who does not wait for it ends it
    let waited =
        tokio::time::timeout(std::time::Duration::from_millis(700), ask(&router, &cookie, "endless/xlsx"));
    assert!(waited.await.is_err());
    for _ in 0..200 {
        if Arc::strong_count(&read) == idle {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(Arc::strong_count(&read), idle, "no list is read any more");
    let (status, _, body) = ask(&router, &cookie, "broken/csv").await;
    assert_eq!(status, StatusCode::OK, "it had begun");
    assert!(body.collect().await.is_err(), "its connection breaks");
    let (status, ..) = ask(&router, &cookie, "broken/xlsx").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "nothing of it was sent");
    assert_eq!(
        number(&db, "SELECT count(*) FROM exports WHERE rows IS NOT NULL OR ended_at IS NOT NULL").await,
        0
    );
    assert_eq!(number(&db, "SELECT count(*) FROM exports").await, 7);
}

/// Browsers ask for it compressed, and compression reads on where others stop.
#[tokio::test]
async fn a_compressed_list_is_the_same_list() {
    use std::io::Read as _;
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    for _ in 0..12 {
        w.log_finding("manager", Risk::Low, Topic::Falls).await;
    }
    let manager = w.browser("manager").await;
    let (_, _, plain) = manager.fetch("/findings?as=csv").await;
    for format in ["csv", "xlsx"] {
        let request = Request::get(format!("/p/rowan-care/findings?as={format}"))
            .header(header::COOKIE, manager.cookie())
            .header(header::ACCEPT_ENCODING, "gzip, deflate, br");
        let router = throughline::app::router(w.app.clone());
        let answer = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let packed = answer.headers().get(header::CONTENT_ENCODING).is_some();
        assert_eq!(packed, format == "csv", "a workbook is packed already");
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        if packed {
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut text).unwrap();
            assert_eq!(text, plain);
        } else {
            assert_eq!(of_xlsx(&bytes).0.len(), 13);
        }
    }
}

/// Times of the day are London's, as on the pages.
#[tokio::test]
async fn times_are_those_of_london() {
    let db = TestDb::new().await;
    let summer: DateTime<Utc> = "2026-07-01T23:30:00Z".parse().unwrap();
    let w = world(&db, Clock::fixed(summer)).await;
    w.line(Risk::Low, Topic::Falls, "carer").await;
    let table = file(&w.browser("manager").await, "/actions?significance=all").await.unwrap();
    assert_eq!(column(&table, "Last moved"), ["2026-07-02 00:30:00"]);
}
