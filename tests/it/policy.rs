//! The escalation policy: who changes it, what they see first, what it does, and what it cannot do (R12).

use rstest::rstest;
use sqlx::{AssertSqlSafe, Executor as _};
use throughline::clock::Clock;
use throughline::database::roles;
use throughline::domain::topic::{Risk, Topic};
use throughline::worker::tick;

use super::worker::{broken_lines, number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World, day, saturday, world};

const PAGE: &str = "/settings/escalation";

/// The form as its page shows it, with other days.
async fn send(w: &World, who: &str, page: &Answer, days: [&str; 4]) -> Answer {
    send_more(w, who, PAGE, page, days, &[]).await
}

/// The same with more fields, at the address of a theme.
async fn send_more(
    w: &World,
    who: &str,
    path: &str,
    page: &Answer,
    days: [&str; 4],
    more: &[(&str, &str)],
) -> Answer {
    let seen = page.field("seen");
    let previewed =
        if page.body.contains("name=\"previewed\"") { page.field("previewed") } else { String::new() };
    let [low, low_up, medium, medium_up] = days;
    let mut fields = vec![
        ("low_manager", low),
        ("low_leadership", low_up),
        ("medium_manager", medium),
        ("medium_leadership", medium_up),
        ("seen", seen.as_str()),
        ("previewed", previewed.as_str()),
    ];
    fields.extend_from_slice(more);
    w.browser(who).await.post(path, &fields).await
}

async fn policy(db: &TestDb, w: &World) -> Vec<String> {
    texts(
        db,
        &format!(
            "SELECT format('%s %s %s', risk, level, coalesce(after_working_days::text, 'never')) FROM escalation_policies
             WHERE provider_id = '{}' AND risk IN ('low', 'medium') AND theme = '' AND level < 3 ORDER BY risk, level",
            w.provider
        ),
    )
    .await
}

