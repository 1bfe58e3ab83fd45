//! Evidence: what is taken, what comes out again, who may fetch and withdraw it, and that no row is ever without its file.

use std::time::SystemTime;

use axum::http::header;
use chrono::{DateTime, Duration, Utc};
use futures_util::stream;
use rstest::rstest;
use throughline::clock::Clock;
use throughline::domain::action::Status;
use throughline::domain::evidence::Effect;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{EvidenceKind, Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::error::AppError;
use throughline::ids::{EvidenceId, UpdateId};
use throughline::workflow::evidence::{self, Given, Offered};
use throughline::workflow::update::{Progress, record};
use throughline::workflow::{Stop, upkeep};

use crate::harness::TestDb;
use crate::harness::fixtures::{World, saturday, world};
use crate::harness::upload::{SECRET, Upload, bomb, pdf, photo};
use crate::review::sentences;
use crate::submission::{case, enough, judge, reference};

fn form() -> Upload {
    Upload::new()
        .text("id", &UpdateId::new().to_string())
        .text("note", "Replaced the charts")
        .date("done_on", "2026-11-20")
        .text("next", "working")
}

async fn medicines(w: &World) -> Reference {
    w.line(Risk::Medium, Topic::Medicines, "carer").await.1
}

async fn count(db: &TestDb, table: &str) -> i64 {
    let mut admin = db.administrator().await;
    let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(sql).fetch_one(&mut admin).await.unwrap()
}

async fn ids(db: &TestDb) -> Vec<EvidenceId> {
    let mut admin = db.administrator().await;
    sqlx::query_scalar("SELECT id FROM evidence ORDER BY id").fetch_all(&mut admin).await.unwrap()
}

/// Where the store keeps its files.
fn folder(w: &World) -> std::path::PathBuf {
    match &w.app.config.evidence_store {
        throughline::config::EvidenceStore::Folder(folder) => folder.clone(),
        other => panic!("{other:?}"),
    }
}

/// How many files the store holds.
async fn stored(w: &World) -> usize {
    use futures_util::StreamExt as _;
    w.app.evidence.list().count().await
}

#[tokio::test]
async fn a_photo_comes_out_without_place_and_phone_and_every_fetch_is_noted() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    let carer = w.browser("carer").await;
    // inputs nobody used are sent as well, without a name
    let sent = form()
        .file("file-record", "Beech unit é.jpg", &photo(1))
        .file("file-audit_sample", "", b"")
        .file("file-other", "", b"");
    assert_eq!(carer.upload(&format!("/actions/{on}/update"), sent).await.status, 303);
    let page = format!("/evidence/{}", ids(&db).await[0]);
    let (status, headers, bytes) = w.browser("manager").await.fetch(&page).await;
    assert_eq!(status, 200);
    assert!(
        bytes.starts_with(&[0xFF, 0xD8, 0xFF]) && !bytes.windows(SECRET.len()).any(|part| part == SECRET)
    );
    let value = |name| headers.get(&name).map_or("", |value| value.to_str().unwrap());
    assert_eq!(value(header::CONTENT_TYPE), "image/jpeg");
    assert_eq!(value(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(value(header::CACHE_CONTROL), "no-store");
    assert!(value(header::CONTENT_SECURITY_POLICY).starts_with("sandbox;"));
    assert!(value(header::CONTENT_DISPOSITION).starts_with("attachment; filename=\"Beech unit _.jpg\""));
    assert_eq!(value(header::CONTENT_LENGTH), bytes.len().to_string());
    let (status, headers, small) = carer.fetch(&format!("{page}/preview")).await;
    assert_eq!(
        (status.as_u16(), headers.get(header::CONTENT_TYPE).unwrap().to_str().unwrap()),
        (200, "image/jpeg")
    );
    assert!(!small.windows(SECRET.len()).any(|part| part == SECRET));
    let mut admin = db.administrator().await;
    let who: Vec<String> = sqlx::query_scalar(
        "SELECT m.name FROM downloads d JOIN memberships m ON m.provider_id = d.provider_id AND m.id = d.member_id",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert_eq!(who, ["Priya Nair", "Amara Bello"]);
}

#[tokio::test]
async fn looking_at_the_small_picture_is_noted_once_a_day_for_each_member() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    let carer = w.browser("carer").await;
    carer.upload(&format!("/actions/{on}/update"), form().file("file-record", "a.jpg", &photo(1))).await;
    let page = format!("/evidence/{}/preview", ids(&db).await[0]);
    let manager = w.browser("manager").await;
    for _ in 0..3 {
        assert_eq!(manager.fetch(&page).await.0, 200);
        assert_eq!(carer.fetch(&page).await.0, 200);
    }
    assert_eq!(count(&db, "downloads WHERE preview").await, 2, "one of each member");
    w.days_pass(1);
    w.browser("manager").await.fetch(&page).await;
    assert_eq!(count(&db, "downloads WHERE preview").await, 3);
    manager.fetch(&page.replace("/preview", "")).await;
    assert_eq!(count(&db, "downloads WHERE NOT preview").await, 1, "the file itself is another thing");
}

#[tokio::test]
async fn a_withdrawn_file_is_opened_by_those_who_judge_and_everybody_reads_why() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    let carer = w.browser("carer").await;
    carer.upload(&format!("/actions/{on}/update"), form().file("file-record", "a.jpg", &photo(1))).await;
    let id = ids(&db).await[0];
    evidence::withdraw(&w.app, w.actor("carer"), id, "It shows somebody's face").await.unwrap();
    let why = "Withdrawn by Amara Bello on 21 November 2026: It shows somebody's face";
    for (who, opens) in [
        ("carer", false),
        ("leader", false),
        ("administrator", false),
        ("deputy", true),
        ("manager", true),
        ("safeguarding", true),
        ("quality", true),
        ("nominated", true),
    ] {
        let browser = w.browser(who).await;
        let page = browser.get(&format!("/actions/{on}")).await;
        assert!(page.text().contains(why), "{who}: {}", page.text());
        let link = format!("href=\"/p/rowan-care/evidence/{id}\"");
        assert_eq!(page.body.contains(&link), opens, "{who}");
        for part in ["", "/preview"] {
            let answer = browser.get(&format!("/evidence/{id}{part}")).await;
            assert_eq!(answer.status, if opens { 200 } else { 403 }, "{who} {part}");
            assert!(opens || answer.text().contains(why), "{who}: {}", answer.text());
        }
    }
    assert_eq!(count(&db, "downloads").await, 10, "what was refused was not fetched");
}

/// Sends a form that comes back, so that its files wait.
async fn wait(browser: &crate::harness::fixtures::Browser, on: Reference, names: &[String]) -> String {
    let form = names.iter().fold(Upload::new(), |form, name| form.file("file-record", name, &pdf(name)));
    let back = browser.upload(&format!("/actions/{on}/update"), form).await;
    assert_eq!(back.status, 422);
    back.text()
}

#[tokio::test]
async fn files_wait_for_unfinished_forms_up_to_a_bound_that_the_sweep_gives_back() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    let carer = w.browser("carer").await;
    let names = |of: &str, n: usize| (0..n).map(|i| format!("{of}{i}.pdf")).collect::<Vec<_>>();
    for form in ["a", "b", "c"] {
        wait(&carer, on, &names(form, 10)).await;
    }
    wait(&carer, on, &names("d", 8)).await;
    // two forms at once, with room for two files between them
    let (one, other) = (names("e", 2), names("f", 2));
    let both = tokio::join!(wait(&carer, on, &one), wait(&carer, on, &other));
    let said = "could not be kept, because too many of your files wait for forms that were not finished";
    assert!(both.0.contains(said) || both.1.contains(said), "{both:?}");
    assert_eq!(count(&db, "pending_uploads").await, 40);
    // refused before it takes room on the disk
    let before = stored(&w).await;
    assert!(wait(&carer, on, &names("g", 3)).await.contains(&format!("g2.pdf {said}")));
    assert_eq!((stored(&w).await, count(&db, "pending_uploads").await), (before, 40));
    // others have their own room, and tomorrow there is room again
    assert!(!wait(&w.browser("leader").await, on, &names("h", 2)).await.contains(said));
    sweep_in_two_days(&w).await;
    assert!(!wait(&w.browser("carer").await, on, &names("i", 2)).await.contains(said));
}

