//! A pool is no outbox yet.
// says: is no outbox
// says: `SqliteOutbox::new(pool)` or `PostgresOutbox::new(pool)` makes one

use axum_partnero::{Partnero, PostgresOutbox};

fn build(pool: sqlx::PgPool) {
    #[cfg(right)]
    let pool = PostgresOutbox::new(pool);
    let _ = Partnero::builder("key").outbox(pool).build();
}

fn main() {
    let _ = build;
}
