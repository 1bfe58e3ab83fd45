//! The governance meeting on a month: what is said, who signs, and that a signed month never changes (R18a, R25).

use rstest::rstest;
use sqlx::Executor as _;
use throughline::clock::london_hour;
use throughline::database::roles;
use throughline::domain::figure::Figure;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{Risk, Topic};
use throughline::workflow::{closure, recurrence};

use super::dashboard::between;
use super::governance::{figures, lively, rows};
use super::worker::{broken_lines, number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World, day};

pub const MONTH: &str = "/governance/2026-11";

/// November is over.
pub async fn december(db: &TestDb) -> World {
    let w = lively(db).await;
    w.at(london_hour(day("2026-12-04"), 10));
    w
}

pub async fn write(w: &World, browser: &Browser, service: &str, round: &str, text: &str) -> Answer {
    let there = w.id("quality").to_string();
    let fields = [
        ("service", service),
        ("round", round),
        ("held", "3"),
        ("held-month", "12"),
        ("held-year", "2026"),
        ("present", &there),
        ("minutes", text),
    ];
    browser.post(&format!("{MONTH}/minutes"), &fields).await
}

pub async fn sign(browser: &Browser, service: &str, round: &str) -> Answer {
    browser.post(&format!("{MONTH}/sign-off"), &[("service", service), ("round", round)]).await
}

/// Signed by the nominated individual, the quality lead having written the minutes.
async fn signed(w: &World) {
    let quality = w.browser("quality").await;
    assert_eq!(write(w, &quality, "", "0", "The figures were read one by one").await.status, 303);
    let done = sign(&w.browser("nominated").await, "", "1").await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(done.location(), "/p/rowan-care/governance/2026-11");
}

/// Every figure of the page with its value and its parts.
fn values(page: &Answer) -> Vec<(Figure, String, String)> {
    figures(page).into_iter().map(|shown| (shown.figure, shown.value, shown.parts)).collect()
}

/// What the month shows of the rows: theme by service, ages, what came back, what lacks something.
fn beside(page: &Answer) -> Vec<String> {
    ["heat", "ages", "repeats", "undecided", "unmeasured"]
        .iter()
        .map(|card| between(&page.body, &format!("aria-labelledby=\"{card}\""), "</section>")[0].to_owned())
        .collect()
}

#[tokio::test]
async fn a_month_is_talked_about_and_signed_by_a_second_person() {
    let db = TestDb::new().await;
    let w = december(&db).await;
    let (quality, nominated) = (w.browser("quality").await, w.browser("nominated").await);
    let page = quality.get(&format!("{MONTH}/meeting")).await;
    assert!(
        page.text().contains("Nothing is recorded yet.") && page.text().contains("Write the minutes first")
    );
    // nothing is lost of what was typed
    let empty = quality.post(&format!("{MONTH}/decisions"), &[("note", "Why so few?"), ("item", "")]).await;
    assert_eq!(empty.status, 422);
    assert!(
        empty.text().contains("Choose what it is about")
            && empty.text().contains("Choose what the meeting says")
    );
    assert!(empty.body.contains("Why so few?"));
    // a figure, a question, a finding and an action
    let question = between(&page.body, "value=\"question:", "\"")[0];
    let question = format!("question:{question}");
    for (item, reference, said) in [
        ("figure:m1", "", "challenge"),
        (question.as_str(), "", "assurance"),
        ("", "F-0001", "support"),
        ("", "a-0002", "action"),
    ] {
        let fields =
            [("item", item), ("reference", reference), ("said", said), ("note", "Are these the right ones?")];
        let done = quality.post(&format!("{MONTH}/decisions"), &fields).await;
        assert_eq!(done.status, 303, "{item} {reference}: {}", done.text());
    }
    let wrong = quality
        .post(&format!("{MONTH}/decisions"), &[("reference", "A-9999"), ("said", "action"), ("note", "x")])
        .await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("There is no finding or action with this reference"), "{}", wrong.text());
    // R18a: never edited, only followed by another, once
    let again =
        [("item", "figure:m1"), ("said", "assurance"), ("note", "The sample convinced us"), ("follows", "1")];
    assert_eq!(quality.post(&format!("{MONTH}/decisions"), &again).await.status, 303);
    assert_eq!(
        nominated.post(&format!("{MONTH}/decisions"), &again).await.status,
        422,
        "it was followed already"
    );
    let text = quality.get(&format!("{MONTH}/meeting")).await.text();
    assert!(
        text.contains("follows 1")
            && text.contains("followed by 5")
            && text.contains("The sample convinced us"),
        "{text}"
    );
    // the action's own page tells of it
    assert!(quality.get("/actions/A-0002").await.text().contains("Governance meeting: action"));
    // the minutes, and who may sign
    assert_eq!(sign(&nominated, "", "0").await.status, 422, "without minutes");
    assert_eq!(write(&w, &quality, "", "0", "The figures were read").await.status, 303);
    assert_eq!(write(&w, &nominated, "", "0", "Other minutes").await.status, 409, "somebody wrote since");
    let own = sign(&quality, "", "1").await;
    assert_eq!(own.status, 422);
    assert!(own.text().contains("You wrote some of the minutes, so somebody else has to sign them off."));
    assert_eq!(sign(&nominated, "", "0").await.status, 409, "not what they read");
    assert_eq!(sign(&nominated, "", "1").await.status, 303);
    let page = nominated.get(MONTH).await;
    assert!(
        page.text().contains("Signed off by James Okafor")
            && page.text().contains("As it was signed off on 4 December 2026")
    );
    assert!(
        nominated.get(&format!("{MONTH}/meeting")).await.text().contains("Nothing in it changes any more.")
    );
    // and nothing is added
    for refused in [
        write(&w, &quality, "", "1", "More").await,
        quality.post(&format!("{MONTH}/decisions"), &again).await,
        sign(&nominated, "", "1").await,
    ] {
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains("This month is signed off already"), "{}", refused.text());
    }
    assert_eq!(number(&db, "SELECT count(*) FROM events WHERE kind LIKE 'governance_%'").await, 7);
    assert_eq!(broken_lines(&db).await, 0);
}

