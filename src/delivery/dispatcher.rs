//! The task that claims calls, sends them and records what came of them.

mod ahead;
mod probe;
mod settle;

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use tokio::{
    sync::watch,
    task::{AbortHandle, JoinSet},
    time::Instant,
};

use crate::delivery::{
    ahead::Ahead,
    courier::{Courier, Delivered, Lease, Probe},
    gate::{Change, Gate, Signal},
    log::{self, Mistaken},
    observer::Event,
    outbox::{Claim, ClaimedCall, OutboxError, Settlement, Terms},
    reach::Finder,
    settings::Settings,
    shared::Shared,
    stop::{Stop, until},
    ticket::Progress,
};

use self::settle::Told;

/// A shared outbox is looked at this often: another process may have stored something.
const POLL: Duration = Duration::from_secs(1);
/// What is over is forgotten, and who waits no more, this often.
const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// Results that come within this time of each other are recorded together, and what follows them is claimed together: a
/// transaction of a database costs about the same for one as for thirty.
const GATHER: Duration = Duration::from_millis(2);
/// Between two tries to reach an outbox that is out of reach.
const STORE_RETRY: Duration = Duration::from_millis(500);

/// What a task of the dispatcher's comes back with.
enum Work {
    Delivered(Box<ClaimedCall>, Delivered),
    Probed(Probe),
}

pub(crate) struct Dispatcher {
    shared: Arc<Shared>,
    courier: Arc<Courier>,
    gate: Gate,
    tasks: JoinSet<Work>,
    /// As many are in flight.
    calls: usize,
    /// What goes next.
    ahead: Ahead<(Box<ClaimedCall>, Lease)>,
    probe: Option<AbortHandle>,
    /// The program that a probe found, and that the outbox hasn't been asked about yet.
    found: Option<String>,
    /// The programs that were mistaken for each other, for the log.
    mistaken: Option<Mistaken>,
    /// Not yet recorded, because the outbox is out of reach.
    settlements: Vec<(Settlement, Told)>,
    /// The outbox is out of reach: when to try again.
    store_back_at: Option<Duration>,
    /// When the outbox has something to do, as far as it knows.
    next_claim: Option<Duration>,
    next_housekeeping: Duration,
    /// What was stored last has been looked at: it came between the order to stop and the writer's end.
    last_look: bool,
    stop: watch::Receiver<Stop>,
}

