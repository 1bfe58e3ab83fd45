//! Interim controls whose check is late (R13), and services whose weekly review is (R24): on the dashboard and in the list
//! of escalations.

use sqlx::{AssertSqlSafe, Executor as _};
use throughline::clock::Clock;
use throughline::database::roles;
use throughline::domain::control::ControlDays;
use throughline::domain::escalation::DecisionGiven;
use throughline::domain::topic::{Risk, Topic};
use throughline::worker::tick;
use throughline::workflow::change::cancel;
use throughline::workflow::escalation::decide;
use throughline::workflow::weekly::{Finish, finish, record, start};

use super::worker::{act, number};
use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};

/// A control that is checked by a day, until another.
pub fn checked_by(check_on: Option<&str>, until: Option<&str>) -> DecisionGiven {
    let control = ControlDays { from: None, check_on: check_on.map(day), until: until.map(day) };
    DecisionGiven { control, ..act(None) }
}

/// The first thing that needs somebody now, and whether there is an alarm.
async fn first(w: &World, who: &str) -> (String, bool) {
    let page = w.browser(who).await.get("/dashboard").await;
    let alarm = page.body.contains("class=\"alarm\"");
    let item = page.body.split("<li class=\"work__i\">").nth(1).unwrap_or_default();
    let text = crate::harness::fixtures::Answer {
        body: item.split("</li>").next().unwrap_or_default().to_owned(),
        ..page
    };
    (text.text(), alarm)
}

#[tokio::test]
async fn a_late_check_comes_right_after_what_has_no_control() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let high = w.due(Risk::High, Topic::Medicines, "carer", day("2026-11-23")).await;
    let low = w.due(Risk::Low, Topic::Falls, "carer", day("2026-11-23")).await;
    w.days_pass(3);
    tick(&w.app).await.unwrap();
    let by = w.actor("manager");
    let id = w.escalation(&db, high, 1).await;
    decide(&w.app, by, id, w.version(high).await, &checked_by(Some("2026-11-26"), Some("2026-12-04")))
        .await
        .unwrap();
    let (item, alarm) = first(&w, "manager").await;
    assert!(!item.contains(&high.to_string()) && !alarm, "nothing is late about it yet: {item}");
    let list = "/escalations";
    let manager = w.browser("manager").await;
    assert!(!manager.get(list).await.text().contains("Interim controls to check"));

    w.days_pass(2); // Thursday 26 November, the day of the check
    assert!(!first(&w, "manager").await.1);
    w.days_pass(1);
    let (item, alarm) = first(&w, "manager").await;
    let said = "interim control should have been checked by 26 November 2026";
    assert!(
        item.contains(&high.to_string()) && item.contains(said) && item.contains("Check the control"),
        "{item}"
    );
    assert!(alarm, "high risk, and nobody has looked");
    let page = manager.get("/dashboard").await;
    let sentence = format!("The interim control of {high} should have been checked by 26 November 2026.");
    assert!(page.text().contains(&sentence) && page.text().contains("Record the check"), "{}", page.text());
    assert!(page.body.contains(&format!("/escalations/{id}")), "it leads to where it is recorded");
    // whoever does not decide opens it, and the quality lead sees it as well
    let (item, _) = first(&w, "deputy").await;
    assert!(item.contains(said) && !item.contains("Check the control"), "{item}");
    assert!(first(&w, "quality").await.0.contains(said));
    assert!(!first(&w, "manager_two").await.0.contains(&high.to_string()), "not in their service");
    let text = manager.get(list).await.text();
    assert!(text.contains("Interim controls to check") && text.contains(said), "{text}");
    assert!(!text.contains(&format!("{low} · Rowan House · interim")), "{text}");
    assert!(!w.browser("manager_two").await.get(list).await.text().contains("Interim controls to check"));

    // one that is late without a control is louder
    let worse = w.due(Risk::Critical, Topic::Falls, "carer", w.today()).await;
    w.days_pass(1);
    let (item, _) = first(&w, "manager").await;
    assert!(item.contains(&worse.to_string()) && item.contains("no interim control recorded"), "{item}");
    tick(&w.app).await.unwrap();
    let next = w.escalation(&db, worse, 1).await;
    decide(&w.app, by, next, w.version(worse).await, &checked_by(Some("2026-12-01"), None)).await.unwrap();

    // checked: a decision follows the earlier one, with the next check
    decide(&w.app, by, id, w.version(high).await, &checked_by(Some("2026-11-30"), Some("2026-12-04")))
        .await
        .unwrap();
    assert!(!first(&w, "manager").await.0.contains(said));
    assert!(!manager.get(list).await.text().contains("Interim controls to check"));
    // after its last day it is no control any more
    w.days_pass(7); // 5 December
    let (item, _) = first(&w, "manager").await;
    assert!(item.contains(&high.to_string()) && item.contains("no interim control recorded"), "{item}");
}

