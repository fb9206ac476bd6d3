//! The task that stores events: those of many requests at once, so that one sync of the disk is enough for all.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::{Instant, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::delivery::{Finder, OutboxError, keep_running, limit, time_is_up};

use super::{
    shared::Shared,
    store::{Added, NewEvent},
};

/// Time to store an event. Then Partnero is told to send it again.
const WITHIN: Duration = Duration::from_secs(3);
/// The bodies that may wait to be stored, in KiB.
const KIB: usize = 16 * 1024;
/// So much later than it could an event is stored, at most, for others to be with it. Partnero waits for seconds.
const GATHER: Duration = Duration::from_millis(2);
/// Events stored at a time.
const BATCH: usize = 256;
/// Between two tries to reach a store that is out of reach.
const RETRY: Duration = Duration::from_millis(100);

/// Why an event wasn't stored: Partnero sends it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotStored {
    #[error("too many events wait to be stored")]
    Busy,
    #[error("it couldn't be stored in time")]
    Late,
    #[error("the inbox doesn't take it")]
    Refused,
    #[error("storing it broke off")]
    BrokeOff,
    #[error("the inbox is shut down")]
    ShutDown,
}

/// An event that somebody waits for.
struct Arrival {
    event: NewEvent,
    answer: oneshot::Sender<Result<Added, NotStored>>,
    _room: OwnedSemaphorePermit,
}

/// Where events go in.
pub(crate) struct Intake {
    queue: mpsc::UnboundedSender<Arrival>,
    room: Arc<Semaphore>,
}

impl Intake {
    /// Stores an event: what became of it, within three seconds.
    pub(crate) async fn store(&self, event: NewEvent) -> Result<Added, NotStored> {
        let kib = u32::try_from(event.body.len() / 1024 + 1).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(kib).map_err(|_| NotStored::Busy)?;
        let (answer, stored) = oneshot::channel();
        self.queue.send(Arrival { event, answer, _room: room }).map_err(|_| NotStored::ShutDown)?;
        match timeout(WITHIN, stored).await {
            Ok(Ok(stored)) => stored,
            Ok(Err(_)) if self.queue.is_closed() => Err(NotStored::ShutDown),
            Ok(Err(_)) => Err(NotStored::BrokeOff),
            Err(_) => Err(NotStored::Late),
        }
    }
}

/// The queue's other end, which outlives a task that breaks off.
#[derive(Clone)]
pub(crate) struct Storer {
    queue: Arc<Mutex<mpsc::UnboundedReceiver<Arrival>>>,
    close: CancellationToken,
    shared: Arc<Shared>,
}

pub(crate) fn storer(shared: Arc<Shared>, close: CancellationToken) -> (Intake, Storer) {
    let (sender, queue) = mpsc::unbounded_channel();
    let intake = Intake { queue: sender, room: Arc::new(Semaphore::new(KIB)) };
    (intake, Storer { queue: Arc::new(Mutex::new(queue)), close, shared })
}

/// Nothing more will come: the worker may go.
struct Over(Arc<Shared>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.written.cancel();
        self.0.nudge.notify_one();
    }
}

impl Storer {
    /// Stores what comes until the queue is closed and empty, or time is up; also after a panic.
    pub(crate) async fn keep_running(self) {
        let _over = Over(Arc::clone(&self.shared));
        let (name, stop) = (self.shared.name.clone(), self.shared.stop.subscribe());
        keep_running(name, "storing events", stop, move || self.clone().run()).await;
    }

    async fn run(self) {
        let queue = &mut *self.queue.lock().await;
        let (mut arrivals, mut before) = (Vec::new(), 0);
        loop {
            tokio::select! {
                biased;
                () = self.close.cancelled(), if !queue.is_closed() => queue.close(),
                count = queue.recv_many(&mut arrivals, BATCH) => {
                    if count == 0 {
                        return;
                    }
                    gather(queue, &mut arrivals, before).await;
                    before = arrivals.len();
                    if !self.store(std::mem::take(&mut arrivals)).await {
                        return;
                    }
                }
            }
        }
    }

    /// Stores these, for as long as somebody waits for them. `false` when time is up.
    async fn store(&self, arrivals: Vec<Arrival>) -> bool {
        let (inbox, reach) = (self.shared.name.as_str(), &self.shared.reach);
        let mut stop = self.shared.stop.subscribe();
        // The next is at the end: what came first is stored first.
        let mut batches = vec![arrivals];
        while let Some(mut batch) = batches.pop() {
            // Nobody waits any more: Partnero was told to send it again.
            batch.retain(|arrival| !arrival.answer.is_closed());
            if batch.is_empty() {
                continue;
            }
            let events: Vec<_> = batch.iter().map(|arrival| arrival.event.clone()).collect();
            match limit(WITHIN, self.shared.store.add(&events)).await {
                Ok(added) => {
                    reach.back(inbox, Finder::Writer);
                    self.shared.nudge.notify_one();
                    for (arrival, added) in batch.into_iter().zip(added) {
                        let _ = arrival.answer.send(Ok(added));
                    }
                }
                Err(OutboxError::Refused(message)) if batch.len() == 1 => {
                    tracing::error!(
                        inbox,
                        message,
                        "the database refuses an event, while it takes others: its sender is told to repeat it"
                    );
                    for arrival in batch {
                        let _ = arrival.answer.send(Err(NotStored::Refused));
                    }
                }
                // One of them spoils it for the others: it is looked for by halves.
                Err(OutboxError::Refused(_)) => {
                    let second = batch.split_off(batch.len() / 2);
                    batches.extend([second, batch]);
                }
                Err(error) => {
                    reach.lost(inbox, Finder::Writer, &error);
                    batches.push(batch);
                    tokio::select! {
                        () = tokio::time::sleep(RETRY) => {}
                        () = time_is_up(&mut stop, Duration::ZERO) => return false,
                    }
                }
            }
        }
        true
    }
}

/// Lets the requests that are being read come, too: whoever was answered with the batch before sends the next about
/// now. One that comes alone waits for nobody.
async fn gather(queue: &mut mpsc::UnboundedReceiver<Arrival>, arrivals: &mut Vec<Arrival>, before: usize) {
    let until = Instant::now() + GATHER;
    while arrivals.len() < before {
        let Ok(Some(next)) = timeout_at(until, queue.recv()).await else { break };
        arrivals.push(next);
    }
    while arrivals.len() < BATCH {
        let Ok(next) = queue.try_recv() else { break };
        arrivals.push(next);
    }
}
