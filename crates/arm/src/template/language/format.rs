//! `format`: .NET's composite format strings with the number formats of the invariant culture.

mod custom;

use super::fault::Outcome;
use super::functions::{bad, string, units, want_string};
use super::value::Value;

/// `format('{0,5:N0} …', …)`.
pub(crate) fn format(values: &[Value]) -> Outcome {
    let pattern = want_string(values, 0)?;
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
            continue;
        }
        let end = rest
            .find('}')
            .filter(|_| brace == "{")
            .ok_or_else(|| bad("a brace in the format stands alone: two of them write one"))?;
        text.push_str(&item(&rest[..end], &values[1..])?);
        rest = &rest[end + 1..];
        string::check_length(text.len())?;
    }
    text.push_str(rest);
    Ok(Value::string(text))
}

/// What `index[,alignment][:specifier]` becomes.
fn item(hole: &str, values: &[Value]) -> Outcome<String> {
    let (head, specifier) = hole.split_once(':').unwrap_or((hole, ""));
    let (index, alignment) = head.split_once(',').unwrap_or((head, "0"));
    let index: usize =
        index.trim_end().parse().map_err(|_error| bad(format!("`{{{hole}}}` names no argument")))?;
    let value = values
        .get(index)
        .ok_or_else(|| bad(format!("the format wants argument {index}, there are {}", values.len())))?;
    let text = match value {
        Value::Int(value) => integer(*value, specifier)?,
        Value::Float(value) => float(*value, specifier)?,
        Value::Array(_) | Value::Object(_) => {
            let mut text = String::new();
            string::push_json(&mut text, value, '\'');
            text
        }
        other => {
            let mut text = String::new();
            string::push_text(&mut text, other);
            text
        }
    };
    aligned(text, alignment)
}

/// To the right in so many characters; a negative number aligns to the left.
fn aligned(text: String, alignment: &str) -> Outcome<String> {
    let width: i64 =
        alignment.trim().parse().map_err(|_error| bad(format!("`{alignment}` is no alignment")))?;
    let size = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
    string::check_length(size)?;
    let blanks = " ".repeat(size.saturating_sub(units::count(&text)));
    Ok(if width < 0 { text + &blanks } else { blanks + &text })
}

/// A standard format: its letter and its precision. Anything else is a pattern of places.
fn standard(specifier: &str) -> Option<(char, Option<usize>)> {
    let mut letters = specifier.chars();
    let kind = letters.next().filter(char::is_ascii_alphabetic)?;
    let digits = letters.as_str();
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit()) && digits.len() <= 2;
    plain.then(|| (kind, digits.parse().ok()))
}

fn integer(value: i64, specifier: &str) -> Outcome<String> {
    if specifier.is_empty() {
        return Ok(value.to_string());
    }
    let Some((kind, precision)) = standard(specifier) else {
        return Ok(custom::number(&Decimal::of_integer(value), specifier));
    };
    let width = precision.unwrap_or(0);
    Ok(match kind {
        'd' | 'D' => {
            let sign = if value < 0 { "-" } else { "" };
            format!("{sign}{:0>width$}", value.unsigned_abs())
        }
        'x' => format!("{value:0width$x}"),
        'X' => format!("{value:0width$X}"),
        'b' | 'B' => format!("{value:0width$b}"),
        'g' | 'G' if width == 0 => value.to_string(),
        _ => decimal(&Decimal::of_integer(value), specifier, kind, precision)?,
    })
}

fn float(value: f64, specifier: &str) -> Outcome<String> {
    if specifier.is_empty() || specifier.eq_ignore_ascii_case("r") || specifier.eq_ignore_ascii_case("g") {
        return Ok(string::shortest(value));
    }
    let Some((kind, precision)) = standard(specifier) else {
        return Ok(custom::number(&Decimal::of_float(value), specifier));
    };
    if matches!(kind, 'd' | 'D' | 'x' | 'X' | 'b' | 'B') {
        return Err(bad(format!("`{specifier}` is for integers, the value is a float")));
    }
    decimal(&Decimal::of_float(value), specifier, kind, precision)
}

/// The formats that integers and floats share.
fn decimal(value: &Decimal, specifier: &str, kind: char, precision: Option<usize>) -> Outcome<String> {
    let rounded = |value: &Decimal, places: usize| value.rounded(places);
    let signed = |value: &Decimal, text: String| if value.is_negative() { format!("-{text}") } else { text };
    let places = precision.unwrap_or(2);
    Ok(match kind {
        'n' | 'N' => {
            let value = rounded(value, places);
            let text = value.text(true);
            signed(&value, text)
        }
        'f' | 'F' => {
            let value = rounded(value, places);
            let text = value.text(false);
            signed(&value, text)
        }
        'p' | 'P' => {
            let value = rounded(&value.times_hundred(), places);
            let text = format!("{} %", value.text(true));
            signed(&value, text)
        }
        // the invariant culture has no currency of its own
        'c' | 'C' => {
            let value = rounded(value, places);
            let text = format!("¤{}", value.text(true));
            if value.is_negative() { format!("({text})") } else { text }
        }
        'e' | 'E' => signed(value, value.exponential(kind, precision.unwrap_or(6))),
        'g' | 'G' => signed(value, value.general(kind, precision.unwrap_or(15))),
        _ => return Err(bad(format!("`{specifier}` is no number format"))),
    })
}

