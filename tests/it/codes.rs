//! One-time codes beside the password: set up, entered once each, lost, reset; and for whom they are asked.

use axum::http::{StatusCode, header};
use chrono::TimeDelta;
use rstest::rstest;
use throughline::auth::codes::Secret;
use throughline::domain::member::Role;
use throughline::ids::ReviewId;
use throughline::workflow::{codes, person, provider};

use super::worker::{number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World, unescaped};
use crate::signing_in::{Client, PASSWORD, email, set_up};

const RULE: &str = "/settings/codes";

/// Asks these roles for codes, by the form.
async fn ask_of(browser: &Browser, roles: &[&str]) -> Answer {
    let seen = browser.get(RULE).await.field("seen");
    let mut fields = vec![("seen", seen.as_str())];
    fields.extend(roles.iter().map(|role| ("roles", *role)));
    browser.post(RULE, &fields).await
}

/// A world in which managers and administrators are asked for codes, and these people have a password.
async fn with_codes(people: &[&str]) -> (TestDb, World) {
    let (db, w) = set_up(people).await;
    let roles = ["registered_manager", "deputy_manager", "administrator"];
    assert_eq!(ask_of(&w.browser("administrator").await, &roles).await.status, StatusCode::SEE_OTHER);
    (db, w)
}

/// What the phone of somebody knows, or would know once it is set up.
async fn secret(db: &TestDb, who: &str) -> Secret {
    let bytes: Vec<u8> = sqlx::query_scalar(
        "SELECT coalesce((SELECT secret FROM authenticators a WHERE a.user_id = u.id),
           (SELECT offered FROM half_sign_ins h WHERE h.user_id = u.id AND offered IS NOT NULL ORDER BY expires_at DESC LIMIT 1))
         FROM users u WHERE email = $1",
    )
    .bind(email(who))
    .fetch_one(&mut db.administrator().await)
    .await
    .unwrap();
    Secret::stored(&bytes).unwrap()
}

/// The code so many steps from now.
async fn code(db: &TestDb, w: &World, who: &str, steps: i64) -> String {
    secret(db, who).await.code(w.clock.now() + TimeDelta::seconds(30 * steps)).unwrap()
}

/// One that is none of the codes of about now.
async fn wrong(db: &TestDb, w: &World, who: &str) -> String {
    let mut near = Vec::new();
    for steps in -2..=2 {
        near.push(code(db, w, who, steps).await);
    }
    (0..9).map(|n| format!("00000{n}")).find(|code| !near.contains(code)).unwrap()
}

async fn half(w: &World, who: &str) -> Client {
    let mut client = Client::new(w);
    let answer = client.try_to_sign_in(&email(who), PASSWORD).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/sign-in/code"),
        "{}",
        answer.text()
    );
    client
}

async fn enter(client: &mut Client, code: &str) -> Answer {
    client.post("/sign-in/code", &[("code", code)]).await
}

/// Sets somebody's phone up: the browser, signed in, and the recovery codes.
async fn enrolled(db: &TestDb, w: &World, who: &str) -> (Client, Vec<String>) {
    let mut client = half(w, who).await;
    assert_eq!(client.get("/sign-in/code").await.status, 200);
    let page = enter(&mut client, &code(db, w, who, 0).await).await;
    let codes = papers(&page);
    w.at(w.clock.now() + TimeDelta::seconds(90));
    (client, codes)
}

fn papers(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let codes: Vec<String> = page
        .body
        .split("<b class=\"num\">")
        .skip(1)
        .map(|c| c.split('<').next().unwrap().to_owned())
        .collect();
    assert_eq!(codes.len(), 10, "{}", page.text());
    codes
}

async fn signed_in(client: &mut Client) -> bool {
    client.get("/account").await.status == StatusCode::OK
}

