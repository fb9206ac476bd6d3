//! Where the shop's outbox is: a file, or a database server.

use axum_partnero::{
    PostgresOutbox, SqliteOutbox,
    delivery::{OutboxError, PartneroBuilder},
};

pub fn is_postgres(place: &str) -> bool {
    place.starts_with("postgres://") || place.starts_with("postgresql://")
}

/// Gives a handle its outbox. A shop of yours has one of the two.
pub async fn open(place: &str, builder: PartneroBuilder) -> Result<PartneroBuilder, OutboxError> {
    if is_postgres(place) {
        let outbox = PostgresOutbox::connect(place).await?;
        outbox.create_schema().await?; // or `PostgresOutbox::SCHEMA` in a migration
        Ok(builder.outbox(outbox))
    } else {
        Ok(builder.outbox(SqliteOutbox::open(place).await?))
    }
}
