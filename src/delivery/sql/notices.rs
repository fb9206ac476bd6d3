//! What the observer hasn't been told.

use std::time::Duration;

use crate::delivery::{
    course::later,
    notice::Notice,
    outbox::{DueNotice, OutboxError},
};

use super::{
    SqlStore,
    driver::{Driver, Lock, Record, Tx as _},
};

impl<D: Driver> SqlStore<D> {
    pub(super) async fn take_notices(&self, limit: usize, lease: Duration) -> Result<Vec<DueNotice>, OutboxError> {
        if limit == 0 || !self.any_due_notice().await? {
            return Ok(Vec::new());
        }
        let mut tx = self.begin(Lock::Wait).await?;
        let now = tx.now(&self.clock);
        let parameters = vec![self.name(), now.into(), later(now, lease).into(), limit.into()];
        let mut due = tx.query(&self.sql.due_notices, parameters).await?;
        tx.commit().await?;
        due.sort_by_key(|record| record.number(0));
        let mut notices = Vec::new();
        for record in due {
            match read(record) {
                Ok(notice) => notices.push(notice),
                Err(id) => {
                    tracing::warn!("a notice to the observer can't be read: left out");
                    self.record_notice(id, None).await?;
                }
            }
        }
        Ok(notices)
    }

    /// Asked each second: so it takes no lock.
    async fn any_due_notice(&self) -> Result<bool, OutboxError> {
        let mut tx = self.begin(Lock::Read).await?;
        let now = tx.now(&self.clock);
        let any = tx.query(&self.sql.any_due_notice, vec![self.name(), now.into()]).await?;
        tx.commit().await?;
        Ok(!any.is_empty())
    }

    pub(super) async fn record_notice(&self, id: u64, again: Option<Duration>) -> Result<(), OutboxError> {
        let mut tx = self.begin(Lock::Wait).await?;
        let now = tx.now(&self.clock);
        match again {
            Some(after) => tx.query(&self.sql.put_notice_off, vec![id.into(), later(now, after).into()]).await?,
            None => tx.query(&self.sql.drop_notice, vec![id.into()]).await?,
        };
        tx.commit().await
    }
}

/// Reads a row of [`due_notices`](super::statements::Statements::due_notices). `Err` with the id of one that is damaged.
fn read(mut record: Record) -> Result<DueNotice, u64> {
    let id = record.number(0).unwrap_or_default();
    let failures = record.number(2).and_then(|failures| u32::try_from(failures).ok()).unwrap_or(u32::MAX);
    let notice = record.text(1).and_then(|payload| serde_json::from_str::<Notice>(&payload).ok()).ok_or(id)?;
    Ok(DueNotice { id, notice, failures })
}
