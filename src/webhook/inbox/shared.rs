//! What the tasks of an inbox share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

use crate::{
    delivery::{Clock, Reach, Stop},
    webhook::{WebhookEvent, age::time_of, handler::Handlers, seldom::Seldom},
};

use super::{
    course::Terms,
    store::{Keeping, Store},
};

/// Held by the tasks; the handles hold it too, so it must not keep the tasks alive by itself.
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) handlers: Handlers<()>,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    /// An operator asked for something, or something was discarded: look at the inbox.
    pub(crate) nudge: Arc<Notify>,
    pub(crate) stop: watch::Sender<Stop>,
    pub(crate) reach: Reach,
    pub(crate) handled: AtomicU64,
    pub(crate) too_old: AtomicU64,
    pub(crate) died: AtomicU64,
    /// What is said of requests that weren't read.
    pub(crate) unread: Seldom,
    pub(crate) loss_is_said: AtomicBool,
}

/// The settings of an inbox, every one of them such that it can be reckoned with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) capacity: usize,
    pub(crate) max_in_progress: usize,
    pub(crate) handler_timeout: Duration,
    pub(crate) lease: Duration,
    pub(crate) attempts: u32,
    pub(crate) backoff: (Duration, Duration),
    pub(crate) max_age: Option<Duration>,
    pub(crate) keeping: Keeping,
}

impl Settings {
    pub(crate) fn terms(&self) -> Terms {
        Terms { lease: self.lease, attempts: self.attempts, backoff: self.backoff }
    }
}

impl Shared {
    /// Whether an event has been on its way for too long: by its own time, or if it names none, since it came.
    pub(crate) fn is_too_old(&self, event: &WebhookEvent, arrived_at: SystemTime) -> bool {
        let since = event.envelope().created_at().and_then(time_of).unwrap_or(arrived_at);
        let age = self.clock.wall().duration_since(since).unwrap_or_default();
        self.settings.max_age.is_some_and(|most| age > most)
    }

    /// Whether an event may still be begun.
    pub(crate) fn may_begin(&self) -> bool {
        match *self.stop.borrow() {
            Stop::No => true,
            Stop::At(at) if Instant::now() >= at => false,
            // What a durable inbox keeps needn't be.
            Stop::WhenDone | Stop::At(_) => self.store.is_volatile(),
        }
    }

    /// Says, once, what an inbox in memory loses with its end.
    pub(crate) fn say_loss(&self) {
        let lost = self.store.lost();
        if lost > 0 && !self.loss_is_said.swap(true, Ordering::Relaxed) {
            let inbox = &self.name;
            tracing::error!(
                inbox,
                lost,
                "an inbox ends with events that are lost, for they were in memory alone: give `inbox` a durable outbox"
            );
        }
    }

    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Without [`shutdown`](super::Inbox::shutdown), this is the end: of every handle, and of the runtime.
impl Drop for Shared {
    fn drop(&mut self) {
        self.say_loss();
    }
}
