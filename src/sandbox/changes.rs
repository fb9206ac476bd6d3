//! The lock around the state. Who watches learns that it was changed, whoever changed it.

use std::{
    ops::{Deref, DerefMut},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

/// Something that is watched.
#[derive(Debug)]
pub(super) struct Watched<T> {
    value: Mutex<T>,
    changes: watch::Sender<()>,
}

impl<T> Watched<T> {
    pub(super) fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changes: watch::Sender::new(()) }
    }

    /// Never held across an await.
    pub(super) fn lock(&self) -> Locked<'_, T> {
        let value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        Locked { value, changes: &self.changes, changed: false }
    }

    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }
}

/// The value. Whoever takes it mutably is taken to have changed it.
#[derive(Debug)]
pub(super) struct Locked<'a, T> {
    value: MutexGuard<'a, T>,
    changes: &'a watch::Sender<()>,
    changed: bool,
}

impl<T> Deref for Locked<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Locked<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.changed = true;
        &mut self.value
    }
}

impl<T> Drop for Locked<'_, T> {
    fn drop(&mut self) {
        if self.changed {
            self.changes.send_replace(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_noticed_and_a_look_is_not() {
        let watched = Watched::new(1);
        let mut changes = watched.changes();
        assert_eq!(*watched.lock(), 1);
        assert!(!changes.has_changed().is_ok_and(|changed| changed));
        *watched.lock() += 1;
        assert!(changes.has_changed().is_ok_and(|changed| changed));
        changes.mark_unchanged();
        assert_eq!((*watched.lock(), changes.has_changed().ok()), (2, Some(false)));
    }
}
