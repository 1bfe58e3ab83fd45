//! The weekly review (R24): its order, what is agreed, two people at once, the minutes, and who may hold it.

use axum::http::StatusCode;
use chrono::Duration;
use rstest::rstest;
use throughline::clock::Clock;
use throughline::domain::action::Status;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::domain::weekly::{Agreed, Standing};
use throughline::error::AppError;
use throughline::ids::{MemberId, WeeklyReviewId};
use throughline::store::weekly::{Review, read};
use throughline::worker::tick;
use throughline::workflow::Stop;
use throughline::workflow::weekly::{Finish, Recorded, finish, record, start};

use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World, day, saturday, world};
use crate::review::sentences;
use crate::worker::{number, texts};

async fn scene() -> (TestDb, World) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    (db, w)
}

fn agreed(standing: Standing) -> Agreed {
    let support_needed = if standing == Standing::Blocked { "A second carer on Thursdays" } else { "" };
    Agreed { standing, note: "Talked through".into(), support_needed: support_needed.into() }
}

fn attended(present: &[MemberId]) -> Finish {
    Finish { present: present.to_vec(), others: String::new() }
}

async fn review(w: &World, id: WeeklyReviewId) -> Review {
    let mut tx = w.actor("quality").begin(&w.app).await.unwrap();
    read(&mut tx, id).await.unwrap().unwrap()
}

async fn begin(w: &World) -> WeeklyReviewId {
    start(&w.app, w.actor("manager"), w.house.id).await.unwrap()
}

/// Two low actions of the house.
async fn two(w: &World) -> [Reference; 2] {
    [w.line(Risk::Low, Topic::Medicines, "carer").await.1, w.line(Risk::Low, Topic::Falls, "carer").await.1]
}

fn step(id: WeeklyReviewId, action: Reference) -> String {
    format!("/weekly-review/{id}/actions/{action}")
}

/// Fills the form of an action in and sends it.
async fn send(browser: &Browser, page: &Answer, path: &str, typed: &[(&str, &str)]) -> Answer {
    let (version, seen) = (page.field("version"), page.field("seen"));
    let by = page.field("written-by");
    let carried = [("version", version.as_str()), ("seen", seen.as_str()), ("written-by", by.as_str())];
    browser.post(path, &[&carried, typed].concat()).await
}

#[tokio::test]
async fn the_order_is_fixed_when_it_begins() {
    let (_db, w) = scene().await;
    let due = |text: &'static str| day(text);
    let rest = w.due(Risk::Critical, Topic::Medicines, "carer", due("2026-12-24")).await;
    let soon = w.due(Risk::Low, Topic::Falls, "carer", due("2026-12-10")).await;
    let late = w.due(Risk::Medium, Topic::Falls, "carer", due("2026-11-23")).await;
    let high = w.due(Risk::High, Topic::Falls, "carer", due("2026-11-25")).await;
    let higher = w.due(Risk::Critical, Topic::Falls, "carer", due("2026-11-24")).await;
    let to_check = w.submitted_action(Risk::Low, "carer").await;
    w.closed_action(Risk::Low, "carer").await;
    let elsewhere = w.line(Risk::High, Topic::Medicines, "visitor").await.1;
    w.days_pass(14);
    let id = begin(&w).await;
    let order: Vec<i32> = review(&w, id).await.items.iter().map(|item| item.number).collect();
    let wanted = [higher, high, late, to_check, soon, rest].map(|action| action.number);
    assert_eq!(order, wanted);
    assert!(!order.contains(&elsewhere.number));
    // what becomes late or is agreed meanwhile changes nothing in it
    w.line(Risk::Critical, Topic::Falls, "carer").await;
    w.days_pass(30);
    let order: Vec<i32> = review(&w, id).await.items.iter().map(|item| item.number).collect();
    assert_eq!(order, wanted);
}

