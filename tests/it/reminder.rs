//! Owners hear of a due date before it comes, once, and of what others change about their action (R8).

use chrono::{DateTime, Duration, NaiveDate, Utc};
use throughline::clock::Clock;
use throughline::domain::message::MessageKind;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::worker::tick;
use throughline::workflow::change::{NewWords, cancel, extend, reassign, reword};
use throughline::workflow::escalation::decide;
use throughline::workflow::mail_choice::choose;
use throughline::workflow::person::end_place;
use throughline::workflow::reminder::sweep;
use throughline::workflow::submission;

use super::worker::{act, by_force, midnight, number, replica, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, world};

const WHY: &str = "The pharmacist is away";

fn at(date: &str) -> DateTime<Utc> {
    midnight(day(date)) + Duration::hours(9)
}

async fn began(db: &TestDb) -> World {
    world(db, Clock::fixed(at("2026-11-02"))).await
}

/// `kind name subject` of every message of these kinds that was sent about an action, in order.
async fn told(db: &TestDb, action: Reference, kinds: &str) -> Vec<String> {
    let sql = format!(
        "SELECT format('%s: %s', m.name, o.subject) FROM outbox o JOIN memberships m ON m.provider_id = o.provider_id AND m.id = o.recipient_id
         JOIN actions a ON a.provider_id = o.provider_id AND a.id = o.action_id
         WHERE a.number = {} AND o.kind = ANY(string_to_array('{kinds}', ' ')) AND o.sent_at IS NOT NULL ORDER BY o.created_at, o.id",
        action.number
    );
    texts(db, &sql).await
}

async fn reminded(db: &TestDb, action: Reference) -> Vec<String> {
    let title = "Add a maximum dose to all 12 protocols";
    let told = told(db, action, "due_soon").await;
    told.iter().map(|t| t.replace(&format!(": {action} {title}"), "")).collect()
}

async fn on(w: &World, date: &str) {
    w.at(at(date));
    tick(&w.app).await.unwrap();
}

async fn moved(w: &World, action: Reference, to: &str) {
    extend(&w.app, w.actor("manager"), action.number, w.version(action).await, day(to), WHY).await.unwrap();
}

#[tokio::test]
async fn the_owner_is_reminded_three_working_days_before_once() {
    let db = TestDb::new().await;
    let w = began(&db).await;
    let action = w.due(Risk::Medium, Topic::Medicines, "carer", day("2026-11-19")).await;
    on(&w, "2026-11-15").await;
    assert!(reminded(&db, action).await.is_empty());
    for date in ["2026-11-16", "2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19"] {
        on(&w, date).await;
        assert_eq!(reminded(&db, action).await, ["Amara Bello: Due in 3 working days"], "{date}");
    }
    let body = texts(&db, "SELECT body FROM outbox WHERE kind = 'due_soon'").await.concat();
    assert!(body.contains("Your action is due in 3 working days."), "{body}");
    assert!(body.contains("Due: 19 November 2026"), "{body}");
    assert_eq!(number(&db, "SELECT count(*) FROM action_reminders").await, 0, "nothing is left to be said");
}

/// Nobody is woken: what is due at midnight leaves at seven, London time on both sides of both changes of the clocks.
#[tokio::test]
async fn it_leaves_at_seven_in_the_morning() {
    for (begin, due, reminder) in
        [("2026-03-02", "2026-04-01", "2026-03-27"), ("2026-10-05", "2026-10-28", "2026-10-23")]
    {
        let db = TestDb::new().await;
        let w = world(&db, Clock::fixed(at(begin))).await;
        let action = w.due(Risk::Medium, Topic::Medicines, "carer", day(due)).await;
        let day_of = day(reminder);
        w.at(midnight(day_of) - Duration::seconds(1));
        assert_eq!(tick(&w.app).await.unwrap().reminded, 0, "{reminder}: the day before");
        w.at(midnight(day_of));
        assert_eq!(tick(&w.app).await.unwrap().reminded, 1, "{reminder}");
        w.at(midnight(day_of) + Duration::hours(7) - Duration::seconds(1));
        tick(&w.app).await.unwrap();
        assert!(reminded(&db, action).await.is_empty(), "{reminder}: before seven");
        w.at(midnight(day_of) + Duration::hours(7));
        tick(&w.app).await.unwrap();
        assert_eq!(reminded(&db, action).await, ["Amara Bello: Due in 3 working days"], "{reminder}");
    }
}

