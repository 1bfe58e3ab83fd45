//! `kill -9` under load: what was acknowledged is there, every row has its file, the trail is whole, pages work.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::RngExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};
use throughline::app::AppState;
use throughline::auth::session::SessionCookie;
use throughline::auth::token::Token;
use throughline::clock::Clock;
use throughline::config::Config;
use throughline::database::{self, Opened};
use throughline::domain::calendar::Nation;
use throughline::domain::member::{Member, Role};
use throughline::domain::topic::{EvidenceSource, ReviewKind, Risk, ServiceKind, Theme, Topic};
use throughline::files::ContentHash;
use throughline::ids::{ActionId, FindingId, MemberId, ProviderId, ReviewId, UserId};
use throughline::workflow::action::{Define, define};
use throughline::workflow::finding::{Log, Source, log};
use throughline::workflow::{Actor, person, provider, trail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::program::Program;
use crate::harness::scratch::Scratch;
use crate::harness::upload::{Upload, pdf};

/// How many people post at once; each has an action of their own.
const CLIENTS: usize = 4;
/// How long a round may wait for its first answers; a slow machine is no failure, a program that answers nothing is.
const PATIENCE: Duration = Duration::from_secs(240);
pub const SLUG: &str = "larch-care";

/// An update whose 303 was seen, with the hash of its file.
type Acknowledged = (uuid::Uuid, Vec<u8>);

/// A look into the database of the program, beside it.
pub struct Beside {
    pub app: AppState,
    opened: Opened,
}

impl Beside {
    pub async fn open(folder: &Path) -> Self {
        let settings = |name: &str| (name == "DATA_DIR").then(|| folder.to_string_lossy().into_owned());
        let config = Config::from_lookup(&settings).unwrap();
        let opened = database::open_beside(&config).await.unwrap();
        let app = AppState::new(config, Clock::System, opened.pool.clone()).unwrap();
        Self { app, opened }
    }

    pub async fn close(self) {
        self.opened.close().await;
    }

    async fn inside(&self, provider: ProviderId) -> Transaction<'static, Postgres> {
        begin(&self.opened.pool, &format!("SET LOCAL app.provider_id = '{provider}'")).await
    }
}

async fn begin(pool: &PgPool, setting: &str) -> Transaction<'static, Postgres> {
    pool.begin_with(AssertSqlSafe(format!("BEGIN; {setting}"))).await.unwrap()
}

/// A provider with one manager, who is signed in, and an action for each client.
pub async fn furnish(beside: &Beside) -> (ProviderId, Token) {
    let app = &beside.app;
    let id = provider::add(app, SLUG, "Larch Care").await.unwrap();
    let house = ("larch-house", "Larch House");
    let kind = (ServiceKind::Nursing, Nation::England);
    let (service, _) = provider::add_service(app, id, house, kind, &["Ash"]).await.unwrap();
    let user: UserId =
        person::add(app, "manager@larch.example", "Ines Holt", "saffron-ladder-41").await.unwrap();
    let name = "Ines Holt".to_owned();
    let (role, services) = (Role::RegisteredManager, vec![service]);
    let member = Member { id: MemberId::new(), name, role, job_title: String::new(), services };
    provider::add_member(app, id, user, &member).await.unwrap();
    let by = Actor { provider: id, member };
    let today = app.clock.today();
    let review =
        Source::New { id: ReviewId::new(), kind: ReviewKind::Audit, held_on: today, title: String::new() };
    let finding = Log {
        id: FindingId::new(),
        source: review,
        service,
        unit: None,
        what: "Gaps in 4 of 12 records".into(),
        evidence_source: EvidenceSource::RecordCheck,
        risk: Risk::Low,
        theme: Theme::Safety,
        topic: Topic::Medicines,
        significance: None,
        found_on: today,
        found_by: "Ines Holt".into(),
        key_question: None,
        regulation: None,
        entries: Vec::new(),
        earlier: Vec::new(),
    };
    let finding = log(app, &by, &finding, None).await.unwrap();
    for _ in 0..CLIENTS {
        let action = Define {
            id: ActionId::new(),
            what: "Add a maximum dose to all 12 protocols".into(),
            success_test: "6 of 6 sampled protocols show a maximum dose".into(),
            owner: Some(by.member.id),
            due_on: None,
            evidence: Vec::new(),
            follow_up_on: None,
            wording_override: None,
        };
        define(app, &by, finding.number, &action).await.unwrap();
    }
    let token = Token::random();
    let mut tx = begin(&beside.opened.pool, "SET LOCAL app.system = 'on'").await;
    sqlx::query(
        "INSERT INTO sessions (token_hash, id, user_id, device, created_at, seen_at, idle_minutes, expires_at)
         VALUES ($1, gen_random_uuid(), $2, 'a test', now(), now(), 600, now() + interval '1 day')",
    )
    .bind(token.hash().as_bytes())
    .bind(user.uuid())
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    (id, token)
}

