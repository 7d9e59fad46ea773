//! Lists taken as sets: `distinct`, and the lists that `union` and `intersection` take.
//!
//! Equal elements have one text, so that two long lists take no square time.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::template::language::value::Value;

/// Each element once, where it comes first.
pub(super) fn distinct<'v>(items: impl IntoIterator<Item = &'v Value>) -> Vec<Value> {
    let mut known = BTreeSet::new();
    items.into_iter().filter(|item| known.insert(text_of(item))).cloned().collect()
}

/// The elements of the first list that every other one has, each once.
pub(super) fn common(first: &[Value], others: &[&[Value]]) -> Vec<Value> {
    let mut kept = distinct(first);
    for other in others {
        let known: BTreeSet<String> = other.iter().map(text_of).collect();
        kept.retain(|item| known.contains(&text_of(item)));
    }
    kept
}

/// A text that equal values share and others do not: the order and the case of names do not count, nor does it whether a
/// whole number was computed as a float.
fn text_of(value: &Value) -> String {
    let mut text = String::new();
    push(&mut text, value);
    text
}

fn push(text: &mut String, value: &Value) {
    #[expect(clippy::cast_precision_loss, reason = "an int equals the float that it becomes")]
    match value {
        Value::Null => text.push('n'),
        Value::Bool(value) => text.push_str(if *value { "t" } else { "f" }),
        Value::Int(value) if value.unsigned_abs() < 1 << 53 => push_float(text, *value as f64),
        Value::Int(value) => push_part(text, 'i', &value.to_string()),
        Value::Float(value) => push_float(text, *value),
        Value::String(value) => push_part(text, 's', value),
        Value::Array(array) => {
            text.push('[');
            array.items.iter().for_each(|item| push(text, item));
            text.push(']');
        }
        Value::Object(object) => {
            let mut members: Vec<_> =
                object.entries.iter().map(|(key, value)| (key.to_lowercase(), value)).collect();
            members.sort_by(|left, right| left.0.cmp(&right.0));
            text.push('{');
            for (key, value) in members {
                push_part(text, 'k', &key);
                push(text, value);
            }
            text.push('}');
        }
        Value::Deferred(rest) => push_part(text, 'd', &rest.expression.to_string()),
    }
}

fn push_float(text: &mut String, value: f64) {
    write!(text, "#{value};").expect("writing to a string cannot fail");
}

/// With its length, so that no text can look like two.
fn push_part(text: &mut String, tag: char, part: &str) {
    write!(text, "{tag}{}:{part}", part.len()).expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Node;

    fn value(text: &str) -> Value {
        Value::from_node(&Node::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn values_share_a_text_when_they_are_equal() {
        let values = [
            "null",
            "true",
            "1",
            "1.0",
            "2",
            "9007199254740993",
            "9007199254740992",
            "\"1\"",
            "\"a\"",
            "\"A\"",
            "[]",
            "[[]]",
            "[1]",
            "[\"1\"]",
            "{}",
            "{\"a\": 1, \"b\": 2}",
            "{\"B\": 2, \"A\": 1}",
            "{\"a\": 1}",
            "[\"a\", \"b\"]",
            "[\"as1:b\"]",
        ];
        for left in values {
            for right in values {
                let (one, other) = (value(left), value(right));
                assert_eq!(text_of(&one) == text_of(&other), one == other, "{left} and {right}");
            }
        }
    }
}
