//! How long to wait before the next attempt.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// `Retry-After` is believed up to this.
pub(crate) const MOST_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);

/// Exponential with full jitter between the two bounds, after this many failures. `chance` is uniform in 0..=1.
pub(crate) fn backoff((min, max): (Duration, Duration), failures: u32, chance: f64) -> Duration {
    // Nothing, doubled, would stay nothing.
    let first = min.max(Duration::from_millis(1));
    let doubled = first.saturating_mul(2_u32.saturating_pow(failures.saturating_add(1).min(31)));
    let span = doubled.min(max).saturating_sub(min);
    (min + span.mul_f64(chance.clamp(0.0, 1.0))).min(max)
}

/// The longer of the two, with `Retry-After` clamped to an hour.
pub(crate) fn with_retry_after(backoff: Duration, retry_after: Option<Duration>) -> Duration {
    retry_after.map_or(backoff, |after| backoff.max(after.min(MOST_RETRY_AFTER)))
}

/// Uniform in 0..1, from the randomness that the standard library seeds its hash maps with.
pub(crate) fn chance() -> f64 {
    let bits = RandomState::new().hash_one(0_u8);
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let fraction = (bits >> 11) as f64 / (1_u64 << 53) as f64;
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));

    #[test]
    fn waits_grow_from_the_least_to_the_most_and_no_further() {
        let at = |failures, chance| backoff(BOUNDS, failures, chance).as_millis();
        assert_eq!((at(0, 0.0), at(0, 1.0)), (1000, 2000));
        assert_eq!((at(3, 0.0), at(3, 0.5), at(3, 1.0)), (1000, 8500, 16_000));
        assert_eq!((at(12, 0.0), at(12, 1.0), at(u32::MAX, 1.0)), (1000, 3_600_000, 3_600_000));
        assert_eq!(at(5, 7.0), at(5, 1.0));
        assert_eq!(backoff((Duration::ZERO, Duration::ZERO), 9, 1.0), Duration::ZERO);
        let from_nothing = |failures| backoff((Duration::ZERO, BOUNDS.1), failures, 1.0).as_millis();
        assert_eq!((from_nothing(0), from_nothing(9), from_nothing(u32::MAX)), (2, 1024, 3_600_000));
        assert_eq!(backoff((Duration::from_secs(9), Duration::from_secs(2)), 9, 1.0), Duration::from_secs(2));
    }

    #[test]
    fn retry_after_is_honoured_up_to_an_hour_and_never_shortens() {
        let second = Duration::from_secs(1);
        assert_eq!(with_retry_after(second, None), second);
        assert_eq!(with_retry_after(second, Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(with_retry_after(second, Some(Duration::ZERO)), second);
        assert_eq!(with_retry_after(second, Some(Duration::from_secs(u64::MAX))), MOST_RETRY_AFTER);
    }

    #[test]
    fn chances_are_spread_over_the_whole() {
        let drawn: Vec<_> = (0..1000).map(|_| chance()).collect();
        assert!(drawn.iter().all(|chance| (0.0..1.0).contains(chance)));
        assert!(drawn.iter().any(|chance| *chance < 0.1) && drawn.iter().any(|chance| *chance > 0.9));
    }
}
