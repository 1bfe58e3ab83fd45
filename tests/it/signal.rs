//! Early-warning signs (E1 to E17): each is there when it is true, says why, and not before; nobody sees those of others.

use rstest::rstest;
use sqlx::Executor as _;
use throughline::clock::Clock;
use throughline::domain::measure::Reading;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{ReviewKind, Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::worker;
use throughline::workflow::measure;

use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};
use crate::measure::defined;

/// The section of one sign on the page of signs; empty when the page has none.
async fn section(w: &World, who: &str, path: &str, sign: &str) -> String {
    let page = w.browser(who).await.get(path).await;
    assert_eq!(page.status, 200, "{path}");
    let from = format!("aria-labelledby=\"{sign}\"");
    let rest = page.body.split_once(&from).map_or("", |(_, rest)| rest);
    rest.split("</section>").next().unwrap_or_default().to_owned()
}

/// Changes rows as somebody with the whole server in their hands could: what time and other deeds would bring about.
async fn set(db: &TestDb, sql: &str) {
    let mut conn = db.administrator().await;
    conn.execute("SET session_replication_role = replica").await.unwrap();
    let done = conn.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.unwrap();
    assert!(done.rows_affected() > 0, "{sql}");
}

#[rstest]
#[case::e3("overdue", "due_on = '2026-11-20'", "Due 20 November 2026")]
#[case::e2("evidence_missing", "due_on = '2026-11-21'", "missing, due 21 November 2026")]
#[case::e4_nobody("unowned", "owner_id = NULL", "Nobody owns it since")]
#[case::e4_twice("unowned", "owner_changes = 2", "Owner changed 2 times")]
#[case::e13("date_moved", "extensions = 2", "Moved 2 times")]
#[case::e15("weak_wording", "wording_override = 'As agreed'", "Agreed")]
#[case::e9(
    "check_late",
    "status = 'submitted', submitted_at = '2026-11-02', verify_by = '2026-11-19'",
    "Should have been checked by 19 November 2026"
)]
#[case::e10(
    "submitted_incomplete",
    "status = 'submitted', submitted_at = '2026-11-20', verify_by = '2026-11-27'",
    "missing, marked as done"
)]
#[tokio::test]
async fn an_open_action_gives_a_sign(#[case] sign: &str, #[case] change: &str, #[case] says: &str) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, action) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let (_, other) = w.line(Risk::Medium, Topic::Falls, "carer").await;
    assert_eq!(section(&w, "manager", "/signals", sign).await, "", "nothing is wrong yet");
    set(&db, &format!("UPDATE actions SET {change} WHERE number = {}", action.number)).await;
    let shown = section(&w, "manager", "/signals", sign).await;
    assert!(shown.contains(&action.to_string()) && shown.contains(says), "{shown}");
    assert!(!shown.contains(&other.to_string()));
    assert_eq!(section(&w, "manager_two", "/signals", sign).await, "", "not their service");
    assert!(section(&w, "quality", "/signals", sign).await.contains(&action.to_string()));
    // an ended action gives none of these
    let ended = "status = 'cancelled', submitted_at = NULL, verify_by = NULL, cancelled_by = created_by, cancelled_at = created_at, cancel_reason = 'Moved'";
    set(&db, &format!("UPDATE actions SET {ended} WHERE number = {}", action.number)).await;
    assert_eq!(section(&w, "manager", "/signals", sign).await, "");
}

async fn found(w: &World, risk: Risk, topic: Topic) -> Reference {
    w.log_finding("manager", risk, topic).await
}

/// Hangs a finding on a review of this kind.
async fn from(db: &TestDb, w: &World, finding: Reference, kind: ReviewKind) {
    let (_, review) = w.start_review("manager", kind).await;
    set(
        db,
        &format!(
            "INSERT INTO finding_sources (provider_id, finding_id, review_id)
             SELECT provider_id, id, '{review}' FROM findings WHERE number = {}",
            finding.number
        ),
    )
    .await;
}

