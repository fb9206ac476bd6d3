//! Forgets what was over long ago, a small batch at a time.

use std::time::Duration;

use crate::delivery::{course::millis, outbox::OutboxError, settings::Keeping};

use super::{
    SqlStore,
    driver::{Driver, Lock, Tx as _},
};

/// Rows removed in one transaction: a few milliseconds. Each is in a few pages of its own, and a disk takes a hundred
/// pages at once without a pause.
const BATCH: usize = 25;
/// How long it is known of a call that it left no trace: for whoever awaits it, or stores it once more.
const GONE: Duration = Duration::from_secs(60 * 60);

impl<D: Driver> SqlStore<D> {
    pub(super) async fn drop_old(&self, keeping: Keeping) -> Result<bool, OutboxError> {
        let mut tx = self.begin(Lock::Wait).await?;
        let now = tx.now(&self.clock);
        let before = |age: Duration| now.saturating_sub(millis(age)).into();
        let mut more = false;
        for (state, age) in [("done", keeping.settled), ("gone", GONE.min(keeping.settled))] {
            let parameters = vec![self.name(), state.into(), before(age), BATCH.into()];
            more |= tx.query(&self.sql.prune, parameters).await?.len() == BATCH;
        }
        let parameters = vec![self.name(), before(keeping.dead), BATCH.into()];
        more |= tx.query(&self.sql.prune_notices, parameters.clone()).await?.len() == BATCH;
        let letters = tx.query(&self.sql.old_letters, parameters).await?;
        more |= letters.len() == BATCH;
        for id in letters.iter().filter_map(|record| record.number(0)) {
            self.discard_in(&mut tx, id, now).await?;
        }
        tx.commit().await?;
        if more {
            self.driver.write_back().await;
        }
        Ok(more)
    }
}
