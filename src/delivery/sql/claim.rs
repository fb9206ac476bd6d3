//! Hands out what can be sent now: reads what is due and what decisions about it depend on, decides, and writes what
//! changed, in one short transaction.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use crate::delivery::{
    call::CallKind,
    dead::DeadReason,
    decide::{Customer, Decision, Millis, State, decide},
    outbox::{Claim, ClaimedCall, Ended, Terms},
    outcome::End,
};

use super::stored::{Death, Stored};

/// A look at the calls that are due, and what comes of it.
///
/// Each decision is made from what the database has: once one has changed something under a key, no further call of
/// that key is looked at. It stays due, and the next look is at once.
pub(super) struct Round {
    pub(super) terms: Terms,
    pub(super) now: Millis,
    rows: BTreeMap<u64, Stored>,
    of_customer: HashMap<Arc<str>, Vec<u64>>,
    of_transaction: HashMap<Arc<str>, Vec<u64>>,
    changed: HashSet<u64>,
    pub(super) touched: Keys,
    /// Of these, the keys whose calls can have become free.
    pub(super) freed: Keys,
    pub(super) claim: Claim,
    pub(super) claimed: Vec<(u64, bool)>,
    pub(super) dead: Vec<u64>,
}

/// Keys under which something changed.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) customers: HashSet<Arc<str>>,
    pub(super) transactions: HashSet<Arc<str>>,
}

impl Keys {
    pub(super) fn add(&mut self, row: &Stored) {
        self.customers.extend(row.customer.clone());
        self.transactions.extend(row.transaction.clone());
    }

    fn has(&self, row: &Stored) -> bool {
        row.customer.as_ref().is_some_and(|key| self.customers.contains(key))
            || row.transaction.as_ref().is_some_and(|key| self.transactions.contains(key))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.customers.is_empty() && self.transactions.is_empty()
    }
}

/// A list of keys as a parameter.
pub(super) fn keys<'a>(keys: impl IntoIterator<Item = &'a Arc<str>>) -> String {
    keys.into_iter().map(|key| &**key).collect::<serde_json::Value>().to_string()
}

/// The parameters of the question for everything else that decisions about these calls depend on.
pub(super) fn questions(due: &[Stored]) -> [String; 4] {
    let customers: HashSet<_> = due.iter().filter_map(|row| row.customer.as_ref()).collect();
    let transactions: HashSet<_> = due.iter().filter_map(|row| row.transaction.as_ref()).collect();
    let refunds = due.iter().filter(|row| row.course.kind == CallKind::Refund);
    let refunds: HashSet<_> = refunds.filter_map(|row| row.transaction.as_ref()).collect();
    let known = due.iter().map(|row| row.id).collect::<serde_json::Value>().to_string();
    [keys(customers), keys(transactions), keys(refunds), known]
}

impl Round {
    pub(super) fn new(rows: impl IntoIterator<Item = Stored>, terms: Terms, now: Millis) -> Self {
        let rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
        let (mut of_customer, mut of_transaction) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for (id, row) in &rows {
            if let Some(key) = &row.customer {
                of_customer.entry(Arc::clone(key)).or_default().push(*id);
            }
            if let Some(key) = &row.transaction {
                of_transaction.entry(Arc::clone(key)).or_default().push(*id);
            }
        }
        Self {
            terms,
            now,
            rows,
            of_customer,
            of_transaction,
            changed: HashSet::new(),
            touched: Keys::default(),
            freed: Keys::default(),
            claim: Claim::default(),
            claimed: Vec::new(),
            dead: Vec::new(),
        }
    }

    /// What was ever under way may be so until then, whatever the rows say.
    pub(super) fn keep_quiet(&mut self, until: Millis) {
        for row in self.rows.values_mut().filter(|row| row.course.quiet_until > 0) {
            row.course.quiet_until = row.course.quiet_until.max(until);
        }
    }

    /// Decides about these calls, in this order, until `limit` are to be sent.
    pub(super) fn run(&mut self, due: &[u64], limit: usize) {
        for id in due {
            if self.claimed.len() == limit {
                return;
            }
            let Some(row) = self.rows.get(id) else { continue };
            if self.touched.has(row) {
                self.claim.next = Some(Duration::ZERO);
            } else if row.course.state == State::Claimed {
                let terms = self.terms;
                self.change(*id, |row, now| row.course.lose_lease(terms, now));
            } else if row.damage.is_some() {
                self.bury(*id);
            } else {
                self.examine(*id);
            }
        }
    }

