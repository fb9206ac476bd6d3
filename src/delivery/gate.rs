//! Decides when this process may send at all: pauses, holds, probes and the ramp after them. No I/O.

use std::{collections::BTreeSet, time::Duration};

use crate::delivery::{
    answer::Hold,
    retry::{MOST_RETRY_AFTER, backoff},
};

/// Failures in a row, each of another customer, that open the breaker.
const FAILURES: usize = 5;
/// The first and the longest wait between two probes.
const PROBES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// The first and the longest pause after a 429 without a `Retry-After` of a second at least.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Why deliveries wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HoldReason {
    /// Partnero refuses the API key (401, 403). It takes a process with a good one: see
    /// [key rotation](crate::guide::key_rotation).
    NotAllowed,
    /// Partnero's address answers with a redirect: the base URL is wrong. It takes a process with the right one.
    Redirected,
    /// Partnero is out of reach, or fails for one customer after another. There is nothing to do: it is asked until it
    /// is back. Before it has ever answered, check the base URL.
    Unavailable,
    /// Partnero asked for fewer requests (429). There is nothing to do, unless it goes on: then lower
    /// [`max_in_flight`](crate::delivery::PartneroBuilder::max_in_flight).
    RateLimited,
    /// The API key is of another program than the outbox, or than the one configured: what is sent would be paid by
    /// the wrong one.
    AnotherProgram,
}

/// What a delivery tells of Partnero's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Partnero answered as it should.
    Answered,
    /// It didn't, for the customer (or the transaction) of this hash.
    Failed(u64),
    /// Nothing that it said can be believed before a good probe.
    Unmet,
    Paused(Option<Duration>),
    Held(Hold),
    /// Of a probe: Partnero takes the key, and doesn't say of which program it is.
    Unnamed,
    /// Of a probe: Partnero takes the key, and it is another program's.
    AnotherProgram,
    /// Nothing either way.
    Silent,
}

/// What a signal or a probe changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Held(HoldReason),
    Resumed,
}

/// The gate of one dispatcher. Times are monotonic.
#[derive(Debug)]
pub(crate) struct Gate {
    max_in_flight: usize,
    /// How many may be in flight: grows from one after a hold.
    width: usize,
    failed: BTreeSet<u64>,
    held: Option<Held>,
    paused_until: Option<Duration>,
    pauses: u32,
    /// The key was seen to be another program's, and not seen to be the right one's since.
    foreign: bool,
}

#[derive(Debug)]
struct Held {
    /// `None`: until a first probe has shown that all is well, which is no news to anybody.
    reason: Option<HoldReason>,
    probes: u32,
    next_probe: Duration,
}

impl Gate {
    pub(crate) fn new(max_in_flight: usize) -> Self {
        let width = max_in_flight.max(1);
        let failed = BTreeSet::new();
        Self { max_in_flight: width, width, failed, held: None, paused_until: None, pauses: 0, foreign: false }
    }

    /// One that opens after a good probe only, which is due at once. `told`: what is known to hold since before.
    pub(crate) fn closed(max_in_flight: usize, told: Option<HoldReason>, now: Duration) -> Self {
        let held = Held { reason: told, probes: 0, next_probe: now };
        let foreign = told == Some(HoldReason::AnotherProgram);
        Self { held: Some(held), foreign, ..Self::new(max_in_flight) }
    }

    /// How many calls may be in flight now.
    pub(crate) fn width(&self, now: Duration) -> usize {
        let paused = self.paused_until.is_some_and(|until| now < until);
        if self.held.is_some() || paused { 0 } else { self.width }
    }

    /// Why nothing is sent now.
    pub(crate) fn reason(&self, now: Duration) -> Option<HoldReason> {
        let paused = self.paused_until.filter(|until| now < *until).map(|_| HoldReason::RateLimited);
        self.held.as_ref().and_then(|held| held.reason).or(paused)
    }

    /// When to probe, while held.
    pub(crate) fn next_probe(&self) -> Option<Duration> {
        self.held.as_ref().map(|held| held.next_probe)
    }

    /// When a pause ends, if nothing else holds.
    pub(crate) fn pause_ends(&self, now: Duration) -> Option<Duration> {
        self.paused_until.filter(|until| now < *until && self.held.is_none())
    }

