//! From the handler into the outbox: a bounded queue, and the task that empties it in batches.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::sync::mpsc;

use crate::delivery::{
    call::NewCall,
    room::Room,
    shared::{Shared, Stop},
    tracked::{Progress, Ticket, TrackError},
};

/// Calls stored at a time.
const BATCH: usize = 1_000;
/// Between two tries to reach an outbox that is out of reach.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The handlers' end.
#[derive(Debug)]
pub(crate) struct Intake {
    queue: mpsc::UnboundedSender<Queued>,
    room: Arc<Room>,
}

/// The task's end.
pub(crate) struct Writer {
    queue: mpsc::UnboundedReceiver<Queued>,
    close: tokio_util::sync::CancellationToken,
    shared: Arc<Shared>,
}

struct Queued {
    call: NewCall,
    ticket: Unstored,
}

/// The ticket of a call that isn't stored. Whoever drops it has lost the call, even if it is a runtime that ends.
struct Unstored(Arc<Ticket>);

impl Drop for Unstored {
    fn drop(&mut self) {
        self.0.lose();
    }
}

/// Why a call didn't get in.
pub(crate) enum NoEntry {
    /// `true` at the first one of an episode.
    Full(bool),
    Closed,
}

pub(crate) fn intake(
    room: Arc<Room>,
    close: tokio_util::sync::CancellationToken,
    shared: Arc<Shared>,
) -> (Intake, Writer) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Intake { queue: sender, room }, Writer { queue: receiver, close, shared })
}

impl Intake {
    /// Takes a call in. No I/O, no lock.
    pub(crate) fn push(&self, shared: &Shared, mut call: NewCall) -> Result<Arc<Ticket>, Box<(NewCall, NoEntry)>> {
        if self.queue.is_closed() {
            return Err(Box::new((call, NoEntry::Closed)));
        }
        match self.room.take() {
            Ok(slot) => call.slot = Some(slot),
            Err(first) => return Err(Box::new((call, NoEntry::Full(first)))),
        }
        let ticket = Arc::new(Ticket::default());
        shared.tally.taken.fetch_add(1, Ordering::AcqRel);
        let queued = Queued { call, ticket: Unstored(Arc::clone(&ticket)) };
        if let Err(mpsc::error::SendError(queued)) = self.queue.send(queued) {
            shared.tally.taken.fetch_sub(1, Ordering::AcqRel);
            return Err(Box::new((queued.call, NoEntry::Closed)));
        }
        Ok(ticket)
    }

    pub(crate) fn room(&self) -> &Room {
        &self.room
    }

    pub(crate) fn capacity_error(&self) -> TrackError {
        TrackError::QueueFull { capacity: self.room.capacity() }
    }
}

/// The dispatcher may go: nothing more will come.
impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.tally.all_stored.store(true, Ordering::Release);
        self.shared.settled.notify_waiters();
        self.shared.nudge.notify_one();
    }
}

impl Writer {
    /// Stores what comes until the queue is closed and empty, or time is up. How many were lost then.
    pub(crate) async fn run(mut self) -> usize {
        let mut stop = self.shared.stop.subscribe();
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                biased;
                () = self.close.cancelled(), if !self.queue.is_closed() => self.queue.close(),
                count = self.queue.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return 0;
                    }
                    self.gather(&mut batch).await;
                    if !self.store(&mut batch, &mut stop).await {
                        return self.lose(batch);
                    }
                }
            }
        }
    }

    /// Lets those who are about to track something do so: whoever was told at the same time that the last batch is stored
    /// comes back at the same time, and one sync of the disk is enough for all of them.
    async fn gather(&mut self, batch: &mut Vec<Queued>) {
        let mut before = 0;
        while before < batch.len() && batch.len() < BATCH {
            before = batch.len();
            tokio::task::yield_now().await;
            while batch.len() < BATCH {
                let Ok(queued) = self.queue.try_recv() else { break };
                batch.push(queued);
            }
        }
    }

    /// Stores a batch, however long that takes. `false` when time is up.
    async fn store(&self, batch: &mut Vec<Queued>, stop: &mut tokio::sync::watch::Receiver<Stop>) -> bool {
        let (mut calls, tickets): (Vec<_>, Vec<_>) = batch.drain(..).map(|queued| (queued.call, queued.ticket)).unzip();
        for call in &mut calls {
            call.body.write(self.shared.api.program_type());
        }
        let tickets: Vec<_> = calls.iter().map(|call| call.id).zip(tickets).collect();
        // Registered first: a delivery must not end before somebody can be told.
        for (id, ticket) in &tickets {
            self.shared.expect(*id, &ticket.0);
        }
        let mut wait = RETRY.0;
        while let Err(error) = self.shared.store.insert(&mut calls).await {
            if wait == RETRY.0 {
                tracing::error!(outbox = self.shared.name, %error, "calls wait in memory until it is back");
            }
            let time_is_up = async {
                let _ = stop.wait_for(|stop| matches!(stop, Stop::At(_))).await;
                let at = *stop.borrow();
                if let Stop::At(at) = at {
                    tokio::time::sleep_until(at).await;
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = time_is_up => {
                    *batch = calls.into_iter().zip(tickets).map(|(call, (_, ticket))| Queued { call, ticket }).collect();
                    return false;
                }
            }
            wait = (wait * 2).min(RETRY.1);
        }
        if wait != RETRY.0 {
            tracing::info!(outbox = self.shared.name, "the outbox is back");
        }
        self.shared.tally.stored.fetch_add(tickets.len() as u64, Ordering::AcqRel);
        for (_, ticket) in tickets {
            ticket.0.move_to(Progress::Stored);
            self.shared.leave_late(&ticket.0);
        }
        self.shared.nudge.notify_one();
        self.shared.settled.notify_waiters();
        true
    }

    fn lose(mut self, mut batch: Vec<Queued>) -> usize {
        self.queue.close();
        while let Ok(queued) = self.queue.try_recv() {
            batch.push(queued);
        }
        batch.len()
    }
}
