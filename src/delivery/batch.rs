//! Calls on their way from the queue into the outbox, all of them or none.

use std::sync::{Arc, atomic::Ordering};

use crate::delivery::{
    call::{CallId, NewCall},
    intake::{Queued, Unstored},
    outbox::OutboxError,
    refused::Refused,
    shared::Shared,
    ticket::Progress,
    tracked::TrackError,
};

/// Whoever drops it has lost its calls, or doesn't know whether they are stored: whoever awaits them is told.
pub(crate) struct Batch<'a> {
    shared: &'a Arc<Shared>,
    calls: Vec<NewCall>,
    tickets: Vec<(CallId, Unstored)>,
    /// The outbox was given the calls, and hasn't said what it did with them.
    in_doubt: bool,
    /// It never said so of an earlier attempt: what it says of a later one doesn't tell.
    unanswered: bool,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(shared: &'a Arc<Shared>, queued: impl Iterator<Item = Queued>) -> Self {
        let program = shared.api.program_type();
        let (calls, tickets) = queued
            .map(|Queued { mut call, ticket }| {
                call.body.write(program);
                // Registered first: a delivery must not end before somebody can be told.
                shared.waiting.expect(call.id, &ticket.0);
                let id = call.id;
                (call, (id, ticket))
            })
            .unzip();
        Self { shared, calls, tickets, in_doubt: false, unanswered: false }
    }

    /// Gives the calls to the outbox, once.
    pub(crate) async fn insert(&mut self) -> Result<(), OutboxError> {
        self.doubt(true);
        let result = self.shared.store.insert(&mut self.calls).await;
        self.unanswered |= matches!(result, Err(OutboxError::Unanswered(_)));
        match &result {
            Ok(()) => self.stored(),
            Err(_) => self.doubt(self.unanswered),
        }
        result
    }

    fn stored(&mut self) {
        self.doubt(false);
        // Their places in the queue are free, whatever the outbox did with the list.
        self.calls.clear();
        self.leave_queue(self.tickets.len());
        for (_, ticket) in self.tickets.drain(..) {
            ticket.0.move_to(Progress::Stored);
            self.shared.waiting.leave_late(&ticket.0);
        }
        self.shared.nudge.notify_one();
    }

    /// The outbox takes none of them, because of one at least: the halves, to be tried by themselves. One alone is
    /// refused.
    pub(crate) fn refused(mut self, message: &str) -> (Option<Self>, Option<Self>) {
        if self.calls.len() > 1 {
            let half = self.calls.len() / 2;
            let second = Self {
                shared: self.shared,
                calls: self.calls.split_off(half),
                tickets: self.tickets.split_off(half),
                in_doubt: self.in_doubt,
                unanswered: self.unanswered,
            };
            return (Some(self), Some(second));
        }
        self.doubt(false);
        let error = TrackError::Refused { message: crate::model::mask(message) };
        for (call, (id, ticket)) in self.calls.drain(..).zip(self.tickets.drain(..)) {
            self.shared.waiting.take(id);
            ticket.0.lose(error.clone());
            self.shared.refuse(Refused::of(&call, error.clone()), true);
        }
        self.leave_queue(1);
        (None, None)
    }

    fn leave_queue(&self, calls: usize) {
        self.shared.tally.stored.fetch_add(calls as u64, Ordering::AcqRel);
        self.shared.settled.notify_waiters();
    }

    /// Counts them among those that may be stored, or no longer.
    fn doubt(&mut self, in_doubt: bool) {
        let (count, calls) = (&self.shared.tally.in_doubt, self.tickets.len() as u64);
        match (self.in_doubt, in_doubt) {
            (false, true) => count.fetch_add(calls, Ordering::AcqRel),
            (true, false) => count.fetch_sub(calls, Ordering::AcqRel),
            _ => return,
        };
        self.in_doubt = in_doubt;
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let error = if self.in_doubt { TrackError::MaybeStored } else { TrackError::ShutDown };
        for (id, ticket) in &self.tickets {
            self.shared.waiting.take(*id);
            ticket.0.lose(error.clone());
        }
    }
}
