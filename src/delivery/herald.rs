//! Calls the observer: what it does wrong stays its own affair.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::timeout};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    delivery::observer::{AnyObserver, Event},
    model::mask,
};

/// Events of this process that wait for the observer. More than that are left out: they say the same again.
const MOST_EVENTS: usize = 1_000;

/// Tells one thing. What went wrong, fit for a log.
pub(crate) async fn tell(observer: Arc<dyn AnyObserver>, event: Event, within: Duration) -> Result<(), String> {
    // A task of its own: a panic in the observer ends there, and so does an observer that never answers.
    let telling = tokio::spawn(async move { observer.tell(&event).await.map_err(|error| error.to_string()) });
    match timeout(within, AbortOnDropHandle::new(telling)).await {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(error))) => Err(mask(&error)),
        Ok(Err(_)) => Err("it panicked".to_owned()),
        Err(_) => Err(format!("no answer within {within:?}")),
    }
}

/// Tells what happens to this process (refused, held, resumed), once and in order, for as long as the sender lives.
pub(crate) fn start(observer: Arc<dyn AnyObserver>, within: Duration) -> mpsc::Sender<Event> {
    let (sender, mut events) = mpsc::channel(MOST_EVENTS);
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if let Err(problem) = tell(Arc::clone(&observer), event, within).await {
                tracing::warn!(problem, "the observer failed");
            }
        }
    });
    sender
}
