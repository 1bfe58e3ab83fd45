//! Closure audits (R26): a sample drawn by lot and drawn again alike, audited by who judged none of it; what fails opens again.
//! And the nominated individual's queue (R18).

use axum::http::StatusCode;
use throughline::clock::Clock;
use throughline::domain::action::Status;
use throughline::domain::audit_sample::{digest, sample};
use throughline::domain::closure::AssuranceDecision;
use throughline::domain::closure_audit::Quarter;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::store::closure_audit as store;
use throughline::workflow::closure_audit::{answer, draw};

use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World, day, saturday, world};
use crate::review::sentences;
use crate::worker::{broken_lines, by_force, number, texts};

const NOTE: &str = "Opened all four records again; two of them do not show a maximum dose";

/// Actions closed on 21 November 2026, and the first day after that quarter.
async fn quarter(db: &TestDb, closed: usize) -> (World, Vec<Reference>) {
    let w = world(db, Clock::fixed(saturday())).await;
    let mut actions = Vec::new();
    for _ in 0..closed {
        actions.push(w.closed_action(Risk::Low, "carer").await);
    }
    w.days_pass((day("2027-01-04") - w.today()).num_days());
    (w, actions)
}

fn path(action: Reference) -> String {
    format!("/actions/{action}/closure-audit")
}

async fn send(browser: &Browser, action: Reference, stands_up: &str, note: &str) -> Answer {
    let form = browser.get(&path(action)).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.text());
    let version = form.field("version");
    browser.post(&path(action), &[("version", &version), ("stands_up", stands_up), ("note", note)]).await
}

#[tokio::test]
async fn a_sample_is_drawn_once_and_can_be_drawn_again_by_its_number() {
    let db = TestDb::new().await;
    let (w, _) = quarter(&db, 5).await;
    let quality = w.browser("quality").await;
    let page = quality.get("/closure-audit").await;
    assert!(
        page.text().contains("No sample was drawn yet") && page.text().contains("October to December 2026")
    );
    let post = async |quarter: &str, size: &str| {
        quality.post("/closure-audit", &[("quarter", quarter), ("size", size)]).await
    };
    for (quarter, size, wanted) in [
        ("2026-q4", "0", "Enter a whole number from 1 to 200"),
        ("", "5", "Choose a quarter"),
        ("2027-q1", "5", "Choose a quarter that is over"),
        ("2026-q3", "5", "Nothing that was closed in this quarter is still closed"),
    ] {
        let refused = post(quarter, size).await;
        assert_eq!(refused.status, 422, "{quarter}");
        assert!(refused.text().contains(wanted), "{quarter}: {}", refused.text());
    }
    let done = post("2026-q4", "3").await;
    assert_eq!(done.status, 303, "{}", done.text());
    let shown = quality.get("/closure-audit?quarter=2026-q4").await;
    assert!(
        shown.text().contains("0 of 3 audited") && shown.text().contains("5 closures that stood that day")
    );
    assert!(post("2026-q4", "5").await.text().contains("was drawn already"));
    // from the same closures with the number that is shown
    let seed = texts(&db, "SELECT seed::text FROM closure_audits").await[0].clone();
    assert!(shown.text().contains(&seed));
    let mut tx = w.actor("quality").begin(&w.app).await.unwrap();
    let quarter: Quarter = "2026-q4".parse().unwrap();
    let closed = store::closed_in(&mut tx, quarter.first(), quarter.last()).await.unwrap();
    drop(tx);
    let again: Vec<String> =
        sample(seed.parse().unwrap(), &closed, 3).iter().map(ToString::to_string).collect();
    assert_eq!(texts(&db, "SELECT closure_id::text FROM closure_audit_items ORDER BY place").await, again);
    assert_eq!(texts(&db, "SELECT digest FROM closure_audits").await, [digest(&closed)]);
    for (who, status) in
        [("manager", 404), ("safeguarding", 404), ("carer", 404), ("administrator", 404), ("nominated", 200)]
    {
        assert_eq!(w.browser(who).await.get("/closure-audit").await.status, status, "{who}");
    }
    assert_eq!(quality.get("/closure-audit?quarter=2026-q3").await.status, 404);
    assert_eq!(quality.get("/closure-audit?quarter=x").await.status, 404);
    assert_eq!(broken_lines(&db).await, 0);
}

#[tokio::test]
async fn what_does_not_stand_up_opens_again_and_what_does_stays() {
    let db = TestDb::new().await;
    let (w, actions) = quarter(&db, 2).await;
    draw(&w.app, w.actor("quality"), "2026-q4".parse().unwrap(), 20).await.unwrap();
    let quality = w.browser("quality").await;
    let (fails, stands) = (actions[0], actions[1]);
    for (stands_up, note, wanted) in [
        ("", NOTE, "Choose whether the evidence stands up"),
        ("no", "", "Say what you looked at and what you found"),
        ("no", "Done", "so that somebody else could look again"),
    ] {
        let again = send(&quality, fails, stands_up, note).await;
        assert_eq!(again.status, 422);
        assert!(again.text().contains(wanted) && again.body.contains(note), "{}", again.text());
    }
    let done = send(&quality, fails, "no", NOTE).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let now = w.case(fails).await.action;
    assert_eq!((now.status, now.cycle), (Status::InProgress, 2));
    assert!(now.due_on.is_some_and(|due| due > w.today()), "a new date of its own");
    assert_eq!(
        number(&db, "SELECT count(*) FROM escalations WHERE cause = 'closure_audit' AND cycle = 2").await,
        1
    );
    let page = w.browser("manager").await.get(&format!("/actions/{fails}")).await.text();
    assert!(page.contains("Closure audit: the evidence does not stand up") && page.contains(NOTE), "{page}");
    assert!(
        page.contains(
            "The closure audit of October to December 2026 found that its evidence does not stand up"
        )
    );
    let done =
        send(&quality, stands, "yes", "Opened all four records again; each shows the maximum dose").await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(w.case(stands).await.action.status, Status::Closed);
    let shown = quality.get("/closure-audit?quarter=2026-q4").await.text();
    assert!(shown.contains("2 of 2 audited, 1 does not stand up") && shown.contains("Complete"), "{shown}");
    let kept = "SELECT a.number || ' ' || r.stands_up FROM closure_audit_results r JOIN actions a ON a.id = r.action_id ORDER BY a.number";
    assert_eq!(texts(&db, kept).await, ["1 false", "2 true"]);
    assert_eq!(quality.get(&path(stands)).await.status, StatusCode::FORBIDDEN, "once");
    assert_eq!(broken_lines(&db).await, 0);
}

