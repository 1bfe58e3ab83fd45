//! Mail people can live with: what comes by default, what can be switched off and how, and the digest of the week.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use chrono::Duration;
use http_body_util::BodyExt as _;
use throughline::app::router;
use throughline::clock::Clock;
use throughline::domain::member::Role;
use throughline::domain::message::MessageKind;
use throughline::domain::topic::{Risk, Topic};
use throughline::worker::tick;
use throughline::workflow::mail_choice::choose;
use throughline::workflow::person::{change_role, end_place};
use tower::ServiceExt as _;

use super::delivery::{Manner, Post};
use super::worker::{midnight, number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, world};

async fn began(date: &str, hour: i64) -> (TestDb, World) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(midnight(day(date)) + Duration::hours(hour))).await;
    (db, w)
}

async fn on(w: &World, date: &str, hour: i64) {
    w.at(midnight(day(date)) + Duration::hours(hour));
    tick(&w.app).await.unwrap();
}

/// `name: subject` of every mail of a kind that was sent, by name.
async fn sent(db: &TestDb, kind: &str) -> Vec<String> {
    let sql = format!(
        "SELECT format('%s: %s', m.name, o.subject) FROM outbox o JOIN memberships m ON m.id = o.recipient_id
         WHERE o.kind = '{kind}' AND o.sent_at IS NOT NULL ORDER BY m.name, o.created_at"
    );
    texts(db, &sql).await
}

/// Why mails of a kind to somebody were not sent.
async fn held_back(db: &TestDb, w: &World, kind: &str, who: &str) -> Vec<String> {
    let sql = format!(
        "SELECT o.last_error FROM outbox o WHERE o.kind = '{kind}' AND o.recipient_id = '{}' AND o.overtaken ORDER BY o.created_at",
        w.id(who)
    );
    texts(db, &sql).await
}

#[tokio::test]
async fn by_default_only_what_needs_its_reader_now_comes_by_mail() {
    let (db, w) = began("2026-11-18", 9).await;
    let action = w.submitted_action(Risk::Low, "carer").await;
    tick(&w.app).await.unwrap();
    assert!(sent(&db, "to_verify").await.is_empty());
    assert_eq!(
        held_back(&db, &w, "to_verify", "deputy").await,
        ["They read this in the program, not by mail"]
    );
    let notices =
        format!("SELECT count(*) FROM notices WHERE kind = 'to_verify' AND member_id = '{}'", w.id("deputy"));
    assert_eq!(number(&db, &notices).await, 1);
    choose(&w.app, w.actor("deputy"), &[MessageKind::ToVerify]).await.unwrap();
    let again = w.submitted_action(Risk::Low, "carer").await;
    tick(&w.app).await.unwrap();
    let about =
        |reference| format!("Daniel Osei: To verify: {reference} Add a maximum dose to all 12 protocols");
    assert_eq!(sent(&db, "to_verify").await, [about(again)], "not {action}");
}

#[tokio::test]
async fn a_kind_is_switched_off_on_a_page_and_escalations_are_not() {
    let (db, w) = began("2026-11-18", 9).await;
    let carer = w.browser("carer").await;
    let page = carer.get("/notices/mail").await;
    let ticked = |body: &str, kind: &str| {
        let tag =
            body.split("<input").find(|tag| tag.contains(&format!("value=\"{kind}\""))).unwrap().to_owned();
        tag.split('>').next().unwrap().contains("checked")
    };
    for (kind, on) in [("assigned", true), ("due_soon", true), ("digest", true), ("to_verify", false)] {
        assert_eq!(ticked(&page.body, kind), on, "{kind}");
    }
    assert!(!page.body.contains("value=\"escalated\""), "escalations cannot be switched off");
    let by = page.field("written-by");
    let saved =
        carer.post("/notices/mail", &[("written-by", &by), ("chosen", "yes"), ("kinds", "due_soon")]).await;
    assert_eq!(saved.status, 303);
    assert!(!ticked(&carer.get("/notices/mail").await.body, "assigned"));
    w.line(Risk::Low, Topic::Falls, "carer").await;
    tick(&w.app).await.unwrap();
    assert!(sent(&db, "assigned").await.is_empty());
    // nobody gets rid of escalations, whatever they send
    let manager = w.browser("manager").await;
    let by = manager.get("/notices/mail").await.field("written-by");
    assert_eq!(manager.post("/notices/mail", &[("written-by", &by), ("chosen", "yes")]).await.status, 303);
    w.due(Risk::Low, Topic::Medicines, "carer", day("2026-11-19")).await;
    on(&w, "2026-11-20", 9).await;
    assert_eq!(sent(&db, "escalated").await.len(), 1);
    let none =
        number(&db, "SELECT count(*) FROM mail_choices WHERE kind IN ('escalated', 'verification_late')")
            .await;
    assert_eq!(none, 0);
    let by = carer.get("/notices/mail").await.field("written-by");
    assert_eq!(
        carer.post("/notices/mail", &[("written-by", &by), ("chosen", "yes"), ("kinds", "all")]).await.status,
        422
    );
}

