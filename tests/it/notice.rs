//! What members are told in the program: once, in time, as far as they see it, read or unread.

use chrono::Duration;
use throughline::clock::Clock;
use throughline::domain::control::ControlDays;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::worker::{announce, tick};
use throughline::workflow::change::reassign;
use throughline::workflow::escalation::decide;
use throughline::workflow::person::end_place;
use throughline::workflow::upkeep;

use super::worker::{act, number, replica, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{Browser, World, day, saturday, world};

const TITLE: &str = "Add a maximum dose to all 12 protocols";

async fn began() -> (TestDb, World) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    (db, w)
}

/// `kind` of each notice of somebody, in order.
async fn told(db: &TestDb, w: &World, who: &str) -> Vec<String> {
    let sql = format!(
        "SELECT n.kind FROM notices n WHERE n.member_id = '{}' ORDER BY n.created_at, n.kind",
        w.id(who)
    );
    texts(db, &sql).await
}

/// What stands beside the bell.
async fn bell(browser: &Browser) -> String {
    let page = browser.get("/my-actions").await;
    let after = page.body.split("bar__word\">Notices</span>").nth(1).expect("a bell");
    let upto = after.split("</a>").next().unwrap();
    upto.split("class=\"count\">")
        .nth(1)
        .map_or_else(String::new, |n| n.split('<').next().unwrap().to_owned())
}

