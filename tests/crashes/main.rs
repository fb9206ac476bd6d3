//! Nothing lost, nothing twice: processes that are killed, stopped and restarted, databases that go and come back, and
//! rows that nobody should have touched.
//!
//! `PARTNERO_CRASH_ROUNDS` is how often the kills are repeated (100), `PARTNERO_CRASH_SEED` repeats a failure.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "../shared/log.rs"]
mod log;
#[path = "../shared/postgres.rs"]
mod postgres;
#[path = "../shared/wait.rs"]
mod wait;

mod books;
mod child;
mod clocks;
mod copies;
mod corrupt;
mod elsewhere;
mod frozen;
mod full_disk;
mod gone;
mod kills;
mod many;
mod plan;
mod poisoned;
mod process;
mod rolling;
mod shop;
mod support;
