//! The handle of an inbox: its route, its dead letters, its end.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{Mutex, Notify, OnceCell, watch},
    task::JoinHandle,
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::{
    delivery::{Clock, OutboxError, Reach, Stop, join, keep_running, stop_when_done, stop_within},
    webhook::{WebhookSecret, handler::Handlers, route::Door, seldom::Seldom},
};

use super::{
    arrivals::{Intake, intake},
    dead::DeadEvents,
    house::keep_house,
    shared::{Settings, Shared},
    store::Store,
    worker::Worker,
};

/// Beyond the time given, for the inbox to say what it has.
const COUNTING: Duration = Duration::from_millis(500);

/// A running inbox: [`Webhooks::build`](crate::webhook::Webhooks::build) gives it.
///
/// Cheap to clone. When the last clone and the last router of it are gone without [`shutdown`](Self::shutdown), handlers
/// that are at work end, for as long as the runtime lives, and no more begin; an inbox in memory is emptied first.
#[derive(Clone)]
pub struct Inbox {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    pub(crate) intake: Intake,
    secret: WebhookSecret,
    close: CancellationToken,
    tasks: Mutex<Tasks>,
    report: OnceCell<InboxReport>,
}

struct Tasks {
    worker: Option<JoinHandle<()>>,
    house: Option<JoinHandle<()>>,
}

/// How an inbox is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboxStatus {
    /// Events that wait to be handled: for their turn, for the next attempt, behind a dead letter.
    pub pending: usize,
    /// Events whose handler is at work, in whichever process.
    pub in_progress: usize,
    /// Dead letters.
    pub dead: usize,
    /// How long ago the oldest came of those that are pending or in progress.
    pub oldest: Option<Duration>,
}

/// What [`Inbox::shutdown`] achieved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboxReport {
    /// Events that were handled since the start.
    pub handled: u64,
    /// Events that were dropped unhandled since then, for they were older than [`max_age`](crate::Webhooks::max_age).
    pub too_old: u64,
    /// Events that became dead letters since then.
    pub dead: u64,
    /// Events that aren't handled, besides the dead letters. A durable inbox keeps both for the next process, one in
    /// memory loses them. `None` if the inbox was out of reach and couldn't say.
    pub left: Option<usize>,
}

impl Inbox {
    pub(crate) fn start(
        name: String,
        secret: WebhookSecret,
        store: Arc<dyn Store>,
        handlers: Handlers<()>,
        clock: Clock,
        settings: Settings,
        runtime: &Handle,
    ) -> Self {
        let shared = Arc::new(Shared {
            name,
            store,
            handlers,
            clock,
            settings,
            nudge: Arc::new(Notify::new()),
            stop: watch::Sender::new(Stop::No),
            reach: Reach::new("inbox", "webhooks are answered 503 until the inbox is back, and none is handled"),
            handled: 0.into(),
            too_old: 0.into(),
            died: 0.into(),
            unread: Seldom::default(),
            loss_is_said: false.into(),
        });
        let close = CancellationToken::new();
        let (intake, outlet) = intake(close.clone());
        let of_worker = Arc::clone(&shared);
        let worker = running(&shared, "inbox", move || Worker::run(Arc::clone(&of_worker), outlet.clone()));
        let of_house = Arc::clone(&shared);
        let house = running(&shared, "housekeeping", move || keep_house(Arc::clone(&of_house)));
        let tasks = Tasks { worker: Some(runtime.spawn(worker)), house: Some(runtime.spawn(house)) };
        let (tasks, report) = (Mutex::new(tasks), OnceCell::new());
        Self { inner: Arc::new(Inner { shared, intake, secret, close, tasks, report }) }
    }

    /// The route: nest it where Partnero is to send its webhooks, at just that path, without a slash at the end.
    ///
    /// It takes POST alone. The answer is 200 once the event is stored, or is known already, or nothing handles events
    /// of its name; 401 to what Partnero didn't sign; 413 beyond 256 KiB; 400 to a body that doesn't come within three
    /// seconds; and 503, after which Partnero sends the event
    /// again, when it couldn't be stored within three seconds.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> axum::Router<S> {
        Door::new(self.inner.secret.clone(), Arc::clone(&self.inner)).into_router()
    }

    /// The events whose handlers failed too often.
    pub fn dead_letters(&self) -> DeadEvents {
        let shared = &self.inner.shared;
        DeadEvents::new(Arc::clone(&shared.store), Arc::clone(&shared.nudge))
    }

    /// How this inbox is doing.
    ///
    /// # Errors
    /// When the inbox is out of reach.
    pub async fn status(&self) -> Result<InboxStatus, OutboxError> {
        let counts = self.inner.shared.store.counts().await?;
        let (pending, in_progress, dead, oldest) = (counts.pending, counts.in_progress, counts.dead, counts.oldest);
        Ok(InboxStatus { pending, in_progress, dead, oldest })
    }

    /// Takes no more events, lets the handlers that are at work end within that time, and cuts off the others: their
    /// events are handled again, by the next process.
    ///
    /// An inbox in memory is emptied first, as far as its handlers take what is in it. Call it after the server has
    /// stopped. Called again, the shorter time counts, and the report is the same.
    pub async fn shutdown(&self, timeout: Duration) -> InboxReport {
        let shared = &self.inner.shared;
        self.inner.close.cancel();
        stop_within(&shared.stop, timeout);
        shared.nudge.notify_one();
        *self.inner.report.get_or_init(|| self.end()).await
    }

    async fn end(&self) -> InboxReport {
        let shared = &self.inner.shared;
        let mut stop = shared.stop.subscribe();
        let mut tasks = self.inner.tasks.lock().await;
        join(&mut tasks.worker, &mut stop).await;
        join(&mut tasks.house, &mut stop).await;
        let until = match *stop.borrow() {
            Stop::At(at) => at.max(Instant::now()) + COUNTING,
            _ => Instant::now() + COUNTING,
        };
        let counts = timeout_at(until, shared.store.counts()).await.ok().and_then(Result::ok);
        let left = counts.map(|counts| counts.pending + counts.in_progress);
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let (handled, too_old, dead) = (count(&shared.handled), count(&shared.too_old), count(&shared.died));
        shared.say_loss();
        tracing::info!(inbox = shared.name, handled, too_old, dead, left, "shut down");
        InboxReport { handled, too_old, dead, left }
    }
}

/// A task that is started again when it breaks off.
fn running<F: Future<Output = ()> + Send + 'static, T: FnMut() -> F>(
    shared: &Shared,
    what: &'static str,
    task: T,
) -> impl Future<Output = ()> + use<F, T> {
    keep_running(shared.name.clone(), what, shared.stop.subscribe(), task)
}

impl Drop for Inner {
    fn drop(&mut self) {
        stop_when_done(&self.shared.stop);
    }
}

/// Without secrets.
impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = &self.inner.shared;
        f.debug_struct("Inbox").field("name", &shared.name).field("handlers", &shared.handlers).finish_non_exhaustive()
    }
}
