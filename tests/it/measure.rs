//! Measures: defined, read, corrected and calculated anew through the pages; nobody sees those of others (R23).

use sqlx::Executor as _;
use throughline::app::AppState;
use throughline::clock::Clock;
use throughline::domain::measure::{Cadence, Reading, Shape, Way};
use throughline::domain::topic::{Risk, Topic};
use throughline::ids::{MeasureId, ServiceId};
use throughline::store::measure::Measure;
use throughline::workflow::{Actor, measure};

use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World, day, saturday, world};
use crate::worker::{broken_lines, number};

/// Defines a measure of a service through the workflow, with readings for August to October.
pub async fn defined(app: &AppState, by: &Actor, service: Option<ServiceId>) -> MeasureId {
    let id = MeasureId::new();
    let new = Measure {
        id,
        service,
        name: "Falls a month".into(),
        unit: "falls".into(),
        shape: Shape::Number,
        way: Way::Down,
        cadence: Cadence::Monthly,
        baseline: Some(9.0),
        target: Some(4.0),
        deadline: None,
        owner: None,
        feedback: false,
        created_at: app.clock.now(),
    };
    measure::define(app, by, &new).await.unwrap();
    let readings: Vec<Reading> = [("2026-08-01", 9.0), ("2026-09-01", 7.0), ("2026-10-01", 8.0)]
        .iter()
        .map(|(period, value)| Reading { period: day(period), numerator: Some(*value), denominator: None })
        .collect();
    measure::record(app, by, id, &readings, "").await.unwrap();
    id
}

fn reading<'a>(month: &'a str, numerator: &'a str, reason: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("period", "15"),
        ("period-month", month),
        ("period-year", "2026"),
        ("numerator", numerator),
        ("reason", reason),
    ]
}

async fn define(browser: &Browser, fields: &[(String, String)]) -> Answer {
    let borrowed: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    browser.post("/measures/new", &borrowed).await
}

async fn of_house(w: &World) -> (Browser, String) {
    let id = defined(&w.app, w.actor("manager"), Some(w.house.id)).await;
    (w.browser("manager").await, format!("/measures/{id}"))
}

#[tokio::test]
async fn a_measure_is_defined_read_and_followed_on_a_page() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let manager = w.browser("manager").await;
    assert!(manager.get("/measures").await.text().contains("No measure is followed here yet."));
    let form = manager.get("/measures/new").await;
    let id = form.field("id");
    let house = w.house.id.to_string();
    let fields = |name: &'static str, target: &'static str| -> Vec<(String, String)> {
        [
            ("id", id.as_str()),
            ("name", name),
            ("place", house.as_str()),
            ("shape", "share"),
            ("better", "up"),
            ("cadence", "monthly"),
            ("target", target),
        ]
        .map(|(field, value)| (field.to_owned(), value.to_owned()))
        .to_vec()
    };
    let wrong = define(&manager, &fields("", "140")).await;
    assert_eq!(wrong.status, 422);
    for sentence in ["Say what is measured", "a share is in per cent"] {
        assert!(wrong.text().contains(sentence), "{sentence}");
    }
    let right = fields("Records with a review date", "90");
    assert_eq!(define(&manager, &right).await.status, 303);
    assert_eq!(define(&manager, &right).await.status, 303, "sent twice");
    assert_eq!(number(&db, "SELECT count(*) FROM measures").await, 1, "it is one measure");
    let page = format!("/measures/{id}");
    assert!(manager.get(&page).await.text().contains("Nothing has been read yet."));
    let post = format!("{page}/readings");
    let share = |part: &'static str, whole: &'static str| {
        let mut fields = reading("10", part, "");
        fields.push(("denominator", whole));
        fields
    };
    assert!(
        manager.post(&post, &share("60", "50")).await.text().contains("Enter a number from 0 to of how many")
    );
    assert_eq!(manager.post(&post, &share("46", "50")).await.status, 303);
    let shown = manager.get(&page).await;
    assert!(shown.text().contains("92% (46 of 50)") && shown.body.contains("<svg class=\"spc spc--big\""));
    assert!(manager.get("/measures").await.text().contains("92% (46 of 50), October 2026"));
    assert_eq!(broken_lines(&db).await, 0);
}

