//! One private PostgreSQL for all tests of the process, and a migrated database of its own for each test.
//!
//! A database is a copy of a template that was migrated once, which takes some 50 ms; it is dropped when the
//! test ends. The server and its folder go when the process does, however it ends.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, mpsc};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgPool};
use throughline::database::private_postgres::{Durability, PrivatePostgres, Settings};
use throughline::database::{migrate, pool, roles};
use tokio::sync::oneshot;

use super::scratch::Scratch;

const TEMPLATE: &str = "template_throughline";

/// A migrated database that belongs to one test.
pub struct TestDb {
    name: String,
    /// Connections as the application role: what the program works with. At most 8.
    pub pool: PgPool,
}

impl TestDb {
    /// A fresh, migrated, empty database.
    pub async fn new() -> Self {
        let (reply, name) = oneshot::channel();
        SERVER.orders.send(Order::Create(reply)).expect("the harness thread is at work");
        let name = name.await.expect("the harness thread is at work");
        let app = pool::connection(SERVER.postgres.connect_options(roles::APP, &name));
        let pool = pool::pool_options(8).connect_with(app).await.expect("the application role may connect");
        Self { name, pool }
    }

    /// How to connect to this database as `role`, one of `throughline::database::roles`.
    pub fn options(&self, role: &str) -> PgConnectOptions {
        SERVER.postgres.connect_options(role, &self.name)
    }

    /// The same as an address, for programs: `DATABASE_URL` with `roles::APP`, `DATABASE_OWNER_URL` with `roles::OWNER`.
    pub fn url(&self, role: &str) -> String {
        SERVER.postgres.address().url(role, &self.name)
    }

    /// A connection as `role`.
    pub async fn connect(&self, role: &str) -> PgConnection {
        PgConnection::connect_with(&self.options(role)).await.expect("the role may connect")
    }

    /// A small pool as the owner, for what the application role may not do. The owner, too, is bound by
    /// row-level security.
    pub async fn owner_pool(&self) -> PgPool {
        let options = PgPoolOptions::new().max_connections(2);
        options.connect_with(self.options(roles::OWNER)).await.expect("the owner may connect")
    }

    /// A connection as the administrator, whom nothing binds: to see what is really in the tables.
    pub async fn administrator(&self) -> PgConnection {
        self.connect(roles::ADMINISTRATOR).await
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let _ = SERVER.orders.send(Order::Drop(std::mem::take(&mut self.name)));
    }
}

enum Order {
    Create(oneshot::Sender<String>),
    Drop(String),
}

struct Server {
    postgres: PrivatePostgres,
    orders: mpsc::Sender<Order>,
    _undertaker: Child,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let folder = Scratch::new("tests").keep();
    let settings =
        Settings { durability: Durability::ThrowAway, max_connections: 400, ..Settings::durable(&folder) };
    let postgres = PrivatePostgres::start(&settings).expect("a private PostgreSQL for the tests");
    let undertaker = undertaker(&folder, postgres.pid());
    let administrator = postgres.connect_options(roles::ADMINISTRATOR, "postgres");
    let template = postgres.connect_options(roles::ADMINISTRATOR, TEMPLATE);
    let owner = postgres.connect_options(roles::OWNER, TEMPLATE);
    let (orders, inbox) = mpsc::channel();
    let (ready, wait) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let connect =
                |name: &str| if name == TEMPLATE { template.clone() } else { administrator.clone() };
            roles::install(connect, TEMPLATE).await.expect("the roles and the template");
            migrate::run(&owner).await.expect("the migrations");
            ready.send(()).unwrap();
            serve(&administrator, &inbox).await;
        });
    });
    wait.recv().expect("the template is migrated");
    Server { postgres, orders, _undertaker: undertaker }
});

/// Makes and drops databases, one at a time: a template can be copied by one session only.
async fn serve(administrator: &PgConnectOptions, inbox: &mpsc::Receiver<Order>) {
    let mut connection = PgConnection::connect_with(administrator).await.unwrap();
    let mut number = 0;
    while let Ok(order) = inbox.recv() {
        match order {
            Order::Create(reply) => {
                number += 1;
                let name = format!("test_{number}");
                let create = format!(
                    "CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER {} STRATEGY file_copy",
                    roles::OWNER
                );
                sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.expect("a copy");
                // a copy takes everything of its template except who may connect and make temporary tables
                sqlx::raw_sql(AssertSqlSafe(roles::admission(&name)))
                    .execute(&mut connection)
                    .await
                    .expect("the same admission");
                let _ = reply.send(name);
            }
            Order::Drop(name) => {
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                let _ = sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await;
            }
        }
    }
}

/// A shell that outlives the tests: it waits for our end of its input to close, which happens however we end,
/// then stops the server and removes its folder.
fn undertaker(folder: &Path, pid: i32) -> Child {
    use std::os::unix::process::CommandExt;
    let script = r#"cat >/dev/null; kill -QUIT "$1" 2>/dev/null
        for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$1" 2>/dev/null || break; sleep 0.2; done
        rm -rf "$2""#;
    Command::new("sh")
        .args(["-c", script, "undertaker"])
        .arg(pid.to_string())
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("a shell")
}
