//! What is counted and measured, by the facade of the crate `metrics`. Without the feature of that name, nothing is.
//!
//! All names and labels are here. No label holds anything that a visitor, a customer or a sender of webhooks chose.

#[cfg(not(feature = "metrics"))]
mod off;
#[cfg(feature = "metrics")]
mod on;

#[cfg(not(feature = "metrics"))]
pub(crate) use off::{call, refused, request};
#[cfg(feature = "metrics")]
pub(crate) use on::{Queue, begin, call, queue, refused, request};

#[cfg(all(feature = "webhooks", not(feature = "metrics")))]
pub(crate) use off::webhook;
#[cfg(all(feature = "webhooks", feature = "metrics"))]
pub(crate) use on::webhook;
