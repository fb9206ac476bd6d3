//! An application's own database, with its table of orders beside the outbox's, and Partnero.

use axum_partnero::{
    Partnero, PostgresOutbox, SqliteOutbox,
    delivery::{InTransaction, PartneroBuilder},
    sandbox::{Sandbox, SandboxBuilder},
};
use sqlx::{
    PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use tempfile::TempDir;

use crate::{
    postgres,
    support::{DEADLINE, within},
};

const ORDERS: &str = "CREATE TABLE orders (id TEXT NOT NULL PRIMARY KEY)";
const NEW_ORDER: &str = "INSERT INTO orders (id) VALUES ($1)";
const CALLS: &str = "SELECT COUNT(*) FROM partnero_calls";
const LAST: &str = "SELECT MAX(id) FROM partnero_calls";
const STATE: &str = "SELECT state || COALESCE(': ' || outcome, '') FROM partnero_calls WHERE id = $1";
const OUTCOMES: &str = "SELECT state || COALESCE(': ' || outcome, '') FROM partnero_calls \
     WHERE kind = $1 AND COALESCE(transaction_key, customer_key) = $2 ORDER BY id";

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

pub(crate) enum Database {
    Sqlite { pool: SqlitePool, folder: TempDir },
    Postgres { pool: PgPool, url: String },
}

pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Database {
    /// With the outbox's tables.
    pub(crate) async fn of(kind: Kind) -> Option<Self> {
        let database = Self::without_outbox(kind).await?;
        match &database {
            Self::Sqlite { pool, .. } => SqliteOutbox::new(pool.clone()).create_schema().await.unwrap(),
            Self::Postgres { pool, .. } => PostgresOutbox::new(pool.clone()).create_schema().await.unwrap(),
        }
        Some(database)
    }

    /// With the table of orders alone.
    pub(crate) async fn without_outbox(kind: Kind) -> Option<Self> {
        Some(match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let options = SqliteConnectOptions::new().filename(folder.path().join("app.db"));
                let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
                let pool = SqlitePool::connect_with(options).await.unwrap();
                sqlx::query(ORDERS).execute(&pool).await.unwrap();
                Self::Sqlite { pool, folder }
            }
            Kind::Postgres => {
                let url = postgres::Postgres::shared()?.database().await;
                let pool = PgPoolOptions::new().max_connections(12).connect(&url).await.unwrap();
                sqlx::query(ORDERS).execute(&pool).await.unwrap();
                Self::Postgres { pool, url }
            }
        })
    }

    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Sqlite { .. } => unreachable!("a file has none"),
            Self::Postgres { url, .. } => url,
        }
    }

    pub(crate) fn builder(&self, sandbox: &Sandbox) -> PartneroBuilder {
        let builder = sandbox.partnero_builder();
        match self {
            Self::Sqlite { pool, .. } => builder.outbox(SqliteOutbox::new(pool.clone())),
            Self::Postgres { pool, .. } => builder.outbox(PostgresOutbox::new(pool.clone())),
        }
    }

    pub(crate) async fn begin(&self) -> Tx {
        match self {
            Self::Sqlite { pool, .. } => Tx::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await.unwrap()),
            Self::Postgres { pool, .. } => Tx::Postgres(pool.begin().await.unwrap()),
        }
    }

    /// How many rows the outbox has.
    pub(crate) async fn calls(&self) -> i64 {
        match self {
            Self::Sqlite { pool, .. } => sqlx::query_scalar(CALLS).fetch_one(pool).await.unwrap(),
            Self::Postgres { pool, .. } => sqlx::query_scalar(CALLS).fetch_one(pool).await.unwrap(),
        }
    }

    pub(crate) async fn orders(&self) -> Vec<String> {
        let orders = "SELECT id FROM orders ORDER BY id";
        match self {
            Self::Sqlite { pool, .. } => sqlx::query_scalar(orders).fetch_all(pool).await.unwrap(),
            Self::Postgres { pool, .. } => sqlx::query_scalar(orders).fetch_all(pool).await.unwrap(),
        }
    }

    /// What became of a call.
    pub(crate) async fn outcome(&self, id: i64) -> String {
        match self {
            Self::Sqlite { pool, .. } => sqlx::query_scalar(STATE).bind(id).fetch_one(pool).await.unwrap(),
            Self::Postgres { pool, .. } => sqlx::query_scalar(STATE).bind(id).fetch_one(pool).await.unwrap(),
        }
    }

    /// What became of the calls of a kind and a key, a sign-up's being the customer's; but for those that left no trace.
    pub(crate) async fn outcomes(&self, kind: &str, key: &str) -> Vec<String> {
        match self {
            Self::Sqlite { pool, .. } => sqlx::query_scalar(OUTCOMES).bind(kind).bind(key).fetch_all(pool).await,
            Self::Postgres { pool, .. } => sqlx::query_scalar(OUTCOMES).bind(kind).bind(key).fetch_all(pool).await,
        }
        .unwrap()
    }
}