#[rstest]
#[case("administrator", true)]
#[case("quality", true)]
#[case("manager", false)]
#[case("nominated", false)]
#[case("safeguarding", false)]
#[case("carer", false)]
#[case("reader", false)]
#[tokio::test]
async fn the_administrator_and_the_quality_lead_change_it(#[case] who: &str, #[case] may: bool) {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let page = w.browser(who).await.get(PAGE).await;
    assert_eq!(page.status, if may { 200 } else { 404 });
    let before = policy(&db, &w).await;
    assert_eq!(before, ["low 1 0", "low 2 10", "medium 1 0", "medium 2 5"]);
    let form = w.browser("administrator").await.get(PAGE).await;
    let shown = send(&w, who, &form, ["1", "", "0", "3"]).await;
    assert_eq!(shown.status, if may { 200 } else { 404 });
    assert_eq!(policy(&db, &w).await, before, "nothing is saved that was not looked at");
    if may {
        let saved = send(&w, who, &shown, ["1", "", "0", "3"]).await;
        assert_eq!(saved.status, 303, "{}", saved.text());
        assert_eq!(policy(&db, &w).await, ["low 1 1", "low 2 never", "medium 1 0", "medium 2 3"]);
        let page = w.browser(who).await.get(PAGE).await.text();
        for said in [
            "Escalation policy changed",
            "Low risk: the registered manager after 1 working day instead of after 0 working days",
            "Low risk: the quality lead never instead of after 10 working days",
            "Medium risk: the quality lead after 3 working days instead of after 5 working days",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
        let history = w.browser("administrator").await.get("/settings/history").await.text();
        assert!(history.contains("Escalation policy changed"), "{history}");
    }
    assert_eq!(broken_lines(&db).await, 0);
}

#[tokio::test]
async fn the_preview_says_what_it_would_have_done_and_the_worker_follows_it() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let low = w.due(Risk::Low, Topic::Falls, "carer", day("2026-11-23")).await;
    let medium = w.due(Risk::Medium, Topic::Medicines, "carer", day("2026-11-23")).await;
    let high = w.due(Risk::High, Topic::Medicines, "carer", day("2026-11-23")).await;
    let learning = w.due(Risk::Low, Topic::SafeguardingLearning, "carer", day("2026-11-23")).await;
    w.due(Risk::Low, Topic::Falls, "carer", day("2026-12-23")).await;
    // Thursday 26 November: three working days after the date
    w.days_pass(5);
    tick(&w.app).await.unwrap();
    let raised = "SELECT count(*) FROM escalations";
    assert_eq!(number(&db, raised).await, 2 + 4);
    let form = w.browser("quality").await.get(PAGE).await;
    let shown = send(&w, "quality", &form, ["4", "", "0", "3"]).await;
    let text = shown.text();
    for said in [
        "Late today: 4 actions.",
        "The registered manager would have heard of: 4 now, 3 with the change.",
        "The quality lead would have heard of: 2 now, 3 with the change.",
        "The nominated individual would have heard of: 2 now, 3 with the change.",
        &format!("{low} : the registered manager would not have heard of it yet"),
        &format!("{medium} : the quality lead would have heard of it already"),
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    for same in [high, learning] {
        assert!(!text.contains(&format!("{same} :")), "at once, whatever the policy: {text}");
    }
    // typed anew after looking, it is looked at again
    let other = send(&w, "quality", &shown, ["4", "", "0", "2"]).await;
    assert_eq!((other.status.as_u16(), policy(&db, &w).await[3].as_str()), (200, "medium 2 5"));
    assert_eq!(send(&w, "quality", &other, ["4", "", "0", "2"]).await.status, 303);
    tick(&w.app).await.unwrap();
    assert_eq!(
        number(&db, raised).await,
        7,
        "medium goes up from the next tick, and nothing raised is undone"
    );
    w.days_pass(30);
    tick(&w.app).await.unwrap();
    let up = "SELECT count(*) FROM escalations e JOIN actions a ON a.id = e.action_id WHERE e.level = 2 AND a.number = ";
    assert_eq!(number(&db, &format!("{up}{}", low.number)).await, 0, "minor need not go up");
}

#[tokio::test]
async fn what_is_wrong_or_overtaken_is_said() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let form = w.browser("quality").await.get(PAGE).await;
    for (days, said) in [
        (["", "10", "0", "5"], "Enter after how many working days the registered manager hears"),
        (["0", "61", "0", "5"], "Enter a whole number from 0 to 60"),
        (["0", "10", "6", "5"], "Let the registered manager hear first, or on the same day"),
        (["x", "10", "0", "5"], "Enter a whole number from 0 to 60"),
    ] {
        let page = send(&w, "quality", &form, days).await;
        assert_eq!(page.status, 422, "{days:?}");
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    let third = [("low_nominated", "20"), ("medium_nominated", "10")];
    let same = send_more(&w, "quality", PAGE, &form, ["0", "10", "0", "5"], &third).await;
    let same = send_more(&w, "quality", PAGE, &same, ["0", "10", "0", "5"], &third).await;
    assert_eq!(same.status, 422);
    assert!(same.text().contains("Change something, or go back"), "{}", same.text());
    // two at once: the second is told, and keeps what was typed
    let mine = send(&w, "quality", &form, ["0", "10", "0", "4"]).await;
    let theirs = send(&w, "administrator", &form, ["0", "10", "0", "8"]).await;
    assert_eq!(send(&w, "administrator", &theirs, ["0", "10", "0", "8"]).await.status, 303);
    let late = send(&w, "quality", &mine, ["0", "10", "0", "4"]).await;
    assert_eq!(late.status, 409);
    assert!(late.text().contains("Somebody changed the policy since you opened it"), "{}", late.text());
    assert!(
        late.body.contains("id=\"medium_leadership\" name=\"medium_leadership\" type=\"text\" value=\"4\"")
    );
    assert_eq!(policy(&db, &w).await[3], "medium 2 8");
}

/// Three levels, of one theme alone: the manager, the quality lead alone, then the nominated individual, who decides.
#[tokio::test]
async fn a_theme_has_a_ladder_of_three_levels() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let monday = day("2026-11-23");
    let plain = w.due(Risk::Medium, Topic::Falls, "carer", monday).await;
    let felt = w.due_on(throughline::domain::topic::Theme::Experience, Risk::Medium, monday).await;
    let high = w.due_on(throughline::domain::topic::Theme::Experience, Risk::High, monday).await;
    let path = format!("{PAGE}?theme=experience");
    let quality = w.browser("quality").await;
    for gone in ["safeguarding", "weather"] {
        assert_eq!(quality.get(&format!("{PAGE}?theme={gone}")).await.status, 404, "{gone}");
    }
    let form = quality.get(&path).await;
    assert!(
        form.text().contains("Escalation policy: experience of people using the service"),
        "{}",
        form.text()
    );
    let (days, more) = (["0", "10", "0", "2"], [("medium_alone", "yes"), ("medium_nominated", "4")]);
    let wrong = send_more(&w, "quality", &path, &form, days, &[("medium_nominated", "1")]).await;
    assert!(wrong.text().contains("Let the quality lead hear first, or on the same day"), "{}", wrong.text());
    let wrong = send_more(&w, "quality", &path, &form, ["0", "", "0", "2"], &[("low_nominated", "9")]).await;
    assert!(wrong.text().contains("Say when the quality lead hears, before"), "{}", wrong.text());
    let shown = send_more(&w, "quality", &path, &form, days, &more).await;
    assert_eq!(shown.status, 200, "{}", shown.text());
    assert_eq!(send_more(&w, "quality", &path, &shown, days, &more).await.status, 303);
    let page = quality.get(&path).await.text();
    for said in [
        "Escalation policy changed: experience of people using the service",
        "Medium risk: the quality lead after 2 working days instead of after 5 working days",
        "Medium risk: the nominated individual after 4 working days instead of after 10 working days",
        "Medium risk: the quality lead hears alone",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(quality.get(PAGE).await.text().contains("Experience of people using the service : has its own"));
    assert_eq!(policy(&db, &w).await[3], "medium 2 5", "the others stay");

    let levels = async |of: throughline::domain::reference::Reference| {
        let sql = format!(
            "SELECT concat(e.level, CASE WHEN e.alone THEN ' alone' END) FROM escalations e JOIN actions a ON a.id = e.action_id
             WHERE a.number = {} AND e.cause IN ('overdue', 'evidence_missing') ORDER BY e.level",
            of.number
        );
        texts(&db, &sql).await
    };
    // Thursday is the third working day late of one due on Monday
    for (days, wanted, others) in [
        (3, &["1"][..], &["1"][..]),              // Tuesday 24th: one
        (1, &["1", "2 alone"], &["1"]),           // Wednesday 25th: two
        (1, &["1", "2 alone"], &["1"]),           // Thursday 26th
        (1, &["1", "2 alone", "3"], &["1"]),      // Friday 27th: four
        (3, &["1", "2 alone", "3"], &["1", "2"]), // Monday 30th: five
        // Wednesday 9th December: twelve, and after ten the nominated individual decides by every theme's policy
        (9, &["1", "2 alone", "3"], &["1", "2", "3"]),
    ] {
        w.days_pass(days);
        tick(&w.app).await.unwrap();
        tick(&w.app).await.unwrap();
        assert_eq!(levels(felt).await, wanted, "{}", w.today());
        assert_eq!(levels(plain).await, others, "{}", w.today());
        assert_eq!(levels(high).await, ["1", "2"], "at once, to everybody, and no third level");
    }
    // who is told, and who decides
    let told = format!(
        "SELECT DISTINCT concat(e.level, ' ', m.name) FROM outbox o JOIN escalations e ON e.id = o.escalation_id
         JOIN actions a ON a.id = e.action_id JOIN memberships m ON m.id = o.recipient_id
         WHERE a.number = {} AND e.cause <> 'high_risk' ORDER BY 1",
        felt.number
    );
    assert_eq!(texts(&db, &told).await, ["1 Priya Nair", "2 Helen Carter", "3 James Okafor"]);
    let third = format!("/escalations/{}", escalation(&db, felt, 3).await);
    let second = format!("/escalations/{}", escalation(&db, felt, 2).await);
    let asked = quality.get(&third).await.text();
    assert!(asked.contains("The nominated individual records the decision."), "{asked}");
    let timeline = quality.get(&format!("/actions/{felt}")).await.text();
    for said in ["Escalated to the quality lead ", "Escalated to the nominated individual "] {
        assert!(timeline.contains(said), "{said}: {timeline}");
    }
    let nominated = w.browser("nominated").await;
    let (mine, others) =
        (nominated.get("/escalations").await.body, nominated.get("/escalations?show=others").await.body);
    assert!(
        mine.contains(&third) && !mine.contains(&second),
        "the third level is theirs, the second was not"
    );
    assert!(others.contains(&second) && !others.contains(&third));
    let (mine, others) =
        (quality.get("/escalations").await.body, quality.get("/escalations?show=others").await.body);
    assert!(mine.contains(&second) && !mine.contains(&third) && others.contains(&third));
    let page = nominated.get(&third).await;
    let decision = [
        ("version", &*page.field("version")),
        ("decision", "no_escalation"),
        ("because", "It is nearly done"),
    ];
    assert_eq!(quality.post(&third, &decision).await.status, 422);
    assert_eq!(nominated.post(&third, &decision).await.status, 303);

    // and the theme follows the others again
    let form = quality.get(&path).await;
    let shown = send_more(&w, "quality", &path, &form, days, &[("general", "yes")]).await;
    assert_eq!(send_more(&w, "quality", &path, &shown, days, &[("general", "yes")]).await.status, 303);
    assert!(quality.get(PAGE).await.text().contains("It follows the policy for every theme again"));
    assert_eq!(number(&db, "SELECT count(*) FROM escalation_policies WHERE theme <> ''").await, 0);
    assert_eq!(broken_lines(&db).await, 0);
}

/// What went up to the nominated individual and is theirs now has nobody above: the quality lead decides (R12, R13).
#[tokio::test]
async fn the_quality_lead_decides_what_the_nominated_individual_owns() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.due(Risk::Medium, Topic::Falls, "carer", day("2026-11-23")).await;
    let other = w.due(Risk::Medium, Topic::Dignity, "carer", day("2026-11-23")).await;
    w.days_pass(18);
    tick(&w.app).await.unwrap();
    let third = format!("/escalations/{}", escalation(&db, action, 3).await);
    let others = format!("/escalations/{}", escalation(&db, other, 3).await);
    let (quality, nominated) = (w.browser("quality").await, w.browser("nominated").await);
    let lists = async |who: &Browser| {
        (who.get("/escalations").await.body, who.get("/escalations?show=others").await.body)
    };
    let (mine, theirs) = lists(&quality).await;
    assert!(!mine.contains(&third) && theirs.contains(&third), "the third level is not the quality lead's");
    let (mine, _) = lists(&nominated).await;
    assert!(mine.contains(&third));

    let seen = w.version(action).await;
    let (by, to) = (w.actor("manager"), w.id("nominated"));
    throughline::workflow::change::reassign(&w.app, by, action.number, seen, to, "Only they can order it")
        .await
        .unwrap();
    let (mine, theirs) = lists(&nominated).await;
    assert!(!mine.contains(&third) && theirs.contains(&third), "never on one's own lateness");
    assert!(mine.contains(&others), "the other one stays theirs");
    let (mine, theirs) = lists(&quality).await;
    assert!(mine.contains(&third) && !theirs.contains(&third));
    assert!(!mine.contains(&others) && theirs.contains(&others));
    let page = nominated.get(&third).await.text();
    assert!(page.contains("You own this action, so the quality lead decides."), "{page}");
    let page = quality.get(&third).await;
    let decision = [
        ("version", &*page.field("version")),
        ("decision", "no_escalation"),
        ("because", "The order is placed and comes on Thursday"),
    ];
    assert_eq!(w.browser("manager").await.post(&third, &decision).await.status, 422);
    assert_eq!(nominated.post(&third, &decision).await.status, 422);
    assert_eq!(quality.post(&third, &decision).await.status, 303);
    assert_eq!(quality.post(&others, &decision).await.status, 422, "that of another owner is not theirs");
}

