//! Invitations: made, sent, renewed, withdrawn by the administrator; accepted once, by whoever they are for.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::http::{StatusCode, header};
use chrono::TimeDelta;
use rstest::rstest;
use sha2::{Digest as _, Sha256};
use throughline::domain::member::Role;
use throughline::workflow::person;

use super::delivery::{Manner, Post};
use super::worker::{number, texts};
use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, Browser, World};
use crate::signing_in::{ANOTHER, Client, PASSWORD, email, set_up};

const NEW: &str = "/settings/invitations/new";
const LIST: &str = "/settings/invitations";

/// Invites by code, and reads the code from the page that shows it once.
async fn by_code(w: &World, browser: &Browser, role: &str) -> String {
    let house = w.house.id.to_string();
    let fields = [("way", "code"), ("name", "Noor Aziz"), ("role", role), ("services", &house)];
    code_on(&browser.post(NEW, &fields).await)
}

fn code_on(page: &Answer) -> String {
    assert_eq!(page.status, 200, "{}", page.text());
    assert_eq!(page.headers.get(header::CACHE_CONTROL).unwrap(), "no-store");
    let code = page.body.split("<b class=\"num\">").nth(1).unwrap_or_else(|| panic!("{}", page.text()));
    code.split('<').next().unwrap().to_owned()
}

/// Invites by mail, lets the mail leave, and reads the address in it.
async fn by_mail(w: &mut World, to: &str) -> String {
    let post = Post::open(Manner::Takes).await;
    w.app = post.app(w);
    let house = w.house.id.to_string();
    let fields =
        [("way", "mail"), ("email", to), ("name", "Noor"), ("role", "deputy_manager"), ("services", &house)];
    let browser = w.browser("administrator").await;
    let sent = browser.post(NEW, &fields).await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, "/p/rowan-care/settings/invitations"));
    let list = browser.get(LIST).await.text();
    assert!(list.contains(&format!("Mail to {to}, on its way")), "{list}");
    throughline::worker::tick(&w.app).await.unwrap();
    let list = browser.get(LIST).await.text();
    assert!(list.contains(&format!("Mail to {to}, sent on 21 November 2026")), "{list}");
    let mails: Vec<String> =
        post.given().into_iter().filter(|mail| mail.contains(&format!("To: Noor <{to}>"))).collect();
    assert_eq!(mails.len(), 1, "{:?}", post.given());
    let whole = mails[0].replace("=\r\n", "");
    let link = whole.split("https://throughline.example").nth(1).unwrap();
    link.split(|c: char| c.is_whitespace() || c == '"').next().unwrap().to_owned()
}

fn newcomer(name: &'static str) -> [(&'static str, &'static str); 3] {
    [("name", "Noor Aziz"), ("sign-in", name), ("password", PASSWORD)]
}

async fn invitation_id(db: &TestDb) -> String {
    texts(db, "SELECT id::text FROM invitations ORDER BY created_at DESC, id DESC LIMIT 1").await.remove(0)
}

