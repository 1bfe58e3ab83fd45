//! Findings: everything R1 asks for, their sources, ending without an action, and their pages.

use axum::http::StatusCode;
use rstest::rstest;
use throughline::clock::Clock;
use throughline::domain::review::Disposition;
use throughline::domain::topic::{ReviewKind, Risk, Significance, Theme, Topic};
use throughline::error::AppError;
use throughline::ids::{ActionId, FindingId, ReviewId, ServiceId, UnitId};
use throughline::store::finding::{self, Finding};
use throughline::workflow::finding::{Log, Source, add_source, dispose, log};
use throughline::workflow::{Done, Stop};

use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};
use crate::review::sentences;

async fn start() -> (TestDb, World) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    (db, w)
}

async fn read(w: &World, number: i32) -> Finding {
    let mut tx = w.actor("quality").begin(&w.app).await.unwrap();
    finding::get(&mut tx, number).await.unwrap().unwrap()
}

/// R1, R4, R5a: everything is kept, and what was left open is suggested.
#[tokio::test]
async fn a_finding_keeps_all_that_was_said() {
    let (_db, w) = start().await;
    let mut new = w.finding("manager", Risk::High, Topic::Medicines);
    new.unit = Some(w.house.units[0]);
    new.entries = vec!["saf34:safe-medicines-optimisation".parse().unwrap(), "kq:safe".parse().unwrap()];
    let made = log(&w.app, w.actor("manager"), &new, None).await.unwrap();
    assert_eq!(made.to_string(), "F-0001");
    let found = read(&w, 1).await;
    assert_eq!((found.unit.as_deref(), found.risk, found.theme), (Some("Ash"), Risk::High, Theme::Safety));
    assert_eq!((found.found_by.as_str(), found.found_on), ("Priya Nair", day("2026-11-21")));
    assert_eq!(found.significance, Significance::Governance, "high risks concern leaders");
    assert_eq!(found.bears_on, ["Safe", "Regulation 12: Safe care and treatment", "Medicines optimisation"]);
    let source = &found.sources[0];
    assert_eq!((source.kind, source.title.as_str()), (ReviewKind::Audit, "Audit at Rowan House"));
}

#[tokio::test]
async fn the_same_form_twice_logs_one_finding() {
    let (_db, w) = start().await;
    let new = w.finding("carer", Risk::Low, Topic::Environment);
    let carer = w.actor("carer");
    let both = tokio::join!(log(&w.app, carer, &new, None), log(&w.app, carer, &new, None));
    assert_eq!(both.0.unwrap(), both.1.unwrap());
    let next = w.log_finding("carer", Risk::Low, Topic::Falls).await;
    assert_eq!(next.to_string(), "F-0002", "no number is lost");
    assert_eq!(read(&w, 2).await.sources[0].reference.to_string(), "R-0002");
    // an id that somebody else used tells nothing about theirs
    let theirs = Log { service: w.house.id, ..new };
    assert!(sentences(log(&w.app, w.actor("manager"), &theirs, None).await).contains("Open the form again"));
}

