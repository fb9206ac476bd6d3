//! Erasure of a person: what is settled loses its customer, what is open keeps the key that it needs.

use serde_json::json;

use crate::delivery::{outbox::OutboxError, payload};

use super::{
    SqlStore,
    driver::{Driver, Lock, Tx as _},
    json,
};

/// Calls changed in one transaction.
const PAGE: usize = 500;

impl<D: Driver> SqlStore<D> {
    pub(super) async fn erase(&self, customer: &str) -> Result<usize, OutboxError> {
        let mut tx = self.begin(Lock::Wait).await?;
        let whose = || vec![self.name(), customer.into()];
        tx.query(&self.sql.forget_notices, whose()).await?;
        // The key of a settled sign-up is needed no more: a second one would find the customer there.
        let mut touched = tx.query(&self.sql.forget_sign_ups, whose()).await?.len();
        touched += tx.query(&self.sql.forget_settled, whose()).await?.len();
        tx.commit().await?;
        let mut after = 0;
        while let Some((last, count)) = self.erase_page(customer, after).await? {
            (after, touched) = (last, touched + count);
        }
        self.driver.scrub().await;
        Ok(touched)
    }

    /// The last of the open calls that were changed, and how many those were.
    async fn erase_page(&self, customer: &str, after: u64) -> Result<Option<(u64, usize)>, OutboxError> {
        let mut tx = self.begin(Lock::Wait).await?;
        let parameters = vec![self.name(), customer.into(), after.into(), PAGE.into()];
        let calls = tx.query(&self.sql.payloads, parameters).await?;
        let count = calls.len();
        let Some(last) = calls.last().and_then(|record| record.number(0)) else { return Ok(None) };
        let mut rows = Vec::new();
        for mut call in calls {
            let payload = call.text(1).and_then(|payload| payload::without_personal_data(&payload));
            rows.extend(payload.map(|payload| json!({"id": call.number(0), "payload": payload})));
        }
        tx.query(&self.sql.set_payloads, vec![json(&rows)?]).await?;
        tx.commit().await?;
        Ok(Some((last, count)))
    }
}