/// Asks the program; none when the connection broke before the answer was whole enough to be one.
pub async fn ask(address: &str, head: &str, body: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body).await.ok()?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some((status, answer))
}

pub fn cookie(address: &str, token: &Token) -> String {
    format!("{}={}", SessionCookie::for_public_url(&format!("http://{address}")).name(), token.text())
}

async fn page(address: &str, token: &Token, path: &str) -> (u16, String) {
    let cookie = cookie(address, token);
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
    ask(address, &head, b"").await.expect("an answer")
}

/// Posts updates, each with a file and a reference, until told to stop or the program is gone.
async fn client(
    address: String,
    token: Token,
    number: usize,
    done: Arc<Mutex<Vec<Acknowledged>>>,
    stop: Arc<AtomicBool>,
) {
    let cookie = cookie(&address, &token);
    let today = Clock::System.today().to_string();
    while !stop.load(Ordering::Relaxed) {
        let id = uuid::Uuid::new_v4();
        let file = pdf(&format!("{id} {}", "x".repeat(rand::rng().random_range(0..200_000))));
        let form = Upload::new()
            .texts(&[("id", &id.to_string()), ("note", "Two more protocols done"), ("next", "working")])
            .date("done_on", &today)
            .file("file-record", "protocols.pdf", &file)
            .text("reference-audit_sample", &format!("Blue folder, sheet {id}"));
        let kind = form.content_type();
        let body = form.into_body().collect().await.unwrap().to_bytes();
        let head = format!(
            "POST /p/{SLUG}/actions/A-000{number}/update HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
             Sec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        match ask(&address, &head, &body).await {
            Some((303, _)) => done.lock().unwrap().push((id, Sha256::digest(&file).to_vec())),
            Some((status, answer)) => panic!("the program answered {status}: {answer}"),
            None => return,
        }
    }
}

/// Everything that must be true of what is stored.
async fn look(beside: &Beside, provider: ProviderId, acknowledged: &[Acknowledged]) {
    let mut tx = beside.inside(provider).await;
    let ids: Vec<uuid::Uuid> = acknowledged.iter().map(|(id, _)| *id).collect();
    let missing: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM unnest($1::uuid[]) AS a(id) WHERE NOT EXISTS (SELECT 1 FROM updates u WHERE u.id = a.id)
           OR NOT EXISTS (SELECT 1 FROM evidence e WHERE e.reference = 'Blue folder, sheet ' || a.id)",
    )
    .bind(&ids)
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert_eq!(missing, 0, "acknowledged updates that are gone, of {}", ids.len());
    let hashes: Vec<Vec<u8>> = acknowledged.iter().map(|(_, hash)| hash.clone()).collect();
    let missing: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM unnest($1::bytea[]) AS a(h) WHERE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.sha256 = a.h)",
    )
    .bind(&hashes)
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert_eq!(missing, 0, "acknowledged files that no row names");
    // half a form: an update is there with its file and its reference, or not at all
    let halves: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM updates u WHERE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.reference = 'Blue folder, sheet ' || u.id)",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert_eq!(halves, 0, "updates without what came with them");
    let counts: (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM updates), count(*) FILTER (WHERE sha256 IS NOT NULL), count(*) FILTER (WHERE reference IS NOT NULL) FROM evidence",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert!(counts.0 == counts.1 && counts.1 == counts.2, "{counts:?}");
    let named: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT sha256 FROM blobs").fetch_all(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    for hash in named {
        let wanted: [u8; 32] = hash.try_into().unwrap();
        let file = beside.app.evidence.open(provider, ContentHash::from(wanted)).await.unwrap();
        let mut content = file.expect("a row without its file").content;
        let mut hash = Sha256::new();
        while let Some(piece) = content.next().await {
            hash.update(piece.unwrap());
        }
        assert_eq!(<[u8; 32]>::from(hash.finalize()), wanted, "a file that is not what its row says");
    }
    let whole = trail::verify(&beside.app, provider, None).await.unwrap();
    assert!(whole.is_ok(), "{}", whole.unwrap_err().sentence());
}

