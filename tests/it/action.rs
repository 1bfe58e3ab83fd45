//! Agreeing an action: wording, owner, date, evidence (R2, R3, R7, R20).

use axum::http::StatusCode;
use rstest::rstest;
use throughline::clock::Clock;
use throughline::domain::standard::Approver;
use throughline::domain::topic::{EvidenceKind, Risk, Topic};
use throughline::error::AppError;
use throughline::ids::{ActionId, MemberId};
use throughline::store::case;
use throughline::workflow::Stop;
use throughline::workflow::action::{Define, define};

use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};
use crate::review::sentences;

async fn start(risk: Risk, topic: Topic) -> (TestDb, World) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    w.log_finding("manager", risk, topic).await;
    (db, w)
}

async fn case_of(w: &World, number: i32) -> throughline::domain::closure::Case {
    let mut tx = w.actor("quality").begin(&w.app).await.unwrap();
    case::read(&mut tx, number).await.unwrap().unwrap()
}

/// Dates by risk, evidence, window and approver by the closure standard (R3, R15, R20).
#[rstest]
#[case(Risk::Critical, Topic::Falls, "2026-11-23", &[EvidenceKind::Record, EvidenceKind::ObservedPractice], 3)]
#[case(Risk::High, Topic::Medicines, "2026-11-27", &[EvidenceKind::Record, EvidenceKind::AuditSample], 5)]
#[case(Risk::Medium, Topic::Nutrition, "2026-12-04", &[EvidenceKind::Record, EvidenceKind::AuditSample, EvidenceKind::Briefing], 5)]
#[case(Risk::Low, Topic::MissedFollowUp, "2026-11-23", &[EvidenceKind::Record], 1)]
#[case(Risk::Low, Topic::Other, "2026-12-18", &[EvidenceKind::Record, EvidenceKind::AuditSample], 5)]
#[tokio::test]
async fn what_is_left_open_follows_the_closure_standard(
    #[case] risk: Risk,
    #[case] topic: Topic,
    #[case] due: &str,
    #[case] kinds: &[EvidenceKind],
    #[case] window: u16,
) {
    let (_db, w) = start(risk, topic).await;
    let made = define(&w.app, w.actor("manager"), 1, &w.action("carer")).await.unwrap();
    assert_eq!(made.to_string(), "A-0001");
    let case = case_of(&w, 1).await;
    let mut required = case.required.clone();
    required.sort_unstable();
    assert_eq!((case.action.due_on, required.as_slice()), (Some(day(due)), kinds));
    assert_eq!(case.action.verification_working_days, window);
    assert_eq!(case.action.approver, Approver::RegisteredManager);
    assert_eq!(case.action.owner.unwrap().name, "Amara Bello");
}

/// R20: nobody asks for less than the standard; more is possible.
#[tokio::test]
async fn evidence_can_be_added_to_the_standard_not_taken_away() {
    let (_db, w) = start(Risk::Medium, Topic::Medicines).await;
    let mut new = w.action("carer");
    new.evidence = vec![EvidenceKind::Feedback, EvidenceKind::Record];
    define(&w.app, w.actor("manager"), 1, &new).await.unwrap();
    let mut required = case_of(&w, 1).await.required;
    required.sort_unstable();
    assert_eq!(required, [EvidenceKind::Record, EvidenceKind::AuditSample, EvidenceKind::Feedback]);
}

