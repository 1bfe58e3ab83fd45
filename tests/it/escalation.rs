//! The pages of escalations: who sees them, who decides, what a decision has to say, and what it changes (R12, R13,
//! R13a).

use rstest::rstest;
use throughline::clock::Clock;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::ids::EscalationId;
use throughline::worker::tick;
use throughline::workflow::escalation::decide;

use super::worker::{act, number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};

/// A world with one late action of the house, owned by `owner`, escalated.
async fn escalated(db: &TestDb, risk: Risk, owner: &str) -> (World, Reference) {
    let w = world(db, Clock::fixed(saturday())).await;
    let action = w.due(risk, Topic::Medicines, owner, day("2026-11-23")).await;
    w.days_pass(4);
    tick(&w.app).await.unwrap();
    (w, action)
}

fn page_of(id: EscalationId) -> String {
    format!("/escalations/{id}")
}

const FORM: &str = "name=\"interim_control\"";

#[rstest]
#[case("manager", true, true, "")]
#[case(
    "deputy",
    true,
    false,
    "The registered manager, the quality lead or the nominated individual records the decision."
)]
#[case(
    "safeguarding",
    true,
    false,
    "The registered manager, the quality lead or the nominated individual records the decision."
)]
#[case("quality", true, true, "")]
#[case("nominated", true, true, "")]
#[case("manager_two", false, false, "")]
#[case("carer", false, false, "")]
#[case("visitor", false, false, "")]
#[case("leader", false, false, "")]
#[case("administrator", false, false, "")]
#[case("reader", false, false, "")]
#[case("willow_manager", false, false, "")]
#[case("willow_shared", false, false, "")]
#[tokio::test]
async fn each_sees_what_is_theirs_and_decides_what_is_theirs(
    #[case] who: &str,
    #[case] sees: bool,
    #[case] decides: bool,
    #[case] says: &str,
) {
    let db = TestDb::new().await;
    let (w, action) = escalated(&db, Risk::Medium, "carer").await;
    let path = page_of(w.escalation(&db, action, 1).await);
    let browser = w.browser(who).await;
    let page = browser.get(&path).await;
    assert_eq!(page.status, if sees { 200 } else { 404 });
    assert_eq!(page.body.contains(FORM), decides);
    assert!(page.text().contains(says), "{}", page.text());
    let version = w.version(action).await.to_string();
    let sent = browser
        .post(&path, &[("decision", "no_escalation"), ("because", "It is done"), ("version", &version)])
        .await;
    let wanted = match (sees, decides) {
        (true, true) => 303,
        (true, false) => 422,
        _ => 404,
    };
    assert_eq!(sent.status, wanted, "{}", sent.text());
    assert!(sent.text().contains(says));
    let recorded = number(&db, "SELECT count(*) FROM escalation_decisions").await;
    assert_eq!(recorded, i64::from(decides));
}

#[rstest]
#[case(
    Risk::Low,
    1,
    "manager",
    "manager",
    false,
    "You own this action, so the quality lead or the nominated individual decides."
)]
#[case(Risk::Low, 1, "manager", "quality", true, "")]
#[case(
    Risk::High,
    2,
    "carer",
    "manager",
    false,
    "The quality lead or the nominated individual records the decision."
)]
#[case(Risk::High, 2, "carer", "nominated", true, "")]
#[case(
    Risk::High,
    2,
    "quality",
    "quality",
    false,
    "You own this action, so the nominated individual decides."
)]
#[case(Risk::High, 2, "quality", "nominated", true, "")]
#[tokio::test]
async fn nobody_decides_on_their_own_lateness_nor_above_their_level(
    #[case] risk: Risk,
    #[case] level: i32,
    #[case] owner: &str,
    #[case] who: &str,
    #[case] decides: bool,
    #[case] says: &str,
) {
    let db = TestDb::new().await;
    let (w, action) = escalated(&db, risk, owner).await;
    let id = w.escalation(&db, action, level).await;
    let browser = w.browser(who).await;
    let page = browser.get(&page_of(id)).await;
    assert_eq!(page.body.contains(FORM), decides);
    assert!(page.text().contains(says), "{}", page.text());
    // what waits for them stands where they begin; what they might decide for others stands with the others'
    let list = browser.get("/escalations?show=mine").await.body
        + &browser.get("/escalations?show=others").await.body;
    let button = "role=\"button\" draggable=\"false\" data-module=\"govuk-button\">Record decision";
    let row = list.split("<li class=\"work__i\">").find(|row| row.contains(&format!("escalations/{id}")));
    assert_eq!(
        row.expect("it is listed").contains(button),
        decides,
        "the button is there only when it is theirs"
    );
    let done = decide(&w.app, w.actor(who), id, w.version(action).await, &act(None)).await;
    assert_eq!(done.is_ok(), decides);
}

