//! Starting it: the private PostgreSQL and what it survives, the roles, and the program itself.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use sqlx::{Connection, PgConnection};
use throughline::database::private_postgres::{PrivatePostgres, Settings};
use throughline::database::{migrate, roles};

use crate::harness::TestDb;
use crate::harness::program::Program;
use crate::harness::scratch::Scratch;

fn answers(postgres: &PrivatePostgres) -> bool {
    let options = postgres.connect_options(roles::ADMINISTRATOR, "postgres");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        let Ok(mut connection) = PgConnection::connect_with(&options).await else { return false };
        sqlx::query_scalar::<_, i32>("SELECT 1").fetch_one(&mut connection).await.is_ok()
    })
}

fn start(folder: &Path) -> PrivatePostgres {
    PrivatePostgres::start(&Settings::durable(folder)).unwrap()
}

fn cluster(folder: &Path) -> PathBuf {
    folder.join("postgres")
}

#[test]
fn the_first_start_makes_a_database_and_the_second_finds_it() {
    let scratch = Scratch::new("twice");
    let since = Instant::now();
    let first = start(scratch.path());
    assert!(first.is_fresh() && answers(&first));
    assert!(since.elapsed() < Duration::from_secs(15), "first start took {:?}", since.elapsed());
    let pid = first.pid();
    first.stop();
    assert!(!Path::new(&format!("/proc/{pid}")).exists(), "the server is gone after a graceful stop");
    assert!(!cluster(scratch.path()).join("postmaster.pid").exists(), "a graceful stop clears up");

    let since = Instant::now();
    let second = start(scratch.path());
    assert!(!second.is_fresh() && answers(&second));
    assert!(since.elapsed() < Duration::from_secs(3), "second start took {:?}", since.elapsed());
}

#[test]
fn only_a_socket_in_a_closed_folder_leads_to_it() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new("socket");
    let postgres = start(scratch.path());
    let mode = fs::metadata(postgres.address().socket_dir()).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "the folder of the socket is closed to others");
    let options = postgres.connect_options(roles::ADMINISTRATOR, "postgres");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shown: Vec<String> = runtime.block_on(async {
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        let mut shown = Vec::new();
        for setting in ["listen_addresses", "data_checksums", "server_encoding", "fsync", "full_page_writes"]
        {
            let ask = "SELECT current_setting($1)";
            shown.push(sqlx::query_scalar(ask).bind(setting).fetch_one(&mut connection).await.unwrap());
        }
        shown
    });
    assert_eq!(shown, ["", "on", "UTF8", "on", "on"]);
}

#[test]
fn it_starts_again_after_the_server_was_killed() {
    let scratch = Scratch::new("killed");
    let killed = start(scratch.path());
    kill(Pid::from_raw(killed.pid()), Signal::SIGKILL).unwrap();
    let mut ended = killed.ended();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        tokio::time::timeout(Duration::from_secs(5), ended.wait_for(|ended| *ended)).await.unwrap().unwrap();
    });
    drop(killed);
    assert!(cluster(scratch.path()).join("postmaster.pid").exists(), "a killed server leaves its pid file");
    assert!(answers(&start(scratch.path())));
}

#[test]
fn a_stale_pid_file_that_names_another_process_does_not_matter() {
    let scratch = Scratch::new("stale");
    start(scratch.path()).stop();
    let pid_file = cluster(scratch.path()).join("postmaster.pid");
    // our own number: alive, but no server
    fs::write(&pid_file, format!("{}\n/elsewhere\n0\n5432\n", std::process::id())).unwrap();
    assert!(answers(&start(scratch.path())));
}

#[test]
fn a_half_made_database_is_made_anew() {
    let scratch = Scratch::new("half");
    fs::create_dir(scratch.path().join("postgres.new")).unwrap();
    fs::write(scratch.path().join("postgres.new/PG_VERSION"), "15").unwrap();
    let postgres = start(scratch.path());
    assert!(postgres.is_fresh() && answers(&postgres));
}

#[test]
fn a_folder_that_is_no_database_is_left_alone() {
    let scratch = Scratch::new("foreign");
    start(scratch.path()).stop();
    fs::remove_file(cluster(scratch.path()).join("PG_VERSION")).unwrap();
    let sentence = PrivatePostgres::start(&Settings::durable(scratch.path())).unwrap_err().to_string();
    assert!(sentence.contains("holds no database"), "{sentence}");
}

#[test]
fn a_long_path_gets_its_socket_elsewhere() {
    let scratch = Scratch::new("long");
    let folder = scratch
        .path()
        .join("a-folder-with-a-name-so-long-that-no-socket-fits-into-what-is-left-of-107-bytes");
    let postgres = start(&folder);
    assert!(!postgres.address().socket_dir().starts_with(&folder));
    assert!(answers(&postgres));
    let elsewhere = postgres.address().socket_dir().to_owned();
    postgres.stop();
    fs::remove_dir_all(elsewhere).unwrap();
}

