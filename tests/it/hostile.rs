//! Every form there is, sent wrongly in every way: always a page that says what is wrong, and nothing is written.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use throughline::clock::Clock;
use throughline::domain::invitation::Way;
use throughline::domain::member::Role;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{ReviewKind, Risk, Topic};
use throughline::http::features;
use throughline::worker::tick;
use throughline::workflow::finding::{Log, log};
use throughline::workflow::invitation::{Given, invite};

use super::worker::{number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World, day, saturday, unescaped, world};

/// Addresses that take no form: whatever is sent with them is not read.
const WITHOUT_FORM: [&str; 14] = [
    "/p/{provider}/settings/keys/{id}/end",
    "/p/{provider}/findings/{finding}/root-cause/again",
    "/mail/{slug}/{secret}",
    "/p/{provider}/notices/calendar",
    "/p/{provider}/notices/calendar/end",
    "/sign-in/go-on",
    "/p/{provider}/settings/members/{id}/codes/confirmation",
    "/p/{provider}/settings/members/{id}/codes/withdrawal",
    "/sign-out",
    "/account/sessions/others/end",
    "/account/sessions/{session}/end",
    "/p/{provider}/actions/{action}/submission/withdrawal",
    "/p/{provider}/settings/invitations/{id}/renewal",
    "/p/{provider}/settings/invitations/{id}/withdrawal",
];

/// Every table of a provider, and how many rows it has.
async fn rows(db: &TestDb) -> Vec<String> {
    let tables = texts(
        db,
        "SELECT DISTINCT c.table_name::text FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
         WHERE c.table_schema = 'public' AND c.column_name = 'provider_id' AND t.table_type = 'BASE TABLE'
           AND c.table_name <> 'member_presence' ORDER BY 1", // when somebody was last here is written by looking at pages
    )
    .await;
    assert!(tables.len() > 20, "{tables:?}");
    let mut counts = Vec::new();
    for table in tables {
        counts.push(format!("{table} {}", number(db, &format!("SELECT count(*) FROM {table}")).await));
    }
    counts.extend(
        texts(db, "SELECT number || ' ' || version || ' ' || status FROM actions ORDER BY number").await,
    );
    counts
}

