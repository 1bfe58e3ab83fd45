//! What a journey takes place on: a database, the people of the fixtures, the running program, and its clock.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Condvar, Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Europe::London;
use throughline::app::{self, AppState};
use throughline::auth::codes::Secret;
use throughline::auth::token::Token;
use throughline::clock::Clock;
use throughline::config::Config;
use throughline::demo::{self, Length};
use throughline::domain::invitation::Way;
use throughline::domain::member::Role;
use throughline::domain::message::MessageKind;
use throughline::domain::pack::Choice;
use throughline::domain::redaction::Naming;
use throughline::ids::PackId;
use throughline::store::provider::services;
use throughline::store::{TenantTx, mail_choice, member};
use throughline::worker::{self, Summary};
use throughline::workflow::invitation::{Given, invite};
use throughline::workflow::{Actor, pack, person, provider};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use super::browser::{Browser, Script};
use super::harness::TestDb;
use super::harness::fixtures;
use super::harness::scratch::Scratch;

/// Everybody's password on stage.
const PASSWORD: &str = "a lantern by the harbour wall";
/// Browsers are heavy, and two cores are common.
const AT_A_TIME: usize = 2;

static AT_WORK: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

/// One of the few places on which a browser may run.
struct Turn;

impl Turn {
    fn wait() -> Self {
        let (count, freed) = &AT_WORK;
        let mut at_work = count.lock().unwrap_or_else(PoisonError::into_inner);
        while *at_work >= AT_A_TIME {
            at_work = freed.wait(at_work).unwrap_or_else(PoisonError::into_inner);
        }
        *at_work += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *AT_WORK.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        AT_WORK.1.notify_one();
    }
}

/// Somebody on stage.
struct Person {
    email: String,
    name: String,
}

/// A running program with its people.
pub struct Stage {
    /// The name of the journey, for pictures.
    pub name: &'static str,
    /// The provider of the journey, as its addresses name it.
    pub slug: &'static str,
    /// Everybody's password.
    pub password: &'static str,
    /// Where the program is: `http://127.0.0.1:4321`.
    pub origin: String,
    people: HashMap<&'static str, Person>,
    app: AppState,
    runtime: Runtime,
    folder: Scratch,
    stop: CancellationToken,
    _db: TestDb,
    _turn: Turn,
}

impl Stage {
    /// Starts the program at `at` in London, `2026-11-02 09:00`, with the places and people of the fixtures.
    pub fn open(name: &'static str, at: &str) -> Self {
        let mut stage = Self::empty(name, at);
        let world = stage.block_on(fixtures::world(&stage._db, stage.app.clock.clone()));
        stage.slug = world.slug;
        stage.password = PASSWORD;
        for nickname in world.nicknames().into_iter().filter(|n| !n.starts_with("willow")) {
            let email = format!("{nickname}@throughline.example");
            stage.block_on(person::reset_password(&stage.app, &email, PASSWORD)).unwrap();
            let name = world.actor(nickname).member.name.clone();
            stage.people.insert(nickname, Person { email, name });
        }
        stage
    }

    /// The same with the demo; its people are called by their roles, `registered_manager`.
    pub fn demo(name: &'static str, at: &str, length: Length) -> Self {
        let mut stage = Self::empty(name, at);
        stage.slug = demo::ROWAN.slug;
        stage.password = demo::PASSWORD;
        stage.block_on(demo::load(&stage.app, length)).unwrap();
        // the branch manager is the one whose weekly review is half way through
        let branch =
            Person { email: format!("owen@{}.example", demo::ROWAN.slug), name: "Owen Pritchard".into() };
        stage.people.insert("branch_manager", branch);
        for one in demo::sign_ins() {
            let person = Person { email: one.email, name: one.name.to_owned() };
            stage.people.insert(one.role.as_str(), person);
        }
        stage
    }

    fn empty(name: &'static str, at: &str) -> Self {
        let turn = Turn::wait();
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let folder = Scratch::new("stage");
        let stop = CancellationToken::new();
        let (db, app, origin) = runtime.block_on(async {
            let db = TestDb::new().await;
            let listener = app::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
            let address = listener.local_addr().unwrap();
            let settings = |name: &str| match name {
                "LISTEN_ADDR" => Some(address.to_string()),
                "DATA_DIR" => Some(folder.path().to_string_lossy().into_owned()),
                _ => None,
            };
            let config = Config::from_lookup(&settings).unwrap();
            let app = AppState::new(config, Clock::fixed(instant(at)), db.pool.clone()).unwrap();
            tokio::spawn(app::serve(listener, app.clone(), stop.clone()));
            (db, app, format!("http://{address}"))
        });
        let people = HashMap::new();
        let (slug, password) = ("", "");
        Self { name, slug, password, origin, people, app, runtime, folder, stop, _db: db, _turn: turn }
    }

