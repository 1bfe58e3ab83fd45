//! The program as it is measured: started over a folder of its own, signed in to.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::postgres::PgConnection;

use super::load::Connection;

/// The password of those who can sign in to a sample.
pub const PASSWORD: &str = "marmalade tractor evening";

/// A number from the environment.
pub fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// A process that says "ready at http://…"; stopped when dropped.
pub struct Served {
    pub child: Child,
    pub address: String,
}

impl Served {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("it says where it listens").unwrap();
            if let Some((_, address)) = line.split_once("ready at http://") {
                break address.to_owned();
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let id = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(0));
        let _ = nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

pub fn program(data: &Path, argument: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    command
        .args(argument)
        .env_remove("DATABASE_URL")
        .env("DATA_DIR", data)
        .env("LISTEN_ADDR", "127.0.0.1:0")
        .env("SAMPLE_PASSWORD", PASSWORD)
        .current_dir(std::env::temp_dir());
    command
}

/// The headers of a browser that is signed in.
pub fn head(method: &str, path: &str, address: &str, cookie: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nAccept: text/html\r\n\
         Accept-Encoding: gzip, deflate, br\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://{address}\r\n"
    )
}

pub fn post(path: &str, address: &str, cookie: &str, body: &str) -> Vec<u8> {
    let head = head("POST", path, address, cookie);
    let length = body.len();
    format!("{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}")
        .into()
}

/// Waits until the worker has counted the signs of today, as it does within half a minute.
pub async fn signs_are_counted(database: &mut PgConnection) {
    let today = "SELECT EXISTS (SELECT 1 FROM sign_counts_made c WHERE (c.counted_at AT TIME ZONE 'Europe/London')::date = (now() AT TIME ZONE 'Europe/London')::date)";
    for _ in 0..600 {
        if sqlx::query_scalar::<_, bool>(today).fetch_one(&mut *database).await.unwrap() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the worker did not count the signs");
}

/// Signs in as the registered manager of the first service, or as somebody else who gets that password; answers the cookie.
pub async fn sign_in(address: &str, role: &str, database: &mut PgConnection) -> String {
    let email: String = sqlx::query_scalar(
        "WITH who AS (SELECT m.user_id FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.role = $1 ORDER BY u.password_hash IS NULL, m.id LIMIT 1)
         UPDATE users u SET password_hash = coalesce(u.password_hash, (SELECT o.password_hash FROM users o JOIN memberships m ON m.user_id = o.id
           WHERE o.password_hash IS NOT NULL AND m.role = 'registered_manager' LIMIT 1))
         FROM who WHERE u.id = who.user_id RETURNING u.email",
    )
    .bind(role)
    .fetch_one(database)
    .await
    .unwrap();
    let body = format!("email={}&password={}", email.replace('@', "%40"), PASSWORD.replace(' ', "+"));
    let mut connection = Connection::open(address).await.unwrap();
    let answer = connection.ask(&post("/sign-in", address, "", &body)).await.unwrap();
    assert_eq!(answer.status, 303, "{}", answer.head);
    let line = answer.head.lines().find(|line| line.to_lowercase().starts_with("set-cookie: session="));
    let cookie = line.and_then(|line| line.get(12..)?.split(';').next()).expect("a session");
    cookie.to_owned()
}
