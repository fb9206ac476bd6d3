//! The task that says now and then what the outbox holds, as gauges.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::{
    delivery::{call::CallKind, follower::over, outbox::Counts, shared::Shared, tracked::TrackError},
    measure::{self, Queue},
};

/// Between two looks: about as often as Prometheus scrapes.
const BETWEEN: Duration = Duration::from_secs(15);
/// And a look takes no more than a hundredth of the time, be it at a million calls that wait.
const SHARE: u32 = 100;
/// But for no longer than that: a look may have taken long for other reasons, and alerts go by what it says.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// Looks until nothing more is stored or delivered here: `finished` says so of the dispatcher. No look is broken off.
pub(crate) async fn run(shared: Arc<Shared>, finished: watch::Receiver<bool>) {
    let mut over = pin!(over(&shared, finished));
    loop {
        let began = Instant::now();
        let counts = shared.store.counts().await;
        let wait = rest(began.elapsed(), counts.is_ok());
        // Each time: a recorder may have been installed since the last.
        measure::begin(&shared.name, &CallKind::NAMES, &TrackError::REASONS);
        tell(&shared, counts.ok().as_ref());
        let next = shared.clock.monotonic() + wait;
        tokio::select! {
            () = shared.clock.sleep_until(next) => {}
            () = &mut over => break,
        }
    }
    let counts = if shared.store.is_volatile() { shared.store.counts().await.ok() } else { None };
    tell(&shared, counts.as_ref());
}

/// How long until the next look. What had no answer cost its database little: it is looked at again soon.
fn rest(took: Duration, answered: bool) -> Duration {
    if answered { took.saturating_mul(SHARE).clamp(BETWEEN, LONGEST) } else { BETWEEN }
}

/// When the handle is at its end. What is in memory doesn't change any more; what is in a database, others go on with, and
/// nobody here looks.
pub(crate) fn last(shared: &Shared, counts: Option<&Counts>) {
    tell(shared, counts.filter(|_| shared.store.is_volatile()));
}

fn tell(shared: &Shared, counts: Option<&Counts>) {
    let queue = counts.map(|counts| Queue {
        depth: (counts.pending + counts.in_flight + counts.uncertain) as u64 + shared.tally.buffered(),
        oldest: counts.oldest.unwrap_or_default(),
        dead_letters: counts.dead,
    });
    measure::queue(&shared.name, queue.as_ref());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_a_hundredth_of_the_time_and_an_outage_delays_the_next_by_nothing() {
        for (took, answered, rests) in [(0, true, 15), (1, true, 100), (60, true, 300), (10, false, 15)] {
            assert_eq!(rest(Duration::from_secs(took), answered), Duration::from_secs(rests), "{took} {answered}");
        }
    }
}
