//! Starts the tasks of a handle.

use std::sync::{Arc, atomic::AtomicBool};

use tokio::{runtime::Handle, sync::watch};
use tokio_util::sync::CancellationToken;

use crate::delivery::{
    builder::Rules, dispatcher::Dispatcher, follower::Follower, intake::intake, notifier::Notifier,
    observer::AnyObserver, partnero::Live, room::Room, shared::Shared, shutdown::Tasks, supervise::keep_running,
    waiting::LeaveAll,
};

/// The writer; the dispatcher and the notifier, unless this process only stores; for an outbox that others can see, the
/// follower; and with the feature `metrics`, the task that says what waits.
pub(crate) fn start(shared: Shared, rules: Rules, observer: Option<Arc<dyn AnyObserver>>, runtime: &Handle) -> Live {
    let shared = Arc::new(shared);
    let settings = shared.settings;
    let close = CancellationToken::new();
    let (intake, writer) = intake(Room::new(settings.capacity), close.clone(), Arc::clone(&shared));
    let finished = watch::Sender::new(!settings.dispatch);
    let keep = |what| (shared.name.clone(), what, shared.stop.subscribe(), Arc::clone(&shared));

    let notifier = observer.filter(|_| settings.dispatch).map(|observer| {
        let finished = finished.subscribe();
        let (outbox, what, stop, shared) = keep("notifier");
        runtime.spawn(keep_running(outbox, what, stop, move || {
            Notifier::new(Arc::clone(&shared), Arc::clone(&observer)).run(finished.clone())
        }))
    });
    let mut helpers = Vec::new();
    #[cfg(feature = "metrics")]
    {
        let finished = finished.subscribe();
        let (outbox, what, stop, shared) = keep("gauges");
        helpers.push(runtime.spawn(keep_running(outbox, what, stop, move || {
            super::gauges::run(Arc::clone(&shared), finished.clone())
        })));
    }
    if !shared.store.is_volatile() {
        let finished = finished.subscribe();
        // Where nothing is dispatched, nobody else leaves those who wait.
        let leaving = (!settings.dispatch).then(|| LeaveAll(Arc::clone(&shared)));
        let (outbox, what, stop, shared) = keep("follower");
        helpers.push(runtime.spawn(async move {
            let _leaving = leaving;
            keep_running(outbox, what, stop, move || Follower::new(Arc::clone(&shared)).run(finished.clone())).await;
        }));
    }
    let dispatcher = settings.dispatch.then(|| {
        let leaving = LeaveAll(Arc::clone(&shared));
        let (outbox, what, stop, shared) = keep("dispatcher");
        runtime.spawn(async move {
            let _leaving = leaving;
            keep_running(outbox, what, stop, move || Dispatcher::new(Arc::clone(&shared)).run()).await;
            finished.send_replace(true);
        })
    });
    let tasks = Tasks::new(runtime.spawn(writer.run()), dispatcher, notifier, helpers);
    Live {
        #[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
        buffered: shared.store.dialect().map(|_| super::buffered::Buffered::new()),
        shared,
        intake,
        close,
        tasks,
        rules,
        #[cfg(feature = "dashboard")]
        companion: std::sync::OnceLock::new(),
        said_sign_ups_only: AtomicBool::new(false),
    }
}
