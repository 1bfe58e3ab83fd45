//! Duplicates are merged into one (R28): the history of both stays, nothing closes on less, and it is not counted as
//! closed or cancelled.

use rstest::rstest;
use sqlx::{AssertSqlSafe, Executor as _};
use throughline::clock::Clock;
use throughline::database::roles;
use throughline::domain::action::Status;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{EvidenceKind, Risk, Topic};
use throughline::error::AppError;
use throughline::worker::tick;
use throughline::workflow::Stop;
use throughline::workflow::change::{cancel, extend, reassign};
use throughline::workflow::merging::merge;
use throughline::workflow::update::record;

use super::worker::{broken_lines, number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};
use crate::review::sentences;

const WHY: &str = "The same gap, found by the audit and by the night team";

async fn go(w: &World, who: &str, from: Reference, into: Reference) -> throughline::workflow::Done<()> {
    merge(&w.app, w.actor(who), from.number, w.version(from).await, into.number, WHY).await
}

/// Two findings of the house with an action each, the second of which repeats the first.
async fn two(w: &World) -> (Reference, Reference, Reference) {
    let (_, stays) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let (finding, repeats) = w.line(Risk::Medium, Topic::Medicines, "leader").await;
    (stays, repeats, finding)
}

#[tokio::test]
async fn a_duplicate_is_merged_and_both_say_so() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (stays, repeats, finding) = two(&w).await;
    let given = w.progress(&[EvidenceKind::Record]);
    record(&w.app, w.actor("leader"), repeats, &given).await.unwrap();
    let manager = w.browser("manager").await;
    let path = format!("/actions/{repeats}/merging");
    assert!(manager.get(&format!("/actions/{repeats}")).await.body.contains(&path));
    let page = manager.get(&path).await;
    assert!(page.text().contains(&format!("{stays} Add a maximum dose")), "{}", page.text());
    let (version, seen, into) = (page.field("version"), page.field("seen"), stays.number.to_string());
    let form = [("version", &*version), ("seen", &*seen), ("into", &*into), ("reason", WHY)];
    let bare =
        manager.post(&path, &[("version", &*version), ("seen", &*seen), ("into", ""), ("reason", "")]).await;
    for said in ["Choose the action that stays", "Say why they are the same"] {
        assert!(bare.status == 422 && bare.text().contains(said), "{said}: {}", bare.text());
    }
    let open = "SELECT count(*) FROM actions WHERE status NOT IN ('closed', 'cancelled')";
    let before = number(&db, open).await;
    let stale = manager.get(&format!("/actions/{stays}/cancellation")).await.field("version");
    let sent = manager.post(&path, &form).await;
    assert_eq!((sent.status.as_u16(), sent.location()), (303, &*format!("/p/rowan-care/actions/{repeats}")));
    assert_eq!(number(&db, open).await, before - 1);

    let page = manager.get(&format!("/actions/{repeats}")).await;
    let text = page.text();
    for said in [
        format!("Merged into {stays}"),
        format!("It repeats {stays}, which goes on."),
        "Open the action that stays".to_owned(),
        WHY.to_owned(),
    ] {
        assert!(text.contains(&said), "{said}: {text}");
    }
    assert!(
        !text.contains("Cancelled") && !page.body.contains(&path),
        "not cancelled, and not merged twice: {text}"
    );
    let other = manager.get(&format!("/actions/{stays}")).await;
    for said in ["Merged into this one", &format!("Merged {repeats} into this one"), WHY, "Record"] {
        assert!(other.text().contains(said), "{said}: {}", other.text());
    }
    assert!(other.body.contains(&format!("/actions/{repeats}")), "a link");
    // the evidence stays where it is, and is readable from the one that stays; it does not count there
    assert_eq!(w.case(stays).await.pieces.len(), 0);
    assert_eq!(w.case(repeats).await.pieces.len(), 1);
    // the carer owns the one that stays and does not see the other
    let carer = w.browser("carer").await;
    assert_eq!(carer.get(&format!("/actions/{repeats}")).await.status, 404);
    assert!(!carer.get(&format!("/actions/{stays}")).await.text().contains("Merged into this one"));
    // the page of the one that stays was overtaken
    assert_ne!(w.version(stays).await.to_string(), stale);

    // its own list, and in no other
    let list = async |show: &str| manager.get(&format!("/actions?show={show}&significance=all")).await.text();
    assert!(list("merged").await.contains(&repeats.to_string()));
    for show in ["open", "closed", "cancelled", "unowned", "late"] {
        assert!(!list(show).await.contains(&repeats.to_string()), "{show}");
    }
    let page = manager.get(&format!("/findings/{finding}")).await.text();
    assert!(page.contains(&format!("Merged into {stays}")) && !page.contains("No action yet"), "{page}");
    let listed = manager.get("/findings").await.text();
    assert!(!listed.contains("No action yet"), "{listed}");
    assert!(
        number(&db, "SELECT count(*) FROM outbox WHERE kind = 'called_off'").await > 0,
        "its owner is told"
    );
    assert_eq!(broken_lines(&db).await, 0);
}