/// Actions and papers in the states the forms ask for, by the address that leads to them.
async fn addresses(db: &TestDb, w: &World) -> BTreeMap<&'static str, String> {
    let (finding, plain) = w.line(Risk::Low, Topic::Medicines, "carer").await;
    let submitted = w.submitted_action(Risk::Low, "carer").await;
    let verified = w.verified_action(Risk::Low, "carer").await;
    let high = w.verified_action(Risk::High, "carer").await;
    let closed = w.closed_action(Risk::Low, "carer").await;
    let lasting = w.closed_action(Risk::Low, "carer").await;
    let soon = format!(
        "SET session_replication_role = replica; UPDATE sustain_checks c SET due_on = '2026-11-26' FROM actions a WHERE a.id = c.action_id AND a.number = {}",
        lasting.number
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(soon)).execute(&mut db.administrator().await).await.unwrap();
    let audited = w.closed_action(Risk::Low, "carer").await;
    let drawn = format!(
        "SET session_replication_role = replica;
         INSERT INTO closure_audits SELECT provider_id, id, '2026-10-01', 7, 1, repeat('0', 64), 1, '{}', now() FROM actions WHERE number = {};
         INSERT INTO closure_audit_items SELECT provider_id, id, closure_id, id, 1 FROM actions WHERE number = {}",
        w.id("quality"),
        audited.number,
        audited.number
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(drawn)).execute(&mut db.administrator().await).await.unwrap();
    let own = w.line(Risk::Low, Topic::Medicines, "manager").await.1;
    let late = w.due(Risk::Low, Topic::Medicines, "carer", day("2026-11-23")).await;
    let alone = w.log_finding("manager", Risk::Low, Topic::Falls).await;
    let again = Log { earlier: vec![finding.number], ..w.finding("manager", Risk::Low, Topic::Medicines) };
    let again = log(&w.app, w.actor("manager"), &again, None).await.unwrap();
    let (review, _) = w.start_review("manager", ReviewKind::Audit).await;
    let weekly = throughline::workflow::weekly::start(&w.app, w.actor("manager"), w.house.id).await.unwrap();
    w.days_pass(4);
    tick(&w.app).await.unwrap();
    let escalation = w.escalation(db, late, 1).await;
    let evidence = texts(
        db,
        &format!("SELECT e.id::text FROM evidence e JOIN actions a ON a.id = e.action_id WHERE a.number = {} LIMIT 1", submitted.number),
    )
    .await
    .remove(0);
    let standard =
        texts(db, "SELECT id::text FROM closure_standards WHERE topic = 'falls' LIMIT 1").await.remove(0);
    let pack = crate::pack::made(w, "manager").await;
    let import = crate::import::draft(&w.app, w.actor("manager"), w.house.id, "x").await;
    let measure = crate::measure::defined(&w.app, w.actor("manager"), Some(w.house.id)).await;
    let at = |action: Reference, verb: &str| format!("/actions/{action}/{verb}");
    BTreeMap::from([
        ("actions/{}/verification", at(submitted, "verification")),
        ("actions/{}/closure", at(verified, "closure")),
        ("actions/{}/assurance", at(high, "assurance")),
        ("actions/{}/reopening", at(closed, "reopening")),
        ("actions/{}/sustain-check", at(lasting, "sustain-check")),
        ("closure-audit", "/closure-audit".to_owned()),
        ("actions/{}/closure-audit", at(audited, "closure-audit")),
        ("actions/{}/submission", at(own, "submission")),
        ("actions/{}/submission/withdrawal", at(own, "submission/withdrawal")),
        ("actions/{}/update", at(plain, "update")),
        ("actions/{}/owner", at(plain, "owner")),
        ("actions/{}/rewording", at(plain, "rewording")),
        ("actions/{}/extension", at(plain, "extension")),
        ("actions/{}/cancellation", at(plain, "cancellation")),
        ("actions/{}/merging", at(plain, "merging")),
        ("my-team/owner", format!("/my-team/owner?person={}", w.id("carer"))),
        ("signals/{}/{}", format!("/signals/overdue/{late}")),
        ("signals/{}/{}/again", format!("/signals/overdue/{late}/again")),
        ("governance/{}/minutes", "/governance/2026-11/meeting".to_owned()),
        ("governance/{}/{}/limits", "/governance/2026-11/m7/limits".to_owned()),
        ("governance/{}/decisions", "/governance/2026-11/meeting".to_owned()),
        ("governance/{}/sign-off", "/governance/2026-11/meeting".to_owned()),
        ("packs", "/packs/new?service=rowan-house&naming=titles".to_owned()),
        ("packs/{}/withdrawal", format!("/packs/{pack}")),
        ("measures/new", "/measures/new".to_owned()),
        ("measures/{}/readings", format!("/measures/{measure}/readings")),
        ("measures/{}/pasted", format!("/measures/{measure}/pasted")),
        ("measures/{}/recalculation", format!("/measures/{measure}/recalculation")),
        ("measures/{}/definition", format!("/measures/{measure}/definition")),
        ("measures/{}/end", format!("/measures/{measure}/definition")),
        ("measures/{}/actions", format!("/measures/{measure}/actions")),
        ("settings/due-days", "/settings/due-days".to_owned()),
        ("settings/keys", "/settings/keys".to_owned()),
        ("settings/standards/new", "/settings/standards/new".to_owned()),
        ("settings/standards/{}", format!("/settings/standards/{standard}")),
        ("settings/standards/{}/removal", format!("/settings/standards/{standard}/removal")),
        ("escalations/{}", format!("/escalations/{escalation}")),
        ("evidence/{}/withdrawal", format!("/evidence/{evidence}/withdrawal")),
        ("notices", "/notices".to_owned()),
        ("notices/mail", "/notices/mail".to_owned()),
        ("findings/new", "/findings/new".to_owned()),
        ("findings/{}/sources", format!("/findings/{finding}/sources")),
        ("findings/{}/root-cause", format!("/findings/{again}/root-cause")),
        ("findings/{}/earlier", format!("/findings/{again}/earlier")),
        ("findings/{}/earlier/{}/withdrawal", format!("/findings/{again}/earlier/{finding}/withdrawal")),
        ("findings/{}/actions/new", format!("/findings/{finding}/actions/new")),
        ("findings/{}/disposition", format!("/findings/{alone}/disposition")),
        ("imports", "/imports".to_owned()),
        ("imports/{}/sheet", format!("/imports/{import}/sheet")),
        ("imports/{}/columns", format!("/imports/{import}/columns")),
        ("imports/{}/words", format!("/imports/{import}/words")),
        ("imports/{}/check", format!("/imports/{import}/check")),
        ("imports/{}/start", format!("/imports/{import}/start")),
        ("imports/{}/undoing", format!("/imports/{import}/undoing")),
        ("imports/{}/forgetting", format!("/imports/{import}/forgetting")),
        ("weekly-review", "/weekly-review".to_owned()),
        ("weekly-review/{}", format!("/weekly-review/{weekly}")),
        ("weekly-review/{}/actions/{}", format!("/weekly-review/{weekly}/actions/{plain}")),
        ("reviews/new", "/reviews/new".to_owned()),
        ("reviews/{}/sign-off", format!("/reviews/{review}/sign-off")),
        ("settings/members/{}/departure", format!("/settings/members/{}/departure", w.id("carer"))),
        ("settings/members/{}/place", format!("/settings/members/{}/place", w.id("carer"))),
        ("settings/escalation", "/settings/escalation".to_owned()),
        ("settings/invitations/new", "/settings/invitations/new".to_owned()),
        ("settings/codes", "/settings/codes".to_owned()),
        ("settings/members/{}/codes", format!("/settings/members/{}/codes", w.id("carer"))),
        ("settings/services/new", "/settings/services/new".to_owned()),
        ("settings/services/{}", format!("/settings/services/{}", w.house.id)),
    ])
}