/// R2: a hint for low and medium; for high and critical reworded, or a manager says why not.
#[rstest]
#[case(Risk::Low, "manager", "Remind staff about PRN protocols", None, "")]
#[case(Risk::Medium, "leader", "Monitor fluid charts on Ash", None, "")]
#[case(Risk::High, "manager", "Add a maximum dose to all 12 protocols", None, "")]
#[case(
    Risk::High,
    "manager",
    "Remind staff about PRN protocols",
    None,
    "“Remind staff” is hard to check. Name the change and how someone else will see it. Reword it, or say why not"
)]
#[case(
    Risk::Critical,
    "deputy",
    "Ensure charts are signed",
    None,
    "“Ensure” is hard to check. Say what will be done so that it happens. Reword it, or say why not"
)]
#[case(
    Risk::High,
    "manager",
    "Remind staff about PRN protocols",
    Some("The agency asked for these words"),
    ""
)]
#[case(
    Risk::High,
    "leader",
    "Remind staff about PRN protocols",
    None,
    "“Remind staff” is hard to check. Name the change and how someone else will see it. Reword it"
)]
#[case(
    Risk::High,
    "leader",
    "Remind staff about PRN protocols",
    Some("I like it"),
    "Reword it: only a manager can keep these words"
)]
#[tokio::test]
async fn vague_wording(
    #[case] risk: Risk,
    #[case] who: &str,
    #[case] what: &str,
    #[case] why: Option<&str>,
    #[case] refusal: &str,
) {
    let (db, w) = start(risk, Topic::Medicines).await;
    let wording_override = why.map(str::to_owned);
    let new = Define { what: what.into(), wording_override, ..w.action("carer") };
    let done = define(&w.app, w.actor(who), 1, &new).await;
    if refusal.is_empty() {
        done.unwrap();
        assert_eq!(case_of(&w, 1).await.action.wording_override.as_deref(), why);
        let mut administrator = db.administrator().await;
        let hint: Option<String> =
            sqlx::query_scalar("SELECT body FROM event_texts WHERE name = 'wording_hint'")
                .fetch_optional(&mut administrator)
                .await
                .unwrap();
        assert_eq!(hint.is_some(), !what.starts_with("Add"), "the hint is kept with the action");
    } else {
        assert_eq!(sentences(done), refusal);
    }
}

#[rstest]
#[case("nobody there", |n: &mut Define, _: &World| n.owner = Some(MemberId::new()), "Choose somebody who works in this service")]
#[case("of another service", |n: &mut Define, w: &World| n.owner = Some(w.id("visitor")), "Choose somebody who works in this service")]
#[case("of another provider", |n: &mut Define, w: &World| n.owner = Some(w.id("willow_manager")), "Choose somebody who works in this service")]
#[case("an external reader", |n: &mut Define, w: &World| n.owner = Some(w.id("reader")), "Choose somebody who works in this service")]
#[case("yesterday", |n: &mut Define, _: &World| n.due_on = Some(day("2026-11-20")), "Enter a due date that is not in the past")]
#[case("follow-up before", |n: &mut Define, _: &World| n.follow_up_on = Some(day("2026-12-04")), "Enter a follow-up date after the due date")]
#[tokio::test]
async fn what_does_not_fit_is_refused(
    #[case] what: &str,
    #[case] spoil: fn(&mut Define, &World),
    #[case] sentence: &str,
) {
    let (_db, w) = start(Risk::Medium, Topic::Falls).await;
    let mut new = w.action("carer");
    spoil(&mut new, &w);
    assert_eq!(sentences(define(&w.app, w.actor("manager"), 1, &new).await), sentence, "{what}");
}

#[tokio::test]
async fn everything_wrong_is_said_at_once() {
    let (_db, w) = start(Risk::High, Topic::Falls).await;
    let new = Define {
        what: "Monitor".into(),
        owner: Some(w.id("visitor")),
        due_on: Some(day("2026-11-20")),
        follow_up_on: Some(day("2026-11-19")),
        ..w.action("carer")
    };
    assert_eq!(sentences(define(&w.app, w.actor("manager"), 1, &new).await).lines().count(), 4);
}

#[tokio::test]
async fn a_leaver_cannot_be_given_an_action() {
    let (_db, w) = start(Risk::Medium, Topic::Falls).await;
    throughline::workflow::person::end_place(&w.app, w.provider, w.id("carer")).await.unwrap();
    let refused = define(&w.app, w.actor("manager"), 1, &w.action("carer")).await;
    assert_eq!(sentences(refused), "Choose somebody who works in this service");
}

