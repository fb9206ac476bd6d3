//! Time, so that tests can turn it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::Notify;

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
    start: SystemTime,
    passed: Mutex<Duration>,
    advanced: Notify,
}

impl Clock {
    /// The system's clocks: the default.
    pub fn system() -> Self {
        Self(Kind::System { start: Instant::now() })
    }

    /// A clock that stands still until it is advanced.
    pub fn manual() -> Self {
        Self(Kind::Manual(Arc::new(Manual {
            start: SystemTime::now(),
            passed: Mutex::default(),
            advanced: Notify::new(),
        })))
    }

    /// Moves a manual clock forward and wakes what has become due. Does nothing to the system's.
    pub fn advance(&self, by: Duration) {
        if let Kind::Manual(manual) = &self.0 {
            *manual.passed.lock().unwrap_or_else(PoisonError::into_inner) += by;
            manual.advanced.notify_waiters();
        }
    }

    /// Whether it is moved by hand.
    #[cfg(feature = "sqlx-postgres")]
    pub(crate) fn is_manual(&self) -> bool {
        matches!(self.0, Kind::Manual(_))
    }

    /// Time since this clock was made: it never goes back.
    pub(crate) fn monotonic(&self) -> Duration {
        match &self.0 {
            Kind::System { start } => start.elapsed(),
            Kind::Manual(manual) => *manual.passed.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// The time of day, which also passes while the machine sleeps.
    pub(crate) fn wall(&self) -> SystemTime {
        match &self.0 {
            Kind::System { .. } => SystemTime::now(),
            Kind::Manual(manual) => manual.start + self.monotonic(),
        }
    }

    /// Waits until `monotonic` is `time` or later.
    pub(crate) async fn sleep_until(&self, time: Duration) {
        match &self.0 {
            Kind::System { start } => tokio::time::sleep_until((*start + time).into()).await,
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
