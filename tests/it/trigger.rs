//! Every trigger of escalation besides the date and the window (R14): raised once, and each says why it exists.

use rstest::rstest;
use throughline::clock::Clock;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{EvidenceKind, Risk, Topic};
use throughline::worker::tick;
use throughline::workflow::action::define;
use throughline::workflow::escalation::decide;
use throughline::workflow::finding::log;

use super::worker::{act, broken_lines, no_escalation, number, replica, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};

/// `level cause date` of every escalation of an action, in order.
async fn raised(db: &TestDb, action: Reference) -> Vec<String> {
    let sql = format!(
        "SELECT format('%s %s %s', e.level, e.cause, e.due_on) FROM escalations e JOIN actions a ON a.provider_id = e.provider_id AND a.id = e.action_id
         WHERE a.number = {} ORDER BY e.at, e.level",
        action.number
    );
    texts(db, &sql).await
}

/// What the page and the list say about the newest undecided escalation of an action.
async fn said(w: &World, db: &TestDb, action: Reference, level: i32) -> (String, String) {
    let id = w.escalation(db, action, level).await;
    let browser = w.browser("quality").await;
    let list = browser.get("/escalations?show=mine").await.text()
        + &browser.get("/escalations?show=others").await.text();
    (browser.get(&format!("/escalations/{id}")).await.text(), list)
}

/// A medium-risk action of the carer, due on Monday 23 November, and what was given for it before.
async fn with_evidence(w: &World, kinds: usize) -> Reference {
    let action = w.due(Risk::Medium, Topic::Medicines, "carer", day("2026-11-23")).await;
    let required = w.case(action).await.required;
    assert!(required.len() > 1, "more than one kind is asked for: {required:?}");
    let given: Vec<EvidenceKind> = required.into_iter().take(kinds).collect();
    let progress = w.progress(&given);
    throughline::workflow::update::record(&w.app, w.actor("carer"), action, &progress).await.unwrap();
    action
}

#[tokio::test]
async fn missing_evidence_and_the_date_are_one_escalation_that_says_both() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (some, all) = (with_evidence(&w, 1).await, with_evidence(&w, 9).await);
    w.days_pass(2);
    tick(&w.app).await.unwrap();
    assert!(raised(&db, some).await.is_empty(), "on the day itself there is time left");
    w.days_pass(1);
    tick(&w.app).await.unwrap();
    assert_eq!(raised(&db, some).await, ["1 evidence_missing 2026-11-23"]);
    assert_eq!(raised(&db, all).await, ["1 overdue 2026-11-23"], "nothing is missing, it was not sent");
    let missing: Vec<String> =
        w.case(some).await.required.into_iter().skip(1).map(|k| k.label().to_lowercase()).collect();
    let why = format!(
        "It was due on 23 November 2026 and is not done, and evidence is missing: {}",
        throughline::domain::words::list(&missing)
    );
    let (page, list) = said(&w, &db, some, 1).await;
    assert!(page.contains(&why), "{page}");
    assert!(list.contains(&why), "{list}");
    let (page, _) = said(&w, &db, all, 1).await;
    assert!(!page.contains("evidence is missing"), "{page}");
    // given afterwards, the date that passed is still raised only once, and the next level hears what is true then
    let rest = w.progress(&w.case(some).await.required);
    throughline::workflow::update::record(&w.app, w.actor("carer"), some, &rest).await.unwrap();
    w.days_pass(10);
    tick(&w.app).await.unwrap();
    assert_eq!(raised(&db, some).await, ["1 evidence_missing 2026-11-23", "2 overdue 2026-11-23"]);
}

