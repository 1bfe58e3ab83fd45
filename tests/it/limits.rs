//! The limits of a figure are calculated anew from a month by those who run governance, with a reason that stays; what was signed
//! off before is judged as it was (R23, R25).

use rstest::rstest;
use throughline::clock::{Clock, london_hour};
use throughline::domain::topic::{Risk, Topic};
use throughline::worker::keep_figures;

use super::governance_meeting::{sign, write};
use super::worker::{broken_lines, number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World, day, world};

const LIMITS: &str = "/governance/2026-11/m7/limits";
const CHART: &str = "/governance/2026-11?figure=m7";
const WHY: &str = "From here on every service looks for earlier findings";

/// Something was found in each of six months, and December has begun.
async fn six_months(db: &TestDb) -> World {
    let w = world(db, Clock::fixed(london_hour(day("2026-06-10"), 10))).await;
    for month in 6..=11 {
        w.at(london_hour(day(&format!("2026-{month:02}-10")), 10));
        w.log_finding("manager", Risk::Medium, Topic::Falls).await;
    }
    w.at(london_hour(day("2026-12-04"), 10));
    keep_figures(&w.app).await.unwrap();
    w
}

async fn cut(browser: &Browser, service: &str, from: &str) -> Answer {
    let fields = [("service", service), ("stands", "yes"), ("from", from), ("why", WHY)];
    browser.post(LIMITS, &fields).await
}

async fn chart(browser: &Browser, path: &str) -> String {
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{path}");
    page.text()
}

#[tokio::test]
async fn limits_are_calculated_anew_with_a_reason_and_it_can_be_taken_back() {
    let db = TestDb::new().await;
    let w = six_months(&db).await;
    let (quality, nominated) = (w.browser("quality").await, w.browser("nominated").await);
    let house = format!("{CHART}&service={}", w.house.slug);
    let page = quality.get(CHART).await;
    assert!(page.body.contains("/governance/2026-11/m7/limits"), "a way there: {}", page.text());
    assert!(!page.text().contains("calculated anew from"), "{}", page.text());
    let page = chart(&quality, LIMITS).await;
    assert!(
        page.contains("November 2026") && !page.contains("June 2026"),
        "not from the first month: {page}"
    );

    let done = cut(&quality, "", "2026-09").await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(done.location(), "/p/rowan-care/governance/2026-11?figure=m7#chart");
    let said = format!("Limits calculated anew from September 2026: {WHY}");
    for browser in [&quality, &nominated] {
        let page = chart(browser, CHART).await;
        assert!(page.contains(&said) && page.contains("4 December 2026"), "{page}");
    }
    assert!(
        !chart(&quality, &house).await.contains("calculated anew from"),
        "another place has its own limits"
    );
    assert!(!chart(&quality, "/governance/2026-11?figure=m1").await.contains("calculated anew from"));
    assert!(
        !chart(&quality, "/governance/2026-08?figure=m7").await.contains("calculated anew from"),
        "later than its line"
    );
    let trail = texts(
        &db,
        "SELECT line::jsonb -> 'detail' ->> 'month' FROM events WHERE kind = 'limits_recalculated'",
    )
    .await;
    assert_eq!(trail, ["2026-09"]);

    // two at once: the second is told, and what they wrote is kept
    let late = cut(&nominated, "", "2026-09").await;
    assert_eq!(late.status, 409, "{}", late.text());
    assert!(late.text().contains("Somebody else") && late.body.contains(WHY), "{}", late.text());

    let back =
        [("service", ""), ("stands", "no"), ("back_from", "2026-09"), ("back_why", "Two months are too few")];
    assert_eq!(nominated.post(LIMITS, &back).await.status, 303);
    assert!(!chart(&quality, CHART).await.contains("calculated anew from"));
    let page = chart(&quality, LIMITS).await;
    assert!(
        page.contains("Limits no longer calculated anew from September 2026")
            && page.contains("Two months are too few"),
        "{page}"
    );
    assert_eq!(nominated.post(LIMITS, &back).await.status, 409, "it does not stand any more");
    assert_eq!(number(&db, "SELECT count(*) FROM figure_recalculations").await, 2);
    assert_eq!(broken_lines(&db).await, 0);
}

