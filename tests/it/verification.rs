//! Verification: who checks, what a verdict does, and two people at once (R15, R16, R17).

use std::collections::BTreeSet;

use rstest::rstest;
use throughline::clock::Clock;
use throughline::domain::action::Status;
use throughline::domain::recurrence::{Causes, Factor};
use throughline::domain::topic::{EvidenceKind, Risk, Topic};
use throughline::domain::verification::{Mark, Outcome, Verdict};
use throughline::store::{case, papers};
use throughline::workflow::person::end_place;
use throughline::workflow::verification::verify;
use throughline::workflow::{Stop, change, closure, root_cause, submission, update};

use crate::harness::TestDb;
use crate::harness::fixtures::{World, day, saturday, world};
use crate::review::sentences;
use crate::worker::texts;

/// What happened: status, cycle, due date, extensions.
async fn state(w: &World, action: throughline::domain::reference::Reference) -> (Status, i32, String, i32) {
    let a = w.case(action).await.action;
    (a.status, a.cycle, a.due_on.unwrap().to_string(), a.extensions)
}

/// The escalations of an action, as cause and level.
async fn escalations(db: &TestDb) -> Vec<(String, i32)> {
    let mut all = db.administrator().await;
    sqlx::query_as("SELECT cause, level FROM escalations ORDER BY cause, level")
        .fetch_all(&mut all)
        .await
        .unwrap()
}

/// Messages queued, as kind and audience.
async fn messages(db: &TestDb, kind: &str) -> i64 {
    let mut all = db.administrator().await;
    sqlx::query_scalar("SELECT count(*) FROM outbox WHERE kind = $1")
        .bind(kind)
        .fetch_one(&mut all)
        .await
        .unwrap()
}

#[rstest]
#[case("deputy", "")]
#[case("deputy_two", "")]
#[case("manager", "")]
#[case("safeguarding", "")]
#[case("quality", "")]
#[case("nominated", "")]
#[case("carer", "Your role does not do this here.")]
#[case("leader", "Your role does not do this here.")]
#[case("administrator", "Your role does not do this here.")]
#[tokio::test]
async fn somebody_independent_checks_it(#[case] who: &str, #[case] refused: &str) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Medium, "carer").await;
    let case = w.case(action).await;
    let verdict = w.verdict(Outcome::Complete, &case.required);
    let done = verify(&w.app, w.actor(who), action.number, case.action.version, &verdict).await;
    if refused.is_empty() {
        done.unwrap();
        assert_eq!(w.case(action).await.action.status, Status::Verified);
    } else {
        assert_eq!(sentences(done), refused);
        assert_eq!(w.case(action).await.action.status, Status::Submitted);
    }
}

#[tokio::test]
async fn nobody_checks_their_own_work() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    // the deputy owns it
    let own = w.submitted_action(Risk::Medium, "deputy").await;
    let case = w.case(own).await;
    let verdict = w.verdict(Outcome::Complete, &case.required);
    let seen = case.action.version;
    assert!(
        sentences(verify(&w.app, w.actor("deputy"), own.number, seen, &verdict).await)
            .contains("You own this")
    );
    // the deputy gave evidence
    let helped = w.submitted_action(Risk::Medium, "carer").await;
    update::record(&w.app, w.actor("deputy"), helped, &w.progress(&[EvidenceKind::Data])).await.unwrap();
    let seen = w.version(helped).await;
    let refused = verify(&w.app, w.actor("deputy"), helped.number, seen, &verdict).await;
    assert!(sentences(refused).contains("You gave evidence"));
    // somebody of another service, and of another provider, is told nothing
    for who in ["manager_two", "visitor", "willow_manager", "willow_shared"] {
        let stop = verify(&w.app, w.actor(who), helped.number, seen, &verdict).await.unwrap_err();
        assert!(matches!(stop, Stop::Failed(throughline::error::AppError::NotFound)), "{who}: {stop:?}");
    }
}

