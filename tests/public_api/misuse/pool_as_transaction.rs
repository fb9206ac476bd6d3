//! A pool is no transaction: what it reports would stay when the order is rolled back.
// says: is no transaction of SQLite or PostgreSQL
// says: pass `&mut tx` of a `sqlx::Transaction`

use axum_partnero::{NewTransaction, Partnero};

async fn check_out(partnero: Partnero, mut pool: sqlx::PgPool, sale: NewTransaction) {
    #[cfg(right)]
    let transaction = &mut pool.begin().await.unwrap();
    #[cfg(not(right))]
    let transaction = &mut pool;
    let _ = partnero.in_transaction(transaction).track_sale(sale).await;
}

fn main() {
    let _ = check_out;
}