#[tokio::test]
async fn a_phone_is_set_up_once_and_each_code_is_used_once() {
    let (db, w) = with_codes(&["manager", "carer"]).await;
    // care staff are not asked
    let mut carer = Client::signed_in(&w, "carer").await;
    assert!(signed_in(&mut carer).await);

    let mut client = half(&w, "manager").await;
    assert!(!signed_in(&mut client).await, "half is not in");
    assert!(client.get("/p/rowan-care/dashboard").await.location().starts_with("/sign-in"));
    let page = client.get("/sign-in/code").await;
    let own = secret(&db, "manager").await;
    assert!(page.text().contains("Set up your codes") && page.body.contains("<svg class=\"qr\""));
    assert!(page.text().contains(&own.key()) && own.key().split(' ').all(|group| group.len() == 4));
    assert!(!page.body.contains("otpauth:"), "the picture says it, the page does not");
    assert!(client.get("/sign-in/code").await.text().contains(&own.key()), "loading it again shows the same");

    let refused = enter(&mut client, &wrong(&db, &w, "manager").await).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text().contains("This is not the code, or it was used already")
            && refused.text().contains(&own.key())
    );
    assert_eq!(number(&db, "SELECT count(*) FROM authenticators").await, 0);

    let first = code(&db, &w, "manager", 0).await;
    let page = enter(&mut client, &first).await;
    let codes = papers(&page);
    assert_eq!(page.headers.get(header::CACHE_CONTROL).unwrap(), "no-store");
    let by = page.field("written-by");
    let on = client.post("/sign-in/go-on", &[("written-by", &by)]).await;
    assert_eq!((on.status, on.location()), (StatusCode::SEE_OTHER, "/p/rowan-care"));
    assert_eq!(client.get("/p/rowan-care/dashboard").await.status, 200);
    // recovery codes are stored as hashes alone
    let kept = texts(&db, "SELECT row_to_json(r)::text FROM recovery_codes r").await;
    assert!(kept.len() == 10 && kept.iter().all(|row| codes.iter().all(|code| !row.contains(code.as_str()))));

    // that code, and those before it, are used up, in another browser too
    let mut other = half(&w, "manager").await;
    assert!(other.get("/sign-in/code").await.text().contains("The six digits your phone shows now"));
    for steps in [0, -1] {
        let again = code(&db, &w, "manager", steps).await;
        assert_eq!(enter(&mut other, &again).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{steps}");
    }
    w.at(w.clock.now() + TimeDelta::seconds(30));
    assert_eq!(enter(&mut other, &first).await.status, 422, "a step later it is still used");
    let next = code(&db, &w, "manager", 0).await;
    let spaced = format!("{} {}", &next[..3], &next[3..]);
    let opened = enter(&mut other, &spaced).await;
    assert_eq!((opened.status, opened.location()), (StatusCode::SEE_OTHER, "/p/rowan-care"));
    assert!(signed_in(&mut other).await);
    assert_eq!(enter(&mut other, &next).await.status, 422);
}

#[rstest]
#[case::two_before(-2, false)]
#[case::one_before(-1, true)]
#[case::now(0, true)]
#[case::one_after(1, true)]
#[case::two_after(2, false)]
#[tokio::test]
async fn a_clock_may_be_half_a_minute_off(#[case] steps: i64, #[case] taken: bool) {
    let (db, w) = with_codes(&["manager"]).await;
    enrolled(&db, &w, "manager").await;
    let mut client = half(&w, "manager").await;
    let answer = enter(&mut client, &code(&db, &w, "manager", steps).await).await;
    assert_eq!(answer.status == StatusCode::SEE_OTHER, taken, "{}", answer.text());
}

/// One code, brought at the same time by several browsers: one session.
#[tokio::test]
async fn a_code_brought_twice_at_once_opens_one_session() {
    let (db, w) = with_codes(&["manager"]).await;
    let (_, papers) = enrolled(&db, &w, "manager").await;
    for round in 0..3 {
        let typed = if round == 2 { papers[0].clone() } else { code(&db, &w, "manager", 0).await };
        let before = number(&db, "SELECT count(*) FROM sessions").await;
        let mut tries = Vec::new();
        for _ in 0..4 {
            tries.push(half(&w, "manager").await);
        }
        tries.push(tries[0].clone());
        let tries: Vec<_> = tries
            .into_iter()
            .map(|mut client| {
                let typed = typed.clone();
                tokio::spawn(async move { enter(&mut client, &typed).await.status })
            })
            .collect();
        let mut opened = 0;
        for one in tries {
            opened += usize::from(one.await.unwrap() == StatusCode::SEE_OTHER);
        }
        assert_eq!(opened, 1, "round {round}");
        assert_eq!(number(&db, "SELECT count(*) FROM sessions").await, before + 1);
        w.at(w.clock.now() + TimeDelta::minutes(20));
    }
    // two browsers that set up at once, each with a secret of its own: one phone
    person::reset_password(&w.app, &email("deputy"), PASSWORD).await.unwrap();
    let mut tries = Vec::new();
    for _ in 0..2 {
        let mut client = half(&w, "deputy").await;
        client.get("/sign-in/code").await;
        let typed = code(&db, &w, "deputy", 0).await;
        w.at(w.clock.now() + TimeDelta::seconds(1));
        tries.push((client, typed));
    }
    let tries: Vec<_> = tries
        .into_iter()
        .map(|(mut client, typed)| tokio::spawn(async move { enter(&mut client, &typed).await.status }))
        .collect();
    let mut opened = 0;
    for one in tries {
        opened += usize::from(one.await.unwrap() == StatusCode::OK);
    }
    assert_eq!(opened, 1);
}