#[tokio::test]
async fn what_was_read_before_is_corrected_with_a_reason_and_stays_readable() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (manager, page) = of_house(&w).await;
    let post = format!("{page}/readings");
    let same = manager.post(&post, &reading("10", "8", "")).await;
    assert!(same.text().contains("nothing is different"), "{}", same.text());
    let silent = manager.post(&post, &reading("10", "6", "")).await;
    assert_eq!(silent.status, 422);
    assert!(silent.text().contains("October 2026 was recorded before with another value. Say why"));
    assert_eq!(silent.field("numerator"), "6", "nothing typed is lost");
    assert_eq!(manager.post(&post, &reading("10", "6", "Two were near misses")).await.status, 303);
    let shown = manager.get(&page).await.text();
    for words in [
        "Corrected for October 2026: 6 falls",
        "First recorded for October 2026: 8 falls",
        "Two were near misses",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let future = manager.post(&post, &reading("12", "6", "")).await;
    assert!(future.text().contains("Choose a day that is not in the future"));
    for nonsense in ["many", "1e400", "0x1F", "NaN", "="] {
        let refused = manager.post(&post, &reading("11", nonsense, "")).await;
        assert_eq!(refused.status, 422, "{nonsense}");
        assert!(refused.text().contains("Enter a number, like 12 or 87.5"), "{nonsense}");
    }
    // rows are never changed, not even by somebody with SQL as the program's role
    let mut app = db.connect("throughline_app").await;
    let set = format!("SET app.provider_id = '{}'", w.provider);
    app.execute(sqlx::AssertSqlSafe(set)).await.unwrap();
    for sql in ["UPDATE readings SET numerator = 1", "DELETE FROM readings", "UPDATE measures SET target = 1"]
    {
        assert!(app.execute(sql).await.is_err(), "{sql}");
    }
    assert_eq!(broken_lines(&db).await, 0);
}

#[tokio::test]
async fn two_columns_are_pasted_whole_or_not_at_all() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (manager, page) = of_house(&w).await;
    let post = format!("{page}/pasted");
    let wrong = manager.post(&post, &[("pasted", "Month\tFalls\n1/6/2026\t5\n1/7/2026\tmany")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("Line 3: Give a number after the date"), "{}", wrong.text());
    assert_eq!(number(&db, "SELECT count(*) FROM readings").await, 3, "nothing was kept");
    let right = [("pasted", "Month\tFalls\n1/5/2026\t5\n1/6/2026\t6\n1/7/2026\t6\n1/8/2026\t9")];
    assert_eq!(manager.post(&post, &right).await.status, 303);
    assert_eq!(number(&db, "SELECT count(*) FROM readings").await, 6, "August was there with this value");
    let again = manager.post(&post, &right).await;
    assert!(again.text().contains("nothing is different"));
    let corrects = [("pasted", "1/8/2026\t4")];
    assert!(manager.post(&post, &corrects).await.text().contains("August 2026 was recorded before"));
}

#[tokio::test]
async fn limits_are_calculated_anew_with_a_reason_and_taken_back() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (manager, page) = of_house(&w).await;
    let quality = w.browser("quality").await;
    let earlier: String =
        (1..=7).fold(String::new(), |text, month| text + &format!("1/{month}/2026\t{}\n", 8 + month % 2));
    assert_eq!(manager.post(&format!("{page}/pasted"), &[("pasted", &earlier)]).await.status, 303);
    let before = quality.get(&page).await;
    assert!(before.text().contains("The limits are on trial until there are 13 readings."));
    assert!(!before.body.contains("class=\"cut\""));
    let post = format!("{page}/recalculation");
    let anew = [("stands", "yes"), ("from", "2026-09-01"), ("why", "A second carer came in September")];
    assert_eq!(manager.post(&post, &anew).await.status, 404, "not for the registered manager");
    assert_eq!(quality.post(&post, &anew).await.status, 303);
    assert_eq!(quality.post(&post, &anew).await.status, 409, "it stands already");
    let shown = quality.get(&page).await;
    assert!(shown.body.contains("class=\"cut\""));
    assert!(
        shown.text().contains("Limits calculated anew from September 2026")
            && shown.text().contains("A second carer came")
    );
    let back =
        [("stands", "no"), ("back_from", "2026-09-01"), ("back_why", "It was the agency, not the carer")];
    assert_eq!(quality.post(&post, &back).await.status, 303);
    let shown = quality.get(&page).await;
    assert!(!shown.body.contains("class=\"cut\"") && shown.text().contains("no longer calculated anew"));
    let first = [("stands", "yes"), ("from", "2026-01-01"), ("why", "From the beginning")];
    assert!(quality.post(&post, &first).await.text().contains("after the first one"));
}

