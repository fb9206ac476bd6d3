//! The outbox in memory: bounded, and lost with the process.

mod claim;
mod dead;
mod row;
#[cfg(test)]
mod seen;
mod settle;
mod table;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use crate::delivery::{
    call::{CallId, NewCall},
    clock::Clock,
    course::millis,
    dead::DeadLetter,
    outbox::{Answer, Claim, Counts, DueNotice, Fate, Opening, Outbox, Settlement, Store, Terms, sealed},
    settings::Keeping,
};

use self::table::Table;

/// Keeps calls in the memory of this process: the default.
///
/// It rides out Partnero's outages, but a crash or a deploy without [`shutdown`](crate::Partnero::shutdown) loses what
/// is in it, and a second instance of the application knows nothing of it. It holds at most `capacity` calls that wait,
/// and remembers the last 100,000 settled keys.
///
/// It is empty for whoever it is given to: a clone shares nothing with it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MemoryOutbox {}

impl MemoryOutbox {
    /// An empty outbox.
    pub fn new() -> Self {
        Self {}
    }
}

impl Outbox for MemoryOutbox {}

impl sealed::IntoStore for MemoryOutbox {
    fn into_store(self, opening: Opening) -> sealed::Handle {
        sealed::Handle(Arc::new(MemoryStore { table: Mutex::default(), clock: opening.clock }))
    }
}

pub(crate) struct MemoryStore {
    table: Mutex<Table>,
    clock: Clock,
}

impl MemoryStore {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since the clock was made: it never goes back, whatever is done to the time of day.
    fn now(&self) -> u64 {
        millis(self.clock.monotonic())
    }

    fn with<'a, T: Send + 'a>(&'a self, work: impl FnOnce(&mut Table, u64) -> T + Send + 'a) -> Answer<'a, T> {
        Box::pin(async move { Ok(work(&mut self.table(), self.now())) })
    }

    fn wall(&self, then: u64) -> SystemTime {
        let ago = self.now().saturating_sub(then);
        self.clock.wall().checked_sub(Duration::from_millis(ago)).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

impl Store for MemoryStore {
    fn is_volatile(&self) -> bool {
        true
    }

    fn lost(&self) -> usize {
        self.table().counts(self.now()).open()
    }

    #[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
    fn dialect(&self) -> Option<super::sql::Dialect> {
        None
    }

    fn insert<'a>(&'a self, calls: &'a mut Vec<NewCall>) -> Answer<'a, ()> {
        self.with(|table, now| calls.drain(..).for_each(|call| table.insert(call, now)))
    }

    fn claim(&self, limit: usize, terms: Terms) -> Answer<'_, Claim> {
        self.with(move |table, now| table.claim(limit, terms, now))
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement], keeping: Keeping) -> Answer<'a, Vec<bool>> {
        Box::pin(async move {
            let wall = self.clock.wall();
            let now = self.now();
            let mut table = self.table();
            let time_of_day = |then| {
                let ago = Duration::from_millis(now.saturating_sub(then));
                wall.checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH)
            };
            let settle = |settlement| table.settle(settlement, keeping, now, time_of_day);
            Ok(settlements.iter().map(settle).collect())
        })
    }

    /// Whoever awaits a call learns it from the process that sends it: there is no other.
    fn turn<'a>(
        &'a self,
        settlements: &'a [Settlement],
        keeping: Keeping,
        _limit: usize,
        _terms: Terms,
    ) -> Answer<'a, (Vec<bool>, Option<Claim>)> {
        Box::pin(async move { Ok((self.settle(settlements, keeping).await?, None)) })
    }

    fn fates<'a>(&'a self, _: &'a [CallId]) -> Answer<'a, Vec<Fate>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn program<'a>(&'a self, found: &'a str) -> Answer<'a, String> {
        Box::pin(async { Ok(found.to_owned()) })
    }

    fn notices(&self, limit: usize, _: Duration) -> Answer<'_, Vec<DueNotice>> {
        self.with(move |table, now| table.notices(limit, now))
    }

    fn settle_notice(&self, id: u64, again: Option<Duration>) -> Answer<'_, ()> {
        self.with(move |table, now| table.settle_notice(id, again, now))
    }

    fn counts(&self) -> Answer<'_, Counts> {
        self.with(|table, now| table.counts(now))
    }

    fn mark(&self) -> Answer<'_, u64> {
        self.with(|table, _| table.mark())
    }

    fn is_open_before(&self, mark: u64) -> Answer<'_, bool> {
        self.with(move |table, _| table.is_open_before(mark))
    }

    fn dead_letters(&self, after: u64, limit: usize) -> Answer<'_, Vec<DeadLetter>> {
        Box::pin(async move { Ok(self.table().dead_letters(after, limit, |then| self.wall(then))) })
    }

    fn retry(&self, id: u64) -> Answer<'_, bool> {
        self.with(move |table, now| table.retry(id, now))
    }

    fn discard(&self, id: u64) -> Answer<'_, bool> {
        self.with(move |table, now| table.discard(id, now))
    }

    fn forget<'a>(&'a self, customer: &'a str) -> Answer<'a, usize> {
        self.with(|table, _| table.forget(customer))
    }

    fn prune(&self, keeping: Keeping) -> Answer<'_, bool> {
        self.with(move |table, now| table.prune(keeping, now))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
