//! Another owner, other words, another date, calling off: never silently (R6, R7).

use throughline::clock::Clock;
use throughline::domain::action::Status;
use throughline::domain::closure::AssuranceDecision;
use throughline::domain::topic::{Risk, Topic};
use throughline::domain::verification::Outcome;
use throughline::workflow::change::{NewWords, cancel, extend, reassign, reword};
use throughline::workflow::closure::close;
use throughline::workflow::{Stop, submission};

use crate::harness::TestDb;
use crate::harness::fixtures::{day, saturday, world};
use crate::review::sentences;

const WHY: &str = "Amara is on leave until January";

#[tokio::test]
async fn a_new_owner_is_told_and_the_old_one_stays_in_the_history() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, action) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let seen = w.version(action).await;
    let to = |who: &str| w.id(who);
    let go = |by: &'static str, to| reassign(&w.app, w.actor(by), action.number, seen, to, WHY);
    assert_eq!(sentences(go("carer", to("leader")).await), "Your role does not do this here.");
    assert!(sentences(go("manager", to("carer")).await).contains("Amara Bello owns it already"));
    for other in ["visitor", "manager_two", "reader", "willow_manager"] {
        assert_eq!(
            sentences(go("manager", to(other)).await),
            "Choose someone who works in this service",
            "{other}"
        );
    }
    let silent = reassign(&w.app, w.actor("manager"), action.number, seen, to("leader"), " ").await;
    assert_eq!(sentences(silent), "Say why");
    go("leader", to("leader")).await.unwrap();
    assert!(matches!(go("manager", to("deputy")).await, Err(Stop::Changed)));
    let a = w.case(action).await.action;
    assert_eq!((a.owner.unwrap().id, a.owner_changes, a.status), (to("leader"), 1, Status::NotStarted));
    let page = w.browser("manager").await.get(&format!("/actions/{action}")).await.text();
    for said in [
        "Owner changed once",
        "Owner: from Amara Bello to Sofia Marsh",
        WHY,
        "Handed over from Amara Bello to Sofia Marsh",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert_eq!(
        w.browser("carer").await.get(&format!("/actions/{action}")).await.status,
        404,
        "no longer theirs"
    );
    let mut all = db.administrator().await;
    let told: i64 =
        sqlx::query_scalar("SELECT count(*) FROM outbox WHERE kind = 'assigned' AND action_id = $1")
            .bind(a.id.uuid())
            .fetch_one(&mut all)
            .await
            .unwrap();
    assert_eq!(told, 2, "the first owner and the second");
}

/// A new owner answers for it themselves: what was submitted or verified no longer stands.
#[tokio::test]
async fn what_was_submitted_or_verified_has_to_be_submitted_again() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    for verified in [false, true] {
        let action = if verified {
            w.verified_action(Risk::Medium, "carer").await
        } else {
            w.submitted_action(Risk::Medium, "carer").await
        };
        let seen = w.version(action).await;
        reassign(&w.app, w.actor("manager"), action.number, seen, w.id("leader"), WHY).await.unwrap();
        assert_eq!(w.case(action).await.action.status, Status::InProgress);
        let page = w.browser("leader").await.get(&format!("/actions/{action}")).await.text();
        let said = if verified { "Has to be checked again" } else { "Back in progress" };
        assert!(page.contains(said) && page.contains("It has another owner"), "{page}");
        // the evidence was not found wanting, so it need not change
        submission::submit(&w.app, w.actor("leader"), action).await.unwrap();
        w.verify(action, "deputy", Outcome::Complete).await;
        w.close(action, "manager").await;
    }
    // the verifier becomes the owner: somebody else has to check
    let action = w.verified_action(Risk::Medium, "carer").await;
    let seen = w.version(action).await;
    reassign(&w.app, w.actor("manager"), action.number, seen, w.id("deputy"), WHY).await.unwrap();
    submission::submit(&w.app, w.actor("deputy"), action).await.unwrap();
    w.verify(action, "deputy_two", Outcome::Complete).await;
    w.close(action, "manager").await;
}