#[tokio::test]
async fn a_code_on_paper_opens_one_place_once() {
    let (db, w) = set_up(&["administrator"]).await;
    let browser = w.browser("administrator").await;
    let code = by_code(&w, &browser, "care_staff").await;
    // only a hash of it is kept
    let hash = hex(&Sha256::digest(&code));
    let kept = texts(&db, "SELECT row_to_json(i)::text FROM invitations i").await.remove(0);
    assert!(kept.contains(&hash) && !kept.contains(&code), "{kept}");
    assert!(!browser.get(LIST).await.body.contains(&code), "it is shown once");

    // the sheet is typed in as people type
    let mut phone = Client::new(&w);
    let typed = code.to_uppercase().replace('-', " ");
    let found = phone.post("/join/rowan-care", &[("code", &typed)]).await;
    let path = format!("/join/rowan-care/{code}");
    assert_eq!((found.status, found.location()), (StatusCode::SEE_OTHER, &*path));
    let page = phone.get(&path).await;
    assert!(page.text().contains("Join Rowan Care") && page.text().contains("You are invited as Care staff"));
    assert_eq!(page.field("name"), "Noor Aziz");
    assert!(page.body.contains("autocomplete=\"new-password\""), "{}", page.body);

    // what will not do is said at its field, and nothing typed is lost but the password
    let short = [("name", "Noor A"), ("sign-in", "noor@mail.example"), ("password", "short")];
    let wrong = phone.post(&path, &short).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("Use 3 to 60 letters, figures, dots and hyphens, like amara.bello"));
    let wrong =
        phone.post(&path, &[("name", "Noor A"), ("sign-in", "noor.aziz"), ("password", "short")]).await;
    assert!(wrong.status == 422 && wrong.body.contains("id=\"password-error\""), "{}", wrong.text());
    assert!(wrong.body.contains("noor.aziz") && !wrong.body.contains("value=\"short\""));
    let taken =
        phone.post(&path, &[("name", "Noor A"), ("sign-in", "manager"), ("password", PASSWORD)]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "addresses are not names: {}", taken.text());

    assert_eq!(taken.location(), "/sign-in?next=%2Fp%2Frowan-care");
    let used = phone.post(&path, &newcomer("noor.aziz")).await;
    assert_eq!(used.status, StatusCode::NOT_FOUND);
    assert!(used.text().contains("This invitation cannot be used"), "{}", used.text());
    assert_eq!(phone.get(&path).await.status, StatusCode::NOT_FOUND);

    // they sign in with the name, and are who they said
    assert_eq!(phone.try_to_sign_in(" Manager ", PASSWORD).await.location(), "/p/rowan-care");
    assert_eq!(phone.get("/p/rowan-care/my-actions").await.status, 200);
    assert!(browser.get("/settings/members").await.text().contains("Noor A"));
    let history = browser.get("/settings/history").await.text();
    for said in ["Noor Aziz was invited", "Noor A joined", "By invitation. Care staff"] {
        assert!(history.contains(said), "{said}: {history}");
    }
    let list = browser.get(LIST).await;
    assert!(list.text().contains("Accepted") && !list.body.contains("/renewal"), "{}", list.text());
    // what was accepted is not made anew
    let renewal = format!("{LIST}/{}/renewal", invitation_id(&db).await);
    assert_eq!(browser.post(&renewal, &[]).await.status, StatusCode::FORBIDDEN);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn two_who_accept_at_once_get_one_place_between_them() {
    let (db, w) = set_up(&["administrator"]).await;
    let browser = w.browser("administrator").await;
    for round in 0..4 {
        let path = format!("/join/rowan-care/{}", by_code(&w, &browser, "team_leader").await);
        let before = number(&db, "SELECT count(*) FROM users").await;
        let places = number(&db, "SELECT count(*) FROM memberships").await;
        let tries: Vec<_> = (0..5)
            .map(|n| {
                let (mut client, path) = (Client::new(&w).from(&format!("198.51.100.{n}")), path.clone());
                tokio::spawn(async move {
                    let name = format!("noor.{round}.{n}");
                    let fields = [("name", "Noor"), ("sign-in", name.as_str()), ("password", PASSWORD)];
                    client.post(&path, &fields).await.status
                })
            })
            .collect();
        let mut joined = 0;
        for one in tries {
            let status = one.await.unwrap();
            joined += usize::from(status == StatusCode::SEE_OTHER);
            assert!(status == 303 || status == 404 || status == 422, "{status}");
        }
        assert_eq!(joined, 1);
        assert_eq!(number(&db, "SELECT count(*) FROM users").await, before + 1, "and nobody is half made");
        assert_eq!(number(&db, "SELECT count(*) FROM memberships").await, places + 1);
    }
}

