//! The table of an inbox, as somebody sees it who looks into the database.

use std::path::Path;

use sqlx::{PgPool, SqlitePool, postgres::PgPoolOptions};

pub(crate) enum Events {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Events {
    pub(crate) async fn sqlite(file: &Path) -> Self {
        Self::Sqlite(SqlitePool::connect(file.to_str().unwrap()).await.unwrap())
    }

    pub(crate) async fn postgres(url: &str) -> Self {
        Self::Postgres(PgPoolOptions::new().max_connections(1).connect(url).await.unwrap())
    }

    /// How many are in one of these states.
    pub(crate) async fn count<const N: usize>(&self, states: [&str; N]) -> i64 {
        let mut sum = 0;
        for state in states {
            const COUNT: &str = "SELECT COUNT(*) FROM partnero_events WHERE state = $1";
            let count: i64 = match self {
                Self::Sqlite(pool) => sqlx::query_scalar(COUNT).bind(state).fetch_one(pool).await.unwrap(),
                Self::Postgres(pool) => sqlx::query_scalar(COUNT).bind(state).fetch_one(pool).await.unwrap(),
            };
            sum += count;
        }
        sum
    }
}
