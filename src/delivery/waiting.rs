//! Whoever awaits the end of a call.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::delivery::{
    call::CallId,
    shared::Shared,
    ticket::{Progress, Ticket},
};

/// The tickets of calls that are awaited.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    tickets: HashMap<CallId, Arc<Ticket>>,
    /// Nothing will be delivered any more.
    over: bool,
}

impl Waiting {
    /// Remembers whoever awaits this call.
    pub(crate) fn expect(&self, id: CallId, ticket: &Arc<Ticket>) {
        let mut inner = self.lock();
        if ticket.is_awaited() && !inner.over {
            inner.tickets.insert(id, Arc::clone(ticket));
        }
    }

    /// Tells whoever awaits this call.
    pub(crate) fn tell(&self, id: CallId, progress: Progress) {
        if let Some(ticket) = self.take(id) {
            ticket.move_to(progress);
        }
    }

    /// For somebody else to tell.
    pub(crate) fn take(&self, id: CallId) -> Option<Arc<Ticket>> {
        self.lock().tickets.remove(&id)
    }

    /// Nobody shall wait for what will not come.
    pub(crate) fn leave_all(&self) {
        let tickets = {
            let mut inner = self.lock();
            inner.over = true;
            std::mem::take(&mut inner.tickets)
        };
        for ticket in tickets.values() {
            ticket.leave();
        }
    }

    /// The same for a call that was stored after all was over.
    pub(crate) fn leave_late(&self, ticket: &Ticket) {
        if self.lock().over {
            ticket.leave();
        }
    }

    /// Forgets those who no longer wait.
    pub(crate) fn sweep(&self) {
        self.lock().tickets.retain(|_, ticket| ticket.is_awaited());
    }

    /// The calls of which somebody waits for the end, and not only until they are stored.
    pub(crate) fn wanted(&self) -> Vec<CallId> {
        let inner = self.lock();
        inner.tickets.iter().filter(|(_, ticket)| ticket.is_wanted()).map(|(id, _)| *id).collect()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().tickets.len()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Goes with whatever delivers: when that ends, in whatever way, nobody waits any longer for what it would have told.
pub(crate) struct LeaveAll(pub(crate) Arc<Shared>);

impl Drop for LeaveAll {
    fn drop(&mut self) {
        self.0.waiting.leave_all();
    }
}
