//! A PostgreSQL server of our own, for when no `DATABASE_URL` is given: one data folder, a unix socket only.
//!
//! It survives being killed: a leftover `postmaster.pid`, a server that outlived the program and a half-made
//! data folder are all put right at the next start. A lock on the data folder keeps a second program away.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::sync::watch;

use super::DatabaseError;
use super::binaries::{self, Binaries};
use super::server_user::ServerUser;

const PORT: u16 = 5432;
/// A socket's path may have 107 bytes; `/.s.PGSQL.5432` and its lock take 20 of them.
const LONGEST_SOCKET_DIR: usize = 87;
const LONGEST_LOG: u64 = 10_000_000;
const START_MARK: &str = "--- start";

/// How the server is to be run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The program's data folder; the cluster is `postgres` in it.
    pub data_dir: PathBuf,
    /// `PG_BIN_DIR`.
    pub bin_dir: Option<PathBuf>,
    /// `PG_RUN_AS`: the user to run as when we are root.
    pub run_as: Option<String>,
    /// What a crash of the machine may cost.
    pub durability: Durability,
    /// The server refuses more connections than this.
    pub max_connections: u16,
}

/// What a crash of the machine may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was acknowledged.
    Full,
    /// Everything: for tests, which throw their data away.
    ThrowAway,
}

impl Settings {
    /// The usual way to run: durable, 60 connections.
    #[must_use]
    pub fn durable(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            bin_dir: None,
            run_as: None,
            durability: Durability::Full,
            max_connections: 60,
        }
    }
}

/// A running server, stopped when dropped.
#[derive(Debug)]
pub struct PrivatePostgres {
    pid: Pid,
    socket_dir: PathBuf,
    fresh: bool,
    ended: watch::Receiver<bool>,
    _lock: Flock<File>,
}

impl PrivatePostgres {
    /// Starts the server, making its data folder first when there is none. Blocks: call it off the async threads.
    ///
    /// # Errors
    /// A sentence for the person who starts the program; among others when another program uses the folder.
    pub fn start(settings: &Settings) -> Result<Self, DatabaseError> {
        let patience = Instant::now();
        loop {
            match Starter::prepare(settings).and_then(Starter::run) {
                Err(DatabaseError::StillInUse(_)) if patience.elapsed() < Duration::from_secs(15) => {
                    std::thread::sleep(Duration::from_millis(300));
                }
                outcome => return outcome,
            }
        }
    }

    /// How to connect as `role` to `database`.
    #[must_use]
    pub fn connect_options(&self, role: &str, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket_dir)
            .port(PORT)
            .username(role)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// The same as an address, for other programs.
    #[must_use]
    pub fn url(&self, role: &str, database: &str) -> String {
        let host: String = self
            .socket_dir
            .to_string_lossy()
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                    char::from(byte).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect();
        format!("postgres://{role}@localhost:{PORT}/{database}?host={host}")
    }

    /// The process number of the server.
    #[must_use]
    pub const fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// The folder of the socket.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Whether this start made the data folder.
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Changes to true when the server's process has ended, for whatever reason.
    #[must_use]
    pub fn ended(&self) -> watch::Receiver<bool> {
        self.ended.clone()
    }

    /// Stops the server: what runs is rolled back, then a clean shutdown; after 30 seconds by force. Blocks.
    pub fn stop(self) {
        drop(self);
    }

