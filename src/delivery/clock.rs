//! Time, so that tests can turn it.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::Notify;

use crate::delivery::settings::FOREVER;

/// Where a handle takes its time from: the system, or a test.
///
/// With [`Clock::manual`], a test turns six hours of outage into one call of [`advance`](Clock::advance), while the
/// requests themselves go over real sockets with their real time-outs.
///
/// All waits of the handle are measured by it: back-offs, leases, and the time before Partnero is asked about a lost
/// answer. It stands still until it is advanced, so advance it when there is something to wait for:
///
/// ```
/// use std::time::Duration;
///
/// use axum_partnero::{Clock, Decimal, NewTransaction, sandbox::{Fault, Sandbox}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sandbox = Sandbox::affiliate().referred_customer("mia", "anna").spawn().await?;
/// let clock = Clock::manual();
/// let partnero = sandbox.partnero_builder().clock(clock.clone()).build()?;
///
/// sandbox.fault(Fault::StoreThenDrop).on("POST", "/transactions").times(1);
/// partnero.track_sale(NewTransaction::new("order-1", Decimal::new(4990, 2)).customer("mia"));
/// while partnero.status().await?.uncertain == 0 {
///     tokio::time::sleep(Duration::from_millis(1)).await;
/// }
/// clock.advance(Duration::from_secs(30)); // the `settle_delay`: now Partnero is asked, and has the sale
/// partnero.flush(Duration::from_secs(5)).await?;
/// assert_eq!(sandbox.ledger().transactions().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Clock(Kind);

#[derive(Clone)]
enum Kind {
    System { start: Instant },
    Manual(Arc<Manual>),
}

struct Manual {
    time: Mutex<Time>,
    advanced: Notify,
}

#[derive(Clone, Copy)]
struct Time {
    passed: Duration,
    /// The time of day when `set_at` had passed.
    set_to: SystemTime,
    set_at: Duration,
}

impl Clock {
    /// The system's clocks: the default.
    pub fn system() -> Self {
        Self(Kind::System { start: Instant::now() })
    }

    /// A clock that stands still until it is advanced.
    pub fn manual() -> Self {
        let time = Time { passed: Duration::ZERO, set_to: SystemTime::now(), set_at: Duration::ZERO };
        Self(Kind::Manual(Arc::new(Manual { time: Mutex::new(time), advanced: Notify::new() })))
    }

    /// Moves a manual clock forward, by 100 years in all at most, and wakes what has become due. Does nothing to the
    /// system's.
    pub fn advance(&self, by: Duration) {
        if let Kind::Manual(manual) = &self.0 {
            let mut time = manual.time();
            time.passed = time.passed.saturating_add(by).min(FOREVER);
            drop(time);
            manual.advanced.notify_waiters();
        }
    }

    /// Whether it is moved by hand.
    #[cfg(feature = "sqlx-postgres")]
    pub(crate) fn is_manual(&self) -> bool {
        matches!(self.0, Kind::Manual(_))
    }

    /// Sets the time of day of a manual clock, as an operator or a time server does to a machine's. Does nothing to the
    /// system's.
    ///
    /// No time passes by it: nothing becomes due, and back-offs and leases go on as they were, whichever way the time
    /// of day jumps. A request is sent only if its lease has time for it by both, so one that was claimed before a jump
    /// forward may be given back and claimed again.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// let clock = axum_partnero::Clock::manual();
    /// clock.set_wall(SystemTime::now() - Duration::from_secs(60 * 60)); // an hour back
    /// ```
    pub fn set_wall(&self, to: SystemTime) {
        if let Kind::Manual(manual) = &self.0 {
            let mut time = manual.time();
            (time.set_to, time.set_at) = (to, time.passed);
        }
    }

    /// Time since this clock was made: it never goes back.
    pub(crate) fn monotonic(&self) -> Duration {
        match &self.0 {
            Kind::System { start } => start.elapsed(),
            Kind::Manual(manual) => manual.time().passed,
        }
    }