/// Handed over before anybody was told, the third level of it is told to the quality lead.
#[tokio::test]
async fn the_quality_lead_is_told_of_what_the_nominated_individual_owns() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let action = w.due(Risk::Medium, Topic::Falls, "carer", day("2026-11-23")).await;
    w.days_pass(18);
    throughline::workflow::escalation::sweep(&w.app, w.provider).await.unwrap();
    let seen = w.version(action).await;
    let (by, to) = (w.actor("manager"), w.id("nominated"));
    throughline::workflow::change::reassign(&w.app, by, action.number, seen, to, "Only they can order it")
        .await
        .unwrap();
    tick(&w.app).await.unwrap();
    let told = "SELECT m.name || ': ' || o.subject FROM outbox o JOIN escalations e ON e.id = o.escalation_id
        JOIN memberships m ON m.id = o.recipient_id WHERE e.level = 3 AND o.sent_at IS NOT NULL";
    let told = texts(&db, told).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("Helen Carter: Escalated to you, third level: "), "{told:?}");
}

async fn escalation(db: &TestDb, of: throughline::domain::reference::Reference, level: i32) -> String {
    let sql = format!(
        "SELECT e.id::text FROM escalations e JOIN actions a ON a.id = e.action_id
         WHERE a.number = {} AND e.level = {level} AND e.cause IN ('overdue', 'evidence_missing')",
        of.number
    );
    texts(db, &sql).await[0].clone()
}

