//! Closure standards and the days to do something: who changes them, what a change does and what it leaves alone (R20).

use rstest::rstest;
use sqlx::{AssertSqlSafe, Executor as _};
use throughline::clock::Clock;
use throughline::database::roles;
use throughline::domain::reference::Reference;
use throughline::domain::standard::Approver;
use throughline::domain::topic::{EvidenceKind, Risk, Topic};

use super::worker::{broken_lines, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, World, day, saturday, world};

const LIST: &str = "/settings/standards";
const DAYS: &str = "/settings/due-days";

/// The address of the standard for a topic alone.
async fn address(db: &TestDb, w: &World, topic: &str) -> String {
    let sql = format!(
        "SELECT id::text FROM closure_standards WHERE provider_id = '{}' AND coalesce(topic, '') = '{topic}' AND source IS NULL AND risk IS NULL",
        w.provider
    );
    format!("{LIST}/{}", texts(db, &sql).await[0])
}

/// A standard as the form could give it: kinds, due, window, approver, first look.
async fn send(
    w: &World,
    who: &str,
    path: &str,
    page: &Answer,
    given: (&[&str], &str, &str, &str, &str),
) -> Answer {
    let seen = if page.body.contains("name=\"seen\"") { page.field("seen") } else { String::new() };
    let (kinds, due, window, approver, sustain) = given;
    let mut form = vec![("due", due), ("window", window), ("approver", approver), ("sustain", sustain)];
    form.extend([("reason", "Two relapses this autumn"), ("seen", &*seen)]);
    form.extend(kinds.iter().map(|kind| ("evidence", *kind)));
    w.browser(who).await.post(path, &form).await
}

const STRICTER: (&[&str], &str, &str, &str, &str) =
    (&["record", "observed_practice", "feedback"], "8", "2", "quality_lead", "14");

/// What was agreed: kinds, window, approver, due date.
async fn agreed(w: &World, action: Reference) -> (Vec<EvidenceKind>, u16, Approver, String) {
    let case = w.case(action).await;
    let mut kinds = case.required;
    kinds.sort_unstable();
    let a = case.action;
    (kinds, a.verification_working_days, a.approver, a.due_on.unwrap().to_string())
}

#[rstest]
#[case("administrator", true)]
#[case("quality", true)]
#[case("manager", false)]
#[case("nominated", false)]
#[case("safeguarding", false)]
#[case("leader", false)]
#[case("carer", false)]
#[case("reader", false)]
#[tokio::test]
async fn the_administrator_and_the_quality_lead_change_them(#[case] who: &str, #[case] may: bool) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let falls = address(&db, &w, "falls").await;
    let browser = w.browser(who).await;
    let status = if may { 200 } else { 404 };
    for path in [LIST, "/settings/standards/new", DAYS, &*falls] {
        assert_eq!(browser.get(path).await.status, status, "{who} {path}");
    }
    let page = w.browser("administrator").await.get(&falls).await;
    let sent = send(&w, who, &falls, &page, STRICTER).await;
    assert_eq!(sent.status, if may { 303 } else { 404 }, "{}", sent.text());
    let shown = w.browser("administrator").await.get(LIST).await.text();
    let history = "Closure standard changed: Falls";
    let asked = "Falls record, feedback from people and observed practice 8 working days 2 working days Quality lead 14 days";
    assert_eq!((shown.contains(history), shown.contains(asked)), (may, may), "{shown}");
    if may {
        for said in [
            "Evidence: record, feedback from people and observed practice instead of record and observed practice",
            "Checked within: 2 working days instead of 3 working days",
            "Approved by: quality lead instead of registered manager",
            "Impact looked at after: 14 days instead of 28 and 91 days",
            "Reason: Two relapses this autumn",
        ] {
            assert!(shown.contains(said), "{said}: {shown}");
        }
        let whole = w.browser("administrator").await.get("/settings/history").await.text();
        assert!(whole.contains(history), "{whole}");
    }
    assert_eq!(broken_lines(&db).await, 0);
}

