//! The inbox in a database: beside the outbox, over the same [`Driver`].

mod letters;
#[cfg(test)]
mod plans;
mod row;
mod statements;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use crate::delivery::{
    Answer, Clock, Millis, Opening, OutboxError, millis,
    sql::{Driver, Lock, Tx as _, Value, ids, json},
};

use self::{
    row::{Row, hex, payload},
    statements::{Statements, statements},
};
use super::{
    course::{Look, State, Terms},
    dead::DeadEvent,
    store::{Added, Claim, Counts, Keeping, NewEvent, Settlement, Store},
};

/// The version of the rows that this version writes, and the newest that it reads.
const VERSION: u64 = 1;
/// Events looked at in one claim, at most, unless more are wanted.
const MOST: usize = 256;
/// When to try again while another process is at it.
const BUSY: Duration = Duration::from_millis(10);

/// The events of one name in a database.
pub(crate) struct SqlInbox<D> {
    driver: D,
    clock: Clock,
    name: String,
    /// The names of its two locks. Whoever stores events waits for others who do, not for those who claim and settle.
    arrivals: String,
    claims: String,
    sql: &'static Statements,
    /// How many events the next claim looks at: more while most of them have to wait.
    look_at: AtomicUsize,
}

impl<D: Driver> SqlInbox<D> {
    pub(crate) fn new(driver: D, opening: Opening) -> Self {
        let Opening { clock, name } = opening;
        let (arrivals, claims) = (format!("{name} arrivals"), format!("{name} events"));
        Self { driver, clock, name, arrivals, claims, sql: statements(D::dialect()), look_at: AtomicUsize::new(0) }
    }

    fn name(&self) -> Value {
        Value::from(self.name.as_str())
    }

    async fn begin(&self, lock: Lock) -> Result<D::Tx, OutboxError> {
        self.begin_under(&self.claims, lock).await
    }

    async fn begin_under(&self, locked: &str, lock: Lock) -> Result<D::Tx, OutboxError> {
        let tx = self.driver.begin(locked, lock).await?;
        tx.ok_or_else(|| OutboxError::Unreachable("another process keeps it locked".to_owned()))
    }

    /// Under a lock of its own: ids are given in the order of commits, so none appears before one that was seen, and two
    /// batches with the same repeats don't wait for each other.
    async fn insert(&self, events: &[NewEvent]) -> Result<Vec<Added>, OutboxError> {
        let digests: Vec<_> = events.iter().map(|it| hex(&it.digest)).collect();
        let seen = json(&digests.iter().enumerate().collect::<Vec<_>>())?;
        let mut tx = self.begin_under(&self.arrivals, Lock::Wait).await?;
        let now = tx.now(&self.clock);
        let new = tx.query(&self.sql.see, vec![self.name(), seen]).await?;
        let mut new: HashMap<_, _> = new.into_iter().filter_map(|mut it| Some((it.text(1)?, it.number(0)?))).collect();
        let (mut added, mut rows) = (Vec::with_capacity(events.len()), Vec::with_capacity(new.len()));
        for (it, digest) in events.iter().zip(&digests) {
            let id = new.remove(digest);
            added.push(if id.is_some() { Added::New } else { Added::Repeat });
            rows.extend(id.map(|id| (id, &it.event, &it.webhook_key, &it.resource, payload(&it.body))));
        }
        if !rows.is_empty() {
            tx.query(&self.sql.add, vec![self.name(), json(&rows)?, VERSION.into(), now.into()]).await?;
        }
        tx.commit().await?;
        Ok(added)
    }

    /// In one transaction: of two that each sync the disk, one is enough.
    async fn take_turn(&self, settlements: &[Settlement], limit: usize, terms: Terms) -> Result<Claim, OutboxError> {
        let lock = if settlements.is_empty() { Lock::Try } else { Lock::Wait };
        let Some(mut tx) = self.driver.begin(&self.claims, lock).await? else {
            return Ok(Claim { next: Some(BUSY), ..Claim::default() });
        };
        let now = tx.now(&self.clock);
        let held = self.record(&mut tx, settlements, now).await?;
        let claim = if limit > 0 { self.claim(&mut tx, limit, terms, now).await? } else { Claim::default() };
        tx.commit().await?;
        Ok(Claim { held, ..claim })
    }

