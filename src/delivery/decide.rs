//! What is to be done with a call now: one pure function, the same for every outbox.
//!
//! Its callers give it the call, every other call of the same transaction key that still matters, and a summary of the
//! customer's. "Earlier" is by id, the order in which calls were stored.

use rust_decimal::Decimal;

use crate::delivery::{call::CallKind, outcome::End};

/// Milliseconds of the outbox's own clock.
pub(crate) type Millis = u64;

/// A call, as far as decisions go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// Its place in the order.
    pub(crate) id: u64,
    pub(crate) kind: CallKind,
    pub(crate) state: State,
    /// An attempt to post it may have been carried out or not.
    pub(crate) uncertain: bool,
    /// An adjustment whose deletion is done.
    pub(crate) deleted: bool,
    /// Until then, an earlier request of this call may still be under way.
    pub(crate) quiet_until: Millis,
    /// What a sale or an adjustment says the amount is.
    pub(crate) amount: Option<Decimal>,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Waits to be sent, or to be asked about if it is uncertain.
    Pending,
    /// Some process is at it.
    Claimed,
    /// Waits for an operator to see to a dead letter.
    Parked,
    /// Refused for good, or too old.
    Dead,
    /// Settled.
    Done(End),
}

/// Whose turn it is among pending calls that share a key: the smallest goes first.
///
/// What was begun is finished before anything else, in the order of ids otherwise. Among calls as they come that makes
/// no difference. But an earlier dead letter may be back: nothing must be posted between the two steps of an adjustment,
/// nor before it is known what came of an earlier attempt, and two calls must never wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    not_deleted: bool,
    certain: bool,
    pub(crate) id: u64,
}

/// What the other calls of the same customer amount to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Customer {
    /// One of them is in flight.
    pub(crate) in_flight: bool,
    /// The first place among those that are pending.
    pub(crate) first: Option<Place>,
    /// An earlier sign-up that named a referrer is a dead letter: its id.
    pub(crate) dead_sign_up: Option<u64>,
    /// A sign-up was recorded, or had been before.
    pub(crate) known: bool,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Send it. The calls listed end as cancelled: this one makes them obsolete.
    Send(Vec<u64>),
    /// Ask whether it is there already, and send it only if it isn't.
    CheckFirst,
    /// Don't send it: it ends as cancelled, together with the calls listed.
    Cancel(Vec<u64>),
    /// Don't send it: one like it was tracked before. `true` where that one says another amount.
    Duplicate(bool),
    /// Don't send it: the sale was refunded.
    Refunded,
    /// Don't send it: the transaction has this amount already.
    Adjusted,
    /// Not now: look again at that time, or when a call that it shares a key with is settled.
    Wait(Option<Millis>),
    /// Not before an operator has seen to that dead letter.
    Park(u64),
}

/// What is to be done with `row` at `now`. `history` is the other calls of its transaction key, in the order of ids.
pub(crate) fn decide(row: &Facts, history: &[Facts], customer: &Customer, now: Millis) -> Decision {
    debug_assert!(history.is_sorted_by_key(|other| other.id));
    if row.kind == CallKind::SignUp {
        return sign_up(row, customer);
    }
    let key = Key { row, others: history };
    if key.in_flight() {
        return Decision::Wait(None);
    }
    match row.kind {
        CallKind::Refund => refund(&key, now),
        CallKind::Adjustment => adjustment(&key, customer, now),
        _ => sale(&key, customer, now),
    }
}

fn sign_up(row: &Facts, customer: &Customer) -> Decision {
    if customer.is_busy(row) {
        return Decision::Wait(None);
    }
    match customer.dead_sign_up {
        Some(dead) if dead < row.id => Decision::Park(dead),
        _ if customer.known => Decision::Duplicate(false),
        _ => Decision::Send(Vec::new()),
    }
}

fn sale(key: &Key<'_>, customer: &Customer, now: Millis) -> Decision {
    if let Some(decision) = key.blocked() {
        return decision;
    }
    match key.standing() {
        Standing::Refunded => return Decision::Refunded,
        Standing::Live(amount) => return Decision::Duplicate(amount != key.row.amount),
        Standing::Unknown => {}
    }
    if let Some(first) = key.first_sale() {
        return Decision::Duplicate(first.amount != key.row.amount);
    }
    post(key, customer, now)
}