#[tokio::test]
async fn what_is_found_again_and_adds_up_gives_a_sign() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let first = found(&w, Risk::Low, Topic::Medicines).await;
    assert_eq!(section(&w, "manager", "/signals", "found_again").await, "", "once is not again");
    let again = found(&w, Risk::Low, Topic::Medicines).await;
    let shown = section(&w, "manager", "/signals", "found_again").await;
    assert!(shown.contains(&again.to_string()) && shown.contains("Found 2 times"), "{shown}");
    assert!(!shown.contains(&first.to_string()), "the newest stands for all");
    assert_eq!(section(&w, "manager", "/signals", "many_low").await, "", "two are not three");
    let third = found(&w, Risk::Low, Topic::Medicines).await;
    let shown = section(&w, "manager", "/signals", "many_low").await;
    assert!(shown.contains(&third.to_string()) && shown.contains("3 findings in 90 days"), "{shown}");
    // a year later it is no recurrence any more
    set(&db, "UPDATE findings SET found_on = '2025-11-20'").await;
    assert_eq!(section(&w, "manager", "/signals", "found_again").await, "");
    assert_eq!(section(&w, "manager", "/signals", "many_low").await, "");
}

#[tokio::test]
async fn a_walkaround_without_an_action_gives_a_sign_after_two_working_days() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let finding = found(&w, Risk::Medium, Topic::Nutrition).await;
    set(&db, "UPDATE findings SET found_on = '2026-11-18'").await;
    assert_eq!(section(&w, "manager", "/signals", "no_action").await, "", "an audit is followed elsewhere");
    from(&db, &w, finding, ReviewKind::Walkaround).await;
    let shown = section(&w, "manager", "/signals", "no_action").await;
    assert!(shown.contains(&finding.to_string()) && shown.contains("actions/new"), "{shown}");
    set(&db, "UPDATE findings SET found_on = '2026-11-19'").await;
    assert_eq!(section(&w, "manager", "/signals", "no_action").await, "", "Friday and Monday are given");
    set(&db, "UPDATE findings SET found_on = '2026-11-18'").await;
    w.define_action("manager", finding, "carer").await;
    assert_eq!(section(&w, "manager", "/signals", "no_action").await, "", "it has one now");
}

#[tokio::test]
async fn what_was_closed_and_did_not_last_gives_a_sign() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Medium, "carer").await;
    w.verify(action, "deputy", Outcome::Complete).await;
    w.close(action, "manager").await;
    for sign in ["came_back", "feedback_repeats", "references_only", "vague_note", "no_voices"] {
        assert_eq!(section(&w, "manager", "/signals", sign).await, "", "{sign}");
    }
    set(&db, "UPDATE closures SET note = 'All done'").await;
    assert!(section(&w, "manager", "/signals", "vague_note").await.contains("All done"));
    set(&db, "UPDATE closures SET note = 'Forty of forty charts signed on three rounds'").await;
    assert_eq!(section(&w, "manager", "/signals", "vague_note").await, "");
    set(&db, "UPDATE actions SET theme = 'experience', risk = 'high'").await;
    set(&db, "UPDATE evidence SET kind = 'record', sha256 = NULL, file_name = NULL, reference = 'Folder 3'")
        .await;
    for sign in ["no_voices", "references_only"] {
        assert!(section(&w, "manager", "/signals", sign).await.contains(&action.to_string()), "{sign}");
    }
    let topic: String = sqlx::query_scalar("SELECT topic FROM actions")
        .fetch_one(&mut db.administrator().await)
        .await
        .unwrap();
    w.days_pass(3);
    let again = found(&w, Risk::Medium, topic.parse().unwrap()).await;
    assert!(section(&w, "manager", "/signals", "came_back").await.contains(&again.to_string()));
    assert_eq!(section(&w, "manager", "/signals", "feedback_repeats").await, "", "no complaint");
    from(&db, &w, again, ReviewKind::Complaint).await;
    assert!(section(&w, "manager", "/signals", "feedback_repeats").await.contains(&again.to_string()));
    assert_eq!(section(&w, "manager", "/signals", "same_unit").await, "", "once");
}