impl Tx {
    pub(crate) fn with<'a>(&'a mut self, partnero: &'a Partnero) -> InTransaction<'a> {
        match self {
            Self::Sqlite(tx) => partnero.in_transaction(tx),
            Self::Postgres(tx) => partnero.in_transaction(tx),
        }
    }

    /// What the application itself has to say.
    pub(crate) async fn order(&mut self, id: &str) {
        match self {
            Self::Sqlite(tx) => drop(sqlx::query(NEW_ORDER).bind(id).execute(&mut **tx).await.unwrap()),
            Self::Postgres(tx) => drop(sqlx::query(NEW_ORDER).bind(id).execute(&mut **tx).await.unwrap()),
        }
    }

    /// The id of the call that was stored last.
    pub(crate) async fn last_call(&mut self) -> i64 {
        match self {
            Self::Sqlite(tx) => sqlx::query_scalar(LAST).fetch_one(&mut **tx).await.unwrap(),
            Self::Postgres(tx) => sqlx::query_scalar(LAST).fetch_one(&mut **tx).await.unwrap(),
        }
    }

    pub(crate) async fn commit(self) {
        match self {
            Self::Sqlite(tx) => tx.commit().await.unwrap(),
            Self::Postgres(tx) => tx.commit().await.unwrap(),
        }
    }

    pub(crate) async fn rollback(self) {
        match self {
            Self::Sqlite(tx) => tx.rollback().await.unwrap(),
            Self::Postgres(tx) => tx.rollback().await.unwrap(),
        }
    }
}

/// An application with an outbox in its own database.
pub(crate) struct App {
    pub(crate) sandbox: Sandbox,
    pub(crate) partnero: Partnero,
    pub(crate) database: Database,
}

impl App {
    pub(crate) async fn open(kind: Kind, sandbox: SandboxBuilder) -> Option<Self> {
        Self::open_with(kind, sandbox, |builder| builder).await
    }

    pub(crate) async fn open_with(
        kind: Kind,
        sandbox: SandboxBuilder,
        set: impl FnOnce(PartneroBuilder) -> PartneroBuilder,
    ) -> Option<Self> {
        let database = Database::of(kind).await?;
        let sandbox = sandbox.seed(7).spawn().await.unwrap();
        let partnero = set(database.builder(&sandbox)).build().unwrap();
        Some(Self { sandbox, partnero, database })
    }

    pub(crate) async fn flush(&self) {
        within(self.partnero.flush(DEADLINE)).await.unwrap();
    }

    /// `POST /transactions` and the like, in the order of arrival, but for probes.
    pub(crate) fn requests(&self) -> Vec<String> {
        let line = |path: &str| path.strip_prefix("/v1").unwrap_or(path).to_owned();
        let requests = self.sandbox.requests();
        let lines = requests.iter().map(|request| format!("{} {}", request.method, line(&request.path)));
        lines.filter(|line| line != "GET /test").collect()
    }

    /// The live amounts of a transaction key.
    pub(crate) fn live(&self, key: &str) -> Vec<axum_partnero::Decimal> {
        self.sandbox.ledger().live_transactions(key).iter().map(|row| row.amount).collect()
    }

    /// How many rows a transaction key ever had at Partnero, deleted ones among them.
    pub(crate) fn rows(&self, key: &str) -> usize {
        self.sandbox.ledger().transactions().iter().filter(|row| row.key == key).count()
    }
}
