//! Submission: what has to be there (R10), who may, and the window that begins (R15).

use chrono::{TimeZone, Utc};
use throughline::clock::Clock;
use throughline::domain::action::Status;
use throughline::domain::closure::Case;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{EvidenceKind, Risk, Topic};
use throughline::domain::verification::{Mark, Method, Outcome, Verdict};
use throughline::error::AppError;
use throughline::workflow::evidence::{Given, Offered};
use throughline::workflow::submission::{submit, take_back};
use throughline::workflow::update::{Progress, look, record};
use throughline::workflow::verification::verify;
use throughline::workflow::{Stop, change};

use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};
use crate::review::sentences;

/// Evidence by reference: as good as an upload (R9a).
pub fn reference(w: &World, kind: EvidenceKind, place: &str) -> Given {
    Given {
        kind,
        title: None,
        about_on: w.today(),
        note: String::new(),
        proof: Offered::Reference(place.to_owned()),
    }
}

/// A note with the evidence a medicines action asks for.
pub fn enough(w: &World) -> Progress {
    Progress {
        note: Some("Added the maximum dose to all 12 protocols".into()),
        done_on: Some(w.today()),
        evidence: vec![
            reference(w, EvidenceKind::Record, "PRN protocols, Beech unit"),
            reference(w, EvidenceKind::AuditSample, "Audit folder, week 47"),
        ],
        ..Progress::default()
    }
}

pub async fn case(w: &World, on: Reference) -> Case {
    look(&w.app, w.actor("quality"), on).await.unwrap()
}

/// A verdict on a medicines action.
pub fn verdict(w: &World, outcome: Outcome) -> Verdict {
    let mark = if outcome == Outcome::Complete { Mark::Supports } else { Mark::DoesNotSupport };
    let back = outcome != Outcome::Complete;
    Verdict {
        method: Method::RecordSample,
        sample_size: 6,
        met_standard: 5,
        note: "Six protocols read on Beech unit, five show a maximum dose".into(),
        marks: vec![(EvidenceKind::Record, mark), (EvidenceKind::AuditSample, mark)],
        outcome,
        missing: back.then(|| "One protocol has no maximum dose".to_owned()),
        new_due_on: back.then(|| w.today() + chrono::Days::new(7)),
        exception_reason: None,
    }
}

/// Somebody else checks it.
pub async fn judge(w: &World, on: Reference, outcome: Outcome) {
    let seen = case(w, on).await.action.version;
    verify(&w.app, w.actor("manager"), on.number, seen, &verdict(w, outcome)).await.unwrap();
}

#[tokio::test]
async fn the_window_is_counted_in_working_days_from_the_day_of_submission() {
    let db = TestDb::new().await;
    let thursday = Utc.with_ymd_and_hms(2026, 11, 12, 16, 12, 0).unwrap();
    let w = world(&db, Clock::fixed(thursday)).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    record(&w.app, w.actor("carer"), on, &enough(&w)).await.unwrap();
    assert_eq!(case(&w, on).await.action.status, Status::InProgress);
    let by = submit(&w.app, w.actor("carer"), on).await.unwrap();
    assert_eq!(by, day("2026-11-19"));
    let action = case(&w, on).await.action;
    assert_eq!((action.status, action.verify_by), (Status::Submitted, Some(by)));
    assert_eq!(action.submitted_at, Some(thursday));
    assert_eq!(
        sentences(submit(&w.app, w.actor("carer"), on).await),
        "It is already waiting for verification."
    );

    // Christmas Day, Boxing Day (moved to Monday) and New Year's Day are no working days in England
    w.at(Utc.with_ymd_and_hms(2026, 12, 24, 23, 30, 0).unwrap());
    let (_, other) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let done =
        record(&w.app, w.actor("carer"), other, &Progress { submit: true, ..enough(&w) }).await.unwrap();
    assert_eq!(done.verify_by, Some(day("2027-01-05")));
}

#[tokio::test]
async fn a_note_is_not_evidence() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let nothing = sentences(submit(&w.app, w.actor("carer"), on).await);
    assert_eq!(nothing, "Say what was done and when before you submit it.");
    let note = Progress { note: Some("All done, everybody knows".into()), ..Progress::default() };
    record(&w.app, w.actor("carer"), on, &note).await.unwrap();
    let refused = sentences(submit(&w.app, w.actor("carer"), on).await);
    assert_eq!(
        refused,
        "Evidence is still missing: audit sample and record. A note is not evidence: add a file, or say where the record is kept."
    );
    let half =
        Progress { evidence: vec![reference(&w, EvidenceKind::Record, "Protocols")], ..Progress::default() };
    record(&w.app, w.actor("carer"), on, &half).await.unwrap();
    assert!(
        sentences(submit(&w.app, w.actor("carer"), on).await)
            .starts_with("Evidence is still missing: audit sample.")
    );
    assert_eq!(case(&w, on).await.action.status, Status::InProgress);
}

