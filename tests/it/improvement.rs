//! Closing with measured improvement (M9): asked for by the closure standard, shown by the rules for charts, kept with the closure.

use axum::http::StatusCode;
use throughline::clock::Clock;
use throughline::domain::measure::{Cadence, Reading};
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::workflow::{closure, measure, standard};

use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};
use crate::review::sentences;
use crate::worker::{broken_lines, number, texts};

/// The standard for medicines asks for improvement from now on.
async fn asks(w: &World) {
    let all = standard::read(&w.app, w.actor("quality")).await.unwrap();
    let of = all.into_iter().find(|s| s.topic == Some(Topic::Medicines) && s.source.is_none()).unwrap();
    let seen = standard::fingerprint(&of);
    let given = throughline::domain::standard::ClosureStandard { measured_improvement: true, ..of };
    standard::change(&w.app, w.actor("quality"), &seen, &given, "Doing is not yet improving").await.unwrap();
}

async fn proven(w: &World, topic: Topic) -> Reference {
    let (_, action) = w.line(Risk::Low, topic, "carer").await;
    w.submit(action, "carer").await;
    w.verify(action, "deputy", Outcome::Complete).await;
    action
}

/// Twelve months of readings up to October, besides those the measure has.
fn months() -> Vec<Reading> {
    let mut period = day("2026-08-01");
    let mut readings = Vec::new();
    for value in [8.0, 9.0, 7.0, 9.0, 8.0, 7.0, 9.0, 8.0, 7.0, 8.0] {
        period = Cadence::Monthly.period_of(period.pred_opt().unwrap());
        readings.push(Reading { period, numerator: Some(value), denominator: None });
    }
    readings
}

#[tokio::test]
async fn an_action_closes_when_its_measure_is_better_and_not_by_chance() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let before = proven(&w, Topic::Medicines).await;
    asks(&w).await;
    let action = proven(&w, Topic::Medicines).await;
    let manager = w.browser("manager").await;
    let page = async |a: Reference| manager.get(&format!("/actions/{a}")).await.text();
    let refused = async || {
        let seen = w.version(action).await;
        sentences(closure::close(&w.app, w.actor("manager"), action.number, seen, "Eight of eight").await)
    };
    let at_once = page(action).await;
    assert!(at_once.contains("Measured improvement No measure names this action yet"), "{at_once}");
    assert!(refused().await.contains("Missing: measured improvement."));
    // what was agreed by the standard of before closes as it was agreed
    assert!(!page(before).await.contains("Measured improvement"));
    w.close(before, "manager").await;

    let of = crate::measure::defined(&w.app, w.actor("manager"), Some(w.house.id)).await;
    measure::name_action(&w.app, w.actor("manager"), of, action.number).await.unwrap();
    let read = async |readings: &[Reading], why: &str| {
        measure::record(&w.app, w.actor("manager"), of, readings, why).await.unwrap();
    };
    let november = |value| Reading { period: day("2026-11-01"), numerator: Some(value), denominator: None };
    assert!(
        page(action)
            .await
            .contains("Falls a month: the newest reading is for October 2026, before it was done")
    );
    read(&[november(0.0)], "").await;
    assert!(
        page(action).await.contains("Falls a month: 4 readings so far, and limits are drawn from seven on")
    );
    read(&months(), "").await;
    read(&[november(8.0)], "Counted again").await;
    let usual = page(action).await;
    assert!(
        usual.contains("8 falls for November 2026 is usual variation, so nothing has changed"),
        "{usual}"
    );
    assert!(refused().await.contains("Missing: measured improvement."));
    read(&[november(15.0)], "Counted again").await;
    assert!(page(action).await.contains("15 falls for November 2026 is worse than usual"));
    read(&[november(0.0)], "Counted again").await;
    let shown = "Falls a month: 0 falls for November 2026 is better than usual, and not by chance: it is outside the limits";
    assert!(page(action).await.contains(shown));
    w.close(action, "manager").await;
    let closed = page(action).await;
    assert!(closed.contains("improvement measured, look again on") && closed.contains(shown), "{closed}");
    // what is read afterwards changes nothing of what was shown
    read(&[november(9.0)], "Counted once more").await;
    assert!(page(action).await.contains(shown));
    let kept = "SELECT a.number || ' ' || i.period || ' ' || i.round || ' ' || i.rule FROM measured_improvements i JOIN actions a ON a.id = i.action_id";
    assert_eq!(texts(&db, kept).await, ["2 2026-11-01 4 outside"]);
    assert_eq!(broken_lines(&db).await, 0);
}

/// Where nobody asked for it, what a measure shows at closure is kept all the same, and nothing else is.
#[tokio::test]
async fn every_closure_keeps_whether_a_measure_showed_improvement() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (better, usual) = (proven(&w, Topic::Falls).await, proven(&w, Topic::Falls).await);
    let of = crate::measure::defined(&w.app, w.actor("manager"), Some(w.house.id)).await;
    measure::record(&w.app, w.actor("manager"), of, &months(), "").await.unwrap();
    measure::name_action(&w.app, w.actor("manager"), of, better.number).await.unwrap();
    measure::name_action(&w.app, w.actor("manager"), of, usual.number).await.unwrap();
    w.close(usual, "manager").await;
    let november = Reading { period: day("2026-11-01"), numerator: Some(0.0), denominator: None };
    measure::record(&w.app, w.actor("manager"), of, &[november], "").await.unwrap();
    w.close(better, "manager").await;
    let kept = "SELECT a.number::text FROM measured_improvements i JOIN actions a ON a.id = i.action_id";
    assert_eq!(texts(&db, kept).await, [better.number.to_string()]);
    assert_eq!(number(&db, "SELECT count(*) FROM closures").await, 2);
    let page = w.browser("manager").await.get(&format!("/actions/{better}")).await.text();
    assert!(
        page.contains("Measured improvement. Falls a month: 0 falls for November 2026 is better"),
        "{page}"
    );
}

/// The form of a standard asks for it, the list and the history say so.
#[tokio::test]
async fn a_standard_asks_for_it_in_settings() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let quality = w.browser("quality").await;
    let id =
        texts(&db, "SELECT id::text FROM closure_standards WHERE topic = 'falls' AND source IS NULL").await;
    let path = format!("/settings/standards/{}", id[0]);
    let form = quality.get(&path).await;
    let seen = form.field("seen");
    let fields = [
        ("evidence", "record"),
        ("evidence", "observed_practice"),
        ("window", "3"),
        ("approver", "registered_manager"),
        ("due", "20"),
        ("sustain", "28"),
        ("sustain_again", "91"),
        ("improvement", "yes"),
        ("reason", "Doing is not yet improving"),
        ("seen", &*seen),
    ];
    let done = quality.post(&path, &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let list = quality.get("/settings/standards").await.text();
    assert!(list.contains("and measured improvement"), "{list}");
    assert!(list.contains("Measured improvement: asked for instead of not asked for"), "{list}");
    assert!(quality.get(&path).await.body.contains("value=\"yes\" checked"));
}
