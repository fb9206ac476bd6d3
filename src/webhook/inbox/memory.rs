//! The inbox in memory: bounded, and lost with the process.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::Bytes;

use crate::{
    delivery::{Answer, Clock, Millis, millis},
    webhook::EventId,
};

use super::{
    course::{Course, LOST, Look, State, To},
    dead::DeadEvent,
    store::{Added, Claimed, Counts, Keeping, NewEvent, Settlement, Store, Turn, Turned},
};

/// The bodies of all that is open, together, at most.
const BYTES: usize = 64 * 1024 * 1024;
/// Events that are over and remembered, at most.
const REMEMBERED: usize = 100_000;

pub(crate) struct MemoryInbox {
    table: Mutex<Table>,
    clock: Clock,
    capacity: usize,
}

#[derive(Default)]
struct Table {
    last: u64,
    bytes: usize,
    /// What isn't over, dead letters among it.
    open: BTreeMap<u64, Row>,
    /// By when they are due.
    due: BTreeSet<(Millis, u64)>,
    /// What is open of each resource.
    resources: HashMap<String, BTreeSet<u64>>,
    /// All that is known.
    digests: HashMap<EventId, Option<u64>>,
    /// What is over, the oldest first.
    over: VecDeque<(Millis, EventId)>,
}

struct Row {
    event: NewEvent,
    course: Course,
    message: String,
    arrived_at: Millis,
    died_at: Millis,
}

impl MemoryInbox {
    pub(crate) fn new(clock: Clock, capacity: usize) -> Self {
        Self { table: Mutex::default(), clock, capacity }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<'a, T: Send + 'a>(&'a self, work: impl FnOnce(&mut Table, Millis) -> T + Send + 'a) -> Answer<'a, T> {
        // Milliseconds since the clock was made: it never goes back, whatever is done to the time of day.
        Box::pin(async move { Ok(work(&mut self.table(), millis(self.clock.monotonic()))) })
    }