#[rstest]
#[case("2026-06", WHY, "Choose a month in which this was counted, after the first one")]
#[case("2026-12", WHY, "Choose a month in which this was counted, after the first one")]
#[case("2026-13", WHY, "Choose a month")]
#[case("", WHY, "Choose a month")]
#[case("2026-09", " ", "Say what changed then")]
#[tokio::test]
async fn what_cannot_be_is_refused_with_a_sentence(
    #[case] from: &str,
    #[case] why: &str,
    #[case] says: &str,
) {
    let db = TestDb::new().await;
    let w = six_months(&db).await;
    let fields = [("service", ""), ("stands", "yes"), ("from", from), ("why", why)];
    let page = w.browser("quality").await.post(LIMITS, &fields).await;
    assert_eq!(page.status, 422, "{}", page.text());
    assert!(page.text().contains(says), "{}", page.text());
    assert_eq!(number(&db, "SELECT count(*) FROM figure_recalculations").await, 0);
}

#[tokio::test]
async fn who_runs_a_service_reads_the_reason_and_decides_nothing() {
    let db = TestDb::new().await;
    let w = six_months(&db).await;
    let house = w.house.slug;
    assert_eq!(cut(&w.browser("quality").await, house, "2026-09").await.status, 303);
    for who in ["manager", "deputy", "safeguarding", "administrator"] {
        let browser = w.browser(who).await;
        let page = browser.get(&format!("{CHART}&service={house}")).await;
        assert!(page.text().contains("Limits calculated anew from September 2026"), "{who}: {}", page.text());
        assert!(!page.body.contains("/m7/limits"), "{who}: no way there");
        assert_eq!(browser.get(LIMITS).await.status, 404, "{who}");
        assert_eq!(cut(&browser, house, "2026-08").await.status, 404, "{who}");
    }
    assert_eq!(cut(&w.browser("quality").await, "nowhere", "2026-08").await.status, 404);
}

/// Later decisions on limits change no word of a month that was signed, nor of its report.
#[tokio::test]
async fn a_signed_month_is_judged_by_the_limits_it_had() {
    let db = TestDb::new().await;
    let w = six_months(&db).await;
    let (quality, nominated) = (w.browser("quality").await, w.browser("nominated").await);
    assert_eq!(cut(&quality, "", "2026-08").await.status, 303);
    assert_eq!(write(&w, &quality, "", "0", "The figures were read one by one").await.status, 303);
    assert_eq!(sign(&nominated, "", "1").await.status, 303);
    let signed = chart(&quality, CHART).await;
    assert!(signed.contains("Limits calculated anew from August 2026"), "{signed}");
    w.at(london_hour(day("2026-12-05"), 10));
    let report = quality.get("/governance/2026-11/report.pdf").await;
    let back =
        [("service", ""), ("stands", "no"), ("back_from", "2026-08"), ("back_why", "It was too early")];
    assert_eq!(quality.post(LIMITS, &back).await.status, 303);
    assert_eq!(cut(&quality, "", "2026-10").await.status, 303);
    let again = chart(&quality, CHART).await;
    assert!(
        again.contains("Limits calculated anew from August 2026")
            && !again.contains("anew from October 2026"),
        "{again}"
    );
    assert_eq!(report.body, quality.get("/governance/2026-11/report.pdf").await.body, "nor its report");
    let open = chart(&quality, "/governance/2026-10?figure=m7").await;
    assert!(
        open.contains("Limits calculated anew from October 2026") && !open.contains("anew from August"),
        "{open}"
    );
}
