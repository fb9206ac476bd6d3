//! The sandbox over real sockets, as a stranger's HTTP client sees it.

mod client;
mod customers;
mod dashboard;
mod faults;
mod outage;
mod pages;
mod partners;
mod router;
mod switches;
mod transactions;
mod transport;
mod webhooks;
