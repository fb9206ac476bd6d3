//! A time limit for everything that is asked of an outbox: a database that hangs must not hang its users.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use crate::delivery::{
    call::{CallId, NewCall},
    dead::DeadLetter,
    outbox::{Answer, Claim, Counts, DueNotice, Fate, OutboxError, Settlement, Store, Terms},
    settings::Keeping,
};

/// A store that answers in time, if only that it doesn't.
#[derive(Debug)]
pub(crate) struct Limited {
    store: Arc<dyn Store>,
    within: Duration,
}

impl Limited {
    pub(crate) fn new(store: Arc<dyn Store>, within: Duration) -> Self {
        Self { store, within }
    }

    fn limit<'a, T: Send + 'a>(&self, answer: Answer<'a, T>) -> Answer<'a, T> {
        limit(self.within, answer)
    }
}

/// What a store says within that time.
pub(crate) fn limit<'a, T: Send + 'a>(within: Duration, answer: Answer<'a, T>) -> Answer<'a, T> {
    Box::pin(async move {
        timeout(within, answer)
            .await
            .unwrap_or_else(|_| Err(OutboxError::Unanswered(format!("nothing within {within:?}"))))
    })
}

impl Store for Limited {
    fn is_volatile(&self) -> bool {
        self.store.is_volatile()
    }

    #[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
    fn dialect(&self) -> Option<super::sql::Dialect> {
        self.store.dialect()
    }

    fn insert<'a>(&'a self, calls: &'a mut Vec<NewCall>) -> Answer<'a, ()> {
        self.limit(self.store.insert(calls))
    }

    fn claim(&self, limit: usize, terms: Terms) -> Answer<'_, Claim> {
        self.limit(self.store.claim(limit, terms))
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement], keeping: Keeping) -> Answer<'a, Vec<bool>> {
        self.limit(self.store.settle(settlements, keeping))
    }

    fn turn<'a>(
        &'a self,
        settlements: &'a [Settlement],
        keeping: Keeping,
        limit: usize,
        terms: Terms,
    ) -> Answer<'a, (Vec<bool>, Option<Claim>)> {
        self.limit(self.store.turn(settlements, keeping, limit, terms))
    }

    fn fates<'a>(&'a self, calls: &'a [CallId]) -> Answer<'a, Vec<Fate>> {
        self.limit(self.store.fates(calls))
    }

    fn program<'a>(&'a self, found: &'a str) -> Answer<'a, String> {
        self.limit(self.store.program(found))
    }

    fn recorded_program(&self) -> Answer<'_, Option<String>> {
        self.limit(self.store.recorded_program())
    }

    fn notices(&self, limit: usize, lease: Duration) -> Answer<'_, Vec<DueNotice>> {
        self.limit(self.store.notices(limit, lease))
    }

    fn settle_notice(&self, id: u64, again: Option<Duration>) -> Answer<'_, ()> {
        self.limit(self.store.settle_notice(id, again))
    }

    fn counts(&self) -> Answer<'_, Counts> {
        self.limit(self.store.counts())
    }

    fn mark(&self) -> Answer<'_, u64> {
        self.limit(self.store.mark())
    }

    fn is_open_before(&self, mark: u64) -> Answer<'_, bool> {
        self.limit(self.store.is_open_before(mark))
    }

    fn dead_letters(&self, after: u64, limit: usize) -> Answer<'_, Vec<DeadLetter>> {
        self.limit(self.store.dead_letters(after, limit))
    }

    fn retry(&self, id: u64) -> Answer<'_, bool> {
        self.limit(self.store.retry(id))
    }

    fn discard(&self, id: u64) -> Answer<'_, bool> {
        self.limit(self.store.discard(id))
    }

    fn forget<'a>(&'a self, customer: &'a str) -> Answer<'a, usize> {
        self.limit(self.store.forget(customer))
    }

    fn prune(&self, keeping: Keeping) -> Answer<'_, bool> {
        self.limit(self.store.prune(keeping))
    }

    fn tidy(&self) -> Answer<'_, ()> {
        self.limit(self.store.tidy())
    }
}