/// The days on which a high-risk finding asks for its decision, by hand: acted on on Saturday 21 November, one working
/// day after is Monday 23, three are Wednesday 25.
#[rstest]
#[case("2026-11-21", &[])]
#[case("2026-11-22", &[])]
#[case("2026-11-23", &["1 high_risk 2026-11-21"])]
#[case("2026-11-24", &["1 high_risk 2026-11-21"])]
#[case("2026-11-25", &["1 high_risk 2026-11-21", "2 high_risk 2026-11-21"])]
#[case("2026-12-01", &["1 high_risk 2026-11-21", "2 high_risk 2026-11-21"])]
#[tokio::test]
async fn a_high_risk_finding_asks_for_a_recorded_decision(#[case] until: &str, #[case] wanted: &[&str]) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let high = w.due(Risk::High, Topic::Medicines, "carer", day("2026-12-18")).await;
    let medium = w.due(Risk::Medium, Topic::Falls, "carer", day("2026-12-18")).await;
    while w.today() < day(until) {
        tick(&w.app).await.unwrap();
        w.days_pass(1);
    }
    tick(&w.app).await.unwrap();
    tick(&w.app).await.unwrap();
    assert_eq!(raised(&db, high).await, wanted);
    assert!(raised(&db, medium).await.is_empty());
    if let Some(level) = wanted.len().checked_sub(1) {
        let why = "The finding is high risk, and no decision on it was recorded since 21 November 2026";
        let (page, list) = said(&w, &db, high, i32::try_from(level).unwrap() + 1).await;
        assert!(page.contains(why) && page.contains("What stands in the way of putting it right?"), "{page}");
        assert!(list.contains(why), "{list}");
    }
    assert_eq!(broken_lines(&db).await, 0);
}

#[rstest]
#[case::acted(true)]
#[case::not_needed(false)]
#[tokio::test]
async fn a_decision_of_either_kind_answers_it(#[case] acts: bool) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let high = w.due(Risk::High, Topic::Medicines, "carer", day("2026-12-18")).await;
    w.days_pass(2);
    tick(&w.app).await.unwrap();
    let id = w.escalation(&db, high, 1).await;
    let given = if acts { act(None) } else { no_escalation() };
    decide(&w.app, w.actor("manager"), id, w.version(high).await, &given).await.unwrap();
    w.days_pass(20);
    tick(&w.app).await.unwrap();
    assert_eq!(raised(&db, high).await, ["1 high_risk 2026-11-21"], "nobody higher is asked");
    assert_eq!(number(&db, "SELECT count(*) FROM findings_to_decide").await, 0);
}

#[tokio::test]
async fn what_is_escalated_already_or_settled_does_not_ask_again() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let late = w.due(Risk::Critical, Topic::Medicines, "carer", day("2026-11-21")).await;
    let off = w.due(Risk::High, Topic::Medicines, "carer", day("2026-12-18")).await;
    let seen = w.version(off).await;
    throughline::workflow::change::cancel(&w.app, w.actor("manager"), off.number, seen, "A duplicate")
        .await
        .unwrap();
    assert_eq!(number(&db, "SELECT count(*) FROM findings_to_decide").await, 1);
    w.days_pass(20);
    tick(&w.app).await.unwrap();
    assert_eq!(
        raised(&db, late).await,
        ["1 evidence_missing 2026-11-21", "2 evidence_missing 2026-11-21"],
        "it waits for a decision by that"
    );
    assert!(raised(&db, off).await.is_empty());
    assert_eq!(number(&db, "SELECT count(*) FROM findings_to_decide").await, 0);
}

/// A falls action closed on Saturday 21 November, and a finding of `topic` `days` later in the house.
async fn found_after(w: &World, topic: Topic, risk: Risk, days: i64) -> (Reference, Reference) {
    let (_, closed) = w.line(Risk::Low, Topic::Falls, "carer").await;
    w.submit(closed, "carer").await;
    w.verify(closed, "deputy", throughline::domain::verification::Outcome::Complete).await;
    w.close(closed, "manager").await;
    w.days_pass(days);
    let finding = w.log_finding("manager", risk, topic).await;
    let mut new = w.action("carer");
    new.due_on = Some(w.today() + chrono::Days::new(20));
    (closed, define(&w.app, w.actor("manager"), finding.number, &new).await.unwrap())
}

