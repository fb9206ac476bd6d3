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
