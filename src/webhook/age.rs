//! How old an event is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: u64 = 24 * 60 * 60;

/// The time that an event names: as Partnero writes it, `2026-03-04T05:06:07.000000Z`, or with another offset than UTC's.
/// `None` for anything else, also for a time without an offset, and for one before 1970.
pub(crate) fn time_of(text: &str) -> Option<SystemTime> {
    let (local, ahead, behind) = split_offset(text)?;
    let (date, time) = local.split_once(['T', ' '])?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // A leap second is the last one there is.
    if !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 60 || !is_digits(fraction) {
        return None;
    }
    let days = (1970..year).map(|year| 365 + u64::from(is_leap(year))).sum::<u64>()
        + (1..month).map(|month| days_of(year, month)).sum::<u64>()
        + day.checked_sub(1).filter(|day| *day < days_of(year, month))?;
    if year < 1970 {
        return None;
    }
    let seconds = (days * DAY + hour * 3600 + minute * 60 + second + behind).checked_sub(ahead)?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// The time by its own clock, and by how many seconds that clock is ahead of UTC's, or behind it.
fn split_offset(text: &str) -> Option<(&str, u64, u64)> {
    if let Some(local) = text.strip_suffix('Z') {
        return Some((local, 0, 0));
    }
    // `+02:00` or `+0200`. In the first ten bytes, a `-` is the date's.
    let at = text.rfind(['+', '-']).filter(|at| *at > 10)?;
    let (local, offset) = (text.get(..at)?, text.get(at + 1..)?);
    let (hours, minutes) = offset.split_once(':').or_else(|| offset.split_at_checked(2))?;
    let [hours] = numbers(hours, ':', [2])?;
    let [minutes] = numbers(minutes, ':', [2])?;
    let seconds = hours * 3600 + minutes * 60;
    if hours > 23 || minutes > 59 {
        return None;
    }
    Some(if text[at..].starts_with('+') { (local, seconds, 0) } else { (local, 0, seconds) })
}

fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[u64; N]> {
    let mut parts = text.split(between);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part =
            parts.next().filter(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_partnero_are_read() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59.999999Z", 951_868_799),
            ("2026-03-04T05:06:07.000000Z", 1_772_600_767),
            ("2026-03-04 05:06:07+00:00", 1_772_600_767),
            ("2026-03-04T07:06:07.000000+02:00", 1_772_600_767),
            ("2026-03-04T07:06:07+0200", 1_772_600_767),
            ("2026-03-03T23:36:07-05:30", 1_772_600_767),
            ("1970-01-01T01:00:00+01:00", 0),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            assert_eq!(time_of(text), Some(UNIX_EPOCH + Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "Z",
            "now",
            "2026-03-04",
            "2026-03-04T05:06:07",
            "1772600767",
            "2026-03-04-02:00",
            "2026-03-04T05:06:07+2",
            "2026-03-04T05:06:07+200",
            "2026-03-04T05:06:07+02:0",
            "2026-03-04T05:06:07+02:60",
            "2026-03-04T05:06:07+24:00",
            "2026-03-04T05:06:07+02:00:00",
            "2026-03-04T05:06:07+02:00Z",
            "2026-03-04T05:06:07Z+02:00",
            "2026-03-04T05:06:07+-2:00",
            "2026-03-04T05:06:07+é0",
            "1970-01-01T00:00:00+01:00",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "1969-12-31T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.xZ",
            "+026-01-01T00:00:00Z",
            "2026-1-1T0:0:0Z",
            "99999-01-01T00:00:00Z",
            "２０２６-01-01T00:00:00Z",
            "2026-01-01T00:00:00:00Z",
        ] {
            assert_eq!(time_of(text), None, "{text}");
        }
    }
}