/// R15: a registered manager's own action; a one-manager home records why a team leader checks it.
#[tokio::test]
async fn a_managers_own_action_is_checked_by_others() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Medium, "manager").await;
    let case = w.case(action).await;
    let (seen, number) = (case.action.version, action.number);
    let verdict = w.verdict(Outcome::Complete, &case.required);
    let refused = verify(&w.app, w.actor("safeguarding"), number, seen, &verdict).await;
    assert!(sentences(refused).starts_with("A registered manager owned this"));
    assert!(verify(&w.app, w.actor("leader"), number, seen, &verdict).await.is_err());
    let form = format!("/actions/{action}/verification");
    assert_eq!(w.browser("leader").await.get(&form).await.status, 403, "there are deputies");
    let reason = Some("There is no deputy, and the quality lead is away".to_owned());
    let with_reason = Verdict { exception_reason: reason, ..verdict };
    let refused = verify(&w.app, w.actor("leader"), number, seen, &with_reason).await;
    assert!(sentences(refused).starts_with("Another manager of this service can check it"));
    end_place(&w.app, w.provider, w.id("deputy")).await.unwrap();
    assert!(verify(&w.app, w.actor("leader"), number, seen, &with_reason).await.is_err(), "one is left");
    end_place(&w.app, w.provider, w.id("deputy_two")).await.unwrap();
    assert_eq!(w.browser("leader").await.get(&form).await.status, 200);
    verify(&w.app, w.actor("leader"), number, seen, &with_reason).await.unwrap();
    let page = w.browser("nominated").await.get(&format!("/actions/{action}")).await.text();
    let said = "Why a team leader checked it: There is no deputy, and the quality lead is away";
    assert!(page.contains(said) && page.contains("Verdict: complete, as an exception"), "{page}");
    for who in ["nominated", "quality"] {
        let browser = w.browser(who).await;
        assert!(browser.get("/verify").await.body.contains("/verify/exceptions\""), "{who}");
        let page = browser.get("/verify/exceptions").await.text();
        for part in
            ["Sofia Marsh", "There is no deputy, and the quality lead is away", "Complete", "Priya Nair"]
        {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(page.contains(&action.to_string()), "{page}");
    }
    for who in ["manager", "safeguarding", "leader", "administrator"] {
        let browser = w.browser(who).await;
        assert_eq!(browser.get("/verify/exceptions").await.status, 404, "{who}");
        assert!(!browser.get("/verify").await.body.contains("/verify/exceptions\""), "{who}");
    }
}

/// A reason is kept where there is an exception, and nowhere else.
#[tokio::test]
async fn who_needs_no_exception_records_none() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    for (owner, by) in [("manager", "deputy"), ("carer", "manager"), ("manager", "quality")] {
        let action = w.submitted_action(Risk::Medium, owner).await;
        let case = w.case(action).await;
        let reason = Some("It seemed better".to_owned());
        let verdict = Verdict { exception_reason: reason, ..w.verdict(Outcome::Complete, &case.required) };
        verify(&w.app, w.actor(by), action.number, case.action.version, &verdict).await.unwrap();
    }
    let kept = super::worker::number(&db, "SELECT count(exception_reason) FROM verifications").await;
    assert_eq!(kept, 0);
    let empty = w.browser("nominated").await.get("/verify/exceptions").await.text();
    assert!(empty.contains("No exception has been recorded."), "{empty}");
}

