//! What the tests have in common.

use std::{path::Path, time::Duration};

use axum_partnero::{
    delivery::PartneroBuilder,
    sandbox::{Answer, Fault, Sandbox},
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    child::{Database, Job},
    postgres::{Postgres, connect},
};

pub(crate) use crate::wait::{DEADLINE, ms, secs, setting, until, within};

/// What a request may take.
pub(crate) const REQUEST: Duration = Duration::from_millis(150);
/// How much later than that Partnero may still carry one out. A machine that is busy makes more of it: hence the room
/// up to [`SETTLE`].
pub(crate) const LATE: Duration = Duration::from_millis(100);
pub(crate) const LEASE: Duration = Duration::from_millis(600);
pub(crate) const SETTLE: Duration = Duration::from_millis(800);

/// The settings of a process that has little time: in proportion to each other as they are by default.
pub(crate) fn hasty(builder: PartneroBuilder) -> PartneroBuilder {
    builder.request_timeout(REQUEST).lease(LEASE).settle_delay(SETTLE).backoff(ms(10), ms(200))
}

/// The seed of a test, said so that it can be had again.
pub(crate) fn seed(test: &str) -> u64 {
    let seed = setting("PARTNERO_CRASH_SEED", fastrand::u64(..1_000_000_000));
    println!("{test}: PARTNERO_CRASH_SEED={seed}");
    seed
}

/// An affiliate program, whose partner is anna.
pub(crate) async fn partnero(seed: u64) -> Sandbox {
    Sandbox::affiliate().partner("anna").seed(seed).keep_requests(1_000_000).spawn().await.unwrap()
}

/// One request in so many meets a fault: mostly it is carried out without an answer, or carried out late.
pub(crate) fn let_it_rain(sandbox: &Sandbox, share: f64) {
    let faults: [(Fault, f64); 9] = [
        (Fault::StoreThenDrop, 0.25),
        (Fault::DropThenStore(LATE), 0.25),
        (Fault::StoreThenHang, 0.08),
        (Fault::Slow(REQUEST + LATE), 0.12),
        (Fault::store_then_500(), 0.08),
        (Fault::Refuse, 0.08),
        (Fault::Hang, 0.03),
        (Answer::status(503).into(), 0.06),
        (Fault::StoreThenAnswer(Answer::garbage(200)), 0.05),
    ];
    // Each is drawn for what those before it left.
    let mut left = 1.0;
    for (fault, part) in faults {
        sandbox.fault(fault).probability(share * part / left);
        left -= share * part;
    }
}

impl Job {
    pub(crate) fn new(outbox: Database, sandbox: &Sandbox) -> Self {
        Self {
            outbox,
            url: sandbox.url(),
            api_key: sandbox.api_key(),
            reads_up_to: None,
            dispatch: true,
            observer: false,
        }
    }
}

/// A database of a test's own, and what keeps it.
pub(crate) struct Place {
    pub(crate) database: Database,
    _folder: Option<tempfile::TempDir>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { database: Database::Sqlite(folder.path().join("partnero.db")), _folder: Some(folder) }
    }

    /// `None` where PostgreSQL isn't installed: said.
    pub(crate) async fn postgres() -> Option<Self> {
        Some(Self::in_postgres(Postgres::shared()?.database().await))
    }

    pub(crate) fn in_postgres(url: String) -> Self {
        Self { database: Database::Postgres(url), _folder: None }
    }

    /// Of one in PostgreSQL.
    pub(crate) fn url(&self) -> &str {
        match &self.database {
            Database::Postgres(url) => url,
            Database::Sqlite(path) => panic!("{} has no URL", path.display()),
        }
    }

    /// Of one in SQLite.
    pub(crate) fn path(&self) -> &Path {
        match &self.database {
            Database::Sqlite(path) => path,
            Database::Postgres(_) => panic!("it has no path"),
        }
    }

    /// Does what no application should. How many rows it changed.
    pub(crate) async fn meddle(&self, sql: &str) -> u64 {
        match &self.database {
            Database::Sqlite(path) => {
                let mut connection = sqlite(path).await;
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap().rows_affected()
            }
            Database::Postgres(url) => connect(url).await.unwrap().execute(sql, &[]).await.unwrap(),
        }
    }

    /// A column of its tables.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        match &self.database {
            Database::Sqlite(path) => {
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut sqlite(path).await).await.unwrap()
            }
            Database::Postgres(url) => {
                let rows = connect(url).await.unwrap().query(sql, &[]).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Has every call looked at as soon as nothing of it can be under way.
    pub(crate) async fn hurry(&self) {
        let skip = match self.database {
            Database::Sqlite(_) => "",
            Database::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        };
        self.meddle(&format!(
            "UPDATE partnero_calls SET due = quiet_until WHERE id IN (SELECT id FROM partnero_calls \
             WHERE state IN ('pending', 'uncertain', 'deleted') AND due > quiet_until {skip})"
        ))
        .await;
    }

    /// What isn't over yet.
    pub(crate) async fn open(&self) -> Vec<String> {
        let now = match self.database {
            Database::Sqlite(_) => "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
            Database::Postgres(_) => "CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT)",
        };
        self.texts(&format!(
            "SELECT id || ' ' || kind || ' ' || state || ' ' || COALESCE(customer_key, '') || ' ' || \
             COALESCE(transaction_key, '') || ' due in ' || COALESCE(CAST(due - {now} AS TEXT), 'ever') || ', ' || \
             attempts || ' attempts ' || COALESCE(reason, '') FROM partnero_calls WHERE state NOT IN ('done', 'gone')"
        ))
        .await
    }

    /// A number from its tables.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        match &self.database {
            Database::Sqlite(path) => sqlx::query_scalar(sql).fetch_one(&mut sqlite(path).await).await.unwrap(),
            Database::Postgres(url) => connect(url).await.unwrap().query_one(sql, &[]).await.unwrap().get(0),
        }
    }
}

/// A connection that waits for others.
pub(crate) async fn sqlite(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(secs(10));
    options.connect().await.unwrap()
}
