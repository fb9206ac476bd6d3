//! The task that tells the observer what was settled.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet, time::Instant};

use crate::{
    api::{Customer, Transaction, response::FromJson},
    delivery::{
        herald,
        notice::Notice,
        observer::{AnyObserver, Event},
        outbox::DueNotice,
        shared::Shared,
        stop::{Stop, until},
    },
    model::{CustomerKey, TransactionKey},
};

/// Notices told at the same time.
const AT_ONCE: usize = 16;
/// How often a notice is told in vain before it is given up.
const TRIES: u32 = 5;
/// A look at the outbox even if nobody says that there is something.
const POLL: Duration = Duration::from_secs(1);

pub(crate) struct Notifier {
    shared: Arc<Shared>,
    observer: Arc<dyn AnyObserver>,
    tasks: JoinSet<(u64, Option<Duration>)>,
    stop: watch::Receiver<Stop>,
}

impl Notifier {
    pub(crate) fn new(shared: Arc<Shared>, observer: Arc<dyn AnyObserver>) -> Self {
        let stop = shared.stop.subscribe();
        Self { shared, observer, tasks: JoinSet::new(), stop }
    }

    /// Tells what there is to tell, until `finished` says that nothing more will come and all is told.
    pub(crate) async fn run(mut self, mut finished: watch::Receiver<bool>) {
        let mut over = false;
        loop {
            over |= *finished.borrow();
            let stop = *self.stop.borrow();
            if matches!(stop, Stop::At(at) if Instant::now() >= at) {
                break;
            }
            self.tell().await;
            if over && self.tasks.is_empty() && self.none_left().await {
                break;
            }
            let at = match stop {
                Stop::At(at) => Some(at),
                _ => None,
            };
            let poll = self.shared.clock.monotonic() + POLL;
            tokio::select! {
                () = self.shared.notice.notified() => {}
                () = self.shared.clock.sleep_until(poll) => {}
                Some(told) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    if let Ok((id, again)) = told {
                        self.settle(id, again).await;
                    }
                }
                // The dispatcher may end without a word: nothing more will come then, either.
                changed = finished.changed(), if !over => over = changed.is_err(),
                _ = self.stop.changed() => {}
                () = until(at) => {}
            }
        }
        self.tasks.shutdown().await;
    }

    /// Starts telling what is due.
    async fn tell(&mut self) {
        let room = AT_ONCE.saturating_sub(self.tasks.len());
        // An outbox out of reach is the dispatcher's news; the notices in it will keep.
        let due = self.shared.store.notices(room, self.lease()).await.unwrap_or_default();
        for DueNotice { id, notice, failures } in due {
            let observer = Arc::clone(&self.observer);
            let Some(event) = event(notice) else {
                tracing::warn!("a notice to the observer can't be read: left out");
                self.settle(id, None).await;
                continue;
            };
            let timeout = self.shared.settings.observer_timeout;
            self.tasks.spawn(async move { (id, tell(observer, event, failures, timeout).await) });
        }
    }

    /// Longer than an observer can take, so that nothing is told twice while that isn't needed.
    fn lease(&self) -> Duration {
        self.shared.settings.observer_timeout + Duration::from_secs(30)
    }

    async fn none_left(&self) -> bool {
        // A durable outbox keeps them for the next process.
        let store = &self.shared.store;
        !store.is_volatile() || !matches!(store.counts().await, Ok(counts) if counts.notices > 0)
    }

    async fn settle(&self, id: u64, again: Option<Duration>) {
        if let Err(error) = self.shared.store.settle_notice(id, again).await {
            // It will be told once more: at least once is the promise.
            tracing::debug!(%error, "a notice is told, but that isn't recorded");
        }
    }
}

/// Tells one thing. When to do so again, if that is needed.
async fn tell(observer: Arc<dyn AnyObserver>, event: Event, failures: u32, timeout: Duration) -> Option<Duration> {
    let problem = herald::tell(observer, event, timeout).await.err()?;
    if failures >= TRIES - 1 {
        tracing::error!(problem, "the observer failed five times and isn't told again: do by hand what it was to do");
        return None;
    }
    tracing::warn!(problem, "the observer failed: it is told again");
    Some(Duration::from_secs(1 << failures))
}

fn event(notice: Notice) -> Option<Event> {
    Some(match notice {
        Notice::SignedUp { customer, answer } => {
            Event::SignedUp(CustomerKey::new(customer).ok()?, Customer::from_json(&answer)?)
        }
        Notice::Sold { transaction, answer } => {
            Event::Sold(TransactionKey::new(transaction).ok()?, Transaction::from_json(&answer)?)
        }
        Notice::Adjusted { transaction, answer } => {
            Event::Adjusted(TransactionKey::new(transaction).ok()?, Transaction::from_json(&answer)?)
        }
        Notice::Refunded { transaction } => Event::Refunded(TransactionKey::new(transaction).ok()?),
        Notice::Failed { letter } => Event::Failed(letter),
    })
}