#[tokio::test]
async fn repeated_feedback_about_a_unit_gives_a_sign() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (one, two) =
        (found(&w, Risk::Low, Topic::Dignity).await, found(&w, Risk::Medium, Topic::Nutrition).await);
    from(&db, &w, one, ReviewKind::FeedbackRound).await;
    from(&db, &w, two, ReviewKind::Complaint).await;
    set(&db, "UPDATE findings f SET unit_id = (SELECT u.id FROM units u WHERE u.service_id = f.service_id ORDER BY u.name LIMIT 1)").await;
    let shown = section(&w, "manager", "/signals", "same_unit").await;
    assert!(shown.contains(&two.to_string()) && shown.contains("2 times in 90 days"), "{shown}");
    set(&db, "UPDATE findings SET unit_id = NULL").await;
    assert_eq!(section(&w, "manager", "/signals", "same_unit").await, "");
}

#[tokio::test]
async fn the_page_says_when_nothing_is_wrong_and_keeps_to_ones_services() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let manager = w.browser("manager").await;
    assert!(manager.get("/signals").await.text().contains("Nothing gives a sign today."));
    assert_eq!(manager.get("/signals?service=nowhere").await.status, 404);
    for who in ["carer", "leader", "administrator"] {
        assert_eq!(w.browser(who).await.get("/signals").await.status, 404, "{who}");
    }
}

/// A late action of the house, and the address of its sign.
async fn late(db: &TestDb, w: &World) -> (Reference, String) {
    let (_, action) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    set(db, &format!("UPDATE actions SET due_on = '2026-11-20' WHERE number = {}", action.number)).await;
    (action, format!("/signals/overdue/{action}"))
}

const REASON: &str = "The pharmacy brings the new charts on Monday, and Priya samples them that afternoon";

fn put_aside<'a>(seen: &'a str, reason: &'a str, day: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("seen", seen), ("reason", reason), ("until", day), ("until-month", "11"), ("until-year", "2026")]
}

#[tokio::test]
async fn a_sign_is_put_aside_with_a_reason_and_comes_back_on_its_day() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (action, path) = late(&db, &w).await;
    let manager = w.browser("manager").await;
    let form = manager.get(&path).await;
    assert!(
        form.text().contains("Due 20 November 2026") && form.body.contains("value=\"28\""),
        "{}",
        form.body
    );

    let vague = manager.post(&path, &put_aside("0", "Addressed", "21")).await;
    assert_eq!(vague.status, 422);
    for sentence in ["Say what is being done about it", "Choose a day after today"] {
        assert!(vague.text().contains(sentence), "{sentence}");
    }
    assert_eq!(vague.field("until"), "21", "nothing typed is lost");

    assert_eq!(manager.post(&path, &put_aside("0", REASON, "24")).await.status, 303);
    assert_eq!(section(&w, "manager", "/signals", "overdue").await, "");
    let aside = section(&w, "quality", "/signals", "aside").await;
    for words in [action.to_string().as_str(), REASON, "until 24 November 2026"] {
        assert!(aside.contains(words), "{words}: {aside}");
    }
    assert!(manager.get("/signals").await.text().contains("1 sign of 1 kind today."));
    let told = manager.get(&format!("/actions/{action}")).await.text();
    assert!(told.contains("Early-warning sign put aside: overdue") && told.contains(REASON));
    w.days_pass(2);
    assert_eq!(section(&w, "manager", "/signals", "overdue").await, "", "one day more");
    w.days_pass(1);
    assert!(section(&w, "manager", "/signals", "overdue").await.contains(&action.to_string()), "its day");
    assert_eq!(section(&w, "manager", "/signals", "aside").await, "");
}

#[tokio::test]
async fn what_gets_worse_is_shown_again_at_once_and_so_is_what_somebody_wants_to_see() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (action, _) = late(&db, &w).await;
    let path = format!("/signals/evidence_missing/{action}");
    let manager = w.browser("manager").await;
    assert_eq!(manager.post(&path, &put_aside("0", REASON, "28")).await.status, 303);
    assert_eq!(section(&w, "manager", "/signals", "evidence_missing").await, "");
    set(&db, "INSERT INTO action_requirements (provider_id, action_id, kind) SELECT provider_id, id, 'data' FROM actions").await;
    let worse = section(&w, "manager", "/signals", "evidence_missing").await;
    assert!(worse.contains(&action.to_string()), "one more kind is missing");
    set(&db, "DELETE FROM action_requirements WHERE kind = 'data'").await;
    assert_eq!(section(&w, "manager", "/signals", "evidence_missing").await, "", "as it was");

    assert_eq!(manager.post(&format!("{path}/again"), &[("seen", "1")]).await.status, 303);
    assert!(section(&w, "manager", "/signals", "evidence_missing").await.contains(&action.to_string()));
    let history = manager.get(&path).await.text();
    assert!(history.contains("Shown again") && history.contains("Put aside until 28 November 2026"));
    // another finding of the same kind is another sign, with nothing said about it
    let (other, other_path) = late(&db, &w).await;
    assert!(section(&w, "manager", "/signals", "overdue").await.contains(&other.to_string()));
    assert!(!manager.get(&other_path).await.text().contains("Shown again"));
}

