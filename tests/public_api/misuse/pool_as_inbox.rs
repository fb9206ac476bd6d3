//! Events are kept beside the calls of an outbox.
// says: keeps no events
// says: pass a clone of the outbox that `Partnero` was given

use axum_partnero::{PostgresOutbox, Webhooks};

fn build(webhooks: Webhooks, pool: sqlx::PgPool) {
    #[cfg(right)]
    let pool = PostgresOutbox::new(pool);
    let _ = webhooks.inbox(pool);
}

fn main() {
    let _ = build;
}