#[tokio::test]
async fn two_forms_at_once_never_pass_the_bound_together() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let mut forms = Vec::new();
    for form in 0..8 {
        let mut files = Vec::new();
        for file in 0..10 {
            let content = pdf(&format!("form {form} file {file}"));
            let pieces = stream::iter([Ok::<_, std::io::Error>(content.into())]);
            files.push(w.app.evidence.receive(w.provider, "a.pdf", pieces).await.unwrap());
        }
        forms.push(files);
    }
    let keeping = forms.iter().map(|files| evidence::keep(&w.app, w.actor("carer"), files));
    let kept = futures_util::future::join_all(keeping).await;
    let kept: usize = kept.into_iter().map(|kept| kept.unwrap().iter().flatten().count()).sum();
    assert_eq!(kept, 40, "of eighty at once");
    // by size as well: ten of the largest leave no room for an eleventh, nine do
    let mut admin = db.administrator().await;
    sqlx::query("UPDATE blobs SET size = 26214400").execute(&mut admin).await.unwrap();
    for (left, fits) in [(10, false), (9, true)] {
        let rest = "DELETE FROM pending_uploads WHERE id NOT IN (SELECT id FROM pending_uploads ORDER BY id LIMIT $1)";
        sqlx::query(rest).bind(left).execute(&mut admin).await.unwrap();
        let pieces = stream::iter([Ok::<_, std::io::Error>(pdf("one more").into())]);
        let file = w.app.evidence.receive(w.provider, "a.pdf", pieces).await.unwrap();
        let kept = evidence::keep(&w.app, w.actor("carer"), &[file]).await.unwrap();
        assert_eq!(kept[0].is_some(), fits, "beside {left}");
    }
}

