//! A tracked call is no future: what of it is to be waited for?
// says: `Tracked<Transaction>` is not a future

use axum_partnero::{NewTransaction, Partnero};

async fn check_out(partnero: Partnero, sale: NewTransaction) {
    #[cfg(right)]
    let _ = partnero.track_sale(sale).stored().await;
    #[cfg(not(right))]
    let _ = partnero.track_sale(sale).await;
}

fn main() {
    let _ = check_out;
}
