//! The loudest thing on the screen (R13) is the same wherever it is shown, and counts everything that is so loud.

use throughline::clock::Clock;
use throughline::domain::significance::Weight;
use throughline::domain::topic::{Risk, Topic};
use throughline::store::alarm::{self, Loudest};
use throughline::store::dashboard::{self, Asked, Danger};
use throughline::worker::tick;
use throughline::workflow::escalation::decide;

use crate::control::checked_by;
use crate::dashboard::busy_world;
use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};
use crate::worker::act;

/// The alarm of whoever looks, as the dashboard has it and as pages without a dashboard ask for it.
async fn loudest(w: &World, who: &str) -> Option<Loudest> {
    let member = &w.actor(who).member;
    let weight = Weight::usual(member.role);
    let asked = Asked { member, service: None, weight, today: w.today() };
    let mut tx = w.actor(who).begin(&w.app).await.unwrap();
    let shown = dashboard::read(&mut tx, &asked, w.today(), 10).await.unwrap().loudest();
    let all = dashboard::read(&mut tx, &asked, w.today(), 1000).await.unwrap();
    let there = alarm::read(&mut tx, &asked).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(there, shown, "{who}");
    let uncontrolled = all.needs.iter().filter(|n| n.danger == Danger::NoControl).count();
    assert_eq!(there.map_or(0, |l| l.without_control), i64::try_from(uncontrolled).unwrap(), "{who}");
    there
}

#[tokio::test]
async fn the_alarm_is_the_same_where_there_is_no_dashboard_and_counts_all() {
    let everybody =
        ["manager", "manager_two", "deputy", "quality", "nominated", "safeguarding", "administrator"];
    for seed in [3, 11] {
        let db = TestDb::new().await;
        let w = busy_world(&db, seed).await;
        for who in everybody {
            loudest(&w, who).await;
        }
    }
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let checked = w.due(Risk::Critical, Topic::Falls, "carer", day("2026-11-23")).await;
    let mut late = Vec::new();
    for owner in [
        "manager",
        "nominated",
        "quality",
        "carer",
        "carer",
        "carer",
        "carer",
        "carer",
        "carer",
        "carer",
        "carer",
    ] {
        late.push(w.due(Risk::High, Topic::Medicines, owner, day("2026-11-24")).await);
    }
    for who in everybody {
        assert_eq!(loudest(&w, who).await, None, "{who}: nothing is late");
    }
    w.days_pass(3);
    tick(&w.app).await.unwrap();
    let id = w.escalation(&db, checked, 1).await;
    let control = checked_by(Some("2026-11-25"), Some("2026-12-04"));
    decide(&w.app, w.actor("manager"), id, w.version(checked).await, &control).await.unwrap();
    w.days_pass(3);
    tick(&w.app).await.unwrap();
    for who in everybody.into_iter().filter(|who| *who != "manager_two") {
        let found = loudest(&w, who).await.expect("an alarm");
        assert_eq!((found.danger, found.without_control), (Danger::NoControl, 11), "{who}");
    }
    let page = w.browser("manager").await.get("/dashboard").await;
    assert!(page.text().contains("11 high-risk actions are late"), "{}", page.text());
    // each gets a control; then the one that nobody checked is the loudest
    for action in late {
        let own = w.case(action).await.action.owner.is_some_and(|o| o.id == w.actor("quality").member.id);
        let who = if own { "nominated" } else { "quality" };
        let id = w.escalation(&db, action, 2).await;
        decide(&w.app, w.actor(who), id, w.version(action).await, &act(None)).await.unwrap();
        for who in everybody {
            loudest(&w, who).await;
        }
    }
    let left = loudest(&w, "manager").await.expect("an alarm");
    assert_eq!(
        (left.danger, left.number, left.without_control),
        (Danger::ControlUnchecked, checked.number, 0)
    );
}
