//! Speed, measured by one command (`make bench`): the program and the floor in release mode over the same private
//! PostgreSQL, sample data, a signed-in registered manager. What it prints is told in benches/README.md.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a measurement that cannot go on should stop loudly; its figures go to standard output; it runs at the real time, and the floor is bare axum"
)]

use std::path::Path;
use std::process::Command;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use load::{Connection, Make, Run};
use served::{Served, head, post, program, setting, sign_in, signs_are_counted};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _};
use uuid::Uuid;

mod floor;
mod load;
mod served;

const AT_ONCE: [usize; 3] = [1, 8, 64];

fn main() {
    if let Ok(url) = std::env::var("FLOOR_DATABASE_URL") {
        return floor::serve(PgConnectOptions::from_str(&url).expect("an address"), 8);
    }
    let data = std::env::var("BENCH_DATA").unwrap_or_else(|_| {
        std::env::temp_dir().join(format!("throughline-bench-{}", std::process::id())).display().to_string()
    });
    let data = Path::new(&data);
    std::fs::create_dir_all(data).unwrap();
    if !data.join("postgres").exists() {
        let (services, actions) = (setting("BENCH_SERVICES", 100), setting("BENCH_ACTIONS", 50_000));
        let (services, actions) = (services.to_string(), actions.to_string());
        let mut sample = program(data, &["sample", "--services", &services, "--actions", &actions]);
        assert!(sample.status().unwrap().success(), "the sample is made");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure(data));
    if std::env::var("BENCH_DATA").is_err() {
        let _ = std::fs::remove_dir_all(data);
    }
}

/// Memory in MiB: now, or the most it ever was.
fn memory(of: &Served, most: bool) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", of.child.id())).unwrap_or_default();
    let field = if most { "VmHWM:" } else { "VmRSS:" };
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib = line.and_then(|rest| rest.trim().split(' ').next()?.parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}

/// What is measured: its name, where it is asked for, the requests, the status wanted.
struct Page {
    name: &'static str,
    at: String,
    make: Make,
    wanted: u16,
}

async fn measure(data: &Path) {
    let ours = Served::start(&mut program(data, &["serve"]));
    let socket = data.join("run");
    let url = |role: &str| format!("postgres://{role}@localhost/throughline?host={}", socket.display());
    let mut database =
        PgConnection::connect_with(&PgConnectOptions::from_str(&url("postgres")).unwrap()).await.unwrap();
    sqlx::raw_sql("VACUUM (ANALYZE)").execute(&mut database).await.unwrap();
    sqlx::raw_sql("CHECKPOINT").execute(&mut database).await.unwrap();
    let mut this = Command::new(std::env::current_exe().unwrap());
    let floor = Served::start(this.env("FLOOR_DATABASE_URL", url("throughline_app")));
    // the same program, keeping nothing of what it showed: every look at a page is the first
    let beside = data.join("first-look");
    let mut first = program(&beside, &["serve"]);
    let first = Served::start(first.env("DATABASE_URL", url("throughline_app")).env("KEEP_MIB", "0"));
    let cookie = sign_in(&ours.address, "registered_manager", &mut database).await;
    let leader = sign_in(&ours.address, "quality_lead", &mut database).await;
    let action = with_history(&mut database).await;
    let mut pages = pages(&ours.address, &first.address, &cookie, &action, &mut database).await;
    // all signs of the whole provider in one page load, by whoever sees it
    let request = format!("{}\r\n", head("GET", "/p/sample-1/signals", &ours.address, &leader)).into_bytes();
    let make: Make = Arc::new(move |_| request.clone());
    pages.push(Page { name: SIGNALS, at: ours.address.clone(), make, wanted: 200 });
    signs_are_counted(&mut database).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    println!(
        "load of the machine before: {}",
        std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim()
    );
    println!("memory at rest: {:.1} MiB", memory(&ours, false));
    round_trips(&pages, &mut database, data).await;
    run_all(&floor, &pages, &cookie).await;
    println!("memory under load, the most: {:.1} MiB", memory(&ours, true));
    println!(
        "load of the machine after: {}",
        std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim()
    );
}

/// The number of an action of the first service whose story has about 20 lines.
async fn with_history(database: &mut PgConnection) -> i32 {
    sqlx::query_scalar(
        "SELECT a.number FROM actions a JOIN services s ON s.id = a.service_id JOIN events e ON e.action_id = a.id
         WHERE s.slug = 'service-1' GROUP BY a.number ORDER BY abs(count(*) - 20), a.number LIMIT 1",
    )
    .fetch_one(database)
    .await
    .unwrap()
}

