//! Nothing is inserted before it is awaited.
#![deny(unused_must_use)]
// says: that must be used
// says: futures do nothing unless you `.await`

use axum_partnero::{NewTransaction, Partnero};

async fn check_out(partnero: Partnero, transaction: &mut sqlx::SqliteConnection, sale: NewTransaction) {
    #[cfg(right)]
    partnero.in_transaction(transaction).track_sale(sale).await.unwrap();
    #[cfg(not(right))]
    partnero.in_transaction(transaction).track_sale(sale);
}

fn main() {
    let _ = check_out;
}