/// It is never taken up again: not by the program, and not by anybody with the program's rights in the database.
#[tokio::test]
async fn what_was_merged_stays_as_it_is() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (stays, repeats, _) = two(&w).await;
    go(&w, "manager", repeats, stays).await.unwrap();
    let (by, seen) = (w.actor("manager"), w.version(repeats).await);
    for refused in [
        sentences(cancel(&w.app, by, repeats.number, seen, WHY).await),
        sentences(reassign(&w.app, by, repeats.number, seen, w.id("deputy"), WHY).await),
        sentences(extend(&w.app, by, repeats.number, seen, day("2027-01-01"), WHY).await),
        sentences(go(&w, "manager", repeats, stays).await),
        sentences(go(&w, "manager", stays, repeats).await),
        sentences(record(&w.app, w.actor("leader"), repeats, &w.progress(&[EvidenceKind::Record])).await),
    ] {
        assert!(refused.to_lowercase().contains("cancelled"), "{refused}");
    }
    w.days_pass(60);
    tick(&w.app).await.unwrap();
    let raised = format!(
        "SELECT count(*) FROM escalations e JOIN actions a ON a.id = e.action_id WHERE a.number = {}",
        repeats.number
    );
    assert_eq!(number(&db, &raised).await, 0, "and is late no more");
    let ids = texts(&db, "SELECT id::text FROM actions ORDER BY number").await;
    let (kept, gone) = (&ids[0], &ids[1]);
    let (_, third) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let (_, weak) = w.line(Risk::Low, Topic::Medicines, "carer").await;
    let (_, there) = w.line(Risk::Medium, Topic::Medicines, "visitor").await;
    let id = async |of: Reference| {
        texts(&db, &format!("SELECT id::text FROM actions WHERE number = {}", of.number)).await.remove(0)
    };
    let (third, weak, there) = (id(third).await, id(weak).await, id(there).await);
    let off = "status = 'cancelled', cancelled_by = created_by, cancelled_at = now(), cancel_reason = 'x', version = version + 1";
    let mut app = db.connect(roles::APP).await;
    let begin = format!("BEGIN; SET LOCAL app.provider_id = '{}'", w.provider);
    for (attack, code) in [
        (
            format!("UPDATE actions SET status = 'in_progress', version = version + 1 WHERE id = '{gone}'"),
            "TL016",
        ),
        (
            format!("UPDATE actions SET merged_into = NULL, version = version + 1 WHERE id = '{gone}'"),
            "TL016",
        ),
        (
            format!("UPDATE actions SET merged_into = '{third}', version = version + 1 WHERE id = '{kept}'"),
            "TL063",
        ),
        (
            format!("UPDATE actions SET merged_into = '{kept}', version = version + 1 WHERE id = '{third}'"),
            "23514",
        ),
        (format!("UPDATE actions SET {off}, merged_into = '{third}' WHERE id = '{kept}'"), "TL063"),
        (format!("UPDATE actions SET {off}, merged_into = '{third}' WHERE id = '{third}'"), "23514"),
        (format!("UPDATE actions SET {off}, merged_into = '{gone}' WHERE id = '{third}'"), "TL063"),
        (format!("UPDATE actions SET {off}, merged_into = '{there}' WHERE id = '{third}'"), "TL063"),
        (format!("UPDATE actions SET {off}, merged_into = '{weak}' WHERE id = '{third}'"), "TL064"),
        (format!("UPDATE actions SET {off}, merged_into = '{kept}' WHERE id = '{third}'; COMMIT"), "TL032"),
    ] {
        app.execute(AssertSqlSafe(begin.clone())).await.unwrap();
        let answer = app.execute(AssertSqlSafe(attack.clone())).await;
        let _ = app.execute("ROLLBACK").await;
        let error = answer.expect_err(&attack);
        let found = error.as_database_error().and_then(|e| e.code()).unwrap_or_default().to_string();
        assert_eq!(found, code, "{attack}: {error}");
    }
}

