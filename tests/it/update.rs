//! Progress by the form of three questions, and the lists of what is mine and my team's.

use rstest::rstest;
use throughline::clock::Clock;
use throughline::domain::action::Status;
use throughline::domain::topic::{Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::ids::UpdateId;
use throughline::workflow::update::{Help, Progress, record};

use crate::harness::TestDb;
use crate::harness::fixtures::{saturday, world};
use crate::harness::upload::{Upload, pdf, photo};
use crate::review::sentences;
use crate::submission::{case, enough, judge};

/// What one browser page sends when somebody has done something.
fn form(id: &str) -> Upload {
    Upload::new()
        .text("id", id)
        .text("note", "Wrote a maximum dose on all 12 protocols\r\nand told the night staff")
        .date("done_on", "2026-11-20")
}

fn id() -> String {
    UpdateId::new().to_string()
}

async fn rows(db: &TestDb, table: &str) -> i64 {
    let mut admin = db.administrator().await;
    let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(count).fetch_one(&mut admin).await.unwrap()
}

async fn kinds_of_events(db: &TestDb) -> Vec<String> {
    let mut admin = db.administrator().await;
    sqlx::query_scalar(
        "SELECT kind FROM events WHERE action_id IS NOT NULL AND kind <> 'action_defined' ORDER BY seq",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap()
}

#[tokio::test]
async fn one_form_says_what_was_done_shows_it_and_sends_it_for_checking() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let (carer, page) = (w.browser("carer").await, format!("/actions/{on}/update"));
    let asked = carer.get(&page).await;
    assert_eq!(asked.status, 200);
    for words in [
        "1. What did you do?",
        "2. What shows it?",
        "3. Is it done?",
        "Record Still needed",
        "Audit sample Still needed",
    ] {
        assert!(asked.text().contains(words), "{words} is missing: {}", asked.text());
    }
    assert_eq!(asked.field("done_on-year"), "2026");
    let sent = form(&asked.field("id"))
        .file("file-record", "beech protocols.pdf", &pdf("protocols"))
        .file("file-record", "IMG_2041.jpg", &photo(10))
        .text("reference-audit_sample", "Audit folder, week 47")
        .text("title-audit_sample", "Six protocols read again")
        .text("next", "done");
    let done = carer.upload(&page, sent).await;
    assert_eq!(
        (done.status.as_u16(), done.location()),
        (303, format!("/p/rowan-care/actions/{on}").as_str()),
        "{}",
        done.text()
    );
    let now = case(&w, on).await;
    assert_eq!(now.action.status, Status::Submitted);
    assert_eq!((now.updates, now.pieces.len()), (1, 3));
    assert_eq!(
        kinds_of_events(&db).await,
        ["update_added", "evidence_added", "evidence_added", "evidence_added", "submitted"]
    );
    let mut admin = db.administrator().await;
    let titles: Vec<String> =
        sqlx::query_scalar("SELECT title FROM evidence ORDER BY id").fetch_all(&mut admin).await.unwrap();
    assert_eq!(titles, ["beech protocols", "Record, 20 November 2026", "Six protocols read again"]);
    assert_eq!(rows(&db, "pending_uploads").await, 0, "what was recorded is kept no longer");
}

#[tokio::test]
async fn a_note_begins_it_and_the_same_form_sent_twice_counts_once() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    assert_eq!(case(&w, on).await.action.status, Status::NotStarted);
    let (carer, page, id) = (w.browser("carer").await, format!("/actions/{on}/update"), id());
    let sent = || form(&id).text("next", "working").file("file-record", "a.pdf", &pdf("a"));
    let both = tokio::join!(carer.upload(&page, sent()), carer.upload(&page, sent()));
    assert_eq!((both.0.status.as_u16(), both.1.status.as_u16()), (303, 303));
    assert_eq!(carer.upload(&page, sent()).await.status, 303);
    let now = case(&w, on).await;
    assert_eq!((now.action.status, now.updates, now.pieces.len()), (Status::InProgress, 1, 1));
    // evidence alone makes itself known by the same id
    let bare = Progress { note: None, ..enough(&w) };
    record(&w.app, w.actor("carer"), on, &bare).await.unwrap();
    record(&w.app, w.actor("carer"), on, &bare).await.unwrap();
    assert_eq!(case(&w, on).await.pieces.len(), 3);
}

