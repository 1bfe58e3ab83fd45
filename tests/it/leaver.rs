//! Somebody leaves: everything goes over in one step or stays visible, and nobody is left without an administrator (R7).

use axum::http::StatusCode;
use chrono::Duration;
use throughline::clock::Clock;
use throughline::domain::action::Status;
use throughline::domain::member::{Member, Role};
use throughline::domain::topic::{Risk, Topic};
use throughline::ids::{MemberId, UserId};
use throughline::worker;
use throughline::workflow::change::reassign;
use throughline::workflow::leaver::{Handing, Leaving, end_by_operator, leave};
use throughline::workflow::person::{change_role, end_place};
use throughline::workflow::{Actor, Stop, provider};

use crate::harness::TestDb;
use crate::harness::fixtures::{Browser, World, saturday, world};
use crate::review::sentences;

const WHY: &str = "Amara has a new job from Monday";

async fn one(db: &TestDb, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&mut db.administrator().await).await.unwrap()
}

/// A second administrator.
async fn second_administrator(db: &TestDb, w: &World) -> Actor {
    let user = UserId::new();
    sqlx::query("INSERT INTO users (id, email, name, created_at) VALUES ($1, $2, 'Tess Brand', now())")
        .bind(user.uuid())
        .bind(format!("{user}@throughline.example"))
        .execute(&mut db.administrator().await)
        .await
        .unwrap();
    let member = Member {
        id: MemberId::new(),
        name: "Tess Brand".into(),
        role: Role::Administrator,
        job_title: String::new(),
        services: Vec::new(),
    };
    provider::add_member(&w.app, w.provider, user, &member).await.unwrap();
    Actor { provider: w.provider, member }
}

fn departure(w: &World, who: &str) -> String {
    format!("/settings/members/{}/departure", w.id(who))
}

/// Sends the form as the page shows it, with these choices.
async fn send(browser: &Browser, path: &str, choices: &[(&str, &str)]) -> crate::harness::fixtures::Answer {
    let actions = browser.get(path).await.field("actions");
    let mut fields = vec![("actions", actions.as_str()), ("reason", WHY)];
    fields.extend_from_slice(choices);
    browser.post(path, &fields).await
}

