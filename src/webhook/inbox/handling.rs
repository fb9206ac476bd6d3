//! The handlers that are at work, the events that wait for one, and what came of those that were handled.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant as Moment},
};

use tokio::{
    task::{Id, JoinError, JoinSet},
    time::Instant,
};

use crate::{
    delivery::{Ahead, WAIT_HERE, backoff, chance},
    measure,
    model::mask,
    webhook::{EventId, WebhookEvent},
};

use super::{
    course::To,
    log,
    shared::{Settings, Shared},
    store::{Claimed, Settlement},
};

pub(super) struct Handling {
    shared: Arc<Shared>,
    tasks: JoinSet<Handled>,
    /// What the tasks handle.
    running: HashMap<Id, Running>,
    /// What they handle next.
    ahead: Ahead<Claimed>,
    /// Not yet recorded, and since when there are any.
    results: Vec<Settlement>,
    since: Instant,
}

struct Running {
    row: u64,
    token: u64,
    attempts: u32,
    id: EventId,
    resource: Option<String>,
    began: Moment,
}

/// What came of a handler.
struct Handled {
    name: String,
    /// The name in metrics.
    documented: &'static str,
    end: End,
}

enum End {
    Done,
    TooOld,
    Failed(String),
}

impl Handling {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let ahead = Ahead::new(shared.clock.monotonic());
        let (tasks, running) = (JoinSet::new(), HashMap::new());
        Self { shared, tasks, running, ahead, results: Vec::new(), since: Instant::now() }
    }

    /// Waits for a handler to come back. It never does while none is at work.
    pub(super) async fn come_back(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(joined) => self.take_in(joined),
            None => std::future::pending().await,
        }
    }

    /// Takes in what has come back.
    pub(super) fn take_those_back(&mut self) {
        while let Some(joined) = self.tasks.try_join_next_with_id() {
            self.take_in(joined);
        }
    }

    fn take_in(&mut self, joined: Result<(Id, Handled), JoinError>) {
        let (task, name, documented, end) = match joined {
            Ok((task, Handled { name, documented, end })) => (task, Some(name), documented, end),
            Err(error) => (error.id(), None, "unknown", End::Failed("it panicked".to_owned())),
        };
        let Some(Running { row, token, attempts, id, resource, began }) = self.running.remove(&task) else { return };
        let shared = &self.shared;
        let to = match end {
            End::Done | End::TooOld => {
                let (counter, counted, verdict) = match end {
                    End::Done => (&shared.handled, "handled", "handled"),
                    _ => (&shared.too_old, "too_old", "too old: dropped unhandled"),
                };
                Shared::count(counter);
                measure::webhook(documented, counted);
                log::handled(&shared.name, id, name.as_deref(), verdict, began.elapsed());
                To::Done
            }
            End::Failed(message) if attempts + 1 >= shared.settings.attempts => {
                Shared::count(&shared.died);
                measure::webhook(documented, "dead_letter");
                log::dead(&shared.name, (row, id), name.as_deref(), &message, attempts + 1);
                To::Dead { message }
            }
            End::Failed(message) => {
                let after = backoff(shared.settings.backoff, attempts, chance());
                log::failed(&shared.name, id, name.as_deref(), &message, after);
                To::Again { after, message }
            }
        };
        self.push([Settlement { row, token, resource, to }]);
        self.ahead.came_back(self.shared.clock.monotonic());
        self.begin_next();
    }

    fn push(&mut self, results: impl IntoIterator<Item = Settlement>) {
        if self.results.is_empty() {
            self.since = Instant::now();
        }
        self.results.extend(results);
    }

    /// Has these handled: those that were asked for at this time.
    pub(super) fn keep(&mut self, asked_at: Duration, claimed: Vec<Claimed>) {
        // A lease lasts from then, and is half a second longer than a handler may take. Where it is longer still, an inbox
        // that answers slowly has its events handled, too; half of that is for what comes of them.
        let Settings { lease, handler_timeout, .. } = self.shared.settings;
        let begin_by = asked_at + WAIT_HERE.max(lease.saturating_sub(handler_timeout) / 2);
        self.ahead.keep(self.shared.clock.monotonic(), begin_by, claimed);
        self.begin_next();
    }

    /// Has as many handled as there are handlers free. None once the inbox is to stop: the next turn gives them back.
    fn begin_next(&mut self) {
        self.give_late_back();
        while self.running.len() < self.shared.settings.max_in_progress && self.shared.may_begin() {
            let Some(claimed) = self.ahead.next() else { return };
            self.begin(claimed);
        }
    }

    fn begin(&mut self, claimed: Claimed) {
        let Claimed { row, token, id, resource, body, arrived_at, attempts } = claimed;
        let shared = Arc::clone(&self.shared);
        let task = self.tasks.spawn(async move {
            let event = WebhookEvent::parse(body);
            let (name, documented) = (event.name().to_owned(), event.documented_name());
            let end =
                if shared.is_too_old(&event, arrived_at) { End::TooOld } else { handle(&shared, id, event).await };
            Handled { name, documented, end }
        });
        self.running.insert(task.id(), Running { row, token, attempts, id, resource, began: Moment::now() });
    }

    /// Those that weren't begun in time.
    pub(super) fn give_late_back(&mut self) {
        let late = self.ahead.late(self.shared.clock.monotonic());
        self.give_back(late);
    }

    /// Those that weren't begun.
    pub(super) fn give_all_back(&mut self) {
        let all = self.ahead.all();
        self.give_back(all);
    }

    fn give_back(&mut self, claimed: Vec<Claimed>) {
        self.push(claimed.into_iter().map(|it| with((it.row, it.token), To::Back)));
    }

    /// How many more may be claimed.
    pub(super) fn room(&self) -> usize {
        // One in memory has no sync to save.
        let ahead = if self.shared.store.is_volatile() { 0 } else { self.ahead.more(self.shared.clock.monotonic()) };
        let most = self.shared.settings.max_in_progress.saturating_add(ahead);
        most.saturating_sub(self.running.len() + self.ahead.len())
    }

    /// Whether a handler is free.
    pub(super) fn is_free(&self) -> bool {
        self.running.len() < self.shared.settings.max_in_progress
    }

    /// When the next of those that aren't begun goes back.
    pub(super) fn back_at(&self) -> Option<Duration> {
        self.ahead.back_at()
    }

    /// What is claimed, and its lease goes on.
    pub(super) fn held_on(&self) -> impl Iterator<Item = Settlement> {
        let lease = self.shared.settings.lease;
        let running = self.running.values().filter(move |it| it.began.elapsed() < lease).map(|it| (it.row, it.token));
        let ahead = self.ahead.iter().map(|it| (it.row, it.token));
        running.chain(ahead).map(move |claim| with(claim, To::Held { lease }))
    }

    /// Results that aren't recorded yet.
    pub(super) fn take_results(&mut self) -> Vec<Settlement> {
        std::mem::take(&mut self.results)
    }

    /// These still aren't.
    pub(super) fn put_back(&mut self, mut results: Vec<Settlement>) {
        results.append(&mut self.results);
        self.results = results;
    }

    /// Since when there are results.
    pub(super) fn since(&self) -> Option<Instant> {
        (!self.results.is_empty()).then_some(self.since)
    }

    /// Whether no handler is at work.
    pub(super) fn rests(&self) -> bool {
        self.running.is_empty()
    }

    /// Whether there is nothing to handle, and nothing to record.
    pub(super) fn is_idle(&self) -> bool {
        self.rests() && self.ahead.len() == 0 && self.results.is_empty()
    }

    /// Ends the handlers that are still at it, and gives their events back, for another process to begin anew.
    pub(super) async fn cut_off(&mut self) {
        self.give_all_back();
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
        let back: Vec<_> = self.running.drain().map(|(_, it)| it).collect();
        self.push(back.into_iter().map(|it| with((it.row, it.token), To::Back)));
    }
}

/// Of a claim that isn't over: whoever waits for its resource goes on waiting.
fn with((row, token): (u64, u64), to: To) -> Settlement {
    Settlement { row, token, resource: None, to }
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