/// An action keeps the standard it was agreed by, to its last day; a new one follows the new one.
#[tokio::test]
async fn what_was_agreed_keeps_its_standard() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, open) = w.line(Risk::Low, Topic::Medicines, "carer").await;
    let verified = w.verified_action(Risk::Low, "carer").await;
    let closed = w.closed_action(Risk::Low, "carer").await;
    let before = agreed(&w, open).await;
    assert_eq!(before.0, [EvidenceKind::Record, EvidenceKind::AuditSample]);
    let judged = texts(&db, "SELECT judged::text FROM closures").await;
    let follow_up = w.case(closed).await.action.follow_up_on;
    let medicines = address(&db, &w, "medicines").await;
    let page = w.browser("quality").await.get(&medicines).await;
    assert_eq!(send(&w, "quality", &medicines, &page, STRICTER).await.status, 303);
    let days = w.browser("quality").await.get(DAYS).await;
    let form = [
        ("low", "4"),
        ("medium", "4"),
        ("high", "3"),
        ("critical", "1"),
        ("reason", "Quicker"),
        ("seen", &days.field("seen")),
    ];
    assert_eq!(w.browser("quality").await.post(DAYS, &form).await.status, 303);

    assert_eq!(agreed(&w, open).await, before, "nothing open changed");
    assert_eq!(texts(&db, "SELECT judged::text FROM closures").await, judged, "nothing judged changed");
    assert_eq!(w.case(closed).await.action.follow_up_on, follow_up);
    // it closes by what it was agreed by: approved by the manager, and looked at again after 28 days
    w.close(verified, "manager").await;
    assert_eq!(w.case(verified).await.action.follow_up_on, Some(day("2026-12-19")), "28 days, not 14");
    // agreed today: the new standard
    let (_, new) = w.line(Risk::Low, Topic::Medicines, "carer").await;
    let (kinds, window, approver, due) = agreed(&w, new).await;
    let wanted = [EvidenceKind::Record, EvidenceKind::Feedback, EvidenceKind::ObservedPractice];
    assert_eq!((kinds.len(), window, approver), (3, 2, Approver::QualityLead));
    assert!(wanted.iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    assert_eq!(due, "2026-11-26", "four working days, shorter than the eight of the standard");
    let history = w.browser("administrator").await.get(LIST).await.text();
    assert!(history.contains("Low risk: 4 working days instead of 20"), "{history}");
}

#[tokio::test]
async fn one_is_added_for_a_risk_and_taken_away_again() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let quality = w.browser("quality").await;
    let new = [
        ("topic", "falls"),
        ("risk", "low"),
        ("evidence", "data"),
        ("window", "4"),
        ("due", "12"),
        ("approver", "quality_lead"),
        ("sustain", "7"),
        ("sustain_again", "30"),
        ("reason", "Small falls are counted"),
    ];
    assert_eq!(quality.post("/settings/standards/new", &new).await.status, 303);
    let twice = quality.post("/settings/standards/new", &new).await;
    assert!(
        twice.status == 422 && twice.text().contains("There is a standard for this already"),
        "{}",
        twice.text()
    );
    let (_, action) = w.line(Risk::Low, Topic::Falls, "carer").await;
    let own = agreed(&w, action).await;
    assert_eq!((own.0, own.1, own.2), (vec![EvidenceKind::Data], 4, Approver::QualityLead));
    assert_eq!(own.3, "2026-12-08", "twelve working days: a standard for one risk means its own number");
    let (_, other) = w.line(Risk::Medium, Topic::Falls, "carer").await;
    assert_eq!(agreed(&w, other).await.1, 3, "the others go on as before");

    let sql = "SELECT id::text FROM closure_standards WHERE topic = 'falls' AND risk = 'low'";
    let path = format!("{LIST}/{}", texts(&db, sql).await[0]);
    let page = quality.get(&path).await;
    let removal = format!("{path}/removal");
    let bare = quality.post(&removal, &[("seen", &page.field("seen"))]).await;
    assert!(bare.status == 422 && bare.text().contains("Say why it is taken away"), "{}", bare.text());
    let form = [("seen", &*page.field("seen")), ("removal_reason", "The other one will do")];
    assert_eq!(quality.post(&removal, &form).await.status, 303);
    assert_eq!(quality.get(&path).await.status, 404);
    let shown = quality.get(LIST).await.text();
    for said in ["Closure standard taken away: Falls, low risk", "Reason: The other one will do"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    let (_, again) = w.line(Risk::Low, Topic::Falls, "carer").await;
    assert_eq!(agreed(&w, again).await.1, 3);
    assert_eq!(agreed(&w, action).await.1, 4, "what was agreed by it keeps it");
    // the one for everything stays
    let general = address(&db, &w, "").await;
    let page = quality.get(&general).await;
    assert!(!page.body.contains("/removal"));
    let form = [("seen", &*page.field("seen")), ("removal_reason", "Not needed")];
    let kept = quality.post(&format!("{general}/removal"), &form).await;
    assert!(kept.status == 422 && kept.text().contains("This one stays"), "{}", kept.text());
}

