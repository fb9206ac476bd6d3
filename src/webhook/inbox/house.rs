//! The task that has the inbox forget what was over long ago.

use std::{sync::Arc, time::Duration};

use crate::delivery::Stop;

use super::shared::Shared;

/// What is over is forgotten this often.
const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// A small batch at a time: events come in between.
const IN_BETWEEN: Duration = Duration::from_millis(10);

/// Keeps the house until the inbox is told to stop.
pub(super) async fn keep_house(shared: Arc<Shared>) {
    let mut stop = shared.stop.subscribe();
    let (mut untidy, mut wait) = (false, HOUSEKEEPING);
    while *stop.borrow() == Stop::No {
        let next = shared.clock.monotonic() + wait;
        tokio::select! {
            () = shared.clock.sleep_until(next) => {}
            _ = stop.changed() => return,
        }
        let more = shared.store.prune(shared.settings.keeping).await;
        if let Err(error) = &more
            && !untidy
        {
            let inbox = &shared.name;
            tracing::warn!(inbox, %error, "what is over isn't forgotten: that is tried again each minute");
        }
        untidy = more.is_err();
        wait = if matches!(more, Ok(true)) { IN_BETWEEN } else { HOUSEKEEPING };
        // A dead letter whose time was up may have set free what waited behind it.
        shared.nudge.notify_one();
    }
}