/// Newest first, fifty a page, none twice and none left out, though many were recorded at the same instant.
#[tokio::test]
async fn exceptions_are_read_page_by_page() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Medium, "manager").await;
    w.verify(action, "deputy", Outcome::Complete).await;
    super::worker::by_force(&db, &format!(
        "INSERT INTO verifications SELECT (jsonb_populate_record(v, jsonb_build_object('id', gen_random_uuid(), 'seq', 1000 + n, 'exception_reason', 'Reason ' || n,
           'at', v.at + (n / 3) * interval '1 minute'))).* FROM verifications v, generate_series(1, 120) n WHERE v.provider_id = '{}'",
        w.provider
    )).await;
    let browser = w.browser("quality").await;
    let (mut path, mut seen) = ("/verify/exceptions".to_owned(), Vec::new());
    loop {
        let page = browser.get(&path).await;
        let rows = page.body.split("class=\"typed\">Reason ").skip(1);
        seen.extend(rows.map(|r| r.split('<').next().unwrap().parse::<i32>().unwrap()));
        let Some(next) = page.body.split("<a ").find(|a| a.contains("rel=\"next\"")) else { break };
        path = next.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    }
    assert_eq!(seen.len(), 120);
    assert!(seen.windows(2).all(|pair| pair[0] / 3 >= pair[1] / 3), "newest first: {seen:?}");
    seen.sort_unstable();
    assert_eq!(seen, (1..=120).collect::<Vec<_>>());
    for wrong in ["1", "x.y", "1.not-an-id"] {
        assert_eq!(browser.get(&format!("/verify/exceptions?after={wrong}")).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn partially_complete_goes_back_with_what_is_missing_and_a_date() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Medium, "carer").await;
    w.verify(action, "deputy", Outcome::PartiallyComplete).await;
    assert_eq!(state(&w, action).await, (Status::SentBack, 1, "2026-11-28".into(), 1));
    assert_eq!(messages(&db, "sent_back").await, 1);
    assert!(escalations(&db).await.is_empty(), "nothing was mixed");
    let page = w.browser("carer").await.get(&format!("/actions/{action}")).await.text();
    for said in [
        "Partially complete",
        "The South round",
        "Daniel Osei sent it back",
        "Date moved once",
        "Add an update",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // nothing new: it cannot come again as it is
    let refused = submission::submit(&w.app, w.actor("carer"), action).await;
    assert!(sentences(refused).contains("Add what was missing"));
    update::record(&w.app, w.actor("carer"), action, &w.progress(&[EvidenceKind::Record])).await.unwrap();
    submission::submit(&w.app, w.actor("carer"), action).await.unwrap();
    w.verify(action, "deputy", Outcome::Complete).await;
    assert_eq!(w.case(action).await.action.status, Status::Verified);
}

#[rstest]
#[case(Risk::Medium, vec![("ineffective", 1)])]
#[case(Risk::High, vec![("ineffective", 1), ("ineffective", 2)])]
#[tokio::test]
async fn ineffective_begins_anew_and_is_escalated(#[case] risk: Risk, #[case] raised: Vec<(&str, i32)>) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(risk, "carer").await;
    w.verify(action, "deputy", Outcome::Ineffective).await;
    assert_eq!(state(&w, action).await, (Status::Ineffective, 2, "2026-11-28".into(), 0));
    let raised: Vec<_> = raised.into_iter().map(|(cause, level)| (cause.to_owned(), level)).collect();
    assert_eq!(escalations(&db).await, raised);
    assert_eq!(messages(&db, "escalated").await, i64::try_from(raised.len()).unwrap());
    let case = w.case(action).await;
    assert!(case.pieces.is_empty() && case.verification.is_none(), "the new round starts without papers");
    let page = w.browser("quality").await.get(&format!("/actions/{action}")).await.text();
    for said in ["Evidence of earlier rounds", "Round 1", "Verdict: ineffective", "Verified as ineffective"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert_eq!(opened(&db).await, ["1 verdict"], "R16: and why it did not work is asked");
    let told = w.browser("deputy").await.get("/findings/F-0001").await.text();
    let why = format!("It was opened because {action} was verified as ineffective.");
    assert!(told.contains(&why) && told.contains("Root-cause review opened"), "{told}");
    // and it waits on the manager's list of escalations
    let list = w.browser("manager").await.get("/escalations").await.text();
    assert!(list.contains("Verified as ineffective"), "{list}");
}

/// The root-cause reviews: their round, and because of what they were opened.
async fn opened(db: &TestDb) -> Vec<String> {
    let sql = "SELECT round || CASE WHEN verdict_id IS NOT NULL THEN ' verdict' ELSE '' END FROM root_cause_reviews ORDER BY round";
    texts(db, sql).await
}

/// R16: what did not work closes when somebody has found out why, whatever was done since.
#[tokio::test]
async fn what_did_not_work_closes_when_its_cause_is_known() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Medium, "carer").await;
    w.verify(action, "deputy", Outcome::Ineffective).await;
    w.submit(action, "carer").await;
    w.verify(action, "deputy", Outcome::Ineffective).await;
    assert_eq!(opened(&db).await, ["1 verdict"], "one is open already");
    w.submit(action, "carer").await;
    w.verify(action, "deputy", Outcome::Complete).await;
    let manager = w.actor("manager");
    let seen = w.version(action).await;
    let close = async || closure::close(&w.app, manager, action.number, seen, "Six of six show it").await;
    assert!(sentences(close().await).contains("Missing: why it did not work."));
    let page = w.browser("manager").await.get(&format!("/actions/{action}")).await.text();
    let missing = "It was verified as ineffective: the root-cause review of F-0001 has to be complete";
    assert!(page.contains(missing) && page.contains("Write the root-cause review"), "{page}");
    let causes = Causes {
        factors: vec![Factor::Equipment],
        whys: vec!["The bell slides off when the bed is made and nobody looks for it".into()],
        review_on: Some(w.today() + chrono::Days::new(30)),
        ..Causes::default()
    };
    root_cause::save(&w.app, manager, 1, 1, &causes, true).await.unwrap();
    close().await.unwrap();
    // opened again for another reason, its cause stays known
    let (seen, due) = (w.version(action).await, w.today() + chrono::Days::new(7));
    closure::reopen(&w.app, manager, action.number, seen, "Two rooms were added", due).await.unwrap();
    assert_eq!(w.case(action).await.unreviewed(), None);
}