async fn pages(
    address: &str,
    first: &str,
    cookie: &str,
    action: &i32,
    database: &mut PgConnection,
) -> Vec<Page> {
    let get = |name, at: &str, path: String| {
        let request = format!("{}\r\n", head("GET", &path, at, cookie)).into_bytes();
        Page { name, at: at.to_owned(), make: Arc::new(move |_| request.clone()), wanted: 200 }
    };
    let all: Vec<i32> = sqlx::query_scalar(
        "SELECT a.number FROM actions a JOIN services s ON s.id = a.service_id WHERE s.slug = 'service-1' ORDER BY 1",
    )
    .fetch_all(&mut *database)
    .await
    .unwrap();
    let (to, by) = (address.to_owned(), cookie.to_owned());
    let turn: Make = Arc::new(move |n| {
        let path = format!("/p/sample-1/actions/A-{:04}", all[n % all.len()]);
        format!("{}\r\n", head("GET", &path, &to, &by)).into_bytes()
    });
    // every update goes to another action, as it does with many people at work
    let open: Vec<i32> = sqlx::query_scalar(
        "SELECT a.number FROM actions a JOIN services s ON s.id = a.service_id WHERE s.slug = 'service-1'
           AND a.status IN ('not_started', 'in_progress') ORDER BY 1",
    )
    .fetch_all(database)
    .await
    .unwrap();
    let (to, by) = (address.to_owned(), cookie.to_owned());
    let today = chrono::Utc::now().format("done_on=%d&done_on-month=%m&done_on-year=%Y").to_string();
    let update: Make = Arc::new(move |n| {
        let path = format!("/p/sample-1/actions/A-{:04}/update", open[n % open.len()]);
        let body = format!(
            "id={}&note=Checked+again+after+a+week%3A+it+holds.&{today}&next=working",
            Uuid::now_v7()
        );
        post(&path, &to, &by, &body)
    });
    vec![
        get("list", address, "/p/sample-1/actions?show=late&service=service-1&significance=all".into()),
        get("action, first look", first, format!("/p/sample-1/actions/A-{action:04}")),
        get("action, again", address, format!("/p/sample-1/actions/A-{action:04}")),
        Page { name: "actions in turn", at: address.to_owned(), make: turn, wanted: 200 },
        get("dashboard, first look", first, "/p/sample-1/dashboard".into()),
        get("dashboard, again", address, "/p/sample-1/dashboard".into()),
        Page { name: "update", at: address.to_owned(), make: update, wanted: 303 },
    ]
}

/// The page of signs of who sees everything.
const SIGNALS: &str = "signals, whole provider";

/// Statements the server was sent for each page, counted in its own log: one line for each round trip.
async fn round_trips(pages: &[Page], database: &mut PgConnection, data: &Path) {
    let log = data.join("postgres.log");
    let everywhere = |how: &str| AssertSqlSafe(format!("ALTER SYSTEM SET log_statement = '{how}'"));
    sqlx::raw_sql(everywhere("all")).execute(&mut *database).await.unwrap();
    sqlx::raw_sql("SELECT pg_reload_conf()").execute(&mut *database).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let lines = || {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        text.lines().filter(|l| l.contains("execute ") || l.contains("statement: ")).count()
    };
    for page in pages {
        let mut connection = Connection::open(&page.at).await.unwrap();
        for n in 0..20 {
            connection.ask(&(page.make)(n)).await.unwrap(); // every connection of the pool knows its statements
        }
        let before = lines();
        for n in 20..30 {
            let answer = connection.ask(&(page.make)(n)).await.unwrap();
            assert_eq!(answer.status, page.wanted, "{}", answer.head);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        println!("{}: {:.1} round trips to the database", page.name, (lines() - before) as f64 / 10.0);
    }
    sqlx::raw_sql(everywhere("none")).execute(&mut *database).await.unwrap();
    sqlx::raw_sql("SELECT pg_reload_conf()").execute(database).await.unwrap();
}

async fn run_all(floor: &Served, pages: &[Page], cookie: &str) {
    let (runs, time) = (setting("BENCH_RUNS", 5), Duration::from_secs(setting("BENCH_SECONDS", 2)));
    let bare = format!("{}\r\n", head("GET", "/p/sample-1/actions", &floor.address, cookie)).into_bytes();
    let bare: Make = Arc::new(move |_| bare.clone());
    let most = 1_000_000;
    for at_once in AT_ONCE {
        let mut floors = Vec::new();
        let mut of_pages: Vec<Vec<Run>> = pages.iter().map(|_| Vec::new()).collect();
        load::run(&floor.address, at_once, Duration::from_millis(500), most, 200, Arc::clone(&bare)).await;
        for _ in 0..runs {
            floors.push(load::run(&floor.address, at_once, time, most, 200, Arc::clone(&bare)).await);
            for (page, of_page) in pages.iter().zip(&mut of_pages) {
                let started = Instant::now();
                of_page.push(
                    load::run(&page.at, at_once, time, most, page.wanted, Arc::clone(&page.make)).await,
                );
                assert!(started.elapsed() < time * 5, "{} does not end", page.name);
            }
        }
        let floor_rate = median(&floors, |run| run.rate);
        tell("floor", at_once, &floors, floor_rate);
        for (page, of_page) in pages.iter().zip(&of_pages) {
            tell(page.name, at_once, of_page, floor_rate);
        }
        let p50 = |name: &str| {
            let at = pages.iter().position(|page| page.name == name).unwrap();
            median(&of_pages[at], |run| run.p50)
        };
        println!("all signs take {:.1} times the list", p50(SIGNALS) / p50("list"));
    }
}

fn sorted(runs: &[Run], of: impl Fn(&Run) -> f64) -> Vec<f64> {
    let mut values: Vec<f64> = runs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(runs: &[Run], of: impl Fn(&Run) -> f64) -> f64 {
    let values = sorted(runs, of);
    values[values.len() / 2]
}

fn tell(name: &str, at_once: usize, runs: &[Run], floor: f64) {
    let rates = sorted(runs, |run| run.rate);
    println!(
        "| {name} | {at_once} | {:.0} ({:.0} to {:.0}) | {:.2} | {:.1} | {:.1} | {} |",
        median(runs, |run| run.rate),
        rates[0],
        rates[rates.len() - 1],
        median(runs, |run| run.rate) / floor,
        median(runs, |run| run.p50),
        median(runs, |run| run.p99),
        runs[0].size,
    );
}