#[tokio::test]
async fn evidence_without_a_note_says_nothing_of_what_was_done() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let bare = Progress { note: None, ..enough(&w) };
    record(&w.app, w.actor("carer"), on, &bare).await.unwrap();
    let refused = sentences(submit(&w.app, w.actor("carer"), on).await);
    assert_eq!(refused, "Say what was done and when before you submit it.");
}

#[tokio::test]
async fn only_the_owner_says_it_is_done() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    record(&w.app, w.actor("carer"), on, &enough(&w)).await.unwrap();
    for who in ["leader", "deputy", "manager", "quality", "nominated", "administrator"] {
        let refused = sentences(submit(&w.app, w.actor(who), on).await);
        assert_eq!(refused, "Only the owner says that it is done.", "{who}");
    }
    for who in ["visitor", "manager_two", "reader", "willow_manager", "willow_shared"] {
        let hidden = submit(&w.app, w.actor(who), on).await;
        assert!(matches!(hidden, Err(Stop::Failed(AppError::NotFound))), "{who}: {hidden:?}");
    }
    submit(&w.app, w.actor("carer"), on).await.unwrap();
    assert_eq!(
        sentences(take_back(&w.app, w.actor("manager"), on).await),
        "Only the owner says that it is done."
    );
    take_back(&w.app, w.actor("carer"), on).await.unwrap();
    let action = case(&w, on).await.action;
    assert_eq!((action.status, action.submitted_at, action.verify_by), (Status::InProgress, None, None));
    let again = sentences(take_back(&w.app, w.actor("carer"), on).await);
    assert_eq!(again, "There is nothing to take back: it is in progress.");
    submit(&w.app, w.actor("carer"), on).await.unwrap();
}

#[tokio::test]
async fn what_was_verified_cannot_be_taken_back() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    record(&w.app, w.actor("carer"), on, &Progress { submit: true, ..enough(&w) }).await.unwrap();
    judge(&w, on, Outcome::Complete).await;
    let refused = sentences(take_back(&w.app, w.actor("carer"), on).await);
    assert_eq!(refused, "There is nothing to take back: it is waiting for closure.");
}

#[tokio::test]
async fn what_was_sent_back_needs_something_new() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    record(&w.app, w.actor("carer"), on, &Progress { submit: true, ..enough(&w) }).await.unwrap();
    judge(&w, on, Outcome::PartiallyComplete).await;
    assert_eq!(
        sentences(submit(&w.app, w.actor("carer"), on).await),
        "It was sent back. Add what was missing before you submit it again."
    );
    let more = Progress {
        note: Some("Added the dose to the last protocol".into()),
        evidence: vec![reference(&w, EvidenceKind::Record, "PRN protocol 12, Beech unit")],
        ..Progress::default()
    };
    record(&w.app, w.actor("carer"), on, &more).await.unwrap();
    // the verdict is answered by a submission, not by what is added on the way
    assert_eq!(case(&w, on).await.action.status, Status::SentBack);
    submit(&w.app, w.actor("carer"), on).await.unwrap();
    assert_eq!(case(&w, on).await.action.status, Status::Submitted);
}

#[tokio::test]
async fn verifiers_are_told_once_for_each_state_of_the_evidence() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    record(&w.app, w.actor("carer"), on, &Progress { submit: true, ..enough(&w) }).await.unwrap();
    take_back(&w.app, w.actor("carer"), on).await.unwrap();
    submit(&w.app, w.actor("carer"), on).await.unwrap();
    let mut admin = db.administrator().await;
    let count = "SELECT count(*) FROM outbox WHERE kind = 'to_verify' AND audience = 'verifiers'";
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut admin).await.unwrap(), 1);
}

#[tokio::test]
async fn the_pages_buttons_do_the_same() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let (page, carer) = (format!("/actions/{on}/submission"), w.browser("carer").await);
    let refused = carer.post(&page, &[]).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("Say what was done and when"), "{}", refused.text());
    record(&w.app, w.actor("carer"), on, &enough(&w)).await.unwrap();
    let done = carer.post(&page, &[]).await;
    assert_eq!(
        (done.status.as_u16(), done.location()),
        (303, format!("/p/rowan-care/actions/{on}").as_str())
    );
    let back = carer.post(&format!("{page}/withdrawal"), &[]).await;
    assert_eq!(back.status, 303);
    assert_eq!(case(&w, on).await.action.status, Status::InProgress);
    for (who, status) in [("manager", 403), ("visitor", 404), ("willow_manager", 404)] {
        assert_eq!(w.browser(who).await.post(&page, &[]).await.status, status, "{who}");
    }
}

#[tokio::test]
async fn a_cancelled_action_is_not_submitted() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    record(&w.app, w.actor("carer"), on, &enough(&w)).await.unwrap();
    let seen = case(&w, on).await.action.version;
    change::cancel(&w.app, w.actor("manager"), on.number, seen, "The unit closed for good").await.unwrap();
    assert_eq!(
        sentences(submit(&w.app, w.actor("carer"), on).await),
        "It cannot be submitted: it is cancelled."
    );
    assert_eq!(
        sentences(record(&w.app, w.actor("carer"), on, &enough(&w)).await),
        "It was cancelled, so nothing can be added."
    );
}