#[tokio::test]
async fn everything_goes_over_in_one_step() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, first) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let (_, second) = w.line(Risk::Low, Topic::Falls, "carer").await;
    let submitted = w.submitted_action(Risk::Medium, "carer").await;
    let (_, nobodys) = w.line(Risk::Medium, Topic::Dignity, "carer").await;
    let carer = w.browser("carer").await;
    assert_eq!(carer.get("/my-actions").await.status, 200);

    let browser = w.browser("administrator").await;
    let list = browser.get("/settings/members").await.text();
    assert!(list.contains("Amara Bello senior carer Care staff Rowan House 21 November 2026"), "{list}");
    assert!(list.contains("Tom Reid care worker Care staff Rowan Visits Not yet"), "{list}");
    assert!(list.contains("Nobody has left yet."));
    let path = departure(&w, "carer");
    let page = browser.get(&path).await.text();
    for said in
        ["Amara Bello is leaving", "4 open actions", "Rowan House", "Sofia Marsh, shift lead", "Nobody yet"]
    {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("Tom Reid"), "who does not see the service cannot own it");

    let to_all = format!("to-{}", w.house.id);
    let (leader, deputy) = (w.id("leader").to_string(), w.id("deputy").to_string());
    let (own, none) = (format!("owner-{}", second.number), format!("owner-{}", nobodys.number));
    let empty = browser.post(&path, &[("actions", ""), ("reason", ""), (&to_all, &leader)]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text().contains("Say why the work changes hands"));
    assert!(empty.body.contains(&format!("value=\"{leader}\" selected")), "what was chosen is kept");
    let before = one(&db, "SELECT count(*) FROM events").await;
    let sent = send(&browser, &path, &[(&to_all, &leader), (&own, &deputy), (&none, "nobody")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());

    for (action, owner, status) in [
        (first, "leader", Status::NotStarted),
        (second, "deputy", Status::NotStarted),
        (submitted, "leader", Status::InProgress),
    ] {
        let a = w.case(action).await.action;
        assert_eq!((a.owner.unwrap().id, a.status), (w.id(owner), status), "{action}");
    }
    assert!(w.case(nobodys).await.action.unowned());
    // three handed over, one of them taken back from verification, and the member
    assert_eq!(one(&db, "SELECT count(*) FROM events").await - before, 5);
    let told = "SELECT count(*) FROM outbox o JOIN actions a ON a.id = o.action_id WHERE o.kind = 'assigned' AND a.owner_changes = 1";
    assert_eq!(one(&db, told).await, 6, "each new owner, besides the first");
    let page = w.browser("manager").await.get(&format!("/actions/{first}")).await.text();
    assert!(page.contains("Handed over from Amara Bello to Sofia Marsh") && page.contains(WHY), "{page}");

    // sessions ended at once
    assert_eq!(
        one(
            &db,
            "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email LIKE 'carer@%'"
        )
        .await,
        0
    );
    assert!(carer.get("/my-actions").await.location().starts_with("/sign-in"));
    // unowned at once, by the manager's own list
    let unowned = w.browser("manager").await.get("/actions?show=unowned").await.text();
    assert!(unowned.contains(&nobodys.to_string()) && !unowned.contains(&first.to_string()), "{unowned}");
    // and readable
    let page = browser.get(&format!("/settings/members/{}", w.id("carer"))).await;
    for said in [
        "Left 21 November 2026",
        "Amara Bello left",
        "3 actions handed over",
        "1 action left without an owner",
        WHY,
    ] {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    assert!(!page.body.contains("/departure"), "nobody leaves twice");
    assert!(
        browser.get("/settings/members").await.text().contains("Amara Bello Care staff 21 November 2026")
    );
    let again = browser.get(&path).await;
    assert!(
        again.status == 403 && again.text().contains("Amara Bello left on 21 November 2026"),
        "{}",
        again.text()
    );
}

/// A row that cannot go to the person chosen is named, and nothing at all is done.
#[tokio::test]
async fn each_row_is_held_to_the_rules_of_one_alone() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, here) = w.line(Risk::Medium, Topic::Medicines, "deputy_two").await;
    let finding = w.log_finding("manager_two", Risk::Low, Topic::Falls).await;
    let there = w.define_action("manager_two", finding, "deputy_two").await;
    let by = w.actor("administrator");
    let id = w.id("deputy_two");
    let row = async |of: throughline::domain::reference::Reference, to: &str| Handing {
        number: of.number,
        seen: w.version(of).await,
        to: Some(w.id(to)),
    };
    let go = async |by: &Actor, reason: &str, actions: &[Handing]| {
        leave(&w.app, by, &Leaving { member: id, reason, actions }).await
    };
    let head = "SELECT max(seq) FROM events";
    let before = one(&db, head).await;
    for (to, said) in [("carer", true), ("reader", true), ("deputy_two", false), ("willow_manager", true)] {
        // the leader owns nothing of the visits, the carer neither
        let rows = [row(here, "leader").await, row(there, to).await];
        let said_so = sentences(go(by, WHY, &rows).await);
        assert!(said_so.starts_with(&format!("{there}: ")), "{to}: {said_so}");
        assert_eq!(said_so.contains("Choose someone who works in this service"), said, "{to}: {said_so}");
    }
    let rows = [row(here, "leader").await, row(there, "visitor").await];
    assert_eq!(sentences(go(by, " ", &rows).await), "Say why the work changes hands");
    assert!(matches!(go(by, WHY, &rows[..1]).await, Err(Stop::Changed)), "not all they own");
    for who in ["manager", "quality", "nominated", "carer", "reader"] {
        let stop = go(w.actor(who), WHY, &rows).await.unwrap_err();
        assert!(matches!(stop, Stop::Failed(throughline::error::AppError::NotFound)), "{who}: {stop:?}");
    }
    assert_eq!(one(&db, head).await, before, "nothing was done");
    // somebody else was quicker with one of them
    reassign(&w.app, w.actor("manager"), here.number, rows[0].seen, w.id("deputy"), WHY).await.unwrap();
    assert!(matches!(go(by, WHY, &rows).await, Err(Stop::Changed)));
    let browser = w.browser("administrator").await;
    let stale = [
        ("actions", &*format!("{}:{}", there.number, rows[1].seen + 3)),
        ("reason", WHY),
        (&*format!("to-{}", w.visits.id), &*w.id("visitor").to_string()),
    ];
    let page = browser.post(&departure(&w, "deputy_two"), &stale).await;
    assert_eq!(page.status, 409);
    assert!(page.text().contains("What they own changed since you opened this page"), "{}", page.text());
    assert_eq!(page.field("actions"), format!("{}:{}", there.number, rows[1].seen), "the page is fresh now");
    go(by, WHY, &rows[1..]).await.unwrap();
    assert!(matches!(go(by, WHY, &[]).await, Err(Stop::Failed(throughline::error::AppError::NotFound))));
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let by = w.actor("administrator");
    let id = w.id("administrator");
    let last = "Nobody else is an administrator here. Make somebody else an administrator first";
    let leaving = Leaving { member: id, reason: WHY, actions: &[] };
    assert_eq!(sentences(leave(&w.app, by, &leaving).await), last);
    assert_eq!(sentences(end_place(&w.app, w.provider, id).await), last);
    assert_eq!(sentences(change_role(&w.app, w.provider, id, Role::QualityLead).await), last);
    let browser = w.browser("administrator").await;
    let page = send(&browser, &departure(&w, "administrator"), &[]).await;
    assert!(page.status == 422 && page.text().contains(last), "{}", page.text());
    // the database says so by itself
    let mut raw = db.administrator().await;
    let error = sqlx::query("UPDATE memberships SET ended_at = now() + interval '10 years' WHERE id = $1")
        .bind(id.uuid())
        .execute(&mut raw)
        .await
        .unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("TL050"));
    // with another one, one's own place may end
    second_administrator(&db, &w).await;
    let gone = send(&browser, &departure(&w, "administrator"), &[]).await;
    assert_eq!((gone.status, gone.location()), (StatusCode::SEE_OTHER, "/sign-in"));
    assert_eq!(browser.get("/settings").await.location(), "/sign-in?next=%2Fp%2Frowan-care%2Fsettings");
}

