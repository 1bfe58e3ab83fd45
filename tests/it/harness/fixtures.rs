//! A world to test in, built through the workflow: a provider with two services and somebody in every role, and a
//! second provider that shares one person with the first.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use chrono::{DateTime, Duration, NaiveDate, TimeZone, Utc};
use http_body_util::BodyExt;
use sqlx::{AssertSqlSafe, PgPool};
use throughline::app::{AppState, router};
use throughline::auth::session::SessionCookie;
use throughline::auth::token::Token;
use throughline::clock::Clock;
use throughline::config::Config;
use throughline::domain::calendar::Nation;
use throughline::domain::member::{Member, Role};
use throughline::domain::reference::Reference;
use throughline::domain::topic::{EvidenceSource, ReviewKind, Risk, ServiceKind, Theme, Topic};
use throughline::ids::{ActionId, FindingId, MemberId, ProviderId, ReviewId, ServiceId, UnitId, UserId};
use throughline::workflow::action::{Define, define};
use throughline::workflow::finding::{Log, Source, log};
use throughline::workflow::review::{Start, start};
use throughline::workflow::{Actor, provider};
use tower::ServiceExt;

use super::TestDb;
use super::scratch::Scratch;

/// Where the program of a test thinks it is.
pub const ORIGIN: &str = "https://throughline.example";

/// The kind of an ordinary form.
const FORM: &str = "application/x-www-form-urlencoded";

/// Saturday 21 November 2026 at 10am in London: the day of the mock-ups.
pub fn saturday() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 10, 0, 0).unwrap()
}

/// A day, as `2026-11-21`.
pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A service with its units, in the order they were named.
#[derive(Clone, Debug)]
pub struct Place {
    pub id: ServiceId,
    pub slug: &'static str,
    pub units: Vec<UnitId>,
}

/// A person with the place they act in.
#[derive(Clone, Debug)]
pub struct Someone {
    pub user: UserId,
    pub actor: Actor,
}

/// Everything a test starts from.
pub struct World {
    pub app: AppState,
    pub clock: Clock,
    pool: PgPool,
    /// The provider most tests are about.
    pub provider: ProviderId,
    pub slug: &'static str,
    /// A nursing home: units Ash and Beech.
    pub house: Place,
    /// Home care: rounds North and South.
    pub visits: Place,
    people: HashMap<&'static str, Someone>,
    /// The other provider, with one service.
    pub other: ProviderId,
    pub other_slug: &'static str,
    pub lodge: Place,
    _folder: Scratch,
}

/// Nickname, name, role, job title, services: `h` house, `v` visits.
const PEOPLE: [(&str, &str, Role, &str, &str); 12] = [
    ("carer", "Amara Bello", Role::CareStaff, "senior carer", "h"),
    ("visitor", "Tom Reid", Role::CareStaff, "care worker", "v"),
    ("leader", "Sofia Marsh", Role::TeamLeader, "shift lead", "h"),
    ("deputy", "Daniel Osei", Role::DeputyManager, "", "h"),
    ("deputy_two", "Ruth Lane", Role::DeputyManager, "", "hv"),
    ("manager", "Priya Nair", Role::RegisteredManager, "home manager", "h"),
    ("manager_two", "Owen Price", Role::RegisteredManager, "branch manager", "v"),
    ("safeguarding", "Grace Whitfield", Role::SafeguardingLead, "", ""),
    ("quality", "Helen Carter", Role::QualityLead, "", ""),
    ("nominated", "James Okafor", Role::NominatedIndividual, "", ""),
    ("administrator", "Nina Patel", Role::Administrator, "", ""),
    ("reader", "Colin Webb", Role::ExternalReader, "commissioner", ""),
];

