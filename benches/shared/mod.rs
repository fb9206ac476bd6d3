//! What the benches of deliveries share.
#![allow(dead_code, reason = "each bench has it as a module of its own")]

pub(crate) mod figures;
pub(crate) mod sales;
pub(crate) mod server;