#[tokio::test]
async fn a_form_that_comes_back_keeps_text_and_files() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let (carer, page, id) = (w.browser("carer").await, format!("/actions/{on}/update"), id());
    let sent = form(&id).file("file-record", "site-check.jpg", &photo(20)).text("next", "done");
    let back = carer.upload(&page, sent).await;
    assert_eq!(back.status, 422);
    let text = back.text();
    assert!(text.contains("Evidence is still missing: audit sample."), "{text}");
    assert!(text.contains("site-check.jpg") && text.contains("you do not have to choose it again"), "{text}");
    assert!(back.body.contains("and told the night staff") && back.body.contains("<title>Error: "));
    assert!(back.body.contains("value=\"done\" checked"), "the answer is kept");
    assert_eq!((rows(&db, "updates").await, rows(&db, "evidence").await), (0, 0), "nothing half written");
    let kept = back.field("kept-record");
    // once more with what was missing, and without the file
    let again = form(&id)
        .text("kept-record", &kept)
        .text("reference-audit_sample", "Audit folder")
        .text("next", "done");
    assert_eq!(carer.upload(&page, again).await.status, 303);
    let now = case(&w, on).await;
    assert_eq!((now.action.status, now.pieces.len()), (Status::Submitted, 2));
}

#[tokio::test]
async fn a_kept_file_is_its_senders_and_for_a_day() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let (carer, page) = (w.browser("carer").await, format!("/actions/{on}/update"));
    let back = carer.upload(&page, form(&id()).file("file-record", "mine.pdf", &pdf("mine"))).await;
    let kept = back.field("kept-record");
    let theirs = form(&id()).text("kept-record", &kept).text("next", "working");
    let refused = w.browser("leader").await.upload(&page, theirs).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("A file is no longer kept. Choose it again"));
    assert!(!refused.text().contains("mine.pdf"), "nobody learns the name of another's file");
    w.days_pass(1);
    let late = carer.upload(&page, form(&id()).text("kept-record", &kept).text("next", "working")).await;
    assert_eq!(late.status, 422);
    assert_eq!(rows(&db, "evidence").await, 0);
}

#[rstest]
#[case::nothing(&[("next", "working")], "Say what you did, or add a file, or say where the record is kept")]
#[case::no_answer(&[("note", "x")], "Choose one: is it done, or not yet?")]
#[case::strange_answer(&[("note", "x"), ("next", "perhaps")], "Choose one: is it done, or not yet?")]
#[case::help_without_words(&[("note", "x"), ("next", "help")], "Say what is in the way")]
#[case::help_without_note(&[("next", "help"), ("barrier", "No printer")], "Say what you did so far, or what you tried")]
#[case::long(&[("note", "LONG"), ("next", "working")], "Use 4000 characters or fewer: this has 10000")]
#[case::control(&[("note", "a\u{0}b"), ("next", "working")], "hidden control characters")]
#[case::twice(&[("note", "a"), ("note", "b"), ("next", "working")], "Enter this once")]
#[case::title_alone(&[("note", "a"), ("title-record", "b"), ("next", "working")], "Choose a file, or say where the record is kept")]
#[case::other_without_kind(&[("note", "a"), ("reference-other", "b"), ("next", "working")], "Choose what kind of evidence it is")]
#[case::strange_id(&[("id", "42"), ("note", "a"), ("next", "working")], "Load the page again")]
#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field(#[case] fields: &[(&str, &str)], #[case] sentence: &str) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let long = "x".repeat(10_000);
    let fields: Vec<_> =
        fields.iter().map(|&(n, v)| (n, if v == "LONG" { long.as_str() } else { v })).collect();
    let sent = Upload::new().texts(&fields).date("done_on", "2026-11-21");
    let back = w.browser("carer").await.upload(&format!("/actions/{on}/update"), sent).await;
    assert_eq!(back.status, 422, "{}", back.text());
    assert!(back.text().contains(sentence), "{}", back.text());
    assert_eq!((rows(&db, "updates").await, rows(&db, "evidence").await), (0, 0));
    assert_eq!(case(&w, on).await.action.status, Status::NotStarted);
}

