//! How much may be read at the same time, and for how long.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Semaphore;

use crate::{api::ApiError, delivery::Clock};

/// GETs of this process under way.
const AT_ONCE: usize = 8;
/// After a 429 that names no time.
const PAUSE: Duration = Duration::from_secs(10);
/// The longest that a 429 is heeded: there are people who look at a page.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Between two lines of the log that say that reads fail.
const QUIET: Duration = Duration::from_secs(60);

/// Of the reads alone: deliveries have one of their own.
pub(super) struct Budget {
    places: Semaphore,
    clock: Clock,
    times: Mutex<Times>,
}

#[derive(Default)]
struct Times {
    paused_until: Duration,
    quiet_until: Duration,
}

/// Why there is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// Partnero has nothing of that key.
    NotFound,
    /// It wasn't asked, or didn't answer well, or in time.
    Unavailable,
}

impl Budget {
    pub(super) fn new(clock: Clock) -> Self {
        Self { places: Semaphore::new(AT_ONCE), clock, times: Mutex::default() }
    }

    /// Reads, if there is a place before the deadline, which is the clock's, and no pause.
    pub(super) async fn read<T>(
        &self,
        part: &'static str,
        deadline: Duration,
        call: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, Missing> {
        let answer = async {
            let _place = self.places.acquire().await.ok()?;
            if self.clock.monotonic() < self.times().paused_until {
                return None;
            }
            Some(call.await)
        };
        let answer = tokio::select! {
            biased;
            answer = answer => answer,
            () = self.clock.sleep_until(deadline) => {
                self.log(part, "no answer in time");
                None
            }
        };
        match answer {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) if error.is_not_found() => Err(Missing::NotFound),
            Some(Err(error)) => {
                self.heed(&error);
                self.log(part, &error.to_string());
                Err(Missing::Unavailable)
            }
            None => Err(Missing::Unavailable),
        }
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    fn heed(&self, error: &ApiError) {
        if error.status() == Some(http::StatusCode::TOO_MANY_REQUESTS) {
            let pause = error.retry_after().unwrap_or(PAUSE).min(LONGEST_PAUSE);
            let until = self.clock.monotonic() + pause;
            let mut times = self.times();
            times.paused_until = times.paused_until.max(until);
        }
    }

    /// One line a minute, however many customers look.
    fn log(&self, part: &'static str, error: &str) {
        let now = self.clock.monotonic();
        let mut times = self.times();
        if now >= times.quiet_until {
            times.quiet_until = now + QUIET;
            drop(times);
            tracing::warn!(part, error, "dashboards lack what Partnero doesn't give; said once a minute");
        } else {
            drop(times);
            tracing::debug!(part, error, "a dashboard lacks a part");
        }
    }

    fn times(&self) -> std::sync::MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
