//! What a provider's own programs read: by keys that say what, of which service and until when; the rows of the lists, page by page; and
//! a document that says of every answer what is in it.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use chrono::Duration;
use http_body_util::BodyExt;
use serde_json::Value;
use throughline::app::router;
use throughline::clock::Clock;
use throughline::domain::api_key::{Lasts, Reads};
use throughline::domain::topic::{Risk, Topic};
use throughline::http::features;
use throughline::ids::ServiceId;
use throughline::workflow::api_key::{Given, Made, make};
use tower::ServiceExt;

use super::worker::{number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, World, saturday, world};

const ALL: [Reads; 3] = [Reads::Findings, Reads::Actions, Reads::Measures];

/// Asks as a program does.
async fn ask(w: &World, method: Method, path: &str, secret: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(secret) = secret {
        request = request.header(header::AUTHORIZATION, format!("Bearer {secret}"));
    }
    let answer = router(w.app.clone()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

async fn get(w: &World, path: &str, key: &Made) -> Answer {
    ask(w, Method::GET, path, Some(&key.secret.text())).await
}

fn json(answer: &Answer) -> Value {
    let kind = answer.headers[header::CONTENT_TYPE].to_str().unwrap();
    assert!(kind.starts_with("application/json"), "{kind}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

async fn key(w: &World, by: &str, reads: &[Reads], service: Option<ServiceId>) -> Made {
    let given = Given { name: "Board report".into(), reads: reads.to_vec(), service, lasts: Lasts::Month };
    make(&w.app, w.actor(by), &given).await.unwrap()
}

/// Lines in both services, and in the other provider.
async fn busy(db: &TestDb) -> World {
    let w = world(db, Clock::fixed(saturday())).await;
    for topic in [Topic::Medicines, Topic::Falls, Topic::Nutrition] {
        w.line(Risk::Medium, topic, "carer").await;
    }
    w.line(Risk::High, Topic::Falls, "visitor").await;
    w.closed_action(Risk::Low, "carer").await;
    let (house, manager) = (Some(w.house.id), w.actor("manager"));
    crate::measure::defined(&w.app, manager, house).await;
    let other = w.finding("willow_manager", Risk::Low, Topic::Falls);
    throughline::workflow::finding::log(&w.app, w.actor("willow_manager"), &other, None).await.unwrap();
    w
}

/// All rows of a list, asked for a few at a time, by the addresses the answers name.
async fn rows(w: &World, path: &str, key: &Made) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let answer = get(w, &path, key).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        let page = json(&answer);
        all.extend(page["data"].as_array().unwrap().clone());
        next = page["next"].as_str().map(|next| {
            next.strip_prefix("https://throughline.example").expect("our own address").to_owned()
        });
        assert!(all.len() < 100, "pages end");
    }
    all
}

fn names(rows: &[Value], field: &str) -> Vec<String> {
    rows.iter().map(|row| row[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn programs_read_what_their_key_says_page_by_page() {
    let db = TestDb::new().await;
    let w = busy(&db).await;
    let all = key(&w, "administrator", &ALL, None).await;
    // two at a time or all at once, the same rows, each once
    for (list, field) in [("findings", "reference"), ("actions", "reference"), ("measures", "name")] {
        let whole = rows(&w, &format!("/api/rowan-care/v1/{list}"), &all).await;
        let parts = rows(&w, &format!("/api/rowan-care/v1/{list}?limit=2"), &all).await;
        assert_eq!(whole, parts, "{list}");
        assert_eq!(BTreeSet::from_iter(names(&whole, field)).len(), whole.len(), "{list}");
        assert!(!whole.is_empty());
    }
    let wanted = texts(&db, &format!("SELECT 'F-' || lpad(number::text, 4, '0') FROM findings WHERE provider_id = '{}' ORDER BY found_on DESC, id DESC", w.provider)).await;
    assert_eq!(names(&rows(&w, "/api/rowan-care/v1/findings", &all).await, "reference"), wanted);
    let actions = rows(&w, "/api/rowan-care/v1/actions", &all).await;
    let count =
        number(&db, &format!("SELECT count(*) FROM actions WHERE provider_id = '{}'", w.provider)).await;
    assert_eq!(i64::try_from(actions.len()).unwrap(), count);
    let closed = rows(&w, "/api/rowan-care/v1/actions?show=closed", &all).await;
    assert_eq!((closed.len(), closed[0]["status"].as_str()), (1, Some("closed")));
    // one service: asked for, or all the key has
    let visits = rows(&w, "/api/rowan-care/v1/actions?service=rowan-visits", &all).await;
    let visiting = key(&w, "administrator", &ALL, Some(w.visits.id)).await;
    assert_eq!(rows(&w, "/api/rowan-care/v1/actions", &visiting).await, visits);
    assert_eq!(names(&visits, "service"), ["Rowan Visits"]);
    assert_eq!(rows(&w, "/api/rowan-care/v1/findings", &visiting).await.len(), 1);
    assert_eq!(rows(&w, "/api/rowan-care/v1/measures", &visiting).await.len(), 0);
    assert_eq!(get(&w, "/api/rowan-care/v1/actions?service=rowan-house", &visiting).await.status, 403);
    // what the key does not read
    let findings = key(&w, "administrator", &[Reads::Findings], None).await;
    assert_eq!(get(&w, "/api/rowan-care/v1/findings", &findings).await.status, 200);
    for list in ["actions", "measures"] {
        let answer = get(&w, &format!("/api/rowan-care/v1/{list}"), &findings).await;
        assert_eq!((answer.status, json(&answer)["error"].is_string()), (StatusCode::FORBIDDEN, true));
    }
    // what nobody can ask for
    for wrong in [
        "limit=0",
        "limit=201",
        "limit=x",
        "after=x",
        "after=1.",
        "show=everything",
        "service=willow-lodge",
        "service=%00",
        "after=a&after=b",
        "limit=2&limit=3",
    ] {
        let answer = get(&w, &format!("/api/rowan-care/v1/actions?{wrong}"), &all).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(json(&answer)["error"].is_string());
    }
}

#[tokio::test]
async fn a_key_opens_its_own_provider_until_it_is_over_or_ended() {
    let db = TestDb::new().await;
    let w = busy(&db).await;
    let made = key(&w, "administrator", &ALL, None).await;
    let path = "/api/rowan-care/v1/findings";
    let nothing = ask(&w, Method::GET, path, None).await;
    assert_eq!(nothing.status, StatusCode::UNAUTHORIZED);
    assert_eq!(nothing.headers[header::WWW_AUTHENTICATE], "Bearer");
    assert!(nothing.headers[header::CACHE_CONTROL] == "no-store");
    let secret = made.secret.text();
    let random = throughline::auth::token::Token::random().text();
    for (path, secret) in [
        (path, random.as_str()),
        (path, "x"),
        (path, ""),
        ("/api/willow-care/v1/findings", secret.as_str()),
        ("/api/no-such-provider/v1/findings", secret.as_str()),
        ("/api/%27%3B--/v1/findings", secret.as_str()),
    ] {
        let answer = ask(&w, Method::GET, path, Some(secret)).await;
        assert_eq!(
            (answer.status, &answer.body),
            (StatusCode::UNAUTHORIZED, &nothing.body),
            "{path} {secret}"
        );
    }
    // being signed in opens nothing here, and a key opens no page
    assert_eq!(
        w.browser("administrator").await.get("/p/../api/rowan-care/v1/findings").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        ask(&w, Method::GET, "/p/rowan-care/findings", Some(&secret)).await.status,
        StatusCode::SEE_OTHER
    );
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        assert!(ask(&w, method, path, Some(&secret)).await.status.is_client_error());
    }
    // noted once an hour, and the trail does not move
    let heads = texts(&db, "SELECT hash FROM chain_heads ORDER BY provider_id").await;
    assert_eq!(get(&w, path, &made).await.status, StatusCode::OK);
    assert_eq!(number(&db, "SELECT count(*) FROM api_keys WHERE used_at = '2026-11-21 10:00Z'").await, 1);
    w.at(saturday() + Duration::minutes(59));
    assert_eq!(get(&w, path, &made).await.status, StatusCode::OK);
    assert_eq!(number(&db, "SELECT count(*) FROM api_keys WHERE used_at = '2026-11-21 10:00Z'").await, 1);
    assert_eq!(texts(&db, "SELECT hash FROM chain_heads ORDER BY provider_id").await, heads);
    // over
    w.at(made.expires_at - Duration::seconds(1));
    assert_eq!(get(&w, path, &made).await.status, StatusCode::OK);
    w.at(made.expires_at);
    assert_eq!(get(&w, path, &made).await.status, StatusCode::UNAUTHORIZED);
    // ended
    let other = key(&w, "administrator", &ALL, None).await;
    assert_eq!(get(&w, path, &other).await.status, StatusCode::OK);
    throughline::workflow::api_key::end(&w.app, w.actor("administrator"), other.id).await.unwrap();
    assert_eq!(get(&w, path, &other).await.status, StatusCode::UNAUTHORIZED);
    // the hash alone is kept
    let kept = texts(&db, "SELECT to_jsonb(k)::text FROM api_keys k").await.join("\n");
    assert!(!kept.contains(&secret) && !kept.contains(&hex::encode(secret.as_bytes())));
    let told = texts(&db, "SELECT line || coalesce((SELECT string_agg(body, ' ') FROM event_texts t WHERE t.seq = e.seq AND t.provider_id = e.provider_id), '') FROM events e").await.join("\n");
    assert!(!told.contains(&secret) && told.contains("api_key_made") && told.contains("api_key_ended"));
}

#[tokio::test]
async fn administrators_make_and_end_keys_and_the_secret_is_shown_once() {
    let db = TestDb::new().await;
    let w = busy(&db).await;
    let administrator = w.browser("administrator").await;
    let empty = administrator.post("/settings/keys", &[("name", ""), ("service", "")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    for sentence in ["Say what the key is for", "Choose what it may read", "Choose how long it lasts"] {
        assert!(empty.text().contains(sentence), "{sentence}");
    }
    let house = w.house.id.to_string();
    let fields = [
        ("name", "Warehouse"),
        ("reads", "actions"),
        ("reads", "findings"),
        ("service", &house),
        ("lasts", "quarter"),
    ];
    let made = administrator.post("/settings/keys", &fields).await;
    assert_eq!(made.status, StatusCode::OK);
    assert_eq!(made.headers[header::CACHE_CONTROL], "no-store");
    let secret = made.body.split_once("class=\"secret\">").unwrap().1.split('<').next().unwrap().to_owned();
    let page = administrator.get("/settings/keys").await;
    assert!(
        page.text().contains("Warehouse , In use")
            && page.text().contains("Findings and Actions, Rowan House"),
        "{}",
        page.text()
    );
    assert!(!page.body.contains(&secret), "never again");
    let answer = ask(&w, Method::GET, "/api/rowan-care/v1/actions", Some(&secret)).await;
    assert_eq!(answer.status, StatusCode::OK);
    // nobody else, and not another provider's
    for who in ["manager", "quality", "nominated", "carer", "reader"] {
        assert_eq!(w.browser(who).await.get("/settings/keys").await.status, StatusCode::NOT_FOUND);
        assert_eq!(w.browser(who).await.post("/settings/keys", &fields).await.status, StatusCode::NOT_FOUND);
    }
    let lodge = w.lodge.id.to_string();
    let foreign =
        [("name", "Warehouse"), ("reads", "actions"), ("service", lodge.as_str()), ("lasts", "year")];
    assert_eq!(administrator.post("/settings/keys", &foreign).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let id = texts(&db, "SELECT id::text FROM api_keys").await.remove(0);
    let willow = w.browser("willow_administrator").await;
    assert_eq!(willow.post(&format!("/settings/keys/{id}/end"), &[]).await.status, StatusCode::NOT_FOUND);
    let ended = administrator.post(&format!("/settings/keys/{id}/end"), &[]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    assert!(administrator.get("/settings/keys").await.text().contains("Warehouse , Ended"));
    let history = administrator.get("/settings/history").await.text();
    assert!(
        history.contains("Key for another program made: Warehouse")
            && history.contains("Key for another program ended: Warehouse"),
        "{history}"
    );
    assert_eq!(
        ask(&w, Method::GET, "/api/rowan-care/v1/actions", Some(&secret)).await.status,
        StatusCode::UNAUTHORIZED
    );
}

/// What a value should have been by its schema; nothing when it is.
fn faults(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        return faults(document, document.pointer(name.trim_start_matches('#')).unwrap(), value, at);
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        other => return vec![format!("{at}: no type: {other}")],
    };
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    if !types.iter().any(|name| is(name)) {
        return vec![format!("{at}: {value} is none of {types:?}")];
    }
    let mut wrong = Vec::new();
    if let (Some(words), Some(text)) = (schema["enum"].as_array(), value.as_str()) {
        wrong.extend(
            (!words.iter().any(|word| word == text)).then(|| format!("{at}: {text} is no word of it")),
        );
    }
    match (schema["format"].as_str(), value.as_str()) {
        (Some("date"), Some(text)) => {
            wrong.extend(text.parse::<chrono::NaiveDate>().err().map(|_| format!("{at}: {text}")))
        }
        (Some("date-time"), Some(text)) => {
            wrong.extend(text.parse::<chrono::DateTime<chrono::Utc>>().err().map(|_| format!("{at}: {text}")))
        }
        _ => {}
    }
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        wrong.extend(faults(document, &schema["items"], item, &format!("{at}[{n}]")));
    }
    if let Some(object) = value.as_object() {
        let said: BTreeSet<&String> = schema["properties"].as_object().unwrap().keys().collect();
        let required: BTreeSet<&str> =
            schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(schema["additionalProperties"], false);
        wrong.extend(
            object.keys().filter(|name| !said.contains(name)).map(|name| format!("{at}.{name} is not said")),
        );
        wrong.extend(
            required
                .iter()
                .filter(|name| !object.contains_key(**name))
                .map(|name| format!("{at}.{name} is missing")),
        );
        for (name, inner) in object.iter().filter(|(name, _)| said.contains(name)) {
            wrong.extend(faults(document, &schema["properties"][name], inner, &format!("{at}.{name}")));
        }
    }
    wrong
}

#[tokio::test]
async fn the_document_says_of_every_answer_what_is_in_it() {
    let db = TestDb::new().await;
    let w = busy(&db).await;
    let answer = ask(&w, Method::GET, "/api/openapi.json", None).await;
    assert_eq!(answer.status, StatusCode::OK);
    let document = json(&answer);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], "https://throughline.example/api/{provider}/v1");
    let told: BTreeSet<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    let there: BTreeSet<String> = features()
        .list()
        .iter()
        .filter_map(|(method, path)| {
            assert!(!path.starts_with("/api/") || method == Method::GET, "{path}");
            path.strip_prefix("/api/{slug}/v1").map(str::to_owned)
        })
        .collect();
    assert_eq!(told, there, "every address is told, and no other");
    let key = key(&w, "administrator", &ALL, None).await;
    let mut seen = 0;
    for path in told {
        let responses = &document["paths"][&path]["get"]["responses"];
        let schema = |status: &str| responses[status]["content"]["application/json"]["schema"].clone();
        let page = json(&get(&w, &format!("/api/rowan-care/v1{path}?limit=3"), &key).await);
        assert_eq!(faults(&document, &schema("200"), &page, &path), [""; 0]);
        seen += page["data"].as_array().unwrap().len();
        let wrong = json(&get(&w, &format!("/api/rowan-care/v1{path}?limit=0"), &key).await);
        assert_eq!(faults(&document, &schema("400"), &wrong, &path), [""; 0]);
        let without = json(&ask(&w, Method::GET, &format!("/api/rowan-care/v1{path}"), None).await);
        assert_eq!(faults(&document, &schema("401"), &without, &path), [""; 0]);
        // the check itself can fail: one field less, one more, one of another kind
        let mut broken = page.clone();
        broken["data"][0].as_object_mut().unwrap().insert("more".into(), Value::Null);
        assert_eq!(faults(&document, &schema("200"), &broken, &path).len(), 1);
        let mut broken = page.clone();
        let first = broken["data"][0].as_object_mut().unwrap();
        let name = first.keys().next().unwrap().clone();
        first.remove(&name);
        assert_eq!(faults(&document, &schema("200"), &broken, &path).len(), 1);
        broken["next"] = Value::Bool(true);
        assert_eq!(faults(&document, &schema("200"), &broken, &path).len(), 2);
        for parameter in document["paths"][&path]["get"]["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            for word in parameter["schema"]["enum"].as_array().into_iter().flatten() {
                let path = format!("/api/rowan-care/v1{path}?{name}={}", word.as_str().unwrap());
                assert_eq!(get(&w, &path, &key).await.status, StatusCode::OK, "{path}");
            }
        }
    }
    assert!(seen > 5);
}
