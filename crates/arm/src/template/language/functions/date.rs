//! Dates. The clock is the caller's: `utcNow` answers what the context says.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Function, bad, deep, scoped, want_int, want_string};
use crate::template::language::evaluate::Env;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    deep("dateTimeAdd", 2, 3, add),
    deep("dateTimeFromEpoch", 1, 1, |values| {
        let time =
            Timestamp::from_second(want_int(values, 0)?).map_err(|_error| bad("the time is out of range"))?;
        Ok(Value::string(render(&civil(time), "yyyy-MM-ddTHH:mm:ssZ")?))
    }),
    deep("dateTimeToEpoch", 1, 1, |values| Ok(Value::Int(read(want_string(values, 0)?)?.as_second()))),
    scoped("utcNow", 0, 1, utc_now),
];

/// What differs each time has one place, so that nested templates and loops agree about it.
pub(super) fn only_in_default(env: &Env<'_>, name: &str) -> Outcome<()> {
    if super::scope::around(env)?.is_in_default() {
        return Ok(());
    }
    let hint = format!("add a parameter with the default `[{name}()]`, and use that here");
    let message = format!("`{name}` can only stand in the default of a parameter");
    Err(Fault::new("function-place", message).hint(Some(hint)))
}

fn utc_now(env: &Env<'_>, values: &[Value]) -> Outcome {
    only_in_default(env, "utcNow")?;
    let pattern = if values.is_empty() { "yyyyMMddTHHmmssZ" } else { want_string(values, 0)? };
    Ok(Value::string(render(&civil(super::scope::around(env)?.now()), pattern)?))
}

fn civil(time: Timestamp) -> DateTime {
    TimeZone::UTC.to_datetime(time)
}

/// What the standard formats write, and ISO does not read.
const WRITTEN: [&str; 8] = [
    "%m/%d/%Y",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d %B %Y",
    "%A, %d %B %Y %H:%M",
    "%A, %d %B %Y %H:%M:%S",
];

/// A time as templates write it: ISO with or without separators, zone optional, or in one of the standard formats.
fn read(text: &str) -> Outcome<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let plain = text.strip_suffix(['Z', 'z']).unwrap_or(text).trim_end();
    let standard = || WRITTEN.iter().find_map(|format| as_written(format, plain));
    let read = plain.parse::<DateTime>().ok().or_else(standard).or_else(|| {
        // `20200407T145314`, the form of `utcNow()`
        let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
        DateTime::strptime("%Y%m%d%H%M%S", &digits).ok()
    });
    read.and_then(|time| time.to_zoned(TimeZone::UTC).ok())
        .map(|time| time.timestamp())
        .ok_or_else(|| bad(format!("`{text}` is no date")))
}

fn as_written(format: &str, text: &str) -> Option<DateTime> {
    let read = jiff::fmt::strtime::parse(format, text).ok()?;
    let time = read.to_time().unwrap_or(jiff::civil::Time::midnight());
    Some(read.to_date().ok()?.to_datetime(time))
}

fn add(values: &[Value]) -> Outcome {
    let base = want_string(values, 0)?;
    let duration = want_string(values, 1)?;
    let span: jiff::Span =
        duration.parse().map_err(|_error| bad(format!("`{duration}` is no ISO 8601 duration")))?;
    let time = civil(read(base)?);
    let time = plain(span)
        .and_then(|span| time.checked_add(span))
        .map_err(|_error| bad("the time is out of range"))?;
    let pattern = if values.len() > 2 { want_string(values, 2)? } else { "yyyy-MM-ddTHH:mm:ssZ" };
    Ok(Value::string(render(&time, pattern)?))
}

