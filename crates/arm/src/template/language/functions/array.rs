//! Arrays, and what works on strings and objects alike.

use super::{Function, bad, deep, shallow, want_array, want_int};
use crate::template::language::expression::Expression;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::value::{Value, eq_ignore_case};

pub(super) const FUNCTIONS: &[Function] = &[
    shallow("array", 1, 1, |values| match &values[0] {
        Value::Array(_) => Ok(values[0].clone()),
        other => Value::array(vec![other.clone()]),
    }),
    shallow("concat", 0, super::MANY, concat),
    deep("contains", 2, 2, contains),
    shallow("createArray", 0, super::MANY, |values| Value::array(values.to_vec())),
    deep("distinct", 1, 1, |values| Value::array(super::sets::distinct(want_array(values, 0)?))),
    shallow("empty", 1, 1, empty),
    shallow("first", 1, 1, |values| end(values, false)),
    shallow("flatten", 1, 1, flatten),
    shallow("indexFromEnd", 2, 2, |values| {
        from_end(values)?.ok_or_else(|| Fault::new("index-range", "the index is outside of the array"))
    }),
    deep("indexOf", 2, 2, |values| index_of(values, false)),
    shallow("last", 1, 1, |values| end(values, true)),
    deep("lastIndexOf", 2, 2, |values| index_of(values, true)),
    shallow("length", 1, 1, length),
    shallow("range", 2, 2, range),
    shallow("skip", 2, 2, |values| part(values, false)),
    shallow("take", 2, 2, |values| part(values, true)),
    shallow("tryIndexFromEnd", 2, 2, |values| match &values[0] {
        Value::Null => Ok(Value::Null),
        Value::Array(_) => Ok(from_end(values).ok().flatten().unwrap_or(Value::Null)),
        _ => Err(super::mistyped(values, 0, "an array")),
    }),
];

/// Strings are joined (bools and numbers become text), arrays appended.
fn concat(values: &[Value]) -> Outcome {
    if values.first().is_some_and(|value| matches!(value, Value::Array(_))) {
        let mut all = Vec::new();
        for index in 0..values.len() {
            all.extend_from_slice(want_array(values, index)?);
        }
        return Value::array(all);
    }
    let mut text = String::new();
    for (index, value) in values.iter().enumerate() {
        match value {
            Value::Array(_) | Value::Object(_) => return Err(super::mistyped(values, index, "a string")),
            value => super::string::push_text(&mut text, value),
        }
        super::string::check_length(text.len())?;
    }
    Ok(Value::string(text))
}

fn contains(values: &[Value]) -> Outcome {
    let found = match (&values[0], &values[1]) {
        (Value::String(text), Value::String(part)) => text.contains(&**part),
        (Value::String(text), item @ Value::Int(_)) => {
            let mut part = String::new();
            super::string::push_text(&mut part, item);
            text.contains(&part)
        }
        (Value::Array(array), item) => array.items.contains(item),
        (Value::Object(object), Value::String(key)) => {
            object.entries.iter().any(|(name, _)| eq_ignore_case(name, key))
        }
        (Value::Object(object), Value::Int(key)) => object.get(&key.to_string()).is_some(),
        (container, item) => {
            let message = format!("{} cannot contain {}", container.kind_name(), item.kind_name());
            return Err(bad(message));
        }
    };
    Ok(Value::Bool(found))
}

fn empty(values: &[Value]) -> Outcome {
    Ok(Value::Bool(match &values[0] {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(array) => array.items.is_empty(),
        Value::Object(object) => object.entries.is_empty(),
        _ => return Err(super::mistyped(values, 0, "a string, an array or an object")),
    }))
}

fn end(values: &[Value], last: bool) -> Outcome {
    match &values[0] {
        Value::String(text) => {
            let character = if last { text.chars().next_back() } else { text.chars().next() };
            Ok(Value::string(character.map(String::from).unwrap_or_default()))
        }
        Value::Array(array) => {
            let item = if last { array.items.last() } else { array.items.first() };
            Ok(item.cloned().unwrap_or(Value::Null))
        }
        Value::Null => Ok(Value::Null),
        _ => Err(super::mistyped(values, 0, "a string or an array")),
    }
}

fn flatten(values: &[Value]) -> Outcome {
    let mut all = Vec::new();
    for item in want_array(values, 0)? {
        match item {
            Value::Array(array) => all.extend_from_slice(&array.items),
            // how many elements it has is unknown, so the whole waits
            Value::Deferred(_) => {
                return Value::deferred(Expression::call(
                    "flatten",
                    vec![Expression::Value(values[0].clone())],
                ));
            }
            other => {
                return Err(bad(format!("every element must be an array, one is {}", other.kind_name())));
            }
        }
    }
    Value::array(all)
}

fn from_end(values: &[Value]) -> Outcome<Option<Value>> {
    let items = want_array(values, 0)?;
    Ok(back(items, want_int(values, 1)?))
}

/// The element that stands `back` from the end; 1 is the last.
pub(super) fn back(items: &[Value], back: i64) -> Option<Value> {
    let back = usize::try_from(back).ok().filter(|back| *back > 0)?;
    items.get(items.len().checked_sub(back)?).cloned()
}

/// In arrays typed and by case, in strings without case.
fn index_of(values: &[Value], last: bool) -> Outcome {
    let position = match (&values[0], &values[1]) {
        (Value::Array(array), item) => {
            if last {
                array.items.iter().rposition(|other| other == item)
            } else {
                array.items.iter().position(|other| other == item)
            }
        }
        (Value::String(text), Value::String(part)) => {
            let (text, part) = (fold_characters(text), fold_characters(part));
            let at = if last { text.rfind(&part) } else { text.find(&part) };
            at.map(|at| super::units::count(&text[..at]))
        }
        (Value::String(_), _) => return Err(super::mistyped(values, 1, "a string")),
        _ => return Err(super::mistyped(values, 0, "a string or an array")),
    };
    Ok(Value::Int(position.and_then(|position| i64::try_from(position).ok()).unwrap_or(-1)))
}

/// Small letters, one character for one, so that positions stay.
pub(super) fn fold_characters(text: &str) -> String {
    text.chars().map(|character| character.to_lowercase().next().unwrap_or(character)).collect()
}

fn length(values: &[Value]) -> Outcome {
    let length = match &values[0] {
        Value::String(text) => super::units::count(text),
        Value::Array(array) => array.items.len(),
        Value::Object(object) => object.entries.len(),
        _ => return Err(super::mistyped(values, 0, "a string, an array or an object")),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// The documented limits: count up to 10,000, start plus count up to 2,147,483,647.
fn range(values: &[Value]) -> Outcome {
    let (start, count) = (want_int(values, 0)?, want_int(values, 1)?);
    if !(0..=10_000).contains(&count) {
        return Err(bad(format!("the count must be 0 to 10000, is {count}")));
    }
    match start.checked_add(count) {
        Some(end) if end <= i64::from(i32::MAX) => Value::array((start..end).map(Value::Int).collect()),
        _ => Err(bad("start and count exceed 2147483647")),
    }
}

fn part(values: &[Value], front: bool) -> Outcome {
    let count = want_int(values, 1)?;
    let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    match &values[0] {
        Value::String(text) => {
            let (taken, rest) = super::units::split(text, count);
            Ok(Value::string(if front { &*taken } else { &*rest }))
        }
        Value::Array(array) => {
            let at = count.min(array.items.len());
            Value::array(if front { &array.items[..at] } else { &array.items[at..] }.to_vec())
        }
        _ => Err(super::mistyped(values, 0, "a string or an array")),
    }
}
