//! The task that empties the queue into the outbox.

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::delivery::{
    batch::Batch,
    intake::Queued,
    outbox::OutboxError,
    reach::Finder,
    shared::Shared,
    stop::{Stop, time_is_up},
};

/// Calls stored at a time.
const BATCH: usize = 1_000;
/// Between two tries to reach an outbox that is out of reach.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The queue's other end.
pub(crate) struct Writer {
    queue: mpsc::UnboundedReceiver<Queued>,
    close: CancellationToken,
    shared: Arc<Shared>,
}

/// Nothing more will come: the dispatcher may go, and nobody need wait for what isn't stored now.
impl Drop for Writer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!(
                outbox = self.shared.name,
                "storing calls broke off, which is a bug to report: no more are taken until a restart"
            );
        }
        self.shared.written.cancel();
        self.shared.settled.notify_waiters();
        self.shared.nudge.notify_one();
    }
}

impl Writer {
    pub(crate) fn new(queue: mpsc::UnboundedReceiver<Queued>, close: CancellationToken, shared: Arc<Shared>) -> Self {
        Self { queue, close, shared }
    }

    /// Stores what comes until the queue is closed and empty, or time is up. An insert under way then is cut off by
    /// whoever ends this task.
    pub(crate) async fn run(mut self) {
        let mut stop = self.shared.stop.subscribe();
        let mut queued = Vec::new();
        loop {
            tokio::select! {
                biased;
                () = self.close.cancelled(), if !self.queue.is_closed() => self.queue.close(),
                count = self.queue.recv_many(&mut queued, BATCH) => {
                    if count == 0 {
                        return;
                    }
                    self.gather(&mut queued).await;
                    if !self.store(queued.drain(..), &mut stop).await {
                        return;
                    }
                }
            }
        }
    }

    /// Lets those who are about to track something do so: whoever was told at the same time that the last batch is stored
    /// comes back at the same time, and one sync of the disk is enough for all of them.
    async fn gather(&mut self, queued: &mut Vec<Queued>) {
        let mut before = 0;
        while before < queued.len() && queued.len() < BATCH {
            before = queued.len();
            tokio::task::yield_now().await;
            while queued.len() < BATCH {
                let Ok(next) = self.queue.try_recv() else { break };
                queued.push(next);
            }
        }
    }

    /// Stores these, however long that takes. `false` when time is up.
    async fn store(&self, queued: impl Iterator<Item = Queued>, stop: &mut watch::Receiver<Stop>) -> bool {
        let outbox = self.shared.name.as_str();
        let mut wait = RETRY.0;
        // The next is at the end: what is tracked first is stored first.
        let mut batches = vec![Batch::new(&self.shared, queued)];
        while let Some(mut batch) = batches.pop() {
            match batch.insert().await.err() {
                None => self.shared.reach.back(outbox, Finder::Writer),
                Some(OutboxError::Refused(message)) => {
                    self.shared.reach.back(outbox, Finder::Writer);
                    let (first, second) = batch.refused(&message);
                    batches.extend(second);
                    batches.extend(first);
                }
                Some(error) => {
                    self.shared.reach.lost(outbox, Finder::Writer, &error);
                    batches.push(batch);
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = time_is_up(stop, Duration::ZERO) => return false,
                    }
                    wait = (wait * 2).min(RETRY.1);
                    continue;
                }
            }
            wait = RETRY.0;
        }
        true
    }
}
