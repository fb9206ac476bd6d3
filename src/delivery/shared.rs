//! What the tasks of one handle share.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, mpsc, watch};

use crate::{
    api::ApiClient,
    delivery::{
        call::CallId,
        clock::Clock,
        gate::HoldReason,
        observer::Event,
        outbox::Store,
        settings::Settings,
        tracked::{Progress, Ticket},
    },
};

/// Held by the tasks; the handles hold it too, so it must not keep the tasks alive by itself.
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) api: ApiClient,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    herald: Option<mpsc::Sender<Event>>,
    /// Something was stored or settled, or an operator asked for something: look at the outbox.
    pub(crate) nudge: Notify,
    /// A notice was left for the observer.
    pub(crate) notice: Notify,
    /// Something changed that a `flush` may wait for.
    pub(crate) settled: Notify,
    pub(crate) stop: watch::Sender<Stop>,
    pub(crate) tally: Tally,
    waiting: Mutex<Waiting>,
    hold: Mutex<Option<HoldReason>>,
}

/// Whoever awaits a call.
#[derive(Default)]
struct Waiting {
    tickets: HashMap<CallId, Arc<Ticket>>,
    /// Nothing will be delivered any more.
    over: bool,
}

/// How far the tasks are to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// On and on.
    No,
    /// Until nothing is left to do: all handles are gone.
    WhenDone,
    /// Until then, by tokio's clock; earlier if nothing can be done before.
    At(tokio::time::Instant),
}

/// Counts since the start.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) delivered: AtomicU64,
    pub(crate) dead: AtomicU64,
    pub(crate) refused: AtomicU64,
    /// Taken into the queue, and of those, stored.
    pub(crate) taken: AtomicU64,
    pub(crate) stored: AtomicU64,
    /// The writer has ended: nothing will be stored any more.
    pub(crate) all_stored: AtomicBool,
}

impl Tally {
    /// Taken, but not yet stored.
    pub(crate) fn buffered(&self) -> u64 {
        let stored = self.stored.load(Ordering::Acquire);
        self.taken.load(Ordering::Acquire).saturating_sub(stored)
    }
}

impl Shared {
    pub(crate) fn new(
        name: String,
        api: ApiClient,
        store: Arc<dyn Store>,
        clock: Clock,
        settings: Settings,
        herald: Option<mpsc::Sender<Event>>,
    ) -> Self {
        Self {
            name,
            api,
            store,
            clock,
            settings,
            herald,
            nudge: Notify::new(),
            notice: Notify::new(),
            settled: Notify::new(),
            stop: watch::Sender::new(Stop::No),
            tally: Tally::default(),
            waiting: Mutex::default(),
            hold: Mutex::default(),
        }
    }

    /// Waits, at most that long, until every call taken before now is out of the queue: stored, or refused by the
    /// outbox. Whether that is so.
    pub(crate) async fn stored_so_far(&self, within: Duration) -> bool {
        let taken = self.tally.taken.load(Ordering::Acquire);
        let stored = async {
            loop {
                let settled = self.settled.notified();
                tokio::pin!(settled);
                // Registered before the look, so that nothing is stored between the two.
                settled.as_mut().enable();
                // The writer stores in the order of the queue: the first so many are those taken before now.
                if self.tally.stored.load(Ordering::Acquire) >= taken {
                    return true;
                }
                if self.tally.all_stored.load(Ordering::Acquire) {
                    return false;
                }
                settled.await;
            }
        };
        tokio::time::timeout(within, stored).await.unwrap_or(false)
    }

    /// Remembers whoever awaits this call.
    pub(crate) fn expect(&self, id: CallId, ticket: &Arc<Ticket>) {
        if ticket.is_awaited() {
            self.waiting().tickets.insert(id, Arc::clone(ticket));
        }
    }

    /// Tells whoever awaits this call.
    pub(crate) fn tell(&self, id: CallId, progress: Progress) {
        let ticket = self.waiting().tickets.remove(&id);
        if let Some(ticket) = ticket {
            ticket.move_to(progress);
        }
    }

    /// Nobody shall wait for what will not come.
    pub(crate) fn leave_all(&self) {
        let tickets = {
            let mut waiting = self.waiting();
            waiting.over = true;
            std::mem::take(&mut waiting.tickets)
        };
        for ticket in tickets.values() {
            ticket.move_to(Progress::Left);
        }
    }

    /// The same for a call that was stored after all was over.
    pub(crate) fn leave_late(&self, ticket: &Ticket) {
        if self.waiting().over {
            ticket.move_to(Progress::Left);
        }
    }

    /// Forgets those who no longer wait.
    pub(crate) fn sweep(&self) {
        self.waiting().tickets.retain(|_, ticket| ticket.is_awaited());
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn hold(&self) -> Option<HoldReason> {
        *self.hold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_hold(&self, reason: Option<HoldReason>) {
        *self.hold.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    /// Tells the observer once, without waiting for it; what it answers is only logged.
    pub(crate) fn mention(&self, event: Event) {
        if let Some(herald) = &self.herald {
            // Full: the observer hangs, and has a thousand such things before it.
            let _ = herald.try_send(event);
        }
    }

    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Goes with the dispatcher: when it ends, in whatever way, nobody waits any longer for what it would have delivered.
pub(crate) struct LeaveAll(pub(crate) Arc<Shared>);

impl Drop for LeaveAll {
    fn drop(&mut self) {
        self.0.leave_all();
    }
}
