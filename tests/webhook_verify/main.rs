//! Webhooks: what counts as Partnero's, what is read of it, and what is answered and logged.
#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what helps it")]

mod bodies;
mod events;
mod extractor;
mod headers;
#[path = "../shared/log.rs"]
mod log;
mod logging;
mod names;
mod properties;
#[path = "../shared/sign.rs"]
mod sign;
mod signed;
mod tampering;
