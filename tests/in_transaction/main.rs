//! Calls that an application stores in its own transactions: real databases, real sockets, the sandbox.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod database;
mod late;
mod locks;
#[path = "../shared/log.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod log;
mod order;
#[path = "../shared/pgbouncer.rs"]
mod pgbouncer;
mod pooler;
#[path = "../shared/postgres.rs"]
mod postgres;
mod refused;
mod rows;
#[path = "../delivery/support.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod support;
mod together;
mod unusual;
#[path = "../shared/wait.rs"]
mod wait;
mod wrong;