#[rstest]
#[case("tomorrow", |n: &mut Log, _: &World| n.found_on = day("2026-11-22"), "Enter a day that is not in the future")]
#[case("review tomorrow", |n: &mut Log, _: &World| n.source = new_source("2026-11-22"), "Enter a day that is not in the future")]
#[case("unit elsewhere", |n: &mut Log, w: &World| n.unit = Some(w.visits.units[0]), "Choose a unit of the service")]
#[case("no such unit", |n: &mut Log, _: &World| n.unit = Some(UnitId::new()), "Choose a unit of the service")]
#[case("other provider's unit", |n: &mut Log, w: &World| n.unit = Some(w.lodge.units[0]), "Choose a unit of the service")]
#[case("service elsewhere", |n: &mut Log, w: &World| n.service = w.visits.id, "Choose one of your services")]
#[case("other provider's service", |n: &mut Log, w: &World| n.service = w.lodge.id, "Choose one of your services")]
#[case("no such service", |n: &mut Log, _: &World| n.service = ServiceId::new(), "Choose one of your services")]
#[case("no such review", |n: &mut Log, _: &World| n.source = Source::Review(ReviewId::new()), "Choose where it came from")]
#[case("a regulation as key question", |n: &mut Log, _: &World| n.key_question = Some("reg:12".parse().unwrap()), "Choose one of the key questions")]
#[case("no such regulation", |n: &mut Log, _: &World| n.regulation = Some("reg:99".parse().unwrap()), "Choose one of the regulations")]
#[case("no such statement", |n: &mut Log, _: &World| n.entries = vec!["saf34:no-such".parse().unwrap()], "Tick only what is in the list")]
#[tokio::test]
async fn what_does_not_fit_is_refused_and_nothing_is_written(
    #[case] what: &str,
    #[case] spoil: fn(&mut Log, &World),
    #[case] sentence: &str,
) {
    let (db, w) = start().await;
    let mut new = w.finding("manager", Risk::Medium, Topic::Falls);
    spoil(&mut new, &w);
    assert_eq!(sentences(log(&w.app, w.actor("manager"), &new, None).await), sentence, "{what}");
    let mut administrator = db.administrator().await;
    let rows: i64 =
        sqlx::query_scalar("SELECT (SELECT count(*) FROM findings) + (SELECT count(*) FROM reviews)")
            .fetch_one(&mut administrator)
            .await
            .unwrap();
    assert_eq!(rows, 0, "{what}");
}

fn new_source(held_on: &str) -> Source {
    Source::New {
        id: ReviewId::new(),
        kind: ReviewKind::Walkaround,
        held_on: day(held_on),
        title: String::new(),
    }
}

/// R1: an audit and a complaint about the same thing; the same source twice is one.
#[tokio::test]
async fn a_finding_can_have_several_sources() {
    let (_db, w) = start().await;
    let manager = w.actor("manager");
    w.log_finding("manager", Risk::Medium, Topic::FamilyCommunication).await;
    let complaint = Source::New {
        id: ReviewId::new(),
        kind: ReviewKind::Complaint,
        held_on: day("2026-11-10"),
        title: "Letter of 10 November".into(),
    };
    for _ in 0..2 {
        add_source(&w.app, manager, 1, &complaint).await.unwrap();
    }
    let kinds: Vec<_> = read(&w, 1).await.sources.iter().map(|s| s.kind).collect();
    assert_eq!(kinds, [ReviewKind::Complaint, ReviewKind::Audit]);
    let (elsewhere, id) = w.start_review("manager_two", ReviewKind::Audit).await;
    assert_eq!(elsewhere.to_string(), "R-0003");
    let refused = add_source(&w.app, w.actor("quality"), 1, &Source::Review(id)).await;
    assert!(sentences(refused).contains("is about Rowan Visits"));
    assert_eq!(
        sentences(add_source(&w.app, manager, 1, &Source::Review(id)).await),
        "Choose where it came from",
        "what one does not see is not named"
    );
    assert!(
        sentences(add_source(&w.app, w.actor("administrator"), 1, &complaint).await).contains("Your role")
    );
}

/// A form that calls a review new which is there already does not get past what that review is.
#[tokio::test]
async fn a_source_that_is_there_already_is_what_it_is() {
    let (_db, w) = start().await;
    let quality = w.actor("quality");
    let first =
        Log { service: w.house.id, unit: None, ..w.finding("quality", Risk::Low, Topic::Environment) };
    let Source::New { id, held_on, .. } = first.source.clone() else { panic!("not a new source") };
    let again = |service| Log {
        id: FindingId::new(),
        service,
        source: Source::New { id, kind: ReviewKind::Audit, held_on, title: String::new() },
        ..first.clone()
    };
    log(&w.app, quality, &first, None).await.unwrap();
    let elsewhere = log(&w.app, quality, &again(w.visits.id), None).await;
    assert!(sentences(elsewhere).contains("choose a source of the same service"));
    log(&w.app, quality, &again(w.house.id), None).await.unwrap();
    for number in [1, 2] {
        let seen = read(&w, number).await.version;
        dispose(&w.app, quality, number, seen, Disposition::NoActionNeeded, "Put right").await.unwrap();
    }
    throughline::workflow::review::sign_off(&w.app, quality, 1, 1).await.unwrap();
    let late = log(&w.app, quality, &again(w.house.id), None).await;
    assert!(sentences(late).contains("R-0001 is signed off and takes no more"));
}