#[tokio::test]
async fn whoever_wrote_earlier_minutes_does_not_sign_either_and_a_month_that_runs_is_not_signed() {
    let db = TestDb::new().await;
    let w = december(&db).await;
    let (quality, nominated) = (w.browser("quality").await, w.browser("nominated").await);
    assert_eq!(write(&w, &nominated, "", "0", "First words").await.status, 303);
    assert_eq!(write(&w, &quality, "", "1", "Better words").await.status, 303);
    assert_eq!(sign(&nominated, "", "2").await.status, 422);
    assert_eq!(sign(&quality, "", "2").await.status, 422);
    let there = w.id("quality").to_string();
    let fields = [
        ("round", "0"),
        ("held", "4"),
        ("held-month", "12"),
        ("held-year", "2026"),
        ("present", &*there),
        ("minutes", "So far"),
    ];
    assert_eq!(quality.post("/governance/2026-12/minutes", &fields).await.status, 303);
    let early = nominated.post("/governance/2026-12/sign-off", &[("round", "1")]).await;
    assert!(early.text().contains("A month is signed off when it is over."), "{}", early.text());
}

/// The promise: whatever happens afterwards, a signed month shows what was signed, to the last row.
#[tokio::test]
async fn a_signed_month_never_changes_and_says_what_is_counted_otherwise_now() {
    let db = TestDb::new().await;
    let w = december(&db).await;
    let nominated = w.browser("nominated").await;
    let live = nominated.get(MONTH).await;
    signed(&w).await;
    let page = nominated.get(MONTH).await;
    assert_eq!(values(&page), values(&live), "it is signed as it was shown");
    assert_eq!(beside(&page), beside(&live));
    assert!(!page.body.contains("Changed since"));
    let mut before = Vec::new();
    for shown in figures(&page) {
        before.push(rows(&nominated, &shown.rows).await);
    }
    // what becomes known later: what was closed opens again, what was found came back
    let closed = texts(
        &db,
        "SELECT a.number::text FROM actions a JOIN closures c ON c.action_id = a.id AND c.cycle = a.cycle
        WHERE a.status = 'closed' AND c.at < '2026-12-01' ORDER BY a.number",
    )
    .await;
    for n in closed {
        let action = Reference::action(n.parse().unwrap());
        let seen = w.version(action).await;
        closure::reopen(
            &w.app,
            w.actor("nominated"),
            action.number,
            seen,
            "It happened again",
            day("2026-12-20"),
        )
        .await
        .unwrap();
    }
    let found = texts(&db, "SELECT f.number::text FROM findings f WHERE f.found_on < '2026-12-01' AND f.found_on >= '2026-11-01'
        AND f.service_id = (SELECT id FROM services WHERE slug = 'rowan-house') AND f.provider_id = (SELECT id FROM providers WHERE slug = 'rowan-care')
        AND NOT EXISTS (SELECT 1 FROM finding_links l WHERE l.finding_id = f.id OR l.earlier_id = f.id) ORDER BY f.number LIMIT 2").await;
    let (earlier, later): (i32, i32) = (found[0].parse().unwrap(), found[1].parse().unwrap());
    recurrence::link(&w.app, w.actor("manager"), later, earlier).await.unwrap();
    w.line(Risk::High, Topic::Falls, "carer").await;
    let after = nominated.get(MONTH).await;
    assert_eq!(values(&after), values(&page));
    assert_eq!(beside(&after), beside(&page));
    for (shown, before) in figures(&after).iter().zip(&before) {
        assert_eq!(&rows(&nominated, &shown.rows).await, before, "{:?}", shown.figure);
    }
    // and beside it stands what is counted now, with its own rows
    let changed: Vec<&str> =
        between(&after.body, "Changed since:</b> <a class=\"govuk-link\" href=\"", "</a>");
    assert!(
        changed.iter().any(|c| c.contains("m8_reopened")) && changed.iter().any(|c| c.contains("/m7?")),
        "{changed:?}"
    );
    let path = changed.iter().find(|c| c.contains("m8_reopened")).unwrap().split('"').next().unwrap();
    let now = rows(&nominated, path).await;
    assert!(now.iter().all(|(_, counted)| *counted) && !now.is_empty(), "all of them were reopened: {now:?}");
    assert!(nominated.get(path).await.text().contains("Show what was signed"));
    assert_eq!(broken_lines(&db).await, 0);
}

#[rstest]
#[case("carer", "", 404, 404)]
#[case("leader", "rowan-house", 404, 404)]
#[case("administrator", "", 404, 404)]
#[case("safeguarding", "", 303, 404)]
#[case("deputy", "rowan-house", 303, 404)]
#[case("manager", "rowan-house", 303, 422)]
#[case("manager", "rowan-visits", 404, 404)]
#[case("quality", "rowan-house", 303, 422)]
#[tokio::test]
async fn each_role_does_what_is_theirs(
    #[case] who: &str,
    #[case] service: &str,
    #[case] writes: u16,
    #[case] signs: u16,
) {
    let db = TestDb::new().await;
    let w = december(&db).await;
    let browser = w.browser(who).await;
    assert_eq!(write(&w, &browser, service, "0", "What was said").await.status, writes);
    assert_eq!(sign(&browser, service, "1").await.status, signs, "never by who wrote them");
    if signs == 422 {
        let other = if who == "manager" { "quality" } else { "manager" };
        assert_eq!(sign(&w.browser(other).await, service, "1").await.status, 303, "in a service by {other}");
    }
}

/// A registered manager signs for their service, and not for the provider.
#[tokio::test]
async fn the_provider_is_signed_by_those_above() {
    let db = TestDb::new().await;
    let w = december(&db).await;
    let quality = w.browser("quality").await;
    assert_eq!(write(&w, &quality, "", "0", "The figures were read").await.status, 303);
    // the manager's month is that of their own service
    assert_eq!(sign(&w.browser("manager").await, "", "1").await.status, 422);
    assert_eq!(number(&db, "SELECT count(*) FROM governance_meetings WHERE signed_at IS NOT NULL").await, 0);
    let other = w.browser("willow_manager").await;
    assert!(other.get(MONTH).await.text().contains("None to count"), "another provider's month is another");
    assert!(!other.get(&format!("{MONTH}/meeting")).await.text().contains("The figures were read"));
}

/// Around the program, each refused with its own code.
#[tokio::test]
async fn the_database_keeps_a_signed_month_and_asks_for_a_second_person() {
    let db = TestDb::new().await;
    let w = december(&db).await;
    let quality = w.browser("quality").await;
    assert_eq!(write(&w, &quality, "", "0", "The figures were read").await.status, 303);
    let mut app = db.connect(roles::APP).await;
    let (p, q, n) = (w.provider, w.id("quality"), w.id("nominated"));
    let event =
        "SELECT app.append_event('2026-12-04', 'governance_signed', NULL, NULL, NULL, NULL, '{}', '{}');";
    let figures =
        "INSERT INTO governance_figures SELECT provider_id, id, 'm1', 0, 0, NULL FROM governance_meetings;";
    let sign = |by: &str, at: &str| {
        format!("UPDATE governance_meetings SET signed_by = '{by}', signed_at = '{at}', definition = 'x';")
    };
    let (q, n) = (q.to_string(), n.to_string());
    let carer = w.id("carer").to_string();
    let meeting = |month: &str| {
        format!(
            "INSERT INTO governance_meetings (provider_id, id, place_id, month, opened_by, opened_at) VALUES ('{p}', gen_random_uuid(), '{p}', '{month}', '{q}', now());"
        )
    };
    let before = [
        (format!("{figures} {}", sign(&q, "2026-12-04")), "TL091"),
        (format!("{figures} {}", sign(&carer, "2026-12-04")), "TL024"),
        (format!("{figures} {}", sign(&n, "2026-11-30")), "TL094"),
        (sign(&n, "2026-12-04"), "TL093"),
        (format!("{figures} UPDATE governance_meetings SET signed_by = '{n}'"), "23514"),
        // a figure without its rows, rows without their figure, and figures kept in store
        (figures.replace("'m1', 0, 0", "'m1', 1, 1") + &sign(&n, "2026-12-04"), "TL093"),
        (format!("{figures} {event} COMMIT"), "TL093"),
        (
            format!(
                "INSERT INTO governance_rows SELECT provider_id, id, 'm1', 1, id, 'action', NULL, '', '', true FROM governance_meetings; {event} COMMIT"
            ),
            "23503",
        ),
        (
            format!("{} {figures} {}", meeting("2026-10-01"), sign(&n, "2026-12-04"))
                .replace("FROM governance_meetings;", "FROM governance_meetings WHERE month = '2026-10-01';")
                .replace("definition = 'x'", "definition = 'x' WHERE month = '2026-10-01'"),
            "TL092",
        ),
        (meeting("2026-10-02"), "23514"),
        ("DELETE FROM governance_meetings".into(), "42501"),
        ("UPDATE governance_meetings SET month = '2026-10-01'".into(), "42501"),
        ("UPDATE governance_minutes SET minutes = 'Other'".into(), "42501"),
        (format!("{figures} {}; COMMIT", sign(&n, "2026-12-04")), "TL032"),
    ];
    refused(&mut app, p, &before).await;
    assert_eq!(sign_as(&w, "nominated").await, 303);
    let minutes = format!(
        "INSERT INTO governance_minutes SELECT provider_id, id, 2, '2026-12-04', 'More', '', '{q}', now() FROM governance_meetings"
    );
    let after = [
        (minutes, "TL090"),
        (sign(&q, "2026-12-05"), "TL090"),
        ("UPDATE governance_meetings SET signed_by = NULL, signed_at = NULL, definition = NULL".into(), "TL090"),
        (format!("INSERT INTO governance_attendance SELECT provider_id, id, 1, '{n}' FROM governance_meetings"), "TL090"),
        (format!("INSERT INTO governance_decisions (provider_id, meeting_id, seq, figure, saw, kind, note, by, at) SELECT provider_id, id, 1, 'm1', 'x', 'challenge', 'x', '{n}', now() FROM governance_meetings"), "TL090"),
        ("INSERT INTO governance_figures SELECT provider_id, id, 'm99', 0, 0, NULL FROM governance_meetings".into(), "TL090"),
        ("INSERT INTO governance_rows SELECT provider_id, id, 'm1', 999999, id, 'action', NULL, '', '', true FROM governance_meetings".into(), "TL090"),
        ("UPDATE governance_figures SET numerator = 0".into(), "42501"),
        ("DELETE FROM governance_rows".into(), "42501"),
        ("UPDATE governance_decisions SET note = 'Other'".into(), "42501"),
    ];
    refused(&mut app, p, &after).await;
    // not even by the owner of the tables
    let mut administrator = db.administrator().await;
    for (deed, code) in [
        ("UPDATE governance_figures SET numerator = numerator + 1", "TL005"),
        ("DELETE FROM governance_rows", "TL005"),
        ("DELETE FROM governance_meetings", "TL011"),
    ] {
        let error = administrator.execute(deed).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), code, "{deed}");
    }
}

async fn sign_as(w: &World, who: &str) -> u16 {
    sign(&w.browser(who).await, "", "1").await.status.as_u16()
}

async fn refused(
    app: &mut sqlx::PgConnection,
    provider: throughline::ids::ProviderId,
    deeds: &[(String, &str)],
) {
    for (deed, code) in deeds {
        let script = format!("BEGIN; SET LOCAL app.provider_id = '{provider}'; {deed}");
        let error = app.execute(sqlx::AssertSqlSafe(script)).await.expect_err(deed);
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), *code, "{deed}: {error}");
        app.execute("ROLLBACK").await.unwrap();
    }
}