/// Whoever waits for the lock while the secret is replaced does not come in with the old one.
#[tokio::test]
async fn a_secret_replaced_while_it_is_brought_opens_nothing() {
    let (db, w) = set_up(&["administrator"]).await;
    let path =
        format!("/join/rowan-care/{}", by_code(&w, &w.browser("administrator").await, "team_leader").await);
    let mut administrator = db.administrator().await;
    sqlx::query("BEGIN").execute(&mut administrator).await.unwrap();
    sqlx::query("UPDATE invitations SET secret_hash = sha256('another')")
        .execute(&mut administrator)
        .await
        .unwrap();
    let mut client = Client::new(&w);
    let accepting = tokio::spawn(async move { client.post(&path, &newcomer("noor.aziz")).await.status });
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    assert!(!accepting.is_finished(), "it should wait for the lock");
    sqlx::query("COMMIT").execute(&mut administrator).await.unwrap();
    assert_eq!(accepting.await.unwrap(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_by_mail_lasts_three_days_and_is_only_in_the_mail() {
    let (db, mut w) = set_up(&["administrator"]).await;
    let link = by_mail(&mut w, "noor@mail.example").await;
    let secret = link.strip_prefix("/join/rowan-care/").unwrap().to_owned();
    assert_eq!(secret.len(), 23, "{link}");
    let all = texts(
        &db,
        "SELECT row_to_json(i)::text FROM invitations i UNION ALL SELECT row_to_json(e)::text FROM events e
         UNION ALL SELECT row_to_json(t)::text FROM event_texts t UNION ALL SELECT row_to_json(o)::text FROM outbox o",
    )
    .await;
    assert!(all.len() > 3 && all.iter().all(|row| !row.contains(&secret)));
    assert!(all[0].contains(&hex(&Sha256::digest(&secret))), "{}", all[0]);

    let mut phone = Client::new(&w);
    let start = w.clock.now();
    w.at(start + TimeDelta::days(3) - TimeDelta::seconds(1));
    let page = phone.get(&link).await;
    assert!(page.text().contains("You will sign in with noor@mail.example"), "{}", page.text());
    assert!(!page.body.contains("name=\"sign-in\""), "the mail says which address it is for");
    w.at(start + TimeDelta::days(3));
    assert_eq!(phone.get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(phone.post(&link, &newcomer("")).await.status, StatusCode::NOT_FOUND);
    assert!(w.browser("administrator").await.get(LIST).await.text().contains("Out of date"));
    w.at(start + TimeDelta::days(2));
    assert_eq!(phone.post(&link, &newcomer("")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(phone.try_to_sign_in("noor@mail.example", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_code_lasts_seven_days() {
    let (_db, w) = set_up(&[]).await;
    let code = by_code(&w, &w.browser("administrator").await, "care_staff").await;
    let mut phone = Client::new(&w);
    w.at(w.clock.now() + TimeDelta::days(7) - TimeDelta::seconds(1));
    assert_eq!(phone.get(&format!("/join/rowan-care/{code}")).await.status, 200);
    w.at(w.clock.now() + TimeDelta::seconds(1));
    assert_eq!(phone.get(&format!("/join/rowan-care/{code}")).await.status, 404);
}

#[tokio::test]
async fn guesses_are_held_up_as_at_sign_in() {
    let (_db, w) = set_up(&["carer"]).await;
    let code = by_code(&w, &w.browser("administrator").await, "care_staff").await;
    let mut guesser = Client::new(&w);
    for n in 0..20 {
        // by the form and by the address, well made or not
        let answer = match n % 3 {
            0 => guesser.post("/join/rowan-care", &[("code", "aaaaa-bbbbb-ccccc-ddddd")]).await,
            1 => guesser.get("/join/rowan-care/aaaaa-bbbbb-ccccc-dddd2").await,
            _ => guesser.post("/join/no-such-provider", &[("code", "what is this")]).await,
        };
        assert!(answer.status == 422 || answer.status == 404, "{n}: {}", answer.status);
    }
    let held = guesser.post("/join/rowan-care", &[("code", &code)]).await;
    assert_eq!(held.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(held.headers.get(header::RETRY_AFTER).unwrap(), "1");
    assert_eq!(guesser.get(&format!("/join/rowan-care/{code}")).await.status, StatusCode::TOO_MANY_REQUESTS);
    // and signing in from there waits as well
    let door = guesser.try_to_sign_in(&email("carer"), PASSWORD).await;
    assert_eq!(door.status, StatusCode::TOO_MANY_REQUESTS);
    let elsewhere = Client::new(&w).from("203.0.113.5").get(&format!("/join/rowan-care/{code}")).await.status;
    assert_eq!(elsewhere, StatusCode::OK);
    // a right one is no guess
    w.at(w.clock.now() + TimeDelta::seconds(2));
    for _ in 0..30 {
        assert_eq!(guesser.get(&format!("/join/rowan-care/{code}")).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn renewing_and_withdrawing_stop_what_was_handed_out() {
    let (db, w) = set_up(&[]).await;
    let browser = w.browser("administrator").await;
    let old = by_code(&w, &browser, "care_staff").await;
    let id = invitation_id(&db).await;
    let new = code_on(&browser.post(&format!("{LIST}/{id}/renewal"), &[]).await);
    assert_ne!(old, new);
    let mut phone = Client::new(&w);
    assert_eq!(phone.get(&format!("/join/rowan-care/{old}")).await.status, 404);
    assert_eq!(phone.get(&format!("/join/rowan-care/{new}")).await.status, 200);
    let gone = browser.post(&format!("{LIST}/{id}/withdrawal"), &[]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert_eq!(phone.post(&format!("/join/rowan-care/{new}"), &newcomer("noor.aziz")).await.status, 404);
    let twice = browser.post(&format!("{LIST}/{id}/withdrawal"), &[]).await;
    assert!(twice.status == 403 && twice.text().contains("It does not wait any more"), "{}", twice.text());
    let again = code_on(&browser.post(&format!("{LIST}/{id}/renewal"), &[]).await);
    assert_eq!(phone.post(&format!("/join/rowan-care/{again}"), &newcomer("noor.aziz")).await.status, 303);
    let history = browser.get("/settings/history").await.text();
    for said in ["The invitation of Noor Aziz was renewed", "The invitation of Noor Aziz was withdrawn"] {
        assert!(history.contains(said), "{said}: {history}");
    }
}

/// A link for somebody who has a sign-in gives nobody their password: they sign in, and keep it.
#[tokio::test]
async fn who_has_a_sign_in_joins_another_provider_by_signing_in() {
    let (db, mut w) = set_up(&["willow_manager", "carer"]).await;
    let link = by_mail(&mut w, &email("willow_manager")).await;
    let mut finder = Client::new(&w);
    let page = finder.get(&link).await;
    assert!(page.text().contains("Sign in to join") && !page.body.contains("password\""), "{}", page.text());
    let set = finder.post(&link, &[("name", "Ivo Lund"), ("password", ANOTHER)]).await;
    assert_eq!(set.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        finder.try_to_sign_in(&email("willow_manager"), ANOTHER).await.status == 422,
        "the password stays"
    );
    // somebody else who found the link gets nothing by being signed in
    let mut other = Client::signed_in(&w, "carer").await;
    let page = other.get(&link).await;
    assert!(
        page.text().contains("willow_manager@throughline.example , and you are signed in as Amara Bello")
    );
    let by = page.field("written-by");
    let refused = other.post(&link, &[("written-by", &by)]).await;
    assert!(
        refused.status == 422 && refused.text().contains("was sent to somebody else"),
        "{}",
        refused.text()
    );
    // they themselves
    let before = texts(&db, "SELECT email || coalesce(password_hash, '') FROM users ORDER BY 1").await;
    let mut ivo = Client::new(&w);
    let door = page_next(&ivo.get(&link).await);
    assert_eq!(door, format!("/sign-in?next={}", link.replace('/', "%2F")));
    let fields = [("email", &*email("willow_manager")), ("password", PASSWORD), ("next", &link)];
    assert_eq!(ivo.post("/sign-in", &fields).await.location(), link);
    let page = ivo.get(&link).await;
    assert!(
        page.text().contains("You are signed in as Ivo Lund . You keep your password"),
        "{}",
        page.text()
    );
    let by = page.field("written-by");
    assert_eq!(ivo.post(&link, &[("written-by", &by)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(texts(&db, "SELECT email || coalesce(password_hash, '') FROM users ORDER BY 1").await, before);
    assert_eq!(ivo.get("/account").await.status, 303, "another place ends what was open");
    ivo.try_to_sign_in(&email("willow_manager"), PASSWORD).await;
    assert_eq!(ivo.get("/p/rowan-care/dashboard").await.status, 200);
    assert_eq!(ivo.get("/p/willow-care/dashboard").await.status, 200);
}

fn page_next(page: &Answer) -> String {
    let at = page.body.split("href=\"/sign-in?next").nth(1).unwrap();
    format!("/sign-in?next{}", at.split('"').next().unwrap())
}

/// On a telephone that several people use, the place goes to whoever filled the form in, or to nobody.
#[tokio::test]
async fn who_signed_in_meanwhile_does_not_get_a_place_meant_for_another() {
    let (db, w) = set_up(&["willow_manager"]).await;
    let path = format!(
        "/join/rowan-care/{}",
        by_code(&w, &w.browser("administrator").await, "deputy_manager").await
    );
    let mut phone = Client::new(&w);
    assert_eq!(phone.get(&path).await.status, 200);
    phone.try_to_sign_in(&email("willow_manager"), PASSWORD).await;
    let before = number(&db, "SELECT count(*) FROM memberships").await;
    let sent = phone.post(&path, &newcomer("noor.aziz")).await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(sent.text().contains("Somebody has signed in on this device meanwhile"), "{}", sent.text());
    let drawn = [newcomer("noor.aziz").as_slice(), &[("written-by", "")]].concat();
    assert_eq!(
        phone.post(&path, &drawn).await.status,
        StatusCode::FORBIDDEN,
        "the form was drawn for nobody"
    );
    assert_eq!(number(&db, "SELECT count(*) FROM memberships").await, before);
}

#[tokio::test]
async fn an_invitation_is_no_way_around_the_last_administrator() {
    let (db, w) = set_up(&["administrator"]).await;
    let path =
        format!("/join/rowan-care/{}", by_code(&w, &w.browser("administrator").await, "care_staff").await);
    let mut client = Client::signed_in(&w, "administrator").await;
    let by = client.get(&path).await.field("written-by");
    let refused = client.post(&path, &[("written-by", &by)]).await;
    assert!(
        refused.status == 422 && refused.text().contains("You have a place here already"),
        "{}",
        refused.text()
    );
    let who = "SELECT name FROM memberships WHERE role = 'administrator' AND ended_at IS NULL ORDER BY 1";
    assert_eq!(texts(&db, who).await, ["Edith Holm", "Nina Patel"]);
    assert_eq!(client.get("/p/rowan-care/settings").await.status, 200, "and they stay signed in");
}

/// Who goes leaves no door open behind them.
#[rstest]
#[case::left(None)]
#[case::is_something_else(Some(Role::TeamLeader))]
#[tokio::test]
async fn an_invitation_stops_with_the_administrator_who_made_it(#[case] role: Option<Role>) {
    let (db, w) = set_up(&["leader"]).await;
    person::change_role(&w.app, w.provider, w.id("leader"), Role::Administrator).await.unwrap();
    let code = by_code(&w, &w.browser("leader").await, "administrator").await;
    let path = format!("/join/rowan-care/{code}");
    assert_eq!(Client::new(&w).get(&path).await.status, 200);
    match role {
        Some(role) => person::change_role(&w.app, w.provider, w.id("leader"), role).await.unwrap(),
        None => person::end_place(&w.app, w.provider, w.id("leader")).await.unwrap(),
    }
    assert_eq!(Client::new(&w).post(&path, &newcomer("noor.aziz")).await.status, 404);
    let browser = w.browser("administrator").await;
    assert!(browser.get(LIST).await.text().contains("whoever invited them is no administrator any more"));
    // whoever renews it answers for it
    let renewed = browser.post(&format!("{LIST}/{}/renewal", invitation_id(&db).await), &[]).await;
    let path = format!("/join/rowan-care/{}", code_on(&renewed));
    assert_eq!(Client::new(&w).post(&path, &newcomer("noor.aziz")).await.status, 303);
}

#[tokio::test]
async fn who_comes_back_is_the_same_member() {
    let (db, w) = set_up(&["leader"]).await;
    person::end_place(&w.app, w.provider, w.id("leader")).await.unwrap();
    let path = format!(
        "/join/rowan-care/{}",
        by_code(&w, &w.browser("administrator").await, "deputy_manager").await
    );
    let mut client = Client::signed_in(&w, "leader").await;
    let by = client.get(&path).await.field("written-by");
    assert_eq!(client.post(&path, &[("written-by", &by)]).await.status, StatusCode::SEE_OTHER);
    let place = texts(
        &db,
        "SELECT id || ' ' || role FROM memberships WHERE name = 'Sofia Marsh' AND ended_at IS NULL",
    )
    .await;
    assert_eq!(place, [format!("{} deputy_manager", w.id("leader"))]);
}

#[tokio::test]
async fn only_administrators_of_this_provider_look_after_its_invitations() {
    let (db, w) = set_up(&[]).await;
    by_code(&w, &w.browser("administrator").await, "care_staff").await;
    let id = invitation_id(&db).await;
    for who in ["manager", "quality", "nominated", "reader", "carer", "willow_administrator"] {
        let browser = w.browser(who).await;
        for slug in [w.slug, w.other_slug] {
            let path = format!("/p/{slug}/settings/invitations/{id}");
            assert_eq!(browser.post(&format!("{path}/renewal"), &[]).await.status, 404, "{who} {slug}");
            assert_eq!(browser.post(&format!("{path}/withdrawal"), &[]).await.status, 404, "{who} {slug}");
        }
        assert_eq!(browser.get("/p/rowan-care/settings/invitations").await.status, 404, "{who}");
    }
    assert_eq!(number(&db, "SELECT count(*) FROM invitations WHERE withdrawn_at IS NULL").await, 1);
}

#[tokio::test]
async fn what_will_not_do_is_said_and_nothing_typed_is_lost() {
    let (db, w) = set_up(&[]).await;
    let browser = w.browser("administrator").await;
    let house = w.house.id.to_string();
    let fields = |way, email, role| {
        vec![
            ("way", way),
            ("email", email),
            ("name", "Noor Aziz"),
            ("role", role),
            ("job_title", "night lead"),
        ]
    };
    for (mut fields, service, why) in [
        (fields("", "", "care_staff"), true, "Choose how they are invited"),
        (fields("mail", "", "care_staff"), true, "Enter their email address"),
        (fields("mail", "noor", "care_staff"), true, "Enter an email address, like name@care.example"),
        (fields("code", "", ""), true, "Choose one role"),
        (fields("code", "", "care_staff"), false, "Choose at least one service for this role"),
        (fields("mail", "manager@throughline.example", "care_staff"), true, "has a place here already"),
    ] {
        if service {
            fields.push(("services", &house));
        }
        let answer = browser.post(NEW, &fields).await;
        assert!(answer.status == 422 && answer.text().contains(why), "{why}: {}", answer.text());
        assert!(answer.body.contains("night lead") && answer.body.contains("Noor Aziz"), "{why}");
    }
    assert_eq!(number(&db, "SELECT count(*) FROM invitations").await, 0);
    let mut twice = fields("mail", "noor@mail.example", "care_staff");
    twice.push(("services", &house));
    let shown = browser.post(NEW, &twice).await;
    assert!(
        shown.status == 200 && shown.body.contains("/join/rowan-care/"),
        "no mail leaves: the link is shown"
    );
    let answer = browser.post(NEW, &twice).await;
    assert!(answer.status == 422 && answer.text().contains("waits already"), "{}", answer.text());
}

/// A mail server that is away: the mail is tried again with another secret, and renewing meanwhile is not undone.
#[tokio::test]
async fn a_mail_that_could_not_leave_is_tried_again() {
    let (_db, mut w) = set_up(&[]).await;
    let post = Post::open(Manner::Busy(1)).await;
    w.app = post.app(&w);
    let browser = w.browser("administrator").await;
    let house = w.house.id.to_string();
    let fields = [
        ("way", "mail"),
        ("email", "noor@mail.example"),
        ("name", "Noor"),
        ("role", "care_staff"),
        ("services", &house),
    ];
    browser.post(NEW, &fields).await;
    throughline::worker::tick(&w.app).await.unwrap();
    assert!(browser.get(LIST).await.text().contains("The mail could not be sent"));
    w.at(w.clock.now() + TimeDelta::minutes(1));
    throughline::worker::tick(&w.app).await.unwrap();
    let list = browser.get(LIST).await.text();
    assert!(list.contains("sent on") && !list.contains("could not be sent"), "{list}");
    let links: Vec<String> = post
        .given()
        .iter()
        .filter_map(|mail| {
            mail.replace("=\r\n", "").split("/join/rowan-care/").nth(1).map(|s| s[..23].to_owned())
        })
        .collect();
    assert!(links.len() == 2 && links[0] != links[1], "{links:?}");
    let mut phone = Client::new(&w);
    assert_eq!(phone.get(&format!("/join/rowan-care/{}", links[0])).await.status, 404);
    assert_eq!(phone.get(&format!("/join/rowan-care/{}", links[1])).await.status, 200);
}

/// Somebody who works without mail is told of nothing by mail, and holds nothing up.
#[tokio::test]
async fn a_sign_in_name_is_no_address_to_write_to() {
    let (db, mut w) = set_up(&[]).await;
    let post = Post::open(Manner::Takes).await;
    w.app = post.app(&w);
    sqlx::query("UPDATE users SET email = 'amara.bello' WHERE email = 'carer@throughline.example'")
        .execute(&mut db.administrator().await)
        .await
        .unwrap();
    w.line(throughline::domain::topic::Risk::Low, throughline::domain::topic::Topic::Falls, "carer").await;
    throughline::worker::tick(&w.app).await.unwrap();
    assert!(post.given().iter().all(|mail| !mail.contains("amara.bello")), "{:?}", post.given());
    assert_eq!(
        number(&db, "SELECT count(*) FROM outbox WHERE sent_at IS NULL AND next_at IS NOT NULL").await,
        0
    );
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_ever_holds_a_link() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // with a single subscriber, lines that another test's thread met first would stay silent here
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(subscriber);
    let (_db, mut w) = set_up(&[]).await;
    let link = by_mail(&mut w, "noor@mail.example").await;
    let mut phone = Client::new(&w);
    assert_eq!(phone.get(&link).await.status, 200);
    assert_eq!(phone.post(&link, &newcomer("")).await.status, 303);
    assert_eq!(phone.get(&link).await.status, 404);
    let secret = link.strip_prefix("/join/rowan-care/").unwrap();
    let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(said.contains("/join/{slug}/{secret}"), "the log says which page it was: {said}");
    let lines: Vec<&str> = said.lines().filter(|line| line.contains(secret)).collect();
    assert!(lines.is_empty(), "{lines:#?}");
}