#[tokio::test]
async fn the_form_says_everything_that_is_missing_and_keeps_what_was_typed() {
    let db = TestDb::new().await;
    let (w, action) = escalated(&db, Risk::Medium, "carer").await;
    let path = page_of(w.escalation(&db, action, 1).await);
    let manager = w.browser("manager").await;
    let version = manager.get(&path).await.field("version");
    assert_eq!(version, w.version(action).await.to_string());

    let empty = manager.post(&path, &[("version", &version)]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text().contains("Choose what you decide"));
    assert!(empty.body.contains("<title>Error: "), "the title says so too");

    let kept = "Two <b>doses</b> & \"more\" were missed";
    let typed = [
        ("decision", "act"),
        ("risk", ""),
        ("delay_reason", kept),
        ("support_needed", "An hour of the pharmacist"),
        ("interim_control", "  "),
        ("revised_due_on", "30"),
        ("revised_due_on-month", "2"),
        ("revised_due_on-year", "2027"),
        ("because", "kept as well"),
        ("version", &version),
    ];
    let page = manager.post(&path, &typed).await;
    assert_eq!(page.status, 422);
    for said in ["An hour of the pharmacist", "kept as well", kept] {
        assert!(page.text().contains(said), "{said} is not in {}", page.text());
    }
    assert!(page.body.contains("value=\"30\"") && page.body.contains("value=\"2027\""), "the date as typed");
    assert!(page.body.contains("value=\"act\" checked") || page.body.contains("checked"), "the choice");

    let typed = typed.map(|(name, value)| (name, if name.starts_with("revised") { "" } else { value }));
    let page = manager.post(&path, &typed).await;
    for said in ["Say what could happen while this is late", "Say what keeps people safe meanwhile"] {
        assert!(page.text().matches(said).count() >= 2, "{said}: in the summary and at the field");
    }
    assert!(!page.text().contains("Say why it is late"), "that one was given");

    let past = [
        ("decision", "no_escalation"),
        ("because", "x"),
        ("revised_due_on", "1"),
        ("revised_due_on-month", "11"),
        ("revised_due_on-year", "2026"),
        ("version", &version),
    ];
    let page = manager.post(&path, &past).await;
    assert!(page.text().contains("Set a date that is today or later"), "{}", page.text());
    assert_eq!(number(&db, "SELECT count(*) FROM escalation_decisions").await, 0);
}

#[tokio::test]
async fn a_decision_moves_the_date_counts_it_and_is_listed() {
    let db = TestDb::new().await;
    let (w, action) = escalated(&db, Risk::Medium, "carer").await;
    let id = w.escalation(&db, action, 1).await;
    let manager = w.browser("manager").await;
    let list = manager.get("/escalations").await;
    assert!(
        list.text().contains("escalated to the registered manager on 25 November 2026"),
        "{}",
        list.text()
    );
    let version = w.version(action).await.to_string();
    let sent = manager
        .post(
            &page_of(id),
            &[
                ("decision", "act"),
                ("risk", "A dose too many"),
                ("delay_reason", "The pharmacist was away"),
                ("support_needed", ""),
                ("interim_control", "The senior on shift checks every protocol"),
                ("revised_due_on", "2"),
                ("revised_due_on-month", "12"),
                ("revised_due_on-year", "2026"),
                ("version", &version),
            ],
        )
        .await;
    assert_eq!(
        (sent.status.as_u16(), sent.location()),
        (303, "/p/rowan-care/escalations"),
        "{}",
        sent.text()
    );
    let case = w.case(action).await;
    assert_eq!((case.action.due_on, case.action.extensions), (Some(day("2026-12-02")), 1));
    assert!(manager.get("/escalations").await.text().contains("Nothing waits for your decision."));
    let decided = manager.get("/escalations?show=decided").await.text();
    for said in [
        "act on it by Priya Nair on 25 November 2026",
        "interim control: The senior on shift checks every protocol",
    ] {
        assert!(decided.contains(said), "{decided}");
    }
    let page = manager.get(&page_of(id)).await.text();
    assert!(page.contains("Decided before") && page.contains("New date: 2 December 2026."), "{page}");
    assert!(page.contains("A further decision"), "another may follow, none is edited: {page}");
    let events = texts(&db, "SELECT line::json ->> 'kind' FROM events ORDER BY seq DESC LIMIT 1").await;
    assert_eq!(events, ["escalation_decided"]);
}

