//! Several actions get another owner at once: all by the rules of one alone, or none of them (R7, R8, R18a).

use axum::http::StatusCode;
use throughline::clock::Clock;
use throughline::domain::action::Status;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::workflow::change::{self, cancel, reassign};
use throughline::workflow::mail_choice::choose;

use super::worker::texts;
use crate::harness::TestDb;
use crate::harness::fixtures::{World, saturday, world};

const WHY: &str = "Works nights until Christmas";

async fn one(db: &TestDb, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&mut db.administrator().await).await.unwrap()
}

fn of(w: &World, who: &str) -> String {
    format!("/my-team/owner?person={}", w.id(who))
}

async fn pair(w: &World, action: Reference) -> String {
    format!("{}:{}", action.number, w.version(action).await)
}

#[tokio::test]
async fn all_that_is_ticked_changes_hands_for_one_reason() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, first) = w.line(Risk::Medium, Topic::Falls, "carer").await;
    let submitted = w.submitted_action(Risk::Low, "carer").await;
    let verified = w.verified_action(Risk::Low, "carer").await;
    let (_, stays) = w.line(Risk::Low, Topic::Dignity, "carer").await;
    let manager = w.browser("manager").await;
    let team = manager.get("/my-team").await;
    assert!(team.body.contains(&format!("/my-team/owner?person={}", w.id("carer"))), "{}", team.body);
    let page = manager.get(&of(&w, "carer")).await.text();
    for said in [
        "Change owners: Amara Bello",
        "All 4 of them",
        "Its submission is taken back: the new owner sends it again.",
        "It is checked again: the new owner sends it again.",
        "Sofia Marsh, shift lead",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("Amara Bello, senior carer"), "not to whom it belongs: {page}");
    let before = one(&db, "SELECT count(*) FROM events").await;
    let leader = w.id("leader").to_string();
    let pairs = [pair(&w, first).await, pair(&w, submitted).await, pair(&w, verified).await];
    let mut form: Vec<(&str, &str)> = pairs.iter().map(|p| ("action", p.as_str())).collect();
    // the same twice is once
    form.extend([("action", pairs[0].as_str()), ("owner", &leader), ("reason", WHY)]);
    let sent = manager.post(&of(&w, "carer"), &form).await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, "/p/rowan-care/my-team"));
    for (action, status) in
        [(first, Status::NotStarted), (submitted, Status::InProgress), (verified, Status::InProgress)]
    {
        let a = w.case(action).await.action;
        assert_eq!((a.owner.unwrap().id, a.status, a.owner_changes), (w.id("leader"), status, 1), "{action}");
        let page = manager.get(&format!("/actions/{action}")).await.text();
        assert!(page.contains("Handed over from Amara Bello to Sofia Marsh") && page.contains(WHY), "{page}");
    }
    assert_eq!(w.case(stays).await.action.owner.unwrap().id, w.id("carer"));
    // three changes of owner, one submission taken back, one verification void
    assert_eq!(one(&db, "SELECT count(*) FROM events").await - before, 5);
    let told = "SELECT count(*) FROM outbox o JOIN memberships m ON m.name = 'Sofia Marsh' WHERE o.kind = 'assigned' AND o.action_id IN (SELECT id FROM actions WHERE owner_id = m.id)";
    assert!(one(&db, told).await >= 3, "she is told of each");
}

