//! Bringing a spreadsheet: from the file to open actions and back, through the real router and the worker.

use std::time::Instant;

use axum::http::StatusCode;
use rstest::rstest;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use throughline::app::AppState;
use throughline::clock::Clock;
use throughline::domain::import::Row;
use throughline::domain::topic::{ReviewKind, Risk, Topic};
use throughline::files::table::{Sheet, Table};
use throughline::files::{ContentHash, FileName};
use throughline::ids::{ImportId, ServiceId};
use throughline::worker::{self, jobs};
use throughline::workflow::import::{self, Columns};
use throughline::workflow::{Actor, Stop, pack};

use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World, saturday, world};
use crate::harness::upload::{Upload, bomb};
use crate::pack::choice;
use crate::worker::{broken_lines, number, texts};

/// A tracker as somebody else would have made it.
const TRACKER: &str = "Rowan House improvement plan,,,,,,,,\n\
    Ref,Issue identified,Action required,Lead,Target date,RAG,Status,Date completed,Branch\n\
    1,No maximum dose on PRN charts,Add a maximum dose to all 14 PRN charts,Amara Bello,03/12/2026,Red,In progress,,Rowan House\n\
    2,Fall not recorded,Be more careful about falls,Priya,01/10/2026,Amber,Open,,House\n\
    3,Menus out of date,Print the menus of the week,Bob,,Green,Open,,Rowan House\n\
    4,Fire door wedged,Fit closers to 3 fire doors,Priya Nair,01/09/2026,Red,Complete,28/08/2026,Rowan House\n\
    5,No review dates,Add review dates,Priya Nair,soon,Amber,Open,,Rowan House\n\
    6,,,,,,,,\n";

/// A draft that was looked through, of two rows; `mark` makes it another.
pub async fn draft(app: &AppState, by: &Actor, service: ServiceId, mark: &str) -> ImportId {
    let row = |n: u32, cells: [&str; 3]| Row { n, cells: cells.map(str::to_owned).to_vec() };
    let action = format!("Add a dose to the charts of {mark}");
    let rows = vec![row(1, ["Action", "Status", "Due"]), row(2, [&action, "Open", "3/12/2026"])];
    let table = Table {
        name: FileName::clean("tracker.csv"),
        sha256: ContentHash::from([7; 32]),
        sheets: vec![Sheet { name: "CSV".into(), rows }],
    };
    let id = import::keep(app, by, ImportId::new(), &table).await.unwrap();
    let header = throughline::domain::import::Header { row: 1, two: false };
    import::choose_header(app, by, id, 1, (0, header)).await.unwrap();
    let fields = [(0, "action"), (1, "status"), (2, "due")].map(|(at, word)| (at, word.parse().unwrap()));
    let chosen = Columns {
        fields: fields.into(),
        service: Some(service),
        risk: Risk::Low,
        success_test: "Look".into(),
    };
    import::choose_columns(app, by, id, 2, &chosen).await.unwrap();
    import::check(app, by, id, 3, None).await.unwrap();
    id
}

/// The fields of a page's form as the browser would send them back.
fn fields(page: &Answer) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        Some(crate::harness::fixtures::unescaped(rest.split('"').next()?))
    };
    let mut sent = Vec::new();
    for piece in page.body.split('<') {
        if piece.starts_with("input") && !piece.contains("type=\"file\"") {
            let ticked = !piece.contains("type=\"checkbox\"") || piece.contains(" checked");
            if let (Some(name), true) = (attribute(piece, "name"), ticked) {
                sent.push((name, attribute(piece, "value").unwrap_or_default()));
            }
        } else if piece.starts_with("select") {
            sent.push((attribute(piece, "name").unwrap(), String::new()));
        } else if piece.starts_with("option") && piece.contains(" selected") {
            let value = attribute(piece, "value").unwrap();
            sent.last_mut().unwrap().1 = value;
        } else if piece.starts_with("textarea") {
            let text = piece.split_once('>').unwrap().1.trim().to_owned();
            sent.push((attribute(piece, "name").unwrap(), crate::harness::fixtures::unescaped(&text)));
        }
    }
    sent
}

