//! Whether the outbox is in reach: said once when it is lost, and once when it is back, whichever task finds out.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::delivery::outbox::OutboxError;

/// The tasks that have lost the outbox.
#[derive(Debug, Default)]
pub(crate) struct Reach(AtomicU8);

/// Who finds out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Finder {
    Writer = 1,
    Dispatcher = 2,
}

impl Reach {
    /// It can't be reached, or doesn't do what it is asked.
    pub(crate) fn lost(&self, outbox: &str, finder: Finder, error: &OutboxError) {
        if self.0.fetch_or(finder as u8, Ordering::AcqRel) == 0 {
            tracing::error!(outbox, %error, "calls and deliveries wait until the outbox is back");
        }
    }

    /// It answers. One task may be well served while the other is not: a full disk can still be read.
    pub(crate) fn back(&self, outbox: &str, finder: Finder) {
        let bit = finder as u8;
        if self.0.load(Ordering::Acquire) & bit != 0 && self.0.fetch_and(!bit, Ordering::AcqRel) == bit {
            tracing::info!(outbox, "the outbox is back");
        }
    }
}
