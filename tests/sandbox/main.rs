//! The sandbox over real sockets, as a stranger's HTTP client sees it.

#![allow(clippy::unwrap_used)]

#[path = "../shared/sign.rs"]
mod sign;
#[path = "../shared/wait.rs"]
mod wait;

mod client;
mod customer_changes;
mod customers;
mod dashboard;
mod fault_rules;
mod faults;
mod hostile;
mod outage;
mod pages;
mod partners;
mod receiver;
mod refunds;
mod router;
mod switches;
mod switches_of_shape;
mod transactions;
mod transport;
mod webhook_events;
mod webhook_failures;
mod webhook_signing;
mod webhook_way;
mod webhooks;