#[tokio::test]
async fn a_reading_that_does_not_come_is_late_and_actions_are_named() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (manager, page) = of_house(&w).await;
    assert!(!manager.get(&page).await.text().contains("late"));
    w.at("2026-12-11T10:00:00Z".parse().unwrap());
    let manager = w.browser("manager").await;
    assert!(manager.get(&page).await.text().contains("November 2026 is late"), "since the 11th");
    assert!(manager.get("/measures").await.text().contains("November 2026 is late"));
    let (_, action) = w.line(Risk::Medium, Topic::Falls, "carer").await;
    let post = format!("{page}/actions");
    assert_eq!(manager.post(&post, &[("action", &action.to_string())]).await.status, 303);
    assert!(manager.get(&page).await.text().contains(&action.to_string()));
    assert!(manager.get(&format!("/actions/{action}")).await.text().contains("Should move a measure"));
    for (wrong, says) in [
        (action.to_string(), "named already"),
        ("A-9999".into(), "no action"),
        ("falls".into(), "like A-0142"),
    ] {
        let refused = manager.post(&post, &[("action", &wrong)]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains(says), "{wrong}: {}", refused.text());
    }
}

fn definition<'a>(seen: &'a str, name: &'a str, target: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("seen", seen), ("name", name), ("target", target), ("reason", "Days are counted elsewhere")]
}

#[tokio::test]
async fn a_measure_is_changed_with_a_reason_and_what_it_was_stays_readable() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (manager, page) = of_house(&w).await;
    let path = format!("{page}/definition");
    let form = manager.get(&path).await;
    assert!(form.text().contains("stays as it is, because it was read already"), "{}", form.text());
    let owner = w.id("deputy").to_string();
    let mut fields = definition("1", "Falls at night", "2.5");
    fields.push(("owner", &owner));
    let done = manager.post(&path, &fields).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let shown = manager.get(&page).await.text();
    let said = format!(
        "Name: Falls at night instead of Falls a month. Target: 2.5 instead of 4. Owner: {} instead of none.",
        w.actor("deputy").member.name
    );
    assert!(shown.contains(&said) && shown.contains("Days are counted elsewhere"), "{shown}");
    assert!(shown.contains("Falls at night") && shown.contains("8 falls"), "the readings stay");
    for (fields, status, wanted) in [
        (definition("1", "Falls by day", "2.5"), 409, "Somebody changed this since you opened it"),
        (definition("2", "", "2.5"), 422, "Say what is measured"),
        (definition("2", "Falls by day", "few"), 422, "Enter a number, like 12 or 87.5"),
    ] {
        let again = manager.post(&path, &fields).await;
        assert_eq!(again.status, status, "{}", again.text());
        assert!(again.text().contains(wanted), "{}", again.text());
    }
    let mut same = definition("2", "Falls at night", "2.5");
    same.push(("owner", &owner));
    assert!(manager.post(&path, &same).await.text().contains("Change something, or go back"));
    assert_eq!(w.browser("leader").await.get(&path).await.status, 404);
    assert_eq!(w.browser("manager_two").await.get(&path).await.status, 404);
    assert_eq!(broken_lines(&db).await, 0);
}

