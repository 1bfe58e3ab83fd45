//! Signing in and out, sessions, throttling, one's own account: through the real router, with a clock that is moved.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use chrono::{Duration, TimeDelta};
use http_body_util::BodyExt;
use rstest::rstest;
use throughline::app::router;
use throughline::auth::token::Token;
use throughline::clock::Clock;
use throughline::domain::member::Role;
use throughline::workflow::person;
use tower::ServiceExt;

use crate::harness::TestDb;
use crate::harness::fixtures::{Answer, ORIGIN, World, saturday, world};
use crate::harness::upload::Upload;

pub const PASSWORD: &str = "marmalade tractor evening";
pub const ANOTHER: &str = "seven quiet lanterns hum";

pub fn email(nickname: &str) -> String {
    format!("{nickname}@throughline.example")
}

/// A world in which these people have a password.
pub async fn set_up(people: &[&str]) -> (TestDb, World) {
    let db = TestDb::new().await;
    let world = world(&db, Clock::fixed(saturday())).await;
    for nickname in people {
        person::reset_password(&world.app, &email(nickname), PASSWORD).await.unwrap();
    }
    (db, world)
}

/// A browser that keeps its cookies and follows nothing by itself.
#[derive(Clone)]
pub struct Client {
    router: Router,
    cookies: Vec<(String, String)>,
    address: IpAddr,
    headers: Vec<(&'static str, String)>,
}

impl Client {
    pub fn new(world: &World) -> Self {
        let address = "192.0.2.1".parse().unwrap();
        Self { router: router(world.app.clone()), cookies: Vec::new(), address, headers: Vec::new() }
    }

    pub fn from(mut self, address: &str) -> Self {
        self.address = address.parse().unwrap();
        self
    }

    /// Shows a cookie under another name.
    pub fn rename(&mut self, from: &str, to: &str) {
        self.cookies.iter_mut().filter(|(name, _)| name == from).for_each(|(name, _)| *name = to.to_owned());
    }

    fn saying(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn session(&self) -> Option<&str> {
        self.cookies.iter().find(|(name, _)| name == "__Host-session").map(|(_, value)| value.as_str())
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, String::new()).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, serde_html_form::to_string(fields).unwrap()).await
    }

    /// Sends a form with files.
    pub async fn upload(&mut self, path: &str, form: Upload) -> Answer {
        let kind = form.content_type();
        self.ask(Method::POST, path, &kind, form.into_body()).await
    }

    async fn send(&mut self, method: Method, path: &str, body: String) -> Answer {
        self.ask(method, path, "application/x-www-form-urlencoded", Body::from(body)).await
    }

    async fn ask(&mut self, method: Method, path: &str, kind: &str, body: Body) -> Answer {
        let jar: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, jar.join("; "))
            .header(header::CONTENT_TYPE, kind)
            .extension(ConnectInfo(SocketAddr::new(self.address, 50_000)));
        if !self.headers.iter().any(|(name, _)| *name == "sec-fetch-site") {
            request = request.header("sec-fetch-site", "same-origin");
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        self.keep(&headers);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(kept, _)| kept != name);
            if !line.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    pub async fn try_to_sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.post("/sign-in", &[("email", email), ("password", password)]).await
    }

    pub async fn signed_in(world: &World, nickname: &str) -> Self {
        let mut client = Self::new(world);
        let answer = client.try_to_sign_in(&email(nickname), PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        client
    }

    /// Whether the session still opens the account.
    async fn is_in(&mut self) -> bool {
        let answer = self.get("/account").await;
        assert!([StatusCode::OK, StatusCode::SEE_OTHER].contains(&answer.status), "{}", answer.status);
        answer.status == StatusCode::OK
    }
}

