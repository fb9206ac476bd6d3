//! What is claimed before it can be begun: a claim costs a sync of the disk, however much it is of.

use std::{collections::VecDeque, time::Duration};

/// So many wait here, at most.
const MOST: usize = 256;
/// For so long. Then they go back: another process may be free to begin them.
pub(crate) const WAIT_HERE: Duration = Duration::from_millis(500);

/// Those that wait here, the next one first.
pub(crate) struct Ahead<T> {
    /// Each with the time when it goes back.
    waiting: VecDeque<(Duration, T)>,
    came_back: usize,
}

impl<T> Default for Ahead<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), came_back: 0 }
    }
}

impl<T> Ahead<T> {
    /// One that was begun came back.
    pub(crate) fn came_back(&mut self) {
        self.came_back = (self.came_back + 1).min(MOST);
    }

    /// How many may be claimed beyond those that begin at once: as many as came back since the last turn, for as many
    /// will by the next. Where they take long, that is next to none.
    pub(crate) fn more(&self) -> usize {
        self.came_back
    }

    /// A turn begins.
    pub(crate) fn turned(&mut self) {
        self.came_back = 0;
    }

    /// Keeps those that must be begun by then.
    pub(crate) fn keep(&mut self, now: Duration, begin_by: Duration, claimed: Vec<T>) {
        let back_at = begin_by.min(now + WAIT_HERE);
        self.waiting.extend(claimed.into_iter().map(|claimed| (back_at, claimed)));
    }

    pub(crate) fn next(&mut self) -> Option<T> {
        self.waiting.pop_front().map(|(_, claimed)| claimed)
    }

    #[cfg(feature = "webhooks")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.waiting.iter().map(|(_, claimed)| claimed)
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// When the next of them goes back.
    pub(crate) fn back_at(&self) -> Option<Duration> {
        self.waiting.front().map(|(back_at, _)| *back_at)
    }

    /// Takes out those whose time here is up.
    pub(crate) fn late(&mut self, now: Duration) -> Vec<T> {
        let late = self.waiting.partition_point(|(back_at, _)| *back_at <= now);
        self.waiting.drain(..late).map(|(_, claimed)| claimed).collect()
    }

    /// Takes out all of them.
    pub(crate) fn all(&mut self) -> Vec<T> {
        self.waiting.drain(..).map(|(_, claimed)| claimed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_claimed_ahead_as_came_back_since_the_last_turn() {
        let mut ahead = Ahead::<u64>::default();
        assert_eq!(ahead.more(), 0, "none did");
        ahead.came_back();
        ahead.came_back();
        assert_eq!(ahead.more(), 2);
        ahead.turned();
        assert_eq!(ahead.more(), 0);
        (0..=MOST).for_each(|_| ahead.came_back());
        assert_eq!(ahead.more(), MOST);
    }

    #[test]
    fn they_begin_in_their_order_and_go_back_when_their_time_is_up() {
        let mut ahead = Ahead::<u64>::default();
        let later = Duration::from_millis(100);
        ahead.keep(Duration::ZERO, WAIT_HERE * 2, vec![1, 2, 3]);
        ahead.keep(later, later + WAIT_HERE, vec![4, 5]);
        assert_eq!(ahead.next(), Some(1));
        assert_eq!(ahead.back_at(), Some(WAIT_HERE));
        assert!(ahead.late(WAIT_HERE / 2).is_empty());
        assert_eq!(ahead.late(WAIT_HERE), [2, 3]);
        assert_eq!((ahead.len(), ahead.back_at()), (2, Some(later + WAIT_HERE)));
        assert_eq!(ahead.all(), [4, 5]);
        assert!(ahead.next().is_none() && ahead.back_at().is_none());
        ahead.keep(later, later * 2, vec![6]);
        assert_eq!(ahead.back_at(), Some(later * 2), "their lease is too short for more");
    }
}
