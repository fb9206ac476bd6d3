//! Whether the time of day goes as fast as time itself.
//!
//! What may still be under way is noted in the time of day, for other processes to read. Somebody may set it forward: then
//! it says that a request has had its time when it has hardly begun.

use std::time::Duration;

use crate::delivery::{
    course::{later, millis},
    decide::Millis,
};

/// More than clocks differ between two looks.
const JUMP: Duration = Duration::from_secs(1);

/// And more than a look takes, where the time of day is a database's: worth a line.
const SET_BACK: Duration = Duration::from_secs(60);

/// The last look at both clocks.
#[derive(Debug, Default)]
pub(super) struct Pace {
    last: Option<(Millis, Duration)>,
    /// Until then, whatever was under way at a jump may still be so.
    quiet_until: Millis,
}

impl Pace {
    /// Until when what was ever under way may still be so, as far as jumps go. `monotonic` never jumps.
    pub(super) fn look(&mut self, now: Millis, monotonic: Duration, settle_delay: Duration) -> Millis {
        if let Some((was, at)) = self.last.replace((now, monotonic)) {
            let passed = monotonic.saturating_sub(at);
            if now > later(was, passed + JUMP) {
                tracing::info!(by = ?Duration::from_millis(now - was - millis(passed)), "the time of day was set forward");
                self.quiet_until = later(now, settle_delay);
            }
            let back = later(was, passed).saturating_sub(now);
            if back >= millis(SET_BACK) {
                let by = Duration::from_millis(back);
                tracing::warn!(?by, "the time of day was set back: what waits for its time waits that much longer");
            }
        }
        // Set back again, it is no longer from there than it was from before.
        self.quiet_until = self.quiet_until.min(later(now, settle_delay));
        self.quiet_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_time_of_day_that_outruns_time_extends_the_quiet() {
        let (second, delay) = (Duration::from_secs(1), Duration::from_secs(30));
        let mut pace = Pace::default();
        assert_eq!(pace.look(5_000, second, delay), 0);
        assert_eq!(pace.look(65_000, second * 61, delay), 0, "a minute later");
        assert_eq!(pace.look(65_900, second * 61, delay), 0, "not quite in step");
        assert_eq!(pace.look(3_665_900, second * 61, delay), 3_695_900, "an hour forward");
        assert_eq!(pace.look(3_666_900, second * 62, delay), 3_695_900, "and on");
        assert_eq!(pace.look(66_900, second * 62, delay), 96_900, "and back");
        assert_eq!(pace.look(67_900, second * 63, delay), 96_900);
    }
}