fn adjustment(key: &Key<'_>, customer: &Customer, now: Millis) -> Decision {
    if let Some(decision) = key.blocked() {
        return decision;
    }
    if key.superseded() {
        return Decision::Cancel(Vec::new());
    }
    if key.row.deleted {
        return post(key, customer, now);
    }
    if let Some(decision) = key.held_by(customer) {
        return decision;
    }
    if key.is_as_it_should_be() {
        return Decision::Adjusted;
    }
    key.delete(Vec::new(), now)
}

/// The last look before money is promised.
fn post(key: &Key<'_>, customer: &Customer, now: Millis) -> Decision {
    if let Some(decision) = key.held_by(customer) {
        return decision;
    }
    let requests = key.others.iter().chain([key.row]);
    if let Some(until) = still_under_way(requests, now) {
        return Decision::Wait(Some(until));
    }
    if key.row.uncertain || key.in_doubt() {
        return Decision::CheckFirst;
    }
    Decision::Send(Vec::new())
}

fn refund(key: &Key<'_>, now: Millis) -> Decision {
    let dead = |other: &&Facts| other.kind == CallKind::Refund && other.state == State::Dead;
    if let Some(dead) = key.others.iter().filter(dead).find(|dead| dead.id < key.row.id) {
        return Decision::Park(dead.id);
    }
    let earlier = |other: &&Facts| other.id < key.row.id && other.state == State::Pending;
    if key.others.iter().filter(earlier).any(|other| other.kind == CallKind::Refund) {
        return Decision::Wait(None);
    }
    if key.superseded() {
        return Decision::Cancel(Vec::new());
    }
    // What is obsolete now: the sale, and what it was adjusted to, as long as they wait.
    let over: Vec<_> = key
        .others
        .iter()
        .filter(|other| {
            other.id < key.row.id && other.is_post() && matches!(other.state, State::Pending | State::Parked)
        })
        .collect();
    let unsent_sale = over.iter().any(|other| other.kind == CallKind::Sale && !other.uncertain);
    let ids = over.iter().map(|other| other.id).collect();
    let nothing_there = !key.row.uncertain
        && !key.in_doubt()
        && over.iter().all(|other| !other.uncertain && !other.deleted)
        && match key.standing() {
            Standing::Refunded => true,
            Standing::Live(_) => false,
            Standing::Unknown => unsent_sale,
        };
    if nothing_there {
        return if over.is_empty() { Decision::Duplicate(false) } else { Decision::Cancel(ids) };
    }
    key.delete(ids, now)
}

/// Until when one of these requests may still be under way, if that is later than now.
fn still_under_way<'a>(requests: impl Iterator<Item = &'a Facts>, now: Millis) -> Option<Millis> {
    requests.map(|request| request.quiet_until).max().filter(|until| *until > now)
}

/// What is known to be at Partnero under a transaction key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Unknown,
    Live(Option<Decimal>),
    Refunded,
}

struct Key<'a> {
    row: &'a Facts,
    others: &'a [Facts],
}

