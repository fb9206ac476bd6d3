//! Timestamps in Partnero's format, without a date library.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400;

/// Now, as Partnero writes it: `2026-03-04T05:06:07.000000Z`.
pub(super) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format(i64::try_from(since.as_secs()).unwrap_or(0), since.subsec_micros())
}

/// When an event happens that happens now.
pub(super) fn of_event(in_whole_seconds: bool) -> String {
    let now = now();
    if in_whole_seconds { parse(&now).and_then(from_unix).unwrap_or(now) } else { now }
}

/// A moment in Unix seconds, as Partnero writes it; `None` outside the years 1 to 9999.
pub(super) fn from_unix(seconds: i64) -> Option<String> {
    (-62_135_596_800..253_402_300_800).contains(&seconds).then(|| format(seconds, 0))
}

/// The Unix seconds of `2026-03-04T05:06:07`, with a blank for the `T`, a fraction, a `Z` or an offset if you like.
pub(super) fn parse(text: &str) -> Option<i64> {
    let date = text.get(..10)?;
    let (year, month, day) = three(date, '-')?;
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let midnight = days_from_civil(year, month, day) * DAY;
    let Some(rest) = text.get(11..).filter(|_| matches!(text.as_bytes()[10], b'T' | b' ')) else {
        return (text.len() == 10).then_some(midnight);
    };
    let (hour, minute, second) = three(rest.get(..8)?, ':')?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let zone = rest.get(8..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    Some(midnight + hour * 3600 + minute * 60 + second - offset(zone)?)
}

fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z" | "z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
    Some(sign * (digits(hours)? * 3600 + digits(minutes)? * 60))
}

fn three(text: &str, separator: char) -> Option<(i64, i64, i64)> {
    let mut parts = text.split(separator).map(digits);
    Some((parts.next()??, parts.next()??, parts.next()??))
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

fn format(seconds: i64, micros: u32) -> String {
    let (year, month, day) = civil_from_days(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// Days since 1970-01-01 to a date, by Howard Hinnant's algorithm: the year begins in March, an era has 400 years.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_written_as_partnero_writes_them() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000Z"),
            (1_772_600_767, "2026-03-04T05:06:07.000000Z"),
            (-1, "1969-12-31T23:59:59.000000Z"),
            (253_402_300_799, "9999-12-31T23:59:59.000000Z"),
        ] {
            assert_eq!(from_unix(seconds).as_deref(), Some(text));
            assert_eq!(parse(text), Some(seconds));
        }
        assert_eq!(from_unix(i64::MAX), None);
        assert_eq!(from_unix(i64::MIN), None);
    }

    #[test]
    fn date_times_are_read_with_or_without_zone_and_nonsense_is_not() {
        assert_eq!(parse("2026-03-04 05:06:07"), Some(1_772_600_767));
        assert_eq!(parse("2026-03-04T06:06:07+01:00"), Some(1_772_600_767));
        assert_eq!(parse("2026-03-04T00:06:07.5-05:00"), Some(1_772_600_767));
        assert_eq!(parse("1970-01-02"), Some(DAY));
        for bad in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-03-04T25:00:00",
            "2026-03-04X05:06:07",
            "2026-03-04T05:06:07 CET",
            "äääääääääää",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