/// A number as its decimal digits: what formats round and group.
struct Decimal {
    negative: bool,
    /// Before the point, without leading zeros but for a single one.
    whole: String,
    fraction: String,
}

impl Decimal {
    fn of_integer(value: i64) -> Self {
        Self { negative: value < 0, whole: value.unsigned_abs().to_string(), fraction: String::new() }
    }

    fn of_float(value: f64) -> Self {
        let text = value.abs().to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        Self { negative: value < 0.0, whole: whole.to_owned(), fraction: fraction.to_owned() }
    }

    /// Zero has no sign.
    fn is_negative(&self) -> bool {
        let digits = self.whole.bytes().chain(self.fraction.bytes());
        self.negative && digits.into_iter().any(|digit| digit != b'0')
    }

    /// With so many places behind the point, halves away from zero.
    fn rounded(&self, places: usize) -> Self {
        let mut digits: Vec<u8> = self.whole.bytes().chain(self.fraction.bytes()).collect();
        let keep = self.whole.len() + places;
        let up = digits.get(keep).is_some_and(|next| *next >= b'5');
        digits.resize(keep, b'0');
        let mut carry = up;
        for digit in digits.iter_mut().rev().take_while(|_| up) {
            if !carry {
                break;
            }
            carry = *digit == b'9';
            *digit = if carry { b'0' } else { *digit + 1 };
        }
        if carry {
            digits.insert(0, b'1');
        }
        let point = digits.len() - places;
        let text = |part: &[u8]| part.iter().map(|digit| char::from(*digit)).collect();
        Self { negative: self.negative, whole: text(&digits[..point]), fraction: text(&digits[point..]) }
    }

    fn times_hundred(&self) -> Self {
        let mut fraction = self.fraction.clone();
        while fraction.len() < 2 {
            fraction.push('0');
        }
        let whole = format!("{}{}", self.whole, &fraction[..2]);
        let trimmed = whole.trim_start_matches('0');
        let whole = if trimmed.is_empty() { "0" } else { trimmed }.to_owned();
        Self { negative: self.negative, whole, fraction: fraction[2..].to_owned() }
    }

    fn text(&self, groups: bool) -> String {
        let whole = if groups { grouped(&self.whole) } else { self.whole.clone() };
        if self.fraction.is_empty() { whole } else { format!("{whole}.{}", self.fraction) }
    }

    /// The digits without zeros around them, and the power of ten of the first.
    fn scientific(&self) -> (String, i64) {
        let all = format!("{}{}", self.whole, self.fraction);
        let Some(first) = all.find(|digit| digit != '0') else { return ("0".to_owned(), 0) };
        let power = i64::try_from(self.whole.len()).unwrap_or(0) - i64::try_from(first).unwrap_or(0) - 1;
        (all[first..].trim_end_matches('0').to_owned(), power)
    }

    fn exponential(&self, letter: char, places: usize) -> String {
        let (digits, power) = self.scientific();
        let one = Self { negative: false, whole: digits[..1].to_owned(), fraction: digits[1..].to_owned() };
        let mut one = one.rounded(places);
        let mut power = power;
        if one.whole.len() > 1 {
            power += 1;
            one = Self { negative: false, whole: "1".to_owned(), fraction: "0".repeat(places) };
        }
        let sign = if power < 0 { '-' } else { '+' };
        format!("{}{letter}{sign}{:03}", one.text(false), power.unsigned_abs())
    }

    /// So many digits in all; with an exponent where that is shorter.
    fn general(&self, letter: char, digits: usize) -> String {
        let digits = digits.max(1);
        let (all, power) = self.scientific();
        if power >= i64::try_from(digits).unwrap_or(i64::MAX) || power < -5 {
            let mantissa =
                Self { negative: false, whole: all[..1].to_owned(), fraction: all[1..].to_owned() };
            let mantissa = mantissa.rounded(digits - 1);
            let text = mantissa.text(false);
            let text =
                if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
            let (letter, sign) = (if letter == 'g' { 'e' } else { 'E' }, if power < 0 { '-' } else { '+' });
            return format!("{text}{letter}{sign}{:02}", power.unsigned_abs());
        }
        let places = i64::try_from(digits).unwrap_or(i64::MAX) - power - 1;
        let text = self.rounded(usize::try_from(places).unwrap_or(0)).text(false);
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    }
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
