//! What is claimed before it can be begun: a claim costs a sync of the disk, however much it is of.

use std::{collections::VecDeque, time::Duration};

/// So many wait here, at most. A call can't be cancelled by a refund any more, and whatever waits is nothing for a process
/// that has nothing to do.
const MOST: usize = 512;
/// For so long. Then they go back: another process may be free to begin them.
pub(crate) const WAIT_HERE: Duration = Duration::from_millis(500);
/// As many wait here as can be begun within this time, at the pace of the last `LATELY`: some transactions' worth on a
/// busy disk.
const SOON: Duration = Duration::from_millis(40);
const LATELY: Duration = Duration::from_millis(50);

/// Those that wait here, the next one first.
pub(crate) struct Ahead<T> {
    /// Each with the time when it goes back.
    waiting: VecDeque<(Duration, T)>,
    /// How many came back since this time, and in as long before it as `LATELY`.
    since: Duration,
    came_back: [usize; 2],
}

impl<T> Ahead<T> {
    pub(crate) fn new(now: Duration) -> Self {
        Self { waiting: VecDeque::new(), since: now, came_back: [0, 0] }
    }

    /// One that was begun came back.
    pub(crate) fn came_back(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.since);
        if passed >= LATELY {
            let before = if passed < LATELY * 2 { self.came_back[0] } else { 0 };
            (self.since, self.came_back) = (now, [0, before]);
        }
        self.came_back[0] += 1;
    }

    /// How many may be claimed beyond those that begin at once. Where they take long, that is next to none.
    pub(crate) fn more(&self, now: Duration) -> usize {
        let passed = now.saturating_sub(self.since);
        if passed >= LATELY * 2 {
            return 0;
        }
        let came_back = (self.came_back[0] + self.came_back[1]) as u128;
        let more = (came_back * SOON.as_nanos()).div_ceil((LATELY + passed).as_nanos());
        usize::try_from(more).unwrap_or(MOST).min(MOST)
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
    fn as_many_are_claimed_ahead_as_go_within_forty_milliseconds() {
        let ms = Duration::from_millis;
        let mut ahead = Ahead::<u64>::new(ms(7));
        assert_eq!(ahead.more(ms(7)), 0, "none came back");
        (7..207).for_each(|now| ahead.came_back(ms(now)));
        assert!((36..=41).contains(&ahead.more(ms(206))), "one a millisecond: {}", ahead.more(ms(206)));
        assert!((1..36).contains(&ahead.more(ms(250))), "it comes to a stop: {}", ahead.more(ms(250)));
        assert_eq!(ahead.more(ms(310)), 0);
        ahead.came_back(ms(500));
        assert_eq!((ahead.more(ms(500)), ahead.more(ms(600))), (1, 0), "one alone");
        // Eight together, each second.
        for second in 1..4 {
            (0..8).for_each(|_| ahead.came_back(ms(second * 1_000)));
            assert_eq!(ahead.more(ms(second * 1_000)), 7);
            assert_eq!(ahead.more(ms(second * 1_000 + 150)), 0);
        }
        (0..10_000).for_each(|_| ahead.came_back(ms(4_000)));
        assert_eq!(ahead.more(ms(4_000)), MOST);
        assert_eq!(ahead.more(ms(0)), MOST, "a clock that was turned back is no overflow");
    }

    #[test]
    fn they_begin_in_their_order_and_go_back_when_their_time_is_up() {
        let mut ahead = Ahead::<u64>::new(Duration::ZERO);
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
