//! An `f64` has no exact cents.
// says: the trait bound `Amount: From<f64>` is not satisfied
// says: Decimal

use axum_partnero::{Amount, NewTransaction};

fn main() {
    #[cfg(right)]
    let amount = Amount::from_minor(4990, "usd").unwrap();
    #[cfg(not(right))]
    let amount: f64 = 49.90;
    let _ = NewTransaction::new("order-1", amount);
}
