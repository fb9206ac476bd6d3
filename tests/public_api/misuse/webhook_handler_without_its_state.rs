//! A handler that takes a state needs a router with that state.
// says: doesn't handle this event
// says: `State<T>` of what the router's state holds

use std::convert::Infallible;

use axum::extract::State;
use axum_partnero::{CustomerData, Event, EventId, Webhooks};

#[derive(Clone)]
struct Database;

async fn welcome(_: State<Database>, _: EventId, _: Event<CustomerData>) -> Result<(), Infallible> {
    Ok(())
}

#[cfg(right)]
fn build(webhooks: Webhooks<Database>) {
    let _ = webhooks.on_customer_created(welcome);
}

#[cfg(not(right))]
fn build(webhooks: Webhooks) {
    let _ = webhooks.on_customer_created(welcome);
}

fn main() {
    let _ = build;
}