    fn has_ended_within(&self, limit: Duration) -> bool {
        let since = Instant::now();
        while !*self.ended.borrow() {
            if since.elapsed() > limit {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if *self.ended.borrow() {
            return;
        }
        let _ = kill(self.pid, Signal::SIGINT);
        if !self.has_ended_within(Duration::from_secs(30)) {
            tracing::warn!("the database did not stop within 30 seconds and is stopped by force");
            let _ = kill(self.pid, Signal::SIGQUIT);
            self.has_ended_within(Duration::from_secs(5));
        }
    }
}

/// Everything known before the server runs.
struct Starter<'a> {
    settings: &'a Settings,
    base: PathBuf,
    cluster: PathBuf,
    user: ServerUser,
    binaries: Binaries,
    fresh: bool,
    lock: Flock<File>,
}

impl<'a> Starter<'a> {
    fn prepare(settings: &'a Settings) -> Result<Self, DatabaseError> {
        let user = ServerUser::choose(settings.run_as.as_deref())?;
        user.prepare_parent(&settings.data_dir)?;
        let base =
            fs::canonicalize(&settings.data_dir).map_err(DatabaseError::at("find", &settings.data_dir))?;
        let cluster = base.join("postgres");
        if cluster.exists() {
            user.must_own(&cluster)?;
        }
        let lock = take_lock(&base)?;
        let made_by = fs::read_to_string(cluster.join("PG_VERSION")).ok();
        let major = made_by.as_ref().and_then(|text| text.trim().parse().ok());
        let binaries = binaries::find(settings.bin_dir.as_deref(), major)?;
        Ok(Self { settings, base, cluster, user, binaries, fresh: made_by.is_none(), lock })
    }

    fn run(self) -> Result<PrivatePostgres, DatabaseError> {
        if self.fresh {
            self.make_cluster()?;
        }
        self.clear_the_way()?;
        let socket_dir = self.socket_dir()?;
        let (log_path, log) = self.open_log()?;
        let command = self.server_command(&socket_dir, log)?;
        let (pid, ended) = spawn(command)?;
        // from here on dropping it stops the server
        let postgres = PrivatePostgres { pid, socket_dir, fresh: self.fresh, ended, _lock: self.lock };
        wait_until_ready(&postgres, &self.cluster, &log_path)?;
        Ok(postgres)
    }

    /// A program of the server, run as its user with a plain environment, out of reach of the terminal's Ctrl-C.
    fn command(&self, program: &Path, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(directory)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .process_group(0);
        self.user.take_on(&mut command);
        command
    }

    /// Makes the cluster in a side folder and renames it, so that a killed `initdb` never looks like a cluster.
    fn make_cluster(&self) -> Result<(), DatabaseError> {
        if self.cluster.exists() {
            return Err(DatabaseError::Refused(format!(
                "{} exists but holds no database. Move it away, or set DATA_DIR to another folder.",
                self.cluster.display()
            )));
        }
        tracing::info!(version = self.binaries.major, "making the database; this happens once");
        let side = self.base.join("postgres.new");
        if side.exists() {
            fs::remove_dir_all(&side).map_err(DatabaseError::at("clear away", &side))?;
        }
        self.user.own_dir(&side)?;
        let mut initdb = self.command(&self.binaries.dir.join("initdb"), &side);
        initdb.arg("--pgdata").arg(&side).args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--data-checksums",
            "--no-instructions",
        ]);
        if self.settings.durability == Durability::ThrowAway {
            initdb.arg("--no-sync");
        }
        let output = initdb.output().map_err(DatabaseError::io("start initdb"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', " | ");
            return Err(DatabaseError::Refused(format!("The database could not be made: {said}")));
        }
        fs::rename(&side, &self.cluster).map_err(DatabaseError::at("rename", &side))
    }

    /// Stops a server that outlived its program, and removes the traces of a killed one. We hold the lock, so
    /// neither belongs to a program at work.
    fn clear_the_way(&self) -> Result<(), DatabaseError> {
        if let Some(pid) = running(&self.cluster) {
            tracing::warn!("the database of an earlier run is still at work and is stopped first");
            for (signal, seconds) in [(Signal::SIGINT, 20), (Signal::SIGQUIT, 5), (Signal::SIGKILL, 5)] {
                kill(pid, signal).map_err(|errno| {
                    DatabaseError::io("stop the database of an earlier run")(errno.into())
                })?;
                if is_gone(&self.cluster, Duration::from_secs(seconds)) {
                    break;
                }
            }
        }
        let pid_file = self.cluster.join("postmaster.pid");
        if running(&self.cluster).is_none() && pid_file.exists() {
            // its number may meanwhile be some other process, which would keep the server from starting
            fs::remove_file(&pid_file).map_err(DatabaseError::at("remove", &pid_file))?;
        }
        Ok(())
    }