#[tokio::test]
async fn mixed_evidence_keeps_it_open_and_is_escalated() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Medium, "carer").await;
    let case = w.case(action).await;
    let mut verdict = w.verdict(Outcome::Complete, &case.required);
    verdict.marks[0].1 = Mark::Mixed;
    let seen = case.action.version;
    let refused = verify(&w.app, w.actor("deputy"), action.number, seen, &verdict).await;
    assert!(sentences(refused).contains("cannot be complete while evidence is mixed"));
    let mut verdict = w.verdict(Outcome::PartiallyComplete, &case.required);
    verdict.marks[0].1 = Mark::Mixed;
    verify(&w.app, w.actor("deputy"), action.number, seen, &verdict).await.unwrap();
    assert_eq!(escalations(&db).await, [("mixed_evidence".to_owned(), 1)]);
}

/// Two people at once: one verdict stands, the other is told.
#[tokio::test]
async fn two_verifiers_at_once_leave_one_verdict() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    for _ in 0..5 {
        let action = w.submitted_action(Risk::Medium, "carer").await;
        let case = w.case(action).await;
        let complete = w.verdict(Outcome::Complete, &case.required);
        let ineffective = w.verdict(Outcome::Ineffective, &case.required);
        let (seen, number) = (case.action.version, action.number);
        let (one, two) = tokio::join!(
            verify(&w.app, w.actor("deputy"), number, seen, &complete),
            verify(&w.app, w.actor("quality"), number, seen, &ineffective),
        );
        assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1);
        let lost = one.err().or(two.err()).unwrap();
        assert!(matches!(lost, Stop::Changed), "{lost:?}");
    }
}