#[tokio::test]
async fn bank_holidays_are_those_of_the_services_nation() {
    let db = TestDb::new().await;
    let w = began(&db).await;
    let here = w.due(Risk::Medium, Topic::Medicines, "carer", day("2026-12-02")).await;
    let there = w.due(Risk::Medium, Topic::Medicines, "visitor", day("2026-12-02")).await;
    by_force(&db, &format!("UPDATE services SET nation = 'scotland' WHERE id = '{}'", w.visits.id)).await;
    on(&w, "2026-11-26").await;
    assert!(reminded(&db, here).await.is_empty(), "30 November is a working day in England");
    assert_eq!(reminded(&db, there).await, ["Tom Reid: Due in 3 working days"], "but not in Scotland");
    on(&w, "2026-11-27").await;
    assert_eq!(reminded(&db, here).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_workers_at_once_send_one() {
    let db = TestDb::new().await;
    let w = began(&db).await;
    let mut replicas = Vec::new();
    for _ in 0..4 {
        replicas.push(replica(&db, &w.app).await);
    }
    let first = w.due(Risk::Medium, Topic::Medicines, "carer", day("2026-11-19")).await;
    // more than one batch: copies of the first, each with its own reminder
    by_force(&db, &format!(
        "INSERT INTO actions SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'number', 1000 + n))).*
           FROM actions a, generate_series(1, 620) n WHERE a.number = {};
         INSERT INTO action_reminders SELECT provider_id, id, cycle, owner_id, due_on, created_at FROM actions WHERE number > 1000",
        first.number
    )).await;
    w.at(at("2026-11-16"));
    for _ in 0..3 {
        let (a, b, c, d) = tokio::join!(
            sweep(&replicas[0], w.provider),
            sweep(&replicas[1], w.provider),
            sweep(&replicas[2], w.provider),
            sweep(&replicas[3], w.provider)
        );
        for done in [a, b, c, d] {
            done.unwrap();
        }
    }
    let queued = "SELECT count(*) FROM outbox WHERE kind = 'due_soon'";
    assert_eq!(number(&db, queued).await, 621);
    let of = "SELECT count(DISTINCT action_id) FROM outbox WHERE kind = 'due_soon'";
    assert_eq!(number(&db, of).await, 621, "each action once");
    let left = "SELECT count(*) FROM action_reminders";
    assert_eq!(number(&db, left).await, 0);
}

#[tokio::test]
async fn after_days_of_standstill_it_catches_up_once_but_not_with_what_is_late() {
    let db = TestDb::new().await;
    let w = began(&db).await;
    let late = w.due(Risk::Medium, Topic::Medicines, "carer", day("2026-11-12")).await;
    let yesterday = w.due(Risk::Medium, Topic::Falls, "carer", day("2026-11-15")).await;
    let today = w.due(Risk::Medium, Topic::Nutrition, "carer", day("2026-11-16")).await;
    let near = w.due(Risk::Medium, Topic::Dignity, "carer", day("2026-11-17")).await;
    let later = w.due(Risk::Medium, Topic::Dignity, "carer", day("2026-11-30")).await;
    on(&w, "2026-11-16").await;
    on(&w, "2026-11-16").await;
    for action in [late, yesterday, later] {
        assert!(reminded(&db, action).await.is_empty(), "{action}");
    }
    assert_eq!(reminded(&db, today).await, ["Amara Bello: Due today"]);
    assert_eq!(reminded(&db, near).await, ["Amara Bello: Due tomorrow"]);
    assert_eq!(number(&db, "SELECT count(*) FROM action_reminders").await, 1, "what is late is forgotten");
}

#[tokio::test]
async fn given_on_the_reminder_day_or_after_the_assignment_is_enough() {
    let db = TestDb::new().await;
    let w = began(&db).await;
    let mut short = Vec::new();
    // 2 November: the reminder day of Thursday 5 is Monday 2
    for due in ["2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"] {
        short.push(w.due(Risk::Medium, Topic::Medicines, "carer", day(due)).await);
    }
    let long = w.due(Risk::Medium, Topic::Medicines, "carer", day("2026-11-06")).await;
    for date in ["2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"] {
        on(&w, date).await;
    }
    for action in short {
        assert!(reminded(&db, action).await.is_empty(), "{action}");
    }
    assert_eq!(reminded(&db, long).await.len(), 1);
}

#[tokio::test]
async fn another_owner_or_date_begins_anew() {
    let db = TestDb::new().await;
    let w = began(&db).await;
    let action = w.due(Risk::Medium, Topic::Medicines, "carer", day("2026-11-19")).await;
    on(&w, "2026-11-16").await;
    // to somebody else, after the reminder day: the assignment says the date
    let seen = w.version(action).await;
    reassign(&w.app, w.actor("manager"), action.number, seen, w.id("leader"), WHY).await.unwrap();
    on(&w, "2026-11-17").await;
    assert_eq!(reminded(&db, action).await.len(), 1);
    moved(&w, action, "2026-11-26").await;
    on(&w, "2026-11-20").await;
    assert_eq!(reminded(&db, action).await.len(), 1);
    on(&w, "2026-11-23").await;
    let both = ["Amara Bello: Due in 3 working days", "Sofia Marsh: Due in 3 working days"];
    assert_eq!(reminded(&db, action).await, both);
    // back and forth: the same owner and date are not reminded of twice
    for to in ["2026-12-10", "2026-11-26"] {
        moved(&w, action, to).await;
    }
    by_force(&db, "UPDATE action_reminders SET told_at = '2026-11-02'").await;
    on(&w, "2026-11-24").await;
    assert_eq!(reminded(&db, action).await.len(), 2);
}

#[tokio::test]
async fn only_while_it_is_with_its_owner() {
    let db = TestDb::new().await;
    let w = began(&db).await;
    let due = day("2026-11-19");
    let submitted = w.due(Risk::Medium, Topic::Medicines, "carer", due).await;
    let back = w.due(Risk::Medium, Topic::Medicines, "carer", due).await;
    let cancelled = w.due(Risk::Medium, Topic::Medicines, "carer", due).await;
    let left = w.due(Risk::Medium, Topic::Medicines, "leader", due).await;
    for action in [submitted, back] {
        w.submit(action, "carer").await;
    }
    cancel(&w.app, w.actor("manager"), cancelled.number, w.version(cancelled).await, WHY).await.unwrap();
    end_place(&w.app, w.provider, w.id("leader")).await.unwrap();
    on(&w, "2026-11-16").await;
    for action in [submitted, back, cancelled, left] {
        assert!(reminded(&db, action).await.is_empty(), "{action}");
    }
    submission::take_back(&w.app, w.actor("carer"), back).await.unwrap();
    on(&w, "2026-11-17").await;
    assert_eq!(reminded(&db, back).await, ["Amara Bello: Due in 2 working days"]);
    on(&w, "2026-11-20").await;
    assert!(reminded(&db, submitted).await.is_empty());
    assert_eq!(number(&db, "SELECT count(*) FROM action_reminders").await, 0);
}

/// What was queued at midnight and is no longer true at seven is not sent, and administrators read why.
#[tokio::test]
async fn what_is_no_longer_true_when_its_turn_comes_is_not_sent() {
    let db = TestDb::new().await;
    let w = began(&db).await;
    let due = day("2026-11-19");
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(w.due(Risk::Medium, Topic::Medicines, "carer", due).await);
    }
    w.at(midnight(day("2026-11-16")));
    tick(&w.app).await.unwrap();
    moved(&w, all[0], "2026-12-18").await;
    w.submit(all[1], "carer").await;
    let seen = w.version(all[2]).await;
    reassign(&w.app, w.actor("manager"), all[2].number, seen, w.id("leader"), WHY).await.unwrap();
    on(&w, "2026-11-16").await;
    for action in all {
        assert!(reminded(&db, action).await.is_empty(), "{action}");
    }
    let page = w.browser("administrator").await.get("/messages").await.text();
    for why in ["The due date has moved", "It is not with its owner any more", "Somebody else owns it now"] {
        assert!(page.contains(&format!("Not sent: {why}")), "{why}: {page}");
    }
    // the filter names it; no message says it
    assert_eq!(page.matches("Could not be delivered").count(), 1, "{page}");
}

const CHANGES: &str = "date_moved reworded called_off";

/// `name: label` of every notice of these kinds about an action, in order.
async fn noticed(db: &TestDb, action: Reference, kinds: &str) -> Vec<String> {
    let sql = format!(
        "SELECT format('%s: %s', m.name, n.kind) FROM notices n JOIN memberships m ON m.provider_id = n.provider_id AND m.id = n.member_id
         JOIN actions a ON a.provider_id = n.provider_id AND a.id = n.action_id
         WHERE a.number = {} AND n.kind = ANY(string_to_array('{kinds}', ' ')) ORDER BY n.kind",
        action.number
    );
    texts(db, &sql).await
}

async fn change_all(w: &World, action: Reference, by: &str) {
    let words = NewWords {
        what: "Add a maximum dose to all 14 protocols",
        success_test: "7 of 7 sampled protocols show a maximum dose",
        kept: None,
        reason: WHY,
    };
    reword(&w.app, w.actor(by), action.number, w.version(action).await, words).await.unwrap();
    let to: NaiveDate = day("2026-12-09");
    extend(&w.app, w.actor(by), action.number, w.version(action).await, to, WHY).await.unwrap();
    cancel(&w.app, w.actor(by), action.number, w.version(action).await, WHY).await.unwrap();
    tick(&w.app).await.unwrap();
}

#[tokio::test]
async fn the_owner_is_told_what_others_change_and_nobody_of_what_they_did_themselves() {
    let db = TestDb::new().await;
    let w = began(&db).await;
    let theirs = w.due(Risk::Medium, Topic::Medicines, "carer", day("2026-11-30")).await;
    let own = w.due(Risk::Medium, Topic::Falls, "manager", day("2026-11-30")).await;
    change_all(&w, theirs, "manager").await;
    change_all(&w, own, "manager").await;
    let said = noticed(&db, theirs, CHANGES).await;
    assert_eq!(said, ["called_off", "date_moved", "reworded"].map(|kind| format!("Amara Bello: {kind}")));
    assert!(noticed(&db, own, CHANGES).await.is_empty());
    assert!(told(&db, theirs, CHANGES).await.is_empty(), "they come by mail only if asked for");
}

#[tokio::test]
async fn who_asks_for_it_reads_a_new_date_by_mail() {
    let db = TestDb::new().await;
    let w = began(&db).await;
    choose(&w.app, w.actor("carer"), &[MessageKind::DateMoved]).await.unwrap();
    let action = w.due(Risk::Medium, Topic::Medicines, "carer", day("2026-11-30")).await;
    moved(&w, action, "2026-12-09").await;
    tick(&w.app).await.unwrap();
    let about = format!("{action} Add a maximum dose to all 12 protocols");
    assert_eq!(told(&db, action, CHANGES).await, [format!("Amara Bello: New due date: {about}")]);
    let body = texts(&db, "SELECT body FROM outbox WHERE kind = 'date_moved' AND body <> ''").await.concat();
    assert!(body.contains("Due: 9 December 2026") && !body.contains(WHY), "{body}");
}

#[tokio::test]
async fn a_decision_that_moves_the_date_tells_the_owner() {
    let db = TestDb::new().await;
    let w = began(&db).await;
    let action = w.due(Risk::Low, Topic::Medicines, "carer", day("2026-11-06")).await;
    let other = w.due(Risk::Low, Topic::Medicines, "carer", day("2026-11-06")).await;
    on(&w, "2026-11-07").await;
    for (action, to) in [(action, Some(day("2026-11-18"))), (other, None)] {
        let id = w.escalation(&db, action, 1).await;
        decide(&w.app, w.actor("manager"), id, w.version(action).await, &act(to)).await.unwrap();
    }
    tick(&w.app).await.unwrap();
    assert_eq!(noticed(&db, action, CHANGES).await.len(), 1);
    assert!(noticed(&db, other, CHANGES).await.is_empty());
}