#[tokio::test]
async fn two_who_put_the_same_sign_aside_read_each_other() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (action, path) = late(&db, &w).await;
    let (manager, deputy) = (w.browser("manager").await, w.browser("deputy").await);
    assert_eq!(manager.post(&path, &put_aside("0", REASON, "24")).await.status, 303);
    let second = deputy.post(&path, &put_aside("0", "Nothing can be done before the delivery", "30")).await;
    assert_eq!(second.status, 409);
    assert!(
        second.text().contains(REASON) && second.text().contains("Nothing can be done before the delivery")
    );
    let again = deputy.post(&format!("{path}/again"), &[("seen", "0")]).await;
    assert_eq!(again.status, 409, "they had not read it");
    // what is no longer true has nothing to be put aside
    set(&db, &format!("UPDATE actions SET due_on = '2026-11-30' WHERE number = {}", action.number)).await;
    assert!(deputy.get(&path).await.text().contains("This sign is no longer there"));
    let gone = deputy.post(&path, &put_aside("1", REASON, "24")).await;
    assert_eq!(gone.status, 422);
    assert!(gone.text().contains("This sign is no longer there"));
    for wrong in ["/signals/nothing/A-0001", "/signals/overdue/A-8888", "/signals/overdue/R-0001"] {
        assert_eq!(deputy.get(wrong).await.status, 404, "{wrong}");
    }
    for who in ["carer", "leader", "administrator", "manager_two", "safeguarding"] {
        let path = if who == "manager_two" { path.clone() } else { "/signals/overdue/A-0001".into() };
        assert_eq!(w.browser(who).await.get(&path).await.status, 404, "{who}");
    }
}

#[tokio::test]
async fn the_dashboard_counts_the_signs_of_each_service() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (action, path) = late(&db, &w).await;
    let card = |page: String| {
        page.split("id=\"signs\"")
            .nth(1)
            .map(|rest| rest.split("</section>").next().unwrap_or_default().to_owned())
    };
    let manager = w.browser("manager").await;
    assert_eq!(card(manager.get("/dashboard").await.body), None, "nobody has counted yet");
    assert_eq!(worker::count_signs(&w.app).await.unwrap(), 2, "both providers");
    assert_eq!(worker::count_signs(&w.app).await.unwrap(), 0, "nothing happened since");
    // late and without its evidence: two signs
    let shown = card(manager.get("/dashboard").await.body).unwrap();
    assert!(shown.contains("2 signs") && shown.contains("21 November 2026"), "{shown}");
    assert!(
        card(w.browser("manager_two").await.get("/dashboard").await.body)
            .unwrap()
            .contains("Nothing gave a sign.")
    );
    let link = format!("/signals?service={}", w.house.slug);
    assert!(shown.contains(&link), "{shown}");
    let signs = manager.get(&link).await.text();
    assert!(signs.contains("2 signs of 2 kinds today."), "the number is that of the rows");
    assert_eq!(manager.post(&path, &put_aside("0", REASON, "28")).await.status, 303);
    assert_eq!(worker::count_signs(&w.app).await.unwrap(), 0, "counted a moment ago");
    w.at(saturday() + chrono::Duration::minutes(5));
    assert_eq!(worker::count_signs(&w.app).await.unwrap(), 1);
    assert!(card(manager.get("/dashboard").await.body).unwrap().contains("1 sign<"), "{action} is put aside");
    assert_eq!(card(w.browser("leader").await.get("/dashboard").await.body), None, "not for team leaders");
    w.days_pass(1);
    assert_eq!(worker::count_signs(&w.app).await.unwrap(), 2, "another day");
}

fn october(value: f64) -> Reading {
    Reading { period: day("2026-10-01"), numerator: Some(value), denominator: None }
}

