//! Reviews: starting, and signing an audit off (R5).

use rstest::rstest;
use throughline::clock::Clock;
use throughline::domain::review::Disposition;
use throughline::domain::topic::{ReviewKind, Risk, Topic};
use throughline::workflow::action::define;
use throughline::workflow::finding::{self, Source, dispose, log};
use throughline::workflow::review::{sign_off, start};
use throughline::workflow::{Done, Stop};

use crate::harness::TestDb;
use crate::harness::fixtures::{day, saturday, world};

/// The sentences of a refusal, one a line.
pub fn sentences<T: std::fmt::Debug>(done: Done<T>) -> String {
    match done.unwrap_err() {
        Stop::Refused(said) => said.iter().map(|s| s.sentence.as_str()).collect::<Vec<_>>().join("\n"),
        other => panic!("not a refusal: {other:?}"),
    }
}

#[tokio::test]
async fn the_same_form_twice_starts_one_review() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let new = w.review("manager", ReviewKind::Audit);
    let both = tokio::join!(start(&w.app, w.actor("manager"), &new), start(&w.app, w.actor("manager"), &new));
    assert_eq!(both.0.unwrap(), both.1.unwrap());
    let again = start(&w.app, w.actor("manager"), &new).await.unwrap();
    assert_eq!(again.to_string(), "R-0001");
    let next = w.start_review("manager", ReviewKind::Complaint).await.0;
    assert_eq!(next.to_string(), "R-0002", "no number is lost");
    // somebody else cannot take the id over
    let theirs = throughline::workflow::review::Start { service: w.house.id, ..new };
    assert!(sentences(start(&w.app, w.actor("quality"), &theirs).await).contains("Open the form again"));
}

#[rstest]
#[case("leader", true)]
#[case("manager", true)]
#[case("quality", true)]
#[case("carer", false)]
#[case("manager_two", false)]
#[case("administrator", false)]
#[case("reader", false)]
#[tokio::test]
async fn reviews_are_run_by_managers_in_their_services(#[case] who: &str, #[case] may: bool) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let mut new = w.review(who, ReviewKind::Audit);
    new.service = w.house.id;
    let done = start(&w.app, w.actor(who), &new).await;
    if may {
        done.unwrap();
    } else {
        assert_eq!(sentences(done), "Choose one of your services");
    }
}

#[tokio::test]
async fn a_review_is_not_held_tomorrow_nor_in_another_providers_service() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let mut new = w.review("quality", ReviewKind::Audit);
    new.held_on = day("2026-11-22");
    assert_eq!(
        sentences(start(&w.app, w.actor("quality"), &new).await),
        "Enter a day that is not in the future"
    );
    new.held_on = day("2026-11-21");
    new.service = w.lodge.id;
    assert_eq!(sentences(start(&w.app, w.actor("quality"), &new).await), "Choose one of your services");
}

/// R5: what holds the sign-off up is listed; an owned and dated action, or a reason, lets it through.
#[tokio::test]
async fn an_audit_is_signed_off_when_every_finding_goes_on() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let manager = w.actor("manager");
    let (audit, id) = w.start_review("manager", ReviewKind::Audit).await;
    let mut numbers = Vec::new();
    for topic in [Topic::Medicines, Topic::Falls, Topic::CareRecords] {
        let mut new = w.finding("manager", Risk::Medium, topic);
        new.source = Source::Review(id);
        numbers.push(log(&w.app, manager, &new, None).await.unwrap());
    }
    let mut unowned = w.action("carer");
    unowned.owner = None;
    define(&w.app, manager, numbers[1].number, &unowned).await.unwrap();
    let held = sentences(sign_off(&w.app, manager, audit.number, 1).await);
    assert_eq!(
        held.lines().collect::<Vec<_>>(),
        [
            "F-0001 has no action, and no reason why none is needed.",
            "F-0002 has an action, but not one with an owner and a due date.",
            "F-0003 has no action, and no reason why none is needed.",
        ]
    );
    w.define_action("manager", numbers[0], "carer").await;
    w.define_action("manager", numbers[1], "leader").await;
    let reason = "The chart was corrected on the spot and shown to the auditor";
    dispose(&w.app, manager, 3, 1, Disposition::NoActionNeeded, reason).await.unwrap();
    assert!(matches!(sign_off(&w.app, manager, audit.number, 2).await, Err(Stop::Changed)), "a stale page");
    sign_off(&w.app, manager, audit.number, 1).await.unwrap();
    assert!(matches!(sign_off(&w.app, manager, audit.number, 1).await, Err(Stop::Changed)), "once");
    // it takes nothing more
    let mut late = w.finding("manager", Risk::Low, Topic::Other);
    late.source = Source::Review(id);
    assert!(sentences(log(&w.app, manager, &late, None).await).contains("R-0001 is signed off"));
    let further = finding::add_source(&w.app, manager, 1, &Source::Review(id)).await;
    assert!(sentences(further).contains("R-0001 is signed off"));
}

#[tokio::test]
async fn a_leaver_holds_a_sign_off_up() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let finding = w.log_finding("manager", Risk::Medium, Topic::Falls).await;
    w.define_action("manager", finding, "carer").await;
    let mut administrator = db.administrator().await;
    sqlx::query("ALTER TABLE memberships DISABLE TRIGGER USER").execute(&mut administrator).await.unwrap();
    sqlx::query("UPDATE memberships SET ended_at = $2 WHERE id = $1")
        .bind(w.id("carer").uuid())
        .bind(saturday())
        .execute(&mut administrator)
        .await
        .unwrap();
    let held = sentences(sign_off(&w.app, w.actor("manager"), 1, 1).await);
    assert_eq!(held, "F-0001 has an action, but not one with an owner and a due date.");
}

#[rstest]
#[case("deputy", Some(""))]
#[case("leader", Some("Your role does not do this here."))]
#[case("administrator", Some("Your role does not do this here."))]
#[case("carer", None)]
#[case("manager_two", None)]
#[case("willow_manager", None)]
#[tokio::test]
async fn who_signs_off(#[case] who: &str, #[case] refusal: Option<&str>) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    w.start_review("manager", ReviewKind::Audit).await;
    let done = sign_off(&w.app, w.actor(who), 1, 1).await;
    match refusal {
        Some("") => done.unwrap(),
        Some(sentence) => assert_eq!(sentences(done), sentence),
        None => assert!(matches!(done, Err(Stop::Failed(throughline::error::AppError::NotFound)))),
    }
}

#[tokio::test]
async fn only_audits_are_signed_off() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    w.start_review("manager", ReviewKind::Complaint).await;
    assert_eq!(sentences(sign_off(&w.app, w.actor("manager"), 1, 1).await), "Only audits are signed off.");
}
