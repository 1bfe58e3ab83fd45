//! What a decision on an escalation keeps of what it saw, decisions that follow each other, interim controls and their
//! days, the lists and the log (R13, R13a, R18a).

use rstest::rstest;
use sqlx::{AssertSqlSafe, Executor as _};
use throughline::clock::Clock;
use throughline::database::roles;
use throughline::domain::control::ControlDays;
use throughline::domain::escalation::DecisionGiven;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::worker::tick;
use throughline::workflow::escalation::decide;
use throughline::workflow::{Stop, change, update};

use super::worker::{act, broken_lines, no_escalation, number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};

/// A world with one late action of the house, owned by the carer, escalated on Wednesday 25 November.
async fn late(db: &TestDb, risk: Risk) -> (World, Reference) {
    let w = world(db, Clock::fixed(saturday())).await;
    let action = w.due(risk, Topic::Medicines, "carer", day("2026-11-23")).await;
    w.days_pass(4);
    tick(&w.app).await.unwrap();
    (w, action)
}

/// A date as its three inputs send it.
fn date_of(field: &'static str, date: &str) -> [(String, String); 3] {
    let parts: Vec<&str> = date.split('-').collect();
    [
        (field.to_owned(), parts[2].to_owned()),
        (format!("{field}-month"), parts[1].to_owned()),
        (format!("{field}-year"), parts[0].to_owned()),
    ]
}