    fn wall(&self, then: Millis) -> SystemTime {
        let ago = millis(self.clock.monotonic()).saturating_sub(then);
        self.clock.wall().checked_sub(Duration::from_millis(ago)).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

impl Table {
    fn add(&mut self, event: &NewEvent, capacity: usize, now: Millis) -> Added {
        if self.digests.contains_key(&event.id) {
            return Added::Repeat;
        }
        if event.body.len() > BYTES {
            return Added::Full;
        }
        // What nobody takes keeps nothing else away.
        while self.open.len() >= capacity || self.bytes + event.body.len() > BYTES {
            let Some(oldest) = self.letters().map(|(id, _)| id).next() else { return Added::Full };
            tracing::error!(
                dead_letter = oldest,
                "the inbox is full: its oldest dead letter is discarded. See to the others, or raise `capacity`"
            );
            self.letter(oldest, now, |course| course.settle(&To::Done, now));
        }
        self.last += 1;
        let id = self.last;
        self.bytes += event.body.len();
        self.digests.insert(event.id, Some(id));
        if let Some(resource) = &event.resource {
            self.resources.entry(resource.clone()).or_default().insert(id);
        }
        // A copy: where it came from, the body is a part of what was read of its connection, and keeps all of that.
        let event = NewEvent { body: Bytes::copy_from_slice(&event.body), ..event.clone() };
        let row = Row { event, course: Course::new(now), message: String::new(), arrived_at: now, died_at: 0 };
        self.open.insert(id, row);
        self.due.insert((now, id));
        Added::New
    }

    /// Changes an event's course, and keeps its place in the agenda with it.
    fn change<T>(&mut self, id: u64, now: Millis, change: impl FnOnce(&mut Row) -> T) -> Option<T> {
        let row = self.open.get_mut(&id)?;
        let before = row.course.due;
        let changed = change(row);
        if row.course.state == State::Dead && row.course.due != before {
            row.died_at = now;
        }
        let (after, over) = (row.course.due, row.course.state == State::Done);
        if let Some(due) = before {
            self.due.remove(&(due, id));
        }
        if let Some(due) = after {
            self.due.insert((due, id));
        }
        if over {
            self.end(id, now);
        }
        Some(changed)
    }

    /// It is over: its body goes, its digest stays, and the next of its resource is looked at.
    fn end(&mut self, id: u64, now: Millis) {
        let Some(row) = self.open.remove(&id) else { return };
        self.bytes -= row.event.body.len();
        self.digests.insert(row.event.id, None);
        self.over.push_back((now, row.event.id));
        if self.over.len() > REMEMBERED {
            self.forget();
        }
        let Some(resource) = row.event.resource else { return };
        let Some(open) = self.resources.get_mut(&resource) else { return };
        open.remove(&id);
        match open.first().copied() {
            Some(next) => self.wake(next, now),
            None => drop(self.resources.remove(&resource)),
        }
    }

    fn wake(&mut self, id: u64, now: Millis) {
        self.change(id, now, |row| {
            if row.course.state == State::Pending && row.course.due.is_none() {
                row.course.due = Some(now);
            }
        });
    }

    fn is_first(&self, id: u64) -> bool {
        let resource = self.open.get(&id).and_then(|row| row.event.resource.as_ref());
        let open = resource.and_then(|resource| self.resources.get(resource));
        open.and_then(BTreeSet::first).is_none_or(|first| *first == id)
    }

    /// The oldest of what is over.
    fn forget(&mut self) {
        if let Some((_, digest)) = self.over.pop_front() {
            self.digests.remove(&digest);
        }
    }

    fn claim(&mut self, turn: Turn<'_>, now: Millis, claimed: impl Fn(u64, &Row) -> Claimed) -> Turned {
        let mut claim = Turned::default();
        while claim.events.len() < turn.limit {
            let Some((due, id)) = self.due.first().copied() else { return claim };
            if due > now {
                claim.next = Some(Duration::from_millis(due - now));
                return claim;
            }
            let first = self.is_first(id);
            let look = self.change(id, now, |row| {
                let look = row.course.look(first, turn.token, turn.terms, now);
                if matches!(look, Look::Lost | Look::Died) {
                    LOST.clone_into(&mut row.message);
                }
                (look, (look == Look::Claimed).then(|| claimed(id, row)))
            });
            match look {
                Some((Look::Died, _)) => claim.dead.push(id),
                Some((_, event)) => claim.events.extend(event),
                // Never: what is due is open.
                None => drop(self.due.remove(&(due, id))),
            }
        }
        claim.next = Some(Duration::ZERO);
        claim
    }

    fn settle(&mut self, settlement: &Settlement, now: Millis) -> bool {
        let held = self.change(settlement.row, now, |row| {
            let held = row.course.takes(settlement.token, &settlement.to);
            if held {
                row.course.settle(&settlement.to, now);
                if let Some(message) = settlement.to.message() {
                    message.clone_into(&mut row.message);
                }
            }
            held
        });
        held.unwrap_or_default()
    }

    /// What the turns of these tokens have claimed goes back.
    fn take_back(&mut self, tokens: &[u64], now: Millis) {
        let lost = |row: &Row| row.course.state == State::Claimed && tokens.contains(&row.course.token);
        let lost: Vec<_> = self.open.iter().filter(|(_, row)| lost(row)).map(|(id, _)| *id).collect();
        for id in lost {
            self.change(id, now, |row| row.course.settle(&To::Back, now));
        }
    }

    fn letters(&self) -> impl Iterator<Item = (u64, &Row)> {
        self.open.iter().filter(|(_, row)| row.course.state == State::Dead).map(|(id, row)| (*id, row))
    }

    /// Whether it was a dead letter, and what is done with it.
    fn letter(&mut self, id: u64, now: Millis, change: impl FnOnce(&mut Course)) -> bool {
        let is_dead = self.open.get(&id).is_some_and(|row| row.course.state == State::Dead);
        is_dead && self.change(id, now, |row| change(&mut row.course)).is_some()
    }

    fn counts(&self, now: Millis) -> Counts {
        let mut counts = Counts::default();
        for row in self.open.values() {
            match row.course.state {
                State::Claimed => counts.in_progress += 1,
                State::Dead => counts.dead += 1,
                State::Pending | State::Done => counts.pending += 1,
            }
        }
        let open = self.open.values().find(|row| row.course.state != State::Dead);
        counts.oldest = open.map(|row| Duration::from_millis(now.saturating_sub(row.arrived_at)));
        counts
    }

    fn prune(&mut self, keeping: Keeping, now: Millis) {
        let old = |then: Millis, keep: Duration| now.saturating_sub(then) > millis(keep);
        while self.over.front().is_some_and(|(then, _)| old(*then, keeping.settled)) {
            self.forget();
        }
        let letters: Vec<_> = self.letters().map(|(id, row)| (id, row.died_at)).collect();
        let beyond = letters.len().saturating_sub(keeping.max_dead);
        for (nth, (id, died_at)) in letters.into_iter().enumerate() {
            if nth < beyond || old(died_at, keeping.dead) {
                tracing::error!(dead_letter = id, "too old, or too many: an event is discarded");
                self.letter(id, now, |course| course.settle(&To::Done, now));
            }
        }
    }
}

impl Store for MemoryInbox {
    fn is_volatile(&self) -> bool {
        true
    }

    fn lost(&self) -> usize {
        self.table().open.len()
    }

    fn turn<'a>(&'a self, turn: Turn<'a>) -> Answer<'a, Turned> {
        self.with(move |table, now| {
            let held = turn.settlements.iter().map(|settlement| table.settle(settlement, now)).collect();
            if !turn.lost.is_empty() {
                table.take_back(turn.lost, now);
            }
            let added = turn.arrivals.iter().map(|event| table.add(event, self.capacity, now)).collect();
            let claim = table.claim(turn, now, |id, row| Claimed {
                row: id,
                token: row.course.token,
                id: row.event.id,
                resource: row.event.resource.clone(),
                body: row.event.body.clone(),
                arrived_at: self.wall(row.arrived_at),
                attempts: row.course.attempts,
            });
            Turned { added, held, ..claim }
        })
    }

    fn counts(&self) -> Answer<'_, Counts> {
        self.with(|table, now| table.counts(now))
    }

    fn dead(&self, after: u64, limit: usize) -> Answer<'_, Vec<DeadEvent>> {
        self.with(move |table, _| {
            let letters = table.letters().filter(|(id, _)| *id > after).take(limit);
            let letters = letters.map(|(id, row)| DeadEvent {
                id,
                name: row.event.event.clone(),
                webhook_key: row.event.webhook_key.clone(),
                message: row.message.clone(),
                attempts: row.course.attempts,
                waiting: row
                    .event
                    .resource
                    .as_ref()
                    .and_then(|resource| table.resources.get(resource))
                    .map_or(0, |open| open.range(id + 1..).count()),
                arrived_at: self.wall(row.arrived_at),
                died_at: self.wall(row.died_at),
                body: row.event.body.clone(),
            });
            letters.collect()
        })
    }

    fn retry(&self, id: u64) -> Answer<'_, bool> {
        self.with(move |table, now| table.letter(id, now, |course| course.retry(now)))
    }

    fn discard(&self, id: u64) -> Answer<'_, bool> {
        self.with(move |table, now| table.letter(id, now, |course| course.settle(&To::Done, now)))
    }

    fn prune(&self, keeping: Keeping) -> Answer<'_, bool> {
        self.with(move |table, now| {
            table.prune(keeping, now);
            false
        })
    }
}

impl fmt::Debug for MemoryInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryInbox").finish_non_exhaustive()
    }
}
