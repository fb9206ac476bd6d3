//! Where the shop keeps its calls to Partnero until they are delivered, and Partnero's events until they are handled: a
//! file, or a database server.

use axum_partnero::{
    PostgresOutbox, SqliteOutbox, Webhooks,
    delivery::{OutboxError, PartneroBuilder},
};

/// A shop of yours has one of the two.
pub enum Outbox {
    Sqlite(SqliteOutbox),
    Postgres(PostgresOutbox),
}

pub fn is_postgres(place: &str) -> bool {
    place.starts_with("postgres://") || place.starts_with("postgresql://")
}

impl Outbox {
    pub async fn open(place: &str) -> Result<Self, OutboxError> {
        if is_postgres(place) {
            let outbox = PostgresOutbox::connect(place).await?;
            outbox.create_schema().await?; // or `PostgresOutbox::SCHEMA` in a migration
            Ok(Self::Postgres(outbox))
        } else {
            Ok(Self::Sqlite(SqliteOutbox::open(place).await?))
        }
    }

    pub fn of_calls(&self, builder: PartneroBuilder) -> PartneroBuilder {
        match self {
            Self::Sqlite(outbox) => builder.outbox(outbox.clone()),
            Self::Postgres(outbox) => builder.outbox(outbox.clone()),
        }
    }

    pub fn of_events<S: Send + Sync + 'static>(&self, webhooks: Webhooks<S>) -> Webhooks<S> {
        match self {
            Self::Sqlite(outbox) => webhooks.inbox(outbox.clone()),
            Self::Postgres(outbox) => webhooks.inbox(outbox.clone()),
        }
    }
}