#[tokio::test]
async fn a_measure_that_misses_its_target_gives_a_sign_until_an_action_is_named() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let manager = w.actor("manager");
    // falls a month, four at most: nine, seven and eight
    let id = defined(&w.app, manager, Some(w.house.id)).await;
    let whole = defined(&w.app, w.actor("quality"), None).await;
    let shown = section(&w, "manager", "/signals", "off_target").await;
    for words in [
        "Falls a month",
        "3 readings in a row miss the target, since that of 1 August 2026",
        &format!("/measures/{id}"),
        "Agree an action, and name it on the measure",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains(&whole.to_string()), "that of the provider is for who sees the provider");
    assert_eq!(section(&w, "manager_two", "/signals", "off_target").await, "", "not their service");
    let shown = section(&w, "quality", "/signals", "off_target").await;
    assert!(shown.contains(&id.to_string()) && shown.contains(&whole.to_string()), "{shown}");
    assert!(shown.contains("The whole provider"), "{shown}");
    assert_eq!(w.browser("manager").await.get(&format!("/signals/off_target/{whole}")).await.status, 404);

    // a correction counts, and the run begins after the last reading on the right side
    let september = Reading { period: day("2026-09-01"), numerator: Some(4.0), denominator: None };
    measure::record(&w.app, manager, id, &[september], "Counted twice").await.unwrap();
    let shown = section(&w, "manager", "/signals", "off_target").await;
    assert!(shown.contains("The reading of 1 October 2026 misses the target"), "{shown}");
    measure::record(&w.app, manager, id, &[october(3.0)], "Counted twice").await.unwrap();
    assert_eq!(
        section(&w, "manager", "/signals", "off_target").await,
        "",
        "the last reading is on the right side"
    );
    measure::record(&w.app, manager, id, &[october(5.0)], "One more").await.unwrap();

    let (_, action) = w.line(Risk::Medium, Topic::Falls, "carer").await;
    measure::name_action(&w.app, manager, id, action.number).await.unwrap();
    assert_eq!(section(&w, "manager", "/signals", "off_target").await, "", "an action is to move it");
    let ended =
        "status = 'cancelled', cancelled_by = created_by, cancelled_at = created_at, cancel_reason = 'Moved'";
    set(&db, &format!("UPDATE actions SET {ended} WHERE number = {}", action.number)).await;
    assert!(section(&w, "manager", "/signals", "off_target").await.contains(&id.to_string()), "none is open");
    for (change, says) in [("better = 'neither'", "neither way is better"), ("target = NULL", "no target")] {
        set(&db, &format!("UPDATE measures SET {change} WHERE id = '{id}'")).await;
        assert_eq!(section(&w, "manager", "/signals", "off_target").await, "", "{says}");
        set(&db, &format!("UPDATE measures SET better = 'down', target = 4 WHERE id = '{id}'")).await;
    }
    set(&db, &format!("UPDATE measures SET better = 'up' WHERE id = '{id}'")).await;
    assert_eq!(section(&w, "manager", "/signals", "off_target").await, "", "five is more than four");
}

#[tokio::test]
async fn the_sign_of_a_measure_is_put_aside_until_the_next_reading_misses_too() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let id = defined(&w.app, w.actor("manager"), Some(w.house.id)).await;
    let path = format!("/signals/off_target/{id}");
    let manager = w.browser("manager").await;
    assert!(manager.get(&path).await.text().contains("Falls a month"));
    assert_eq!(manager.post(&path, &put_aside("0", REASON, "28")).await.status, 303);
    assert_eq!(section(&w, "manager", "/signals", "off_target").await, "");
    assert!(section(&w, "manager", "/signals", "aside").await.contains(REASON));
    let november = Reading { period: day("2026-11-01"), numerator: Some(6.0), denominator: None };
    measure::record(&w.app, w.actor("manager"), id, &[november], "").await.unwrap();
    let shown = section(&w, "manager", "/signals", "off_target").await;
    assert!(shown.contains("4 readings in a row"), "it got worse: {shown}");
}