/// An acting decision as a browser sends it, with these dates besides.
async fn acting(w: &World, action: Reference, dates: &[(&'static str, &str)]) -> Vec<(String, String)> {
    let version = w.version(action).await.to_string();
    let mut fields: Vec<(String, String)> = [
        ("decision", "act"),
        ("risk", "A dose too many"),
        ("delay_reason", "The pharmacist was away"),
        ("interim_control", "The senior checks every protocol"),
        ("version", version.as_str()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for (field, date) in dates {
        fields.extend(date_of(field, date));
    }
    fields
}

async fn send(
    w: &World,
    who: &str,
    path: &str,
    fields: &[(String, String)],
) -> crate::harness::fixtures::Answer {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    w.browser(who).await.post(path, &fields).await
}

#[tokio::test]
async fn a_decision_keeps_what_it_saw_beside_what_stands_now() {
    let db = TestDb::new().await;
    let (w, action) = late(&db, Risk::Medium).await;
    let required = w.case(action).await.required;
    update::record(&w.app, w.actor("carer"), action, &w.progress(&required[..1])).await.unwrap();
    let id = w.escalation(&db, action, 1).await;
    let was = w.case(action).await.action.what;
    decide(&w.app, w.actor("manager"), id, w.version(action).await, &act(None)).await.unwrap();
    let page = w.browser("manager").await.get(&format!("/escalations/{id}")).await;
    assert!(page.text().contains("What this decision saw, beside what stands now"), "{}", page.text());
    assert_eq!(page.body.matches("<b class=\"typed\">").count(), 1, "only its own control is new since");

    // everything changes afterwards: what it saw does not
    let seen = w.version(action).await;
    let owner = w.id("leader");
    change::reassign(&w.app, w.actor("manager"), action.number, seen, owner, "On leave").await.unwrap();
    update::record(&w.app, w.actor("leader"), action, &w.progress(&required)).await.unwrap();
    let reworded = change::NewWords {
        what: "Add a maximum dose and a reason to all 12 protocols",
        success_test: "12 of 12 protocols",
        reason: "Clearer",
        kept: None,
    };
    let seen = w.version(action).await;
    change::reword(&w.app, w.actor("manager"), action.number, seen, reworded).await.unwrap();
    let page = w.browser("manager").await.get(&format!("/escalations/{id}")).await;
    let text = page.text();
    for said in [
        was.as_str(),
        "Add a maximum dose and a reason to all 12 protocols",
        &w.actor("carer").member.name,
        &w.actor("leader").member.name,
        &format!("{}: {} of week 46", required[0].label(), required[0].label()),
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let changed = page.body.matches("<b class=\"typed\">").count();
    assert_eq!(changed, 6, "words, test, owner, evidence, what is missing, control: {text}");
}

#[tokio::test]
async fn decisions_follow_each_other_and_none_is_rewritten() {
    let db = TestDb::new().await;
    let (w, action) = late(&db, Risk::Medium).await;
    let id = w.escalation(&db, action, 1).await;
    for (n, given) in [act(None), no_escalation(), act(Some(day("2026-12-11")))].into_iter().enumerate() {
        w.at(w.clock.now() + chrono::Duration::minutes(n as i64));
        decide(&w.app, w.actor("manager"), id, w.version(action).await, &given).await.unwrap();
    }
    let page = w.browser("quality").await.get(&format!("/escalations/{id}")).await.text();
    let places = ["Decided before", "Act on it", "No escalation needed", "New date: 11 December 2026."]
        .map(|said| page[page.find("Decided before").unwrap()..].find(said).expect(said));
    assert!(places.is_sorted(), "in the order they were made: {places:?}");
    // the date went through the extension rule: counted, with its reason (R6)
    assert_eq!(w.case(action).await.action.extensions, 1);
    let kept = texts(&db, "SELECT format('%s to %s: %s', before, after, reason) FROM action_changes").await;
    assert_eq!(kept, ["2026-11-23 to 2026-12-11: The pharmacist was away"]);

    let mut app = db.connect(roles::APP).await;
    let begin = format!("BEGIN; SET LOCAL app.provider_id = '{}'", w.provider);
    for attack in [
        "UPDATE escalation_decisions SET judged = '{}'",
        "UPDATE escalation_decisions SET control_until = '2030-01-01'",
        "UPDATE escalation_decisions SET because = 'x'",
        "DELETE FROM escalation_decisions",
        "TRUNCATE escalation_decisions",
        "UPDATE escalations SET upon = '{}'",
        "DELETE FROM escalations",
        "ALTER TABLE escalation_decisions DISABLE TRIGGER keep",
        "INSERT INTO escalation_decisions SELECT * FROM escalation_decisions ON CONFLICT (provider_id, id) DO UPDATE SET because = 'x'",
    ] {
        app.execute(AssertSqlSafe(begin.clone())).await.unwrap();
        let answer = app.execute(AssertSqlSafe(attack.to_owned())).await;
        app.execute("ROLLBACK").await.unwrap();
        let error = answer.expect_err(attack);
        let code = error.as_database_error().and_then(|e| e.code()).unwrap_or_default().to_string();
        assert!(["42501", "TL005"].contains(&code.as_str()), "{attack}: {error}");
    }
    assert_eq!(number(&db, "SELECT count(*) FROM escalation_decisions").await, 3);
    assert_eq!(broken_lines(&db).await, 0);
}

#[rstest]
#[case::high(Risk::High, &[], "Say when the interim control is checked: the action is late and its risk is high")]
#[case::critical(Risk::Critical, &[], "Say when the interim control is checked: the action is late and its risk is high")]
#[case::medium(Risk::Medium, &[], "")]
#[case::high_and_checked(Risk::High, &[("control_check_on", "2026-11-27")], "")]
#[case::checked_in_the_past(Risk::Medium, &[("control_check_on", "2026-11-24")], "Set a check that is today or later, and not before it starts")]
#[case::ends_before_it_starts(Risk::Medium, &[("control_from", "2026-11-28"), ("control_until", "2026-11-27")], "Set an end that is today or later, and not before it starts")]
#[tokio::test]
async fn a_control_of_a_late_high_risk_action_is_checked(
    #[case] risk: Risk,
    #[case] dates: &[(&'static str, &str)],
    #[case] said: &str,
) {
    let db = TestDb::new().await;
    let (w, action) = late(&db, risk).await;
    let path = format!("/escalations/{}", w.escalation(&db, action, 1).await);
    let fields = acting(&w, action, dates).await;
    let answer = send(&w, "manager", &path, &fields).await;
    assert_eq!(answer.status, if said.is_empty() { 303 } else { 422 }, "{}", answer.text());
    assert!(answer.text().contains(said), "{}", answer.text());
    let recorded = number(&db, "SELECT count(*) FROM escalation_decisions").await;
    assert_eq!(recorded, i64::from(said.is_empty()));
    if said.is_empty() {
        let from = texts(&db, "SELECT control_from::text FROM escalation_decisions").await;
        assert_eq!(from, ["2026-11-25"], "it starts today when nothing else was said");
    }
}

/// The days of a control, by hand: decided on Wednesday 25, checked by Friday 27, until Monday 30.
#[rstest]
#[case("2026-11-27", true, false)]
#[case("2026-11-28", true, true)]
#[case("2026-11-30", true, true)]
#[case("2026-12-01", false, false)]
#[tokio::test]
async fn a_late_check_is_said_and_an_ended_control_is_history(
    #[case] on: &str,
    #[case] stands: bool,
    #[case] check_late: bool,
) {
    let db = TestDb::new().await;
    let (w, action) = late(&db, Risk::High).await;
    let id = w.escalation(&db, action, 1).await;
    let control =
        ControlDays { from: None, check_on: Some(day("2026-11-27")), until: Some(day("2026-11-30")) };
    let given = DecisionGiven { control, ..act(None) };
    decide(&w.app, w.actor("manager"), id, w.version(action).await, &given).await.unwrap();
    while w.today() < day(on) {
        w.days_pass(1);
    }
    let manager = w.browser("manager").await;
    let page = manager.get(&format!("/escalations/{id}")).await.text();
    assert_eq!(page.contains("The check is late."), check_late, "{page}");
    assert_eq!(page.contains("Interim control, ended"), !stands);
    let page = manager.get(&format!("/actions/{action}")).await.text();
    assert_eq!(page.contains("What keeps people safe meanwhile"), stands, "{page}");
    assert_eq!(page.contains("The check is late."), check_late);
    assert!(page.contains(&given.interim_control), "as history it stays in the timeline");
    // without one that stands, it is the loudest thing on the screen again
    let dashboard = manager.get("/dashboard").await.text();
    assert_eq!(dashboard.contains("nothing is recorded that keeps people safe"), !stands, "{dashboard}");
}

#[tokio::test]
async fn a_date_moves_only_while_it_is_with_its_owner() {
    let db = TestDb::new().await;
    let (w, action) = late(&db, Risk::Medium).await;
    let id = w.escalation(&db, action, 1).await;
    w.submit(action, "carer").await;
    let seen = w.version(action).await;
    let stop = decide(&w.app, w.actor("manager"), id, seen, &act(Some(day("2026-12-11")))).await;
    assert!(matches!(stop, Err(Stop::Refused(_))), "{stop:?}");
    assert_eq!(w.case(action).await.action.extensions, 0);
}

#[tokio::test]
async fn each_list_has_what_waits_for_whom() {
    let db = TestDb::new().await;
    let (w, high) = late(&db, Risk::High).await;
    let own = w.due(Risk::Low, Topic::Falls, "manager", day("2026-11-25")).await;
    let medium = w.due(Risk::Medium, Topic::Dignity, "carer", day("2026-11-25")).await;
    w.days_pass(1);
    tick(&w.app).await.unwrap();
    let listed = async |who: &str, show: &str| {
        let page = w.browser(who).await.get(&format!("/escalations?show={show}")).await;
        assert_eq!(page.status, 200);
        let mut found = Vec::new();
        for action in [high, own, medium] {
            for level in [1, 2] {
                let sql = format!(
                    "SELECT e.id::text FROM escalations e JOIN actions a ON a.id = e.action_id WHERE a.number = {} AND e.level = {level} AND e.provider_id = '{}'",
                    action.number, w.provider
                );
                if texts(&db, &sql).await.first().is_some_and(|id| page.body.contains(id.as_str())) {
                    found.push((action, level));
                }
            }
        }
        found
    };
    assert_eq!(listed("manager", "mine").await, [(high, 1), (medium, 1)]);
    assert_eq!(listed("manager", "others").await, [(high, 2), (own, 1)], "one's own lateness is for others");
    assert_eq!(listed("quality", "mine").await, [(high, 2), (own, 1)], "no other manager is there to decide");
    assert_eq!(listed("quality", "others").await, [(high, 1), (medium, 1)]);
    assert_eq!(listed("deputy", "mine").await, []);
    assert_eq!(listed("deputy", "others").await, [(high, 1), (high, 2), (own, 1), (medium, 1)]);
    let id = w.escalation(&db, medium, 1).await;
    decide(&w.app, w.actor("manager"), id, w.version(medium).await, &act(None)).await.unwrap();
    assert_eq!(listed("manager", "mine").await, [(high, 1)]);
    assert_eq!(listed("deputy", "decided").await, [(medium, 1)]);
    // what is shown first, and the tabs
    let page = w.browser("manager").await.get("/escalations").await;
    for tab in ["Waiting for me", "Waiting for others", "Decided"] {
        assert!(page.text().contains(tab));
    }
    assert!(page.body.contains("show=mine\" aria-current=\"true\""), "{}", page.body);
    let page = w.browser("deputy").await.get("/escalations").await;
    assert!(!page.text().contains("Waiting for me"), "who never decides has no such list");
}

#[tokio::test]
async fn the_log_of_a_service_has_everything_in_its_days() {
    let db = TestDb::new().await;
    let (w, action) = late(&db, Risk::Medium).await;
    let id = w.escalation(&db, action, 1).await;
    let given = DecisionGiven { support_needed: "Two hours of the pharmacist".into(), ..act(None) };
    decide(&w.app, w.actor("manager"), id, w.version(action).await, &given).await.unwrap();
    let manager = w.browser("manager").await;
    let log = |query: &str| format!("/escalations/log?service=rowan-house{query}");
    let page = manager.get(&log("&from=2026-11-25&to=2026-11-25")).await;
    assert_eq!(page.status, 200);
    for said in [
        "Escalation log of",
        "25 November 2026 to 25 November 2026",
        &action.to_string(),
        "It was due on 23 November 2026 and is not done",
        "escalated to the registered manager",
        "Act on it, Priya Nair",
        "Support needed: Two hours of the pharmacist",
        "check by 31 December 2029",
    ] {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    for (query, empty) in [("&from=2026-11-24&to=2026-11-24", true), ("&to=2026-11-24", true), ("", false)] {
        let page = manager.get(&log(query)).await.text();
        assert_eq!(page.contains("Nothing was escalated in these days."), empty, "{query}: {page}");
    }
    let page = manager.get(&log("&from=2026-11-26&to=2026-11-25")).await.text();
    assert!(page.contains("Choose a first day that is not after the last"), "{page}");
    let first = manager.get("/escalations/log").await.text();
    assert!(first.contains(&action.to_string()), "without a service, the first they see");
    for (who, query) in [
        ("manager", "?service=rowan-visits"),
        ("manager", "?service=willow-lodge"),
        ("carer", "?service=rowan-house"),
        ("leader", "?service=rowan-house"),
        ("administrator", "?service=rowan-house"),
        ("reader", "?service=rowan-house"),
    ] {
        let answer = w.browser(who).await.get(&format!("/escalations/log{query}")).await;
        assert_eq!(answer.status, 404, "{who} {query}");
    }
    assert_eq!(w.browser("quality").await.get("/escalations/log?service=rowan-visits").await.status, 200);
}
