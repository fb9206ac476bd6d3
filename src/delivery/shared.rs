//! What the tasks of one handle share.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    api::ApiClient,
    delivery::{
        call::{CallKind, logged},
        clock::Clock,
        gate::HoldReason,
        observer::Event,
        outbox::Store,
        outcome::End,
        reach::Reach,
        refused::Refused,
        settings::Settings,
        stop::Stop,
        waiting::Waiting,
    },
    measure,
};

/// Held by the tasks; the handles hold it too, so it must not keep the tasks alive by itself.
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) api: ApiClient,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    /// The program that the API key is to be of, if the application said so.
    pub(crate) program_id: Option<String>,
    herald: Option<mpsc::Sender<Event>>,
    /// Something was stored or settled, or an operator asked for something: look at the outbox.
    pub(crate) nudge: Notify,
    /// A notice was left for the observer.
    pub(crate) notice: Notify,
    /// Something changed that a `flush` may wait for.
    pub(crate) settled: Notify,
    pub(crate) stop: watch::Sender<Stop>,
    pub(crate) tally: Tally,
    /// The writer has ended: nothing will be stored any more.
    pub(crate) written: CancellationToken,
    pub(crate) reach: Reach,
    pub(crate) waiting: Waiting,
    /// By `shutdown`.
    pub(crate) loss_is_said: AtomicBool,
    hold: Mutex<Option<HoldReason>>,
}

/// Counts since the start.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) delivered: AtomicU64,
    pub(crate) dead: AtomicU64,
    pub(crate) refused: AtomicU64,
    /// Taken into the queue, and of those, out of it: stored, or refused by the outbox.
    pub(crate) taken: AtomicU64,
    pub(crate) stored: AtomicU64,
    /// Still in the queue, and the outbox may have them all the same: it was given them and hasn't answered.
    pub(crate) in_doubt: AtomicU64,
}

impl Tally {
    /// Taken, but not known to be stored.
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
        program_id: Option<String>,
        herald: Option<mpsc::Sender<Event>>,
    ) -> Self {
        Self {
            name,
            api,
            store,
            clock,
            settings,
            program_id,
            herald,
            nudge: Notify::new(),
            notice: Notify::new(),
            settled: Notify::new(),
            stop: watch::Sender::new(Stop::No),
            tally: Tally::default(),
            written: CancellationToken::new(),
            reach: Reach::default(),
            waiting: Waiting::default(),
            loss_is_said: AtomicBool::new(false),
            hold: Mutex::default(),
        }
    }

    /// Waits until every call taken before now is out of the queue: stored, or refused by the outbox. `false` if some of
    /// them will never be.
    pub(crate) async fn all_stored(&self) -> bool {
        let taken = self.tally.taken.load(Ordering::Acquire);
        loop {
            let settled = self.settled.notified();
            tokio::pin!(settled);
            // Registered before the look, so that nothing is stored between the two.
            settled.as_mut().enable();
            // The writer stores in the order of the queue: the first so many are those taken before now.
            if self.tally.stored.load(Ordering::Acquire) >= taken {
                return true;
            }
            if self.written.is_cancelled() {
                return false;
            }
            settled.await;
        }
    }

    /// The same within a time: whether it is so then.
    #[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
    pub(crate) async fn stored_so_far(&self, within: std::time::Duration) -> bool {
        tokio::time::timeout(within, self.all_stored()).await.unwrap_or(false)
    }

    /// A call ended well here.
    pub(crate) fn ended(&self, kind: CallKind, end: End) {
        Self::count(&self.tally.delivered);
        measure::call(&self.name, kind.as_str(), end.as_str());
    }

    /// A call became a dead letter here.
    pub(crate) fn died(&self, kind: CallKind) {
        Self::count(&self.tally.dead);
        measure::call(&self.name, kind.as_str(), "dead_letter");
    }

    /// A call that isn't taken: counted, and unless that was said before, logged and told.
    pub(crate) fn refuse(&self, refused: Refused, tell: bool) {
        Self::count(&self.tally.refused);
        measure::refused(&self.name, refused.error.reason());
        if tell {
            tracing::error!(
                outbox = self.name,
                call = refused.kind.as_str(),
                customer = logged(refused.customer.as_deref()),
                transaction = logged(refused.transaction.as_deref()),
                error = %refused.error,
                "a call isn't taken"
            );
            self.mention(Event::Refused(refused.into()));
        }
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

    fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Without [`shutdown`](crate::Partnero::shutdown), this is the end: of every handle, and of the runtime.
impl Drop for Shared {
    fn drop(&mut self) {
        let lost = self.tally.buffered() + self.store.lost() as u64;
        if lost > 0 && !*self.loss_is_said.get_mut() {
            let outbox = &self.name;
            tracing::error!(
                outbox,
                lost,
                "ended with calls that are lost, or may be: await `shutdown` before the runtime ends"
            );
        }
    }
}
