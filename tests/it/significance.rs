//! What is minor is told apart from what leaders follow, and never hidden silently (R4).

use throughline::clock::Clock;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Significance, Theme, Topic};
use throughline::workflow::finding::log;

use crate::harness::TestDb;
use crate::harness::fixtures::{Browser, World, saturday, world};

/// Logs a finding in the house, `days_ago`.
async fn found(
    w: &World,
    by: &str,
    risk: Risk,
    topic: Topic,
    said: Option<Significance>,
    days_ago: u64,
) -> Reference {
    let mut new = w.finding(by, risk, topic);
    new.theme = Theme::Safety;
    new.significance = said;
    new.found_on = w.today() - chrono::Days::new(days_ago);
    if let throughline::workflow::finding::Source::New { held_on, .. } = &mut new.source {
        *held_on = new.found_on;
    }
    log(&w.app, w.actor(by), &new, None).await.unwrap()
}

/// The references in the rows of a list, with what each row says of its significance.
async fn rows(browser: &Browser, path: &str) -> Vec<(String, String)> {
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{path}");
    let rows = page.body.split("row__ref\">").skip(1).map(|row| {
        let line = row.split('<').next().unwrap();
        let parts: Vec<&str> = line.split(" · ").collect();
        ((*parts.first().unwrap()).to_owned(), (*parts.last().unwrap()).to_owned())
    });
    rows.collect()
}

fn says(found: Reference, what: &str) -> (String, String) {
    (found.to_string(), what.to_owned())
}

#[tokio::test]
async fn findings_are_filtered_by_significance() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let minor = found(&w, "manager", Risk::Low, Topic::Nutrition, None, 1).await;
    let wider = found(&w, "manager", Risk::Low, Topic::Dignity, Some(Significance::Governance), 2).await;
    let high = found(&w, "manager", Risk::High, Topic::Consent, Some(Significance::Minor), 3).await;
    let mut falls = Vec::new();
    for days_ago in [4, 30, 89] {
        falls.push(found(&w, "manager", Risk::Low, Topic::Falls, None, days_ago).await);
    }
    // not repeated: one of three in another service; one of three too long ago; no topic at all
    let elsewhere = found(&w, "manager_two", Risk::Low, Topic::Staffing, None, 5).await;
    for days_ago in [5, 6] {
        found(&w, "manager", Risk::Low, Topic::Staffing, None, days_ago).await;
    }
    for days_ago in [7, 8, 90] {
        found(&w, "manager", Risk::Low, Topic::Training, None, days_ago).await;
    }
    for days_ago in [9, 9, 9] {
        found(&w, "manager", Risk::Low, Topic::Other, None, days_ago).await;
    }
    let quality = w.browser("quality").await;
    let shown = rows(&quality, "/findings?significance=wider").await;
    let repeated = |n: usize| says(falls[n], "Minor, but repeated");
    let wanted = [
        says(wider, "Wider significance"),
        says(high, "Minor, but high risk"),
        repeated(0),
        repeated(1),
        repeated(2),
    ];
    assert_eq!(shown, wanted);
    let rest = rows(&quality, "/findings?significance=minor").await;
    assert_eq!(rest.len(), 1 + 3 + 3 + 3);
    assert!(rest.iter().all(|(_, says)| says == "Minor"), "{rest:?}");
    assert!(rest.contains(&says(minor, "Minor")) && rest.contains(&says(elsewhere, "Minor")));
    assert_eq!(rows(&quality, "/findings").await.len(), wanted.len() + rest.len(), "both by default");
    assert_eq!(rows(&quality, "/findings?significance=all").await.len(), wanted.len() + rest.len());
    assert_eq!(
        rows(&quality, "/findings?significance=wider&risk=high").await,
        [says(high, "Minor, but high risk")]
    );
    assert_eq!(quality.get("/findings?significance=huge").await.status, 404);
}