async fn send(browser: &Browser, path: &str, fields: &[(String, String)]) -> Answer {
    browser.post_raw(path, serde_html_form::to_string(fields).unwrap()).await
}

/// Uploads a file and gives the address of its import.
async fn upload(browser: &Browser, name: &str, bytes: &[u8]) -> Answer {
    let page = browser.get("/imports").await;
    let form = Upload::new().text("id", &page.field("id")).file("file-table", name, bytes);
    browser.upload("/imports", form).await
}

/// Goes through all steps as they are guessed, to the dry run; gives the import's address.
async fn to_dry_run(browser: &Browser, name: &str, bytes: &[u8]) -> String {
    let sent = upload(browser, name, bytes).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let here = sent.location().trim_end_matches("/sheet").to_owned();
    for (step, next) in [("sheet", "columns"), ("columns", "words"), ("words", "check")] {
        let page = browser.get(&format!("{here}/{step}")).await;
        assert_eq!(page.status, StatusCode::OK, "{step}: {}", page.text());
        let sent = send(browser, &format!("{here}/{step}"), &fields(&page)).await;
        assert_eq!(sent.location(), format!("{here}/{next}"), "{step}: {}", sent.text());
    }
    here
}

/// Presses the button of the dry run, and lets the worker do it.
async fn bring(w: &World, browser: &Browser, here: &str) -> Answer {
    let page = browser.get(&format!("{here}/check")).await;
    let sent = browser.post(&format!("{here}/start"), &[("seen", &page.field("seen"))]).await;
    assert_eq!(sent.location(), here, "{}", sent.text());
    let waits = browser.get(here).await;
    assert!(waits.text().contains("It waits for its turn"), "{}", waits.text());
    assert_eq!(waits.headers.get("refresh").unwrap(), "3");
    assert_eq!(jobs::all(&w.app).await.unwrap(), 1);
    browser.get(here).await
}

async fn scene() -> (TestDb, World) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    (db, w)
}

/// How many findings an evidence pack about the home would hold.
async fn in_a_pack(w: &World) -> usize {
    let by = w.actor("quality");
    let mut choice = choice(w.house.id);
    let mut tx = by.begin(&w.app).await.unwrap();
    let looked = pack::look(&mut tx, by, &mut choice).await.unwrap();
    tx.commit().await.unwrap();
    looked.findings.len()
}

