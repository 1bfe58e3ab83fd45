//! One's own dates in one's own calendar, by a secret link that can be renewed and taken away.

use throughline::clock::Clock;
use throughline::domain::topic::{Risk, Topic};
use throughline::workflow::change::{NewWords, reword};
use throughline::workflow::person::end_place;

use super::worker::texts;
use crate::harness::TestDb;
use crate::harness::fixtures::{Browser, World, day, saturday, world};

async fn began() -> (TestDb, World) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    (db, w)
}

/// Makes a link and comes back with its path.
async fn link(browser: &Browser) -> String {
    let by = browser.get("/notices/calendar").await.field("written-by");
    let page = browser.post("/notices/calendar", &[("written-by", &by)]).await;
    assert_eq!(page.status, 200);
    let link = page.body.split("https://throughline.example/calendar/").nth(1).expect("a link");
    format!("/calendar/{}", link.split('<').next().unwrap())
}

/// The lines of a calendar, unfolded.
async fn read(w: &World, path: &str) -> Vec<String> {
    let (status, headers, body) = w.stranger().fetch(path).await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "text/calendar; charset=utf-8");
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.split_terminator("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{text}");
    text.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
}

fn said(lines: &[String], field: &str) -> Vec<String> {
    lines.iter().filter_map(|line| line.strip_prefix(field)).map(str::to_owned).collect()
}

#[tokio::test]
async fn it_shows_what_one_owns_and_what_one_may_check_and_nothing_else() {
    let (_db, w) = began().await;
    let own = w.due(Risk::Low, Topic::Falls, "carer", day("2026-12-04")).await;
    w.due(Risk::Low, Topic::Falls, "leader", day("2026-12-05")).await;
    let long = NewWords {
        what: "Fix the bed rails, wheels; and locks\nof all twelve beds on Ash and on Beech before the inspectors of the maker come in December",
        success_test: "12 of 12 beds lock",
        kept: None,
        reason: "More was found",
    };
    reword(&w.app, w.actor("manager"), own.number, w.version(own).await, long).await.unwrap();
    let submitted = w.submitted_action(Risk::Low, "leader").await;
    let carer = link(&w.browser("carer").await).await;
    assert!(carer.ends_with(".ics"));
    let lines = read(&w, &carer).await;
    let title = format!(
        "{own}: Fix the bed rails\\, wheels\\; and locks of all twelve beds on Ash and on Beech bef…"
    );
    assert_eq!(said(&lines, "SUMMARY:"), [title]);
    assert_eq!(said(&lines, "DTSTART;VALUE=DATE:"), ["20261204"]);
    assert_eq!(said(&lines, "URL:"), [format!("https://throughline.example/p/rowan-care/actions/{own}")]);
    assert_eq!(read(&w, &carer).await, lines, "the same until something changes");
    let deputy = read(&w, &link(&w.browser("deputy").await).await).await;
    let check = format!("Check {submitted}: Add a maximum dose to all 12 protocols");
    assert_eq!(said(&deputy, "SUMMARY:"), [check]);
    assert_eq!(said(&deputy, "DTSTART;VALUE=DATE:"), ["20261127"], "five working days for medicines");
    // nobody's name is in it, and another service is none of their business
    let all = [lines, deputy].concat().join("\n");
    assert!(!["Amara", "Sofia", "Daniel", "Priya"].iter().any(|name| all.contains(name)), "{all}");
    assert!(said(&read(&w, &link(&w.browser("manager_two").await).await).await, "SUMMARY:").is_empty());
}

#[tokio::test]
async fn a_link_is_kept_as_a_hash_renewed_and_taken_away() {
    let (db, w) = began().await;
    w.due(Risk::Low, Topic::Falls, "carer", day("2026-12-04")).await;
    let carer = w.browser("carer").await;
    assert!(carer.get("/notices/calendar").await.text().contains("You have no link."));
    let first = link(&carer).await;
    let secret = first.rsplit('/').next().unwrap().trim_end_matches(".ics").to_owned();
    let kept = texts(&db, "SELECT row_to_json(f)::text FROM calendar_feeds f").await.concat();
    assert!(!kept.contains(&secret));
    let page = carer.get("/notices/calendar").await;
    assert!(
        page.text().contains("You have had a link since 21 November 2026") && !page.body.contains(&secret)
    );
    let second = link(&carer).await;
    assert_eq!(w.stranger().get(&first).await.status, 404, "the old one opens nothing");
    read(&w, &second).await;
    read(&w, second.trim_end_matches(".ics")).await;
    for wrong in
        [&second.replace("rowan-care", "willow-care"), "/calendar/rowan-care/x.ics", "/calendar/nobody/x.ics"]
    {
        assert_eq!(w.stranger().get(wrong).await.status, 404, "{wrong}");
    }
    let by = carer.get("/notices/calendar").await.field("written-by");
    assert_eq!(carer.post("/notices/calendar/end", &[("written-by", &by)]).await.status, 303);
    assert_eq!(w.stranger().get(&second).await.status, 404);
    let third = link(&carer).await;
    read(&w, &third).await;
    end_place(&w.app, w.provider, w.id("carer")).await.unwrap();
    assert_eq!(w.stranger().get(&third).await.status, 404, "who has left has no dates here");
}