/// The fields of a verdict as a browser sends them.
fn fields<'a>(w: &World, required: &[EvidenceKind], version: &'a str) -> Vec<(&'static str, &'a str)> {
    let _ = w;
    let mut fields = vec![
        ("note", "8 records read, 7 as agreed"),
        ("method", "record_sample"),
        ("sample", "8"),
        ("met", "7"),
        ("outcome", "complete"),
        ("missing", ""),
        ("due", ""),
        ("due-month", ""),
        ("due-year", ""),
    ];
    fields.extend(required.iter().map(|k| (throughline::workflow::verification::mark_field(*k), "supports")));
    fields.push(("version", version));
    fields
}

#[tokio::test]
async fn a_verdict_in_the_browser() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Medium, "carer").await;
    let required = w.case(action).await.required;
    let deputy = w.browser("deputy").await;
    let page = deputy.get(&format!("/actions/{action}")).await;
    assert!(page.text().contains("Verify this action"), "the form stands on the page itself");
    let form = deputy.get(&format!("/actions/{action}/verification")).await;
    assert_eq!(form.status, 200);
    let version = form.field("version");
    let done =
        deputy.post(&format!("/actions/{action}/verification"), &fields(&w, &required, &version)).await;
    assert_eq!((done.status.as_u16(), done.location()), (303, &*format!("/p/rowan-care/actions/{action}")));
    let page = deputy.get(&format!("/actions/{action}")).await.text();
    for said in
        ["Waiting for closure", "Verified as complete", "8 looked at, 7 met the standard", "8 records read"]
    {
        assert!(page.contains(said), "{said}: {page}");
    }
    // the same form again, by the back button
    let again =
        deputy.post(&format!("/actions/{action}/verification"), &fields(&w, &required, &version)).await;
    assert_eq!(again.status, 409);
}

#[tokio::test]
async fn a_verdict_that_lacks_something_keeps_what_was_typed() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Medium, "carer").await;
    let version = w.version(action).await.to_string();
    let deputy = w.browser("deputy").await;
    let path = format!("/actions/{action}/verification");
    let empty = deputy.post(&path, &[("version", &version)]).await;
    assert_eq!(empty.status, 422);
    for said in [
        "Say what you sampled and what you found",
        "Choose how you checked",
        "Enter how many you looked at",
        "Enter how many met the standard",
        "Choose whether this evidence supports it: record",
        "Choose whether this evidence supports it: audit sample",
        "Choose your decision",
    ] {
        assert!(empty.text().matches(said).count() >= 2, "at the top and at the field: {said}");
    }
    assert!(empty.body.contains("<title>Error: "));
    let partial = [
        ("note", "Only <b>days</b> & no nights"),
        ("method", "observation"),
        ("sample", "4"),
        ("met", "5"),
        ("mark-record", "supports"),
        ("mark-audit_sample", "mixed"),
        ("outcome", "partially_complete"),
        ("due", "20"),
        ("due-month", "11"),
        ("due-year", "2026"),
        ("version", &version),
    ];
    let wrong = deputy.post(&path, &partial).await;
    assert_eq!(wrong.status, 422);
    for said in ["cannot be more than the number you looked at", "Say what is missing", "Set a new due date"]
    {
        assert!(wrong.text().contains(said), "{said}: {}", wrong.text());
    }
    assert!(wrong.text().contains("Only <b>days</b> & no nights"), "what was typed is kept, and escaped");
    assert_eq!(wrong.field("version"), version);
    let none = deputy.post(&path, &partial[..10]).await;
    assert_eq!(none.status, 409, "a form without its version is as one that was overtaken");
}

