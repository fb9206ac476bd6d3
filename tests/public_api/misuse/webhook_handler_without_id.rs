//! A handler takes the event's id first: an event can come twice.
// says: doesn't handle this event
// says: its arguments are `EventId` and the event

use std::convert::Infallible;

use axum_partnero::{CustomerData, Event, EventId, WebhookSecret, Webhooks};

#[cfg(right)]
async fn welcome(_: EventId, _: Event<CustomerData>) -> Result<(), Infallible> {
    Ok(())
}

#[cfg(not(right))]
async fn welcome(_: Event<CustomerData>) -> Result<(), Infallible> {
    Ok(())
}

fn build(secret: WebhookSecret) {
    let _: Webhooks = Webhooks::new(secret).on_customer_created(welcome);
}

fn main() {
    let _ = build;
}
