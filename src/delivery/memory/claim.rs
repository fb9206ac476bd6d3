//! Hands out what can be sent now.

use std::{sync::Arc, time::Duration};

use crate::delivery::{
    call::CallKind,
    decide::{Customer, Decision, State, decide},
    outbox::{Claim, ClaimedCall, Ended, Terms},
    outcome::End,
};

use super::{millis, row::Row, table::Table};

/// Calls looked at under one hold of the lock.
const EXAMINED_AT_ONCE: usize = 256;

impl Table {
    pub(super) fn claim(&mut self, limit: usize, terms: Terms, now: u64) -> Claim {
        let mut claim = Claim::default();
        for _ in 0..EXAMINED_AT_ONCE {
            if claim.calls.len() == limit {
                return claim;
            }
            let Some((due, id)) = self.agenda.first().copied() else { return claim };
            if due > now {
                claim.next = Some(Duration::from_millis(due - now));
                return claim;
            }
            if self.rows.get(&id).is_some_and(|row| row.state == State::Claimed) {
                self.lease_over(id, due, terms, now);
            } else {
                self.examine(id, terms, now, &mut claim);
            }
        }
        claim.next = Some(Duration::ZERO);
        claim
    }

    fn examine(&mut self, id: u64, terms: Terms, now: u64, claim: &mut Claim) {
        let Some(row) = self.rows.get(&id) else { return };
        let history: Vec<_> = match &row.transaction {
            Some(key) => self
                .by_transaction
                .of(key)
                .filter(|other| *other != id)
                .filter_map(|other| self.rows.get(&other).map(|row| row.facts(other)))
                .collect(),
            None => Vec::new(),
        };
        let customer = row.customer.as_ref().map(|key| self.customer(key, id)).unwrap_or_default();
        match decide(&row.facts(id), &history, &customer, now) {
            Decision::Send(over) => {
                self.cancel(&over, now, claim);
                self.take(id, false, terms, now, claim);
            }
            Decision::CheckFirst => self.take(id, true, terms, now, claim),
            Decision::Cancel(with) => {
                self.cancel(&with, now, claim);
                self.finish(id, End::Cancelled, false, now, claim);
            }
            Decision::Duplicate(differs) => self.finish(id, End::Duplicate, differs, now, claim),
            Decision::Refunded => self.finish(id, End::Refunded, false, now, claim),
            Decision::Adjusted => self.finish(id, End::Adjusted, false, now, claim),
            Decision::Wait(due) => {
                self.change(id, |row| row.due = due);
            }
            Decision::Park(behind) => {
                self.change(id, |row| {
                    row.state = State::Parked;
                    row.due = None;
                });
                self.parked.insert((behind, id));
                self.wake(id, now);
            }
        }
    }

    fn customer(&self, key: &Arc<str>, id: u64) -> Customer {
        Customer {
            busy: self.open_by_customer.of(key).next().is_some_and(|first| first < id)
                || self.busy_by_customer.of(key).any(|other| other != id),
            dead_sign_up: self.dead_sign_ups.of(key).next(),
            known: self.known.of(key).next().is_some(),
        }
    }

    fn take(&mut self, id: u64, check_first: bool, terms: Terms, now: u64, claim: &mut Claim) {
        let call = self.change(id, |row| {
            row.state = State::Claimed;
            row.token += 1;
            row.due = Some(now.saturating_add(millis(terms.lease)));
            claimed(id, row, check_first)
        });
        claim.calls.extend(call);
    }

    fn cancel(&mut self, ids: &[u64], now: u64, claim: &mut Claim) {
        for id in ids {
            self.finish(*id, End::Cancelled, false, now, claim);
        }
    }

    fn finish(&mut self, id: u64, end: End, differs: bool, now: u64, claim: &mut Claim) {
        let Some(row) = self.rows.get(&id) else { return };
        claim.ended.push(Ended {
            id: row.call,
            kind: row.kind,
            end,
            customer: row.customer.clone(),
            transaction: row.transaction.clone(),
            differs,
        });
        let keys = (row.customer.clone(), row.transaction.clone());
        self.end(id, end, now);
        self.wake_keys(keys.0.as_ref(), keys.1.as_ref(), now);
    }

    /// The claimant is gone, or hangs: what it sent, if anything, ended with its lease.
    fn lease_over(&mut self, id: u64, ended: u64, terms: Terms, now: u64) {
        let quiet_until = ended.saturating_add(millis(terms.settle_delay));
        self.change(id, |row| {
            row.state = State::Pending;
            row.attempts += 1;
            row.due = Some(now);
            if row.kind != CallKind::SignUp {
                row.uncertain = true;
                row.quiet_until = row.quiet_until.max(quiet_until);
            }
            if row.posts() {
                row.due = Some(row.quiet_until.max(now));
            }
        });
        self.wake(id, now);
    }

    /// Looks again at the calls that may have waited for this one.
    pub(super) fn wake(&mut self, id: u64, now: u64) {
        if let Some(row) = self.rows.get(&id) {
            let (customer, transaction) = (row.customer.clone(), row.transaction.clone());
            self.wake_keys(customer.as_ref(), transaction.as_ref(), now);
        }
    }

    pub(super) fn wake_keys(&mut self, customer: Option<&Arc<str>>, transaction: Option<&Arc<str>>, now: u64) {
        let waits = |row: &Row| row.state == State::Pending && row.due.is_none();
        // A customer's calls go one by one: only the first of them can have become free.
        let first = customer.and_then(|key| self.open_by_customer.of(key).next());
        let mut woken = [first, None, None];
        if let Some(key) = transaction {
            let mut waiting = self.by_transaction.of(key).filter(|id| self.rows.get(id).is_some_and(|row| waits(row)));
            woken[1] = waiting.next();
            // A refund overtakes the sale that it cancels, so it may be free while the first isn't.
            let is_refund = |id: &u64| self.rows.get(id).is_some_and(|row| row.kind == CallKind::Refund);
            woken[2] = woken[1].filter(is_refund).or_else(|| waiting.find(is_refund));
        }
        for id in woken.into_iter().flatten() {
            if self.rows.get(&id).is_some_and(|row| waits(row)) {
                self.change(id, |row| row.due = Some(now));
            }
        }
    }
}

fn claimed(id: u64, row: &Row, check_first: bool) -> ClaimedCall {
    ClaimedCall {
        row: id,
        token: row.token,
        id: row.call,
        kind: row.kind,
        deleted: row.deleted,
        check_first,
        suspect: row.suspect,
        customer: row.customer.clone(),
        transaction: row.transaction.clone(),
        amount: row.amount,
        referred: row.referred,
        payload: Arc::clone(&row.payload),
        attempts: row.attempts,
        waited: Duration::from_millis(row.waited),
    }
}
