//! A PostgreSQL of our own, as real as any: it starts in a second, and ends with this process, however that ends.
//!
//! ```text
//! #[path = "../shared/postgres.rs"]
//! mod postgres;
//!
//! let Some(postgres) = Postgres::shared() else { return };     // said: `skipped:`
//! let url = postgres.database().await;                         // a database of the test's own
//! ```
#![allow(dead_code, reason = "whoever includes it uses a part")]

pub(crate) mod guard;
pub(crate) mod installed;

use std::sync::{Arc, OnceLock};

use guard::{Guard, free_port, random};
use tokio_postgres::{Client, Config, NoTls};

/// Safe from the end of any process, not from a power cut: nothing waits for the disk.
const FAST: &str = "fsync = off\nfull_page_writes = off\nshared_buffers = 32MB\nmax_wal_size = 256MB\n";

/// A server on loopback, with a password. It is gone when this is dropped.
pub(crate) struct Postgres {
    guard: Arc<Guard>,
    pub(crate) port: u16,
    pub(crate) password: String,
}

impl Postgres {
    /// The owner of everything, in each server.
    pub(crate) const USER: &str = "tests";

    /// One that doesn't wait for the disk. It takes a second, or says `skipped:` where PostgreSQL isn't installed.
    pub(crate) fn start() -> Option<Self> {
        Self::new(FAST, false)
    }

    /// One that syncs to a disk what it commits, with PostgreSQL's own settings: for benches.
    pub(crate) fn durable() -> Option<Self> {
        Self::new("", true)
    }

    /// The one that all tests of this program share. Don't stop that one.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        let mut is_first = false;
        let shared = SHARED.get_or_init(|| {
            is_first = true;
            Self::start()
        });
        if shared.is_none() && !is_first {
            skipped();
        }
        shared.as_ref()
    }

    fn new(settings: &str, on_disk: bool) -> Option<Self> {
        let Some(programs) = installed::folder_of(&["initdb", "pg_ctl", "postgres"]) else {
            skipped();
            return None;
        };
        let guard = Guard::new(&programs, on_disk, "pg_ctl -D data -m immediate -w -t 180 stop");
        let (port, password) = (free_port(), random());
        guard.write("password", &password);
        guard.run(&format!(
            "initdb -D data -U {} --pwfile password -A password -E UTF8 --locale C --no-sync",
            Self::USER
        ));
        guard.write(
            "data/postgresql.auto.conf",
            &format!(
                "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 200\n\
                 {settings}"
            ),
        );
        guard.run(BEGIN);
        Some(Self { guard: Arc::new(guard), port, password })
    }

    /// The URL of a database by its name. One named `postgres` is always there.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{}:{}@127.0.0.1:{}/{database}", Self::USER, self.password, self.port)
    }

    /// The URL of a new database.
    pub(crate) async fn database(&self) -> String {
        let name = format!("test_{}", random());
        let client = connect(&self.url("postgres")).await.expect("it answers");
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("it creates it");
        self.url(&name)
    }

    /// Ends all connections and stops, in good order. From then on, connections are refused.
    pub(crate) async fn stop(&self) {
        self.run("pg_ctl -D data -m fast -w -t 180 stop").await;
    }

    /// Stops as in a crash: what it hasn't written is gone, and it recovers when it begins.
    pub(crate) async fn kill(&self) {
        self.run("pg_ctl -D data -m immediate -w -t 180 stop").await;
    }

    /// Begins anew after `stop` or `kill`: the same address, the same data.
    pub(crate) async fn begin(&self) {
        self.run(BEGIN).await;
    }

    pub(crate) async fn restart(&self) {
        self.stop().await;
        self.begin().await;
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        self.guard.log()
    }

    /// Where it keeps all that it has.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.guard.folder()
    }

    /// Other tasks of the runtime go on meanwhile.
    async fn run(&self, line: &'static str) {
        let guard = Arc::clone(&self.guard);
        tokio::task::spawn_blocking(move || guard.run(line)).await.expect("it does as told");
    }
}

const BEGIN: &str = "pg_ctl -D data -l log -w -t 180 start";

/// A connection of tokio-postgres, served by a task.
pub(crate) async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = url.parse::<Config>()?.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn skipped() {
    installed::skipped("PostgreSQL", "apt-get install postgresql, brew install postgresql; PG_BIN names its folder");
}
