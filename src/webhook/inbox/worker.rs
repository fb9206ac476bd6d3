//! The task that claims events, has them handled, and records what came of that.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant as Moment, SystemTime},
};

use tokio::{
    sync::watch,
    task::{Id, JoinError, JoinSet},
    time::{Instant, timeout_at},
};

use crate::{
    delivery::{Finder, OutboxError, Stop, backoff, chance, until},
    measure,
    model::mask,
    webhook::{EventId, WebhookEvent},
};

use super::{
    ahead::Ahead,
    course::To,
    log,
    shared::Shared,
    store::{Claim, Claimed, Settlement},
};

/// A shared inbox is looked at this often: another process may have stored something.
const POLL: Duration = Duration::from_secs(1);
/// What is over is forgotten this often.
const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// Later than it could a result is recorded, so that others are with it.
const GATHER: Duration = Duration::from_millis(2);
/// Between two tries to reach an inbox that is out of reach.
const STORE_RETRY: Duration = Duration::from_millis(500);
/// A time of day that outruns time by so much was set, or the machine slept.
const JUMP: Duration = Duration::from_secs(1);

pub(crate) struct Worker {
    shared: Arc<Shared>,
    tasks: JoinSet<Handled>,
    /// What the tasks handle.
    running: HashMap<Id, Running>,
    /// What they handle next.
    ahead: Ahead,
    /// Not yet recorded.
    settlements: Vec<Settlement>,
    /// The inbox is out of reach: when to try again.
    store_back_at: Option<Duration>,
    /// When the inbox has something to do, as far as it knows.
    next_claim: Option<Duration>,
    next_housekeeping: Duration,
    /// Housekeeping failed, and that is said.
    untidy: bool,
    /// Both clocks at the last turn.
    last_turn: (Duration, SystemTime),
    /// An answer of the inbox's got lost: what is told again may be recorded already.
    retold: bool,
    /// What was stored last has been looked at: it came between the order to stop and the end of the task that stores.
    last_look: bool,
    stop: watch::Receiver<Stop>,
}

struct Running {
    row: u64,
    token: u64,
    attempts: u32,
    id: EventId,
    began: Moment,
}

/// What came of a handler.
struct Handled {
    event: WebhookEvent,
    end: End,
}