/// The secret of an invitation that waits.
async fn secret(w: &World) -> String {
    let given = Given {
        way: Way::Code,
        email: None,
        name: "Noor Aziz".into(),
        role: Role::CareStaff,
        job_title: String::new(),
        services: vec![w.house.id],
    };
    let made = invite(&w.app, w.actor("administrator"), &given).await.unwrap();
    made.secret.unwrap().text().to_owned()
}

/// Everybody has codes, so that the forms about them are there.
async fn telephones(db: &TestDb) {
    let mut administrator = db.administrator().await;
    sqlx::query("INSERT INTO authenticators SELECT id, substring(sha256(id::text::bytea) FOR 20), now(), 0 FROM users")
        .execute(&mut administrator)
        .await
        .unwrap();
}

/// Wrong tries at one form do not keep the next from being tried.
async fn forget_guesses(db: &TestDb) {
    let mut administrator = db.administrator().await;
    sqlx::query("DELETE FROM sign_in_throttles").execute(&mut administrator).await.unwrap();
}

/// A route as a key of [`addresses`]: without the provider, parameters without their names.
fn key(route: &str) -> String {
    let inside = route.strip_prefix("/p/{provider}/").unwrap_or(route);
    let steps: Vec<&str> = inside.split('/').map(|s| if s.starts_with('{') { "{}" } else { s }).collect();
    steps.join("/")
}