    /// Takes note of the time: a pause ends by itself.
    pub(crate) fn look(&mut self, now: Duration) -> Option<Change> {
        self.paused_until.take_if(|until| now >= *until)?;
        self.held.is_none().then_some(Change::Resumed)
    }

    /// Takes note of what a delivery told.
    pub(crate) fn record(&mut self, signal: Signal, now: Duration) -> Option<Change> {
        match signal {
            Signal::Silent => None,
            Signal::AnotherProgram => {
                self.foreign = true;
                self.hold(HoldReason::AnotherProgram, now)
            }
            Signal::Answered | Signal::Unnamed => {
                self.failed.clear();
                self.pauses = 0;
                if self.held.is_none() {
                    self.width = self.width.saturating_mul(2).min(self.max_in_flight);
                }
                None
            }
            Signal::Failed(whose) => {
                self.failed.insert(whose);
                (self.failed.len() >= FAILURES).then(|| self.hold(HoldReason::Unavailable, now)).flatten()
            }
            Signal::Unmet => self.hold(HoldReason::Unavailable, now),
            Signal::Paused(after) => {
                // Those that were under way when the first came back say nothing new.
                if self.paused_until.is_none_or(|until| now >= until) {
                    self.pauses = self.pauses.saturating_add(1);
                }
                // Next to no time says as little as none: the clocks of the two differ.
                let after = after.filter(|after| *after >= PAUSES.0);
                let after = after.unwrap_or_else(|| backoff(PAUSES, self.pauses.saturating_sub(1), 1.0));
                let until = now.saturating_add(after.min(MOST_RETRY_AFTER));
                let fresh = self.reason(now).is_none();
                self.paused_until = Some(self.paused_until.map_or(until, |other| other.max(until)));
                self.width = 1;
                fresh.then_some(Change::Held(HoldReason::RateLimited))
            }
            Signal::Held(Hold::NotAllowed(_)) => self.hold(HoldReason::NotAllowed, now),
            Signal::Held(Hold::Redirected(_)) => self.hold(HoldReason::Redirected, now),
        }
    }

    fn hold(&mut self, reason: HoldReason, now: Duration) -> Option<Change> {
        match &mut self.held {
            Some(held) if held.reason == Some(reason) => None,
            // What a person must mend outranks what may pass.
            Some(held) if reason == HoldReason::Unavailable && held.reason.is_some() => None,
            Some(held) => {
                held.reason = Some(reason);
                Some(Change::Held(reason))
            }
            None => {
                self.held = Some(Held { reason: Some(reason), probes: 0, next_probe: now.saturating_add(PROBES.0) });
                Some(Change::Held(reason))
            }
        }
    }

    /// Takes note of a probe: `Answered` means that `GET /test` succeeded, and that the key is of the right program.
    /// `spread` keeps the probes of instances apart.
    pub(crate) fn probed(&mut self, signal: Signal, now: Duration, spread: f64) -> Option<Change> {
        // The program was another one. That it isn't named now doesn't make it the right one.
        let signal = if signal == Signal::Unnamed && self.foreign { Signal::AnotherProgram } else { signal };
        if matches!(signal, Signal::Answered | Signal::Unnamed) {
            return self.open(now);
        }
        let untold = self.held.as_ref().is_some_and(|held| held.reason.is_none());
        let change = match signal {
            Signal::Held(_) | Signal::AnotherProgram => self.record(signal, now),
            Signal::Paused(_) if untold => self.hold(HoldReason::RateLimited, now),
            Signal::Failed(_) if untold => self.hold(HoldReason::Unavailable, now),
            _ => None,
        };
        let asked = match signal {
            Signal::Paused(after) => after.unwrap_or_default().min(MOST_RETRY_AFTER),
            _ => Duration::ZERO,
        };
        if let Some(held) = &mut self.held {
            let wait = backoff(PROBES, held.probes, spread).max(asked);
            held.probes = held.probes.saturating_add(1);
            held.next_probe = now.saturating_add(wait);
        }
        change
    }

    fn open(&mut self, now: Duration) -> Option<Change> {
        self.failed.clear();
        self.foreign = false;
        // All is well at a start: nobody was told otherwise, and there is nothing to be careful of.
        if self.held.take().is_some_and(|held| held.reason.is_none()) {
            return None;
        }
        self.width = 1;
        Some(self.reason(now).map_or(Change::Resumed, Change::Held))
    }
}

#[cfg(test)]
mod tests;
