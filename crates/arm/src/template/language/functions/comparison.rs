//! Equality and order.

use std::cmp::Ordering;

use super::{Function, bad, deep};
use crate::template::language::fault::Outcome;
use crate::template::language::value::Value;

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

/// Signs in the order of the root collation, which is not that of their codes.
const SIGNS: &str = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// The order of .NET's invariant culture, as far as names need it: spaces, signs, digits, letters; case only
/// decides between words that are otherwise equal, and then the small letter comes first.
pub(crate) fn collate(left: &str, right: &str) -> Ordering {
    let primary = |text: &str| -> Vec<(u8, char)> {
        let weight = |character: char| match character {
            character if character.is_alphabetic() => (4, character),
            character if character.is_numeric() => (3, character),
            character if character.is_whitespace() => (0, character),
            character => match SIGNS.find(character).map(|at| u8::try_from(at).unwrap_or(u8::MAX)) {
                Some(at) => (1, char::from(at)),
                None => (2, character),
            },
        };
        text.chars().flat_map(char::to_lowercase).map(weight).collect()
    };
    let case = |text: &str| -> Vec<bool> { text.chars().map(char::is_uppercase).collect() };
    primary(left)
        .cmp(&primary(right))
        .then_with(|| case(left).cmp(&case(right)))
        .then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_the_order_of_a_dictionary() {
        let sorted = [
            "", " a", "_a", "-a", ".a", "$a", "1", "12", "2", "a", "A", "a b", "a_b", "a-b", "a1", "aa",
            "Ab", "ab2", "B", "é",
        ];
        for pair in sorted.windows(2) {
            assert_eq!(collate(pair[0], pair[1]), Ordering::Less, "{} before {}", pair[0], pair[1]);
        }
    }
}
