//! Closure, assurance and reopening (R17 to R19).

use rstest::rstest;
use throughline::clock::Clock;
use throughline::domain::action::Status;
use throughline::domain::closure::AssuranceDecision;
use throughline::domain::topic::{EvidenceKind, Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::workflow::closure::{close, reopen};
use throughline::workflow::{Stop, submission, update};

use crate::harness::TestDb;
use crate::harness::fixtures::{day, saturday, world};
use crate::review::sentences;

const NOTE: &str = "Three weeks without a dose above the maximum";

#[rstest]
#[case("manager", "")]
#[case("carer", "Your role does not do this here.")]
#[case("leader", "Your role does not do this here.")]
#[case("deputy", "Your role does not do this here.")]
#[case("safeguarding", "Your role does not do this here.")]
#[case("quality", "The registered manager approves this closure.")]
#[case("nominated", "The registered manager approves this closure.")]
#[case("administrator", "Your role does not do this here.")]
#[tokio::test]
async fn the_registered_manager_closes(#[case] who: &str, #[case] refused: &str) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.verified_action(Risk::Medium, "carer").await;
    let seen = w.version(action).await;
    let done = close(&w.app, w.actor(who), action.number, seen, NOTE).await;
    if refused.is_empty() {
        assert_eq!(done.unwrap(), day("2026-12-19"), "the closure standard looks again after 28 days");
        let a = w.case(action).await.action;
        assert_eq!((a.status, a.follow_up_on), (Status::Closed, Some(day("2026-12-19"))));
    } else {
        assert_eq!(sentences(done), refused);
        assert_eq!(w.case(action).await.action.status, Status::Verified);
    }
}

#[tokio::test]
async fn what_the_manager_owned_is_closed_by_somebody_above() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.verified_action(Risk::Medium, "manager").await;
    let seen = w.version(action).await;
    let refused = close(&w.app, w.actor("manager"), action.number, seen, NOTE).await;
    assert!(sentences(refused).contains("You own this action or have owned it"));
    close(&w.app, w.actor("quality"), action.number, seen, NOTE).await.unwrap();
}

#[tokio::test]
async fn only_what_was_verified_is_closed_and_says_why() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Medium, "carer").await;
    let seen = w.version(action).await;
    let refused = close(&w.app, w.actor("manager"), action.number, seen, NOTE).await;
    assert_eq!(sentences(refused), "It cannot be closed: it is waiting for verification.");
    w.verify(action, "deputy", Outcome::Complete).await;
    let seen = w.version(action).await;
    let refused = close(&w.app, w.actor("manager"), action.number, seen, "  ").await;
    assert!(sentences(refused).contains("Say why you are satisfied"));
}

/// R17: evidence that changes after the check has to be checked again.
#[tokio::test]
async fn new_evidence_after_the_check_is_checked_again() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.verified_action(Risk::Medium, "carer").await;
    let opened = w.version(action).await;
    update::record(&w.app, w.actor("carer"), action, &w.progress(&[EvidenceKind::Data])).await.unwrap();
    let stale = close(&w.app, w.actor("manager"), action.number, opened, NOTE).await.unwrap_err();
    assert!(matches!(stale, Stop::Changed), "{stale:?}");
    let seen = w.version(action).await;
    assert!(close(&w.app, w.actor("manager"), action.number, seen, NOTE).await.is_err());
    w.verify(action, "deputy", Outcome::Complete).await;
    w.close(action, "manager").await;
    assert_eq!(w.case(action).await.action.status, Status::Closed);
}

#[rstest]
#[case(Risk::High)]
#[case(Risk::Critical)]
#[tokio::test]
async fn high_risk_waits_for_the_nominated_individual(#[case] risk: Risk) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.verified_action(risk, "carer").await;
    let seen = w.version(action).await;
    let refused = close(&w.app, w.actor("manager"), action.number, seen, NOTE).await;
    assert_eq!(sentences(refused), "It cannot be closed yet. Missing: assurance recorded.");
    let page = w.browser("manager").await.get(&format!("/actions/{action}")).await.text();
    assert!(page.contains("Waits for assurance") && page.contains("James Okafor"), "{page}");
    let page = w.browser("nominated").await.get(&format!("/actions/{action}")).await.text();
    assert!(page.contains("Record your assurance") && page.contains("I am satisfied that practice changed"));
    w.assure(action, AssuranceDecision::Assured).await;
    w.close(action, "manager").await;
}

