//! `and`, `or`, `if` and their kin. All stop as soon as the answer is known.

use std::ops::Range;

use super::{Function, bad, deep, shallow, special};
use crate::template::language::evaluate::Env;
use crate::template::language::expression::Expression;
use crate::template::language::fault::Outcome;
use crate::template::language::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    special("and", 2, super::MANY, junction),
    shallow("bool", 1, 1, to_bool),
    special("coalesce", 1, super::MANY, coalesce),
    deep("false", 0, 0, |_| Ok(Value::Bool(false))),
    special("if", 3, 3, choose),
    shallow("not", 1, 1, |values| Ok(Value::Bool(!super::want_bool(values, 0)?))),
    deep("null", 0, 0, |_| Ok(Value::Null)),
    special("or", 2, super::MANY, junction),
    deep("true", 0, 0, |_| Ok(Value::Bool(true))),
];

fn to_bool(values: &[Value]) -> Outcome {
    match &values[0] {
        Value::Bool(value) => Ok(Value::Bool(*value)),
        Value::Int(value) => Ok(Value::Bool(*value != 0)),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => Err(bad(format!("`{text}` is no bool"))),
        },
        other => Err(bad(format!("{} cannot become a bool", other.kind_name()))),
    }
}

/// Both `and` (ends at the first false) and `or` (ends at the first true).
fn junction(env: &Env<'_>, name: &str, arguments: &[Expression], span: &Range<usize>) -> Outcome {
    let decisive = name.eq_ignore_ascii_case("or");
    let mut waiting = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        if !waiting.is_empty() {
            match env.evaluate_later(argument)? {
                Expression::Value(Value::Bool(value)) if value == decisive => {
                    return Ok(Value::Bool(decisive));
                }
                Expression::Value(Value::Bool(_)) => {}
                rest => waiting.push(rest),
            }
            continue;
        }
        match env.evaluate(argument)? {
            Value::Bool(value) if value == decisive => return Ok(Value::Bool(decisive)),
            Value::Bool(_) => {}
            rest @ Value::Deferred(_) => waiting.push(Expression::Value(rest)),
            other => {
                let message =
                    format!("`{name}`: argument {} must be a bool, is {}", index + 1, other.kind_name());
                return Err(bad(message).at(argument.span().unwrap_or(span)));
            }
        }
    }
    match waiting.len() {
        0 => Ok(Value::Bool(!decisive)),
        _ => Value::deferred(Expression::call(name, waiting)),
    }
}

fn coalesce(env: &Env<'_>, name: &str, arguments: &[Expression], _: &Range<usize>) -> Outcome {
    for (index, argument) in arguments.iter().enumerate() {
        match env.evaluate(argument)? {
            Value::Null => {}
            rest @ Value::Deferred(_) => {
                let mut waiting = vec![Expression::Value(rest)];
                for later in &arguments[index + 1..] {
                    waiting.push(env.evaluate_later(later)?);
                }
                return Value::deferred(Expression::call(name, waiting));
            }
            found => return Ok(found),
        }
    }
    Ok(Value::Null)
}

fn choose(env: &Env<'_>, name: &str, arguments: &[Expression], span: &Range<usize>) -> Outcome {
    match env.evaluate(&arguments[0])? {
        Value::Bool(true) => env.evaluate(&arguments[1]),
        Value::Bool(false) => env.evaluate(&arguments[2]),
        condition @ Value::Deferred(_) => {
            let branches = [env.evaluate_later(&arguments[1])?, env.evaluate_later(&arguments[2])?];
            let all = std::iter::once(Expression::Value(condition)).chain(branches).collect();
            Value::deferred(Expression::call(name, all))
        }
        other => {
            let message = format!("`if`: the condition must be a bool, is {}", other.kind_name());
            Err(bad(message).at(arguments[0].span().unwrap_or(span)))
        }
    }
}