/// A world at `clock`.
pub async fn world(db: &TestDb, clock: Clock) -> World {
    let folder = Scratch::new("world");
    let app = app(db, clock.clone(), &folder);
    let (slug, other_slug) = ("rowan-care", "willow-care");
    // who needs a code is tested in codes.rs; elsewhere a password is enough
    let provider = provider::add_with(&app, (slug, "Rowan Care"), &[]).await.unwrap();
    let house =
        place(&app, provider, ("rowan-house", "Rowan House"), ServiceKind::Nursing, &["Ash", "Beech"]);
    let house = house.await;
    let visits = ("rowan-visits", "Rowan Visits");
    let visits = place(&app, provider, visits, ServiceKind::HomeCare, &["North round", "South round"]).await;
    let other = provider::add_with(&app, (other_slug, "Willow Care"), &[]).await.unwrap();
    let lodge = ("willow-lodge", "Willow Lodge");
    let lodge = place(&app, other, lodge, ServiceKind::SupportedLiving, &["Flat 1"]).await;
    let mut people = HashMap::new();
    for (nickname, name, role, title, services) in PEOPLE {
        let given = [('h', house.id), ('v', visits.id)];
        let services = given.iter().filter(|(c, _)| services.contains(*c)).map(|(_, id)| *id).collect();
        let user = person(&db.pool, nickname, name, clock.now()).await;
        let actor = member(&app, provider, user, (name, role, title), services).await;
        people.insert(nickname, Someone { user, actor });
    }
    // one person belongs to both: quality lead here, registered manager there
    let shared = people["quality"].user;
    let manager = ("Helen Carter", Role::RegisteredManager, "");
    let actor = member(&app, other, shared, manager, vec![lodge.id]).await;
    people.insert("willow_shared", Someone { user: shared, actor });
    let user = person(&db.pool, "willow_manager", "Ivo Lund", clock.now()).await;
    let manager = ("Ivo Lund", Role::RegisteredManager, "");
    let actor = member(&app, other, user, manager, vec![lodge.id]).await;
    people.insert("willow_manager", Someone { user, actor });
    let user = person(&db.pool, "willow_administrator", "Edith Holm", clock.now()).await;
    let actor = member(&app, other, user, ("Edith Holm", Role::Administrator, ""), Vec::new()).await;
    people.insert("willow_administrator", Someone { user, actor });
    let pool = db.pool.clone();
    World {
        app,
        clock,
        pool,
        provider,
        slug,
        house,
        visits,
        people,
        other,
        other_slug,
        lodge,
        _folder: folder,
    }
}

/// The program over a test's database, keeping files in `folder`.
pub fn app(db: &TestDb, clock: Clock, folder: &Scratch) -> AppState {
    let settings = |name: &str| match name {
        "PUBLIC_URL" => Some(ORIGIN.to_owned()),
        "DATA_DIR" => Some(folder.path().to_string_lossy().into_owned()),
        _ => None,
    };
    AppState::new(Config::from_lookup(&settings).unwrap(), clock, db.pool.clone()).unwrap()
}

async fn place(
    app: &AppState,
    provider: ProviderId,
    (slug, name): (&'static str, &str),
    kind: ServiceKind,
    units: &[&str],
) -> Place {
    let added = provider::add_service(app, provider, (slug, name), (kind, Nation::England), units).await;
    let (id, units) = added.unwrap();
    Place { id, slug, units }
}

/// A person without a password: tests that sign in by the form set one.
async fn person(pool: &PgPool, nickname: &str, name: &str, now: DateTime<Utc>) -> UserId {
    let user = UserId::new();
    let mut tx = system(pool).await;
    sqlx::query("INSERT INTO users (id, email, name, created_at) VALUES ($1, $2, $3, $4)")
        .bind(user.uuid())
        .bind(format!("{nickname}@throughline.example"))
        .bind(name)
        .bind(now)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    user
}

async fn system(pool: &PgPool) -> sqlx::Transaction<'static, sqlx::Postgres> {
    pool.begin_with(AssertSqlSafe("BEGIN; SET LOCAL app.system = 'on'".to_owned())).await.unwrap()
}

async fn member(
    app: &AppState,
    provider: ProviderId,
    user: UserId,
    (name, role, title): (&str, Role, &str),
    services: Vec<ServiceId>,
) -> Actor {
    let (name, job_title) = (name.to_owned(), title.to_owned());
    let member = Member { id: MemberId::new(), name, role, job_title, services };
    provider::add_member(app, provider, user, &member).await.unwrap();
    Actor { provider, member }
}

impl World {
    /// Somebody by nickname: carer, visitor, leader, deputy, deputy_two, manager, manager_two, safeguarding, quality,
    /// nominated, administrator, reader; willow_shared, willow_manager, willow_administrator.
    pub fn actor(&self, nickname: &str) -> &Actor {
        &self.someone(nickname).actor
    }

    pub fn someone(&self, nickname: &str) -> &Someone {
        self.people.get(nickname).unwrap_or_else(|| panic!("nobody is called {nickname}"))
    }

    pub fn id(&self, nickname: &str) -> MemberId {
        self.actor(nickname).member.id
    }

