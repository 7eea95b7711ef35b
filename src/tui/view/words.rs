//! How are numbers, times and sizes said?

use std::time::Duration;

use jiff::{Timestamp, Zoned};

pub(super) use crate::models::size;

/// `48,112`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut said = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && index % 3 == first {
            said.push(',');
        }
        said.push(digit);
    }
    said
}

/// `1 document`, `1,204 documents`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// `940`, `2.1k`.
pub(super) fn tokens(number: usize) -> String {
    if number < 1_000 {
        return number.to_string();
    }
    if number < 9_950 {
        format!("{:.1}k", float(number) / 1_000.0)
    } else {
        format!("{:.0}k", float(number) / 1_000.0)
    }
}

/// A time that was measured: `0.2 s`, `12 s`, `2 min 5 s`.
pub(super) fn seconds(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    let whole = Duration::try_from_secs_f64(seconds.round()).unwrap_or(Duration::MAX).as_secs();
    match (whole / 60, whole % 60) {
        (0, _) => format!("{whole} s"),
        (minutes, 0) => format!("{} min", count(minutes)),
        (minutes, rest) => format!("{} min {rest} s", count(minutes)),
    }
}

/// What is left of something at a measured rate: `about 40 s`, `about 3 min`, `about 2 h`.
pub(super) fn time_left(left: usize, per_second: f64) -> Option<String> {
    if left == 0 || per_second <= 0.0 {
        return None;
    }
    let seconds = Duration::try_from_secs_f64(float(left) / per_second).ok()?.as_secs();
    Some(match seconds {
        0..=9 => "a few seconds".to_owned(),
        10..=54 => format!("about {} s", (seconds + 5) / 10 * 10),
        55..=5_399 => format!("about {} min", (seconds + 30) / 60),
        _ => format!("about {} h", count((seconds + 1_800) / 3_600)),
    })
}

/// How long ago something was: `just now`, `2 min ago`, `5 h ago`, `3 days ago`, then the day: `12 March`, `12 March 2023`.
pub(super) fn ago(then: Timestamp, now: &Zoned) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let seconds = now.timestamp().as_second().saturating_sub(then.as_second());
    match seconds {
        // Clocks may differ a little.
        ..MINUTE => "just now".to_owned(),
        MINUTE..HOUR => format!("{} min ago", seconds / MINUTE),
        HOUR..DAY => format!("{} h ago", seconds / HOUR),
        DAY.. if seconds < 2 * DAY => "1 day ago".to_owned(),
        DAY.. if seconds < 14 * DAY => format!("{} days ago", seconds / DAY),
        _ => {
            let day = then.to_zoned(now.time_zone().clone()).date();
            let form = if day.year() == now.year() { "%-d %B" } else { "%-d %B %Y" };
            day.strftime(form).to_string()
        }
    }
}

/// A measured rate: `0.8`, `14`.
pub(super) fn rate(per_second: f64) -> String {
    if per_second < 9.95 { format!("{per_second:.1}") } else { format!("{per_second:.0}") }
}

/// A share from 0 to 1: `43 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share.clamp(0.0, 1.0) * 100.0)
}

/// For shares and rates of numbers that fit a screen.
#[expect(clippy::cast_precision_loss, reason = "a few digits are shown")]
pub(super) fn float(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_in_few_digits() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(48_112), "48,112");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "page", "pages"), "1 page");
        assert_eq!(
            [940, 2_148, 9_949, 9_951, 32_768].map(tokens),
            ["940", "2.1k", "9.9k", "10k", "33k"]
        );
        assert_eq!(
            [999, 1_000, 2_497_280_000, 48_300_000, 999_600_000].map(size),
            ["999 B", "1.0 kB", "2.5 GB", "48 MB", "1.0 GB"]
        );
    }

    #[test]
    fn what_was_is_said_as_people_say_it() {
        let now: Zoned = "2025-03-18T14:30:00+01:00[Europe/Berlin]".parse().unwrap();
        let said = |seconds| ago(now.timestamp() - jiff::SignedDuration::from_secs(seconds), &now);
        assert_eq!(
            [-5, 59, 60, 7_100, 86_399, 86_400, 1_200_000, 1_300_000, 40_000_000].map(said),
            [
                "just now",
                "just now",
                "1 min ago",
                "1 h ago",
                "23 h ago",
                "1 day ago",
                "13 days ago",
                "3 March",
                "11 December 2023"
            ]
        );
    }

    #[test]
    fn times_are_said_as_exactly_as_they_are_known() {
        assert_eq!(
            [0.24, 9.94, 9.96, 59.6, 125.0].map(seconds),
            ["0.2 s", "9.9 s", "10 s", "1 min", "2 min 5 s"]
        );
        assert_eq!(time_left(892, 14.0).unwrap(), "about 1 min");
        assert_eq!(time_left(592, 14.0).unwrap(), "about 40 s");
        assert_eq!(time_left(5, 14.0).unwrap(), "a few seconds");
        assert_eq!(time_left(10_000, 14.0).unwrap(), "about 12 min");
        assert_eq!(time_left(1_000_000, 14.0).unwrap(), "about 20 h");
        assert_eq!(time_left(0, 14.0), None);
        assert_eq!(time_left(10, 0.0), None);
        assert_eq!(time_left(10, 1e-300), None);
        assert_eq!(percent(0.434), "43 %");
        assert_eq!(rate(14.3), "14");
    }
}
