//! How differences, instants and regions are written, in text and on the page alike; durations and counts are written as
//! everywhere else.

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Region;

pub use lifeboat_plan::{count, counted, duration};

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
    fn percentages_carry_their_sign() {
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