    fn examine(&mut self, id: u64) {
        let Some(row) = self.rows.get(&id) else { return };
        let others = |key: &Arc<str>, index: &HashMap<Arc<str>, Vec<u64>>| {
            let ids = index.get(key).into_iter().flatten().filter(|other| **other != id);
            ids.filter_map(|other| self.rows.get(other)).collect::<Vec<_>>()
        };
        let history = row.transaction.as_ref().map(|key| others(key, &self.of_transaction)).unwrap_or_default();
        let history: Vec<_> = history.into_iter().map(Stored::facts).collect();
        let of_customer = row.customer.as_ref().map(|key| others(key, &self.of_customer)).unwrap_or_default();
        match decide(&row.facts(), &history, &summary(&of_customer), self.now) {
            Decision::Send(over) => {
                self.cancel(&over);
                self.take(id, false);
            }
            Decision::CheckFirst => self.take(id, true),
            Decision::Cancel(with) => {
                self.cancel(&with);
                self.finish(id, End::Cancelled, false);
            }
            Decision::Duplicate(differs) => self.finish(id, End::Duplicate, differs),
            Decision::Refunded => self.finish(id, End::Refunded, false),
            Decision::Adjusted => self.finish(id, End::Adjusted, false),
            Decision::Wait(due) => {
                self.changed.insert(id);
                if let Some(row) = self.rows.get_mut(&id) {
                    row.course.due = due;
                }
            }
            Decision::Park(behind) => self.change(id, |row, _| {
                row.course.park();
                row.behind = Some(behind);
            }),
        }
    }

    fn take(&mut self, id: u64, check_first: bool) {
        let terms = self.terms;
        self.change(id, |row, now| row.course.claim(terms, now));
        self.claimed.push((id, check_first));
    }

    fn cancel(&mut self, ids: &[u64]) {
        for id in ids {
            self.finish(*id, End::Cancelled, false);
        }
    }

    fn finish(&mut self, id: u64, end: End, differs: bool) {
        self.change(id, |row, now| {
            row.course.end(end);
            row.behind = None;
            row.over_at = Some(now);
        });
        let Some(row) = self.rows.get(&id) else { return };
        self.claim.ended.extend(row.call.map(|call| Ended {
            id: call,
            kind: row.course.kind,
            end,
            customer: row.customer.clone(),
            transaction: row.transaction.clone(),
            differs,
        }));
    }

    /// What can't be read is a dead letter.
    fn bury(&mut self, id: u64) {
        self.change(id, |row, now| {
            row.course.state = State::Dead;
            row.course.due = None;
            row.death = Some(Death {
                reason: DeadReason::Unreadable,
                message: format!(
                    "the stored row is damaged ({}): discard it, and track it again from your own records",
                    row.damage.as_deref().unwrap_or_default()
                ),
            });
            row.died_at = Some(now);
        });
        self.dead.push(id);
    }

    fn change(&mut self, id: u64, change: impl FnOnce(&mut Stored, Millis)) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        change(row, self.now);
        self.changed.insert(id);
        self.touched.add(row);
        // Nothing waits for a call to be claimed.
        if row.course.state != State::Claimed {
            self.freed.add(row);
        }
    }

    /// What is to be written.
    pub(super) fn changes(&self) -> Vec<&Stored> {
        self.changed.iter().filter_map(|id| self.rows.get(id)).collect()
    }

    pub(super) fn row(&self, id: u64) -> Option<&Stored> {
        self.rows.get(&id)
    }

    /// Makes the calls to send, with their bodies.
    pub(super) fn into_claim(mut self, mut payloads: HashMap<u64, String>) -> Claim {
        for (id, check_first) in self.claimed {
            let Some(row) = self.rows.get(&id) else { continue };
            // One that isn't even a text is as good as none: whoever is to send it says so.
            let payload = payloads.remove(&id).unwrap_or_default();
            let Some(call) = row.call else { continue };
            self.claim.calls.push(ClaimedCall {
                row: id,
                token: row.course.token,
                id: call,
                kind: row.course.kind,
                deleted: row.course.deleted,
                check_first,
                suspect: row.course.suspect,
                customer: row.customer.clone(),
                transaction: row.transaction.clone(),
                amount: row.course.amount,
                referred: row.course.referred,
                payload: payload.into(),
                attempts: row.course.attempts,
                waited: Duration::from_millis(row.course.waited),
            });
        }
        self.claim
    }
}

/// What the other calls of a customer amount to.
fn summary(others: &[&Stored]) -> Customer {
    let pending = others.iter().filter(|other| other.course.state == State::Pending);
    let dead = others.iter().filter(|other| other.course.is_dead_sign_up());
    Customer {
        in_flight: others.iter().any(|other| other.course.state == State::Claimed),
        first: pending.map(|other| other.facts().place()).min(),
        dead_sign_up: dead.map(|other| other.id).min(),
        known: others.iter().any(|other| other.course.is_known()),
    }
}
