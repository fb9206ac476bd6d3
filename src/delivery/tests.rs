//! The handle over outboxes that fail, hang and refuse, and over ones that others share, against the sandbox over real
//! sockets.

mod ahead;
mod base;
mod breaking;
mod following;
mod inserting;
mod limits;
mod ops;
mod program;
mod support;