#[rstest]
#[case("2026-11-22", "Enter the day it was done: today or earlier")]
#[case("2026-02-30", "Enter a real date, like 27 11 2026")]
#[case("0-0-0", "Enter a real date")]
#[tokio::test]
async fn a_day_that_is_not_or_not_yet_is_refused(#[case] date: &str, #[case] sentence: &str) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let (carer, page) = (w.browser("carer").await, format!("/actions/{on}/update"));
    let sent = Upload::new().text("note", "Done").date("done_on", date).text("next", "working");
    let back = carer.upload(&page, sent).await;
    assert_eq!(back.status, 422);
    assert!(back.text().contains(sentence), "{}", back.text());
    let about = form(&id())
        .text("reference-record", "Folder")
        .date("about-record", "2027-01-01")
        .text("next", "working");
    let back = carer.upload(&page, about).await;
    assert!(back.text().contains("Enter the day it is about: today or earlier"), "{}", back.text());
    assert!(back.body.contains("<details class=\"govuk-details\" open"), "what is wrong can be seen");
    assert_eq!(rows(&db, "evidence").await, 0);
}

#[tokio::test]
async fn help_is_asked_for_in_words() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let sent = form(&id())
        .text("next", "help")
        .text("barrier", "The pharmacy has not sent the new charts")
        .text("support_needed", "Somebody to ring them");
    assert_eq!(w.browser("carer").await.upload(&format!("/actions/{on}/update"), sent).await.status, 303);
    let mut admin = db.administrator().await;
    let (barrier, support): (String, String) =
        sqlx::query_as("SELECT barrier, support_needed FROM updates").fetch_one(&mut admin).await.unwrap();
    assert_eq!(barrier, "The pharmacy has not sent the new charts");
    assert_eq!(support, "Somebody to ring them");
    let both = Progress {
        help: Some(Help { barrier: "None".into(), support_needed: Some("Somebody".into()) }),
        submit: true,
        ..enough(&w)
    };
    assert_eq!(
        sentences(record(&w.app, w.actor("carer"), on, &both).await),
        "Choose one: it is done, or you need help"
    );
}

#[rstest]
#[case::still_working("working")]
#[case::done("done")]
#[tokio::test]
async fn what_is_in_the_way_is_recorded_whatever_was_chosen(#[case] next: &str) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let (carer, page) = (w.browser("carer").await, format!("/actions/{on}/update"));
    let sent = || {
        form(&id())
            .text("reference-record", "Folder")
            .text("reference-audit_sample", "Folder")
            .text("next", next)
            .text("barrier", "No printer on Beech")
    };
    let refused = carer.upload(&page, sent().text("support_needed", "A printer")).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("You wrote what would help: choose that you need help"));
    assert!(refused.body.contains("A printer") && refused.body.contains("No printer on Beech"));
    assert_eq!(carer.upload(&page, sent()).await.status, 303);
    let mut admin = db.administrator().await;
    let row: (String, Option<String>) =
        sqlx::query_as("SELECT barrier, support_needed FROM updates").fetch_one(&mut admin).await.unwrap();
    assert_eq!(row, ("No printer on Beech".to_owned(), None));
    let shown = w.browser("manager").await.get(&format!("/actions/{on}")).await;
    assert!(shown.text().contains("In the way: No printer on Beech"), "{}", shown.text());
}

#[tokio::test]
async fn others_of_the_service_may_help_along_but_not_say_it_is_done() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let page = format!("/actions/{on}/update");
    let leader = w.browser("leader").await;
    let asked = leader.get(&page).await;
    assert!(!asked.text().contains("send it for checking"), "{}", asked.text());
    let sent = form(&id())
        .text("reference-record", "Folder")
        .text("reference-audit_sample", "Folder")
        .text("next", "done");
    let refused = leader.upload(&page, sent).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("Only the owner says that it is done."));
    assert_eq!(leader.upload(&page, form(&id()).text("next", "working")).await.status, 303);
    for who in ["visitor", "manager_two", "willow_manager"] {
        let browser = w.browser(who).await;
        assert_eq!(browser.get(&page).await.status, 404, "{who}");
        assert_eq!(browser.upload(&page, form(&id()).text("next", "working")).await.status, 404, "{who}");
    }
    // the administrator sees it, and adds to their own only
    let administrator = w.browser("administrator").await;
    assert_eq!(administrator.get(&page).await.status, 403);
    assert_eq!(administrator.upload(&page, form(&id())).await.status, 403);
    assert_eq!(w.stranger().get(&page).await.status, 303);
    assert_eq!(case(&w, on).await.updates, 1);
}

