//! Outboxes in real databases.

use std::sync::Arc;

#[cfg(feature = "sqlx-postgres")]
use crate::delivery::PostgresOutbox;
#[cfg(feature = "sqlx-sqlite")]
use crate::delivery::SqliteOutbox;
use crate::delivery::clock::Clock;

use super::subject::{Subject, opening};

#[cfg(feature = "sqlx-postgres")]
#[path = "../../../tests/shared/postgres.rs"]
mod server;

/// A database in memory: what is tried here is what it is told, not whether its disk is good.
#[cfg(feature = "sqlx-sqlite")]
pub(super) async fn sqlite(clock: Clock) -> Arc<dyn Subject> {
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let outbox = SqliteOutbox::new(pool.connect("sqlite::memory:").await.unwrap());
    outbox.create_schema().await.unwrap();
    outbox.subject(opening(&clock))
}

/// The URL of a server's database, without tables. `None` if there is no server here: that is said.
#[cfg(feature = "sqlx-postgres")]
pub(crate) async fn database() -> Option<String> {
    Some(server::Postgres::shared()?.database().await)
}

/// A server's database, with its tables. `None` if there is no server here: that is said.
#[cfg(feature = "sqlx-postgres")]
pub(super) async fn postgres() -> Option<PostgresOutbox> {
    let outbox = PostgresOutbox::connect(&database().await?).await.unwrap();
    outbox.create_schema().await.unwrap();
    Some(outbox)
}

/// The outbox of another name in that database each time.
#[cfg(feature = "sqlx-postgres")]
pub(super) fn named(outbox: &PostgresOutbox, clock: &Clock) -> Arc<dyn Subject> {
    let name = format!("history {:?}", crate::delivery::call::CallId::new());
    outbox.clone().subject(crate::delivery::outbox::Opening { name, ..opening(clock) })
}
