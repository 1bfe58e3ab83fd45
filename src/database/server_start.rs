//! Brings a private server up, whatever an earlier run left behind.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::fcntl::Flock;
use nix::sys::signal::{Signal, kill};

use super::DatabaseError;
use super::binaries::{self, Binaries};
use super::private_postgres::{Address, Durability, PORT, PrivatePostgres, Settings};
use super::server_process::{START_MARK, is_gone, on_path, running, spawn, take_lock, wait_until_ready};
use super::server_user::ServerUser;

/// A socket's path may have 107 bytes; `/.s.PGSQL.5432` and its lock take 20 of them.
const LONGEST_SOCKET_DIR: usize = 87;
const LONGEST_LOG: u64 = 10_000_000;

/// Everything known before the server runs.
pub(super) struct Starter<'a> {
    settings: &'a Settings,
    base: PathBuf,
    cluster: PathBuf,
    user: ServerUser,
    binaries: Binaries,
    fresh: bool,
    lock: Flock<File>,
}

impl<'a> Starter<'a> {
    /// Takes the lock and finds what is needed, changing nothing else.
    pub(super) fn prepare(settings: &'a Settings) -> Result<Self, DatabaseError> {
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

    /// Makes the cluster if there is none, clears the way, and starts the server.
    pub(super) fn run(self) -> Result<PrivatePostgres, DatabaseError> {
        if self.fresh {
            self.make_cluster()?;
        }
        self.clear_the_way()?;
        let socket_dir = self.fresh_socket_dir()?;
        let (log_path, log) = self.open_log()?;
        let command = self.server_command(&socket_dir, log)?;
        let (pid, ended) = spawn(command)?;
        // from here on dropping it stops the server
        let postgres =
            PrivatePostgres { pid, address: Address(socket_dir), fresh: self.fresh, ended, _lock: self.lock };
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

    /// Where the server of another program at work on the same folder can be reached.
    pub(super) fn address_of_running(settings: &Settings) -> Result<Address, DatabaseError> {
        let user = ServerUser::choose(settings.run_as.as_deref())?;
        let base =
            fs::canonicalize(&settings.data_dir).map_err(DatabaseError::at("find", &settings.data_dir))?;
        Ok(Address(socket_dir(&base, user)?))
    }

    /// The folder of the socket, emptied: what lies there belongs to a server that is gone.
    fn fresh_socket_dir(&self) -> Result<PathBuf, DatabaseError> {
        let dir = socket_dir(&self.base, self.user)?;
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
            // what we read is small enough to be in memory, where a page by index costs no more than the next one
            "random_page_cost=1.1",
            // what is written at one go, an import or a sample, would otherwise push its own pages out while it goes
            "shared_buffers=256MB",
            "wal_buffers=16MB",
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

/// Beside the cluster, or where temporary files go when that path is too long for a socket.
fn socket_dir(base: &Path, user: ServerUser) -> Result<PathBuf, DatabaseError> {
    let dir = base.join("run");
    if dir.as_os_str().len() <= LONGEST_SOCKET_DIR {
        return Ok(dir);
    }
    let inode = fs::metadata(base).map_err(DatabaseError::at("look at", base))?.ino();
    Ok(std::env::temp_dir().join(format!("throughline-{}-{inode}", user.uid())))
}
