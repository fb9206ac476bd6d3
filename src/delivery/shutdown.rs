//! The way out.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::{
    sync::{Mutex, OnceCell, watch},
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};

use crate::delivery::{partnero::Live, shared::Stop};

/// Beyond the time given, for a task that is stuck in its outbox.
const GRACE: Duration = Duration::from_millis(500);

/// What [`shutdown`](crate::Partnero::shutdown) achieved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Calls that ended well since the handle was built.
    pub delivered: u64,
    /// Calls that became dead letters since then.
    pub dead: u64,
    /// Calls that a durable outbox keeps for the next process.
    pub left: usize,
    /// Calls that are lost: those in a memory outbox, and those that a durable one couldn't store any more.
    pub lost: usize,
    /// Calls that were never taken, for a full queue or for what was wrong with them.
    pub refused: u64,
    /// What the observer wasn't told: lost with a memory outbox.
    pub untold: usize,
}

/// The tasks of a handle, and what came of ending them.
pub(crate) struct Tasks {
    running: Mutex<Running>,
    report: OnceCell<ShutdownReport>,
}

struct Running {
    writer: Option<JoinHandle<usize>>,
    dispatcher: Option<JoinHandle<()>>,
    notifier: Option<JoinHandle<()>>,
}

impl Tasks {
    pub(crate) fn new(
        writer: JoinHandle<usize>,
        dispatcher: Option<JoinHandle<()>>,
        notifier: Option<JoinHandle<()>>,
    ) -> Self {
        let running = Running { writer: Some(writer), dispatcher, notifier };
        Self { running: Mutex::new(running), report: OnceCell::new() }
    }
}

/// Ends a handle's tasks. Whoever asks again gets the same report.
pub(crate) async fn shutdown(live: &Live, within: Duration) -> ShutdownReport {
    let now = Instant::now();
    let at = now.checked_add(within).unwrap_or(now + Duration::from_secs(365 * 24 * 60 * 60));
    live.close.cancel();
    // The most impatient caller counts.
    live.shared.stop.send_modify(|stop| match stop {
        Stop::At(earlier) if *earlier <= at => {}
        _ => *stop = Stop::At(at),
    });
    live.shared.nudge.notify_one();
    let end = async {
        let mut stop = live.shared.stop.subscribe();
        let mut running = live.tasks.running.lock().await;
        let unstored = join(&mut running.writer, &mut stop).await;
        join(&mut running.dispatcher, &mut stop).await;
        join(&mut running.notifier, &mut stop).await;
        live.shared.leave_all();

        let store = &live.shared.store;
        let (open, untold) = match timeout(GRACE, store.counts()).await {
            Ok(Ok(counts)) => (counts.pending + counts.in_flight + counts.uncertain + counts.parked, counts.notices),
            _ => (0, 0),
        };
        let unstored = unstored.unwrap_or_else(|| usize::try_from(live.shared.tally.buffered()).unwrap_or(usize::MAX));
        let (left, lost) = if store.is_volatile() { (0, open + unstored) } else { (open, unstored) };
        let tally = &live.shared.tally;
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let report = ShutdownReport {
            delivered: count(&tally.delivered),
            dead: count(&tally.dead),
            left,
            lost,
            refused: count(&tally.refused),
            untold,
        };
        let outbox = live.shared.name.as_str();
        if lost > 0 {
            tracing::error!(outbox, lost, "shut down with calls that are lost");
        }
        if untold > 0 {
            tracing::warn!(outbox, untold, "shut down before the observer was told of everything");
        }
        let full = live.intake.room().refused();
        if full > 0 {
            tracing::error!(outbox, refused = full, "calls were refused while the queue was full");
        }
        tracing::info!(outbox, delivered = report.delivered, dead = report.dead, left, "shut down");
        report
    };
    *live.tasks.report.get_or_init(|| end).await
}

/// Waits for a task to end by itself, then ends it. `None` if there was nothing to wait for, or it didn't.
async fn join<T>(task: &mut Option<JoinHandle<T>>, stop: &mut watch::Receiver<Stop>) -> Option<T> {
    let handle = task.as_mut()?;
    let result = tokio::select! {
        result = &mut *handle => result.ok(),
        () = time_is_up(stop) => {
            handle.abort();
            None
        }
    };
    *task = None;
    result
}

/// Somebody may come in the meantime who wants it sooner.
async fn time_is_up(stop: &mut watch::Receiver<Stop>) {
    loop {
        let Stop::At(at) = *stop.borrow_and_update() else { return };
        tokio::select! {
            () = sleep_until(at + GRACE) => return,
            Ok(()) = stop.changed() => {}
        }
    }
}