#[test]
fn a_second_program_on_the_same_folder_is_refused_with_a_sentence() {
    let scratch = Scratch::new("second");
    let first = start(scratch.path());
    let sentence = PrivatePostgres::start(&Settings::durable(scratch.path())).unwrap_err().to_string();
    assert!(sentence.starts_with("Another Throughline"), "{sentence}");
    assert!(sentence.contains("DATA_DIR"), "{sentence}");
    assert!(answers(&first), "the first is not disturbed");
}

#[test]
fn missing_server_programs_are_a_sentence_with_the_line_that_installs_them() {
    let scratch = Scratch::new("missing");
    let settings = Settings { bin_dir: Some(scratch.path().to_owned()), ..Settings::durable(scratch.path()) };
    let sentence = PrivatePostgres::start(&settings).unwrap_err().to_string();
    assert!(sentence.contains("sudo apt-get install postgresql"), "{sentence}");
}

#[test]
fn a_folder_the_servers_user_cannot_reach_is_a_sentence() {
    use std::os::unix::fs::PermissionsExt;
    if !geteuid().is_root() {
        return; // only root becomes somebody else
    }
    let scratch = Scratch::new("closed");
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let sentence =
        PrivatePostgres::start(&Settings::durable(&scratch.path().join("data"))).unwrap_err().to_string();
    assert!(sentence.contains("is closed to it") && sentence.contains("DATA_DIR"), "{sentence}");
}

#[test]
fn the_program_serves_stops_gracefully_and_starts_again() {
    let scratch = Scratch::new("program");
    let mut program = Program::serve(&[("DATA_DIR", scratch.path().to_str().unwrap())]);
    assert_eq!(program.get("/healthz"), (200, "Alive\n".to_owned()));
    assert_eq!(program.get("/readyz"), (200, "Ready\n".to_owned()));
    assert_eq!(program.stop(Signal::SIGTERM), Some(0));
    let mut program = Program::serve(&[("DATA_DIR", scratch.path().to_str().unwrap())]);
    assert_eq!(program.get("/readyz").0, 200);
    assert_eq!(program.stop(Signal::SIGINT), Some(0));
}

#[test]
fn a_command_joins_the_database_of_the_program_at_work() {
    let scratch = Scratch::new("beside");
    let settings = [("DATA_DIR", scratch.path().to_str().unwrap())];
    let mut program = Program::serve(&settings);
    let output = Program::command(&["worker", "--once"], &settings).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(program.get("/readyz").0, 200, "the program at work is not disturbed");
    assert_eq!(program.stop(Signal::SIGTERM), Some(0));
    let output = Program::command(&["worker", "--once"], &settings).output().unwrap();
    assert!(output.status.success(), "alone it starts the database itself");
}

#[test]
fn it_starts_again_after_the_program_was_killed_and_its_server_lives_on() {
    let scratch = Scratch::new("orphan");
    let folder = scratch.path().to_str().unwrap();
    // without setpriv on its PATH the program cannot tie the server's life to its own
    let bin_dir = server_programs();
    let lonely = [("DATA_DIR", folder), ("PATH", "/nonexistent"), ("PG_BIN_DIR", bin_dir.as_str())];
    let mut program = Program::serve(&lonely);
    program.stop(Signal::SIGKILL);
    let text = fs::read_to_string(cluster(scratch.path()).join("postmaster.pid")).unwrap();
    let orphan: i32 = text.lines().next().unwrap().trim().parse().unwrap();
    assert!(kill(Pid::from_raw(orphan), None).is_ok(), "the server outlived the program");
    let mut program = Program::serve(&lonely);
    assert_eq!(program.get("/readyz").0, 200);
    assert!(fs::read_link(format!("/proc/{orphan}/cwd")).is_err(), "the orphan was stopped");
    assert_eq!(program.stop(Signal::SIGTERM), Some(0));
}

