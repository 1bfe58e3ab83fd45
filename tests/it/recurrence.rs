//! It came back (R21, R22): like findings are shown before one is saved, links are made and withdrawn, and what follows.

use axum::http::StatusCode;
use throughline::clock::Clock;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::error::AppError;
use throughline::ids::{ActionId, FindingId, ReviewId};
use throughline::workflow::Stop;
use throughline::workflow::finding::{Log, log};
use throughline::workflow::recurrence::{link, withdraw};

use super::worker::{broken_lines, number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World, saturday, world};
use crate::review::sentences;

const WHAT: &str = "PRN protocols for 4 of 12 residents on Ash have no maximum dose in 24 hours";

async fn start() -> (TestDb, World) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    (db, w)
}

/// A finding on medicines as `who` writes it, with other words, topic or unit.
async fn found(w: &World, who: &str, topic: Topic, what: &str, unit: Option<usize>) -> Reference {
    let mut new = w.finding(who, Risk::Medium, topic);
    new.what = what.to_owned();
    let units = if new.service == w.house.id { &w.house.units } else { &w.visits.units };
    new.unit = unit.map(|n| units[n]);
    log(&w.app, w.actor(who), &new, None).await.unwrap()
}

/// The form of a finding on PRN protocols in Ash, as a browser sends it.
fn form(w: &World, who: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let today = w.today();
    let mut all: Vec<(String, String)> = [
        ("id", FindingId::new().to_string()),
        ("review_id", ReviewId::new().to_string()),
        ("action_id", ActionId::new().to_string()),
        ("source", "walkaround".into()),
        ("what", WHAT.into()),
        ("service", w.service_of(who).to_string()),
        ("unit", w.house.units[0].to_string()),
        ("evidence_source", "record_check".into()),
        ("risk", "medium".into()),
        ("theme", "safety".into()),
        ("topic", "medicines".into()),
        ("found_on", today.format("%-d").to_string()),
        ("found_on-month", today.format("%-m").to_string()),
        ("found_on-year", today.format("%Y").to_string()),
        ("found_by", "Night & day <team>".into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    for (name, value) in more {
        if *name != "link" {
            all.retain(|(own, _)| own != name);
        }
        all.push(((*name).to_owned(), (*value).to_owned()));
    }
    all
}

async fn send(browser: &Browser, fields: &[(String, String)]) -> Answer {
    browser.post_raw("/findings/new", serde_html_form::to_string(fields).unwrap()).await
}

/// The references offered, in their order.
fn offered(answer: &Answer) -> Vec<String> {
    let rest = answer.body.split("name=\"link\"").skip(1);
    rest.map(|part| part.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()).collect()
}

const LINKS: &str = "SELECT (SELECT number FROM findings f WHERE f.id = l.finding_id) || ' after ' ||
  (SELECT number FROM findings f WHERE f.id = l.earlier_id) FROM finding_links l WHERE l.withdrawn_at IS NULL ORDER BY 1";

/// The same topic and place first, then the same topic in the service, then elsewhere, then other topics in the same
/// words; once, and the second sending saves, with the ticks and without.
#[tokio::test]
async fn like_findings_are_shown_once_before_saving_and_one_tick_links() {
    let (db, w) = start().await;
    let words = "Maximum dose in 24 hours missing from PRN protocols of residents on Ash";
    found(&w, "manager", Topic::CareRecords, words, None).await;
    found(&w, "manager_two", Topic::Medicines, "Two visits without a signed chart", None).await;
    found(&w, "manager", Topic::Medicines, "Fridge too warm on Beech", Some(1)).await;
    found(&w, "manager", Topic::Medicines, "Stock counted by one person", Some(0)).await;
    found(&w, "manager", Topic::Medicines, "PRN protocols without a maximum dose", Some(0)).await;
    found(&w, "manager", Topic::Falls, "Sensor mat not working", Some(0)).await;
    let quality = w.browser("quality").await;
    let fields = form(&w, "manager", &[]);
    let step = send(&quality, &fields).await;
    assert_eq!(step.status, StatusCode::OK, "{}", step.text());
    assert_eq!(offered(&step), ["F-0005", "F-0004", "F-0003", "F-0002", "F-0001"]);
    let text = step.text();
    for said in [
        "This may have come back. 5 findings of the last 12 months look like it. Nothing is saved yet.",
        "F-0005 PRN protocols without a maximum dose",
        "Ash, Rowan House · found 21 November 2026 · no action yet",
        "None of these: save",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(
        text.contains(WHAT) && step.body.contains("Night &#38; day &#60;team&#62;"),
        "all is kept: {text}"
    );
    assert_eq!(number(&db, "SELECT count(*) FROM findings").await, 6, "nothing is saved yet");
    // the manager sees the house alone
    let manager = w.browser("manager").await;
    assert_eq!(offered(&send(&manager, &fields).await), ["F-0005", "F-0004", "F-0003", "F-0001"]);

    // a mistake on the second sending keeps the ticks
    let ticks = [("like", "shown"), ("link", "F-0005"), ("link", "F-0001")];
    let wrong = form(&w, "manager", &[&ticks[..], &[("risk", "")]].concat());
    let again = send(&manager, &wrong).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    for kept in ["value=\"F-0005\" checked", "value=\"F-0001\" checked", "name=\"like\" value=\"shown\""] {
        assert!(again.body.contains(kept), "{kept}");
    }
    let saved = send(&manager, &form(&w, "manager", &ticks)).await;
    assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, "/p/rowan-care/findings/F-0007"));
    assert_eq!(texts(&db, LINKS).await, ["7 after 1", "7 after 5"]);

    // "None of these" saves without, whatever is ticked
    let none = form(&w, "manager", &[&ticks[..], &[("none", "yes")]].concat());
    assert_eq!(send(&manager, &none).await.status, StatusCode::SEE_OTHER);
    let without = form(&w, "manager", &[("like", "shown")]);
    assert_eq!(send(&manager, &without).await.status, StatusCode::SEE_OTHER);
    assert_eq!(number(&db, "SELECT count(*) FROM finding_links").await, 2);

    // both findings say so
    let page = manager.get("/findings/F-0007").await.text();
    for said in [
        "Came back: found before",
        "F-0005 · Ash, Rowan House · from audit · found",
        "Came back: F-0005 was the same problem",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let page = manager.get("/findings/F-0005").await.text();
    assert!(
        page.contains("Found again") && page.contains("F-0007 · Ash, Rowan House · from walkaround"),
        "{page}"
    );
    assert_eq!(broken_lines(&db).await, 0);
}

/// Of twelve months, not of the same review, not what nobody may see, and nothing for what is not like anything.
#[tokio::test]
async fn what_is_old_or_elsewhere_or_of_the_same_review_is_not_offered() {
    let (_db, w) = start().await;
    let old = found(&w, "manager", Topic::Medicines, "PRN protocols without a maximum dose", Some(0)).await;
    w.days_pass(365);
    let manager = w.browser("manager").await;
    assert_eq!(offered(&send(&manager, &form(&w, "manager", &[])).await), [old.to_string()]);
    w.days_pass(1);
    let saved = send(&manager, &form(&w, "manager", &[])).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "after more than twelve months nothing is like it");

    // of the same review
    let (_, review) = w.start_review("manager", throughline::domain::topic::ReviewKind::Audit).await;
    let source = format!("review:{review}");
    let from = [("source", source.as_str()), ("topic", "nutrition"), ("what", "Fluid charts not added up")];
    assert_eq!(send(&manager, &form(&w, "manager", &from)).await.status, StatusCode::SEE_OTHER);
    let from = [("source", source.as_str()), ("topic", "nutrition"), ("what", "Weights not recorded")];
    assert_eq!(send(&manager, &form(&w, "manager", &from)).await.status, StatusCode::SEE_OTHER);
    // care staff are shown their own alone
    let carer = w.browser("carer").await;
    let theirs = send(&carer, &form(&w, "carer", &[])).await;
    assert_eq!(theirs.status, StatusCode::SEE_OTHER, "{}", theirs.text());
    let theirs = send(&carer, &form(&w, "carer", &[])).await;
    assert_eq!(offered(&theirs).len(), 1);
    // a topic that says nothing is looked for by words alone
    let other = [("topic", "other"), ("what", "Door of the laundry room sticks")];
    assert_eq!(send(&manager, &form(&w, "manager", &other)).await.status, StatusCode::SEE_OTHER);
    let other = [("topic", "other"), ("what", "Laundry: the door sticks, no room")];
    assert_eq!(offered(&send(&manager, &form(&w, "manager", &other)).await).len(), 1);
    let other = [("topic", "other"), ("what", "The garden gate is open at night")];
    assert_eq!(send(&manager, &form(&w, "manager", &other)).await.status, StatusCode::SEE_OTHER);
}

/// Only what is seen can be ticked, and only what came first.
#[tokio::test]
async fn hostile_ticks_link_nothing() {
    let (db, w) = start().await;
    let seen = found(&w, "manager", Topic::Medicines, WHAT, Some(0)).await;
    let unseen = found(&w, "manager_two", Topic::Medicines, WHAT, None).await;
    let theirs = Log { service: w.lodge.id, ..w.finding("willow_manager", Risk::Low, Topic::Medicines) };
    for _ in 0..4 {
        let theirs = Log { id: FindingId::new(), ..theirs.clone() };
        log(&w.app, w.actor("willow_manager"), &theirs, None).await.unwrap();
    }
    let manager = w.browser("manager").await;
    let unseen = unseen.to_string();
    for tick in
        [unseen.as_str(), "F-0003", "F-0004", "F-9999", "A-0001", "", "F-99999999999999", "' OR 1=1 --"]
    {
        let sent = send(&manager, &form(&w, "manager", &[("like", "shown"), ("link", tick)])).await;
        assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY, "{tick}");
    }
    // said twice it is asked once more, and nothing is saved
    let mut twice = form(&w, "manager", &[("like", "shown")]);
    twice.push(("like".into(), "shown".into()));
    assert_eq!(send(&manager, &twice).await.status, StatusCode::OK);
    // found before the other: it cannot be its recurrence
    let before = [("like", "shown"), ("link", "F-0001"), ("found_on", "20")];
    let before = send(&manager, &form(&w, "manager", &before)).await;
    assert!(before.text().contains("Choose a finding that was found before this one"), "{}", before.text());
    assert_eq!(number(&db, "SELECT count(*) FROM finding_links").await, 0);
    let twice =
        send(&manager, &form(&w, "manager", &[("like", "shown"), ("link", "F-0001"), ("link", "F-0001")]))
            .await;
    assert_eq!(twice.status, StatusCode::SEE_OTHER);
    assert_eq!(texts(&db, LINKS).await, ["3 after 1"]);
    assert_eq!(seen.to_string(), "F-0001");
}

