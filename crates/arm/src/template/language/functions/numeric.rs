//! Arithmetic on 64-bit integers.

use super::{Function, bad, deep, special, want_int};
use crate::template::language::evaluate::{Env, Turn};
use crate::template::language::expression::Expression;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    deep("add", 2, 2, |values| arithmetic(values, i64::checked_add)),
    special("copyIndex", 0, 2, |env, _, arguments, _| copy_index(env, arguments)),
    deep("div", 2, 2, |values| divided(values, i64::checked_div)),
    deep("float", 1, 1, float),
    deep("int", 1, 1, int),
    deep("max", 1, super::MANY, |values| extreme(values, |best, next| next > best)),
    deep("min", 1, super::MANY, |values| extreme(values, |best, next| next < best)),
    deep("mod", 2, 2, |values| divided(values, i64::checked_rem)),
    deep("mul", 2, 2, |values| arithmetic(values, i64::checked_mul)),
    deep("sub", 2, 2, |values| arithmetic(values, i64::checked_sub)),
];

fn arithmetic(values: &[Value], compute: fn(i64, i64) -> Option<i64>) -> Outcome {
    let (left, right) = (want_int(values, 0)?, want_int(values, 1)?);
    compute(left, right).map(Value::Int).ok_or_else(|| bad("the result does not fit into 64 bits"))
}

fn divided(values: &[Value], compute: fn(i64, i64) -> Option<i64>) -> Outcome {
    if want_int(values, 1)? == 0 {
        return Err(bad("division by zero"));
    }
    arithmetic(values, compute)
}

fn int(values: &[Value]) -> Outcome {
    match &values[0] {
        Value::Int(value) => Ok(Value::Int(*value)),
        #[expect(clippy::cast_possible_truncation, reason = "truncating is what the function is for")]
        Value::Float(value) if value.abs() < 9e18 => Ok(Value::Int(*value as i64)),
        Value::String(text) => {
            text.trim().parse().map(Value::Int).map_err(|_error| bad(format!("`{text}` is no int")))
        }
        other => Err(bad(format!("{} cannot become an int", other.kind_name()))),
    }
}

fn float(values: &[Value]) -> Outcome {
    match &values[0] {
        #[expect(clippy::cast_precision_loss, reason = "a float is asked for")]
        Value::Int(value) => Ok(Value::Float(*value as f64)),
        Value::Float(value) => Ok(Value::Float(*value)),
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Value::Float(value)),
            _ => Err(bad(format!("`{text}` is no number"))),
        },
        other => Err(bad(format!("{} cannot become a float", other.kind_name()))),
    }
}

fn extreme(values: &[Value], better: fn(i64, i64) -> bool) -> Outcome {
    let mut best: Option<i64> = None;
    for (index, value) in values.iter().enumerate() {
        let several = value.as_array().unwrap_or(&values[index..=index]);
        for place in 0..several.len() {
            let next = want_int(several, place)?;
            if best.is_none_or(|best| better(best, next)) {
                best = Some(next);
            }
        }
    }
    best.map(Value::Int).ok_or_else(|| bad("there is no value to choose from"))
}

/// `copyIndex([offset])` or `copyIndex('loop'[, offset])`.
fn copy_index(env: &Env<'_>, arguments: &[Expression]) -> Outcome {
    let values = env.evaluate_all(arguments)?;
    let (name, offset) = match values.as_slice() {
        [] => (None, 0),
        [Value::Int(offset)] => (None, *offset),
        [Value::String(name)] => (Some(&**name), 0),
        [Value::String(name), Value::Int(offset)] => (Some(&**name), *offset),
        _ => return Err(bad("`copyIndex` takes an offset, or the name of a loop and an offset")),
    };
    let mut turn = env.turn;
    while let Some(at) = turn {
        let meant = match name {
            Some(name) => at.name.eq_ignore_ascii_case(name),
            None => at.anonymous,
        };
        if meant {
            return at
                .index
                .checked_add(offset)
                .map(Value::Int)
                .ok_or_else(|| bad("the offset is too large"));
        }
        turn = at.outer;
    }
    let loops: Vec<&str> =
        std::iter::successors(env.turn, |turn: &&Turn<'_>| turn.outer).map(|turn| turn.name).collect();
    Err(match name {
        Some(name) => {
            let hint = crate::template::diagnostic::did_you_mean(name, loops);
            Fault::new("copy-index", format!("there is no loop `{name}` around")).hint(hint)
        }
        None if loops.is_empty() => Fault::new("copy-index", "`copyIndex` stands outside of any copy loop"),
        None => Fault::new("copy-index", "`copyIndex` needs the name of the loop in a property's loop")
            .hint(Some(format!("write `copyIndex('{}')`", loops[0]))),
    })
}
