//! Events on their way in: each waits to be stored, together with all that came meanwhile.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::store::{Added, NewEvent};

/// Time to store an event. Then Partnero is told to send it again.
pub(super) const WITHIN: Duration = Duration::from_secs(3);
/// The bodies that may wait to be stored, in KiB.
const KIB: usize = 16 * 1024;
/// Events stored at a time.
const BATCH: usize = 256;

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

/// Whoever waits for an event to be stored.
pub(super) struct Waiting {
    answer: oneshot::Sender<Result<Added, NotStored>>,
    _room: OwnedSemaphorePermit,
}

impl Waiting {
    pub(super) fn tell(self, stored: Result<Added, NotStored>) {
        let _ = self.answer.send(stored);
    }
}

type Arrival = (NewEvent, Waiting);

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
        self.queue.send((event, Waiting { answer, _room: room })).map_err(|_| NotStored::ShutDown)?;
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
pub(crate) struct Outlet {
    queue: Arc<Mutex<mpsc::UnboundedReceiver<Arrival>>>,
    close: CancellationToken,
}

/// `close`: nothing more is taken.
pub(crate) fn intake(close: CancellationToken) -> (Intake, Outlet) {
    let (sender, queue) = mpsc::unbounded_channel();
    let intake = Intake { queue: sender, room: Arc::new(Semaphore::new(KIB)) };
    (intake, Outlet { queue: Arc::new(Mutex::new(queue)), close })
}

impl Outlet {
    pub(super) async fn open(self) -> Arrivals {
        let queue = self.queue.lock_owned().await;
        Arrivals { queue, close: self.close, events: Vec::new(), waiting: Vec::new() }
    }
}

/// What came and isn't stored yet, in its order.
pub(super) struct Arrivals {
    queue: OwnedMutexGuard<mpsc::UnboundedReceiver<Arrival>>,
    close: CancellationToken,
    events: Vec<NewEvent>,
    waiting: Vec<Waiting>,
}

impl Arrivals {
    /// Waits until there is more. Never comes back while there is enough, or when nothing more will come.
    pub(super) async fn more(&mut self) {
        if self.events.len() >= BATCH || (self.queue.is_closed() && self.queue.is_empty()) {
            return std::future::pending().await;
        }
        tokio::select! {
            biased;
            () = self.close.cancelled(), if !self.queue.is_closed() => self.queue.close(),
            // None: the last one who could send something is gone.
            next = self.queue.recv() => if let Some(arrival) = next { self.push(arrival) },
        }
    }

    fn push(&mut self, (event, waiting): Arrival) {
        self.events.push(event);
        self.waiting.push(waiting);
    }

    /// Takes out those that somebody still waits for, with those that have come meanwhile.
    pub(super) fn take(&mut self) -> (Vec<NewEvent>, Vec<Waiting>) {
        while self.events.len() < BATCH {
            let Ok(arrival) = self.queue.try_recv() else { break };
            self.push(arrival);
        }
        if self.waiting.iter().any(|it| it.answer.is_closed()) {
            // Partnero was told to send those again.
            let all = std::mem::take(&mut self.events).into_iter().zip(std::mem::take(&mut self.waiting));
            (self.events, self.waiting) = all.filter(|(_, it)| !it.answer.is_closed()).unzip();
        }
        (std::mem::take(&mut self.events), std::mem::take(&mut self.waiting))
    }

    /// These are still to be stored, before all others.
    pub(super) fn put_back(&mut self, mut events: Vec<NewEvent>, mut waiting: Vec<Waiting>) {
        events.append(&mut self.events);
        waiting.append(&mut self.waiting);
        (self.events, self.waiting) = (events, waiting);
    }

    /// Whether some are to be stored.
    pub(super) fn are_there(&self) -> bool {
        !self.events.is_empty() || !self.queue.is_empty()
    }

    /// Whether all are stored, and nothing more will come.
    pub(super) fn are_over(&self) -> bool {
        self.queue.is_closed() && !self.are_there()
    }

    /// Takes no more: who waits is told that it isn't stored.
    pub(super) fn close(&mut self) {
        self.queue.close();
        while self.queue.try_recv().is_ok() {}
        drop(self.take());
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    fn event(bytes: usize) -> NewEvent {
        NewEvent {
            id: [0; 32].into(),
            time: None,
            event: String::new(),
            webhook_key: None,
            resource: None,
            body: vec![b' '; bytes].into(),
        }
    }

    #[tokio::test]
    async fn bodies_that_wait_are_bounded_together_and_make_room_when_they_are_stored() {
        const MIB: usize = 1024 * 1024;

        let (intake, outlet) = intake(CancellationToken::new());
        let mut arrivals = outlet.open().await;
        let mut stored: Vec<_> = (0..16).map(|_| Box::pin(intake.store(event(MIB - 1)))).collect();
        for it in &mut stored {
            assert!(poll!(it).is_pending());
        }
        assert_eq!(intake.store(event(0)).await, Err(NotStored::Busy));
        let (events, mut waiting) = arrivals.take();
        assert_eq!(events.len(), 16);
        assert_eq!(intake.store(event(0)).await, Err(NotStored::Busy), "they are still being stored");
        waiting.swap_remove(0).tell(Ok(Added::New));
        assert_eq!(stored.swap_remove(0).await, Ok(Added::New));
        let mut fits = Box::pin(intake.store(event(MIB - 1)));
        assert!(poll!(&mut fits).is_pending());
        assert_eq!(intake.store(event(0)).await, Err(NotStored::Busy));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_left_out() {
        let (intake, outlet) = intake(CancellationToken::new());
        let mut arrivals = outlet.open().await;
        let mut stored: Vec<_> = (1..=3).map(|bytes| Box::pin(intake.store(event(bytes)))).collect();
        for it in &mut stored {
            assert!(poll!(it).is_pending());
        }
        drop(stored.remove(1));
        let (events, waiting) = arrivals.take();
        let bodies: Vec<_> = events.iter().map(|event| event.body.len()).collect();
        assert_eq!((bodies, waiting.len()), (vec![1, 3], 2));
    }
}