fn kill_postgres(folder: &Path) {
    let file: PathBuf = folder.join("postgres/postmaster.pid");
    let pid = std::fs::read_to_string(file).unwrap().lines().next().unwrap().trim().parse().unwrap();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_it_loses_nothing_it_acknowledged() {
    let rounds: usize = std::env::var("CRASH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let folder = Scratch::new("crash");
    let data = folder.path().to_string_lossy().into_owned();
    let settings = [("DATA_DIR", data.as_str())];
    let began = Instant::now();
    let mut program = Program::serve(&settings);
    let beside = Beside::open(folder.path()).await;
    let (provider, token) = furnish(&beside).await;
    beside.close().await;
    let acknowledged = Arc::<Mutex<Vec<Acknowledged>>>::default();
    for round in 1..=rounds {
        let stop = Arc::new(AtomicBool::new(false));
        let before = acknowledged.lock().unwrap().len();
        let clients: Vec<_> = (1..=CLIENTS)
            .map(|number| {
                let (done, stop) = (Arc::clone(&acknowledged), Arc::clone(&stop));
                tokio::spawn(client(program.address.clone(), token.clone(), number, done, stop))
            })
            .collect();
        // under load: not before something was acknowledged, then at any moment
        let started = Instant::now();
        while acknowledged.lock().unwrap().len() < before + CLIENTS {
            assert!(started.elapsed() < PATIENCE, "round {round}: nothing was acknowledged");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(0..150))).await;
        program.stop(Signal::SIGKILL);
        // every fourth time its database is killed as well
        if round % 4 == 0 {
            kill_postgres(folder.path());
        }
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.await.unwrap();
        }
        program = Program::serve(&settings);
        let beside = Beside::open(folder.path()).await;
        let list = acknowledged.lock().unwrap().clone();
        look(&beside, provider, &list).await;
        // forms that were cut off leave files waiting, of which a person may have forty: as if a day had passed
        let mut tx = beside.inside(provider).await;
        sqlx::query("DELETE FROM pending_uploads").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        beside.close().await;
        for path in ["/dashboard", "/actions", "/actions/A-0001", "/actions/A-0001/update"] {
            let (status, body) = page(&program.address, &token, &format!("/p/{SLUG}{path}")).await;
            assert_eq!(status, 200, "round {round}, {path}: {body}");
        }
    }
    let total = acknowledged.lock().unwrap().len();
    println!("{rounds} kills, {total} updates acknowledged, {:.1} s", began.elapsed().as_secs_f64());
    assert!(total >= rounds * CLIENTS);
    let verified = Program::command(&["trail", "verify"], &settings).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
}