#[tokio::test]
async fn a_tracker_is_brought_in_and_undone() {
    let (db, w) = scene().await;
    let browser = w.browser("quality").await;
    let here = to_dry_run(&browser, "Plan 2026.csv", TRACKER.as_bytes()).await;
    let dry = browser.get(&format!("{here}/check")).await;
    for said in [
        "Will become an open action",
        "It is late from the start.",
        "D5 says “Bob”, who was matched with nobody: it comes without an owner.",
        "The tracker gives no due date: it gets the one of your closure standard.",
        "E7 says “soon”, which is no date: write it like 3/4/2026, or leave it empty.",
        "C8 is empty: the row says no action.",
        "Import 4 rows",
        "whoever hears of it gets a mail about each",
    ] {
        assert!(dry.text().contains(said), "{said}: {}", dry.text());
    }
    let left = browser.get(&format!("{here}/check?fate=left_out")).await.text();
    assert!(left.contains("soon") && !left.contains("It is late from the start"), "{left}");
    assert_eq!(number(&db, "SELECT count(*) FROM actions").await, 0, "nothing came in yet");

    let done = bring(&w, &browser, &here).await.text();
    assert!(done.contains("Plan 2026.csv") && done.contains("Undo this import"), "{done}");
    assert_eq!(
        texts(&db, "SELECT a.status || ' ' || a.risk || ' ' || a.topic || ' ' || coalesce(m.name, 'nobody') || ' ' || a.due_on FROM actions a
            LEFT JOIN memberships m ON m.id = a.owner_id ORDER BY a.number").await,
        [
            "in_progress high medicines Amara Bello 2026-12-03",
            "not_started medium falls Priya Nair 2026-10-01",
            "not_started low nutrition nobody 2026-12-18",
        ]
    );
    // vague words are kept with the reason, also at high risk (R2)
    let kept = texts(&db, "SELECT coalesce(wording_override, 'clear') FROM actions ORDER BY number").await;
    assert_eq!(kept[1], "Imported from the tracker as it was written there.");
    assert_eq!(
        texts(&db, "SELECT kind || ' ' || (SELECT count(*) FROM finding_sources) FROM reviews").await,
        ["imported_tracker 3"]
    );
    let line = texts(&db, "SELECT line FROM events WHERE kind = 'tracker_imported'").await.remove(0);
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(TRACKER.as_bytes()));
    assert!(
        line.contains(&hash) && line.contains(&w.id("quality").to_string()) && line.contains("\"rows\": 6"),
        "{line}"
    );
    assert!(browser.get("/reviews/R-0001").await.text().contains("Tracker imported: Plan 2026.csv"));
    let page = browser.get("/actions/A-0001").await.text();
    assert!(page.contains("From the tracker:") && page.contains("Reference: 1"), "{page}");

    // what was done is kept apart
    let earlier = browser.get("/earlier").await.text();
    assert!(
        earlier.contains("Fit closers to 3 fire doors") && earlier.contains("28 August 2026"),
        "{earlier}"
    );
    assert!(browser.get("/findings").await.text().contains("Closed before Throughline"));

    assert_eq!(in_a_pack(&w).await, 3);

    // the same form twice asks once, and undoing takes everything back
    let again = browser.post(&format!("{here}/start"), &[("seen", "0")]).await;
    assert_eq!(again.location(), here);
    assert_eq!(jobs::all(&w.app).await.unwrap(), 0);
    worker::tick(&w.app).await.unwrap(); // what is late is escalated: that touches nothing
    assert!(number(&db, "SELECT count(*) FROM escalations").await > 0);
    let undone = browser.post(&format!("{here}/undoing"), &[]).await;
    assert_eq!(undone.location(), here, "{}", undone.text());
    assert_eq!(jobs::all(&w.app).await.unwrap(), 1);
    assert!(browser.get(&here).await.text().contains("Undone"));
    assert_eq!(texts(&db, "SELECT DISTINCT status FROM actions").await, ["cancelled"]);
    assert_eq!(number(&db, "SELECT count(*) FROM earlier_actions").await, 0);
    assert!(!browser.get("/findings").await.text().contains("No maximum dose"), "in no list");
    assert_eq!(in_a_pack(&w).await, 0, "nor handed to anybody");
    assert_eq!(number(&db, "SELECT count(*) FROM events WHERE kind = 'import_undone'").await, 1);
    assert_eq!(broken_lines(&db).await, 0);
    // and the file may come again
    let second = to_dry_run(&browser, "Plan 2026.csv", TRACKER.as_bytes()).await;
    assert!(browser.get(&format!("{second}/check")).await.text().contains("Import 4 rows"));
}

