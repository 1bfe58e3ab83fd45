//! The report of a month: the page and the PDF say the same, that of a signed month never changes, and what stands at the foot of
//! its pages can be checked (R25).

use axum::http::header;
use rstest::rstest;
use sqlx::AssertSqlSafe;
use throughline::clock::{Clock, london_hour};
use throughline::database::roles;
use throughline::domain::figure::{Figure, Month};
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::domain::trail::{Broken, Head, Why};
use throughline::worker::{keep_figures, tick};
use throughline::workflow::{closure, recurrence, report, trail};

use super::dashboard::between;
use super::governance::{figures, lively};
use super::governance_meeting::{MONTH, december, sign, write};
use super::worker::{number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{Browser, World, day, saturday, world};
use crate::harness::program::Program;
use crate::harness::scratch::Scratch;

/// What nobody should type, and somebody will.
const HOSTILE: &str =
    "#eval(\"1+1\") $x^2$ \\input{/etc/passwd} <script>alert(1)</script> {{ 7*7 }} & ) Tj ET endstream %%EOF";

fn report_of(month: &str) -> String {
    format!("{month}/report")
}

async fn pdf(browser: &Browser, month: &str, service: &str) -> Vec<u8> {
    let service = if service.is_empty() { String::new() } else { format!("?service={service}") };
    let (status, headers, body) = browser.fetch(&format!("{month}/report.pdf{service}")).await;
    assert_eq!(status, 200);
    assert_eq!(headers[header::CONTENT_TYPE], "application/pdf");
    assert!(
        headers[header::CONTENT_DISPOSITION]
            .to_str()
            .unwrap()
            .starts_with("attachment; filename=\"governance-")
    );
    body.to_vec()
}

/// What a PDF says: as many pages as it has, each in words with single blanks.
fn pages(pdf: &[u8]) -> Vec<String> {
    let document = lopdf::Document::load_mem(pdf).unwrap();
    let numbers: Vec<u32> = document.get_pages().keys().copied().collect();
    numbers.iter().map(|n| plain(&document.extract_text(&[*n]).unwrap())).collect()
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The line and the hash at the foot of a page.
fn mark(text: &str) -> Head {
    let (before, rest) = text.split_once("has the hash ").unwrap_or_else(|| panic!("no hash in {text}"));
    let seq = before.rsplit("Line ").next().unwrap().split(' ').next().unwrap().parse().unwrap();
    Head { seq, hash: rest.chars().take_while(char::is_ascii_hexdigit).collect() }
}

/// November, signed off, with words in its minutes and decisions that would do harm if they were anything but words.
async fn signed(db: &TestDb) -> World {
    let w = december(db).await;
    keep_figures(&w.app).await.unwrap();
    let quality = w.browser("quality").await;
    let fields = [("item", "figure:m1"), ("said", "challenge"), ("note", HOSTILE)];
    assert_eq!(quality.post(&format!("{MONTH}/decisions"), &fields).await.status, 303);
    assert_eq!(write(&w, &quality, "", "0", HOSTILE).await.status, 303);
    assert_eq!(sign(&w.browser("nominated").await, "", "1").await.status, 303);
    w
}

#[tokio::test]
async fn the_pdf_says_what_the_page_says_and_nothing_typed_is_more_than_words() {
    let db = TestDb::new().await;
    let w = signed(&db).await;
    let nominated = w.browser("nominated").await;
    let (month, page) = (nominated.get(MONTH).await, nominated.get(&report_of(MONTH)).await);
    let found = pages(&pdf(&nominated, MONTH, "").await);
    assert!(found.len() > 2, "{} pages", found.len());
    let all = found.join(" ");
    // each figure with its value and of how many, on the page of the month, on the page for print, and in the PDF
    for shown in figures(&month) {
        let whole = if shown.parts == shown.value {
            shown.value.clone()
        } else {
            format!("{} {}", shown.value, shown.parts)
        };
        let target = shown.figure.target().map_or_else(|| "None".into(), |target| shown.figure.words(target));
        let row = format!("{} ({}) {whole} {target} ", shown.figure.label(), shown.figure.code());
        assert!(plain(&page.text()).contains(&row), "{row} is not on the page for print");
        assert!(all.contains(&row), "{row} is not in the PDF: {all}");
    }
    let text = page.text();
    for said in [
        "Signed off By James Okafor, 4 December 2026 at 10:00am",
        "As they were signed off on 4 December 2026",
        "The rows behind the figures",
        "Questions for the meeting",
        "Held on 3 December 2026.",
        HOSTILE,
    ] {
        assert!(text.contains(said), "{said} is not on the page: {text}");
        assert!(all.contains(said), "{said} is not in the PDF: {all}");
    }
    assert!(!page.body.contains("<script>alert"));
    for (n, page) in (1..).zip(&found) {
        assert!(page.contains(&format!("Page {n} of {}", found.len())), "{page}");
        assert_eq!(mark(page), mark(&text), "the foot of page {n}");
    }
    // the month leads to its report, the report to its PDF
    assert!(month.body.contains("href=\"/p/rowan-care/governance/2026-11/report\""));
    assert!(page.body.contains("href=\"/p/rowan-care/governance/2026-11/report.pdf\""));
    // it is read aloud: every part is tagged, and it says in which language
    let document = lopdf::Document::load_mem(&pdf(&nominated, MONTH, "").await).unwrap();
    let catalogue = document.catalog().unwrap();
    assert!(catalogue.has(b"StructTreeRoot") && catalogue.has(b"MarkInfo") && catalogue.has(b"Lang"));
}

/// The promise: whatever happens afterwards, and whenever it is made, the report of a signed month is the same to the last byte.
#[tokio::test]
async fn the_report_of_a_signed_month_never_changes() {
    let db = TestDb::new().await;
    let w = signed(&db).await;
    let nominated = w.browser("nominated").await;
    let (before, house) = (pdf(&nominated, MONTH, "").await, pdf(&nominated, MONTH, "rowan-house").await);
    let article = async || {
        let page = nominated.get(&report_of(MONTH)).await;
        between(&page.body, "<article", "</article>")[0].to_owned()
    };
    let page = article().await;
    w.days_pass(40);
    assert!(before == pdf(&nominated, MONTH, "").await, "another day");
    // what becomes known later: what was closed opens again, what was found came back, and months before are counted anew
    let closed = texts(&db, "SELECT a.number::text FROM actions a WHERE a.status = 'closed' AND a.provider_id = (SELECT id FROM providers WHERE slug = 'rowan-care') ORDER BY a.number").await;
    for n in closed {
        let action = Reference::action(n.parse().unwrap());
        let seen = w.version(action).await;
        let again = w.today() + chrono::Days::new(9);
        closure::reopen(&w.app, w.actor("nominated"), action.number, seen, "It happened again", again)
            .await
            .unwrap();
    }
    let found = texts(&db, "SELECT f.number::text FROM findings f WHERE f.found_on < '2026-12-01' AND f.service_id = (SELECT id FROM services WHERE slug = 'rowan-house')
        AND NOT EXISTS (SELECT 1 FROM finding_links l WHERE l.finding_id = f.id OR l.earlier_id = f.id) ORDER BY f.number LIMIT 2").await;
    let (earlier, later) = (found[0].parse().unwrap(), found[1].parse().unwrap());
    recurrence::link(&w.app, w.actor("manager"), later, earlier).await.unwrap();
    w.line(Risk::High, Topic::Falls, "carer").await;
    tick(&w.app).await.unwrap();
    keep_figures(&w.app).await.unwrap();
    assert!(before == pdf(&nominated, MONTH, "").await, "what was known later changed it");
    assert_eq!(article().await, page);
    assert!(
        house != pdf(&nominated, MONTH, "rowan-house").await,
        "that of a month that nobody signed says what is counted now, or this test would see nothing"
    );
    // whoever runs the program gets the same file
    let read =
        report::for_operator(&w.app, "rowan-care", None, Month::from_text("2026-11").unwrap()).await.unwrap();
    assert!(before == w.app.press.pdf(read.paper()).await.unwrap());
}

#[tokio::test]
async fn what_stands_at_the_foot_is_found_in_the_trail_and_a_rewritten_trail_is_found_out() {
    let db = TestDb::new().await;
    let w = signed(&db).await;
    let nominated = w.browser("nominated").await;
    let head = mark(&pages(&pdf(&nominated, MONTH, "").await)[0]);
    let kind = format!("SELECT kind FROM events WHERE seq = {} AND provider_id = '{}'", head.seq, w.provider);
    assert_eq!(texts(&db, &kind).await, ["governance_signed"], "the line of the sign-off");
    // of a month that is not signed: the last line there is
    let open = mark(&pages(&pdf(&nominated, MONTH, "rowan-house").await)[0]);
    assert_eq!(
        open.seq,
        number(&db, &format!("SELECT seq FROM chain_heads WHERE provider_id = '{}'", w.provider)).await
    );
    let verify = async |head: &Head| trail::verify(&w.app, w.provider, Some(head.clone())).await.unwrap();
    w.line(Risk::Low, Topic::Falls, "carer").await;
    assert!(verify(&head).await.is_ok() && verify(&open).await.is_ok());
    let ask = async |line: &str, hash: &str| {
        nominated.get(&format!("/trail?line={line}&hash={}", hash.replace(' ', "+"))).await
    };
    let (line, hash) = (head.seq.to_string(), head.hash.clone());
    let spaced = format!("{} {}", &hash[..20].to_uppercase(), &hash[20..]);
    for typed in [&hash, &spaced] {
        let page = ask(&line, typed).await;
        assert_eq!(
            (page.status.as_u16(), page.text().contains("It is the same trail")),
            (200, true),
            "{}",
            page.text()
        );
    }
    let other = ask(&(head.seq - 1).to_string(), &hash).await.text();
    assert!(other.contains("It is not the same trail") && other.contains("has another hash"), "{other}");
    assert!(ask("99999", &hash).await.text().contains("The trail has no line 99999"));
    let wrong = ask("0", "abc").await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text().contains("Enter the number of the line")
            && wrong.text().contains("Enter the whole hash")
    );
    assert_eq!(wrong.field("hash"), "abc", "nothing typed is lost");
    assert!(!nominated.get("/trail").await.text().contains("same trail"));
    // somebody with every right changes what was done long ago and chains everything anew: the trail fits in itself
    let mut administrator = db.administrator().await;
    let rewrite = format!(
        "SET session_replication_role = replica;
         UPDATE events SET line = replace(line, '\"detail\" : {{', '\"detail\" : {{\"x\": 1, ') WHERE provider_id = '{p}' AND seq = {at};
         DO $$ DECLARE e record; before text; BEGIN
           FOR e IN SELECT seq, line FROM events WHERE provider_id = '{p}' AND seq >= {at} ORDER BY seq LOOP
             IF before IS NOT NULL THEN
               UPDATE events SET line = replace(line, line::json ->> 'prev', before) WHERE provider_id = '{p}' AND seq = e.seq RETURNING line INTO e.line;
             END IF;
             before := encode(sha256(convert_to(e.line, 'UTF8')), 'hex');
           END LOOP;
           UPDATE chain_heads SET hash = before WHERE provider_id = '{p}';
         END $$;",
        p = w.provider,
        at = head.seq - 2
    );
    sqlx::raw_sql(AssertSqlSafe(rewrite)).execute(&mut administrator).await.unwrap();
    assert!(trail::verify(&w.app, w.provider, None).await.unwrap().is_ok(), "by itself it shows nothing");
    assert_eq!(verify(&head).await, Err(Broken { at: head.seq, why: Why::NotAsWrittenDown }));
    assert!(ask(&line, &hash).await.text().contains("It is not the same trail"));
}

#[rstest]
#[case("carer", "", 404)]
#[case("leader", "rowan-house", 404)]
#[case("deputy", "rowan-house", 200)]
#[case("manager", "", 200)]
#[case("manager", "rowan-visits", 404)]
#[case("manager", "nowhere", 404)]
#[case("quality", "", 200)]
#[case("safeguarding", "rowan-visits", 200)]
#[case("administrator", "", 200)]
#[case("willow_manager", "rowan-house", 404)]
#[tokio::test]
async fn each_role_gets_the_report_of_what_they_see(
    #[case] who: &str,
    #[case] service: &str,
    #[case] status: u16,
) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let browser = w.browser(who).await;
    for kind in ["report", "report.pdf"] {
        let (answer, _, _) = browser.fetch(&format!("{MONTH}/{kind}?service={service}")).await;
        assert_eq!(answer.as_u16(), status, "{who} {kind}");
        for never in ["2026-12", "2026-13", "1949-01", "x"] {
            let (answer, _, _) = browser.fetch(&format!("/governance/{never}/{kind}")).await;
            assert_eq!(answer.as_u16(), 404, "{never} {kind}");
        }
    }
    if status == 200 && who == "manager" {
        let text = pages(&pdf(&browser, MONTH, "").await).join(" ");
        assert!(text.contains("Rowan House") && !text.contains("Rowan Visits"), "their own service: {text}");
    }
}

#[tokio::test]
async fn a_provider_with_nothing_has_a_report_that_says_so() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let browser = w.browser("willow_manager").await;
    let found = pages(&pdf(&browser, MONTH, "").await);
    let all = found.join(" ");
    for said in [
        "Not signed off: the figures can still change",
        "The month is still running",
        "No finding was open.",
        "No minutes are written.",
        "No figure changes more than it usually does",
        "Closed with measured improvement (M9) None to count",
    ] {
        assert!(all.contains(said), "{said}: {all}");
    }
    assert!(!all.contains("The rows behind the figures"));
}

