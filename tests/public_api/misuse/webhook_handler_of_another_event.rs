//! What is done with a customer isn't done with a transaction.
// says: doesn't handle this event

use std::convert::Infallible;

use axum_partnero::{CustomerData, Event, EventId, Webhooks};

async fn welcome(_: EventId, _: Event<CustomerData>) -> Result<(), Infallible> {
    Ok(())
}

fn build(webhooks: Webhooks) {
    #[cfg(right)]
    let _ = webhooks.on_customer_created(welcome);
    #[cfg(not(right))]
    let _ = webhooks.on_transaction_created(welcome);
}

fn main() {
    let _ = build;
}
