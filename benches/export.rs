//! What it costs to hand out every action of a provider, measured by one command (`cargo bench --bench export`): 50,000 of them as a
//! spreadsheet and as CSV, over the network as a browser asks for them. What it prints is told in benches/README.md.
//!
//! `BENCH_SIZES` says how many actions (50000), `BENCH_RUNS` how often each is taken (5), `BENCH_DATA` keeps the sample for the next run.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a measurement that cannot go on should stop loudly; its figures go to standard output"
)]

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use served::{Served, head, program, setting, sign_in};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[expect(dead_code, reason = "here nothing is asked many times at once")]
#[path = "speed/load.rs"]
mod load;
#[expect(dead_code, reason = "here nothing is posted, and no sign is waited for")]
#[path = "speed/served.rs"]
mod served;

/// The most a list may take.
const LONGEST: Duration = Duration::from_secs(10);
/// The most memory the program may take for it beyond what it had.
const MOST_MIB: f64 = 50.0;

/// What one download took.
struct Took {
    seconds: f64,
    first: f64,
    bytes: usize,
    grown: f64,
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    println!(
        "| actions | as | seconds, median (range) | first byte, seconds | size, MiB | memory grows at most, MiB | held |\n|---|---|---|---|---|---|---|"
    );
    let sizes = std::env::var("BENCH_SIZES").unwrap_or_else(|_| "50000".into());
    for size in sizes.split(',').map(|size| size.trim().parse().expect("numbers of actions")) {
        let (data, given) = folder(size);
        if !data.join("postgres").exists() {
            let (services, actions) = (setting("BENCH_SERVICES", 100).to_string(), size.to_string());
            let arguments = ["sample", "--services", &services, "--actions", &actions];
            assert!(program(&data, &arguments).status().unwrap().success(), "the sample is made");
        }
        runtime.block_on(measure(&data, size));
        if !given {
            let _ = std::fs::remove_dir_all(&data);
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
    let data = base.join(format!("export-{size}"));
    std::fs::create_dir_all(&data).unwrap();
    (data, stays)
}

async fn measure(data: &Path, size: u64) {
    let ours = Served::start(&mut program(data, &["serve"]));
    let url = format!("postgres://postgres@localhost/throughline?host={}", data.join("run").display());
    let mut database = PgConnection::connect_with(&PgConnectOptions::from_str(&url).unwrap()).await.unwrap();
    let cookie = sign_in(&ours.address, "quality_lead", &mut database).await;
    sqlx::raw_sql("VACUUM (ANALYZE)").execute(&mut database).await.unwrap();
    for (name, format) in [("XLSX", "xlsx"), ("CSV", "csv")] {
        let path = format!("/p/sample-1/actions?show=all&significance=all&as={format}");
        let mut took = Vec::new();
        for _ in 0..setting("BENCH_RUNS", 5) {
            took.push(once(&ours, &path, &cookie).await);
        }
        took.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
        let rows: i64 = sqlx::query_scalar("SELECT rows FROM exports ORDER BY begun_at DESC LIMIT 1")
            .fetch_one(&mut database)
            .await
            .unwrap();
        assert_eq!(u64::try_from(rows).unwrap(), size, "every action is in it");
        let grown = took.iter().map(|t| t.grown).fold(0.0, f64::max);
        let middle = &took[took.len() / 2];
        let held = took.iter().all(|t| t.seconds < LONGEST.as_secs_f64()) && grown < MOST_MIB;
        println!(
            "| {size} | {name} | {:.1} ({:.1} to {:.1}) | {:.1} | {:.1} | {grown:.0} | {} |",
            middle.seconds,
            took[0].seconds,
            took[took.len() - 1].seconds,
            middle.first,
            middle.bytes as f64 / 1024.0 / 1024.0,
            if held { "held" } else { "**missed**" }
        );
    }
}

/// Resident memory of a process, in MiB.
fn memory(id: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().split(' ').next()?.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}

/// Takes the list once, as the browser does: reads all that comes until the connection ends, and looks at the memory of the program
/// meanwhile.
async fn once(ours: &Served, path: &str, cookie: &str) -> Took {
    let (id, over) = (ours.child.id(), Arc::new(AtomicBool::new(false)));
    let before = memory(id);
    let ended = Arc::clone(&over);
    let watching = std::thread::spawn(move || {
        let mut most = before;
        while !ended.load(Ordering::Relaxed) {
            most = most.max(memory(id));
            std::thread::sleep(Duration::from_millis(10));
        }
        most - before
    });
    let mut stream = TcpStream::connect(&ours.address).await.unwrap();
    let request = format!("{}Connection: close\r\n\r\n", head("GET", path, &ours.address, cookie));
    let started = Instant::now();
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut bytes, mut first, mut start) = (0, 0.0, Vec::new());
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        if read == 0 {
            break;
        }
        if bytes == 0 {
            first = started.elapsed().as_secs_f64();
            start = buffer[..read.min(200)].to_vec();
        }
        bytes += read;
    }
    let seconds = started.elapsed().as_secs_f64();
    over.store(true, Ordering::Relaxed);
    assert!(start.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&start));
    Took { seconds, first, bytes, grown: watching.join().unwrap() }
}
