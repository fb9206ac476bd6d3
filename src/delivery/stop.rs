//! How far the tasks of a handle are to go on.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// What the tasks are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// On and on.
    No,
    /// Until nothing is left to do: all handles are gone.
    WhenDone,
    /// Until then, by tokio's clock; earlier if nothing can be done before.
    At(Instant),
}

/// Waits until the time is up, and `grace` more. Somebody may come in the meantime who wants it sooner.
pub(crate) async fn time_is_up(stop: &mut watch::Receiver<Stop>, grace: Duration) {
    loop {
        let at = match *stop.borrow_and_update() {
            Stop::At(at) => Some(at + grace),
            Stop::No | Stop::WhenDone => None,
        };
        tokio::select! {
            () = until(at) => return,
            changed = stop.changed() => {
                if changed.is_err() {
                    // Nobody is left who could say anything else.
                    return until(at).await;
                }
            }
        }
    }
}

/// Waits until then, or for ever.
pub(crate) async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Tells the tasks to end within that time. Of several callers, the most impatient counts.
pub(crate) fn stop_within(stop: &watch::Sender<Stop>, within: Duration) {
    let now = Instant::now();
    let at = now.checked_add(within).unwrap_or(now + Duration::from_secs(365 * 24 * 60 * 60));
    stop.send_modify(|stop| match stop {
        Stop::At(earlier) if *earlier <= at => {}
        _ => *stop = Stop::At(at),
    });
}

/// Tells the tasks to end when nothing is left to do, unless they were told something before.
pub(crate) fn stop_when_done(stop: &watch::Sender<Stop>) {
    stop.send_if_modified(|stop| {
        let running = *stop == Stop::No;
        if running {
            *stop = Stop::WhenDone;
        }
        running
    });
}
