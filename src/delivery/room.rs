//! How many calls may wait in this process's memory.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

/// The room there is, and what was refused for want of it.
#[derive(Debug)]
pub(crate) struct Room {
    capacity: usize,
    used: AtomicUsize,
    full: AtomicBool,
    refused: AtomicU64,
}

/// A place in the room, given back when it is dropped.
pub(crate) struct Slot(Arc<Room>);

impl Room {
    pub(crate) fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self { capacity, used: AtomicUsize::new(0), full: AtomicBool::new(false), refused: AtomicU64::new(0) })
    }

    /// A place, or `Err` with whether this refusal is the first of its episode.
    pub(crate) fn take(self: &Arc<Self>) -> Result<Slot, bool> {
        if self.used.fetch_add(1, Ordering::Relaxed) < self.capacity {
            return Ok(Slot(Arc::clone(self)));
        }
        self.used.fetch_sub(1, Ordering::Relaxed);
        self.refused.fetch_add(1, Ordering::Relaxed);
        Err(!self.full.swap(true, Ordering::Relaxed))
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let used = self.0.used.fetch_sub(1, Ordering::Relaxed) - 1;
        // The episode ends when a tenth is free again: at the brim, every single place would be news.
        if used < self.0.capacity - self.0.capacity / 10 && self.0.full.load(Ordering::Relaxed) {
            self.0.full.store(false, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_room_refuses_the_newest_and_says_so_once_per_episode() {
        let room = Room::new(10);
        let mut slots: Vec<_> = (0..10).map(|_| room.take().unwrap()).collect();
        assert!(matches!(room.take(), Err(true)));
        assert!(matches!(room.take(), Err(false)));
        slots.pop();
        slots.push(room.take().unwrap());
        assert!(matches!(room.take(), Err(false)), "one place at the brim is no new episode");
        slots.truncate(5);
        slots.extend((0..5).map(|_| room.take().unwrap()));
        assert!(matches!(room.take(), Err(true)));
        assert_eq!(room.refused(), 4);
    }

    #[test]
    fn no_room_at_all_refuses_everything() {
        let room = Room::new(0);
        assert!(matches!(room.take(), Err(true)));
        assert!(matches!(room.take(), Err(false)));
    }
}