#[tokio::test]
async fn a_measure_that_has_ended_stands_apart_and_takes_no_more() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, action) = w.line(Risk::Low, Topic::Falls, "carer").await;
    let (manager, page) = of_house(&w).await;
    let empty = manager.post(&format!("{page}/end"), &[("seen", "1"), ("end_reason", " ")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text().contains("Say why it ends") && empty.body.contains("Falls a month"));
    let done =
        manager.post(&format!("{page}/end"), &[("seen", "1"), ("end_reason", "Counted elsewhere")]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert!(manager.get("/measures").await.text().contains("No measure is followed here yet"));
    assert!(manager.get("/measures?ended=yes").await.text().contains("Falls a month"));
    let shown = manager.get(&page).await;
    assert!(shown.text().contains("Ended on 21 November 2026 by") && shown.text().contains("8 falls"));
    assert!(!shown.body.contains("/readings\"") && !shown.body.contains("/definition"), "nothing is offered");
    assert!(!shown.text().contains("is late"), "{}", shown.text());
    let of: MeasureId = page.rsplit('/').next().unwrap().parse().unwrap();
    for refused in [
        manager.post(&format!("{page}/readings"), &reading("11", "3", "")).await,
        manager.post(&format!("{page}/actions"), &[("action", &action.to_string())]).await,
    ] {
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains("This measure has ended"), "{}", refused.text());
    }
    assert_eq!(manager.get(&format!("{page}/definition")).await.status, 403);
    assert!(w.browser("quality").await.get("/signals").await.text().contains("Nothing gives a sign"), "E17");
    assert_eq!(broken_lines(&db).await, 0);
    // around the program
    let mut app = db.connect(throughline::database::roles::APP).await;
    let provider = w.provider;
    for (deed, code) in [
        (
            format!(
                "INSERT INTO readings (provider_id, measure_id, period, round, numerator, by, at) VALUES ('{provider}', '{of}', '2026-11-01', 1, 3, '{}', now())",
                w.id("manager")
            ),
            "TL080",
        ),
        (
            format!(
                "INSERT INTO measure_actions VALUES ('{provider}', '{of}', (SELECT id FROM actions LIMIT 1), '{}', now())",
                w.id("manager")
            ),
            "TL080",
        ),
        ("UPDATE measures SET name = 'Other', version = version + 1".to_owned(), "TL080"),
        ("UPDATE measures SET ended_at = NULL, ended_by = NULL, version = version + 1".to_owned(), "TL080"),
        ("UPDATE measure_changes SET reason = 'x'".to_owned(), "42501"),
        ("UPDATE measures SET better = 'up'".to_owned(), "42501"),
        ("DELETE FROM measures".to_owned(), "42501"),
    ] {
        let script = format!("BEGIN; SET LOCAL app.provider_id = '{provider}'; {deed}");
        let refused = app.execute(sqlx::AssertSqlSafe(script)).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().unwrap(), code, "{deed}");
        app.execute("ROLLBACK").await.unwrap();
    }
}

/// What a measure was stays readable, whoever changes it; and its readings keep their periods.
#[tokio::test]
async fn a_measure_does_not_change_around_the_program() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    of_house(&w).await;
    let mut app = db.connect(throughline::database::roles::APP).await;
    let change = format!(
        "INSERT INTO measure_changes SELECT provider_id, id, version, '{{}}', '{{}}', 'x', '{}', now() FROM measures;",
        w.id("manager")
    );
    for (deed, code) in [
        ("UPDATE measures SET name = 'Other', version = version + 1".to_owned(), "TL033"),
        ("UPDATE measures SET name = 'Other'".to_owned(), "TL012"),
        (format!("{change} UPDATE measures SET cadence = 'weekly', version = version + 1"), "TL080"),
        (format!("{change} UPDATE measures SET name = 'Other', version = version + 1; COMMIT"), "TL032"),
    ] {
        let script = format!("BEGIN; SET LOCAL app.provider_id = '{}'; {deed}", w.provider);
        let refused = app.execute(sqlx::AssertSqlSafe(script)).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().unwrap(), code, "{deed}");
        app.execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn measures_stay_with_their_service() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, page) = of_house(&w).await;
    let whole = defined(&w.app, w.actor("quality"), None).await;
    let whole = format!("/measures/{whole}");
    for who in ["manager_two", "carer", "administrator", "reader"] {
        assert_eq!(w.browser(who).await.get(&page).await.status, 404, "{who}");
    }
    assert_eq!(w.browser("manager").await.get(&whole).await.status, 404, "of the whole provider");
    let leader = w.browser("leader").await;
    assert_eq!(leader.get(&page).await.status, 200);
    assert_eq!(leader.post(&format!("{page}/readings"), &reading("11", "3", "")).await.status, 404);
    assert!(!leader.get(&page).await.body.contains("/readings"), "what they may not do is not offered");
    let quality = w.browser("quality").await;
    assert!(quality.get("/measures").await.text().contains("The whole provider"));
    assert!(!quality.get("/measures?service=rowan-visits").await.text().contains("Falls a month"));
}
