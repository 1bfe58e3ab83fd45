//! The process of a private server: the lock before it, its birth, its signs of life.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};
use nix::unistd::Pid;
use tokio::sync::watch;

use super::DatabaseError;
use super::private_postgres::PrivatePostgres;

/// The line in the server's log that begins a run.
pub(super) const START_MARK: &str = "--- start";

/// One program at a time uses a data folder.
pub(super) fn take_lock(base: &Path) -> Result<Flock<File>, DatabaseError> {
    let path = base.join("throughline.lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(DatabaseError::at("open", &path))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(mut lock) => {
            let _ = lock.set_len(0);
            let _ = write!(lock, "{}", std::process::id());
            Ok(lock)
        }
        Err((mut file, _)) => {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            let who = if pid.is_empty() { String::new() } else { format!(" (process {pid})") };
            Err(DatabaseError::InUse(format!(
                "Another Throughline{who} is already using {}. Stop it first, or set DATA_DIR to another folder.",
                base.display()
            )))
        }
    }
}

/// The server at work on `cluster`: the number in its `postmaster.pid`, believed only if that process works there.
pub(super) fn running(cluster: &Path) -> Option<Pid> {
    let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let pid: i32 = text.lines().next()?.trim().parse().ok()?;
    let works_in = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    (works_in == fs::canonicalize(cluster).ok()?).then(|| Pid::from_raw(pid))
}

/// Whether no server is at work on `cluster` any more, waiting up to `limit`.
pub(super) fn is_gone(cluster: &Path, limit: Duration) -> bool {
    let since = Instant::now();
    while since.elapsed() < limit {
        if running(cluster).is_none() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// The file of a program on `PATH`.
pub(super) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// Starts the server on a thread of its own that waits for its end. The kernel ties the server's life to the
/// thread that started it, so that thread must live as long as the server.
pub(super) fn spawn(mut command: Command) -> Result<(Pid, watch::Receiver<bool>), DatabaseError> {
    let (tell_pid, hear_pid) = mpsc::channel();
    let (tell_end, hear_end) = watch::channel(false);
    let work = move || match command.spawn() {
        Ok(mut child) => {
            let _ = tell_pid.send(Ok(child.id()));
            let _ = child.wait();
            tell_end.send_replace(true);
        }
        Err(error) => {
            let _ = tell_pid.send(Err(error));
        }
    };
    let starting = || DatabaseError::io("start the database");
    std::thread::Builder::new().name("postgres".into()).spawn(work).map_err(starting())?;
    let pid = hear_pid.recv().map_err(|_| starting()(std::io::ErrorKind::BrokenPipe.into()))?;
    let pid = pid.map_err(starting())?;
    let pid = i32::try_from(pid).map_err(|_| starting()(std::io::ErrorKind::InvalidData.into()))?;
    Ok((Pid::from_raw(pid), hear_end))
}

/// Waits until line 8 of `postmaster.pid` says "ready".
pub(super) fn wait_until_ready(
    postgres: &PrivatePostgres,
    cluster: &Path,
    log: &Path,
) -> Result<(), DatabaseError> {
    let since = Instant::now();
    let pid = postgres.pid.to_string();
    loop {
        if *postgres.ended.borrow() {
            let said = last_words(log);
            if said.contains("still in use") {
                return Err(DatabaseError::StillInUse(said));
            }
            return Err(DatabaseError::Refused(format!("The database ended as soon as it started: {said}")));
        }
        let text = fs::read_to_string(cluster.join("postmaster.pid")).unwrap_or_default();
        let line = |number: usize| text.lines().nth(number).map(str::trim);
        if line(0) == Some(pid.as_str()) && line(7) == Some("ready") {
            return Ok(());
        }
        if since.elapsed() > Duration::from_secs(60) {
            let log = log.display();
            return Err(DatabaseError::Refused(format!(
                "The database was not ready after a minute; see {log}."
            )));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn last_words(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take_while(|line| *line != START_MARK).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}
