//! A turn of the worker: all that is to be asked of the inbox, asked at once, and what is made of the answer.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher as _,
    pin::pin,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use crate::{
    delivery::{Finder, OutboxError},
    measure,
    model::mask,
};

use super::{
    arrivals::{NotStored, Waiting},
    log,
    shared::Shared,
    store::{Added, NewEvent, Settlement, Turn, Turned},
    worker::{POLL, Worker},
};

/// Between two tries to reach an inbox that is out of reach, while nobody waits for it.
const RETRY: Duration = Duration::from_millis(500);
/// And while somebody does.
const SOON: Duration = Duration::from_millis(100);
/// A time of day that outruns time by so much was set, or the machine slept.
const JUMP: Duration = Duration::from_secs(1);
/// Once results were put off for so long, because another process was at it each time, a turn waits for it. None should
/// stay at it longer: a database ends one that does nothing for 5 seconds.
const PUT_OFF: Duration = Duration::from_secs(6);
/// When to look again after another process was at it.
const BUSY: Duration = Duration::from_millis(10);
/// For so long a turn that got no answer may still come to its end: a database gives a statement 20 seconds.
const IN_DOUBT: Duration = Duration::from_secs(30);

/// What the turns so far have left open.
pub(super) struct Turns {
    /// The inbox is out of reach: when to try again.
    pub(super) back_at: Option<Instant>,
    /// The last one stored events: the next of them are about to come.
    pub(super) stored: bool,
    /// Both clocks at the last turn.
    last: (Duration, SystemTime),
    /// The tokens of those that got no answer, and until when it is asked for what they claimed.
    lost: Vec<(u64, Instant)>,
    /// Since when each turn found another process at it.
    aside: Option<Duration>,
    /// An answer got lost: what is told again may be recorded already.
    retold: bool,
}

impl Turns {
    pub(super) fn new(shared: &Shared) -> Self {
        let last = (shared.clock.monotonic(), shared.clock.wall());
        Self { back_at: None, stored: false, last, lost: Vec::new(), aside: None, retold: false }
    }
}

/// What a turn was asked for.
struct Asked {
    at: Duration,
    token: u64,
    looked: bool,
    room: usize,
    events: Vec<NewEvent>,
    waiting: Vec<Waiting>,
    /// Results, and behind them what is held on to.
    settlements: Vec<Settlement>,
    results: usize,
}

impl Worker {
    /// Records what handlers came back with, stores what has come, claims as many events as may be handled now, and has
    /// them handled.
    pub(super) async fn turn(&mut self) {
        let now = self.now();
        let may_begin = self.shared.may_begin();
        if may_begin {
            self.handling.give_late_back();
        } else {
            self.handling.give_all_back();
        }
        let look = may_begin && self.next_claim.is_some_and(|next| next <= now);
        let room = if may_begin { self.handling.room() } else { 0 };
        let due = self.arrivals.are_there() || self.results_are_due() || (look && room > 0);
        if !due || self.store_rests() {
            return;
        }
        let mut settlements = self.handling.take_results();
        let there_are = !settlements.is_empty() || !self.turns.lost.is_empty();
        // A turn without arrivals waits until no other process is at it.
        let waits = there_are && self.turns.aside.take_if(|since| now.saturating_sub(*since) >= PUT_OFF).is_some();
        let (events, waiting) = if waits { Default::default() } else { self.arrivals.take() };
        let results = settlements.len();
        self.hold_on(&mut settlements);
        let asked = Asked { at: now, token: token(), looked: look, room, events, waiting, settlements, results };
        let time = (now, self.shared.clock.wall());
        match self.ask(&asked).await {
            Ok(turned) => self.take_turn(asked, turned, time),
            Err(OutboxError::Refused(_)) if asked.events.len() + results > 0 => self.ask_apart(asked).await,
            Err(error) => self.out_of_reach(asked, &error),
        }
    }