/// What a mail program sends when its own button is pressed: no cookie, no origin.
async fn one_click(w: &World, path: &str) -> (StatusCode, String) {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("List-Unsubscribe=One-Click"))
        .unwrap();
    let answer = router(w.app.clone()).oneshot(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

/// The address in the header of a mail that was sent.
fn stop_link(mail: &str) -> Option<String> {
    let unfolded = mail.replace("\r\n ", " ");
    let line = unfolded.lines().find(|line| line.starts_with("List-Unsubscribe: "))?;
    let url = line.split(['<', '>']).nth(1)?;
    url.strip_prefix("https://throughline.example").map(str::to_owned)
}

#[tokio::test]
async fn one_click_in_a_mail_switches_its_kind_off_and_nothing_else() {
    let (db, w) = began("2026-11-18", 9).await;
    w.line(Risk::Low, Topic::Falls, "carer").await;
    let post = Post::open(Manner::Takes).await;
    let app = post.app(&w);
    tick(&app).await.unwrap();
    let mail = post.given().concat();
    assert!(mail.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{mail}");
    let path = stop_link(&mail).expect("a link");
    let token = path.rsplit('/').next().unwrap();
    assert!(mail.replace("=\r\n", "").contains(token), "and in the text");
    // the secret is kept nowhere, and administrators do not read it
    let kept = texts(
        &db,
        "SELECT row_to_json(o)::text FROM outbox o UNION ALL SELECT row_to_json(s)::text FROM mail_stops s",
    );
    assert!(!kept.await.concat().contains(token));
    let stranger = w.stranger();
    let page = stranger.get(&path).await;
    assert!(page.text().contains("Stop this mail?") && !page.text().contains("Amara"), "{}", page.text());
    assert_eq!(number(&db, "SELECT count(*) FROM mail_choices").await, 0, "looking changes nothing");
    for _ in 0..2 {
        let (status, body) = one_click(&w, &path).await;
        assert_eq!(status, 200, "{body}");
        assert!(body.contains("Mail switched off"));
    }
    let off = texts(
        &db,
        "SELECT concat_ws(' ', m.name, c.kind, c.wanted) FROM mail_choices c JOIN memberships m ON m.id = c.member_id",
    );
    assert_eq!(off.await, ["Amara Bello assigned f"]);
    w.line(Risk::Low, Topic::Nutrition, "carer").await;
    tick(&app).await.unwrap();
    assert_eq!(post.given().len(), 1);
    // what is no link of ours does nothing, in any provider
    let other = path.replace("rowan-care", "willow-care");
    for wrong in [&other, &path.replace(&token[..4], "AAAA"), "/mail/rowan-care/x", "/mail/nobody/x"] {
        assert_eq!(one_click(&w, wrong).await.0, 404, "{wrong}");
        assert_eq!(stranger.get(wrong).await.status, 404, "{wrong}");
    }
    // and no other form is taken from elsewhere
    assert_eq!(one_click(&w, "/sign-in").await.0, 403);
    assert_eq!(one_click(&w, "/p/rowan-care/notices/mail").await.0, 403);
    end_place(&w.app, w.provider, w.id("carer")).await.unwrap();
    assert_eq!(one_click(&w, &path).await.0, 404, "who has left gets no mail");
}

#[tokio::test]
async fn escalations_bring_no_link_that_switches_them_off() {
    let (_db, w) = began("2026-11-18", 9).await;
    w.due(Risk::Low, Topic::Medicines, "carer", day("2026-11-18")).await;
    tick(&w.app).await.unwrap();
    let post = Post::open(Manner::Takes).await;
    w.at(midnight(day("2026-11-19")) + Duration::hours(9));
    tick(&post.app(&w)).await.unwrap();
    let given = post.given();
    let escalated: Vec<_> = given.iter().filter(|mail| mail.contains("Subject: Escalated to you")).collect();
    assert_eq!(escalated.len(), 1);
    assert!(stop_link(escalated[0]).is_none() && !escalated[0].contains("/mail/"), "{}", escalated[0]);
}

#[tokio::test]
async fn who_no_longer_sees_it_or_for_whom_it_is_done_gets_no_mail() {
    let (db, w) = began("2026-11-18", 9).await;
    let decided = w.due(Risk::Low, Topic::Medicines, "carer", day("2026-11-18")).await;
    tick(&w.app).await.unwrap();
    w.at(midnight(day("2026-11-19")) + Duration::hours(9));
    let post = Post::open(Manner::Busy(2)).await;
    let app = post.app(&w);
    w.due(Risk::Low, Topic::Falls, "leader", day("2026-12-19")).await;
    tick(&app).await.unwrap();
    // the server was busy; meanwhile the escalation is decided and the leader becomes a reader
    let id = w.escalation(&db, decided, 1).await;
    let decision = super::worker::no_escalation();
    throughline::workflow::escalation::decide(
        &w.app,
        w.actor("manager"),
        id,
        w.version(decided).await,
        &decision,
    )
    .await
    .unwrap();
    change_role(&w.app, w.provider, w.id("leader"), Role::ExternalReader).await.unwrap();
    w.at(w.clock.now() + Duration::minutes(1));
    tick(&app).await.unwrap();
    assert_eq!(post.given().len(), 2, "the tries before");
    assert_eq!(held_back(&db, &w, "escalated", "manager").await, ["It has been decided, or is settled"]);
    assert_eq!(held_back(&db, &w, "assigned", "leader").await, ["They no longer see it"]);
}

/// A world on Friday 13 November 2026 with work for the week of the 16th.
async fn with_work() -> (TestDb, World) {
    let (db, w) = began("2026-11-13", 9).await;
    w.due(Risk::Low, Topic::Medicines, "carer", day("2026-11-14")).await;
    w.due(Risk::Low, Topic::Falls, "carer", day("2026-11-20")).await;
    w.due(Risk::Low, Topic::Dignity, "carer", day("2026-11-22")).await;
    w.due(Risk::Low, Topic::Nutrition, "carer", day("2026-11-30")).await;
    w.due(Risk::Low, Topic::Nutrition, "visitor", day("2026-12-30")).await;
    w.submitted_action(Risk::Low, "leader").await;
    tick(&w.app).await.unwrap();
    (db, w)
}

#[tokio::test]
async fn on_monday_at_seven_everybody_reads_what_the_week_brings_once() {
    let (db, w) = with_work().await;
    on(&w, "2026-11-15", 12).await;
    on(&w, "2026-11-16", 6).await;
    assert!(sent(&db, "digest").await.is_empty(), "not on Sunday, not before seven");
    on(&w, "2026-11-16", 7).await;
    let wanted = [
        "Amara Bello: Your week: 1 late, 2 due this week",
        "Daniel Osei: Your week: 1 late in your services, 1 to verify",
        "Grace Whitfield: Your week: 1 late in your services, 1 to verify",
        "Helen Carter: Your week: 1 minor, late or blocked, 1 to verify",
        "James Okafor: Your week: 1 minor, late or blocked, 1 to verify",
        "Priya Nair: Your week: 1 late in your services, 1 to verify",
        "Ruth Lane: Your week: 1 late in your services, 1 to verify",
        "Sofia Marsh: Your week: 1 late in your services",
    ];
    assert_eq!(sent(&db, "digest").await, wanted);
    assert_eq!(held_back(&db, &w, "digest", "visitor").await, ["There is nothing to tell this week"]);
    assert_eq!(held_back(&db, &w, "digest", "manager_two").await, ["There is nothing to tell this week"]);
    for hour in [7, 12, 31] {
        on(&w, "2026-11-16", hour).await;
    }
    assert_eq!(sent(&db, "digest").await, wanted, "once");
    on(&w, "2026-11-23", 7).await;
    assert!(sent(&db, "digest").await.len() > wanted.len(), "and again the next week");
    let page = w.browser("administrator").await.get("/messages").await;
    assert!(page.text().contains("Your week · to Amara Bello"), "{}", page.text());
}

#[tokio::test]
async fn a_program_that_stood_still_catches_up_on_tuesday_and_not_later() {
    for (date, told) in [("2026-11-17", 8), ("2026-11-18", 0)] {
        let (db, w) = with_work().await;
        on(&w, date, 10).await;
        assert_eq!(sent(&db, "digest").await.len(), told, "{date}");
    }
}

#[tokio::test]
async fn a_digest_that_could_not_leave_until_wednesday_stays() {
    let (db, w) = with_work().await;
    let post = Post::open(Manner::Busy(99)).await;
    w.at(midnight(day("2026-11-16")) + Duration::hours(7));
    tick(&post.app(&w)).await.unwrap();
    on(&w, "2026-11-18", 7).await;
    assert!(sent(&db, "digest").await.is_empty());
    assert_eq!(held_back(&db, &w, "digest", "carer").await, ["Its week has begun without it"]);
}

#[tokio::test]
async fn what_is_blocked_is_told_to_those_who_lead() {
    let (db, w) = began("2026-11-13", 9).await;
    let action = w.due(Risk::Low, Topic::Falls, "carer", day("2026-12-20")).await;
    let progress = throughline::workflow::update::Progress {
        note: Some("Waiting for the supplier".into()),
        help: Some(throughline::workflow::update::Help {
            barrier: "The mats are not delivered".into(),
            support_needed: Some("A call by the office".into()),
        }),
        ..w.progress(&[])
    };
    throughline::workflow::update::record(&w.app, w.actor("carer"), action, &progress).await.unwrap();
    on(&w, "2026-11-16", 8).await;
    let digests = sent(&db, "digest").await;
    assert!(digests.contains(&"Priya Nair: Your week: 1 blocked".to_owned()), "{digests:?}");
    assert!(!digests.iter().any(|d| d.starts_with("Owen Price")), "another service: {digests:?}");
    let bodies =
        texts(&db, "SELECT body FROM outbox WHERE kind = 'digest' AND sent_at IS NOT NULL").await.concat();
    assert!(!bodies.contains("mats"), "no free text but the title: {bodies}");
}

/// Who leads the provider reads of what is of wider significance; what is minor is a number (R4).
#[tokio::test]
async fn what_is_minor_is_a_number_for_those_who_lead_the_provider() {
    let (db, w) = began("2026-11-13", 9).await;
    let late = day("2026-11-14");
    let minor = w.due(Risk::Low, Topic::Falls, "carer", late).await;
    w.due(Risk::Low, Topic::Dignity, "visitor", late).await;
    let high = w.due(Risk::High, Topic::Nutrition, "carer", late).await;
    on(&w, "2026-11-16", 8).await;
    let digests = sent(&db, "digest").await;
    for line in [
        "Helen Carter: Your week: 1 late in your services, 2 minor, late or blocked",
        "James Okafor: Your week: 1 late in your services, 2 minor, late or blocked",
        "Priya Nair: Your week: 2 late in your services",
    ] {
        assert!(digests.contains(&line.to_owned()), "{line}: {digests:?}");
    }
    let body = texts(
        &db,
        "SELECT o.body FROM outbox o JOIN memberships m ON m.id = o.recipient_id WHERE o.kind = 'digest' AND m.name = 'Helen Carter' AND o.sent_at IS NOT NULL",
    )
    .await
    .concat();
    assert!(body.contains(&high.to_string()) && !body.contains(&minor.to_string()), "{body}");
    assert!(body.contains("2 minor actions are late or blocked, and left out here: "), "{body}");
    let (_, link) = body.split_once("left out here: ").unwrap();
    let (_, path) = link.lines().next().unwrap().split_once("/p/rowan-care").unwrap();
    let page = w.browser("quality").await.get(path).await.text();
    assert!(page.contains(&minor.to_string()) && !page.contains(&high.to_string()), "{path}");
}

#[tokio::test]
async fn whoever_switched_the_digest_off_gets_none() {
    let (db, w) = with_work().await;
    choose(&w.app, w.actor("carer"), &[MessageKind::Assigned]).await.unwrap();
    on(&w, "2026-11-16", 8).await;
    assert!(!sent(&db, "digest").await.iter().any(|d| d.starts_with("Amara")));
    assert_eq!(held_back(&db, &w, "digest", "carer").await, ["They read this in the program, not by mail"]);
}