    /// A new browser, with or without JavaScript.
    pub fn browser(&self, script: Script) -> Browser<'_> {
        Browser::open(self, script)
    }

    /// Does asynchronous work to its end.
    pub fn block_on<F: Future>(&self, work: F) -> F::Output {
        self.runtime.block_on(work)
    }

    /// Makes it that time in London, `2026-11-02 09:00`; who was signed in long before has to sign in again.
    pub fn at(&self, at: &str) {
        self.app.clock.set(instant(at));
    }

    /// An invitation by code that waits, made by the administrator of the demo: its secret.
    pub fn invitation(&self) -> String {
        self.block_on(async {
            let provider = provider::find(&self.app, self.slug).await.unwrap().unwrap();
            let now = self.app.clock.now();
            let mut tx = TenantTx::begin(&self.app.db, provider, None, now).await.unwrap();
            let members = member::all(&mut tx).await.unwrap();
            let services = services(&mut tx).await.unwrap();
            let member = members.into_iter().find(|m| m.role == Role::Administrator).unwrap();
            let given = Given {
                way: Way::Code,
                email: None,
                name: "Noor Aziz".into(),
                role: Role::CareStaff,
                job_title: String::new(),
                services: vec![services[0].id],
            };
            let made = invite(&self.app, &Actor { provider, member }, &given).await.unwrap();
            made.secret.unwrap().text().to_owned()
        })
    }

    /// Makes an evidence pack of everything, as the quality lead; answers the query with which it was chosen.
    pub fn pack(&self) -> String {
        self.block_on(async {
            let provider = provider::find(&self.app, self.slug).await.unwrap().unwrap();
            let now = self.app.clock.now();
            let mut tx = TenantTx::begin(&self.app.db, provider, None, now).await.unwrap();
            let members = member::all(&mut tx).await.unwrap();
            let service = services(&mut tx).await.unwrap().remove(0);
            drop(tx);
            let member = members.into_iter().find(|m| m.role == Role::QualityLead).unwrap();
            let choice = Choice {
                purpose: "Inspection of 2 December".into(),
                services: vec![service.id],
                from: Some(self.app.clock.today() - chrono::Days::new(60)),
                to: None,
                themes: Vec::new(),
                findings: Vec::new(),
                naming: Naming::Titles,
                withheld: Vec::new(),
            };
            let id = PackId::new();
            pack::ask(&self.app, &Actor { provider, member }, id, &choice).await.unwrap();
            worker::make_packs(&self.app).await.unwrap();
            format!("packs/new?service={}&naming=titles", service.slug)
        })
    }

    /// The secret in a mail that stops its kind for somebody.
    pub fn mail_stop(&self) -> String {
        self.block_on(async {
            let provider = provider::find(&self.app, self.slug).await.unwrap().unwrap();
            let now = self.app.clock.now();
            let mut tx = TenantTx::begin(&self.app.db, provider, None, now).await.unwrap();
            let member = member::all(&mut tx).await.unwrap()[0].id;
            let stop = Token::random();
            mail_choice::insert_stop(&mut tx, stop.hash(), member, MessageKind::Assigned).await.unwrap();
            tx.commit().await.unwrap();
            stop.text()
        })
    }

    /// The code the telephone of somebody shows now, set up or about to be.
    pub fn code_of(&self, nickname: &str) -> String {
        let email = self.email_of(nickname);
        let secret: Vec<u8> = self.block_on(async {
            let mut administrator = self._db.administrator().await;
            sqlx::query_scalar(
                "SELECT coalesce(a.secret, h.offered) FROM users u LEFT JOIN authenticators a ON a.user_id = u.id
                   LEFT JOIN half_sign_ins h ON h.user_id = u.id AND h.offered IS NOT NULL
                 WHERE u.email = $1 ORDER BY h.expires_at DESC LIMIT 1",
            )
            .bind(email)
            .fetch_one(&mut administrator)
            .await
            .unwrap()
        });
        Secret::stored(&secret).unwrap().code(self.app.clock.now()).unwrap()
    }

    /// Counts the early-warning signs, as the worker does.
    pub fn count_signs(&self) {
        self.block_on(worker::count_signs(&self.app)).unwrap();
    }

    /// Today, in London.
    pub fn today(&self) -> NaiveDate {
        self.app.clock.today()
    }

    /// Today and so many days.
    pub fn in_days(&self, days: i64) -> NaiveDate {
        self.today() + chrono::Duration::days(days)
    }

    /// One tick of the worker.
    pub fn tick(&self) -> Summary {
        self.block_on(worker::tick(&self.app)).unwrap()
    }

    /// Does what was left for the worker.
    pub fn do_jobs(&self) {
        self.block_on(worker::jobs::all(&self.app)).unwrap();
    }

    /// The name of somebody by nickname.
    pub fn name_of(&self, nickname: &str) -> &str {
        &self.person(nickname).name
    }

    /// The email address of somebody by nickname.
    pub fn email_of(&self, nickname: &str) -> &str {
        &self.person(nickname).email
    }

    fn person(&self, nickname: &str) -> &Person {
        self.people.get(nickname).unwrap_or_else(|| panic!("nobody is called {nickname}"))
    }

    /// A file to hand in: its path.
    pub fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_string_lossy().into_owned()
    }

    /// A photograph of `width` by 60 points in one colour: its path.
    pub fn photo(&self, name: &str, width: u32) -> String {
        let path = self.folder.path().join(name);
        image::RgbImage::from_pixel(width, 60, image::Rgb([90, 140, 120])).save(&path).unwrap();
        path.to_string_lossy().into_owned()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A day as the screen writes it: `2 November 2026`.
pub fn words(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

fn instant(at: &str) -> DateTime<Utc> {
    let (day, time) = at.split_once(' ').expect("a day and a time");
    let day: NaiveDate = day.parse().unwrap();
    let time = NaiveTime::parse_from_str(time, "%H:%M").unwrap();
    London.from_local_datetime(&day.and_time(time)).unwrap().with_timezone(&Utc)
}