    /// Every nickname in this world.
    pub fn nicknames(&self) -> Vec<&'static str> {
        let mut all: Vec<_> = self.people.keys().copied().collect();
        all.sort_unstable();
        all
    }

    /// The service somebody works in first; the house for those who see everything.
    pub fn service_of(&self, nickname: &str) -> ServiceId {
        self.actor(nickname).member.services.first().copied().unwrap_or(self.house.id)
    }

    pub fn today(&self) -> NaiveDate {
        self.clock.today()
    }

    /// Moves the clock.
    pub fn at(&self, instant: DateTime<Utc>) {
        self.clock.set(instant);
    }

    /// Moves the clock on by whole days.
    pub fn days_pass(&self, days: i64) {
        self.clock.set(self.clock.now() + Duration::days(days));
    }

    /// A review as it could be entered by `by` today.
    pub fn review(&self, by: &str, kind: ReviewKind) -> Start {
        Start {
            id: ReviewId::new(),
            kind,
            title: format!("{} in autumn", kind.label()),
            service: self.service_of(by),
            held_on: self.today(),
            conducted_by: self.actor(by).member.name.clone(),
            their_reference: String::new(),
            score: None,
        }
    }

    /// Starts a review.
    pub async fn start_review(&self, by: &str, kind: ReviewKind) -> (Reference, ReviewId) {
        let new = self.review(by, kind);
        (start(&self.app, self.actor(by), &new).await.unwrap(), new.id)
    }

    /// A finding as it could be entered by `by` today, from a new audit.
    pub fn finding(&self, by: &str, risk: Risk, topic: Topic) -> Log {
        Log {
            id: FindingId::new(),
            source: Source::New {
                id: ReviewId::new(),
                kind: ReviewKind::Audit,
                held_on: self.today(),
                title: String::new(),
            },
            service: self.service_of(by),
            unit: None,
            what: format!("{} gaps in 4 of 12 records", topic.label()),
            evidence_source: EvidenceSource::RecordCheck,
            risk,
            theme: Theme::Safety,
            topic,
            significance: None,
            found_on: self.today(),
            found_by: self.actor(by).member.name.clone(),
            key_question: None,
            regulation: None,
            entries: Vec::new(),
            earlier: Vec::new(),
        }
    }

    /// Logs a finding.
    pub async fn log_finding(&self, by: &str, risk: Risk, topic: Topic) -> Reference {
        let new = self.finding(by, risk, topic);
        log(&self.app, self.actor(by), &new, None).await.unwrap()
    }

    /// An action as it could be agreed, owned by `owner`, with the dates and evidence of the closure standard.
    pub fn action(&self, owner: &str) -> Define {
        Define {
            id: ActionId::new(),
            what: "Add a maximum dose to all 12 protocols".to_owned(),
            success_test: "6 of 6 sampled protocols show a maximum dose".to_owned(),
            owner: Some(self.id(owner)),
            due_on: None,
            evidence: Vec::new(),
            follow_up_on: None,
            wording_override: None,
        }
    }

    /// Agrees an action under a finding.
    pub async fn define_action(&self, by: &str, finding: Reference, owner: &str) -> Reference {
        define(&self.app, self.actor(by), finding.number, &self.action(owner)).await.unwrap()
    }

    /// A finding with one action: the shortest way to something to work on.
    pub async fn line(&self, risk: Risk, topic: Topic, owner: &str) -> (Reference, Reference) {
        let by = if self.service_of(owner) == self.visits.id { "manager_two" } else { "manager" };
        let finding = self.log_finding(by, risk, topic).await;
        (finding, self.define_action(by, finding, owner).await)
    }

    /// Opens a browser in which `nickname` is signed in.
    pub async fn browser(&self, nickname: &str) -> Browser {
        let slug = if nickname.starts_with("willow") { self.other_slug } else { self.slug };
        Self::browser_of(&self.app, &self.pool, self.someone(nickname).user, slug).await
    }

    /// A browser in which `user`, whom no fixture knows, is signed in to the provider with this part of the address.
    pub async fn browser_of(app: &AppState, pool: &PgPool, user: UserId, slug: &str) -> Browser {
        let (token, now) = (Token::random(), app.clock.now());
        let mut tx = system(pool).await;
        sqlx::query(
            "INSERT INTO sessions (token_hash, id, user_id, device, created_at, seen_at, idle_minutes, expires_at)
             VALUES ($1, gen_random_uuid(), $2, 'a test', $3, $3, 600000, $4)",
        )
        .bind(token.hash().as_bytes())
        .bind(user.uuid())
        .bind(now)
        .bind(now + Duration::days(400))
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let cookie = SessionCookie::for_public_url(ORIGIN);
        let cookie = format!("{}={}", cookie.name(), token.text());
        Browser { router: Arc::new(router(app.clone())), cookie, home: format!("/p/{slug}") }
    }

    /// A browser in which the password of `nickname` was right, and the code is still to come.
    pub async fn half(&self, nickname: &str) -> Browser {
        let token = Token::random();
        let mut tx = system(&self.pool).await;
        sqlx::query("INSERT INTO half_sign_ins (token_hash, user_id, expires_at) VALUES ($1, $2, $3)")
            .bind(token.hash().as_bytes())
            .bind(self.someone(nickname).user.uuid())
            .bind(self.clock.now() + Duration::minutes(10))
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let cookie = format!("{}={}", SessionCookie::halfway(ORIGIN).name(), token.text());
        Browser { cookie, ..self.stranger() }
    }

    /// A browser in which nobody is signed in.
    pub fn stranger(&self) -> Browser {
        let router = Arc::new(router(self.app.clone()));
        Browser { router, cookie: "none=1".to_owned(), home: format!("/p/{}", self.slug) }
    }
}