    async fn claim(&self, tx: &mut D::Tx, limit: usize, terms: Terms, now: Millis) -> Result<Claim, OutboxError> {
        let most = (limit + limit / 4).max(self.look_at.load(Ordering::Relaxed));
        let due = tx.query(&self.sql.due, vec![self.name(), now.into(), VERSION.into(), most.into()]).await?;
        let (mut claim, mut changed, looked_at) = (Claim::default(), Vec::new(), due.len());
        for record in due {
            if claim.events.len() == limit {
                break;
            }
            let mut row = Row::due(record);
            match row.look(terms, now) {
                Look::Claimed => claim.events.extend(row.claimed()),
                Look::Died => claim.dead.push(row.id),
                Look::Waits | Look::Lost => {}
            }
            changed.push(row);
        }
        self.save(tx, &changed, now).await?;
        let (few, all) = (claim.events.len() < limit, looked_at < most);
        let look_at = if few && !all { most.max(8) * 2 } else { 0 };
        self.look_at.store(look_at.min(MOST), Ordering::Relaxed);
        claim.next = if few && all { self.next_due(tx, now).await? } else { Some(Duration::ZERO) };
        Ok(claim)
    }

    /// How long until something is due that isn't yet.
    async fn next_due(&self, tx: &mut D::Tx, now: Millis) -> Result<Option<Duration>, OutboxError> {
        let next = tx.query(&self.sql.next_due, vec![self.name(), now.into(), VERSION.into()]).await?;
        let next = next.first().and_then(|record| record.number(0));
        Ok(next.map(|due| Duration::from_millis(due.saturating_sub(now))))
    }

    /// Which of them: a settlement whose claim has run out changes nothing.
    async fn record(&self, tx: &mut D::Tx, settlements: &[Settlement], now: Millis) -> Result<Vec<bool>, OutboxError> {
        if settlements.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = self.load(tx, settlements.iter().map(|settlement| settlement.row)).await?;
        let (mut held, mut changed) = (Vec::new(), Vec::new());
        for Settlement { row, token, to } in settlements {
            // The lease ran out, and the event may be somebody else's: what we know of it comes too late.
            let ours = rows.remove(row).filter(|row| row.course.takes(*token, to));
            held.push(ours.is_some());
            changed.extend(ours.map(|mut row| {
                row.course.settle(to, now);
                row.message = to.message().map(str::to_owned);
                row
            }));
        }
        self.save(tx, &changed, now).await?;
        self.wake(tx, &changed, now).await?;
        Ok(held)
    }

    async fn load(
        &self,
        tx: &mut D::Tx,
        rows: impl IntoIterator<Item = u64>,
    ) -> Result<HashMap<u64, Row>, OutboxError> {
        // Whoever asks for a letter may ask for any number.
        let rows = rows.into_iter().filter(|id| i64::try_from(*id).is_ok());
        let rows = tx.query(&self.sql.load, vec![self.name(), ids(rows)?]).await?;
        Ok(rows.into_iter().map(Row::loaded).map(|row| (row.id, row)).collect())
    }

