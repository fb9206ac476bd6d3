//! Records what came of claimed calls.

use std::collections::HashMap;

use serde_json::json;

use crate::delivery::{
    decide::{Millis, State},
    notice::Notice,
    outbox::{OutboxError, Settlement, Transition},
    settings::Keeping,
};

use super::{
    SqlStore,
    claim::{Keys, keys},
    driver::{Driver, Lock, Tx as _, Value},
    ids, json,
    stored::{Death, Stored},
};

impl<D: Driver> SqlStore<D> {
    pub(super) async fn record(&self, settlements: &[Settlement], keeping: Keeping) -> Result<Vec<bool>, OutboxError> {
        let mut tx = self.begin(Lock::Wait).await?;
        let now = tx.now(&self.clock);
        let held = self.record_in(&mut tx, settlements, keeping, now).await?;
        tx.commit().await?;
        Ok(held)
    }

    pub(super) async fn record_in(
        &self,
        tx: &mut D::Tx,
        settlements: &[Settlement],
        keeping: Keeping,
        now: Millis,
    ) -> Result<Vec<bool>, OutboxError> {
        let mut rows = self.load(tx, settlements.iter().map(|settlement| settlement.row)).await?;
        let (mut held, mut notices, mut touched) = (Vec::new(), Vec::new(), Keys::default());
        let mut any_dead = false;
        for settlement in settlements {
            let ours = |row: &&mut Stored| row.course.state == State::Claimed && row.course.token == settlement.token;
            let Some(row) = rows.get_mut(&settlement.row).filter(ours) else {
                // The lease ran out and the call is somebody else's, or uncertain: what we know of it comes too late.
                tracing::debug!(row = settlement.row, "a settlement came after its lease");
                held.push(false);
                continue;
            };
            held.push(true);
            touched.add(row);
            row.settle(&settlement.to, now);
            any_dead |= row.course.state == State::Dead;
            let customer = row.customer.as_deref().map(str::to_owned);
            match &settlement.to {
                Transition::End { notice: Some(notice), .. } => notices.push((customer, notice.clone())),
                Transition::Dead { notice: true, .. } => {
                    notices.extend(row.letter(0).map(|letter| (customer, Notice::Failed { letter })));
                }
                _ => {}
            }
        }
        let of_ours = settlements.iter().zip(&held).filter(|(_, held)| **held);
        let changed: Vec<_> = of_ours.filter_map(|(settlement, _)| rows.get(&settlement.row)).collect();
        if changed.is_empty() {
            return Ok(held);
        }
        self.save(tx, &changed).await?;
        self.wake(tx, &touched, now).await?;
        if keeping.notices && !notices.is_empty() {
            self.notify(tx, &notices, now).await?;
        }
        if any_dead {
            self.make_room(tx, keeping, now).await?;
        }
        Ok(held)
    }

    pub(super) async fn load(
        &self,
        tx: &mut D::Tx,
        rows: impl IntoIterator<Item = u64>,
    ) -> Result<HashMap<u64, Stored>, OutboxError> {
        let rows = tx.query(&self.sql.load, vec![self.name(), ids(rows)?]).await?;
        Ok(rows.into_iter().map(Stored::read).map(|row| (row.id, row)).collect())
    }

    /// Writes what changed of these, and reads the bodies of what is to be sent.
    pub(super) async fn save(&self, tx: &mut D::Tx, rows: &[&Stored]) -> Result<HashMap<u64, String>, OutboxError> {
        // Most are changed in the same way: that is told once.
        let mut alike: HashMap<(bool, String), Vec<u64>> = HashMap::new();
        for row in rows {
            let change =
                serde_json::to_string(&row.to_save()).map_err(|error| OutboxError::Refused(error.to_string()))?;
            let stays_open = row.was_open && row.course.is_open();
            alike.entry((stays_open, change)).or_default().push(row.id);
        }
        let mut payloads = HashMap::new();
        for ((stays_open, change), rows) in alike {
            let statement = if stays_open { &self.sql.save_open } else { &self.sql.save };
            for mut record in tx.query(statement, vec![ids(rows)?, change.into()]).await? {
                if let (Some(id), Some(payload)) = (record.number(0), record.text(1)) {
                    payloads.insert(id, payload);
                }
            }
        }
        Ok(payloads)
    }

    /// Looks again at the calls that may have waited for others of these keys.
    pub(super) async fn wake(&self, tx: &mut D::Tx, touched: &Keys, now: Millis) -> Result<(), OutboxError> {
        if touched.is_empty() {
            return Ok(());
        }
        let waiting = tx.query(&self.sql.any_waiting, vec![self.name()]).await?;
        if !waiting.is_empty() {
            let (customers, transactions) = (keys(&touched.customers), keys(&touched.transactions));
            let parameters = vec![self.name(), now.into(), customers.into(), transactions.into()];
            tx.query(&self.sql.wake, parameters).await?;
        }
        Ok(())
    }

    pub(super) async fn notify(
        &self,
        tx: &mut D::Tx,
        notices: &[(Option<String>, Notice)],
        now: Millis,
    ) -> Result<(), OutboxError> {
        let mut rows = Vec::with_capacity(notices.len());
        for (customer, notice) in notices {
            let payload = serde_json::to_string(notice).map_err(|error| OutboxError::Refused(error.to_string()))?;
            rows.push(json!({"customer": customer, "payload": payload}));
        }
        tx.query(&self.sql.notify, vec![self.name(), json(&rows)?, now.into()]).await?;
        Ok(())
    }

    /// Discards the oldest dead letters beyond how many there may be.
    async fn make_room(&self, tx: &mut D::Tx, keeping: Keeping, now: Millis) -> Result<(), OutboxError> {
        let beyond = tx.query(&self.sql.letters_beyond, vec![self.name(), Value::from(keeping.max_dead)]).await?;
        for oldest in beyond.iter().filter_map(|record| record.number(0)) {
            tracing::error!(dead_letter = oldest, "too many dead letters: the oldest is discarded. See to the others");
            self.discard_in(tx, oldest, now).await?;
        }
        Ok(())
    }
}

impl Stored {
    fn settle(&mut self, to: &Transition, now: Millis) {
        self.course.settle(to, now);
        match to {
            Transition::End { .. } => self.over_at = Some(now),
            Transition::Dead { reason, message, .. } => {
                // Partnero's words: a database takes every character but this one.
                let message = message.replace('\0', " ");
                self.death = Some(Death { reason: *reason, message });
                self.died_at = Some(now);
            }
            _ => {}
        }
    }
}
