//! Deliveries over real sockets, against the sandbox.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "../shared/log.rs"]
mod log;
#[path = "../shared/scrape.rs"]
mod scrape;
#[path = "../shared/wait.rs"]
mod wait;

mod ahead;
mod answers_to_refunds;
mod answers_to_sales;
mod answers_to_sign_ups;
mod chaos;
mod clock;
mod faults;
mod first;
mod gauges;
mod holds;
mod metrics;
mod nothing_waits;
mod observing;
mod sequences;
mod shutdown;
mod support;
mod uncertainty;
