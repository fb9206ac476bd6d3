//! The sandbox's page: what it is told over real sockets, who may have it, and what is seen of it in a real browser.

#![allow(clippy::unwrap_used)]

#[path = "../shared/axe.rs"]
mod axe;
#[path = "../shared/browser.rs"]
mod browser;
#[path = "../sandbox/client.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
mod client;
#[path = "../shared/wait.rs"]
mod wait;

mod access;
mod buttons;
mod events;
mod live;
mod screen;
mod screen_access;