#[tokio::test]
async fn the_same_form_twice_agrees_one_action_and_tells_its_owner_once() {
    let (db, w) = start(Risk::Medium, Topic::Falls).await;
    let (manager, new) = (w.actor("manager"), w.action("carer"));
    let both = tokio::join!(define(&w.app, manager, 1, &new), define(&w.app, manager, 1, &new));
    assert_eq!(both.0.unwrap(), both.1.unwrap());
    let next = define(&w.app, manager, 1, &w.action("leader")).await.unwrap();
    assert_eq!(next.to_string(), "A-0002", "no number is lost");
    let mut administrator = db.administrator().await;
    let told: i64 =
        sqlx::query_scalar("SELECT count(*) FROM outbox WHERE kind = 'assigned' AND audience = 'owner'")
            .fetch_one(&mut administrator)
            .await
            .unwrap();
    assert_eq!(told, 2);
    // the id does not lead to an action of another finding
    w.log_finding("manager", Risk::Low, Topic::Falls).await;
    assert!(sentences(define(&w.app, manager, 2, &new).await).contains("Open the form again"));
}

#[rstest]
#[case("leader", Some(true))]
#[case("quality", Some(true))]
#[case("administrator", Some(false))]
#[case("carer", None)]
#[case("manager_two", None)]
#[case("willow_shared", None)]
#[tokio::test]
async fn who_agrees_actions(#[case] who: &str, #[case] may: Option<bool>) {
    let (_db, w) = start(Risk::Medium, Topic::Falls).await;
    let done = define(&w.app, w.actor(who), 1, &w.action("carer")).await;
    match may {
        Some(true) => drop(done.unwrap()),
        Some(false) => assert_eq!(sentences(done), "Your role does not do this here."),
        None => assert!(matches!(done, Err(Stop::Failed(AppError::NotFound)))),
    }
}

/// The form: hints come back from the server, without JavaScript; nothing is written until it is right.
#[tokio::test]
async fn the_form_points_vague_words_out_and_asks_for_a_reason() {
    let (_db, w) = start(Risk::High, Topic::Medicines).await;
    let manager = w.browser("manager").await;
    let form = manager.get("/findings/F-0001/actions/new").await;
    assert_eq!((form.field("due").as_str(), form.field("due-month").as_str()), ("27", "11"));
    assert!(form.text().contains("by 27 November 2026") && !form.body.contains("name=\"wording_override\""));
    let (id, owner) = (form.field("action_id"), w.id("carer").to_string());
    let mut sent = vec![
        ("action_id", id.as_str()),
        ("action", "Remind staff about PRN protocols"),
        ("success_test", "6 of 6 protocols"),
        ("owner", owner.as_str()),
        ("due", "27"),
        ("due-month", "11"),
        ("due-year", "2026"),
    ];
    let checked =
        manager.post("/findings/F-0001/actions/new", &[&sent[..], &[("check", "yes")]].concat()).await;
    assert_eq!(checked.status, StatusCode::OK);
    assert!(checked.text().contains("“Remind staff” is hard to check") && checked.field("action_id") == id);
    let refused = manager.post("/findings/F-0001/actions/new", &sent).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("name=\"wording_override\"") && refused.text().contains("or say why not"));
    assert_eq!(refused.field("action"), "Remind staff about PRN protocols");
    sent.push(("wording_override", "The agency asked for these words"));
    for _ in 0..2 {
        let done = manager.post("/findings/F-0001/actions/new", &sent).await;
        assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/p/rowan-care/findings/F-0001"));
    }
    let page = manager.get("/findings/F-0001").await;
    assert_eq!(page.body.matches("class=\"deed\"").count(), 1, "once");
    assert!(page.text().contains("Why these words were kept: The agency asked for these words"));
}

/// Both or neither: a finding is not written when its first action is refused.
#[tokio::test]
async fn a_finding_and_its_first_action_are_one_deed() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let finding = w.finding("manager", Risk::High, Topic::Falls);
    let vague = Define { what: "Monitor".into(), ..w.action("carer") };
    let log = throughline::workflow::finding::log;
    assert!(
        sentences(log(&w.app, w.actor("manager"), &finding, Some(&vague)).await).contains("hard to check")
    );
    let carer = Define { id: ActionId::new(), ..w.action("carer") };
    let refused =
        log(&w.app, w.actor("carer"), &w.finding("carer", Risk::Low, Topic::Falls), Some(&carer)).await;
    assert!(sentences(refused).contains("Your role"));
    let made = log(&w.app, w.actor("manager"), &finding, Some(&w.action("carer"))).await.unwrap();
    assert_eq!(made.to_string(), "F-0001", "nothing was written before");
    assert_eq!(case_of(&w, 1).await.action.finding_id, finding.id);
}