#[tokio::test]
async fn the_right_password_opens_a_session_bound_to_this_site() {
    let (db, world) = set_up(&["manager"]).await;
    let mut client = Client::new(&world);
    let answer = client.try_to_sign_in(" Manager@Throughline.example ", PASSWORD).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/p/rowan-care"));
    let cookie = answer.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
    assert!(cookie.starts_with("__Host-session="), "{cookie}");
    for part in ["; Path=/;", "; Max-Age=43200;", "; HttpOnly;", "; SameSite=Lax;", "; Secure"] {
        assert!(format!("{cookie};").contains(part), "{cookie} lacks {part}");
    }
    assert_eq!(answer.headers.get(header::CACHE_CONTROL).unwrap(), "no-store");
    assert_eq!(client.get("/").await.location(), "/p/rowan-care");
    assert_eq!(client.get("/p/rowan-care").await.location(), "/p/rowan-care/dashboard");
    // the token itself is nowhere in the database
    let token = Token::parse(client.session().unwrap()).unwrap();
    let mut administrator = db.administrator().await;
    let kept: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT token_hash FROM sessions").fetch_all(&mut administrator).await.unwrap();
    assert_eq!(kept, [token.hash().as_bytes().to_vec()]);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_email_get_the_same_answer() {
    let (_db, world) = set_up(&["manager"]).await;
    let mut answers = Vec::new();
    // the third has no password yet
    for who in [email("manager"), "nobody.here@elsewhere.example".to_owned(), email("carer")] {
        let mut client = Client::new(&world);
        let answer = client.try_to_sign_in(&who, "not the password at all").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text().contains("Email or password is wrong"));
        assert!(answer.body.contains("<title>Error: Sign in"), "{}", answer.body);
        assert!(!answer.body.contains("not the password at all"), "a password is never written into a page");
        assert!(client.session().is_none());
        answers.push(answer.body.replace(&who, "E"));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

/// The same work, measured: an unknown email must not be answered in a fraction of the time. Coarse on purpose, so that
/// a busy machine does not fail it: without the stand-in hash the ratio is far above ten.
#[tokio::test]
async fn an_unknown_email_takes_as_long() {
    let (_db, world) = set_up(&["manager"]).await;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..5 {
        for (kind, who) in [email("manager"), format!("nobody{round}@elsewhere.example")].iter().enumerate() {
            let mut client = Client::new(&world).from(&format!("198.51.100.{round}"));
            let start = std::time::Instant::now();
            client.try_to_sign_in(who, "not the password at all").await;
            times[kind].push(start.elapsed());
            world.clock.set(world.clock.now() + TimeDelta::minutes(20));
        }
    }
    let [known, unknown] = times.map(|mut list| {
        list.sort();
        list[2]
    });
    assert!(unknown * 4 > known, "known {known:?}, unknown {unknown:?}");
}

#[tokio::test]
async fn what_is_missing_is_said_and_nothing_is_counted() {
    let (_db, world) = set_up(&["manager"]).await;
    let mut client = Client::new(&world);
    let answer = client.post("/sign-in", &[("email", ""), ("password", "")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for sentence in ["Enter your email address or sign-in name", "Enter your password"] {
        assert!(answer.text().contains(sentence));
    }
    for _ in 0..30 {
        client.post("/sign-in", &[("email", &email("manager")), ("password", "")]).await;
    }
    assert_eq!(client.try_to_sign_in(&email("manager"), PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[rstest]
#[case::known("manager@throughline.example")]
#[case::unknown("nobody@elsewhere.example")]
#[tokio::test]
async fn guesses_at_one_account_are_held_up_and_never_for_good(#[case] who: &str) {
    let (_db, world) = set_up(&["manager"]).await;
    // each from another address, so that only the account counts
    let from = |n: u32| Client::new(&world).from(&format!("198.51.100.{n}"));
    for n in 0..5 {
        assert_eq!(from(n).try_to_sign_in(who, "wrong").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let answer = from(5).try_to_sign_in(who, "wrong").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers.get(header::RETRY_AFTER).unwrap(), "1");
    assert!(answer.text().contains("Too many tries"), "{}", answer.text());
    assert!(answer.body.contains(who), "what was typed is kept");
    // waiting is not counted: hammering does not make it longer
    for n in 6..20 {
        assert_eq!(from(n).try_to_sign_in(who, PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    }
    world.clock.set(world.clock.now() + TimeDelta::seconds(1));
    assert_eq!(from(20).try_to_sign_in(who, "wrong").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut waits = Vec::new();
    while waits.last() != Some(&900) {
        let n = 21 + u32::try_from(waits.len()).unwrap();
        let answer = from(n).try_to_sign_in(who, "wrong").await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "after {waits:?}");
        let wait: i64 = answer.headers.get(header::RETRY_AFTER).unwrap().to_str().unwrap().parse().unwrap();
        waits.push(wait);
        world.clock.set(world.clock.now() + TimeDelta::seconds(wait));
        if wait < 900 {
            assert_eq!(from(n).try_to_sign_in(who, "wrong").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
    assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900]);
    let right = from(41).try_to_sign_in(who, PASSWORD).await.status;
    let wanted =
        if who.starts_with("manager") { StatusCode::SEE_OTHER } else { StatusCode::UNPROCESSABLE_ENTITY };
    assert_eq!(right, wanted);
}

#[tokio::test]
async fn a_right_password_forgives_the_account_but_not_the_address() {
    let (_db, world) = set_up(&["manager", "carer"]).await;
    let mut client = Client::new(&world);
    for round in 0..5 {
        for _ in 0..4 {
            let status = client.try_to_sign_in(&email("manager"), "wrong").await.status;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "round {round}");
        }
        if round < 4 {
            let status = client.try_to_sign_in(&email("manager"), PASSWORD).await.status;
            assert_eq!(status, StatusCode::SEE_OTHER);
        }
    }
    // twenty failures from this address: now it waits, also for somebody else's account
    assert_eq!(client.try_to_sign_in(&email("carer"), PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    // what such a browser says of itself changes nothing
    let mut liar = client.clone().saying("x-forwarded-for", "203.0.113.9");
    assert_eq!(liar.try_to_sign_in(&email("carer"), PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    let mut elsewhere = Client::new(&world).from("192.0.2.2");
    assert_eq!(elsewhere.try_to_sign_in(&email("carer"), PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_browser_counts_for_itself() {
    let (_db, mut world) = set_up(&["carer"]).await;
    let mut config = (*world.app.config).clone();
    config.trusted_proxies = vec!["192.0.2.1".parse().unwrap()];
    world.app.config = std::sync::Arc::new(config);
    let told = |address: &str| Client::new(&world).saying("x-forwarded-for", address);
    for n in 0..20 {
        told("203.0.113.9").try_to_sign_in(&format!("nobody{n}@elsewhere.example"), "wrong").await;
    }
    let status = told("203.0.113.9").try_to_sign_in(&email("carer"), PASSWORD).await.status;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let status = told("203.0.113.9, 203.0.113.10").try_to_sign_in(&email("carer"), PASSWORD).await.status;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn guesses_sent_at_once_are_held_up_like_guesses_sent_one_by_one() {
    let (_db, world) = set_up(&["manager"]).await;
    let tries = (0..16).map(|n| {
        let mut client = Client::new(&world).from(&format!("198.51.100.{n}"));
        tokio::spawn(async move { client.try_to_sign_in(&email("manager"), "wrong").await.status })
    });
    let mut looked_at = 0;
    for one in tries.collect::<Vec<_>>() {
        looked_at += usize::from(one.await.unwrap() == StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(looked_at, 5);
}

#[tokio::test]
async fn a_planted_session_is_not_taken_over() {
    let (_db, world) = set_up(&["manager", "carer"]).await;
    // one that was never opened
    let planted = Token::random().text();
    let mut victim = Client::new(&world);
    victim.cookies.push(("__Host-session".to_owned(), planted.clone()));
    victim.try_to_sign_in(&email("manager"), PASSWORD).await;
    assert_ne!(victim.session(), Some(planted.as_str()));
    let mut attacker = Client::new(&world);
    attacker.cookies.push(("__Host-session".to_owned(), planted));
    assert!(!attacker.is_in().await);
    // one of the attacker's own: signing in over it ends it
    let mut attacker = Client::signed_in(&world, "carer").await;
    let mut victim = attacker.clone();
    victim.try_to_sign_in(&email("manager"), PASSWORD).await;
    assert!(victim.is_in().await && !attacker.is_in().await);
    assert_ne!(victim.session(), attacker.session());
    // and the name of the cookie without its protection opens nothing
    let mut plain = Client::new(&world);
    plain.cookies.push(("session".to_owned(), victim.session().unwrap().to_owned()));
    assert!(!plain.is_in().await);
}

#[rstest]
#[case::care_staff("carer", 120, 13)]
#[case::leader("leader", 120, 13)]
#[case::manager("manager", 30, 12)]
#[case::nominated("nominated", 30, 12)]
#[case::administrator("administrator", 30, 8)]
#[case::reader("reader", 30, 8)]
#[tokio::test]
async fn a_session_ends_idle_or_old(#[case] who: &str, #[case] idle_minutes: i64, #[case] hours: i64) {
    let (_db, world) = set_up(&[who]).await;
    let start = world.clock.now();
    let mut idle = Client::signed_in(&world, who).await;
    let mut busy = idle.clone();
    world.clock.set(start + Duration::minutes(idle_minutes) - Duration::seconds(1));
    assert!(idle.is_in().await, "still in before the idle limit");
    world.clock.set(world.clock.now() + Duration::minutes(idle_minutes));
    assert!(!idle.is_in().await, "out when idle");
    // busy all day, and out at the end of it
    world.clock.set(start);
    busy.try_to_sign_in(&email(who), PASSWORD).await;
    let mut now = start;
    while now + Duration::minutes(20) < start + Duration::hours(hours) {
        now += Duration::minutes(20);
        world.clock.set(now);
        assert!(busy.is_in().await, "busy at {now}");
    }
    world.clock.set(start + Duration::hours(hours));
    assert!(!busy.is_in().await, "out after {hours} hours");
}

#[tokio::test]
async fn sessions_end_when_password_role_or_membership_change() {
    let (_db, world) = set_up(&["manager", "quality"]).await;
    let provider = world.provider;
    let id = world.id("manager");
    let mut client = Client::signed_in(&world, "manager").await;
    person::change_role(&world.app, provider, id, Role::CareStaff).await.unwrap();
    assert!(!client.is_in().await, "the role changed");
    let mut client = Client::signed_in(&world, "manager").await;
    assert_eq!(client.get("/p/rowan-care").await.location(), "/p/rowan-care/my-actions");
    person::reset_password(&world.app, &email("manager"), PASSWORD).await.unwrap();
    assert!(!client.is_in().await, "the password was set anew");
    let mut client = Client::signed_in(&world, "manager").await;
    person::end_place(&world.app, provider, id).await.unwrap();
    assert!(!client.is_in().await, "the place ended");
    let mut client = Client::signed_in(&world, "manager").await;
    assert_eq!(client.get("/").await.location(), "/providers");
    assert!(client.get("/providers").await.text().contains("You have no place in a provider yet"));
    assert_eq!(client.get("/p/rowan-care/dashboard").await.status, StatusCode::NOT_FOUND);
    // somebody else's session is not touched by all this
    let mut other = Client::signed_in(&world, "quality").await;
    person::change_role(&world.app, world.other, world.id("willow_manager"), Role::CareStaff).await.unwrap();
    assert!(other.is_in().await);
    // a place in one provider ended: the session for both ends
    person::end_place(&world.app, world.other, world.id("willow_shared")).await.unwrap();
    assert!(!other.is_in().await);
}

#[tokio::test]
async fn the_next_page_is_one_of_ours() {
    let (_db, world) = set_up(&["manager"]).await;
    for (next, wanted) in [
        ("/p/rowan-care/findings?risk=high", "/p/rowan-care/findings?risk=high"),
        ("https://evil.example/", "/p/rowan-care"),
        ("//evil.example", "/p/rowan-care"),
        ("/\\evil.example", "/p/rowan-care"),
        ("/\t/evil.example", "/p/rowan-care"),
        ("/x\r\nSet-Cookie: a=b", "/p/rowan-care"),
        ("/x\r\n\r\n<script>", "/p/rowan-care"),
        ("/sign-in?next=/sign-in", "/p/rowan-care"),
        ("/sign-out", "/p/rowan-care"),
    ] {
        let mut client = Client::new(&world);
        let fields =
            [("email", email("manager")), ("password", PASSWORD.to_owned()), ("next", next.to_owned())];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = client.post("/sign-in", &fields).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, wanted), "{next:?}");
        assert_eq!(answer.headers.get_all(header::SET_COOKIE).iter().count(), 1, "{next:?}");
        // the same for somebody who is signed in and follows such a link
        let query = serde_html_form::to_string([("next", next)]).unwrap();
        let answer = client.get(&format!("/sign-in?{query}")).await;
        assert!([wanted, ""].contains(&answer.location()), "{next:?}: {}", answer.location());
    }
    let mut client = Client::new(&world);
    let answer = client.get("/p/rowan-care/dashboard?risk=high&page=2").await;
    assert_eq!(answer.location(), "/sign-in?next=%2Fp%2Frowan-care%2Fdashboard%3Frisk%3Dhigh%26page%3D2");
    let form = client.get(answer.location()).await;
    assert_eq!(form.field("next"), "/p/rowan-care/dashboard?risk=high&page=2");
}

#[tokio::test]
async fn signing_in_and_out_needs_our_own_pages() {
    let (_db, world) = set_up(&["manager"]).await;
    let mut evil = Client::new(&world).saying("sec-fetch-site", "cross-site").saying("origin", ORIGIN);
    assert_eq!(evil.try_to_sign_in(&email("manager"), PASSWORD).await.status, StatusCode::FORBIDDEN);
    assert!(evil.session().is_none());
    let mut client = Client::signed_in(&world, "manager").await;
    evil.cookies = client.cookies.clone();
    assert_eq!(evil.post("/sign-out", &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(client.get("/sign-out").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(client.is_in().await);
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere() {
    let (_db, world) = set_up(&["manager"]).await;
    let mut client = Client::signed_in(&world, "manager").await;
    let mut copy = client.clone();
    let answer = client.post("/sign-out", &[]).await;
    assert_eq!(answer.location(), "/sign-in");
    assert!(client.session().is_none(), "the cookie is taken away");
    assert!(client.get("/sign-in").await.text().contains("You have signed out"));
    assert!(!copy.is_in().await, "and the token opens nothing any more");
    assert_eq!(copy.post("/sign-out", &[]).await.location(), "/sign-in", "twice does no harm");
}

#[tokio::test]
async fn the_account_shows_where_one_is_signed_in_and_ends_it() {
    let (_db, world) = set_up(&["quality", "carer"]).await;
    let phone = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36";
    let mut here = Client::signed_in(&world, "quality").await;
    let mut there = Client::new(&world).saying("user-agent", phone);
    there.try_to_sign_in(&email("quality"), PASSWORD).await;
    let mut third = Client::signed_in(&world, "quality").await;
    let mut stranger = Client::signed_in(&world, "carer").await;
    let page = here.get("/account").await;
    let text = page.text();
    for words in
        ["Helen Carter", &email("quality"), "Rowan Care", "Willow Care", "Quality lead", "Registered manager"]
    {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert!(text.contains("Chrome on Android") && text.matches("(this one)").count() == 1, "{text}");
    assert!(text.contains("Signed in 21 November 2026"), "{text}");
    // by its name in the list, and only one's own
    let link = |page: &Answer, mark: &str| {
        let at = page.body.find(mark).unwrap();
        let rest = &page.body[at..];
        rest.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let end = link(&page, "Chrome on Android");
    assert_eq!(stranger.post(&end, &[]).await.status, StatusCode::NOT_FOUND);
    assert!(there.is_in().await);
    assert_eq!(here.post(&end, &[]).await.location(), "/account");
    assert!(!there.is_in().await && here.is_in().await && third.is_in().await);
    assert_eq!(here.post(&end, &[]).await.status, StatusCode::NOT_FOUND, "it is gone");
    assert_eq!(here.post("/account/sessions/others/end", &[]).await.location(), "/account");
    assert!(!third.is_in().await && here.is_in().await && stranger.is_in().await);
    assert!(!here.get("/account").await.text().contains("End all others"));
}

#[tokio::test]
async fn a_person_changes_their_own_password() {
    let (_db, world) = set_up(&["quality"]).await;
    let mut here = Client::signed_in(&world, "quality").await;
    let mut there = Client::signed_in(&world, "quality").await;
    for (current, new, sentence) in [
        ("", "", "Enter your current password"),
        ("wrong", ANOTHER, "This is not your current password"),
        (PASSWORD, "short", "Use at least 12 characters"),
        (PASSWORD, "passwordpassword", "among the first that anybody would try"),
        (PASSWORD, "helencarter.willow", "easy to guess"),
    ] {
        let fields = [("current-password", current), ("new-password", new)];
        let answer = here.post("/account/password", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{sentence}");
        assert!(answer.text().contains(sentence), "{sentence}");
        assert!(new.is_empty() || !answer.body.contains(new), "a password is never written into a page");
    }
    let before = here.session().unwrap().to_owned();
    let fields = [("current-password", PASSWORD), ("new-password", ANOTHER)];
    assert_eq!(here.post("/account/password", &fields).await.location(), "/account");
    assert_ne!(here.session().unwrap(), before, "a new token");
    assert!(here.get("/account").await.text().contains("Password changed"));
    assert!(!there.is_in().await, "all other sessions end");
    let old = Client::new(&world).from("192.0.2.9").try_to_sign_in(&email("quality"), PASSWORD).await.status;
    assert_eq!(old, StatusCode::UNPROCESSABLE_ENTITY);
    let new = Client::new(&world).from("192.0.2.9").try_to_sign_in(&email("quality"), ANOTHER).await.status;
    assert_eq!(new, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn guessing_the_current_password_is_as_slow_as_signing_in() {
    let (_db, world) = set_up(&["manager"]).await;
    let mut client = Client::signed_in(&world, "manager").await;
    let mut guess = async |n: u32| {
        client.address = format!("198.51.100.{n}").parse().unwrap();
        let fields = [("current-password", "wrong"), ("new-password", ANOTHER)];
        client.post("/account/password", &fields).await.status
    };
    for n in 0..5 {
        assert_eq!(guess(n).await, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(guess(5).await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn somebody_with_several_places_chooses_and_switches() {
    let (_db, world) = set_up(&["quality", "manager"]).await;
    let mut client = Client::new(&world);
    let answer = client.try_to_sign_in(&email("quality"), PASSWORD).await;
    assert_eq!(answer.location(), "/providers");
    let page = client.get("/providers").await;
    for place in ["/p/rowan-care", "/p/willow-care"] {
        assert!(page.body.contains(&format!("href=\"{place}\"")), "{place}");
        assert_eq!(client.get(place).await.status, StatusCode::SEE_OTHER);
    }
    let page = client.get("/p/rowan-care/dashboard").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("<a href=\"/p/willow-care\">Willow Care</a>"), "the switch in the header");
    assert!(!page.body.contains("<a href=\"/p/rowan-care\">Rowan Care</a>"), "without the provider shown");
    let mut one_place = Client::signed_in(&world, "manager").await;
    assert!(!one_place.get("/p/rowan-care/dashboard").await.body.contains("Willow Care"));
}

#[rstest]
#[case("carer", "/p/rowan-care/my-actions")]
#[case("leader", "/p/rowan-care/dashboard")]
#[case("deputy", "/p/rowan-care/dashboard")]
#[case("manager", "/p/rowan-care/dashboard")]
#[case("safeguarding", "/p/rowan-care/dashboard")]
#[case("quality", "/p/rowan-care/governance")]
#[case("nominated", "/p/rowan-care/governance")]
#[case("administrator", "/p/rowan-care/dashboard")]
#[case("reader", "/account")]
#[tokio::test]
async fn everybody_lands_where_their_work_is(#[case] who: &str, #[case] landing: &str) {
    let (_db, world) = set_up(&[who]).await;
    let mut client = Client::signed_in(&world, who).await;
    assert_eq!(client.get("/p/rowan-care").await.location(), landing);
    let answer = client.get(landing).await;
    let month = answer.location().to_owned();
    // the newest month, for those who look at a whole provider
    let page = if month.is_empty() { answer } else { client.get(&month).await };
    assert_eq!(page.status, StatusCode::OK, "{landing} {month}");
}

#[rstest]
#[case::long_email(format!("email={}&password=x", "a".repeat(10_000)))]
#[case::long_password(format!("email=a%40b.example&password={}", "x".repeat(10_000)))]
#[case::nul("email=a%00%40b.example&password=x".to_owned())]
#[case::not_utf8("email=%ff%fe&password=x".to_owned())]
#[case::twice("email=a%40b.example&email=c%40d.example&password=x".to_owned())]
#[case::missing(String::new())]
#[case::marks("email=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&password=x".to_owned())]
#[tokio::test]
async fn hostile_forms_are_refused_with_a_sentence(#[case] body: String) {
    let (_db, world) = set_up(&[]).await;
    let answer = Client::new(&world).send(Method::POST, "/sign-in", body).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert!(!answer.body.contains("<script>alert"));
    assert!(answer.body.contains("</html>"));
}

#[tokio::test]
async fn every_item_of_the_menu_leads_to_a_page() {
    let (_db, world) = set_up(&[]).await;
    for who in world.nicknames() {
        let base = if who.starts_with("willow") { "/p/willow-care" } else { "/p/rowan-care" };
        let role = world.actor(who).member.role;
        for item in throughline::http::menu::of(role, base, throughline::store::menu::Counts::default()) {
            let browser = world.browser(who).await;
            let mut answer = browser.get(&item.href).await;
            if item.href.ends_with("/governance") {
                // it leads on to the newest month
                answer = browser.get(answer.location()).await;
            }
            assert_eq!(answer.status, StatusCode::OK, "{who}: {}", item.href);
        }
    }
}