/// R18: a challenge sends it back and is escalated; once it comes again, it has to be assured again.
#[tokio::test]
async fn a_challenge_sends_it_back() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.verified_action(Risk::High, "carer").await;
    w.assure(action, AssuranceDecision::Challenged).await;
    let a = w.case(action).await.action;
    assert_eq!((a.status, a.due_on, a.extensions), (Status::SentBack, Some(day("2026-11-26")), 1));
    let mut all = db.administrator().await;
    let raised: Vec<(String, i32)> = sqlx::query_as("SELECT cause, level FROM escalations ORDER BY level")
        .fetch_all(&mut all)
        .await
        .unwrap();
    assert_eq!(raised, [("challenged".to_owned(), 1), ("challenged".to_owned(), 2)]);
    let page = w.browser("carer").await.get(&format!("/actions/{action}")).await.text();
    assert!(
        page.contains("James Okafor was not satisfied") && page.contains("Looked at 4 protocols"),
        "{page}"
    );
    assert!(
        sentences(submission::submit(&w.app, w.actor("carer"), action).await)
            .contains("Add what was missing")
    );
    update::record(&w.app, w.actor("carer"), action, &w.progress(&[EvidenceKind::AuditSample]))
        .await
        .unwrap();
    submission::submit(&w.app, w.actor("carer"), action).await.unwrap();
    w.verify(action, "deputy", Outcome::Complete).await;
    let seen = w.version(action).await;
    let refused = close(&w.app, w.actor("manager"), action.number, seen, NOTE).await;
    assert!(sentences(refused).contains("assurance recorded"), "the challenge is no assurance");
    w.assure(action, AssuranceDecision::Assured).await;
    w.close(action, "manager").await;
}

#[tokio::test]
async fn two_people_close_at_once() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    for _ in 0..5 {
        let action = w.verified_action(Risk::Medium, "manager").await;
        let (seen, number) = (w.version(action).await, action.number);
        let (one, two) = tokio::join!(
            close(&w.app, w.actor("quality"), number, seen, NOTE),
            close(&w.app, w.actor("nominated"), number, seen, NOTE),
        );
        assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1, "{one:?} {two:?}");
        let lost = one.err().or(two.err()).unwrap();
        assert!(matches!(lost, Stop::Changed), "{lost:?}");
    }
}

/// R19: reopening begins a new round; the papers of the old one stay readable.
#[tokio::test]
async fn a_closed_action_is_reopened_with_a_reason() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.closed_action(Risk::Medium, "carer").await;
    let due = day("2026-12-01");
    let seen = w.version(action).await;
    for who in ["carer", "leader", "deputy", "safeguarding", "administrator"] {
        let refused = reopen(&w.app, w.actor(who), action.number, seen, "Again", due).await;
        assert_eq!(sentences(refused), "Your role does not do this here.", "{who}");
    }
    let refused = reopen(&w.app, w.actor("manager"), action.number, seen, " ", due).await;
    assert_eq!(sentences(refused), "Say why");
    let refused = reopen(&w.app, w.actor("manager"), action.number, seen, "Again", day("2026-11-20")).await;
    assert_eq!(sentences(refused), "Set a date that is today or later");
    let why = "Two doses above the maximum on Beech";
    reopen(&w.app, w.actor("quality"), action.number, seen, why, due).await.unwrap();
    let case = w.case(action).await;
    let a = &case.action;
    assert_eq!((a.status, a.cycle, a.due_on, a.extensions), (Status::InProgress, 2, Some(due), 0));
    assert!(case.pieces.is_empty() && case.verification.is_none());
    let page = w.browser("manager").await.get(&format!("/actions/{action}")).await.text();
    for said in
        ["Came back", "Round 1", "Closure approved", why, "Evidence of earlier rounds", "Verdict: complete"]
    {
        assert!(page.contains(said), "{said}: {page}");
    }
    // the whole way again
    w.submit(action, "carer").await;
    w.verify(action, "deputy", Outcome::Complete).await;
    w.close(action, "manager").await;
    let again = reopen(&w.app, w.actor("manager"), action.number, seen, why, due).await.unwrap_err();
    assert!(matches!(again, Stop::Changed));
}

