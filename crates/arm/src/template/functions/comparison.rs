//! Equality and order.

use std::cmp::Ordering;

use super::{Function, bad, deep};
use crate::template::fault::Outcome;
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    deep("equals", 2, 2, |values| Ok(Value::Bool(values[0] == values[1]))),
    deep("greater", 2, 2, |values| ordered(values, Ordering::is_gt)),
    deep("greaterOrEquals", 2, 2, |values| ordered(values, Ordering::is_ge)),
    deep("less", 2, 2, |values| ordered(values, Ordering::is_lt)),
    deep("lessOrEquals", 2, 2, |values| ordered(values, Ordering::is_le)),
];

fn ordered(values: &[Value], test: fn(Ordering) -> bool) -> Outcome {
    #[expect(clippy::cast_precision_loss, reason = "a comparison with a float is one of floats")]
    let order = match (&values[0], &values[1]) {
        (Value::Int(left), Value::Int(right)) => left.cmp(right),
        (Value::Float(left), Value::Float(right)) => left.total_cmp(right),
        (Value::Int(left), Value::Float(right)) => (*left as f64).total_cmp(right),
        (Value::Float(left), Value::Int(right)) => left.total_cmp(&(*right as f64)),
        (Value::String(left), Value::String(right)) => collate(left, right),
        (left, right) => {
            let message = format!("{} and {} have no order", left.kind_name(), right.kind_name());
            return Err(bad(message));
        }
    };
    Ok(Value::Bool(test(order)))
}

/// The order of .NET's invariant culture, as far as names need it: punctuation, digits, letters; case only
/// decides between words that are otherwise equal, and then the small letter comes first.
pub(crate) fn collate(left: &str, right: &str) -> Ordering {
    let primary = |text: &str| -> Vec<(u8, char)> {
        text.chars()
            .flat_map(char::to_lowercase)
            .map(|character| {
                let class = match character {
                    character if character.is_alphabetic() => 2,
                    character if character.is_numeric() => 1,
                    _ => 0,
                };
                (class, character)
            })
            .collect()
    };
    let case = |text: &str| -> Vec<bool> { text.chars().map(char::is_uppercase).collect() };
    primary(left)
        .cmp(&primary(right))
        .then_with(|| case(left).cmp(&case(right)))
        .then_with(|| left.cmp(right))
}