/// One that cannot go holds all of them up, and is named; once more does the rest.
#[tokio::test]
async fn what_cannot_go_is_named_and_nothing_is_half_done() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, here) = w.line(Risk::Medium, Topic::Medicines, "deputy_two").await;
    let (_, other) = w.line(Risk::Medium, Topic::Falls, "deputy_two").await;
    let (_, off) = w.line(Risk::Low, Topic::Dignity, "deputy_two").await;
    let finding = w.log_finding("manager_two", Risk::Low, Topic::Falls).await;
    let there = w.define_action("manager_two", finding, "deputy_two").await;
    let quality = w.browser("quality").await;
    let path = of(&w, "deputy_two");
    let shown = quality.get(&path).await.field("shown");
    assert_eq!(shown.split(',').count(), 4, "{shown}");
    // meanwhile one is called off, and one changed by somebody else
    cancel(&w.app, w.actor("manager"), off.number, w.version(off).await, "Ash unit closed").await.unwrap();
    let seen = w.version(other).await;
    reassign(&w.app, w.actor("manager"), other.number, seen, w.id("deputy"), WHY).await.unwrap();
    let back = w.version(other).await;
    reassign(&w.app, w.actor("manager"), other.number, back, w.id("deputy_two"), WHY).await.unwrap();
    let before = one(&db, "SELECT max(seq) FROM events").await;
    let carer = w.id("carer").to_string();
    let form = [("shown", &*shown), ("all", "yes"), ("owner", &carer), ("reason", WHY)];
    let answer = quality.post(&path, &form).await;
    assert_eq!(answer.status, 422);
    let text = answer.text();
    for said in [
        "Nothing was changed.".to_owned(),
        format!("{there}: Choose someone who works in this service"),
        format!("{other}: It changed since you opened this page. Look at it again, then tick it"),
        format!("{off}: It changed since you opened this page"),
        "The other one is still ticked: send again to hand it over".to_owned(),
        WHY.to_owned(),
    ] {
        assert!(text.contains(&said), "{said}: {text}");
    }
    assert_eq!(one(&db, "SELECT max(seq) FROM events").await, before, "nothing was done");
    let ticked = |body: &str, pair: &str| body.contains(&format!("value=\"{pair}\" checked"));
    assert!(ticked(&answer.body, &pair(&w, here).await), "what can go stays ticked");
    assert!(!ticked(&answer.body, &pair(&w, there).await) && !ticked(&answer.body, &pair(&w, other).await));
    assert!(answer.body.contains(&format!("value=\"{carer}\" selected")), "who was chosen is kept");
    let rest = pair(&w, here).await;
    let sent = quality.post(&path, &[("action", &rest), ("owner", &carer), ("reason", WHY)]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    assert_eq!(w.case(here).await.action.owner.unwrap().id, w.id("carer"));
    // what was called off stays as it is, whatever version is sent
    let (off_now, nobody) = (pair(&w, off).await, w.id("visitor").to_string());
    for (form, said) in [
        (
            vec![("action", &*off_now), ("owner", &carer), ("reason", WHY)],
            "It stays as it is: it is cancelled",
        ),
        (vec![("owner", &*carer), ("reason", WHY)], "Tick what changes hands"),
        (vec![("action", &*rest), ("reason", WHY)], "Choose one owner"),
        (vec![("action", &*rest), ("owner", &*nobody), ("reason", " ")], "Say why they change hands"),
    ] {
        let answer = quality.post(&path, &form).await;
        assert!(answer.status == 422 && answer.text().contains(said), "{said}: {}", answer.text());
    }
}

/// What nobody owns is handed out the same way; each sees and moves only what is theirs to move.
#[tokio::test]
async fn each_leader_hands_over_within_their_services() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, here) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let (_, there) = w.line(Risk::Medium, Topic::Medicines, "visitor").await;
    throughline::workflow::person::end_place(&w.app, w.provider, w.id("carer")).await.unwrap();
    let manager = w.browser("manager").await;
    let page = manager.get("/my-team/owner").await;
    assert!(page.text().contains("Change owners: what nobody owns"), "{}", page.text());
    assert!(page.text().contains(&here.to_string()) && !page.text().contains(&there.to_string()));
    assert!(manager.get(&of(&w, "visitor")).await.text().contains("Nothing here to hand over"));
    let leader = w.id("leader").to_string();
    let both = [pair(&w, here).await, pair(&w, there).await];
    let form = [("action", &*both[0]), ("action", &*both[1]), ("owner", &leader), ("reason", WHY)];
    assert_eq!(manager.post("/my-team/owner", &form).await.status, 404, "not there for them");
    assert!(w.case(here).await.action.unowned(), "and nothing was done");
    let sent = manager.post("/my-team/owner", &[form[0], form[2], form[3]]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    assert_eq!(w.case(here).await.action.owner.unwrap().id, w.id("leader"));
    for (who, status) in
        [("visitor", 404), ("reader", 404), ("leader", 200), ("deputy", 200), ("administrator", 200)]
    {
        assert_eq!(w.browser(who).await.get("/my-team/owner").await.status, status, "{who}");
    }
    for bad in ["x", "00000000"] {
        assert_eq!(manager.get(&format!("/my-team/owner?person={bad}")).await.status, 404);
    }
}

