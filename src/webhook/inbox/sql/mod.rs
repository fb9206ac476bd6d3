//! The inbox in a database: beside the outbox, over the same [`Driver`].

mod arrivals;
mod letters;
#[cfg(test)]
mod plans;
mod prune;
mod row;
mod settle;
mod statements;

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use crate::delivery::{
    Answer, Clock, Millis, Opening, OutboxError,
    sql::{Driver, Lock, Tx as _, Value, ids},
};

use self::{
    row::Row,
    statements::{Statements, statements},
};
use super::{
    course::{Look, State},
    dead::DeadEvent,
    store::{Counts, Keeping, Store, Turn, Turned},
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

    /// In one transaction: of two that each sync the disk, one is enough.
    async fn take_turn(&self, turn: Turn<'_>) -> Result<Turned, OutboxError> {
        let Some((mut tx, alone)) = self.begin_turn(turn).await? else {
            return Ok(Turned { aside: true, next: Some(BUSY), ..Turned::default() });
        };
        let now = tx.now(&self.clock);
        let mut turned = Turned { aside: !alone, ..Turned::default() };
        if alone {
            let lost = self.take_back(&mut tx, turn.lost, now).await?;
            let recorded = self.record(&mut tx, turn.settlements, now).await?;
            if turn.look || lost || recorded.look {
                turned = self.claim(&mut tx, turn, now).await?;
            }
            turned.held = recorded.held;
        }
        if !turn.arrivals.is_empty() {
            let room = turn.limit - turned.events.len();
            let stored = self.store(&mut tx, turn, room, alone, now).await?;
            turned.added = stored.added;
            turned.events.extend(stored.claimed);
            turned.next = if stored.more { Some(Duration::ZERO) } else { turned.next };
        }
        tx.commit().await?;
        Ok(turned)
    }

    /// And whether it is the only one now: who stores events doesn't wait for those who claim and settle.
    async fn begin_turn(&self, turn: Turn<'_>) -> Result<Option<(D::Tx, bool)>, OutboxError> {
        if !turn.arrivals.is_empty() {
            let mut tx = self.begin_under(&self.arrivals, Lock::Wait).await?;
            let alone = tx.also(&self.claims).await?;
            return Ok(Some((tx, alone)));
        }
        let waits = !turn.settlements.is_empty() || !turn.lost.is_empty();
        let tx = self.driver.begin(&self.claims, if waits { Lock::Wait } else { Lock::Try }).await?;
        Ok(tx.map(|tx| (tx, true)))
    }

    /// What the turns of these tokens have claimed. Whether there was any.
    async fn take_back(&self, tx: &mut D::Tx, tokens: &[u64], now: Millis) -> Result<bool, OutboxError> {
        if tokens.is_empty() {
            return Ok(false);
        }
        let back = tx.query(&self.sql.take_back, vec![self.name(), now.into(), ids(tokens)?]).await?;
        Ok(!back.is_empty())
    }

    async fn claim(&self, tx: &mut D::Tx, turn: Turn<'_>, now: Millis) -> Result<Turned, OutboxError> {
        let Turn { limit, token, terms, .. } = turn;
        let mut claim = Turned { next: Some(Duration::ZERO), ..Turned::default() };
        if limit == 0 {
            return Ok(claim);
        }
        let most = (limit + limit / 4).max(self.look_at.load(Ordering::Relaxed));
        let due = tx.query(&self.sql.due, vec![self.name(), now.into(), VERSION.into(), most.into()]).await?;
        let (mut changed, looked_at) = (Vec::new(), due.len());
        for record in due {
            if claim.events.len() == limit {
                break;
            }
            let mut row = Row::due(record);
            match row.look(token, terms, now) {
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
        if few && all {
            claim.next = self.next_due(tx, now).await?;
        }
        Ok(claim)
    }

    /// How long until something is due that isn't yet.
    async fn next_due(&self, tx: &mut D::Tx, now: Millis) -> Result<Option<Duration>, OutboxError> {
        let next = tx.query(&self.sql.next_due, vec![self.name(), now.into(), VERSION.into()]).await?;
        let next = next.first().and_then(|record| record.number(0));
        Ok(next.map(|due| Duration::from_millis(due.saturating_sub(now))))
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
}

impl<D: Driver> Store for SqlInbox<D> {
    fn is_volatile(&self) -> bool {
        false
    }

    fn turn<'a>(&'a self, turn: Turn<'a>) -> Answer<'a, Turned> {
        Box::pin(self.take_turn(turn))
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