/// The form that is sent to `path`, where a page has several; otherwise all of it.
fn own_form<'a>(body: &'a str, path: &str) -> &'a str {
    let forms = body.split("<form ").skip(1).map(|rest| rest.split("</form>").next().unwrap_or_default());
    let sent = |form: &&str| form.split('>').next().is_some_and(|tag| tag.contains(&format!("{path}\"")));
    forms.into_iter().find(sent).unwrap_or(body)
}

/// The fields of the form on a page, each with something that could be right.
fn fields(page: &Answer) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for tag in
        page.body.split('<').filter(|tag| ["input", "textarea", "select"].iter().any(|t| tag.starts_with(t)))
    {
        let part = |name: &str| {
            tag.split_once(&format!(" {name}=\"")).map(|(_, rest)| unescaped(rest.split('"').next().unwrap()))
        };
        let (Some(name), kind) = (part("name"), part("type").unwrap_or_default()) else { continue };
        if kind == "file" || kind == "checkbox" || found.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let value = match (kind.as_str(), part("value")) {
            ("hidden" | "radio", Some(value)) => value,
            (_, Some(value)) if !value.is_empty() => value,
            _ if name.ends_with("-month") => "12".into(),
            _ if name.ends_with("-year") => "2026".into(),
            _ => "7".into(),
        };
        found.push((name, value));
    }
    found
}

fn encoded(pairs: &[(String, String)]) -> String {
    serde_html_form::to_string(pairs).unwrap()
}

/// Ways to get a form wrong, each a body.
fn wrongs(fields: &[(String, String)]) -> Vec<(String, String)> {
    let mut all = vec![
        ("nothing".to_owned(), String::new()),
        ("no form at all".to_owned(), "\u{1}\u{2}=&&&===%".to_owned()),
        ("half an escape".to_owned(), "version=%".to_owned()),
        ("a field nobody knows".to_owned(), "x=1".to_owned()),
        ("brackets".to_owned(), "version[]=1&decision[a][b]=2".to_owned()),
        ("ten thousand fields".to_owned(), "a=1&".repeat(10_000)),
        ("over the limit".to_owned(), format!("note={}", "x".repeat(600 * 1024))),
    ];
    let with = |at: usize, value: &str| {
        let mut changed = fields.to_vec();
        changed[at].1 = value.to_owned();
        encoded(&changed)
    };
    for (at, (name, value)) in fields.iter().enumerate() {
        all.push((format!("{name} of 10,000 characters"), with(at, &"x".repeat(10_000))));
        all.push((format!("{name} of 10,000 signs"), with(at, &"é\n".repeat(5_000))));
        all.push((format!("{name} with a NUL"), with(at, "a\0b")));
        all.push((format!("{name} that turns text round"), with(at, "a\u{202e}b")));
        let raw = encoded(fields).replacen(
            &encoded(&[(name.clone(), value.clone())]),
            &format!("{}%FF%FE", encoded(&[(name.clone(), String::new())])),
            1,
        );
        all.push((format!("{name} that is no UTF-8"), raw));
        let twice = [fields, &[(name.clone(), "another".to_owned())]].concat();
        all.push((format!("{name} twice"), encoded(&twice)));
        if name.ends_with("-month") {
            for date in ["0", "13", "-1", "99999999999999999999", "2.5", "x"] {
                all.push((format!("{name} {date}"), with(at, date)));
            }
        }
        if name.ends_with("-year") {
            for year in ["0", "-2026", "99999", "262143", "99999999999999999999"] {
                all.push((format!("{name} {year}"), with(at, year)));
            }
        }
        if ["version", "sample_size", "met_standard", "sample", "met"].contains(&name.as_str()) {
            for huge in ["99999999999999999999999", "-1", "1e9", "0x10", " "] {
                all.push((format!("{name} {huge}"), with(at, huge)));
            }
        }
    }
    all
}

/// Whether an answer says what is wrong and did nothing.
fn refused(status: StatusCode) -> bool {
    status.is_client_error()
}

