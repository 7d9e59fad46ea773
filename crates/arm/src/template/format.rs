//! `format`: .NET's composite format strings, as far as templates use them.

use super::fault::Outcome;
use super::functions::{bad, string, want_string};
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
            .ok_or_else(|| bad("a brace in the format stands alone"))?;
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
        index.trim().parse().map_err(|_error| bad(format!("`{{{hole}}}` names no argument")))?;
    let value = values
        .get(index)
        .ok_or_else(|| bad(format!("the format wants argument {index}, there are {}", values.len())))?;
    let text = match value {
        Value::Int(value) => integer(*value, specifier)?,
        Value::Float(value) => float(*value, specifier),
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
    let width: i64 =
        alignment.trim().parse().map_err(|_error| bad(format!("`{alignment}` is no alignment")))?;
    let size = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
    string::check_length(size)?;
    Ok(if width < 0 { format!("{text:<size$}") } else { format!("{text:>size$}") })
}

fn integer(value: i64, specifier: &str) -> Outcome<String> {
    let mut characters = specifier.chars();
    let Some(kind) = characters.next() else { return Ok(value.to_string()) };
    let digits = characters.as_str();
    if !kind.is_ascii_alphabetic() || !digits.chars().all(|digit| digit.is_ascii_digit()) {
        return Ok(custom(value, specifier));
    }
    let precision: Option<usize> = digits.parse().ok().filter(|_| !digits.is_empty());
    if precision.is_some_and(|precision| precision > 99) {
        return Err(bad(format!("`{specifier}` is no number format")));
    }
    let sign = if value < 0 { "-" } else { "" };
    let plain = value.unsigned_abs().to_string();
    let fraction = |default: usize| match precision.unwrap_or(default) {
        0 => String::new(),
        places => format!(".{}", "0".repeat(places)),
    };
    Ok(match kind {
        'd' | 'D' => format!("{sign}{plain:0>width$}", width = precision.unwrap_or(0)),
        'n' | 'N' => format!("{sign}{}{}", grouped(&plain), fraction(2)),
        'f' | 'F' => format!("{sign}{plain}{}", fraction(2)),
        'x' => format!("{value:0width$x}", width = precision.unwrap_or(0)),
        'X' => format!("{value:0width$X}", width = precision.unwrap_or(0)),
        'g' | 'G' => value.to_string(),
        'p' | 'P' => {
            let hundredfold = (i128::from(value) * 100).unsigned_abs().to_string();
            format!("{sign}{}{} %", grouped(&hundredfold), fraction(2))
        }
        _ => return Err(bad(format!("`{specifier}` is no number format"))),
    })
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

/// Patterns like `000` and `#,##0`: zeros are places that are always filled.
fn custom(value: i64, pattern: &str) -> String {
    let first = pattern.find(['0', '#']).unwrap_or(pattern.len());
    let last = pattern.rfind(['0', '#']).map_or(first, |at| at + 1);
    let places = pattern[first..last].chars().filter(|place| *place == '0').count();
    let plain = value.unsigned_abs().to_string();
    let filled = format!("{plain:0>places$}");
    let number = if pattern[first..last].contains(',') { grouped(&filled) } else { filled };
    format!("{}{}{number}{}", if value < 0 { "-" } else { "" }, &pattern[..first], &pattern[last..])
}

fn float(value: f64, specifier: &str) -> String {
    let places =
        |default: usize| specifier.get(1..).and_then(|digits| digits.parse().ok()).unwrap_or(default);
    match specifier.chars().next() {
        Some('f' | 'F') => format!("{value:.*}", places(2).min(99)),
        Some('n' | 'N') => {
            let text = format!("{:.*}", places(2).min(99), value.abs());
            let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
            format!("{}{}{fraction}", if value < 0.0 { "-" } else { "" }, grouped(whole))
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        let cases = [
            ("{0:D3}", 7, "007"),
            ("{0:000}", 7, "007"),
            ("{0:N0}", -8_175_133, "-8,175,133"),
            ("{0:N}", 1234, "1,234.00"),
            ("{0:X4}", 255, "00FF"),
            ("[{0,4}|{0,-4}]", 12, "[  12|12  ]"),
            ("{{{0}}}", 1, "{1}"),
            ("{0:#,##0}", 1234, "1,234"),
        ];
        for (pattern, value, expected) in cases {
            let result = format(&[Value::string(pattern), Value::Int(value)]).unwrap();
            assert_eq!(result.as_str(), Some(expected), "{pattern}");
        }
        for pattern in ["{1}", "{", "}", "{x}", "{0:Q}"] {
            assert!(format(&[Value::string(pattern), Value::Int(1)]).is_err(), "{pattern}");
        }
    }
}