#[test]
fn the_server_goes_with_a_killed_program() {
    let scratch = Scratch::new("together");
    let mut program = Program::serve(&[("DATA_DIR", scratch.path().to_str().unwrap())]);
    program.stop(Signal::SIGKILL);
    let pid_file = cluster(scratch.path()).join("postmaster.pid");
    let since = Instant::now();
    while pid_file.exists() {
        assert!(since.elapsed() < Duration::from_secs(10), "the server outlived the program");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_program_ends_with_its_server() {
    let scratch = Scratch::new("ends");
    let mut program = Program::serve(&[("DATA_DIR", scratch.path().to_str().unwrap())]);
    let text = fs::read_to_string(cluster(scratch.path()).join("postmaster.pid")).unwrap();
    kill(Pid::from_raw(text.lines().next().unwrap().trim().parse().unwrap()), Signal::SIGKILL).unwrap();
    assert_eq!(program.wait(), Some(1));
}

#[test]
fn wrong_settings_end_the_program_with_every_mistake() {
    let output =
        Program::command(&["serve"], &[("LISTEN_ADDR", "nowhere"), ("LOG_FORMAT", "xml")]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("LISTEN_ADDR is not") && said.contains("LOG_FORMAT is neither"), "{said}");
}

#[test]
fn an_ordinary_user_needs_no_root() {
    let Some(nobody) = User::from_name("nobody").unwrap().filter(|_| geteuid().is_root()) else { return };
    let scratch = Scratch::new("ordinary");
    nix::unistd::chown(scratch.path(), Some(nobody.uid), Some(nobody.gid)).unwrap();
    let copy = scratch.path().join("throughline");
    fs::copy(env!("CARGO_BIN_EXE_throughline"), &copy).unwrap(); // the original may lie where nobody can go
    let mut command = Command::new(copy);
    command.uid(nobody.uid.as_raw()).gid(nobody.gid.as_raw()).current_dir(scratch.path());
    let data = scratch.path().join("data");
    let mut program = Program::run(command, &[("DATA_DIR", data.to_str().unwrap())]);
    assert_eq!(program.get("/readyz").0, 200);
    assert_eq!(program.stop(Signal::SIGTERM), Some(0));
}

#[tokio::test]
async fn a_test_database_is_migrated_and_its_role_bound() {
    let db = TestDb::new().await;
    assert_eq!(migrate::difference(&db.pool).await.unwrap(), None);
    let role: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&db.pool).await.unwrap();
    assert_eq!(role, roles::APP);
    for forbidden in [
        "SELECT set_config('app.provider_id', 'x', true)",
        "SET session_replication_role = replica",
        "SET row_security = off; SELECT * FROM pg_authid",
        "CREATE TABLE public.mine (id int)",
        "SET ROLE throughline_owner",
    ] {
        let error = sqlx::raw_sql(forbidden).execute(&db.pool).await.expect_err(forbidden);
        let code = error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned());
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {error}");
    }
}

#[tokio::test]
async fn each_role_may_do_what_it_is_for() {
    let db = TestDb::new().await;
    let owner = db.owner_pool().await;
    sqlx::raw_sql(
        "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('here');
         ALTER TABLE kept ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    )
    .execute(&owner)
    .await
    .unwrap();
    let count = "SELECT count(*) FROM kept";
    let mut backup = db.connect(roles::BACKUP).await;
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut backup).await.unwrap(), 1);
    let mut administrator = db.administrator().await;
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut administrator).await.unwrap(), 1);
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&owner).await.unwrap(), 0);
    assert!(sqlx::query(count).execute(&db.pool).await.is_err(), "the application was granted nothing here");
    sqlx::query("SELECT set_config('app.provider_id', 'x', true)").execute(&owner).await.unwrap();
}

#[tokio::test]
async fn a_database_elsewhere_is_migrated_by_its_owner_and_checked_by_the_program() {
    let db = TestDb::new().await;
    let (app, owner) = (db.url(roles::APP), db.url(roles::OWNER));
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (999999, 'from the future', true, '\\x00', 0)";
    let ready = async |settings: Vec<(&'static str, String)>| {
        tokio::task::spawn_blocking(move || {
            let settings: Vec<(&str, &str)> =
                settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let output = Program::command(&["migrate"], &settings).output().unwrap();
            (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
        })
        .await
        .unwrap()
    };
    let both = vec![("DATABASE_URL", app.clone()), ("DATABASE_OWNER_URL", owner)];
    assert_eq!(ready(both.clone()).await.0, Some(0));
    let (code, said) = ready(vec![("DATABASE_URL", app)]).await;
    assert!(code == Some(1) && said.contains("DATABASE_OWNER_URL"), "{said}");
    sqlx::query(newer).execute(&mut db.administrator().await).await.unwrap();
    let (code, said) = ready(both).await;
    assert!(code == Some(1) && said.contains("999999"), "{said}");
    let difference = migrate::difference(&db.pool).await.unwrap().unwrap();
    assert!(difference.contains("999999"), "{difference}");
}

/// The folder of the installed server programs.
fn server_programs() -> String {
    let asked = Command::new("pg_config").arg("--bindir").output();
    if let Ok(output) = asked
        && let dir = String::from_utf8_lossy(&output.stdout).trim().to_owned()
        && Path::new(&dir).join("initdb").exists()
    {
        return dir;
    }
    let dirs = fs::read_dir("/usr/lib/postgresql").unwrap().flatten().map(|entry| entry.path().join("bin"));
    dirs.filter(|dir| dir.join("initdb").exists()).max().unwrap().to_string_lossy().into_owned()
}