#[tokio::test]
async fn the_same_file_twice_adds_nothing() {
    let (db, w) = scene().await;
    let browser = w.browser("quality").await;
    let (first, other) =
        (TRACKER.replace("Bob", "Priya Nair"), TRACKER.replace("Open", "Done").replace("Bob", "Amara Bello"));
    let here = to_dry_run(&browser, "a.csv", first.as_bytes()).await;
    bring(&w, &browser, &here).await;
    let counts = "SELECT (SELECT count(*) FROM actions) * 100 + (SELECT count(*) FROM earlier_actions)";
    assert_eq!(number(&db, counts).await, 301);
    // under another name, and with other statuses and owners: people went on in the spreadsheet
    for (name, bytes) in [("b.csv", &first), ("c.csv", &other)] {
        let again = to_dry_run(&browser, name, bytes.as_bytes()).await;
        let dry = browser.get(&format!("{again}/check")).await;
        assert!(dry.text().contains("It was imported before, as A-0001."), "{}", dry.text());
        assert!(dry.text().contains("No row would be brought in"), "{}", dry.text());
        let sent = browser.post(&format!("{again}/start"), &[("seen", &dry.field("seen"))]).await;
        assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(number(&db, counts).await, 301);
}

#[tokio::test]
async fn what_is_here_already_is_recognised() {
    let (_db, w) = scene().await;
    let (_, action) = w.line(Risk::Low, Topic::Medicines, "carer").await;
    let case = w.case(action).await;
    let due = case.action.due_on.unwrap().format("%d/%m/%Y");
    let csv = format!("Action,Due date\n{},{due}\nSomething else,{due}\n", case.action.what.to_uppercase());
    let browser = w.browser("manager").await;
    let here = to_dry_run(&browser, "x.csv", csv.as_bytes()).await;
    let dry = browser.get(&format!("{here}/check")).await.text();
    assert!(
        dry.contains(&format!("{action} says the same, in the same service, due on the same day.")),
        "{dry}"
    );
    assert!(dry.contains("Import 1 row"), "{dry}");
}

#[tokio::test]
async fn what_was_worked_on_is_not_undone() {
    let (db, w) = scene().await;
    let browser = w.browser("quality").await;
    let here = to_dry_run(&browser, "a.csv", TRACKER.as_bytes()).await;
    bring(&w, &browser, &here).await;
    let action = texts(&db, "SELECT 'A-000' || number FROM actions ORDER BY number").await.remove(0);
    let carer = w.browser("carer").await;
    let progress = Upload::new()
        .text("id", &uuid::Uuid::new_v4().to_string())
        .text("note", "Wrote six of the fourteen")
        .text("next", "working")
        .date("done_on", "2026-11-20");
    let sent = carer.upload(&format!("/actions/{action}/update"), progress).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let refused = browser.post(&format!("{here}/undoing"), &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text().contains("F-0001 was worked on since, so the import cannot be undone"),
        "{}",
        refused.text()
    );
    assert!(!refused.text().contains("Undo this import"));
    assert_eq!(number(&db, "SELECT count(*) FROM actions WHERE status = 'cancelled'").await, 0);
}

#[tokio::test]
async fn a_day_later_it_stays() {
    let (_db, w) = scene().await;
    let browser = w.browser("quality").await;
    let here = to_dry_run(&browser, "a.csv", TRACKER.as_bytes()).await;
    bring(&w, &browser, &here).await;
    w.days_pass(2);
    let browser = w.browser("quality").await;
    let refused = browser.post(&format!("{here}/undoing"), &[]).await;
    assert!(refused.text().contains("An import is undone within a day"), "{}", refused.text());
}

#[tokio::test]
async fn what_changed_since_the_dry_run_stops_it() {
    let (db, w) = scene().await;
    let browser = w.browser("quality").await;
    let here = to_dry_run(&browser, "a.csv", TRACKER.as_bytes()).await;
    let page = browser.get(&format!("{here}/check")).await;
    browser.post(&format!("{here}/start"), &[("seen", &page.field("seen"))]).await;
    // midnight: what was due today would be late from the start
    w.days_pass(13);
    assert_eq!(jobs::all(&w.app).await.unwrap(), 1);
    assert_eq!(number(&db, "SELECT count(*) FROM actions").await, 0, "all or nothing");
    let browser = w.browser("quality").await;
    let again = browser.get(&format!("{here}/check")).await;
    assert!(again.text().contains("Something changed since the dry run"), "{}", again.text());
    let looked = browser.post(&format!("{here}/check"), &[("seen", &again.field("seen"))]).await;
    assert_eq!(looked.location(), format!("{here}/check"));
    bring(&w, &browser, &here).await;
    assert_eq!(number(&db, "SELECT count(*) FROM actions").await, 3);
}

#[tokio::test]
async fn a_stale_page_is_refused_and_a_draft_is_left_and_taken_up_again() {
    let (db, w) = scene().await;
    let browser = w.browser("quality").await;
    let sent = upload(&browser, "a.csv", TRACKER.as_bytes()).await;
    let here = sent.location().trim_end_matches("/sheet").to_owned();
    let page = browser.get(&format!("{here}/sheet")).await;
    let form = fields(&page);
    assert!(form.contains(&("header_row".into(), "2".into())), "{form:?}");
    assert_eq!(send(&browser, &format!("{here}/sheet"), &form).await.status, StatusCode::SEE_OTHER);
    let stale = send(&browser, &format!("{here}/sheet"), &form).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text().contains("was changed since you opened the page"), "{}", stale.text());
    // another day, from the list
    let list = browser.get("/imports").await;
    assert!(list.text().contains("Not imported yet"));
    assert_eq!(browser.get(&here).await.location(), format!("{here}/columns"));
    // somebody else does not see it, nor whoever may not import
    for (who, status) in [("nominated", 404), ("manager", 404), ("carer", 404), ("deputy", 404)] {
        assert_eq!(w.browser(who).await.get(&here).await.status, status, "{who}");
    }
    for who in ["carer", "leader", "deputy", "safeguarding", "reader"] {
        assert_eq!(w.browser(who).await.get("/imports").await.status, 404, "{who}");
    }
    // forgotten
    let check = draft(&w.app, w.actor("quality"), w.house.id, "x").await;
    let page = browser.get(&format!("/imports/{check}/check")).await;
    let gone = browser.post(&format!("/imports/{check}/forgetting"), &[("seen", &page.field("seen"))]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert_eq!(number(&db, "SELECT count(*) FROM imports").await, 1);
}

#[tokio::test]
async fn a_manager_imports_into_their_own_services() {
    let (db, w) = scene().await;
    let browser = w.browser("manager").await;
    let csv = "Action,Service\nAdd a dose to 14 charts,Rowan House\nWalk the round,Rowan Visits\n";
    let here = to_dry_run(&browser, "a.csv", csv.as_bytes()).await;
    let dry = browser.get(&format!("{here}/check")).await.text();
    assert!(dry.contains("B3 says “Rowan Visits”, which was matched with none of your services."), "{dry}");
    // an id from elsewhere opens nothing
    let (visits, id) = (w.visits.id.to_string(), here.rsplit('/').next().unwrap().to_owned());
    let meanings =
        [(throughline::domain::import::Field::Service, [("rowan visits".to_owned(), visits)].into())];
    let version = number(&db, &format!("SELECT version FROM imports WHERE id = '{id}'")).await;
    import::check(&w.app, w.actor("manager"), id.parse().unwrap(), version, Some(meanings.into()))
        .await
        .unwrap();
    let dry = browser.get(&format!("{here}/check")).await.text();
    assert!(
        dry.contains("Left out") && dry.contains("which was matched with none of your services"),
        "{dry}"
    );
    // the quality lead sees it once it came in
    let quality = w.browser("quality").await;
    assert_eq!(quality.get(&here).await.status, 404);
}

/// Figures, lists and gates know nothing of what was closed before.
#[tokio::test]
async fn what_was_closed_before_is_counted_nowhere() {
    let (db, w) = scene().await;
    let browser = w.browser("quality").await;
    let before = browser.get("/governance/2026-11").await.text();
    let rows: String = (1..=30)
        .map(|n| {
            format!("Fit closer {n},Done,{n}/11/2026\n").replace("/11/", if n > 20 { "/10/" } else { "/11/" })
        })
        .collect();
    let csv = format!("Action,Status,Date completed\n{rows}");
    let manager = w.browser("manager").await;
    let here = to_dry_run(&manager, "done.csv", csv.as_bytes()).await;
    bring(&w, &manager, &here).await;
    assert_eq!(number(&db, "SELECT count(*) FROM earlier_actions").await, 30);
    for table in ["actions", "findings", "reviews", "closures", "outbox", "notices"] {
        assert_eq!(number(&db, &format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let after = browser.get("/governance/2026-11").await.text();
    assert_eq!(before, after, "no figure moved");
    // in pages of fifty, and by service
    let list = manager.get("/earlier?q=closer+7").await.text();
    assert!(list.contains("Fit closer 7") && !list.contains("Fit closer 8"), "{list}");
    let visitor = w.browser("visitor").await.get("/earlier").await;
    assert!(visitor.text().contains("Nothing was imported as done"), "another service's");
}

/// Forty late actions are one mail for their owner; each escalation is told by itself, so that none can be lost beside another.
#[tokio::test]
async fn late_rows_are_told_to_their_owner_in_one_mail() {
    let (db, w) = scene().await;
    let browser = w.browser("manager").await;
    let rows: String = (1..=40).map(|n| format!("Repair door {n},Amara Bello,1/9/2026\n")).collect();
    let here = to_dry_run(&browser, "late.csv", format!("Action,Owner,Due\n{rows}").as_bytes()).await;
    bring(&w, &browser, &here).await;
    for _ in 0..6 {
        worker::tick(&w.app).await.unwrap();
    }
    assert_eq!(number(&db, "SELECT count(*) FROM escalations WHERE level = 1").await, 40);
    let mails = texts(&db, "SELECT m.name || ': ' || o.subject FROM outbox o JOIN memberships m ON m.id = o.recipient_id WHERE o.sent_at IS NOT NULL ORDER BY 1").await;
    let to = |who: &str| mails.iter().filter(|mail| mail.starts_with(who)).cloned().collect::<Vec<_>>();
    assert_eq!(to("Amara Bello"), ["Amara Bello: Assigned to you: 40 actions"]);
    assert_eq!(to("Priya Nair").len(), 40, "{mails:#?}");
    assert_eq!(
        number(&db, "SELECT count(*) FROM outbox WHERE sent_at IS NULL AND next_at IS NOT NULL").await,
        0
    );
}

fn workbook(make: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut book = Workbook::new();
    make(&mut book);
    book.save_to_buffer().unwrap()
}

/// Another hand's workbook: a title, two rows of headings with merged groups, merged findings, real dates, a second sheet.
fn other_hand() -> Vec<u8> {
    workbook(|book| {
        let plain = Format::new();
        let dated = Format::new().set_num_format("dd mmm yy");
        book.add_worksheet().set_name("Guidance").unwrap().write(0, 0, "How to fill this in").unwrap();
        let sheet = book.add_worksheet().set_name("Log").unwrap();
        sheet.merge_range(0, 0, 0, 6, "Quality improvement log", &plain).unwrap();
        sheet.merge_range(2, 0, 2, 2, "Finding", &plain).unwrap();
        sheet.merge_range(2, 3, 2, 6, "Action", &plain).unwrap();
        for (at, name) in (0..).zip(["What", "Where", "Risk", "What", "Who", "When", "Status"]) {
            sheet.write(3, at, name).unwrap();
        }
        sheet.merge_range(4, 0, 5, 0, "Relatives not told after falls", &plain).unwrap();
        for (row, action) in
            [(4, "Call the family within a day of each fall"), (5, "Check 8 calls each month")]
        {
            sheet.write(row, 1, "Rowan House").unwrap();
            sheet.write(row, 2, "High").unwrap();
            sheet.write(row, 3, action).unwrap();
            sheet.write(row, 4, "home manager").unwrap();
            sheet
                .write_datetime_with_format(row, 5, ExcelDateTime::from_ymd(2026, 12, 4).unwrap(), &dated)
                .unwrap();
            sheet.write(row, 6, "Ongoing").unwrap();
        }
    })
}

fn windows() -> Vec<u8> {
    b"Concern;What needs to be done;By whom;Deadline;Priority\r\nCaf\xE9 menu \x96 no choice;Offer two meals; Amara Bello;3-Dec-26;High\r\n".to_vec()
}

/// Files of different make: what becomes of their rows as they are guessed, without anybody's help.
#[rstest]
#[case::other_hand("log.xlsx", other_hand(), &["Call the family within a day of each fall|Relatives not told after falls|Priya Nair|2026-12-04|high", "Check 8 calls each month|Relatives not told after falls|Priya Nair|2026-12-04|high"])]
#[case::windows("plan.csv", windows(), &["Offer two meals|Café menu – no choice|Amara Bello|2026-12-03|high"])]
#[case::dates("dates.csv", b"Action,Due\nOne,3rd December 2026\nTwo,2026-12-03\nThree,03.12.26\nFour,46359\nFive,\"Thu, 3 Dec 2026\"\n".to_vec(),
    &["One|Not written in the tracker. The action was: One|nobody|2026-12-03|medium", "Two|Not written in the tracker. The action was: Two|nobody|2026-12-03|medium", "Three|Not written in the tracker. The action was: Three|nobody|2026-12-03|medium", "Four|Not written in the tracker. The action was: Four|nobody|2026-12-03|medium", "Five|Not written in the tracker. The action was: Five|nobody|2026-12-03|medium"])]
#[case::formulas("inject.csv", b"Action,Issue\n\"=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\",@SUM(1+1)*cmd|' /C calc'!A0\n".to_vec(),
    &["=HYPERLINK(\"http://evil.example\",\"x\")|@SUM(1+1)*cmd|' /C calc'!A0|nobody|2026-12-04|medium"])]