#[tokio::test]
async fn guesses_are_held_up_and_a_right_password_forgives_none() {
    let (db, w) = with_codes(&["manager"]).await;
    enrolled(&db, &w, "manager").await;
    let bad = wrong(&db, &w, "manager").await;
    for n in 0..5 {
        let mut client = half(&w, "manager").await.from(&format!("198.51.100.{n}"));
        assert_eq!(enter(&mut client, &bad).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{n}");
    }
    let mut client = half(&w, "manager").await.from("198.51.100.77");
    let good = code(&db, &w, "manager", 0).await;
    let held = enter(&mut client, &good).await;
    assert_eq!(held.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(held.headers.get(header::RETRY_AFTER).unwrap(), "1");
    w.at(w.clock.now() + TimeDelta::seconds(1));
    assert_eq!(enter(&mut client, &bad).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(enter(&mut client, &good).await.headers.get(header::RETRY_AFTER).unwrap(), "2");
    w.at(w.clock.now() + TimeDelta::seconds(2));
    let good = code(&db, &w, "manager", 0).await;
    assert_eq!(enter(&mut client, &good).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn guesses_sent_at_once_are_counted_one_by_one() {
    let (db, w) = with_codes(&["manager"]).await;
    enrolled(&db, &w, "manager").await;
    let bad = wrong(&db, &w, "manager").await;
    let client = half(&w, "manager").await;
    let tries: Vec<_> = (0..16)
        .map(|n| {
            let (mut client, bad) = (client.clone().from(&format!("198.51.100.{n}")), bad.clone());
            tokio::spawn(async move { enter(&mut client, &bad).await.status })
        })
        .collect();
    let mut looked_at = 0;
    for one in tries {
        looked_at += usize::from(one.await.unwrap() == StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(looked_at, 5);
}

#[tokio::test]
async fn codes_on_paper_work_once_each_and_are_renewed_with_a_code() {
    let (db, w) = with_codes(&["manager"]).await;
    let (_, papers_one) = enrolled(&db, &w, "manager").await;
    let mut client = half(&w, "manager").await;
    let typed = papers_one[3].to_uppercase().replace('-', " ");
    assert_eq!(enter(&mut client, &typed).await.status, StatusCode::SEE_OTHER);
    let again = enter(&mut half(&w, "manager").await, &papers_one[3]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = client.get("/account").await;
    assert!(page.text().contains("9 recovery codes left"), "{}", page.text());
    let by = page.field("written-by");
    let renew = |code: String| {
        let (mut client, by) = (client.clone(), by.clone());
        async move { client.post("/account/codes/recovery", &[("written-by", &by), ("code", &code)]).await }
    };
    // neither paper nor a wrong code makes new ones
    for bad in [papers_one[4].clone(), wrong(&db, &w, "manager").await, String::new()] {
        let refused = renew(bad).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
        assert!(refused.body.contains("id=\"code-error\""));
    }
    let now = code(&db, &w, "manager", 0).await;
    let papers_two = papers(&renew(now.clone()).await);
    assert_eq!(renew(now).await.status, StatusCode::UNPROCESSABLE_ENTITY, "a code is used once, here too");
    assert!(papers_one.iter().all(|code| !papers_two.contains(code)));
    assert_eq!(enter(&mut half(&w, "manager").await, &papers_one[4]).await.status, 422);
    assert_eq!(enter(&mut half(&w, "manager").await, &papers_two[4]).await.status, 303);
    // those of one person are nobody else's
    person::reset_password(&w.app, &email("deputy"), PASSWORD).await.unwrap();
    enrolled(&db, &w, "deputy").await;
    assert_eq!(enter(&mut half(&w, "deputy").await, &papers_two[5]).await.status, 422);
}

/// Whoever is not asked for codes can have them all the same, and is asked from then on.
#[tokio::test]
async fn codes_are_set_up_by_choice_with_the_password() {
    let (db, w) = with_codes(&["carer"]).await;
    let mut client = Client::signed_in(&w, "carer").await;
    let page = client.get("/account").await;
    assert!(page.body.contains("action=\"/account/codes\""), "{}", page.text());
    let by = page.field("written-by");
    for (typed, said) in [("", "Enter your password"), ("not this one", "This is not your current password")]
    {
        let refused = client.post("/account/codes", &[("written-by", &by), ("own-password", typed)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains(said), "{}", refused.text());
    }
    assert_eq!(client.get("/sign-in/code").await.status, 303, "nothing was begun");
    let begun = client.post("/account/codes", &[("written-by", &by), ("own-password", PASSWORD)]).await;
    assert_eq!((begun.status, begun.location()), (StatusCode::SEE_OTHER, "/sign-in/code?next=%2Faccount"));
    let page = client.get("/sign-in/code").await.text();
    assert!(
        page.contains("From now on you are asked for a code") && !page.contains("Your role asks"),
        "{page}"
    );
    assert_eq!(enter(&mut client, &wrong(&db, &w, "carer").await).await.status, 422);
    assert_eq!(number(&db, "SELECT count(*) FROM authenticators").await, 0, "nothing without its first code");
    let now = code(&db, &w, "carer", 0).await;
    papers(&enter(&mut client, &now).await);
    assert!(signed_in(&mut client).await);
    w.at(w.clock.now() + TimeDelta::seconds(90));
    let mut again = half(&w, "carer").await;
    assert_eq!(enter(&mut again, &code(&db, &w, "carer", 0).await).await.status, 303);
    let twice = again.post("/account/codes", &[("written-by", &by), ("own-password", PASSWORD)]).await;
    assert!(twice.text().contains("Your codes are set up already"), "{}", twice.text());
}

/// Another phone: proved by the one before or by paper, which work until the new one shows its first code.
#[rstest]
#[case::with_the_phone(false)]
#[case::with_paper(true)]
#[tokio::test]
async fn somebody_moves_to_another_phone(#[case] paper: bool) {
    let (db, w) = with_codes(&["manager"]).await;
    let (mut client, papers_one) = enrolled(&db, &w, "manager").await;
    let before = secret(&db, "manager").await;
    let mut elsewhere = half(&w, "manager").await;
    assert_eq!(enter(&mut elsewhere, &papers_one[0]).await.status, 303);
    assert!(signed_in(&mut elsewhere).await);
    let by = client.get("/account").await.field("written-by");
    let wrong = wrong(&db, &w, "manager").await;
    let refused = client.post("/account/codes/phone", &[("written-by", &by), ("old-code", &wrong)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("id=\"old-code-error\""), "{}", refused.text());
    let proof = if paper { papers_one[2].clone() } else { code(&db, &w, "manager", 0).await };
    let begun = client.post("/account/codes/phone", &[("written-by", &by), ("old-code", &proof)]).await;
    assert_eq!((begun.status, begun.location()), (StatusCode::SEE_OTHER, "/sign-in/code?next=%2Faccount"));
    let page = client.get("/sign-in/code").await.text();
    assert!(page.contains("Your phone of before works until this one shows its first code"), "{page}");

    // the phone of before opens a session still, and its code does not set up the new one
    w.at(w.clock.now() + TimeDelta::seconds(90));
    let old = before.code(w.clock.now()).unwrap();
    assert_eq!(enter(&mut client, &old).await.status, 422, "not the code of the new one");
    assert_eq!(enter(&mut half(&w, "manager").await, &old).await.status, 303);
    let offered: Vec<u8> = sqlx::query_scalar("SELECT offered FROM half_sign_ins WHERE replaces")
        .fetch_one(&mut db.administrator().await)
        .await
        .unwrap();
    let new = Secret::stored(&offered).unwrap();
    let papers_two = papers(&enter(&mut client, &new.code(w.clock.now()).unwrap()).await);
    assert!(signed_in(&mut client).await && !signed_in(&mut elsewhere).await, "signed out everywhere else");

    w.at(w.clock.now() + TimeDelta::seconds(90));
    let old = before.code(w.clock.now()).unwrap();
    assert_eq!(enter(&mut half(&w, "manager").await, &old).await.status, 422, "the phone of before is none");
    assert_eq!(enter(&mut half(&w, "manager").await, &papers_one[5]).await.status, 422);
    assert_eq!(enter(&mut half(&w, "manager").await, &papers_two[5]).await.status, 303);
    assert_eq!(enter(&mut half(&w, "manager").await, &new.code(w.clock.now()).unwrap()).await.status, 303);
}

/// What was typed before a session ended is carried through the code and through setting up.
#[rstest]
#[case::enters(true)]
#[case::sets_up(false)]
#[tokio::test]
async fn what_was_typed_is_carried_through_the_code(#[case] has: bool) {
    const FORM: &str = "/p/rowan-care/reviews/new";
    let (db, w) = with_codes(&["manager"]).await;
    if has {
        enrolled(&db, &w, "manager").await;
    }
    let by = w.browser("manager").await.get("/reviews/new").await.field("written-by");
    let fields = [
        ("written-by", by.as_str()),
        ("id", &ReviewId::new().to_string()),
        ("title", "Medicines in \"autumn\""),
    ];
    let mut client = Client::new(&w);
    let page = client.post(FORM, &fields).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    let kept = page.field("kept");
    let fields = [("email", &*email("manager")), ("password", PASSWORD), ("kept", &kept)];
    let page = client.post("/sign-in", &fields).await;
    assert_eq!((page.status, page.field("kept")), (StatusCode::OK, kept.clone()), "{}", page.text());
    if !has {
        assert!(page.text().contains("Set up your codes"));
    }
    let bad = wrong(&db, &w, "manager").await;
    let page = client.post("/sign-in/code", &[("code", &bad), ("kept", &page.field("kept"))]).await;
    assert_eq!((page.status, page.field("kept")), (StatusCode::UNPROCESSABLE_ENTITY, kept.clone()));
    let good = code(&db, &w, "manager", 0).await;
    let mut page = client.post("/sign-in/code", &[("code", &good), ("kept", &page.field("kept"))]).await;
    if !has {
        papers(&page);
        let fields = [("written-by", &*page.field("written-by")), ("kept", &page.field("kept"))];
        page = client.post("/sign-in/go-on", &fields).await;
    }
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text().contains("You are signed in again")
            && unescaped(&page.body).contains("Medicines in \"autumn\"")
    );
    assert!(page.body.contains(&format!("action=\"{FORM}\"")));
}

#[tokio::test]
async fn where_somebody_wanted_to_go_is_carried_too() {
    let (db, w) = with_codes(&["manager"]).await;
    enrolled(&db, &w, "manager").await;
    let mut client = Client::new(&w);
    let fields = [("email", &*email("manager")), ("password", PASSWORD), ("next", "/p/rowan-care/findings")];
    let answer = client.post("/sign-in", &fields).await;
    assert_eq!(answer.location(), "/sign-in/code?next=%2Fp%2Frowan-care%2Ffindings");
    let page = client.get(answer.location()).await;
    let good = code(&db, &w, "manager", 0).await;
    let done = client.post("/sign-in/code", &[("code", &good), ("next", &page.field("next"))]).await;
    assert_eq!(done.location(), "/p/rowan-care/findings");
    // and nobody is led elsewhere
    let mut client = half(&w, "manager").await;
    w.at(w.clock.now() + TimeDelta::minutes(1));
    let good = code(&db, &w, "manager", 0).await;
    let done = client.post("/sign-in/code", &[("code", &good), ("next", "//evil.example")]).await;
    assert_eq!(done.location(), "/p/rowan-care");
}

#[derive(Clone, Copy, Debug)]
enum Meanwhile {
    TenMinutes,
    OtherPassword,
    OtherRole,
    Left,
}

#[rstest]
#[case(Meanwhile::TenMinutes)]
#[case(Meanwhile::OtherPassword)]
#[case(Meanwhile::OtherRole)]
#[case(Meanwhile::Left)]
#[tokio::test]
async fn half_a_sign_in_does_not_last(#[case] what: Meanwhile) {
    let (db, w) = with_codes(&["manager"]).await;
    enrolled(&db, &w, "manager").await;
    let mut client = half(&w, "manager").await;
    match what {
        Meanwhile::TenMinutes => w.at(w.clock.now() + TimeDelta::minutes(10)),
        Meanwhile::OtherPassword => {
            person::reset_password(&w.app, &email("manager"), "seven quiet lanterns hum").await.unwrap();
        }
        Meanwhile::OtherRole => {
            person::change_role(&w.app, w.provider, w.id("manager"), Role::DeputyManager).await.unwrap();
        }
        Meanwhile::Left => person::end_place(&w.app, w.provider, w.id("manager")).await.unwrap(),
    }
    let good = code(&db, &w, "manager", 0).await;
    let answer = enter(&mut client, &good).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{what:?}");
    assert!(answer.text().contains("It took too long") && answer.body.contains("action=\"/sign-in\""));
    assert!(!signed_in(&mut client).await);
}

#[tokio::test]
async fn the_rule_is_a_setting_with_its_history() {
    let (_db, w) = set_up(&["manager", "leader"]).await;
    let browser = w.browser("administrator").await;
    // a new provider asks those who decide; the worlds of tests ask nobody
    let new = provider::add(&w.app, "larch-care", "Larch Care").await.unwrap();
    let mut tx = throughline::store::TenantTx::begin(&w.app.db, new, None, w.clock.now()).await.unwrap();
    let asked = throughline::store::codes::rule(&mut tx).await.unwrap();
    assert_eq!(asked, throughline::domain::codes::by_default());
    drop(tx);
    let mut manager = Client::signed_in(&w, "manager").await;
    let first = browser.get(RULE).await.field("seen");
    assert_eq!(
        ask_of(&browser, &["registered_manager", "administrator"]).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(signed_in(&mut manager).await, "nobody is signed out by it");
    half(&w, "manager").await;
    Client::signed_in(&w, "leader").await;
    let page = browser.get(RULE).await;
    assert_eq!(page.body.matches(" checked").count(), 2);
    let same = ask_of(&browser, &["administrator", "registered_manager"]).await;
    assert!(same.status == 422 && same.text().contains("Change something, or go back"));
    let stale = browser.post(RULE, &[("seen", &first), ("roles", "team_leader")]).await;
    assert!(stale.status == 409 && stale.text().contains("Somebody changed this since you opened it"));
    let odd = browser.post(RULE, &[("seen", &page.field("seen")), ("roles", "boss")]).await;
    assert!(odd.status == 422 && odd.text().contains("Choose roles of this list"));
    assert_eq!(ask_of(&browser, &["team_leader", "administrator"]).await.status, StatusCode::SEE_OTHER);
    half(&w, "leader").await;
    Client::signed_in(&w, "manager").await;
    let history = browser.get("/settings/history").await.text();
    for said in [
        "Asked of: registered manager and administrator",
        "Asked of: team leader. No longer asked of: registered manager",
        "Nina Patel, 21 November 2026",
    ] {
        assert!(history.contains(said), "{said}: {history}");
    }
}

#[tokio::test]
async fn one_provider_that_asks_is_enough() {
    let (_db, w) = set_up(&["quality"]).await;
    Client::signed_in(&w, "quality").await;
    // Helen is quality lead here, and registered manager there
    assert_eq!(ask_of(&w.browser("willow_administrator").await, &["registered_manager"]).await.status, 303);
    half(&w, "quality").await;
}

/// Three administrators: the one who is to be reset, one who asks, one who confirms.
async fn three() -> (TestDb, World, [Browser; 3]) {
    let (db, w) = with_codes(&["administrator", "leader", "deputy"]).await;
    for who in ["leader", "deputy"] {
        person::change_role(&w.app, w.provider, w.id(who), Role::Administrator).await.unwrap();
    }
    let all = [w.browser("administrator").await, w.browser("leader").await, w.browser("deputy").await];
    (db, w, all)
}

#[tokio::test]
async fn two_other_administrators_reset_codes() {
    let (db, w, [own, one, two]) = three().await;
    let path = format!("/settings/members/{}/codes", w.id("administrator"));
    let ask = [("reason", "Her phone fell into the bath; I saw her today")];
    let none = one.post(&path, &ask).await;
    assert!(none.status == 422 && none.text().contains("They have no codes"), "{}", none.text());
    let (mut nina, papers_before) = enrolled(&db, &w, "administrator").await;
    let before = secret(&db, "administrator").await;
    assert!(one.get(&path).await.text().contains("Set up on 21 November 2026"));

    let refused = one.post(&path, &[("reason", " ")]).await;
    assert!(
        refused.status == 422 && refused.text().contains("Say why, and how you know"),
        "{}",
        refused.text()
    );
    let refused = own.post(&path, &ask).await;
    assert!(
        refused.status == 422 && refused.text().contains("These are your own codes"),
        "{}",
        refused.text()
    );
    assert_eq!(one.post(&path, &ask).await.status, StatusCode::SEE_OTHER);
    let twice = two.post(&path, &ask).await;
    assert!(twice.status == 422 && twice.text().contains("asked for already"), "{}", twice.text());
    for (who, why) in [(&one, "another administrator has to confirm"), (&own, "These are your own codes")] {
        let refused = who.post(&format!("{path}/confirmation"), &[]).await;
        assert!(refused.status == 422 && refused.text().contains(why), "{}", refused.text());
    }
    let refused = own.post(&format!("{path}/withdrawal"), &[]).await;
    assert!(refused.status == 422, "nor does one stop it oneself: {}", refused.text());
    assert!(signed_in(&mut nina).await);
    assert!(two.get(RULE).await.text().contains("Nina Patel Asked for by Sofia Marsh on 21 November 2026"));
    let page = two.get(&path).await.text();
    assert!(
        page.contains("fell into the bath") && page.contains("Make sure that it is Nina Patel who asks"),
        "{page}"
    );

    assert_eq!(two.post(&format!("{path}/confirmation"), &[]).await.status, StatusCode::SEE_OTHER);
    assert!(!signed_in(&mut nina).await, "her sessions end");
    assert_eq!(number(&db, "SELECT count(*) FROM authenticators").await, 0);
    assert_eq!(number(&db, "SELECT count(*) FROM recovery_codes").await, 0);
    let again = two.post(&format!("{path}/confirmation"), &[]).await;
    assert!(again.status == 422 && again.text().contains("Nothing waits"), "{}", again.text());
    let history = one.get("/settings/history").await.text();
    for said in [
        "A reset of Nina Patel’s one-time codes was asked for",
        "Nina Patel’s one-time codes were reset",
        "Daniel Osei, 21",
    ] {
        assert!(history.contains(said), "{said}: {history}");
    }
    // she sets up anew, with another secret; what was before opens nothing
    let mut nina = half(&w, "administrator").await;
    assert!(nina.get("/sign-in/code").await.text().contains("Set up your codes"));
    assert_ne!(secret(&db, "administrator").await, before);
    assert_eq!(enter(&mut nina, &papers_before[0]).await.status, 422);
    w.at(w.clock.now() + TimeDelta::minutes(1));
    enrolled(&db, &w, "administrator").await;
}

#[tokio::test]
async fn a_reset_lapses_and_stops_with_who_asked() {
    let (db, w, [_, one, two]) = three().await;
    enrolled(&db, &w, "administrator").await;
    let path = format!("/settings/members/{}/codes", w.id("administrator"));
    let ask = [("reason", "She lost her bag; I saw her today")];
    assert_eq!(one.post(&path, &ask).await.status, 303);
    w.days_pass(3);
    let late = two.post(&format!("{path}/confirmation"), &[]).await;
    assert!(late.status == 422 && late.text().contains("more than three days ago"), "{}", late.text());
    assert_eq!(two.post(&path, &ask).await.status, 303, "it can be asked for again");
    person::change_role(&w.app, w.provider, w.id("deputy"), Role::TeamLeader).await.unwrap();
    let gone = one.post(&format!("{path}/confirmation"), &[]).await;
    assert!(gone.status == 422 && gone.text().contains("no administrator any more"), "{}", gone.text());
    assert_eq!(number(&db, "SELECT count(*) FROM authenticators").await, 1);
    assert_eq!(one.post(&format!("{path}/withdrawal"), &[]).await.status, 303);
    assert_eq!(number(&db, "SELECT count(*) FROM code_resets WHERE ended_at IS NULL").await, 0);
}

/// The database holds the rule of two by itself.
#[tokio::test]
async fn no_statement_resets_codes_with_fewer_than_two_others() {
    let (db, w, [_, one, _]) = three().await;
    enrolled(&db, &w, "administrator").await;
    let path = format!("/settings/members/{}/codes", w.id("administrator"));
    assert_eq!(one.post(&path, &[("reason", "She lost her bag")]).await.status, 303);
    let mut administrator = db.administrator().await;
    let inside = format!("SET app.provider_id = '{}'", w.provider);
    sqlx::query(sqlx::AssertSqlSafe(inside)).execute(&mut administrator).await.unwrap();
    let later = w.clock.now() + TimeDelta::days(3) + TimeDelta::minutes(1);
    for (who, at, why) in [
        ("leader", w.clock.now(), "two administrators"),
        ("administrator", w.clock.now(), "code_resets_nobody_confirms_for_themselves"),
        ("manager", w.clock.now(), "two administrators"),
        ("deputy", later, "within three days"),
    ] {
        let refused = sqlx::query("UPDATE code_resets SET ended_at = $1, confirmed_by = $2")
            .bind(at)
            .bind(w.id(who).uuid())
            .execute(&mut administrator)
            .await
            .unwrap_err()
            .to_string();
        assert!(refused.contains(why), "{who}: {refused}");
    }
    assert_eq!(number(&db, "SELECT count(*) FROM authenticators").await, 1);
}

#[tokio::test]
async fn the_operator_resets_codes_and_every_provider_reads_of_it() {
    let (db, w) = with_codes(&["quality"]).await;
    ask_of(&w.browser("administrator").await, &["quality_lead"]).await;
    let (mut helen, _) = enrolled(&db, &w, "quality").await;
    codes::reset_by_operator(&w.app, " Quality@throughline.example").await.unwrap();
    assert!(!signed_in(&mut helen).await);
    assert_eq!(number(&db, "SELECT count(*) FROM authenticators").await, 0);
    for who in ["administrator", "willow_administrator"] {
        let history = w.browser(who).await.get("/settings/history").await.text();
        assert!(history.contains("Helen Carter’s one-time codes were reset"), "{who}: {history}");
    }
    assert!(codes::reset_by_operator(&w.app, "nobody@elsewhere.example").await.is_err());
}

/// A provider's transaction, whatever it asks, sees nobody's secret.
#[tokio::test]
async fn pages_of_a_provider_see_no_secret() {
    let (db, w) = with_codes(&["manager"]).await;
    enrolled(&db, &w, "manager").await;
    half(&w, "manager").await;
    for table in ["authenticators", "recovery_codes", "half_sign_ins"] {
        assert!(number(&db, &format!("SELECT count(*) FROM {table}")).await > 0, "{table}");
        let mut tx = db.pool.begin().await.unwrap();
        let enter = format!("SET LOCAL app.provider_id = '{}'", w.provider);
        sqlx::query(sqlx::AssertSqlSafe(enter)).execute(&mut *tx).await.unwrap();
        let seen: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert_eq!(seen, 0, "{table}");
    }
    // and since when somebody has codes is told of one's own members alone
    let of = format!("SELECT app.codes_since('{}')::text", w.id("manager"));
    for (provider, told) in [(w.provider, true), (w.other, false)] {
        let mut tx = db.pool.begin().await.unwrap();
        let enter = format!("SET LOCAL app.provider_id = '{provider}'");
        sqlx::query(sqlx::AssertSqlSafe(enter)).execute(&mut *tx).await.unwrap();
        let since: Option<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(of.clone())).fetch_one(&mut *tx).await.unwrap();
        assert_eq!(since.is_some(), told);
    }
}

#[tokio::test]
async fn the_token_of_half_a_sign_in_opens_no_page() {
    let (_db, w) = with_codes(&["manager"]).await;
    let mut client = half(&w, "manager").await;
    client.rename("__Host-halfway", "__Host-session");
    assert!(!signed_in(&mut client).await);
    assert_eq!(client.get("/sign-in/code").await.location(), "/sign-in");
}