enum End {
    Done,
    TooOld,
    Failed(String),
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let now = shared.clock.monotonic();
        Self {
            stop: shared.stop.subscribe(),
            tasks: JoinSet::new(),
            running: HashMap::new(),
            ahead: Ahead::default(),
            settlements: Vec::new(),
            store_back_at: None,
            next_claim: Some(now),
            next_housekeeping: now + HOUSEKEEPING,
            untidy: false,
            last_turn: (now, shared.clock.wall()),
            retold: false,
            last_look: false,
            shared,
        }
    }

    /// Runs until it is told to stop.
    pub(crate) async fn run(mut self) {
        loop {
            while let Some(joined) = self.tasks.try_join_next_with_id() {
                self.take_in(joined);
            }
            self.gather().await;
            self.prepare_last_look();
            self.turn().await;
            self.keep_house().await;
            if self.is_over() {
                break;
            }
            self.wait().await;
        }
        self.cut_off().await;
    }

    fn now(&self) -> Duration {
        self.shared.clock.monotonic()
    }

    /// Lets those end, too, who are about to: one sync of the disk is enough for all of them.
    async fn gather(&mut self) {
        let until = Instant::now() + GATHER;
        while !self.settlements.is_empty() {
            let Ok(Some(joined)) = timeout_at(until, self.tasks.join_next_with_id()).await else { return };
            self.take_in(joined);
        }
    }

    /// Takes in what a handler came back with.
    fn take_in(&mut self, joined: Result<(Id, Handled), JoinError>) {
        let (task, event, end) = match joined {
            Ok((task, Handled { event, end })) => (task, Some(event), end),
            Err(error) => (error.id(), None, End::Failed("it panicked".to_owned())),
        };
        let Some(Running { row, token, attempts, id, began }) = self.running.remove(&task) else { return };
        self.ahead.came_back();
        self.begin_next();
        let shared = &self.shared;
        let documented = event.as_ref().map_or("unknown", WebhookEvent::documented_name);
        let to = match end {
            End::Done | End::TooOld => {
                let (counter, name, verdict) = match end {
                    End::Done => (&shared.handled, "handled", "handled"),
                    _ => (&shared.too_old, "too_old", "too old: dropped unhandled"),
                };
                Shared::count(counter);
                measure::webhook(documented, name);
                log::handled(&shared.name, id, event.as_ref(), verdict, began.elapsed());
                To::Done
            }
            End::Failed(message) if attempts + 1 >= shared.settings.attempts => {
                Shared::count(&shared.died);
                measure::webhook(documented, "dead_letter");
                log::dead(&shared.name, (row, id), event.as_ref(), &message, attempts + 1);
                To::Dead { message }
            }
            End::Failed(message) => {
                let after = backoff(shared.settings.backoff, attempts, chance());
                log::failed(&shared.name, id, event.as_ref(), &message, after);
                To::Again { after, message }
            }
        };
        self.settlements.push(Settlement { row, token, to });
    }

    /// Once nothing more can be stored, the inbox is looked at once more, whatever it said before.
    fn prepare_last_look(&mut self) {
        if !self.last_look && *self.stop.borrow() != Stop::No && self.shared.written.is_cancelled() {
            self.last_look = true;
            self.next_claim = Some(self.now());
        }
    }

    /// Records what handlers came back with, claims as many events as may be handled now, and has them handled.
    async fn turn(&mut self) {
        let (now, volatile) = (self.now(), self.shared.store.is_volatile());
        let may_claim = match *self.stop.borrow() {
            Stop::No => true,
            Stop::At(at) if Instant::now() >= at => false,
            // What a durable inbox keeps needn't be begun.
            Stop::WhenDone | Stop::At(_) => volatile,
        };
        let back = if may_claim { self.ahead.late(now) } else { self.ahead.all() };
        self.give_back(back);
        // What waited for those that are over may go on.
        let due = !self.settlements.is_empty() || self.next_claim.is_some_and(|next| next <= now);
        let ahead = if volatile { 0 } else { self.ahead.more() };
        let most = self.shared.settings.max_in_progress.saturating_add(ahead);
        let room = most.saturating_sub(self.running.len() + self.ahead.len());
        let room = if may_claim && due { room } else { 0 };
        if (room == 0 && self.settlements.is_empty()) || self.store_rests() {
            return;
        }
        let told = self.settlements.len();
        let mut settlements = self.settlements.clone();
        settlements.extend(self.held_on());
        let time = (now, self.shared.clock.wall());
        match self.shared.store.turn(&settlements, room, self.shared.settings.terms()).await {
            Ok(claim) => {
                self.last_turn = time;
                self.take_turn(claim, told, room, now);
            }
            Err(OutboxError::Refused(_)) if told > 0 => self.record_apart().await,
            Err(error) => self.out_of_reach(&error),
        }
    }

    /// Leases go by a time of day, which can be set, and goes on while the machine sleeps. What is still being handled
    /// then isn't taken for lost: as long as a lease lasts by the other clock, its claim goes on.
    fn held_on(&self) -> Vec<Settlement> {
        let (then, wall) = self.last_turn;
        let passed = self.shared.clock.wall().duration_since(wall).unwrap_or_default();
        if self.shared.store.is_volatile() || passed <= self.now().saturating_sub(then) + JUMP {
            return Vec::new();
        }
        let lease = self.shared.settings.lease;
        let running = self.running.values().filter(|it| it.began.elapsed() < lease).map(|it| (it.row, it.token));
        let ahead = self.ahead.iter().map(|it| (it.row, it.token));
        running.chain(ahead).map(|(row, token)| Settlement { row, token, to: To::Held { lease } }).collect()
    }

    /// The inbox refuses one of the results, which holds up none of the others: each is recorded by itself, that one
    /// without its words.
    async fn record_apart(&mut self) {
        let terms = self.shared.settings.terms();
        while let Some(settlement) = self.settlements.pop() {
            let wordless = Settlement { to: settlement.to.clone().wordless(), ..settlement };
            let mut result = self.shared.store.turn(&[settlement], 0, terms).await;
            if matches!(result, Err(OutboxError::Refused(_))) {
                result = self.shared.store.turn(std::slice::from_ref(&wordless), 0, terms).await;
            }
            match result {
                Ok(_) => {}
                Err(OutboxError::Refused(message)) => {
                    let (inbox, error) = (&self.shared.name, mask(&message));
                    tracing::error!(inbox, error, "the inbox refuses a result: its event is handled again");
                }
                Err(error) => {
                    self.settlements.push(wordless);
                    self.out_of_reach(&error);
                    return;
                }
            }
        }
        self.next_claim = Some(self.now());
    }

    /// The first of what was recorded are results, and then what is held on to.
    fn take_turn(&mut self, claim: Claim, told: usize, room: usize, asked_at: Duration) {
        let Claim { events, held, dead, next } = claim;
        self.in_reach();
        // While another process has its turn, they aren't looked at.
        if held.len() >= told {
            self.settlements.clear();
        }
        // What was told before may not be held because it is recorded.
        if !std::mem::take(&mut self.retold) {
            for _ in held.iter().filter(|held| !**held) {
                tracing::warn!(
                    inbox = self.shared.name,
                    "a handler took longer than its lease and may run twice: let it not block, or raise `lease`"
                );
            }
        }
        self.next_claim = if room > 0 { next.map(|next| self.now() + next) } else { Some(self.now()) };
        for letter in dead {
            Shared::count(&self.shared.died);
            measure::webhook("unknown", "dead_letter");
            log::lost(&self.shared.name, letter);
        }
        self.ahead.turned();
        self.ahead.keep(asked_at, events);
        self.begin_next();
    }

    /// Has as many handled as there are handlers free.
    fn begin_next(&mut self) {
        let late = self.ahead.late(self.now());
        self.give_back(late);
        while self.running.len() < self.shared.settings.max_in_progress {
            let Some(claimed) = self.ahead.next() else { return };
            self.begin(claimed);
        }
    }

    /// These weren't begun.
    fn give_back(&mut self, claimed: Vec<Claimed>) {
        let back = claimed.into_iter().map(|it| Settlement { row: it.row, token: it.token, to: To::Back });
        self.settlements.extend(back);
    }

    fn begin(&mut self, claimed: Claimed) {
        let Claimed { row, token, digest, body, arrived_at, attempts } = claimed;
        let (shared, id) = (Arc::clone(&self.shared), EventId::from(digest));
        let task = self.tasks.spawn(async move {
            let event = WebhookEvent::parse(body);
            if shared.is_too_old(&event, arrived_at) {
                return Handled { event, end: End::TooOld };
            }
            let end = handle(&shared, id, event.clone()).await;
            Handled { event, end }
        });
        self.running.insert(task.id(), Running { row, token, attempts, id, began: Moment::now() });
    }

    async fn keep_house(&mut self) {
        if self.now() < self.next_housekeeping || *self.stop.borrow() != Stop::No {
            return;
        }
        let more = self.shared.store.prune(self.shared.settings.keeping).await;
        if let Err(error) = &more
            && !self.untidy
        {
            let inbox = &self.shared.name;
            tracing::warn!(inbox, %error, "what is over isn't forgotten: that is tried again each minute");
        }
        self.untidy = more.is_err();
        // A small batch at a time: events come in between.
        let wait = if matches!(more, Ok(true)) { Duration::from_millis(10) } else { HOUSEKEEPING };
        self.next_housekeeping = self.now() + wait;
        // A dead letter whose time was up may have set free what waited behind it.
        self.next_claim = Some(self.now());
    }

    /// Whether it is time to go.
    fn is_over(&self) -> bool {
        let volatile = self.shared.store.is_volatile();
        let none = self.running.is_empty() && self.ahead.len() == 0 && self.settlements.is_empty();
        let idle = none && (!volatile || self.last_look);
        match *self.stop.borrow() {
            Stop::No => false,
            Stop::At(at) if Instant::now() >= at => true,
            _ if !idle => false,
            _ if !volatile => true,
            Stop::WhenDone => self.next_claim.is_none(),
            // Nothing will happen before the time is up: no use in waiting for it.
            Stop::At(at) => {
                let left = at.saturating_duration_since(Instant::now());
                self.next_claim.is_none_or(|next| next > self.now() + left)
            }
        }
    }

    async fn wait(&mut self) {
        let now = self.now();
        let volatile = self.shared.store.is_volatile();
        let poll = self.store_back_at.or((!volatile).then_some(now + POLL));
        let room = self.running.len() < self.shared.settings.max_in_progress;
        let claim = self.next_claim.filter(|_| room && !self.store_rests() && self.may_begin());
        let back = self.ahead.back_at().filter(|_| !self.store_rests());
        let house = (*self.stop.borrow() == Stop::No).then_some(self.next_housekeeping);
        let wake = [claim, poll, back, house].into_iter().flatten().min().unwrap_or(now + POLL);
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
            Some(joined) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => self.take_in(joined),
            _ = self.stop.changed() => {}
            () = until(stop_at) => {}
        }
    }

    fn may_begin(&self) -> bool {
        *self.stop.borrow() == Stop::No || self.shared.store.is_volatile()
    }

    /// Ends the handlers that are still at it, and gives their events back, for another process to begin anew.
    async fn cut_off(mut self) {
        let back = self.ahead.all();
        self.give_back(back);
        self.tasks.abort_all();
        while let Some(joined) = self.tasks.join_next_with_id().await {
            // One that came back while the inbox was being asked isn't handled again.
            if joined.as_ref().err().is_none_or(|error| !error.is_cancelled()) {
                self.take_in(joined);
            }
        }
        if !self.running.is_empty() {
            let (inbox, cut_off) = (&self.shared.name, self.running.len());
            tracing::warn!(inbox, cut_off, "handlers didn't end in time: their events are handled again");
        }
        let back = self.running.drain().map(|(_, it)| Settlement { row: it.row, token: it.token, to: To::Back });
        self.settlements.extend(back);
        if !self.settlements.is_empty() {
            // If that isn't recorded, their leases end.
            let _ = self.shared.store.turn(&self.settlements, 0, self.shared.settings.terms()).await;
        }
    }

    fn out_of_reach(&mut self, error: &OutboxError) {
        self.retold |= matches!(error, OutboxError::Unanswered(_));
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
}

/// Has an event handled within its time. A panic ends the task that this is in.
async fn handle(shared: &Shared, id: EventId, event: WebhookEvent) -> End {
    let Some(handling) = shared.handlers.handle(id, event) else {
        return End::Failed("no handler: another version of the application may have one".to_owned());
    };
    let limit = shared.settings.handler_timeout;
    let end = shared.clock.monotonic() + limit;
    tokio::select! {
        biased;
        handled = handling => match handled {
            Ok(()) => End::Done,
            Err(error) => End::Failed(mask(&error.to_string())),
        },
        () = shared.clock.sleep_until(end) => End::Failed(format!("no answer within {limit:?}")),
    }
}