/// A stale page: the evidence changed between opening and sending.
#[tokio::test]
async fn a_page_that_is_stale_shows_what_is_new_and_keeps_what_was_typed() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Medium, "carer").await;
    let required = w.case(action).await.required;
    let path = format!("/actions/{action}/verification");
    let deputy = w.browser("deputy").await;
    let opened = deputy.get(&path).await.field("version");
    update::record(&w.app, w.actor("carer"), action, &w.progress(&[EvidenceKind::Data])).await.unwrap();
    let stale = deputy.post(&path, &fields(&w, &required, &opened)).await;
    assert_eq!(stale.status, 409);
    for said in
        ["This changed since you opened it", "Evidence added: Data of week 46", "8 records read, 7 as agreed"]
    {
        assert!(stale.text().contains(said), "{said}: {}", stale.text());
    }
    // read, and sent again from the page that says so
    let fresh = stale.field("version");
    assert_ne!(fresh, opened);
    assert_eq!(deputy.post(&path, &fields(&w, &required, &fresh)).await.status, 303);
}

#[tokio::test]
async fn who_may_not_check_it_is_told_why_or_nothing() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Medium, "deputy").await;
    let path = format!("/actions/{action}/verification");
    for (who, status, said) in [
        ("deputy", 403, "You own this action or have owned it"),
        ("leader", 403, "Your role does not do this here."),
        ("administrator", 403, "Your role does not do this here."),
        ("carer", 404, "Page not found"),
        ("manager_two", 404, "Page not found"),
        ("willow_manager", 404, "Page not found"),
    ] {
        let path = if who.starts_with("willow") { format!("/p/rowan-care{path}") } else { path.clone() };
        let page = w.browser(who).await.get(&path).await;
        assert_eq!(page.status.as_u16(), status, "{who}");
        assert!(page.text().contains(said), "{who}: {}", page.text());
    }
    w.verify(action, "quality", Outcome::Complete).await;
    let page = w.browser("manager").await.get(&path).await;
    assert_eq!(page.status, 403);
    assert!(page.text().contains("It is not waiting for verification: it is waiting for closure."));
}

/// R18a: a verdict keeps the wording and the evidence it judged.
#[tokio::test]
async fn a_verdict_keeps_what_it_judged() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.submitted_action(Risk::Medium, "carer").await;
    w.verify(action, "deputy", Outcome::PartiallyComplete).await;
    let new = change::NewWords {
        what: "Add a maximum dose and a review date to all 12 protocols on Ash and Beech",
        success_test: "12 of 12 protocols show both",
        kept: None,
        reason: "The pharmacist asked for the review date",
    };
    let seen = w.version(action).await;
    change::reword(&w.app, w.actor("manager"), action.number, seen, new).await.unwrap();
    let mut tx = w.actor("quality").begin(&w.app).await.unwrap();
    let (case, mark) = case::read_marked(&mut tx, action.number).await.unwrap().unwrap();
    let papers = papers::of_action(&mut tx, case.action.id, mark).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(papers.verifications[0].what.as_deref(), Some("Add a maximum dose to all 12 protocols"));
    let page = w.browser("quality").await.get(&format!("/actions/{action}")).await.text();
    assert!(page.contains("The wording judged: Add a maximum dose to all 12 protocols"), "{page}");
    assert!(page.contains("Reworded once, date moved once."), "{page}");
    let mut all = db.administrator().await;
    let judged: serde_json::Value =
        sqlx::query_scalar("SELECT judged FROM verifications").fetch_one(&mut all).await.unwrap();
    assert_eq!(judged["evidence"].as_array().unwrap().len(), 2);
    assert_eq!(judged["owners"][0]["name"], "Amara Bello");
}