/// R17: what came from feedback is closed by the quality lead.
#[tokio::test]
async fn a_feedback_action_is_closed_by_the_quality_lead() {
    use throughline::domain::topic::ReviewKind;
    use throughline::workflow::finding::{Source, log};
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let mut new = w.finding("manager", Risk::Medium, Topic::Dignity);
    if let Source::New { kind, .. } = &mut new.source {
        *kind = ReviewKind::FeedbackRound;
    }
    let finding = log(&w.app, w.actor("manager"), &new, None).await.unwrap();
    let action = w.define_action("manager", finding, "carer").await;
    w.submit(action, "carer").await;
    w.verify(action, "deputy", Outcome::Complete).await;
    let seen = w.version(action).await;
    let refused = close(&w.app, w.actor("manager"), action.number, seen, NOTE).await;
    assert_eq!(sentences(refused), "The quality lead approves this closure.");
    assert_eq!(
        close(&w.app, w.actor("quality"), action.number, seen, NOTE).await.unwrap(),
        day("2026-12-19")
    );
}

#[tokio::test]
async fn closing_and_reopening_in_the_browser() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.verified_action(Risk::Medium, "carer").await;
    let manager = w.browser("manager").await;
    let here = format!("/actions/{action}");
    let page = manager.get(&here).await;
    assert!(
        page.text().contains("Close this action") && page.text().contains("5 of 6 done"),
        "{}",
        page.text()
    );
    let version = page.field("version");
    let empty = manager.post(&format!("{here}/closure"), &[("note", ""), ("version", &version)]).await;
    assert_eq!(empty.status, 422);
    let done = manager.post(&format!("{here}/closure"), &[("note", NOTE), ("version", &version)]).await;
    assert_eq!(done.status, 303);
    let page = manager.get(&here).await.text();
    for said in [
        "Closed",
        "What the closure rests on",
        "6 of 6 done",
        NOTE,
        "looked at on 19 December 2026",
        "Reopen",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let stale = manager.post(&format!("{here}/closure"), &[("note", "Again"), ("version", &version)]).await;
    assert_eq!(stale.status, 409);
    assert!(stale.text().contains("This changed since you opened it") && stale.text().contains("Again"));
    let form = manager.get(&format!("{here}/reopening")).await;
    let version = form.field("version");
    let wrong =
        [("reason", ""), ("due", "31"), ("due-month", "2"), ("due-year", "2027"), ("version", &*version)];
    let wrong = manager.post(&format!("{here}/reopening"), &wrong).await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text().contains("Enter a real date")
            && wrong.text().contains("Say why it has to be opened again")
    );
    let right = [
        ("reason", "Found again"),
        ("due", "1"),
        ("due-month", "12"),
        ("due-year", "2026"),
        ("version", &*version),
    ];
    assert_eq!(manager.post(&format!("{here}/reopening"), &right).await.status, 303);
    assert!(manager.get(&here).await.text().contains("Found again"));
    for (who, path, said) in [
        ("deputy", "closure", "Your role does not do this here."),
        ("manager", "closure", "It cannot be closed: it is in progress."),
        ("manager", "reopening", "It cannot be reopened: it is in progress."),
        ("manager", "assurance", "The nominated individual records assurance."),
        ("nominated", "assurance", "Only actions on high and critical findings"),
    ] {
        let page = w.browser(who).await.get(&format!("{here}/{path}")).await;
        assert_eq!(page.status, 403, "{who} {path}");
        assert!(page.text().contains(said), "{who} {path}: {}", page.text());
    }
}

#[tokio::test]
async fn assurance_in_the_browser() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.verified_action(Risk::High, "carer").await;
    let path = format!("/actions/{action}/assurance");
    let nominated = w.browser("nominated").await;
    let version = nominated.get(&path).await.field("version");
    let empty = nominated.post(&path, &[("version", &version)]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text().contains("Choose whether you are satisfied"));
    let undated = [("decision", "challenged"), ("note", "Nights were not sampled"), ("version", &*version)];
    let undated = nominated.post(&path, &undated).await;
    assert_eq!(undated.status, 422);
    assert!(
        undated.text().contains("Set a new due date") && undated.text().contains("Nights were not sampled")
    );
    let right =
        [("decision", "assured"), ("note", "Four protocols read on the unit"), ("version", &*version)];
    assert_eq!(nominated.post(&path, &right).await.status, 303);
    let page = w.browser("manager").await.get(&format!("/actions/{action}")).await.text();
    assert!(page.contains("Assurance: satisfied") && page.contains("Close this action"), "{page}");
}
