//! The handle over outboxes that fail, hang and refuse, and over ones that others share, against the sandbox over real
//! sockets.

mod ahead;
mod base;
mod breaking;
mod following;
mod inserting;
mod limits;
mod meeting;
mod ops;
mod program;
mod support;
