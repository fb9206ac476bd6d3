//! Hands out what can be sent now.

use std::{sync::Arc, time::Duration};

use crate::delivery::{
    call::CallKind,
    decide::{Customer, Decision, Facts, Place, State, decide},
    outbox::{Claim, ClaimedCall, Ended, Terms},
    outcome::End,
};

use super::{row::Row, table::Table};

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
            if self.rows.get(&id).is_some_and(|row| row.course.state == State::Claimed) {
                self.change(id, |row| row.course.lose_lease(terms, now));
                self.wake(id, now);
            } else {
                self.examine(id, terms, now, &mut claim);
            }
        }
        claim.next = Some(Duration::ZERO);
        claim
    }

    fn examine(&mut self, id: u64, terms: Terms, now: u64, claim: &mut Claim) {
        let Some(row) = self.rows.get(&id) else { return };
        let history = row.transaction.as_ref().map(|key| self.history(key, id, row.course.kind)).unwrap_or_default();
        let customer = row.customer.as_ref().map(|key| self.customer(key, id)).unwrap_or_default();
        match decide(&row.course.facts(id), &history, &customer, now) {
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
                self.change(id, |row| row.course.due = due);
            }
            Decision::Park(behind) => {
                self.change(id, |row| row.course.park());
                self.parked.insert((behind, id));
                self.wake(id, now);
            }
        }
    }

    /// The other calls of a key that matter to this one: of those that merely wait, a post or a refund looks at the
    /// first, and a refund at all the posts that it makes obsolete.
    pub(super) fn history(&self, key: &Arc<str>, id: u64, kind: CallKind) -> Vec<Facts> {
        let posts = if kind == CallKind::Refund { usize::MAX } else { 1 };
        let posts = self.untouched_posts.of(key).filter(|other| *other != id).take(posts);
        let posts = posts.take_while(|other| *other < id);
        let refunds = self.untouched_refunds.of(key).filter(|other| *other != id).take(1);
        let ids = self.by_transaction.of(key).filter(|other| *other != id).chain(posts).chain(refunds);
        let mut history: Vec<_> = ids.filter_map(|other| Some(self.rows.get(&other)?.course.facts(other))).collect();
        history.sort_unstable_by_key(|other| other.id);
        history
    }

    fn customer(&self, key: &Arc<str>, id: u64) -> Customer {
        Customer {
            in_flight: self.busy_by_customer.of(key).any(|other| other != id && self.is_claimed(other)),
            first: self.first_of(key, id),
            dead_sign_up: self.dead_sign_ups.of(key).next(),
            known: self.known.of(key).next().is_some(),
        }
    }

    fn is_claimed(&self, id: u64) -> bool {
        self.rows.get(&id).is_some_and(|row| row.course.state == State::Claimed)
    }

    /// The first place among a customer's pending calls but this one.
    fn first_of(&self, customer: &Arc<str>, but: u64) -> Option<Place> {
        let begun = self.busy_by_customer.of(customer);
        let first = self.open_by_customer.of(customer).filter(|id| *id != but).take(1);
        let pending = begun.chain(first).filter(|id| *id != but && !self.is_claimed(*id));
        pending.filter_map(|id| Some(self.rows.get(&id)?.course.facts(id).place())).min()
    }

    fn take(&mut self, id: u64, check_first: bool, terms: Terms, now: u64, claim: &mut Claim) {
        let call = self.change(id, |row| {
            row.course.claim(terms, now);
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
            kind: row.course.kind,
            end,
            customer: row.customer.clone(),
            transaction: row.transaction.clone(),
            differs,
        });
        let keys = (row.customer.clone(), row.transaction.clone());
        self.end(id, end, now);
        self.wake_keys(keys.0.as_ref(), keys.1.as_ref(), now);
    }

    /// Looks again at the calls that may have waited for this one.
    pub(super) fn wake(&mut self, id: u64, now: u64) {
        if let Some(row) = self.rows.get(&id) {
            let (customer, transaction) = (row.customer.clone(), row.transaction.clone());
            self.wake_keys(customer.as_ref(), transaction.as_ref(), now);
        }
    }

    pub(super) fn wake_keys(&mut self, customer: Option<&Arc<str>>, transaction: Option<&Arc<str>>, now: u64) {
        // Calls of a customer or a key go one by one: only the first of them can have become free.
        let mut first = [customer.and_then(|key| self.first_of(key, 0)).map(|first| first.id), None, None, None];
        if let Some(key) = transaction {
            let begun = self.by_transaction.of(key).filter_map(|id| Some((id, self.rows.get(&id)?)));
            let begun = begun.filter(|(_, row)| row.course.state == State::Pending && row.course.due.is_none());
            first[1] = begun.min_by_key(|(id, row)| row.course.facts(*id).place()).map(|(id, _)| id);
            first[2] = self.untouched_posts.of(key).next();
            // A refund overtakes the sale that it cancels.
            first[3] = self.untouched_refunds.of(key).next();
        }
        for id in first.into_iter().flatten() {
            if self.rows.get(&id).is_some_and(|row| row.course.state == State::Pending && row.course.due.is_none()) {
                self.change(id, |row| row.course.due = Some(now));
            }
        }
    }
}

fn claimed(id: u64, row: &Row, check_first: bool) -> ClaimedCall {
    ClaimedCall {
        row: id,
        token: row.course.token,
        id: row.call,
        kind: row.course.kind,
        deleted: row.course.deleted,
        check_first,
        suspect: row.course.suspect,
        customer: row.customer.clone(),
        transaction: row.transaction.clone(),
        amount: row.course.amount,
        referred: row.course.referred,
        payload: Arc::clone(&row.payload),
        attempts: row.course.attempts,
        waited: Duration::from_millis(row.course.waited),
    }
}