/// An answer of the program.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// Where it redirects to.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    /// The text without tags, entities read, white space as one blank: what a person reads.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut inside = false;
        for c in self.body.chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    text.push(' ');
                }
                c if !inside => text.push(c),
                _ => {}
            }
        }
        let text =
            text.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">");
        text.replace("&#38;", "&").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The value of the hidden field or input called `name`.
    pub fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\"");
        let at = self.body.find(&start).unwrap_or_else(|| panic!("no field {name}"));
        let rest = &self.body[at..];
        let tag = &rest[..rest.find('>').unwrap()];
        let value = tag.split_once("value=\"").map_or("", |(_, rest)| rest.split('"').next().unwrap());
        unescaped(value)
    }
}

/// What a page says, without the escapes it is said with.
pub fn unescaped(html: &str) -> String {
    ["&#34;|\"", "&#39;|'", "&#60;|<", "&#62;|>", "&#38;|&"].iter().fold(html.to_owned(), |text, pair| {
        let (escape, plain) = pair.split_once('|').unwrap();
        text.replace(escape, plain)
    })
}

/// A browser with its cookie; requests go through the real router, all its layers included.
#[derive(Clone)]
pub struct Browser {
    router: Arc<Router>,
    cookie: String,
    home: String,
}

impl Browser {
    /// Its cookie, for requests of another kind.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// The same browser, asking another process of the program.
    pub fn asking(&self, app: &AppState) -> Self {
        Self { router: Arc::new(router(app.clone())), ..self.clone() }
    }

    /// A page of the provider: `get("/findings")`; addresses with a full path are taken as they are.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = serde_html_form::to_string(fields).unwrap();
        self.send(Method::POST, path, Some(body)).await
    }

    /// Sends anything as a form's body.
    pub async fn post_raw(&self, path: &str, body: impl Into<String>) -> Answer {
        self.send(Method::POST, path, Some(body.into())).await
    }

    /// Sends a form with files.
    pub async fn upload(&self, path: &str, form: super::upload::Upload) -> Answer {
        let kind = form.content_type();
        let (status, headers, body) = self.ask(Method::POST, path, &kind, form.into_body()).await;
        Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap_or_default() }
    }

    /// Sends text fields as a form that could bring files.
    pub async fn post_files(&self, path: &str, fields: &[(&str, String)]) -> Answer {
        let part = |(name, value): &(&str, String)| {
            format!("--limit\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body = fields.iter().map(part).collect::<String>() + "--limit--\r\n";
        let kind = "multipart/form-data; boundary=limit";
        let (status, headers, body) = self.ask(Method::POST, path, kind, Body::from(body)).await;
        Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap_or_default() }
    }

    /// Begins to send a form with files; the connection breaks before its end.
    pub async fn upload_cut(&self, path: &str, form: super::upload::Upload) -> Answer {
        let kind = form.content_type();
        let (status, headers, body) = self.ask(Method::POST, path, &kind, form.cut()).await;
        Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap_or_default() }
    }

    /// Fetches something that is not a page.
    pub async fn fetch(&self, path: &str) -> (StatusCode, HeaderMap, Bytes) {
        self.ask(Method::GET, path, FORM, Body::empty()).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<String>) -> Answer {
        let body = Body::from(body.unwrap_or_default());
        let (status, headers, body) = self.ask(method, path, FORM, body).await;
        Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap_or_default() }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: Body,
    ) -> (StatusCode, HeaderMap, Bytes) {
        let own = [
            "/p/",
            "/sign-",
            "/join/",
            "/mail/",
            "/calendar/",
            "/api/",
            "/account",
            "/providers",
            "/assets",
            "/healthz",
            "/readyz",
        ];
        let path = if path == "/" || own.iter().any(|o| path.starts_with(o)) {
            path.to_owned()
        } else {
            format!("{}{path}", self.home)
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::ORIGIN, ORIGIN)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, kind)
            .body(body)
            .unwrap();
        let answer = (*self.router).clone().oneshot(request).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        (status, headers, answer.into_body().collect().await.unwrap().to_bytes())
    }
}