/// Linked later, by reference; withdrawn with a reason; the other side of what one does not see is not named.
#[tokio::test]
async fn a_link_is_made_later_and_withdrawn_with_a_reason() {
    let (db, w) = start().await;
    let earlier =
        found(&w, "manager_two", Topic::Medicines, "Charts unsigned on the north round", None).await;
    let newer = found(&w, "manager", Topic::Medicines, WHAT, Some(0)).await;
    let (manager, quality) = (w.browser("manager").await, w.browser("quality").await);
    let path = format!("/findings/{newer}/earlier");
    for (typed, said) in [
        ("", "Enter the reference of an earlier finding you can see"),
        ("nonsense", "Enter the reference of an earlier finding you can see"),
        ("F-0001", "Enter the reference of an earlier finding you can see"), // another service
        ("F-0002", "Choose another finding"),
        ("F-0077", "Enter the reference of an earlier finding you can see"),
    ] {
        let sent = manager.post(&path, &[("earlier", typed)]).await;
        assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        assert!(sent.text().contains(said), "{typed}: {}", sent.text());
        assert!(sent.body.contains(&format!("value=\"{typed}\"")), "{typed} is kept");
    }
    let later = quality.post("/findings/F-0001/earlier", &[("earlier", "F-0002")]).await;
    assert!(later.text().contains("Choose a finding that was found before this one"));
    assert_eq!(w.browser("carer").await.post(&path, &[("earlier", "F-0001")]).await.status, 404);
    let done = quality.post(&path, &[("earlier", "f-0001")]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/p/rowan-care/findings/F-0002"));
    let twice = quality.post(&path, &[("earlier", "F-0001")]).await;
    assert!(twice.text().contains("These are linked already"));

    let page = manager.get("/findings/F-0002").await.text();
    assert!(page.contains("One earlier finding is in a service you do not see."), "{page}");
    assert!(!page.contains("north round"), "{page}");
    let page = quality.get("/findings/F-0002").await;
    assert!(page.text().contains("Charts unsigned on the north round"), "{}", page.text());

    let away = format!("/findings/{newer}/earlier/{earlier}/withdrawal");
    assert!(page.body.contains(&away));
    assert_eq!(manager.get(&away).await.status, 404, "what is not seen is not there");
    assert_eq!(w.browser("nominated").await.get(&away).await.status, 403);
    assert_eq!(quality.get(&format!("/findings/{earlier}/earlier/{newer}/withdrawal")).await.status, 404);
    let bare = quality.post(&away, &[("reason", " ")]).await;
    assert!(bare.status == 422 && bare.text().contains("Say why it is not the same problem"));
    let done = quality.post(&away, &[("reason", "Another chart, another cause")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(quality.get(&away).await.status, 404, "withdrawn once");
    assert_eq!(quality.post(&away, &[("reason", "Again")]).await.status, 409);
    assert_eq!(manager.post(&away, &[("reason", "Again")]).await.status, 404);
    let again = withdraw(&w.app, w.actor("quality"), newer.number, earlier.number, "Again").await;
    assert!(matches!(again, Err(Stop::Failed(AppError::NotFound))), "{again:?}");
    for finding in ["F-0001", "F-0002"] {
        let page = quality.get(&format!("/findings/{finding}")).await.text();
        assert!(
            page.contains("No longer linked to") && page.contains("Reason: Another chart, another cause"),
            "{page}"
        );
        assert!(!page.contains("Came back: found before"), "{page}");
    }
    // and it can be linked again
    link(&w.app, w.actor("quality"), newer.number, earlier.number).await.unwrap();
    assert_eq!(texts(&db, LINKS).await, ["2 after 1"]);
    let leader = link(&w.app, w.actor("leader"), newer.number, earlier.number).await;
    assert!(sentences(leader).contains("Enter the reference"), "not theirs to see");
    assert_eq!(broken_lines(&db).await, 0);
}
