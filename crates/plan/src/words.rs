//! How durations and counts are written, wherever a sentence is made: in plans, on timelines, in tables and on the page.

use jiff::SignedDuration;

/// A duration for people: `0s`, `3.2s`, `48s`, `2m 20s`, `45m`, `1h 05m`, `2d 3h`. Nothing that matters is rounded away:
/// seconds stay up to a day, tenths only below ten seconds.
pub fn duration(duration: SignedDuration) -> String {
    let sign = if duration.is_negative() { "−" } else { "" };
    let millis = duration.as_millis().unsigned_abs();
    let tenths = (millis + 50) / 100;
    if tenths < 100 {
        return match (tenths / 10, tenths % 10) {
            (0, 0) => "0s".to_owned(),
            (seconds, 0) => format!("{sign}{seconds}s"),
            (seconds, tenth) => format!("{sign}{seconds}.{tenth}s"),
        };
    }
    let seconds = (millis + 500) / 1000;
    let (days, hours, minutes, rest) =
        (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let text = match (days, hours, minutes, rest) {
        (0, 0, 0, seconds) => format!("{seconds}s"),
        (0, 0, minutes, 0) => format!("{minutes}m"),
        (0, 0, minutes, seconds) => format!("{minutes}m {seconds:02}s"),
        (0, hours, 0, 0) => format!("{hours}h"),
        (0, hours, minutes, 0) => format!("{hours}h {minutes:02}m"),
        (0, hours, minutes, seconds) => format!("{hours}h {minutes:02}m {seconds:02}s"),
        (days, 0, 0, _) => format!("{days}d"),
        (days, hours, 0, _) => format!("{days}d {hours}h"),
        (days, hours, minutes, _) => format!("{days}d {hours}h {minutes:02}m"),
    };
    format!("{sign}{text}")
}

/// A count with thousands set apart: `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and its noun: `1 step`, `3 steps`, `2 entities`.
pub fn counted(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    match noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u'])) {
        _ if number == 1 => format!("1 {noun}"),
        Some(stem) => format!("{} {stem}ies", count(number)),
        None => format!("{} {noun}s", count(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_at_a_glance() {
        for (millis, expected) in [
            (0, "0s"),
            (40, "0s"),
            (400, "0.4s"),
            (3_200, "3.2s"),
            (9_949, "9.9s"),
            (9_960, "10s"),
            (48_000, "48s"),
            (59_600, "1m"),
            (140_000, "2m 20s"),
            (187_600, "3m 08s"),
            (2_700_000, "45m"),
            (3_600_000, "1h"),
            (3_900_000, "1h 05m"),
            (3_910_000, "1h 05m 10s"),
            (3_610_000, "1h 00m 10s"),
            (86_400_000, "1d"),
            (183_600_000, "2d 3h"),
            (183_900_000, "2d 3h 05m"),
            (-140_000, "−2m 20s"),
            (-20, "0s"),
        ] {
            assert_eq!(duration(SignedDuration::from_millis(millis)), expected, "{millis} ms");
        }
    }

    #[test]
    fn numbers_are_grouped_and_nouns_agree() {
        for (number, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), expected);
        }
        assert_eq!(counted(1, "step"), "1 step");
        assert_eq!(counted(0, "step"), "0 steps");
        assert_eq!(counted(1_200_u64, "dead letter"), "1,200 dead letters");
        assert_eq!(counted(1, "entity"), "1 entity");
        assert_eq!(counted(2, "entity"), "2 entities");
        assert_eq!(counted(2, "day"), "2 days");
    }
}