#[tokio::test]
async fn words_change_with_a_reason_and_vague_ones_are_pointed_out() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, action) = w.line(Risk::High, Topic::Medicines, "carer").await;
    let before = w.case(action).await.action;
    let seen = before.version;
    let words = |what: &'static str, kept: Option<&'static str>| NewWords {
        what,
        success_test: "12 of 12 protocols show both",
        kept,
        reason: "The pharmacist asked for it",
    };
    let go = |who: &'static str, new| reword(&w.app, w.actor(who), action.number, seen, new);
    let vague = "Remind staff about protocols";
    assert!(sentences(go("manager", words(vague, None)).await).contains("“Remind staff” is hard to check"));
    for who in ["carer", "leader", "administrator"] {
        assert_eq!(sentences(go(who, words(vague, Some("x"))).await), "Your role does not do this here.");
    }
    go("manager", words(vague, Some("These are the words of the coroner"))).await.unwrap();
    let a = w.case(action).await.action;
    assert_eq!(
        (a.rewordings, a.wording_override.as_deref()),
        (1, Some("These are the words of the coroner"))
    );
    let seen = a.version;
    let clear = words("Add a maximum dose and a review date to all 12 protocols on Ash", Some("Left over"));
    reword(&w.app, w.actor("deputy"), action.number, seen, clear).await.unwrap();
    assert_eq!(w.case(action).await.action.wording_override, None, "nothing vague is kept");
    let page = w.browser("manager").await.get(&format!("/actions/{action}")).await.text();
    for said in ["Reworded twice", vague, before.what.as_str(), "These are the words of the coroner"] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[tokio::test]
async fn a_date_moves_with_a_reason_and_is_counted() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, action) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let go = async |who: &str, date: &str| {
        let seen = w.version(action).await;
        extend(&w.app, w.actor(who), action.number, seen, day(date), "Waiting for the pharmacist").await
    };
    let due = w.case(action).await.action.due_on.unwrap();
    assert!(sentences(go("manager", &due.to_string()).await).contains("Choose another date"));
    assert_eq!(sentences(go("manager", "2026-11-20").await), "Set a date that is today or later");
    assert_eq!(sentences(go("leader", "2026-12-20").await), "Your role does not do this here.");
    go("manager", "2026-12-20").await.unwrap();
    go("deputy", "2026-12-22").await.unwrap();
    let a = w.case(action).await.action;
    assert_eq!((a.due_on, a.extensions), (Some(day("2026-12-22")), 2));
    let page = w.browser("manager").await.get(&format!("/actions/{action}")).await.text();
    for said in [
        "Date moved twice.",
        "Due date: from 20 December 2026 to 22 December 2026",
        "Due date moved from 20 December 2026 to 22 December 2026",
        "Waiting for the pharmacist",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[tokio::test]
async fn what_is_being_judged_keeps_its_words_and_date() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::High, "carer").await;
    let manager = w.browser("manager").await;
    for stage in ["waiting for verification", "waiting for closure", "closed"] {
        for path in ["rewording", "extension"] {
            let page = manager.get(&format!("/actions/{action}/{path}")).await;
            assert_eq!(page.status, 403, "{stage} {path}");
            assert!(
                page.text().contains(&format!("it is {stage}"))
                    || page.text().contains(&format!("It is {stage}")),
                "{}",
                page.text()
            );
        }
        match stage {
            "waiting for verification" => w.verify(action, "deputy", Outcome::Complete).await,
            "waiting for closure" => {
                w.assure(action, AssuranceDecision::Assured).await;
                w.close(action, "manager").await;
            }
            _ => {}
        }
    }
    let page = manager.get(&format!("/actions/{action}")).await.text();
    assert!(!page.contains("Change this action"), "a closed action offers nothing to change: {page}");
}

