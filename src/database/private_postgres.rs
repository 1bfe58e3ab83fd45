//! A PostgreSQL server of our own, for when no `DATABASE_URL` is given: one data folder, a unix socket only.
//!
//! It survives being killed: a leftover `postmaster.pid`, a server that outlived the program and a half-made
//! data folder are all put right at the next start. A lock on the data folder keeps a second program away.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::fcntl::Flock;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::sync::watch;

use super::DatabaseError;
use super::server_start::Starter;

/// The number in the socket's name.
pub(super) const PORT: u16 = 5432;

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

/// Where a private server can be reached: the folder of its socket.
#[derive(Clone, Debug)]
pub struct Address(pub(super) PathBuf);

impl Address {
    /// How to connect as `role` to `database`.
    #[must_use]
    pub fn connect_options(&self, role: &str, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.0)
            .port(PORT)
            .username(role)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// The same as an address, for other programs.
    #[must_use]
    pub fn url(&self, role: &str, database: &str) -> String {
        let host: String = self
            .0
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

    /// The folder of the socket.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.0
    }
}

/// A running server, stopped when dropped.
#[derive(Debug)]
pub struct PrivatePostgres {
    pub(super) pid: Pid,
    pub(super) address: Address,
    pub(super) fresh: bool,
    pub(super) ended: watch::Receiver<bool>,
    pub(super) _lock: Flock<File>,
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

    /// Where the server of another program at work on the same folder can be reached.
    ///
    /// # Errors
    /// There is no such server, or it is not ours to reach.
    pub fn address_of_running(settings: &Settings) -> Result<Address, DatabaseError> {
        Starter::address_of_running(settings)
    }

    /// Where the server can be reached.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// How to connect as `role` to `database`.
    #[must_use]
    pub fn connect_options(&self, role: &str, database: &str) -> PgConnectOptions {
        self.address.connect_options(role, database)
    }

    /// The process number of the server.
    #[must_use]
    pub const fn pid(&self) -> i32 {
        self.pid.as_raw()
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
