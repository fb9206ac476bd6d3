//! The numbers of a handle, their defaults, and what they must satisfy.

use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Longer than any program runs, and short enough to be added to any time.
pub(crate) const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// How long and how much an outbox keeps of what is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keeping {
    pub(crate) settled: Duration,
    pub(crate) dead: Duration,
    pub(crate) max_dead: usize,
    /// Whether settled calls leave a notice for an observer.
    pub(crate) notices: bool,
}

/// What drives deliveries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) capacity: usize,
    pub(crate) max_call_bytes: usize,
    pub(crate) max_in_flight: usize,
    pub(crate) lease: Duration,
    pub(crate) settle_delay: Duration,
    pub(crate) max_age: Duration,
    pub(crate) backoff: (Duration, Duration),
    /// What a durable outbox has to answer.
    pub(crate) outbox_timeout: Duration,
    /// What an observer has to answer.
    pub(crate) observer_timeout: Duration,
    pub(crate) keeping: Keeping,
    pub(crate) dispatch: bool,
}

impl Settings {
    /// The same with every duration such that it can be reckoned with.
    pub(crate) fn within_reason(mut self) -> Self {
        for duration in [
            &mut self.lease,
            &mut self.settle_delay,
            &mut self.max_age,
            &mut self.backoff.0,
            &mut self.backoff.1,
            &mut self.outbox_timeout,
            &mut self.observer_timeout,
            &mut self.keeping.settled,
            &mut self.keeping.dead,
        ] {
            *duration = FOREVER.min(*duration);
        }
        self
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            capacity: 10_000,
            max_call_bytes: 16 * 1024,
            max_in_flight: 8,
            lease: Duration::from_secs(60),
            settle_delay: Duration::from_secs(30),
            max_age: 7 * DAY,
            backoff: (Duration::from_secs(1), Duration::from_secs(60 * 60)),
            outbox_timeout: Duration::from_secs(10),
            observer_timeout: Duration::from_secs(30),
            keeping: Keeping { settled: 400 * DAY, dead: 90 * DAY, max_dead: 100_000, notices: false },
            dispatch: true,
        }
    }
}