#[tokio::test]
async fn what_was_kept_for_the_whole_provider_is_never_older_than_what_happened() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (action, path) = late(&db, &w).await;
    let (_, other) = w.line(Risk::Medium, Topic::Falls, "visitor").await;
    set(&db, &format!("UPDATE actions SET due_on = '2026-11-20' WHERE number = {}", other.number)).await;
    let measured = defined(&w.app, w.actor("manager"), Some(w.house.id)).await;
    worker::count_signs(&w.app).await.unwrap();
    let overdue = async || section(&w, "quality", "/signals", "overdue").await;
    let alone = async || section(&w, "manager", "/signals", "overdue").await;
    set(&db, "UPDATE signs_kept SET since = '2026-11-19' WHERE sign = 'overdue'").await;
    let shown = overdue().await;
    assert!(
        shown.contains(&action.to_string()) && shown.contains("Due 19 November 2026"),
        "as it was kept: {shown}"
    );
    assert!(alone().await.contains("Due 20 November 2026"), "who has services sees them as they are");
    assert!(section(&w, "quality", "/signals", "off_target").await.contains(&measured.to_string()));
    let page = w.browser("quality").await.get("/signals").await.text();
    let both = w.browser("quality").await.get(&format!("/signals?service={}", w.house.slug)).await.text();
    assert!(page.contains("of 3 kinds today") && both.contains("of 3 kinds today"), "{page}");

    // anything that happens in a service is seen at once, before anybody counts again
    let manager = w.browser("manager").await;
    assert_eq!(manager.post(&path, &put_aside("0", REASON, "24")).await.status, 303);
    let shown = overdue().await;
    assert!(!shown.contains(&action.to_string()), "put aside: {shown}");
    assert!(section(&w, "quality", "/signals", "aside").await.contains(REASON));
    measure::record(&w.app, w.actor("manager"), measured, &[october(3.0)], "Counted twice").await.unwrap();
    assert_eq!(section(&w, "quality", "/signals", "off_target").await, "", "on the right side now");

    // and another day nothing of the day before counts
    w.days_pass(3);
    let shown = overdue().await;
    assert!(shown.contains(&action.to_string()) && !shown.contains("Due 19 November"), "{shown}");
}

#[tokio::test]
async fn an_owner_who_left_is_a_sign_at_once_whatever_was_kept() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, action) = w.line(Risk::Medium, Topic::Falls, "carer").await;
    worker::count_signs(&w.app).await.unwrap();
    assert_eq!(section(&w, "quality", "/signals", "unowned").await, "");
    throughline::workflow::person::end_place(&w.app, w.provider, w.id("carer")).await.unwrap();
    assert!(section(&w, "quality", "/signals", "unowned").await.contains(&action.to_string()));
}

#[tokio::test]
async fn a_sign_with_many_rows_is_read_page_by_page() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    for _ in 0..52 {
        w.line(Risk::Medium, Topic::Medicines, "carer").await;
    }
    set(&db, "UPDATE actions SET due_on = date '2026-11-20' - number % 7").await;
    worker::count_signs(&w.app).await.unwrap();
    for who in ["manager", "quality"] {
        let first = w.browser(who).await.get("/signals").await;
        assert!(first.text().contains("The 10 oldest of 52 are shown."), "{who}");
        let shown = section(&w, who, "/signals", "overdue").await;
        assert_eq!(shown.matches("Due ").count(), 10, "{who}");
        let page = w.browser(who).await.get("/signals?sign=overdue").await;
        assert!(page.text().contains("Overdue: 52 signs today."), "{who}");
        let shown = section(&w, who, "/signals?sign=overdue", "overdue").await;
        assert_eq!(shown.matches("Due ").count(), 50, "{who}");
        let next = page.body.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
        let next = next.split('"').next().unwrap().replace("&#38;", "&");
        let (_, next) = next.split_once("/signals").unwrap();
        let rest = section(&w, who, &format!("/signals{next}"), "overdue").await;
        assert_eq!(rest.matches("Due ").count(), 2, "{who}: {next}");
        for number in 1..=52 {
            let reference = format!("/actions/A-{number:04}\"");
            assert!(shown.contains(&reference) != rest.contains(&reference), "{who}: {reference}");
        }
    }
    for wrong in ["sign=nothing", "sign=overdue&after=x", "sign=overdue&after=1.2026-11-20"] {
        assert_eq!(w.browser("manager").await.get(&format!("/signals?{wrong}")).await.status, 404, "{wrong}");
    }
}