/// At once for high and critical risk is held by the database too.
#[tokio::test]
async fn nobody_weakens_what_goes_up_at_once() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let mut app = db.connect(roles::APP).await;
    let begin = format!("BEGIN; SET LOCAL app.provider_id = '{}'", w.provider);
    for (attack, code) in [
        ("UPDATE escalation_policies SET after_working_days = 1 WHERE risk = 'high'", "23514"),
        (
            "UPDATE escalation_policies SET after_working_days = NULL WHERE risk = 'critical' AND level = 2",
            "23514",
        ),
        (
            "UPDATE escalation_policies SET after_working_days = NULL WHERE risk = 'low' AND level = 1",
            "23514",
        ),
        ("UPDATE escalation_policies SET after_working_days = 61 WHERE risk = 'low'", "23514"),
        ("UPDATE escalation_policies SET risk = 'low'", "42501"),
        ("DELETE FROM escalation_policies", "TL062"),
        ("UPDATE escalation_policies SET alone = true WHERE risk = 'high' AND level = 2", "23514"),
        ("UPDATE escalation_policies SET alone = true WHERE risk = 'low' AND level = 1", "23514"),
        (
            "UPDATE escalation_policies SET after_working_days = 9 WHERE risk = 'critical' AND level = 3",
            "23514",
        ),
        (
            "INSERT INTO escalation_policies (provider_id, risk, theme, level, after_working_days)
               SELECT provider_id, 'low', 'safeguarding', 2, 3 FROM escalation_policies LIMIT 1",
            "23514",
        ),
        ("UPDATE escalation_policies SET after_working_days = 3 WHERE risk = 'low'; COMMIT", "TL032"),
    ] {
        app.execute(AssertSqlSafe(begin.clone())).await.unwrap();
        let answer = app.execute(AssertSqlSafe(attack.to_owned())).await;
        let _ = app.execute("ROLLBACK").await;
        let error = answer.expect_err(attack);
        let found = error.as_database_error().and_then(|e| e.code()).unwrap_or_default().to_string();
        assert_eq!(found, code, "{attack}: {error}");
    }
}