#[tokio::test]
async fn my_actions_are_sorted_by_how_soon_they_matter() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let carer = w.browser("carer").await;
    let empty = carer.get("/my-actions").await.text();
    assert!(empty.contains("Nothing is yours to do."), "{empty}");
    let (_, back) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    record(&w.app, w.actor("carer"), back, &Progress { submit: true, ..enough(&w) }).await.unwrap();
    judge(&w, back, Outcome::PartiallyComplete).await;
    let (_, waiting) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    record(&w.app, w.actor("carer"), waiting, &Progress { submit: true, ..enough(&w) }).await.unwrap();
    let (_, soon) = w.line(Risk::High, Topic::Medicines, "carer").await;
    let (_, later) = w.line(Risk::Low, Topic::Medicines, "carer").await;
    let (_, others) = w.line(Risk::Low, Topic::Medicines, "leader").await;
    let page = carer.get("/my-actions").await.text();
    let places: Vec<usize> = ["Sent back to you 1", "This week 1", "Later 1", "Waiting for others 1"]
        .iter()
        .map(|group| page.find(group).unwrap_or_else(|| panic!("{group}: {page}")))
        .collect();
    assert!(places.is_sorted(), "{page}");
    assert!(page.contains("3 to do, none late"), "{page}");
    assert!(page.contains("One protocol has no maximum dose Priya Nair"), "the verifier's words: {page}");
    assert!(
        page.contains("new due date 28 November 2026") && page.contains("Needs: record and audit sample"),
        "{page}"
    );
    for (reference, shown) in [(back, true), (waiting, true), (soon, true), (later, true), (others, false)] {
        assert_eq!(page.contains(&reference.to_string()), shown, "{reference}");
    }
    w.days_pass(15);
    let page = carer.get("/my-actions").await.text();
    assert!(page.contains("Late 2") && page.contains("3 to do, 2 late"), "{page}");
}

#[tokio::test]
async fn a_leader_sees_who_has_what_in_hand() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    for _ in 0..5 {
        w.line(Risk::High, Topic::Medicines, "carer").await;
    }
    w.line(Risk::Low, Topic::Medicines, "leader").await;
    let (_, elsewhere) = w.line(Risk::Low, Topic::Medicines, "visitor").await;
    w.days_pass(8);
    let page = w.browser("manager").await.get("/my-team").await;
    let text = page.text();
    assert!(text.contains("2 people with 6 open actions, 5 late"), "{text}");
    assert!(text.contains("Amara Bello senior carer · 5 open, 5 late, 0 with others"), "{text}");
    assert!(text.contains("2 more of Amara Bello"), "{text}");
    assert!(text.find("Amara Bello") < text.find("Sofia Marsh"), "who is late most comes first");
    assert!(!text.contains(&elsewhere.to_string()) && !text.contains("Tom Reid"), "{text}");
    let whole = w.browser("quality").await.get("/my-team").await.text();
    assert!(whole.contains("Tom Reid"), "{whole}");
    let only = format!("/my-team?person={}", w.id("carer"));
    let one = w.browser("manager").await.get(&only).await.text();
    assert!(!one.contains("Sofia Marsh") && one.matches("Rowan House").count() >= 5, "{one}");
    for (who, status) in [("carer", 404), ("reader", 404), ("leader", 200), ("administrator", 200)] {
        assert_eq!(w.browser(who).await.get("/my-team").await.status, status, "{who}");
    }
    assert_eq!(w.browser("reader").await.get("/my-actions").await.status, 404);
}
