//! Text: composing, cutting, encoding.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Function, bad, deep, scoped, want_array, want_int, want_string};
use crate::template::language::evaluate::Env;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::unique;
use crate::template::language::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    deep("base64", 1, 1, |values| Ok(Value::string(STANDARD.encode(want_string(values, 0)?)))),
    deep("base64ToJson", 1, 1, |values| {
        super::object::json(&[Value::string(decode(want_string(values, 0)?)?)])
    }),
    deep("base64ToString", 1, 1, |values| Ok(Value::string(decode(want_string(values, 0)?)?))),
    deep("buildUri", 1, 1, super::super::uri::build),
    deep("dataUri", 1, 1, |values| {
        let encoded = STANDARD.encode(want_string(values, 0)?);
        Ok(Value::string(format!("data:text/plain;charset=utf-8;base64,{encoded}")))
    }),
    deep("dataUriToString", 1, 1, data_uri_to_string),
    deep("endsWith", 2, 2, |values| edge(values, |text, part| text.ends_with(part))),
    deep("format", 1, super::MANY, super::super::format::format),
    deep("guid", 1, super::MANY, |values| Ok(Value::string(unique::guid(&joined(values)?)))),
    deep("join", 2, 2, join),
    deep("like", 2, 2, |values| Ok(Value::Bool(is_like(&folded(values, 0)?, &folded(values, 1)?)))),
    scoped("newGuid", 0, 0, new_guid),
    deep("padLeft", 2, 3, pad_left),
    deep("parseUri", 1, 1, super::super::uri::parse),
    deep("replace", 3, 3, replace),
    deep("split", 2, 2, split),
    deep("startsWith", 2, 2, |values| edge(values, |text, part| text.starts_with(part))),
    deep("string", 1, 1, |values| {
        let mut text = String::new();
        push_text(&mut text, &values[0]);
        Ok(Value::string(text))
    }),
    deep("substring", 1, 3, substring),
    deep("toLower", 1, 1, |values| Ok(Value::string(super::array::fold_characters(want_string(values, 0)?)))),
    deep("toUpper", 1, 1, |values| Ok(Value::string(upper(want_string(values, 0)?)))),
    deep("trim", 1, 1, |values| Ok(Value::string(want_string(values, 0)?.trim()))),
    deep("uniqueString", 1, super::MANY, |values| Ok(Value::string(unique::unique_string(&joined(values)?)))),
    deep("uri", 2, 2, |values| {
        Ok(Value::string(super::super::uri::combine(want_string(values, 0)?, want_string(values, 1)?)))
    }),
    deep("uriComponent", 1, 1, |values| {
        Ok(Value::string(super::super::uri::escape(want_string(values, 0)?)))
    }),
    deep("uriComponentToString", 1, 1, |values| {
        Ok(Value::string(super::super::uri::unescape(want_string(values, 0)?)))
    }),
];

/// No string may become longer.
const LENGTH_MAX: usize = 8 << 20;

pub(crate) fn check_length(length: usize) -> Outcome<()> {
    if length > LENGTH_MAX {
        return Err(Fault::new("limit", format!("a string grows beyond {} MiB", LENGTH_MAX >> 20)));
    }
    Ok(())
}

/// What `string()` and `concat` make of a value.
pub(crate) fn push_text(text: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(true) => text.push_str("True"),
        Value::Bool(false) => text.push_str("False"),
        Value::String(other) => text.push_str(other),
        Value::Float(value) => text.push_str(&shortest(*value)),
        other => push_json(text, other, '"'),
    }
}

/// Compact JSON; `format` quotes with single quotes.
pub(crate) fn push_json(text: &mut String, value: &Value, quote: char) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => write!(text, "{value}").expect("writing to a string cannot fail"),
        Value::Int(value) => write!(text, "{value}").expect("writing to a string cannot fail"),
        Value::Float(value) => text.push_str(&float_text(*value)),
        Value::String(value) => push_quoted(text, value, quote),
        Value::Array(array) => {
            text.push('[');
            for (index, item) in array.items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                push_json(text, item, quote);
            }
            text.push(']');
        }
        Value::Object(object) => {
            text.push('{');
            for (index, (key, value)) in object.entries.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                push_quoted(text, key, quote);
                text.push(':');
                push_json(text, value, quote);
            }
            text.push('}');
        }
        Value::Deferred(rest) => push_quoted(text, &rest.expression.to_text(), quote),
    }
}

/// A float as JSON: with a point or an exponent, so that it stays one.
pub(crate) fn float_text(value: f64) -> String {
    let text = shortest(value);
    if text.contains(['.', 'E', 'n', 'i']) { text } else { format!("{text}.0") }
}

/// A float in as few digits as tell it, as .NET writes it: with an exponent from 1E+15 on, and below 1E-05.
pub(crate) fn shortest(value: f64) -> String {
    let text = format!("{value:e}");
    let power = text.split_once('e').and_then(|(digits, power)| Some((digits, power.parse::<i32>().ok()?)));
    match power {
        Some((digits, power)) if power >= 15 => format!("{digits}E+{power:02}"),
        Some((digits, power)) if power < -4 => format!("{digits}E-{:02}", -power),
        _ => value.to_string(),
    }
}

fn push_quoted(text: &mut String, value: &str, quote: char) {
    text.push(quote);
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            character if character == quote => {
                text.push('\\');
                text.push(quote);
            }
            character if character < ' ' || matches!(character, '\u{85}' | '\u{2028}' | '\u{2029}') => {
                write!(text, "\\u{:04x}", u32::from(character)).expect("writing to a string cannot fail");
            }
            character => text.push(character),
        }
    }
    text.push(quote);
}