#[tokio::test]
async fn two_who_start_at_once_are_in_one_review() {
    let (db, w) = scene().await;
    two(&w).await;
    let (manager, deputy) = (w.actor("manager"), w.actor("deputy"));
    for _ in 0..5 {
        let (one, other) =
            tokio::join!(start(&w.app, manager, w.house.id), start(&w.app, deputy, w.house.id));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one, other);
        assert_eq!(number(&db, "SELECT count(*) FROM weekly_reviews WHERE finished_at IS NULL").await, 1);
        let first = review(&w, one).await.items[0].number;
        record(&w.app, manager, one, (first, 0), &agreed(Standing::OnTrack)).await.unwrap();
        finish(&w.app, manager, one, &attended(&[manager.member.id])).await.unwrap();
    }
}

#[tokio::test]
async fn two_who_agree_at_once_do_not_overwrite_each_other() {
    let (db, w) = scene().await;
    let [action, _] = two(&w).await;
    let id = begin(&w).await;
    let (on, off) = (agreed(Standing::OnTrack), agreed(Standing::Blocked));
    let seen = (action.number, 0);
    let both = tokio::join!(
        record(&w.app, w.actor("manager"), id, seen, &on),
        record(&w.app, w.actor("deputy"), id, seen, &off)
    );
    let changed = [&both.0, &both.1].iter().filter(|done| matches!(done, Err(Stop::Changed))).count();
    assert!(changed == 1 && (both.0.is_ok() || both.1.is_ok()), "{both:?}");
    assert_eq!(number(&db, "SELECT count(*) FROM weekly_entries").await, 1);
}

/// The second of two who have the same action open sees both, with everything typed, and may then send theirs.
#[tokio::test]
async fn the_second_of_two_sees_both_versions() {
    let (_db, w) = scene().await;
    let [action, _] = two(&w).await;
    let id = begin(&w).await;
    let (manager, deputy) = (w.browser("manager").await, w.browser("deputy").await);
    let path = step(id, action);
    let (first, second) = (manager.get(&path).await, deputy.get(&path).await);
    let done = send(&manager, &first, &path, &[("standing", "on_track"), ("note", "New rota holds")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let mine = [("standing", "blocked"), ("note", "No agency carer"), ("support_needed", "One on Thursdays")];
    let stale = send(&deputy, &second, &path, &mine).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.text());
    for said in
        ["This changed since you opened it", "New rota holds", "No agency carer", "Priya Nair", "On track"]
    {
        assert!(stale.text().contains(said), "{said}: {}", stale.text());
    }
    assert!(stale.body.contains("value=\"blocked\" checked"), "{}", stale.body);
    let again = send(&deputy, &stale, &path, &mine).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.text());
    let entry = review(&w, id).await.items[0].entry.clone().unwrap();
    assert_eq!((entry.round, entry.standing, entry.by.as_str()), (2, Standing::Blocked, "Daniel Osei"));
}

#[rstest]
#[case::nothing(&[("note", "x")], "Choose where it stands")]
#[case::blocked(&[("standing", "blocked"), ("note", "Stuck")], "Say what support is needed")]
#[case::escalate(&[("standing", "escalate")], "Say why it has to go up")]
#[case::stray(&[("standing", "done"), ("support_needed", "Help")], "You wrote what support is needed")]
#[tokio::test]
async fn what_is_missing_is_said_and_nothing_typed_is_lost(
    #[case] typed: &[(&str, &str)],
    #[case] sentence: &str,
) {
    let (db, w) = scene().await;
    let [action, _] = two(&w).await;
    let id = begin(&w).await;
    let manager = w.browser("manager").await;
    let path = step(id, action);
    let page = manager.get(&path).await;
    let refused = send(&manager, &page, &path, typed).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains(sentence), "{}", refused.text());
    for (name, value) in typed.iter().filter(|(name, _)| *name != "standing") {
        assert!(refused.body.contains(&format!("\n{value}</textarea>")), "{name}: {}", refused.body);
    }
    assert_eq!(number(&db, "SELECT count(*) FROM weekly_entries").await, 0);
}

