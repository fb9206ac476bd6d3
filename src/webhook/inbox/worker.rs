//! The task that has events stored, claims them, has them handled, and records what came of that.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};

use crate::delivery::{Stop, until};

use super::{
    arrivals::{Arrivals, Outlet},
    handling::Handling,
    shared::Shared,
    turn::Turns,
};

/// A shared inbox is looked at this often: another process may have stored something.
pub(super) const POLL: Duration = Duration::from_secs(1);
/// Later than it could a result is recorded, so that others are with it, or events that are about to come.
const GATHER: Duration = Duration::from_millis(2);

pub(crate) struct Worker {
    pub(super) shared: Arc<Shared>,
    pub(super) arrivals: Arrivals,
    pub(super) handling: Handling,
    pub(super) turns: Turns,
    /// When the inbox has something to do, as far as it knows.
    pub(super) next_claim: Option<Duration>,
    pub(super) stop: watch::Receiver<Stop>,
}

impl Worker {
    /// Runs until it is told to stop.
    pub(crate) async fn run(shared: Arc<Shared>, outlet: Outlet) {
        let worker = Self {
            arrivals: outlet.open().await,
            handling: Handling::new(Arc::clone(&shared)),
            turns: Turns::new(&shared),
            next_claim: Some(shared.clock.monotonic()),
            stop: shared.stop.subscribe(),
            shared,
        };
        worker.go_on().await;
    }

    async fn go_on(mut self) {
        loop {
            self.handling.take_those_back();
            self.turn().await;
            if self.is_over() {
                break;
            }
            self.wait().await;
        }
        self.cut_off().await;
    }

    pub(super) fn now(&self) -> Duration {
        self.shared.clock.monotonic()
    }

    /// When results are to be recorded: once no others are about to come.
    fn record_at(&self) -> Option<Instant> {
        let since = self.handling.since()?;
        let alone = self.handling.rests() && !self.turns.stored;
        Some(if alone || *self.stop.borrow() != Stop::No { since } else { since + GATHER })
    }

    pub(super) fn results_are_due(&self) -> bool {
        self.record_at().is_some_and(|at| at <= Instant::now())
    }

    /// Whether it is time to go.
    fn is_over(&self) -> bool {
        let volatile = self.shared.store.is_volatile();
        let idle = self.handling.is_idle() && self.arrivals.are_over();
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
        let (volatile, rests) = (self.shared.store.is_volatile(), self.store_rests());
        let poll = (!volatile).then_some(now + POLL);
        let claim = self.next_claim.filter(|_| self.handling.is_free() && !rests && self.shared.may_begin());
        let back = self.handling.back_at().filter(|_| !rests);
        let wake = [claim, poll, back].into_iter().flatten().min().unwrap_or(now + POLL);
        let stop_at = match *self.stop.borrow() {
            Stop::At(at) => Some(at),
            _ => None,
        };
        let store_at = if rests { self.turns.back_at } else { self.record_at() };
        let clock = self.shared.clock.clone();
        tokio::select! {
            biased;
            () = self.arrivals.more() => {}
            () = self.handling.come_back() => {}
            () = self.shared.nudge.notified() => self.next_claim = Some(self.now()),
            () = clock.sleep_until(wake) => {
                if !volatile {
                    self.next_claim = Some(self.now());
                }
            }
            _ = self.stop.changed() => {}
            () = until(stop_at) => {}
            () = until(store_at) => {}
        }
    }
}