#[tokio::test]
async fn spreadsheets_of_different_make(#[case] name: &str, #[case] bytes: Vec<u8>, #[case] wanted: &[&str]) {
    let (db, w) = scene().await;
    let browser = w.browser("manager").await;
    let here = to_dry_run(&browser, name, &bytes).await;
    bring(&w, &browser, &here).await;
    let found = texts(&db, "SELECT a.what || '|' || f.what || '|' || coalesce(m.name, 'nobody') || '|' || a.due_on || '|' || a.risk FROM actions a
        JOIN findings f ON f.id = a.finding_id LEFT JOIN memberships m ON m.id = a.owner_id ORDER BY a.number").await;
    assert_eq!(found, wanted);
    let first = browser.get("/actions/A-0001").await;
    assert!(!first.body.contains("<a href=\"http://evil.example"), "words are words");
}

#[rstest]
#[case::bomb("bomb.xlsx", bomb(), "unpacks to far more than can be read")]
#[case::wrong_ending("plan.xlsx", b"Action,Due\n".to_vec(), "is not one inside")]
#[case::picture("plan.csv", crate::harness::upload::photo(3), "is not one inside")]
#[case::pdf("plan.pdf", b"%PDF-1.4".to_vec(), "Send an Excel workbook")]
#[case::empty("plan.csv", Vec::new(), "This file is empty")]
#[case::too_many("many.csv", "x,y\n".repeat(20_001).into_bytes(), "more than 20,000 rows")]
#[case::wide("wide.csv", format!("{}\n", "x,".repeat(101) + "x").into_bytes(), "more than 100 columns")]
#[tokio::test]
async fn hostile_files_are_refused_with_a_sentence(
    #[case] name: &str,
    #[case] bytes: Vec<u8>,
    #[case] sentence: &str,
) {
    let (db, w) = scene().await;
    let answer = upload(&w.browser("quality").await, name, &bytes).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains(sentence), "{}", answer.text());
    assert_eq!(number(&db, "SELECT count(*) FROM imports").await, 0);
}