fn links(body: &str) -> Vec<String> {
    let parts = body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    parts
        .filter(|href| href.contains("/notices/") && !href.ends_with("/mail") && !href.ends_with("/calendar"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn the_bell_counts_a_notice_leads_on_and_opening_it_is_reading_it() {
    let (_db, w) = began().await;
    let carer = w.browser("carer").await;
    assert_eq!(bell(&carer).await, "");
    let page = carer.get("/notices").await;
    assert!(page.text().contains("Nothing yet."), "{}", page.text());
    assert!(!page.body.contains("Mark all as read"));
    let (_, action) = w.line(Risk::Low, Topic::Falls, "carer").await;
    tick(&w.app).await.unwrap();
    assert_eq!(bell(&carer).await, "1");
    let page = carer.get("/notices").await;
    let text = page.text();
    assert!(text.contains(&format!("Unread Assigned to you {TITLE} {action} · Rowan House")), "{text}");
    let link = links(&page.body).first().expect("a link").clone();
    for _ in 0..2 {
        let leads = carer.get(&link).await;
        assert_eq!(
            (leads.status.as_u16(), leads.location()),
            (303, &*format!("/p/rowan-care/actions/{action}"))
        );
    }
    assert_eq!(bell(&carer).await, "");
    let text = carer.get("/notices").await.text();
    assert!(!text.contains("Unread") && text.contains("Assigned to you"), "{text}");
    // it is theirs alone
    for who in ["leader", "manager", "administrator"] {
        assert_eq!(w.browser(who).await.get(&link).await.status, 404, "{who}");
    }
}

#[tokio::test]
async fn each_moment_tells_those_it_concerns_once() {
    let (db, w) = began().await;
    let action = w.due(Risk::Low, Topic::Medicines, "carer", day("2026-12-04")).await;
    tick(&w.app).await.unwrap();
    for date in ["2026-11-30", "2026-12-01", "2026-12-05", "2026-12-06"] {
        w.at(super::worker::midnight(day(date)) + Duration::hours(9));
        tick(&w.app).await.unwrap();
        tick(&w.app).await.unwrap();
    }
    assert_eq!(told(&db, &w, "carer").await, ["assigned", "due_soon"]);
    assert_eq!(told(&db, &w, "manager").await, ["escalated"]);
    w.submit(action, "carer").await;
    tick(&w.app).await.unwrap();
    assert_eq!(told(&db, &w, "deputy").await, ["to_verify"]);
    w.verify(action, "deputy", Outcome::PartiallyComplete).await;
    tick(&w.app).await.unwrap();
    assert_eq!(told(&db, &w, "carer").await, ["assigned", "due_soon", "sent_back"]);
    // an escalation leads to where it is decided, for those who decide
    let manager = w.browser("manager").await;
    let page = manager.get("/notices").await;
    let leads: Vec<String> = {
        let mut all = Vec::new();
        for link in links(&page.body) {
            all.push(manager.get(&link).await.location().to_owned());
        }
        all
    };
    assert!(leads.iter().any(|to| to.starts_with("/p/rowan-care/escalations/")), "{leads:?}");
    assert_eq!(manager.get(leads.last().unwrap()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_at_once_tell_nobody_twice() {
    let (db, w) = began().await;
    let finding = w.log_finding("manager", Risk::Low, Topic::Falls).await;
    for _ in 0..25 {
        w.define_action("manager", finding, "carer").await;
    }
    let (one, two) = (replica(&db, &w.app).await, replica(&db, &w.app).await);
    let (a, b, c) = tokio::join!(
        announce::provider(&one, w.provider),
        announce::provider(&two, w.provider),
        announce::provider(&w.app, w.provider)
    );
    assert_eq!(a.unwrap() + b.unwrap() + c.unwrap(), 25);
    assert_eq!(told(&db, &w, "carer").await.len(), 25);
    assert_eq!(number(&db, "SELECT count(DISTINCT action_id) FROM notices").await, 25);
}

#[tokio::test]
async fn what_its_reader_no_longer_sees_is_not_told() {
    let (_db, w) = began().await;
    let (_, action) = w.line(Risk::Low, Topic::Falls, "carer").await;
    tick(&w.app).await.unwrap();
    let seen = w.version(action).await;
    reassign(&w.app, w.actor("manager"), action.number, seen, w.id("leader"), "Nights").await.unwrap();
    let page = w.browser("carer").await.get("/notices").await;
    assert!(page.text().contains("You no longer see what this was about."), "{}", page.text());
    assert!(!page.body.contains(TITLE) && !page.body.contains(&action.to_string()), "{}", page.text());
    assert!(links(&page.body).is_empty());
}

#[tokio::test]
async fn marking_all_as_read_leaves_what_came_meanwhile() {
    let (_db, w) = began().await;
    let carer = w.browser("carer").await;
    w.line(Risk::Low, Topic::Falls, "carer").await;
    tick(&w.app).await.unwrap();
    let page = carer.get("/notices").await;
    w.at(w.clock.now() + Duration::seconds(5));
    w.line(Risk::Low, Topic::Nutrition, "carer").await;
    tick(&w.app).await.unwrap();
    let form = [("written-by", page.field("written-by")), ("until", page.field("until"))];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let sent = carer.post("/notices", &form).await;
    assert_eq!((sent.status.as_u16(), sent.location()), (303, "/p/rowan-care/notices"));
    assert_eq!(bell(&carer).await, "1", "the later one is still unread");
    assert_eq!(carer.post("/notices", &[("until", "soon")]).await.status, 400);
}

#[tokio::test]
async fn the_list_has_pages() {
    let (_db, w) = began().await;
    let finding = w.log_finding("manager", Risk::Low, Topic::Falls).await;
    for _ in 0..103 {
        w.define_action("manager", finding, "carer").await;
    }
    tick(&w.app).await.unwrap();
    let carer = w.browser("carer").await;
    assert_eq!(bell(&carer).await, "99+");
    let (mut seen, mut path, mut pages) = (Vec::new(), "/notices".to_owned(), 0);
    loop {
        let page = carer.get(&path).await;
        pages += 1;
        seen.extend(links(&page.body));
        match page.body.split("href=\"").find(|rest| rest.starts_with("/p/rowan-care/notices?after=")) {
            Some(next) => path = next.split('"').next().unwrap().replace("&#38;", "&"),
            None => break,
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), pages), (103, 3));
    assert_eq!(carer.get("/notices?after=x").await.status, 404);
}

#[tokio::test]
async fn what_was_read_goes_after_ninety_days_and_what_was_not_stays() {
    let (db, w) = began().await;
    w.line(Risk::Low, Topic::Falls, "carer").await;
    w.line(Risk::Low, Topic::Nutrition, "carer").await;
    tick(&w.app).await.unwrap();
    let carer = w.browser("carer").await;
    let first = links(&carer.get("/notices").await.body)[0].clone();
    carer.get(&first).await;
    w.days_pass(89);
    assert_eq!(upkeep::sweep(&w.app).await.unwrap().notices, 0);
    w.days_pass(2);
    assert_eq!(upkeep::sweep(&w.app).await.unwrap().notices, 1);
    assert_eq!(told(&db, &w, "carer").await.len(), 1);
}

async fn controlled(db: &TestDb, w: &World, by: &str, level: i32, check_on: &str) -> Reference {
    let action = w.due(Risk::High, Topic::Medicines, "carer", w.today()).await;
    w.days_pass(1);
    tick(&w.app).await.unwrap();
    let id = w.escalation(db, action, level).await;
    let control = ControlDays { check_on: Some(day(check_on)), ..ControlDays::default() };
    let decision = throughline::domain::escalation::DecisionGiven { control, ..act(None) };
    decide(&w.app, w.actor(by), id, w.version(action).await, &decision).await.unwrap();
    action
}

/// R13: on the day of its check, and not before; to whoever decided it, or who manages the service when they have left.
#[tokio::test]
async fn the_check_of_an_interim_control_is_told_on_its_day() {
    let (db, w) = began().await;
    controlled(&db, &w, "manager", 1, "2026-11-25").await;
    controlled(&db, &w, "nominated", 2, "2026-11-26").await;
    let checks = |of: Vec<String>| of.iter().filter(|kind| *kind == "control_check").count();
    let mut seen = Vec::new();
    for date in ["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"] {
        w.at(super::worker::midnight(day(date)) + Duration::hours(9));
        if date == "2026-11-26" {
            end_place(&w.app, w.provider, w.id("nominated")).await.unwrap();
        }
        tick(&w.app).await.unwrap();
        tick(&w.app).await.unwrap();
        seen.push((checks(told(&db, &w, "manager").await), checks(told(&db, &w, "nominated").await)));
    }
    assert_eq!(seen, [(0, 0), (1, 0), (2, 0), (2, 0)]);
    assert_eq!(number(&db, "SELECT count(*) FROM outbox WHERE kind = 'control_check'").await, 0, "no mail");
}
