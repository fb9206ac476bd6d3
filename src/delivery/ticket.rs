//! Where a call is, shared by the handler that waits and the tasks that work.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::Value;
use tokio::sync::Notify;

use crate::delivery::{dead::DeadReason, outcome::End, tracked::TrackError};

/// One call's.
#[derive(Debug, Default)]
pub(crate) struct Ticket {
    progress: Mutex<Progress>,
    moved: Notify,
    /// Somebody waits for its end.
    wanted: AtomicBool,
}

#[derive(Default)]
pub(crate) enum Progress {
    #[default]
    Queued,
    Stored,
    Ended(End, Option<Value>),
    Dead(DeadReason, String),
    /// It isn't stored, or nobody knows whether it is.
    NotStored(TrackError),
    /// Shut down after it was stored.
    Left,
}

/// Without what Partnero answered, which has names and e-mail addresses in it.
impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queued => f.write_str("Queued"),
            Self::Stored => f.write_str("Stored"),
            Self::Ended(end, _) => f.debug_tuple("Ended").field(end).finish(),
            Self::Dead(reason, _) => f.debug_tuple("Dead").field(reason).finish(),
            Self::NotStored(error) => f.debug_tuple("NotStored").field(error).finish(),
            Self::Left => f.write_str("Left"),
        }
    }
}

impl Ticket {
    pub(crate) fn move_to(&self, progress: Progress) {
        self.move_if(progress, |now| matches!(now, Progress::Queued | Progress::Stored));
    }

    /// Nobody will store it.
    pub(crate) fn lose(&self, error: TrackError) {
        self.move_if(Progress::NotStored(error), |now| matches!(now, Progress::Queued));
    }

    /// Nobody here will deliver it. Of one that isn't stored yet, whoever stores it has more to say.
    pub(crate) fn leave(&self) {
        self.move_if(Progress::Left, |now| matches!(now, Progress::Stored));
    }

    fn move_if(&self, progress: Progress, may_move: impl FnOnce(&Progress) -> bool) {
        let mut now = self.progress();
        // What has ended stays so; what ends is news.
        let moves = may_move(&now);
        if moves {
            *now = progress;
        }
        drop(now);
        if moves {
            self.moved.notify_waiters();
        }
    }

    /// Whether anybody still holds the other end.
    pub(crate) fn is_awaited(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 1
    }

    /// Somebody begins to wait for its end.
    pub(crate) fn want(&self) {
        self.wanted.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    pub(crate) async fn when<T>(&self, look: impl Fn(&Progress) -> Option<T>) -> T {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            // Registered before the look, so that no move falls between the two.
            moved.as_mut().enable();
            if let Some(seen) = look(&self.progress()) {
                return seen;
            }
            moved.await;
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
