//! How durations, instants and numbers are written, in text and on the page alike.

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Region;

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

/// A duration with its sign: `+2m 20s`, `−5s`, `±0s`.
pub fn difference(difference: SignedDuration) -> String {
    match duration(difference) {
        text if text == "0s" => "±0s".to_owned(),
        text if difference.is_negative() => text,
        text => format!("+{text}"),
    }
}

/// The time between two instants, as an offset from the first: `+12m 30s`.
pub fn offset(start: Timestamp, at: Timestamp) -> String {
    match duration(at.duration_since(start)) {
        text if at < start => text,
        text => format!("+{text}"),
    }
}

/// Date and time in UTC: `2026-11-23 08:00:00Z`.
pub fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// Only the time of day, in UTC: `08:00:00`.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// How old something is: `3m old`. What a person declared has no age: `declared`.
pub fn age(age: Option<SignedDuration>) -> String {
    age.map_or_else(|| "declared".to_owned(), |age| format!("{} old", duration(age)))
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

/// A count and its noun: `1 step`, `3 steps`.
pub fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number as u64))
}

/// A signed percentage without decimals: `+12 %`, `−3 %`.
pub fn percent(percent: f64) -> String {
    let rounded = percent.round();
    if rounded == 0.0 {
        return "±0\u{a0}%".to_owned();
    }
    let sign = if rounded < 0.0 { '−' } else { '+' };
    format!("{sign}{:.0}\u{a0}%", rounded.abs())
}

/// The name people see in the portal, `West Europe`, for `westeurope`.
pub fn region(name: &str) -> String {
    Region::lenient(name).display_name().to_owned()
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
    fn differences_carry_their_sign() {
        for (seconds, expected) in [(0, "±0s"), (90, "+1m 30s"), (-5, "−5s")] {
            assert_eq!(difference(SignedDuration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn instants_are_utc_and_offsets_are_signed() {
        let start: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        let later: Timestamp = "2026-11-23T08:12:30.400Z".parse().unwrap();
        assert_eq!(instant(start), "2026-11-23 08:00:00Z");
        assert_eq!(clock(later), "08:12:30");
        assert_eq!(offset(start, later), "+12m 30s");
        assert_eq!(offset(start, start), "+0s");
        assert_eq!(offset(later, start), "−12m 30s");
    }

    #[test]
    fn numbers_are_grouped_and_nouns_agree() {
        for (number, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), expected);
        }
        assert_eq!(counted(1, "step"), "1 step");
        assert_eq!(counted(0, "step"), "0 steps");
        assert_eq!(percent(-3.4), "−3\u{a0}%");
        assert_eq!(percent(12.0), "+12\u{a0}%");
        assert_eq!(percent(-0.2), "±0\u{a0}%");
    }

    #[test]
    fn regions_have_the_names_of_the_portal() {
        assert_eq!(region("westeurope"), "West Europe");
        assert_eq!(region("moonbase"), "moonbase");
    }
}
