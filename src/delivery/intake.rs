//! From the handler into a bounded queue.

use std::sync::{Arc, atomic::Ordering};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::delivery::{call::NewCall, room::Room, shared::Shared, ticket::Ticket, tracked::TrackError, writer::Writer};

/// The handlers' end.
#[derive(Debug)]
pub(crate) struct Intake {
    queue: mpsc::UnboundedSender<Queued>,
    room: Arc<Room>,
}

/// A call in the queue.
pub(crate) struct Queued {
    pub(crate) call: NewCall,
    pub(crate) ticket: Unstored,
}

/// The ticket of a call that isn't stored. Whoever drops it has lost the call, even if it is a runtime that ends.
pub(crate) struct Unstored(pub(crate) Arc<Ticket>);

impl Drop for Unstored {
    fn drop(&mut self) {
        self.0.lose(TrackError::ShutDown);
    }
}

/// Why a call didn't get in.
pub(crate) enum NoEntry {
    /// `true` at the first one of an episode.
    Full(bool),
    Closed,
}

/// The handlers' end, and the task that empties the queue until it is told to close it.
pub(crate) fn intake(room: Arc<Room>, close: CancellationToken, shared: Arc<Shared>) -> (Intake, Writer) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Intake { queue: sender, room }, Writer::new(receiver, close, shared))
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
