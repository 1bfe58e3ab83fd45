//! It came back (R21, R22): like findings are shown before one is saved, links are made and withdrawn, and what follows.

use axum::http::StatusCode;
use throughline::clock::Clock;
use throughline::domain::recurrence::{Causes, Factor};
use throughline::domain::reference::Reference;
use throughline::domain::topic::{ReviewKind, Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::error::AppError;
use throughline::ids::{ActionId, FindingId, ReviewId};
use throughline::workflow::Stop;
use throughline::workflow::action::{Define, define};
use throughline::workflow::closure::close;
use throughline::workflow::finding::{Log, log};
use throughline::workflow::recurrence::{link, withdraw};
use throughline::workflow::root_cause::{open_again, save};
use throughline::workflow::submission::submit;
use throughline::workflow::update::record;

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
        "None of these",
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
    let (_, review) = w.start_review("manager", ReviewKind::Audit).await;
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

/// An action of an earlier finding, closed on Saturday, and ten days later the same found again.
async fn closed_before(w: &World, risk: Risk) -> (Reference, Reference) {
    let (earlier, action) = w.line(risk, Topic::Medicines, "carer").await;
    w.submit(action, "carer").await;
    w.verify(action, "deputy", Outcome::Complete).await;
    w.close(action, "manager").await;
    w.days_pass(10);
    (earlier, action)
}

/// The recurrence of `earlier`, with an action of the carer's.
async fn again(w: &World, earlier: Reference, risk: Risk) -> (Reference, Reference) {
    let new = Log { earlier: vec![earlier.number], ..w.finding("manager", risk, Topic::Medicines) };
    let finding = log(&w.app, w.actor("manager"), &new, None).await.unwrap();
    let mut action = w.action("carer");
    action.due_on = Some(w.today() + chrono::Days::new(20));
    (finding, define(&w.app, w.actor("manager"), finding.number, &action).await.unwrap())
}

fn whole(w: &World) -> Causes {
    Causes {
        factors: vec![Factor::Staffing, Factor::Communication],
        whys: vec![
            "New protocols are written on nights".into(),
            "Agency seniors are not shown the form".into(),
        ],
        analysis: String::new(),
        wider: "North round: put the maximum dose on its form too".into(),
        review_on: Some(w.today() + chrono::Days::new(30)),
    }
}

const RAISED: &str = "SELECT a.number || ' ' || e.level || ' ' || e.cause FROM escalations e JOIN actions a ON a.id = e.action_id ORDER BY a.number, e.level, e.cause";

/// R22: the closure did not last, the recurrence goes up, a root-cause review opens; withdrawn, the closure stands again.
#[tokio::test]
async fn a_link_marks_the_closure_and_opens_a_root_cause_review() {
    let (db, w) = start().await;
    let (earlier, closed) = closed_before(&w, Risk::Low).await;
    let (finding, _) = again(&w, earlier, Risk::Low).await;
    assert_eq!(number(&db, "SELECT count(*) FROM closures_not_lasting").await, 1);
    let manager = w.browser("manager").await;
    let page = manager.get(&format!("/actions/{closed}")).await.text();
    for said in [
        "Closed, came back",
        "This closure did not last",
        "The same was found again on 1 December 2026: F-0002",
        "The closure did not last: found again as F-0002",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let page = manager.get(&format!("/findings/{earlier}")).await.text();
    assert!(page.contains("Found again") && page.contains("Closed, came back"), "{page}");
    let page = manager.get(&format!("/findings/{finding}")).await.text();
    for said in [
        "Did not last: A-0001, closed 21 November 2026",
        "Root-cause review Open since 1 December 2026",
        "The actions of this finding cannot close before it is complete.",
        "Write the root-cause review",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert_eq!(texts(&db, RAISED).await, ["2 1 recurrence"]);
    // what was not closed before is not marked
    let other = w.line(Risk::Low, Topic::Medicines, "carer").await.0;
    w.days_pass(1);
    again(&w, other, Risk::Low).await;
    assert_eq!(number(&db, "SELECT count(*) FROM closures_not_lasting").await, 1);

    withdraw(&w.app, w.actor("manager"), finding.number, earlier.number, "Another cause").await.unwrap();
    let page = manager.get(&format!("/actions/{closed}")).await.text();
    assert!(
        !page.contains("Closed, came back") && page.contains("No longer linked to the later F-0002"),
        "{page}"
    );
    assert_eq!(broken_lines(&db).await, 0);
}

/// One level higher than last time, up to the highest of the provider's policy; a later link raises it as well.
#[tokio::test]
async fn a_recurrence_goes_one_level_higher_than_last_time() {
    let (db, w) = start().await;
    let (first, _) = closed_before(&w, Risk::Low).await;
    let (second, action) = again(&w, first, Risk::Low).await;
    assert_eq!(texts(&db, RAISED).await, ["2 1 recurrence"]);
    w.days_pass(3);
    let (third, _) = again(&w, second, Risk::Low).await;
    assert_eq!(texts(&db, RAISED).await, ["2 1 recurrence", "3 1 recurrence", "3 2 recurrence"]);
    w.days_pass(3);
    again(&w, third, Risk::Low).await;
    let raised = texts(&db, RAISED).await;
    assert_eq!(
        raised[3..],
        ["4 1 recurrence", "4 2 recurrence", "4 3 recurrence"],
        "the policy has three levels"
    );
    // linked later: the open action is raised at once, and only higher than before
    let (fifth, _) = w.line(Risk::Low, Topic::Falls, "carer").await;
    link(&w.app, w.actor("manager"), fifth.number, first.number).await.unwrap();
    assert_eq!(texts(&db, RAISED).await[6..], ["5 1 recurrence"]);
    link(&w.app, w.actor("manager"), fifth.number, second.number).await.unwrap();
    assert_eq!(texts(&db, RAISED).await[6..], ["5 1 recurrence", "5 2 recurrence"]);
    let id = w.escalation(&db, action, 1).await;
    let page = w.browser("manager").await.get(&format!("/escalations/{id}")).await.text();
    assert!(
        page.contains(
            "The same was found again: finding F-0001, whose action A-0001 was closed on 21 November 2026"
        ),
        "{page}"
    );
    assert_eq!(number(&db, "SELECT count(*) FROM root_cause_reviews").await, 4);
    assert_eq!(broken_lines(&db).await, 0);
}

fn sheet(page: &Answer, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let carried = ["version", "seen"].map(|name| (name.to_owned(), page.field(name)));
    let typed = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    carried.into_iter().chain(typed).collect()
}

const REVIEW: &[(&str, &str)] = &[
    ("factors", "staffing"),
    ("factors", "communication"),
    ("why-1", "New protocols are written on nights"),
    ("why-2", "Agency seniors are not shown the <form>"),
    ("wider", "North round: put the maximum dose on its form too"),
    ("review_on", "31"),
    ("review_on-month", "12"),
    ("review_on-year", "2026"),
];

/// Saved for later with whatever is there, completed only whole, by one of two, and never edited after.
#[tokio::test]
async fn a_root_cause_review_is_written_and_completed_once() {
    let (db, w) = start().await;
    let (earlier, closed) = closed_before(&w, Risk::Low).await;
    let (finding, _) = again(&w, earlier, Risk::Low).await;
    let path = format!("/findings/{finding}/root-cause");
    let (manager, deputy) = (w.browser("manager").await, w.browser("deputy").await);
    let post = async |browser: &Browser, fields: &[(String, String)]| {
        browser.post_raw(&path, serde_html_form::to_string(fields).unwrap()).await
    };
    // who may
    assert_eq!(w.browser("leader").await.get(&path).await.status, 403);
    assert_eq!(w.browser("nominated").await.get(&path).await.status, 403);
    assert_eq!(w.browser("carer").await.get(&path).await.status, 404);
    assert_eq!(w.browser("manager_two").await.get(&path).await.status, 404);
    assert_eq!(
        manager.get(&format!("/findings/{earlier}/root-cause")).await.status,
        404,
        "it is no recurrence"
    );
    let page = manager.get(&path).await;
    for said in [
        "What was tried before",
        &closed.to_string(),
        "Add a maximum dose to all 12 protocols",
        "Closed by Priya Nair",
    ] {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    assert_eq!(w.browser("safeguarding").await.get(&path).await.status, 200);
    // incomplete
    let bare = post(&manager, &sheet(&page, &[("why-1", "No time")])).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    for said in [
        "Tick at least one thing that contributed to it",
        "one short answer is not enough",
        "Enter the day on which you look at it again",
    ] {
        assert!(bare.text().contains(said), "{said}: {}", bare.text());
    }
    for (hostile, status) in [
        (("factors", "gossip"), 422),
        (("why-3", "x".repeat(501).as_str()), 422),
        (("analysis", "x".repeat(4001).as_str()), 422),
        (("review_on", "32"), 422),
    ] {
        let sent = post(&manager, &sheet(&page, &[REVIEW, &[hostile]].concat())).await;
        assert_eq!(sent.status.as_u16(), status, "{hostile:?}");
    }
    // saved for later, and there again for whoever goes on
    let kept = post(&manager, &sheet(&page, &[("why-1", "No time"), ("later", "yes")])).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.text());
    let theirs = deputy.get(&path).await;
    assert!(theirs.body.contains("value=\"No time\""), "{}", theirs.text());
    // two at once: the second reads both versions, and nothing typed is lost
    let stale = post(&manager, &sheet(&page, REVIEW)).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    for said in ["This changed since you opened it", "No time", "Agency seniors are not shown the <form>"] {
        assert!(stale.text().contains(said), "{said}: {}", stale.text());
    }
    let done = post(&deputy, &sheet(&theirs, REVIEW)).await;
    assert_eq!(
        (done.status, done.location()),
        (StatusCode::SEE_OTHER, "/p/rowan-care/findings/F-0002"),
        "{}",
        done.text()
    );
    let page = manager.get(&format!("/findings/{finding}")).await.text();
    for said in [
        "Complete: Daniel Osei, 1 December 2026",
        "Staffing and workload; communication and handover",
        "Looked at again 31 December 2026",
        "Root-cause review complete",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // never edited, not by anybody
    let later = save(&w.app, w.actor("manager"), finding.number, 3, &whole(&w), false).await;
    assert!(sentences(later).contains("There is no open root-cause review"));
    let mut c = db.connect(throughline::database::roles::APP).await;
    let begin = format!("BEGIN; SET LOCAL app.provider_id = '{}'", w.provider);
    sqlx::Executor::execute(&mut c, sqlx::AssertSqlSafe(begin)).await.unwrap();
    let edit = "UPDATE root_cause_reviews SET analysis = 'x', version = version + 1";
    let refused = sqlx::Executor::execute(&mut c, edit).await.unwrap_err();
    assert_eq!(refused.as_database_error().and_then(|e| e.code()).as_deref(), Some("TL072"));
    // it stands on its page, and another can be opened
    let shown = manager.get(&path).await;
    assert!(!shown.body.contains("Complete review") && shown.text().contains("Open another review"));
    let another = manager.post(&format!("{path}/again"), &[]).await;
    assert_eq!(another.status, StatusCode::SEE_OTHER);
    assert_eq!(manager.post(&format!("{path}/again"), &[]).await.status, 422);
    assert_eq!(manager.post(&format!("/findings/{earlier}/root-cause/again"), &[]).await.status, 404);
    assert_eq!(number(&db, "SELECT max(round)::bigint FROM root_cause_reviews").await, 2);
    assert_eq!(broken_lines(&db).await, 0);
}

/// R22: proven, checked, and still not closed before it is known why it came back.
#[tokio::test]
async fn a_recurrence_closes_only_when_its_cause_is_known() {
    let (db, w) = start().await;
    let (earlier, _) = closed_before(&w, Risk::Low).await;
    let (finding, action) = again(&w, earlier, Risk::Low).await;
    let manager = w.browser("manager").await;
    w.submit(action, "carer").await;
    w.verify(action, "deputy", Outcome::Complete).await;
    let page = manager.get(&format!("/actions/{action}")).await.text();
    assert!(
        page.contains("Why it came back F-0002 was found before: its root-cause review has to be complete"),
        "{page}"
    );
    let seen = w.version(action).await;
    let refused =
        close(&w.app, w.actor("manager"), action.number, seen, "Six of six protocols show it").await;
    assert!(sentences(refused).contains("Missing: why it came back."));
    save(&w.app, w.actor("deputy"), finding.number, 1, &whole(&w), true).await.unwrap();
    let page = manager.get(&format!("/actions/{action}")).await.text();
    assert!(page.contains("Why it came back Complete, 1 December 2026 at 10:00am Daniel Osei"), "{page}");
    // another review is opened: it counts
    open_again(&w.app, w.actor("manager"), finding.number).await.unwrap();
    let refused =
        close(&w.app, w.actor("manager"), action.number, seen, "Six of six protocols show it").await;
    assert!(sentences(refused).contains("Missing: why it came back."));
    save(&w.app, w.actor("manager"), finding.number, 1, &whole(&w), true).await.unwrap();
    close(&w.app, w.actor("manager"), action.number, seen, "Six of six protocols show it").await.unwrap();
    assert_eq!(broken_lines(&db).await, 0);
}

/// Telling people again is not accepted as all there is to be done about what came back.
#[tokio::test]
async fn a_reminder_alone_does_not_answer_what_came_back() {
    let (db, w) = start().await;
    let (earlier, _) = closed_before(&w, Risk::Low).await;
    let (finding, action) = again(&w, earlier, Risk::Low).await;
    let seen = w.version(action).await;
    throughline::workflow::change::cancel(&w.app, w.actor("manager"), action.number, seen, "Not enough")
        .await
        .unwrap();
    let weak = Define { what: "Remind staff about PRN protocols".into(), ..w.action("carer") };
    let weak = define(&w.app, w.actor("manager"), finding.number, &weak).await.unwrap();
    let given = w.progress(&w.case(weak).await.required);
    record(&w.app, w.actor("carer"), weak, &given).await.unwrap();
    let carer = w.browser("carer").await;
    let page = carer.get(&format!("/actions/{weak}")).await;
    for said in [
        "telling people again is all that was agreed",
        "More than a reminder Telling people again did not last",
    ] {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    assert!(!page.body.contains(&format!("/actions/{weak}/submission\"")), "not offered");
    let refused = submit(&w.app, w.actor("carer"), weak).await;
    assert!(sentences(refused).contains("telling people again is all that was agreed"));
    // with another that changes something it is one of two
    define(&w.app, w.actor("manager"), finding.number, &w.action("leader")).await.unwrap();
    submit(&w.app, w.actor("carer"), weak).await.unwrap();
    assert_eq!(broken_lines(&db).await, 0);
}

/// The list of findings, the dashboard's tile and the list of actions behind it, and the signs.
#[tokio::test]
async fn what_came_back_is_counted_and_leads_to_its_rows() {
    let (_db, w) = start().await;
    let (earlier, _) = closed_before(&w, Risk::Low).await;
    let manager = w.browser("manager").await;
    let (finding, action) = again(&w, earlier, Risk::Low).await;
    w.line(Risk::Low, Topic::Falls, "carer").await;
    let list = manager.get("/findings?came_back=yes").await.text();
    assert!(list.contains(&finding.to_string()) && list.contains("Only those that came back (1)"), "{list}");
    assert!(!list.contains("F-0001 ·") && !list.contains("F-0003 ·"), "{list}");
    let other = w.browser("manager_two").await.get("/findings").await.text();
    assert!(other.contains("Only those that came back (0)"), "{other}");
    let rows = manager.get("/actions?show=came_back&significance=all").await.text();
    assert!(rows.contains(&action.to_string()) && !rows.contains("A-0003"), "{rows}");
    let board = manager.get("/dashboard").await;
    assert!(board.text().contains("1 Came back"), "{}", board.text());
    withdraw(&w.app, w.actor("manager"), finding.number, earlier.number, "Another cause").await.unwrap();
    assert!(manager.get("/dashboard").await.text().contains("0 Came back"));
    assert!(manager.get("/findings?came_back=yes").await.text().contains("No finding matches"));
}

/// E1, E7, E11: linked by somebody, a finding on another topic in another place is as much a recurrence.
#[tokio::test]
async fn linked_findings_give_the_signs_of_a_recurrence() {
    let (_db, w) = start().await;
    let (earlier, _) = closed_before(&w, Risk::Low).await;
    let quality = w.browser("quality").await;
    let said = async || quality.get("/signals").await.text();
    let mut new = w.finding("manager_two", Risk::Low, Topic::Training);
    new.service = w.visits.id;
    new.source = throughline::workflow::finding::Source::New {
        id: ReviewId::new(),
        kind: ReviewKind::Complaint,
        held_on: w.today(),
        title: String::new(),
    };
    let finding = log(&w.app, w.actor("manager_two"), &new, None).await.unwrap();
    let before = said().await;
    assert!(before.contains("Nothing gives a sign today"), "{before}");
    link(&w.app, w.actor("quality"), finding.number, earlier.number).await.unwrap();
    let after = said().await;
    for sign in [
        "Closed before, found again 1 December 2026",
        "Found 2 times in twelve months",
        "Said 1 December 2026, closed here before",
    ] {
        assert!(after.contains(sign), "{sign}: {after}");
    }
    assert_eq!(after.matches("F-0002").count(), 3, "{after}");
}