/// One mail tells of all that changed hands at once; each is a notice of its own.
#[tokio::test]
async fn what_changes_hands_at_once_comes_in_one_mail() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let mut actions = Vec::new();
    for topic in [Topic::Falls, Topic::Dignity, Topic::Nutrition] {
        actions.push(w.line(Risk::Low, topic, "carer").await.1);
    }
    throughline::worker::tick(&w.app).await.unwrap();
    let mut pairs = Vec::new();
    for action in &actions {
        pairs.push(pair(&w, *action).await);
    }
    let leader = w.id("leader").to_string();
    let mut form: Vec<(&str, &str)> = pairs.iter().map(|p| ("action", p.as_str())).collect();
    form.extend([("owner", leader.as_str()), ("reason", WHY)]);
    let manager = w.browser("manager").await;
    assert_eq!(manager.post(&of(&w, "carer"), &form).await.status, 303);
    throughline::worker::announce::provider(&w.app, w.provider).await.unwrap();
    // one goes on to somebody else before the mail leaves: it is told there, and not here
    let [gone, .., last] = actions[..] else { panic!("three") };
    let seen = w.version(gone).await;
    change::reassign(&w.app, w.actor("manager"), gone.number, seen, w.id("deputy"), WHY).await.unwrap();
    throughline::worker::tick(&w.app).await.unwrap();
    let told = |what: &str, who: &str| {
        format!(
            "SELECT {what} FROM outbox o JOIN memberships m ON m.id = o.recipient_id
             WHERE o.kind = 'assigned' AND m.name = '{who}' AND o.sent_at IS NOT NULL ORDER BY 1"
        )
    };
    let subjects = texts(&db, &told("o.subject", "Sofia Marsh")).await;
    assert_eq!(subjects, ["Assigned to you: 2 actions"]);
    let body = texts(&db, &told("o.body", "Sofia Marsh")).await.remove(0);
    assert!(body.contains(&last.to_string()) && !body.contains(&gone.to_string()), "{body}");
    assert!(body.contains(&format!("/p/rowan-care/actions/{last}\n")), "{body}");
    let alone = texts(&db, &told("o.subject", "Daniel Osei")).await;
    assert_eq!(alone.len(), 1);
    assert!(alone[0].starts_with(&format!("Assigned to you: {gone} ")), "{alone:?}");
    let notices = "SELECT count(*) FROM notices n JOIN memberships m ON m.id = n.member_id WHERE n.kind = 'assigned' AND m.name = 'Sofia Marsh'";
    assert!(one(&db, notices).await >= 2, "in the program each is told by itself");
    let waits = "SELECT count(*) FROM outbox WHERE next_at IS NOT NULL";
    assert_eq!(one(&db, waits).await, 0, "nothing is left waiting");
    let others = "SELECT count(*) FROM outbox WHERE last_error = 'It is told in one message with others'";
    assert_eq!(one(&db, others).await, 2);
}

/// Whoever does not want it by mail gets none of them.
#[tokio::test]
async fn who_wants_no_mail_of_it_gets_none_of_several() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let first = w.line(Risk::Low, Topic::Falls, "carer").await.1;
    let second = w.line(Risk::Low, Topic::Dignity, "carer").await.1;
    choose(&w.app, w.actor("leader"), &[]).await.unwrap();
    let pairs = [pair(&w, first).await, pair(&w, second).await];
    let leader = w.id("leader").to_string();
    let mut form: Vec<(&str, &str)> = pairs.iter().map(|p| ("action", p.as_str())).collect();
    form.extend([("owner", leader.as_str()), ("reason", WHY)]);
    assert_eq!(w.browser("manager").await.post(&of(&w, "carer"), &form).await.status, 303);
    throughline::worker::tick(&w.app).await.unwrap();
    let sent = "SELECT count(*) FROM outbox o JOIN memberships m ON m.id = o.recipient_id WHERE m.name = 'Sofia Marsh' AND o.sent_at IS NOT NULL";
    assert_eq!(one(&db, sent).await, 0);
}
