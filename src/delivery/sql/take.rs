//! The transaction of a claim.

use std::{
    collections::HashMap,
    sync::{MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use crate::delivery::{
    decide::Millis,
    notice::Notice,
    outbox::{Claim, OutboxError, Settlement, Terms},
    settings::Keeping,
};

use super::{
    SqlStore,
    claim::{Round, questions},
    driver::{Driver, Lock, Tx as _, Value},
    ids,
    pace::Pace,
    stored::Stored,
};

/// Calls looked at in one claim, at most, unless more are wanted.
const MOST: usize = 512;
/// When to try again while another process is at it.
const BUSY: Duration = Duration::from_millis(10);

impl<D: Driver> SqlStore<D> {
    pub(super) async fn take(&self, limit: usize, terms: Terms) -> Result<Claim, OutboxError> {
        let Some(mut tx) = self.driver.begin(&self.name, Lock::Try).await? else {
            return Ok(Claim { next: Some(BUSY), ..Claim::default() });
        };
        let now = tx.now(&self.clock);
        let claim = self.take_in(&mut tx, now, limit, terms).await?;
        tx.commit().await?;
        Ok(claim)
    }

    /// A claim costs little more in the transaction of a settlement than nothing, and by itself as much as both.
    pub(super) async fn record_and_take(
        &self,
        settlements: &[Settlement],
        keeping: Keeping,
        limit: usize,
        terms: Terms,
    ) -> Result<(Vec<bool>, Option<Claim>), OutboxError> {
        let mut tx = self.begin(Lock::Wait).await?;
        let now = tx.now(&self.clock);
        let held = self.record_in(&mut tx, settlements, keeping, now).await?;
        let claim = self.take_in(&mut tx, now, limit, terms).await?;
        tx.commit().await?;
        Ok((held, Some(claim)))
    }

    async fn take_in(&self, tx: &mut D::Tx, now: Millis, limit: usize, terms: Terms) -> Result<Claim, OutboxError> {
        let quiet = self.pace().look(now, self.clock.monotonic(), terms.settle_delay);
        let most = limit.max(self.look_at.load(Ordering::Relaxed));
        let parameters = vec![self.name(), now.into(), self.version.into(), most.into()];
        let due = tx.query(&self.sql.due, parameters).await?;
        if due.is_empty() {
            return Ok(Claim { next: self.next_due(tx, now).await?, ..Claim::default() });
        }
        let all = due.len() < most;
        let (due, over): (Vec<_>, Vec<_>) = due.into_iter().map(Stored::read).partition(|row| row.course.is_open());
        if !over.is_empty() {
            tx.query(&self.sql.strike, vec![ids(over.iter().map(|row| row.id))?]).await?;
        }
        let mut parameters = vec![self.name()];
        parameters.extend(questions(&due).map(Value::Text));
        let related = tx.query(&self.sql.related, parameters).await?;

        let order: Vec<_> = due.iter().map(|row| row.id).collect();
        let mut round = Round::new(related.into_iter().map(Stored::read).chain(due), terms, now);
        round.keep_quiet(quiet);
        round.run(&order, limit);
        let payloads = self.write(tx, &mut round).await?;
        let few = round.claimed.len() < limit;
        round.claim.next = match round.claim.next {
            None if few && all && round.freed.is_empty() => self.next_due(tx, now).await?,
            _ => Some(Duration::ZERO),
        };
        let look_at = match round.claimed.len() {
            _ if !few || all => 0,
            // Some had to wait.
            claimed if claimed > most / 2 => most + most.div_ceil(4),
            _ => most.max(8) * 2,
        };
        self.look_at.store(look_at.min(MOST), Ordering::Relaxed);
        Ok(round.into_claim(payloads))
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long until something is due that isn't yet.
    async fn next_due(&self, tx: &mut D::Tx, now: Millis) -> Result<Option<Duration>, OutboxError> {
        let next = tx.query(&self.sql.next_due, vec![self.name(), now.into(), self.version.into()]).await?;
        let next = next.first().and_then(|record| record.number(0));
        Ok(next.map(|due| Duration::from_millis(due.saturating_sub(now))))
    }

    /// Writes what a round changed, and reads the bodies of what is to be sent.
    async fn write(&self, tx: &mut D::Tx, round: &mut Round) -> Result<HashMap<u64, String>, OutboxError> {
        let changes = round.changes();
        if changes.is_empty() {
            return Ok(HashMap::new());
        }
        let payloads = self.save(tx, &changes).await?;
        self.wake(tx, &round.freed, round.now).await?;
        for id in std::mem::take(&mut round.dead) {
            self.report(tx, round, id).await?;
        }
        Ok(payloads)
    }

    /// A call that turned out to be unreadable.
    async fn report(&self, tx: &mut D::Tx, round: &mut Round, id: u64) -> Result<(), OutboxError> {
        let Some(row) = round.row(id) else { return Ok(()) };
        let Some(letter) = row.letter(0) else { return Ok(()) };
        let call = row.call.unwrap_or_default();
        if round.terms.notices {
            let customer = letter.customer.clone();
            self.notify(tx, &[(customer, Notice::Failed { letter: letter.clone() })], round.now).await?;
        }
        round.claim.dead.push((call, letter));
        Ok(())
    }
}
