//! A line of the log that anybody can provoke: once a second at most.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const BETWEEN: Duration = Duration::from_secs(1);

/// When it was said last, and how often it wasn't since then.
#[derive(Debug, Default)]
pub(crate) struct Seldom(Mutex<(Option<Instant>, u64)>);

impl Seldom {
    /// Whether it is to be said now: then, how often it was left out since the last time.
    pub(crate) fn say(&self, now: Instant) -> Option<u64> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, left_out) = &mut *said;
        if last.is_some_and(|last| now.saturating_duration_since(last) < BETWEEN) {
            *left_out += 1;
            return None;
        }
        *last = Some(now);
        Some(std::mem::take(left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_once_a_second_with_how_often_it_was_left_out() {
        let (seldom, begin) = (Seldom::default(), Instant::now());
        let say = |ms| seldom.say(begin + Duration::from_millis(ms));
        assert_eq!(say(0), Some(0), "the first at once");
        assert_eq!([say(1), say(500), say(999)], [None; 3]);
        assert_eq!(say(1000), Some(3));
        assert_eq!(say(1999), None);
        assert_eq!(say(5000), Some(1));
        assert_eq!(say(9000), Some(0));
    }
}