impl Dispatcher {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let courier = Courier {
            outbox: shared.name.clone(),
            api: shared.api.clone(),
            clock: shared.clock.clone(),
            settings: shared.settings,
            met: AtomicBool::new(false),
        };
        let now = shared.clock.monotonic();
        let told = shared.hold();
        // What is in a durable outbox may be another program's, and whoever names theirs wants the key to be of it; after
        // a panic, what held before still holds.
        let closed = !shared.store.is_volatile() || shared.program_id.is_some() || told.is_some();
        let max_in_flight = shared.settings.max_in_flight;
        let gate = if closed { Gate::closed(max_in_flight, told, now) } else { Gate::new(max_in_flight) };
        Self {
            gate,
            stop: shared.stop.subscribe(),
            courier: Arc::new(courier),
            tasks: JoinSet::new(),
            calls: 0,
            ahead: Ahead::new(now),
            probe: None,
            found: None,
            mistaken: None,
            settlements: Vec::new(),
            store_back_at: None,
            next_claim: Some(now),
            next_housekeeping: now + HOUSEKEEPING,
            last_look: false,
            shared,
        }
    }

    /// Runs until it is told to stop, and returns with nothing in flight.
    pub(crate) async fn run(mut self) {
        loop {
            self.gather().await;
            let change = self.gate.look(self.now());
            self.changed(change);
            self.give_back();
            self.settle().await;
            self.prepare_last_look();
            self.verify().await;
            self.claim().await;
            self.probe();
            self.keep_house().await;
            if self.is_over().await {
                break;
            }
            self.wait().await;
        }
        // What the last transaction claimed or was too early for.
        if !self.shared.store.is_volatile() {
            while let Some(joined) = self.tasks.try_join_next() {
                self.take_in(joined);
            }
            self.give_back();
            self.settle().await;
        }
        // What is still in flight is cut off: its lease will end, and its presence will be asked.
        self.tasks.shutdown().await;
        self.shared.waiting.leave_all();
    }

    fn now(&self) -> Duration {
        self.shared.clock.monotonic()
    }

    /// Takes in what the tasks have come back with: where a database is to record it, until half of what was claimed has,
    /// so that the other half is under way meanwhile.
    async fn gather(&mut self) {
        let until = Instant::now() + GATHER;
        loop {
            while let Some(joined) = self.tasks.try_join_next() {
                self.take_in(joined);
            }
            let results = self.settlements.len();
            if self.shared.store.is_volatile()
                || results == 0
                || results >= self.calls + self.ahead.len()
                || self.store_rests()
            {
                return;
            }
            tokio::select! {
                Some(joined) = self.tasks.join_next() => self.take_in(joined),
                () = tokio::time::sleep_until(until) => return,
            }
        }
    }

    fn take_in(&mut self, joined: Result<Work, tokio::task::JoinError>) {
        match joined {
            Ok(Work::Delivered(call, delivered)) => self.delivered(call, delivered),
            Ok(Work::Probed(probe)) => self.probed(probe),
            Err(error) => {
                // A bug of ours, or of an HTTP client that the application made. The lease of a call ends.
                let is_probe = self.probe.as_ref().is_some_and(|probe| probe.id() == error.id());
                let (what, next) = if is_probe {
                    ("a probe", "Partnero is asked again")
                } else {
                    ("a delivery", "its call is taken up again")
                };
                tracing::error!(%error, "{what} broke off, which is a bug to report: {next}");
                if is_probe {
                    self.probed(Probe::Bad(Signal::Failed(0)));
                } else {
                    self.calls -= 1;
                    self.begin_next();
                }
            }
        }
    }

    /// Once nothing more can be stored, the outbox is looked at once more, whatever it said before.
    fn prepare_last_look(&mut self) {
        if !self.last_look && *self.stop.borrow() != Stop::No && self.shared.written.is_cancelled() {
            self.last_look = true;
            self.next_claim = Some(self.now());
        }
    }

    /// Claims as many calls as may be sent now, and sends them.
    async fn claim(&mut self) {
        let room = self.room();
        let due = self.next_claim.is_some_and(|next| next <= self.now());
        // With results there is a turn, which claims, too.
        if !self.may_claim() || room == 0 || self.store_rests() || !due || !self.settlements.is_empty() {
            return;
        }
        let (terms, lease) = self.terms();
        let store = Arc::clone(&self.shared.store);
        match self.meanwhile(store.claim(room, terms)).await {
            Ok(claim) => {
                self.in_reach();
                self.send(claim, room, lease);
            }
            Err(error) => self.out_of_reach(&error),
        }
    }

    fn may_claim(&self) -> bool {
        match *self.stop.borrow() {
            Stop::No => true,
            // Too late to begin anything.
            Stop::At(at) if Instant::now() >= at => false,
            // A durable outbox keeps what is in it: what isn't in flight needn't be.
            Stop::WhenDone | Stop::At(_) => self.shared.store.is_volatile(),
        }
    }

    /// Of a claim that is asked for now, and the lease that it would give.
    fn terms(&self) -> (Terms, Lease) {
        let Settings { lease, settle_delay, keeping, .. } = self.shared.settings;
        (Terms { lease, settle_delay, notices: keeping.notices }, Lease::begin(&self.shared.clock, lease))
    }

    /// Sends what was claimed where there was room for so many.
    fn send(&mut self, claim: Claim, room: usize, lease: Lease) {
        let Claim { calls, ended, dead, next } = claim;
        self.next_claim = if calls.len() == room { Some(self.now()) } else { next.map(|next| self.now() + next) };
        let any_over = !ended.is_empty() || !dead.is_empty();
        for ended in ended {
            log::not_sent(&self.shared.name, &ended);
            self.shared.ended(ended.kind, ended.end);
            self.shared.waiting.tell(ended.id, Progress::Ended(ended.end, None));
        }
        for (id, letter) in dead {
            log::dead_letter(&self.shared.name, &letter);
            self.shared.died(letter.kind);
            self.shared.waiting.tell(id, Progress::Dead(letter.reason, letter.message));
        }
        if any_over {
            self.shared.notice.notify_one();
            self.shared.settled.notify_waiters();
        }
        self.keep(calls, lease);
    }

    async fn keep_house(&mut self) {
        if self.now() < self.next_housekeeping {
            return;
        }
        self.shared.waiting.sweep();
        let (store, keeping) = (Arc::clone(&self.shared.store), self.shared.settings.keeping);
        let more = self.meanwhile(store.prune(keeping)).await;
        // A small batch at a time: deliveries come in between.
        let wait = if matches!(more, Ok(true)) { Duration::from_millis(10) } else { HOUSEKEEPING };
        self.next_housekeeping = self.now() + wait;
        // A dead letter whose time was up may have set free what waited behind it.
        self.next_claim = Some(self.now());
    }

    /// Whether it is time to go.
    async fn is_over(&self) -> bool {
        let stop = *self.stop.borrow();
        let stored = !self.shared.store.is_volatile() || self.last_look;
        // What a durable outbox keeps is not sent any more: then a probe is of no use, and nothing to wait for.
        let working = if self.shared.store.is_volatile() { !self.tasks.is_empty() } else { self.calls > 0 };
        let working = working || self.ahead.len() > 0;
        let idle = !working && self.settlements.is_empty() && stored;
        match stop {
            Stop::No => false,
            Stop::At(at) if Instant::now() >= at => true,
            _ if !idle => false,
            _ if !self.shared.store.is_volatile() => true,
            Stop::WhenDone => self.nothing_open().await,
            // Nothing will happen before the time is up: no use in waiting for it.
            Stop::At(at) => {
                let left = at.saturating_duration_since(Instant::now());
                self.next_event().is_none_or(|next| next > self.now() + left) || self.nothing_open().await
            }
        }
    }

    async fn nothing_open(&self) -> bool {
        let store = &self.shared.store;
        matches!(store.is_open_before(u64::MAX).await, Ok(false))
    }

    /// The next thing to do by itself.
    fn next_event(&self) -> Option<Duration> {
        let now = self.now();
        let claim = self.next_claim.filter(|_| self.may_claim() && self.room() > 0);
        let pause = self.gate.pause_ends(now);
        let probe = self.gate.next_probe().filter(|_| self.may_probe());
        [claim, pause, probe].into_iter().flatten().min()
    }

    async fn wait(&mut self) {
        // What came back while the outbox was being asked.
        if !self.settlements.is_empty() && !self.store_rests() {
            return;
        }
        let now = self.now();
        let volatile = self.shared.store.is_volatile();
        let poll = self.store_back_at.filter(|at| now < *at).or((!volatile).then_some(now + POLL));
        let event = if self.store_rests() { None } else { self.next_event() };
        let back = self.ahead.back_at();
        let wake = [event, poll, back, Some(self.next_housekeeping)].into_iter().flatten().min().unwrap_or(now + POLL);
        let stop_at = match *self.stop.borrow() {
            Stop::At(at) => Some(at),
            _ => None,
        };
        let clock = self.shared.clock.clone();
        tokio::select! {
            () = self.shared.nudge.notified() => self.next_claim = Some(self.now()),
            () = clock.sleep_until(wake) => {
                if !volatile || self.store_back_at.is_some() {
                    self.next_claim = Some(self.now());
                }
            }
            Some(joined) = self.tasks.join_next(), if !self.tasks.is_empty() => self.take_in(joined),
            _ = self.stop.changed() => {}
            () = until(stop_at) => {}
        }
    }

    fn out_of_reach(&mut self, error: &OutboxError) {
        self.shared.reach.lost(&self.shared.name, Finder::Dispatcher, error);
        self.store_back_at = Some(self.now() + STORE_RETRY);
    }

    fn in_reach(&mut self) {
        if self.store_back_at.take().is_some() {
            self.shared.reach.back(&self.shared.name, Finder::Dispatcher);
        }
    }

    fn store_rests(&self) -> bool {
        self.store_back_at.is_some_and(|at| self.now() < at)
    }

    fn changed(&self, change: Option<Change>) {
        let outbox = self.shared.name.as_str();
        match change {
            None => {}
            Some(Change::Held(reason)) => {
                log::held(outbox, reason, self.mistaken.as_ref());
                self.shared.set_hold(Some(reason));
                self.shared.mention(Event::Held(reason));
            }
            Some(Change::Resumed) => {
                tracing::info!(outbox, "Partnero takes calls again");
                self.shared.set_hold(None);
                self.shared.mention(Event::Resumed);
            }
        }
    }
}