#[tokio::test]
async fn no_file_and_half_a_file_are_said() {
    let (_db, w) = scene().await;
    let browser = w.browser("quality").await;
    let none = browser.upload("/imports", Upload::new().text("id", "x")).await;
    assert!(none.text().contains("Choose a file"), "{}", none.text());
    let cut = browser.upload_cut("/imports", Upload::new().file("file-table", "a.csv", b"Action\nx")).await;
    assert_eq!(cut.status, StatusCode::BAD_REQUEST);
}

/// Two processes at one job: it is done once. One that dies in the middle leaves nothing, and the other does it.
#[tokio::test]
async fn a_job_is_done_once_whoever_does_it() {
    let (db, w) = scene().await;
    let id = draft(&w.app, w.actor("quality"), w.house.id, "charts").await;
    import::start(&w.app, w.actor("quality"), id, 4).await.unwrap();
    // somebody holds it and is killed
    let mut held = db.connect(throughline::database::roles::APP).await;
    let set =
        format!("BEGIN; SET LOCAL app.provider_id = '{}'; SELECT id FROM jobs FOR NO KEY UPDATE", w.provider);
    sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut held).await.unwrap();
    assert_eq!(jobs::all(&w.app).await.unwrap(), 0, "another has it");
    sqlx::Connection::close_hard(held).await.unwrap();
    let mut ended = 0;
    for _ in 0..100 {
        let (one, two) = tokio::join!(jobs::all(&w.app), jobs::all(&w.app));
        ended += one.unwrap() + two.unwrap();
        if ended > 0 {
            break;
        }
        // the database takes a moment to notice that somebody is gone
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(ended, 1);
    assert_eq!(number(&db, "SELECT count(*) FROM actions").await, 1);
    assert_eq!(texts(&db, "SELECT state FROM jobs").await, ["done"]);
}

