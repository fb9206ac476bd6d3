//! What an inbox can do: keep events, hand out the next ones, and record what came of them.
//!
//! As with an outbox, all times are the store's own: only durations cross this border.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use bytes::Bytes;

use crate::{delivery::Answer, webhook::EventId};

use super::{
    course::{Terms, To},
    dead::DeadEvent,
};

/// The operations of an inbox.
pub(crate) trait Store: Send + Sync + fmt::Debug {
    /// Whether a crash loses what is in it.
    fn is_volatile(&self) -> bool;

    /// How many events, dead letters among them, its end loses.
    fn lost(&self) -> usize {
        0
    }

    /// Records what came of claimed events, stores new ones, and hands out what can be handled then: all of it or
    /// nothing, so that one sync of the disk is enough.
    fn turn<'a>(&'a self, turn: Turn<'a>) -> Answer<'a, Turned>;

    /// What there is, by state.
    fn counts(&self) -> Answer<'_, Counts>;

    /// Dead letters with an id greater than `after`, the oldest first.
    fn dead(&self, after: u64, limit: usize) -> Answer<'_, Vec<DeadEvent>>;

    /// Puts a dead letter back in its place. `false` if there is none of that id.
    fn retry(&self, id: u64) -> Answer<'_, bool>;

    /// Gives a dead letter up. `false` if there is none of that id.
    fn discard(&self, id: u64) -> Answer<'_, bool>;

    /// Forgets what was over long ago, a small batch at a time. Whether there is more.
    fn prune(&self, keeping: Keeping) -> Answer<'_, bool>;
}

/// An event as it came.
#[derive(Clone)]
pub(crate) struct NewEvent {
    pub(crate) id: EventId,
    /// When it happened, as it says itself. The same bytes say the same.
    #[cfg_attr(
        not(any(feature = "sqlx-sqlite", feature = "sqlx-postgres")),
        allow(dead_code, reason = "for databases")
    )]
    pub(crate) time: Option<SystemTime>,
    /// Its name, fit for a log.
    pub(crate) event: String,
    /// The key of the webhook, fit for a log.
    pub(crate) webhook_key: Option<String>,
    /// What it is about.
    pub(crate) resource: Option<String>,
    pub(crate) body: Bytes,
}

/// What became of an event that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    New,
    /// It was there already.
    Repeat,
    /// There is no room for it.
    Full,
}

/// What an inbox is asked for at once.
#[derive(Clone, Copy)]
pub(crate) struct Turn<'a> {
    /// To be stored in their order. What is there already, handled or not, is left alone.
    pub(crate) arrivals: &'a [NewEvent],
    pub(crate) settlements: &'a [Settlement],
    /// Turns that got no answer: what they claimed goes back, for nobody knows of it.
    pub(crate) lost: &'a [u64],
    /// What this turn's claims are known by. No other turn has it.
    pub(crate) token: u64,
    /// Events handed out, at most.
    pub(crate) limit: usize,
    /// Whether to look for what is due, or to hand out what comes alone. What was settled may make a look necessary.
    #[cfg_attr(
        not(any(feature = "sqlx-sqlite", feature = "sqlx-postgres")),
        allow(dead_code, reason = "for databases")
    )]
    pub(crate) look: bool,
    pub(crate) terms: Terms,
}

/// What a turn gave.
#[derive(Default)]
pub(crate) struct Turned {
    /// Of each arrival, what became of it.
    pub(crate) added: Vec<Added>,
    /// Another process was at it: what came is stored, and nothing else was looked at.
    pub(crate) aside: bool,
    /// Of each settlement, whether its claim still held: one that had run out changed nothing.
    pub(crate) held: Vec<bool>,
    pub(crate) events: Vec<Claimed>,
    /// Those that became dead letters because their claimants were gone too often, or because they can't be read.
    pub(crate) dead: Vec<u64>,
    /// When there may be more, as far as this turn has seen.
    pub(crate) next: Option<Duration>,
}

/// An event to handle.
#[derive(Clone)]
pub(crate) struct Claimed {
    pub(crate) row: u64,
    /// Fences off a process whose lease has run out.
    pub(crate) token: u64,
    pub(crate) id: EventId,
    /// What it is about.
    pub(crate) resource: Option<String>,
    pub(crate) body: Bytes,
    pub(crate) arrived_at: SystemTime,
    /// Failed attempts so far.
    pub(crate) attempts: u32,
}

/// What came of one claimed event.
#[derive(Clone, Debug)]
pub(crate) struct Settlement {
    pub(crate) row: u64,
    pub(crate) token: u64,
    #[cfg_attr(
        not(any(feature = "sqlx-sqlite", feature = "sqlx-postgres")),
        allow(dead_code, reason = "for databases")
    )]
    pub(crate) resource: Option<String>,
    pub(crate) to: To,
}

/// How long things are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keeping {
    /// That an event is over, to recognise repeats.
    pub(crate) settled: Duration,
    pub(crate) dead: Duration,
    pub(crate) max_dead: usize,
}

/// Events by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) pending: usize,
    pub(crate) in_progress: usize,
    pub(crate) dead: usize,
    /// How long ago the oldest open one came.
    pub(crate) oldest: Option<Duration>,
}

/// Without what it is about.
impl fmt::Debug for NewEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEvent").field("event", &self.event).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}