/// Who only logged it reads how its actions stand, not what was written about those of others.
#[tokio::test]
async fn a_timeline_tells_of_the_actions_one_may_open() {
    let (_db, w) = start().await;
    let finding = w.log_finding("carer", Risk::Low, Topic::Environment).await;
    let action = w.define_action("manager", finding, "deputy").await;
    let (seen, due) = (w.version(action).await, day("2026-12-20"));
    throughline::workflow::change::extend(&w.app, w.actor("manager"), action.number, seen, due, "Spare part")
        .await
        .unwrap();
    for (who, told) in [("carer", false), ("leader", true), ("deputy", true), ("quality", true)] {
        let page = w.browser(who).await.get("/findings/F-0001").await.text();
        assert!(page.contains(&action.to_string()), "{who}: {page}");
        assert_eq!(page.contains("Spare part"), told, "{who}: {page}");
    }
}

/// R5, R5b: with a reason, not while an action is open; agreeing an action takes it up again.
#[tokio::test]
async fn a_finding_can_end_without_an_action() {
    let (_db, w) = start().await;
    let manager = w.actor("manager");
    let finding = w.log_finding("manager", Risk::Low, Topic::Environment).await;
    let end = |seen, disposition, reason| dispose(&w.app, manager, 1, seen, disposition, reason);
    assert!(sentences(end(1, Disposition::Actions, "x").await).contains("Choose why"));
    assert!(sentences(end(1, Disposition::NotForTracker, " ").await).contains("Say why"));
    assert!(matches!(end(2, Disposition::NotForTracker, "A routine job").await, Err(Stop::Changed)));
    end(1, Disposition::NotForTracker, "The handyman's list has it").await.unwrap();
    assert!(matches!(end(1, Disposition::NotForTracker, "Twice").await, Err(Stop::Changed)));
    let found = read(&w, 1).await;
    assert_eq!(found.disposition, Disposition::NotForTracker);
    assert_eq!(found.disposed.unwrap().1, "Priya Nair");

    let action = w.define_action("leader", finding, "carer").await;
    let found = read(&w, 1).await;
    assert_eq!((found.disposition, found.disposed), (Disposition::Actions, None));
    let held = sentences(end(found.version, Disposition::NoActionNeeded, "Done already").await);
    assert_eq!(held, format!("{action} is still open: close or cancel first."));
    let page = w.browser("manager").await.get("/findings/F-0001").await;
    assert!(page.text().contains("The handyman's list has it"), "the reason stays in the timeline");
}

#[rstest]
#[case("deputy", None)]
#[case("leader", Some("Your role does not do this here."))]
#[case("carer", Some(""))]
#[case("manager_two", Some(""))]
#[case("willow_manager", Some(""))]
#[tokio::test]
async fn who_ends_a_finding(#[case] who: &str, #[case] refusal: Option<&str>) {
    let (_db, w) = start().await;
    w.log_finding("manager", Risk::Low, Topic::Other).await;
    let done: Done<()> = dispose(&w.app, w.actor(who), 1, 1, Disposition::NoActionNeeded, "Put right").await;
    match refusal {
        None => done.unwrap(),
        Some("") => assert!(matches!(done, Err(Stop::Failed(AppError::NotFound)))),
        Some(sentence) => assert_eq!(sentences(done), sentence),
    }
}

