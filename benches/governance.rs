//! What a month of governance costs the database, measured by one command (`cargo bench --bench governance`): the page of the
//! figures, as the quality lead of a provider with 100 services and 36 months of history opens it, by a process that keeps
//! nothing in memory. What it prints is told in benches/README.md.
//!
//! Database time is what the server itself says each statement took (parse, bind and execute of its own log), added up for one page.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a measurement that cannot go on should stop loudly; its figures go to standard output; it runs at the real time"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use chrono::{Datelike, Months, NaiveDate, Utc};
use load::Connection;
use served::{Served, head, post, program, setting, sign_in, signs_are_counted};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};

#[expect(dead_code, reason = "here nothing is asked many times at once")]
#[path = "speed/load.rs"]
mod load;
#[path = "speed/served.rs"]
mod served;

/// What a page took: the database's time and the whole, in milliseconds, and how many statements it was asked.
#[derive(Clone, Copy)]
struct Took {
    database: f64,
    page: f64,
    statements: usize,
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    // 500,000 take a quarter of an hour to make: only when they are asked for
    let sizes: Vec<u64> = std::env::var("BENCH_SIZES").map_or_else(
        |_| vec![5_000, 50_000],
        |list| list.split(',').map(|size| size.trim().parse().expect("numbers of actions")).collect(),
    );
    let mut all: BTreeMap<&'static str, Vec<(u64, f64)>> = BTreeMap::new();
    println!(
        "| actions | page | database, first look | database, median (range) | statements | page, median |\n|---|---|---|---|---|---|"
    );
    for size in sizes {
        let (data, given) = folder(size);
        if !data.join("postgres").exists() {
            let (services, actions) = (setting("BENCH_SERVICES", 100).to_string(), size.to_string());
            let arguments = ["sample", "--days", "1096", "--services", &services, "--actions", &actions];
            assert!(program(&data, &arguments).status().unwrap().success(), "the sample is made");
        }
        for (page, median) in runtime.block_on(measure(&data, size)) {
            all.entry(page).or_default().push((size, median));
        }
        if !given {
            let _ = std::fs::remove_dir_all(&data);
        }
    }
    for (page, of) in all {
        for pair in of.windows(2) {
            let (few, many) = (pair[0], pair[1]);
            let exponent = (many.1 / few.1).ln() / (many.0 as f64 / few.0 as f64).ln();
            println!(
                "{page}: from {} to {} actions the database's time grows with the power {exponent:.2}",
                few.0, many.0
            );
        }
    }
}

/// Where a sample is kept, and whether it stays there for the next run (`BENCH_DATA`).
fn folder(size: u64) -> (PathBuf, bool) {
    let given = std::env::var("BENCH_DATA").ok();
    let stays = given.is_some();
    let base = given.map_or_else(
        || std::env::temp_dir().join(format!("throughline-bench-{}", std::process::id())),
        PathBuf::from,
    );
    let data = base.join(format!("governance-{size}"));
    std::fs::create_dir_all(&data).unwrap();
    (data, stays)
}

/// The address of a month so long ago.
fn month(ago: u32) -> String {
    let today: NaiveDate = Utc::now().date_naive();
    format!("/p/sample-1/governance/{}", (today.with_day(1).unwrap() - Months::new(ago)).format("%Y-%m"))
}