#[tokio::test]
async fn a_stale_page_is_a_conflict_that_keeps_what_was_typed() {
    let db = TestDb::new().await;
    let (w, action) = escalated(&db, Risk::Medium, "carer").await;
    let path = page_of(w.escalation(&db, action, 1).await);
    let manager = w.browser("manager").await;
    let version = manager.get(&path).await.field("version");
    let progress = w.progress(&[]);
    throughline::workflow::update::record(&w.app, w.actor("carer"), action, &progress).await.unwrap();
    let typed =
        [("decision", "no_escalation"), ("because", "It is nearly done"), ("version", version.as_str())];
    let page = manager.post(&path, &typed).await;
    assert_eq!(page.status, 409);
    assert!(page.text().contains("This changed since you opened it"));
    assert!(page.text().contains("It is nearly done"));
    assert_eq!(number(&db, "SELECT count(*) FROM escalation_decisions").await, 0);
    let again = page.field("version");
    assert_ne!(again, version, "the page shows what is there now");
    let typed =
        [("decision", "no_escalation"), ("because", "It is nearly done"), ("version", again.as_str())];
    assert_eq!(manager.post(&path, &typed).await.status, 303);
}

#[tokio::test]
async fn what_was_closed_or_called_off_or_begun_again_needs_no_decision() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let [off, again] = [
        w.due(Risk::Low, Topic::Medicines, "carer", day("2026-11-23")).await,
        w.due(Risk::Low, Topic::Medicines, "carer", day("2026-11-23")).await,
    ];
    w.days_pass(4);
    tick(&w.app).await.unwrap();
    let ids = [w.escalation(&db, off, 1).await, w.escalation(&db, again, 1).await];
    let seen = w.version(off).await;
    throughline::workflow::change::cancel(&w.app, w.actor("manager"), off.number, seen, "A duplicate")
        .await
        .unwrap();
    w.submit(again, "carer").await;
    w.verify(again, "deputy", Outcome::Ineffective).await;
    let manager = w.browser("manager").await;
    for (id, action) in ids.into_iter().zip([off, again]) {
        let page = manager.get(&page_of(id)).await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains(FORM));
        assert!(page.text().contains("This needs no decision any more"), "{}", page.text());
        let version = w.version(action).await.to_string();
        let typed = [("decision", "no_escalation"), ("because", "x"), ("version", version.as_str())];
        let sent = manager.post(&page_of(id), &typed).await;
        assert_eq!(sent.status, 422, "{}", sent.text());
        assert!(!manager.get("/escalations").await.body.contains(&id.to_string()), "not listed");
    }
    assert_eq!(number(&db, "SELECT count(*) FROM escalation_decisions").await, 0);
    // the ineffective verdict raised its own, in the new cycle
    let id = w.escalation(&db, again, 1).await;
    assert!(manager.get(&page_of(id)).await.body.contains(FORM));
}

#[tokio::test]
async fn unknown_ones_are_not_there() {
    let db = TestDb::new().await;
    let (w, action) = escalated(&db, Risk::Medium, "carer").await;
    let manager = w.browser("manager").await;
    for path in [
        "/escalations/00000000-0000-0000-0000-000000000000",
        "/escalations/x",
        "/escalations?service=willow-lodge",
        "/escalations?service=rowan-visits",
        "/escalations?show=x",
        "/escalations/log?service=willow-lodge",
        "/escalations/log?service=rowan-visits",
        "/escalations?after=x",
        "/escalations?after=1.x",
    ] {
        assert_eq!(manager.get(path).await.status, 404, "{path}");
    }
    assert_eq!(manager.get("/escalations?service=rowan-house").await.status, 200);
    let id = w.escalation(&db, action, 1).await;
    let theirs = w.browser("willow_shared").await.get(&format!("/p/willow-care/escalations/{id}")).await;
    assert_eq!(theirs.status, 404, "not through another provider one belongs to");
}

#[tokio::test]
async fn the_list_has_pages_oldest_first() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let finding = w.log_finding("manager", Risk::Low, Topic::Falls).await;
    for n in 0..54 {
        let mut new = w.action("carer");
        new.due_on = Some(w.today() + chrono::Days::new(n / 20));
        throughline::workflow::action::define(&w.app, w.actor("manager"), finding.number, &new)
            .await
            .unwrap();
    }
    for _ in 0..4 {
        w.days_pass(1);
        tick(&w.app).await.unwrap();
    }
    let manager = w.browser("manager").await;
    let first = manager.get("/escalations").await;
    assert_eq!(first.body.matches("work__i").count(), 50);
    let next = first.body.split("href=\"").find(|rest| rest.contains("after=")).expect("a next page");
    let next = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let second = manager.get(&next).await;
    assert_eq!(second.body.matches("work__i").count(), 4);
    assert!(second.text().contains("on 24 November 2026") && !second.text().contains("on 22 November 2026"));
}