    fn socket_dir(&self) -> Result<PathBuf, DatabaseError> {
        let mut dir = self.base.join("run");
        if dir.as_os_str().len() > LONGEST_SOCKET_DIR {
            let inode = fs::metadata(&self.base).map_err(DatabaseError::at("look at", &self.base))?.ino();
            dir = std::env::temp_dir().join(format!("throughline-{}-{inode}", self.user.uid()));
        }
        self.user.own_dir(&dir)?;
        for entry in fs::read_dir(&dir).map_err(DatabaseError::at("read", &dir))?.flatten() {
            let _ = fs::remove_file(entry.path());
        }
        Ok(dir)
    }

    fn open_log(&self) -> Result<(PathBuf, File), DatabaseError> {
        let path = self.base.join("postgres.log");
        if fs::metadata(&path).is_ok_and(|about| about.len() > LONGEST_LOG) {
            let _ = fs::rename(&path, self.base.join("postgres.log.old"));
        }
        let mut log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(DatabaseError::at("open", &path))?;
        writeln!(log, "{START_MARK}").map_err(DatabaseError::at("write to", &path))?;
        Ok((path, log))
    }

    fn server_command(&self, socket_dir: &Path, log: File) -> Result<Command, DatabaseError> {
        let server = self.binaries.dir.join("postgres");
        let mut command = match on_path("setpriv") {
            // the kernel stops the server when we die, however we die
            Some(setpriv) => {
                let mut command = self.command(&setpriv, &self.cluster);
                command.args(["--pdeathsig", "INT", "--"]).arg(server);
                command
            }
            None => self.command(&server, &self.cluster),
        };
        let quoted = format!("\"{}\"", socket_dir.to_string_lossy().replace('"', "\"\""));
        command
            .arg("-D")
            .arg(&self.cluster)
            .arg("-k")
            .arg(quoted)
            .args(["-h", "", "-p"])
            .arg(PORT.to_string());
        let mut set = |setting: String| {
            command.arg("-c").arg(setting);
        };
        set(format!("max_connections={}", self.settings.max_connections));
        // terse and without statements: a log must not hold what people wrote
        for setting in [
            "unix_socket_permissions=0700",
            "timezone=UTC",
            "log_timezone=UTC",
            "log_error_verbosity=terse",
            "log_min_error_statement=panic",
            "log_checkpoints=off",
        ] {
            set(setting.to_owned());
        }
        if self.settings.durability == Durability::ThrowAway {
            for setting in ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=4GB"]
            {
                set(setting.to_owned());
            }
        }
        let other = log.try_clone().map_err(DatabaseError::io("open the database's log"))?;
        command.stdout(log).stderr(other);
        Ok(command)
    }
}

/// One program at a time uses a data folder.
fn take_lock(base: &Path) -> Result<Flock<File>, DatabaseError> {
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
            Err(DatabaseError::Refused(format!(
                "Another Throughline{who} is already using {}. Stop it first, or set DATA_DIR to another folder.",
                base.display()
            )))
        }
    }
}

/// The server at work on `cluster`: the number in its `postmaster.pid`, believed only if that process works there.
fn running(cluster: &Path) -> Option<Pid> {
    let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let pid: i32 = text.lines().next()?.trim().parse().ok()?;
    let works_in = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    (works_in == fs::canonicalize(cluster).ok()?).then(|| Pid::from_raw(pid))
}

fn is_gone(cluster: &Path, limit: Duration) -> bool {
    let since = Instant::now();
    while since.elapsed() < limit {
        if running(cluster).is_none() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// Starts the server on a thread of its own that waits for its end. The kernel ties the server's life to the
/// thread that started it, so that thread must live as long as the server.
fn spawn(mut command: Command) -> Result<(Pid, watch::Receiver<bool>), DatabaseError> {
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
fn wait_until_ready(postgres: &PrivatePostgres, cluster: &Path, log: &Path) -> Result<(), DatabaseError> {
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