/// White space between the letters is passed over.
fn decode(text: &str) -> Outcome<String> {
    let letters: String = text.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(letters).map_err(|_error| bad("the value is not base64"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn data_uri_to_string(values: &[Value]) -> Outcome {
    let text = want_string(values, 0)?;
    let rest = text.strip_prefix("data:").ok_or_else(|| bad("a data URI begins with `data:`"))?;
    let (head, data) = rest.split_once(',').ok_or_else(|| bad("a data URI has a comma before the data"))?;
    if head.ends_with(";base64") {
        return Ok(Value::string(decode(data)?));
    }
    Ok(Value::string(super::super::uri::unescape(data)))
}

fn edge(values: &[Value], test: fn(&str, &str) -> bool) -> Outcome {
    let folded = |index: usize| Outcome::Ok(super::array::fold_characters(want_string(values, index)?));
    Ok(Value::Bool(test(&folded(0)?, &folded(1)?)))
}

/// The arguments of the hashes, which take text only.
fn joined(values: &[Value]) -> Outcome<String> {
    let parts: Vec<&str> =
        (0..values.len()).map(|index| want_string(values, index)).collect::<Outcome<_>>()?;
    Ok(parts.join("-"))
}

fn join(values: &[Value]) -> Outcome {
    let (items, delimiter) = (want_array(values, 0)?, want_string(values, 1)?);
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(delimiter);
        }
        push_text(&mut text, item);
        check_length(text.len())?;
    }
    Ok(Value::string(text))
}

fn folded(values: &[Value], index: usize) -> Outcome<String> {
    want_string(values, index).map(super::array::fold_characters)
}

/// Whether a pattern with `*` for anything fits the whole text. Each part is taken where it comes first, which leaves the
/// most for the others; only the last one must stand at the end.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

/// Capital letters, one for one, as .NET's invariant culture has them: `ß` stays.
pub(crate) fn upper(text: &str) -> String {
    let one = |letter: char| {
        let mut upper = letter.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(upper), None) => upper,
            _ => letter,
        }
    };
    text.chars().map(one).collect()
}

fn new_guid(env: &Env<'_>, _: &[Value]) -> Outcome {
    let around = super::scope::around(env)?;
    super::date::only_in_default(env, "newGuid")?;
    Ok(Value::string(around.new_guid()))
}

fn pad_left(values: &[Value]) -> Outcome {
    let text = match &values[0] {
        Value::String(text) => text.to_string(),
        Value::Int(value) => value.to_string(),
        _ => return Err(super::mistyped(values, 0, "a string or an int")),
    };
    let total = want_int(values, 1)?;
    let total = usize::try_from(total).map_err(|_error| bad("the length must not be negative"))?;
    check_length(total)?;
    let pad = if values.len() > 2 { want_string(values, 2)? } else { " " };
    let mut pad = pad.chars();
    let (Some(pad), None) = (pad.next(), pad.next()) else {
        return Err(bad("argument 3 must be one character"));
    };
    let missing = total.saturating_sub(super::units::count(&text));
    Ok(Value::string(std::iter::repeat_n(pad, missing).chain(text.chars()).collect::<String>()))
}

fn replace(values: &[Value]) -> Outcome {
    let (text, from, to) = (want_string(values, 0)?, want_string(values, 1)?, want_string(values, 2)?);
    if from.is_empty() {
        return Err(bad("the text to replace must not be empty"));
    }
    check_length(text.len().saturating_add(text.matches(from).count().saturating_mul(to.len())))?;
    Ok(Value::string(text.replace(from, to)))
}

fn split(values: &[Value]) -> Outcome {
    let text = want_string(values, 0)?;
    let delimiters: Vec<&str> = match &values[1] {
        Value::String(delimiter) => vec![delimiter],
        Value::Array(array) => {
            (0..array.items.len()).map(|index| want_string(&array.items, index)).collect::<Outcome<_>>()?
        }
        _ => return Err(super::mistyped(values, 1, "a string or an array of strings")),
    };
    let delimiters: Vec<&str> = delimiters.into_iter().filter(|delimiter| !delimiter.is_empty()).collect();
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < text.len() {
        match delimiters.iter().find(|delimiter| text[at..].starts_with(**delimiter)) {
            Some(delimiter) => {
                parts.push(Value::string(&text[start..at]));
                at += delimiter.len();
                start = at;
            }
            None => at += text[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    parts.push(Value::string(&text[start..]));
    Value::array(parts)
}

fn substring(values: &[Value]) -> Outcome {
    let text = want_string(values, 0)?;
    let start = if values.len() > 1 { want_int(values, 1)? } else { 0 };
    let count = i64::try_from(super::units::count(text)).unwrap_or(i64::MAX);
    if start < 0 || start > count {
        return Err(bad(format!("start {start} is outside of the string of {count} characters")));
    }
    let length = if values.len() > 2 { want_int(values, 2)? } else { count - start };
    if length < 0 || length > count - start {
        return Err(bad(format!("{length} characters from {start} exceed the string of {count} characters")));
    }
    let (start, length) = (usize::try_from(start).unwrap_or(0), usize::try_from(length).unwrap_or(0));
    let (_, rest) = super::units::split(text, start);
    Ok(Value::string(super::units::split(&rest, length).0.into_owned()))
}