/// The fields of a form that can be sent as it is, with those in `other` instead.
fn fields(w: &World, who: &str, other: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = [
        ("id", FindingId::new().to_string()),
        ("review_id", ReviewId::new().to_string()),
        ("action_id", ActionId::new().to_string()),
        ("source", "walkaround".into()),
        ("what", "Two call bells in the lounge were out of reach".into()),
        ("service", w.service_of(who).to_string()),
        ("unit", String::new()),
        ("evidence_source", "observation".into()),
        ("risk", "medium".into()),
        ("theme", "safety".into()),
        ("topic", "environment".into()),
        ("significance", String::new()),
        ("found_on", "20".into()),
        ("found_on-month", "11".into()),
        ("found_on-year", "2026".into()),
        ("found_by", "Night shift".into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    for (name, value) in other {
        all.retain(|(own, _)| own != name);
        all.push(((*name).to_owned(), (*value).to_owned()));
    }
    all
}

fn body(fields: &[(String, String)]) -> String {
    serde_html_form::to_string(fields).unwrap()
}

#[tokio::test]
async fn a_care_worker_logs_from_a_phone_and_sees_only_that() {
    let (_db, w) = start().await;
    w.log_finding("manager", Risk::Medium, Topic::Falls).await;
    let carer = w.browser("carer").await;
    let form = carer.get("/findings/new").await;
    assert_eq!(form.status, StatusCode::OK);
    assert!(!form.body.contains("First action") && !form.body.contains("Reviews under way"));
    assert!(form.body.contains("Do not name people who use the service"));
    let sent = body(&fields(&w, "carer", &[]));
    let answers =
        [carer.post_raw("/findings/new", &*sent).await, carer.post_raw("/findings/new", &*sent).await];
    for answer in answers {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        assert_eq!(answer.location(), "/p/rowan-care/findings/F-0002", "twice sent, once written");
    }
    let page = carer.get("/findings/F-0002").await.text();
    assert!(page.contains("call bells in the lounge") && page.contains("No action yet"), "{page}");
    assert_eq!(carer.get("/findings/F-0001").await.status, StatusCode::NOT_FOUND);
    assert_eq!(carer.get("/reviews/R-0002").await.status, StatusCode::NOT_FOUND);
    let list = carer.get("/findings").await.text();
    assert!(list.contains("F-0002") && !list.contains("F-0001"), "{list}");
    assert_eq!(carer.get("/findings/F-0002/disposition").await.status, StatusCode::FORBIDDEN);
    assert_eq!(carer.get("/findings/F-0002/actions/new").await.status, StatusCode::FORBIDDEN);
    assert_eq!(carer.post("/findings/F-0002/actions/new", &[]).await.status, StatusCode::NOT_FOUND);
}

/// Everything wrong is said at once, each beside its field, and everything typed is kept.
#[tokio::test]
async fn a_wrong_form_comes_back_with_all_that_was_typed() {
    let (_db, w) = start().await;
    let manager = w.browser("manager").await;
    let wrong = [
        ("source", ""),
        ("what", ""),
        ("risk", "huge"),
        ("found_on", "31"),
        ("found_on-month", "2"),
        ("found_by", "Kept name"),
        ("topic", ""),
    ];
    let answer = manager.post_raw("/findings/new", body(&fields(&w, "manager", &wrong))).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("<title>Error: Log a finding"));
    let text = answer.text();
    for sentence in [
        "Choose where it came from",
        "Say what was found",
        "Choose how serious it is",
        "Enter a real date, like 27 11 2026",
        "Choose a topic",
    ] {
        assert_eq!(text.matches(sentence).count(), 2, "{sentence}: in the summary and at the field");
    }
    assert_eq!(answer.field("found_by"), "Kept name");
    assert_eq!(answer.field("found_on"), "31");
}

/// Hostile input gets a 4xx page with a sentence and leaves nothing behind.
#[rstest]
#[case(&[("what", &*"x".repeat(10_000))], 422)]
#[case(&[("found_by", &*"y".repeat(10_000))], 422)]
#[case(&[("source_title", &*"z".repeat(10_000))], 422)]
#[case(&[("found_by", "two\nlines")], 422)]
#[case(&[("what", "nul\0byte")], 422)]
#[case(&[("id", "")], 400)]
#[case(&[("id", "not-an-id")], 400)]
#[case(&[("service", "00000000-0000-0000-0000-000000000000")], 422)]
#[case(&[("service", "' OR 1=1 --")], 422)]
#[case(&[("unit", "x")], 422)]
#[case(&[("source", "review:x")], 422)]
#[case(&[("source", "review:00000000-0000-0000-0000-000000000000")], 422)]
#[case(&[("key_question", "kq:'; DROP TABLE findings")], 422)]
#[case(&[("entries", "saf34:unknown")], 422)]
#[case(&[("found_on-year", "20260")], 422)]
#[case(&[("found_on-year", "2199")], 422)]
#[case(&[("held_on", "30"), ("held_on-month", "2"), ("held_on-year", "2026")], 422)]
#[case(&[("action", "Do it"), ("owner", "x")], 422)]
#[case(&[("evidence", "gossip")], 422)]
#[tokio::test]
async fn hostile_fields_leave_nothing_behind(#[case] other: &[(&str, &str)], #[case] status: u16) {
    let (db, w) = start().await;
    let manager = w.browser("manager").await;
    let answer = manager.post_raw("/findings/new", body(&fields(&w, "manager", other))).await;
    assert_eq!(answer.status.as_u16(), status, "{other:?}: {}", answer.text());
    let mut administrator = db.administrator().await;
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM findings").fetch_one(&mut administrator).await.unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn repeated_missing_and_unreadable_fields_are_not_a_500() {
    let (_db, w) = start().await;
    let manager = w.browser("manager").await;
    let good = body(&fields(&w, "manager", &[]));
    for (sent, status) in [
        (format!("{good}&risk=low&what=again"), 422),
        (String::new(), 400),
        ("id=%ff".to_owned(), 400),
        (format!("{good}&x=%zz"), 303),
    ] {
        let answer = manager.post_raw("/findings/new", sent).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    }
}

/// Filters are in the address, the list is the member's own sight, pages go on where the last ended.
#[tokio::test]
async fn the_list_is_filtered_and_paged() {
    let (_db, w) = start().await;
    for n in 0..52 {
        let mut new = w.finding("manager", Risk::Low, Topic::Falls);
        new.what = format!("Sensor mat {n} not working");
        log(&w.app, w.actor("manager"), &new, None).await.unwrap();
    }
    let medicines = w.log_finding("manager", Risk::High, Topic::Medicines).await;
    w.define_action("manager", medicines, "carer").await;
    w.log_finding("manager_two", Risk::High, Topic::Medicines).await;
    let manager = w.browser("manager").await;
    let first = manager.get("/findings").await;
    assert_eq!(first.body.matches("row__ref").count(), 50);
    let next = first.body.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let second = manager.get(&next).await;
    assert_eq!(second.body.matches("row__ref").count(), 3, "and none of the other service");
    assert!(second.text().contains("Back to the newest"));

    let count = |path: &'static str| {
        let manager = manager.clone();
        async move { manager.get(path).await.body.matches("row__ref").count() }
    };
    assert_eq!(count("/findings?risk=high").await, 1);
    assert_eq!(count("/findings?topic=medicines&state=open").await, 1);
    assert_eq!(count("/findings?topic=medicines&state=unowned").await, 0);
    assert_eq!(count("/findings?q=mat+51").await, 1);
    assert_eq!(count("/findings?q=100%25").await, 0, "a percent sign stands for itself");
    assert_eq!(count("/findings?service=rowan-house&theme=safety&risk=high").await, 1);
    let none = manager.get("/findings?q=nothing+like+it").await.text();
    assert!(none.contains("No finding matches."), "{none}");
    for wrong in
        ["risk=huge", "service=rowan-visits", "service=willow-lodge", "after=x", "after=2026-11-21.x"]
    {
        assert_eq!(manager.get(&format!("/findings?{wrong}")).await.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    let leader = w.browser("quality").await;
    assert_eq!(leader.get("/findings?risk=high").await.body.matches("row__ref").count(), 2);
    assert_eq!(leader.get("/findings?mine=yes").await.body.matches("row__ref").count(), 0);
}

/// What is not there, not theirs, or another provider's looks the same.
#[rstest]
#[case("/findings/F-0001")]
#[case("/findings/F-0001/actions/new")]
#[case("/findings/F-0001/disposition")]
#[case("/reviews/R-0001")]
#[tokio::test]
async fn not_yours_is_not_there(#[case] path: &str) {
    let (_db, w) = start().await;
    w.log_finding("manager", Risk::Low, Topic::Falls).await;
    for who in ["manager_two", "visitor", "reader", "willow_manager", "willow_shared"] {
        let browser = w.browser(who).await;
        let there = browser.get(path).await;
        let not_there = browser.get(&path.replace("0001", "0099")).await;
        assert_eq!((there.status, not_there.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{who}");
    }
    assert_eq!(w.browser("manager").await.get(path).await.status, StatusCode::OK);
    assert_eq!(w.browser("manager").await.get("/findings/F-001").await.status, StatusCode::NOT_FOUND);
}

/// R27: the page tells the line: source, owner, date, proof, what happened.
#[tokio::test]
async fn the_whole_line_is_on_one_page() {
    let (_db, w) = start().await;
    w.line(Risk::Medium, Topic::Medicines, "carer").await;
    w.days_pass(30);
    let text = w.browser("manager").await.get("/findings/F-0001").await.text();
    for told in [
        "Audit at Rowan House",
        "Add a maximum dose to all 12 protocols",
        "Owner Amara Bello",
        "4 December 2026",
        "missing: record and audit sample",
        "working days late",
        "1 late",
        "A-0001: Action agreed and assigned to Amara Bello",
        "Finding logged",
        "Regulation 12: Safe care and treatment",
    ] {
        assert!(text.contains(told), "{told} is not in: {text}");
    }
    let review = w.browser("manager").await.get("/reviews/R-0001").await.text();
    assert!(review.contains("Owner Amara Bello") && review.contains("an action with an owner and a date"));
}

#[tokio::test]
async fn a_stale_disposition_comes_back_with_what_was_written() {
    let (_db, w) = start().await;
    w.log_finding("manager", Risk::Low, Topic::Falls).await;
    dispose(&w.app, w.actor("deputy"), 1, 1, Disposition::NoActionNeeded, "Put right").await.unwrap();
    let manager = w.browser("manager").await;
    let sent = [("version", "1"), ("disposition", "not_for_tracker"), ("reason", "My words")];
    let answer = manager.post("/findings/F-0001/disposition", &sent).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("My words") && answer.field("version") == "2");
}

/// The closure standard shown is that of the source chosen: what people said closes on what people say (R17).
#[tokio::test]
async fn checking_the_wording_shows_the_standard_of_the_source_and_writes_nothing() {
    let (_db, w) = start().await;
    let (_, complaint) = w.start_review("manager", ReviewKind::Complaint).await;
    let manager = w.browser("manager").await;
    let form = manager.get("/findings/new?review=R-0001").await;
    assert!(form.body.contains(&format!("value=\"review:{complaint}\" selected")));
    let from = format!("review:{complaint}");
    let sent = [("source", from.as_str()), ("action", "Monitor calls"), ("check", "yes")];
    let answer = manager.post_raw("/findings/new", body(&fields(&w, "manager", &sent))).await;
    assert_eq!(answer.status, StatusCode::OK);
    let text = answer.text();
    assert!(text.contains("closes with briefing or attendance and feedback from people"), "{text}");
    assert!(text.contains("approved by the quality lead") && text.contains("“Monitor” is hard to check"));
    assert!(manager.get("/findings").await.text().contains("No findings yet."));
}

#[tokio::test]
async fn a_finding_that_an_action_has_answered_is_not_ended_without_one() {
    let (_db, w) = start().await;
    let action = w.closed_action(Risk::Medium, "carer").await;
    let ended = dispose(&w.app, w.actor("manager"), 1, 1, Disposition::NoActionNeeded, "Put right").await;
    assert_eq!(sentences(ended), format!("{action} answered it and is closed."));
    let page = w.browser("manager").await.get("/findings/F-0001").await;
    assert!(page.text().contains("Closed") && !page.body.contains("/findings/F-0001/disposition"));
}