/// The pages, and what each is called.
fn pages() -> [(&'static str, String); 6] {
    [
        ("the last month", month(1)),
        ("the month that runs", month(0)),
        ("a month that was signed off", month(2)),
        ("a year ago", month(12)),
        ("two and a half years ago", month(30)),
        ("the last month of one service", format!("{}?service=service-1", month(1))),
    ]
}

async fn measure(data: &Path, size: u64) -> Vec<(&'static str, f64)> {
    let mut serve = program(data, &["serve"]);
    let ours = Served::start(serve.env("KEEP_MIB", "0"));
    let url = format!("postgres://postgres@localhost/throughline?host={}", data.join("run").display());
    let mut database = PgConnection::connect_with(&PgConnectOptions::from_str(&url).unwrap()).await.unwrap();
    let cookie = sign_in(&ours.address, "quality_lead", &mut database).await;
    sign_off(&ours.address, &cookie, &mut database).await;
    signs_are_counted(&mut database).await;
    figures_are_kept(&mut database).await;
    sqlx::raw_sql("VACUUM (ANALYZE)").execute(&mut database).await.unwrap();
    sqlx::raw_sql("CHECKPOINT").execute(&mut database).await.unwrap();
    sqlx::raw_sql("ALTER SYSTEM SET log_min_duration_statement = 0").execute(&mut database).await.unwrap();
    sqlx::raw_sql("SELECT pg_reload_conf()").execute(&mut database).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut medians = Vec::new();
    for (name, path) in pages() {
        let mut took = Vec::new();
        for _ in 0..=setting("BENCH_RUNS", 9) {
            took.push(once(&ours, &path, &cookie, data).await);
        }
        let first = took.remove(0);
        let of = |what: fn(&Took) -> f64| {
            let mut all: Vec<f64> = took.iter().map(what).collect();
            all.sort_by(f64::total_cmp);
            all
        };
        let (database, page) = (of(|t| t.database), of(|t| t.page));
        let (median, most) = (database[database.len() / 2], took.iter().map(|t| t.statements).max().unwrap());
        println!(
            "| {size} | {name} | {:.0} ms | {median:.0} ms ({:.0} to {:.0}) | {most} | {:.0} ms |",
            first.database,
            database[0],
            database[database.len() - 1],
            page[page.len() / 2]
        );
        medians.push((name, median));
    }
    sqlx::raw_sql("ALTER SYSTEM RESET log_min_duration_statement").execute(&mut database).await.unwrap();
    medians
}

/// Has the month before the last signed off, unless an earlier run did.
async fn sign_off(address: &str, quality: &str, database: &mut PgConnection) {
    let signed = "SELECT EXISTS (SELECT 1 FROM governance_meetings WHERE signed_at IS NOT NULL)";
    if sqlx::query_scalar(signed).fetch_one(&mut *database).await.unwrap() {
        return;
    }
    let present: String =
        sqlx::query_scalar("SELECT id::text FROM memberships WHERE role = 'quality_lead' LIMIT 1")
            .fetch_one(&mut *database)
            .await
            .unwrap();
    let nominated = sign_in(address, "nominated_individual", database).await;
    let today = Utc::now().format("held=%d&held-month=%m&held-year=%Y").to_string();
    let minutes =
        format!("service=&round=0&{today}&present={present}&minutes=The+figures+were+read+one+by+one");
    for (path, by, body) in
        [("minutes", quality, minutes.as_str()), ("sign-off", nominated.as_str(), "service=&round=1")]
    {
        let mut connection = Connection::open(address).await.unwrap();
        let path = format!("{}/{path}", month(2));
        let answer = connection.ask(&post(&path, address, by, body)).await.unwrap();
        assert_eq!(answer.status, 303, "{}", String::from_utf8_lossy(&answer.body));
    }
}

/// Waits until the worker has counted the months that are over.
async fn figures_are_kept(database: &mut PgConnection) {
    for _ in 0..1500 {
        let months: i64 =
            sqlx::query_scalar("SELECT count(*) FROM figure_months").fetch_one(&mut *database).await.unwrap();
        if months >= 24 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the worker did not count the months");
}

/// Opens a page, and reads in the server's log what it was asked meanwhile. What the worker asks now and then is told by its own
/// transactions and would only make it more.
async fn once(ours: &Served, path: &str, cookie: &str, data: &Path) -> Took {
    let log = data.join("postgres.log");
    let before = std::fs::metadata(&log).map_or(0, |file| usize::try_from(file.len()).unwrap_or(0));
    let mut connection = Connection::open(&ours.address).await.unwrap();
    let request = format!("{}\r\n", head("GET", path, &ours.address, cookie)).into_bytes();
    let started = Instant::now();
    let answer = connection.ask(&request).await.unwrap();
    let page = started.elapsed().as_secs_f64() * 1000.0;
    assert_eq!(answer.status, 200, "{}", answer.head);
    tokio::time::sleep(Duration::from_millis(150)).await;
    let text = std::fs::read(&log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text[before.min(text.len())..]).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("duration: ")).collect();
    let took = |line: &&str| line.split("duration: ").nth(1)?.split(' ').next()?.parse::<f64>().ok();
    let asked = |line: &&&str| line.contains(" execute ") || line.contains("statement: ");
    Took {
        database: lines.iter().filter_map(took).sum(),
        page,
        statements: lines.iter().filter(asked).count(),
    }
}
