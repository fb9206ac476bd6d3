//! What an outbox must guarantee is too much to ask of a trait that anybody implements.
// says: `Mine` can't be an outbox: the trait is sealed

use axum_partnero::{MemoryOutbox, Partnero, delivery::Outbox};

struct Mine;

#[cfg(not(right))]
impl Outbox for Mine {}

fn build(outbox: impl Outbox) {
    let _ = Partnero::builder("key").outbox(outbox).build();
}

fn main() {
    build(MemoryOutbox::new());
}
