//! Nothing is counted: the feature `metrics` is off.

use std::time::Duration;

pub(crate) fn call(_: &str, _: &'static str, _: &'static str) {}

pub(crate) fn refused(_: &str, _: &'static str) {}

pub(crate) fn request(_: &'static str, _: &'static str, _: &str, _: Duration) {}

#[cfg(feature = "webhooks")]
pub(crate) fn webhook(_: &'static str, _: &'static str) {}
