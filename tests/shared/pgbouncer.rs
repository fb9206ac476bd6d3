//! PgBouncer before a PostgreSQL of ours, as hosts put it there: each transaction has another connection.
//!
//! It stands beside `postgres`, which it needs:
//!
//! ```text
//! #[path = "../shared/pgbouncer.rs"]
//! mod pgbouncer;
//! #[path = "../shared/postgres.rs"]
//! mod postgres;
//! ```
#![allow(dead_code, reason = "whoever includes it uses a part")]

use std::{process::Command, thread, time::Duration};

use super::postgres::{
    Postgres,
    guard::{Guard, free_port},
    installed,
};

/// A pooler on loopback. It is gone when this is dropped.
pub(crate) struct PgBouncer {
    guard: Guard,
    pub(crate) port: u16,
    password: String,
}

impl PgBouncer {
    /// How many connections to a database all of its clients share.
    pub(crate) const CONNECTIONS: usize = 3;

    /// Says `skipped:` where it isn't installed.
    pub(crate) fn start(postgres: &Postgres) -> Option<Self> {
        let Some(programs) = installed::folder_of(&["pgbouncer"]) else {
            installed::skipped("PgBouncer", "apt-get install pgbouncer, brew install pgbouncer");
            return None;
        };
        let (port, user, password) = (free_port(), Postgres::USER, &postgres.password);
        // 1.18 doesn't know it, 1.24 has another default.
        let version = Command::new(programs.join("pgbouncer")).arg("--version").output().expect("its version").stdout;
        let version = String::from_utf8_lossy(&version).into_owned();
        let minor = version.split_once("PgBouncer 1.").and_then(|(_, rest)| rest.split('.').next()?.parse().ok());
        let prepared = if minor.unwrap_or(0) < 21 { "" } else { "max_prepared_statements = 0" };
        let guard = Guard::new(&programs, false, r#"kill -9 "$server"; wait"#);
        guard.write("users", &format!("\"{user}\" \"{password}\"\n"));
        guard.write(
            "pgbouncer.ini",
            &format!(
                "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
                 unix_socket_dir =\nauth_type = plain\nauth_file = users\npool_mode = transaction\n\
                 default_pool_size = {}\nmax_client_conn = 500\nserver_login_retry = 1\n\
                 ignore_startup_parameters = extra_float_digits\n{prepared}\n",
                postgres.port,
                Self::CONNECTIONS,
            ),
        );
        guard.run("pgbouncer pgbouncer.ini & server=$!");
        // It listens before it says so.
        let is_up = (0..1500).any(|_| {
            thread::sleep(Duration::from_millis(20));
            guard.log().contains("process up")
        });
        assert!(is_up, "it doesn't begin: {}", guard.log());
        Some(Self { guard, port, password: password.clone() })
    }

    /// The way through it to a database, by its name or its direct URL.
    pub(crate) fn url(&self, database: &str) -> String {
        let name = database.rsplit('/').next().unwrap_or(database);
        format!("postgres://{}:{}@127.0.0.1:{}/{name}", Postgres::USER, self.password, self.port)
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        self.guard.log()
    }

    /// Where it keeps all that it has.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.guard.folder()
    }
}