#[tokio::test]
async fn what_is_not_yours_to_see_is_not_there() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    let sent = form().file("file-record", "a.pdf", &pdf("a")).text("reference-record", "Folder 3");
    w.browser("carer").await.upload(&format!("/actions/{on}/update"), sent).await;
    let all = ids(&db).await;
    for who in ["visitor", "manager_two", "reader", "willow_manager", "willow_shared"] {
        let browser = w.browser(who).await;
        let nothing = browser.get(&format!("/evidence/{}", EvidenceId::new())).await;
        for id in &all {
            for rest in ["", "/preview", "/withdrawal"] {
                let hidden = browser.get(&format!("/evidence/{id}{rest}")).await;
                assert_eq!((hidden.status.as_u16(), &hidden.body), (404, &nothing.body), "{who} {rest}");
            }
            let sent = browser.post(&format!("/evidence/{id}/withdrawal"), &[("reason", "x")]).await;
            assert_eq!((sent.status.as_u16(), &sent.body), (404, &nothing.body), "{who}");
        }
    }
    assert_eq!(count(&db, "downloads").await, 0);
    // a reference has nothing to fetch, a PDF no preview
    let carer = w.browser("carer").await;
    let mut answers = Vec::new();
    for id in &all {
        answers.push(carer.get(&format!("/evidence/{id}")).await.status.as_u16());
        assert_eq!(carer.get(&format!("/evidence/{id}/preview")).await.status, 404);
    }
    assert_eq!(answers, [200, 404]);
    assert_eq!(carer.get("/evidence/42").await.status, 404);
}