impl Key<'_> {
    fn in_flight(&self) -> bool {
        self.others.iter().any(|other| other.state == State::Claimed)
    }

    /// Why nothing may be posted under this key yet, as far as the key's own calls go.
    fn blocked(&self) -> Option<Decision> {
        // Of any age: what was refunded must not be posted, whatever became of the deletion.
        let dead = |other: &&Facts| other.kind == CallKind::Refund && other.state == State::Dead;
        if let Some(dead) = self.others.iter().find(dead) {
            return Some(Decision::Park(dead.id));
        }
        let waits_for = |other: &Facts| {
            // A refund, also one that came after, will delete or cancel this call: it must never be posted.
            let goes_first = other.kind == CallKind::Refund || other.place() < self.row.place();
            other.state == State::Pending && goes_first
        };
        self.others.iter().any(waits_for).then_some(Decision::Wait(None))
    }

    /// Why nothing may be sent yet, as far as the customer's other calls go.
    fn held_by(&self, customer: &Customer) -> Option<Decision> {
        match customer.dead_sign_up {
            Some(dead) if dead < self.row.id => Some(Decision::Park(dead)),
            _ => customer.is_busy(self.row).then_some(Decision::Wait(None)),
        }
    }

    /// The first sale of this key that wasn't itself a repeat, nor taken out of the way by the operator.
    fn first_sale(&self) -> Option<&Facts> {
        self.others.iter().filter(|other| other.kind == CallKind::Sale).find(|other| match other.state {
            State::Done(end) => !matches!(end, End::Duplicate | End::Discarded),
            State::Parked => other.id < self.row.id,
            State::Dead => true,
            State::Pending | State::Claimed => false,
        })
    }

    /// Deletes once every sale that may still be on its way has arrived, this call's own among them if it starts over.
    /// A deletion itself can be repeated at any time.
    fn delete(&self, over: Vec<u64>, now: Millis) -> Decision {
        let posts = self.others.iter().chain([self.row]).filter(|other| other.is_post());
        still_under_way(posts, now).map_or(Decision::Send(over), |until| Decision::Wait(Some(until)))
    }

    /// Partnero has this very amount, and no deletion after which nothing came may have taken it away after all.
    fn is_as_it_should_be(&self) -> bool {
        let deletes = |other: &Facts| matches!(other.kind, CallKind::Refund | CallKind::Adjustment);
        let failed = |other: &Facts| {
            matches!(other.state, State::Dead | State::Parked | State::Done(End::Discarded | End::Ignored))
        };
        self.row.amount.is_some()
            && self.standing() == Standing::Live(self.row.amount)
            && !self.row.uncertain
            && !self.in_doubt()
            && !self.others.iter().any(|other| deletes(other) && failed(other))
    }

    /// A later refund or adjustment was carried out: this one, retried by hand or stored late, is out of date.
    fn superseded(&self) -> bool {
        self.others.iter().any(|other| {
            other.id > self.row.id
                && match other.kind {
                    CallKind::Refund => other.took_away(),
                    CallKind::Adjustment => matches!(other.state, State::Done(End::Adjusted)),
                    _ => false,
                }
        })
    }

    /// Something of this key may be at Partnero without our knowing it, and wasn't deleted since.
    fn in_doubt(&self) -> bool {
        let own = if self.row.deleted { self.row.id } else { 0 };
        let wiped = |other: &&Facts| {
            matches!(
                (other.kind, other.state),
                (CallKind::Refund, State::Done(End::Refunded)) | (CallKind::Adjustment, State::Done(End::Adjusted))
            )
        };
        let wiped = self.others.iter().filter(wiped).map(|other| other.id).fold(own, u64::max);
        self.others.iter().any(|other| {
            let settled = matches!(other.state, State::Dead | State::Done(_));
            settled && other.is_post() && other.uncertain && other.id >= wiped
        })
    }

    fn standing(&self) -> Standing {
        self.others.iter().fold(Standing::Unknown, |standing, other| match (other.kind, other.state) {
            // Nothing goes before a sale that was sent, whatever its id: it is never sent once the others were.
            (CallKind::Sale, State::Done(End::Recorded)) if standing == Standing::Unknown => {
                Standing::Live(other.amount)
            }
            (CallKind::Adjustment, State::Done(End::Adjusted)) => Standing::Live(other.amount),
            (CallKind::Refund, _) if other.took_away() => Standing::Refunded,
            _ => standing,
        })
    }
}

impl Facts {
    /// A refund after which nothing was there, whether by itself or not.
    fn took_away(&self) -> bool {
        self.kind == CallKind::Refund
            && matches!(self.state, State::Done(End::Refunded | End::Cancelled | End::Duplicate))
    }

    fn is_post(&self) -> bool {
        matches!(self.kind, CallKind::Sale | CallKind::Adjustment)
    }

    pub(crate) fn place(&self) -> Place {
        Place { not_deleted: !self.deleted, certain: !self.uncertain, id: self.id }
    }
}

impl Customer {
    /// Whether another call goes before this one.
    fn is_busy(&self, row: &Facts) -> bool {
        self.in_flight || self.first.is_some_and(|first| first < row.place())
    }
}

#[cfg(test)]
mod tests;
