//! The layer that captures keys from links, keeps them in a cookie, and asks for consent.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic, and so may what helps it")]

#[path = "../shared/browser.rs"]
mod browser;
#[path = "../shared/log.rs"]
mod log;

mod attribution;
mod bounds;
mod clearing;
mod consent;
mod cookie;
mod in_a_browser;
mod links;
mod mistakes;
mod properties;
mod support;
mod twins;