#[rstest]
#[case::html("charts.jpg", b"<!DOCTYPE html><script>alert(1)</script>".to_vec(), "a web page or a script inside")]
#[case::svg("charts.jpg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(), "a web page or a script inside")]
#[case::svg_by_name("charts.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "Files ending in .svg are not taken")]
#[case::wrong_type("audit.pdf", photo(1), "inside it is a JPEG photo")]
#[case::program("audit.pdf", b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00".to_vec(), "inside it is")]
#[case::empty("audit.pdf", Vec::new(), "This file is empty")]
#[case::bomb("audit.xlsx", bomb(), "unpacks to far more than can be checked")]
#[case::no_ending("audit", pdf("a"), "has no ending")]
#[case::cut("audit.pdf", b"%PDF-1.4\n1 0 obj".to_vec(), "damaged or incomplete")]
#[case::large("audit.pdf", vec![b'x'; 25 * 1024 * 1024 + 1], "larger than 25 MB")]
#[case::hidden_ending("photo\u{202e}gpj.exe", photo(1), "Files ending in .exe are not taken")]
#[tokio::test]
async fn dangerous_files_are_refused_with_a_sentence(
    #[case] name: &str,
    #[case] content: Vec<u8>,
    #[case] sentence: &str,
) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    let sent = form().file("file-record", name, &content).file("file-record", "good.pdf", &pdf("good"));
    let back = w.browser("carer").await.upload(&format!("/actions/{on}/update"), sent).await;
    let text = back.text();
    assert_eq!(back.status, 422, "{text}");
    assert!(text.contains(sentence), "{text}");
    assert!(
        text.contains("good.pdf") && back.body.contains("Replaced the charts"),
        "the rest is kept: {text}"
    );
    assert_eq!((count(&db, "evidence").await, count(&db, "updates").await, stored(&w).await), (0, 0, 1));
}

#[rstest]
#[case("../../etc/passwd.pdf", "passwd.pdf")]
#[case("..\\\\..\\\\boot.pdf", "boot.pdf")]
#[case("a\u{200b}b\u{202e}.pdf", "ab.pdf")]
#[case("CON.pdf", "file-CON.pdf")]
#[tokio::test]
async fn names_are_cleaned(#[case] sent: &str, #[case] kept: &str) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    let form = form().file("file-record", sent, &pdf("a"));
    let done = w.browser("carer").await.upload(&format!("/actions/{on}/update"), form).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let mut admin = db.administrator().await;
    let name: String =
        sqlx::query_scalar("SELECT file_name FROM evidence").fetch_one(&mut admin).await.unwrap();
    assert_eq!(name, kept);
}

#[tokio::test]
async fn ten_files_at_once_and_not_eleven() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    let (carer, page) = (w.browser("carer").await, format!("/actions/{on}/update"));
    let with = |n: usize| {
        (0..n).fold(form(), |form, i| {
            form.file("file-record", &format!("{i}.pdf"), &pdf(&format!("number {i}")))
        })
    };
    let eleven = carer.upload(&page, with(11)).await;
    assert_eq!(eleven.status, 422);
    assert!(eleven.text().contains("Choose at most 10 files at a time"), "{}", eleven.text());
    assert_eq!(eleven.body.matches("name=\"kept-record\"").count(), 10, "the ten are kept");
    assert_eq!(carer.upload(&page, with(10).text("title-record", "Chart")).await.status, 303);
    assert_eq!(case(&w, on).await.pieces.len(), 10);
    let mut admin = db.administrator().await;
    let titles: Vec<String> = sqlx::query_scalar("SELECT title FROM evidence ORDER BY id LIMIT 2")
        .fetch_all(&mut admin)
        .await
        .unwrap();
    assert_eq!(titles, ["Chart (1 of 10)", "Chart (2 of 10)"]);
}

#[tokio::test]
async fn the_same_content_is_one_file_and_one_piece_of_a_kind() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    let (carer, page) = (w.browser("carer").await, format!("/actions/{on}/update"));
    let twice = form()
        .file("file-record", "a.pdf", &pdf("a"))
        .file("file-record", "a copy.pdf", &pdf("a"))
        .file("file-audit_sample", "a.pdf", &pdf("a"));
    assert_eq!(carer.upload(&page, twice).await.status, 303);
    assert_eq!((count(&db, "evidence").await, count(&db, "blobs").await, stored(&w).await), (2, 1, 1));
    let again = carer.upload(&page, form().file("file-record", "again.pdf", &pdf("a"))).await;
    assert_eq!(again.status, 422);
    assert!(again.text().contains("again.pdf is here already, as “a”. Leave it out"), "{}", again.text());
    // other providers have their own copy
    assert_eq!(count(&db, "pending_uploads").await, 1);
}