#[tokio::test]
async fn what_is_wrong_or_overtaken_is_said() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let falls = address(&db, &w, "falls").await;
    let complaint = texts(&db, &format!("SELECT id::text FROM closure_standards WHERE provider_id = '{}' AND source = 'complaint' AND topic IS NULL", w.provider)).await;
    let complaint = format!("{LIST}/{}", complaint[0]);
    let page = w.browser("quality").await.get(&falls).await;
    let asked = w.browser("quality").await.get(&complaint).await;
    let ok = "registered_manager";
    for (path, from, given, said) in [
        (
            &falls,
            &page,
            (&[][..], "5", "3", ok, "28"),
            "Choose at least one kind: a word alone closes nothing",
        ),
        (&falls, &page, (&["record"][..], "61", "3", ok, "28"), "Enter a whole number from 1 to 60"),
        (&falls, &page, (&["record"][..], "5", "21", ok, "28"), "Enter a whole number from 1 to 20"),
        (&falls, &page, (&["record"][..], "5", "3", "", "28"), "Choose who approves the closure"),
        (
            &falls,
            &page,
            (&["record"][..], "5", "3", ok, ""),
            "Enter after how many days its impact is looked at",
        ),
        (
            &complaint,
            &asked,
            (&["record"][..], "5", "3", ok, "28"),
            "Choose feedback as well: what people said closes on what people say",
        ),
    ] {
        let answer = send(&w, "quality", path, from, given).await;
        assert!(answer.status == 422 && answer.text().contains(said), "{said}: {}", answer.text());
        assert!(answer.text().contains("Two relapses this autumn"), "what was typed is kept");
    }
    // nothing different
    let form = [
        ("evidence", "record"),
        ("evidence", "observed_practice"),
        ("due", "20"),
        ("window", "3"),
        ("approver", ok),
        ("sustain", "28"),
        ("sustain_again", "91"),
        ("reason", "x"),
        ("seen", &*page.field("seen")),
    ];
    let same = w.browser("quality").await.post(&falls, &form).await;
    assert!(same.status == 422 && same.text().contains("Change something, or go back"), "{}", same.text());
    // somebody was quicker
    assert_eq!(send(&w, "administrator", &falls, &page, STRICTER).await.status, 303);
    let late = send(&w, "quality", &falls, &page, (&["record"], "5", "3", ok, "28")).await;
    assert!(
        late.status == 409 && late.text().contains("Somebody changed this since you opened it"),
        "{}",
        late.text()
    );
    // the days
    let days = w.browser("quality").await.get(DAYS).await.field("seen");
    for (form, said) in [
        (["20", "10", "11", "1"], "Give a higher risk no more time than a lower one"),
        (["20", "", "5", "1"], "Enter how many working days"),
        (["61", "10", "5", "1"], "Enter a whole number from 1 to 60"),
        (["20", "10", "5", "1"], "Change something, or go back"),
    ] {
        let [low, medium, high, critical] = form;
        let form = [
            ("low", low),
            ("medium", medium),
            ("high", high),
            ("critical", critical),
            ("reason", "x"),
            ("seen", &*days),
        ];
        let answer = w.browser("quality").await.post(DAYS, &form).await;
        assert!(answer.status == 422 && answer.text().contains(said), "{said}: {}", answer.text());
    }
}

/// The database holds what matters by itself.
#[tokio::test]
async fn the_database_keeps_the_general_standard() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let mut app = db.connect(roles::APP).await;
    let begin = format!("BEGIN; SET LOCAL app.provider_id = '{}'", w.provider);
    for (attack, code) in [
        ("DELETE FROM closure_standards WHERE topic IS NULL AND source IS NULL AND risk IS NULL", "TL061"),
        ("DELETE FROM closure_standards WHERE topic = 'falls'; COMMIT", "TL032"),
        ("UPDATE closure_standards SET evidence_kinds = '{}' WHERE topic = 'falls'", "23514"),
        ("UPDATE closure_standards SET topic = 'dignity' WHERE topic = 'falls'", "42501"),
        ("UPDATE due_days SET working_days = 0", "23514"),
        ("UPDATE due_days SET working_days = 9 WHERE risk = 'low'; COMMIT", "TL032"),
        ("DELETE FROM due_days", "42501"),
        ("UPDATE actions SET sustain_days = 1", "42501"),
    ] {
        app.execute(AssertSqlSafe(begin.clone())).await.unwrap();
        let answer = app.execute(AssertSqlSafe(attack.to_owned())).await;
        let _ = app.execute("ROLLBACK").await;
        let error = answer.expect_err(attack);
        let found = error.as_database_error().and_then(|e| e.code()).unwrap_or_default().to_string();
        assert_eq!(found, code, "{attack}: {error}");
    }
}
