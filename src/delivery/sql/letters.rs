//! Dead letters, and the calls parked behind them.

use std::str::FromStr as _;

use rust_decimal::Decimal;

use crate::delivery::{
    call::CallKind,
    dead::{DeadLetter, DeadReason},
    decide::{Millis, State},
    outbox::OutboxError,
    outcome::End,
};

use super::{
    SqlStore,
    driver::{Driver, Lock, Record, Tx as _, Value},
    stored::Stored,
    time,
};

impl<D: Driver> SqlStore<D> {
    pub(super) async fn letters(&self, after: u64, limit: usize) -> Result<Vec<DeadLetter>, OutboxError> {
        let mut tx = self.begin(Lock::Read).await?;
        let letters = tx.query(&self.sql.letters, vec![self.name(), after.into(), limit.into()]).await?;
        tx.commit().await?;
        Ok(letters.into_iter().map(letter).collect())
    }

    pub(super) async fn put_back(&self, id: u64) -> Result<bool, OutboxError> {
        let mut tx = self.begin(Lock::Wait).await?;
        let now = tx.now(&self.clock);
        let mut rows = self.load(&mut tx, [id]).await?;
        let Some(row) = rows.get_mut(&id).filter(|row| row.course.state == State::Dead) else { return Ok(false) };
        row.course.retry(now);
        self.save(&mut tx, &[row]).await?;
        tx.query(&self.sql.unpark, vec![self.name(), id.into(), now.into()]).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(super) async fn give_up(&self, id: u64) -> Result<bool, OutboxError> {
        let mut tx = self.begin(Lock::Wait).await?;
        let now = tx.now(&self.clock);
        let found = self.discard_in(&mut tx, id, now).await?;
        tx.commit().await?;
        Ok(found)
    }

    pub(super) async fn discard_in(&self, tx: &mut D::Tx, id: u64, now: Millis) -> Result<bool, OutboxError> {
        let mut rows = self.load(tx, [id]).await?;
        let Some(row) = rows.get_mut(&id).filter(|row| row.course.state == State::Dead) else { return Ok(false) };
        row.course.end(End::Discarded);
        row.over_at = Some(now);
        self.save(tx, &[row]).await?;
        tx.query(&self.sql.unpark, vec![self.name(), id.into(), now.into()]).await?;
        Ok(true)
    }
}

impl Stored {
    /// As a dead letter, if it is one, with that many calls behind it.
    pub(super) fn letter(&self, parked: usize) -> Option<DeadLetter> {
        let death = self.death.as_ref()?;
        Some(DeadLetter {
            id: self.id,
            kind: self.course.kind,
            customer: self.customer.as_deref().map(str::to_owned),
            transaction: self.transaction.as_deref().map(str::to_owned),
            amount: self.course.amount,
            reason: death.reason,
            message: death.message.clone(),
            attempts: self.course.attempts,
            uncertain: self.course.uncertain,
            parked,
            tracked_at: time(self.tracked_at),
            died_at: time(self.died_at.unwrap_or_default()),
        })
    }
}

pub(super) fn read_reason(reason: Option<String>) -> DeadReason {
    reason.and_then(|reason| DeadReason::parse(&reason)).unwrap_or(DeadReason::Unreadable)
}

/// Reads a row of [`letters`](super::statements::Statements::letters).
fn letter(mut record: Record) -> DeadLetter {
    let number = |column: usize, record: &Record| record.number(column).unwrap_or_default();
    DeadLetter {
        id: number(0, &record),
        kind: record.text(1).and_then(|kind| CallKind::parse(&kind)).unwrap_or(CallKind::Unknown),
        customer: record.text(2),
        transaction: record.text(3),
        amount: record.text(4).and_then(|amount| Decimal::from_str(&amount).ok()),
        reason: read_reason(record.text(5)),
        message: record.text(6).unwrap_or_default(),
        attempts: u32::try_from(number(7, &record)).unwrap_or(u32::MAX),
        uncertain: matches!(record.take(8), Value::Int(flag) if flag != 0),
        tracked_at: time(number(9, &record)),
        died_at: time(number(10, &record)),
        parked: usize::try_from(number(11, &record)).unwrap_or(usize::MAX),
    }
}
