//! The dashboard: what it reads of Partnero, what it shows, and that a browser's visitor can use it.

#![allow(clippy::unwrap_used)]

#[path = "../shared/axe.rs"]
mod axe;
#[path = "../shared/browser.rs"]
mod browser;
#[path = "../shared/log.rs"]
mod log;
#[path = "../shared/wait.rs"]
mod wait;

mod app;
mod budget;
mod cache;
mod looks;
mod page;
mod reading;
mod routes;
mod using;
