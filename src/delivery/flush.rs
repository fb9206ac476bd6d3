//! Waits until what was tracked is over.

use std::{error::Error, fmt, time::Duration};

use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use crate::delivery::{partnero::Partnero, settings::FOREVER, shared::Shared};

/// To find out how many calls are left, at the end of the time.
const COUNTING: Duration = Duration::from_millis(250);

/// Calls were still open when the time given to `flush` was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlushError {
    /// How many. `None` if the outbox didn't say.
    pub left: Option<usize>,
}

impl fmt::Display for FlushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.left {
            Some(left) => {
                write!(f, "{left} calls were still open when the time was up: `status()` says what they wait for")
            }
            None => f.write_str("calls may still be open: when the time was up, the outbox hadn't said"),
        }
    }
}

impl Error for FlushError {}

impl Partnero {
    /// Waits until everything tracked before is settled, a dead letter, or parked behind one. Never longer than this,
    /// whatever the outbox does.
    ///
    /// # Errors
    /// When the time is up before, with how many calls are still open; at once when some of them will never be stored.
    pub async fn flush(&self, within: Duration) -> Result<(), FlushError> {
        let Some(live) = self.as_live() else { return Ok(()) };
        let (shared, now) = (&live.shared, Instant::now());
        let within = within.min(FOREVER);
        let end = now + within;
        let time_is_up = async {
            sleep_until(end - COUNTING.min(within / 2)).await;
            let (left, ()) = tokio::join!(timeout_at(end, shared.open_calls()), sleep_until(end));
            left.ok().flatten()
        };
        let left = tokio::select! {
            biased;
            flushed = shared.flushed() => {
                if flushed {
                    return Ok(());
                }
                timeout_at(end, shared.open_calls()).await.ok().flatten()
            }
            left = time_is_up => left,
        };
        Err(FlushError { left })
    }
}

impl Shared {
    /// Waits until everything tracked before is over. `false` if some of it will never be.
    async fn flushed(&self) -> bool {
        if !self.all_stored().await {
            return false;
        }
        let mut mark = None;
        loop {
            let settled = self.settled.notified();
            tokio::pin!(settled);
            // Registered before the look, so that nothing is settled between the two.
            settled.as_mut().enable();
            if mark.is_none() {
                mark = self.store.mark().await.ok();
            }
            if let Some(mark) = mark
                && matches!(self.store.is_open_before(mark).await, Ok(false))
            {
                return true;
            }
            // Another process may settle it: it says nothing to us.
            let _ = timeout(Duration::from_secs(1), settled).await;
            // Settlements come by the thousand: one look each millisecond leaves the time to them.
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// What isn't over, if the outbox says so.
    async fn open_calls(&self) -> Option<usize> {
        let counts = self.store.counts().await.ok()?;
        let buffered = usize::try_from(self.tally.buffered()).unwrap_or(usize::MAX);
        Some((counts.pending + counts.in_flight + counts.uncertain).saturating_add(buffered))
    }
}
