//! Records what came of claimed calls.

use std::collections::{HashMap, HashSet};

use serde_json::json;

use crate::delivery::{
    decide::{Millis, State},
    notice::Notice,
    outbox::{Claimed, OutboxError, Settlement, Transition},
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
        let ended = self.end(tx, settlements, now).await?;
        let others = settlements.iter().filter(|settlement| !matches!(settlement.to, Transition::End { .. }));
        let mut rows = self.load(tx, others.map(|settlement| settlement.row)).await?;
        let (mut held, mut notices, mut touched) = (Vec::new(), Vec::new(), Keys::default());
        let mut any_dead = false;
        for settlement in settlements {
            if let Transition::End { notice, .. } = &settlement.to {
                let holds = ended.contains(&(settlement.row, settlement.token));
                held.push(holds);
                if holds {
                    let Claimed { customer, transaction, .. } = &settlement.call;
                    touched.customers.extend(customer.clone());
                    touched.transactions.extend(transaction.clone());
                    let customer = customer.as_deref().map(str::to_owned);
                    notices.extend(notice.clone().map(|notice| (customer, notice)));
                }
                continue;
            }
            let ours = |row: &&mut Stored| row.course.state == State::Claimed && row.course.token == settlement.token;
            let Some(row) = rows.get_mut(&settlement.row).filter(ours) else {
                held.push(false);
                continue;
            };
            held.push(true);
            touched.add(row);
            row.settle(&settlement.to, now);
            any_dead |= row.course.state == State::Dead;
            let customer = row.customer.as_deref().map(str::to_owned);
            if let Transition::Dead { notice: true, .. } = &settlement.to {
                notices.extend(row.letter(0).map(|letter| (customer, Notice::Failed { letter })));
            }
        }
        let of_ours = settlements.iter().zip(&held).filter(|(_, held)| **held);
        let changed: Vec<_> = of_ours.filter_map(|(settlement, _)| rows.get(&settlement.row)).collect();
        // The lease of the others ran out, and they are somebody else's, or uncertain: what we know of them comes too late.
        for (late, _) in settlements.iter().zip(&held).filter(|(_, held)| !**held) {
            tracing::debug!(row = late.row, "a settlement came after its lease");
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

    /// Ends what is to end, where it is still claimed as it was: of that, the rows and their tokens.
    async fn end(
        &self,
        tx: &mut D::Tx,
        settlements: &[Settlement],
        now: Millis,
    ) -> Result<HashSet<(u64, u64)>, OutboxError> {
        let mut alike: HashMap<_, Vec<_>> = HashMap::new();
        for Settlement { row, token, call, to } in settlements {
            if let Transition::End { end, .. } = to {
                let state = if end.is_memorable(call.kind) { "done" } else { "gone" };
                alike.entry((*token, state, end.as_str())).or_default().push(row);
            }
        }
        let mut ended = HashSet::new();
        for ((token, state, outcome), rows) in alike {
            let change = json!({"state": state, "outcome": outcome, "over_at": now, "token": token});
            let rows = tx.query(&self.sql.end, vec![self.name(), ids(rows)?, json(&change)?]).await?;
            ended.extend(rows.iter().filter_map(|row| Some((row.number(0)?, token))));
        }
        Ok(ended)
    }

    pub(super) async fn load(
        &self,
        tx: &mut D::Tx,
        rows: impl IntoIterator<Item = u64>,
    ) -> Result<HashMap<u64, Stored>, OutboxError> {
        let rows: Vec<_> = rows.into_iter().collect();
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
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
