//! What an outbox says of itself.

use std::time::Duration;

use crate::delivery::{
    call::{CallId, CallKind},
    outbox::{Counts, Fate, OutboxError, Over},
    outcome::End,
};

use super::{
    SqlStore,
    driver::{Driver, Lock, Record, Tx as _, Value},
    ids,
    letters::read_reason,
};

impl<D: Driver> SqlStore<D> {
    pub(super) async fn count(&self) -> Result<Counts, OutboxError> {
        let mut tx = self.begin(Lock::Read).await?;
        let mut counts = Counts::default();
        for mut record in tx.query(&self.sql.counts, vec![self.name()]).await? {
            let count = usize::try_from(record.number(1).unwrap_or_default()).unwrap_or(usize::MAX);
            match record.text(0).as_deref() {
                Some("open") => counts.pending += count,
                Some("claimed") => counts.in_flight += count,
                Some("uncertain") => counts.uncertain += count,
                Some("parked") => counts.parked += count,
                Some("dead") => counts.dead += count,
                _ => {}
            }
        }
        counts.pending = counts.pending.saturating_sub(counts.in_flight + counts.uncertain);
        let notices = tx.query(&self.sql.count_notices, vec![self.name()]).await?;
        let notices = notices.first().and_then(|record| record.number(0)).unwrap_or_default();
        counts.notices = usize::try_from(notices).unwrap_or(usize::MAX);
        let oldest = self.first_open(&mut tx).await?.map(|(_, tracked_at)| tracked_at);
        let now = tx.now(&self.clock);
        counts.oldest = oldest.map(|tracked_at| Duration::from_millis(now.saturating_sub(tracked_at)));
        tx.commit().await?;
        Ok(counts)
    }

    /// The id of the first open call, and when it was tracked.
    async fn first_open(&self, tx: &mut D::Tx) -> Result<Option<(u64, u64)>, OutboxError> {
        let first = tx.query(&self.sql.first_open, vec![self.name()]).await?;
        Ok(first.first().and_then(|record| record.number(0).zip(record.number(1))))
    }

    pub(super) async fn last(&self) -> Result<u64, OutboxError> {
        let mut tx = self.begin(Lock::Read).await?;
        let last = tx.query(&self.sql.last, Vec::new()).await?;
        tx.commit().await?;
        Ok(last.first().and_then(|record| record.number(0)).unwrap_or_default() + 1)
    }

    pub(super) async fn any_open(&self, mark: u64) -> Result<bool, OutboxError> {
        let mut tx = self.begin(Lock::Read).await?;
        let first = self.first_open(&mut tx).await?;
        tx.commit().await?;
        Ok(first.is_some_and(|(id, _)| id < mark))
    }

    pub(super) async fn look_up(&self, calls: &[CallId]) -> Result<Vec<Fate>, OutboxError> {
        let mut tx = self.begin(Lock::Read).await?;
        let fates = tx.query(&self.sql.fates, vec![self.name(), ids(calls)?]).await?;
        tx.commit().await?;
        Ok(fates.into_iter().filter_map(fate).collect())
    }

    pub(super) async fn belong_to(&self, found: &str) -> Result<String, OutboxError> {
        let mut tx = self.begin(Lock::Wait).await?;
        tx.query(&self.sql.set_program, vec![self.name(), found.into()]).await?;
        let program = self.program_in(&mut tx).await?;
        tx.commit().await?;
        Ok(program.unwrap_or_else(|| found.to_owned()))
    }

    pub(super) async fn belongs_to(&self) -> Result<Option<String>, OutboxError> {
        let mut tx = self.begin(Lock::Read).await?;
        let program = self.program_in(&mut tx).await?;
        tx.commit().await?;
        Ok(program)
    }

    async fn program_in(&self, tx: &mut D::Tx) -> Result<Option<String>, OutboxError> {
        let program = tx.query(&self.sql.program, vec![self.name()]).await?;
        Ok(program.into_iter().next().and_then(|mut record| record.text(0)))
    }
}

/// Reads a row of [`fates`](super::statements::Statements::fates).
fn fate(mut record: Record) -> Option<Fate> {
    let id = CallId::parse(&record.text(0)?)?;
    let kind = record.text(1).and_then(|kind| CallKind::parse(&kind)).unwrap_or(CallKind::Unknown);
    let (customer, transaction) = (record.text(2), record.text(3));
    let over = if record.take(4) == Value::from("dead") {
        Over::Dead(read_reason(record.text(6)), record.text(7).unwrap_or_default())
    } else {
        Over::Ended(End::parse(&record.text(5)?)?)
    };
    Some(Fate { id, kind, customer, transaction, over })
}