async fn attack(browser: &Browser, path: &str, wrong: &[(String, String)]) -> Vec<String> {
    let mut failures = Vec::new();
    for (what, body) in wrong {
        let answer = browser.post_raw(path, body.clone()).await;
        if !refused(answer.status) {
            failures.push(format!("{path}: {what}: {} {}", answer.status, answer.location()));
        }
        let text = answer.text();
        if text.contains("reference number") && answer.status.is_server_error() {
            failures.push(text);
        }
    }
    failures
}

#[tokio::test]
async fn every_form_sent_wrongly_is_refused_and_writes_nothing() {
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let addresses = addresses(&db, &w).await;
    let (manager, nominated) = (w.browser("manager").await, w.browser("nominated").await);
    let administrator = w.browser("administrator").await;
    let quality = w.browser("quality").await;
    let secret = secret(&w).await;
    telephones(&db).await;
    let half = w.half("manager").await;
    let routes = features();
    let posts = routes.list().iter().filter(|(method, _)| *method == Method::POST).map(|(_, route)| *route);
    let before = rows(&db).await;
    let (mut failures, mut tried) = (Vec::new(), 0);
    for route in posts.filter(|route| !WITHOUT_FORM.contains(route)) {
        let browser = match route {
            "/sign-in/code" => &half,
            route if route.ends_with("/assurance") => &nominated,
            route if route.contains("/settings/") => &administrator,
            route if route.ends_with("/recalculation") || route.ends_with("/closure-audit") => &quality,
            _ => &manager,
        };
        let (path, mut form) = if route.starts_with("/p/{provider}/") {
            let path = addresses
                .get(key(route).as_str())
                .unwrap_or_else(|| panic!("no address for {route}: add one"));
            // forms that stand on another page have no page of their own
            let mut page = browser.get(path).await;
            if page.status != 200 {
                page = browser.get(path.rsplit_once('/').unwrap().0).await;
            }
            (path.clone(), page)
        } else if route.starts_with("/account/") {
            (route.to_owned(), browser.get("/account").await)
        } else if route == "/sign-in/code" {
            (route.to_owned(), half.get(route).await)
        } else {
            let path = route.replace("{slug}", w.slug).replace("{secret}", &secret);
            let page = w.stranger().get(&path).await;
            assert_eq!(page.status, 200, "{path}");
            (path, page)
        };
        forget_guesses(&db).await;
        form.body = own_form(&form.body, &path).to_owned();
        let fields = fields(&form);
        let wrong = wrongs(&fields);
        tried += wrong.len();
        failures.extend(attack(browser, &path, &wrong).await);
        let now = rows(&db).await;
        if now != before {
            failures.push(format!("{route} wrote something"));
            break;
        }
    }
    println!("{tried} wrong forms");
    assert!(tried > 700, "only {tried}");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[tokio::test]
async fn a_form_of_another_kind_is_refused() {
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let addresses = addresses(&db, &w).await;
    let before = rows(&db).await;
    let cookie = w.browser("manager").await.cookie().to_owned();
    let router = throughline::app::router(w.app.clone());
    for (method, route) in features().list() {
        let Some(path) = addresses.get(key(route).as_str()) else { continue };
        if *method != Method::POST || WITHOUT_FORM.contains(route) {
            continue;
        }
        for kind in ["application/json", "text/plain", "text/html", "application/octet-stream", ""] {
            let request = axum::http::Request::post(format!("/p/{}{path}", w.slug))
                .header("cookie", &cookie)
                .header("origin", crate::harness::fixtures::ORIGIN)
                .header("content-type", kind)
                .body(axum::body::Body::from("{\"version\": 1, \"note\": \"x\"}"))
                .unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            let status = answer.status();
            let _ = answer.into_body().collect().await.unwrap();
            assert!(refused(status), "{route} as {kind:?}: {status}");
        }
    }
    assert_eq!(rows(&db).await, before);
}