/// A duration as .NET has it, which knows no calendar: a year is 365 days and a month 30, as Azure documents.
fn plain(span: jiff::Span) -> Result<jiff::Span, jiff::Error> {
    let days = i64::from(span.get_years()) * 365 + i64::from(span.get_months()) * 30;
    let days = days + i64::from(span.get_weeks()) * 7 + i64::from(span.get_days());
    span.try_years(0)?.try_months(0)?.try_weeks(0)?.try_days(days)
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// .NET's custom formats, and its common standard ones.
fn render(time: &DateTime, pattern: &str) -> Outcome<String> {
    let pattern = match pattern {
        "d" => "MM/dd/yyyy",
        "D" => "dddd, dd MMMM yyyy",
        "f" => "dddd, dd MMMM yyyy HH:mm",
        "F" | "U" => "dddd, dd MMMM yyyy HH:mm:ss",
        "g" => "MM/dd/yyyy HH:mm",
        "m" | "M" => "MMMM dd",
        "" | "G" => "MM/dd/yyyy HH:mm:ss",
        "o" | "O" => "yyyy-MM-ddTHH:mm:ss.fffffffZ",
        "r" | "R" => "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        "s" => "yyyy-MM-ddTHH:mm:ss",
        "t" => "HH:mm",
        "T" => "HH:mm:ss",
        "u" => "yyyy-MM-dd HH:mm:ssZ",
        "y" | "Y" => "yyyy MMMM",
        other if other.chars().count() == 1 => {
            return Err(bad(format!("`{other}` is no date format; write `%{other}` for that part alone")));
        }
        other => other,
    };
    let characters: Vec<char> = pattern.chars().collect();
    let mut text = String::new();
    let mut at = 0;
    while at < characters.len() {
        let character = characters[at];
        let count = characters[at..].iter().take_while(|next| **next == character).count();
        match character {
            '\'' | '"' => {
                let quoted = characters[at + 1..].iter().take_while(|next| **next != character);
                let before = text.len();
                text.extend(quoted);
                at += text[before..].chars().count() + 2;
                continue;
            }
            '\\' => {
                text.extend(characters.get(at + 1));
                at += 2;
                continue;
            }
            '%' => {
                at += 1;
                continue;
            }
            _ => {}
        }
        if let Some(field) = field(time, character, count) {
            // an optional fraction of nothing takes its point along
            if character == 'F' && field.is_empty() && text.ends_with('.') {
                text.pop();
            }
            text.push_str(&field);
            at += count;
        } else {
            text.push(character);
            at += 1;
        }
    }
    Ok(text)
}

fn field(time: &DateTime, letter: char, count: usize) -> Option<String> {
    let number = |value: i8| if count == 1 { value.to_string() } else { format!("{value:02}") };
    let hour = time.hour();
    let name = |names: &[&str], index: i8, short: usize| {
        let name = names[usize::try_from(index - 1).unwrap_or(0)];
        if count == short { name[..3].to_owned() } else { name.to_owned() }
    };
    Some(match letter {
        'y' if count <= 2 => format!("{:0count$}", time.year() % 100),
        'y' => format!("{:0count$}", time.year(), count = count.min(9)),
        'M' if count <= 2 => number(time.month()),
        'M' => name(&MONTHS, time.month(), 3),
        'd' if count <= 2 => number(time.day()),
        'd' => name(&DAYS, time.weekday().to_monday_one_offset(), 3),
        'H' => number(hour),
        'h' => number(if hour % 12 == 0 { 12 } else { hour % 12 }),
        'm' => number(time.minute()),
        's' => number(time.second()),
        't' if count == 1 => (if hour < 12 { "A" } else { "P" }).to_owned(),
        't' => (if hour < 12 { "AM" } else { "PM" }).to_owned(),
        'f' => format!("{:09}", time.subsec_nanosecond())[..count.min(7)].to_owned(),
        'F' => format!("{:09}", time.subsec_nanosecond())[..count.min(7)].trim_end_matches('0').to_owned(),
        'K' => "Z".to_owned(),
        'z' => ["+0", "+00", "+00:00"][count.min(3) - 1].to_owned(),
        'g' => "A.D.".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_dotnet_formats() {
        let time = civil("2020-04-07T14:53:14.5Z".parse().unwrap());
        let cases = [
            ("yyyyMMddTHHmmssZ", "20200407T145314Z"),
            ("d", "04/07/2020"),
            ("M d", "4 7"),
            ("M/d/yyyy h:mm:ss tt", "4/7/2020 2:53:14 PM"),
            ("ddd, dd MMM yy", "Tue, 07 Apr 20"),
            ("'at' HH\\h f", "at 14h 5"),
            ("%h", "2"),
            ("s.FFF", "14.5"),
            ("yyyy-MM-ddTHH:mm:sszzz", "2020-04-07T14:53:14+00:00"),
            ("o", "2020-04-07T14:53:14.5000000Z"),
            ("R", "Tue, 07 Apr 2020 14:53:14 GMT"),
            ("M", "April 07"),
        ];
        for (pattern, expected) in cases {
            assert_eq!(render(&time, pattern).unwrap(), expected, "{pattern}");
        }
    }

    #[test]
    fn reads_what_the_standard_formats_write() {
        let time = civil("2020-04-07T14:53:00Z".parse().unwrap());
        for pattern in ["G", "s", "u", "F", "f", "R", "yyyyMMddTHHmmssZ", "M/d/yyyy h:mm:ss tt", "g"] {
            let text = render(&time, pattern).unwrap();
            assert_eq!(read(&text).unwrap().as_second(), 1_586_271_180, "{text}");
        }
        for pattern in ["d", "D", "yyyy-MM-dd"] {
            let text = render(&time, pattern).unwrap();
            assert_eq!(read(&text).unwrap().as_second(), 1_586_217_600, "{text}");
        }
    }

    #[test]
    fn adds_durations() {
        let cases = [
            ("2020-04-07 14:53:14Z", "P3Y", "2023-04-07T14:53:14Z"),
            ("2023-09-11 14:42:56Z", "P2Y", "2025-09-10T14:42:56Z"),
            ("2022-09-01T00:00:00Z", "P10Y", "2032-08-29T00:00:00Z"),
            ("2020-01-31T00:00:00Z", "P1M", "2020-03-01T00:00:00Z"),
            ("2020-01-31T00:00:00Z", "-P1Y1M1W1DT1H1M1S", "2018-12-23T22:58:59Z"),
            ("2020-04-07T14:53:14Z", "-P9D", "2020-03-29T14:53:14Z"),
            ("20200407T145314Z", "PT1H", "2020-04-07T15:53:14Z"),
        ];
        for (base, duration, expected) in cases {
            let result = add(&[Value::string(base), Value::string(duration)]).unwrap();
            assert_eq!(result.as_str(), Some(expected));
        }
    }
}