#[rstest]
#[case("deputy", true)]
#[case("manager", true)]
#[case("safeguarding", true)]
#[case("quality", true)]
#[case("nominated", true)]
#[case("leader", false)]
#[case("administrator", false)]
#[tokio::test]
async fn who_may_cancel_may_merge(#[case] who: &str, #[case] may: bool) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (stays, repeats, _) = two(&w).await;
    let page = w.browser(who).await.get(&format!("/actions/{repeats}/merging")).await;
    assert_eq!(page.status, if may { 200 } else { 403 });
    assert_eq!(go(&w, who, repeats, stays).await.is_ok(), may);
    assert_eq!(w.case(repeats).await.action.merged_into, may.then_some(stays.number));
}

#[tokio::test]
async fn what_would_close_on_less_is_refused() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (stays, repeats, _) = two(&w).await;
    let say = async |from, into| sentences(go(&w, "quality", from, into).await);
    assert!(say(repeats, repeats).await.contains("this is the one that would be merged"));
    let (_, there) = w.line(Risk::Medium, Topic::Medicines, "visitor").await;
    assert_eq!(say(repeats, there).await, "Choose an action of the same service");
    // what they do not see is not there
    let unseen = sentences(go(&w, "manager", repeats, there).await);
    assert_eq!(unseen, "Choose an action of the same service");
    let hidden = go(&w, "manager", there, repeats).await;
    assert!(matches!(hidden, Err(Stop::Failed(AppError::NotFound))), "{hidden:?}");
    let (_, falls) = w.line(Risk::Medium, Topic::Falls, "carer").await;
    assert!(
        say(repeats, falls).await.contains("does not ask for audit sample: merge it into this one instead")
    );
    let (_, high) = w.line(Risk::High, Topic::Medicines, "carer").await;
    assert!(say(high, repeats).await.contains("The risk behind"));
    extend(&w.app, w.actor("manager"), stays.number, w.version(stays).await, day("2027-01-11"), "Later")
        .await
        .unwrap();
    assert!(say(repeats, stays).await.contains("is due later: merge it into this one instead"));
    let submitted = w.submitted_action(Risk::Medium, "carer").await;
    let waits = say(submitted, high).await;
    assert_eq!(waits, format!("{submitted} is waiting for verification, so it is not merged"));
    assert!(say(repeats, submitted).await.ends_with("so it is not merged"));
    let closed = w.closed_action(Risk::Medium, "carer").await;
    assert!(say(repeats, closed).await.contains("is closed"));
    let reason =
        merge(&w.app, w.actor("quality"), stays.number, w.version(stays).await, repeats.number, " ").await;
    assert_eq!(sentences(reason), "Say why they are the same");
    let old = merge(&w.app, w.actor("quality"), stays.number, 1, repeats.number, WHY).await;
    assert!(matches!(old, Err(Stop::Changed)), "{old:?}");
    // nobody gets rid of what waits for a decision this way
    w.days_pass(40);
    tick(&w.app).await.unwrap();
    assert!(say(repeats, high).await.contains("was escalated and waits for a decision: record it first"));
    // and one into which others were merged stays
    let (_, a) = w.line(Risk::Low, Topic::Dignity, "carer").await;
    let (_, b) = w.line(Risk::Low, Topic::Dignity, "carer").await;
    let (_, c) = w.line(Risk::Low, Topic::Dignity, "carer").await;
    go(&w, "quality", b, a).await.unwrap();
    assert!(say(a, c).await.contains("Others were merged into"));
    go(&w, "quality", c, a).await.unwrap();
    assert_eq!(w.case(a).await.action.status, Status::NotStarted);
    assert_eq!(number(&db, "SELECT count(*) FROM actions WHERE merged_into IS NOT NULL").await, 2);
}

