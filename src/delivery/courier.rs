//! What sends for a dispatcher: one call under one lease, and probes.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, SystemTime},
};

use serde_json::Value;
use tracing::Instrument as _;

use crate::{
    api::{
        ApiClient, Call,
        attempt::{Answer, Attempt},
        envelope,
    },
    delivery::{
        answer::{self, Verdict},
        call::logged,
        clock::Clock,
        deliver::Delivery,
        gate::Signal,
        outbox::{ClaimedCall, Transition},
        program::program_of,
        settings::Settings,
    },
};

/// What a delivery needs.
pub(crate) struct Courier {
    pub(crate) outbox: String,
    pub(crate) api: ApiClient,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    /// This base URL has answered as Partnero does. Until then a 404 may be that of a wrong path.
    pub(crate) met: AtomicBool,
}

/// Until when a claim lasts, by both clocks: the monotonic one stands still while the machine sleeps, the other can be
/// set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    monotonic: Duration,
    wall: SystemTime,
}

impl Lease {
    /// To be taken before the claim is asked for, so that the outbox's own count ends later.
    pub(crate) fn begin(clock: &Clock, length: Duration) -> Self {
        let wall = clock.wall();
        Self { monotonic: clock.monotonic() + length, wall: wall.checked_add(length).unwrap_or(wall) }
    }

    /// Whether there is time for a request of this length.
    pub(crate) fn has_time(&self, clock: &Clock, takes: Duration) -> bool {
        let by_wall = clock.wall().checked_add(takes).is_some_and(|end| end <= self.wall);
        clock.monotonic() + takes <= self.monotonic && by_wall
    }
}

/// What came of a delivery.
pub(crate) struct Delivered {
    pub(crate) to: Transition,
    pub(crate) signal: Signal,
    /// What Partnero has now, for whoever awaits it.
    pub(crate) answer: Option<Value>,
}

/// What came of a probe.
pub(crate) enum Probe {
    /// The key is good, and of this program, if Partnero says so.
    Good(Option<String>),
    Bad(Signal),
}

impl Courier {
    pub(crate) async fn deliver(&self, call: &ClaimedCall, lease: Lease) -> Delivered {
        let span = tracing::info_span!(
            "partnero.delivery",
            outbox = self.outbox,
            call = call.kind.as_str(),
            customer = logged(call.customer.as_deref()),
            transaction = logged(call.transaction.as_deref()),
            attempt = call.attempts + 1,
        );
        Delivery { courier: self, call, lease }.run().instrument(span).await
    }

    /// Sends a request, and notes whether it is Partnero that answers.
    pub(crate) async fn ask(&self, call: Call<'_>) -> Attempt {
        let attempt = self.api.send(call).await;
        if matches!(&attempt, Attempt::Answered(answer) if is_good(answer)) {
            self.met.store(true, Ordering::Relaxed);
        }
        attempt
    }

    /// Whether Partnero ever answered as it should.
    pub(crate) fn has_met_partnero(&self) -> bool {
        self.met.load(Ordering::Relaxed)
    }

    /// A 404 in JSON is a wrong path's as well: asks for what is at every right one.
    pub(crate) async fn meet_partnero(&self) -> Result<(), Signal> {
        match self.probe().await {
            Probe::Good(_) => Ok(()),
            Probe::Bad(Signal::Failed(_)) => {
                tracing::warn!("a 404, and no good answer to `GET /test`: check the base URL");
                Err(Signal::Unmet)
            }
            Probe::Bad(signal) => Err(signal),
        }
    }

    /// Whether Partnero takes the key, and of which program it says that it is.
    pub(crate) async fn probe(&self) -> Probe {
        let signal = match self.ask(Call::test()).await {
            Attempt::Answered(answer) => match answer::everyones(&answer) {
                Some(Verdict::Hold(hold)) => Signal::Held(hold),
                Some(Verdict::Pause(after)) => Signal::Paused(after),
                _ if is_good(&answer) => return Probe::Good(answer.json.as_ref().and_then(program_of)),
                _ => Signal::Failed(0),
            },
            Attempt::NotSent(_) | Attempt::Uncertain(_) => Signal::Failed(0),
        };
        Probe::Bad(signal)
    }
}

fn is_good(answer: &Answer) -> bool {
    let good = |json| envelope::is_partneros(json) && !envelope::says_failed(json);
    answer.status.is_success() && answer.json.as_ref().is_some_and(good)
}