/// Both administrators at once, again and again: one of them stays.
#[tokio::test]
async fn two_administrators_who_leave_at_the_same_time() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let mut here = w.actor("administrator").clone();
    for round in 0..12 {
        let other = second_administrator(&db, &w).await;
        let ends = |by: &Actor, of: &Actor| {
            let (by, id, app) = (by.clone(), of.member.id, w.app.clone());
            async move {
                match round % 3 {
                    0 => leave(&app, &by, &Leaving { member: id, reason: WHY, actions: &[] }).await.map(drop),
                    1 => end_by_operator(&app, by.provider, id, "").await.map(drop),
                    _ => change_role(&app, by.provider, id, Role::CareStaff).await,
                }
            }
        };
        let both = tokio::join!(tokio::spawn(ends(&other, &here)), tokio::spawn(ends(&here, &other)));
        let both = [both.0.unwrap(), both.1.unwrap()];
        let done = both.iter().filter(|done| done.is_ok()).count();
        assert_eq!(done, 1, "round {round}: {both:?}");
        let left = "SELECT count(*) FROM memberships m JOIN providers p ON p.id = m.provider_id WHERE p.slug = 'rowan-care' AND role = 'administrator' AND ended_at IS NULL";
        assert_eq!(one(&db, left).await, 1, "round {round}");
        if both[0].is_ok() {
            here = other;
        }
    }
}

