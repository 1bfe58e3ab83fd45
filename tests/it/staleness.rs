//! What nobody has moved for a fortnight is shown as stale, everywhere it is listed, until somebody moves it (R28).

use chrono::{DateTime, Duration, Utc};
use throughline::clock::Clock;
use throughline::domain::closure::AssuranceDecision;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::worker::tick;
use throughline::workflow::change::{NewWords, cancel, extend, reassign, reword};
use throughline::workflow::escalation::decide;
use throughline::workflow::update::record;
use throughline::workflow::{closure, submission};

use super::worker::{act, midnight};
use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, world};

const WHY: &str = "The pharmacist is away";

fn at(date: &str) -> DateTime<Utc> {
    midnight(day(date)) + Duration::hours(9)
}

async fn began(db: &TestDb) -> World {
    world(db, Clock::fixed(at("2026-10-01"))).await
}

async fn far_off(w: &World, risk: Risk) -> Reference {
    w.due(risk, Topic::Medicines, "carer", day("2027-03-01")).await
}

/// What the list of stale actions shows.
async fn stale(w: &World, by: &str, action: Reference) -> bool {
    let page = w.browser(by).await.get("/actions?show=stale&significance=all").await;
    assert_eq!(page.status, 200);
    page.body.contains(&format!("/actions/{action}\""))
}

async fn days_pass(w: &World, days: i64) {
    w.days_pass(days);
    tick(&w.app).await.unwrap();
}

#[tokio::test]
async fn it_is_marked_wherever_it_is_listed() {
    let db = TestDb::new().await;
    let w = began(&db).await;
    let action = far_off(&w, Risk::Medium).await;
    w.days_pass(13);
    let other = far_off(&w, Risk::Medium).await;
    let (manager, carer) = (w.browser("manager").await, w.browser("carer").await);
    let none = "Everything open here was updated within the last 14 days.";
    assert!(manager.get("/actions?show=stale&significance=all").await.text().contains(none));
    w.days_pass(3);
    let said = "No update for 16 days";
    for (browser, path) in [
        (&manager, format!("/actions/{action}")),
        (&manager, "/actions?significance=all".to_owned()),
        (&manager, "/actions?show=stale&significance=all".to_owned()),
        (&manager, "/my-team".to_owned()),
        (&carer, "/my-actions".to_owned()),
        (&carer, format!("/actions/{action}")),
    ] {
        let page = browser.get(&path).await.text();
        assert_eq!(page.matches(said).count(), 1, "{path}: {page}");
    }
    assert!(!manager.get(&format!("/actions/{other}")).await.text().contains("No update"));
    assert!(stale(&w, "manager", action).await && !stale(&w, "manager", other).await);
    assert!(!stale(&w, "manager_two", action).await, "not of another service");
    let page = manager.get("/actions?show=stale&risk=high").await.text();
    assert!(page.contains(none), "the other filters hold: {page}");
}

/// Whatever a person records makes it fresh, what the program does by itself does not.
#[tokio::test]
async fn every_deed_of_a_person_moves_it_and_nothing_else_does() {
    let db = TestDb::new().await;
    let w = began(&db).await;
    let action = w.due(Risk::High, Topic::Medicines, "carer", day("2026-10-19")).await;
    let fresh_again = async |deed: &str| {
        assert!(!stale(&w, "quality", action).await, "{deed} moves it");
        days_pass(&w, 14).await;
        assert!(stale(&w, "quality", action).await, "a fortnight after: {deed}");
    };
    // overdue, escalated, reminded on the way: the program's own doing does not count
    days_pass(&w, 12).await;
    days_pass(&w, 9).await;
    assert!(stale(&w, "quality", action).await, "the program moves nothing");
    let id = w.escalation(&db, action, 1).await;
    decide(&w.app, w.actor("manager"), id, w.version(action).await, &act(None)).await.unwrap();
    fresh_again("a decision on its escalation").await;
    extend(&w.app, w.actor("manager"), action.number, w.version(action).await, day("2027-12-01"), WHY)
        .await
        .unwrap();
    fresh_again("another date").await;
    let words = NewWords {
        what: "Add a maximum dose to all 14 protocols",
        success_test: "7 of 7 sampled protocols show a maximum dose",
        kept: None,
        reason: WHY,
    };
    reword(&w.app, w.actor("manager"), action.number, w.version(action).await, words).await.unwrap();
    fresh_again("other words").await;
    let to = w.id("leader");
    reassign(&w.app, w.actor("manager"), action.number, w.version(action).await, to, WHY).await.unwrap();
    fresh_again("another owner").await;
    record(&w.app, w.actor("leader"), action, &w.progress(&[])).await.unwrap();
    fresh_again("an update").await;
    w.submit(action, "leader").await;
    fresh_again("submission").await;
    submission::take_back(&w.app, w.actor("leader"), action).await.unwrap();
    fresh_again("taking it back").await;
    w.submit(action, "leader").await;
    w.verify(action, "deputy", Outcome::Complete).await;
    fresh_again("a verdict").await;
    w.assure(action, AssuranceDecision::Assured).await;
    fresh_again("an assurance").await;
    w.close(action, "manager").await;
    days_pass(&w, 20).await;
    assert!(!stale(&w, "quality", action).await, "closed is not stale");
    let seen = w.version(action).await;
    closure::reopen(&w.app, w.actor("manager"), action.number, seen, WHY, day("2028-12-01")).await.unwrap();
    fresh_again("reopening").await;
    cancel(&w.app, w.actor("manager"), action.number, w.version(action).await, WHY).await.unwrap();
    days_pass(&w, 20).await;
    assert!(!stale(&w, "quality", action).await, "called off is not stale");
}
