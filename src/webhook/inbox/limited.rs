//! A time limit for everything that is asked of an inbox: a database that hangs must not hang its users.

use std::{sync::Arc, time::Duration};

use crate::delivery::{Answer, limit};

use super::{
    arrivals::WITHIN,
    dead::DeadEvent,
    store::{Counts, Keeping, Store, Turn, Turned},
};

/// A store that answers in time, if only that it doesn't.
#[derive(Debug)]
pub(crate) struct Limited {
    store: Arc<dyn Store>,
    within: Duration,
}

impl Limited {
    /// Around what may hang.
    pub(crate) fn around(store: Arc<dyn Store>, within: Duration) -> Arc<dyn Store> {
        if store.is_volatile() { store } else { Arc::new(Self { store, within }) }
    }
}

impl Store for Limited {
    fn is_volatile(&self) -> bool {
        self.store.is_volatile()
    }

    fn turn<'a>(&'a self, turn: Turn<'a>) -> Answer<'a, Turned> {
        // Who sent an event waits for it.
        let within = if turn.arrivals.is_empty() { self.within } else { WITHIN.min(self.within) };
        limit(within, self.store.turn(turn))
    }

    fn counts(&self) -> Answer<'_, Counts> {
        limit(self.within, self.store.counts())
    }

    fn dead(&self, after: u64, most: usize) -> Answer<'_, Vec<DeadEvent>> {
        limit(self.within, self.store.dead(after, most))
    }

    fn retry(&self, id: u64) -> Answer<'_, bool> {
        limit(self.within, self.store.retry(id))
    }

    fn discard(&self, id: u64) -> Answer<'_, bool> {
        limit(self.within, self.store.discard(id))
    }

    fn prune(&self, keeping: Keeping) -> Answer<'_, bool> {
        limit(self.within, self.store.prune(keeping))
    }
}