#[tokio::test]
async fn a_cancelled_action_stays_visible_and_still() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Medium, "carer").await;
    let seen = w.version(action).await;
    let refused = cancel(&w.app, w.actor("leader"), action.number, seen, "Not needed").await;
    assert_eq!(sentences(refused), "Your role does not do this here.");
    cancel(&w.app, w.actor("manager"), action.number, seen, "The unit closes on 30 November").await.unwrap();
    let page = w.browser("carer").await.get(&format!("/actions/{action}")).await;
    assert!(page.text().contains("Cancelled") && page.text().contains("The unit closes on 30 November"));
    let seen = w.version(action).await;
    for stop in [
        cancel(&w.app, w.actor("manager"), action.number, seen, "Again").await.unwrap_err(),
        extend(&w.app, w.actor("manager"), action.number, seen, day("2026-12-20"), "x").await.unwrap_err(),
        reassign(&w.app, w.actor("manager"), action.number, seen, w.id("leader"), "x").await.unwrap_err(),
        close(&w.app, w.actor("manager"), action.number, seen, "x").await.map(drop).unwrap_err(),
    ] {
        assert!(matches!(stop, Stop::Refused(_)), "{stop:?}");
    }
}

#[tokio::test]
async fn the_forms_in_the_browser() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, action) = w.line(Risk::High, Topic::Medicines, "carer").await;
    let manager = w.browser("manager").await;
    let here = format!("/actions/{action}");
    let version = async |path: &str| manager.get(&format!("{here}/{path}")).await.field("version");

    let v = version("owner").await;
    let form = manager.get(&format!("{here}/owner")).await;
    assert!(form.text().contains("Sofia Marsh, shift lead") && !form.text().contains("Tom Reid"));
    let wrong =
        manager.post(&format!("{here}/owner"), &[("owner", "x"), ("reason", WHY), ("version", &v)]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("Choose one owner") && wrong.text().contains(WHY));
    let leader = w.id("leader").to_string();
    let carer = w.browser("carer").await.post(&format!("{here}/owner"), &[("version", &*v)]).await;
    assert!(carer.status == 403 && !carer.body.contains("<select"), "colleagues are not listed");
    let right = [("owner", &*leader), ("reason", WHY), ("version", &*v)];
    assert_eq!(manager.post(&format!("{here}/owner"), &right).await.status, 303);
    let stale = manager.post(&format!("{here}/owner"), &right).await;
    assert_eq!(stale.status, 409);
    assert!(stale.text().contains("Handed over from Amara Bello to Sofia Marsh"), "{}", stale.text());

    let v = version("rewording").await;
    let vague = [
        ("what", "Monitor PRN"),
        ("success_test", "Fewer errors"),
        ("reason", WHY),
        ("kept", ""),
        ("version", &*v),
    ];
    let vague = manager.post(&format!("{here}/rewording"), &vague).await;
    assert_eq!(vague.status, 422);
    assert!(
        vague.text().contains("say below why these words are kept") && vague.body.contains("Monitor PRN")
    );

    let v = version("extension").await;
    let date = [("due", "30"), ("due-month", "11"), ("due-year", "2026"), ("reason", WHY), ("version", &*v)];
    assert_eq!(manager.post(&format!("{here}/extension"), &date).await.status, 303);

    let v = version("cancellation").await;
    assert_eq!(
        manager.post(&format!("{here}/cancellation"), &[("reason", ""), ("version", &v)]).await.status,
        422
    );
    let long = "x".repeat(2001);
    let too_long =
        manager.post(&format!("{here}/cancellation"), &[("reason", &*long), ("version", &v)]).await;
    assert_eq!(too_long.status, 422);
    assert!(too_long.text().contains("Use 2000 characters or fewer"));
    let done = manager
        .post(&format!("{here}/cancellation"), &[("reason", "Merged with A-0002"), ("version", &v)])
        .await;
    assert_eq!(done.status, 303);
    for path in ["owner", "rewording", "extension", "cancellation"] {
        assert_eq!(manager.get(&format!("{here}/{path}")).await.status, 403, "{path}");
        assert_eq!(w.browser("manager_two").await.get(&format!("{here}/{path}")).await.status, 404, "{path}");
    }
}