/// As for a year of months of which the newest stands out: its chart is printed, and what it says stands below.
#[tokio::test]
async fn what_a_line_over_time_says_is_drawn_and_said() {
    let db = TestDb::new().await;
    let w = lively(&db).await;
    w.at(london_hour(day("2026-12-04"), 10));
    keep_figures(&w.app).await.unwrap();
    // what was kept of earlier months: few open actions in each, nearly the same number
    let history = format!(
        "SET session_replication_role = replica; DELETE FROM figures_kept; DELETE FROM figure_months;
         INSERT INTO figure_months (provider_id, month, seq, kept_at) SELECT '{p}', m::date, 99999999, now() + interval '9 years' FROM generate_series('2025-01-01'::date, '2026-10-01', '1 month') m;
         INSERT INTO figures_kept (provider_id, place_id, month, figure, numerator, denominator)
           SELECT '{p}', '{p}', m::date, 'm10_open', 1 + extract(month FROM m)::int % 2, 2 FROM generate_series('2025-01-01'::date, '2026-10-01', '1 month') m;",
        p = w.provider
    );
    sqlx::raw_sql(AssertSqlSafe(history)).execute(&mut db.administrator().await).await.unwrap();
    let quality = w.browser("quality").await;
    let all = pages(&pdf(&quality, MONTH, "").await).join(" ");
    let page = quality.get(&report_of(MONTH)).await;
    assert!(page.body.contains("spc--big"), "the chart is on the page: {}", page.text());
    let said = format!("{} ({}). The last reading,", Figure::Open.label(), Figure::Open.code());
    assert!(all.contains(&said) && page.text().contains(&said), "{all}");
    assert!(all.contains("Higher than usual") && page.text().contains("Higher than usual"), "{all}");
    if let Ok(folder) = std::env::var("REPORT_FOLDER") {
        std::fs::write(format!("{folder}/charts.pdf"), pdf(&quality, MONTH, "").await).unwrap();
    }
}