#[tokio::test]
async fn a_broken_upload_leaves_nothing() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    let cut = form().file("file-record", "a.pdf", &pdf("a"));
    let answer = w.browser("carer").await.upload_cut(&format!("/actions/{on}/update"), cut).await;
    assert_eq!(answer.status, 400);
    for table in ["evidence", "updates", "pending_uploads", "blobs"] {
        assert_eq!(count(&db, table).await, 0, "{table}");
    }
    let incoming = std::fs::read_dir(folder(&w).join("incoming")).unwrap().count();
    assert_eq!(incoming, 0, "nothing is left on its way in");
}

#[rstest]
#[case::not_utf8("name=\"note\"", b"caf\xff".as_slice())]
#[case::huge("name=\"note\"", &[b'x'; 300_000])]
#[case::control_in_a_name("name=\"file-record\"; filename=\"a\u{7}.pdf\"", b"%PDF-1.4")]
#[case::no_name("filename=\"a.pdf\"", b"\xff\xfe")]
#[tokio::test]
async fn texts_that_cannot_be_read_are_a_page_with_a_sentence(
    #[case] disposition: &str,
    #[case] content: &[u8],
) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    let mut form = Upload::new();
    form.part(disposition, content);
    let answer = w.browser("carer").await.upload(&format!("/actions/{on}/update"), form).await;
    assert!(answer.status.is_client_error() && answer.body.contains("<h1"), "{}", answer.status);
    assert_eq!(count(&db, "updates").await, 0);
}

#[tokio::test]
async fn an_ordinary_form_without_files_is_read_as_well() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    let fields = [
        ("note", "Told the night staff"),
        ("done_on", "20"),
        ("done_on-month", "11"),
        ("done_on-year", "2026"),
        ("next", "working"),
    ];
    assert_eq!(w.browser("carer").await.post(&format!("/actions/{on}/update"), &fields).await.status, 303);
    assert_eq!(case(&w, on).await.updates, 1);
}

#[tokio::test]
async fn evidence_is_withdrawn_with_a_reason_by_its_author_or_a_manager() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    record(&w.app, w.actor("carer"), on, &enough(&w)).await.unwrap();
    let all = ids(&db).await;
    let page = format!("/evidence/{}/withdrawal", all[0]);
    let leader = w.browser("leader").await;
    assert_eq!(leader.get(&page).await.status, 403, "a leader sees it, and did not give it");
    let carer = w.browser("carer").await;
    assert!(carer.get(&page).await.text().contains("Why is it withdrawn?"));
    let empty = carer.post(&page, &[("reason", "  ")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text().contains("Say why it is withdrawn"));
    let done = carer.post(&page, &[("reason", "Wrong unit")]).await;
    assert_eq!(
        (done.status.as_u16(), done.location()),
        (303, format!("/p/rowan-care/actions/{on}").as_str())
    );
    let twice = evidence::withdraw(&w.app, w.actor("carer"), all[0], "Again").await;
    assert_eq!(sentences(twice), "It has been withdrawn already.");
    let by_manager = evidence::withdraw(&w.app, w.actor("manager"), all[1], "Names somebody").await.unwrap();
    assert_eq!(by_manager, (on, Effect::Stays));
    assert!(case(&w, on).await.pieces.iter().all(|piece| piece.withdrawn));
    let mut admin = db.administrator().await;
    let texts: Vec<String> = sqlx::query_scalar(
        "SELECT t.body FROM event_texts t JOIN events e ON e.provider_id = t.provider_id AND e.seq = t.seq
         WHERE e.kind = 'evidence_withdrawn' AND t.name = 'reason' ORDER BY e.seq",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert_eq!(texts, ["Wrong unit", "Names somebody"]);
}

#[tokio::test]
async fn what_changes_after_submission_and_verification() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    let carer = w.actor("carer");
    record(&w.app, carer, on, &Progress { submit: true, ..enough(&w) }).await.unwrap();
    let window = case(&w, on).await.action.verify_by;
    let more = |place: &str| Progress {
        evidence: vec![reference(&w, EvidenceKind::Record, place)],
        ..Progress::default()
    };
    // while it waits, more may come, and the window stays
    w.days_pass(2);
    record(&w.app, carer, on, &more("Second folder")).await.unwrap();
    let now = case(&w, on).await.action;
    assert_eq!((now.status, now.verify_by), (Status::Submitted, window));
    // a note alone leaves a verification as it is
    judge(&w, on, Outcome::Complete).await;
    let note = Progress { note: Some("Told the staff again".into()), ..Progress::default() };
    record(&w.app, carer, on, &note).await.unwrap();
    assert_eq!(case(&w, on).await.action.status, Status::Verified);
    assert!(case(&w, on).await.passed().is_some());
    // new evidence was not verified, so it is checked again, with a window of its own
    let done = record(&w.app, carer, on, &more("Third folder")).await.unwrap();
    assert!(done.checked_again);
    let now = case(&w, on).await;
    assert_eq!((now.action.status, now.action.verify_by), (Status::Submitted, done.verify_by));
    assert!(now.passed().is_none() && done.verify_by > window);
    judge(&w, on, Outcome::Complete).await;
    // one of three records goes: the others are still there to be checked
    let all = ids(&db).await;
    let (_, effect) = evidence::withdraw(&w.app, carer, all[0], "Wrong unit").await.unwrap();
    assert_eq!((effect, case(&w, on).await.action.status), (Effect::CheckedAgain, Status::Submitted));
    // the only audit sample goes: there is nothing left to check
    let (_, effect) = evidence::withdraw(&w.app, carer, all[1], "Wrong week").await.unwrap();
    let now = case(&w, on).await.action;
    assert_eq!((effect, now.status, now.verify_by), (Effect::BackToOwner, Status::InProgress, None));
    let mut admin = db.administrator().await;
    let told: Vec<String> = sqlx::query_scalar(
        "SELECT kind || ' ' || (line::json -> 'detail' ->> 'because') FROM events
         WHERE kind IN ('verification_voided', 'submission_taken_back') ORDER BY seq",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    let wanted = [
        "verification_voided evidence_added",
        "verification_voided evidence_withdrawn",
        "submission_taken_back evidence_missing",
    ];
    assert_eq!(told, wanted);
}