/// What only they may check is shown, what waits for their decision passes on by role, and nothing is judged by it.
#[tokio::test]
async fn checks_and_decisions_go_on_by_role() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let submitted = w.submitted_action(Risk::Medium, "visitor").await;
    let (_, late) = w.line(Risk::Medium, Topic::Falls, "visitor").await;
    w.at(saturday() + Duration::days(40));
    worker::tick(&w.app).await.unwrap();
    let browser = w.browser("administrator").await;
    let path = departure(&w, "manager_two");
    let page = browser.get(&path).await.text();
    assert!(page.contains("Rowan Visits has no other registered manager."), "{page}");
    assert!(page.contains("Whatever waits to be checked can be checked by others."), "{page}");
    assert!(page.contains("Then decided by Helen Carter or James Okafor"), "{page}");
    for who in ["deputy_two", "safeguarding", "nominated"] {
        end_place(&w.app, w.provider, w.id(who)).await.unwrap();
    }
    change_role(&w.app, w.provider, w.id("quality"), Role::CareStaff).await.unwrap();
    let page = browser.get(&path).await.text();
    assert!(page.contains("What only they may check Give somebody a role"), "{page}");
    assert!(page.contains(&format!("{submitted} · Rowan Visits · to be checked by")), "{page}");
    assert!(page.contains("Nobody else may decide it"), "{page}");
    change_role(&w.app, w.provider, w.id("quality"), Role::QualityLead).await.unwrap();
    worker::tick(&w.app).await.unwrap();
    let to_quality = "SELECT count(*) FROM outbox o JOIN memberships m ON m.id = o.recipient_id WHERE m.name = 'Helen Carter' AND o.kind = 'escalated' AND o.dedupe_key LIKE '%after%'";
    assert_eq!(one(&db, to_quality).await, 0);
    let sent = send(&browser, &path, &[]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    worker::tick(&w.app).await.unwrap();
    assert!(one(&db, to_quality).await > 0, "the quality lead hears of what the manager leaves undecided");
    assert_eq!(w.case(submitted).await.action.status, Status::Submitted);
    assert_eq!(w.case(late).await.action.status, Status::NotStarted);
    assert_eq!(
        one(&db, "SELECT count(*) FROM escalation_decisions").await,
        0,
        "nothing is decided by leaving"
    );
}

/// Hundreds of actions: one new owner for each service, and still one step.
#[tokio::test]
async fn many_at_once() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let finding = w.log_finding("manager", Risk::Low, Topic::Falls).await;
    for _ in 0..101 {
        w.define_action("manager", finding, "carer").await;
    }
    let browser = w.browser("administrator").await;
    let path = departure(&w, "carer");
    let page = browser.get(&path).await;
    assert!(page.text().contains("101 open actions") && !page.body.contains("name=\"owner-"));
    let to_all = format!("to-{}", w.house.id);
    let sent = send(&browser, &path, &[(&to_all, &w.id("leader").to_string())]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    assert_eq!(one(&db, "SELECT count(*) FROM actions WHERE owner_changes = 1").await, 101);
}

#[tokio::test]
async fn settings_are_for_the_administrator() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    for who in w.nicknames() {
        let browser = w.browser(who).await;
        for path in ["/settings".to_owned(), "/settings/members".to_owned(), departure(&w, "carer")] {
            let wanted = if who == "administrator" { 200 } else { 404 };
            // also for the administrator of another provider
            let path = format!("/p/{}{path}", w.slug);
            assert_eq!(browser.get(&path).await.status, wanted, "{who} {path}");
        }
    }
    let page = w.browser("administrator").await.get("/dashboard").await;
    assert!(page.body.contains("/p/rowan-care/settings"), "it is in the menu");
}