#[tokio::test]
async fn the_queue_shows_what_waits_by_window_and_whose_it_is() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let late = w.submitted_action(Risk::Medium, "carer").await;
    w.days_pass(4); // Wednesday
    let later = w.submitted_action(Risk::High, "leader").await;
    let own = w.submitted_action(Risk::Low, "deputy").await;
    let elsewhere = w.submitted_action(Risk::Low, "visitor").await;
    w.at(saturday() + chrono::Duration::days(10)); // Tuesday 1 December
    let deputy = w.browser("deputy").await;
    let page = deputy.get("/verify").await;
    let text = page.text();
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}: {text}"));
    assert!(at(&late.to_string()) < at(&later.to_string()), "the window that closes first is first");
    assert!(at("For somebody else to check") < at(&own.to_string()));
    assert!(text.contains("You own it or have owned it") && text.contains("2 pieces of evidence"));
    assert!(!text.contains(&elsewhere.to_string()), "not the deputy's service");
    assert!(text.contains("1 working day left") && text.contains("Check 2 working days late"), "{text}");
    assert!(w.browser("quality").await.get("/verify").await.text().contains(&elsewhere.to_string()));
    for who in ["carer", "leader", "administrator"] {
        assert_eq!(w.browser(who).await.get("/verify").await.status, 404, "{who}");
    }
    // what was verified waits for the next
    w.verify(late, "deputy", Outcome::Complete).await;
    w.verify(later, "deputy", Outcome::Complete).await;
    let manager = w.browser("manager").await.get("/verify").await.text();
    assert!(manager.contains("Waiting for you to close") && manager.contains(&late.to_string()));
    assert!(!manager.contains(&later.to_string()), "high risk waits for assurance first: {manager}");
    let nominated = w.browser("nominated").await.get("/verify").await.text();
    assert!(nominated.contains("Waiting for your assurance") && nominated.contains(&later.to_string()));
    for wrong in ["/verify?after=x", "/verify?after=2.2026-11-01.1", "/verify?after=0.2026-13-01.1"] {
        assert_eq!(deputy.get(wrong).await.status, 404, "{wrong}");
    }
}

/// The verbs of judgement a page leads to.
async fn verbs(w: &World, who: &str, path: &str) -> BTreeSet<String> {
    let page = w.browser(who).await.get(path).await;
    assert_eq!(page.status, 200, "{who} {path}");
    let links = page.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let judges = |link: &&str| ["/verification", "/assurance", "/closure"].iter().any(|v| link.ends_with(v));
    links.filter(judges).filter(|link| link.contains("/actions/")).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_dashboard_offers_what_the_queue_does_and_nothing_else() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    for (risk, owner) in
        [(Risk::Medium, "carer"), (Risk::High, "leader"), (Risk::Low, "deputy"), (Risk::Low, "manager")]
    {
        w.submitted_action(risk, owner).await;
        let verified = w.submitted_action(risk, owner).await;
        w.verify(verified, if owner == "deputy" { "quality" } else { "deputy" }, Outcome::Complete).await;
    }
    let mut all = 0;
    for who in ["deputy", "manager", "quality", "nominated"] {
        let (shown, queued) =
            (verbs(&w, who, "/dashboard?significance=all").await, verbs(&w, who, "/verify").await);
        assert_eq!(shown, queued, "{who}");
        all += shown.len();
    }
    assert!(all > 8, "{all}");
}

#[tokio::test]
async fn the_queue_goes_on_where_the_page_ended() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let finding = w.log_finding("manager", Risk::Medium, Topic::Medicines).await;
    for _ in 0..53 {
        let action = w.define_action("manager", finding, "carer").await;
        w.submit(action, "carer").await;
    }
    let deputy = w.browser("deputy").await;
    let first = deputy.get("/verify").await;
    let next = first.body.split("href=\"").find_map(|rest| {
        let href = rest.split('"').next()?;
        href.contains("after=").then(|| href.replace("&#38;", "&"))
    });
    let second = deputy.get(&next.expect("a next page")).await;
    let mut seen: Vec<String> = Vec::new();
    for page in [&first.body, &second.body] {
        let found =
            page.split("/verification\"").filter_map(|head| head.rsplit('/').next().map(str::to_owned));
        seen.extend(found.filter(|r| r.starts_with("A-")));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 53, "each once over both pages");
    assert_eq!(w.today(), day("2026-11-21"));
}
