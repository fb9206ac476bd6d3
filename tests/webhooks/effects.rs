//! What handlers do: an application's own tables, in which each event counts once by its id.

use std::path::Path;

use axum_partnero::WebhookEvent;
use serde::Deserialize;
use sqlx::{
    PgPool, SqlitePool,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS effects (nth SERIAL_KEY, id TEXT NOT NULL UNIQUE, resource TEXT NOT NULL, n BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS balances (resource TEXT PRIMARY KEY, events BIGINT NOT NULL)",
];
const TAKE: &str = "INSERT INTO effects (id, resource, n) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";
const COUNT: &str = "INSERT INTO balances (resource, events) VALUES ($1, 1) \
     ON CONFLICT (resource) DO UPDATE SET events = balances.events + 1";

#[derive(Clone)]
pub(crate) enum Effects {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// An effect, in the order in which they were had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) id: String,
    pub(crate) resource: String,
    pub(crate) n: i64,
}

macro_rules! each {
    ($effects:expr, $pool:ident => $do:expr) => {
        match $effects {
            Effects::Sqlite($pool) => $do,
            Effects::Postgres($pool) => $do,
        }
    };
}

impl Effects {
    pub(crate) async fn sqlite(file: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Off);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        let effects = Self::Sqlite(pool);
        effects.make("INTEGER PRIMARY KEY AUTOINCREMENT").await;
        effects
    }

    pub(crate) async fn postgres(url: &str) -> Self {
        let effects = Self::Postgres(PgPoolOptions::new().max_connections(8).connect(url).await.unwrap());
        effects.make("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY").await;
        effects
    }

    async fn make(&self, serial: &str) {
        for table in TABLES {
            let table = sqlx::AssertSqlSafe(table.replace("SERIAL_KEY", serial));
            // Two processes may make it at the same time: one of them fails, and it is there.
            let _ = each!(self, pool => sqlx::query(table).execute(pool).await.map(drop));
        }
    }

    /// Counts the event, unless it was counted before.
    pub(crate) async fn take(&self, id: &str, event: &WebhookEvent) -> Result<(), sqlx::Error> {
        #[derive(Default, Deserialize)]
        struct Data {
            #[serde(default)]
            n: i64,
        }

        let (resource, n) =
            (event.resource().unwrap_or_default(), event.envelope().data_as::<Data>().unwrap_or_default().n);
        each!(self, pool => {
            let mut tx = pool.begin().await?;
            let taken = sqlx::query(TAKE).bind(id).bind(&resource).bind(n).execute(&mut *tx).await?;
            if taken.rows_affected() == 1 {
                sqlx::query(COUNT).bind(&resource).execute(&mut *tx).await?;
            }
            tx.commit().await
        })
    }

    pub(crate) async fn all(&self) -> Vec<Effect> {
        const ALL: &str = "SELECT id, resource, n FROM effects ORDER BY nth";
        let rows: Vec<_> = each!(self, pool => sqlx::query_as(ALL).fetch_all(pool).await.unwrap());
        rows.into_iter().map(|(id, resource, n)| Effect { id, resource, n }).collect()
    }

    pub(crate) async fn count(&self) -> i64 {
        each!(self, pool => sqlx::query_scalar("SELECT COUNT(*) FROM effects").fetch_one(pool).await.unwrap())
    }

    /// The sum of all balances.
    pub(crate) async fn sum(&self) -> i64 {
        const SUM: &str = "SELECT CAST(SUM(events) AS BIGINT) FROM balances";
        each!(self, pool => sqlx::query_scalar(SUM).fetch_one(pool).await.unwrap())
    }
}
