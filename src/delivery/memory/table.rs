//! The calls and the indexes over them: what a database would keep as a table.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use crate::delivery::{
    call::{CallKind, NewCall},
    course::millis,
    decide::State,
    notice::Notice,
    outbox::{Counts, DueNotice},
    outcome::End,
    settings::Keeping,
};

use super::row::Row;

/// Settled calls that are remembered at most: some 30 MB.
const MAX_SETTLED: usize = 100_000;
/// What an observer may be behind.
const MAX_NOTICES: usize = 10_000;
/// Settled calls forgotten at a time.
const PRUNED_AT_ONCE: usize = 1_000;

/// Every field but `rows` is an index: [`change`](Table::change) keeps them true.
#[derive(Default)]
pub(super) struct Table {
    pub(super) rows: BTreeMap<u64, Box<Row>>,
    last: u64,
    /// What is due when, the ends of leases among it.
    pub(super) agenda: BTreeSet<(u64, u64)>,
    /// Neither settled nor out of the way.
    open: BTreeSet<u64>,
    pub(super) open_by_customer: Index,
    /// In flight or uncertain.
    pub(super) busy_by_customer: Index,
    /// Everything that matters to a transaction key, settled or not, but for the next two.
    pub(super) by_transaction: Index,
    /// Those of them of which nothing was ever sent are kept apart: there can be thousands of one key, and only the
    /// first of them matters.
    pub(super) untouched_posts: Index,
    pub(super) untouched_refunds: Index,
    /// Sign-ups that Partnero has.
    pub(super) known: Index,
    /// Sign-ups with a referrer that are dead letters.
    pub(super) dead_sign_ups: Index,
    pub(super) dead: BTreeSet<u64>,
    /// By the dead letter that they wait for.
    pub(super) parked: BTreeSet<(u64, u64)>,
    settled: VecDeque<(u64, u64)>,
    notices: BTreeMap<u64, (u64, DueNotice)>,
    last_notice: u64,
    dropped_notices: u64,
}

/// Ids by key.
#[derive(Debug, Default)]
pub(super) struct Index(BTreeSet<(Arc<str>, u64)>);

impl Index {
    fn change(&mut self, id: u64, was: Option<&Arc<str>>, is: Option<&Arc<str>>) {
        if was == is {
            return;
        }
        was.map(|key| self.0.remove(&(Arc::clone(key), id)));
        is.map(|key| self.0.insert((Arc::clone(key), id)));
    }

    /// The ids of a key, in order.
    pub(super) fn of(&self, key: &Arc<str>) -> impl Iterator<Item = u64> + '_ {
        let (from, to) = ((Arc::clone(key), 0), (Arc::clone(key), u64::MAX));
        self.0.range(from..=to).map(|(_, id)| *id)
    }
}

/// Where the indexes have a row.
#[derive(Default)]
struct Entries {
    due: Option<u64>,
    open: bool,
    dead: bool,
    customer: Option<Arc<str>>,
    /// Open, busy, known, dead sign-up.
    of_customer: [bool; 4],
    transaction: Option<Arc<str>>,
    /// Any but untouched, untouched posts, untouched refunds.
    of_transaction: [bool; 3],
}

impl Entries {
    fn of(row: &Row) -> Self {
        let (open, dead) = (row.course.is_open(), row.course.state == State::Dead);
        Self {
            due: row.course.due.filter(|_| open),
            open,
            dead,
            customer: row.customer.clone(),
            of_customer: [open, row.course.is_busy(), row.course.is_known(), row.course.is_dead_sign_up()],
            transaction: row.transaction.clone(),
            of_transaction: match row.course.kind {
                _ if !row.course.is_untouched() => [true, false, false],
                CallKind::Refund => [false, false, true],
                _ => [false, true, false],
            },
        }
    }
}

impl Table {
    pub(super) fn insert(&mut self, call: NewCall, now: u64) {
        self.last += 1;
        let id = self.last;
        let row = Box::new(Row::new(call, now));
        self.index(id, &Entries::default(), &Entries::of(&row));
        self.rows.insert(id, row);
    }

    /// Changes a row and the indexes that depend on what changed.
    pub(super) fn change<T>(&mut self, id: u64, change: impl FnOnce(&mut Row) -> T) -> Option<T> {
        let row = self.rows.get_mut(&id)?;
        let before = Entries::of(row);
        let result = change(row);
        let after = Entries::of(row);
        self.index(id, &before, &after);
        Some(result)
    }

    /// Makes the indexes true: from what they have of a row to what they should have.
    fn index(&mut self, id: u64, before: &Entries, after: &Entries) {
        if before.due != after.due {
            before.due.map(|due| self.agenda.remove(&(due, id)));
            after.due.map(|due| self.agenda.insert((due, id)));
        }
        for (index, was, is) in [(&mut self.open, before.open, after.open), (&mut self.dead, before.dead, after.dead)] {
            match (was, is) {
                (true, false) => index.remove(&id),
                (false, true) => index.insert(id),
                _ => false,
            };
        }
        let of_customer =
            [&mut self.open_by_customer, &mut self.busy_by_customer, &mut self.known, &mut self.dead_sign_ups];
        for (place, index) in of_customer.into_iter().enumerate() {
            let [was, is] = [before, after].map(|it| it.customer.as_ref().filter(|_| it.of_customer[place]));
            index.change(id, was, is);
        }
        let of_transaction = [&mut self.by_transaction, &mut self.untouched_posts, &mut self.untouched_refunds];
        for (place, index) in of_transaction.into_iter().enumerate() {
            let [was, is] = [before, after].map(|it| it.transaction.as_ref().filter(|_| it.of_transaction[place]));
            index.change(id, was, is);
        }
    }

