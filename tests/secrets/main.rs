//! Nothing secret and nobody's data is in any log, error or `Debug`: of this crate and of all that it uses, at every level,
//! on every thread.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "../shared/postgres.rs"]
mod postgres;
#[path = "../shared/sign.rs"]
mod sign;
#[path = "../shared/user.rs"]
mod user;
#[path = "../shared/wait.rs"]
mod wait;

mod application;
mod bad_day;
mod debug;
mod told;