#[tokio::test]
async fn nobody_audits_what_they_judged_or_what_was_not_drawn() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    // checked by the quality lead; assured by the nominated individual; not drawn, because it opens again
    let checked = w.line(Risk::Low, Topic::Medicines, "carer").await.1;
    w.submit(checked, "carer").await;
    w.verify(checked, "quality", Outcome::Complete).await;
    w.close(checked, "manager").await;
    let assured = w.closed_action(Risk::High, "carer").await;
    w.days_pass((day("2027-01-04") - w.today()).num_days());
    draw(&w.app, w.actor("nominated"), "2026-q4".parse().unwrap(), 20).await.unwrap();
    let later = w.closed_action(Risk::Low, "carer").await;
    for (who, action, wanted) in [
        ("quality", checked, "You checked, assured or approved this"),
        ("nominated", assured, "You checked, assured or approved this"),
        ("quality", later, "It does not wait for an audit"),
        ("manager", checked, "Your role does not do this here"),
    ] {
        let seen = w.version(action).await;
        let refused = answer(&w.app, w.actor(who), action.number, seen, (true, NOTE)).await;
        assert!(sentences(refused.map(drop)).contains(wanted), "{who} {action}");
        let form = w.browser(who).await.get(&path(action)).await;
        assert_eq!(form.status, StatusCode::FORBIDDEN, "{who} {action}");
        assert!(form.text().contains(wanted), "{who}: {}", form.text());
    }
    let page = w.browser("quality").await.get("/closure-audit?quarter=2026-q4").await;
    assert!(
        page.text().contains("For somebody else") && page.body.contains(&path(assured)),
        "{}",
        page.text()
    );
    assert!(!page.body.contains(&path(checked)));
    // the other way round they may
    for (who, action) in [("nominated", checked), ("quality", assured)] {
        let seen = w.version(action).await;
        answer(&w.app, w.actor(who), action.number, seen, (true, NOTE)).await.unwrap();
    }
    assert_eq!(broken_lines(&db).await, 0);
}

/// R18: what waits for assurance, with its whole line; a challenge sends one back, and it comes again with what was said.
#[tokio::test]
async fn the_nominated_individual_reads_the_whole_line_of_what_waits() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let list = async || w.browser("nominated").await.get("/assurance").await;
    assert!(list().await.text().contains("Nothing waits for your assurance."));
    w.verified_action(Risk::Low, "carer").await;
    let action = w.verified_action(Risk::High, "carer").await;
    let one = list().await;
    for said in
        ["A-0002", "F-0002", "high risk", "Daniel Osei", "Since today", "looked at", "Record your word"]
    {
        assert!(one.text().contains(said), "{said}: {}", one.text());
    }
    assert!(!one.text().contains("A-0001"), "low risk waits for nobody's assurance");
    w.assure(action, AssuranceDecision::Challenged).await;
    assert_eq!(w.case(action).await.action.status, Status::SentBack);
    assert!(list().await.text().contains("Nothing waits"));
    w.days_pass(3);
    let given = w.progress(&w.case(action).await.required);
    throughline::workflow::update::record(&w.app, w.actor("carer"), action, &given).await.unwrap();
    throughline::workflow::submission::submit(&w.app, w.actor("carer"), action).await.unwrap();
    w.verify(action, "deputy", Outcome::Complete).await;
    let again = list().await.text();
    assert!(again.contains("You were not satisfied before"), "{again}");
    w.assure(action, AssuranceDecision::Assured).await;
    assert!(list().await.text().contains("Nothing waits"));
    for who in ["quality", "manager", "carer", "administrator"] {
        assert_eq!(w.browser(who).await.get("/assurance").await.status, 404, "{who}");
    }
}

/// How long it waits is counted in the working days of its service's nation (R11): Monday 30 November 2026 is St Andrew's Day.
#[tokio::test]
async fn what_waits_for_assurance_waits_by_its_nations_working_days() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    w.at("2026-11-27T12:00:00Z".parse().unwrap());
    w.verified_action(Risk::High, "carer").await;
    w.at("2026-12-01T12:00:00Z".parse().unwrap());
    let list = async || w.browser("nominated").await.get("/assurance").await.text();
    let england = list().await;
    assert!(england.contains("For 2 working days"), "{england}");
    by_force(&db, "UPDATE services SET nation = 'scotland'").await;
    let scotland = list().await;
    assert!(scotland.contains("For 1 working day") && !scotland.contains("For 1 working days"), "{scotland}");
}
