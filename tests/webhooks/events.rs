//! The tables of an inbox, as somebody sees it who looks into the database.

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

    /// How many wait or are being handled.
    pub(crate) async fn open(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM partnero_events WHERE state IN ('pending', 'claimed')").await
    }

    pub(crate) async fn dead(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM partnero_events WHERE state = 'dead'").await
    }

    pub(crate) async fn over(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM partnero_seen WHERE id NOT IN (SELECT id FROM partnero_events)").await
    }

    async fn count(&self, question: &'static str) -> i64 {
        match self {
            Self::Sqlite(pool) => sqlx::query_scalar(question).fetch_one(pool).await.unwrap(),
            Self::Postgres(pool) => sqlx::query_scalar(question).fetch_one(pool).await.unwrap(),
        }
    }
}