    /// Settles a row: what it held is given back, and what must be remembered of it stays.
    pub(super) fn end(&mut self, id: u64, end: End, now: u64) {
        let Some(parked) = self.change(id, |row| {
            let parked = row.course.state == State::Parked;
            row.course.end(end);
            row.payload = Arc::from("");
            row.slot = None;
            row.death = None;
            parked
        }) else {
            return;
        };
        if parked {
            self.parked.retain(|(_, row)| *row != id);
        }
        let Some(row) = self.rows.get(&id) else { return };
        if row.course.is_memorable() {
            self.settled.push_back((now, id));
            if self.settled.len() > MAX_SETTLED {
                let oldest = self.settled.pop_front();
                self.drop_settled(oldest);
            }
        } else {
            self.remove(id);
        }
    }

    fn drop_settled(&mut self, entry: Option<(u64, u64)>) {
        if let Some((_, id)) = entry {
            let settled = self.rows.get(&id).is_some_and(|row| matches!(row.course.state, State::Done(_)));
            if settled {
                self.remove(id);
            }
        }
    }

    pub(super) fn remove(&mut self, id: u64) {
        if let Some(row) = self.rows.remove(&id) {
            self.index(id, &Entries::of(&row), &Entries::default());
        }
    }

    pub(super) fn prune(&mut self, keeping: Keeping, now: u64) -> bool {
        let settled_before = now.saturating_sub(millis(keeping.settled));
        let dead_before = now.saturating_sub(millis(keeping.dead));
        for _ in 0..PRUNED_AT_ONCE {
            let Some(entry) = self.settled.front().copied().filter(|(at, _)| *at < settled_before) else { break };
            self.settled.pop_front();
            self.drop_settled(Some(entry));
        }
        let old_letter =
            |id: &u64| self.rows.get(id).and_then(|row| row.death.as_ref()).is_some_and(|death| death.at < dead_before);
        let letters: Vec<_> = self.dead.iter().copied().filter(old_letter).take(PRUNED_AT_ONCE).collect();
        for id in &letters {
            self.discard(*id, now);
        }
        letters.len() == PRUNED_AT_ONCE || self.settled.front().is_some_and(|(at, _)| *at < settled_before)
    }

    pub(super) fn mark(&self) -> u64 {
        self.last + 1
    }

    pub(super) fn is_open_before(&self, mark: u64) -> bool {
        self.open.first().is_some_and(|first| *first < mark)
    }

    pub(super) fn counts(&self, now: u64) -> Counts {
        let mut counts = Counts { notices: self.notices.len(), dead: self.dead.len(), ..Counts::default() };
        counts.parked = self.parked.len();
        for row in self.open.iter().filter_map(|id| self.rows.get(id)) {
            match row.course.state {
                State::Claimed => counts.in_flight += 1,
                _ if row.course.uncertain => counts.uncertain += 1,
                _ => counts.pending += 1,
            }
        }
        let oldest = self.open.first().and_then(|id| self.rows.get(id));
        counts.oldest = oldest.map(|row| Duration::from_millis(now.saturating_sub(row.tracked_at)));
        counts
    }

    pub(super) fn notify(&mut self, notice: Notice, now: u64) {
        if self.notices.len() >= MAX_NOTICES {
            self.notices.pop_first();
            if self.dropped_notices.is_multiple_of(MAX_NOTICES as u64) {
                tracing::error!("the observer is {MAX_NOTICES} calls behind: it won't be told of the oldest");
            }
            self.dropped_notices += 1;
        }
        self.last_notice += 1;
        let id = self.last_notice;
        self.notices.insert(id, (now, DueNotice { id, notice, failures: 0 }));
    }

    /// Due notices, each handed out once until it is settled.
    pub(super) fn notices(&mut self, limit: usize, now: u64) -> Vec<DueNotice> {
        let due = self.notices.values_mut().filter(|(due, _)| *due <= now).take(limit);
        due.map(|(due, due_notice)| {
            *due = u64::MAX;
            DueNotice { id: due_notice.id, notice: due_notice.notice.clone(), failures: due_notice.failures }
        })
        .collect()
    }

    pub(super) fn settle_notice(&mut self, id: u64, again: Option<Duration>, now: u64) {
        match (again, self.notices.get_mut(&id)) {
            (Some(after), Some((due, notice))) => {
                *due = now.saturating_add(millis(after));
                notice.failures += 1;
            }
            _ => {
                self.notices.remove(&id);
            }
        }
    }

    pub(super) fn forget_notices(&mut self, customer: &str) {
        self.notices.retain(|_, (_, due)| !due.notice.is_of(customer));
    }
}

#[cfg(test)]
mod checks;
