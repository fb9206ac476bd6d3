//! The API client over real sockets.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]

mod answers;
mod building;
mod lists;
mod requests;
mod server;
mod transport;