#[rstest]
#[case::again(Topic::Falls, Risk::Low, 10, 1)]
#[case::again_and_grave(Topic::Falls, Risk::High, 10, 2)]
#[case::a_year_later(Topic::Falls, Risk::Low, 365, 1)]
#[case::more_than_a_year_later(Topic::Falls, Risk::Low, 366, 0)]
#[case::the_same_day(Topic::Falls, Risk::Low, 0, 0)]
#[case::another_topic(Topic::Nutrition, Risk::Low, 10, 0)]
#[tokio::test]
async fn the_same_found_again_after_closure_is_escalated(
    #[case] topic: Topic,
    #[case] risk: Risk,
    #[case] days: i64,
    #[case] levels: usize,
) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (closed, again) = found_after(&w, topic, risk, days).await;
    let found = raised(&db, again).await;
    assert_eq!(found.len(), levels, "{found:?}");
    assert!(found.iter().all(|line| line.contains("recurrence")));
    if levels > 0 {
        let why =
            format!("The same was found again: action {closed} on this topic was closed on 21 November 2026");
        let (page, list) = said(&w, &db, again, 1).await;
        assert!(page.contains(&why) && page.contains("Why did it come back?"), "{page}");
        assert!(list.contains(&why), "{list}");
        // a second action under the same finding is no second recurrence
        let number = w.case(again).await.action.finding_id;
        let number = texts(&db, &format!("SELECT number::text FROM findings WHERE id = '{number}'")).await;
        let second = define(&w.app, w.actor("manager"), number[0].parse().unwrap(), &w.action("carer")).await;
        assert!(raised(&db, second.unwrap()).await.is_empty());
        tick(&w.app).await.unwrap();
        assert_eq!(raised(&db, again).await.len(), levels);
    }
    assert_eq!(broken_lines(&db).await, 0);
}

#[tokio::test]
async fn the_same_in_another_service_is_not_this_recurrence() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    found_after(&w, Topic::Nutrition, Risk::Low, 3).await;
    let elsewhere = w.finding("manager_two", Risk::Low, Topic::Falls);
    let elsewhere = log(&w.app, w.actor("manager_two"), &elsewhere, None).await.unwrap();
    let action =
        define(&w.app, w.actor("manager_two"), elsewhere.number, &w.action("visitor")).await.unwrap();
    assert!(raised(&db, action).await.is_empty());
}

/// Four workers at once raise each of these once too; which of the two causes a date gets does not matter for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_workers_at_once_raise_each_once() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    for n in 0..12 {
        let risk = if n % 2 == 0 { Risk::High } else { Risk::Low };
        let due = day(if n % 3 == 0 { "2026-11-23" } else { "2026-12-18" });
        w.due(risk, Topic::Medicines, "carer", due).await;
    }
    w.days_pass(4);
    let mut replicas = Vec::new();
    for _ in 0..4 {
        replicas.push(replica(&db, &w.app).await);
    }
    for _ in 0..3 {
        let _ = tokio::join!(tick(&replicas[0]), tick(&replicas[1]), tick(&replicas[2]), tick(&replicas[3]));
    }
    let kinds = texts(
        &db,
        "SELECT format('%s %s %s', cause, level, count(*)) FROM escalations GROUP BY cause, level ORDER BY 1",
    )
    .await;
    // by hand: of twelve, four are late, two of them high; of the eight that are not, four are high
    assert_eq!(kinds, ["evidence_missing 1 4", "evidence_missing 2 2", "high_risk 1 4", "high_risk 2 4"]);
    assert_eq!(number(&db, "SELECT count(*) FROM events WHERE kind = 'escalated'").await, 14);
    assert_eq!(broken_lines(&db).await, 0);
}