#[tokio::test]
async fn the_command_writes_the_report_of_a_month() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::System).await;
    let (url, folder) = (db.url(roles::APP), Scratch::new("report"));
    let data = folder.path().to_string_lossy().into_owned();
    let settings = [("DATABASE_URL", url.as_str()), ("DATA_DIR", &*data)];
    let file = folder.path().join("report.pdf");
    let month = Month::of(w.today()).text();
    let ask = |provider: &str, month: &str, more: &[&str]| {
        let out = file.to_string_lossy();
        let mut arguments = vec!["report", "--provider", provider, "--month", month, "--out", &*out];
        arguments.extend(more);
        let done = Program::command(&arguments, &settings).output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (done.status.code(), said(&done.stdout) + &said(&done.stderr))
    };
    let (code, said) = ask("rowan-care", &month, &["--service", "rowan-house"]);
    assert_eq!(code, Some(0), "{said}");
    let found = pages(&std::fs::read(&file).unwrap());
    assert!(
        found[0].contains("Rowan House") && found[0].contains("The month is still running"),
        "{}",
        found[0]
    );
    let head = mark(&found[0]);
    assert!(said.contains(&format!("line {} of the trail, whose hash is {}", head.seq, head.hash)), "{said}");
    for (provider, month, more, sentence) in [
        ("nobody", &*month, &[][..], "There is no provider \"nobody\"."),
        ("rowan-care", &*month, &["--service", "nowhere"][..], "There is no service \"nowhere\""),
        ("rowan-care", "2149-01", &[][..], "January 2149 has not begun."),
        ("rowan-care", "2026-13", &[][..], "give a month like 2026-10"),
        ("rowan-care", &*month, &["--out", "/nowhere/at/all.pdf"][..], "cannot be used multiple times"),
    ] {
        let (code, said) = ask(provider, month, more);
        assert!(code != Some(0) && said.contains(sentence), "{sentence}: {said}");
    }
}
