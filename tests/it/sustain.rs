//! Sustain checks: planned at closure, answered once by somebody who never owned it; what is lost opens again by itself (R19).

use axum::http::StatusCode;
use sqlx::AssertSqlSafe;
use throughline::clock::Clock;
use throughline::database::roles;
use throughline::domain::action::Status;
use throughline::domain::recurrence::{Causes, Factor};
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::workflow::{self, measure, root_cause};

use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World, saturday, world};
use crate::review::sentences;
use crate::worker::{broken_lines, number, texts};

/// The first check of the standard for medicines, in days after closure.
const FIRST: i64 = 28;

async fn closed(db: &TestDb, risk: Risk, owner: &str) -> (World, Reference) {
    let w = world(db, Clock::fixed(saturday())).await;
    let action = w.closed_action(risk, owner).await;
    (w, action)
}

fn path(action: Reference) -> String {
    format!("/actions/{action}/sustain-check")
}

fn answer<'a>(lasting: &'a str, sample: &'a str, met: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("note", "Protocols written since the closure, on both units"),
        ("method", "record_sample"),
        ("sample", sample),
        ("met", met),
        ("lasting", lasting),
    ]
}

/// Opens the form and sends it with these fields.
async fn look(browser: &Browser, action: Reference, fields: &[(&str, &str)]) -> Answer {
    let form = browser.get(&path(action)).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.text());
    send(browser, action, &form, fields).await
}

async fn send(browser: &Browser, action: Reference, form: &Answer, fields: &[(&str, &str)]) -> Answer {
    let (version, check) = (form.field("version"), form.field("check"));
    let mut all = vec![("version", version.as_str()), ("check", check.as_str())];
    all.extend(fields);
    browser.post(&path(action), &all).await
}

async fn days(db: &TestDb) -> Vec<String> {
    texts(db, "SELECT due_on || ' ' || coalesce(result, 'waits') FROM sustain_checks ORDER BY due_on").await
}