    /// Asks the inbox, while handlers come back.
    async fn ask(&mut self, asked: &Asked) -> Result<Turned, OutboxError> {
        let lost = self.lost();
        let turn = Turn {
            arrivals: &asked.events,
            settlements: &asked.settlements,
            lost: &lost,
            token: asked.token,
            limit: asked.room,
            look: asked.looked,
            terms: self.shared.settings.terms(),
        };
        let store = std::sync::Arc::clone(&self.shared.store);
        let mut answer = pin!(store.turn(turn));
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                () = self.handling.come_back() => {}
            }
        }
    }

    /// The tokens of turns that got no answer.
    fn lost(&self) -> Vec<u64> {
        self.turns.lost.iter().map(|(token, _)| *token).collect()
    }

    fn take_turn(&mut self, asked: Asked, turned: Turned, time: (Duration, SystemTime)) {
        let Asked { at, looked, room, events, waiting, mut settlements, results, .. } = asked;
        let Turned { added, aside, held, events: claimed, dead, next } = turned;
        self.in_reach(!events.is_empty());
        self.turns.stored = !events.is_empty();
        tell(waiting, added.into_iter().map(Ok));
        if aside {
            settlements.truncate(results);
            self.handling.put_back(settlements);
            self.turns.aside.get_or_insert(at);
            let again = next.or(looked.then_some(BUSY)).map(|next| self.now() + next);
            self.next_claim = self.next_claim.filter(|_| !looked).into_iter().chain(again).min();
            return self.handling.keep(at, claimed);
        }
        (self.turns.last, self.turns.aside) = (time, None);
        if !std::mem::take(&mut self.turns.retold) {
            // What was told before may not be held because it is recorded.
            for _ in held.iter().filter(|held| !**held) {
                tracing::warn!(
                    inbox = self.shared.name,
                    "a handler took longer than its lease and may run twice: let it not block, or raise `lease`"
                );
            }
        }
        let next = next.map(|next| self.now() + next);
        // However much comes here: another process may have stored something, or given it back.
        let poll = (!self.shared.store.is_volatile()).then(|| self.now() + POLL);
        let before = if looked && room > 0 { poll } else { self.next_claim };
        self.next_claim = before.into_iter().chain(next).min();
        for letter in dead {
            Shared::count(&self.shared.died);
            measure::webhook("unknown", "dead_letter");
            log::lost(&self.shared.name, letter);
        }
        let now = Instant::now();
        self.turns.lost.retain(|(_, until)| now < *until);
        self.handling.keep(at, claimed);
    }

    /// Leases go by a time of day, which can be set, and goes on while the machine sleeps. What is still being handled
    /// then isn't taken for lost: as long as a lease lasts by the other clock, its claim goes on.
    fn hold_on(&self, settlements: &mut Vec<Settlement>) {
        let (then, wall) = self.turns.last;
        let passed = self.shared.clock.wall().duration_since(wall).unwrap_or_default();
        if !self.shared.store.is_volatile() && passed > self.now().saturating_sub(then) + JUMP {
            settlements.extend(self.handling.held_on());
        }
    }

    /// The inbox refuses something of it, which holds up nothing else: each result is recorded by itself, one that is
    /// refused without its words, and the event that spoils it for the others is looked for by halves.
    async fn ask_apart(&mut self, asked: Asked) {
        let Asked { events, waiting, mut settlements, results, .. } = asked;
        settlements.truncate(results);
        self.next_claim = Some(self.now());
        while let Some(settlement) = settlements.pop() {
            let wordless = Settlement { to: settlement.to.clone().wordless(), ..settlement.clone() };
            let mut result = self.ask_for(&[], &[settlement]).await;
            if matches!(result, Err(OutboxError::Refused(_))) {
                result = self.ask_for(&[], std::slice::from_ref(&wordless)).await;
            }
            match result {
                Ok(_) => {}
                Err(OutboxError::Refused(message)) => {
                    let (inbox, error) = (&self.shared.name, mask(&message));
                    tracing::error!(inbox, error, "the inbox refuses a result: its event is handled again");
                }
                Err(error) => {
                    settlements.push(wordless);
                    self.handling.put_back(settlements);
                    self.arrivals.put_back(events, waiting);
                    return self.rest(&error);
                }
            }
        }
        // The next is at the end: what came first is stored first.
        let mut batches = vec![(events, waiting)];
        while let Some((mut events, mut waiting)) = batches.pop() {
            match self.ask_for(&events, &[]).await {
                Ok(turned) => tell(waiting, turned.added.into_iter().map(Ok)),
                Err(OutboxError::Refused(message)) if events.len() <= 1 => {
                    let inbox = &self.shared.name;
                    tracing::error!(
                        inbox,
                        message,
                        "the database refuses an event, while it takes others: its sender is told to repeat it"
                    );
                    tell(waiting, [Err(NotStored::Refused)]);
                }
                Err(OutboxError::Refused(_)) => {
                    let half = events.len() / 2;
                    let second = (events.split_off(half), waiting.split_off(half));
                    batches.extend([second, (events, waiting)]);
                }
                Err(error) => {
                    batches.push((events, waiting));
                    let left = batches.into_iter().rev();
                    let (events, waiting): (Vec<_>, Vec<_>) = left.flat_map(|(e, w)| e.into_iter().zip(w)).unzip();
                    self.arrivals.put_back(events, waiting);
                    return self.rest(&error);
                }
            }
        }
    }

    /// Only these, and nothing is claimed.
    async fn ask_for(&self, arrivals: &[NewEvent], settlements: &[Settlement]) -> Result<Turned, OutboxError> {
        if arrivals.is_empty() && settlements.is_empty() {
            return Ok(Turned::default());
        }
        let terms = self.shared.settings.terms();
        let turn = Turn { arrivals, settlements, lost: &[], token: token(), limit: 0, look: false, terms };
        self.shared.store.turn(turn).await
    }

    /// Ends the handlers that are still at it, and records what there is to record.
    pub(super) async fn cut_off(mut self) {
        self.arrivals.close();
        self.handling.cut_off().await;
        // If that isn't recorded, their leases end.
        let settlements = &self.handling.take_results()[..];
        let lost = &self.lost()[..];
        if !settlements.is_empty() || !lost.is_empty() {
            let terms = self.shared.settings.terms();
            let turn = Turn { arrivals: &[], settlements, lost, token: token(), limit: 0, look: false, terms };
            let _ = self.shared.store.turn(turn).await;
        }
    }

    fn out_of_reach(&mut self, asked: Asked, error: &OutboxError) {
        let Asked { token, events, waiting, mut settlements, results, .. } = asked;
        settlements.truncate(results);
        if matches!(error, OutboxError::Unanswered(_)) {
            self.turns.lost.push((token, Instant::now() + IN_DOUBT));
            // What it claimed is to be handled soon.
            self.next_claim = Some(self.now());
        }
        self.handling.put_back(settlements);
        self.arrivals.put_back(events, waiting);
        self.rest(error);
    }

    fn rest(&mut self, error: &OutboxError) {
        self.turns.retold |= matches!(error, OutboxError::Unanswered(_));
        let waited_for = self.arrivals.are_there();
        let finder = if waited_for { Finder::Writer } else { Finder::Dispatcher };
        self.shared.reach.lost(&self.shared.name, finder, error);
        self.turns.back_at = Some(Instant::now() + if waited_for { SOON } else { RETRY });
    }

    /// A disk that is full can still be read: only what was stored shows that events can be.
    fn in_reach(&mut self, stored: bool) {
        self.turns.back_at = None;
        self.shared.reach.back(&self.shared.name, Finder::Dispatcher);
        if stored {
            self.shared.reach.back(&self.shared.name, Finder::Writer);
        }
    }

    pub(super) fn store_rests(&self) -> bool {
        self.turns.back_at.is_some_and(|at| Instant::now() < at)
    }
}

/// Tells each what became of its event.
fn tell(waiting: Vec<Waiting>, stored: impl IntoIterator<Item = Result<Added, NotStored>>) {
    for (waiting, stored) in waiting.into_iter().zip(stored) {
        waiting.tell(stored);
    }
}

/// A number that nothing else has: 63 bits by chance.
fn token() -> u64 {
    (RandomState::new().hash_one(0_u8) >> 1).max(1)
}