/// Each into the other at the same time: one of them stays.
#[tokio::test]
async fn two_who_merge_each_into_the_other() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    for _ in 0..4 {
        let (one, other, _) = two(&w).await;
        let both = tokio::join!(go(&w, "manager", one, other), go(&w, "quality", other, one));
        assert_eq!(usize::from(both.0.is_ok()) + usize::from(both.1.is_ok()), 1, "{both:?}");
    }
    assert_eq!(number(&db, "SELECT count(*) FROM actions WHERE merged_into IS NOT NULL").await, 4);
    assert_eq!(broken_lines(&db).await, 0);
}

/// The review a finding comes from.
async fn review_of(db: &TestDb, finding: Reference) -> String {
    let sql = format!(
        "SELECT 'R-' || lpad(r.number::text, 4, '0') FROM reviews r JOIN finding_sources s ON s.review_id = r.id
         JOIN findings f ON f.id = s.finding_id WHERE f.number = {}",
        finding.number
    );
    texts(db, &sql).await.remove(0)
}

/// A review whose finding's action was merged is signed off by the action that stays (R5), and not without it.
#[tokio::test]
async fn the_action_that_stays_answers_both_findings() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    // the action that stays answers the finding of the other
    let (stays, repeats, finding) = two(&w).await;
    go(&w, "manager", repeats, stays).await.unwrap();
    let manager = w.browser("manager").await;
    let review = review_of(&db, finding).await;
    let seen = manager.get(&format!("/reviews/{review}")).await.field("version");
    let signed = manager.post(&format!("/reviews/{review}/sign-off"), &[("version", &seen)]).await;
    assert_eq!(signed.status, 303, "{}", signed.text());
    // called off, it answers nothing
    let (stays, repeats, finding) = two(&w).await;
    go(&w, "manager", repeats, stays).await.unwrap();
    let review = review_of(&db, finding).await;
    let page = manager.get(&format!("/reviews/{review}")).await;
    assert!(page.text().contains(&format!("Merged into {stays}")), "{}", page.text());
    cancel(&w.app, w.actor("manager"), stays.number, w.version(stays).await, "Not needed").await.unwrap();
    let seen = manager.get(&format!("/reviews/{review}")).await;
    let version = if seen.body.contains("name=\"version\"") { seen.field("version") } else { "1".into() };
    let held = manager.post(&format!("/reviews/{review}/sign-off"), &[("version", &version)]).await;
    assert_ne!(held.status, 303, "called off, it answers nothing");
    let (_, again) = (finding, w.define_action("manager", finding, "carer").await);
    assert!(again.number > 0);
    let seen = manager.get(&format!("/reviews/{review}")).await;
    let signed =
        manager.post(&format!("/reviews/{review}/sign-off"), &[("version", &seen.field("version"))]).await;
    assert_eq!(signed.status, 303, "{}", signed.text());
}