#[tokio::test]
async fn the_trail_names_a_file_by_its_hash_and_keeps_words_apart() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    let sent = form()
        .file("file-record", "night staff.pdf", &pdf("night"))
        .text("note-record", "Signed by all five");
    w.browser("carer").await.upload(&format!("/actions/{on}/update"), sent).await;
    let mut admin = db.administrator().await;
    let (line, texts): (String, serde_json::Value) = sqlx::query_as(
        "SELECT e.line, jsonb_object_agg(t.name, t.body) FROM events e JOIN event_texts t ON t.provider_id = e.provider_id
           AND t.seq = e.seq WHERE e.kind = 'evidence_added' GROUP BY e.line",
    )
    .fetch_one(&mut admin)
    .await
    .unwrap();
    let detail = &serde_json::from_str::<serde_json::Value>(&line).unwrap()["detail"];
    assert_eq!((detail["kind"].as_str(), detail["form"].as_str()), (Some("record"), Some("file")));
    assert_eq!(detail["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(detail["size"].as_i64(), Some(i64::try_from(pdf("night").len()).unwrap()));
    assert_eq!(texts["note"], "Signed by all five");
    assert_eq!(texts["title"], "night staff");
    assert!(!line.contains("night") && !line.contains("Signed"), "words stand beside the chain: {line}");
}

/// Clears away what is older than a day, seen two days from now by the real clock, which is what stored files have.
async fn sweep_in_two_days(w: &World) -> upkeep::Swept {
    w.at(DateTime::<Utc>::from(SystemTime::now()) + Duration::days(2));
    upkeep::sweep(&w.app).await.unwrap()
}

async fn keep(w: &World, who: &str, content: Vec<u8>) -> throughline::store::blob::Kept {
    let provider = w.actor(who).provider;
    let pieces = stream::iter([Ok::<_, std::io::Error>(content.into())]);
    let stored = w.app.evidence.receive(provider, "a.pdf", pieces).await.unwrap();
    evidence::keep(&w.app, w.actor(who), &[stored]).await.unwrap().remove(0).unwrap()
}

fn file(kept: &throughline::store::blob::Kept, w: &World) -> Progress {
    Progress {
        evidence: vec![Given {
            kind: EvidenceKind::Record,
            title: None,
            about_on: w.today(),
            note: String::new(),
            proof: Offered::File(kept.id),
        }],
        ..Progress::default()
    }
}

#[tokio::test]
async fn what_belongs_to_nothing_is_swept_after_a_day_and_evidence_never() {
    let db = TestDb::new().await;
    // files of the store are as old as the machine says
    let w = world(&db, Clock::fixed(SystemTime::now().into())).await;
    let on = medicines(&w).await;
    let evidence = keep(&w, "carer", pdf("evidence")).await;
    record(&w.app, w.actor("carer"), on, &file(&evidence, &w)).await.unwrap();
    keep(&w, "carer", pdf("a form that was never sent again")).await;
    // the database failed right after the file was stored
    let pieces = stream::iter([Ok::<_, std::io::Error>(pdf("nobody").into())]);
    w.app.evidence.receive(w.provider, "b.pdf", pieces).await.unwrap();
    assert_eq!(upkeep::sweep(&w.app).await.unwrap(), upkeep::Swept::default(), "young things stay");
    assert_eq!(stored(&w).await, 3);
    let swept = sweep_in_two_days(&w).await;
    assert_eq!(swept, upkeep::Swept { uploads: 1, files: 2, ..Default::default() });
    assert_eq!((stored(&w).await, count(&db, "blobs").await, count(&db, "pending_uploads").await), (1, 1, 0));
    assert_eq!(upkeep::sweep(&w.app).await.unwrap(), upkeep::Swept::default());
    let page = format!("/evidence/{}", ids(&db).await[0]);
    assert_eq!(w.browser("carer").await.fetch(&page).await.2, pdf("evidence"));
}

#[tokio::test]
async fn sweeping_beside_uploads_never_takes_a_file_that_has_a_row() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(SystemTime::now().into())).await;
    let on = medicines(&w).await;
    // seen two days from now everything in the store is old, what is just being sent as well
    w.days_pass(2);
    let (mut whole, mut refused) = (0, 0);
    for round in 0..40 {
        let content = pdf(&format!("round {round}"));
        let pieces = stream::iter([Ok::<_, std::io::Error>(content.clone().into())]);
        w.app.evidence.receive(w.provider, "a.pdf", pieces).await.unwrap();
        let upload = async {
            let pieces = stream::iter([Ok::<_, std::io::Error>(content.into())]);
            let stored =
                w.app.evidence.receive(w.provider, "a.pdf", pieces).await.map_err(AppError::internal)?;
            let kept = evidence::keep(&w.app, w.actor("carer"), &[stored]).await?;
            record(&w.app, w.actor("carer"), on, &file(kept[0].as_ref().unwrap(), &w)).await.map_err(|stop| {
                match stop {
                    Stop::Failed(error) => error,
                    other => panic!("{other:?}"),
                }
            })
        };
        let (sent, swept) = tokio::join!(upload, upkeep::sweep(&w.app));
        swept.unwrap();
        match sent {
            Ok(_) => whole += 1,
            Err(AppError::Internal(_)) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    let pieces = ids(&db).await;
    assert_eq!((pieces.len(), whole + refused), (whole, 40));
    let carer = w.browser("carer").await;
    for id in pieces {
        assert_eq!(carer.fetch(&format!("/evidence/{id}")).await.0, 200, "a row without its file");
    }
}

#[tokio::test]
async fn when_the_store_fails_there_is_no_row_and_the_text_is_kept() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let on = medicines(&w).await;
    // where the provider's files should go there is something that is no folder
    std::fs::write(folder(&w).join(w.provider.to_string()), "in the way").unwrap();
    let sent = form().file("file-record", "a.pdf", &pdf("a"));
    let back = w.browser("carer").await.upload(&format!("/actions/{on}/update"), sent).await;
    assert_eq!(back.status, 503);
    assert!(
        back.text().contains("a.pdf could not be stored just now. Send it again in a minute"),
        "{}",
        back.text()
    );
    assert!(back.body.contains("Replaced the charts"));
    for table in ["evidence", "updates", "pending_uploads", "blobs"] {
        assert_eq!(count(&db, table).await, 0, "{table}");
    }
}
