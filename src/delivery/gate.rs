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
/// The first and the longest pause after a 429 without `Retry-After`.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Why deliveries wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HoldReason {
    /// Partnero refuses the API key (401, 403).
    NotAllowed,
    /// Partnero's address answers with a redirect: the base URL is wrong.
    Redirected,
    /// Partnero is out of reach, or fails for one customer after another.
    Unavailable,
    /// Partnero asked for fewer requests (429).
    RateLimited,
}

/// What a delivery tells of Partnero's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Partnero answered as it should.
    Answered,
    /// It didn't, for the customer (or the transaction) of this hash.
    Failed(u64),
    Paused(Option<Duration>),
    Held(Hold),
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
}

#[derive(Debug)]
struct Held {
    reason: HoldReason,
    probes: u32,
    next_probe: Duration,
}

impl Gate {
    pub(crate) fn new(max_in_flight: usize) -> Self {
        let width = max_in_flight.max(1);
        Self { max_in_flight: width, width, failed: BTreeSet::new(), held: None, paused_until: None, pauses: 0 }
    }

    /// How many calls may be in flight now.
    pub(crate) fn width(&self, now: Duration) -> usize {
        let paused = self.paused_until.is_some_and(|until| now < until);
        if self.held.is_some() || paused { 0 } else { self.width }
    }

