//! Durations as people write them: `45m`, `1h30m`, `90s`, `1d`.
//!
//! Narrower than jiff's friendly format on purpose: no sign, no fraction, no words, so that a number without a unit or
//! a unit in the wrong place gets an answer of its own.

use std::fmt::Write as _;

use jiff::SignedDuration;

use super::reader::Complaint;

/// Units from the largest to the smallest, with their seconds.
const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// What nothing in a workload file is longer than: a year and a day.
const LONGEST_SECONDS: i64 = 366 * 86_400;

/// Reads a duration such as `1h30m`: units d, h, m, s, each at most once, the largest first.
pub fn parse_duration(text: &str) -> Result<SignedDuration, Complaint> {
    let bad = |hint: String| Complaint::new(format!("`{text}` is not a duration")).hint(hint);
    let general = || bad("write it like `45m`, `1h30m` or `90s`".to_owned());
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
        return Err(bad(format!("it has no unit: `{text}m` or `{text}s`?")));
    }
    let (mut seconds, mut digits, mut units) = (0_i64, String::new(), UNITS.iter());
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let (_, factor) = units.find(|(unit, _)| *unit == c).ok_or_else(general)?;
        let count: i64 = digits.parse().ok().ok_or_else(general)?;
        digits.clear();
        let part = count.checked_mul(*factor).ok_or_else(general)?;
        seconds = seconds.checked_add(part).ok_or_else(general)?;
    }
    if text.is_empty() || !digits.is_empty() {
        return Err(general());
    }
    if seconds > LONGEST_SECONDS {
        return Err(bad("it is longer than a year".to_owned()));
    }
    Ok(SignedDuration::from_secs(seconds))
}

/// Writes a duration as [`parse_duration`] reads it; parts of a second are dropped.
pub fn render_duration(duration: SignedDuration) -> String {
    let mut left = duration.as_secs().max(0);
    let mut text = String::new();
    for (unit, factor) in UNITS {
        if left >= factor {
            write!(text, "{}{unit}", left / factor).expect("writing to a string cannot fail");
            left %= factor;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in
            [("45m", 2700), ("1h30m", 5400), ("90s", 90), ("1d", 86_400), ("0s", 0), ("24h", 86_400)]
        {
            assert_eq!(parse_duration(text), Ok(SignedDuration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_advice() {
        for (text, hint) in [
            ("45", "it has no unit: `45m` or `45s`?"),
            ("", "write it like `45m`, `1h30m` or `90s`"),
            ("45 min", "write it like `45m`, `1h30m` or `90s`"),
            ("m", "write it like `45m`, `1h30m` or `90s`"),
            ("30m1h", "write it like `45m`, `1h30m` or `90s`"),
            ("1m1m", "write it like `45m`, `1h30m` or `90s`"),
            ("1h30", "write it like `45m`, `1h30m` or `90s`"),
            ("-5m", "write it like `45m`, `1h30m` or `90s`"),
            ("99999999999999999999h", "write it like `45m`, `1h30m` or `90s`"),
            ("400d", "it is longer than a year"),
        ] {
            let complaint = parse_duration(text).unwrap_err();
            assert_eq!(complaint, Complaint::new(format!("`{text}` is not a duration")).hint(hint));
        }
    }

    proptest! {
        #[test]
        fn what_is_rendered_is_read_back(seconds in 0..=LONGEST_SECONDS) {
            let duration = SignedDuration::from_secs(seconds);
            prop_assert_eq!(parse_duration(&render_duration(duration)), Ok(duration));
        }
    }
}