    async fn save(&self, tx: &mut D::Tx, rows: &[Row], now: Millis) -> Result<(), OutboxError> {
        let (over, open): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.course.state == State::Done);
        if !over.is_empty() {
            let over = ids(over.iter().map(|row| row.id))?;
            tx.query(&self.sql.end, vec![over.clone(), now.into()]).await?;
            tx.query(&self.sql.remove, vec![over]).await?;
        }
        if !open.is_empty() {
            let open: Vec<_> = open.into_iter().map(Row::to_save).collect();
            tx.query(&self.sql.save, vec![json(&open)?, now.into()]).await?;
        }
        Ok(())
    }

    /// What waited for those of these that are over goes on.
    async fn wake(&self, tx: &mut D::Tx, rows: &[Row], now: Millis) -> Result<(), OutboxError> {
        let over = rows.iter().filter(|row| row.course.state == State::Done);
        let resources: HashSet<_> = over.filter_map(|row| row.resource.as_deref()).collect();
        if !resources.is_empty() {
            tx.query(&self.sql.wake, vec![self.name(), now.into(), json(&resources)?]).await?;
        }
        Ok(())
    }

    async fn count(&self) -> Result<Counts, OutboxError> {
        let mut tx = self.begin(Lock::Read).await?;
        let mut counts = Counts::default();
        for mut record in tx.query(&self.sql.counts, vec![self.name()]).await? {
            let count = usize::try_from(record.number(1).unwrap_or_default()).unwrap_or(usize::MAX);
            match record.text(0).as_deref().and_then(State::parse) {
                Some(State::Claimed) => counts.in_progress += count,
                Some(State::Dead) => counts.dead += count,
                _ => counts.pending += count,
            }
        }
        let oldest = tx.query(&self.sql.oldest, vec![self.name()]).await?;
        let now = tx.now(&self.clock);
        tx.commit().await?;
        let oldest = oldest.first().and_then(|record| record.number(0));
        counts.oldest = oldest.map(|arrived_at| Duration::from_millis(now.saturating_sub(arrived_at)));
        Ok(counts)
    }

    async fn drop_old(&self, keeping: Keeping) -> Result<bool, OutboxError> {
        /// Rows removed in one transaction: a few milliseconds.
        const BATCH: usize = 100;

        let mut tx = self.begin(Lock::Wait).await?;
        let now = tx.now(&self.clock);
        let before = |age: Duration| Value::from(now.saturating_sub(millis(age)));
        let old = vec![self.name(), before(keeping.settled), BATCH.into()];
        let mut more = tx.query(&self.sql.prune, old).await?.len() == BATCH;
        let old = tx.query(&self.sql.old_dead, vec![self.name(), before(keeping.dead), BATCH.into()]).await?;
        let beyond = vec![self.name(), keeping.max_dead.into(), BATCH.into()];
        let beyond = tx.query(&self.sql.dead_beyond, beyond).await?;
        for letters in [old, beyond] {
            more |= letters.len() == BATCH;
            let letters = letters.iter().filter_map(|record| record.number(0));
            for id in self.discard_in(&mut tx, letters, now).await? {
                tracing::error!(inbox = self.name, dead_letter = id, "too old, or too many: an event is discarded");
            }
        }
        tx.commit().await?;
        Ok(more)
    }
}

impl<D: Driver> Store for SqlInbox<D> {
    fn is_volatile(&self) -> bool {
        false
    }

    fn add<'a>(&'a self, events: &'a [NewEvent]) -> Answer<'a, Vec<Added>> {
        Box::pin(self.insert(events))
    }

    fn turn<'a>(&'a self, settlements: &'a [Settlement], limit: usize, terms: Terms) -> Answer<'a, Claim> {
        Box::pin(self.take_turn(settlements, limit, terms))
    }

    fn counts(&self) -> Answer<'_, Counts> {
        Box::pin(self.count())
    }

    fn dead(&self, after: u64, limit: usize) -> Answer<'_, Vec<DeadEvent>> {
        Box::pin(self.letters(after, limit))
    }

    fn retry(&self, id: u64) -> Answer<'_, bool> {
        Box::pin(self.put_back(id))
    }

    fn discard(&self, id: u64) -> Answer<'_, bool> {
        Box::pin(self.give_up(id))
    }

    fn prune(&self, keeping: Keeping) -> Answer<'_, bool> {
        Box::pin(self.drop_old(keeping))
    }
}

impl<D: Driver> fmt::Debug for SqlInbox<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlInbox").field("name", &self.name).field("driver", &self.driver).finish_non_exhaustive()
    }
}
