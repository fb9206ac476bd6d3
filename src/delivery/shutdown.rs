//! The way out.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::{
    sync::{Mutex, OnceCell, watch},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

use crate::delivery::{
    partnero::Live,
    stop::{Stop, stop_within, time_is_up},
};

/// Beyond the time given, for the answer to what the outbox was asked before.
const GRACE: Duration = Duration::from_millis(300);
/// Beyond the time given, for the outbox to say what it has.
const COUNTING: Duration = Duration::from_millis(500);

/// What [`shutdown`](crate::Partnero::shutdown) achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Calls that ended well since the handle was built.
    pub delivered: u64,
    /// Calls that became dead letters since then.
    pub dead: u64,
    /// Calls that a durable outbox keeps for the next process. `None` if it was out of reach and couldn't say.
    pub left: Option<usize>,
    /// Calls that are certainly lost: those in a memory outbox, and those that a durable one couldn't be given or didn't
    /// take any more.
    pub lost: usize,
    /// Calls that a durable outbox was given without an answer: they are stored, and then `left` counts them too, or
    /// lost.
    pub unknown: usize,
    /// Calls that were never taken, for a full queue or for what was wrong with them.
    pub refused: u64,
    /// What the observer wasn't told: lost with a memory outbox. `None` if the outbox couldn't say.
    pub untold: Option<usize>,
}

/// Of a handle that never had anything to do.
impl Default for ShutdownReport {
    fn default() -> Self {
        Self { delivered: 0, dead: 0, left: Some(0), lost: 0, unknown: 0, refused: 0, untold: Some(0) }
    }
}

/// The tasks of a handle, and what came of ending them.
pub(crate) struct Tasks {
    running: Mutex<Running>,
    report: OnceCell<ShutdownReport>,
}

struct Running {
    writer: Option<JoinHandle<()>>,
    dispatcher: Option<JoinHandle<()>>,
    notifier: Option<JoinHandle<()>>,
    /// They end with the others, and have nothing that would keep.
    helpers: Vec<JoinHandle<()>>,
}

impl Tasks {
    pub(crate) fn new(
        writer: JoinHandle<()>,
        dispatcher: Option<JoinHandle<()>>,
        notifier: Option<JoinHandle<()>>,
        helpers: Vec<JoinHandle<()>>,
    ) -> Self {
        let running = Running { writer: Some(writer), dispatcher, notifier, helpers };
        Self { running: Mutex::new(running), report: OnceCell::new() }
    }
}

/// Ends a handle's tasks. Whoever asks again gets the same report.
pub(crate) async fn shutdown(live: &Live, within: Duration) -> ShutdownReport {
    live.close.cancel();
    stop_within(&live.shared.stop, within);
    live.shared.nudge.notify_one();
    let end = async {
        let mut stop = live.shared.stop.subscribe();
        let mut running = live.tasks.running.lock().await;
        join(&mut running.writer, &mut stop).await;
        join(&mut running.dispatcher, &mut stop).await;
        join(&mut running.notifier, &mut stop).await;
        while let Some(mut helper) = running.helpers.pop() {
            if timeout(COUNTING, &mut helper).await.is_err() {
                helper.abort();
                let _ = helper.await;
            }
        }
        live.shared.waiting.leave_all();

        let shared = &live.shared;
        let until = match *stop.borrow() {
            Stop::At(at) => at + COUNTING,
            _ => Instant::now() + COUNTING,
        };
        let counts = timeout_at(until, shared.store.counts()).await.ok().and_then(Result::ok);
        #[cfg(feature = "metrics")]
        super::gauges::last(shared, counts.as_ref());
        let _ = timeout_at(until, shared.store.tidy()).await;
        let open = counts.map(|counts| counts.open());
        let untold = counts.map(|counts| counts.notices);
        let tally = &shared.tally;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let unknown = size(count(&tally.in_doubt));
        let unstored = size(tally.buffered()).saturating_sub(unknown);
        let is_volatile = shared.store.is_volatile();
        let lost = if is_volatile { open.unwrap_or_default() + unstored } else { unstored };
        let left = if is_volatile { Some(0) } else { open };
        let report = ShutdownReport {
            delivered: count(&tally.delivered),
            dead: count(&tally.dead),
            left,
            lost,
            unknown,
            refused: count(&tally.refused),
            untold,
        };
        let outbox = shared.name.as_str();
        shared.loss_is_said.store(true, Ordering::Relaxed);
        if lost > 0 {
            tracing::error!(
                outbox,
                lost,
                "shut down with calls that are lost: give `shutdown` more time, or the handle a durable outbox"
            );
        }
        if unknown > 0 {
            tracing::error!(
                outbox,
                unknown,
                "shut down with calls that may be stored or not: the outbox didn't answer"
            );
        }
        if let Some(untold) = untold.filter(|untold| *untold > 0) {
            tracing::warn!(outbox, untold, "shut down before the observer was told of everything");
        }
        if counts.is_none() {
            tracing::warn!(outbox, "shut down without knowing what is left: the outbox didn't say");
        }
        let full = live.intake.room().refused();
        if full > 0 {
            tracing::error!(
                outbox,
                refused = full,
                "calls were refused while the queue was full: see why it filled, or raise `capacity`"
            );
        }
        tracing::info!(outbox, delivered = report.delivered, dead = report.dead, left, "shut down");
        report
    };
    *live.tasks.report.get_or_init(|| end).await
}

/// Waits for a task to end by itself, then ends it.
pub(crate) async fn join(task: &mut Option<JoinHandle<()>>, stop: &mut watch::Receiver<Stop>) {
    let Some(handle) = task else { return };
    tokio::select! {
        _ = &mut *handle => {}
        () = time_is_up(stop, GRACE) => handle.abort(),
    }
    *task = None;
}
