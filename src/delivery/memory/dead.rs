//! Dead letters, the calls parked behind them, and erasure.

use std::{sync::Arc, time::SystemTime};

use crate::delivery::{dead::DeadLetter, decide::State, outcome::End, payload};

use super::table::Table;

impl Table {
    pub(super) fn dead_letters(&self, after: u64, limit: usize, wall: impl Fn(u64) -> SystemTime) -> Vec<DeadLetter> {
        let ids = self.dead.range(after.saturating_add(1)..).take(limit);
        ids.filter_map(|id| self.letter(*id, &wall)).collect()
    }

    pub(super) fn letter(&self, id: u64, wall: &impl Fn(u64) -> SystemTime) -> Option<DeadLetter> {
        let row = self.rows.get(&id)?;
        let death = row.death.as_ref()?;
        Some(DeadLetter {
            id,
            kind: row.course.kind,
            customer: row.customer.as_deref().map(str::to_owned),
            transaction: row.transaction.as_deref().map(str::to_owned),
            amount: row.course.amount,
            reason: death.reason,
            message: death.message.clone(),
            attempts: row.course.attempts,
            uncertain: row.course.uncertain,
            parked: self.parked.range((id, 0)..=(id, u64::MAX)).count(),
            tracked_at: wall(row.tracked_at),
            died_at: wall(death.at),
        })
    }

    pub(super) fn retry(&mut self, id: u64, now: u64) -> bool {
        if !self.dead.contains(&id) {
            return false;
        }
        self.change(id, |row| {
            row.course.retry(now);
            row.death = None;
        });
        self.unpark(id, now);
        true
    }

    pub(super) fn discard(&mut self, id: u64, now: u64) -> bool {
        if !self.dead.contains(&id) {
            return false;
        }
        self.end(id, End::Discarded, now);
        self.unpark(id, now);
        true
    }

    fn unpark(&mut self, behind: u64, now: u64) {
        let parked: Vec<_> = self.parked.range((behind, 0)..=(behind, u64::MAX)).copied().collect();
        for entry in parked {
            self.parked.remove(&entry);
            self.change(entry.1, |row| row.course.pend(now));
        }
    }

    /// Takes the person out of everything that is kept. Open calls go on under their key alone.
    pub(super) fn forget(&mut self, customer: &str) -> usize {
        self.forget_notices(customer);
        let of_customer = |id: &u64| self.rows.get(id).is_some_and(|row| row.customer.as_deref() == Some(customer));
        let ids: Vec<_> = self.rows.keys().copied().filter(of_customer).collect();
        for id in &ids {
            let Some(row) = self.rows.get(id) else { continue };
            match row.course.state {
                // The key of a settled sign-up is needed no more: a second one would find the customer there.
                State::Done(_) if row.transaction.is_none() => self.remove(*id),
                State::Done(_) => {
                    self.change(*id, |row| row.customer = None);
                }
                _ => {
                    self.change(*id, |row| {
                        if let Some(payload) = payload::without_personal_data(&row.payload) {
                            row.payload = Arc::from(payload);
                        }
                    });
                }
            }
        }
        ids.len()
    }
}