#[tokio::test]
async fn closing_plans_the_checks_of_the_standard_and_the_list_shows_them_a_week_before() {
    let db = TestDb::new().await;
    let (w, action) = closed(&db, Risk::Low, "carer").await;
    assert_eq!(days(&db).await, ["2026-12-19 waits", "2027-02-20 waits"], "four and thirteen weeks");
    let manager = w.browser("manager").await;
    assert!(manager.get("/sustain-checks").await.text().contains("Nothing is to be looked at"));
    let early = manager.get(&path(action)).await;
    assert_eq!(early.status, StatusCode::FORBIDDEN);
    assert!(early.text().contains("Look again from 12 December 2026 on"), "{}", early.text());
    w.days_pass(FIRST - 7);
    let manager = w.browser("manager").await;
    let list = manager.get("/sustain-checks").await;
    assert!(list.text().contains("Planned for 19 December 2026") && list.body.contains(&path(action)));
    let page = manager.get(&format!("/actions/{action}")).await;
    assert!(page.text().contains("Has it lasted?") && page.body.contains(&path(action)));
    assert_eq!(w.browser("carer").await.get("/sustain-checks").await.status, StatusCode::NOT_FOUND);
    assert_eq!(w.browser("carer").await.get(&path(action)).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_held_at_every_check_shows_its_impact() {
    let db = TestDb::new().await;
    let (w, action) = closed(&db, Risk::Low, "carer").await;
    w.days_pass(FIRST);
    let manager = w.browser("manager").await;
    let done = look(&manager, action, &answer("held", "8", "7")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let page = manager.get(&format!("/actions/{action}")).await.text();
    assert!(page.contains("held on 19 December 2026, look again on 20 February 2027"), "{page}");
    assert!(page.contains("8 looked at, 7 met the standard"));
    w.days_pass(63);
    let manager = w.browser("manager").await;
    let done = look(&manager, action, &answer("held", "6", "6")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let page = manager.get(&format!("/actions/{action}")).await.text();
    assert!(page.contains("Impact shown") && page.contains("shown: held on 20 February 2027"), "{page}");
    assert!(manager.get("/sustain-checks").await.text().contains("Nothing is to be looked at"));
    assert_eq!(broken_lines(&db).await, 0);
}

#[tokio::test]
async fn what_slips_is_looked_at_again_within_a_fortnight() {
    let db = TestDb::new().await;
    let (w, action) = closed(&db, Risk::Low, "carer").await;
    w.days_pass(FIRST);
    let manager = w.browser("manager").await;
    look(&manager, action, &answer("slipping", "8", "5")).await;
    assert_eq!(days(&db).await, ["2026-12-19 slipping", "2027-01-02 waits", "2027-02-20 waits"]);
    let page = manager.get(&format!("/actions/{action}")).await.text();
    assert!(
        page.contains("Impact not shown") && page.contains("Looked at again on 2 January 2027"),
        "{page}"
    );
    assert_eq!(w.case(action).await.action.status, Status::Closed);
}

#[tokio::test]
async fn what_is_lost_opens_again_by_itself_and_is_escalated() {
    let db = TestDb::new().await;
    let (w, action) = closed(&db, Risk::High, "carer").await;
    w.days_pass(FIRST);
    let deputy = w.browser("deputy").await;
    let before = number(&db, "SELECT count(*) FROM escalations").await;
    let done = look(&deputy, action, &answer("lost", "8", "3")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let now = w.case(action).await.action;
    assert_eq!((now.status, now.cycle), (Status::InProgress, 2));
    assert!(now.due_on.is_some_and(|due| due > w.today()), "a new date of its own");
    assert!(
        number(&db, "SELECT count(*) FROM escalations WHERE cause = 'recurrence' AND cycle = 2").await >= 2
    );
    assert!(number(&db, "SELECT count(*) FROM escalations").await > before);
    let page = w.browser("manager").await.get(&format!("/actions/{action}")).await.text();
    assert!(page.contains("Lost at the sustain check: Protocols written since the closure"), "{page}");
    assert_eq!(
        deputy.get(&path(action)).await.status,
        StatusCode::FORBIDDEN,
        "the checks of a closed round are over"
    );
    assert_eq!(broken_lines(&db).await, 0);
}

/// On its day it is told once to those near it who may do it, and counted in the menu and on the dashboard; every number
/// leads to just its rows.
#[tokio::test]
async fn what_is_due_is_told_and_counted_for_those_who_may_do_it() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, action) = w.line(Risk::Low, Topic::Medicines, "deputy").await;
    w.submit(action, "deputy").await;
    w.verify(action, "quality", Outcome::Complete).await;
    w.close(action, "manager").await;
    let told = async || {
        throughline::worker::tick(&w.app).await.unwrap();
        texts(&db, "SELECT m.name FROM notices n JOIN memberships m ON m.id = n.member_id WHERE n.kind = 'sustain_check' ORDER BY m.name").await
    };
    w.days_pass(FIRST - 1);
    assert!(told().await.is_empty(), "the day before");
    let dashboard = async |who: &str| w.browser(who).await.get("/dashboard").await.text();
    assert!(!dashboard("manager").await.contains("sustain check due"));
    w.days_pass(1);
    let first = told().await;
    let name = |who: &str| w.actor(who).member.name.clone();
    assert!(first.contains(&name("manager")) && !first.contains(&name("deputy")), "who owned it: {first:?}");
    assert!(!first.contains(&name("manager_two")) && !first.contains(&name("carer")), "{first:?}");
    assert_eq!(told().await, first, "once");
    let page = dashboard("manager").await;
    assert!(page.contains("1 sustain check due"), "{page}");
    assert!(!dashboard("deputy").await.contains("sustain check due"), "they own it");
    let browser = w.browser("manager").await;
    let due = browser.get("/sustain-checks?due=yes").await;
    assert_eq!(due.body.matches(&path(action)).count(), 1, "{}", due.text());
    assert!(due.text().contains("Only those that are due, and that you may do."));
    let notices = browser.get("/notices").await;
    assert!(notices.text().contains("Sustain check due"), "{}", notices.text());
    let mine = w.browser("deputy").await.get("/sustain-checks?due=yes").await;
    assert!(mine.text().contains("Nothing is due."), "{}", mine.text());
    look(&browser, action, &answer("held", "8", "8")).await;
    assert!(!dashboard("manager").await.contains("sustain check due"));
    // the one of the second look is told as well, a week late after a standstill
    w.days_pass(63 + 7);
    assert_eq!(told().await.len(), 2 * first.len());
}

/// R16, R22: lost, it closes again when it is known why; another loss opens another review.
#[tokio::test]
async fn what_is_lost_closes_again_only_when_its_cause_is_known() {
    let db = TestDb::new().await;
    let (w, action) = closed(&db, Risk::Low, "carer").await;
    w.days_pass(FIRST);
    let deputy = w.browser("deputy").await;
    assert_eq!(look(&deputy, action, &answer("lost", "8", "3")).await.status, StatusCode::SEE_OTHER);
    let finding = deputy.get("/findings/F-0001").await.text();
    let why = "It was opened because the 28-day check of A-0001 was lost.";
    assert!(finding.contains(why) && finding.contains("That action cannot close before it is"), "{finding}");
    assert!(finding.contains("A-0001: Root-cause review opened"), "{finding}");
    assert!(!finding.contains("Came back: found before"));
    let form = deputy.get("/findings/F-0001/root-cause").await.text();
    assert!(
        form.contains(why) && form.contains("What was tried before A-0001") || form.contains("Closed by"),
        "{form}"
    );
    w.submit(action, "carer").await;
    w.verify(action, "deputy", Outcome::Complete).await;
    let page = w.browser("manager").await.get(&format!("/actions/{action}")).await.text();
    let missing = "The 28-day check was lost: the root-cause review of F-0001 has to be complete";
    assert!(page.contains(missing) && page.contains("Write the root-cause review"), "{page}");
    let seen = w.version(action).await;
    let close =
        async || workflow::closure::close(&w.app, w.actor("manager"), 1, seen, "Six of six show it").await;
    assert!(sentences(close().await).contains("Missing: why it came back."));
    let causes = Causes {
        factors: vec![Factor::Staffing],
        whys: vec!["Agency seniors are not shown the form when they start at night".into()],
        review_on: Some(w.today() + chrono::Days::new(30)),
        ..Causes::default()
    };
    root_cause::save(&w.app, w.actor("manager"), 1, 1, &causes, true).await.unwrap();
    // another review is opened by hand: it counts, and is complete one day
    root_cause::open_again(&w.app, w.actor("manager"), 1).await.unwrap();
    assert!(sentences(close().await).contains("Missing: why it came back."));
    root_cause::save(&w.app, w.actor("manager"), 1, 1, &causes, true).await.unwrap();
    close().await.unwrap();
    w.days_pass(FIRST);
    let deputy = w.browser("deputy").await;
    assert_eq!(look(&deputy, action, &answer("lost", "8", "3")).await.status, StatusCode::SEE_OTHER);
    let rounds = "SELECT round || ' ' || (completed_at IS NOT NULL) || ' ' || (lost_check_id IS NOT NULL) FROM root_cause_reviews ORDER BY round";
    assert_eq!(texts(&db, rounds).await, ["1 true true", "2 true false", "3 false true"]);
    assert_eq!(broken_lines(&db).await, 0);
}

#[tokio::test]
async fn what_does_not_fit_is_said_and_what_was_typed_is_kept() {
    let db = TestDb::new().await;
    let (w, action) = closed(&db, Risk::Low, "carer").await;
    w.days_pass(FIRST);
    let manager = w.browser("manager").await;
    let sentence = [
        (answer("held", "8", "4"), "half of what you looked at, or more, did not meet"),
        (answer("lost", "8", "8"), "It is not lost when everything"),
        (answer("held", "8", "9"), "cannot be more than the number you looked at"),
        (answer("held", "", ""), "Say how many you looked at, or choose the measure"),
        (answer("held", "8", ""), "Enter how many met the standard"),
        (answer("kept", "8", "8"), "Choose whether it has lasted"),
    ];
    for (fields, wanted) in sentence {
        let again = look(&manager, action, &fields).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(again.text().contains(wanted), "{fields:?}: {}", again.text());
        assert!(again.body.contains("Protocols written since the closure"), "{fields:?}");
    }
    let mut vague = answer("held", "8", "8");
    vague[0].1 = "All done";
    assert!(look(&manager, action, &vague).await.text().contains("so that somebody else could look again"));
    assert_eq!(days(&db).await, ["2026-12-19 waits", "2027-02-20 waits"]);
}

#[tokio::test]
async fn nobody_looks_at_their_own_and_a_check_is_answered_once() {
    let db = TestDb::new().await;
    let (w, action) = closed(&db, Risk::Low, "leader").await;
    w.days_pass(FIRST);
    let (leader, manager, deputy) =
        (w.browser("leader").await, w.browser("manager").await, w.browser("deputy").await);
    let own = leader.get("/sustain-checks").await;
    assert!(own.text().contains("You own it or have owned it") && !own.body.contains(&path(action)));
    assert_eq!(leader.get(&path(action)).await.status, StatusCode::FORBIDDEN);
    let (first, second) = (manager.get(&path(action)).await, deputy.get(&path(action)).await);
    let held = answer("held", "8", "8");
    assert_eq!(send(&manager, action, &first, &held).await.status, StatusCode::SEE_OTHER);
    let late = send(&deputy, action, &second, &held).await;
    // the next check is weeks away, so the form is not for now any more
    assert!(
        late.status == StatusCode::CONFLICT || late.status == StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        late.status
    );
    assert_eq!(days(&db).await, ["2026-12-19 held", "2027-02-20 waits"]);
    // the owner, around the program
    let mut app = db.connect(roles::APP).await;
    let script = format!(
        "BEGIN; SET LOCAL app.provider_id = '{}'; UPDATE sustain_checks SET result = 'held', method = 'observation', sample_size = 1, met_standard = 1,
         note = 'Seen', judged = '{{}}', checked_by = '{}', at = now() WHERE result IS NULL",
        w.provider,
        w.id("leader")
    );
    let refused = sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut app).await.unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "TL023");
}

#[tokio::test]
async fn a_measure_that_the_action_should_move_is_proof_as_well() {
    let db = TestDb::new().await;
    let (w, action) = closed(&db, Risk::Low, "carer").await;
    let of = crate::measure::defined(&w.app, w.actor("manager"), Some(w.house.id)).await;
    measure::name_action(&w.app, w.actor("manager"), of, action.number).await.unwrap();
    w.days_pass(FIRST);
    let (manager, id) = (w.browser("manager").await, of.to_string());
    let mut fields = answer("held", "", "");
    fields.push(("measure", &id));
    let again = look(&manager, action, &fields).await;
    assert!(again.text().contains("This measure was not read since the closure"), "{}", again.text());
    let november = throughline::domain::measure::Reading {
        period: crate::harness::fixtures::day("2026-11-01"),
        numerator: Some(4.0),
        denominator: None,
    };
    measure::record(&w.app, w.actor("manager"), of, &[november], "").await.unwrap();
    let done = look(&manager, action, &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let page = manager.get(&format!("/actions/{action}")).await.text();
    assert!(page.contains("Falls a month: 4 falls for November 2026"), "{page}");
    let strange = throughline::ids::MeasureId::new().to_string();
    w.days_pass(63);
    let manager = w.browser("manager").await;
    let mut fields = answer("held", "", "");
    fields.push(("measure", &strange));
    assert!(
        look(&manager, action, &fields)
            .await
            .text()
            .contains("Choose a measure that this action should move")
    );
}