    /// The time of day, which also passes while the machine sleeps.
    pub(crate) fn wall(&self) -> SystemTime {
        match &self.0 {
            Kind::System { .. } => SystemTime::now(),
            Kind::Manual(manual) => {
                let time = *manual.time();
                let passed = time.passed.saturating_sub(time.set_at);
                // At the end of what the system can name, it stands still.
                time.set_to.checked_add(passed).unwrap_or(time.set_to)
            }
        }
    }

    /// Waits until `monotonic` is `time` or later.
    pub(crate) async fn sleep_until(&self, time: Duration) {
        match &self.0 {
            Kind::System { start } => match start.checked_add(time) {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            },
            Kind::Manual(manual) => loop {
                let advanced = manual.advanced.notified();
                tokio::pin!(advanced);
                // Registered before the look at the time, so that no advance falls between the two.
                advanced.as_mut().enable();
                if self.monotonic() >= time {
                    return;
                }
                advanced.await;
            },
        }
    }
}

impl Manual {
    fn time(&self) -> MutexGuard<'_, Time> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0 {
            Kind::System { .. } => "system",
            Kind::Manual(_) => "manual",
        };
        f.debug_tuple("Clock").field(&kind).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::courier::Lease;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    #[test]
    fn the_time_of_day_can_be_set_either_way_while_no_time_passes() {
        let clock = Clock::manual();
        clock.advance(HOUR);
        let was = clock.wall();
        for to in [was + HOUR, was - HOUR, SystemTime::UNIX_EPOCH] {
            let passed = clock.monotonic();
            clock.set_wall(to);
            assert_eq!((clock.wall(), clock.monotonic()), (to, passed));
            clock.advance(HOUR);
            assert_eq!((clock.wall(), clock.monotonic()), (to + HOUR, passed + HOUR), "both go on from there");
        }
        let system = Clock::system();
        system.set_wall(SystemTime::UNIX_EPOCH);
        assert!(system.wall() > was - HOUR - HOUR, "the system's is not ours to set");
    }
    /// The last time that the system can name, or near it.
    fn end_of_time() -> SystemTime {
        let mut end = SystemTime::UNIX_EPOCH;
        for bit in (0..64).rev() {
            end = end.checked_add(Duration::from_secs(1 << bit)).unwrap_or(end);
        }
        end
    }

    #[test]
    fn no_time_is_too_long_and_none_too_late() {
        let clock = Clock::manual();
        for by in [Duration::MAX, Duration::MAX, HOUR] {
            clock.advance(by);
            assert_eq!(clock.monotonic(), FOREVER);
        }
        let clock = Clock::manual();
        clock.set_wall(end_of_time());
        clock.advance(HOUR);
        assert_eq!(clock.wall(), end_of_time());
    }

    #[test]
    fn a_lease_is_over_as_soon_as_either_clock_says_so() {
        let minute = HOUR / 60;
        let has_time = |passed: Duration, set: &dyn Fn(SystemTime) -> SystemTime| {
            let clock = Clock::manual();
            let lease = Lease::begin(&clock, minute);
            clock.advance(passed);
            clock.set_wall(set(clock.wall()));
            lease.has_time(&clock, minute / 2)
        };
        assert!(has_time(minute / 2, &|wall| wall) && has_time(minute / 2, &|wall| wall - HOUR));
        assert!(!has_time(minute, &|wall| wall), "a request would end after it");
        assert!(!has_time(minute, &|wall| wall - HOUR), "whatever the time of day says");
        assert!(!has_time(Duration::ZERO, &|wall| wall + HOUR), "the machine may have been asleep");
    }

    #[test]
    fn nothing_is_sent_where_no_lease_has_an_end() {
        let clock = Clock::manual();
        assert!(Lease::begin(&clock, HOUR).has_time(&clock, HOUR));
        clock.set_wall(end_of_time());
        assert!(!Lease::begin(&clock, HOUR).has_time(&clock, HOUR / 2));
    }
}