/// What fails for no reason of its own is tried again, and then given up with a sentence.
#[tokio::test]
async fn a_job_that_cannot_be_done_ends() {
    let (db, w) = scene().await;
    let id = draft(&w.app, w.actor("quality"), w.house.id, "charts").await;
    import::start(&w.app, w.actor("quality"), id, 4).await.unwrap();
    let mut administrator = db.administrator().await;
    sqlx::raw_sql("ALTER TABLE actions ADD CONSTRAINT broken CHECK (number < 0) NOT VALID")
        .execute(&mut administrator)
        .await
        .unwrap();
    for _ in 0..2 {
        assert_eq!(jobs::all(&w.app).await.unwrap(), 0, "to be tried again");
    }
    assert_eq!(jobs::all(&w.app).await.unwrap(), 1);
    assert_eq!(
        texts(&db, "SELECT i.state || ' ' || j.state FROM imports i JOIN jobs j ON j.subject_id = i.id")
            .await,
        ["draft failed"]
    );
    let page = w.browser("quality").await.get(&format!("/imports/{id}/check")).await.text();
    assert!(page.contains("It could not be finished. Nothing was changed."), "{page}");
    assert_eq!(number(&db, "SELECT count(*) FROM findings").await, 0);
}

/// Of a tracker itself nobody may hold a review.
#[tokio::test]
async fn nobody_starts_an_imported_tracker_by_hand() {
    let (_db, w) = scene().await;
    let new = throughline::workflow::review::Start {
        kind: ReviewKind::ImportedTracker,
        ..w.review("manager", ReviewKind::Audit)
    };
    let refused = throughline::workflow::review::start(&w.app, w.actor("manager"), &new).await;
    assert!(matches!(refused, Err(Stop::Refused(_))));
}

