//! Dead letters in a database.

use crate::delivery::{
    OutboxError,
    sql::{Driver, Lock, Record, Tx as _, time},
};

use super::{
    super::{course::State, dead::DeadEvent},
    SqlInbox,
    row::body,
};

impl<D: Driver> SqlInbox<D> {
    pub(super) async fn letters(&self, after: u64, limit: usize) -> Result<Vec<DeadEvent>, OutboxError> {
        let mut tx = self.begin(Lock::Read).await?;
        let letters = tx.query(&self.sql.dead, vec![self.name(), after.into(), limit.into()]).await?;
        tx.commit().await?;
        Ok(letters.into_iter().map(letter).collect())
    }

    pub(super) async fn put_back(&self, id: u64) -> Result<bool, OutboxError> {
        let mut tx = self.begin(Lock::Wait).await?;
        let now = tx.now(&self.clock);
        let mut rows = self.load(&mut tx, [id]).await?;
        let Some(mut row) = rows.remove(&id).filter(|row| row.course.state == State::Dead) else { return Ok(false) };
        row.course.retry(now);
        self.save(&mut tx, &[row], now).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(super) async fn give_up(&self, id: u64) -> Result<bool, OutboxError> {
        let mut tx = self.begin(Lock::Wait).await?;
        let now = tx.now(&self.clock);
        let discarded = self.discard_in(&mut tx, [id], now).await?;
        tx.commit().await?;
        Ok(!discarded.is_empty())
    }
}

/// Reads a row of [`dead`](super::statements::Statements::dead).
fn letter(mut record: Record) -> DeadEvent {
    let number = |column: usize, record: &Record| record.number(column).unwrap_or_default();
    DeadEvent {
        id: number(0, &record),
        name: record.text(1).unwrap_or_default(),
        webhook_key: record.text(2),
        message: record.text(3).unwrap_or_default(),
        attempts: u32::try_from(number(4, &record)).unwrap_or(u32::MAX),
        arrived_at: time(number(5, &record)),
        died_at: time(number(6, &record)),
        // What can't be read is shown as it is stored.
        body: record.text(7).map(|payload| body(payload.clone()).unwrap_or_else(|| payload.into())).unwrap_or_default(),
        waiting: usize::try_from(number(8, &record)).unwrap_or(usize::MAX),
    }
}
