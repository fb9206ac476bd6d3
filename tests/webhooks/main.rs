//! Webhooks over real sockets: what is answered, what is handled, and that nothing is lost or done twice when handlers
//! and processes fail.
//!
//! `PARTNERO_WEBHOOKS` is how many webhooks are sent in the chaos (10,000), `PARTNERO_WEBHOOKS_SEED` repeats a failure.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "../shared/log.rs"]
mod log;
#[path = "../shared/pgbouncer.rs"]
mod pgbouncer;
#[path = "../shared/postgres.rs"]
mod postgres;
#[path = "../shared/scrape.rs"]
mod scrape;
#[path = "../shared/sign.rs"]
mod sign;
#[path = "../shared/wait.rs"]
mod wait;

mod ages;
mod answers;
mod chaos;
mod child;
#[expect(unreachable_pub, reason = "an example's")]
#[path = "../../examples/shop/commissions.rs"]
mod commissions;
mod deadlines;
mod effects;
mod ending;
mod events;
mod handlers;
mod hostile;
mod lanes;
mod leaving;
mod letters;
mod logging;
mod metrics;
mod pooler;
mod process;
mod shop;
mod support;
mod trouble;