    /// Why nothing is sent now.
    pub(crate) fn reason(&self, now: Duration) -> Option<HoldReason> {
        let paused = self.paused_until.filter(|until| now < *until).map(|_| HoldReason::RateLimited);
        self.held.as_ref().map(|held| held.reason).or(paused)
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
            Signal::Answered => {
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
            Signal::Paused(after) => {
                // Those that were under way when the first came back say nothing new.
                if self.paused_until.is_none_or(|until| now >= until) {
                    self.pauses = self.pauses.saturating_add(1);
                }
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
            Some(held) if held.reason == reason => None,
            // What a person must mend outranks what may pass.
            Some(_) if reason == HoldReason::Unavailable => None,
            Some(held) => {
                held.reason = reason;
                Some(Change::Held(reason))
            }
            None => {
                self.held = Some(Held { reason, probes: 0, next_probe: now.saturating_add(PROBES.0) });
                Some(Change::Held(reason))
            }
        }
    }

    /// Takes note of a probe: `Answered` means that `GET /test` succeeded. `spread` keeps the probes of instances apart.
    pub(crate) fn probed(&mut self, signal: Signal, now: Duration, spread: f64) -> Option<Change> {
        if signal == Signal::Answered {
            self.held = None;
            self.failed.clear();
            self.width = 1;
            return Some(self.reason(now).map_or(Change::Resumed, Change::Held));
        }
        let change = match signal {
            Signal::Held(_) => self.record(signal, now),
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn five_customers_failing_in_a_row_open_the_breaker_and_one_alone_never_does() {
        let mut gate = Gate::new(8);
        for _ in 0..100 {
            assert_eq!(gate.record(Signal::Failed(1), at(0)), None);
        }
        for other in 2..5 {
            assert_eq!(gate.record(Signal::Failed(other), at(0)), None);
        }
        assert_eq!(gate.width(at(0)), 8);
        assert_eq!(gate.record(Signal::Failed(5), at(0)), Some(Change::Held(HoldReason::Unavailable)));
        assert_eq!(gate.width(at(9999)), 0);
        assert_eq!(gate.record(Signal::Failed(6), at(0)), None, "said once");
    }

    #[test]
    fn a_success_in_between_closes_the_count() {
        let mut gate = Gate::new(8);
        for round in 0..10 {
            for customer in 0..4 {
                assert_eq!(gate.record(Signal::Failed(round * 10 + customer), at(0)), None);
            }
            gate.record(Signal::Answered, at(0));
        }
    }

    #[test]
    fn probes_come_from_a_second_to_a_minute_apart_and_then_all_resumes_with_a_ramp() {
        let mut gate = Gate::new(8);
        gate.record(Signal::Held(Hold::NotAllowed(401)), at(100));
        assert_eq!(gate.next_probe(), Some(at(101)));
        let mut now = at(101);
        let mut waits = Vec::new();
        for _ in 0..10 {
            assert_eq!(gate.probed(Signal::Held(Hold::NotAllowed(401)), now, 1.0), None, "said once");
            let next = gate.next_probe().unwrap();
            waits.push(next.saturating_sub(now).as_secs());
            now = next;
        }
        assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60, 60, 60, 60]);
        assert_eq!(gate.probed(Signal::Answered, now, 1.0), Some(Change::Resumed));
        let mut widths = vec![gate.width(now)];
        for _ in 0..4 {
            gate.record(Signal::Answered, now);
            widths.push(gate.width(now));
        }
        assert_eq!(widths, [1, 2, 4, 8, 8]);
    }

    #[test]
    fn a_probe_can_show_a_worse_reason() {
        let mut gate = Gate::new(8);
        (0..5).for_each(|customer| {
            gate.record(Signal::Failed(customer), at(0));
        });
        let change = gate.probed(Signal::Held(Hold::NotAllowed(403)), at(1), 0.0);
        assert_eq!(change, Some(Change::Held(HoldReason::NotAllowed)));
        assert_eq!(gate.probed(Signal::Failed(0), at(2), 0.0), None);
        assert_eq!(gate.reason(at(3)), Some(HoldReason::NotAllowed));
    }

    #[test]
    fn too_many_requests_pause_for_as_long_as_asked_up_to_an_hour() {
        let mut gate = Gate::new(8);
        let paused = Some(Change::Held(HoldReason::RateLimited));
        assert_eq!(gate.record(Signal::Paused(Some(at(30))), at(0)), paused);
        assert_eq!((gate.width(at(29)), gate.width(at(30))), (0, 1));
        assert_eq!(gate.record(Signal::Paused(Some(at(5))), at(1)), None, "said once");
        assert_eq!(gate.pause_ends(at(1)), Some(at(30)), "a shorter one doesn't shorten it");
        gate.record(Signal::Paused(Some(at(99_999))), at(40));
        assert_eq!(gate.pause_ends(at(40)), Some(at(40 + 3600)));
        assert_eq!(gate.reason(at(41)), Some(HoldReason::RateLimited));

        let mut gate = Gate::new(8);
        gate.record(Signal::Paused(None), at(0));
        assert_eq!(gate.pause_ends(at(0)), Some(at(2)));
        gate.record(Signal::Paused(None), at(2));
        assert_eq!(gate.pause_ends(at(2)), Some(at(6)), "each in a row longer than the last");
        for _ in 0..7 {
            gate.record(Signal::Paused(None), at(3));
        }
        assert_eq!(gate.pause_ends(at(3)), Some(at(7)), "but those of one volley count once");
    }

    #[test]
    fn a_pause_ends_by_itself_and_says_so_once() {
        let mut gate = Gate::new(8);
        gate.record(Signal::Paused(Some(at(30))), at(0));
        assert_eq!(gate.look(at(29)), None);
        assert_eq!(gate.look(at(30)), Some(Change::Resumed));
        assert_eq!(gate.look(at(31)), None);
        gate.record(Signal::Paused(Some(at(30))), at(40));
        gate.record(Signal::Held(Hold::NotAllowed(401)), at(41));
        assert_eq!(gate.look(at(70)), None, "it is held for another reason");
        gate.record(Signal::Paused(Some(at(30))), at(71));
        let change = gate.probed(Signal::Answered, at(72), 1.0);
        assert_eq!(change, Some(Change::Held(HoldReason::RateLimited)), "the pause is still on");
        assert_eq!(gate.look(at(101)), Some(Change::Resumed));
    }
}