/// "Done" submits, verifies and closes nothing, and says what is missing.
#[tokio::test]
async fn what_its_owner_says_is_done_is_not_submitted() {
    let (_db, w) = scene().await;
    let [action, _] = two(&w).await;
    let id = begin(&w).await;
    let manager = w.browser("manager").await;
    let path = step(id, action);
    let page = manager.get(&path).await;
    assert!(page.text().contains("Say what was done and when before you submit it"), "{}", page.text());
    let before = w.case(action).await.action;
    let done = send(&manager, &page, &path, &[("standing", "done")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let after = w.case(action).await.action;
    assert_eq!((after.status, after.version), (Status::NotStarted, before.version));
    let so_far = manager.get(&format!("/weekly-review/{id}")).await.text();
    assert!(so_far.contains("Not submitted yet: Say what was done"), "{so_far}");
}

#[tokio::test]
async fn it_goes_up_once_and_again_only_after_a_decision() {
    let (db, w) = scene().await;
    let [action, _] = two(&w).await;
    let id = begin(&w).await;
    let up = |by: &'static str, seen| {
        let w = &w;
        async move {
            let agreed = agreed(Standing::Escalate);
            record(&w.app, w.actor(by), id, (action.number, seen), &agreed).await.unwrap()
        }
    };
    let sent = |sent_up| Recorded { standing: Standing::Escalate, missing: true, sent_up };
    assert_eq!(up("deputy", 0).await, sent(true), "to the registered manager");
    assert_eq!(up("leader", 1).await, sent(false), "who has it already");
    assert_eq!(up("manager", 2).await, sent(true), "from there to the leadership");
    assert_eq!(up("quality", 3).await, sent(false));
    assert_eq!(up("deputy", 4).await, sent(false), "above them it waits already");
    let raised = texts(&db, "SELECT level || ' ' || cause FROM escalations ORDER BY level").await;
    assert_eq!(raised, ["1 weekly_review", "2 weekly_review"]);
    tick(&w.app).await.unwrap();
    let told =
        "SELECT DISTINCT audience FROM outbox WHERE kind = 'escalated' AND recipient_id IS NULL ORDER BY 1";
    assert_eq!(texts(&db, told).await, ["leadership", "manager"]);
    let page = w.browser("manager").await.get(&step(id, action)).await.text();
    assert!(page.contains("Escalated To the quality lead and the nominated individual on"), "{page}");
    assert!(page.contains("nobody is told again"), "{page}");
    // the one who decides reads why
    let escalation = w.escalation(&db, action, 2).await;
    let page = w.browser("quality").await.get(&format!("/escalations/{escalation}")).await.text();
    assert!(page.contains("sent up from the weekly review of 21 November 2026"), "{page}");
    let line = w.browser("quality").await.get(&format!("/actions/{action}")).await.text();
    for said in ["Weekly review: escalate", "Sent up from the weekly review", "Talked through"] {
        assert!(line.contains(said), "{said}: {line}");
    }
    assert!(line.contains("Escalate: Daniel Osei, 21 November 2026"), "who reviewed it last: {line}");
}

/// The whole way through the pages: start, three actions, leave, go on, skip, minutes.
#[tokio::test]
async fn a_manager_steps_through_and_leaves_minutes() {
    let (_db, w) = scene().await;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(w.line(Risk::Low, Topic::Medicines, "carer").await.1);
    }
    let manager = w.browser("manager").await;
    let list = manager.get("/weekly-review").await;
    assert!(
        list.text().contains("Never reviewed") && list.text().contains("5 open actions"),
        "{}",
        list.text()
    );
    let service = w.house.id.to_string();
    let begun = manager.post("/weekly-review", &[("service", &service)]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER);
    let mut at = begun.location().to_owned();
    assert!(at.ends_with(&format!("/actions/{}", all[0])), "{at}");
    let id: WeeklyReviewId = at.split('/').nth(4).unwrap().parse().unwrap();
    let page = manager.get(&at).await;
    for said in ["1 of 5 · Open", "0 of 5 reviewed", "It has not been in a weekly review before"] {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    for (standing, next) in [("on_track", 1), ("done", 2)] {
        let page = manager.get(&at).await;
        let done = send(&manager, &page, &at, &[("standing", standing)]).await;
        at = done.location().to_owned();
        assert!(at.ends_with(&format!("/actions/{}", all[next])), "{at}");
    }
    // left, and gone on with by somebody else; one is closed meanwhile, one skipped
    w.days_pass(1);
    w.submit(all[2], "carer").await;
    w.verify(all[2], "deputy", throughline::domain::verification::Outcome::Complete).await;
    w.close(all[2], "manager").await;
    let deputy = w.browser("deputy").await;
    let list = deputy.get("/weekly-review").await.text();
    assert!(list.contains("begun by Priya Nair: 2 of 5 reviewed") && list.contains("Go on"), "{list}");
    let go_on = deputy.get(&format!("/weekly-review/{id}/actions/next")).await;
    at = go_on.location().to_owned();
    assert!(at.ends_with(&format!("/actions/{}", all[3])), "the closed one is left out: {at}");
    let page = deputy.get(&at).await;
    assert!(page.text().contains(&format!("closed or cancelled meanwhile: {}", all[2])), "{}", page.text());
    let done =
        send(&deputy, &page, &at, &[("standing", "blocked"), ("support_needed", "A pharmacist")]).await;
    assert!(done.location().ends_with(&all[4].to_string()));
    let last = deputy.get(done.location()).await;
    let here = format!("/p/rowan-care/weekly-review/{id}");
    assert!(
        last.body.contains(&format!("href=\"{here}\" role=\"button\"")),
        "skipping the last leads to the end"
    );
    let gone = deputy.get(&step(id, all[2])).await.text();
    assert!(gone.contains("closed or cancelled since this review began"), "{gone}");
    // the end
    let end = deputy.get(&here).await;
    assert!(end.text().contains("3 of 5 reviewed"), "{}", end.text());
    let nobody = deputy.post(&here, &[("others", "The pharmacist")]).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        nobody.text().contains("Choose who was there") && nobody.body.contains("The pharmacist</textarea>")
    );
    let present = [w.id("deputy").to_string(), w.id("carer").to_string()];
    let fields =
        [("present", present[0].as_str()), ("present", present[1].as_str()), ("others", "The pharmacist")];
    assert_eq!(deputy.post(&here, &fields).await.location(), here);
    let minutes = manager.get(&here).await.text();
    for said in [
        "Weekly review of Rowan House, 22 November 2026",
        "Amara Bello and Daniel Osei",
        "The pharmacist",
        "3 of 5 reviewed",
        "Done, says its owner",
        "A pharmacist",
        "Not reached 1",
        "Closed or cancelled meanwhile",
    ] {
        assert!(minutes.contains(said), "{said}: {minutes}");
    }
    assert!(!minutes.contains("Go on reviewing"), "{minutes}");
    let not_reached = minutes.split("Not reached").nth(1).unwrap();
    assert!(not_reached.split("meanwhile").next().unwrap().contains(&all[4].to_string()), "{minutes}");
    // a later visit to a step leads to the minutes, and nothing more is taken
    assert_eq!(manager.get(&step(id, all[4])).await.location(), here);
    let late = send(&deputy, &last, &step(id, all[4]), &[("standing", "on_track"), ("note", "Kept?")]).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        late.text().contains("has been finished") && late.body.contains("Kept?</textarea>"),
        "{}",
        late.text()
    );
    let list = manager.get("/weekly-review").await.text();
    for said in ["Reviewed this week", "Last reviewed by Daniel Osei", "22 November 2026", "3 of 5"] {
        assert!(list.contains(said), "{said}: {list}");
    }
    // next week: what was agreed stands beside the form
    w.clock.set(w.clock.now() + Duration::days(8));
    assert!(manager.get("/weekly-review").await.text().contains("Not reviewed for 8 days"));
    let second = begin(&w).await;
    let page = manager.get(&step(second, all[3])).await.text();
    for said in ["Agreed last time Blocked", "A pharmacist", "Daniel Osei, 22 November 2026"] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[rstest]
