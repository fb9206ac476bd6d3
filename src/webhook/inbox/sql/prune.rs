//! The end of what was over long ago, in a database.

use std::time::Duration;

use crate::delivery::{
    OutboxError, millis,
    sql::{Driver, Lock, Record, Tx as _, Value, ids},
};

use super::{super::store::Keeping, SqlInbox, settle::SOON};

/// Rows removed in one transaction: a few milliseconds.
const BATCH: usize = 100;

impl<D: Driver> SqlInbox<D> {
    pub(super) async fn drop_old(&self, keeping: Keeping) -> Result<bool, OutboxError> {
        let mut tx = self.begin(Lock::Wait).await?;
        let now = tx.now(&self.clock);
        let before = |age: Duration| Value::from(now.saturating_sub(millis(age)));
        let long_ago = now.saturating_sub(millis(keeping.settled).saturating_add(SOON));
        let old = tx.query(&self.sql.old_seen, vec![self.name(), long_ago.into(), BATCH.into()]).await?;
        let mut more = old.len() == BATCH;
        let (open, over): (Vec<_>, Vec<_>) = old.iter().partition(|record| record.number(1).is_some());
        let rows = |records: Vec<&Record>| ids(records.iter().filter_map(|record| record.number(0)));
        if !open.is_empty() {
            tx.query(&self.sql.remember, vec![rows(open)?, now.into()]).await?;
        }
        if !over.is_empty() {
            tx.query(&self.sql.forget, vec![rows(over)?]).await?;
        }
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
