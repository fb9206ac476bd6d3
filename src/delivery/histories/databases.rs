//! Outboxes in real databases.

use std::sync::Arc;

use crate::delivery::{SqliteOutbox, clock::Clock};

use super::subject::{Subject, opening};

/// A database in memory: what is tried here is what it is told, not whether its disk is good.
pub(super) async fn sqlite(clock: Clock) -> Arc<dyn Subject> {
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let outbox = SqliteOutbox::new(pool.connect("sqlite::memory:").await.unwrap());
    outbox.create_schema().await.unwrap();
    outbox.subject(opening(&clock))
}