#[case("leader", true)]
#[case("deputy", true)]
#[case("safeguarding", true)]
#[case("quality", true)]
#[case("nominated", true)]
#[case("carer", false)]
#[case("manager_two", false)]
#[case("administrator", false)]
#[case("reader", false)]
#[case("willow_manager", false)]
#[tokio::test]
async fn who_holds_it(#[case] who: &str, #[case] may: bool) {
    let (db, w) = scene().await;
    let [action, _] = two(&w).await;
    let id = begin(&w).await;
    let one = record(&w.app, w.actor(who), id, (action.number, 0), &agreed(Standing::OnTrack)).await;
    let browser = w.browser(who).await;
    let (page, minutes) =
        (browser.get(&step(id, action)).await, browser.get(&format!("/weekly-review/{id}")).await);
    let end = finish(&w.app, w.actor(who), id, &attended(&[w.id("manager")])).await;
    if may {
        one.unwrap();
        end.unwrap();
        assert_eq!((page.status, minutes.status), (StatusCode::OK, StatusCode::OK));
    } else {
        assert!(matches!(one, Err(Stop::Failed(AppError::NotFound))), "{one:?}");
        assert!(matches!(end, Err(Stop::Failed(AppError::NotFound))), "{end:?}");
        assert_eq!((page.status, minutes.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
        assert_eq!(number(&db, "SELECT count(*) FROM weekly_entries").await, 0);
        assert!(start(&w.app, w.actor(who), w.house.id).await.is_err());
    }
}

#[tokio::test]
async fn it_is_finished_by_somebody_who_looked_at_something() {
    let (_db, w) = scene().await;
    two(&w).await;
    let id = begin(&w).await;
    let manager = w.actor("manager");
    let finish = |present: Vec<MemberId>| {
        let w = &w;
        async move { finish(&w.app, manager, id, &attended(&present)).await }
    };
    assert!(sentences(finish(vec![]).await).contains("Nothing was reviewed yet"));
    let first = review(&w, id).await.items[0].number;
    record(&w.app, manager, id, (first, 0), &agreed(Standing::OnTrack)).await.unwrap();
    assert_eq!(sentences(finish(vec![]).await), "Choose who was there");
    for stranger in [w.id("visitor"), w.id("willow_manager"), MemberId::new()] {
        assert_eq!(sentences(finish(vec![stranger]).await), "Choose who was there from this list");
    }
    finish(vec![manager.member.id, manager.member.id]).await.unwrap();
    assert!(sentences(finish(vec![manager.member.id]).await).contains("has been finished"));
    // a service without anything open can be reviewed all the same
    let empty = start(&w.app, w.actor("manager_two"), w.visits.id).await.unwrap();
    let there = attended(&[w.id("manager_two")]);
    throughline::workflow::weekly::finish(&w.app, w.actor("manager_two"), empty, &there).await.unwrap();
}

/// What is finished stays as it is, whoever tries: the database says so by itself.
#[tokio::test]
async fn minutes_are_append_only() {
    let (db, w) = scene().await;
    let [action, other] = two(&w).await;
    let id = begin(&w).await;
    let manager = w.actor("manager");
    record(&w.app, manager, id, (action.number, 0), &agreed(Standing::OnTrack)).await.unwrap();
    finish(&w.app, manager, id, &attended(&[manager.member.id])).await.unwrap();
    let mut administrator = db.administrator().await;
    let other = w.case(other).await.action.id;
    for sql in [
        "UPDATE weekly_reviews SET finished_at = NULL, finished_by = NULL".to_owned(),
        "UPDATE weekly_reviews SET others = 'x'".to_owned(),
        "UPDATE weekly_items SET left_as = 'ended'".to_owned(),
        "UPDATE weekly_entries SET note = 'x'".to_owned(),
        format!("INSERT INTO weekly_entries SELECT provider_id, weekly_review_id, '{other}', 1, standing, note, '', what, NULL, NULL, '', by, at FROM weekly_entries"),
        "INSERT INTO weekly_entries SELECT provider_id, weekly_review_id, action_id, 2, standing, note, '', what, NULL, NULL, '', by, at FROM weekly_entries".to_owned(),
        format!("INSERT INTO weekly_attendance SELECT provider_id, id, '{}' FROM weekly_reviews", w.id("deputy")),
    ] {
        let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone())).execute(&mut administrator).await.unwrap_err();
        let code = refused.as_database_error().and_then(|e| e.code().map(|c| c.into_owned()));
        assert_eq!(code.as_deref(), Some("TL060"), "{sql}: {refused}");
    }
    // the program may not even try to take anything away
    let grants = "SELECT count(*) FROM information_schema.role_table_grants WHERE grantee = 'throughline_app'
        AND table_name LIKE 'weekly%' AND privilege_type IN ('DELETE', 'TRUNCATE')";
    assert_eq!(number(&db, grants).await, 0);
}
