//! A task that breaks off is started again: what it has to do is in the outbox.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::delivery::stop::Stop;

/// Between a panic and the next start.
const REST: Duration = Duration::from_secs(1);

/// Runs a task until it ends by itself, and again after each panic.
pub(crate) async fn keep_running<F>(
    outbox: String,
    what: &'static str,
    mut stop: watch::Receiver<Stop>,
    mut task: impl FnMut() -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        match AbortOnDropHandle::new(tokio::spawn(task())).await {
            Err(error) if error.is_panic() => {
                tracing::error!(outbox, task = what, "a task broke off, which is a bug to report: it is started again");
                tokio::select! {
                    () = tokio::time::sleep(REST) => {}
                    _ = stop.changed() => {}
                }
            }
            _ => return,
        }
    }
}
