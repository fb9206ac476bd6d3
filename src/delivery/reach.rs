//! Whether the outbox is in reach: said once when it is lost, and once when it is back, whichever task finds out.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::delivery::outbox::OutboxError;

/// The tasks that have lost the outbox, or the inbox.
#[derive(Debug)]
pub(crate) struct Reach {
    lost: AtomicU8,
    /// What is lost then, and what that means.
    what: &'static str,
    waits: &'static str,
}

/// Who finds out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Finder {
    Writer = 1,
    Dispatcher = 2,
}

impl Default for Reach {
    fn default() -> Self {
        Self::new("outbox", "calls and deliveries wait until the outbox is back")
    }
}

impl Reach {
    pub(crate) fn new(what: &'static str, waits: &'static str) -> Self {
        Self { lost: AtomicU8::new(0), what, waits }
    }

    /// It can't be reached, or doesn't do what it is asked.
    pub(crate) fn lost(&self, outbox: &str, finder: Finder, error: &OutboxError) {
        if self.lost.fetch_or(finder as u8, Ordering::AcqRel) == 0 {
            tracing::error!(outbox, %error, "{}", self.waits);
        }
    }

    /// It answers. One task may be well served while the other is not: a full disk can still be read.
    pub(crate) fn back(&self, outbox: &str, finder: Finder) {
        let bit = finder as u8;
        if self.lost.load(Ordering::Acquire) & bit != 0 && self.lost.fetch_and(!bit, Ordering::AcqRel) == bit {
            tracing::info!(outbox, "the {} is back", self.what);
        }
    }
}