/// What is kept of controls goes with the action, and nobody else writes it.
#[tokio::test]
async fn a_control_goes_when_the_action_does() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.due(Risk::High, Topic::Medicines, "carer", day("2026-11-23")).await;
    w.days_pass(3);
    tick(&w.app).await.unwrap();
    let by = w.actor("manager");
    let id = w.escalation(&db, action, 1).await;
    let kept = "SELECT count(*) FROM controls_to_check";
    decide(&w.app, by, id, w.version(action).await, &checked_by(Some("2026-11-26"), None)).await.unwrap();
    assert_eq!(number(&db, kept).await, 1);
    let mut app = db.connect(roles::APP).await;
    let begin = format!("BEGIN; SET LOCAL app.provider_id = '{}'", w.provider);
    for attack in ["DELETE FROM controls_to_check", "UPDATE controls_to_check SET check_on = '2030-01-01'"] {
        app.execute(AssertSqlSafe(begin.clone())).await.unwrap();
        let error = app.execute(attack).await.unwrap_err();
        let _ = app.execute("ROLLBACK").await;
        assert_eq!(error.as_database_error().and_then(|e| e.code()).unwrap_or_default(), "42501", "{attack}");
    }
    cancel(&w.app, by, action.number, w.version(action).await, "The unit has closed").await.unwrap();
    assert_eq!(number(&db, kept).await, 0);
}

#[tokio::test]
async fn a_service_without_its_weekly_review_is_marked() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let marked = async |who: &str| {
        let text = w.browser(who).await.get("/dashboard").await.text();
        let from = text.find("Weekly review Rowan").map(|at| text[at..].chars().take(90).collect::<String>());
        from.unwrap_or_default()
    };
    assert_eq!(marked("manager").await, "", "nothing is open there");
    let (_, action) = w.line(Risk::Low, Topic::Falls, "carer").await;
    w.line(Risk::Low, Topic::Falls, "visitor").await;
    assert!(
        marked("manager")
            .await
            .starts_with("Weekly review Rowan House: never reviewed Hold the weekly review")
    );
    assert!(marked("quality").await.contains("Rowan House: never reviewed Rowan Visits: never reviewed"));
    assert_eq!(marked("administrator").await, "", "holds none");
    let by = w.actor("manager");
    let id = start(&w.app, by, w.house.id).await.unwrap();
    assert!(marked("manager").await.contains("never reviewed"), "begun is not held");
    let agreed = throughline::domain::weekly::Agreed {
        standing: throughline::domain::weekly::Standing::OnTrack,
        note: "Talked through".into(),
        support_needed: String::new(),
    };
    record(&w.app, by, id, (action.number, 0), &agreed).await.unwrap();
    let present = Finish { present: vec![by.member.id], others: String::new() };
    finish(&w.app, by, id, &present).await.unwrap();
    assert_eq!(marked("manager").await, "");
    assert!(marked("quality").await.starts_with("Weekly review Rowan Visits: never reviewed"));
    w.days_pass(7);
    assert_eq!(marked("manager").await, "");
    w.days_pass(1);
    assert!(marked("manager").await.starts_with("Weekly review Rowan House: not reviewed for 8 days"));
    // and the action says when it was last reviewed, and by whom
    let page = w.browser("carer").await.get(&format!("/actions/{action}")).await.text();
    assert!(page.contains("Last weekly review") && page.contains("Priya Nair"), "{page}");
}