/// Run on purpose: `cargo test --test it -- --ignored import::twenty_thousand --nocapture`.
#[tokio::test]
#[ignore = "a measurement, not a test: twenty thousand rows"]
async fn twenty_thousand_rows() {
    let (db, w) = scene().await;
    let browser = w.browser("quality").await;
    let rows: String = (1..20_000)
        .map(|n| format!("{n},Issue {n} was seen on the round,Put right thing {n} on the list,Amara Bello,{}/{}/2026,Amber,{},Rowan House\n",
            n % 28 + 1, n % 12 + 1, if n % 4 == 0 { "Done" } else { "Open" }))
        .collect();
    let csv = format!("Ref,Issue,Action,Owner,Due,RAG,Status,Service\n{rows}");
    let begun = Instant::now();
    let here = to_dry_run(&browser, "many.csv", csv.as_bytes()).await;
    println!("to the dry run: {:.1} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    bring(&w, &browser, &here).await;
    println!(
        "imported: {:.1} s, {} actions",
        begun.elapsed().as_secs_f64(),
        number(&db, "SELECT count(*) FROM actions").await
    );
    let begun = Instant::now();
    browser.post(&format!("{here}/undoing"), &[]).await;
    assert_eq!(jobs::all(&w.app).await.unwrap(), 1);
    println!("undone: {:.1} s", begun.elapsed().as_secs_f64());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap());
}
